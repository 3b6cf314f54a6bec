/*
 * What a process is at, as faults are kept to it: its first argument, and in a process of clinear's own, which that starts for
 * compare and selftest, the second: "compare", "isolated-agreement".
 */
#ifndef FAULTS_WORK_H
#define FAULTS_WORK_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORK_BYTES = 64 };

/* "-" where there is none. */
static inline void name_work(char work[WORK_BYTES])
{
    char line[8192] = "";
    FILE *file = fopen("/proc/self/cmdline", "r");
    size_t bytes = file ? fread(line, 1, sizeof line - 1, file) : 0;
    if (file)
        fclose(file);
    const char *end = line + bytes, *words[3] = {line};
    for (int i = 1; i < 3; i++)
        words[i] = words[i - 1] < end ? words[i - 1] + strlen(words[i - 1]) + 1 : end;
    bool own = words[1] < end && strcmp(words[1], "isolated") == 0 && words[2] < end;
    snprintf(work, WORK_BYTES, "%.20s%s%.20s", words[1] < end && *words[1] ? words[1] : "-", own ? "-" : "",
             own ? words[2] : "");
    for (char *at = work; *at; at++)
        if (*at == ' ' || *at == '\n')
            *at = '_';
}

/* Whether CLINEAR_FAULTS_IN has the faults here. */
static inline bool is_of_faults(const char *work)
{
    const char *of = getenv("CLINEAR_FAULTS_IN");
    return !of || !*of || strcmp(of, work) == 0;
}

#endif
