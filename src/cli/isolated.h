/*
 * The other side of cli/isolation.h: a process that this program has started to do one work, and that hears nobody but its starter. Its
 * standard output is that of drivers and CLBlast, which print there what they like, and goes to stderr; lines go out by another way.
 */
#ifndef CLN_CLI_ISOLATED_H
#define CLN_CLI_ISOLATED_H

#include "base/error.h"

/* A work: on an open device (NULL for a work that needs none), with `count` arguments of its own. *ok: the verdict. What it finds goes out
   by the two functions below. */
typedef cln_status cln_isolated_work(cln_device *device, const char *const *arguments, bool *ok, cln_error *error);

/* For measurements: tell a row; tell how it goes, and nonzero where the user wants no more. */
void cln_isolated_row(const cln_measurement *row, void *user);
int cln_isolated_progress(const cln_measure_progress *progress, void *user);

/* argv[0] is CLN_ISOLATED_WORD, then come the work's name, the device's index and name where it needs one, and its arguments. */
int cln_isolated_main(int argc, const char **argv);

/* Works of `compare`; the first two arguments are DATA and LABELS ("": none).
     agreement ENGINE            cln_measure_agreement
     training ENGINE SECONDS     cln_measure_training
     build NAME ENGINE FOLDER    a row NAME: the seconds that a training's kernels take to compile; FOLDER may have the device's tuning */
cln_isolated_work cln_isolated_agreement, cln_isolated_training, cln_isolated_build;

/* The work of `selftest`: without arguments; its rows, and as verdict whether the device passed. */
cln_isolated_work cln_isolated_selftest;

#endif
