/* See set.h.
 *
 * An indicator that is kept costs an item of 40 bytes here and 33.5 in the table; its value is not
 * kept, only a digest. Names are kept once; one that only repeats the value is none. What is left out
 * is counted by reason, and what cannot be used is told with its place. */
#include "intel/set.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "intel/pull.h"

#define NAMES_MAX ((size_t)256 << 20)
#define NAME_BYTES 255u
#define SHOWN 100u
#define DEFAULT_LEVEL INTEL_MEDIUM

static const char *const tlps[TLP_N] = {"", "clear", "green", "amber", "amber+strict", "red"};

const char *intel_tlp_name(uint8_t t) {
        return t < TLP_N ? tlps[t] : "";
}

uint8_t intel_tlp(struct span s) {
        s = span_trim(s);
        if (s.len >= 4 && span_ieq(span_of(s.p, 4), SPAN("tlp:")))
                s = span_of(s.p + 4, s.len - 4);
        if (span_ieq(s, SPAN("white")))
                return TLP_CLEAR;
        for (unsigned i = 1; i < TLP_N; i++)
                if (span_ieq(s, span_str(tlps[i])))
                        return (uint8_t)i;
        return TLP_NONE;
}

int intel_set_init(struct intel_set *s, const struct intel_options *o) {
        memset(s, 0, sizeof(*s));
        s->o = *o;
        arena_init(&s->arena, (size_t)64 << 20);
        s->problems = arena_array(&s->arena, INTEL_PROBLEMS_MAX, sizeof(*s->problems));
        s->name_mask = (1u << 16) - 1;
        s->name_at = calloc((size_t)s->name_mask + 1, sizeof(*s->name_at));
        buf_char(&s->names, 0);
        if (s->problems && s->name_at && !s->names.failed)
                return 0;
        intel_set_deinit(s);
        return FAIL(-ENOMEM);
}

void intel_set_deinit(struct intel_set *s) {
        arena_deinit(&s->arena);
        free(s->items);
        free(s->name_at);
        buf_deinit(&s->names);
        intel_warnings_free(s->warnings);
        s->items = NULL;
        s->name_at = NULL;
        s->warnings = NULL;
}

/* ---- what is wrong ---- */

static void problem(struct intel_set *s, uint32_t line, struct span en, struct span vi,
                    bool error) {
        s->problems_all++;
        if (s->n_problems >= INTEL_PROBLEMS_MAX || !en.p || !vi.p)
                return;
        s->problems[s->n_problems++] = (struct intel_problem){
                .file = s->file, .line = line, .en = en, .vi = vi, .error = error};
}

void intel_wrong(struct intel_set *s, uint32_t line, const char *vi, const char *en, ...) {
        char text[256];
        va_list ap;

        if (s->n_problems >= INTEL_PROBLEMS_MAX) {
                s->problems_all++;
                return;
        }
        va_start(ap, en);
        vsnprintf(text, sizeof(text), en, ap);
        va_end(ap);
        problem(s, line, arena_dup(&s->arena, span_str(text)), span_str(vi), false);
}

static void told(struct intel_set *s, uint32_t line, struct span what, const char *en,
                 const char *vi) {
        if (s->n_problems >= INTEL_PROBLEMS_MAX) {
                s->problems_all++;
                return;
        }
        what.len = MIN(what.len, (size_t)SHOWN);
        problem(s, line,
                arena_printf(&s->arena, "%s: %.*s", en, (int)what.len, what.p ? what.p : ""),
                arena_printf(&s->arena, "%s: %.*s", vi, (int)what.len, what.p ? what.p : ""),
                false);
}

void intel_unsupported(struct intel_set *s, uint32_t line, struct span what) {
        s->counts.unsupported++;
        told(s, line, what, "not supported", "không hỗ trợ");
}

void intel_malformed(struct intel_set *s, uint32_t line, struct span what) {
        s->counts.malformed++;
        told(s, line, what, "cannot be read as an indicator", "không đọc được như một chỉ dấu");
}

void intel_file_bad(struct intel_set *s, uint32_t line, const char *en, const char *vi) {
        problem(s, line, span_str(en), span_str(vi), true);
}

/* ---- names ---- */

static bool names_grow(struct intel_set *s) {
        uint32_t mask = s->name_mask * 2 + 1;
        uint32_t *to = calloc((size_t)mask + 1, sizeof(*to));

        if (!to)
                return false;
        for (uint32_t i = 0; i <= s->name_mask; i++) {
                uint32_t at = s->name_at[i];
                if (at == 0)
                        continue;
                uint32_t k = (uint32_t)hash_bytes(s->names.p + at + 1,
                                                  (unsigned char)s->names.p[at], 7) &
                             mask;
                while (to[k])
                        k = (k + 1) & mask;
                to[k] = at;
        }
        free(s->name_at);
        s->name_at = to;
        s->name_mask = mask;
        return true;
}

/* 0: none. */
static uint32_t name_of(struct intel_set *s, struct span name) {
        name = span_trim(name);
        name.len = MIN(name.len, (size_t)NAME_BYTES);
        if (name.len == 0 || s->names.len > NAMES_MAX ||
            (s->n_names * 2 > s->name_mask && !names_grow(s)))
                return 0;
        uint32_t k = (uint32_t)hash_span(name, 7) & s->name_mask;
        for (; s->name_at[k]; k = (k + 1) & s->name_mask) {
                const char *have = s->names.p + s->name_at[k];
                if (span_eq(span_of(have + 1, (unsigned char)*have), name))
                        return s->name_at[k];
        }
        uint32_t at = (uint32_t)s->names.len;
        buf_char(&s->names, (char)name.len);
        buf_span(&s->names, name);
        if (s->names.failed)
                return 0;
        s->name_at[k] = at;
        s->n_names++;
        return at;
}

/* ---- one indicator ---- */

static bool key_of(struct intel_key *k, const struct intel_raw *raw, struct span v) {
        switch (raw->type) {
        case INTEL_NONE: return intel_key_any(k, v);
        case INTEL_ADDRESS: return intel_key_network(k, v);
        case INTEL_DOMAIN:
        case INTEL_TREE:
                if (v.len > 2 && v.p[0] == '*' && v.p[1] == '.')
                        return intel_key_domain(k, span_of(v.p + 2, v.len - 2), INTEL_TREE);
                if (v.len > 1 && v.p[0] == '.')
                        return intel_key_domain(k, span_of(v.p + 1, v.len - 1), INTEL_TREE);
                return intel_key_domain(k, v, raw->type);
        case INTEL_URL: return intel_key_url(k, v);
        default: return intel_key_hash(k, v, raw->type);
        }
}

/* What would match nearly everything is a mistake or worse. */
static bool too_wide(const struct intel_key *k) {
        static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

        if (k->type != INTEL_ADDRESS)
                return false;
        unsigned prefix = (uint8_t)k->bytes[16];
        return memcmp(k->bytes, mapped, 12) == 0 && prefix >= 96 ? prefix < 96 + 8 : prefix < 16;
}

static enum intel_level level_of(int confidence) {
        if (confidence < 0)
                return DEFAULT_LEVEL;
        return confidence >= 70 ? INTEL_HIGH : confidence >= 30 ? INTEL_MEDIUM : INTEL_LOW;
}

static int64_t end_of(const struct intel_set *s, const struct intel_raw *raw) {
        int64_t t;

        if (raw->until != TIME_NONE)
                return raw->until;
        if (s->o.expiry <= 0 || raw->since == TIME_NONE ||
            __builtin_add_overflow(raw->since, s->o.expiry, &t))
                return TIME_NONE;
        return t;
}

static void list_one(struct intel_set *s, const struct intel_key *k, const struct intel_raw *raw,
                     int64_t end, const char *state, struct span list) {
        static const char *const levels[] = {"low", "medium", "high"};
        char text[INTEL_KEY_MAX * 2 + 64], time[40] = "";
        struct buf *b = s->o.list;

        struct span value = span_of(text, intel_key_text(k, text, sizeof(text)));
        if (end != TIME_NONE)
                time_format(time, end, 0);
        const char *level = levels[level_of(raw->confidence)];
        if (!s->o.json) {
                buf_printf(b, "%-8s %s", intel_type_name(k->type),
                           k->type == INTEL_TREE ? "*." : "");
                buf_term(b, value);
                buf_printf(b, "  %s%s%s  ", level, time[0] ? "  " : "", time);
                buf_term(b, s->feeds[s->feed].name);
                if (raw->name.len) {
                        buf_str(b, "  ");
                        buf_term(b, raw->name);
                }
                if (*state)
                        buf_printf(b, "  (%s)", state);
                buf_char(b, '\n');
                return;
        }
        buf_printf(b, "{\"type\":\"%s\",\"subdomains\":%s,\"value\":\"", intel_type_name(k->type),
                   k->type == INTEL_TREE ? "true" : "false");
        buf_json(b, value);
        buf_str(b, "\",\"name\":\"");
        buf_json(b, raw->name);
        buf_printf(b, "\",\"level\":\"%s\",\"confidence\":", level);
        if (raw->confidence < 0)
                buf_str(b, "null");
        else
                buf_printf(b, "%d", raw->confidence);
        buf_printf(b, ",\"until\":%s%s%s,\"tlp\":\"%s\",\"feed\":\"", time[0] ? "\"" : "null", time,
                   time[0] ? "\"" : "", intel_tlp_name(raw->tlp));
        buf_json(b, s->feeds[s->feed].name);
        buf_printf(b, "\",\"state\":\"%s\"", *state ? state : "used");
        if (list.p) {
                buf_str(b, ",\"warning_list\":\"");
                buf_json(b, list);
                buf_char(b, '"');
        }
        buf_str(b, "}\n");
}

static bool grow(struct intel_set *s) {
        uint32_t cap = s->cap ? s->cap * 2 : 4096;
        struct intel_item *p = realloc(s->items, cap * sizeof(*p));

        if (!p) {
                s->error = -ENOMEM;
                return false;
        }
        s->items = p;
        s->cap = cap;
        return true;
}

static void keep(struct intel_set *s, const struct intel_key *k, const struct intel_raw *raw,
                 int64_t end, struct span value) {
        int confidence = MIN(raw->confidence, 100);

        if (s->n >= INTEL_MAX) {
                if (s->counts.over++ == 0)
                        intel_file_bad(s, 0, "more indicators than can be kept (4,000,000)",
                                       "nhiều chỉ dấu hơn mức giữ được (4.000.000)");
                return;
        }
        if (s->n == s->cap && !grow(s))
                return;
        struct intel_item *i = &s->items[s->n++];
        *i = (struct intel_item){.filter = intel_filter_hash(k), .lead = intel_lead(k)};
        intel_digest(k, i->e.digest);
        i->e.type = (uint8_t)k->type;
        i->e.prefix = k->type == INTEL_ADDRESS ? (uint8_t)k->bytes[16] : 0;
        /* Not told stands between: it must not win over what was told to be high. */
        i->e.confidence = (uint8_t)(confidence < 0 ? 50 : confidence);
        i->e.tlp = raw->tlp;
        i->e.rule = (uint16_t)(s->feed * INTEL_LEVELS + level_of(confidence));
        i->e.expires = end == TIME_NONE ? 0 : (uint32_t)MIN(MAX(end / NS_PER_SEC, 1), UINT32_MAX);
        i->e.name = span_ieq(span_trim(raw->name), value) ? 0 : name_of(s, raw->name);
        s->counts.kept++;
        s->counts.types[k->type]++;
        struct intel_feed *f = &s->feeds[s->feed];
        f->n[level_of(confidence)]++;
        for (unsigned w = 0; w < 2; w++)
                f->content[level_of(confidence)][w] +=
                        hash_read((const char *)i->e.digest + w * 8, 8);
}

void intel_add(struct intel_set *s, const struct intel_raw *raw, uint32_t line) {
        char room[INTEL_KEY_MAX];
        struct intel_key k;
        const char *state = "";
        struct span list = SPAN_NONE;

        s->counts.read++;
        if (raw->value.len > sizeof(room) || raw->value.len == 0) {
                intel_malformed(s, line, raw->value);
                return;
        }
        struct span v = intel_refang(raw->value, room);
        if (!key_of(&k, raw, v)) {
                intel_malformed(s, line, raw->value);
                return;
        }
        if (too_wide(&k)) {
                s->counts.unsupported++;
                told(s, line, raw->value, "too wide a network", "dải mạng quá rộng");
                return;
        }
        int64_t end = end_of(s, raw);
        if (end != TIME_NONE && s->o.now != TIME_NONE && end <= s->o.now) {
                s->counts.expired++;
                state = "expired";
        } else if (s->warnings && (list = intel_warned(s->warnings, &k)).p) {
                s->counts.warned++;
                state = "warned";
        } else {
                keep(s, &k, raw, end, v);
        }
        if (s->o.list)
                list_one(s, &k, raw, end, state, list);
}

/* ---- files ---- */

static bool like_uuid(struct span s) {
        if (s.len != 36)
                return false;
        for (size_t i = 0; i < s.len; i++)
                if ((i == 8 || i == 13 || i == 18 || i == 23) != (s.p[i] == '-'))
                        return false;
        return true;
}

static struct span last_part(struct span path, struct span *ret_folder) {
        size_t i = path.len;

        while (i > 0 && path.p[i - 1] != '/')
                i--;
        *ret_folder = span_of(path.p, i ? i - 1 : 0);
        return span_of(path.p + i, path.len - i);
}

/* The file's name without its ending; events of a MISP feed lie in one folder, each by its UUID: then
 * the folder's. */
static void choose_feed(struct intel_set *s, struct span path) {
        struct span folder, above, name = last_part(path, &folder);

        for (size_t i = name.len; i > 1; i--)
                if (name.p[i - 1] == '.') {
                        name.len = i - 1;
                        break;
                }
        if (like_uuid(name) && folder.len)
                name = last_part(folder, &above);
        for (s->feed = 0; s->feed < s->n_feeds; s->feed++)
                if (span_eq(s->feeds[s->feed].name, name))
                        return;
        if (s->n_feeds == INTEL_FEEDS_MAX) {
                s->feed = INTEL_FEEDS_MAX - 1;
                return;
        }
        s->feeds[s->n_feeds++] = (struct intel_feed){.name = name, .file = path};
}

/* What a JSON file is, by its first keys. */
static bool json_is_stix(struct span text) {
        _cleanup_(buf_deinit) struct buf scratch = {0};
        struct pull p;
        struct span key, v;
        enum pull_token t;

        pull_init(&p, text);
        t = pull_next(&p, &scratch, &v);
        if (t == PULL_LIST)
                t = pull_next(&p, &scratch, &v);
        if (t != PULL_MAP)
                return false;
        while (pull_next(&p, &scratch, &key) == PULL_KEY) {
                if (span_eq(key, SPAN("objects")) || span_eq(key, SPAN("pattern")) ||
                    span_eq(key, SPAN("spec_version")))
                        return true;
                bool type = span_eq(key, SPAN("type"));
                t = pull_next(&p, &scratch, &v);
                if (type && t == PULL_TEXT &&
                    (span_eq(v, SPAN("bundle")) || span_eq(v, SPAN("indicator"))))
                        return true;
                if (!pull_skip(&p, t))
                        return false;
        }
        return false;
}

void intel_read(struct intel_set *s, struct span name, struct span text) {
        struct span start = text, folder;

        s->file = name;
        choose_feed(s, name);
        if (start.len >= 3 && memcmp(start.p, "\xef\xbb\xbf", 3) == 0)
                start = span_of(start.p + 3, start.len - 3);
        while (start.len && (unsigned char)*start.p <= ' ')
                start = span_of(start.p + 1, start.len - 1);
        if (start.len == 0)
                return intel_file_bad(s, 0, "the file is empty", "tệp rỗng");
        if (memchr(start.p, 0, MIN(start.len, (size_t)4096)))
                return intel_file_bad(s, 0, "neither JSON nor CSV",
                                      "không phải JSON cũng không phải CSV");
        if (*start.p != '{' && *start.p != '[')
                return intel_read_csv(s, text);
        /* A MISP feed's own lists are no indicators. */
        if (span_eq(last_part(name, &folder), SPAN("manifest.json")))
                return;
        if (json_is_stix(text))
                intel_read_stix(s, text);
        else
                intel_read_misp(s, text);
}

void intel_set_number(struct intel_set *s) {
        uint16_t n = 0;

        for (uint32_t i = 0; i < s->n_feeds; i++)
                for (unsigned l = 0; l < INTEL_LEVELS; l++)
                        if (s->feeds[i].n[l])
                                s->feeds[i].rule[l] = n++;
        s->n_rules = n;
}

void intel_set_write(struct intel_set *s, struct buf *out, uint32_t first_rule) {
        for (uint32_t i = 0; i < s->n; i++) {
                uint16_t *rule = &s->items[i].e.rule;
                *rule = s->feeds[*rule / INTEL_LEVELS].rule[*rule % INTEL_LEVELS];
        }
        uint32_t left =
                intel_table_write(out, s->items, s->n, buf_get(&s->names), first_rule, s->n_rules);
        s->counts.doubled = s->n - left;
        memset(s->counts.types, 0, sizeof(s->counts.types));
        for (uint32_t i = 0; i < left; i++) /* what is alike was joined */
                s->counts.types[s->items[i].e.type]++;
}
