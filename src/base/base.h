/* The words every file uses: cleanup, errors, spans, small arithmetic. */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef NDEBUG
#error "assert() guards the impossible and stays on in release builds"
#endif

#define _cleanup_(f) __attribute__((cleanup(f)))
#define _printf_(a, b) __attribute__((format(printf, a, b)))
#define _unused_ __attribute__((unused))
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
/* Each argument may be evaluated twice: never a call that does something. */
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/* Defines name_freep() for _cleanup_; `free_fn` takes and returns a struct name pointer, accepts
 * NULL. */
#define CLEANUP(name, free_fn)                                                                     \
        static inline void free_fn##p(struct name **p) {                                           \
                *p = free_fn(*p);                                                                  \
        }

/* Passes an unexpected error (negative errno) up unchanged, leaving a trace (base/error.h). */
#define FAIL(r) base_fail((r), __FILE__, __LINE__)
void base_fail_note(int r, const char *file, int line);
static inline int base_fail(int r, const char *file, int line) {
        base_fail_note(r, file, line);
        return r; /* here, so that who analyses callers sees it */
}
/* The first place where the error now travelling up was seen ("file.c:12"), or "". */
const char *base_fail_where(void);
void base_fail_clear(void);

/* Bytes somebody else owns; not terminated. */
struct span {
        const char *p;
        size_t len;
};

#define SPAN(lit) ((struct span){"" lit, sizeof(lit) - 1})
#define SPAN_NONE ((struct span){NULL, 0})

static inline struct span span_of(const char *p, size_t len) {
        return (struct span){p, len};
}

static inline struct span span_str(const char *s) {
        return (struct span){s, s ? strlen(s) : 0};
}

static inline bool span_eq(struct span a, struct span b) {
        return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

static inline char ascii_lower(char c) {
        return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* ASCII case-insensitive. */
static inline bool span_ieq(struct span a, struct span b) {
        if (a.len != b.len)
                return false;
        for (size_t i = 0; i < a.len; i++)
                if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
                        return false;
        return true;
}

static inline bool span_starts(struct span s, struct span prefix) {
        return s.len >= prefix.len && memcmp(s.p, prefix.p, prefix.len) == 0;
}

static inline bool span_ends(struct span s, struct span suffix) {
        return s.len >= suffix.len && memcmp(s.p + s.len - suffix.len, suffix.p, suffix.len) == 0;
}

/* Without ASCII blanks at both ends. */
static inline struct span span_trim(struct span s) {
        while (s.len && (unsigned char)*s.p <= ' ')
                s.p++, s.len--;
        while (s.len && (unsigned char)s.p[s.len - 1] <= ' ')
                s.len--;
        return s;
}

#endif
