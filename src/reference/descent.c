#include "reference/descent.h"

#include "base/size.h"
#include "data/dataset.h"
#include "data/order.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double unit = CLN_UNIT_ROUNDOFF;

typedef struct descending {
    const cln_trial *all;
    const double *deviation;
    const cln_descent *how;
    uint32_t *order;   /* (n) */
    cln_trial part;    /* a minibatch, with the weights as floats */
    double *spread;    /* (d): 1/s² */
    double *gw, *gb;   /* (k,d), (k): sums */
    double *vw, *vb;   /* velocity */
    double walk, same; /* σ², a */
} descending;

static cln_status make_room(descending *s, cln_error *error)
{
    cln_status status;
    const cln_trial *t = s->all;
    uint64_t cells = (uint64_t)t->k * t->d, batch = s->how->batch;
    s->part = *t;
    s->part.x = NULL, s->part.y = NULL, s->part.targets = NULL, s->part.weights = NULL, s->part.w = s->part.b = NULL;
    TRY(cln_allocate((void **)&s->order, t->n, sizeof *s->order, "a row order", error));
    TRY(cln_allocate(&s->part.x, batch * t->d, cln_type_bytes(t->type), "a minibatch", error));
    TRY(cln_allocate((void **)&s->part.y, batch, sizeof *s->part.y, "a minibatch", error));
    if (t->targets)
        TRY(cln_allocate((void **)&s->part.targets, batch * t->k, sizeof(float), "a minibatch", error));
    if (t->weights)
        TRY(cln_allocate((void **)&s->part.weights, batch, sizeof(float), "a minibatch", error));
    TRY(cln_allocate((void **)&s->part.w, cells, sizeof(float), "weights", error));
    TRY(cln_allocate((void **)&s->part.b, t->k, sizeof(float), "weights", error));
    TRY(cln_allocate((void **)&s->spread, t->d, sizeof(double), "inverse variances", error));
    double **const sums[] = {&s->gw, &s->vw, &s->gb, &s->vb};
    for (size_t i = 0; i < CLN_COUNT(sums); i++)
        TRY(cln_allocate((void **)sums[i], i < 2 ? cells : t->k, sizeof(double), "a gradient", error));
    for (uint32_t j = 0; j < t->d; j++)
        s->spread[j] = 1 / (s->deviation[j] * s->deviation[j]);
out:
    return status;
}

static void release(descending *s)
{
    void *all[] = {s->order,  s->part.x, s->part.y, s->part.targets, s->part.weights, s->part.w,
                   s->part.b, s->spread, s->gw,     s->gb,           s->vw,           s->vb};
    for (size_t i = 0; i < CLN_COUNT(all); i++)
        free(all[i]);
}

/* Rows first … first+count−1 of the order, and the weights as floats. */
static void gather(descending *s, uint32_t first, uint32_t count, const cln_reference *model)
{
    const cln_trial *t = s->all;
    size_t row_bytes = t->d * cln_type_bytes(t->type);
    s->part.n = count;
    for (uint32_t i = 0; i < count; i++) {
        size_t row = s->order[first + i];
        memcpy((char *)s->part.x + i * row_bytes, (const char *)t->x + row * row_bytes, row_bytes);
        if (t->y)
            s->part.y[i] = t->y[row];
        if (t->targets)
            memcpy(s->part.targets + (size_t)i * t->k, t->targets + row * t->k, t->k * sizeof(float));
        if (t->weights)
            s->part.weights[i] = t->weights[row];
    }
    for (size_t i = 0; i < (size_t)t->k * t->d; i++)
        s->part.w[i] = (float)model->w[i];
    for (uint32_t c = 0; c < t->k; c++)
        s->part.b[c] = (float)model->b[c];
}

/* ‖a‖² of (k,d) and (k): what is of the weights is divided by the deviations (−1) or multiplied with them (1). */
static double squares(const descending *s, const double *w, const double *b, int power)
{
    const cln_trial *t = s->all;
    double sum = 0;
    for (size_t i = 0; i < (size_t)t->k * t->d; i++) {
        double deviation = s->deviation[i % t->d], value = power < 0 ? w[i] / deviation : w[i] * deviation;
        sum += value * value;
    }
    for (uint32_t c = 0; c < t->k; c++)
        sum += b[c] * b[c];
    return sum;
}

/* ‖e‖² and ‖g‖² of a minibatch, g without the penalty. */
static void measure(const descending *s, const cln_truth *truth, double *e, double *g)
{
    const cln_trial *t = &s->part;
    *e = *g = 0;
    for (uint32_t c = 0; c < t->k; c++)
        for (uint32_t j = 0; j <= t->d; j++) {
            size_t at = (size_t)c * (t->d + 1) + j;
            double by = t->n * (j < t->d ? s->deviation[j] : 1);
            *e += pow(truth->gradient_slack[at] / by, 2);
            *g += pow(truth->gradient[at] / by, 2);
        }
}

static cln_status take_step(descending *s, uint32_t first, uint32_t count, cln_reference *model, cln_error *error)
{
    const cln_descent *how = s->how;
    cln_truth truth = {0};
    double e, g, longest = how->learning_rate / (1 - how->momentum);
    gather(s, first, count, model);
    cln_status status = cln_truth_create_usual(&s->part, &truth, error);
    if (status == CLN_OK) {
        for (uint32_t c = 0; c < model->k; c++) {
            const double *sum = truth.gradient + (size_t)c * (model->d + 1);
            memcpy(s->gw + (size_t)c * model->d, sum, model->d * sizeof *sum);
            s->gb[c] = sum[model->d];
        }
        const cln_reference_sgd sgd = {1.0 / count, how->l2, how->momentum, how->learning_rate, true, s->spread};
        cln_reference_update(model, &sgd, s->gw, s->gb, s->vw, s->vb);
        measure(s, &truth, &e, &g);
        double v = squares(s, s->vw, s->vb, 1), w = squares(s, model->w, model->b, 1);
        s->walk += longest * longest * (e + unit * unit * (g + v / 4)) + unit * unit * w / 4;
        s->same += longest * 2 * unit * sqrt(g);
    }
    cln_truth_free(&truth);
    return status;
}

cln_status cln_descend(const cln_trial *trial, const double *deviation, const cln_descent *descent, double *w,
                       double *b, double *usual, cln_error *error)
{
    cln_status status;
    descending s = {.all = trial, .deviation = deviation, .how = descent};
    cln_reference model = {trial->k, trial->d, w, b};
    memset(w, 0, (size_t)trial->k * trial->d * sizeof *w);
    memset(b, 0, trial->k * sizeof *b);
    TRY(make_room(&s, error));
    for (uint32_t pass = 1; pass <= descent->passes; pass++) {
        cln_order_shuffle(s.order, trial->n, descent->seed, pass);
        for (uint32_t first = 0; first < trial->n; first += descent->batch) {
            uint32_t left = trial->n - first;
            TRY(take_step(&s, first, left < descent->batch ? left : descent->batch, &model, error));
        }
    }
    *usual = sqrt(s.walk) + s.same;
out:
    release(&s);
    return status;
}

double cln_descent_distance(const cln_trial *trial, const double *deviation, const double *w, const double *b,
                            const float *weight, const float *bias)
{
    double sum = 0;
    for (size_t i = 0; i < (size_t)trial->k * trial->d; i++)
        sum += pow(((double)weight[i] - w[i]) * deviation[i % trial->d], 2);
    for (uint32_t c = 0; c < trial->k; c++)
        sum += pow((double)bias[c] - b[c], 2);
    return sqrt(sum);
}
