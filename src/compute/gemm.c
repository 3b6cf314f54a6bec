#include "compute/gemm.h"

#include "base/size.h"

/* ---- CPUs: every work-item works alone, with its sums in vector registers, no local memory and so no barrier. As measured on PoCL
   with AVX-512, in floating-point operations a second: 70 to 80 % of OpenBLAS's, 5 to 20 times what CLBlast ships. */

static uint32_t cpu_width(const cln_facts *facts)
{
    return facts->native_float_width >= 16 ? 16 : facts->native_float_width >= 8 ? 8 : 4;
}

/* Sums of `vectors` vectors by `outputs` in an item, `items` items along n in a group. KWG is the unrolled part of the loop over k. */
static cln_gemm cpu_tile(uint32_t width, uint32_t vectors, uint32_t outputs, uint32_t items)
{
    return (cln_gemm){
        .kreg = 1,
        .kwg = 8,
        .kwi = 1,
        .mdima = 1,
        .mdimc = 1,
        .mwg = vectors * width,
        .ndimb = items,
        .ndimc = items,
        .nwg = items * outputs,
        .vwm = width,
        .vwn = 1,
    };
}

/* Kernel 1: a vector by as many numbers, so that both sides of the tile are equal. Vectors of 4 leave registers for two. */
static cln_gemm cpu_rows(uint32_t width)
{
    cln_gemm gemm = width == 4 ? cpu_tile(4, 2, 4, 2) : cpu_tile(width, 1, width, 1);
    gemm.gemmk = 1;
    return gemm;
}

/* As many vectors as registers allow, fewer where they would pad m by more than a sixteenth. */
static uint32_t cpu_vectors(uint32_t width, uint32_t m)
{
    uint32_t vectors = width == 16 ? 3 : 2;
    while (vectors > 1 && cln_round_up(m, vectors * width) > cln_round_up(m, width) + m / 16)
        vectors--;
    return vectors;
}

/* Items that share their part of `a` in the first cache: up to 14, fewer where they would pad n by more than a twenty-fifth. */
static uint32_t cpu_items(uint32_t outputs, uint32_t n)
{
    uint32_t best = 1;
    for (uint32_t items = 14; items > 1; items--) {
        uint32_t padded = cln_round_up(n, items * outputs);
        if (padded <= n + n / 25)
            return items;
        if (padded < cln_round_up(n, best * outputs))
            best = items;
    }
    return best;
}

static cln_gemm cpu_gemm(const cln_facts *facts, const cln_product *product)
{
    uint32_t width = cpu_width(facts), outputs = width == 16 ? 8 : 4;
    if (product->rows)
        return cpu_rows(width);
    return cpu_tile(width, cpu_vectors(width, product->m), outputs, cpu_items(outputs, product->n));
}

/* ---- GPUs: tiles of both operands in local memory, 4 to 64 sums a work-item */

/* From the largest on: an item's sums are MWG·NWG / (MDIMC·NDIMC). */
static const cln_gemm gpu_tiles[] = {
    {0, 1, 16, 2, 16, 16, 128, 16, 16, 128, 1, 1, 0, 0, 4, 4}, /* 8·8 sums, 256 items */
    {0, 1, 16, 2, 16, 16, 64, 16, 8, 64, 1, 1, 0, 0, 4, 4},    /* 4·8 sums, 128 items */
    {0, 1, 16, 2, 8, 8, 32, 8, 8, 32, 1, 1, 0, 0, 4, 4},       /* 4·4 sums, 64 items */
    {0, 1, 16, 2, 16, 16, 64, 4, 4, 16, 1, 1, 0, 0, 4, 4},     /* narrow: 4·4 sums, 64 items */
};
#define LARGE  0
#define MIDDLE 1
#define SMALL  2
#define NARROW 3

/* The PCI bus's numbers. */
#define AMD   0x1002
#define INTEL 0x8086

static uint64_t tiles_of(const cln_gemm *gemm, const cln_product *product)
{
    return cln_ceil_divide(product->m, gemm->mwg) * cln_ceil_divide(product->n, gemm->nwg);
}

/* The largest tile that still gives every compute unit two work-groups, for one hides the other's barriers. 64 sums an item spill on
   Intel, whose items have 128 registers of 32 bytes for 8 or 16 of them; AMD's groups are best of whole wavefronts of 64. */
static cln_gemm gpu_gemm(const cln_facts *facts, const cln_product *product)
{
    uint64_t enough = 2 * (uint64_t)facts->info.compute_units;
    uint32_t pick = facts->vendor_id == INTEL ? MIDDLE : LARGE;
    while (pick < SMALL && tiles_of(&gpu_tiles[pick], product) < enough)
        pick++;
    if (product->n <= 16)
        pick = NARROW;
    cln_gemm gemm = gpu_tiles[pick];
    if (pick == MIDDLE && facts->vendor_id == AMD)
        gemm.ndimb = gemm.ndimc = 16; /* 4·4 sums, 256 items: four wavefronts */
    return gemm;
}

cln_gemm cln_gemm_choose(const cln_facts *facts, const cln_product *product)
{
    cln_gemm gemm = cpu_gemm(facts, product);
    if (facts->is_cpu || product->rows)
        return gemm;
    cln_gemm tile = gpu_gemm(facts, product);
    if (cln_gemm_fits(facts, &tile))
        return tile;
    tile = gpu_tiles[SMALL];
    return cln_gemm_fits(facts, &tile) ? tile : cpu_tile(4, 1, 4, 1); /* items that work alone run everywhere */
}

/* ---- what CLBlast's kernel asks for */

#define SIDE_MAX 256  /* of a tile, in elements */
#define SUMS_MAX 1024 /* of a work-item: more chokes compilers */

static bool is_width(uint32_t width)
{
    return width == 1 || width == 2 || width == 4 || width == 8 || width == 16;
}

static bool is_size(uint32_t size)
{
    return size >= 1 && size <= SIDE_MAX;
}

static bool divides(uint32_t unit, uint32_t size)
{
    return unit > 0 && size % unit == 0;
}

static bool in_range(const cln_gemm *g)
{
    return g->gemmk <= 1 && is_size(g->kreg) && is_size(g->kwg) && is_size(g->kwi) && is_size(g->mdima) &&
           is_size(g->mdimc) && is_size(g->mwg) && is_size(g->ndimb) && is_size(g->ndimc) && is_size(g->nwg) &&
           g->sa <= 1 && g->sb <= 1 && g->strm <= 1 && g->strn <= 1 && is_width(g->vwm) && is_width(g->vwn);
}

/* Kernel 0 has no registers along k; kernel 1 no local memory and no strides, and takes whole vectors of n along k. */
static bool kernel_takes(const cln_gemm *g)
{
    if (g->gemmk == 0)
        return g->kreg == 1;
    return g->mwg == g->nwg && divides(g->vwn, g->kreg) && !g->sa && !g->sb && !g->strm && !g->strn;
}

/* The items of a group load a tile of `side` by KWG into local memory, `across` of them side by side and the others behind. */
static bool tile_loads(const cln_gemm *g, uint32_t side, uint32_t across, uint32_t vector)
{
    uint32_t items = g->mdimc * g->ndimc;
    return divides(across, items) && divides(items / across, g->kwg) && divides(across * vector, side);
}

bool cln_gemm_fits(const cln_facts *facts, const cln_gemm *g)
{
    if (!in_range(g) || !kernel_takes(g))
        return false;
    uint32_t items = g->mdimc * g->ndimc;
    uint64_t local = 4ull * g->kwg * (g->sa * g->mwg + g->sb * g->nwg);
    bool tiles = divides(g->mdimc * g->vwm, g->mwg) && divides(g->ndimc * g->vwn, g->nwg) && divides(g->kwi, g->kwg);
    bool loads =
        (!g->sa || tile_loads(g, g->mwg, g->mdima, g->vwm)) && (!g->sb || tile_loads(g, g->nwg, g->ndimb, g->vwn));
    return tiles && loads && g->mwg * g->nwg / items <= SUMS_MAX && items <= facts->max_group_size &&
           local <= facts->info.local_bytes;
}

cln_product cln_gemm_padded(const cln_gemm *gemm, const cln_product *product)
{
    return (cln_product){cln_round_up(product->n, gemm->nwg), cln_round_up(product->m, gemm->mwg),
                         cln_round_up(product->k, gemm->kwg * gemm->kreg), product->rows};
}
