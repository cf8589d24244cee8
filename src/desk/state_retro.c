/* Rows about the past: since when a rule has been what it is, and the runs of `coloa retro` (see
 * state.h, doc/retro.md). */
#include "desk/state_impl.h"

int state_add_epoch(struct state *s, int64_t time, uint64_t past, int64_t *ret_id) {
        int r = state_do(s, Q_ADD_EPOCH, "ii", time, (int64_t)past);

        if (r == 0)
                *ret_id = sqlite3_last_insert_rowid(s->db);
        return r;
}

int state_count_epochs(struct state *s, uint64_t *ret_n) {
        int r = state_bind(s, Q_COUNT_EPOCHS, "");

        *ret_n = 0;
        if (r == 0)
                r = state_step(s, Q_COUNT_EPOCHS);
        if (r == 1) {
                *ret_n = (uint64_t)col_int(s, Q_COUNT_EPOCHS, 0);
                state_reset(s, Q_COUNT_EPOCHS);
        }
        return r < 0 ? r : 0;
}

int state_epoch_past(struct state *s, int64_t id, uint64_t past) {
        return state_do(s, Q_EPOCH_PAST, "ii", id, (int64_t)past);
}

int state_know(struct state *s, enum state_kind kind, struct span id, struct span version,
               int64_t epoch, int64_t mark) {
        return state_do(s, Q_KNOW, "itbii", (int64_t)kind, id, version, epoch, mark);
}

int state_unknow(struct state *s, int64_t mark) {
        return state_do(s, Q_UNKNOW, "i", mark);
}

int state_known(struct state *s, enum state_kind kind, struct span id, struct span version,
                uint64_t *ret_past, uint64_t *ret_covered) {
        int r = state_bind(s, Q_KNOWN, "itb", (int64_t)kind, id, version);

        if (r == 0)
                r = state_step(s, Q_KNOWN);
        if (r == 1) {
                *ret_past = (uint64_t)col_int(s, Q_KNOWN, 0);
                *ret_covered = (uint64_t)col_int(s, Q_KNOWN, 1);
                state_reset(s, Q_KNOWN);
        }
        return r;
}

int state_cover(struct state *s, enum state_kind kind, struct span id, struct span version,
                uint64_t below) {
        return state_do(s, Q_COVER, "itbi", (int64_t)kind, id, version, (int64_t)below);
}

int state_said(struct state *s, uint64_t seq, int64_t rule, enum state_kind kind, struct span id) {
        int r = state_bind(s, Q_SAID, "iiit", (int64_t)seq, rule, (int64_t)kind, id);

        if (r == 0)
                r = state_step(s, Q_SAID);
        if (r == 1)
                state_reset(s, Q_SAID);
        return r;
}

int state_hit_said(struct state *s, const struct state_hit *h, struct span id) {
        int r = state_bind(s, Q_HIT_SAID, "iiiit", (int64_t)h->line, h->time, (int64_t)h->seq,
                           h->rule, id);

        if (r == 0)
                r = state_step(s, Q_HIT_SAID);
        if (r == 1)
                state_reset(s, Q_HIT_SAID);
        return r;
}

int state_find_retro(struct state *s, struct span key, int64_t *ret_id, uint64_t *ret_at) {
        int r = state_bind(s, Q_FIND_RETRO, "b", key);

        if (r == 0)
                r = state_step(s, Q_FIND_RETRO);
        if (r == 1) {
                *ret_id = col_int(s, Q_FIND_RETRO, 0);
                *ret_at = (uint64_t)col_int(s, Q_FIND_RETRO, 1);
                state_reset(s, Q_FIND_RETRO);
        }
        return r;
}

int state_add_retro(struct state *s, struct span key, const struct state_retro *r,
                    int64_t *ret_id) {
        char f[9] = "biiiiiti";
        int e;

        if (r->since == TIME_NONE)
                f[4] = 'n';
        if (r->until == TIME_NONE)
                f[5] = 'n';
        /* 'n' takes no argument. */
        if (f[4] == 'n' && f[5] == 'n')
                e = state_do(s, Q_ADD_RETRO, f, key, r->begun, (int64_t)r->first, (int64_t)r->past,
                             r->source, (int64_t)r->rules);
        else if (f[4] == 'n' || f[5] == 'n')
                e = state_do(s, Q_ADD_RETRO, f, key, r->begun, (int64_t)r->first, (int64_t)r->past,
                             f[4] == 'n' ? r->until : r->since, r->source, (int64_t)r->rules);
        else
                e = state_do(s, Q_ADD_RETRO, f, key, r->begun, (int64_t)r->first, (int64_t)r->past,
                             r->since, r->until, r->source, (int64_t)r->rules);
        if (e == 0)
                *ret_id = sqlite3_last_insert_rowid(s->db);
        return e;
}

int state_set_retro(struct state *s, const struct state_retro *r) {
        const char *f = r->ended == TIME_NONE ? "iiiiiiiin" : "iiiiiiiii";

        return state_do(s, Q_SET_RETRO, f, r->id, (int64_t)r->past, (int64_t)r->at,
                        (int64_t)r->verdicts, (int64_t)r->alerts, (int64_t)r->doubled,
                        (int64_t)r->counted, (int64_t)r->aside, r->ended);
}

int state_get_retro(struct state *s, int64_t id, struct state_retro *ret) {
        const enum query q = Q_GET_RETRO;

        if (s->q[q])
                state_reset(s, q);
        int r = state_bind(s, q, "i", id);
        if (r == 0)
                r = state_step(s, q);
        if (r == 1)
                *ret = (struct state_retro){.id = id,
                                            .begun = col_int(s, q, 0),
                                            .ended = col_time(s, q, 1),
                                            .first = (uint64_t)col_int(s, q, 2),
                                            .past = (uint64_t)col_int(s, q, 3),
                                            .at = (uint64_t)col_int(s, q, 4),
                                            .since = col_time(s, q, 5),
                                            .until = col_time(s, q, 6),
                                            .source = col_span(s, q, 7),
                                            .rules = (uint64_t)col_int(s, q, 8),
                                            .verdicts = (uint64_t)col_int(s, q, 9),
                                            .alerts = (uint64_t)col_int(s, q, 10),
                                            .doubled = (uint64_t)col_int(s, q, 11),
                                            .counted = (uint64_t)col_int(s, q, 12),
                                            .aside = (uint64_t)col_int(s, q, 13)};
        return r;
}
