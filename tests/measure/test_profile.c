/* Where the time of a training goes: every command counted once, nothing timed without being asked, both engines, and failures. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include "base/size.h"
#include "device/buffer.h"
#include "device/profile.h"
#include "device/program.h"
#include "train/problem.h"
#include "train/trainer.h"

#include <dlfcn.h>

/* ---- what goes to the driver, ours and CLBlast's, is watched on the way ---- */

static struct {
    uint64_t launches, events; /* asked for with a launch or a transfer */
    int64_t alive, most_alive; /* events, markers included */
    uint64_t fail_at;          /* this launch fails; 0: none */
    bool no_times;
} seen;

static void *real(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);
    ck_assert_msg(function != NULL, "%s", name);
    return function;
}

#define CALL(name, ...)                                                                                                \
    __typeof__(&name) call = NULL;                                                                                     \
    *(void **)&call = real(#name);                                                                                     \
    cl_int code = call(__VA_ARGS__)

static void count_event(const cl_event *event, bool asked)
{
    if (!event || !*event)
        return;
    seen.events += asked;
    seen.alive++;
    seen.most_alive = seen.alive > seen.most_alive ? seen.alive : seen.most_alive;
}

cl_int clEnqueueNDRangeKernel(cl_command_queue queue, cl_kernel kernel, cl_uint dimensions, const size_t *offset,
                              const size_t *global, const size_t *local, cl_uint count, const cl_event *wait,
                              cl_event *event)
{
    if (++seen.launches == seen.fail_at)
        return CL_OUT_OF_RESOURCES;
    CALL(clEnqueueNDRangeKernel, queue, kernel, dimensions, offset, global, local, count, wait, event);
    count_event(event, true);
    return code;
}

cl_int clEnqueueWriteBuffer(cl_command_queue queue, cl_mem buffer, cl_bool blocking, size_t offset, size_t bytes,
                            const void *from, cl_uint count, const cl_event *wait, cl_event *event)
{
    CALL(clEnqueueWriteBuffer, queue, buffer, blocking, offset, bytes, from, count, wait, event);
    count_event(event, true);
    return code;
}

cl_int clEnqueueReadBuffer(cl_command_queue queue, cl_mem buffer, cl_bool blocking, size_t offset, size_t bytes,
                           void *to, cl_uint count, const cl_event *wait, cl_event *event)
{
    CALL(clEnqueueReadBuffer, queue, buffer, blocking, offset, bytes, to, count, wait, event);
    count_event(event, true);
    return code;
}

cl_int clEnqueueFillBuffer(cl_command_queue queue, cl_mem buffer, const void *pattern, size_t width, size_t offset,
                           size_t bytes, cl_uint count, const cl_event *wait, cl_event *event)
{
    CALL(clEnqueueFillBuffer, queue, buffer, pattern, width, offset, bytes, count, wait, event);
    count_event(event, true);
    return code;
}

cl_int clEnqueueMarkerWithWaitList(cl_command_queue queue, cl_uint count, const cl_event *wait, cl_event *event)
{
    CALL(clEnqueueMarkerWithWaitList, queue, count, wait, event);
    count_event(event, false);
    return code;
}

cl_int clReleaseEvent(cl_event event)
{
    CALL(clReleaseEvent, event);
    seen.alive--;
    return code;
}

cl_int clGetEventProfilingInfo(cl_event event, cl_profiling_info info, size_t size, void *value, size_t *used)
{
    if (seen.no_times)
        return CL_PROFILING_INFO_NOT_AVAILABLE;
    CALL(clGetEventProfilingInfo, event, info, size, value, used);
    return code;
}

/* ---- what is told ---- */

typedef struct told {
    int rows;
    uint64_t kernels, clblast, transfers; /* launches */
    double seconds, shares, kernel_operations, clblast_operations, transfer_bytes;
    double last; /* seconds of the command before */
    bool idle[2];
} told;

static void on_row(const cln_profile_row *row, void *user)
{
    told *t = user;
    t->rows++;
    t->seconds += row->seconds;
    t->shares += row->share;
    ck_assert(row->seconds >= 0);
    ck_assert_msg((row->limit != NULL) == (row->fraction > 0), "%s: %g", row->name, row->fraction);
    if (strcmp(row->kind, "idle") == 0) {
        bool host = strcmp(row->name, "waiting for the host") == 0;
        ck_assert(host || strcmp(row->name, "between commands") == 0);
        ck_assert_uint_eq(row->launches, 0);
        ck_assert(t->idle[0] == host && !t->idle[host]);
        t->idle[host] = true;
        return;
    }
    ck_assert(!t->idle[0] && row->launches > 0 && row->seconds > 0);
    ck_assert(t->last <= 0 || row->seconds <= t->last);
    t->last = row->seconds;
    ck_assert_msg(row->bytes > 0 && row->limit, "%s", row->name);
    if (strcmp(row->kind, "clblast") == 0) {
        ck_assert(strncmp(row->name, "CLBlast ", 8) == 0);
        t->clblast += row->launches;
        t->clblast_operations += row->operations;
    } else if (strcmp(row->kind, "kernel") == 0) {
        t->kernels += row->launches;
        t->kernel_operations += row->operations;
    } else {
        ck_assert_str_eq(row->kind, "transfer");
        ck_assert_str_eq(row->limit, "upload_rate");
        t->transfers += row->launches;
        t->transfer_bytes += row->bytes;
    }
}

static bool queue_profiles(void)
{
    cl_command_queue_properties properties = 0;
    ck_assert_int_eq(clGetCommandQueueInfo(device->queue, CL_QUEUE_PROPERTIES, sizeof properties, &properties, NULL),
                     CL_SUCCESS);
    return (properties & CL_QUEUE_PROFILING_ENABLE) != 0;
}

static const char *const engines[] = {"fused", "clblast"};
enum { ROWS = 77, D = 13, K = 3, EPOCHS = 40, STEPS = EPOCHS * 8 }; /* batches of 10, the last one of 7 */

/* A run and its launches; weight (k,d) as it ends. */
static cln_result train(const problem *p, const char *engine, float *weight)
{
    cln_result result;
    cln_trainer *trainer =
        trainer_of(engine, "batch-size=10 epochs=40 learning-rate=0.2 momentum=0.5", p->data, NULL, NULL);
    OK(cln_trainer_run(trainer, NULL, NULL, &result, error));
    OK(cln_trainer_read(trainer, trainer->weights, 0, weight, NULL, error));
    cln_trainer_close(trainer);
    return result;
}

/* Commands are counted once each, their times fit into the wall-clock time, and the weights have the same bits as without. */
START_TEST(every_command_is_told)
{
    problem p = problem_make(ROWS, D, K, CLN_UINT8, 3);
    float plain[K * D], profiled[K * D];
    told t = {0};
    memset(&seen, 0, sizeof seen);
    train(&p, engines[_i], plain);
    ck_assert(!queue_profiles());
    ck_assert_uint_eq(seen.events, 0);
    ck_assert_int_eq(seen.alive, 0);

    OK(cln_profile_begin(device, error));
    ck_assert(queue_profiles());
    cln_result result = train(&p, engines[_i], profiled);
    ck_assert_mem_eq(plain, profiled, sizeof plain);
    ck_assert_int_eq(seen.alive, 0);
    uint64_t events = seen.events;
    OK(cln_profile_end(device, on_row, &t, error));
    ck_assert(!queue_profiles());
    ck_assert_ptr_null(device->profile);

    ck_assert_uint_eq(t.transfers, EPOCHS); /* an order for each pass */
    ck_assert_double_eq(t.transfer_bytes, EPOCHS * ROWS * 4.0);
    ck_assert_uint_eq(t.clblast, _i ? 2 * STEPS : 0);
    if (_i)
        ck_assert(t.kernels % STEPS == 0 && t.kernels >= 4 * STEPS); /* packing, softmax, update */
    else /* how many launches a step takes, or steps a launch, depends on the device */
        ck_assert_uint_eq(t.kernels + t.transfers, events);
    double products = 4.0 * EPOCHS * ROWS * D * K;
    if (_i) /* and what pads them */
        ck_assert_double_ge(t.clblast_operations, products);
    else
        ck_assert(t.kernel_operations >= products && t.kernel_operations < 3 * products);
    ck_assert(t.idle[0] && t.idle[1]);
    ck_assert_double_eq_tol(t.shares, 1, 1e-6);
    ck_assert_double_le(t.seconds, result.seconds.train + 1e-3); /* two clocks */
    problem_free(&p);
}
END_TEST

/* Events are released on the way: those of two stretches may be alive, some launches and two products for each of 32 minibatches,
   CLBlast's own events among them, not those of a pass. */
START_TEST(few_events_are_alive)
{
    problem p = problem_make(4 * 4096, 2, 2, CLN_UINT8, 7);
    cln_result result;
    told t = {0};
    memset(&seen, 0, sizeof seen);
    cln_trainer *trainer = trainer_of("clblast", "batch-size=128 epochs=1", p.data, NULL, NULL);
    ck_assert_uint_eq(cln_trainer_stretch(trainer), 32);
    OK(cln_profile_begin(device, error));
    OK(cln_trainer_run(trainer, NULL, NULL, &result, error));
    uint64_t each = seen.events / 128; /* minibatch */
    ck_assert_uint_ge(each, 6);
    ck_assert_uint_le((uint64_t)seen.most_alive, 2 * 32 * each + 10);
    OK(cln_profile_end(device, on_row, &t, error));
    ck_assert_uint_eq(t.clblast, 128 * 2);
    cln_trainer_close(trainer);
    ck_assert_int_eq(seen.alive, 0);
    problem_free(&p);
}
END_TEST

/* Only the optimisation counts: no score, no warm-up, no upload of data; and what was counted before is forgotten. */
START_TEST(nothing_else_counts)
{
    problem p = problem_make(ROWS, D, K, CLN_FLOAT32, 4);
    float weight[K * D];
    cln_result result;
    told t = {0};
    OK(cln_profile_begin(device, error));
    train(&p, engines[_i], weight);
    OK(cln_profile_begin(device, error));
    cln_trainer *trainer = trainer_of(engines[_i], "batch-size=77 epochs=1 no-shuffle=true", p.data, NULL, p.data);
    OK(cln_profile_end(device, on_row, &t, error));
    ck_assert_int_eq(t.rows, 2);
    ck_assert_double_le(t.seconds, 0);

    t = (told){0};
    OK(cln_profile_begin(device, error));
    OK(cln_trainer_run(trainer, NULL, NULL, &result, error));
    OK(cln_profile_end(device, on_row, &t, error));
    ck_assert_uint_eq(t.transfers, 0);
    ck_assert_uint_eq(t.clblast, _i ? 2 : 0);
    ck_assert(t.kernels >= 1 && t.kernels <= 8); /* of one minibatch */
    cln_trainer_close(trainer);
    problem_free(&p);
}
END_TEST

/* A training that breaks off leaves a profile of what was done, and a device that works. */
START_TEST(broken_training)
{
    problem p = problem_make(ROWS, D, K, CLN_UINT8, 5);
    cln_trainer *trainer = trainer_of(engines[_i], "batch-size=10 epochs=9", p.data, NULL, NULL);
    cln_result result;
    told t = {0};
    float weight[K * D];
    OK(cln_profile_begin(device, error));
    memset(&seen, 0, sizeof seen);
    seen.fail_at = 11;
    FAILS(CLN_DEVICE, "", cln_trainer_run(trainer, NULL, NULL, &result, error));
    uint64_t events = seen.events;
    seen.fail_at = 0;
    OK(cln_profile_end(device, on_row, &t, error));
    if (_i == 0) {
        ck_assert_uint_ge(t.kernels, 10);
        ck_assert_uint_eq(t.kernels + t.transfers, events);
    }
    ck_assert(t.kernels + t.clblast >= 8 && t.kernels + t.clblast <= 10); /* a product may be several launches */
    ck_assert_double_eq_tol(t.shares, 1, 1e-6);
    cln_trainer_close(trainer);
    ck_assert(!queue_profiles());
    train(&p, engines[_i], weight);
    problem_free(&p);
}
END_TEST

/* A driver without times is said to be one, instead of half a profile. */
START_TEST(no_times)
{
    problem p = problem_make(ROWS, D, K, CLN_UINT8, 6);
    float weight[K * D];
    told t = {0};
    memset(&seen, 0, sizeof seen);
    OK(cln_profile_begin(device, error));
    seen.no_times = true;
    train(&p, engines[_i], weight);
    FAILS(CLN_DEVICE, "told no times for", cln_profile_end(device, on_row, &t, error));
    seen.no_times = false;
    ck_assert_int_eq(t.rows, 0);
    ck_assert_int_eq(seen.alive, 0);
    ck_assert(!queue_profiles());
    ck_assert_ptr_null(device->profile);
    problem_free(&p);
}
END_TEST

START_TEST(nothing_was_begun)
{
    told t = {0};
    FAILS(CLN_INVALID, "begin a profile", cln_profile_end(device, on_row, &t, error));
    ck_assert_int_eq(t.rows, 0);
}
END_TEST

/* A device that is closed while it is profiled releases what it holds. */
START_TEST(closed_while_profiled)
{
    cln_device *other = NULL;
    const char *selector = getenv("CLINEAR_TEST_DEVICE");
    cl_mem buffer = NULL;
    uint32_t word = 7;
    memset(&seen, 0, sizeof seen);
    OK(cln_device_open(selector, &other, error));
    OK(cln_profile_begin(other, error));
    cln_profile_resume(other);
    OK(cln_buffer_create(other, "a word", sizeof word, &buffer, error));
    OK(cln_buffer_write(other, buffer, 0, sizeof word, &word, error));
    ck_assert_uint_eq(seen.events, 2); /* zeros first */
    ck_assert_int_eq(seen.alive, 2);
    cln_buffer_release(other, &buffer);
    cln_device_close(other);
    ck_assert_int_eq(seen.alive, 0);
}
END_TEST

/* Little memory, so that the limits are measured soon. */
static uint64_t usual_bytes;
static void small(void)
{
    usual_bytes = device->facts.info.max_alloc_bytes;
    device->facts.info.max_alloc_bytes = 1 << 18;
}
static void usual(void)
{
    device->facts.info.max_alloc_bytes = usual_bytes;
}

int main(void)
{
    Suite *suite = suite_create("measure/profile");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    tcase_add_loop_test(ok, every_command_is_told, 0, 2);
    tcase_add_test(ok, few_events_are_alive);
    tcase_add_loop_test(ok, nothing_else_counts, 0, 2);
    tcase_add_loop_test(edges, broken_training, 0, 2);
    tcase_add_loop_test(edges, no_times, 0, 2);
    tcase_add_test(edges, closed_while_profiled);
    tcase_add_test(invalid, nothing_was_begun);
    tcase_add_checked_fixture(ok, small, usual);
    tcase_add_checked_fixture(edges, small, usual);
    tcase_set_timeout(ok, 60);
    tcase_set_timeout(edges, 60);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    suite_add_tcase(suite, invalid);
    return run_on_device(suite);
}
