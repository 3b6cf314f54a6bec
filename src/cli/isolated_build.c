#include "base/os.h"
#include "cli/data.h"
#include "cli/isolated.h"

#include <math.h>
#include <string.h>

/* The usual tuning file of the device, from `folder`: this process has empty caches. */
static void load_tuning(cln_device *device, const char *folder)
{
    char usual[CLN_TUNING_PATH_BYTES], path[2 * CLN_OS_PATH_BYTES];
    if (!*folder || cln_device_tuning_path(device, usual, NULL) != CLN_OK || !strrchr(usual, '/'))
        return;
    snprintf(path, sizeof path, "%s%s", folder, strrchr(usual, '/'));
    if (cln_os_exists(path))
        cln_device_load_tuning(device, path, NULL);
}

/* One pass that moves nothing, so that nothing diverges: only what is compiled for it counts. */
static cln_status set_options(cln_options *options, const char *engine, cln_error *error)
{
    cln_status status;
    TRY(cln_options_set(options, "engine", engine, error));
    TRY(cln_options_set(options, "epochs", "1", error));
    TRY(cln_options_set(options, "learning-rate", "1e-30", error));
out:
    return status;
}

/* A few of the rows, for which the same kernels are compiled as for all. */
static cln_status open_few(const char *path, const char *labels, cln_dataset **data, cln_error *error)
{
    enum { ROWS = 1000 };
    cln_status status;
    cln_dataset_info info;
    TRY(cln_data_open(path, labels, CLN_PART_TRAIN, true, data, error));
    cln_dataset_describe(*data, &info);
    if (info.rows > ROWS)
        TRY(cln_dataset_keep_rows(*data, 0, ROWS, error));
out:
    return status;
}

cln_status cln_isolated_build(cln_device *device, const char *const *arguments, bool *ok, cln_error *error)
{
    cln_status status;
    const char *labels = *arguments[1] ? arguments[1] : NULL;
    cln_options *options = NULL;
    cln_trainer *trainer = NULL;
    cln_dataset *train = NULL;
    cln_result result;
    load_tuning(device, arguments[4]);
    TRY(cln_options_create(&options, error));
    TRY(set_options(options, arguments[3], error));
    TRY(open_few(arguments[0], labels, &train, error));
    TRY(cln_trainer_create(device, options, &(cln_parts){.train = train}, &trainer, error));
    TRY(cln_trainer_run(trainer, NULL, NULL, &result, error));
    cln_isolated_row(&(cln_measurement){arguments[2], result.seconds.build, "s", 0, NAN, NULL}, NULL);
    *ok = true;
out:
    cln_trainer_close(trainer);
    cln_dataset_close(train);
    cln_options_free(options);
    return status;
}
