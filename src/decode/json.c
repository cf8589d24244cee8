/* JSON: values one after the other, each object a record.
 *
 * A batch's text goes through two passes. The scan (json_scan.h) runs a few kilobytes ahead, finds
 * all strings and validates what is in them; the walk (json_walk.h) goes from string to string,
 * checks the grammar and writes fields. Here is what stands around: the places between records,
 * wrappers and arrays, and how to go on behind a record that is broken.
 *
 * Between records stand blanks, commas, brackets, and of a wrapper ({"Records":[…],
 * "NextToken":"x"}, see json_frame.h) the head, the members behind its array and the last brace. A
 * piece may begin anywhere between two records, so brackets need not balance.
 *
 * A broken record ends where its braces close, if they do so before a line that begins an object at
 * the same column or further left; else there; else at the end of the text. So in a file of lines
 * the next line is a new chance; in one that is pretty-printed, the next record is, not each part
 * of the broken one; in one without newlines, what follows the braces.
 *
 * A record that is whole, but has a string with a fault inside (an invalid escape, half of a pair,
 * bytes that are no UTF-8), is given as it stands and reported behind as recovered.
 *
 * Invariants:
 * J1  Each byte is in one record, one reported stretch, or between.
 * J2  No byte is walked more often than JSON_DEPTH_MAX + 2 times: a walk that fails passes over the
 * beginnings of at most as many later tries as it has levels open. */
#include <stdlib.h>

#include "decode/decode.h"
#include "decode/journal.h"
#include "decode/json_frame.h"
#include "decode/json_string.h"
#include "decode/json_walk.h"

#define COLUMN_MAX ((size_t)256)

struct json {
        struct json_walk walk;
        bool tail;                 /* a wrapper's members or closing brace may follow */
        bool broken;               /* no memory: the batch is reported as unread */
        struct decode_error fault; /* of the record given last, told next; what NULL: none */
};

static void *json_new(void) {
        return calloc(1, sizeof(struct json));
}

static void json_free(void *priv) {
        struct json *j = priv;

        json_scan_deinit(&j->walk.scan);
        free(j);
}

/* Begins at s->pos, which lies outside strings. */
static void start_at(struct json *j, struct decode_state *s) {
        struct json_walk *w = &j->walk;

        w->i = w->keep = 0;
        w->end = s->b.payload.p + s->b.payload.len;
        w->arena = &s->arena;
        w->fields = s->fields;
        w->full = s->fields + EVENT_FIELDS_MAX;
        j->fault.what = NULL;
        j->broken = !json_scan_begin(&w->scan, s->b.payload, s->pos);
}

static void json_begin(struct decode_state *s) {
        struct json *j = s->priv;

        if (s->b.h.offset == 0 && span_starts(s->b.payload, SPAN("\xEF\xBB\xBF")))
                s->pos = 3;
        start_at(j, s);
        j->tail = s->b.h.offset != 0;
}

/* ---- going on behind what is broken ---- */

/* Lets the walk's index follow to `to`. */
static void seek_index(struct json_walk *w, size_t to) {
        while (w->scan.at < to && w->scan.at < w->scan.len) {
                size_t dropped = json_scan_more(&w->scan, w->i);
                w->i -= dropped;
        }
        while (w->i < w->scan.n && JSON_INDEX_POS(w->scan.index[w->i]) < to)
                w->i++;
        w->keep = w->i;
}

static bool line_begins_object(const char *p, const char *end, size_t column) {
        const char *line = p;

        while (p < end && (*p == ' ' || *p == '\t'))
                p++;
        return p < end && *p == '{' && (size_t)(p - line) <= column;
}

/* How far the object at `from`, which is broken, reaches. The index stands at its first quote. */
static size_t object_end(struct json_walk *w, size_t from, size_t column) {
        const char *text = w->scan.p, *end = w->end, *p = text + from;
        size_t depth = 0;

        while (p < end) {
                char c = *p++;
                if (c == '"' && json_walk_need(w, 1) &&
                    text + JSON_INDEX_POS(w->scan.index[w->i]) == p - 1) {
                        if (!json_walk_need(w, 2))
                                return w->scan.len;
                        p = text +
                            JSON_INDEX_POS(w->scan.index[w->i + 1]); /* a newline is looked at */
                        p += *p == '"';
                        w->i += 2;
                        w->keep = w->i;
                } else if (c == '\n') {
                        if (line_begins_object(p, end, column))
                                return (size_t)(p - text);
                } else if (c == '{') {
                        depth++;
                } else if (c == '}' && --depth == 0) {
                        return (size_t)(p - text);
                }
        }
        return w->scan.len;
}

static size_t line_end(struct span text, size_t from) {
        const char *nl = memchr(text.p + from, '\n', text.len - from);

        return nl ? (size_t)(nl - text.p) + 1 : text.len;
}

/* How far from the beginning of its line `pos` is; no more than COLUMN_MAX, or lines without end
 * would cost time without end. */
static size_t column_of(struct span text, size_t pos) {
        size_t n = 0, most = MIN(pos, COLUMN_MAX);

        while (n < most && text.p[pos - n - 1] != '\n')
                n++;
        return n;
}

static uint64_t newlines(const char *p, size_t len) {
        const char *end = p + len;
        uint64_t n = 0;

        while ((p = memchr(p, '\n', (size_t)(end - p)))) {
                p++;
                n++;
        }
        return n;
}

/* Reports what lies between s->pos and `to` and goes there. */
static enum decode_result report(struct decode_state *s, size_t to, const char *what,
                                 struct decode_error *ret_err) {
        struct json *j = s->priv;

        seek_index(&j->walk, to);
        *ret_err = (struct decode_error){
                .offset = s->b.h.offset + s->pos,
                .length = to - s->pos,
                .what = what,
        };
        if (s->line)
                s->line += newlines(s->b.payload.p + s->pos, to - s->pos);
        s->pos = to;
        return DECODE_BAD;
}

static size_t skip_between(struct span text, size_t p) {
        while (p < text.len && text.p[p] && strchr(" \t\r\n,[]", text.p[p]))
                p++;
        return p;
}

/* decoder_begin() with bytes to skip: the record at s->pos, or the rest of the one that s->pos lies
 * in. Where that begins with the byte before, as when a judge died on it, it is the whole record
 * too; and if that is a wrapper, its first. */
static void json_skip(struct decode_state *s) {
        struct json *j = s->priv;
        struct span text = s->b.payload;
        size_t p = s->pos, n;

        p -= p > 0 && text.p[p - 1] == '{';
        p = skip_between(text, p);
        if (p < text.len && text.p[p] == '{') {
                n = json_wrapper_head(span_of(text.p + p, text.len - p));
                if (n != 0 && n != SIZE_MAX)
                        p = skip_between(text, p + n);
        }
        s->pos = p;
        start_at(j, s);
        j->tail = true;
        if (j->broken)
                return;
        if (p < text.len && text.p[p] == '{')
                p = object_end(&j->walk, p, column_of(text, p));
        else
                p = line_end(text, p);
        seek_index(&j->walk, p);
        s->pos = p;
}

/* ---- records ---- */

/* The words for a fault that the scan saw somewhere in the record. Slow: looks at every string of
 * it again. */
static const char *fault_words(struct span record) {
        const char *p = record.p, *end = p + record.len;

        while ((p = memchr(p, '"', (size_t)(end - p)))) {
                const char *q = ++p;
                while (q < end && *q != '"')
                        q += *q == '\\' && end - q > 1 ? 2 : 1;
                switch (json_string_check(span_of(p, (size_t)(q - p)))) {
                case JSON_STRING_CONTROL: return "control character in a string";
                case JSON_STRING_ESCAPE: return "invalid escape in a string";
                case JSON_STRING_SURROGATE: return "half of a surrogate pair in a string";
                case JSON_STRING_UTF8: return "invalid UTF-8";
                case JSON_STRING_OK: break;
                }
                p = q < end ? q + 1 : end;
        }
        return "invalid string";
}

/* A record longer than is kept: only the fields that lie wholly in what is kept. */
static void cut_record(struct json_walk *w, size_t len) {
        const char *limit = w->start + MIN(len, RECORD_MAX);

        while (w->f > w->fields && w->f[-1].val + w->f[-1].val_len >= limit)
                w->f--;
        w->cut = true;
}

static enum decode_result give(struct decode_state *s, size_t end, struct event *e) {
        struct json *j = s->priv;
        struct json_walk *w = &j->walk;
        size_t len = end - s->pos;

        if (UNLIKELY(len > RECORD_MAX))
                cut_record(w, len);
        if (UNLIKELY(w->removed))
                json_walk_compact(w);
        *e = (struct event){
                .raw = span_of(w->start, MIN(len, RECORD_MAX)),
                .offset = s->b.h.offset + s->pos,
                .line = s->line,
                .time = TIME_NONE,
                .kind = EVENT_JSON,
                .cut = w->cut,
                .n = (uint32_t)(w->f - w->fields),
                .fields = s->fields,
                .key2 = -1,
        };
        if (s->line)
                s->line += w->lines;
        s->pos = end;
        w->keep = w->i;
        j->tail = false;
        journal_complete(s, e);
        return DECODE_EVENT;
}

/* A record with faults inside strings is whole, and whoever can name a file or a user agent can
 * cause them (half of a surrogate pair, a byte that is no UTF-8): so it is given as it stands, and
 * told of behind it. */
static enum decode_result give_faulty(struct decode_state *s, size_t end, struct event *e) {
        struct json *j = s->priv;

        j->fault = (struct decode_error){
                .offset = s->b.h.offset + s->pos,
                .length = end - s->pos,
                .what = fault_words(span_of(j->walk.start, end - s->pos)),
                .recovered = true,
        };
        return give(s, end, e);
}

/* The text ends in the record at s->pos. One that ingest had to cut, as it does not fit a slot, is
 * given as far as it goes. */
static enum decode_result short_record(struct decode_state *s, struct event *e,
                                       struct decode_error *ret_err) {
        struct json_walk *w = &((struct json *)s->priv)->walk;
        size_t end = s->b.payload.len, len = end - s->pos;

        (void)json_walk_need(w, SIZE_MAX); /* scans all */
        if (len > RECORD_MAX) {
                seek_index(w, end);
                if (json_scan_faulty(&w->scan, s->pos, s->pos + RECORD_MAX))
                        return give_faulty(s, end, e);
                return give(s, end, e);
        }
        w->i = w->keep;
        size_t to = object_end(w, s->pos, column_of(s->b.payload, s->pos));
        return report(s, to, "the record does not end", ret_err);
}

/* '{' at s->pos. DECODE_END: it was a wrapper's head and s->pos is behind that. */
static enum decode_result record(struct decode_state *s, struct event *e,
                                 struct decode_error *ret_err) {
        struct json *j = s->priv;
        struct json_walk *w = &j->walk;
        const char *text = s->b.payload.p, *what;
        size_t end;

        w->keep = w->i;
        w->at = text + s->pos;
        switch (json_walk(w, true)) {
        case JSON_WALK_OK:
                end = (size_t)(w->at - text);
                while (UNLIKELY(w->scan.at < end)) {
                        size_t dropped = json_scan_more(&w->scan, w->keep);
                        w->i -= dropped;
                        w->keep -= dropped;
                }
                if (LIKELY(!w->scan.n_faults || !json_scan_faulty(&w->scan, s->pos, end)))
                        return give(s, end, e);
                return give_faulty(s, end, e);
        case JSON_WALK_WRAPPER:
                if (s->line)
                        s->line += w->lines;
                s->pos = (size_t)(w->at - text);
                return DECODE_END;
        case JSON_WALK_SHORT: return short_record(s, e, ret_err);
        default:
                what = w->what;
                w->i = w->keep;
                end = object_end(w, s->pos, column_of(s->b.payload, s->pos));
                return report(s, end, what, ret_err);
        }
}

/* What a crash leaves in a log; the record behind it is whole. */
static enum decode_result zeros(struct decode_state *s, struct decode_error *ret_err) {
        struct span text = s->b.payload;
        size_t to = s->pos;

        while (to < text.len && text.p[to] == '\0')
                to++;
        return report(s, to, "a block of zeros", ret_err);
}

/* Whether the key at p (its quote) belongs to what interfaces put around a list of records. Anything else there may be
 * evidence that somebody hid behind a list, and is reported. */
static bool paging(const char *p, const char *end) {
        static const struct span names[] = {
                {"nextToken", 9},
                {"NextToken", 9},
                {"nextLink", 8},
                {"next", 4},
                {"continuationToken", 17},
                {"cursor", 6},
                {"nextPageToken", 13},
                {"count", 5},
                {"total", 5},
                {"hasMore", 7},
                {"has_more", 8},
                {"next_cursor", 11},
                {"limit", 5},
                {"offset", 6},
                {"requestId", 9},
        };

        p++;
        if (p < end && (*p == '@' || *p == '$'))
                return true;
        for (size_t i = 0; i < ARRAY_LEN(names); i++)
                if ((size_t)(end - p) > names[i].len && memcmp(p, names[i].p, names[i].len) == 0 &&
                    p[names[i].len] == '"')
                        return true;
        return false;
}

/* Something between records that is no object: a wrapper's member (DECODE_END: passed over), else
 * it is reported. */
static enum decode_result other(struct decode_state *s, struct decode_error *ret_err) {
        struct json *j = s->priv;
        struct json_walk *w = &j->walk;
        const char *text = s->b.payload.p;
        enum json_walk_end r;

        w->keep = w->i;
        w->at = text + s->pos;
        r = json_walk(w, false);
        if (r == JSON_WALK_OK && j->tail && text[s->pos] == '"') {
                uint64_t lines = w->lines;
                const char *p = w->at;
                while (p < w->end && memchr(" \t\r\n", *p, 4))
                        lines += *p++ == '\n';
                if (p < w->end && *p == ':') {
                        for (p++; p < w->end && memchr(" \t\r\n", *p, 4); p++)
                                lines += *p == '\n';
                        w->at = p;
                        r = json_walk(w, false);
                        if (r == JSON_WALK_OK && !paging(text + s->pos, w->end))
                                return report(s, (size_t)(w->at - text),
                                              "a member behind a list of records was not judged",
                                              ret_err);
                        if (r == JSON_WALK_OK) {
                                if (s->line)
                                        s->line += lines + w->lines;
                                s->pos = (size_t)(w->at - text);
                                return DECODE_END;
                        }
                }
        }
        w->i = w->keep;
        if (r == JSON_WALK_OK)
                return report(s, (size_t)(w->at - text), "not an object", ret_err);
        return report(s, line_end(s->b.payload, s->pos), "not JSON", ret_err);
}

static enum decode_result json_next(struct decode_state *s, struct event *ret_e,
                                    struct decode_error *ret_err) {
        struct json *j = s->priv;
        struct span text = s->b.payload;
        enum decode_result r;

        if (UNLIKELY(j->fault.what)) {
                *ret_err = j->fault;
                j->fault.what = NULL;
                return DECODE_BAD;
        }
        if (UNLIKELY(j->broken) && s->pos < text.len) {
                *ret_err = (struct decode_error){
                        .offset = s->b.h.offset + s->pos,
                        .length = text.len - s->pos,
                        .what = "no memory to read it",
                };
                s->pos = text.len;
                return DECODE_BAD;
        }
        while (s->pos < text.len) {
                switch (text.p[s->pos]) {
                case '{':
                        r = record(s, ret_e, ret_err);
                        if (r != DECODE_END)
                                return r;
                        j->tail = true;
                        break;
                case '\n':
                        s->line += s->line != 0;
                        s->pos++;
                        break;
                case ']':
                        j->tail = true;
                        s->pos++;
                        break;
                case ' ':
                case '\t':
                case '\r':
                case ',':
                case '[':
                case '\x1e': /* RFC 7464 */ s->pos++; break;
                case '\0': return zeros(s, ret_err);
                case '}':
                        if (j->tail) {
                                j->tail = false;
                                s->pos++;
                                break;
                        }
                        __attribute__((fallthrough));
                default:
                        r = other(s, ret_err);
                        if (r != DECODE_END)
                                return r;
                }
        }
        return DECODE_END;
}

const struct format_ops format_json = {
        .new = json_new,
        .free = json_free,
        .begin = json_begin,
        .skip = json_skip,
        .next = json_next,
};
