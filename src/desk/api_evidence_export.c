/* Sealed exports of an incident's evidence for a court: asked for by one, approved by another (second.c), signed
 * by the vault over the manifest with the second person's code, written as wire/court.h says.
 *
 *   X1. What is signed is kept: the manifest's bytes, and which items it names. A file is put together from
 *       those whenever it is asked for, so it is the same each time.
 *   X2. An item's content is kept by its hash; whoever reads the file checks it against the manifest. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "desk/api_impl.h"
#include "desk/desk_impl.h"
#include "desk/evidence.h"
#include "desk/people.h"
#include "wire/api_shapes.h"
#include "wire/court.h"

#define LAPSE_NS (INT64_C(72) * 3600 * NS_PER_SEC)

/* ---- reading ---- */

static int spec_of(struct api_call *c, struct api_list_spec *l) {
        static const char *const fixed[] = {"x.id",
                                            "x.incident",
                                            "i.code",
                                            "x.unit",
                                            "x.reason",
                                            NULL,
                                            "x.proposed",
                                            "x.proposer",
                                            "p.name",
                                            "x.lapses",
                                            "x.decided",
                                            "x.approver",
                                            "(SELECT name FROM person WHERE id=x.approver)",
                                            "x.note",
                                            "x.items",
                                            "x.bytes",
                                            "lower(hex(substr(x.signed,-32)))",
                                            "i.drill<>0",
                                            NULL};
        const char **columns = arena_array(c->arena, ARRAY_LEN(fixed), sizeof(*columns));
        struct span state = arena_printf(
                c->arena,
                "CASE WHEN x.state='proposed' AND x.lapses<=%lld THEN 'lapsed' ELSE x.state END",
                (long long)c->now);
        struct span mine = arena_printf(c->arena, "x.proposer=" SQL_OWN_INT, (long long)c->who.id);

        if (!columns || !state.p || !mine.p)
                return FAIL(-ENOMEM);
        memcpy(columns, fixed, sizeof(fixed));
        columns[5] = state.p;
        columns[ARRAY_LEN(fixed) - 1] = mine.p;
        *l = (struct api_list_spec){
                .shape = api_evidence_export_shape,
                .columns = columns,
                .from = "evidence_export x LEFT JOIN incident i ON"
                        " i.id=x.incident LEFT JOIN person p ON p.id=x.proposer",
                .id = "x.id",
                .search = {"x.reason", "i.code", NULL},
                .drill = "i.drill"};
        return 0;
}

int evidence_do_exports(struct api_call *c) {
        struct api_list_spec l;
        int r = spec_of(c, &l);

        if (r == 0)
                r = evidence_scope(c, "evidence.read", "x.incident", &l.where);
        return r < 0 ? r : api_list(c, &l);
}

static int detail(struct api_call *c, int64_t id) {
        struct api_list_spec l;
        int r = spec_of(c, &l);

        return r < 0 ? r : api_detail(c, &l, id);
}

struct export {
        int64_t id, unit, proposer, lapses;
        struct span state, reason, proposer_name;
        struct incident i;
};

static int find(struct api_call *c, const char *permission, struct export *x) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT x.incident, x.unit, x.proposer, x.lapses, x.state, x.reason,"
                         " ifnull(p.name,'') FROM evidence_export x LEFT JOIN person p ON"
                         " p.id=x.proposer WHERE x.id=?1",
                         "i", api_int(c, "id", 0));

        if (r == 0)
                r = sql_next(q);
        if (r <= 0)
                return r < 0 ? r : api_missing(c);
        int64_t incident = sql_int(q, 0);
        *x = (struct export){.id = api_int(c, "id", 0),
                             .unit = sql_int(q, 1),
                             .proposer = sql_int(q, 2),
                             .lapses = sql_int(q, 3),
                             .state = arena_dup(c->arena, sql_span(q, 4)),
                             .reason = arena_dup(c->arena, sql_span(q, 5)),
                             .proposer_name = arena_dup(c->arena, sql_span(q, 6))};
        q = sql_end(q);
        if (!x->state.p || !x->reason.p || !x->proposer_name.p)
                return FAIL(-ENOMEM);
        snprintf(c->about, sizeof(c->about), "evidence export %lld", (long long)x->id);
        return incident_get(c, incident, permission, &x->i);
}

int evidence_do_export_get(struct api_call *c) {
        struct export x = {0};
        int r = find(c, "evidence.read", &x);

        return r == 0 ? detail(c, x.id) : r;
}

static int say(struct api_call *c, const struct export *x, const char *en, const char *vi) {
        struct incident_entry e = {
                .kind = "evidence",
                .about = "evidence_export",
                .about_id = x->id,
                .en = incident_text(c, "Sealed export %lld: %s", (long long)x->id, en),
                .vi = incident_text(c, "Xuất niêm phong %lld: %s", (long long)x->id, vi)};

        api_tell(c, "evidence_export", x->id, x->i.unit);
        return incident_write(c, x->i.id, &e);
}

/* ---- asking, refusing ---- */

int evidence_do_propose(struct api_call *c) {
        struct export x = {0};
        int64_t items = 0, bytes = 0;
        int r = second_session(c);

        if (r == 0)
                r = incident_get(c, api_int(c, "incident", 0), "evidence.export", &x.i);
        if (r == 0)
                r = MIN(sql_get_int(c->db, &items,
                                    "SELECT count(*) FROM evidence WHERE incident=?1", "i", x.i.id),
                        0);
        if (r == 0)
                r = MIN(sql_get_int(c->db, &bytes,
                                    "SELECT ifnull(sum(size),0) FROM evidence WHERE incident=?1"
                                    " AND kind='file'",
                                    "i", x.i.id),
                        0);
        if (r == 0 && (items == 0 || items > (int64_t)COURT_ITEMS_MAX))
                return api_refuse(c, 409, items ? "too_many" : "nothing",
                                  items ? "There are more than 2,000 items"
                                        : "The incident has no evidence",
                                  items ? "Có hơn 2.000 mục" : "Sự cố chưa có chứng cứ");
        if (r == 0)
                r = sql_do(c->db,
                           "INSERT INTO evidence_export(incident,unit,reason,state,proposed,"
                           "proposer,lapses,items,bytes)"
                           " VALUES(?1,?2,?3,'proposed',?4,?5,?6,?7,?8)",
                           "iitiiiii", x.i.id, x.i.unit, api_text(c, "reason"), c->now, c->who.id,
                           c->now + LAPSE_NS, items, bytes);
        if (r != 0)
                return r;
        x.id = sql_last_id(c->db);
        snprintf(c->about, sizeof(c->about), "evidence export %lld", (long long)x.id);
        r = say(c, &x, "asked for, waits for a second person", "đề nghị, chờ người thứ hai");
        return r == 0 ? detail(c, x.id) : r;
}

static int still_open(struct api_call *c, const struct export *x) {
        if (!span_eq(x->state, SPAN("proposed")))
                return api_refuse(c, 409, "decided", "it was decided already", "đã có quyết định");
        if (x->lapses <= c->now)
                return api_refuse(c, 409, "lapsed", "it lapsed: ask again",
                                  "đề nghị đã hết hạn: hãy đề nghị lại");
        return 0;
}

static int decide_not(struct api_call *c, const char *state, bool own, const char *en,
                      const char *vi) {
        struct export x = {0};
        int r = find(c, "evidence.export", &x);

        if (r == 0)
                r = still_open(c, &x);
        if (r == 0 && own != (x.proposer == c->who.id))
                return api_refuse(c, 403, own ? "not_yours" : "same_person",
                                  own ? "only who asked takes it back"
                                      : "you asked for it: take it back instead",
                                  own ? "chỉ người đề nghị mới rút được"
                                      : "bạn là người đề nghị: hãy rút lại");
        if (r == 0)
                r = sql_do(c->db,
                           "UPDATE evidence_export SET state=?2, decided=?3, approver=?4, note=?5"
                           " WHERE id=?1",
                           "isikt", x.id, state, c->now, own ? 0 : c->who.id,
                           api_text(c, "reason"));
        if (r == 0)
                r = say(c, &x, en, vi);
        return r == 0 ? detail(c, x.id) : r;
}

int evidence_do_refuse(struct api_call *c) {
        return decide_not(c, "refused", false, "refused", "từ chối");
}

int evidence_do_withdraw(struct api_call *c) {
        return decide_not(c, "withdrawn", true, "taken back", "rút lại");
}

/* ---- the manifest ---- */

static json_t *custody_json(struct api_call *c, int64_t evidence) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        json_t *list = json_array();
        int r = sql_rows(c->db, &q,
                         "SELECT n, at, by_name, what, to_whom, reason, origin, lower(hex(hash))"
                         " FROM custody WHERE evidence=?1 ORDER BY n",
                         "i", evidence);

        while (r == 0 && (r = sql_next(q)) == 1)
                r = json_array_append_new(list, json_pack("{sI so sI so so so so so so}", "n",
                                                          (json_int_t)sql_int(q, 0), "at",
                                                          api_json_time(sql_time(q, 1)), "at_ns",
                                                          (json_int_t)sql_int(q, 1), "by",
                                                          api_json_text(sql_span(q, 2)), "what",
                                                          api_json_text(sql_span(q, 3)), "to",
                                                          api_json_text(sql_span(q, 4)), "reason",
                                                          api_json_text(sql_span(q, 5)), "from",
                                                          api_json_text(sql_span(q, 6)), "hash",
                                                          api_json_text(sql_span(q, 7))));
        if (r == 0)
                return list;
        json_decref(list);
        return NULL;
}

static json_t *item_json(struct api_call *c, struct sql_rows *q, unsigned index) {
        char path[COURT_PATH_MAX];
        bool file = span_eq(sql_span(q, 2), SPAN("file"));

        court_path(path, index, sql_span(q, 3));
        json_t *custody = custody_json(c, sql_int(q, 0));
        json_t *o = json_pack(
                "{so so so so so so so so so so so}", "item", api_json_text(sql_span(q, 1)), "kind",
                api_json_text(sql_span(q, 2)), "name", api_json_text(sql_span(q, 3)), "path",
                file ? json_string(path) : json_null(), "size", json_integer(sql_int(q, 4)), "hash",
                api_json_text(sql_span(q, 5)), "note", api_json_text(sql_span(q, 6)), "origin",
                api_json_text(sql_span(q, 7)), "taken", api_json_time(sql_time(q, 8)), "added",
                api_json_time(sql_time(q, 9)), "custody", custody);
        if (o && !file)
                json_object_update_new(o, json_pack("{sI sI so}", "first_seq",
                                                    (json_int_t)sql_int(q, 10), "last_seq",
                                                    (json_int_t)sql_int(q, 11), "query",
                                                    api_json_text(sql_span(q, 12))));
        return o;
}

#define ITEMS                                                                                      \
        "SELECT e.id, i.code||'/E'||e.n, e.kind, e.name, e.size, lower(hex(e.hash)), e.note,"      \
        " e.origin, e.taken, e.added, e.first_seq, e.last_seq, ifnull(e.query,'')"                 \
        " FROM evidence e JOIN incident i ON i.id=e.incident WHERE e.incident=?1 ORDER BY e.n"

static int items_json(struct api_call *c, int64_t incident, json_t **ret) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        json_t *list = json_array();
        unsigned n = 0;
        int r = sql_rows(c->db, &q, ITEMS, "i", incident);

        while (r == 0 && (r = sql_next(q)) == 1)
                r = json_array_append_new(list, item_json(c, q, ++n)) < 0 ? FAIL(-ENOMEM) : 0;
        if (r < 0)
                json_decref(list);
        else
                *ret = list;
        return r;
}

struct signing {
        struct court_sign sign;
        struct span manifest;
};

static int make_manifest(struct api_call *c, const struct export *x, struct signing *g) {
        _cleanup_(buf_deinit) struct buf b = {.limit = COURT_MANIFEST_MAX};
        json_t *items = NULL;
        int r = items_json(c, x->i.id, &items);

        if (r < 0)
                return r;
        g->sign = (struct court_sign){.name = COURT_NAME,
                                      .number = (uint64_t)x->id,
                                      .incident = x->i.id,
                                      .time = c->now,
                                      .proposer = x->proposer,
                                      .approver = c->who.id,
                                      .items = json_array_size(items)};
        json_t *o = json_pack("{ss sI so so so so so so sI so}", "coloa", COURT_NAME, "export",
                              (json_int_t)x->id, "incident", api_json_text(x->i.code), "title",
                              api_json_text(x->i.title), "reason", api_json_text(x->reason),
                              "requested_by", api_json_text(x->proposer_name), "approved_by",
                              api_json_text(c->who.name), "at", api_json_time(c->now), "at_ns",
                              (json_int_t)c->now, "items", items);
        if (o && x->i.drill)
                json_object_set_new(o, "drill", json_string("DRILL / DIỄN TẬP"));
        r = o ? api_json_text_of(&b, o) : FAIL(-ENOMEM);
        json_decref(o);
        if (r < 0)
                return o && b.failed ? api_refuse(c, 413, "too_large",
                                                  "The chains of custody are too long for one file",
                                                  "Chuỗi lưu giữ quá dài cho một tệp")
                                     : r;
        crypto_generichash(g->sign.manifest, COURT_HASH_BYTES, (const unsigned char *)b.p, b.len,
                           NULL, 0);
        g->manifest = arena_dup(c->arena, buf_get(&b));
        return g->manifest.p ? 0 : FAIL(-ENOMEM);
}

/* ---- signing ---- */

static int put_item(struct api_call *c, const struct export *x, struct sql_rows *q, unsigned n) {
        struct evidence e = {.id = sql_int(q, 0)};
        struct incident i = {0};
        char path[COURT_PATH_MAX], about[64];
        int r = evidence_find(c, e.id, "evidence.export", &e, &i);

        if (r != 0)
                return r;
        court_path(path, n, e.name);
        r = sql_do(c->db, "INSERT INTO evidence_exported VALUES(?1,?2,?3,?4,?5,?6)", "iiiksi",
                   x->id, (int64_t)n, e.id, e.blob, e.file ? path : "",
                   e.file ? e.size : (int64_t)0);
        if (r == 0)
                r = sql_do(c->db, "UPDATE evidence SET sealed=1, version=version+1 WHERE id=?1",
                           "i", e.id);
        snprintf(about, sizeof(about), "export %lld", (long long)x->id);
        return r == 0 ? custody_add(c, &e,
                                    &(struct custody){.what = "sealed",
                                                      .to = span_str(about),
                                                      .reason = x->reason,
                                                      .from = custody_place(c)})
                      : r;
}

/* Those that the manifest names: what came after it was made is not among them. */
static int put_items(struct api_call *c, const struct export *x, uint64_t n_items) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        unsigned n = 0;
        int r = sql_rows(c->db, &q, ITEMS, "i", x->i.id);

        while (r == 0 && n < n_items && (r = sql_next(q)) == 1)
                r = put_item(c, x, q, ++n);
        if (r == 0 && n != n_items)
                r = FAIL(-EIO);
        snprintf(c->about, sizeof(c->about), "evidence export %lld", (long long)x->id);
        return r;
}

static int signed_by_vault(struct api_call *c, const struct export *x) {
        const struct msg_vault_answer *v = c->said;
        const struct signing *g = c->kept;
        char hex[2 * COURT_HASH_BYTES + 1];
        int r = totp_said(c);

        if (r != 0)
                return r;
        if (v->box_len != sizeof(struct court_signed))
                return FAIL(-EBADMSG);
        r = sql_do(c->db,
                   "UPDATE evidence_export SET state='signed', decided=?2, approver=?3,"
                   " manifest=?4, signed=?5, signature=?6, items=?7 WHERE id=?1",
                   "iiixxxi", x->id, c->now, c->who.id, g->manifest,
                   span_of((const char *)&g->sign, sizeof(g->sign)),
                   span_of((const char *)v->box, v->box_len), (int64_t)g->sign.items);
        if (r == 0)
                r = put_items(c, x, g->sign.items);
        if (r == 0)
                r = say(c, x, "approved and signed", "đã duyệt và ký");
        if (r == 0)
                r = incident_touch(c, &x->i);
        if (r != 0)
                return r;
        snprintf(c->about, sizeof(c->about), "evidence export %lld", (long long)x->id);
        sodium_bin2hex(hex, sizeof(hex), g->sign.manifest, COURT_HASH_BYTES);
        c->detail = json_pack("{ss}", "manifest", hex);
        return detail(c, x->id);
}

int evidence_do_approve(struct api_call *c) {
        struct export x = {0};
        int r = find(c, "evidence.export", &x);

        if (r == 0)
                r = still_open(c, &x);
        if (r == 0)
                r = second_good(c, x.proposer);
        if (r != 0)
                return r;
        if (c->said)
                return signed_by_vault(c, &x);
        struct signing *g = arena_zalloc(c->arena, sizeof(*g));
        if (!g)
                return FAIL(-ENOMEM);
        r = make_manifest(c, &x, g);
        c->kept = g;
        return r == 0 ? court_ask(c, &g->sign) : r;
}

/* ---- the file ---- */

struct giving {
        int64_t export, n;         /* item at hand; 0: before the first */
        int64_t blob, size, piece; /* piece -1: its head is due */
};

static void put_member(struct buf *to, const char *path, struct span s) {
        static const char zeros[COURT_BLOCK];
        unsigned char head[COURT_BLOCK];

        court_tar_head(head, path, s.len);
        buf_add(to, head, sizeof(head));
        buf_span(to, s);
        buf_add(to, zeros, court_padding(s.len));
}

static int give_begin(struct api_call *c, struct giving *g, struct buf *to) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        _cleanup_(buf_deinit) struct buf text = {0};
        struct court_signed k;
        struct court_sign s;
        int r = sql_rows(c->db, &q,
                         "SELECT manifest, signed, signature FROM evidence_export WHERE id=?1", "i",
                         g->export);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r < 0 ? r : FAIL(-EIO);
        if (sql_span(q, 1).len != sizeof(s) || sql_span(q, 2).len != sizeof(k))
                return FAIL(-EBADMSG);
        memcpy(&s, sql_span(q, 1).p, sizeof(s));
        memcpy(&k, sql_span(q, 2).p, sizeof(k));
        put_member(to, COURT_README, court_readme());
        to->limit = MAX(to->limit, COURT_MANIFEST_MAX + 65536);
        put_member(to, COURT_MANIFEST, sql_span(q, 0));
        court_signature_text(&text, &s, &k);
        put_member(to, COURT_SIGNATURE, buf_get(&text));
        return text.failed ? FAIL(-ENOMEM) : 1;
}

/* The next file's head; 0: there is none. */
static int give_head(struct api_call *c, struct giving *g, struct buf *to) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        unsigned char head[COURT_BLOCK];
        int r = sql_rows(c->db, &q,
                         "SELECT n, blob, size, path FROM evidence_exported WHERE export=?1"
                         " AND n>?2 AND blob IS NOT NULL ORDER BY n LIMIT 1",
                         "ii", g->export, g->n);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r;
        g->n = sql_int(q, 0);
        g->blob = sql_int(q, 1);
        g->size = sql_int(q, 2);
        g->piece = 0;
        char path[COURT_PATH_MAX];
        snprintf(path, sizeof(path), "%.*s", (int)sql_span(q, 3).len, sql_span(q, 3).p);
        court_tar_head(head, path, (uint64_t)g->size);
        buf_add(to, head, sizeof(head));
        return 1;
}

static int give(struct api_call *c, struct buf *to) {
        static const char zeros[2 * COURT_BLOCK];
        struct giving *g = c->kept;
        int r;

        if (g->piece == -2) {
                g->piece = -1;
                return give_begin(c, g, to);
        }
        if (g->piece == -1) {
                r = give_head(c, g, to);
                if (r == 0)
                        buf_add(to, zeros, sizeof(zeros));
                return r;
        }
        r = blob_read(c->db, g->blob, g->piece++, to);
        if (r != 0)
                return r;
        buf_add(to, zeros, court_padding((uint64_t)g->size));
        g->piece = -1;
        return 1;
}

static int write_exported(struct api_call *c, const struct export *x) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q, "SELECT evidence FROM evidence_exported WHERE export=?1", "i",
                         x->id);

        while (r == 0 && (r = sql_next(q)) == 1) {
                struct evidence e = {0};
                struct incident i = {0};

                r = evidence_find(c, sql_int(q, 0), "evidence.export", &e, &i);
                if (r == 0)
                        r = custody_add(c, &e,
                                        &(struct custody){.what = "exported",
                                                          .reason = x->reason,
                                                          .from = custody_place(c)});
        }
        return r;
}

int evidence_do_file(struct api_call *c) {
        struct giving *g = arena_zalloc(c->arena, sizeof(*g));
        struct export x = {0};
        char name[80];
        int r = g ? find(c, "evidence.export", &x) : FAIL(-ENOMEM);

        if (r == 0 && !span_eq(x.state, SPAN("signed")))
                return api_refuse(c, 409, "not_signed", "it is not signed", "chưa được ký");
        if (r == 0)
                r = api_write(c);
        if (r == 0)
                r = write_exported(c, &x);
        if (r != 0)
                return r;
        *g = (struct giving){.export = x.id, .piece = -2};
        c->kept = g;
        snprintf(c->about, sizeof(c->about), "evidence export %lld", (long long)x.id);
        snprintf(name, sizeof(name), "%sevidence-%.*s-%lld.tar", x.i.drill ? "dien-tap-" : "",
                 (int)MIN(x.i.code.len, (size_t)40), x.i.code.p, (long long)x.id);
        return api_file(c, "application/x-tar", name, give);
}
