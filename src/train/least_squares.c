#include "train/least_squares.h"

#include "base/size.h"
#include "reference/products.h"
#include "solve/ridge_triangle.h"
#include "train/certify.h"
#include "train/centred_rows.h"
#include "train/normal_equations.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Multiplications of a QR factorisation that take no longer than building kernels. */
#define FEW 200000000

enum { STEPS = 12 };

typedef enum way { SUMS, ROWS } way;

struct cln_least_squares {
    cln_trainer *trainer;
    uint32_t d, k, ld;
    double n;
    cln_centred_rows columns;
    way way;
    cln_ridge *ridge;       /* of bytes' sums */
    cln_triangle *triangle; /* of floats' sums, or of rows */
    double alpha;
    double *weight, *before, *gradient, *step; /* (k,ld), of columns z */
    double *norm, *penalty; /* (d): what ‖w‖² counts in units of z, and √α times it; 1 for a constant column */
    double *r;              /* (a block of rows, k) */
    double squares;         /* Σr² */
    cln_least_squares_answer answer;
};

/* ---- life */

static bool is_penalised(const cln_trainer *trainer)
{
    const cln_settings *settings = &trainer->settings;
    bool penalised = settings->alpha_count > 1 || trainer->lanes[0].l2 > 0;
    for (uint32_t i = 0; settings->alpha_count > 1 && i < settings->alpha_count; i++)
        penalised = penalised && settings->alpha[i] > 0;
    return penalised;
}

static bool is_exact(const cln_trainer *trainer)
{
    return trainer->plan->problem.type == CLN_UINT8;
}

/* Whether rows are factorised at once; of the options, so that an estimate knows. */
static bool is_small(const cln_trainer *trainer)
{
    const cln_problem *problem = &trainer->plan->problem;
    double d = (double)problem->features + problem->outputs, n = (double)trainer->selection->rows[CLN_TRAIN];
    return !is_exact(trainer) && (d * d * n <= FEW || (n <= d && !is_penalised(trainer)));
}

static uint64_t own_doubles(uint64_t d, uint64_t k)
{
    return 4 * k * cln_centred_stride((uint32_t)d) + 2 * d + CLN_CENTRED_BLOCK * k;
}

uint64_t cln_least_squares_bytes(const cln_trainer *trainer)
{
    const cln_problem *problem = &trainer->plan->problem;
    uint64_t shifting, triangle = cln_triangle_bytes(problem->features, problem->outputs, &shifting);
    uint64_t own = own_doubles(problem->features, problem->outputs) * sizeof(double);
    uint64_t most = triangle + (is_penalised(trainer) ? 0 : shifting); /* with a penalty there is an inverse */
    if (!is_small(trainer)) {
        uint64_t sums = cln_normal_equations_bytes(trainer, is_penalised(trainer));
        most = sums > most ? sums : most;
    }
    return own + cln_centred_rows_bytes(trainer) + most;
}

void cln_least_squares_free(cln_least_squares *squares)
{
    if (!squares)
        return;
    cln_ridge_free(squares->ridge);
    cln_triangle_free(squares->triangle);
    cln_centred_rows_release(&squares->columns);
    free(squares->weight);
    free(squares);
}

static cln_status add_row_block(void *user, const double *z, const double *t, uint64_t rows, cln_error *error)
{
    cln_least_squares *s = user;
    return cln_triangle_add(s->triangle, z, s->ld, t, rows, error);
}

/* From here on by the rows themselves. */
static cln_status take_rows(cln_least_squares *s, cln_error *error)
{
    cln_status status;
    cln_ridge_free(s->ridge);
    s->ridge = NULL;
    cln_triangle_free(s->triangle);
    s->triangle = NULL;
    s->way = ROWS;
    TRY(cln_triangle_create(s->d, s->k, &s->triangle, error));
    TRY(cln_centred_rows_visit(&s->columns, add_row_block, s, error));
out:
    return status;
}

static cln_status take_sums(cln_least_squares *s, double *built, cln_error *error)
{
    if (is_exact(s->trainer))
        return cln_normal_equations(s->trainer, &s->columns, built, &s->ridge, error);
    bool usable = false;
    cln_status status = cln_normal_sums(s->trainer, &s->columns, built, &s->triangle, &usable, error);
    return status == CLN_OK && !usable ? take_rows(s, error) : status;
}

/* A penalty is on weights of x·scale, or on those of columns divided by their deviations. */
static void find_norm(cln_least_squares *s)
{
    const double *deviation = s->trainer->scaling.deviation;
    for (uint32_t j = 0; j < s->d; j++) {
        double inverse = s->columns.inverse[j];
        s->norm[j] = inverse > 0 ? (deviation ? deviation[j] : 1) * inverse / fabs(s->trainer->scale) : 1;
    }
}

cln_status cln_least_squares_create(cln_trainer *trainer, double *built, cln_least_squares **squares, cln_error *error)
{
    cln_status status;
    const cln_problem *problem = &trainer->plan->problem;
    cln_least_squares *s = NULL;
    *squares = NULL;
    TRY(cln_allocate((void **)&s, 1, sizeof *s, "least squares", error));
    *s = (cln_least_squares){.trainer = trainer,
                             .d = problem->features,
                             .k = problem->outputs,
                             .ld = cln_centred_stride(problem->features),
                             .n = (double)trainer->selection->rows[CLN_TRAIN]};
    const uint64_t weights = (uint64_t)s->k * s->ld;
    TRY(cln_allocate((void **)&s->weight, own_doubles(s->d, s->k), sizeof(double), "weights", error));
    s->before = s->weight + weights;
    s->gradient = s->before + weights;
    s->step = s->gradient + weights;
    s->norm = s->step + weights;
    s->penalty = s->norm + s->d;
    s->r = s->penalty + s->d;
    TRY(cln_centred_rows_create(&s->columns, trainer, error));
    if (!is_exact(trainer))
        TRY(cln_centred_rows_measure(&s->columns, error));
    if (is_small(trainer))
        TRY(take_rows(s, error));
    else
        TRY(take_sums(s, built, error));
    find_norm(s);
    *squares = s;
    s = NULL;
out:
    cln_least_squares_free(s);
    return status;
}

/* ---- the gradient */

static cln_status add_gradient(void *user, const double *z, const double *t, uint64_t rows, cln_error *error)
{
    (void)error;
    cln_least_squares *s = user;
    for (uint64_t i = 0; i < rows * s->k; i++)
        s->r[i] = -t[i];
    cln_products_logits(z, rows, s->ld, s->weight, s->k, s->r);
    for (uint64_t i = 0; i < rows * s->k; i++)
        s->squares += s->r[i] * s->r[i];
    cln_products_gradient(z, rows, s->ld, s->r, s->k, s->gradient);
    return CLN_OK;
}

/* Of n times the objective by the weights of z. */
static cln_status find_gradient(cln_least_squares *s, cln_error *error)
{
    double sizes = 0;
    memset(s->gradient, 0, (size_t)s->k * s->ld * sizeof *s->gradient);
    s->squares = 0;
    cln_status status = cln_centred_rows_visit(&s->columns, add_gradient, s, error);
    for (uint32_t c = 0; c < s->k; c++)
        for (uint32_t j = 0; j < s->d; j++) {
            double w = s->weight[(size_t)c * s->ld + j] * s->penalty[j];
            s->gradient[(size_t)c * s->ld + j] += w * s->penalty[j];
            sizes += w * w;
        }
    s->answer.objective = (s->squares + sizes) / (2 * s->n);
    return status;
}

/* σ of output c; where a target is constant nothing is fitted, and any unit serves. */
static double target_size(const cln_least_squares *s, uint32_t c)
{
    double size = s->columns.target_deviation[c];
    return size > 0 ? size : 1;
}

static double column_size(const cln_least_squares *s, uint32_t j)
{
    double size = s->columns.deviation[j] * s->columns.inverse[j];
    return size > 0 ? size : 1;
}

/* The gradient's largest component, as the correlation of a column, its penalty's row included, with the residual; a NaN stays. */
static double gradient_norm(const cln_least_squares *s)
{
    double norm = 0;
    for (uint32_t c = 0; c < s->k; c++)
        for (uint32_t j = 0; j < s->d; j++) {
            double length = sqrt(s->n) * column_size(s, j);
            double g = fabs(s->gradient[(size_t)c * s->ld + j]) / (sqrt(s->n) * length * target_size(s, c));
            if (!(g <= norm))
                norm = g;
        }
    return norm;
}

/* What rounding leaves of a gradient: each row's residual has errors of ε·Σ|w_j·z_j|, which add up like random ones, a few times over. And
   by *loss of the objective. */
static double rounding(const cln_least_squares *s, double *loss)
{
    double largest = 1;
    *loss = 0;
    for (uint32_t c = 0; c < s->k; c++) {
        double sum = 1;
        for (uint32_t j = 0; j < s->d; j++)
            sum += fabs(s->weight[(size_t)c * s->ld + j]) * column_size(s, j) / target_size(s, c);
        largest = fmax(largest, sum);
        double error = 8 * DBL_EPSILON * sum * target_size(s, c);
        *loss += error * error / 2;
    }
    return DBL_EPSILON * largest * (8 + sqrt(s->n));
}

/* ---- steps */

static void copy(const cln_least_squares *s, double *to, const double *from)
{
    memcpy(to, from, (size_t)s->k * s->ld * sizeof *to);
}

/* The ridge's coordinates are x·scale, with a bias. */
static cln_status step_of_ridge(cln_least_squares *s, cln_error *error)
{
    cln_status status;
    double *raw = NULL; /* (k,d), (k) */
    TRY(cln_allocate((void **)&raw, (uint64_t)s->k * s->d + s->k, sizeof *raw, "a step", error));
    for (uint32_t c = 0; c < s->k; c++)
        for (uint32_t j = 0; j < s->d; j++) {
            double inverse = s->columns.inverse[j];
            raw[(size_t)c * s->d + j] =
                inverse > 0 ? s->gradient[(size_t)c * s->ld + j] / inverse * s->trainer->scale : 0;
        }
    TRY(cln_ridge_correct(s->ridge, raw, raw + (size_t)s->k * s->d, error));
    for (uint32_t c = 0; c < s->k; c++)
        for (uint32_t j = 0; j < s->d; j++) {
            double inverse = s->columns.inverse[j];
            s->step[(size_t)c * s->ld + j] = inverse > 0 ? raw[(size_t)c * s->d + j] * s->trainer->scale / inverse : 0;
        }
out:
    free(raw);
    return status;
}

/* s->step ← gradient · the approximate inverse. */
static cln_status find_step(cln_least_squares *s, cln_error *error)
{
    if (s->ridge)
        return step_of_ridge(s, error);
    copy(s, s->step, s->gradient);
    return cln_triangle_step(s->triangle, s->step, s->k, s->ld, error);
}

/* How much the objective falls by the next step, nearly, and with it how far it is from the least. */
static double decrement(const cln_least_squares *s)
{
    double sum = 0;
    for (uint64_t i = 0; i < (uint64_t)s->k * s->ld; i++)
        sum += s->gradient[i] * s->step[i];
    return sum / (2 * s->n);
}

/* Where s->gradient is the one at s->weight. */
static cln_status judge(cln_least_squares *s, cln_error *error)
{
    double loss, norm = gradient_norm(s), floor = rounding(s, &loss);
    cln_status status = find_step(s, error);
    s->answer.gradient = norm;
    s->answer.holds = norm <= fmax(1e-11, 16 * floor) && fabs(decrement(s)) <= 1e-7 * s->answer.objective + loss;
    return status;
}

/* Steps, as long as each makes the gradient a quarter of what it was or less, down to rounding; then judges where that ends. */
static cln_status refine(cln_least_squares *s, cln_error *error)
{
    cln_status status;
    double loss, norm, least = INFINITY;
    for (int i = 0;; i++) {
        TRY(find_gradient(s, error));
        norm = gradient_norm(s);
        if (!(norm < least) && i > 0) {
            copy(s, s->weight, s->before);
            TRY(find_gradient(s, error));
            break;
        }
        if (norm <= rounding(s, &loss) || norm > least / 4 || i == STEPS)
            break;
        least = norm;
        copy(s, s->before, s->weight);
        TRY(find_step(s, error));
        for (uint64_t j = 0; j < (uint64_t)s->k * s->ld; j++)
            s->weight[j] -= s->step[j];
    }
    TRY(judge(s, error));
out:
    return status;
}

/* What the exact sums say of the ridge's answer. *holds: they settle it, and no pass over the rows could say more. */
static cln_status judge_by_sums(cln_least_squares *s, double *raw, bool *holds, cln_error *error)
{
    double gain, bound, squares = 0;
    cln_ridge_judge(s->ridge, raw, &gain, &bound);
    for (uint32_t c = 0; c < s->k; c++) {
        squares += s->n * s->columns.target_deviation[c] * s->columns.target_deviation[c];
        for (uint32_t j = 0; j < s->d; j++)
            s->gradient[(size_t)c * s->ld + j] = raw[(size_t)c * s->d + j] * s->columns.inverse[j] / s->trainer->scale;
    }
    s->answer.objective = (squares - gain) / (2 * s->n);
    cln_status status = judge(s, error);
    *holds = s->answer.holds && 8 * (bound + DBL_EPSILON * squares) <= 1e-10 * (squares - gain);
    return status;
}

/* The ridge's own answer, which refined its residual already. *holds: so well that rows need not be asked. */
static cln_status begin_with_ridge(cln_least_squares *s, double alpha, bool *holds, cln_error *error)
{
    cln_status status;
    cln_ridge_answer answer;
    double *weight = NULL; /* (k,d), (k) */
    TRY(cln_allocate((void **)&weight, (uint64_t)s->k * s->d + s->k, sizeof *weight, "weights", error));
    TRY(cln_ridge_solve(s->ridge, alpha, weight, weight + (uint64_t)s->k * s->d, &answer, error));
    for (uint32_t c = 0; c < s->k; c++)
        for (uint32_t j = 0; j < s->d; j++) {
            double inverse = s->columns.inverse[j];
            s->weight[(size_t)c * s->ld + j] =
                inverse > 0 ? weight[(size_t)c * s->d + j] * s->trainer->scale / inverse : 0;
        }
    s->answer.rank = answer.rank;
    s->answer.condition = answer.condition;
    TRY(judge_by_sums(s, weight, holds, error));
out:
    free(weight);
    return status;
}

static cln_status begin_with_triangle(cln_least_squares *s, bool *usable, cln_error *error)
{
    cln_triangle_state state;
    cln_status status = cln_triangle_shift(s->triangle, s->penalty, s->norm, &state, error);
    s->answer.rank = state.rank;
    s->answer.condition = state.condition;
    *usable = state.usable;
    for (uint32_t j = 0; j < s->d && s->alpha == 0; j++)
        s->answer.rank -= s->columns.inverse[j] == 0;
    memset(s->weight, 0, (size_t)s->k * s->ld * sizeof *s->weight);
    return status == CLN_OK && s->way == ROWS ? cln_triangle_solve(s->triangle, s->weight, s->ld, error) : status;
}

static cln_status solve_by(cln_least_squares *s, cln_error *error)
{
    cln_status status;
    bool usable = true, holds = false;
    s->answer = (cln_least_squares_answer){0};
    TRY(s->ridge ? begin_with_ridge(s, s->alpha, &holds, error) : begin_with_triangle(s, &usable, error));
    if (usable && !holds)
        TRY(refine(s, error));
out:
    return status;
}

cln_status cln_least_squares_solve(cln_least_squares *squares, double alpha, cln_least_squares_answer *answer,
                                   cln_error *error)
{
    cln_status status;
    cln_least_squares *s = squares;
    if (!(alpha >= 0) || isinf(alpha))
        return cln_fail(error, CLN_INVALID, "least squares: the penalty %g must be a finite number and not negative",
                        alpha);
    s->alpha = alpha;
    for (uint32_t j = 0; j < s->d; j++)
        s->penalty[j] = s->columns.inverse[j] > 0 ? sqrt(alpha) * s->norm[j] : 1; /* whose weight is 0 */
    TRY(solve_by(s, error));
    if (!s->answer.holds && s->way == SUMS) {
        TRY(take_rows(s, error));
        TRY(solve_by(s, error));
    }
    *answer = s->answer;
out:
    return status;
}

void cln_least_squares_read(const cln_least_squares *squares, double scale, const double *shift, double *weight,
                            double *bias)
{
    const cln_least_squares *s = squares;
    for (uint32_t c = 0; c < s->k; c++) {
        long double sum = s->columns.target[c];
        for (uint32_t j = 0; j < s->d; j++) {
            double w = s->weight[(size_t)c * s->ld + j] * s->columns.inverse[j] / scale;
            weight[(size_t)c * s->d + j] = w;
            sum -= (long double)w * ((long double)s->columns.mean[j] * scale - (shift ? shift[j] : 0));
        }
        bias[c] = (double)sum;
    }
}
