/* A data file: as labels, and as rows of features, of which the first ones are read. */
#include "data/dataset.h"
#include "data/idx.h"
#include "fuzz.h"

#include <stdlib.h>

enum { ROW_BYTES_MOST = 1 << 20 };

static void read_labels(const char *path)
{
    cln_error error = {0};
    int32_t *labels = NULL;
    uint64_t count = 0;
    cln_status status = cln_idx_read_labels(path, NULL, &labels, &count, &error);
    fuzz_check(status, &error);
    FUZZ_ASSERT((status == CLN_OK) == (labels != NULL));
    for (uint64_t i = 0; status == CLN_OK && i < count; i++)
        FUZZ_ASSERT(labels[i] >= 0);
    free(labels);
}

/* Twice, for the second time goes back to the file's start. */
static void pull(cln_dataset *data, const cln_dataset_info *info, size_t row_bytes)
{
    uint64_t rows = ROW_BYTES_MOST / row_bytes;
    if (rows > info->rows)
        rows = info->rows;
    char *x = malloc(rows ? (size_t)rows * row_bytes : 1);
    FUZZ_ASSERT(x);
    for (int i = 0; i < 2; i++) {
        cln_error error = {0};
        cln_status status = cln_dataset_pull(data, x, rows, row_bytes, &error);
        fuzz_check(status, &error);
        FUZZ_ASSERT(cln_dataset_rewind(data, NULL) == CLN_OK);
    }
    free(x);
}

static void read_features(const char *path)
{
    cln_error error = {0};
    cln_dataset *data = NULL;
    cln_dataset_info info;
    cln_status status = cln_dataset_open(path, NULL, CLN_PART_TRAIN, &data, &error);
    fuzz_check(status, &error);
    FUZZ_ASSERT((status == CLN_OK) == (data != NULL));
    if (data) {
        cln_dataset_describe(data, &info);
        pull(data, &info, info.features * cln_type_bytes(info.type));
    }
    cln_dataset_close(data);
}

void fuzz_one(const uint8_t *bytes, size_t count)
{
    const char *path = fuzz_file(NULL, bytes, count);
    read_labels(path);
    read_features(path);
}
