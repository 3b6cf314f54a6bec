#include "measure/fixed_run.h"

#include "base/size.h"

#include <math.h>
#include <stdlib.h>

static const double unit = CLN_UNIT_ROUNDOFF;

/* At most so many rows in all and in a minibatch, and so many weights times rows: host and device take seconds for them. */
enum { ROWS = 2000, BATCH = 300, PASSES = 3, BLOCK = 256 };
static const double most_work = 1e8;
/* Of features that are larger the sums of products leave float's range, which is no fault of a device. */
static const double most_squares = 1e29;
/* Simulators interpret every operation. */
enum { SIMULATED_ROWS = 24, SIMULATED_BATCH = 16, SIMULATED_PASSES = 1 };
static const double most_simulated_work = 1e5;

double cln_in_tolerances(double error, double tolerance)
{
    return fabs(error) > 0 || isnan(error) || isnan(tolerance) ? fabs(error) / tolerance : 0;
}

double cln_worse(double a, double b)
{
    return a >= b || isnan(a) ? a : b;
}

/* The trial's rows, labels and rule; the weights are zeros. */
static cln_status read_rows(cln_fixed_run *run, const cln_dataset_info *info, uint32_t count, cln_error *error)
{
    cln_status status;
    cln_trial *t = &run->rows;
    size_t row_bytes = info->features * cln_type_bytes(info->type);
    *t = (cln_trial){.n = count,
                     .d = info->features,
                     .k = info->outputs,
                     .models = 1,
                     .type = info->type,
                     .scale = info->type == CLN_UINT8 ? (float)(1.0 / 255) : 1,
                     .bias = true,
                     .loss = info->real ? CLN_SQUARED : CLN_CROSS_ENTROPY,
                     .target = info->real ? CLN_TARGET_REAL : CLN_TARGET_ONEHOT};
    TRY(cln_dataset_keep_rows(run->data, 0, count, error));
    TRY(cln_dataset_weigh(run->data, NULL, error));
    TRY(cln_dataset_copy(run->data, &run->again, error));
    TRY(cln_allocate(&t->x, (uint64_t)count, row_bytes, "rows to agree on", error));
    TRY(cln_dataset_pull(run->data, t->x, count, row_bytes, error));
    TRY(cln_dataset_rewind(run->data, error));
    TRY(cln_allocate((void **)&t->w, (uint64_t)t->k * t->d, sizeof *t->w, "weights to agree on", error));
    TRY(cln_allocate((void **)&t->b, t->k, sizeof *t->b, "weights to agree on", error));
out:
    return status;
}

/* Rows first … first+count−1 of the run, with weights w and b. */
static cln_trial part_of(const cln_fixed_run *run, uint32_t first, uint32_t count, float *w, float *b)
{
    cln_trial part = run->rows;
    const int32_t *labels = cln_dataset_labels(run->data);
    const float *targets = cln_dataset_targets(run->data);
    part.n = count;
    part.x = (char *)run->rows.x + (size_t)first * part.d * cln_type_bytes(part.type);
    part.y = labels ? (int32_t *)labels + first : NULL;
    part.targets = targets ? (float *)targets + (size_t)first * part.k : NULL;
    part.w = w;
    part.b = b;
    return part;
}

/* max ‖x̃‖², with the 1 of the bias. */
static double longest_row(const cln_trial *t)
{
    double longest = 0;
    for (size_t i = 0; i < t->n; i++) {
        double sum = 1;
        for (uint32_t j = 0; j < t->d; j++)
            sum += cln_trial_value(t, i, j) * cln_trial_value(t, i, j);
        longest = cln_worse(longest, sum);
    }
    return longest;
}

/* w ← w − η·g/n in float, and the norms of what moved it and of what it has become. */
static void move(cln_trial *t, const cln_truth *truth, double step, double *gradient, double *slack, double *weights)
{
    double sums[3] = {0};
    for (uint32_t c = 0; c < t->k; c++)
        for (uint32_t j = 0; j <= t->d; j++) {
            size_t at = (size_t)c * (t->d + 1) + j;
            float *w = j < t->d ? t->w + (size_t)c * t->d + j : t->b + c;
            double g = truth->gradient[at] / t->n, s = truth->gradient_slack[at] / t->n;
            *w = (float)((double)*w - step * g);
            sums[0] += g * g;
            sums[1] += s * s;
            sums[2] += (double)*w * (double)*w;
        }
    *gradient = sqrt(sums[0]);
    *slack = sqrt(sums[1]);
    *weights = sqrt(sums[2]);
}

static cln_status take_step(cln_fixed_run *run, uint32_t first, uint32_t count, double longest, cln_error *error)
{
    cln_truth truth = {0};
    cln_trial part = part_of(run, first, count, run->rows.w, run->rows.b);
    cln_status status = cln_truth_create(&part, &truth, error);
    if (status == CLN_OK) {
        double gradient, slack, weights, step = run->learning_rate, e = run->distance;
        move(&part, &truth, step, &gradient, &slack, &weights);
        slack += unit * (2 * sqrt(part.k) * (part.d + 8.0) + count + 8) * longest * e;
        e += step * slack;
        run->distance = (e + unit * (4 * step * (gradient + slack) + 2 * weights)) / (1 - 2 * unit);
    }
    cln_truth_free(&truth);
    return status;
}

static uint32_t choose_rows(const cln_dataset_info *info, bool simulator)
{
    double each = (double)info->features * info->outputs;
    double rows = floor((simulator ? most_simulated_work : most_work) / each);
    rows = fmin(rows, simulator ? SIMULATED_ROWS : ROWS);
    return (uint32_t)fmin(fmax(rows, 2), (double)info->rows);
}

cln_status cln_fixed_run_create(const cln_dataset *train, bool simulator, cln_fixed_run *run, cln_error *error)
{
    cln_status status;
    cln_dataset_info info;
    *run = (cln_fixed_run){0};
    cln_dataset_describe(train, &info);
    if (!info.labelled && !info.real)
        return cln_fail(error, CLN_INVALID, "%s has no labels to train on; name their file", info.path);
    TRY(cln_dataset_copy(train, &run->data, error));
    TRY(read_rows(run, &info, choose_rows(&info, simulator), error));
    uint32_t n = run->rows.n, batch = simulator ? SIMULATED_BATCH : BATCH;
    run->batch = batch < n ? batch : n;
    run->passes = simulator ? SIMULATED_PASSES : PASSES;
    double longest = longest_row(&run->rows), curvature = (run->rows.loss == CLN_SQUARED ? 1 : 0.5) * longest;
    run->learning_rate = exp2(floor(-log2(curvature)));
    if (!(longest <= most_squares)) {
        status = cln_fail(error, CLN_INVALID,
                          "%s: the squares of a row's features add up to %.3g, and devices compute with them to %.0g; "
                          "divide the features by a power of ten",
                          info.path, longest, most_squares);
        goto out;
    }
    for (uint32_t pass = 0; pass < run->passes; pass++)
        for (uint32_t first = 0; first < n; first += run->batch)
            TRY(take_step(run, first, n - first < run->batch ? n - first : run->batch, longest, error));
out:
    return status;
}

void cln_fixed_run_release(cln_fixed_run *run)
{
    free(run->rows.x);
    free(run->rows.w);
    free(run->rows.b);
    cln_dataset_close(run->again);
    cln_dataset_close(run->data);
    *run = (cln_fixed_run){0};
}

static double judge_weights(const cln_fixed_run *run, const float *weight, const float *bias)
{
    const cln_trial *t = &run->rows;
    double sum = 0;
    for (size_t i = 0; i < (size_t)t->k * t->d; i++)
        sum += pow((double)weight[i] - (double)t->w[i], 2);
    for (uint32_t c = 0; c < t->k; c++)
        sum += pow((double)bias[c] - (double)t->b[c], 2);
    return cln_in_tolerances(sqrt(sum), run->distance);
}

/* A row whose best output the device sees elsewhere: what lies between, in units of what two logits may be off. */
static double judge_prediction(const cln_truth *truth, uint32_t k, size_t row, uint32_t predicted)
{
    const double *z = truth->z + row * k;
    double worst = 0;
    if (predicted >= k)
        return NAN;
    for (uint32_t c = 0; c < k; c++)
        if (!(z[predicted] >= z[c]))
            worst = cln_worse(worst, cln_in_tolerances(z[c] - z[predicted], 2 * truth->slack[row]));
    return worst;
}

typedef struct sums {
    double loss, slack, predictions;
    uint64_t errors, unsure;
} sums;

static void judge_rows(const cln_truth *truth, const cln_trial *part, const cln_fixed_findings *f, uint32_t first,
                       sums *s)
{
    uint32_t k = part->k;
    s->loss += truth->loss[0];
    s->slack += truth->loss_slack[0];
    s->errors += truth->errors[0];
    s->unsure += truth->unsure[0];
    for (uint32_t i = 0; i < part->n; i++) {
        if (part->target == CLN_TARGET_ONEHOT)
            s->predictions = cln_worse(s->predictions, judge_prediction(truth, k, i, f->predicted[first + i]));
        for (uint32_t c = 0; c < k; c++) {
            double error = (double)f->probability[(size_t)(first + i) * k + c] - truth->outputs[(size_t)i * k + c];
            s->predictions = cln_worse(s->predictions, cln_in_tolerances(error, cln_truth_output_slack(truth, i, c)));
        }
    }
}

/* A device adds up the losses of more rows in float than those of a block. */
static double judge_score(const sums *s, const cln_score *score, uint32_t n)
{
    return cln_in_tolerances(score->loss * n - s->loss, s->slack + n * unit * s->loss);
}

/* As many rows may count as errors, or not, as are too near to tell. */
static double judge_errors(const sums *s, const cln_score *score)
{
    return cln_in_tolerances((double)score->errors - (double)s->errors, fmax(0.5, (double)s->unsure));
}

cln_status cln_fixed_run_judge(const cln_fixed_run *run, const cln_fixed_findings *f, cln_fixed_verdict *verdict,
                               cln_error *error)
{
    cln_status status = CLN_OK;
    sums s = {0};
    uint32_t n = run->rows.n;
    for (uint32_t first = 0, count; first < n && status == CLN_OK; first += count) {
        cln_truth truth = {0};
        count = n - first < BLOCK ? n - first : BLOCK;
        cln_trial part = part_of(run, first, count, f->weight, f->bias);
        status = cln_truth_create(&part, &truth, error);
        if (status == CLN_OK)
            judge_rows(&truth, &part, f, first, &s);
        cln_truth_free(&truth);
    }
    verdict->weights = judge_weights(run, f->weight, f->bias);
    verdict->loss = cln_worse(judge_score(&s, &f->train, n), judge_score(&s, &f->test, n));
    verdict->predictions = s.predictions;
    if (run->rows.target == CLN_TARGET_ONEHOT)
        verdict->predictions =
            cln_worse(verdict->predictions, cln_worse(judge_errors(&s, &f->train), judge_errors(&s, &f->test)));
    return status;
}
