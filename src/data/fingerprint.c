#include "data/fingerprint.h"

#include "base/checksum.h"
#include "base/size.h"

#include <stdlib.h>

/* Read at a time. */
#define STRETCH_BYTES (4u << 20)

static uint64_t rows_at_once(const cln_dataset_info *info)
{
    uint64_t rows = cln_ceil_divide(STRETCH_BYTES, info->features * cln_type_bytes(info->type));
    return rows < info->rows ? rows : info->rows;
}

uint64_t cln_fingerprint_bytes(const cln_dataset_info *info)
{
    return rows_at_once(info) * info->features * cln_type_bytes(info->type);
}

cln_status cln_fingerprint_features(const cln_dataset_info *info, cln_fingerprint_read_fn *read, void *from,
                                    uint64_t *sum, cln_error *error)
{
    cln_status status;
    size_t row = info->features * cln_type_bytes(info->type);
    uint64_t at_once = rows_at_once(info);
    cln_checksum adding = cln_checksum_begin();
    void *x = NULL;
    TRY(cln_allocate(&x, at_once, row, "rows to be checksummed", error));
    for (uint64_t done = 0; done < info->rows; done += at_once) {
        uint64_t some = info->rows - done < at_once ? info->rows - done : at_once;
        TRY(read(from, done, some, x, error));
        cln_checksum_add(&adding, x, some * row);
    }
    *sum = cln_checksum_of(&adding);
out:
    free(x);
    return status;
}

static cln_status pull(void *from, uint64_t first, uint64_t rows, void *x, cln_error *error)
{
    cln_dataset_info info;
    (void)first; /* the next ones */
    cln_dataset_describe(from, &info);
    return cln_dataset_pull(from, x, rows, info.features * cln_type_bytes(info.type), error);
}

cln_status cln_fingerprint_dataset(cln_dataset *data, uint64_t *sum, cln_error *error)
{
    cln_status status;
    cln_dataset_info info;
    cln_dataset_describe(data, &info);
    TRY(cln_dataset_rewind(data, error));
    TRY(cln_fingerprint_features(&info, pull, data, sum, error));
    TRY(cln_dataset_rewind(data, error));
out:
    return status;
}

uint64_t cln_fingerprint_answers(const cln_dataset *data)
{
    cln_dataset_info info;
    const int32_t *labels = cln_dataset_labels(data);
    const float *targets = cln_dataset_targets(data), *weights = cln_dataset_weights(data);
    cln_checksum adding = cln_checksum_begin();
    cln_dataset_describe(data, &info);
    if (labels)
        cln_checksum_add(&adding, labels, info.rows * sizeof *labels);
    if (targets)
        cln_checksum_add(&adding, targets, info.rows * info.outputs * sizeof *targets);
    if (weights)
        cln_checksum_add(&adding, weights, info.rows * sizeof *weights);
    return cln_checksum_of(&adding);
}
