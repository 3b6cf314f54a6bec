/*
 * What devices came to in their selftests, for people and as JSON:
 *
 *   {"verdict":"passed|failed","devices":[{"device":{…},"status":"ok|failed|timeout|skipped","reason","passed":true|false,
 *                                          "rows":[{"name","value","unit","spread","limit","reason"}…]}…]}
 */
#ifndef CLN_REPORT_SELFTEST_H
#define CLN_REPORT_SELFTEST_H

#include "report/comparison.h"

/* The first row that failed, or the reason why there is no verdict: what a device's failure is remembered with. */
void cln_selftest_reason(const cln_compared_device *device, char *reason, size_t size);

/* devices: (count), `agree` where they passed. Errors of `to` stay in its flag. CLN_MEMORY. */
cln_status cln_report_selftest(const cln_compared_device *devices, size_t count, FILE *to, cln_error *error);
cln_status cln_report_selftest_json(const cln_compared_device *devices, size_t count, FILE *to, cln_error *error);

#endif
