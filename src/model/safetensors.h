/*
 * A model's file, a safetensors container: the length of a JSON header in eight bytes, the header, then the values, all
 * little-endian. The header gives each tensor's dtype, shape and place (data_offsets, from the header's end), and under
 * `__metadata__` names and values that are strings. Ours holds the float32 tensors `weight` (k,d) and, where there is one,
 * `bias` (k), and these names beside those that were noted:
 *
 *     clinear   "1", the version of these names; a file without it, say one from PyTorch, has the values below
 *     format    "pt": shapes are as PyTorch has them
 *     scale     logits are those of x·scale (1)
 *     classes   the label of each output, "3,6" (0 … k−1)
 *     subset    "true" where rows of other classes were left out ("false")
 *     outputs   "softmax" for logits of classes, "softmax-squared" where they were fitted by squared loss, "linear" for values ("softmax")
 *     target    of a linear model: "onehot", "value" or "real" ("onehot")
 *     labels    the range of a value, "0,9": outputs are rounded and clipped to it
 *
 * Of what is noted, `height` and `width` say that features are the pixels of images, row by row.
 */
#ifndef CLN_MODEL_SAFETENSORS_H
#define CLN_MODEL_SAFETENSORS_H

#define CLN_SAFETENSORS_VERSION "1"
/* The largest header: the labels of 65,535 outputs take 400 kB. Parsed JSON takes up to 80 times its text. */
#define CLN_SAFETENSORS_HEADER_MAX (1024u * 1024)
/* The most names under __metadata__; we write some fifty. */
#define CLN_SAFETENSORS_NAMES_MAX 1024u

#endif
