#include "measure/sample.h"

#include "base/os.h"
#include "device/queue.h"

#include <stdlib.h>

enum { LEAST_SAMPLES = 3, MOST_SAMPLES = 31 };
static const double sample_seconds = 0.004, all_seconds = 0.1;

/* `count` pieces, one behind the other, until the device has done them. */
static cln_status run(cln_device *device, cln_sample_fn *work, void *user, uint64_t count, double *seconds,
                      cln_error *error)
{
    cln_status status;
    double before = cln_os_seconds();
    for (uint64_t i = 0; i < count; i++)
        TRY(work(user, error));
    TRY(cln_queue_finish(device, error));
    *seconds = cln_os_seconds() - before;
out:
    return status;
}

cln_status cln_sample_once(cln_device *device, cln_sample_fn *work, void *user, double *seconds, cln_error *error)
{
    cln_status status = run(device, work, user, 1, seconds, error);
    return status == CLN_OK ? run(device, work, user, 1, seconds, error) : status;
}

static int in_order(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

cln_status cln_sample_many(cln_device *device, cln_sample_fn *work, void *user, cln_sample *sample, cln_error *error)
{
    cln_status status;
    double seconds[MOST_SAMPLES], spent = 0, all;
    uint64_t pieces = 1;
    int count = 0;

    TRY(run(device, work, user, pieces, &all, error));
    while (all < sample_seconds && pieces < 1u << 16) {
        pieces *= 2;
        TRY(run(device, work, user, pieces, &all, error));
    }
    while (count < LEAST_SAMPLES || (count < MOST_SAMPLES && spent < all_seconds)) {
        TRY(run(device, work, user, pieces, &all, error));
        seconds[count++] = all / (double)pieces;
        spent += all;
    }
    qsort(seconds, (size_t)count, sizeof *seconds, in_order);
    *sample = (cln_sample){seconds[count / 2], seconds[count / 4], seconds[count - 1 - count / 4]};
out:
    return status;
}
