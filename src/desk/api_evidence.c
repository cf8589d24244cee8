/* Evidence as people attach, see and hand it over. Who may see an item: whoever may see evidence in one of the
 * units that work on its incident. */
#include <sodium.h>
#include <stdio.h>

#include "desk/desk_impl.h"
#include "desk/evidence.h"
#include "desk/matter.h"
#include "wire/api_shapes.h"
#include "wire/court.h"

#define RANGE_MOST 5000000
#define RANGES_MOST 20000000

#define ITEM_CODE "i.code||'/E'||e.n"
#define FROM_EVIDENCE                                                                              \
        "evidence e JOIN incident i ON i.id=e.incident LEFT JOIN person p ON p.id=e.added_by"
#define LAST_HASH                                                                                  \
        ("(SELECT lower(hex(hash)) FROM custody WHERE evidence=e.id ORDER BY n DESC"               \
         " LIMIT 1)")

static const char *const columns[] = {
        "e.id",
        ITEM_CODE,
        "e.incident",
        "i.code",
        "e.unit",
        "e.kind",
        "e.name",
        "e.size",
        "lower(hex(e.hash))",
        "e.note",
        "e.origin",
        "e.taken",
        "e.added",
        "e.added_by",
        "p.name",
        "e.first_seq",
        "e.last_seq",
        "e.query",
        "e.hold",
        "e.hold_state",
        "(SELECT max(n) FROM custody WHERE evidence=e.id)",
        LAST_HASH,
        "e.sealed",
        "e.version",
        "i.drill<>0",
        "nullif(i.drill,0)",
};

/* ---- reading ---- */

int evidence_scope(struct api_call *c, const char *permission, const char *column,
                   const char **ret) {
        const char *scope;
        /* '+': an incident has a unit or two, and a department more to look for. The name is of none else: within the
         * condition another's `x` would be this one, and every row seen. */
        int r = c->who.incident ? 0 : api_scope(c, permission, "+of_evidence.unit", &scope);

        if (r < 0)
                return r;
        struct span s = c->who.incident ? SPAN("0")
                                        : arena_printf(c->arena,
                                                       "EXISTS(SELECT 1 FROM incident_unit"
                                                       " of_evidence WHERE"
                                                       " of_evidence.incident=%s AND (%s))",
                                                       column, scope);
        *ret = s.p;
        return s.p ? 0 : FAIL(-ENOMEM);
}

static int list(struct api_call *c) {
        struct api_list_spec l = {.shape = api_evidence_shape,
                                  .columns = columns,
                                  .ids_first = true,
                                  .from = FROM_EVIDENCE,
                                  .id = "e.id",
                                  .search = {"e.name", "e.note", "e.origin", "i.code", NULL},
                                  .drill = "i.drill"};
        int r = evidence_scope(c, "evidence.read", "e.incident", &l.where);

        return r < 0 ? r : api_list(c, &l);
}

static int add_links(struct api_call *c, int64_t id) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        json_t *list = json_array();
        int r = sql_rows(c->db, &q,
                         "SELECT n, at, by, by_name, what, to_whom, reason, origin,"
                         " lower(hex(hash)) FROM custody WHERE evidence=?1 ORDER BY n",
                         "i", id);

        json_object_set_new(c->answer, "custody", list);
        while (r == 0 && (r = sql_next(q)) == 1)
                r = json_array_append_new(
                            list,
                            json_pack("{sI so so so so so so so so}", "n",
                                      (json_int_t)sql_int(q, 0), "at",
                                      api_json_time(sql_time(q, 1)), "by",
                                      sql_null(q, 2) ? json_null() : json_integer(sql_int(q, 2)),
                                      "by_name", api_json_text(sql_span(q, 3)), "what",
                                      api_json_text(sql_span(q, 4)), "to",
                                      api_json_text(sql_span(q, 5)), "reason",
                                      api_json_text(sql_span(q, 6)), "from",
                                      api_json_text(sql_span(q, 7)), "hash",
                                      api_json_text(sql_span(q, 8)))) < 0
                            ? FAIL(-ENOMEM)
                            : 0;
        return r;
}

int evidence_answer(struct api_call *c, int64_t id) {
        struct api_list_spec l = {.shape = api_evidence_shape,
                                  .columns = columns,
                                  .from = FROM_EVIDENCE,
                                  .id = "e.id"};
        int r = api_detail(c, &l, id);

        return r == 0 ? add_links(c, id) : r;
}

static int read_one(struct api_call *c, int64_t id, struct evidence *e) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT e.incident, e.unit, e.blob, e.size, e.version, e.first_seq,"
                         " e.last_seq, e.kind, " ITEM_CODE ", e.name, ifnull(e.query,''), e.hash"
                         " FROM evidence e JOIN incident i ON i.id=e.incident WHERE e.id=?1",
                         "i", id);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r;
        *e = (struct evidence){.id = id,
                               .incident = sql_int(q, 0),
                               .unit = sql_int(q, 1),
                               .blob = sql_int(q, 2),
                               .size = sql_int(q, 3),
                               .version = sql_int(q, 4),
                               .first_seq = sql_int(q, 5),
                               .last_seq = sql_int(q, 6),
                               .file = span_eq(sql_span(q, 7), SPAN("file")),
                               .code = arena_dup(c->arena, sql_span(q, 8)),
                               .name = arena_dup(c->arena, sql_span(q, 9)),
                               .query = arena_dup(c->arena, sql_span(q, 10)),
                               .hash = arena_dup(c->arena, sql_span(q, 11))};
        return e->code.p && e->name.p && e->query.p && e->hash.p ? 1 : FAIL(-ENOMEM);
}

int evidence_find(struct api_call *c, int64_t id, const char *permission, struct evidence *e,
                  struct incident *i) {
        int r = read_one(c, id, e);

        if (r <= 0)
                return r < 0 ? r : api_missing(c);
        snprintf(c->about, sizeof(c->about), "evidence %lld", (long long)id);
        return incident_get(c, e->incident, permission, i);
}

static int get(struct api_call *c) {
        struct incident i = {0};
        struct evidence e = {0};
        int r = evidence_find(c, api_int(c, "id", 0), "evidence.read", &e, &i);

        return r == 0 ? evidence_answer(c, e.id) : r;
}

static int room(struct api_call *c) {
        int64_t used, limit;
        int r = blobs_room(c->desk, &used, &limit);

        if (r < 0)
                return r;
        c->answer = json_pack("{sI sI}", "used", (json_int_t)used, "limit", (json_int_t)limit);
        return c->answer ? 0 : FAIL(-ENOMEM);
}

/* ---- taking ---- */

static int good_time(struct api_call *c) {
        int64_t taken = api_time(c, "taken");

        if (taken == TIME_NONE || taken <= c->now + 60 * NS_PER_SEC)
                return 0;
        return api_fault_at(c, "taken", "This time is in the future", "Thời điểm này ở tương lai",
                            "Give the time it was taken", "Ghi thời điểm đã thu giữ");
}

static int say(struct api_call *c, const struct incident *i, const struct evidence *e,
               const char *en, const char *vi) {
        struct incident_entry entry = {
                .kind = "evidence",
                .about = "evidence",
                .about_id = e->id,
                .en = incident_text(c, "%s: %.*s (%.*s)", en, (int)e->name.len, e->name.p,
                                    (int)e->code.len, e->code.p),
                .vi = incident_text(c, "%s: %.*s (%.*s)", vi, (int)e->name.len, e->name.p,
                                    (int)e->code.len, e->code.p)};
        int r = incident_write(c, i->id, &entry);

        api_tell(c, "evidence", e->id, i->unit);
        return r == 0 ? incident_touch(c, i) : r;
}

struct item {
        const char *kind, *hold_state;
        int64_t blob, size, first, last; /* first 0: no range */
        const unsigned char *hash;
};

static int insert(struct api_call *c, const struct incident *i, const struct item *k,
                  struct evidence *e) {
        struct span origin = api_text(c, "origin"), query = api_text(c, "query");
        int64_t taken = api_time(c, "taken"), n = 0;
        int r = sql_get_int(c->db, &n, "SELECT ifnull(max(n),0)+1 FROM evidence WHERE incident=?1",
                            "i", i->id);
        struct span hold =
                k->first ? incident_text(c, "%.*s-E%lld", (int)i->code.len, i->code.p, (long long)n)
                         : SPAN_NONE;

        if (r < 0)
                return r;
        r = sql_do(c->db,
                   "INSERT INTO evidence(incident,n,unit,kind,name,blob,size,hash,note,origin,"
                   "taken,added,added_by,first_seq,last_seq,query,hold,hold_state)"
                   " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,nullif(?16,''),"
                   "nullif(?17,''),?18)",
                   "iiistkixttiikkktts", i->id, n, i->unit, k->kind, api_text(c, "name"), k->blob,
                   k->size, span_of((const char *)k->hash, COURT_HASH_BYTES), api_text(c, "note"),
                   origin.p ? origin : SPAN(""), taken == TIME_NONE ? c->now : taken, c->now,
                   c->who.id, k->first, k->first ? k->last : 0, query.p ? query : SPAN(""),
                   hold.p ? hold : SPAN(""), k->hold_state);
        if (r == -EEXIST)
                return api_refuse(c, 409, "evidence_twice",
                                  "The same content is evidence of this incident already",
                                  "Nội dung này đã là chứng cứ của sự cố");
        if (r < 0)
                return r;
        r = read_one(c, sql_last_id(c->db), e);
        return r == 1 ? 0 : r < 0 ? r : FAIL(-EIO);
}

static int add(struct api_call *c, const struct incident *i, const struct item *k, const char *en,
               const char *vi) {
        struct evidence e = {0};
        int r = insert(c, i, k, &e);

        if (r == 0)
                r = custody_add(c, &e,
                                &(struct custody){.what = "taken",
                                                  .reason = api_text(c, "note"),
                                                  .from = api_text(c, "origin")});
        if (r == 0)
                r = say(c, i, &e, en, vi);
        if (r != 0)
                return r;
        snprintf(c->about, sizeof(c->about), "evidence %lld", (long long)e.id);
        return evidence_answer(c, e.id);
}

/* Nobody fills the room for all: of it files of one incident have a quarter, those of one person within a day an
 * eighth, all evidence three quarters, that of drills an eighth; the rest is reports'. */
static int has_share(struct api_call *c, int64_t incident, int64_t size) {
        int64_t used, limit, all = 0, own = 0, mine = 0;
        bool drill = incident >= STATE_DRILL_IDS;
        int r = blobs_room(c->desk, &used, &limit);

        if (r == 0)
                r = MIN(sql_get_int(c->db, &own,
                                    "SELECT ifnull(sum(size),0) FROM evidence WHERE incident=?1"
                                    " AND kind='file'",
                                    "i", incident),
                        0);
        if (r == 0)
                r = MIN(sql_get_int(c->db, &mine,
                                    "SELECT ifnull(sum(size),0) FROM evidence WHERE added_by=?1 AND"
                                    " added>?2 AND kind='file'",
                                    "ii", c->who.id, c->now - INT64_C(86400) * NS_PER_SEC),
                        0);
        if (r == 0)
                r = MIN(sql_get_int(c->db, &all,
                                    "SELECT ifnull(sum(size),0) FROM evidence WHERE kind='file' AND"
                                    " (incident>=?1)=?2",
                                    "ii", (int64_t)STATE_DRILL_IDS, (int64_t)drill),
                        0);
        if (r < 0)
                return r;
        if (own > limit / 4 - size)
                return api_refuse(
                        c, 409, "incident_full",
                        "This incident has a quarter of the room for attachments already: "
                        "keep more elsewhere and attach its hash",
                        "Sự cố này đã dùng một phần tư chỗ cho tệp đính kèm: hãy lưu nơi "
                        "khác và đính kèm mã băm");
        if (c->who.id && mine > limit / 8 - size)
                return api_refuse(
                        c, 409, "person_full",
                        "You attached an eighth of the room for attachments within a day: "
                        "go on tomorrow, or let somebody else attach it",
                        "Trong một ngày bạn đã đính kèm một phần tám chỗ chứa: hãy tiếp "
                        "tục ngày mai, hoặc nhờ người khác");
        if (drill && all > limit / 8 - size)
                return api_refuse(c, 409, "reserved",
                                  "What drills may have of the room for attachments is used up",
                                  "Phần chỗ dành cho tệp đính kèm của diễn tập đã hết");
        if (!drill && all > limit / 4 * 3 - size)
                return api_refuse(c, 409, "reserved",
                                  "What is left of the room for attachments is kept for reports: "
                                  "'attachments' in the configuration is its limit",
                                  "Phần chỗ còn lại dành cho báo cáo: giới hạn là 'attachments' "
                                  "trong cấu hình");
        return 0;
}

static int file_came(struct api_call *c, int64_t id, const unsigned char hash[BLOB_HASH_BYTES],
                     int64_t size) {
        struct incident i = {0};
        struct item k = {
                .kind = "file", .hold_state = "none", .blob = id, .size = size, .hash = hash};
        /* Asked once more: an upload takes its time. */
        int r = incident_get(c, api_int(c, "incident", 0), "evidence.write", &i);

        if (r == 0)
                r = has_share(c, i.id, size);
        if (r == 0)
                r = add(c, &i, &k, "Evidence attached", "Thêm chứng cứ");
        return r == 0 ? blob_hold(c->db, id) : r;
}

static int add_file(struct api_call *c) {
        struct incident i = {0};
        int r = incident_get(c, api_int(c, "incident", 0), "evidence.write", &i);

        if (r == 0)
                r = good_time(c);
        if (r == 0)
                r = has_share(c, i.id, 1);
        return r == 0 ? blob_upload(c, file_came) : r;
}

/* What is held is never deleted: not the whole store for one incident. */
static int range_fits(struct api_call *c, int64_t incident, int64_t n) {
        int64_t held = 0;

        if (n > RANGE_MOST)
                return api_fault_at(c, "last_seq", "These are more than 5,000,000 records",
                                    "Nhiều hơn 5.000.000 bản ghi",
                                    "Keep what shows it, in a narrower range",
                                    "Chọn khoảng hẹp hơn, đủ để chứng minh");
        int r = sql_get_int(c->db, &held,
                            "SELECT ifnull(sum(size),0) FROM evidence WHERE incident=?1 AND"
                            " kind='range'",
                            "i", incident);
        if (r < 0 || held <= RANGES_MOST - n)
                return MIN(r, 0);
        return api_refuse(c, 409, "ranges_full",
                          "Ranges of this incident hold 20,000,000 records together at most",
                          "Các khoảng của một sự cố giữ tối đa 20.000.000 bản ghi");
}

static int add_range(struct api_call *c) {
        int64_t first = api_int(c, "first_seq", 0), last = api_int(c, "last_seq", 0);
        unsigned char hash[COURT_HASH_BYTES];
        struct span query = api_text(c, "query");
        struct incident i = {0};
        int r = incident_get(c, api_int(c, "incident", 0), "evidence.write", &i);

        if (r == 0)
                r = good_time(c);
        if (r != 0)
                return r;
        if (last < first)
                return api_fault_at(c, "last_seq", "It is before the first one",
                                    "Nhỏ hơn bản ghi đầu", "Give the last record, or the same",
                                    "Ghi bản ghi cuối, hoặc cùng số");
        r = range_fits(c, i.id, last - first + 1);
        if (r != 0)
                return r;
        court_range_hash(hash, (uint64_t)first, (uint64_t)last, query.p ? query : SPAN(""));
        struct item k = {.kind = "range",
                         .hold_state = "asked",
                         .size = last - first + 1,
                         .first = first,
                         .last = last,
                         .hash = hash};
        r = add(c, &i, &k, "Stored records kept as evidence", "Giữ bản ghi làm chứng cứ");
        if (r == 0)
                holds_changed(c->desk);
        return r;
}

/* ---- seeing, handing over ---- */

static int content(struct api_call *c) {
        struct incident i = {0};
        struct evidence e = {0};
        int r = evidence_find(c, api_int(c, "id", 0), "evidence.read", &e, &i);

        if (r == 0 && !e.file)
                return api_refuse(c, 409, "no_file",
                                  "These are stored records: 'coloa export --proof --seq' "
                                  "writes them",
                                  "Đây là bản ghi trong kho: dùng 'coloa export --proof --seq' để "
                                  "xuất");
        if (r == 0)
                r = api_write(c);
        if (r == 0)
                r = custody_add(c, &e,
                                &(struct custody){.what = "viewed",
                                                  .reason = api_text(c, "reason"),
                                                  .from = custody_place(c)});
        return r == 0 ? blob_download(c, e.blob, e.name) : r;
}

static int hand_over(struct api_call *c) {
        struct incident i = {0};
        struct evidence e = {0};
        int r = evidence_find(c, api_int(c, "id", 0), "evidence.write", &e, &i);

        if (r == 0)
                r = custody_add(c, &e,
                                &(struct custody){.what = "handed_over",
                                                  .to = api_text(c, "to"),
                                                  .reason = api_text(c, "reason"),
                                                  .from = custody_place(c)});
        if (r == 0)
                r = say(c, &i, &e, "Evidence handed over", "Bàn giao chứng cứ");
        if (r == 0)
                r = evidence_answer(c, e.id);
        return r;
}

const struct api_binding api_evidence_bindings[] = {
        {"evidence.list", list},
        {"evidence.room", room},
        {"evidence.get", get},
        {"evidence.content", content},
        {"evidence.hand_over", hand_over},
        {"evidence.add", add_file},
        {"evidence.range", add_range},
        {"evidence.exports", evidence_do_exports},
        {"evidence.export_propose", evidence_do_propose},
        {"evidence.export_get", evidence_do_export_get},
        {"evidence.export_approve", evidence_do_approve},
        {"evidence.export_refuse", evidence_do_refuse},
        {"evidence.export_withdraw", evidence_do_withdraw},
        {"evidence.export_file", evidence_do_file},
        {NULL, NULL},
};
