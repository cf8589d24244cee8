/* Packed files (gzip, zstd): mostly rotated ones whose content was read when it was plain. The
 * beginning is unpacked to see which content it is; while a plain file has that content, the packed
 * one waits. Then what was read is unpacked and passed over, and what is behind is read.
 *
 * One file is unpacked at a time, since zstd may take 32 MiB. One that is still being written ends
 * early; it is tried again once it has changed. */
#include <stdlib.h>

#include "base/timestamp.h"
#include "ingest/files_impl.h"
#include "os/os.h"

bool files_is_packed(struct span head) {
        return span_starts(head, SPAN("\x1f\x8b\x08")) ||
               span_starts(head, SPAN("\x28\xb5\x2f\xfd"));
}

void files_packed_leave(struct serve_files *f, const struct followed *x) {
        if (f->packed.x == x)
                f->packed.x = NULL;
}

static ssize_t read_file(void *ctx, void *to, size_t n) {
        struct packed *p = ctx;
        ssize_t r = os_pread(p->x->fd, to, n, p->read_at);

        if (r > 0)
                p->read_at += (uint64_t)r;
        return r;
}

static bool begin(struct packed *p, struct followed *x) {
        if (!p->z)
                p->z = inflate_new();
        if (!p->buf)
                p->buf = malloc(FILE_BUFFER);
        if (!p->z || !p->buf)
                return false;
        p->x = x;
        p->read_at = p->base = 0;
        p->len = 0;
        p->end = false;
        p->error = 0;
        inflate_open(p->z, read_file, p);
        return true;
}

/* Until the buffer is full or the file ends. */
static void fill(struct packed *p) {
        while (!p->end && FILE_BUFFER - p->len >= INFLATE_MIN) {
                ssize_t n = inflate_read(p->z, p->buf + p->len, FILE_BUFFER - p->len);

                if (n > 0) {
                        p->len += (size_t)n;
                        continue;
                }
                p->end = true;
                p->error = (int)n;
        }
}

/* The first bytes of the buffer are done with; head and tail remember them. */
static void pass(struct packed *p, size_t n) {
        raw_pass(&p->seen, p->base, span_of(p->buf, n));
        p->base += n;
        p->len -= n;
        memmove(p->buf, p->buf + n, p->len);
}

/* What was read of the stream already is passed over. LOOK_DONE: here we are. */
static enum look pass_over(struct packed *p, struct stream *t, size_t *budget) {
        while (p->base < t->at.offset) {
                fill(p);
                size_t n = (size_t)MIN((uint64_t)p->len, t->at.offset - p->base);
                if (n == 0)
                        return p->end ? LOOK_DONE : LOOK_LOST; /* shorter than what was read */
                if (t->pr && t->described == p->base) {
                        const char *nl = memrchr(p->buf, '\n', n);
                        n = nl ? (size_t)(nl + 1 - p->buf) : n;
                        stream_describe(t, span_of(p->buf, n));
                        t->described += n;
                }
                pass(p, n);
                *budget -= MIN(*budget, n);
                if (*budget == 0 && p->base < t->at.offset)
                        return LOOK_MORE;
        }
        return LOOK_DONE;
}

/* At the offset: is it that content indeed? */
static bool is_it(struct packed *p, struct stream *t) {
        struct span head = span_of(p->seen.head, (size_t)MIN(p->base, (uint64_t)FILE_HEAD));
        struct span tail = span_of(p->seen.tail, (size_t)MIN(p->base, (uint64_t)FILE_TAIL));

        if (files_head_is(t, head) != LIKE || !files_tail_is(t, tail))
                return false;
        if (t->raw)
                return true;
        t->raw = malloc(sizeof(*t->raw));
        if (t->raw)
                *t->raw = p->seen;
        return t->raw != NULL;
}

static enum look finish(struct serve *s, struct followed *x, struct packed *p) {
        uint64_t where;
        const char *what = inflate_error(p->z, &where);

        x->done = true; /* until it changes */
        if (p->error < 0 && s->now - x->changed > QUIET_NS)
                serve_note(s, NOTE_WARNING, x->source->name,
                           p->error == -EBADMSG ? what : "cannot be read", x->path);
        p->x = NULL;
        return LOOK_DONE;
}

static enum look refuse(struct serve *s, struct followed *x, struct packed *p) {
        serve_note(s, NOTE_WARNING, x->source->name, "binary: not followed", x->path);
        x->refused = true;
        p->x = NULL;
        return LOOK_DONE;
}

static enum look read_on(struct serve *s, struct followed *x, struct packed *p, size_t *budget) {
        struct stream *t = x->stream;
        bool quiet = s->now - x->changed > QUIET_NS;

        while (*budget) {
                enum look l = LOOK_DONE;

                if (source_wait(x->source, s->now) > 0)
                        return LOOK_STALLED;
                fill(p);
                if (p->len == 0)
                        return p->error == 0 || quiet ? finish(s, x, p) : LOOK_DONE;
                size_t used = files_split(s, x, span_of(p->buf, p->len),
                                          p->end && p->error == 0 && quiet, &l);
                /* A record longer than the buffer: what does not fit is its own record. */
                if (used == 0 && l == LOOK_DONE && !p->end && p->len > RECORD_MAX) {
                        if (files_give_cut(s, x, span_of(p->buf, RECORD_MAX), p->len) != 0)
                                return LOOK_STALLED;
                        stream_pass(t, span_of(p->buf, p->len));
                        used = p->len;
                }
                pass(p, used);
                *budget -= MIN(*budget, used);
                if (l == LOOK_STALLED)
                        return l;
                if (used == 0) /* half a line is left, or the file is not complete */
                        return quiet ? finish(s, x, p) : LOOK_DONE;
        }
        return LOOK_MORE;
}

enum look files_look_packed(struct serve *s, struct followed *x, size_t *budget) {
        struct packed *p = &s->files->packed;

        if (x->stream && x->stream->plain)
                return LOOK_DONE; /* the plain one is read */
        if (p->x && p->x != x)
                return LOOK_DONE; /* later */
        if (!p->x && !begin(p, x))
                return LOOK_DONE;
        if (!x->stream) {
                fill(p);
                if (p->len == 0) {
                        bool over = p->error == 0 || s->now - x->changed > QUIET_NS;
                        if (over)
                                return finish(s, x, p);
                        p->x = NULL;
                        return LOOK_DONE;
                }
                bool known =
                        files_identify(s, x, span_of(p->buf, p->len), p->end ? p->len : UINT64_MAX);
                if (!known || x->stream->plain) {
                        p->x = NULL;
                        return LOOK_DONE;
                }
        }
        struct stream *t = x->stream;
        if (p->base > t->at.offset && !begin(p, x))
                return LOOK_DONE;
        if (p->base == 0 && t->format == FORMAT_UNKNOWN) {
                fill(p);
                if (p->len && !stream_find_format(s, x, span_of(p->buf, p->len)))
                        return refuse(s, x, p);
        }
        if (p->base < t->at.offset) {
                enum look l = pass_over(p, t, budget);
                if (l != LOOK_DONE)
                        return l;
                if (p->base < t->at.offset) /* shorter: nothing new in it, so far */
                        return finish(s, x, p);
                if (!is_it(p, t)) {
                        files_is_unlike(s, x);
                        return LOOK_MORE;
                }
        }
        return read_on(s, x, p, budget);
}
