/* What a model's logits z (k) mean and what a row's loss is: the same words on every floor from here up. One list. */
#ifndef CLN_MODEL_LOSS_H
#define CLN_MODEL_LOSS_H

#include "base/error.h"

/*
 * p = softmax(z), t the row's target (k), w its weight (1 where rows have none). Loss and residual r = ∂loss/∂z of a row:
 *
 *   CROSS_ENTROPY    −w·log p[y]            w·(p − t)                        Bishop (2006), 4.108 and 4.109
 *   SOFTMAX_SQUARED  w·½‖p − t‖²            w·p∘(u − ⟨u,p⟩), u = p − t       the chain rule with Bishop's 4.106
 *   SQUARED          w·½‖z − t‖²            w·(z − t)                        Bishop, 3.12
 */
typedef enum cln_row_loss { CLN_CROSS_ENTROPY, CLN_SOFTMAX_SQUARED, CLN_SQUARED } cln_row_loss;

/* What t is: the class one-hot; the class as a number (k = 1); or real values that the data set brings (k). */
typedef enum cln_target { CLN_TARGET_ONEHOT, CLN_TARGET_VALUE, CLN_TARGET_REAL } cln_target;

#endif
