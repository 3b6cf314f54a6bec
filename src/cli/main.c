/* clinear: the program. Finds the command and runs it. */
#include "base/number.h"
#include "base/size.h"
#include "cli/command.h"
#include "cli/help.h"
#include "cli/interrupt.h"
#include "cli/isolated.h"
#include "cli/isolation.h"
#include "cli/message.h"
#include "report/json.h"

#include <string.h>

static const char *const names[] = {"devices", "train", "evaluate", "predict", "verify",  "recipe",
                                    "search",  "plot",  "tune",     "compare", "selftest"};
static const char *const summaries[] = {
    "list the OpenCL devices, and say why one is missing",
    "train a model on a data set",
    "say how good a model is on a data set",
    "write the class of every row of a data set",
    "prove again that a model is what it was certified to be",
    "repeat a published training and compare the figures",
    "train every configuration of a grid, and the best again",
    "draw trainings, weights or a confusion matrix",
    "measure what a device computes fastest with, and keep it",
    "compare devices: whether they agree, and how fast they are",
    "prove that devices compute right, and remember those that do not",
};
static int (*const commands[])(int, const char **) = {cln_command_devices, cln_command_train,   cln_command_evaluate,
                                                      cln_command_predict, cln_command_verify,  cln_command_recipe,
                                                      cln_command_search,  cln_command_plot,    cln_command_tune,
                                                      cln_command_compare, cln_command_selftest};
enum { command_count = CLN_COUNT(names) };

static int refuse(const char *word)
{
    static const char *const options[] = {"help", "version"};
    bool option = *word == '-';
    const char *nearest =
        option ? cln_nearest(word + strspn(word, "-"), options, 2) : cln_nearest(word, names, command_count);
    if (option && nearest)
        cln_message_error("there is no option %s; did you mean --%s?", word, nearest);
    else if (nearest)
        cln_message_error("there is no command '%s'; did you mean %s?", word, nearest);
    else
        cln_message_error("there is no %s '%s'; see clinear --help", option ? "option" : "command", word);
    return CLN_EXIT_USAGE;
}

static int run(int argc, const char **argv)
{
    if (argc < 2) {
        cln_help_program(stderr, names, summaries, command_count);
        return CLN_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0) {
        cln_help_program(stdout, names, summaries, command_count);
        return CLN_EXIT_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("clinear %s\n", cln_version());
        return CLN_EXIT_DONE;
    }
    if (strcmp(argv[1], CLN_ISOLATED_WORD) == 0) /* which this program says to itself alone */
        return cln_isolated_main(argc - 1, argv + 1);
    for (size_t i = 0; i < command_count; i++)
        if (strcmp(argv[1], names[i]) == 0)
            return commands[i](argc - 1, argv + 1);
    return refuse(argv[1]);
}

int main(int argc, char **argv)
{
    cln_message_guard_streams();
    cln_json_watch_memory();
    cln_interrupt_watch(argc < 2 || strcmp(argv[1], CLN_ISOLATED_WORD) != 0);
    return cln_message_finish(run(argc, (const char **)argv));
}
