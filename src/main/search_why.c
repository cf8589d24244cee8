/* One alert's records, judged once more: what they say, and why the rule matched, in words; with marks where the
 * values that matched stand in the record as text. See searcher.h.
 *
 * A mark is the place of a condition's value: its literal within the field's value where there is one, else the
 * whole value. The field's value is looked for behind the field's name first, as JSON, XML or plain text
 * write it; what is not found has no mark. Marks count bytes of UTF-8. */
#include <stdio.h>

#include "base/timestamp.h"
#include "main/judge.h"
#include "main/searcher.h"

#define NEAR 400u /* bytes between a name and its value */

struct why {
        struct span at, op, name, text; /* field of the event, operator, field of the rule, value */
};

static const struct {
        const char *op, *en, *vi;
        bool literal; /* its text stands in the value */
        bool alone;   /* without a value */
} ops[] = {
        {"is", "is", "là", false, false},
        {"contains", "contains", "có chứa", true, false},
        {"begins_with", "begins with", "bắt đầu bằng", true, false},
        {"ends_with", "ends with", "kết thúc bằng", true, false},
        {"is_like", "is like", "có dạng", false, false},
        {"matches", "matches the expression", "khớp biểu thức", false, false},
        {"within", "is in the network", "thuộc mạng", false, false},
        {"below", "is below", "nhỏ hơn", false, false},
        {"at_most", "is at most", "không quá", false, false},
        {"above", "is above", "lớn hơn", false, false},
        {"at_least", "is at least", "ít nhất là", false, false},
        {"missing", "is missing", "không có", false, true},
        {"present", "is present", "có mặt", false, true},
        {"same_as", "is the same as", "giống với", false, false},
};

static unsigned op_of(struct span op) {
        for (unsigned i = 0; i < ARRAY_LEN(ops); i++)
                if (span_eq(op, span_str(ops[i].op)))
                        return i;
        return 0;
}

static bool read_why(struct span s, struct why *ret) {
        struct span *parts[] = {&ret->at, &ret->op, &ret->name, &ret->text};

        for (unsigned i = 0; i < 4; i++) {
                const char *end = i < 3 ? memchr(s.p, JUDGE_WHY_BETWEEN, s.len) : s.p + s.len;

                if (!end)
                        return false;
                *parts[i] = span_of(s.p, (size_t)(end - s.p));
                if (i < 3)
                        s = span_of(end + 1, s.len - parts[i]->len - 1);
        }
        return true;
}

static struct span value_of(const struct finding *f, struct span name) {
        for (uint32_t i = 0; i < f->n_fields; i++)
                if (name.len && span_eq(f->fields[i].name, name))
                        return f->fields[i].value;
        return SPAN("");
}

/* ---- where it stands ---- */

static bool find(struct span hay, size_t from, struct span needle, size_t *ret) {
        for (size_t i = from; needle.len && i + needle.len <= hay.len; i++)
                if (span_ieq(span_of(hay.p + i, needle.len), needle)) {
                        *ret = i;
                        return true;
                }
        return false;
}

static struct span escaped(struct searcher *s, struct span v, bool xml) {
        struct buf b = {.limit = (size_t)128 << 10};

        for (size_t i = 0; i < v.len; i++) {
                char c = v.p[i];

                if (!xml && (c == '\\' || c == '"'))
                        buf_printf(&b, "\\%c", c);
                else if (!xml && (c == '\n' || c == '\r' || c == '\t'))
                        buf_str(&b, c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
                else if (xml && strchr("&<>\"'", c) && c)
                        buf_str(&b, c == '&'   ? "&amp;"
                                    : c == '<' ? "&lt;"
                                    : c == '>' ? "&gt;"
                                    : c == '"' ? "&quot;"
                                               : "&apos;");
                else
                        buf_char(&b, c);
        }
        struct span t = arena_dup(&s->arena, buf_get(&b));
        buf_deinit(&b);
        return t.p ? t : SPAN("");
}

static struct span last_name(struct span field) {
        for (size_t i = field.len; i > 0; i--)
                if (field.p[i - 1] == '.')
                        return span_of(field.p + i, field.len - i);
        return field;
}

/* The value in the text: behind its name if it stands there, else anywhere. */
static bool find_value(struct span text, struct span field, struct span value, size_t *ret) {
        struct span name = last_name(field);
        size_t at = 0, v;

        for (size_t from = 0; find(text, from, name, &at); from = at + name.len) {
                size_t end = MIN(text.len, at + name.len + NEAR + value.len);
                if (find(span_of(text.p, end), at + name.len, value, &v)) {
                        *ret = v;
                        return true;
                }
        }
        return find(text, 0, value, ret);
}

static bool place(struct searcher *s, struct span text, const struct why *w, struct span value,
                  size_t *ret_from, size_t *ret_to) {
        bool literal = ops[op_of(w->op)].literal;

        for (unsigned form = 0; form < 3; form++) {
                struct span v = form ? escaped(s, value, form == 2) : value;
                struct span part = form ? escaped(s, w->text, form == 2) : w->text;
                size_t at, within;

                if (value.len && find_value(text, w->at, v, &at)) {
                        struct span here = span_of(text.p + at, v.len);
                        bool some = literal && find(here, 0, part, &within);
                        if (some && span_eq(w->op, SPAN("ends_with")))
                                within = here.len - part.len;
                        *ret_from = at + (some ? within : 0);
                        *ret_to = some ? *ret_from + part.len : at + v.len;
                        return true;
                }
                if (literal && find(text, 0, part, &at)) {
                        *ret_from = at;
                        *ret_to = at + part.len;
                        return true;
                }
        }
        return false;
}

/* ---- in words ---- */

static void json_member(struct buf *b, const char *name, struct span v, bool first) {
        buf_printf(b, "%s\"%s\":\"", first ? "" : ",", name);
        buf_json(b, v);
        buf_char(b, '"');
}

/* What is compared with may be somebody's name as well. */
static struct span shown_text(struct searcher *s, const struct why *w, struct span value) {
        enum names_kind kind = names_of_field(w->name.len ? w->name : w->at);

        if (!searcher_masks(s))
                return w->text;
        if (kind == NAMES_USER && w->text.len && !pseudonym_of_nobody(w->text))
                return value.len ? searcher_shown(s, SPAN("user.name"), value) : SPAN("[?]");
        return searcher_shown(s, SPAN("text"), w->text);
}

static void say(struct searcher *s, const struct why *w, struct span value, unsigned n) {
        const char *en = ops[op_of(w->op)].en, *vi = ops[op_of(w->op)].vi;
        bool alone = ops[op_of(w->op)].alone;
        struct span name = w->name.len ? w->name : SPAN("");
        struct span text = shown_text(s, w, value);
        int nl = (int)MIN(name.len, 120u), tl = (int)MIN(text.len, 400u);
        const char *q = alone ? "" : "\"";
        struct span e = arena_printf(&s->arena, "%.*s %s%s%s%.*s%s", nl ? nl : 10,
                                     nl ? name.p : "the record", en, alone ? "" : " ", q,
                                     alone ? 0 : tl, text.p, q);
        struct span v =
                arena_printf(&s->arena, "%.*s %s%s%s%.*s%s", nl ? nl : 9, nl ? name.p : "bản ghi",
                             vi, alone ? "" : " ", q, alone ? 0 : tl, text.p, q);

        buf_printf(&s->why, "%s{\"n\":%u", n > 1 ? "," : "", n);
        json_member(&s->why, "field", name.len ? name : w->at, false);
        json_member(&s->why, "op", w->op, false);
        json_member(&s->why, "value", text, false);
        json_member(&s->why, "text_en", e.p ? e : SPAN(""), false);
        json_member(&s->why, "text_vi", v.p ? v : SPAN(""), false);
        buf_char(&s->why, '}');
}

/* Conditions are numbered by the first event that says them. */
static void conditions(struct searcher *s, const struct finding *f, struct span text,
                       struct buf *marks) {
        bool first_event = s->n_why == 0;
        unsigned n = 0, n_marks = 0;

        for (uint32_t i = 0; i < f->n_fields; i++) {
                struct why w;
                size_t from, to;

                if (!span_eq(f->fields[i].name, SPAN(JUDGE_WHY)) ||
                    !read_why(f->fields[i].value, &w))
                        continue;
                struct span value = value_of(f, w.at), shown = value;
                if (w.at.len)
                        shown = searcher_shown(s, w.at, value);
                n++;
                if (first_event) {
                        say(s, &w, value, n);
                        s->n_why = n;
                }
                if (n > s->n_why || !place(s, text, &w, shown, &from, &to))
                        continue;
                buf_printf(marks, "%s{\"from\":%zu,\"to\":%zu,\"n\":%u}", n_marks++ ? "," : "",
                           from, to, n);
        }
}

int searcher_explain(struct searcher *s, const struct finding *f) {
        _cleanup_(buf_deinit) struct buf marks = {.limit = (size_t)64 << 10};
        struct buf *b = &s->events;
        bool json, first = true;
        char when[40];

        if (s->got || f->offset != s->offset || !searcher_may_show(s, f))
                return 0;
        s->got = true;
        searcher_know(s, f);
        struct span text = searcher_text(s, f, &json);
        conditions(s, f, text, &marks);
        buf_printf(b, "%s{\"which\":\"%s\",\"seq\":%llu", b->len ? "," : "", s->which,
                   (unsigned long long)f->seq);
        json_member(b, "received", span_of(when, time_format(when, f->received, 3)), false);
        json_member(b, "source", collect_value(f, SPAN("source"), &s->arena), false);
        buf_printf(b, ",\"raw_as\":\"%s\",\"cut\":%s", json ? "json" : "text",
                   (f->flags & FINDING_CUT) ? "true" : "false");
        json_member(b, "raw", text, false);
        buf_str(b, ",\"fields\":{");
        for (uint32_t i = 0; i < f->n_fields; i++) {
                struct span name = f->fields[i].name;

                if (span_starts(name, SPAN("coloa.")) || span_eq(name, SPAN("event.original")))
                        continue;
                buf_str(b, first ? "\"" : ",\"");
                buf_json(b, name);
                buf_str(b, "\":\"");
                buf_json(b, searcher_shown(s, name, f->fields[i].value));
                buf_char(b, '"');
                first = false;
        }
        buf_str(b, "},\"marks\":[");
        buf_span(b, buf_get(&marks));
        buf_str(b, "]}");
        return b->failed || marks.failed ? -ENOMEM : 0;
}
