/* What wrong kernels are looked for with in a few rows, where the command takes thousands:
     helper.wrong_kernels agreement ENGINE    cln_measure_agreement, as `clinear compare` begins
     helper.wrong_kernels trial ENGINE        a trial of the selftest
   on the device of CLINEAR_TEST_DEVICE. Prints a line for each result; exit status 1 where one is wrong, 2 where there is none. */
#include "base/random.h"
#include "device/device.h"
#include "measure/selftest.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 61, FEATURES = 7, CLASSES = 5 };

static void show(const cln_measurement *row, void *user)
{
    (void)user;
    printf("%s %.3g %s\n", row->name, row->value, row->reason ? row->reason : "");
}

static cln_status agree(cln_device *device, const char *engine, bool *right, cln_error *error)
{
    cln_status status;
    cln_dataset *data = NULL;
    cln_random random;
    static float x[ROWS * FEATURES];
    static int32_t y[ROWS];
    cln_random_seed(&random, 1, 1);
    for (uint32_t i = 0; i < ROWS; i++) {
        y[i] = (int32_t)(i % CLASSES);
        for (uint32_t j = 0; j < FEATURES; j++)
            x[i * FEATURES + j] =
                (float)cln_random_below(&random, 2000) / 1000 + (float)((i % CLASSES) * (j + 1) % FEATURES);
    }
    TRY(cln_dataset_wrap(x, CLN_FLOAT32, ROWS, FEATURES, y, &data, error));
    TRY(cln_measure_agreement(device, &(cln_parts){data, NULL, NULL}, engine, NULL, show, NULL, right, error));
out:
    cln_dataset_close(data);
    return status;
}

static cln_status try(cln_device *device, const char *engine, bool *right, cln_error *error)
{
    cln_status status;
    cln_trial trial = {0};
    cln_check checks[CLN_TESTED] = {{.name = "forward"}, {.name = "gradient"}, {.name = "update"}, {.name = "descent"}};
    const cln_telling telling = {.row = show};
    const cln_tested_engine of = {.engine = engine, .batch_rows = ROWS};
    bool ran;
    TRY(cln_trial_draw(ROWS, FEATURES, CLASSES, CLN_FLOAT32, true, &trial, error));
    TRY(cln_selftest_trial(device, &trial, &of, checks, &ran, error));
    *right = ran;
    for (int i = 0; i < CLN_TESTED; i++) {
        cln_check_tell(&checks[i], &telling);
        *right = *right && cln_check_passed(&checks[i]);
    }
out:
    cln_trial_free(&trial);
    return status;
}

int main(int count, char **arguments)
{
    cln_error error = {0};
    cln_device *device = NULL;
    bool right = false;
    const char *what = count > 1 ? arguments[1] : "";
    if (count != 3 || (strcmp(what, "agreement") != 0 && strcmp(what, "trial") != 0))
        return 2;
    cln_status status = cln_device_open(getenv("CLINEAR_TEST_DEVICE"), &device, &error);
    if (status == CLN_OK)
        status = (*what == 'a' ? agree : try)(device, arguments[2], &right, &error);
    cln_device_close(device);
    if (status != CLN_OK)
        fprintf(stderr, "%s\n", error.message);
    return status != CLN_OK ? 2 : !right;
}
