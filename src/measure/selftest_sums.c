/* Gram matrices, means and deviations. */
#include "measure/selftest.h"

#include "base/size.h"
#include "compute/gram.h"
#include "compute/moments.h"
#include "reference/sums.h"

#include <stdio.h>
#include <stdlib.h>

/* A trial on the device for sums: rows in one allocation, or in several. */
typedef struct sums {
    cln_device *device;
    cln_trial trial; /* the caller's, its order NULL where rows are taken as they lie */
    cln_resident *resident;
    cln_guarded order;
    cln_check *check;
} sums;

static cln_status begin(sums *s, cln_device *device, const cln_trial *trial, cln_check *check, cln_error *error)
{
    cln_status status;
    *s = (sums){.device = device, .trial = *trial, .check = check};
    TRY(cln_guarded_create(device, trial->order, trial->n * sizeof *trial->order, &s->order, error));
    TRY(cln_selftest_upload(device, trial, 0, &s->resident, error));
out:
    return status;
}

static cln_status end(sums *s, cln_status status, cln_error *found, cln_error *error)
{
    if (status == CLN_OK)
        status = cln_guarded_check(s->device, &s->order, "row order", s->check, found);
    cln_resident_release(s->resident);
    cln_guarded_release(s->device, &s->order);
    return cln_selftest_judge(status, found, s->check, error);
}

/* All that the matrix holds so far. */
static cln_status check_gram(sums *s, cln_gram *gram, const double *want, const double *slack, double *got,
                             cln_error *error)
{
    cln_status status;
    size_t size = s->trial.d + 1 + s->trial.k;
    TRY(cln_gram_read(gram, got, error));
    for (size_t i = 0; i < size; i++)
        for (size_t j = 0; j < size; j++)
            cln_check_value(s->check, got[i * size + j], want[i * size + j], slack[i * size + j], "sum (%zu,%zu)", i,
                            j);
out:
    return status;
}

/* A third of the rows as they lie, then all in order, added to that. */
static cln_status test_gram(sums *s, cln_error *error)
{
    cln_status status;
    cln_trial *t = &s->trial;
    uint32_t *order = t->order;
    cln_gram *gram = NULL;
    double *want = NULL, *slack = NULL, *got = NULL;
    uint64_t size = t->d + 1 + t->k;
    TRY(cln_allocate((void **)&want, size * size, sizeof *want, "sums", error));
    TRY(cln_allocate((void **)&slack, size * size, sizeof *slack, "sums", error));
    TRY(cln_allocate((void **)&got, size * size, sizeof *got, "sums", error));
    TRY(cln_gram_create(s->device, t->d, t->k, t->type, &gram, error));
    if (t->shift)
        TRY(cln_gram_centre(gram, t->shift, error));
    for (int ordered = 0; ordered < 2; ordered++) {
        uint32_t first = ordered ? 0 : t->n / 3, count = ordered ? t->n : t->n - t->n / 2;
        t->order = ordered ? order : NULL;
        TRY(cln_gram_add_range(gram, s->resident, ordered ? s->order.memory : NULL, first, count, error));
        TRY(cln_reference_gram(t, first, count, want, slack, error));
        TRY(check_gram(s, gram, want, slack, got, error));
    }
out:
    cln_gram_release(gram);
    free(want);
    free(slack);
    free(got);
    return status;
}

static cln_status test_moments(sums *s, cln_error *error)
{
    cln_status status;
    cln_trial *t = &s->trial;
    uint32_t *order = t->order;
    double *mean = NULL, *deviation = NULL;
    TRY(cln_allocate((void **)&mean, t->d, sizeof *mean, "means", error));
    TRY(cln_allocate((void **)&deviation, t->d, sizeof *deviation, "deviations", error));
    for (int ordered = 0; ordered < 2; ordered++) {
        uint32_t first = ordered ? 0 : t->n / 3, count = ordered ? t->n : t->n - t->n / 2;
        t->order = ordered ? order : NULL;
        TRY(cln_moments(s->device, s->resident, ordered ? s->order.memory : NULL, first, count, mean, deviation,
                        error));
        for (uint32_t j = 0; j < t->d; j++) {
            cln_moment want = cln_reference_moment(t, first, count, j);
            cln_check_value(s->check, mean[j], want.mean, want.mean_slack, "the mean of column %zu", j, 0);
            cln_check_value(s->check, deviation[j], want.deviation, want.deviation_slack, "the deviation of column %zu",
                            j, 0);
        }
    }
out:
    free(mean);
    free(deviation);
    return status;
}

static cln_status gram(cln_device *device, const cln_trial *trial, cln_check *check, cln_error *error)
{
    sums s;
    cln_error found = {0};
    cln_status status = begin(&s, device, trial, check, &found);
    if (status == CLN_OK)
        status = test_gram(&s, &found);
    return end(&s, status, &found, error);
}

static cln_status moments(cln_device *device, const cln_trial *trial, cln_check *check, cln_error *error)
{
    sums s;
    cln_error found = {0};
    cln_status status = begin(&s, device, trial, check, &found);
    if (status == CLN_OK)
        status = test_moments(&s, &found);
    return end(&s, status, &found, error);
}

/* ---- of which trials */

static const struct {
    uint32_t n, d, k;
    bool centred, tiny;
} sizes[] = {{300, 784, 10, false, false}, {1025, 7, 3, true, false}, {33, 7, 1, true, true}};

typedef struct sum {
    const char *name;
    cln_status (*test)(cln_device *device, const cln_trial *trial, cln_check *check, cln_error *error);
    cln_type type;
    bool centred; /* where the size is */
} sum;

static const sum tested[] = {
    {"gram uint8", gram, CLN_UINT8, false},
    {"gram float32", gram, CLN_FLOAT32, true},
    {"moments uint8", moments, CLN_UINT8, false},
    {"moments float32", moments, CLN_FLOAT32, false},
};

static cln_status test_sum(cln_selftest *s, const sum *of, cln_error *error)
{
    cln_status status = CLN_OK;
    cln_check check = {.name = of->name};
    cln_trial trial = {0};
    for (size_t i = 0; i < CLN_COUNT(sizes) && !s->telling.stopped; i++) {
        if (s->simulated && !sizes[i].tiny)
            continue;
        TRY(cln_trial_draw(sizes[i].n, sizes[i].d, sizes[i].k, of->type, true, &trial, error));
        if (of->centred && sizes[i].centred)
            TRY(cln_trial_fold(&trial, true, false, error));
        snprintf(check.place, sizeof check.place, "%u rows of %u %s", trial.n, trial.d,
                 of->type == CLN_UINT8 ? "bytes" : "floats");
        if (cln_selftest_goes_on(s, &check))
            TRY(of->test(s->device, &trial, &check, error));
        cln_trial_free(&trial);
    }
    cln_selftest_tell(s, &check);
out:
    cln_trial_free(&trial);
    return status;
}

size_t cln_selftest_sum_parts(const cln_selftest *s)
{
    size_t parts = 0;
    for (size_t i = 0; i < CLN_COUNT(sizes); i++)
        parts += CLN_COUNT(tested) * (sizes[i].tiny || !s->simulated);
    return parts;
}

cln_status cln_selftest_sums(cln_selftest *s, cln_error *error)
{
    cln_status status = CLN_OK;
    for (size_t i = 0; i < CLN_COUNT(tested) && !s->telling.stopped; i++)
        TRY(test_sum(s, &tested[i], error));
out:
    return status;
}
