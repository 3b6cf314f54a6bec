/*
 * A trainer's state, shared by its files: trainer.c (life), sizes.c (what options and rows come to), stack.c (which configurations go
 * together), sight.c (what it sees of the data: centring, weights, step sizes), step.c (minibatches), run.c (epochs), lane.c (how each
 * configuration ends), result.c, warnings_run.c.
 *
 * A trainer has one lane or, for a search, several: configurations that differ in steps, penalty and patience alone and are trained
 * in one pass over the same minibatches, as stacked models. Lane m has rows m·k … m·k+k−1 of all weights. The public interface is the
 * case of one lane.
 */
#ifndef CLN_TRAIN_TRAINER_H
#define CLN_TRAIN_TRAINER_H

#include "device/queue.h"
#include "train/parts.h"
#include "train/patience.h"
#include "train/warnings.h"

typedef struct cln_lane {
    cln_options *options;  /* a copy, for the model's metadata */
    cln_settings settings; /* those options; the learning rate is the one that was found where none was given */
    cln_patience patience;
    bool slow;          /* its step size was found, and the features' units make it too small to learn with (units.h) */
    bool over, in_best; /* stopped, before the others perhaps; its rows of `best` are what it keeps */
    cln_stop stopped;
    uint64_t epoch, steps; /* passes begun, minibatches done */
    double l2;             /* λ in force */
    char reason[256];      /* where it diverged, and of solvers other than sgd */
} cln_lane;

/* In units of scaled features, from the training rows; both (d), NULL where not asked for. */
typedef struct cln_scaling {
    double *shift, *deviation; /* subtracted; divided by after that, 1 for a feature that is always the same */
} cln_scaling;

/* What the gradient's norm is measured in (reference/objective.h), from the training rows as they weigh in the loss. */
typedef struct cln_columns {
    double *mean, *size; /* (d) of x·scale: m_j, s_j; NULL until they are measured */
    double unit;         /* f₀/σ */
} cln_columns;

struct cln_trainer {
    cln_device *device;
    cln_lane *lanes;
    uint32_t lane_count;
    cln_settings settings;                   /* of the first lane: what all have in common */
    cln_selection *selection, own_selection; /* the borrowed one, or its own */
    cln_plan *plan;                          /* models: lane_count; outputs: all lanes' */
    cln_scaling scaling;
    cln_columns columns;
    cl_mem weights, velocity, gradient, best; /* (kp,ld) */
    cl_mem order;                             /* (training rows) uint32; NULL without shuffling */
    uint32_t *h_order;
    cl_mem d_steps;    /* (lanes) */
    cln_step *h_steps; /* (lanes), of the pass that runs */
    cln_score_buffer scores;
    cln_pace pace;
    uint64_t batch;            /* rows of a whole minibatch */
    uint64_t batches;          /* in a pass */
    uint64_t scores_per_batch; /* partial scores of a lane that a whole minibatch leaves */
    double scale;              /* of the features */
    float *row_weights;        /* (training rows), of mean 1; NULL for ones */
    cln_path_row *path;        /* (path_count): of solver direct */
    size_t path_count;
    cln_certificate certificate; /* of the kept weights; rows 0: not yet */
    uint64_t epoch, steps;       /* passes begun, minibatches done */
    cl_mem kept;                 /* weights or best: what is reported */
    /* (k,d), (k): weight and bias of x·scale in double, as lbfgs and direct found them; `kept` is rounded from it. NULL with sgd */
    double *solved;
    cln_seconds seconds;
    double created; /* by the clock */
    cln_warnings warnings;

    struct cln_checkpoint *checkpoint; /* where it is kept, and was resumed from (checkpoint.h); NULL: neither */
    bool resumed;                      /* the steps are another process's, and the run goes on from there */
    cln_score *earlier;                /* (earlier_count): of the minibatches of this pass that it has done */
    uint64_t earlier_count;            /* 0 from the next pass on */
    uint32_t block_rows;               /* of the plan, as it was there; 0: as suits the device */
};

/* Whether two configurations may be lanes of one trainer. */
bool cln_options_stackable(const cln_options *a, const cln_options *b);
/* How many lanes of models with k outputs each pay off in one trainer: 1 or more. */
uint32_t cln_stack_most(const cln_settings *settings, uint32_t k);
/* A trainer of stackable options (count). selection: borrowed, created and perhaps uploaded, which this finishes where it was not; several
   trainers may share it, one after the other where rows have weights. NULL: one is made from parts. */
cln_status cln_trainer_create_stack(cln_device *device, const cln_options *const *options, uint32_t count,
                                    cln_selection *selection, const cln_parts *parts, cln_trainer **trainer,
                                    cln_error *error);
/* As cln_trainer_run, until all lanes have stopped; results: (lanes). A lane that diverges is no failure: its result says so. Progress tells
   the scores of the first lane that is still running. */
cln_status cln_trainer_run_stack(cln_trainer *trainer, cln_progress_fn *progress, void *user, cln_result *results,
                                 cln_error *error);
/* As far as a trainer comes before it takes anything of its device or reads a row: options, rows and batches, all checked. */
cln_status cln_trainer_prepare(cln_device *device, const cln_options *const *options, uint32_t count,
                               cln_selection *selection, const cln_parts *parts, cln_trainer **trainer,
                               cln_error *error);
/* The rest: what cannot fit is refused, kernels are built while rows are uploaded, and each is run once. */
cln_status cln_trainer_build(cln_trainer *trainer, const cln_parts *parts, cln_error *error);
/* sizes.c: its steps from there on, which an estimate walks through as well: settings with what their solver decides; batches of the rows
   that are selected; the problem that its plan solves; its own buffers. */
cln_settings cln_trainer_settings(const cln_settings *given);
void cln_trainer_cut(cln_trainer *trainer);
cln_problem cln_trainer_problem(const cln_trainer *trainer);
cln_status cln_trainer_create_buffers(cln_trainer *trainer, cln_error *error);
/* What a lane keeps, as a model has it: weight (k,d) and bias (k), of x·scale, centring folded into the bias; either may be NULL. After
   sgd they are floats' values. */
cln_status cln_trainer_lane_read(cln_trainer *trainer, uint32_t lane, double *weight, double *bias, cln_error *error);

/* The most that one of the numbers takes that a model's metadata have for each feature. */
#define CLN_NOTED_NUMBER_BYTES 26

/* k, of one lane. */
uint32_t cln_trainer_outputs(const cln_trainer *trainer);

/* What follows from the uploaded rows: centring and deviations, row weights, step sizes where none are given. */
cln_status cln_trainer_see(cln_trainer *trainer, cln_error *error);
/* Fills in `columns`: by a pass over the rows or two, unless their moments were kept. */
cln_status cln_trainer_measure_columns(cln_trainer *trainer, cln_error *error);
/* Keeps moments that were measured for something else: mean and deviation (d) in the data's units, of rows that weigh as in the loss. */
cln_status cln_trainer_keep_columns(cln_trainer *trainer, const double *mean, const double *deviation,
                                    cln_error *error);

/* The lanes' steps in pass `epoch`, from 0, written where they are others than before. */
cln_status cln_trainer_write_steps(cln_trainer *trainer, uint64_t epoch, cln_error *error);
/* Begins the next pass, or goes on with the one that is there: its order, and step sizes. */
cln_status cln_trainer_continue_pass(cln_trainer *trainer, cln_error *error);
cln_status cln_trainer_begin_pass(cln_trainer *trainer, cln_error *error);
/* Enqueues minibatches index … index+count−1 of the pass; the partial scores of each are scores_per_batch behind those of the one
   before, from `first_score` on. */
cln_status cln_trainer_enqueue(cln_trainer *trainer, uint64_t index, uint64_t count, uint64_t first_score,
                               cln_error *error);
/* Counts minibatches that were enqueued, for all lanes that still run. */
void cln_trainer_count(cln_trainer *trainer, uint64_t minibatches);
/* Minibatches between two marks of the host's pace: far enough ahead to keep the device busy, near enough for Ctrl-C. */
uint64_t cln_trainer_stretch(const cln_trainer *trainer);
/* Rows of minibatch `index` of a part; partial scores of a lane that they leave. */
uint64_t cln_trainer_batch_rows(const cln_trainer *trainer, int part, uint64_t index);
uint64_t cln_trainer_batch_scores(const cln_trainer *trainer, uint64_t index);
/* A lane's rows of w (kp,ld) as a model has them: weight (k,d) and bias (k), either may be NULL. */
cln_status cln_trainer_read(cln_trainer *trainer, cl_mem w, uint32_t lane, float *weight, float *bias,
                            cln_error *error);
/* What the penalty of a lane is λ/2 of: ‖w‖² of its (k,d) part, each weight times its feature's deviation where they are standardised. */
cln_status cln_trainer_squared_norm(cln_trainer *trainer, cl_mem w, uint32_t lane, double *norm, cln_error *error);

/* lane.c: a lane stops here; what it has, or its best, stays its own while others go on. */
cln_status cln_lane_stop(cln_trainer *trainer, uint32_t lane, cln_stop reason, cln_error *error);
/* How a solver other than sgd ended: what is in the trainer's weights is what its one lane keeps. */
void cln_lane_solved(cln_trainer *trainer, cln_stop stopped, uint64_t iterations, uint64_t passes);
/* Takes a lane's weights as its best. */
cln_status cln_lane_keep(cln_trainer *trainer, uint32_t lane, cln_error *error);
/* Lanes that have not stopped. */
uint32_t cln_trainer_running(const cln_trainer *trainer);
/* Back to weights of zero, as if nothing had been done, for another run of the same. For solvers other than direct. */
cln_status cln_trainer_restart(cln_trainer *trainer, cln_error *error);
/* The weights that all lanes keep, after the last has stopped. */
cln_status cln_trainer_gather_kept(cln_trainer *trainer, cln_error *error);

/* Scores a part with weights w (kp,ld); scores: (lanes), without rows where there is no such part. gradient as in cln_score_range. The time
   counts as evaluation. */
cln_status cln_trainer_score(cln_trainer *trainer, int part, cl_mem w, cl_mem gradient, cln_score *scores,
                             cln_error *error);
/* Fills in the results (lanes) of a run that has stopped. A lane that diverged has its reason, and scores only where it has a best. */
cln_status cln_trainer_conclude(cln_trainer *trainer, cln_result *results, cln_error *error);
/* warnings_run.c: warns of the result of a run of one lane, where its figures look better than it is. */
cln_status cln_trainer_judge(cln_trainer *trainer, const cln_result *result, cln_error *error);

#endif
