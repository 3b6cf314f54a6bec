/*
 * A data set in device memory: its features in their own type, rows `stride` elements apart, in chunks that one allocation can
 * hold; its labels as uint32. Blocks of rows are handed to the engines; the order of rows does not depend on the chunks.
 */
#ifndef CLN_COMPUTE_FEED_H
#define CLN_COMPUTE_FEED_H

#include "compute/engine.h"
#include "data/dataset.h"

typedef struct cln_resident cln_resident;

/* Pulls the data set, from its first row to its last, into mapped device memory: the host holds no copy. block_rows: the most
   rows that cln_resident_rows will be asked for. most_bytes: of a chunk; 0 for CL_DEVICE_MAX_MEM_ALLOC_SIZE. *load_seconds (may be
   NULL) grows by the time that reading took. */
cln_status cln_resident_create(cln_device *device, cln_dataset *data, uint32_t block_rows, uint64_t most_bytes,
                               cln_resident **resident, double *load_seconds, cln_error *error);
void cln_resident_release(cln_resident *resident);

/* The block of rows first … first+count−1 of the order (NULL: as they lie). Where its rows lie in several chunks they are brought
   together first; such a block is valid until the next call. */
cln_status cln_resident_rows(cln_resident *resident, cl_mem order, uint64_t first, uint32_t count, cln_rows *rows,
                             cln_error *error);

#endif
