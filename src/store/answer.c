/* See answer.h. Frames are gathered in memory up to what was asked for (at most 64 MiB), then written into
 * a memfd at once, which nobody can change after. */
#include "store/answer.h"

#include "base/buf.h"
#include "base/timestamp.h"
#include "os/os.h"
#include "store/filter.h"

#define BYTES_MAX ((uint64_t)64 << 20)

struct answer {
        const struct msg_store_read *q;
        struct buf entries, data;
        uint64_t first, end; /* of the frames */
        uint64_t looked;     /* up (or down) to here */
        uint32_t n;
        bool search, full;
};

static bool may(void *ctx, struct span filter) {
        const struct msg_store_read *q = ctx;

        for (uint32_t i = 0; i < q->n_words; i++)
                if (!filter_may(filter, q->words[i]))
                        return false;
        return true;
}

int answer_memfd(const char *name, const struct span *parts, unsigned n, int *ret_fd) {
        int fd, r = os_memfd(name, &fd);

        if (r < 0)
                return FAIL(r);
        for (unsigned i = 0; i < n && r == 0; i++)
                if (parts[i].len)
                        r = os_write_full(fd, parts[i].p, parts[i].len);
        if (r == 0)
                r = os_memfd_seal(fd);
        if (r < 0) {
                os_close(fd);
                return FAIL(r);
        }
        *ret_fd = fd;
        return 0;
}

static void add_frame(struct answer *a, const struct frame_entry *e, struct span z) {
        uint64_t end = e->first_seq + e->n_records;

        if (a->n == 0) {
                a->first = e->first_seq;
                a->end = end;
        }
        a->first = MIN(a->first, e->first_seq);
        a->end = MAX(a->end, end);
        buf_add(&a->entries, e, sizeof(*e));
        buf_span(&a->data, z);
        a->n++;
}

/* The frames of a block that were asked for, as many as there is room for: at least one in all. */
static void add_block(struct answer *a, const struct reader_block *b, uint64_t max) {
        uint64_t to = a->q->to ? a->q->to : UINT64_MAX;
        size_t at = 0;

        /* Who judges takes the answer for all of its range: it ends where retention left a hole. */
        if (!a->search && a->n && b->first_seq > a->end) {
                a->full = true;
                return;
        }
        /* Backwards a block is whole or not at all, so that what was looked through has no holes. */
        if (a->q->backwards && a->n &&
            (a->data.len + b->data.len > max || a->n + b->n_frames > FRAME_LIST_MAX)) {
                a->full = true;
                return;
        }
        for (uint32_t i = 0; i < b->n_frames; i++) {
                const struct frame_entry *e = &b->entries[i];
                struct span z = span_of(b->data.p + at, e->len);

                at += e->len;
                if (e->first_seq >= to || e->first_seq + e->n_records <= a->q->from)
                        continue;
                if (!a->q->backwards && a->n &&
                    (a->data.len + z.len > max || a->n == FRAME_LIST_MAX)) {
                        a->full = true;
                        return;
                }
                add_frame(a, e, z);
                if (!a->q->backwards)
                        a->looked = e->first_seq + e->n_records;
        }
        a->looked = a->q->backwards ? b->first_seq : b->end_seq;
}

static int finish(struct answer *a, uint64_t store_end, struct msg_store_frames *ret, int *ret_fd) {
        struct frame_list head = {
                .magic = FRAME_LIST_MAGIC, .n_frames = a->n, .bytes = a->data.len};
        struct span parts[] = {span_of((const char *)&head, sizeof(head)), buf_get(&a->entries),
                               buf_get(&a->data)};

        if (a->entries.failed || a->data.failed)
                return FAIL(-ENOMEM);
        *ret = (struct msg_store_frames){.type = STORE_FRAMES,
                                         .token = a->q->token,
                                         .n_frames = a->n,
                                         .from = a->first,
                                         .to = a->end,
                                         .bytes = sizeof(head) + a->entries.len + a->data.len};
        if (a->n == 0)
                ret->from = ret->to = a->q->from;
        if (a->search) {
                uint64_t to = MIN(a->q->to ? a->q->to : UINT64_MAX, store_end);

                ret->from = a->q->from;
                ret->to = MAX(to, a->q->from);
                if (a->full && a->q->backwards)
                        ret->from = a->looked;
                else if (a->full)
                        ret->to = a->looked;
        }
        *ret_fd = -1;
        return a->n ? answer_memfd("frames", parts, ARRAY_LEN(parts), ret_fd) : 0;
}

int answer_read(struct reader *r, const struct msg_store_read *q, struct msg_store_frames *ret,
                int *ret_fd) {
        struct reader_query rq = {.from = q->from,
                                  .to = q->to,
                                  .time_from = q->time_from ? q->time_from : TIME_NONE,
                                  .time_to = q->time_to ? q->time_to : TIME_NONE,
                                  .may = q->n_words ? may : NULL,
                                  .ctx = (void *)q,
                                  .backwards = q->backwards != 0};
        struct answer a = {.q = q,
                           .looked = q->from,
                           .search = q->n_words || q->time_from || q->time_to || q->backwards};
        uint64_t first = 0, end = 0, max = MIN(q->max_bytes, BYTES_MAX);
        struct reader_block b;
        int k = 1;

        if (q->n_words > STORE_WORDS_MAX)
                return FAIL(-EBADMSG);
        /* Before the look: what comes later may not be in it. */
        if (a.search)
                k = reader_range(r, &first, &end);
        if (k < 0)
                return k;
        reader_begin(r, &rq);
        while (!a.full && (k = reader_next(r, &b)) > 0)
                add_block(&a, &b, max);
        reader_end(r);
        if (k >= 0)
                k = finish(&a, end, ret, ret_fd);
        buf_deinit(&a.entries);
        buf_deinit(&a.data);
        return k;
}
