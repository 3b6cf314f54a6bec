/* What a training came to, for people and as JSON. */
#ifndef CLN_REPORT_TRAINING_H
#define CLN_REPORT_TRAINING_H

#include "report/profile.h"

#include <stdio.h>

typedef struct cln_training {
    char model[16], solver[16]; /* as their options name them */
    const char *data;           /* path of the training part */
    const char *saved;          /* path of the model file, or NULL where none was written */
    const char *checkpoint;     /* path of the checkpoint, or NULL where none was kept */
    bool resumed;               /* from these: */
    uint64_t resumed_epoch, resumed_step;
    cln_device_info device;
    cln_result result;
    cln_profile_rows profile; /* of the optimisation; empty without one */
    cln_path_row *path;       /* (path_count): of several alphas; to be released with free() */
    size_t path_count;
    char warnings[8][512];
    size_t warning_count;
} cln_training;

/* Frees the rows; accepts one that is all zero. */
void cln_training_release(cln_training *training);

/* Errors of `to` stay in its flag. CLN_MEMORY. */
cln_status cln_report_training(const cln_training *training, FILE *to, cln_error *error);
cln_status cln_report_training_json(const cln_training *training, FILE *to, cln_error *error);
/* The object that is; NULL where memory is short. */
struct json_t *cln_json_training(const cln_training *training);

/* The lines about one scored part, for the tables of this and other reports: part, loss, errors, accuracy. */
struct cln_table;
void cln_report_score_head(struct cln_table *table);
void cln_report_score(struct cln_table *table, const char *part, const cln_score *score);

#endif
