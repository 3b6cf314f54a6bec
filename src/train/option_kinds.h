/* For the table of options: what an entry of it consists of. */
#ifndef CLN_TRAIN_OPTION_KINDS_H
#define CLN_TRAIN_OPTION_KINDS_H

#include "train/settings.h"

typedef enum cln_option_kind {
    CLN_OPTION_SWITCH,
    CLN_OPTION_COUNT,
    CLN_OPTION_REAL,
    CLN_OPTION_WORD,
    CLN_OPTION_CLASSES,
    CLN_OPTION_CLASS_WEIGHTS,
    CLN_OPTION_ALPHAS,
} cln_option_kind;

/* Who an option is for: with another solver it would do nothing, and is refused. */
typedef enum cln_option_of { CLN_OF_ALL, CLN_OF_SGD, CLN_OF_LBFGS } cln_option_of;

typedef struct cln_option {
    cln_option_info info;
    cln_option_kind kind;
    cln_option_of of;
    size_t offset;            /* in cln_settings, of those with one field */
    double least, most;       /* COUNT, REAL and ALPHAS; what is accepted where the option is given */
    const char *const *words; /* WORD: what is accepted, behind the last NULL */
} cln_option;

/* Sets what the entry stands for from text. CLN_INVALID leaves the settings as they were. */
cln_status cln_option_apply(const cln_option *entry, cln_settings *settings, const char *value, cln_error *error);

#endif
