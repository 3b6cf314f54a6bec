#include "train/weights.h"

#include "base/size.h"

#include <stdlib.h>

static bool has_class_weights(const cln_settings *settings)
{
    return settings->balanced || settings->weighted_count;
}

bool cln_weights_any(const cln_settings *settings, const float *own)
{
    return own || has_class_weights(settings);
}

double cln_weights_total(const float *own, const uint32_t *list, uint64_t rows)
{
    double total = 0;
    for (uint64_t i = 0; own && i < rows; i++)
        total += (double)own[list ? list[i] : i];
    return total > 0 ? total : (double)rows; /* rows that all weigh 0 are refused elsewhere */
}

/* The output of a label as the data has it; `outputs` where none has it. */
static uint32_t output_of(const cln_settings *settings, uint32_t label, uint32_t outputs)
{
    if (!settings->class_count)
        return label < outputs ? label : outputs;
    for (uint32_t i = 0; i < settings->class_count; i++)
        if (settings->classes[i] == label)
            return i;
    return outputs;
}

/* of_class (outputs): what the options say; sums (outputs): what the rows of each class weigh by themselves. */
static cln_status weigh_classes(const cln_settings *settings, const double *sums, uint32_t outputs, double *of_class,
                                cln_error *error)
{
    double all = 0;
    for (uint32_t c = 0; c < outputs; c++)
        all += sums[c];
    for (uint32_t c = 0; c < outputs; c++)
        of_class[c] = settings->balanced && sums[c] > 0 ? all / ((double)outputs * sums[c]) : 1;
    for (uint32_t i = 0; i < settings->weighted_count; i++) {
        uint32_t c = output_of(settings, settings->weighted[i], outputs);
        if (c == outputs || !(sums[c] > 0))
            return cln_fail(error, CLN_INVALID,
                            "option class-weights names class %u, but no training row has it, or none that weighs "
                            "anything; leave it out",
                            settings->weighted[i]);
        of_class[c] = settings->class_weight[i];
    }
    return CLN_OK;
}

/* Divides by the mean. */
static cln_status normalise(float *weights, const double *products, uint64_t rows, cln_error *error)
{
    double sum = 0;
    for (uint64_t i = 0; i < rows; i++)
        sum += products[i];
    if (!(sum > 0))
        return cln_fail(error, CLN_INVALID, "all %llu training rows have weight 0, and nothing is left to train on",
                        (unsigned long long)rows);
    double mean = sum / (double)rows;
    for (uint64_t i = 0; i < rows; i++)
        weights[i] = (float)(products[i] / mean);
    return CLN_OK;
}

cln_status cln_weights_create(const cln_settings *settings, const int32_t *labels, uint32_t outputs, const float *own,
                              const uint32_t *list, uint64_t rows, float **result, cln_error *error)
{
    cln_status status;
    double *sums = NULL, *of_class = NULL, *products = NULL;
    float *weights = NULL;
    bool classes = has_class_weights(settings);
    *result = NULL;
    if (!cln_weights_any(settings, own))
        return CLN_OK;
    if (classes && !labels)
        return cln_fail(error, CLN_INVALID,
                        "option class-weights needs classes, but the training data has real-valued targets");
    TRY(cln_allocate((void **)&sums, outputs, sizeof *sums, "class weights", error));
    TRY(cln_allocate((void **)&of_class, outputs, sizeof *of_class, "class weights", error));
    TRY(cln_allocate((void **)&products, rows, sizeof *products, "row weights", error));
    TRY(cln_allocate((void **)&weights, rows, sizeof *weights, "row weights", error));
    for (uint64_t i = 0; classes && i < rows; i++)
        sums[labels[list ? list[i] : i]] += own ? (double)own[list ? list[i] : i] : 1;
    if (classes)
        TRY(weigh_classes(settings, sums, outputs, of_class, error));
    for (uint64_t i = 0; i < rows; i++) {
        uint64_t row = list ? list[i] : i;
        products[i] = (own ? (double)own[row] : 1) * (classes ? of_class[labels[row]] : 1);
    }
    TRY(normalise(weights, products, rows, error));
    *result = weights;
    weights = NULL;
out:
    free(sums);
    free(of_class);
    free(products);
    free(weights);
    return status;
}
