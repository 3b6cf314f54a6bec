#include "rules.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const words[] = {"wrong", "slow", "die", "hang", "fail", "vanish", "null", "late", "name"};

bool has_text(const char *text, const char *part)
{
    size_t length = strlen(part);
    for (; *text; text++)
        if (strncasecmp(text, part, length) == 0)
            return true;
    return length == 0;
}

static char *strip(char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    for (size_t end = strlen(text); end > 0 && isspace((unsigned char)text[end - 1]); end--)
        text[end - 1] = '\0';
    return text;
}

/* Takes the first word off *rest: NULL where there is none. */
static char *take_word(char **rest)
{
    char *word = strip(*rest);
    size_t length = strcspn(word, " \t");
    *rest = word + length;
    if (**rest)
        *(*rest)++ = '\0';
    return *word ? word : NULL;
}

static bool take_number(char **rest, long least, long most, long *number)
{
    char *word = take_word(rest), *end = NULL;
    *number = word ? strtol(word, &end, 10) : 0;
    return word && *end == '\0' && *number >= least && *number <= most;
}

/* What stands behind the fault's word, and what is missing there. */
static const char *read_rest(rule *r, char *rest)
{
    long number = 0;
    if (r->fault == FAULT_WRONG) {
        char *arrow = strstr(rest, "=>");
        if (!arrow)
            return "OLD => NEW";
        *arrow = '\0';
        r->text = strip(rest);
        r->change = strip(arrow + 2);
        return *r->text ? NULL : "OLD => NEW";
    }
    if (r->fault == FAULT_NAME) {
        r->text = strip(rest);
        return *r->text ? NULL : "a name";
    }
    char *name = take_word(&rest);
    if (r->fault == FAULT_SLOW)
        r->text = name;
    else
        r->call = name;
    if (!name || !take_number(&rest, 1, 1000000000, &number))
        return r->fault == FAULT_SLOW ? "a kernel and microseconds" : "an entry point and the number of a call";
    r->n = (unsigned long)number;
    if (r->fault == FAULT_FAIL) {
        if (!take_number(&rest, -9999, -1, &number))
            return "a status below 0";
        r->status = (int)number;
    }
    if (r->fault == FAULT_LATE) {
        if (!take_number(&rest, 1, 1000000000, &number))
            return "microseconds";
        r->status = (int)number;
    }
    return take_word(&rest) ? "nothing more" : NULL;
}

static const char *read_rule(char *line, rule *r)
{
    if (strncmp(line, "on ", 3) == 0) {
        char *colon = strchr(line, ':');
        if (!colon)
            return "a colon behind the device";
        *colon = '\0';
        r->device = strip(line + 3);
        line = colon + 1;
    }
    char *word = take_word(&line);
    for (size_t i = 0; word && i < sizeof words / sizeof *words; i++)
        if (strcmp(word, words[i]) == 0) {
            r->fault = (fault)i;
            return read_rest(r, line);
        }
    return "wrong, slow, die, hang, fail, vanish, null, late or name";
}

rule *rules_read(char *text, size_t *count, char why[256])
{
    size_t lines = 1;
    *count = 0;
    for (const char *c = text; *c; c++)
        lines += *c == '\n';
    rule *rules = calloc(lines, sizeof *rules);
    if (!rules) {
        snprintf(why, 256, "no memory for %zu rules", lines);
        return NULL;
    }
    for (size_t number = 1; number <= lines; number++) {
        char *next = text + strcspn(text, "\n");
        if (*next)
            *next++ = '\0';
        char *line = strip(text);
        const char *wanted = *line ? read_rule(line, &rules[(*count)++]) : NULL;
        if (wanted) {
            snprintf(why, 256, "rule %zu wants %s", number, wanted);
            free(rules);
            return NULL;
        }
        text = next;
    }
    return rules;
}
