/*
 * helper.programs: the programs that the engines build on a made-up GPU, and on a device that takes the CPU shape, without any
 * device: a line "gpu NAME OPTIONS" or "cpu NAME OPTIONS" for each cl/NAME.cl that is built.
 *
 * The OpenCL functions that a plan calls stand here in place of the loader's. They succeed with NULL handles, so a call that is
 * missing here ends in the loader's error, not in a crash.
 */
#include "base/size.h"
#include "compute/plan.h"
#include "device/sources.h"

#include <stdio.h>

static const char *shape_name, *program_text;

cl_program clCreateProgramWithSource(cl_context context, cl_uint count, const char **texts, const size_t *lengths,
                                     cl_int *code)
{
    (void)context, (void)count, (void)lengths;
    program_text = texts[0];
    *code = CL_SUCCESS;
    return NULL;
}

cl_int clBuildProgram(cl_program program, cl_uint count, const cl_device_id *devices, const char *options,
                      void(CL_CALLBACK *notify)(cl_program, void *), void *user)
{
    (void)program, (void)count, (void)devices, (void)notify, (void)user;
    const cln_source *source = cln_sources;
    while (source->name && source->text != program_text)
        source++;
    printf("%s %s %s\n", shape_name, source->name ? source->name : "unknown", options);
    return CL_SUCCESS;
}

cl_kernel clCreateKernel(cl_program program, const char *name, cl_int *code)
{
    (void)program, (void)name;
    *code = CL_SUCCESS;
    return NULL;
}

cl_int clGetKernelWorkGroupInfo(cl_kernel kernel, cl_device_id device, cl_kernel_work_group_info what, size_t bytes,
                                void *value, size_t *needed)
{
    (void)kernel, (void)device, (void)what, (void)bytes, (void)needed;
    *(size_t *)value = 1024;
    return CL_SUCCESS;
}

static cln_status plan(const char *engine, bool is_cpu, uint32_t d, uint32_t k, cln_type type, cln_error *error)
{
    cln_device device = {
        .dry = true, /* its buffers are counted alone */
        .facts = {
            .is_cpu = is_cpu,
            .native_float_width = is_cpu ? 16 : 1,
            .max_group_size = 1024,
            .info = {.name = "a device that is not there", .local_bytes = 48 << 10, .max_alloc_bytes = 1ull << 40}}};
    cln_problem problem = {.features = d, .outputs = k, .type = type, .scale = 1, .bias = true, .block_rows = 60000};
    cln_plan *made;
    shape_name = is_cpu ? "cpu" : "gpu";
    cln_status status = cln_plan_create(&device, engine, &problem, NULL, &made, error);
    if (status == CLN_OK)
        cln_plan_release(made);
    return status;
}

int main(void)
{
    static const uint32_t sizes[][2] = {{784, 1}, {784, 10}, {784, 16}, {784, 64}, {10000, 10}, {2, 2}}; /* d, k */
    cln_status status;
    cln_error error = {0};
    for (size_t i = 0; i < CLN_COUNT(sizes); i++)
        for (int type = 0; type < 2; type++)
            TRY(plan("fused", false, sizes[i][0], sizes[i][1], type ? CLN_FLOAT32 : CLN_UINT8, &error));
    for (int type = 0; type < 2; type++)
        TRY(plan("clblast", false, 784, 100, type ? CLN_FLOAT32 : CLN_UINT8, &error));
    TRY(plan("fused", true, 784, 10, CLN_UINT8, &error));
out:
    if (status != CLN_OK)
        fprintf(stderr, "%s\n", error.message);
    return status != CLN_OK;
}
