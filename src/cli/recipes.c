#include "cli/recipes.h"

#include "base/size.h"
#include "clinear.h"

static const cln_recipe recipes[] = {
    {
        .name = "theano",
        .title = "softmax on MNIST with early stopping, 7.49 % test error",
        .source = "Classifying MNIST digits using Logistic Regression, the deep learning tutorials of LISA lab\n"
                  "  (http://deeplearning.net/tutorial/logreg.html)",
        .data = "mnist",
        /* Rows 0 to 49,999 are trained on and 50,000 to 59,999 validate, of which whole batches of 600 are scored: the
           first 9,600. The tutorial's pixels are n/256. */
        .runs[0].options = {{"train-rows", "59600"},
                            {"valid", "9600"},
                            {"batch-size", "600"},
                            {"drop-last", "true"},
                            {"no-shuffle", "true"},
                            {"scale", "0.00390625"},
                            {"learning-rate", "0.13"},
                            {"epochs", "1000"},
                            {"patience-iterations", "5000"},
                            {"patience-increase", "2"},
                            {"improvement", "0.995"}},
        .runs[0].test_rows = 9600,
        .runs[0].claims = {{"epochs", "epochs", CLN_FIGURE_EPOCHS, CLN_EQUAL, 74},
                           {"stopped", "stopped by", CLN_FIGURE_STOPPED, CLN_EQUAL, CLN_STOP_PATIENCE},
                           {"valid_errors", "validation errors in 9,600 rows", CLN_FIGURE_VALID_ERRORS, CLN_EQUAL, 720},
                           {"test_errors", "test errors in 9,600 rows", CLN_FIGURE_TEST_ERRORS, CLN_EQUAL, 719}},
    },
    {
        .name = "threes-sixes",
        .title = "digits 3 and 6 alone, no bias, 98.88 % test accuracy",
        .source = "Albert Millan, Deep Learning Assignment 1 Report, Tsinghua University",
        .data = "mnist",
        .runs[0].options = {{"classes", "3,6"},
                            {"batch-size", "200"},
                            {"drop-last", "true"},
                            {"no-shuffle", "true"},
                            {"no-bias", "true"},
                            {"learning-rate", "0.001"},
                            {"l2", "0.0001"},
                            {"epochs", "100"}},
        .runs[0].test_validates = true, /* shows the accuracy after each pass; without patience it decides nothing */
        .runs[0].early_epochs = 5,
        .runs[0].claims = {{"test_rows", "test rows", CLN_FIGURE_TEST_ROWS, CLN_EQUAL, 1968},
                           {"test_errors", "test errors", CLN_FIGURE_TEST_ERRORS, CLN_EQUAL, 22},
                           {"early_accuracy", "test accuracy after five passes", CLN_FIGURE_EARLY_ACCURACY, CLN_ABOVE,
                            0.95},
                           {"train_accuracy", "training accuracy", CLN_FIGURE_TRAIN_ACCURACY, CLN_SHOWN, 0}},
    },
};

const cln_recipe *cln_recipe_at(size_t index)
{
    return index < CLN_COUNT(recipes) ? &recipes[index] : NULL;
}

size_t cln_recipe_run_count(const cln_recipe *recipe)
{
    size_t count = 0;
    while (count < CLN_RECIPE_RUNS && recipe->runs[count].options[0][0])
        count++;
    return count;
}
