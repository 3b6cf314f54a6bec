/* The log of a training. */
#include "fuzz.h"
#include "report/log_read.h"

void fuzz_one(const uint8_t *bytes, size_t count)
{
    cln_error error = {0};
    cln_log_rows rows = {0};
    bool is_log;
    const char *path = fuzz_file(NULL, bytes, count);
    cln_status status = cln_log_recognise(path, &is_log, &error);
    fuzz_check(status, &error);
    status = cln_log_read(path, &rows, &error);
    fuzz_check(status, &error);
    for (size_t i = 1; status == CLN_OK && i < rows.count; i++)
        FUZZ_ASSERT(rows.rows[i - 1].epoch <= rows.rows[i].epoch && rows.rows[i - 1].step <= rows.rows[i].step);
    cln_log_rows_release(&rows);
}
