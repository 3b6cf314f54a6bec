#define _GNU_SOURCE
/* A program whose locale writes 0,5 for a half: options, models, tuning files, states and what is measured are the same ones as ever. */
#include "base/os.h"
#include "train/problem.h"

#include <locale.h>

static char folder[CLN_OS_PATH_BYTES];

/* Of a file in the folder; valid until the call after next. */
static const char *at(const char *name)
{
    static char paths[2][CLN_OS_PATH_BYTES + 32];
    static int turn;
    turn = !turn;
    snprintf(paths[turn], sizeof paths[turn], "%s/%s", folder, name);
    return paths[turn];
}

static bool have_commas(void)
{
    char command[CLN_OS_PATH_BYTES + 200], text[16];
    snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 '%s' >/dev/null 2>&1", at("de_DE.UTF-8"));
    if (system(command) != 0)
        return false;
    setenv("LOCPATH", folder, 1);
    setenv("LC_ALL", "de_DE.UTF-8", 1);
    if (!setlocale(LC_ALL, ""))
        return false;
    snprintf(text, sizeof text, "%.1f", 0.5);
    return strcmp(text, "0,5") == 0;
}

START_TEST(options_have_points)
{
    cln_options *options = NULL;
    OK(cln_options_create(&options, error));
    OK(cln_options_set(options, "learning-rate", "0.25", error));
    ck_assert_str_eq(cln_options_get(options, "learning-rate"), "0.25");
    OK(cln_options_set(options, "class-weights", "0:1.5,1:0.5", error));
    OK(cln_options_set(options, "l2", "1e-3", error));
    ck_assert_str_eq(cln_options_get(options, "l2"), "1e-3");
    FAILS(CLN_INVALID, "0,25", cln_options_set(options, "learning-rate", "0,25", error));
    cln_options_free(options);
}
END_TEST

static void keep(const problem *p, const char *path, cln_certificate *certificate)
{
    cln_options *options = NULL;
    cln_trainer *trainer = NULL;
    cln_model *model = NULL;
    cln_result result;
    OK(cln_options_create(&options, error));
    OK(cln_options_set(options, "solver", "lbfgs", error));
    OK(cln_options_set(options, "l2", "0.01", error));
    OK(cln_options_set(options, "scale", "0.125", error));
    OK(cln_trainer_create(device, options, &(cln_parts){.train = p->data}, &trainer, error));
    OK(cln_trainer_run(trainer, NULL, NULL, &result, error));
    OK(cln_trainer_model(trainer, &model, error));
    OK(cln_model_save(model, path, error));
    OK(cln_trainer_certify(trainer, certificate, error));
    cln_model_free(model);
    cln_trainer_close(trainer);
    cln_options_free(options);
}

static char *contents(const char *path, size_t *size)
{
    char *bytes = calloc(1, 1 << 20);
    FILE *file = fopen(path, "rb");
    ck_assert(bytes && file);
    *size = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    return bytes;
}

START_TEST(models_are_the_same_bytes_and_are_read)
{
    problem p = problem_make(60, 5, 3, CLN_FLOAT32, 1);
    cln_certificate with_commas, with_points;
    cln_verification verification;
    cln_model *model = NULL;
    size_t size, other_size;
    keep(&p, at("commas"), &with_commas);
    setlocale(LC_ALL, "C");
    keep(&p, at("points"), &with_points);
    setlocale(LC_ALL, "");
    char *bytes = contents(at("commas"), &size), *others = contents(at("points"), &other_size);
    ck_assert_uint_eq(size, other_size);
    ck_assert_mem_eq(bytes, others, size);
    free(bytes);
    free(others);
    OK(cln_model_load(at("points"), &model, error));
    OK(cln_model_verify(model, p.data, &verification, error));
    ck_assert_msg(verification.agrees, "%s", verification.reason);
    cln_model_free(model);
    problem_free(&p);
}
END_TEST

static void hear(const cln_measurement *row, void *user)
{
    ck_assert_msg(!(row->value > 1), "%s", row->name);
    *(size_t *)user += isnan(row->value) ? 0 : 1;
}

START_TEST(what_is_measured_agrees)
{
    problem p = problem_make(20, 5, 3, CLN_UINT8, 2);
    size_t rows = 0;
    bool agrees = false;
    OK(cln_measure_agreement(device, &(cln_parts){.train = p.data}, NULL, NULL, hear, &rows, &agrees, error));
    ck_assert(agrees && rows >= 4);
    problem_free(&p);
}
END_TEST

static Suite *locale_suite(void)
{
    Suite *suite = suite_create("measure: a locale with decimal commas");
    TCase *ok = tcase_create("ok");
    tcase_set_timeout(ok, 0);
    tcase_add_test(ok, options_have_points);
    tcase_add_test(ok, models_are_the_same_bytes_and_are_read);
    tcase_add_test(ok, what_is_measured_agrees);
    suite_add_tcase(suite, ok);
    return suite;
}

int main(void)
{
    int code;
    if (cln_os_temporary_begin(folder, NULL) != CLN_OK)
        return EXIT_FAILURE;
    code = have_commas() ? run_on_device(locale_suite())
                         : skip("the locale de_DE cannot be made; Debian's package locales has its source");
    cln_os_temporary_end(folder);
    return code;
}
