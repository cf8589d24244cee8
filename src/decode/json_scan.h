/* First pass over JSON: finds every string and validates what is inside. Private to decode/json*.c.
 *
 * The text is taken in blocks of 64 bytes. Of each block a vector unit makes bit masks (quotes,
 * backslashes, …), and 64-bit arithmetic on those does the rest, the same for every implementation;
 * so implementations cannot differ in what they find. Out come the index (where strings begin and
 * end) and the list of faults. What stands outside strings is left to the walk (json_walk.h), which
 * looks at every byte of it.
 *
 * S1  The index holds every unescaped quote, in order; entries take turns opening and closing, and
 * the walk and the scan agree which is which as long as the walk enters at a place that the scan
 * holds to be outside strings. S2  A string cannot hold a newline. Where one does, the newline is
 * entered as if it were the closing quote, and the scan goes on outside strings: so one cut line
 * cannot turn the rest of a batch inside out, and nothing is ever scanned twice. S3  A fault's bit
 * lies inside the record that has it: at the faulty byte, or for UTF-8 that ends too early on the
 * byte behind, which is at the latest the closing quote. */
#ifndef DECODE_JSON_SCAN_H
#define DECODE_JSON_SCAN_H

#include "base/base.h"

/* An entry of the index: position << 1 | flag. On a closing quote the flag says that the string has
 * escapes. */
#define JSON_INDEX_POS(x) ((x) >> 1)
#define JSON_INDEX_FLAG(x) ((x)&1)

/* Blocks that have faults: the block's position (may lie before the text for the first block) and
 * the bits. */
struct json_fault {
        int64_t base;
        uint64_t mask;
};

/* What a block must still expect from the one before, as bits from its first byte on. */
struct json_utf8 {
        uint64_t more;           /* continuation bytes */
        uint64_t e0, ed, f0, f4; /* 1: the last byte was that lead */
};

enum json_impl { JSON_SCALAR = 0, JSON_SSE2, JSON_AVX2, JSON_AVX512, JSON_IMPL_MAX };

struct json_scan;
typedef void (*json_scan_fn)(struct json_scan *s, const char *p, size_t blocks, int64_t base);

struct json_scan {
        const char *p;
        size_t len;
        size_t at; /* scanned up to here */
        uint32_t *index;
        size_t n; /* entries in use; what lies behind may be overwritten freely */
        size_t cap;
        struct json_fault *faults;
        size_t n_faults, cap_faults;
        json_scan_fn blocks;
        /* Carried from block to block. */
        uint64_t in_string;  /* all ones inside a string */
        uint64_t escaped;    /* 1: the next byte is escaped */
        uint64_t has_escape; /* 1: the string that is open has escapes */
        struct json_utf8 utf8;
        size_t low_half; /* where the second half of a surrogate pair was seen; 0: none */
};

/* The best this processor has; json_scan_force() for tests and benches: false when it has not that
 * one. */
enum json_impl json_impl_best(void);
bool json_impl_has(enum json_impl i);
void json_impl_force(enum json_impl i);
enum json_impl json_impl_current(void);
const char *json_impl_name(enum json_impl i);

/* Begins at p[from], outside strings. False when memory is short. `s` is zeroed before its first
 * use. */
bool json_scan_begin(struct json_scan *s, struct span text, size_t from);
void json_scan_deinit(struct json_scan *s);
/* Scans some kilobytes more. May drop the first entries of the index, those before `keep`: returns
 * how many it dropped. Call only while s->at < s->len. */
size_t json_scan_more(struct json_scan *s, size_t keep);
/* Is there a fault in [from, to)? Only for what has been scanned. */
bool json_scan_faulty(const struct json_scan *s, size_t from, size_t to);

/* For the implementations. */
struct json_block {
        uint64_t quote, slash, control, high;
        uint64_t odd; /* bytes that make no escape behind a backslash, or 'u' */
};
struct json_block_utf8 {
        uint64_t c0, c2, e0, f0, f5;         /* bytes at least that */
        uint64_t a0, x90;                    /* the same */
        uint64_t is_e0, is_ed, is_f0, is_f4; /* bytes that are that */
};
void json_scan_sse2(struct json_scan *s, const char *p, size_t blocks, int64_t base);
void json_scan_avx2(struct json_scan *s, const char *p, size_t blocks, int64_t base);
void json_scan_avx512(struct json_scan *s, const char *p, size_t blocks, int64_t base);
/* Of the inside of a string, from a place that is not escaped: writes text up to an escape that
 * takes more than a table, and moves *to. Returns the bytes read. */
size_t json_unescape_avx512(char **to, const char *p, size_t len);
/* Bits of those escaped bytes (of `odd`) that are faults: \u escapes are looked at, others are. */
uint64_t json_scan_escapes(struct json_scan *s, uint64_t odd, int64_t base);
void json_scan_fault(struct json_scan *s, int64_t base, uint64_t mask);

#endif
