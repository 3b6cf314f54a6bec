/*
 * What a part of this program that runs in a process of its own tells the one that has started it: JSON lines, each of one kind.
 *
 *   {"device":{…}}          a device of the list          {"progress":{"doing","seconds","seconds_left"}}
 *   {"row":{…}}             a measurement                 {"done":{"ok":true|false,"message","told"}}     the last line
 */
#ifndef CLN_REPORT_WIRE_H
#define CLN_REPORT_WIRE_H

#include "base/error.h"

#include <stdio.h>

typedef enum cln_wire_kind {
    CLN_WIRE_NOTHING, /* a line that is none of these */
    CLN_WIRE_DEVICE,
    CLN_WIRE_PROGRESS,
    CLN_WIRE_ROW,
    CLN_WIRE_DONE
} cln_wire_kind;

typedef struct cln_wire_line {
    cln_wire_kind kind;
    cln_device_info device;
    cln_measurement row; /* its texts point into `text` */
    cln_measure_progress progress;
    bool ok;            /* of the last line: the verdict, where there is no message */
    uint32_t told;      /* of the last line: how many devices and rows were told before it */
    char message[2048]; /* of the last line: why there is no verdict, or "" */
    char text[3][512];
} cln_wire_line;

/* Each writes a line and flushes it. One that gets lost, by an error of `to` or for want of memory, is missed by its number at the end. */
void cln_wire_device(const cln_device_info *device, FILE *to);
void cln_wire_row(const cln_measurement *row, FILE *to);
void cln_wire_progress(const cln_measure_progress *progress, FILE *to);
void cln_wire_done(bool ok, const char *message, uint32_t told, FILE *to);

/* What a line says; texts that are too long are cut. */
void cln_wire_read(const char *text, cln_wire_line *line);

#endif
