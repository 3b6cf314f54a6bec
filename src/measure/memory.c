/* The bandwidth of memory, and of the way to it. */
#include "base/size.h"
#include "device/buffer.h"
#include "measure/probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_BYTES     (256u << 20) /* of each buffer: several times what a processor's cores share */
#define TRANSFER_BYTES (64u << 20)
#define WINDOW_BYTES   (16u << 20)         /* mapped at a time, as the training data are */
static const double launch_seconds = 0.15; /* the longest launch: a simulator's */

/* One of fill, copy and read over the first `bytes` of their buffers. */
static cln_status sweep(cln_probe *probe, cl_kernel kernel, cl_mem from, cl_mem to, uint64_t bytes, cln_error *error)
{
    cl_ulong count = bytes / (probe->vector * sizeof(cl_uint)), span = cln_ceil_divide(count, probe->groups);
    const cln_argument both[] = {CLN_ARG(from), CLN_ARG(to), CLN_ARG(count), CLN_ARG(span)};
    const cln_argument *arguments = from ? both : both + 1;
    cln_grid grid = {{probe->groups, 1}, {probe->group, 1}};
    return cln_launch(probe->device, kernel, grid, arguments, from ? 4 : 3, error);
}

static cln_status fill_words(cln_probe *probe, uint64_t bytes, cln_error *error)
{
    return sweep(probe, probe->fill, NULL, probe->from, bytes, error);
}

static cln_status copy_words(void *user, cln_error *error)
{
    cln_probe *probe = user;
    return sweep(probe, probe->copy, probe->from, probe->to, probe->bytes, error);
}

static cln_status read_words(void *user, cln_error *error)
{
    cln_probe *probe = user;
    return sweep(probe, probe->read, probe->from, probe->results, probe->bytes, error);
}

/* Word i of what `fill` writes; their sum over the first `count`. Both mod 2³², as everything here. */
static uint32_t word(uint64_t i)
{
    return (uint32_t)i * 2654435761u;
}

static uint32_t words_sum(uint64_t count)
{
    return (uint32_t)(count % 2 ? (count - 1) / 2 * count : count / 2 * (count - 1)) * 2654435761u;
}

/* The sum of the words in `buffer` (bytes), by kernel read. */
static cln_status sum_words(cln_probe *probe, cl_mem buffer, uint64_t bytes, uint32_t *sum, cln_error *error)
{
    cln_status status;
    uint64_t count = probe->groups * probe->group * probe->vector;
    uint32_t *sums = NULL;
    TRY(cln_allocate((void **)&sums, count, sizeof *sums, "partial sums", error));
    TRY(sweep(probe, probe->read, buffer, probe->results, bytes, error));
    TRY(cln_buffer_read(probe->device, probe->results, 0, count * sizeof *sums, sums, error));
    *sum = 0;
    for (uint64_t i = 0; i < count; i++)
        *sum += sums[i];
out:
    free(sums);
    return status;
}

static cln_status resize(cln_probe *probe, uint64_t bytes, cln_error *error)
{
    cln_status status;
    probe->bytes = 0;
    cln_buffer_release(probe->device, &probe->from);
    cln_buffer_release(probe->device, &probe->to);
    TRY(cln_buffer_create(probe->device, "measuring the bandwidth", bytes, &probe->from, error));
    TRY(cln_buffer_create(probe->device, "measuring the bandwidth", bytes, &probe->to, error));
    TRY(fill_words(probe, bytes, error));
    probe->bytes = bytes;
out:
    return status;
}

static uint64_t most_bytes(const cln_probe *probe)
{
    const cln_device_info *info = &probe->device->facts.info;
    uint64_t share = info->global_bytes / 8, most = info->max_alloc_bytes < share ? info->max_alloc_bytes : share;
    return most < MOST_BYTES ? most : MOST_BYTES;
}

/* Two buffers as large as the device allows and a launch over them may last. */
static cln_status grow(cln_probe *probe, cln_error *error)
{
    cln_status status = CLN_OK;
    double seconds = 0;
    for (uint64_t bytes = 64 << 10; bytes <= most_bytes(probe) && 4 * seconds < launch_seconds; bytes *= 4) {
        TRY(resize(probe, bytes, error));
        TRY(cln_sample_once(probe->device, copy_words, probe, &seconds, error));
    }
    if (probe->bytes == 0)
        return cln_fail(error, CLN_UNSUPPORTED, "%s has too little memory to measure its bandwidth",
                        probe->device->facts.info.name);
out:
    return status;
}

/* The same buffers for all; with a note where they are small. */
static cln_status have_memory(cln_probe *probe, cln_error *error)
{
    cln_status status = probe->bytes ? CLN_OK : grow(probe, error);
    if (status == CLN_OK && probe->bytes < MOST_BYTES)
        snprintf(probe->note, sizeof probe->note, "of %llu KiB alone, which caches may hold: %s",
                 (unsigned long long)probe->bytes >> 10,
                 4 * probe->bytes <= most_bytes(probe) ? "more would take too long" : "the device has no more");
    return status;
}

cln_status cln_probe_copy(cln_probe *probe, cln_sample *seconds, double *amount, cln_error *error)
{
    cln_status status;
    uint32_t sum;
    TRY(have_memory(probe, error));
    TRY(cln_sample_many(probe->device, copy_words, probe, seconds, error));
    TRY(sum_words(probe, probe->to, probe->bytes, &sum, error));
    if (sum != words_sum(probe->bytes / sizeof sum))
        return cln_probe_fail(probe, "the copy", error);
    *amount = 2 * (double)probe->bytes;
out:
    return status;
}

cln_status cln_probe_read(cln_probe *probe, cln_sample *seconds, double *amount, cln_error *error)
{
    cln_status status;
    uint32_t sum;
    TRY(have_memory(probe, error));
    TRY(cln_sample_many(probe->device, read_words, probe, seconds, error));
    TRY(sum_words(probe, probe->from, probe->bytes, &sum, error));
    if (sum != words_sum(probe->bytes / sizeof sum))
        return cln_probe_fail(probe, "a sum of what was read", error);
    *amount = (double)probe->bytes;
out:
    return status;
}

/* ---- between host and device ---- */

static cln_status have_transfer(cln_probe *probe, cln_error *error)
{
    cln_status status;
    TRY(have_memory(probe, error));
    probe->transfer = probe->bytes < TRANSFER_BYTES ? probe->bytes : TRANSFER_BYTES;
    if (!probe->host)
        TRY(cln_allocate((void **)&probe->host, probe->transfer, 1, "measuring transfers", error));
out:
    return status;
}

static cln_status upload(void *user, cln_error *error)
{
    cln_probe *probe = user;
    cln_status status = CLN_OK;
    void *window;
    for (uint64_t done = 0; done < probe->transfer; done += WINDOW_BYTES) {
        uint64_t left = probe->transfer - done, bytes = left < WINDOW_BYTES ? left : WINDOW_BYTES;
        TRY(cln_buffer_map(probe->device, probe->from, done, bytes, &window, error));
        memcpy(window, (char *)probe->host + done, bytes);
        TRY(cln_buffer_unmap(probe->device, probe->from, window, error));
    }
out:
    return status;
}

static cln_status download(void *user, cln_error *error)
{
    cln_probe *probe = user;
    return cln_buffer_read(probe->device, probe->from, 0, probe->transfer, probe->host, error);
}

/* Up go the complements of the words that lie there. */
cln_status cln_probe_upload(cln_probe *probe, cln_sample *seconds, double *amount, cln_error *error)
{
    cln_status status;
    uint32_t sum, count;
    TRY(have_transfer(probe, error));
    count = (uint32_t)(probe->transfer / sizeof *probe->host);
    for (uint32_t i = 0; i < count; i++)
        probe->host[i] = ~word(i);
    TRY(cln_sample_many(probe->device, upload, probe, seconds, error));
    TRY(sum_words(probe, probe->from, probe->transfer, &sum, error));
    if (sum != 0 - count - words_sum(count))
        return cln_probe_fail(probe, "an upload", error);
    *amount = (double)probe->transfer;
out:
    return status;
}

cln_status cln_probe_download(cln_probe *probe, cln_sample *seconds, double *amount, cln_error *error)
{
    cln_status status;
    TRY(have_transfer(probe, error));
    TRY(fill_words(probe, probe->transfer, error));
    memset(probe->host, 0, probe->transfer);
    TRY(cln_sample_many(probe->device, download, probe, seconds, error));
    for (uint64_t i = 0; i < probe->transfer / sizeof *probe->host; i++)
        if (probe->host[i] != word(i))
            return cln_probe_fail(probe, "a download", error);
    *amount = (double)probe->transfer;
out:
    return status;
}
