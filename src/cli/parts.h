/* The parts of a training as a command line names them: DATA, --labels, --valid, --test. */
#ifndef CLN_CLI_PARTS_H
#define CLN_CLI_PARTS_H

#include "base/error.h"

/* NULL: not given. */
typedef struct cln_part_words {
    const char *data, *labels, *valid, *test;
} cln_part_words;

#define CLN_FLAGS_PARTS(words)                                                                                         \
    {"labels", 0, "FILE", "the labels of DATA, where that is a file of images", &(words)->labels},                     \
        {"valid", 0, NULL, NULL, &(words)->valid},                                                                     \
    {                                                                                                                  \
        "test", 0, "FOLDER",                                                                                           \
            "score the test part of this folder at the end (default: of DATA, where that is a folder)", &(words)->test \
    }

/* Opens what is named, a folder's test part as the one to be scored at the end, after the options were checked against each other. A
   number of rows for --valid goes to the options. What was opened is to be closed also after a failure. */
cln_status cln_parts_open(const cln_part_words *words, cln_options *options, cln_parts *parts, cln_error *error);
/* DATA alone: its training part, and of a folder the test part. To be closed also after a failure. */
cln_status cln_parts_open_data(const char *path, const char *labels, cln_parts *parts, cln_error *error);
void cln_parts_close(cln_parts *parts);

#endif
