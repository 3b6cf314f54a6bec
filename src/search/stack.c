/* Trainings of one group side by side, on the validation part or a fold of rows that are uploaded once. */
#include "search/search.h"

#include "base/size.h"
#include "train/trainer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a row's target is decides how the parts are uploaded. */
static bool is_selected(const cln_search *search, const cln_settings *settings)
{
    return search->selected_model && strcmp(search->selected_model, settings->model) == 0 &&
           strcmp(search->selected_target, settings->target) == 0;
}

void cln_search_deselect(cln_search *search)
{
    cln_selection_release(&search->selection);
    search->selected_model = search->selected_target = NULL;
}

cln_status cln_search_select(cln_search *search, const cln_settings *settings, cln_error *error)
{
    cln_status status = CLN_OK;
    if (is_selected(search, settings))
        return CLN_OK;
    cln_search_deselect(search);
    TRY(cln_selection_create(&search->selection, settings, &(cln_parts){search->parts.train, search->parts.valid, NULL},
                             error));
    search->selected_model = settings->model; /* words of the options' table, which stay */
    search->selected_target = settings->target;
out:
    return status;
}

cln_status cln_search_most(cln_search *search, uint32_t configuration, uint32_t *most, cln_error *error)
{
    cln_status status;
    cln_options *options = NULL;
    TRY(cln_grid_options(search->grid, configuration, &options, error));
    TRY(cln_search_select(search, cln_options_settings(options), error));
    *most = cln_stack_most(cln_options_settings(options), search->selection.outputs);
out:
    cln_options_free(options);
    return status;
}

/* The trainer of all options (count), with the selection's rows on the device and divided for this round. */
static cln_status create_trainer(cln_search *search, uint32_t round, const cln_options *const *options, uint32_t count,
                                 cln_trainer **trainer, cln_error *error)
{
    cln_status status;
    TRY(cln_search_select(search, cln_options_settings(options[0]), error));
    TRY(cln_selection_begin(&search->selection, search->device, error));
    if (search->folds)
        TRY(cln_selection_fold(&search->selection, search->device, round, search->folds, error));
    TRY(cln_trainer_create_stack(search->device, options, count, &search->selection, &search->parts, trainer, error));
out:
    return status;
}

/* "with l2=0 learning-rate=.1 and 15 others: " and what failed. */
static cln_status fail_with(const cln_search *search, const uint32_t *configurations, uint32_t count,
                            const cln_error *cause, cln_error *error)
{
    char text[256], others[32] = "";
    cln_grid_describe(search->grid, configurations[0], text, sizeof text);
    if (count > 1)
        snprintf(others, sizeof others, count == 2 ? " and another" : " and %u others", count - 1);
    return cln_fail(error, cause->status, "with %s%s: %s", text, others, cause->message);
}

cln_status cln_search_train(cln_search *search, uint32_t round, const uint32_t *configurations, uint32_t count,
                            cln_progress_fn *progress, void *user, cln_search_unit *units, uint32_t *trained,
                            cln_error *error)
{
    cln_status status;
    cln_options **options = NULL;
    cln_result *results = NULL;
    cln_trainer *trainer = NULL;
    cln_error cause = {0};
    *trained = 0;
    TRY(cln_allocate((void **)&options, count, sizeof *options, "options", &cause));
    TRY(cln_allocate((void **)&results, count, sizeof *results, "results", &cause));
    for (uint32_t i = 0; i < count; i++)
        TRY(cln_grid_options(search->grid, configurations[i], &options[i], &cause));
    TRY(create_trainer(search, round, (const cln_options *const *)options, count, &trainer, &cause));
    TRY(cln_trainer_run_stack(trainer, progress, user, results, &cause));
    double seconds = results[0].seconds.train / count;
    for (uint32_t i = 0; i < count; i++)
        if (results[i].stopped != CLN_STOP_INTERRUPTED)
            units[(*trained)++] =
                (cln_search_unit){configurations[i],  round,  results[i].valid, results[i].train, results[i].epochs,
                                  results[i].stopped, seconds};
out:
    if (status != CLN_OK)
        fail_with(search, configurations, count, &cause, error);
    cln_trainer_close(trainer);
    for (uint32_t i = 0; options && i < count; i++)
        cln_options_free(options[i]);
    free(options);
    free(results);
    return status;
}
