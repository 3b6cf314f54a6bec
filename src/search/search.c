/* A search's life, its rows and their ranking, and the best configuration once more. */
#include "search/search.h"

#include "base/entry.h"
#include "base/size.h"
#include "data/fingerprint.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- life */

static cln_status check_folds(const cln_search *search, cln_error *error)
{
    const uint64_t *rows = search->selection.rows;
    cln_options *first = NULL;
    if (!search->folds && !rows[CLN_VALID])
        return cln_fail(error, CLN_INVALID,
                        "a search compares by validation; give option valid a number of rows or a data set, or folds");
    if (!search->folds)
        return CLN_OK;
    if (rows[CLN_VALID])
        return cln_fail(error, CLN_INVALID,
                        "folds validate on the training rows; leave out option valid, or the folds");
    if (search->folds < 2 || search->folds > rows[CLN_TRAIN])
        return cln_fail(error, CLN_INVALID, "%u folds of %llu training rows make no sense; give 2 and more, such as 5",
                        search->folds, (unsigned long long)rows[CLN_TRAIN]);
    cln_status status = cln_grid_options(search->grid, 0, &first, error);
    if (status != CLN_OK)
        return status;
    const cln_settings *settings = cln_options_settings(first); /* where one has patience, all have */
    if (settings->patience || settings->patience_iterations)
        status =
            cln_fail(error, CLN_INVALID,
                     "patience does not go with folds, for the best is trained again on all rows, where nothing is "
                     "left to validate on; give several values of epochs to the grid");
    cln_options_free(first);
    return status;
}

static void take_unit(const cln_search_unit *unit, void *user)
{
    cln_search *search = user;
    size_t at = cln_search_at(search, unit->configuration, unit->fold);
    search->units[at] = *unit;
    search->had[at] = CLN_RESUMED;
    search->done++;
}

static cln_status open_state(cln_search *search, const char *path, const char *grid, cln_error *error)
{
    cln_status status;
    cln_search_identity identity = {.grid = grid,
                                    .configurations = cln_grid_count(search->grid),
                                    .folds = search->folds,
                                    .options = search->base,
                                    .train = search->parts.train,
                                    .valid = search->parts.valid};
    TRY(cln_fingerprint_dataset(search->parts.train, &identity.contents[0], error));
    if (search->parts.valid)
        TRY(cln_fingerprint_dataset(search->parts.valid, &identity.contents[1], error));
    TRY(cln_search_state_open(path, &identity, take_unit, search, &search->state, error));
out:
    return status;
}

cln_status cln_search_create(cln_device *device, const cln_options *options, const char *grid, uint32_t folds,
                             const cln_parts *parts, const char *state, cln_search **result, cln_error *error)
{
    MAKES(result);
    ENTER_OPENCL(error, device && options && grid && parts && result);
    cln_status status;
    cln_search *search = NULL;
    uint64_t units;
    TRY(cln_allocate((void **)&search, 1, sizeof *search, "a search", error));
    search->device = device;
    search->folds = folds;
    search->rounds = folds ? folds : 1;
    search->parts = *parts;
    TRY(cln_options_copy(options, &search->base, error));
    TRY(cln_grid_create(options, grid, &search->grid, error));
    TRY(cln_search_select(search, cln_options_settings(search->base), error));
    TRY(check_folds(search, error));
    TRY(cln_warn_of_labels(&search->warnings, &search->selection, cln_options_settings(search->base), error));
    units = (uint64_t)cln_grid_count(search->grid) * search->rounds;
    TRY(cln_allocate((void **)&search->units, units, sizeof *search->units, "a search", error));
    TRY(cln_allocate((void **)&search->had, units, sizeof *search->had, "a search", error));
    if (state)
        TRY(open_state(search, state, grid, error));
    *result = search;
    search = NULL;
out:
    cln_search_close(search);
    return status;
}

void cln_search_close(cln_search *search)
{
    if (!search || cln_opencl_is_lost())
        return;
    cln_search_state_close(search->state);
    cln_search_deselect(search);
    cln_grid_free(search->grid);
    cln_options_free(search->base);
    free(search->units);
    free(search->had);
    free(search);
}

/* ---- rows */

size_t cln_search_count(const cln_search *search)
{
    if (!search)
        return 0;
    return cln_grid_count(search->grid);
}

const char *cln_search_name(const cln_search *search, size_t name)
{
    if (!search)
        return NULL;
    return cln_grid_name(search->grid, name);
}

const char *cln_search_value(const cln_search *search, size_t index, size_t name)
{
    if (index >= cln_search_count(search) || !cln_search_name(search, name))
        return NULL;
    return cln_grid_value(search->grid, name, (uint32_t)index);
}

const char *cln_search_warning(const cln_search *search, size_t index)
{
    return search ? cln_warning_at(&search->warnings, index) : NULL;
}

/* Errors and rows are summed; until `average`, the loss is a sum, too. */
static void add_score(cln_score *sum, const cln_score *score)
{
    if (!score->rows)
        return;
    sum->loss += score->loss * (double)score->rows;
    sum->errors += score->errors;
    sum->rows += score->rows;
}

static void average(cln_score *sum)
{
    sum->loss = sum->rows ? sum->loss / (double)sum->rows : NAN;
}

/* One fold that diverged makes the configuration one that did. */
void cln_search_row_at(const cln_search *search, size_t index, cln_search_row *row)
{
    if (row)
        *row = (cln_search_row){.index = index, .valid.loss = NAN, .train.loss = NAN};
    if (!search || !row || index >= cln_search_count(search))
        return;
    *row = (cln_search_row){.index = index, .finished = true, .resumed = true};
    for (uint32_t round = 0; round < search->rounds; round++) {
        size_t at = cln_search_at(search, (uint32_t)index, round);
        const cln_search_unit *unit = &search->units[at];
        row->finished = row->finished && search->had[at] != CLN_NOT_YET;
        row->resumed = row->resumed && search->had[at] == CLN_RESUMED;
        add_score(&row->valid, &unit->valid);
        add_score(&row->train, &unit->train);
        row->epochs = unit->epochs > row->epochs ? unit->epochs : row->epochs;
        row->stopped = row->stopped == CLN_STOP_DIVERGED ? row->stopped : unit->stopped;
        row->seconds += unit->seconds;
    }
    if (!row->finished)
        *row = (cln_search_row){.index = index};
    average(&row->valid);
    average(&row->train);
}

/* 2: has no figures; 1: they are not to be trusted. */
static int is_out(const cln_search_row *row)
{
    return !row->finished ? 2 : row->stopped == CLN_STOP_DIVERGED || !row->valid.rows || isnan(row->valid.loss);
}

int cln_search_compare(const cln_search_row *a, const cln_search_row *b)
{
    if (!a || !b)
        return (b != NULL) - (a != NULL);
    if (is_out(a) != is_out(b))
        return is_out(a) - is_out(b);
    if (!is_out(a) && a->valid.errors != b->valid.errors)
        return a->valid.errors < b->valid.errors ? -1 : 1;
    if (!is_out(a) && (a->valid.loss < b->valid.loss || a->valid.loss > b->valid.loss))
        return a->valid.loss < b->valid.loss ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

bool cln_search_best(const cln_search *search, cln_search_row *best)
{
    cln_search_row row;
    if (!search || !best)
        return false;
    for (size_t i = 0; i < cln_search_count(search); i++) {
        cln_search_row_at(search, i, &row);
        if (i == 0 || cln_search_compare(&row, best) < 0)
            *best = row;
    }
    return !is_out(best);
}

/* ---- the best once more */

/* A copy without option `valid`. */
static cln_status without_valid(const cln_options *options, cln_options **result, cln_error *error)
{
    cln_status status;
    cln_options *copy = NULL;
    TRY(cln_options_create(&copy, error));
    for (size_t i = 0; i < cln_option_count(); i++) {
        const char *name = cln_option_at(i)->name, *text = cln_options_get(options, name);
        if (*text && strcmp(name, "valid") != 0)
            TRY(cln_options_set(copy, name, text, error));
    }
    *result = copy;
    copy = NULL;
out:
    cln_options_free(copy);
    return status;
}

/* The selection's rows on the device are given back before the trainer takes its own. */
cln_status cln_search_refit(cln_search *search, cln_trainer **trainer, cln_error *error)
{
    MAKES(trainer);
    ENTER_OPENCL(error, search && trainer);
    cln_status status;
    cln_search_row best;
    cln_options *options = NULL, *all_rows = NULL;
    if (!cln_search_best(search, &best))
        return best.finished
                   ? cln_fail(error, CLN_DIVERGED, "every configuration diverged; give the grid smaller learning rates")
                   : cln_fail(error, CLN_INVALID, "no configuration has been trained yet; run the search");
    TRY(cln_grid_options(search->grid, (uint32_t)best.index, &options, error));
    const cln_settings *settings = cln_options_settings(options);
    if (!search->parts.valid && !settings->patience && !settings->patience_iterations)
        TRY(without_valid(options, &all_rows, error));
    cln_search_deselect(search);
    TRY(cln_trainer_create(search->device, all_rows ? all_rows : options, &search->parts, trainer, error));
out:
    cln_options_free(all_rows);
    cln_options_free(options);
    return status;
}
