/*
 * What becomes of one row's logits z in memory: the model's outputs, the residual of the loss, the loss, the predicted class.
 *
 *   p_j = exp(z_j − max z) / Σ exp(z_i − max z);   t: the row's target, one-hot, its label as a number, or real; w: its weight
 *   CROSS_ENTROPY    loss w·Σ t·(log Σ exp(z_i − max z) − (z − max z))   residual w·((Σt)·p − t)
 *   SOFTMAX_SQUARED  loss w·½‖p − t‖²                                    residual w·p∘(u − ⟨u,p⟩), u = p − t
 *   SQUARED          loss w·½‖z − t‖²                                    residual w·(z − t)
 *
 * Subtracting the maximum keeps every exponent at 0 or below, so that logits of any finite size are safe (Bishop 2006, 4.104;
 * Blanchard, Higham, Higham 2021, "Accurately computing the log-sum-exp and softmax functions").
 */
#ifndef CLN_ROW_H
#define CLN_ROW_H

#include "types.h"

/* Vectors of the outputs: KP is a multiple of this width. */
#if CLN_KP % 16 == 0 && CLN_V == 16
#define CLN_KV 16
#elif CLN_KP % 8 == 0 && CLN_V >= 8
#define CLN_KV 8
#else
#define CLN_KV 4
#endif
typedef CLN_JOIN(float, CLN_KV) kvec;

/* Where the logits lie. */
#ifndef CLN_LOGITS
#define CLN_LOGITS __private
#endif
#define KVEC(pointer) (*(CLN_LOGITS kvec *)(pointer))

/* A row's target, which it may not have. */
#if CLN_TARGET == REAL
typedef __global const float *answer; /* (ONE), or NULL */
#define IS_KNOWN(y) ((y) != 0)
#define TARGET_AT(y, k) ((y) ? (y)[k] : 0.0f)
#elif CLN_TARGET == VALUE
typedef uint answer;
#define IS_KNOWN(y) ((y) != NO_LABEL)
#define TARGET_AT(y, k) ((y) != NO_LABEL ? (float)(int)(y) : 0.0f)
#else
typedef uint answer;
#define IS_KNOWN(y) ((y) < CLN_ONE)
#define TARGET_AT(y, k) ((k) == (y) ? 1.0f : 0.0f)
#endif

static inline answer answer_of(__global const target_type *target, ulong row)
{
#if CLN_TARGET == REAL
    return target ? target + row * CLN_ONE : 0;
#else
    return target ? target[row] : NO_LABEL;
#endif
}

static inline uint is_error(uint predicted, answer y)
{
#if CLN_TARGET == REAL
    (void)predicted, (void)y;
    return 0;
#else
    return predicted != y;
#endif
}

/* Σ t·(z − largest), and *total = Σ t. */
static inline float targeted(CLN_LOGITS const float *z, answer y, float largest, float *total)
{
#if CLN_TARGET == ONEHOT
    (void)total;
    return z[y] - largest;
#else
    float sum = 0;
    *total = 0;
    for (uint k = 0; k < CLN_ONE; k++) {
        *total += TARGET_AT(y, k);
        if (TARGET_AT(y, k) != 0) /* another class may have logit −∞ */
            sum = fma(TARGET_AT(y, k), z[k] - largest, sum);
    }
    return sum;
#endif
}

/* z (ONE) ← exp(z − largest), and 0 behind a single model's, which goes in whole vectors. Returns the sum. */
static inline float exponentiate(CLN_LOGITS float *z, float largest)
{
#if CLN_MODELS == 1
    for (uint k = CLN_K; k < CLN_KP; k++)
        z[k] = -INFINITY;
    for (uint k = 0; k < CLN_KP; k += CLN_KV)
        KVEC(z + k) = exp(KVEC(z + k) - largest);
#else
    for (uint k = 0; k < CLN_ONE; k++)
        z[k] = exp(z[k] - largest);
#endif
    float sum = 0;
    for (uint k = 0; k < CLN_ONE; k++)
        sum += z[k];
    return sum;
}

/* z (ONE) ← the residuals, or the outputs of a row without a target, from what `exponentiate` has left, or else the logits. Returns
   the loss of the squares, which sees them on the way. */
static inline float make_residual(CLN_LOGITS float *z, answer y, float share, float total)
{
    float squares = 0, mean = 0;
    for (uint k = 0; k < CLN_ONE; k++) {
        if (CLN_LOSS == CROSS_ENTROPY) {
            z[k] = z[k] * share * total - TARGET_AT(y, k);
        } else {
            float u = (CLN_LOSS == SQUARED ? z[k] : z[k] * share) - TARGET_AT(y, k);
            squares = fma(u, u, squares);
            if (CLN_LOSS == SQUARED) {
                z[k] = u;
            } else {
                z[k] *= share;
                mean = fma(u, z[k], mean);
            }
        }
    }
    for (uint k = 0; CLN_LOSS == SOFTMAX_SQUARED && IS_KNOWN(y) && k < CLN_ONE; k++)
        z[k] *= z[k] - TARGET_AT(y, k) - mean;
    return squares / 2;
}

/* z → r, which may be the same memory, times the row's weight; 0 behind the last model's output. */
static inline void store_residual(CLN_LOGITS float *z, float weight, uint model, __global float *r)
{
    for (uint k = 0; k < CLN_ONE; k++)
        z[k] *= weight;
#if CLN_MODELS == 1
    (void)model;
    for (uint k = CLN_K; k < CLN_KP; k++)
        z[k] = 0;
    for (uint k = 0; k < CLN_KP; k += CLN_KV)
        *(__global kvec *)(r + k) = KVEC(z + k);
#else
    for (uint k = 0; k < CLN_ONE; k++)
        r[k] = z[k];
    for (uint k = CLN_ONE; model == CLN_MODELS - 1 && model * CLN_ONE + k < CLN_KP; k++)
        r[k] = 0;
#endif
}

/* In: z, the logits of one model of a row (of a single model: KP of them, aligned to 64 bytes; what lies behind the first k does not
   matter). Out: r (may be NULL, may be z): the residual times `weight`, or without a target the outputs: probabilities, with SQUARED
   the logits; 0 behind the last model. z is overwritten. Returns the predicted label: the first largest, a VALUE rounded and
   clipped, or NO_LABEL where a logit is NaN. *loss, times the weight, is 0 without a target. A NaN, or beside exponentials an
   infinite logit, makes all outputs NaN. */
static inline uint finish_row(CLN_LOGITS float *z, answer y, float weight, uint model, __global float *r, float *loss)
{
    float largest = z[0], sum = 1, share = 1, total = 1, below = 0;
    uint predicted = 0, unordered = isnan(z[0]) != 0;
    for (uint k = 1; k < CLN_ONE; k++) {
        unordered |= isnan(z[k]) != 0;
        if (z[k] > largest) {
            largest = z[k];
            predicted = k;
        }
    }
#if CLN_TARGET == VALUE
    predicted = (uint)(int)fmin(fmax(rint(z[0]), (float)CLN_LOWEST), (float)CLN_HIGHEST);
#endif

    if (CLN_LOSS == CROSS_ENTROPY && IS_KNOWN(y))
        below = targeted(z, y, largest, &total);
    if (CLN_LOSS != SQUARED) {
        sum = exponentiate(z, largest);
        share = 1 / sum;
    }
    if (CLN_LOSS == CROSS_ENTROPY) {
        *loss = IS_KNOWN(y) ? (total * log(sum) - below) * weight : 0;
        if (r)
            make_residual(z, y, share, total);
    } else {
        float squares = make_residual(z, y, share, total);
        *loss = IS_KNOWN(y) ? squares * weight : 0;
    }
    if (r)
        store_residual(z, weight, model, r);
    return unordered ? NO_LABEL : predicted;
}

#endif
