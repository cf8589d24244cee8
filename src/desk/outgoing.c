/* See mail.h. Rows of what leaves, and what becomes of them.
 *
 *   M1. A row is committed with what caused it; it is handed to the courier only once it is on disk
 *       (errands.c), and again until the courier said how it ended: at least once, under one id.
 *   M2. `once` makes a row unique for ever: who says the same again after a crash adds nothing.
 *   M3. Addresses and subjects that a line end could break out of are refused here already; the courier
 *       looks once more.
 *   M4. What belongs to a drill is held: no address of the world hears of an incident that is none. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "desk/api_impl.h"
#include "desk/blobs.h"
#include "desk/desk_impl.h"
#include "desk/errands.h"
#include "desk/mail.h"
#include "desk/people.h"
#include "desk/settings.h"

#define SUBJECT_MAX 900u

/* Printable ASCII around one @, as servers without SMTPUTF8 take it; nothing that means something in SMTP. */
bool outgoing_address_good(struct span s) {
        const char *at = s.len ? memchr(s.p, '@', s.len) : NULL;

        if (!at || at == s.p || at == s.p + s.len - 1 || s.len > 254)
                return false;
        for (size_t i = 0; i < s.len; i++) {
                unsigned char ch = (unsigned char)s.p[i];

                if (ch <= ' ' || ch >= 0x7f || strchr("<>(),;:\\\"[]", ch) ||
                    (ch == '@' && s.p + i != at))
                        return false;
        }
        return s.p[s.len - 1] != '.' && at[1] != '.' && s.p[0] != '-';
}

static bool word_good(struct span s) {
        for (size_t i = 0; i < s.len; i++)
                if (s.p[i] <= ' ' || s.p[i] >= 0x7f)
                        return false;
        return s.len > 0 && s.len <= 64;
}

/* "a@x, b@y" → ["a@x","b@y"]. */
static json_t *addresses(struct span s) {
        json_t *list = json_array();

        while (list && s.len) {
                const char *comma = memchr(s.p, ',', s.len);
                size_t n = comma ? (size_t)(comma - s.p) : s.len;
                struct span one = span_trim(span_of(s.p, n));

                s = span_of(s.p + n, s.len - n);
                if (s.len)
                        s = span_of(s.p + 1, s.len - 1);
                if (!outgoing_address_good(one) || json_array_size(list) >= OUTGOING_TO_MAX ||
                    json_array_append_new(list, json_stringn(one.p, one.len)) < 0) {
                        json_decref(list);
                        return NULL;
                }
        }
        if (json_array_size(list) == 0) {
                json_decref(list);
                return NULL;
        }
        return list;
}

static json_t *files_of(const struct outgoing *o) {
        json_t *list = json_array();

        for (unsigned i = 0; list && i < o->n_files; i++) {
                const struct outgoing_file *f = &o->files[i];
                json_t *e = json_pack("{sI ss% ss% sI}", "blob", (json_int_t)f->blob, "name",
                                      f->name.p, f->name.len, "type", f->type.p, f->type.len,
                                      "size", (json_int_t)f->size);

                if (json_array_append_new(list, e) < 0) {
                        json_decref(list);
                        return NULL;
                }
        }
        return list;
}

/* One line of UTF-8: what breaks it becomes a blank. */
static void one_line(struct buf *to, struct span s) {
        for (size_t i = 0; i < s.len && to->len < SUBJECT_MAX; i++)
                buf_char(to, (unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f ? ' ' : s.p[i]);
        while (to->len && !utf8_valid(buf_get(to)))
                to->len--; /* cut within a character */
}

static int64_t now_of(const struct desk *d) {
        return MAX(d->wall, d->api->wall);
}

/* M4, whoever asks for it: what is about an incident of a drill is the drill's. */
static bool of_a_drill(const struct outgoing *o) {
        return o->drill || o->incident >= STATE_DRILL_IDS;
}

static int insert(struct desk *d, const char *kind, const struct outgoing *o, struct span target,
                  struct span files, int64_t *ret_id) {
        _cleanup_(buf_deinit) struct buf subject = {0};
        struct sql *db = state_sql(d->state);
        unsigned char random[16];
        char id[2 * sizeof(random) + 1];
        int64_t wall = now_of(d);

        one_line(&subject, o->subject);
        randombytes_buf(random, sizeof(random));
        sodium_bin2hex(id, sizeof(id), random, sizeof(random));
        int r = sql_do(db,
                       "INSERT INTO outgoing(kind,state,once,target,subject,body,files,message_id,"
                       "about,incident,unit,created,created_by,due,drill)"
                       " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15)",
                       "ssstttsstkiikib", kind, of_a_drill(o) ? "held" : "queued", o->once, target,
                       buf_get(&subject), o->body, files.p, id, o->about, o->incident,
                       o->unit ? o->unit : UNIT_ROOT, wall, o->by, o->due ? o->due : wall,
                       of_a_drill(o));
        if (r == 0 && ret_id)
                *ret_id = sql_last_id(db);
        if (r == 0)
                api_tell_all(d, "outgoing", sql_last_id(db), o->unit ? o->unit : UNIT_ROOT);
        errands_changed(d);
        return r;
}

/* What is attached stays as long as the row does: for ever. */
static int hold_files(struct desk *d, const struct outgoing *o) {
        int r = 0;

        for (unsigned i = 0; i < o->n_files && r == 0; i++)
                r = blob_hold(state_sql(d->state), o->files[i].blob);
        return r;
}

static int add(struct desk *d, const char *kind, const struct outgoing *o, struct span target,
               int64_t *ret_id) {
        struct sql *db = state_sql(d->state);
        int64_t id = 0;
        int r = desk_begin(d);

        if (r == 0 && o->once) { /* M2 */
                r = sql_get_int(db, &id, "SELECT id FROM outgoing WHERE once=?1", "s", o->once);
                if (r == 1 && ret_id)
                        *ret_id = id;
                if (r != 0)
                        return MIN(r, 0);
        }
        if (r < 0)
                return r;
        json_t *list = files_of(o);
        char *files = list ? json_dumps(list, JSON_COMPACT) : NULL;
        json_decref(list);
        if (!files)
                return FAIL(-ENOMEM);
        r = insert(d, kind, o, target, span_str(files), ret_id);
        if (r == 0)
                r = hold_files(d, o);
        free(files);
        return r;
}

int outgoing_mail(struct desk *d, const struct outgoing *o, int64_t *ret_id) {
        json_t *list = addresses(o->to);

        if (!list || o->n_files > OUTGOING_FILES_MAX || o->body.len > OUTGOING_BODY_MAX) {
                json_decref(list);
                return OUTGOING_E_ADDRESS; /* M3 */
        }
        char *text = json_dumps(list, JSON_COMPACT);
        json_decref(list);
        if (!text)
                return FAIL(-ENOMEM);
        int r = add(d, "mail", o, span_str(text), ret_id);
        free(text);
        return r;
}

int outgoing_webhook(struct desk *d, const struct outgoing *o, int64_t *ret_id) {
        if (!word_good(o->to) || o->n_files || o->body.len > OUTGOING_BODY_MAX)
                return OUTGOING_E_ADDRESS;
        return add(d, "webhook", o, o->to, ret_id);
}

int outgoing_webhooks(struct desk *d, const struct outgoing *o) {
        int r = desk_begin(d);

        if (r == 0)
                r = sql_do(state_sql(d->state),
                           "INSERT INTO outgoing_event(once,event,body,about,incident,unit,drill,"
                           "created) VALUES(?1,?2,?3,?4,?5,?6,?7,?8)",
                           "stttkibi", o->once, o->subject, o->body, o->about, o->incident,
                           o->unit ? o->unit : UNIT_ROOT, of_a_drill(o), now_of(d));
        return r == -EEXIST ? 0 : r; /* M2 */
}

/* One row for each webhook there is. */
static int spread(struct desk *d, const struct outgoing *o, const char *once) {
        int r = 0;

        for (unsigned i = 0; r == 0 && errands_webhook(d, i); i++) {
                struct outgoing one = *o;
                char name[240];

                snprintf(name, sizeof(name), "%s > %s", once, errands_webhook(d, i));
                one.to = span_str(errands_webhook(d, i));
                one.once = name;
                r = outgoing_webhook(d, &one, NULL);
        }
        return r == OUTGOING_E_ADDRESS ? 0 : r;
}

int outgoing_spread(struct desk *d) {
        struct sql *db = state_sql(d->state);
        bool mail;
        int r = 1;

        while (r == 1 && errands_up(d, &mail)) {
                _cleanup_(sql_endp) struct sql_rows *q = NULL;
                char once[160], number[32];

                r = sql_rows(db, &q,
                             "SELECT id, once, event, body, about, incident, unit, drill FROM"
                             " outgoing_event ORDER BY id LIMIT 1",
                             "");
                if (r == 0)
                        r = sql_next(q);
                if (r != 1)
                        return r;
                int64_t id = sql_int(q, 0);
                struct span said = sql_span(q, 1);
                const struct outgoing o = {.subject = sql_span(q, 2),
                                           .body = sql_span(q, 3),
                                           .about = sql_span(q, 4),
                                           .incident = sql_int(q, 5),
                                           .unit = sql_int(q, 6),
                                           .drill = sql_int(q, 7) != 0};
                snprintf(number, sizeof(number), "event %lld", (long long)id);
                snprintf(once, sizeof(once), "%.*s", (int)said.len, said.p);
                r = desk_begin(d);
                if (r == 0)
                        r = spread(d, &o, said.len ? once : number);
                q = sql_end(q);
                if (r == 0)
                        r = sql_do(db, "DELETE FROM outgoing_event WHERE id=?1", "i", id);
                if (r == 0)
                        r = 1;
        }
        return MIN(r, 0);
}

/* ---- to people ---- */

int outgoing_person(struct desk *d, const struct outgoing *o, const struct outgoing_text *t,
                    int64_t person) {
        struct outgoing one = *o;
        char once[200], to[256];
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(state_sql(d->state), &q,
                         "SELECT email, lang FROM person WHERE id=?1 AND active", "i", person);

        if (r == 0)
                r = sql_next(q);
        if (r <= 0 || sql_null(q, 0))
                return MIN(r, 0);
        struct span email = span_trim(sql_span(q, 0));
        struct span own = sql_span(q, 1);
        const char *usual = "vi";
        if (!own.len)
                r = setting_lang(state_sql(d->state), &usual);
        if (r < 0)
                return r;
        enum lang lang = span_eq(own.len ? own : span_str(usual), SPAN("en")) ? LANG_EN : LANG_VI;
        if (!outgoing_address_good(email) || email.len >= sizeof(to))
                return 0;
        memcpy(to, email.p, email.len);
        one.to = span_of(to, email.len);
        one.subject = t->subject[lang];
        one.body = t->body[lang];
        if (o->once) {
                snprintf(once, sizeof(once), "%s > %lld", o->once, (long long)person);
                one.once = once;
        }
        r = outgoing_mail(d, &one, NULL);
        return r == OUTGOING_E_ADDRESS ? 0 : r;
}

#define PEOPLE_MOST 50u

struct people {
        int64_t list[PEOPLE_MOST];
        unsigned n;
};

static void add_person(struct people *p, int64_t id) {
        for (unsigned i = 0; i < p->n; i++)
                if (p->list[i] == id)
                        return;
        if (id && p->n < PEOPLE_MOST)
                p->list[p->n++] = id;
}

static int add_found(struct people *p, struct sql_rows *q) {
        int r;

        while ((r = sql_next(q)) == 1)
                add_person(p, sql_int(q, 0));
        return r;
}

static int add_on_duty(struct desk *d, struct people *p, int64_t unit) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(state_sql(d->state), &q,
                         "SELECT DISTINCT k.person FROM duty k JOIN unit a ON a.id=k.unit"
                         " JOIN unit x ON x.id=?1 WHERE substr(x.path,1,length(a.path))=a.path"
                         " AND k.since<=?2 AND k.until>?2 LIMIT 50",
                         "ii", unit, now_of(d));

        return r < 0 ? r : add_found(p, q);
}

static int add_role(struct desk *d, struct people *p, int64_t unit, enum role role) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(state_sql(d->state), &q,
                         "SELECT DISTINCT g.person FROM role_grant g JOIN unit a ON a.id=g.unit"
                         " JOIN unit x ON x.id=?1 WHERE substr(x.path,1,length(a.path))=a.path"
                         " AND g.role=?3 AND g.since<=?2 AND (g.until IS NULL OR g.until>?2)"
                         " LIMIT 50",
                         "iii", unit, now_of(d), (int64_t)role);

        return r < 0 ? r : add_found(p, q);
}

int outgoing_people(struct desk *d, const struct outgoing *o, const struct outgoing_text *t,
                    unsigned who, int64_t person) {
        static const struct {
                unsigned who;
                enum role role;
        } roles[] = {{TO_LEADS, ROLE_LEAD},
                     {TO_LIAISONS, ROLE_LIAISON},
                     {TO_OWNERS, ROLE_OWNER},
                     {TO_HANDLERS, ROLE_HANDLER},
                     {TO_INSPECTORS, ROLE_INSPECTOR}};
        struct people p = {{0}, 0};
        int64_t unit = o->unit ? o->unit : UNIT_ROOT;
        int r = 0;

        add_person(&p, person);
        if (who & TO_DUTY) {
                unsigned before = p.n;

                r = add_on_duty(d, &p, unit);
                if (r == 0 && p.n == before)
                        r = add_role(d, &p, unit, ROLE_OFFICER);
        }
        for (size_t i = 0; i < ARRAY_LEN(roles) && r == 0; i++)
                if (who & roles[i].who)
                        r = add_role(d, &p, unit, roles[i].role);
        for (unsigned i = 0; i < p.n && r == 0; i++)
                r = outgoing_person(d, o, t, p.list[i]);
        return r;
}

/* ---- settings: numbers of the state ---- */

static const struct {
        const char *name;
        int64_t otherwise;
} settings[SEND_SETTINGS] = {
        [SEND_DEADLINES] = {"send_deadlines", 1}, [SEND_DEADLINES_OUT] = {"send_deadlines_out", 1},
        [SEND_CRITICAL] = {"send_critical", 0},   [SEND_DIGEST] = {"send_digest", 7},
        [SEND_REMINDER] = {"send_reminder", 24},
};

/* Kept one higher than they are: a number that was never set reads as 0. */
int outgoing_setting(struct desk *d, enum outgoing_setting which, int64_t *ret) {
        int64_t kept = 0;
        int r = state_number(d->state, settings[which].name, &kept);

        *ret = kept ? kept - 2 : settings[which].otherwise;
        return r;
}

int outgoing_set(struct desk *d, enum outgoing_setting which, int64_t to) {
        return state_set_number(d->state, settings[which].name, to + 2);
}
