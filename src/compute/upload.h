/*
 * Features on their way into device memory, read by a thread of their own while the caller does something else (builds kernels,
 * say). The host holds no copy: the thread reads into mapped device memory, into all of a chunk where mapping copies
 * nothing, otherwise into two windows by turns, so that one is read while the other travels. The thread makes no OpenCL call.
 */
#ifndef CLN_COMPUTE_UPLOAD_H
#define CLN_COMPUTE_UPLOAD_H

#include "data/dataset.h"
#include "device/device.h"

/* Rows first … first+rows−1 in buffers of their own. */
typedef struct cln_chunk {
    cl_mem x;      /* (rows,row_bytes) */
    cl_mem target; /* (rows) uint32, or (rows,k) float, or NULL */
    cl_mem weight; /* (rows) float, or NULL */
    uint64_t first, rows;
} cln_chunk;

typedef struct cln_upload cln_upload;

/* Begins to read the data set's rows into the chunks, one after the other. A row has its features, and zeros up to row_bytes.
   Until the upload is released, data set and chunks are its own. */
cln_status cln_upload_begin(cln_device *device, cln_dataset *data, const cln_chunk *chunks, uint64_t count,
                            size_t row_bytes, cln_upload **upload, cln_error *error);
/* Host memory that drivers take for a window of this many bytes of rows, two for the upload that is being finished; 0 where
   mapping copies nothing. */
uint64_t cln_upload_window_bytes(const cln_facts *facts, uint64_t bytes);
/* Waits until all rows are in device memory, as far as the queue is concerned. *wait_seconds (may be NULL) grows by the
   time in which there was nothing to do but wait for the reading. */
cln_status cln_upload_finish(cln_upload *upload, double *wait_seconds, cln_error *error);
/* Stops reading, wherever it stands. */
void cln_upload_release(cln_upload *upload);

#endif
