/* One table: names, arguments, defaults, help, ranges. Parser, command line, model metadata and messages read it. */
#include "train/option_kinds.h"

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

/* clang-format off */
#define SWITCH(name, help, of, field)                        {{name, NULL, "", help}, CLN_OPTION_SWITCH, CLN_OF_##of, AT(field), 0, 0, NULL}
#define COUNT(name, argument, initial, help, of, field, least) {{name, argument, initial, help}, CLN_OPTION_COUNT, CLN_OF_##of, AT(field), least, ANY_COUNT, NULL}
#define REAL(name, initial, help, of, field, least, most)    {{name, "F", initial, help}, CLN_OPTION_REAL, CLN_OF_##of, AT(field), least, most, NULL}
#define WORD(name, initial, help, of, field, words)          {{name, "NAME", initial, help}, CLN_OPTION_WORD, CLN_OF_##of, AT(field), 0, 0, words}
#define LIST(name, argument, initial, help, kind, most)      {{name, argument, initial, help}, CLN_OPTION_##kind, CLN_OF_ALL, 0, 0, most, NULL}

static const cln_option table[] = {
    WORD("model", "softmax", "kind of model: softmax (classes) or linear", ALL, model, models),
    WORD("loss", "", "loss of a row: cross-entropy (softmax's own) or squared (linear's)", ALL, loss, losses),
    WORD("solver", "sgd", "how the objective is minimised: sgd (minibatches), lbfgs (all rows, to an optimum) or direct (linear, in closed form)", ALL, solver, solvers),
    WORD("target", "onehot", "what a linear model is fitted to: onehot (an output for each class) or value (the label as a number)", ALL, target, targets),
    WORD("engine", "auto", "who computes the products: auto, fused (own kernels) or clblast", ALL, engine, engines),
    LIST("classes", "A,B,…", "", "keep the rows of these classes only, renumbered in this order", CLASSES, 0),
    REAL("scale", "", "factor on every feature (1/255 for bytes, 1 for floats)", ALL, scale, 1e-30, 1e30),
    SWITCH("center", "subtract each feature's mean over the training rows", ALL, center),
    SWITCH("standardize", "and divide by its standard deviation", ALL, standardize),
    LIST("class-weights", "WEIGHTS", "", "weights of the classes' rows in the loss: balanced, or 3:0.5,6:2 (others 1)", CLASS_WEIGHTS, 0),
    COUNT("train-rows", "N", "", "use the first N rows only, before the split", ALL, train_rows, 1),
    COUNT("valid", "N|DATA", "", "validate on the last N rows, or on the test part of a folder", ALL, valid_rows, 1),
    COUNT("batch-size", "N", "200", "rows of a minibatch", SGD, batch_size, 1),
    SWITCH("drop-last", "leave out a last minibatch that is not whole", SGD, drop_last),
    COUNT("epochs", "N", "", "passes over the training rows (10), or iterations of lbfgs (1000), at most", ALL, epochs, 1),
    REAL("learning-rate", "", "step size (a safe one, from the largest eigenvalue of the features' Gram matrix)", SGD, learning_rate, 1e-30, 1e30),
    WORD("schedule", "constant", "step size by epoch: constant, step, exponential, cosine or inverse-time", SGD, schedule, schedules),
    REAL("decay", "", "of the schedule: factor of step (0.1) and exponential (0.95), last over first of cosine (0), rate of inverse-time (1)", SGD, decay, 1e-30, 1e30),
    COUNT("decay-epochs", "N", "", "epochs between the steps of schedule step (a third of the epochs)", SGD, decay_epochs, 1),
    REAL("momentum", "0", "share of the last step in the next one, below 1", SGD, momentum, 0, 0.999999),
    SWITCH("nesterov", "look ahead along the momentum", SGD, nesterov),
    REAL("l1", "0", "penalty F·|W| on the mean loss, which makes weights exactly zero; not on the bias", LBFGS, l1, 0, 1e30),
    REAL("l2", "0", "penalty (F/2)·|W|² on the mean loss; not on the bias", ALL, l2, 0, 1e30),
    LIST("alpha", "F,…", "0", "l2 in units of summed losses: l2 = F / training rows; direct takes several and keeps the best in validation", ALPHAS, 1e30),
    SWITCH("no-bias", "a model without bias", ALL, no_bias),
    SWITCH("no-shuffle", "visit the rows in the order of the file", SGD, no_shuffle),
    COUNT("seed", "N", "0", "seed of the shuffling", SGD, seed, 0),
    COUNT("patience", "N", "", "stop after N epochs without a better validation error", SGD, patience, 1),
    COUNT("patience-iterations", "N", "", "stop after N minibatches, unless validation improves (see the next two)", SGD, patience_iterations, 1),
    REAL("patience-increase", "2", "an improvement at minibatch i extends the patience to F·i", SGD, patience_increase, 1, 1e6),
    REAL("improvement", "0.995", "what counts as one: an error below F times the best", SGD, improvement, 1e-6, 1),
    REAL("tolerance", "1e-5", "lbfgs stops where the largest component of the gradient is at most this", LBFGS, tolerance, 0, 1e30),
    COUNT("log-every", "N", "", "log every N-th minibatch, besides every epoch", SGD, log_every, 1),
};
/* clang-format on */

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
    cln_options *options = NULL;
    cln_status status;
    *result = NULL;
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
    const cln_option *entry = find(name);
    if (!entry)
        return NULL;
    const char *text = options->text[entry - table];
    return text ? text : "";
}

/* An option that was given another value than it has by itself. */
static bool is_changed(const cln_options *options, size_t i)
{
    return options->text[i] && strcmp(options->text[i], table[i].info.initial) != 0;
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
