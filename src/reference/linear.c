#include "reference/linear.h"

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

/* A feature of a row as the training sees it. */
static double seen(const cln_reference_view *view, const double *x, uint32_t j)
{
    return view->scale * x[j] - (view->shift ? view->shift[j] : 0);
}

static void get_logits(const cln_reference *model, const cln_reference_view *view, const double *x, double *z)
{
    for (uint32_t c = 0; c < model->k; c++) {
        z[c] = model->b ? model->b[c] : 0;
        for (uint32_t j = 0; j < model->d; j++)
            z[c] += seen(view, x, j) * model->w[(uint64_t)c * model->d + j];
    }
}

/* Adds one row's part of the gradient: residual (k) times x̃ (d). */
static void add_row(const cln_reference *model, const cln_reference_view *view, const double *x, const double *residual,
                    double *gw, double *gb)
{
    for (uint32_t c = 0; c < model->k; c++) {
        for (uint32_t j = 0; gw && j < model->d; j++)
            gw[(uint64_t)c * model->d + j] += residual[c] * seen(view, x, j);
        if (gb)
            gb[c] += residual[c];
    }
}

cln_score cln_reference_sums(const cln_reference *model, const cln_row_rule *rule, const cln_reference_view *view,
                             const double *x, const cln_row_answers *answers, uint64_t n, double *z, double *gw,
                             double *gb)
{
    cln_score score = {.loss = 0, .rows = n};
    uint32_t k = model->k, d = model->d;
    for (uint64_t i = 0; gw && i < (uint64_t)k * d; i++)
        gw[i] = 0;
    for (uint32_t c = 0; gb && c < k; c++)
        gb[c] = 0;
    for (uint64_t i = 0; i < n; i++, x += d, z += k) {
        get_logits(model, view, x, z);
        cln_row_result row = cln_reference_row(rule, k, z, answers, i, z);
        score.loss += row.loss;
        score.errors += row.error;
        add_row(model, view, x, z, gw, gb);
    }
    score.loss /= (double)n;
    return score;
}

/* By the gradient g of one parameter: v ← μv + g, w ← w − ηv, or with Nesterov's momentum w − η(g + μv). */
static void move(const cln_reference_sgd *sgd, double g, double *w, double *v)
{
    *v = sgd->momentum * *v + g;
    *w -= sgd->learning_rate * (sgd->nesterov ? g + sgd->momentum * *v : *v);
}

void cln_reference_update(cln_reference *model, const cln_reference_sgd *sgd, const double *gw, const double *gb,
                          double *vw, double *vb)
{
    for (uint64_t i = 0; i < (uint64_t)model->k * model->d; i++) {
        double spread = sgd->spread ? sgd->spread[i % model->d] : 1;
        move(sgd, spread * gw[i] * sgd->mean + sgd->l2 * model->w[i], &model->w[i], &vw[i]);
    }
    for (uint32_t c = 0; model->b && c < model->k; c++)
        move(sgd, gb[c] * sgd->mean, &model->b[c], &vb[c]);
}
