/* The inside of cln_measure_selftest: what is tested, each part into the checks that become its rows. */
#ifndef CLN_MEASURE_SELFTEST_H
#define CLN_MEASURE_SELFTEST_H

#include "compute/feed.h"
#include "measure/check.h"
#include "reference/truth.h"

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
cln_status cln_selftest_engine(cln_device *device, const cln_trial *trial, const cln_tested_engine *of,
                               cln_check *checks, bool *ran, cln_error *error);

/* A product by CLBlast with the parameters that are in force for the product `as`, stored and added to what was there. */
cln_status cln_selftest_product(cln_device *device, const cln_product *product, const cln_product *as, cln_check *check,
                                cln_error *error);

/* The Gram matrix, and means and deviations, of a trial's rows, in its order and as they lie. */
cln_status cln_selftest_gram(cln_device *device, const cln_trial *trial, cln_check *check, cln_error *error);
cln_status cln_selftest_moments(cln_device *device, const cln_trial *trial, cln_check *check, cln_error *error);

/* A failure as the check's, which is CLN_OK then; CLN_MEMORY stays one. What the device cannot do is a reason and no failure. */
cln_status cln_selftest_judge(cln_status status, const cln_error *found, cln_check *check, cln_error *error);

/* The trial's rows on the device, chunk_rows in one allocation (0: all). Released before the trial. */
cln_status cln_selftest_upload(cln_device *device, const cln_trial *trial, uint64_t chunk_rows, cln_resident **resident,
                               cln_error *error);

#endif
