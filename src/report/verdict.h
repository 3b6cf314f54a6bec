/* What a recipe's trainings came to beside what they should, for people and as JSON. */
#ifndef CLN_REPORT_VERDICT_H
#define CLN_REPORT_VERDICT_H

#include "report/training.h"

/* One expected figure beside the one obtained. */
typedef struct cln_finding {
    const char *key, *label;                /* "test_errors", "test errors" */
    char published[48], obtained[48];       /* for people; published is "" for a figure that is only shown */
    double published_value, obtained_value; /* for JSON; NaN where the text says it, as in "patience" */
    bool agrees;
} cln_finding;

/* A recipe's outcome. findings: (count). */
typedef struct cln_verdict {
    const char *recipe;
    bool computed;      /* the figures were not published but computed, in double precision by another program */
    const char *lesson; /* what they teach, or NULL */
    const cln_finding *findings;
    size_t count;
} cln_verdict;

bool cln_verdict_reproduced(const cln_verdict *verdict);

/* Errors of `to` stay in its flag. CLN_MEMORY. */
cln_status cln_report_verdict(const cln_verdict *verdict, FILE *to, cln_error *error);
/* A single training is the object itself with the verdict added; of several each is an element of its `runs`, under the name in
   labels. trainings, labels: (count). */
cln_status cln_report_verdict_json(const cln_verdict *verdict, const cln_training *trainings, const char *const *labels,
                                   size_t count, FILE *to, cln_error *error);

/* A list of objects {name, title}; names and titles: (count). */
cln_status cln_report_recipes_json(const char *const *names, const char *const *titles, size_t count, FILE *to,
                                   cln_error *error);

#endif
