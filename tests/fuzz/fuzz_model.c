/* A model's file. */
#include "fuzz.h"
#include "model/metadata.h"

#include <math.h>
#include <stdlib.h>

void fuzz_one(const uint8_t *bytes, size_t count)
{
    cln_error error = {0};
    cln_model *model = NULL;
    cln_status status = cln_model_load(fuzz_file(NULL, bytes, count), &model, &error);
    fuzz_check(status, &error);
    FUZZ_ASSERT((status == CLN_OK) == (model != NULL));
    if (!model)
        return;
    uint64_t values = (uint64_t)model->outputs * model->features;
    FUZZ_ASSERT(4 * values < count);
    for (uint64_t i = 0; i < values; i++)
        FUZZ_ASSERT(isfinite(model->weight[i]) && !isnan(cln_model_weight(model)[i]));
    double *shift = NULL;
    fuzz_check(cln_metadata_list(model, "shift", &shift, &error), &error);
    free(shift);
    for (uint32_t i = 0; i < model->outputs; i++)
        FUZZ_ASSERT(model->classes[i] < 65535);
    cln_model_free(model);
}
