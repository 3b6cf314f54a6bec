/* A checksum of a data set, by which a checkpoint or the state of a search knows its data again: XXH64 of the rows' bytes, read from
   wherever they lie. */
#ifndef CLN_DATA_FINGERPRINT_H
#define CLN_DATA_FINGERPRINT_H

#include "data/dataset.h"

/* Reads rows first … first+rows−1 of those kept, in ascending order; x: (rows,d) of the data's type. */
typedef cln_status cln_fingerprint_read_fn(void *from, uint64_t first, uint64_t rows, void *x, cln_error *error);

/* Of the features of all rows. */
cln_status cln_fingerprint_features(const cln_dataset_info *info, cln_fingerprint_read_fn *read, void *from,
                                    uint64_t *sum, cln_error *error);
/* What that takes of the host, without what `read` takes. */
uint64_t cln_fingerprint_bytes(const cln_dataset_info *info);
/* The same, read from the data set itself, which is at its first row afterwards. */
cln_status cln_fingerprint_dataset(cln_dataset *data, uint64_t *sum, cln_error *error);
/* Of labels or targets, and weights; without any, that of no bytes. */
uint64_t cln_fingerprint_answers(const cln_dataset *data);

#endif
