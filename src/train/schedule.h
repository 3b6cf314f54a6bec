/*
 * The step size of each pass over the rows, from the one that was given or found, η; epochs e count from 0 to E − 1, and δ is option
 * `decay`, or what it is by itself:
 *
 *   constant      η
 *   step          η·δ^⌊e/s⌋, s option `decay-epochs`                  δ 0.1, s ⌈E/3⌉
 *   exponential   η·δ^e                                               δ 0.95
 *   cosine        η_min + (η − η_min)·(1 + cos(π·e/E))/2, η_min = δ·η   δ 0; Loshchilov and Hutter (2017), one period of E epochs
 *   inverse-time  η/(1 + δ·e)                                         δ 1; Robbins and Monro (1951)
 *
 * PyTorch's ConstantLR, StepLR, ExponentialLR, CosineAnnealingLR (T_max = E) and the LambdaLR of the last.
 */
#ifndef CLN_TRAIN_SCHEDULE_H
#define CLN_TRAIN_SCHEDULE_H

#include "train/settings.h"

/* Of epoch `epoch`, from 0. Reads the schedule, its decay and the epochs; learning_rate is η. */
double cln_schedule_rate(const cln_settings *settings, double learning_rate, uint64_t epoch);

#endif
