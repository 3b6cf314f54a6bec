/* Whether a training fits, and what would make it. */
#include "base/os.h"
#include "device/list.h"
#include "train/estimate.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum verdict { FITS, LARGE_BUFFER, SHORT_DEVICE, SHORT_HOST } verdict;

/* What may be changed of a training, and where it may go. */
typedef struct trial {
    const cln_trainer *trainer;
    const cln_parts *parts;
    const cln_facts *facts;
    struct cln_tuning *tuning;
    uint64_t in_use;       /* of the device */
    uint64_t available;    /* of the host */
    cln_settings settings; /* as given */
    uint64_t rows;         /* of the training data set; 0: as it is */
} trial;

/* What the host has to give: the library's own, and a device's memory that is the host's. */
static uint64_t host_need(const trial *t, const cln_needs *needs)
{
    bool shared = t->facts->info.unified_memory || t->facts->is_cpu;
    return needs->estimate.host_bytes - needs->held + (shared ? needs->estimate.device_bytes : 0);
}

static verdict judge(const trial *t, const cln_needs *needs)
{
    const cln_device_info *info = &t->facts->info;
    if (needs->estimate.largest > info->max_alloc_bytes)
        return LARGE_BUFFER;
    if (t->in_use > info->global_bytes || needs->estimate.device_bytes > info->global_bytes - t->in_use)
        return SHORT_DEVICE;
    return host_need(t, needs) > t->available ? SHORT_HOST : FITS;
}

/* Whether the trial's settings and rows make sense and fit. */
static bool fits(const trial *t)
{
    char sentence[256];
    cln_needs needs;
    cln_trainer changed = *t->trainer;
    cln_selection selection = *t->trainer->selection;
    uint64_t within = selection.data[CLN_VALID] ? 0 : selection.rows[CLN_VALID]; /* the last rows of the data set */
    if (cln_settings_check(&t->settings, sentence, sizeof sentence) || (t->rows && t->rows <= within))
        return false;
    if (t->rows) {
        selection.info.rows = t->rows;
        selection.rows[CLN_TRAIN] = t->rows - within;
    }
    if (t->settings.drop_last && t->settings.batch_size > selection.rows[CLN_TRAIN])
        return false;
    changed.settings = cln_trainer_settings(&t->settings);
    changed.selection = &selection;
    cln_trainer_cut(&changed);
    return cln_needs_of(&changed, t->parts, t->facts, t->tuning, &needs, NULL) == CLN_OK && judge(t, &needs) == FITS;
}

static bool find_engine(const trial *of, char *words, size_t size)
{
    static const char *const engines[] = {"fused", "clblast"};
    trial t = *of;
    for (int i = 0; i < 2; i++) {
        t.settings.engine = engines[i];
        if (strcmp(of->settings.engine, engines[i]) != 0 && fits(&t)) {
            snprintf(words, size, "give engine %s", engines[i]);
            return true;
        }
    }
    return false;
}

/* More rows in a minibatch leave fewer scores, fewer make smaller blocks: the nearest of the powers of two times what it is. */
static bool find_batch_size(const trial *of, char *words, size_t size)
{
    trial larger = *of, smaller = *of;
    uint64_t rows = of->trainer->selection->rows[CLN_TRAIN];
    if (!cln_settings_solver_is(&of->settings, "sgd"))
        return false;
    while (larger.settings.batch_size < rows || smaller.settings.batch_size > 1) {
        trial *const both[] = {&larger, &smaller};
        larger.settings.batch_size *= larger.settings.batch_size < rows ? 2 : 1;
        smaller.settings.batch_size = (smaller.settings.batch_size + 1) / 2;
        for (int i = 0; i < 2; i++)
            if (fits(both[i])) {
                snprintf(words, size, "give batch-size %llu", (unsigned long long)both[i]->settings.batch_size);
                return true;
            }
    }
    return false;
}

/* The solvers that keep less than this one. */
static bool find_solver(const trial *of, char *words, size_t size)
{
    static const char *const solvers[] = {"direct", "lbfgs", "sgd"};
    trial t = *of;
    int own = 0;
    while (own < 3 && strcmp(of->settings.solver, solvers[own]) != 0)
        own++;
    for (int i = own + 1; i < 3; i++) {
        t.settings.solver = solvers[i];
        if (fits(&t)) {
            snprintf(words, size, "give solver %s", solvers[i]);
            return true;
        }
    }
    return false;
}

/* Two digits: what fits to the byte is out of date a moment later. */
static uint64_t round_down(uint64_t rows)
{
    uint64_t unit = 1;
    while (rows / unit >= 100)
        unit *= 10;
    return rows / unit * unit;
}

static bool find_rows(const trial *of, char *words, size_t size)
{
    trial t = *of;
    uint64_t least = 0, most = of->trainer->selection->info.rows; /* these fit, or are none; these do not */
    while (most - least > 1) {
        t.rows = least + (most - least) / 2;
        if (fits(&t))
            least = t.rows;
        else
            most = t.rows;
    }
    t.rows = round_down(least);
    if (t.rows == 0 || !fits(&t))
        t.rows = least;
    if (t.rows)
        snprintf(words, size, "give train-rows %llu or fewer", (unsigned long long)t.rows);
    return t.rows > 0;
}

/* Another device, as the options are. */
static bool find_device(const trial *of, char *words, size_t size)
{
    cln_listed *listed = NULL;
    size_t count = 0;
    bool found = false;
    trial t = *of;
    t.tuning = NULL;
    t.in_use = 0;
    if (cln_list_devices(&listed, &count, NULL) != CLN_OK)
        return false;
    for (size_t i = 0; i < count && !found; i++) {
        const cln_device_info *info = &listed[i].facts.info;
        t.facts = &listed[i].facts;
        found = info->index != of->facts->info.index && !*info->problem && info->same_as < 0 && !info->simulator &&
                fits(&t);
        if (found)
            snprintf(words, size, "take device %d (%.60s)", info->index, info->name);
    }
    free(listed);
    return found;
}

/* One option of this list, and another device. */
static void advise(const trial *t, char *words, size_t size)
{
    typedef bool find_fn(const trial *of, char *words, size_t size);
    static find_fn *const finds[] = {find_engine, find_batch_size, find_solver, find_rows};
    char option[56] = "", place[90] = "";
    for (size_t i = 0; i < sizeof finds / sizeof *finds && !*option; i++)
        finds[i](t, option, sizeof option);
    find_device(t, place, sizeof place);
    snprintf(words, size, "%s%s%s", option, *option && *place ? ", or " : "", place);
    if (!*words)
        snprintf(words, size, "no option makes it fit");
}

typedef char amount[32];

/* In the unit that suits it; `up`: never less than it is, else never more, so that two amounts that differ do so in words as well. */
static const char *text_of(amount text, uint64_t bytes, bool up)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB"};
    uint64_t unit = 1, i = 0;
    while (i < 5 && bytes / unit >= 1024) {
        unit *= 1024;
        i++;
    }
    if (i == 0) {
        snprintf(text, sizeof(amount), "%llu bytes", (unsigned long long)bytes);
        return text;
    }
    uint64_t whole = bytes / unit, hundredths = (bytes % unit * 100 + (up ? unit - 1 : 0)) / unit;
    snprintf(text, sizeof(amount), "%llu.%02llu %s", (unsigned long long)(whole + hundredths / 100),
             (unsigned long long)(hundredths % 100), units[i]);
    return text;
}

static void explain(const trial *t, const cln_needs *needs, verdict found, char *words, size_t size)
{
    const cln_estimate *estimate = &needs->estimate;
    const cln_device_info *info = &t->facts->info;
    amount need, there, part;
    if (found == LARGE_BUFFER)
        snprintf(words, size, "%s would take %s, and %.60s gives at most %s in one piece", needs->largest,
                 text_of(need, estimate->largest, true), info->name, text_of(there, info->max_alloc_bytes, false));
    else if (found == SHORT_DEVICE)
        snprintf(words, size, "it would take %s of device memory, %s of that for the data, and %.60s has %s%s",
                 text_of(need, estimate->device_bytes, true), text_of(part, estimate->data_bytes, false), info->name,
                 text_of(there, info->global_bytes - (t->in_use < info->global_bytes ? t->in_use : info->global_bytes),
                         false),
                 t->in_use ? " left" : "");
    else
        snprintf(words, size, "it would take %s of the host's memory%s, and %s are available",
                 text_of(need, host_need(t, needs), true),
                 host_need(t, needs) > estimate->host_bytes ? ", in which the device works too" : "",
                 text_of(there, t->available, false));
}

static cln_status reach_verdict(const cln_trainer *trainer, const cln_parts *parts, cln_estimate *estimate,
                                verdict *found, cln_error *error)
{
    cln_status status;
    const cln_device *device = trainer->device;
    cln_needs needs;
    trial t = {.trainer = trainer,
               .parts = parts,
               .facts = &device->facts,
               .tuning = device->tuning,
               .in_use = device->bytes,
               .available = cln_os_available_bytes(),
               .settings = *cln_options_settings(trainer->lanes[0].options)};
    TRY(cln_needs_of(trainer, parts, t.facts, t.tuning, &needs, error));
    *estimate = needs.estimate;
    estimate->host_available = t.available;
    *found = judge(&t, &needs);
    estimate->fits = *found == FITS;
    if (*found != FITS) {
        char what[248], remedy[150];
        explain(&t, &needs, *found, what, sizeof what);
        advise(&t, remedy, sizeof remedy);
        snprintf(estimate->reason, sizeof estimate->reason, "%s; %s", what, remedy);
    }
out:
    return status;
}

cln_status cln_estimate_judge(const cln_trainer *trainer, const cln_parts *parts, cln_estimate *estimate,
                              cln_error *error)
{
    verdict found;
    return reach_verdict(trainer, parts, estimate, &found, error);
}

cln_status cln_estimate_check(const cln_trainer *trainer, const cln_parts *parts, cln_error *error)
{
    cln_estimate estimate;
    verdict found;
    cln_status status = reach_verdict(trainer, parts, &estimate, &found, error);
    if (status != CLN_OK || found == FITS)
        return status;
    return cln_fail(error, found == SHORT_HOST ? CLN_MEMORY : CLN_DEVICE, "this training does not fit: %s",
                    estimate.reason);
}
