#include "train/centred_rows.h"

#include "base/size.h"
#include "reference/products.h"
#include "reference/rows.h"
#include "train/certify.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

static uint64_t doubles(uint64_t ld, uint64_t k)
{
    return 3 * ld + 2 * k;
}

uint32_t cln_centred_stride(uint32_t d)
{
    return cln_round_up(d, CLN_PRODUCTS_STEP);
}

uint64_t cln_centred_rows_bytes(const cln_trainer *trainer)
{
    uint64_t ld = cln_centred_stride(trainer->plan->problem.features), k = trainer->plan->problem.outputs;
    return (doubles(ld, k) + 2 * ld + CLN_CENTRED_BLOCK * (ld + k)) * sizeof(double) +
           cln_trainer_objective_bytes(trainer);
}

void cln_centred_rows_release(cln_centred_rows *columns)
{
    free(columns->memory);
    *columns = (cln_centred_rows){0};
}

/* ---- targets */

/* From the sums of v − mean and of its squares, where `mean` lacks a digit or two: the mean to all digits, and the deviation. */
static void conclude(double n, bool centred, double sum, double squares, double *mean, double *deviation)
{
    double rest = centred ? sum / n : 0;
    *deviation = sqrt(fmax(squares / n - rest * rest, 0));
    *mean += rest;
    if (*deviation <= 4 * DBL_EPSILON * fabs(*mean))
        *deviation = 0;
}

static cln_status measure_targets(cln_centred_rows *c, cln_error *error)
{
    bool centred = c->trainer->plan->problem.bias;
    for (uint32_t output = 0; output < c->k; output++) {
        double sum = 0, rest = 0, squares = 0;
        for (uint64_t i = 0; i < c->n; i++)
            sum += cln_selection_target(c->trainer->selection, i, output);
        c->target[output] = centred ? sum / (double)c->n : 0;
        for (uint64_t i = 0; i < c->n; i++) {
            double v = cln_selection_target(c->trainer->selection, i, output) - c->target[output];
            rest += v;
            squares += v * v;
        }
        conclude((double)c->n, centred, rest, squares, &c->target[output], &c->target_deviation[output]);
        if (!isfinite(sum))
            return cln_fail(error, CLN_INVALID,
                            "least squares: target %u (from 0) of the training rows has a value that is no finite "
                            "number; replace it or leave the row out",
                            (unsigned)output);
    }
    return CLN_OK;
}

cln_status cln_centred_rows_create(cln_centred_rows *columns, cln_trainer *trainer, cln_error *error)
{
    cln_status status;
    const cln_problem *problem = &trainer->plan->problem;
    cln_centred_rows *c = columns;
    *c = (cln_centred_rows){.trainer = trainer,
                            .d = problem->features,
                            .k = problem->outputs,
                            .ld = cln_centred_stride(problem->features),
                            .n = trainer->selection->rows[CLN_TRAIN]};
    TRY(cln_allocate((void **)&c->memory, doubles(c->ld, c->k), sizeof(double), "means and deviations", error));
    c->mean = c->memory;
    c->deviation = c->mean + c->ld;
    c->inverse = c->deviation + c->ld;
    c->target = c->inverse + c->ld;
    c->target_deviation = c->target + c->k;
    TRY(measure_targets(c, error));
out:
    return status;
}

/* ---- features */

/* A pass over the rows, a few of them in double at a time. */
typedef struct pass {
    const cln_centred_rows *columns;
    double *x, *t;         /* (CLN_CENTRED_BLOCK,ld), (CLN_CENTRED_BLOCK,k) */
    double *sum, *squares; /* (ld): of x − mean; NULL: they are for `visit` */
    cln_centred_rows_fn *visit;
    void *user;
} pass;

static void add_moments(pass *p, uint64_t rows)
{
    const cln_centred_rows *c = p->columns;
    for (uint64_t i = 0; i < rows; i++)
        for (uint32_t j = 0; j < c->d; j++) {
            double v = p->x[i * c->ld + j] - c->mean[j];
            p->sum[j] += v;
            p->squares[j] += v * v;
        }
}

static void standardise(pass *p, uint64_t rows, const cln_row_answers *answers, uint64_t first)
{
    const cln_centred_rows *c = p->columns;
    cln_target target = c->trainer->selection->target;
    for (uint64_t i = 0; i < rows; i++) {
        for (uint32_t j = 0; j < c->d; j++)
            p->x[i * c->ld + j] = (p->x[i * c->ld + j] - c->mean[j]) * c->inverse[j];
        for (uint32_t output = 0; output < c->k; output++)
            p->t[i * c->k + output] = c->target_deviation[output] > 0
                                          ? cln_row_target(target, answers, first + i, c->k, output) - c->target[output]
                                          : 0;
    }
}

static cln_status see_rows(void *user, const void *x, uint64_t rows, const int32_t *labels, const float *targets,
                           const float *weights, cln_error *error)
{
    (void)weights; /* all rows weigh the same (parts.c) */
    cln_status status = CLN_OK;
    pass *p = user;
    const cln_centred_rows *c = p->columns;
    cln_type type = c->trainer->plan->problem.type;
    const cln_row_answers answers = {.labels = labels, .targets = targets};
    for (uint64_t first = 0; first < rows && status == CLN_OK; first += CLN_CENTRED_BLOCK) {
        uint64_t count = rows - first < CLN_CENTRED_BLOCK ? rows - first : CLN_CENTRED_BLOCK;
        cln_products_convert((const char *)x + first * c->d * cln_type_bytes(type), type, count, c->d, 1, c->ld, p->x);
        if (p->sum) {
            add_moments(p, count);
        } else {
            standardise(p, count, &answers, first);
            status = p->visit(p->user, p->x, p->t, count, error);
        }
    }
    return status;
}

static cln_status run(pass *p, cln_error *error)
{
    cln_status status;
    const cln_centred_rows *c = p->columns;
    TRY(cln_allocate((void **)&p->x, CLN_CENTRED_BLOCK * (uint64_t)c->ld, sizeof(double), "rows", error));
    TRY(cln_allocate((void **)&p->t, CLN_CENTRED_BLOCK * (uint64_t)c->k, sizeof(double), "targets", error));
    TRY(cln_trainer_visit_rows(c->trainer, CLN_TRAIN, see_rows, p, error));
out:
    free(p->x);
    free(p->t);
    return status;
}

cln_status cln_centred_rows_visit(const cln_centred_rows *columns, cln_centred_rows_fn *visit, void *user,
                                  cln_error *error)
{
    return run(&(pass){.columns = columns, .visit = visit, .user = user}, error);
}

void cln_centred_rows_scale(cln_centred_rows *columns)
{
    for (uint32_t j = 0; j < columns->d; j++)
        columns->inverse[j] = columns->deviation[j] > 0 ? ldexp(1, -ilogb(columns->deviation[j])) : 0;
}

cln_status cln_centred_rows_measure(cln_centred_rows *columns, cln_error *error)
{
    cln_status status;
    cln_centred_rows *c = columns;
    const double n = (double)c->n;
    bool centred = c->trainer->plan->problem.bias;
    pass p = {.columns = c};
    TRY(cln_allocate((void **)&p.sum, 2 * (uint64_t)c->ld, sizeof(double), "sums of features", error));
    p.squares = p.sum + c->ld;
    for (int round = centred ? 0 : 1; round < 2; round++) {
        TRY(run(&p, error));
        for (uint32_t j = 0; j < c->d; j++) {
            if (!isfinite(p.sum[j]))
                TRY(cln_fail(error, CLN_INVALID,
                             "least squares: column %u (from 0) of the training rows has a value that is no finite "
                             "number; replace it or leave the row out",
                             (unsigned)j));
            if (round == 0)
                c->mean[j] = p.sum[j] / n;
            else
                conclude(n, centred, p.sum[j], p.squares[j], &c->mean[j], &c->deviation[j]);
            p.sum[j] = p.squares[j] = 0;
        }
    }
    cln_centred_rows_scale(c);
out:
    free(p.sum);
    return status;
}
