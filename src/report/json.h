/*
 * The pieces of which the reports' JSON is made, and how it is written. A reference made here is the caller's, or of
 * the object it was put into. Without memory a piece is NULL or lacks a part, and Jansson's functions take NULL and fail; the write
 * then says so.
 */
#ifndef CLN_REPORT_JSON_H
#define CLN_REPORT_JSON_H

#include "clinear.h"

#include <jansson.h>
#include <stdio.h>

/* Once, before any JSON is made: from then on memory that Jansson does not get makes every write fail. */
void cln_json_watch_memory(void);

json_t *cln_json_real(double value); /* NaN and infinity are null */
json_t *cln_json_count(uint64_t count);
json_t *cln_json_text(const char *text);        /* NULL is null; what is no printable UTF-8 becomes '?' */
json_t *cln_json_score(const cln_score *score); /* null where the part was not scored */
json_t *cln_json_certificate(const cln_certificate *certificate); /* null where there is none */
json_t *cln_json_seconds(const cln_seconds *seconds);
json_t *cln_json_device(const cln_device_info *device);       /* the five fields that name one */
json_t *cln_json_device_facts(const cln_device_info *device); /* all fields; an index below 0 is null */
json_t *cln_json_measurement(const cln_measurement *row);     /* reason null where it is NULL */

/* Writes `value` and a newline, every number in its shortest form that reads back the same, and releases it. indent: 0
   for one line. CLN_MEMORY. Errors of `to` stay in its flag. */
cln_status cln_json_write(json_t *value, int indent, FILE *to, cln_error *error);

#endif
