/* Answers: what every one of them has in its head, refusals as problem+json, and bodies in one piece or many. */
#include <stdio.h>
#include <stdlib.h>

#include "console/web_impl.h"

#define CSP                                                                                        \
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "          \
        "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; "               \
        "frame-ancestors 'none'"

void web_headers(struct MHD_Response *r, const struct web *w) {
        static const char *const all[][2] = {
                {"Content-Security-Policy", CSP},
                {"X-Content-Type-Options", "nosniff"},
                {"X-Frame-Options", "DENY"},
                {"Referrer-Policy", "no-referrer"},
                {"Cross-Origin-Opener-Policy", "same-origin"},
                {"Cross-Origin-Resource-Policy", "same-origin"},
                {"Permissions-Policy", "camera=(), geolocation=(), microphone=(), usb=()"},
        };

        for (size_t i = 0; i < ARRAY_LEN(all); i++)
                MHD_add_response_header(r, all[i][0], all[i][1]);
        if (w->tls)
                MHD_add_response_header(r, "Strict-Transport-Security", "max-age=31536000");
}

static enum MHD_Result queue(struct MHD_Connection *c, unsigned status, struct MHD_Response *r) {
        enum MHD_Result done = r ? MHD_queue_response(c, status, r) : MHD_NO;

        if (r)
                MHD_destroy_response(r);
        return done;
}

/* ---- refusals ---- */

static const char *title(unsigned status, bool vi) {
        switch (status) {
        case 400: return vi ? "Không đọc được yêu cầu" : "The request cannot be read";
        case 401: return vi ? "Hãy đăng nhập trước" : "Sign in first";
        case 403: return vi ? "Không được phép" : "Not allowed";
        case 404: return vi ? "Không có mục này" : "There is no such thing";
        case 405: return vi ? "Không làm theo cách này" : "Not done this way";
        case 408: return vi ? "Yêu cầu đến quá chậm" : "The request came too slowly";
        case 413: return vi ? "Quá lớn" : "Too large";
        case 415: return vi ? "Không phải JSON" : "Not JSON";
        case 422: return vi ? "Một số trường cần xem lại" : "Some fields need another look";
        case 429: return vi ? "Quá nhiều yêu cầu" : "Too many requests";
        case 503: return vi ? "Chưa thể lúc này" : "Not right now";
        default: return vi ? "Có lỗi trong nút" : "A fault within the node";
        }
}

static char *problem_text(enum lang lang, const struct problem *p) {
        bool vi = lang == LANG_VI;
        json_t *fields = json_array();
        char type[96];

        snprintf(type, sizeof(type), "urn:coloa:problem:%s", p->code);
        for (unsigned i = 0; i < p->n_faults; i++) {
                const struct api_fault *f = &p->faults[i];

                json_array_append_new(fields, json_pack("{ss ss ss}", "field", f->field, "fault",
                                                        vi ? f->vi : f->en, "remedy",
                                                        vi ? f->remedy_vi : f->remedy_en));
        }
        json_t *o = json_pack("{ss ss si ss ss so}", "type", type, "title", title(p->status, vi),
                              "status", (int)p->status, "detail", vi ? p->vi : p->en, "code",
                              p->code, "fields", fields);
        char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
        json_decref(o);
        return text;
}

enum MHD_Result web_problem(struct MHD_Connection *c, const struct web *w, enum lang lang,
                            const struct problem *p) {
        char *text = problem_text(lang, p), number[16];
        struct MHD_Response *r =
                text ? MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE)
                     : NULL;

        if (!r)
                return MHD_NO;
        web_headers(r, w);
        MHD_add_response_header(r, "Content-Type", "application/problem+json");
        MHD_add_response_header(r, "Content-Language", lang == LANG_VI ? "vi" : "en");
        MHD_add_response_header(r, "Cache-Control", "no-store");
        snprintf(number, sizeof(number), "%u", p->retry);
        if (p->retry)
                MHD_add_response_header(r, "Retry-After", number);
        if (p->allow)
                MHD_add_response_header(r, "Allow", p->allow);
        return queue(c, p->status, r);
}

/* ---- what the desk said ---- */

static void add_cookie(struct MHD_Response *r, const struct ask *a) {
        char hex[API_TOKEN_BYTES * 2 + 1] = "", text[256];

        if (!(a->say.flags & (API_SAY_COOKIE | API_SAY_FORGET)))
                return;
        for (unsigned i = 0; i < API_TOKEN_BYTES && (a->say.flags & API_SAY_COOKIE); i++)
                snprintf(hex + 2 * (size_t)i, 3, "%02x", a->say.token[i]);
        snprintf(text, sizeof(text), "%s=%s; Path=/; HttpOnly; SameSite=Strict%s%s",
                 web_cookie_name(a->web), hex, a->web->tls ? "; Secure" : "",
                 a->say.flags & API_SAY_COOKIE ? "" : "; Max-Age=0");
        MHD_add_response_header(r, "Set-Cookie", text);
        explicit_bzero(text, sizeof(text));
        explicit_bzero(hex, sizeof(hex));
}

/* Letters, digits, '.', '-' and '_' of a file's name. */
static void add_name(struct MHD_Response *r, const char *name) {
        char text[192];
        size_t n = (size_t)snprintf(text, sizeof(text), "attachment; filename=\"");

        for (; *name && n + 2 < sizeof(text); name++)
                text[n++] = (*name >= '0' && *name <= '9') || (*name >= 'a' && *name <= 'z') ||
                                            (*name >= 'A' && *name <= 'Z') || strchr("-_.", *name)
                                    ? *name
                                    : '_';
        text[n++] = '"';
        text[n] = '\0';
        MHD_add_response_header(r, "Content-Disposition", text);
}

static void add_head(struct MHD_Response *r, struct ask *a) {
        char number[24];

        web_headers(r, a->web);
        a->say.type[sizeof(a->say.type) - 1] = a->say.name[sizeof(a->say.name) - 1] = '\0';
        if (a->say.status >= 400)
                MHD_add_response_header(r, "Content-Type", "application/problem+json");
        else if (*a->say.type)
                MHD_add_response_header(r, "Content-Type", a->say.type);
        MHD_add_response_header(r, "Cache-Control", "no-store");
        if (a->op && (a->op->flags & API_STREAM))
                MHD_add_response_header(r, "X-Accel-Buffering", "no");
        if (*a->say.name)
                add_name(r, a->say.name);
        snprintf(number, sizeof(number), "%lld", (long long)a->say.retry);
        if (a->say.retry > 0)
                MHD_add_response_header(r, "Retry-After", number);
        add_cookie(r, a);
}

/* MHD's question for more of an answer in pieces. */
static ssize_t give(void *cls, uint64_t pos, char *to, size_t room) {
        struct ask *a = cls;
        size_t n = MIN(room, a->piece.len - a->at);

        (void)pos;
        if (n) {
                memcpy(to, a->piece.p + a->at, n);
                a->at += n;
                return (ssize_t)n;
        }
        if (!a->more)
                return a->cut ? MHD_CONTENT_READER_END_WITH_ERROR
                              : MHD_CONTENT_READER_END_OF_STREAM;
        if (!a->next_asked) {
                struct api_next next = {0};

                web_desk_frame(a->web, API_NEXT, a->id, &next, sizeof(next), SPAN_NONE);
                a->next_asked = true;
        }
        web_suspend(a);
        return 0;
}

/* Thousands of pages follow events, which are small. */
static size_t room_of(const struct ask *a) {
        return a->op && (a->op->flags & API_STREAM) ? 1024 : 16384;
}

enum MHD_Result web_answer(struct ask *a) {
        struct MHD_Response *r;

        if (a->say.status == 503 && a->piece.len == 0)
                return web_problem(
                        a->c, a->web, a->lang,
                        &(struct problem){.status = 503,
                                          .code = "desk_away",
                                          .en = "the desk begins anew: ask again",
                                          .vi = "bàn trực đang khởi động lại: hãy thử lại",
                                          .retry = (unsigned)MAX(a->say.retry, 1)});
        if (a->say.status < 200 || a->say.status > 599)
                a->say.status = 500;
        if (a->more)
                r = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, room_of(a), give, a, NULL);
        else
                r = MHD_create_response_from_buffer(
                        a->piece.len, (void *)(uintptr_t)(a->piece.p ? a->piece.p : ""),
                        MHD_RESPMEM_MUST_COPY);
        if (!r)
                return MHD_NO;
        add_head(r, a);
        if (a->more) {
                a->state = ASK_GIVING;
                a->beat = a->web->mono;
        }
        return queue(a->c, a->say.status, r);
}
