#include "cli/parts.h"

#include "base/number.h"
#include "cli/data.h"

#include <unistd.h>

/* Of a folder the test part; a lone file would have no labels. */
static cln_status open_other(const char *option, const char *path, cln_dataset **data, cln_error *error)
{
    if (access(path, F_OK) == 0 && !cln_dataset_has_parts(path))
        return cln_fail(error, CLN_INVALID, "option --%s: %s is no folder, and a file of images has no labels", option,
                        path);
    return cln_data_open(path, NULL, CLN_PART_TEST, true, data, error);
}

/* --valid is a number of rows, which is an option of the trainer, or names a data set. */
static cln_status set_valid(const char *valid, cln_options *options, cln_dataset **data, cln_error *error)
{
    double number;
    if (!valid)
        return CLN_OK;
    if (cln_parse_real(valid, &number))
        return cln_options_set(options, "valid", valid, error);
    if (access(valid, F_OK) != 0)
        return cln_fail(error, CLN_INVALID,
                        "option --valid: '%s' is neither a number of rows nor an existing folder or file", valid);
    return open_other("valid", valid, data, error);
}

/* What would be without effect is a mistake that is better heard of. */
static cln_status check_company(const cln_options *options, cln_error *error)
{
    static const char *const patient[] = {"patience-increase", "improvement"};
    for (size_t i = 0; i < 2; i++)
        if (cln_options_changed(options, patient[i]) && !cln_options_changed(options, "patience-iterations"))
            return cln_fail(error, CLN_INVALID, "option --%s needs --patience-iterations, the rule that it belongs to",
                            patient[i]);
    return CLN_OK;
}

cln_status cln_parts_open_data(const char *path, const char *labels, cln_parts *parts, cln_error *error)
{
    cln_status status;
    TRY(cln_data_open(path, labels, CLN_PART_TRAIN, true, &parts->train, error));
    if (cln_dataset_has_parts(path))
        TRY(cln_data_open(path, NULL, CLN_PART_TEST, true, &parts->test, error));
out:
    return status;
}

cln_status cln_parts_open(const cln_part_words *words, cln_options *options, cln_parts *parts, cln_error *error)
{
    cln_status status;
    const char *wrong;
    TRY(check_company(options, error));
    TRY(set_valid(words->valid, options, &parts->valid, error));
    wrong = cln_options_check(options);
    if (wrong) {
        status = cln_fail(error, CLN_INVALID, "%s", wrong);
        goto out;
    }
    if (words->test) {
        TRY(cln_data_open(words->data, words->labels, CLN_PART_TRAIN, true, &parts->train, error));
        TRY(open_other("test", words->test, &parts->test, error));
    } else
        TRY(cln_parts_open_data(words->data, words->labels, parts, error));
out:
    return status;
}

void cln_parts_close(cln_parts *parts)
{
    cln_dataset_close(parts->test);
    cln_dataset_close(parts->valid);
    cln_dataset_close(parts->train);
}
