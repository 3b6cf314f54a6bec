#include "base/size.h"
#include "cli/isolation.h"
#include "report/text.h"

#include <stdlib.h>
#include <string.h>

/* Drivers that wake up several GPUs take some seconds. */
static const double list_seconds = 20;

/* ---- what a process lists */

typedef struct listing {
    cln_isolated_device *list; /* (count) */
    size_t count;
    const char *setting; /* of the process that is heard */
    bool short_of_memory;
} listing;

static void add(listing *l, const cln_device_info *device, const char *reason, bool late)
{
    cln_isolated_device *longer = realloc(l->list, (l->count + 1) * sizeof *longer);
    l->short_of_memory |= !longer;
    if (!longer)
        return;
    l->list = longer;
    cln_isolated_device *entry = &longer[l->count++];
    *entry = (cln_isolated_device){.device = *device, .place = device->index, .late = late};
    snprintf(entry->setting, sizeof entry->setting, "%s", l->setting);
    snprintf(entry->reason, sizeof entry->reason, "%s", reason);
}

static void hear_device(const cln_wire_line *line, void *user)
{
    if (line->kind == CLN_WIRE_DEVICE)
        add(user, &line->device, "", false);
}

typedef struct failure {
    const char *path; /* of a driver's file */
    char reason[512];
    bool late;
} failure;

/* What the drivers under `setting` ("": all) list; false, with nothing added, where they fail. */
static bool list_under(listing *l, const char *setting, failure *failed)
{
    bool ok;
    size_t before = l->count;
    const char *const changes[] = {setting, NULL};
    l->setting = setting;
    cln_isolated_end end = cln_isolated_run(&(cln_isolated){.work = "list",
                                                            .changes = *setting ? changes : NULL,
                                                            .seconds = list_seconds,
                                                            .heard = hear_device,
                                                            .user = l},
                                            &ok, failed->reason);
    failed->late = end == CLN_ISOLATED_LATE;
    if (end != CLN_ISOLATED_DONE)
        l->count = before;
    return end == CLN_ISOLATED_DONE;
}

/* ---- the drivers, where the loader looks for them */

typedef struct drivers {
    const char *folder;
    char (*files)[CLN_OS_PATH_BYTES]; /* (count) */
    size_t count;
} drivers;

static void add_driver(const char *name, void *user)
{
    drivers *d = user;
    size_t length = strlen(name);
    if (length < 5 || strcmp(name + length - 4, ".icd") != 0)
        return;
    void *longer = realloc(d->files, (d->count + 1) * sizeof *d->files);
    if (!longer)
        return;
    d->files = longer;
    if (snprintf(d->files[d->count], sizeof *d->files, "%s/%s", d->folder, name) < (int)sizeof *d->files)
        d->count++;
}

/* Where the loader (ocl-icd) looks. *only: the one driver that OCL_ICD_VENDORS names where that is no folder, or NULL. */
static const char *driver_folder(const char **only)
{
    const char *vendors = getenv("OCL_ICD_VENDORS"), *folder = getenv("OPENCL_VENDOR_PATH");
    *only = vendors && *vendors && !cln_os_is_folder(vendors) ? vendors : NULL;
    return vendors && *vendors ? vendors : folder && *folder ? folder : "/etc/OpenCL/vendors";
}

static void add_failed(listing *l, const failure *failed)
{
    const char *name = strrchr(failed->path, '/');
    cln_device_info driver = {.index = -1, .same_as = -1};
    char why[512];
    snprintf(why, sizeof why, "its driver cannot list its devices: %.400s", failed->reason);
    cln_text_harmless(driver.name, sizeof driver.name, name ? name + 1 : failed->path);
    cln_text_harmless(driver.problem, sizeof driver.problem, why);
    l->setting = "";
    add(l, &driver, why, failed->late);
}

/* Each driver alone; those that fail come last. */
static cln_status list_alone(listing *l, const drivers *d, cln_error *error)
{
    cln_status status;
    failure *failures = NULL;
    size_t failed = 0;
    TRY(cln_allocate((void **)&failures, d->count, sizeof *failures, "the list of drivers", error));
    for (size_t i = 0; i < d->count; i++) {
        char setting[sizeof l->list->setting];
        snprintf(setting, sizeof setting, "OCL_ICD_VENDORS=%s", d->files[i]);
        failures[failed].path = d->files[i];
        failed += !list_under(l, setting, &failures[failed]);
    }
    for (size_t i = 0; i < l->count; i++) {
        l->list[i].device.index = (int)i;
        l->list[i].device.same_as = -1; /* who is whose was told of each driver alone */
    }
    for (size_t i = 0; i < failed; i++)
        add_failed(l, &failures[i]);
out:
    free(failures);
    return status;
}

cln_status cln_isolated_list(cln_isolated_device **list, size_t *count, cln_error *error)
{
    cln_status status = CLN_OK;
    char program[CLN_OS_PATH_BYTES];
    failure failed;
    const char *only;
    listing l = {0};
    drivers d = {.folder = driver_folder(&only)};
    *list = NULL;
    *count = 0;
    if (!cln_os_own_program(program)) {
        status = cln_fail(error, CLN_IO, "cannot list the devices: the system does not say which program this is");
        goto out;
    }
    if (!list_under(&l, "", &failed)) {
        if (!only)
            cln_os_folder(d.folder, add_driver, &d, NULL);
        failed.path = only ? only : d.count ? d.files[0] : d.folder;
        if (d.count > 1)
            TRY(list_alone(&l, &d, error));
        else
            add_failed(&l, &failed);
    }
    if (l.short_of_memory) {
        status = cln_fail_memory(error, "the list of devices", l.count * sizeof *l.list);
        goto out;
    }
    *list = l.list;
    *count = l.count;
    l.list = NULL;
out:
    free(l.list);
    free(d.files);
    return status;
}
