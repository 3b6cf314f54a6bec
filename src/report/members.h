/*
 * Plain structs as JSON objects and back, by one list of their members each, so that what is written and what is read cannot drift.
 * A list ends with {0}:
 *
 *     static const cln_member members[] = {CLN_MEMBER(cln_compared_row, TEXT, name), CLN_MEMBER(cln_compared_row, REAL, value), {0}};
 */
#ifndef CLN_REPORT_MEMBERS_H
#define CLN_REPORT_MEMBERS_H

#include "clinear.h"

#include <jansson.h>

typedef enum cln_member_kind {
    CLN_MEMBER_TEXT,   /* char array */
    CLN_MEMBER_REASON, /* char array; "" is null */
    CLN_MEMBER_REAL,   /* double; what is not finite is null, and null is NaN */
    CLN_MEMBER_SIZE,   /* uint64_t, below 2⁶³ */
    CLN_MEMBER_COUNT,  /* uint32_t */
    CLN_MEMBER_INDEX,  /* int; below 0 is null, and null is −1 */
    CLN_MEMBER_FLAG    /* bool */
} cln_member_kind;

typedef struct cln_member {
    const char *name;
    cln_member_kind kind;
    size_t offset, size;
} cln_member;

#define CLN_MEMBER(type, kind, member) CLN_MEMBER_AS(#member, type, kind, member)
#define CLN_MEMBER_AS(name, type, kind, member)                                                                        \
    {                                                                                                                  \
        name, CLN_MEMBER_##kind, offsetof(type, member), sizeof((type *)NULL)->member                                  \
    }

/* NULL where memory is short. */
json_t *cln_members_json(const cln_member *members, const void *from);
/* Fills the members of `to`, texts made harmless; what the object has beside them is passed over. One that is missing, of another kind or out
   of range is 0, NaN, −1 or "", and a text that is too long is cut: then false, and why (may be NULL) says what is wrong with the first. */
bool cln_members_read(const cln_member *members, const json_t *object, void *to, char why[160]);

/* All members of a device's description under the names of `devices --json`. */
extern const cln_member cln_device_members[];

#endif
