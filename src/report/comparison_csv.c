/* A comparison as CSV: by RFC 4180, and harmless to spreadsheets, which compute what begins like a formula. */
#include "report/comparison.h"

#include "base/number.h"
#include "report/text.h"

#include <math.h>
#include <string.h>

/* Foreign text. One that begins like a formula, whatever blanks stand before it, gets an apostrophe before all. */
static void write_text(const char *text, FILE *to)
{
    char harmless[1024];
    cln_text_harmless(harmless, sizeof harmless, text);
    const char *first = harmless + strspn(harmless, " ");
    bool formula = *first && strchr("=+-@", *first);
    bool quoted = strpbrk(harmless, "\",") || *harmless == ' ';
    fputs(quoted ? "\"" : "", to);
    fputs(formula ? "'" : "", to);
    for (const char *at = harmless; *at; at++)
        fputs(*at == '"' ? "\"\"" : (const char[]){*at, '\0'}, to);
    fputs(quoted ? "\"" : "", to);
}

/* Nothing for a NaN or an infinity. */
static void write_real(double value, FILE *to)
{
    char text[32] = "";
    if (isfinite(value))
        cln_format_real(value, text);
    fputs(text, to);
}

static void write_device(const cln_compared_device *device, FILE *to)
{
    static const char *const words[] = {
#define X(name, word) [CLN_COMPARED_##name] = (word),
        CLN_COMPARED_MAP(X)
#undef X
    };
    if (device->device.index >= 0)
        fprintf(to, "%d", device->device.index);
    const char *const texts[] = {device->device.name, device->device.platform, device->device.driver,
                                 words[device->status], device->reason};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        fputc(',', to);
        write_text(texts[i], to);
    }
    fprintf(to, ",%s,", !device->judged ? "" : device->agree ? "true" : "false");
}

static void write_row(const cln_compared_row *row, FILE *to)
{
    write_text(row->name, to);
    fputc(',', to);
    write_real(row->value, to);
    fputc(',', to);
    write_text(row->unit, to);
    fputc(',', to);
    write_real(row->spread, to);
    fputc(',', to);
    write_real(row->limit, to);
    fputc(',', to);
    write_text(row->reason, to);
}

cln_status cln_report_comparison_csv(const cln_comparison *comparison, FILE *to, cln_error *error)
{
    static const cln_compared_row none = {.value = NAN, .spread = NAN, .limit = NAN};
    (void)error; /* nothing is allocated */
    fputs("index,device,platform,driver,status,status_reason,agree,name,value,unit,spread,limit,reason\r\n", to);
    for (size_t i = 0; i < comparison->count; i++) {
        const cln_compared_device *device = &comparison->devices[i];
        size_t j = 0;
        do {
            write_device(device, to);
            write_row(j < device->count ? &device->rows[j] : &none, to);
            fputs("\r\n", to);
        } while (++j < device->count);
    }
    return CLN_OK;
}
