/* A unit program: checks that print TAP, one line per test function.
 *
 *     static void parses_zone(void) { check(time_parse_iso(SPAN("…"), 0) == 7); }
 *     int main(void) { RUN(parses_zone); return check_done(); }
 *
 * check() stops the test function at its first failure; check_skip() says aloud why one is skipped.
 * COLOA_ONLY=name in the environment runs that one function.
 */
#ifndef TEST_CHECK_H
#define TEST_CHECK_H

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/base.h"

static jmp_buf check_jump;
static unsigned check_ran, check_failed;

static inline void check_fail(const char *file, int line, const char *what) {
        printf("# %s:%d: %s\n", file, line, what);
        longjmp(check_jump, 1);
}

#define check(x)                                                                                   \
        do {                                                                                       \
                if (!(x))                                                                          \
                        check_fail(__FILE__, __LINE__, #x);                                        \
        } while (0)

#define check_int(a, b)                                                                            \
        do {                                                                                       \
                long long a_ = (long long)(a), b_ = (long long)(b);                                \
                if (a_ != b_) {                                                                    \
                        char m_[512];                                                              \
                        snprintf(m_, sizeof(m_), "%s is %lld, not %lld (%s)", #a, a_, b_, #b);     \
                        check_fail(__FILE__, __LINE__, m_);                                        \
                }                                                                                  \
        } while (0)

#define check_span(a, str)                                                                         \
        do {                                                                                       \
                struct span a_ = (a), b_ = span_str(str);                                          \
                if (!span_eq(a_, b_)) {                                                            \
                        char m_[1024];                                                             \
                        snprintf(m_, sizeof(m_), "%s is \"%.*s\", not \"%.*s\"", #a,               \
                                 (int)MIN(a_.len, (size_t)400), a_.p ? a_.p : "",                  \
                                 (int)MIN(b_.len, (size_t)400), b_.p);                             \
                        check_fail(__FILE__, __LINE__, m_);                                        \
                }                                                                                  \
        } while (0)

#define check_skip(why) longjmp((printf("# skipped: %s\n", why), check_jump), 2)

/* A test as a function of no arguments. */
#define RUN(fn)                                                                                    \
        do {                                                                                       \
                const char *only_ = getenv("COLOA_ONLY");                                          \
                if (only_ && strcmp(only_, #fn) != 0)                                              \
                        break;                                                                     \
                check_ran++; /* before setjmp(), which returns twice */                            \
                int how_ = setjmp(check_jump);                                                     \
                if (how_ == 0) {                                                                   \
                        fn();                                                                      \
                        printf("ok %u - %s\n", check_ran, #fn);                                    \
                } else if (how_ == 2) {                                                            \
                        printf("ok %u - %s # SKIP\n", check_ran, #fn);                             \
                } else {                                                                           \
                        check_failed++;                                                            \
                        printf("not ok %u - %s\n", check_ran, #fn);                                \
                }                                                                                  \
                fflush(stdout);                                                                    \
        } while (0)

static inline int check_done(void) {
        printf("1..%u\n", check_ran);
        return check_failed ? 1 : 0;
}

/* Folder of the unpacked development data (COLOA_TEST_DATA), or NULL: tests that need it call
 * check_skip(). `./dev test` unpacks ../shared/data once and sets it; it holds dev-set/ and
 * sigma-rules-8eaafff1/. */
static inline const char *check_data(void) {
        const char *d = getenv("COLOA_TEST_DATA");
        return d && *d ? d : NULL;
}

#endif
