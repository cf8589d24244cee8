/* See sieve.h.
 *
 * Leaves are three-valued until an event is decoded: a literal that the bytes do not hold makes its
 * leaf false, and the query's own logic (query_judge) says whether anything can still come of it.
 *
 * Words are looked for in the bytes as received and, in JSON, behind its escapes too (in decoded
 * values): exactly what the token filters of blocks know. */
#include "seek/sieve.h"

#include <stdlib.h>

#include "base/utf8.h"
#include "rules/rawscan.h"

#define SIEVE_ARENA ((size_t)1 << 20)

struct sieve {
        const struct query *q;
        struct arena arena;
        struct rawscan *scan;
        struct tri_count common;
        uint32_t lit_leaf[QUERY_LEAVES_MAX]; /* of the i-th literal */
        uint32_t n_lits;
        struct sieve_run run;
        uint8_t known[QUERY_LEAVES_MAX]; /* of the run */
        bool raw;                        /* literals stand in the bytes as they are */
        uint64_t relaxed, open, leaves;
};

int sieve_new(struct sieve **ret, const struct query *q) {
        struct span lits[QUERY_LEAVES_MAX];
        struct sieve *s = calloc(1, sizeof(*s));

        if (!s)
                return -ENOMEM;
        s->q = q;
        arena_init(&s->arena, SIEVE_ARENA);
        for (uint32_t i = 0; i < q->n_leaves; i++) {
                struct span part = rawscan_part(q->leaves[i].literal);

                if (part.len < RAWSCAN_MIN)
                        continue;
                lits[s->n_lits] = part;
                s->lit_leaf[s->n_lits++] = i;
        }
        if (s->n_lits)
                s->scan = rawscan_new(&s->arena, lits, s->n_lits, &s->common);
        if (s->n_lits && !s->scan) {
                sieve_free(s);
                return -ENOMEM;
        }
        *ret = s;
        return 0;
}

struct sieve *sieve_free(struct sieve *s) {
        if (s)
                arena_deinit(&s->arena);
        free(s);
        return NULL;
}

/* ---- text ---- */

static bool glob_here(struct span p, struct span t, bool tail_open) {
        size_t star_p = SIZE_MAX, star_t = 0, i = 0, k = 0;

        for (;;) {
                if (i == p.len && (k == t.len || tail_open))
                        return true;
                if (i < p.len && p.p[i] == '*') {
                        star_p = ++i;
                        star_t = k;
                        continue;
                }
                if (i < p.len && k < t.len) {
                        uint32_t cp;
                        unsigned n = utf8_next(t.p + k, t.len - k, &cp);
                        size_t lit = i + (p.p[i] == '\\' && i + 1 < p.len);

                        if (p.p[i] == '?') {
                                i++;
                                k += n ? n : 1;
                                continue;
                        }
                        if (p.p[lit] == t.p[k]) {
                                i = lit + 1;
                                k++;
                                continue;
                        }
                }
                if (star_p == SIZE_MAX || star_t >= t.len)
                        return false;
                i = star_p; /* only the last star is gone back to: linear in practice, n·m at worst */
                k = ++star_t;
        }
}

/* Folded copies, in `room` if they fit, else in the heap. */
struct folded {
        struct span s;
        char *heap;
        char room[512];
};

static void fold(struct folded *f, struct span s) {
        size_t need = s.len * 3 / 2 + 4;

        f->heap = need > sizeof(f->room) ? malloc(need) : NULL;
        char *to = f->heap ? f->heap : f->room;
        if (need > sizeof(f->room) && !f->heap)
                f->s = SPAN_NONE;
        else
                f->s = span_of(to, utf8_fold_to(to, s));
}

bool sieve_glob(struct span pattern, struct span text, bool anywhere) {
        struct folded p, t;
        char wrapped[1024];
        bool yes = false;

        fold(&p, pattern);
        fold(&t, text);
        if (p.s.p && t.s.p) {
                struct span w = p.s;
                if (anywhere && p.s.len + 1 < sizeof(wrapped)) {
                        wrapped[0] = '*';
                        memcpy(wrapped + 1, p.s.p, p.s.len);
                        w = span_of(wrapped, p.s.len + 1);
                }
                yes = glob_here(w, t.s, anywhere);
        }
        free(p.heap);
        free(t.heap);
        return yes;
}

static bool beside_word(char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || (c & 0x80);
}

static bool word_in(struct span w, struct span t) {
        const char *at = t.p, *end = t.p + t.len;

        while ((at = memmem(at, (size_t)(end - at), w.p, w.len)) != NULL) {
                bool left = at == t.p || !beside_word(at[-1]) || !beside_word(w.p[0]);
                bool right = at + w.len == end || !beside_word(at[w.len]) ||
                             !beside_word(w.p[w.len - 1]);

                if (left && right)
                        return true;
                at++;
        }
        return false;
}

bool sieve_word(struct span word, struct span text) {
        struct folded w, t;
        bool yes = false;

        fold(&w, word);
        fold(&t, text);
        if (w.s.p && t.s.p && w.s.len)
                yes = word_in(w.s, t.s);
        free(w.heap);
        free(t.heap);
        return yes;
}

/* ---- runs and bytes ---- */

/* What decoding changes beyond JSON's escapes cannot be looked for in the bytes. */
static bool bytes_tell(enum format f) {
        switch (f) {
        case FORMAT_JSON:
        case FORMAT_SYSLOG:
        case FORMAT_CEF:
        case FORMAT_LEEF:
        case FORMAT_KV:
        case FORMAT_CSV:
        case FORMAT_TEXT:
        case FORMAT_ZEEK_TSV: return true;
        default: return false;
        }
}

static bool is_text_leaf(const struct leaf *l) {
        return l->kind == LEAF_WORD || l->kind == LEAF_PHRASE || l->kind == LEAF_PART;
}

static uint8_t of_run(const struct leaf *l, const struct sieve_run *run) {
        bool yes;

        if (l->kind == LEAF_SOURCE)
                yes = sieve_glob(l->text, run->source, false);
        else if (l->kind == LEAF_PEER)
                yes = sieve_glob(l->text, run->peer, false);
        else if (l->kind == LEAF_DRILL)
                yes = run->drill != 0;
        else
                return MAYBE_TRUE | MAYBE_FALSE;
        return yes ? MAYBE_TRUE : MAYBE_FALSE;
}

bool sieve_begin(struct sieve *s, const struct sieve_run *run) {
        s->run = *run;
        s->raw = bytes_tell(run->format);
        for (uint32_t i = 0; i < s->q->n_leaves; i++)
                s->known[i] = of_run(&s->q->leaves[i], run);
        return (query_judge(s->q, s->known) & MAYBE_TRUE) != 0;
}

bool sieve_may(struct sieve *s, struct span bytes) {
        uint64_t found[(QUERY_LEAVES_MAX + 63) / 64] = {0};
        uint8_t state[QUERY_LEAVES_MAX];
        bool evtx = s->run.format == FORMAT_EVTX;

        if (!s->scan || evtx)
                return true;
        if (rawscan_run(s->scan, bytes, RAW_BYTES, true, found))
                return true; /* letters may be hidden behind escapes */
        memcpy(state, s->known, s->q->n_leaves);
        for (uint32_t i = 0; i < s->n_lits; i++) {
                uint32_t l = s->lit_leaf[i];

                if (!(found[i / 64] >> (i % 64) & 1) && (s->raw || is_text_leaf(&s->q->leaves[l])))
                        state[l] &= MAYBE_FALSE;
        }
        return (query_judge(s->q, state) & MAYBE_TRUE) != 0;
}

/* ---- events ---- */

static bool text_matches(const struct leaf *l, struct span text) {
        return l->kind == LEAF_PART ? sieve_glob(l->text, text, true) : sieve_word(l->text, text);
}

/* In the bytes; where those are not the text itself (EVTX, JSON's escapes), in the values. */
static bool anywhere(const struct sieve *s, const struct leaf *l, const struct event *e,
                     struct arena *a) {
        bool evtx = s->run.format == FORMAT_EVTX;

        if (!evtx && text_matches(l, e->raw))
                return true;
        if (!evtx && (s->run.format != FORMAT_JSON || !memchr(e->raw.p, '\\', e->raw.len)))
                return false;
        for (uint32_t i = 0; i < e->n; i++) {
                struct span v = value_text(&e->fields[i], a);

                if (v.p && text_matches(l, v))
                        return true;
        }
        return false;
}

static bool leaf_true(const struct sieve *s, const struct leaf *l, const struct event *e,
                      uint32_t flags, struct arena *a) {
        struct span v;

        switch (l->kind) {
        case LEAF_HOST: v = event_host(e, a); return v.p && sieve_glob(l->text, v, false);
        case LEAF_USER: v = event_user(e, a); return v.p && sieve_glob(l->text, v, false);
        case LEAF_FLAG: return (flags & l->flag) != 0;
        case LEAF_WORD:
        case LEAF_PHRASE:
        case LEAF_PART: return anywhere(s, l, e, a);
        default: return false;
        }
}

void sieve_relax(struct sieve *s, uint64_t leaves) {
        s->relaxed = leaves;
}

void sieve_open(struct sieve *s, uint64_t leaves) {
        s->open = leaves;
}

uint64_t sieve_leaves(const struct sieve *s) {
        return s->leaves;
}

bool sieve_event(struct sieve *s, const struct event *e, uint32_t flags, uint64_t leaves,
                 struct arena *a) {
        uint8_t state[QUERY_LEAVES_MAX];

        s->leaves = 0;
        for (uint32_t i = 0; i < s->q->n_leaves; i++) {
                const struct leaf *l = &s->q->leaves[i];
                bool yes;

                state[i] = s->known[i];
                if (state[i] == MAYBE_TRUE)
                        s->leaves |= UINT64_C(1) << i;
                if (state[i] != (MAYBE_TRUE | MAYBE_FALSE))
                        continue;
                if (l->kind == LEAF_FIELD || l->kind == LEAF_RULE)
                        yes = (leaves >> i & 1) != 0;
                else
                        yes = leaf_true(s, l, e, flags, a);
                s->leaves |= (uint64_t)yes << i;
                if (!(s->open >> i & 1) && (!yes || !(s->relaxed >> i & 1)))
                        state[i] = yes ? MAYBE_TRUE : MAYBE_FALSE;
        }
        return (query_judge(s->q, state) & MAYBE_TRUE) != 0;
}
