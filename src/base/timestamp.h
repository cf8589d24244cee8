/* Points in time: nanoseconds since 1970-01-01T00:00:00 UTC, proleptic Gregorian, no leap seconds.
 */
#ifndef BASE_TIMESTAMP_H
#define BASE_TIMESTAMP_H

#include "base/base.h"

#define TIME_NONE INT64_MIN
#define NS_PER_SEC INT64_C(1000000000)

/* Days since the epoch of a civil date; month 1–12, day 1–31 (not checked). */
int64_t time_days(int64_t year, unsigned month, unsigned day);
void time_civil(int64_t days, int64_t *ret_year, unsigned *ret_month, unsigned *ret_day);
/* ns, or TIME_NONE when a part is out of range or the result does not fit (years 1678–2261). */
int64_t time_make(int64_t year, unsigned month, unsigned day, unsigned hour, unsigned min,
                  unsigned sec, uint32_t ns);
/* 100-ns ticks since 1601 (Windows FILETIME). */
int64_t time_from_filetime(uint64_t ticks);

/* ISO 8601 / RFC 3339 and what logs make of it: 'T' or blank between date and time, fraction of any
 * length after '.' or ',', zone 'Z', ±hh:mm, ±hhmm, ±hh or none (then `zone_sec` east of UTC is
 * taken). The whole span must be used. Returns ns or TIME_NONE. */
int64_t time_parse_iso(struct span s, int zone_sec);
/* Seconds, with an optional fraction (1681997462.455); up to 12 digits of seconds. TIME_NONE when
 * not. */
int64_t time_parse_epoch(struct span s);

/* "2026-11-23T05:26:07.123456Z": 'digits' 0–9 of fraction. `to` has room for 36 bytes. Returns the
 * length. */
size_t time_format(char *to, int64_t ns, unsigned digits);
/* "1d", "15m", "30s", "2h", "1w", "1M" (30 days), "1y" (365 days): Sigma's timespan. ns, or -1. */
int64_t time_parse_span(struct span s);

#endif
