/* What a device is, read once into a plain struct. Quirks are booleans here, so that no other file asks for a vendor. */
#ifndef CLN_DEVICE_FACTS_H
#define CLN_DEVICE_FACTS_H

#include "base/error.h"
#include "device/opencl.h"

typedef struct cln_facts {
    cln_device_info info;  /* with index 0 and same_as -1: a list gives them their values */
    uint32_t vendor_id;    /* of the PCI bus where there is one */
    bool is_cpu;           /* few fat work-items, native vectors, no barriers; otherwise work-group tiles */
    bool groups_advance;   /* work-groups that have begun go on beside each other, so that one may wait for another */
    bool prefetches;       /* kernels may use clang's __builtin_prefetch: PoCL, whose prefetch() does nothing */
    bool binaries_compile; /* asking for a program's binary compiles all its kernels; keeps an own cache (PoCL) */
    uint32_t native_float_width; /* floats in a native vector; 1 where the device does not say */
    size_t max_group_size;       /* of the device; a built kernel may get less: ask cln_kernel_group_limit */
} cln_facts;

/* A driver that does not answer, or a device that cannot be used, is told in facts->info.problem and is no error. */
cln_status cln_facts_read(cl_platform_id platform, cl_device_id id, cln_facts *facts, cln_error *error);

#endif
