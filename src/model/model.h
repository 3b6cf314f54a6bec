/* A model's weights on the host and the words that describe them (metadata: names and values, both text). */
#ifndef CLN_MODEL_MODEL_H
#define CLN_MODEL_MODEL_H

#include "model/entries.h"
#include "model/loss.h"

struct cln_model {
    uint32_t outputs, features; /* k, d */
    float *weight;              /* (k,d) */
    float *bias;                /* (k), or NULL for a model without */
    double scale;               /* logits are those of x·scale */
    cln_row_loss loss;          /* that it was trained for: whether its outputs are logits of classes, or values */
    cln_target target;
    int32_t lowest, highest; /* TARGET_VALUE: the labels that an output is rounded and clipped to */
    uint32_t *classes;       /* (k): the label of each output in the data; ascending from 0 unless a subset */
    bool subset;             /* trained on some classes only */
    cln_entries metadata;
};

/* Zero weights, scale 1, classes 0 … k−1. */
cln_status cln_model_create(uint32_t outputs, uint32_t features, bool bias, cln_model **model, cln_error *error);
/* Adds or replaces a metadata entry; the value is a printf format. `scale` and `classes` are written from their fields. */
__attribute__((format(printf, 4, 5))) cln_status cln_model_note(cln_model *model, cln_error *error, const char *key,
                                                                const char *value, ...);

#endif
