/*
 * IDX, the format of the MNIST database (LeCun, Cortes and Burges, "The MNIST database of handwritten digits"): two zero
 * bytes, a type byte, the number of dimensions in a byte, each dimension in four bytes, then the values, all big-endian.
 */
#ifndef CLN_DATA_IDX_H
#define CLN_DATA_IDX_H

#include "data/stream.h"

typedef enum cln_idx_type { CLN_IDX_UINT8 = 0x08, CLN_IDX_INT32 = 0x0C, CLN_IDX_FLOAT32 = 0x0D } cln_idx_type;

typedef struct cln_idx {
    cln_idx_type type;
    uint32_t dimensions; /* at least 1 */
    uint32_t size[255];  /* (dimensions), none of them 0 */
    uint64_t rows;       /* size[0] */
    uint64_t width;      /* values of a row: the product of the other sizes, 1 where there are none */
    uint32_t value_bytes;
    uint64_t header_bytes;
} cln_idx;

/* What a file is read for, which says what one of a type that is not read is to be converted to. */
typedef enum cln_idx_use { CLN_IDX_FEATURES, CLN_IDX_LABELS } cln_idx_use;

/* Reads the header from the stream's start and leaves the stream behind it. CLN_FORMAT for a header that is none, a type
   that is not read, an empty dimension, and for sizes that the file cannot hold or, where it is plain, does not fill. */
cln_status cln_idx_read(cln_stream *stream, cln_idx_use use, cln_idx *idx, cln_error *error);

/* Opens a file of labels, one dimension of bytes or int32, and reads it whole. of: whose rows they must be as many as, or NULL;
   others are refused before memory is taken. *labels: (*count), to be released with free(). CLN_FORMAT also for labels below 0 or
   from CLN_CLASSES_MAX on. */
cln_status cln_idx_read_labels(const char *path, const cln_dataset_info *of, int32_t **labels, uint64_t *count,
                               cln_error *error);

#endif
