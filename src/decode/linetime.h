/* The time at the head of a line of text, in the many ways that programs write it. */
#ifndef DECODE_LINETIME_H
#define DECODE_LINETIME_H

#include "decode/event.h"

/* Reads a time at the very start of `s`: bytes used and *ret_ns, or 0. A time without a year takes
 * o->year, else the latest year that does not put it more than a day behind `file_time`; without
 * either *ret_ns is TIME_NONE (the bytes are used all the same). A time without a zone takes
 * o->zone_sec. */
size_t linetime_read(struct span s, const struct decode_options *o, int64_t file_time,
                     int64_t *ret_ns);

/* The first time within the first 160 bytes, at the start or behind '[', '(', '"' or a blank.
 * TIME_NONE when there is none. */
int64_t linetime_find(struct span line, const struct decode_options *o, int64_t file_time);

/* 1–12 for an English month's first three letters in any case, else 0. `p` has three bytes. */
unsigned linetime_month(const char *p);

/* ns of a date without a year (see linetime_read). */
int64_t linetime_yearless(const struct decode_options *o, int64_t file_time, unsigned month,
                          unsigned day, unsigned sec);

#endif
