/* What the desk says by itself when time brings it: a legal deadline that is near or has passed, tasks that are
 * overdue, critical alerts. Looked for once a second; each thing is found by an index of what was not said yet.
 *
 *   N1. That something was said is written in the same transaction as what was said: after a crash it is said
 *       neither twice nor never.
 *   N2. A deadline is warned of once when it turns near (regime_clock.warn) and once when it passed. One that
 *       moves is another one: both begin anew.
 *   N4. Each thing that is said begins with an empty arena: how many there are ends no desk.
 *   N3. A mail names incident and duty, not accounts or addresses: it leaves the house. */
#include <stdio.h>
#include <stdlib.h>

#include "desk/desk_impl.h"
#include "desk/directives.h"
#include "desk/heads.h"
#include "desk/incident.h"
#include "desk/mail.h"
#include "desk/people.h"
#include "desk/settings.h"

#define ARENA_BYTES ((size_t)256 << 10)
#define EVERY_NS (INT64_C(1) * NS_PER_SEC)
#define ALERTS_EVERY_NS (INT64_C(30) * NS_PER_SEC)
#define HOUR_NS (INT64_C(3600) * NS_PER_SEC)
#define KEPT_NS (INT64_C(432000) * NS_PER_SEC)
#define AT_ONCE 20
#define LISTED 30
#define ALERTS_AT_ONCE 200

struct warn {
        int64_t next, alerts, hour; /* wall: not before */
};

void warn_free(struct desk *d) {
        free(d->warn);
        d->warn = NULL;
}

/* A call of nobody's: the node itself writes. */
static struct api_call own_call(struct desk *d, struct arena *a, int64_t wall) {
        return (struct api_call){.desk = d,
                                 .db = state_sql(d->state),
                                 .arena = a,
                                 .now = wall,
                                 .who = {.name = SPAN("node")}};
}

static const json_t *law(const struct desk *d, int64_t wall) {
        return d->regimes ? regime_at(d->regimes, wall) : NULL;
}

/* "17:05 23/11/2026" by the law's clock. */
static void local_time(const struct desk *d, int64_t at, char to[40]) {
        const json_t *regime = law(d, at);
        int64_t zone = regime ? regime_zone(regime) : 0, year;
        int64_t minutes = (at + zone) / (60 * NS_PER_SEC);
        unsigned month, day;

        time_civil(minutes / 1440, &year, &month, &day);
        snprintf(to, 40, "%02d:%02d %02u/%02u/%lld", (int)(minutes / 60 % 24), (int)(minutes % 60),
                 day, month, (long long)year);
}

/* ---- deadlines ---- */

struct deadline {
        int64_t id, incident, unit, lead, due;
        struct span title, title_vi, basis, code, name, severity;
        bool drill, late, may;
};

static int find_deadline(struct api_call *c, bool late, struct deadline *k) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(
                c->db, &q,
                late ? "SELECT k.id, k.incident, i.unit, i.lead, k.due, i.drill, k.state, k.title,"
                       " k.title_vi, k.basis, i.code, i.title, ifnull(i.severity_set,i.severity)"
                       " FROM incident_clock k JOIN incident i ON i.id=k.incident"
                       " WHERE k.told_late IS NULL AND k.met_at IS NULL AND k.void_at IS NULL"
                       " AND k.state<>0 AND i.drill=0 AND k.due<=?1 ORDER BY k.due LIMIT 1"
                     : "SELECT k.id, k.incident, i.unit, i.lead, k.due, i.drill, k.state, k.title,"
                       " k.title_vi, k.basis, i.code, i.title, ifnull(i.severity_set,i.severity)"
                       " FROM incident_clock k JOIN incident i ON i.id=k.incident"
                       " WHERE k.warned IS NULL AND k.told_late IS NULL AND k.met_at IS NULL"
                       " AND k.void_at IS NULL AND k.state<>0 AND i.drill=0 AND k.warn<=?1 ORDER "
                       "BY k.warn LIMIT "
                       "1",
                "i", c->now);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r;
        struct span *texts[] = {&k->title, &k->title_vi, &k->basis,
                                &k->code,  &k->name,     &k->severity};
        *k = (struct deadline){.id = sql_int(q, 0),
                               .incident = sql_int(q, 1),
                               .unit = sql_int(q, 2),
                               .lead = sql_int(q, 3),
                               .due = sql_int(q, 4),
                               .drill = sql_int(q, 5) != 0,
                               .may = sql_int(q, 6) == CLOCK_MAYBE,
                               .late = late};
        for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
                *texts[i] = arena_dup(c->arena, sql_span(q, (int)i + 7));
                if (!texts[i]->p)
                        return FAIL(-ENOMEM);
        }
        return 1;
}

#define S(s) (int)(s).len, (s).p

static int mail_deadline(struct api_call *c, const struct deadline *k, const char *once) {
        const struct outgoing o = {
                .once = once,
                .about = arena_printf(c->arena, "incident %lld", (long long)k->incident),
                .incident = k->incident,
                .unit = k->unit,
                .drill = k->drill};
        struct outgoing_text t;
        char at[40];

        local_time(c->desk, k->due, at);
        t.subject[LANG_EN] =
                arena_printf(c->arena, "[%.*s] %s: %.*s", S(k->code),
                             k->late ? "Deadline passed" : "Deadline near", S(k->title));
        t.subject[LANG_VI] = arena_printf(c->arena, "[%.*s] %s: %.*s", S(k->code),
                                          k->late ? "Đã quá hạn" : "Sắp tới hạn", S(k->title_vi));
        t.body[LANG_EN] = arena_printf(
                c->arena, "Incident: %.*s, %.*s\nDuty: %.*s\nBasis: %.*s\nDue: %s\n\n%s%s\n",
                S(k->code), S(k->name), S(k->title), S(k->basis), at,
                k->may ? "Whether it applies is not decided: answer the incident's questions.\n"
                       : "",
                k->late ? "The deadline has passed, and nothing says that it was met."
                        : "Meet it in time, then say so at the incident with its proof.");
        t.body[LANG_VI] = arena_printf(
                c->arena, "Sự cố: %.*s, %.*s\nNghĩa vụ: %.*s\nCăn cứ: %.*s\nThời hạn: %s\n\n%s%s\n",
                S(k->code), S(k->name), S(k->title_vi), S(k->basis), at,
                k->may ? "Chưa quyết định có áp dụng hay không: hãy trả lời các câu hỏi của sự "
                         "cố.\n"
                       : "",
                k->late ? "Đã quá thời hạn mà chưa ghi nhận đã thực hiện."
                        : "Hãy thực hiện đúng hạn, rồi ghi nhận ở sự cố kèm minh chứng.");
        if (!o.about.p || !t.subject[0].p || !t.subject[1].p || !t.body[0].p || !t.body[1].p)
                return FAIL(-ENOMEM);
        return outgoing_people(c->desk, &o, &t, TO_DUTY | TO_LIAISONS | (k->lead ? 0 : TO_LEADS),
                               k->lead);
}

static int tell_webhooks(struct api_call *c, const struct deadline *k, const char *once) {
        char due[40];

        time_format(due, k->due, 0);
        json_t *o = json_pack("{ss ss% ss% ss% ss sb sb sI}", "event",
                              k->late ? "deadline.late" : "deadline.near", "incident", k->code.p,
                              k->code.len, "severity", k->severity.p, k->severity.len, "duty",
                              k->title.p, k->title.len, "due", due, "undecided", k->may, "drill",
                              k->drill, "id", (json_int_t)k->incident);
        char *body = o ? json_dumps(o, JSON_COMPACT) : NULL;

        json_decref(o);
        if (!body)
                return FAIL(-ENOMEM);
        const struct outgoing e = {
                .once = once,
                .subject = k->late ? SPAN("deadline.late") : SPAN("deadline.near"),
                .body = span_str(body),
                .about = arena_printf(c->arena, "incident %lld", (long long)k->incident),
                .incident = k->incident,
                .unit = k->unit,
                .drill = k->drill};
        int r = outgoing_webhooks(c->desk, &e);
        free(body);
        return r;
}

/* N1 */
static int tell_deadline(struct api_call *c, const struct deadline *k) {
        char once[96], at[40];
        int64_t mails = 1, hooks = 1;
        int r = sql_do(c->db,
                       k->late ? "UPDATE incident_clock SET told_late=?2, warned=ifnull(warned,?2)"
                                 " WHERE id=?1"
                               : "UPDATE incident_clock SET warned=?2 WHERE id=?1",
                       "ii", k->id, c->now);

        snprintf(once, sizeof(once), "clock %lld %s %lld", (long long)k->id,
                 k->late ? "late" : "near", (long long)k->due);
        local_time(c->desk, k->due, at);
        struct incident_entry e = {
                .kind = "clock",
                .about = "clock",
                .about_id = k->id,
                .en = incident_text(c, "%s %s: %.*s",
                                    k->late ? "Deadline passed" : "Deadline near:", at,
                                    S(k->title)),
                .vi = incident_text(c, "%s %s: %.*s", k->late ? "Quá hạn" : "Sắp tới hạn", at,
                                    S(k->title_vi)),
        };
        if (r == 0)
                r = incident_write(c, k->incident, &e);
        if (r == 0)
                r = outgoing_setting(c->desk, SEND_DEADLINES, &mails);
        if (r == 0)
                r = outgoing_setting(c->desk, SEND_DEADLINES_OUT, &hooks);
        if (r == 0 && mails)
                r = mail_deadline(c, k, once);
        if (r == 0 && hooks)
                r = tell_webhooks(c, k, once);
        api_tell_all(c->desk, "clock", k->id, k->unit);
        api_tell_all(c->desk, "incident", k->incident, k->unit);
        return r;
}

static int deadlines(struct api_call *c) {
        struct deadline k;
        int r = 0;

        for (unsigned i = 0; i < 2 * AT_ONCE && r >= 0; i++) {
                bool late = i < AT_ONCE;

                arena_reset(c->arena); /* N4 */
                r = find_deadline(c, late, &k);
                if (r == 0 && late)
                        i = AT_ONCE - 1; /* those that are near now */
                else if (r == 0)
                        break;
                if (r == 1)
                        r = desk_begin(c->desk);
                else
                        continue;
                if (r == 0)
                        r = tell_deadline(c, &k);
        }
        return MIN(r, 0);
}

/* ---- reports of a year ---- */

/* "annual-owner" of the law, due then: to headquarters' liaisons and leads, unless it was sent. */
static int tell_periodic(struct api_call *c, const json_t *e, int64_t due, int stage) {
        const char *id = json_string_value(json_object_get(e, "id"));
        const char *en = json_string_value(json_object_get(e, "en"));
        const char *vi = json_string_value(json_object_get(e, "vi"));
        const char *basis = json_string_value(json_object_get(e, "basis"));
        char once[160], at[40];
        int64_t n;
        int r = sql_get_int(c->db, &n,
                            "SELECT 1 FROM report WHERE periodic=?1 AND unit=?2 AND due=?3 AND"
                            " state='sent'",
                            "sii", id, UNIT_ROOT, due);

        if (r != 0 || !en || !vi)
                return MIN(r, 0);
        snprintf(once, sizeof(once), "periodic %s %lld %d", id, (long long)due, stage);
        local_time(c->desk, due, at);
        const struct outgoing o = {.once = once, .about = SPAN("a year's report")};
        const struct outgoing_text t = {
                .subject = {arena_printf(c->arena, "Coloa: %s, due in %d day%s", en, stage,
                                         stage == 1 ? "" : "s"),
                            arena_printf(c->arena, "Coloa: %s, còn %d ngày", vi, stage)},
                .body = {arena_printf(c->arena, "%s\nBasis: %s\nDue: %s\n", en, basis ? basis : "-",
                                      at),
                         arena_printf(c->arena, "%s\nCăn cứ: %s\nThời hạn: %s\n", vi,
                                      basis ? basis : "-", at)}};
        if (!t.subject[0].p || !t.subject[1].p || !t.body[0].p || !t.body[1].p)
                return FAIL(-ENOMEM);
        return outgoing_people(c->desk, &o, &t, TO_LIAISONS | TO_LEADS, 0);
}

/* Once a month, a week, a day before; that it was said is the row itself (M2 of outgoing.c). */
static int periodic(struct api_call *c) {
        static const int stages[] = {1, 7, 30};
        const json_t *regime = law(c->desk, c->now);
        int64_t due, on = 0;
        const char *id;
        int r = outgoing_setting(c->desk, SEND_DEADLINES, &on);

        for (size_t n = 0; r == 0 && on && regime_periodic(regime, n, c->now, &id, &due); n++) {
                size_t i = 0;

                while (i < ARRAY_LEN(stages) && due - c->now > stages[i] * 24 * HOUR_NS)
                        i++;
                if (i < ARRAY_LEN(stages) && id)
                        r = tell_periodic(c, json_array_get(json_object_get(regime, "periodic"), n),
                                          due, stages[i]);
        }
        return r;
}

/* ---- overdue tasks, once a day ---- */

static int digest_of(struct api_call *c, int64_t person, int64_t day) {
        _cleanup_(buf_deinit) struct buf b = {.limit = (size_t)64 << 10};
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        char once[64], at[40];
        int64_t n = 0;
        int r = sql_rows(c->db, &q,
                         "SELECT t.title, t.due, i.code FROM incident_task t JOIN incident i ON"
                         " i.id=t.incident WHERE t.owner=?1 AND t.state IN ('open','doing') AND"
                         " t.due<=?2 AND i.drill=0 ORDER BY t.due, t.id LIMIT 31",
                         "ii", person, c->now);

        while (r == 0 && (r = sql_next(q)) == 1) {
                r = 0;
                if (++n > LISTED)
                        continue;
                local_time(c->desk, sql_int(q, 1), at);
                buf_printf(&b, "%s  %.*s  %.*s\n", at, S(sql_span(q, 2)), S(sql_span(q, 0)));
        }
        if (r < 0 || n == 0)
                return r;
        if (n > LISTED)
                buf_str(&b, "…\n");
        struct span list = arena_dup(c->arena, buf_get(&b));
        snprintf(once, sizeof(once), "digest %lld", (long long)day);
        const struct outgoing o = {.once = once, .about = SPAN("overdue tasks")};
        const struct outgoing_text t = {
                .subject = {SPAN("Coloa: your overdue tasks"), SPAN("Coloa: việc quá hạn của bạn")},
                .body = {arena_printf(c->arena, "Overdue:\n\n%.*s", S(list)),
                         arena_printf(c->arena, "Quá hạn:\n\n%.*s", S(list))}};
        if (b.failed || !t.body[0].p || !t.body[1].p)
                return FAIL(-ENOMEM);
        return outgoing_person(c->desk, &o, &t, person);
}

/* `day`: by the law's clock; said once a day, whatever restarts. */
static int digest(struct api_call *c) {
        const json_t *regime = law(c->desk, c->now);
        int64_t local = c->now + (regime ? regime_zone(regime) : 0);
        int64_t day = local / (24 * HOUR_NS), hour = -1, last = 0, person = 0;
        int r = outgoing_setting(c->desk, SEND_DIGEST, &hour);

        if (r == 0)
                r = state_number(c->desk->state, "digest_day", &last);
        if (r < 0 || hour < 0 || last >= day || local % (24 * HOUR_NS) < hour * HOUR_NS)
                return r;
        r = desk_begin(c->desk);
        while (r == 0 &&
               (r = sql_get_int(
                        c->db, &person,
                        "SELECT t.owner FROM incident_task t WHERE t.owner>?1 AND t.state IN"
                        " ('open','doing') AND t.due<=?2 ORDER BY t.owner LIMIT 1",
                        "ii", person, c->now)) == 1) {
                arena_reset(c->arena); /* N4 */
                r = digest_of(c, person, day);
        }
        return r == 0 ? state_set_number(c->desk->state, "digest_day", day) : r;
}

/* ---- the audit log's head, to where this machine's owner cannot change it ---- */

/* 1: it was; 0: there is none yet; -errno. */
static int mail_head(struct api_call *c, int64_t day) {
        _cleanup_(buf_deinit) struct buf line = {.limit = AUDIT_SLOT};
        struct audit_signed s;
        uint64_t entries = 0;
        char once[64];
        int r = heads_last(c->desk, &s, &entries);

        if (r <= 0)
                return r;
        audit_head_text(&line, &s);
        snprintf(once, sizeof(once), "audit head %lld", (long long)day);
        const struct outgoing o = {.once = once, .about = SPAN("audit log"), .unit = UNIT_ROOT};
        const struct outgoing_text t = {
                .subject = {SPAN("Coloa: keep this head of the audit log"),
                            SPAN("Coloa: hãy lưu đầu nhật ký kiểm toán này")},
                .body = {
                        arena_printf(c->arena,
                                     "The node's audit log, signed. Keep this mail: with it 'coloa "
                                     "verify --head FILE' finds out whether the log was changed, "
                                     "cut off or put back since.\n\n%.*s\n",
                                     S(buf_get(&line))),
                        arena_printf(c->arena,
                                     "Nhật ký kiểm toán của nút, đã ký. Hãy giữ thư này: nhờ nó "
                                     "'coloa verify --head TỆP' cho biết từ đó nhật ký có bị sửa, "
                                     "cắt hay đặt lại bản cũ không.\n\n%.*s\n",
                                     S(buf_get(&line)))}};
        if (line.failed || !t.body[0].p || !t.body[1].p)
                return FAIL(-ENOMEM);
        r = desk_begin(c->desk);
        if (r == 0)
                r = outgoing_people(c->desk, &o, &t, TO_INSPECTORS, 0);
        return r == 0 ? 1 : r;
}

static int head(struct api_call *c) {
        int64_t day = c->now / (24 * HOUR_NS), every = 0, last = 0;
        int r = setting_number(c->db, "audit_head_days", &every);

        if (r == 0)
                r = state_number(c->desk->state, "audit_head_day", &last);
        if (r < 0 || every == 0 || (last && day - last < every && day >= last))
                return r;
        arena_reset(c->arena); /* N4 */
        r = mail_head(c, day);
        return r == 1 ? state_set_number(c->desk->state, "audit_head_day", day) : r;
}

/* ---- critical alerts ---- */

static int mail_alerts(struct api_call *c, int64_t unit, int64_t n, int64_t last,
                       struct span titles, struct span titles_vi) {
        char once[96];
        const struct outgoing o = {.once = once, .about = SPAN("alerts"), .unit = unit};
        const struct outgoing_text t = {
                .subject = {arena_printf(c->arena, "Coloa: %lld critical alert%s", (long long)n,
                                         n > 1 ? "s" : ""),
                            arena_printf(c->arena, "Coloa: %lld cảnh báo nghiêm trọng",
                                         (long long)n)},
                .body = {arena_printf(c->arena, "They wait for a person:\n\n%.*s", S(titles)),
                         arena_printf(c->arena, "Đang chờ xử lý:\n\n%.*s", S(titles_vi))}};

        snprintf(once, sizeof(once), "alerts %lld of %lld", (long long)last, (long long)unit);
        if (!t.subject[0].p || !t.subject[1].p || !t.body[0].p || !t.body[1].p)
                return FAIL(-ENOMEM);
        int r = outgoing_people(c->desk, &o, &t, TO_DUTY, 0);
        if (r < 0)
                return r;
        const struct outgoing hook = {
                .once = once,
                .subject = SPAN("alert.critical"),
                .body = arena_printf(c->arena,
                                     "{\"event\":\"alert.critical\",\"count\":%lld,\"unit\":%lld,"
                                     "\"last\":%lld}",
                                     (long long)n, (long long)unit, (long long)last),
                .about = SPAN("alerts"),
                .unit = unit};
        return hook.body.p ? outgoing_webhooks(c->desk, &hook) : FAIL(-ENOMEM);
}

/* Those of one unit beyond `after`. */
static int alerts_of(struct api_call *c, int64_t unit, int64_t after, int64_t last) {
        _cleanup_(buf_deinit) struct buf en = {.limit = (size_t)32 << 10}, vi = en;
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int64_t n = 0;
        int r = sql_rows(
                c->db, &q,
                "SELECT r.title, r.title_vi FROM triage t JOIN alert a ON a.id=t.alert"
                " JOIN rule r ON r.ref=a.rule WHERE t.alert>?1 AND t.alert<=?2 AND t.unit=?3"
                " AND t.severity='critical' AND t.drill=0 AND t.status='new'"
                " ORDER BY t.alert",
                "iii", after, last, unit);

        while (r == 0 && (r = sql_next(q)) == 1) {
                r = 0;
                if (n++ >= LISTED)
                        continue;
                struct span v = sql_span(q, 1).len ? sql_span(q, 1) : sql_span(q, 0);
                buf_printf(&en, "- %.*s\n", S(sql_span(q, 0)));
                buf_printf(&vi, "- %.*s\n", S(v));
        }
        return r < 0 || n == 0 ? r : mail_alerts(c, unit, n, last, buf_get(&en), buf_get(&vi));
}

/* The number "critical_told": one more than the last alert that was looked at; 0: none was, as it is off. */
static int critical(struct api_call *c) {
        int64_t on = 0, told = 0, last = 0, unit = 0;
        int r = outgoing_setting(c->desk, SEND_CRITICAL, &on);

        if (r == 0)
                r = state_number(c->desk->state, "critical_told", &told);
        if (r == 0)
                r = MIN(sql_get_int(c->db, &last,
                                    "SELECT ifnull(max(alert),0) FROM triage"
                                    " WHERE alert<1000000000",
                                    ""),
                        0);
        if (r < 0 || (on ? told == last + 1 : told == 0))
                return r;
        r = desk_begin(c->desk);
        if (told && last >= told + ALERTS_AT_ONCE)
                last = told - 1 + ALERTS_AT_ONCE;
        /* From when it was switched on: what came before was seen otherwise. */
        while (r == 0 && on && told &&
               (r = sql_get_int(
                        c->db, &unit,
                        "SELECT min(unit) FROM triage WHERE alert>=?1 AND alert<=?2 AND unit>?3"
                        " AND severity='critical' AND drill=0 HAVING min(unit) IS NOT NULL",
                        "iii", told, last, unit)) == 1) {
                arena_reset(c->arena); /* N4 */
                r = alerts_of(c, unit, told - 1, last);
        }
        return r < 0 ? r : state_set_number(c->desk->state, "critical_told", on ? last + 1 : 0);
}

/* ---- what nobody could send ---- */

static int give_up(struct api_call *c) {
        int64_t n;
        int r = sql_get_int(c->db, &n,
                            "SELECT 1 FROM outgoing WHERE state='queued' AND created<?1"
                            " UNION ALL SELECT 1 FROM outgoing_event WHERE created<?1 LIMIT 1",
                            "i", c->now - KEPT_NS);

        if (r <= 0)
                return r;
        r = desk_begin(c->desk);
        if (r == 0)
                r = sql_do(c->db,
                           "UPDATE outgoing SET state='failed', last_error=ifnull(last_error,"
                           "'nothing was there to send it') WHERE state='queued' AND created<?1",
                           "i", c->now - KEPT_NS);
        return r == 0 ? sql_do(c->db, "DELETE FROM outgoing_event WHERE created<?1", "i",
                               c->now - KEPT_NS)
                      : r;
}

/* For who keeps the node running; what failed more than a month ago is no news. */
static int count_outgoing(struct api_call *c) {
        struct desk_stats *st = &c->desk->st;
        int64_t queued = 0, failed = 0, oldest = 0;
        int r = sql_get_int(c->db, &queued, "SELECT count(*) FROM outgoing WHERE state='queued'",
                            "");

        if (r >= 0)
                r = sql_get_int(c->db, &failed,
                                "SELECT count(*) FROM outgoing WHERE state='failed' AND created>?1",
                                "i", c->now - 6 * KEPT_NS);
        if (r >= 0)
                r = sql_get_int(c->db, &oldest,
                                "SELECT ifnull(min(created),?1) FROM outgoing WHERE state='queued'",
                                "i", c->now);
        if (r < 0)
                return r;
        st->outgoing_queued = (uint64_t)queued;
        st->outgoing_failed = (uint64_t)failed;
        st->outgoing_oldest_s = (uint64_t)(MAX(c->now - oldest, 0) / NS_PER_SEC);
        return 0;
}

/* ---- the turn ---- */

/* A clock that was put back must not silence it. */
static bool is_due(int64_t *next, int64_t wall, int64_t every) {
        if (wall < *next && *next - wall <= every)
                return false;
        *next = wall + every;
        return true;
}

static int look(struct desk *d, struct warn *k, int64_t wall) {
        struct arena a;
        int r;

        arena_init(&a, ARENA_BYTES);
        struct api_call c = own_call(d, &a, wall);
        r = deadlines(&c);
        if (r == 0 && is_due(&k->alerts, wall, ALERTS_EVERY_NS)) {
                r = critical(&c);
                if (r == 0)
                        r = digest(&c);
                if (r == 0)
                        r = directives_remind(&c);
                if (r == 0)
                        r = count_outgoing(&c);
        }
        if (r == 0 && is_due(&k->hour, wall, HOUR_NS)) {
                r = give_up(&c);
                if (r == 0)
                        r = periodic(&c);
                if (r == 0)
                        r = head(&c);
        }
        if (r == 0)
                r = outgoing_spread(d);
        arena_deinit(&a);
        return r;
}

int warn_tick(struct desk *d, int64_t wall) {
        if (!d->warn)
                d->warn = calloc(1, sizeof(*d->warn));
        if (!d->warn)
                return FAIL(-ENOMEM);
        return is_due(&d->warn->next, wall, EVERY_NS) ? look(d, d->warn, wall) : 0;
}
