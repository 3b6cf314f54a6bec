/* The commands: each takes its own name as argv[0] and returns the process's exit code. */
#ifndef CLN_CLI_COMMAND_H
#define CLN_CLI_COMMAND_H

enum cln_exit {
    CLN_EXIT_DONE = 0,
    CLN_EXIT_FAILED = 1, /* or diverged, or a negative verdict */
    CLN_EXIT_USAGE = 2,
    CLN_EXIT_INTERRUPTED = 130, /* by Ctrl-C, SIGTERM or SIGHUP */
};

int cln_command_devices(int argc, const char **argv);
int cln_command_train(int argc, const char **argv);
int cln_command_evaluate(int argc, const char **argv);
int cln_command_predict(int argc, const char **argv);
int cln_command_verify(int argc, const char **argv);
int cln_command_recipe(int argc, const char **argv);
int cln_command_search(int argc, const char **argv);
int cln_command_plot(int argc, const char **argv);
int cln_command_tune(int argc, const char **argv);
int cln_command_compare(int argc, const char **argv);
int cln_command_selftest(int argc, const char **argv);

#endif
