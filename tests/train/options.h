/* For tests of options: a set of them, what it takes and what it refuses. */
#ifndef TRAIN_OPTIONS_H
#define TRAIN_OPTIONS_H

#include "train/settings.h"

#include "harness.h"

#include <string.h>

static cln_options *options;

static inline void setup(void)
{
    ck_assert_int_eq(cln_options_create(&options, NULL), CLN_OK);
}

static inline void teardown(void)
{
    cln_options_free(options);
    options = NULL;
}

static inline const cln_settings *settings(void)
{
    return cln_options_settings(options);
}

static inline void take(const char *name, const char *value)
{
    cln_error error = {0};
    ck_assert_msg(cln_options_set(options, name, value, &error) == CLN_OK, "%s=%s: %s", name, value, error.message);
    ck_assert_str_eq(cln_options_get(options, name), value);
}

/* The value is refused with words that name option and value, and nothing has changed. */
static inline void refuse(const char *name, const char *value)
{
    cln_error error = {0};
    cln_settings before = *settings();
    char text[200], quoted[128];
    snprintf(text, sizeof text, "%s", cln_options_get(options, name));
    snprintf(quoted, sizeof quoted, "\"%.80s\"", value);
    ck_assert_msg(cln_options_set(options, name, value, &error) == CLN_INVALID, "%s took \"%s\"", name, value);
    ck_assert_int_eq(error.status, CLN_INVALID);
    ck_assert_msg(strstr(error.message, name) != NULL, "%s", error.message);
    ck_assert_msg(strstr(error.message, quoted) || strstr(error.message, "twice"), "%s", error.message);
    ck_assert_str_eq(cln_options_get(options, name), text);
    ck_assert_mem_eq(settings(), &before, sizeof before);
}

#endif
