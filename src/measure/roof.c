#include "measure/roof.h"

#include "base/size.h"

#include <math.h>
#include <string.h>

cln_roof cln_roof_none(void)
{
    return (cln_roof){NAN, NAN, NAN, NAN};
}

void cln_roof_take(cln_roof *roof, const cln_measurement *row)
{
    const struct {
        const char *name;
        double *value;
    } wanted[] = {
#define X(name) {#name, &roof->name}
        X(read_bandwidth),
        X(multiply_add_rate),
        X(upload_rate),
        X(download_rate),
#undef X
    };
    for (size_t i = 0; i < CLN_COUNT(wanted); i++)
        if (strcmp(row->name, wanted[i].name) == 0)
            *wanted[i].value = row->value;
}

double cln_roof_seconds(const cln_roof *roof, cln_work work)
{
    return fmax(work.operations / roof->multiply_add_rate, work.bytes / roof->read_bandwidth);
}
