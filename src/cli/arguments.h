/*
 * A command's arguments and its help from one description: the options of its own and those of the library's table. GNU
 * long options, read with popt; none of popt's alias files are read.
 */
#ifndef CLN_CLI_ARGUMENTS_H
#define CLN_CLI_ARGUMENTS_H

#include "base/error.h"

/* An option of the command itself. One without help takes argument, default and help from the library's option of its
   name, but is not set there. */
typedef struct cln_flag {
    const char *name;
    char letter;          /* '\0' for none */
    const char *argument; /* NULL for a switch, whose value becomes "true" */
    const char *help;
    const char **value; /* where the text goes, which lives as long as the arguments */
} cln_flag;

typedef struct cln_usage {
    const char *command;   /* "train" */
    const char *operands;  /* "DATA [OPTIONS]" */
    const char *about;     /* what it does, in lines */
    const char *examples;  /* lines */
    size_t least, most;    /* operands */
    const cln_flag *flags; /* (flag_count) */
    size_t flag_count;
    cln_options *options; /* where options of the library's table go; NULL: the command has none of them */
    const char *only;     /* the one option of that table that the command has; NULL: all */
    const char *without;  /* the one that it has not; NULL: none */
} cln_usage;

/* The switches that every command has. */
#define CLN_FLAG_QUIET(target)                                                                                         \
    {                                                                                                                  \
        "quiet", 0, NULL, "say nothing on stderr but errors", (target)                                                 \
    }
#define CLN_FLAG_JSON(target)                                                                                          \
    {                                                                                                                  \
        "json", 0, NULL, "print the result as one JSON value", (target)                                                \
    }
#define CLN_FLAG_DEVICE(target)                                                                                        \
    {                                                                                                                  \
        "device", 0, "DEVICE",                                                                                         \
            "the OpenCL device: auto (the best one, the default), gpu, cpu, accelerator, an index or a part of a "     \
            "name "                                                                                                    \
            "as \"clinear devices\" lists them",                                                                       \
            (target)                                                                                                   \
    }

#define CLN_FLAG_NO_TUNING(target)                                                                                     \
    {                                                                                                                  \
        "no-tuning", 0, NULL, "ignore what clinear tune measured on the device", (target)                              \
    }

#define CLN_FLAG_NO_SELFTEST(target)                                                                                   \
    {                                                                                                                  \
        "no-selftest", 0, NULL, "use a device although it has failed its selftest", (target)                           \
    }

/* cln_call heeds it, by its name. */
#define CLN_FLAG_TIMEOUT(target)                                                                                       \
    {                                                                                                                  \
        "timeout", 0, "SECONDS",                                                                                       \
            "stop after this time as Ctrl-C does, with status 1, and end at once where a driver still hangs ten "      \
            "seconds later",                                                                                           \
            (target)                                                                                                   \
    }

typedef struct cln_arguments cln_arguments;

/* Reads argv (argc), whose first word is the command. True to go on; false where *code is the exit code: --help was
   printed, or what is wrong was said. *arguments is to be released in both cases. */
bool cln_arguments_read(const cln_usage *usage, int argc, const char **argv, cln_arguments **arguments, int *code);
const char *cln_arguments_operand(const cln_arguments *arguments, size_t index); /* NULL beyond the last */
void cln_arguments_free(cln_arguments *arguments);

#endif
