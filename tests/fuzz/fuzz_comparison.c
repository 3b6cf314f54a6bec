/* A comparison of devices: what is read can be shown, and written as it is read; it does not differ from itself. */
#define _POSIX_C_SOURCE 200809L /* open_memstream */
#include "fuzz.h"
#include "report/changes.h"
#include "report/comparison.h"

#include <stdlib.h>
#include <string.h>

typedef cln_status writer(const cln_comparison *comparison, FILE *to, cln_error *error);

/* To be released with free(). */
static char *written(writer *write, const cln_comparison *comparison)
{
    char *text = NULL;
    size_t length = 0;
    FILE *to = open_memstream(&text, &length);
    FUZZ_ASSERT(to && write(comparison, to, NULL) == CLN_OK && fclose(to) == 0);
    for (size_t i = 0; i < length; i++)
        FUZZ_ASSERT((unsigned char)text[i] >= ' ' || text[i] == '\n' || text[i] == '\r');
    return text;
}

static void show(const cln_comparison *comparison)
{
    cln_comparison again = {0};
    cln_changes changes;
    free(written(cln_report_comparison, comparison));
    free(written(cln_report_comparison_csv, comparison));
    char *json = written(cln_report_comparison_json, comparison);
    FUZZ_ASSERT(cln_comparison_read(fuzz_file(json, NULL, 0), &again, NULL) == CLN_OK);
    char *json_again = written(cln_report_comparison_json, &again);
    FUZZ_ASSERT(strcmp(json, json_again) == 0);
    if (cln_report_changes(comparison, &again, NULL, &changes, NULL) == CLN_OK)
        FUZZ_ASSERT(changes.faster == 0 && changes.slower == 0 && changes.gone == 0);
    free(json_again);
    free(json);
    cln_comparison_release(&again);
}

void fuzz_one(const uint8_t *bytes, size_t count)
{
    cln_error error = {0};
    cln_comparison comparison;
    cln_status status = cln_comparison_read(fuzz_file(NULL, bytes, count), &comparison, &error);
    fuzz_check(status, &error);
    if (status == CLN_OK)
        show(&comparison);
    cln_comparison_release(&comparison);
}
