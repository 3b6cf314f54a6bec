#include "train/weighted.h"

#include "base/size.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES (8u << 20) /* of rows that are on the host at once */

/* Training rows first … first+count−1; x: (count,d) of the data's type. */
typedef void visit_fn(const void *x, uint64_t first, uint64_t count, void *user);

static size_t row_bytes(const cln_trainer *trainer)
{
    const cln_dataset_info *info = &trainer->selection->info;
    return info->features * cln_type_bytes(info->type);
}

static uint64_t block_rows(const cln_trainer *trainer)
{
    uint64_t most = BLOCK_BYTES / row_bytes(trainer) + 1, all = trainer->selection->info.rows;
    return most < all ? most : all;
}

static cln_status visit(cln_trainer *trainer, visit_fn *see, void *user, cln_error *error)
{
    cln_status status;
    const cln_selection *selection = trainer->selection;
    uint64_t rows = selection->rows[CLN_TRAIN], most = block_rows(trainer), end;
    size_t row = row_bytes(trainer);
    char *x = NULL;
    TRY(cln_allocate((void **)&x, most, row, "rows", error));
    for (uint64_t first = 0; first < rows; first = end) {
        uint64_t begin = cln_selection_row(selection, CLN_TRAIN, first), at = begin;
        for (end = first; end < rows && cln_selection_row(selection, CLN_TRAIN, end) - begin < most; end++)
            at = cln_selection_row(selection, CLN_TRAIN, end);
        TRY(cln_resident_read(selection->resident[CLN_TRAIN], begin, at - begin + 1, x, error));
        for (uint64_t i = first; i < end; i++) /* a list ascends: what it leaves out is closed up */
            memmove(x + (i - first) * row, x + (cln_selection_row(selection, CLN_TRAIN, i) - begin) * row, row);
        see(x, first, end - first, user);
    }
out:
    free(x);
    return status;
}

/* ---- moments */

typedef struct sums {
    const cln_selection *selection;
    const float *own, *weights; /* (rows of the data set), (training rows); these where they are there */
    double *c;                  /* (d): any row, then the mean */
    double *sum, *squares, total;
} sums;

static double value_of(const void *x, cln_type type, size_t at)
{
    return type == CLN_UINT8 ? ((const uint8_t *)x)[at] : (double)((const float *)x)[at];
}

/* Of training row i. */
static double weight_of(const sums *s, uint64_t i)
{
    return (double)(s->weights ? s->weights[i] : s->own[cln_selection_row(s->selection, CLN_TRAIN, i)]);
}

static void add(const void *x, uint64_t first, uint64_t count, void *user)
{
    sums *s = user;
    uint32_t d = s->selection->info.features;
    for (uint64_t i = 0; i < count; i++) {
        double weight = weight_of(s, first + i);
        if (!(weight > 0)) /* whatever stands there */
            continue;
        s->total += weight;
        for (uint32_t j = 0; j < d; j++) {
            double delta = value_of(x, s->selection->info.type, i * d + j) - s->c[j];
            s->sum[j] += weight * delta;
            s->squares[j] += weight * delta * delta;
        }
    }
}

/* c is a row of the largest weight: no other is as near to the mean for sure. */
static cln_status begin_moments(cln_trainer *trainer, sums *s, cln_error *error)
{
    cln_status status;
    const cln_dataset_info *info = &trainer->selection->info;
    uint64_t heaviest = 0;
    void *x = NULL;
    for (uint64_t i = 0; i < s->selection->rows[CLN_TRAIN]; i++)
        heaviest = weight_of(s, i) > weight_of(s, heaviest) ? i : heaviest;
    TRY(cln_allocate(&x, 1, row_bytes(trainer), "a row", error));
    TRY(cln_resident_read(trainer->selection->resident[CLN_TRAIN], cln_selection_row(s->selection, CLN_TRAIN, heaviest),
                          1, x, error));
    for (uint32_t j = 0; j < info->features; j++)
        s->c[j] = value_of(x, info->type, j);
out:
    free(x);
    return status;
}

cln_status cln_weighted_moments(cln_trainer *trainer, const float *weights, double *mean, double *deviation,
                                cln_error *error)
{
    cln_status status;
    const cln_selection *selection = trainer->selection;
    uint32_t d = selection->info.features;
    sums s = {
        .selection = selection, .own = cln_dataset_weights(selection->data[CLN_TRAIN]), .weights = weights, .c = mean};
    TRY(cln_allocate((void **)&s.sum, d, sizeof(double), "sums of columns", error));
    TRY(cln_allocate((void **)&s.squares, d, sizeof(double), "sums of columns", error));
    TRY(begin_moments(trainer, &s, error));
    for (int pass = 0; pass < 2; pass++) {
        s.total = 0;
        memset(s.sum, 0, d * sizeof(double));
        memset(s.squares, 0, d * sizeof(double));
        TRY(visit(trainer, add, &s, error));
        for (uint32_t j = 0; j < d; j++) {
            double beside = s.sum[j] / s.total, variance = s.squares[j] / s.total - beside * beside;
            mean[j] += beside;
            deviation[j] = variance > 0 ? sqrt(variance) : 0;
        }
    }
out:
    free(s.sum);
    free(s.squares);
    return status;
}

/* ---- a sample for curvature */

typedef struct sizes {
    const cln_trainer *trainer;
    const cln_curvature_view *view;
    double *q; /* (training rows): w·‖x̃‖² */
    double total, worst;
} sizes;

static void measure(const void *x, uint64_t first, uint64_t count, void *user)
{
    sizes *s = user;
    const cln_dataset_info *info = &s->trainer->selection->info;
    for (uint64_t i = 0; i < count; i++) {
        double weight = (double)s->trainer->row_weights[first + i];
        s->q[first + i] =
            weight > 0 ? weight * cln_curvature_squared(x, info->type, i * info->features, info->features, s->view) : 0;
        s->total += s->q[first + i];
        s->worst = fmax(s->worst, s->q[first + i]);
    }
}

/* Drawn rows (CLN_CURVATURE_ROWS): which of the training rows, and what they weigh in the sample. */
typedef struct draw {
    uint64_t row[CLN_CURVATURE_ROWS];
    double weight[CLN_CURVATURE_ROWS];
    uint32_t count;
} draw;

static void take(draw *drawn, uint64_t row, double weight)
{
    if (drawn->count == CLN_CURVATURE_ROWS)
        return;
    drawn->row[drawn->count] = row;
    drawn->weight[drawn->count++] = weight;
}

/* A row that would be drawn twice or more is there as it is, which half of the places suffice for; of the others each place has the row that
   lies there where all q stand behind each other. */
static void draw_rows(const sizes *s, draw *drawn)
{
    const float *weights = s->trainer->row_weights;
    uint64_t rows = s->trainer->selection->rows[CLN_TRAIN];
    double share = CLN_CURVATURE_ROWS / (double)rows, much = 2 * s->total / CLN_CURVATURE_ROWS, rest = 0, passed = 0;
    for (uint64_t i = 0; i < rows; i++)
        if (s->q[i] > 0 && s->q[i] >= much)
            take(drawn, i, (double)weights[i] * share);
        else
            rest += s->q[i];
    double apart = rest / (CLN_CURVATURE_ROWS - drawn->count), next = apart / 2;
    for (uint64_t i = 0; i < rows; i++) {
        if (!(s->q[i] > 0) || s->q[i] >= much)
            continue;
        for (passed += s->q[i]; next < passed && drawn->count < CLN_CURVATURE_ROWS; next += apart)
            take(drawn, i, (double)weights[i] * share * (apart / s->q[i]));
    }
    while (drawn->count < CLN_CURVATURE_ROWS) /* there are no more */
        take(drawn, 0, 0);
}

cln_status cln_weighted_sample(cln_trainer *trainer, const cln_curvature_view *view, void *x, float *weights,
                               double *worst, cln_error *error)
{
    cln_status status;
    const cln_selection *selection = trainer->selection;
    sizes s = {.trainer = trainer, .view = view};
    draw *drawn = NULL;
    TRY(cln_allocate((void **)&s.q, selection->rows[CLN_TRAIN], sizeof *s.q, "sizes of rows", error));
    TRY(cln_allocate((void **)&drawn, 1, sizeof *drawn, "a sample of rows", error));
    TRY(visit(trainer, measure, &s, error));
    draw_rows(&s, drawn);
    for (uint32_t i = 0; i < drawn->count; i++) {
        uint64_t row = cln_selection_row(selection, CLN_TRAIN, drawn->row[i]);
        weights[i] = (float)fmin(drawn->weight[i], (double)FLT_MAX);
        TRY(cln_resident_read(selection->resident[CLN_TRAIN], row, 1, (char *)x + i * row_bytes(trainer), error));
    }
    *worst = s.worst;
out:
    free(s.q);
    free(drawn);
    return status;
}

uint64_t cln_weighted_bytes(const cln_trainer *trainer)
{
    const cln_selection *selection = trainer->selection;
    uint64_t moments = 2 * (uint64_t)selection->info.features * sizeof(double);
    uint64_t sample = selection->rows[CLN_TRAIN] * sizeof(double) + sizeof(draw);
    return block_rows(trainer) * row_bytes(trainer) + cln_resident_read_bytes(&selection->info) +
           (moments > sample ? moments : sample);
}
