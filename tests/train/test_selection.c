/* A selection by itself: what it is fitted to, which answers go together, and folds that all lie on the device once. */
#include "problem.h"
#include "compute/engine.h"
#include "device/buffer.h"
#include "train/parts.h"

enum { N = 23, D = 5, K = 3 };

static float targets[N * 2];

static problem labelled;
static cln_dataset *real, *real_of_one, *bare;
static cln_selection selection;
static uint64_t bytes_before;

static void begin(void)
{
    labelled = problem_make(N, D, K, CLN_UINT8, 5);
    bytes_before = device->bytes;
    for (int i = 0; i < N * 2; i++)
        targets[i] = (float)i / 4;
    OK(cln_dataset_wrap_targets(labelled.x, CLN_UINT8, N, D, targets, 2, &real, error));
    OK(cln_dataset_wrap_targets(labelled.x, CLN_UINT8, N, D, targets, 1, &real_of_one, error));
    OK(cln_dataset_wrap(labelled.x, CLN_UINT8, N, D, NULL, &bare, error));
    memset(&selection, 0, sizeof selection);
}

static void end(void)
{
    cln_selection_release(&selection);
    ck_assert_uint_eq(device->bytes, bytes_before);
    cln_dataset_close(real);
    cln_dataset_close(real_of_one);
    cln_dataset_close(bare);
    problem_free(&labelled);
}

static cln_status create(const char *words, cln_dataset *train, cln_dataset *valid, cln_error *error)
{
    cln_options *options = options_of("auto", words);
    cln_status status =
        cln_selection_create(&selection, cln_options_settings(options), &(cln_parts){train, valid, NULL}, error);
    cln_options_free(options);
    return status;
}

START_TEST(targets_and_outputs)
{
    static const struct {
        const char *words;
        bool is_real;
        cln_target target;
        uint32_t outputs;
    } cases[] = {{"", false, CLN_TARGET_ONEHOT, K},
                 {"model=linear", false, CLN_TARGET_ONEHOT, K},
                 {"model=linear target=value", false, CLN_TARGET_VALUE, 1},
                 {"model=linear", true, CLN_TARGET_REAL, 2}};
    OK(create(cases[_i].words, cases[_i].is_real ? real : labelled.data, NULL, error));
    ck_assert_int_eq(selection.target, cases[_i].target);
    ck_assert_uint_eq(selection.outputs, cases[_i].outputs);
    ck_assert_int_eq(selection.lowest, 0);
    ck_assert_int_eq(selection.highest, cases[_i].is_real ? 0 : K - 1);
}
END_TEST

/* Of the training rows alone; and a larger label elsewhere is only a number where labels are numbers. */
START_TEST(range_of_labels)
{
    int32_t y[N];
    cln_dataset *data = NULL;
    for (int i = 0; i < N; i++)
        y[i] = i < N - 3 ? 4 + i % 3 : 100 - i;
    OK(cln_dataset_wrap(labelled.x, CLN_UINT8, N, D, y, &data, error));
    OK(create("model=linear target=value valid=3", data, NULL, error));
    ck_assert_int_eq(selection.lowest, 4);
    ck_assert_int_eq(selection.highest, 6);
    cln_selection_release(&selection);
    OK(create("model=linear target=value", labelled.data, data, error));
    ck_assert_int_eq(selection.highest, K - 1);
    cln_selection_release(&selection);
    FAILS(CLN_INVALID, "validation data (memory) has label 80", create("", labelled.data, data, error));
    cln_selection_release(&selection);
    cln_dataset_close(data);
}
END_TEST

START_TEST(answers_that_do_not_go_together)
{
    const struct {
        const char *words;
        cln_dataset *train, *valid;
        const char *message;
    } cases[] = {
        {"", real, NULL, "real-valued targets, and softmax is fitted to classes"},
        {"model=linear target=value", real, NULL, "option target is for labels"},
        {"model=linear class-weights=balanced", real, NULL, "no classes that option class-weights"},
        {"model=linear class-weights=1:2", real, NULL, "no classes that option class-weights"},
        {"model=linear classes=0,1", real, NULL, "real-valued targets, so no classes can be kept"},
        {"model=linear", real, real_of_one,
         "validation data (memory) has 1 targets a row, but the training data has 2"},
        {"model=linear", real, labelled.data, "validation data (memory) has labels, but the training data has real"},
        {"model=linear", labelled.data, real,
         "validation data (memory) has real-valued targets, but the training data has labels"},
        {"model=linear", real, bare, "validation data (memory) has no labels"},
        {"model=linear", bare, NULL, "training data (memory) has no labels"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        FAILS(CLN_INVALID, cases[i].message, create(cases[i].words, cases[i].train, cases[i].valid, error));
        cln_selection_release(&selection);
    }
}
END_TEST

static void finish(uint32_t block_rows)
{
    OK(cln_selection_begin(&selection, device, error));
    OK(cln_selection_finish(&selection, device, block_rows, NULL, error));
}

/* The part has the rows i with (i mod folds = fold) = inside, and says so on the device, too. */
static void expect_part(int part, uint32_t fold, uint32_t folds, bool inside)
{
    const cln_range *range = &selection.range[part];
    uint32_t wanted[N], got[N], count = 0;
    for (uint32_t i = 0; i < N; i++)
        if ((i % folds == fold) == inside)
            wanted[count++] = i;
    ck_assert_uint_eq(selection.rows[part], count);
    ck_assert(range->rows == count && range->first == 0 && range->data == selection.resident[CLN_TRAIN]);
    ck_assert_mem_eq(selection.list[part], wanted, count * sizeof *wanted);
    OK(cln_buffer_read(device, range->order, 0, count * sizeof *got, got, error));
    ck_assert_mem_eq(got, wanted, count * sizeof *wanted);
}

START_TEST(folds_share_what_is_on_the_device)
{
    const uint32_t counts[] = {2, 5, N};
    OK(create("", labelled.data, NULL, error));
    finish(N);
    const cln_resident *resident = selection.resident[CLN_TRAIN];
    uint64_t bytes = device->bytes;
    for (int i = 0; i < 3; i++)
        for (uint32_t fold = 0; fold < counts[i]; fold++) {
            OK(cln_selection_fold(&selection, device, fold, counts[i], error));
            expect_part(CLN_TRAIN, fold, counts[i], false);
            expect_part(CLN_VALID, fold, counts[i], true);
            finish(N + fold); /* changes nothing */
            expect_part(CLN_VALID, fold, counts[i], true);
            ck_assert_uint_eq(device->bytes, bytes + N * sizeof(uint32_t));
            ck_assert_ptr_eq(selection.resident[CLN_TRAIN], resident);
        }
    OK(cln_selection_fold(&selection, device, 0, 0, error));
    ck_assert_uint_eq(device->bytes, bytes);
    ck_assert(selection.rows[CLN_TRAIN] == N && selection.rows[CLN_VALID] == 0);
    ck_assert(selection.range[CLN_TRAIN].rows == N && !selection.range[CLN_TRAIN].order && !selection.list[CLN_TRAIN]);
    ck_assert(!selection.range[CLN_VALID].data && !selection.range[CLN_VALID].order);
}
END_TEST

/* Also before the data is there. */
START_TEST(folds_before_the_end_of_reading)
{
    OK(create("", labelled.data, NULL, error));
    OK(cln_selection_begin(&selection, device, error));
    OK(cln_selection_fold(&selection, device, 1, 3, error));
    OK(cln_selection_finish(&selection, device, N, NULL, error));
    expect_part(CLN_TRAIN, 1, 3, false);
    expect_part(CLN_VALID, 1, 3, true);
    OK(cln_selection_fold(&selection, device, 0, 0, error));
    ck_assert(selection.range[CLN_TRAIN].data == selection.resident[CLN_TRAIN] && selection.range[CLN_TRAIN].rows == N);
}
END_TEST

/* Weights of 0 predict the first class for every row: a fold's errors are its rows of other classes. In one chunk, and in several. */
START_TEST(a_fold_is_scored)
{
    uint64_t whole = device->facts.info.max_alloc_bytes;
    cln_plan *plan = NULL;
    cl_mem w = NULL;
    cln_score_buffer scores = {0};
    cln_problem shape = {
        .features = D, .outputs = K, .type = CLN_UINT8, .scale = 1, .bias = true, .block_rows = 4, .batch_rows = 4};
    OK(create("", labelled.data, NULL, error));
    device->facts.info.max_alloc_bytes = _i ? 48 : whole; /* 6 rows of 8 bytes */
    OK(cln_selection_begin(&selection, device, error));
    device->facts.info.max_alloc_bytes = whole;
    OK(cln_selection_finish(&selection, device, 4, NULL, error));
    OK(cln_plan_create(device, "fused", &shape, NULL, &plan, error));
    OK(cln_buffer_create(device, "weights", (uint64_t)plan->layout.kp * plan->layout.ld * sizeof(float), &w, error));
    for (uint32_t fold = 0; fold < 3; fold++) {
        OK(cln_selection_fold(&selection, device, fold, 3, error));
        for (int part = CLN_TRAIN; part <= CLN_VALID; part++) {
            cln_score score;
            uint64_t errors = 0;
            OK(cln_score_range(plan, &selection.range[part], w, NULL, &scores, &score, error));
            for (uint64_t i = 0; i < selection.rows[part]; i++)
                errors += labelled.y[selection.list[part][i]] != 0;
            ck_assert_uint_eq(score.rows, selection.rows[part]);
            ck_assert_uint_eq(score.errors, errors);
            ck_assert_double_eq_tol(score.loss, log(K), 1e-6);
        }
    }
    cln_score_buffer_release(device, &scores);
    cln_buffer_release(device, &w);
    cln_plan_release(plan);
}
END_TEST

/* The labels of a fold's training rows. */
START_TEST(labels_of_a_fold)
{
    int32_t y[N];
    cln_dataset *data = NULL;
    for (int i = 0; i < N; i++)
        y[i] = i % 4 == 1 ? 9 : i % 4 == 2 ? 1 : 5;
    OK(cln_dataset_wrap(labelled.x, CLN_UINT8, N, D, y, &data, error));
    OK(create("model=linear target=value", data, NULL, error));
    finish(N);
    const int32_t highest[] = {9, 5, 9, 9}, lowest[] = {1, 1, 5, 1};
    for (uint32_t fold = 0; fold < 4; fold++) {
        OK(cln_selection_fold(&selection, device, fold, 4, error));
        ck_assert(selection.highest == highest[fold] && selection.lowest == lowest[fold]);
    }
    OK(cln_selection_fold(&selection, device, 0, 0, error));
    ck_assert(selection.highest == 9 && selection.lowest == 1);
    OK(cln_selection_fold(&selection, device, 1, 4, error));
    FAILS(CLN_INVALID, "makes no sense", cln_selection_fold(&selection, device, 4, 4, error));
    ck_assert(selection.highest == 9 && selection.lowest == 1); /* of all rows again */
    cln_selection_release(&selection);
    cln_dataset_close(data);
}
END_TEST

START_TEST(folds_that_make_no_sense)
{
    OK(create("", labelled.data, NULL, error));
    finish(N);
    FAILS(CLN_INVALID, "fold 0 of 1 ", cln_selection_fold(&selection, device, 0, 1, error));
    FAILS(CLN_INVALID, "of 23 training rows", cln_selection_fold(&selection, device, 0, N + 1, error));
    FAILS(CLN_INVALID, "fold 3 of 3 ", cln_selection_fold(&selection, device, 3, 3, error));
    ck_assert_uint_eq(selection.rows[CLN_TRAIN], N);
    cln_selection_release(&selection);
    OK(create("valid=3", labelled.data, NULL, error));
    finish(N);
    FAILS(CLN_INVALID, "leave out option valid", cln_selection_fold(&selection, device, 0, 2, error));
    ck_assert(selection.rows[CLN_VALID] == 3 && selection.range[CLN_VALID].first == N - 3);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("train/selection");
    TCase *ok = tcase_create("ok"), *invalid = tcase_create("invalid");
    add_device_cases(suite, ok, invalid, begin, end);
    tcase_add_loop_test(ok, targets_and_outputs, 0, 4);
    tcase_add_test(ok, range_of_labels);
    tcase_add_test(ok, folds_share_what_is_on_the_device);
    tcase_add_test(ok, folds_before_the_end_of_reading);
    tcase_add_loop_test(ok, a_fold_is_scored, 0, 2);
    tcase_add_test(ok, labels_of_a_fold);
    tcase_add_test(invalid, answers_that_do_not_go_together);
    tcase_add_test(invalid, folds_that_make_no_sense);
    return run_on_device(suite);
}
