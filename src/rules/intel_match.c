/* Indicators in an event. Which fields may hold one is found out when a shape is learned; of an event
 * only those values are looked at, through the memo: of a value seen before nothing is computed. The
 * memo's key holds what the field may hold, so what was found under one name serves all names alike.
 *
 * What the memo keeps are entries of the table, expired or not: the clock is asked afterwards, so time
 * that passes needs nothing to be forgotten.
 *
 * Where rules look at the field too, one entry of the memo serves both: the field's table asks here
 * when the value is new (intel_match_look()), and what was found stands among its leaves, marked
 * INTEL_FOUND. The others are gone through here. */
#include <stdlib.h>

#include "rules/engine.h"
#include "rules/indicators.h"

#define MEMO_TABLES 0xffffff00u /* beyond what buckets number their tables with */
#define FIELDS_MAX 512u         /* of one event: elements of an array are a field each */

struct intel_names {
        struct {
                struct span name; /* p NULL: free */
                uint32_t holds;
                uint32_t beside, host, query; /* places; NONE32: none */
        } * at;
        uint32_t mask;
        struct intel_found found;   /* scratch */
        char joined[INTEL_KEY_MAX]; /* scratch: a URL of several fields */
};

static uint32_t place(const struct intel_names *t, struct span name) {
        uint32_t k = (uint32_t)hash_span(name, 5) & t->mask;

        while (t->at[k].name.p && !span_eq(t->at[k].name, name))
                k = (k + 1) & t->mask;
        return k;
}

/* Of a name that gets its place now if it has none; NONE32: an empty one. */
static uint32_t known_place(struct intel_names *t, struct span name) {
        uint32_t k;

        if (name.len == 0)
                return NONE32;
        k = place(t, name);
        if (!t->at[k].name.p) {
                t->at[k].name = name;
                t->at[k].beside = t->at[k].host = t->at[k].query = NONE32;
        }
        return k;
}

int intel_match_init(struct matcher *m) {
        const struct program *g = m->g;
        struct intel_names *t;
        uint32_t size = 64;

        if (g->intel.n == 0)
                return 0;
        while (size < g->n[SEC_FIELD] * 4)
                size *= 2;
        t = arena_zalloc(&m->arena, sizeof(*t));
        if (!t)
                return FAIL(-ENOMEM);
        t->at = arena_array(&m->arena, size, sizeof(*t->at));
        t->mask = size - 1;
        if (!t->at)
                return FAIL(-ENOMEM);
        for (uint32_t i = 0; i < g->n[SEC_FIELD]; i++) {
                const struct b_field *f = &g->fields[i];
                uint32_t k = known_place(t, blob_str(g, f->name));

                t->at[k].holds = f->holds;
                t->at[k].beside = known_place(t, blob_str(g, f->beside));
                t->at[k].host = known_place(t, blob_str(g, f->at));
                t->at[k].query = known_place(t, blob_str(g, f->then));
        }
        m->intel_names = t;
        return 0;
}

/* Are there indicators that such a field could hold? */
static bool worth_it(const struct intel_table *t, uint32_t holds) {
        const uint32_t *n = t->counts;
        uint32_t hosts = n[INTEL_ADDRESS] | n[INTEL_DOMAIN] | n[INTEL_TREE];

        switch (holds) {
        case INTEL_FIELD_HOST:
        case INTEL_FIELD_HOSTS: return hosts;
        case INTEL_FIELD_TEXT:
        case INTEL_FIELD_URL: return hosts | n[INTEL_URL];
        case INTEL_FIELD_HASH:
        case INTEL_FIELD_HASHES:
                return n[INTEL_MD5] | n[INTEL_SHA1] | n[INTEL_SHA256] | n[INTEL_SHA512] |
                       n[INTEL_IMPHASH];
        case INTEL_FIELD_JA3: return n[INTEL_JA3];
        default: return false;
        }
}

uint32_t intel_match_name(struct matcher *m, struct span name) {
        const struct intel_names *t = m->intel_names;
        char lower[INTEL_NAME_MAX];
        size_t n = 0;

        if (!t)
                return NONE32;
        name = source_canonical(&m->map, name);
        if (name.len > sizeof(lower))
                return NONE32;
        for (size_t i = 0; i < name.len; i++)
                if (name.p[i] != ' ')
                        lower[n++] = ascii_lower(name.p[i]);
        uint32_t k = place(t, span_of(lower, n));
        return t->at[k].name.p ? k : NONE32;
}

uint32_t intel_match_holds(struct matcher *m, struct span canonical) {
        uint32_t k = intel_match_name(m, canonical);

        if (k == NONE32 || m->intel_names->at[k].beside != NONE32 ||
            m->intel_names->at[k].host != NONE32 ||
            !worth_it(&m->g->intel, m->intel_names->at[k].holds))
                return INTEL_FIELD_NONE;
        return m->intel_names->at[k].holds;
}

/* The first field of that name; NONE32. */
static uint32_t field_of(const struct name_ids *ids, uint32_t n, uint32_t wanted) {
        for (uint32_t i = 0; wanted != NONE32 && i < n; i++)
                if (ids[i].intel == wanted)
                        return i;
        return NONE32;
}

bool intel_match_shape(struct matcher *m, struct arena *a, const struct name_ids *ids,
                       struct shape *s) {
        const struct intel_names *t = m->intel_names;
        struct shape_intel list[FIELDS_MAX];
        uint32_t n = 0;

        for (uint32_t i = 0; i < s->n && n < FIELDS_MAX; i++) {
                uint32_t k = ids[i].intel;

                if (k == NONE32 || !worth_it(&m->g->intel, t->at[k].holds))
                        continue;
                if (t->at[k].beside == NONE32 || field_of(ids, s->n, t->at[k].beside) != NONE32)
                        list[n++] =
                                (struct shape_intel){.field = i,
                                                     .holds = t->at[k].holds,
                                                     .at = field_of(ids, s->n, t->at[k].host),
                                                     .then = field_of(ids, s->n, t->at[k].query)};
        }
        if (n == 0)
                return true;
        s->intel = arena_array(a, n, sizeof(*s->intel));
        if (!s->intel)
                return false;
        memcpy(s->intel, list, n * sizeof(*list));
        s->n_intel = n;
        return true;
}

static bool is_string(const struct field *f) {
        return f->type == V_STR || f->type == V_JSON || f->type == V_UTF16 || f->type == V_BIN;
}

/* Nothing shorter is an indicator. */
static bool is_text(const struct field *f) {
        return f->val_len >= 4 && is_string(f);
}

static void found_in(struct matcher *m, const struct shape_intel *in, uint32_t entry) {
        const struct intel_table *t = &m->g->intel;
        const struct intel_entry *e = &t->entries[entry];

        if ((e->expires && e->expires <= m->now_s) || e->rule >= t->n_rules ||
            !m->rule_on[t->first_rule + e->rule])
                return;
        for (uint32_t k = 0; k < m->n_intel_hits; k++)
                if (m->intel_hits[k].entry == entry && m->intel_hits[k].in.field == in->field)
                        return;
        if (m->n_intel_hits < INTEL_HITS_MAX)
                m->intel_hits[m->n_intel_hits++] = (struct intel_hit){entry, *in};
}

void intel_match_found(struct matcher *m, uint32_t holds, uint32_t field, uint32_t entry) {
        found_in(m, &(struct shape_intel){field, holds, NONE32, NONE32}, entry);
}

/* The URL that a path, its host and perhaps a query make: SPAN_NONE when the field is no path, or too
 * long for any. */
static struct span join(struct matcher *m, const struct shape_intel *s) {
        struct intel_names *t = m->intel_names;
        struct span path, host, query = SPAN_NONE;

        if (s->at == NONE32 || !is_text(&m->e->fields[s->at]) ||
            !is_string(&m->e->fields[s->field]))
                return SPAN_NONE;
        path = field_value(m, s->field)->text;
        if (path.len == 0 || path.p[0] != '/')
                return SPAN_NONE;
        host = field_value(m, s->at)->text;
        if (s->then != NONE32 && is_string(&m->e->fields[s->then]))
                query = field_value(m, s->then)->text;
        if (query.len && query.p[0] == '?')
                query = span_of(query.p + 1, query.len - 1);
        if (query.len == 1 && query.p[0] == '-')
                query.len = 0; /* W3C: none */
        if (host.len + path.len + query.len + 1 > sizeof(t->joined))
                return SPAN_NONE;
        size_t n = host.len;
        memcpy(t->joined, host.p, n);
        memcpy(t->joined + n, path.p, path.len);
        n += path.len;
        if (query.len) {
                t->joined[n++] = '?';
                memcpy(t->joined + n, query.p, query.len);
                n += query.len;
        }
        return span_of(t->joined, n);
}

uint32_t intel_match_look(struct matcher *m, uint32_t holds, uint32_t field, uint32_t *to) {
        struct intel_found *found = &m->intel_names->found;

        if (!is_text(&m->e->fields[field]))
                return 0;
        intel_look(&m->g->intel, (enum intel_field)holds, field_value(m, field)->text, found);
        for (uint32_t i = 0; i < found->n; i++)
                to[i] = INTEL_FOUND | found->entry[i];
        return found->n;
}

static void run_field(struct matcher *m, const struct shape_intel *s, uint64_t hash) {
        const struct field *f = &m->e->fields[s->field];
        uint32_t table = MEMO_TABLES | s->holds, own[INTEL_FOUND_MAX], n;
        const uint32_t *entries;

        if (s->at != NONE32) { /* what it is depends on its host: nothing to remember */
                struct span url = m->g->intel.counts[INTEL_URL] ? join(m, s) : SPAN_NONE;
                struct intel_found *found = &m->intel_names->found;

                if (url.p) {
                        intel_look(&m->g->intel, INTEL_FIELD_PATH, url, found);
                        for (uint32_t i = 0; i < found->n; i++)
                                found_in(m, s, found->entry[i]);
                        return;
                }
        }
        if (!is_text(f))
                return;
        if (m->memo.off || !memo_get(&m->memo, table, hash, f, &entries, &n)) {
                n = intel_match_look(m, s->holds, s->field, own);
                entries = own;
                if (!m->memo.off)
                        memo_put(&m->memo, table, hash, f, entries, n);
        }
        for (uint32_t i = 0; i < n; i++)
                intel_match_found(m, s->holds, s->field, entries[i] & ~INTEL_FOUND);
}

void intel_match_run(struct matcher *m) {
        const struct view *v = m->view;
        uint64_t hash[FIELDS_MAX];

        for (uint32_t i = 0; i < v->n_intel; i++) {
                hash[i] = 0;
                if (m->memo.off)
                        continue;
                hash[i] = memo_hash(&m->e->fields[v->intel[i].field],
                                    MEMO_TABLES | v->intel[i].holds);
                memo_ahead(&m->memo, hash[i]);
        }
        for (uint32_t i = 0; i < v->n_intel; i++)
                run_field(m, &v->intel[i], hash[i]);
        for (uint32_t i = 0; i < m->n_intel_hits; i++)
                matcher_add_hit(m, m->g->intel.first_rule +
                                           m->g->intel.entries[m->intel_hits[i].entry].rule);
}

bool matcher_indicator(struct matcher *m, uint32_t i, struct match_indicator *ret) {
        const struct intel_table *t = &m->g->intel;

        if (i >= m->n_intel_hits)
                return false;
        const struct intel_hit *h = &m->intel_hits[i];
        const struct intel_entry *e = &t->entries[h->entry];
        struct span url = join(m, &h->in);
        const char *text =
                url.p ? intel_look_text(t, INTEL_FIELD_PATH, url, h->entry, &m->intel_names->found)
                      : intel_look_text(t, (enum intel_field)h->in.holds,
                                        field_value(m, h->in.field)->text, h->entry,
                                        &m->intel_names->found);
        *ret = (struct match_indicator){.rule = t->first_rule + e->rule,
                                        .field = h->in.field,
                                        .type = span_str(intel_type_name((enum intel_type)e->type)),
                                        .value = span_str(text),
                                        .name = intel_table_name(t, e),
                                        .tlp = span_str(intel_tlp_name(e->tlp)),
                                        .expires = e->expires ? e->expires * NS_PER_SEC : TIME_NONE,
                                        .confidence = e->confidence};
        return true;
}
