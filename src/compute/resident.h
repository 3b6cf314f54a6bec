/*
 * A data set on the device, shared by its files: feed.c has its chunks and how it gets there, blocks.c the blocks of rows that the engines
 * are handed, and the way back.
 */
#ifndef CLN_COMPUTE_RESIDENT_H
#define CLN_COMPUTE_RESIDENT_H

#include "compute/feed.h"
#include "compute/upload.h"

struct cln_resident {
    cln_device *device;
    cln_dataset_info info;
    uint32_t stride;
    uint32_t targets; /* words of a row's target: a label, or floats */
    size_t row_bytes;
    cln_chunk *chunks;
    uint64_t chunk_count, chunk_rows;
    cln_upload *upload; /* NULL once everything is there */
    cl_program program; /* gather; only where there are several chunks */
    cl_kernel gather;
    size_t group;
    uint32_t block_rows;
    cl_mem gathered_x, gathered_target, gathered_weight;
};

static inline uint64_t cln_resident_target_bytes(const cln_resident *resident, uint64_t rows)
{
    return rows * resident->targets * sizeof(uint32_t);
}

/* blocks.c: the memory in which rows of several chunks are brought together, block_rows at most, and that of their weights. */
cln_status cln_blocks_create(cln_resident *resident, cln_error *error);
cln_status cln_blocks_create_weights(cln_resident *resident, cln_error *error);
/* Takes it anew, after block_rows has grown, with the kernel that brings them together. */
cln_status cln_blocks_renew(cln_resident *resident, cln_error *error);
void cln_blocks_release(cln_resident *resident);

#endif
