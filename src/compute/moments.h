#include "compute/feed.h"
static inline cln_status cln_moments(cln_device *device, cln_resident *resident, cl_mem order, uint64_t first, uint64_t rows,
                       double *mean, double *deviation, cln_error *error)
{ (void)device; (void)resident; (void)order; (void)first; (void)rows; (void)mean; (void)deviation; return cln_fail(error, CLN_UNSUPPORTED, "stub"); }
static inline cln_status cln_plan_fold(cln_plan *plan, const float *shift, const float *spread, cln_error *error)
{ (void)plan; (void)shift; (void)spread; return cln_fail(error, CLN_UNSUPPORTED, "stub"); }
