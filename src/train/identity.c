/* What a run is known by, so that a checkpoint is gone on with by the same run alone: version, options, data, kernels. */
#include "base/size.h"
#include "compute/tuning.h"
#include "data/fingerprint.h"
#include "model/text.h"
#include "train/checkpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const parts[CLN_PARTS] = {"training", "validation", "test"};

/* ---- options */

/* Those that may be others when a run goes on. */
static bool may_differ(const char *name)
{
    return strcmp(name, "epochs") == 0 || strcmp(name, "log-every") == 0;
}

static cln_status note_options(const cln_options *options, cln_entries *notes, cln_error *error)
{
    cln_status status = CLN_OK;
    for (size_t i = 0; i < cln_option_count(); i++) {
        const char *name = cln_option_at(i)->name;
        char key[80];
        snprintf(key, sizeof key, "option.%s", name);
        TRY(cln_entries_note(notes, error, key, "%s", cln_options_get(options, name)));
    }
out:
    return status;
}

cln_status cln_identity_check_options(const cln_container *from, const cln_options *options, cln_error *error)
{
    char there[CLN_PRINTABLE_BYTES], here[CLN_PRINTABLE_BYTES];
    const char *version = cln_container_text(from, "version");
    if (!version || strcmp(version, cln_version()) != 0)
        return cln_container_refuse(from, error,
                                    "it is of clinear %s, and this is %s; resume it with that one, or train anew",
                                    cln_printable(version ? version : "of no version", there), cln_version());
    for (size_t i = 0; i < cln_option_count(); i++) {
        const char *name = cln_option_at(i)->name;
        char key[80];
        snprintf(key, sizeof key, "option.%s", name);
        const char *kept = cln_container_text(from, key), *given = cln_options_get(options, name);
        if (!may_differ(name) && strcmp(kept ? kept : "", given) != 0)
            return cln_container_refuse(from, error,
                                        "its option %s is \"%s\", and here it is \"%s\"; give the same, or train anew",
                                        name, cln_printable(kept ? kept : "", there), cln_printable(given, here));
    }
    return CLN_OK;
}

/* ---- data */

uint64_t cln_identity_bytes(const cln_trainer *trainer)
{
    const cln_selection *selection = trainer->selection;
    uint64_t most = 0;
    for (int part = 0; part < CLN_PARTS; part++) {
        cln_dataset_info info = selection->info;
        if (!selection->rows[part] || !selection->data[part])
            continue;
        if (part != CLN_TRAIN)
            cln_dataset_describe(selection->data[part], &info);
        uint64_t bytes = cln_fingerprint_bytes(&info) + cln_resident_read_bytes(&info);
        most = bytes > most ? bytes : most;
    }
    return most;
}

/* As they lie in device memory. */
static cln_status read_back(void *from, uint64_t first, uint64_t rows, void *x, cln_error *error)
{
    return cln_resident_read(from, first, rows, x, error);
}

__attribute__((format(printf, 5, 6))) static cln_status note_of(cln_entries *notes, int part, const char *what,
                                                                cln_error *error, const char *format, ...)
{
    char key[80];
    va_list arguments;
    snprintf(key, sizeof key, "%s.%s", parts[part], what);
    va_start(arguments, format);
    cln_status status = cln_entries_put(notes, error, key, format, arguments);
    va_end(arguments);
    return status;
}

/* A part that lies within the training data has its rows alone. */
static cln_status note_part(cln_trainer *trainer, int part, cln_entries *notes, cln_error *error)
{
    cln_status status;
    const cln_selection *selection = trainer->selection;
    uint64_t rows = selection->rows[part], features = 0;
    TRY(note_of(notes, part, "rows", error, "%llu", (unsigned long long)rows));
    if (!rows || !selection->data[part])
        return CLN_OK;
    cln_dataset_info info;
    cln_dataset_describe(selection->data[part], &info);
    TRY(note_of(notes, part, "columns", error, "%u features of type %s, %u outputs", info.features,
                info.type == CLN_UINT8 ? "byte" : "float", info.outputs));
    TRY(note_of(notes, part, "answers", error, "XXH64 %016llx",
                (unsigned long long)cln_fingerprint_answers(selection->data[part])));
    TRY(cln_fingerprint_features(cln_resident_describe(selection->resident[part]), read_back, selection->resident[part],
                                 &features, error));
    TRY(note_of(notes, part, "features", error, "XXH64 %016llx", (unsigned long long)features));
out:
    return status;
}

/* ---- kernels */

void cln_identity_device(const cln_device_info *info, char text[600])
{
    snprintf(text, 600, "%s; %s; %s; %s", info->name, info->platform, info->driver, info->version);
    for (char *c = text; *c; c++)
        *c = *c >= ' ' && *c <= '~' ? *c : '?';
}

static cln_status note_kernels(const cln_trainer *trainer, cln_entries *notes, cln_error *error)
{
    cln_status status;
    char device[600], shape[CLN_SHAPE_WORDS], *tuning = NULL;
    const cln_plan *plan = trainer->plan;
    cln_identity_device(&trainer->device->facts.info, device);
    cln_shape_describe(&plan->shape, shape);
    TRY(cln_entries_note(notes, error, "device", "%s", device));
    TRY(cln_entries_note(notes, error, "engine", "%s", plan->engine->name));
    TRY(cln_entries_note(notes, error, "shape", "%s", shape));
    TRY(cln_entries_note(notes, error, "block_rows", "%u", plan->problem.block_rows));
    TRY(cln_tuning_tell(trainer->device, &tuning, error));
    if (tuning) {
        TRY(cln_entries_note(notes, error, "tuning", "%s", tuning));
        TRY(cln_entries_note(notes, error, "tuning_name", "%s", trainer->device->tuning->name));
    }
out:
    free(tuning);
    return status;
}

/* ---- all of it */

cln_status cln_identity_note(cln_trainer *trainer, cln_entries *notes, cln_error *error)
{
    cln_status status;
    TRY(cln_entries_note(notes, error, "clinear_checkpoint", CLN_CHECKPOINT_VERSION));
    TRY(cln_entries_note(notes, error, "version", "%s", cln_version()));
    TRY(note_options(trainer->lanes[0].options, notes, error));
    TRY(note_kernels(trainer, notes, error));
    for (int part = 0; part < CLN_PARTS; part++)
        TRY(note_part(trainer, part, notes, error));
out:
    return status;
}

static bool differs(const cln_container *from, const cln_entries *here, const char *key, const char *texts[2])
{
    texts[0] = cln_container_text(from, key);
    texts[1] = cln_entries_find(here, key);
    texts[0] = texts[0] ? texts[0] : "nothing";
    texts[1] = texts[1] ? texts[1] : "nothing";
    return strcmp(texts[0], texts[1]) != 0;
}

cln_status cln_identity_check(cln_trainer *trainer, const cln_container *from, bool same_device, cln_error *error)
{
    cln_status status;
    static const char *const facts[] = {"rows", "columns", "answers", "features"};
    static const char *const kernels[] = {"engine", "shape", "block_rows"};
    char key[80], there[CLN_PRINTABLE_BYTES];
    const char *texts[2];
    cln_checkpoint *checkpoint;
    TRY(cln_checkpoint_of(trainer, &checkpoint, error));
    const cln_entries *here = &checkpoint->notes;
    TRY(cln_identity_note(trainer, &checkpoint->notes, error));
    checkpoint->known = true;
    for (int part = 0; part < CLN_PARTS; part++)
        for (size_t i = 0; i < CLN_COUNT(facts); i++) {
            snprintf(key, sizeof key, "%s.%s", parts[part], facts[i]);
            if (differs(from, here, key, texts))
                return cln_container_refuse(
                    from, error, "its %s data is another: %s there %s, and here %s; give the same data, or train anew",
                    parts[part], facts[i], cln_printable(texts[0], there), texts[1]);
        }
    for (size_t i = 0; same_device && i < CLN_COUNT(kernels); i++)
        if (differs(from, here, kernels[i], texts))
            return cln_container_refuse(
                from, error, "its kernels cannot be had on this device any more: %s there %s, and here %s; train anew",
                kernels[i], cln_printable(texts[0], there), texts[1]);
out:
    return status;
}
