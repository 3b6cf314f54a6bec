#include "compute/blas.h"

#include "base/os.h"
#include "base/size.h"
#include "compute/work.h"
#include "device/buffer.h"
#include "device/stand_in.h"
#include "device/words.h"

#include <clblast_c.h>
#include <string.h>

/* Codes that are CLBlast's own. Those in common with OpenCL keep OpenCL's words. */
static const struct {
    int code;
    const char *words;
} clblast_words[] = {
    {CLBlastNotImplemented, "not implemented"},
    {CLBlastInvalidMatrixA, "matrix A is no valid buffer"},
    {CLBlastInvalidMatrixB, "matrix B is no valid buffer"},
    {CLBlastInvalidMatrixC, "matrix C is no valid buffer"},
    {CLBlastInvalidDimension, "a dimension is zero"},
    {CLBlastInvalidLeadDimA, "the leading dimension of A is too small"},
    {CLBlastInvalidLeadDimB, "the leading dimension of B is too small"},
    {CLBlastInvalidLeadDimC, "the leading dimension of C is too small"},
    {CLBlastInsufficientMemoryA, "the buffer of A is too small"},
    {CLBlastInsufficientMemoryB, "the buffer of B is too small"},
    {CLBlastInsufficientMemoryC, "the buffer of C is too small"},
    {CLBlastInsufficientMemoryTemp, "the temporary buffer is too small"},
    {CLBlastInvalidOverrideKernel, "no kernel of that name has parameters"},
    {CLBlastMissingOverrideParameter, "a parameter of the kernel is missing"},
    {CLBlastInvalidLocalMemUsage, "the device has too little local memory for the kernel"},
    {CLBlastDatabaseError, "the device is not in CLBlast's database"},
    {CLBlastUnknownError, "unknown error"},
    {CLBlastUnexpectedError, "unexpected exception"},
};

static cln_status check(cln_error *error, CLBlastStatusCode code, const char *operation)
{
    if (code == CLBlastSuccess)
        return CLN_OK;
    for (size_t i = 0; i < CLN_COUNT(clblast_words); i++)
        if (clblast_words[i].code == (int)code)
            return cln_fail(error, CLN_DEVICE, "CLBlast cannot %s: %s (code %d); try --engine fused", operation,
                            clblast_words[i].words, (int)code);
    return cln_check_cl(error, (cl_int)code, "let CLBlast %s", operation);
}

/* CLBlast's programs keep the context alive until its cache is cleared. */
static void clear_cache(void)
{
    CLBlastClearCache();
}

/* What CLBlast has been told for a device, process-wide as CLBlast's own table is: telling it again takes half a millisecond. */
#define TOLD_MOST 16
static struct {
    cl_device_id device;
    cln_gemm gemm;
} told[TOLD_MOST];
static size_t told_count;

static cln_status override(cln_device *device, const cln_gemm *gemm, cln_error *error)
{
#define X(member, name) #name,
    const char *names[] = {CLN_GEMM_MAP(X)};
#undef X
#define X(member, name) gemm->member,
    const size_t values[] = {CLN_GEMM_MAP(X)};
#undef X
    return check(
        error, CLBlastOverrideParameters(device->id, "Xgemm", CLBlastPrecisionSingle, CLN_COUNT(values), names, values),
        "take our parameters for Xgemm");
}

static cln_status take(cln_device *device, const cln_gemm *gemm, cln_error *error)
{
    size_t i = 0;
    while (i < told_count && told[i].device != device->id)
        i++;
    if (i < told_count && memcmp(&told[i].gemm, gemm, sizeof *gemm) == 0)
        return CLN_OK;
    cln_status status = override(device, gemm, error);
    if (status != CLN_OK || i == TOLD_MOST)
        return status;
    told[i].device = device->id;
    told[i].gemm = *gemm;
    told_count += i == told_count;
    return CLN_OK;
}

/* Never the direct kernel, which has barriers. */
static cln_status always_indirect(cln_device *device, cln_error *error)
{
    const char *limit = "XGEMM_MIN_INDIRECT_SIZE";
    const size_t always = 0;
    return check(error,
                 CLBlastOverrideParameters(device->id, "GemmRoutine", CLBlastPrecisionSingle, 1, &limit, &always),
                 "take our parameters for GemmRoutine");
}

cln_status cln_blas_prepare(cln_device *device, cln_error *error)
{
    device->before_close = clear_cache;
    return device->facts.is_cpu ? always_indirect(device, error) : CLN_OK;
}

/* Its kernels count elements in an int. */
static cln_status check_size(const cln_product *product, uint32_t count, cln_error *error)
{
    uint64_t n = product->n, m = product->m, k = product->k, nm = n * m, mk = m * k, nk = n * k;
    uint64_t most = nm > mk ? nm : mk;
    most = (most > nk ? most : nk);
    return most <= INT32_MAX / count
               ? CLN_OK
               : cln_fail(
                     error, CLN_UNSUPPORTED,
                     "CLBlast cannot multiply a matrix of %llu elements, only up to %d; use fewer features or outputs",
                     (unsigned long long)most, INT32_MAX / (int)count);
}

/* In CLBlast's column-major words C (m,n) = A·Bᵀ with A (m,k) and B (n,k); for b (n,k) in its row-major words C (n,m) = B·A. */
static CLBlastStatusCode multiply(cln_device *device, const cln_product *product, cl_mem b, cl_mem a, float beta,
                                  cl_mem c)
{
    uint32_t n = product->n, m = product->m, k = product->k;
    cln_profile_expect(device, cln_work_product(product));
    cl_event *event = cln_profile_command(device, CLN_PROFILE_CLBLAST, "CLBlast %ux%ux%u", n, m, k);
    if (product->rows)
        return CLBlastSgemm(CLBlastLayoutRowMajor, CLBlastTransposeNo, CLBlastTransposeNo, n, m, k, 1.0f, b, 0, k, a, 0,
                            m, beta, c, 0, m, &device->queue, event);
    return CLBlastSgemm(CLBlastLayoutColMajor, CLBlastTransposeNo, CLBlastTransposeYes, m, n, k, 1.0f, a, 0, m, b, 0, n,
                        beta, c, 0, m, &device->queue, event);
}

/* One thread at a time: the parameters are the process's, and CLBlast's first products fail side by side before 1.6.1. */
static cln_status multiply_with(cln_device *device, const cln_product *product, const cln_gemm *gemm, cl_mem b,
                                cl_mem a, float beta, cl_mem c, cln_error *error)
{
    cln_os_lock();
    cln_stand_in_begin(device);
    cln_status status = gemm ? take(device, gemm, error) : CLN_OK;
    if (status == CLN_OK)
        status = check(error, multiply(device, product, b, a, beta, c), "multiply matrices");
    cln_stand_in_end();
    cln_os_unlock();
    return status;
}

/* On a CPU a work-group walks k rows of `a` and `b`, each in a page of its own: 512 to 768 stay in the second cache and in the table of
   pages. As measured with AVX-512, of 230 GFLOP/s are left 200 at k = 768, 120 at 1,536, 44 at 10,032. */
#define CPU_SLICE 768

cln_status cln_blas_product(cln_device *device, const cln_product *product, const cln_gemm *gemm, cl_mem b, cl_mem a,
                            float beta, cl_mem c, cln_error *error)
{
    cln_status status;
    cl_mem slice_a = NULL, slice_b = NULL;
    uint32_t k = product->k, slices = (uint32_t)cln_ceil_divide(k, CPU_SLICE);
    uint32_t most = cln_round_up((uint32_t)cln_ceil_divide(k, slices), 32); /* parts of buffers begin at 128 bytes */
    TRY(check_size(product, 1, error));
    if (!device->facts.is_cpu || product->rows || slices == 1)
        return multiply_with(device, product, gemm, b, a, beta, c, error);

    for (uint32_t first = 0; first < k; first += most) {
        cln_product slice = *product;
        slice.k = k - first < most ? k - first : most;
        uint64_t m = product->m * sizeof(float), n = product->n * sizeof(float);
        TRY(cln_buffer_part(device, a, first * m, slice.k * m, &slice_a, error));
        TRY(cln_buffer_part(device, b, first * n, slice.k * n, &slice_b, error));
        TRY(multiply_with(device, &slice, gemm, slice_b, slice_a, first ? 1 : beta, c, error));
        cln_buffer_part_release(&slice_a);
        cln_buffer_part_release(&slice_b);
    }
out:
    cln_buffer_part_release(&slice_a);
    cln_buffer_part_release(&slice_b);
    return status;
}

cln_status cln_blas_products(cln_device *device, const cln_product *product, uint32_t count, const cln_gemm *gemm,
                             cl_mem b, cl_mem a, cl_mem c, cln_error *error)
{
    uint32_t n = product->n, m = product->m, k = product->k;
    cln_status status = check_size(product, count, error);
    if (status != CLN_OK)
        return status;
    cln_os_lock();
    cln_stand_in_begin(device);
    status = take(device, gemm, error);
    if (status == CLN_OK) {
        cln_work one = cln_work_product(product);
        cln_profile_expect(device, (cln_work){count * one.operations, count * one.bytes});
        cl_event *event =
            cln_profile_command(device, CLN_PROFILE_CLBLAST, "CLBlast %ux%ux%u, %u at once", n, m, k, count);
        status = check(error,
                       CLBlastSgemmStridedBatched(CLBlastLayoutColMajor, CLBlastTransposeNo, CLBlastTransposeYes, m, n,
                                                  k, 1.0f, a, 0, m, (size_t)m * k, b, 0, n, (size_t)n * k, 0.0f, c, 0,
                                                  m, (size_t)m * n, count, &device->queue, event),
                       "multiply batches of matrices");
    }
    cln_stand_in_end();
    cln_os_unlock();
    return status;
}
