#include "cli/progress.h"

#include "base/os.h"
#include "cli/message.h"
#include "report/text.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

static const double redraw_seconds = 0.1, line_seconds = 1;
enum { first_lines = 20 };

const char *cln_display_unit(const char *solver)
{
    return strcmp(solver, "lbfgs") == 0 ? "iteration" : strcmp(solver, "direct") == 0 ? "alpha" : "epoch";
}

void cln_display_begin(cln_display *display, const char *solver)
{
    memset(display, 0, sizeof *display);
    display->terminal = cln_os_is_terminal(stderr);
    display->unit = cln_display_unit(solver);
}

static double error_rate(const cln_score *score)
{
    return (double)score->errors / (double)score->rows;
}

/* Appends to text (size) what fits whole, so that a line never ends within a figure. */
__attribute__((format(printf, 3, 4))) static void append(char *text, size_t size, const char *format, ...)
{
    size_t used = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text + used, size - used, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= size - used)
        text[used] = '\0';
}

/* ", 1.39 M rows/s": three digits are all that is steady. */
static void append_rate(char *text, size_t size, double rate)
{
    if (!(rate > 0) || !isfinite(rate))
        return;
    double shown = rate < 1e3 ? rate : rate < 1e6 ? rate / 1e3 : rate / 1e6;
    append(text, size, ", %.*f%s rows/s",
           shown < 10    ? 2
           : shown < 100 ? 1
                         : 0,
           shown,
           rate < 1e3   ? ""
           : rate < 1e6 ? " k"
                        : " M");
}

/* The time left, which is that to the limit: lbfgs mostly ends long before. */
static void append_left(char *text, size_t size, double seconds, bool iterates)
{
    cln_text number;
    const char *most = iterates ? "at most " : "";
    if (seconds < 99)
        append(text, size, ", %s%.0f s left", most, ceil(seconds));
    else if (seconds < 1e9) /* not without an end */
        append(text, size, ", %s%s left", most, cln_text_seconds(number, seconds));
}

/* "epoch 3/10: loss 0.3012, validation error 7.82 % (best), 1.39 M rows/s"; a live line has the time left as well. */
static void compose(char *text, size_t size, const char *unit, const cln_progress *progress, const cln_score *train,
                    const cln_score *valid, bool live)
{
    cln_text number;
    *text = '\0';
    bool iterates = isfinite(progress->objective);
    append(text, size, "%s %llu/%llu", unit, (unsigned long long)progress->epoch, (unsigned long long)progress->epochs);
    if (iterates)
        append(text, size, ": objective %.8f", progress->objective);
    if (isfinite(progress->gradient_norm))
        append(text, size, ", gradient %.2g", progress->gradient_norm);
    if (train->rows && !iterates)
        append(text, size, ": loss %.4f", train->loss);
    if (valid->rows)
        append(text, size, ", validation error %s%s", cln_text_percent(number, error_rate(valid)),
               progress->best && !live ? " (best)" : "");
    if (live)
        append_left(text, size, progress->seconds_left, iterates);
    append_rate(text, size, progress->rows_per_second);
}

/* A tick brings new counters alone: the figures are those of the last event that had some. */
static void remember(cln_display *display, const cln_progress *progress)
{
    if (progress->event != CLN_EVENT_TICK && progress->train.rows)
        display->train = progress->train;
    if (progress->event == CLN_EVENT_EPOCH && progress->valid.rows)
        display->valid = progress->valid;
}

/* Whether this line is due, of which a terminal takes ten a second. */
static bool is_due(cln_display *display, double seconds)
{
    double now = cln_os_seconds();
    if (now - display->drawn < seconds)
        return false;
    display->drawn = now;
    return true;
}

void cln_display_show(cln_display *display, const cln_progress *progress)
{
    char *text = display->pending;
    bool epoch = progress->event == CLN_EVENT_EPOCH;
    remember(display, progress);
    if (cln_message_is_quiet())
        return;
    if (display->terminal) {
        compose(text, sizeof display->pending, display->unit, progress, &display->train, &display->valid, true);
        if (is_due(display, redraw_seconds)) {
            cln_message_live(text);
            *text = '\0';
        }
    } else if (epoch && progress->epochs > 1) { /* the only one is in the report */
        compose(text, sizeof display->pending, display->unit, progress, &progress->train, &progress->valid, false);
        if (display->lines < first_lines || is_due(display, line_seconds)) {
            cln_message_note("%s", text);
            display->lines++;
            *text = '\0';
        }
    }
}

void cln_display_end(cln_display *display)
{
    if (*display->pending && display->terminal)
        cln_message_live(display->pending);
    else if (*display->pending)
        cln_message_note("%s", display->pending);
    *display->pending = '\0';
    cln_message_end_live();
}
