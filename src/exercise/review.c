/* See review.h. A step is answered when a person acknowledged, declared, contained … anything that holds it; the first
 * such fact counts. A gap is a line below half of its weight, or a penalty. */
#include <stdlib.h>

#include "exercise/match.h"
#include "exercise/review.h"

const char *const review_states[STEP_NOT + 1] = {"future",   "played",    "seen",
                                                 "answered", "prevented", "void"};

const char *review_capability(enum plan_capability c, bool vi) {
        static const char *const names[PLAN_CAPABILITIES][2] = {
                [CAP_DETECT] = {"Detection", "Phát hiện"},
                [CAP_TRIAGE] = {"Triage", "Phân loại, tiếp nhận"},
                [CAP_INVESTIGATE] = {"Investigation", "Điều tra, xác định phạm vi"},
                [CAP_CONTAIN] = {"Containment", "Ngăn chặn"},
                [CAP_REPORT] = {"Reporting", "Báo cáo"},
                [CAP_RECOVER] = {"Recovery", "Khôi phục"},
                [CAP_COORDINATE] = {"Coordination", "Phối hợp"}};

        return names[c][vi];
}

const char *review_cause(enum score_cause c, bool vi) {
        static const char *const names[SCORE_CAUSES][2] = {
                [CAUSE_NONE] = {"", ""},
                [CAUSE_SOURCE] = {"missing source: no event came",
                                  "thiếu nguồn nhật ký: không có sự kiện"},
                [CAUSE_RULE] = {"missing rule: events came, no alert",
                                "thiếu quy tắc: có sự kiện, không có cảnh báo"},
                [CAUSE_STEP] = {"slow step: seen, but late or not done",
                                "bước chậm: đã thấy nhưng xử lý trễ hoặc chưa xử lý"},
                [CAUSE_PLAN] = {"plan unclear: done, but the wrong kind, scope, field or duty",
                                "phương án chưa rõ: đã làm nhưng sai loại, phạm vi, nội dung hoặc "
                                "vai trò"}};

        return names[c][vi];
}

static void read_steps(struct review *v, const struct plan *p, const struct drill_fact *f, size_t n,
                       const struct match *m) {
        bool ended = false;

        for (size_t i = 0; i < n; i++)
                ended |= f[i].kind == FACT_WATCH && f[i].value && strcmp(f[i].value, "ended") == 0;
        v->n_steps = p->n_steps;
        for (unsigned s = 1; s <= p->n_steps; s++) {
                struct review_step *x = &v->steps[s - 1];

                *x = (struct review_step){.step = &p->steps[s - 1],
                                          .n = s,
                                          .t = FORMULA_NEVER,
                                          .seen = FORMULA_NEVER,
                                          .answered = FORMULA_NEVER};
                if (!m->played[s]) {
                        x->state = m->prevented[s] ? STEP_PREVENTED
                                   : ended         ? STEP_NOT
                                                   : STEP_FUTURE;
                        continue;
                }
                x->t = m->played[s]->t;
                for (size_t i = 0; i < n; i++) {
                        if (f[i].kind >= PLAN_FACTS || m->of[i].rejected ||
                            !match_has(&m->of[i], s))
                                continue;
                        if (f[i].kind == FACT_ALERT) {
                                x->alerts++;
                                if (x->seen == FORMULA_NEVER)
                                        x->seen = f[i].t;
                        } else if (f[i].actor && x->answered == FORMULA_NEVER) {
                                x->answered = f[i].t;
                        }
                }
                x->state = x->answered != FORMULA_NEVER ? STEP_ANSWERED
                           : x->seen != FORMULA_NEVER   ? STEP_SEEN
                                                        : STEP_PLAYED;
        }
}

static int read_gaps(struct review *v, const struct score *s) {
        v->gaps = arena_array(&v->arena, s->n_lines + s->n_penalties + 1, sizeof(*v->gaps));
        if (!v->gaps)
                return FAIL(-ENOMEM);
        for (unsigned i = 0; i < s->n_lines; i++) {
                const struct score_line *l = &s->lines[i];

                if (l->state > LINE_MISSED ||
                    2 * l->points >= (int64_t)l->expectation->weight * 1000)
                        continue;
                v->gaps[v->n_gaps++] = (struct review_gap){
                        .key = l->expectation->id,
                        .cause = l->cause,
                        .line = l,
                        .needs = l->cause == CAUSE_SOURCE || l->cause == CAUSE_RULE ? 1 : 2,
                        .en = arena_printf(&v->arena, "%s: %s", l->expectation->title.en, l->en).p,
                        .vi = arena_printf(&v->arena, "%s: %s", l->expectation->title.vi, l->vi).p};
        }
        for (unsigned i = 0; i < s->n_penalties; i++) {
                const struct score_penalty *x = &s->penalties[i];

                if (x->pardoned)
                        continue;
                v->gaps[v->n_gaps++] = (struct review_gap){
                        .key = x->key,
                        .cause = x->kind == PENALTY_UNUSED ? CAUSE_SOURCE : CAUSE_PLAN,
                        .needs = x->kind == PENALTY_UNUSED ? 1 : 2,
                        .en = x->en,
                        .vi = x->vi};
        }
        return v->arena.overflowed ? FAIL(-ENOMEM) : 0;
}

int review_new(struct review **ret, const struct plan *p, const struct drill_facts *facts,
               const struct score *s) {
        _cleanup_(review_freep) struct review *v = calloc(1, sizeof(*v));
        _cleanup_(match_freep) struct match *m = NULL;
        const struct drill_fact *f;
        size_t n;
        int r;

        if (!v)
                return FAIL(-ENOMEM);
        arena_init(&v->arena, (size_t)16 << 20);
        f = facts_of(facts, s->play, &n);
        r = match_new(&m, p, f, n);
        if (r < 0)
                return r;
        v->steps = arena_array(&v->arena, p->n_steps + 1, sizeof(*v->steps));
        if (!v->steps)
                return FAIL(-ENOMEM);
        read_steps(v, p, f, n, m);
        for (unsigned c = 0; c < PLAN_CAPABILITIES; c++)
                if (s->capability[c] >= REVIEW_STRONG && s->harm == 0)
                        v->strengths[v->n_strengths++] = c;
        r = read_gaps(v, s);
        if (r < 0)
                return r;
        *ret = v;
        v = NULL;
        return 0;
}

struct review *review_free(struct review *r) {
        if (r)
                arena_deinit(&r->arena);
        free(r);
        return NULL;
}

bool review_passed(const struct score *s, const char *expectation, int64_t *ret_t, int64_t *ret_q) {
        bool good = false, line = false;

        *ret_t = *ret_q = 0;
        for (unsigned i = 0; i < s->n_lines; i++) {
                const struct score_line *l = &s->lines[i];

                if (strcmp(l->expectation->id, expectation) != 0)
                        continue;
                line = true;
                if (l->state > LINE_MISSED)
                        continue;
                *ret_t = l->T;
                *ret_q = l->Q;
                good = l->state == LINE_SCORED && l->T >= (int64_t)l->expectation->p && l->T > 0 &&
                       l->Q >= 800000;
        }
        if (!line) { /* a penalty: passed when it, and no new harm, is there */
                good = true;
                *ret_t = *ret_q = MILLION;
        }
        for (unsigned i = 0; i < s->n_penalties && !line; i++)
                good = good &&
                       (s->penalties[i].pardoned || strcmp(s->penalties[i].key, expectation) != 0);
        for (unsigned i = 0; i < s->n_penalties; i++)
                good = good && (s->penalties[i].pardoned || s->penalties[i].kind > PENALTY_FALSE);
        return good;
}

void review_layer(struct buf *b, const struct review *v, const char *name) {
        static const char *const colours[] = {"#c0392b", "#e0a52b", "#2e7d5b"};
        unsigned n = 0;

        buf_str(b, "{\"name\":\"");
        buf_json(b, span_str(name));
        buf_str(b, "\",\"versions\":{\"layer\":\"4.5\"},\"domain\":\"enterprise-attack\","
                   "\"description\":\"1 played, 2 seen, 3 answered\",\"techniques\":[");
        for (unsigned i = 0; i < v->n_steps; i++) {
                const struct review_step *s = &v->steps[i];
                unsigned score =
                        s->state >= STEP_PLAYED && s->state <= STEP_ANSWERED ? s->state : 0;

                if (!s->step->technique || s->step->background || !score)
                        continue;
                buf_printf(b, "%s{\"techniqueID\":\"", n++ ? "," : "");
                buf_json(b, span_str(s->step->technique));
                buf_printf(b, "\",\"score\":%u,\"color\":\"%s\",\"comment\":\"", score,
                           colours[score - 1]);
                buf_json(b, span_str(s->step->title.en));
                buf_str(b, "\"");
                if (s->step->tactic) {
                        buf_str(b, ",\"tactic\":\"");
                        buf_json(b, span_str(s->step->tactic));
                        buf_str(b, "\"");
                }
                buf_char(b, '}');
        }
        buf_str(b,
                "],\"gradient\":{\"colors\":[\"#c0392b\",\"#e0a52b\",\"#2e7d5b\"],\"minValue\":1,"
                "\"maxValue\":3}}\n");
}
