/* The kernel sources of cl/, embedded by scripts/embed.cmake; the entry behind the last has a NULL name. */
#ifndef CLN_DEVICE_SOURCES_H
#define CLN_DEVICE_SOURCES_H

typedef struct cln_source {
    const char *name; /* without ".cl" */
    const char *text;
} cln_source;

extern const cln_source cln_sources[];

#endif
