/* A score as one canonical JSON object: members in a fixed order, whole numbers (points in thousandths, factors in
 * millionths, times in ms), null where there is nothing. Each fact is named by its id, by which the desk finds
 * the record it came from. */
#include "exercise/score_impl.h"

static void text(struct buf *b, const char *name, const char *v) {
        buf_printf(b, ",\"%s\":", name);
        if (!v) {
                buf_str(b, "null");
                return;
        }
        buf_char(b, '"');
        buf_json(b, span_str(v));
        buf_char(b, '"');
}

static void number(struct buf *b, const char *name, int64_t v) {
        buf_printf(b, ",\"%s\":%lld", name, (long long)v);
}

static void number_or_null(struct buf *b, const char *name, int64_t v, bool null) {
        if (null)
                buf_printf(b, ",\"%s\":null", name);
        else
                number(b, name, v);
}

static void ids(struct buf *b, const char *name, const struct drill_fact *const *facts,
                unsigned n) {
        buf_printf(b, ",\"%s\":[", name);
        for (unsigned i = 0; i < n; i++) {
                buf_str(b, i ? ",\"" : "\"");
                buf_json(b, span_str(facts[i]->id));
                buf_char(b, '"');
        }
        buf_char(b, ']');
}

static void line(struct buf *b, const struct score_line *l) {
        const struct plan_expectation *e = l->expectation;
        bool counts = l->state <= LINE_MISSED;

        buf_str(b, "{\"expectation\":\"");
        buf_json(b, span_str(e->id));
        buf_char(b, '"');
        text(b, "title", e->title.en);
        text(b, "title_vi", e->title.vi);
        text(b, "of", e->of);
        text(b, "fact", fact_kinds[e->fact]);
        text(b, "part", e->part == PART_MACHINE ? "machine" : "people");
        text(b, "capability", plan_capabilities[e->capability]);
        number(b, "w", e->weight);
        text(b, "state", score_states[l->state]);
        text(b, "cause", l->cause ? score_causes[l->cause] : NULL);
        number_or_null(b, "start_ms", l->start, l->start == FORMULA_NEVER);
        number_or_null(b, "t_ms", l->t, l->t == FORMULA_NEVER);
        number(b, "watched_ms", l->censored);
        number_or_null(b, "T", l->T, !counts);
        number_or_null(b, "Q", l->Q, !counts);
        number_or_null(b, "R", l->R, !counts);
        number_or_null(b, "points", l->points, !counts);
        number(b, "hint", l->hint);
        text(b, "reason_en", l->en);
        text(b, "reason_vi", l->vi);
        ids(b, "facts", l->facts, l->n_facts);
        ids(b, "also", l->also, l->n_also);
        text(b, "void", l->state == LINE_VOID ? l->en : NULL);
        buf_char(b, '}');
}

static void penalty(struct buf *b, const struct score_penalty *x) {
        buf_str(b, "{\"key\":\"");
        buf_json(b, span_str(x->key));
        buf_char(b, '"');
        text(b, "kind", score_penalties[x->kind]);
        number(b, "points", x->pardoned ? 0 : x->points);
        buf_printf(b, ",\"machine\":%s,\"pardoned\":%s", x->machine ? "true" : "false",
                   x->pardoned ? "true" : "false");
        text(b, "object", x->object);
        text(b, "reason_en", x->en);
        text(b, "reason_vi", x->vi);
        ids(b, "facts", &x->fact, 1);
        buf_char(b, '}');
}

void score_write(struct buf *b, const struct plan *p, const struct score *s) {
        char shown[FORMULA_SHOWN];

        formula_show(shown, s->total);
        buf_printf(b, "{\"play\":%u", s->play);
        text(b, "scenario", p->id);
        text(b, "hash", p->hash);
        text(b, "formula", FORMULA);
        buf_printf(b, ",\"provisional\":%s", s->provisional ? "true" : "false");
        number(b, "total", s->total);
        text(b, "shown", shown);
        number(b, "base", s->base);
        number(b, "penalty", s->penalty);
        number(b, "harm", s->harm);
        number_or_null(b, "machine", s->part[PART_MACHINE], s->part[PART_MACHINE] < 0);
        number_or_null(b, "people", s->part[PART_PEOPLE], s->part[PART_PEOPLE] < 0);
        number(b, "void", s->n_void);
        number(b, "open", s->n_open);
        number(b, "hints", s->hints);
        buf_str(b, ",\"capabilities\":[");
        for (unsigned i = 0; i < PLAN_CAPABILITIES; i++) {
                buf_printf(b, "%s{\"capability\":\"%s\"", i ? "," : "", plan_capabilities[i]);
                number_or_null(b, "score", s->capability[i], s->capability[i] < 0);
                number(b, "lines", s->capability_lines[i]);
                buf_char(b, '}');
        }
        buf_str(b, "],\"lines\":[");
        for (unsigned i = 0; i < s->n_lines; i++) {
                if (i)
                        buf_char(b, ',');
                line(b, &s->lines[i]);
        }
        buf_str(b, "],\"penalties\":[");
        for (unsigned i = 0; i < s->n_penalties; i++) {
                if (i)
                        buf_char(b, ',');
                penalty(b, &s->penalties[i]);
        }
        buf_str(b, "]}");
}
