#include "train/weighted.h"

#include "base/size.h"
#include "data/dataset.h"
#include "train/certify.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static size_t row_bytes(const cln_trainer *trainer)
{
    const cln_dataset_info *info = &trainer->selection->info;
    return info->features * cln_type_bytes(info->type);
}

/* ---- moments */

typedef struct sums {
    const cln_selection *selection;
    const float *own, *weights; /* (rows of the data set), (training rows); these where they are there */
    double *c;                  /* (d): any row, then the mean */
    double *sum, *squares, total;
    uint64_t next; /* the training row that comes next */
} sums;

/* Of training row i. */
static double weight_of(const sums *s, uint64_t i)
{
    return (double)(s->weights ? s->weights[i] : s->own[cln_selection_row(s->selection, CLN_TRAIN, i)]);
}

/* A cln_visit_rows_fn. */
static cln_status add(void *user, const void *x, uint64_t rows, const int32_t *labels, const float *targets,
                      const float *weights, cln_error *error)
{
    (void)labels, (void)targets, (void)weights, (void)error;
    sums *s = user;
    uint32_t d = s->selection->info.features;
    for (uint64_t i = 0; i < rows; i++) {
        double weight = weight_of(s, s->next++);
        if (!(weight > 0)) /* whatever stands there */
            continue;
        s->total += weight;
        for (uint32_t j = 0; j < d; j++) {
            double delta = cln_type_value(s->selection->info.type, x, i * d + j) - s->c[j];
            s->sum[j] += weight * delta;
            s->squares[j] += weight * delta * delta;
        }
    }
    return CLN_OK;
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
        s->c[j] = cln_type_value(info->type, x, j);
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
        s.next = 0;
        memset(s.sum, 0, d * sizeof(double));
        memset(s.squares, 0, d * sizeof(double));
        TRY(cln_trainer_visit_rows(trainer, CLN_TRAIN, add, &s, error));
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
    double *q;     /* (training rows): w·‖x̃‖² */
    uint64_t next; /* the training row that comes next */
    double total, worst;
} sizes;

/* A cln_visit_rows_fn. */
static cln_status measure(void *user, const void *x, uint64_t rows, const int32_t *labels, const float *targets,
                          const float *weights, cln_error *error)
{
    (void)labels, (void)targets, (void)error;
    sizes *s = user;
    const cln_dataset_info *info = &s->trainer->selection->info;
    for (uint64_t i = 0; i < rows; i++) {
        double weight = (double)weights[i], q = 0;
        if (weight > 0)
            q = weight * cln_curvature_squared(x, info->type, i * info->features, info->features, s->view);
        s->q[s->next++] = q;
        s->total += q;
        s->worst = fmax(s->worst, q);
    }
    return CLN_OK;
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
    TRY(cln_trainer_visit_rows(trainer, CLN_TRAIN, measure, &s, error));
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
    return cln_trainer_visit_bytes(trainer) + (moments > sample ? moments : sample);
}
