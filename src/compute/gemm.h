/*
 * Parameters of CLBlast's kernel Xgemm, and those that we take where nothing was measured. Pure functions of facts and sizes, like
 * compute/shapes.h. What each parameter does: CLBlast's src/kernels/level3/xgemm_part1.opencl and doc/tuning.md.
 */
#ifndef CLN_COMPUTE_GEMM_H
#define CLN_COMPUTE_GEMM_H

#include "device/facts.h"

/* One list: members, CLBlast's names and the tuning file's cannot drift apart. */
#define CLN_GEMM_MAP(X)                                                                                                \
    X(gemmk, GEMMK)                                                                                                    \
    X(kreg, KREG)                                                                                                      \
    X(kwg, KWG)                                                                                                        \
    X(kwi, KWI)                                                                                                        \
    X(mdima, MDIMA)                                                                                                    \
    X(mdimc, MDIMC)                                                                                                    \
    X(mwg, MWG)                                                                                                        \
    X(ndimb, NDIMB)                                                                                                    \
    X(ndimc, NDIMC)                                                                                                    \
    X(nwg, NWG)                                                                                                        \
    X(sa, SA)                                                                                                          \
    X(sb, SB)                                                                                                          \
    X(strm, STRM)                                                                                                      \
    X(strn, STRN)                                                                                                      \
    X(vwm, VWM)                                                                                                        \
    X(vwn, VWN)

typedef struct cln_gemm {
#define X(member, name) uint32_t member;
    CLN_GEMM_MAP(X)
#undef X
} cln_gemm;

/* A product c (n,m) = bᵀ·a of a (k,m) and b (k,n), or c = b·a of b (n,k) where `rows` is set; m is CLBlast's contiguous side. */
typedef struct cln_product {
    uint32_t n, m, k;
    bool rows;
} cln_product;

/* The built-in choice for a device and a product: GEMMK is 1 for a product with `rows`, which that kernel takes as it lies, and 0
   for the others. The sizes need not be multiples of anything. */
cln_gemm cln_gemm_choose(const cln_facts *facts, const cln_product *product);

/* Whether CLBlast can build its kernel with these and the device has the work-group and the local memory for it. False for what
   computes wrong results in some version (GEMMK 1 with unequal MWG and NWG, before 1.6.3). */
bool cln_gemm_fits(const cln_facts *facts, const cln_gemm *gemm);

/* The product with each size rounded up so that CLBlast copies nothing. */
cln_product cln_gemm_padded(const cln_gemm *gemm, const cln_product *product);

#endif
