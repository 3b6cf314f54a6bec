/* What a recipe's run came to, beside what was published. */
#ifndef CLN_CLI_FINDINGS_H
#define CLN_CLI_FINDINGS_H

#include "cli/recipes.h"
#include "report/training.h"

/* Fills findings (8) and returns how many. early: the validation score after the recipe's early_epochs. */
size_t cln_findings(const cln_recipe *recipe, const cln_result *result, const cln_score *early, cln_finding *findings);

#endif
