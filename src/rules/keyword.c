/* Keywords: strings that rules look for in any value of an event.
 *
 * Where the record is a line of text, it is folded and walked once by a table of all keywords, and
 * so are values that do not stand in it as they are (decoded ones). JSON and EVTX records are not
 * text: unescaping and folding every value would cost more than everything else. So their raw bytes
 * are scanned for a part of each keyword that looks the same there (rules/rawscan.h), and only what
 * passes is tried on the values. In EVTX a value may lie outside the record (in a template) or be a
 * number: such values are scanned by themselves, and keywords that may be found in a rendered
 * number are always tried. What a template says is the same in each of its records, so the values
 * that had nothing are remembered, a few per bucket, and compared in full.
 *
 * An EVTX record is not all text: its numbers may have the bytes of a letter that folds into ASCII
 * and may so hide a keyword. Then the texts alone are asked, at whole characters. */
#include "rules/engine.h"
#include "rules/rawscan.h"

#define CLEAN_SLOTS 32u
#define CLEAN_BYTES 60u

/* A text in which the scan found nothing. */
struct clean {
        uint32_t len; /* 0: none */
        char text[CLEAN_BYTES];
};

struct keywords {
        struct table *table;  /* NULL: no line of text was met */
        struct rawscan *scan; /* NULL: no other record was */
        struct span *lits;    /* [n] of the scan */
        uint32_t *leaf;       /* [literal of the scan] */
        uint32_t n;
        uint32_t *every; /* leaves without a literal: tried on each event */
        uint32_t n_every;
        uint32_t *digits; /* leaves that may stand in a number, an address, a time: tried on each
                             EVTX event */
        uint32_t n_digits;
        uint64_t *found;
        struct clean clean[CLEAN_SLOTS];
};

/* May a value that is not text be rendered as something that holds this? */
static bool like_number(struct span s) {
        for (size_t i = 0; i < s.len; i++)
                if (!strchr("0123456789abcdefxtsz-:.{} ", s.p[i]))
                        return false;
        return true;
}

static void sort_out(struct matcher *m, const struct bucket *b, struct keywords *k) {
        for (uint32_t i = 0; i < b->n_keywords; i++) {
                const struct catom *c = &m->atoms.atom[b->leaves[b->keywords[i]].index];
                struct span part = rawscan_part(c->need);
                if (!table_takes(c))
                        continue;
                if (part.len < RAWSCAN_MIN || k->n >= RAWSCAN_MAX) {
                        k->every[k->n_every++] = b->keywords[i];
                        continue;
                }
                if (like_number(c->need) || c->b->op != ATOM_STRING)
                        k->digits[k->n_digits++] = b->keywords[i];
                k->leaf[k->n] = b->keywords[i];
                k->lits[k->n++] = part;
        }
}

int keywords_make(struct matcher *m, struct bucket *b) {
        struct arena *a = &b->table_arena;
        bool wanted = false;
        size_t n = (size_t)b->n_keywords + 1;

        b->kw = NULL;
        for (uint32_t i = 0; i < b->n_keywords; i++)
                wanted |= b->leaves[b->keywords[i]].n != 0;
        if (!wanted)
                return 0;
        struct keywords *k = arena_zalloc(a, sizeof(*k));
        if (!k)
                return FAIL(-ENOMEM);
        k->lits = arena_array(a, n, sizeof(*k->lits));
        k->leaf = arena_array(a, n, sizeof(*k->leaf));
        k->every = arena_array(a, n, sizeof(*k->every));
        k->digits = arena_array(a, n, sizeof(*k->digits));
        k->found = arena_array(a, n / 64 + 1, sizeof(*k->found));
        if (!k->lits || !k->leaf || !k->every || !k->digits || !k->found)
                return FAIL(-ENOMEM);
        sort_out(m, b, k);
        b->kw = k;
        return 0;
}

/* Of the two, events of a bucket need one. */
static bool have_table(struct matcher *m, struct keywords *k) {
        struct bucket *b = m->b;

        if (LIKELY(k->table != NULL))
                return true;
        struct table_item *items =
                arena_array(&b->table_arena, (size_t)b->n_keywords + 1, sizeof(*items));
        uint32_t n = 0;
        for (uint32_t i = 0; items && i < b->n_keywords; i++) {
                const struct catom *c = &m->atoms.atom[b->leaves[b->keywords[i]].index];
                if (table_takes(c))
                        items[n++] = (struct table_item){c, b->keywords[i]};
        }
        if (items)
                k->table = table_new(&b->table_arena, items, n, m->grams, TABLE_WITHIN);
        bucket_count(m, b);
        m->failed |= !k->table;
        return k->table != NULL;
}

static bool have_scan(struct matcher *m, struct keywords *k) {
        if (LIKELY(k->scan != NULL))
                return true;
        k->scan = rawscan_new(&m->b->table_arena, k->lits, k->n, m->tris);
        bucket_count(m, m->b);
        m->failed |= !k->scan;
        return k->scan != NULL;
}

static bool inside(struct span raw, const struct field *f) {
        return f->val >= raw.p && f->val <= raw.p + raw.len &&
               f->val_len <= (size_t)(raw.p + raw.len - f->val);
}

static uint32_t run_text(struct matcher *m, struct keywords *k, const struct value *raw,
                         uint32_t *to) {
        uint32_t n = table_run(k->table, &m->atoms, raw, to), all = n, room = m->b->n_keywords;

        for (uint32_t i = 0; i < m->e->n; i++) {
                const struct field *f = &m->e->fields[i];
                bool verbatim = f->type == V_STR || f->type == V_NUM || f->type == V_BOOL;
                if (f->type == V_NULL || (verbatim && inside(m->e->raw, f)))
                        continue;
                n = table_run(k->table, &m->atoms, field_value(m, i), to + room);
                for (uint32_t j = 0; j < n; j++) { /* each once, so that `to` has room */
                        uint32_t leaf = to[room + j];
                        if (m->b->state[leaf] == (m->epoch << 1 | 1))
                                continue;
                        bool known = false;
                        for (uint32_t q = 0; q < all && !known; q++)
                                known = to[q] == leaf;
                        if (!known)
                                to[all++] = leaf;
                }
        }
        return all;
}

static inline bool clean_is(const struct clean *c, struct span v) {
        return c->len == v.len && memcmp(c->text, v.p, v.len) == 0;
}

static bool any_found(const struct keywords *k) {
        uint64_t any = 0;

        for (uint32_t w = 0; w < k->n / 64 + 1; w++)
                any |= k->found[w];
        return any != 0;
}

/* A text of a template, or in ANSI. */
static bool scan_text(struct matcher *m, struct keywords *k, const struct field *f) {
        struct span v = span_of(f->val, f->val_len);
        bool padded = m->padded && inside(m->e->raw, f);
        struct clean *c = NULL;

        if (v.len == 0)
                return false;
        if (v.len <= CLEAN_BYTES) { /* two places, the second for what the first lost last */
                c = &k->clean[hash_span(v, 0) & (CLEAN_SLOTS - 2)];
                if (clean_is(c, v) || clean_is(c + 1, v))
                        return false;
        }
        if (!padded) { /* a copy with room behind it costs less than a scan without */
                char *to = arena_alloc(&m->event_arena, v.len + RAWSCAN_PADDING);
                if (to) {
                        memcpy(to, v.p, v.len);
                        memset(to + v.len, 0, RAWSCAN_PADDING);
                        v.p = to;
                        padded = true;
                }
        }
        bool before = any_found(k), hidden = rawscan_run(k->scan, v, RAW_BYTES, padded, k->found);
        if (c && !before && !hidden && !any_found(k)) {
                c[1] = c[0];
                c->len = (uint32_t)v.len;
                memcpy(c->text, v.p, v.len);
        }
        return hidden;
}

/* EVTX: a value beside the record's bytes, or in ANSI. */
static bool scan_value(struct matcher *m, struct keywords *k, const struct field *f) {
        if (f->type == V_STR)
                return scan_text(m, k, f);
        if (f->type == V_UTF16 && !inside(m->e->raw, f))
                return rawscan_run(k->scan, span_of(f->val, f->val_len), RAW_UTF16, false,
                                   k->found);
        return f->type == V_JSON;
}

static bool scan_values(struct matcher *m, struct keywords *k) {
        const struct event *e = m->e;
        uint32_t n = e->strays ? e->n_strays : e->n;
        bool hidden = false;

        for (uint32_t i = 0; i < n; i++)
                hidden |= scan_value(m, k, &e->fields[e->strays ? e->strays[i] : i]);
        return hidden;
}

/* Does a text of the record hold the Kelvin sign or the long s? */
static bool texts_hide(const struct matcher *m) {
        for (uint32_t i = 0; i < m->e->n; i++) {
                const struct field *f = &m->e->fields[i];
                if (f->type != V_UTF16)
                        continue;
                for (const char *p = f->val, *end = p + (f->val_len & ~1u); p < end; p += 2)
                        if ((p[0] == 0x2a && p[1] == 0x21) || (p[0] == 0x7f && p[1] == 0x01))
                                return true;
        }
        return false;
}

static uint32_t try_leaves(struct matcher *m, const uint32_t *leaves, uint32_t n, uint32_t *to,
                           uint32_t at) {
        for (uint32_t i = 0; i < n; i++)
                if (m->b->state[leaves[i]] >> 1 != m->epoch && leaf_holds(m, leaves[i]))
                        to[at++] = leaves[i];
        return at;
}

static uint32_t run_raw(struct matcher *m, struct keywords *k, uint32_t *to) {
        bool evtx = m->format == FORMAT_EVTX, hidden;
        uint32_t n = 0, words = k->n / 64 + 1;

        memset(k->found, 0, words * sizeof(*k->found));
        hidden = rawscan_run(k->scan, m->e->raw, evtx ? RAW_UTF16 : RAW_BYTES, m->padded, k->found);
        if (evtx) {
                hidden = UNLIKELY(hidden) && texts_hide(m);
                hidden |= scan_values(m, k);
        }
        if (k->n_every)
                n = try_leaves(m, k->every, k->n_every, to, n);
        if (evtx && k->n_digits)
                n = try_leaves(m, k->digits, k->n_digits, to, n);
        if (UNLIKELY(hidden))
                return try_leaves(m, k->leaf, k->n, to, n);
        for (uint32_t w = 0; w < words; w++)
                for (uint64_t bits = k->found[w]; bits; bits &= bits - 1)
                        n = try_leaves(m, &k->leaf[w * 64 + (unsigned)__builtin_ctzll(bits)], 1, to,
                                       n);
        return n;
}

uint32_t keywords_run(struct matcher *m, uint32_t *to) {
        struct keywords *k = m->b->kw;
        const struct value *raw = raw_value(m);
        uint32_t n = 0;

        if (raw ? have_table(m, k) : have_scan(m, k))
                n = raw ? run_text(m, k, raw, to) : run_raw(m, k, to);

        m->kw_epoch = m->epoch;
        return n;
}
