/* The tuning file, read with distrust. */
#include "compute/tuning_file.h"

#include "base/entry.h"
#include "base/os.h"
#include "base/size.h"
#include "data/limits.h"

#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES_MAX (1u << 20)

typedef struct reading {
    const char *path;
    const cln_device *device;
    cln_tuning *tuning;
    cln_error *error;
} reading;

/* Every refusal begins and ends alike. */
__attribute__((format(printf, 3, 4))) static cln_status ignore(const reading *in, cln_status status, const char *reason,
                                                               ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, reason);
    vsnprintf(text, sizeof text, reason, arguments);
    va_end(arguments);
    return cln_fail(in->error, status,
                    "the tuning file %s is ignored: %s; measure again with clinear tune, or delete it", in->path, text);
}

/* A member of a row that is a whole number in least … most. */
static uint32_t get_count(const json_t *row, const char *name, uint32_t least, uint32_t most, bool *good)
{
    const json_t *value = json_object_get(row, name);
    json_int_t count = json_is_integer(value) ? json_integer_value(value) : -1;
    if (count >= (json_int_t)least && count <= (json_int_t)most)
        return (uint32_t)count;
    *good = false;
    return least;
}

static double get_ms(const json_t *row, const char *name, bool *good)
{
    double ms = json_number_value(json_object_get(row, name)); /* 0 for what is no number */
    *good = *good && isfinite(ms) && ms > 0;
    return ms;
}

/* The index of a member's text among words (2). */
static int get_word(const json_t *row, const char *name, const char *const *words, bool *good)
{
    const char *text = json_string_value(json_object_get(row, name));
    int index = text && strcmp(text, words[1]) == 0;
    *good = *good && text && strcmp(text, words[index]) == 0;
    return index;
}

static cln_case get_case(const json_t *row, bool *good)
{
    return (cln_case){.features = get_count(row, "features", 1, CLN_FEATURES_MAX, good),
                      .outputs = get_count(row, "outputs", 1, CLN_CLASSES_MAX, good),
                      .rows = get_count(row, "batch", 1, CLN_ROWS_MAX, good),
                      .type = (cln_type)get_word(row, "type", cln_tuning_types, good)};
}

static bool read_shape(const reading *in, const json_t *row)
{
    bool good = true;
    cln_tuned_shape shape = {.of = get_case(row, &good),
                             .shape.kind = (cln_shape_kind)get_word(row, "kind", cln_tuning_kinds, &good),
                             .builtin_ms = get_ms(row, "builtin_ms", &good),
                             .best_ms = get_ms(row, "best_ms", &good)};
#define X(member, least, most, power) shape.shape.member = get_count(row, #member, 0, most, &good);
    CLN_TUNED_SHAPE_MAP(X)
#undef X
    good = good && cln_tuned_shape_is_sound(&shape, &in->device->facts);
    if (good)
        cln_tuning_put_shape(in->tuning, &shape);
    return good;
}

static bool read_product(const reading *in, const json_t *row)
{
    bool good = true;
    cln_tuned_product product = {.of = {.n = get_count(row, "n", 1, INT32_MAX, &good),
                                        .m = get_count(row, "m", 1, INT32_MAX, &good),
                                        .k = get_count(row, "k", 1, INT32_MAX, &good),
                                        .rows = json_is_true(json_object_get(row, "rows"))},
                                 .builtin_ms = get_ms(row, "builtin_ms", &good),
                                 .best_ms = get_ms(row, "best_ms", &good)};
#define X(member, name) product.gemm.member = get_count(row, #name, 0, UINT16_MAX, &good);
    CLN_GEMM_MAP(X)
#undef X
    good = good && json_is_boolean(json_object_get(row, "rows")) && product.gemm.gemmk == product.of.rows &&
           cln_gemm_fits(&in->device->facts, &product.gemm);
    if (good)
        cln_tuning_put_product(in->tuning, &product);
    return good;
}

static bool read_engine(const reading *in, const json_t *row)
{
    bool good = true;
    cln_tuned_engine engine = {.of = get_case(row, &good),
                               .fused_ms = get_ms(row, "fused_ms", &good),
                               .clblast_ms = get_ms(row, "clblast_ms", &good)};
    if (good)
        cln_tuning_put_engine(in->tuning, &engine);
    return good;
}

static cln_status read_rows(const reading *in, const json_t *root, const char *name,
                            bool read_row(const reading *, const json_t *))
{
    const json_t *rows = json_object_get(root, name);
    if (!json_is_array(rows) || json_array_size(rows) > CLN_TUNED_MOST)
        return ignore(in, CLN_FORMAT, "its \"%s\" is no list of at most %d rows", name, CLN_TUNED_MOST);
    for (size_t i = 0; i < json_array_size(rows); i++)
        if (!read_row(in, json_array_get(rows, i)))
            return ignore(in, CLN_FORMAT,
                          "row %zu of its \"%s\" lacks a value, or has one that is out of its range or does not fit "
                          "this device",
                          i + 1, name);
    return CLN_OK;
}

static cln_status check_origin(const reading *in, const json_t *root)
{
    const json_t *version = json_object_get(root, "clinear_tuning"), *device = json_object_get(root, "device");
    if (!json_is_integer(version))
        return ignore(in, CLN_FORMAT, "it does not say its version in \"clinear_tuning\"");
    if (json_integer_value(version) != CLN_TUNING_VERSION)
        return ignore(in, CLN_UNSUPPORTED, "it is of version %lld, and this clinear reads version %d",
                      (long long)json_integer_value(version), CLN_TUNING_VERSION);
#define X(member)                                                                                                      \
    {                                                                                                                  \
        char plain[128];                                                                                               \
        const char *text = json_string_value(json_object_get(device, #member));                                        \
        cln_tuning_plain(in->device->facts.info.member, plain);                                                        \
        if (!text || strcmp(text, plain) != 0)                                                                         \
            return ignore(in, CLN_UNSUPPORTED, "it is of another device or driver, whose " #member " is not %s",       \
                          plain);                                                                                      \
    }
    CLN_TUNING_DEVICE_MAP(X)
#undef X
    return CLN_OK;
}

static cln_status read_text(const reading *in, const cln_os_file *file, char **text, size_t *length)
{
    cln_status status;
    uint64_t got;
    if (!cln_os_is_ours(file))
        return cln_fail(in->error, CLN_IO,
                        "the tuning file %s is ignored: it is another user's, or others may write it; delete it, or "
                        "make it this user's alone (chmod 600)",
                        in->path);
    if (file->size > FILE_BYTES_MAX)
        return ignore(in, CLN_FORMAT, "it has %llu bytes, and %u are the most", (unsigned long long)file->size,
                      FILE_BYTES_MAX);
    TRY(cln_allocate((void **)text, file->size, 1, "the tuning file", in->error));
    TRY(cln_os_read(file, in->path, *text, file->size, &got, in->error));
    *length = (size_t)got;
out:
    return status;
}

static cln_status read_tuning(const reading *in, const char *text, size_t length)
{
    cln_status status;
    json_error_t problem;
    json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &problem);
    if (!root)
        return ignore(in, CLN_FORMAT, "it is no JSON, or cut off (line %d)", problem.line);
    TRY(check_origin(in, root));
    TRY(read_rows(in, root, "shapes", read_shape));
    TRY(read_rows(in, root, "products", read_product));
    TRY(read_rows(in, root, "engines", read_engine));
out:
    json_decref(root);
    return status;
}

static cln_status read_file(const reading *in, const cln_os_file *file)
{
    cln_status status;
    char *text = NULL;
    size_t length = 0;
    TRY(read_text(in, file, &text, &length));
    TRY(read_tuning(in, text, length));
out:
    free(text);
    return status;
}

static cln_status open_file(const reading *in, cln_os_file *file)
{
    cln_error problem = {0};
    cln_status status = cln_os_open(file, in->path, &problem);
    return status == CLN_OK ? CLN_OK : ignore(in, status, "%s", problem.message);
}

/* The default place, or "" where nothing can be there. */
static cln_status find_file(const cln_device *device, char path[CLN_TUNING_PATH_BYTES], cln_error *error)
{
    cln_error problem = {0};
    if (cln_device_tuning_path(device, path, &problem) == CLN_OK)
        return CLN_OK;
    if (!cln_os_exists(path))
        *path = '\0';
    return *path ? cln_fail(error, problem.status, "the tuning file %s is ignored: %s", path, problem.message) : CLN_OK;
}

cln_status cln_device_load_tuning(cln_device *device, const char *path, cln_error *error)
{
    ENTER_OPENCL(error, device);
    cln_status status;
    char usual[CLN_TUNING_PATH_BYTES];
    cln_os_file file = {.descriptor = -1};
    reading in = {.path = path ? path : usual, .device = device, .error = error};
    cln_tuning *read = NULL, *old;
    if (!path)
        TRY(find_file(device, usual, error));
    if (!path && !cln_os_exists(usual))
        return CLN_OK;
    TRY(open_file(&in, &file));
    TRY(cln_allocate((void **)&read, 1, sizeof *read, "what is measured", error));
    in.tuning = read;
    TRY(read_file(&in, &file));
    TRY(cln_tuning_of(device, &old, error));
    const char *slash = strrchr(in.path, '/');
    snprintf(read->name, sizeof read->name, "%s", slash ? slash + 1 : in.path);
    *old = *read;
out:
    free(read);
    cln_os_close(&file);
    return status;
}

cln_status cln_tuning_take(cln_device *device, const char *text, const char *name, const char *origin, cln_error *error)
{
    cln_status status;
    reading in = {.path = origin, .device = device, .error = error};
    cln_tuning *read = NULL, *old;
    if (!text && !device->tuning)
        return CLN_OK;
    TRY(cln_allocate((void **)&read, 1, sizeof *read, "what is measured", error));
    in.tuning = read;
    if (text)
        TRY(read_tuning(&in, text, strlen(text)));
    TRY(cln_tuning_of(device, &old, error));
    snprintf(read->name, sizeof read->name, "%s", text ? name : old->name);
    *old = *read;
out:
    free(read);
    return status;
}
