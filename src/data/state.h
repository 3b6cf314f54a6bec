/* What a data set consists of; for the files of this floor alone. */
#ifndef CLN_DATA_STATE_H
#define CLN_DATA_STATE_H

#include "data/dataset.h"
#include "data/stream.h"

struct cln_dataset {
    cln_dataset_info info;
    size_t row_bytes;     /* of one row's features */
    uint64_t source_rows; /* rows of the file or memory, kept or not */
    int32_t *labels;      /* (info.rows), or NULL */
    float *targets;       /* (info.rows,info.outputs), or NULL, as always where there are labels */
    float *weights;       /* (info.rows), or NULL */

    /* Which rows of the source are kept: kept[i] where kept is not NULL, first + i otherwise. Ascending. */
    uint32_t *kept; /* (info.rows), or NULL */
    uint64_t first;
    uint64_t next; /* among the kept rows, the one that is pulled next */

    /* Source rows held_first … held_first+held_count−1 in host byte order: all of them in wrapped memory, or a block that was
       read from the stream. */
    const char *held;
    uint64_t held_first, held_count;

    cln_stream *stream;    /* NULL for memory */
    uint64_t header_bytes; /* before the stream's first row */
    uint64_t position;     /* the source row at which the stream stands; UINT64_MAX: unknown */
    char *block;           /* (block_rows rows) that `held` shows; allocated when first needed */
    uint64_t block_rows;
};

/* (answers.c) Takes over labels (info.rows), in 0 … CLN_CLASSES_MAX−1. */
void cln_dataset_take_labels(cln_dataset *data, int32_t *labels);
/* The same with a copy of labels or targets (info.rows,k) in a caller's memory, checked. */
cln_status cln_dataset_copy_labels(cln_dataset *data, const int32_t *labels, cln_error *error);
cln_status cln_dataset_copy_targets(cln_dataset *data, const float *targets, uint32_t k, cln_error *error);
/* Row `to` gets the label, targets and weight of row `from`, which comes no earlier. */
void cln_dataset_move_answers(cln_dataset *data, uint64_t from, uint64_t to);

#endif
