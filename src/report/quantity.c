#include "report/quantity.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct step {
    double size;
    const char *prefix;
} step;

/* Times become smaller units, rates larger ones, by thousands; bytes by 1024. */
static const step times[] = {{1, ""}, {1e-3, "m"}, {1e-6, "µ"}, {1e-9, "n"}},
                  rates[] = {{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}, {1, ""}},
                  bytes[] = {{1099511627776.0, "Ti"}, {1073741824.0, "Gi"}, {1048576.0, "Mi"}, {1024.0, "Ki"}, {1, ""}},
                  same[] = {{1, ""}};

cln_scale cln_scale_for(double most, const char *unit)
{
    const step *steps = same;
    size_t count = 1, length = strlen(unit), i = 0;
    if (strcmp(unit, "s") == 0) {
        steps = times;
        count = sizeof times / sizeof *times;
    } else if (strcmp(unit, "B") == 0) {
        steps = bytes;
        count = sizeof bytes / sizeof *bytes;
    } else if (length > 2 && strcmp(unit + length - 2, "/s") == 0) {
        steps = rates;
        count = sizeof rates / sizeof *rates;
    }
    while (i + 1 < count && !(fabs(most) >= 0.9995 * steps[i].size))
        i++;
    if (!(fabs(most) > 0) || !isfinite(most))
        i = steps == times ? 0 : count - 1;
    cln_scale scale = {.size = steps[i].size};
    snprintf(scale.unit, sizeof scale.unit, "%s%s", steps[i].prefix, unit);
    return scale;
}

const char *cln_text_quantity(cln_text to, double value, const char *unit)
{
    cln_scale scale = cln_scale_for(value, unit);
    double size = value / scale.size;
    if (!isfinite(value))
        snprintf(to, sizeof(cln_text), "-");
    else if (strcmp(unit, "loss") == 0)
        snprintf(to, sizeof(cln_text), "%.9g", value);
    else if (!(fabs(value) > 0))
        snprintf(to, sizeof(cln_text), "0 %s", unit);
    else if (scale.size > 1 || scale.size < 1 || strcmp(unit, "s") == 0)
        snprintf(to, sizeof(cln_text), "%.*f %s",
                 fabs(size) < 9.995   ? 2
                 : fabs(size) < 99.95 ? 1
                                      : 0,
                 size, scale.unit);
    else
        snprintf(to, sizeof(cln_text), fabs(size) < 1e-3 || fabs(size) >= 1e6 ? "%.3g %s" : "%.4g %s", size,
                 scale.unit);
    return to;
}
