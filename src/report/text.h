/* Text for people: how wide it is, where to cut or wrap it, numbers, sizes and times in the
 * language in use. */
#ifndef REPORT_TEXT_H
#define REPORT_TEXT_H

#include "base/buf.h"

/* Columns of one code point on a terminal: 0 (combining), 1 or 2 (East Asian wide). */
unsigned text_cp_width(uint32_t cp);
/* Columns of a whole text, which buf_term() already made safe. */
size_t text_width(struct span s);

/* Appends what of `s` a terminal may see: buf_term() of at most its first `max` bytes (cut between
 * characters). */
void text_clean(struct buf *b, struct span s, size_t max);
/* Appends `s` if it fits in `columns`, else its start and "…". Returns the columns used. */
size_t text_cut(struct buf *b, struct span s, size_t columns);
/* The same, keeping the end (paths). */
size_t text_cut_front(struct buf *b, struct span s, size_t columns);
/* Blanks. */
void text_pad(struct buf *b, size_t n);
/* The next line of `*s` that fits in `columns`, broken at a blank where one stands in the line's
 * second half. Takes it off `*s`. */
struct span text_wrap(struct span *s, size_t columns);

/* 319,276 or 319.276 */
void text_number(struct buf *b, uint64_t n);
/* "1 finding", "2 findings"; Vietnamese has one form. */
void text_count(struct buf *b, uint64_t n, const char *one, const char *many, const char *vi);
/* 780.2 MB (powers of ten) */
void text_bytes(struct buf *b, uint64_t n);
/* 0.52 s, 12.4 s, 3 min 05 s, 2 h 07 min */
void text_duration(struct buf *b, int64_t ns);
/* "2026-11-17 20:09:41", and with a later `last` " – 20:11:02", " – 11-19 08:00:00" or the whole
 * date. Nothing for TIME_NONE. UTC; the zone is said once, elsewhere. */
void text_times(struct buf *b, int64_t first, int64_t last);

#endif
