/* The search for the fused engine's shape and for the faster engine: whole training steps on rows in an order drawn at random. The
   first step's gradient is held against the reference. */
#include "base/os.h"
#include "base/size.h"
#include "compute/plan.h"
#include "device/buffer.h"
#include "device/queue.h"
#include "measure/tune_data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double run_seconds = 3e-3;

typedef struct side {
    const char *engine;
    cln_shape shape;
    cln_plan *plan;
    cl_mem w, v, gradient; /* (kp,ld) of its plan's layout */
} side;

typedef struct trial {
    cln_tune_data *data;
    cln_problem problem;
    bool engines; /* the challenger is another engine, not another shape */
    const cln_tuned_shape *first;
    cln_moves moves;
    side sides[CLN_SIDES]; /* the best has no plan while it is the built-in one */
    uint32_t next;         /* minibatch of a run */
    uint32_t repeats;      /* steps in a run */
    char words[120];
} trial;

/* `count` minibatches from `first` on: one stored gradient, or steps as training takes them. */
static cln_status take_steps(trial *t, const side *s, uint32_t first, uint32_t count, bool store, cln_error *error)
{
    cln_status status;
    cln_tune_data *data = t->data;
    uint32_t batch = data->of.rows;
    cln_rows rows;
    cln_outcome outcome = {.scores = data->scores};
    cln_sink sink = {
        .op = store ? CLN_STORE : CLN_STEP, .gradient = s->gradient, .w = s->w, .v = s->v, .steps = data->step};
    TRY(cln_resident_rows(data->resident, data->order, (uint64_t)first * batch, count * batch, &rows, error));
    TRY(store ? cln_plan_gradient(s->plan, &rows, s->w, &outcome, &sink, error)
              : cln_plan_descend(s->plan, &rows, batch, &outcome, &sink, error));
out:
    return status;
}

static cln_status check(trial *t, const side *s, cln_error *error)
{
    cln_status status;
    const cln_tune_data *data = t->data;
    uint32_t k = data->of.outputs, width = data->of.features + 1, ld = s->plan->layout.ld;
    float *gradient = NULL;
    TRY(cln_allocate((void **)&gradient, (uint64_t)k * ld, sizeof(float), "a gradient", error));
    TRY(cln_buffer_read(data->device, s->gradient, 0, (uint64_t)k * ld * sizeof(float), gradient, error));
    for (size_t c = 0; c < k && status == CLN_OK; c++)
        if (!cln_tune_agrees(gradient + c * ld, data->expected + c * width, data->slack + c * width, width))
            status = cln_fail(error, CLN_DEVICE, "the %s engine computes a wrong gradient of %u features on %s",
                              s->engine, data->of.features, data->device->facts.info.name);
out:
    free(gradient);
    return status;
}

/* The weights to begin with, as the side's plan has them. */
static cln_status make_weights(trial *t, side *s, cln_error *error)
{
    cln_status status;
    const cln_tune_data *data = t->data;
    const cln_layout *layout = &s->plan->layout;
    uint64_t bytes = (uint64_t)layout->kp * layout->ld * sizeof(float);
    uint32_t width = data->of.features + 1;
    float *padded = NULL;
    TRY(cln_allocate((void **)&padded, bytes, 1, "weights", error));
    for (size_t c = 0; c < data->of.outputs; c++)
        memcpy(padded + c * layout->ld, data->h_w + c * width, width * sizeof(float));
    TRY(cln_buffer_create(data->device, "weights to tune with", bytes, &s->w, error));
    TRY(cln_buffer_create(data->device, "a velocity to tune with", bytes, &s->v, error));
    TRY(cln_buffer_create(data->device, "a gradient to tune with", bytes, &s->gradient, error));
    TRY(cln_buffer_write(data->device, s->w, 0, bytes, padded, error));
out:
    free(padded);
    return status;
}

static void release_side(const trial *t, side *s)
{
    cln_plan_release(s->plan);
    s->plan = NULL;
    cln_buffer_release(t->data->device, &s->w);
    cln_buffer_release(t->data->device, &s->v);
    cln_buffer_release(t->data->device, &s->gradient);
}

static const side *played_by(const trial *t, cln_side which)
{
    return t->sides[which].plan ? &t->sides[which] : &t->sides[CLN_SIDE_BUILTIN];
}

static cln_status run(void *user, cln_side which, double *seconds, cln_error *error)
{
    trial *t = user;
    cln_status status = CLN_OK;
    double before = cln_os_seconds();
    for (uint32_t left = t->repeats, count; left > 0; left -= count) {
        uint32_t first = t->next % t->data->batches, rest = t->data->batches - first;
        count = left < CLN_TUNE_STRETCH ? left : CLN_TUNE_STRETCH;
        count = count < rest ? count : rest;
        TRY(take_steps(t, played_by(t, which), first, count, false, error));
        t->next += count;
    }
    TRY(cln_queue_finish(t->data->device, error));
    *seconds = cln_os_seconds() - before;
out:
    return status;
}

static cln_status calibrate(trial *t, cln_error *error)
{
    double seconds = 0;
    t->repeats = 1;
    cln_status status = run(t, CLN_SIDE_BUILTIN, &seconds, error);
    t->repeats = seconds * 500 < run_seconds ? 500 : (uint32_t)(run_seconds / seconds) + 1;
    return status;
}

static cln_status prepare(void *user, cln_side which, cln_error *error)
{
    trial *t = user;
    cln_status status;
    cln_tune_data *data = t->data;
    side *s = &t->sides[which];
    TRY(cln_plan_create(data->device, s->engine, &t->problem, t->engines ? NULL : &s->shape, &s->plan, error));
    if (!t->engines && memcmp(&s->plan->shape, &s->shape, sizeof s->shape) != 0) {
        status = cln_fail(error, CLN_UNSUPPORTED, "%s cannot run this shape", data->device->facts.info.name);
        goto out;
    }
    TRY(make_weights(t, s, error));
    TRY(take_steps(t, s, 0, 1, true, error));
    TRY(check(t, s, error));
    TRY(take_steps(t, s, 0, 2, false, error)); /* builds what steps run beyond that */
    TRY(cln_queue_finish(data->device, error));
    if (which == CLN_SIDE_BUILTIN)
        TRY(calibrate(t, error));
out:
    return status;
}

static bool propose_shape(void *user, size_t move)
{
    trial *t = user;
    const cln_facts *facts = &t->data->device->facts;
    cln_tuned_shape challenger = {.of = t->data->of, .shape = t->sides[CLN_SIDE_BEST].shape};
    if (t->first && move == 0)
        challenger.shape = cln_tuning_apply(t->first, facts, &t->problem);
    else
        cln_move_apply(&t->moves.list[move - (t->first != NULL)], &challenger.shape);
    t->sides[CLN_SIDE_CHALLENGER] = (side){.engine = "fused", .shape = challenger.shape};
    return memcmp(&challenger.shape, &t->sides[CLN_SIDE_BEST].shape, sizeof challenger.shape) != 0 &&
           memcmp(&challenger.shape, &t->sides[CLN_SIDE_BUILTIN].shape, sizeof challenger.shape) != 0 &&
           cln_tuned_shape_is_sound(&challenger, facts);
}

static const char *describe_shape(void *user, cln_side which)
{
    trial *t = user;
    const cln_shape *shape = &t->sides[which].shape, *builtin = &t->sides[CLN_SIDE_BUILTIN].shape;
    bool whole = memcmp(shape, builtin, sizeof *shape) == 0;
    size_t used = 0;
    *t->words = '\0';
#define X(member, least, most, power)                                                                                  \
    if ((whole ? shape->member > 0 : shape->member != builtin->member) && used < sizeof t->words)                      \
        used += (size_t)snprintf(t->words + used, sizeof t->words - used, "%s" #member "=%u", used ? " " : "",         \
                                 shape->member);
    CLN_TUNED_SHAPE_MAP(X)
#undef X
    return t->words;
}

static void settle(void *user, bool accepted)
{
    trial *t = user;
    side *best = &t->sides[CLN_SIDE_BEST], *challenger = &t->sides[CLN_SIDE_CHALLENGER];
    release_side(t, accepted ? best : challenger);
    if (accepted)
        *best = *challenger;
    *challenger = (side){0};
}

static cln_status hold(trial *t, const cln_contest *contest, cln_search *search, double seconds,
                       cln_contest_result *result, cln_tune_row *row, cln_error *error)
{
    cln_status status = cln_contest_hold(contest, search, seconds, result, error);
    for (int i = 0; i < CLN_SIDES; i++)
        release_side(t, &t->sides[i]);
    if (status == CLN_OK)
        cln_tune_fill(row, result, t->repeats);
    return status;
}

static cln_problem problem_of(const cln_tune_data *data)
{
    return (cln_problem){.features = data->of.features,
                         .outputs = data->of.outputs,
                         .type = data->of.type,
                         .scale = data->scale,
                         .bias = true,
                         .block_rows = CLN_TUNE_STRETCH * data->of.rows,
                         .batch_rows = data->of.rows};
}

cln_status cln_tune_shape(cln_tune_data *data, const cln_tuned_shape *first, cln_moves moves, cln_search *search,
                          double seconds, cln_tuned_shape *tuned, cln_tune_row *row, cln_error *error)
{
    cln_contest_result result;
    cln_shape_kind kind = data->device->facts.is_cpu ? CLN_SHAPE_CPU : CLN_SHAPE_GPU;
    trial t = {.data = data, .problem = problem_of(data), .first = first, .moves = moves};
    cln_shape builtin = cln_shape_choose(&data->device->facts, &t.problem, kind);
    t.sides[CLN_SIDE_BUILTIN] = t.sides[CLN_SIDE_BEST] = (side){.engine = "fused", .shape = builtin};
    cln_contest contest = {
        &t,    &search->slowest_step, 0.5, moves.count + (first != NULL), propose_shape, describe_shape, prepare, run,
        settle};
    cln_status status = hold(&t, &contest, search, seconds, &result, row, error);
    if (status != CLN_OK)
        return status;
    snprintf(row->builtin, sizeof row->builtin, "%s", describe_shape(&t, CLN_SIDE_BUILTIN));
    snprintf(row->best, sizeof row->best, "%s", result.won ? describe_shape(&t, CLN_SIDE_BEST) : "built-in");
    *tuned =
        (cln_tuned_shape){data->of, result.won ? t.sides[CLN_SIDE_BEST].shape : builtin, row->builtin_ms, row->best_ms};
    return CLN_OK;
}

static bool propose_engine(void *user, size_t move)
{
    trial *t = user;
    (void)move;
    t->sides[CLN_SIDE_CHALLENGER] = (side){.engine = "clblast"};
    return strcmp(t->sides[CLN_SIDE_BEST].engine, "fused") == 0;
}

static const char *describe_engine(void *user, cln_side which)
{
    return ((trial *)user)->sides[which].engine;
}

/* The rule's engine for what the fused one takes is that one; nothing else has two engines. An engine is built once for all of its
   user's time, so this takes patience. */
cln_status cln_tune_engine(cln_tune_data *data, cln_search *search, double seconds, cln_tuned_engine *tuned,
                           cln_tune_row *row, cln_error *error)
{
    cln_contest_result result;
    trial t = {.data = data, .problem = problem_of(data), .engines = true};
    t.sides[CLN_SIDE_BUILTIN] = t.sides[CLN_SIDE_BEST] = (side){.engine = "fused"};
    cln_contest contest = {&t, &search->slowest_step, 600, 1, propose_engine, describe_engine, prepare, run, settle};
    cln_status status = hold(&t, &contest, search, seconds, &result, row, error);
    if (status != CLN_OK)
        return status;
    snprintf(row->builtin, sizeof row->builtin, "fused");
    snprintf(row->best, sizeof row->best, result.won ? "clblast" : "fused");
    *tuned = (cln_tuned_engine){data->of, row->builtin_ms,
                                result.won ? row->best_ms : 1e3 * result.challenger_seconds / t.repeats};
    return CLN_OK;
}
