/* The names of safetensors.h that set a model's fields. */
#ifndef CLN_MODEL_METADATA_H
#define CLN_MODEL_METADATA_H

#include "model/model.h"
#include "model/safetensors.h"

/* The tensors of a model's file; returns how many. */
size_t cln_model_tensors(const cln_model *model, cln_tensor tensors[2]);
/* SHA-256 of their values as they lie in the file. */
void cln_model_digest(const cln_model *model, char text[65]);

/* A list of a number for each feature, "0.5,-1.25", that is noted under `key`: (d), to be released with free(); NULL where there is none.
   CLN_FORMAT where it is no such list. */
cln_status cln_metadata_list(const cln_model *model, const char *key, double **values, cln_error *error);

/* By cln_row_loss and cln_target. */
extern const char *const cln_outputs_words[3], *const cln_target_words[3];

/* Sets scale, classes and subset from the metadata of a model that was read from `path`; where they are not there, they stay
   as cln_model_create made them. CLN_FORMAT for a value that is not right, CLN_UNSUPPORTED for a later version's file. */
cln_status cln_metadata_apply(cln_model *model, const char *path, cln_error *error);

#endif
