/*
 * Matrix products by CLBlast, whose only caller this is. Sizes are those of the operands as they lie, row-major; they are packed so
 * that CLBlast's kernels read them without copying: the index that is summed over is the slow one of both (its native orientation).
 */
#ifndef CLN_COMPUTE_BLAS_H
#define CLN_COMPUTE_BLAS_H

#include "compute/gemm.h"
#include "device/device.h"

/* Makes CLBlast take the kernels that have parameters, and lets go of its objects when the device is closed. */
cln_status cln_blas_prepare(cln_device *device, cln_error *error);

/* c = bᵀ·a + beta·c or, where product->rows is set, c = b·a + beta·c, all row-major and tight: c (n,m), a (k,m), b (k,n) or (n,k).
   Nothing is copied where the sizes are those of cln_gemm_padded. gemm: NULL leaves CLBlast the parameters that it has; others
   than those of this device's last product cost the host half a millisecond. One thread at a time, as CLBlast's first products
   want it. CLN_UNSUPPORTED for matrices that CLBlast's kernels cannot count. */
cln_status cln_blas_product(cln_device *device, const cln_product *product, const cln_gemm *gemm, cl_mem b, cl_mem a,
                            float beta, cl_mem c, cln_error *error);

/* `count` products c = bᵀ·a of one size in one launch, the operands one behind the other. The sizes are those of cln_gemm_padded. */
cln_status cln_blas_products(cln_device *device, const cln_product *product, uint32_t count, const cln_gemm *gemm,
                             cl_mem b, cl_mem a, cl_mem c, cln_error *error);

#endif
