#include "report/page_parts.h"

#include "report/html.h"

#include <math.h>
#include <string.h>

/* Every row that include/clinear.h names, without its engine and what is behind a further point. */
static const struct word {
    const char *name, *unit, *label, *meaning;
} words[] = {
    {"copy_bandwidth", "B/s", "copy bandwidth",
     "Bytes read and written per second by a kernel that copies 256 MiB within the device."},
    {"read_bandwidth", "B/s", "read bandwidth",
     "Bytes read per second by a kernel that adds them up: the fastest that a pass over data can be."},
    {"multiply_add_rate", "FLOP/s", "multiply-add rate",
     "Floating-point operations per second, a fused multiply-add being two: the most that the device computes."},
    {"launch_time", "s", "launch", "An empty kernel, launched back to back with others."},
    {"launch_wait_time", "s", "launch and wait", "An empty kernel, and waiting until it is done."},
    {"upload_rate", "B/s", "upload rate", "Bytes per second from the host's memory into the device's."},
    {"download_rate", "B/s", "download rate", "Bytes per second from the device's memory into the host's."},
    {"cold_build", "s", "cold build", "Compiling the kernels where nothing is cached: the first run on a machine."},
    {"warm_build", "s", "warm build", "The same where the compiled kernels are cached: every later run."},
    {"upload", "s", "upload", "Bringing the training rows into the device's memory."},
    {"epoch", "s", "epoch by",
     "Minibatch gradient descent once over all training rows; the number is the rows of a minibatch."},
    {"gradient", "s", "full gradient", "Loss and gradient over all training rows at once."},
    {"evaluate", "s", "evaluation", "Loss and errors of all test rows, or of the training rows where there are none."},
    {"device", "s", "device computes, epoch by", "Of an epoch: the device runs kernels."},
    {"between", "s", "between commands, epoch by",
     "Of an epoch: the device has nothing to do though commands are waiting, which is what launching them costs."},
    {"host", "s", "waits for the host, epoch by", "Of an epoch: the device has nothing to do, for the host is busy."},
    {"optimum", "s", "time to the optimum",
     "L-BFGS with an l2 penalty of 1e-4 until no component of the gradient is above 1e-4: the same problem "
     "everywhere."},
    {"objective", "loss", "objective there",
     "Loss and penalty at that optimum, in double precision on the host: equal everywhere to 1e-6."},
    {"memory", "B", "device memory", "Memory of the device that was held, at most."},
    {"wide_product", "FLOP/s", "wide product", "A product of 1024 × 1024 matrices by CLBlast."},
    {"gram", "s", "Gram matrix", "Sums of products of all features and outputs over all training rows."},
    {"host_memory", "B", "host memory", "Memory of the process on the host, at most."},
    {"weights", "tolerances", "weights",
     "The largest error of a weight after a fixed number of steps, by what rounding allows: 1 is the most."},
    {"loss", "tolerances", "loss", "The error of the loss at these weights."},
    {"predictions", "tolerances", "predictions",
     "Rows predicted otherwise, but for those whose two best outputs are too near to tell apart."},
    {"gram", "tolerances", "Gram matrix", "The largest error of the sums of products."},
};

static const char *const engines[] = {"fused", "clblast"};

/* Behind the engine that a row is of; *engine: that, or NULL. */
static const char *without_engine(const char *name, const char **engine)
{
    *engine = NULL;
    for (size_t i = 0; i < sizeof engines / sizeof *engines; i++) {
        size_t length = strlen(engines[i]);
        if (strncmp(name, engines[i], length) == 0 && name[length] == '.') {
            *engine = engines[i];
            return name + length + 1;
        }
    }
    return name;
}

const char *cln_page_label(cln_words to, const char *name)
{
    const char *engine, *rest = without_engine(name, &engine);
    size_t length = strcspn(rest, ".");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i].name) == length && strncmp(words[i].name, rest, length) == 0) {
            snprintf(to, sizeof(cln_words), "%s%s%s%s%s", engine ? engine : "", engine ? ": " : "", words[i].label,
                     rest[length] ? " " : "", rest[length] ? rest + length + 1 : "");
            return to;
        }
    cln_text_harmless(to, sizeof(cln_words), name);
    return to;
}

const char *cln_page_device(cln_words to, const cln_compared_device *device, size_t most)
{
    char name[sizeof device->device.name];
    int index = device->device.index;
    cln_text_harmless(name, sizeof name, *device->device.name ? device->device.name : "device without a name");
    size_t used = index < 0 ? 0 : (size_t)snprintf(to, sizeof(cln_words), "%d · ", index), width = 0;
    to[used] = '\0';
    most -= cln_text_width(to);
    bool cut = cln_text_width(name) > most;
    for (const char *c = name; *c; c++) {
        width += ((unsigned char)*c & 0xc0) != 0x80;
        if (cut && width >= most)
            break;
        to[used++] = *c;
    }
    snprintf(to + used, sizeof(cln_words) - used, "%s", cut ? "…" : "");
    return to;
}

const cln_compared_row *cln_page_row(const cln_compared_device *device, const char *name, const char *unit)
{
    for (size_t i = 0; i < device->count; i++)
        if (strcmp(device->rows[i].name, name) == 0 && strcmp(device->rows[i].unit, unit) == 0)
            return &device->rows[i];
    return NULL;
}

double cln_page_value(const cln_compared_device *device, const char *name, const char *unit)
{
    const cln_compared_row *row = cln_page_row(device, name, unit);
    bool sound = row && (fabs(row->value) <= 0 || (row->value >= 1e-15 && row->value <= 1e24));
    return sound ? row->value : NAN;
}

const char *cln_page_fraction(cln_text to, const cln_compared_row *row)
{
    double fraction = row ? cln_compared_fraction(row) : NAN;
    if (isfinite(fraction))
        snprintf(to, sizeof(cln_text), "%.*f %%", fraction < 0.0995 ? 1 : 0, 100 * fraction);
    else
        snprintf(to, sizeof(cln_text), "-");
    return to;
}

static bool is_there(const cln_comparison *comparison, const struct word *word)
{
    for (size_t i = 0; i < comparison->count; i++)
        for (size_t j = 0; j < comparison->devices[i].count; j++) {
            const cln_compared_row *row = &comparison->devices[i].rows[j];
            const char *engine, *rest = without_engine(row->name, &engine);
            size_t length = strcspn(rest, ".");
            if (strlen(word->name) == length && strncmp(rest, word->name, length) == 0 &&
                strcmp(row->unit, word->unit) == 0)
                return true;
        }
    return false;
}

void cln_page_glossary(const cln_comparison *comparison, FILE *to)
{
    fputs("<dl class=\"words\">\n<div><dt>fused, clblast</dt><dd>The two engines: our own kernels, and matrix products "
          "by "
          "CLBlast.</dd></div>\n"
          "<div><dt>±</dt><dd>Half of the distance between the quartiles of the samples, of which the figure is the "
          "median.</dd></div>\n"
          "<div><dt>of the limit</dt><dd>How near a figure comes to the best that the device’s own measured bandwidth "
          "and "
          "multiply-add rate allow; above 100 % where caches helped.</dd></div>\n",
          to);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (is_there(comparison, &words[i])) {
            bool tolerance = strcmp(words[i].unit, "tolerances") == 0;
            size_t length = strlen(words[i].label);
            bool open = length > 3 && strcmp(words[i].label + length - 3, " by") == 0;
            fputs("<div><dt>", to);
            cln_html_text(to, "%s%s%s", words[i].label, open ? " 200, …" : "", tolerance ? " (agreement)" : "");
            fputs("</dt><dd>", to);
            cln_html_text(to, "%s", words[i].meaning);
            fputs("</dd></div>\n", to);
        }
    fputs("</dl>\n", to);
}
