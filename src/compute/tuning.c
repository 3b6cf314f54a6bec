/* The tuning of a device, its file's name, and how the file is written. */
#include "compute/tuning_file.h"

#include "base/entry.h"
#include "base/hash.h"
#include "base/os.h"
#include "base/size.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

const char *const cln_tuning_types[2] = {[CLN_UINT8] = "uint8", [CLN_FLOAT32] = "float32"};
const char *const cln_tuning_kinds[2] = {[CLN_SHAPE_CPU] = "cpu", [CLN_SHAPE_GPU] = "gpu"};

void cln_tuning_plain(const char *text, char plain[128])
{
    size_t i = 0;
    for (; i < 127 && text[i]; i++)
        plain[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
    plain[i] = '\0';
}

/* ---- the name */

/* FNV-1a, 64 bits, of all that names a device and its driver. */
static uint64_t hash_of(const cln_device_info *info)
{
    uint64_t hash = CLN_HASH_BASIS;
#define X(member) hash = cln_hash_on(hash, info->member, strlen(info->member) + 1);
    CLN_TUNING_DEVICE_MAP(X)
#undef X
    return hash;
}

/* Letters and digits of `text`, with one '_' for what stands between them; at most `most` of them. to: (most + 1). */
static void copy_plain(char *to, const char *text, size_t most)
{
    size_t used = 0;
    for (; *text && used < most; text++) {
        char c = *text;
        bool plain =
            (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c == '.' && used > 0);
        if (plain)
            to[used++] = c;
        else if (used > 0 && to[used - 1] != '_' && to[used - 1] != '-')
            to[used++] = '_';
    }
    to[used] = '\0';
}

static void name_file(const cln_device_info *info, char name[160])
{
    char device[61], driver[41];
    copy_plain(device, info->name, sizeof device - 1);
    copy_plain(driver, info->driver, sizeof driver - 1);
    snprintf(name, 160, "%s-%s-%016llx.json", device, driver, (unsigned long long)hash_of(info));
}

cln_status cln_device_tuning_path(const cln_device *device, char path[CLN_TUNING_PATH_BYTES], cln_error *error)
{
    ENTER(error, device && path);
    char name[160], folder[CLN_OS_PATH_BYTES] = "";
    cln_status status = cln_os_cache_folder(folder, error);
    name_file(&device->facts.info, name);
    snprintf(path, CLN_TUNING_PATH_BYTES, "%s%s%s", folder, *folder ? "/" : "", *folder ? name : "");
    return status;
}

/* ---- on the device */

static void free_tuning(cln_tuning *tuning)
{
    free(tuning);
}

cln_status cln_tuning_of(cln_device *device, cln_tuning **tuning, cln_error *error)
{
    cln_status status = CLN_OK;
    if (!device->tuning) {
        device->tuning_free = free_tuning;
        TRY(cln_allocate((void **)&device->tuning, 1, sizeof *device->tuning, "what is measured", error));
        name_file(&device->facts.info, device->tuning->name);
    }
out:
    *tuning = device->tuning;
    return status;
}

/* ---- writing */

static int put_case(json_t *row, const cln_case *of)
{
    return json_object_set_new(row, "features", json_integer(of->features)) |
           json_object_set_new(row, "outputs", json_integer(of->outputs)) |
           json_object_set_new(row, "batch", json_integer(of->rows)) |
           json_object_set_new(row, "type", json_string(cln_tuning_types[of->type]));
}

static int put_times(json_t *row, const char *first, double first_ms, const char *second, double second_ms)
{
    return json_object_set_new(row, first, json_real(first_ms)) |
           json_object_set_new(row, second, json_real(second_ms));
}

static int write_shape(json_t *rows, const cln_tuned_shape *shape)
{
    json_t *row = json_object();
    int failed = put_case(row, &shape->of);
    failed |= json_object_set_new(row, "kind", json_string(cln_tuning_kinds[shape->shape.kind]));
#define X(member, least, most, power) failed |= json_object_set_new(row, #member, json_integer(shape->shape.member));
    CLN_TUNED_SHAPE_MAP(X)
#undef X
    failed |= put_times(row, "builtin_ms", shape->builtin_ms, "best_ms", shape->best_ms);
    return failed | json_array_append_new(rows, row);
}

static int write_product(json_t *rows, const cln_tuned_product *product)
{
    json_t *row = json_object();
    int failed = json_object_set_new(row, "n", json_integer(product->of.n)) |
                 json_object_set_new(row, "m", json_integer(product->of.m)) |
                 json_object_set_new(row, "k", json_integer(product->of.k)) |
                 json_object_set_new(row, "rows", json_boolean(product->of.rows));
#define X(member, name) failed |= json_object_set_new(row, #name, json_integer(product->gemm.member));
    CLN_GEMM_MAP(X)
#undef X
    failed |= put_times(row, "builtin_ms", product->builtin_ms, "best_ms", product->best_ms);
    return failed | json_array_append_new(rows, row);
}

static int write_engine(json_t *rows, const cln_tuned_engine *engine)
{
    json_t *row = json_object();
    int failed = put_case(row, &engine->of);
    failed |= put_times(row, "fused_ms", engine->fused_ms, "clblast_ms", engine->clblast_ms);
    return failed | json_array_append_new(rows, row);
}

/* Times to so many digits. NULL without memory. */
static char *compose(const cln_device *device, size_t digits, size_t flags)
{
    const cln_tuning *tuning = device->tuning;
    json_t *root = json_object(), *origin = json_object();
    json_t *shapes = json_array(), *products = json_array(), *engines = json_array();
    int failed = json_object_set_new(root, "clinear_tuning", json_integer(CLN_TUNING_VERSION));
#define X(member)                                                                                                      \
    {                                                                                                                  \
        char plain[128];                                                                                               \
        cln_tuning_plain(device->facts.info.member, plain);                                                            \
        failed |= json_object_set_new(origin, #member, json_string(plain));                                            \
    }
    CLN_TUNING_DEVICE_MAP(X)
#undef X
    for (size_t i = 0; i < tuning->shape_count; i++)
        failed |= write_shape(shapes, &tuning->shapes[i]);
    for (size_t i = 0; i < tuning->product_count; i++)
        failed |= write_product(products, &tuning->products[i]);
    for (size_t i = 0; i < tuning->engine_count; i++)
        failed |= write_engine(engines, &tuning->engines[i]);
    failed |= json_object_set_new(root, "device", origin) | json_object_set_new(root, "shapes", shapes) |
              json_object_set_new(root, "products", products) | json_object_set_new(root, "engines", engines);
    char *text = failed ? NULL : json_dumps(root, flags | JSON_REAL_PRECISION(digits));
    json_decref(root);
    return text;
}

cln_status cln_tuning_tell(const cln_device *device, char **text, cln_error *error)
{
    const cln_tuning *tuning = device->tuning;
    *text = NULL;
    if (!tuning || tuning->shape_count + tuning->product_count + tuning->engine_count == 0)
        return CLN_OK;
    *text = compose(device, 17, JSON_COMPACT);
    return *text ? CLN_OK : cln_fail_memory(error, "what is measured", 0);
}

cln_status cln_device_save_tuning(cln_device *device, const char *path, cln_error *error)
{
    ENTER_OPENCL(error, device);
    cln_status status = CLN_OK;
    char usual[CLN_TUNING_PATH_BYTES];
    cln_replacement file = {0};
    char *text = NULL;
    if (!device->tuning)
        return cln_fail(error, CLN_INVALID, "nothing was measured on %s that could be kept; tune it first",
                        device->facts.info.name);
    if (!path)
        TRY(cln_device_tuning_path(device, usual, error));
    text = compose(device, 6, JSON_INDENT(1));
    if (!text) {
        status = cln_fail_memory(error, "the tuning file", 0);
        goto out;
    }
    TRY(cln_os_replace_begin(&file, path ? path : usual, error));
    cln_os_replace_privately(&file);
    fprintf(file.stream, "%s\n", text); /* a failure shows at the commit */
    TRY(cln_os_replace_commit(&file, error));
out:
    cln_os_replace_abandon(&file);
    free(text);
    return status;
}
