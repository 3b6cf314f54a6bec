/*
 * How far a device's floats usually are from a trial's truth, where reference/truth.h says how far they can be. A rounding is off by ½u
 * of its result, one as likely up as down, so that the errors of N roundings add up as a walk does, to √N of one and not N (Higham 2002,
 * Accuracy and Stability of Numerical Algorithms, 2.8; Higham and Mary 2019, A New Approach to Probabilistic Rounding Error Analysis). A
 * sum of terms t rounds its partial sums S. Where rows are shuffled, these are in the mean of squares T²/3 + Σt²/6, T the whole sum;
 * along the features of a row they are taken as they are, and as if those were shuffled, too. Bytes are centred in what they add up to:
 * a sum of x and a sum of the shift. d features, k outputs of a model, n rows:
 *
 *   logit      σ² = ¼u²·(Σ_j (S_j² + t_j²) + d/6·Σ_j t_j² + z²),   t_j = x_j·w_j, and the same of shift_j·w_j
 *   softmax    δ = 2σ + ε of itself, ε = (½√k + 5)·u: exponentials and quotients may be off by 3 and 2.5 units in the last place, and
 *              usually are by a third of that; of a probability p also -½u·log p, the rounding of what the exponential is of
 *   residual   cross-entropy δ·p + ½u·|r|;  squared σ + ½u·|r|;  times the row's weight
 *   loss       of all rows: the walk of cross-entropy 2σ, squared Σ|u|·(σ + u·|u|);  and ε·(1 + loss) + ½u·√n·loss, which all rows have alike
 *   gradient   the walk of Δr_i·|x_i − shift| and of the sum's roundings, ¼u²·(Σt² + n·(T²/3 + Σt²/6)); for the bias ΣΔr_i beside it, for
 *              rows that are alike round alike, and nothing there is centred
 *              Bytes have few values, so that products with them may round alike: n·Σt² for the first
 *   output     of squared 2σ: a device may add up in any order
 */
#ifndef CLN_REFERENCE_USUAL_H
#define CLN_REFERENCE_USUAL_H

#include "reference/truth.h"

/* A larger multiple of the usual error is no chance any more: the largest of a million normal errors is 5 standard deviations. */
#define CLN_USUAL_TIMES 6

/* The truth of a trial with what is usual for its slack: `slack` σ, `residual_slack` δ or σ times the weight, `loss_slack`,
   `gradient_slack`; `unsure`: rows with labels whose two largest logits are nearer than CLN_USUAL_TIMES·2σ. Of cross-entropy and
   squared losses. Released with cln_truth_free, which a failure here needs too. */
cln_status cln_truth_create_usual(const cln_trial *trial, cln_truth *truth, cln_error *error);
/* How far a probability, or with SQUARED an output, usually is. */
double cln_truth_usual_output(const cln_truth *truth, size_t row, uint32_t c);

#endif
