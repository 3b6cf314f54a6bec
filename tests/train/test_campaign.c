/*
 * A campaign: random problems (campaign_problem.h) of every solver and engine, held against long double (campaign_reference.h). Columns
 * have units of 1e-30 to 1e30 and means up to 1e6 deviations; they repeat each other, exactly or nearly, or are more than there are rows;
 * rows have weights, classes may have no row, targets have any unit. What is right follows from what a solver says:
 *
 *   z      u is the unit of what the model's file holds: 2⁻⁵² (F64) or 2⁻²³ (F32). A logit or value of row i is off by at most
 *          ε_i = (d/2 + 4)·u·S_i, S_i = Σ|w_j·x_ij| + |b|: each of d products and d sums is rounded to u/2.
 *   told   an objective is off by δ = Σ (w_i/n)·(‖r_i‖₁·ε_i + k·ε_i²/2), with a softmax Σ (w_i/n)·u·S_i for the rounding of its
 *          logarithm, and 1e-8 of itself (deviations are kept to nine digits) (2⁻¹⁶ where the device added it up in
 *          floats), r the loss's derivative by z, whose second one is at most 1; a component of the gradient by
 *          Σ (w_i/n)·(k·ε_i + η·‖r_i‖₁)·|x_ij|, η = 2⁻⁵⁰ or 2⁻¹⁶; the gradient's norm, max |∂_cj|/s_j/(f0/σ) as in lbfgs below, by twice
 *          the largest of these as it counts there. What was told is compared with long double at the weights of the file.
 *   direct stop `tolerance`: with the optimum z*, σ_c the deviation of target c, κ the condition of the equilibrated matrix and ρ the
 *          root mean square of the targets' residual, |z_ic − z*_ic| ≤ τ_i = 1e-6·σ_c + ε_i + 16·d·κ·2⁻⁵³·ρ, the last term being what
 *          the best algorithm in double leaves (Higham 2002, 20.1); and f ≤ f* + 1e-6·f* + Σ (w_i/n)·k·τ_i²/2, for about the optimum a
 *          squared loss is half the square of what predictions are off. The same holds for each alpha of a path. The reported
 *          bound on what is missing to the optimum holds.
 *   lbfgs  stop `tolerance`: |∂_cj|/s_j ≤ 2·tolerance·f0/σ for every weight (with an l1: of the subgradient of least norm) and bias,
 *          ∂ by weights of centred columns, s_j their weighted deviation (1 for the bias; constant columns are apart), f0 the loss
 *          where counting starts, σ the targets' deviation; the 2 is single precision's. f is convex, so that
 *          f − f(w*) ≤ Σ|∂_cj|·|w_cj − w*_cj| ≤ 2·tolerance·(f0/σ)·Σ s_j·|w_cj − w*_cj|: both are asserted.
 *   sgd    what it told is true, its figures are finite, and where its objective is above the start's its reason says more than that
 *          the epochs are over.
 *   scale  a deviation by which a penalty is scaled is off by half of 258·2⁻²⁴ of itself (compute/moments.h), of bytes by nothing; the
 *          references take the trainer's own then.
 *   model  what was saved is what is loaded and verified, and a device predicts and evaluates it to ε_i with u = 2⁻²³,
 *          S_i that of centred columns where it is larger there: a device subtracts the means first.
 *   units  columns and targets times powers of two: the same but for the unit.
 *
 * Another reason to stop than `tolerance` is no failure, but is counted as told: never by direct, and by lbfgs with tolerance 1e-4 for
 * one in twenty, in ordinary problems (scales within 1e±3, means within 100 deviations, κ up to 1e4). A refusal is right only where a
 * column or its sum is beyond a float's range.
 *
 * CLINEAR_LONG=1: other problems for CLINEAR_TEST_SECONDS (600), from CLINEAR_SEED on. CLINEAR_TEST_PROBLEMS: how many at most;
 * CLINEAR_TEST_ONLY: those of categories that have this in their names;
 * CLINEAR_TEST_VERBOSE: what came of each.
 */
#define _GNU_SOURCE
#include "campaign_reference.h"
#include "device/opened.h"
#include "files.h"

#include <float.h>
#include <jansson.h>
#include <stdarg.h>
#include <time.h>

typedef enum kind_of_outcome { RIGHT, TOLD, REFUSED, WRONG, UNJUDGED } kind_of_outcome;

/* What a problem came to; why: its first fault, or what was told. */
typedef struct outcome {
    kind_of_outcome kind;
    char why[700];
    cln_result result;
} outcome;

/* The first fault is kept. */
__attribute__((format(printf, 2, 3))) static bool fault(outcome *o, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    if (o->kind != WRONG)
        vsnprintf(o->why, sizeof o->why, format, list);
    va_end(list);
    o->kind = WRONG;
    return false;
}

/* -------------------------------------------------------------------------------------------- model -- */

/* A model's file as it is, without the library. */
typedef struct weights {
    real *weight, *bias; /* (k,d), (k): zeros for a model without */
    real unit;           /* 2⁻⁵² or 2⁻²³ */
} weights;

static real *read_tensor(const char *bytes, json_t *entry, size_t count, real *unit)
{
    real *values = room(count, sizeof *values);
    const char *dtype = json_string_value(json_object_get(entry, "dtype"));
    json_int_t begin = json_integer_value(json_array_get(json_object_get(entry, "data_offsets"), 0));
    bool wide = strcmp(dtype, "F64") == 0;
    ck_assert(wide || strcmp(dtype, "F32") == 0);
    *unit = wide ? 0x1p-52L : 0x1p-23L;
    for (size_t i = 0; i < count; i++) {
        float f;
        double v;
        memcpy(&f, bytes + begin + i * sizeof f, wide ? 0 : sizeof f);
        memcpy(&v, bytes + begin + i * sizeof v, wide ? sizeof v : 0);
        values[i] = wide ? (real)v : (real)f;
    }
    return values;
}

static weights read_weights(const char *path, uint32_t k, uint32_t d)
{
    static char bytes[1 << 20];
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    uint64_t length;
    memcpy(&length, bytes, sizeof length);
    ck_assert(size > 8 + length && size < sizeof bytes);
    json_t *header = json_loadb(bytes + 8, length, 0, NULL), *bias = json_object_get(header, "bias");
    ck_assert_ptr_nonnull(header);
    weights w = {0};
    w.weight = read_tensor(bytes + 8 + length, json_object_get(header, "weight"), (size_t)k * d, &w.unit);
    w.bias = bias ? read_tensor(bytes + 8 + length, bias, k, &w.unit) : room(k, sizeof(real));
    json_decref(header);
    return w;
}

/* ------------------------------------------------------------------------------------------- bounds -- */

static real epsilon(const reference *r, const evaluation *e, uint32_t i, real unit)
{
    return (r->d / 2.0L + 4) * unit * e->size[i];
}

/* By how much the loss may be off; plain: with all rows weighing the same. */
static real loss_slack(const reference *r, const evaluation *e, real unit, bool plain)
{
    real sum = 0;
    for (uint32_t i = 0; i < r->n; i++) {
        real off = epsilon(r, e, i, unit);
        real logarithm = r->softmax ? unit * e->size[i] : 0;
        sum += (plain ? 1 : r->w[i]) / r->n * (e->reach[i] * off + r->k * off * off / 2 + logarithm);
    }
    return sum;
}

/* By how much a component of feature j's gradient may be off; d: that of the bias. x: r->x or r->centred. */
static real gradient_slack(const reference *r, const evaluation *e, const real *x, uint32_t j, real unit)
{
    real sum = 0, sums = unit < 0x1p-40L ? 0x1p-50L : 0x1p-16L;
    for (uint32_t i = 0; i < r->n; i++)
        sum += r->w[i] / r->n * (r->k * epsilon(r, e, i, unit) + sums * e->reach[i]) *
               (j < r->d ? fabsl(x[(size_t)i * r->d + j]) : 1);
    return sum;
}

/* The component of the subgradient of least norm. */
static real least(const reference *r, real g, real weight, uint32_t j)
{
    real l1 = r->l1 * r->penal[j];
    if (weight > 0 || weight < 0)
        return g + (weight > 0 ? l1 : -l1);
    return fabsl(g) > l1 ? g - (g > 0 ? l1 : -l1) : 0;
}

/* ------------------------------------------------------------------------------------- what was told -- */

static bool near(outcome *o, const char *name, double told, real right, real slack)
{
    if (fabsl((real)told - right) <= slack)
        return true;
    return fault(o, "%s is told as %.10g and is %.10Lg, %.3Lg more than %.3Lg off", name, told, right,
                 fabsl((real)told - right) - slack, slack);
}

/* What deviations that are kept to nine digits leave of a weight's penalty. */
static real penalty_slack(const reference *r, real weight, uint32_t j)
{
    return 1e-8L * r->penal[j] * (r->l1 + r->l2 * r->penal[j] * fabsl(weight));
}

/* The gradient's norm without a unit, max |∂_cj|/s_j divided by f0/σ, and what it may be off by. A constant column has s_j = |m_j|. */
static real gradient_norm(const reference *r, const weights *w, const evaluation *e, real unit, real *slack)
{
    real most = 0, start = r->begin / r->unit;
    *slack = 0;
    for (uint32_t j = 0; j <= r->d; j++) {
        bool weight = j < r->d;
        real size = !weight ? 1 : r->deviation[j] > 0 ? r->deviation[j] : fabsl(r->mean[j]);
        real sums = gradient_slack(r, e, r->x, j, unit);
        for (uint32_t c = 0; c < r->k && size > 0; c++) {
            real value = weight ? w->weight[c * r->d + j] : 0;
            real g = weight ? least(r, e->gw[c * r->d + j], value, j) : e->gb[c];
            real off = 2 * sums + (weight ? penalty_slack(r, value, j) : 0);
            most = fmaxl(most, fabsl(g) / size / start);
            *slack = fmaxl(*slack, off / size / start);
        }
    }
    return most;
}

/* What sgd tells: the largest component of the gradient by weights and bias of features as they are, and what it may be off by. */
static real largest_component(const reference *r, const evaluation *e, real *slack)
{
    real most = 0;
    *slack = 0;
    for (uint32_t j = 0; j <= r->d; j++)
        for (uint32_t c = 0; c < r->k; c++) {
            real g = j < r->d ? e->gw[c * r->d + j] + r->mean[j] * e->gb[c] : e->gb[c];
            most = fmaxl(most, fabsl(g));
            *slack = fmaxl(*slack, 2 * gradient_slack(r, e, r->x, j, 0x1p-23L));
        }
    return most;
}

/* Of classes: errors of rows whose two largest logits are farther apart than they may be off. */
static bool errors_hold(const campaign_problem *p, const reference *r, const evaluation *e, outcome *o)
{
    uint64_t errors = 0, unclear = 0;
    if (p->form.real || p->form.value)
        return true;
    for (uint32_t i = 0; i < r->n; i++) {
        const real *z = e->z + (size_t)i * r->k;
        uint32_t best = 0;
        for (uint32_t c = 1; c < r->k; c++)
            best = z[c] > z[best] ? c : best;
        errors += (int32_t)best != p->labels[i];
        for (uint32_t c = 0; c < r->k; c++)
            if (c != best && z[best] - z[c] <= 2 * epsilon(r, e, i, 0x1p-23L)) {
                unclear++;
                break;
            }
    }
    uint64_t told = o->result.train.errors, off = told > errors ? told - errors : errors - told;
    return off <= unclear || fault(o, "%llu errors are told and %llu are right, %llu unclear", (unsigned long long)told,
                                   (unsigned long long)errors, (unsigned long long)unclear);
}

static bool figures_hold(const campaign_problem *p, const reference *r, const weights *w, const evaluation *e,
                         outcome *o)
{
    const cln_result *told = &o->result;
    bool summed = p->form.category == SGD;
    real unit = summed ? 0x1p-23L : w->unit, share = summed ? 0x1p-16L : 1e-8L, off;
    real norm = summed ? largest_component(r, e, &off) : gradient_norm(r, w, e, unit, &off);
    if (!isfinite(told->objective) || !isfinite(told->gradient_norm) || !isfinite(told->train.loss))
        return fault(o, "objective %g, gradient %g, loss %g", told->objective, told->gradient_norm, told->train.loss);
    return near(o, "the objective", told->objective, e->objective,
                share * e->objective + loss_slack(r, e, unit, false)) &&
           near(o, "the loss", told->train.loss, e->plain, 0x1p-16L * e->plain + loss_slack(r, e, 0x1p-23L, true)) &&
           near(o, "the gradient", told->gradient_norm, norm, share * norm + off) && errors_hold(p, r, e, o);
}

/* ---------------------------------------------------------------------------------------- optimality -- */

/* What predictions of the optimum's row i, output c, may be off by. */
static real prediction_slack(const reference *r, const evaluation *e, uint32_t i, uint32_t c, real unit)
{
    real square = 0;
    for (uint32_t l = 0; l < r->n; l++) {
        real residual = r->t[l * r->k + c] - r->predicted[l * r->k + c];
        square += r->w[l] / r->n * residual * residual;
    }
    return 1e-6L * r->spread[c] + epsilon(r, e, i, unit) + 16 * r->d * r->condition * 0x1p-53L * sqrtl(square);
}

/* f* may be exceeded by this. */
static real objective_slack(const reference *r, const evaluation *e, real unit)
{
    real sum = 1e-6L * r->objective;
    for (uint32_t c = 0; c < r->k; c++) {
        real common = prediction_slack(r, e, 0, c, 0);
        for (uint32_t i = 0; i < r->n; i++) {
            real off = common + epsilon(r, e, i, unit);
            sum += r->w[i] / r->n * off * off / 2;
        }
    }
    return sum;
}

static bool is_solved(const reference *r, const weights *w, const evaluation *e, outcome *o)
{
    if (!(e->objective <= r->objective + objective_slack(r, e, w->unit)))
        return fault(
            o, "the objective is %.10Lg, the optimum %.10Lg, of the constant model %.4Lg (condition %.2Lg, rank %u)",
            e->objective, r->objective, r->begin, r->condition, r->rank);
    for (uint32_t c = 0; c < r->k; c++) {
        real common = prediction_slack(r, e, 0, c, 0);
        for (uint32_t i = 0; i < r->n; i++) {
            real off = e->z[i * r->k + c] - r->predicted[i * r->k + c];
            if (!(fabsl(off) <= common + epsilon(r, e, i, w->unit)))
                return fault(
                    o, "row %u, output %u is %.10Lg and should be %.10Lg, off by %.2Lg deviations (condition %.2Lg)", i,
                    c, e->z[i * r->k + c], r->predicted[i * r->k + c], off / r->spread[c], r->condition);
        }
    }
    return true;
}

/* The bound that was told, where the optimum is known. */
static bool bound_holds(const reference *r, const weights *w, const evaluation *e, outcome *o)
{
    double bound = o->result.certificate.suboptimality;
    if (!r->found || !o->result.certificate.rows || isnan(bound))
        return true;
    real missing = e->objective - r->objective;
    return missing <= bound * (1 + 1e-9L) + 1e-12L * e->objective + loss_slack(r, e, w->unit, false) ||
           fault(o, "%.4Lg is missing to the optimum, at most %.4g is told", missing, bound);
}

static bool is_stationary(const campaign_problem *p, const reference *r, const weights *w, const evaluation *e,
                          outcome *o)
{
    real limit = 2 * (real)p->tolerance * r->begin / r->unit, gap = 0;
    for (uint32_t c = 0; c < r->k; c++) {
        real shift = w->bias[c] - r->level[c];
        for (uint32_t j = 0; j < r->d; j++) {
            real weight = w->weight[c * r->d + j], g = least(r, e->gw[c * r->d + j], weight, j);
            shift += weight * r->mean[j];
            gap += fabsl(g) * fabsl(weight - r->weight[c * r->d + j]);
            if (r->deviation[j] > 0 &&
                !(fabsl(g) <=
                  limit * r->deviation[j] + gradient_slack(r, e, r->centred, j, w->unit) + penalty_slack(r, weight, j)))
                return fault(o,
                             "the gradient of weight (%u,%u) is %.4Lg in the column's units and should be %.4Lg, "
                             "objective %.8Lg, optimum %.8Lg",
                             c, j, fabsl(g) / r->deviation[j], limit, e->objective,
                             r->found ? r->objective : (real)NAN);
        }
        gap += fabsl(e->gb[c]) * fabsl(shift);
        if (!(fabsl(e->gb[c]) <= limit + gradient_slack(r, e, r->centred, r->d, w->unit)))
            return fault(o, "the gradient of bias %u is %.4Lg and should be %.4Lg", c, fabsl(e->gb[c]), limit);
    }
    if (r->found && !(e->objective - r->objective <= gap + 1e-9L * e->objective + loss_slack(r, e, w->unit, false)))
        return fault(o, "the objective is %.10Lg, the optimum %.10Lg, and the gradient allows %.3Lg", e->objective,
                     r->objective, gap);
    return true;
}

/* A sentence beside the one that every run of sgd ends with. */
static bool is_told_of(cln_trainer *trainer, const outcome *o)
{
    return strcmp(o->result.reason, "the epoch limit was reached") != 0 || cln_trainer_warning(trainer, 0);
}

static bool descends(const reference *r, const evaluation *e, const weights *w, cln_trainer *trainer, outcome *o)
{
    real *zeros = room((size_t)r->k * r->d, sizeof *zeros);
    evaluation begin = evaluate(r, r->x, zeros, NULL);
    real start = begin.objective;
    evaluation_free(&begin);
    free(zeros);
    if (e->objective <= start * (1 + 1e-3L) + loss_slack(r, e, w->unit, false) || is_told_of(trainer, o))
        return true;
    return fault(o, "the objective is %.6Lg at the end and was %.6Lg at the start, and nobody says so", e->objective,
                 start);
}

/* Every alpha of a path in turn. */
static bool path_holds(const campaign_problem *p, reference *r, cln_trainer *trainer, real unit, outcome *o)
{
    size_t count;
    const cln_path_row *path = cln_trainer_path(trainer, &count);
    bool good = count == p->alphas || fault(o, "the path has %zu rows", count);
    for (size_t i = 0; i < count && good; i++) {
        r->l2 = (real)path[i].alpha / r->n;
        solve_reference(r);
        evaluation e = evaluate(r, r->x, r->weight, r->offset);
        good = near(o, "a path row's objective", path[i].objective, r->objective, objective_slack(r, &e, unit)) &&
               near(o, "a path row's alpha", path[i].alpha, (real)p->alpha[i], 1e-15L * (real)p->alpha[i]);
        evaluation_free(&e);
    }
    r->l2 = (real)o->result.l2;
    solve_reference(r);
    return good;
}

/* ----------------------------------------------------------------------------------------- the model -- */

typedef struct predicting {
    const campaign_problem *p;
    const reference *r;
    const evaluation *e, *centred; /* the latter in centred columns, for a device subtracts the means first */
    outcome *o;
} predicting;

static evaluation evaluate_centred(const reference *r, const weights *w)
{
    real *level = room(r->k, sizeof *level);
    for (uint32_t c = 0; c < r->k; c++) {
        level[c] = w->bias[c];
        for (uint32_t j = 0; j < r->d; j++)
            level[c] += w->weight[c * r->d + j] * r->mean[j];
    }
    evaluation e = evaluate(r, r->centred, w->weight, level);
    free(level);
    return e;
}

/* Row i's probabilities, or values. */
static bool row_holds(const predicting *of, uint64_t i, const float *told)
{
    const reference *r = of->r;
    real z[16], sum = 0, most = of->e->z[i * r->k];
    real off = fmaxl(epsilon(r, of->e, (uint32_t)i, 0x1p-23L), epsilon(r, of->centred, (uint32_t)i, 0x1p-23L));
    for (uint32_t c = 1; c < r->k; c++)
        most = fmaxl(most, of->e->z[i * r->k + c]);
    for (uint32_t c = 0; c < r->k; c++)
        sum += z[c] = r->softmax ? expl(of->e->z[i * r->k + c] - most) : of->e->z[i * r->k + c];
    for (uint32_t c = 0; c < r->k; c++) {
        real right = r->softmax ? z[c] / sum : z[c], slack = r->softmax ? 2 * off + 0x1p-20L : off + FLT_MIN;
        if (!(fabsl((real)told[c] - right) <= slack))
            return fault(of->o, "row %llu, output %u is predicted as %.8g and is %.8Lg, allowed %.2Lg",
                         (unsigned long long)i, c, (double)told[c], right, slack);
    }
    return true;
}

static int on_rows(uint64_t first, uint32_t count, const uint32_t *outputs, const float *probability, void *user)
{
    predicting *of = user;
    (void)outputs;
    for (uint32_t i = 0; i < count && first + i < of->r->n; i++)
        if (!row_holds(of, first + i, probability + (size_t)i * of->r->k))
            return 1;
    return 0;
}

/* The loss that the model comes to where it is evaluated; all rows are the training's. */
static bool evaluation_holds(const campaign_problem *p, const reference *r, const evaluation *e, const cln_model *model,
                             cln_dataset *data, outcome *o)
{
    cln_error error = {0};
    cln_evaluation told = {0};
    if (p->valid)
        return true;
    if (cln_model_evaluate(model, device, p->form.clblast ? "clblast" : "fused", data, &told, &error) != CLN_OK)
        return fault(o, "nothing is evaluated: %s", error.message);
    cln_evaluation_free(&told);
    return near(o, "the loss of an evaluation", told.score.loss, e->plain,
                0x1p-16L * e->plain + loss_slack(r, e, 0x1p-23L, true));
}

/* What weights below a float's normal range lose as floats, of row i's output c. */
static real digits_lost(const reference *r, const weights *w, uint32_t i, uint32_t c)
{
    real lost = 0;
    for (uint32_t j = 0; j < r->d; j++) {
        real weight = w->weight[c * r->d + j];
        lost += fabsl(weight) < FLT_MIN ? fabsl((weight - (real)(float)weight) * r->x[(size_t)i * r->d + j]) : 0;
    }
    return lost;
}

static bool predictions_hold(const campaign_problem *p, const reference *r, const weights *w, const evaluation *e,
                             const cln_model *model, cln_dataset *data, outcome *o)
{
    cln_error error = {0};
    bool beyond = false; /* of a float's range, and a device refuses */
    for (uint32_t i = 0; i < r->n; i++)
        beyond |= e->size[i] > FLT_MAX / 4;
    for (uint32_t i = 0; i < r->k * r->d; i++)
        beyond |= fabsl(w->weight[i]) > FLT_MAX / 4;
    for (uint32_t i = 0; i < r->n * r->k; i++)
        beyond |= digits_lost(r, w, i / r->k, i % r->k) > 0x1p-24L * e->size[i / r->k];
    if (beyond)
        return true;
    evaluation centred = evaluate_centred(r, w);
    predicting of = {p, r, e, &centred, o};
    if (cln_model_predict(model, device, p->form.clblast ? "clblast" : "fused", data, on_rows, &of, &error) != CLN_OK)
        fault(o, "nothing is predicted: %s", error.message);
    evaluation_free(&centred);
    return o->kind != WRONG && evaluation_holds(p, r, e, model, data, o);
}

/* The penalty counts in the deviations that the trainer found, which a model keeps to nine digits. */
static bool take_deviations(const campaign_problem *p, reference *r, const cln_model *model, outcome *o)
{
    const char *text = cln_model_metadata(model, "deviation");
    if (!p->form.standardize)
        return true;
    for (uint32_t j = 0; j < r->d; j++) {
        char *rest = NULL;
        real found = text ? strtold(text, &rest) : (real)NAN, right = r->penal[j];
        real off = ((p->form.type == CLN_UINT8 ? 0 : 129 * 0x1p-24L) + 1e-8L) * right;
        if (!(fabsl(found - right) <= off))
            return fault(o, "the deviation of column %u is %.9Lg and should be %.9Lg", j, found, right);
        r->penal[j] = found;
        text = rest ? rest + strspn(rest, ", ") : NULL;
    }
    return true;
}

static bool verifies(const cln_model *model, cln_dataset *data, const cln_certificate *certificate, outcome *o)
{
    cln_error error = {0};
    cln_verification found;
    if (!certificate->rows)
        return true;
    if (cln_model_verify(model, data, &found, &error) != CLN_OK)
        return fault(o, "nothing is verified: %s", error.message);
    return found.agrees || fault(o, "the model is not verified: %s", found.reason);
}

/* ------------------------------------------------------------------------------------- one training -- */

/* Whether a refusal is right: a column, its sum or what a step size takes of it is beyond a float's range, or a target's square is. */
static bool is_beyond(const campaign_problem *p, const reference *r)
{
    real largest = 0;
    for (uint32_t j = 0; j < r->d; j++) {
        real sum = 0;
        for (uint32_t i = 0; i < r->n; i++)
            sum += fabsl(r->x[(size_t)i * r->d + j]);
        largest = sum > largest ? sum : largest;
        if (sum > FLT_MAX || sum / r->n < FLT_MIN * 0x1p24L ||
            (r->deviation[j] > 0 && r->deviation[j] < FLT_MIN * 0x1p24L))
            return true;
        if (p->form.category == SGD && p->form.standardize && fabsl(log2l(r->penal[j])) > 62.9L)
            return true; /* which its square divides by */
    }
    real target = 0;
    for (uint32_t i = 0; i < p->n * r->k && p->form.real; i++)
        target = fmaxl(target, fabsl((real)p->targets[i]));
    if (target > 1e16L || (target > 0 && target < 1e-16L))
        return true;
    return p->form.category == SGD && (largest * largest > 1e36L || largest * largest < 1e-30L);
}

static cln_dataset *dataset_of(const campaign_problem *p)
{
    cln_dataset *data = NULL;
    cln_status status =
        p->targets ? cln_dataset_wrap_targets(p->x, p->form.type, p->n, p->form.d, p->targets, p->form.k, &data, NULL)
                   : cln_dataset_wrap(p->x, p->form.type, p->n, p->form.d, p->labels, &data, NULL);
    ck_assert_int_eq(status, CLN_OK);
    ck_assert_int_eq(cln_dataset_weigh(data, p->weights, NULL), CLN_OK);
    return data;
}

static cln_options *options_of(const campaign_problem *p)
{
    char copy[sizeof p->words], *rest = NULL;
    cln_options *options = NULL;
    cln_error error = {0};
    ck_assert_int_eq(cln_options_create(&options, NULL), CLN_OK);
    snprintf(copy, sizeof copy, "%s", p->words);
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        char *value = strchr(word, '=');
        *value = '\0';
        ck_assert_msg(cln_options_set(options, word, value + 1, &error) == CLN_OK, "%s: %s", word, error.message);
    }
    return options;
}

static void judge_model(const campaign_problem *p, reference *r, cln_trainer *trainer, cln_dataset *data, outcome *o)
{
    cln_error error = {0};
    cln_model *model = NULL, *loaded = NULL;
    if (cln_trainer_model(trainer, &model, &error) != CLN_OK || cln_model_save(model, at("model"), &error) != CLN_OK ||
        cln_model_load(at("model"), &loaded, &error) != CLN_OK) {
        fault(o, "there is no model: %s", error.message);
        cln_model_free(model);
        return;
    }
    weights w = read_weights(at("model"), r->k, r->d);
    bool path = p->form.category == DIRECT_PATH, converged = o->result.stopped == CLN_STOP_TOLERANCE;
    if (take_deviations(p, r, model, o) && (!path || path_holds(p, r, trainer, w.unit, o))) {
        if (!path)
            solve_reference(r);
        evaluation e = evaluate(r, r->x, w.weight, w.bias);
        if (o->kind == RIGHT && !r->found && r->softmax && !r->squared && !(r->l1 > 0))
            o->kind = UNJUDGED; /* by an optimum; what was told and its gradient are */
        bool good = true;
        if (p->form.category == SGD)
            good = descends(r, &e, &w, trainer, o);
        else if (converged)
            good = p->form.direct ? is_solved(r, &w, &e, o) : is_stationary(p, r, &w, &e, o);
        good = good && figures_hold(p, r, &w, &e, o) && bound_holds(r, &w, &e, o);
        if (good)
            good = verifies(loaded, data, &o->result.certificate, o) && predictions_hold(p, r, &w, &e, loaded, data, o);
        evaluation_free(&e);
    }
    free(w.weight);
    free(w.bias);
    cln_model_free(model);
    cln_model_free(loaded);
}

static void refuse(outcome *o, const campaign_problem *p, const reference *r, const cln_error *error)
{
    o->kind = REFUSED;
    snprintf(o->why, sizeof o->why, "%s: %.600s", cln_status_name(error->status), error->message);
    if (!*error->message || !is_beyond(p, r)) {
        char why[600];
        snprintf(why, sizeof why, "%.590s", o->why);
        fault(o, "it is refused, and should not be: %s", why);
    }
}

static void run(const campaign_problem *p, outcome *o)
{
    cln_error error = {0};
    cln_trainer *trainer = NULL;
    cln_dataset *data = dataset_of(p);
    cln_options *options = options_of(p);
    reference r = reference_of(p);
    const cln_parts parts = {data, NULL, NULL};
    *o = (outcome){.kind = RIGHT};
    cln_status status = cln_trainer_create(device, options, &parts, &trainer, &error);
    if (status == CLN_OK)
        status = cln_trainer_run(trainer, NULL, NULL, &o->result, &error);
    if (status == CLN_OK && p->seed % 2) /* which lbfgs and direct have */
        status = cln_trainer_certify(trainer, &o->result.certificate, &error);
    if (status == CLN_OK) {
        bool ended =
            p->form.category == SGD ? o->result.stopped == CLN_STOP_EPOCHS : o->result.stopped == CLN_STOP_TOLERANCE;
        o->kind = ended ? RIGHT : TOLD;
        snprintf(o->why, sizeof o->why, "%s: %s", cln_stop_word(o->result.stopped), o->result.reason);
        judge_model(p, &r, trainer, data, o);
    } else if (status == CLN_DIVERGED) {
        o->kind = TOLD;
        snprintf(o->why, sizeof o->why, "diverged: %s", o->result.reason);
    } else
        refuse(o, p, &r, &error);
    reference_free(&r);
    cln_trainer_close(trainer);
    cln_options_free(options);
    cln_dataset_close(data);
}

/* ------------------------------------------------------------------------------------ the campaign -- */

/* Columns and targets in other units, powers of two. Returns by what the objective is multiplied. */
static double change_units(campaign_problem *p)
{
    cln_random random;
    double factor = 1;
    cln_random_seed(&random, p->seed, 3);
    for (uint32_t j = 0; j < p->form.d; j++) {
        float unit = (float)exp2(cln_random_below(&random, 81) - 40.0);
        for (uint32_t i = 0; i < p->n; i++)
            ((float *)p->x)[(size_t)i * p->form.d + j] *= unit;
    }
    if (p->form.real) {
        factor = exp2(cln_random_below(&random, 41) - 20.0);
        for (uint32_t i = 0; i < p->n * p->form.k; i++)
            p->targets[i] *= (float)factor;
    }
    return factor * factor;
}

static void run_units(campaign_problem *p, outcome *o)
{
    outcome other;
    run(p, o);
    double factor = change_units(p);
    run(p, &other);
    double expected = o->result.objective * factor, told = other.result.objective;
    double steps = (double)o->result.epochs, now = (double)other.result.epochs;
    if (o->kind == WRONG || other.kind == WRONG) {
        if (o->kind != WRONG)
            fault(o, "in other units: %.600s", other.why);
    } else if (o->kind != other.kind)
        fault(o, "%.300s; in other units: %.300s", o->why, other.why);
    else if (o->kind == RIGHT && !(fabs(told - expected) <= 1e-6 * expected))
        fault(o, "the objective is %.10g, and in other units %.10g where that is %.10g", o->result.objective, told,
              expected);
    else if (o->kind == RIGHT && fabs(now - steps) > 3 + steps / 10)
        fault(o, "%g iterations, and in other units %g", steps, now);
}

typedef struct counts {
    uint64_t problems, kind[UNJUDGED + 1], ordinary, told;
} counts;

static const char *const category_words[] = {
#define X(name, word) word,
    CATEGORY_MAP(X)
#undef X
};

/* A problem counts as ordinary for what may be told where its matrix is well conditioned, too. */
static bool is_ordinary(const campaign_problem *p)
{
    bool sgd = p->form.category == SGD;
    if (!p->ordinary || sgd || (!p->form.direct && p->tolerance < 1e-4 * 0.99))
        return false;
    reference r = reference_of(p);
    r.l1 = 0;
    solve_squares(&r);
    bool good = r.condition <= 1e4 && r.rank == r.d;
    reference_free(&r);
    return good;
}

static void count_one(uint64_t seed, counts *all)
{
    campaign_problem p = problem_of_seed(seed);
    counts *c = &all[p.form.category];
    outcome o;
    bool ordinary = is_ordinary(&p);
    if (p.form.category == UNITS)
        run_units(&p, &o);
    else
        run(&p, &o);
    c->problems++;
    c->kind[o.kind]++;
    c->ordinary += ordinary;
    c->told += ordinary && o.kind == TOLD;
    if (o.kind == WRONG || (o.kind == TOLD && ordinary) || o.kind == UNJUDGED || getenv("CLINEAR_TEST_VERBOSE"))
        printf("seed %llu, %s%s, %s (%u,%u) k=%u %s%s, %s:\n    %s\n", (unsigned long long)seed,
               o.kind == WRONG  ? "WRONG, "
               : o.kind == TOLD ? "told, "
                                : "",
               category_words[p.form.category], ordinary ? "ordinary" : p.kind, p.n, p.form.d, p.form.k,
               p.form.type == CLN_UINT8 ? "bytes" : "floats", p.weights ? ", weighted" : "", p.words, o.why);
    fflush(stdout);
    problem_free(&p);
}

static uint64_t number_of(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

static void print_counts(const counts *all)
{
    printf("%-26s %9s %9s %9s %9s %9s\n", "campaign", "problems", "right", "told", "refused", "wrong");
    for (int i = 0; i < CATEGORIES; i++)
        printf("%-26s %9llu %9llu %9llu %9llu %9llu\n", category_words[i], (unsigned long long)all[i].problems,
               (unsigned long long)(all[i].kind[RIGHT] + all[i].kind[UNJUDGED]), (unsigned long long)all[i].kind[TOLD],
               (unsigned long long)all[i].kind[REFUSED], (unsigned long long)all[i].kind[WRONG]);
}

#define SHORT_FIRST    792 /* a form of each category, and a second one of the first five */
#define SHORT_PROBLEMS 112

START_TEST(test_campaign)
{
    counts all[CATEGORIES] = {0};
    bool extended = getenv("CLINEAR_LONG") != NULL, tiny = getenv("CLINEAR_TEST_TINY") != NULL;
    uint64_t first = number_of("CLINEAR_SEED", extended ? 1000003u * (uint64_t)(time(NULL) % 1000003) : SHORT_FIRST);
    uint64_t most = number_of("CLINEAR_TEST_PROBLEMS", extended ? UINT64_MAX : tiny ? 2 : SHORT_PROBLEMS);
    time_t end = time(NULL) + (time_t)number_of("CLINEAR_TEST_SECONDS", 600);
    printf("from seed %llu on\n", (unsigned long long)first);
    const char *only = getenv("CLINEAR_TEST_ONLY");
    for (uint64_t i = 0; i < most && (!extended || time(NULL) < end); i++)
        if (!only || strstr(category_words[form_of(first + i).category], only))
            count_one(first + i, all);
    print_counts(all);
    uint64_t wrong = 0, ordinary[2] = {0}, told[2] = {0};
    for (int i = 0; i < CATEGORIES; i++) {
        int lbfgs = i > DIRECT_PATH;
        wrong += all[i].kind[WRONG];
        ordinary[lbfgs] += all[i].ordinary;
        told[lbfgs] += all[i].told;
    }
    printf("ordinary problems: direct told %llu of %llu, lbfgs %llu of %llu\n", (unsigned long long)told[0],
           (unsigned long long)ordinary[0], (unsigned long long)told[1], (unsigned long long)ordinary[1]);
    ck_assert_msg(wrong == 0, "%llu silent failures", (unsigned long long)wrong);
    ck_assert_uint_eq(told[0], 0);
    ck_assert_msg(told[1] * 20 <= ordinary[1], "lbfgs gives up in ordinary problems");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("train/campaign");
    TCase *ok = tcase_create("ok"), *invalid = tcase_create("invalid");
    tcase_add_test(ok, test_campaign);
    add_device_cases(suite, ok, invalid, make_folder, remove_folder);
    return run_on_device(suite);
}
