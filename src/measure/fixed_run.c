#include "measure/fixed_run.h"

#include "base/size.h"
#include "train/step_size.h"

#include <math.h>
#include <stdlib.h>

/* At most so many rows in all and in a minibatch, and so many weights times rows: host and device take seconds for them. */
enum { ROWS = 2000, BATCH = 300, PASSES = 3, SEED = 12 };
static const double most_work = 1e8;
/* Of features that are larger the sums of products leave float's range, which is no fault of a device. */
static const double most_squares = 1e29;
/* Simulators interpret every operation. */
enum { SIMULATED_ROWS = 24, SIMULATED_PASSES = 1 };
static const double most_simulated_work = 1e5;

/* Of mean 1 in whole groups, so that they are what a training makes of them; what is left of the rows weighs 1. */
static float weight_of(uint32_t row, uint32_t rows)
{
    static const float group[] = {0.25f, 1.75f, 0.5f, 1.5f};
    return row < rows / CLN_COUNT(group) * CLN_COUNT(group) ? group[row % CLN_COUNT(group)] : 1;
}

static cln_status weigh(cln_fixed_run *run, cln_error *error)
{
    cln_status status;
    cln_trial *t = &run->rows;
    TRY(cln_allocate((void **)&t->weights, t->n, sizeof *t->weights, "row weights", error));
    for (uint32_t i = 0; i < t->n; i++)
        t->weights[i] = weight_of(i, t->n);
    TRY(cln_dataset_weigh(run->data, t->weights, error));
out:
    return status;
}

/* The trial's rows, labels and rule. */
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
    t->y = (int32_t *)cln_dataset_labels(run->data);
    t->targets = (float *)cln_dataset_targets(run->data);
    TRY(weigh(run, error));
out:
    return status;
}

static cln_status make_room(cln_fixed_run *run, cln_error *error)
{
    cln_status status;
    cln_trial *t = &run->rows;
    const struct {
        double **array;
        uint64_t count;
    } all[] = {
        {&run->mean, t->d}, {&run->deviation, t->d},          {&run->plain_mean, t->d}, {&run->plain_deviation, t->d},
        {&run->used, t->d}, {&run->w, (uint64_t)t->k * t->d}, {&run->b, t->k}};
    for (size_t i = 0; i < CLN_COUNT(all); i++)
        TRY(cln_allocate((void **)all[i].array, all[i].count, sizeof(double), "weights to agree on", error));
    TRY(cln_allocate((void **)&t->shift, t->d, sizeof *t->shift, "means to agree on", error));
out:
    return status;
}

/* weights (n), or NULL for ones. Differences from the first row are exactly 0 where all rows are the same. */
static void find_moments(const cln_trial *t, const float *weights, double *mean, double *deviation)
{
    for (uint32_t j = 0; j < t->d; j++) {
        double first = cln_trial_value(t, 0, j), sum = 0, squares = 0, total = 0;
        for (size_t i = 0; i < t->n; i++) {
            total += weights ? (double)weights[i] : 1;
            sum += (weights ? (double)weights[i] : 1) * (cln_trial_value(t, i, j) - first);
        }
        for (size_t i = 0; i < t->n; i++)
            squares += (weights ? (double)weights[i] : 1) * pow(cln_trial_value(t, i, j) - first - sum / total, 2);
        mean[j] = first + sum / total;
        deviation[j] = squares > 0 ? sqrt(squares / total) : 1;
    }
}

/* max ‖x‖² of the rows as they are. */
static double longest_row(const cln_trial *t)
{
    double longest = 0;
    for (size_t i = 0; i < t->n; i++) {
        double sum = 1;
        for (uint32_t j = 0; j < t->d; j++)
            sum += cln_trial_value(t, i, j) * cln_trial_value(t, i, j);
        longest = sum > longest || isnan(sum) ? sum : longest;
    }
    return longest;
}

/* L without λ. */
static double largest_curvature(const cln_fixed_run *run)
{
    const cln_trial *t = &run->rows;
    double largest = 0;
    for (size_t i = 0; i < t->n; i++) {
        double sum = 1;
        for (uint32_t j = 0; j < t->d; j++)
            sum += pow((cln_trial_value(t, i, j) - run->mean[j]) / run->deviation[j], 2);
        largest = fmax(largest, (double)t->weights[i] * sum);
    }
    return cln_logit_curvature(t->loss) * largest;
}

static void choose_steps(cln_fixed_run *run, bool simulator)
{
    uint32_t quarter = run->rows.n / 4 + 1; /* the last of them is shorter */
    double curvature = largest_curvature(run), l2 = exp2(floor(log2(curvature)) - 6), momentum = 0.75;
    run->how = (cln_descent){.batch = quarter < BATCH ? quarter : BATCH,
                             .passes = simulator ? SIMULATED_PASSES : PASSES,
                             .seed = SEED,
                             .learning_rate = exp2(floor(log2((1 - momentum) / (curvature + l2)))),
                             .momentum = momentum,
                             .l2 = l2};
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
    *run = (cln_fixed_run){.distance = -1};
    cln_dataset_describe(train, &info);
    if (!info.labelled && !info.real)
        return cln_fail(error, CLN_INVALID, "%s has no labels to train on; name their file", info.path);
    TRY(cln_dataset_copy(train, &run->data, error));
    TRY(read_rows(run, &info, choose_rows(&info, simulator), error));
    TRY(make_room(run, error));
    double longest = longest_row(&run->rows);
    if (!(longest <= most_squares)) {
        status = cln_fail(error, CLN_INVALID,
                          "%s: the squares of a row's features add up to %.3g, and devices compute with them to %.0g; "
                          "divide the features by a power of ten",
                          info.path, longest, most_squares);
        goto out;
    }
    find_moments(&run->rows, run->rows.weights, run->mean, run->deviation);
    find_moments(&run->rows, NULL, run->plain_mean, run->plain_deviation);
    choose_steps(run, simulator);
out:
    return status;
}

void cln_fixed_run_release(cln_fixed_run *run)
{
    void *all[] = {run->rows.x,          run->rows.weights, run->rows.shift, run->mean, run->plain_mean,
                   run->plain_deviation, run->deviation,    run->used,       run->w,    run->b};
    for (size_t i = 0; i < CLN_COUNT(all); i++)
        free(all[i]);
    cln_dataset_close(run->again);
    cln_dataset_close(run->data);
    *run = (cln_fixed_run){0};
}
