#include "device/stand_in.h"

#include "base/os.h"

#include <string.h>

static _Thread_local bool standing_in;

void cln_stand_in_begin(const cln_device *device)
{
    standing_in = device->facts.binaries_compile;
}

void cln_stand_in_end(void)
{
    standing_in = false;
}

static const char mark[] = "clinear: the source of an OpenCL program";

typedef cl_int(CL_API_CALL info_fn)(cl_program, cl_program_info, size_t, void *, size_t *);
typedef cl_program(CL_API_CALL create_fn)(cl_context, cl_uint, const cl_device_id *, const size_t *,
                                          const unsigned char **, cl_int *, cl_int *);

/* The mark and the source as CL_PROGRAM_BINARY_SIZES and CL_PROGRAM_BINARIES answer for one device. */
static cl_int answer(info_fn *next, cl_program program, cl_program_info fact, size_t size, void *value, size_t *needed)
{
    size_t source = 0, own = fact == CL_PROGRAM_BINARIES ? sizeof(unsigned char *) : sizeof source;
    cl_int code = next(program, CL_PROGRAM_SOURCE, 0, NULL, &source);
    if (code != CL_SUCCESS)
        return code;
    if (needed)
        *needed = own;
    if (!value)
        return CL_SUCCESS;
    if (size < own)
        return CL_INVALID_VALUE;
    if (fact == CL_PROGRAM_BINARY_SIZES) {
        source += sizeof mark;
        memcpy(value, &source, sizeof source);
        return CL_SUCCESS;
    }
    unsigned char *to;
    memcpy(&to, value, sizeof to);
    if (!to)
        return CL_SUCCESS;
    memcpy(to, mark, sizeof mark);
    return next(program, CL_PROGRAM_SOURCE, source, to + sizeof mark, NULL);
}

__attribute__((visibility("default"))) CL_API_ENTRY cl_int CL_API_CALL clGetProgramInfo(cl_program program,
                                                                                        cl_program_info fact,
                                                                                        size_t size, void *value,
                                                                                        size_t *needed)
{
    info_fn *next = (info_fn *)cln_os_next_function("clGetProgramInfo");
    if (!next)
        return CL_INVALID_OPERATION;
    if (standing_in && (fact == CL_PROGRAM_BINARY_SIZES || fact == CL_PROGRAM_BINARIES))
        return answer(next, program, fact, size, value, needed);
    return next(program, fact, size, value, needed);
}

__attribute__((visibility("default"))) CL_API_ENTRY cl_program CL_API_CALL
clCreateProgramWithBinary(cl_context context, cl_uint count, const cl_device_id *devices, const size_t *lengths,
                          const unsigned char **binaries, cl_int *binary_status, cl_int *code)
{
    create_fn *next = (create_fn *)cln_os_next_function("clCreateProgramWithBinary");
    if (standing_in && count == 1 && lengths[0] > sizeof mark && memcmp(binaries[0], mark, sizeof mark) == 0) {
        const char *source = (const char *)binaries[0] + sizeof mark;
        size_t length = lengths[0] - sizeof mark - 1; /* without the zero at its end */
        if (binary_status)
            *binary_status = CL_SUCCESS;
        return clCreateProgramWithSource(context, 1, &source, &length, code);
    }
    if (!next && code)
        *code = CL_INVALID_OPERATION;
    return next ? next(context, count, devices, lengths, binaries, binary_status, code) : NULL;
}
