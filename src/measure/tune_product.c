/* The search for CLBlast's parameters: a product of two random matrices at its real size, checked at many of its elements. */
#include "base/os.h"
#include "base/random.h"
#include "base/size.h"
#include "compute/blas.h"
#include "device/buffer.h"
#include "device/queue.h"
#include "measure/tune.h"
#include "reference/truth.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLES 1024
/* What no product of numbers below 1 comes to: an element that was left out keeps it. */
static const float poison = 1e30f;
static const double run_seconds = 2e-3;

/* Operands as a candidate wants them: padded with zeros so that CLBlast copies nothing. */
typedef struct side {
    cln_gemm gemm;
    cln_product padded;
    cl_mem a, b, c;
} side;

typedef struct trial {
    cln_device *device;
    cln_product product;
    const cln_gemm *first;
    cln_moves moves;
    side sides[CLN_SIDES]; /* the best has no operands while it is the built-in one */
    float *h_a, *h_b;      /* (k,m), (k,n) */
    size_t at[SAMPLES][2]; /* elements of c */
    double expected[SAMPLES], slack[SAMPLES];
    uint32_t repeats; /* products in a run */
    char words[200];
} trial;

bool cln_tune_agrees(const float *got, const double *expected, const double *slack, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!(fabs((double)got[i] - expected[i]) <= slack[i]))
            return false;
    return true;
}

static void draw(cln_random *random, float *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        values[i] = (float)(int32_t)cln_random_next(random) * 0x1p-31f;
}

/* The four corners and elements anywhere, by plain sums. Rounding: k products and sums, each off by a unit roundoff at most. */
static void expect(trial *t, cln_random *random)
{
    uint32_t n = t->product.n, m = t->product.m, k = t->product.k;
    for (size_t s = 0; s < SAMPLES; s++) {
        size_t i = s < 4 ? (s / 2) * (n - 1) : cln_random_below(random, n);
        size_t j = s < 4 ? (s % 2) * (m - 1) : cln_random_below(random, m);
        double sum = 0, size = 0;
        for (size_t l = 0; l < k; l++) {
            double term = (double)t->h_b[l * n + i] * (double)t->h_a[l * m + j];
            sum += term;
            size += fabs(term);
        }
        t->at[s][0] = i;
        t->at[s][1] = j;
        t->expected[s] = sum;
        t->slack[s] = (k + 8) * CLN_UNIT_ROUNDOFF * size;
    }
}

static cln_status begin(trial *t, cln_error *error)
{
    cln_status status;
    cln_random random;
    size_t a = (size_t)t->product.k * t->product.m, b = (size_t)t->product.k * t->product.n;
    cln_random_seed(&random, a, b);
    TRY(cln_allocate((void **)&t->h_a, a, sizeof(float), "a matrix to tune with", error));
    TRY(cln_allocate((void **)&t->h_b, b, sizeof(float), "a matrix to tune with", error));
    draw(&random, t->h_a, a);
    draw(&random, t->h_b, b);
    expect(t, &random);
    TRY(cln_blas_prepare(t->device, error));
out:
    return status;
}

static void release_side(trial *t, side *s)
{
    cln_buffer_release(t->device, &s->a);
    cln_buffer_release(t->device, &s->b);
    cln_buffer_release(t->device, &s->c);
}

static void end(trial *t)
{
    for (int i = 0; i < CLN_SIDES; i++)
        release_side(t, &t->sides[i]);
    free(t->h_a);
    free(t->h_b);
}

/* A matrix (rows,columns) at the corner of one (tall,wide), or of its transpose, on the device; from NULL: poison everywhere. */
static cln_status upload(trial *t, const float *from, uint32_t rows, uint32_t columns, uint32_t tall, uint32_t wide,
                         bool transposed, cl_mem *buffer, cln_error *error)
{
    cln_status status;
    float *padded = NULL;
    size_t cells = (size_t)tall * wide;
    TRY(cln_allocate((void **)&padded, cells, sizeof(float), "a matrix to tune with", error));
    for (size_t i = 0; !from && i < cells; i++)
        padded[i] = poison;
    for (size_t i = 0; from && i < rows; i++)
        for (size_t j = 0; j < columns; j++)
            padded[transposed ? j * tall + i : i * wide + j] = from[i * columns + j];
    TRY(cln_buffer_create(t->device, "a matrix to tune with", cells * sizeof(float), buffer, error));
    TRY(cln_buffer_write(t->device, *buffer, 0, cells * sizeof(float), padded, error));
out:
    free(padded);
    return status;
}

static cln_status lay_out(trial *t, side *s, cln_error *error)
{
    cln_status status;
    const cln_product *p = &t->product;
    cln_product q = s->padded = cln_gemm_padded(&s->gemm, p);
    TRY(upload(t, t->h_a, p->k, p->m, q.k, q.m, false, &s->a, error));
    TRY(upload(t, t->h_b, p->k, p->n, q.k, q.n, p->rows, &s->b, error));
    TRY(upload(t, NULL, 0, 0, q.n, q.m, false, &s->c, error));
out:
    return status;
}

/* ---- the contest */

static bool same(const cln_gemm *x, const cln_gemm *y)
{
    return memcmp(x, y, sizeof *x) == 0;
}

static bool propose(void *user, size_t move)
{
    trial *t = user;
    cln_gemm *challenger = &t->sides[CLN_SIDE_CHALLENGER].gemm;
    *challenger = t->sides[CLN_SIDE_BEST].gemm;
    if (t->first && move == 0)
        *challenger = *t->first;
    else
        cln_move_apply(&t->moves.list[move - (t->first != NULL)], challenger);
    return !same(challenger, &t->sides[CLN_SIDE_BEST].gemm) && !same(challenger, &t->sides[CLN_SIDE_BUILTIN].gemm) &&
           challenger->gemmk == t->product.rows && cln_gemm_fits(&t->device->facts, challenger);
}

/* What differs from the built-in choice; all of a choice that is that one. */
static const char *describe(void *user, cln_side which)
{
    trial *t = user;
    const cln_gemm *gemm = &t->sides[which].gemm, *builtin = &t->sides[CLN_SIDE_BUILTIN].gemm;
    bool whole = same(gemm, builtin);
    size_t used = 0;
    *t->words = '\0';
#define X(member, name)                                                                                                \
    if ((whole ? gemm->member > 1 : gemm->member != builtin->member) && used < sizeof t->words)                        \
        used += (size_t)snprintf(t->words + used, sizeof t->words - used, "%s" #name "=%u", used ? " " : "",           \
                                 gemm->member);
    CLN_GEMM_MAP(X)
#undef X
    return t->words;
}

/* The first in a row is not timed: CLBlast takes its time to change parameters. */
static cln_status multiply(trial *t, cln_side which, uint32_t times, double *seconds, cln_error *error)
{
    cln_status status;
    const side *s = t->sides[which].c ? &t->sides[which] : &t->sides[CLN_SIDE_BUILTIN];
    TRY(cln_blas_product(t->device, &s->padded, &s->gemm, s->b, s->a, 0, s->c, error));
    TRY(cln_queue_finish(t->device, error));
    double before = cln_os_seconds();
    for (uint32_t i = 0; i < times; i++)
        TRY(cln_blas_product(t->device, &s->padded, &s->gemm, s->b, s->a, 0, s->c, error));
    TRY(cln_queue_finish(t->device, error));
    *seconds = cln_os_seconds() - before;
out:
    return status;
}

static cln_status check(trial *t, const side *s, cln_error *error)
{
    cln_status status;
    float got[SAMPLES], *product = NULL;
    size_t cells = (size_t)s->padded.n * s->padded.m;
    TRY(cln_allocate((void **)&product, cells, sizeof(float), "a product", error));
    TRY(cln_buffer_read(t->device, s->c, 0, cells * sizeof(float), product, error));
    for (size_t i = 0; i < SAMPLES; i++)
        got[i] = product[t->at[i][0] * s->padded.m + t->at[i][1]];
    if (!cln_tune_agrees(got, t->expected, t->slack, SAMPLES))
        status = cln_fail(error, CLN_DEVICE, "CLBlast computes a wrong product of (%u,%u) and (%u,%u) on %s",
                          t->product.n, t->product.k, t->product.k, t->product.m, t->device->facts.info.name);
out:
    free(product);
    return status;
}

static cln_status prepare(void *user, cln_side which, cln_error *error)
{
    trial *t = user;
    side *s = &t->sides[which];
    cln_status status;
    double seconds;
    TRY(lay_out(t, s, error));
    TRY(multiply(t, which, 0, &seconds, error));
    TRY(check(t, s, error));
    if (which == CLN_SIDE_BUILTIN) {
        TRY(multiply(t, which, 1, &seconds, error));
        t->repeats = seconds * 500 < run_seconds ? 500 : (uint32_t)(run_seconds / seconds) + 1;
    }
out:
    return status;
}

static cln_status run(void *user, cln_side which, double *seconds, cln_error *error)
{
    trial *t = user;
    return multiply(t, which, t->repeats, seconds, error);
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

void cln_tune_fill(cln_tune_row *row, const cln_contest_result *result, uint32_t units)
{
    row->builtin_ms = 1e3 * result->builtin_seconds / units;
    row->best_ms = 1e3 * result->best_seconds / units;
    row->tried = result->tried;
    row->wrong = result->wrong;
    row->slow = result->slow;
}

cln_status cln_tune_product(cln_device *device, const cln_product *product, const cln_gemm *first, cln_moves moves,
                            cln_search *search, double seconds, cln_tuned_product *tuned, cln_tune_row *row,
                            cln_error *error)
{
    cln_status status;
    cln_contest_result result;
    cln_gemm builtin = cln_gemm_choose(&device->facts, product);
    trial t = {.device = device,
               .product = *product,
               .first = first,
               .moves = moves,
               .sides = {{.gemm = builtin}, {.gemm = builtin}}};
    cln_contest contest = {
        &t, &search->slowest_product, 0.5, moves.count + (first != NULL), propose, describe, prepare, run, settle};
    TRY(begin(&t, error));
    TRY(cln_contest_hold(&contest, search, seconds, &result, error));
    if (!result.won)
        t.sides[CLN_SIDE_BEST].gemm = builtin;
    cln_tune_fill(row, &result, t.repeats);
    snprintf(row->builtin, sizeof row->builtin, "%s", describe(&t, CLN_SIDE_BUILTIN));
    snprintf(row->best, sizeof row->best, "%s", result.won ? describe(&t, CLN_SIDE_BEST) : "built-in");
    *tuned = (cln_tuned_product){*product, t.sides[CLN_SIDE_BEST].gemm, row->builtin_ms, row->best_ms};
out:
    end(&t);
    return status;
}
