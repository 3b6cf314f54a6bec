/* A checkpoint's file: as it is, which damage does not get past, and with the checksum that its bytes should have, which an attacker gives it. */
#include "base/checksum.h"
#include "fuzz.h"
#include "model/container.h"

#include <stdlib.h>
#include <string.h>

static void read_one(const uint8_t *bytes, size_t count)
{
    cln_error error = {0};
    cln_container *container = NULL;
    cln_status status = cln_container_open("cannot resume from", fuzz_file(NULL, bytes, count), "clinear_checkpoint",
                                           "1", &container, &error);
    fuzz_check(status, &error);
    FUZZ_ASSERT((status == CLN_OK) == (container != NULL));
    if (!container)
        return;
    static const struct {
        const char *name;
        cln_dtype type;
        uint64_t columns;
    } arrays[] = {{"weights", CLN_F32, 13}, {"x", CLN_F64, 39}, {"losses", CLN_F64, 4}, {"products", CLN_I64, 20}};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        uint64_t rows = 0;
        double values[3 * 39];
        cln_error refusal = {0};
        status = cln_container_rows(container, arrays[i].name, 3, &rows, &refusal);
        fuzz_check(status, &refusal);
        if (status != CLN_OK)
            continue;
        FUZZ_ASSERT(rows >= 1 && rows <= 3);
        status =
            cln_container_read(container, arrays[i].name, arrays[i].type, rows, arrays[i].columns, values, &refusal);
        fuzz_check(status, &refusal);
    }
    cln_container_close(container);
}

void fuzz_one(const uint8_t *bytes, size_t count)
{
    read_one(bytes, count);
    if (count < 8)
        return;
    uint8_t *sealed = malloc(count);
    if (!sealed)
        return;
    memcpy(sealed, bytes, count - 8);
    cln_checksum sum = cln_checksum_begin();
    cln_checksum_add(&sum, bytes, count - 8);
    for (size_t j = 0; j < 8; j++)
        sealed[count - 8 + j] = (uint8_t)(cln_checksum_of(&sum) >> 8 * j);
    read_one(sealed, count);
    free(sealed);
}
