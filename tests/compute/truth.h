/* What a sample's rows come to in double precision (reference/truth.h). */
#ifndef CLN_TESTS_COMPUTE_TRUTH_H
#define CLN_TESTS_COMPUTE_TRUTH_H

#include "compute/sample.h"
#include "reference/truth.h"

typedef cln_truth truth;

static inline truth truth_of(const sample *s)
{
    truth t;
    MUST(cln_truth_create(s, &t, error));
    return t;
}

#endif
