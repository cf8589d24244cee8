/* See share.h. What goes how far:
 *
 *   T1. An observable goes where its own light lets it; the incident's title, times and texts where the
 *       incident's lets them. What is stricter than the export is left out.
 *   T2. Names (of the unit, hosts, accounts, inner addresses, and all that people wrote) go only in an
 *       export that stays with its recipient (amber+strict, red). In wider ones they are pseudonyms that
 *       hold within one file: "host-2".
 *   T3. An export has its audit row, with how far it was meant to go. */
#include "desk/share.h"

#include <stdio.h>
#include <string.h>

#include "desk/desk_impl.h"
#include "wire/order.h"

static const char *const tlps[] = {"clear", "green", "amber", "amber_strict", "red"};
static const char *const types[] = {"address", "domain",  "url",     "email", "hash", "file",
                                    "host",    "account", "process", "ja3",   "other"};

const char *share_tlp_word(enum share_tlp t) {
        static const char *const words[] = {"TLP:CLEAR", "TLP:GREEN", "TLP:AMBER",
                                            "TLP:AMBER+STRICT", "TLP:RED"};
        return words[t];
}

/* What is not known is the strictest. */
static enum share_tlp tlp_of(struct span s) {
        for (unsigned i = 0; i < ARRAY_LEN(tlps); i++)
                if (span_eq(s, span_str(tlps[i])))
                        return i;
        return SHARE_RED;
}

static enum share_type type_of(struct span s) {
        for (unsigned i = 0; i < ARRAY_LEN(types); i++)
                if (span_eq(s, span_str(types[i])))
                        return i;
        return SHARE_OTHER;
}

static struct span kept(struct share *s, struct sql_rows *q, int column) {
        return sql_null(q, column) ? SPAN("") : arena_dup(s->c->arena, sql_span(q, column));
}

static int read_incident(struct share *s) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        const json_t *kind =
                s->of.kind.len ? regime_entry(s->of.regime, "kinds", s->of.kind.p) : NULL;
        const char *en = json_string_value(json_object_get(kind, "en"));
        int r = sql_rows(s->c->db, &q,
                         "SELECT i.title, i.summary, i.scope, u.name, i.occurred, i.restored,"
                         " i.closed, i.tlp FROM incident i LEFT JOIN unit u ON u.id=i.unit"
                         " WHERE i.id=?1",
                         "i", s->of.id);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r < 0 ? r : FAIL(-EIO);
        s->title = kept(s, q, 0);
        s->summary = kept(s, q, 1);
        s->scope = kept(s, q, 2);
        s->unit = kept(s, q, 3);
        s->occurred = sql_time(q, 4);
        s->restored = sql_time(q, 5);
        s->closed = sql_time(q, 6);
        s->tlp = tlp_of(sql_span(q, 7));
        s->kind = en ? span_str(en) : SPAN("Incident");
        s->open = s->tlp <= s->sharing;
        s->names = s->sharing >= SHARE_AMBER_STRICT;
        return s->title.p && s->summary.p && s->scope.p && s->unit.p ? 0 : FAIL(-ENOMEM);
}

/* Of our own networks, or of nobody's in particular. */
static bool inner(const unsigned char a[16]) {
        static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
        const unsigned char *v4 = a + 12;

        if (memcmp(a, mapped, 12) != 0)
                return (a[0] & 0xfe) == 0xfc || (a[0] == 0xfe && (a[1] & 0xc0) == 0x80) ||
                       (a[0] == 0 && a[1] == 0);
        return v4[0] == 10 || v4[0] == 127 || v4[0] == 0 || (v4[0] == 192 && v4[1] == 168) ||
               (v4[0] == 172 && (v4[1] & 0xf0) == 16) || (v4[0] == 169 && v4[1] == 254) ||
               (v4[0] == 100 && (v4[1] & 0xc0) == 64);
}

/* Within a network that a system here is said to have. */
static int ours(struct share *s, const struct order_target *t, bool *ret) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(s->c->db, &q, "SELECT address, bits FROM system_address", "");

        *ret = inner(t->address);
        while (r == 0 && !*ret && (r = sql_next(q)) == 1) {
                struct span a = sql_span(q, 0);
                unsigned bits = (unsigned)sql_int(q, 1), whole = bits / 8, rest = bits % 8;
                bool in = a.len == 16 && bits <= 128 && memcmp(a.p, t->address, whole) == 0;

                if (in && rest)
                        in = (((unsigned char)a.p[whole] ^ t->address[whole]) >> (8 - rest)) == 0;
                *ret = in;
                r = 0;
        }
        return r < 0 ? r : 0;
}

static int too_much(struct api_call *c) {
        return api_refuse(c, 413, "too_large", "this incident has more than one file holds",
                          "sự cố có nhiều dữ liệu hơn mức một tệp chứa được");
}

/* T2. */
static int hide(struct share *s, struct share_item *i, unsigned n, bool victim) {
        static const char *const words[] = {
                [SHARE_ADDRESS] = "inner-address", [SHARE_HOST] = "host",
                [SHARE_ACCOUNT] = "account",       [SHARE_EMAIL] = "mailbox",
                [SHARE_DOMAIN] = "site",           [SHARE_URL] = "page"};
        struct order_target t;
        bool own = false;
        int r = 0;

        if (i->type == SHARE_ADDRESS && order_target_parse(i->value, &t)) {
                static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

                i->v6 = memcmp(t.address, mapped, 12) != 0;
                i->bits = i->v6 ? t.bits : t.bits - 96;
                r = ours(s, &t, &own);
        }
        if (r < 0 || s->names)
                return r;
        i->note = SPAN("");
        own = own || victim || i->type == SHARE_HOST || i->type == SHARE_ACCOUNT;
        if (!own || i->type == SHARE_HASH || i->type >= SHARE_PROCESS || i->type == SHARE_FILE)
                return 0;
        i->value = arena_printf(s->c->arena, "%s-%u", words[i->type], n);
        i->hidden = true;
        return i->value.p ? 0 : too_much(s->c);
}

/* As a URI has it: what may not stand in one is %XX. */
static struct span uri(struct share *s, struct span v) {
        _cleanup_(buf_deinit) struct buf b = {.limit = 16384};

        for (size_t i = 0; i < v.len; i++) {
                unsigned char c = (unsigned char)v.p[i];

                if (c <= ' ' || c >= 0x7f || strchr("<>\"\\^`{|}", c))
                        buf_printf(&b, "%%%02X", c);
                else
                        buf_char(&b, (char)c);
        }
        return arena_dup(s->c->arena, b.len ? buf_get(&b) : SPAN(""));
}

static int read_items(struct share *s) {
        unsigned numbers[SHARE_OTHER + 1] = {0};
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(s->c->db, &q,
                         "SELECT id, at, type, value, role, note, tlp FROM incident_observable"
                         " WHERE incident=?1 AND dropped IS NULL ORDER BY id LIMIT 2000",
                         "i", s->of.id);

        while (r == 0 && s->n < SHARE_ITEMS && (r = sql_next(q)) == 1) {
                struct share_item *i = &s->items[s->n];
                struct span role = sql_span(q, 4);
                bool attacker = span_eq(role, SPAN("attacker"));
                bool victim = span_eq(role, SPAN("victim"));

                *i = (struct share_item){.id = sql_int(q, 0),
                                         .at = sql_time(q, 1),
                                         .type = type_of(sql_span(q, 2)),
                                         .tlp = tlp_of(sql_span(q, 6)),
                                         .value = kept(s, q, 3),
                                         .note = kept(s, q, 5),
                                         .attacker = attacker};
                if (i->type == SHARE_URL && i->value.p)
                        i->value = uri(s, i->value);
                r = i->value.p && i->note.p ? 0 : too_much(s->c);
                /* T1; and what a command line of ours holds nobody knows. */
                if (r != 0 || i->tlp > s->sharing ||
                    (!s->names && !attacker &&
                     (i->type == SHARE_PROCESS || i->type == SHARE_OTHER)))
                        continue;
                r = hide(s, i, ++numbers[i->type], victim);
                s->n++;
        }
        return r == 1 ? 0 : r; /* 1: the last of SHARE_ITEMS */
}

/* "attack.t1486" of the rules behind its alerts: each once. */
static int read_attacks(struct share *s) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(s->c->db, &q,
                         "SELECT DISTINCT r.tags FROM incident_alert j JOIN alert a ON"
                         " a.id=j.alert JOIN rule r ON r.ref=a.rule WHERE j.incident=?1"
                         " ORDER BY 1 LIMIT 500",
                         "i", s->of.id);

        while (r == 0 && (r = sql_next(q)) == 1) {
                struct span tags = sql_span(q, 0);
                const char *p = tags.p, *end = tags.p + tags.len;

                while (p && p < end && (p = memmem(p, (size_t)(end - p), "attack.t", 8))) {
                        char id[16] = "T";
                        size_t n = 1;

                        for (p += 8; p < end && n + 1 < sizeof(id) &&
                                     ((*p >= '0' && *p <= '9') || *p == '.');
                             p++)
                                id[n++] = *p;
                        if (n < 5)
                                continue;
                        bool had = s->n_attacks == ARRAY_LEN(s->attacks);
                        for (unsigned i = 0; i < s->n_attacks; i++)
                                had = had || span_eq(s->attacks[i], span_str(id));
                        if (!had)
                                s->attacks[s->n_attacks++] = arena_dup(s->c->arena, span_str(id));
                }
                r = 0;
        }
        return r < 0 ? r : 0;
}

int share_open(struct api_call *c, struct share **ret) {
        struct share *s = arena_zalloc(c->arena, sizeof(*s));

        if (!s)
                return FAIL(-ENOMEM);
        s->c = c;
        s->sharing = tlp_of(api_text(c, "sharing"));
        int r = incident_get(c, api_int(c, "id", 0), "reports.send", &s->of);
        if (r == 0)
                r = read_incident(s);
        if (r == 0)
                r = read_items(s);
        if (r == 0 && s->open)
                r = read_attacks(s);
        if (r == 0)
                r = api_write(c); /* T3 */
        if (r != 0)
                return r;
        snprintf(c->about, sizeof(c->about), "incident %lld", (long long)s->of.id);
        c->detail = json_pack("{s:s,s:I}", "sharing", share_tlp_word(s->sharing), "observables",
                              (json_int_t)s->n);
        *ret = s;
        return 0;
}
