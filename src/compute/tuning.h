/*
 * What `clinear tune` measured on a device, and what follows from it for problems that it did not measure.
 *
 * The file: one for each device and driver in the user's cache folder (cln_os_cache_folder), NAME-DRIVER-HASH.json, private to the
 * user. JSON, at most 1 MiB:
 *
 *   {"clinear_tuning": 1,                                   the version of this format
 *    "device": {"name", "vendor", "platform", "driver", "version"},       texts, as the device says them
 *    "shapes":   [{"features", "outputs", "batch", "type": "uint8"|"float32", "kind": "cpu"|"gpu",
 *                  every member of CLN_TUNED_SHAPE_MAP, "builtin_ms", "best_ms"}, …],         of a step of the fused engine
 *    "products": [{"n", "m", "k", "rows": true|false, every name of CLN_GEMM_MAP, "builtin_ms", "best_ms"}, …],    of one product by CLBlast
 *    "engines":  [{"features", "outputs", "batch", "type", "fused_ms", "clblast_ms"}, …]}      of a step of either
 *
 * Its values become options of the driver's compiler. So it is refused as a whole where it is another user's or others may write it,
 * where it is malformed, of another version or device, and where a value is out of its range or does not fit the device.
 */
#ifndef CLN_COMPUTE_TUNING_H
#define CLN_COMPUTE_TUNING_H

#include "compute/gemm.h"
#include "compute/shapes.h"
#include "device/device.h"

/* The members of cln_shape that are measured: name, least, most, and whether it is a power of two. One that a kind of shape does
   not use is 0 there. */
#define CLN_TUNED_SHAPE_MAP(X)                                                                                         \
    X(rows, 1, 16, true)                                                                                               \
    X(group_rows, 1, 1024, false)                                                                                      \
    X(lanes, 1, 256, true)                                                                                             \
    X(slots, 1, 64, true)                                                                                              \
    X(group, 1, 1024, false)                                                                                           \
    X(split_rows, 1, 65536, false)

/* A step on minibatches of `rows` rows. */
typedef struct cln_case {
    uint32_t features, outputs, rows; /* d, k, n */
    cln_type type;
} cln_case;

typedef struct cln_tuned_shape {
    cln_case of;
    cln_shape shape; /* kind and the members of the map count */
    double builtin_ms, best_ms;
} cln_tuned_shape;

typedef struct cln_tuned_product {
    cln_product of;
    cln_gemm gemm;
    double builtin_ms, best_ms;
} cln_tuned_product;

typedef struct cln_tuned_engine {
    cln_case of;
    double fused_ms, clblast_ms;
} cln_tuned_engine;

#define CLN_TUNED_MOST 200 /* of each */

typedef struct cln_tuning {
    char name[160]; /* of the file that it was read from or goes to, without folder */
    size_t shape_count, product_count, engine_count;
    cln_tuned_shape shapes[CLN_TUNED_MOST];
    cln_tuned_product products[CLN_TUNED_MOST];
    cln_tuned_engine engines[CLN_TUNED_MOST];
} cln_tuning;

/* The device's tuning, an empty one where it had none. CLN_MEMORY. */
cln_status cln_tuning_of(cln_device *device, cln_tuning **tuning, cln_error *error);

/* What is in force, as a text that gives the same choices again where it is taken; to be released with free(); NULL where nothing is. */
cln_status cln_tuning_tell(const cln_device *device, char **text, cln_error *error);
/* Takes such a text in the place of what was in force, `name` for the file's; NULL: what is built in is in force. With the distrust that a file
   meets; nothing changes then. origin: how refusals name it. */
cln_status cln_tuning_take(cln_device *device, const char *text, const char *name, const char *origin,
                           cln_error *error);

/* Adds a row, in the place of one for the same case or product. Without effect where there is no more room. */
void cln_tuning_put_shape(cln_tuning *tuning, const cln_tuned_shape *row);
void cln_tuning_put_product(cln_tuning *tuning, const cln_tuned_product *row);
void cln_tuning_put_engine(cln_tuning *tuning, const cln_tuned_engine *row);

cln_case cln_case_of(const cln_problem *problem);

/*
 * What was measured nearest; NULL where nothing near enough was, or where tuning is NULL. Far is |log₂| of the ratio of the features,
 * of the rows, and twice that of the outputs, added up; more rows than CLN_TUNED_ROWS are as many as those. Of two as near, the
 * earlier one. Shapes and engines are those of the same type of data; shapes of the same kind. For products it is |log₂| of the
 * ratios of n, m and k, of those alike in `rows`. How far is near: a shape's numbers are right for what is alike, parameters of a product for more, and which engine is
 * faster for much more.
 */
#define CLN_TUNED_REACH_SHAPE   1.0
#define CLN_TUNED_REACH_PRODUCT 2.0
#define CLN_TUNED_REACH_ENGINE  4.0
#define CLN_TUNED_ROWS          4096
const cln_tuned_shape *cln_tuning_shape(const cln_tuning *tuning, cln_shape_kind kind, const cln_case *of);
const cln_tuned_product *cln_tuning_product(const cln_tuning *tuning, const cln_product *of);
const cln_tuned_engine *cln_tuning_engine(const cln_tuning *tuning, const cln_case *of);

/* The parameters for a product: measured on the device, or else built in (false). */
bool cln_tuned_gemm(const cln_device *device, const cln_product *product, cln_gemm *gemm);
/* The built-in shape for the problem with the measured members in their places. */
cln_shape cln_tuning_apply(const cln_tuned_shape *row, const cln_facts *facts, const cln_problem *problem);
/* Whether the measured members are in their ranges, agree with each other and fit the device, for the row's own case. */
bool cln_tuned_shape_is_sound(const cln_tuned_shape *row, const cln_facts *facts);

/* A shape in words: its kind and the numbers that cut it. */
#define CLN_SHAPE_WORDS 300
void cln_shape_describe(const cln_shape *shape, char words[CLN_SHAPE_WORDS]);

#endif
