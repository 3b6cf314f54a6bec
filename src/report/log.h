/*
 * The log of a training as JSON lines, written as it goes: first what is run, {"event":"run",…}, then a line an epoch
 * {"event":"epoch",…} and one for each minibatch that option `log-every` asks for {"event":"step",…}.
 */
#ifndef CLN_REPORT_LOG_H
#define CLN_REPORT_LOG_H

#include "base/error.h"

typedef struct cln_log cln_log;

/* Begins the log at `path`, in the place of what stood there, with the line that describes the run. CLN_IO, also for an existing
   path that is no regular file. */
cln_status cln_log_open(const char *path, const char *data, const cln_device_info *device, const cln_options *options,
                        cln_log **log, cln_error *error);
/* Goes on with a log from where it was when cln_log_mark gave this mark; what stands behind is given up. CLN_INVALID where the file is not
   that log, and then it stays as it is; CLN_IO. */
cln_status cln_log_resume(const char *path, const char *mark, cln_log **log, cln_error *error);
/* How far the log has come, in words for cln_log_resume; that far it is on disk then. Valid until the next call. */
#define CLN_LOG_MARK 64
const char *cln_log_mark(cln_log *log);
/* Writes the line of an epoch or of a step; a tick has none. CLN_IO. */
cln_status cln_log_progress(cln_log *log, const cln_progress *progress, cln_error *error);
void cln_log_close(cln_log *log);

#endif
