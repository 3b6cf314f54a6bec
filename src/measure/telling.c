#include "measure/telling.h"

#include "base/os.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool tell(cln_telling *t, double clock)
{
    const cln_measure_progress now = {t->doing, clock - t->began, t->end <= clock ? 0 : t->end - clock};
    t->told = clock;
    if (!t->stopped && t->progress)
        t->stopped = t->progress(&now, t->user) != 0;
    return !t->stopped;
}

bool cln_telling_begin(cln_telling *telling, const char *format, ...)
{
    va_list words;
    va_start(words, format);
    vsnprintf(telling->doing, sizeof telling->doing, format, words);
    va_end(words);
    return tell(telling, cln_os_seconds());
}

bool cln_telling_goes_on(cln_telling *telling)
{
    double clock = cln_os_seconds();
    return clock - telling->told < 0.1 ? !telling->stopped : tell(telling, clock);
}

int cln_telling_train(const cln_progress *progress, void *user)
{
    (void)progress;
    return !cln_telling_goes_on(user);
}

void cln_telling_row(const cln_telling *telling, const cln_measurement *row)
{
    if (telling->row)
        telling->row(row, telling->user);
}

cln_status cln_measured_engines(const char *engine, const char *list[2], size_t *count, cln_error *error)
{
    static const char *const engines[] = {"fused", "clblast"};
    bool all = !engine || strcmp(engine, "auto") == 0;
    *count = 0;
    for (size_t i = 0; i < 2; i++)
        if (all || strcmp(engine, engines[i]) == 0)
            list[(*count)++] = engines[i];
    return *count ? CLN_OK
                  : cln_fail(error, CLN_INVALID, "there is no engine \"%.40s\"; take auto, fused or clblast", engine);
}
