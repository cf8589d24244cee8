/* Handovers that are kept, and the note as of now (handover.c).
 *
 *   K1. Who takes over is another person than who wrote the note, once.
 *   K2. The same words for the same unit within a minute are the same press of a button: the one kept is answered. */
#include "desk/handover.h"

#include <stdlib.h>

#include "desk/api_impl.h"
#include "desk/desk_impl.h"
#include "desk/people.h"
#include "wire/api_shapes.h"

#define DAY_NS (INT64_C(86400) * NS_PER_SEC)
#define BACK_NS (31 * DAY_NS)
#define USUAL_NS (DAY_NS / 2)
#define AGAIN_NS (60 * NS_PER_SEC)

static const char *const columns[] = {
        "h.id",       "h.unit", "u.name",      "h.since",
        "h.at",       "h.at",   "h.by",        "b.name",
        "h.text",     "h.heir", "f.name",      "iif(h.taken_at IS NULL,'waiting','acknowledged')",
        "h.taken_at", "t.name", "h.taken_text"};

static struct api_list_spec spec(void) {
        return (struct api_list_spec){.shape = api_handover_row,
                                      .columns = columns,
                                      .from = "handover h JOIN unit u ON u.id=h.unit LEFT JOIN"
                                              " person b ON b.id=h.by LEFT JOIN person f ON"
                                              " f.id=h.heir LEFT JOIN person t ON t.id=h.taken_by",
                                      .count_from = "handover h",
                                      .id = "h.id",
                                      .search = {"h.text", "h.taken_text"},
                                      .unit = "h.unit"};
}

static int list(struct api_call *c) {
        struct api_list_spec l = spec();

        l.count_from = NULL;
        return api_list(c, &l);
}

/* ---- which unit, since when ---- */

/* Where they are on duty; else the unit nearest to the root for which they hold the permission. */
static int find_unit(struct api_call *c, int64_t *ret) {
        const char *scope = "0";
        int r;

        *ret = api_int(c, "unit", 0);
        if (*ret)
                return 0;
        r = sql_get_int(c->db, ret,
                        "SELECT unit FROM duty WHERE person=?1 AND since<=?2 AND until>?2"
                        " ORDER BY since DESC LIMIT 1",
                        "ii", c->who.id, c->now);
        if (r == 0)
                r = api_scope(c, c->op->permission, "u.id", &scope);
        else
                return MIN(r, 0);
        if (r < 0)
                return r;
        struct span s = arena_printf(
                c->arena, "SELECT u.id FROM unit u WHERE %s ORDER BY u.depth, u.id LIMIT 1", scope);
        r = s.p ? sql_get_int(c->db, ret, s.p, "") : FAIL(-ENOMEM);
        return r < 0 ? r : r ? 0 : api_missing(c);
}

static int find_since(struct api_call *c, struct handover *h) {
        int64_t since = api_time(c, "since");
        int r;

        if (since != TIME_NONE && (since >= c->now || since < c->now - BACK_NS))
                return api_fault_at(c, "since", "is in the future, or more than a month ago",
                                    "ở tương lai, hoặc đã quá một tháng", "take a time between",
                                    "chọn thời điểm ở giữa");
        if (since == TIME_NONE) {
                r = sql_get_int(c->db, &since,
                                "SELECT at FROM handover WHERE unit=?1 AND at>?2 AND at<?3"
                                " ORDER BY at DESC LIMIT 1",
                                "iii", h->unit, c->now - 7 * DAY_NS, c->now);
                if (r == 0)
                        r = sql_get_int(c->db, &since,
                                        "SELECT since FROM duty WHERE person=?1 AND unit=?2 AND"
                                        " since<?3 AND until>?3 ORDER BY since DESC LIMIT 1",
                                        "iii", c->who.id, h->unit, c->now);
                if (r < 0)
                        return r;
                if (r == 0)
                        since = c->now - USUAL_NS;
        }
        h->from = since;
        h->to = c->now;
        return 0;
}

static int find(struct api_call *c, const char *permission, struct handover *h) {
        int r = find_unit(c, &h->unit);

        if (r == 0 && c->who.incident)
                r = api_missing(c);
        if (r == 0)
                r = api_may(c, permission, h->unit);
        return r == 0 ? find_since(c, h) : r;
}

static int add_previous(struct api_call *c, int64_t unit) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        json_t *o = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT h.id, h.at, (SELECT name FROM person WHERE id=h.by), (SELECT name"
                         " FROM person WHERE id=h.taken_by) FROM handover h WHERE h.unit=?1"
                         " ORDER BY h.at DESC LIMIT 1",
                         "i", unit);

        if (r == 0)
                r = sql_next(q);
        if (r == 1)
                o = json_pack("{s:I,s:o,s:o,s:o}", "id", (json_int_t)sql_int(q, 0), "at",
                              api_json_time(sql_time(q, 1)), "by_name",
                              sql_null(q, 2) ? json_null() : api_json_text(sql_span(q, 2)),
                              "acknowledged_by_name",
                              sql_null(q, 3) ? json_null() : api_json_text(sql_span(q, 3)));
        if (r >= 0)
                json_object_set_new(c->answer, "previous", o ? o : json_null());
        return MIN(r, 0);
}

static int now(struct api_call *c) {
        struct handover h = {0};
        int r = find(c, "incidents.read", &h);

        if (r == 0)
                r = handover_note(c, &h, &c->answer);
        if (r == 0)
                json_object_set_new(c->answer, "note", json_null());
        return r == 0 ? add_previous(c, h.unit) : r;
}

/* ---- keeping ---- */

static int detail(struct api_call *c, int64_t id) {
        struct api_list_spec l = spec();

        return api_detail(c, &l, id);
}

/* K2: 1: it is there already. */
static int kept_already(struct api_call *c, int64_t unit, int64_t *ret) {
        return sql_get_int(c->db, ret,
                           "SELECT id FROM handover WHERE unit=?1 AND at>?2 AND ifnull(by,0)=?3"
                           " AND text=?4 ORDER BY at DESC LIMIT 1",
                           "iiit", unit, c->now - AGAIN_NS, c->who.id, api_text(c, "text"));
}

static int keep(struct api_call *c) {
        _cleanup_(buf_deinit) struct buf text = {.limit = (size_t)2 << 20};
        struct handover h = {0};
        json_t *note = NULL;
        int64_t id = 0, to = api_int(c, "to", 0);
        int r = find(c, "incidents.work", &h);

        if (r == 0 && to)
                r = person_nameable(c, "to", to);
        if (r != 0)
                return r;
        r = kept_already(c, h.unit, &id);
        if (r != 0)
                return r < 0 ? r : detail(c, id);
        r = handover_note(c, &h, &note);
        if (r == 0)
                r = api_json_text_of(&text, note);
        json_decref(note);
        if (r == 0)
                r = sql_do(c->db,
                           "INSERT INTO handover(unit,since,at,by,text,heir,document)"
                           " VALUES(?1,?2,?3,?4,?5,?6,?7)",
                           "iiiktkt", h.unit, h.from, h.to, c->who.id, api_text(c, "text"), to,
                           buf_get(&text));
        if (r < 0)
                return r;
        id = sql_last_id(c->db);
        snprintf(c->about, sizeof(c->about), "handover %lld", (long long)id);
        c->detail = json_pack("{s:I}", "unit", (json_int_t)h.unit);
        api_tell(c, "handover", id, h.unit);
        return detail(c, id);
}

static int get(struct api_call *c) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int64_t id = api_int(c, "id", 0);
        int r = detail(c, id);

        if (r == 0)
                r = sql_rows(c->db, &q, "SELECT document, unit FROM handover WHERE id=?1", "i", id);
        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r;
        struct span s = sql_span(q, 0);
        int64_t unit = sql_int(q, 1);
        json_t *note = json_loadb(s.p, s.len, 0, NULL);
        if (!note)
                return FAIL(-EBADMSG);
        json_object_set_new(c->answer, "document", note);
        return handover_veil(c, unit, note);
}

static int acknowledge(struct api_call *c) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int64_t id = api_int(c, "id", 0);
        struct span text = api_text(c, "text");
        int r = sql_rows(c->db, &q, "SELECT unit, ifnull(by,0), taken_at FROM handover WHERE id=?1",
                         "i", id);

        if (r == 0)
                r = sql_next(q);
        if (r <= 0)
                return r < 0 ? r : api_missing(c);
        int64_t unit = sql_int(q, 0), author = sql_int(q, 1);
        bool taken = !sql_null(q, 2);
        r = api_may(c, "incidents.work", unit);
        if (r != 0)
                return r;
        snprintf(c->about, sizeof(c->about), "handover %lld", (long long)id);
        if (taken)
                return api_refuse(c, 409, "decided", "somebody took over already",
                                  "đã có người nhận ca");
        if (author == c->who.id && !c->who.local) /* K1 */
                return api_refuse(c, 409, "oneself", "another person than who wrote it takes over",
                                  "người nhận ca phải khác người giao");
        r = sql_do(c->db,
                   "UPDATE handover SET taken_at=?2, taken_by=?3, taken_text=nullif(?4,'')"
                   " WHERE id=?1",
                   "iikt", id, c->now, c->who.id, text.p ? text : SPAN(""));
        if (r < 0)
                return r;
        api_tell(c, "handover", id, unit);
        return detail(c, id);
}

extern const struct api_binding api_handover_bindings[];
const struct api_binding api_handover_bindings[] = {
        {"handover.now", now},
        {"handover.list", list},
        {"handover.get", get},
        {"handover.keep", keep},
        {"handover.acknowledge", acknowledge},
        {0},
};
