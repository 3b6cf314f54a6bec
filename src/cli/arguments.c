#include "cli/arguments.h"

#include "base/number.h"
#include "cli/command.h"
#include "cli/help.h"
#include "cli/message.h"

#include <popt.h>
#include <stdlib.h>
#include <string.h>

struct cln_arguments {
    cln_row *rows; /* (count): every option of the command */
    size_t count;
    struct poptOption *table; /* (count + 1); an option's value for popt is its row's index plus one */
    const char **names;       /* (count) */
    poptContext context;
    char **kept; /* (kept_count): values handed out */
    size_t kept_count;
    const char **operands; /* NULL-terminated, or NULL for none; the context's */
};

static cln_row row_of_flag(const cln_flag *flag)
{
    cln_row row = {flag->name, flag->letter, flag->argument, "", flag->help, "", flag->value};
    for (size_t i = 0; !flag->help && i < cln_option_count(); i++) {
        const cln_option_info *info = cln_option_at(i);
        if (strcmp(info->name, flag->name) == 0)
            row = (cln_row){info->name, flag->letter, info->argument, info->initial,
                            info->help, info->group,  flag->value};
    }
    return row;
}

/* An option of the library's table that the command takes as it is. */
static bool is_taken(const cln_usage *usage, const char *name)
{
    for (size_t i = 0; i < usage->flag_count; i++)
        if (strcmp(usage->flags[i].name, name) == 0)
            return false;
    return (!usage->only || strcmp(usage->only, name) == 0) && (!usage->without || strcmp(usage->without, name) != 0);
}

/* The command's own options, then the library's, then --help. */
static cln_status gather_rows(cln_arguments *arguments, const cln_usage *usage, cln_error *error)
{
    size_t most = usage->flag_count + cln_option_count() + 1;
    arguments->rows = calloc(most, sizeof *arguments->rows);
    arguments->table = calloc(most + 1, sizeof *arguments->table);
    arguments->names = calloc(most, sizeof *arguments->names);
    if (!arguments->rows || !arguments->table || !arguments->names)
        return cln_fail_memory(error, "the table of options", most * sizeof *arguments->rows);
    for (size_t i = 0; i < usage->flag_count; i++)
        arguments->rows[arguments->count++] = row_of_flag(&usage->flags[i]);
    for (size_t i = 0; usage->options && i < cln_option_count(); i++) {
        const cln_option_info *info = cln_option_at(i);
        if (is_taken(usage, info->name)) /* one alone needs no heading */
            arguments->rows[arguments->count++] = (cln_row){
                info->name, 0, info->argument, info->initial, info->help, usage->only ? "" : info->group, NULL};
    }
    arguments->rows[arguments->count++] = (cln_row){"help", 0, NULL, "", "print this and exit", "", NULL};
    for (size_t i = 0; i < arguments->count; i++) {
        const cln_row *row = &arguments->rows[i];
        arguments->names[i] = row->name;
        arguments->table[i] = (struct poptOption){.longName = row->name,
                                                  .shortName = row->letter,
                                                  .argInfo = row->argument ? POPT_ARG_STRING : POPT_ARG_NONE,
                                                  .val = (int)i + 1};
    }
    return CLN_OK;
}

/* What popt could not read, as typed but without a value: "--epoch" of "--epoch=3". */
static int refuse_option(const cln_arguments *arguments, const cln_usage *usage, int code)
{
    char typed[128];
    const char *word = poptBadOption(arguments->context, POPT_BADOPTION_NOALIAS);
    snprintf(typed, sizeof typed, "%s", word ? word : "");
    typed[strcspn(typed, "=")] = '\0';
    const char *nearest = cln_nearest(typed + strspn(typed, "-"), arguments->names, arguments->count);
    if (code == POPT_ERROR_NOARG)
        cln_message_error("option %s needs a value; see clinear %s --help", typed, usage->command);
    else if (code == POPT_ERROR_UNWANTEDARG)
        cln_message_error("option %s takes no value; see clinear %s --help", typed, usage->command);
    else if (code != POPT_ERROR_BADOPT)
        cln_message_error("cannot read option %s: %s", typed, poptStrerror(code));
    else if (nearest)
        cln_message_error("there is no option %s; did you mean --%s?", typed, nearest);
    else
        cln_message_error("there is no option %s; see clinear %s --help", typed, usage->command);
    return CLN_EXIT_USAGE;
}

static cln_status keep(cln_arguments *arguments, char *value, cln_error *error)
{
    char **kept = realloc(arguments->kept, (arguments->kept_count + 1) * sizeof *kept);
    if (!kept) {
        free(value);
        return cln_fail_memory(error, "an option's value", 0);
    }
    arguments->kept = kept;
    kept[arguments->kept_count++] = value;
    return CLN_OK;
}

/* One option that popt has recognised. */
static cln_status take_option(cln_arguments *arguments, const cln_usage *usage, const cln_row *row, cln_error *error)
{
    cln_status status;
    const char *value = "true";
    if (row->argument) {
        char *text = poptGetOptArg(arguments->context);
        if (!text)
            return cln_fail(error, CLN_INVALID, "option --%s needs a value", row->name);
        TRY(keep(arguments, text, error));
        value = text;
    }
    if (row->value) {
        *row->value = value;
        return CLN_OK;
    }
    status = cln_options_set(usage->options, row->name, value, error);
out:
    return status;
}

static int check_operands(cln_arguments *arguments, const cln_usage *usage)
{
    size_t count = 0;
    arguments->operands = poptGetArgs(arguments->context);
    while (arguments->operands && arguments->operands[count])
        count++;
    if (count < usage->least)
        cln_message_error("%s missing: clinear %s %s; see clinear %s --help",
                          count + 1 < usage->least ? "operands are" : "an operand is", usage->command, usage->operands,
                          usage->command);
    else if (count > usage->most)
        cln_message_error("there is no place for %s: clinear %s %s; see clinear %s --help",
                          arguments->operands[usage->most], usage->command, usage->operands, usage->command);
    else
        return CLN_EXIT_DONE;
    return CLN_EXIT_USAGE;
}

static int read_all(cln_arguments *arguments, const cln_usage *usage, cln_error *error, bool *helped)
{
    int next;
    while ((next = poptGetNextOpt(arguments->context)) > 0) {
        const cln_row *row = &arguments->rows[next - 1];
        if (strcmp(row->name, "help") == 0) {
            cln_help_command(usage, arguments->rows, arguments->count);
            *helped = true;
            return CLN_EXIT_DONE;
        }
        if (take_option(arguments, usage, row, error) != CLN_OK)
            return cln_message_failure(error, NULL);
    }
    return next < -1 ? refuse_option(arguments, usage, next) : check_operands(arguments, usage);
}

bool cln_arguments_read(const cln_usage *usage, int argc, const char **argv, cln_arguments **result, int *code)
{
    cln_error error = {0};
    bool helped = false;
    cln_message_command(usage->command);
    cln_arguments *arguments = *result = calloc(1, sizeof *arguments);
    if (!arguments)
        cln_fail_memory(&error, "arguments", sizeof *arguments);
    else if (gather_rows(arguments, usage, &error) == CLN_OK) {
        arguments->context = poptGetContext(usage->command, argc, argv, arguments->table, POPT_CONTEXT_NO_EXEC);
        if (!arguments->context)
            cln_fail_memory(&error, "arguments", 0);
    }
    if (error.status != CLN_OK) {
        *code = cln_message_failure(&error, NULL);
        return false;
    }
    *code = read_all(arguments, usage, &error, &helped);
    return *code == CLN_EXIT_DONE && !helped;
}

const char *cln_arguments_operand(const cln_arguments *arguments, size_t index)
{
    for (size_t i = 0; arguments->operands && arguments->operands[i]; i++)
        if (i == index)
            return arguments->operands[i];
    return NULL;
}

void cln_arguments_free(cln_arguments *arguments)
{
    if (!arguments)
        return;
    if (arguments->context)
        poptFreeContext(arguments->context);
    for (size_t i = 0; i < arguments->kept_count; i++)
        free(arguments->kept[i]);
    free(arguments->kept);
    free(arguments->names);
    free(arguments->table);
    free(arguments->rows);
    free(arguments);
}
