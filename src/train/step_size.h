/*
 * The step size that is taken where none is given. With η ≤ 1/L a step along the gradient lowers an objective whose curvature is at
 * most L (Nesterov 2004, section 1.2.3), and momentum μ makes the steps 1/(1 − μ) times as long in the long run, so η = (1 − μ)/L.
 *
 * Z = X̃·Wᵀ is linear in the weights, so curvature in Z of at most c makes L = c·λ_max(X̃ᵀX̃/n) + λ₂, X̃ the rows as the training sees
 * them: scaled, centred, divided by deviations, 1 for the bias, times √weight. In Z a row's loss has a Hessian of at most
 *
 *   cross-entropy      diag(p) − ppᵀ ≤ ½                                                    (Böhning 1992)
 *   squared            I ≤ 1
 *   squared, softmax   J² + Σ_j p_j·a_j·(e_j − p)(e_j − p)ᵀ ≤ ½,   J = diag(p) − ppᵀ, a_j = u_j − ⟨u,p⟩, u = p − t. J² ≤ ¼. With class y,
 *                      a_y ≤ −(1 − p_y)² and elsewhere a_j = p_j + p_y − ⟨p,p⟩ ≤ p_j(1 − p_j) + p_y(1 − p_y) ≤ ½, so the sum is at most
 *                      ½·Σ_j p_j(e_j − p)(e_j − p)ᵀ = ½J ≤ ¼.
 *
 * The gradient of b of n rows differs from that of all, the more the smaller b; its expected smoothness is (Gower et al. 2019, SGD:
 * General Analysis and Improved Rates, b rows drawn without replacement; steps of 1/(2·L_b) converge there, and those of 1/L_b do
 * not grow)
 *
 *   L_b = n(b − 1)/(b(n − 1))·L + (n − b)/(b(n − 1))·max_i L_i,   L_i = c·‖x̃_i‖² + λ₂
 *
 * which is L for all rows and the worst row's alone for b = 1. Both come from a sample of the rows; that what was left out is a bit
 * worse costs no stability: a quadratic's steps do not grow until 2/L. Of rows that weigh more or less a few may be worse by any factor:
 * there the sample is drawn by what rows weigh, and the worst row is that of all (train/weighted.h).
 */
#ifndef CLN_TRAIN_STEP_SIZE_H
#define CLN_TRAIN_STEP_SIZE_H

#include "model/loss.h"

/* At most so many rows are looked at. */
#define CLN_CURVATURE_ROWS 1024

/* How a training sees rows. */
typedef struct cln_curvature_view {
    double scale;
    const double *shift;     /* (d), subtracted from x·scale, or NULL */
    const double *deviation; /* (d), divided by after that, or NULL */
    bool bias;
} cln_curvature_view;

typedef struct cln_curvature {
    double mean;  /* λ_max(X̃ᵀX̃/n) */
    double worst; /* max ‖x̃_i‖² */
} cln_curvature;

/* Of rows x (rows, stride elements of `type` apart), d features each; weights (rows) or NULL. By the power method, from a fixed start
   in a fixed order: the same bits every time. */
cln_status cln_curvature_measure(const void *x, cln_type type, uint64_t rows, uint32_t d, size_t stride,
                                 const cln_curvature_view *view, const float *weights, cln_curvature *curvature,
                                 cln_error *error);

/* ‖x̃‖² of one row, whose features begin at element `at` of x; unweighted. */
double cln_curvature_squared(const void *x, cln_type type, size_t at, uint32_t d, const cln_curvature_view *view);

/* What it takes of memory meanwhile, for that many rows. */
uint64_t cln_curvature_bytes(uint64_t rows, uint32_t d);

/* c: what a row's loss bends by in its logits, at most. */
double cln_logit_curvature(cln_row_loss loss);
/* For minibatches of `batch` of n rows. */
double cln_step_size(const cln_curvature *curvature, cln_row_loss loss, double l2, double momentum, uint64_t n,
                     uint64_t batch);

#endif
