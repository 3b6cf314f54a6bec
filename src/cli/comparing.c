#include "cli/comparing.h"

#include "base/size.h"
#include "cli/interrupt.h"
#include "report/text.h"

#include <math.h>
#include <string.h>

/* No healthy driver needs longer, however small the budget: the first time with all that it has to compile, and for a piece of it. */
static const double first_seconds = 240, piece_seconds = 60;
/* A simulator interprets: a piece that it takes a minute for on a quiet machine takes several on a busy one. */
static const double simulated_factor = 4;

/* ---- one work */

static void hear(const cln_wire_line *line, void *user)
{
    cln_compared_work *work = user;
    if (line->kind == CLN_WIRE_ROW && work->row)
        work->row(&line->row, work->user);
    else if (line->kind == CLN_WIRE_ROW)
        work->of->short_of_memory |= !cln_compared_add(&work->of->comparison->devices[work->index], &line->row);
    cln_compare_show(work->of, work->index, line->kind == CLN_WIRE_PROGRESS ? line->progress.doing : NULL);
}

bool cln_compare_work(cln_compared_work *work, bool *ok)
{
    cln_compared_device *entry = &work->of->comparison->devices[work->index];
    char reason[sizeof entry->reason];
    cln_compare_show(work->of, work->index, work->doing);
    cln_isolated_end end = cln_isolated_run(&(cln_isolated){.work = work->name,
                                                            .device = &work->of->devices[work->index],
                                                            .arguments = work->arguments,
                                                            .changes = work->changes,
                                                            .seconds = work->seconds,
                                                            .silence = work->silence,
                                                            .heard = hear,
                                                            .user = work},
                                            ok, reason);
    if (end == CLN_ISOLATED_DONE)
        return true;
    memcpy(entry->reason, reason, sizeof reason);
    entry->status = end == CLN_ISOLATED_LATE          ? CLN_COMPARED_TIMEOUT
                    : end == CLN_ISOLATED_INTERRUPTED ? CLN_COMPARED_SKIPPED
                                                      : CLN_COMPARED_FAILED;
    if (end != CLN_ISOLATED_INTERRUPTED)
        cln_compare_note(work->of, work->index, entry->reason);
    return false;
}

const char *cln_compare_engine(const cln_comparing *comparing, size_t index)
{
    static const char *const engines[] = {"fused", "clblast"};
    if (strcmp(comparing->engine, "auto") == 0)
        return index < 2 ? engines[index] : NULL;
    return index == 0 ? comparing->engine : NULL;
}

/* ---- the devices */

static void exclude(cln_compared_device *entry, cln_compared_status status, const char *reason)
{
    entry->status = status;
    cln_text_harmless(entry->reason, sizeof entry->reason, reason);
}

/* A device that other commands refuse is compared all the same, for that says more about it; but it is said. */
static void tell_trust(cln_comparing *c, size_t i)
{
    cln_compared_device *entry = &c->comparison->devices[i];
    char why[sizeof entry->reason], text[sizeof why + 64];
    if (cln_device_trust(&entry->device, why, sizeof why) != CLN_TRUST_FAILED)
        return;
    snprintf(text, sizeof text, "it failed its selftest with this driver: %s", why);
    cln_text_harmless(entry->reason, sizeof entry->reason, text);
    cln_compare_note(c, i, entry->reason);
}

static cln_status add_devices(cln_comparing *c, cln_error *error)
{
    for (size_t i = 0; i < c->count; i++) {
        const cln_isolated_device *from = &c->devices[i];
        cln_compared_device *entry = cln_comparison_add(c->comparison, &from->device);
        if (!entry)
            return cln_fail_memory(error, "a comparison", c->count * sizeof *entry);
        if (*from->reason)
            exclude(entry, from->late ? CLN_COMPARED_TIMEOUT : CLN_COMPARED_FAILED, from->reason);
        else if (*from->device.problem)
            exclude(entry, CLN_COMPARED_SKIPPED, from->device.problem);
        else if (from->device.simulator && !c->comparison->named)
            exclude(entry, CLN_COMPARED_SKIPPED, "a simulator is compared only where --devices names it");
        else
            c->going++;
        if (*from->reason)
            cln_compare_note(c, i, entry->reason);
        if (entry->status == CLN_COMPARED_OK)
            tell_trust(c, i);
    }
    return CLN_OK;
}

/* Of the time that the step has, what is left for each device from this one on. */
static double share(const cln_comparing *c, size_t from)
{
    size_t count = 0;
    for (size_t i = from; i < c->count; i++)
        count += c->comparison->devices[i].status == CLN_COMPARED_OK;
    return (c->until - cln_os_seconds()) / (double)count;
}

static double usual_share(const cln_comparing *c)
{
    return c->budget / (double)c->going;
}

static void find_agreement(cln_comparing *c, size_t i)
{
    bool ok;
    cln_compared_device *entry = &c->comparison->devices[i];
    const char *const arguments[] = {c->data, c->labels ? c->labels : "", c->engine, NULL};
    double patience = c->devices[i].device.simulator ? simulated_factor : 1;
    cln_compared_work work = {.of = c,
                              .index = i,
                              .name = "agreement",
                              .doing = "agreement",
                              .arguments = arguments,
                              .seconds = fmax(2 * usual_share(c), patience * first_seconds),
                              .silence = patience * piece_seconds};
    if (!cln_compare_work(&work, &ok))
        return;
    entry->judged = true;
    entry->agree = ok;
    cln_compare_note(c, i,
                     ok ? "agrees with double precision on the host" : "DISAGREES with double precision on the host");
}

static void train(cln_comparing *c, size_t i)
{
    char text[32];
    bool ok;
    double seconds = fmax(share(c, i), usual_share(c) / 3); /* where all was spent on the verdicts */
    const char *const arguments[] = {c->data, c->labels ? c->labels : "", c->engine, text, NULL};
    cln_compared_work work = {.of = c,
                              .index = i,
                              .name = "training",
                              .doing = "limits",
                              .arguments = arguments,
                              .seconds = seconds + fmax(usual_share(c), piece_seconds)};
    snprintf(text, sizeof text, "%.3f", seconds);
    cln_compare_work(&work, &ok);
}

/* What compiling takes is known least beforehand: it comes last, so that it takes no time from the others. */
static void build(cln_comparing *c, size_t i)
{
    if (!c->devices[i].device.simulator)
        cln_compare_builds(c, i, cln_os_seconds() + share(c, i), fmax(usual_share(c), piece_seconds));
}

cln_status cln_compare(cln_comparing *c, cln_error *error)
{
    static const struct {
        void (*take)(cln_comparing *c, size_t i);
        double part; /* of the budget that is left */
    } steps[] = {{find_agreement, 1}, {train, 0.6}, {build, 1}};
    cln_status status;
    c->began = cln_os_seconds();
    TRY(add_devices(c, error));
    for (size_t step = 0; step < CLN_COUNT(steps); step++) {
        double now = cln_os_seconds();
        c->until = now + steps[step].part * fmax(c->began + c->budget - now, 0);
        for (size_t i = 0; i < c->count; i++)
            if (c->comparison->devices[i].status == CLN_COMPARED_OK && cln_interrupted())
                exclude(&c->comparison->devices[i], CLN_COMPARED_SKIPPED, "interrupted");
            else if (c->comparison->devices[i].status == CLN_COMPARED_OK)
                steps[step].take(c, i);
    }
    c->comparison->seconds = cln_os_seconds() - c->began;
    if (c->short_of_memory)
        status = cln_fail_memory(error, "the rows of a comparison", 0);
out:
    return status;
}
