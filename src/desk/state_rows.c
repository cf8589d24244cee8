/* Rows of the desk's database: numbers, ranges, rules, verdicts, hits, exceptions (see state.h). */
#include "desk/state_impl.h"

/* ---- numbers, ranges, marks ---- */

int state_number(struct state *s, const char *name, int64_t *ret) {
        int r = state_bind(s, Q_NUMBER, "t", span_str(name));

        if (r < 0)
                return r;
        *ret = 0;
        r = state_step(s, Q_NUMBER);
        if (r == 1) {
                *ret = col_int(s, Q_NUMBER, 0);
                state_reset(s, Q_NUMBER);
        }
        return r < 0 ? r : 0;
}

int state_set_number(struct state *s, const char *name, int64_t value) {
        return state_do(s, Q_SET_NUMBER, "ti", span_str(name), value);
}

int state_load_ranges(struct state *s, struct state_range *to, uint32_t max, uint32_t *ret_n) {
        uint32_t n = 0;
        int r = state_bind(s, Q_RANGES, "");

        while (r == 0 && (r = state_step(s, Q_RANGES)) == 1) {
                int64_t from = col_int(s, Q_RANGES, 0), past = col_int(s, Q_RANGES, 1);

                if (n == max || from < 0 || past <= from || (n && to[n - 1].to >= (uint64_t)from)) {
                        state_reset(s, Q_RANGES);
                        return FAIL(-EBADMSG);
                }
                to[n++] = (struct state_range){(uint64_t)from, (uint64_t)past};
                r = 0;
        }
        if (r == 0)
                *ret_n = n;
        return r;
}

int state_save_ranges(struct state *s, const struct state_range *list, uint32_t n) {
        int r = state_do(s, Q_CLEAR_RANGES, "");

        for (uint32_t i = 0; i < n && r == 0; i++)
                r = state_do(s, Q_ADD_RANGE, "ii", (int64_t)list[i].from, (int64_t)list[i].to);
        return r;
}

int state_load_marks(struct state *s, struct state_mark *to, uint32_t max, uint32_t *ret_n) {
        uint32_t n = 0;
        int r = state_bind(s, Q_MARKS, "");

        while (r == 0 && (r = state_step(s, Q_MARKS)) == 1) {
                if (n < max)
                        to[n++] = (struct state_mark){.line = (uint64_t)col_int(s, Q_MARKS, 0),
                                                      .watermark = col_time(s, Q_MARKS, 1),
                                                      .clock = col_time(s, Q_MARKS, 2),
                                                      .received = col_time(s, Q_MARKS, 3)};
                r = 0;
        }
        if (r == 0)
                *ret_n = n;
        return r;
}

int state_save_marks(struct state *s, const struct state_mark *list, uint32_t n) {
        int r = state_do(s, Q_CLEAR_MARKS, "");

        for (uint32_t i = 0; i < n && r == 0; i++) {
                const struct state_mark *m = &list[i];
                char f[5] = "iiii";

                if (m->watermark == TIME_NONE)
                        f[1] = 'n';
                if (m->clock == TIME_NONE)
                        f[2] = f[3] = 'n';
                /* 'n' takes no argument, so the values that are there move up. */
                if (f[1] == 'n' && f[2] == 'n')
                        r = state_do(s, Q_ADD_MARK, f, (int64_t)m->line);
                else if (f[2] == 'n')
                        r = state_do(s, Q_ADD_MARK, f, (int64_t)m->line, m->watermark);
                else if (f[1] == 'n')
                        r = state_do(s, Q_ADD_MARK, f, (int64_t)m->line, m->clock, m->received);
                else
                        r = state_do(s, Q_ADD_MARK, f, (int64_t)m->line, m->watermark, m->clock,
                                     m->received);
        }
        return r;
}

/* ---- rules ---- */

static int find_rule(struct state *s, const struct state_rule *u, int64_t *ret) {
        int r = state_bind(s, Q_RULE, "itb", (int64_t)u->kind, u->id, u->version);

        if (r == 0)
                r = state_step(s, Q_RULE);
        if (r == 1) {
                *ret = col_int(s, Q_RULE, 0);
                state_reset(s, Q_RULE);
        }
        return r;
}

int state_rule(struct state *s, const struct state_rule *u, int64_t *ret_ref) {
        int r = find_rule(s, u, ret_ref);

        if (r != 0)
                return r < 0 ? r : 0;
        r = state_do(s, Q_ADD_RULE, "itbiitttttt", (int64_t)u->kind, u->id, u->version,
                     (int64_t)u->level, (int64_t)u->status, u->title, u->title_vi, u->description,
                     u->description_vi, u->file, u->tags);
        if (r == 0)
                *ret_ref = sqlite3_last_insert_rowid(s->db);
        return r;
}

int state_rule_id(struct state *s, int64_t ref, enum state_kind *ret_kind, struct span *ret_id) {
        state_reset(s, Q_RULE_ID);
        int r = state_bind(s, Q_RULE_ID, "i", ref);

        if (r == 0)
                r = state_step(s, Q_RULE_ID);
        if (r != 1)
                return r < 0 ? r : -ENOENT;
        *ret_kind = (enum state_kind)col_int(s, Q_RULE_ID, 0);
        *ret_id = col_span(s, Q_RULE_ID, 1);
        return 0;
}

/* ---- verdicts ---- */

int state_verdict(struct state *s, const struct state_verdict *v) {
        struct span id = span_of((const char *)v->id, sizeof(v->id));
        int r;

        if (v->time == TIME_NONE)
                r = state_do(s, Q_VERDICT, "iiibiniii", (int64_t)v->seq, v->rule, v->part, id,
                             v->alert, v->received, (int64_t)v->offset, (int64_t)v->length);
        else
                r = state_do(s, Q_VERDICT, "iiibiiiii", (int64_t)v->seq, v->rule, v->part, id,
                             v->alert, v->time, v->received, (int64_t)v->offset,
                             (int64_t)v->length);
        return r < 0 ? r : sqlite3_changes(s->db) > 0;
}

int state_forget_verdicts(struct state *s, uint64_t below, uint64_t *ret_n) {
        int r = state_do(s, Q_FORGET_VERDICTS, "i", (int64_t)below);

        if (r == 0)
                *ret_n = (uint64_t)sqlite3_changes(s->db);
        return r;
}

int state_count_verdicts(struct state *s, uint64_t *ret_n) {
        int r = state_bind(s, Q_COUNT_VERDICTS, "");

        if (r == 0)
                r = state_step(s, Q_COUNT_VERDICTS);
        if (r == 1) {
                *ret_n = (uint64_t)col_int(s, Q_COUNT_VERDICTS, 0);
                state_reset(s, Q_COUNT_VERDICTS);
        }
        return r < 0 ? r : 0;
}

int state_nth_verdict(struct state *s, uint64_t nth, uint64_t *ret_seq) {
        int r = state_bind(s, Q_NTH_VERDICT, "i", (int64_t)nth);

        *ret_seq = 0;
        if (r == 0)
                r = state_step(s, Q_NTH_VERDICT);
        if (r == 1) {
                *ret_seq = (uint64_t)col_int(s, Q_NTH_VERDICT, 0);
                state_reset(s, Q_NTH_VERDICT);
        }
        return r < 0 ? r : 0;
}

int state_count_only(struct state *s, int64_t rule, int64_t hour, uint64_t n) {
        return state_do(s, Q_COUNT_ONLY, "iii", rule, hour, (int64_t)n);
}

/* ---- hits ---- */

int state_hit(struct state *s, const struct state_hit *h) {
        int r = state_do(s, Q_HIT, "iiiiib", (int64_t)h->line, h->time, (int64_t)h->seq, h->rule,
                         h->received, h->body);

        return r < 0 ? r : sqlite3_changes(s->db) > 0;
}

int state_hits(struct state *s, uint64_t line, int64_t since,
               int (*each)(void *ctx, const struct state_hit *h), void *ctx) {
        int r = state_bind(s, Q_HITS, "ii", (int64_t)line, since);

        while (r == 0 && (r = state_step(s, Q_HITS)) == 1) {
                struct state_hit h = {.line = line,
                                      .time = col_int(s, Q_HITS, 0),
                                      .seq = (uint64_t)col_int(s, Q_HITS, 1),
                                      .rule = col_int(s, Q_HITS, 2),
                                      .received = col_int(s, Q_HITS, 3),
                                      .body = col_span(s, Q_HITS, 4)};
                r = each(ctx, &h);
                if (r < 0)
                        state_reset(s, Q_HITS);
        }
        return r;
}

int state_forget_hits(struct state *s, uint64_t line, int64_t before, uint64_t *ret_n,
                      uint64_t *ret_bytes) {
        int r = state_bind(s, Q_SIZE_HITS, "ii", (int64_t)line, before);

        if (r == 0)
                r = state_step(s, Q_SIZE_HITS);
        if (r < 0)
                return r;
        *ret_bytes = (uint64_t)col_int(s, Q_SIZE_HITS, 0);
        state_reset(s, Q_SIZE_HITS);
        r = state_do(s, Q_FORGET_HITS, "ii", (int64_t)line, before);
        if (r == 0)
                *ret_n = (uint64_t)sqlite3_changes(s->db);
        return r;
}

int state_count_hits(struct state *s, uint64_t *ret_n, uint64_t *ret_bytes) {
        int r = state_bind(s, Q_COUNT_HITS, "");

        if (r == 0)
                r = state_step(s, Q_COUNT_HITS);
        if (r == 1) {
                *ret_n = (uint64_t)col_int(s, Q_COUNT_HITS, 0);
                *ret_bytes = (uint64_t)col_int(s, Q_COUNT_HITS, 1);
                state_reset(s, Q_COUNT_HITS);
        }
        return r < 0 ? r : 0;
}

int state_nth_hit(struct state *s, uint64_t line, uint64_t nth, int64_t *ret) {
        int r = state_bind(s, Q_NTH_HIT, "ii", (int64_t)line, (int64_t)nth);

        *ret = TIME_NONE;
        if (r == 0)
                r = state_step(s, Q_NTH_HIT);
        if (r == 1) {
                *ret = col_int(s, Q_NTH_HIT, 0);
                state_reset(s, Q_NTH_HIT);
        }
        return r < 0 ? r : 0;
}

int state_save_snapshot(struct state *s, uint64_t line, int64_t watermark, struct span spec,
                        struct span body) {
        return state_do(s, Q_SNAPSHOT, "iibb", (int64_t)line, watermark, spec, body);
}

int state_snapshot(struct state *s, uint64_t line, struct span spec, int64_t *ret_watermark,
                   struct span *ret_body) {
        state_reset(s, Q_GET_SNAPSHOT);
        int r = state_bind(s, Q_GET_SNAPSHOT, "ib", (int64_t)line, spec);

        if (r == 0)
                r = state_step(s, Q_GET_SNAPSHOT);
        if (r == 1) {
                *ret_watermark = col_int(s, Q_GET_SNAPSHOT, 0);
                *ret_body = col_span(s, Q_GET_SNAPSHOT, 1);
        }
        return r;
}

int state_forget_drills(struct state *s, uint64_t *ret_n) {
        int r = state_do(s, Q_FORGET_SNAPSHOTS, "");

        if (r == 0)
                r = state_do(s, Q_FORGET_DRILLS, "");
        if (r == 0)
                *ret_n = (uint64_t)sqlite3_changes(s->db);
        return r;
}

/* ---- exceptions ---- */

int state_save_exception(struct state *s, const struct state_exception *e) {
        if (e->expires == TIME_NONE)
                return state_do(s, Q_EXCEPTION, "tttttn", e->id, e->owner, e->reason, e->rules,
                                e->text);
        return state_do(s, Q_EXCEPTION, "ttttti", e->id, e->owner, e->reason, e->rules, e->text,
                        e->expires);
}

int state_retire_exceptions(struct state *s) {
        return state_do(s, Q_RETIRE, "");
}

int state_count_exception(struct state *s, struct span id, uint64_t n, int64_t last) {
        return state_do(s, Q_COUNT_EXCEPTION, "tii", id, (int64_t)n, last);
}

int state_exceptions(struct state *s, int (*each)(void *ctx, const struct state_exception *e),
                     void *ctx) {
        int r = state_bind(s, Q_EXCEPTIONS, "");

        while (r == 0 && (r = state_step(s, Q_EXCEPTIONS)) == 1) {
                struct state_exception e = {.id = col_span(s, Q_EXCEPTIONS, 0),
                                            .active = col_int(s, Q_EXCEPTIONS, 1) != 0,
                                            .owner = col_span(s, Q_EXCEPTIONS, 2),
                                            .reason = col_span(s, Q_EXCEPTIONS, 3),
                                            .rules = col_span(s, Q_EXCEPTIONS, 4),
                                            .text = col_span(s, Q_EXCEPTIONS, 5),
                                            .expires = col_time(s, Q_EXCEPTIONS, 6),
                                            .count = (uint64_t)col_int(s, Q_EXCEPTIONS, 7),
                                            .last = col_time(s, Q_EXCEPTIONS, 8)};
                r = each(ctx, &e);
                if (r < 0)
                        state_reset(s, Q_EXCEPTIONS);
        }
        return r;
}
