/* The arithmetic of formula `coloa-score/1` (doc/scoring.md): whole numbers only, so that the same facts
 * give the same score on every machine, for ever.
 *
 * Factors are in millionths (MILLION is 1), points in thousandths, times in milliseconds. Every division
 * rounds half up, after each multiplication, in the order T, Q, R. */
#ifndef EXERCISE_FORMULA_H
#define EXERCISE_FORMULA_H

#include "base/base.h"

#define FORMULA "coloa-score/1"
#define FORMULA_NEVER INT64_MIN           /* a time: it did not happen */
#define FORMULA_MS_MAX ((int64_t)1 << 40) /* 34 years: products stay within 64 bits */
#define FORMULA_CAP 30000                 /* penalties together, at most */

/* a / b, half up; a ≥ 0, b > 0. */
int64_t formula_div(int64_t a, int64_t b);
/* Of two factors. */
int64_t formula_mul(int64_t a, int64_t b);
/* T: 1 until g, p at d, 0 from h; 0 ≤ g ≤ d < h ≤ FORMULA_MS_MAX. What came before the start counts as 0 ms. */
int64_t formula_curve(int64_t t, int64_t g, int64_t d, int64_t h, unsigned p);
/* F-beta of counts; b2 is beta squared. 0 where nothing is to be found and nothing was said. */
int64_t formula_fbeta(unsigned tp, unsigned fp, unsigned fn, unsigned b2);
/* Share of `of`: recall. */
int64_t formula_part(unsigned n, unsigned of);
/* Points of a line of weight w, in thousandths. */
int64_t formula_line(unsigned w, int64_t t, int64_t q, int64_t r);
/* 0 … 100,000: points of lines whose weights are `weights` together; 0 where there are none. */
int64_t formula_share(int64_t points, int64_t weights);
/* max(0, base − min(cap, penalties)). */
int64_t formula_total(int64_t base, int64_t penalties);
/* "96.7": one decimal, half up; below zero with its sign. */
#define FORMULA_SHOWN 24
void formula_show(char to[FORMULA_SHOWN], int64_t thousandths);

/* A finding of a red team, in thousandths (live fire): base 10, 25, 50, 100 by severity 0–3, impact on resources,
 * data and users 0–3 each, its place and its report in millionths. */
int64_t formula_red(unsigned severity, const unsigned impact[3], int64_t place, int64_t report);

#endif
