/*
 * What was written as JSON, read again: fields of an object, each with what it is where it is not there, null or of another type.
 * Texts are made harmless and cut to fit.
 */
#ifndef CLN_REPORT_JSON_READ_H
#define CLN_REPORT_JSON_READ_H

#include "clinear.h"

#include <jansson.h>

double cln_json_real_in(const json_t *object, const char *key); /* NaN */
/* 0; also where it is below 0 or above `most`. */
uint64_t cln_json_count_in(const json_t *object, const char *key, uint64_t most);
bool cln_json_flag_in(const json_t *object, const char *key); /* false */
/* "", and false; `to` has `size` bytes. */
bool cln_json_text_in(const json_t *object, const char *key, char *to, size_t size);
/* What cln_json_device_facts wrote, without an index -1; false where it has neither that nor a name. */
bool cln_json_device_in(const json_t *object, const char *key, cln_device_info *device);

#endif
