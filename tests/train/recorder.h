/* A progress callback that remembers what it was told. */
#ifndef CLN_TESTS_TRAIN_RECORDER_H
#define CLN_TESTS_TRAIN_RECORDER_H

#include "problem.h"

enum { MOST_EVENTS = 5000 };

/* Keeps all events, and answers with nonzero at the one numbered stop_at (from 0; −1: never) of its kind. */
typedef struct recorder {
    cln_progress events[MOST_EVENTS];
    int count, stop_at, seen;
    cln_event kind;
} recorder;

static recorder record;

static inline int on_progress(const cln_progress *progress, void *user)
{
    recorder *own = user;
    ck_assert_int_lt(own->count, MOST_EVENTS);
    own->events[own->count++] = *progress;
    return progress->event == own->kind && own->seen++ == own->stop_at;
}

static inline void begin(cln_event kind, int stop_at)
{
    memset(&record, 0, sizeof record);
    record.kind = kind;
    record.stop_at = stop_at;
}

#endif
