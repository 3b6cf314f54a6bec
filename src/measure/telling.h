/* Whom a measurement is told to, and whether that one wants more. */
#ifndef CLN_MEASURE_TELLING_H
#define CLN_MEASURE_TELLING_H

#include "base/error.h"

/* Begin with the caller's functions, each of which may be NULL, and the clock. */
typedef struct cln_telling {
    cln_measure_progress_fn *progress;
    cln_measurement_fn *row;
    void *user;
    double began, end; /* by the clock; end: of the budget, or as far as it is known; NaN where it is not */
    double told;       /* the last progress, by the clock */
    bool stopped;      /* the caller wants no more */
    char doing[120];
} cln_telling;

/* Tells what is done from here on. False where the measuring is to end. */
__attribute__((format(printf, 2, 3))) bool cln_telling_begin(cln_telling *telling, const char *format, ...);
/* The same is still being done: told ten times a second at most. */
bool cln_telling_goes_on(cln_telling *telling);
/* A cln_progress_fn for trainers; user: a cln_telling. */
int cln_telling_train(const cln_progress *progress, void *user);

void cln_telling_row(const cln_telling *telling, const cln_measurement *row);

/* The engines that are measured where a caller asks for `engine`: list (2), and how many. CLN_INVALID for one that there is not. */
cln_status cln_measured_engines(const char *engine, const char *list[2], size_t *count, cln_error *error);

#endif
