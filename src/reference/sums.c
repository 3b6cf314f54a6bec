#include "reference/sums.h"

#include "base/size.h"
#include "reference/truth.h"

#include <math.h>
#include <stdlib.h>

static uint32_t row_at(const cln_trial *t, uint32_t i)
{
    return t->order ? t->order[i] : i;
}

static double unscaled(const cln_trial *t, size_t row, uint32_t j)
{
    size_t at = row * t->d + j;
    return cln_type_value(t->type, t->x, at);
}

cln_status cln_reference_gram(const cln_trial *trial, uint32_t first, uint32_t count, double *sums, double *slack,
                              cln_error *error)
{
    cln_status status;
    const cln_trial *t = trial;
    uint32_t size = t->d + 1 + t->k;
    double *row = NULL, unit = t->type == CLN_UINT8 ? 0 : 260 * CLN_UNIT_ROUNDOFF;
    TRY(cln_allocate((void **)&row, size, sizeof *row, "a row", error));
    for (uint32_t r = first; r < first + count; r++) {
        uint32_t at = row_at(t, r);
        for (uint32_t j = 0; j < t->d; j++)
            row[j] = unscaled(t, at, j) - (t->shift ? (double)t->shift[j] : 0);
        row[t->d] = 1;
        for (uint32_t c = 0; c < t->k; c++)
            row[t->d + 1 + c] = (int64_t)c == t->y[at];
        for (size_t i = 0; i < size; i++)
            for (size_t j = 0; row[i] != 0 && j < size; j++) {
                double product = row[i] * row[j];
                sums[i * size + j] += product;
                slack[i * size + j] += unit * fabs(product);
            }
    }
out:
    free(row);
    return status;
}

cln_moment cln_reference_moment(const cln_trial *trial, uint32_t first, uint32_t count, uint32_t column)
{
    double sum = 0, squares = 0, apart = 0, unit = trial->type == CLN_UINT8 ? 1e-12 : 258 * CLN_UNIT_ROUNDOFF;
    for (uint32_t i = first; i < first + count; i++)
        sum += unscaled(trial, row_at(trial, i), column);
    double mean = sum / count;
    for (uint32_t i = first; i < first + count; i++) {
        double off = unscaled(trial, row_at(trial, i), column) - mean;
        squares += off * off;
        apart += fabs(off);
    }
    double deviation = sqrt(squares / count);
    return (cln_moment){mean, unit * apart / count + 1e-12 * fabs(mean), deviation, unit * deviation};
}
