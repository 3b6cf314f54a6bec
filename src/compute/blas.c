#include "compute/blas.h"

#include "base/size.h"
#include "device/stand_in.h"
#include "device/words.h"

#include <clblast_c.h>

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

static cln_status take(cln_device *device, const cln_gemm *gemm, cln_error *error)
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

cln_status cln_blas_product(cln_device *device, const cln_product *product, const cln_gemm *gemm, cl_mem b, cl_mem a,
                            float beta, cl_mem c, cln_error *error)
{
    uint32_t n = product->n, m = product->m, k = product->k;
    uint64_t nm = (uint64_t)n * m, mk = (uint64_t)m * k, nk = (uint64_t)n * k;
    uint64_t most = nm > mk ? nm : mk;
    most = most > nk ? most : nk;
    if (most > INT32_MAX) /* its kernels count elements in an int */
        return cln_fail(
            error, CLN_UNSUPPORTED,
            "CLBlast cannot multiply a matrix of %llu elements, only up to %d; use fewer features or outputs",
            (unsigned long long)most, INT32_MAX);

    if (gemm) {
        cln_status status = take(device, gemm, error);
        if (status != CLN_OK)
            return status;
    }
    cln_stand_in_begin(device);
    /* In CLBlast's column-major words: C (m,n) = A·Bᵀ with A (m,k) and B (n,k). */
    CLBlastStatusCode code = CLBlastSgemm(CLBlastLayoutColMajor, CLBlastTransposeNo, CLBlastTransposeYes, m, n, k, 1.0f,
                                          a, 0, m, b, 0, n, beta, c, 0, m, &device->queue, NULL);
    cln_stand_in_end();
    return check(error, code, "multiply matrices");
}
