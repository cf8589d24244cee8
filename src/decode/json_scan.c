/* The scan's frame: memory, the uneven ends of the text, the choice of implementation; and the
 * implementation for processors that have nothing better, byte by byte.
 *
 * The text need not be aligned and nothing behind its end is looked at: the first block and the
 * last are copied between blanks (blanks are neutral everywhere outside strings, and inside one
 * there is nothing left to say about them). The first is put at the end of its copy, so that what
 * it carries over comes from its last byte and all later blocks are aligned. */
#include "decode/json_scan.h"

#include <stdlib.h>

#include "decode/json_string.h"

#define CHUNK_BLOCKS                                                                               \
        128u /* 8 KiB: text, index and fields of a chunk stay in the first-level cache */
#define INDEX_SLACK 128u

/* ---- byte by byte ---- */

enum {
        QUOTE = 1,
        SLASH = 2,
        CONTROL = 4,
        HIGH = 8,
        ODD = 16,
};

static uint8_t byte_class[256];

static void byte_class_init(void) {
        for (unsigned c = 0; c < 256; c++)
                byte_class[c] = (uint8_t)((c == '"' ? QUOTE : 0) | (c == '\\' ? SLASH : 0) |
                                          (c < 0x20 ? CONTROL : 0) | (c >= 0x80 ? HIGH : 0) |
                                          (c && strchr("\"\\/bfnrt", (int)c) ? 0 : ODD));
}

static inline struct json_block scan_masks(const char *p) {
        struct json_block m = {0};

        for (unsigned i = 0; i < 64; i++) {
                uint64_t c = byte_class[(unsigned char)p[i]];
                m.quote |= (c & 1) << i;
                m.slash |= (c >> 1 & 1) << i;
                m.control |= (c >> 2 & 1) << i;
                m.high |= (c >> 3 & 1) << i;
                m.odd |= (c >> 4) << i;
        }
        return m;
}

static inline void scan_utf8(const char *p, struct json_block_utf8 *m) {
        *m = (struct json_block_utf8){0};
        for (unsigned i = 0; i < 64; i++) {
                unsigned char c = (unsigned char)p[i];
                uint64_t bit = UINT64_C(1) << i;
                m->c0 |= c >= 0xc0 ? bit : 0;
                m->c2 |= c >= 0xc2 ? bit : 0;
                m->e0 |= c >= 0xe0 ? bit : 0;
                m->f0 |= c >= 0xf0 ? bit : 0;
                m->f5 |= c >= 0xf5 ? bit : 0;
                m->a0 |= c >= 0xa0 ? bit : 0;
                m->x90 |= c >= 0x90 ? bit : 0;
                m->is_e0 |= c == 0xe0 ? bit : 0;
                m->is_ed |= c == 0xed ? bit : 0;
                m->is_f0 |= c == 0xf0 ? bit : 0;
                m->is_f4 |= c == 0xf4 ? bit : 0;
        }
}

static inline uint64_t scan_prefix(uint64_t x) {
        for (unsigned by = 1; by < 64; by *= 2)
                x ^= x << by;
        return x;
}

static inline uint32_t *scan_emit(uint32_t *to, uint64_t quote, uint64_t flag, uint32_t base2) {
        for (; quote; quote &= quote - 1) {
                unsigned i = (unsigned)__builtin_ctzll(quote);
                *to++ = base2 + 2 * i + (uint32_t)(flag >> i & 1);
        }
        return to;
}

#define TARGET
#define SCAN_NAME json_scan_scalar
static void json_scan_scalar(struct json_scan *s, const char *p, size_t blocks, int64_t base);
#include "decode/json_scan_body.h"

/* ---- which implementation ---- */

static enum json_impl current = JSON_IMPL_MAX;

bool json_impl_has(enum json_impl i) {
        switch (i) {
        case JSON_SCALAR: return true;
#ifdef __x86_64__
        case JSON_SSE2: return true;
        case JSON_AVX2:
                return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("pclmul") &&
                       __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
                       __builtin_cpu_supports("popcnt");
        case JSON_AVX512:
                return json_impl_has(JSON_AVX2) && __builtin_cpu_supports("avx512f") &&
                       __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
                       __builtin_cpu_supports("avx512vbmi") &&
                       __builtin_cpu_supports("avx512vbmi2");
#endif
        default: return false;
        }
}

enum json_impl json_impl_best(void) {
        for (unsigned i = JSON_IMPL_MAX - 1; i > 0; i--)
                if (json_impl_has((enum json_impl)i))
                        return (enum json_impl)i;
        return JSON_SCALAR;
}

void json_impl_force(enum json_impl i) {
        assert(json_impl_has(i));
        current = i;
}

enum json_impl json_impl_current(void) {
        if (current == JSON_IMPL_MAX)
                current = json_impl_best();
        return current;
}

const char *json_impl_name(enum json_impl i) {
        static const char *const names[] = {"scalar", "sse2", "avx2", "avx512"};

        return i < ARRAY_LEN(names) ? names[i] : "?";
}

static json_scan_fn scan_fn(enum json_impl i) {
        switch (i) {
#ifdef __x86_64__
        case JSON_AVX512: return json_scan_avx512;
        case JSON_AVX2: return json_scan_avx2;
        case JSON_SSE2: return json_scan_sse2;
#endif
        default:
                if (!byte_class['"'])
                        byte_class_init();
                return json_scan_scalar;
        }
}

/* ---- faults ---- */

void json_scan_fault(struct json_scan *s, int64_t base, uint64_t mask) {
        assert(s->n_faults < s->cap_faults); /* one per block at most */
        s->faults[s->n_faults++] = (struct json_fault){base, mask};
}

/* The UTF-16 unit of the escape whose 'u' stands at `pos`, or -1. */
static int unit_at(const struct json_scan *s, size_t pos) {
        if (s->len < 5 || pos > s->len - 5)
                return -1;
        return s->p[pos] == 'u' ? json_hex4(s->p + pos + 1) : -1;
}

static bool escape_u_valid(struct json_scan *s, size_t pos) {
        int unit = unit_at(s, pos), low;

        if (unit < 0)
                return false;
        if (unit < 0xd800 || unit >= 0xe000)
                return true;
        if (unit >= 0xdc00) /* a low half: fine behind the high one, which was met first */
                return pos == s->low_half;
        if (pos + 6 >= s->len || s->p[pos + 5] != '\\')
                return false;
        low = unit_at(s, pos + 6);
        s->low_half = pos + 6;
        return low >= 0xdc00 && low < 0xe000;
}

uint64_t json_scan_escapes(struct json_scan *s, uint64_t odd, int64_t base) {
        uint64_t fault = 0;

        for (; odd; odd &= odd - 1) {
                /* Blanks around the text follow no backslash but one that ends it: then pos is
                 * s->len. */
                size_t pos = (size_t)(base + __builtin_ctzll(odd));
                if (pos >= s->len || s->p[pos] != 'u' || !escape_u_valid(s, pos))
                        fault |= odd & -odd;
        }
        return fault;
}

bool json_scan_faulty(const struct json_scan *s, size_t from, size_t to) {
        size_t a = 0, b = s->n_faults;

        /* The first block that ends behind `from`. */
        while (a < b) {
                size_t m = (a + b) / 2;
                if (s->faults[m].base + 64 <= (int64_t)from)
                        a = m + 1;
                else
                        b = m;
        }
        for (; a < s->n_faults && s->faults[a].base < (int64_t)to; a++) {
                int64_t lo = (int64_t)from - s->faults[a].base;
                int64_t hi = (int64_t)to - s->faults[a].base;
                uint64_t mask = s->faults[a].mask;
                if (lo > 0)
                        mask &= ~UINT64_C(0) << lo;
                if (hi < 64)
                        mask &= ~(~UINT64_C(0) << hi);
                if (mask)
                        return true;
        }
        return false;
}

/* ---- memory and ends ---- */

bool json_scan_begin(struct json_scan *s, struct span text, size_t from) {
        size_t entries = text.len + INDEX_SLACK, blocks = text.len / 64 + 3;

        if (entries > s->cap) {
                uint32_t *index = realloc(s->index, entries * sizeof(*index));
                if (!index)
                        return false;
                s->index = index;
                s->cap = entries;
        }
        if (blocks > s->cap_faults) {
                struct json_fault *faults = realloc(s->faults, blocks * sizeof(*faults));
                if (!faults)
                        return false;
                s->faults = faults;
                s->cap_faults = blocks;
        }
        s->p = text.p;
        s->len = text.len;
        s->at = from;
        s->n = s->n_faults = 0;
        s->in_string = s->escaped = s->has_escape = 0;
        s->utf8 = (struct json_utf8){0};
        s->low_half = 0;
        s->blocks = scan_fn(json_impl_current());
        return true;
}

void json_scan_deinit(struct json_scan *s) {
        free(s->index);
        free(s->faults);
        *s = (struct json_scan){0};
}

size_t json_scan_more(struct json_scan *s, size_t keep) {
        size_t dropped = 0, n;
        char copy[64];

        assert(s->at < s->len && keep <= s->n);
        /* Moved only when as much was used as is left: so moving costs no more than the scan. */
        if (keep >= s->n - keep && keep > 0) {
                memmove(s->index, s->index + keep, (s->n - keep) * sizeof(*s->index));
                s->n -= keep;
                dropped = keep;
        }
        n = 64 - ((uintptr_t)(s->p + s->at) & 63); /* up to the next aligned address */
        if (n < 64 || s->len - s->at < 64) {
                bool last = s->len - s->at <= n;
                n = MIN(n, s->len - s->at);
                size_t lead = last ? 0 : 64 - n;
                memset(copy, ' ', sizeof(copy));
                memcpy(copy + lead, s->p + s->at, n);
                s->blocks(s, copy, 1, (int64_t)s->at - (int64_t)lead);
                s->at += n;
        }
        n = MIN((s->len - s->at) / 64, CHUNK_BLOCKS);
        if (n > 0) {
                s->blocks(s, s->p + s->at, n, (int64_t)s->at);
                s->at += n * 64;
        }
        return dropped;
}
