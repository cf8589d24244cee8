/* See api_client.h: one frame goes out, one comes back (wire/api.h). */
#include "main/api_client.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/lang.h"
#include "main/control.h"
#include "os/os.h"

#define ANSWER_MOST ((size_t)32 << 20)

static int put_json(const char *p, size_t n, void *to) {
        buf_add(to, p, n);
        return ((struct buf *)to)->failed ? -1 : 0;
}

static int send_ask(int fd, uint32_t op, const json_t *in, bool more) {
        _cleanup_(buf_deinit) struct buf b = {.limit = API_BODY_MAX + 1024};
        struct api_ask ask = {
                .op = op, .flags = more ? API_ASK_MORE : 0, .lang = lang_current, .how = API_LOCAL};
        struct api_head head = {.frame = API_ASK, .id = 1};

        buf_add(&b, &head, sizeof(head));
        buf_add(&b, &ask, sizeof(ask));
        if (json_dump_callback(in, put_json, &b, JSON_COMPACT) < 0 || b.failed)
                return -E2BIG;
        head.len = (uint32_t)(b.len - sizeof(head));
        memcpy(b.p, &head, sizeof(head));
        int r = os_write_full(fd, b.p, b.len);
        explicit_bzero(b.p, b.len);
        return r;
}

static int send_piece(int fd, uint32_t op, struct span piece) {
        struct {
                struct api_head head;
                struct api_ask ask;
        } m = {{(uint32_t)(sizeof(struct api_ask) + piece.len), API_ASK, 1},
               {.op = op, .flags = piece.len ? API_ASK_MORE : 0, .how = API_LOCAL}};
        int r = os_write_full(fd, &m, sizeof(m.head) + sizeof(m.ask));

        return r == 0 && piece.len ? os_write_full(fd, piece.p, piece.len) : r;
}

/* All of a file, then an empty piece. What was refused before its end is answered before it: then the rest stays
 * here. */
static int send_file(int fd, uint32_t op, int file) {
        char *p = malloc(API_PIECE_MAX);
        ssize_t n = p ? 1 : -ENOMEM;

        while (n > 0) {
                struct pollfd answer = {.fd = fd, .events = POLLIN};

                if (os_poll(&answer, 1, 0) > 0)
                        break;
                n = os_read_full(file, p, API_PIECE_MAX);
                if (n >= 0 && send_piece(fd, op, span_of(p, (size_t)n)) < 0)
                        break; /* it closed: its answer says why */
        }
        free(p);
        return (int)MIN(n, 0);
}

static int send_next(int fd) {
        const struct {
                struct api_head head;
                struct api_next next;
        } m = {{sizeof(struct api_next), API_NEXT, 1}, {0}};

        return os_write_full(fd, &m, sizeof(m.head) + sizeof(m.next));
}

static int take_answer(int fd, struct api_say *say, struct buf *body) {
        struct api_head head;
        ssize_t n = os_read_full(fd, &head, sizeof(head));

        if (n >= 0 && (n != sizeof(head) || head.frame != API_SAY || head.len < sizeof(*say) ||
                       head.len > ANSWER_MOST))
                return -EPIPE;
        if (n >= 0)
                n = os_read_full(fd, say, sizeof(*say));
        if (n < 0)
                return (int)n;
        size_t len = head.len - sizeof(*say);
        char *to = buf_reserve(body, len);
        if (!to && len)
                return -ENOMEM;
        n = len ? os_read_full(fd, to, len) : 0;
        if (n < 0 || (size_t)n != len)
                return n < 0 ? (int)n : -EPIPE;
        body->len += len;
        return 0;
}

/* What came so far, out of the way. */
static int pass_on(int out, struct buf *body) {
        int r = body->len ? os_write_full(out, body->p, body->len) : 0;

        buf_reset(body);
        return r;
}

int api_client_exchange(const char *control, const char *op, const json_t *in,
                        struct api_files files, unsigned *ret_status, struct buf *body) {
        int file = files.in;
        _cleanup_(os_closep) int fd = control_ask_api(control);
        struct api_say say = {0};

        if (fd < 0)
                return fd;
        int r = send_ask(fd, api_number(op), in, file >= 0);
        if (r == 0 && file >= 0)
                r = send_file(fd, api_number(op), file);
        if (r == 0)
                r = take_answer(fd, &say, body);
        *ret_status = say.status;
        bool pass = files.out >= 0 && say.status == 200;
        while (r == 0 && (say.flags & API_SAY_MORE)) { /* a file: piece by piece */
                r = pass ? pass_on(files.out, body) : 0;
                if (r == 0)
                        r = send_next(fd);
                if (r == 0)
                        r = take_answer(fd, &say, body);
                if (r == 0 && say.status == 500)
                        r = -EIO;
        }
        return r == 0 && pass ? pass_on(files.out, body) : r;
}

int api_client_ask(const char *control, const char *op, const json_t *in, unsigned *ret_status,
                   struct buf *body) {
        return api_client_exchange(control, op, in, (struct api_files){-1, -1}, ret_status, body);
}

int api_client_refused(const char *verb, struct span body) {
        json_t *o = json_loadb(body.p ? body.p : "", body.len, 0, NULL), *f;
        const char *detail = json_string_value(json_object_get(o, "detail"));
        size_t i;

        fprintf(stderr, "coloa %s: %s\n", verb,
                detail ? detail : tr("the node refused it", "nút từ chối"));
        json_array_foreach(json_object_get(o, "fields"), i, f) {
                const char *field = json_string_value(json_object_get(f, "field"));
                const char *fault = json_string_value(json_object_get(f, "fault"));
                const char *remedy = json_string_value(json_object_get(f, "remedy"));

                fprintf(stderr, "  %s: %s: %s\n", field ? field : "", fault ? fault : "",
                        remedy ? remedy : "");
        }
        json_decref(o);
        return 1;
}
