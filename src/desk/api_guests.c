/* Guests of an incident, let in by who leads it. What a guest sees of it: incident.c, "a guest".
 *
 *   U1. A guest is a person with no role: everything they may comes from the row here, and ends with it.
 *   U2. Nobody becomes a guest who has an account for something else.
 *   U3. The incident's mark may not be stricter than theirs; if it becomes so later they see it no more. */
#include <stdlib.h>

#include "desk/desk_impl.h"
#include "desk/incident.h"
#include "desk/people.h"
#include "wire/api_shapes.h"

#define MOST_NS (INT64_C(90) * 86400 * NS_PER_SEC)

static int spec_of(struct api_call *c, struct api_list_spec *l) {
        static const char *const names[] = {"g.id",
                                            "g.person",
                                            "p.login",
                                            "p.name",
                                            "p.email",
                                            "p.title",
                                            "g.tlp",
                                            "g.given_at",
                                            "g.until",
                                            NULL,
                                            "(SELECT name FROM person WHERE id=g.given_by)"};
        const char **columns = arena_array(c->arena, ARRAY_LEN(names), sizeof(*columns));
        struct span state =
                arena_printf(c->arena, "iif(g.until>%lld,'active','ended')", (long long)c->now);

        if (!columns || !state.p)
                return FAIL(-ENOMEM);
        for (size_t i = 0; i < ARRAY_LEN(names); i++)
                columns[i] = names[i] ? names[i] : state.p;
        *l = (struct api_list_spec){.shape = api_guest_row,
                                    .columns = columns,
                                    .from = "guest g JOIN person p ON p.id=g.person",
                                    .id = "g.id",
                                    .search = {"p.name", "p.login", "p.title"}};
        return 0;
}

static int list(struct api_call *c) {
        struct incident i = {0};
        struct api_list_spec l;
        int r = incident_get(c, api_int(c, "id", 0), "incidents.read", &i);

        if (r == 0)
                r = spec_of(c, &l);
        if (r != 0)
                return r;
        l.where = arena_printf(c->arena, "g.incident=%lld", (long long)i.id).p;
        return l.where ? api_list(c, &l) : FAIL(-ENOMEM);
}

static int shown(struct api_call *c, int64_t id) {
        struct api_list_spec l;
        int r = spec_of(c, &l);

        return r < 0 ? r : api_detail(c, &l, id);
}

/* ---- letting in ---- */

struct letting_in {
        int64_t guest, person;
};

static int good(struct api_call *c, const struct incident *i, struct span login) {
        int64_t until = api_time(c, "until"), mark = 0;
        int r = sql_get_int(c->db, &mark, "SELECT " TLP_RANK("tlp") " FROM incident WHERE id=?1",
                            "i", i->id);

        if (r < 0)
                return r;
        r = 0;
        if (!login_good(login))
                r = api_fault_at(
                        c, "login", "it has signs that a login cannot have",
                        "tên đăng nhập có ký tự không hợp lệ",
                        "small letters, figures and . _ - @ only, at least 2",
                        "chỉ dùng chữ thường không dấu, chữ số và . _ - @, ít nhất 2 ký tự");
        if (until <= c->now || until > c->now + MOST_NS)
                r = api_fault_at(c, "until", "is past, or later than in 90 days",
                                 "đã qua, hoặc quá 90 ngày", "take a day between",
                                 "chọn ngày ở giữa");
        if (mark > tlp_rank(api_text(c, "tlp"))) /* U3 */
                r = api_fault_at(c, "tlp",
                                 "the incident's mark is stricter: they would see nothing",
                                 "mức TLP của sự cố chặt hơn: khách sẽ không xem được",
                                 "take that of the incident, or change that",
                                 "chọn mức của sự cố, hoặc đổi mức của sự cố");
        return r;
}

/* The account of a guest of this incident, or a new one. U2 */
static int account(struct api_call *c, const struct incident *i, struct span login,
                   int64_t *ret_person) {
        int64_t one;
        int r = sql_get_int(c->db, ret_person, "SELECT id FROM person WHERE login=?1", "t", login);

        if (r < 0)
                return r;
        if (r == 1) {
                r = sql_get_int(c->db, &one,
                                "SELECT 1 FROM guest WHERE person=?1 AND incident=?2 AND NOT EXISTS"
                                " (SELECT 1 FROM role_grant WHERE person=?1)",
                                "ii", *ret_person, i->id);
                if (r == 0)
                        return api_fault_at(c, "login", "somebody has this login already",
                                            "tên đăng nhập này đã có người dùng",
                                            "take another one", "chọn tên khác");
                return r < 0 ? r
                             : sql_do(c->db, "UPDATE person SET active=1, name=?2 WHERE id=?1",
                                      "it", *ret_person, api_text(c, "name"));
        }
        struct span mail = api_text(c, "email");
        r = sql_do(c->db,
                   "INSERT INTO person(login,name,title,email,unit,lang,created,created_by)"
                   " VALUES(?1,?2,?3,nullif(?4,''),?5,'vi',?6,?7)",
                   "ttttiik", login, api_text(c, "name"), api_text(c, "organisation"),
                   mail.p ? mail : SPAN(""), i->unit, c->now, c->who.id);
        *ret_person = sql_last_id(c->db);
        return r;
}

/* What was before for this incident ends; the new row says until when. */
static int insert(struct api_call *c, const struct incident *i, struct letting_in *k) {
        int r = sql_do(c->db, "UPDATE guest SET until=min(until,?2) WHERE person=?1", "ii",
                       k->person, c->now);

        if (r == 0)
                r = sql_do(c->db,
                           "INSERT INTO guest(person,incident,tlp,until,given_by,given_at)"
                           " VALUES(?1,?2,?3,?4,?5,?6)",
                           "iitiki", k->person, i->id, api_text(c, "tlp"), api_time(c, "until"),
                           c->who.id, c->now);
        k->guest = sql_last_id(c->db);
        struct span who = api_text(c, "organisation"), tlp = api_text(c, "tlp");
        if (r == 0)
                r = incident_write(
                        c, i->id,
                        &(struct incident_entry){
                                .kind = "state",
                                .en = incident_text(c, "A guest of %.*s let in, TLP %.*s",
                                                    (int)who.len, who.p, (int)tlp.len, tlp.p),
                                .vi = incident_text(c, "Mời khách của %.*s, TLP %.*s", (int)who.len,
                                                    who.p, (int)tlp.len, tlp.p)});
        return r == 0 ? incident_touch(c, i) : r;
}

/* The vault made a one-time password. */
static int made(struct api_call *c, const struct msg_vault_answer *a, const struct letting_in *k) {
        if (a->error)
                return api_vault_busy(c);
        int r = sql_do(c->db,
                       "UPDATE person SET password=?2, password_at=?3, one_time_until=?4,"
                       " reset_by=?5, reset_at=?3 WHERE id=?1",
                       "ixiik", k->person, span_of((const char *)a->box, a->box_len), c->now,
                       c->now + ONE_TIME_S * NS_PER_SEC, c->who.id);
        if (r == 0)
                r = session_end_all(c->db, k->person, 0);
        if (r == 0)
                r = shown(c, k->guest);
        if (r == 0)
                json_object_set_new(c->answer, "one_time",
                                    api_json_text(span_of(a->text, a->text_len)));
        return r;
}

static int add(struct api_call *c) {
        struct span login = login_fold(c->arena, api_text(c, "login"));
        struct incident i = {0};

        if (c->said)
                return made(c, c->said, c->kept);
        struct letting_in *k = arena_zalloc(c->arena, sizeof(*k));
        int r = k && login.p ? incident_get(c, api_int(c, "id", 0), "incidents.guests", &i)
                             : FAIL(-ENOMEM);
        if (r == 0)
                r = good(c, &i, login);
        if (r == 0)
                r = account(c, &i, login, &k->person);
        if (r == 0)
                r = insert(c, &i, k);
        if (r != 0)
                return r;
        c->detail =
                json_pack("{s:I,s:O,s:O}", "person", (json_int_t)k->person, "tlp",
                          json_object_get(c->in, "tlp"), "until", json_object_get(c->in, "until"));
        c->kept = k;
        return people_ask(c, VAULT_ONE_TIME, k->person, SPAN_NONE, SPAN_NONE);
}

/* ---- ending ---- */

static int end(struct api_call *c) {
        int64_t guest = api_int(c, "guest", 0), person = 0;
        struct incident i = {0};
        int r = incident_get(c, api_int(c, "id", 0), "incidents.guests", &i);

        if (r == 0) {
                r = sql_get_int(c->db, &person,
                                "SELECT person FROM guest WHERE id=?1 AND incident=?2", "ii", guest,
                                i.id);
                r = r < 0 ? r : r ? 0 : api_missing(c);
        }
        if (r != 0)
                return r;
        r = sql_do(c->db, "UPDATE guest SET until=min(until,?2) WHERE id=?1", "ii", guest, c->now);
        if (r == 0)
                r = session_end_all(c->db, person, 0);
        if (r == 0)
                r = sql_do(c->db,
                           "UPDATE person SET active=0 WHERE id=?1 AND NOT EXISTS(SELECT 1 FROM"
                           " guest WHERE person=?1 AND until>?2)",
                           "ii", person, c->now);
        if (r == 0)
                r = incident_write(
                        c, i.id,
                        &(struct incident_entry){.kind = "state",
                                                 .en = SPAN("A guest's access ended"),
                                                 .vi = SPAN("Kết thúc quyền của khách")});
        if (r == 0)
                r = incident_touch(c, &i);
        return r == 0 ? shown(c, guest) : r;
}

extern const struct api_binding api_guests_bindings[];
const struct api_binding api_guests_bindings[] = {
        {"guests.list", list},
        {"guests.add", add},
        {"guests.end", end},
        {0},
};
