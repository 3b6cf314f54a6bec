#include "cli/compared.h"

#include "base/os.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/message.h"
#include "report/changes.h"
#include "report/gnuplot.h"
#include "report/page.h"

#include <stdlib.h>
#include <string.h>

cln_status cln_compared_check_pictures(cln_error *error)
{
    cln_status status;
    cln_script script = {0};
    char *picture = NULL;
    size_t size;
    TRY(cln_script_begin(&script, &(cln_canvas){CLN_PICTURE_SVG, 100, 100, "check"}, error));
    fputs("plot 0\n", script.stream);
    TRY(cln_script_draw(&script, &picture, &size, error));
out:
    free(picture);
    cln_script_release(&script);
    return status;
}

cln_status cln_compared_read(const char *path, const cln_comparison *now, cln_comparison *before, cln_error *error)
{
    cln_status status;
    TRY(cln_comparison_read(path, before, error));
    if (before->rows != now->rows || before->test_rows != now->test_rows || before->features != now->features ||
        before->outputs != now->outputs || strcmp(before->type, now->type) != 0)
        status = cln_fail(error, CLN_INVALID,
                          "option --against: %s is of other data, %s: %llu training and %llu test rows of %u features "
                          "(%s) and %u outputs; give a result of these data",
                          path, before->data, (unsigned long long)before->rows, (unsigned long long)before->test_rows,
                          (unsigned)before->features, before->type, (unsigned)before->outputs);
out:
    return status;
}

static cln_status write_page(const cln_compared_form *form, const cln_comparison *comparison, cln_error *error)
{
    cln_status status;
    cln_replacement file = {0};
    TRY(cln_os_replace_begin(&file, form->page, error));
    TRY(cln_report_page(comparison, form->before, file.stream, error));
    TRY(cln_os_replace_commit(&file, error));
    cln_message_note("wrote %s", form->page);
out:
    cln_os_replace_abandon(&file);
    return status;
}

/* Every device that was to be compared agrees, and there is one. */
static bool all_well(const cln_comparison *comparison)
{
    size_t compared = 0;
    bool well = cln_comparison_agrees(comparison);
    for (size_t i = 0; i < comparison->count; i++) {
        cln_compared_status status = comparison->devices[i].status;
        compared += status == CLN_COMPARED_OK;
        well &= status == CLN_COMPARED_OK || status == CLN_COMPARED_SKIPPED;
    }
    return well && compared > 0;
}

/* Where stdout has a form for programs, people read it on stderr. */
static cln_status tell_changes(const cln_compared_form *form, const cln_comparison *comparison, bool *worse,
                               cln_error *error)
{
    cln_changes changes = {0};
    FILE *to = !form->json && !form->csv ? stdout : cln_message_is_quiet() ? NULL : stderr;
    if (to == stdout)
        fputc('\n', to);
    cln_status status = cln_report_changes(form->before, comparison, to, &changes, error);
    *worse = changes.slower > 0 || changes.gone > 0;
    return status;
}

cln_status cln_compared_tell(const cln_compared_form *form, const cln_comparison *comparison, int *code,
                             cln_error *error)
{
    cln_status status;
    bool worse = false;
    TRY(form->json  ? cln_report_comparison_json(comparison, stdout, error)
        : form->csv ? cln_report_comparison_csv(comparison, stdout, error)
                    : cln_report_comparison(comparison, stdout, error));
    if (form->before)
        TRY(tell_changes(form, comparison, &worse, error));
    if (form->page)
        TRY(write_page(form, comparison, error));
    *code = cln_interrupted() ? CLN_EXIT_INTERRUPTED : worse || !all_well(comparison) ? CLN_EXIT_FAILED : CLN_EXIT_DONE;
out:
    return status;
}
