#include "model/container.h"

#include "base/checksum.h"
#include "base/number.h"
#include "base/size.h"
#include "model/safetensors.h"
#include "model/text.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const char sum_name[] = "checksum";
enum { SUM_BYTES = 8 };

struct cln_container {
    cln_safetensors in;
    cln_entries metadata;
};

/* ---- writing */

typedef struct writing {
    FILE *stream;
    cln_checksum sum;
} writing;

/* A failure stays in the stream. */
static void put_bytes(const void *bytes, size_t count, void *user)
{
    writing *to = user;
    cln_checksum_add(&to->sum, bytes, count);
    fwrite(bytes, 1, count, to->stream);
}

static cln_tensor tensor_of(const cln_array *array)
{
    return (cln_tensor){.name = array->name,
                        .dtype = array->type,
                        .rank = 2,
                        .shape = {array->rows, array->columns},
                        .values = array->values};
}

/* NULL without memory. */
static char *compose(const cln_entries *metadata, const cln_tensor *tensors, size_t count)
{
    json_t *object = json_object();
    int failed = 0;
    for (size_t i = 0; i < metadata->count; i++)
        failed |= json_object_set_new(object, metadata->list[i].key, cln_safetensors_text(metadata->list[i].value));
    char *header = failed ? NULL : cln_safetensors_header(object, tensors, count);
    json_decref(object);
    return header;
}

cln_status cln_container_save(const char *path, const cln_entries *metadata, const cln_array *arrays, size_t count,
                              cln_error *error)
{
    cln_status status;
    cln_replacement file = {0};
    cln_tensor tensors[CLN_CONTAINER_ARRAYS + 1];
    writing to = {.sum = cln_checksum_begin()};
    for (size_t i = 0; i < count; i++)
        tensors[i] = tensor_of(&arrays[i]);
    tensors[count] = (cln_tensor){.name = sum_name, .dtype = CLN_I64, .rank = 1, .shape = {1}};
    char *header = compose(metadata, tensors, count + 1);
    if (!header)
        return cln_fail_memory(error, "a file's header", CLN_SAFETENSORS_HEADER_MAX);
    if (strlen(header) > CLN_SAFETENSORS_HEADER_MAX) {
        status = cln_fail(error, CLN_INVALID, "cannot write %s: its metadata is longer than %u bytes", path,
                          CLN_SAFETENSORS_HEADER_MAX);
        goto out;
    }
    TRY(cln_os_replace_begin(&file, path, error));
    to.stream = file.stream;
    cln_safetensors_put_header(header, put_bytes, &to);
    for (size_t i = 0; i < count; i++)
        cln_safetensors_put_values(&tensors[i], put_bytes, &to);
    uint64_t sum = cln_checksum_of(&to.sum);
    tensors[count].values = &sum;
    cln_safetensors_put_values(&tensors[count], put_bytes, &to);
    TRY(cln_os_replace_commit(&file, error));
out:
    cln_os_replace_abandon(&file);
    free(header);
    return status;
}

/* ---- reading */

/* The sum of all bytes of the file but the last eight. */
static cln_status add_up(const cln_safetensors *in, uint64_t *sum)
{
    cln_status status;
    char block[65536];
    uint64_t left = in->file.size - SUM_BYTES, got;
    cln_checksum adding = cln_checksum_begin();
    TRY(cln_os_seek(&in->file, in->path, 0, in->error));
    while (left > 0) {
        uint64_t some = left < sizeof block ? left : sizeof block;
        TRY(cln_os_read(&in->file, in->path, block, some, &got, in->error));
        if (got < some)
            return cln_safetensors_refuse(in, "the file became shorter while it was read");
        cln_checksum_add(&adding, block, some);
        left -= some;
    }
    *sum = cln_checksum_of(&adding);
out:
    return status;
}

static cln_status check_sum(const cln_safetensors *in)
{
    cln_status status;
    uint64_t expected, found;
    cln_tensor tensor = {.name = sum_name, .dtype = CLN_I64, .rank = 1};
    TRY(cln_safetensors_find(in, &tensor, 1));
    if (tensor.end != in->data_bytes)
        return cln_safetensors_refuse(in, "it was damaged or cut off: its checksum is not at its end");
    TRY(cln_safetensors_values(in, &tensor, &expected));
    TRY(add_up(in, &found));
    if (found != expected)
        return cln_safetensors_refuse(in, "it was damaged: its bytes do not have the checksum that it says they have");
out:
    return status;
}

static cln_status check_kind(const cln_container *c, const char *kind, const char *version)
{
    const char *found = cln_container_text(c, kind);
    char safe[CLN_PRINTABLE_BYTES];
    if (!found)
        return cln_safetensors_refuse(&c->in, "it is another kind of file: its metadata has no %s", kind);
    if (strcmp(found, version) != 0)
        return cln_fail(c->in.error, CLN_UNSUPPORTED, "%s %s: its format is %s, and this version reads %s", c->in.task,
                        c->in.path, cln_printable(found, safe), version);
    return CLN_OK;
}

cln_status cln_container_open(const char *task, const char *path, const char *kind, const char *version,
                              cln_container **result, cln_error *error)
{
    cln_status status;
    cln_container *c = NULL;
    *result = NULL;
    TRY(cln_allocate((void **)&c, 1, sizeof *c, "a file's header", error));
    c->in = (cln_safetensors){.task = task, .path = path, .error = error, .file.descriptor = -1};
    TRY(cln_safetensors_open(&c->in));
    TRY(cln_safetensors_metadata(&c->in, &c->metadata));
    TRY(check_kind(c, kind, version));
    TRY(check_sum(&c->in));
    *result = c;
    c = NULL;
out:
    cln_container_close(c);
    return status;
}

const char *cln_container_text(const cln_container *container, const char *name)
{
    return cln_entries_find(&container->metadata, name);
}

cln_status cln_container_count(const cln_container *container, const char *name, uint64_t most, uint64_t *value,
                               cln_error *error)
{
    const char *text = cln_container_text(container, name);
    if (text && cln_parse_count(text, value) && *value <= most)
        return CLN_OK;
    return cln_container_refuse(container, error, "its %s is no whole number up to %llu", name,
                                (unsigned long long)most);
}

cln_status cln_container_real(const cln_container *container, const char *name, double *value, cln_error *error)
{
    const char *text = cln_container_text(container, name);
    if (text && strcmp(text, "inf") == 0)
        *value = INFINITY;
    else if (!text || !cln_parse_real(text, value))
        return cln_container_refuse(container, error, "its %s is no number", name);
    return CLN_OK;
}

bool cln_container_has(const cln_container *container, const char *name)
{
    return json_object_get(container->in.header, name) != NULL;
}

cln_status cln_container_rows(cln_container *container, const char *name, uint64_t most, uint64_t *rows,
                              cln_error *error)
{
    json_int_t found = 0;
    container->in.error = error;
    if (json_unpack(json_object_get(container->in.header, name), "{s:[I]}", "shape", &found) != 0 || found < 1 ||
        (uint64_t)found > most)
        return cln_safetensors_refuse(&container->in, "tensor %s must have 1 to %llu rows", name,
                                      (unsigned long long)most);
    *rows = (uint64_t)found;
    return CLN_OK;
}

cln_status cln_container_read(cln_container *container, const char *name, cln_dtype type, uint64_t rows,
                              uint64_t columns, void *values, cln_error *error)
{
    cln_status status;
    cln_array array = {.name = name, .type = type, .rows = rows, .columns = columns};
    cln_tensor tensor = tensor_of(&array);
    container->in.error = error;
    if (!cln_container_has(container, name))
        return cln_safetensors_refuse(&container->in, "it has no tensor %s", name);
    TRY(cln_safetensors_find(&container->in, &tensor, INT64_MAX));
    if (tensor.shape[0] != rows || tensor.shape[1] != columns)
        return cln_safetensors_refuse(&container->in, "tensor %s is of %llu × %llu values and not of %llu × %llu", name,
                                      (unsigned long long)tensor.shape[0], (unsigned long long)tensor.shape[1],
                                      (unsigned long long)rows, (unsigned long long)columns);
    TRY(cln_safetensors_values(&container->in, &tensor, values));
out:
    return status;
}

cln_status cln_container_refuse(const cln_container *container, cln_error *error, const char *why, ...)
{
    char text[900];
    va_list arguments;
    va_start(arguments, why);
    vsnprintf(text, sizeof text, why, arguments);
    va_end(arguments);
    return cln_fail(error, CLN_INVALID, "%s %s: %s", container->in.task, container->in.path, text);
}

void cln_container_close(cln_container *container)
{
    if (!container)
        return;
    cln_safetensors_close(&container->in);
    cln_entries_release(&container->metadata);
    free(container);
}
