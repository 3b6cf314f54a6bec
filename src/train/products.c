/* The products that CLBlast has computed so far, which a model names in the order of their first use. */
#include "base/size.h"
#include "train/checkpoint.h"

#include <stdlib.h>

/* Numbers of a product: its sizes, and a parameter each. */
#define PLACE(member, name) PLACE_##member,
enum { CLN_GEMM_MAP(PLACE) PARAMETERS, SIZES = 4, NUMBERS = SIZES + PARAMETERS };

static size_t used_count(const cln_plan *plan)
{
    size_t count = 0;
    while (count < CLN_USED_PRODUCTS && plan->used[count].product.k != 0)
        count++;
    return count;
}

cln_status cln_checkpoint_products(const cln_plan *plan, cln_array *array, int64_t **values, cln_error *error)
{
    size_t count = used_count(plan);
    *array = (cln_array){"products", CLN_I64, count, NUMBERS, NULL};
    if (count == 0)
        return CLN_OK;
    cln_status status = cln_allocate((void **)values, count, NUMBERS * sizeof **values, "products", error);
    if (status != CLN_OK)
        return status;
    array->values = *values;
    for (size_t i = 0; i < count; i++) {
        const cln_used_product *used = &plan->used[i];
        int64_t *to = *values + i * NUMBERS;
        *to++ = used->product.n;
        *to++ = used->product.m;
        *to++ = used->product.k;
        *to++ = used->product.rows;
#define X(member, name) *to++ = used->gemm.member;
        CLN_GEMM_MAP(X)
#undef X
    }
    return CLN_OK;
}

cln_status cln_checkpoint_take_products(cln_plan *plan, cln_container *from, cln_error *error)
{
    cln_status status;
    int64_t values[CLN_USED_PRODUCTS * NUMBERS];
    uint64_t count = 0;
    cln_used_product used[CLN_USED_PRODUCTS] = {0};
    if (!cln_container_has(from, "products"))
        return CLN_OK;
    TRY(cln_container_rows(from, "products", CLN_USED_PRODUCTS, &count, error));
    TRY(cln_container_read(from, "products", CLN_I64, count, NUMBERS, values, error));
    for (size_t i = 0; i < count; i++) {
        const int64_t *at = values + i * NUMBERS;
        used[i].product.n = (uint32_t)*at++;
        used[i].product.m = (uint32_t)*at++;
        used[i].product.k = (uint32_t)*at++;
        used[i].product.rows = *at++ != 0;
#define X(member, name) used[i].gemm.member = (uint32_t)*at++;
        CLN_GEMM_MAP(X)
#undef X
    }
    for (size_t i = 0; i < CLN_USED_PRODUCTS; i++)
        plan->used[i] = used[i];
out:
    return status;
}
