/* One self-contained HTML page, written while findings come in.
 *
 *     head: style, skeleton
 *     <script class="rows">{…}</script><script class="events" …>…</script>   for every block
 *     <script id="summary">{…}</script>
 *     tail: script
 *
 * Findings leave in blocks. A block is two elements that never run. "rows" is JSON of what the list
 * needs, with the rules and inputs this block is the first to name; "events" is base64 of a zlib
 * stream, a JSON list of the events, which the page opens only when somebody looks (100,000 events
 * would be a quarter of a gigabyte as text; they repeat themselves, so deflated they are far less).
 * A block ends after BLOCK_ROWS findings or BLOCK_EVENTS bytes of events, so what is kept is
 * a block, deflate's window and bitmaps of the rules and inputs already named: 2 MiB at most.
 *
 * I1: nothing from a log stands in the page except through buf_json() (which escapes < > & too) or
 * as base64.
 *
 * I2: the page's policy allows its own script and style by hash, nothing else, and no connection.
 *
 * Page and script: page.html, page.css, page.js, joined by tools/embed.py. */
#include <stdlib.h>
#include <zlib.h>

#include "base/lang.h"
#include "base/timestamp.h"

#include "report/fields.h"
#include "report/page_data.h"

#define BLOCK_ROWS 512u
#define BLOCK_EVENTS ((size_t)1 << 20)
#define HEADLINE_MAX 320u
#define PLACES_MAX 10000u /* unreadable places of one input in a row; more are only counted */
#define NAMED 131072u     /* rules, correlations, inputs beyond are named again in every block */

struct html {
        struct buf rows, rules, inputs, unreadable; /* of the block */
        struct buf event;                           /* scratch: one event */
        struct buf deflated;
        z_stream z;
        bool z_open;
        uint32_t n;
        size_t raw; /* bytes of events before deflating */
        uint64_t blocks;
        uint32_t places_input, places; /* unreadable ones in a row, of which input */
        uint8_t named[3][NAMED / 8];
};

enum named { NAMED_RULE, NAMED_CORRELATION, NAMED_INPUT };

static bool name_it(struct html *h, enum named what, uint32_t i) {
        if (i >= NAMED)
                return true;
        uint8_t bit = (uint8_t)(1u << (i & 7));
        bool fresh = !(h->named[what][i / 8] & bit);

        h->named[what][i / 8] |= bit;
        return fresh;
}

static void text(struct buf *b, struct span s) {
        buf_char(b, '"');
        buf_json(b, s);
        buf_char(b, '"');
}

/* Cut between characters. */
static struct span clip(struct span s, size_t max) {
        if (s.len > max) {
                s.len = max;
                while (s.len && max - s.len < 3 && ((unsigned char)s.p[s.len] & 0xc0) == 0x80)
                        s.len--;
        }
        return s;
}

static void micros(struct buf *b, int64_t ns) {
        if (ns == TIME_NONE)
                buf_str(b, "null");
        else
                buf_printf(b, "%lld", (long long)(ns / 1000));
}

/* "r12":[id,title,vi,description,vi,level,file,[[technique,name,tactics]…],tactics,[other tags]] */
static void add_rule(struct report *r, const struct finding *f, const struct program_rule *m) {
        struct html *h = r->state;
        struct buf *b = &h->rules;
        bool alert = report_is_alert(f);
        struct fields_attack a;
        char id[ATTACK_ID_MAX];

        fields_attack(&a, r, f->rule, alert, m);
        buf_printf(b, "%s\"%c%u\":[", b->len ? "," : "", alert ? 'c' : 'r', f->rule);
        const struct span texts[] = {m->id, m->title, m->title_vi, m->description,
                                     m->description_vi};
        for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
                text(b, clip(texts[i], 1024));
                buf_char(b, ',');
        }
        buf_printf(b, "%u,", m->level);
        text(b, m->file);
        buf_str(b, ",[");
        uint32_t tactics = a.tactics;
        for (uint32_t i = 0; i < a.n; i++) {
                const struct attack_technique *t = attack_technique(span_str(a.techniques[i]));
                uint32_t place = attack_place(span_str(a.techniques[i]), a.tactics);

                buf_printf(b, "%s[\"%s\",", i ? "," : "", a.techniques[i]);
                text(b, span_str(t ? t->name : ""));
                buf_printf(b, ",%u]", place);
                tactics |= place;
        }
        buf_printf(b, "],%u,[", tactics);
        bool any = false;
        for (uint32_t i = 0; i < m->n_tags; i++) {
                struct span tag = report_tag(r, f->rule, alert, i);

                if (attack_tag_tactic(tag) >= 0 || attack_tag_technique(tag, id))
                        continue;
                if (any)
                        buf_char(b, ',');
                text(b, clip(tag, 256));
                any = true;
        }
        buf_str(b, "]]");
}

static void add_input(struct report *r, uint32_t input) {
        struct html *h = r->state;

        if (!name_it(h, NAMED_INPUT, input))
                return;
        buf_printf(&h->inputs, "%s\"%u\":", h->inputs.len ? "," : "", input);
        text(&h->inputs, clip(report_input(r, input), 4096));
}

static void add_row(struct html *h, const struct finding *f) {
        struct buf *b = &h->rows;
        uint32_t shown = fields_headline(f);

        buf_printf(b, "%s[\"%c%u\",%u,", h->n ? ",\n" : "", report_is_alert(f) ? 'c' : 'r', f->rule,
                   f->flags & FINDING_CUT ? 2u : 0u);
        micros(b, f->time);
        buf_char(b, ',');
        micros(b, f->time_last);
        buf_printf(b, ",%llu,", (unsigned long long)f->count);
        text(b, clip(f->host, 255));
        buf_char(b, ',');
        text(b, clip(f->user, 255));
        buf_printf(b, ",%u,%llu,%u,%llu,%llu,", f->input, (unsigned long long)f->offset, f->length,
                   (unsigned long long)f->line, (unsigned long long)f->record);
        text(b, shown == FIELDS_NONE ? SPAN("") : clip(f->fields[shown].name, 128));
        buf_char(b, ',');
        text(b, shown == FIELDS_NONE ? SPAN("") : clip(f->fields[shown].value, HEADLINE_MAX));
        buf_char(b, ']');
}

/* ---- events ---- */

static int squeeze(struct html *h, const char *p, size_t n, int flush) {
        int e;

        h->z.next_in = (Bytef *)p;
        h->z.avail_in = (uInt)n;
        h->raw += n;
        do {
                char *to = buf_reserve(&h->deflated, 16384);

                if (!to)
                        return FAIL(-ENOMEM);
                h->z.next_out = (Bytef *)to;
                h->z.avail_out = 16384;
                e = deflate(&h->z, flush);
                assert(e != Z_STREAM_ERROR);
                h->deflated.len += 16384 - h->z.avail_out;
        } while (h->z.avail_out == 0);
        return 0;
}

/* [["EventID","1",1],["CommandLine","…"]…]; a third element: the rule matched it. */
static int add_event(struct html *h, const struct finding *f) {
        struct buf *b = &h->event;

        buf_reset(b);
        buf_str(b, h->n ? ",\n[" : "[\n[");
        for (uint32_t i = 0; i < f->n_fields; i++) {
                const struct finding_field *x = &f->fields[i];

                buf_str(b, i ? ",[" : "[");
                text(b, x->name);
                buf_char(b, ',');
                fields_json_value(b, x);
                buf_str(b, x->matched ? ",1]" : "]");
        }
        buf_char(b, ']');
        if (b->failed)
                return FAIL(-ENOMEM);
        return squeeze(h, b->p, b->len, Z_NO_FLUSH);
}

static void base64(struct buf *b, const unsigned char *p, size_t n) {
        static const char digits[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        char *to = buf_reserve(b, (n + 2) / 3 * 4);

        if (!to)
                return;
        b->len += (n + 2) / 3 * 4;
        for (; n > 0; p += MIN(n, (size_t)3), n -= MIN(n, (size_t)3)) {
                uint32_t v = (uint32_t)p[0] << 16 | (n > 1 ? (uint32_t)p[1] << 8 : 0) |
                             (n > 2 ? p[2] : 0u);

                *to++ = digits[v >> 18];
                *to++ = digits[v >> 12 & 63];
                *to++ = n > 1 ? digits[v >> 6 & 63] : '=';
                *to++ = n > 2 ? digits[v & 63] : '=';
        }
}

static int end_block(struct report *r) {
        struct html *h = r->state;
        struct buf *b = &r->out;
        int e;

        if (!h->n && !h->unreadable.len)
                return 0;
        e = squeeze(h, h->n ? "\n]" : "[]", 2, Z_FINISH);
        if (e < 0)
                return FAIL(e);
        buf_str(b, "<script type=\"application/json\" class=\"rows\">{\"rules\":{");
        buf_span(b, buf_get(&h->rules));
        buf_str(b, "},\n\"inputs\":{");
        buf_span(b, buf_get(&h->inputs));
        buf_str(b, "},\n\"unreadable\":[");
        buf_span(b, buf_get(&h->unreadable));
        buf_str(b, "],\n\"rows\":[\n");
        buf_span(b, buf_get(&h->rows));
        buf_printf(b,
                   "]}</script>\n<script type=\"text/plain\" class=\"events\" data-size=\"%zu\">",
                   h->raw);
        base64(b, (const unsigned char *)h->deflated.p, h->deflated.len);
        buf_str(b, "</script>\n");

        bool failed = h->rows.failed || h->rules.failed || h->inputs.failed || h->unreadable.failed;
        buf_reset(&h->rows);
        buf_reset(&h->rules);
        buf_reset(&h->inputs);
        buf_reset(&h->unreadable);
        buf_reset(&h->deflated);
        deflateReset(&h->z);
        h->n = 0;
        h->raw = 0;
        h->blocks++;
        return failed ? FAIL(-ENOMEM) : report_flush(r);
}

/* ---- the writer ---- */

static int html_begin(struct report *r) {
        struct html *h = calloc(1, sizeof(*h));

        if (!h)
                return FAIL(-ENOMEM);
        r->state = h;
        /* Level 3 is four times as fast as 6 and a tenth larger on events. */
        if (deflateInit(&h->z, 3) != Z_OK)
                return FAIL(-ENOMEM);
        h->z_open = true;
        buf_add(&r->out, page_head, sizeof(page_head));
        return 0;
}

static int html_finding(struct report *r, const struct finding *f) {
        struct html *h = r->state;
        struct program_rule m;
        int e;

        if (name_it(h, report_is_alert(f) ? NAMED_CORRELATION : NAMED_RULE, f->rule)) {
                report_rule(r, f->rule, report_is_alert(f), &m);
                add_rule(r, f, &m);
        }
        if (!report_is_alert(f))
                add_input(r, f->input);
        add_row(h, f);
        e = add_event(h, f);
        if (e < 0)
                return FAIL(e);
        h->n++;
        bool full = h->n >= BLOCK_ROWS || h->raw >= BLOCK_EVENTS ||
                    h->rows.len + h->rules.len + h->inputs.len >= BLOCK_EVENTS;
        return full ? end_block(r) : 0;
}

static int html_unreadable(struct report *r, const struct report_unreadable *u) {
        struct html *h = r->state;
        struct buf *b = &h->unreadable;

        /* Two bytes of garbage make a place: a page of all of them no browser would open. */
        if (u->input != h->places_input)
                h->places = 0;
        h->places_input = u->input;
        if (h->places++ >= PLACES_MAX && !u->crash)
                return 0;
        add_input(r, u->input);
        buf_printf(b, "%s[%u,%llu,%llu,", b->len ? "," : "", u->input,
                   (unsigned long long)u->offset, (unsigned long long)u->length);
        text(b, clip(u->phrase, 1024));
        buf_printf(b, ",%llu,%d]", (unsigned long long)u->recovered, u->crash);
        return b->len > BLOCK_EVENTS / 2 ? end_block(r) : 0;
}

static int html_end(struct report *r, const struct report_summary *s) {
        struct buf *b = &r->out;
        int e = end_block(r);

        if (e < 0)
                return FAIL(e);
        buf_str(b, "<script type=\"application/json\" id=\"summary\">{\"version\":");
        text(b, span_str(r->context.version ? r->context.version : ""));
        buf_str(b, ",\"ruleset\":");
        text(b, clip(r->context.ruleset, 1024));
        buf_printf(b, ",\"level\":%u,\"lang\":\"%s\",\"started\":", r->context.min_level,
                   tr("en", "vi"));
        micros(b, r->context.started);
        buf_printf(
                b,
                ",\"duration\":%lld,\"files\":%llu,\"records\":%llu,\"bytes\":%llu,\"rules\":%llu",
                (long long)s->duration, (unsigned long long)s->files,
                (unsigned long long)s->records, (unsigned long long)s->bytes,
                (unsigned long long)s->rules + s->correlations);
        buf_printf(b,
                   ",\"unreadable\":%llu,\"refused\":%u,\"unmapped\":%u,\"untimed\":%llu,"
                   "\"evicted\":%llu",
                   (unsigned long long)r->counts.unreadable, s->rules_refused, s->rules_unmapped,
                   (unsigned long long)s->without_time, (unsigned long long)s->evicted);
        buf_printf(b, ",\"crashes\":%llu,\"interrupted\":%s}</script>\n",
                   (unsigned long long)s->crashes, s->interrupted ? "true" : "false");
        buf_add(b, page_tail, sizeof(page_tail));
        return 0;
}

static void html_deinit(struct report *r) {
        struct html *h = r->state;

        if (!h)
                return;
        if (h->z_open)
                deflateEnd(&h->z);
        buf_deinit(&h->rows);
        buf_deinit(&h->rules);
        buf_deinit(&h->inputs);
        buf_deinit(&h->unreadable);
        buf_deinit(&h->event);
        buf_deinit(&h->deflated);
        free(h);
        r->state = NULL;
}

const struct report_writer report_html = {
        .begin = html_begin,
        .finding = html_finding,
        .unreadable = html_unreadable,
        .end = html_end,
        .deinit = html_deinit,
};
