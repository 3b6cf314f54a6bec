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

/* Applies a selector (see cln_device_open) to a list: pure, so that it can be tested on devices that are not there.
   unified_memory: (count); a GPU without it is a discrete one. Between equals, more compute units times clock win, then
   the lower index. A device with a problem is never taken but named with its reason; one that is the same as a usable
   earlier one is taken by its number, or by a name that only it has. A device's whole name goes before parts of names. */
cln_status cln_select(const char *selector, const cln_device_info *list, const bool *unified_memory, size_t count,
                      size_t *chosen, cln_error *error);

#endif
