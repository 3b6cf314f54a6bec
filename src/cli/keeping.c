#include "cli/keeping.h"

#include "cli/message.h"

cln_status cln_keeping_create(const cln_job *job, cln_device *device, cln_trainer **trainer, cln_error *error)
{
    return job->resume ? cln_trainer_resume(device, job->options, &job->parts, job->resume, trainer, error)
                       : cln_trainer_create(device, job->options, &job->parts, trainer, error);
}

static const char *mark(void *user)
{
    const cln_keeping *keeping = user;
    return keeping->log ? cln_log_mark(keeping->log) : "";
}

/* Said once for as long as it lasts: a disk that is full is full at every checkpoint. */
static void told(const cln_error *failure, void *user)
{
    cln_keeping *keeping = user;
    bool failing = failure != NULL;
    if (failing && !keeping->failing)
        cln_message_note("no checkpoint: %s; the training goes on, and the checkpoint before stays", failure->message);
    if (!failing && keeping->failing)
        cln_message_note("checkpoints are written again");
    keeping->failing = failing;
}

/* A log that was kept with the checkpoint goes on, where it is wanted. */
static cln_status open_log(cln_keeping *keeping, const cln_job *job, const cln_resumption *from,
                           const cln_training *training, cln_error *error)
{
    if (!job->log)
        return CLN_OK;
    return *from->mark ? cln_log_resume(job->log, from->mark, &keeping->log, error)
                       : cln_log_open(job->log, job->data, &training->device, job->options, &keeping->log, error);
}

cln_status cln_keeping_begin(cln_keeping *keeping, const cln_job *job, cln_trainer *trainer, cln_training *training,
                             cln_error *error)
{
    cln_status status;
    cln_resumption from = {.mark = ""};
    *keeping = (cln_keeping){.path = job->checkpoint ? job->checkpoint : job->resume};
    training->resumed = cln_trainer_resumed(trainer, &from);
    training->resumed_epoch = from.epoch;
    training->resumed_step = from.steps;
    training->checkpoint = keeping->path;
    if (keeping->path) {
        cln_checkpoints to = {.path = keeping->path,
                              .every = job->checkpoint_every ? job->checkpoint_every : from.every,
                              .mark = mark,
                              .told = told,
                              .user = keeping};
        TRY(cln_trainer_checkpoint(trainer, &to, error));
    }
    TRY(open_log(keeping, job, &from, training, error));
    if (training->resumed)
        cln_message_note("resumed from %s: epoch %llu, step %llu", job->resume, (unsigned long long)from.epoch,
                         (unsigned long long)from.steps);
    if (training->resumed && !from.same_device)
        cln_message_note(
            "it was kept on another device or driver, %s: results are the same but for rounding, and for what "
            "validation makes of that",
            from.device);
out:
    return status;
}
