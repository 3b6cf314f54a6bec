/* The inside of cln_measure_selftest: parts that are tested one after the other, each of which tells rows of its own. */
#ifndef CLN_MEASURE_SELFTEST_H
#define CLN_MEASURE_SELFTEST_H

#include "compute/feed.h"
#include "measure/check.h"
#include "reference/truth.h"

typedef struct cln_selftest {
    cln_device *device;
    cln_telling telling;
    size_t done, count; /* parts, for the time that is left */
    bool simulated;     /* by a simulator, which gets small parts only */
    bool passed;        /* so far */
} cln_selftest;

/* Before each part, which is over in less than half a second but for compiling: what is checked now. False where the caller wants no
   more. */
bool cln_selftest_goes_on(cln_selftest *s, const cln_check *check);
/* A row of its own; one that was not finished is none. */
void cln_selftest_tell(cln_selftest *s, const cln_check *check);

/* selftest_trials.c: the engines with trials that cover what they can be asked for, and with the shapes that were measured. */
cln_status cln_selftest_engines(cln_selftest *s, cln_error *error);
size_t cln_selftest_engine_parts(const cln_selftest *s);
/* selftest_product.c: products by CLBlast, usual and awkward ones, and those that were measured. */
cln_status cln_selftest_products(cln_selftest *s, cln_error *error);
size_t cln_selftest_product_parts(const cln_selftest *s);
/* selftest_sums.c: Gram matrices, means and deviations. */
cln_status cln_selftest_sums(cln_selftest *s, cln_error *error);
size_t cln_selftest_sum_parts(const cln_selftest *s);

/* What an engine does, each with a row of its own. */
typedef enum cln_tested {
    CLN_TESTED_FORWARD,
    CLN_TESTED_GRADIENT,
    CLN_TESTED_UPDATE,
    CLN_TESTED_DESCENT,
    CLN_TESTED
} cln_tested;

typedef struct cln_tested_engine {
    const char *engine;     /* "fused" or "clblast" */
    const cln_shape *shape; /* NULL: what is in force on the device */
    bool fixed;             /* only a shape of this kind will do */
    cln_shape_kind kind;
    uint32_t batch_rows; /* that engine and shape are chosen for */
    uint64_t chunk_rows; /* rows of the data in one allocation; 0: all */
} cln_tested_engine;

/* A trial on an engine: outputs, residuals, losses, errors and predictions, the gradient stored and added, a step and steps, with
   rows as they lie and in the trial's order, and nothing written behind any buffer. checks (CLN_TESTED). *ran: the device can run the
   shape; where not, nothing was checked. Only what is no fault of the device's is an error: CLN_MEMORY. */
cln_status cln_selftest_trial(cln_device *device, const cln_trial *trial, const cln_tested_engine *of,
                              cln_check *checks, bool *ran, cln_error *error);

/* A failure as the check's, which is CLN_OK then; CLN_MEMORY stays one. What the device cannot do is a reason and no failure. */
cln_status cln_selftest_judge(cln_status status, const cln_error *found, cln_check *check, cln_error *error);

/* The trial's rows on the device, chunk_rows in one allocation (0: all). Released before the trial. */
cln_status cln_selftest_upload(cln_device *device, const cln_trial *trial, uint64_t chunk_rows, cln_resident **resident,
                               cln_error *error);

#endif
