/*
 * Linear models for CPUs in one reading of the data: logits, residuals, loss and errors of a block of rows and, where it is
 * asked for, the gradient in partial sums over stretches of rows, and the steps that follow from them.
 *
 *   z (count,k) = scale · X·Wᵀ + b (b − W·shift where bytes are centred; floats are shifted as they are loaded), then row.h's formulas for each row and model
 *   partial[s] (k,LD) = Σ over the rows of stretch s of r_k · x_j,   bias[s] (KP) = Σ r
 *
 * The work is a list of tasks: for each minibatch its stretches, and in a descent as many parts of the step after them. A stretch
 * goes CLN_GROUP_ROWS rows at a time (products_cpu.h), with no local memory and no barrier, whose loops PoCL could not keep in
 * registers.
 *
 * Geometry: work-groups of one work-item. Without a queue either one for each stretch of one minibatch, or a single one that does
 * all tasks in their order; with a queue (queue.h) any number. The cut depends on the rows alone, so the bits repeat.
 */
#include "products_cpu.h"
#include "queue.h"
#include "rows.h"
#include "update.h"

/* Everything that a task reads besides its rows, and where its results go; the kernel's arguments have the shapes. */
typedef struct {
    __global const feature *x;
    __global const target_type *target;
    __global const float *weight;
    __global const uint *order;
    float scale;
    __global const float *w, *shift;
    __global float *residual;
    __global uint *predicted;
} problem;

/* What is added to X·Wᵀ: the bias, less W·shift. */
static inline void fold_bias(const problem *p, float *bias /* (LOGITS) */)
{
    for (uint k0 = 0; CLN_FOLDED && k0 < CLN_K; k0 += CLN_KB) {
        vec sum[CLN_KB];
#pragma unroll
        for (uint k = 0; k < CLN_KB; k++)
            sum[k] = (vec)(0);
        for (uint j = 0; j < CLN_STRIDE; j += CLN_V) {
            vec shift = LOAD(p->shift + j);
#pragma unroll
            for (uint k = 0; k < CLN_KB; k++)
                sum[k] = fma(shift, LOAD(p->w + min(k0 + k, (uint)CLN_K - 1) * CLN_LD + j), sum[k]);
        }
#pragma unroll
        for (uint k = 0; k < CLN_KB; k += CLN_V)
            CLN_JOIN(vstore, CLN_V)(vec_sums(sum + k, CLN_KB - (int)k), 0, bias + k0 + k);
    }
    for (uint k = 0; CLN_FOLDED && k < CLN_K; k++)
        bias[k] = (CLN_BIAS ? p->w[k * CLN_LD + CLN_D] : 0.0f) - bias[k];
}

/* Logits, residuals and results of V rows, from row r0 of the group on, which is row i of the block. */
static inline void finish_rows(const problem *p, const group *rows, uint r0, ulong first, uint i, float (*product)[LOGITS],
                               const float *folded, vec *z, score *sums /* (MODELS) */, __global float *bias)
{
    answers a;
    uvec lane;
    for (uint r = 0; r < CLN_V; r++)
        ((uint *)&lane)[r] = r;
    find_answers(&a, p->target, p->weight, p->order, first, i, rows->count - r0);
    for (uint k = 0; k < CLN_K; k++) {
        vec zk;
        for (uint r = 0; r < CLN_V; r++)
            ELEMENT(zk, r) = product[r0 + r][k];
        z[k] = fma((vec)(CLN_SHIFTED ? 1.0f : p->scale), zk, (vec)(CLN_FOLDED ? folded[k] : CLN_BIAS ? p->w[k * CLN_LD + CLN_D] : 0.0f));
    }

    ivec there = lane < rows->count - r0;
    for (uint m = 0; m < CLN_MODELS; m++) {
        vec loss;
        uvec best = finish_model(z + m * CLN_ONE, &a, &loss);
        sums[m].loss += vec_sum(select((vec)(0), loss, there));
        sums[m].errors += (uint)vec_sum(select((vec)(0), (vec)(1), there & wrong_rows(best, &a)));
        for (uint r = 0; p->predicted && r < CLN_V && r0 + r < rows->count; r++)
            p->predicted[(i + r) * CLN_MODELS + m] = ((uint *)&best)[r];
    }
    if (bias)
        for (uint k = 0; k < CLN_K; k++)
            bias[k] += vec_sum(select((vec)(0), z[k], there));
    for (uint k = CLN_K; k < CLN_BLOCKS * CLN_KB; k++)
        z[k] = (vec)(0);
    for (uint r = 0; p->residual && r < CLN_V && r0 + r < rows->count; r++)
        for (uint k = 0; k < CLN_KP; k++)
            p->residual[(ulong)(i + r) * CLN_KP + k] = k < CLN_K ? ELEMENT(z[k], r) : 0;
}

/* Rows begin … end−1 of the block. partial (k,LD) and bias (KP): their gradient, or NULL; scores (MODELS), or NULL. */
static inline void pass(const problem *p, ulong first, uint begin, uint end, __global float *partial, __global float *bias,
                        __global score *scores)
{
    score sums[CLN_MODELS]; /* scalars: vectors that live through the products would take their registers */
    float folded[LOGITS];
    for (uint m = 0; m < CLN_MODELS; m++)
        sums[m] = (score){0, 0};
    fold_bias(p, folded);
    if (partial)
        for (uint k = 0; k < CLN_KP; k++)
            bias[k] = 0;
    if (partial && begin == end) /* the other stretches were enough */
        for (uint j = 0; j < CLN_K * CLN_LD; j += CLN_V)
            STORE((vec)(0), partial + j);
    for (uint i = begin; i < end; i += CLN_GROUP_ROWS) {
        group rows;
        float product[CLN_GROUP_ROWS][LOGITS];
        vec z[CLN_GROUP_ROWS / CLN_V][CLN_BLOCKS * CLN_KB];
#if CLN_SHIFTED
        rows.scale = p->scale;
        rows.shift = p->shift;
#endif
        find_rows(&rows, p->x, p->order, first, i, end, !partial || i == begin);
        unpack_rows(&rows);
        multiply(&rows, p->w, product);
        for (uint r0 = 0; r0 < rows.count; r0 += CLN_V)
            finish_rows(p, &rows, r0, first, i + r0, product, folded, z[r0 / CLN_V], sums, bias);
        if (partial)
            accumulate(&rows, z, i > begin, partial);
    }
    for (uint m = 0; scores && m < CLN_MODELS; m++)
        scores[m] = sums[m];
}

/* Part `part` of `parts` of a step over w (k,LD) and v (k,LD), from the partial sums of as many stretches. */
static inline void move(uint part, uint parts, __global const float *partial, __global const float *bias, float scale,
                        __global const float *shift, __global const float *spread, __global const sgd *steps,
                        float mean, __global float *w, __global float *v)
{
    const uint vectors = CLN_K * (CLN_LD / CLN_V), share = (vectors + parts - 1) / parts;
    sgd step = step_of(steps, 0); /* of a single model, once */
    for (uint i = min(part * share, vectors); i < min((part + 1) * share, vectors); i++) {
        uint k = i / (CLN_LD / CLN_V), j = i % (CLN_LD / CLN_V) * CLN_V, at = k * CLN_LD + j;
        if (CLN_MODELS > 1)
            step = step_of(steps, k);
        vec velocity = LOAD(v + at);
        STORE(moved(collected(partial, bias, parts, scale, shift, k, j), LOAD(w + at), &velocity, spread, j,
                    step, mean), w + at);
        STORE(velocity, v + at);
    }
}

__attribute__((reqd_work_group_size(1, 1, 1))) __kernel void
fused(__global const feature *restrict x,   /* (·,STRIDE) */
      __global const target_type *restrict target, /* (·), of REAL (·,ONE), or NULL */
      __global const float *restrict weight, /* (·), or NULL */
      __global const uint *restrict order,  /* (·), or NULL */
      ulong first, uint rows,               /* rows: whole minibatches */
      uint batch, uint splits,              /* rows of a minibatch, and the stretches that it is cut into */
      float scale,
      __global const float *restrict shift, /* (LD), or unused */
      __global const float *restrict spread, /* (LD), or unused */
      __global float *w,                    /* (k,LD) */
      __global float *v,                    /* (k,LD), moved with w in a descent; NULL: no step */
      __global const sgd *restrict steps,   /* (models), or NULL with v */
      float mean,                           /* 1 / batch */
      __global volatile uint *queue,        /* (64) zeros: tasks taken, and from 32 on tasks done; or NULL */
      uint patience,                        /* looks at a queue before a work-group leaves it */
      __global float *partial,              /* (splits,k,LD), or NULL: no gradient */
      __global float *bias,                 /* (splits,KP), or NULL with partial */
      __global float *restrict residual,    /* (rows,KP), the outputs without target; or NULL */
      __global uint *restrict predicted,    /* (rows,MODELS), or NULL */
      __global score *restrict scores,      /* (·,MODELS), from first_score on: for each stretch of each minibatch, or NULL */
      ulong first_score)
{
    const problem p = {x, target, weight, order, scale, w, shift, residual, predicted};
    const uint tasks = v ? 2 * splits : splits, all = rows / batch * tasks, stretch = (batch + splits - 1) / splits;
    for (uint task = (uint)get_group_id(0);; task += (uint)get_num_groups(0)) {
        if (queue)
            task = take(queue, tasks, splits, all, patience);
        if (task >= all)
            break;
        uint minibatch = task / tasks, part = task % tasks;
        if (part < splits) {
            uint begin = minibatch * batch + min(part * stretch, batch), end = minibatch * batch + min((part + 1) * stretch, batch);
            pass(&p, first, begin, end, partial ? partial + (ulong)part * CLN_K * CLN_LD : 0, partial ? bias + part * CLN_KP : 0,
                 scores ? scores + (first_score + minibatch * splits + part) * CLN_MODELS : 0);
        } else {
            move(part - splits, splits, partial, bias, scale, shift, spread, steps, mean, w, v);
        }
        if (queue)
            tell_done(queue);
    }
}
