/* Which configurations one trainer takes side by side, and how many. */
#include "train/trainer.h"

#include "base/size.h"

#include <string.h>

/* What lanes may differ in: it is in their steps and in when they end, not in what a pass reads or computes. */
static bool may_differ(const char *name)
{
    static const char *const own[] = {"learning-rate",     "momentum",   "nesterov", "schedule", "decay",
                                      "decay-epochs",      "l2",         "alpha",    "patience", "patience-iterations",
                                      "patience-increase", "improvement"};
    for (size_t i = 0; i < CLN_COUNT(own); i++)
        if (strcmp(name, own[i]) == 0)
            return true;
    return false;
}

bool cln_options_stackable(const cln_options *a, const cln_options *b)
{
    if (!cln_settings_solver_is(cln_options_settings(a), "sgd"))
        return false;
    for (size_t i = 0; i < cln_option_count(); i++) {
        const char *name = cln_option_at(i)->name;
        if (!may_differ(name) && strcmp(cln_options_get(a, name), cln_options_get(b, name)) != 0)
            return false;
    }
    return true;
}

/* As many outputs as the fused kernels take. */
uint32_t cln_stack_most(const cln_settings *settings, uint32_t k)
{
    return cln_settings_solver_is(settings, "sgd") && k < CLN_FUSED_OUTPUTS ? CLN_FUSED_OUTPUTS / k : 1;
}
