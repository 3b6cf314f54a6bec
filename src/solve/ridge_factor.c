#include "solve/ridge_factor.h"

#include "base/size.h"

#include <float.h>
#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Only the functions …_work are called: the others allocate by themselves, and print where they cannot. All matrices are symmetric
   or column-major, so that nothing is transposed. */
#define COLUMNS LAPACK_COL_MAJOR

enum {
    BLOCK = 32,      /* reflectors that are applied at a time */
    ROWS = 6 + BLOCK /* of d numbers, beside the matrices: see the struct */
};

/* What LAPACK works in where it finds eigenvectors: doubles, integers. */
static uint64_t spectrum_doubles(uint64_t d)
{
    return 1 + 6 * d + 2 * d * d;
}

static uint64_t spectrum_integers(uint64_t d)
{
    return 3 + 5 * d;
}

uint64_t cln_ridge_factor_bytes(uint32_t d, uint64_t *shifting)
{
    *shifting = spectrum_doubles(d) * sizeof(double) + spectrum_integers(d) * sizeof(lapack_int);
    return (2 * (uint64_t)d + ROWS) * d * sizeof(double);
}

cln_status cln_ridge_factor_create(uint32_t d, cln_ridge_factor **factor, cln_error *error)
{
    cln_status status;
    cln_ridge_factor *f = NULL;
    *factor = NULL;
    if (d < 1 || d > INT32_MAX / BLOCK) /* LAPACK counts in 32 bits */
        return cln_fail(error, CLN_UNSUPPORTED, "least squares in closed form: %u features, where 1 to %d are possible",
                        (unsigned)d, INT32_MAX / BLOCK);
    TRY(cln_allocate((void **)&f, 1, sizeof *f, "a factor of a Gram matrix", error));
    f->d = d;
    /* In one piece: a system that overcommits memory refuses what it has not got only where it is asked for at once. */
    TRY(cln_allocate((void **)&f->gram, 2 * (uint64_t)d * d, sizeof(double), "a Gram matrix and its factor", error));
    f->factor = f->gram + (uint64_t)d * d;
    TRY(cln_allocate((void **)&f->eigenvalues, ROWS * (uint64_t)d, sizeof(double), "a tridiagonal matrix", error));
    f->diagonal = f->eigenvalues + d;
    f->off_diagonal = f->diagonal + d;
    f->tau = f->off_diagonal + d;
    f->shifted_diagonal = f->tau + d;
    f->shifted_off_diagonal = f->shifted_diagonal + d;
    f->triangles = f->shifted_off_diagonal + d;
    *factor = f;
    f = NULL;
out:
    cln_ridge_factor_free(f);
    return status;
}

void cln_ridge_factor_free(cln_ridge_factor *factor)
{
    if (!factor)
        return;
    free(factor->gram);
    free(factor->eigenvalues);
    free(factor);
}

/* What LAPACK says of a call that cannot fail with the arguments it was given. */
static cln_status unexpected(lapack_int info, const char *what, cln_error *error)
{
    return info ? cln_fail(error, CLN_INVALID, "%s failed with LAPACK's code %d; are the sums finite numbers?", what,
                           (int)info)
                : CLN_OK;
}

/* Eigenvalues of a matrix of this norm that are no larger are rounding errors. */
static double cutoff(const cln_ridge_factor *f, double norm)
{
    return f->d * DBL_EPSILON * norm;
}

static void copy_gram(cln_ridge_factor *f)
{
    memcpy(f->factor, f->gram, (size_t)f->d * f->d * sizeof(double));
}

/* ‖G + αI‖₁ */
static double norm_1(const cln_ridge_factor *f)
{
    double largest = 0;
    for (uint32_t i = 0; i < f->d; i++) {
        double sum = f->alpha;
        for (uint32_t j = 0; j < f->d; j++)
            sum += fabs(f->gram[(size_t)i * f->d + j]);
        largest = fmax(largest, sum);
    }
    return largest;
}

/* *definite: whether G + αI is positive definite to working precision, and if so its Cholesky factor stands. */
static cln_status factor_cholesky(cln_ridge_factor *f, bool *definite, cln_error *error)
{
    cln_status status;
    double *work = NULL, norm = norm_1(f), reciprocal = 0;
    lapack_int *integers = NULL, d = (lapack_int)f->d;
    *definite = false;
    f->form = CLN_RIDGE_NONE;
    copy_gram(f);
    for (uint32_t j = 0; j < f->d; j++)
        f->factor[(size_t)j * f->d + j] += f->alpha;
    lapack_int info = LAPACKE_dpotrf_work(COLUMNS, 'L', d, f->factor, d);
    if (info > 0)
        return CLN_OK;
    TRY(unexpected(info, "the Cholesky factorisation", error));
    TRY(cln_allocate((void **)&work, 3 * (uint64_t)f->d, sizeof *work, "a condition estimate", error));
    TRY(cln_allocate((void **)&integers, f->d, sizeof *integers, "a condition estimate", error));
    TRY(unexpected(LAPACKE_dpocon_work(COLUMNS, 'L', d, f->factor, d, norm, &reciprocal, work, integers),
                   "the estimate of the condition", error));
    if (reciprocal * norm > cutoff(f, norm)) {
        *definite = true;
        f->form = CLN_RIDGE_CHOLESKY;
        f->condition = 1 / reciprocal;
        f->rank = f->d;
    }
out:
    free(work);
    free(integers);
    return status;
}

/* The reflectors from column i on, at most BLOCK of the d − 1. */
static lapack_int block_at(const cln_ridge_factor *f, lapack_int i)
{
    lapack_int left = (lapack_int)f->d - 1 - i;
    return left < BLOCK ? left : BLOCK;
}

/* G = Q·T·Qᵀ, the eigenvalues, which are T's, and the triangles by which blocks of reflectors are applied at once. */
static cln_status reduce(cln_ridge_factor *f, cln_error *error)
{
    cln_status status;
    double *work = NULL;
    lapack_int d = (lapack_int)f->d;
    const size_t bytes = f->d * sizeof(double);
    f->form = CLN_RIDGE_NONE;
    TRY(cln_allocate((void **)&work, (uint64_t)f->d * BLOCK, sizeof *work, "the reduction of a Gram matrix", error));
    copy_gram(f);
    TRY(unexpected(
        LAPACKE_dsytrd_work(COLUMNS, 'L', d, f->factor, d, f->diagonal, f->off_diagonal, f->tau, work, d * BLOCK),
        "the reduction to a tridiagonal matrix", error));
    memcpy(f->eigenvalues, f->diagonal, bytes);
    memcpy(f->shifted_off_diagonal, f->off_diagonal, bytes);
    TRY(unexpected(LAPACKE_dsterf_work(d, f->eigenvalues, f->shifted_off_diagonal), "finding the eigenvalues", error));
    for (lapack_int i = 0; i < d - 1; i += BLOCK)
        LAPACKE_dlarft_work(COLUMNS, 'F', 'C', d - 1 - i, block_at(f, i), f->factor + (size_t)i * f->d + i + 1, d,
                            f->tau + i, f->triangles + (size_t)i * BLOCK, BLOCK);
    f->form = CLN_RIDGE_TRIDIAGONAL;
out:
    free(work);
    return status;
}

/* Rank and condition of G + αI from G's eigenvalues. */
static void judge(cln_ridge_factor *f)
{
    double largest = f->eigenvalues[f->d - 1] + f->alpha, least = cutoff(f, largest);
    uint32_t zeros = 0;
    while (zeros < f->d && !(f->eigenvalues[zeros] + f->alpha > least))
        zeros++;
    f->rank = f->d - zeros;
    f->condition = f->rank ? largest / (f->eigenvalues[zeros] + f->alpha) : 1;
}

static cln_status factor_tridiagonal(cln_ridge_factor *f, bool *definite, cln_error *error)
{
    if (f->form != CLN_RIDGE_TRIDIAGONAL) {
        cln_status status = reduce(f, error);
        if (status != CLN_OK)
            return status;
    }
    judge(f);
    for (uint32_t i = 0; i < f->d; i++) {
        f->shifted_diagonal[i] = f->diagonal[i] + f->alpha;
        f->shifted_off_diagonal[i] = f->off_diagonal[i];
    }
    lapack_int info = LAPACKE_dpttrf_work((lapack_int)f->d, f->shifted_diagonal, f->shifted_off_diagonal);
    *definite = f->rank == f->d && info == 0;
    return CLN_OK;
}

static cln_status factor_spectrum(cln_ridge_factor *f, cln_error *error)
{
    cln_status status;
    double *work = NULL;
    lapack_int *integers = NULL, d = (lapack_int)f->d;
    uint64_t count = spectrum_doubles(f->d), integer_count = spectrum_integers(f->d);
    f->form = CLN_RIDGE_NONE;
    if (count > INT32_MAX)
        return cln_fail(error, CLN_UNSUPPORTED,
                        "least squares: the Gram matrix of %u features is singular, and that is too many for its "
                        "eigenvectors; give a larger penalty",
                        (unsigned)f->d);
    TRY(cln_allocate((void **)&work, count, sizeof *work, "eigenvectors of a Gram matrix", error));
    TRY(cln_allocate((void **)&integers, integer_count, sizeof *integers, "eigenvectors of a Gram matrix", error));
    copy_gram(f);
    TRY(unexpected(LAPACKE_dsyevd_work(COLUMNS, 'V', 'L', d, f->factor, d, f->eigenvalues, work, (lapack_int)count,
                                       integers, (lapack_int)integer_count),
                   "finding the eigenvectors", error));
    f->form = CLN_RIDGE_SPECTRUM;
out:
    free(work);
    free(integers);
    return status;
}

cln_status cln_ridge_factor_shift(cln_ridge_factor *factor, double alpha, cln_error *error)
{
    cln_status status = CLN_OK;
    bool first = factor->form == CLN_RIDGE_NONE, definite = false;
    if (!first && alpha == factor->alpha)
        return CLN_OK;
    factor->alpha = alpha;
    if (first)
        TRY(factor_cholesky(factor, &definite, error));
    else if (factor->form != CLN_RIDGE_SPECTRUM)
        TRY(factor_tridiagonal(factor, &definite, error));
    if (!definite) {
        if (factor->form != CLN_RIDGE_SPECTRUM)
            TRY(factor_spectrum(factor, error));
        judge(factor);
    }
out:
    return status;
}

/* b (k,d) ← b·V·(Λ + αI)⁺·Vᵀ; the eigenvalues ascend, so that those that count as zero come first. */
static cln_status solve_spectrum(const cln_ridge_factor *f, uint32_t k, double *b, cln_error *error)
{
    cln_status status;
    const uint32_t d = f->d;
    double *x = NULL;
    TRY(cln_allocate((void **)&x, (uint64_t)k * d, sizeof *x, "an answer of least norm", error));
    for (uint32_t j = d - f->rank; j < d; j++) {
        const double *v = f->factor + (size_t)j * d;
        for (uint32_t c = 0; c < k; c++) {
            const double *row = b + (size_t)c * d;
            double *sum = x + (size_t)c * d, along = 0;
            for (uint32_t i = 0; i < d; i++)
                along += v[i] * row[i];
            along /= f->eigenvalues[j] + f->alpha;
            for (uint32_t i = 0; i < d; i++)
                sum[i] += along * v[i];
        }
    }
    memcpy(b, x, (size_t)k * d * sizeof *x);
out:
    free(x);
    return status;
}

/* b ← H·b or Hᵀ·b, H the product of the reflectors from column i on. */
static void turn(const cln_ridge_factor *f, lapack_int i, char transposed, lapack_int k, double *b, double *work)
{
    lapack_int d = (lapack_int)f->d;
    LAPACKE_dlarfb_work(COLUMNS, 'L', transposed, 'F', 'C', d - 1 - i, k, block_at(f, i),
                        f->factor + (size_t)i * f->d + i + 1, d, f->triangles + (size_t)i * BLOCK, BLOCK, b + i + 1, d,
                        work, k);
}

/* b (k,d), which is (d,k) in columns, ← Q·(T + αI)⁻¹·Qᵀ·b, Q by blocks of reflectors, which leave the first row as it is. */
static cln_status solve_tridiagonal(const cln_ridge_factor *f, uint32_t k, double *b, cln_error *error)
{
    cln_status status;
    lapack_int d = (lapack_int)f->d, outputs = (lapack_int)k;
    double *work = NULL;
    TRY(cln_allocate((void **)&work, (uint64_t)k * BLOCK, sizeof *work, "least squares", error));
    for (lapack_int i = 0; i < d - 1; i += BLOCK)
        turn(f, i, 'T', outputs, b, work);
    TRY(unexpected(LAPACKE_dpttrs_work(COLUMNS, d, outputs, f->shifted_diagonal, f->shifted_off_diagonal, b, d),
                   "solving with a tridiagonal matrix", error));
    for (lapack_int i = (d - 2) / BLOCK * BLOCK; i >= 0 && d > 1; i -= BLOCK)
        turn(f, i, 'N', outputs, b, work);
out:
    free(work);
    return status;
}

cln_status cln_ridge_factor_solve(const cln_ridge_factor *factor, uint32_t k, double *b, cln_error *error)
{
    lapack_int d = (lapack_int)factor->d;
    switch (factor->form) {
    case CLN_RIDGE_CHOLESKY:
        return unexpected(LAPACKE_dpotrs_work(COLUMNS, 'L', d, (lapack_int)k, factor->factor, d, b, d),
                          "solving with the Cholesky factor", error);
    case CLN_RIDGE_TRIDIAGONAL:
        return solve_tridiagonal(factor, k, b, error);
    case CLN_RIDGE_SPECTRUM:
        return solve_spectrum(factor, k, b, error);
    default:
        return cln_fail(error, CLN_INVALID, "least squares: there is no factor to solve with; solve for an α first");
    }
}
