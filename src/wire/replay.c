/* See replay.h. Everything here is read by the one that must not believe the other: lengths are taken once, checked
 * against what is left, and a source's name must be one that can be shown. */
#include "wire/replay.h"

#include "wire/exercise.h"

int replay_frame(struct span in, enum replay_type *ret_type, struct span *ret_body,
                 size_t *ret_used) {
        struct replay_head h;

        if (in.len < sizeof(h))
                return 0;
        memcpy(&h, in.p, sizeof(h));
        if (h.magic != REPLAY_MAGIC || h.type < REPLAY_RECORDS || h.type > REPLAY_BEGUN ||
            h.len > REPLAY_FRAME_MAX || h.reserved)
                return -EPROTO;
        if (in.len - sizeof(h) < h.len)
                return 0;
        *ret_type = (enum replay_type)h.type;
        *ret_body = span_of(in.p + sizeof(h), h.len);
        *ret_used = sizeof(h) + h.len;
        return 1;
}

bool replay_good(const struct replay_record *r) {
        if (LABEL_PLAY(r->label) == 0 || r->position == 0 || !replay_format(r->format) ||
            r->source.len == 0 || r->source.len >= SOURCE_NAME_MAX || r->bytes.len == 0 ||
            r->bytes.len > RECORD_MAX)
                return false;
        for (size_t i = 0; i < r->source.len; i++)
                if (r->source.p[i] <= ' ' || r->source.p[i] >= 0x7f)
                        return false;
        return true;
}

int replay_next(struct span *body, struct replay_record *ret) {
        struct replay_item m;
        struct replay_record r;

        if (body->len == 0)
                return 0;
        if (body->len < sizeof(m))
                return -EPROTO;
        memcpy(&m, body->p, sizeof(m));
        size_t left = body->len - sizeof(m);
        if (m.reserved || m.source_len > left || m.len > left - m.source_len)
                return -EPROTO;
        const char *at = body->p + sizeof(m);
        r = (struct replay_record){.label = m.label,
                                   .format = (enum format)m.format,
                                   .position = m.position,
                                   .source = span_of(at, m.source_len),
                                   .bytes = span_of(at + m.source_len, m.len)};
        if (!replay_good(&r))
                return -EPROTO;
        *body = span_of(at + m.source_len + m.len, left - m.source_len - m.len);
        *ret = r;
        return 1;
}

int replay_next_position(struct span *body, struct replay_position *ret) {
        struct replay_position p;

        if (body->len == 0)
                return 0;
        if (body->len < sizeof(p))
                return -EPROTO;
        memcpy(&p, body->p, sizeof(p));
        if (p.play == 0 || p.play > LABEL_PLAY_MAX || p.reserved)
                return -EPROTO;
        *body = span_of(body->p + sizeof(p), body->len - sizeof(p));
        *ret = p;
        return 1;
}

size_t replay_begin(struct buf *b, enum replay_type type) {
        struct replay_head h = {.magic = REPLAY_MAGIC, .type = type};
        size_t at = b->len;

        buf_add(b, &h, sizeof(h));
        return at;
}

void replay_end(struct buf *b, size_t at) {
        struct replay_head h;

        if (b->failed)
                return;
        assert(b->len - at >= sizeof(h) && b->len - at - sizeof(h) <= REPLAY_FRAME_MAX);
        memcpy(&h, b->p + at, sizeof(h));
        h.len = (uint32_t)(b->len - at - sizeof(h));
        memcpy(b->p + at, &h, sizeof(h));
}

void replay_put(struct buf *b, const struct replay_record *r) {
        struct replay_item m = {.label = r->label,
                                .format = (uint16_t)r->format,
                                .source_len = (uint16_t)r->source.len,
                                .len = (uint32_t)r->bytes.len,
                                .position = r->position};

        buf_add(b, &m, sizeof(m));
        buf_span(b, r->source);
        buf_span(b, r->bytes);
}
