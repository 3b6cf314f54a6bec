/* The rate of multiply-adds. */
#include "base/size.h"
#include "device/buffer.h"
#include "measure/probe.h"

#include <math.h>
#include <stdio.h>

static const double busy_seconds = 0.01;                  /* a launch beside which its start does not count */
static const float factor = 0.999999f, summand = 0.0003f; /* still on the way after millions of rounds */

static cln_status add_products(void *user, cln_error *error)
{
    cln_probe *probe = user;
    const cln_argument arguments[] = {CLN_ARG(factor), CLN_ARG(summand), CLN_ARG(probe->rounds),
                                      CLN_ARG(probe->results)};
    cln_grid grid = {{probe->busy_groups, 1}, {probe->group, 1}};
    return cln_launch(probe->device, probe->multiply_add, grid, arguments, CLN_COUNT(arguments), error);
}

/* What the work-item leaves in one lane of its results, by C's fmaf: both are rounded correctly, so they are the same. */
static float expected_result(const cln_probe *probe, size_t item, uint32_t lane)
{
    float total = 0;
    for (uint32_t c = 0; c < probe->chains; c++) {
        float x = (float)(c * probe->vector + lane + item % 64);
        for (cl_uint i = 0; i < probe->rounds; i++)
            x = fmaf(factor, x, summand);
        total += x;
    }
    return total;
}

static cln_status check_products(cln_probe *probe, cln_error *error)
{
    size_t item = probe->busy_groups * probe->group - 1, bytes = probe->vector * sizeof(float);
    float results[16];
    cln_status status = cln_buffer_read(probe->device, probe->results, item * bytes, bytes, results, error);
    if (status != CLN_OK)
        return status;
    for (uint32_t lane = 0; lane < probe->vector; lane += probe->vector - 1) {
        float expected = expected_result(probe, item, lane);
        if (!(results[lane] >= expected && results[lane] <= expected)) /* nor is a NaN right */
            return cln_probe_fail(probe, "a chain of multiply-adds", error);
    }
    return CLN_OK;
}

cln_status cln_probe_multiply_add(cln_probe *probe, cln_sample *seconds, double *amount, cln_error *error)
{
    cln_status status;
    double once;
    probe->busy_groups = 1;
    probe->rounds = 4;
    TRY(cln_sample_once(probe->device, add_products, probe, &once, error));
    while (once < busy_seconds && probe->rounds < 1u << 28) {
        if (probe->busy_groups < probe->groups)
            probe->busy_groups = probe->busy_groups * 4 < probe->groups ? probe->busy_groups * 4 : probe->groups;
        else
            probe->rounds *= 2;
        TRY(cln_sample_once(probe->device, add_products, probe, &once, error));
    }
    TRY(cln_sample_many(probe->device, add_products, probe, seconds, error));
    TRY(check_products(probe, error));
    *amount = 2.0 * probe->rounds * probe->chains * probe->vector * (double)(probe->busy_groups * probe->group);
    if (probe->busy_groups < probe->groups)
        snprintf(probe->note, sizeof probe->note,
                 "of %zu work-items, which do not fill the device: more would take too long",
                 probe->busy_groups * probe->group);
out:
    return status;
}
