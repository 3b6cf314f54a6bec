/*
 * Which trials the engines are tested with. Every combination of engine, loss, target, type of data, bias, centre, spread, weights and
 * stacking would take hours to compile; the trials cover each of them, and each pair that meets in a kernel, in as few as that takes, at
 * sizes around the widths of vectors and work-groups.
 */
#include "measure/selftest.h"

#include "base/size.h"
#include "compute/tuning.h"

#include <stdio.h>

/* A trial; n·d is small in those that simulators get, too. */
typedef struct configuration {
    uint32_t n, d, one, models;
    cln_row_loss loss;
    cln_target target;
    cln_type type;
    bool bias, weighted, centred, spread;
    bool tiny;           /* for simulators */
    bool other;          /* also for the kernels that the device does not take of itself */
    uint32_t chunk_rows; /* of the data in one allocation; 0: all */
    float large;         /* above 0: the size of the logits */
} configuration;

static const configuration configurations[] = {
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
static const configuration wide_configurations[] = {
    {49, 47, 65, 1, CLN_CROSS_ENTROPY, CLN_TARGET_ONEHOT, CLN_FLOAT32, true, true, true, true, .tiny = false},
    {200, 61, 35, 2, CLN_SOFTMAX_SQUARED, CLN_TARGET_ONEHOT, CLN_UINT8, .bias = true},
    {1030, 15, 7, 1, CLN_CROSS_ENTROPY, CLN_TARGET_ONEHOT, CLN_UINT8, .bias = true},
};

static cln_status draw(const configuration *of, cln_trial *trial, cln_error *error)
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
        snprintf(checks[i].place, sizeof checks[i].place, "%u rows of %u %s, %u outputs%s, %s", t->n, t->d,
                 t->type == CLN_UINT8 ? "bytes" : "floats", t->k, t->models > 1 ? " of several models" : "",
                 losses[t->loss]);
}

/* The kernels that a device takes of itself, of the fused engine's two. */
static bool is_own(const cln_selftest *s, const cln_tested_engine *engine)
{
    return !engine->fixed || engine->kind == (s->device->facts.is_cpu ? CLN_SHAPE_CPU : CLN_SHAPE_GPU);
}

/* One trial on an engine; ran: that some trial did. */
static cln_status try_engine(cln_selftest *s, const configuration *of, const cln_tested_engine *engine,
                             cln_check *checks, bool *ran, cln_error *error)
{
    cln_status status;
    cln_trial trial = {0};
    cln_tested_engine here = *engine;
    bool could = false;
    TRY(draw(of, &trial, error));
    describe(&trial, checks);
    if (!cln_selftest_goes_on(s, &checks[0]))
        goto out;
    cln_problem problem = {.features = trial.d, .outputs = trial.k, .models = trial.models, .type = trial.type};
    cln_shape shape = cln_shape_choose(&s->device->facts, &problem, here.kind);
    here.shape = is_own(s, &here) ? NULL : &shape;
    here.chunk_rows = of->chunk_rows;
    here.batch_rows = here.batch_rows ? here.batch_rows : trial.n;
    TRY(cln_selftest_trial(s->device, &trial, &here, checks, &could, error));
    *ran |= could;
out:
    cln_trial_free(&trial);
    return status;
}

typedef struct variant {
    const char *names[CLN_TESTED];
    cln_tested_engine engine;
    bool wide; /* takes as many outputs as there are */
} variant;

static const variant variants[] = {
    {{"fused cpu forward", "fused cpu gradient", "fused cpu update", "fused cpu descent"},
     {.engine = "fused", .fixed = true, .kind = CLN_SHAPE_CPU},
     false},
    {{"fused gpu forward", "fused gpu gradient", "fused gpu update", "fused gpu descent"},
     {.engine = "fused", .fixed = true, .kind = CLN_SHAPE_GPU},
     false},
    {{"clblast forward", "clblast gradient", "clblast update", "clblast descent"}, {.engine = "clblast"}, true},
};

static bool is_tried(const cln_selftest *s, const configuration *of, const cln_tested_engine *engine)
{
    return (of->tiny || !s->simulated) && (of->other || is_own(s, engine));
}

static cln_status try_configurations(cln_selftest *s, const configuration *list, size_t count, const variant *v,
                                     cln_check *checks, bool *ran, cln_error *error)
{
    cln_status status = CLN_OK;
    for (size_t i = 0; i < count && !s->telling.stopped; i++)
        if (is_tried(s, &list[i], &v->engine))
            TRY(try_engine(s, &list[i], &v->engine, checks, ran, error));
out:
    return status;
}

static cln_status test_variant(cln_selftest *s, const variant *v, cln_error *error)
{
    cln_status status;
    cln_check checks[CLN_TESTED] = {{0}};
    bool ran = false;
    for (int i = 0; i < CLN_TESTED; i++)
        checks[i].name = v->names[i];
    TRY(try_configurations(s, configurations, CLN_COUNT(configurations), v, checks, &ran, error));
    if (v->wide && !s->simulated)
        TRY(try_configurations(s, wide_configurations, CLN_COUNT(wide_configurations), v, checks, &ran, error));
    for (int i = 0; i < CLN_TESTED; i++) {
        if (!ran)
            snprintf(checks[i].reason, sizeof checks[i].reason,
                     "this device's work-groups or local memory are too small for these kernels");
        cln_selftest_tell(s, &checks[i]);
    }
out:
    return status;
}

/* What was measured on the device and is in force: at its own features, outputs and type, with as many rows as a host multiplies
   quickly. */
static cln_status test_tuned_shape(cln_selftest *s, const cln_case *of, cln_error *error)
{
    cln_status status;
    char name[64];
    cln_check checks[CLN_TESTED] = {{0}}, *worst = &checks[0];
    uint64_t most = 100000000ull / ((uint64_t)of->features * of->outputs + 1);
    uint32_t rows = of->rows < 600 ? of->rows : 600;
    configuration here = {rows < most ? rows : (uint32_t)most,
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
    cln_selftest_tell(s, worst);
out:
    return status;
}

size_t cln_selftest_engine_parts(const cln_selftest *s)
{
    size_t parts = CLN_COUNT(wide_configurations) + (s->device->tuning ? s->device->tuning->shape_count : 0);
    for (size_t v = 0; v < CLN_COUNT(variants); v++)
        for (size_t i = 0; i < CLN_COUNT(configurations); i++)
            parts += is_tried(s, &configurations[i], &variants[v].engine);
    return parts;
}

cln_status cln_selftest_engines(cln_selftest *s, cln_error *error)
{
    cln_status status = CLN_OK;
    const cln_tuning *tuning = s->device->tuning;
    for (size_t i = 0; i < CLN_COUNT(variants) && !s->telling.stopped; i++)
        TRY(test_variant(s, &variants[i], error));
    for (size_t i = 0; tuning && i < tuning->shape_count && !s->telling.stopped; i++)
        TRY(test_tuned_shape(s, &tuning->shapes[i].of, error));
out:
    return status;
}
