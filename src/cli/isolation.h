/*
 * Work on devices in processes of their own: this program, started again with a first word that is no command of its users, tells its
 * findings in lines (report/wire.h). So a driver that dies or hangs, even while devices are listed, is a reason and not the end.
 * What such a process does is in cli/isolated.h.
 */
#ifndef CLN_CLI_ISOLATION_H
#define CLN_CLI_ISOLATION_H

#include "base/os.h"
#include "report/wire.h"

#define CLN_ISOLATED_WORD "isolated"

/* A device and how such a process finds it. */
typedef struct cln_isolated_device {
    cln_device_info
        device; /* its index is its position in the list; −1 for a driver that fails, named as its file is */
    int place;  /* its index in a process whose environment has this change */
    char setting[CLN_OS_PATH_BYTES + 32]; /* "OCL_ICD_VENDORS=…"; "": none */
    char reason[512];                     /* how such a driver fails; "" where none does */
    bool late;                            /* it does by not coming to an end */
} cln_isolated_device;

/*
 * Lists the devices so that no driver can harm this process: all drivers together, and where that dies or hangs, each alone. Drivers
 * that fail alone come last. *list is (*count), to be released with free(). No device at all is CLN_OK.
 */
cln_status cln_isolated_list(cln_isolated_device **list, size_t *count, cln_error *error);

typedef struct cln_isolated {
    const char *work;                  /* its name */
    const cln_isolated_device *device; /* that it opens; NULL: none */
    const char *const *arguments;      /* its own, NULL at the end; or NULL */
    const char *const *changes;        /* of the environment, NULL at the end; or NULL */
    double seconds;                    /* after which it is ended */
    double silence;                    /* without a word, after which it is ended; 0: none is too long */
    /* Devices, rows and progress as they are told; CLN_WIRE_NOTHING, ten times a second, where nothing is. */
    void (*heard)(const cln_wire_line *line, void *user);
    void *user;
} cln_isolated;

typedef enum cln_isolated_end {
    CLN_ISOLATED_DONE,       /* it has done its work: *ok is the verdict */
    CLN_ISOLATED_FAILED,     /* it died, or said what failed */
    CLN_ISOLATED_LATE,       /* it had to be ended */
    CLN_ISOLATED_INTERRUPTED /* the user wants no more (cln_interrupted); it was asked to tell what it had */
} cln_isolated_end;

/* reason: why there is no verdict, in words, with what it was at and the last that it said; "" where there is one. */
cln_isolated_end cln_isolated_run(const cln_isolated *work, bool *ok, char reason[512]);

#endif
