/* helper.write_model FILE K D [F64]: writes a model with weight[c,j] = c − j/8 and bias[c] = −c/2, for other programs to read. */
#include "model/model.h"

#include <stdio.h>
#include <stdlib.h>

int main(int count, char **arguments)
{
    cln_error error = {0};
    cln_model *model = NULL;
    if (count < 4)
        return 2;
    uint32_t k = (uint32_t)atoi(arguments[2]), d = (uint32_t)atoi(arguments[3]);
    if (cln_model_create(k, d, true, &model, &error) == CLN_OK) {
        for (uint32_t c = 0; c < k; c++) {
            for (uint32_t j = 0; j < d; j++)
                model->weight[c * d + j] = (float)c - (float)j / 8;
            model->bias[c] = -(float)c / 2;
        }
        model->weight_type = model->bias_type = count > 4 ? CLN_F64 : CLN_F32;
        cln_model_round(model);
        model->scale = 1 / 255.0;
        cln_model_note(model, &error, "engine", "fused");
        cln_model_save(model, arguments[1], &error);
    }
    cln_model_free(model);
    if (error.status != CLN_OK)
        fprintf(stderr, "%s\n", error.message);
    return error.status != CLN_OK;
}
