/* One table: names, arguments, defaults, help, ranges. Parser, command line, model metadata and messages read it. */
#include "train/option_kinds.h"

#include "base/entry.h"
#include "base/number.h"
#include "base/size.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const models[] = {"softmax", "linear", NULL};
static const char *const losses[] = {"cross-entropy", "squared", NULL};
static const char *const solvers[] = {"sgd", "lbfgs", "direct", NULL};
static const char *const targets[] = {"onehot", "value", NULL};
static const char *const schedules[] = {"constant", "step", "exponential", "cosine", "inverse-time", NULL};
static const char *const engines[] = {"auto", "fused", "clblast", NULL};

#define AT(field) offsetof(cln_settings, field)
#define ANY_COUNT 1e18

static const char MODEL[] = "Model and objective", DATA[] = "Rows and features", SOLVER[] = "Solver",
                  STEPS[] = "Minibatches and steps of solver sgd", STOPS[] = "Early stopping of solver sgd",
                  OUTPUT[] = "";

/* Entries by kind: group, name, argument where it is not the kind's own, default; the solver it is for, field, what is taken; help. */
#define ENTRY(group, name, argument, initial, help, of, kind, offset, least, most, words)                              \
    {                                                                                                                  \
        {name, argument, initial, help, group}, CLN_OPTION_##kind, CLN_OF_##of, offset, least, most, words             \
    }
#define SWITCH(group, name, of, field, help) ENTRY(group, name, NULL, "", help, of, SWITCH, AT(field), 0, 0, NULL)
#define COUNT(group, name, argument, initial, of, field, least, help)                                                  \
    ENTRY(group, name, argument, initial, help, of, COUNT, AT(field), least, ANY_COUNT, NULL)
#define REAL(group, name, initial, of, field, least, most, help)                                                       \
    ENTRY(group, name, "F", initial, help, of, REAL, AT(field), least, most, NULL)
#define WORD(group, name, initial, of, field, words, help)                                                             \
    ENTRY(group, name, "NAME", initial, help, of, WORD, AT(field), 0, 0, words)
#define LIST(group, name, argument, initial, kind, most, help)                                                         \
    ENTRY(group, name, argument, initial, help, ALL, kind, 0, 0, most, NULL)

/* Options of a group stand together, in the order in which the help shows them. */
static const cln_option table[] = {
    WORD(MODEL, "model", "softmax", ALL, model, models, "softmax (probabilities of classes) or linear (values)"),
    WORD(MODEL, "loss", "", ALL, loss, losses,
         "loss of a row: cross-entropy (softmax's own) or squared (that of linear, and possible with softmax)"),
    WORD(MODEL, "target", "onehot", ALL, target, targets,
         "what a linear model is fitted to: onehot (an output for each class, 1 for its own and 0 for others) or "
         "value (one output, the label as a number)"),
    SWITCH(MODEL, "no-bias", ALL, no_bias, "a model without bias"),
    REAL(MODEL, "l1", "0", LBFGS, l1, 0, 1e30,
         "penalty F·|W|, the sum of absolute weights, added to the mean loss; makes weights exactly zero; solver "
         "lbfgs only; not on the bias"),
    REAL(MODEL, "l2", "0", ALL, l2, 0, 1e30,
         "penalty (F/2)·|W|², the sum of squared weights, added to the mean loss; not on the bias"),
    LIST(MODEL, "alpha", "F,…", "0", ALPHAS, 1e30,
         "l2 in units of summed losses, as scikit-learn's Ridge has it: l2 = F / training rows (the sum of their "
         "weights); solver direct takes "
         "several and keeps the best in validation"),
    LIST(MODEL, "class-weights", "WEIGHTS", "", CLASS_WEIGHTS, 0,
         "how much the rows of each class count in the loss: balanced (each class as much as any other), or "
         "label:weight, as 3:0.5,6:2, others 1"),
    LIST(DATA, "classes", "A,B,…", "", CLASSES, 0, "keep the rows of these classes only, renumbered in this order"),
    COUNT(DATA, "train-rows", "N", "", ALL, train_rows, 1, "use the first N rows only, before the split"),
    COUNT(DATA, "valid", "N|DATA", "", ALL, valid_rows, 1,
          "validate on the last N rows, which are not trained on, or on the test part of a folder"),
    REAL(DATA, "scale", "", ALL, scale, 1e-30, 1e30, "factor on every feature (default 1/255 for bytes, 1 for floats)"),
    SWITCH(DATA, "center", ALL, center,
           "subtract each feature's mean over the training rows, with which sgd can take longer steps; the model takes "
           "raw data all the same"),
    SWITCH(DATA, "standardize", ALL, standardize,
           "center, and divide each feature by its standard deviation; the penalties are then on weights of what was "
           "divided"),
    WORD(SOLVER, "solver", "sgd", ALL, solver, solvers,
         "how the objective is minimised: sgd (minibatches), lbfgs (all rows, until the relative gradient is within "
         "the tolerance) or direct (linear models in closed form)"),
    COUNT(SOLVER, "epochs", "N", "", ALL, epochs, 1,
          "at most so many passes over the training rows, or iterations of lbfgs (default 10, of lbfgs 1000)"),
    REAL(SOLVER, "tolerance", "1e-5", LBFGS, tolerance, 0, 1e30,
         "lbfgs stops where the relative gradient is at most this: max |df/dw_j|/s_j over f0/sigma, s_j the standard "
         "deviation of feature j, f0/sigma from the loss and the targets (clinear.h); no unit of features or targets "
         "changes it"),
    WORD(SOLVER, "engine", "auto", ALL, engine, engines,
         "who computes the products: auto, fused (own kernels) or clblast"),
    COUNT(STEPS, "batch-size", "N", "200", SGD, batch_size, 1, "rows of a minibatch"),
    SWITCH(STEPS, "drop-last", SGD, drop_last, "leave out a last minibatch that is not whole"),
    SWITCH(STEPS, "no-shuffle", SGD, no_shuffle, "visit the rows in the order of the file"),
    COUNT(STEPS, "seed", "N", "0", SGD, seed, 0, "seed of the shuffling"),
    REAL(STEPS, "learning-rate", "", SGD, learning_rate, 1e-30, 1e30,
         "step size (default: a safe one, found from the curvature of the loss on the data)"),
    REAL(STEPS, "momentum", "0", SGD, momentum, 0, 0.999999, "share of the last step in the next one, below 1"),
    SWITCH(STEPS, "nesterov", SGD, nesterov, "Nesterov's momentum: the gradient where the momentum leads to"),
    WORD(STEPS, "schedule", "constant", SGD, schedule, schedules,
         "how the step size changes by epoch: constant, step, exponential, cosine or inverse-time"),
    REAL(STEPS, "decay", "", SGD, decay, 1e-30, 1e30,
         "of the schedule: factor of a step (default 0.1), of each epoch for exponential (0.95); last step size "
         "over first for cosine (0); r in 1/(1 + r·epoch) for inverse-time (1)"),
    COUNT(STEPS, "decay-epochs", "N", "", SGD, decay_epochs, 1,
          "epochs from step to step of schedule step (default: a third of the epochs)"),
    COUNT(STOPS, "patience", "N", "", SGD, patience, 1,
          "stop after N epochs without a better validation error, and keep the best model"),
    COUNT(STOPS, "patience-iterations", "N", "", SGD, patience_iterations, 1,
          "the same counted in minibatches: stop after N, unless validation improves (see the next two)"),
    REAL(STOPS, "patience-increase", "2", SGD, patience_increase, 1, 1e6,
         "an improvement at minibatch i extends the patience to F·i"),
    REAL(STOPS, "improvement", "0.995", SGD, improvement, 1e-6, 1,
         "what counts as one: an error below F times the best"),
    COUNT(OUTPUT, "log-every", "N", "", SGD, log_every, 1, "log every N-th minibatch, besides every epoch"),
};

#define OPTIONS CLN_COUNT(table)

struct cln_options {
    cln_settings settings;
    char *text[OPTIONS];
    char sentence[512];
};

size_t cln_option_count(void)
{
    return OPTIONS;
}

const cln_option_info *cln_option_at(size_t index)
{
    return index < OPTIONS ? &table[index].info : NULL;
}

static const cln_option *find(const char *name)
{
    for (size_t i = 0; i < OPTIONS; i++)
        if (strcmp(table[i].info.name, name) == 0)
            return &table[i];
    return NULL;
}

cln_status cln_options_create(cln_options **result, cln_error *error)
{
    MAKES(result);
    ENTER(error, result);
    cln_options *options = NULL;
    cln_status status;
    TRY(cln_allocate((void **)&options, 1, sizeof *options, "options", error));
    for (size_t i = 0; i < OPTIONS; i++)
        if (*table[i].info.initial)
            TRY(cln_options_set(options, table[i].info.name, table[i].info.initial, error));
out:
    if (status == CLN_OK)
        *result = options;
    else
        cln_options_free(options);
    return status;
}

cln_status cln_options_set(cln_options *options, const char *name, const char *value, cln_error *error)
{
    ENTER(error, options && name && value);
    const cln_option *entry = find(name);
    if (!entry) {
        const char *names[OPTIONS];
        for (size_t i = 0; i < OPTIONS; i++)
            names[i] = table[i].info.name;
        const char *nearest = cln_nearest(name, names, OPTIONS);
        return cln_fail(error, CLN_INVALID,
                        nearest ? "there is no option \"%.80s\"; did you mean %s?" : "there is no option \"%.80s\"%s",
                        name, nearest ? nearest : "");
    }
    cln_settings changed = options->settings;
    cln_status status = cln_option_apply(entry, &changed, value, error);
    if (status != CLN_OK)
        return status;
    char *copy = NULL;
    status = cln_allocate((void **)&copy, strlen(value) + 1, 1, "an option", error);
    if (status != CLN_OK)
        return status;
    memcpy(copy, value, strlen(value));
    free(options->text[entry - table]);
    options->text[entry - table] = copy;
    options->settings = changed;
    return CLN_OK;
}

const char *cln_options_get(const cln_options *options, const char *name)
{
    if (!options || !name)
        return NULL;
    const cln_option *entry = find(name);
    if (!entry)
        return NULL;
    const char *text = options->text[entry - table];
    return text ? text : "";
}

static bool is_changed(const cln_options *options, size_t i)
{
    return options->text[i] && strcmp(options->text[i], table[i].info.initial) != 0;
}

bool cln_options_changed(const cln_options *options, const char *name)
{
    if (!options || !name)
        return false;
    const cln_option *entry = find(name);
    return entry && is_changed(options, (size_t)(entry - table));
}

/* What would be without effect is a mistake that is better heard of. */
static const char *check_solver(cln_options *options)
{
    static const char *const owners[] = {"", "sgd", "lbfgs"};
    for (size_t i = 0; i < OPTIONS; i++)
        if (table[i].of != CLN_OF_ALL && is_changed(options, i) &&
            !cln_settings_solver_is(&options->settings, owners[table[i].of])) {
            snprintf(options->sentence, sizeof options->sentence,
                     "option %s is for solver %s and does nothing with %s; leave it out, or change the solver",
                     table[i].info.name, owners[table[i].of], options->settings.solver);
            return options->sentence;
        }
    return NULL;
}

const char *cln_options_check(cln_options *options)
{
    if (!options)
        return "there are no options; create them with cln_options_create";
    const char *wrong = check_solver(options);
    return wrong ? wrong : cln_settings_check(&options->settings, options->sentence, sizeof options->sentence);
}

cln_status cln_options_copy(const cln_options *options, cln_options **result, cln_error *error)
{
    cln_options *copy = NULL;
    cln_status status = cln_options_create(&copy, error);
    for (size_t i = 0; i < OPTIONS && status == CLN_OK; i++)
        if (options->text[i])
            status = cln_options_set(copy, table[i].info.name, options->text[i], error);
    if (status != CLN_OK) {
        cln_options_free(copy);
        copy = NULL;
    }
    *result = copy;
    return status;
}

void cln_options_free(cln_options *options)
{
    if (!options)
        return;
    for (size_t i = 0; i < OPTIONS; i++)
        free(options->text[i]);
    free(options);
}

const cln_settings *cln_options_settings(const cln_options *options)
{
    return &options->settings;
}
