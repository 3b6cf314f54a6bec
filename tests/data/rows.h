/* Files of 5,000 rows that span several reads, and what pulling from them must give. */
#ifndef CLN_TESTS_DATA_ROWS_H
#define CLN_TESTS_DATA_ROWS_H

#include "data/dataset.h"
#include "harness.h"
#include "idx_files.h"

#define ROWS     5000u
#define FEATURES 111u

static inline uint8_t pixel(uint64_t row, unsigned column)
{
    return (uint8_t)(row * 131 + column * 7 + (row >> 8));
}

static inline int32_t label(uint64_t row)
{
    return (int32_t)((row * 2654435761u >> 13) % 10);
}

static inline void put_rows(const char *x_name, const char *y_name, bool gzip)
{
    static uint8_t x[16 + ROWS * FEATURES], y[ROWS];
    size_t header = idx_header(x, 0x08, 3, ROWS, 3u, FEATURES / 3);
    for (uint64_t i = 0; i < ROWS; i++) {
        for (unsigned j = 0; j < FEATURES; j++)
            x[header + i * FEATURES + j] = pixel(i, j);
        y[i] = (uint8_t)label(i);
    }
    (gzip ? put_gzip : put_file)(x_name, x, header + ROWS * FEATURES);
    put_labels(y_name, y, ROWS);
}

static inline cln_dataset *open_rows(bool gzip)
{
    cln_error error = {0};
    cln_dataset *data;
    put_rows("x", "y", gzip);
    ck_assert_msg(cln_dataset_open(at("x"), at("y"), CLN_PART_TRAIN, &data, &error) == CLN_OK, "%s", error.message);
    return data;
}

/* Pulls `count` rows with this stride and holds them against source rows rows (count); what lies between must stay. */
static inline void pull_expecting(cln_dataset *data, const uint32_t *rows, uint64_t count, size_t stride)
{
    cln_error error = {0};
    uint8_t *x = malloc(count * stride + 1);
    memset(x, 0xee, count * stride + 1);
    ck_assert_msg(cln_dataset_pull(data, x, count, stride, &error) == CLN_OK, "%s", error.message);
    for (uint64_t i = 0; i < count; i++)
        for (size_t j = 0; j < stride; j++) {
            uint8_t expected = j < FEATURES ? pixel(rows[i], (unsigned)j) : 0xee;
            if (x[i * stride + j] != expected)
                ck_abort_msg("row %u, column %zu: %u for %u", rows[i], j, x[i * stride + j], expected);
        }
    ck_assert_uint_eq(x[count * stride], 0xee);
    free(x);
}

/* Everything three times over: at once, in awkward chunks with a stride, and row groups of growing size. */
static inline void pull_all_expecting(cln_dataset *data, const uint32_t *rows, uint64_t count)
{
    static const size_t strides[] = {FEATURES, FEATURES + 17, 128, FEATURES};
    static const uint64_t chunks[] = {ROWS, 7, 613, 3001};
    cln_error error = {0};
    for (int way = 0; way < 4; way++) {
        for (uint64_t first = 0; first < count; first += chunks[way])
            pull_expecting(data, rows + first, count - first < chunks[way] ? count - first : chunks[way], strides[way]);
        ck_assert_int_eq(cln_dataset_pull(data, &(uint8_t){0}, 1, FEATURES, &error), CLN_INVALID);
        ck_assert_ptr_nonnull(strstr(error.message, "0 of"));
        ck_assert_int_eq(cln_dataset_rewind(data, &error), CLN_OK);
    }
    cln_dataset_info info;
    cln_dataset_describe(data, &info);
    ck_assert_uint_eq(info.rows, count);
}

/* Keeps classes, in this order, and says which source rows that must be. */
static inline uint32_t keep_classes(cln_dataset *data, const uint32_t *classes, uint32_t count, uint32_t *rows)
{
    cln_error error = {0};
    cln_dataset_info info;
    uint32_t kept = 0;
    ck_assert_int_eq(cln_dataset_keep_classes(data, classes, count, &error), CLN_OK);
    for (uint32_t i = 0; i < ROWS; i++)
        for (uint32_t c = 0; c < count; c++)
            if ((uint32_t)label(i) == classes[c]) {
                ck_assert_int_eq(cln_dataset_labels(data)[kept], (int32_t)c);
                rows[kept++] = i;
            }
    cln_dataset_describe(data, &info);
    ck_assert_uint_eq(info.rows, kept);
    ck_assert_uint_eq(info.outputs, count);
    return kept;
}

#endif
