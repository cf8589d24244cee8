/* Files of results: the export (exercise/export.h), the score document, a Navigator layer. The export is given piece by
 * piece, a play at a time, with the hash going along; nothing of 300 units is held at once. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "desk/desk_impl.h"
#include "desk/exercise_results.h"
#include "exercise/export.h"

struct giving {
        struct results x;
        struct results_play *plays;
        unsigned n, at;
        enum { GIVE_HEAD, GIVE_PLAYS, GIVE_CLOCK, GIVE_FACTS, GIVE_END, GIVE_DONE } state;
        crypto_hash_sha256_state hash;
};

/* ---- its lines ---- */

static void quoted(struct buf *b, const char *name, struct span v) {
        buf_printf(b, "\"%s\":\"", name);
        buf_json(b, v);
        buf_char(b, '"');
}

static int head(struct api_call *c, const struct giving *g, struct buf *to) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        _cleanup_(buf_deinit) struct buf b = {0};
        int r = sql_rows(c->db, &q,
                         "SELECT e.code, e.title, e.kind, e.seed, e.speed, e.started, e.ended,"
                         " s.plan, e.formula_hash FROM exercise e JOIN scenario s ON "
                         "s.id=e.scenario WHERE e.id=?1",
                         "i", g->x.e.id);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r < 0 ? r : FAIL(-EIO);
        buf_printf(&b, "{\"format\":\"%s\",", EXPORT_FORMAT);
        quoted(&b, "code", sql_span(q, 0));
        buf_char(&b, ',');
        quoted(&b, "title", sql_span(q, 1));
        buf_char(&b, ',');
        quoted(&b, "kind", sql_span(q, 2));
        buf_printf(
                &b,
                ",\"seed\":%lld,\"run\":%lld,\"speed\":%lld,\"started_ms\":%lld,\"ended_ms\":%lld,"
                "\"formula\":\"%s\",",
                (long long)sql_int(q, 3), (long long)g->x.e.run, (long long)sql_int(q, 4),
                (long long)(sql_null(q, 5) ? 0 : sql_int(q, 5) / MS_NS),
                (long long)(sql_null(q, 6) ? 0 : sql_int(q, 6) / MS_NS), FORMULA);
        if (!sql_null(q, 8)) {
                quoted(&b, "formula_hash", sql_span(q, 8));
                buf_char(&b, ',');
        }
        quoted(&b, "scenario", span_str(g->x.plan->id));
        buf_char(&b, ',');
        quoted(&b, "hash", span_str(g->x.plan->hash));
        buf_char(&b, '}');
        export_line(to, "exercise", buf_get(&b));
        export_line(to, "plan", sql_span(q, 7));
        return b.failed ? FAIL(-ENOMEM) : 0;
}

/* Duties, as many as there are; names stay here. */
static int roster(struct api_call *c, const struct giving *g, int64_t unit, struct buf *b) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        unsigned n = 0;
        int r = sql_rows(c->db, &q,
                         "SELECT role, deputy, count(*) FROM exercise_roster WHERE exercise=?1 AND"
                         " unit=?2 GROUP BY role, deputy ORDER BY role, deputy",
                         "ii", g->x.e.id, unit);

        buf_str(b, ",\"roster\":[");
        while (r == 0 && (r = sql_next(q)) == 1) {
                buf_str(b, n++ ? ",[\"" : "[\"");
                buf_json(b, sql_span(q, 0));
                buf_printf(b, "\",%s,%lld]", sql_int(q, 1) ? "true" : "false",
                           (long long)sql_int(q, 2));
                r = 0;
        }
        buf_char(b, ']');
        return r;
}

/* Names of hosts; those of accounts are people's own, and stay here. */
static void put_cast(struct buf *b, struct span cast) {
        json_t *o = cast.len ? json_loadb(cast.p, cast.len, 0, NULL) : NULL;
        char *text;

        json_object_del(o, "accounts");
        text = o ? json_dumps(o, JSON_COMPACT) : NULL;
        buf_str(b, ",\"cast\":");
        buf_str(b, text ? text : "null");
        free(text);
        json_decref(o);
}

static int one_play(struct api_call *c, const struct giving *g, struct buf *to) {
        const struct results_play *p = &g->plays[g->at];
        _cleanup_(buf_deinit) struct buf b = {0};
        int r;

        buf_printf(&b, "{\"play\":%lld,", (long long)p->play);
        quoted(&b, "unit", span_str(p->code));
        buf_char(&b, ',');
        quoted(&b, "name", span_str(p->name));
        put_cast(&b, p->cast);
        r = roster(c, g, p->unit, &b);
        buf_char(&b, '}');
        export_line(to, "play", buf_get(&b));
        return r < 0 ? r : b.failed ? FAIL(-ENOMEM) : 0;
}

/* Points of the run's clock, then of plays that have their own. */
static int clocks(struct api_call *c, const struct giving *g, struct buf *to) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        _cleanup_(buf_deinit) struct buf b = {0};
        int64_t of = -1;
        int r = sql_rows(c->db, &q,
                         "SELECT play, at_real, at_drill, speed FROM exercise_clock WHERE"
                         " exercise=?1 AND run=?2 ORDER BY play, id",
                         "ii", g->x.e.id, g->x.e.run);

        while (r == 0 && (r = sql_next(q)) == 1) {
                if (sql_int(q, 0) != of) {
                        if (of >= 0) {
                                buf_str(&b, "]}");
                                export_line(to, "clock", buf_get(&b));
                                buf_reset(&b);
                        }
                        of = sql_int(q, 0);
                        buf_printf(&b, "{\"play\":%lld,\"points\":[", (long long)of);
                } else {
                        buf_char(&b, ',');
                }
                buf_printf(&b, "[%lld,%lld,%lld]", (long long)sql_int(q, 1),
                           (long long)sql_int(q, 2), (long long)sql_int(q, 3));
                r = 0;
        }
        if (of >= 0) {
                buf_str(&b, "]}");
                export_line(to, "clock", buf_get(&b));
        }
        return r < 0 ? r : b.failed ? FAIL(-ENOMEM) : 0;
}

static int facts_of_play(struct api_call *c, const struct giving *g, struct buf *to) {
        _cleanup_(buf_deinit) struct buf b = {0};
        struct drill_facts facts;
        int r;

        facts_init(&facts);
        r = exercise_facts(c->desk, g->plays[g->at].play, c->now, &facts);
        for (size_t i = 0; r == 0 && i < facts.n; i++) {
                buf_reset(&b);
                fact_write(&b, &facts.facts[i]);
                export_line(to, "fact", buf_get(&b));
        }
        facts_deinit(&facts);
        return r < 0 ? r : b.failed ? FAIL(-ENOMEM) : 0;
}

static int give(struct api_call *c, struct buf *to) {
        struct giving *g = c->kept;
        size_t from = to->len;
        int r = 0;

        switch (g->state) {
        case GIVE_HEAD:
                r = head(c, g, to);
                g->state = GIVE_PLAYS;
                break;
        case GIVE_PLAYS:
                r = one_play(c, g, to);
                if (++g->at == g->n) {
                        g->at = 0;
                        g->state = GIVE_CLOCK;
                }
                break;
        case GIVE_CLOCK:
                r = clocks(c, g, to);
                g->state = GIVE_FACTS;
                break;
        case GIVE_FACTS:
                r = facts_of_play(c, g, to);
                if (++g->at == g->n)
                        g->state = GIVE_END;
                break;
        default: break;
        }
        if (r < 0)
                return r;
        crypto_hash_sha256_update(&g->hash, (const unsigned char *)to->p + from, to->len - from);
        if (g->state != GIVE_END)
                return 1;
        unsigned char h[crypto_hash_sha256_BYTES];
        char hex[FACTS_HASH_HEX];

        crypto_hash_sha256_final(&g->hash, h);
        sodium_bin2hex(hex, sizeof(hex), h, sizeof(h));
        buf_printf(to, "{\"sha256\":\"%s\"}\n", hex);
        return to->failed ? FAIL(-ENOMEM) : 0;
}

/* Organisers and jury; all units. */
static int open_all(struct api_call *c, struct giving **ret) {
        struct giving *g = arena_zalloc(c->arena, sizeof(*g));
        int r = g ? results_open(c, &g->x) : FAIL(-ENOMEM);

        if (r != 0)
                return r;
        if (!g->x.all)
                return api_refuse(c, 403, "not_yours", "Only organisers and jury take this out",
                                  "Chỉ ban tổ chức và ban giám khảo được xuất");
        if (!g->x.plan)
                return api_refuse(c, 409, "no_scenario",
                                  "Live fire has no scenario: see its findings",
                                  "Diễn tập thực chiến không có kịch bản: xem các phát hiện");
        r = results_plays(c, &g->x, 0, &g->plays, &g->n);
        if (r == 0 && !g->n)
                return api_refuse(c, 409, "no_units", "No unit played",
                                  "Chưa có đơn vị nào tham gia");
        crypto_hash_sha256_init(&g->hash);
        *ret = g;
        return r;
}

int results_do_export(struct api_call *c) {
        struct giving *g = NULL;
        char name[80];
        int r = open_all(c, &g);

        if (r == 0) /* it leaves with names of hosts: an audit row */
                r = api_write(c);
        if (r != 0)
                return r;
        assert(g);
        snprintf(c->about, sizeof(c->about), "exercise %lld", (long long)g->x.e.id);
        snprintf(name, sizeof(name), "exercise-%lld.jsonl", (long long)g->x.e.id);
        c->kept = g;
        return api_file(c, "application/x-ndjson", name, give);
}

/* ---- documents made whole ---- */

static int give_rest(struct api_call *c, struct buf *to) {
        struct span *rest = c->kept;
        size_t n = MIN(rest->len, API_PIECE_MAX);

        buf_add(to, rest->p, n);
        *rest = span_of(rest->p + n, rest->len - n);
        return rest->len > 0;
}

int results_file(struct api_call *c, const char *type, const char *name, const struct buf *b) {
        struct span *rest = arena_alloc(c->arena, sizeof(*rest));

        if (!rest || b->failed)
                return FAIL(-ENOMEM);
        *rest = arena_dup(c->arena, buf_get(b));
        if (!rest->p)
                return api_refuse(c, 413, "too_large", "Too large for one file: use the export",
                                  "Quá lớn cho một tệp: hãy dùng bản xuất");
        c->kept = rest;
        return api_file(c, type, name, give_rest);
}

/* One unit at a time, as export_scores() writes them. */
static int give_scores(struct api_call *c, struct buf *to) {
        struct giving *g = c->kept;
        struct drill_facts facts;
        struct score *s = NULL;
        const struct plan *p;
        int r;

        if (g->at == 0) {
                buf_printf(to, "{\"formula\":\"%s\",\"scenario\":\"", FORMULA);
                buf_json(to, span_str(g->x.plan->id));
                buf_printf(to, "\",\"hash\":\"%s\",\"units\":[", g->x.plan->hash);
        }
        facts_init(&facts);
        r = exercise_facts(c->desk, g->plays[g->at].play, c->now, &facts);
        p = g->x.plan;
        if (r == 0)
                r = score_play(&s, p, &facts, (unsigned)g->plays[g->at].play);
        if (r == 0) {
                buf_str(to, g->at ? ",{\"unit\":\"" : "{\"unit\":\"");
                buf_json(to, span_str(g->plays[g->at].code));
                buf_str(to, "\",\"score\":");
                score_write(to, p, s);
                buf_char(to, '}');
        }
        score_free(s);
        facts_deinit(&facts);
        if (r < 0)
                return r;
        if (++g->at < g->n)
                return 1;
        buf_str(to, "]}\n");
        return to->failed ? FAIL(-ENOMEM) : 0;
}

int results_do_scores(struct api_call *c) {
        struct giving *g = NULL;
        char name[80];
        int r = open_all(c, &g);

        if (r != 0)
                return r;
        assert(g);
        snprintf(name, sizeof(name), "exercise-%lld-scores.json", (long long)g->x.e.id);
        c->kept = g;
        return api_file(c, "application/json", name, give_scores);
}

int results_do_layer(struct api_call *c) {
        _cleanup_(review_freep) struct review *v = NULL;
        _cleanup_(score_freep) struct score *s = NULL;
        _cleanup_(buf_deinit) struct buf b = {0};
        struct results x = {0};
        struct results_play *plays = NULL;
        struct drill_facts facts;
        const struct plan *p = NULL;
        unsigned n = 0;
        int r = results_open(c, &x);

        if (r == 0)
                r = results_plays(c, &x, api_int(c, "play", 0), &plays, &n);
        if (r != 0)
                return r;
        if (!n || !x.plan)
                return api_missing(c);
        facts_init(&facts);
        r = exercise_score_whole(c->desk, plays[0].play, c->now, &facts, &p, &s);
        if (r == 0 && s)
                r = review_new(&v, p, &facts, s);
        if (r == 0 && v)
                review_layer(&b, v, plays[0].name);
        facts_deinit(&facts);
        if (r < 0)
                return r;
        return v ? results_file(c, "application/json", "navigator.json", &b) : api_missing(c);
}
