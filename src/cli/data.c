#include "cli/data.h"

#include <string.h>

cln_status cln_data_open(const char *path, const char *labels, cln_part part, bool labelled, cln_dataset **data,
                         cln_error *error)
{
    cln_status status;
    cln_dataset *opened = NULL;
    cln_dataset_info info;
    if (labels && cln_dataset_has_parts(path))
        return cln_fail(error, CLN_INVALID, "option --labels is for a file of images; the folder %s has its own labels",
                        path);
    TRY(cln_dataset_open(path, labels, part, &opened, error));
    cln_dataset_describe(opened, &info);
    if (labelled && !info.labelled) {
        status = cln_fail(error, CLN_INVALID, "%s has no labels; name their file with --labels", path);
        goto out;
    }
    *data = opened;
    opened = NULL;
out:
    cln_dataset_close(opened);
    return status;
}

cln_status cln_data_part(const char *word, cln_part *part, cln_error *error)
{
    *part = CLN_PART_TEST;
    if (word && strcmp(word, "train") == 0)
        *part = CLN_PART_TRAIN;
    else if (word && strcmp(word, "test") != 0)
        return cln_fail(error, CLN_INVALID, "option --part: '%s' is neither train nor test", word);
    return CLN_OK;
}
