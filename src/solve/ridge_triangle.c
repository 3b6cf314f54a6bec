#include "solve/ridge_triangle.h"

#include "base/size.h"

#include <float.h>
#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* As in ridge_factor.c: only functions …_work, and matrices by columns. */
#define COLUMNS LAPACK_COL_MAJOR

enum {
    REFLECTORS = 32, /* that are applied at a time */
    ROWS = 256       /* that are rotated into the triangle at a time, or more */
};

struct cln_triangle {
    uint32_t d, k, size;      /* size: d + k */
    uint64_t rows;            /* so far, those held included */
    uint32_t held, height;    /* rows in `block`, of at most `height` */
    bool sums;                /* `given` holds sums of products, not R */
    double noise;             /* of these */
    double *given, *factor;   /* (size,size): R, or sums; that of [Z; P], columns divided by `scale` */
    double *block;            /* (height,size): rows, or P, or U of the spectrum */
    double *triangles, *work; /* (REFLECTORS,size) */
    double *scale;            /* (d): the columns' norms */
    double *norm;             /* (d) */
    uint32_t rank;
    /* Of a factor whose rank is below d, or nearly: U·S·V' (d,d), (d), and V' (d,d); NULL where there is none. */
    double *singular, *right;
    double *null; /* (d,d−rank): what may be added to an answer */
};

static cln_status check(lapack_int info, const char *what, cln_error *error)
{
    return info ? cln_fail(error, CLN_INVALID, "%s failed with LAPACK's code %d; are the rows finite numbers?", what,
                           (int)info)
                : CLN_OK;
}

/* ---- memory */

static uint64_t height_of(uint32_t d)
{
    return d > ROWS ? d : ROWS;
}

static uint64_t spectrum_work(uint64_t d)
{
    return 4 * d * d + 7 * d;
}

uint64_t cln_triangle_bytes(uint32_t d, uint32_t k, uint64_t *shifting)
{
    uint64_t size = (uint64_t)d + k, wide = d;
    /* V', what LAPACK works in, and a copy of the factor; an answer of least norm takes no more than that, but for k. */
    *shifting = (2 * wide * wide + wide + spectrum_work(wide)) * sizeof(double) + 8 * wide * sizeof(lapack_int);
    *shifting += (wide * k + (REFLECTORS + 1) * size) * sizeof(double);
    return (2 * size * size + (height_of(d) + 2 * REFLECTORS) * size + 2 * wide) * sizeof(double);
}

cln_status cln_triangle_create(uint32_t d, uint32_t k, cln_triangle **triangle, cln_error *error)
{
    cln_status status;
    cln_triangle *t = NULL;
    const uint64_t size = (uint64_t)d + k;
    *triangle = NULL;
    if (d < 1 || size > INT32_MAX / (2 * REFLECTORS)) /* LAPACK counts in 32 bits */
        return cln_fail(error, CLN_UNSUPPORTED,
                        "least squares: %u features and %u outputs, where 1 to %d in all are possible", (unsigned)d,
                        (unsigned)k, INT32_MAX / (2 * REFLECTORS));
    TRY(cln_allocate((void **)&t, 1, sizeof *t, "least squares", error));
    *t = (cln_triangle){.d = d, .k = k, .size = (uint32_t)size, .height = (uint32_t)height_of(d)};
    TRY(cln_allocate((void **)&t->given, 2 * size * size, sizeof(double), "a triangle and its factor", error));
    t->factor = t->given + size * size;
    TRY(cln_allocate((void **)&t->block, (t->height + 2 * REFLECTORS) * size + 2 * (uint64_t)d, sizeof(double),
                     "rows of least squares", error));
    t->triangles = t->block + t->height * size;
    t->work = t->triangles + REFLECTORS * size;
    t->scale = t->work + REFLECTORS * size;
    t->norm = t->scale + d;
    *triangle = t;
    t = NULL;
out:
    cln_triangle_free(t);
    return status;
}

static void forget_spectrum(cln_triangle *t)
{
    free(t->singular);
    free(t->null);
    t->singular = t->right = t->null = NULL;
}

void cln_triangle_free(cln_triangle *triangle)
{
    if (!triangle)
        return;
    forget_spectrum(triangle);
    free(triangle->given);
    free(triangle->block);
    free(triangle);
}

/* ---- rows */

/* Rotates the first `rows` rows of the block into the triangle; `diagonal`: they are diagonal. */
static cln_status rotate(cln_triangle *t, double *triangle, lapack_int rows, bool diagonal, cln_error *error)
{
    lapack_int size = (lapack_int)t->size, reflectors = size < REFLECTORS ? size : REFLECTORS;
    return check(LAPACKE_dtpqrt_work(COLUMNS, rows, size, diagonal ? rows : 0, reflectors, triangle, size, t->block,
                                     (lapack_int)t->height, t->triangles, reflectors, t->work),
                 "the QR factorisation", error);
}

cln_status cln_triangle_add(cln_triangle *triangle, const double *z, uint64_t ld, const double *t, uint64_t rows,
                            cln_error *error)
{
    cln_triangle *own = triangle;
    for (uint64_t i = 0; i < rows; i++) {
        for (uint32_t j = 0; j < own->d; j++)
            own->block[(size_t)j * own->height + own->held] = z[i * ld + j];
        for (uint32_t c = 0; c < own->k; c++)
            own->block[(size_t)(own->d + c) * own->height + own->held] = t[i * own->k + c];
        own->rows++;
        if (++own->held < own->height)
            continue;
        own->held = 0;
        cln_status status = rotate(own, own->given, (lapack_int)own->height, false, error);
        if (status != CLN_OK)
            return status;
    }
    return CLN_OK;
}

double *cln_triangle_sums(cln_triangle *triangle, double noise)
{
    triangle->sums = true;
    triangle->noise = noise;
    return triangle->given;
}

/* ---- the factor */

static double *at(const cln_triangle *t, uint32_t i, uint32_t j)
{
    return t->factor + (size_t)j * t->size + i;
}

/* ‖R⁻¹‖₁⁻¹ of the factor. */
static cln_status find_least(const cln_triangle *t, double *least, double *reciprocal, cln_error *error)
{
    cln_status status;
    double *work = NULL, norm = 0;
    lapack_int *integers = NULL, d = (lapack_int)t->d;
    TRY(cln_allocate((void **)&work, 3 * (uint64_t)t->d, sizeof *work, "a condition estimate", error));
    TRY(cln_allocate((void **)&integers, t->d, sizeof *integers, "a condition estimate", error));
    TRY(check(
        LAPACKE_dtrcon_work(COLUMNS, '1', 'U', 'N', d, t->factor, (lapack_int)t->size, reciprocal, work, integers),
        "the estimate of the condition", error));
    for (uint32_t j = 0; j < t->d; j++) {
        double sum = 0;
        for (uint32_t i = 0; i <= j; i++)
            sum += fabs(*at(t, i, j));
        norm = fmax(norm, sum);
    }
    *least = *reciprocal * norm;
out:
    free(work);
    free(integers);
    return status;
}

/* Of sums of products: (D⁻¹·(Z'Z + P²)·D⁻¹) = R'·R, D the roots of the diagonal. */
static cln_status factor_sums(cln_triangle *t, const double *penalty, cln_triangle_state *state, cln_error *error)
{
    cln_status status;
    double least, reciprocal;
    lapack_int d = (lapack_int)t->d;
    for (uint32_t j = 0; j < t->d; j++) {
        *at(t, j, j) += penalty[j] * penalty[j];
        t->scale[j] = sqrt(*at(t, j, j));
        if (!(t->scale[j] > 0) || isinf(t->scale[j]))
            return CLN_OK;
        for (uint32_t i = 0; i <= j; i++)
            *at(t, i, j) /= t->scale[i] * t->scale[j];
    }
    lapack_int info = LAPACKE_dpotrf_work(COLUMNS, 'U', d, t->factor, d);
    if (info > 0)
        return CLN_OK;
    TRY(check(info, "the Cholesky factorisation", error));
    TRY(find_least(t, &least, &reciprocal, error));
    *state = (cln_triangle_state){t->d, 1 / reciprocal, least * least > t->noise};
out:
    return status;
}

/* The columns' norms, by which they are divided. */
static void equilibrate(cln_triangle *t)
{
    for (uint32_t j = 0; j < t->d; j++) {
        double sum = 0, largest = 0;
        for (uint32_t i = 0; i <= j; i++)
            largest = fmax(largest, fabs(*at(t, i, j)));
        for (uint32_t i = 0; i <= j && largest > 0; i++)
            sum += (*at(t, i, j) / largest) * (*at(t, i, j) / largest);
        t->scale[j] = largest > 0 ? largest * sqrt(sum) : 1;
        for (uint32_t i = 0; i <= j; i++)
            *at(t, i, j) /= t->scale[j];
    }
}

/* U·S·V' of the factor, U in the block. */
static cln_status find_spectrum(cln_triangle *t, cln_error *error)
{
    cln_status status;
    double *work = NULL;
    lapack_int *integers = NULL, d = (lapack_int)t->d;
    const uint64_t wide = t->d, room = spectrum_work(wide);
    if (room > INT32_MAX)
        return cln_fail(error, CLN_UNSUPPORTED,
                        "least squares: the rows of %u features are linearly dependent, and that is too many for their "
                        "singular vectors; give a larger penalty",
                        (unsigned)t->d);
    TRY(cln_allocate((void **)&t->singular, wide + wide * wide, sizeof(double), "singular vectors", error));
    t->right = t->singular + wide;
    TRY(cln_allocate((void **)&work, room + wide * wide, sizeof *work, "singular vectors", error));
    TRY(cln_allocate((void **)&integers, 8 * wide, sizeof *integers, "singular vectors", error));
    double *copy = work + room;
    for (uint32_t j = 0; j < t->d; j++)
        memcpy(copy + wide * j, at(t, 0, j), ((size_t)j + 1) * sizeof *copy);
    TRY(check(LAPACKE_dgesdd_work(COLUMNS, 'S', d, d, copy, d, t->singular, t->block, d, t->right, d, work,
                                  (lapack_int)room, integers),
              "the singular value decomposition", error));
out:
    free(work);
    free(integers);
    return status;
}

/*
 * What may be added to an answer: N = D⁻¹·V₀, V₀ the right singular vectors of values that count as 0 and D the columns' norms, every
 * row times its feature's norm. Entries that are rounding errors of 0 are 0: a large norm would make much of them.
 */
static cln_status find_null(cln_triangle *t, cln_error *error)
{
    const uint64_t d = t->d, free_ones = d - t->rank;
    cln_status status =
        cln_allocate((void **)&t->null, d * free_ones, sizeof(double), "an answer of least norm", error);
    for (uint64_t c = 0; status == CLN_OK && c < free_ones; c++)
        for (uint64_t j = 0; j < d; j++) {
            double v = t->right[j * d + t->rank + c];
            t->null[c * d + j] = fabs(v) <= 64 * (double)d * DBL_EPSILON ? 0 : v;
        }
    return status;
}

static cln_status judge(cln_triangle *t, cln_triangle_state *state, cln_error *error)
{
    cln_status status;
    double least, reciprocal;
    const double longer = (double)(t->rows > t->d ? t->rows : t->d) * DBL_EPSILON;
    TRY(find_least(t, &least, &reciprocal, error));
    *state = (cln_triangle_state){t->d, 1 / reciprocal, true};
    if (reciprocal > t->d * longer) /* ‖R‖₁·‖R⁻¹‖₁ is at most d times the ratio of the singular values */
        goto out;
    TRY(find_spectrum(t, error));
    while (t->rank > 0 && !(t->singular[t->rank - 1] > longer * t->singular[0]))
        t->rank--;
    state->rank = t->rank;
    state->condition = t->rank ? t->singular[0] / t->singular[t->rank - 1] : 1;
    if (t->rank < t->d)
        TRY(find_null(t, error));
out:
    return status;
}

cln_status cln_triangle_shift(cln_triangle *triangle, const double *penalty, const double *norm,
                              cln_triangle_state *state, cln_error *error)
{
    cln_status status;
    cln_triangle *t = triangle;
    const uint64_t cells = (uint64_t)t->size * t->size;
    bool penalised = false;
    *state = (cln_triangle_state){0, INFINITY, false};
    forget_spectrum(t);
    if (t->held && !t->sums)
        TRY(rotate(t, t->given, (lapack_int)t->held, false, error));
    t->held = 0;
    t->rank = t->d;
    memcpy(t->norm, norm, t->d * sizeof *norm);
    memcpy(t->factor, t->given, cells * sizeof *t->factor);
    if (t->sums)
        return factor_sums(t, penalty, state, error);
    memset(t->block, 0, (size_t)t->height * t->size * sizeof *t->block);
    for (uint32_t j = 0; j < t->d; j++) {
        t->block[(size_t)j * t->height + j] = penalty[j];
        penalised = penalised || penalty[j] > 0;
    }
    if (penalised)
        TRY(rotate(t, t->factor, (lapack_int)t->d, true, error));
    equilibrate(t);
    TRY(judge(t, state, error));
out:
    return status;
}

/* ---- answers */

/* The factor's columns c of rows w (rows,ld) ← w·R⁻¹ or w·R⁻ᵀ, as columns. */
static cln_status substitute(const cln_triangle *t, char transposed, double *w, uint32_t rows, uint64_t ld,
                             cln_error *error)
{
    return check(LAPACKE_dtrtrs_work(COLUMNS, 'U', transposed, 'N', (lapack_int)t->d, (lapack_int)rows, t->factor,
                                     (lapack_int)t->size, w, (lapack_int)ld),
                 "solving with a triangle", error);
}

/* w ← V·S⁺·x, or of S⁻² where twice, x = U'·from or V'·from (d). */
static void along_spectrum(const cln_triangle *t, bool twice, const double *from, double *w, double *x)
{
    const size_t d = t->d;
    for (uint32_t i = 0; i < t->rank; i++) {
        double sum = 0, s = t->singular[i];
        for (uint32_t j = 0; j < t->d; j++)
            sum += (twice ? t->right[j * d + i] : t->block[i * d + j]) * from[j];
        x[i] = twice ? sum / s / s : sum / s;
    }
    memset(w, 0, d * sizeof *w);
    for (uint32_t j = 0; j < t->d; j++)
        for (uint32_t i = 0; i < t->rank; i++)
            w[j] += t->right[j * d + i] * x[i];
}

static cln_status solve_spectrum(const cln_triangle *t, bool twice, double *w, uint32_t rows, uint64_t ld,
                                 cln_error *error)
{
    double *x = NULL, *from;
    cln_status status = cln_allocate((void **)&x, 2 * (uint64_t)t->d, sizeof *x, "an answer of least norm", error);
    for (uint32_t c = 0; status == CLN_OK && c < rows; c++) {
        from = x + t->d;
        memcpy(from, w + c * ld, t->d * sizeof *from);
        along_spectrum(t, twice, from, w + c * ld, x);
    }
    free(x);
    return status;
}

static void unscale(const cln_triangle *t, double *w, uint32_t rows, uint64_t ld)
{
    for (uint32_t c = 0; c < rows; c++)
        for (uint32_t j = 0; j < t->d; j++)
            w[c * ld + j] /= t->scale[j];
}

/* ‖R·u‖ / ‖c‖, R the factor with its columns divided, c its right side of output `output`. */
static double moved(const cln_triangle *t, const double *u, uint32_t output)
{
    double squares = 0, right = 0;
    for (uint32_t i = 0; i < t->d; i++) {
        double sum = 0, c = *at(t, i, t->d + output);
        for (uint32_t j = i; j < t->d; j++)
            sum += *at(t, i, j) * u[j];
        squares += sum * sum;
        right += c * c;
    }
    return sqrt(squares / right);
}

/* Among all answers the one of least norm: w ← w − D⁻¹·V₀·y, nearest to w in that norm. Where norms are so far apart that rounding
   makes V₀·y move the fit, it is left. */
static cln_status shorten(const cln_triangle *t, double *w, uint64_t ld, cln_error *error)
{
    cln_status status;
    const uint64_t d = t->d, count = d - t->rank, room = count + (count > t->k ? count : t->k) * REFLECTORS;
    double *basis = NULL, *longest, *work, *u;
    TRY(cln_allocate((void **)&basis, d * (count + t->k + 1) + room, sizeof *basis, "an answer of least norm", error));
    longest = basis + d * count;
    u = longest + d * t->k;
    work = u + d;
    for (uint64_t j = 0; j < d; j++) {
        double norm = t->norm[j];
        for (uint64_t c = 0; c < count; c++)
            basis[c * d + j] = t->null[c * d + j] / t->scale[j] * norm;
        for (uint64_t c = 0; c < t->k; c++)
            longest[c * d + j] = w[c * ld + j] * norm;
    }
    lapack_int info = LAPACKE_dgels_work(COLUMNS, 'N', (lapack_int)d, (lapack_int)count, (lapack_int)t->k, basis,
                                         (lapack_int)d, longest, (lapack_int)d, work, (lapack_int)room);
    for (uint32_t c = 0; info == 0 && c < t->k; c++) {
        memset(u, 0, d * sizeof *u);
        for (uint64_t i = 0; i < count; i++)
            for (uint64_t j = 0; j < d; j++)
                u[j] += t->null[i * d + j] * longest[c * d + i];
        bool same = moved(t, u, c) <= 1e-12;
        for (uint64_t j = 0; j < d && same; j++)
            w[c * ld + j] -= u[j] / t->scale[j];
    }
out:
    free(basis);
    return status;
}

cln_status cln_triangle_solve(const cln_triangle *triangle, double *w, uint64_t ld, cln_error *error)
{
    cln_status status;
    const cln_triangle *t = triangle;
    for (uint32_t c = 0; c < t->k; c++)
        memcpy(w + c * ld, at(t, 0, t->d + c), t->d * sizeof *w);
    if (t->singular)
        TRY(solve_spectrum(t, false, w, t->k, ld, error));
    else
        TRY(substitute(t, 'N', w, t->k, ld, error));
    unscale(t, w, t->k, ld);
    if (t->null)
        TRY(shorten(t, w, ld, error));
out:
    return status;
}

cln_status cln_triangle_step(const cln_triangle *triangle, double *g, uint32_t rows, uint64_t ld, cln_error *error)
{
    cln_status status;
    const cln_triangle *t = triangle;
    unscale(t, g, rows, ld);
    if (t->singular) {
        TRY(solve_spectrum(t, true, g, rows, ld, error));
    } else {
        TRY(substitute(t, 'T', g, rows, ld, error));
        TRY(substitute(t, 'N', g, rows, ld, error));
    }
    unscale(t, g, rows, ld);
out:
    return status;
}
