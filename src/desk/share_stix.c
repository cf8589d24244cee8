/* STIX 2.1: a bundle of the incident, the agency, what was observed and what to look for.
 *
 *   - identifiers are made of what an object shows, never of what it hides, so that who guesses a host's name
 *     cannot check the guess; the same export twice has the same identifiers;
 *   - each object carries the light of its own (marking definitions of TLP 2.0 by OASIS);
 *   - what is the attacker's becomes an indicator with a pattern; all that has a cyber-observable object of
 *     its own is in one observed-data; the rest is told in the incident's description.
 *
 * https://docs.oasis-open.org/cti/stix/v2.1/os/stix-v2.1-os.html */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "desk/api_impl.h"
#include "desk/share.h"

#define TLP_EXTENSION "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"

static const struct {
        const char *id, *word, *name;
} lights[] = {
        {"marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487", "clear", "TLP:CLEAR"},
        {"marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb", "green", "TLP:GREEN"},
        {"marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421", "amber", "TLP:AMBER"},
        {"marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003", "amber+strict",
         "TLP:AMBER+STRICT"},
        {"marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1", "red", "TLP:RED"},
};

struct stix {
        const struct share *s;
        json_t *objects, *seen; /* seen: SCOs by id */
        char agency[80], incident[80];
        bool failed;
};

/* A name in UUID's form (version 4's bits, as it is no SHA-1 of version 5). */
static void make_id(char to[80], const char *type, struct span of) {
        unsigned char h[16];
        crypto_generichash_state st;

        crypto_generichash_init(&st, NULL, 0, 16);
        crypto_generichash_update(&st, (const unsigned char *)"coloa stix 1", 12);
        crypto_generichash_update(&st, (const unsigned char *)type, strlen(type) + 1);
        crypto_generichash_update(&st, (const unsigned char *)of.p, of.len);
        crypto_generichash_final(&st, h, 16);
        h[6] = (unsigned char)((h[6] & 0x0f) | 0x40);
        h[8] = (unsigned char)((h[8] & 0x3f) | 0x80);
        snprintf(to, 80, "%s--%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
                 type, h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7], h[8], h[9], h[10], h[11],
                 h[12], h[13], h[14], h[15]);
}

static json_t *time_json(int64_t ns) {
        char text[40];

        return json_stringn(text, time_format(text, ns, 3));
}

static void add(struct stix *x, json_t *o) {
        if (!o || json_array_append_new(x->objects, o) < 0)
                x->failed = true;
}

/* The fields that all domain objects have. */
static json_t *domain_object(struct stix *x, const char *type, const char *id, int64_t created,
                             enum share_tlp tlp) {
        return json_pack("{s:s,s:s,s:s,s:s,s:o,s:o,s:[s]}", "type", type, "spec_version", "2.1",
                         "id", id, "created_by_ref", x->agency, "created", time_json(created),
                         "modified", time_json(x->s->c->now > created ? x->s->c->now : created),
                         "object_marking_refs", lights[tlp].id);
}

static void set(struct stix *x, json_t *o, const char *name, json_t *v) {
        if (json_object_set_new(o, name, v) < 0)
                x->failed = true;
}

/* ---- who, what ---- */

static void add_lights(struct stix *x) {
        bool used[ARRAY_LEN(lights)] = {false};

        used[x->s->sharing] = true;
        used[x->s->tlp] = x->s->open || used[x->s->tlp];
        used[SHARE_CLEAR] = true; /* of what is public knowledge */
        for (unsigned i = 0; i < x->s->n; i++)
                used[x->s->items[i].tlp] = true;
        for (unsigned i = 0; i < ARRAY_LEN(lights); i++)
                if (used[i])
                        add(x,
                            json_pack("{s:s,s:s,s:s,s:s,s:s,s:{s:{s:s,s:s}}}", "type",
                                      "marking-definition", "spec_version", "2.1", "id",
                                      lights[i].id, "created", "2022-10-01T00:00:00.000Z", "name",
                                      lights[i].name, "extensions", TLP_EXTENSION, "extension_type",
                                      "property-extension", "tlp_2_0", lights[i].word));
}

static void add_agency(struct stix *x) {
        struct span name = x->s->names ? x->s->unit : SPAN("Reporting agency");
        json_t *o = json_pack("{s:s,s:s,s:s,s:o,s:o,s:o,s:s}", "type", "identity", "spec_version",
                              "2.1", "id", x->agency, "created", time_json(x->s->of.opened),
                              "modified", time_json(x->s->of.opened), "name", api_json_text(name),
                              "identity_class", "organization");
        if (x->s->names)
                set(x, o, "object_marking_refs", json_pack("[s]", lights[x->s->sharing].id));
        add(x, o);
}

static json_t *incident_words(struct stix *x) {
        const struct share *s = x->s;
        _cleanup_(buf_deinit) struct buf b = {.limit = 200000};

        buf_span(&b, s->kind);
        if (s->names && s->summary.len) {
                buf_str(&b, "\n\n");
                buf_span(&b, s->summary);
        }
        if (s->names && s->scope.len) {
                buf_str(&b, "\n\n");
                buf_span(&b, s->scope);
        }
        return api_json_text(buf_get(&b));
}

static void add_incident(struct stix *x) {
        const struct share *s = x->s;
        json_t *o = domain_object(x, "incident", x->incident, s->of.opened, s->tlp);

        set(x, o, "name", api_json_text(s->names ? s->title : s->kind));
        set(x, o, "description", incident_words(x));
        set(x, o, "external_references",
            json_pack("[{s:s,s:s}]", "source_name", "coloa", "external_id", s->of.code.p));
        if (s->of.drill)
                set(x, o, "labels", json_pack("[s]", "exercise"));
        add(x, o);
}

static void add_relation(struct stix *x, const char *from, const char *word, const char *to,
                         enum share_tlp tlp) {
        char id[80], of[256];
        int n = snprintf(of, sizeof(of), "%s %s %s", from, word, to);

        make_id(id, "relationship", span_of(of, (size_t)n));
        json_t *o = domain_object(x, "relationship", id, x->s->of.opened, tlp);
        set(x, o, "relationship_type", json_string(word));
        set(x, o, "source_ref", json_string(from));
        set(x, o, "target_ref", json_string(to));
        add(x, o);
}

static void add_attacks(struct stix *x) {
        for (unsigned i = 0; i < x->s->n_attacks; i++) {
                char id[80];

                make_id(id, "attack-pattern", x->s->attacks[i]);
                json_t *o = domain_object(x, "attack-pattern", id, x->s->of.opened, SHARE_CLEAR);
                set(x, o, "name", api_json_text(x->s->attacks[i]));
                set(x, o, "external_references",
                    json_pack("[{s:s,s:s}]", "source_name", "mitre-attack", "external_id",
                              x->s->attacks[i].p));
                add(x, o);
                add_relation(x, x->incident, "related-to", id, x->s->tlp);
        }
}

/* ---- what was seen ---- */

static const char *hash_name(struct span s) {
        for (size_t i = 0; i < s.len; i++)
                if (!strchr("0123456789abcdefABCDEF", s.p[i]))
                        return NULL;
        return s.len == 32    ? "MD5"
               : s.len == 40  ? "SHA-1"
               : s.len == 64  ? "SHA-256"
               : s.len == 128 ? "SHA-512"
                              : NULL;
}

/* The object's type and the path of its value; NULL: it has none. */
static const char *sco_of(const struct share_item *i, const char **ret_key) {
        *ret_key = "value";
        switch (i->type) {
        case SHARE_ADDRESS: return !i->bits ? NULL : i->v6 ? "ipv6-addr" : "ipv4-addr";
        case SHARE_DOMAIN: return "domain-name";
        case SHARE_URL: return memmem(i->value.p, i->value.len, "://", 3) ? "url" : NULL;
        case SHARE_EMAIL: return memchr(i->value.p, '@', i->value.len) ? "email-addr" : NULL;
        case SHARE_HASH: *ret_key = hash_name(i->value); return *ret_key ? "file" : NULL;
        case SHARE_FILE: *ret_key = "name"; return "file";
        case SHARE_ACCOUNT: *ret_key = "account_login"; return "user-account";
        case SHARE_PROCESS: *ret_key = "command_line"; return "process";
        default: return NULL;
        }
}

/* As STIX says: of the properties that make it what it is, as canonical JSON; a process has none. */
static void sco_id(char to[80], const char *type, const char *key, const struct share_item *i) {
        static const unsigned char space[16] = {0x00, 0xab, 0xed, 0xb4, 0xaa, 0x42, 0x46, 0x6c,
                                                0x9c, 0x01, 0xfe, 0xd2, 0x33, 0x15, 0xa9, 0xb7};
        json_t *value = api_json_text(i->value), *o = NULL;
        _cleanup_(buf_deinit) struct buf b = {.limit = (size_t)1 << 20};
        char uuid[37];

        if (i->type == SHARE_PROCESS) {
                json_decref(value);
                make_id(to, type, i->value);
                return;
        }
        o = i->type == SHARE_HASH ? json_pack("{s:{s:o}}", "hashes", key, value)
                                  : json_pack("{s:o}", key, value);
        (void)api_json_text_of(&b, o);
        json_decref(o);
        share_uuid5(uuid, space, buf_get(&b));
        snprintf(to, 80, "%s--%s", type, uuid);
}

/* Their reference, to be put into observed-data; the object once. */
static void add_sco(struct stix *x, const struct share_item *i, json_t *refs) {
        const char *key, *type = i->hidden && i->type != SHARE_ACCOUNT ? NULL : sco_of(i, &key);
        char id[80];

        if (!type) {
                /* Hosts, and what is hidden: a system of the agency, by its name or pseudonym. */
                if (!i->hidden && i->type != SHARE_HOST)
                        return;
                make_id(id, "identity", i->value);
                if (json_object_get(x->seen, id))
                        return;
                json_t *o = domain_object(x, "identity", id, i->at, i->tlp);
                set(x, o, "name", api_json_text(i->value));
                set(x, o, "identity_class", json_string("system"));
                add(x, o);
                set(x, x->seen, id, json_true());
                if (x->s->open)
                        add_relation(x, x->incident, "related-to", id, i->tlp);
                return;
        }
        sco_id(id, type, key, i);
        if (json_object_get(x->seen, id))
                return;
        json_t *o = json_pack("{s:s,s:s,s:s,s:[s]}", "type", type, "spec_version", "2.1", "id", id,
                              "object_marking_refs", lights[i->tlp].id);
        if (i->type == SHARE_HASH) {
                json_t *hashes = json_object();

                set(x, hashes, key, api_json_text(i->value));
                set(x, o, "hashes", hashes);
        } else {
                set(x, o, key, api_json_text(i->value));
        }
        add(x, o);
        set(x, x->seen, id, json_true());
        if (json_array_append_new(refs, json_string(id)) < 0)
                x->failed = true;
}

/* 'it''s' of a pattern: quotes and backslashes escaped. */
static void quoted(struct buf *b, struct span s) {
        buf_char(b, '\'');
        for (size_t i = 0; i < s.len; i++) {
                if (s.p[i] == '\'' || s.p[i] == '\\')
                        buf_char(b, '\\');
                buf_char(b, s.p[i]);
        }
        buf_char(b, '\'');
}

static void add_indicator(struct stix *x, const struct share_item *i) {
        _cleanup_(buf_deinit) struct buf b = {.limit = 16384};
        const char *key, *type = i->hidden || !i->attacker ? NULL : sco_of(i, &key);
        char id[80];

        if (!type)
                return;
        buf_printf(&b, "[%s:", type);
        if (i->type == SHARE_HASH)
                buf_printf(&b, "hashes.'%s'", key);
        else
                buf_str(&b, key);
        buf_str(&b, i->bits && i->bits < (i->v6 ? 128u : 32u) ? " ISSUBSET " : " = ");
        quoted(&b, i->value);
        buf_char(&b, ']');
        make_id(id, "indicator", buf_get(&b));
        if (json_object_get(x->seen, id))
                return;
        set(x, x->seen, id, json_true());
        json_t *o = domain_object(x, "indicator", id, i->at, i->tlp);
        set(x, o, "name", api_json_text(i->value));
        set(x, o, "description",
            i->note.len ? api_json_text(i->note) : json_string("Used by the attacker"));
        set(x, o, "indicator_types", json_pack("[s]", "malicious-activity"));
        set(x, o, "pattern", api_json_text(buf_get(&b)));
        set(x, o, "pattern_type", json_string("stix"));
        set(x, o, "valid_from", time_json(i->at));
        add(x, o);
        if (x->s->open)
                add_relation(x, id, "related-to", x->incident, i->tlp);
}

/* One for each light, so that none is stricter than what it holds. */
static void add_observed(struct stix *x, enum share_tlp tlp, json_t *refs) {
        char id[80], of[96];

        if (!json_array_size(refs)) {
                json_decref(refs);
                return;
        }
        int n = snprintf(of, sizeof(of), "%s %d", x->incident, (int)tlp);
        make_id(id, "observed-data", span_of(of, (size_t)n));
        json_t *o = domain_object(x, "observed-data", id, x->s->of.opened, tlp);
        int64_t first = x->s->occurred == TIME_NONE ? x->s->of.t0 : x->s->occurred;
        set(x, o, "first_observed", time_json(first));
        set(x, o, "last_observed", time_json(MAX(first, x->s->of.opened)));
        set(x, o, "number_observed", json_integer(1));
        set(x, o, "object_refs", refs);
        add(x, o);
        if (x->s->open)
                add_relation(x, x->incident, "related-to", id, tlp);
}

static void add_items(struct stix *x) {
        for (unsigned t = 0; t < ARRAY_LEN(lights); t++) {
                json_t *refs = json_array();

                for (unsigned i = 0; i < x->s->n; i++)
                        if (x->s->items[i].tlp == t) {
                                add_sco(x, &x->s->items[i], refs);
                                add_indicator(x, &x->s->items[i]);
                        }
                add_observed(x, t, refs);
        }
}

int share_stix(const struct share *s, struct buf *to) {
        struct stix x = {.s = s, .objects = json_array(), .seen = json_object()};
        char id[80], of[128];
        int n = snprintf(of, sizeof(of), "%s %lld %d", s->of.code.p, (long long)s->of.opened,
                         (int)s->sharing);

        make_id(x.agency, "identity", s->names ? s->unit : SPAN("Reporting agency"));
        make_id(x.incident, "incident", span_of(of, (size_t)n));
        make_id(id, "bundle", span_of(of, (size_t)n));
        add_lights(&x);
        add_agency(&x);
        if (s->open) {
                add_incident(&x);
                add_attacks(&x);
        }
        add_items(&x);
        json_t *bundle =
                json_pack("{s:s,s:s,s:o}", "type", "bundle", "id", id, "objects", x.objects);
        int r = !bundle || x.failed || !x.seen ? FAIL(-ENOMEM) : api_json_text_of(to, bundle);
        json_decref(bundle);
        json_decref(x.seen);
        return r;
}
