#include "data/stream.h"
#include "base/os.h"
#include "base/size.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define BLOCK_BYTES  (256u * 1024)
#define MOST_AT_ONCE (1u << 30) /* zlib counts a call's bytes in a uInt */
/* Deflate's shortest code for its longest match: 258 bytes in two bits (zlib's technical details say 1032:1). */
#define DEFLATE_MOST 1032u

struct cln_stream {
    cln_os_file file;
    char *path;
    uint64_t position;    /* of the next byte that a reader gets */
    bool gzip, inflating; /* inflating: `zlib` is to be released */
    bool member_ended;    /* between two gzip members, or behind the last */
    z_stream zlib;
    unsigned char *block; /* compressed input, (BLOCK_BYTES) */
};

cln_status cln_stream_open(const char *path, cln_stream **result, cln_error *error)
{
    cln_status status;
    cln_stream *stream = NULL;
    unsigned char magic[2];
    uint64_t got;
    TRY(cln_allocate((void **)&stream, 1, sizeof *stream, "a file reader", error));
    stream->file.descriptor = -1;
    TRY(cln_allocate((void **)&stream->path, strlen(path) + 1, 1, "a file's name", error));
    memcpy(stream->path, path, strlen(path) + 1);
    TRY(cln_os_open(&stream->file, path, error));
    TRY(cln_os_read(&stream->file, path, magic, sizeof magic, &got, error));
    stream->gzip = got == 2 && magic[0] == 0x1f && magic[1] == 0x8b;
    if (stream->gzip) {
        TRY(cln_allocate((void **)&stream->block, BLOCK_BYTES, 1, "compressed data", error));
        if (inflateInit2(&stream->zlib, 15 + 16) != Z_OK) { /* the largest window; a gzip header */
            status = cln_fail_memory(error, "decompression", BLOCK_BYTES);
            goto out;
        }
        stream->inflating = true;
    }
    TRY(cln_stream_rewind(stream, error));
    *result = stream;
    return CLN_OK;
out:
    cln_stream_close(stream);
    return status;
}

const char *cln_stream_path(const cln_stream *stream)
{
    return stream->path;
}

bool cln_stream_is_plain(const cln_stream *stream)
{
    return !stream->gzip;
}

uint64_t cln_stream_most(const cln_stream *stream)
{
    uint64_t size = stream->file.size, most, usual;
    if (!stream->gzip)
        return size;
    if (!cln_multiply(size, DEFLATE_MOST, &most))
        most = UINT64_MAX;
    if (!cln_multiply(size, CLN_STREAM_RATIO, &usual))
        usual = UINT64_MAX;
    if (usual < CLN_STREAM_FREE_BYTES)
        usual = CLN_STREAM_FREE_BYTES;
    return most < usual ? most : usual;
}

cln_status cln_stream_rewind(cln_stream *stream, cln_error *error)
{
    stream->position = 0;
    if (stream->gzip) {
        inflateReset(&stream->zlib);
        stream->zlib.avail_in = 0;
        stream->member_ended = false;
    }
    return cln_os_seek(&stream->file, stream->path, 0, error);
}

/* Makes compressed input available; *there is false at the file's end. */
static cln_status refill(cln_stream *stream, bool *there, cln_error *error)
{
    uint64_t got = stream->zlib.avail_in;
    cln_status status = CLN_OK;
    if (got == 0) {
        status = cln_os_read(&stream->file, stream->path, stream->block, BLOCK_BYTES, &got, error);
        stream->zlib.next_in = stream->block;
        stream->zlib.avail_in = (uInt)got;
    }
    *there = got > 0;
    return status;
}

/* Goes from one gzip member to the next; *more is false behind the last. */
static cln_status next_member(cln_stream *stream, bool *more, cln_error *error)
{
    cln_status status = refill(stream, more, error);
    if (status != CLN_OK || !*more)
        return status;
    if (stream->zlib.next_in[0] != 0x1f)
        return cln_fail(error, CLN_FORMAT,
                        "%s: other bytes follow the gzip data; the file is damaged, fetch or copy it again",
                        stream->path);
    inflateReset(&stream->zlib); /* which leaves the input alone */
    stream->member_ended = false;
    return CLN_OK;
}

/* Inflates up to count bytes, fewer only at the end. */
static cln_status read_gzip(cln_stream *stream, unsigned char *to, uint64_t count, uint64_t *got, cln_error *error)
{
    cln_status status = CLN_OK;
    bool there;
    for (*got = 0; *got < count;) {
        if (stream->member_ended) {
            TRY(next_member(stream, &there, error));
            if (!there)
                break;
        }
        TRY(refill(stream, &there, error));
        if (!there)
            return cln_fail(error, CLN_FORMAT,
                            "%s: the gzip data is cut off; the file is incomplete, fetch or copy it again",
                            stream->path);
        uint64_t left = count - *got;
        uInt room = left < MOST_AT_ONCE ? (uInt)left : MOST_AT_ONCE;
        stream->zlib.next_out = to + *got;
        stream->zlib.avail_out = room;
        int code = inflate(&stream->zlib, Z_NO_FLUSH);
        *got += room - stream->zlib.avail_out;
        stream->member_ended = code == Z_STREAM_END;
        if (code == Z_MEM_ERROR)
            return cln_fail_memory(error, "decompression", BLOCK_BYTES);
        if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
            return cln_fail(error, CLN_FORMAT, "%s: the gzip data is damaged (%s); fetch or copy the file again",
                            stream->path, stream->zlib.msg ? stream->zlib.msg : "not as deflate writes it");
    }
out:
    return status;
}

cln_status cln_stream_read(cln_stream *stream, void *to, uint64_t count, cln_error *error)
{
    uint64_t got = 0;
    cln_status status = stream->gzip ? read_gzip(stream, to, count, &got, error)
                                     : cln_os_read(&stream->file, stream->path, to, count, &got, error);
    stream->position += got;
    if (status == CLN_OK && got < count)
        return cln_fail(error, CLN_FORMAT, "%s: the file ends after %llu bytes, where %llu more are expected",
                        stream->path, (unsigned long long)stream->position, (unsigned long long)(count - got));
    return status;
}

cln_status cln_stream_skip(cln_stream *stream, uint64_t count, cln_error *error)
{
    cln_status status = CLN_OK;
    unsigned char passed[16384];
    if (!stream->gzip) {
        uint64_t left = stream->position < stream->file.size ? stream->file.size - stream->position : 0;
        if (count > left)
            return cln_fail(error, CLN_FORMAT, "%s: the file ends after %llu bytes, where %llu more are expected",
                            stream->path, (unsigned long long)stream->file.size, (unsigned long long)(count - left));
        stream->position += count;
        return cln_os_seek(&stream->file, stream->path, stream->position, error);
    }
    for (uint64_t step; status == CLN_OK && count > 0; count -= step) {
        step = count < sizeof passed ? count : sizeof passed;
        status = cln_stream_read(stream, passed, step, error);
    }
    return status;
}

cln_status cln_stream_end(cln_stream *stream, cln_error *error)
{
    unsigned char more;
    uint64_t got = 0;
    /* Asking for one more byte also makes zlib read and check the checksum behind the last one. */
    cln_status status = stream->gzip ? read_gzip(stream, &more, 1, &got, error)
                                     : cln_os_read(&stream->file, stream->path, &more, 1, &got, error);
    if (status == CLN_OK && got > 0)
        return cln_fail(error, CLN_FORMAT, "%s: more bytes follow where the data should end, after %llu bytes",
                        stream->path, (unsigned long long)stream->position);
    return status;
}

void cln_stream_close(cln_stream *stream)
{
    if (!stream)
        return;
    if (stream->inflating)
        inflateEnd(&stream->zlib);
    cln_os_close(&stream->file);
    free(stream->block);
    free(stream->path);
    free(stream);
}
