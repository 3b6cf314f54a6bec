/* Every device of every platform in one flat list, and the choice among them. */
#ifndef CLN_DEVICE_LIST_H
#define CLN_DEVICE_LIST_H

#include "device/facts.h"

typedef struct cln_listed {
    cl_platform_id platform;
    cl_device_id id;
    cln_facts facts;
} cln_listed;

/* *list is (*count), to be released with free(). A platform without devices, a broken one, or none at all is no error. */
cln_status cln_list_devices(cln_listed **list, size_t *count, cln_error *error);

/* Applies a selector (see cln_device_open) to a list: pure, so that it can be tested on devices that are not there. */
cln_status cln_select(const char *selector, const cln_device_info *list, const bool *unified_memory, size_t count,
                      size_t *chosen, cln_error *error);

#endif
