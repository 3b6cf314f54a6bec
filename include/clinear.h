/*
 * clinear: linear models trained on any OpenCL device. The whole public interface.
 *
 * Symbols: n rows, d features, k outputs (classes). X is (n,d), row-major. Weights W are (k,d) and the
 * bias b is (k), the layout of PyTorch's nn.Linear and scikit-learn's coef_. Logits Z = X·Wᵀ + b, (n,k);
 * P = softmax(Z). The loss of a row with class y, y one-hot as t:
 *
 *     model softmax, loss cross-entropy   −log P[y]      Bishop, Pattern Recognition and Machine Learning (2006), 4.108
 *     model softmax, loss squared         ½·‖P − t‖²
 *     model linear                        ½·‖Z − t‖²     Bishop, 3.12; t one-hot, the label as a number, or real values
 *
 * A part's loss is the mean over its rows; objective = training loss + (λ₂/2)·‖W‖² + λ₁·‖W‖₁, the bias never penalised, rows
 * weighted where weights are given, W that of standardised features where they are standardised.
 *
 * Errors: every function that can fail returns a cln_status and, where `error` is not NULL, writes there
 * what failed, on what, why, and the remedy. Each call begins with a clean `error`: after CLN_OK its status is
 * CLN_OK and its message "", so a chain of calls ends with the first that fails, as in the example.
 * A NULL argument is CLN_INVALID unless its description allows it. A function without a status then returns
 * 0, false, NULL, "", NaN or zeros, and one that releases does nothing.
 * Processes: a driver's threads do not survive fork(). After a process has listed or opened a device, a forked child
 * gets CLN_DEVICE from every function that uses OpenCL, and closing inherited handles does nothing. Fork before, or exec.
 * Ownership: what a function hands out through a `**` is released with the matching _close or _free, all
 * of which accept NULL. A trainer borrows its device and data sets: close it before them.
 * Threads: a handle belongs to one thread at a time; different devices may be used from different threads.
 * The library never prints and never exits (CLBlast itself may print).
 *
 * Example: train on MNIST's files in ./mnist, say how good it is, keep the model.
 *
 *     #include <clinear.h>
 *     #include <stdio.h>
 *
 *     int main(void)
 *     {
 *         cln_error error = {0};
 *         cln_device *device = NULL;
 *         cln_dataset *train = NULL, *test = NULL;
 *         cln_options *options = NULL;
 *         cln_trainer *trainer = NULL;
 *         cln_model *model = NULL;
 *         cln_result result;
 *
 *         if (cln_device_open("auto", &device, &error) == CLN_OK &&
 *             cln_dataset_open("mnist", NULL, CLN_PART_TRAIN, &train, &error) == CLN_OK &&
 *             cln_dataset_open("mnist", NULL, CLN_PART_TEST, &test, &error) == CLN_OK &&
 *             cln_options_create(&options, &error) == CLN_OK &&
 *             cln_options_set(options, "learning-rate", "0.1", &error) == CLN_OK &&
 *             cln_trainer_create(device, options, &(cln_parts){train, NULL, test}, &trainer, &error) == CLN_OK &&
 *             cln_trainer_run(trainer, NULL, NULL, &result, &error) == CLN_OK &&
 *             cln_trainer_model(trainer, &model, &error) == CLN_OK &&
 *             cln_model_save(model, "model.safetensors", &error) == CLN_OK)
 *             printf("%.2f %% of %llu test images right\n", 100 * cln_accuracy(&result.test),
 *                    (unsigned long long)result.test.rows);
 *         else
 *             fprintf(stderr, "%s\n", error.message);
 *
 *         cln_model_free(model);
 *         cln_trainer_close(trainer);
 *         cln_options_free(options);
 *         cln_dataset_close(test);
 *         cln_dataset_close(train);
 *         cln_device_close(device);
 *         return error.status != CLN_OK;
 *     }
 */
#ifndef CLINEAR_H
#define CLINEAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define CLN_API __attribute__((visibility("default")))
#else
#define CLN_API
#endif

/* ------------------------------------------------------------------------------------------ status -- */

/* One list: enum, name and sentence cannot drift apart. */
#define CLN_STATUS_MAP(X)                                                                                              \
    X(OK, "success")                                                                                                   \
    X(INVALID, "an argument or option is not valid")                                                                   \
    X(MEMORY, "the host is out of memory")                                                                             \
    X(IO, "a file could not be read or written")                                                                       \
    X(FORMAT, "a file is malformed")                                                                                   \
    X(NO_DEVICE, "no such OpenCL device")                                                                              \
    X(DEVICE, "the OpenCL device or its driver failed")                                                                \
    X(BUILD, "an OpenCL program did not build")                                                                        \
    X(UNSUPPORTED, "the device or this version cannot do that")                                                        \
    X(DIVERGED, "training diverged")

typedef enum cln_status {
#define X(name, sentence) CLN_##name,
    CLN_STATUS_MAP(X)
#undef X
} cln_status;

typedef struct cln_error {
    cln_status status;
    char message[2048]; /* one sentence or more: operation, object, cause, remedy */
} cln_error;

CLN_API const char *cln_version(void);
CLN_API const char *cln_status_name(cln_status status);     /* "NO_DEVICE" */
CLN_API const char *cln_status_sentence(cln_status status); /* "no such OpenCL device" */

/* ----------------------------------------------------------------------------------------- devices -- */

typedef struct cln_device cln_device;

typedef struct cln_device_info {
    int index; /* position in the flat list over all platforms; a selector */
    char name[128], vendor[128], platform[128], driver[128], version[128];
    char type[16]; /* "cpu", "gpu", "accelerator" or "other" */
    uint32_t compute_units, clock_mhz;
    uint64_t global_bytes, max_alloc_bytes, local_bytes;
    bool fp16, fp64;
    bool simulator;      /* claims to be a device but runs on the host, slowly (Oclgrind): `auto` takes it last */
    bool unified_memory; /* works in host memory, as a CPU or an integrated GPU does */
    int same_as;         /* index of the same physical device under an earlier platform, or -1 */
    char problem[128];   /* why it cannot be used; empty where it can */
} cln_device_info;

/* Lists every device of every platform. *list is (*count), to be released with cln_device_list_free;
   no device at all is CLN_OK with *count 0. */
CLN_API cln_status cln_device_list(cln_device_info **list, size_t *count, cln_error *error);
CLN_API void cln_device_list_free(cln_device_info *list);

/* Says line by line why no device (or no GPU) is found: ICD files and what failed to load, rights on the
   device files, the package to install for each vendor. */
typedef void cln_line_fn(const char *line, void *user);
CLN_API cln_status cln_device_explain(cln_line_fn *line, void *user, cln_error *error);

/* Opens a device. selector: "auto" (or NULL): the best one, a discrete GPU before another GPU before an
   accelerator before a CPU, a simulator last; "gpu", "cpu", "accelerator": the best of that type; a number: the
   index in the list; anything else: a part of the device's or platform's name, in any case, that fits one
   device only, or, where it fits none, of what the driver calls itself in `version` behind the number:
   "pocl", "cuda". CLN_NO_DEVICE says what there is instead. */
CLN_API cln_status cln_device_open(const char *selector, cln_device **device, cln_error *error);
/* The position in a list (count) of the device that a selector takes; the list's order gives the indices. Opens nothing. */
CLN_API cln_status cln_device_choose(const char *selector, const cln_device_info *list, size_t count, size_t *chosen,
                                     cln_error *error);
CLN_API const cln_device_info *cln_device_describe(const cln_device *device);
/* The whole log of the last program that did not build on this device ("" where all did). */
CLN_API const char *cln_device_build_log(const cln_device *device);
/* Compiling may take seconds where no cache on disk has the kernels. `told` hears of it from the calls that compile: with
   seconds below 0 before it begins, and with how long it took when it has ended, or failed. what: "the kernels for 784
   features and 10 outputs". NULL: nobody hears. */
typedef void cln_compile_fn(const char *what, double seconds, void *user);
CLN_API void cln_device_on_compile(cln_device *device, cln_compile_fn *told, void *user);
CLN_API void cln_device_close(cln_device *device);

/* ------------------------------------------------------------------------------------------ tuning -- */

/*
 * A search on the device itself for what it computes fastest with: the shape of our kernels, CLBlast's parameters, and the engine that
 * `auto` takes. What is found is in force for the handle at once; kept in a file, it is there for the next one. Without it there
 * are built-in choices. Results differ by rounding alone, and with the same tuning are the same bits.
 */

#define CLN_TUNING_PATH_BYTES 4300

/* The usual file of a device and its driver, in $XDG_CACHE_HOME/clinear or ~/.cache/clinear: a JSON file (src/compute/tuning.h says
   which), for this user alone. CLN_IO where the folder cannot be made or trusted. */
CLN_API cln_status cln_device_tuning_path(const cln_device *device, char path[CLN_TUNING_PATH_BYTES], cln_error *error);
/* Takes what a file says in the place of what was in force. path: NULL for the usual file, and it is no error where that is not
   there. A file that others may write, of another version or device, malformed, or with values that do not fit the device, is
   refused as a whole with the reason and the remedy, and nothing changes: CLN_IO, CLN_FORMAT, CLN_UNSUPPORTED. */
CLN_API cln_status cln_device_load_tuning(cln_device *device, const char *path, cln_error *error);
/* Writes what is in force, atomically. path: NULL for the usual file. CLN_IO; CLN_INVALID where nothing was measured. */
CLN_API cln_status cln_device_save_tuning(cln_device *device, const char *path, cln_error *error);

/* How the search goes. */
typedef struct cln_tune_progress {
    const char *name;             /* what is tuned: "step 784 x 10, 600 rows, uint8" */
    const char *trying;           /* the parameters that are tried now */
    uint32_t index, count;        /* of things to tune, from 1 */
    double seconds, seconds_left; /* of the budget */
} cln_tune_progress;

/* Nonzero ends the search; what was found until then stays. */
typedef int cln_tune_progress_fn(const cln_tune_progress *progress, void *user);

/* What came out for one of the things tuned. Times are medians, taken in turns. */
typedef struct cln_tune_row {
    char name[96];
    char builtin[96], best[96]; /* parameters (those that differ) or engine */
    double builtin_ms, best_ms; /* of a step or product */
    uint32_t tried, wrong,
        slow;         /* candidates: timed; that failed or computed wrong; that took longer than their share */
    char reason[256]; /* why there are no times; "" where there are */
} cln_tune_row;

typedef void cln_tune_row_fn(const cln_tune_row *row, void *user);

/* Searches for about `budget_seconds`, longer only by what cannot be interrupted: one candidate's compilation. What was in force before
   is tried first, and stays where nothing better was found or there was no time. progress and row may be NULL. Takes some
   hundred MB of device memory for that time. A candidate's failure is none of the search. */
CLN_API cln_status cln_device_tune(cln_device *device, double budget_seconds, cln_tune_progress_fn *progress,
                                   cln_tune_row_fn *row, void *user, cln_error *error);

/* -------------------------------------------------------------------------------------------- data -- */

typedef struct cln_dataset cln_dataset;

typedef enum cln_part { CLN_PART_TRAIN, CLN_PART_TEST } cln_part;
typedef enum cln_type { CLN_UINT8, CLN_FLOAT32 } cln_type;

typedef struct cln_dataset_info {
    uint64_t rows;
    uint32_t features;      /* d */
    uint32_t outputs;       /* k: the largest label plus one, or the targets of a row; 0 without either */
    uint32_t height, width; /* of an image; height·width = features, 1 high where the rows are no images */
    cln_type type;
    bool labelled, real; /* there are labels; there are real-valued targets */
    char path[1024];     /* where the features come from; "memory" for cln_dataset_wrap */
} cln_dataset_info;

/* Opens a folder with MNIST's file names (plain or .gz), of which `part` picks the training or the test files, or one
   IDX file of images; `labels` names its label file or is NULL. Labels are read now, features when they
   are needed, straight into device memory. CLN_IO, CLN_FORMAT. */
CLN_API cln_status cln_dataset_open(const char *path, const char *labels, cln_part part, cln_dataset **data,
                                    cln_error *error);
/* True where `path` is a folder, which has a training and a test part. */
CLN_API bool cln_dataset_has_parts(const char *path);
/* Wraps rows in memory, which must outlive the data set. x: (n,d) of `type`; labels: (n) in 0…, or NULL. */
CLN_API cln_status cln_dataset_wrap(const void *x, cln_type type, uint64_t n, uint32_t d, const int32_t *labels,
                                    cln_dataset **data, cln_error *error);
/* The same with real-valued targets in the place of labels, for linear models: (n,k), copied, finite; x is not copied. */
CLN_API cln_status cln_dataset_wrap_targets(const void *x, cln_type type, uint64_t n, uint32_t d, const float *targets,
                                            uint32_t k, cln_dataset **data, cln_error *error);
/* Weighs the rows in the loss of a training; weights: (rows kept now), copied, 0 or more, not all 0; NULL: all alike again. They
   count relative to each other: a trainer divides them by their mean over its training rows. Means and standard deviations of features
   are weighted as well, and class-weights=balanced gives each class the same total weight: a row of weight 0 counts as absent. Solver
   direct does not take weights; cln_model_verify needs them again as they were. */
CLN_API cln_status cln_dataset_weigh(cln_dataset *data, const float *weights, cln_error *error);
/* Keeps rows of these classes only and renumbers them in the order given; classes: (count), distinct. A class may have no rows here
   (in a test part, say), but not all. */
CLN_API cln_status cln_dataset_keep_classes(cln_dataset *data, const uint32_t *classes, uint32_t count,
                                            cln_error *error);
/* Keeps rows first … first+count−1. */
CLN_API cln_status cln_dataset_keep_rows(cln_dataset *data, uint64_t first, uint64_t count, cln_error *error);
CLN_API void cln_dataset_describe(const cln_dataset *data, cln_dataset_info *info);
CLN_API const int32_t *cln_dataset_labels(const cln_dataset *data); /* (n), or NULL without labels */
CLN_API void cln_dataset_close(cln_dataset *data);

/* ----------------------------------------------------------------------------------------- options -- */

/* Training options by name and text; the table below names them all, and the command line's are the same. */
typedef struct cln_options cln_options;

typedef struct cln_option_info {
    const char *name;     /* "learning-rate" */
    const char *argument; /* "RATE"; NULL for a switch, which is set with "true" or "false" */
    const char *initial;  /* default, as text; "" where unset */
    const char *help;     /* one line */
    const char *group;    /* what it has to do with, as a heading; "" where it stands alone */
} cln_option_info;

CLN_API size_t cln_option_count(void);
CLN_API const cln_option_info *cln_option_at(size_t index); /* NULL beyond the end */
CLN_API cln_status cln_options_create(cln_options **options, cln_error *error);
/* CLN_INVALID names the option, the value and what is accepted, and leaves the options as they were. */
CLN_API cln_status cln_options_set(cln_options *options, const char *name, const char *value, cln_error *error);
CLN_API const char *cln_options_get(const cln_options *options, const char *name); /* text; NULL: no such option */
/* Whether it has another value than it has by itself; false for no such option. */
CLN_API bool cln_options_changed(const cln_options *options, const char *name);
/* What is wrong with the combination, as a sentence; NULL where nothing is. Valid until the next call. */
CLN_API const char *cln_options_check(cln_options *options);
CLN_API void cln_options_free(cln_options *options);

/* ------------------------------------------------------------------------------------------- train -- */

typedef struct cln_model cln_model;
typedef struct cln_trainer cln_trainer;

/*
 * Solvers, option `solver`, and what they are for:
 *
 *     sgd      minibatches with momentum, as PyTorch's SGD, w ← w − η·(v ← μ·v + g); without option `learning-rate` η is (1 − μ)/L for a
 *              bound L on the curvature of a minibatch (Gower et al. 2019, SGD: General Analysis and Improved Rates)
 *     lbfgs    all rows, to an optimum: L-BFGS (Nocedal and Wright 2006, algorithm 7.5), orthant-wise with an l1 (Andrew and Gao 2007),
 *              until the relative gradient (cln_certificate) is at most `tolerance`
 *     direct   linear models in closed form, W = (XᵀX + αI)⁻¹·XᵀT on centred columns (Bishop 2006, 3.28), for one α or a path of them
 *              (α = λ₂·n, in units of summed losses); rows cannot be weighted
 *
 * Real-valued targets (cln_dataset_wrap_targets) need option model=linear and go with each solver. What cln_trainer_run has come to is
 * told by cln_result.stopped and its reason: CLN_STOP_TOLERANCE where lbfgs or direct converged, CLN_STOP_EPOCHS where the limit was
 * reached before, which for sgd is the rule; both are CLN_OK.
 *
 * Features may be centred and standardised by means and standard deviations of the training rows, which count the rows' own weights but
 * not option class-weights. That is folded into the model, which takes raw data. Solver sgd takes standard deviations from 1e-19 to 9e18,
 * lbfgs and direct those from 1e-38 to 1e37.
 */

/* What a trainer works on. valid: NULL takes the rows of option `valid` from the end of train; test: NULL for none. */
typedef struct cln_parts {
    cln_dataset *train, *valid, *test;
} cln_parts;

typedef struct cln_score {
    double loss;     /* mean over rows, all weighing the same and without penalties; NaN where not computed */
    uint64_t errors; /* rows with another class than predicted; 0 with real-valued targets, which are no classes */
    uint64_t rows;   /* 0: this part was not scored */
} cln_score;

/* 1 − errors/rows, which says nothing of real-valued targets; NaN without rows */
CLN_API double cln_accuracy(const cln_score *score);

typedef enum cln_event {
    CLN_EVENT_STEP,  /* a minibatch of those that option `log-every` asks for */
    CLN_EVENT_TICK,  /* some time has passed within an epoch; only the counters are new */
    CLN_EVENT_EPOCH, /* a pass has ended, validation included; or an iteration of lbfgs, or an alpha of direct */
} cln_event;

typedef struct cln_progress {
    cln_event event;
    uint64_t epoch, epochs; /* from 1; the limit */
    uint64_t step, steps;   /* minibatches since the start; in one epoch */
    cln_score train;        /* of the minibatch or of the pass so far, measured while the weights moved */
    cln_score valid;        /* at the end of an epoch */
    bool best;              /* this epoch's validation is the best so far */
    /* after an iteration of lbfgs, as in cln_result; NaN where not computed: sgd knows them at the end */
    double objective, gradient_norm;
    double seconds, seconds_left, rows_per_second; /* of optimisation; left: an upper bound, until the epoch limit */
} cln_progress;

/* Nonzero stops training cleanly. */
typedef int cln_progress_fn(const cln_progress *progress, void *user);

#define CLN_STOP_MAP(X)                                                                                                \
    X(EPOCHS, "epochs")                                                                                                \
    X(PATIENCE, "patience")                                                                                            \
    X(INTERRUPTED, "interrupted")                                                                                      \
    X(DIVERGED, "diverged")                                                                                            \
    X(TOLERANCE, "tolerance")                                                                                          \
    X(LINE_SEARCH, "line-search")

typedef enum cln_stop {
#define X(name, word) CLN_STOP_##name,
    CLN_STOP_MAP(X)
#undef X
} cln_stop;

CLN_API const char *cln_stop_word(cln_stop stop); /* "patience" */

/* Of the caller's time, without overlap: data is read while kernels are built, and `load` is what was left to wait for. */
typedef struct cln_seconds {
    double total, load, build, upload, train, evaluate;
} cln_seconds;

/* What is proven about weights, computed in double precision on the host from the rows that they were trained on. */
typedef struct cln_certificate {
    uint64_t rows;    /* 0: nothing was computed */
    double loss;      /* mean over rows, weighted as in training */
    double objective; /* the same with the penalties */
    /* The relative gradient: max |∂_cj|/s_j / (f₀/σ), over all weights (k,d) and biases (k). Units of features and targets do not change
       it, nor does an offset of features.
         ∂_cj   the component of the objective's gradient by W_cj, with features centred; by a bias, where s = 1. With an l1, at a weight
                of 0, that of the subgradient of least norm
         s_j    the standard deviation of column j of x·scale, rows weighted as in the loss; |mean| for a constant column
         f₀/σ   log k for cross-entropy; (1 − 1/k)/2 for the squared loss behind softmax; for linear models half the standard deviation
                of the targets, their variances summed over outputs
       Without a bias nothing is centred, and root mean squares take the place of standard deviations. Models whose metadata have no
       `certificate.gradient` are from earlier versions: there it is the largest |component| by weights and bias of x·scale. */
    double gradient_norm;
    /* objective − optimum is at most this: a duality gap (Boyd and Vandenberghe 2004, 5.5.1); NaN where nothing proves it (no l2, or a
       loss that is not convex) */
    double suboptimality;
} cln_certificate;

typedef struct cln_result {
    const char *engine; /* the one that `auto` took: "fused" or "clblast" */
    uint64_t rows;      /* of training, after split and subset */
    uint32_t features, outputs;
    double learning_rate;   /* of sgd's first epoch, as it was given or found; NaN with other solvers */
    uint64_t epochs, steps; /* passes begun, minibatches done; of lbfgs iterations and evaluations; of direct 1 */
    uint64_t best_epoch;    /* whose weights are reported and kept; 0 without patience: the last */
    cln_stop stopped;
    char reason[256]; /* the same in words; for a divergence with epoch and batch */
    /* At the kept weights. lbfgs and direct: as in cln_certificate, in double. sgd: from the device's sums, and gradient_norm is the
       largest absolute component by weights and bias of x·scale. */
    double objective, gradient_norm;
    double l2;                    /* λ in force, that of alpha included */
    bool sparse;                  /* there was an l1 */
    uint64_t zeros;               /* then: weights that are exactly 0, of outputs·features */
    cln_certificate certificate;  /* of lbfgs and direct, and once cln_trainer_certify was called */
    cln_score train, valid, test; /* at the kept weights */
    cln_seconds seconds;
    uint64_t peak_host_bytes, device_bytes;
} cln_result;

/* What a training will take, before anything is allocated. */
typedef struct cln_estimate {
    const char *engine; /* the one that `auto` takes: "fused" or "clblast" */
    uint64_t
        device_bytes; /* at most at one time: what cln_result.device_bytes will be on a device that does nothing else */
    uint64_t data_bytes; /* of these: the rows, their labels and weights */
    uint64_t
        solver_bytes; /* and: weights, gradient and what belongs to them, the order of the rows, their scores; the rest is scratch */
    uint64_t largest; /* the largest single buffer */
    uint64_t
        host_bytes; /* of the library itself, at most, as far as it grows with data or model, opened data sets and a checkpoint included; drivers
                              and their compilers come on top, and where the device works in host memory (PoCL, GPUs without memory of
                              their own) what it takes, too */
    uint64_t host_available; /* that the system can still give; UINT64_MAX where it does not say */
    bool fits;               /* in the device's memory, each buffer in one allocation, and in the host's memory */
    char reason[400];        /* what does not fit, and which option would make it; "" where all does */
} cln_estimate;

/* Reads sizes alone: no row, no kernel. Of a device whose driver gives a kernel smaller work-groups than it said the figures may be a little
   different. What cln_trainer_create would refuse for the options' or the data's own sake is refused in the same way. */
CLN_API cln_status cln_trainer_estimate(cln_device *device, const cln_options *options, const cln_parts *parts,
                                        cln_estimate *estimate, cln_error *error);

/* Builds the kernels while a thread of its own reads the data into device memory, and runs each once. What cannot fit
   (cln_trainer_estimate) is refused at once: CLN_DEVICE, or CLN_MEMORY for the host. */
CLN_API cln_status cln_trainer_create(cln_device *device, const cln_options *options, const cln_parts *parts,
                                      cln_trainer **trainer, cln_error *error);
/* Trains until a stopping rule holds and scores the kept weights. progress may be NULL. A divergence is CLN_DIVERGED
   with *result filled; an interruption is CLN_OK. */
CLN_API cln_status cln_trainer_run(cln_trainer *trainer, cln_progress_fn *progress, void *user, cln_result *result,
                                   cln_error *error);
/* Warnings: what the figures do not show, a sentence each, and no failure. Those of the data are there after cln_trainer_create (a label
   without training rows, say), those of the result after cln_trainer_run (separable classes without a penalty, which have no optimum; sgd
   that has learned nothing). index: from 0; NULL beyond the last. Valid until the trainer is closed. */
CLN_API const char *cln_trainer_warning(const cln_trainer *trainer, size_t index);
/* Minibatches in a pass over the training part, and whole or partial ones in the validation and test parts. */
CLN_API uint64_t cln_trainer_batches(const cln_trainer *trainer);
/* One step of minibatch SGD on minibatch `index` of the current pass's order; *cost (may be NULL) receives its mean loss
   before the step, plus (λ/2)·‖W‖². CLN_INVALID for solvers lbfgs and direct, which see all rows at once. */
CLN_API cln_status cln_trainer_step(cln_trainer *trainer, uint64_t index, double *cost, cln_error *error);
/* Counts the errors of minibatch `index` of the validation or the test part with the kept weights: those after the last step,
   or those that a run has kept. To lbfgs and direct a part is one minibatch. */
CLN_API cln_status cln_trainer_valid_errors(cln_trainer *trainer, uint64_t index, uint64_t *errors, cln_error *error);
CLN_API cln_status cln_trainer_test_errors(cln_trainer *trainer, uint64_t index, uint64_t *errors, cln_error *error);
/* Objective, gradient and a bound on what is missing to the optimum, in double on the host, of the kept weights; *certificate stays
   the same when it is asked for again. Lbfgs and direct have it from their run. */
CLN_API cln_status cln_trainer_certify(cln_trainer *trainer, cln_certificate *certificate, cln_error *error);

/* One penalty of those that solver direct was given. */
typedef struct cln_path_row {
    double alpha, l2;
    double objective;
    cln_score valid; /* rows 0 where there is no validation part */
    bool best;       /* fewest errors in validation, or the smallest loss among those; the one that is kept */
} cln_path_row;

/* What the run of solver direct came to for each alpha, (*count), in their order; valid until the trainer is closed. */
CLN_API const cln_path_row *cln_trainer_path(const cln_trainer *trainer, size_t *count);

/* A copy of the kept weights with what describes them, their certificate included. */
CLN_API cln_status cln_trainer_model(cln_trainer *trainer, cln_model **model, cln_error *error);
CLN_API void cln_trainer_close(cln_trainer *trainer);

/* ------------------------------------------------------------------------------------- checkpoints -- */

/*
 * A checkpoint is all that a run of sgd or lbfgs needs to go on: weights, the solver's own state, the place in the pass, what is best so
 * far. A run that was resumed from one, on the device of the first with its driver, ends in the bits of a run that was never interrupted:
 * weights, scores, and what progress tells from there on but seconds. The tuning that was in force then is taken from the checkpoint, so
 * that kernels are cut as they were. On another device the engine is the same and results differ by rounding, and where a validation
 * decides, by what follows from that.
 *
 * The file is a safetensors container with a checksum over all of its bytes. A newer checkpoint takes the older one's place when it is
 * whole and on disk, and not before; whatever ends the process, one of the two is there. (A process that is killed while it writes leaves
 * a file with six letters more in its name.) Of a run that has ended the last one stays: with more epochs it can go on.
 */
typedef struct cln_checkpoints {
    const char *path;
    uint64_t
        every; /* minibatches, or iterations of lbfgs, from one to the next; 0: one at the end of every epoch or iteration */
    /* A text of the caller's own that is kept along (how far its own log has come, say), at most 4,000 bytes; may be NULL. Called before each
       checkpoint. */
    const char *(*mark)(void *user);
    /* Hears of each checkpoint: failure is NULL where it is on disk. One that could not be written, for want of room say, does not end the
       training, and the one before stays. May be NULL. */
    void (*told)(const cln_error *failure, void *user);
    void *user;
} cln_checkpoints;

/* From here on the run keeps checkpoints: one each `every`, at the end, and where progress stops it. To be called before cln_trainer_run.
   CLN_IO where the file cannot be written; CLN_INVALID for solver direct, which is one pass and a few products. Reads the data once more, to
   know it again. */
CLN_API cln_status cln_trainer_checkpoint(cln_trainer *trainer, const cln_checkpoints *checkpoints, cln_error *error);

/* cln_trainer_create for a run that goes on from a checkpoint, with cln_trainer_run. Options and data are to be the same: all options but
   `epochs`, which may be others where no schedule depends on them and no fewer than were done, and `log-every`; the rows, byte for byte, but from
   any file. Version of the library, options and data are refused by name where they differ: CLN_INVALID; another format of the
   file: CLN_UNSUPPORTED; one that is damaged, or no checkpoint: CLN_FORMAT. What was tuned when it was kept is then in force on the device. */
CLN_API cln_status cln_trainer_resume(cln_device *device, const cln_options *options, const cln_parts *parts,
                                      const char *path, cln_trainer **trainer, cln_error *error);

typedef struct cln_resumption {
    uint64_t epoch, steps; /* passes begun, minibatches done; of lbfgs iterations and evaluations */
    double seconds;        /* of optimisation */
    uint64_t every;        /* as cln_checkpoints had it */
    const char *mark;      /* that was kept along; "" where there was none */
    const char *device;    /* that it ran on */
    bool same_device;
} cln_resumption;

/* Where a resumed run goes on; false for a trainer that was created. Texts are valid until the trainer is closed. */
CLN_API bool cln_trainer_resumed(const cln_trainer *trainer, cln_resumption *resumption);

/* ------------------------------------------------------------------------------------------ search -- */

/*
 * Trains every configuration of a grid of options and ranks them by their errors in validation: the fewest errors win, among equals
 * the smaller mean validation loss, then the one that stands earlier in the grid; one that diverged never wins. The grid is text,
 * "l2=0,1e-4;learning-rate=.1,.5": any options of the table but those that decide about rows, each with its values (a value in braces
 * may hold commas), on top of the other options; configurations count from 0, and the values of the last option vary fastest.
 * Validated is on a part (parts->valid, or option `valid`), or on each of `folds` folds: row i of the training part belongs to fold
 * i mod folds, is validated there and trained on in the others; errors and rows are summed, losses averaged over the rows.
 * Configurations with the same minibatches are trained side by side, in one pass over the data.
 */
typedef struct cln_search cln_search;

typedef struct cln_search_row {
    size_t index;           /* in the grid */
    cln_score valid, train; /* at the kept weights, over all folds; no rows where it diverged before there were any */
    uint64_t epochs;        /* passes begun, the most of the folds */
    double seconds;         /* of optimisation: its share of what those took that were trained with it */
    cln_stop stopped;
    bool finished; /* false: there are no figures yet */
    bool resumed;  /* all of it was read from the state file */
} cln_search_row;

/* How the search goes. A training is one of a configuration, or of one on a fold. */
typedef struct cln_search_progress {
    const cln_search_row *row; /* what has just been finished; NULL: some time has passed */
    uint64_t done, count;      /* trainings */
    double seconds, seconds_left;
} cln_search_progress;

/* Nonzero stops the search cleanly; trainings under way are lost, those done are not. */
typedef int cln_search_progress_fn(const cln_search_progress *progress, void *user);

/* folds: 0 for a validation part, or 2 and more. Every configuration is checked; nothing is trained yet. state: NULL, or a file that
   keeps each training as soon as it is done, and from which a search with the same grid, options, folds and data goes on. The data are
   read once more for that, and compared by checksums of rows, labels, targets and weights. A file of another search, one of an older
   version without these checksums, or a damaged one is CLN_INVALID or CLN_FORMAT. Data sets and device outlive the search; the test part
   is for cln_search_refit alone. */
CLN_API cln_status cln_search_create(cln_device *device, const cln_options *options, const char *grid, uint32_t folds,
                                     const cln_parts *parts, const char *state, cln_search **search, cln_error *error);
CLN_API size_t cln_search_count(const cln_search *search); /* configurations */
/* The names of the grid's options in their order, NULL beyond the last; what option `name` of them is in a configuration. */
CLN_API const char *cln_search_name(const cln_search *search, size_t name);
CLN_API const char *cln_search_value(const cln_search *search, size_t index, size_t name);
/* Trains what has not been trained yet; after an interruption it may be called again. progress may be NULL. */
CLN_API cln_status cln_search_run(cln_search *search, cln_search_progress_fn *progress, void *user, cln_error *error);
CLN_API void cln_search_row_at(const cln_search *search, size_t index, cln_search_row *row);
/* As cln_trainer_warning, of the data that the configurations are trained and validated on; valid until the search is closed. */
CLN_API const char *cln_search_warning(const cln_search *search, size_t index);
/* Below 0 where `a` is better than `b`, above 0 where it is worse; never 0 for two rows of one search. */
CLN_API int cln_search_compare(const cln_search_row *a, const cln_search_row *b);
/* The best of what is finished. False: nothing is, or all diverged. */
CLN_API bool cln_search_best(const cln_search *search, cln_search_row *row);
/* A trainer for the best configuration, to be run and closed by the caller: on all rows of the training part after folds, and also
   where option `valid` took the last rows of them and nothing in the training depends on validation; otherwise, with patience or a
   validation part, as in the search. The test part is scored. CLN_DIVERGED where no configuration can be trained. */
CLN_API cln_status cln_search_refit(cln_search *search, cln_trainer **trainer, cln_error *error);
CLN_API void cln_search_close(cln_search *search);

/* ------------------------------------------------------------------------------------------- model -- */

/* Models are safetensors: `weight` (k,d) and `bias` (k), which PyTorch's nn.Linear loads as they are and which give the logits of
   x·scale. Both are F64 after solvers lbfgs and direct, and F32 after sgd; each of the two is loaded as either type.
   Metadata `weights_sha256` is of their bytes, which end the file, and is checked. Writing is atomic. CLN_IO; CLN_FORMAT for a file that
   is not such a model. */
CLN_API cln_status cln_model_save(const cln_model *model, const char *path, cln_error *error);
CLN_API cln_status cln_model_load(const char *path, cln_model **model, cln_error *error);
CLN_API uint32_t cln_model_outputs(const cln_model *model);  /* k */
CLN_API uint32_t cln_model_features(const cln_model *model); /* d */
/* Weights and bias in double, of x·scale; valid until the model is freed. */
CLN_API const double *cln_model_weight_double(const cln_model *model); /* (k,d) */
CLN_API const double *cln_model_bias_double(const cln_model *model);   /* (k); NULL for a model without */
/* The same rounded to float; infinite where they are beyond its range. */
CLN_API const float *cln_model_weight(const cln_model *model);                   /* (k,d) */
CLN_API const float *cln_model_bias(const cln_model *model);                     /* (k); NULL for a model without */
CLN_API const char *cln_model_metadata(const cln_model *model, const char *key); /* NULL: no such key */
/* The label of output `output` in the data that the model was trained on (differs after option `classes`); UINT32_MAX: no such output. */
CLN_API uint32_t cln_model_class(const cln_model *model, uint32_t output);
/* Predicted outputs are below this: k, or the largest label plus one in a linear model of the label's value. 0: the model predicts real
   values, and no classes. */
CLN_API uint32_t cln_model_classes(const cln_model *model);
/* Outputs are logits of classes, and softmax gives probabilities; false: they are values. */
CLN_API bool cln_model_is_softmax(const cln_model *model);
CLN_API void cln_model_free(cln_model *model);

typedef struct cln_evaluation {
    cln_score score;
    uint64_t *confusion; /* (k,k): [true class][predicted class]; released with cln_evaluation_free */
    uint32_t outputs;    /* k: classes, of labels and predictions; 0 where the data has real-valued targets */
    const char *engine;
    cln_seconds seconds;
    uint64_t peak_host_bytes, device_bytes;
} cln_evaluation;

/* Precision, recall and F1 of one class from the confusion matrix; NaN where undefined (0/0). */
typedef struct cln_class_score {
    double precision, recall, f1;
    uint64_t support; /* rows of this class */
} cln_class_score;

/* Scores a model on labelled data, or one that predicts real values on data with real-valued targets. Rows of classes that the model does
   not know are left out when it was trained on a subset, and are CLN_INVALID otherwise. engine: "auto" (or NULL), "fused" or "clblast".
   Features are centred and weights rounded as cln_predict_fn says. */
CLN_API cln_status cln_model_evaluate(const cln_model *model, cln_device *device, const char *engine, cln_dataset *data,
                                      cln_evaluation *evaluation, cln_error *error);
CLN_API cln_class_score cln_evaluation_class(const cln_evaluation *evaluation, uint32_t output);
CLN_API void cln_evaluation_free(cln_evaluation *evaluation);

/* A model's certificate, computed again. */
typedef struct cln_verification {
    cln_certificate stored, found;
    double tolerance; /* that the relative gradient was to meet; NaN: none */
    /* the objective within 1e-6 relative; gradient_norm at most twice the tolerance, or what was stored; the bound at most twice what
       was stored, where there was one */
    bool agrees;
    char reason[256]; /* why, or why not */
} cln_verification;

/* Computes the certificate of a model again, on the host, from the training part of the data it was trained on (`data`, from which
   options classes, train-rows and valid are applied as they were; row weights are its own and have to be there again). That the model
   does not agree is CLN_OK. CLN_INVALID where the data cannot be those, being of other sizes, or the model has no certificate;
   CLN_FORMAT for damaged metadata. */
CLN_API cln_status cln_model_verify(const cln_model *model, cln_dataset *data, cln_verification *verification,
                                    cln_error *error);

/* Receives rows first … first+count−1: outputs (count), the predicted output of each (cln_model_class says its label), of
   cln_model_classes or more where a logit is NaN, and in every row of a model that predicts real values; probability (count,k), or of a
   linear model its outputs, the values. Nonzero stops the prediction. A device subtracts the `shift` of the model's metadata, where there
   is one, from x·scale first, and has weights in float: CLN_UNSUPPORTED where they are beyond its range, or so small there that digits are
   lost which count in a row. */
typedef int cln_predict_fn(uint64_t first, uint32_t count, const uint32_t *outputs, const float *probability,
                           void *user);
CLN_API cln_status cln_model_predict(const cln_model *model, cln_device *device, const char *engine, cln_dataset *data,
                                     cln_predict_fn *rows, void *user, cln_error *error);

/* --------------------------------------------------------------------------------------- measuring -- */

/* A measured figure. */
typedef struct cln_measurement {
    const char *name;   /* "read_bandwidth" */
    double value;       /* the median of the samples; NaN: there is none */
    const char *unit;   /* "B/s", "FLOP/s", "s" */
    double spread;      /* between the quartiles of the samples, in that unit; NaN without a value */
    double limit;       /* the best that the device could reach, in that unit; NaN where unknown */
    const char *reason; /* why there is no value, or what to know about it; NULL: nothing */
} cln_measurement;

/* Receives a row, which is valid during the call. */
typedef void cln_measurement_fn(const cln_measurement *row, void *user);

/* Measures what the device can do at most, within about two seconds, and tells it in rows, in this order:
     copy_bandwidth      bytes read and written per second by a kernel that copies 256 MiB within the device
     read_bandwidth      bytes read per second by a kernel that adds them up: a pass over the data
     multiply_add_rate   floating-point operations per second, a fused multiply-add being two
     launch_time         seconds of an empty kernel, launched back to back
     launch_wait_time    seconds of an empty kernel, and waiting until it is done
     upload_rate         bytes per second from host memory into the device's, as the training data go
     download_rate       and back
   Results are checked; what failed, came out wrong or had to be kept small has a reason. */
CLN_API cln_status cln_measure_limits(cln_device *device, cln_measurement_fn *row, void *user, cln_error *error);

/* Receives how a measurement goes, at least twice a second where the driver lets it; nonzero ends it: CLN_OK, with the rows told so far.
   May be NULL. So may the receiver of rows in cln_measure_agreement and cln_measure_selftest, which have a verdict. */
typedef struct cln_measure_progress {
    const char *doing;            /* "fused: an epoch by minibatches of 200 rows" */
    double seconds, seconds_left; /* so far; of the budget, or as far as it is known */
} cln_measure_progress;

typedef int cln_measure_progress_fn(const cln_measure_progress *progress, void *user);

/*
 * How fast a device trains on this data, in rows whose names are the same on all devices, so that they can be held beside each other.
 * E is each of the engines "fused" and "clblast", or the one that `engine` names where that is not "auto" (or NULL). Times are medians
 * over rounds that go through all rows by turns, until they are stable or the budget is spent (measure/rounds.h); every row is told once,
 * at the end, also after an interruption. limit: the least time (most work) that the device's measured limits allow, the rows once through
 * its memory.
 *
 *   upload            s       the training rows from host memory into the device's
 *   E.epoch.B         s       minibatch SGD over all training rows, B of 32, 200, 600 and 4096 rows a step, or all rows where there are fewer
 *   E.gradient        s       loss and gradient over all training rows
 *   E.evaluate        s       loss and errors of all test rows, or of the training rows where there are none
 *   E.device.200      s       of an epoch by 200: the device computes,
 *   E.between.200     s       has nothing to do between two commands,
 *   E.host.200        s       or waits for the host
 *   E.optimum         s       by L-BFGS with l2 = 1e-4 until the relative gradient is at most 1e-4
 *   E.objective       loss    there, in double on the host: the same on every device but for what such a gradient leaves open, some 1e-6
 *   E.memory          B       of the device, at most, that a training by 200 takes: cln_result.device_bytes
 *   wide_product      FLOP/s  a product of 1024×1024 matrices by CLBlast
 *   gram              s       [X 1 Y]ᵀ·[X 1 Y] of all training rows
 *   host_memory       B       of this process, at most, with all that was measured
 *
 * before them come the rows of cln_measure_limits, for which a small budget is no limit. A row that cannot be measured has its reason;
 * simulators' times mean nothing and have none. What cannot be interrupted, a compilation above all, may take more than the budget.
 */
CLN_API cln_status cln_measure_training(cln_device *device, const cln_parts *parts, const char *engine,
                                        double budget_seconds, cln_measure_progress_fn *progress,
                                        cln_measurement_fn *row, void *user, cln_error *error);

/*
 * Whether a device computes on this data what double precision on the host does. A row's value is its largest error divided by its
 * tolerance (unit "tolerances", limit 1). A tolerance is six times the rounding that is usual for sums of these lengths and so many steps
 * (measure/fixed_run.h, reference/usual.h). A value above 1, or a NaN, which has its reason, disagrees.
 *
 *   E.moments         (E as above) means and standard deviations of the features of the first training rows
 *   E.weights         after a fixed number of steps of minibatch SGD from W = 0 on these rows, by the trainer, with shuffled rows, row
 *                     weights, standardised features, Nesterov's momentum and an l2 penalty; as one vector
 *   E.loss            of those rows, at those weights, with the gradient and row weights, and without
 *   E.predictions     of those rows: probabilities, errors, and classes, of which two that are too near to tell may stand for each other
 *   gram              sums of products of those rows; of bytes exact
 *
 * What an engine does not take (the fused one more than 64 outputs, gram more than 4,096 columns) has a reason and no limit, and counts
 * for nothing; where no engine takes them, CLN_UNSUPPORTED. *agrees: all other rows do; false after an interruption. Takes seconds, on
 * simulators with so few rows that it takes no more than a minute for some hundred features.
 */
CLN_API cln_status cln_measure_agreement(cln_device *device, const cln_parts *parts, const char *engine,
                                         cln_measure_progress_fn *progress, cln_measurement_fn *row, void *user,
                                         bool *agrees, cln_error *error);

/* ---------------------------------------------------------------------------------------- selftest -- */

/*
 * Whether a device computes right at all: every engine, kernel shape, loss and type of data, the products by CLBlast, Gram matrices and
 * moments, at usual sizes and awkward ones, on data drawn at random with outliers, against double precision on the host. Rows as in
 * cln_measure_agreement, one for each thing tested ("fused gpu gradient", …): value NaN and a reason where it failed
 * or where the device cannot run it (then limit is NaN, and it counts for nothing). *passed: no row is above 1 and none failed.
 * Takes seconds where nothing has to be compiled.
 */
CLN_API cln_status cln_measure_selftest(cln_device *device, cln_measure_progress_fn *progress, cln_measurement_fn *row,
                                        void *user, bool *passed, cln_error *error);

/* What the last selftest of this version of the library came to, for a device with its driver and its version; kept in
   $XDG_CACHE_HOME/clinear or ~/.cache/clinear, for this user alone. */
typedef enum cln_trust { CLN_TRUST_UNKNOWN, CLN_TRUST_PASSED, CLN_TRUST_FAILED } cln_trust;

/* why: what failed ("" or NULL where nothing did). CLN_IO where it cannot be kept. */
CLN_API cln_status cln_device_keep_trust(const cln_device_info *device, bool passed, const char *why, cln_error *error);
/* why (size bytes; may be NULL): what failed. Nothing that is there, or nothing that can be trusted, is CLN_TRUST_UNKNOWN. */
CLN_API cln_trust cln_device_trust(const cln_device_info *device, char *why, size_t size);

/* ----------------------------------------------------------------------------------------- profile -- */

/* Where the time of an optimisation goes: the commands of one name, or idle time. */
typedef struct cln_profile_row {
    const char *name;  /* a kernel's, "write", "CLBlast 608x16x800" for a product of (608,800) and (800,16), … */
    const char *kind;  /* "kernel", "clblast", "transfer"; "idle": the device did nothing */
    uint64_t launches; /* 0 where idle */
    double seconds;    /* by the device's clock, all launches together */
    double share;      /* of the wall-clock time; all rows together make 1 */
    double operations; /* multiplications and additions that the launches had to do */
    double bytes;      /* that they had to read and write, each operand once */
    /* of the limit: the least seconds that it allows, divided by the seconds; above 1 where caches helped; NaN where there is no limit */
    double fraction;
    const char *limit; /* of the device, the one that allows the least: "read_bandwidth", …; NULL where there is none */
} cln_profile_row;

typedef void cln_profile_fn(const cln_profile_row *row, void *user);

/* From here on every command of cln_trainer_run's optimisation (what cln_seconds.train counts) is timed on this device, which
   slows it down a little; what was timed before is forgotten. */
CLN_API cln_status cln_profile_begin(cln_device *device, cln_error *error);
/* Ends it, measures the device's limits (about two seconds) and tells the rows, which are valid during the call: commands, the
   longest time first, then "between commands", when the device did nothing though a command was waiting, and "waiting for the
   host". CLBlast's kernels are told as one command a product. CLN_INVALID where nothing was begun. */
CLN_API cln_status cln_profile_end(cln_device *device, cln_profile_fn *row, void *user, cln_error *error);

#ifdef __cplusplus
}
#endif
#endif
