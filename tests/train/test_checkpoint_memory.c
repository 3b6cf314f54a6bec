/* What a checkpoint is said to take of the host against what the process then grows by. */
#define _GNU_SOURCE
#include "base/size.h"
#include "files.h"
#include "problem.h"
#include "train/checkpoint.h"

#include <malloc.h>

/* Buffers of files, and pages that are part of others. */
enum { LOOSE_BYTES = 1 << 20 };

/* Memory that was given back is the system's, and the most that the process had is what it has; false where the system does not forget. */
static bool forget_most(void)
{
    FILE *file = fopen("/proc/self/clear_refs", "w");
    malloc_trim(0);
    return file && (fputs("5", file) >= 0) & (fclose(file) == 0);
}

/* VmHWM or VmRSS, in bytes. */
static int64_t resident(const char *name)
{
    char line[256];
    long long kilobytes = -1;
    FILE *file = fopen("/proc/self/status", "r");
    ck_assert_ptr_nonnull(file);
    while (fgets(line, sizeof line, file))
        if (strncmp(line, name, strlen(name)) == 0)
            ck_assert_int_eq(sscanf(line, "%*s %lld", &kilobytes), 1);
    fclose(file);
    return kilobytes * 1024;
}

static void check_growth(const char *what, uint64_t said, int64_t before)
{
    int64_t grown = resident("VmHWM:") - before;
    printf("  %s: said to take %llu bytes, and the process grew by %lld\n", what, (unsigned long long)said,
           (long long)grown);
    ck_assert_int_le(llabs(grown - (int64_t)said), LOOSE_BYTES);
}

/* Many scores, and many weights. */
static const struct {
    const char *words;
    uint32_t n, d, k;
} cases[] = {{"batch-size=1 epochs=1", 400000, 4, 3}, {"epochs=1", 20, 30000, 10}};

START_TEST(test_as_measured)
{
    if (device->facts.info.simulator || !forget_most()) {
        printf("  left out: on a simulator, or a system that does not forget the most that a process had\n");
        return;
    }
    problem p = problem_make(cases[_i].n, cases[_i].d, cases[_i].k, CLN_UINT8, 5);
    cln_trainer *trainer = trainer_of("fused", cases[_i].words, p.data, NULL, NULL);
    cln_checkpoints to = {.path = at("c")};
    ck_assert(forget_most());
    int64_t before = resident("VmRSS:");
    OK(cln_trainer_checkpoint(trainer, &to, error));
    check_growth("the rows, read to be known", cln_identity_bytes(trainer), before);

    ck_assert(forget_most());
    before = resident("VmRSS:");
    cln_score *pass = NULL;
    OK(cln_allocate((void **)&pass, trainer->batches, sizeof *pass, "scores", error));
    OK(cln_allocate((void **)&trainer->earlier, trainer->batches, sizeof *pass, "scores", error));
    for (uint64_t b = 0; b < trainer->batches; b++)
        pass[b].loss = trainer->earlier[b].loss = 1; /* those of before as a run that was resumed has them */
    cln_checkpoint_keep_sgd(trainer, pass, trainer->batches, 1);
    check_growth("a checkpoint", cln_checkpoint_bytes(trainer), before);
    free(pass);
    cln_trainer_close(trainer);
    problem_free(&p);
}
END_TEST

/* An estimate has room for it beside what is there all the time; of solver direct, which keeps none, there is none. */
START_TEST(test_is_estimated)
{
    problem p = problem_make(cases[0].n, cases[0].d, cases[0].k, CLN_UINT8, 5);
    cln_parts parts = {p.data, NULL, NULL};
    cln_options *options = options_of("fused", cases[0].words);
    cln_trainer *trainer = trainer_of("fused", cases[0].words, p.data, NULL, NULL);
    cln_estimate estimate;
    uint64_t scores = cln_score_buffer_bytes(&trainer->scores, trainer->batches * trainer->scores_per_batch);
    OK(cln_trainer_estimate(device, options, &parts, &estimate, error));
    ck_assert_uint_ge(estimate.host_bytes, cln_dataset_bytes(p.data) + scores + cln_checkpoint_bytes(trainer));
    cln_trainer_close(trainer);
    trainer = trainer_of("fused", "model=linear solver=direct alpha=1", p.data, NULL, NULL);
    ck_assert_uint_eq(cln_checkpoint_bytes(trainer), 0);
    cln_trainer_close(trainer);
    cln_options_free(options);
    problem_free(&p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("train/checkpoint_memory");
    TCase *ok = tcase_create("ok"), *invalid = tcase_create("invalid");
    tcase_add_loop_test(ok, test_as_measured, 0, 2);
    tcase_add_test(ok, test_is_estimated);
    add_device_cases(suite, ok, invalid, make_folder, remove_folder);
    return run_on_device(suite);
}
