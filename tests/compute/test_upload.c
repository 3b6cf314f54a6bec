/* Data read by a thread of its own: all of it arrives however it is cut, what goes wrong there is told here, and an upload can be
   given up at any time. */
#define _GNU_SOURCE
#include "compute/sample.h"
#include "compute/upload.h"
#include "files.h"

#include <zlib.h>

enum { ROWS = 70000, D = 600 }; /* 42 MB: three windows and more, also of one chunk */

static unsigned char pixel(uint32_t row, uint32_t column)
{
    return (unsigned char)(row * 31 + column * 7 + row / 251);
}

/* A gzip file of images; `kept` of its rows are really there. */
static void write_images(const char *path, uint32_t kept)
{
    static unsigned char row[D];
    gzFile file = gzopen(path, "wb1");
    const unsigned char head[] = {0, 0, 8, 2, 0, ROWS >> 16, ROWS >> 8 & 255, ROWS & 255, 0, 0, D >> 8, D & 255};
    ck_assert_int_eq(gzwrite(file, head, sizeof head), sizeof head);
    for (uint32_t i = 0; i < kept; i++) {
        for (uint32_t j = 0; j < D; j++)
            row[j] = pixel(i, j);
        ck_assert_int_eq(gzwrite(file, row, D), D);
    }
    ck_assert_int_eq(gzclose(file), Z_OK);
}

static cln_dataset *data;
static cln_resident *resident;
static bool was_cpu;

static void begin(void)
{
    make_folder();
    was_cpu = device->facts.is_cpu;
}

static void end(void)
{
    cln_resident_release(resident);
    cln_dataset_close(data);
    resident = NULL;
    data = NULL;
    device->facts.is_cpu = was_cpu;
    ck_assert_uint_eq(device->bytes, 0);
    remove_folder();
}

static void open_images(uint32_t kept)
{
    write_images(at("images.gz"), kept);
    MUST(cln_dataset_open(at("images.gz"), NULL, CLN_PART_TRAIN, &data, error));
}

static void check_rows(uint32_t first, uint32_t step)
{
    static unsigned char row[D + 64];
    uint32_t stride = cln_layout_of(D, 1).stride;
    for (uint32_t i = first; i < ROWS; i += step) {
        cln_rows rows;
        MUST(cln_resident_rows(resident, NULL, i, 1, &rows, error));
        MUST(cln_buffer_read(device, rows.x, rows.first * stride, stride, row, error));
        for (uint32_t j = 0; j < stride; j++)
            ck_assert_msg(row[j] == (j < D ? pixel(i, j) : 0), "row %u, column %u", i, j);
    }
}

/* As for a CPU, whole chunks, and as for a GPU, by windows; in one chunk and in several. */
START_TEST(all_rows_arrive)
{
    open_images(ROWS);
    for (int as_cpu = 0; as_cpu < 2; as_cpu++)
        for (int chunks = 1; chunks <= 3; chunks += 2) {
            double waited = 0;
            device->facts.is_cpu = as_cpu;
            MUST(cln_resident_begin(device, data, chunks == 1 ? 0 : ROWS * 608 / 3, &resident, error));
            MUST(cln_resident_finish(resident, 16, &waited, error));
            ck_assert_double_ge(waited, 0);
            check_rows(0, 997);
            check_rows(ROWS - 1, 1);
            cln_resident_release(resident);
            resident = NULL;
        }
}
END_TEST

START_TEST(nothing_is_waited_for_when_it_is_given_up)
{
    open_images(ROWS);
    for (int as_cpu = 0; as_cpu < 2; as_cpu++) {
        device->facts.is_cpu = as_cpu;
        MUST(cln_resident_begin(device, data, 0, &resident, error));
        cln_resident_release(resident);
        resident = NULL;
        MUST(cln_resident_begin(device, data, 0, &resident, error)); /* and the data set can be read again */
        MUST(cln_resident_finish(resident, 16, NULL, error));
        check_rows(ROWS / 2, ROWS / 3);
        cln_resident_release(resident);
        resident = NULL;
    }
}
END_TEST

/* In the first window, and in one that is read after the caller has waited. */
START_TEST(what_the_thread_finds_is_told)
{
    open_images(_i ? ROWS - 1 : ROWS / 8);
    for (int as_cpu = 0; as_cpu < 2; as_cpu++) {
        cln_error told = {0};
        device->facts.is_cpu = as_cpu;
        MUST(cln_resident_begin(device, data, 0, &resident, error));
        ck_assert_int_eq(cln_resident_finish(resident, 16, NULL, &told), CLN_FORMAT);
        ck_assert_msg(strstr(told.message, "images.gz: the file ends after"), "%s", told.message);
        cln_resident_release(resident);
        resident = NULL;
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("upload");
    TCase *ok = tcase_create("ok"), *invalid = tcase_create("invalid");
    add_device_cases(suite, ok, invalid, begin, end);
    tcase_add_test(ok, all_rows_arrive);
    tcase_add_test(ok, nothing_is_waited_for_when_it_is_given_up);
    tcase_add_loop_test(invalid, what_the_thread_finds_is_told, 0, 2);
    return run_on_device(suite);
}
