/* UTF-16LE, as Windows writes it, to UTF-8. */
#ifndef DECODE_UTF16_H
#define DECODE_UTF16_H

#include "base/base.h"

/* Copies the leading units below 0x80 as bytes, at most `units`; returns how many there were. `to`
 * has room for `units`. */
size_t utf16_ascii(char *to, const char *p, size_t units);

/* Any bytes: lone surrogates become U+FFFD, an odd last byte is dropped. `to` has room for s.len /
 * 2 * 3 bytes. Returns the length written. */
size_t utf16_to_utf8(char *to, struct span s);

#endif
