#include "train/schedule.h"

#include "base/size.h"

#include <math.h>
#include <string.h>

static double or_else(double given, double otherwise)
{
    return given > 0 ? given : otherwise;
}

double cln_schedule_rate(const cln_settings *settings, double learning_rate, uint64_t epoch)
{
    const double pi = 3.14159265358979323846;
    uint64_t epochs = cln_settings_epochs(settings);
    double e = (double)epoch;
    if (strcmp(settings->schedule, "step") == 0) {
        uint64_t every = settings->decay_epochs ? settings->decay_epochs : cln_ceil_divide(epochs, 3);
        uint64_t steps = epoch / every;
        return learning_rate * pow(or_else(settings->decay, 0.1), (double)steps);
    }
    if (strcmp(settings->schedule, "exponential") == 0)
        return learning_rate * pow(or_else(settings->decay, 0.95), e);
    if (strcmp(settings->schedule, "cosine") == 0) {
        double least = settings->decay * learning_rate;
        return least + (learning_rate - least) * (1 + cos(pi * e / (double)epochs)) / 2;
    }
    if (strcmp(settings->schedule, "inverse-time") == 0)
        return learning_rate / (1 + or_else(settings->decay, 1) * e);
    return learning_rate;
}
