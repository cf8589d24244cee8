/* See bulk.h.
 *
 *     {"create":{"_index":"logs","_id":"7"}} LF {"message":"…"} LF
 *
 * Lines are what counts, as in Elasticsearch: a document holds no line feed of its own. Of the action
 * line this reads the verb, `_index` and `_id`; any other member is stepped over. Of the document only
 * that it looks like an object is checked: it is stored as it came, and decoded by a judge. A line that
 * is no action ends the request, as nobody can tell which of the following lines is a document.
 *
 * Invariants:
 *  B1  After MORE, in->len <= RECORD_MAX.
 *  B2  The items and their order do not depend on the pieces that `in` comes in. */
#include "ingest/bulk.h"

void bulk_init(struct bulk *b) {
        *b = (struct bulk){0};
}

const char *bulk_action_name(enum bulk_action a) {
        static const char *const names[] = {"index", "create", "update", "delete"};

        return names[a];
}

/* ---- a small reader of one line of JSON ---- */

struct cursor {
        const char *p, *end;
};

static void blanks(struct cursor *c) {
        while (c->p < c->end && (*c->p == ' ' || *c->p == '\t' || *c->p == '\r'))
                c->p++;
}

static bool take(struct cursor *c, char what) {
        blanks(c);
        if (c->p == c->end || *c->p != what)
                return false;
        c->p++;
        return true;
}

/* A string's inside, escapes as they are. */
static bool string(struct cursor *c, struct span *ret) {
        if (!take(c, '"'))
                return false;
        const char *from = c->p;
        while (c->p < c->end && *c->p != '"') {
                if (*c->p == '\\' && ++c->p == c->end)
                        return false;
                c->p++;
        }
        if (c->p == c->end)
                return false;
        *ret = span_of(from, (size_t)(c->p++ - from));
        return true;
}

/* Any value: braces and brackets are counted, what is between is not looked at. */
static bool skip_value(struct cursor *c) {
        unsigned depth = 0;
        struct span s;

        do {
                blanks(c);
                if (c->p == c->end)
                        return false;
                switch (*c->p) {
                case '"':
                        if (!string(c, &s))
                                return false;
                        break;
                case '{':
                case '[':
                        depth++;
                        c->p++;
                        break;
                case '}':
                case ']':
                        if (depth == 0)
                                return false;
                        depth--;
                        c->p++;
                        break;
                case ',':
                        if (depth == 0)
                                return false;
                        c->p++;
                        break;
                default: c->p++; break;
                }
                /* A number or word ends at what cannot be part of it. */
                while (depth == 0 && c->p < c->end && c->p[-1] != '"' && c->p[-1] != '}' &&
                       c->p[-1] != ']' && !memchr(",}] \t\r", *c->p, 6))
                        c->p++;
        } while (depth > 0);
        return true;
}

/* Escapes resolved as far as names have them; false: too long, or an escape that is none. */
static bool unescape(struct span s, char *to, size_t room, uint16_t *ret_len) {
        size_t n = 0;

        for (size_t i = 0; i < s.len; i++) {
                char ch = s.p[i];

                if (n == room)
                        return false;
                if (ch == '\\') {
                        /* \uXXXX stays as it is written: it only must differ where the names do. */
                        ch = s.p[++i];
                        if (ch == 'u') {
                                to[n++] = '\\';
                                if (n == room)
                                        return false;
                        } else if (!memchr("\"\\/bfnrt", ch, 8)) {
                                return false;
                        }
                }
                to[n++] = ch;
        }
        *ret_len = (uint16_t)n;
        return true;
}

/* A member of the action's object. */
static const char *read_member(struct bulk *b, struct cursor *c) {
        struct span name, value;

        if (!string(c, &name) || !take(c, ':'))
                return "action line is not a JSON object";
        bool index = span_eq(name, SPAN("_index")), id = span_eq(name, SPAN("_id"));
        blanks(c);
        if ((index || id) && c->p < c->end && *c->p == '"') {
                if (!string(c, &value))
                        return "action line is not a JSON object";
                if (index && !unescape(value, b->index, sizeof(b->index), &b->index_len))
                        return "_index is too long";
                if (id && !unescape(value, b->id, sizeof(b->id), &b->id_len))
                        return "_id is too long";
                b->has_id |= id;
                return NULL;
        }
        const char *from = c->p;
        if (!skip_value(c))
                return "action line is not a JSON object";
        size_t len = (size_t)(c->p - from);
        if (id && len < sizeof(b->id) && !(len == 4 && memcmp(from, "null", 4) == 0)) {
                memcpy(b->id, from, len); /* a number is a name, too */
                b->id_len = (uint16_t)len;
                b->has_id = true;
        }
        return NULL;
}

static bool action_of(struct span name, enum bulk_action *ret) {
        for (enum bulk_action a = BULK_INDEX; a <= BULK_DELETE; a++)
                if (span_eq(name, span_str(bulk_action_name(a)))) {
                        *ret = a;
                        return true;
                }
        return false;
}

/* NULL, or what is wrong with the line. */
static const char *read_action(struct bulk *b, struct span line) {
        struct cursor c = {.p = line.p, .end = line.p + line.len};
        const char *no = "action line is not a JSON object";
        struct span name;

        b->has_id = false;
        b->index_len = b->id_len = 0;
        if (line.len > BULK_ACTION_MAX)
                return "action line is too long";
        if (!take(&c, '{') || !string(&c, &name) || !take(&c, ':') || !take(&c, '{'))
                return no;
        if (!action_of(name, &b->action))
                return "action is not one of create, index, update, delete";
        if (!take(&c, '}')) {
                do {
                        const char *what = read_member(b, &c);
                        if (what)
                                return what;
                } while (take(&c, ','));
                if (!take(&c, '}'))
                        return no;
        }
        if (!take(&c, '}'))
                return no;
        blanks(&c);
        return c.p == c.end ? NULL : no;
}

/* ---- lines ---- */

/* The next line, without its end. false: more is needed (or, at the end, nothing is left). */
static bool next_line(struct bulk *b, struct span *in, bool end, struct span *ret) {
        const char *lf = in->len > b->scanned
                                 ? memchr(in->p + b->scanned, '\n', in->len - b->scanned)
                                 : NULL;
        size_t len = lf ? (size_t)(lf - in->p) : in->len;

        if (!lf && (!end || in->len == 0)) {
                if (in->len > RECORD_MAX) {
                        b->dropped += in->len - RECORD_MAX;
                        in->len = RECORD_MAX;
                }
                b->scanned = in->len;
                return false;
        }
        *ret = span_of(in->p, len);
        in->p += len + (lf != NULL);
        in->len -= len + (lf != NULL);
        b->scanned = 0;
        b->lines++;
        return true;
}

static bool is_object(struct span s) {
        s = span_trim(s);
        return s.len >= 2 && s.p[0] == '{' && s.p[s.len - 1] == '}';
}

static void judge_item(struct bulk *b, struct span line, struct bulk_item *ret) {
        if (b->action == BULK_UPDATE || b->action == BULK_DELETE) {
                ret->status = 400;
                ret->what = "events are only ever added: create or index";
        } else if (ret->true_len > RECORD_MAX) {
                ret->status = 413;
                ret->what = "document is longer than 256 KiB";
        } else if (!is_object(line)) {
                ret->status = 400;
                ret->what = "document is not a JSON object";
        }
}

enum bulk_result bulk_next(struct bulk *b, struct span *in, bool end, struct bulk_item *ret) {
        struct span line;

        for (;;) {
                if (!next_line(b, in, end, &line)) {
                        if (!end)
                                return BULK_MORE;
                        if (!b->in_document)
                                return BULK_END;
                        line = SPAN_NONE; /* an action without its document */
                }
                if (b->in_document)
                        break;
                if (line.len <= BULK_ACTION_MAX && span_trim(line).len == 0)
                        continue;
                *ret = (struct bulk_item){.what = read_action(b, line)};
                if (ret->what)
                        return BULK_BAD;
                b->in_document = b->action != BULK_DELETE;
                if (!b->in_document) {
                        line = SPAN_NONE;
                        break;
                }
        }
        if (line.len && line.p[line.len - 1] == '\r')
                line.len--;
        *ret = (struct bulk_item){.action = b->action,
                                  .index = span_of(b->index, b->index_len),
                                  .id = b->has_id ? span_of(b->id, b->id_len) : SPAN_NONE,
                                  .document = span_of(line.p, MIN(line.len, RECORD_MAX)),
                                  .true_len = line.len + b->dropped};
        judge_item(b, line, ret);
        b->in_document = false;
        b->dropped = 0;
        return BULK_ITEM;
}
