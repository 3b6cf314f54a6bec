/* For tests of searches: searches of small problems, and the ones that are refused. */
#ifndef SEARCH_SEARCHES_H
#define SEARCH_SEARCHES_H

#include "search/search.h"

#include "train/problem.h"

static inline cln_search *search_of(const char *words, const char *text, uint32_t folds, cln_dataset *train,
                                    cln_dataset *valid, const char *state)
{
    cln_search *search = NULL;
    cln_options *options = options_of("fused", words);
    OK(cln_search_create(device, options, text, folds, &(cln_parts){train, valid, NULL}, state, &search, error));
    cln_options_free(options);
    return search;
}

static inline void refuse(const char *words, const char *text, uint32_t folds, cln_dataset *train, cln_dataset *valid,
                          const char *state, cln_status status, const char *expected)
{
    cln_search *search = NULL;
    cln_options *options = options_of("fused", words);
    FAILS(status, expected,
          cln_search_create(device, options, text, folds, &(cln_parts){train, valid, NULL}, state, &search, error));
    ck_assert_ptr_null(search);
    cln_options_free(options);
}

/* Counts what is finished, and answers with nonzero once `stop_after` are (0: never). */
typedef struct counter {
    uint32_t rows, stop_after;
    uint64_t done, count;
} counter;

static inline int on_progress(const cln_search_progress *now, void *user)
{
    counter *c = user;
    c->rows += now->row != NULL;
    ck_assert_uint_ge(now->done, c->done);
    ck_assert_uint_le(now->done, now->count);
    ck_assert(now->seconds >= 0 && now->seconds_left >= 0);
    c->done = now->done;
    c->count = now->count;
    return c->stop_after && c->rows >= c->stop_after;
}

static inline bool same_score(const cln_score *a, const cln_score *b)
{
    return a->errors == b->errors && a->rows == b->rows &&
           fabs(a->loss - b->loss) <= 1e-5 * fmax(1, fabs(a->loss)); /* widths of products round differently */
}

#endif
