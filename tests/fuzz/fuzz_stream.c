/* A plain or gzip file, read and skipped through in pieces whose sizes are the first bytes. */
#include "data/stream.h"
#include "fuzz.h"

enum { PIECES = 8, ALL_MOST = 1 << 22 };

static void walk(cln_stream *stream, const uint8_t pieces[PIECES])
{
    static char to[1 << 16];
    cln_error error = {0};
    cln_status status = CLN_OK;
    uint64_t all = 0;
    for (int i = 0; i < PIECES && status == CLN_OK; i++) {
        uint64_t count = (uint64_t)pieces[i] << pieces[i] % 9;
        status = i % 2 ? cln_stream_skip(stream, count, &error) : cln_stream_read(stream, to, count, &error);
        all += status == CLN_OK ? count : 0;
    }
    FUZZ_ASSERT(all <= cln_stream_most(stream));
    fuzz_check(status, &error);
    error = (cln_error){0};
    status = cln_stream_end(stream, &error);
    fuzz_check(status, &error);
    while (all < ALL_MOST && cln_stream_read(stream, to, 1, NULL) == CLN_OK)
        all++;
}

void fuzz_one(const uint8_t *bytes, size_t count)
{
    cln_error error = {0};
    cln_stream *stream = NULL;
    if (count < PIECES)
        return;
    cln_status status = cln_stream_open(fuzz_file(NULL, bytes + PIECES, count - PIECES), &stream, &error);
    fuzz_check(status, &error);
    for (int i = 0; stream && i < 2; i++) {
        walk(stream, bytes);
        FUZZ_ASSERT(cln_stream_rewind(stream, NULL) == CLN_OK);
    }
    cln_stream_close(stream);
}
