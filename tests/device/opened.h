/* For suites that need a device: the one that the selector in CLINEAR_TEST_DEVICE takes, otherwise `auto`; opened once. */
#ifndef CLN_TESTS_DEVICE_OPENED_H
#define CLN_TESTS_DEVICE_OPENED_H

#include "device/device.h"
#include "harness.h"

static cln_device *device;

static inline int run_on_device(Suite *suite)
{
    cln_error error = {0};
    if (cln_device_open(getenv("CLINEAR_TEST_DEVICE"), &device, &error) != CLN_OK) {
        srunner_free(srunner_create(suite));
        return skip(error.message);
    }
    int result = run_device_suite(suite);
    cln_device_close(device);
    return result;
}

#endif
