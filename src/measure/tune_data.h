/* Rows to take training steps on, and what a first step must come to. */
#ifndef CLN_MEASURE_TUNE_DATA_H
#define CLN_MEASURE_TUNE_DATA_H

#include "compute/feed.h"
#include "measure/tune.h"

/* Minibatches that are handed over at once. */
#define CLN_TUNE_STRETCH 16

struct cln_tune_data {
    cln_device *device;
    cln_case of;
    uint32_t rows, batches; /* batches of the case's rows: 2 or more */
    float scale;
    cln_resident *resident;
    uint32_t *h_order;
    cl_mem order, scores;
    cl_mem step;              /* (1) cln_step */
    float *h_w;               /* (k,d+1): weights, the bias in the last column */
    double *expected, *slack; /* (k,d+1): of the summed loss's gradient over the first of.rows rows of the order */
};

#endif
