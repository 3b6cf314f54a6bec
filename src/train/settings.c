/* What settings mean together, and which of them do not go together. */
#include "train/settings.h"

#include <stdio.h>
#include <string.h>

static bool is_linear(const cln_settings *settings)
{
    return strcmp(settings->model, "linear") == 0;
}

cln_row_loss cln_settings_loss(const cln_settings *settings)
{
    bool squared = settings->loss && strcmp(settings->loss, "squared") == 0;
    return is_linear(settings) ? CLN_SQUARED : squared ? CLN_SOFTMAX_SQUARED : CLN_CROSS_ENTROPY;
}

cln_target cln_settings_target(const cln_settings *settings)
{
    return strcmp(settings->target, "value") == 0 ? CLN_TARGET_VALUE : CLN_TARGET_ONEHOT;
}

bool cln_settings_solver_is(const cln_settings *settings, const char *solver)
{
    return strcmp(settings->solver, solver) == 0;
}

uint64_t cln_settings_epochs(const cln_settings *settings)
{
    if (settings->epochs)
        return settings->epochs;
    return cln_settings_solver_is(settings, "sgd") ? 10 : cln_settings_solver_is(settings, "lbfgs") ? 1000 : 1;
}

static const char *check_model(const cln_settings *settings)
{
    bool value = cln_settings_target(settings) == CLN_TARGET_VALUE;
    if (is_linear(settings) && settings->loss && strcmp(settings->loss, "cross-entropy") == 0)
        return "loss cross-entropy needs model softmax; a linear model has loss squared";
    if (!is_linear(settings) && value)
        return "target value needs model linear; softmax is fitted to classes";
    if (value && settings->class_count)
        return "target value does not go with classes, which are renumbered and then mean no number";
    if (settings->no_bias && (settings->center || settings->standardize))
        return "options center and standardize do not go with no-bias: what is subtracted from the features becomes a "
               "bias";
    return NULL;
}

static const char *check_solver(const cln_settings *settings)
{
    if (cln_settings_solver_is(settings, "direct")) {
        if (!is_linear(settings))
            return "solver direct is for model linear; softmax needs lbfgs or sgd";
        if (settings->balanced || settings->weighted_count)
            return "solver direct weighs all rows alike; for class-weights take lbfgs or sgd";
        if (settings->epochs)
            return "option epochs does nothing with solver direct, which has a closed form; leave it out";
    }
    if (settings->alpha_count > 1 && !cln_settings_solver_is(settings, "direct"))
        return "several values of alpha need solver direct; elsewhere give one, or use clinear search";
    if (settings->nesterov && !(settings->momentum > 0))
        return "option nesterov needs momentum above 0";
    if (strcmp(settings->schedule, "constant") == 0 && (settings->decay > 0 || settings->decay_epochs))
        return "options decay and decay-epochs need a schedule other than constant";
    if (strcmp(settings->schedule, "step") != 0 && settings->decay_epochs)
        return "option decay-epochs is for schedule step";
    return NULL;
}

const char *cln_settings_check(const cln_settings *settings, char *sentence, size_t size)
{
    const char *wrong = check_model(settings);
    if (!wrong)
        wrong = check_solver(settings);
    if (wrong)
        return wrong;
    if (settings->l2 > 0 && cln_settings_has_alpha(settings))
        return "options l2 and alpha are the same penalty in two units; give one of them";
    if (settings->patience && settings->patience_iterations)
        return "options patience and patience-iterations are two rules for the same; give one of them";
    if (settings->train_rows && settings->valid_rows >= settings->train_rows) {
        snprintf(sentence, size,
                 "option valid takes %llu of the %llu rows that train-rows leaves, and none remain to train on",
                 (unsigned long long)settings->valid_rows, (unsigned long long)settings->train_rows);
        return sentence;
    }
    return NULL;
}

bool cln_settings_has_alpha(const cln_settings *settings)
{
    return settings->alpha_count > 1 || (settings->alpha_count == 1 && settings->alpha[0] > 0);
}

double cln_settings_l2(const cln_settings *settings, double total)
{
    return cln_settings_has_alpha(settings) ? settings->alpha[0] / total : settings->l2;
}
