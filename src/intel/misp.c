/* MISP: an event of a feed ({"Event": {…}}), an export or a search ({"response": [{"Event": …}]},
 * {"response": {"Attribute": […]}}), lists of either. Attributes with to_ids count, in objects too.
 *
 * The event's title is the name of those attributes that have no comment; its threat level stands for
 * a confidence (high 80, medium 50, low 20). `domain` means names below it too, as in MISP's own
 * exports; `hostname` does not. Of a composite the part that decides is taken: a filename's hash, the
 * address of address|port; of domain|ip both. */
#include "intel/pull.h"
#include "intel/set.h"

struct event {
        struct buf info;
        int confidence;
        uint8_t tlp;
};

struct attribute {
        struct buf type, value, comment;
        bool to_ids, deleted;
        int64_t since;
        uint8_t tlp;
        uint32_t line;
};

static const struct kind {
        const char *name;
        enum intel_type type[2]; /* of the parts; INTEL_NONE: not used */
} kinds[] = {
        {"ip-src", {INTEL_ADDRESS}},
        {"ip-dst", {INTEL_ADDRESS}},
        {"ip-src|port", {INTEL_ADDRESS}},
        {"ip-dst|port", {INTEL_ADDRESS}},
        {"domain", {INTEL_TREE}},
        {"hostname", {INTEL_DOMAIN}},
        {"hostname|port", {INTEL_DOMAIN}},
        {"domain|ip", {INTEL_TREE, INTEL_ADDRESS}},
        {"url", {INTEL_URL}},
        {"link", {INTEL_URL}},
        {"md5", {INTEL_MD5}},
        {"sha1", {INTEL_SHA1}},
        {"sha256", {INTEL_SHA256}},
        {"sha512", {INTEL_SHA512}},
        {"imphash", {INTEL_IMPHASH}},
        {"filename|md5", {INTEL_NONE, INTEL_MD5}},
        {"filename|sha1", {INTEL_NONE, INTEL_SHA1}},
        {"filename|sha256", {INTEL_NONE, INTEL_SHA256}},
        {"filename|sha512", {INTEL_NONE, INTEL_SHA512}},
        {"filename|imphash", {INTEL_NONE, INTEL_IMPHASH}},
        {"malware-sample", {INTEL_NONE, INTEL_MD5}},
        {"ja3-fingerprint-md5", {INTEL_JA3}},
};

static void set(struct buf *b, struct span v) {
        buf_reset(b);
        buf_span(b, v);
}

/* MISP writes truths as true, "1" and 1. */
static bool truth(enum pull_token t, struct span v) {
        return t == PULL_TRUE || ((t == PULL_TEXT || t == PULL_NUMBER) && span_eq(v, SPAN("1")));
}

static int64_t when(struct span v) {
        int64_t t = time_parse_epoch(v);

        return t != TIME_NONE && t != 0 ? t : time_parse_iso(v, 0);
}

/* [{"name": "tlp:amber"}, …], behind '['. */
static bool tags(struct pull *p, uint8_t *tlp) {
        _cleanup_(buf_deinit) struct buf a = {0};
        struct span key, v;
        enum pull_token t;

        while ((t = pull_next(p, &a, &v)) == PULL_MAP) {
                while ((t = pull_next(p, &a, &key)) == PULL_KEY) {
                        bool name = span_eq(key, SPAN("name"));

                        t = pull_next(p, &a, &v);
                        if (name && t == PULL_TEXT && v.len > 4 &&
                            span_ieq(span_of(v.p, 4), SPAN("tlp:")))
                                *tlp = MAX(*tlp, intel_tlp(v));
                        if (!pull_skip(p, t))
                                return false;
                }
                if (t != PULL_MAP_END)
                        return false;
        }
        return t == PULL_LIST_END;
}

static const struct kind *kind_of(struct span type) {
        for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
                if (span_eq(type, span_str(kinds[i].name)))
                        return &kinds[i];
        return NULL;
}

static void use(struct intel_set *s, const struct event *e, const struct attribute *a) {
        struct span v = buf_get(&a->value);
        const struct kind *k = kind_of(buf_get(&a->type));
        struct intel_raw raw = {.name = buf_get(a->comment.len ? &a->comment : &e->info),
                                .confidence = e->confidence,
                                .since = a->since,
                                .until = TIME_NONE,
                                .tlp = MAX(a->tlp, e->tlp)};

        if (!a->to_ids || a->deleted) {
                s->counts.inactive++;
                return;
        }
        if (!k) {
                s->counts.read++;
                intel_unsupported(s, a->line, buf_get(&a->type));
                return;
        }
        const char *bar = memchr(v.p, '|', v.len);
        struct span part[2] = {v, SPAN_NONE};
        if (bar && strchr(k->name, '|')) {
                part[0].len = (size_t)(bar - v.p);
                part[1] = span_of(bar + 1, v.len - part[0].len - 1);
        } else if (bar && k->type[1]) {
                part[1] = span_of(bar + 1, v.len - (size_t)(bar + 1 - v.p));
        } else if (k->type[1] && !k->type[0]) {
                s->counts.read++;
                intel_malformed(s, a->line, v);
                return;
        }
        for (unsigned i = 0; i < 2; i++) {
                if (k->type[i] == INTEL_NONE || (i == 1 && !part[i].p))
                        continue;
                raw.type = k->type[i];
                raw.value = part[i];
                intel_add(s, &raw, a->line);
        }
}

/* Behind '{'. */
static bool attribute(struct intel_set *s, struct pull *p, const struct event *e,
                      struct attribute *a) {
        _cleanup_(buf_deinit) struct buf x = {0}, y = {0};
        struct span key, v;
        enum pull_token t;

        buf_reset(&a->type);
        buf_reset(&a->value);
        buf_reset(&a->comment);
        a->to_ids = a->deleted = false;
        a->since = TIME_NONE;
        a->tlp = TLP_NONE;
        while ((t = pull_next(p, &x, &key)) == PULL_KEY) {
                t = pull_next(p, &y, &v);
                if (span_eq(key, SPAN("to_ids")))
                        a->to_ids = truth(t, v);
                else if (span_eq(key, SPAN("deleted")))
                        a->deleted = truth(t, v);
                else if (t == PULL_TEXT && span_eq(key, SPAN("type")))
                        set(&a->type, v);
                else if (t == PULL_TEXT && span_eq(key, SPAN("value")))
                        set(&a->value, v);
                else if (t == PULL_TEXT && span_eq(key, SPAN("comment")))
                        set(&a->comment, span_trim(v));
                else if ((t == PULL_TEXT || t == PULL_NUMBER) &&
                         (span_eq(key, SPAN("last_seen")) ||
                          (span_eq(key, SPAN("timestamp")) && a->since == TIME_NONE)))
                        a->since = when(v);
                if (t == PULL_LIST && span_eq(key, SPAN("Tag"))) {
                        if (!tags(p, &a->tlp))
                                return false;
                } else if (!pull_skip(p, t)) {
                        return false;
                }
        }
        if (t == PULL_MAP_END)
                use(s, e, a);
        return t == PULL_MAP_END;
}

/* What an event says of itself, wherever it says it: a first look over its keys. */
static void about(struct pull look, struct event *e) {
        _cleanup_(buf_deinit) struct buf x = {0}, y = {0};
        struct span key, v;
        enum pull_token t;

        buf_reset(&e->info);
        e->confidence = -1;
        e->tlp = TLP_NONE;
        while (pull_next(&look, &x, &key) == PULL_KEY) {
                t = pull_next(&look, &y, &v);
                if (t == PULL_TEXT && span_eq(key, SPAN("info")))
                        set(&e->info, v);
                if ((t == PULL_TEXT || t == PULL_NUMBER) && span_eq(key, SPAN("threat_level_id")))
                        e->confidence = span_eq(v, SPAN("1"))   ? 80
                                        : span_eq(v, SPAN("2")) ? 50
                                        : span_eq(v, SPAN("3")) ? 20
                                                                : -1;
                if (t == PULL_LIST && span_eq(key, SPAN("Tag"))) {
                        if (!tags(&look, &e->tlp))
                                return;
                } else if (!pull_skip(&look, t)) {
                        return;
                }
        }
}

enum place { AT_TOP, AT_EVENT, AT_OBJECT, AT_ATTRIBUTE };

/* A value of that place; lists are gone through. Depth is the JSON's, which pull bounds. */
static bool walk(struct intel_set *s, struct pull *p, enum pull_token t, enum place place,
                 struct event *e) {
        _cleanup_(buf_deinit) struct buf x = {0}, y = {0};
        struct span key, v;

        if (t == PULL_LIST) {
                while ((t = pull_next(p, &x, &v)) != PULL_LIST_END)
                        if (t == PULL_BAD || t == PULL_END || !walk(s, p, t, place, e))
                                return false;
                return true;
        }
        if (t != PULL_MAP)
                return pull_skip(p, t);
        if (place == AT_ATTRIBUTE) {
                struct attribute a = {.line = pull_line(p)};
                bool ok = attribute(s, p, e, &a);

                buf_deinit(&a.type);
                buf_deinit(&a.value);
                buf_deinit(&a.comment);
                return ok;
        }
        if (place == AT_EVENT)
                about(*p, e);
        while ((t = pull_next(p, &x, &key)) == PULL_KEY) {
                enum place inner = AT_TOP;
                bool enter = true;

                if (span_eq(key, SPAN("Attribute")))
                        inner = AT_ATTRIBUTE;
                else if (span_eq(key, SPAN("Object")) && place != AT_TOP)
                        inner = AT_OBJECT;
                else if (span_eq(key, SPAN("Event")) && place == AT_TOP)
                        inner = AT_EVENT;
                else
                        enter = span_eq(key, SPAN("response")) && place == AT_TOP;
                t = pull_next(p, &y, &v);
                if (enter ? !walk(s, p, t, inner, e) : !pull_skip(p, t))
                        return false;
        }
        return t == PULL_MAP_END;
}

void intel_read_misp(struct intel_set *s, struct span text) {
        _cleanup_(buf_deinit) struct buf x = {0};
        struct event e = {.confidence = -1};
        uint64_t before = s->counts.read + s->counts.inactive;
        struct span v;
        struct pull p;

        pull_init(&p, text);
        bool ok =
                walk(s, &p, pull_next(&p, &x, &v), AT_TOP, &e) && pull_next(&p, &x, &v) == PULL_END;
        if (!ok)
                intel_file_bad(s, pull_line(&p), "not JSON from here on: what came before was read",
                               "từ đây không phải JSON: phần trước đã được đọc");
        else if (s->counts.read + s->counts.inactive == before)
                intel_file_bad(s, 0, "neither STIX nor MISP: no indicators in it",
                               "không phải STIX hay MISP: không có chỉ dấu nào");
        buf_deinit(&e.info);
}
