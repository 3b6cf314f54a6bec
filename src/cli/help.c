#include "cli/help.h"

#include "report/text.h"

#include <string.h>

enum { help_column = 30, page_width = 80 };

/* Writes words from column `column` on, broken at the page's width and indented by help_column. */
static void write_words(const char *text, size_t column)
{
    bool first = true;
    while (*text) {
        size_t length = strcspn(text, " ");
        if (!first && column + 1 + length > page_width) {
            printf("\n%*s", help_column, "");
            column = help_column;
            first = true;
        }
        printf("%s%.*s", first ? "" : " ", (int)length, text);
        column += length + (first ? 0 : 1);
        first = false;
        text += length;
        text += strspn(text, " ");
    }
    putchar('\n');
}

static void write_row(const cln_row *row)
{
    char left[128], right[512];
    if (row->letter)
        snprintf(left, sizeof left, "  -%c, --%s %s", row->letter, row->name, row->argument ? row->argument : "");
    else
        snprintf(left, sizeof left, "      --%s %s", row->name, row->argument ? row->argument : "");
    if (row->argument && *row->initial)
        snprintf(right, sizeof right, "%s (default %s)", row->help, row->initial);
    else
        snprintf(right, sizeof right, "%s", row->help);
    fputs(left, stdout);
    int pad = help_column - (int)cln_text_width(left);
    if (pad < 1)
        printf("\n%*s", help_column, "");
    else
        printf("%*s", pad, "");
    write_words(right, help_column);
}

/* The row of that name in a group, or NULL. */
static const cln_row *find(const cln_row *rows, size_t count, const cln_option_info *info)
{
    for (size_t i = 0; i < count; i++)
        if (*rows[i].group && strcmp(rows[i].name, info->name) == 0)
            return &rows[i];
    return NULL;
}

/* What stands under headings, in the order of the library's table. */
static void write_groups(const cln_row *rows, size_t count)
{
    const cln_option_info *info;
    const char *group = "";
    for (size_t i = 0; (info = cln_option_at(i)); i++) {
        const cln_row *row = find(rows, count, info);
        if (row && strcmp(row->group, group) != 0)
            printf("\n%s:\n", row->group);
        if (row) {
            group = row->group;
            write_row(row);
        }
    }
}

void cln_help_command(const cln_usage *usage, const cln_row *rows, size_t count)
{
    printf("Usage: clinear %s %s\n\n%s\nOptions:\n", usage->command, usage->operands, usage->about);
    for (size_t i = 0; i < count; i++)
        if (!*rows[i].group)
            write_row(&rows[i]);
    write_groups(rows, count);
    printf("\nExamples:\n%s", usage->examples);
}

void cln_help_program(FILE *to, const char *const *names, const char *const *summaries, size_t count)
{
    fputs("Usage: clinear COMMAND [ARGUMENTS]\n\n"
          "Trains linear models on any OpenCL device, a GPU of any make or the CPU: classes by\n"
          "softmax, values by least squares.\n\nCommands:\n",
          to);
    for (size_t i = 0; i < count; i++)
        fprintf(to, "  %-10s %s\n", names[i], summaries[i]);
    fputs("\nOptions:\n"
          "  --help     print this and exit; clinear COMMAND --help explains a command\n"
          "  --version  print the version and exit\n\n"
          "Examples:\n"
          "  clinear devices                                  what can be computed on\n"
          "  clinear train data/mnist -o digits.safetensors   learn to read digits\n"
          "  clinear evaluate digits.safetensors data/mnist   how good is it?\n"
          "  clinear predict digits.safetensors data/mnist    the digit in each image\n\n"
          "The exit status is 0 when done, 1 on a failure or a negative verdict, 2 on wrong\n"
          "usage, 130 after Ctrl-C and other requests to end (SIGTERM, SIGHUP).\n",
          to);
}
