#include "search/grid.h"

#include "base/size.h"
#include "train/trainer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct axis {
    char *name;
    char **values; /* (count), within the grid's text */
    uint32_t count;
    bool stacks; /* changes nothing but the step */
} axis;

struct cln_option_grid {
    cln_options *base;
    char *text; /* cut into names and values */
    axis *axes; /* (axis_count) */
    size_t axis_count;
    uint32_t count;
};

/* All configurations are compared on the same rows. */
static const char *const of_rows[] = {"classes", "train-rows", "valid"};

static bool is_among(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* ---- reading */

/* `text` without the blanks around it; what follows is cut off. */
static char *trim(char *text)
{
    text += strspn(text, " \t");
    size_t length = strlen(text);
    while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t'))
        length--;
    text[length] = '\0';
    return text;
}

/* The value at *rest, and the text behind its comma, or NULL after the last. */
static cln_status next_value(const axis *a, char **rest, char **value, cln_error *error)
{
    char *at = *rest + strspn(*rest, " \t"), *end = at + strcspn(at, ",");
    if (*at == '{') {
        char *brace = strchr(++at, '}');
        if (!brace)
            return cln_fail(error, CLN_INVALID, "grid: option %s has a brace that is not closed: \"{%.80s\"", a->name,
                            at);
        *brace = '\0';
        end = brace + 1 + strspn(brace + 1, " \t");
        if (*end && *end != ',')
            return cln_fail(error, CLN_INVALID, "grid: option %s has \"%.80s\" behind a value in braces; give a comma",
                            a->name, end);
    }
    *rest = *end ? end + 1 : NULL;
    *end = '\0';
    *value = trim(at);
    if (!**value)
        return cln_fail(error, CLN_INVALID, "grid: option %s has an empty value; give values with commas between",
                        a->name);
    return CLN_OK;
}

static cln_status take_value(axis *a, char *value, cln_options *scratch, cln_error *error)
{
    for (uint32_t i = 0; i < a->count; i++)
        if (strcmp(a->values[i], value) == 0)
            return cln_fail(error, CLN_INVALID, "grid: option %s has the value %.80s twice", a->name, value);
    a->values[a->count++] = value;
    return cln_options_set(scratch, a->name, value, error);
}

static cln_status check_name(const cln_option_grid *grid, const char *name, cln_error *error)
{
    if (is_among(name, of_rows, CLN_COUNT(of_rows)))
        return cln_fail(
            error, CLN_INVALID,
            "grid: option %s decides which rows are trained on and validated, and those must be the same for "
            "all; give it outside of the grid",
            name);
    if (strcmp(name, "log-every") == 0)
        return cln_fail(error, CLN_INVALID, "grid: option log-every changes nothing in what is trained; leave it out");
    for (size_t i = 0; i < grid->axis_count; i++)
        if (strcmp(grid->axes[i].name, name) == 0)
            return cln_fail(error, CLN_INVALID, "grid: option %s is named twice; give all its values at once", name);
    return CLN_OK;
}

/* With the solver that can train side by side. */
static cln_status see_whether_it_stacks(const cln_option_grid *grid, axis *a, cln_error *error)
{
    cln_status status = CLN_OK;
    cln_options *two[2] = {NULL, NULL};
    for (uint32_t i = 0; i < 2; i++) {
        TRY(cln_options_copy(grid->base, &two[i], error));
        TRY(cln_options_set(two[i], "solver", "sgd", error));
        TRY(cln_options_set(two[i], a->name, a->values[i < a->count ? i : 0], error));
    }
    a->stacks = cln_options_stackable(two[0], two[1]);
out:
    cln_options_free(two[0]);
    cln_options_free(two[1]);
    return status;
}

/* "name=value,value" of one option. */
static cln_status read_axis(cln_option_grid *grid, char *part, cln_options *scratch, cln_error *error)
{
    cln_status status;
    char *rest = strchr(part, '=');
    if (!rest)
        return cln_fail(error, CLN_INVALID,
                        "grid: \"%.80s\" is no option with values; give it as \"l2=0,1e-4;learning-rate=.1,.5\"",
                        trim(part));
    *rest++ = '\0';
    axis a = {.name = trim(part)};
    TRY(check_name(grid, a.name, error));
    size_t most = 1;
    for (const char *comma = rest; (comma = strchr(comma, ',')); comma++)
        most++;
    TRY(cln_allocate((void **)&a.values, most, sizeof *a.values, "the grid", error));
    grid->axes[grid->axis_count++] = a;
    axis *kept = &grid->axes[grid->axis_count - 1];
    while (rest) {
        char *value = NULL;
        TRY(next_value(kept, &rest, &value, error));
        TRY(take_value(kept, value, scratch, error));
    }
    TRY(see_whether_it_stacks(grid, kept, error));
    if (grid->count > CLN_GRID_MOST / kept->count) {
        status = cln_fail(error, CLN_INVALID, "grid: there are more than %d configurations; give fewer values",
                          CLN_GRID_MOST);
        goto out;
    }
    grid->count *= kept->count;
out:
    return status;
}

/* Options that are not there are refused with the nearest by cln_options_set, and so are values that are not taken. */
static cln_status read_all(cln_option_grid *grid, const char *text, cln_error *error)
{
    cln_status status;
    cln_options *scratch = NULL;
    TRY(cln_options_copy(grid->base, &scratch, error));
    TRY(cln_allocate((void **)&grid->text, strlen(text) + 1, 1, "the grid", error));
    memcpy(grid->text, text, strlen(text));
    TRY(cln_allocate((void **)&grid->axes, cln_option_count() + 1, sizeof *grid->axes, "the grid", error));
    for (char *part = grid->text, *end; part; part = end) {
        end = strchr(part, ';');
        if (end)
            *end++ = '\0';
        TRY(read_axis(grid, part, scratch, error));
    }
out:
    cln_options_free(scratch);
    return status;
}

/* ---- configurations */

static cln_status apply(const cln_option_grid *grid, uint32_t configuration, cln_options *options, cln_error *error)
{
    cln_status status = CLN_OK;
    for (size_t i = 0; i < grid->axis_count; i++)
        TRY(cln_options_set(options, grid->axes[i].name, cln_grid_value(grid, i, configuration), error));
out:
    return status;
}

static cln_status check_all(const cln_option_grid *grid, cln_error *error)
{
    cln_status status;
    cln_options *options = NULL;
    TRY(cln_options_copy(grid->base, &options, error));
    for (uint32_t i = 0; i < grid->count; i++) {
        char text[256];
        TRY(apply(grid, i, options, error));
        const char *wrong = cln_options_check(options);
        if (!wrong && cln_options_settings(options)->alpha_count > 1)
            wrong = "alpha has several values at once; as values of the grid they are compared: alpha=0.1,1,10";
        if (wrong) {
            cln_grid_describe(grid, i, text, sizeof text);
            status = cln_fail(error, CLN_INVALID, "grid: with %s: %s", text, wrong);
            goto out;
        }
    }
out:
    cln_options_free(options);
    return status;
}

cln_status cln_grid_create(const cln_options *base, const char *text, cln_option_grid **result, cln_error *error)
{
    cln_status status;
    cln_option_grid *grid = NULL;
    *result = NULL;
    TRY(cln_allocate((void **)&grid, 1, sizeof *grid, "the grid", error));
    grid->count = 1;
    TRY(cln_options_copy(base, &grid->base, error));
    TRY(read_all(grid, text, error));
    TRY(check_all(grid, error));
    *result = grid;
    grid = NULL;
out:
    cln_grid_free(grid);
    return status;
}

uint32_t cln_grid_count(const cln_option_grid *grid)
{
    return grid->count;
}

const char *cln_grid_name(const cln_option_grid *grid, size_t index)
{
    return index < grid->axis_count ? grid->axes[index].name : NULL;
}

/* Which of an option's values a configuration has. */
static uint32_t place(const cln_option_grid *grid, size_t index, uint32_t configuration)
{
    for (size_t i = grid->axis_count - 1; i > index; i--)
        configuration /= grid->axes[i].count;
    return configuration % grid->axes[index].count;
}

const char *cln_grid_value(const cln_option_grid *grid, size_t index, uint32_t configuration)
{
    return grid->axes[index].values[place(grid, index, configuration)];
}

void cln_grid_describe(const cln_option_grid *grid, uint32_t configuration, char *text, size_t size)
{
    size_t used = 0;
    *text = '\0';
    for (size_t i = 0; i < grid->axis_count && used < size; i++) {
        int length = snprintf(text + used, size - used, "%s%s=%s", i ? " " : "", grid->axes[i].name,
                              cln_grid_value(grid, i, configuration));
        used += length > 0 ? (size_t)length : 0;
    }
}

cln_status cln_grid_options(const cln_option_grid *grid, uint32_t configuration, cln_options **options,
                            cln_error *error)
{
    cln_status status = cln_options_copy(grid->base, options, error);
    if (status == CLN_OK)
        status = apply(grid, configuration, *options, error);
    if (status != CLN_OK) {
        cln_options_free(*options);
        *options = NULL;
    }
    return status;
}

uint32_t cln_grid_group(const cln_option_grid *grid, uint32_t configuration)
{
    uint32_t group = 0;
    for (size_t i = 0; i < grid->axis_count; i++)
        if (!grid->axes[i].stacks)
            group = group * grid->axes[i].count + place(grid, i, configuration);
    return group;
}

void cln_grid_free(cln_option_grid *grid)
{
    if (!grid)
        return;
    for (size_t i = 0; i < grid->axis_count; i++)
        free(grid->axes[i].values);
    free(grid->axes);
    free(grid->text);
    cln_options_free(grid->base);
    free(grid);
}
