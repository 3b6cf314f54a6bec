/* A data set as the floors above see it: answers (labels or real-valued targets) and weights in memory, features to be pulled once in
   order, row after row. */
#ifndef CLN_DATA_DATASET_H
#define CLN_DATA_DATASET_H

#include "base/error.h"

/* Bytes of one feature. */
size_t cln_type_bytes(cln_type type);

/* Element `at` of x. */
static inline double cln_type_value(cln_type type, const void *x, size_t at)
{
    return type == CLN_UINT8 ? ((const uint8_t *)x)[at] : (double)((const float *)x)[at];
}

/* The same rows and answers as a data set of its own, so that one can be narrowed and the other not. Of rows in memory it copies
   labels, targets and weights, not the features. */
cln_status cln_dataset_copy(const cln_dataset *data, cln_dataset **copy, cln_error *error);

/* Goes back to the first row; pulling may begin again. cln_dataset_keep_classes and _keep_rows do so too. */
cln_status cln_dataset_rewind(cln_dataset *data, cln_error *error);

/* The next `rows` rows of those kept. Row i goes to `to` + i·stride bytes; what lies behind its features up to the stride is
   left alone. A file that ends early or goes on behind its last row is CLN_FORMAT; what lies behind the last kept row is not
   read. NaN and infinity are CLN_FORMAT, with row and column named. More rows than are left, or a stride below a row's
   bytes, are CLN_INVALID. After a failure, rewind. */
cln_status cln_dataset_pull(cln_dataset *data, void *to, uint64_t rows, size_t stride, cln_error *error);

/* What the data set holds of memory now, and the most that reading it adds: answers, weights, row numbers; not rows in a caller's
   memory. */
uint64_t cln_dataset_bytes(const cln_dataset *data);
uint64_t cln_dataset_reading_bytes(const cln_dataset *data);

/* (rows,k) of cln_dataset_wrap_targets, of the rows that are kept, and (rows) of cln_dataset_weigh; NULL without. */
const float *cln_dataset_targets(const cln_dataset *data);
const float *cln_dataset_weights(const cln_dataset *data);

#endif
