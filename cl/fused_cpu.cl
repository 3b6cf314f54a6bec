/*
 * Linear models for CPUs in one reading of the data: logits, residuals, loss and errors of a block of rows and, where it is
 * asked for, the gradient in partial sums over stretches of rows, and the steps that follow from them.
 *
 *   z (count,k) = scale · X·Wᵀ + b (b − W·shift where the features are centred), then row.h's formulas for each row and model
 *   partial[s] (k,LD) = Σ over the rows of stretch s of r_k · x_j,   bias[s] (KP) = Σ r
 *
 * The work is a list of tasks: for each minibatch its stretches, and in a descent as many parts of the step after them. A stretch
 * goes CLN_GROUP_ROWS rows at a time: CLN_ROWS rows against CLN_KB outputs forward, CLN_FV vectors of features against CLN_KB
 * outputs backward, always with their sums in registers; no local memory and no barrier, whose loops PoCL could not keep there.
 * The rows are in the first cache when they are read again.
 *
 * Geometry: work-groups of one work-item. Without a queue either one for each stretch of one minibatch, or a single one that does
 * all tasks in their order. With a queue any number: each takes the next task once all tasks that it builds on are done. Those were
 * taken by work-groups that have begun, so that nobody waits for one that has not; and who has waited in vain (the system
 * runs something else instead) leaves the rest to them. All that is asked of the device is that work-groups that have begun go on
 * beside each other (cln_facts.groups_advance), and that what one wrote before an atomic operation is seen by another after
 * it. The cut depends on the rows alone, so the bits repeat.
 */
#include "fold.h"
#include "rows.h"
#include "update.h"

#ifndef CLN_GROUP_ROWS
#define CLN_GROUP_ROWS 16 /* a multiple of CLN_ROWS and CLN_V */
#endif
#ifndef CLN_ROWS
#define CLN_ROWS 2
#endif
#ifndef CLN_KB
#define CLN_KB 10
#endif
#ifndef CLN_FV
#define CLN_FV 2
#endif
#define CLN_BLOCKS ((CLN_K + CLN_KB - 1) / CLN_KB)

#ifdef CLN_PREFETCH /* the compiler is clang and its target a CPU: OpenCL's own prefetch() does nothing on PoCL */
#define PREFETCH(pointer) __builtin_prefetch((const void *)(uintptr_t)(pointer))
#else
#define PREFETCH(pointer)
#endif

/* Beside the outputs of several models bytes become floats once a group, if that stays in the second cache. */
#ifndef CLN_UNPACK
#define CLN_UNPACK (CLN_BYTES && CLN_MODELS > 1 && CLN_BLOCKS > 1 && CLN_STRIDE * CLN_GROUP_ROWS <= 65536)
#endif

/* The rows at hand, and those that come next. */
typedef struct {
#if CLN_UNPACK
    vec unpacked[CLN_GROUP_ROWS][CLN_STRIDE / CLN_V];
#endif
    __global const feature *x[CLN_GROUP_ROWS], *next[CLN_GROUP_ROWS];
    uint count; /* at hand */
} group;

/* Behind the last row the last one again, its results dropped. cold: the rows have not been asked for; those that come next are,
   while the gradient of these is made. */
static inline void find_rows(group *rows, __global const feature *x, __global const uint *order, ulong first, uint begin, uint end,
                             bool cold)
{
    rows->count = min((uint)CLN_GROUP_ROWS, end - begin);
    if (cold)
        for (uint r = 0; r < rows->count; r++)
            for (uint j = 0; j < CLN_STRIDE; j += 64 / sizeof(feature))
                PREFETCH(x + row_of(order, first, begin + r) * CLN_STRIDE + j);
    for (uint r = 0; r < CLN_GROUP_ROWS; r++) {
        rows->x[r] = x + row_of(order, first, begin + min(r, rows->count - 1)) * CLN_STRIDE;
        rows->next[r] = x + row_of(order, first, min(begin + CLN_GROUP_ROWS + r, end - 1)) * CLN_STRIDE;
    }
}

#if CLN_UNPACK
#define FEATURES(rows, r, j) ((rows)->unpacked[r][(j) / CLN_V])
static inline void unpack_rows(group *rows)
{
    for (uint r = 0; r < CLN_GROUP_ROWS; r++)
        for (uint j = 0; j < CLN_STRIDE; j += CLN_V)
            rows->unpacked[r][j / CLN_V] = XLOAD(rows->x[r] + j);
}
#else
#define FEATURES(rows, r, j) XLOAD((rows)->x[r] + (j))
static inline void unpack_rows(group *rows)
{
    (void)rows;
}
#endif

#define LOGITS (CLN_BLOCKS * CLN_KB + CLN_V) /* vectors are stored at every KB-th */

/* X·Wᵀ of the group's rows, all of which pass by KB outputs' weights while these are in the first cache. */
static inline void multiply(const group *rows, __global const float *w /* (k,LD) */, float (*product)[LOGITS])
{
    for (uint k0 = 0; k0 < CLN_K; k0 += CLN_KB)
        for (uint r0 = 0; r0 < rows->count; r0 += CLN_ROWS) {
            vec sum[CLN_ROWS][CLN_KB];
#pragma unroll
            for (uint r = 0; r < CLN_ROWS; r++)
#pragma unroll
                for (uint k = 0; k < CLN_KB; k++)
                    sum[r][k] = (vec)(0);
            for (uint j = 0; j < CLN_STRIDE; j += CLN_V) {
                vec xv[CLN_ROWS];
#pragma unroll
                for (uint r = 0; r < CLN_ROWS; r++)
                    xv[r] = FEATURES(rows, r0 + r, j);
#pragma unroll
                for (uint k = 0; k < CLN_KB; k++) {
                    vec wv = LOAD(w + min(k0 + k, (uint)CLN_K - 1) * CLN_LD + j);
#pragma unroll
                    for (uint r = 0; r < CLN_ROWS; r++)
                        sum[r][k] = fma(xv[r], wv, sum[r][k]);
                }
            }
#pragma unroll
            for (uint r = 0; r < CLN_ROWS; r++)
#pragma unroll
                for (uint k = 0; k < CLN_KB; k += CLN_V)
                    CLN_JOIN(vstore, CLN_V)(vec_sums(sum[r] + k, CLN_KB - (int)k), 0, product[r0 + r] + k0 + k);
        }
    for (uint r = (rows->count + CLN_ROWS - 1) / CLN_ROWS * CLN_ROWS; r < CLN_GROUP_ROWS; r++)
        for (uint k = 0; k < CLN_K; k++)
            product[r][k] = 0;
}

/* partial (k,LD) = Σ r_k · x_j over the group's rows, or that added to it. residual: V rows side by side, 0 behind output k. */
static inline void accumulate(const group *rows, const vec (*residual)[CLN_BLOCKS * CLN_KB], uint add, __global float *partial)
{
    for (uint k0 = 0; k0 < CLN_K; k0 += CLN_KB)
        for (uint j = 0; j < CLN_STRIDE; j += CLN_FV * CLN_V) {
            uint column[CLN_FV]; /* behind the row its last vector again, stored once */
#pragma unroll
            for (uint v = 0; v < CLN_FV; v++)
                column[v] = min(j + v * CLN_V, (uint)(CLN_STRIDE - CLN_V));
            vec sum[CLN_KB][CLN_FV];
#pragma unroll
            for (uint k = 0; k < CLN_KB; k++)
#pragma unroll
                for (uint v = 0; v < CLN_FV; v++)
                    sum[k][v] = add ? LOAD(partial + min(k0 + k, (uint)CLN_K - 1) * CLN_LD + column[v]) : (vec)(0);
            for (uint r0 = 0; r0 < rows->count; r0 += CLN_V) {
                const float *at = (const float *)(residual[r0 / CLN_V] + k0);
                for (uint r = r0; r < min(r0 + CLN_V, rows->count); r++, at++) {
                    vec xv[CLN_FV];
#pragma unroll
                    for (uint v = 0; v < CLN_FV; v++)
                        xv[v] = FEATURES(rows, r, column[v]);
                    if (k0 == 0)
                        PREFETCH(rows->next[r] + j);
#pragma unroll
                    for (uint k = 0; k < CLN_KB; k++) {
                        vec rk = (vec)(at[k * CLN_V]);
#pragma unroll
                        for (uint v = 0; v < CLN_FV; v++)
                            sum[k][v] = fma(rk, xv[v], sum[k][v]);
                    }
                }
            }
#pragma unroll
            for (uint k = 0; k < CLN_KB; k++)
#pragma unroll
                for (uint v = 0; v < CLN_FV; v++)
                    if (k0 + k < CLN_K && j + v * CLN_V < CLN_STRIDE)
                        STORE(sum[k][v], partial + (k0 + k) * CLN_LD + column[v]);
        }
}

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
    for (uint k0 = 0; CLN_CENTRED && k0 < CLN_K; k0 += CLN_KB) {
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
    for (uint k = 0; CLN_CENTRED && k < CLN_K; k++)
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
        z[k] = fma((vec)(p->scale), zk, (vec)(CLN_CENTRED ? folded[k] : CLN_BIAS ? p->w[k * CLN_LD + CLN_D] : 0.0f));
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

#define DONE 32 /* the two counters of a queue lie in different lines of the cache */

/* How many tasks must be done before this one: in each minibatch the stretches wait for the steps before, and those for them. */
static inline uint needed(uint task, uint tasks, uint splits)
{
    return task / tasks * tasks + (task % tasks < splits ? 0 : splits);
}

/* Takes the next of `all` tasks, when it can be begun. None is left, or it took too long: `all`. */
static inline uint take(__global volatile uint *queue, uint tasks, uint splits, uint all, uint patience)
{
    uint task = queue[0];
    for (uint waited = 0; task < all && waited < patience; waited++) {
        if (queue[DONE] >= needed(task, tasks, splits)) {
            uint taken = atomic_cmpxchg(queue, task, task + 1); /* and what others wrote is seen from here on */
            if (taken == task)
                return task;
        }
        task = queue[0];
    }
    return all;
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
        if (queue) {
            mem_fence(CLK_GLOBAL_MEM_FENCE);
            atomic_inc(queue + DONE);
        }
    }
}
