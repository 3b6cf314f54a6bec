/*
 * What is right, for test_campaign.c: plain loops in long double, that share nothing with src/. Rows are those of x·scale, whose weights
 * a model has. Columns are centred at their weighted means m where there is a bias.
 *
 * Least squares: Householder's QR with column pivoting (Golub and Van Loan 2013, 5.4.2) of the weighted centred rows with those of the
 * penalty below, [√(w/n)·(x − m); √λ·p], every column divided by its norm. Softmax: Newton's method with a line search (Boyd and
 * Vandenberghe 2004, 9.5) in the same columns, until a step promises less than 1e-15 of the loss at the start.
 */
#ifndef TRAIN_CAMPAIGN_REFERENCE_H
#define TRAIN_CAMPAIGN_REFERENCE_H

#include "campaign_problem.h"

typedef long double real;

typedef struct reference {
    uint32_t n, d, k; /* training rows, features, outputs */
    bool softmax, squared, bias;
    real l1, l2;
    real *x;       /* (n,d): x·scale */
    real *centred; /* (n,d): less m */
    real *t;       /* (n,k): targets; of classes one-hot, or the label's value */
    real *w;       /* (n): row weights of mean 1 */
    real *mean;    /* (d): m; 0 without bias */
    real *
        deviation; /* (d): weighted root mean square of the centred column; exactly 0 for a constant one, with a bias */
    real *penal;   /* (d): p, that a weight is multiplied by in the penalties */
    real *spread;  /* (k): deviation of the targets (root mean square without a bias) */
    real begin, unit; /* loss where the stop rule starts counting, f0, and σ of the targets */
    /* the optimum: weights (k,d), bias (k) and that of centred columns, what they predict (n,k), objective; condition number */
    real *weight, *offset, *level, *predicted, objective, condition;
    uint32_t rank;
    bool found;
} reference;

/* What some weights come to. */
typedef struct evaluation {
    real loss, objective;
    real plain;    /* loss with all rows weighing the same */
    real *z;       /* (n,k) */
    real *gw, *gb; /* (k,d), (k): the gradient in centred coordinates, with the l2; gb 0 without bias */
    real *size;    /* (n): the largest Σ|w_j·x_j| + |b| of a row's outputs */
    real *reach;   /* (n): norm of the residual, the loss's derivative by z */
} evaluation;

static inline void evaluation_free(evaluation *e)
{
    free(e->z);
    free(e->gw);
    free(e->gb);
    free(e->size);
    free(e->reach);
}

/* z (k) becomes the derivative; the loss. */
static inline real row_loss(const reference *r, const real *t, real *z)
{
    real loss = 0, most = z[0], sum = 0, dot = 0;
    if (!r->softmax) {
        for (uint32_t c = 0; c < r->k; c++) {
            z[c] -= t[c];
            loss += z[c] * z[c] / 2;
        }
        return loss;
    }
    for (uint32_t c = 1; c < r->k; c++)
        most = z[c] > most ? z[c] : most;
    for (uint32_t c = 0; c < r->k; c++) {
        loss -= r->squared ? 0 : t[c] * (z[c] - most);
        z[c] = expl(z[c] - most);
        sum += z[c];
    }
    for (uint32_t c = 0; c < r->k; c++)
        z[c] /= sum;
    if (!r->squared) {
        for (uint32_t c = 0; c < r->k; c++)
            z[c] -= t[c];
        return loss + logl(sum);
    }
    for (uint32_t c = 0; c < r->k; c++) {
        loss += (z[c] - t[c]) * (z[c] - t[c]) / 2;
        dot += z[c] * (z[c] - t[c]);
    }
    for (uint32_t c = 0; c < r->k; c++)
        z[c] *= z[c] - t[c] - dot;
    return loss;
}

static inline void add_row(const reference *r, uint32_t i, real *g, evaluation *e)
{
    real loss = row_loss(r, r->t + (size_t)i * r->k, g), share = r->w[i] / r->n;
    e->loss += share * loss;
    e->plain += loss / r->n;
    for (uint32_t c = 0; c < r->k; c++) {
        e->reach[i] += fabsl(g[c]);
        e->gb[c] += r->bias ? share * g[c] : 0;
        for (uint32_t j = 0; j < r->d; j++)
            e->gw[c * r->d + j] += share * g[c] * r->centred[(size_t)i * r->d + j];
    }
}

/* x: r->x or r->centred, whose bias it is. */
static inline evaluation evaluate(const reference *r, const real *x, const real *weight, const real *bias)
{
    uint32_t n = r->n, d = r->d, k = r->k;
    evaluation e = {.z = room((size_t)n * k, sizeof(real)),
                    .gw = room((size_t)k * d, sizeof(real)),
                    .gb = room(k, sizeof(real)),
                    .size = room(n, sizeof(real)),
                    .reach = room(n, sizeof(real))};
    real *g = room(k, sizeof *g);
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t c = 0; c < k; c++) {
            real z = bias ? bias[c] : 0, size = fabsl(z);
            for (uint32_t j = 0; j < d; j++) {
                real product = weight[c * d + j] * x[(size_t)i * d + j];
                z += product;
                size += fabsl(product);
            }
            e.z[(size_t)i * k + c] = g[c] = z;
            e.size[i] = size > e.size[i] ? size : e.size[i];
        }
        add_row(r, i, g, &e);
    }
    e.objective = e.loss;
    for (uint32_t i = 0; i < k * d; i++) {
        real v = weight[i] * r->penal[i % d];
        e.objective += r->l2 / 2 * v * v + r->l1 * fabsl(v);
        e.gw[i] += r->l2 * v * r->penal[i % d];
    }
    free(g);
    return e;
}

/* Weights as a trainer takes them: classes balanced by what their rows weigh, then of mean 1 as floats. */
static inline void take_weights(reference *r, const campaign_problem *p)
{
    double of_class[16] = {0}, sum = 0, *w = room(r->n, sizeof *w);
    for (uint32_t i = 0; i < r->n; i++) {
        w[i] = p->weights ? (double)p->weights[i] : 1;
        if (p->balanced)
            of_class[p->labels[i]] += w[i];
    }
    for (uint32_t i = 0; i < r->n; i++) {
        if (p->balanced && of_class[p->labels[i]] > 0)
            w[i] /= of_class[p->labels[i]];
        sum += w[i];
    }
    for (uint32_t i = 0; i < r->n; i++)
        r->w[i] = p->weights || p->balanced ? (real)(float)(w[i] / (sum / r->n)) : 1;
    free(w);
}

/* Values (n of them, `stride` apart) less their weighted mean, in two passes; all 0 where those that weigh anything are equal. */
static inline real centre(const reference *r, real *values, uint32_t stride)
{
    real mean = 0, total = 0;
    int64_t first = -1;
    bool constant = true;
    for (uint32_t i = 0; i < r->n; i++) {
        total += r->w[i];
        if (r->w[i] > 0 && first < 0)
            first = i;
        constant &= !(r->w[i] > 0) || values[i * stride] == values[first * stride];
    }
    real level = constant ? values[first * stride] : 0;
    for (int pass = 0; pass < 3 && !constant; pass++) {
        real sum = 0;
        for (uint32_t i = 0; i < r->n; i++)
            sum += r->w[i] * values[i * stride];
        mean += sum / total;
        for (uint32_t i = 0; i < r->n; i++)
            values[i * stride] -= sum / total;
    }
    for (uint32_t i = 0; i < r->n && constant; i++)
        values[i * stride] -= level;
    return constant ? level : mean;
}

static inline real root_mean_square(const reference *r, const real *values, uint32_t stride)
{
    real squares = 0, total = 0;
    for (uint32_t i = 0; i < r->n; i++) {
        squares += r->w[i] * values[i * stride] * values[i * stride];
        total += r->w[i];
    }
    return sqrtl(squares / total);
}

static inline void take_columns(reference *r, const campaign_problem *p)
{
    for (size_t i = 0; i < (size_t)r->n * r->d; i++)
        r->centred[i] = r->x[i] =
            (real)(p->form.type == CLN_UINT8 ? ((uint8_t *)p->x)[i] : ((float *)p->x)[i]) * (real)p->scale;
    for (uint32_t j = 0; j < r->d; j++) {
        r->mean[j] = r->bias ? centre(r, r->centred + j, r->d) : 0;
        r->deviation[j] = root_mean_square(r, r->centred + j, r->d);
    }
}

/* Columns are standardised without regard to labels: rows count by their own weights, as they are given. */
static inline void take_penalties(reference *r, const campaign_problem *p)
{
    for (uint32_t i = 0; i < r->n; i++)
        r->w[i] = p->weights ? (real)p->weights[i] : 1;
    take_columns(r, p);
    for (uint32_t j = 0; j < r->d; j++)
        r->penal[j] = p->form.standardize && r->deviation[j] > 0 ? r->deviation[j] : 1;
}

static inline void take_targets(reference *r, const campaign_problem *p)
{
    real *t = room((size_t)r->n * r->k, sizeof *t), variance = 0, level = 0;
    for (uint32_t i = 0; i < r->n; i++)
        for (uint32_t c = 0; c < r->k; c++)
            t[i * r->k + c] = r->t[i * r->k + c] = p->form.real    ? (real)p->targets[i * r->k + c]
                                                   : p->form.value ? (real)p->labels[i]
                                                                   : (real)(p->labels[i] == (int32_t)c);
    for (uint32_t c = 0; c < r->k; c++) {
        real mean = r->bias ? centre(r, t + c, r->k) : 0;
        level += mean * mean;
        r->spread[c] = root_mean_square(r, t + c, r->k);
        variance += r->spread[c] * r->spread[c];
    }
    free(t);
    if (!(variance > 4 * 0x1p-52L * level)) /* targets do not vary: it counts from 0 */
        variance += level;
    r->begin = !r->softmax ? variance / 2 : r->squared ? (1 - 1.0L / r->k) / 2 : logl(r->k);
    r->unit = r->softmax ? 1 : sqrtl(variance);
}

static inline reference reference_of(const campaign_problem *p)
{
    uint32_t n = p->n - p->valid, d = p->form.d, k = p->form.value ? 1 : p->form.k;
    reference r = {
        .n = n, .d = d, .k = k, .softmax = p->form.softmax, .squared = p->form.squared, .bias = p->form.bias};
    r.l1 = (real)p->l1;
    r.l2 = p->alphas ? (real)p->alpha[0] / n : (real)p->l2;
    real **members[] = {&r.x,         &r.centred, &r.predicted, &r.t,      &r.w,      &r.mean,
                        &r.deviation, &r.penal,   &r.spread,    &r.weight, &r.offset, &r.level};
    size_t counts[] = {(size_t)n * d, (size_t)n * d, (size_t)n * k, (size_t)n * k, n, d, d, d, k, (size_t)k * d, k, k};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        *members[i] = room(counts[i], sizeof(real));
    take_penalties(&r, p);
    take_weights(&r, p);
    take_columns(&r, p);
    take_targets(&r, p);
    return r;
}

static inline void reference_free(reference *r)
{
    real *members[] = {r->x,         r->centred, r->predicted, r->t,      r->w,      r->mean,
                       r->deviation, r->penal,   r->spread,    r->weight, r->offset, r->level};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        free(members[i]);
}

/* The norm of column j with its penalty, by which it is divided: 0 for one that nothing depends on. */
static inline real column_norm(const reference *r, uint32_t j)
{
    return sqrtl(r->deviation[j] * r->deviation[j] + r->l2 * r->penal[j] * r->penal[j]);
}

/* The optimum's bias from that of centred columns. */
static inline void unite(reference *r)
{
    for (uint32_t c = 0; c < r->k && r->bias; c++) {
        r->offset[c] = r->level[c];
        for (uint32_t j = 0; j < r->d; j++)
            r->offset[c] -= r->weight[c * r->d + j] * r->mean[j];
    }
}

/* ---------------------------------------------------------------------------------- least squares -- */

typedef struct system {
    uint32_t rows, d, k;
    real *a, *b;      /* (d,rows), (k,rows): columns */
    uint32_t *column; /* (d): where pivoting found it */
} system_of;

/* Column `at` from its row `at` on is reflected to the first axis; the others follow. Returns what is left of it: an entry of R. */
static inline real reflect(system_of *s, uint32_t at)
{
    real *v = s->a + (size_t)at * s->rows, norm = 0;
    for (uint32_t i = at; i < s->rows; i++)
        norm += v[i] * v[i];
    norm = sqrtl(norm);
    if (!(norm > 0))
        return 0;
    real end = v[at] > 0 ? -norm : norm;
    v[at] -= end;
    real half = -end * v[at]; /* of ‖v‖² */
    for (uint32_t c = at + 1; c < s->d + s->k; c++) {
        real *to = c < s->d ? s->a + (size_t)c * s->rows : s->b + (size_t)(c - s->d) * s->rows, dot = 0;
        for (uint32_t i = at; i < s->rows; i++)
            dot += v[i] * to[i];
        for (uint32_t i = at; i < s->rows; i++)
            to[i] -= dot / half * v[i];
    }
    return end;
}

static inline void pivot(system_of *s, uint32_t at)
{
    uint32_t best = at;
    real most = -1;
    for (uint32_t c = at; c < s->d; c++) {
        real norm = 0;
        for (uint32_t i = at; i < s->rows; i++)
            norm += s->a[(size_t)c * s->rows + i] * s->a[(size_t)c * s->rows + i];
        best = norm > most ? c : best;
        most = norm > most ? norm : most;
    }
    for (uint32_t i = 0; i < s->rows && best != at; i++) {
        real value = s->a[(size_t)at * s->rows + i];
        s->a[(size_t)at * s->rows + i] = s->a[(size_t)best * s->rows + i];
        s->a[(size_t)best * s->rows + i] = value;
    }
    uint32_t column = s->column[at];
    s->column[at] = s->column[best];
    s->column[best] = column;
}

#define RANK_LIMIT 1e-15L

static inline void build(const reference *r, system_of *s)
{
    s->rows = r->n + r->d;
    s->d = r->d;
    s->k = r->k;
    s->a = room((size_t)s->d * s->rows, sizeof(real));
    s->b = room((size_t)s->k * s->rows, sizeof(real));
    s->column = room(s->d, sizeof *s->column);
    for (uint32_t j = 0; j < r->d; j++) {
        real norm = column_norm(r, j);
        s->column[j] = j;
        for (uint32_t i = 0; i < r->n && norm > 0; i++)
            s->a[(size_t)j * s->rows + i] = sqrtl(r->w[i] / r->n) * (r->centred[(size_t)i * r->d + j] / norm);
        s->a[(size_t)j * s->rows + r->n + j] = norm > 0 ? sqrtl(r->l2) * r->penal[j] / norm : 0;
    }
    for (uint32_t c = 0; c < r->k; c++)
        for (uint32_t i = 0; i < r->n; i++)
            s->b[(size_t)c * s->rows + i] = r->t[i * r->k + c];
}

static inline void solve_squares(reference *r)
{
    system_of s = {0};
    real *diagonal = room(r->d, sizeof *diagonal), *v = room(r->d, sizeof *v);
    build(r, &s);
    for (uint32_t c = 0; c < r->k; c++) {
        for (int pass = 0; pass < 2 && r->bias; pass++) {
            real mean = 0, total = 0;
            for (uint32_t i = 0; i < r->n; i++) {
                mean += r->w[i] * s.b[(size_t)c * s.rows + i];
                total += r->w[i];
            }
            r->level[c] += mean / total;
            for (uint32_t i = 0; i < r->n; i++)
                s.b[(size_t)c * s.rows + i] -= mean / total;
        }
        for (uint32_t i = 0; i < r->n; i++)
            s.b[(size_t)c * s.rows + i] *= sqrtl(r->w[i] / r->n);
    }
    uint32_t rank = 0;
    for (; rank < s.d; rank++) {
        pivot(&s, rank);
        diagonal[rank] = reflect(&s, rank);
        if (!(fabsl(diagonal[rank]) > RANK_LIMIT * fabsl(diagonal[0])))
            break;
    }
    r->rank = rank;
    r->condition = rank ? fabsl(diagonal[0] / diagonal[rank - 1]) : 1;
    for (uint32_t c = 0; c < r->k; c++) {
        for (uint32_t j = rank; j-- > 0;) {
            v[j] = s.b[(size_t)c * s.rows + j];
            for (uint32_t l = j + 1; l < rank; l++)
                v[j] -= s.a[(size_t)l * s.rows + j] * v[l];
            v[j] /= diagonal[j];
        }
        for (uint32_t j = 0; j < rank; j++)
            r->weight[c * r->d + s.column[j]] = v[j] / column_norm(r, s.column[j]);
        for (uint32_t i = 0; i < r->n; i++) {
            real z = r->level[c];
            for (uint32_t j = 0; j < r->d; j++)
                z += r->weight[c * r->d + j] * r->centred[(size_t)i * r->d + j];
            r->predicted[i * r->k + c] = z;
        }
    }
    unite(r);
    free(s.a);
    free(s.b);
    free(s.column);
    free(diagonal);
    free(v);
}

/* ---------------------------------------------------------------------------------------- softmax -- */

/* Columns divided by their norms, and a last one of ones for the bias. */
typedef struct newton {
    const reference *r;
    uint32_t m, count; /* d, and one more with a bias; k·m */
    real *u;           /* (n,m) */
    real *ridge;       /* (m): λ·p² in these units */
    real *v, *g, *h;   /* (k,m), (k,m), (k·m,k·m) */
} newton;

static inline real newton_value(newton *s, const real *v, real *g)
{
    const reference *r = s->r;
    real value = 0, *z = room(r->k, sizeof *z);
    memset(g, 0, s->count * sizeof *g);
    for (uint32_t i = 0; i < r->n; i++) {
        const real *u = s->u + (size_t)i * s->m;
        for (uint32_t c = 0; c < r->k; c++) {
            z[c] = 0;
            for (uint32_t j = 0; j < s->m; j++)
                z[c] += v[c * s->m + j] * u[j];
        }
        value += r->w[i] / r->n * row_loss(r, r->t + (size_t)i * r->k, z);
        for (uint32_t c = 0; c < r->k; c++)
            for (uint32_t j = 0; j < s->m; j++)
                g[c * s->m + j] += r->w[i] / r->n * z[c] * u[j];
    }
    for (uint32_t i = 0; i < s->count; i++) {
        value += s->ridge[i % s->m] * v[i] * v[i] / 2;
        g[i] += s->ridge[i % s->m] * v[i];
    }
    free(z);
    return value;
}

/* The lower half. */
static inline void newton_curvature(newton *s)
{
    const reference *r = s->r;
    real *p = room(r->k, sizeof *p);
    memset(s->h, 0, (size_t)s->count * s->count * sizeof *s->h);
    for (uint32_t i = 0; i < r->n; i++) {
        const real *u = s->u + (size_t)i * s->m;
        for (uint32_t c = 0; c < r->k; c++) {
            p[c] = 0;
            for (uint32_t j = 0; j < s->m; j++)
                p[c] += s->v[c * s->m + j] * u[j];
        }
        row_loss(r, r->t + (size_t)i * r->k, p);
        for (uint32_t c = 0; c < r->k; c++)
            p[c] += r->t[(size_t)i * r->k + c];
        for (uint32_t c = 0; c < r->k; c++)
            for (uint32_t e = 0; e <= c; e++) {
                real factor = r->w[i] / r->n * p[c] * ((c == e ? 1 : 0) - p[e]);
                for (uint32_t j = 0; j < s->m; j++)
                    for (uint32_t l = 0; l < s->m; l++)
                        s->h[(size_t)(c * s->m + j) * s->count + e * s->m + l] += factor * u[j] * u[l];
            }
    }
    for (uint32_t i = 0; i < s->count; i++)
        s->h[(size_t)i * s->count + i] += s->ridge[i % s->m];
    free(p);
}

/* step ← −(H + μ)⁻¹·g by Cholesky; false where that is not positive definite. H is used up. */
static inline bool newton_step(newton *s, real damping, real *step)
{
    uint32_t count = s->count;
    real *h = s->h;
    for (uint32_t i = 0; i < count; i++) {
        h[(size_t)i * count + i] += damping;
        for (uint32_t j = 0; j <= i; j++) {
            real sum = h[(size_t)i * count + j];
            for (uint32_t l = 0; l < j; l++)
                sum -= h[(size_t)i * count + l] * h[(size_t)j * count + l];
            if (i == j && !(sum > damping * 1e-3L))
                return false;
            h[(size_t)i * count + j] = i == j ? sqrtl(sum) : sum / h[(size_t)j * count + j];
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        step[i] = -s->g[i];
        for (uint32_t l = 0; l < i; l++)
            step[i] -= h[(size_t)i * count + l] * step[l];
        step[i] /= h[(size_t)i * count + i];
    }
    for (uint32_t i = count; i-- > 0;) {
        for (uint32_t l = i + 1; l < count; l++)
            step[i] -= h[(size_t)l * count + i] * step[l];
        step[i] /= h[(size_t)i * count + i];
    }
    return true;
}

#define NEWTON_STEPS 200

/* True where the optimum is found: what a step promises is nothing. */
static inline bool newton_run(newton *s, real *value)
{
    real *step = room(s->count, sizeof *step), *next = room(s->count, sizeof *next), *g = room(s->count, sizeof *g);
    bool found = false;
    *value = newton_value(s, s->v, s->g);
    for (int i = 0; i < NEWTON_STEPS && !found; i++) {
        real damping = 1e-14L, promise = 0, length = 1, after = *value;
        for (newton_curvature(s); !newton_step(s, damping, step); damping *= 100)
            newton_curvature(s);
        for (uint32_t j = 0; j < s->count; j++)
            promise -= step[j] * s->g[j];
        found = promise < 1e-15L * s->r->begin;
        for (int half = 0; half < 60; half++, length /= 2) {
            for (uint32_t j = 0; j < s->count; j++)
                next[j] = s->v[j] + length * step[j];
            after = newton_value(s, next, g);
            if (after <= *value - 1e-4L * length * promise)
                break;
        }
        if (!(after < *value))
            break;
        *value = after;
        memcpy(s->v, next, s->count * sizeof *next);
        memcpy(s->g, g, s->count * sizeof *g);
    }
    free(step);
    free(next);
    free(g);
    return found;
}

static inline void solve_softmax(reference *r)
{
    newton s = {.r = r, .m = r->d + r->bias};
    s.count = s.m * r->k;
    s.u = room((size_t)r->n * s.m, sizeof *s.u);
    s.ridge = room(s.m, sizeof *s.ridge);
    s.v = room(s.count, sizeof *s.v);
    s.g = room(s.count, sizeof *s.g);
    s.h = room((size_t)s.count * s.count, sizeof *s.h);
    for (uint32_t j = 0; j < s.m; j++) {
        real norm = j < r->d ? column_norm(r, j) : 1;
        s.ridge[j] = j < r->d && norm > 0 ? r->l2 * r->penal[j] / norm * (r->penal[j] / norm) : 0;
        for (uint32_t i = 0; i < r->n; i++)
            s.u[(size_t)i * s.m + j] = j == r->d ? 1 : norm > 0 ? r->centred[(size_t)i * r->d + j] / norm : 0;
    }
    r->found = newton_run(&s, &r->objective);
    for (uint32_t c = 0; c < r->k; c++) {
        for (uint32_t j = 0; j < r->d; j++)
            r->weight[c * r->d + j] = column_norm(r, j) > 0 ? s.v[c * s.m + j] / column_norm(r, j) : 0;
        r->level[c] = r->bias ? s.v[c * s.m + r->d] : 0;
    }
    unite(r);
    free(s.u);
    free(s.ridge);
    free(s.v);
    free(s.g);
    free(s.h);
}

/* The optimum, where there is a reference for it: none with an l1 or a loss that is not convex. */
static inline void solve_reference(reference *r)
{
    r->found = false;
    memset(r->weight, 0, (size_t)r->k * r->d * sizeof *r->weight);
    memset(r->offset, 0, r->k * sizeof *r->offset);
    memset(r->level, 0, r->k * sizeof *r->level);
    if (r->l1 > 0 || r->squared)
        return;
    if (r->softmax)
        solve_softmax(r);
    else {
        solve_squares(r);
        r->found = true;
    }
    evaluation e = evaluate(r, r->centred, r->weight, r->level);
    r->objective = e.objective;
    evaluation_free(&e);
}

#endif
