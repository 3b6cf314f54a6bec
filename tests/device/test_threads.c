/* Devices opened from several threads at once, as the first thing that a process does with OpenCL. */
#include "clinear.h"
#include "harness.h"

#include <pthread.h>

enum { THREADS = 4 };

typedef struct opening {
    cln_status status;
    cln_error error;
} opening;

static opening openings[THREADS];

static void *open_device(void *user)
{
    opening *own = user;
    cln_device *device = NULL;
    own->status = cln_device_open(getenv("CLINEAR_TEST_DEVICE"), &device, &own->error);
    cln_device_close(device);
    return NULL;
}

START_TEST(all_have_opened_it)
{
    for (int i = 0; i < THREADS; i++)
        ck_assert_msg(openings[i].status == CLN_OK, "thread %d: %s", i, openings[i].error.message);
}
END_TEST

int main(void)
{
    pthread_t threads[THREADS];
    int refused = 0;
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, open_device, &openings[i]) != 0)
            return EXIT_FAILURE;
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        refused += openings[i].status == CLN_NO_DEVICE;
    }
    if (refused == THREADS)
        return skip(openings[0].error.message);
    Suite *suite = suite_create("device/threads");
    TCase *edges = tcase_create("edges");
    tcase_add_test(edges, all_have_opened_it);
    suite_add_tcase(suite, edges);
    return run_device_suite(suite);
}
