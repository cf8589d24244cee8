/* See finding.h.
 *
 *     u32 total | u32 rule, flags, input, length | u64 offset, line, record, count | i64 time,
 * time_last | u64 seq | i64 received | u32 drill, reserved | u32 host length, user length, number
 * of fields | host | user | per field: u32 name
 * length | u32 value length | u8 type | u8 matched | name | value */
#include "wire/finding.h"

struct head {
        uint32_t total, rule, flags, input, length, host_len, user_len, n_fields;
        uint64_t offset, line, record, count;
        int64_t time, time_last;
        uint64_t seq;
        int64_t received;
        uint32_t drill, reserved;
};

#define FIELD_HEAD 10u

/* Does the field go in, behind n fields of `bytes` bytes? */
static bool fits(const struct finding_field *x, uint32_t n, size_t bytes) {
        return n < FINDING_FIELDS_MAX && x->name.len <= FINDING_BYTES_MAX &&
               x->value.len <= FINDING_BYTES_MAX &&
               bytes + x->name.len + x->value.len <= FINDING_BYTES_MAX;
}

static char *put(char *to, const void *p, size_t n) {
        if (n)
                memcpy(to, p, n);
        return to + n;
}

static char *put_field(char *to, const struct finding_field *x) {
        uint32_t lens[2] = {(uint32_t)x->name.len, (uint32_t)x->value.len};

        memcpy(to, lens, sizeof(lens));
        to[8] = (char)x->type;
        to[9] = (char)x->matched;
        to = put(to + FIELD_HEAD, x->name.p, x->name.len);
        return put(to, x->value.p, x->value.len);
}

/* Room is made once for all: a finding has dozens of short fields. */
void finding_encode(struct buf *b, const struct finding *f) {
        struct head h = {.rule = f->rule,
                         .flags = f->flags,
                         .input = f->input,
                         .length = f->length,
                         .host_len = (uint32_t)MIN(f->host.len, (size_t)1024),
                         .user_len = (uint32_t)MIN(f->user.len, (size_t)1024),
                         .offset = f->offset,
                         .line = f->line,
                         .record = f->record,
                         .count = f->count,
                         .time = f->time,
                         .time_last = f->time_last,
                         .seq = f->seq,
                         .received = f->received,
                         .drill = f->drill};
        size_t room = sizeof(h) + h.host_len + h.user_len +
                      FIELD_HEAD * (size_t)MIN(f->n_fields, FINDING_FIELDS_MAX),
               bytes = 0;
        uint32_t n = 0;

        for (uint32_t i = 0; i < f->n_fields; i++)
                if (fits(&f->fields[i], n, bytes)) {
                        bytes += f->fields[i].name.len + f->fields[i].value.len;
                        n++;
                }
        char *start = buf_reserve(b, room + bytes), *to = start;
        if (!start)
                return;
        to = put(to + sizeof(h), f->host.p, h.host_len);
        to = put(to, f->user.p, h.user_len);
        bytes = 0;
        for (uint32_t i = 0; i < f->n_fields; i++) {
                const struct finding_field *x = &f->fields[i];

                if (!fits(x, h.n_fields, bytes)) {
                        h.flags |= FINDING_CUT;
                        continue;
                }
                bytes += x->name.len + x->value.len;
                to = put_field(to, x);
                h.n_fields++;
        }
        h.total = (uint32_t)(to - start);
        memcpy(start, &h, sizeof(h));
        b->len += h.total;
}

static bool take(struct span *s, size_t n, struct span *ret) {
        if (s->len < n)
                return false;
        *ret = span_of(s->p, n);
        s->p += n;
        s->len -= n;
        return true;
}

static bool take_field(struct span *s, struct finding_field *ret) {
        struct span head;
        uint32_t lens[2];

        if (!take(s, FIELD_HEAD, &head))
                return false;
        memcpy(lens, head.p, sizeof(lens));
        ret->type = (uint8_t)head.p[8];
        ret->matched = head.p[9] != 0;
        return ret->type <= FINDING_NULL && take(s, lens[0], &ret->name) &&
               take(s, lens[1], &ret->value);
}

ssize_t finding_decode(struct span s, struct arena *a, struct finding *ret) {
        const size_t max =
                sizeof(struct head) + 2048 + FINDING_BYTES_MAX + FINDING_FIELDS_MAX * FIELD_HEAD;
        struct head h;

        if (s.len < sizeof(uint32_t))
                return 0;
        memcpy(&h.total, s.p, sizeof(h.total));
        if (h.total < sizeof(h) || h.total > max)
                return -EBADMSG;
        if (s.len < h.total)
                return 0;
        memcpy(&h, s.p, sizeof(h));
        if (h.n_fields > FINDING_FIELDS_MAX || h.total < sizeof(h) || h.total > s.len)
                return -EBADMSG;

        struct finding f = {.rule = h.rule,
                            .flags = h.flags,
                            .input = h.input,
                            .length = h.length,
                            .offset = h.offset,
                            .line = h.line,
                            .record = h.record,
                            .time = h.time,
                            .count = h.count,
                            .time_last = h.time_last,
                            .seq = h.seq,
                            .received = h.received,
                            .drill = h.drill,
                            .n_fields = h.n_fields};
        struct span rest = span_of(s.p + sizeof(h), h.total - sizeof(h));

        if (!take(&rest, h.host_len, &f.host) || !take(&rest, h.user_len, &f.user))
                return -EBADMSG;
        f.fields = arena_array(a, h.n_fields, sizeof(*f.fields));
        if (!f.fields)
                return -ENOMEM;
        for (uint32_t i = 0; i < h.n_fields; i++)
                if (!take_field(&rest, &f.fields[i]))
                        return -EBADMSG;
        if (rest.len != 0)
                return -EBADMSG;
        *ret = f;
        return (ssize_t)h.total;
}
