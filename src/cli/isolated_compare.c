#include "base/number.h"
#include "cli/interrupt.h"
#include "cli/isolated.h"
#include "cli/parts.h"

static cln_status open_parts(const char *const *arguments, cln_parts *parts, cln_error *error)
{
    return cln_parts_open_data(arguments[0], *arguments[1] ? arguments[1] : NULL, parts, error);
}

cln_status cln_isolated_agreement(cln_device *device, const char *const *arguments, bool *ok, cln_error *error)
{
    cln_status status;
    cln_parts parts = {0};
    cln_interrupt_defer();
    TRY(open_parts(arguments, &parts, error));
    TRY(cln_measure_agreement(device, &parts, arguments[2], cln_isolated_progress, cln_isolated_row, NULL, ok, error));
out:
    cln_parts_close(&parts);
    return status;
}

cln_status cln_isolated_training(cln_device *device, const char *const *arguments, bool *ok, cln_error *error)
{
    cln_status status;
    cln_parts parts = {0};
    double seconds = 0;
    cln_interrupt_defer();
    cln_parse_real(arguments[3], &seconds);
    TRY(open_parts(arguments, &parts, error));
    TRY(cln_measure_training(device, &parts, arguments[2], seconds, cln_isolated_progress, cln_isolated_row, NULL,
                             error));
    *ok = true;
out:
    cln_parts_close(&parts);
    return status;
}
