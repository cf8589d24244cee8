/* The report as one HTML page: no script, nothing fetched, every text escaped; to be read, printed, kept. The figure
 * (SVG) shows each step as a lane: when it was played, seen, answered. Colour never stands alone: marks differ in shape,
 * cells say their state. */
#include <stdio.h>

#include "exercise/after_impl.h"

#define WIDTH 900
#define LEFT 260
#define LANE 26

static void html(struct buf *b, const char *s) {
        buf_html(b, span_str(s ? s : ""));
}

static const char *shown(char to[FORMULA_SHOWN], int64_t v, bool vi) {
        if (v < 0)
                return "–";
        formula_show(to, v);
        for (char *p = to; vi && *p; p++)
                if (*p == '.')
                        *p = ',';
        return to;
}

static void head(struct buf *b, const struct after *a) {
        buf_printf(b,
                   "<!doctype html>\n<html lang=\"%s\"><meta charset=\"utf-8\">"
                   "<meta name=\"viewport\" content=\"width=device-width\">"
                   "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                   "style-src 'unsafe-inline'\"><title>",
                   a->vi ? "vi" : "en");
        html(b, a->title);
        buf_str(b,
                "</title>\n<style>body{font:15px/1.5 "
                "system-ui,sans-serif;color:#1b1f24;background:#fff;"
                "max-width:62rem;margin:2rem auto;padding:0 1rem}h1{font-size:1.6rem;margin:.2rem "
                "0}h2{"
                "font-size:1.2rem;margin:2rem 0 .5rem;border-bottom:1px solid "
                "#c8ccd2}table{border-collapse:"
                "collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.3rem .6rem "
                ".3rem 0;"
                "border-bottom:1px solid "
                "#e3e6ea}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}"
                ".drill{display:inline-block;background:#5b3aa6;color:#fff;padding:.1rem "
                ".6rem;font-weight:600}"
                ".cell{border:1px solid #c8ccd2;padding:.3rem .5rem;margin:.2rem "
                "0}.p{background:#f6d5d0}"
                ".s{background:#fbe9c2}.a{background:#d2ebdc}.o{background:#eef0f2}.grid{display:"
                "grid;"
                "grid-template-columns:repeat(auto-fit,minmax(13rem,1fr));gap:.8rem}small{color:#"
                "555b63}"
                "svg{width:100%;height:auto}svg text{font:12px system-ui,sans-serif;fill:#1b1f24}"
                "@media "
                "print{body{margin:0}h2{break-after:avoid}tr{break-inside:avoid}}</style>\n");
        buf_printf(b, "<p class=\"drill\">%s</p><h1>", SAY(a, "DRILL", "DIỄN TẬP"));
        html(b, a->title);
        buf_printf(b, "</h1><p>%s · ", SAY(a, "After-action report", "Báo cáo sau diễn tập"));
        html(b, a->code);
        buf_str(b, " · ");
        html(b, after_text(a, a->plan->title));
        buf_str(b, "</p>\n");
}

/* ---- the figure ---- */

static int x_of(const struct after_all *x, int64_t t) {
        int64_t length = after_length(x->a, x->units[0].review);

        t = MIN(MAX(t, (int64_t)0), length);
        return LEFT + (int)(t * (WIDTH - LEFT - 20) / length);
}

static void lane(struct buf *b, const struct after_all *x, const struct review_step *s, int y) {
        const struct after *a = x->a;
        char t[AFTER_TIME];

        buf_printf(b, "<text x=\"0\" y=\"%d\">%u. ", y + 4, s->n);
        struct span title = span_str(after_text(a, s->step->title));
        size_t n = MIN(title.len, (size_t)44);

        while (n && n < title.len && ((unsigned char)title.p[n] & 0xc0) == 0x80)
                n--;
        buf_html(b, span_of(title.p, n));
        buf_str(b, n < title.len ? "…</text>" : "</text>");
        buf_printf(b, "<line x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\" stroke=\"#e3e6ea\"/>", LEFT,
                   WIDTH - 20, y, y);
        if (s->t == FORMULA_NEVER)
                return;
        int from = x_of(x, s->t),
            to = s->answered != FORMULA_NEVER ? x_of(x, s->answered) : WIDTH - 20;
        buf_printf(b,
                   "<line x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\" stroke=\"%s\" stroke-width=\"6\" "
                   "opacity=\".35\"/>",
                   from, to, y, y, s->step->background ? "#8a9099" : "#c0392b");
        buf_printf(b,
                   "<rect x=\"%d\" y=\"%d\" width=\"8\" height=\"14\" fill=\"#c0392b\"><title>%s "
                   "%s</title>"
                   "</rect>",
                   from - 4, y - 7, SAY(a, "played", "diễn ra"), after_time(t, s->t));
        if (s->seen != FORMULA_NEVER)
                buf_printf(
                        b,
                        "<path d=\"M%d %dl7 12h-14z\" fill=\"#b9770e\"><title>%s %s</title></path>",
                        x_of(x, s->seen), y - 7, SAY(a, "seen", "phát hiện"),
                        after_time(t, s->seen));
        if (s->answered != FORMULA_NEVER)
                buf_printf(b,
                           "<circle cx=\"%d\" cy=\"%d\" r=\"6\" fill=\"#2e7d5b\"><title>%s "
                           "%s</title></circle>",
                           x_of(x, s->answered), y, SAY(a, "answered", "xử lý"),
                           after_time(t, s->answered));
}

static void figure(struct buf *b, const struct after_all *x, const struct review *v) {
        int height = 60 + (int)v->n_steps * LANE;
        char t[AFTER_TIME];

        buf_printf(b, "<h2>%s</h2><svg viewBox=\"0 0 %d %d\" role=\"img\"><title>%s</title>",
                   SAY(x->a, "Attack against defence", "Tấn công và phòng thủ"), WIDTH, height,
                   SAY(x->a, "Timeline of steps: square played, triangle seen, circle answered",
                       "Dòng thời gian: vuông là diễn ra, tam giác là phát hiện, tròn là xử lý"));
        for (unsigned i = 0; i < v->n_steps; i++)
                lane(b, x, &v->steps[i], 20 + (int)i * LANE);
        for (int i = 0; i <= 4; i++) {
                int64_t at = after_length(x->a, x->units[0].review) * i / 4;

                buf_printf(b, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>",
                           x_of(x, at), height - 28, after_time(t, at));
        }
        buf_printf(b, "<text x=\"%d\" y=\"%d\">■ %s ▲ %s ● %s</text></svg>\n", LEFT, height - 8,
                   SAY(x->a, "played", "diễn ra"), SAY(x->a, "seen", "phát hiện"),
                   SAY(x->a, "answered", "xử lý"));
}

/* ---- ATT&CK ---- */

/* The last, NULL, takes what no other takes. */
static bool of_tactic(const struct plan_step *s, const char *const *tactics, size_t at) {
        if (tactics[at])
                return s->tactic && strcmp(s->tactic, tactics[at]) == 0;
        for (size_t i = 0; i < at; i++)
                if (s->tactic && strcmp(s->tactic, tactics[i]) == 0)
                        return false;
        return true;
}

static void matrix(struct buf *b, const struct after_all *x) {
        static const char *const tactics[] = {"reconnaissance",
                                              "resource-development",
                                              "initial-access",
                                              "execution",
                                              "persistence",
                                              "privilege-escalation",
                                              "defense-evasion",
                                              "credential-access",
                                              "discovery",
                                              "lateral-movement",
                                              "collection",
                                              "command-and-control",
                                              "exfiltration",
                                              "impact",
                                              NULL /* whatever else a scenario says */};
        const struct plan *p = x->a->plan;

        buf_printf(b, "<h2>ATT&amp;CK</h2><div class=\"grid\">");
        for (size_t t = 0; t < ARRAY_LEN(tactics); t++) {
                unsigned n = 0;

                for (unsigned i = 0; i < p->n_steps; i++) {
                        const struct plan_step *s = &p->steps[i];
                        enum review_state state = x->units[0].review->steps[i].state;

                        if (s->background || !s->technique || !of_tactic(s, tactics, t))
                                continue;
                        if (!n++) {
                                buf_str(b, "<div><b>");
                                html(b,
                                     after_tactic(tactics[t] ? tactics[t] : s->tactic, x->a->vi));
                                buf_str(b, "</b>");
                        }
                        if (x->n > 1)
                                state = after_count(x, i, STEP_ANSWERED) * 2 > x->n ? STEP_ANSWERED
                                        : after_count(x, i, STEP_SEEN) * 2 > x->n   ? STEP_SEEN
                                        : after_count(x, i, STEP_PLAYED)            ? STEP_PLAYED
                                                                                    : STEP_NOT;
                        buf_printf(b, "<div class=\"cell %s\">",
                                   state == STEP_ANSWERED || state == STEP_PREVENTED ? "a"
                                   : state == STEP_SEEN                              ? "s"
                                   : state == STEP_PLAYED                            ? "p"
                                                                                     : "o");
                        html(b, s->technique ? s->technique : "–");
                        buf_str(b, " ");
                        html(b, after_text(x->a, s->title));
                        buf_printf(b, "<br><small>%s", after_state(state, x->a->vi));
                        if (x->n > 1)
                                buf_printf(b, ": %u / %u / %u", after_count(x, i, STEP_PLAYED),
                                           after_count(x, i, STEP_SEEN),
                                           after_count(x, i, STEP_ANSWERED));
                        buf_str(b, "</small></div>");
                }
                if (n)
                        buf_str(b, "</div>");
        }
        buf_str(b, "</div>\n");
        if (x->n > 1)
                buf_printf(b, "<p><small>%s</small></p>",
                           SAY(x->a, "Units for which it was played / who saw it / who answered.",
                               "Số đơn vị được diễn / phát hiện / xử lý."));
}

/* ---- one unit ---- */

static void summary(struct buf *b, const struct after *a, const struct after_unit *u) {
        const struct score *s = u->score;
        char t[FORMULA_SHOWN];

        buf_printf(b, "<h2>%s</h2><table><tr><th>%s<td class=\"n\"><b>%s</b>",
                   SAY(a, "Result", "Kết quả"), SAY(a, "Score of 100", "Điểm trên 100"),
                   shown(t, s->total, a->vi));
        if (s->provisional)
                buf_printf(b, " (%s)", SAY(a, "provisional", "tạm thời"));
        buf_printf(b, "<tr><th>%s<td class=\"n\">%s",
                   SAY(a, "Rules and sources (machine)", "Quy tắc, nguồn (máy)"),
                   shown(t, s->part[PART_MACHINE], a->vi));
        buf_printf(b, "<tr><th>%s<td class=\"n\">%s", SAY(a, "People", "Con người"),
                   shown(t, s->part[PART_PEOPLE], a->vi));
        buf_printf(b, "<tr><th>%s<td class=\"n\">%s",
                   SAY(a, "Penalties (all harm)", "Điểm trừ (toàn bộ thiệt hại)"),
                   shown(t, s->penalty, a->vi));
        buf_printf(b, " (%s)", shown(t, s->harm, a->vi));
        for (unsigned c = 0; c < PLAN_CAPABILITIES; c++)
                if (s->capability_lines[c])
                        buf_printf(b, "<tr><td>%s<td class=\"n\">%s", review_capability(c, a->vi),
                                   s->capability[c] < 0 ? SAY(a, "insufficient", "chưa đủ dữ kiện")
                                                        : shown(t, s->capability[c], a->vi));
        buf_str(b, "</table>\n");
}

static void lines(struct buf *b, const struct after *a, const struct score *s) {
        char t[FORMULA_SHOWN], time[AFTER_TIME];

        buf_printf(b, "<h2>%s</h2><table><tr><th>%s<th class=\"n\">%s<th class=\"n\">%s<th>%s",
                   SAY(a, "Line by line", "Từng dòng điểm"), SAY(a, "Expected", "Yêu cầu"),
                   SAY(a, "Time", "Thời gian"), SAY(a, "Points", "Điểm"),
                   SAY(a, "Why; records", "Vì sao; bản ghi"));
        for (unsigned i = 0; i < s->n_lines; i++) {
                const struct score_line *l = &s->lines[i];

                buf_str(b, "<tr><td>");
                html(b, after_text(a, l->expectation->title));
                buf_printf(b, "<td class=\"n\">%s<td class=\"n\">", after_time(time, l->t));
                if (l->state <= LINE_MISSED)
                        buf_printf(b, "%s / %u", shown(t, l->points, a->vi),
                                   l->expectation->weight);
                else
                        buf_str(b, "–");
                buf_str(b, "<td>");
                html(b, a->vi ? l->vi : l->en);
                for (unsigned k = 0; k < l->n_facts; k++) {
                        buf_str(b, k ? ", " : " <small>");
                        html(b, l->facts[k]->id);
                }
                if (l->n_facts)
                        buf_str(b, "</small>");
        }
        for (unsigned i = 0; i < s->n_penalties; i++) {
                const struct score_penalty *x = &s->penalties[i];

                buf_printf(b, "<tr><td>%s<td class=\"n\"><td class=\"n\">−%s<td>",
                           SAY(a, "Penalty", "Trừ điểm"),
                           shown(t, x->pardoned ? 0 : x->points, a->vi));
                html(b, a->vi ? x->vi : x->en);
                buf_str(b, " <small>");
                html(b, x->fact->id);
                buf_str(b, "</small>");
        }
        buf_str(b, "</table>\n");
}

static void lessons(struct buf *b, const struct after *a, const bool *causes) {
        buf_printf(b, "<h2>%s</h2><ul>", SAY(a, "Lessons", "Bài học"));
        for (unsigned c = CAUSE_SOURCE; c < SCORE_CAUSES; c++)
                if (causes[c])
                        buf_printf(b, "<li>%s", after_lesson(c, a->vi));
        buf_str(b, "</ul>\n");
}

static void findings(struct buf *b, const struct after *a, const struct after_unit *u) {
        const struct review *v = u->review;
        bool causes[SCORE_CAUSES] = {false};
        char t[FORMULA_SHOWN];

        buf_printf(b, "<h2>%s</h2><ul>", SAY(a, "Strengths", "Điểm mạnh"));
        for (unsigned i = 0; i < v->n_strengths; i++)
                buf_printf(b, "<li>%s: %s", review_capability(v->strengths[i], a->vi),
                           shown(t, u->score->capability[v->strengths[i]], a->vi));
        if (!v->n_strengths)
                buf_printf(
                        b, "<li>%s",
                        SAY(a,
                            "None that the rules count: a capability of 85 or more, without harm.",
                            "Chưa có theo quy định: năng lực từ 85 trở lên và không gây thiệt "
                            "hại."));
        buf_printf(b, "</ul><h2>%s</h2><ul>", SAY(a, "Gaps", "Hạn chế"));
        for (unsigned i = 0; i < v->n_gaps; i++) {
                causes[v->gaps[i].cause] = true;
                buf_str(b, "<li>");
                html(b, a->vi ? v->gaps[i].vi : v->gaps[i].en);
                if (v->gaps[i].cause)
                        buf_printf(b, " <small>%s</small>", review_cause(v->gaps[i].cause, a->vi));
        }
        buf_str(b, "</ul>\n");
        lessons(b, a, causes);
}

static void uncertainty(struct buf *b, const struct after *a, unsigned n_lines) {
        const char *ratio = after_ratio(n_lines, a->vi);

        buf_printf(b, "<h2>%s</h2><p>%s ", SAY(a, "How sure this is", "Độ tin cậy"),
                   SAY(a,
                       "The score is a record of this day, computed from the unit's own records. "
                       "It says less about "
                       "ability:",
                       "Điểm ghi lại kết quả của hôm nay, tính từ chính bản ghi của đơn vị. Điểm "
                       "nói ít hơn về năng lực:"));
        if (ratio)
                buf_printf(b,
                           SAY(a,
                               "with %u lines that count, time taken would vary by a factor of %s "
                               "(95%%).",
                               "với %u dòng được tính, thời gian xử lý có thể dao động %s lần "
                               "(95%%)."),
                           n_lines, ratio);
        else
                buf_str(b, SAY(a, "there are too few lines to say more.",
                               "còn quá ít dòng để kết luận thêm."));
        buf_printf(b, "</p><p><small>%s · %s · ", FORMULA, a->plan->id);
        html(b, a->plan->hash);
        buf_str(b, "</small></p>\n");
}

/* ---- all ---- */

static void units(struct buf *b, const struct after_all *x) {
        const struct after *a = x->a;
        char t[FORMULA_SHOWN];

        buf_printf(b,
                   "<h2>%s</h2><p><small>%s</small></p><table><tr><th>%s<th class=\"n\">%s<th "
                   "class=\"n\">%s<th "
                   "class=\"n\">%s<th class=\"n\">%s",
                   SAY(a, "Units", "Các đơn vị"),
                   SAY(a,
                       "In order of their names; a ranking would need the comparison and its "
                       "intervals.",
                       "Theo thứ tự tham gia; muốn xếp hạng cần phần so sánh kèm khoảng tin cậy."),
                   SAY(a, "Unit", "Đơn vị"), SAY(a, "Score", "Điểm"), SAY(a, "Machine", "Máy"),
                   SAY(a, "People", "Người"), SAY(a, "Harm", "Thiệt hại"));
        for (unsigned i = 0; i < x->n; i++) {
                const struct score *s = x->units[i].score;

                buf_str(b, "<tr><td>");
                html(b, x->units[i].play->name);
                buf_printf(b, "<td class=\"n\">%s", shown(t, s->total, a->vi));
                buf_printf(b, "<td class=\"n\">%s", shown(t, s->part[PART_MACHINE], a->vi));
                buf_printf(b, "<td class=\"n\">%s", shown(t, s->part[PART_PEOPLE], a->vi));
                buf_printf(b, "<td class=\"n\">%s", shown(t, s->harm, a->vi));
        }
        buf_str(b, "</table>\n");
}

static void times(struct buf *b, const struct after_all *x) {
        const struct after *a = x->a;
        char t[AFTER_TIME], u[AFTER_TIME];

        buf_printf(b,
                   "<h2>%s</h2><table><tr><th>%s<th class=\"n\">%s<th class=\"n\">%s<th "
                   "class=\"n\">%s<th "
                   "class=\"n\">%s<th class=\"n\">%s",
                   SAY(a, "Times", "Thời gian"), SAY(a, "Step", "Bước"),
                   SAY(a, "played", "diễn ra"), SAY(a, "seen", "phát hiện"),
                   SAY(a, "answered", "xử lý"), SAY(a, "median until seen", "trung vị phát hiện"),
                   SAY(a, "median until answered", "trung vị xử lý"));
        for (unsigned i = 0; i < a->plan->n_steps; i++) {
                buf_printf(b, "<tr><td>%u. ", i + 1);
                html(b, after_text(a, a->plan->steps[i].title));
                buf_printf(b,
                           "<td class=\"n\">%u<td class=\"n\">%u<td class=\"n\">%u<td "
                           "class=\"n\">%s<td class=\"n\">%s",
                           after_count(x, i, STEP_PLAYED), after_count(x, i, STEP_SEEN),
                           after_count(x, i, STEP_ANSWERED),
                           after_time(t, after_median(x, i, false)),
                           after_time(u, after_median(x, i, true)));
        }
        buf_printf(b, "</table><p><small>%s</small></p>\n",
                   SAY(a,
                       "Medians over all units for which the step was played; one that never did "
                       "it is later than any.",
                       "Trung vị trên mọi đơn vị được diễn bước đó; đơn vị không làm được tính là "
                       "muộn nhất."));
}

static void common(struct buf *b, const struct after_all *x) {
        bool causes[SCORE_CAUSES] = {false};
        const struct after *a = x->a;

        buf_printf(b, "<h2>%s</h2><ul>",
                   SAY(a, "Gaps that most units share", "Hạn chế chung của phần lớn đơn vị"));
        for (unsigned e = 0; e < a->plan->n_expectations; e++) {
                unsigned n = 0, of[SCORE_CAUSES] = {0}, most = CAUSE_NONE;

                for (unsigned i = 0; i < x->n; i++)
                        for (unsigned g = 0; g < x->units[i].review->n_gaps; g++)
                                if (strcmp(x->units[i].review->gaps[g].key,
                                           a->plan->expectations[e].id) == 0) {
                                        n++;
                                        of[x->units[i].review->gaps[g].cause]++;
                                }
                if (2 * n <= x->n)
                        continue;
                for (unsigned c = 1; c < SCORE_CAUSES; c++)
                        most = of[c] > of[most] ? c : most;
                causes[most] = true;
                buf_str(b, "<li>");
                html(b, after_text(a, a->plan->expectations[e].title));
                buf_printf(b, ": %u / %u <small>%s</small>", n, x->n, review_cause(most, a->vi));
        }
        buf_str(b, "</ul>\n");
        lessons(b, a, causes);
}

int after_html(struct buf *b, const struct after *a) {
        struct after_all x;
        int r = after_open(&x, a);
        unsigned n = 0;

        if (r < 0)
                return r;
        head(b, a);
        for (unsigned i = 0; i < x.units[0].score->n_lines; i++)
                n += x.units[0].score->lines[i].state <= LINE_MISSED;
        if (a->play) {
                buf_str(b, "<p><b>");
                html(b, x.units[0].play->name);
                buf_str(b, "</b></p>\n");
                summary(b, a, &x.units[0]);
                figure(b, &x, x.units[0].review);
                matrix(b, &x);
                lines(b, a, x.units[0].score);
                findings(b, a, &x.units[0]);
        } else {
                units(b, &x);
                times(b, &x);
                matrix(b, &x);
                common(b, &x);
        }
        uncertainty(b, a, n);
        after_close(&x);
        return b->failed ? FAIL(-ENOMEM) : 0;
}
