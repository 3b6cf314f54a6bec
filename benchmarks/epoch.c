/*
 * Seconds of every epoch of one of our engines, through the public interface, as a line of JSON:
 *
 *     benchmark.epoch DATA DEVICE ENGINE BATCH EPOCHS RATE
 *
 * Rows in the order of the file, weights from zero. The kernels are built and have run once before the clock starts.
 */
#include <clinear.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct clock_face {
    json_t *samples; /* seconds of each epoch */
    double before;   /* seconds until the last one's end */
} clock_face;

static int take_time(const cln_progress *now, void *user)
{
    clock_face *face = user;
    if (now->event == CLN_EVENT_EPOCH) {
        json_array_append_new(face->samples, json_real(now->seconds - face->before));
        face->before = now->seconds;
    }
    return 0;
}

static void print_line(const cln_device_info *device, const cln_dataset_info *data, const cln_result *result,
                       json_t *samples)
{
    double values = (double)result->rows * data->features;
    json_t *line = json_pack(
        "{s:s, s:o, s:I, s:s, s:f, s:I, s:f, s:f, s:s, s:s, s:s, s:s}", "unit", "s", "samples", samples, "epochs",
        (json_int_t)result->epochs, "engine", result->engine, "loss", result->train.loss, "errors",
        (json_int_t)result->test.errors, "flop", 4 * values * result->outputs, /* products forward and backward */
        "bytes", values * (data->type == CLN_UINT8 ? 1 : 4),                   /* every feature once */
        "device", device->name, "type", device->type, "platform", device->platform, "driver", device->driver);
    json_dumpf(line, stdout, JSON_REAL_PRECISION(9));
    printf("\n");
    json_decref(line);
}

int main(int count, char **words)
{
    if (count != 7) {
        fprintf(stderr, "usage: benchmark.epoch DATA DEVICE ENGINE BATCH EPOCHS RATE\n");
        return 2;
    }
    const char *const settings[][2] = {{"engine", words[3]},
                                       {"batch-size", words[4]},
                                       {"epochs", words[5]},
                                       {"learning-rate", words[6]},
                                       {"no-shuffle", "true"}};
    cln_error error = {0};
    cln_device *device = NULL;
    cln_dataset *train = NULL, *test = NULL;
    cln_options *options = NULL;
    cln_trainer *trainer = NULL;
    cln_result result;
    clock_face face = {json_array(), 0};

    bool good = cln_options_create(&options, &error) == CLN_OK;
    for (size_t i = 0; good && i < sizeof settings / sizeof *settings; i++)
        good = cln_options_set(options, settings[i][0], settings[i][1], &error) == CLN_OK;
    good = good && cln_device_open(words[2], &device, &error) == CLN_OK &&
           cln_dataset_open(words[1], NULL, CLN_PART_TRAIN, &train, &error) == CLN_OK &&
           cln_dataset_open(words[1], NULL, CLN_PART_TEST, &test, &error) == CLN_OK &&
           cln_trainer_create(device, options, &(cln_parts){train, NULL, test}, &trainer, &error) == CLN_OK &&
           cln_trainer_run(trainer, take_time, &face, &result, &error) == CLN_OK;
    if (good) {
        cln_dataset_info data;
        cln_dataset_describe(train, &data);
        print_line(cln_device_describe(device), &data, &result, json_incref(face.samples));
    } else {
        fprintf(stderr, "%s\n", error.message);
    }

    json_decref(face.samples);
    cln_trainer_close(trainer);
    cln_options_free(options);
    cln_dataset_close(test);
    cln_dataset_close(train);
    cln_device_close(device);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
