/* Facts in memory and as text (facts.h). The text comes from anywhere: an export that somebody changed, one of
 * another node. So every line is checked member by member, and what is not as it must be is refused whole.
 *
 * Texts and arrays lie in the set's arena, with a budget that the bytes of the largest text allowed fill. Order:
 * play, then t, then id, so that the order in which facts came does not matter. */
#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "exercise/facts.h"

const char *const fact_kinds[FACT_KINDS] = {
        "alert",  "acknowledged", "declared",  "classified", "scope",    "contained",
        "told",   "reported",     "restored",  "evidence",   "answered", "closed",
        "played", "delivered",    "prevented", "tip",        "undone",   "hint",
        "unused", "pause",        "watch",     "ruling"};

static const char *const truths[] = {"false", "unknown", "true"};

void facts_init(struct drill_facts *f) {
        *f = (struct drill_facts){0};
        arena_init(&f->arena, FACTS_BYTES_MAX * 4);
}

void facts_deinit(struct drill_facts *f) {
        arena_deinit(&f->arena);
        free(f->facts);
        *f = (struct drill_facts){0};
}

/* ---- bounds ---- */

static bool text_good(const char *s) {
        size_t n = s ? strlen(s) : 0;

        if (n == 0 || n > FACT_TEXT_MAX || !utf8_valid(span_of(s, n)))
                return false;
        for (size_t i = 0; i < n; i++)
                if ((unsigned char)s[i] < ' ' || s[i] == 0x7f)
                        return false;
        return true;
}

static bool texts_good(const char *const *list, unsigned n) {
        if (n > FACT_MANY)
                return false;
        for (unsigned i = 0; i < n; i++)
                if (!text_good(list[i]))
                        return false;
        return true;
}

static bool within(int64_t v, int64_t from, int64_t to) {
        return v >= from && v <= to;
}

static bool fact_good(const struct drill_fact *f) {
        if (!text_good(f->id) || f->kind >= FACT_KINDS || f->play == 0 || f->play > 0xffffff)
                return false;
        if (!within(f->t, -FACT_DRILL_MAX, FACT_DRILL_MAX) ||
            !within(f->event, -FACT_DRILL_MAX, FACT_DRILL_MAX) ||
            !within(f->until, -FACT_DRILL_MAX, FACT_DRILL_MAX) ||
            !within(f->real, 0, FACT_TIME_MAX) || !within(f->until_real, 0, FACT_TIME_MAX) ||
            !within(f->latency, 0, FACT_DRILL_MAX) ||
            !within(f->number, -FACT_DRILL_MAX, FACT_DRILL_MAX))
                return false;
        if ((f->actor && !text_good(f->actor)) || (f->of && !text_good(f->of)) ||
            (f->value && !text_good(f->value)) || (f->technique && !text_good(f->technique)))
                return false;
        if (!texts_good(f->roles, f->n_roles) || !texts_good(f->from, f->n_from) ||
            !texts_good(f->objects, f->n_objects) || f->n_steps > FACT_MANY ||
            f->n_fields > FACT_MANY)
                return false;
        for (unsigned i = 0; i < f->n_steps; i++)
                if (f->steps[i] > PLAN_STEPS_MAX)
                        return false;
        for (unsigned i = 0; i < f->n_fields; i++)
                if (!text_good(f->fields[i].name) || f->fields[i].truth > TRUTH_TRUE)
                        return false;
        return true;
}

/* ---- in memory ---- */

static const char *kept(struct arena *a, const char *s) {
        return s ? arena_dup(a, span_str(s)).p : NULL;
}

static const char *const *kept_list(struct arena *a, const char *const *list, unsigned n) {
        const char **to = n ? arena_array(a, n, sizeof(*to)) : NULL;

        for (unsigned i = 0; to && i < n; i++)
                to[i] = kept(a, list[i]);
        return to;
}

static int fact_copy(struct arena *a, struct drill_fact *to, const struct drill_fact *f) {
        *to = *f;
        to->id = kept(a, f->id);
        to->actor = kept(a, f->actor);
        to->of = kept(a, f->of);
        to->value = kept(a, f->value);
        to->technique = kept(a, f->technique);
        to->roles = kept_list(a, f->roles, f->n_roles);
        to->from = kept_list(a, f->from, f->n_from);
        to->objects = kept_list(a, f->objects, f->n_objects);
        if (f->n_steps) {
                unsigned *steps = arena_array(a, f->n_steps, sizeof(*steps));

                if (steps)
                        memcpy(steps, f->steps, f->n_steps * sizeof(*steps));
                to->steps = steps;
        }
        if (f->n_fields) {
                struct fact_field *fields = arena_array(a, f->n_fields, sizeof(*fields));

                for (unsigned i = 0; fields && i < f->n_fields; i++)
                        fields[i] =
                                (struct fact_field){kept(a, f->fields[i].name), f->fields[i].truth};
                to->fields = fields;
        }
        return a->overflowed ? -ENOMEM : 0;
}

int facts_add(struct drill_facts *f, const struct drill_fact *fact) {
        int r;

        if (!fact_good(fact))
                return -EBADMSG;
        if (f->n >= FACTS_MAX)
                return -E2BIG;
        if (f->n == f->room) {
                size_t room = f->room ? 2 * f->room : 256;
                struct drill_fact *p = realloc(f->facts, room * sizeof(*p));

                if (!p)
                        return FAIL(-ENOMEM);
                f->facts = p;
                f->room = room;
        }
        r = fact_copy(&f->arena, &f->facts[f->n], fact);
        if (r < 0) /* what its arena may hold */
                return -E2BIG;
        f->n++;
        return 0;
}

static int by_order(const void *a, const void *b) {
        const struct drill_fact *x = a, *y = b;

        if (x->play != y->play)
                return x->play < y->play ? -1 : 1;
        if (x->t != y->t)
                return x->t < y->t ? -1 : 1;
        return strcmp(x->id, y->id);
}

static int by_id(const void *a, const void *b) {
        const struct drill_fact *x = *(const struct drill_fact *const *)a,
                                *y = *(const struct drill_fact *const *)b;

        if (x->play != y->play)
                return x->play < y->play ? -1 : 1;
        return strcmp(x->id, y->id);
}

int facts_sort(struct drill_facts *f) {
        const struct drill_fact **ids;
        int r = 0;

        if (f->n < 2)
                return 0;
        ids = calloc(f->n, sizeof(struct drill_fact *));
        if (!ids)
                return FAIL(-ENOMEM);
        qsort(f->facts, f->n, sizeof(*f->facts), by_order);
        for (size_t i = 0; i < f->n; i++)
                ids[i] = &f->facts[i];
        qsort(ids, f->n, sizeof(struct drill_fact *), by_id);
        for (size_t i = 1; i < f->n && r == 0; i++)
                if (by_id(&ids[i - 1], &ids[i]) == 0)
                        r = -EEXIST;
        free(ids);
        return r;
}

const struct drill_fact *facts_of(const struct drill_facts *f, unsigned play, size_t *ret_n) {
        size_t from = 0, to;

        while (from < f->n && f->facts[from].play != play)
                from++;
        for (to = from; to < f->n && f->facts[to].play == play;)
                to++;
        *ret_n = to - from;
        return to > from ? f->facts + from : NULL;
}

/* ---- writing ---- */

static void put_text(struct buf *b, const char *name, const char *v) {
        if (!v)
                return;
        buf_printf(b, ",\"%s\":\"", name);
        buf_json(b, span_str(v));
        buf_char(b, '"');
}

static void put_number(struct buf *b, const char *name, int64_t v) {
        if (v)
                buf_printf(b, ",\"%s\":%lld", name, (long long)v);
}

static void put_list(struct buf *b, const char *name, const char *const *list, unsigned n) {
        if (!n)
                return;
        buf_printf(b, ",\"%s\":[", name);
        for (unsigned i = 0; i < n; i++) {
                buf_str(b, i ? ",\"" : "\"");
                buf_json(b, span_str(list[i]));
                buf_char(b, '"');
        }
        buf_char(b, ']');
}

void fact_write(struct buf *b, const struct drill_fact *f) {
        buf_str(b, "{\"id\":\"");
        buf_json(b, span_str(f->id));
        buf_printf(b, "\",\"kind\":\"%s\",\"play\":%u,\"t\":%lld", fact_kinds[f->kind], f->play,
                   (long long)f->t);
        put_number(b, "real", f->real);
        put_number(b, "event", f->event);
        put_number(b, "latency", f->latency);
        put_number(b, "until", f->until);
        put_number(b, "until_real", f->until_real);
        put_text(b, "actor", f->actor);
        put_list(b, "roles", f->roles, f->n_roles);
        put_text(b, "of", f->of);
        put_text(b, "value", f->value);
        put_number(b, "number", f->number);
        put_text(b, "technique", f->technique);
        if (f->n_steps) {
                buf_str(b, ",\"steps\":[");
                for (unsigned i = 0; i < f->n_steps; i++)
                        buf_printf(b, i ? ",%u" : "%u", f->steps[i]);
                buf_char(b, ']');
        }
        put_list(b, "from", f->from, f->n_from);
        put_list(b, "objects", f->objects, f->n_objects);
        if (f->n_fields) {
                buf_str(b, ",\"fields\":[");
                for (unsigned i = 0; i < f->n_fields; i++) {
                        buf_str(b, i ? ",[\"" : "[\"");
                        buf_json(b, span_str(f->fields[i].name));
                        buf_printf(b, "\",\"%s\"]", truths[f->fields[i].truth]);
                }
                buf_char(b, ']');
        }
        if (f->label)
                buf_str(b, ",\"label\":true");
        if (f->self)
                buf_str(b, ",\"self\":true");
        buf_char(b, '}');
}

void facts_write(struct buf *to, const struct drill_facts *f) {
        for (size_t i = 0; i < f->n; i++) {
                fact_write(to, &f->facts[i]);
                buf_char(to, '\n');
        }
}

void facts_hash(char to[FACTS_HASH_HEX], struct span bytes) {
        unsigned char h[crypto_hash_sha256_BYTES];

        crypto_hash_sha256(h, (const unsigned char *)(bytes.len ? bytes.p : ""), bytes.len);
        sodium_bin2hex(to, FACTS_HASH_HEX, h, sizeof(h));
}

/* ---- reading ---- */

/* Of one line; arrays live as long as the line's object. */
struct line {
        struct drill_fact f;
        const char *roles[FACT_MANY], *from[FACT_MANY], *objects[FACT_MANY];
        unsigned steps[FACT_MANY];
        struct fact_field fields[FACT_MANY];
};

static bool read_list(const json_t *v, const char **to, unsigned *ret_n) {
        if (!json_is_array(v) || json_array_size(v) == 0 || json_array_size(v) > FACT_MANY)
                return false;
        *ret_n = (unsigned)json_array_size(v);
        for (unsigned i = 0; i < *ret_n; i++)
                if (!(to[i] = json_string_value(json_array_get(v, i))))
                        return false;
        return true;
}

static bool read_steps(struct line *l, const json_t *v) {
        if (!json_is_array(v) || json_array_size(v) == 0 || json_array_size(v) > FACT_MANY)
                return false;
        l->f.n_steps = (unsigned)json_array_size(v);
        for (unsigned i = 0; i < l->f.n_steps; i++) {
                const json_t *n = json_array_get(v, i);

                if (!json_is_integer(n) || !within(json_integer_value(n), 0, PLAN_STEPS_MAX))
                        return false;
                l->steps[i] = (unsigned)json_integer_value(n);
        }
        return true;
}

static bool read_fields(struct line *l, const json_t *v) {
        if (!json_is_array(v) || json_array_size(v) == 0 || json_array_size(v) > FACT_MANY)
                return false;
        l->f.n_fields = (unsigned)json_array_size(v);
        for (unsigned i = 0; i < l->f.n_fields; i++) {
                const json_t *pair = json_array_get(v, i);
                const char *name = json_string_value(json_array_get(pair, 0));
                const char *said = json_string_value(json_array_get(pair, 1));
                unsigned truth = 0;

                if (!name || !said || json_array_size(pair) != 2)
                        return false;
                while (truth < ARRAY_LEN(truths) && strcmp(said, truths[truth]) != 0)
                        truth++;
                if (truth == ARRAY_LEN(truths))
                        return false;
                l->fields[i] = (struct fact_field){name, truth};
        }
        return true;
}

static bool read_kind(struct drill_fact *f, const json_t *v) {
        const char *s = json_string_value(v);

        for (f->kind = 0; s && f->kind < FACT_KINDS; f->kind++)
                if (strcmp(fact_kinds[f->kind], s) == 0)
                        return true;
        return false;
}

static bool read_number(struct line *l, const char *name, const json_t *v, bool *ret_known) {
        const struct {
                const char *name;
                int64_t *to;
        } numbers[] = {{"t", &l->f.t},          {"real", &l->f.real},
                       {"event", &l->f.event},  {"latency", &l->f.latency},
                       {"until", &l->f.until},  {"until_real", &l->f.until_real},
                       {"number", &l->f.number}};

        for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
                if (strcmp(name, numbers[i].name) == 0) {
                        *ret_known = true;
                        *numbers[i].to = json_integer_value(v);
                        return json_is_integer(v);
                }
        return true;
}

static bool read_text(struct line *l, const char *name, const json_t *v, bool *ret_known) {
        const struct {
                const char *name, **to;
        } texts[] = {{"id", &l->f.id},
                     {"actor", &l->f.actor},
                     {"of", &l->f.of},
                     {"value", &l->f.value},
                     {"technique", &l->f.technique}};

        for (size_t i = 0; i < ARRAY_LEN(texts); i++)
                if (strcmp(name, texts[i].name) == 0) {
                        *ret_known = true;
                        *texts[i].to = json_string_value(v);
                        return json_is_string(v);
                }
        return true;
}

static bool read_member(struct line *l, const char *name, const json_t *v) {
        bool known = false;

        if (!read_number(l, name, v, &known) || !read_text(l, name, v, &known))
                return false;
        if (known)
                return true;
        if (strcmp(name, "kind") == 0)
                return read_kind(&l->f, v);
        if (strcmp(name, "play") == 0) {
                json_int_t n = json_integer_value(v);

                l->f.play = within(n, 1, 0xffffff) ? (unsigned)n : 0;
                return l->f.play != 0;
        }
        if (strcmp(name, "roles") == 0)
                return read_list(v, l->roles, &l->f.n_roles);
        if (strcmp(name, "from") == 0)
                return read_list(v, l->from, &l->f.n_from);
        if (strcmp(name, "objects") == 0)
                return read_list(v, l->objects, &l->f.n_objects);
        if (strcmp(name, "steps") == 0)
                return read_steps(l, v);
        if (strcmp(name, "fields") == 0)
                return read_fields(l, v);
        if (strcmp(name, "label") == 0)
                return (l->f.label = json_is_true(v));
        if (strcmp(name, "self") == 0)
                return (l->f.self = json_is_true(v));
        return false;
}

int facts_read_line(struct drill_facts *to, struct span text) {
        json_t *o;
        struct line *l;
        const char *name;
        json_t *v;
        bool good;
        int r;

        if (text.len == 0 || text.len > FACT_LINE_MAX)
                return -EBADMSG;
        o = json_loadb(text.p, text.len, JSON_REJECT_DUPLICATES, NULL);
        l = calloc(1, sizeof(*l));
        good = json_is_object(o) && json_object_get(o, "kind") && l;
        if (good)
                json_object_foreach(o, name, v) good = good && read_member(l, name, v);
        if (good) {
                l->f.roles = l->roles;
                l->f.from = l->from;
                l->f.objects = l->objects;
                l->f.steps = l->steps;
                l->f.fields = l->fields;
        }
        r = !l ? -ENOMEM : good ? facts_add(to, &l->f) : -EBADMSG;
        free(l);
        json_decref(o);
        return r;
}

int facts_read(struct drill_facts *to, struct span text, size_t *ret_line) {
        size_t line = 0;

        if (text.len > FACTS_BYTES_MAX)
                return -E2BIG;
        while (text.len) {
                const char *end = memchr(text.p, '\n', text.len);
                size_t n = end ? (size_t)(end - text.p) : text.len;
                int r = facts_read_line(to, span_of(text.p, n));

                line++;
                if (ret_line)
                        *ret_line = line;
                if (r < 0)
                        return r;
                n += end ? 1 : 0;
                text = span_of(text.p + n, text.len - n);
        }
        return facts_sort(to);
}
