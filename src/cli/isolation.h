/*
 * Work on devices in processes of their own: this program, started again with a first word that is no command of its users, tells its
 * findings in lines (report/wire.h). So a driver that dies or hangs, even while devices are listed, is a reason and not the end.
 */
#ifndef CLN_CLI_ISOLATION_H
#define CLN_CLI_ISOLATION_H

#include "base/os.h"
#include "report/wire.h"

/* The word, and what the process does: argv[1] of it, then its own arguments. */
#define CLN_ISOLATED_WORD "isolated"
int cln_isolated_main(int argc, const char **argv);

/* Work that is done in the child. device: open; NULL for work that needs none. Rows and progress go out by the wire. */
typedef struct cln_isolated {
    const char *const *arguments;                         /* NULL at the end; the first is the work's name */
    const char *const *changes;                           /* of the environment, or NULL */
    double seconds;                                       /* after which it is ended */
    void (*heard)(const cln_wire_line *line, void *user); /* devices, rows, progress */
    void *user;
} cln_isolated;

typedef enum cln_isolated_end {
    CLN_ISOLATED_DONE,       /* it has told its last line */
    CLN_ISOLATED_FAILED,     /* it died, or said what failed */
    CLN_ISOLATED_LATE,       /* it had to be ended */
    CLN_ISOLATED_INTERRUPTED /* the user wants no more */
} cln_isolated_end;

/* Runs it and hears it. *ok: the verdict of its last line; reason: why there is none, in words, with the last of what it said. */
cln_isolated_end cln_isolated_run(const cln_isolated *work, bool *ok, char reason[512]);

/*
 * Lists the devices so that no driver can harm this process: all drivers together, and where that dies or hangs, each alone. A driver
 * that fails alone is told as a device with no index but a name, its ICD file's, and a problem.
 * *changes of entry i: what the environment has to be for the device to have its index, or NULL.
 */
typedef struct cln_isolated_device {
    cln_device_info device;
    char setting[CLN_OS_PATH_BYTES + 32]; /* "OCL_ICD_VENDORS=…"; "": none */
} cln_isolated_device;

cln_status cln_isolated_list(cln_isolated_device **list, size_t *count,
                             cln_error *error); /* to be released with free() */

#endif
