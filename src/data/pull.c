/* Features on their way from the file, or from wrapped memory, to where they are wanted. */
#include "base/size.h"
#include "data/state.h"

#include <string.h>

/* Reads are of about this size: long enough that a system call costs nothing beside it, short enough that what has been read is
   still in the cache when floats are put into the host's byte order and looked at. */
#define READ_BYTES (256u * 1024)

/* The source row of kept row i. */
static uint64_t source_of(const cln_dataset *data, uint64_t i)
{
    return data->kept ? data->kept[i] : data->first + i;
}

/* How many kept rows from `next` on, `most` at most, lie behind each other in the source. */
static uint64_t run_length(const cln_dataset *data, uint64_t most)
{
    if (!data->kept)
        return most;
    uint64_t length = 1;
    while (length < most && data->kept[data->next + length] == data->kept[data->next] + length)
        length++;
    return length;
}

/* Floats (count) from big-endian to the host's order, in place. */
static void decode(char *floats, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        uint8_t bytes[4];
        memcpy(bytes, floats + 4 * i, 4);
        uint32_t bits =
            (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | (uint32_t)bytes[3];
        memcpy(floats + 4 * i, &bits, 4);
    }
}

/* Reads source rows first … first+count−1 from the stream. Behind the last row of all the stream must end. */
static cln_status read_rows(cln_dataset *data, char *to, uint64_t first, uint64_t count, cln_error *error)
{
    cln_status status;
    uint64_t position = data->position;
    data->position = UINT64_MAX; /* until this has gone well */
    if (position > first) {
        TRY(cln_stream_rewind(data->stream, error));
        TRY(cln_stream_skip(data->stream, data->header_bytes, error));
        position = 0;
    }
    if (position < first)
        TRY(cln_stream_skip(data->stream, (first - position) * data->row_bytes, error));
    TRY(cln_stream_read(data->stream, to, count * data->row_bytes, error));
    if (first + count == data->source_rows)
        TRY(cln_stream_end(data->stream, error));
    if (data->info.type == CLN_FLOAT32)
        decode(to, count * data->info.features);
    data->position = first + count;
out:
    return status;
}

static uint64_t rows_at_once(const cln_dataset *data)
{
    uint64_t rows = READ_BYTES / data->row_bytes;
    return rows ? rows : 1;
}

uint64_t cln_dataset_reading_bytes(const cln_dataset *data)
{
    return data->stream ? rows_at_once(data) * data->row_bytes : 0;
}

/* Makes `held` a block of source rows that begins at `first`. */
static cln_status hold(cln_dataset *data, uint64_t first, cln_error *error)
{
    cln_status status;
    uint64_t last = source_of(data, data->info.rows - 1), count = last - first + 1;
    if (!data->block) {
        data->block_rows = rows_at_once(data);
        TRY(cln_allocate((void **)&data->block, data->block_rows, data->row_bytes, "a block of rows", error));
    }
    if (count > data->block_rows)
        count = data->block_rows;
    data->held_count = 0;
    TRY(read_rows(data, data->block, first, count, error));
    data->held = data->block;
    data->held_first = first;
    data->held_count = count;
out:
    return status;
}

/* True where all floats (count) are finite: one whose exponent bits are all set is NaN or infinite. */
static bool all_finite(const char *floats, uint64_t count)
{
    uint32_t bad = 0;
    for (uint64_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, floats + 4 * i, 4);
        bad |= (bits & 0x7f800000u) == 0x7f800000u;
    }
    return bad == 0;
}

/* Refuses NaN and infinity in rows that were just delivered and begin at source row `source`. */
static cln_status check_rows(const cln_dataset *data, const char *rows, uint64_t count, size_t stride, uint64_t source,
                             cln_error *error)
{
    if (data->info.type != CLN_FLOAT32)
        return CLN_OK;
    for (uint64_t i = 0; i < count; i++) {
        const char *row = rows + i * stride;
        if (all_finite(row, data->info.features))
            continue;
        uint32_t column = 0;
        while (all_finite(row + 4 * (size_t)column, 1))
            column++;
        return cln_fail(error, CLN_FORMAT,
                        "%s: row %llu, column %u (both from 0) is not a finite number; replace it or leave the row out",
                        data->info.path, (unsigned long long)(source + i), column);
    }
    return CLN_OK;
}

static void copy_rows(const cln_dataset *data, char *to, size_t stride, uint64_t source, uint64_t count)
{
    const char *from = data->held + (source - data->held_first) * data->row_bytes;
    if (stride == data->row_bytes) {
        memcpy(to, from, (size_t)count * stride);
        return;
    }
    for (uint64_t i = 0; i < count; i++)
        memcpy(to + i * stride, from + i * data->row_bytes, data->row_bytes);
}

/* Delivers some of the next `rows` rows: *done of them, at least one. */
static cln_status pull_some(cln_dataset *data, char *to, uint64_t rows, size_t stride, uint64_t *done, cln_error *error)
{
    cln_status status;
    uint64_t source = source_of(data, data->next), run = run_length(data, rows);
    bool held = source >= data->held_first && source - data->held_first < data->held_count;
    uint64_t at_once = READ_BYTES / data->row_bytes + 1;
    if (!held && stride == data->row_bytes && run >= at_once) {
        *done = at_once;
        TRY(read_rows(data, to, source, at_once, error));
    } else {
        if (!held)
            TRY(hold(data, source, error));
        uint64_t there = data->held_first + data->held_count - source;
        *done = run < there ? run : there;
        copy_rows(data, to, stride, source, *done);
    }
    TRY(check_rows(data, to, *done, stride, source, error));
    data->next += *done;
out:
    return status;
}

cln_status cln_dataset_pull(cln_dataset *data, void *to, uint64_t rows, size_t stride, cln_error *error)
{
    cln_status status = CLN_OK;
    if (stride < data->row_bytes)
        return cln_fail(error, CLN_INVALID, "cannot pull rows of %zu bytes into a stride of %zu", data->row_bytes,
                        stride);
    if (rows > data->info.rows - data->next)
        return cln_fail(error, CLN_INVALID, "cannot pull %llu rows: %llu of %s are left", (unsigned long long)rows,
                        (unsigned long long)(data->info.rows - data->next), data->info.path);
    char *place = to;
    while (rows > 0) {
        uint64_t done;
        TRY(pull_some(data, place, rows, stride, &done, error));
        place += done * stride;
        rows -= done;
    }
out:
    return status;
}

cln_status cln_dataset_rewind(cln_dataset *data, cln_error *error)
{
    (void)error; /* the stream goes back when its first row is read: until then the block may serve */
    data->next = 0;
    return CLN_OK;
}
