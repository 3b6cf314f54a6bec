#include "base/entry.h"
#include "base/error.h"
#include "base/number.h"
#include "base/size.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct choice {
    const cln_device_info *list; /* (count) */
    size_t count;
} choice;

static bool usable(const cln_device_info *device)
{
    return !*device->problem;
}

/* A second driver's view of a device that can be used through the first. */
static bool spare(const choice *from, size_t i)
{
    int original = from->list[i].same_as;
    return original >= 0 && (size_t)original < from->count && usable(&from->list[original]);
}

/* The smaller the better. */
static int rank(const choice *from, size_t i)
{
    const cln_device_info *device = &from->list[i];
    if (device->simulator)
        return 5;
    if (strcmp(device->type, "gpu") == 0)
        return device->unified_memory ? 1 : 0;
    return strcmp(device->type, "accelerator") == 0 ? 2 : strcmp(device->type, "cpu") == 0 ? 3 : 4;
}

/* Drivers that do not know their clock say 0. */
static uint64_t speed(const cln_device_info *device)
{
    return (uint64_t)device->compute_units * (device->clock_mhz ? device->clock_mhz : 1);
}

/* False where no usable device is of the type; type NULL is any. */
static bool best_of(const choice *from, const char *type, size_t *chosen)
{
    bool found = false;
    for (size_t i = 0; i < from->count; i++) {
        const cln_device_info *device = &from->list[i];
        if (!usable(device) || spare(from, i) || (type && strcmp(device->type, type) != 0))
            continue;
        int better = found ? rank(from, *chosen) - rank(from, i) : 1;
        if (better > 0 || (better == 0 && speed(device) > speed(&from->list[*chosen])))
            *chosen = i;
        found = true;
    }
    return found;
}

static void append(char *text, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void append(char *text, size_t size, const char *format, ...)
{
    size_t length = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + length, size - length, format, arguments);
    va_end(arguments);
}

/* Records the failure `why` and what there is instead. */
static cln_status refuse(const choice *from, cln_error *error, const char *why)
{
    enum { MOST = 10 };
    char there[1600] = "";
    for (size_t i = 0; i < from->count && i < MOST; i++) {
        const cln_device_info *device = &from->list[i];
        append(there, sizeof there, "%s", i ? "; " : "");
        if (device->index < 0)
            append(there, sizeof there, "%.60s (a driver, unusable)", device->name);
        else
            append(there, sizeof there, "%zu %.60s (%s, %.30s%s)", i, device->name, device->type, device->platform,
                   usable(device) ? "" : ", unusable");
    }
    if (from->count > MOST)
        append(there, sizeof there, "; and %zu more", from->count - MOST);
    if (from->count == 0)
        return cln_fail(error, CLN_NO_DEVICE, "%s: no OpenCL device was found; `clinear devices` explains why", why);
    return cln_fail(error, CLN_NO_DEVICE, "%s; there is: %s", why, there);
}

static cln_status select_best(const choice *from, const char *type, size_t *chosen, cln_error *error)
{
    char why[300];
    if (best_of(from, type, chosen))
        return CLN_OK;
    if (!type && from->count == 0)
        return refuse(from, error, "cannot open a device");
    snprintf(why, sizeof why, "no %s can be used",
             !type                      ? "OpenCL device"
             : strcmp(type, "cpu") == 0 ? "CPU"
             : strcmp(type, "gpu") == 0 ? "GPU"
                                        : type);
    for (size_t i = 0; i < from->count; i++)
        if (!usable(&from->list[i]) && (!type || strcmp(from->list[i].type, type) == 0)) {
            append(why, sizeof why, ": %.60s (number %zu): %s", from->list[i].name, i, from->list[i].problem);
            break;
        }
    return refuse(from, error, why);
}

static cln_status take(const choice *from, size_t i, size_t *chosen, cln_error *error)
{
    char why[400];
    if (usable(&from->list[i])) {
        *chosen = i;
        return CLN_OK;
    }
    snprintf(why, sizeof why, "device %zu (%s) cannot be used: %s", i, from->list[i].name, from->list[i].problem);
    return refuse(from, error, why);
}

static bool contains(const char *text, const char *part)
{
    do {
        size_t i = 0;
        while (part[i] && tolower((unsigned char)text[i]) == tolower((unsigned char)part[i]))
            i++;
        if (!part[i])
            return true;
    } while (*text++);
    return false;
}

static bool equal(const char *a, const char *b)
{
    return strlen(a) == strlen(b) && contains(a, b);
}

/* What the driver calls itself behind "OpenCL 3.0 ": "PoCL HSTR: …", "CUDA", "NEO". */
static const char *driver_words(const cln_device_info *device)
{
    static const char standard[] = "OpenCL ";
    const char *words = strncmp(device->version, standard, sizeof standard - 1) == 0
                            ? strchr(device->version + sizeof standard - 1, ' ')
                            : NULL;
    return words ? words : "";
}

enum where { WHOLE_NAME, NAMES, DRIVER_WORDS };

static bool fits_device(const cln_device_info *device, const char *name, enum where where)
{
    return where == WHOLE_NAME ? equal(device->name, name)
           : where == NAMES    ? contains(device->name, name) || contains(device->platform, name)
                               : contains(driver_words(device), name);
}

/* Counts the devices that a name fits, spares only where `spares`, and remembers the first. */
static size_t count_fits(const choice *from, const char *name, enum where where, bool usables, bool spares,
                         size_t *first)
{
    size_t fits = 0;
    for (size_t i = from->count; i-- > 0;) {
        const cln_device_info *device = &from->list[i];
        if (fits_device(device, name, where) && usable(device) == usables && (spares || !spare(from, i))) {
            *first = i;
            fits++;
        }
    }
    return fits;
}

static cln_status refuse_unknown(const choice *from, const char *name, const char *const *keywords, size_t count,
                                 cln_error *error)
{
    char why[300], lower[64];
    size_t i = 0;
    for (; i < sizeof lower - 1 && name[i]; i++)
        lower[i] = (char)tolower((unsigned char)name[i]);
    lower[i] = '\0';
    const char *nearest = cln_nearest(lower, keywords, count);
    snprintf(why, sizeof why, "no device or platform has '%.80s' in its name", name);
    if (nearest)
        append(why, sizeof why, " (did you mean '%s'?)", nearest);
    return refuse(from, error, why);
}

/* Between equals, more compute units times clock win, then the lower index. A device with a problem is never taken but named with its
   reason; one that is the same as a usable earlier one is taken by its number, or by a name that only it has. A device's whole
   name goes before parts of names, and these before what drivers call themselves. */
cln_status cln_device_choose(const char *selector, const cln_device_info *list, size_t count, size_t *chosen,
                             cln_error *error)
{
    ENTER(error, (list || count == 0) && chosen);
    static const char *const keywords[] = {"auto", "gpu", "cpu", "accelerator"};
    const size_t keyword_count = CLN_COUNT(keywords);
    const choice from = {list, count};
    char why[200];
    uint64_t number;

    if (!selector || equal(selector, "auto"))
        return select_best(&from, NULL, chosen, error);
    if (!*selector)
        return refuse(&from, error, "an empty text selects no device");
    for (size_t i = 1; i < keyword_count; i++)
        if (equal(selector, keywords[i]))
            return select_best(&from, keywords[i], chosen, error);
    if (strspn(selector, "0123456789") == strlen(selector)) {
        if (cln_parse_count(selector, &number) && number < count)
            return take(&from, (size_t)number, chosen, error);
        snprintf(why, sizeof why, "there is no device number %.40s", selector);
        return refuse(&from, error, why);
    }

    size_t first = 0;
    static const struct {
        enum where where;
        bool usables, spares;
    } passes[] = {{WHOLE_NAME, true, false},   {WHOLE_NAME, true, true},   {NAMES, true, false},
                  {NAMES, true, true},         {WHOLE_NAME, false, true},  {NAMES, false, true},
                  {DRIVER_WORDS, true, false}, {DRIVER_WORDS, true, true}, {DRIVER_WORDS, false, true}};
    for (size_t i = 0; i < CLN_COUNT(passes); i++) {
        size_t fits = count_fits(&from, selector, passes[i].where, passes[i].usables, passes[i].spares, &first);
        if (fits == 1 || (fits > 1 && !passes[i].usables))
            return take(&from, first, chosen, error);
        if (fits > 1) {
            snprintf(why, sizeof why, "'%.80s' fits %zu devices: give a number instead", selector, fits);
            return refuse(&from, error, why);
        }
    }
    return refuse_unknown(&from, selector, keywords, keyword_count, error);
}
