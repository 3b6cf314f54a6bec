#include "solve/ridge.h"

#include "base/size.h"
#include "solve/ridge_factor.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * Inside, features are centred and divided by their deviations, z_j = (x_j·scale − mean_j)·unit_j, and G = Z'Z, C = T'Z. Whole numbers
 * stay whole for as long as they can: n·Σx_i·x_j − Σx_i·Σx_j is exact in long double's 64 bits up to 16 million rows of bytes, where
 * subtracting n·x̄·x̄ᵀ in double would lose as many digits as the mean is larger than the deviation.
 */
struct cln_ridge {
    uint32_t d, k;
    double n;
    bool centred, bias;
    cln_ridge_factor *factor;           /* of G + αI */
    double *cross;                      /* (k,d): C */
    double *mean;                       /* (d): of x·scale; 0 where nothing is centred */
    double *target;                     /* (k): means; 0 without bias */
    double *unit;                       /* (d): 1/deviation; 0 for a feature that is left out */
    double *solution, *step, *residual; /* (k,d) */
};

/* ---- from sums to centred sums */

static cln_status check_sums(const cln_ridge_sums *sums, cln_error *error)
{
    if (!(sums->n > 0) || isinf(sums->n))
        return cln_fail(error, CLN_INVALID, "least squares: the sums are of %g rows", sums->n);
    if (!isfinite(sums->scale) || sums->scale == 0)
        return cln_fail(error, CLN_INVALID, "least squares: %g is no scale of features", sums->scale);
    if (sums->k < 1)
        return cln_fail(error, CLN_INVALID, "least squares: there are no outputs");
    return CLN_OK;
}

static cln_status allocate(cln_ridge *r, cln_error *error)
{
    cln_status status;
    uint64_t weights = (uint64_t)r->k * r->d;
    double **const arrays[] = {&r->cross, &r->solution, &r->step, &r->residual, &r->mean, &r->unit, &r->target};
    const uint64_t counts[] = {weights, weights, weights, weights, r->d, r->d, r->k};
    TRY(cln_ridge_factor_create(r->d, &r->factor, error));
    for (size_t i = 0; i < CLN_COUNT(arrays); i++)
        TRY(cln_allocate((void **)arrays[i], counts[i], sizeof(double), "least squares", error));
out:
    return status;
}

uint64_t cln_ridge_bytes(uint32_t d, uint32_t k, uint64_t *solving)
{
    uint64_t weights = (uint64_t)k * d, kept = cln_ridge_factor_bytes(d, solving);
    if (*solving < weights * sizeof(double)) /* an answer of least norm */
        *solving = weights * sizeof(double);
    return kept + (4 * weights + 2 * (uint64_t)d + k) * sizeof(double);
}

/* Σ a·b − Σa·Σb/n; without centring Σ a·b. */
static long double centre(const cln_ridge *r, double product, double a, double b)
{
    return r->centred ? ((long double)r->n * product - (long double)a * b) / r->n : product;
}

/* Means, and the units: 0 where nothing but rounding errors distinguishes a feature from a constant. */
static void measure_features(cln_ridge *r, const cln_ridge_sums *sums, uint64_t ld)
{
    for (uint32_t j = 0; j < r->d; j++) {
        double square = sums->gram[j * ld + j], deviation = sums->spread ? sums->spread[j] : 1;
        bool constant = centre(r, square, sums->sum[j], sums->sum[j]) <= 4 * DBL_EPSILON * square;
        r->mean[j] = r->centred ? sums->sum[j] / r->n * sums->scale : 0;
        r->unit[j] = constant || deviation == 0 ? 0 : 1 / deviation;
    }
    for (uint32_t c = 0; c < r->k; c++)
        r->target[c] = r->bias ? sums->total[c] / r->n : 0;
}

/* G and C; whether all of them are finite. */
static bool fill(cln_ridge *r, const cln_ridge_sums *sums, uint64_t ld, uint64_t cross_ld)
{
    const double scale = sums->scale;
    double finite = 0; /* stays 0 where all is finite, for 0·∞ is NaN */
    double *g = r->factor->gram;
    for (uint32_t i = 0; i < r->d; i++) {
        finite += 0 * (r->mean[i] + r->unit[i]);
        for (uint32_t j = 0; j <= i; j++) {
            long double value = centre(r, sums->gram[i * ld + j], sums->sum[i], sums->sum[j]);
            double entry = (double)(value * ((long double)scale * scale) * ((long double)r->unit[i] * r->unit[j]));
            g[(size_t)i * r->d + j] = g[(size_t)j * r->d + i] = entry;
            finite += 0 * entry;
        }
        for (uint32_t c = 0; c < r->k; c++) {
            long double value = centre(r, sums->cross[i * cross_ld + c], sums->sum[i], sums->total[c]);
            double entry = (double)(value * scale * r->unit[i]);
            r->cross[(size_t)c * r->d + i] = entry;
            finite += 0 * (entry + r->target[c]);
        }
    }
    return finite == 0;
}

cln_status cln_ridge_create(const cln_ridge_sums *sums, cln_ridge **ridge, cln_error *error)
{
    cln_status status;
    cln_ridge *r = NULL;
    uint64_t ld = sums->gram_ld ? sums->gram_ld : sums->d, cross_ld = sums->cross_ld ? sums->cross_ld : sums->k;
    *ridge = NULL;
    TRY(check_sums(sums, error));
    TRY(cln_allocate((void **)&r, 1, sizeof *r, "least squares", error));
    r->d = sums->d;
    r->k = sums->k;
    r->n = sums->n;
    r->bias = sums->bias;
    r->centred = sums->bias || sums->centred;
    TRY(allocate(r, error));
    measure_features(r, sums, ld);
    if (!fill(r, sums, ld, cross_ld))
        TRY(cln_fail(error, CLN_INVALID,
                     "least squares: the sums over the rows hold values that are no finite numbers; look for them in "
                     "the features and targets"));
    *ridge = r;
    r = NULL;
out:
    cln_ridge_free(r);
    return status;
}

void cln_ridge_free(cln_ridge *ridge)
{
    if (!ridge)
        return;
    cln_ridge_factor_free(ridge->factor);
    free(ridge->cross);
    free(ridge->solution);
    free(ridge->step);
    free(ridge->residual);
    free(ridge->mean);
    free(ridge->unit);
    free(ridge->target);
    free(ridge);
}

/* ---- solving */

/* The largest absolute value; NaN where one is. */
static double norm_max(const double *x, uint64_t count)
{
    double largest = 0;
    for (uint64_t i = 0; i < count; i++)
        if (!(fabs(x[i]) <= largest))
            largest = fabs(x[i]);
    return largest;
}

/* Row i of C − W·(G + αI) for `outputs` of them, at most four from c on: each has its own chain of additions, and g is read once. */
static void residual_row(const cln_ridge *r, const double *w, uint32_t i, uint32_t c, uint32_t outputs)
{
    const uint32_t d = r->d;
    const double *g = r->factor->gram + (size_t)i * d, *row[4];
    for (uint32_t o = 0; o < 4; o++)
        row[o] = w + (size_t)(o < outputs ? c + o : c) * d;
    long double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    for (uint32_t j = 0; j < d; j++) {
        long double gj = g[j];
        s0 += gj * row[0][j];
        s1 += gj * row[1][j];
        s2 += gj * row[2][j];
        s3 += gj * row[3][j];
    }
    const long double sums[4] = {s0, s1, s2, s3};
    for (uint32_t o = 0; o < outputs; o++) {
        size_t at = (size_t)(c + o) * d + i;
        r->residual[at] = (double)(r->cross[at] - sums[o] - (long double)r->factor->alpha * row[o][i]);
    }
}

/* r->residual ← C − W·(G + αI), w (k,d); returns its largest absolute value. */
static double residual(const cln_ridge *r, const double *w)
{
    for (uint32_t i = 0; i < r->d; i++)
        for (uint32_t c = 0; c < r->k; c += 4)
            residual_row(r, w, i, c, r->k - c < 4 ? r->k - c : 4);
    return norm_max(r->residual, (uint64_t)r->k * r->d);
}

/*
 * Solution and residual of the last α. A step of refinement multiplies the error by about its own size relative to the solution (ε
 * times the condition number), so that after a step below √ε nothing is left to gain. The residual of an ill-conditioned
 * system hardly falls meanwhile: it is that of rounding W to double. One that grows is a matrix that is singular after all.
 */
static cln_status solve_refined(cln_ridge *r, double *left, cln_error *error)
{
    enum { STEPS = 5 };
    cln_status status;
    const uint64_t count = (uint64_t)r->k * r->d;
    memcpy(r->solution, r->cross, count * sizeof(double));
    TRY(cln_ridge_factor_solve(r->factor, r->k, r->solution, error));
    *left = residual(r, r->solution);
    double size = norm_max(r->solution, count), relative = 1;
    for (int i = 0; i < STEPS && 0 < *left && relative > 1e-8; i++) {
        memcpy(r->step, r->residual, count * sizeof(double));
        TRY(cln_ridge_factor_solve(r->factor, r->k, r->step, error));
        double before = relative;
        relative = norm_max(r->step, count) / size;
        if (!(relative < before / 2))
            break;
        for (uint64_t j = 0; j < count; j++)
            r->step[j] += r->solution[j];
        double now = residual(r, r->step);
        if (!(now <= 2 * *left))
            break;
        double *better = r->step;
        r->step = r->solution;
        r->solution = better;
        *left = now;
    }
    if (!isfinite(*left))
        TRY(cln_fail(error, CLN_INVALID,
                     "least squares: the answer is beyond double's range; give another scale or a penalty"));
out:
    return status;
}

/* In place, from weights of centred features divided by their deviations to those of x·scale. */
static void unfold(const cln_ridge *r, double *weight, double *bias, const double *b)
{
    for (uint32_t c = 0; c < r->k; c++) {
        double *w = weight + (size_t)c * r->d;
        long double sum = b[c];
        for (uint32_t j = 0; j < r->d; j++) {
            w[j] = r->unit[j] == 0 ? 0 : w[j] * r->unit[j]; /* the reduced forms leave a rounding error there */
            sum -= (long double)w[j] * r->mean[j];
        }
        if (bias)
            bias[c] = (double)sum;
    }
}

cln_status cln_ridge_solve(cln_ridge *ridge, double alpha, double *weight, double *bias, cln_ridge_answer *answer,
                           cln_error *error)
{
    cln_status status;
    double left;
    if (!(alpha >= 0) || isinf(alpha))
        return cln_fail(error, CLN_INVALID, "least squares: the penalty %g must be a finite number and not negative",
                        alpha);
    TRY(cln_ridge_factor_shift(ridge->factor, alpha, error));
    TRY(solve_refined(ridge, &left, error));
    const uint64_t count = (uint64_t)ridge->k * ridge->d;
    double size = norm_max(ridge->cross, count);
    memcpy(weight, ridge->solution, count * sizeof *weight);
    unfold(ridge, weight, bias, ridge->target);
    if (answer)
        *answer = (cln_ridge_answer){ridge->factor->rank, ridge->factor->condition, size > 0 ? left / size : 0};
out:
    return status;
}

/* With R = C − W·(G + αI), the gain is W·C + W·R: exact in W, be it the answer or not. Entries of G are rounded to double. */
void cln_ridge_judge(const cln_ridge *ridge, double *gradient, double *gain, double *error)
{
    const cln_ridge *r = ridge;
    long double sum = 0, bound = 0;
    for (uint32_t c = 0; c < r->k; c++) {
        long double length = 0;
        for (uint32_t j = 0; j < r->d; j++) {
            size_t at = (size_t)c * r->d + j;
            double left = r->residual[at], w = r->solution[at];
            gradient[at] = r->unit[j] == 0 ? 0 : -left / r->unit[j];
            sum += (long double)w * ((long double)r->cross[at] + left);
            length += fabs(w) * sqrt(r->factor->gram[(size_t)j * r->d + j]);
        }
        bound += length * length;
    }
    *gain = (double)sum;
    *error = (double)(DBL_EPSILON * bound);
}

/*
 * With b' = b + W·x̄ in b's place the Hessian falls into blocks, n for b' and D⁻¹·(G + αI)·D⁻¹ for W; D holds the units. The gradient by
 * W at a fixed b' is the given one less that by b times x̄ᵀ.
 */
cln_status cln_ridge_correct(cln_ridge *ridge, double *weight, double *bias, cln_error *error)
{
    cln_status status;
    const uint32_t d = ridge->d;
    if (ridge->centred && !bias)
        return cln_fail(error, CLN_INVALID,
                        "least squares: a correction of centred features needs the bias's gradient");
    for (uint32_t c = 0; c < ridge->k; c++)
        for (uint32_t j = 0; j < d; j++) {
            double *g = &weight[(size_t)c * d + j];
            *g = ridge->unit[j] * (ridge->centred ? *g - bias[c] * ridge->mean[j] : *g);
        }
    TRY(cln_ridge_factor_solve(ridge->factor, ridge->k, weight, error));
    if (bias)
        for (uint32_t c = 0; c < ridge->k; c++)
            bias[c] = ridge->bias ? bias[c] / ridge->n : 0;
    double *steps = bias ? bias : ridge->target; /* `target` is 0 where there is no bias */
    unfold(ridge, weight, bias, steps);
out:
    return status;
}
