/*
 * limits [DEVICE]: what a device can do at most, a line of JSON for each figure. Built with the target `benchmarks`.
 */
#include <clinear.h>
#include <math.h>
#include <stdio.h>

static void print_number(const char *key, double value)
{
    if (isfinite(value))
        printf(",\"%s\":%.6g", key, value);
    else
        printf(",\"%s\":null", key);
}

/* What JSON would escape becomes a blank. */
static void print_text(const char *key, const char *text)
{
    printf(",\"%s\":", key);
    if (!text) {
        printf("null");
        return;
    }
    putchar('"');
    for (; *text; text++)
        putchar(*text < ' ' || *text == '"' || *text == '\\' ? ' ' : *text);
    putchar('"');
}

static void print_row(const cln_measurement *row, void *user)
{
    const cln_device_info *device = user;
    printf("{\"benchmark\":\"limits\"");
    print_text("device", device->name);
    print_text("driver", device->driver);
    print_text("name", row->name);
    print_number("value", row->value);
    print_text("unit", row->unit);
    print_number("spread", row->spread);
    print_number("limit", row->limit);
    print_text("reason", row->reason);
    puts("}");
}

int main(int argc, char **argv)
{
    cln_error error = {0};
    cln_device *device = NULL;
    if (cln_device_open(argc > 1 ? argv[1] : "auto", &device, &error) == CLN_OK)
        cln_measure_limits(device, print_row, (void *)cln_device_describe(device), &error);
    if (error.status != CLN_OK)
        fprintf(stderr, "limits: %s\n", error.message);
    cln_device_close(device);
    return error.status != CLN_OK;
}
