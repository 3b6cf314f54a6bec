#include "reference/trial.h"

#include "base/random.h"
#include "base/size.h"

#include <math.h>
#include <stdlib.h>

/* −1 … 1 in steps of 0.001. */
static float uniform(cln_random *random)
{
    return (float)cln_random_below(random, 2001) / 1000 - 1;
}

static void draw_rows(cln_trial *t, cln_random *random)
{
    for (size_t i = 0; i < (size_t)t->n * t->d; i++) {
        uint32_t draw = cln_random_below(random, 512);
        if (t->type == CLN_UINT8)
            ((uint8_t *)t->x)[i] = draw < 256 ? (uint8_t)draw : 0;
        else
            ((float *)t->x)[i] = uniform(random) * (draw == 0 ? 40 : 1);
    }
}

static void draw_order(cln_trial *t, cln_random *random)
{
    for (uint32_t i = 0; i < t->n; i++) {
        t->y[i] = (int32_t)cln_random_below(random, t->k);
        t->order[i] = i;
    }
    for (uint32_t i = t->n - 1; i > 0; i--) {
        uint32_t j = cln_random_below(random, i + 1), kept = t->order[i];
        t->order[i] = t->order[j];
        t->order[j] = kept;
    }
    t->y[0] = (int32_t)t->k - 1; /* so that the labels show all k outputs */
}

cln_status cln_trial_draw(uint32_t n, uint32_t d, uint32_t k, cln_type type, bool bias, cln_trial *trial,
                          cln_error *error)
{
    cln_status status;
    cln_random random;
    *trial = (cln_trial){.n = n, .d = d, .k = k, .models = 1, .type = type, .bias = bias};
    trial->scale = type == CLN_UINT8 ? (float)(1.0 / 255) : 0.5f;
    cln_random_seed(&random, n * 1000003ull + d * 1009ull + k, type);
    TRY(cln_allocate(&trial->x, (uint64_t)n * d, type == CLN_UINT8 ? 1 : sizeof(float), "rows to try", error));
    TRY(cln_allocate((void **)&trial->y, n, sizeof *trial->y, "labels to try", error));
    TRY(cln_allocate((void **)&trial->order, n, sizeof *trial->order, "a row order", error));
    TRY(cln_allocate((void **)&trial->w, (uint64_t)k * d, sizeof *trial->w, "weights to try", error));
    TRY(cln_allocate((void **)&trial->b, k, sizeof *trial->b, "weights to try", error));
    draw_rows(trial, &random);
    draw_order(trial, &random);
    for (size_t i = 0; i < (size_t)k * d; i++)
        trial->w[i] = uniform(&random);
    for (uint32_t i = 0; i < k; i++)
        trial->b[i] = bias ? uniform(&random) : 0;
out:
    return status;
}

cln_status cln_trial_models(cln_trial *trial, cln_row_loss loss, cln_target target, uint32_t models, cln_error *error)
{
    cln_status status = CLN_OK;
    cln_trial *t = trial;
    uint32_t one = t->k / models;
    cln_random random;
    cln_random_seed(&random, t->n, t->k);
    t->loss = loss;
    t->target = target;
    t->models = models;
    t->lowest = 1;
    t->highest = 8;
    for (uint32_t i = 0; i < t->n; i++)
        t->y[i] = (int32_t)cln_random_below(&random, target == CLN_TARGET_VALUE ? 10 : one);
    for (uint32_t k = 0; target == CLN_TARGET_VALUE && t->bias && k < t->k; k++)
        t->b[k] += 4.5f;
    if (target != CLN_TARGET_REAL)
        return CLN_OK;
    TRY(cln_allocate((void **)&t->targets, (uint64_t)t->n * one, sizeof *t->targets, "targets to try", error));
    for (size_t i = 0; i < (size_t)t->n * one; i++)
        t->targets[i] = fmaxf(0, 2 * uniform(&random));
out:
    return status;
}

cln_status cln_trial_weigh(cln_trial *trial, cln_error *error)
{
    cln_status status;
    cln_random random;
    cln_random_seed(&random, trial->n, 7);
    TRY(cln_allocate((void **)&trial->weights, trial->n, sizeof *trial->weights, "rows' weights to try", error));
    for (uint32_t i = 0; i < trial->n; i++)
        trial->weights[i] = fmaxf(0, 0.5f + uniform(&random));
out:
    return status;
}

cln_status cln_trial_fold(cln_trial *trial, bool centred, bool spread, cln_error *error)
{
    cln_status status = CLN_OK;
    cln_random random;
    cln_random_seed(&random, trial->d, 11);
    if (centred)
        TRY(cln_allocate((void **)&trial->shift, trial->d, sizeof *trial->shift, "a shift to try", error));
    if (spread)
        TRY(cln_allocate((void **)&trial->spread, trial->d, sizeof *trial->spread, "a spread to try", error));
    for (uint32_t j = 0; j < trial->d; j++) {
        if (centred)
            trial->shift[j] = uniform(&random);
        if (spread)
            trial->spread[j] = 2 + uniform(&random);
    }
out:
    return status;
}

void cln_trial_free(cln_trial *trial)
{
    void *all[] = {trial->x,       trial->y,       trial->order, trial->w,     trial->b,
                   trial->targets, trial->weights, trial->shift, trial->spread};
    for (size_t i = 0; i < CLN_COUNT(all); i++)
        free(all[i]);
    *trial = (cln_trial){0};
}
