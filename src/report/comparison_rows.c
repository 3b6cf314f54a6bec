#include "report/comparison_rows.h"

#include "base/size.h"

#include <stdlib.h>
#include <string.h>

/* Headings in their order; each engine has its own between the first and the second. */
enum { rank_agreement, rank_engine, rank_work = 1000, rank_limits, rank_unknown };

static const struct word {
    const char *name;      /* without its engine and number */
    bool engine, numbered; /* it has them */
    unsigned rank;
    const char *before, *after; /* what stands around the number */
    const char *of, *unit;      /* the row's unit, and the one that it is shown in */
    double scale;
    const char *meaning;
} words[] = {
    {"moments", true, false, rank_agreement, "means and deviations", "", "tolerances", "", 1,
     "The largest error of the features' means and deviations, in tolerances: 1 is the most."},
    {"weights", true, false, rank_agreement, "weights", "", "tolerances", "", 1,
     "The error of the weights after a fixed number of steps, in tolerances: 1 is the most."},
    {"loss", true, false, rank_agreement, "loss", "", "tolerances", "", 1, "The error of the loss at these weights."},
    {"predictions", true, false, rank_agreement, "predictions", "", "tolerances", "", 1,
     "The largest error of a probability there, and whether a class is predicted that is not the likeliest."},
    {"gram", false, false, rank_agreement, "Gram matrix", "", "tolerances", "", 1,
     "The largest error of the sums of products."},
    {"epoch", true, true, rank_engine, "epoch by ", "", "s", "ms", 1e-3,
     "Minibatch gradient descent once over all training rows; the number is the rows of a minibatch."},
    {"gradient", true, false, rank_engine, "full gradient", "", "s", "ms", 1e-3,
     "Loss and gradient over all training rows at once."},
    {"evaluate", true, false, rank_engine, "evaluation", "", "s", "ms", 1e-3,
     "Loss and errors of all test rows, or of the training rows where there are none."},
    {"device", true, true, rank_engine, "by ", ": kernels", "s", "ms", 1e-3, "Of an epoch: the device runs kernels."},
    {"between", true, true, rank_engine, "by ", ": between", "s", "ms", 1e-3,
     "Of an epoch: the device does nothing though commands are waiting, which is what launching them costs."},
    {"host", true, true, rank_engine, "by ", ": host", "s", "ms", 1e-3,
     "Of an epoch: the device does nothing, for the host is busy."},
    {"optimum", true, false, rank_engine, "to the optimum", "", "s", "ms", 1e-3,
     "L-BFGS with an l2 penalty of 1e-4 until the relative gradient is at most 1e-4: the same problem "
     "everywhere."},
    {"objective", true, false, rank_engine, "objective there", "", "loss", "", 1,
     "Loss and penalty at that optimum, in double precision on the host: equal everywhere to 1e-6."},
    {"memory", true, false, rank_engine, "memory", "", "B", "MiB", 1048576,
     "Memory of the device that was held, at most."},
    {"cold_build", true, false, rank_engine, "cold build", "", "s", "ms", 1e-3,
     "Compiling the kernels where nothing is cached: the first run on a machine."},
    {"warm_build", true, false, rank_engine, "warm build", "", "s", "ms", 1e-3,
     "The same where the compiled kernels are cached: every later run."},
    {"upload", false, false, rank_work, "upload of rows", "", "s", "ms", 1e-3,
     "Bringing the training rows into the device's memory."},
    {"gram", false, false, rank_work, "Gram matrix", "", "s", "ms", 1e-3,
     "Sums of products of all features and outputs over all training rows."},
    {"wide_product", false, false, rank_work, "product", "", "FLOP/s", "GFLOP/s", 1e9,
     "A product of 1024 × 1024 matrices by CLBlast."},
    {"host_memory", false, false, rank_work, "host memory", "", "B", "MiB", 1048576,
     "Memory of the process on the host, at most."},
    {"copy_bandwidth", false, false, rank_limits, "copying", "", "B/s", "GB/s", 1e9,
     "Bytes read and written per second by a kernel that copies within the device."},
    {"read_bandwidth", false, false, rank_limits, "reading", "", "B/s", "GB/s", 1e9,
     "Bytes read per second by a kernel that adds them up: the fastest that a pass over data can be."},
    {"multiply_add_rate", false, false, rank_limits, "arithmetic", "", "FLOP/s", "GFLOP/s", 1e9,
     "Floating-point operations per second, a fused multiply-add being two: the most that the device computes."},
    {"launch_time", false, false, rank_limits, "launch", "", "s", "µs", 1e-6,
     "An empty kernel, launched back to back with others."},
    {"launch_wait_time", false, false, rank_limits, "launch and wait", "", "s", "µs", 1e-6,
     "An empty kernel, and waiting until it is done."},
    {"upload_rate", false, false, rank_limits, "upload", "", "B/s", "GB/s", 1e9,
     "Bytes per second from the host's memory into the device's."},
    {"download_rate", false, false, rank_limits, "download", "", "B/s", "GB/s", 1e9,
     "Bytes per second from the device's memory into the host's."},
};

/* Whether a row is what the word is for; then its engine, and where its number begins, are told. */
static bool is_of(const cln_compared_row *row, const struct word *word, int *engine, const char **number)
{
    const char *rest = row->name;
    *engine = 0;
    *number = "";
    if (word->engine) {
        *engine = (int)strcspn(rest, ".");
        rest += *engine + (rest[*engine] == '.');
    }
    size_t length = strlen(word->name);
    if (strncmp(rest, word->name, length) != 0 || strcmp(row->unit, word->of) != 0)
        return false;
    rest += length;
    if (word->numbered && *rest == '.')
        *number = rest + 1;
    bool number_right = **number && strspn(*number, "0123456789") == strlen(*number);
    return (*engine > 0 || !word->engine) && (word->numbered ? number_right : !*rest);
}

/* The word for a row, or NULL. */
static const struct word *word_of(const cln_compared_row *row, int *engine, const char **number)
{
    for (size_t i = 0; i < CLN_COUNT(words); i++)
        if (is_of(row, &words[i], engine, number))
            return &words[i];
    return NULL;
}

bool cln_shown_is_limit(const cln_compared_row *row)
{
    int engine;
    const char *number;
    const struct word *word = word_of(row, &engine, &number);
    return word && word->rank == rank_limits;
}

static void set_heading(cln_shown_row *shown, const char *row_name, int engine)
{
    if (shown->rank == rank_agreement)
        snprintf(shown->heading, sizeof shown->heading, "agreement (at most 1)");
    else if (shown->rank == rank_work)
        snprintf(shown->heading, sizeof shown->heading, "with either engine");
    else if (shown->rank == rank_limits)
        snprintf(shown->heading, sizeof shown->heading, "the device's limits");
    else if (shown->rank == rank_unknown)
        snprintf(shown->heading, sizeof shown->heading, "other figures");
    else
        snprintf(shown->heading, sizeof shown->heading, "%.*s", engine, row_name);
}

void cln_shown_words(const cln_compared_row *row, cln_shown_row *shown)
{
    int engine;
    const char *number;
    const struct word *word = word_of(row, &engine, &number);
    *shown = (cln_shown_row){.name = row->name, .unit = row->unit, .scale = 1};
    if (!word) {
        bool agreement = strcmp(row->unit, "tolerances") == 0;
        shown->rank = agreement ? rank_agreement : rank_unknown;
        snprintf(shown->plain, sizeof shown->plain, "%s", row->name);
        snprintf(shown->label, sizeof shown->label, agreement || !*row->unit ? "%s" : "%s, %s", row->name, row->unit);
        set_heading(shown, row->name, 0);
        return;
    }
    bool mixed = word->rank == rank_agreement && engine > 0; /* engines stand under one heading there */
    snprintf(shown->plain, sizeof shown->plain, "%.*s%s%s%.20s%s", mixed ? engine : 0, row->name, mixed ? " " : "",
             word->before, number, word->after);
    snprintf(shown->label, sizeof shown->label, "%s%s%s", shown->plain, *word->unit ? ", " : "", word->unit);
    shown->meaning = word->meaning;
    shown->rank = word->rank;
    shown->scale = word->scale;
    set_heading(shown, row->name, engine);
}

/* Each engine's heading has a rank of its own, in the order in which they appear. */
static void rank_engines(cln_shown_row *rows, size_t count)
{
    unsigned engines = 0;
    for (size_t i = 0; i < count; i++) {
        if (rows[i].rank != rank_engine)
            continue;
        for (size_t j = 0; j < i && rows[i].rank == rank_engine; j++)
            if (rows[j].rank > rank_engine && rows[j].rank < rank_work && strcmp(rows[j].heading, rows[i].heading) == 0)
                rows[i].rank = rows[j].rank;
        if (rows[i].rank == rank_engine && engines < rank_work - rank_engine - 1)
            rows[i].rank += ++engines;
    }
}

/* By heading; under one, in the order in which they appeared. */
static void sort(cln_shown_row *rows, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        cln_shown_row row = rows[i];
        size_t j = i;
        for (; j > 0 && rows[j - 1].rank > row.rank; j--)
            rows[j] = rows[j - 1];
        rows[j] = row;
    }
}

static bool is_among(const cln_compared_row *row, const cln_shown_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].name, row->name) == 0 && strcmp(rows[i].unit, row->unit) == 0)
            return true;
    return false;
}

cln_status cln_shown_rows(const cln_comparison *comparison, cln_shown_row **rows, size_t *count, cln_error *error)
{
    cln_status status;
    size_t most = 0;
    *count = 0;
    for (size_t i = 0; i < comparison->count; i++)
        most += comparison->devices[i].count;
    TRY(cln_allocate((void **)rows, most, sizeof **rows, "a table", error));
    for (size_t i = 0; i < comparison->count; i++)
        for (size_t j = 0; j < comparison->devices[i].count; j++) {
            const cln_compared_row *row = &comparison->devices[i].rows[j];
            if (!is_among(row, *rows, *count))
                cln_shown_words(row, &(*rows)[(*count)++]);
        }
    rank_engines(*rows, *count);
    sort(*rows, *count);
out:
    return status;
}
