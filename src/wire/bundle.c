/* See bundle.h. */
#include "wire/bundle.h"

void bundle_add(struct buf *b, enum bundle_kind kind, struct span name, struct span data) {
        uint32_t head[3] = {kind, (uint32_t)name.len, (uint32_t)data.len};

        if (name.len > UINT32_MAX || data.len > UINT32_MAX) {
                b->failed = true;
                return;
        }
        buf_add(b, head, sizeof(head));
        buf_span(b, name);
        buf_span(b, data);
}

int bundle_next(struct span bundle, size_t *pos, struct bundle_entry *ret) {
        uint32_t head[3];

        if (*pos == bundle.len)
                return 0;
        if (*pos > bundle.len || bundle.len - *pos < sizeof(head))
                return -EBADMSG;
        memcpy(head, bundle.p + *pos, sizeof(head));
        size_t left = bundle.len - *pos - sizeof(head);
        if (head[1] > left || head[2] > left - head[1])
                return -EBADMSG;
        const char *p = bundle.p + *pos + sizeof(head);
        *ret = (struct bundle_entry){(enum bundle_kind)head[0], span_of(p, head[1]),
                                     span_of(p + head[1], head[2])};
        *pos += sizeof(head) + head[1] + head[2];
        return 1;
}
