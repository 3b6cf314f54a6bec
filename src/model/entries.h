/* Metadata: names and values that are text, each name once, in the order in which they came. */
#ifndef CLN_MODEL_ENTRIES_H
#define CLN_MODEL_ENTRIES_H

#include "base/error.h"

#include <stdarg.h>

typedef struct cln_entry {
    char *key, *value;
} cln_entry;

/* All zero: none. */
typedef struct cln_entries {
    cln_entry *list; /* (count) */
    size_t count;
} cln_entries;

/* Adds or replaces an entry; the value is a printf format, with a decimal point in every locale. CLN_MEMORY. */
__attribute__((format(printf, 4, 5))) cln_status cln_entries_note(cln_entries *entries, cln_error *error,
                                                                  const char *key, const char *value, ...);
__attribute__((format(printf, 4, 0))) cln_status cln_entries_put(cln_entries *entries, cln_error *error,
                                                                 const char *key, const char *value, va_list arguments);
const char *cln_entries_find(const cln_entries *entries, const char *key); /* NULL: no such name */
void cln_entries_release(cln_entries *entries);

#endif
