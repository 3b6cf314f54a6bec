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
    CLN_FIGURE_TRAIN_ERRORS,
    CLN_FIGURE_TRAIN_ACCURACY,
    CLN_FIGURE_TEST_ACCURACY,
    CLN_FIGURE_OBJECTIVE,
    CLN_FIGURE_ALPHA,          /* the one that was kept */
    CLN_FIGURE_EARLY_ACCURACY, /* in validation, after cln_recipe_run.early_epochs passes */
} cln_figure;

typedef enum cln_relation { CLN_EQUAL, CLN_ABOVE, CLN_WITHIN, CLN_SHOWN } cln_relation;

/* The obtained figure must equal `published`, be above it, or within `margin` of it; a shown one has none. */
typedef struct cln_claim {
    const char *key, *label; /* in JSON and for people */
    cln_figure figure;
    cln_relation relation;
    double published, margin;
} cln_claim;

enum { CLN_RECIPES_MOST = 16, CLN_RECIPE_CLAIMS = 8, CLN_RECIPE_RUNS = 3 };

/* One training of a recipe. */
typedef struct cln_recipe_run {
    const char *label;          /* where there are several; NULL ends them otherwise */
    const char *options[16][2]; /* name and value, ended by NULL */
    const char *grid;           /* searched over, then the best is trained; NULL: one training */
    bool test_validates;        /* the test part is the validation part too */
    uint64_t test_rows;         /* its first rows; 0: all */
    uint64_t early_epochs;
    const char *log_every;               /* option log-every where a log is written; NULL: epochs alone */
    cln_claim claims[CLN_RECIPE_CLAIMS]; /* ended by a NULL key */
} cln_recipe_run;

typedef struct cln_recipe {
    const char *name, *title;
    const char *source;                   /* where it was published */
    const char *data;                     /* name of the folder that it needs: "mnist", "fashion-mnist" */
    bool computed;                        /* nothing was published: the figures come from double precision */
    const char *lesson;                   /* NULL, or what the figures teach */
    cln_recipe_run runs[CLN_RECIPE_RUNS]; /* ended by one without options */
} cln_recipe;

/* NULL beyond the end. */
const cln_recipe *cln_recipe_at(size_t index);
/* Trainings of a recipe. */
size_t cln_recipe_run_count(const cln_recipe *recipe);

#endif
