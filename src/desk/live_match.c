/* What red teams wrote down of what they did, and what the blue side saw of it (doc/live-fire.md). Nobody claims
 * anything: an alert of a target is matched to activity and findings by target, account, source and technique in
 * their time (the doctrine's section on matching); it goes to the one with most evidence, or is ambiguous.
 *
 *   LM1. A log entry is never changed, and lies within the exercise: its time, a declared source, a target whose
 *        owner consents. Anything else is refused, with what is allowed.
 *   LM2. Source alone never suffices: many come from one address. Target must agree, and account or source.
 *   LM3. Alerts that match nothing are treated as real: they are counted, and nothing else is done to them. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "desk/desk_impl.h"
#include "desk/livefire.h"
#include "desk/systems.h"

#define ALERTS_MAX 20000
#define SEEN_MAX 50
#define DID_MAX (LIVE_ACTIVITY_MAX + LIVE_FINDINGS_MAX)
#define FINDING_NS (INT64_C(600) * NS_PER_SEC) /* between its log entry and a finding's time */
#define SKEW_NS (INT64_C(120) * NS_PER_SEC)
#define AFTER_NS (INT64_C(4) * 3600 * NS_PER_SEC) /* an alert may come so much later */
enum { EVIDENCE_TARGET = 4, EVIDENCE_ACCOUNT = 2, EVIDENCE_SOURCE = 2, EVIDENCE_TECHNIQUE = 1 };
#define EVIDENCE_LEAST 6

/* ---- the log ---- */

static int good_time(struct api_call *c, const struct live *l) {
        int64_t from = api_time(c, "from"), to = api_time(c, "to");

        if (from <= to && from >= l->begins && to <= l->ends && to <= c->now)
                return 0;
        return api_fault_at(c, "to", "That is outside the exercise's time, or yet to come",
                            "Ngoài thời gian diễn tập, hoặc chưa tới",
                            "Write down what was done, when it is done",
                            "Ghi việc đã làm, sau khi làm");
}

static bool covers(struct span net, struct span one) {
        unsigned char a[16], b[16];
        char text[ADDRESS_TEXT];
        unsigned bits = 0, more = 0;

        if (address_parse(net, a, &bits, text) < 0 || address_parse(one, b, &more, text) < 0 ||
            more < bits)
                return false;
        if (memcmp(a, b, bits / 8) != 0)
                return false;
        return bits % 8 == 0 || ((a[bits / 8] ^ b[bits / 8]) >> (8 - bits % 8)) == 0;
}

static int good_source(struct api_call *c, const struct live *l) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        struct span source = api_text(c, "source");
        int r = sql_rows(c->db, &q,
                         "SELECT s.value FROM live_rules r, json_each(r.sources) s WHERE"
                         " r.exercise=?1",
                         "i", l->id);

        while (r == 0 && (r = sql_next(q)) == 1) {
                if (covers(sql_span(q, 0), source))
                        return 0;
                r = 0;
        }
        return r < 0 ? r
                     : api_fault_at(c, "source", "It is none of the declared sources",
                                    "Không phải địa chỉ nguồn đã công bố",
                                    "Attack from the declared addresses only",
                                    "Chỉ tấn công từ địa chỉ đã công bố");
}

static int good_target(struct api_call *c, const struct live *l) {
        int r = live_consented(c->db, l->id, api_int(c, "target", 0), api_time(c, "from"));

        return r < 0 ? r
               : r   ? 0
                     : api_fault_at(c, "target", "It is no target that its owner consents to then",
                                    "Không phải mục tiêu đã được chủ quản chấp thuận lúc đó",
                                    "Stop, and tell the organisers", "Dừng lại và báo ban tổ chức");
}

/* "T1190", "T1059.001"; or nothing. */
static int good_technique(struct api_call *c) {
        struct span t = api_text(c, "technique");
        bool good = t.len == 0 || ((t.len == 5 || (t.len == 9 && t.p[5] == '.')) && t.p[0] == 'T');

        for (size_t i = 1; i < t.len && good; i++)
                good = (t.p[i] >= '0' && t.p[i] <= '9') || i == 5;
        return good ? 0
                    : api_fault_at(c, "technique", "It is no technique of ATT&CK",
                                   "Không phải kỹ thuật ATT&CK", "Write it as T1190 or T1059.001",
                                   "Viết như T1190 hoặc T1059.001");
}

#define ACTIVITY                                                                                   \
        "SELECT a.id, a.team, t.name, a.begins, a.ends, a.source, a.target, g.name, a.account,"    \
        " a.technique, a.text, (SELECT name FROM person WHERE id=a.by), a.at FROM live_activity a" \
        " JOIN live_team t ON t.id=a.team JOIN live_target g ON g.id=a.target WHERE"

static json_t *or_null(struct sql_rows *q, int column) {
        return sql_span(q, column).len ? api_json_text(sql_span(q, column)) : json_null();
}

static json_t *activity_json(struct sql_rows *q) {
        return json_pack("{sI sI so so so so sI so so so so so so}", "id",
                         (json_int_t)sql_int(q, 0), "team", (json_int_t)sql_int(q, 1), "team_name",
                         api_json_text(sql_span(q, 2)), "from", api_json_time(sql_time(q, 3)), "to",
                         api_json_time(sql_time(q, 4)), "source", api_json_text(sql_span(q, 5)),
                         "target", (json_int_t)sql_int(q, 6), "target_name",
                         api_json_text(sql_span(q, 7)), "account", or_null(q, 8), "technique",
                         or_null(q, 9), "text", api_json_text(sql_span(q, 10)), "by_name",
                         or_null(q, 11), "at", api_json_time(sql_time(q, 12)));
}

int livefire_do_activity(struct api_call *c) {
        static const char *const whose[] = {"team", "team_name", "by_name"};
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        struct live l = {.id = 0};
        json_t *items = json_array();
        int r = live_find(c, &l);

        c->answer = json_pack("{so}", "items", items);
        if (r == 0)
                r = sql_rows(c->db, &q,
                             ACTIVITY " a.exercise=?1 AND (?2 OR a.team=?3) ORDER BY a.begins, a.id"
                                      " LIMIT ?4",
                             "ibii", l.id, l.side == LIVE_ORGANISER || l.side == LIVE_JURY, l.team,
                             (int64_t)LIVE_ACTIVITY_MAX);
        while (r == 0 && (r = sql_next(q)) == 1) {
                json_t *o = activity_json(q);

                /* Whose it is would tell a juror whose the finding is. */
                for (size_t i = 0; i < ARRAY_LEN(whose) && o && l.side == LIVE_JURY; i++)
                        json_object_set_new(o, whose[i], json_null());
                r = json_array_append_new(items, o) < 0 ? FAIL(-ENOMEM) : 0;
        }
        return r;
}

/* LM1 */
int livefire_do_act(struct api_call *c) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        struct live l = {.id = 0};
        int64_t n = 0, own = 0;
        int r = live_find(c, &l);

        if (r == 0)
                r = live_only(c, &l, LIVE_RED);
        if (r == 0 && api_int(c, "team", 0) != l.team)
                r = api_refuse(c, 403, "not_yours", "that is another team", "đó là đội khác");
        if (r == 0)
                r = good_time(c, &l);
        if (r == 0)
                r = good_source(c, &l);
        if (r == 0)
                r = good_target(c, &l);
        if (r == 0)
                r = good_technique(c);
        if (r == 0)
                r = sql_get_int(c->db, &n, "SELECT count(*) FROM live_activity WHERE exercise=?1",
                                "i", l.id);
        if (r == 1 && n < LIVE_ACTIVITY_MAX)
                r = sql_get_int(c->db, &own, "SELECT count(*) FROM live_activity WHERE team=?1",
                                "i", l.team);
        if (r == 1 && (n >= LIVE_ACTIVITY_MAX || own >= LIVE_TEAM_ACTIVITY))
                return api_refuse(c, 409, "full", "a team has 1,000 entries at most, all 5,000",
                                  "mỗi đội tối đa 1.000 mục, tất cả 5.000");
        struct span account = api_text(c, "account"), technique = api_text(c, "technique");
        if (r >= 0 && r <= 1)
                r = sql_do(c->db,
                           "INSERT INTO live_activity(exercise, team, begins, ends, source, target,"
                           " account, technique, text, by, at)"
                           " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)",
                           "iiTTtitttki", l.id, l.team, api_time(c, "from"), api_time(c, "to"),
                           api_text(c, "source"), api_int(c, "target", 0),
                           account.len ? account : SPAN(""), technique.len ? technique : SPAN(""),
                           api_text(c, "text"), c->who.id, c->now);
        if (r == 0)
                r = sql_rows(c->db, &q, ACTIVITY " a.id=?1", "i", sql_last_id(c->db));
        if (r == 0)
                r = sql_next(q);
        if (r == 1)
                c->answer = activity_json(q);
        live_tell(c, &l);
        return r == 1 ? 0 : r;
}

/* ---- what was seen of it ---- */

/* Something that the red side did: an entry of the log, or a finding (its time and target alone). */
struct did {
        int64_t activity, finding, team, target, system, unit, begins, ends;
        struct span source, account, technique, target_name, unit_name, hosts;
        json_t *seen; /* of the answer */
        int64_t first, acknowledged, contained;
        bool ambiguous;
};

struct candidate {
        int64_t alert, raised, taken;
        unsigned evidence, by; /* bits: 1 target, 2 account, 4 source, 8 technique */
        size_t did;
};

struct matching {
        struct api_call *c;
        struct did *did;
        size_t n_did;
        struct candidate *list;
        size_t n;
        bool cut;
};

static int read_did(struct matching *m, const struct live *l) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        struct api_call *c = m->c;
        int r = sql_rows(
                c->db, &q,
                "SELECT a.id, a.team, a.target, g.system, g.unit, a.begins, a.ends, a.source,"
                " a.account, a.technique, g.name, (SELECT name FROM unit WHERE id=g.unit),"
                " g.hosts FROM live_activity a JOIN live_target g ON g.id=a.target WHERE"
                " a.exercise=?1 ORDER BY a.begins, a.id LIMIT ?2",
                "ii", l->id, (int64_t)LIVE_ACTIVITY_MAX);

        while (r == 0 && (r = sql_next(q)) == 1) {
                m->did[m->n_did++] =
                        (struct did){.activity = sql_int(q, 0),
                                     .team = sql_int(q, 1),
                                     .target = sql_int(q, 2),
                                     .system = sql_int(q, 3),
                                     .unit = sql_int(q, 4),
                                     .begins = sql_int(q, 5),
                                     .ends = sql_int(q, 6),
                                     .source = arena_dup(c->arena, sql_span(q, 7)),
                                     .account = arena_dup(c->arena, sql_span(q, 8)),
                                     .technique = arena_dup(c->arena, sql_span(q, 9)),
                                     .target_name = arena_dup(c->arena, sql_span(q, 10)),
                                     .unit_name = arena_dup(c->arena, sql_span(q, 11)),
                                     .hosts = arena_dup(c->arena, sql_span(q, 12)),
                                     .first = TIME_NONE,
                                     .acknowledged = TIME_NONE,
                                     .contained = TIME_NONE};
                r = 0;
        }
        return MIN(r, 0);
}

static struct span opened_word(struct api_call *c, const json_t *words, const char *name) {
        const json_t *v = json_object_get(words, name);

        return json_is_string(v)
                       ? arena_dup(c->arena, span_of(json_string_value(v), json_string_length(v)))
                       : SPAN("");
}

/* A finding that the log speaks of is one with its entry; another stands for itself. */
static void add_finding(struct matching *m, struct sql_rows *q, const unsigned char *key) {
        struct api_call *c = m->c;
        int64_t team = sql_int(q, 1), target = sql_int(q, 2), at = sql_int(q, 5);
        json_t *words = live_words(key, sql_int(q, 0), sql_span(q, 6));

        for (size_t i = 0; i < m->n_did; i++) {
                struct did *d = &m->did[i];

                if (d->activity && d->team == team && d->target == target &&
                    d->begins - FINDING_NS <= at && at <= d->ends + FINDING_NS) {
                        d->finding = sql_int(q, 0);
                        json_decref(words);
                        return;
                }
        }
        m->did[m->n_did++] = (struct did){.finding = sql_int(q, 0),
                                          .team = team,
                                          .target = target,
                                          .system = sql_int(q, 3),
                                          .unit = sql_int(q, 4),
                                          .begins = at,
                                          .ends = at,
                                          .source = opened_word(c, words, "source"),
                                          .account = opened_word(c, words, "account"),
                                          .technique = opened_word(c, words, "technique"),
                                          .target_name = arena_dup(c->arena, sql_span(q, 7)),
                                          .unit_name = arena_dup(c->arena, sql_span(q, 8)),
                                          .hosts = arena_dup(c->arena, sql_span(q, 9)),
                                          .first = TIME_NONE,
                                          .acknowledged = TIME_NONE,
                                          .contained = TIME_NONE};
        json_decref(words);
}

static int read_findings(struct matching *m, const struct live *l, const unsigned char *key) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(m->c->db, &q,
                         "SELECT f.id, f.team, f.target, g.system, g.unit, f.done_at, f.sealed,"
                         " g.name, (SELECT name FROM unit WHERE id=g.unit), g.hosts FROM"
                         " live_finding f JOIN live_target g ON g.id=f.target WHERE f.exercise=?1"
                         " AND f.verified IS NOT NULL AND f.sealed IS NOT NULL ORDER BY f.done_at,"
                         " f.id",
                         "i", l->id);

        while (r == 0 && (r = sql_next(q)) == 1) {
                if (m->n_did < DID_MAX)
                        add_finding(m, q, key);
                else
                        m->cut = true;
                r = 0;
        }
        return MIN(r, 0);
}

/* Alerts of its target in its time, with what agrees. LM2. A technique agrees when it, or what it is a part of, is a
 * tag of the rule. */
static int candidates_of(struct matching *m, size_t i) {
        static const char text[] =
                "SELECT a.id, t.raised, t.taken_at, length(?4) AND lower(a.user)=lower(?4),"
                " length(?5) AND EXISTS(SELECT 1 FROM fields f WHERE f.alert=a.id AND"
                " instr(f.fields, '\"'||?5||'\"')), length(?6) AND instr(lower(r.tags),"
                " 'attack.'||lower(substr(?6,1,5)))"
                " FROM triage t JOIN alert a ON a.id=t.alert JOIN rule r ON r.ref=a.rule"
                " WHERE t.drill=0 AND (t.system=?1 OR t.host IN (SELECT value FROM"
                " json_each(?7))) AND a.last>=?2 AND a.first<=?3 AND a.status=0";
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        const struct did *d = &m->did[i];
        int r = sql_rows(m->c->db, &q, text, "iiitttt", d->system, d->begins - SKEW_NS,
                         d->ends + AFTER_NS, d->account, d->source, d->technique, d->hosts);

        while (r == 0 && (r = sql_next(q)) == 1) {
                unsigned account = sql_int(q, 3) != 0, source = sql_int(q, 4) != 0,
                         technique = sql_int(q, 5) != 0;

                if (m->n == ALERTS_MAX) {
                        m->cut = true;
                        return 0;
                }
                r = 0;
                if (!account && !source)
                        continue;
                m->list[m->n++] = (struct candidate){
                        .alert = sql_int(q, 0),
                        .raised = sql_int(q, 1),
                        .taken = sql_time(q, 2),
                        .evidence = EVIDENCE_TARGET + account * EVIDENCE_ACCOUNT +
                                    source * EVIDENCE_SOURCE + technique * EVIDENCE_TECHNIQUE,
                        .by = 1u | account << 1 | source << 2 | technique << 3,
                        .did = i};
        }
        return MIN(r, 0);
}

static int strongest(const void *va, const void *vb) {
        const struct candidate *a = va, *b = vb;

        if (a->alert != b->alert)
                return a->alert < b->alert ? -1 : 1;
        if (a->evidence != b->evidence)
                return a->evidence > b->evidence ? -1 : 1;
        return a->did < b->did ? -1 : a->did > b->did;
}

static int saw(struct matching *m, const struct candidate *k) {
        static const char *const names[] = {"target", "account", "source", "technique"};
        struct did *d = &m->did[k->did];
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        json_t *by;
        int r;

        d->first = d->first == TIME_NONE ? k->raised : MIN(d->first, k->raised);
        if (k->taken != TIME_NONE)
                d->acknowledged =
                        d->acknowledged == TIME_NONE ? k->taken : MIN(d->acknowledged, k->taken);
        if (json_array_size(d->seen) >= SEEN_MAX)
                return 0;
        r = sql_rows(m->c->db, &q,
                     "SELECT r.title FROM alert a JOIN rule r ON r.ref=a.rule WHERE a.id=?1", "i",
                     k->alert);
        if (r == 0)
                r = sql_next(q);
        if (r < 0)
                return r;
        by = json_array();
        for (unsigned i = 0; i < ARRAY_LEN(names); i++)
                if (k->by & 1u << i)
                        json_array_append_new(by, json_string(names[i]));
        return json_array_append_new(
                d->seen,
                json_pack("{sI so so si so}", "alert", (json_int_t)k->alert, "rule_title",
                          api_json_text(r ? sql_span(q, 0) : SPAN("")), "at",
                          api_json_time(k->raised), "evidence", (int)k->evidence, "by", by));
}

/* Each alert to the one it fits best; two within one of each other: nobody's until an organiser rules. */
static int decide(struct matching *m, uint64_t *ret_matched) {
        int r = 0;

        qsort(m->list, m->n, sizeof(*m->list), strongest);
        for (size_t i = 0, k; i < m->n && r == 0; i = k) {
                const struct candidate *best = &m->list[i], *next = best + 1;

                for (k = i + 1; k < m->n && m->list[k].alert == best->alert;)
                        k++;
                ++*ret_matched;
                if (best->evidence < EVIDENCE_LEAST)
                        continue;
                if (k > i + 1 && best->evidence - next->evidence <= 1) {
                        m->did[best->did].ambiguous = m->did[next->did].ambiguous = true;
                        continue;
                }
                r = saw(m, best);
        }
        return r;
}

/* A block of where it came from. */
static int find_block(struct matching *m, struct did *d) {
        int64_t at = 0;
        int r = d->source.len
                        ? sql_get_int(m->c->db, &at,
                                      "SELECT min(decided) FROM action WHERE decided>=?1 AND state"
                                      " IN ('in_force','undone') AND unit=?2 AND"
                                      " instr(' '||replace(text,',',' ')||' ', ' '||?3||' ')",
                                      "iit", d->begins, d->unit, d->source)
                        : 0;

        if (r == 1 && at)
                d->contained = at;
        return MIN(r, 0);
}

static json_t *since(const struct did *d, int64_t at) {
        return at == TIME_NONE ? json_null() : json_integer((at - d->begins) / (NS_PER_SEC / 1000));
}

static json_t *number(int64_t id) {
        return id ? json_integer(id) : json_null();
}

static int say(struct matching *m, json_t *items) {
        int r = 0;

        for (size_t i = 0; i < m->n_did && r == 0; i++) {
                struct did *d = &m->did[i];

                r = find_block(m, d);
                if (r == 0)
                        r = json_array_append_new(
                                items,
                                json_pack("{so so sI so sI so so so so so sb so so so}", "activity",
                                          number(d->activity), "finding", number(d->finding),
                                          "unit", (json_int_t)d->unit, "unit_name",
                                          api_json_text(d->unit_name), "target",
                                          (json_int_t)d->target, "target_name",
                                          api_json_text(d->target_name), "technique",
                                          d->technique.len ? api_json_text(d->technique)
                                                           : json_null(),
                                          "from", api_json_time(d->begins), "to",
                                          api_json_time(d->ends), "seen", json_incref(d->seen),
                                          "ambiguous", d->ambiguous, "first_ms", since(d, d->first),
                                          "acknowledged_ms", since(d, d->acknowledged),
                                          "contained_ms", since(d, d->contained)));
        }
        return r;
}

/* Alerts of the targets, in the exercise's time. */
static int count_alerts(struct api_call *c, const struct live *l, int64_t *ret) {
        int r = sql_get_int(c->db, ret,
                            "SELECT count(*) FROM triage t JOIN alert a ON a.id=t.alert WHERE"
                            " t.drill=0 AND a.status=0 AND a.last>=?2 AND a.first<=?3 AND (t.system"
                            " IN (SELECT system FROM live_target WHERE exercise=?1) OR t.host IN"
                            " (SELECT h.value FROM live_target g, json_each(g.hosts) h WHERE"
                            " g.exercise=?1))",
                            "iii", l->id, l->begins, MIN(l->ends + AFTER_NS, c->now));

        return MIN(r, 0);
}

int livefire_do_matches(struct api_call *c) {
        struct matching m = {.c = c};
        unsigned char key[LIVE_KEY_BYTES];
        struct live l = {.id = 0};
        uint64_t matched = 0;
        int64_t alerts = 0;
        int r = live_find(c, &l);

        if (r == 0 && l.side != LIVE_ORGANISER && l.side != LIVE_JURY)
                r = api_refuse(c, 403, "not_yours", "organisers and jury see who saw what",
                               "chỉ ban tổ chức và ban giám khảo xem được");
        if (r == 0 && l.key.len)
                r = live_key(c, &l, key);
        if (r != 0)
                return r;
        json_t *items = json_array();
        c->answer = json_pack("{so}", "items", items);
        m.did = arena_array(c->arena, DID_MAX, sizeof(*m.did));
        m.list = arena_array(c->arena, ALERTS_MAX, sizeof(*m.list));
        r = m.did && m.list ? read_did(&m, &l) : FAIL(-ENOMEM);
        if (r == 0 && l.key.len)
                r = read_findings(&m, &l, key);
        sodium_memzero(key, sizeof(key));
        for (size_t i = 0; i < m.n_did; i++) {
                m.did[i].seen = json_array();
                if (r == 0 && !m.cut)
                        r = candidates_of(&m, i);
        }
        if (r == 0)
                r = decide(&m, &matched);
        if (r == 0)
                r = count_alerts(c, &l, &alerts);
        if (r == 0)
                r = say(&m, items);
        for (size_t i = 0; i < m.n_did; i++)
                json_decref(m.did[i].seen);
        json_object_set_new(c->answer, "real",
                            json_integer(MAX(alerts - (int64_t)matched, (int64_t)0)));
        json_object_set_new(c->answer, "cut", json_boolean(m.cut));
        return r;
}
