/* A grid's text, and the configurations that come of it. */
#include "search/grid.h"

#include "harness.h"

#include <string.h>

static cln_options *base;

static void setup(void)
{
    ck_assert_int_eq(cln_options_create(&base, NULL), CLN_OK);
}

static void teardown(void)
{
    cln_options_free(base);
}

static cln_option_grid *grid_of(const char *text)
{
    cln_error error = {0};
    cln_option_grid *grid = NULL;
    ck_assert_msg(cln_grid_create(base, text, &grid, &error) == CLN_OK, "%s: %s", text, error.message);
    return grid;
}

static void refuse(const char *text, const char *words)
{
    cln_error error = {0};
    cln_option_grid *grid = NULL;
    ck_assert_msg(cln_grid_create(base, text, &grid, &error) == CLN_INVALID, "took \"%s\"", text);
    ck_assert_ptr_null(grid);
    ck_assert_msg(strstr(error.message, words) != NULL, "%s: %s", text, error.message);
}

static const char *described(const cln_option_grid *grid, uint32_t configuration)
{
    static char text[256];
    cln_grid_describe(grid, configuration, text, sizeof text);
    return text;
}

START_TEST(the_last_option_varies_fastest)
{
    static const char *const expected[] = {"l2=0 learning-rate=.1",    "l2=0 learning-rate=.5",
                                           "l2=0 learning-rate=1",     "l2=1e-4 learning-rate=.1",
                                           "l2=1e-4 learning-rate=.5", "l2=1e-4 learning-rate=1"};
    cln_option_grid *grid = grid_of(" l2 = 0 , 1e-4 ;learning-rate=.1,.5,\t1");
    ck_assert_uint_eq(cln_grid_count(grid), 6);
    ck_assert_str_eq(cln_grid_name(grid, 0), "l2");
    ck_assert_str_eq(cln_grid_name(grid, 1), "learning-rate");
    ck_assert_ptr_null(cln_grid_name(grid, 2));
    for (uint32_t i = 0; i < 6; i++)
        ck_assert_str_eq(described(grid, i), expected[i]);
    ck_assert_str_eq(cln_grid_value(grid, 1, 4), ".5");
    cln_grid_free(grid);
}
END_TEST

START_TEST(options_are_the_base_and_the_values)
{
    cln_options *options = NULL;
    ck_assert_int_eq(cln_options_set(base, "epochs", "3", NULL), CLN_OK);
    ck_assert_int_eq(cln_options_set(base, "momentum", "0.9", NULL), CLN_OK);
    cln_option_grid *grid = grid_of("momentum=0,.5;no-bias=false,true;batch-size=10");
    ck_assert_uint_eq(cln_grid_count(grid), 4);
    ck_assert_int_eq(cln_grid_options(grid, 3, &options, NULL), CLN_OK);
    ck_assert_uint_eq(cln_options_settings(options)->epochs, 3);
    ck_assert_double_eq(cln_options_settings(options)->momentum, .5);
    ck_assert(cln_options_settings(options)->no_bias);
    ck_assert_uint_eq(cln_options_settings(options)->batch_size, 10);
    ck_assert_str_eq(cln_options_get(base, "momentum"), "0.9");
    cln_options_free(options);
    cln_grid_free(grid);
}
END_TEST

START_TEST(a_value_in_braces_holds_commas)
{
    cln_option_grid *grid = grid_of("class-weights=balanced, {0:1,3:2} ,{1:.5}");
    ck_assert_uint_eq(cln_grid_count(grid), 3);
    ck_assert_str_eq(cln_grid_value(grid, 0, 0), "balanced");
    ck_assert_str_eq(cln_grid_value(grid, 0, 1), "0:1,3:2");
    ck_assert_str_eq(cln_grid_value(grid, 0, 2), "1:.5");
    cln_grid_free(grid);
}
END_TEST

/* What changes only the step is trained side by side; what changes the minibatches or the model is not. */
START_TEST(groups)
{
    cln_option_grid *grid = grid_of("l2=0,1e-4;seed=1,2;learning-rate=.1,.5;momentum=0,.9");
    for (uint32_t a = 0; a < cln_grid_count(grid); a++)
        for (uint32_t b = 0; b < cln_grid_count(grid); b++)
            ck_assert_int_eq(cln_grid_group(grid, a) == cln_grid_group(grid, b),
                             strcmp(cln_grid_value(grid, 1, a), cln_grid_value(grid, 1, b)) == 0);
    cln_grid_free(grid);
}
END_TEST

START_TEST(one_configuration)
{
    cln_option_grid *grid = grid_of("epochs=7");
    ck_assert_uint_eq(cln_grid_count(grid), 1);
    ck_assert_uint_eq(cln_grid_group(grid, 0), 0);
    ck_assert_str_eq(described(grid, 0), "epochs=7");
    char cut[5];
    cln_grid_describe(grid, 0, cut, sizeof cut);
    ck_assert_str_eq(cut, "epoc");
    cln_grid_free(grid);
    cln_grid_free(NULL);
}
END_TEST

static char *write_seeds(char *text, const char *name, uint32_t count)
{
    text += sprintf(text, "%s=", name);
    for (uint32_t i = 1; i <= count; i++)
        text += sprintf(text, "%s%u", i > 1 ? "," : "", i);
    return text;
}

START_TEST(the_most)
{
    static char text[20000];
    char *end = write_seeds(text, "seed", 1000);
    *end++ = ';';
    end = write_seeds(end, "epochs", 100);
    cln_option_grid *grid = grid_of(text);
    ck_assert_uint_eq(cln_grid_count(grid), CLN_GRID_MOST);
    ck_assert_str_eq(described(grid, CLN_GRID_MOST - 1), "seed=1000 epochs=100");
    cln_grid_free(grid);
    memcpy(end, ",101", 5);
    refuse(text, "more than 100000 configurations");
}
END_TEST

static const struct {
    const char *text, *words;
} wrong[] = {
    {"", "no option with values"},
    {"l2", "\"l2\" is no option with values"},
    {"l2=0;", "\"\" is no option with values"},
    {";l2=0", "\"\" is no option with values"},
    {"l2=", "option l2 has an empty value"},
    {"l2=0,", "option l2 has an empty value"},
    {"l2=,0", "option l2 has an empty value"},
    {"l2=0,,1", "option l2 has an empty value"},
    {"class-weights={}", "option class-weights has an empty value"},
    {"l2=0,1e-4,0", "option l2 has the value 0 twice"},
    {"l2=0;momentum=0,.9;l2=1", "option l2 is named twice"},
    {"lerning-rate=.1", "did you mean learning-rate"},
    {"=1", "there is no option \"\""},
    {"frobnicate=1", "there is no option \"frobnicate\""},
    {"l2=-1", "option l2 takes a number"},
    {"l2=0=1", "option l2 takes a number"},
    {"model=softmax,lienar", "did you mean linear"},
    {"no-bias=maybe", "true or false"},
    {"class-weights={0:1,3:2", "brace that is not closed"},
    {"class-weights={0:1}3:2", "behind a value in braces"},
    {"classes={3,6},{1,2}", "which rows"},
    {"train-rows=100,200", "which rows"},
    {"valid=10,20", "which rows"},
    {"log-every=1,2", "changes nothing"},
    {"l2=0,1e-4;alpha=0,1", "grid: with l2=1e-4 alpha=1: options l2 and alpha"},
    {"model=linear;solver=direct;alpha={1,10}", "alpha has several values at once"},
    {"momentum=0,.9;nesterov=true", "grid: with momentum=0 nesterov=true: option nesterov needs"},
    {"solver=sgd,lbfgs;batch-size=10", "grid: with solver=lbfgs batch-size=10: option batch-size is for solver sgd"},
};

START_TEST(refusals)
{
    refuse(wrong[_i].text, wrong[_i].words);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("search/grid");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    TCase *cases[] = {ok, edges, invalid};
    for (size_t i = 0; i < 3; i++) {
        tcase_add_checked_fixture(cases[i], setup, teardown);
        suite_add_tcase(suite, cases[i]);
    }
    tcase_add_test(ok, the_last_option_varies_fastest);
    tcase_add_test(ok, options_are_the_base_and_the_values);
    tcase_add_test(ok, a_value_in_braces_holds_commas);
    tcase_add_test(ok, groups);
    tcase_add_test(edges, one_configuration);
    tcase_add_test(edges, the_most);
    tcase_add_loop_test(invalid, refusals, 0, (int)(sizeof wrong / sizeof *wrong));
    return run_suite(suite);
}
