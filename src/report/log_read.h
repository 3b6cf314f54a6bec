/*
 * The log of a training (report/log.h), read again with distrust: it may be anything, and another program may still be writing it.
 */
#ifndef CLN_REPORT_LOG_READ_H
#define CLN_REPORT_LOG_READ_H

#include "base/error.h"

/* A line: of an epoch, an iteration or an alpha, or of a minibatch. NaN: it does not say. */
typedef struct cln_log_row {
    bool pass; /* false: a minibatch */
    uint64_t epoch, step;
    double train_loss, train_accuracy; /* of the minibatch or over the pass, while the weights moved */
    double valid_loss, valid_accuracy;
    double objective, gradient_norm;
} cln_log_row;

/* rows is NULL for none. */
typedef struct cln_log_rows {
    char solver[16];   /* "sgd", "lbfgs" or "direct" */
    cln_log_row *rows; /* (count); steps and epochs never go back */
    size_t count;
    bool cut; /* the last line was not whole, and is left out: it may still be on its way */
} cln_log_rows;

/* Whether a file can be a log at all, which is text, while models begin with a length in binary. *is_log is false for what cannot
   be read or is no regular file. CLN_IO. */
cln_status cln_log_recognise(const char *path, bool *is_log, cln_error *error);
/* CLN_IO; CLN_FORMAT, with the line's number, for what no log has; CLN_MEMORY. rows is to be released. */
cln_status cln_log_read(const char *path, cln_log_rows *rows, cln_error *error);
void cln_log_rows_release(cln_log_rows *rows); /* accepts one that is all zero */

#endif
