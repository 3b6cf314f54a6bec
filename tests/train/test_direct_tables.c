/* Least squares on published tables, whose columns lie far from 0, from each other's size and from independence, against NumPy in float64 on the
   same single-precision features (numpy.linalg.lstsq on centred columns, divided by their norms). */
#include "problem.h"

#include "train/trainer.h"

#define MOST 600

typedef struct table {
    uint32_t rows, columns;
    float x[MOST][30];
    float value[MOST];   /* the last column as a number */
    int32_t label[MOST]; /* whether it is "malignant" */
} table;

static FILE *open_table(const char *name)
{
    char path[4200];
    const char *base = getenv("CLINEAR_DATA");
    for (int place = 0; place < (base ? 2 : 1); place++) {
        snprintf(path, sizeof path, "%s%s/tables/%s", place ? base : CLINEAR_SOURCE, place ? "" : "/../shared/data",
                 name);
        FILE *file = fopen(path, "r");
        if (file)
            return file;
    }
    return NULL;
}

static table *read_table(const char *name)
{
    char line[2000];
    FILE *file = open_table(name);
    table *t = calloc(1, sizeof *t);
    ck_assert(file && t && fgets(line, sizeof line, file));
    for (; fgets(line, sizeof line, file) && t->rows < MOST; t->rows++) {
        char *rest = NULL, *next, *cell = strtok_r(line, ",\n", &rest);
        t->columns = 0;
        for (; (next = strtok_r(NULL, ",\n", &rest)) != NULL; cell = next)
            t->x[t->rows][t->columns++] = strtof(cell, NULL);
        t->value[t->rows] = strtof(cell, NULL);
        t->label[t->rows] = strcmp(cell, "malignant") == 0;
    }
    fclose(file);
    for (uint32_t i = 0; i < t->rows; i++) /* without gaps */
        memmove((float *)t->x + (size_t)i * t->columns, t->x[i], t->columns * sizeof(float));
    return t;
}

START_TEST(test_breast_cancer)
{
    static const struct {
        const char *words;
        double objective;
        uint64_t errors;
    } cases[] = {
        {"alpha=1", 0.06139275442963405, 23},
        {"alpha=1 target=value", 0.03069637721481702, 23},
        {"", 0.05275500350633337, 20},
    };
    table *t = read_table("breast-cancer.csv");
    ck_assert_uint_eq(t->rows, 569);
    for (size_t i = 0; i < (tiny() ? 1 : sizeof cases / sizeof *cases); i++) {
        cln_dataset *data = NULL;
        cln_result result;
        char words[100];
        snprintf(words, sizeof words, "model=linear solver=direct %s", cases[i].words);
        OK(cln_dataset_wrap(t->x, CLN_FLOAT32, t->rows, t->columns, t->label, &data, error));
        cln_model_free(trained("auto", words, data, NULL, NULL, &result));
        ck_assert_double_eq_tol(result.objective, cases[i].objective, 1e-10 * cases[i].objective);
        ck_assert_uint_eq(result.train.errors, cases[i].errors);
        ck_assert_int_eq(result.stopped, CLN_STOP_TOLERANCE);
        cln_dataset_close(data);
    }
    free(t);
}
END_TEST

START_TEST(test_car_prices)
{
    table *t = read_table("car-prices.csv");
    cln_dataset *data = NULL;
    cln_result result;
    double w[2], b, mean = 0, variance = 0;
    ck_assert_uint_eq(t->rows, 300);
    OK(cln_dataset_wrap_targets(t->x, CLN_FLOAT32, t->rows, t->columns, t->value, 1, &data, error));
    cln_trainer *trainer = trainer_of("auto", "model=linear solver=direct", data, NULL, NULL);
    OK(cln_trainer_run(trainer, NULL, NULL, &result, error));
    OK(cln_trainer_lane_read(trainer, 0, w, &b, error));
    for (uint32_t i = 0; i < t->rows; i++)
        mean += (double)t->value[i] / t->rows;
    for (uint32_t i = 0; i < t->rows; i++)
        variance += pow((double)t->value[i] - mean, 2) / t->rows;
    ck_assert_double_eq_tol(1 - 2 * result.objective / variance, 0.9799634326811982, 1e-11);
    ck_assert_double_eq_tol(w[0], 869.553316, 1e-6);
    ck_assert_double_eq_tol(w[1], -0.0310601884, 1e-10);
    ck_assert_double_eq_tol(b, -1733912.1171844162, 1e-3);
    ck_assert_int_eq(result.stopped, CLN_STOP_TOLERANCE);
    cln_trainer_close(trainer);
    cln_dataset_close(data);
    free(t);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("train/direct_tables");
    TCase *ok = tcase_create("ok"), *invalid = tcase_create("invalid");
    FILE *file = open_table("breast-cancer.csv");
    if (!file) {
        srunner_free(srunner_create(suite));
        return skip("there is no tables/breast-cancer.csv in $CLINEAR_DATA");
    }
    fclose(file);
    tcase_add_test(ok, test_breast_cancer);
    tcase_add_test(ok, test_car_prices);
    add_device_cases(suite, ok, invalid, NULL, NULL);
    return run_on_device(suite);
}
