/*
 * The bytes of a file from first to last, plain or gzip (RFC 1952, one member or several behind each other), as its first two
 * bytes say and whatever its name. Damage is CLN_FORMAT: a gzip file that is cut, that fails its checksum, or that other
 * bytes follow. Nothing is held in memory but a block of input.
 */
#ifndef CLN_DATA_STREAM_H
#define CLN_DATA_STREAM_H

#include "base/error.h"

typedef struct cln_stream cln_stream;

cln_status cln_stream_open(const char *path, cln_stream **stream, cln_error *error);
const char *cln_stream_path(const cln_stream *stream);
/*
 * The most bytes that are taken from the file: its length, or for gzip that length times the most that deflate can do (1032), and no
 * more than 256 MiB where that is above 200 times the length. A few kilobytes could be made to fill a disk or memory, and data for
 * training does not shrink so; what is wanted all the same is unpacked first.
 */
#define CLN_STREAM_FREE_BYTES (256u << 20)
#define CLN_STREAM_RATIO      200u
uint64_t cln_stream_most(const cln_stream *stream);
/* True where cln_stream_most is the number of bytes, not a bound. */
bool cln_stream_is_plain(const cln_stream *stream);
/* The next count bytes; fewer are CLN_FORMAT. */
cln_status cln_stream_read(cln_stream *stream, void *to, uint64_t count, cln_error *error);
cln_status cln_stream_skip(cln_stream *stream, uint64_t count, cln_error *error);
/* CLN_FORMAT unless everything has been read and is sound. */
cln_status cln_stream_end(cln_stream *stream, cln_error *error);
/* Back to the first byte, also after a failure. */
cln_status cln_stream_rewind(cln_stream *stream, cln_error *error);
void cln_stream_close(cln_stream *stream);

#endif
