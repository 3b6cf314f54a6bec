#define _POSIX_C_SOURCE 200809L /* strdup */
#include "model/entries.h"

#include "base/number.h"
#include "base/size.h"

#include <stdlib.h>
#include <string.h>

static cln_entry *find(const cln_entries *entries, const char *key)
{
    for (size_t i = 0; i < entries->count; i++)
        if (strcmp(entries->list[i].key, key) == 0)
            return &entries->list[i];
    return NULL;
}

/* Appends an entry with this key and no value yet. */
static cln_status append(cln_entries *entries, const char *key, cln_entry **entry, cln_error *error)
{
    size_t bytes = (entries->count + 1) * sizeof *entries->list;
    cln_entry *grown = realloc(entries->list, bytes);
    if (!grown)
        return cln_fail_memory(error, "metadata", bytes);
    entries->list = grown;
    *entry = &grown[entries->count];
    (*entry)->value = NULL;
    (*entry)->key = strdup(key);
    if (!(*entry)->key)
        return cln_fail_memory(error, "metadata", strlen(key) + 1);
    entries->count++;
    return CLN_OK;
}

cln_status cln_entries_put(cln_entries *entries, cln_error *error, const char *key, const char *value,
                           va_list arguments)
{
    cln_status status;
    char *text = NULL;
    cln_entry *entry = find(entries, key);
    va_list again;
    va_copy(again, arguments);
    int length = cln_format_list(NULL, 0, value, arguments);
    TRY(cln_allocate((void **)&text, length < 0 ? 1 : (uint64_t)length + 1, 1, "metadata", error));
    cln_format_list(text, length < 0 ? 1 : (size_t)length + 1, value, again);
    if (!entry)
        TRY(append(entries, key, &entry, error));
    free(entry->value);
    entry->value = text;
    text = NULL;
out:
    va_end(again);
    free(text);
    return status;
}

cln_status cln_entries_note(cln_entries *entries, cln_error *error, const char *key, const char *value, ...)
{
    va_list arguments;
    va_start(arguments, value);
    cln_status status = cln_entries_put(entries, error, key, value, arguments);
    va_end(arguments);
    return status;
}

const char *cln_entries_find(const cln_entries *entries, const char *key)
{
    const cln_entry *entry = find(entries, key);
    return entry ? entry->value : NULL;
}

void cln_entries_release(cln_entries *entries)
{
    for (size_t i = 0; i < entries->count; i++) {
        free(entries->list[i].key);
        free(entries->list[i].value);
    }
    free(entries->list);
    *entries = (cln_entries){0};
}
