#include "train/parts.h"

#include "reference/rows.h"

#include <math.h>
#include <string.h>

static const char *const names[CLN_PARTS] = {"training", "validation", "test"};

/* Keeps the classes of option `classes`. Training rows must know each of them; the other parts may lack some. */
static cln_status keep_classes(cln_dataset *data, int part, const cln_settings *settings, cln_error *error)
{
    cln_dataset_info info;
    bool seen[CLN_MOST_CLASSES] = {false};
    cln_status status = cln_dataset_keep_classes(data, settings->classes, settings->class_count, error);
    if (status != CLN_OK || part != CLN_TRAIN)
        return status;
    cln_dataset_describe(data, &info);
    for (uint64_t i = 0; i < info.rows; i++)
        seen[cln_dataset_labels(data)[i]] = true;
    for (uint32_t i = 0; i < settings->class_count; i++)
        if (!seen[i])
            return cln_fail(error, CLN_INVALID, "no row of %s has class %u, which option classes names", info.path,
                            settings->classes[i]);
    return CLN_OK;
}

/* The caller's data set, or a copy of it with what the options leave of it. */
static cln_status narrow(cln_selection *selection, int part, cln_dataset *data, const cln_settings *settings,
                         cln_error *error)
{
    cln_status status = CLN_OK;
    uint64_t rows = part == CLN_TRAIN ? settings->train_rows : 0;
    selection->data[part] = data;
    if (!data || (!settings->class_count && !rows))
        return CLN_OK;
    TRY(cln_dataset_copy(data, &selection->data[part], error));
    selection->owned[part] = true;
    if (settings->class_count)
        TRY(keep_classes(selection->data[part], part, settings, error));
    cln_dataset_info info;
    cln_dataset_describe(selection->data[part], &info);
    if (rows > info.rows)
        return cln_fail(error, CLN_INVALID, "option train-rows asks for %llu rows, but the training data has %llu",
                        (unsigned long long)rows, (unsigned long long)info.rows);
    if (rows)
        TRY(cln_dataset_keep_rows(selection->data[part], 0, rows, error));
out:
    return status;
}

/* Labels or real-valued targets, as a model of these settings and the training part have them. */
static cln_status check_answers(const cln_selection *selection, int part, const cln_dataset_info *info,
                                cln_error *error)
{
    const cln_dataset_info *train = &selection->info;
    if (!info->labelled && !info->real)
        return cln_fail(error, CLN_INVALID, "the %s data (%s) has no labels; name their file", names[part], info->path);
    if (info->real != train->real)
        return cln_fail(error, CLN_INVALID, "the %s data (%s) has %s, but the training data has %s", names[part],
                        info->path, info->real ? "real-valued targets" : "labels",
                        train->real ? "real-valued targets" : "labels");
    if (info->real && info->outputs != train->outputs)
        return cln_fail(error, CLN_INVALID, "the %s data (%s) has %u targets a row, but the training data has %u",
                        names[part], info->path, info->outputs, train->outputs);
    if (selection->target == CLN_TARGET_ONEHOT && info->outputs > train->outputs)
        return cln_fail(error, CLN_INVALID, "the %s data (%s) has label %u, but the training data only 0 to %u",
                        names[part], info->path, info->outputs - 1, train->outputs - 1);
    return CLN_OK;
}

static cln_status check_part(const cln_selection *selection, int part, const cln_dataset_info *info, cln_error *error)
{
    if (info->features != selection->info.features || info->type != selection->info.type)
        return cln_fail(error, CLN_INVALID,
                        "the %s data (%s) has %u features of type %s, but the training data has %u of type %s",
                        names[part], info->path, info->features, info->type == CLN_UINT8 ? "byte" : "float",
                        selection->info.features, selection->info.type == CLN_UINT8 ? "byte" : "float");
    return check_answers(selection, part, info, error);
}

/* A device squares residuals of targets in float, and adds up some thousand squares. */
static cln_status check_targets(const cln_dataset *data, const cln_dataset_info *info, cln_error *error)
{
    const float *targets = cln_dataset_targets(data);
    const double most = 1e16;
    double largest = 0;
    for (uint64_t i = 0; i < info->rows * info->outputs; i++)
        largest = fmax(largest, fabs((double)targets[i]));
    if (largest == 0 || (largest <= most && largest >= 1 / most))
        return CLN_OK;
    return cln_fail(
        error, CLN_INVALID,
        "the targets of the training data (%s) are too %s: the largest is %g, whose square is beyond single "
        "precision; give them in another unit, so that the largest is between %g and %g",
        info->path, largest > most ? "large" : "small", largest, 1 / most, most);
}

/* What a model is fitted to, and its outputs. */
static cln_status choose_target(cln_selection *selection, const cln_settings *settings, cln_error *error)
{
    const cln_dataset_info *info = &selection->info;
    cln_target target = cln_settings_target(settings);
    if (info->real && cln_settings_loss(settings) != CLN_SQUARED)
        return cln_fail(error, CLN_INVALID,
                        "the training data (%s) has real-valued targets, and softmax is fitted to classes; take model "
                        "linear",
                        info->path);
    if (info->real && target == CLN_TARGET_VALUE)
        return cln_fail(error, CLN_INVALID,
                        "the training data (%s) has real-valued targets already; option target is for labels, leave it "
                        "out",
                        info->path);
    if (info->real && (settings->balanced || settings->weighted_count))
        return cln_fail(error, CLN_INVALID,
                        "the training data (%s) has real-valued targets, so there are no classes that option "
                        "class-weights could weigh",
                        info->path);
    if (cln_settings_solver_is(settings, "direct") && cln_dataset_weights(selection->data[CLN_TRAIN]))
        return cln_fail(
            error, CLN_INVALID,
            "the rows of the training data (%s) have weights, and solver direct weighs all rows alike; take "
            "lbfgs or sgd",
            info->path);
    if (info->real && check_targets(selection->data[CLN_TRAIN], info, error) != CLN_OK)
        return CLN_INVALID;
    selection->target = info->real ? CLN_TARGET_REAL : target;
    selection->outputs = selection->target == CLN_TARGET_VALUE ? 1 : info->outputs;
    return CLN_OK;
}

void cln_selection_find_labels(cln_selection *selection)
{
    const int32_t *labels = cln_dataset_labels(selection->data[CLN_TRAIN]);
    const uint32_t *list = selection->list[CLN_TRAIN];
    for (uint64_t i = 0; labels && i < selection->rows[CLN_TRAIN]; i++) {
        int32_t label = labels[list ? list[i] : i];
        selection->lowest = i == 0 || label < selection->lowest ? label : selection->lowest;
        selection->highest = i == 0 || label > selection->highest ? label : selection->highest;
    }
}

/* The last rows of the training data set become the validation part. */
static cln_status split(cln_selection *selection, uint64_t valid_rows, cln_error *error)
{
    if (valid_rows >= selection->info.rows)
        return cln_fail(error, CLN_INVALID,
                        "option valid takes %llu of %llu training rows, and none remain to train on; take fewer",
                        (unsigned long long)valid_rows, (unsigned long long)selection->info.rows);
    selection->rows[CLN_TRAIN] = selection->info.rows - valid_rows;
    selection->rows[CLN_VALID] = valid_rows;
    return CLN_OK;
}

cln_status cln_selection_create(cln_selection *selection, const cln_settings *settings, const cln_parts *parts,
                                cln_error *error)
{
    cln_status status;
    cln_dataset *const given[CLN_PARTS] = {parts->train, parts->valid, parts->test};
    if (!parts->train)
        return cln_fail(error, CLN_INVALID, "there is no training data");
    for (int part = 0; part < CLN_PARTS; part++) {
        cln_dataset_info info;
        TRY(narrow(selection, part, given[part], settings, error));
        if (!given[part])
            continue;
        cln_dataset_describe(selection->data[part], &info);
        if (part == CLN_TRAIN) {
            selection->info = info;
            TRY(choose_target(selection, settings, error));
        }
        TRY(check_part(selection, part, &info, error));
        selection->rows[part] = info.rows;
    }
    if (settings->valid_rows && !parts->valid)
        TRY(split(selection, settings->valid_rows, error));
    cln_selection_find_labels(selection);
out:
    return status;
}

/* A data set is read by one thread at a time, and this one may be that of an earlier part. */
static bool is_being_read(const cln_selection *selection, int part)
{
    for (int earlier = 0; earlier < part; earlier++)
        if (selection->data[earlier] == selection->data[part])
            return true;
    return false;
}

cln_status cln_selection_begin(cln_selection *selection, cln_device *device, cln_error *error)
{
    cln_status status = CLN_OK;
    for (int part = 0; part < CLN_PARTS; part++)
        if (selection->rows[part] && selection->data[part] && !selection->resident[part] &&
            !is_being_read(selection, part))
            TRY(cln_resident_begin(device, selection->data[part], 0, &selection->resident[part], error));
out:
    return status;
}

/* Waits for a part's data, and where they were read for another part before, reads them. */
static cln_status finish_part(cln_selection *selection, cln_device *device, int part, uint32_t block_rows,
                              double *wait_seconds, cln_error *error)
{
    cln_status status = CLN_OK;
    if (!selection->resident[part])
        TRY(cln_resident_begin(device, selection->data[part], 0, &selection->resident[part], error));
    TRY(cln_resident_finish(selection->resident[part], block_rows, wait_seconds, error));
out:
    return status;
}

cln_status cln_selection_finish(cln_selection *selection, cln_device *device, uint32_t block_rows, double *wait_seconds,
                                cln_error *error)
{
    cln_status status = CLN_OK;
    for (int part = 0; part < CLN_PARTS; part++) {
        bool within = !selection->data[part]; /* the training data set */
        if (!selection->rows[part])
            continue;
        if (!within)
            TRY(finish_part(selection, device, part, block_rows, wait_seconds, error));
        if (!selection->finished && !selection->list[part])
            selection->range[part] = (cln_range){.data = selection->resident[within ? CLN_TRAIN : part],
                                                 .first = within ? selection->rows[CLN_TRAIN] : 0,
                                                 .rows = selection->rows[part]};
    }
    selection->finished = true;
out:
    return status;
}

double cln_selection_target(const cln_selection *selection, uint64_t i, uint32_t c)
{
    const cln_dataset *data = selection->data[CLN_TRAIN];
    const cln_row_answers answers = {.labels = cln_dataset_labels(data), .targets = cln_dataset_targets(data)};
    return cln_row_target(selection->target, &answers, cln_selection_row(selection, CLN_TRAIN, i), selection->outputs,
                          c);
}

void cln_selection_release(cln_selection *selection)
{
    cln_selection_unfold(selection);
    for (int part = 0; part < CLN_PARTS; part++) {
        cln_resident_release(selection->resident[part]);
        if (selection->owned[part])
            cln_dataset_close(selection->data[part]);
    }
    memset(selection, 0, sizeof *selection);
}
