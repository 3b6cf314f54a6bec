/* Cross-validation on rows that lie on the device once: which of them train and which validate is a list. */
#include "base/size.h"
#include "device/buffer.h"
#include "train/parts.h"

#include <stdlib.h>

static void forget(cln_selection *selection, int part)
{
    cln_buffer_release(selection->device, &selection->range[part].order);
    free(selection->list[part]);
    selection->list[part] = NULL;
}

void cln_selection_unfold(cln_selection *selection)
{
    if (!selection->unfolded)
        return;
    forget(selection, CLN_TRAIN);
    forget(selection, CLN_VALID);
    selection->range[CLN_VALID] = (cln_range){0};
    selection->rows[CLN_VALID] = 0;
    selection->rows[CLN_TRAIN] = selection->range[CLN_TRAIN].rows = selection->unfolded;
    selection->unfolded = 0;
}

/* The training rows that are in the fold, or the others, become a part. */
static cln_status list_rows(cln_selection *selection, int part, uint32_t fold, uint32_t folds, cln_error *error)
{
    cln_status status;
    uint64_t count = 0;
    cln_range *range = &selection->range[part];
    uint32_t **list = &selection->list[part];
    TRY(cln_allocate((void **)list, selection->unfolded, sizeof **list, "the rows of a fold", error));
    for (uint64_t i = 0; i < selection->unfolded; i++)
        if ((i % folds == fold) == (part == CLN_VALID))
            (*list)[count++] = (uint32_t)i;
    *range = (cln_range){.data = selection->resident[CLN_TRAIN], .rows = count};
    selection->rows[part] = count;
    TRY(cln_buffer_create_raw(selection->device, "the rows of a fold", count * sizeof(uint32_t), &range->order, error));
    TRY(cln_buffer_write(selection->device, range->order, 0, count * sizeof(uint32_t), *list, error));
out:
    return status;
}

cln_status cln_selection_fold(cln_selection *selection, cln_device *device, uint32_t fold, uint32_t folds,
                              cln_error *error)
{
    cln_status status = CLN_OK;
    cln_selection_unfold(selection);
    uint64_t rows = selection->rows[CLN_TRAIN];
    if (folds > 0 && selection->rows[CLN_VALID])
        TRY(cln_fail(error, CLN_INVALID, "folds validate on the training rows; leave out option valid, or the folds"));
    if (folds > 0 && (folds < 2 || folds > rows || fold >= folds))
        TRY(cln_fail(error, CLN_INVALID,
                     "fold %u of %u (from 0) of %llu training rows makes no sense; 2 folds to one for each row do",
                     fold, folds, (unsigned long long)rows));
    if (folds > 0) {
        selection->device = device;
        selection->unfolded = rows;
        TRY(list_rows(selection, CLN_TRAIN, fold, folds, error));
        TRY(list_rows(selection, CLN_VALID, fold, folds, error));
    }
out:
    if (status != CLN_OK)
        cln_selection_unfold(selection);
    cln_selection_find_labels(selection);
    return status;
}
