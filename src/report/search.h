/* What a search over a grid came to, for people and as JSON. */
#ifndef CLN_REPORT_SEARCH_H
#define CLN_REPORT_SEARCH_H

#include "report/training.h"

typedef struct cln_search_report {
    const cln_search *search;
    const char *grid;
    uint32_t folds; /* 0: a validation part */
    double seconds; /* of the search, without the training after it */
    bool interrupted;
    const cln_training *refit; /* the best once more; NULL: there is none */
} cln_search_report;

/* The best first, at most CLN_SEARCH_SHOWN of them. Errors of `to` stay in its flag. CLN_MEMORY. */
#define CLN_SEARCH_SHOWN 50
cln_status cln_report_search(const cln_search_report *report, FILE *to, cln_error *error);
/* All, in the order of the grid. */
cln_status cln_report_search_json(const cln_search_report *report, FILE *to, cln_error *error);

#endif
