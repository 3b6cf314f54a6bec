/* The file names of the MNIST database, which other data sets (Fashion-MNIST, KMNIST) share. */
#ifndef CLN_DATA_MNIST_H
#define CLN_DATA_MNIST_H

#include "base/error.h"

#define CLN_PATH_BYTES 1024 /* as cln_dataset_info's path */

/* Finds a part's files in a folder: a plain file before a gzip one, "train-images-idx3-ubyte" before
   "train-images.idx3-ubyte". CLN_IO where there are no images. Labels may be missing (*labels is "" then), since a
   prediction needs none. */
cln_status cln_mnist_find(const char *folder, cln_part part, char images[CLN_PATH_BYTES], char labels[CLN_PATH_BYTES],
                          cln_error *error);

#endif
