#include "cli/data.h"

#include "base/number.h"
#include "base/os.h"

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
    if (labelled && !info.labelled && cln_dataset_has_parts(path)) {
        status = cln_fail(error, CLN_IO, "folder %s has no %s-labels-idx1-ubyte (nor .gz), which are needed here", path,
                          part == CLN_PART_TRAIN ? "train" : "t10k");
        goto out;
    }
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

cln_status cln_data_part(const char *word, const char *path, cln_part *part, cln_error *error)
{
    static const char *const words[] = {"train", "test"};
    *part = word && strcmp(word, "train") == 0 ? CLN_PART_TRAIN : CLN_PART_TEST;
    if (!word)
        return CLN_OK;
    if (*part == CLN_PART_TEST && strcmp(word, "test") != 0) {
        const char *nearest = cln_nearest(word, words, 2);
        return cln_fail(error, CLN_INVALID, "option --part: '%s' is neither train nor test%s%s%s", word,
                        nearest ? "; did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
    }
    if (cln_os_is_file(path))
        return cln_fail(error, CLN_INVALID, "option --part is for a folder; the file %s has one part", path);
    return CLN_OK;
}
