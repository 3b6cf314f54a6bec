/*
 * A model's file, a safetensors container: the length of a JSON header in eight bytes, the header, then the values, all
 * little-endian. The header gives each tensor's dtype, shape and place (data_offsets, from the header's end), and under
 * `__metadata__` names and values that are strings. Ours holds the tensors `weight` (k,d) and, where there is one, `bias` (k), F64 of what
 * a solver in double found and F32 otherwise (each is read as either), and these names beside those that were noted:
 *
 *     clinear   "1", the version of these names; a file without it, say one from PyTorch, has the values below
 *     format    "pt": shapes are as PyTorch has them
 *     scale     logits are those of x·scale (1)
 *     classes   the label of each output, "3,6" (0 … k−1)
 *     subset    "true" where rows of other classes were left out ("false")
 *     outputs   "softmax" for logits of classes, "softmax-squared" where they were fitted by squared loss, "linear" for values ("softmax")
 *     target    of a linear model: "onehot", "value" or "real" ("onehot")
 *     labels    the range of a value, "0,9": outputs are rounded and clipped to it
 *
 *     weights_sha256    of the values behind the header, weight and then bias: `tail -c BYTES FILE | sha256sum` says the same. A file whose
 *               values have another one is refused
 *
 * Of what is noted, `shift` (d numbers) is near the means of x·scale: a device subtracts it before it multiplies. `height` and `width`
 * say that features are the pixels of images, row by row.
 *
 * What this header declares is common to all files of that container: models (save.c, load.c) and checkpoints (container.h).
 */
#ifndef CLN_MODEL_SAFETENSORS_H
#define CLN_MODEL_SAFETENSORS_H

#include "base/os.h"
#include "model/dtype.h"
#include "model/entries.h"

#include <jansson.h>

#define CLN_SAFETENSORS_VERSION "1"
/* The largest header: the labels of 65,535 outputs take 400 kB. Parsed JSON takes up to 80 times its text. */
#define CLN_SAFETENSORS_HEADER_MAX (1024u * 1024)
/* The most names under __metadata__; we write some fifty. */
#define CLN_SAFETENSORS_NAMES_MAX 1024u

typedef struct cln_tensor {
    const char *name;
    cln_dtype dtype;
    size_t rank;         /* 1 or 2 */
    uint64_t shape[2];   /* (rank) */
    const void *values;  /* to be written */
    uint64_t begin, end; /* its place behind the header, when it was found */
} cln_tensor;

/* ---- writing (safetensors.c) */

/* A JSON string. Text that is not UTF-8 (a file's name may be anything) keeps its ASCII characters. NULL without memory. */
json_t *cln_safetensors_text(const char *text);
/* The header's text for tensors (count) that lie one behind the other, to be released with free(); NULL without memory. Padded with spaces
   so that values begin at a multiple of eight bytes. */
char *cln_safetensors_header(json_t *metadata, const cln_tensor *tensors, size_t count);
/* Takes the bytes of a file, in their order. */
typedef void cln_bytes_fn(const void *bytes, size_t count, void *user);
/* The header with its length, and the values of a tensor, little-endian on any machine. */
void cln_safetensors_put_header(const char *header, cln_bytes_fn *put, void *user);
void cln_safetensors_put_values(const cln_tensor *tensor, cln_bytes_fn *put, void *user);

/* ---- reading, with distrust (safetensors_read.c) */

typedef struct cln_safetensors {
    const char *task; /* how refusals begin: "cannot load model" */
    const char *path;
    cln_error *error;
    cln_os_file file;
    uint64_t data_offset, data_bytes; /* of the values, behind the header */
    json_t *header;
} cln_safetensors;

/* Refuses a file in words. */
__attribute__((format(printf, 2, 3))) cln_status cln_safetensors_refuse(const cln_safetensors *in, const char *why,
                                                                        ...);
/* Opens the file and reads its header. To be closed also after a failure. */
cln_status cln_safetensors_open(cln_safetensors *in);
void cln_safetensors_close(cln_safetensors *in);
/* What stands under __metadata__. */
cln_status cln_safetensors_metadata(const cln_safetensors *in, cln_entries *entries);
/* Fills in shape and place of a tensor of given name, dtype and rank; no dimension is above `most`. The place is of its shape and within
   the file. */
cln_status cln_safetensors_find(const cln_safetensors *in, cln_tensor *tensor, uint64_t most);
/* Reads its values into what holds them all, in the host's byte order. */
cln_status cln_safetensors_values(const cln_safetensors *in, const cln_tensor *tensor, void *values);

#endif
