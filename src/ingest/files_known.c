/* Which content a file has. A name says nothing, and an inode little: files are renamed, copied,
 * truncated, packed, and inodes are used again. So a content is a thing of its own (a stream), and
 * files carry it:
 *
 *     rename            the same file, and the new one begins a stream of its own
 *     copy, truncate    two files with one stream for a while; then the old one has it no more
 *     gzip, zstd        a packed file with the stream, while the plain one goes away
 *     restart           the stream is known from the store, the file is found for it
 *
 * Whoever of them has bytes behind what was read is read; the others have nothing to say. What is
 * compared: all of the first 4096 bytes and the last 256 before the offset, as far as there are.
 *
 * L1  A byte of a stream is read once, whatever number of files carry it.
 * L2  The position in a batch is true of exactly the records up to its end.
 * L3  A file whose bytes differ from its stream leaves it, and is read from its beginning.
 *
 * Short contents may be alike by chance ("started\n", a header without a date). Less than 256 bytes
 * are taken for a copy only right after the other file has gone or begun anew (or after a restart);
 * else, after some seconds in which they did not become different, for a content of their own. */
#include <stdio.h>
#include <stdlib.h>

#include "base/timestamp.h"
#include "ingest/files_impl.h"
#include "ingest/replay.h"
#include "os/os.h"

#define SURE ((uint64_t)256)
#define UNSURE_NS (5 * NS_PER_SEC)
#define LATELY_NS (60 * NS_PER_SEC)
#define RAW_NS (600 * NS_PER_SEC) /* bytes are kept so long after the last file */
#define KEPT_S (40 * 86400)       /* positions are kept so long after the last file */
#define REMOVED_AT_ONCE 8u

static size_t value_of(const struct mark *m, char to[POSITION_VALUE_MAX]) {
        struct stream *t = (struct stream *)m;

        if (t->expired || t->at.offset == 0)
                return 0;
        t->at.seen = os_now() / NS_PER_SEC;
        stream_hash(t);
        stream_whole(t);
        return file_position_print(&t->at, to);
}

static struct span known_head(const struct stream *t, size_t most) {
        return span_of(t->raw->head, (size_t)MIN(t->at.offset, (uint64_t)most));
}

static struct span known_tail(const struct stream *t) {
        return span_of(t->raw->tail, (size_t)MIN(t->at.offset, (uint64_t)FILE_TAIL));
}

void stream_hash(struct stream *t) {
        if (!t->raw)
                return;
        file_hash(t->at.first, FIRST_HASH, known_head(t, FILE_FIRST));
        file_hash(t->at.head, FILE_HASH, known_head(t, FILE_HEAD));
        file_hash(t->at.tail, FILE_HASH, known_tail(t));
}

bool files_source_is(const struct stream *t, const struct source *x) {
        return strncmp(t->source, x->name, sizeof(t->source)) == 0;
}

/* ---- the list ---- */

static void free_stream(struct stream *t) {
        preamble_free(t->pr);
        free(t->raw);
        free(t);
}

static void remove_stream(struct serve_files *f, uint32_t i) {
        struct stream *t = f->streams[i];

        for (uint32_t k = 0; k < f->n_touched; k++)
                assert(f->touched[k] != &t->mark);
        f->streams[i] = f->streams[--f->n_streams];
        free_stream(t);
}

/* The one that nobody has had for the longest time. */
static bool make_room(struct serve_files *f, const struct serve *s) {
        uint32_t oldest = UINT32_MAX;

        for (uint32_t i = 0; i < f->n_streams; i++) {
                const struct stream *t = f->streams[i];

                if (t->carriers || t->mark.batch == s->batch_no)
                        continue;
                if (oldest == UINT32_MAX || t->at.seen < f->streams[oldest]->at.seen)
                        oldest = i;
        }
        if (oldest == UINT32_MAX)
                return false;
        remove_stream(f, oldest);
        return true;
}

static struct stream *add_stream(struct serve *s, struct span source, uint64_t id) {
        struct serve_files *f = s->files;
        struct stream *t;

        if (f->n_streams == STREAMS_MAX && !make_room(f, s))
                return NULL;
        t = calloc(1, sizeof(*t));
        if (!t)
                return NULL;
        memcpy(t->source, source.p, MIN(source.len, sizeof(t->source) - 1));
        t->id = id;
        t->lost = s->now;
        t->mark.value = value_of;
        char key[POSITION_KEY_MAX];
        t->mark.key_len = MIN(file_key_print(t->source, id, key), sizeof(t->mark.key));
        memcpy(t->mark.key, key, t->mark.key_len);
        f->last_id = MAX(f->last_id, id);
        f->streams[f->n_streams++] = t;
        return t;
}

int files_positions(struct serve *s, const struct msg_store_frames *m, int fd) {
        size_t len = (size_t)m->n_frames * sizeof(struct position);
        struct stat st;
        void *p = NULL;

        if (s->begun || m->n_frames > (1u << 20))
                return -EPROTO;
        if (len == 0)
                return 0;
        int r = os_fstat(fd, &st);
        if (r == 0 && (uint64_t)st.st_size < len)
                return -EPROTO;
        if (r == 0)
                r = os_map(fd, len, false, &p);
        if (r < 0)
                return FAIL(r);
        assert(p);
        for (uint32_t i = 0; i < m->n_frames; i++) {
                struct position x;
                struct file_position at;
                struct span source;
                uint64_t id;

                memcpy(&x, (const char *)p + i * sizeof(x), sizeof(x));
                struct span key = span_of(x.key, MIN(x.key_len, POSITION_KEY_MAX));
                struct span value = span_of(x.value, MIN(x.value_len, POSITION_VALUE_MAX));
                replay_position(s, key, value);
                if (!file_key_parse(key, &source, &id) || !file_position_parse(value, &at) ||
                    at.offset == 0)
                        continue;
                struct stream *t = add_stream(s, source, id);
                if (t)
                        t->at = at;
        }
        os_unmap(p, len);
        return 0;
}

/* Nobody has had it for long: its position goes with the next batch. */
static void expire(struct serve *s, struct stream *t) {
        if (t->carriers || t->at.seen + KEPT_S > s->wall / NS_PER_SEC ||
            s->now - s->files->started < 600 * NS_PER_SEC)
                return;
        if (!s->open || records_count(s->builder) == 0)
                return;
        t->expired = true;
        if (records_add_position(s->builder, span_of(t->mark.key, t->mark.key_len),
                                 span_of("", 0)) != 0)
                t->expired = false;
}

void files_streams_tick(struct serve *s) {
        struct serve_files *f = s->files;
        unsigned removed = 0;

        for (uint32_t i = 0; i < f->n_streams; i++) {
                struct stream *t = f->streams[i];

                if (t->carriers || t->mark.batch == s->batch_no)
                        continue;
                if (t->raw && s->now - t->lost > RAW_NS) {
                        stream_hash(t);
                        free(t->raw);
                        t->raw = NULL;
                        t->pr = preamble_free(t->pr);
                        t->format = FORMAT_UNKNOWN;
                        t->described = 0;
                }
                if (removed < REMOVED_AT_ONCE)
                        expire(s, t);
                if (t->expired || t->at.offset == 0) {
                        removed++;
                        remove_stream(f, i--);
                }
        }
}

/* ---- likeness ---- */

/* The bytes before the offset; false: they are not to be had. */
static bool read_tail(const struct followed *x, const struct stream *t, char *to, size_t *ret_n) {
        size_t n = (size_t)MIN(t->at.offset, (uint64_t)FILE_TAIL);

        *ret_n = n;
        return os_pread(x->fd, to, n, t->at.offset - n) == (ssize_t)n;
}

bool files_tail_is(const struct stream *t, struct span tail) {
        uint8_t h[FILE_HASH];

        if (t->raw)
                return span_eq(tail, known_tail(t));
        file_hash(h, sizeof(h), tail);
        return memcmp(h, t->at.tail, sizeof(h)) == 0;
}

enum likeness files_head_is(const struct stream *t, struct span head) {
        size_t n = (size_t)MIN(t->at.offset, (uint64_t)FILE_HEAD), first = MIN(n, FILE_FIRST);
        uint8_t h[FILE_HASH];

        if (t->raw) {
                size_t both = MIN(n, head.len);

                return memcmp(t->raw->head, head.p, both) == 0 ? LIKE : UNLIKE;
        }
        if (head.len >= n) {
                file_hash(h, FILE_HASH, span_of(head.p, n));
                return memcmp(h, t->at.head, FILE_HASH) == 0 ? LIKE : UNLIKE;
        }
        if (head.len >= first) {
                file_hash(h, FIRST_HASH, span_of(head.p, first));
                if (memcmp(h, t->at.first, FIRST_HASH) != 0)
                        return UNLIKE;
        }
        return UNSURE;
}

bool files_has_tail(const struct followed *x, const struct stream *t) {
        char tail[FILE_TAIL];
        size_t n;

        return read_tail(x, t, tail, &n) && files_tail_is(t, span_of(tail, n));
}

static enum likeness compare(const struct serve *s, const struct followed *x,
                             const struct stream *t, struct span head, uint64_t size) {
        bool same = t->at.device == x->device && t->at.inode == x->inode;
        bool lately = t->carriers == 0 && (s->now - t->lost < LATELY_NS);
        enum likeness l = files_head_is(t, head);
        if (l != LIKE)
                return l;
        if (size < t->at.offset)
                return head.len >= SURE ? LIKE : UNSURE;
        if (!x->packed && !files_has_tail(x, t))
                return UNLIKE;
        return t->at.offset >= SURE || same || lately ? LIKE : UNSURE;
}

/* ---- joining and leaving ---- */

bool files_make_raw(const struct followed *x, struct stream *t) {
        size_t n = (size_t)MIN(t->at.offset, (uint64_t)FILE_HEAD), tail;
        struct raw *w;

        if (t->raw)
                return true;
        w = calloc(1, sizeof(*w));
        if (w && os_pread(x->fd, w->head, n, 0) == (ssize_t)n &&
            files_head_is(t, span_of(w->head, n)) == LIKE && read_tail(x, t, w->tail, &tail) &&
            files_tail_is(t, span_of(w->tail, tail)))
                t->raw = w;
        else
                free(w);
        return t->raw != NULL;
}

static void join(struct followed *x, struct stream *t) {
        x->stream = t;
        x->since = 0;
        x->far = 0;
        t->carriers++;
        t->plain += !x->packed;
        t->at.device = x->device;
        t->at.inode = x->inode;
}

void files_leave(struct serve *s, struct followed *x) {
        struct stream *t = x->stream;

        if (!t)
                return;
        x->stream = NULL;
        x->since = 0;
        x->far = 0;
        t->plain -= !x->packed;
        if (--t->carriers == 0)
                t->lost = s->now;
        if (x->packed)
                files_packed_leave(s->files, x);
}

static bool begin_stream(struct serve *s, struct followed *x) {
        struct serve_files *f = s->files;
        uint64_t id = MAX((uint64_t)s->wall, f->last_id + 1);
        struct stream *t = add_stream(s, span_str(x->source->name), id);

        if (t)
                t->raw = calloc(1, sizeof(*t->raw));
        if (!t || !t->raw) {
                serve_note(s, NOTE_ERROR, x->source->name, "no memory to follow a file", x->path);
                return false; /* an empty stream is worth nothing: it goes when room is needed */
        }
        join(x, t);
        return true;
}

void files_is_unlike(struct serve *s, struct followed *x) {
        if (x->stream && x->n_unlike < ARRAY_LEN(x->unlike))
                x->unlike[x->n_unlike++] = x->stream->id;
        files_leave(s, x);
}

static bool is_unlike(const struct followed *x, const struct stream *t) {
        for (uint32_t i = 0; i < x->n_unlike; i++)
                if (x->unlike[i] == t->id)
                        return true;
        return false;
}

bool files_identify(struct serve *s, struct followed *x, struct span head, uint64_t size) {
        struct serve_files *f = s->files;
        struct stream *best = NULL;
        bool unsure = false;

        head.len = MIN(head.len, FILE_HEAD);
        if (x->since == 0)
                x->since = s->now;
        for (uint32_t i = 0; i < f->n_streams && x->n_unlike < ARRAY_LEN(x->unlike); i++) {
                struct stream *t = f->streams[i];

                if (t->expired || t->at.offset == 0 || is_unlike(x, t) ||
                    !files_source_is(t, x->source))
                        continue;
                enum likeness l = compare(s, x, t, head, size);
                unsure |= l == UNSURE;
                if (l == LIKE && (!best || t->at.offset > best->at.offset))
                        best = t;
        }
        if (best) {
                join(x, best);
                return true;
        }
        if (unsure && !x->import && s->now - x->since < UNSURE_NS)
                return false;
        return begin_stream(s, x);
}
