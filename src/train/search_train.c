/* Trainings of one group on one part or fold. */
#include "train/search.h"

#include "base/os.h"
#include "base/size.h"
#include "data/dataset.h"

#include <stdlib.h>
#include <string.h>

cln_status cln_search_most(cln_search *search, uint32_t configuration, uint32_t *most, cln_error *error)
{
    (void)search;
    (void)configuration;
    (void)error;
    *most = 1;
    return CLN_OK;
}

/* The rows i of the training part with i mod folds = round, or those without. */
static cln_status keep_fold(cln_dataset *data, uint64_t rows, uint32_t folds, uint32_t round, bool validate,
                            cln_error *error)
{
    cln_status status;
    uint32_t *list = NULL;
    uint64_t count = 0;
    TRY(cln_allocate((void **)&list, rows, sizeof *list, "a fold", error));
    for (uint64_t i = 0; i < rows; i++)
        if ((i % folds == round) == validate)
            list[count++] = (uint32_t)i;
    TRY(cln_dataset_keep_list(data, list, count, error));
out:
    free(list);
    return status;
}

/* Without options that the selection has already heeded. */
static cln_status narrowed(const cln_options *options, cln_options **result, cln_error *error)
{
    cln_status status;
    cln_options *copy = NULL;
    TRY(cln_options_create(&copy, error));
    for (size_t i = 0; i < cln_option_count(); i++) {
        const char *name = cln_option_at(i)->name, *text = cln_options_get(options, name);
        if (*text && strcmp(name, "classes") != 0 && strcmp(name, "train-rows") != 0)
            TRY(cln_options_set(copy, name, text, error));
    }
    *result = copy;
    copy = NULL;
out:
    cln_options_free(copy);
    return status;
}

static cln_status create_trainer(cln_search *search, uint32_t round, const cln_options *options, cln_parts *fold,
                                 cln_trainer **trainer, cln_error *error)
{
    cln_status status;
    cln_options *rest = NULL;
    const cln_selection *selection = &search->selection;
    uint64_t rows = selection->rows[CLN_TRAIN];
    if (!search->folds)
        return cln_trainer_create(search->device, options, &(cln_parts){search->parts.train, search->parts.valid, NULL},
                                  trainer, error);
    TRY(narrowed(options, &rest, error));
    TRY(cln_dataset_copy(selection->data[CLN_TRAIN], &fold->train, error));
    TRY(cln_dataset_copy(selection->data[CLN_TRAIN], &fold->valid, error));
    TRY(keep_fold(fold->train, rows, search->folds, round, false, error));
    TRY(keep_fold(fold->valid, rows, search->folds, round, true, error));
    TRY(cln_trainer_create(search->device, rest, fold, trainer, error));
out:
    cln_options_free(rest);
    return status;
}

static cln_status train_one(cln_search *search, uint32_t round, uint32_t configuration, cln_progress_fn *progress,
                            void *user, cln_search_unit *unit, bool *interrupted, cln_error *error)
{
    cln_status status;
    cln_options *options = NULL;
    cln_trainer *trainer = NULL;
    cln_parts fold = {0};
    cln_result result;
    cln_error cause = {0};
    double began = cln_os_seconds();
    TRY(cln_grid_options(search->grid, configuration, &options, error));
    status = create_trainer(search, round, options, &fold, &trainer, &cause);
    if (status == CLN_OK)
        status = cln_trainer_run(trainer, progress, user, &result, &cause);
    if (status != CLN_OK && status != CLN_DIVERGED) {
        char text[256];
        cln_grid_describe(search->grid, configuration, text, sizeof text);
        cln_fail(error, status, "with %s: %s", text, cause.message);
        goto out;
    }
    status = CLN_OK;
    *interrupted = result.stopped == CLN_STOP_INTERRUPTED;
    *unit = (cln_search_unit){configuration,           round, result.valid, result.train, result.epochs, result.stopped,
                              cln_os_seconds() - began};
out:
    cln_trainer_close(trainer);
    cln_dataset_close(fold.valid);
    cln_dataset_close(fold.train);
    cln_options_free(options);
    return status;
}

cln_status cln_search_train(cln_search *search, uint32_t round, const uint32_t *configurations, uint32_t count,
                            cln_progress_fn *progress, void *user, cln_search_unit *units, bool *interrupted,
                            cln_error *error)
{
    cln_status status = CLN_OK;
    for (uint32_t i = 0; i < count && !*interrupted; i++)
        TRY(train_one(search, round, configurations[i], progress, user, &units[i], interrupted, error));
out:
    return status;
}
