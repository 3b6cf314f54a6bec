/* cln_measure_training: what is measured, in which order it is done and in which it is told. */
#include "measure/training.h"

#include "base/entry.h"
#include "base/os.h"
#include "base/size.h"
#include "device/buffer.h"
#include "measure/limits.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The most important first, the long ones last. */
static const struct {
    bool of_engines; /* one after the other */
    cln_round_item item;
} plan[] = {
    {false, {.words = "upload", .run = cln_measured_upload, .values = 1}},
    {true, {.words = "an epoch by minibatches of 200 rows", .rows = 200, .run = cln_measured_epoch, .values = 1}},
    {true, {.words = "evaluation", .run = cln_measured_evaluation, .values = 1}},
    {true, {.words = "a gradient over all rows", .run = cln_measured_gradient, .values = 1}},
    {true, {.words = "where the time of an epoch goes", .run = cln_measured_idleness, .values = 3}},
    {true, {.words = "an epoch by minibatches of 4096 rows", .rows = 4096, .run = cln_measured_epoch, .values = 1}},
    {true, {.words = "an epoch by minibatches of 600 rows", .rows = 600, .run = cln_measured_epoch, .values = 1}},
    {true, {.words = "an epoch by minibatches of 32 rows", .rows = 32, .run = cln_measured_epoch, .values = 1}},
    {false, {.words = "a wide product", .run = cln_measured_product, .values = 1}},
    {true, {.words = "L-BFGS to an optimum", .run = cln_measured_optimum, .values = 1}}, /* long ones from here on */
    {false, {.words = "a Gram matrix of all rows", .run = cln_measured_gram, .values = 1}},
};

#define MOST_ITEMS (2 * CLN_COUNT(plan))

/* Which rows are told, in this order; value: of the item's. Those without a function are none of the items. */
static const struct {
    const char *name, *unit;
    cln_round_fn *run;
    uint32_t rows;
    unsigned value;
} told_of_engines[] = {
    {"epoch.32", "s", cln_measured_epoch, 32, 0},     {"epoch.200", "s", cln_measured_epoch, 200, 0},
    {"epoch.600", "s", cln_measured_epoch, 600, 0},   {"epoch.4096", "s", cln_measured_epoch, 4096, 0},
    {"gradient", "s", cln_measured_gradient, 0, 0},   {"evaluate", "s", cln_measured_evaluation, 0, 0},
    {"device.200", "s", cln_measured_idleness, 0, 0}, {"between.200", "s", cln_measured_idleness, 0, 1},
    {"host.200", "s", cln_measured_idleness, 0, 2},   {"optimum", "s", cln_measured_optimum, 0, 0},
};

static const char *const simulated = "a simulator's times say nothing of any device";

cln_status cln_measured_options(const cln_measured *m, const char *engine, const char *solver, uint32_t batch,
                                cln_options **options, cln_error *error)
{
    cln_status status;
    cln_dataset_info info;
    char rows[32];
    bool sgd = strcmp(solver, "sgd") == 0;
    cln_dataset_describe(m->parts->train, &info);
    snprintf(rows, sizeof rows, "%u", batch);
    TRY(cln_options_create(options, error));
    TRY(cln_options_set(*options, "engine", engine, error));
    TRY(cln_options_set(*options, "solver", solver, error));
    TRY(cln_options_set(*options, "model", info.real ? "linear" : "softmax", error));
    if (sgd) {
        TRY(cln_options_set(*options, "batch-size", rows, error));
    } else {
        TRY(cln_options_set(*options, "l2", "1e-4", error));
        TRY(cln_options_set(*options, "tolerance", "1e-4", error));
    }
out:
    return status;
}

static void release(cln_measured *m)
{
    for (size_t e = 0; e < m->engine_count; e++) {
        for (size_t i = 0; i < CLN_MEASURED_BATCHES; i++)
            cln_trainer_close(m->engines[e].sgd[i]);
        cln_trainer_close(m->engines[e].lbfgs);
    }
    cln_gram_release(m->gram);
    for (size_t i = 0; i < CLN_COUNT(m->wide); i++)
        cln_buffer_release(m->device, &m->wide[i]);
    cln_dataset_close(m->held);
    free(m->h_rows);
    cln_selection_release(&m->selection);
    cln_options_free(m->options);
}

static size_t list_items(const cln_measured *m, cln_round_item *items)
{
    size_t count = 0;
    for (size_t i = 0; i < CLN_COUNT(plan); i++)
        for (size_t e = 0; e < (plan[i].of_engines ? m->engine_count : 1); e++) {
            items[count] = plan[i].item;
            items[count].engine = plan[i].of_engines ? m->engines[e].name : NULL;
            for (size_t v = 0; v < CLN_ROUND_VALUES; v++)
                items[count].limits[v] = NAN;
            count++;
        }
    return count;
}

typedef struct findings {
    cln_measured *m;
    const cln_round_item *items;
    size_t count;
    const char *missing; /* why there is no sample where nothing has failed */
} findings;

/* engine: NULL for the device itself. */
static void tell(const findings *f, const char *engine, const char *name, const char *unit, double value, double spread,
                 double limit, const char *reason)
{
    char full[48];
    snprintf(full, sizeof full, "%s%s%s", engine ? engine : "", engine ? "." : "", name);
    const cln_measurement row = {full, value, unit, spread, limit, reason};
    cln_telling_row(f->m->telling, &row);
}

static const cln_round_item *find(const findings *f, const char *engine, cln_round_fn *run, uint32_t rows)
{
    for (size_t i = 0; i < f->count; i++)
        if (f->items[i].run == run && f->items[i].rows == rows && f->items[i].engine == engine)
            return &f->items[i];
    return NULL;
}

/* A value of an item. */
static void tell_item(const findings *f, const char *engine, const char *name, const char *unit, cln_round_fn *run,
                      uint32_t rows, unsigned value)
{
    const cln_round_item *item = find(f, engine, run, rows);
    double median, spread;
    const char *reason = *item->failure ? item->failure : !item->count ? f->missing : *item->note ? item->note : NULL;
    cln_round_value(item, value, &median, &spread);
    tell(f, engine, name, unit, median, spread, item->count ? item->limits[value] : (double)NAN, reason);
}

static void tell_engine(const findings *f, const cln_measured_engine *engine)
{
    for (size_t i = 0; i < CLN_COUNT(told_of_engines); i++)
        tell_item(f, engine->name, told_of_engines[i].name, told_of_engines[i].unit, told_of_engines[i].run,
                  told_of_engines[i].rows, told_of_engines[i].value);
    const cln_round_item *optimum = find(f, engine->name, cln_measured_optimum, 0);
    const cln_round_item *epoch = find(f, engine->name, cln_measured_epoch, CLN_MEASURED_USUAL);
    double zero = isnan(engine->objective) ? (double)NAN : 0;
    tell(f, engine->name, "objective", "loss", engine->objective, zero, NAN,
         !isnan(engine->objective) ? NULL
         : *optimum->failure       ? optimum->failure
                                   : f->missing);
    zero = isnan(engine->memory) ? (double)NAN : 0;
    tell(f, engine->name, "memory", "B", engine->memory, zero, NAN,
         !isnan(engine->memory) ? NULL
         : *epoch->failure      ? epoch->failure
                                : f->missing);
}

static void tell_all(const findings *f)
{
    tell_item(f, NULL, "upload", "s", cln_measured_upload, 0, 0);
    for (size_t e = 0; e < f->m->engine_count; e++)
        tell_engine(f, &f->m->engines[e]);
    tell_item(f, NULL, "wide_product", "FLOP/s", cln_measured_product, 0, 0);
    tell_item(f, NULL, "gram", "s", cln_measured_gram, 0, 0);
    bool none = f->m->device->facts.info.simulator;
    tell(f, NULL, "host_memory", "B", none ? (double)NAN : (double)cln_os_peak_host_bytes(), none ? (double)NAN : 0,
         NAN, none ? f->missing : NULL);
}

static void pass_on(const cln_measurement *row, void *user)
{
    cln_telling_row(user, row);
}

static void take_limit(const cln_measurement *row, void *user)
{
    cln_measured *m = user;
    cln_roof_take(&m->roof, row);
    cln_telling_row(m->telling, row);
    cln_telling_goes_on(m->telling);
}

/* The rows of all parts into the device's memory, once for all trainers. */
static cln_status bring_rows(cln_measured *m, cln_error *error)
{
    cln_status status;
    uint64_t before = m->device->bytes;
    if (!cln_telling_begin(m->telling, "upload"))
        return CLN_OK;
    TRY(cln_selection_begin(&m->selection, m->device, error));
    TRY(cln_selection_finish(&m->selection, m->device, 1, NULL, error));
    m->data_bytes = (double)(m->device->bytes - before);
out:
    return status;
}

/* What the long ones take at least, by what the short ones have taken: more passes than these to an optimum, and half of the time that
   the products of a Gram matrix would take, for it is symmetric. */
static void expect(const findings *f, cln_round_item *items, size_t light)
{
    const cln_dataset_info *info = &f->m->selection.info;
    const double least_passes = 20, size = info->features + 1.0 + (info->labelled ? info->outputs : 0);
    double seconds, spread;
    for (size_t i = light; i < f->count; i++)
        if (items[i].run == cln_measured_optimum) {
            cln_round_value(find(f, items[i].engine, cln_measured_gradient, 0), 0, &seconds, &spread);
            items[i].expected = fmax(0, least_passes * seconds);
        } else {
            cln_round_value(find(f, NULL, cln_measured_product, 0), 0, &seconds, &spread);
            items[i].expected = fmax(0, (double)info->rows * size * size / seconds);
        }
}

/* In half of the time the short ones have three turns, so that a few seconds are enough for them; then all go on together. */
static void measure_in_turns(const findings *f, cln_round_item *items, double budget)
{
    cln_telling *telling = f->m->telling;
    size_t light = 0;
    while (items[light].run != cln_measured_optimum)
        light++;
    for (int turn = 0; turn < 3 && cln_os_seconds() < telling->began + budget / 2; turn++)
        cln_rounds_turn(items, light, budget, telling, f->m);
    expect(f, items, light);
    cln_rounds_hold(items, f->count, telling, f->m);
}

static cln_status measure(cln_measured *m, double budget, cln_error *error)
{
    cln_status status;
    cln_telling *telling = m->telling;
    cln_round_item *items = NULL;
    findings f = {.m = m, .missing = simulated};
    TRY(cln_allocate((void **)&items, MOST_ITEMS, sizeof *items, "measurements", error));
    f.items = items;
    f.count = list_items(m, items);
    TRY(cln_measured_options(m, "auto", "sgd", CLN_MEASURED_USUAL, &m->options, error));
    TRY(cln_selection_create(&m->selection, cln_options_settings(m->options), m->parts, error));
    if (m->device->facts.info.simulator) {
        cln_limits_tell_none(simulated, pass_on, telling);
        tell_all(&f);
        goto out;
    }
    telling->end = telling->began + budget;
    m->deadline = telling->end + fmax(1, 0.1 * budget);
    if (cln_telling_begin(telling, "the device's limits"))
        TRY(cln_measure_limits(m->device, take_limit, m, error));
    cln_rounds_turn(items, 1, budget, telling, m); /* the upload, while nothing is there */
    TRY(bring_rows(m, error));
    measure_in_turns(&f, items, budget);
    f.missing = telling->stopped ? "it was ended before" : "the budget was spent before";
    tell_all(&f);
out:
    free(items);
    return status;
}

cln_status cln_measure_training(cln_device *device, const cln_parts *parts, const char *engine, double budget_seconds,
                                cln_measure_progress_fn *progress, cln_measurement_fn *row, void *user,
                                cln_error *error)
{
    ENTER_OPENCL(error, device && parts && row);
    cln_status status;
    cln_telling telling = {.progress = progress, .row = row, .user = user, .began = cln_os_seconds()};
    cln_parts used = {parts->train, NULL, parts->test};
    cln_measured m = {.device = device, .parts = &used, .telling = &telling, .roof = cln_roof_none()};
    const char *engines[2];
    uint64_t peak = device->peak_bytes;
    if (!(budget_seconds > 0) || isinf(budget_seconds))
        return cln_fail(error, CLN_INVALID, "measuring takes a time above 0 seconds, not %g", budget_seconds);
    if (!parts->train)
        return cln_fail(error, CLN_INVALID, "there is no training data");
    TRY(cln_measured_engines(engine, engines, &m.engine_count, error));
    for (size_t i = 0; i < m.engine_count; i++)
        m.engines[i] = (cln_measured_engine){.name = engines[i], .memory = NAN, .objective = NAN};
    TRY(measure(&m, budget_seconds, error));
out:
    release(&m);
    device->peak_bytes = peak > device->peak_bytes ? peak : device->peak_bytes;
    return status;
}
