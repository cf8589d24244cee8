/* The scan of raw records for keywords against a search by hand: both of its ways (64 positions at
 * a time where the processor can and the bytes are padded, one at a time otherwise), UTF-8 and
 * UTF-16LE, at each alignment, at the ends, on random bytes and on bytes made to mislead it. */
#include "check.h"

#include "rules/rawscan.h"

#define LITS_MAX 4096u
#define WORDS (LITS_MAX / 64 + 1)
#define TEXT_MAX 4096u

static uint64_t seed = 88172645463325252u;
static char store[LITS_MAX][24];
static struct span lits[LITS_MAX];
static uint32_t n_lits;
static struct arena arena;
static struct rawscan *scan;

static unsigned roll(unsigned n) {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        return (unsigned)(seed >> 33) % n;
}

static void lit(const char *s) {
        check(n_lits < LITS_MAX && strlen(s) < sizeof(store[0]));
        memcpy(store[n_lits], s, strlen(s));
        lits[n_lits] = span_of(store[n_lits], strlen(s));
        n_lits++;
}

static void scan_make(void) {
        struct tri_count *common = calloc(1, sizeof(*common));

        check(common != NULL);
        tri_learn(common, SPAN("the Windows of system32 and powershell.exe"));
        arena_deinit(&arena);
        arena_init(&arena, (size_t)16 << 20);
        scan = rawscan_new(&arena, lits, n_lits, common);
        free(common);
        check(scan != NULL);
}

/* ---- by hand ---- */

static bool stands(struct span s, size_t at, struct span l, size_t step) {
        if (at + l.len * step > s.len)
                return false;
        for (size_t i = 0; i < l.len; i++) {
                char c = s.p[at + i * step];
                if (c >= 'A' && c <= 'Z')
                        c = (char)(c + 32);
                if (c != l.p[i] || (step == 2 && s.p[at + i * 2 + 1] != 0))
                        return false;
        }
        return true;
}

/* \u0041 and its like: a letter, a digit or a mark that a literal may hold. */
static bool escape_at(struct span s, size_t at) {
        char hex[3] = "", *end;

        if (!stands(s, at, SPAN("\\u00"), 1) || s.len - at < 6)
                return false;
        memcpy(hex, s.p + at + 4, 2);
        if (!strchr("0123456789abcdefABCDEF", hex[0]))
                return false;
        long v = strtol(hex, &end, 16);
        return !*end && v && v < 128 &&
               strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .:-_",
                      (int)v);
}

static bool by_hand(struct span s, enum raw_form form, uint64_t *found) {
        size_t step = form == RAW_UTF16 ? 2 : 1;
        bool hidden = false;

        for (size_t at = 0; at < s.len; at++) {
                for (uint32_t i = 0; i < n_lits; i++)
                        if (stands(s, at, lits[i], step))
                                found[i / 64] |= UINT64_C(1) << i % 64;
                struct span rest = span_of(s.p + at, s.len - at);
                if (step == 2)
                        hidden |= span_starts(rest, span_of("\x2a\x21", 2)) ||
                                  span_starts(rest, span_of("\x7f\x01", 2));
                else
                        hidden |= escape_at(s, at) || stands(s, at, SPAN("\\u212a"), 1) ||
                                  stands(s, at, SPAN("\\u017f"), 1) ||
                                  span_starts(rest, SPAN("\xe2\x84\xaa")) ||
                                  span_starts(rest, SPAN("\xc5\xbf"));
        }
        return hidden;
}

/* Both ways on one text. Behind its end stands `behind`, which must not count; what it may do is
 * make the scan careful for nothing. Alignment is that of the text in its block. */
static void agree(struct span text, enum raw_form form, struct span behind, size_t align) {
        uint64_t want[WORDS] = {0}, got[WORDS];
        bool hidden = by_hand(text, form, want);

        for (unsigned padded = 0; padded < 2; padded++) {
                size_t room = align + text.len + (padded ? RAWSCAN_PADDING : 0);
                char *p = aligned_alloc(64, (room + 64) / 64 * 64), *exact = NULL;
                check(p != NULL);
                memset(p, 0, (room + 64) / 64 * 64);
                char *at = p + align;
                if (!padded) /* an exact block, so that the sanitizer sees a read past the end */
                        at = exact = malloc(text.len + !text.len);
                memcpy(at, text.p, text.len);
                if (padded)
                        memcpy(at + text.len, behind.p, MIN(behind.len, (size_t)RAWSCAN_PADDING));
                memset(got, 0, sizeof(got));
                bool h = rawscan_run(scan, span_of(at, text.len), form, padded, got);
                free(p);
                free(exact);
                if (memcmp(got, want, sizeof(got)) != 0 || h < hidden ||
                    (h > hidden && (!padded || behind.len == 0))) {
                        printf("# padded %u, form %d, align %zu, %zu bytes, hidden %d not %d: ",
                               padded, form, align, text.len, h, hidden);
                        for (size_t i = 0; i < MIN(text.len, (size_t)200); i++)
                                printf("%02x", (unsigned char)text.p[i]);
                        printf("\n");
                        check(!"as by hand");
                }
        }
}

/* ASCII to the form's bytes. Returns how many. */
static size_t put(char *to, const char *s, size_t n, enum raw_form form) {
        for (size_t i = 0; i < n; i++) {
                to[form == RAW_UTF16 ? 2 * i : i] = s[i];
                if (form == RAW_UTF16)
                        to[2 * i + 1] = 0;
        }
        return form == RAW_UTF16 ? 2 * n : n;
}

/* ---- sets of literals ---- */

static void few(void) {
        static const char *const words[] = {"mimikatz",   "sekurlsa",      "aaa", "aaab", "baaa",
                                            "kerberoast", "invoke-",       "::$", "0x1",  "_-.",
                                            "   ",        "kksskkss",      "sss", "kkk",  "sek",
                                            "abcabcabd",  "eventlog_clear"};
        n_lits = 0;
        for (size_t i = 0; i < ARRAY_LEN(words); i++)
                lit(words[i]);
        scan_make();
}

/* Short alphabet, so that windows are shared and most of a literal stands by chance. */
static void many(uint32_t n, const char *letters) {
        n_lits = 0;
        while (n_lits < n) {
                char w[16] = "";
                unsigned len = 3 + roll(6);
                for (unsigned i = 0; i < len; i++)
                        w[i] = letters[roll((unsigned)strlen(letters))];
                lit(w);
        }
        scan_make();
}

/* ---- texts ---- */

/* Each literal at each distance from the beginning and from the end, cut too. */
static void every_place(void) {
        static char text[1024];
        static const size_t before[] = {0, 1, 2, 3, 31, 59, 60, 61, 62, 63, 64, 65, 66, 127, 128};

        few();
        for (unsigned form = RAW_BYTES; form <= RAW_UTF16; form++)
                for (uint32_t i = 0; i < n_lits; i++)
                        for (size_t k = 0; k < ARRAY_LEN(before) * 3; k++) {
                                size_t n = before[k / 3], cut = k % 3, len;
                                memset(text, '~', sizeof(text));
                                size_t l = put(text + n, store[i], lits[i].len, form);
                                for (size_t q = 0; q < l; q += form + 1)
                                        if (roll(2) && text[n + q] >= 'a' && text[n + q] <= 'z')
                                                text[n + q] = (char)(text[n + q] - 32);
                                len = n + l - cut; /* cut 1 or 2: the rest stands behind the end */
                                agree(span_of(text, len), form, span_of(text + len, cut + 4),
                                      k % 64);
                        }
}

static void every_length_and_alignment(void) {
        static char text[TEXT_MAX];

        few();
        for (unsigned form = RAW_BYTES; form <= RAW_UTF16; form++) {
                size_t n = 0;
                for (uint32_t i = 0; n < 300; i++)
                        n += put(text + n, store[i % n_lits], lits[i % n_lits].len, form);
                for (size_t len = 0; len <= 200; len++)
                        agree(span_of(text + len % 7, len), form, SPAN(""), len % 64);
                for (size_t align = 0; align < 64; align++)
                        agree(span_of(text, 150 + align), form, SPAN("katz"), align);
        }
}

/* Bytes that the tables take for a letter (only seven bits are looked at), letters whose high byte
 * is not 0, letters at odd places. */
static void look_alikes(void) {
        static char text[TEXT_MAX];

        few();
        for (unsigned round = 0; round < 3000; round++) {
                enum raw_form form = round & 1 ? RAW_UTF16 : RAW_BYTES;
                size_t n = roll(80);
                memset(text, round & 2 ? 'a' : 0, sizeof(text));
                while (n < 240) {
                        uint32_t i = roll(n_lits);
                        size_t l = put(text + n, store[i], lits[i].len, form);
                        size_t at = n + roll((unsigned)l);
                        if (roll(3) == 0)
                                text[at] = (char)(text[at] ^ 0x80);
                        else if (roll(3) == 0)
                                text[at] = (char)(text[at] ^ 1 << roll(8));
                        n += l + roll(3);
                }
                agree(span_of(text, n - roll(20)), form, SPAN("zzz"), roll(64));
        }
}

static void what_hides(void) {
        static const char *const parts[] = {
                "\\u006b",  "\\u00e9",  "\\u0041", "\\u001f",         "\\u007F",
                "\\u00",    "\\u212A",  "\\u017f", "\\u2122",         "\xe2\x84\xaa",
                "\xc5\xbf", "\xe2\x84", "\xc5",    "\\u005C",         "\\u002D",
                "*!",       "\x7f\x01", "**!!",    "\x7f\x7f\x01\x01"};
        static char text[512];

        few();
        /* UTF-16 is no JSON: escapes hide nothing there */
        for (size_t i = 0; i < ARRAY_LEN(parts); i++)
                agree(span_of(text, put(text, parts[i], strlen(parts[i]), RAW_UTF16)), RAW_UTF16,
                      SPAN(""), 0);
        for (unsigned form = RAW_BYTES; form <= RAW_UTF16; form++)
                for (size_t i = 0; i < ARRAY_LEN(parts); i++)
                        for (size_t at = 0; at < 140; at++) {
                                size_t l = strlen(parts[i]);
                                memset(text, '~', sizeof(text));
                                memcpy(text + at, parts[i], l);
                                agree(span_of(text, 300), form, SPAN(""), at % 64);
                                agree(span_of(text, at + l), form, SPAN(""), at % 64);
                                agree(span_of(text, at + l - 1), form, SPAN(""), at % 64);
                        }
}

/* From none to the most, over texts in which some stand. */
static void random_sets(void) {
        static const uint32_t sizes[] = {0, 1, 2, 8, 63, 64, 65, 256, 257, 1000, LITS_MAX};
        static const char *const letters[] = {"ab", "abk. _",
                                              "abcdefghijklmnopqrstuvwxyz0123456789 .:-_"};
        static char text[TEXT_MAX];

        for (size_t s = 0; s < ARRAY_LEN(sizes); s++)
                for (size_t a = 0; a < ARRAY_LEN(letters); a++) {
                        many(sizes[s], letters[a]);
                        for (unsigned round = 0; round < (n_lits > 300 ? 12 : 150); round++) {
                                enum raw_form form = round & 1 ? RAW_UTF16 : RAW_BYTES;
                                size_t n = 0, len = roll(round % 10 ? 300 : 2000);
                                while (n + 64 < len) {
                                        char c = letters[a][roll((unsigned)strlen(letters[a]))];
                                        uint32_t i = roll(LITS_MAX);
                                        if (roll(8) == 0 && i < n_lits)
                                                n += put(text + n, store[i], lits[i].len, form);
                                        else
                                                n += put(text + n, &c, 1, form);
                                        if (roll(40) == 0) /* out of step */
                                                text[n++] = (char)roll(256);
                                }
                                agree(span_of(text, n), form, SPAN("bbbb"), roll(64));
                        }
                }
}

static void part_of_a_literal(void) {
        check_span(rawscan_part(SPAN("mimikatz")), "mimikatz");
        check_span(rawscan_part(SPAN("a\\bcd\"ef")), "bcd");
        check_span(rawscan_part(SPAN("c:\\x\\yz")), "c:");
        check_span(rawscan_part(SPAN("ti\xe1\xba\xbfng")), "ti");
        check_span(rawscan_part(SPAN("</script>")), "script");
        check_span(rawscan_part(SPAN("%%")), "");
        check_span(rawscan_part(SPAN("")), "");
}

int main(void) {
#if defined(__x86_64__)
        printf("# 64 positions at a time: %s\n",
               __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512bw")
                       ? "tested"
                       : "this processor cannot");
#endif
        RUN(part_of_a_literal);
        RUN(every_place);
        RUN(every_length_and_alignment);
        RUN(look_alikes);
        RUN(what_hides);
        RUN(random_sets);
        arena_deinit(&arena);
        return check_done();
}
