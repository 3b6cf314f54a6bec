#include "measure/moves.h"

#include "base/size.h"

#include <stddef.h>
#include <string.h>

#define S(member, value)                                                                                               \
    {                                                                                                                  \
        offsetof(cln_shape, member), (value)                                                                           \
    }
#define G(member, value)                                                                                               \
    {                                                                                                                  \
        offsetof(cln_gemm, member), (value)                                                                            \
    }

/* Few fat work-items: how many stretches of rows, how many rows to one. */
static const cln_move shape_cpu[] = {
    {{S(split_rows, 300)}, 1}, {{S(split_rows, 150)}, 1}, {{S(split_rows, 38)}, 1}, {{S(split_rows, 100)}, 1},
    {{S(split_rows, 75)}, 1},  {{S(split_rows, 600)}, 1}, {{S(group_rows, 32)}, 1}, {{S(group_rows, 16)}, 1},
    {{S(group_rows, 48)}, 1},  {{S(group_rows, 64)}, 1},
};

/* Stretches for enough groups, lanes to a row, rows to a work-item, the backward pass's work-group. */
static const cln_move shape_gpu[] = {
    {{S(split_rows, 16)}, 1},
    {{S(split_rows, 64)}, 1},
    {{S(split_rows, 128)}, 1},
    {{S(split_rows, 32)}, 1},
    {{S(lanes, 8), S(slots, 8)}, 2},
    {{S(lanes, 16), S(slots, 4)}, 2},
    {{S(lanes, 32), S(slots, 2)}, 2},
    {{S(lanes, 64), S(slots, 1)}, 2},
    {{S(lanes, 16), S(slots, 8)}, 2},
    {{S(lanes, 32), S(slots, 4)}, 2},
    {{S(rows, 2)}, 1},
    {{S(rows, 8)}, 1},
    {{S(rows, 4)}, 1},
    {{S(group, 32)}, 1},
    {{S(group, 64)}, 1},
    {{S(group, 128)}, 1},
    {{S(group, 256)}, 1},
};

/* One fat work-item a group: its tile in registers, the depth of a step. What is narrower than the tile is copied into place, so
   the wide tiles are for wide products. */
static const cln_move gemm_cpu[] = {
    {{G(mwg, 48)}, 1},
    {{G(mwg, 32)}, 1},
    {{G(mwg, 16)}, 1},
    {{G(nwg, 8), G(ndimb, 1), G(ndimc, 1)}, 3},
    {{G(nwg, 16), G(ndimb, 2), G(ndimc, 2)}, 3},
    {{G(nwg, 32), G(ndimb, 4), G(ndimc, 4)}, 3},
    {{G(nwg, 64), G(ndimb, 8), G(ndimc, 8)}, 3},
    {{G(nwg, 16), G(ndimb, 4), G(ndimc, 4)}, 3},
    {{G(nwg, 48), G(ndimb, 8), G(ndimc, 8)}, 3},
    {{G(kwg, 16)}, 1},
    {{G(kwg, 4)}, 1},
    {{G(kwg, 8)}, 1},
    {{G(kwi, 2)}, 1},
    {{G(vwm, 8)}, 1},
};

/* Kernel 1, for rows as they lie: tiles are square. */
static const cln_move gemm_rows[] = {
    {{G(kreg, 2)}, 1},
    {{G(kreg, 4)}, 1},
    {{G(kwg, 16)}, 1},
    {{G(kwg, 4)}, 1},
    {{G(mwg, 8), G(nwg, 8), G(vwm, 8)}, 3},
    {{G(mwg, 32), G(nwg, 32), G(ndimb, 2), G(ndimc, 2)}, 4},
    {{G(mwg, 16), G(nwg, 16), G(ndimb, 2), G(ndimc, 2)}, 4},
};

/* Work-groups of 64 to 256 work-items with tiles of 16 to 128, in local memory or not. */
#define GROUP(m, n, k, groups, vector, local)                                                                          \
    {                                                                                                                  \
        {G(mwg, m),        G(nwg, n),      G(kwg, k),      G(mdimc, groups), G(ndimc, groups), G(mdima, groups),       \
         G(ndimb, groups), G(vwm, vector), G(vwn, vector), G(sa, local),     G(sb, local),     G(kwi, 2)},             \
            12                                                                                                         \
    }
static const cln_move gemm_gpu[] = {
    GROUP(64, 64, 16, 8, 4, 1),
    GROUP(64, 64, 16, 16, 2, 1),
    GROUP(32, 32, 16, 8, 2, 1),
    GROUP(16, 16, 16, 8, 1, 1),
    GROUP(128, 128, 16, 16, 4, 1),
    GROUP(64, 64, 32, 16, 4, 1),
    {{G(mwg, 128), G(nwg, 64)}, 2},
    {{G(mwg, 64), G(nwg, 32)}, 2},
    {{G(mwg, 64), G(nwg, 16)}, 2},
    {{G(mwg, 16), G(nwg, 64)}, 2},
    {{G(kwg, 32)}, 1},
    {{G(kwg, 16)}, 1},
    {{G(kwi, 8)}, 1},
    {{G(sa, 0), G(sb, 0)}, 2},
    {{G(sa, 1), G(sb, 1)}, 2},
    {{G(vwm, 1), G(vwn, 1)}, 2},
    {{G(vwm, 2), G(vwn, 2)}, 2},
    {{G(vwm, 4), G(vwn, 4)}, 2},
    {{G(strm, 1)}, 1},
    {{G(strn, 1)}, 1},
};

cln_moves cln_moves_of_shape(cln_shape_kind kind)
{
    return kind == CLN_SHAPE_CPU ? (cln_moves){shape_cpu, CLN_COUNT(shape_cpu)}
                                 : (cln_moves){shape_gpu, CLN_COUNT(shape_gpu)};
}

cln_moves cln_moves_of_gemm(const cln_facts *facts, const cln_product *product)
{
    if (product->rows)
        return (cln_moves){gemm_rows, CLN_COUNT(gemm_rows)};
    return facts->is_cpu ? (cln_moves){gemm_cpu, CLN_COUNT(gemm_cpu)} : (cln_moves){gemm_gpu, CLN_COUNT(gemm_gpu)};
}

void cln_move_apply(const cln_move *move, void *members)
{
    for (size_t i = 0; i < move->count; i++)
        memcpy((char *)members + move->settings[i].offset, &move->settings[i].value, sizeof(uint32_t));
}
