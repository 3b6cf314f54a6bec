#include "compute/upload.h"

#include "base/os.h"
#include "base/size.h"
#include "device/buffer.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Where mapping means copying, the driver's staging memory stays this small, twice. */
#define WINDOW_BYTES (16u << 20)
/* Read between two looks at whether to stop. */
#define SLICE_BYTES (1u << 20)

typedef struct window {
    cln_upload *upload;
    cl_mem x; /* the buffer that it shows a part of */
    void *memory;
    uint64_t rows;
    cln_os_thread *thread; /* that fills it */
    cln_error error;       /* the thread's, to be read after it was joined */
} window;

struct cln_upload {
    cln_device *device;
    cln_dataset *data;
    const cln_chunk *chunks;
    uint64_t count, chunk, row; /* chunks; the first row that no window has had is `row` of chunks[chunk] */
    size_t row_bytes;
    uint64_t window_rows;
    bool gaps; /* rows are longer than their features */
    window windows[2];
    atomic_bool stopped;
};

/* On the thread: reads a window's rows. */
static void fill(void *user)
{
    window *w = user;
    cln_upload *upload = w->upload;
    uint64_t slice = cln_ceil_divide(SLICE_BYTES, upload->row_bytes);
    cln_status status = CLN_OK;
    for (uint64_t done = 0; status == CLN_OK && done < w->rows && !atomic_load(&upload->stopped); done += slice) {
        char *to = (char *)w->memory + done * upload->row_bytes;
        uint64_t rows = w->rows - done < slice ? w->rows - done : slice;
        if (upload->gaps)
            memset(to, 0, rows * upload->row_bytes);
        status = cln_dataset_pull(upload->data, to, rows, upload->row_bytes, &w->error);
    }
}

/* Maps the next rows, if there are any left; no thread may be reading into this window. */
static cln_status map_next(cln_upload *upload, window *w, cln_error *error)
{
    cln_status status = CLN_OK;
    if (upload->chunk == upload->count)
        return CLN_OK;
    const cln_chunk *chunk = &upload->chunks[upload->chunk];
    uint64_t left = chunk->rows - upload->row, rows = left < upload->window_rows ? left : upload->window_rows;
    TRY(cln_buffer_map(upload->device, chunk->x, upload->row * upload->row_bytes, rows * upload->row_bytes, &w->memory,
                       error));
    w->x = chunk->x;
    w->rows = rows;
    upload->row += rows;
    if (upload->row == chunk->rows) {
        upload->chunk++;
        upload->row = 0;
    }
out:
    return status;
}

static cln_status unmap(cln_upload *upload, window *w, cln_error *error)
{
    void *memory = w->memory;
    w->memory = NULL;
    return cln_buffer_unmap(upload->device, w->x, memory, error);
}

static void start_filling(window *w)
{
    if (w->memory)
        w->thread = cln_os_thread_begin(fill, w);
}

static cln_status wait_until_filled(window *w, cln_error *error)
{
    cln_os_thread_join(w->thread);
    w->thread = NULL;
    return w->error.status == CLN_OK ? CLN_OK : cln_fail(error, w->error.status, "%s", w->error.message);
}

uint64_t cln_upload_window_bytes(const cln_facts *facts, uint64_t bytes)
{
    return facts->is_cpu ? 0 : bytes < WINDOW_BYTES ? bytes : WINDOW_BYTES;
}

cln_status cln_upload_begin(cln_device *device, cln_dataset *data, const cln_chunk *chunks, uint64_t count,
                            size_t row_bytes, cln_upload **result, cln_error *error)
{
    cln_status status;
    cln_upload *upload = NULL;
    cln_dataset_info info;
    *result = NULL;
    TRY(cln_allocate((void **)&upload, 1, sizeof *upload, "an upload", error));
    cln_dataset_describe(data, &info);
    upload->device = device;
    upload->data = data;
    upload->chunks = chunks;
    upload->count = count;
    upload->row_bytes = row_bytes;
    upload->window_rows = device->facts.is_cpu ? UINT64_MAX : cln_ceil_divide(WINDOW_BYTES, row_bytes);
    upload->gaps = row_bytes != info.features * cln_type_bytes(info.type);
    upload->windows[0].upload = upload->windows[1].upload = upload;
    atomic_init(&upload->stopped, false);
    TRY(cln_dataset_rewind(data, error));
    TRY(map_next(upload, &upload->windows[0], error));
    start_filling(&upload->windows[0]);
    *result = upload;
    upload = NULL;
out:
    cln_upload_release(upload);
    return status;
}

cln_status cln_upload_finish(cln_upload *upload, double *wait_seconds, cln_error *error)
{
    cln_status status = CLN_OK;
    window *now = &upload->windows[0], *next = &upload->windows[1];
    while (now->memory) {
        TRY(map_next(upload, next, error));
        double before = cln_os_seconds();
        status = wait_until_filled(now, error);
        if (wait_seconds)
            *wait_seconds += cln_os_seconds() - before;
        TRY(status);
        start_filling(next);
        TRY(unmap(upload, now, error));
        window *other = now;
        now = next;
        next = other;
    }
out:
    return status;
}

void cln_upload_release(cln_upload *upload)
{
    if (!upload)
        return;
    atomic_store(&upload->stopped, true);
    for (int i = 0; i < 2; i++) {
        wait_until_filled(&upload->windows[i], NULL);
        unmap(upload, &upload->windows[i], NULL);
    }
    free(upload);
}
