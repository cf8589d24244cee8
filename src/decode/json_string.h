/* Escapes within JSON strings. */
#ifndef DECODE_JSON_STRING_H
#define DECODE_JSON_STRING_H

#include "base/base.h"

/* The text of a JSON string's inside (between the quotes, valid). `to` has room for inner.len
 * bytes: unescaping never grows. A lone surrogate becomes U+FFFD. Returns the length written. */
size_t json_unescape(char *to, struct span inner);

#endif
