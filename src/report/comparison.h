/*
 * A comparison of devices: what it holds, and how it is written as JSON, read again, and shown as a table and as CSV.
 *
 *   {"verdict":"agree|disagree|none","version","date","data":{"path","rows","test_rows","features","outputs","type"},"budget","seconds","command",
 *    "devices":[{"device":{…},"status":"ok|failed|timeout|skipped","reason","agree":true|false|null,
 *                "rows":[{"name","value","unit","spread","limit","reason"}…]}…]}
 *
 * The verdict is "disagree" where a device disagrees; one that failed or was skipped says nothing about agreement. It is "none" where no
 * device was judged.
 */
#ifndef CLN_REPORT_COMPARISON_H
#define CLN_REPORT_COMPARISON_H

#include "base/error.h"

#include <stdio.h>

/* One list: enum and JSON's word. */
#define CLN_COMPARED_MAP(X)                                                                                            \
    X(OK, "ok")                                                                                                        \
    X(FAILED, "failed")                                                                                                \
    X(TIMEOUT, "timeout")                                                                                              \
    X(SKIPPED, "skipped")

typedef enum cln_compared_status {
#define X(name, word) CLN_COMPARED_##name,
    CLN_COMPARED_MAP(X)
#undef X
} cln_compared_status;

/* A cln_measurement that lives on. */
typedef struct cln_compared_row {
    char name[48], unit[16], reason[256]; /* reason "": none */
    double value, spread, limit;          /* NaN: none */
} cln_compared_row;

typedef struct cln_compared_device {
    cln_device_info device; /* of one that could not be listed, only a name */
    cln_compared_status status;
    char reason[512];       /* why the status is not ok, or what to know about the device; "": nothing */
    bool judged, agree;     /* agree counts where judged */
    cln_compared_row *rows; /* (count) */
    size_t count;
} cln_compared_device;

typedef struct cln_comparison {
    char version[32], date[32]; /* of clinear; UTC, "2026-11-26T01:30:00Z" */
    char data[1024];            /* path */
    char type[16];              /* "uint8" or "float32" */
    uint64_t rows, test_rows;   /* of training, and of the test part: 0 without one */
    uint32_t features, outputs;
    double budget, seconds;
    bool named;         /* its devices were named, and others left out; not written, and false of what is read */
    char command[1024]; /* that makes it again */
    cln_compared_device *devices; /* (count) */
    size_t count;
} cln_comparison;

/* Adds a device, status ok and not judged, or a row to one; NULL or false where memory is short. A device is valid until the next one is
   added. */
cln_compared_device *cln_comparison_add(cln_comparison *comparison, const cln_device_info *device);
bool cln_compared_add(cln_compared_device *device, const cln_measurement *row);
/* The row of that name and unit, for names of agreement and of speed may be the same; NULL: none. */
const cln_compared_row *cln_compared_find(const cln_compared_device *device, const char *name, const char *unit);
/* Every device that was judged agrees. */
bool cln_comparison_agrees(const cln_comparison *comparison);

/* Less of seconds and bytes, more of what is told by the second; of a loss or an error in tolerances neither. */
typedef enum cln_better { CLN_BETTER_NEITHER, CLN_BETTER_LESS, CLN_BETTER_MORE } cln_better;
cln_better cln_compared_better(const cln_compared_row *row);
/* The part of its limit that a row reaches, whether less or more is better; NaN without a limit. */
double cln_compared_fraction(const cln_compared_row *row);
void cln_comparison_release(cln_comparison *comparison); /* accepts one that is all zero */

/* Errors of `to` stay in its flag. CLN_MEMORY. */
cln_status cln_report_comparison(const cln_comparison *comparison, FILE *to, cln_error *error);
cln_status cln_report_comparison_json(const cln_comparison *comparison, FILE *to, cln_error *error);
/* An element of "devices", for other reports; NULL where memory is short. */
struct json_t *cln_json_compared_device(const cln_compared_device *device);
/* A line a row with its device, by RFC 4180; a device without rows has one line. Text that spreadsheets would take for a formula begins with an
   apostrophe. */
cln_status cln_report_comparison_csv(const cln_comparison *comparison, FILE *to, cln_error *error);
/* Reads what _json has written; `comparison` is all zero where that fails. CLN_IO; CLN_FORMAT for what is no such file, is larger than
   4 MiB or nested too deep. */
cln_status cln_comparison_read(const char *path, cln_comparison *comparison, cln_error *error);

#endif
