/* Fashion-MNIST, ten epochs of the default options, on both engines against the same run in double precision. */
#include "problem.h"

#include "data/dataset.h"

static const char folder[] = "/usr/share/datasets/fashion-mnist"; /* Debian's dataset-fashion-mnist */

enum { FEATURES = 784, CLASSES = 10, BATCH = 200, EPOCHS = 10 };

typedef struct part {
    cln_dataset *data;
    uint32_t rows;
    uint8_t *pixels; /* (rows,784) */
    const int32_t *labels;
} part;

static part train, test;
static cln_score expected_train, expected_test;

static part open_part(cln_part which)
{
    part p = {0};
    cln_dataset_info info;
    OK(cln_dataset_open(folder, NULL, which, &p.data, error));
    cln_dataset_describe(p.data, &info);
    p.rows = (uint32_t)info.rows;
    p.labels = cln_dataset_labels(p.data);
    p.pixels = malloc((size_t)p.rows * FEATURES);
    ck_assert_ptr_nonnull(p.pixels);
    OK(cln_dataset_pull(p.data, p.pixels, p.rows, FEATURES, error));
    return p;
}

/* Rows order[first] … (NULL: rows as they lie) as doubles between 0 and 1. */
static void take_rows(const part *p, const uint32_t *order, uint32_t first, uint32_t count, double *x, int32_t *y)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = order ? order[first + i] : first + i;
        y[i] = p->labels[row];
        for (uint32_t j = 0; j < FEATURES; j++)
            x[(size_t)i * FEATURES + j] = p->pixels[(size_t)row * FEATURES + j] / 255.0;
    }
}

static cln_score score_part(const cln_reference *model, const part *p)
{
    static double x[BATCH * FEATURES], z[BATCH * CLASSES];
    static int32_t y[BATCH];
    cln_score sum = {0, 0, p->rows};
    for (uint32_t first = 0; first < p->rows; first += BATCH) {
        take_rows(p, NULL, first, BATCH, x, y);
        cln_reference_logits(model, x, BATCH, z);
        cln_score score = cln_reference_score(z, y, BATCH, CLASSES);
        sum.loss += score.loss * BATCH / p->rows;
        sum.errors += score.errors;
    }
    return sum;
}

/* Both parts and the reference's run, once for all tests. */
static void setup(void)
{
    static double w[CLASSES * FEATURES], b[CLASSES], vw[CLASSES * FEATURES], vb[CLASSES], x[BATCH * FEATURES];
    static int32_t y[BATCH];
    cln_reference model = {.k = CLASSES, .d = FEATURES, .w = w, .b = b};
    train = open_part(CLN_PART_TRAIN);
    test = open_part(CLN_PART_TEST);
    ck_assert(train.rows == 60000 && test.rows == 10000);
    uint32_t *order = calloc(train.rows, sizeof *order);
    ck_assert_ptr_nonnull(order);
    for (uint64_t epoch = 1; epoch <= EPOCHS; epoch++) {
        cln_order_shuffle(order, train.rows, 0, epoch);
        for (uint32_t first = 0; first < train.rows; first += BATCH) {
            take_rows(&train, order, first, BATCH, x, y);
            cln_reference_step(&model, x, y, BATCH, 0.1, 0, 0, vw, vb);
        }
    }
    free(order);
    expected_train = score_part(&model, &train);
    expected_test = score_part(&model, &test);
    printf("  double:  training loss %.8f, %d errors; test loss %.8f, %d errors\n", expected_train.loss,
           (int)expected_train.errors, expected_test.loss, (int)expected_test.errors);
}

static void teardown(void)
{
    cln_dataset_close(train.data);
    cln_dataset_close(test.data);
    free(train.pixels);
    free(test.pixels);
}

static int64_t apart(uint64_t a, uint64_t b)
{
    return llabs((int64_t)a - (int64_t)b);
}

START_TEST(test_ten_epochs)
{
    static const char *const engines[] = {"fused", "clblast"};
    cln_result result;
    cln_model *model = trained(engines[_i], "learning-rate=0.1", train.data, NULL, test.data, &result);
    printf("  %-8s training loss %.8f, %d errors; test loss %.8f, %d errors; %.1f s\n", engines[_i], result.train.loss,
           (int)result.train.errors, result.test.loss, (int)result.test.errors, result.seconds.train);
    ck_assert_uint_eq(result.epochs, EPOCHS);
    ck_assert_uint_eq(result.steps, EPOCHS * 300);
    ck_assert_uint_eq(result.train.rows, 60000);
    ck_assert_uint_eq(result.test.rows, 10000);
    ck_assert_double_eq_tol(result.train.loss / expected_train.loss, 1, 1e-4);
    ck_assert_double_eq_tol(result.test.loss / expected_test.loss, 1, 1e-4);
    ck_assert_int_le(apart(result.train.errors, expected_train.errors), 12);
    ck_assert_int_le(apart(result.test.errors, expected_test.errors), 2);
    ck_assert_double_gt(cln_accuracy(&result.test), 0.83);
    cln_model_free(model);
}
END_TEST

static Suite *fashion_suite(void)
{
    Suite *suite = suite_create("train/fashion");
    TCase *ok = tcase_create("ok");
    tcase_add_unchecked_fixture(ok, setup, teardown);
    tcase_add_loop_test(ok, test_ten_epochs, 0, 2);
    suite_add_tcase(suite, ok);
    return suite;
}

int main(void)
{
    struct stat entry;
    if (stat(folder, &entry) != 0)
        return skip("there is no /usr/share/datasets/fashion-mnist; install Debian's package dataset-fashion-mnist");
    return run_on_device(fashion_suite());
}
