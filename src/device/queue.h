/* The host's pace: how far it may run ahead of the device, so that Ctrl-C and watchdogs work. */
#ifndef CLN_DEVICE_QUEUE_H
#define CLN_DEVICE_QUEUE_H

#include "device/device.h"

/* Waits until everything that was enqueued is done. */
cln_status cln_queue_finish(cln_device *device, cln_error *error);

/* All zero to begin with. */
typedef struct cln_pace {
    cl_event behind; /* a marker that the device has to reach before the host enqueues another stretch */
} cln_pace;

/* Marks the end of a stretch of work, and waits for the end of the stretch before it: the host is one to two ahead. */
cln_status cln_pace_mark(cln_device *device, cln_pace *pace, cln_error *error);
void cln_pace_release(cln_pace *pace); /* accepts a pace never marked, or released */

#endif
