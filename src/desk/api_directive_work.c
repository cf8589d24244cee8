/* What is done to directives: written, issued, acknowledged, answered with proof, reminded.
 *
 *   V1. Who issues may do so for every unit it goes to: a directive goes down, not sideways.
 *   V2. What it carries is looked at by a process of its own before it is issued; what that says is kept with
 *       it. A receiving node that takes it over looks at it again: this is no promise.
 *   V3. Once issued its words stand. What is wrong is withdrawn, and another one issued.
 *   V4. A reminder is written down with the mail it is: after a crash it is sent neither twice nor never. */
#include <stdio.h>

#include "base/timestamp.h"
#include "desk/desk_impl.h"
#include "desk/directives.h"
#include "desk/evidence.h"
#include "desk/jobs.h"
#include "desk/mail.h"

#define REMINDERS_MAX 10
#define HOUR_NS (INT64_C(3600) * NS_PER_SEC)
#define S(s) (int)(s).len, (s).p

/* ---- mail ---- */

struct words {
        const char *name, *en, *vi;
};

static const struct words words[] = {
        [DIRECTIVE_ISSUED] = {"issued", "New directive", "Chỉ đạo mới"},
        [DIRECTIVE_REMINDER] = {"reminder", "Reminder", "Nhắc việc"},
        [DIRECTIVE_WITHDRAWN] = {"withdrawn", "Withdrawn", "Đã rút lại"},
        [DIRECTIVE_REOPENED] = {"reopened", "Proof asked for", "Cần bổ sung minh chứng"},
};

int directive_mail(struct api_call *c, const struct directive *d, int64_t unit,
                   enum directive_mail what, int64_t n, struct span reason) {
        const struct words *w = &words[what];
        char once[96], due[40];
        struct outgoing o = {.once = once, .unit = unit, .by = c->who.id, .incident = d->incident};
        struct outgoing_text t;

        time_format(due, d->due, 0);
        due[16] = '\0';
        /* One who answers for several units hears once that it was issued; of each that is late, of each. */
        bool each = what == DIRECTIVE_REMINDER || what == DIRECTIVE_REOPENED;
        snprintf(once, sizeof(once), "directive %lld %s %lld %lld", (long long)d->id, w->name,
                 (long long)(each ? unit : 0), (long long)n);
        o.about = arena_printf(c->arena, "directive %lld", (long long)d->id);
        t.subject[LANG_EN] =
                arena_printf(c->arena, "[%.*s] %s: %.*s", S(d->code), w->en, S(d->title));
        t.subject[LANG_VI] =
                arena_printf(c->arena, "[%.*s] %s: %.*s", S(d->code), w->vi, S(d->title));
        t.body[LANG_EN] = arena_printf(c->arena,
                                       "%s %.*s: %.*s\nDue: %s UTC\n%s%.*s\n\nThe text, and where "
                                       "to acknowledge and answer it, is in Coloa: Directives.\n",
                                       w->en, S(d->code), S(d->title), due, reason.len ? "\n" : "",
                                       S(reason));
        t.body[LANG_VI] = arena_printf(c->arena,
                                       "%s %.*s: %.*s\nThời hạn: %s UTC\n%s%.*s\n\nNội dung, tiếp "
                                       "nhận và trả lời tại Coloa: mục Chỉ đạo.\n",
                                       w->vi, S(d->code), S(d->title), due, reason.len ? "\n" : "",
                                       S(reason));
        if (!o.about.p || !t.subject[0].p || !t.subject[1].p || !t.body[0].p || !t.body[1].p)
                return FAIL(-ENOMEM);
        return outgoing_people(c->desk, &o, &t, TO_DUTY | TO_LEADS | TO_OWNERS, 0);
}

/* Calls for each unit that it went to; those that have to answer only. */
static int each_unit(struct api_call *c, const struct directive *d, bool open,
                     int (*call)(struct api_call *c, const struct directive *d, int64_t unit)) {
        int64_t unit = 0;
        int r = 0;

        while (r == 0 &&
               (r = sql_get_int(
                        c->db, &unit,
                        "SELECT unit FROM directive_unit WHERE directive=?1 AND unit>?2 AND"
                        " (NOT ?3 OR state IN ('open','acknowledged')) ORDER BY unit LIMIT 1",
                        "iib", d->id, unit, open)) == 1)
                r = call(c, d, unit);
        return r;
}

static int tell_unit(struct api_call *c, const struct directive *d, int64_t unit) {
        api_tell(c, "directive", d->id, unit);
        return 0;
}

int directive_tell(struct api_call *c, const struct directive *d) {
        api_tell(c, "directive", d->id, d->unit);
        return each_unit(c, d, false, tell_unit);
}

/* ---- writing ---- */

static int stale(struct api_call *c, const struct directive *d) {
        return api_int(c, "version", d->version) == d->version
                       ? 0
                       : api_refuse(c, 409, "stale",
                                    "Somebody changed it meanwhile: look again, then repeat",
                                    "Có người vừa thay đổi: hãy xem lại rồi làm lại");
}

static int in_state(struct api_call *c, const struct directive *d, struct span state) {
        if (span_eq(d->state, state))
                return 0;
        return api_refuse(c, 409, "state",
                          span_eq(state, SPAN("draft")) ? "it was issued already"
                                                        : "it is not in force",
                          span_eq(state, SPAN("draft")) ? "đã ban hành rồi" : "không còn hiệu lực");
}

/* For who issues, in that state. */
static int find_own(struct api_call *c, struct span state, struct directive *d) {
        int r = directive_find(c, api_int(c, "id", 0), d);

        if (r == 0)
                r = api_may(c, "directives.issue", d->unit);
        if (r == 0 && api_has(c, "version"))
                r = stale(c, d);
        return r == 0 && state.len ? in_state(c, d, state) : r;
}

/* V1 */
static int put_units(struct api_call *c, int64_t id) {
        const json_t *list = json_object_get(c->in, "units"), *v;
        size_t i;
        int r = sql_do(c->db, "DELETE FROM directive_unit WHERE directive=?1", "i", id);

        json_array_foreach(list, i, v) {
                int64_t unit = json_integer_value(v), n;

                if (r == 0)
                        r = sql_get_int(c->db, &n, "SELECT 1 FROM unit WHERE id=?1 AND active", "i",
                                        unit);
                if (r == 1)
                        r = api_sees(c, "directives.issue", unit);
                if (r == 0)
                        return api_fault_at(c, "units", "One of them is none of yours",
                                            "Có đơn vị không thuộc phạm vi của bạn",
                                            "Choose units at or below yours",
                                            "Chọn đơn vị từ cấp mình trở xuống");
                if (r == 1)
                        r = sql_do(c->db,
                                   "INSERT OR IGNORE INTO directive_unit(directive,unit)"
                                   " VALUES(?1,?2)",
                                   "ii", id, unit);
                if (r < 0)
                        return r;
        }
        return json_array_size(list)
                       ? r
                       : api_fault_at(c, "units", "It goes to nobody", "Chưa chọn đơn vị nhận",
                                      "Choose at least one", "Chọn ít nhất một đơn vị");
}

static int good_times(struct api_call *c) {
        int64_t due = api_time(c, "due");

        if (due == TIME_NONE || due > c->now)
                return 0;
        return api_fault_at(c, "due", "That is past already", "Thời hạn đã qua",
                            "Take a later time", "Chọn thời điểm muộn hơn");
}

static int good_incident(struct api_call *c) {
        struct incident i;
        int64_t id = api_int(c, "incident", 0);

        int r = id ? incident_get(c, id, "incidents.read", &i) : 0;

        if (r == 0 && id && i.drill) /* units that do not play would act on it */
                return api_refuse(c, 409, "drill",
                                  "No directive is issued about an incident of a drill",
                                  "Không ban hành chỉ đạo về sự cố diễn tập");
        return r;
}

/* NULL for an empty text. */
static struct span carried(struct api_call *c, const char *name, bool *ret_set) {
        struct span s = api_text(c, name);

        *ret_set = api_has(c, name);
        return span_trim(s).len ? s : SPAN_NONE;
}

int directive_do_create(struct api_call *c) {
        int64_t unit = api_int(c, "unit", 0);
        struct span tlp = api_text(c, "tlp");
        struct directive d = {.id = 0};
        bool set;
        int r = api_may(c, "directives.issue", unit);

        if (r == 0)
                r = good_times(c);
        if (r == 0)
                r = good_incident(c);
        if (r != 0)
                return r;
        struct span rules = carried(c, "rules", &set), indicators = carried(c, "indicators", &set);
        r = sql_do(c->db,
                   "INSERT INTO directive(kind,severity,title,text,tlp,state,unit,incident,rules,"
                   "indicators,due,created,created_by) VALUES(?1,?2,?3,?4,?5,'draft',?6,?7,"
                   "nullif(?8,''),nullif(?9,''),?10,?11,?12)",
                   "tttttikttiik", api_text(c, "kind"), api_text(c, "severity"),
                   api_text(c, "title"), api_text(c, "text"), tlp.len ? tlp : SPAN("amber"), unit,
                   api_int(c, "incident", 0), rules.p ? rules : SPAN(""),
                   indicators.p ? indicators : SPAN(""), api_time(c, "due"), c->now, c->who.id);
        int64_t id = sql_last_id(c->db);
        if (r == 0)
                r = put_units(c, id);
        if (r == 0)
                r = directive_find(c, id, &d);
        if (r == 0)
                api_tell(c, "directive", id, unit);
        return r == 0 ? directive_answer(c, id) : r;
}

static int set_texts(struct api_call *c, int64_t id) {
        static const struct {
                const char *name, *sql;
        } texts[] = {
                {"kind", "UPDATE directive SET kind=?2 WHERE id=?1"},
                {"severity", "UPDATE directive SET severity=?2 WHERE id=?1"},
                {"title", "UPDATE directive SET title=?2 WHERE id=?1"},
                {"text", "UPDATE directive SET text=?2 WHERE id=?1"},
                {"tlp", "UPDATE directive SET tlp=?2 WHERE id=?1"},
                {"rules", "UPDATE directive SET rules=nullif(?2,'') WHERE id=?1"},
                {"indicators", "UPDATE directive SET indicators=nullif(?2,'') WHERE id=?1"},
        };
        int r = 0;

        for (size_t i = 0; i < ARRAY_LEN(texts) && r == 0; i++) {
                bool set;
                struct span s = carried(c, texts[i].name, &set);

                if (set)
                        r = sql_do(c->db, texts[i].sql, "it", id, s.p ? s : SPAN(""));
        }
        if (r == 0 && api_has(c, "due"))
                r = sql_do(c->db, "UPDATE directive SET due=?2 WHERE id=?1", "ii", id,
                           api_time(c, "due"));
        if (r == 0 && api_has(c, "unit"))
                r = sql_do(c->db, "UPDATE directive SET unit=?2 WHERE id=?1", "ii", id,
                           api_int(c, "unit", 0));
        if (r == 0 && api_has(c, "incident"))
                r = sql_do(c->db, "UPDATE directive SET incident=?2 WHERE id=?1", "ik", id,
                           api_int(c, "incident", 0));
        return r;
}

int directive_do_edit(struct api_call *c) {
        struct directive d = {.id = 0};
        int r = find_own(c, SPAN("draft"), &d);

        if (r == 0 && api_has(c, "unit"))
                r = api_may(c, "directives.issue", api_int(c, "unit", 0));
        if (r == 0)
                r = good_times(c);
        if (r == 0)
                r = good_incident(c);
        if (r == 0)
                r = set_texts(c, d.id);
        if (r == 0 && api_has(c, "units"))
                r = put_units(c, d.id);
        if (r == 0)
                r = sql_do(c->db,
                           "UPDATE directive SET version=version+1, checked=NULL WHERE id=?1", "i",
                           d.id);
        if (r != 0)
                return r;
        api_tell(c, "directive", d.id, d.unit);
        return directive_answer(c, d.id);
}

/* ---- issuing ---- */

/* V2: length of the rules, rules, indicators (main/job_check.c). */
static int ask_check(struct api_call *c, int64_t id) {
        _cleanup_(buf_deinit) struct buf in = {.limit = JOB_IN_MAX};
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT ifnull(rules,''), ifnull(indicators,'') FROM directive WHERE"
                         " id=?1",
                         "i", id);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r < 0 ? r : api_missing(c);
        uint32_t head[2] = {c->lang, (uint32_t)sql_span(q, 0).len};
        buf_add(&in, head, sizeof(head));
        buf_span(&in, sql_span(q, 0));
        buf_span(&in, sql_span(q, 1));
        return in.failed ? FAIL(-ENOMEM) : api_job(c, JOB_CHECK, buf_get(&in));
}

/* What the job said: {"rule_errors", "indicator_errors", "said"}. *ret: its words, of the arena. */
static int checked(struct api_call *c, const struct job_said *said, struct span *ret) {
        json_t *o = said->error ? NULL : json_loadb(said->out.p, said->out.len, 0, NULL);
        const json_t *words_of = json_object_get(o, "said");
        json_int_t rules = json_integer_value(json_object_get(o, "rule_errors"));
        json_int_t indicators = json_integer_value(json_object_get(o, "indicator_errors"));
        struct span s = span_of(json_string_value(words_of), json_string_length(words_of));

        *ret = arena_dup(c->arena, span_of(s.p, MIN(s.len, 20000u)));
        json_decref(o);
        if (said->error || !s.p)
                return api_job_failed(c, said);
        if (!ret->p)
                return FAIL(-ENOMEM);
        c->detail = json_pack("{so}", "checked", json_stringn(ret->p, MIN(ret->len, 2000u)));
        struct span first = span_of(ret->p, MIN(ret->len, 400u));
        struct span en = arena_printf(c->arena, "The linter found errors: %.*s", S(first));
        struct span vi = arena_printf(c->arena, "Kiểm tra thấy lỗi: %.*s", S(first));
        if (!en.p || !vi.p)
                return FAIL(-ENOMEM);
        if (rules || indicators)
                return api_fault_at(c, rules ? "rules" : "indicators", en.p, vi.p,
                                    "Correct them in the draft, then issue it again",
                                    "Sửa trong bản nháp rồi ban hành lại");
        return 0;
}

static int number(struct api_call *c, struct span *ret) {
        const json_t *regime = c->desk->regimes ? regime_at(c->desk->regimes, c->now) : NULL;
        int64_t year, n = 0;
        unsigned month, day;

        time_civil((c->now + (regime ? regime_zone(regime) : 0)) / (24 * HOUR_NS), &year, &month,
                   &day);
        int r = sql_do(c->db,
                       "INSERT INTO directive_number VALUES(?1,1) ON CONFLICT(year) DO UPDATE SET"
                       " last=last+1",
                       "i", year);
        if (r == 0)
                r = MIN(sql_get_int(c->db, &n, "SELECT last FROM directive_number WHERE year=?1",
                                    "i", year),
                        0);
        *ret = arena_printf(c->arena, "CD-%lld-%04lld", (long long)year, (long long)n);
        return r < 0 ? r : ret->p ? 0 : FAIL(-ENOMEM);
}

static int mail_issued(struct api_call *c, const struct directive *d, int64_t unit) {
        return directive_mail(c, d, unit, DIRECTIVE_ISSUED, 0, SPAN_NONE);
}

static int write_incident(struct api_call *c, const struct directive *d) {
        struct incident_entry e = {
                .kind = "message",
                .about = "directive",
                .about_id = d->id,
                .en = incident_text(c, "Directive %.*s issued: %.*s", S(d->code), S(d->title)),
                .vi = incident_text(c, "Ban hành chỉ đạo %.*s: %.*s", S(d->code), S(d->title)),
        };

        return d->incident ? incident_write(c, d->incident, &e) : 0;
}

static int issue(struct api_call *c, struct directive *d, struct span said) {
        int64_t hours = 0;
        int r = outgoing_setting(c->desk, SEND_REMINDER, &hours);

        if (r == 0)
                r = number(c, &d->code);
        if (r == 0)
                r = sql_do(c->db,
                           "UPDATE directive SET state='issued', code=?2, issued=?3, issued_by=?4,"
                           " checked=nullif(?5,''), version=version+1 WHERE id=?1",
                           "itikt", d->id, d->code, c->now, c->who.id, said.p ? said : SPAN(""));
        if (r == 0) /* one that is due sooner than that is reminded of at half of its time */
                r = sql_do(c->db, "UPDATE directive_unit SET remind_at=?2 WHERE directive=?1", "ii",
                           d->id, MAX(d->due - hours * HOUR_NS, c->now + (d->due - c->now) / 2));
        if (r == 0)
                r = each_unit(c, d, false, mail_issued);
        if (r == 0)
                r = write_incident(c, d);
        if (r == 0)
                r = directive_tell(c, d);
        return r == 0 ? directive_answer(c, d->id) : r;
}

int directive_do_issue(struct api_call *c) {
        struct span said = SPAN_NONE;
        struct directive d = {.id = 0};
        int r = find_own(c, SPAN("draft"), &d);

        if (r == 0 && d.due <= c->now)
                return api_fault_at(c, "due", "That is past already", "Thời hạn đã qua",
                                    "Change it in the draft", "Sửa trong bản nháp");
        if (r == 0 && (d.rules || d.indicators) && !c->said)
                return ask_check(c, d.id);
        if (r == 0 && c->said)
                r = checked(c, c->said, &said);
        return r == 0 ? issue(c, &d, said) : r;
}

static int mail_withdrawn(struct api_call *c, const struct directive *d, int64_t unit) {
        return directive_mail(c, d, unit, DIRECTIVE_WITHDRAWN, 0, api_text(c, "reason"));
}

int directive_do_withdraw(struct api_call *c) {
        struct directive d = {.id = 0};
        int r = find_own(c, SPAN_NONE, &d);

        if (r == 0 && span_eq(d.state, SPAN("withdrawn")))
                r = in_state(c, &d, SPAN("issued"));
        if (r == 0)
                r = sql_do(c->db,
                           "UPDATE directive SET state='withdrawn', withdrawn=?2, withdrawn_by=?3,"
                           " reason=?4, version=version+1 WHERE id=?1",
                           "iikt", d.id, c->now, c->who.id, api_text(c, "reason"));
        if (r == 0)
                r = sql_do(c->db, "UPDATE directive_unit SET remind_at=NULL WHERE directive=?1",
                           "i", d.id);
        if (r == 0 && span_eq(d.state, SPAN("issued")))
                r = each_unit(c, &d, false, mail_withdrawn);
        if (r == 0)
                r = directive_tell(c, &d);
        return r == 0 ? directive_answer(c, d.id) : r;
}

/* ---- reminding ---- */

static int remind(struct api_call *c, const struct directive *d, int64_t unit) {
        int64_t hours = 0, n = 0;
        int r = outgoing_setting(c->desk, SEND_REMINDER, &hours);

        if (r == 0)
                r = sql_do(c->db,
                           "UPDATE directive_unit SET reminders=reminders+1, reminded=?3,"
                           " remind_at=CASE WHEN reminders+1<?4 THEN ?5 END WHERE directive=?1 AND"
                           " unit=?2",
                           "iiiii", d->id, unit, c->now, (int64_t)REMINDERS_MAX,
                           MAX(c->now + hours * HOUR_NS, d->due));
        if (r == 0)
                r = MIN(sql_get_int(c->db, &n,
                                    "SELECT reminders FROM directive_unit WHERE directive=?1 AND"
                                    " unit=?2",
                                    "ii", d->id, unit),
                        0);
        return r == 0 ? directive_mail(c, d, unit, DIRECTIVE_REMINDER, n, SPAN_NONE) : r;
}

/* V4 */
int directives_remind(struct api_call *c) {
        int r = 0;

        for (unsigned i = 0; i < 50 && r == 0; i++) {
                _cleanup_(sql_endp) struct sql_rows *q = NULL;
                struct directive d = {.id = 0};

                arena_reset(c->arena);
                r = sql_rows(
                        c->db, &q,
                        "SELECT x.directive, x.unit, d.unit, d.incident, d.due, d.code, d.title"
                        " FROM directive_unit x JOIN directive d ON d.id=x.directive WHERE"
                        " x.remind_at<=?1 ORDER BY x.remind_at LIMIT 1",
                        "i", c->now);
                if (r == 0)
                        r = sql_next(q);
                if (r != 1)
                        return r;
                int64_t unit = sql_int(q, 1);
                d = (struct directive){.id = sql_int(q, 0),
                                       .unit = sql_int(q, 2),
                                       .incident = sql_int(q, 3),
                                       .due = sql_int(q, 4),
                                       .code = arena_dup(c->arena, sql_span(q, 5)),
                                       .title = arena_dup(c->arena, sql_span(q, 6))};
                q = sql_end(q);
                r = d.code.p && d.title.p ? desk_begin(c->desk) : FAIL(-ENOMEM);
                if (r == 0)
                        r = remind(c, &d, unit);
                api_tell_all(c->desk, "directive", d.id, unit);
                api_tell_all(c->desk, "directive", d.id, d.unit);
        }
        return r;
}

/* One unit of a directive: its state. */
static int find_unit(struct api_call *c, const struct directive *d, int64_t unit,
                     struct span *ret) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT state FROM directive_unit WHERE directive=?1 AND unit=?2", "ii",
                         d->id, unit);

        if (r == 0)
                r = sql_next(q);
        if (r <= 0)
                return r < 0 ? r
                             : api_fault_at(c, "unit", "It did not go to that unit",
                                            "Chỉ đạo không gửi tới đơn vị này",
                                            "Choose one of its units", "Chọn đơn vị nhận");
        *ret = arena_dup(c->arena, sql_span(q, 0));
        return ret->p ? 0 : FAIL(-ENOMEM);
}

static bool answered(struct span state) {
        return span_eq(state, SPAN("done")) || span_eq(state, SPAN("declined"));
}

int directive_do_remind(struct api_call *c) {
        int64_t unit = api_int(c, "unit", 0);
        struct span state = SPAN_NONE;
        struct directive d = {.id = 0};
        int r = find_own(c, SPAN("issued"), &d);

        if (r == 0 && unit)
                r = find_unit(c, &d, unit, &state);
        if (r == 0 && answered(state))
                return api_refuse(c, 409, "answered", "that unit has answered already",
                                  "đơn vị này đã trả lời");
        if (r == 0)
                r = unit ? remind(c, &d, unit) : each_unit(c, &d, true, remind);
        if (r == 0)
                r = directive_tell(c, &d);
        return r == 0 ? directive_answer(c, d.id) : r;
}

int directive_do_reopen(struct api_call *c) {
        int64_t unit = api_int(c, "unit", 0), hours = 0;
        struct directive d = {.id = 0};
        struct span state = SPAN_NONE;
        int r = find_own(c, SPAN("issued"), &d);

        if (r == 0)
                r = find_unit(c, &d, unit, &state);
        if (r == 0 && !answered(state))
                return api_refuse(c, 409, "open", "that unit has not answered yet",
                                  "đơn vị này chưa trả lời");
        if (r == 0)
                r = outgoing_setting(c->desk, SEND_REMINDER, &hours);
        if (r == 0)
                r = sql_do(c->db,
                           "UPDATE directive_unit SET state='acknowledged', done=NULL, remind_at=?3"
                           " WHERE directive=?1 AND unit=?2",
                           "iii", d.id, unit, c->now + hours * HOUR_NS);
        if (r == 0)
                r = directive_mail(c, &d, unit, DIRECTIVE_REOPENED, c->now, api_text(c, "reason"));
        c->detail = json_pack("{sI so}", "unit", (json_int_t)unit, "reason",
                              api_json_text(api_text(c, "reason")));
        if (r == 0)
                r = directive_tell(c, &d);
        return r == 0 ? directive_answer(c, d.id) : r;
}

/* ---- answering ---- */

/* For who may answer for the unit. */
static int find_to_answer(struct api_call *c, struct directive *d, struct span *state) {
        int64_t unit = api_int(c, "unit", 0);
        int r = directive_find(c, api_int(c, "id", 0), d);

        if (r == 0)
                r = api_may(c, "directives.answer", unit);
        if (r == 0)
                r = find_unit(c, d, unit, state);
        if (r == 0)
                r = in_state(c, d, SPAN("issued"));
        c->detail = json_pack("{sI}", "unit", (json_int_t)unit);
        return r;
}

int directive_do_acknowledge(struct api_call *c) {
        struct span note = api_text(c, "note"), state = SPAN_NONE;
        struct directive d = {.id = 0};
        int r = find_to_answer(c, &d, &state);

        if (r == 0 && span_eq(state, SPAN("open"))) /* pressed twice: once */
                r = sql_do(c->db,
                           "UPDATE directive_unit SET state='acknowledged', acknowledged=?3,"
                           " acknowledged_by=?4, note=nullif(?5,'') WHERE directive=?1 AND unit=?2",
                           "iiikt", d.id, api_int(c, "unit", 0), c->now, c->who.id,
                           note.p ? note : SPAN(""));
        if (r == 0)
                r = directive_tell(c, &d);
        return r == 0 ? directive_answer(c, d.id) : r;
}

/* Evidence that the asker may see themselves. */
static int good_evidence(struct api_call *c) {
        int64_t id = api_int(c, "evidence", 0);
        struct incident i;
        struct evidence e;

        return id ? evidence_find(c, id, "evidence.read", &e, &i) : 0;
}

int directive_do_answer(struct api_call *c) {
        struct directive d = {.id = 0};
        struct span state = SPAN_NONE;
        int r = find_to_answer(c, &d, &state);

        if (r == 0 && answered(state))
                return api_refuse(c, 409, "answered", "that unit has answered already",
                                  "đơn vị này đã trả lời");
        if (r == 0)
                r = good_evidence(c);
        if (r == 0)
                r = sql_do(c->db,
                           "UPDATE directive_unit SET state=?3, done=?4, done_by=?5, proof=?6,"
                           " evidence=?7, acknowledged=ifnull(acknowledged,?4),"
                           " acknowledged_by=ifnull(acknowledged_by,?5), remind_at=NULL"
                           " WHERE directive=?1 AND unit=?2",
                           "iitiktk", d.id, api_int(c, "unit", 0), api_text(c, "state"), c->now,
                           c->who.id, api_text(c, "proof"), api_int(c, "evidence", 0));
        if (r == 0)
                r = directive_tell(c, &d);
        return r == 0 ? directive_answer(c, d.id) : r;
}
