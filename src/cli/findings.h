/* What a recipe's run came to, beside what was published. */
#ifndef CLN_CLI_FINDINGS_H
#define CLN_CLI_FINDINGS_H

#include "cli/recipes.h"
#include "report/verdict.h"

/* Fills findings (CLN_RECIPE_CLAIMS) with those of one run and returns how many. early: the validation score after the run's
   early_epochs. */
size_t cln_findings(const cln_recipe_run *run, const cln_training *training, const cln_score *early,
                    cln_finding *findings);

#endif
