/*
 * Where a device's time goes, command by command. cln_profile_begin (clinear.h) exchanges the queue for one with profiling and
 * makes device->profile; without it no event is made, and everything here does nothing.
 *
 * Every enqueue takes its event argument from cln_profile_kernel or cln_profile_command. Events are read and released at the marks
 * of the host's pace (device/queue.h), so that few of them are alive: they slow some drivers down. Only what is enqueued between
 * _resume and _pause counts.
 *
 * What a command has to do at least is told by whoever enqueues it, right before: cln_profile_expect.
 */
#ifndef CLN_DEVICE_PROFILE_H
#define CLN_DEVICE_PROFILE_H

#include "device/device.h"

/* What a command has to do at least: each operand through the device's memory once, and its multiplications and additions (but no
   divisions, exponentials and the like). */
typedef struct cln_work {
    double operations, bytes;
} cln_work;

typedef enum cln_profile_kind {
    CLN_PROFILE_KERNEL, /* or what the driver does within the device's memory */
    CLN_PROFILE_CLBLAST,
    CLN_PROFILE_UPLOAD,
    CLN_PROFILE_DOWNLOAD
} cln_profile_kind;

/* The commands of one name. */
typedef struct cln_profile_entry {
    char name[64];
    cln_profile_kind kind;
    uint64_t launches;
    double seconds;
    cln_work work;
} cln_profile_entry;

typedef struct cln_profile cln_profile;

/* The next command that is enqueued does this work. */
void cln_profile_expect(cln_device *device, cln_work work);

/* Where OpenCL is to put the event of the command that is being enqueued; NULL where none is wanted. */
cl_event *cln_profile_kernel(cln_device *device, cl_kernel kernel);
/* The same for other commands. CLBlast gives an event for the last of its kernels alone: its time begins where the command before
   it ends. */
__attribute__((format(printf, 3, 4))) cl_event *cln_profile_command(cln_device *device, cln_profile_kind kind,
                                                                    const char *format, ...);

/* Reads the events of the commands that are done. */
void cln_profile_collect(cln_device *device);

/* From _resume to _pause, at which the device has done everything, wall-clock time and commands count. A pause may come twice. */
void cln_profile_resume(cln_device *device);
void cln_profile_pause(cln_device *device);

/* What was counted. entries: (*count), valid until the profile ends. gaps: seconds in which the device did nothing though a command
   was waiting. CLN_DEVICE where it gave no times for some commands. */
cln_status cln_profile_totals(const cln_device *device, const cln_profile_entry **entries, size_t *count, double *gaps,
                              double *wall, cln_error *error);

/* Puts back a queue without profiling and forgets all. */
cln_status cln_profile_stop(cln_device *device, cln_error *error);
/* Forgets all, for a device that is closed. */
void cln_profile_release(cln_device *device);

#endif
