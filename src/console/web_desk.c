/* The line to the desk: frames both ways, never waiting. What the desk says is checked as any other's word: a
 * frame that breaks the format ends the line, and without one for GONE_NS the process ends, so that
 * main makes both anew. */
#include <stdlib.h>

#include "console/web_impl.h"
#include "os/net.h"
#include "os/os.h"

#define READ_BYTES ((size_t)64 << 10)
#define FRAME_MOST ((size_t)20 << 20)

void web_desk_frame(struct web *w, uint32_t frame, uint64_t id, const void *p, size_t n,
                    struct span more) {
        struct api_head head = {.len = (uint32_t)(n + more.len), .frame = frame, .id = id};

        if (w->desk < 0)
                return;
        buf_add(&w->out, &head, sizeof(head));
        buf_add(&w->out, p, n);
        buf_span(&w->out, more);
}

static void unavailable(struct ask *a) {
        if (a->state == ASK_GIVING) {
                a->more = false;
                a->cut = true;
        } else {
                a->say = (struct api_say){.status = 503, .retry = 2};
                buf_reset(&a->piece);
                a->state = ASK_ANSWERED;
        }
        a->sent = false;
        web_resume(a);
}

/* An open page keeps its stream while the desk begins anew: thousands that came back would each cost a handshake. */
static bool follows(const struct ask *a) {
        return a->sent && a->more && a->state == ASK_GIVING && (a->op->flags & API_STREAM);
}

void web_desk_lost(struct web *w) {
        os_close_quiet(w->desk);
        w->desk = -1;
        w->desk_gone = w->mono;
        buf_reset(&w->in);
        buf_reset(&w->out);
        for (struct ask *a = w->asks; a; a = a->next)
                if (follows(a)) {
                        a->sent = false;
                        a->orphan = true;
                } else if (a->sent) {
                        unavailable(a);
                }
}

void web_desk(struct web *w, int fd) {
        if (w->desk >= 0)
                web_desk_lost(w);
        w->desk = fd;
        for (struct ask *a = w->asks; a; a = a->next)
                if (a->orphan)
                        web_ask_again(a);
}

static void take_say(struct ask *a, struct span bytes) {
        if (a->state == ASK_SENT || a->state == ASK_BODY)
                memcpy(&a->say, bytes.p, sizeof(a->say));
        struct api_say say;
        memcpy(&say, bytes.p, sizeof(say));
        a->more = (say.flags & API_SAY_MORE) != 0;
        a->cut = say.status >= 400 && a->state == ASK_GIVING;
        a->next_asked = false;
        a->sent = a->more;
        buf_drop(&a->piece, a->at); /* given */
        a->at = 0;
        if (!a->cut) /* a refusal is no piece */
                buf_add(&a->piece, bytes.p + sizeof(say), bytes.len - sizeof(say));
        if (a->piece.failed) {
                a->more = false;
                a->cut = true;
        }
        if (a->state == ASK_SENT || a->state == ASK_BODY)
                a->state = ASK_ANSWERED;
        web_resume(a);
}

static int take_frame(struct web *w, const struct api_head *head, struct span bytes) {
        struct ask *a = w->places[head->id % WEB_PLACES];

        if (head->frame != API_SAY || bytes.len < sizeof(struct api_say))
                return -EPROTO;
        while (a && a->id != head->id)
                a = a->same;
        if (a && a->sent)
                take_say(a, bytes);
        return 0; /* of one that has gone meanwhile: nothing */
}

static int take_frames(struct web *w) {
        struct api_head head;
        size_t at = 0;
        int r = 0;

        while (r == 0 && w->in.len - at >= sizeof(head)) {
                memcpy(&head, w->in.p + at, sizeof(head));
                if (head.len > FRAME_MOST)
                        return -EPROTO;
                if (w->in.len - at - sizeof(head) < head.len)
                        break;
                r = take_frame(w, &head, span_of(w->in.p + at + sizeof(head), head.len));
                at += sizeof(head) + head.len;
        }
        buf_drop(&w->in, at);
        return r;
}

int web_desk_read(struct web *w) {
        for (unsigned i = 0; i < 16 && w->desk >= 0; i++) {
                char *to = buf_reserve(&w->in, READ_BYTES);
                ssize_t n = to ? os_recv_stream(w->desk, to, READ_BYTES) : -ENOMEM;

                if (n == -EAGAIN)
                        return 0;
                if (n <= 0) {
                        web_desk_lost(w);
                        return 0;
                }
                w->in.len += (size_t)n;
                if (take_frames(w) < 0) {
                        web_desk_lost(w);
                        return 0;
                }
        }
        return 0;
}

void web_desk_write(struct web *w) {
        size_t at = 0;
        ssize_t n = 1;

        while (w->desk >= 0 && at < w->out.len && n > 0) {
                n = os_write_now(w->desk, w->out.p + at, w->out.len - at);
                if (n > 0)
                        at += (size_t)n;
        }
        if (w->desk >= 0 && ((n < 0 && n != -EAGAIN) || w->out.failed)) {
                web_desk_lost(w);
                return;
        }
        buf_drop(&w->out, at);
        for (struct ask *a = w->asks; a && w->n_waiting && w->out.len < WEB_OUT_MOST / 2;
             a = a->next)
                if (a->waits_for_room) {
                        a->waits_for_room = false;
                        w->n_waiting--;
                        web_resume(a);
                }
}
