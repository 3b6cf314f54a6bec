#define _GNU_SOURCE
#include "base/os.h"
#include "harness.h"

#include <pthread.h>
#include <sys/resource.h>

typedef struct work {
    pthread_t by;
    int done;
} work;

static void do_work(void *user)
{
    work *w = user;
    w->by = pthread_self();
    w->done++;
}

START_TEST(work_is_done_elsewhere)
{
    work several[3] = {{0, 0}};
    cln_os_thread *threads[3];
    for (int i = 0; i < 3; i++)
        threads[i] = cln_os_thread_begin(do_work, &several[i]);
    for (int i = 0; i < 3; i++) {
        ck_assert_ptr_nonnull(threads[i]);
        cln_os_thread_join(threads[i]);
        ck_assert_int_eq(several[i].done, 1);
        ck_assert(!pthread_equal(several[i].by, pthread_self()));
    }
    cln_os_thread_join(NULL);
}
END_TEST

/* With no memory left for another stack (of which a sanitizer needs much for itself). */
#if !defined __SANITIZE_ADDRESS__ && !defined __SANITIZE_THREAD__
#define STACKS_CAN_RUN_OUT 1
#else
#define STACKS_CAN_RUN_OUT 0
#endif

START_TEST(work_is_done_here_where_there_is_no_thread)
{
    work w = {0, 0};
    struct rlimit none = {1, 1};
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &none), 0);
    cln_os_thread *thread = cln_os_thread_begin(do_work, &w);
    ck_assert_ptr_null(thread);
    ck_assert_int_eq(w.done, 1);
    ck_assert(pthread_equal(w.by, pthread_self()));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base: threads");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges");
    tcase_add_test(ok, work_is_done_elsewhere);
    if (STACKS_CAN_RUN_OUT)
        tcase_add_test(edges, work_is_done_here_where_there_is_no_thread);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    return run_suite(suite);
}
