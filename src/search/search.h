/* A search's state, shared by its files: search.c (life, ranking, the best again), run.c (what is trained when), stack.c
   (trainings side by side). */
#ifndef CLN_SEARCH_SEARCH_H
#define CLN_SEARCH_SEARCH_H

#include "search/grid.h"
#include "search/state.h"
#include "train/warnings.h"

typedef enum cln_search_had { CLN_NOT_YET, CLN_TRAINED, CLN_RESUMED } cln_search_had;

struct cln_search {
    cln_device *device;
    cln_options *base;
    cln_option_grid *grid;
    cln_parts parts;
    uint32_t folds;                               /* 0: a validation part */
    uint32_t rounds;                              /* trainings of a configuration: its folds, or 1 */
    cln_selection selection;                      /* without the test part */
    const char *selected_model, *selected_target; /* what it was made for; NULL: there is none */
    cln_search_state *state;                      /* NULL: none is kept */
    cln_search_unit *units;                       /* (configurations, rounds) */
    cln_search_had *had;                          /* (configurations, rounds): whether that unit is there */
    uint64_t done;                                /* units */
    cln_warnings warnings;
};

static inline size_t cln_search_at(const cln_search *search, uint32_t configuration, uint32_t round)
{
    return (size_t)configuration * search->rounds + round;
}

/* The selection that these settings ask for, not yet uploaded where it is another than before. */
cln_status cln_search_select(cln_search *search, const cln_settings *settings, cln_error *error);
/* Gives it back. */
void cln_search_deselect(cln_search *search);
/* How many configurations of the group of this one are trained side by side, at most. */
cln_status cln_search_most(cln_search *search, uint32_t configuration, uint32_t *most, cln_error *error);
/* Trains configurations (count) of one group in a round. units (count) receives those that came to an end, *trained of them: all, unless
   `progress` has answered with nonzero. */
cln_status cln_search_train(cln_search *search, uint32_t round, const uint32_t *configurations, uint32_t count,
                            cln_progress_fn *progress, void *user, cln_search_unit *units, uint32_t *trained,
                            cln_error *error);

#endif
