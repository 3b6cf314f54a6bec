/* What a training warns of, each case with its like of which nothing may be said. */
#include "problem.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_ROWS = 400, MOST_FEATURES = 4 };

/* Rows in memory. */
typedef struct table {
    uint32_t n, d;
    float x[MOST_ROWS * MOST_FEATURES], weights[MOST_ROWS], targets[MOST_ROWS];
    int32_t y[MOST_ROWS];
} table;

static table t;

static void add(int32_t label, float a, float b)
{
    t.d = 2;
    t.x[2 * t.n] = a;
    t.x[2 * t.n + 1] = b;
    t.y[t.n++] = label;
}

static cln_dataset *wrap(void)
{
    cln_dataset *data = NULL;
    OK(cln_dataset_wrap(t.x, CLN_FLOAT32, t.n, t.d, t.y, &data, error));
    return data;
}

/* All warnings of a trainer, one behind the other; valid until the next call. */
static const char *all_of(const cln_trainer *trainer)
{
    static char all[5000];
    size_t length = 0;
    *all = '\0';
    for (size_t i = 0; cln_trainer_warning(trainer, i); i++)
        length += (size_t)snprintf(all + length, sizeof all - length, "%s\n", cln_trainer_warning(trainer, i));
    return all;
}

/* The warnings of a run over the table (data NULL) or data, which is closed. */
static const char *run(const char *words, cln_dataset *data, cln_dataset *valid)
{
    cln_result result;
    data = data ? data : wrap();
    cln_trainer *trainer = trainer_of("fused", words, data, valid, NULL);
    OK(cln_trainer_run(trainer, NULL, NULL, &result, error));
    const char *all = all_of(trainer);
    ck_assert_ptr_null(cln_trainer_warning(trainer, 100));
    cln_trainer_close(trainer);
    cln_dataset_close(data);
    return all;
}

#define SAYS(words, text)                                                                                              \
    do {                                                                                                               \
        const char *all_ = (text);                                                                                     \
        ck_assert_msg(strstr(all_, words) != NULL, "no \"%s\" in: %s", words, all_);                                   \
    } while (0)

/* And nothing else. */
#define SAYS_ONLY(words, text)                                                                                         \
    do {                                                                                                               \
        const char *alone_ = (text);                                                                                   \
        ck_assert_str_eq(alone_, words "\n");                                                                          \
    } while (0)

#define SILENT(text)                                                                                                   \
    do {                                                                                                               \
        const char *none_ = (text);                                                                                    \
        ck_assert_msg(*none_ == '\0', "unasked: %s", none_);                                                           \
    } while (0)

/* ---- separable classes */

#define SEPARABLE                                                                                                      \
    "the classes are separable and there is no penalty, so the weights have no optimum and grow as the tolerance "     \
    "shrinks; give an l2 above 0"

/* `classes` clouds in a plane, far from each other and from the origin. */
static void make_clouds(uint32_t rows, int32_t classes)
{
    cln_random random;
    cln_random_seed(&random, 5, 1);
    t = (table){0};
    for (uint32_t i = 0; i < rows; i++) {
        int32_t y = (int32_t)cln_random_below(&random, (uint32_t)classes);
        double angle = 2 * 3.14159265 * y / classes, radius = 1 + cln_random_below(&random, 1000) / 1000.0;
        add(i < (uint32_t)classes ? (int32_t)i : y, (float)(radius * cos(angle)), (float)(radius * sin(angle)));
        if (i < (uint32_t)classes) {
            t.x[2 * i] = (float)cos(2 * 3.14159265 * i / classes);
            t.x[2 * i + 1] = (float)sin(2 * 3.14159265 * i / classes);
        }
    }
}

START_TEST(separable)
{
    make_clouds(300, 2 + _i);
    SAYS_ONLY(SEPARABLE, run("solver=lbfgs", NULL, NULL));
    SAYS_ONLY(SEPARABLE, run("solver=lbfgs no-bias=true tolerance=1e-2", NULL, NULL));
    SAYS_ONLY(SEPARABLE, run("solver=lbfgs standardize=true epochs=8", NULL, NULL)); /* whatever ended it */
}
END_TEST

START_TEST(separable_but)
{
    make_clouds(300, 3);
    SILENT(run("solver=lbfgs l2=1e-6", NULL, NULL));
    SILENT(run("solver=lbfgs alpha=1e-6", NULL, NULL));
    SILENT(run("solver=lbfgs l1=1e-6", NULL, NULL));
    SILENT(run("solver=lbfgs loss=squared epochs=20", NULL, NULL));
    SILENT(run("solver=lbfgs model=linear", NULL, NULL));
    SILENT(run("solver=sgd learning-rate=1", NULL, NULL)); /* claims no optimum */
    t.y[7] = (t.y[7] + 1) % 3;                             /* one row among another class */
    SILENT(run("solver=lbfgs", NULL, NULL));
}
END_TEST

/* What does not count does not keep the classes together, and what counts little does. */
START_TEST(separable_by_weight)
{
    make_clouds(300, 3);
    t.y[7] = (t.y[7] + 1) % 3;
    for (uint32_t i = 0; i < t.n; i++)
        t.weights[i] = 1;
    t.weights[7] = _i ? 1e-6f : 0;
    cln_dataset *data = wrap();
    OK(cln_dataset_weigh(data, t.weights, error));
    const char *all = run("solver=lbfgs", data, NULL);
    if (_i)
        SILENT(all);
    else
        SAYS_ONLY(SEPARABLE, all);
}
END_TEST

/* Classes that touch: rows of two classes in one place, and a plane that has rows of both on it. Their optimum is at infinity as well, but no
   margin shows it. */
START_TEST(quasi_separable)
{
    t = (table){0};
    for (int i = 0; i < 40; i++)
        add(i % 2, i < 4 ? 0 : i % 2 ? 1.f + (float)i : -1.f - (float)i, 1);
    SILENT(run("solver=lbfgs", NULL, NULL));
    t = (table){0};
    for (int i = 0; i < 40; i++) /* on the plane a = 0 they are (0,±1) and (0,±2), mixed */
        add(i % 2, i < 8 ? 0 : i % 2 ? 1.f : -1.f, (i < 8) * (i & 4 ? 2.f : 1.f) * (((i >> 1) + i) % 2 ? 1.f : -1.f));
    SILENT(run("solver=lbfgs", NULL, NULL));
    t = (table){0}; /* nothing tells them apart: the optimum is W = 0, where all margins are roundings */
    for (int i = 0; i < 4; i++)
        add(i == 1 || i == 2, (float)(i & 1) / 3, (float)(i >> 1) / 7);
    SILENT(run("solver=lbfgs", NULL, NULL));
    SILENT(run("solver=lbfgs standardize=true", NULL, NULL));
}
END_TEST

/* ---- labels */

/* Noise, with these labels in turn. */
static void make_labels(uint32_t rows, const int32_t *labels, uint32_t count)
{
    cln_random random;
    cln_random_seed(&random, 6, 1);
    t = (table){0};
    for (uint32_t i = 0; i < rows; i++)
        add(labels[i % count], (float)cln_random_below(&random, 100) / 100,
            (float)cln_random_below(&random, 100) / 100);
}

static const char *data_words(const char *words, cln_dataset *valid)
{
    cln_dataset *data = wrap();
    cln_trainer *trainer = trainer_of("auto", words, data, valid, NULL); /* fused takes no 3,001 outputs */
    const char *all = all_of(trainer);                                   /* it has not run */
    cln_trainer_close(trainer);
    cln_dataset_close(data);
    return all;
}

START_TEST(gaps)
{
    make_labels(300, (int32_t[]){0, 1, 3}, 3);
    SAYS_ONLY(
        "label 2 has no training row, so that its output learns nothing but to be low; number the labels from 0 on "
        "without a gap, or name those that have rows with option classes (0,1,3)",
        data_words("solver=sgd", NULL));
    SAYS("label 2 has no training row", data_words("model=linear solver=direct", NULL));
    SILENT(data_words("classes=0,1,3", NULL));
    SILENT(data_words("model=linear target=value", NULL)); /* no classes */
    make_labels(300, (int32_t[]){0, 1, 4, 5, 6, 7, 8}, 7);
    SAYS("labels 2 and 3 have no training row, so that their outputs learn", data_words("", NULL));
    make_labels(300, (int32_t[]){0, 3000}, 2);
    SAYS_ONLY("2999 of the 3001 outputs, one for each label from 0 to 3000, have no training row, and take memory and "
              "time all the same; number the labels from 0 on, or name those that have rows with option classes "
              "(0,3000)",
              data_words("", NULL));
    SILENT(data_words("classes=3000,0", NULL));
    make_labels(300, (int32_t[]){2, 1, 0}, 3);
    SILENT(data_words("", NULL));
}
END_TEST

START_TEST(gaps_of_options)
{
    make_labels(300, (int32_t[]){0, 1}, 2);
    t.y[250] = 2;
    SAYS("label 2 has no training row; give more train-rows, or name", data_words("train-rows=200", NULL));
    SILENT(data_words("train-rows=251", NULL));
    SAYS("label 2 has no training row; give more train-rows, or leave it out of option classes",
         data_words("train-rows=200 classes=2,0,1", NULL));
    for (uint32_t i = 0; i < t.n; i++)
        t.weights[i] = i != 250;
    cln_dataset *data = wrap();
    OK(cln_dataset_weigh(data, t.weights, error));
    SAYS("label 2 has no training row with a weight above 0", run("solver=sgd", data, NULL));
}
END_TEST

START_TEST(sorted_rows)
{
    t = (table){0};
    for (int i = 0; i < 300; i++)
        add(_i ? 2 - i / 100 : i / 100, (float)(i % 7), (float)(i % 5));
    const char *lost = data_words("valid=100", NULL);
    SAYS("has all its rows among the last 100, which option valid takes, and none is left to train on; shuffle the "
         "rows, or give option valid a data set of its own\n",
         lost);
    SAYS(_i ? "label 0 " : "label 2 ", lost);
    SAYS(_i ? "labels 0 and 1 have all their rows" : "labels 1 and 2 have all their rows",
         data_words("valid=200", NULL));
    SAYS(_i ? "the rows are sorted, so that the last 50, which option valid takes, have label 0 alone; shuffle"
            : "the rows are sorted, so that the last 50, which option valid takes, have label 2 alone; shuffle",
         data_words("valid=50", NULL));
    SILENT(data_words("", NULL));
    cln_dataset *valid = wrap();
    SILENT(data_words("", valid));
    cln_dataset_close(valid);
    t.y[150] = 0; /* no longer sorted: few rows may lack a class by chance */
    t.y[151] = 2;
    SILENT(data_words("valid=50", NULL));
}
END_TEST

static const char *search_words(cln_search *search)
{
    static char all[5000];
    size_t length = 0;
    *all = '\0';
    for (size_t i = 0; cln_search_warning(search, i); i++)
        length += (size_t)snprintf(all + length, sizeof all - length, "%s\n", cln_search_warning(search, i));
    cln_search_close(search);
    return all;
}

/* The best is trained again on all rows, where nothing is missing. */
START_TEST(searched)
{
    cln_search *search = NULL;
    make_labels(300, (int32_t[]){0, 1}, 2);
    for (uint32_t i = 200; i < 300; i++)
        t.y[i] = 2;
    cln_dataset *data = wrap();
    cln_options *options = options_of("fused", "valid=100"), *folded = options_of("fused", "");
    const cln_parts parts = {data, NULL, NULL};
    OK(cln_search_create(device, options, "l2=0,1", 0, &parts, NULL, &search, error));
    SAYS("label 2 has all its rows among the last 100", search_words(search));
    OK(cln_search_create(device, folded, "l2=0,1", 2, &parts, NULL, &search, error));
    SILENT(search_words(search));
    cln_options_free(options);
    cln_options_free(folded);
    cln_dataset_close(data);
}
END_TEST

/* ---- sgd that has learned nothing */

/* The mean of column j in class y becomes 0: what is left says nothing of it, not even by chance. */
static void level(uint32_t j, int32_t y)
{
    double sum = 0, rows = 0;
    for (uint32_t i = 0; i < t.n; i++)
        if (t.y[i] == y) {
            sum += (double)t.x[2 * i + j];
            rows++;
        }
    for (uint32_t i = 0; i < t.n; i++)
        if (t.y[i] == y)
            t.x[2 * i + j] -= (float)(sum / rows);
}

/* Half of the rows in each of two classes, or one of ten in one: column 0 is told by the class where `told`, column 1 never. */
static void make_signal(bool told, bool even)
{
    cln_random random;
    cln_random_seed(&random, 9, 1);
    t = (table){0};
    for (uint32_t i = 0; i < MOST_ROWS; i++) {
        float a = (float)cln_random_below(&random, 2001) / 1000 - 1,
              b = (float)cln_random_below(&random, 2001) / 1000 - 1;
        add(even ? (int32_t)(i & 1) : i % 10 == 0, a, b);
    }
    for (uint32_t j = 0; j < 2; j++)
        for (int32_t y = 0; y < 2; y++)
            level(j, y);
    for (uint32_t i = 0; i < t.n; i++) {
        t.x[2 * i] += told ? 4 * (float)t.y[i] - 2 : 0;
        t.targets[i] = 10000 + t.x[2 * i];
    }
}

#define FAR "sgd has ended far from any optimum: the objective is "

START_TEST(sgd_far)
{
    make_signal(true, true);
    SAYS("and 0.6931 for the best bias alone, without the features; give option standardize, or more epochs or another "
         "learning-rate",
         run("learning-rate=1e-6", NULL, NULL));
    SAYS("and 0.6931 for weights of 0; give more epochs or another learning-rate\n",
         run("learning-rate=1e-6 no-bias=true", NULL, NULL));
    SAYS("and 0.25 for the best bias", run("learning-rate=1e-6 loss=squared", NULL, NULL));
    SAYS("and 0.25 for the best bias", run("learning-rate=1e-6 model=linear", NULL, NULL));
    SAYS("and 0.125 for the best bias", run("learning-rate=1e-6 model=linear target=value", NULL, NULL));
    SAYS("; give more epochs or another learning-rate\n",
         run("learning-rate=1e-6 l2=1e-3 standardize=true", NULL, NULL));
    SILENT(run("", NULL, NULL));
    SILENT(run("learning-rate=1e-2", NULL, NULL)); /* not there yet, but on its way */
    SILENT(run("solver=lbfgs epochs=1 l2=1e-3", NULL, NULL));
    make_signal(false, true);
    SAYS("; give option standardize, or a smaller learning-rate", run("learning-rate=1e3 batch-size=10", NULL, NULL));
}
END_TEST

/* One column of millions beside three of ones: the step size that was found is all that its unit allows, and no other helps. */
START_TEST(sgd_slow)
{
    make_signal(true, true);
    t.d = 4;
    for (uint32_t i = t.n; i-- > 0;) {
        float a = t.x[2 * i], b = t.x[2 * i + 1];
        const float row[4] = {a, b, -b, b * 1e6f + 1e7f};
        memcpy(t.x + 4 * (size_t)i, row, sizeof row);
    }
    SAYS("without the features; give option standardize\n", run("", NULL, NULL));
    SAYS("for weights of 0; bring the features to one size\n", run("no-bias=true", NULL, NULL));
    SILENT(run("standardize=true", NULL, NULL));
    SAYS("or more epochs or another learning-rate\n", run("learning-rate=1e-20", NULL, NULL)); /* was given */
}
END_TEST

/* One row of ten: the entropy is 0.3251, and the loss at the start log 2. */
START_TEST(sgd_far_uneven)
{
    make_signal(true, false);
    SAYS("and 0.3251 for the best bias alone, without the features; give option standardize, or more",
         run("learning-rate=1e-3", NULL, NULL));
    SILENT(run("", NULL, NULL));
    make_signal(false, false);
    SAYS(FAR, run("learning-rate=1e-3", NULL, NULL));
    SILENT(run("epochs=100", NULL, NULL));
    /* where both weigh alike in sum, the best bias is none */
    SILENT(run("learning-rate=1e-6 class-weights=balanced", NULL, NULL));
}
END_TEST

/* Features that say nothing, or a penalty that lets nothing be learned: the optimum is hardly below the best bias. */
START_TEST(sgd_at_the_optimum)
{
    make_signal(false, true);
    SILENT(run("", NULL, NULL));
    SILENT(run("learning-rate=1e-6", NULL, NULL));
    make_signal(true, true);
    SILENT(run("l2=100", NULL, NULL));
    SILENT(run("l2=100 standardize=true", NULL, NULL));
    for (uint32_t i = 0; i < t.n; i++)
        t.y[i] = 0;
    SILENT(run("learning-rate=1e-6 model=linear target=value", NULL, NULL)); /* one value */
}
END_TEST

static const char *run_real(const char *words)
{
    cln_dataset *data = NULL;
    OK(cln_dataset_wrap_targets(t.x, CLN_FLOAT32, t.n, t.d, t.targets, 1, &data, error));
    return run(words, data, NULL);
}

/* Targets of mean 10,000 and deviation 2: nothing counts before the bias is there. */
START_TEST(sgd_far_real)
{
    double mean = 0, half = 0;
    char words[100];
    make_signal(true, true);
    for (uint32_t i = 0; i < t.n; i++)
        mean += (double)t.targets[i] / t.n;
    for (uint32_t i = 0; i < t.n; i++)
        half += ((double)t.targets[i] - mean) * ((double)t.targets[i] - mean) / t.n / 2;
    snprintf(words, sizeof words, ", and %.4g for the best bias alone", half);
    SAYS(FAR, run_real("model=linear epochs=1 learning-rate=0.1"));
    SAYS(words, run_real("model=linear epochs=1 learning-rate=0.1"));
    SILENT(run_real("model=linear epochs=200 learning-rate=0.1"));
    SILENT(run_real("model=linear solver=direct"));
}
END_TEST

static int stop_at_once(const cln_progress *progress, void *user)
{
    (void)progress;
    (void)user;
    return 1;
}

START_TEST(interrupted)
{
    cln_result result;
    make_signal(true, true);
    cln_dataset *data = wrap();
    cln_trainer *trainer = trainer_of("fused", "learning-rate=1e-6", data, NULL, NULL);
    OK(cln_trainer_run(trainer, stop_at_once, NULL, &result, error));
    ck_assert_int_eq(result.stopped, CLN_STOP_INTERRUPTED);
    SILENT(all_of(trainer));
    cln_trainer_close(trainer);
    cln_dataset_close(data);
    ck_assert_ptr_null(cln_trainer_warning(NULL, 0));
    ck_assert_ptr_null(cln_search_warning(NULL, 0));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("train/warnings");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    tcase_add_loop_test(ok, separable, 0, 3);
    tcase_add_test(ok, gaps);
    tcase_add_loop_test(ok, sorted_rows, 0, 2);
    tcase_add_test(ok, searched);
    tcase_add_test(ok, sgd_far);
    tcase_add_test(ok, sgd_far_real);
    tcase_add_test(edges, separable_but);
    tcase_add_loop_test(edges, separable_by_weight, 0, 2);
    tcase_add_test(edges, quasi_separable);
    tcase_add_test(edges, gaps_of_options);
    tcase_add_test(edges, sgd_far_uneven);
    tcase_add_test(edges, sgd_slow);
    tcase_add_test(edges, sgd_at_the_optimum);
    tcase_add_test(invalid, interrupted);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    suite_add_tcase(suite, invalid);
    return run_on_device(suite);
}
