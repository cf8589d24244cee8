/* A request, from its head to the desk and back.
 *
 *   R1. Everything about a request is decided before its body is read: limits, route, site. What is refused there
 *       costs nothing more, and MHD closes the connection if a body was coming.
 *   R2. A body is at most API_BODY_MAX, all bodies together WEB_BODIES.
 *   R3. The desk hears only of requests whose shape fits (api_check()); it checks again.
 *   R4. While the desk has it the connection is suspended. Every suspended ask is in the list with `sent` or
 *       `waits_for_room`, or gives pieces: something will resume it, the loss of the line too.
 *   R5. Who sends a body reads the answer only when all of it is sent: a refusal waits for the body's end, which is read
 *       and forgotten, up to SWALLOW_MOST; beyond, or where the sender asked first (Expect), it comes at once. */
#include <stdlib.h>

#include "base/utf8.h"
#include "console/web_impl.h"

static struct peer *peer_of(struct MHD_Connection *c) {
        const union MHD_ConnectionInfo *i =
                MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

        return i ? i->socket_context : NULL;
}

static struct ask *ask_new(struct web *w, struct MHD_Connection *c) {
        struct ask *a = calloc(1, sizeof(*a));

        if (!a)
                return NULL;
        a->web = w;
        a->c = c;
        a->id = ++w->last_id;
        a->since = w->mono;
        a->lang = web_lang(c);
        a->body.limit = API_BODY_MAX + 1;
        a->piece.limit = (size_t)24 << 20;
        a->next = w->asks;
        if (w->asks)
                w->asks->before = a;
        w->asks = a;
        a->same = w->places[a->id % WEB_PLACES];
        w->places[a->id % WEB_PLACES] = a;
        struct peer *p = peer_of(c);
        if (p)
                p->asks++;
        return a;
}

void web_completed(void *cls, struct MHD_Connection *c, void **ask,
                   enum MHD_RequestTerminationCode why) {
        struct web *w = cls;
        struct ask *a = *ask;
        struct api_next gone = {0};

        (void)why;
        if (!a)
                return;
        struct peer *p = peer_of(c);
        if (p) {
                p->asks -= p->asks > 0;
                p->since = w->mono;
        }
        if (a->sent)
                web_desk_frame(w, API_GONE, a->id, &gone, sizeof(gone), SPAN_NONE);
        *(a->before ? &a->before->next : &w->asks) = a->next;
        if (a->next)
                a->next->before = a->before;
        struct ask **place = &w->places[a->id % WEB_PLACES];
        while (*place != a)
                place = &(*place)->same;
        *place = a->same;
        w->n_waiting -= a->waits_for_room;
        w->bodies -= a->body.len;
        if (a->body.p)
                explicit_bzero(a->body.p, a->body.len);
        buf_deinit(&a->body);
        buf_deinit(&a->piece);
        json_decref(a->fields);
        explicit_bzero(&a->ask, sizeof(a->ask));
        free(a);
        *ask = NULL;
}

void web_suspend(struct ask *a) {
        if (a->suspended)
                return;
        a->suspended = true;
        MHD_suspend_connection(a->c);
}

void web_resume(struct ask *a) {
        if (!a->suspended)
                return;
        a->suspended = false;
        MHD_resume_connection(a->c);
}

/* R5 */
static enum MHD_Result refuse(struct ask *a, const struct problem *p) {
        if (!a->body_coming)
                return web_problem(a->c, a->web, a->lang, p);
        a->refused = true;
        a->late = *p;
        if (p->n_faults) {
                memcpy(a->faults, p->faults, p->n_faults * sizeof(*p->faults));
                a->late.faults = a->faults;
        }
        if (p->allow) {
                snprintf(a->allow, sizeof(a->allow), "%s", p->allow);
                a->late.allow = a->allow;
        }
        return MHD_YES;
}

#define REFUSE(a, status_, code_, en_, vi_)                                                        \
        refuse(a, &(struct problem){.status = (status_), .code = (code_), .en = (en_), .vi = (vi_)})

/* ---- the head ---- */

static enum api_method method_of(const char *m) {
        static const char *const names[] = {"", "GET", "POST", "PUT", "PATCH", "DELETE"};

        for (unsigned i = 1; i < ARRAY_LEN(names); i++)
                if (strcmp(m, names[i]) == 0)
                        return (enum api_method)i;
        return strcmp(m, "HEAD") == 0 ? API_GET : (enum api_method)0;
}

static enum MHD_Result not_this_way(struct ask *a, struct span path) {
        unsigned set = api_methods(path);
        char allow[64] = "";
        size_t n = 0;

        for (unsigned m = API_GET; m <= API_DELETE; m++)
                if (set & 1u << m)
                        n += (size_t)snprintf(allow + n, sizeof(allow) - n, "%s%s", n ? ", " : "",
                                              api_method_name((enum api_method)m));
        return refuse(a, &(struct problem){.status = 405,
                                           .code = "method",
                                           .en = "this address is not asked this way",
                                           .vi = "địa chỉ này không được gọi theo cách này",
                                           .allow = allow});
}

/* Fields of the path, by the {names} of the operation. */
static int put_path(struct ask *a, const struct span parts[API_PATH_PARTS]) {
        const char *p = a->op->path;
        int r = 0;

        for (unsigned i = 0; i < API_PATH_PARTS && (p = strchr(p, '{')) && r == 0; i++) {
                char name[64];

                p++;
                snprintf(name, sizeof(name), "%.*s", (int)strcspn(p, "}"), p);
                r = api_put(a->op, a->fields, name, parts[i]);
        }
        return r;
}

struct query {
        struct ask *ask;
        struct api_fault fault;
        bool bad;
};

static enum MHD_Result put_query(void *cls, enum MHD_ValueKind kind, const char *name,
                                 const char *value) {
        struct query *q = cls;
        struct ask *a = q->ask;
        int r = api_put(a->op, a->fields, name, span_str(value ? value : ""));

        (void)kind;
        if (r == 0)
                return MHD_YES;
        q->bad = true;
        q->fault = (struct api_fault){.en = r == -EEXIST ? "is given twice" : "is not UTF-8",
                                      .vi = r == -EEXIST ? "bị lặp lại" : "không phải UTF-8",
                                      .remedy_en = "give it once",
                                      .remedy_vi = "chỉ đưa một lần"};
        snprintf(q->fault.field, sizeof(q->fault.field), "%.40s",
                 utf8_valid(span_str(name)) ? name : "?");
        return MHD_NO;
}

static enum MHD_Result refuse_faults(struct ask *a, const struct api_fault *faults, unsigned n) {
        return refuse(a, &(struct problem){.status = 422,
                                           .code = "fields",
                                           .en = "see the fields that are named",
                                           .vi = "xem các trường được nêu",
                                           .faults = faults,
                                           .n_faults = n});
}

static bool has_token(const struct api_ask *ask) {
        static const unsigned char none[API_TOKEN_BYTES];

        return memcmp(ask->token, none, sizeof(none)) != 0;
}

/* R1; MHD_YES with a->op: go on. *ret_done: it was answered. */
static enum MHD_Result check_head(struct ask *a, const char *url, enum api_method m,
                                  bool *ret_done) {
        struct span path = span_str(url), parts[API_PATH_PARTS];
        struct query q = {.ask = a};
        struct web *w = a->web;
        uint32_t number = 0;
        unsigned wait;

        *ret_done = true;
        web_address(a->c, a->ask.address);
        int r = m ? api_route(m, path, &number, parts) : 405;
        bool sign_in =
                r == 0 && m != API_GET && strncmp(api_op(number)->path, "/api/v1/session", 15) == 0;
        wait = web_limit(w, a->ask.address, sign_in ? COST_SIGN_IN : COST_REQUEST);
        if (wait)
                return refuse(a, &(struct problem){.status = 429,
                                                   .code = "too_many",
                                                   .en = "more was asked from here than one may",
                                                   .vi = "địa chỉ này đã hỏi quá nhiều",
                                                   .retry = wait});
        if (r == 404)
                return REFUSE(a, 404, "missing", "there is nothing at this address",
                              "không có gì ở địa chỉ này");
        if (r == 405)
                return not_this_way(a, path);
        a->op = api_op(number);
        a->ask.op = number;
        a->ask.lang = a->lang;
        web_token(a->c, w, &a->ask);
        if (m != API_GET && a->ask.how == API_COOKIE && !web_same_site(a->c, w))
                return REFUSE(a, 403, "cross_site",
                              "this write did not come from a page of this node",
                              "yêu cầu ghi này không đến từ trang của nút");
        if (!(a->op->flags & API_ANONYMOUS) && !has_token(&a->ask)) /* before shapes are told */
                return REFUSE(a, 401, "sign_in", "there is no session", "chưa có phiên làm việc");
        a->fields = json_object();
        if (!a->fields || put_path(a, parts) < 0)
                return REFUSE(a, 404, "missing", "there is nothing at this address",
                              "không có gì ở địa chỉ này");
        MHD_get_connection_values(a->c, MHD_GET_ARGUMENT_KIND, put_query, &q);
        if (q.bad)
                return refuse_faults(a, &q.fault, 1);
        *ret_done = false;
        return MHD_YES;
}

static const struct problem too_large = {.status = 413,
                                         .code = "too_large",
                                         .en = "the body is larger than 1 MiB",
                                         .vi = "nội dung lớn hơn 1 MiB"};

static enum MHD_Result check_body(struct ask *a, bool *ret_done) {
        const char *len = web_header(a->c, "Content-Length"),
                   *type = web_header(a->c, "Content-Type");
        bool body = (len && strcmp(len, "0") != 0) || web_header(a->c, "Transfer-Encoding");

        *ret_done = true;
        if (!(a->op->flags & API_UPLOAD) && len &&
            (strlen(len) > 9 || strtoul(len, NULL, 10) > API_BODY_MAX))
                return refuse(a, &too_large);
        if (body && !(a->op->flags & API_UPLOAD) &&
            (!type || strncasecmp(type, "application/json", 16) != 0))
                return REFUSE(a, 415, "not_json", "the body must be application/json",
                              "nội dung phải là application/json");
        *ret_done = false;
        return MHD_YES;
}

/* ---- to the desk ---- */

static enum MHD_Result away(struct ask *a) {
        return refuse(a, &(struct problem){.status = 503,
                                           .code = "desk_away",
                                           .en = "the desk begins anew: ask again",
                                           .vi = "bàn trực đang khởi động lại: hãy thử lại",
                                           .retry = 2});
}

static int send_ask(struct ask *a, uint32_t flags, struct span body) {
        a->ask.flags = flags;
        if (web_header(a->c, "X-Coloa-Background"))
                a->ask.flags |= API_ASK_BACKGROUND;
        web_desk_frame(a->web, API_ASK, a->id, &a->ask, sizeof(a->ask), body);
        a->sent = true;
        return 0;
}

void web_ask_again(struct ask *a) {
        a->orphan = false;
        send_ask(a, API_ASK_AGAIN, SPAN("{}"));
}

/* The body's fields beside those of path and query. */
static enum MHD_Result take_body(struct ask *a, bool *ret_done) {
        json_error_t e;
        const char *name;
        json_t *v;

        *ret_done = true;
        if (a->body.len == 0) {
                *ret_done = false;
                return MHD_YES;
        }
        json_auto_t *o = json_loadb(a->body.p, a->body.len, JSON_REJECT_DUPLICATES, &e);
        if (!json_is_object(o))
                return REFUSE(a, 400, "json", "the body is no JSON object",
                              "nội dung không phải đối tượng JSON");
        json_object_foreach(o, name, v) {
                if (json_object_get(a->fields, name)) {
                        struct api_fault f = {.en = "is in the address already",
                                              .vi = "đã có trong địa chỉ",
                                              .remedy_en = "leave it out of the body",
                                              .remedy_vi = "bỏ khỏi nội dung"};

                        snprintf(f.field, sizeof(f.field), "%.40s", name);
                        return refuse_faults(a, &f, 1);
                }
                json_object_set(a->fields, name, v);
        }
        *ret_done = false;
        return MHD_YES;
}

static enum MHD_Result send_checked(struct ask *a, uint32_t flags) {
        struct api_fault faults[API_FAULTS_MAX];
        unsigned n = api_check(a->op, a->fields, faults); /* R3 */

        if (n)
                return refuse_faults(a, faults, n);
        if (a->web->desk < 0)
                return away(a);
        char *text = json_dumps(a->fields, JSON_COMPACT);
        if (!text)
                return MHD_NO;
        if (strlen(text) > API_BODY_MAX) {
                free(text);
                return refuse(a, &too_large);
        }
        send_ask(a, flags, span_str(text));
        explicit_bzero(text, strlen(text));
        free(text);
        return MHD_YES;
}

static enum MHD_Result send_whole(struct ask *a) {
        bool done;
        enum MHD_Result r = take_body(a, &done);

        if (done)
                return r;
        r = send_checked(a, 0);
        if (r == MHD_YES && a->sent) {
                a->state = ASK_SENT;
                web_suspend(a); /* R4 */
        }
        return r;
}

/* ---- bodies ---- */

static enum MHD_Result take_upload(struct ask *a, const char *data, size_t *len) {
        struct web *w = a->web;
        size_t n = MIN(*len, API_PIECE_MAX);

        if (a->state != ASK_BODY) { /* refused already: what comes is read and forgotten */
                *len = 0;
                return MHD_YES;
        }
        if (w->out.len > WEB_OUT_MOST) {
                w->n_waiting += !a->waits_for_room;
                a->waits_for_room = true;
                web_suspend(a);
                return MHD_YES;
        }
        send_ask(a, API_ASK_MORE, span_of(data, n));
        a->body_got += n;
        *len -= n;
        return MHD_YES;
}

static enum MHD_Result take_data(struct ask *a, const char *data, size_t *len) {
        struct web *w = a->web;

        if (a->refused) {
                *len = 0;
                return MHD_YES;
        }
        if (a->op->flags & API_UPLOAD)
                return take_upload(a, data, len);
        if (!a->body.failed && w->bodies + *len <= WEB_BODIES) {
                buf_add(&a->body, data, *len);
                w->bodies += a->body.failed ? 0 : *len;
        } else {
                a->body.failed = true; /* R2 */
        }
        *len = 0;
        return MHD_YES;
}

static enum MHD_Result at_end(struct ask *a) {
        a->body_coming = false;
        if (a->refused)
                return web_problem(a->c, a->web, a->lang, &a->late);
        if (a->state == ASK_ANSWERED)
                return web_answer(a);
        if (a->state != ASK_BODY)
                return MHD_YES;
        if (a->op->flags & API_UPLOAD) {
                if (a->web->desk < 0 || !a->sent)
                        return away(a);
                send_ask(a, 0, SPAN_NONE);
                a->state = ASK_SENT;
                web_suspend(a);
                return MHD_YES;
        }
        if (a->body.failed || a->body.len > API_BODY_MAX)
                return refuse(a, &too_large);
        return send_whole(a);
}

#define SWALLOW_MOST 67108864ul

static bool body_comes(struct MHD_Connection *c) {
        const char *len = web_header(c, "Content-Length");
        unsigned long n = len && strlen(len) < 10 ? strtoul(len, NULL, 10) : 0;

        if (web_header(c, "Expect"))
                return false;
        return len ? n > 0 && n <= SWALLOW_MOST : web_header(c, "Transfer-Encoding") != NULL;
}

static enum MHD_Result at_begin(struct web *w, struct MHD_Connection *c, const char *url,
                                const char *method, void **ret) {
        bool done = false;
        enum api_method m = method_of(method);
        struct peer *p = peer_of(c);

        if (p) {
                p->asked = true;
                p->since = w->mono;
        }
        if (strncmp(url, "/api/", 5) != 0) {
                if (m == API_GET)
                        return web_static(w, c, url, web_lang(c));
                return web_problem(c, w, web_lang(c),
                                   &(struct problem){.status = 405,
                                                     .code = "method",
                                                     .en = "pages are only read",
                                                     .vi = "trang chỉ để đọc",
                                                     .allow = "GET, HEAD"});
        }
        struct ask *a = ask_new(w, c);
        if (!a)
                return MHD_NO;
        *ret = a;
        a->body_coming = body_comes(c);
        enum MHD_Result r = check_head(a, url, m, &done);
        if (!done)
                r = check_body(a, &done);
        if (!done && (a->op->flags & API_UPLOAD))
                r = send_checked(a, API_ASK_MORE);
        return r;
}

enum MHD_Result web_handler(void *cls, struct MHD_Connection *c, const char *url,
                            const char *method, const char *version, const char *data, size_t *len,
                            void **ret) {
        (void)version;
        if (!*ret)
                return at_begin(cls, c, url, method, ret);
        if (*len)
                return take_data(*ret, data, len);
        return at_end(*ret);
}
