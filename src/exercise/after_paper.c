/* The report as the press prints it: an official document of rows (press/document.h), so it has the look, and the
 * bounds, of all reports: at most 128 rows and 32 notes; what would be more is said to be left out. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "exercise/after_impl.h"

#define ROWS 120
#define NOTES 30

struct paper {
        struct buf *b;
        const struct after *a;
        unsigned rows, notes;
};

static void text(struct buf *b, const char *s) {
        buf_char(b, '"');
        buf_json(b, span_str(s ? s : ""));
        buf_char(b, '"');
}

_printf_(3, 4) static void row(struct paper *p, const char *label, const char *fmt, ...) {
        char value[1800];
        va_list ap;

        if (p->rows >= ROWS)
                return;
        va_start(ap, fmt);
        (void)vsnprintf(value, sizeof(value), fmt, ap);
        va_end(ap);
        buf_str(p->b, p->rows++ ? ",[" : "[");
        text(p->b, label);
        buf_char(p->b, ',');
        text(p->b, value);
        buf_str(p->b, ",false]");
}

static void part(struct paper *p, const char *label) {
        if (p->rows + 2 > ROWS)
                return;
        buf_str(p->b, p->rows++ ? ",[" : "[");
        text(p->b, label);
        buf_str(p->b, ",null,false]");
}

_printf_(2, 3) static void note(struct paper *p, const char *fmt, ...) {
        char value[1800];
        va_list ap;

        if (p->notes >= NOTES)
                return;
        va_start(ap, fmt);
        (void)vsnprintf(value, sizeof(value), fmt, ap);
        va_end(ap);
        buf_str(p->b, p->notes++ ? "," : "");
        text(p->b, value);
}

static void member(struct buf *b, const char *name, const char *v) {
        buf_printf(b, ",\"%s\":", name);
        text(b, v);
}

static const char *number(char to[FORMULA_SHOWN], int64_t v, bool vi) {
        if (v < 0)
                return "–";
        formula_show(to, v);
        for (char *p = to; vi && *p; p++)
                if (*p == '.')
                        *p = ',';
        return to;
}

static bool of_tactic(const struct review_step *s, const char *tactic) {
        return !s->step->background && s->step->technique && s->step->tactic &&
               (!tactic || strcmp(s->step->tactic, tactic) == 0);
}

/* A tactic's techniques, each with what came of it: the matrix, read row by row. */
static void matrix_rows(struct paper *p, const struct review *v) {
        const bool vi = p->a->vi;

        part(p, SAY(p->a, "ATT&CK: played, seen, answered", "ATT&CK: diễn ra, phát hiện, xử lý"));
        for (unsigned i = 0; i < v->n_steps; i++) {
                const char *tactic = v->steps[i].step->tactic;
                char line[1500] = "";
                size_t n = 0;
                bool first = of_tactic(&v->steps[i], NULL);

                for (unsigned k = 0; first && k < i; k++)
                        first = !of_tactic(&v->steps[k], tactic);
                for (unsigned k = i; first && k < v->n_steps && n < sizeof(line) - 300; k++) {
                        const struct review_step *s = &v->steps[k];

                        if (of_tactic(s, tactic))
                                n += (size_t)snprintf(line + n, sizeof(line) - n,
                                                      "%s%.40s: %s (%.120s)", n ? "; " : "",
                                                      s->step->technique, after_state(s->state, vi),
                                                      after_text(p->a, s->step->title));
                }
                if (first)
                        row(p, after_tactic(tactic, vi), "%s", line);
        }
}

static void sum_rows(struct paper *p, const struct score *s) {
        const struct after *a = p->a;
        char t[FORMULA_SHOWN];

        part(p, SAY(a, "Result", "Kết quả chung"));
        row(p, SAY(a, "Score of 100", "Điểm trên 100"), "%s%s", number(t, s->total, a->vi),
            s->provisional ? SAY(a, " (provisional)", " (tạm thời)") : "");
        row(p, SAY(a, "Rules and sources", "Quy tắc, nguồn nhật ký"), "%s",
            number(t, s->part[PART_MACHINE], a->vi));
        row(p, SAY(a, "People", "Con người"), "%s", number(t, s->part[PART_PEOPLE], a->vi));
        row(p, SAY(a, "All harm", "Toàn bộ thiệt hại"), "%s", number(t, s->harm, a->vi));
        part(p, SAY(a, "Capabilities", "Năng lực"));
        for (unsigned c = 0; c < PLAN_CAPABILITIES; c++)
                if (s->capability_lines[c])
                        row(p, review_capability(c, a->vi), "%s",
                            s->capability[c] < 0 ? SAY(a, "insufficient", "chưa đủ dữ kiện")
                                                 : number(t, s->capability[c], a->vi));
}

static void step_row(struct paper *p, const struct review_step *v) {
        const struct after *a = p->a;
        char x[AFTER_TIME], y[AFTER_TIME], z[AFTER_TIME];

        if (v->step->background)
                row(p, after_text(a, v->step->title),
                    SAY(a, "innocent; begins %s", "vô hại; diễn ra %s"), after_time(x, v->t));
        else
                row(p, after_text(a, v->step->title),
                    SAY(a, "played %s, seen %s, answered %s", "diễn ra %s, phát hiện %s, xử lý %s"),
                    after_time(x, v->t), after_time(y, v->seen), after_time(z, v->answered));
}

static void unit_rows(struct paper *p, const struct after_unit *u) {
        const struct after *a = p->a;
        const struct score *s = u->score;
        char t[FORMULA_SHOWN];
        bool any = false;

        sum_rows(p, s);
        part(p, SAY(a, "Attack and defence, by the drill's clock",
                    "Tấn công và phòng thủ, theo giờ diễn tập"));
        for (unsigned i = 0; i < u->review->n_steps; i++)
                step_row(p, &u->review->steps[i]);
        matrix_rows(p, u->review);
        part(p, SAY(a, "Points, and why", "Điểm từng mục và lý do"));
        for (unsigned i = 0; i < s->n_lines; i++) {
                const struct score_line *l = &s->lines[i];

                row(p, after_text(a, l->expectation->title), "%s / %u. %s",
                    l->state <= LINE_MISSED ? number(t, l->points, a->vi) : "–",
                    l->expectation->weight, a->vi ? l->vi : l->en);
        }
        for (unsigned i = 0; i < s->n_penalties; i++) {
                const struct score_penalty *l = &s->penalties[i];

                if (!any)
                        part(p, SAY(a, "Points off", "Điểm trừ"));
                any = true;
                row(p, l->pardoned ? SAY(a, "Pardoned", "Được miễn") : SAY(a, "Off", "Trừ"),
                    "−%s. %s", number(t, l->points, a->vi), a->vi ? l->vi : l->en);
        }
}

static void lesson_rows(struct paper *p, const struct after_unit *u) {
        const struct after *a = p->a;
        bool causes[SCORE_CAUSES] = {false};

        part(p, SAY(a, "Strengths, gaps, lessons", "Điểm mạnh, hạn chế, bài học"));
        for (unsigned i = 0; i < u->review->n_strengths; i++)
                row(p, SAY(a, "Strength", "Điểm mạnh"), "%s",
                    review_capability(u->review->strengths[i], a->vi));
        for (unsigned i = 0; i < u->review->n_gaps; i++) {
                const struct review_gap *g = &u->review->gaps[i];

                causes[g->cause] = true;
                if (i < 15)
                        row(p, SAY(a, "Gap", "Hạn chế"), "%s (%s)", a->vi ? g->vi : g->en,
                            review_cause(g->cause, a->vi));
        }
        for (unsigned c = CAUSE_SOURCE; c < SCORE_CAUSES; c++)
                if (causes[c])
                        row(p, SAY(a, "Lesson", "Bài học"), "%s", after_lesson(c, a->vi));
}

static void all_rows(struct paper *p, const struct after_all *x) {
        const struct after *a = p->a;
        char t[FORMULA_SHOWN], u[FORMULA_SHOWN], v[FORMULA_SHOWN], s[AFTER_TIME], w[AFTER_TIME];

        part(p, SAY(a, "Units", "Các đơn vị"));
        for (unsigned i = 0; i < x->n && i < 60; i++)
                row(p, x->units[i].play->name,
                    SAY(a, "%s (machine %s, people %s)", "%s (máy %s, người %s)"),
                    number(t, x->units[i].score->total, a->vi),
                    number(u, x->units[i].score->part[PART_MACHINE], a->vi),
                    number(v, x->units[i].score->part[PART_PEOPLE], a->vi));
        part(p, SAY(a, "Steps of the attack", "Các bước tấn công"));
        for (unsigned i = 0; i < a->plan->n_steps && i < 60; i++)
                if (a->plan->steps[i].background)
                        row(p, after_text(a, a->plan->steps[i].title), "%s",
                            SAY(a, "innocent", "vô hại"));
                else
                        row(p, after_text(a, a->plan->steps[i].title),
                            SAY(a,
                                "played %u, seen %u, answered %u; median until seen %s, until "
                                "answered %s",
                                "diễn ra %u, phát hiện %u, xử lý %u; trung vị phát hiện %s, xử lý "
                                "%s"),
                            after_count(x, i, STEP_PLAYED), after_count(x, i, STEP_SEEN),
                            after_count(x, i, STEP_ANSWERED),
                            after_time(s, after_median(x, i, false)),
                            after_time(w, after_median(x, i, true)));
        if (p->rows >= ROWS || x->n > 60)
                note(p, "%s",
                     SAY(a,
                         "Not all rows have room here: the HTML report and the export have them.",
                         "Không đủ chỗ cho mọi dòng: xem báo cáo HTML và bản xuất."));
}

static int thousandth(int64_t length, int64_t t) {
        return t == FORMULA_NEVER ? -1 : (int)(MIN(MAX(t, (int64_t)0), length) * 1000 / length);
}

static void figure(struct buf *b, const struct after *a, const struct review *v) {
        const int64_t length = after_length(a, v);
        char t[AFTER_TIME];

        buf_str(b, "\"figure\":{\"title\":");
        text(b, SAY(a, "Attack against defence", "Tấn công và phòng thủ"));
        buf_str(b, ",\"scale\":[");
        for (int i = 0; i <= 4; i++) {
                buf_str(b, i ? "," : "");
                text(b, after_time(t, length * i / 4));
        }
        buf_str(b, "],\"legend\":[");
        text(b, SAY(a, "played", "diễn ra"));
        buf_char(b, ',');
        text(b, SAY(a, "seen", "phát hiện"));
        buf_char(b, ',');
        text(b, SAY(a, "answered", "xử lý"));
        buf_str(b, "],\"lanes\":[");
        for (unsigned i = 0; i < v->n_steps && i < 60; i++) {
                const struct review_step *s = &v->steps[i];
                char label[200];

                (void)snprintf(label, sizeof(label), "%u. %.150s", s->n,
                               after_text(a, s->step->title));
                buf_str(b, i ? ",[" : "[");
                text(b, label);
                buf_printf(b, ",%d,%d,%d,%s]", thousandth(length, s->t),
                           thousandth(length, s->seen), thousandth(length, s->answered),
                           s->step->background ? "true" : "false");
        }
        buf_str(b, "]},");
}

int after_paper(struct buf *b, const struct after *a, const char *format) {
        struct paper p = {.b = b, .a = a};
        struct after_all x;
        unsigned n = 0;
        int r = after_open(&x, a);

        if (r < 0)
                return r;
        buf_printf(b, "{\"format\":\"%s\",\"lang\":\"%s\"", format, a->vi ? "vi" : "en");
        member(b, "title", SAY(a, "After-action report", "Báo cáo sau diễn tập"));
        member(b, "subtitle", a->title);
        member(b, "number", a->code);
        member(b, "mark", SAY(a, "DRILL", "DIỄN TẬP"));
        member(b, "foot", a->plan->hash);
        buf_str(b, ",\"agency\":[\"\",");
        text(b, a->play ? x.units[0].play->name : "");
        buf_str(b, "],\"columns\":[");
        text(b, SAY(a, "No.", "STT"));
        buf_char(b, ',');
        text(b, SAY(a, "What", "Nội dung"));
        buf_char(b, ',');
        text(b, SAY(a, "Result", "Kết quả"));
        buf_str(b, "],");
        if (a->play)
                figure(b, a, x.units[0].review);
        buf_str(b, "\"rows\":[");
        if (a->play) {
                unit_rows(&p, &x.units[0]);
                lesson_rows(&p, &x.units[0]);
        } else
                all_rows(&p, &x);
        buf_str(b, "],\"notes\":[");
        for (unsigned i = 0; i < x.units[0].score->n_lines; i++)
                n += x.units[0].score->lines[i].state <= LINE_MISSED;
        note(&p,
             SAY(a,
                 "A score is a record of one day (%s). With %u lines that count, time taken as a "
                 "measure of ability is "
                 "known to a factor of %s (95%%).",
                 "Điểm ghi lại kết quả một ngày (%s). Với %u dòng được tính, thời gian xử lý như "
                 "thước đo năng lực dao "
                 "động %s lần (95%%)."),
             FORMULA, n, after_ratio(n, a->vi) ? after_ratio(n, a->vi) : "> 2");
        buf_str(b, "]}");
        after_close(&x);
        return b->failed ? FAIL(-ENOMEM) : 0;
}
