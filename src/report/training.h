/* What a training came to, for people and as JSON; and beside it, for a recipe, what was published. */
#ifndef CLN_REPORT_TRAINING_H
#define CLN_REPORT_TRAINING_H

#include "report/profile.h"

#include <stdio.h>

typedef struct cln_training {
    const char *model, *solver; /* as their options name them */
    const char *data;           /* path of the training part */
    const char *saved;          /* path of the model file, or NULL where none was written */
    cln_device_info device;
    cln_result result;
    cln_profile_rows profile; /* of the optimisation; empty without one */
} cln_training;

/* One published figure beside the one obtained. */
typedef struct cln_finding {
    const char *key, *label;                /* "test_errors", "test errors" */
    char published[48], obtained[48];       /* for people; published is "" for a figure that is only shown */
    double published_value, obtained_value; /* for JSON; NaN where the text says it, as in "patience" */
    bool agrees;
} cln_finding;

/* A recipe's outcome. findings: (count). */
typedef struct cln_verdict {
    const char *recipe;
    const cln_finding *findings;
    size_t count;
} cln_verdict;

bool cln_verdict_reproduced(const cln_verdict *verdict);

/* Errors of `to` stay in its flag. CLN_MEMORY. */
cln_status cln_report_training(const cln_training *training, FILE *to, cln_error *error);
cln_status cln_report_verdict(const cln_verdict *verdict, FILE *to, cln_error *error);
/* verdict is NULL for a training that is no recipe. */
cln_status cln_report_training_json(const cln_training *training, const cln_verdict *verdict, FILE *to,
                                    cln_error *error);

/* The same as an object; NULL where memory is short. */
struct json_t *cln_json_training(const cln_training *training);

/* A list of objects {name, title}; names and titles: (count). */
cln_status cln_report_recipes_json(const char *const *names, const char *const *titles, size_t count, FILE *to,
                                   cln_error *error);

/* The lines about one scored part, for the tables of this and other reports: part, loss, errors, accuracy. */
struct cln_table;
void cln_report_score_head(struct cln_table *table);
void cln_report_score(struct cln_table *table, const char *part, const cln_score *score);

#endif
