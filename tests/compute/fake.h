/* Devices that are not there, with rows of every sort measured on them. */
#ifndef CLN_TESTS_COMPUTE_FAKE_H
#define CLN_TESTS_COMPUTE_FAKE_H

#include "compute/tuning.h"
#include "files.h"
#include "harness.h"

#include <string.h>

static cln_device cpu, gpu;

static inline cln_device fake(bool is_cpu, const char *name)
{
    cln_device device = {.facts = {.is_cpu = is_cpu,
                                   .native_float_width = is_cpu ? 16 : 1,
                                   .max_group_size = 256,
                                   .info = {.local_bytes = 32768, .vendor = "V", .platform = "P", .version = "1.2"}}};
    snprintf(device.facts.info.name, sizeof device.facts.info.name, "%s", name);
    snprintf(device.facts.info.driver, sizeof device.facts.info.driver, "%s", "3.1+x y");
    return device;
}

static inline void begin(void)
{
    make_folder();
    setenv("XDG_CACHE_HOME", at(""), 1);
    cpu = fake(true, "A CPU/(R)../ \x1b[31m");
    gpu = fake(false, "A GPU");
}

static inline void let_go(cln_device *device)
{
    if (device->tuning)
        device->tuning_free(device->tuning);
    device->tuning = NULL;
}

/* The cache folder holds one folder with files alone. */
static inline void empty_cache(void)
{
    char command[400];
    snprintf(command, sizeof command, "rm -rf '%s/clinear'", folder);
    ck_assert_int_eq(system(command), 0);
}

static inline void end(void)
{
    let_go(&cpu);
    let_go(&gpu);
    empty_cache();
    remove_folder();
}

#define OK(call)                                                                                                       \
    do {                                                                                                               \
        cln_error error_ = {0}, *error = &error_;                                                                      \
        ck_assert_msg((call) == CLN_OK, "%s: %s", #call, error->message);                                              \
    } while (0)

static const cln_problem problem = {.features = 784, .outputs = 10, .type = CLN_UINT8, .batch_rows = 600};

/* Rows of every sort, as a search leaves them. */
static inline void measure(cln_device *device)
{
    cln_tuning *tuning;
    OK(cln_tuning_of(device, &tuning, error));
    cln_shape_kind kind = device->facts.is_cpu ? CLN_SHAPE_CPU : CLN_SHAPE_GPU;
    cln_tuned_shape shape = {.of = cln_case_of(&problem),
                             .shape = cln_shape_choose(&device->facts, &problem, kind),
                             .builtin_ms = 0.75,
                             .best_ms = 0.5};
    shape.shape.split_rows = 321;
    cln_tuning_put_shape(tuning, &shape);
    shape.of.rows = 60000;
    shape.shape.split_rows = 1234;
    cln_tuning_put_shape(tuning, &shape);
    cln_tuned_product product = {.of = {608, 16, 800, false},
                                 .gemm = cln_gemm_choose(&device->facts, &(cln_product){608, 16, 800, false}),
                                 3,
                                 2};
    product.gemm.kwg = 32;
    cln_tuning_put_product(tuning, &product);
    cln_tuned_engine engine = {.of = cln_case_of(&problem), .fused_ms = 2, .clblast_ms = 1};
    cln_tuning_put_engine(tuning, &engine);
}

#endif
