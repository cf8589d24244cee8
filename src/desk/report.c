/* See report.h. A version's content is JSON of our own making; its bytes as they are kept are what the hash
 * is of, and the hash is what people sign:
 *
 *   BLAKE2b-256("coloa report 1\n" | code | "\n" | number of the version | "\n" | bytes)
 *
 *   R4. A report that is signing, signed or sent is not written: it is reopened first, which voids what was
 *       signed.
 *   R5. What is missing is counted anew with every version, from the form's own marks. */
#include "desk/report.h"
#include "desk/matter.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "desk/desk_impl.h"

#define DAY_NS (INT64_C(86400) * NS_PER_SEC)
#define CONTENT_MAX ((size_t)1 << 20)

/* ---- finding one ---- */

static struct span kept(struct api_call *c, struct sql_rows *q, int column) {
        return arena_dup(c->arena, sql_null(q, column) ? SPAN("") : sql_span(q, column));
}

/* 1, 0: there is none, -errno. */
static int read_one(struct api_call *c, int64_t id, struct report *t) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT t.incident, t.unit, t.version, t.writer, ifnull(k.due,t.due),"
                         " t.year, t.drill, t.code, t.kind, t.regime, t.periodic, t.state, t.lang,"
                         " t.clock, t.recipient, t.title, t.title_vi, t.mail, EXISTS(SELECT 1 FROM"
                         " outgoing o WHERE o.id=t.mail AND o.state='queued') FROM report t"
                         " LEFT JOIN incident_clock k ON k.incident=t.incident AND k.clock=t.clock"
                         " WHERE t.id=?1",
                         "i", id);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r;
        *t = (struct report){.id = id,
                             .incident = sql_int(q, 0),
                             .unit = sql_int(q, 1),
                             .version = sql_int(q, 2),
                             .writer = sql_int(q, 3),
                             .due = sql_time(q, 4),
                             .year = sql_int(q, 5),
                             .drill = sql_int(q, 6) != 0,
                             .mail = sql_int(q, 17),
                             .leaving = sql_int(q, 18) != 0};
        struct span *texts[] = {&t->code, &t->kind,  &t->regime_id, &t->periodic, &t->state,
                                &t->lang, &t->clock, &t->recipient, &t->title,    &t->title_vi};
        for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
                *texts[i] = kept(c, q, (int)i + 7);
                if (!texts[i]->p)
                        return FAIL(-ENOMEM);
        }
        t->regime = c->desk->regimes ? regime_get(c->desk->regimes, t->regime_id.p) : NULL;
        return 1;
}

int report_get(struct api_call *c, int64_t id, const char *permission, struct report *ret) {
        int r = read_one(c, id, ret);

        if (r <= 0)
                return r < 0 ? r : api_missing(c);
        if (ret->incident) {
                r = incident_get(c, ret->incident, "reports.read", &ret->of);
                return r == 0 ? incident_get(c, ret->incident, permission, &ret->of) : r;
        }
        r = api_sees(c, "reports.read", ret->unit);
        if (r <= 0)
                return r < 0 ? r : api_missing(c);
        return api_may(c, permission, ret->unit);
}

int report_read(struct api_call *c, int64_t id, struct report *ret) {
        int r = read_one(c, id, ret);

        if (r == 1 && ret->incident)
                r = incident_read(c, ret->incident, &ret->of);
        return r < 0 ? r : r == 0 ? FAIL(-ENOENT) : 0;
}

int report_fresh(struct api_call *c, const struct report *r) {
        return api_int(c, "version", 0) == r->version
                       ? 0
                       : api_refuse(c, 409, "stale",
                                    "Somebody wrote a new version meanwhile: look again",
                                    "Có người vừa soạn bản mới: hãy xem lại");
}

int report_in(struct api_call *c, const struct report *r, const char *state) {
        if (span_eq(r->state, span_str(state)))
                return 0;
        if (strcmp(state, "draft") == 0)
                return api_refuse(c, 409, "not_draft", "It is no draft any more: reopen it first",
                                  "Không còn là dự thảo: hãy trả về dự thảo trước");
        if (strcmp(state, "signing") == 0)
                return api_refuse(c, 409, "not_signing", "It does not wait for signatures",
                                  "Báo cáo không ở trạng thái chờ ký");
        return api_refuse(c, 409, "not_signed", "Two people have to sign it first",
                          "Cần hai người ký trước");
}

int report_visible(struct api_call *c, const char *more, const char **ret) {
        const char *of = "0", *own = "0", *drill = "1";
        /* '+': an incident has a unit or two, and a department more to look for. */
        int r = api_scope(c, "reports.read", "+x.unit", &of);

        if (r == 0)
                r = matter_sees(c, "(SELECT drill FROM incident WHERE id=t.incident)",
                                matter_asked(c) || api_has(c, "id"), &drill);
        if (r == 0)
                r = api_scope(c, "reports.read", "t.unit", &own);
        if (r < 0)
                return r;
        struct span s = arena_printf(c->arena,
                                     "(EXISTS(SELECT 1 FROM incident_unit x WHERE"
                                     " x.incident=t.incident AND (%s)) OR (t.incident IS NULL"
                                     " AND (%s))) AND %s%s",
                                     of, own, drill, more);
        *ret = s.p;
        return s.p ? 0 : FAIL(-ENOMEM);
}

/* ---- versions ---- */

static void hash_of(const struct report *r, int64_t version, struct span bytes,
                    unsigned char ret[REPORT_HASH]) {
        crypto_generichash_state h;
        char head[96];
        int n = snprintf(head, sizeof(head), "coloa report 1\n%.*s\n%lld\n",
                         (int)MIN(r->code.len, (size_t)40), r->code.p, (long long)version);

        crypto_generichash_init(&h, NULL, 0, REPORT_HASH);
        crypto_generichash_update(&h, (const unsigned char *)head, (size_t)n);
        crypto_generichash_update(&h, (const unsigned char *)bytes.p, bytes.len);
        crypto_generichash_final(&h, ret, REPORT_HASH);
}

int report_content(struct api_call *c, const struct report *r, int64_t version, json_t **ret,
                   unsigned char ret_hash[REPORT_HASH]) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int e = sql_rows(c->db, &q,
                         "SELECT content, hash FROM report_version"
                         " WHERE report=?1 AND n=?2",
                         "ii", r->id, version);

        if (e == 0)
                e = sql_next(q);
        if (e <= 0)
                return e < 0 ? e : api_missing(c);
        struct span bytes = sql_span(q, 0), hash = sql_span(q, 1);
        hash_of(r, version, bytes, ret_hash);
        if (hash.len != REPORT_HASH || memcmp(hash.p, ret_hash, REPORT_HASH) != 0)
                return api_refuse(c, 409, "changed_outside",
                                  "This version is not what was written: its hash does not fit",
                                  "Bản này không còn nguyên vẹn: mã băm không khớp");
        *ret = json_loadb(bytes.p, bytes.len, JSON_REJECT_DUPLICATES, NULL);
        return *ret ? 0 : FAIL(-EBADMSG);
}

/* R5. */
static json_t *missing_of(const json_t *content) {
        json_t *list = json_array();
        const json_t *f;
        size_t i;

        json_array_foreach(json_object_get(content, "fields"), i, f) {
                if (!json_is_true(json_object_get(f, "must")) ||
                    json_string_length(json_object_get(f, "value")))
                        continue;
                json_array_append_new(list,
                                      json_pack("{s:O,s:O,s:O}", "name", json_object_get(f, "name"),
                                                "text", json_object_get(f, "title"), "text_vi",
                                                json_object_get(f, "title_vi")));
        }
        return list;
}

static int put(const char *p, size_t n, void *to) {
        buf_add(to, p, n);
        return ((struct buf *)to)->failed ? -1 : 0;
}

static int text_of(const json_t *v, struct buf *to) {
        return json_dump_callback(v, put, to, JSON_COMPACT) < 0 ? -EFBIG : 0;
}

/* What stands around the form, as it is now: of what people sign, too. A first unit that nobody gave a name yet (tables_people.c)
 * is none. */
static int put_head(struct api_call *c, const struct report *r, json_t *content) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int e = sql_rows(c->db, &q,
                         "SELECT CASE ?3 WHEN 1 THEN ifnull(a.name_vi,a.name) ELSE a.name END,"
                         " CASE ?3 WHEN 1 THEN ifnull(u.name_vi,u.name) ELSE u.name END,"
                         " (SELECT title FROM incident WHERE id=?2),"
                         " (SELECT tlp FROM incident WHERE id=?2) FROM unit u"
                         " LEFT JOIN unit a ON a.id=u.parent AND a.name<>'Agency' WHERE u.id=?1",
                         "iib", r->unit, r->incident, (int)!span_eq(r->lang, SPAN("en")));

        if (e == 0)
                e = sql_next(q);
        if (e < 0)
                return e;
        json_t *texts[4];
        for (int i = 0; i < 4; i++)
                texts[i] =
                        e == 1 && !sql_null(q, i) ? api_json_text(sql_span(q, i)) : json_string("");
        json_t *head = json_pack("{s:[o,o],s:o,s:o,s:s,s:s,s:s,s:s,s:s,s:b}", "agency", texts[0],
                                 texts[1], "about", texts[2], "tlp", texts[3], "incident",
                                 r->incident ? r->of.code.p : "", "regime", r->regime_id.p, "kind",
                                 r->kind.p, "lang", r->lang.p, "to", r->recipient.p, "drill",
                                 (int)r->drill);
        return json_object_set_new(content, "head", head) < 0 ? FAIL(-ENOMEM) : 0;
}

int report_write(struct api_call *c, struct report *r, json_t *content, struct span note) {
        _cleanup_(buf_deinit) struct buf text = {.limit = CONTENT_MAX};
        _cleanup_(buf_deinit) struct buf list = {.limit = CONTENT_MAX};
        unsigned char hash[REPORT_HASH];
        json_t *missing = missing_of(content);
        int64_t n = r->version + 1;
        int e = missing ? put_head(c, r, content) : FAIL(-ENOMEM);

        if (e == 0 && (text_of(content, &text) < 0 || text_of(missing, &list) < 0))
                e = api_refuse(c, 413, "too_large", "the report is longer than what is kept",
                               "báo cáo dài hơn mức lưu được");
        if (e == 0) {
                hash_of(r, n, buf_get(&text), hash);
                e = sql_do(c->db, "INSERT INTO report_version VALUES(?1,?2,?3,?4,?5,?6,?7)",
                           "iiikttx", r->id, n, c->now, c->who.id, note.p ? note : SPAN(""),
                           buf_get(&text), span_of((const char *)hash, sizeof(hash)));
        }
        if (e == 0)
                e = sql_do(c->db,
                           "UPDATE report SET version=?2, written=?3, writer=?4, missing=?5,"
                           " missing_fields=?6 WHERE id=?1",
                           "iiikit", r->id, n, c->now, c->who.id, (int64_t)json_array_size(missing),
                           buf_get(&list));
        json_decref(missing);
        if (e == 0) {
                r->version = n;
                r->writer = c->who.id;
        }
        return e;
}

/* ---- numbers ---- */

int64_t report_zone_s(const json_t *regime) {
        const char *z = json_string_value(json_object_get(regime, "zone"));

        if (!z || strlen(z) != 6)
                return 0;
        return (strtol(z + 1, NULL, 10) * 60 + strtol(z + 4, NULL, 10)) * (z[0] == '-' ? -60 : 60);
}

int report_next_code(struct api_call *c, const json_t *regime, bool drill, struct span *ret) {
        int64_t year, n = 0;
        unsigned month, day;

        time_civil((c->now + report_zone_s(regime) * NS_PER_SEC) / DAY_NS, &year, &month, &day);
        int64_t series = drill ? -year : year; /* drills take no number of a real one */
        int r = sql_do(c->db,
                       "INSERT INTO report_number VALUES(?1,1) ON CONFLICT(year) DO UPDATE SET"
                       " last=last+1",
                       "i", series);
        if (r == 0)
                r = sql_get_int(c->db, &n, "SELECT last FROM report_number WHERE year=?1", "i",
                                series);
        if (r < 0)
                return r;
        *ret = arena_printf(c->arena, "%sBC-%lld-%04lld", drill ? "DT-" : "", (long long)year,
                            (long long)n);
        return ret->p ? 0 : FAIL(-ENOMEM);
}

/* ---- what it does to its incident ---- */

int report_say(struct api_call *c, const struct report *r, const char *en, const char *vi,
               struct span more) {
        struct span en_title = r->title, vi_title = r->title_vi;

        snprintf(c->about, sizeof(c->about), "report %lld", (long long)r->id);
        api_tell(c, "report", r->id, r->unit);
        if (!r->incident)
                return 0;
        const struct incident_entry e = {
                .kind = "report",
                .about = "report",
                .about_id = r->id,
                .en = incident_text(c, "%s %.*s: %s%s%.*s", r->code.p, (int)en_title.len,
                                    en_title.p, en, more.len ? ": " : "", (int)more.len,
                                    more.len ? more.p : ""),
                .vi = incident_text(c, "%s %.*s: %s%s%.*s", r->code.p, (int)vi_title.len,
                                    vi_title.p, vi, more.len ? ": " : "", (int)more.len,
                                    more.len ? more.p : ""),
        };
        int e2 = incident_write(c, r->incident, &e);
        if (e2 == 0)
                e2 = sql_do(c->db, "UPDATE incident SET version=version+1 WHERE id=?1", "i",
                            r->incident);
        api_tell(c, "incident", r->incident, r->unit);
        return e2;
}

/* Those that run, or may: what was reported was reported, whatever is decided later. */
int report_meets(struct api_call *c, const struct report *r, int64_t at, struct span proof) {
        struct span ids[16], en[16], vi[16];
        unsigned n = 0;
        int e;

        if (!r->incident)
                return 0;
        {
                _cleanup_(sql_endp) struct sql_rows *q = NULL;

                e = sql_rows(c->db, &q,
                             "SELECT clock, title, title_vi FROM incident_clock WHERE incident=?1"
                             " AND report=?2 AND state<>0 AND met_at IS NULL AND void_at IS NULL"
                             " ORDER BY due",
                             "it", r->incident, r->kind);
                while (e == 0 && n < ARRAY_LEN(ids) && (e = sql_next(q)) == 1) {
                        ids[n] = arena_dup(c->arena, sql_span(q, 0));
                        en[n] = arena_dup(c->arena, sql_span(q, 1));
                        vi[n] = arena_dup(c->arena, sql_span(q, 2));
                        e = ids[n].p && en[n].p && vi[n].p ? 0 : FAIL(-ENOMEM);
                        n++;
                }
        }
        for (unsigned i = 0; i < n && e >= 0; i++) {
                e = sql_do(c->db,
                           "UPDATE incident_clock SET met_at=?3, met_by=?4, proof=?5"
                           " WHERE incident=?1 AND clock=?2",
                           "itikt", r->incident, ids[i], matter_at(c, r->of.drill, at), c->who.id,
                           proof);
                if (e == 0)
                        e = incident_write(
                                c, r->incident,
                                &(struct incident_entry){
                                        .kind = "clock",
                                        .about = "report",
                                        .about_id = r->id,
                                        .en = incident_text(c, "%s: met: %.*s", en[i].p,
                                                            (int)proof.len, proof.p),
                                        .vi = incident_text(c, "%s: đã đáp ứng: %.*s", vi[i].p,
                                                            (int)proof.len, proof.p)});
        }
        return e < 0 ? e : incident_clocks(c, &r->of);
}
