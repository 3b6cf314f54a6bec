/* What a training is said to take against what it then takes, to the byte; and what does not fit, refused with what makes it fit. */
#include "problem.h"

#include "base/os.h"
#include "train/settings.h"

typedef struct part_sizes {
    uint32_t train, valid, test; /* rows; 0: no such part */
} part_sizes;

/* What is special about a training's data or device: few bytes in one allocation, or the ways of a GPU. */
typedef enum kind { PLAIN, TARGETS, WEIGHTS, CHUNKS, GPU } kind;

enum { CHUNK_BYTES = 65536 };

typedef struct configuration {
    const char *engine, *words;
    uint32_t d, k;
    cln_type type;
    part_sizes rows;
    kind kind;
} configuration;

/* Few sizes, so that few kernels have to be built. */
static const configuration configurations[] = {
    {"fused", "epochs=1", 40, 3, CLN_UINT8, {90, 0, 0}, PLAIN},
    {"fused", "epochs=1 batch-size=1 no-shuffle=true drop-last=true", 40, 3, CLN_UINT8, {401, 900, 30}, PLAIN},
    {"fused", "epochs=1 momentum=0.9 patience=3 valid=70", 40, 3, CLN_UINT8, {700, 0, 300}, PLAIN},
    {"auto", "epochs=1 classes=0,2,4 train-rows=100", 40, 5, CLN_UINT8, {900, 0, 200}, PLAIN},
    {"fused", "epochs=1", 40, 3, CLN_UINT8, {300, 40, 0}, WEIGHTS},
    {"fused", "epochs=1 center=true class-weights=balanced", 784, 10, CLN_UINT8, {5000, 60, 0}, PLAIN},
    {"fused", "solver=lbfgs epochs=3 l2=0.1", 40, 3, CLN_FLOAT32, {3000, 200, 100}, PLAIN},
    {"clblast", "epochs=1 batch-size=64", 40, 3, CLN_UINT8, {300, 500, 30}, PLAIN},
    {"clblast", "epochs=1 standardize=true", 40, 100, CLN_FLOAT32, {401, 90, 30}, PLAIN},
    {"fused", "model=linear solver=direct alpha=1", 40, 3, CLN_FLOAT32, {300, 0, 100}, TARGETS},
    {"fused", "model=linear solver=direct alpha=1,2 valid=50 center=true", 200, 3, CLN_UINT8, {300, 0, 0}, PLAIN},
    {"fused", "epochs=1 class-weights=balanced center=true", 40, 3, CLN_FLOAT32, {3000, 400, 700}, CHUNKS},
    {"clblast", "epochs=1 valid=300", 40, 3, CLN_UINT8, {3000, 0, 700}, CHUNKS},
    {"fused", "epochs=1", 40, 3, CLN_UINT8, {300, 40, 0}, GPU},
};

enum { CONFIGURATIONS = sizeof configurations / sizeof *configurations };

/* A part's data set: its own labels, or real-valued targets, or weights besides. */
static cln_dataset *wrapped(const configuration *c, problem *p)
{
    float *values = calloc((size_t)p->n * c->k, sizeof *values);
    ck_assert_ptr_nonnull(values);
    for (uint32_t i = 0; i < p->n * c->k; i++)
        values[i] = 1 + (float)(i % 3);
    if (c->kind == TARGETS) {
        cln_dataset_close(p->data);
        p->data = NULL;
        OK(cln_dataset_wrap_targets(p->x, p->type, p->n, p->d, values, c->k, &p->data, error));
    }
    if (c->kind == WEIGHTS)
        OK(cln_dataset_weigh(p->data, values, error));
    free(values);
    return p->data;
}

typedef struct data {
    problem problems[3];
    cln_parts parts;
} data;

static data data_of(const configuration *c)
{
    data made = {.parts = {NULL, NULL, NULL}};
    const uint32_t rows[] = {c->rows.train, c->rows.valid, c->rows.test};
    cln_dataset **const to[] = {&made.parts.train, &made.parts.valid, &made.parts.test};
    for (int i = 0; i < 3; i++)
        if (rows[i]) {
            made.problems[i] = problem_make(rows[i], c->d, c->k, c->type, (uint64_t)i);
            *to[i] = wrapped(c, &made.problems[i]);
        }
    return made;
}

static void data_free(data *d)
{
    for (int i = 0; i < 3; i++)
        problem_free(&d->problems[i]);
}

/* What trainings before this one have left in the account. */
static void forget_peaks(void)
{
    ck_assert_uint_eq(device->bytes, 0);
    device->peak_bytes = device->largest_bytes = 0;
}

START_TEST(test_is_what_is_taken)
{
    const configuration *c = &configurations[_i];
    cln_facts before = device->facts;
    data d = data_of(c);
    cln_options *options = options_of(c->engine, c->words);
    cln_estimate estimate;
    cln_trainer *trainer = NULL;
    cln_result result;
    forget_peaks();
    device->facts.is_cpu = before.is_cpu && c->kind != GPU;
    if (c->kind == CHUNKS)
        device->facts.info.max_alloc_bytes = CHUNK_BYTES;
    OK(cln_trainer_estimate(device, options, &d.parts, &estimate, error));
    ck_assert_msg(estimate.fits, "%s", estimate.reason);
    ck_assert_str_eq(estimate.reason, "");
    ck_assert_uint_eq(device->peak_bytes, 0);
    OK(cln_trainer_create(device, options, &d.parts, &trainer, error));
    OK(cln_trainer_run(trainer, NULL, NULL, &result, error));
    ck_assert_uint_eq(estimate.device_bytes, result.device_bytes);
    ck_assert_uint_eq(estimate.largest, device->largest_bytes);
    ck_assert_str_eq(estimate.engine, result.engine);
    ck_assert_uint_ge(estimate.device_bytes, estimate.data_bytes + estimate.solver_bytes);
    ck_assert_uint_ge(estimate.data_bytes, (uint64_t)result.rows * c->d);
    ck_assert_uint_gt(estimate.solver_bytes, 0);
    ck_assert_uint_ge(estimate.host_bytes, result.rows * 4);
    ck_assert_uint_le(estimate.largest, device->facts.info.max_alloc_bytes);
    cln_trainer_close(trainer);
    device->facts = before;
    cln_options_free(options);
    data_free(&d);
}
END_TEST

/* The number behind a word of a sentence. */
static uint64_t number_behind(const char *sentence, const char *word)
{
    const char *at = strstr(sentence, word);
    ck_assert_msg(at != NULL, "%s", sentence);
    return strtoull(at + strlen(word), NULL, 10);
}

/* A training that does not fit, by which of the device's figures, and how its reason begins. */
typedef struct misfit {
    const char *engine, *words;
    uint32_t n, d, k;
    uint64_t most, memory; /* in one allocation; in all; 0: as it is */
    const char *reason;
    const char *option; /* that would make it fit; NULL: none */
} misfit;

static const misfit misfits[] = {
    {"fused", "epochs=1", 7000, 40, 3, 0, 300000, "of device memory", "train-rows"},
    {"fused", "epochs=1 valid=100", 7000, 40, 3, 0, 300000, "of device memory", "train-rows"},
    {"fused", "epochs=1 batch-size=600", 4000, 40, 3, 12000, 0, "the row order would take", "train-rows"},
    {"fused", "epochs=1 no-shuffle=true batch-size=1", 4000, 40, 3, 20000, 0, "partial scores would take",
     "batch-size"},
    {"clblast", "epochs=1", 400, 40, 3, 0, 120000, "of device memory", "engine"},
    {"auto", "model=linear solver=direct alpha=1", 40, 300, 2, 150000, 0, "packed rows would take", "solver"},
    {"auto", "epochs=1", 40, 3000, 20, 100000, 0, "would take", NULL},
};

START_TEST(test_advice_helps)
{
    const misfit *m = &misfits[_i];
    cln_device_info *info = &device->facts.info, before = *info;
    problem p = problem_make(m->n, m->d, m->k, CLN_UINT8, 5);
    cln_options *options = options_of(m->engine, m->words);
    cln_parts parts = {p.data, NULL, NULL};
    cln_estimate estimate;
    cln_trainer *trainer = NULL;
    forget_peaks();
    info->max_alloc_bytes = m->most ? m->most : info->max_alloc_bytes;
    info->global_bytes = m->memory ? m->memory : info->global_bytes;
    OK(cln_trainer_estimate(device, options, &parts, &estimate, error));
    ck_assert(!estimate.fits);
    ck_assert_msg(strstr(estimate.reason, m->reason) != NULL, "%s", estimate.reason);
    FAILS(CLN_DEVICE, estimate.reason, cln_trainer_create(device, options, &parts, &trainer, error));
    ck_assert_ptr_null(trainer);
    ck_assert_uint_eq(device->peak_bytes, 0);
    if (m->option) {
        char give[40], value[40];
        snprintf(give, sizeof give, "; give %s ", m->option);
        ck_assert_msg(strstr(estimate.reason, give) != NULL, "%s", estimate.reason);
        ck_assert_int_eq(sscanf(strstr(estimate.reason, give) + strlen(give), "%39[^ ,]", value), 1);
        OK(cln_options_set(options, m->option, value, error));
        if (strcmp(m->option, "train-rows") == 0)
            ck_assert_uint_gt(number_behind(estimate.reason, give), m->n / 4);
        OK(cln_trainer_estimate(device, options, &parts, &estimate, error));
        ck_assert_msg(estimate.fits, "%s", estimate.reason);
        ck_assert_uint_le(estimate.device_bytes, info->global_bytes);
        OK(cln_trainer_create(device, options, &parts, &trainer, error));
        ck_assert_uint_le(device->peak_bytes, estimate.device_bytes);
    } else {
        ck_assert_msg(strstr(estimate.reason, "; no option") || strstr(estimate.reason, "; take device"), "%s",
                      estimate.reason);
    }
    cln_trainer_close(trainer);
    *info = before;
    cln_options_free(options);
    problem_free(&p);
}
END_TEST

/* What others have there counts, and goes into the sentence. */
START_TEST(test_device_in_use)
{
    problem p = problem_make(90, 20, 3, CLN_UINT8, 5);
    cln_options *options = options_of("fused", "epochs=1");
    cln_parts parts = {p.data, NULL, NULL};
    cln_estimate estimate;
    forget_peaks();
    device->bytes = device->facts.info.global_bytes - 1000;
    OK(cln_trainer_estimate(device, options, &parts, &estimate, error));
    device->bytes = 0;
    ck_assert(!estimate.fits);
    ck_assert_msg(strstr(estimate.reason, "1000 bytes left") != NULL, "%s", estimate.reason);
    cln_options_free(options);
    problem_free(&p);
}
END_TEST

/* L-BFGS with its pairs takes more than there is, where a device has room without end. */
START_TEST(test_host)
{
    uint64_t available = cln_os_available_bytes();
    const uint32_t k = 5000, d = (uint32_t)(available / 650 * 3 / 2 / k); /* 81 doubles a weight */
    const int32_t labels[] = {0, (int32_t)k - 1};
    cln_device_info *info = &device->facts.info, before = *info;
    cln_options *options = options_of("auto", "solver=lbfgs");
    cln_dataset *dataset = NULL;
    cln_trainer *trainer = NULL;
    cln_estimate estimate;
    uint8_t *x = calloc(2, d);
    ck_assert(x && available < UINT64_MAX);
    OK(cln_dataset_wrap(x, CLN_UINT8, 2, d, labels, &dataset, error));
    cln_parts parts = {dataset, NULL, NULL};
    forget_peaks();
    info->global_bytes = info->max_alloc_bytes = UINT64_MAX;
    OK(cln_trainer_estimate(device, options, &parts, &estimate, error));
    ck_assert(!estimate.fits && estimate.host_bytes > available);
    ck_assert_msg(strstr(estimate.reason, "of the host's memory") != NULL, "%s", estimate.reason);
    ck_assert_msg(strstr(estimate.reason, "; give solver sgd") != NULL, "%s", estimate.reason);
    FAILS(CLN_MEMORY, "does not fit", cln_trainer_create(device, options, &parts, &trainer, error));
    ck_assert_uint_eq(device->peak_bytes, 0);
    OK(cln_options_set(options, "solver", "sgd", error));
    OK(cln_trainer_estimate(device, options, &parts, &estimate, error));
    ck_assert_msg(estimate.fits, "%s", estimate.reason);
    *info = before;
    cln_dataset_close(dataset);
    cln_options_free(options);
    free(x);
}
END_TEST

/* The pairs of L-BFGS are most of what a run with many iterations takes. The same run with one has brought in everything else, so that
   the process grows by the pairs at about, and by no more than all that the run takes. */
START_TEST(test_host_as_measured)
{
    static const char *const words[] = {"solver=lbfgs tolerance=0 epochs=1", "solver=lbfgs tolerance=0 epochs=60"};
    uint64_t peaks[2], needs[2];
    problem p = problem_make(60, 30000, 10, CLN_FLOAT32, 5);
    cln_parts parts = {p.data, NULL, NULL};
    for (int i = 0; i < 2 && !device->facts.info.simulator; i++) {
        cln_options *options = options_of("fused", words[i]);
        cln_estimate estimate;
        OK(cln_trainer_estimate(device, options, &parts, &estimate, error));
        cln_trainer *trainer = trainer_of("fused", words[i], p.data, NULL, NULL);
        cln_result result;
        OK(cln_trainer_run(trainer, NULL, NULL, &result, error));
        peaks[i] = cln_os_peak_host_bytes();
        needs[i] = estimate.host_bytes + estimate.device_bytes;
        cln_trainer_close(trainer);
        cln_options_free(options);
    }
    if (!device->facts.info.simulator) {
        printf("  pairs take %.0f MiB; the process grew by %.0f MiB\n", (double)(needs[1] - needs[0]) / 1048576,
               (double)(peaks[1] - peaks[0]) / 1048576);
#ifndef __SANITIZE_ADDRESS__ /* which keeps what was given back */
        ck_assert_uint_ge(peaks[1] - peaks[0], (needs[1] - needs[0]) / 2);
        ck_assert_uint_le(peaks[1] - peaks[0], needs[1]);
#endif
    }
    problem_free(&p);
}
END_TEST

/* What a training is refused for, whatever memory there is, an estimate is refused for. */
START_TEST(test_invalid)
{
    problem p = problem_make(90, 20, 3, CLN_UINT8, 5), wide = problem_make(90, 20, 70, CLN_UINT8, 5);
    static const struct {
        const char *engine, *words, *says;
        bool wide;
        cln_status status;
    } cases[] = {
        {"auto", "patience=3", "patience needs validation rows", false, CLN_INVALID},
        {"auto", "train-rows=91", "train-rows asks for 91 rows", false, CLN_INVALID},
        {"auto", "batch-size=91 drop-last=true", "no whole minibatch", false, CLN_INVALID},
        {"auto", "solver=direct", "direct is for model linear", false, CLN_INVALID},
        {"fused", "epochs=1", "up to 64 outputs, not 70", true, CLN_UNSUPPORTED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cln_options *options = options_of(cases[i].engine, cases[i].words);
        cln_parts parts = {cases[i].wide ? wide.data : p.data, NULL, NULL};
        cln_estimate estimate;
        cln_trainer *trainer;
        FAILS(cases[i].status, cases[i].says, cln_trainer_estimate(device, options, &parts, &estimate, error));
        FAILS(cases[i].status, cases[i].says, cln_trainer_create(device, options, &parts, &trainer, error));
        cln_options_free(options);
    }
    cln_options *options = options_of("auto", "");
    FAILS(CLN_INVALID, "no training data",
          cln_trainer_estimate(device, options, &(cln_parts){NULL, NULL, NULL}, &(cln_estimate){0}, error));
    cln_options_free(options);
    problem_free(&p);
    problem_free(&wide);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("train/estimate");
    TCase *ok = tcase_create("ok"), *invalid = tcase_create("invalid");
    tcase_add_loop_test(ok, test_is_what_is_taken, 0, CONFIGURATIONS);
    tcase_add_loop_test(ok, test_advice_helps, 0, sizeof misfits / sizeof *misfits);
    tcase_add_test(ok, test_device_in_use);
    tcase_add_test(ok, test_host);
    tcase_add_test(ok, test_host_as_measured);
    tcase_add_test(invalid, test_invalid);
    add_device_cases(suite, ok, invalid, NULL, NULL);
    return run_on_device(suite);
}
