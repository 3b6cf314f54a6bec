/*
 * What a driver is to do wrong, as CLINEAR_FAULTS says it: a rule a line.
 *
 *   wrong OLD => NEW           every OLD in the source of a program becomes NEW
 *   slow KERNEL MICROSECONDS   every run of a kernel with KERNEL in its name ("*": every kernel) takes so much longer
 *   die CALL N                 the N-th call of this entry point ends the process by abort()
 *   hang CALL N                … never returns
 *   fail CALL N STATUS         … returns STATUS, a number below 0, and does nothing
 *   vanish CALL N              it and every later call that has to do something returns CL_DEVICE_NOT_AVAILABLE; what it was at ends,
 *                              questions are still answered, and what is there is released
 *   null CALL N                … gives NULL and says that all is well; of calls that give an object or a mapping
 *   late CALL N MICROSECONDS   … begins so much later
 *   name TEXT                  a device says that this is its name: with Oclgrind in it, it is taken for a simulator
 *
 * "on TEXT:" before a rule keeps it to devices with TEXT in their name or their platform's, in whatever case; calls on other devices,
 * or on none, do not count for its N. Blanks around OLD and NEW do not belong to them.
 */
#ifndef FAULTS_RULES_H
#define FAULTS_RULES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

typedef enum fault {
    FAULT_WRONG,
    FAULT_SLOW,
    FAULT_DIE,
    FAULT_HANG,
    FAULT_FAIL,
    FAULT_VANISH,
    FAULT_NULL,
    FAULT_LATE,
    FAULT_NAME
} fault;

typedef struct rule {
    fault fault;
    char *device;        /* NULL: any, and calls on none */
    char *call;          /* of DIE and what follows it */
    char *text, *change; /* OLD and NEW; the kernel; the name */
    unsigned long n;     /* of those; microseconds of SLOW */
    int status;          /* of FAIL; microseconds of LATE */
    atomic_ulong met;    /* calls that counted for N */
    atomic_ulong fired;  /* what it has done */
} rule;

/* The rules of `text`, which is changed and has to live on. NULL and a sentence in `why` for what is none. */
rule *rules_read(char *text, size_t *count, char why[256]);

/* Whether `text` has `part` in it, in whatever case. */
bool has_text(const char *text, const char *part);

#endif
