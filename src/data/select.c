/* Keeping some rows: by class, by place. */
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

static uint64_t count_kept(const cln_dataset *data, const int32_t *becomes)
{
    uint64_t rows = 0;
    for (uint64_t i = 0; i < data->info.rows; i++)
        rows += becomes[data->labels[i]] >= 0;
    return rows;
}

cln_status cln_dataset_keep_classes(cln_dataset *data, const uint32_t *classes, uint32_t count, cln_error *error)
{
    cln_status status;
    int32_t *becomes = NULL;
    uint32_t *kept = NULL;
    uint64_t rows = 0;
    if (!data->labels)
        return cln_fail(error, CLN_INVALID, "%s has no labels, so no classes can be kept; give its labels",
                        data->info.path);
    if (count == 0)
        return cln_fail(error, CLN_INVALID, "no classes are named that are to be kept; name at least one");
    TRY(cln_allocate((void **)&becomes, data->info.outputs, sizeof *becomes, "class numbers", error));
    TRY(renumber(data, classes, count, becomes, error));
    if (count_kept(data, becomes) == 0) {
        status = cln_fail(error, CLN_INVALID, "%s has no row of the classes to be kept", data->info.path);
        goto out;
    }
    TRY(cln_allocate((void **)&kept, count_kept(data, becomes), sizeof *kept, "row numbers", error));
    for (uint64_t i = 0; i < data->info.rows; i++) {
        int32_t label = becomes[data->labels[i]];
        if (label < 0)
            continue;
        kept[rows] = data->kept ? data->kept[i] : (uint32_t)(data->first + i);
        data->labels[rows++] = label;
    }
    free(data->kept);
    data->kept = kept;
    kept = NULL;
    data->info.rows = rows;
    data->info.outputs = count;
    data->next = 0;
out:
    free(kept);
    free(becomes);
    return status;
}

cln_status cln_dataset_keep_rows(cln_dataset *data, uint64_t first, uint64_t count, cln_error *error)
{
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
    if (data->labels)
        memmove(data->labels, data->labels + first, (size_t)count * sizeof *data->labels);
    data->info.rows = count;
    data->next = 0;
    return CLN_OK;
}
