/* The same run gives the same bits: again, cold and warm, at any batch size, on any number of threads. */
#define _GNU_SOURCE
#include "base/os.h"
#include "files.h"
#include "recorder.h"

#include <sys/wait.h>

static const char *const engines[] = {"fused", "clblast"};

static const char *const runs[] = {
    "batch-size=1 epochs=1 train-rows=40",
    "batch-size=7 epochs=2 momentum=0.9",
    "batch-size=32 epochs=3 standardize=true schedule=cosine",
    "batch-size=100 epochs=3 valid=50 patience=1",
    "batch-size=1000 epochs=4 l2=0.01",
    "solver=lbfgs l2=1e-3 tolerance=1e-4 epochs=40",
    "model=linear solver=direct alpha=1",
};
enum { RUNS = sizeof runs / sizeof *runs };

/* The digest that a model's file has. */
static void digest_of(const char *engine, const char *words, cln_type type, char digest[65])
{
    problem p = problem_make(300, 17, 5, type, 3);
    cln_model *model = trained(engine, words, p.data, NULL, NULL, NULL), *loaded;
    OK(cln_model_save(model, at("m"), error));
    OK(cln_model_load(at("m"), &loaded, error));
    snprintf(digest, 65, "%s", cln_model_metadata(loaded, "weights_sha256"));
    cln_model_free(loaded);
    cln_model_free(model);
    problem_free(&p);
}

static void open_device(void)
{
    OK(cln_device_open(getenv("CLINEAR_TEST_DEVICE"), &device, error));
}

/* Of all runs of an engine, in a process of its own with this environment (name, value, …, NULL); digests: (RUNS). This process has made no
   OpenCL call: a driver reads its environment once. */
static void digests_elsewhere(const char *engine, const char *const *environment, char digests[][65])
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        for (; *environment; environment += 2)
            setenv(environment[0], environment[1], 1);
        open_device();
        for (int i = 0; i < RUNS; i++) {
            digest_of(engine, runs[i], i % 2 ? CLN_FLOAT32 : CLN_UINT8, digests[i]);
            if (write(ends[1], digests[i], 65) != 65)
                _exit(1);
        }
        _exit(0);
    }
    close(ends[1]);
    for (int i = 0; i < RUNS; i++)
        for (ssize_t got = 0, some; got < 65; got += some) {
            some = read(ends[0], digests[i] + got, (size_t)(65 - got));
            ck_assert_msg(some > 0, "the process with another environment ended early");
        }
    close(ends[0]);
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}

static void same_digests(char a[][65], char b[][65], const char *what, const char *engine)
{
    for (int i = 0; i < RUNS; i++)
        ck_assert_msg(strcmp(a[i], b[i]) == 0, "%s, %s %s: %s, %s", what, engine, runs[i], a[i], b[i]);
}

START_TEST(test_same_bits)
{
    static char first[RUNS][65], other[RUNS][65];
    const char *engine = engines[_i];
    static const char *const as_it_is[] = {NULL};
    char cache[CLN_OS_PATH_BYTES], home[CLN_OS_PATH_BYTES];
    OK(cln_os_temporary_begin(cache, error));
    OK(cln_os_temporary_begin(home, error));
    const char *const cold[] = {"POCL_CACHE_DIR", cache, "XDG_CACHE_HOME", home, NULL};
    const char *const one[] = {"POCL_MAX_PTHREAD_COUNT", "1", NULL}, *const two[] = {"POCL_MAX_PTHREAD_COUNT", "2",
                                                                                     NULL};
    digests_elsewhere(engine, as_it_is, first);
    if (!getenv("CLINEAR_TEST_TINY")) {
        digests_elsewhere(engine, cold, other);
        same_digests(first, other, "with nothing compiled before", engine);
        digests_elsewhere(engine, cold, other);
        same_digests(first, other, "with what was compiled then", engine);
    }
    digests_elsewhere(engine, one, other);
    same_digests(first, other, "on one thread", engine);
    digests_elsewhere(engine, two, other);
    same_digests(first, other, "on two threads", engine);
    cln_os_temporary_end(cache);
    cln_os_temporary_end(home);
}
END_TEST

/* Within a process: one device handle, trainings of other shapes between. */
START_TEST(test_one_handle)
{
    problem p = problem_make(300, 17, 5, CLN_UINT8, 3), q = problem_make(70, 5, 3, CLN_FLOAT32, 4);
    open_device();
    for (int i = 0; i < RUNS; i++) {
        cln_model *first = trained(engines[_i], runs[i], p.data, NULL, NULL, NULL);
        cln_model_free(trained(engines[1 - _i], "batch-size=13 epochs=1", q.data, NULL, NULL, NULL));
        cln_model *again = trained(engines[_i], runs[i], p.data, NULL, NULL, NULL);
        ck_assert_msg(same_bits(first, again), "other bits again: %s %s", engines[_i], runs[i]);
        cln_model_free(first);
        cln_model_free(again);
    }
    cln_device_close(device);
    problem_free(&p);
    problem_free(&q);
}
END_TEST

/* Another seed is another run: the digests do say something. */
START_TEST(test_other_seed)
{
    char a[65], b[65];
    open_device();
    digest_of("fused", "batch-size=7 epochs=1 seed=1", CLN_UINT8, a);
    digest_of("fused", "batch-size=7 epochs=1 seed=2", CLN_UINT8, b);
    ck_assert_uint_eq(strlen(a), 64);
    ck_assert_str_ne(a, b);
    cln_device_close(device);
}
END_TEST

/* Asked by a process of its own, for the same reason. */
static bool has_device(void)
{
    int status = 1;
    pid_t child = fork();
    if (child == 0)
        _exit(cln_device_open(getenv("CLINEAR_TEST_DEVICE"), &device, NULL) == CLN_OK ? 0 : 1);
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

int main(void)
{
    Suite *suite = suite_create("train/determinism");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges");
    TCase *cases[] = {ok, edges};
    for (int i = 0; i < 2; i++) {
        tcase_add_checked_fixture(cases[i], make_folder, remove_folder);
        tcase_set_timeout(cases[i], 0); /* for drivers compile at leisure */
        suite_add_tcase(suite, cases[i]);
    }
    tcase_add_loop_test(ok, test_same_bits, 0, 2);
    tcase_add_loop_test(ok, test_one_handle, 0, 2);
    tcase_add_test(edges, test_other_seed);
    if (!has_device()) {
        srunner_free(srunner_create(suite));
        return skip("there is no usable OpenCL device");
    }
    return run_suite(suite);
}
