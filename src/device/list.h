/* Every device of every platform in one flat list, and the choice among them. */
#ifndef CLN_DEVICE_LIST_H
#define CLN_DEVICE_LIST_H

#include "device/facts.h"

typedef struct cln_listed {
    cl_platform_id platform;
    cl_device_id id;
    cln_facts facts;
} cln_listed;

/* Every platform, also those without devices; none at all is no error. *platforms is (*count), to be released with free(). */
cln_status cln_list_platforms(cl_platform_id **platforms, cl_uint *count, cln_error *error);

/* *list is (*count), to be released with free(). A platform without devices, a broken one, or none at all is no error. */
cln_status cln_list_devices(cln_listed **list, size_t *count, cln_error *error);

/* Fills in same_as: a device of another, earlier platform with the same type, vendor and name (apart from what drivers add
   to it), each of which stands for one device of a platform. Two alike in one platform are two. */
void cln_list_mark_same(cln_listed *list, size_t count);

#endif
