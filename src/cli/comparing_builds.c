#include "base/number.h"
#include "base/size.h"
#include "cli/comparing.h"
#include "cli/interrupt.h"

#include <math.h>
#include <stdlib.h>

enum { ENGINES = 2, SAMPLES = 3 };

/* Seconds of one engine, with empty caches and with those that it has just filled. */
typedef struct builds {
    double cold[SAMPLES], warm[SAMPLES];
    size_t count; /* of both */
    char failure[256];
} builds;

static void take_seconds(const cln_measurement *row, void *user)
{
    *(double *)user = row->value;
}

/* The caches of all drivers that are known to have some, and our own, in `folder`. */
typedef char change[CLN_OS_PATH_BYTES + 32];
static const char *const caches[] = {
    "XDG_CACHE_HOME",        /* ours, and what has no name of its own */
    "POCL_CACHE_DIR",        /* PoCL */
    "CUDA_CACHE_PATH",       /* NVIDIA */
    "NEO_CACHE_DIR",         /* Intel GPUs */
    "cl_cache_dir",          /* Intel GPUs, before 2023 */
    "AMD_COMGR_CACHE_DIR",   /* AMD */
    "MESA_SHADER_CACHE_DIR", /* Mesa */
};

static void point_caches(const char *folder, change *room, const char **changes)
{
    for (size_t i = 0; i < CLN_COUNT(caches); i++) {
        snprintf(room[i], sizeof *room, "%s=%s", caches[i], folder);
        changes[i] = room[i];
    }
    changes[CLN_COUNT(caches)] = NULL;
}

typedef struct building {
    cln_comparing *of;
    size_t index;
    const char *engine, *tuning;
    double limit;
} building;

static bool build(const building *b, const char *const *changes, const char *doing, double *seconds)
{
    const cln_comparing *c = b->of;
    bool ok;
    const char *const arguments[] = {c->data, c->labels ? c->labels : "", "build", b->engine, b->tuning, NULL};
    cln_compared_work work = {.of = b->of,
                              .index = b->index,
                              .name = "build",
                              .doing = doing,
                              .arguments = arguments,
                              .changes = changes,
                              .seconds = b->limit,
                              .row = take_seconds,
                              .user = seconds};
    *seconds = NAN;
    return cln_compare_work(&work, &ok);
}

/* Both, in a folder that was empty; false where the device is through with. */
static bool build_twice(const building *b, builds *result)
{
    static change room[CLN_COUNT(caches)];
    const char *changes[CLN_COUNT(caches) + 1];
    char folder[CLN_OS_PATH_BYTES], doing[64];
    cln_error error = {0};
    if (cln_os_temporary_begin(folder, &error) != CLN_OK) {
        snprintf(result->failure, sizeof result->failure, "%.250s", error.message);
        return true;
    }
    point_caches(folder, room, changes);
    snprintf(doing, sizeof doing, "%s: compiling with empty caches", b->engine);
    bool alive = build(b, changes, doing, &result->cold[result->count]);
    snprintf(doing, sizeof doing, "%s: compiling with full caches", b->engine);
    alive = alive && build(b, changes, doing, &result->warm[result->count]);
    result->count += alive;
    cln_os_temporary_end(folder);
    return alive;
}

static int in_order(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void tell(const building *b, const char *what, double *seconds, size_t count, const char *failure)
{
    char name[48];
    cln_comparing *c = b->of;
    snprintf(name, sizeof name, "%s.%s_build", b->engine, what);
    cln_measurement row = {name, NAN, "s", NAN, NAN, NULL};
    qsort(seconds, count, sizeof *seconds, in_order);
    if (count == 0) {
        row.reason = cln_interrupted() ? "interrupted" : *failure ? failure : "the budget was spent";
    } else {
        row.value = seconds[count / 2];
        row.spread = count > 1 ? seconds[count - 1 - count / 4] - seconds[count / 4] : NAN;
    }
    c->short_of_memory |= !cln_compared_add(&c->comparison->devices[b->index], &row);
}

void cln_compare_builds(cln_comparing *c, size_t index, double until, double limit)
{
    builds all[ENGINES] = {0};
    char tuning[CLN_OS_PATH_BYTES] = "";
    bool alive = true;
    cln_os_cache_folder(tuning, NULL);
    for (size_t round = 0; alive && round < SAMPLES; round++) {
        double began = cln_os_seconds();
        for (size_t e = 0; alive && cln_compare_engine(c, e) && cln_os_seconds() < until; e++)
            alive = build_twice(&(building){c, index, cln_compare_engine(c, e), tuning, limit}, &all[e]);
        if (2 * cln_os_seconds() - began > until) /* another round would not be over in time */
            break;
    }
    for (size_t e = 0; cln_compare_engine(c, e); e++) {
        const building b = {c, index, cln_compare_engine(c, e), tuning, limit};
        if (!alive && all[e].count == 0 && !cln_interrupted())
            continue; /* the device's reason says why */
        tell(&b, "cold", all[e].cold, all[e].count, all[e].failure);
        tell(&b, "warm", all[e].warm, all[e].count, all[e].failure);
    }
}
