/* Text from a file that nobody vouches for, on its way into a message. */
#ifndef CLN_MODEL_TEXT_H
#define CLN_MODEL_TEXT_H

#define CLN_PRINTABLE_BYTES 64

/* Copies `text`, cut to what fits, with '?' for every byte that is not printable ASCII, so that no terminal obeys it. Returns
   `safe`. */
const char *cln_printable(const char *text, char safe[CLN_PRINTABLE_BYTES]);

#endif
