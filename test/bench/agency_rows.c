/* What years of work leave beside alerts and incidents, for make_agency.c: of each incident one containment and two
 * pieces of evidence with their custody; exports for a court; directives to a department's sites or to all; exceptions;
 * mail that left; a long audit log. Put into the tables at once, as the handlers would have left them: what is in force
 * belongs to `act`, so all containment is over, or still proposed. */
#include <sodium.h>

#include "agency_rows.h"
#include "desk/blobs.h"

#define DEPARTMENTS 15
#define SITES 300
#define DIRECTIVES 600
#define EXCEPTIONS 2000
#define EXCEPTIONS_ACTIVE 200
#define AUDITS 200000
#define DAY (INT64_C(86400) * NS_PER_SEC)

struct rows {
        struct desk *d;
        struct sql *db;
        int64_t wall, n_incidents, blob;
        unsigned char hash[BLOB_HASH_BYTES];
};

/* When row i of n was made: evenly over two years, the last one now. */
static int64_t when(const struct rows *w, int64_t i, int64_t n) {
        return w->wall - (n - i) * (2 * 365 * DAY / n);
}

static int action(const struct rows *w, int64_t i) {
        static const char *const ends[] = {"undone", "undone", "undone", "refused", "lapsed"};
        bool open = i > w->n_incidents - 20;
        const char *state = open ? "proposed" : ends[i % 5];
        int64_t at = open ? w->wall : when(w, i, w->n_incidents);

        return sql_do(
                w->db,
                "INSERT INTO action(incident,unit,kind,targets,text,direction,seconds,reason,state,"
                "proposed,proposer,lapses,decided,approver,until,undone) SELECT id,unit,'block',"
                "x'00',printf('203.0.113.%d',?1%250),'both',3600,'Máy chủ ngoài này ra lệnh cho"
                " máy đã bị chiếm.',?2,?3,1+?1%5000,?3+iif(?4,?5,900000000000),iif(?4,NULL,?3),"
                "iif(?4,NULL,1+(?1+7)%5000),iif(?2='undone',?3+3600000000000,NULL),"
                "iif(?2='undone',?3+3600000000000,NULL) FROM incident WHERE id=?1",
                "isiii", i, state, at, (int64_t)open, DAY);
}

static int links(const struct rows *w, int64_t evidence, int64_t at) {
        static const char *const what[] = {"taken", "viewed", "handed_over"};
        int r = 0;

        for (int64_t n = 1; r == 0 && n <= 3; n++)
                r = sql_do(
                        w->db,
                        "INSERT INTO custody(evidence,n,at,by,by_name,what,to_whom,reason,origin,"
                        "hash) VALUES(?1,?2,?3,1+?1%5000,'Nguyễn Văn '||(1+?1%5000),?4,'',"
                        "'Theo yêu cầu của người chỉ huy.','10.0.0.7',randomblob(32))",
                        "iiis", evidence, n, at + n, what[n - 1]);
        return r;
}

/* A stretch of the log and a file; all files have one content, which is kept once. */
static int evidence(const struct rows *w, int64_t i) {
        int64_t at = when(w, i, w->n_incidents);
        int r = sql_do(
                w->db,
                "INSERT INTO evidence(incident,n,unit,kind,name,size,hash,note,origin,taken,added,"
                "added_by,first_seq,last_seq,query,hold_state) SELECT id,1,unit,'range',"
                "'Nhật ký quanh lúc '||?1,5000,randomblob(32),'Các bản ghi của máy chủ.',"
                "'',?2,?2,1+?1%5000,?1*1000,?1*1000+5000,'host:host'||?1,'none' FROM incident"
                " WHERE id=?1",
                "ii", i, at);

        if (r == 0)
                r = links(w, sql_last_id(w->db), at);
        if (r == 0)
                r = sql_do(
                        w->db,
                        "INSERT INTO evidence(incident,n,unit,kind,name,blob,size,hash,note,origin,"
                        "taken,added,added_by,hold_state) SELECT id,2,unit,'file','disk-'||?1||"
                        "'.img',?3,1000,?4,'Bản sao ổ đĩa.','host'||?1,?2,?2,1+?1%5000,'none'"
                        " FROM incident WHERE id=?1",
                        "iiix", i, at, w->blob, span_of((const char *)w->hash, sizeof(w->hash)));
        if (r == 0)
                r = links(w, sql_last_id(w->db), at);
        return r == 0 ? blob_hold(w->db, w->blob) : r;
}

static int court(const struct rows *w, int64_t i) {
        static const char *const ends[] = {"signed", "refused", "withdrawn"};

        return sql_do(
                w->db,
                "INSERT INTO evidence_export(incident,unit,reason,state,proposed,proposer,lapses,"
                "decided,approver,items,bytes) SELECT id,unit,'Cơ quan điều tra yêu cầu.',?2,?3,"
                "1+?1%5000,?3+1,?3+1,2+?1%5000,2,6000 FROM incident WHERE id=?1",
                "isi", i, ends[i % 3], when(w, i, w->n_incidents));
}

/* Each third to all sites, others to those of one department. One in twenty still has time. */
static int directive(const struct rows *w, int64_t i) {
        int64_t at = when(w, i, DIRECTIVES), of = i % 3 ? 2 + i % DEPARTMENTS : 1;
        int64_t due = i % 20 ? at + 7 * DAY : w->wall + 7 * DAY;
        int r = sql_do(
                w->db,
                "INSERT INTO directive(id,code,kind,severity,title,text,tlp,state,unit,due,created,"
                "created_by,issued,issued_by) VALUES(?1,'CD-2025-'||?1,iif(?1%2,'order',"
                "'advisory'),'high','Vá lỗ hổng số '||?1,'Các đơn vị vá lỗ hổng này, kiểm tra"
                " nhật ký và báo cáo kết quả kèm minh chứng.','amber','issued',?2,?3,?4,"
                "1+?1%5000,?4,2+?1%5000)",
                "iiii", i, of, due, at);

        if (r < 0)
                return r;
        return sql_do(
                w->db,
                "INSERT INTO directive_unit(directive,unit,state,acknowledged,acknowledged_by,done,"
                "done_by,proof,reminders) SELECT ?1,id,iif(?3 OR id%10=0,'open','done'),iif(?3 OR"
                " id%10=0,NULL,?4),iif(?3 OR id%10=0,NULL,1+id),iif(?3 OR id%10=0,NULL,?4),"
                "iif(?3 OR id%10=0,NULL,1+id),iif(?3 OR id%10=0,NULL,'Đã vá, kèm biên bản.'),0"
                " FROM unit WHERE kind='site' AND path LIKE '/1/'||iif(?2=1,'%',?2||'/%')",
                "iiii", i, of, (int64_t)(i % 20 == 0), at + DAY);
}

/* Made as api_exceptions.c makes them; the last ones are active. */
static int exception(const struct rows *w, int64_t i) {
        int64_t at = when(w, i, EXCEPTIONS);
        bool active = i > EXCEPTIONS - EXCEPTIONS_ACTIVE;
        int r = sql_do(
                w->db,
                "INSERT INTO exemption(id,key,origin,rule,host,unit,alert,owner,reason,text,until,"
                "made_at,made_by,ended_at) VALUES(?1,'#'||?1,'desk','rule-'||(1000+?1%300),"
                "'host'||(?1%1800)||'.example',?2,?1,1+?1%5000,'expected','Công cụ quản trị đã"
                " được duyệt trên máy này.',?3,?4,2+?1%5000,NULL)",
                "iiii", i, 100 + (1 + i % 600) % SITES,
                active ? w->wall + 90 * DAY : MIN(at + 30 * DAY, w->wall - 1), at);

        if (r == 0)
                r = sql_do(w->db,
                           "INSERT INTO exception SELECT e.key, ?2, p.name, e.text, e.rule, 'made "
                           "at the"
                           " desk, of alert '||e.alert, e.until, ?1%50, ?3 FROM exemption e JOIN "
                           "person p"
                           " ON p.id=e.owner WHERE e.id=?1",
                           "iii", i, (int64_t)active, at + DAY);
        return r;
}

static int mail(const struct rows *w, int64_t i) {
        return sql_do(
                w->db,
                "INSERT INTO "
                "outgoing(kind,state,target,subject,body,message_id,about,incident,unit,"
                "created,due,tries,last_try,sent) SELECT "
                "'mail','sent','user'||?1||'@agency.example',"
                "'Sự cố '||code,'Một thời hạn của sự cố này sắp hết.','<'||?1||'@agency.example>',"
                "'incident '||id,id,unit,?2,?2,1,?2,?2 FROM incident WHERE id=?1",
                "ii", i, when(w, i, w->n_incidents));
}

static int audit(const struct rows *w, int64_t i) {
        static const char *const what[] = {"alerts.accept", "alerts.dismiss", "incidents.note",
                                           "session.sign_in", "events.search"};
        char who[64], about[64], detail[128];

        snprintf(who, sizeof(who), "user%lld", (long long)(i % 5000));
        snprintf(about, sizeof(about), "alert %lld", (long long)i);
        snprintf(detail, sizeof(detail),
                 "{\"address\":\"10.%lld.%lld.7\",\"text\":\"đã xem, không phải tấn công\"}",
                 (long long)(i % 250), (long long)(i / 250 % 250));
        return state_audit(w->d->state, when(w, i, AUDITS), who, what[i % 5], span_str(about),
                           span_str(detail));
}

int agency_rows(struct desk *d, int64_t wall, int64_t n_incidents) {
        struct rows w = {
                .d = d, .db = state_sql(d->state), .wall = wall, .n_incidents = n_incidents};
        char image[1000] = "image";
        int r = blob_put(d, span_of(image, sizeof(image)), wall, &w.blob, w.hash);

        for (int64_t i = 1; r == 0 && i <= n_incidents; i++) {
                r = action(&w, i);
                r = r < 0 ? r : evidence(&w, i);
                r = r < 0 || i % 10 ? r : court(&w, i);
                r = r < 0 ? r : mail(&w, i);
        }
        for (int64_t i = 1; r == 0 && i <= DIRECTIVES; i++)
                r = directive(&w, i);
        for (int64_t i = 1; r == 0 && i <= EXCEPTIONS; i++)
                r = exception(&w, i);
        return r;
}

int agency_audit(struct desk *d, int64_t wall) {
        struct rows w = {.d = d, .wall = wall};
        int r = 0;

        for (int64_t i = 1; r == 0 && i <= AUDITS; i++)
                r = audit(&w, i);
        return r;
}
