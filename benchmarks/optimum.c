/*
 * Seconds until our L-BFGS's objective over the whole training part is at most a given one, as a line of JSON:
 *
 *     benchmark.optimum DATA DEVICE L2 OBJECTIVE
 *
 * objective = mean loss + (L2/2)·‖W‖², weights from zero. The kernels are built and have run once before the clock starts. What is
 * printed of the result is computed again in double precision, and it is a failure where that is not as good.
 */
#include <clinear.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct finish {
    double objective;    /* where it is */
    double best;         /* the lowest so far */
    double seconds;      /* of optimisation until there; NaN: not yet */
    uint64_t iterations; /* until there */
} finish;

static int watch(const cln_progress *now, void *user)
{
    finish *line = user;
    if (now->event != CLN_EVENT_EPOCH)
        return 0;
    line->best = fmin(line->best, now->objective);
    if (!(now->objective <= line->objective))
        return 0;
    line->seconds = now->seconds;
    line->iterations = now->epoch;
    return 1;
}

static void print_line(const cln_device_info *device, const cln_result *result, const finish *line)
{
    json_t *row =
        json_pack("{s:s, s:[f], s:I, s:s, s:f, s:f, s:f, s:I, s:f, s:s, s:s, s:s, s:s}", "unit", "s", "samples",
                  line->seconds, "epochs", (json_int_t)line->iterations, "engine", result->engine, "objective",
                  result->objective, "gradient_norm", result->gradient_norm, "loss", result->train.loss, "errors",
                  (json_int_t)result->test.errors, "upload", result->seconds.upload, "device", device->name, "type",
                  device->type, "platform", device->platform, "driver", device->driver);
    json_dumpf(row, stdout, JSON_REAL_PRECISION(17));
    printf("\n");
    json_decref(row);
}

/* The end must have been reached, and hold in double precision, up to what float sums of the losses may err by. */
static bool reached(const finish *line, const cln_result *result)
{
    const double noise = 1e-6;
    if (isnan(line->seconds))
        fprintf(stderr, "benchmark.optimum: no objective of %.9g in %llu iterations (%s), the lowest was %.9g\n",
                line->objective, (unsigned long long)result->epochs, cln_stop_word(result->stopped), line->best);
    else if (!(result->objective <= line->objective * (1 + noise)))
        fprintf(stderr, "benchmark.optimum: in double precision the objective is %.9g, above %.9g\n", result->objective,
                line->objective);
    else
        return true;
    return false;
}

int main(int count, char **words)
{
    char *end = NULL;
    double objective = count == 5 ? strtod(words[4], &end) : NAN;
    if (!end || *end || end == words[4]) {
        fprintf(stderr, "usage: benchmark.optimum DATA DEVICE L2 OBJECTIVE\n");
        return 2;
    }
    const char *const settings[][2] = {{"solver", "lbfgs"}, {"l2", words[3]}, {"tolerance", "0"}, {"epochs", "10000"}};
    cln_error error = {0};
    cln_device *device = NULL;
    cln_dataset *train = NULL, *test = NULL;
    cln_options *options = NULL;
    cln_trainer *trainer = NULL;
    cln_result result;
    finish line = {objective, INFINITY, NAN, 0};

    bool good = cln_options_create(&options, &error) == CLN_OK;
    for (size_t i = 0; good && i < sizeof settings / sizeof *settings; i++)
        good = cln_options_set(options, settings[i][0], settings[i][1], &error) == CLN_OK;
    good = good && cln_device_open(words[2], &device, &error) == CLN_OK &&
           cln_dataset_open(words[1], NULL, CLN_PART_TRAIN, &train, &error) == CLN_OK &&
           cln_dataset_open(words[1], NULL, CLN_PART_TEST, &test, &error) == CLN_OK &&
           cln_trainer_create(device, options, &(cln_parts){train, NULL, test}, &trainer, &error) == CLN_OK &&
           cln_trainer_run(trainer, watch, &line, &result, &error) == CLN_OK;
    if (!good)
        fprintf(stderr, "%s\n", error.message);
    good = good && reached(&line, &result);
    if (good)
        print_line(cln_device_describe(device), &result, &line);

    cln_trainer_close(trainer);
    cln_options_free(options);
    cln_dataset_close(test);
    cln_dataset_close(train);
    cln_device_close(device);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
