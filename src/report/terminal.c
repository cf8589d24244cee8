/* The calm view for a terminal: what was found, severest first, then how much was read and what
 * could not be.
 *
 *     Critical ▂▄▆█                                        2 rules · 5 findings
 *     ─────────────────────────────────────────────────────────────────────────
 *     Shadow copies deleted with vssadmin                                 T1490
 *       SRV-HIS-03    4 ×  2026-11-17 20:09:41 – 20:11:02
 *         CommandLine  vssadmin delete shadows /all /quiet
 *         logs/Security.evtx, record 88140
 *
 * Nothing that came from a log reaches the terminal except through text_clean(). Colour only
 * repeats what a word and the bars say. Groups, places and lines are bounded; what is not shown is
 * counted in a line of its own. Account names are not listed here: they are personal data, and an
 * overview does not need them. */
#include "report/terminal.h"

#include <stdlib.h>

#include "base/lang.h"
#include "base/timestamp.h"
#include "report/fields.h"
#include "report/groups.h"
#include "report/text.h"

#define PLACES 64u /* unreadable places of one file and reason kept; the rest is counted */
#define PLACES_SHOWN 8u
#define PHRASE_MAX 160u
#define TITLE_MAX 512u
#define INDENT 2u

/* Places of one file with one reason. */
struct place {
        struct report_unreadable u; /* the first; length and recovered of all */
        uint64_t count;
        char phrase[PHRASE_MAX];
};

struct terminal {
        struct groups *groups;
        unsigned width;
        uint32_t n_places;
        struct buf clean; /* scratch: text made safe */
        struct place places[PLACES];
};

/* ---- colour ---- */

void paint(struct buf *b, bool on, enum paint p) {
        static const char *const codes[] = {
                [PAINT_OFF] = "\x1b[0m",           [PAINT_BOLD] = "\x1b[1m",
                [PAINT_DIM] = "\x1b[2m",           [PAINT_CRITICAL] = "\x1b[1;38;5;160m",
                [PAINT_HIGH] = "\x1b[1;38;5;166m", [PAINT_MEDIUM] = "\x1b[1;38;5;136m",
                [PAINT_LOW] = "\x1b[1;38;5;67m",   [PAINT_OK] = "\x1b[38;5;35m",
        };

        if (on)
                buf_str(b, codes[p]);
}

static enum paint level_paint(enum level l) {
        switch (l) {
        case LEVEL_CRITICAL: return PAINT_CRITICAL;
        case LEVEL_HIGH: return PAINT_HIGH;
        case LEVEL_MEDIUM: return PAINT_MEDIUM;
        default: return PAINT_LOW;
        }
}

static void bars(struct buf *b, bool colour, enum level level) {
        static const char *const bar[] = {"▂", "▄", "▆", "█"};
        unsigned full = level > LEVEL_INFORMATIONAL ? (unsigned)level - 1 : 0;

        paint(b, colour, level_paint(level));
        for (unsigned i = 0; i < full; i++)
                buf_str(b, bar[i]);
        paint(b, colour, PAINT_OFF);
        paint(b, colour, PAINT_DIM);
        for (unsigned i = full; i < ARRAY_LEN(bar); i++)
                buf_str(b, "·");
        paint(b, colour, PAINT_OFF);
}

/* ---- groups ---- */

/* What is at the left stands in b from `start`, `used` columns wide; `right` goes to the right
 * edge. */
static void to_edge(struct buf *b, unsigned width, size_t used, struct span right) {
        size_t w = text_width(right);

        text_pad(b, used + w + 2 <= width ? width - used - w : 2);
        buf_span(b, right);
}

static void level_head(struct report *r, struct group **g, uint32_t n) {
        struct terminal *t = r->state;
        enum level level = g[0]->level;
        bool colour = r->context.colour;
        struct span word = span_str(report_level_word(level));
        struct buf right = {0};
        uint64_t rules = 0, findings = 0;

        for (uint32_t i = 0; i < n && g[i]->level == g[0]->level; i++) {
                rules += i == 0 || g[i]->rule != g[i - 1]->rule || g[i]->alert != g[i - 1]->alert;
                findings += g[i]->count;
        }
        text_count(&right, rules, "rule", "rules", "quy tắc");
        buf_str(&right, " · ");
        text_count(&right, findings, "finding", "findings", "phát hiện");
        paint(&r->out, colour, level_paint(level));
        buf_span(&r->out, word);
        paint(&r->out, colour, PAINT_OFF);
        buf_char(&r->out, ' ');
        bars(&r->out, colour, level);
        paint(&r->out, colour, PAINT_DIM);
        to_edge(&r->out, t->width, text_width(word) + 5, buf_get(&right));
        buf_char(&r->out, '\n');
        for (unsigned i = 0; i < t->width; i++)
                buf_str(&r->out, "─");
        paint(&r->out, colour, PAINT_OFF);
        buf_char(&r->out, '\n');
        buf_deinit(&right);
}

static void rule_head(struct report *r, const struct group *g) {
        struct terminal *t = r->state;
        struct program_rule m;
        struct fields_attack a;
        struct buf right = {0};

        report_rule(r, g->rule, g->alert, &m);
        fields_attack(&a, r, g->rule, g->alert, &m);
        for (uint32_t i = 0; i < MIN(a.n, 3u); i++)
                buf_printf(&right, "%s%s", i ? " " : "", a.techniques[i]);
        buf_reset(&t->clean);
        text_clean(&t->clean, report_title(&m), TITLE_MAX);

        struct span title = buf_get(&t->clean);
        size_t room = t->width - (right.len ? right.len + 2 : 0);
        size_t columns = text_width(title) <= room ? t->width : room;
        bool first = true;
        while (title.len || first) {
                struct span line = text_wrap(&title, columns);

                paint(&r->out, r->context.colour, PAINT_BOLD);
                buf_span(&r->out, line);
                paint(&r->out, r->context.colour, PAINT_OFF);
                if (first && right.len) {
                        paint(&r->out, r->context.colour, PAINT_DIM);
                        to_edge(&r->out, t->width, text_width(line), buf_get(&right));
                        paint(&r->out, r->context.colour, PAINT_OFF);
                }
                buf_char(&r->out, '\n');
                first = false;
        }
        buf_deinit(&right);
}

static void sample(struct report *r, const struct group *g) {
        struct terminal *t = r->state;
        struct buf *b = &r->out;
        size_t left = INDENT * 2, at;

        if (!g->text_len)
                return;
        buf_reset(&t->clean);
        text_clean(&t->clean, span_of(g->name, g->name_len), sizeof(g->name));
        text_pad(b, left);
        paint(b, r->context.colour, PAINT_DIM);
        at = left + text_cut(b, buf_get(&t->clean), 24);
        paint(b, r->context.colour, PAINT_OFF);
        if (g->name_len) {
                buf_str(b, "  ");
                at += 2;
        }
        buf_reset(&t->clean);
        text_clean(&t->clean, span_of(g->text, g->text_len), sizeof(g->text));

        struct span rest = buf_get(&t->clean);
        for (unsigned line = 0; line < 3 && rest.len; line++) {
                if (line) {
                        buf_char(b, '\n');
                        text_pad(b, at);
                }
                if (line == 2)
                        text_cut(b, rest, t->width - at);
                else
                        buf_span(b, text_wrap(&rest, t->width - at));
        }
        if (g->text_len >= GROUP_TEXT - 3 && !rest.len)
                buf_str(b, "…");
        buf_char(b, '\n');
}

static void place_of(struct buf *b, const struct group *g) {
        if (g->record) {
                buf_str(b, tr(", record ", ", bản ghi "));
                buf_printf(b, "%llu", (unsigned long long)g->record);
        } else if (g->line) {
                buf_str(b, tr(", line ", ", dòng "));
                text_number(b, g->line);
        } else {
                buf_str(b, tr(", at byte ", ", tại byte "));
                text_number(b, g->offset);
        }
}

/* Where the finding shown stands, in at most `columns`. */
static void where(struct report *r, struct buf *b, const struct group *g, size_t columns) {
        struct terminal *t = r->state;
        struct buf at = {0};

        if (g->alert) {
                buf_str(b, tr("correlation of ", "tương quan của "));
                text_count(b, g->events, "event", "events", "sự kiện");
                return;
        }
        place_of(&at, g);
        buf_reset(&t->clean);
        text_clean(&t->clean, report_input(r, g->input), 4096);
        text_cut_front(b, buf_get(&t->clean), columns - MIN(columns - 8, text_width(buf_get(&at))));
        buf_span(b, buf_get(&at));
        buf_deinit(&at);
}

static void dim_line(struct report *r, unsigned indent, struct span text) {
        text_pad(&r->out, indent);
        paint(&r->out, r->context.colour, PAINT_DIM);
        buf_span(&r->out, text);
        paint(&r->out, r->context.colour, PAINT_OFF);
        buf_char(&r->out, '\n');
}

static void clean_host(struct terminal *t, const struct group *g) {
        buf_reset(&t->clean);
        text_clean(&t->clean,
                   g->host_len ? span_of(g->host, g->host_len)
                               : span_str(tr("(no host)", "(không rõ máy)")),
                   255);
}

/* Columns of a rule's lines: as many as the longest host and count of those shown, within reason.
 */
struct columns {
        size_t host, count;
};

static void count_text(struct buf *b, const struct group *g) {
        text_number(b, g->count);
        buf_str(b, " ×");
}

static struct columns columns_of(struct terminal *t, struct group **g, uint32_t n) {
        struct columns c = {text_width(span_str(tr("(no host)", "(không rõ máy)"))), 4};

        for (uint32_t i = 0; i < n; i++) {
                clean_host(t, g[i]);
                c.host = MAX(c.host, text_width(buf_get(&t->clean)));
                buf_reset(&t->clean);
                count_text(&t->clean, g[i]);
                c.count = MAX(c.count, text_width(buf_get(&t->clean)));
        }
        c.host = MIN(c.host, t->width > 100 ? 48u : t->width / 2 - 10);
        return c;
}

static void times(struct buf *b, int64_t first, int64_t last) {
        if (first == TIME_NONE)
                buf_str(b, tr("time unknown", "không rõ thời gian"));
        text_times(b, first, last);
}

/* Host, how many, when; where the one shown stands at the right edge when there is room, else on
 * its own line after the sample (`same`: the sample says what the one above said). */
static void host_block(struct report *r, const struct group *g, struct columns columns, bool same) {
        struct terminal *t = r->state;
        struct buf text = {0}, place = {0};
        size_t w;

        clean_host(t, g);
        text_pad(&r->out, INDENT);
        w = text_cut(&r->out, buf_get(&t->clean), columns.host);
        count_text(&text, g);
        text_pad(&r->out, columns.host - MIN(columns.host, w) + 2 + columns.count -
                                  MIN(columns.count, text_width(buf_get(&text))));
        buf_span(&r->out, buf_get(&text));
        w = INDENT + columns.host + 2 + columns.count + 2;
        buf_reset(&text);
        times(&text, g->first, g->last);
        if (w + text_width(buf_get(&text)) > t->width) { /* a narrow window: on a line of its own */
                buf_char(&r->out, '\n');
                text_pad(&r->out, INDENT);
                w = INDENT + 2;
        }
        buf_str(&r->out, "  ");
        buf_span(&r->out, buf_get(&text));
        w += text_width(buf_get(&text));

        bool room = w + 30 <= t->width;
        where(r, &place, g, room ? t->width - w - 3 : t->width - INDENT * 2);
        if (room) {
                paint(&r->out, r->context.colour, PAINT_DIM);
                to_edge(&r->out, t->width, w, buf_get(&place));
                paint(&r->out, r->context.colour, PAINT_OFF);
        }
        buf_char(&r->out, '\n');
        if (!same)
                sample(r, g);
        if (!room)
                dim_line(r, INDENT * 2, buf_get(&place));
        buf_deinit(&text);
        buf_deinit(&place);
}

/* Of what matters little, one line for all hosts. */
static void compact_block(struct report *r, struct group **g, uint32_t n) {
        struct terminal *t = r->state;
        struct buf b = {.limit = (size_t)64 << 10};
        int64_t first = g[0]->first, last = TIME_NONE;
        uint64_t count = 0;
        uint32_t shown = MIN(n, 24u);

        for (uint32_t i = 0; i < n; i++) {
                count += g[i]->count;
                last = MAX(last, g[i]->last); /* TIME_NONE is the least */
        }
        text_number(&b, count);
        buf_str(&b, " ×  ");
        times(&b, first, last);
        buf_str(&b, "  ");
        for (uint32_t i = 0; i < shown; i++) {
                buf_str(&b, i ? ", " : "");
                clean_host(t, g[i]);
                buf_span(&b, buf_get(&t->clean));
        }
        if (n > shown) {
                buf_str(&b, tr(" and ", " và "));
                text_count(&b, n - shown, "more host", "more hosts", "máy nữa");
        }
        struct span rest = buf_get(&b);
        for (unsigned line = 0; rest.len && line < 3; line++) {
                text_pad(&r->out, INDENT + (line ? INDENT : 0));
                if (line == 2)
                        text_cut(&r->out, rest, t->width - INDENT * 2);
                else
                        buf_span(&r->out, text_wrap(&rest, t->width - INDENT * 2));
                buf_char(&r->out, '\n');
        }
        buf_deinit(&b);
}

static bool same_sample(const struct group *a, const struct group *b) {
        return a->name_len == b->name_len && a->text_len == b->text_len &&
               memcmp(a->name, b->name, a->name_len) == 0 &&
               memcmp(a->text, b->text, a->text_len) == 0;
}

/* All groups of one rule. */
static void rule_block(struct report *r, struct group **g, uint32_t n) {
        uint32_t shown = MIN(n, r->context.max_hosts);
        struct columns columns = columns_of(r->state, g, shown);

        rule_head(r, g[0]);
        if (g[0]->level == LEVEL_LOW || g[0]->level == LEVEL_INFORMATIONAL) {
                compact_block(r, g, n);
                buf_char(&r->out, '\n');
                return;
        }
        for (uint32_t i = 0; i < shown; i++)
                host_block(r, g[i], columns, i > 0 && same_sample(g[i], g[i - 1]));
        if (n > shown) {
                struct buf b = {0};
                uint64_t more = 0;

                for (uint32_t i = shown; i < n; i++)
                        more += g[i]->count;
                buf_str(&b, tr("and ", "và "));
                text_count(&b, n - shown, "more host", "more hosts", "máy nữa");
                buf_str(&b, tr(" with ", " với "));
                text_count(&b, more, "finding", "findings", "phát hiện");
                dim_line(r, INDENT, buf_get(&b));
                buf_deinit(&b);
        }
        buf_char(&r->out, '\n');
}

static void foreword(struct report *r) {
        struct buf b = {0};

        buf_str(&b, tr("Times are UTC.", "Thời gian theo UTC."));
        if (r->context.min_level > LEVEL_INFORMATIONAL)
                buf_printf(&b,
                           tr(" Only rules of level %s and above.",
                              " Chỉ các quy tắc từ mức %s trở lên."),
                           report_level_word(r->context.min_level));
        dim_line(r, 0, buf_get(&b));
        buf_char(&r->out, '\n');
        buf_deinit(&b);
}

static int show_groups(struct report *r, struct group **g, uint32_t n) {
        struct terminal *t = r->state;
        uint32_t k;

        if (n)
                foreword(r);
        for (uint32_t i = 0; i < n; i = k) {
                if (i == 0 || g[i]->level != g[i - 1]->level)
                        level_head(r, g + i, n - i);
                for (k = i; k < n && g[k]->rule == g[i]->rule && g[k]->alert == g[i]->alert; k++)
                        ;
                rule_block(r, g + i, k - i);
                if (r->out.len > (64u << 10)) {
                        int e = report_flush(r);
                        if (e < 0)
                                return e;
                }
        }
        if (groups_left_out(t->groups)) {
                text_count(&r->out, groups_left_out(t->groups), "more finding is",
                           "more findings are", "phát hiện nữa");
                buf_str(&r->out, tr(" not listed: too many pairs of rule and host. -o jsonl or -o "
                                    "html has all.\n\n",
                                    " không được liệt kê: quá nhiều cặp quy tắc và máy. -o jsonl "
                                    "hoặc -o html có đủ.\n\n"));
        }
        return 0;
}

/* ---- what could not be read ---- */

static int compare_place(const void *pa, const void *pb) {
        const struct place *a = pa, *b = pb;

        if (a->u.crash != b->u.crash)
                return a->u.crash ? -1 : 1;
        if (a->u.input != b->u.input)
                return a->u.input < b->u.input ? -1 : 1;
        return (a->u.offset > b->u.offset) - (a->u.offset < b->u.offset);
}

static void place_line(struct report *r, const struct place *p) {
        struct terminal *t = r->state;
        struct buf *b = &t->clean;

        buf_reset(b);
        if (p->count == 1) {
                report_unreadable_line(b, report_input(r, p->u.input), &p->u);
                return;
        }
        text_clean(b, report_input(r, p->u.input), 4096);
        buf_str(b, ": ");
        text_count(b, p->count, "place", "places", "chỗ");
        buf_str(b, tr(", the first at byte ", ", chỗ đầu tại byte "));
        text_number(b, p->u.offset);
        buf_str(b, ", ");
        text_bytes(b, p->u.length);
        buf_str(b, tr(" in all: ", " tất cả: "));
        text_clean(b, p->u.phrase, PHRASE_MAX);
        if (p->u.recovered) {
                buf_str(b, "; ");
                text_count(b, p->u.recovered, "record recovered", "records recovered",
                           "bản ghi cứu được");
        }
}

static void show_places(struct report *r) {
        struct terminal *t = r->state;
        uint32_t shown = MIN(t->n_places, PLACES_SHOWN);
        uint64_t said = 0;

        for (uint32_t i = 0; i < t->n_places; i++) /* the sort moves what phrases point into */
                t->places[i].u.phrase.p = NULL;
        qsort(t->places, t->n_places, sizeof(*t->places), compare_place);
        for (uint32_t i = 0; i < shown; i++) {
                t->places[i].u.phrase.p = t->places[i].phrase;
                place_line(r, &t->places[i]);
                said += t->places[i].count;

                struct span rest = buf_get(&t->clean);
                for (unsigned line = 0; rest.len && line < 4; line++) {
                        text_pad(&r->out, line ? INDENT * 2 : INDENT);
                        buf_span(&r->out, text_wrap(&rest, t->width - INDENT * 2));
                        buf_char(&r->out, '\n');
                }
        }
        if (r->counts.unreadable > said) {
                text_pad(&r->out, INDENT);
                buf_str(&r->out, tr("and ", "và "));
                text_count(&r->out, r->counts.unreadable - said, "more place", "more places",
                           "chỗ nữa");
                buf_char(&r->out, '\n');
        }
}

/* A long list has scrolled its severest part away: name it again where the eye is. */
static void look_first(struct report *r, struct group **g, uint32_t n) {
        struct terminal *t = r->state;
        uint32_t shown = 0;

        if (n < 12 || g[0]->level < LEVEL_HIGH)
                return;
        paint(&r->out, r->context.colour, PAINT_BOLD);
        buf_str(&r->out, tr("Look first at", "Xem trước"));
        paint(&r->out, r->context.colour, PAINT_OFF);
        buf_char(&r->out, '\n');
        for (uint32_t i = 0; i < n && shown < 5 && g[i]->level == g[0]->level; i++) {
                struct program_rule m;
                struct buf b = {0};

                if (i && g[i]->rule == g[i - 1]->rule && g[i]->alert == g[i - 1]->alert)
                        continue;
                report_rule(r, g[i]->rule, g[i]->alert, &m);
                times(&b, g[i]->first, TIME_NONE);
                buf_str(&b, "  ");
                clean_host(t, g[i]);
                buf_span(&b, buf_get(&t->clean));
                buf_str(&b, "  ");
                text_clean(&b, report_title(&m), TITLE_MAX);
                text_pad(&r->out, INDENT);
                text_cut(&r->out, buf_get(&b), t->width - INDENT);
                buf_char(&r->out, '\n');
                buf_deinit(&b);
                shown++;
        }
}

/* ---- the writer ---- */

static int terminal_begin(struct report *r) {
        struct terminal *t = calloc(1, sizeof(*t));

        if (!t)
                return FAIL(-ENOMEM);
        r->state = t;
        t->clean.limit = (size_t)64 << 10;
        t->width = r->context.width ? MAX(48u, MIN(r->context.width, 160u)) : 80;
        if (!r->context.max_hosts)
                r->context.max_hosts = 8;
        return groups_new(&t->groups, r->context.max_groups ? r->context.max_groups : 20000);
}

static int terminal_finding(struct report *r, const struct finding *f) {
        struct terminal *t = r->state;

        groups_add(t->groups, r, f);
        return 0;
}

static int terminal_unreadable(struct report *r, const struct report_unreadable *u) {
        struct terminal *t = r->state;
        struct span phrase = span_of(u->phrase.p, MIN(u->phrase.len, (size_t)PHRASE_MAX));
        struct place *p;

        for (uint32_t i = 0; i < t->n_places && !u->crash; i++) {
                p = &t->places[i];
                if (p->u.input != u->input || p->u.crash || !span_eq(p->u.phrase, phrase))
                        continue;
                p->u.offset = MIN(p->u.offset, u->offset);
                p->u.length += u->length;
                p->u.recovered += u->recovered;
                p->count++;
                return 0;
        }
        if (t->n_places == PLACES)
                return 0;
        p = &t->places[t->n_places++];
        p->u = *u;
        p->count = 1;
        if (phrase.len)
                memcpy(p->phrase, phrase.p, phrase.len);
        p->u.phrase = span_of(p->phrase, phrase.len);
        return 0;
}

static int terminal_end(struct report *r, const struct report_summary *s) {
        struct terminal *t = r->state;
        uint32_t n;
        struct group **g = groups_sorted(t->groups, &n);
        bool more;
        int e = g ? show_groups(r, g, n) : -ENOMEM;

        if (e < 0)
                return FAIL(e);
        uint64_t hosts = groups_hosts(t->groups, &more);
        summary_lines(&r->out, &(struct summary){.counts = &r->counts,
                                                 .total = s,
                                                 .hosts = hosts,
                                                 .hosts_more = more,
                                                 .width = t->width,
                                                 .colour = r->context.colour});
        show_places(r);
        look_first(r, g, n);
        return 0;
}

static void terminal_deinit(struct report *r) {
        struct terminal *t = r->state;

        if (!t)
                return;
        groups_free(t->groups);
        buf_deinit(&t->clean);
        free(t);
        r->state = NULL;
}

const struct report_writer report_terminal = {
        .begin = terminal_begin,
        .finding = terminal_finding,
        .unreadable = terminal_unreadable,
        .end = terminal_end,
        .deinit = terminal_deinit,
};
