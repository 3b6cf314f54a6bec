/*
 * A data set in device memory: its features in their own type, rows `stride` elements apart, in chunks that one allocation can
 * hold; its labels as uint32, or its real-valued targets as floats. Blocks of rows are handed to the engines; the order of rows does
 * not depend on the chunks. The data set's own weights are not uploaded: see cln_resident_weigh.
 */
#ifndef CLN_COMPUTE_FEED_H
#define CLN_COMPUTE_FEED_H

#include "compute/engine.h"
#include "data/dataset.h"

typedef struct cln_resident cln_resident;

/* Begins to bring the data set, from its first row to its last, into device memory, and returns while a thread reads (see
   compute/upload.h); until _finish the data set is not to be used. most_bytes: of a chunk; 0 for CL_DEVICE_MAX_MEM_ALLOC_SIZE. */
cln_status cln_resident_begin(cln_device *device, cln_dataset *data, uint64_t most_bytes, cln_resident **resident,
                              cln_error *error);
/* Waits until all rows are there, for what follows on the device's queue, before anything else is asked of it.
   block_rows: the most rows that cln_resident_rows will be asked for; called again, it makes room for more of them.
   *wait_seconds (may be NULL) grows by the time spent waiting for the reader. */
cln_status cln_resident_finish(cln_resident *resident, uint32_t block_rows, double *wait_seconds, cln_error *error);
/* Count on a dry device (device/buffer.h) what a data set of these sizes takes there: its rows and answers; a block of block_rows, where
   rows of several chunks are brought together; the rows' weights, also in that block. */
void cln_resident_count(cln_device *dry, const cln_dataset_info *info);
void cln_resident_count_block(cln_device *dry, const cln_dataset_info *info, uint32_t block_rows);
void cln_resident_count_weights(cln_device *dry, const cln_dataset_info *info, uint32_t block_rows);
/* At any time, also while it is being read. */
void cln_resident_release(cln_resident *resident);

/* The data set as it was uploaded, and block_rows. */
const cln_dataset_info *cln_resident_describe(const cln_resident *resident);
uint32_t cln_resident_block_rows(const cln_resident *resident);

/* What rows count in the loss from here on, once everything is there; weights: (rows of the data set), copied; NULL: all alike, without
   weights. A caller for whom a pass has no weights sets cln_rows.weight to NULL. */
cln_status cln_resident_weigh(cln_resident *resident, const float *weights, cln_error *error);

/* The block of rows first … first+count−1 of the order (NULL: as they lie). Where its rows lie in several chunks they are brought
   together first, with their targets and weights; such a block is valid until the next call. */
cln_status cln_resident_rows(cln_resident *resident, cl_mem order, uint64_t first, uint32_t count, cln_rows *rows,
                             cln_error *error);

/* Reads rows first … first+count−1, as they lie, back to the host; x: (count,d) of the data's type. Waits for the device. */
cln_status cln_resident_read(cln_resident *resident, uint64_t first, uint64_t count, void *x, cln_error *error);
/* What that takes of the host for the time it lasts. */
uint64_t cln_resident_read_bytes(const cln_dataset_info *info);

#endif
