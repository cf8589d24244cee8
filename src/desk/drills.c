/* See drills.h.
 *
 *   D1. A drill goes to main only when its row says "running" on disk: whatever becomes of the desk, it is known
 *       that it was begun.
 *   D2. What comes back counts once: of the drill and the attempt that the row names, while it runs.
 *   D3. One that a crash cut off is begun again, DRILL_ATTEMPTS times in all; then it has failed.
 *   D4. Good is what has no fault: of the mender's (a file that is not what it was), or found here (too old,
 *       too slow). A drill that is not good raises an alert of the node's own. */
#include "desk/drills.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "desk/api_impl.h"
#include "desk/blobs.h"
#include "desk/desk_impl.h"
#include "mender/mender.h"
#include "os/os.h"

#define DRILL_ATTEMPTS 3
#define SCHEDULE_NS (INT64_C(60) * NS_PER_SEC)

struct drills {
        json_t *repositories;
        struct msg_mender next;
        int64_t running; /* with main; 0: none */
        int64_t looked;  /* wall: at the schedule */
        uint32_t attempt;
};

static struct drills *drills_of_desk(struct desk *d) {
        if (!d->drills)
                d->drills = calloc(1, sizeof(*d->drills));
        return d->drills;
}

void desk_drills_free(struct desk *d) {
        if (d->drills)
                json_decref(d->drills->repositories);
        free(d->drills);
        d->drills = NULL;
}

int desk_recovery(struct desk *d, struct span json) {
        struct drills *s = drills_of_desk(d);
        json_t *list = json_loadb(json.p, json.len, 0, NULL);

        if (!s || !json_is_array(list)) {
                json_decref(list);
                return FAIL(s ? -EPROTO : -ENOMEM);
        }
        json_decref(s->repositories);
        s->repositories = list;
        s->looked = 0;
        return 0;
}

int drills_catch_up(struct desk *d) {
        struct sql *db = state_sql(d->state);
        int64_t n = 0;
        int r = sql_get_int(db, &n, "SELECT count(*) FROM drill WHERE state='running'", "");

        if (r < 0 || n == 0)
                return MIN(r, 0);
        r = state_begin(d->state);
        if (r == 0) /* D3 */
                r = sql_do(db,
                           "UPDATE drill SET state=CASE WHEN attempt<?1 THEN 'queued' ELSE 'failed'"
                           " END, good=CASE WHEN attempt<?1 THEN NULL ELSE 0 END,"
                           " faults=CASE WHEN attempt<?1 THEN faults ELSE"
                           " '[{\"code\":\"interrupted\",\"detail\":\"\"}]' END"
                           " WHERE state='running'",
                           "i", (int64_t)DRILL_ATTEMPTS);
        return r == 0 ? state_commit(d->state) : r;
}

/* ---- repositories ---- */

const json_t *drill_repositories(const struct desk *d) {
        return d->drills ? d->drills->repositories : NULL;
}

static struct span text_of(const json_t *o, const char *name) {
        const json_t *v = json_object_get(o, name);

        return json_is_string(v) ? span_of(json_string_value(v), json_string_length(v)) : SPAN("");
}

static int64_t int_of(const json_t *o, const char *name) {
        return (int64_t)json_integer_value(json_object_get(o, name));
}

const json_t *drill_repository(const struct desk *d, struct span name) {
        const json_t *v;
        size_t i;

        json_array_foreach(drill_repositories(d), i,
                           v) if (span_eq(text_of(v, "name"), name)) return v;
        return NULL;
}

int drill_place(struct desk *d, const json_t *repository, struct drill_place *ret) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(state_sql(d->state), &q,
                         "SELECT id, unit, ifnull(rto_s,0), ifnull(rpo_s,0) FROM system"
                         " WHERE code=?1",
                         "t", text_of(repository, "system"));

        *ret = (struct drill_place){.unit = 1};
        if (r == 0)
                r = sql_next(q);
        if (r == 1)
                *ret = (struct drill_place){sql_int(q, 0), sql_int(q, 1), sql_int(q, 2),
                                            sql_int(q, 3)};
        if (int_of(repository, "rto_s"))
                ret->rto_s = int_of(repository, "rto_s");
        if (int_of(repository, "rpo_s"))
                ret->rpo_s = int_of(repository, "rpo_s");
        return MIN(r, 0);
}

int drill_queue(struct desk *d, const json_t *repository, bool whole, int64_t by, int64_t wall,
                int64_t *ret_id) {
        struct sql *db = state_sql(d->state);
        struct drill_place p;
        int64_t n;
        int r = sql_get_int(db, &n,
                            "SELECT id FROM drill WHERE repository=?1 AND state IN"
                            " ('queued','running')",
                            "t", text_of(repository, "name"));

        if (r != 0)
                return r < 0 ? r : -EBUSY;
        r = drill_place(d, repository, &p);
        if (r == 0)
                r = sql_do(db,
                           "INSERT INTO drill(repository,kind,system,unit,whole,state,asked,"
                           "asked_by,rto_s,rpo_s) VALUES(?1,?2,?3,?4,?5,'queued',?6,?7,?8,?9)",
                           "ttkibikkk", text_of(repository, "name"), text_of(repository, "kind"),
                           p.system, p.unit, whole, wall, by, p.rto_s, p.rpo_s);
        if (r < 0)
                return r;
        *ret_id = sql_last_id(db);
        api_tell_all(d, "drill", *ret_id, p.unit);
        return 0;
}

/* ---- the schedule ---- */

/* Due when the last one was asked for so long ago; a clock set back brings it once more at most. */
static int is_due(struct desk *d, const json_t *repository, int64_t wall) {
        int64_t every = int_of(repository, "every_s"), last = 0;

        if (every <= 0)
                return 0;
        int r = sql_get_int(state_sql(d->state), &last,
                            "SELECT asked FROM drill WHERE repository=?1 ORDER BY id DESC LIMIT 1",
                            "t", text_of(repository, "name"));
        if (r < 0)
                return r;
        return r == 0 || wall - last >= every * NS_PER_SEC || last > wall + every * NS_PER_SEC;
}

static int schedule(struct desk *d, struct drills *s, int64_t wall) {
        const json_t *v;
        size_t i;

        if (wall - s->looked < SCHEDULE_NS && s->looked && s->looked <= wall)
                return 0;
        s->looked = wall;
        json_array_foreach(s->repositories, i, v) {
                int64_t id;
                int r = is_due(d, v, wall);

                if (r == 1)
                        r = desk_begin(d);
                else if (r == 0)
                        continue;
                if (r == 0)
                        r = drill_queue(d, v, json_is_true(json_object_get(v, "whole")), 0, wall,
                                        &id);
                if (r < 0 && r != -EBUSY)
                        return r;
        }
        return 0;
}

/* ---- to main ---- */

/* What was written down: the configuration's list, and what the last good drill found. */
static int job_expect(struct desk *d, const json_t *repository, json_t *list) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(state_sql(d->state), &q,
                         "SELECT path, size, mtime, sha256 FROM drill_expect WHERE repository=?1"
                         " ORDER BY path LIMIT 128",
                         "t", text_of(repository, "name"));

        json_array_extend(list, json_object_get(repository, "expect"));
        while (r == 0 && (r = sql_next(q)) == 1)
                r = json_array_append_new(list, json_pack("{so sI sI so}", "path",
                                                          api_json_text(sql_span(q, 0)), "size",
                                                          (json_int_t)sql_int(q, 1), "mtime",
                                                          (json_int_t)sql_int(q, 2), "sha256",
                                                          api_json_text(sql_span(q, 3))));
        return r;
}

static int put(const char *p, size_t n, void *to) {
        buf_add(to, p, n);
        return ((struct buf *)to)->failed ? -1 : 0;
}

static int make_job(struct desk *d, const json_t *repository, int64_t id, bool whole, int *ret_fd) {
        _cleanup_(buf_deinit) struct buf b = {.limit = MENDER_JOB_MAX};
        _cleanup_(os_closep) int fd = -1;
        json_t *expect = json_array();
        int r = job_expect(d, repository, expect);
        json_t *o = json_pack("{sI sb sI sI sO* so}", "id", (json_int_t)id, "whole", whole,
                              "sample", (json_int_t)int_of(repository, "sample"), "quota",
                              (json_int_t)int_of(repository, "quota"), "names",
                              json_object_get(repository, "files"), "expect", expect);

        if (r == 0 && (!o || json_dump_callback(o, put, &b, JSON_COMPACT) < 0))
                r = FAIL(-ENOMEM);
        json_decref(o);
        if (r == 0)
                r = os_memfd("drill", &fd);
        if (r == 0)
                r = os_write_full(fd, b.p, b.len);
        if (r == 0)
                r = os_memfd_seal(fd);
        if (r < 0)
                return FAIL(r);
        *ret_fd = fd;
        fd = -1;
        return 0;
}

/* D1: the oldest that waits becomes one that runs. */
static int begin_one(struct desk *d, int64_t wall) {
        struct sql *db = state_sql(d->state);
        int64_t id, running;
        int r = sql_get_int(db, &running, "SELECT id FROM drill WHERE state='running'", "");

        if (r == 0)
                r = sql_get_int(db, &id, "SELECT id FROM drill WHERE state='queued' ORDER BY id",
                                "");
        else
                return MIN(r, 0);
        if (r != 1)
                return r;
        r = desk_begin(d);
        return r == 0 ? sql_do(db,
                               "UPDATE drill SET state='running', begun=?2, attempt=attempt+1"
                               " WHERE id=?1",
                               "ii", id, wall)
                      : r;
}

static int finish(struct desk *d, int64_t id, const struct mender_result *m, struct span json,
                  const char *why, int64_t wall);

const struct msg_mender *desk_drill_next(struct desk *d, int64_t wall, int *ret_fd,
                                         int *ret_error) {
        struct drills *s = d->drills;
        _cleanup_(sql_endp) struct sql_rows *q = NULL;

        *ret_error = 0;
        if (!s || !s->repositories || s->running || state_in_transaction(d->state))
                return NULL;
        int r = schedule(d, s, wall);
        if (r == 0 && !state_in_transaction(d->state))
                r = begin_one(d, wall);
        if (r < 0 || state_in_transaction(d->state)) { /* goes on when that is on disk */
                *ret_error = r;
                return NULL;
        }
        r = sql_rows(state_sql(d->state), &q,
                     "SELECT id, attempt, whole, repository FROM drill WHERE state='running'", "");
        if (r == 0)
                r = sql_next(q);
        if (r != 1) {
                *ret_error = r;
                return NULL;
        }
        const json_t *repository = drill_repository(d, sql_span(q, 3));
        int64_t id = sql_int(q, 0);
        bool whole = sql_int(q, 2) != 0;
        s->next = (struct msg_mender){
                .type = MENDER_DO, .attempt = (uint32_t)sql_int(q, 1), .id = id};
        snprintf(s->next.repository, sizeof(s->next.repository), "%.*s",
                 (int)MIN(sql_span(q, 3).len, sizeof(s->next.repository) - 1), sql_span(q, 3).p);
        q = sql_end(q);
        if (!repository) {
                *ret_error = finish(d, id, NULL, SPAN_NONE, "gone", wall);
                return NULL;
        }
        *ret_error = make_job(d, repository, id, whole, ret_fd);
        return *ret_error ? NULL : &s->next;
}

void desk_drill_sent(struct desk *d) {
        d->drills->running = d->drills->next.id;
        d->drills->attempt = d->drills->next.attempt;
}

/* ---- what came of it ---- */

static const struct {
        const char *code, *en, *vi;
} fault_texts[] = {
        {"wall", "This kernel has no Landlock, so nothing would keep the program from other files",
         "Nhân hệ điều hành không có Landlock nên không giới hạn được chương trình"},
        {"program", "The program is not installed, or could not run",
         "Chương trình chưa cài hoặc không chạy được"},
        {"password", "The password of the repository is not right", "Mật khẩu kho không đúng"},
        {"repository", "There is no repository there, or it cannot be read",
         "Không có kho ở đó hoặc không đọc được"},
        {"empty", "The repository has no snapshot", "Kho chưa có bản sao nào"},
        {"damaged", "The repository is damaged: a step failed", "Kho bị hỏng: một bước thất bại"},
        {"quota", "It needs more room than the quota", "Cần nhiều chỗ hơn hạn mức"},
        {"time", "It took longer than the time limit", "Lâu hơn thời hạn cho phép"},
        {"missing", "A file is not there", "Thiếu tệp"},
        {"size", "A file has another size than the repository says", "Kích thước tệp sai"},
        {"hash", "A file is not what the repository says", "Nội dung tệp khác với kho ghi"},
        {"expected", "A file is not what was written down before",
         "Nội dung tệp khác với giá trị đã ghi trước"},
        {"total", "Fewer files or bytes came back than were listed",
         "Số tệp hoặc byte khôi phục ít hơn danh sách"},
        {"nothing", "There is no file to try", "Không có tệp nào để thử"},
        {"scratch", "The scratch folder cannot be used or emptied",
         "Không dùng hoặc không dọn được thư mục tạm"},
        {"too_old", "The newest snapshot is older than the RPO", "Bản sao mới nhất cũ hơn RPO"},
        {"too_slow", "It took longer than the RTO", "Khôi phục lâu hơn RTO"},
        {"interrupted", "It was interrupted three times", "Bị ngắt ba lần"},
        {"died", "The process of the drill ended early", "Tiến trình thử kết thúc sớm"},
        {"gone", "The repository is no longer in the configuration",
         "Kho không còn trong cấu hình"},
};

void drill_fault_text(struct span code, const char **ret_en, const char **ret_vi) {
        *ret_en = *ret_vi = "";
        for (size_t i = 0; i < ARRAY_LEN(fault_texts); i++)
                if (span_eq(code, span_str(fault_texts[i].code))) {
                        *ret_en = fault_texts[i].en;
                        *ret_vi = fault_texts[i].vi;
                }
}

static void add_fault(json_t *list, const char *code, const char *detail) {
        json_array_append_new(list, json_pack("{ss so}", "code", code, "detail",
                                              api_json_text(span_str(detail))));
}

struct row {
        int64_t id, unit, rto_s, rpo_s, attempt, begun;
        char repository[MENDER_NAME_MAX];
};

static int read_row(struct desk *d, int64_t id, struct row *ret) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(state_sql(d->state), &q,
                         "SELECT unit, rto_s, rpo_s, attempt, begun, repository FROM drill"
                         " WHERE id=?1 AND state='running'",
                         "i", id);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r;
        *ret = (struct row){.id = id,
                            .unit = sql_int(q, 0),
                            .rto_s = sql_int(q, 1),
                            .rpo_s = sql_int(q, 2),
                            .attempt = sql_int(q, 3),
                            .begun = sql_int(q, 4)};
        snprintf(ret->repository, sizeof(ret->repository), "%.*s",
                 (int)MIN(sql_span(q, 5).len, sizeof(ret->repository) - 1), sql_span(q, 5).p);
        return 1;
}

/* D4 */
static json_t *faults_of(const struct row *row, const struct mender_result *m, const char *why,
                         int64_t *ret_age) {
        json_t *list = json_array();
        bool snapshot = m && m->snapshot.time != TIME_NONE && m->snapshot.time > 0;

        *ret_age = snapshot ? MAX((row->begun - m->snapshot.time) / NS_PER_SEC, 0) : -1;
        for (unsigned i = 0; m && i < m->n_faults; i++)
                add_fault(list, mender_fault_code(m->faults[i].fault), m->faults[i].detail);
        if (why)
                add_fault(list, why, "");
        if (row->rpo_s && *ret_age > row->rpo_s)
                add_fault(list, "too_old", "");
        if (m && row->rto_s && m->seconds > (double)row->rto_s)
                add_fault(list, "too_slow", "");
        return list;
}

/* The next drill holds these files against what was found now. */
static int keep_expect(struct desk *d, const struct row *row, const struct mender_result *m) {
        struct sql *db = state_sql(d->state);
        int r = sql_do(db, "DELETE FROM drill_expect WHERE repository=?1", "s", row->repository);

        for (unsigned i = 0; i < m->n_tried && r == 0; i++)
                if (m->tried[i].there && m->tried[i].found[0] && m->tried[i].mtime != INT64_MIN)
                        r = sql_do(db, "INSERT OR REPLACE INTO drill_expect VALUES(?1,?2,?3,?4,?5)",
                                   "ssiis", row->repository, m->tried[i].path,
                                   (int64_t)m->tried[i].size, m->tried[i].mtime, m->tried[i].found);
        return r;
}

static int keep_proof(struct desk *d, const struct row *row, const json_t *faults, int64_t age,
                      struct span json, int64_t wall, int64_t *ret_blob, char hex[65]) {
        _cleanup_(buf_deinit) struct buf b = {.limit = (size_t)8 << 20};
        unsigned char hash[BLOB_HASH_BYTES];
        json_t *result = json.len ? json_loadb(json.p, json.len, 0, NULL) : NULL;
        json_t *o = json_pack("{ss sI ss sI so so sI sI sI sO so*}", "coloa", "drill-1", "drill",
                              (json_int_t)row->id, "repository", row->repository, "attempt",
                              (json_int_t)row->attempt, "begun", api_json_time(row->begun), "ended",
                              api_json_time(wall), "rto_s", (json_int_t)row->rto_s, "rpo_s",
                              (json_int_t)row->rpo_s, "age_s", (json_int_t)age, "faults", faults,
                              "result", result);
        int r = o && json_dump_callback(o, put, &b, JSON_INDENT(1)) == 0 ? 0 : FAIL(-ENOMEM);

        json_decref(o);
        *ret_blob = 0;
        if (r == 0)
                r = blob_put(d, buf_get(&b), wall, ret_blob, hash);
        if (r == BLOB_E_FULL) { /* the row has the numbers all the same */
                hex[0] = '\0';
                return 0;
        }
        if (r == 0)
                r = blob_hold(state_sql(d->state), *ret_blob);
        if (r == 0)
                sodium_bin2hex(hex, 65, hash, sizeof(hash));
        return r > 0 ? FAIL(-EIO) : r;
}

static int write_row(struct desk *d, const struct row *row, const struct mender_result *m,
                     const json_t *faults, int64_t age, int64_t blob, int64_t wall) {
        static const struct mender_result none = {.snapshot.time = TIME_NONE};
        bool good = json_array_size(faults) == 0;
        char *text = json_dumps(faults, JSON_COMPACT);
        const struct mender_result *k = m ? m : &none;
        struct sql *db = state_sql(d->state);

        if (!text)
                return FAIL(-ENOMEM);
        int r = sql_do(db,
                       "UPDATE drill SET state=?2, good=?3, ended=?4, faults=?5, proof=?6,"
                       " snapshot=nullif(?7,''), snapshot_at=?8, age_s=?9, ms=?10, log=?11"
                       " WHERE id=?1",
                       "isbisksTTis", row->id, m && k->seconds > 0 ? "done" : "failed", (int)good,
                       wall, text, blob, k->snapshot.name,
                       k->snapshot.time > 0 ? k->snapshot.time : TIME_NONE,
                       age >= 0 ? age : TIME_NONE, (int64_t)(k->seconds * 1000), k->log);
        free(text);
        return r;
}

static int write_counts(struct desk *d, const struct row *row, const struct mender_result *m) {
        return sql_do(state_sql(d->state),
                      "UPDATE drill SET files=?2, bytes=?3, all_files=?4, all_bytes=?5, checked=?6,"
                      " expected=?7 WHERE id=?1",
                      "iiiiiii", row->id, (int64_t)m->files, (int64_t)m->bytes,
                      (int64_t)m->all_files, (int64_t)m->all_bytes, (int64_t)m->checked,
                      (int64_t)m->expected);
}

static int tell(struct desk *d, const struct row *row, const json_t *faults, const char *hex,
                int64_t wall) {
        bool good = json_array_size(faults) == 0;
        char about[40], text[200];
        const char *en, *vi,
                *code = json_string_value(json_object_get(json_array_get(faults, 0), "code"));

        snprintf(about, sizeof(about), "drill %lld", (long long)row->id);
        snprintf(text, sizeof(text), "{\"good\":%s,\"proof\":\"%s\"}", good ? "true" : "false",
                 hex);
        int r = state_audit(d->state, wall, "desk", "drill.ended", span_str(about), span_str(text));
        api_tell_all(d, "drill", row->id, row->unit);
        if (r < 0 || good)
                return r;
        drill_fault_text(span_str(code ? code : ""), &en, &vi);
        snprintf(text, sizeof(text), "drill %lld of %s: %s", (long long)row->id, row->repository,
                 en);
        d->wall = wall;
        return own_alert(d, OWN_DRILL, span_str(row->repository), span_str(text), 0, wall, 1);
}

static int finish(struct desk *d, int64_t id, const struct mender_result *m, struct span json,
                  const char *why, int64_t wall) {
        struct row row;
        char hex[65] = "";
        int64_t age, blob = 0;
        int r = read_row(d, id, &row);

        if (r != 1)
                return MIN(r, 0);
        r = desk_begin(d);
        desk_api(d)->written = true; /* nobody is told before it is on disk */
        json_t *faults = faults_of(&row, m, why, &age);
        bool good = json_array_size(faults) == 0;
        if (r == 0)
                r = keep_proof(d, &row, faults, age, json, wall, &blob, hex);
        if (r == 0)
                r = write_row(d, &row, m, faults, age, blob, wall);
        if (r == 0 && m)
                r = write_counts(d, &row, m);
        if (r == 0 && good && m)
                r = keep_expect(d, &row, m);
        if (r == 0)
                r = tell(d, &row, faults, hex, wall);
        json_decref(faults);
        return r;
}

int desk_drill_said(struct desk *d, const struct msg_mender_done *m, struct span result,
                    int64_t wall) {
        struct drills *s = d->drills;
        struct mender_result *k;

        if (!s || !s->running || m->id != s->running || m->attempt != s->attempt)
                return FAIL(-EPROTO); /* D2 */
        s->running = 0;
        if (m->error)
                return finish(d, m->id, NULL, SPAN_NONE,
                              m->error == -ETIMEDOUT ? "time"
                              : m->error == -ENOENT  ? "gone"
                                                     : "died",
                              wall);
        k = calloc(1, sizeof(*k));
        if (!k)
                return FAIL(-ENOMEM);
        bool sound = mender_result_read(k, result) == 0 && k->id == m->id;
        int r = sound ? finish(d, m->id, k, result, NULL, wall)
                      : finish(d, m->id, NULL, SPAN_NONE, "died", wall);
        free(k);
        return r;
}
