#include "data/idx.h"

#include "base/size.h"
#include "data/limits.h"

#include <stdlib.h>

static const struct {
    uint8_t code;
    uint8_t bytes; /* of a value; 0: a type of the format that is not read here */
    const char *name;
} types[] = {{0x08, 1, "unsigned bytes"},  {0x09, 0, "signed bytes"}, {0x0B, 0, "16-bit integers"},
             {0x0C, 4, "32-bit integers"}, {0x0D, 4, "floats"},       {0x0E, 0, "doubles"}};

static uint32_t big_endian(const uint8_t bytes[4])
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* What a file of another type is to be converted to. */
static const char *const readable[] = {[CLN_IDX_FEATURES] = "unsigned bytes (type 0x08) or floats (0x0D)",
                                       [CLN_IDX_LABELS] = "unsigned bytes (type 0x08) or 32-bit integers (0x0C)"};

static cln_status set_type(cln_idx *idx, cln_idx_use use, const char *path, uint8_t code, cln_error *error)
{
    for (size_t i = 0; i < CLN_COUNT(types); i++) {
        if (types[i].code != code)
            continue;
        if (types[i].bytes == 0)
            return cln_fail(error, CLN_FORMAT, "%s: its values are %s (IDX type 0x%02X); convert them to %s", path,
                            types[i].name, code, readable[use]);
        idx->type = (cln_idx_type)code;
        idx->value_bytes = types[i].bytes;
        return CLN_OK;
    }
    return cln_fail(error, CLN_FORMAT, "%s: IDX has no type 0x%02X; the file is damaged or not IDX", path, code);
}

/* The dimensions, none empty, and their product held against what the file can hold. */
static cln_status set_sizes(cln_idx *idx, cln_stream *stream, const uint8_t *sizes, cln_error *error)
{
    const char *path = cln_stream_path(stream);
    uint64_t bytes = idx->value_bytes, most = cln_stream_most(stream);
    bool fits = true;
    idx->width = 1;
    for (uint32_t i = 0; i < idx->dimensions; i++) {
        idx->size[i] = big_endian(sizes + 4 * i);
        if (idx->size[i] == 0)
            return cln_fail(error, CLN_FORMAT, "%s: its dimension %u is 0, so it holds no data", path, i + 1);
        if (fits && i > 0)
            fits = cln_multiply(idx->width, idx->size[i], &idx->width);
        fits = fits && cln_multiply(bytes, idx->size[i], &bytes);
    }
    idx->rows = idx->size[0];
    idx->header_bytes = 4 + 4 * (uint64_t)idx->dimensions;
    fits = fits && cln_add(bytes, idx->header_bytes, &bytes);
    if (!fits)
        return cln_fail(error, CLN_FORMAT, "%s: its header promises more than 2^64 bytes; the file is damaged", path);
    if (bytes > most)
        return cln_fail(error, CLN_FORMAT,
                        "%s: its header promises %llu bytes, but the file can hold no more than %llu; it is incomplete "
                        "or damaged, fetch or copy it again%s",
                        path, (unsigned long long)bytes, (unsigned long long)most,
                        most < CLN_STREAM_FREE_BYTES || cln_stream_is_plain(stream)
                            ? ""
                            : " (one that was packed so well can be unpacked with gunzip first)");
    if (bytes < most && cln_stream_is_plain(stream))
        return cln_fail(error, CLN_FORMAT,
                        "%s: its header promises %llu bytes, but the file has %llu; it is damaged, or two files in one",
                        path, (unsigned long long)bytes, (unsigned long long)most);
    return CLN_OK;
}

cln_status cln_idx_read(cln_stream *stream, cln_idx_use use, cln_idx *idx, cln_error *error)
{
    cln_status status;
    const char *path = cln_stream_path(stream);
    uint8_t start[4], sizes[4 * 255];
    *idx = (cln_idx){0};
    TRY(cln_stream_read(stream, start, sizeof start, error));
    if (start[0] != 0 || start[1] != 0)
        return cln_fail(error, CLN_FORMAT, "%s: it is no IDX file (it begins with 0x%02X%02X, not with two zero bytes)",
                        path, start[0], start[1]);
    TRY(set_type(idx, use, path, start[2], error));
    idx->dimensions = start[3];
    if (idx->dimensions == 0)
        return cln_fail(error, CLN_FORMAT, "%s: its header has no dimensions; the file is damaged", path);
    TRY(cln_stream_read(stream, sizes, 4 * (uint64_t)idx->dimensions, error));
    TRY(set_sizes(idx, stream, sizes, error));
out:
    return status;
}

/* Reads the values in blocks and widens them. */
static cln_status read_values(cln_stream *stream, const cln_idx *idx, int32_t *labels, cln_error *error)
{
    cln_status status;
    uint8_t block[16384];
    uint64_t at_once = sizeof block / idx->value_bytes;
    for (uint64_t first = 0; first < idx->rows; first += at_once) {
        uint64_t count = idx->rows - first < at_once ? idx->rows - first : at_once;
        TRY(cln_stream_read(stream, block, count * idx->value_bytes, error));
        for (uint64_t i = 0; i < count; i++) {
            uint32_t label = idx->type == CLN_IDX_UINT8 ? block[i] : big_endian(block + 4 * i);
            if (label >= CLN_CLASSES_MAX)
                return cln_fail(error, CLN_FORMAT, "%s: label %lld of row %llu is not in 0 … %u",
                                cln_stream_path(stream), (long long)(label > INT32_MAX ? label - 4294967296 : label),
                                (unsigned long long)(first + i), CLN_CLASSES_MAX - 1);
            labels[first + i] = (int32_t)label;
        }
    }
    TRY(cln_stream_end(stream, error));
out:
    return status;
}

cln_status cln_idx_read_labels(const char *path, const cln_dataset_info *of, int32_t **labels, uint64_t *count,
                               cln_error *error)
{
    cln_status status;
    cln_stream *stream = NULL;
    int32_t *values = NULL;
    cln_idx idx;
    TRY(cln_stream_open(path, &stream, error));
    TRY(cln_idx_read(stream, CLN_IDX_LABELS, &idx, error));
    if (idx.dimensions != 1 || idx.type == CLN_IDX_FLOAT32) {
        status =
            cln_fail(error, CLN_FORMAT, "%s: it holds no labels (%u dimensions%s); labels are one dimension of %s",
                     path, idx.dimensions, idx.type == CLN_IDX_FLOAT32 ? " of floats" : "", "bytes or 32-bit integers");
        goto out;
    }
    if (of && idx.rows != of->rows) {
        status = cln_fail(error, CLN_FORMAT, "%s has %llu labels, but %s has %llu rows; they do not belong together",
                          path, (unsigned long long)idx.rows, of->path, (unsigned long long)of->rows);
        goto out;
    }
    TRY(cln_allocate((void **)&values, idx.rows, sizeof *values, "labels", error));
    TRY(read_values(stream, &idx, values, error));
    *labels = values;
    *count = idx.rows;
    values = NULL;
out:
    free(values);
    cln_stream_close(stream);
    return status;
}
