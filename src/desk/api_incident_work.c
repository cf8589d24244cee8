/* The work on an incident: what people write, tasks, observables, alerts that join or leave. */
#include "desk/incident.h"
#include "desk/people.h"

#include <stdlib.h>

static int said(struct api_call *c, const struct incident *i, const char *kind, const char *about,
                int64_t id, struct span en, struct span vi) {
        return incident_write(
                c, i->id,
                &(struct incident_entry){
                        .kind = kind, .about = about, .about_id = id, .en = en, .vi = vi});
}

/* ---- notes ---- */

int incident_do_note(struct api_call *c) {
        struct span text = api_text(c, "text"), kind = api_text(c, "kind");
        int64_t corrects = api_int(c, "corrects", 0), at = api_time(c, "at"), n = 1;
        struct incident i = {0};
        int r = incident_get(c, api_int(c, "id", 0), "incidents.work", &i);

        if (r == 0 && corrects)
                r = sql_get_int(c->db, &n,
                                "SELECT count(*) FROM incident_entry WHERE id=?1 AND incident=?2",
                                "ii", corrects, i.id) < 0
                            ? FAIL(-EIO)
                            : 0;
        if (r != 0)
                return r;
        if (n != 1)
                return api_fault_at(c, "corrects", "It is no entry of this incident",
                                    "Không phải mục của sự cố này", "Choose one of its timeline",
                                    "Chọn trong diễn biến");
        if (at != TIME_NONE && at > c->now + 60 * NS_PER_SEC)
                return api_fault_at(c, "at", "This time is in the future",
                                    "Thời điểm này ở tương lai", "Give the time it happened",
                                    "Ghi thời điểm đã xảy ra");
        struct incident_entry e = {.kind = corrects   ? "correction"
                                           : kind.len ? kind.p
                                                      : "note",
                                   .at = at,
                                   .corrects = corrects,
                                   .en = text,
                                   .vi = text};
        r = incident_write(c, i.id, &e);
        int64_t id = sql_last_id(c->db);
        if (r == 0)
                r = incident_touch(c, &i);
        return r == 0 ? incident_entry_answer(c, id) : r;
}

/* ---- tasks ---- */

static int good_activity(struct api_call *c, const struct incident *i, struct span name) {
        const json_t *list = json_object_get(json_object_get(i->regime, "activities"), "list"), *a;
        size_t n;

        if (!name.len)
                return 0;
        json_array_foreach(list, n, a) if (span_eq(name, span_str(json_string_value(json_object_get(
                                                                 a, "id"))))) return 0;
        return api_fault_at(c, "activity", "The law in force has no such part of the response",
                            "Bộ quy định không có hoạt động này", "Choose one of the list",
                            "Chọn trong danh sách");
}

static int good_owner(struct api_call *c, int64_t owner) {
        return owner ? person_nameable(c, "owner", owner) : 0;
}

int incident_do_task_add(struct api_call *c) {
        struct span title = api_text(c, "title"), note = api_text(c, "note");
        struct span activity = api_text(c, "activity");
        int64_t owner = api_int(c, "owner", 0);
        struct incident i = {0};
        int r = incident_get(c, api_int(c, "id", 0), "incidents.work", &i);

        if (r == 0)
                r = good_activity(c, &i, activity);
        if (r == 0)
                r = good_owner(c, owner);
        if (r == 0)
                r = sql_do(
                        c->db,
                        "INSERT INTO incident_task(incident,title,note,activity,owner,due,created,"
                        "created_by) VALUES(?1,?2,?3,nullif(?4,''),?5,?6,?7,?8)",
                        "itttkTik", i.id, title, note.p ? note : SPAN(""),
                        activity.p ? activity : SPAN(""), owner, api_time(c, "due"), c->now,
                        c->who.id);
        if (r != 0)
                return r;
        int64_t id = sql_last_id(c->db);
        r = said(c, &i, "task", "task", id, incident_text(c, "Task: %.*s", (int)title.len, title.p),
                 incident_text(c, "Việc: %.*s", (int)title.len, title.p));
        if (r == 0)
                r = incident_touch(c, &i);
        return r == 0 ? incident_task_answer(c, id) : r;
}

/* The task of the path, of that incident; its title. */
static int find_task(struct api_call *c, const struct incident *i, int64_t id, struct span *title) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT title, version FROM incident_task WHERE id=?1 AND incident=?2",
                         "ii", id, i->id);

        if (r == 0)
                r = sql_next(q);
        if (r <= 0)
                return r < 0 ? r : api_missing(c);
        *title = arena_dup(c->arena, sql_span(q, 0));
        if (api_int(c, "version", sql_int(q, 1)) != sql_int(q, 1))
                return api_refuse(c, 409, "stale",
                                  "Somebody changed it meanwhile: look again, then repeat",
                                  "Có người vừa thay đổi: hãy xem lại rồi làm lại");
        return title->p ? 0 : FAIL(-ENOMEM);
}

static int set_task_state(struct api_call *c, const struct incident *i, int64_t id,
                          struct span title) {
        static const struct {
                const char *state, *en, *vi;
        } words[] = {{"open", "open again", "mở lại"},
                     {"doing", "begun", "đang làm"},
                     {"done", "done", "xong"},
                     {"dropped", "dropped", "bỏ"}};
        struct span state = api_text(c, "state");
        bool over = span_eq(state, SPAN("done")) || span_eq(state, SPAN("dropped"));
        int r = sql_do(c->db,
                       "UPDATE incident_task SET state=?2, done_at=?3, done_by=?4 WHERE id=?1",
                       "itTk", id, state, over ? c->now : TIME_NONE, over ? c->who.id : 0);

        for (size_t n = 0; n < ARRAY_LEN(words) && r == 0; n++)
                if (span_eq(state, span_str(words[n].state)))
                        r = said(c, i, "task", "task", id,
                                 incident_text(c, "Task %s: %.*s", words[n].en, (int)title.len,
                                               title.p),
                                 incident_text(c, "Việc %s: %.*s", words[n].vi, (int)title.len,
                                               title.p));
        return r;
}

static int set_task_fields(struct api_call *c, int64_t id) {
        static const struct api_set fields[] = {
                {"title", "UPDATE incident_task SET title=?2 WHERE id=?1", 't'},
                {"note", "UPDATE incident_task SET note=?2 WHERE id=?1", 't'},
                {"activity", "UPDATE incident_task SET activity=nullif(?2,'') WHERE id=?1", 't'},
                {"owner", "UPDATE incident_task SET owner=?2 WHERE id=?1", 'k'},
                {"due", "UPDATE incident_task SET due=?2 WHERE id=?1", 'T'},
        };

        return api_set_fields(c, fields, ARRAY_LEN(fields), id);
}

int incident_do_task_edit(struct api_call *c) {
        int64_t id = api_int(c, "task", 0);
        struct incident i = {0};
        struct span title;
        int r = incident_get(c, api_int(c, "id", 0), "incidents.work", &i);

        if (r == 0)
                r = find_task(c, &i, id, &title);
        if (r == 0)
                r = good_activity(c, &i, api_text(c, "activity"));
        if (r == 0)
                r = good_owner(c, api_int(c, "owner", 0));
        if (r == 0)
                r = set_task_fields(c, id);
        if (r == 0 && api_has(c, "state"))
                r = set_task_state(c, &i, id, title);
        if (r == 0)
                r = sql_do(c->db, "UPDATE incident_task SET version=version+1 WHERE id=?1", "i",
                           id);
        if (r == 0)
                r = incident_touch(c, &i);
        return r == 0 ? incident_task_answer(c, id) : r;
}

/* ---- observables ---- */

/* "hxxps://evil[.]example" as it was before somebody made it harmless. */
static struct span rearm(struct api_call *c, struct span s) {
        char *to = arena_alloc(c->arena, s.len + 1);
        size_t n = 0;

        for (size_t i = 0; to && i < s.len; i++) {
                struct span rest = span_of(s.p + i, s.len - i);

                if (span_starts(rest, SPAN("[.]")) || span_starts(rest, SPAN("[:]")) ||
                    span_starts(rest, SPAN("[@]"))) {
                        to[n++] = s.p[i + 1];
                        i += 2;
                } else if (i == 0 && span_starts(rest, SPAN("hxxp"))) {
                        memcpy(to, "http", 4);
                        n = 4;
                        i = 3;
                } else {
                        to[n++] = s.p[i];
                }
        }
        return span_of(to, to ? n : 0);
}

int incident_do_observable_add(struct api_call *c) {
        struct span type = api_text(c, "type"), value = rearm(c, api_text(c, "value"));
        struct span role = api_text(c, "role"), note = api_text(c, "note"),
                    tlp = api_text(c, "tlp");
        struct incident i = {0};
        int r = incident_get(c, api_int(c, "id", 0), "incidents.work", &i);

        if (r == 0)
                r = sql_do(
                        c->db,
                        "INSERT INTO incident_observable(incident,type,value,role,note,tlp,at,by)"
                        " VALUES(?1,?2,?3,?4,?5,?6,?7,?8)",
                        "itttttik", i.id, type, value, role.len ? role : SPAN("unknown"),
                        note.p ? note : SPAN(""), tlp.len ? tlp : SPAN("amber"), c->now, c->who.id);
        if (r == -EEXIST)
                return api_fault_at(c, "value", "It is among the observables already",
                                    "Dấu hiệu này đã có", "Change that one instead",
                                    "Hãy sửa dấu hiệu đã có");
        if (r != 0)
                return r;
        int64_t id = sql_last_id(c->db);
        r = said(c, &i, "note", "observable", id,
                 incident_text(c, "Observable: %.*s", (int)value.len, value.p),
                 incident_text(c, "Dấu hiệu: %.*s", (int)value.len, value.p));
        if (r == 0)
                r = incident_touch(c, &i);
        return r == 0 ? incident_observable_answer(c, id) : r;
}

int incident_do_observable_drop(struct api_call *c) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        struct span reason = api_text(c, "reason"), value;
        int64_t id = api_int(c, "observable", 0);
        struct incident i = {0};
        int r = incident_get(c, api_int(c, "id", 0), "incidents.work", &i);

        if (r != 0)
                return r;
        r = sql_rows(c->db, &q,
                     "SELECT value FROM incident_observable WHERE id=?1 AND incident=?2"
                     " AND dropped IS NULL",
                     "ii", id, i.id);
        if (r == 0 && (r = sql_next(q)) == 0)
                return api_missing(c);
        if (r != 1)
                return r;
        value = arena_dup(c->arena, sql_span(q, 0));
        r = sql_do(c->db, "UPDATE incident_observable SET dropped=?2 WHERE id=?1", "ii", id,
                   c->now);
        if (r == 0)
                r = said(c, &i, "note", "observable", id,
                         incident_text(c, "Observable taken out: %.*s%s%.*s", (int)value.len,
                                       value.p, reason.len ? ": " : "", (int)reason.len,
                                       reason.len ? reason.p : ""),
                         incident_text(c, "Bỏ dấu hiệu: %.*s%s%.*s", (int)value.len, value.p,
                                       reason.len ? ": " : "", (int)reason.len,
                                       reason.len ? reason.p : ""));
        return r == 0 ? incident_touch(c, &i) : r;
}

/* ---- alerts ---- */

int incident_do_alerts_add(struct api_call *c) {
        const json_t *id;
        struct incident i = {0};
        size_t n;
        int r = incident_get(c, api_int(c, "id", 0), "incidents.work", &i);

        json_array_foreach(json_object_get(c->in, "alerts"), n, id) if (r == 0) r =
                incident_join(c, &i, (int64_t)json_integer_value(id));
        if (r == 0)
                r = incident_touch(c, &i);
        return r == 0 ? incident_answer(c, &i) : r;
}

int incident_do_alert_out(struct api_call *c) {
        struct incident i = {0};
        int r = incident_get(c, api_int(c, "id", 0), "incidents.work", &i);

        return r == 0 ? incident_leave(c, &i, api_int(c, "alert", 0)) : r;
}
