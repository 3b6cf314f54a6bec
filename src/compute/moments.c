#include "compute/moments.h"

#include "base/size.h"
#include "device/buffer.h"
#include "device/program.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define STRETCH        256             /* rows of a partial sum */
#define BLOCK_ROWS     (64u * STRETCH) /* of a launch, at most */
#define BLOCK_FEATURES (1u << 26)      /* and features, about */
#define KINDS          3               /* Σδ, Σδ², max |x| */

/* Of the largest |x| of a column, a power of two: from here to there float sums of x − c lose nothing. */
enum { LEAST_EXPONENT = -100, MOST_EXPONENT = 115 };

typedef struct moments {
    cln_device *device;
    cln_resident *resident;
    cl_mem order;
    uint64_t first, rows;
    uint32_t d, stride, vector, block; /* block: rows of a launch */
    size_t group;
    cl_program program;
    cl_kernel first_row, sum;
    cl_mem c, unit, partials;         /* (stride) each, (stretches,KINDS,stride) */
    float *h_c, *h_unit, *h_partials; /* the same; unit: powers of two, and c is of x·unit */
    double *sums, *squares, *largest; /* (d) each: the last pass */
} moments;

static cln_status build(moments *m, cln_type type, cln_error *error)
{
    cln_status status;
    char options[200];
    bool cpu = m->device->facts.is_cpu;
    m->vector = cpu && m->stride >= 16 ? 16 : 4;
    m->group = cpu || m->device->facts.max_group_size < 64 ? 1 : 64;
    snprintf(options, sizeof options, "-DCLN_STRIDE=%u -DCLN_V=%u -DCLN_BYTES=%d -DCLN_STRETCH=%d -DCLN_GROUP=%zu",
             m->stride, m->vector, type == CLN_UINT8, STRETCH, m->group);
    TRY(cln_program_build(m->device, "moments", options, &m->program, error));
    TRY(cln_kernel_create(m->program, "first_row", &m->first_row, error));
    TRY(cln_kernel_create(m->program, "moments", &m->sum, error));
out:
    return status;
}

static uint64_t partials_of(const moments *m)
{
    return cln_ceil_divide(m->block, STRETCH) * KINDS * m->stride;
}

static cln_status create_buffers(moments *m, cln_error *error)
{
    cln_status status;
    TRY(cln_buffer_create(m->device, "a row", m->stride * sizeof(float), &m->c, error));
    TRY(cln_buffer_create(m->device, "powers of two", m->stride * sizeof(float), &m->unit, error));
    TRY(cln_buffer_create(m->device, "sums of columns", partials_of(m) * sizeof(float), &m->partials, error));
out:
    return status;
}

static cln_status allocate(moments *m, cln_error *error)
{
    cln_status status;
    TRY(cln_allocate((void **)&m->h_c, m->stride, sizeof(float), "a row", error));
    TRY(cln_allocate((void **)&m->h_unit, m->stride, sizeof(float), "powers of two", error));
    TRY(cln_allocate((void **)&m->h_partials, partials_of(m), sizeof(float), "sums of columns", error));
    TRY(cln_allocate((void **)&m->sums, m->d, sizeof(double), "sums of columns", error));
    TRY(cln_allocate((void **)&m->squares, m->d, sizeof(double), "sums of columns", error));
    TRY(cln_allocate((void **)&m->largest, m->d, sizeof(double), "sums of columns", error));
out:
    return status;
}

static void release(moments *m)
{
    cln_kernel_release(&m->first_row);
    cln_kernel_release(&m->sum);
    cln_program_release(&m->program);
    cln_buffer_release(m->device, &m->c);
    cln_buffer_release(m->device, &m->unit);
    cln_buffer_release(m->device, &m->partials);
    free(m->h_c);
    free(m->h_unit);
    free(m->h_partials);
    free(m->sums);
    free(m->squares);
    free(m->largest);
}

static cln_grid grid_of(const moments *m, uint64_t stretches)
{
    return (cln_grid){{cln_ceil_divide(m->stride, m->group * m->vector), stretches}, {m->group, 1}};
}

static cln_status write_row(moments *m, cl_mem to, const float *row, cln_error *error)
{
    return cln_buffer_write(m->device, to, 0, m->stride * sizeof(float), row, error);
}

/* c is the first row, and the powers of two are 1. */
static cln_status centre_on_first_row(moments *m, cln_error *error)
{
    cln_status status;
    cln_rows rows;
    TRY(cln_resident_rows(m->resident, m->order, m->first, 1, &rows, error));
    const cln_argument arguments[] = {CLN_ARG(rows.x), CLN_ARG(rows.order), CLN_ARG(rows.first), CLN_ARG(m->c)};
    TRY(cln_launch(m->device, m->first_row, grid_of(m, 1), arguments, CLN_COUNT(arguments), error));
    TRY(cln_buffer_read(m->device, m->c, 0, m->stride * sizeof(float), m->h_c, error));
    for (uint32_t j = 0; j < m->stride; j++)
        m->h_unit[j] = 1;
    TRY(write_row(m, m->unit, m->h_unit, error));
out:
    return status;
}

/* c is the mean that the sums say, as a float. */
static cln_status centre_on_mean(moments *m, cln_error *error)
{
    for (uint32_t j = 0; j < m->d; j++)
        m->h_c[j] = (float)((double)m->h_c[j] + m->sums[j] / (double)m->rows);
    return write_row(m, m->c, m->h_c, error);
}

static cln_status add_block(moments *m, uint64_t first, uint32_t count, cln_error *error)
{
    cln_status status;
    cln_rows rows;
    uint64_t stretches = cln_ceil_divide(count, STRETCH);
    TRY(cln_resident_rows(m->resident, m->order, first, count, &rows, error));
    const cln_argument arguments[] = {CLN_ARG(rows.x), CLN_ARG(rows.order), CLN_ARG(rows.first), CLN_ARG(rows.count),
                                      CLN_ARG(m->c),   CLN_ARG(m->unit),    CLN_ARG(m->partials)};
    TRY(cln_launch(m->device, m->sum, grid_of(m, stretches), arguments, CLN_COUNT(arguments), error));
    TRY(cln_buffer_read(m->device, m->partials, 0, stretches * KINDS * m->stride * sizeof(float), m->h_partials,
                        error));
    for (uint64_t i = 0; i < stretches; i++)
        for (uint32_t j = 0; j < m->d; j++) {
            m->sums[j] += (double)m->h_partials[KINDS * i * m->stride + j];
            m->squares[j] += (double)m->h_partials[(KINDS * i + 1) * m->stride + j];
            m->largest[j] = fmax(m->largest[j], (double)m->h_partials[(KINDS * i + 2) * m->stride + j]);
        }
out:
    return status;
}

/* A pass over all rows. */
static cln_status add_all(moments *m, cln_error *error)
{
    cln_status status = CLN_OK;
    for (uint32_t j = 0; j < m->d; j++)
        m->sums[j] = m->squares[j] = m->largest[j] = 0;
    for (uint64_t done = 0; done < m->rows && status == CLN_OK; done += m->block) {
        uint64_t left = m->rows - done;
        status = add_block(m, m->first + done, left < m->block ? (uint32_t)left : m->block, error);
    }
    return status;
}

/* Brings each column to about 1. Where the sums of the first pass are beyond what float carries, it is made again. */
static cln_status scale_columns(moments *m, cln_error *error)
{
    cln_status status;
    bool again = false;
    for (uint32_t j = 0; j < m->d; j++) {
        bool usual = m->largest[j] > 0 && isfinite(m->largest[j]);
        int exponent = usual ? ilogb(m->largest[j]) : 0;
        again |= exponent < LEAST_EXPONENT || exponent > MOST_EXPONENT;
        exponent = exponent < -127 ? -127 : exponent > 126 ? 126 : exponent; /* 2^±: normal floats */
        m->h_unit[j] = ldexpf(1, -exponent);
        m->h_c[j] *= m->h_unit[j];
        m->sums[j] *= (double)m->h_unit[j];
    }
    TRY(write_row(m, m->unit, m->h_unit, error));
    if (again) {
        TRY(write_row(m, m->c, m->h_c, error));
        TRY(add_all(m, error));
    }
out:
    return status;
}

static cln_status conclude(const moments *m, double *mean, double *deviation, cln_error *error)
{
    double n = (double)m->rows;
    for (uint32_t j = 0; j < m->d; j++) {
        double beside = m->sums[j] / n, variance = m->squares[j] / n - beside * beside, unit = (double)m->h_unit[j];
        mean[j] = ((double)m->h_c[j] + beside) / unit;
        if (!isfinite(mean[j]) || !isfinite(variance))
            return cln_fail(error, CLN_DEVICE, "the device computes no finite mean and deviation of column %u (from 0)",
                            j);
        deviation[j] = variance > 0 ? sqrt(variance) / unit : 0;
    }
    return CLN_OK;
}

static void measure(moments *m, uint32_t d, uint32_t block_rows)
{
    m->d = d;
    m->stride = cln_layout_of(d, 1).stride;
    m->block = BLOCK_FEATURES / m->stride / STRETCH * STRETCH;
    m->block = m->block < STRETCH ? STRETCH : m->block > BLOCK_ROWS ? BLOCK_ROWS : m->block;
    m->block = m->block > block_rows ? block_rows : m->block;
}

uint64_t cln_moments_count(cln_device *dry, uint32_t d, uint32_t block_rows)
{
    moments m = {.device = dry};
    measure(&m, d, block_rows);
    create_buffers(&m, NULL);
    return (partials_of(&m) + 2 * m.stride) * sizeof(float) + 3 * (uint64_t)d * sizeof(double);
}

cln_status cln_moments(cln_device *device, cln_resident *resident, cl_mem order, uint64_t first, uint64_t rows,
                       double *mean, double *deviation, cln_error *error)
{
    cln_status status;
    const cln_dataset_info *info = cln_resident_describe(resident);
    moments m = {.device = device, .resident = resident, .order = order, .first = first, .rows = rows};
    measure(&m, info->features, cln_resident_block_rows(resident));
    TRY(build(&m, info->type, error));
    TRY(create_buffers(&m, error));
    TRY(allocate(&m, error));
    TRY(centre_on_first_row(&m, error));
    TRY(add_all(&m, error));
    if (info->type == CLN_FLOAT32) {
        TRY(scale_columns(&m, error));
        TRY(centre_on_mean(&m, error));
        TRY(add_all(&m, error));
    }
    TRY(conclude(&m, mean, deviation, error));
out:
    release(&m);
    return status;
}
