#include "measure/selftest_rig.h"

#include "base/size.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static cln_problem problem_of(const cln_trial *t, uint32_t batch_rows)
{
    return (cln_problem){.features = t->d,
                         .outputs = t->k,
                         .models = t->models,
                         .type = t->type,
                         .loss = t->loss,
                         .target = t->target,
                         .lowest = t->lowest,
                         .highest = t->highest,
                         .scale = t->scale,
                         .bias = t->bias,
                         .centred = t->shift != NULL,
                         .spread = t->spread != NULL,
                         .block_rows = t->n,
                         .batch_rows = batch_rows};
}

cln_status cln_selftest_upload(cln_device *device, const cln_trial *trial, uint64_t chunk_rows, cln_resident **resident,
                               cln_error *error)
{
    cln_status status;
    cln_dataset *data = NULL;
    uint64_t row = cln_layout_of(trial->d, trial->k).stride * cln_type_bytes(trial->type);
    *resident = NULL;
    if (trial->targets)
        TRY(cln_dataset_wrap_targets(trial->x, trial->type, trial->n, trial->d, trial->targets,
                                     trial->k / trial->models, &data, error));
    else
        TRY(cln_dataset_wrap(trial->x, trial->type, trial->n, trial->d, trial->y, &data, error));
    TRY(cln_resident_begin(device, data, chunk_rows * row, resident, error));
    TRY(cln_resident_finish(*resident, trial->n, NULL, error));
    if (trial->weights)
        TRY(cln_resident_weigh(*resident, trial->weights, error));
out:
    if (status != CLN_OK) { /* before the rows go that it reads */
        cln_resident_release(*resident);
        *resident = NULL;
    }
    cln_dataset_close(data);
    return status;
}

/* Steps that are small enough for errors not to grow: no longer than the inverse of the loss's curvature, which is at most the largest
   ‖x‖², times the largest sum of a row's targets. */
static void choose_steps(cln_rig *r)
{
    const cln_trial *t = r->trial;
    double most = 1;
    for (size_t i = 0; i < t->n; i++) {
        double squares = t->bias;
        for (uint32_t j = 0; j < t->d; j++) {
            double x = cln_trial_value(t, i, j) - (t->shift ? (double)t->shift[j] : 0);
            squares += x * x * (t->spread ? (double)t->spread[j] : 1);
        }
        most = fmax(most, squares);
    }
    uint32_t outputs = t->k / t->models;
    if (t->target == CLN_TARGET_REAL)
        most *= 2.0 * outputs;
    for (uint32_t m = 0; m < t->models; m++)
        r->h_steps[m] = (cln_step){0.01f + 0.02f * (float)m, 0.9f - 0.1f * (float)m,
                                   (float)(0.25 / most) / (float)(m + 1), m % 2 ? 0 : 1};
}

/* Weights as the device holds them, (kp,ld), the bias in column d; and a velocity. */
static cln_status lay_out(cln_rig *r, cln_error *error)
{
    cln_status status;
    const cln_trial *t = r->trial;
    size_t ld = r->plan->layout.ld;
    r->cells = r->plan->layout.kp * ld;
    TRY(cln_allocate((void **)&r->h_w, r->cells, sizeof *r->h_w, "weights to try", error));
    TRY(cln_allocate((void **)&r->h_v, r->cells, sizeof *r->h_v, "weights to try", error));
    for (size_t k = 0; k < t->k; k++) {
        memcpy(r->h_w + k * ld, t->w + k * t->d, t->d * sizeof *t->w);
        r->h_w[k * ld + t->d] = t->b[k];
        for (size_t j = 0; j < t->d; j++)
            r->h_v[k * ld + j] = (float)((j + k) % 5) * 0.01f - 0.02f;
    }
out:
    return status;
}

static cln_status create_buffers(cln_rig *r, cln_error *error)
{
    cln_status status;
    const cln_trial *t = r->trial;
    cln_device *device = r->device;
    size_t weights = r->cells * sizeof(float);
    size_t scores = (CLN_RIG_STEPS * (size_t)cln_plan_scores(r->plan, t->n)) * t->models * sizeof(cln_partial_score);
    TRY(cln_guarded_create(device, r->h_w, weights, &r->w, error));
    TRY(cln_guarded_create(device, NULL, weights, &r->v, error));
    TRY(cln_guarded_create(device, NULL, weights, &r->moving, error));
    TRY(cln_guarded_create(device, NULL, weights, &r->gradient, error));
    TRY(cln_guarded_create(device, NULL, (size_t)t->n * t->models * sizeof(uint32_t), &r->predicted, error));
    TRY(cln_guarded_create(device, NULL, scores, &r->scores, error));
    TRY(cln_guarded_create(device, t->order, t->n * sizeof *t->order, &r->order, error));
    TRY(cln_guarded_create(device, r->h_steps, t->models * sizeof *r->h_steps, &r->steps, error));
out:
    return status;
}

cln_status cln_rig_create(cln_rig *r, const cln_tested_engine *of, cln_error *error)
{
    cln_status status;
    const cln_trial *t = r->trial;
    cln_problem problem = problem_of(t, of->batch_rows);
    TRY(cln_truth_create(t, &r->truth, error));
    TRY(cln_plan_create(r->device, of->engine, &problem, of->shape, &r->plan, error));
    if (of->fixed && of->kind != r->plan->shape.kind)
        goto out;
    TRY(cln_plan_fold(r->plan, t->shift, t->spread, error));
    TRY(cln_selftest_upload(r->device, t, of->chunk_rows, &r->resident, error));
    choose_steps(r);
    TRY(lay_out(r, error));
    TRY(create_buffers(r, error));
out:
    return status;
}

void cln_rig_release(cln_rig *r)
{
    cln_guarded *all[] = {&r->w, &r->v, &r->moving, &r->gradient, &r->predicted, &r->scores, &r->order, &r->steps};
    for (size_t i = 0; i < CLN_COUNT(all); i++)
        cln_guarded_release(r->device, all[i]);
    free(r->h_w);
    free(r->h_v);
    cln_resident_release(r->resident);
    cln_plan_release(r->plan);
    cln_truth_free(&r->truth);
}

cln_status cln_rig_rows(cln_rig *r, bool ordered, cln_rows *rows, cln_error *error)
{
    return cln_resident_rows(r->resident, ordered ? r->order.memory : NULL, 0, r->trial->n, rows, error);
}
