/*
 * Seconds of the matrix products that linear models are made of, a line of JSON for each:
 *
 *     benchmark.products DEVICE openblas|shipped|chosen
 *
 * openblas: OpenBLAS on the host; shipped: CLBlast with its own parameters; chosen: CLBlast with ours. Each in a process of its own,
 * for parameters once taken stay. The operands are small whole numbers, so that every product is exact, whatever the order
 * of its sums: some of its elements are compared with sums in integers before its time is printed. Small products are timed in bursts,
 * as training enqueues them.
 */
#include "base/os.h"
#include "base/random.h"
#include "base/size.h"
#include "compute/blas.h"
#include "device/buffer.h"
#include "device/queue.h"

#include <dlfcn.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_SAMPLES  7
#define BURST_SECONDS 0.05
#define MOST_SECONDS  1.0  /* of one product's samples, but one sample at least */
#define WARM_SUM      1024 /* elements of the sums of the product that compiles and warms */
#define LARGEST       4    /* of an operand's elements; 60,000·4² < 2²⁴, so that sums are exact in float */
#define CHECKED       200

/* c (n,m) = bᵀ·a for a (k,m) and b (k,n). */
static const struct {
    const char *name;
    cln_product size;
} products[] = {
    {"XᵀX of 60,000 rows, d=784", {.n = 784, .m = 784, .k = 60000}},
    {"1024³", {.n = 1024, .m = 1024, .k = 1024}},
    {"logits, batch 600, d=784, k=10", {.n = 600, .m = 10, .k = 784}},
    {"gradient, batch 600, d=784, k=10", {.n = 10, .m = 784, .k = 600}},
    {"logits, batch 600, d=784, k=100", {.n = 600, .m = 100, .k = 784}},
    {"gradient, batch 600, d=784, k=100", {.n = 100, .m = 784, .k = 600}},
    {"logits, batch 600, d=784, k=1000", {.n = 600, .m = 1000, .k = 784}},
    {"gradient, batch 600, d=784, k=1000", {.n = 1000, .m = 784, .k = 600}},
    {"logits, batch 600, d=10000, k=10", {.n = 600, .m = 10, .k = 10000}},
    {"gradient, batch 600, d=10000, k=10", {.n = 10, .m = 10000, .k = 600}},
    {"logits, batch 600, d=10000, k=100", {.n = 600, .m = 100, .k = 10000}},
    {"gradient, batch 600, d=10000, k=100", {.n = 100, .m = 10000, .k = 600}},
};

typedef void sgemm_fn(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha, const float *a,
                      int lda, const float *b, int ldb, float beta, float *c, int ldc);

/* One product and who computes it. */
typedef struct work {
    cln_product size; /* as multiplied: padded where we choose the parameters, as our engine pads */
    cln_product true_size;
    float *a, *b, *c; /* (k,m), (k,n), (n,m) */
    sgemm_fn *sgemm;  /* NULL: CLBlast */
    cln_device *device;
    const cln_gemm *gemm; /* NULL: CLBlast's own */
    cl_mem d_a, d_b, d_c;
} work;

static cln_status multiply(work *w, uint32_t sum, uint32_t times, cln_error *error)
{
    enum { ROW_MAJOR = 101, NO_TRANSPOSE = 111, TRANSPOSE = 112 };
    cln_status status = CLN_OK;
    int n = (int)w->size.n, m = (int)w->size.m;
    for (uint32_t i = 0; i < times && w->sgemm; i++)
        w->sgemm(ROW_MAJOR, TRANSPOSE, NO_TRANSPOSE, n, m, (int)sum, 1, w->b, n, w->a, m, 0, w->c, m);
    if (w->sgemm)
        return status;
    cln_product size = w->size;
    size.k = sum;
    for (uint32_t i = 0; i < times; i++)
        TRY(cln_blas_product(w->device, &size, w->gemm, w->d_b, w->d_a, 0, w->d_c, error));
    TRY(cln_queue_finish(w->device, error));
out:
    return status;
}

/* Rows of `columns` numbers; zero where the padding is. */
static void fill(cln_random *random, float *x, uint32_t rows, uint32_t columns, uint32_t true_rows,
                 uint32_t true_columns)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++)
            x[i * columns + j] =
                i < true_rows && j < true_columns ? (float)cln_random_below(random, 2 * LARGEST + 1) - LARGEST : 0;
}

static cln_status prepare(work *w, cln_error *error)
{
    cln_status status;
    uint32_t n = w->size.n, m = w->size.m, k = w->size.k;
    size_t a = (size_t)k * m, b = (size_t)k * n, c = (size_t)n * m;
    cln_random random;
    cln_random_seed(&random, 1, 0);
    w->a = malloc(a * sizeof *w->a);
    w->b = malloc(b * sizeof *w->b);
    w->c = calloc(c, sizeof *w->c);
    if (!w->a || !w->b || !w->c)
        return cln_fail(error, CLN_MEMORY, "cannot hold the operands: the host is out of memory");
    fill(&random, w->a, k, m, w->true_size.k, w->true_size.m);
    fill(&random, w->b, k, n, w->true_size.k, w->true_size.n);
    if (w->sgemm)
        return CLN_OK;
    TRY(cln_buffer_create(w->device, "a", a * sizeof *w->a, &w->d_a, error));
    TRY(cln_buffer_create(w->device, "b", b * sizeof *w->b, &w->d_b, error));
    TRY(cln_buffer_create(w->device, "c", c * sizeof *w->c, &w->d_c, error));
    TRY(cln_buffer_write(w->device, w->d_a, 0, a * sizeof *w->a, w->a, error));
    TRY(cln_buffer_write(w->device, w->d_b, 0, b * sizeof *w->b, w->b, error));
out:
    return status;
}

static void release(work *w)
{
    if (w->device) {
        cln_buffer_release(w->device, &w->d_a);
        cln_buffer_release(w->device, &w->d_b);
        cln_buffer_release(w->device, &w->d_c);
    }
    free(w->a);
    free(w->b);
    free(w->c);
}

static cln_status verify(work *w, const char *name, cln_error *error)
{
    cln_status status = CLN_OK;
    size_t n = w->size.n, m = w->size.m;
    cln_random random;
    cln_random_seed(&random, 2, 0);
    if (!w->sgemm)
        TRY(cln_buffer_read(w->device, w->d_c, 0, n * m * sizeof *w->c, w->c, error));
    for (int i = 0; i < CHECKED; i++) {
        size_t row = cln_random_below(&random, w->true_size.n), column = cln_random_below(&random, w->true_size.m);
        long sum = 0;
        for (size_t k = 0; k < w->true_size.k; k++)
            sum += (long)w->b[k * n + row] * (long)w->a[k * m + column];
        if (w->c[row * m + column] != (float)sum)
            return cln_fail(error, CLN_DEVICE, "%s is wrong at (%zu,%zu): %g where %ld is right", name, row, column,
                            (double)w->c[row * m + column], sum);
    }
out:
    return status;
}

/* The first time tells how many make a burst; one that is long enough is a sample already. */
static cln_status sample(work *w, json_t *samples, cln_error *error)
{
    cln_status status;
    uint32_t times = 1;
    for (double all = 0; json_array_size(samples) < MOST_SAMPLES && all < MOST_SECONDS;) {
        double start = cln_os_seconds();
        TRY(multiply(w, w->size.k, times, error));
        double seconds = cln_os_seconds() - start;
        all += seconds;
        if (times == 1 && seconds < BURST_SECONDS)
            times = (uint32_t)(BURST_SECONDS / seconds) + 2;
        else
            json_array_append_new(samples, json_real(seconds / times));
    }
out:
    return status;
}

static cln_status measure(cln_device *device, sgemm_fn *sgemm, bool chosen, size_t index, cln_error *error)
{
    cln_status status;
    cln_product size = products[index].size;
    work w = {.size = size, .true_size = size, .sgemm = sgemm, .device = device};
    cln_gemm gemm;
    json_t *samples = json_array();
    if (chosen) {
        gemm = cln_gemm_choose(&device->facts, &size);
        w.size = cln_gemm_padded(&gemm, &size);
        w.gemm = &gemm;
    }
    TRY(prepare(&w, error));
    TRY(multiply(&w, w.size.k < WARM_SUM ? w.size.k : WARM_SUM, 1, error));
    TRY(sample(&w, samples, error));
    TRY(verify(&w, products[index].name, error));

    json_t *line = json_pack("{s:s, s:s, s:O, s:f}", "case", products[index].name, "unit", "s", "samples", samples,
                             "flop", 2.0 * size.n * size.m * size.k);
    if (device) {
        const cln_device_info *info = cln_device_describe(device);
        json_object_set_new(line, "device", json_string(info->name));
        json_object_set_new(line, "platform", json_string(info->platform));
        json_object_set_new(line, "driver", json_string(info->driver));
    }
    json_dumpf(line, stdout, JSON_REAL_PRECISION(9));
    printf("\n");
    fflush(stdout);
    json_decref(line);
out:
    json_decref(samples);
    release(&w);
    return status;
}

static int usage(void)
{
    fprintf(stderr, "usage: benchmark.products DEVICE openblas|shipped|chosen\n");
    return 2;
}

int main(int count, char **words)
{
    if (count != 3)
        return usage();
    bool openblas = strcmp(words[2], "openblas") == 0, chosen = strcmp(words[2], "chosen") == 0;
    if (!openblas && !chosen && strcmp(words[2], "shipped") != 0)
        return usage();

    cln_status status = CLN_OK;
    cln_error failure = {0}, *error = &failure;
    cln_device *device = NULL;
    sgemm_fn *sgemm = NULL;
    if (openblas) {
        void *library = dlopen("libopenblas.so.0", RTLD_NOW);
        void *symbol = library ? dlsym(library, "cblas_sgemm") : NULL;
        if (!symbol) {
            printf("{\"reason\": \"no OpenBLAS: install libopenblas0-pthread\"}\n");
            return 0;
        }
        memcpy(&sgemm, &symbol, sizeof sgemm);
    } else {
        TRY(cln_device_open(words[1], &device, error));
    }
    if (chosen)
        TRY(cln_blas_prepare(device, error));
    for (size_t i = chosen ? 1 : 0; i < CLN_COUNT(products); i++) /* the Gram matrix has a program of its own */
        TRY(measure(device, sgemm, chosen, i, error));
out:
    if (status != CLN_OK)
        fprintf(stderr, "%s\n", failure.message);
    cln_device_close(device);
    return status != CLN_OK;
}
