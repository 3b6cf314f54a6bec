/* A data set as the floors above see it: labels in memory, features to be pulled once in order, row after row. */
#ifndef CLN_DATA_DATASET_H
#define CLN_DATA_DATASET_H

#include "base/error.h"

/* Bytes of one feature. */
size_t cln_type_bytes(cln_type type);

/* Goes back to the first row; pulling may begin again. */
cln_status cln_dataset_rewind(cln_dataset *data, cln_error *error);

/* The next `rows` rows. Row i goes to `to` + i·stride bytes; what lies behind its features up to the stride is left alone. A
   file that ends early or goes on behind its last row is CLN_FORMAT. */
cln_status cln_dataset_pull(cln_dataset *data, void *to, uint64_t rows, size_t stride, cln_error *error);

#endif
