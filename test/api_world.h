/* Asking the desk of desk_world.h through its API, as console and command line do.
 *
 *     world_start(world_rules); api_start();
 *     check_int(ask("alerts.list", "{\"limit\": 5}"), 200);
 *     check_int(answer_int("items.0.id"), 7);
 *     check_int(ask_as(token, "alerts.accept", "{\"id\": 7}"), 403);   a session's token
 *     api_end(); world_end(); */
#ifndef TEST_API_WORLD_H
#define TEST_API_WORLD_H

#include <jansson.h>

#include "desk/api_impl.h"
#include "desk_world.h"

static struct {
        uint64_t id;
        json_t *answer; /* NULL: none, or no JSON */
        struct api_say say;
        struct buf body;
} api_w;

static inline void api_start(void) {
        desk_api_open(w.d, 0, false);
        desk_api_open(w.d, 1, true);
        desk_api_tick(w.d, w.mono, w.wall);
}

static inline void api_end(void) {
        desk_api_close(w.d, 0);
        desk_api_close(w.d, 1);
        json_decref(api_w.answer);
        api_w.answer = NULL;
        buf_deinit(&api_w.body);
        api_w.body = (struct buf){0};
}

static inline int api_send_frame(unsigned line, uint32_t frame, uint64_t id, const void *p,
                                 size_t n, struct span more) {
        _cleanup_(buf_deinit) struct buf in = {0};
        struct api_head head = {(uint32_t)(n + more.len), frame, id};

        buf_add(&in, &head, sizeof(head));
        buf_add(&in, p, n);
        buf_span(&in, more);
        int r = desk_api_bytes(w.d, line, &in, w.wall);
        check(r < 0 || in.len == 0);
        return r;
}

/* Takes one frame off a line: its id; 0: there is none. */
static inline uint64_t api_take_frame(unsigned line) {
        struct buf *out = desk_api_out(w.d, line);
        struct api_head head;

        if (out->len < sizeof(head))
                return 0;
        memcpy(&head, out->p, sizeof(head));
        check(head.frame == API_SAY && out->len >= sizeof(head) + head.len);
        memcpy(&api_w.say, out->p + sizeof(head), sizeof(api_w.say));
        buf_reset(&api_w.body);
        buf_add(&api_w.body, out->p + sizeof(head) + sizeof(api_w.say),
                head.len - sizeof(api_w.say));
        memmove(out->p, out->p + sizeof(head) + head.len, out->len - sizeof(head) - head.len);
        out->len -= sizeof(head) + head.len;
        json_decref(api_w.answer);
        api_w.answer = json_loadb(api_w.body.p ? api_w.body.p : "", api_w.body.len, 0, NULL);
        return head.id;
}

static inline void api_settle(void) {
        if (desk_api_waiting(w.d)) {
                check_int(desk_commit(w.d, w.mono, w.wall), 0);
                desk_api_committed(w.d);
        }
        check_int(desk_api_tick(w.d, w.mono, w.wall), 0);
}

/* The status of the answer; 0: none came yet. */
static inline int ask_on(unsigned line, const unsigned char *token, uint32_t how, const char *op,
                         const char *body) {
        struct api_ask ask = {.op = api_number(op), .how = how};

        check(ask.op != UINT32_MAX);
        if (token)
                memcpy(ask.token, token, sizeof(ask.token));
        ask.address[10] = ask.address[11] = 0xff;
        ask.address[12] = 10;
        check_int(api_send_frame(line, API_ASK, ++api_w.id, &ask, sizeof(ask), span_str(body)), 0);
        api_settle();
        return api_take_frame(line) == api_w.id ? (int)api_w.say.status : 0;
}

static inline int ask(const char *op, const char *body) { /* local: may everything */
        return ask_on(1, NULL, API_LOCAL, op, body);
}

static inline int ask_as(const unsigned char *token, const char *op, const char *body) {
        return ask_on(0, token, API_COOKIE, op, body);
}

/* "items.0.id" of the answer; NULL: not there. */
static inline const json_t *answer_at(const char *path) {
        const json_t *v = api_w.answer;

        while (v && *path) {
                size_t n = strcspn(path, ".");
                char name[64];

                snprintf(name, sizeof(name), "%.*s", (int)n, path);
                v = json_is_array(v) ? json_array_get(v, strtoul(name, NULL, 10))
                                     : json_object_get(v, name);
                path += n + (path[n] == '.');
        }
        return v;
}

static inline long long answer_int(const char *path) {
        const json_t *v = answer_at(path);

        return json_is_integer(v) ? json_integer_value(v) : -1;
}

static inline const char *answer_text(const char *path) {
        const json_t *v = answer_at(path);

        return json_is_string(v) ? json_string_value(v) : "";
}

#endif
