/* What was measured nearest to a problem. */
#include "compute/tuning.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bool same_case(const cln_case *a, const cln_case *b)
{
    return a->features == b->features && a->outputs == b->outputs && a->rows == b->rows && a->type == b->type;
}

static bool same_shape(const void *a, const void *b)
{
    const cln_tuned_shape *x = a, *y = b;
    return same_case(&x->of, &y->of) && x->shape.kind == y->shape.kind;
}

static bool same_product(const void *a, const void *b)
{
    const cln_tuned_product *x = a, *y = b;
    return x->of.n == y->of.n && x->of.m == y->of.m && x->of.k == y->of.k && x->of.rows == y->of.rows;
}

static bool same_engine(const void *a, const void *b)
{
    const cln_tuned_engine *x = a, *y = b;
    return same_case(&x->of, &y->of);
}

static void put(void *rows, size_t *count, const void *row, size_t bytes, bool same(const void *, const void *))
{
    size_t i = 0;
    while (i < *count && !same((char *)rows + i * bytes, row))
        i++;
    if (i == CLN_TUNED_MOST)
        return;
    memcpy((char *)rows + i * bytes, row, bytes);
    *count += i == *count;
}

void cln_tuning_put_shape(cln_tuning *tuning, const cln_tuned_shape *row)
{
    put(tuning->shapes, &tuning->shape_count, row, sizeof *row, same_shape);
}

void cln_tuning_put_product(cln_tuning *tuning, const cln_tuned_product *row)
{
    put(tuning->products, &tuning->product_count, row, sizeof *row, same_product);
}

void cln_tuning_put_engine(cln_tuning *tuning, const cln_tuned_engine *row)
{
    put(tuning->engines, &tuning->engine_count, row, sizeof *row, same_engine);
}

cln_case cln_case_of(const cln_problem *problem)
{
    return (cln_case){problem->features, problem->outputs, problem->batch_rows ? problem->batch_rows : CLN_TUNED_ROWS,
                      problem->type};
}

static double apart(uint32_t a, uint32_t b)
{
    return fabs(log2((double)a / (double)b));
}

static uint32_t counted(uint32_t rows)
{
    return rows < CLN_TUNED_ROWS ? rows : CLN_TUNED_ROWS;
}

static double case_distance(const cln_case *a, const cln_case *b)
{
    if (a->type != b->type)
        return INFINITY;
    return apart(a->features, b->features) + 2 * apart(a->outputs, b->outputs) +
           apart(counted(a->rows), counted(b->rows));
}

/* A row at distance `far`, at most `reach`, where it is nearer than all before it. */
static bool is_nearer(double far, double reach, double *nearest)
{
    bool nearer = far <= reach && far < *nearest;
    *nearest = nearer ? far : *nearest;
    return nearer;
}

const cln_tuned_shape *cln_tuning_shape(const cln_tuning *tuning, cln_shape_kind kind, const cln_case *of)
{
    const cln_tuned_shape *found = NULL;
    double nearest = INFINITY;
    for (size_t i = 0; tuning && i < tuning->shape_count; i++) {
        const cln_tuned_shape *row = &tuning->shapes[i];
        if (row->shape.kind == kind && is_nearer(case_distance(&row->of, of), CLN_TUNED_REACH_SHAPE, &nearest))
            found = row;
    }
    return found;
}

const cln_tuned_engine *cln_tuning_engine(const cln_tuning *tuning, const cln_case *of)
{
    const cln_tuned_engine *found = NULL;
    double nearest = INFINITY;
    for (size_t i = 0; tuning && i < tuning->engine_count; i++)
        if (is_nearer(case_distance(&tuning->engines[i].of, of), CLN_TUNED_REACH_ENGINE, &nearest))
            found = &tuning->engines[i];
    return found;
}

const cln_tuned_product *cln_tuning_product(const cln_tuning *tuning, const cln_product *of)
{
    const cln_tuned_product *found = NULL;
    double nearest = INFINITY;
    for (size_t i = 0; tuning && i < tuning->product_count; i++) {
        const cln_tuned_product *row = &tuning->products[i];
        double far = apart(row->of.n, of->n) + apart(row->of.m, of->m) + apart(row->of.k, of->k);
        if (row->of.rows == of->rows && is_nearer(far, CLN_TUNED_REACH_PRODUCT, &nearest))
            found = row;
    }
    return found;
}

bool cln_tuned_gemm(const cln_device *device, const cln_product *product, cln_gemm *gemm)
{
    const cln_tuned_product *row = cln_tuning_product(device->tuning, product);
    *gemm = row ? row->gemm : cln_gemm_choose(&device->facts, product);
    return row != NULL;
}

cln_shape cln_tuning_apply(const cln_tuned_shape *row, const cln_facts *facts, const cln_problem *problem)
{
    cln_shape shape = cln_shape_choose(facts, problem, row->shape.kind);
#define X(member, least, most, power) shape.member = row->shape.member;
    CLN_TUNED_SHAPE_MAP(X)
#undef X
    return shape;
}

static bool in_range(uint32_t value, uint32_t least, uint32_t most, bool power)
{
    return value >= least && value <= most && !(power && (value & (value - 1)) != 0);
}

bool cln_tuned_shape_is_sound(const cln_tuned_shape *row, const cln_facts *facts)
{
    cln_problem problem = {.features = row->of.features, .outputs = row->of.outputs, .type = row->of.type};
    cln_shape builtin = cln_shape_choose(facts, &problem, row->shape.kind), shape = row->shape;
    bool sound = true;
#define X(member, least, most, power)                                                                                  \
    sound = sound && (builtin.member ? in_range(shape.member, least, most, power) : shape.member == 0);
    CLN_TUNED_SHAPE_MAP(X)
#undef X
    shape = cln_tuning_apply(row, facts, &problem);
    return sound && shape.rows > 0 &&
           (shape.group_rows == 0 || (shape.group_rows % shape.rows == 0 && shape.group_rows % 16 == 0)) &&
           cln_shape_fits(facts, &problem, &shape);
}

#define FORMAT(member, least, most, power) " " #member "=%u"
#define VALUE(member, least, most, power)  , shape->member

void cln_shape_describe(const cln_shape *shape, char words[CLN_SHAPE_WORDS])
{
    snprintf(words, CLN_SHAPE_WORDS, "%s vector=%u outputs=%u" CLN_TUNED_SHAPE_MAP(FORMAT),
             shape->kind == CLN_SHAPE_CPU ? "cpu" : "gpu", shape->vector, shape->outputs CLN_TUNED_SHAPE_MAP(VALUE));
}
