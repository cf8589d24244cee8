/* Folding, finding and matching of text: what every rule's strings come down to.
 *
 * Values are folded once and patterns were folded when they were compiled, so matching compares
 * bytes. Folding is Unicode's simple folding (base/utf8.h); ASCII, which nearly everything is, is
 * done 16 bytes at a time.
 *
 * Wildcards: '*' is any run of bytes, '?' one character: a well-formed code point, or one byte
 * where the text is not UTF-8. The matcher goes back to the last '*' only, which is enough for
 * globs (a match of what stands before an earlier
 * '*' at the leftmost place leaves the most for what follows), so its cost is bounded by text ×
 * pattern, never more. */
#include "rules/text.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "base/utf8.h"

typedef unsigned char v16 __attribute__((vector_size(16)));

static inline v16 load16(const char *p) {
        v16 v;
        memcpy(&v, p, 16);
        return v;
}

static inline v16 lower16(v16 v) {
        v16 upper = (v16)(v - 'A' < 26);
        return v | (upper & 0x20);
}

static inline bool any_high(v16 v) {
        uint64_t w[2];
        memcpy(w, &v, 16);
        return ((w[0] | w[1]) & UINT64_C(0x8080808080808080)) != 0;
}

size_t text_fold(char *to, struct span s, bool *ret_ascii) {
        size_t i = 0;

        if (s.len >= 16) {
                v16 seen = {0};
                for (; i + 16 <= s.len; i += 16) {
                        v16 v = load16(s.p + i);
                        seen |= v;
                        v = lower16(v);
                        memcpy(to + i, &v, 16);
                }
                v16 v = load16(s.p + s.len - 16);
                seen |= v;
                v = lower16(v);
                memcpy(to + s.len - 16, &v, 16);
                *ret_ascii = !any_high(seen);
        } else {
                unsigned char seen = 0;
                for (; i < s.len; i++) {
                        seen |= (unsigned char)s.p[i];
                        to[i] = ascii_lower(s.p[i]);
                }
                *ret_ascii = seen < 0x80;
        }
        return *ret_ascii ? s.len : utf8_fold_to(to, s);
}

#if defined(__x86_64__)

/* 64 places at once; what a mask leaves out is not read. */
__attribute__((target("avx512f,avx512bw"))) static const char *find_wide(struct span hay,
                                                                         struct span lit) {
        const __m512i first = _mm512_set1_epi8(lit.p[0]),
                      last = _mm512_set1_epi8(lit.p[lit.len - 1]);
        size_t places = hay.len - lit.len + 1;

        for (size_t i = 0; i < places; i += 64) {
                const char *p = hay.p + i;
                __mmask64 in = places - i >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << (places - i)) - 1;
                uint64_t hits =
                        _mm512_mask_cmpeq_epi8_mask(in, _mm512_maskz_loadu_epi8(in, p), first);
                if (hits)
                        hits = _mm512_mask_cmpeq_epi8_mask(
                                hits, _mm512_maskz_loadu_epi8(in, p + lit.len - 1), last);
                for (; hits; hits &= hits - 1) {
                        const char *at = p + __builtin_ctzll(hits);
                        if (lit.len <= 2 || memcmp(at + 1, lit.p + 1, lit.len - 2) == 0)
                                return at;
                }
        }
        return NULL;
}

static bool have_wide(void) {
        static int known; /* 0: not asked yet */

        if (!known)
                known = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
                                ? 1
                                : -1;
        return known > 0;
}

#else
#define have_wide() false
#define find_wide(hay, lit) NULL
#endif

const char *text_find(struct span hay, struct span lit) {
        if (hay.len < lit.len)
                return NULL;
        if (lit.len == 1)
                return memchr(hay.p, lit.p[0], hay.len);
        if (have_wide())
                return find_wide(hay, lit);
        const char *p = hay.p, *last = hay.p + (hay.len - lit.len);
        const v16 first_c = (v16){0} + (unsigned char)lit.p[0],
                  last_c = (v16){0} + (unsigned char)lit.p[lit.len - 1];

        for (; last - p >= 16; p += 16) {
                v16 hit = (v16)(load16(p) == first_c) & (v16)(load16(p + lit.len - 1) == last_c);
                uint64_t w[2];
                memcpy(w, &hit, 16);
                if (LIKELY((w[0] | w[1]) == 0))
                        continue;
                for (unsigned i = 0; i < 16; i++)
                        if (hit[i] && memcmp(p + i, lit.p, lit.len) == 0)
                                return p + i;
        }
        for (; p <= last; p++)
                if (*p == lit.p[0] && memcmp(p, lit.p, lit.len) == 0)
                        return p;
        return NULL;
}

unsigned text_char(const char *p, size_t len) {
        uint32_t cp;

        if ((unsigned char)*p < 0x80)
                return 1;
        unsigned n = utf8_next(p, len, &cp);
        return n ? n : 1;
}

void textpat_init(struct textpat *t, const struct program *g, const struct b_atom *a) {
        const struct b_piece *p = g->pieces + a->pieces.first;
        uint32_t n = a->pieces.n;

        *t = (struct textpat){.n = n, .pieces = p, .form = PAT_GLOB};
        if (n == 0) {
                t->form = PAT_EMPTY;
                return;
        }
        for (uint32_t i = 0; i < n; i++)
                if (p[i].kind == PIECE_LIT && p[i].lit.len > t->lit.len)
                        t->lit = blob_str(g, p[i].lit);
        t->any_first = p[0].kind == PIECE_ANY;
        t->any_last = p[n - 1].kind == PIECE_ANY;
        if (n == 1)
                t->form = p[0].kind == PIECE_ANY   ? PAT_ANY
                          : p[0].kind == PIECE_LIT ? PAT_EXACT
                                                   : PAT_GLOB;
        else if (n == 2 && p[0].kind == PIECE_LIT && t->any_last)
                t->form = PAT_PREFIX;
        else if (n == 2 && t->any_first && p[1].kind == PIECE_LIT)
                t->form = PAT_SUFFIX;
        else if (n == 3 && t->any_first && p[1].kind == PIECE_LIT && t->any_last)
                t->form = PAT_CONTAINS;
        if (t->form != PAT_GLOB && t->form != PAT_ANY && t->lit.len == 0)
                t->form = t->form == PAT_EXACT
                                  ? PAT_EMPTY
                                  : PAT_ANY; /* only a hostile program has empty literals */
}

/* pieces[0..n) against s; `open`: what follows the last piece does not matter. */
static bool glob(const struct b_piece *p, uint32_t n, const char *str, struct span s, bool open) {
        const char *at = s.p ? s.p : "", *end = at + s.len, *star_at = NULL;
        uint32_t i = 0, star_i = 0;

        for (;;) {
                if (i < n && p[i].kind == PIECE_ANY) {
                        star_i = ++i;
                        star_at = at;
                }
                if (star_at &&
                    i == star_i) { /* just behind a '*': jump to where the next piece can match */
                        if (i == n)
                                return true;
                        if (p[i].kind == PIECE_LIT) {
                                struct span lit = span_of(str + p[i].lit.off, p[i].lit.len);
                                if (lit.len) {
                                        at = text_find(span_of(at, (size_t)(end - at)), lit);
                                        if (!at)
                                                return false;
                                        if (i + 1 == n &&
                                            !open) /* the last one: at the end or nowhere */
                                                return span_ends(span_of(at, (size_t)(end - at)),
                                                                 lit);
                                        star_at = at;
                                }
                        }
                }
                if (i == n) {
                        if (open || at == end)
                                return true;
                } else if (p[i].kind == PIECE_ONE) {
                        if (at < end) {
                                at += text_char(at, (size_t)(end - at));
                                i++;
                                continue;
                        }
                } else if ((size_t)(end - at) >= p[i].lit.len &&
                           memcmp(at, str + p[i].lit.off, p[i].lit.len) == 0) {
                        at += p[i].lit.len;
                        i++;
                        continue;
                }
                if (!star_at || star_at >= end)
                        return false;
                star_at += text_char(star_at, (size_t)(end - star_at));
                at = star_at;
                i = star_i;
        }
}

bool textpat_match(const struct textpat *t, const char *str, struct span s) {
        switch (t->form) {
        case PAT_EMPTY: return s.len == 0;
        case PAT_ANY: return true;
        case PAT_EXACT: return span_eq(s, t->lit);
        case PAT_PREFIX: return span_starts(s, t->lit);
        case PAT_SUFFIX: return span_ends(s, t->lit);
        case PAT_CONTAINS: return text_find(s, t->lit) != NULL;
        default: return glob(t->pieces, t->n, str, s, false);
        }
}

bool textpat_within(const struct textpat *t, const char *str, struct span s) {
        switch (t->form) {
        case PAT_EMPTY:
        case PAT_ANY: return true;
        case PAT_EXACT:
        case PAT_PREFIX:
        case PAT_SUFFIX:
        case PAT_CONTAINS: return text_find(s, t->lit) != NULL;
        default: break;
        }
        /* As if a '*' stood before and behind. */
        for (size_t at = 0;; at += text_char(s.p + at, s.len - at)) {
                if (glob(t->pieces, t->n, str, span_of(s.p + at, s.len - at), true))
                        return true;
                if (t->any_first || at >= s.len)
                        return false;
        }
}
