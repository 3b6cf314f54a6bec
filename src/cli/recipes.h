/* Published trainings: how they were run and what they came to. One table. */
#ifndef CLN_CLI_RECIPES_H
#define CLN_CLI_RECIPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum cln_figure {
    CLN_FIGURE_EPOCHS,  /* passes begun */
    CLN_FIGURE_STOPPED, /* a cln_stop */
    CLN_FIGURE_VALID_ERRORS,
    CLN_FIGURE_TEST_ERRORS,
    CLN_FIGURE_TEST_ROWS,
    CLN_FIGURE_TRAIN_ACCURACY,
    CLN_FIGURE_EARLY_ACCURACY, /* in validation, after cln_recipe.early_epochs passes */
} cln_figure;

typedef enum cln_relation { CLN_EQUAL, CLN_ABOVE, CLN_SHOWN } cln_relation;

/* The obtained figure must equal `published` or be above it; a shown one has none. */
typedef struct cln_claim {
    const char *key, *label; /* in JSON and for people */
    cln_figure figure;
    cln_relation relation;
    double published;
} cln_claim;

typedef struct cln_recipe {
    const char *name, *title;
    const char *source;         /* where it was published */
    const char *options[16][2]; /* name and value, ended by NULL */
    bool test_validates;        /* the test part is the validation part too */
    uint64_t test_rows;         /* its first rows; 0: all */
    uint64_t early_epochs;
    cln_claim claims[8]; /* ended by a NULL key */
} cln_recipe;

/* NULL beyond the end. */
const cln_recipe *cln_recipe_at(size_t index);

#endif
