/*
 * Devices compared, each in processes of its own and within one budget. All are held against double precision on the host first, so
 * that no budget loses the verdict; what is left is shared out: each device trains, and compiles with empty caches and with full
 * ones. A driver that dies or hangs ends its own device alone, whose figures so far stay.
 */
#ifndef CLN_CLI_COMPARING_H
#define CLN_CLI_COMPARING_H

#include "cli/isolation.h"
#include "report/comparison.h"

typedef struct cln_comparing {
    const char *data, *labels;          /* labels: or NULL */
    const char *engine;                 /* "auto": both */
    double budget;                      /* seconds */
    const cln_isolated_device *devices; /* (count) */
    size_t count;
    cln_comparison *comparison; /* gets an entry for each; of named devices: also simulators are compared */
    double began, until;        /* here and below: its own; until: of the step that it is at */
    size_t going;               /* devices that are compared */
    bool terminal, short_of_memory;
    double drawn;
    size_t shown_index;
    char shown[256]; /* what this device is at */
    bool is_new;     /* and no line has said it yet */
} cln_comparing;

/* CLN_MEMORY. A device that fails, and an interruption (cln_interrupted), are in the entries. */
cln_status cln_compare(cln_comparing *comparing, cln_error *error);

/* ---- its parts */

/* A work on device `index`. False where the device is through with: its entry says why. rows: what to do with
   one, or NULL to put it into the entry. */
typedef struct cln_compared_work {
    cln_comparing *of;
    size_t index;
    const char *name, *doing; /* the work's name, and in words until it tells */
    const char *const *arguments, *const *changes;
    double seconds, silence; /* as in cln_isolated */
    void (*row)(const cln_measurement *row, void *user);
    void *user;
} cln_compared_work;

bool cln_compare_work(cln_compared_work *work, bool *ok);
/* Rows E.cold_build and E.warm_build: as often as the clock allows until `until`, and three times at most. */
void cln_compare_builds(cln_comparing *comparing, size_t index, double until, double limit);
/* One of the engines to be compared, NULL beyond the last. */
const char *cln_compare_engine(const cln_comparing *comparing, size_t index);

/* The live line, or a note where stderr is no terminal: what the device is at, and the time left. */
void cln_compare_show(cln_comparing *comparing, size_t index, const char *doing);
/* A line about a device that stays. */
void cln_compare_note(cln_comparing *comparing, size_t index, const char *what);

#endif
