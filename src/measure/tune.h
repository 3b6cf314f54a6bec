/* The parts of the search, each a contest (measure/contest.h): products of CLBlast, steps of the engines. */
#ifndef CLN_MEASURE_TUNE_H
#define CLN_MEASURE_TUNE_H

#include "compute/tuning.h"
#include "measure/contest.h"
#include "measure/moves.h"

/* |got − expected| ≤ slack for each of `count`; false for a NaN. */
bool cln_tune_agrees(const float *got, const double *expected, const double *slack, size_t count);

/* Finds the parameters for a product, and keeps them in *tuned; `first` (may be NULL) is tried before all moves. The row's times are
   those of one product. A failure is that of the built-in parameters. */
cln_status cln_tune_product(cln_device *device, const cln_product *product, const cln_gemm *first, cln_moves moves,
                            cln_search *search, double seconds, cln_tuned_product *tuned, cln_tune_row *row,
                            cln_error *error);

/* Rows as they may be in the training of a case, on the device, and what a first step on them comes to in double precision. */
typedef struct cln_tune_data cln_tune_data;
cln_status cln_tune_data_create(cln_device *device, const cln_case *of, cln_tune_data **data, cln_error *error);
void cln_tune_data_release(cln_tune_data *data);

/* Finds the shape of the fused engine for a case; the rest as for a product, of one step. */
cln_status cln_tune_shape(cln_tune_data *data, const cln_tuned_shape *first, cln_moves moves, cln_search *search,
                          double seconds, cln_tuned_shape *tuned, cln_tune_row *row, cln_error *error);
/* Times a step of both engines, each with what is in force on the device. */
cln_status cln_tune_engine(cln_tune_data *data, cln_search *search, double seconds, cln_tuned_engine *tuned,
                           cln_tune_row *row, cln_error *error);

/* Fills in times and counts; units: products or steps in a run. */
void cln_tune_fill(cln_tune_row *row, const cln_contest_result *result, uint32_t units);

#endif
