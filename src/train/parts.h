/*
 * The rows that a trainer works on: the caller's data sets with options `classes`, `train-rows` and `valid` applied, checked
 * against each other, then uploaded once, also for cross-validation. The caller's data sets stay as they were.
 */
#ifndef CLN_TRAIN_PARTS_H
#define CLN_TRAIN_PARTS_H

#include "train/score.h"
#include "train/settings.h"

enum { CLN_TRAIN, CLN_VALID, CLN_TEST, CLN_PARTS };

typedef struct cln_selection {
    /* The caller's, or narrowed copies; NULL: no such part, or it lies in the training data set. */
    cln_dataset *data[CLN_PARTS];
    bool owned[CLN_PARTS]; /* a copy of ours */
    cln_dataset_info info; /* of the training data set, validation rows included */
    cln_target target;
    uint32_t outputs;         /* k: logits of a row; 1 for TARGET_VALUE */
    int32_t lowest, highest;  /* labels of the training rows; 0 without labels */
    uint64_t rows[CLN_PARTS]; /* 0: no such part */
    cln_resident *resident[CLN_PARTS];
    cln_range range[CLN_PARTS];
    bool finished;             /* everything is on the device */
    uint64_t unfolded;         /* training rows without cross-validation; 0 while there is none */
    cln_device *device;        /* of the orders; set with unfolded */
    uint32_t *list[CLN_PARTS]; /* (rows): what range.order says; NULL where that is */
} cln_selection;

/* Where row i of a part lies in its data set. */
static inline uint64_t cln_selection_row(const cln_selection *selection, int part, uint64_t i)
{
    return selection->list[part] ? selection->list[part][i] : i;
}

/* Target of output c in training row i: a real value, the label's value, or 1 at the label and 0 elsewhere. */
double cln_selection_target(const cln_selection *selection, uint64_t i, uint32_t c);

/* Selects and checks; nothing is uploaded yet. Release it also after a failure. */
cln_status cln_selection_create(cln_selection *selection, const cln_settings *settings, const cln_parts *parts,
                                cln_error *error);
/* Begins to read and upload the parts, and waits for it; as cln_resident_begin and _finish. Called again, _begin does nothing, and
   _finish makes room for larger blocks. */
cln_status cln_selection_begin(cln_selection *selection, cln_device *device, cln_error *error);
cln_status cln_selection_finish(cln_selection *selection, cln_device *device, uint32_t block_rows, double *wait_seconds,
                                cln_error *error);

/* Cross-validation, on a selection that has begun and has no validation part of its own: of the training rows, those i with
   i mod folds = fold become the validation part, the others remain. Both lie where they are, in the training part's resident;
   range.order and list say which they are, in ascending order. folds: 2 … training rows, or 0: all are training rows again. */
cln_status cln_selection_fold(cln_selection *selection, cln_device *device, uint32_t fold, uint32_t folds,
                              cln_error *error);
/* lowest and highest of the training rows as they are now; for parts.c and folds.c. */
void cln_selection_find_labels(cln_selection *selection);
/* Back to ranges without order; for parts.c and folds.c. */
void cln_selection_unfold(cln_selection *selection);
void cln_selection_release(cln_selection *selection);

#endif
