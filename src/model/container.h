/*
 * A file of tensors and metadata that is not a model's but a program's own state: a safetensors container with one tensor more behind all
 * others, `checksum` (1): XXH64 (base/checksum.h) of every byte before its own eight. So any reader of safetensors shows what is in it,
 * and a file that was damaged anywhere is refused before anything of it is used.
 */
#ifndef CLN_MODEL_CONTAINER_H
#define CLN_MODEL_CONTAINER_H

#include "model/dtype.h"
#include "model/entries.h"

/* (rows,columns), both 1 or more. */
typedef struct cln_array {
    const char *name;
    cln_dtype type;
    uint64_t rows, columns;
    const void *values;
} cln_array;

#define CLN_CONTAINER_ARRAYS 15

/* Takes the place of the file at `path`, atomically. CLN_IO; CLN_INVALID for metadata that are too long. */
cln_status cln_container_save(const char *path, const cln_entries *metadata, const cln_array *arrays, size_t count,
                              cln_error *error);

typedef struct cln_container cln_container;

/* Opens a file whose metadata have the name `kind` with value `version`, and checks it as a whole. task: how refusals begin, "cannot resume
   from"; task and path outlive the container. CLN_IO, CLN_FORMAT; CLN_UNSUPPORTED for another version. */
cln_status cln_container_open(const char *task, const char *path, const char *kind, const char *version,
                              cln_container **container, cln_error *error);
const char *cln_container_text(const cln_container *container, const char *name); /* metadata; NULL: no such name */
/* Metadata as a number: a whole one, at most `most`; any other, or "inf". CLN_INVALID. */
cln_status cln_container_count(const cln_container *container, const char *name, uint64_t most, uint64_t *value,
                               cln_error *error);
cln_status cln_container_real(const cln_container *container, const char *name, double *value, cln_error *error);
bool cln_container_has(const cln_container *container, const char *name); /* an array */
/* The rows of an array, at most `most`. CLN_FORMAT. */
cln_status cln_container_rows(cln_container *container, const char *name, uint64_t most, uint64_t *rows,
                              cln_error *error);
/* Reads an array of exactly this type and shape into values (rows,columns). CLN_FORMAT. */
cln_status cln_container_read(cln_container *container, const char *name, cln_dtype type, uint64_t rows,
                              uint64_t columns, void *values, cln_error *error);
/* Refuses the file in words: CLN_INVALID. */
__attribute__((format(printf, 3, 4))) cln_status cln_container_refuse(const cln_container *container, cln_error *error,
                                                                      const char *why, ...);
void cln_container_close(cln_container *container); /* accepts NULL */

#endif
