/* IDX files for tests, made byte by byte. */
#ifndef CLN_TESTS_IDX_FILES_H
#define CLN_TESTS_IDX_FILES_H

#include "files.h"

#include <stdarg.h>
#include <zlib.h>

/* A header: type, number of dimensions, the dimensions (unsigned). Returns its length. */
static inline size_t idx_header(uint8_t *to, int type, int dimensions, ...)
{
    va_list sizes;
    va_start(sizes, dimensions);
    to[0] = to[1] = 0;
    to[2] = (uint8_t)type;
    to[3] = (uint8_t)dimensions;
    for (int i = 0; i < dimensions; i++) {
        unsigned size = va_arg(sizes, unsigned);
        for (int j = 0; j < 4; j++)
            to[4 + 4 * i + j] = (uint8_t)(size >> (24 - 8 * j));
    }
    va_end(sizes);
    return 4 + 4 * (size_t)dimensions;
}

/* One gzip member that holds bytes (count), to be released with free(). */
static inline uint8_t *gzip_bytes(const void *bytes, size_t count, size_t *length)
{
    z_stream stream = {0};
    ck_assert_int_eq(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    size_t room = deflateBound(&stream, count);
    uint8_t *packed = malloc(room);
    uint8_t *copy = malloc(count + 1); /* zlib's input is not const */
    memcpy(copy, bytes, count);
    stream.next_in = copy;
    stream.avail_in = (uInt)count;
    stream.next_out = packed;
    stream.avail_out = (uInt)room;
    ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    *length = room - stream.avail_out;
    deflateEnd(&stream);
    free(copy);
    return packed;
}

static inline void put_gzip(const char *name, const void *bytes, size_t count)
{
    size_t length;
    uint8_t *packed = gzip_bytes(bytes, count, &length);
    put_file(name, packed, length);
    free(packed);
}

/* The name of a file with the IDX labels (count), a byte each. */
static inline void put_labels(const char *name, const uint8_t *labels, unsigned count)
{
    uint8_t bytes[8 + 100000];
    size_t header = idx_header(bytes, 0x08, 1, count);
    memcpy(bytes + header, labels, count);
    put_file(name, bytes, header + count);
}

#endif
