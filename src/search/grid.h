/*
 * A grid of options as text, "l2=0,1e-4;learning-rate=.1,.5", and the configurations that it stands for: every value of every option
 * with every other. Options are separated by ';', their values by ','; a value in braces may hold commas, as in
 * "class-weights=balanced,{0:1,3:2}". Blanks around names and values do not count. Configurations are numbered from 0, and the values
 * of the last option vary fastest.
 */
#ifndef CLN_SEARCH_GRID_H
#define CLN_SEARCH_GRID_H

#include "train/settings.h"

#define CLN_GRID_MOST 100000 /* configurations */

typedef struct cln_option_grid cln_option_grid;

/* Reads the text and checks every configuration, the base options with its values. CLN_INVALID names the option, the value or the
   configuration: an option that is not there, that is named twice or without values, a value that is not taken or comes twice, options
   that decide which rows are trained on or validated, what does not go together, and more than CLN_GRID_MOST configurations. */
cln_status cln_grid_create(const cln_options *base, const char *text, cln_option_grid **grid, cln_error *error);
uint32_t cln_grid_count(const cln_option_grid *grid);
/* The names in their order; NULL beyond the last. */
const char *cln_grid_name(const cln_option_grid *grid, size_t index);
/* What option `index` is in a configuration. */
const char *cln_grid_value(const cln_option_grid *grid, size_t index, uint32_t configuration);
/* "l2=0 learning-rate=.1", cut to fit. */
void cln_grid_describe(const cln_option_grid *grid, uint32_t configuration, char *text, size_t size);
/* All options of a configuration, to be released. */
cln_status cln_grid_options(const cln_option_grid *grid, uint32_t configuration, cln_options **options,
                            cln_error *error);
/* A number that configurations share when they differ at most in options that change nothing but how a minibatch's gradient becomes
   a step: they see the same minibatches, and may be trained side by side. */
uint32_t cln_grid_group(const cln_option_grid *grid, uint32_t configuration);
void cln_grid_free(cln_option_grid *grid); /* accepts NULL */

#endif
