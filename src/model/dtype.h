/* Types of values in a safetensors file: "F32", "F64", "I64". */
#ifndef CLN_MODEL_DTYPE_H
#define CLN_MODEL_DTYPE_H

#include <stdint.h>

typedef enum cln_dtype { CLN_F32, CLN_F64, CLN_I64 } cln_dtype;

extern const char *const cln_dtype_words[3];
uint64_t cln_dtype_bytes(cln_dtype dtype); /* of a value */

#endif
