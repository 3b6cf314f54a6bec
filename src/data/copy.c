/* A second data set of the same rows. */
#include "base/size.h"
#include "data/state.h"

#include <string.h>

static cln_status duplicate(void **copy, const void *from, uint64_t count, size_t size, cln_error *error)
{
    *copy = NULL;
    if (!from)
        return CLN_OK;
    cln_status status = cln_allocate(copy, count, size, "a copy of a data set", error);
    if (status == CLN_OK)
        memcpy(*copy, from, (size_t)count * size);
    return status;
}

uint64_t cln_dataset_bytes(const cln_dataset *data)
{
    uint64_t words = data->targets ? data->info.outputs : 0; /* of a row */
    words += data->labels ? 1 : 0;
    words += data->weights ? 1 : 0;
    words += data->kept ? 1 : 0;
    return sizeof *data + data->info.rows * words * sizeof(uint32_t);
}

cln_status cln_dataset_copy(const cln_dataset *data, cln_dataset **result, cln_error *error)
{
    cln_status status;
    cln_dataset *copy = NULL;
    *result = NULL;
    TRY(cln_allocate((void **)&copy, 1, sizeof *copy, "a data set", error));
    copy->info = data->info;
    copy->row_bytes = data->row_bytes;
    copy->source_rows = data->source_rows;
    copy->first = data->first;
    copy->header_bytes = data->header_bytes;
    copy->position = UINT64_MAX;
    TRY(duplicate((void **)&copy->labels, data->labels, data->info.rows, sizeof *data->labels, error));
    TRY(duplicate((void **)&copy->targets, data->targets, data->info.rows * data->info.outputs, sizeof *data->targets,
                  error));
    TRY(duplicate((void **)&copy->weights, data->weights, data->info.rows, sizeof *data->weights, error));
    TRY(duplicate((void **)&copy->kept, data->kept, data->info.rows, sizeof *data->kept, error));
    if (data->stream) {
        TRY(cln_stream_open(cln_stream_path(data->stream), &copy->stream, error));
    } else {
        copy->held = data->held;
        copy->held_count = data->held_count;
    }
    *result = copy;
    copy = NULL;
out:
    cln_dataset_close(copy);
    return status;
}
