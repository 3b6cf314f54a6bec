/*
 * Sizes, types and vectors that all kernels share. Every macro comes from the host as -D; the defaults make each file valid
 * OpenCL C by itself.
 *
 *   CLN_K       k, outputs                         CLN_STRIDE  elements from row to row of X, zero behind feature d
 *   CLN_KP      k padded: row length of residuals  CLN_LD      floats from row to row of W; the bias is column d
 *   CLN_D       d, features                        CLN_V       vector width: 4, 8 or 16; divides STRIDE and LD
 *   CLN_BYTES   X holds uint8 (1) or float32 (0)   CLN_BIAS    the model has a bias (1) or not (0)
 *   CLN_MODELS  models, side by side in the outputs, CLN_ONE each
 *   CLN_LOSS, CLN_TARGET  of a row, as in src/model/loss.h; CLN_LOWEST, CLN_HIGHEST: labels that a VALUE is clipped to
 *   CLN_CENTRED features have a shift (1)          CLN_SPREAD  and a spread (1)
 */
#ifndef CLN_TYPES_H
#define CLN_TYPES_H

#ifndef CLN_K
#define CLN_K 10
#endif
#ifndef CLN_KP
#define CLN_KP 16
#endif
#ifndef CLN_D
#define CLN_D 784
#endif
#ifndef CLN_STRIDE
#define CLN_STRIDE 784
#endif
#ifndef CLN_LD
#define CLN_LD 800
#endif
#ifndef CLN_V
#define CLN_V 16
#endif
#ifndef CLN_BYTES
#define CLN_BYTES 1
#endif
#ifndef CLN_BIAS
#define CLN_BIAS 1
#endif

#ifndef CLN_MODELS
#define CLN_MODELS 1
#endif
#ifndef CLN_LOSS
#define CLN_LOSS 0
#endif
#ifndef CLN_TARGET
#define CLN_TARGET 0
#endif
#ifndef CLN_LOWEST
#define CLN_LOWEST 0
#endif
#ifndef CLN_HIGHEST
#define CLN_HIGHEST 9
#endif
#ifndef CLN_CENTRED
#define CLN_CENTRED 0
#endif
/* Floats are shifted as they are loaded, or an offset would take their digits off; bytes, which lose none, in what they add up to. */
#define CLN_SHIFTED (CLN_CENTRED && !CLN_BYTES)
#define CLN_FOLDED (CLN_CENTRED && CLN_BYTES)
#ifndef CLN_SPREAD
#define CLN_SPREAD 0
#endif
#define CLN_ONE (CLN_K / CLN_MODELS)
/* cln_row_loss and cln_target of src/model/loss.h. */
#define CROSS_ENTROPY 0
#define SOFTMAX_SQUARED 1
#define SQUARED 2
#define ONEHOT 0
#define VALUE 1
#define REAL 2

#pragma OPENCL FP_CONTRACT OFF /* fma is written where it is meant: the same bits in every kernel */

#define CLN_JOIN_(a, b) a##b
#define CLN_JOIN(a, b) CLN_JOIN_(a, b)

typedef CLN_JOIN(float, CLN_V) vec;
/* Whole vectors of global memory. Every row begins at a multiple of V elements and every buffer at 128 bytes or more, so these are
   aligned; vload and vstore promise the compiler no more than an element's alignment, and GPUs then go element by element. */
#define LOAD(pointer) (*(__global const vec *)(pointer))
#define STORE(value, pointer) (*(__global vec *)(pointer) = (value))
/* An element of a vector in registers. */
#define ELEMENT(vector, i) (((float *)&(vector))[i])

#if CLN_BYTES
typedef uchar feature;
typedef CLN_JOIN(uchar, CLN_V) features;
#define CLN_CONVERT(features) CLN_JOIN(convert_float, CLN_V)(features)
#else
typedef float feature;
typedef vec features;
#define CLN_CONVERT(features) (features)
#endif
/* A vector of X as it lies, and as floats. */
#define XRAW(pointer) (*(__global const features *)(pointer))
#define XLOAD(pointer) CLN_CONVERT(XRAW(pointer))

/* What a few rows add up to, for the host to sum in order and in double. */
typedef struct {
    float loss;
    uint errors;
} score;

/* Where row `first` + i of the order starts in X. order NULL: rows as they lie. */
static inline ulong row_of(__global const uint *order, ulong first, uint i)
{
    return order ? (ulong)order[first + i] : first + i;
}

/* What rows are held against: a label each, or CLN_ONE real numbers. */
#if CLN_TARGET == REAL
typedef float target_type;
#else
typedef uint target_type;
#endif
/* The label of a row that has none, and the prediction where a logit is NaN: no label is that. */
#define NO_LABEL (CLN_TARGET == VALUE ? 0x80000000u : (uint)CLN_ONE)

/* The sum of a vector's elements, always in the same order. */
static inline float vec_sum(vec v)
{
#if CLN_V == 16
    float8 v8 = v.lo + v.hi;
#elif CLN_V == 8
    float8 v8 = v;
#endif
#if CLN_V >= 8
    float4 v4 = v8.lo + v8.hi;
#else
    float4 v4 = v;
#endif
    float2 v2 = v4.lo + v4.hi;
    return v2.x + v2.y;
}

/* sum + a·b, element after element: one accumulator a pair where registers are scarce. */
static inline float vec_dot(vec a, vec b, float sum)
{
#pragma unroll
    for (uint e = 0; e < CLN_V; e++)
        sum = fma(ELEMENT(a, e), ELEMENT(b, e), sum);
    return sum;
}

#endif
