/* What a search found, as lines for its reader: JSON, one object a line, or CSV. See searcher.h.
 *
 *   M1. With SEARCH_MASK no value leaves that names a person, an address or a path: fields that do are
 *       pseudonyms, and the same names are replaced wherever they stand in the other values and in the record itself;
 *       where that cannot be done the value is left out ("[?]").
 *   M2. What the query would not mean with names replaced was found by a name: it is left out and counted (seek/keyed.h).
 *   M3. Sources that are not the asker's are passed over before anything counts them. */
#include <stdlib.h>

#include "base/hash.h"
#include "base/timestamp.h"
#include "base/utf8.h"
#include "main/searcher.h"
#include "scan/personal.h"
#include "seek/keyed.h"

#define HIDDEN SPAN("[?]")
#define COUNTED '\x1f'

/* ---- whose it is, and whom it names ---- */

static int by_name(const void *a, const void *b) {
        const struct span *x = a, *y = b;
        size_t n = MIN(x->len, y->len);
        int d = n ? memcmp(x->p, y->p, n) : 0;

        return d ? d : (x->len > y->len) - (x->len < y->len);
}

/* M3 */
static bool of_asker(const struct searcher *s, const struct finding *f) {
        struct span source = SPAN("");

        if (!(s->ask.flags & SEARCH_SCOPED))
                return true;
        for (uint32_t i = f->n_fields; i-- > 0 && source.len == 0;)
                if (span_eq(f->fields[i].name, SPAN("coloa.source")))
                        source = f->fields[i].value;
        return bsearch(&source, s->allowed, s->n_allowed, sizeof(*s->allowed), by_name) != NULL;
}

static struct span code(struct searcher *s, enum names_kind kind, struct span value) {
        struct span t = pseudonym_text(s->ask.key, kind, value, searcher_vi(s), &s->arena);

        return t.p ? t : HIDDEN;
}

static bool names_nobody(enum names_kind kind, struct span value) {
        return value.len == 0 || (kind == NAMES_USER && pseudonym_of_nobody(value));
}

/* What a field of that name names; names come again and again. */
static enum names_kind kind_of(struct searcher *s, struct span name) {
        struct searcher_kind *k;

        if (name.len > sizeof(k->name))
                return names_of_field(name);
        k = &s->kinds[hash_span(name, 1) % SEARCHER_KINDS];
        if (k->len != name.len || memcmp(k->name, name.p, name.len) != 0) {
                memcpy(k->name, name.p, name.len);
                k->len = (uint32_t)name.len;
                k->kind = names_of_field(name);
        }
        return k->kind;
}

/* Told to the desk once: it must know the account when somebody asks for its name in another way. */
static void learn(struct searcher *s, struct span account) {
        uint64_t h;

        if (account.len < 2 || s->n_fresh == ARRAY_LEN(s->fresh) ||
            names_nobody(NAMES_USER, account))
                return;
        h = account_hash(account);
        if (s->accounts[h % SEARCHER_ACCOUNTS] == h)
                return;
        s->accounts[h % SEARCHER_ACCOUNTS] = h;
        s->fresh[s->n_fresh++] = h;
}

static bool says_something(const struct finding_field *x) {
        return x->type != FINDING_BOOL && x->type != FINDING_NULL && x->value.len;
}

/* People of the event, by its fields and by whose directories it names: to be replaced by a '?'. */
static void find_people(struct searcher *s, const struct finding *f) {
        struct span name;

        s->people.n = 0;
        s->people.more = (f->flags & FINDING_CUT) != 0; /* who knows whom it named */
        if (!names_nobody(NAMES_USER, f->user)) {
                names_add(&s->people, f->user, SPAN("?"));
                names_add(&s->people, names_account(f->user), SPAN("?"));
        }
        for (uint32_t i = 0; i < f->n_fields; i++) {
                const struct finding_field *x = &f->fields[i];
                size_t at = 0;

                if (!says_something(x))
                        continue;
                if (kind_of(s, x->name) == NAMES_USER) {
                        if (!names_nobody(NAMES_USER, x->value)) {
                                names_add(&s->people, x->value, SPAN("?"));
                                names_add(&s->people, names_account(x->value), SPAN("?"));
                        }
                        continue;
                }
                while (names_home(x->value, &at, &name)) {
                        learn(s, name);
                        if (!names_nobody(NAMES_USER, name))
                                names_add(&s->people, name, SPAN("?"));
                }
        }
}

static void know(struct searcher *s, enum names_kind kind, struct span value) {
        if (!names_nobody(kind, value))
                names_add(&s->known, value, code(s, kind, value));
}

/* All that the event names, as it is shown (M1). */
void searcher_know(struct searcher *s, const struct finding *f) {
        find_people(s, f);
        s->known.n = 0;
        s->known.more = s->people.more;
        for (uint32_t i = 0; i < s->people.n; i++)
                know(s, NAMES_USER, s->people.list[i].value);
        for (uint32_t i = 0; i < f->n_fields; i++) {
                enum names_kind kind = kind_of(s, f->fields[i].name);

                if ((kind == NAMES_ADDRESS || kind == NAMES_PATH) && says_something(&f->fields[i]))
                        know(s, kind, f->fields[i].value);
        }
}

/* M2 */
static bool means(struct searcher *s, const struct finding *f) {
        if (!searcher_masks(s) || s->ask.kind != SEARCH_QUERY || !keyed_reads(s->keyed))
                return true;
        find_people(s, f);
        if (keyed_shows(s->keyed, f, &s->people))
                return true;
        s->left_out++;
        return false;
}

bool searcher_may_show(struct searcher *s, const struct finding *f) {
        if (!of_asker(s, f))
                return false;
        arena_reset(&s->arena);
        learn(s, f->user);
        for (uint32_t i = 0; i < f->n_fields; i++)
                if (says_something(&f->fields[i]) && kind_of(s, f->fields[i].name) == NAMES_USER)
                        learn(s, f->fields[i].value);
        return means(s, f);
}

/* ---- values ---- */

/* What names a machine, a source or a time is no text that could name anybody else. */
static bool is_text(struct span name) {
        static const struct span plain[] = {
                SPAN("host"), SPAN("host.name"),  SPAN("source"), SPAN("coloa.source"),
                SPAN("time"), SPAN("@timestamp"), SPAN("seq"),    SPAN("event.sequence")};

        for (size_t i = 0; i < ARRAY_LEN(plain); i++)
                if (span_eq(name, plain[i]))
                        return false;
        return true;
}

static struct span masked(struct searcher *s, struct span text) {
        _cleanup_(buf_deinit) struct buf b = {0}, named = {0};

        (void)personal_mask(&b, text, s->ask.key);
        if (!names_mask(&named, buf_get(&b), &s->known) || b.failed || named.failed)
                return HIDDEN;
        struct span r = arena_dup(&s->arena, buf_get(&named));
        return r.p ? r : HIDDEN;
}

struct span searcher_shown(struct searcher *s, struct span name, struct span value) {
        enum names_kind kind = kind_of(s, name);

        if (!searcher_masks(s) || names_nobody(kind, value))
                return value;
        if (kind != NAMES_NOBODY)
                return code(s, kind, value);
        return is_text(name) ? masked(s, value) : value;
}

/* As it is counted: names by all bits of their hash. */
struct span searcher_counted(void *ctx, const struct finding *f, struct span name,
                             struct span value, struct arena *a) {
        struct searcher *s = ctx;
        enum names_kind kind = kind_of(s, name);

        if (names_nobody(kind, value) || (kind == NAMES_NOBODY && !is_text(name)))
                return value;
        if (kind == NAMES_NOBODY) {
                searcher_know(s, f);
                return arena_dup(a, masked(s, value));
        }
        return arena_printf(a, "%c%016llx", COUNTED,
                            (unsigned long long)pseudonym_hash(s->ask.key, value));
}

static struct span row_value(struct searcher *s, struct span name, struct span value) {
        char digits[PSEUDONYM_DIGITS + 1], hex[17];
        enum names_kind kind = names_of_field(name);

        if (!searcher_masks(s) || kind == NAMES_NOBODY || value.len != 17 || *value.p != COUNTED)
                return value;
        memcpy(hex, value.p + 1, 16);
        hex[16] = '\0';
        pseudonym_digits(strtoull(hex, NULL, 16), digits);
        struct span t =
                arena_printf(&s->arena, "%s-%s", pseudonym_word(kind, searcher_vi(s)), digits);
        return t.p ? t : HIDDEN;
}

/* ---- the record as text ---- */

static bool is_text_bytes(struct span s) {
        return s.len && !memchr(s.p, '\0', s.len) && utf8_valid(s);
}

static struct span original(const struct finding *f) {
        for (uint32_t i = f->n_fields; i-- > 0;)
                if (span_eq(f->fields[i].name, SPAN("event.original")))
                        return f->fields[i].value;
        return SPAN("");
}

static bool own_field(struct span name) {
        return span_starts(name, SPAN("coloa.")) || span_eq(name, SPAN("event.original"));
}

static void fields_text(struct searcher *s, const struct finding *f, struct buf *b) {
        bool first = true;

        buf_str(b, "{");
        for (uint32_t i = 0; i < f->n_fields; i++) {
                if (own_field(f->fields[i].name))
                        continue;
                buf_str(b, first ? "\n  \"" : ",\n  \"");
                buf_json(b, f->fields[i].name);
                buf_str(b, "\": \"");
                buf_json(b, searcher_shown(s, f->fields[i].name, f->fields[i].value));
                buf_char(b, '"');
                first = false;
        }
        buf_str(b, first ? "}" : "\n}");
}

struct span searcher_text(struct searcher *s, const struct finding *f, bool *ret_json) {
        _cleanup_(buf_deinit) struct buf b = {.limit = (size_t)256 << 10};
        struct span raw = original(f), t;

        *ret_json = !is_text_bytes(raw);
        if (!*ret_json)
                return searcher_shown(s, SPAN("event.original"), raw);
        fields_text(s, f, &b);
        t = b.failed ? SPAN_NONE : arena_dup(&s->arena, buf_get(&b));
        return t.p ? t : HIDDEN;
}

/* ---- lines ---- */

static void json_text(struct buf *b, const char *name, struct span v) {
        buf_printf(b, ",\"%s\":", name);
        if (!v.len) {
                buf_str(b, "null");
                return;
        }
        buf_char(b, '"');
        buf_json(b, v);
        buf_char(b, '"');
}

static void json_when(struct buf *b, const char *name, int64_t t) {
        char text[40];

        json_text(b, name, t == TIME_NONE ? SPAN("") : span_of(text, time_format(text, t, 3)));
}

static void csv_cell(struct buf *b, struct span v, bool first) {
        bool formula = v.len && strchr("=+-@\t\r", *v.p);

        buf_str(b, first ? "\"" : ",\"");
        if (formula)
                buf_char(b, '\'');
        for (size_t i = 0; i < v.len; i++) {
                if (v.p[i] == '"')
                        buf_char(b, '"');
                buf_char(b, v.p[i]);
        }
        buf_char(b, '"');
}

static const struct span *columns_of(const struct searcher *s, uint32_t *ret_n) {
        static const struct span plain[] = {SPAN("time"), SPAN("source"), SPAN("host"),
                                            SPAN("user"), SPAN("event.original")};

        if (s->q.gather) {
                *ret_n = s->q.gather == PIPE_TIMELINE ? 0 : s->q.n_by;
                return s->q.by;
        }
        *ret_n = s->q.n_fields ? s->q.n_fields : ARRAY_LEN(plain);
        return s->q.n_fields ? s->q.fields : plain;
}

void searcher_begin(struct searcher *s) {
        static const char *const pipes[] = {"events", "count", "top", "timeline"};
        struct buf *b = &s->out;
        uint32_t n;
        const struct span *names = columns_of(s, &n);

        if (s->ask.flags & SEARCH_CSV) {
                if (s->q.gather == PIPE_TIMELINE)
                        csv_cell(b, SPAN("time"), true);
                for (uint32_t i = 0; i < n; i++)
                        csv_cell(b, names[i], i == 0);
                if (s->q.gather)
                        csv_cell(b, SPAN("count"), n == 0 && s->q.gather != PIPE_TIMELINE);
                buf_str(b, "\r\n");
                return;
        }
        buf_printf(b, "{\"kind\":\"begin\",\"masked\":%s,\"pipes\":\"%s\",\"columns\":[",
                   searcher_masks(s) ? "true" : "false", pipes[MIN((unsigned)s->q.gather, 3u)]);
        for (uint32_t i = 0; i < n && (s->q.gather || s->q.n_fields); i++) {
                buf_str(b, i ? ",\"" : "\"");
                buf_json(b, names[i]);
                buf_char(b, '"');
        }
        buf_char(b, ']');
        json_when(b, "from", s->ask.from);
        json_when(b, "to", s->ask.to);
        buf_str(b, "}\n");
}

static void event_fields(struct searcher *s, const struct finding *f) {
        struct buf *b = &s->out;
        bool first = true;

        buf_str(b, ",\"fields\":{");
        for (uint32_t i = 0; i < s->q.n_fields; i++) {
                struct span name = s->q.fields[i];

                buf_str(b, i ? ",\"" : "\"");
                buf_json(b, name);
                buf_str(b, "\":\"");
                buf_json(b, searcher_shown(s, name, collect_value(f, name, &s->arena)));
                buf_char(b, '"');
        }
        for (uint32_t i = 0; i < f->n_fields && s->q.n_fields == 0; i++) {
                if (own_field(f->fields[i].name))
                        continue;
                buf_str(b, first ? "\"" : ",\"");
                buf_json(b, f->fields[i].name);
                buf_str(b, "\":\"");
                buf_json(b, searcher_shown(s, f->fields[i].name, f->fields[i].value));
                buf_char(b, '"');
                first = false;
        }
        buf_char(b, '}');
}

static void event_json(struct searcher *s, const struct finding *f) {
        struct buf *b = &s->out;
        bool json;

        buf_printf(b, "{\"kind\":\"event\",\"seq\":%llu,\"at\":%llu", (unsigned long long)f->seq,
                   (unsigned long long)f->offset);
        json_when(b, "time", f->time);
        json_when(b, "received", f->received);
        json_text(b, "source", collect_value(f, SPAN("source"), &s->arena));
        json_text(b, "host", f->host);
        json_text(b, "user", searcher_shown(s, SPAN("user.name"), f->user));
        json_text(b, "text", searcher_text(s, f, &json));
        event_fields(s, f);
        buf_str(b, "}\n");
}

int searcher_event(void *ctx, const struct finding *f) {
        struct searcher *s = ctx;
        uint32_t n;
        const struct span *names = columns_of(s, &n);
        bool json;

        /* Sorted rows come again, long after they were found. */
        if (s->seen != f && !searcher_may_show(s, f))
                return 0;
        s->shown++;
        if (searcher_masks(s))
                searcher_know(s, f);
        if (!(s->ask.flags & SEARCH_CSV)) {
                event_json(s, f);
        } else {
                for (uint32_t i = 0; i < n; i++)
                        csv_cell(&s->out,
                                 span_eq(names[i], SPAN("event.original"))
                                         ? searcher_text(s, f, &json)
                                         : searcher_shown(s, names[i],
                                                          collect_value(f, names[i], &s->arena)),
                                 i == 0);
                buf_str(&s->out, "\r\n");
        }
        if (s->out.failed)
                return -ENOMEM;
        return s->out.len < 32768 ? 0 : searcher_flush(s);
}

int searcher_row(void *ctx, const struct span *values, uint32_t n, uint64_t count) {
        struct searcher *s = ctx;
        bool timeline = s->q.gather == PIPE_TIMELINE, csv = (s->ask.flags & SEARCH_CSV) != 0;
        struct buf *b = &s->out;
        char number[32];

        arena_reset(&s->arena);
        if (!csv && timeline) {
                buf_str(b, "{\"kind\":\"bucket\"");
                json_text(b, "time", values[0]);
        } else if (!csv) {
                buf_str(b, "{\"kind\":\"row\",\"values\":[");
        }
        for (uint32_t i = 0; i < n && !(timeline && !csv); i++) {
                struct span v = timeline ? values[i] : row_value(s, s->q.by[i], values[i]);

                if (csv) {
                        csv_cell(b, v, i == 0);
                        continue;
                }
                buf_str(b, i ? ",\"" : "\"");
                buf_json(b, v);
                buf_char(b, '"');
        }
        snprintf(number, sizeof(number), "%llu", (unsigned long long)count);
        if (csv) {
                csv_cell(b, span_str(number), n == 0);
                buf_str(b, "\r\n");
        } else {
                buf_printf(b, "%s,\"count\":%s}\n", timeline ? "" : "]", number);
        }
        if (b->failed)
                return -ENOMEM;
        return b->len < 32768 ? 0 : searcher_flush(s);
}

static void numbers(struct searcher *s, int64_t now) {
        buf_printf(&s->out, ",\"found\":%llu,\"records\":%llu,\"bytes\":%llu,\"seconds\":%.1f",
                   (unsigned long long)collect_stats(s->collect)->events,
                   (unsigned long long)s->st.records, (unsigned long long)s->st.bytes,
                   (double)(now - s->began) / 1e9);
}

void searcher_progress(struct searcher *s) {
        if (s->ask.flags & SEARCH_CSV)
                return;
        buf_str(&s->out, "{\"kind\":\"progress\"");
        numbers(s, os_monotonic());
        buf_printf(&s->out, ",\"blocks\":%llu}\n", (unsigned long long)s->st.blocks);
}

void searcher_end(struct searcher *s, const char *state) {
        const struct collect_stats *c = collect_stats(s->collect);

        if (s->ask.flags & SEARCH_CSV)
                return;
        buf_printf(&s->out, "{\"kind\":\"end\",\"state\":\"%s\"", state);
        numbers(s, os_monotonic());
        buf_printf(&s->out, ",\"lost\":%llu,\"left_out\":%llu,\"others\":%llu,\"dropped\":%llu}\n",
                   (unsigned long long)s->st.lost_records, (unsigned long long)s->left_out,
                   (unsigned long long)c->others, (unsigned long long)c->dropped);
}
