#include "report/page_parts.h"

/* The rows of each engine. */
#define ENGINES                                                                                                        \
    {                                                                                                                  \
        "fused", "clblast"                                                                                             \
    }
#define OF_ENGINES(row)                                                                                                \
    {                                                                                                                  \
        {"fused." row},                                                                                                \
        {                                                                                                              \
            "clblast." row                                                                                             \
        }                                                                                                              \
    }
#define MEDIAN "Shorter is faster. The line at a bar's end is the spread of the samples."
#define EPOCH(rows_a_step)                                                                                             \
    {                                                                                                                  \
        .name = "epoch" rows_a_step, .title = "An epoch by minibatches of " rows_a_step " rows", .unit = "s",          \
        .series = ENGINES, .rows = OF_ENGINES("epoch." rows_a_step)                                                    \
    }

static cln_status draw(const cln_bars *bars, size_t count, const cln_comparison *comparison, FILE *to, cln_error *error)
{
    cln_status status = CLN_OK;
    fputs("<div class=\"figures\">\n", to);
    for (size_t i = 0; i < count; i++)
        TRY(cln_page_bars(&bars[i], comparison, to, error));
    fputs("</div>\n", to);
out:
    return status;
}

cln_status cln_page_speed(const cln_comparison *comparison, FILE *to, cln_error *error)
{
    static const cln_bars bars[] = {
        EPOCH("32"),
        EPOCH("200"),
        EPOCH("600"),
        EPOCH("4096"),
        {.name = "gradient",
         .title = "Loss and gradient over all training rows",
         .unit = "s",
         .series = ENGINES,
         .rows = OF_ENGINES("gradient")},
        {.name = "evaluate",
         .title = "Loss and errors of the rows that are scored",
         .unit = "s",
         .series = ENGINES,
         .rows = OF_ENGINES("evaluate")},
    };
    return draw(bars, sizeof bars / sizeof *bars, comparison, to, error);
}

cln_status cln_page_split(const cln_comparison *comparison, FILE *to, cln_error *error)
{
    static const cln_bars bars[] = {
        {.name = "split",
         .title = "Where the time of an epoch by 200 goes",
         .caption = "Time between commands is what launching them costs; larger minibatches have fewer of them.",
         .unit = "s",
         .series = ENGINES,
         .parts = {"device computes", "between commands", "waits for the host"},
         .rows = {{"fused.device.200", "fused.between.200", "fused.host.200"},
                  {"clblast.device.200", "clblast.between.200", "clblast.host.200"}}},
        {.name = "first",
         .title = "A whole first run of ten epochs by 200",
         .caption = "The kernels are compiled once for a device and driver; later runs find them.",
         .unit = "s",
         .series = ENGINES,
         .parts = {"cold build", "upload", "ten epochs", "evaluation"},
         .times = {1, 1, 10, 1},
         .rows = {{"fused.cold_build", "upload", "fused.epoch.200", "fused.evaluate"},
                  {"clblast.cold_build", "upload", "clblast.epoch.200", "clblast.evaluate"}}},
    };
    return draw(bars, sizeof bars / sizeof *bars, comparison, to, error);
}

cln_status cln_page_optimum(const cln_comparison *comparison, FILE *to, cln_error *error)
{
    static const cln_bars bars[] = {
        {.name = "optimum",
         .title = "Time to the same optimum",
         .caption = "By L-BFGS with an l2 penalty of 1e-4, until the relative gradient is at most 1e-4.",
         .unit = "s",
         .series = ENGINES,
         .rows = OF_ENGINES("optimum")},
        {.name = "memory",
         .title = "Memory at most",
         .caption =
             "Of the device by each engine, and of the process on the host. A CPU's device memory is the host's, and "
             "counts in both.",
         .unit = "B",
         .series = {"fused", "clblast", "host"},
         .rows = {{"fused.memory"}, {"clblast.memory"}, {"host_memory"}}},
    };
    return draw(bars, sizeof bars / sizeof *bars, comparison, to, error);
}
