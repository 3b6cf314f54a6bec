/* What options of each kind take, what they refuse and how. */
#include "train/options.h"

#include <stddef.h>

/* Whole numbers: where they are kept, and the least that is taken. */
static const struct {
    const char *name;
    size_t offset;
    const char *least;
} counts[] = {
    {"train-rows", offsetof(cln_settings, train_rows), "1"},
    {"valid", offsetof(cln_settings, valid_rows), "1"},
    {"batch-size", offsetof(cln_settings, batch_size), "1"},
    {"epochs", offsetof(cln_settings, epochs), "1"},
    {"seed", offsetof(cln_settings, seed), "0"},
    {"patience", offsetof(cln_settings, patience), "1"},
    {"patience-iterations", offsetof(cln_settings, patience_iterations), "1"},
    {"log-every", offsetof(cln_settings, log_every), "1"},
};

static uint64_t count_of(size_t offset)
{
    uint64_t value;
    memcpy(&value, (const char *)settings() + offset, sizeof value);
    return value;
}

START_TEST(test_counts)
{
    static const char *const wrong[] = {"",
                                        "-1",
                                        "+1",
                                        "1.0",
                                        "1e3",
                                        " 1",
                                        "1 ",
                                        "0x10",
                                        "1,000",
                                        "one",
                                        "nan",
                                        "inf",
                                        "1e400",
                                        "99999999999999999999",
                                        "18446744073709551616",
                                        "18446744073709551615",
                                        "1000000000000000001",
                                        "--",
                                        "-",
                                        "\n",
                                        "1\n"};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        take(counts[i].name, "7");
        ck_assert_uint_eq(count_of(counts[i].offset), 7);
        for (size_t j = 0; j < sizeof wrong / sizeof *wrong; j++)
            refuse(counts[i].name, wrong[j]);
        if (counts[i].least[0] == '1')
            refuse(counts[i].name, "0");
        take(counts[i].name, counts[i].least);
        ck_assert_uint_eq(count_of(counts[i].offset), counts[i].least[0] == '1');
        take(counts[i].name, "1000000000000000000");
        ck_assert_uint_eq(count_of(counts[i].offset), 1000000000000000000u);
        take(counts[i].name, "0012");
        ck_assert_uint_eq(count_of(counts[i].offset), 12);
    }
}
END_TEST

static const struct {
    const char *name;
    size_t offset;
    const char *least, *most, *below, *above; /* taken at the ends, refused behind them */
} reals[] = {
    {"scale", offsetof(cln_settings, scale), "1e-30", "1e30", "1e-31", "1.1e30"},
    {"learning-rate", offsetof(cln_settings, learning_rate), "1e-30", "1e30", "0", "1e31"},
    {"momentum", offsetof(cln_settings, momentum), "0", "0.999999", "-0.1", "1"},
    {"l2", offsetof(cln_settings, l2), "0", "1e30", "-1e-300", "1e31"},
    {"l1", offsetof(cln_settings, l1), "0", "1e30", "-1", "1e31"},
    {"tolerance", offsetof(cln_settings, tolerance), "0", "1e30", "-1", "1e31"},
    {"decay", offsetof(cln_settings, decay), "1e-30", "1e30", "0", "1e31"},
    {"patience-increase", offsetof(cln_settings, patience_increase), "1", "1e6", "0.99", "1000001"},
    {"improvement", offsetof(cln_settings, improvement), "1e-6", "1", "0", "1.0001"},
};

static double real_of(size_t offset)
{
    double value;
    memcpy(&value, (const char *)settings() + offset, sizeof value);
    return value;
}

START_TEST(test_reals)
{
    static const char *const wrong[] = {"",       " ",
                                        "nan",    "NaN",
                                        "-nan",   "inf",
                                        "-inf",   "infinity",
                                        "1e400",  "-1e400",
                                        "-1",     "0.5 ",
                                        " 0.5",   "0,5",
                                        "0.5x",   "half",
                                        "0x1p-1", ".",
                                        "e5",     "1e",
                                        "--1",    "99999999999999999999999999999999"};
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++) {
        take(reals[i].name, reals[i].most);
        for (size_t j = 0; j < sizeof wrong / sizeof *wrong; j++)
            refuse(reals[i].name, wrong[j]);
        refuse(reals[i].name, reals[i].below);
        refuse(reals[i].name, reals[i].above);
        ck_assert_double_eq(real_of(reals[i].offset), strtod(reals[i].most, NULL));
        take(reals[i].name, reals[i].least);
        ck_assert_double_eq(real_of(reals[i].offset), strtod(reals[i].least, NULL));
    }
    take("learning-rate", "+2.5e-1");
    ck_assert_double_eq(settings()->learning_rate, 0.25);
}
END_TEST

START_TEST(test_switches)
{
    static const char *const names[] = {"drop-last", "no-bias", "no-shuffle"};
    static const char *const wrong[] = {"", "True", "yes", "1", "0", "true ", " false", "truefalse"};
    const bool *const fields[] = {&settings()->drop_last, &settings()->no_bias, &settings()->no_shuffle};
    for (int i = 0; i < 3; i++) {
        take(names[i], "true");
        ck_assert(*fields[i]);
        for (size_t j = 0; j < sizeof wrong / sizeof *wrong; j++)
            refuse(names[i], wrong[j]);
        take(names[i], "false");
        ck_assert(!*fields[i]);
    }
}
END_TEST

START_TEST(test_words)
{
    static const char *const names[] = {"model", "loss", "solver", "engine", "target", "schedule"};
    static const char *const wrong[] = {"",      " ",          "Softmax", "fused ", "sgd,",
                                        "LBFGS", "auto,fused", "one-hot", "const"};
    for (int i = 0; i < 6; i++)
        for (size_t j = 0; j < sizeof wrong / sizeof *wrong; j++)
            refuse(names[i], wrong[j]);
    take("model", "softmax");
    take("loss", "cross-entropy");
    take("solver", "sgd");
    static const char *const engines[] = {"clblast", "fused", "auto"};
    for (int i = 0; i < 3; i++) {
        char copy[16]; /* the settings must not point into the caller's text */
        snprintf(copy, sizeof copy, "%s", engines[i]);
        take("engine", copy);
        memset(copy, 'x', sizeof copy);
        ck_assert_str_eq(settings()->engine, engines[i]);
    }
    cln_error error = {0};
    cln_options_set(options, "engine", "gpu", &error);
    ck_assert_ptr_nonnull(strstr(error.message, "auto, fused, clblast"));
}
END_TEST

START_TEST(test_classes)
{
    take("classes", "6,3");
    ck_assert_uint_eq(settings()->class_count, 2);
    ck_assert_uint_eq(settings()->classes[0], 6);
    ck_assert_uint_eq(settings()->classes[1], 3);
    static const char *const wrong[] = {"",
                                        ",",
                                        "3,",
                                        ",3",
                                        "3,,6",
                                        "3, 6",
                                        " 3",
                                        "3;6",
                                        "-1",
                                        "a",
                                        "3,6,3",
                                        "03,3",
                                        "65536",
                                        "1.5",
                                        "nan",
                                        "99999999999999999999",
                                        "3,000000000006",
                                        "3\n"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        refuse("classes", wrong[i]);
    take("classes", "0");
    ck_assert_uint_eq(settings()->class_count, 1);

    char many[2000] = "";
    for (int i = 0; i < CLN_MOST_CLASSES; i++)
        snprintf(many + strlen(many), sizeof many - strlen(many), "%s%d", i ? "," : "", i);
    take("classes", many);
    ck_assert_uint_eq(settings()->class_count, CLN_MOST_CLASSES);
    ck_assert_uint_eq(settings()->classes[CLN_MOST_CLASSES - 1], CLN_MOST_CLASSES - 1);
    snprintf(many + strlen(many), sizeof many - strlen(many), ",256");
    ck_assert_int_eq(cln_options_set(options, "classes", many, NULL), CLN_INVALID);
    ck_assert_uint_eq(settings()->class_count, CLN_MOST_CLASSES);
}
END_TEST

START_TEST(test_alphas)
{
    static const char *const wrong[] = {"", ",", "1,", ",1", "1,,2", "-1", "x", "1;2", "1e31", "nan", "1 ,2"};
    char many[CLN_MOST_ALPHAS * 2 + 3] = "1";
    take("alpha", "0.5");
    ck_assert_uint_eq(settings()->alpha_count, 1);
    ck_assert_double_eq(cln_settings_l2(settings(), 10), 0.05);
    take("alpha", "0,1e-3,1e30");
    ck_assert_uint_eq(settings()->alpha_count, 3);
    ck_assert_double_eq(settings()->alpha[1], 1e-3);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        refuse("alpha", wrong[i]);
    for (int i = 0; i < CLN_MOST_ALPHAS; i++)
        snprintf(many + strlen(many), sizeof many - strlen(many), ",1");
    refuse("alpha", many);
    many[strlen(many) - 2] = '\0';
    take("alpha", many);
    ck_assert_uint_eq(settings()->alpha_count, CLN_MOST_ALPHAS);
}
END_TEST

START_TEST(test_class_weights)
{
    static const char *const wrong[] = {"",     "3",       "3:",     ":1",      "3:-1",   "3:x",
                                        "3:1,", "65536:1", "3:1e31", "balance", "3:1,3:2"};
    take("class-weights", "balanced");
    ck_assert(settings()->balanced);
    take("class-weights", "3:0.5,65535:0");
    ck_assert(!settings()->balanced);
    ck_assert_uint_eq(settings()->weighted_count, 2);
    ck_assert_uint_eq(settings()->weighted[1], 65535);
    ck_assert_double_eq(settings()->class_weight[0], 0.5);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        refuse("class-weights", wrong[i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("train/option_kinds");
    TCase *invalid = tcase_create("invalid");
    tcase_add_checked_fixture(invalid, setup, teardown);
    tcase_add_test(invalid, test_counts);
    tcase_add_test(invalid, test_reals);
    tcase_add_test(invalid, test_switches);
    tcase_add_test(invalid, test_words);
    tcase_add_test(invalid, test_classes);
    tcase_add_test(invalid, test_alphas);
    tcase_add_test(invalid, test_class_weights);
    suite_add_tcase(suite, invalid);
    return run_suite(suite);
}
