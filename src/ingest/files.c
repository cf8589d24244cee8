/* Followed files: descriptors that main opened, looked at again and again: every quarter of a second
 * while they grow, every four when they have not for long. There is no inotify: it needs paths, and
 * this process has none.
 *
 * A look: what the size says, whether the file still has its content (files_known.c), then at most
 * one mebibyte of records (files_give.c). A turn of all files takes at most four, then the listeners
 * have theirs; the next turn goes on behind the file that was last.
 *
 * A record is complete with its line end. What is left behind the last one waits for it, until the
 * file was deleted, or another one has its name, and it was quiet for five seconds: then nobody will
 * finish it. */
#include <stdio.h>
#include <stdlib.h>

#include "base/timestamp.h"
#include "decode/detect.h"
#include "ingest/files_impl.h"
#include "os/os.h"

#define LOOK_NS (NS_PER_SEC / 4)
#define LOOK_IDLE_NS NS_PER_SEC
#define LOOK_OLD_NS (4 * NS_PER_SEC)
#define IDLE_NS (10 * NS_PER_SEC)
#define OLD_NS (600 * NS_PER_SEC)
#define EVICT_NS (3600 * NS_PER_SEC)

struct serve_files *files_new(void) {
        struct serve_files *f = calloc(1, sizeof(*f));

        if (!f)
                return NULL;
        f->due = INT64_MAX;
        f->journal.fd = -1;
        f->buf = malloc(FILE_BUFFER);
        return f->buf ? f : files_free(f);
}

static void close_file(struct serve_files *f, uint32_t i) {
        struct followed *x = f->files[i];

        os_close_quiet(x->fd);
        free(x);
        f->files[i] = f->files[--f->n];
}

struct serve_files *files_free(struct serve_files *f) {
        if (!f)
                return NULL;
        while (f->n)
                close_file(f, f->n - 1);
        for (uint32_t i = 0; i < f->n_streams; i++) {
                preamble_free(f->streams[i]->pr);
                free(f->streams[i]->raw);
                free(f->streams[i]);
        }
        files_import_free(f);
        inflate_free(f->packed.z);
        free(f->packed.buf);
        os_close_quiet(f->journal.fd);
        free(f->journal.buf);
        free(f->buf);
        free(f);
        return NULL;
}

int64_t files_due(const struct serve *s) {
        return s->stopping || s->stalled ? INT64_MAX : s->files->due;
}

void files_durable(struct serve *s) {
        files_import_durable(s);
}

/* ---- a file is handed over ---- */

static struct source *source_by_id(struct serve *s, uint32_t id) {
        for (uint32_t i = 0; i < sources_count(s->sources); i++)
                if (sources_at(s->sources, i)->id == id)
                        return sources_at(s->sources, i);
        return NULL;
}

/* The one that has not changed for the longest time makes room, if that is long. */
static bool evict(struct serve *s) {
        struct serve_files *f = s->files;
        uint32_t oldest = 0;

        for (uint32_t i = 1; i < f->n; i++)
                if (f->files[i]->changed < f->files[oldest]->changed)
                        oldest = i;
        if (s->now - f->files[oldest]->changed < EVICT_NS)
                return false;
        serve_note(s, NOTE_WARNING, f->files[oldest]->source->name,
                   "not followed any more: too many files", f->files[oldest]->path);
        files_leave(s, f->files[oldest]);
        close_file(f, oldest);
        return true;
}

int files_take(struct serve *s, const struct msg_node_file *m, int fd) {
        struct serve_files *f = s->files;
        struct source *source = source_by_id(s, m->source);
        struct followed *x;

        if (!s->begun || !source || m->format >= FORMAT_MAX ||
            !memchr(m->path, 0, sizeof(m->path))) {
                os_close_quiet(fd);
                return -EPROTO;
        }
        if (m->flags & FILE_JOURNAL)
                return files_take_journal(s, m, fd);
        for (uint32_t i = 0; i < f->n; i++) {
                x = f->files[i];
                if (x->inode == m->inode && x->device == m->device && x->source == source &&
                    !x->import && !(m->flags & FILE_IMPORT)) {
                        os_close_quiet(fd); /* its name was gone for a while */
                        return 0;
                }
        }
        if (f->n == FILES_MAX && !evict(s)) {
                serve_note(s, NOTE_ERROR, source->name, "not followed: too many files", "");
                os_close_quiet(fd);
                return 0;
        }
        x = calloc(1, sizeof(*x));
        if (!x) {
                os_close_quiet(fd);
                return -ENOMEM;
        }
        size_t len = strlen(m->path), most = sizeof(x->path) - 6;
        *x = (struct followed){.fd = fd,
                               .source = source,
                               .device = m->device,
                               .inode = m->inode,
                               .import = m->flags & FILE_IMPORT,
                               .packed = m->flags & FILE_IMPORT, /* as unpacked bytes it counts */
                               .token = m->token,
                               .forced = (enum format)m->format,
                               .changed = s->now};
        snprintf(x->path, sizeof(x->path), "path=%s", m->path + (len > most ? len - most : 0));
        if (f->started == 0)
                f->started = s->now;
        for (uint32_t i = 0; i < f->n && !x->import; i++) {
                struct followed *y = f->files[i];

                y->rotated |= y->source == source && strcmp(y->path, x->path) == 0;
        }
        f->files[f->n++] = x;
        f->due = s->now;
        return 0;
}

/* ---- reading ---- */

/* Where data begins again from `at` on: holes of a sparse file are not read, however long. */
static uint64_t behind_hole(const struct followed *x, uint64_t at) {
        int64_t data = os_seek(x->fd, (int64_t)at, SEEK_DATA);

        if (data == -ENXIO)
                return MAX(x->size, at);
        return data > (int64_t)at ? (uint64_t)data : at;
}

/* Whether behind `from` a line ends, and where: at most `budget` bytes are looked at. */
static bool find_line_end(struct serve *s, struct followed *x, size_t *budget, uint64_t *ret_end) {
        char *buf = s->files->buf;

        while (*budget) {
                x->far = behind_hole(x, x->far);
                ssize_t n = os_pread(x->fd, buf, MIN(FILE_BUFFER, *budget), x->far);
                if (n <= 0)
                        return false;
                const char *nl = memchr(buf, '\n', (size_t)n);
                *budget -= (size_t)n;
                if (nl) {
                        *ret_end = x->far + (uint64_t)(nl + 1 - buf);
                        return true;
                }
                x->far += (uint64_t)n;
        }
        return false;
}

/* All up to `end` was read: what lies before it is seen once more, for the tail. */
static bool pass_to(struct serve *s, struct followed *x, uint64_t end) {
        struct stream *t = x->stream;
        char *buf = s->files->buf;
        uint64_t from = t->at.offset;

        if (from < FILE_HEAD) {
                size_t n = FILE_HEAD - (size_t)from;

                if (os_pread(x->fd, buf, n, from) != (ssize_t)n)
                        return false;
                stream_pass(t, span_of(buf, n));
        }
        if (os_pread(x->fd, buf, FILE_TAIL, end - FILE_TAIL) != (ssize_t)FILE_TAIL)
                return false;
        t->at.offset = end - FILE_TAIL;
        stream_pass(t, span_of(buf, FILE_TAIL));
        t->described = end;
        return true;
}

/* The record at the offset is longer than the buffer. */
static enum look read_long(struct serve *s, struct followed *x, size_t *budget, bool final) {
        struct stream *t = x->stream;
        uint64_t end;

        if (x->far < t->at.offset)
                x->far = t->at.offset;
        bool ended = find_line_end(s, x, budget, &end);
        if (!ended && *budget == 0)
                return LOOK_MORE;
        if (!ended && !final)
                return LOOK_DONE;
        if (!ended)
                end = x->far;
        ssize_t n = os_pread(x->fd, s->files->buf, RECORD_MAX, t->at.offset);
        if (n != (ssize_t)RECORD_MAX)
                return LOOK_LOST;
        if (files_give_cut(s, x, span_of(s->files->buf, RECORD_MAX), end - t->at.offset - ended) !=
            0)
                return LOOK_STALLED;
        x->far = 0;
        return pass_to(s, x, end) ? LOOK_MORE : LOOK_LOST;
}

/* Header lines that stand before the offset, after a restart. */
static enum look describe(struct serve *s, struct followed *x, size_t *budget) {
        struct stream *t = x->stream;

        while (t->pr && t->described < t->at.offset) {
                if (t->format == FORMAT_CSV && preamble_get(t->pr).len) {
                        t->described = t->at.offset; /* it has one header */
                        break;
                }
                uint64_t left = t->at.offset - t->described;
                ssize_t n = os_pread(x->fd, s->files->buf, (size_t)MIN(FILE_BUFFER, left),
                                     t->described);
                if (n <= 0)
                        return LOOK_LOST;
                const char *nl = memrchr(s->files->buf, '\n', (size_t)n);
                size_t lines = nl ? (size_t)(nl + 1 - s->files->buf) : (size_t)n;
                stream_describe(t, span_of(s->files->buf, lines));
                t->described += lines;
                *budget -= MIN(*budget, lines);
                if (*budget == 0)
                        return LOOK_MORE;
        }
        return LOOK_DONE;
}

static void refuse(struct serve *s, struct followed *x, struct span head) {
        x->refused = true;
        serve_note(s, NOTE_WARNING, x->source->name,
                   detect_format(head, true) == FORMAT_EVTX
                           ? "an event log file is imported, not followed"
                           : "binary: not followed",
                   x->path);
}

/* What is there behind the offset, with the bytes before it for proof; .p NULL: it is another
 * content. */
static struct span read_behind(struct serve *s, const struct followed *x) {
        const struct stream *t = x->stream;
        size_t tail = (size_t)MIN(t->at.offset, (uint64_t)FILE_TAIL);
        ssize_t n = os_pread(x->fd, s->files->buf, FILE_BUFFER, t->at.offset - tail);

        if (n < (ssize_t)tail || !files_tail_is(t, span_of(s->files->buf, tail)))
                return SPAN_NONE;
        return span_of(s->files->buf + tail, (size_t)n - tail);
}

/* The format, before the first record and again while it is only known to be text, and the header
 * that stands before the offset. Both may use the buffer. */
static enum look prepare(struct serve *s, struct followed *x, size_t *budget, bool final) {
        struct stream *t = x->stream;
        bool early = t->at.offset < DETECT_BYTES;

        if (t->format == FORMAT_UNKNOWN || (t->format == FORMAT_TEXT && early)) {
                ssize_t n = os_pread(x->fd, s->files->buf, DETECT_BYTES, 0);
                struct span head = span_of(s->files->buf, n > 0 ? (size_t)n : 0);
                const char *nl = memrchr(head.p, '\n', head.len);

                if (!nl && head.len < DETECT_BYTES && !final)
                        return LOOK_STALLED; /* not one line */
                if (nl)
                        head.len = (size_t)(nl + 1 - head.p);
                if (!stream_find_format(s, x, head)) {
                        refuse(s, x, head);
                        return LOOK_STALLED;
                }
        }
        return describe(s, x, budget);
}

/* At the beginning of a line: zeros are no record. LOOK_DONE: there is no long hole. */
static enum look pass_hole(struct serve *s, struct followed *x) {
        struct stream *t = x->stream;
        uint64_t data = behind_hole(x, t->at.offset);

        if (t->format == FORMAT_JOURNAL || data < t->at.offset + FILE_BUFFER)
                return LOOK_DONE;
        return pass_to(s, x, data) ? LOOK_MORE : LOOK_LOST;
}

static enum look read_plain(struct serve *s, struct followed *x, size_t *budget, bool final) {
        enum look l;

        if (!files_make_raw(x, x->stream))
                return LOOK_LOST;
        while (*budget) {
                if (source_wait(x->source, s->now) > 0)
                        return LOOK_STALLED;
                l = prepare(s, x, budget, final);
                if (l != LOOK_DONE)
                        return l == LOOK_STALLED ? LOOK_DONE : l;
                struct span data = read_behind(s, x);
                if (!data.p)
                        return LOOK_LOST;
                if (data.len == 0)
                        return LOOK_DONE;
                if (*data.p == '\0' && (l = pass_hole(s, x)) != LOOK_DONE)
                        return l;
                bool filled = data.len >= FILE_BUFFER - FILE_TAIL;
                size_t used = files_split(s, x, data, final && !filled, &l);
                *budget -= MIN(*budget, used);
                if (l == LOOK_STALLED)
                        return l;
                if (used == 0)
                        return filled ? read_long(s, x, budget, final) : LOOK_DONE;
        }
        return LOOK_MORE;
}

/* ---- looking ---- */

static enum look look_plain(struct serve *s, struct followed *x, size_t *budget, bool gone) {
        struct stream *t = x->stream;
        bool quiet = s->now - x->changed > QUIET_NS;

        gone |= x->rotated;

        if (x->size > t->at.offset)
                return read_plain(s, x, budget, gone && quiet);
        return LOOK_DONE;
}

/* Smaller than what was read of it: a copy that is being written, or another content. */
static bool still_has(const struct followed *x, const struct stream *t) {
        char head[FILE_HEAD];

        if (x->size > t->at.offset)
                return true; /* the tail tells, before more is read */
        if (x->size == t->at.offset)
                return files_has_tail(x, t);
        ssize_t n = os_pread(x->fd, head, (size_t)MIN(x->size, (uint64_t)FILE_HEAD), 0);
        return n > 0 && files_head_is(t, span_of(head, (size_t)n)) != UNLIKE;
}

/* What the file looks like now. false: gone for good. */
static bool see(struct serve *s, struct followed *x, bool *ret_gone) {
        struct stat st;

        if (x->source->gone || os_fstat(x->fd, &st) < 0)
                return false;
        uint64_t size = (uint64_t)st.st_size;
        int64_t modified = (int64_t)st.st_mtim.tv_sec * NS_PER_SEC + st.st_mtim.tv_nsec;
        bool changed = size != x->size || modified != x->modified;
        bool shrunk = size < x->size;

        *ret_gone = st.st_nlink == 0;
        if (!changed)
                return true;
        x->size = size;
        x->modified = modified;
        x->changed = s->now;
        x->done = x->refused = false;
        x->n_unlike = 0;
        bool lost = x->stream && (shrunk ? x->packed || size < x->stream->at.offset
                                         : !x->packed && !still_has(x, x->stream));
        if (lost)
                files_leave(s, x);
        if (!x->stream)
                x->packed = false; /* looked at anew */
        return true;
}

static enum look identify(struct serve *s, struct followed *x) {
        char head[FILE_HEAD];
        ssize_t n = os_pread(x->fd, head, sizeof(head), 0);

        if (n <= 0)
                return LOOK_DONE; /* empty: nothing to know it by */
        x->packed = files_is_packed(span_of(head, (size_t)n));
        if (!x->packed && !files_identify(s, x, span_of(head, (size_t)n), x->size))
                return LOOK_DONE;
        return LOOK_MORE;
}

static enum look look_at(struct serve *s, struct followed *x, bool gone) {
        size_t budget = FILE_ROUND;
        enum look l;

        if (x->refused || x->done)
                return LOOK_DONE;
        if (!x->stream && !x->packed && (l = identify(s, x)) != LOOK_MORE)
                return l;
        l = x->packed ? files_look_packed(s, x, &budget) : look_plain(s, x, &budget, gone);
        if (l == LOOK_LOST) {
                files_leave(s, x);
                x->packed = false;
                return LOOK_MORE;
        }
        return l;
}

static int64_t again(const struct serve *s, const struct followed *x) {
        int64_t quiet = s->now - x->changed;

        return s->now + (quiet < IDLE_NS ? LOOK_NS : quiet < OLD_NS ? LOOK_IDLE_NS : LOOK_OLD_NS);
}

/* One file's turn. false: it was closed. */
static bool take_turn(struct serve *s, struct followed *x, enum look *ret) {
        bool gone = false;

        *ret = LOOK_DONE;
        if (x->import) {
                *ret = files_look_import(s, x);
                x->next = *ret == LOOK_MORE || s->stalled ? s->now : s->now + LOOK_NS;
                return !x->done;
        }
        if (!see(s, x, &gone))
                return false;
        *ret = look_at(s, x, gone);
        x->next = *ret == LOOK_MORE || s->stalled ? s->now : again(s, x);
        return !(gone && *ret == LOOK_DONE && s->now - x->changed > QUIET_NS + NS_PER_SEC);
}

void files_run(struct serve *s) {
        struct serve_files *f = s->files;
        size_t turns = f->n, room = FILES_ROUND / FILE_ROUND;
        int64_t due = INT64_MAX;

        if (s->stalled || s->stopping)
                return;
        for (size_t k = 0; k < turns && f->n; k++) {
                uint32_t i = f->turn % f->n;
                struct followed *x = f->files[i];
                enum look l;

                f->turn = i + 1;
                if (x->next > s->now)
                        continue;
                if (!take_turn(s, x, &l)) {
                        files_leave(s, x);
                        close_file(f, i);
                        f->turn = i;
                        continue;
                }
                if (s->stalled || (l == LOOK_MORE && --room == 0))
                        break;
        }
        for (uint32_t i = 0; i < f->n; i++)
                due = MIN(due, f->files[i]->next);
        f->due = due;
        if (s->now - f->last_tick > 10 * NS_PER_SEC) {
                f->last_tick = s->now;
                files_streams_tick(s);
        }
        files_journal_run(s);
}
