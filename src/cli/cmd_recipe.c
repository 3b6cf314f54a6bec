#include "base/number.h"
#include "base/os.h"
#include "base/size.h"
#include "cli/call.h"
#include "cli/command.h"
#include "cli/data.h"
#include "cli/findings.h"
#include "cli/message.h"
#include "cli/searching.h"
#include "cli/training.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char about[] = "Repeats a published training and prints its figures beside those obtained. The\n"
                            "exit status is 0 where all of them agree, 1 otherwise. Without a NAME it lists\n"
                            "the recipes.\n\n"
                            "The recipes need the files of MNIST, fashion-mnist those of Fashion-MNIST. Their\n"
                            "folders, mnist and fashion-mnist, are looked for in ./data, in $CLINEAR_DATA, in\n"
                            "~/.local/share/clinear and in /usr/share/datasets; scripts/get-mnist.sh fetches\n"
                            "MNIST, Debian's package dataset-fashion-mnist has the other.\n";

static const char examples[] = "  clinear recipe\n"
                               "  clinear recipe theano\n"
                               "  clinear recipe threes-sixes --data ~/mnist --engine clblast --json\n"
                               "  clinear recipe threes-sixes -o model.safetensors --log run.jsonl\n"
                               "      with what clinear plot draws: its weights, and how they came about\n";

typedef struct request {
    const char *name, *data, *device, *json, *no_tuning, *no_selftest, *output, *log;
    cln_options *options;
    const cln_recipe *recipe;
    bool headed; /* title and source are printed */
} request;

typedef struct early_watch {
    uint64_t epoch;
    cln_score valid;
} early_watch;

static int list_recipes(bool json)
{
    cln_error error = {0};
    const char *names[CLN_RECIPES_MOST], *titles[CLN_RECIPES_MOST];
    const cln_recipe *recipe;
    size_t count = 0;
    for (; (recipe = cln_recipe_at(count)); count++) {
        names[count] = recipe->name;
        titles[count] = recipe->title;
        if (!json)
            printf("  %-16s %s\n", recipe->name, recipe->title);
    }
    if (json && cln_report_recipes_json(names, titles, count, stdout, &error) != CLN_OK)
        return cln_message_failure(&error, NULL);
    return CLN_EXIT_DONE;
}

/* One file cannot hold several trainings, and which of them is meant is anybody's guess. */
static bool may_keep(const cln_recipe *recipe, const request *r)
{
    const char *option = r->output ? "output" : "log";
    if ((!r->output && !r->log) || (recipe && cln_recipe_run_count(recipe) == 1 && !recipe->runs[0].grid))
        return true;
    if (recipe)
        cln_message_error("option --%s is for a recipe of a single training, and %s has several", option, recipe->name);
    else
        cln_message_error("option --%s needs the NAME of a recipe", option);
    return false;
}

static const cln_recipe *find_recipe(const char *name)
{
    const char *names[CLN_RECIPES_MOST];
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

static void see_file(const char *name, void *user)
{
    static const char *const stems[] = {"train-images", "train-labels", "t10k-images", "t10k-labels"};
    unsigned *seen = user;
    const char *part = strstr(name, ".part"); /* what scripts/get-mnist.sh has not got all of */
    for (size_t i = 0; i < CLN_COUNT(stems); i++)
        if (!part && strncmp(name, stems[i], strlen(stems[i])) == 0)
            *seen |= 1u << i;
}

/* A folder that has not all the files, one of an interrupted download say, is none. */
static bool has_files(const char *folder)
{
    unsigned seen = 0;
    return cln_os_folder(folder, see_file, &seen, NULL) == CLN_OK && seen == 15;
}

/* path (size): the folder named, or the first of the usual places that has the files. */
static cln_status find_data(const cln_recipe *recipe, const char *named, char *path, size_t size, cln_error *error)
{
    const char *data = getenv("CLINEAR_DATA"), *home = getenv("HOME");
    const char *const places[][2] = {
        {named ? NULL : "data", ""}, {data, ""}, {home, "/.local/share/clinear"}, {"/usr/share/datasets", ""}};
    if (named) {
        snprintf(path, size, "%s", named);
        return CLN_OK;
    }
    for (size_t i = 0; i < CLN_COUNT(places); i++) {
        snprintf(path, size, "%s%s/%s", places[i][0] ? places[i][0] : "", places[i][1], recipe->data);
        if (places[i][0] && has_files(path))
            return CLN_OK;
    }
    return cln_fail(error, CLN_IO,
                    "cannot find the folder %s with its four files in ./data, $CLINEAR_DATA, ~/.local/share/clinear or "
                    "/usr/share/datasets; %s it, or name a folder with --data",
                    recipe->data,
                    strcmp(recipe->data, "mnist") == 0 ? "scripts/get-mnist.sh fetches"
                                                       : "Debian's package dataset-fashion-mnist has");
}

static cln_status open_parts(const cln_recipe_run *run, const char *path, cln_parts *parts, cln_error *error)
{
    cln_status status;
    TRY(cln_data_open(path, NULL, CLN_PART_TRAIN, true, &parts->train, error));
    TRY(cln_data_open(path, NULL, CLN_PART_TEST, true, &parts->test, error));
    if (run->test_rows)
        TRY(cln_dataset_keep_rows(parts->test, 0, run->test_rows, error));
    if (run->test_validates)
        TRY(cln_data_open(path, NULL, CLN_PART_TEST, true, &parts->valid, error));
out:
    return status;
}

/* The run's options and the engine that was asked for. */
static cln_status make_options(const cln_recipe_run *run, const request *r, cln_options **options, cln_error *error)
{
    cln_status status;
    TRY(cln_options_create(options, error));
    TRY(cln_options_set(*options, "engine", cln_options_get(r->options, "engine"), error));
    for (size_t i = 0; run->options[i][0]; i++)
        TRY(cln_options_set(*options, run->options[i][0], run->options[i][1], error));
    if (r->log && run->log_every)
        TRY(cln_options_set(*options, "log-every", run->log_every, error));
out:
    return status;
}

static void watch_early(const cln_progress *progress, void *user)
{
    early_watch *early = user;
    if (progress->event == CLN_EVENT_EPOCH && progress->epoch == early->epoch)
        early->valid = progress->valid;
}

/* What the runs of a recipe have come to. */
typedef struct outcome {
    cln_training trainings[CLN_RECIPE_RUNS];
    const char *labels[CLN_RECIPE_RUNS];
    cln_finding findings[CLN_RECIPE_RUNS * CLN_RECIPE_CLAIMS];
    size_t runs, count; /* of findings */
} outcome;

/* Title and source, once, before the first results. */
static void write_head(request *r)
{
    if (!r->headed)
        printf("  %s\n  %s\n", r->recipe->title, r->recipe->source);
    r->headed = true;
}

/* The configurations that were searched, before the training of the best is told. */
static cln_status tell_search(const cln_search_report *found, void *user, cln_error *error)
{
    request *r = user;
    cln_search_report alone = *found;
    alone.refit = NULL;
    if (r->json)
        return CLN_OK;
    write_head(r);
    putchar('\n');
    return cln_report_search(&alone, stdout, error);
}

static int search_best(const cln_recipe_run *run, request *r, const cln_job *job, cln_options *options,
                       cln_training *training, bool *finished)
{
    const cln_search_job search = {.options = options,
                                   .grid = run->grid,
                                   .device = job->device,
                                   .no_tuning = job->no_tuning,
                                   .no_selftest = job->no_selftest,
                                   .data = job->data,
                                   .parts = job->parts,
                                   .tell = tell_search,
                                   .user = r};
    return cln_search_job_run(&search, training, finished);
}

/* One training, added to what there is; *finished where it came to an end. Returns the exit code. */
static int run_one(const cln_recipe_run *run, request *r, const char *path, outcome *to, bool *finished)
{
    cln_error error = {0};
    early_watch early = {.epoch = run->early_epochs};
    cln_options *options = NULL;
    cln_job job = {.device = r->device,
                   .no_tuning = r->no_tuning,
                   .no_selftest = r->no_selftest,
                   .output = r->output,
                   .log = r->log,
                   .data = path,
                   .inputs = {path},
                   .watch = watch_early,
                   .user = &early};
    cln_status status;
    int code = CLN_EXIT_FAILED;
    *finished = false;
    TRY(make_options(run, r, &options, &error));
    TRY(open_parts(run, path, &job.parts, &error));
    job.options = options;
    code = run->grid ? search_best(run, r, &job, options, &to->trainings[to->runs], finished)
                     : cln_job_run(&job, &to->trainings[to->runs], finished);
    if (*finished) {
        to->count += cln_findings(run, &to->trainings[to->runs], &early.valid, to->findings + to->count);
        to->labels[to->runs++] = run->label;
    }
out:
    if (status != CLN_OK)
        code = cln_message_failure(&error, NULL);
    cln_options_free(options);
    cln_dataset_close(job.parts.test);
    cln_dataset_close(job.parts.valid);
    cln_dataset_close(job.parts.train);
    return code;
}

static cln_status report(const cln_verdict *verdict, request *r, const outcome *of, cln_error *error)
{
    cln_status status = CLN_OK;
    write_head(r);
    for (size_t i = 0; i < of->runs; i++) {
        printf(of->labels[i] ? "\n  %s\n\n" : "\n", of->labels[i]);
        TRY(cln_report_training(&of->trainings[i], stdout, error));
    }
    putchar('\n');
    TRY(cln_report_verdict(verdict, stdout, error));
out:
    return status;
}

static int run_recipe(const cln_recipe *recipe, request *r)
{
    cln_error error = {0};
    char path[4096];
    outcome of = {.runs = 0};
    bool finished = true;
    int code = CLN_EXIT_DONE;
    r->recipe = recipe;
    if (find_data(recipe, r->data, path, sizeof path, &error) != CLN_OK)
        return cln_message_failure(&error, NULL);
    for (size_t i = 0; i < cln_recipe_run_count(recipe) && code == CLN_EXIT_DONE; i++)
        code = run_one(&recipe->runs[i], r, path, &of, &finished);
    if (of.runs > 0 && finished) {
        cln_verdict verdict = {.recipe = recipe->name,
                               .computed = recipe->computed,
                               .lesson = recipe->lesson,
                               .findings = of.findings,
                               .count = of.count};
        if ((r->json ? cln_report_verdict_json(&verdict, of.trainings, of.labels, of.runs, stdout, &error)
                     : report(&verdict, r, &of, &error)) != CLN_OK)
            code = cln_message_failure(&error, NULL);
        else if (code == CLN_EXIT_DONE && !cln_verdict_reproduced(&verdict))
            code = CLN_EXIT_FAILED;
    }
    for (size_t i = 0; i < of.runs; i++)
        cln_training_release(&of.trainings[i]);
    return code;
}

static int run_named(const cln_arguments *arguments, cln_options *options, void *user)
{
    request *r = user;
    const cln_recipe *recipe;
    r->options = options;
    r->name = cln_arguments_operand(arguments, 0);
    if (!r->name)
        return may_keep(NULL, r) ? list_recipes(r->json != NULL) : CLN_EXIT_USAGE;
    recipe = find_recipe(r->name);
    return recipe && may_keep(recipe, r) ? run_recipe(recipe, r) : CLN_EXIT_USAGE;
}

int cln_command_recipe(int argc, const char **argv)
{
    request r = {0};
    const char *quiet = NULL, *timeout = NULL;
    const cln_flag flags[] = {
        {"data", 0, "FOLDER", "where the recipe's files are", &r.data},
        {"output", 'o', "MODEL", "write the model to this safetensors file", &r.output},
        {"log", 0, "FILE", "write a line of JSON for each epoch to this file, as it goes", &r.log},
        CLN_FLAG_DEVICE(&r.device),
        CLN_FLAG_NO_TUNING(&r.no_tuning),
        CLN_FLAG_NO_SELFTEST(&r.no_selftest),
        CLN_FLAG_TIMEOUT(&timeout),
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
