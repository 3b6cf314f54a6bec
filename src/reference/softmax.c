#include "reference/softmax.h"

#include <math.h>
#include <stdlib.h>

static const cln_row_rule cross_entropy = {.loss = CLN_CROSS_ENTROPY, .target = CLN_TARGET_ONEHOT};
static const cln_reference_view as_they_are = {.scale = 1};

void cln_reference_softmax(const double *z, uint64_t n, uint32_t k, double *p)
{
    for (uint64_t i = 0; i < n; i++, z += k, p += k)
        cln_reference_softmax_row(z, k, p);
}

cln_score cln_reference_score(const double *z, const int32_t *y, uint64_t n, uint32_t k)
{
    cln_score score = {.loss = 0, .rows = n};
    double *r = malloc(k * sizeof *r);
    for (uint64_t i = 0; r && i < n; i++, z += k) {
        cln_row_result row = cln_reference_row(&cross_entropy, k, z, &(cln_row_answers){.labels = y}, i, r);
        score.loss += row.loss;
        score.errors += row.error;
    }
    score.loss = r ? score.loss / (double)n : (double)NAN;
    free(r);
    return score;
}

/* Mean loss + (λ/2)·‖w‖², and the sums of the gradient. NaN without memory. */
static double get_sums(const cln_reference *model, const double *x, const int32_t *y, uint64_t n, double l2, double *gw,
                       double *gb)
{
    double squares = 0;
    double *z = malloc((n ? n : 1) * model->k * sizeof *z);
    if (!z)
        return (double)NAN;
    cln_score score =
        cln_reference_sums(model, &cross_entropy, &as_they_are, x, &(cln_row_answers){.labels = y}, n, z, gw, gb);
    free(z);
    for (uint64_t i = 0; i < (uint64_t)model->k * model->d; i++)
        squares += model->w[i] * model->w[i];
    return score.loss + l2 / 2 * squares;
}

double cln_reference_gradient(const cln_reference *model, const double *x, const int32_t *y, uint64_t n, double l2,
                              double *gw, double *gb)
{
    double objective = get_sums(model, x, y, n, l2, gw, gb), mean = 1 / (double)n;
    for (uint64_t i = 0; i < (uint64_t)model->k * model->d; i++)
        gw[i] = gw[i] * mean + l2 * model->w[i];
    for (uint32_t c = 0; gb && c < model->k; c++)
        gb[c] *= mean;
    return objective;
}

double cln_reference_step(cln_reference *model, const double *x, const int32_t *y, uint64_t n, double learning_rate,
                          double momentum, double l2, double *vw, double *vb)
{
    double *gw = malloc((uint64_t)model->k * model->d * sizeof *gw), *gb = malloc(model->k * sizeof *gb);
    double objective = (double)NAN;
    if (gw && gb) {
        cln_reference_sgd sgd = {.mean = 1 / (double)n, .l2 = l2, .momentum = momentum, .learning_rate = learning_rate};
        objective = get_sums(model, x, y, n, l2, gw, gb);
        cln_reference_update(model, &sgd, gw, gb, vw, vb);
    }
    free(gw);
    free(gb);
    return objective;
}
