/* What was measured on a device, for one that is not there; behind its own head, and as it is. */
#include "compute/tuning.h"
#include "fuzz.h"

static const char head[] =
    "{\"clinear_tuning\":1,\"device\":{\"name\":\"N\",\"vendor\":\"V\",\"platform\":\"P\",\"driver\":"
    "\"1\",\"version\":\"1.2\"},";

static void load(bool is_cpu, const char *before, const uint8_t *bytes, size_t count)
{
    static const cln_problem problem = {.features = 784, .outputs = 10, .type = CLN_UINT8, .batch_rows = 600};
    cln_error error = {0};
    cln_device device = {
        .facts = {
            .is_cpu = is_cpu,
            .native_float_width = is_cpu ? 16 : 1,
            .max_group_size = 256,
            .info = {
                .name = "N", .vendor = "V", .platform = "P", .driver = "1", .version = "1.2", .local_bytes = 32768}}};
    cln_status status = cln_device_load_tuning(&device, fuzz_file(before, bytes, count), &error);
    fuzz_check(status, &error);
    if (status == CLN_OK) { /* what the driver's compiler gets must be sound */
        const cln_tuning *tuning = device.tuning;
        FUZZ_ASSERT(tuning && tuning->shape_count <= CLN_TUNED_MOST && tuning->product_count <= CLN_TUNED_MOST &&
                    tuning->engine_count <= CLN_TUNED_MOST);
        for (size_t i = 0; i < tuning->shape_count; i++)
            cln_tuning_apply(&tuning->shapes[i], &device.facts, &problem);
        for (size_t i = 0; i < tuning->product_count; i++)
            FUZZ_ASSERT(cln_gemm_fits(&device.facts, &tuning->products[i].gemm));
    }
    if (device.tuning)
        device.tuning_free(device.tuning);
}

void fuzz_one(const uint8_t *bytes, size_t count)
{
    load(true, head, bytes, count);
    load(false, head, bytes, count);
    load(true, NULL, bytes, count);
}
