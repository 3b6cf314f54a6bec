/*
 * Matrix products by CLBlast, whose only caller this is. Sizes are those of the operands as they lie, row-major; they are packed so
 * that CLBlast's kernels read them without copying: the index that is summed over is the slow one of both (its native orientation).
 */
#ifndef CLN_COMPUTE_BLAS_H
#define CLN_COMPUTE_BLAS_H

#include "compute/gemm.h"
#include "device/device.h"

/* Operands are multiples of this many rows and columns. */
#define CLN_BLAS_PAD 16

/* Makes CLBlast take the kernels that have parameters, and lets go of its objects when the device is closed. */
cln_status cln_blas_prepare(cln_device *device, cln_error *error);

/* c (n,m) = bᵀ·a + beta·c for a (k,m) and b (k,n), all row-major and tight. gemm: NULL leaves CLBlast its own parameters.
   CLN_UNSUPPORTED for matrices that CLBlast's kernels cannot count. */
cln_status cln_blas_product(cln_device *device, const cln_product *product, const cln_gemm *gemm, cl_mem b, cl_mem a,
                            float beta, cl_mem c, cln_error *error);

#endif
