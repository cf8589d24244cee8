/* The inside of JSON strings. */
#ifndef DECODE_JSON_STRING_H
#define DECODE_JSON_STRING_H

#include "base/base.h"

/* What is wrong inside a string; STRING_OK when nothing is. */
enum json_string_fault {
        JSON_STRING_OK = 0,
        JSON_STRING_CONTROL,   /* a byte below 0x20 */
        JSON_STRING_ESCAPE,    /* a backslash not followed by "\/bfnrt or uXXXX */
        JSON_STRING_SURROGATE, /* half of a surrogate pair alone */
        JSON_STRING_UTF8,      /* not UTF-8 */
};

/* Turns what stands between the quotes of a JSON string (V_JSON) into UTF-8. `to` has room for
 * inner.len bytes; the result is never longer. Returns its length. `inner` should be validated;
 * from anything else comes some text, never a read or write out of bounds: a half pair becomes
 * U+FFFD, an escape that does not exist stands as it is. */
size_t json_unescape(char *to, struct span inner);

/* The first fault inside a string, scalar and plain: the words for a report, and what the tests
 * check the fast validation against. */
enum json_string_fault json_string_check(struct span inner);

/* The value of four hexadecimal digits, or -1. */
int json_hex4(const char *p);

#endif
