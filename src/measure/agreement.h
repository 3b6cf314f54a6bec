/* The parts of cln_measure_agreement: what a device finds, to be held against what the host knows. */
#ifndef CLN_MEASURE_AGREEMENT_H
#define CLN_MEASURE_AGREEMENT_H

#include "device/device.h"
#include "measure/fixed_run.h"
#include "measure/telling.h"

/* A fixed run through the trainer, and its model's predictions: what users do. Released with cln_agreement_forget. */
cln_status cln_agreement_find(cln_device *device, const char *engine, const cln_fixed_run *run, cln_telling *telling,
                              cln_fixed_findings *findings, cln_error *error);
void cln_agreement_forget(cln_fixed_findings *findings);

/*
 * Sums of products of the run's first rows as compute/gram.h says, exact for bytes: the largest error in units of its tolerance, of ½
 * where only whole numbers are right. CLN_UNSUPPORTED where there are more than CLN_AGREEMENT_COLUMNS features and classes.
 */
#define CLN_AGREEMENT_COLUMNS 4096
cln_status cln_agreement_gram(cln_device *device, const cln_fixed_run *run, double *worst, cln_error *error);

#endif
