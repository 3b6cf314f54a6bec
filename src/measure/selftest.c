/* cln_measure_selftest: its parts in their order, and what goes for all of them. */
#include "measure/selftest.h"

#include "base/entry.h"
#include "base/os.h"
#include "base/size.h"

#include <math.h>
#include <stdio.h>

static const struct {
    size_t (*count)(const cln_selftest *s);
    cln_status (*test)(cln_selftest *s, cln_error *error);
} parts[] = {{cln_selftest_engine_parts, cln_selftest_engines},
             {cln_selftest_product_parts, cln_selftest_products},
             {cln_selftest_sum_parts, cln_selftest_sums}};

cln_status cln_selftest_judge(cln_status status, const cln_error *found, cln_check *check, cln_error *error)
{
    if (status == CLN_MEMORY)
        return cln_fail(error, status, "%s", found->message);
    if (status == CLN_UNSUPPORTED)
        snprintf(check->reason, sizeof check->reason, "%.250s", found->message);
    else if (status != CLN_OK)
        cln_check_fail(check, "%s", found->message);
    return CLN_OK;
}

bool cln_selftest_goes_on(cln_selftest *s, const cln_check *check)
{
    double now = cln_os_seconds(), began = s->telling.began;
    s->telling.end = s->done ? began + (now - began) / (double)s->done * (double)s->count : (double)NAN;
    s->done++;
    return cln_telling_begin(&s->telling, "%s: %s", check->name, check->place);
}

void cln_selftest_tell(cln_selftest *s, const cln_check *check)
{
    if (s->telling.stopped)
        return;
    s->passed = s->passed && cln_check_passed(check);
    cln_check_tell(check, &s->telling);
}

cln_status cln_measure_selftest(cln_device *device, cln_measure_progress_fn *progress, cln_measurement_fn *row,
                                void *user, bool *passed, cln_error *error)
{
    ENTER_OPENCL(error, device && passed);
    cln_status status = CLN_OK;
    cln_selftest s = {.device = device,
                      .telling = {progress, row, user, .began = cln_os_seconds()},
                      .simulated = device->facts.info.simulator,
                      .passed = true};
    *passed = false;
    for (size_t i = 0; i < CLN_COUNT(parts); i++)
        s.count += parts[i].count(&s);
    for (size_t i = 0; i < CLN_COUNT(parts) && !s.telling.stopped; i++)
        TRY(parts[i].test(&s, error));
    *passed = s.passed && !s.telling.stopped;
out:
    return status;
}
