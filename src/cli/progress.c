#include "cli/progress.h"

#include "base/os.h"
#include "cli/message.h"
#include "report/text.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

static const double redraw_seconds = 0.1;

void cln_display_begin(cln_display *display)
{
    memset(display, 0, sizeof *display);
    display->terminal = cln_os_is_terminal(stderr);
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

/* "epoch 3/10: loss 0.3012, validation error 7.82 % (best), 1.39 M rows/s"; a live line has the time left as well. */
static void compose(char *text, size_t size, const cln_progress *progress, const cln_score *train,
                    const cln_score *valid, bool live)
{
    cln_text number;
    *text = '\0';
    bool iterates = isfinite(progress->objective);
    append(text, size, "%s %llu/%llu", iterates ? "iteration" : "epoch", (unsigned long long)progress->epoch,
           (unsigned long long)progress->epochs);
    if (iterates)
        append(text, size, ": objective %.8f", progress->objective);
    if (isfinite(progress->gradient_norm))
        append(text, size, ", gradient %.2g", progress->gradient_norm);
    if (train->rows && !iterates)
        append(text, size, ": loss %.4f", train->loss);
    if (valid->rows)
        append(text, size, ", validation error %s%s", cln_text_percent(number, error_rate(valid)),
               progress->best && !live ? " (best)" : "");
    if (live && progress->seconds_left < 99)
        append(text, size, ", %.0f s left", ceil(progress->seconds_left));
    else if (live && progress->seconds_left < 1e9) /* not without an end */
        append(text, size, ", %s left", cln_text_seconds(number, progress->seconds_left));
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

void cln_display_show(cln_display *display, const cln_progress *progress)
{
    char text[512];
    bool epoch = progress->event == CLN_EVENT_EPOCH;
    remember(display, progress);
    if (cln_message_is_quiet())
        return;
    if (display->terminal) {
        double now = cln_os_seconds();
        bool last = epoch && progress->epoch == progress->epochs;
        if (now - display->drawn < redraw_seconds && !last)
            return;
        display->drawn = now;
        size_t width = cln_os_terminal_width(stderr); /* the last column stays free: it would wrap the line */
        compose(text, width < sizeof text ? width : sizeof text, progress, &display->train, &display->valid, true);
        cln_message_live(text);
    } else if (epoch) {
        compose(text, sizeof text, progress, &progress->train, &progress->valid, false);
        cln_message_note("%s", text);
    }
}
