/*
 * Many measurements by turns, each once a round, so that a machine that becomes slower or faster meanwhile does so in all of them, and in
 * their spreads. A round goes on until
 *
 *   every median is stable       three samples or more, and the distance between their quartiles divided by √samples below 2 % of the median
 *   or the time is over          then whatever has no sample has a reason; one that would not end in time is not begun
 *
 * What takes long gives way to the rest: it is left out of a round as soon as it has had a tenth of the time.
 */
#ifndef CLN_MEASURE_ROUNDS_H
#define CLN_MEASURE_ROUNDS_H

#include "measure/telling.h"

#define CLN_ROUND_VALUES  3  /* that one measurement gives at most */
#define CLN_ROUND_SAMPLES 64 /* at most */

typedef struct cln_round_item cln_round_item;

/* Takes one sample of all of the item's values. The first call also makes what it needs, and that time counts for nothing; *seconds is
   what the sample alone has taken. */
typedef cln_status cln_round_fn(void *user, cln_round_item *item, double values[CLN_ROUND_VALUES], double *seconds,
                                cln_error *error);

struct cln_round_item {
    const char *engine; /* NULL: of the device itself */
    uint32_t rows;      /* of a minibatch; 0: none */
    cln_round_fn *run;
    const char *words;               /* "an epoch by minibatches of 200 rows" */
    unsigned values;                 /* that it gives */
    double limits[CLN_ROUND_VALUES]; /* NaN where unknown */
    char note[256];                  /* what to know about the values; "": nothing */
    double samples[CLN_ROUND_VALUES][CLN_ROUND_SAMPLES];
    unsigned count;
    double expected;   /* seconds that the first sample takes at least, as far as is known */
    double spent;      /* seconds of all samples */
    char failure[256]; /* it has failed, and why; "": no */
};

/* Items in the order of their importance. Until telling->end, or until nobody wants more. */
void cln_rounds_hold(cln_round_item *items, size_t count, cln_telling *telling, void *user);

/* One round of `seconds` in all. False where no more are wanted. */
bool cln_rounds_turn(cln_round_item *items, size_t count, double seconds, cln_telling *telling, void *user);

/* The median of a value's samples and the distance of their quartiles; NaN without samples, the distance also with one alone. */
void cln_round_value(const cln_round_item *item, unsigned value, double *median, double *spread);
bool cln_round_is_stable(const cln_round_item *item);

#endif
