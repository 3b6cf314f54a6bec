/*
 * Everything that goes to stderr: errors, notes, and a live line that is redrawn on a terminal. Foreign text in them
 * is made harmless. Results go to stdout, which is checked when the program ends.
 */
#ifndef CLN_CLI_MESSAGE_H
#define CLN_CLI_MESSAGE_H

#include "base/error.h"

/* The command that messages name: "clinear train: …". NULL: "clinear: …". */
void cln_message_command(const char *command);
/* From here on errors only. */
void cln_message_quiet(void);

__attribute__((format(printf, 1, 2))) void cln_message_error(const char *format, ...);
__attribute__((format(printf, 1, 2))) void cln_message_note(const char *format, ...);
/* Draws `text` over the last live line, as much of it as fits; for a terminal only. */
void cln_message_live(const char *text);
/* Leaves the live line as it stands, so that something else can follow. */
void cln_message_end_live(void);
/* Takes the live line away, as if it had not been. */
void cln_message_erase_live(void);
bool cln_message_is_quiet(void);
bool cln_message_is_live(void);

/* Says what failed, with the build log of `device` (may be NULL) where a program did not build, and returns the exit
   code; that of an interruption where a driver failed after one. */
int cln_message_failure(const cln_error *error, const cln_device *device);

/* An exit code of 0 becomes 1 where the loss of a part of the data (of no rows: there is none) is not finite, which is said. */
int cln_message_score(const char *part, const cln_score *score, int code);

/* What others print to stdout between these two goes nowhere: CLBlast prints the log of a kernel that does not build. */
void cln_message_hush_stdout(void);
void cln_message_restore_stdout(void);

/* Call first: a standard stream that is closed must not become the next file opened. */
void cln_message_guard_streams(void);
/* Writes out stdout. Where that fails it says so, and an exit code of 0 becomes 1. */
int cln_message_finish(int code);

#endif
