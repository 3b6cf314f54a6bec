/* An open device: its facts, a context, an in-order queue, and an account of what is allocated on it. */
#ifndef CLN_DEVICE_DEVICE_H
#define CLN_DEVICE_DEVICE_H

#include "device/facts.h"

struct cln_tuning;

struct cln_device {
    cln_facts facts;
    cl_platform_id platform;
    cl_device_id id;
    cl_context context;
    cl_command_queue queue;      /* in order */
    uint64_t bytes, peak_bytes;  /* of buffers, now and at most */
    uint64_t largest_bytes;      /* of the largest buffer so far */
    const char *largest;         /* what that one is called */
    bool dry;                    /* nothing is allocated, only counted: cln_device_dry of device/buffer.h */
    struct cln_profile *profile; /* of where the time goes (device/profile.h), or NULL */
    char *build_log;             /* of the last program that did not build, or NULL */
    cln_compile_fn *on_compile;  /* NULL: nobody is told */
    void *on_compile_user;
    void (*before_close)(void); /* set by whoever caches objects of the context elsewhere (CLBlast), or NULL */
    struct cln_tuning *tuning;  /* what was measured on this device (compute/tuning.h), or NULL */
    void (*tuning_free)(struct cln_tuning *tuning); /* set with it */
};

#endif
