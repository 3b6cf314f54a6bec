#include "clinear.h"

#include <math.h>
#include <stdlib.h>

double cln_accuracy(const cln_score *score)
{
    if (!score)
        return (double)NAN;
    return score->rows ? 1 - (double)score->errors / (double)score->rows : (double)NAN;
}

static double ratio(uint64_t part, uint64_t whole)
{
    return whole ? (double)part / (double)whole : (double)NAN;
}

cln_class_score cln_evaluation_class(const cln_evaluation *evaluation, uint32_t output)
{
    uint64_t k = evaluation && evaluation->confusion ? evaluation->outputs : 0, hits = 0, predicted = 0, support = 0;
    if (output < k) {
        hits = evaluation->confusion[output * k + output];
        for (uint64_t i = 0; i < k; i++) {
            support += evaluation->confusion[output * k + i];
            predicted += evaluation->confusion[i * k + output];
        }
    }
    return (cln_class_score){.precision = ratio(hits, predicted),
                             .recall = ratio(hits, support),
                             .f1 = ratio(2 * hits, predicted + support),
                             .support = support};
}

void cln_evaluation_free(cln_evaluation *evaluation)
{
    if (!evaluation)
        return;
    free(evaluation->confusion);
    evaluation->confusion = NULL;
}
