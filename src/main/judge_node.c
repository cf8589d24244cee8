/* A node's judge: batches of records (wire/records.h) from slots of the ring, or from frames of the
 * store that are opened here (whatever is foreign is opened here). Each run of one source and format
 * is decoded as the stretch it is; where an event begins says which record it is. See judge.h.
 *
 * The position in the outbox is the sequence number of the record at hand. */
#include <stdlib.h>

#include "main/judge.h"
#include "store/frames.h"
#include "wire/node_ingest.h"

struct judge_node {
        struct msg_judge queue[JUDGE_QUEUE_MAX];
        int fds[JUDGE_QUEUE_MAX];
        unsigned queued;
        struct frame_opener *opener;
        char *room; /* FRAME_ROOM: an opened frame */
        char *line; /* RECORD_MAX and padding: a record made one line */
        /* The batch, run and record at hand. */
        struct records r;
        struct run run;
        struct source_name source;
        struct record record;
        uint32_t at, end; /* records of the stretch: the one at hand, the first behind */
        uint32_t next_at; /* where in the payload the next record begins */
        bool alone;       /* the stretch is a copy of one record */
};

struct judge_node *judge_node_new(void) {
        struct judge_node *n = calloc(1, sizeof(*n));

        if (!n)
                return NULL;
        n->opener = frame_opener_new();
        n->room = aligned_alloc(64, FRAME_ROOM);
        n->line = malloc(RECORD_MAX + SLOT_PADDING);
        if (n->opener && n->room && n->line)
                return n;
        frame_opener_free(n->opener);
        free(n->room);
        free(n->line);
        free(n);
        return NULL;
}

int judge_node_take(struct judge *j, const void *m, size_t n, int fd) {
        struct judge_node *node = j->node;
        struct msg_judge t;

        if (n != sizeof(t) || node->queued == JUDGE_QUEUE_MAX)
                return -EPROTO;
        memcpy(&t, m, sizeof(t));
        if (t.type == JUDGE_SLOT ? !j->ring || t.slot >= RING_SLOTS || fd >= 0
                                 : t.type != JUDGE_FRAMES || fd < 0)
                return -EPROTO;
        node->queue[node->queued] = t;
        node->fds[node->queued++] = fd;
        return 0;
}

/* ---- which record ---- */

static void look_at(struct judge *j, uint32_t i) {
        struct judge_node *n = j->node;
        struct record next;
        struct span bytes;

        n->at = i;
        if (!records_at(&n->r, i, &n->record, &bytes))
                n->record = (struct record){0};
        /* Judges have no clock: an indicator is in force if it was when the record came. */
        matcher_clock(j->matcher, n->record.received);
        n->next_at = UINT32_MAX;
        if (i + 1 < n->end && records_at(&n->r, i + 1, &next, &bytes))
                n->next_at = next.at;
        __atomic_store_n(&j->out->position, n->r.h.first_seq + i, __ATOMIC_RELAXED);
}

void judge_node_at(struct judge *j, const struct batch *b, const struct event *e) {
        struct judge_node *n = j->node;
        uint64_t at = b->h.offset + (uint64_t)(e->raw.p - b->payload.p);

        while (!n->alone && at >= n->next_at)
                look_at(j, n->at + 1);
}

void judge_node_finding(struct judge *j, const struct batch *b, const struct event *e,
                        struct finding *f) {
        struct judge_node *n = j->node;

        f->input = n->source.id;
        f->seq = n->r.h.first_seq + n->at;
        f->received = n->record.received;
        f->drill = n->run.drill;
        f->line = 0;
        /* Within the record: an event of a chunk, else its beginning. */
        f->offset = n->alone ? (uint64_t)(e->raw.p - b->payload.p)
                             : e->offset - MIN(e->offset, (uint64_t)n->record.at);
}

uint32_t judge_node_flags(const struct judge *j) {
        return j->node->record.flags;
}

struct span judge_address(struct arena *a, const uint8_t ip[16]) {
        static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

        if (memcmp(ip, mapped, sizeof(mapped)) == 0)
                return arena_printf(a, "%u.%u.%u.%u", ip[12], ip[13], ip[14], ip[15]);
        return arena_printf(a,
                            "%02x%02x:%02x%02x:%02x%02x:%02x%02x:%02x%02x:%02x%02x:%02x%02x:"
                            "%02x%02x",
                            ip[0], ip[1], ip[2], ip[3], ip[4], ip[5], ip[6], ip[7], ip[8], ip[9],
                            ip[10], ip[11], ip[12], ip[13], ip[14], ip[15]);
}

uint32_t judge_node_fields(struct judge *j, struct finding_field *to, uint32_t room) {
        static const uint8_t none[16];
        const struct judge_node *n = j->node;

        if (room < 2 || !n)
                return 0;
        to[0] = (struct finding_field){.name = SPAN("coloa.source"),
                                       .value = span_str(n->source.name)};
        if (memcmp(n->run.peer, none, sizeof(none)) == 0)
                return 1;
        to[1] = (struct finding_field){.name = SPAN("coloa.peer"),
                                       .value = judge_address(&j->arena, n->run.peer)};
        return to[1].value.p ? 2 : 1;
}

/* ---- runs ---- */

static int judge_run_part(struct judge *j, uint32_t from, uint32_t to, struct msg_judge *done) {
        struct judge_node *n = j->node;
        struct record first, last;
        struct span a, z, head = SPAN_NONE;

        if (n->run.flags &
            RUN_HEADED) { /* what begins the run is no event: it tells of the others */
                if (!records_at(&n->r, n->run.first, &first, &head) ||
                    !(first.flags & RECORD_PREAMBLE))
                        return -EPROTO;
                from = MAX(from, n->run.first + 1);
                if (from >= to)
                        return 0;
        }
        if (!records_at(&n->r, from, &first, &a) || !records_at(&n->r, to - 1, &last, &z) ||
            first.at > last.at || first.at < n->run.at ||
            last.at + last.len > n->run.at + n->run.len)
                return -EPROTO;
        struct batch b = {
                .h = {.magic = BATCH_MAGIC,
                      .layout = BATCH_STREAM,
                      .format = n->run.format ? n->run.format : FORMAT_TEXT,
                      .flags = BATCH_FIRST | BATCH_LAST,
                      .input = n->source.id,
                      .offset = first.at,
                      .file_time = first.received,
                      .preamble_len = (uint32_t)head.len},
                .preamble = head,
                .payload = span_of(n->r.payload.p + first.at, last.at + last.len - first.at)};
        n->end = to;
        n->alone = (n->run.flags & RUN_SINGLE) != 0;
        look_at(j, from);
        if (b.payload.len == 0)
                return 0;
        if (n->alone && n->run.format != FORMAT_EVTX) {
                /* Its line ends are part of it: for a decoder of lines they are blanks. */
                memcpy(n->line, b.payload.p, b.payload.len);
                memset(n->line + b.payload.len, 0, SLOT_PADDING);
                for (char *c = n->line;
                     (c = memchr(c, '\n', b.payload.len - (size_t)(c - n->line)));)
                        *c = ' ';
                b.payload.p = n->line;
        }
        b.h.payload_len = (uint32_t)b.payload.len;
        return judge_stretch(j, &b, 0, &done->events, &done->bad);
}

/* A search decodes only what may match: neighbours that may go together. */
static int seek_run_part(struct judge *j, uint32_t from, uint32_t to, struct msg_judge *done) {
        struct judge_node *n = j->node;
        uint32_t start = UINT32_MAX;
        int r = 0;

        if (!judge_seek_begin(j, &n->run, &n->source) ||
            !judge_seek_may(j, span_of(n->r.payload.p + n->run.at, n->run.len)))
                return 0;
        for (uint32_t i = from; i <= to && r == 0; i++) {
                struct record rec;
                struct span bytes;
                bool may = i < to && records_at(&n->r, i, &rec, &bytes) && judge_seek_may(j, bytes);

                if (may && start == UINT32_MAX)
                        start = i;
                if (may || start == UINT32_MAX)
                        continue;
                r = judge_run_part(j, start, i, done);
                start = UINT32_MAX;
        }
        return r;
}

/* A run over the past is over what really happened, of one source if one was named. */
static bool of_the_past(const struct judge *j) {
        const struct judge_node *n = j->node;

        return !j->only ||
               (n->run.drill == 0 &&
                (!j->only_source.p || span_eq(span_str(n->source.name), j->only_source)));
}

/* All of the batch at hand that the task asks for. Records of senders nobody knows are kept, not
 * judged: what they say could be anybody's. */
static int judge_records(struct judge *j, const struct msg_judge *t, struct msg_judge *done) {
        struct judge_node *n = j->node;
        uint64_t base = n->r.h.first_seq;
        int r = 0;

        for (uint32_t i = 0; i < n->r.h.n_runs && r == 0; i++) {
                if (!records_run(&n->r, i, &n->run) ||
                    !records_source(&n->r, n->run.source, &n->source))
                        return -EPROTO;
                uint64_t from = MAX(t->from, base + n->run.first);
                uint64_t to = MIN(t->to, base + n->run.first + n->run.n);
                if (from < to && j->seek)
                        r = seek_run_part(j, (uint32_t)(from - base), (uint32_t)(to - base), done);
                else if (from < to && n->source.id != SOURCE_UNKNOWN && of_the_past(j))
                        r = judge_run_part(j, (uint32_t)(from - base), (uint32_t)(to - base), done);
        }
        return r;
}

static int judge_frames(struct judge *j, const struct msg_judge *t, int fd,
                        struct msg_judge *done) {
        struct judge_node *n = j->node;
        struct frame_list_view v;
        struct frame_entry e;
        uint32_t i = 0;
        size_t at = 0;
        struct span z;
        void *p = NULL;
        struct stat st;
        int r = os_fstat(fd, &st);

        if (r < 0)
                return r;
        r = os_map(fd, (size_t)st.st_size, false, &p);
        if (r < 0)
                return r;
        if (frame_list_view(p, (size_t)st.st_size, &v) != 0)
                r = -EPROTO;
        while (r == 0 && frame_list_next(&v, &i, &at, &e, &z)) {
                if (e.first_seq >= t->to || e.first_seq + e.n_records <= t->from)
                        continue;
                /* Bytes of the store that do not open are verify's business; what is behind is still
                 * judged. */
                if (frame_open(n->opener, z, n->room, &n->r) == 0)
                        r = judge_records(j, t, done);
                else
                        done->unopened +=
                                MIN(t->to, e.first_seq + e.n_records) - MAX(t->from, e.first_seq);
        }
        os_unmap(p, (size_t)st.st_size);
        return r;
}

static int judge_task(struct judge *j, const struct msg_judge *t, int fd) {
        struct judge_node *n = j->node;
        struct msg_judge done = *t;
        int r;

        done.type = JUDGED;
        done.events = done.bad = done.unopened = 0;
        uint64_t before = matcher_stats(j->matcher)->regex_limits;
        __atomic_store_n(&j->out->position, t->from, __ATOMIC_RELAXED);
        if (t->type == JUDGE_FRAMES)
                r = judge_frames(j, t, fd, &done);
        else if (records_view(j->ring + (size_t)t->slot * SLOT_BYTES, SLOT_BYTES, &n->r) != 0)
                r = -EPROTO;
        else
                r = judge_records(j, t, &done);
        os_close_quiet(fd);
        if (r < 0)
                return r;
        done.given_up = matcher_stats(j->matcher)->regex_limits - before;
        outbox_publish(j->out, j->staged);
        return os_send(j->sock, &done, sizeof(done), NULL, 0);
}

int judge_node_serve(struct judge *j) {
        struct judge_node *n = j->node;

        for (;;) {
                bool emptied;
                int r = 0;

                while (n->queued == 0 && r == 0)
                        r = judge_take_message(j, &emptied);
                if (r < 0)
                        return r == -EPIPE ? 0 : r;
                struct msg_judge t = n->queue[0];
                int fd = n->fds[0];
                n->queued--;
                memmove(n->queue, n->queue + 1, n->queued * sizeof(n->queue[0]));
                memmove(n->fds, n->fds + 1, n->queued * sizeof(n->fds[0]));
                r = judge_task(j, &t, fd);
                if (r < 0)
                        return r == -EPIPE ? 0 : r;
        }
}
