/* STIX 2.1 (and 2.0) bundles, as OpenCTI, MISP and TAXII clients write them: an object with "objects",
 * a list of objects, or one object. Indicators count, all else is passed over.
 *
 * An indicator's confidence (or OpenCTI's score) decides its level; valid_until ends it; one that is
 * revoked is counted and left out. */
#include "intel/pull.h"
#include "intel/set.h"

struct object {
        struct buf type, pattern, pattern_type, name; /* copies: texts may have escapes */
        int confidence, score;
        int64_t from, until;
        bool revoked;
        uint8_t tlp;
        uint32_t line;
};

/* Marking definitions that the standards fix. */
static uint8_t marking(struct span id) {
        static const struct {
                const char *id;
                uint8_t tlp;
        } known[] = {
                {"613f2e26-407d-48c7-9eca-b8e91df99dc9", TLP_CLEAR},
                {"34098fce-860f-48ae-8e50-ebd3cc5e41da", TLP_GREEN},
                {"f88d31f6-486f-44da-b317-01333bde0b82", TLP_AMBER},
                {"5e57c739-391a-4eb3-b6be-7d15ca92d5ed", TLP_RED},
                {"94868c89-83c2-464b-929b-a1a8aa3c8487", TLP_CLEAR},
                {"bab4a63c-aed9-4cf5-a766-dfca5abac2bb", TLP_GREEN},
                {"55d920b0-5e8b-4f79-9ee9-91f868d9b421", TLP_AMBER},
                {"939a9414-2ddd-4d32-a0cd-375ea402b003", TLP_AMBER_STRICT},
                {"e828b379-4e03-4974-9ac4-e53a884c97c1", TLP_RED},
        };

        if (id.len < 36)
                return TLP_NONE;
        id = span_of(id.p + id.len - 36, 36);
        for (size_t i = 0; i < ARRAY_LEN(known); i++)
                if (span_eq(id, span_of(known[i].id, 36)))
                        return known[i].tlp;
        return TLP_NONE;
}

static int percent(struct span s) {
        int v = 0;

        for (size_t i = 0; i < s.len && s.p[i] >= '0' && s.p[i] <= '9' && v <= 100; i++)
                v = v * 10 + (s.p[i] - '0');
        return s.len == 0 || s.p[0] < '0' || s.p[0] > '9' ? -1 : MIN(v, 100);
}

/* Labels and markings: the strictest TLP among them. */
static bool texts(struct pull *p, struct object *o) {
        _cleanup_(buf_deinit) struct buf scratch = {0};
        struct span v;
        enum pull_token t;

        while ((t = pull_next(p, &scratch, &v)) != PULL_LIST_END) {
                if (t == PULL_TEXT) {
                        uint8_t tlp = MAX(marking(v), intel_tlp(v));
                        if (v.len > 4 && span_ieq(span_of(v.p, 4), SPAN("tlp:")))
                                tlp = MAX(tlp, intel_tlp(v));
                        o->tlp = MAX(o->tlp, tlp);
                }
                if (!pull_skip(p, t))
                        return false;
        }
        return true;
}

static void set(struct buf *b, struct span v) {
        buf_reset(b);
        buf_span(b, v);
}

static void take_text(struct object *o, struct span key, struct span v) {
        if (span_eq(key, SPAN("type")))
                set(&o->type, v);
        else if (span_eq(key, SPAN("pattern")))
                set(&o->pattern, v);
        else if (span_eq(key, SPAN("pattern_type")))
                set(&o->pattern_type, v);
        else if (span_eq(key, SPAN("name")))
                set(&o->name, v);
        else if (span_eq(key, SPAN("valid_from")))
                o->from = time_parse_iso(v, 0);
        else if (span_eq(key, SPAN("valid_until")))
                o->until = time_parse_iso(v, 0);
}

/* Behind its '{'. False: the document is bad. */
static bool read_object(struct pull *p, struct object *o) {
        _cleanup_(buf_deinit) struct buf a = {0}, b = {0};
        struct span key, v;
        enum pull_token t;

        buf_reset(&o->type);
        buf_reset(&o->pattern);
        buf_reset(&o->pattern_type);
        buf_reset(&o->name);
        o->confidence = o->score = -1;
        o->from = o->until = TIME_NONE;
        o->revoked = false;
        o->tlp = TLP_NONE;
        while ((t = pull_next(p, &a, &key)) == PULL_KEY) {
                t = pull_next(p, &b, &v);
                if (t == PULL_TEXT) {
                        take_text(o, key, v);
                } else if (t == PULL_NUMBER) {
                        if (span_eq(key, SPAN("confidence")))
                                o->confidence = percent(v);
                        else if (span_eq(key, SPAN("x_opencti_score")))
                                o->score = percent(v);
                } else if (t == PULL_TRUE) {
                        o->revoked |= span_eq(key, SPAN("revoked"));
                } else if (t == PULL_LIST && (span_eq(key, SPAN("object_marking_refs")) ||
                                              span_eq(key, SPAN("labels")))) {
                        if (!texts(p, o))
                                return false;
                } else if (!pull_skip(p, t)) {
                        return false;
                }
        }
        return t == PULL_MAP_END;
}

static void use(struct intel_set *s, const struct object *o) {
        struct intel_raw raw = {.name = buf_get(&o->name),
                                .confidence = o->score >= 0 ? o->score : o->confidence,
                                .since = o->from,
                                .until = o->until,
                                .tlp = o->tlp};

        if (!span_eq(buf_get(&o->type), SPAN("indicator")))
                return;
        if (o->revoked) {
                s->counts.read++;
                s->counts.revoked++;
                return;
        }
        if (o->pattern_type.len && !span_eq(buf_get(&o->pattern_type), SPAN("stix"))) {
                _cleanup_(buf_deinit) struct buf what = {0};

                s->counts.read++;
                buf_str(&what, "pattern_type ");
                buf_span(&what, buf_get(&o->pattern_type));
                intel_unsupported(s, o->line, buf_get(&what));
                return;
        }
        intel_pattern(s, buf_get(&o->pattern), &raw, o->line);
}

/* Objects of a list, or those in the "objects" of a map. */
static bool read_list(struct intel_set *s, struct pull *p, struct object *o) {
        _cleanup_(buf_deinit) struct buf scratch = {0};
        struct span v;
        enum pull_token t;

        while ((t = pull_next(p, &scratch, &v)) != PULL_LIST_END) {
                if (t != PULL_MAP) {
                        if (!pull_skip(p, t))
                                return false;
                        continue;
                }
                o->line = pull_line(p);
                if (!read_object(p, o))
                        return false;
                use(s, o);
        }
        return true;
}

/* A bundle: its objects are read when they come, so nothing of it is kept. */
static bool read_bundle(struct intel_set *s, struct pull *p, struct object *o) {
        _cleanup_(buf_deinit) struct buf scratch = {0};
        struct span key, v;
        enum pull_token t;

        while ((t = pull_next(p, &scratch, &key)) == PULL_KEY) {
                bool objects = span_eq(key, SPAN("objects"));

                t = pull_next(p, &scratch, &v);
                if (t == PULL_LIST && objects ? !read_list(s, p, o) : !pull_skip(p, t))
                        return false;
        }
        return t == PULL_MAP_END;
}

static bool is_bundle(struct span text) {
        _cleanup_(buf_deinit) struct buf scratch = {0};
        struct span key, v;
        struct pull p;

        pull_init(&p, text);
        if (pull_next(&p, &scratch, &v) != PULL_MAP)
                return false;
        while (pull_next(&p, &scratch, &key) == PULL_KEY) {
                if (span_eq(key, SPAN("objects")))
                        return true;
                if (span_eq(key, SPAN("pattern")) || !pull_skip(&p, pull_next(&p, &scratch, &v)))
                        return false;
        }
        return false;
}

void intel_read_stix(struct intel_set *s, struct span text) {
        _cleanup_(buf_deinit) struct buf scratch = {0};
        struct object o = {.line = 1};
        struct span v;
        struct pull p;
        bool bundle = is_bundle(text), ok;

        pull_init(&p, text);
        enum pull_token t = pull_next(&p, &scratch, &v);
        if (t == PULL_LIST)
                ok = read_list(s, &p, &o);
        else if (bundle)
                ok = read_bundle(s, &p, &o);
        else if ((ok = t == PULL_MAP && read_object(&p, &o)))
                use(s, &o);
        if (!ok || pull_next(&p, &scratch, &v) != PULL_END)
                intel_file_bad(s, pull_line(&p), "not JSON from here on: what came before was read",
                               "từ đây không phải JSON: phần trước đã được đọc");
        buf_deinit(&o.type);
        buf_deinit(&o.pattern);
        buf_deinit(&o.pattern_type);
        buf_deinit(&o.name);
}
