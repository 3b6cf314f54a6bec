#include "base/number.h"
#include "base/os.h"
#include "base/size.h"
#include "cli/call.h"
#include "cli/command.h"
#include "cli/data.h"
#include "cli/findings.h"
#include "cli/message.h"
#include "cli/training.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char about[] = "Repeats a published training and prints its figures beside those obtained. The\n"
                            "exit status is 0 where all of them agree, 1 otherwise. Without a NAME it lists\n"
                            "the recipes.\n\n"
                            "The recipes need MNIST's files. They are looked for in ./data/mnist, in\n"
                            "$CLINEAR_DATA/mnist and in ~/.local/share/clinear/mnist; scripts/get-mnist.sh\n"
                            "fetches them.\n";

static const char examples[] = "  clinear recipe\n"
                               "  clinear recipe theano\n"
                               "  clinear recipe threes-sixes --data ~/mnist --engine clblast --json\n";

typedef struct request {
    const char *name, *data, *device, *json, *no_tuning;
    cln_options *options;
} request;

typedef struct early_watch {
    uint64_t epoch;
    cln_score valid;
} early_watch;

enum { most_recipes = 16 };

static int list_recipes(bool json)
{
    cln_error error = {0};
    const char *names[most_recipes], *titles[most_recipes];
    const cln_recipe *recipe;
    size_t count = 0;
    for (; (recipe = cln_recipe_at(count)); count++) {
        names[count] = recipe->name;
        titles[count] = recipe->title;
        if (!json)
            printf("  %-14s %s\n", recipe->name, recipe->title);
    }
    if (json && cln_report_recipes_json(names, titles, count, stdout, &error) != CLN_OK)
        return cln_message_failure(&error, NULL);
    return CLN_EXIT_DONE;
}

static const cln_recipe *find_recipe(const char *name)
{
    const char *names[most_recipes];
    const cln_recipe *recipe;
    size_t count = 0;
    for (; (recipe = cln_recipe_at(count)); count++) {
        names[count] = recipe->name;
        if (strcmp(recipe->name, name) == 0)
            return recipe;
    }
    const char *nearest = cln_nearest(name, names, count);
    if (nearest)
        cln_message_error("there is no recipe %s; did you mean %s?", name, nearest);
    else
        cln_message_error("there is no recipe %s; clinear recipe lists them", name);
    return NULL;
}

/* path (size): the folder named, or the first of the usual places that is there. */
static cln_status find_data(const char *named, char *path, size_t size, cln_error *error)
{
    const char *data = getenv("CLINEAR_DATA"), *home = getenv("HOME");
    if (named) {
        snprintf(path, size, "%s", named);
        return CLN_OK;
    }
    snprintf(path, size, "data/mnist");
    if (cln_os_is_folder(path))
        return CLN_OK;
    snprintf(path, size, "%s/mnist", data ? data : "");
    if (data && cln_os_is_folder(path))
        return CLN_OK;
    snprintf(path, size, "%s/.local/share/clinear/mnist", home ? home : "");
    if (home && cln_os_is_folder(path))
        return CLN_OK;
    return cln_fail(error, CLN_IO,
                    "cannot find MNIST's files in ./data/mnist, $CLINEAR_DATA/mnist or ~/.local/share/clinear/mnist; "
                    "fetch them with scripts/get-mnist.sh or name their folder with --data");
}

static cln_status open_parts(const cln_recipe *recipe, const char *path, cln_parts *parts, cln_error *error)
{
    cln_status status;
    TRY(cln_data_open(path, NULL, CLN_PART_TRAIN, true, &parts->train, error));
    TRY(cln_data_open(path, NULL, CLN_PART_TEST, true, &parts->test, error));
    if (recipe->test_rows)
        TRY(cln_dataset_keep_rows(parts->test, 0, recipe->test_rows, error));
    if (recipe->test_validates)
        TRY(cln_data_open(path, NULL, CLN_PART_TEST, true, &parts->valid, error));
out:
    return status;
}

static cln_status set_options(const cln_recipe *recipe, cln_options *options, cln_error *error)
{
    cln_status status = CLN_OK;
    for (size_t i = 0; recipe->options[i][0]; i++)
        TRY(cln_options_set(options, recipe->options[i][0], recipe->options[i][1], error));
out:
    return status;
}

static void watch_early(const cln_progress *progress, void *user)
{
    early_watch *early = user;
    if (progress->event == CLN_EVENT_EPOCH && progress->epoch == early->epoch)
        early->valid = progress->valid;
}

static cln_status report(const cln_verdict *verdict, const cln_recipe *recipe, const cln_training *training,
                         cln_error *error)
{
    cln_status status;
    printf("  %s\n  %s\n\n", recipe->title, recipe->source);
    TRY(cln_report_training(training, stdout, error));
    putchar('\n');
    TRY(cln_report_verdict(verdict, stdout, error));
out:
    return status;
}

static int run_recipe(const cln_recipe *recipe, const request *r)
{
    cln_error error = {0};
    char path[4096];
    early_watch early = {.epoch = recipe->early_epochs};
    cln_job job = {.options = r->options,
                   .device = r->device,
                   .no_tuning = r->no_tuning,
                   .data = path,
                   .watch = watch_early,
                   .user = &early};
    cln_training training;
    cln_finding findings[8];
    cln_status status;
    bool finished = false;
    int code = CLN_EXIT_FAILED;
    TRY(find_data(r->data, path, sizeof path, &error));
    TRY(set_options(recipe, r->options, &error));
    TRY(open_parts(recipe, path, &job.parts, &error));
    code = cln_job_run(&job, &training, &finished);
    if (finished) {
        cln_verdict verdict = {recipe->name, findings, cln_findings(recipe, &training.result, &early.valid, findings)};
        TRY(r->json ? cln_report_training_json(&training, &verdict, stdout, &error)
                    : report(&verdict, recipe, &training, &error));
        if (code == CLN_EXIT_DONE && !cln_verdict_reproduced(&verdict))
            code = CLN_EXIT_FAILED;
    }
out:
    if (status != CLN_OK)
        code = cln_message_failure(&error, NULL);
    cln_dataset_close(job.parts.test);
    cln_dataset_close(job.parts.valid);
    cln_dataset_close(job.parts.train);
    return code;
}

static int run_named(const cln_arguments *arguments, cln_options *options, void *user)
{
    request *r = user;
    const cln_recipe *recipe;
    r->options = options;
    r->name = cln_arguments_operand(arguments, 0);
    if (!r->name)
        return list_recipes(r->json != NULL);
    recipe = find_recipe(r->name);
    return recipe ? run_recipe(recipe, r) : CLN_EXIT_USAGE;
}

int cln_command_recipe(int argc, const char **argv)
{
    request r = {0};
    const char *quiet = NULL;
    const cln_flag flags[] = {
        {"data", 0, "FOLDER", "where MNIST's files are", &r.data},
        CLN_FLAG_DEVICE(&r.device),
        CLN_FLAG_NO_TUNING(&r.no_tuning),
        CLN_FLAG_JSON(&r.json),
        CLN_FLAG_QUIET(&quiet),
    };
    const cln_usage usage = {.command = "recipe",
                             .operands = "[NAME] [OPTIONS]",
                             .about = about,
                             .examples = examples,
                             .most = 1,
                             .flags = flags,
                             .flag_count = CLN_COUNT(flags),
                             .only = "engine"};
    return cln_call(usage, &quiet, argc, argv, run_named, &r);
}
