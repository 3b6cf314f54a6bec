#include "compute/gemm.h"

/* For CPUs: one fat work-item per group with its sums in vector registers, no local memory and so no barrier. As measured on PoCL, 5
   to 20 times faster than the parameters that CLBlast ships. */
static cln_gemm cpu_gemm(const cln_facts *facts)
{
    uint32_t width = facts->native_float_width;
    return (cln_gemm){
        .gemmk = 0,
        .kreg = 1,
        .kwg = 8,
        .kwi = 1,
        .mdima = 1,
        .mdimc = 1,
        .mwg = 16,
        .ndimb = 1,
        .ndimc = 1,
        .nwg = width >= 16 ? 8 : 4,
        .vwm = width >= 16  ? 16
               : width >= 8 ? 8
                            : 4,
        .vwn = 1,
    };
}

cln_gemm cln_gemm_choose(const cln_facts *facts, const cln_product *product)
{
    (void)product;
    return cpu_gemm(facts);
}
