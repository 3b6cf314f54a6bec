/* How each of a trainer's lanes ends: where it stopped, and which weights it keeps. */
#include "device/buffer.h"
#include "train/trainer.h"

#include <stdlib.h>

uint32_t cln_trainer_running(const cln_trainer *trainer)
{
    uint32_t running = 0;
    for (uint32_t m = 0; m < trainer->lane_count; m++)
        running += !trainer->lanes[m].over;
    return running;
}

/* A lane's rows of one buffer to another. */
static cln_status copy_lane(cln_trainer *trainer, uint32_t lane, cl_mem from, cl_mem to, cln_error *error)
{
    uint64_t bytes = (uint64_t)cln_trainer_outputs(trainer) * trainer->plan->layout.ld * sizeof(float);
    return cln_buffer_copy(trainer->device, from, to, lane * bytes, bytes, error);
}

cln_status cln_lane_keep(cln_trainer *trainer, uint32_t lane, cln_error *error)
{
    cln_status status = copy_lane(trainer, lane, trainer->weights, trainer->best, error);
    if (status == CLN_OK)
        trainer->lanes[lane].in_best = true;
    return status;
}

cln_status cln_lane_stop(cln_trainer *trainer, uint32_t lane, cln_stop reason, cln_error *error)
{
    cln_lane *own = &trainer->lanes[lane];
    own->over = true;
    own->stopped = reason;
    bool moves_on = cln_trainer_running(trainer) > 0;
    return moves_on && !own->in_best ? cln_lane_keep(trainer, lane, error) : CLN_OK;
}

void cln_lane_solved(cln_trainer *trainer, cln_stop stopped, uint64_t iterations, uint64_t passes)
{
    cln_lane *lane = &trainer->lanes[0];
    trainer->certificate = (cln_certificate){0}; /* a callback may have asked for one on the way */
    lane->over = true;
    lane->stopped = stopped;
    lane->epoch = trainer->epoch = iterations;
    lane->steps = trainer->steps = passes;
}

cln_status cln_trainer_gather_kept(cln_trainer *trainer, cln_error *error)
{
    cln_status status = CLN_OK;
    uint32_t in_best = 0;
    for (uint32_t m = 0; m < trainer->lane_count; m++)
        in_best += trainer->lanes[m].in_best;
    trainer->kept = in_best ? trainer->best : trainer->weights;
    for (uint32_t m = 0; in_best && m < trainer->lane_count; m++)
        if (!trainer->lanes[m].in_best)
            TRY(copy_lane(trainer, m, trainer->weights, trainer->best, error));
out:
    return status;
}

cln_status cln_trainer_restart(cln_trainer *trainer, cln_error *error)
{
    cln_status status;
    TRY(cln_buffer_zero(trainer->device, trainer->weights, error));
    TRY(cln_buffer_zero(trainer->device, trainer->velocity, error));
    trainer->epoch = trainer->steps = trainer->earlier_count = 0;
    trainer->kept = trainer->weights;
    free(trainer->solved);
    trainer->solved = NULL;
    trainer->certificate = (cln_certificate){0};
    trainer->seconds.train = trainer->seconds.evaluate = 0;
    for (uint32_t m = 0; m < trainer->lane_count; m++) {
        cln_lane *lane = &trainer->lanes[m];
        lane->patience = cln_patience_begin(&lane->settings);
        lane->over = lane->in_best = false;
        lane->epoch = lane->steps = 0;
        *lane->reason = '\0';
    }
    TRY(cln_queue_finish(trainer->device, error));
out:
    return status;
}
