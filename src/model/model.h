/* A model's weights on the host and the words that describe them (metadata: names and values, both text). */
#ifndef CLN_MODEL_MODEL_H
#define CLN_MODEL_MODEL_H

#include "model/dtype.h"
#include "model/entries.h"
#include "model/loss.h"

struct cln_model {
    uint32_t outputs, features; /* k, d */
    double *weight;             /* (k,d) */
    double *bias;               /* (k), or NULL for a model without */
    /* the same in single precision, as cln_model_round left them; infinite beyond its range */
    float *rounded_weight, *rounded_bias;
    cln_dtype weight_type, bias_type; /* in its file: F32, of what is rounded, or F64 */
    double scale;                     /* logits are those of x·scale */
    cln_row_loss loss; /* that it was trained for: whether its outputs are logits of classes, or values */
    cln_target target;
    int32_t lowest, highest; /* TARGET_VALUE: the labels that an output is rounded and clipped to */
    uint32_t *classes;       /* (k): the label of each output in the data; ascending from 0 unless a subset */
    bool subset;             /* trained on some classes only */
    cln_entries metadata;
};

/* Zero weights, scale 1, classes 0 … k−1; F32 in its file. */
cln_status cln_model_create(uint32_t outputs, uint32_t features, bool bias, cln_model **model, cln_error *error);
/* What such a model takes of the host. */
uint64_t cln_model_bytes(uint32_t outputs, uint32_t features);
/* To be called whenever weight or bias have changed. */
void cln_model_round(cln_model *model);
/* Adds or replaces a metadata entry; the value is a printf format. `scale` and `classes` are written from their fields. */
__attribute__((format(printf, 4, 5))) cln_status cln_model_note(cln_model *model, cln_error *error, const char *key,
                                                                const char *value, ...);

#endif
