#include "cli/recipes.h"

#include "base/size.h"
#include "clinear.h"

#define DOCUMENT_2 "Nilanjan Ray, MNIST Classification: Multiple Linear Regression and Logistic Regression, CMPUT 328\n"

#define LOSSES                                                                                                         \
    {"solver", "lbfgs"}, {"center", "true"}, {"valid", "5000"}, {"l2", "1e-4"},                                        \
    {                                                                                                                  \
        "tolerance", "1e-6"                                                                                            \
    }

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
        .runs[0].log_every = "1", /* its figure 1 shows every minibatch */
        .runs[0].claims = {{"test_rows", "test rows", CLN_FIGURE_TEST_ROWS, CLN_EQUAL, 1968},
                           {"test_errors", "test errors", CLN_FIGURE_TEST_ERRORS, CLN_EQUAL, 22},
                           {"early_accuracy", "test accuracy after five passes", CLN_FIGURE_EARLY_ACCURACY, CLN_ABOVE,
                            0.95},
                           {"train_accuracy", "training accuracy", CLN_FIGURE_TRAIN_ACCURACY, CLN_SHOWN, 0}},
    },
    {
        .name = "digit-as-number",
        .title = "linear regression of the digit's value, in closed form",
        .source = DOCUMENT_2
        "  55,000 rows train, 5,000 choose the penalty, 10,000 test; a value counts where it rounds to the digit",
        .data = "mnist",
        .computed = true,
        .lesson = "A digit's value is no measure of its shape: more than three digits of four are missed. One output "
                  "for each\n"
                  "  digit does far better: see one-hot-ridge.",
        .runs[0].options = {{"model", "linear"},
                            {"target", "value"},
                            {"solver", "direct"},
                            {"valid", "5000"},
                            {"alpha", "0.001,0.01,0.1,1,10,100,1000,10000"}},
        .runs[0].claims = {{"alpha", "the penalty that validation chooses", CLN_FIGURE_ALPHA, CLN_WITHIN, 1, 1e-9},
                           {"objective", "objective", CLN_FIGURE_OBJECTIVE, CLN_WITHIN, 1.617142740969609, 1e-6},
                           {"train_errors", "training errors in 55,000 rows", CLN_FIGURE_TRAIN_ERRORS, CLN_WITHIN,
                            42131, 5},
                           {"valid_errors", "validation errors in 5,000 rows", CLN_FIGURE_VALID_ERRORS, CLN_WITHIN,
                            3780, 2},
                           {"test_errors", "test errors in 10,000 rows", CLN_FIGURE_TEST_ERRORS, CLN_WITHIN, 7727, 2}},
    },
    {
        .name = "one-hot-ridge",
        .title = "ten linear outputs, W = (X'X + γI)⁻¹X'Y, about 86 % right",
        .source = DOCUMENT_2 "  55,000 rows train, 5,000 choose γ, 10,000 test",
        .data = "mnist",
        .computed = true,
        .runs[0].options = {{"model", "linear"},
                            {"solver", "direct"},
                            {"valid", "5000"},
                            {"alpha", "0.001,0.01,0.1,1,10,100,1000,10000"}},
        .runs[0]
            .claims = {{"alpha", "the γ that validation chooses", CLN_FIGURE_ALPHA, CLN_WITHIN, 1000, 1e-6},
                       {"objective", "objective", CLN_FIGURE_OBJECTIVE, CLN_WITHIN, 0.20586315398797242, 1e-7},
                       {"train_errors", "training errors in 55,000 rows", CLN_FIGURE_TRAIN_ERRORS, CLN_WITHIN, 7939, 2},
                       {"valid_errors", "validation errors in 5,000 rows", CLN_FIGURE_VALID_ERRORS, CLN_WITHIN, 559, 1},
                       {"test_errors", "test errors in 10,000 rows", CLN_FIGURE_TEST_ERRORS, CLN_WITHIN, 1345, 2},
                       {"test_accuracy", "test accuracy", CLN_FIGURE_TEST_ACCURACY, CLN_SHOWN, 0, 0}},
    },
    {
        .name = "softmax-centred",
        .title = "softmax on centred images, to the optimum",
        .source = DOCUMENT_2 "  55,000 rows train with l2 = 1e-4, 5,000 validate, 10,000 test",
        .data = "mnist",
        .computed = true,
        .runs[0].options =
            {{"solver", "lbfgs"}, {"center", "true"}, {"valid", "5000"}, {"l2", "1e-4"}, {"tolerance", "1e-6"}},
        .runs[0].claims = {{"objective", "objective", CLN_FIGURE_OBJECTIVE, CLN_WITHIN, 0.2627407596971346, 2.6e-6},
                           {"stopped", "stopped by", CLN_FIGURE_STOPPED, CLN_EQUAL, CLN_STOP_TOLERANCE, 0},
                           {"train_errors", "training errors in 55,000 rows", CLN_FIGURE_TRAIN_ERRORS, CLN_WITHIN, 3682,
                            10},
                           {"valid_errors", "validation errors in 5,000 rows", CLN_FIGURE_VALID_ERRORS, CLN_WITHIN, 288,
                            2},
                           {"test_errors", "test errors in 10,000 rows", CLN_FIGURE_TEST_ERRORS, CLN_WITHIN, 748, 3}},
    },
    {
        .name = "losses",
        .title = "cross-entropy, and twice the Euclidean loss: why not that one?",
        .source = DOCUMENT_2
        "  55,000 centred rows train with l2 = 1e-4, to a relative gradient of 1e-6 (the last one 3e-6); 10,000 test",
        .data = "mnist",
        .computed = true,
        .lesson = "Squared distances of the scores themselves punish a row for being right by too much, and miss "
                  "nearly twice as\n"
                  "  many digits. Behind softmax they miss no more than cross-entropy does, but they are not convex: "
                  "nothing proves\n"
                  "  that this is the least, and a row that is surely wrong has next to no gradient. Cross-entropy is "
                  "convex, and its\n"
                  "  optimum is certified.",
        .runs = {{.label = "cross-entropy, -log softmax(s)[y]",
                  .options = {LOSSES},
                  .claims = {{"cross_entropy_objective", "cross-entropy: objective", CLN_FIGURE_OBJECTIVE, CLN_WITHIN,
                              0.2627407596971346, 2.6e-6},
                             {"cross_entropy_test_errors", "cross-entropy: test errors", CLN_FIGURE_TEST_ERRORS,
                              CLN_WITHIN, 748, 3}}},
                 {.label = "squared behind softmax, |softmax(s) - y|^2 / 2",
                  .options = {LOSSES, {"loss", "squared"}},
                  .claims = {{"softmax_squared_objective", "squared behind softmax: objective", CLN_FIGURE_OBJECTIVE,
                              CLN_WITHIN, 0.06315221, 6e-6},
                             {"softmax_squared_test_errors", "squared behind softmax: test errors",
                              CLN_FIGURE_TEST_ERRORS, CLN_WITHIN, 709, 20}}},
                 {.label = "squared, |s - y|^2 / 2",
                  .options = {LOSSES, {"model", "linear"}, {"tolerance", "3e-6"}},
                  .claims = {{"squared_objective", "squared: objective", CLN_FIGURE_OBJECTIVE, CLN_WITHIN,
                              0.19202052253235208, 2e-6},
                             {"squared_test_errors", "squared: test errors", CLN_FIGURE_TEST_ERRORS, CLN_WITHIN, 1386,
                              3}}}},
    },
    {
        .name = "fashion-mnist",
        .title = "logistic regression on Fashion-MNIST, 84.2 % published",
        .source =
            "Xiao, Rasul, Vollgraf: Fashion-MNIST, a Novel Image Dataset (arXiv:1708.07747), table 3, the best of its\n"
            "  logistic regressions, each class against the rest; here one softmax model at its optimum, l2 = 1e-4",
        .data = "fashion-mnist",
        .runs[0].options = {{"solver", "lbfgs"}, {"l2", "1e-4"}, {"tolerance", "1e-6"}},
        .runs[0].claims = {{"test_accuracy", "test accuracy", CLN_FIGURE_TEST_ACCURACY, CLN_ABOVE, 0.842, 0},
                           {"stopped", "stopped by", CLN_FIGURE_STOPPED, CLN_EQUAL, CLN_STOP_TOLERANCE, 0},
                           {"test_errors", "test errors", CLN_FIGURE_TEST_ERRORS, CLN_SHOWN, 0, 0},
                           {"objective", "objective", CLN_FIGURE_OBJECTIVE, CLN_SHOWN, 0, 0}},
    },
    {
        .name = "sklearn-sag",
        .title = "scikit-learn's benchmark of SAG on MNIST, 8.24 % test error",
        .source = "scikit-learn, benchmarks/bench_mnist.py: LogisticRegression(solver=\"sag\", C=1e4, tol=0.1), ten "
                  "models, each class\n"
                  "  against the rest, stopped early; here one softmax model with the same penalty, ten passes of SGD",
        .data = "mnist",
        .runs[0].options = {{"l2", "1.6666666666667e-9"}, {"learning-rate", "0.5"}, {"schedule", "cosine"}},
        .runs[0].claims = {{"test_accuracy", "test accuracy", CLN_FIGURE_TEST_ACCURACY, CLN_ABOVE, 0.9176, 0},
                           {"test_errors", "test errors", CLN_FIGURE_TEST_ERRORS, CLN_SHOWN, 0, 0}},
    },
    {
        .name = "grid",
        .title = "the exhaustive search that threes-sixes asks for, 24 configurations",
        .source = "Albert Millan, Deep Learning Assignment 1 Report: \"an exhaustive search of the potential "
                  "combinations of\n"
                  "  parameters over the validation set\", which it leaves out; here the last 2,049 threes and sixes "
                  "validate",
        .data = "mnist",
        .runs[0].options =
            {{"classes", "3,6"}, {"batch-size", "200"}, {"no-bias", "true"}, {"valid", "2049"}, {"epochs", "30"}},
        .runs[0].label = "The best of them, trained again on all 12,049 rows:",
        .runs[0].grid = "learning-rate=0.001,0.01,0.1,1;l2=0,0.0001,0.01;momentum=0,0.9",
        .runs[0].claims = {{"test_accuracy", "test accuracy", CLN_FIGURE_TEST_ACCURACY, CLN_ABOVE, 0.9888, 0},
                           {"test_errors", "test errors in 1,968 rows", CLN_FIGURE_TEST_ERRORS, CLN_SHOWN, 0, 0},
                           {"train_accuracy", "training accuracy", CLN_FIGURE_TRAIN_ACCURACY, CLN_SHOWN, 0, 0}},
    },
};

_Static_assert(CLN_COUNT(recipes) <= CLN_RECIPES_MOST, "lists of all recipes are that long");

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
