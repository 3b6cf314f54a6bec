#include "reference/softmax.h"

#include <math.h>
#include <stdlib.h>

void cln_reference_logits(const cln_reference *model, const double *x, uint64_t n, double *z)
{
    for (uint64_t i = 0; i < n; i++)
        for (uint32_t c = 0; c < model->k; c++) {
            double sum = model->b ? model->b[c] : 0;
            for (uint32_t j = 0; j < model->d; j++)
                sum += x[i * model->d + j] * model->w[(uint64_t)c * model->d + j];
            z[i * model->k + c] = sum;
        }
}

/* The largest of z (k). A NaN is passed over, and then shows in whatever is computed from z. */
static double largest(const double *z, uint32_t k)
{
    double most = z[0];
    for (uint32_t c = 1; c < k; c++)
        most = fmax(most, z[c]);
    return most;
}

void cln_reference_softmax(const double *z, uint64_t n, uint32_t k, double *p)
{
    for (uint64_t i = 0; i < n; i++, z += k, p += k) {
        double most = largest(z, k), sum = 0;
        for (uint32_t c = 0; c < k; c++) {
            p[c] = exp(z[c] - most);
            sum += p[c];
        }
        for (uint32_t c = 0; c < k; c++)
            p[c] /= sum;
    }
}

/* −log softmax(z)[y] of one row. */
static double row_loss(const double *z, int32_t y, uint32_t k)
{
    double most = largest(z, k), sum = 0;
    for (uint32_t c = 0; c < k; c++)
        sum += exp(z[c] - most);
    return log(sum) + most - z[y];
}

/* Is y not the first largest of z (k)? True for any row with a NaN, for nothing is larger than that. */
static bool is_error(const double *z, int32_t y, uint32_t k)
{
    for (uint32_t c = 0; c < k; c++) {
        bool below = (int64_t)c < y ? z[c] < z[y] : z[c] <= z[y];
        if (!below)
            return true;
    }
    return false;
}

cln_score cln_reference_score(const double *z, const int32_t *y, uint64_t n, uint32_t k)
{
    cln_score score = {.loss = 0, .rows = n};
    for (uint64_t i = 0; i < n; i++, z += k) {
        score.loss += row_loss(z, y[i], k);
        score.errors += is_error(z, y[i], k);
    }
    score.loss /= (double)n;
    return score;
}

static double penalty(const cln_reference *model, double l2)
{
    double squares = 0;
    for (uint64_t i = 0; i < (uint64_t)model->k * model->d; i++)
        squares += model->w[i] * model->w[i];
    return l2 / 2 * squares;
}

/* Adds one row's part of the gradient: residual (k) times x (d), over n. */
static void add_row(const cln_reference *model, const double *residual, const double *x, uint64_t n, double *gw,
                    double *gb)
{
    for (uint32_t c = 0; c < model->k; c++) {
        double mean = residual[c] / (double)n;
        for (uint32_t j = 0; j < model->d; j++)
            gw[(uint64_t)c * model->d + j] += mean * x[j];
        if (gb)
            gb[c] += mean;
    }
}

double cln_reference_gradient(const cln_reference *model, const double *x, const int32_t *y, uint64_t n, double l2,
                              double *gw, double *gb)
{
    double loss = 0;
    double *z = malloc(model->k * sizeof *z);
    if (!z)
        return NAN;
    for (uint64_t i = 0; i < (uint64_t)model->k * model->d; i++)
        gw[i] = l2 * model->w[i];
    for (uint32_t c = 0; gb && c < model->k; c++)
        gb[c] = 0;
    for (uint64_t i = 0; i < n; i++, x += model->d) {
        cln_reference_logits(model, x, 1, z);
        loss += row_loss(z, y[i], model->k);
        cln_reference_softmax(z, 1, model->k, z);
        z[y[i]] -= 1;
        add_row(model, z, x, n, gw, gb);
    }
    free(z);
    return loss / (double)n + penalty(model, l2);
}

/* v ← μv + g, w ← w − ηv, each (count). */
static void move(double *w, double *v, const double *g, uint64_t count, double learning_rate, double momentum)
{
    for (uint64_t i = 0; i < count; i++) {
        v[i] = momentum * v[i] + g[i];
        w[i] -= learning_rate * v[i];
    }
}

double cln_reference_step(cln_reference *model, const double *x, const int32_t *y, uint64_t n, double learning_rate,
                          double momentum, double l2, double *vw, double *vb)
{
    uint64_t count = (uint64_t)model->k * model->d;
    double *gw = malloc(count * sizeof *gw), *gb = malloc(model->k * sizeof *gb);
    double objective = NAN;
    if (gw && gb) {
        objective = cln_reference_gradient(model, x, y, n, l2, gw, gb);
        move(model->w, vw, gw, count, learning_rate, momentum);
        if (model->b)
            move(model->b, vb, gb, model->k, learning_rate, momentum);
    }
    free(gw);
    free(gb);
    return objective;
}
