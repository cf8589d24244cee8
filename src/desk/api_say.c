/* Answers as frames, and refusals as problem+json (RFC 9457); values between requests, rows and JSON.
 * A text of a refusal is constant and in both languages; the asker's is chosen here. */
#include <arpa/inet.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "desk/api.h"
#include "desk/api_impl.h"
#include "desk/desk_impl.h"

static int put(const char *p, size_t n, void *to) {
        buf_add(to, p, n);
        return ((struct buf *)to)->failed ? -1 : 0;
}

int api_json_text_of(struct buf *to, const json_t *v) {
        return json_dump_callback(v, put, to, JSON_COMPACT | JSON_ENCODE_ANY) < 0 ? -ENOMEM : 0;
}

void api_say_frame(struct api *a, struct held *h, struct span body) {
        struct line *l = &a->lines[h->line];
        struct buf *to = a->written ? &l->waiting : &l->out; /* api.c W3 */
        struct api_head head = {.len = (uint32_t)(sizeof(struct api_say) + body.len),
                                .frame = API_SAY,
                                .id = h->id};

        h->say.flags |= h->c.say;
        memcpy(h->say.token, h->c.token, sizeof(h->say.token));
        h->say.retry = h->c.retry;
        if (!h->say.status)
                h->say.status =
                        body.len || h->kind == HELD_FILE || h->kind == HELD_STREAM ? 200 : 204;
        buf_add(to, &head, sizeof(head));
        buf_add(to, &h->say, sizeof(h->say));
        buf_span(to, body);
}

void api_say_json(struct api *a, struct held *h, json_t *body) {
        _cleanup_(buf_deinit) struct buf b = {.limit = (size_t)16 << 20};

        if (body)
                snprintf(h->say.type, sizeof(h->say.type), "application/json");
        if (body && api_json_text_of(&b, body) < 0) {
                buf_reset(&b);
                h->say.status = 500;
        }
        api_say_frame(a, h, buf_get(&b));
}

/* ---- refusals ---- */

static const char *title(unsigned status, enum lang lang) {
        static const struct {
                unsigned status;
                const char *en, *vi;
        } titles[] = {
                {400, "The request cannot be read", "Không đọc được yêu cầu"},
                {401, "Sign in first", "Hãy đăng nhập trước"},
                {403, "Not allowed", "Không được phép"},
                {404, "There is no such thing", "Không có mục này"},
                {405, "Not done this way", "Không làm theo cách này"},
                {409, "It has changed meanwhile", "Mục này vừa thay đổi"},
                {413, "Too large", "Quá lớn"},
                {422, "Some fields need another look", "Một số trường cần xem lại"},
                {429, "Too many requests", "Quá nhiều yêu cầu"},
                {501, "Not there yet", "Chưa có"},
                {503, "Not right now", "Chưa thể lúc này"},
        };

        for (size_t i = 0; i < ARRAY_LEN(titles); i++)
                if (titles[i].status == status)
                        return lang == LANG_VI ? titles[i].vi : titles[i].en;
        return lang == LANG_VI ? "Có lỗi trong nút" : "A fault within the node";
}

static json_t *fault_json(const struct api_fault *f, enum lang lang) {
        bool vi = lang == LANG_VI;

        return json_pack("{ss ss ss}", "field", f->field, "fault", vi ? f->vi : f->en, "remedy",
                         vi ? f->remedy_vi : f->remedy_en);
}

void api_say_refused(struct api *a, struct held *h) {
        bool vi = h->c.lang == LANG_VI;
        unsigned status = h->status ? h->status : 422;
        const char *code = h->code ? h->code : "fields";
        json_t *fields = json_array(), *o;
        char type[96];

        snprintf(type, sizeof(type), "urn:coloa:problem:%s", code);
        for (unsigned i = 0; i < h->n_faults; i++)
                json_array_append_new(fields, fault_json(&h->faults[i], h->c.lang));
        o = json_pack("{ss ss si ss ss so}", "type", type, "title", title(status, h->c.lang),
                      "status", (int)status, "detail",
                      h->en ? (vi ? h->vi : h->en)
                            : (vi ? "Xem từng trường bên dưới." : "See each field below."),
                      "code", code, "fields", fields);
        json_decref(h->c.answer);
        h->c.answer = o;
        h->say.status = status;
        h->say.flags &= ~(uint32_t)API_SAY_MORE;
        api_say_json(a, h, o);
}

int api_refuse(struct api_call *c, unsigned status, const char *code, const char *en,
               const char *vi) {
        struct held *h = held_of(c);

        h->status = status;
        h->code = code;
        h->en = en;
        h->vi = vi;
        return API_E_REFUSED;
}

int api_fault_at(struct api_call *c, const char *field, const char *en, const char *vi,
                 const char *remedy_en, const char *remedy_vi) {
        struct held *h = held_of(c);

        if (h->n_faults < API_FAULTS_MAX) {
                struct api_fault *f = &h->faults[h->n_faults++];

                *f = (struct api_fault){
                        .en = en, .vi = vi, .remedy_en = remedy_en, .remedy_vi = remedy_vi};
                snprintf(f->field, sizeof(f->field), "%s", field);
        }
        return API_E_REFUSED;
}

const char *api_forgive(struct api_call *c) {
        struct held *h = held_of(c);
        const char *code = h->code ? h->code : "fields";

        h->status = 0;
        h->code = h->en = h->vi = NULL;
        h->n_faults = 0;
        return code;
}

int api_missing(struct api_call *c) {
        return api_refuse(c, 404, "missing", "there is none, or it is not for you to see",
                          "không có, hoặc bạn không được xem");
}

/* ---- values ---- */

struct span api_text(const struct api_call *c, const char *name) {
        const json_t *v = json_object_get(c->in, name);

        return json_is_string(v) ? span_of(json_string_value(v), json_string_length(v)) : SPAN_NONE;
}

int64_t api_int(const struct api_call *c, const char *name, int64_t otherwise) {
        const json_t *v = json_object_get(c->in, name);

        return json_is_integer(v) ? json_integer_value(v) : otherwise;
}

int64_t api_time(const struct api_call *c, const char *name) {
        struct span s = api_text(c, name);

        return s.len ? time_parse_iso(s, 0) : TIME_NONE;
}

bool api_bool(const struct api_call *c, const char *name, bool otherwise) {
        const json_t *v = json_object_get(c->in, name);

        return json_is_boolean(v) ? json_is_true(v) : otherwise;
}

bool api_has(const struct api_call *c, const char *name) {
        return json_object_get(c->in, name) != NULL;
}

json_t *api_json_time(int64_t ns) {
        char text[40];

        return ns == TIME_NONE ? json_null() : json_stringn(text, time_format(text, ns, 3));
}

/* Rows hold what logs brought: always UTF-8 after state_text(), but a damaged row must not end the desk. */
json_t *api_json_text(struct span s) {
        json_t *v = json_stringn(s.p ? s.p : "", s.len);

        return v ? v : json_string("\xef\xbf\xbd");
}

bool api_address_text(const unsigned char address[16], char *to, size_t room) {
        static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
        static const unsigned char none[16];

        if (memcmp(address, none, 16) == 0)
                return false;
        if (memcmp(address, mapped, 12) == 0)
                return inet_ntop(AF_INET, address + 12, to, (socklen_t)room) != NULL;
        return inet_ntop(AF_INET6, address, to, (socklen_t)room) != NULL;
}

int api_set_fields(struct api_call *c, const struct api_set *fields, size_t n, int64_t id) {
        int r = 0;

        for (size_t i = 0; i < n && r == 0; i++) {
                const struct api_set *f = &fields[i];
                struct span s = api_text(c, f->name);

                if (!api_has(c, f->name))
                        continue;
                if (f->type == 't')
                        r = sql_do(c->db, f->sql, "it", id, s.p ? s : SPAN(""));
                else if (f->type == 'k')
                        r = sql_do(c->db, f->sql, "ik", id, api_int(c, f->name, 0));
                else
                        r = sql_do(c->db, f->sql, "iT", id, api_time(c, f->name));
        }
        return r;
}

/* ---- the node's own calls ---- */

#define OWN_BYTES ((size_t)4 << 20)

struct held *api_own_new(struct desk *d, int64_t now) {
        struct held *h = calloc(1, sizeof(*h));

        if (!h)
                return NULL;
        arena_init(&h->arena, OWN_BYTES);
        h->ask.how = API_LOCAL;
        h->c = (struct api_call){
                .desk = d,
                .db = state_sql(d->state),
                .arena = &h->arena,
                .ask = &h->ask,
                .now = now,
                .in = json_object(),
                .who = {.name = SPAN("coloa"), .local = true, .second = TIME_NONE}};
        return h;
}

void api_own_free(struct held *h) {
        json_decref(h->c.in);
        json_decref(h->c.answer);
        json_decref(h->c.detail);
        arena_deinit(&h->arena);
        free(h);
}
