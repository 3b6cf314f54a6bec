/*
 * cln_measure_selftest: what is tested, and in which order. Every combination of engine, loss, target, type of data, bias, centre,
 * spread, weights and stacking would take hours to compile; the trials cover each of them, and each pair that meets in a kernel, in as
 * few as that takes, at sizes around the widths of vectors and work-groups.
 */
#include "measure/selftest.h"

#include "base/os.h"
#include "base/size.h"
#include "compute/tuning.h"

#include <math.h>
#include <stdio.h>

/* A trial; n·d is small in those that simulators get, too. */
typedef struct sort {
    uint32_t n, d, one, models;
    cln_row_loss loss;
    cln_target target;
    cln_type type;
    bool bias, weighted, centred, spread;
    bool tiny;           /* for simulators */
    bool other;          /* also for the kernels that the device does not take of itself */
    uint32_t chunk_rows; /* of the data in one allocation; 0: all */
    float large;         /* above 0: the size of the logits */
} sort;

static const sort sorts[] = {
    {200, 784, 10, 1, CLN_CROSS_ENTROPY, CLN_TARGET_ONEHOT, CLN_UINT8, .bias = true},
    {7, 1, 3, 1, CLN_CROSS_ENTROPY, CLN_TARGET_ONEHOT, CLN_FLOAT32, .tiny = true, .other = true, .large = 1e4f},
    {61, 7, 13, 1, CLN_CROSS_ENTROPY, CLN_TARGET_REAL, CLN_FLOAT32, true, true, true, true, .tiny = true,
     .other = true},
    {33, 17, 10, 3, CLN_CROSS_ENTROPY, CLN_TARGET_ONEHOT, CLN_UINT8, true, true, true, false, .tiny = false},
    {65, 61, 64, 1, CLN_SOFTMAX_SQUARED, CLN_TARGET_ONEHOT, CLN_FLOAT32, false, true, true, false, .other = true,
     .chunk_rows = 7},
    {64, 65, 3, 1, CLN_SOFTMAX_SQUARED, CLN_TARGET_REAL, CLN_UINT8, true, false, false, true, .chunk_rows = 30},
    {130, 64, 1, 6, CLN_SQUARED, CLN_TARGET_VALUE, CLN_UINT8, true, true, true, true, .other = true},
    {1, 15, 1, 1, CLN_SQUARED, CLN_TARGET_VALUE, CLN_FLOAT32, true, false, true, false, .tiny = true},
    {63, 33, 16, 1, CLN_SQUARED, CLN_TARGET_REAL, CLN_FLOAT32, false, true, false, true, .tiny = false},
    {31, 5, 3, 1, CLN_SQUARED, CLN_TARGET_ONEHOT, CLN_UINT8, .tiny = true},
};

/* For CLBlast alone: outputs that the fused kernels do not take, and more rows than a block of it. */
static const sort wide_sorts[] = {
    {49, 47, 65, 1, CLN_CROSS_ENTROPY, CLN_TARGET_ONEHOT, CLN_FLOAT32, true, true, true, true, .tiny = false},
    {200, 61, 35, 2, CLN_SOFTMAX_SQUARED, CLN_TARGET_ONEHOT, CLN_UINT8, .bias = true},
    {1030, 15, 7, 1, CLN_CROSS_ENTROPY, CLN_TARGET_ONEHOT, CLN_UINT8, .bias = true},
};

/* As compute/clblast.c and gram.c ask for them, with `rows` on CPUs; and at awkward sizes with the same parameters, for others take
   seconds to compile. */
static const cln_product products[][4] = {
    {{10, 785, 512, true}, {7, 65, 61, true}, {1, 1, 1, true}, {65, 61, 7, true}},
    {{1000, 785, 512, false}, {65, 61, 7, false}, {1, 1, 1, false}, {61, 65, 200, false}},
    {{160, 160, 256, false}, {7, 64, 65, false}, {1, 61, 1, false}, {65, 1, 64, false}},
};

static const struct {
    uint32_t n, d, k;
    bool centred, tiny;
} sums[] = {{300, 784, 10, false, false}, {1025, 7, 3, true, false}, {33, 7, 1, true, true}};

cln_status cln_selftest_judge(cln_status status, const cln_error *found, cln_check *check, cln_error *error)
{
    if (status == CLN_MEMORY)
        return cln_fail(error, status, "%s", found->message);
    if (status == CLN_UNSUPPORTED)
        snprintf(check->reason, sizeof check->reason, "%.250s", found->message);
    else if (status != CLN_OK)
        cln_check_fail(check, "%s", found->message);
    return CLN_OK;
}

typedef struct selftest {
    cln_device *device;
    cln_measure_progress_fn *progress;
    cln_measurement_fn *row;
    void *user;
    double began;
    size_t done, count; /* parts */
    bool simulated, stopped, passed;
} selftest;

/* False where the caller wants no more. Before each part, which is over in less than half a second but for compiling. */
static bool goes_on(selftest *s, const cln_check *check)
{
    char doing[260];
    double seconds = cln_os_seconds() - s->began;
    snprintf(doing, sizeof doing, "%s: %s", check->name, check->place);
    const cln_measure_progress now = {doing, seconds,
                                      s->done ? seconds / (double)s->done * (double)(s->count - s->done) : (double)NAN};
    s->stopped = s->stopped || (s->progress && s->progress(&now, s->user) != 0);
    s->done++;
    return !s->stopped;
}

/* An unfinished one is none. */
static void tell(selftest *s, const cln_check *check)
{
    if (s->stopped)
        return;
    s->passed = s->passed && cln_check_passed(check);
    cln_check_tell(check, s->row, s->user);
}

/* ---- engines */

static cln_status draw(const sort *of, cln_trial *trial, cln_error *error)
{
    cln_status status;
    TRY(cln_trial_draw(of->n, of->d, of->one * of->models, of->type, of->bias, trial, error));
    TRY(cln_trial_models(trial, of->loss, of->target, of->models, error));
    TRY(cln_trial_fold(trial, of->centred, of->spread, error));
    if (of->weighted)
        TRY(cln_trial_weigh(trial, error));
    for (size_t i = 0; of->large > 0 && i < (size_t)trial->k * trial->d; i++)
        trial->w[i] *= of->large;
out:
    return status;
}

static void describe(const cln_trial *t, cln_check *checks)
{
    static const char *const losses[] = {"cross-entropy", "squared softmax", "squared"};
    for (int i = 0; i < CLN_TESTED; i++)
        snprintf(checks[i].place, sizeof checks[i].place, "%u rows of %u %s, %u outputs of %u models, %s", t->n, t->d,
                 t->type == CLN_UINT8 ? "bytes" : "floats", t->k, t->models, losses[t->loss]);
}

/* The kernels that a device takes of itself, of the fused engine's two. */
static bool is_own(const selftest *s, const cln_tested_engine *engine)
{
    return !engine->fixed || engine->kind == (s->device->facts.is_cpu ? CLN_SHAPE_CPU : CLN_SHAPE_GPU);
}

/* One trial on an engine; ran: that some trial did. */
static cln_status try_engine(selftest *s, const sort *of, const cln_tested_engine *engine, cln_check *checks, bool *ran,
                             cln_error *error)
{
    cln_status status;
    cln_trial trial = {0};
    cln_tested_engine here = *engine;
    bool could = false;
    TRY(draw(of, &trial, error));
    describe(&trial, checks);
    if (!goes_on(s, &checks[0]))
        goto out;
    cln_problem problem = {.features = trial.d, .outputs = trial.k, .models = trial.models, .type = trial.type};
    cln_shape shape = cln_shape_choose(&s->device->facts, &problem, here.kind);
    here.shape = is_own(s, &here) ? NULL : &shape;
    here.chunk_rows = of->chunk_rows;
    here.batch_rows = here.batch_rows ? here.batch_rows : trial.n;
    TRY(cln_selftest_engine(s->device, &trial, &here, checks, &could, error));
    *ran |= could;
out:
    cln_trial_free(&trial);
    return status;
}

typedef struct variant {
    const char *names[CLN_TESTED];
    cln_tested_engine engine;
} variant;

static const variant variants[] = {
    {{"fused cpu forward", "fused cpu gradient", "fused cpu update", "fused cpu descent"},
     {.engine = "fused", .fixed = true, .kind = CLN_SHAPE_CPU}},
    {{"fused gpu forward", "fused gpu gradient", "fused gpu update", "fused gpu descent"},
     {.engine = "fused", .fixed = true, .kind = CLN_SHAPE_GPU}},
    {{"clblast forward", "clblast gradient", "clblast update", "clblast descent"}, {.engine = "clblast"}},
};

static bool is_tried(const selftest *s, const sort *of, const cln_tested_engine *engine)
{
    return (of->tiny || !s->simulated) && (of->other || is_own(s, engine));
}

static cln_status try_sorts(selftest *s, const sort *list, size_t count, const variant *v, cln_check *checks, bool *ran,
                            cln_error *error)
{
    cln_status status = CLN_OK;
    for (size_t i = 0; i < count && !s->stopped; i++)
        if (is_tried(s, &list[i], &v->engine))
            TRY(try_engine(s, &list[i], &v->engine, checks, ran, error));
out:
    return status;
}

static cln_status test_variant(selftest *s, const variant *v, bool wide, cln_error *error)
{
    cln_status status;
    cln_check checks[CLN_TESTED] = {{0}};
    bool ran = false;
    for (int i = 0; i < CLN_TESTED; i++)
        checks[i].name = v->names[i];
    TRY(try_sorts(s, sorts, CLN_COUNT(sorts), v, checks, &ran, error));
    if (wide && !s->simulated)
        TRY(try_sorts(s, wide_sorts, CLN_COUNT(wide_sorts), v, checks, &ran, error));
    for (int i = 0; i < CLN_TESTED; i++) {
        if (!ran)
            snprintf(checks[i].reason, sizeof checks[i].reason,
                     "this device's work-groups or local memory are too small for these kernels");
        tell(s, &checks[i]);
    }
out:
    return status;
}

/* What was measured on the device and is in force: at its own features, outputs and type, with as many rows as a host multiplies
   quickly. */
static cln_status test_tuned_shape(selftest *s, const cln_case *of, cln_error *error)
{
    cln_status status;
    char name[64];
    cln_check checks[CLN_TESTED] = {{0}}, *worst = &checks[0];
    uint64_t most = 100000000ull / ((uint64_t)of->features * of->outputs + 1);
    uint32_t rows = of->rows < 600 ? of->rows : 600;
    sort here = {rows < most ? rows : (uint32_t)most,
                 of->features,
                 of->outputs,
                 1,
                 CLN_CROSS_ENTROPY,
                 CLN_TARGET_ONEHOT,
                 of->type,
                 .bias = true};
    const cln_tested_engine engine = {.engine = "fused", .batch_rows = of->rows};
    bool ran = false;
    if (here.n == 0)
        return CLN_OK;
    snprintf(name, sizeof name, "tuned %u x %u by %u %s", of->features, of->outputs, of->rows,
             of->type == CLN_UINT8 ? "uint8" : "float32");
    for (int i = 0; i < CLN_TESTED; i++)
        checks[i].name = name;
    TRY(try_engine(s, &here, &engine, checks, &ran, error));
    for (int i = 1; i < CLN_TESTED; i++)
        if (!worst->failed && (checks[i].failed || checks[i].worst > worst->worst))
            worst = &checks[i];
    tell(s, worst);
out:
    return status;
}

/* ---- products and sums */

static bool quickly_multiplied(const cln_product *of)
{
    uint64_t a = (uint64_t)of->m * of->k, b = (uint64_t)of->n * of->k, c = (uint64_t)of->n * of->m;
    return a < 1u << 24 && b < 1u << 24 && c < 1u << 24;
}

/* Products with the parameters of the first of them. */
static cln_status test_product(selftest *s, const cln_product *list, size_t count, const char *prefix, cln_error *error)
{
    cln_status status = CLN_OK;
    char name[64];
    cln_check check = {.name = name};
    bool rows = list->rows && s->device->facts.is_cpu;
    cln_product as = list[0];
    as.rows = rows;
    snprintf(name, sizeof name, "%s %ux%ux%u%s", prefix, as.n, as.m, as.k, rows ? " rows" : "");
    for (size_t i = 0; i < count && !s->stopped; i++) {
        cln_product of = list[i];
        of.rows = rows;
        if (s->simulated && (uint64_t)of.n * of.m * of.k > 5000)
            continue;
        snprintf(check.place, sizeof check.place, "(%u,%u) by (%u,%u)", of.n, of.k, of.k, of.m);
        if (goes_on(s, &check))
            TRY(cln_selftest_product(s->device, &of, &as, &check, error));
    }
    tell(s, &check);
out:
    return status;
}

static cln_status test_products(selftest *s, cln_error *error)
{
    cln_status status = CLN_OK;
    const cln_tuning *tuning = s->device->tuning;
    for (size_t i = 0; i < CLN_COUNT(products) && !s->stopped; i++)
        TRY(test_product(s, products[i], CLN_COUNT(products[i]), "product", error));
    for (size_t i = 0; tuning && i < tuning->product_count && !s->stopped; i++)
        if (quickly_multiplied(&tuning->products[i].of))
            TRY(test_product(s, &tuning->products[i].of, 1, "tuned product", error));
    for (size_t i = 0; tuning && i < tuning->shape_count && !s->stopped; i++)
        TRY(test_tuned_shape(s, &tuning->shapes[i].of, error));
out:
    return status;
}

typedef cln_status sum_fn(cln_device *device, const cln_trial *trial, cln_check *check, cln_error *error);

static cln_status test_sums(selftest *s, const char *name, cln_type type, sum_fn *test, bool centre, cln_error *error)
{
    cln_status status = CLN_OK;
    cln_check check = {.name = name};
    cln_trial trial = {0};
    for (size_t i = 0; i < CLN_COUNT(sums) && !s->stopped; i++) {
        if (s->simulated && !sums[i].tiny)
            continue;
        TRY(cln_trial_draw(sums[i].n, sums[i].d, sums[i].k, type, true, &trial, error));
        if (centre && sums[i].centred)
            TRY(cln_trial_fold(&trial, true, false, error));
        snprintf(check.place, sizeof check.place, "%u rows of %u %s", trial.n, trial.d,
                 type == CLN_UINT8 ? "bytes" : "floats");
        if (goes_on(s, &check))
            TRY(test(s->device, &trial, &check, error));
        cln_trial_free(&trial);
    }
    tell(s, &check);
out:
    cln_trial_free(&trial);
    return status;
}

/* Parts, for the time that is left. */
static size_t count_parts(const selftest *s)
{
    const cln_tuning *tuning = s->device->tuning;
    size_t engine = 0, sum = 0;
    for (size_t v = 0; v < CLN_COUNT(variants); v++)
        for (size_t i = 0; i < CLN_COUNT(sorts); i++)
            engine += is_tried(s, &sorts[i], &variants[v].engine);
    for (size_t i = 0; i < CLN_COUNT(sums); i++)
        sum += sums[i].tiny || !s->simulated;
    return engine + CLN_COUNT(wide_sorts) + 4 * CLN_COUNT(products) + 4 * sum +
           (tuning ? tuning->shape_count + tuning->product_count : 0);
}

cln_status cln_measure_selftest(cln_device *device, cln_measure_progress_fn *progress, cln_measurement_fn *row,
                                void *user, bool *passed, cln_error *error)
{
    cln_status status = CLN_OK;
    selftest s = {device,        progress, row, user, cln_os_seconds(), .simulated = device->facts.info.simulator,
                  .passed = true};
    s.count = count_parts(&s);
    *passed = false;
    for (size_t i = 0; i < CLN_COUNT(variants) && !s.stopped; i++)
        TRY(test_variant(&s, &variants[i], i == 2, error));
    TRY(test_products(&s, error));
    TRY(test_sums(&s, "gram uint8", CLN_UINT8, cln_selftest_gram, false, error));
    TRY(test_sums(&s, "gram float32", CLN_FLOAT32, cln_selftest_gram, true, error));
    TRY(test_sums(&s, "moments uint8", CLN_UINT8, cln_selftest_moments, false, error));
    TRY(test_sums(&s, "moments float32", CLN_FLOAT32, cln_selftest_moments, false, error));
    *passed = s.passed && !s.stopped;
out:
    return status;
}
