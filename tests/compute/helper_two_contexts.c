/* Two contexts on one device, both of them open, and a third after one has gone, train with CLBlast to the same bits; and the other
   goes on. */
#include <clinear.h>
#include <stdio.h>
#include <string.h>

enum { ROWS = 40, FEATURES = 20, OUTPUTS = 3 };

static uint8_t x[ROWS * FEATURES];
static int32_t labels[ROWS];

typedef struct place {
    cln_device *device;
    cln_trainer *trainer;
} place;

static cln_status open_place(place *p, cln_dataset *data, const cln_options *options, cln_error *error)
{
    cln_status status = cln_device_open("cpu", &p->device, error);
    return status ? status : cln_trainer_create(p->device, options, &(cln_parts){data, NULL, NULL}, &p->trainer, error);
}

static cln_status train(place *p, float weight[OUTPUTS * FEATURES], cln_error *error)
{
    cln_result result;
    cln_model *model = NULL;
    cln_status status = cln_trainer_run(p->trainer, NULL, NULL, &result, error);
    if (status == CLN_OK)
        status = cln_trainer_model(p->trainer, &model, error);
    if (status == CLN_OK)
        memcpy(weight, cln_model_weight(model), sizeof(float[OUTPUTS * FEATURES]));
    cln_model_free(model);
    return status;
}

static void close_place(place *p)
{
    cln_trainer_close(p->trainer);
    cln_device_close(p->device);
    *p = (place){0};
}

int two_contexts(void);

int two_contexts(void)
{
    static float weight[3][OUTPUTS * FEATURES];
    cln_error error = {0};
    cln_dataset *data = NULL;
    cln_options *options = NULL;
    place a = {0}, b = {0};
    bool good = false;
    for (int i = 0; i < ROWS * FEATURES; i++)
        x[i] = (uint8_t)(i * 37 % 251);
    for (int i = 0; i < ROWS; i++)
        labels[i] = i % OUTPUTS;
    if (cln_dataset_wrap(x, CLN_UINT8, ROWS, FEATURES, labels, &data, &error) == CLN_OK &&
        cln_options_create(&options, &error) == CLN_OK &&
        cln_options_set(options, "engine", "clblast", &error) == CLN_OK &&
        open_place(&a, data, options, &error) == CLN_OK && open_place(&b, data, options, &error) == CLN_OK &&
        train(&a, weight[0], &error) == CLN_OK && train(&b, weight[1], &error) == CLN_OK) {
        close_place(&a);
        good = cln_trainer_step(b.trainer, 0, NULL, &error) == CLN_OK &&
               open_place(&a, data, options, &error) == CLN_OK && train(&a, weight[2], &error) == CLN_OK &&
               memcmp(weight[0], weight[1], sizeof weight[0]) == 0 &&
               memcmp(weight[0], weight[2], sizeof weight[0]) == 0 && weight[0][0] != 0;
    }
    if (!good)
        printf("%s\n", error.status ? error.message : "the weights differ");
    close_place(&a);
    close_place(&b);
    cln_options_free(options);
    cln_dataset_close(data);
    return !good;
}

int main(void)
{
    return two_contexts();
}
