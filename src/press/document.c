/* See document.h. */
#include "press/document.h"

#include <jansson.h>
#include <string.h>

#include "base/utf8.h"
#include "press/calls.h"

#define TEXTS_MAX ((size_t)4 << 20)

struct reading {
        struct arena *a;
        bool (*covered)(uint32_t c);
        int error;
};

/* Nothing to be seen, or it changes how its neighbours are read: never as it is. */
static bool silent(uint32_t c) {
        return c < 0x20 || c == 0x7f || (c >= 0x80 && c < 0xa0) || c == 0xad || c == 0x61c ||
               (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
               (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff0 && c <= 0xfffb) ||
               c >= 0xe0000 || (c & 0xfffe) == 0xfffe;
}

static void put_text(struct reading *r, struct buf *b, struct span s) {
        const char *p = s.p, *end = s.p + s.len;

        while (p < end) {
                uint32_t c;
                unsigned n = utf8_next(p, (size_t)(end - p), &c);

                if (n == 0) {
                        buf_str(b, "?");
                        p++;
                } else if (c == '\n' || c == '\t') {
                        buf_char(b, c == '\n' ? '\n' : ' ');
                        p += n;
                } else if (c == '\r') {
                        p += n;
                } else if (silent(c) || (r->covered && !r->covered(c))) {
                        buf_printf(b, "U+%04X", (unsigned)c);
                        p += n;
                } else {
                        buf_add(b, p, n);
                        p += n;
                }
        }
}

enum capitals { NONE, FIRST, ALL };

/* Before it is looked at what the fonts have: a capital may be missing where its letter is there. */
static void put_capitals(struct reading *r, struct buf *b, struct span s, enum capitals how) {
        uint32_t c;
        size_t n = how == ALL ? s.len : utf8_next(s.p, s.len, &c);
        char *up = g_utf8_strup(s.p, (gssize)n);

        put_text(r, b, span_str(up));
        put_text(r, b, span_of(s.p + n, s.len - n));
        g_free(up);
}

static struct span capital_text(struct reading *r, const json_t *v, enum capitals how) {
        _cleanup_(buf_deinit) struct buf b = {.limit = TEXTS_MAX};

        if (!v || json_is_null(v))
                return SPAN("");
        if (!json_is_string(v) || json_string_length(v) > DOCUMENT_TEXT_MAX) {
                r->error = -EBADMSG;
                return SPAN("");
        }
        struct span in = span_of(json_string_value(v), json_string_length(v));
        if (how == NONE || in.len == 0)
                put_text(r, &b, in);
        else
                put_capitals(r, &b, in, how);
        struct span s = arena_dup(r->a, b.len ? buf_get(&b) : SPAN(""));
        if (b.failed || !s.p)
                r->error = -ENOMEM;
        return s.p ? s : SPAN("");
}

static struct span text_of(struct reading *r, const json_t *v) {
        return capital_text(r, v, NONE);
}

static unsigned texts_of(struct reading *r, const json_t *list, struct span *to, size_t most) {
        if (list && (!json_is_array(list) || json_array_size(list) > most)) {
                r->error = -EBADMSG;
                return 0;
        }
        for (size_t i = 0; i < json_array_size(list); i++)
                to[i] = text_of(r, json_array_get(list, i));
        return (unsigned)json_array_size(list);
}

static void read_rows(struct reading *r, const json_t *list, struct document *d) {
        const json_t *e;
        size_t i;

        if (list && (!json_is_array(list) || json_array_size(list) > DOCUMENT_ROWS))
                r->error = -EBADMSG;
        json_array_foreach(list, i, e) {
                if (i == DOCUMENT_ROWS)
                        break;
                const json_t *value = json_array_get(e, 1);

                d->rows[d->n_rows++] = (struct document_row){
                        text_of(r, json_array_get(e, 0)), text_of(r, value),
                        json_is_true(json_array_get(e, 2)), json_is_null(value)};
        }
}

static void read_signers(struct reading *r, const json_t *list, struct document *d) {
        const json_t *e;
        size_t i;

        if (list && (!json_is_array(list) || json_array_size(list) > ARRAY_LEN(d->signers)))
                r->error = -EBADMSG;
        json_array_foreach(list, i, e) {
                if (i == ARRAY_LEN(d->signers))
                        break;
                d->signers[d->n_signers++] = (struct document_signer){
                        text_of(r, json_array_get(e, 0)), text_of(r, json_array_get(e, 1)),
                        text_of(r, json_array_get(e, 2))};
        }
}

static void read_figure(struct reading *r, const json_t *o, struct document *d) {
        const json_t *list = json_object_get(o, "lanes"), *e;
        size_t i;

        d->figure = text_of(r, json_object_get(o, "title"));
        for (i = 0; i < 3; i++)
                d->legend[i] = SPAN("");
        texts_of(r, json_object_get(o, "legend"), d->legend, 3);
        d->n_scale = texts_of(r, json_object_get(o, "scale"), d->scale, DOCUMENT_SCALE);
        if (list && (!json_is_array(list) || json_array_size(list) > DOCUMENT_LANES))
                r->error = -EBADMSG;
        json_array_foreach(list, i, e) {
                struct document_lane *l = &d->lanes[d->n_lanes];

                if (i == DOCUMENT_LANES)
                        break;
                l->label = text_of(r, json_array_get(e, 0));
                for (size_t k = 0; k < 3; k++) {
                        const json_t *at = json_array_get(e, k + 1);

                        l->at[k] = (int)json_integer_value(at);
                        if (!json_is_integer(at) || json_integer_value(at) < -1 ||
                            json_integer_value(at) > 1000)
                                r->error = -EBADMSG;
                }
                l->quiet = json_is_true(json_array_get(e, 4));
                d->n_lanes++;
        }
}

int document_read(struct span json, struct arena *a, bool (*covered)(uint32_t c),
                  struct document *ret) {
        struct reading r = {.a = a, .covered = covered};
        json_t *o = json_loadb(json.p, json.len, JSON_REJECT_DUPLICATES, NULL);
        static const char *const names[] = {
                "format",   "lang", "made",  "state",    "motto",        "number", "place",
                "handling", "mark", "title", "subtitle", "copies_title", "foot"};
        struct document *d = ret;

        memset(d, 0, sizeof(*d));
        struct span *const texts[] = {&d->format, &d->lang,   &d->made,     &d->state,
                                      &d->motto,  &d->number, &d->place,    &d->handling,
                                      &d->mark,   &d->title,  &d->subtitle, &d->copies_title,
                                      &d->foot};
        if (!json_is_object(o)) {
                json_decref(o);
                return -EBADMSG;
        }
        for (size_t i = 0; i < ARRAY_LEN(names); i++)
                *texts[i] = text_of(&r, json_object_get(o, names[i]));
        for (size_t i = 0; i < 2; i++)
                d->agency[i] = d->to[i] = d->seal[i] = SPAN("");
        for (size_t i = 0; i < 3; i++)
                d->columns[i] = SPAN("");
        texts_of(&r, json_object_get(o, "agency"), d->agency, 2);
        texts_of(&r, json_object_get(o, "to"), d->to, 2);
        texts_of(&r, json_object_get(o, "columns"), d->columns, 3);
        texts_of(&r, json_object_get(o, "seal"), d->seal, 2);
        d->n_notes = texts_of(&r, json_object_get(o, "notes"), d->notes, DOCUMENT_LINES);
        d->n_copies = texts_of(&r, json_object_get(o, "copies"), d->copies, DOCUMENT_LINES);
        read_rows(&r, json_object_get(o, "rows"), d);
        read_signers(&r, json_object_get(o, "signers"), d);
        read_figure(&r, json_object_get(o, "figure"), d);
        d->title = capital_text(&r, json_object_get(o, "title"), ALL);
        for (size_t i = 0; i < 2; i++)
                d->agency[i] =
                        capital_text(&r, json_array_get(json_object_get(o, "agency"), i), ALL);
        d->to[1] = capital_text(&r, json_array_get(json_object_get(o, "to"), 1), FIRST);
        json_decref(o);
        return r.error;
}
