/*
 * Device memory. Every buffer is made and released here, so that cln_device.bytes is true. Sizes and offsets in bytes;
 * `what` names the buffer in messages. Reads, writes and zeroing are ordered with the kernels of the device's queue;
 * reading and writing block until done. None of them is an error for 0 bytes.
 */
#ifndef CLN_DEVICE_BUFFER_H
#define CLN_DEVICE_BUFFER_H

#include "device/device.h"

/* Zeroed memory. Refused before asking the driver where `bytes` exceed CL_DEVICE_MAX_MEM_ALLOC_SIZE. For 0
   bytes it is one byte long, so that it can still be a kernel's argument. */
cln_status cln_buffer_create(cln_device *device, const char *what, uint64_t bytes, cl_mem *buffer, cln_error *error);
/* The same with anything in it, for what is written whole anyway. */
cln_status cln_buffer_create_raw(cln_device *device, const char *what, uint64_t bytes, cl_mem *buffer,
                                 cln_error *error);
void cln_buffer_release(cln_device *device, cl_mem *buffer); /* sets *buffer to NULL; accepts NULL there */

/* A device like this one for _create and _create_raw alone, which there only count: bytes, peak and largest grow as they would, nothing
   is refused, and buffers stay NULL. What is to be released is taken off its bytes again. So sizes that are estimated come from
   the code that allocates. No memory of its own; tuning is the device's. */
cln_device cln_device_dry(const cln_device *device);

cln_status cln_buffer_zero(cln_device *device, cl_mem buffer, cln_error *error);
cln_status cln_buffer_read(cln_device *device, cl_mem buffer, uint64_t offset, uint64_t bytes, void *to,
                           cln_error *error);
cln_status cln_buffer_write(cln_device *device, cl_mem buffer, uint64_t offset, uint64_t bytes, const void *from,
                            cln_error *error);
/* Bytes offset … offset+bytes−1 of one buffer to the same place in another. */
cln_status cln_buffer_copy(cln_device *device, cl_mem from, cl_mem to, uint64_t offset, uint64_t bytes,
                           cln_error *error);

/* Bytes offset … offset+bytes−1 of a buffer, or of a part of one, as a buffer of their own for kernels that take no offset. The offset
   is a multiple of CL_DEVICE_MEM_BASE_ADDR_ALIGN. No memory of its own; what is enqueued with it outlives its release. */
cln_status cln_buffer_part(cln_device *device, cl_mem buffer, uint64_t offset, uint64_t bytes, cl_mem *part,
                           cln_error *error);
void cln_buffer_part_release(cl_mem *part); /* sets *part to NULL; accepts NULL there */

/* A window of the buffer in host memory for writing only: its old content is lost. Unmap before any kernel reads it.
   The window of 0 bytes is NULL, which _unmap accepts. */
cln_status cln_buffer_map(cln_device *device, cl_mem buffer, uint64_t offset, uint64_t bytes, void **window,
                          cln_error *error);
cln_status cln_buffer_unmap(cln_device *device, cl_mem buffer, void *window, cln_error *error);

#endif
