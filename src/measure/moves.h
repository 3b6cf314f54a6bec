/* What the search tries: members of a shape or of CLBlast's parameters set to other values. One table for each, in moves.c. */
#ifndef CLN_MEASURE_MOVES_H
#define CLN_MEASURE_MOVES_H

#include "compute/gemm.h"
#include "compute/shapes.h"

#define CLN_MOVE_SETTINGS 12

/* Members of one struct, all uint32_t, that change together. */
typedef struct cln_move {
    struct {
        size_t offset;
        uint32_t value;
    } settings[CLN_MOVE_SETTINGS];
    size_t count;
} cln_move;

typedef struct cln_moves {
    const cln_move *list; /* (count) */
    size_t count;
} cln_moves;

/* Those that build fast and promise most come first. */
cln_moves cln_moves_of_shape(cln_shape_kind kind);
cln_moves cln_moves_of_gemm(const cln_facts *facts, const cln_product *product);

/* Makes the changes in a cln_shape or a cln_gemm. */
void cln_move_apply(const cln_move *move, void *members);

#endif
