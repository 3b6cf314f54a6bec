/* What is trained when: group by group, fold by fold, as many side by side as can be, each kept as soon as it is done. */
#include "search/search.h"

#include "base/entry.h"
#include "base/os.h"
#include "base/size.h"

#include <stdlib.h>

/* A configuration and the group whose minibatches it shares. */
typedef struct member {
    uint32_t group, configuration;
} member;

typedef struct run {
    cln_search *search;
    cln_search_progress_fn *progress;
    void *user;
    member *members; /* (configurations), by group */
    uint32_t *batch; /* (configurations): those that are trained now */
    cln_search_unit *units;
    uint32_t batch_count;
    uint64_t done_before; /* units that this run found done */
    double began;
    bool over;
} run;

static int by_group(const void *a, const void *b)
{
    const member *x = a, *y = b;
    int order = (x->group > y->group) - (x->group < y->group);
    return order ? order : (x->configuration > y->configuration) - (x->configuration < y->configuration);
}

/* part: of the trainings under way. */
static void tell(run *r, const cln_search_row *row, double part)
{
    const cln_search *search = r->search;
    cln_search_progress now = {.row = row,
                               .done = search->done,
                               .count = (uint64_t)cln_grid_count(search->grid) * search->rounds,
                               .seconds = cln_os_seconds() - r->began};
    double done = (double)(now.done - r->done_before) + part * r->batch_count;
    double left = (double)(now.count - r->done_before) - done;
    now.seconds_left = done > 0 ? now.seconds * left / done : 0;
    r->over = r->over || (r->progress && r->progress(&now, r->user) != 0);
}

static int on_training(const cln_progress *progress, void *user)
{
    run *r = user;
    double steps = (double)progress->steps * (double)progress->epochs;
    if (progress->event != CLN_EVENT_STEP)
        tell(r, NULL, steps > 0 ? (double)progress->step / steps : 0);
    return r->over;
}

static cln_status train_batch(run *r, uint32_t round, cln_error *error)
{
    cln_search *search = r->search;
    cln_status status;
    uint32_t trained = 0;
    TRY(cln_search_train(search, round, r->batch, r->batch_count, on_training, r, r->units, &trained, error));
    if (search->state && trained)
        TRY(cln_search_state_add(search->state, r->units, trained, error));
    r->batch_count = 0;
    for (uint32_t i = 0; i < trained; i++) {
        uint32_t configuration = r->units[i].configuration;
        size_t at = cln_search_at(search, configuration, round);
        cln_search_row row;
        search->units[at] = r->units[i];
        search->had[at] = CLN_TRAINED;
        search->done++;
        cln_search_row_at(search, configuration, &row);
        tell(r, row.finished ? &row : NULL, 0);
    }
out:
    return status;
}

/* The members first … end−1, which make a group. Which of them are trained together does not depend on what was done before. */
static cln_status train_group(run *r, uint32_t first, uint32_t end, cln_error *error)
{
    cln_search *search = r->search;
    cln_status status;
    uint32_t most;
    TRY(cln_search_most(search, r->members[first].configuration, &most, error));
    for (uint32_t round = 0; round < search->rounds; round++)
        for (uint32_t at = first; at < end && !r->over; at += most) {
            r->batch_count = 0;
            for (uint32_t i = at; i < end && i < at + most; i++) {
                uint32_t configuration = r->members[i].configuration;
                if (search->had[cln_search_at(search, configuration, round)] == CLN_NOT_YET)
                    r->batch[r->batch_count++] = configuration;
            }
            if (r->batch_count)
                TRY(train_batch(r, round, error));
        }
out:
    return status;
}

cln_status cln_search_run(cln_search *search, cln_search_progress_fn *progress, void *user, cln_error *error)
{
    ENTER_OPENCL(error, search);
    cln_status status;
    uint32_t count = cln_grid_count(search->grid);
    run r = {
        .search = search, .progress = progress, .user = user, .done_before = search->done, .began = cln_os_seconds()};
    TRY(cln_allocate((void **)&r.members, count, sizeof *r.members, "a search", error));
    TRY(cln_allocate((void **)&r.batch, count, sizeof *r.batch, "a search", error));
    TRY(cln_allocate((void **)&r.units, count, sizeof *r.units, "a search", error));
    for (uint32_t i = 0; i < count; i++)
        r.members[i] = (member){cln_grid_group(search->grid, i), i};
    qsort(r.members, count, sizeof *r.members, by_group);
    for (uint32_t first = 0, end; first < count && !r.over; first = end) {
        for (end = first + 1; end < count && r.members[end].group == r.members[first].group;)
            end++;
        TRY(train_group(&r, first, end, error));
    }
out:
    free(r.members);
    free(r.batch);
    free(r.units);
    return status;
}
