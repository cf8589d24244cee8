/* Tokens of records: see token.h.
 *
 * Logs repeat themselves, so most of a frame need not be looked at: where a token begins, the eight
 * bytes there are looked up in a small table of earlier places; if the same bytes stood there, the
 * stretch that both places share holds no token that was not seen, but for the one that is cut at
 * its end. The stretch is skipped up to the beginning of that one. (An LZ parse; on Windows events
 * it skips nine bytes of ten.) Only places where a token begins are entered in the table, so both
 * ends of a stretch are cut alike.
 *
 * The same holds for what depends on the byte before a token, an escape, as long as the first token
 * of a stretch is looked at for itself; and for IPv4 addresses, as long as a stretch is never left
 * inside one: it ends before the last run of word bytes and dots. */
#include "store/token.h"

#include <stdlib.h>

#include "base/hash.h"

#define PLACES 4096u
#define SLOTS (TOKENS_MAX * 2u)
#define PROBES_MAX 32u
#define ADDRESS_MAX 15u

struct token_set {
        uint32_t n;
        bool overflowed;
        uint32_t list[TOKENS_MAX];
        uint32_t slots[SLOTS]; /* hash, 0 free */
        uint32_t places[PLACES];
};

/* 1: part of a token; 2: also a digit. */
static const unsigned char word[256] = {
        ['0'] = 3, ['1'] = 3, ['2'] = 3, ['3'] = 3, ['4'] = 3, ['5'] = 3, ['6'] = 3, ['7'] = 3,
        ['8'] = 3, ['9'] = 3, ['A'] = 1, ['B'] = 1, ['C'] = 1, ['D'] = 1, ['E'] = 1, ['F'] = 1,
        ['G'] = 1, ['H'] = 1, ['I'] = 1, ['J'] = 1, ['K'] = 1, ['L'] = 1, ['M'] = 1, ['N'] = 1,
        ['O'] = 1, ['P'] = 1, ['Q'] = 1, ['R'] = 1, ['S'] = 1, ['T'] = 1, ['U'] = 1, ['V'] = 1,
        ['W'] = 1, ['X'] = 1, ['Y'] = 1, ['Z'] = 1, ['_'] = 1, ['a'] = 1, ['b'] = 1, ['c'] = 1,
        ['d'] = 1, ['e'] = 1, ['f'] = 1, ['g'] = 1, ['h'] = 1, ['i'] = 1, ['j'] = 1, ['k'] = 1,
        ['l'] = 1, ['m'] = 1, ['n'] = 1, ['o'] = 1, ['p'] = 1, ['q'] = 1, ['r'] = 1, ['s'] = 1,
        ['t'] = 1, ['u'] = 1, ['v'] = 1, ['w'] = 1, ['x'] = 1, ['y'] = 1, ['z'] = 1,
};

static bool is_word(char c) {
        return word[(unsigned char)c] != 0;
}

static bool is_digit(char c) {
        return word[(unsigned char)c] == 3;
}

static uint64_t load8(const char *p) {
        uint64_t v;

        memcpy(&v, p, 8);
        return v;
}

/* Part of the store's format: never change it. Bit 5 set makes letters small, leaves digits and '.',
 * and makes '_' a byte that no other becomes. */
#define FOLD 0x2020202020202020u
#define K0 0x9e3779b97f4a7c15u
#define K1 0xe7037ed1a0b428dbu

static uint32_t finish(uint64_t h) {
        uint32_t v = (uint32_t)(h ^ h >> 32);

        return v ? v : 1;
}

/* Reads up to seven bytes behind the token: memory must be there. */
static uint32_t hash_padded(const char *p, size_t len) {
        uint64_t h = len * K0;

        while (len > 8) {
                h = hash_mix(h ^ (load8(p) | FOLD), K1);
                p += 8;
                len -= 8;
        }
        uint64_t last = (load8(p) | FOLD) & (~0ull >> (64 - 8 * len));
        return finish(hash_mix(h ^ last, K1));
}

uint32_t token_hash(struct span token) {
        char end[16] = {0};
        size_t whole = token.len ? (token.len - 1) / 8 * 8 : 0;
        uint64_t h = token.len * K0;

        for (size_t i = 0; i < whole; i += 8)
                h = hash_mix(h ^ (load8(token.p + i) | FOLD), K1);
        memcpy(end, token.p + whole, token.len - whole);
        size_t len = token.len - whole;
        uint64_t last = len ? (load8(end) | FOLD) & (~0ull >> (64 - 8 * len)) : 0;
        return finish(hash_mix(h ^ last, K1));
}

struct token_set *token_set_new(void) {
        return calloc(1, sizeof(struct token_set));
}

struct token_set *token_set_free(struct token_set *s) {
        free(s);
        return NULL;
}

void token_set_reset(struct token_set *s) {
        memset(s->slots, 0, sizeof(s->slots));
        s->n = 0;
        s->overflowed = false;
}

const uint32_t *token_set_get(const struct token_set *s, uint32_t *ret_n, bool *ret_all) {
        *ret_n = s->n;
        *ret_all = s->overflowed;
        return s->list;
}

static void put(struct token_set *s, uint32_t h) {
        uint32_t at = h % SLOTS;

        /* A run of foreign slots longer than this is an attack: the token is listed twice then. */
        for (unsigned i = 0; i < PROBES_MAX && s->slots[at]; i++) {
                if (s->slots[at] == h)
                        return;
                at = (at + 1) % SLOTS;
        }
        if (s->n == TOKENS_MAX) {
                s->overflowed = true;
                return;
        }
        s->slots[at] = h;
        s->list[s->n++] = h;
}

static size_t word_len(const char *p, const char *end) {
        const char *q = p;

        while (q < end && is_word(*q))
                q++;
        return (size_t)(q - p);
}

/* Length of an IPv4 address that begins at p, or 0. */
static size_t address_len(const char *p, const char *end) {
        const char *q = p;

        for (unsigned part = 0; part < 4; part++) {
                size_t n = 0;
                if (part && (q == end || *q++ != '.'))
                        return 0;
                while (n < 4 && q < end && is_digit(*q))
                        q++, n++;
                if (n == 0 || n == 4)
                        return 0;
        }
        return q < end && is_word(*q) ? 0 : (size_t)(q - p);
}

static int hex(char c) {
        if (is_digit(c))
                return c - '0';
        c = ascii_lower(c);
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A token that stands behind a backslash may begin with the letter of an escape. What is behind it
 * is a token too; a letter written as \u0061 makes words that are not followed up. */
static void put_escaped(struct token_set *s, const char *p, size_t len) {
        size_t skip = 1;

        if (*p == 'u' && len >= 5) {
                int v = 0;
                for (unsigned i = 1; i <= 4; i++) {
                        int d = hex(p[i]);
                        v = d < 0 || v < 0 ? -1 : v * 16 + d;
                }
                if (v >= 0 && v < 128 && is_word((char)v))
                        s->overflowed = true;
                skip = v >= 0 ? 5 : 1;
        } else if (!memchr("bfnrtu", *p, 6)) {
                return;
        }
        if (len >= skip + 2)
                put(s, hash_padded(p + skip, len - skip));
}

static void put_address(struct token_set *s, const char *p, const char *begin, const char *end) {
        if (p > begin && p[-1] == '.')
                return;
        size_t n = address_len(p, end);
        if (n)
                put(s, hash_padded(p, n));
}

/* What a token at p makes beside itself, by what stands before it. */
static void put_beside(struct token_set *s, const char *p, const char *begin, const char *end) {
        if (p > begin && p[-1] == '\\')
                put_escaped(s, p, word_len(p, end));
        if (is_digit(*p))
                put_address(s, p, begin, end);
}

/* How many bytes from a and b on are equal, b behind a. */
static size_t common(const char *a, const char *b, const char *end) {
        const char *from = b;

        while (end - b >= 8) {
                uint64_t x = load8(a) ^ load8(b);
                if (x)
                        return (size_t)(b - from) + (size_t)(__builtin_ctzll(x) / 8);
                a += 8;
                b += 8;
        }
        while (b < end && *a == *b)
                a++, b++;
        return (size_t)(b - from);
}

/* Of a stretch seen before: where its last token, which may be cut, begins. */
static const char *last_whole(const char *p, const char *to) {
        while (to > p && (is_word(to[-1]) || to[-1] == '.'))
                to--;
        return to;
}

void token_set_add(struct token_set *s, struct span text) {
        const char *begin = text.p, *p = begin, *end = begin + text.len;

        memset(s->places, 0xff, sizeof(s->places));
        while (p < end && !s->overflowed) {
                if (!is_word(*p)) {
                        p++;
                        continue;
                }
                uint64_t v = load8(p);
                uint32_t *place = &s->places[(v * K0) >> 52];
                uint32_t seen = *place;
                *place = (uint32_t)(p - begin);
                if (seen != UINT32_MAX && load8(begin + seen) == v && end - p >= 8) {
                        size_t n = 8 + common(begin + seen + 8, p + 8, end);
                        const char *to = last_whole(p, p + n);
                        if (to > p) {
                                put_beside(s, p, begin, end);
                                p = to;
                                continue;
                        }
                }
                size_t len = word_len(p, end);
                if (len >= 2)
                        put(s, hash_padded(p, len));
                put_beside(s, p, begin, end);
                p += len;
        }
}

bool token_next(struct span text, size_t *at, struct span *ret, bool *ret_edge) {
        size_t i = *at;

        for (;;) {
                while (i < text.len && !is_word(text.p[i]))
                        i++;
                size_t from = i;
                while (i < text.len && is_word(text.p[i]))
                        i++;
                if (from == i) {
                        *at = i;
                        return false;
                }
                if (i - from < 2)
                        continue;
                *ret = span_of(text.p + from, i - from);
                *ret_edge = from == 0 || i == text.len;
                *at = i;
                return true;
        }
}
