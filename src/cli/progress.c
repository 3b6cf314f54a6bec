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

/* Appends to text (size) behind what is there. */
__attribute__((format(printf, 3, 4))) static void append(char *text, size_t size, const char *format, ...)
{
    size_t used = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + used, size - used, format, arguments);
    va_end(arguments);
}

/* "epoch 3/10: loss 0.3012, validation error 7.82 % (best), 1,234,567 rows/s", and the time left on a live line. */
static void compose(char *text, size_t size, const cln_progress *progress, const cln_score *valid, bool live)
{
    cln_text number;
    *text = '\0';
    append(text, size, "epoch %llu/%llu: loss %.4f", (unsigned long long)progress->epoch,
           (unsigned long long)progress->epochs, progress->train.loss);
    if (valid->rows)
        append(text, size, ", validation error %s%s", cln_text_percent(number, error_rate(valid)),
               progress->best && !live ? " (best)" : "");
    if (progress->rows_per_second > 0 && progress->rows_per_second < 1e15)
        append(text, size, ", %s rows/s", cln_text_count(number, (uint64_t)progress->rows_per_second));
    if (live && isfinite(progress->seconds_left))
        append(text, size, ", %s left", cln_text_seconds(number, progress->seconds_left));
}

void cln_display_show(cln_display *display, const cln_progress *progress)
{
    char text[512];
    bool epoch = progress->event == CLN_EVENT_EPOCH;
    if (epoch && progress->valid.rows)
        display->valid = progress->valid;
    if (cln_message_is_quiet())
        return;
    if (display->terminal) {
        double now = cln_os_seconds();
        bool last = epoch && progress->epoch == progress->epochs;
        if (now - display->drawn < redraw_seconds && !last)
            return;
        display->drawn = now;
        compose(text, sizeof text, progress, &display->valid, true);
        unsigned width = cln_os_terminal_width(stderr);
        if (strlen(text) >= width) /* the last column would wrap the line */
            text[width > 0 ? width - 1 : 0] = '\0';
        cln_message_live(text);
    } else if (epoch) {
        compose(text, sizeof text, progress, &progress->valid, false);
        cln_message_note("%s", text);
    }
}
