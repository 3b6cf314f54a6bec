/* Keeping some rows: by class, by place. Labels, targets and weights go with them. */
#include "base/entry.h"
#include "base/size.h"
#include "data/state.h"

#include <stdlib.h>
#include <string.h>

static bool named_before(const uint32_t *classes, uint32_t i)
{
    for (uint32_t j = 0; j < i; j++)
        if (classes[j] == classes[i])
            return true;
    return false;
}

/* Where classes (count) are distinct, becomes[label] is the new label, or −1 for one to leave out. */
static cln_status renumber(const cln_dataset *data, const uint32_t *classes, uint32_t count, int32_t *becomes,
                           cln_error *error)
{
    for (uint32_t label = 0; label < data->info.outputs; label++)
        becomes[label] = -1;
    for (uint32_t i = 0; i < count; i++) {
        bool known = classes[i] < data->info.outputs;
        if (known ? becomes[classes[i]] >= 0 : named_before(classes, i))
            return cln_fail(error, CLN_INVALID, "class %u is named twice; each can be kept once", classes[i]);
        if (known)
            becomes[classes[i]] = (int32_t)i;
    }
    return CLN_OK;
}

/* The rows of `list` (count), ascending and distinct, become rows 0 … count−1. */
static cln_status keep(cln_dataset *data, const uint32_t *list, uint64_t count, cln_error *error)
{
    uint32_t *kept = data->kept;
    cln_status status = CLN_OK;
    if (!kept)
        status = cln_allocate((void **)&kept, count, sizeof *kept, "row numbers", error);
    if (status != CLN_OK)
        return status;
    for (uint64_t i = 0; i < count; i++) {
        kept[i] = data->kept ? data->kept[list[i]] : (uint32_t)(data->first + list[i]);
        cln_dataset_move_answers(data, list[i], i);
    }
    data->kept = kept;
    data->info.rows = count;
    data->next = 0;
    return CLN_OK;
}

/* *list: the rows (*count) whose labels become any. */
static cln_status list_kept(const cln_dataset *data, const int32_t *becomes, uint32_t **list, uint64_t *count,
                            cln_error *error)
{
    *count = 0;
    for (uint64_t i = 0; i < data->info.rows; i++)
        *count += becomes[data->labels[i]] >= 0;
    if (*count == 0)
        return cln_fail(error, CLN_INVALID, "%s has no row of the classes to be kept", data->info.path);
    cln_status status = cln_allocate((void **)list, *count, sizeof **list, "row numbers", error);
    for (uint64_t i = 0, rows = 0; status == CLN_OK && i < data->info.rows; i++)
        if (becomes[data->labels[i]] >= 0)
            (*list)[rows++] = (uint32_t)i;
    return status;
}

cln_status cln_dataset_keep_classes(cln_dataset *data, const uint32_t *classes, uint32_t count, cln_error *error)
{
    ENTER(error, data && (classes || count == 0));
    cln_status status;
    int32_t *becomes = NULL;
    uint32_t *list = NULL;
    uint64_t rows;
    if (data->targets)
        return cln_fail(error, CLN_INVALID, "%s has real-valued targets, so no classes can be kept; keep rows",
                        data->info.path);
    if (!data->labels)
        return cln_fail(error, CLN_INVALID, "%s has no labels, so no classes can be kept; give its labels",
                        data->info.path);
    if (count == 0)
        return cln_fail(error, CLN_INVALID, "no classes are named that are to be kept; name at least one");
    TRY(cln_allocate((void **)&becomes, data->info.outputs, sizeof *becomes, "class numbers", error));
    TRY(renumber(data, classes, count, becomes, error));
    TRY(list_kept(data, becomes, &list, &rows, error));
    TRY(keep(data, list, rows, error));
    for (uint64_t i = 0; i < rows; i++)
        data->labels[i] = becomes[data->labels[i]];
    data->info.outputs = count;
out:
    free(list);
    free(becomes);
    return status;
}

cln_status cln_dataset_keep_rows(cln_dataset *data, uint64_t first, uint64_t count, cln_error *error)
{
    ENTER(error, data);
    uint64_t end;
    if (count == 0)
        return cln_fail(error, CLN_INVALID, "no rows of %s are to be kept; keep at least one", data->info.path);
    if (!cln_add(first, count, &end) || end > data->info.rows)
        return cln_fail(error, CLN_INVALID, "cannot keep %llu rows from row %llu on: %s has %llu",
                        (unsigned long long)count, (unsigned long long)first, data->info.path,
                        (unsigned long long)data->info.rows);
    if (data->kept)
        memmove(data->kept, data->kept + first, (size_t)count * sizeof *data->kept);
    else
        data->first += first;
    for (uint64_t i = 0; i < count; i++)
        cln_dataset_move_answers(data, first + i, i);
    data->info.rows = count;
    data->next = 0;
    return CLN_OK;
}
