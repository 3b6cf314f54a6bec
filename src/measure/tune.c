/*
 * cln_device_tune: what is tuned, in which order, for how long. What most trainings need comes first; of that the shapes, for they
 * build fastest, then CLBlast's parameters, then the engines with what was found for them. Each gets its weight's part of the time
 * that is left.
 */
#include "measure/tune.h"

#include "base/entry.h"
#include "base/os.h"
#include "base/size.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef enum kind { SHAPE, PRODUCT, ENGINE } kind;

/* d, k, n are a case's; for a product m, n, k in the order of cln_product. */
typedef struct task {
    kind kind;
    cln_case of;
    cln_product product;
    const char *words; /* of a product */
    double weight;
} task;

static const task tasks[] = {
    {SHAPE, .of = {784, 10, 600, CLN_UINT8}, .weight = 3},
    {SHAPE, .of = {784, 10, 200, CLN_UINT8}, .weight = 2},
    /* as compute/clblast.c and gram.c choose for them; for narrow outputs as its kernel for rows takes them, on CPUs */
    {PRODUCT, .product = {10, 785, 512, true}, .words = "784 x 10", .weight = 4},
    {ENGINE, .of = {784, 10, 600, CLN_UINT8}, .weight = 1},
    {ENGINE, .of = {784, 64, 600, CLN_UINT8}, .weight = 1},
    {PRODUCT, .product = {1000, 785, 512, false}, .words = "784 x 1,000", .weight = 4},
    {PRODUCT, .product = {160, 160, 256, false}, .words = "Gram matrix, panels of 160 features", .weight = 3},
    {SHAPE, .of = {784, 10, 600, CLN_FLOAT32}, .weight = 2},
    {ENGINE, .of = {784, 10, 200, CLN_UINT8}, .weight = 1},
    {ENGINE, .of = {784, 10, 32, CLN_UINT8}, .weight = 1},
    {ENGINE, .of = {784, 32, 600, CLN_UINT8}, .weight = 1},
    {ENGINE, .of = {784, 10, 600, CLN_FLOAT32}, .weight = 1},
    {ENGINE, .of = {784, 64, 600, CLN_FLOAT32}, .weight = 1},
    {ENGINE, .of = {64, 10, 600, CLN_FLOAT32}, .weight = 1},
    {ENGINE, .of = {4096, 10, 600, CLN_FLOAT32}, .weight = 1},
};

static void name_task(const task *t, char name[96])
{
    static const char *const words[] = {[SHAPE] = "shape", [ENGINE] = "engine"};
    if (t->kind == PRODUCT)
        snprintf(name, 96, "product: %s", t->words);
    else
        snprintf(name, 96, "%s: %u x %u, %u rows, %s", words[t->kind], t->of.features, t->of.outputs, t->of.rows,
                 t->of.type == CLN_UINT8 ? "uint8" : "float32");
}

/* A part of the search; what was in force for just this is tried first. */
static cln_status tune_product(cln_device *device, const task *t, cln_tuning *tuning, cln_search *search,
                               double seconds, cln_tune_row *row, cln_error *error)
{
    cln_tuned_product tuned;
    cln_product product = t->product;
    product.rows = product.rows && device->facts.is_cpu;
    const cln_tuned_product *known = cln_tuning_product(tuning, &product);
    cln_gemm first = known ? known->gemm : (cln_gemm){0};
    cln_status status =
        cln_tune_product(device, &product, known ? &first : NULL, cln_moves_of_gemm(&device->facts, &product), search,
                         seconds, &tuned, row, error);
    if (status == CLN_OK)
        cln_tuning_put_product(tuning, &tuned);
    return status;
}

static cln_status tune_case(cln_device *device, const task *t, cln_tuning *tuning, cln_search *search, double seconds,
                            cln_tune_row *row, cln_error *error)
{
    cln_status status;
    cln_tune_data *data = NULL;
    cln_shape_kind cut = device->facts.is_cpu ? CLN_SHAPE_CPU : CLN_SHAPE_GPU;
    const cln_tuned_shape *known = cln_tuning_shape(tuning, cut, &t->of);
    cln_tuned_shape shape, first = known ? *known : (cln_tuned_shape){.of = t->of};
    cln_tuned_engine engine;
    TRY(cln_tune_data_create(device, &t->of, &data, error));
    if (t->kind == SHAPE) {
        TRY(cln_tune_shape(data, known ? &first : NULL, cln_moves_of_shape(cut), search, seconds, &shape, row, error));
        cln_tuning_put_shape(tuning, &shape);
    } else {
        TRY(cln_tune_engine(data, search, seconds, &engine, row, error));
        if (isfinite(engine.clblast_ms)) /* otherwise only one of them runs */
            cln_tuning_put_engine(tuning, &engine);
    }
out:
    cln_tune_data_release(data);
    return status;
}

/* A part's share of the time that is left. */
static double share_of(const cln_search *search, size_t index)
{
    double rest = 0;
    for (size_t i = index; i < CLN_COUNT(tasks); i++)
        rest += tasks[i].weight;
    return cln_search_left(search) * tasks[index].weight / rest;
}

/* A failure of the built-in choice is told in its row: the search goes on with the next. */
static void tune_one(cln_device *device, size_t index, cln_tuning *tuning, cln_search *search, cln_tune_row *row)
{
    cln_error problem = {0};
    double seconds = share_of(search, index);
    *row = (cln_tune_row){.builtin_ms = NAN, .best_ms = NAN};
    name_task(&tasks[index], row->name);
    search->now.name = row->name;
    search->now.index = (uint32_t)index + 1;
    if ((tasks[index].kind == PRODUCT ? tune_product : tune_case)(device, &tasks[index], tuning, search, seconds, row,
                                                                  &problem) != CLN_OK)
        snprintf(row->reason, sizeof row->reason, "%.250s", problem.message);
}

cln_status cln_device_tune(cln_device *device, double budget_seconds, cln_tune_progress_fn *progress,
                           cln_tune_row_fn *tell, void *user, cln_error *error)
{
    ENTER_OPENCL(error, device);
    cln_tuning *tuning;
    cln_tune_row row;
    cln_search search = {.began = cln_os_seconds(),
                         .budget = budget_seconds,
                         .progress = progress,
                         .user = user,
                         .now = {.trying = "", .count = CLN_COUNT(tasks)}};
    if (!(budget_seconds > 0) || isinf(budget_seconds))
        return cln_fail(error, CLN_INVALID, "a search takes a time above 0 seconds, not %g", budget_seconds);
    if (device->facts.info.simulator)
        return cln_fail(error, CLN_UNSUPPORTED,
                        "%s is a simulator, whose times say nothing of any device; tune another one",
                        device->facts.info.name);
    cln_status status = cln_tuning_of(device, &tuning, error);
    for (size_t i = 0; status == CLN_OK && i < CLN_COUNT(tasks) && !search.stopped; i++) {
        if (cln_search_left(&search) <= 0)
            break;
        tune_one(device, i, tuning, &search, &row);
        if (tell)
            tell(&row, user);
    }
    return status;
}
