#define _GNU_SOURCE /* RTLD_NEXT */
#include "device/buffer.h"
#include "opened.h"

#include "device/queue.h"

#include <dlfcn.h>
#include <string.h>

static cln_error error;
static cl_mem buffer, other;
static bool silent; /* the driver does not tell a buffer's size */

/* In front of the OpenCL loader's. */
cl_int clGetMemObjectInfo(cl_mem memory, cl_mem_info fact, size_t size, void *value, size_t *needed)
{
    typedef cl_int function(cl_mem, cl_mem_info, size_t, void *, size_t *);
    function *real;
    *(void **)&real = dlsym(RTLD_NEXT, "clGetMemObjectInfo");
    return silent ? CL_OUT_OF_HOST_MEMORY : real(memory, fact, size, value, needed);
}

static void begin(void)
{
    error = (cln_error){0};
    buffer = other = NULL;
}

static void end(void)
{
    cln_buffer_release(device, &buffer);
    cln_buffer_release(device, &other);
    ck_assert_uint_eq(device->bytes, 0);
}

static void works(cln_status status)
{
    ck_assert_msg(status == CLN_OK, "%s", error.message);
}

START_TEST(new_memory_is_zero)
{
    enum { BYTES = 100003 };
    static uint8_t back[BYTES];
    for (int round = 0; round < 3; round++) { /* the second time it is likely memory that was used */
        memset(back, 1, sizeof back);
        works(cln_buffer_create(device, "test", BYTES, &buffer, &error));
        works(cln_buffer_read(device, buffer, 0, BYTES, back, &error));
        for (size_t i = 0; i < BYTES; i++)
            ck_assert_uint_eq(back[i], 0);
        memset(back, 0xA5, sizeof back);
        works(cln_buffer_write(device, buffer, 0, BYTES, back, &error));
        cln_buffer_release(device, &buffer);
        ck_assert_ptr_null(buffer);
    }
}
END_TEST

START_TEST(write_copy_zero_read)
{
    uint8_t data[61], back[61];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7 + 1);
    works(cln_buffer_create(device, "test", 61, &buffer, &error));
    works(cln_buffer_create(device, "test", 61, &other, &error));
    works(cln_buffer_write(device, buffer, 0, 61, data, &error));
    works(cln_buffer_copy(device, buffer, other, 0, 61, &error));
    works(cln_buffer_zero(device, buffer, &error));
    works(cln_buffer_write(device, buffer, 5, 3, data, &error));
    works(cln_buffer_read(device, other, 0, 61, back, &error));
    ck_assert_mem_eq(back, data, 61);
    works(cln_buffer_read(device, other, 10, 7, back, &error));
    ck_assert_mem_eq(back, data + 10, 7);
    works(cln_buffer_zero(device, other, &error));
    works(cln_buffer_write(device, buffer, 0, 61, data, &error));
    works(cln_buffer_copy(device, buffer, other, 20, 9, &error));
    works(cln_buffer_read(device, other, 0, 61, back, &error));
    for (size_t i = 0; i < 61; i++)
        ck_assert_uint_eq(back[i], i >= 20 && i < 29 ? data[i] : 0);
    works(cln_buffer_zero(device, buffer, &error));
    works(cln_buffer_write(device, buffer, 5, 3, data, &error));
    works(cln_buffer_read(device, buffer, 0, 61, back, &error));
    for (size_t i = 0; i < 61; i++)
        ck_assert_uint_eq(back[i], i >= 5 && i < 8 ? data[i - 5] : 0);
}
END_TEST

START_TEST(a_mapped_window_is_written)
{
    enum { BYTES = 4096 };
    uint8_t back[BYTES];
    void *window = NULL;
    works(cln_buffer_create(device, "test", BYTES, &buffer, &error));
    works(cln_buffer_map(device, buffer, 1000, 96, &window, &error));
    memset(window, 7, 96);
    works(cln_buffer_unmap(device, buffer, window, &error));
    works(cln_buffer_read(device, buffer, 0, BYTES, back, &error));
    for (size_t i = 0; i < BYTES; i++)
        ck_assert_uint_eq(back[i], i >= 1000 && i < 1096 ? 7 : 0);
}
END_TEST

/* A part of a part is a part of the whole, takes no memory of its own, and ends where it should. */
START_TEST(a_part_is_a_window_of_the_whole)
{
    enum { BYTES = 8192, FIRST = 2048, SECOND = 1024 };
    static uint8_t zeros[BYTES], ones[BYTES], back[BYTES];
    cl_mem part = NULL, inner = NULL;
    memset(ones, 1, sizeof ones);
    works(cln_buffer_create(device, "a test", BYTES, &buffer, &error));
    uint64_t in_use = device->bytes;
    works(cln_buffer_part(device, buffer, FIRST, 4096, &part, &error));
    works(cln_buffer_part(device, part, SECOND, 1000, &inner, &error));
    ck_assert_uint_eq(device->bytes, in_use);
    works(cln_buffer_write(device, inner, 0, 1000, ones, &error));
    cln_buffer_part_release(&inner);
    cln_buffer_part_release(&part);
    ck_assert_ptr_null(part);
    cln_buffer_part_release(&part);
    works(cln_buffer_read(device, buffer, 0, BYTES, back, &error));
    ck_assert_mem_eq(back, zeros, FIRST + SECOND);
    ck_assert_mem_eq(back + FIRST + SECOND, ones, 1000);
    ck_assert_mem_eq(back + FIRST + SECOND + 1000, zeros, BYTES - FIRST - SECOND - 1000);
    ck_assert_int_eq(cln_buffer_part(device, buffer, 2 * BYTES, 128, &part, &error), CLN_DEVICE);
    ck_assert_ptr_null(part);
}
END_TEST

START_TEST(bytes_are_accounted)
{
    device->peak_bytes = 0;
    works(cln_buffer_create(device, "test", 1000, &buffer, &error));
    works(cln_buffer_create(device, "test", 24, &other, &error));
    ck_assert_uint_eq(device->bytes, 1024);
    cln_buffer_release(device, &buffer);
    ck_assert_uint_eq(device->bytes, 24);
    cln_buffer_release(device, &buffer); /* NULL now */
    ck_assert_uint_eq(device->bytes, 24);
    ck_assert_uint_eq(device->peak_bytes, 1024);
}
END_TEST

/* The same account without any memory; nothing is too large. */
START_TEST(a_dry_device_counts)
{
    cln_device dry = cln_device_dry(device);
    uint64_t before = device->peak_bytes, huge = UINT64_MAX / 4;
    works(cln_buffer_create(&dry, "small", 100, &buffer, &error));
    ck_assert_ptr_null(buffer);
    works(cln_buffer_create(&dry, "none", 0, &buffer, &error));
    works(cln_buffer_create_raw(&dry, "huge", huge, &buffer, &error));
    works(cln_buffer_create_raw(&dry, "large", 1000, &buffer, &error));
    ck_assert_ptr_null(buffer);
    ck_assert_uint_eq(dry.bytes, huge + 1101);
    ck_assert_uint_eq(dry.peak_bytes, huge + 1101);
    ck_assert_uint_eq(dry.largest_bytes, huge);
    ck_assert_str_eq(dry.largest, "huge");
    ck_assert_uint_eq(device->peak_bytes, before);
}
END_TEST

START_TEST(no_bytes_are_no_error)
{
    void *window = &window;
    uint8_t byte = 9;
    works(cln_buffer_create(device, "test", 0, &buffer, &error));
    ck_assert_ptr_nonnull(buffer);
    ck_assert_uint_eq(device->bytes, 1);
    works(cln_buffer_create(device, "test", 0, &other, &error));
    works(cln_buffer_read(device, buffer, 0, 0, NULL, &error));
    works(cln_buffer_write(device, buffer, 0, 0, NULL, &error));
    works(cln_buffer_copy(device, buffer, other, 0, 0, &error));
    works(cln_buffer_map(device, buffer, 0, 0, &window, &error));
    ck_assert_ptr_null(window);
    works(cln_buffer_unmap(device, buffer, window, &error));
    works(cln_buffer_read(device, buffer, 0, 1, &byte, &error));
    ck_assert_uint_eq(byte, 0);
}
END_TEST

START_TEST(oversize_is_refused_before_asking)
{
    uint64_t most = device->facts.info.max_alloc_bytes;
    buffer = (cl_mem)&error;
    ck_assert_int_eq(cln_buffer_create(device, "the training data", most + 1, &buffer, &error), CLN_DEVICE);
    ck_assert_ptr_null(buffer);
    ck_assert_ptr_nonnull(strstr(error.message, "the training data"));
    ck_assert_ptr_nonnull(strstr(error.message, device->facts.info.name));
    ck_assert_ptr_nonnull(strstr(error.message, "in one piece"));
    ck_assert_int_eq(cln_buffer_create(device, "test", UINT64_MAX, &buffer, NULL), CLN_DEVICE);
    ck_assert_uint_eq(device->bytes, 0);
}
END_TEST

START_TEST(out_of_range_has_words)
{
    uint8_t byte;
    void *window;
    works(cln_buffer_create(device, "test", 16, &buffer, &error));
    ck_assert_int_eq(cln_buffer_read(device, buffer, 16, 1, &byte, &error), CLN_DEVICE);
    ck_assert_ptr_nonnull(strstr(error.message, "cannot read 1 bytes at offset 16"));
    ck_assert_ptr_nonnull(strstr(error.message, "CL_"));
    ck_assert_int_eq(cln_buffer_write(device, buffer, 10, 7, &byte, NULL), CLN_DEVICE);
    ck_assert_int_eq(cln_buffer_map(device, buffer, 0, 17, &window, NULL), CLN_DEVICE);
    ck_assert_ptr_null(window);
}
END_TEST

/* The first mark waits for nothing; each later one waits for the one before it. */
START_TEST(pace_waits_one_stretch_behind)
{
    cln_pace pace = {0};
    cl_event before = NULL;
    works(cln_buffer_create(device, "test", 1 << 20, &buffer, &error));
    for (int i = 0; i < 5; i++) {
        for (int j = 0; j < 10; j++)
            works(cln_buffer_zero(device, buffer, &error));
        if (before)
            clReleaseEvent(before);
        before = pace.behind;
        if (before)
            clRetainEvent(before);
        works(cln_pace_mark(device, &pace, &error));
        ck_assert_ptr_nonnull(pace.behind);
        if (before) {
            cl_int state = -1;
            clGetEventInfo(before, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof state, &state, NULL);
            ck_assert_int_eq(state, CL_COMPLETE);
        }
    }
    clReleaseEvent(before);
    works(cln_queue_finish(device, &error));
    cl_int state = -1;
    clGetEventInfo(pace.behind, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof state, &state, NULL);
    ck_assert_int_eq(state, CL_COMPLETE);
    cln_pace_release(&pace);
    ck_assert_ptr_null(pace.behind);
    cln_pace_release(&pace);
}
END_TEST

/* PoCL takes a fill of 0 bytes for a success. */
START_TEST(an_unknown_size_is_not_zeroed_in_silence)
{
    uint8_t content[64], back[64];
    memset(content, 7, sizeof content);
    silent = true;
    works(cln_buffer_create(device, "test", sizeof content, &buffer, &error));
    works(cln_buffer_read(device, buffer, 0, sizeof back, back, &error));
    ck_assert_uint_eq(back[0] | back[63], 0);
    ck_assert_int_eq(cln_buffer_zero(device, buffer, &error), CLN_DEVICE);
    ck_assert_ptr_nonnull(strstr(error.message, "CL_OUT_OF_HOST_MEMORY"));
    silent = false;
}
END_TEST

static TCase *with_fixture(const char *name)
{
    TCase *tcase = tcase_create(name);
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_set_timeout(tcase, 120);
    return tcase;
}

static Suite *buffer_suite(void)
{
    Suite *suite = suite_create("device/buffer");
    TCase *ok = with_fixture("ok"), *edges = with_fixture("edges"), *invalid = with_fixture("invalid");
    tcase_add_test(ok, new_memory_is_zero);
    tcase_add_test(ok, write_copy_zero_read);
    tcase_add_test(ok, a_mapped_window_is_written);
    tcase_add_test(ok, a_part_is_a_window_of_the_whole);
    tcase_add_test(ok, bytes_are_accounted);
    tcase_add_test(ok, a_dry_device_counts);
    tcase_add_test(ok, pace_waits_one_stretch_behind);
    tcase_add_test(edges, no_bytes_are_no_error);
    tcase_add_test(invalid, oversize_is_refused_before_asking);
    tcase_add_test(invalid, out_of_range_has_words);
    tcase_add_test(invalid, an_unknown_size_is_not_zeroed_in_silence);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    suite_add_tcase(suite, invalid);
    return suite;
}

int main(void)
{
    return run_on_device(buffer_suite());
}
