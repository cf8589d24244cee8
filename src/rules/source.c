/* Log sources looked up: names made canonical, a rule's log source to alternatives (see source.h).
 * Reading the maps is source_parse.c's work; all here runs over sorted or short arrays and
 * allocates nothing.
 *
 * Why a rule with category AND service needs rule 2 of source_match(): Sigma's three attributes
 * narrow each other, so `category: process_creation, service: sysmon` must not match event 4688 of
 * Security. The alternatives of the category are kept where one of the service's alternatives
 * speaks of the same events. */
#include "rules/source.h"

static int span_cmp(struct span a, struct span b) {
        int r = memcmp(a.p ? a.p : "", b.p ? b.p : "", MIN(a.len, b.len));

        return r ? r : (a.len > b.len) - (a.len < b.len);
}

static const struct source_alias *find_alias(const struct source_map *m, struct span name) {
        uint32_t lo = 0, hi = m->n_aliases;

        while (lo < hi) {
                uint32_t mid = lo + (hi - lo) / 2;
                int r = span_cmp(m->aliases[mid].from, name);

                if (r == 0)
                        return &m->aliases[mid];
                if (r < 0)
                        lo = mid + 1;
                else
                        hi = mid;
        }
        return NULL;
}

/* Without the longest prefix that leaves something; false when there is none. */
static bool strip(const struct source_map *m, struct span *name) {
        for (uint32_t i = 0; i < m->n_prefixes; i++) {
                struct span rest = *name, text = m->prefixes[i].text;

                if (rest.len <= text.len || !span_starts(rest, text))
                        continue;
                rest.p += text.len;
                rest.len -= text.len;
                if (m->prefixes[i].any_next) {
                        const char *dot = memchr(rest.p, '.', rest.len);

                        if (!dot || dot + 1 == rest.p + rest.len)
                                continue;
                        rest.len -= (size_t)(dot + 1 - rest.p);
                        rest.p = dot + 1;
                }
                *name = rest;
                return true;
        }
        return false;
}

struct span source_canonical(const struct source_map *m, struct span name) {
        const struct source_alias *a = find_alias(m, name);

        for (unsigned i = 0; !a && i < 4 && strip(m, &name); i++)
                a = find_alias(m, name);
        return a ? a->to : name;
}

int source_kind(const struct source_map *m, struct span name) {
        for (uint32_t i = 0; i < m->n_kinds; i++)
                if (m->kinds[i].len && span_eq(m->kinds[i], name))
                        return (int)i;
        return -1;
}

/* ---- a rule's log source ---- */

enum how { HOW_EXACT, HOW_WIDER, HOW_ANY_PRODUCT };

/* The rule says nothing, or the same. */
static bool within(struct span rule, struct span entry) {
        return rule.len == 0 || span_eq(rule, entry);
}

static bool entry_fits(const struct source_entry *e, const struct logsource *l, enum how how) {
        switch (how) {
        case HOW_EXACT:
                return span_eq(e->category, l->category) && span_eq(e->product, l->product) &&
                       span_eq(e->service, l->service);
        case HOW_WIDER:
                return within(l->category, e->category) && within(l->product, e->product) &&
                       within(l->service, e->service);
        case HOW_ANY_PRODUCT:
                return l->category.len && span_eq(e->category, l->category) &&
                       e->product.len == 0 && span_eq(e->service, l->service);
        }
        return false;
}

static uint32_t collect(const struct source_map *m, const struct logsource *l, enum how how,
                        const struct source_alt **ret, uint32_t max, struct span *why) {
        uint32_t n = 0;

        for (uint32_t i = 0; i < m->n_entries; i++) {
                const struct source_entry *e = &m->entries[i];

                if (!entry_fits(e, l, how))
                        continue;
                if (e->n_alts == 0 && how != HOW_WIDER)
                        *why = e->why;
                for (uint32_t k = 0; k < e->n_alts && n < max; k++)
                        ret[n++] = &e->alts[k];
        }
        return n;
}

static bool values_meet(struct source_value a, struct source_value b) {
        if (a.prefix && b.prefix)
                return span_starts(a.text, b.text) || span_starts(b.text, a.text);
        if (a.prefix)
                return span_starts(b.text, a.text);
        if (b.prefix)
                return span_starts(a.text, b.text);
        return span_eq(a.text, b.text);
}

static bool alts_meet(const struct source_alt *a, const struct source_alt *b) {
        if (a->kind != b->kind)
                return false;
        if (a->n_key1 == 0 || b->n_key1 == 0)
                return true;
        for (uint32_t i = 0; i < a->n_key1; i++)
                for (uint32_t k = 0; k < b->n_key1; k++)
                        if (values_meet(a->key1[i], b->key1[k]))
                                return true;
        return false;
}

/* Category and service at once, where no entry names both. */
static uint32_t intersect(const struct source_map *m, const struct logsource *l,
                          const struct source_alt **ret, uint32_t max) {
        const struct source_alt *services[SOURCE_MATCH_MAX];
        struct logsource c = {.category = l->category, .product = l->product};
        struct logsource s = {.product = l->product, .service = l->service};
        struct span why;
        uint32_t n = source_match(m, &c, ret, max, &why);
        uint32_t n_services = source_match(m, &s, services, SOURCE_MATCH_MAX, &why), kept = 0;

        for (uint32_t i = 0; i < n; i++)
                for (uint32_t k = 0; k < n_services; k++)
                        if (alts_meet(ret[i], services[k])) {
                                ret[kept++] = ret[i];
                                break;
                        }
        return kept;
}

uint32_t source_match(const struct source_map *m, const struct logsource *l,
                      const struct source_alt **ret, uint32_t max, struct span *ret_why) {
        struct span why = SPAN("");
        uint32_t n = 0;

        if (l->category.len || l->product.len || l->service.len) {
                n = collect(m, l, HOW_EXACT, ret, max, &why);
                if (n == 0 && why.len == 0) {
                        if (l->category.len && l->service.len)
                                n = intersect(m, l, ret, max);
                        else
                                n = collect(m, l, HOW_WIDER, ret, max, &why);
                        if (n == 0)
                                n = collect(m, l, HOW_ANY_PRODUCT, ret, max, &why);
                }
        }
        if (ret_why)
                *ret_why = n ? SPAN("") : why;
        return n;
}
