/* Opening, wrapping, describing and closing. The other concepts of a data set: answers.c, select.c, pull.c. */
#include "base/entry.h"
#include "base/os.h"
#include "base/size.h"
#include "data/idx.h"
#include "data/limits.h"
#include "data/mnist.h"
#include "data/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t cln_type_bytes(cln_type type)
{
    return type == CLN_UINT8 ? 1 : 4;
}

bool cln_dataset_has_parts(const char *path)
{
    if (!path)
        return false;
    return cln_os_is_folder(path);
}

/* Sets n, d and what follows from them. Sizes beyond the limits are `refusal`, with `path` in the message. */
static cln_status set_shape(cln_dataset *data, const char *path, uint64_t rows, uint64_t features, cln_type type,
                            cln_status refusal, cln_error *error)
{
    if (rows == 0 || rows > CLN_ROWS_MAX)
        return cln_fail(error, refusal, "%s: a data set of %llu rows cannot be used; 1 to %u can", path,
                        (unsigned long long)rows, CLN_ROWS_MAX);
    if (features == 0 || features > CLN_FEATURES_MAX)
        return cln_fail(error, refusal, "%s: rows of %llu features cannot be used; 1 to %u can", path,
                        (unsigned long long)features, CLN_FEATURES_MAX);
    data->info.rows = data->source_rows = rows;
    data->info.features = data->info.width = (uint32_t)features;
    data->info.height = 1;
    data->info.type = type;
    data->row_bytes = (size_t)features * cln_type_bytes(type);
    return CLN_OK;
}

static cln_status open_images(cln_dataset *data, const char *path, cln_error *error)
{
    cln_status status;
    cln_idx idx;
    TRY(cln_stream_open(path, &data->stream, error));
    TRY(cln_idx_read(data->stream, CLN_IDX_FEATURES, &idx, error));
    if (idx.dimensions < 2)
        return cln_fail(error, CLN_FORMAT,
                        "%s: it has one dimension, so it holds labels and no rows of features; give the images' file",
                        path);
    if (idx.type == CLN_IDX_INT32)
        return cln_fail(error, CLN_FORMAT,
                        "%s: its features are 32-bit integers; convert them to unsigned bytes or floats", path);
    cln_type type = idx.type == CLN_IDX_UINT8 ? CLN_UINT8 : CLN_FLOAT32;
    TRY(set_shape(data, path, idx.rows, idx.width, type, CLN_FORMAT, error));
    if (idx.dimensions == 3) {
        data->info.height = idx.size[1];
        data->info.width = idx.size[2];
    }
    data->header_bytes = idx.header_bytes;
    snprintf(data->info.path, sizeof data->info.path, "%s", path);
out:
    return status;
}

static cln_status open_labels(cln_dataset *data, const char *path, cln_error *error)
{
    int32_t *labels = NULL;
    uint64_t count = 0;
    cln_status status = cln_idx_read_labels(path, &data->info, &labels, &count, error);
    if (status == CLN_OK)
        cln_dataset_take_labels(data, labels);
    return status;
}

/* The files that `path` and `labels` stand for; *label_file is "" for none. */
static cln_status find_files(const char *path, const char *labels, cln_part part, char images[CLN_PATH_BYTES],
                             char label_file[CLN_PATH_BYTES], cln_error *error)
{
    if (cln_os_is_folder(path)) {
        if (labels)
            return cln_fail(error, CLN_INVALID,
                            "%s is a folder, which has its own labels; give labels only with a file of images", path);
        return cln_mnist_find(path, part, images, label_file, error);
    }
    if (!cln_os_exists(path))
        return cln_fail(error, CLN_IO,
                        "cannot read \"%s\": there is nothing of that name; give a folder with MNIST's files "
                        "(scripts/get-mnist.sh fetches them) or an IDX file",
                        path);
    if (strlen(path) >= CLN_PATH_BYTES || (labels && strlen(labels) >= CLN_PATH_BYTES))
        return cln_fail(error, CLN_IO, "cannot read %.60s…: a name may have %d bytes at most", path,
                        CLN_PATH_BYTES - 1);
    snprintf(images, CLN_PATH_BYTES, "%s", path);
    snprintf(label_file, CLN_PATH_BYTES, "%s", labels ? labels : "");
    return CLN_OK;
}

cln_status cln_dataset_open(const char *path, const char *labels, cln_part part, cln_dataset **result, cln_error *error)
{
    MAKES(result);
    ENTER(error, path && result);
    cln_status status;
    cln_dataset *data = NULL;
    char images[CLN_PATH_BYTES], label_file[CLN_PATH_BYTES];
    TRY(find_files(path, labels, part, images, label_file, error));
    TRY(cln_allocate((void **)&data, 1, sizeof *data, "a data set", error));
    TRY(open_images(data, images, error));
    if (*label_file || labels)
        TRY(open_labels(data, label_file, error));
    *result = data;
    data = NULL;
out:
    cln_dataset_close(data);
    return status;
}

/* Rows in memory; labels (n) or targets (n,k) or neither. */
static cln_status wrap(const void *x, cln_type type, uint64_t n, uint32_t d, const int32_t *labels,
                       const float *targets, uint32_t k, cln_dataset **result, cln_error *error)
{
    cln_status status;
    cln_dataset *data = NULL;
    *result = NULL;
    if (!x || (type != CLN_UINT8 && type != CLN_FLOAT32))
        return cln_fail(error, CLN_INVALID, "cannot wrap rows in memory: %s", x ? "no such type" : "they are NULL");
    TRY(cln_allocate((void **)&data, 1, sizeof *data, "a data set", error));
    TRY(set_shape(data, "memory", n, d, type, CLN_INVALID, error));
    snprintf(data->info.path, sizeof data->info.path, "memory");
    if (labels)
        TRY(cln_dataset_copy_labels(data, labels, error));
    if (targets)
        TRY(cln_dataset_copy_targets(data, targets, k, error));
    data->held = x;
    data->held_count = n;
    *result = data;
    data = NULL;
out:
    cln_dataset_close(data);
    return status;
}

cln_status cln_dataset_wrap(const void *x, cln_type type, uint64_t n, uint32_t d, const int32_t *labels,
                            cln_dataset **data, cln_error *error)
{
    MAKES(data);
    ENTER(error, x && data);
    return wrap(x, type, n, d, labels, NULL, 0, data, error);
}

cln_status cln_dataset_wrap_targets(const void *x, cln_type type, uint64_t n, uint32_t d, const float *targets,
                                    uint32_t k, cln_dataset **data, cln_error *error)
{
    MAKES(data);
    ENTER(error, x && targets && data);
    if (!targets)
        return cln_fail(error, CLN_INVALID, "cannot wrap rows in memory: their targets are NULL");
    return wrap(x, type, n, d, NULL, targets, k, data, error);
}

void cln_dataset_describe(const cln_dataset *data, cln_dataset_info *info)
{
    if (info)
        *info = data ? data->info : (cln_dataset_info){0};
}

void cln_dataset_close(cln_dataset *data)
{
    if (!data)
        return;
    cln_stream_close(data->stream);
    free(data->block);
    free(data->labels);
    free(data->targets);
    free(data->weights);
    free(data->kept);
    free(data);
}
