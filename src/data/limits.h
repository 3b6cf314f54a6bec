/* The largest data sets and models. A file that promises more is refused before any memory is taken. */
#ifndef CLN_DATA_LIMITS_H
#define CLN_DATA_LIMITS_H

/* Row numbers are uint32_t in the orders that kernels read, and one value stays free to mean "none". */
#define CLN_ROWS_MAX 4294967294u
/* A row of floats stays within 64 MiB, and column numbers with any padding are far from overflow in 32 bits. */
#define CLN_FEATURES_MAX 16777216u
/* Labels are bytes in all published data sets; sixteen bits leave room and keep a damaged file from asking for 2³¹ outputs. */
#define CLN_CLASSES_MAX 65535u

#endif
