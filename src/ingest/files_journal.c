/* The journal: what journalctl writes in its export format, entry by entry, bytes as they came. The
 * position is the entry's own cursor.
 *
 * When main starts journalctl anew it does so behind the cursor that the store has, while entries
 * behind that one may be on their way to the store. So what a new pipe begins with is compared with
 * the cursors of the last entries given, until one is new. */
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "ingest/cut.h"
#include "ingest/files_impl.h"
#include "os/os.h"

#define READS 16u
#define AGAIN_NS INT64_C(100000000)
#define FIELD_MAX ((uint64_t)1 << 30) /* journald itself allows 768 MiB */

static size_t value_of(const struct mark *m, char to[POSITION_VALUE_MAX]) {
        const struct journal *j = (const struct journal *)m;

        memcpy(to, j->cursor, j->cursor_len);
        return j->cursor_len;
}

static void watch(struct serve *s, bool want) {
        struct journal *j = &s->files->journal;

        if (want == j->watched || j->fd < 0)
                return;
        j->watched = want;
        if (want)
                (void)os_ready_add(s->streams, j->fd, OS_READABLE, (uint64_t)TAG_JOURNAL << 32);
        else
                (void)os_epoll_del(s->streams, j->fd);
}

static void close_pipe(struct serve *s) {
        struct journal *j = &s->files->journal;

        watch(s, false);
        os_close_quiet(j->fd);
        j->fd = -1;
        j->len = 0;
        j->over = false;
}

int files_take_journal(struct serve *s, const struct msg_node_file *m, int fd) {
        struct journal *j = &s->files->journal;
        struct source *source = NULL;

        for (uint32_t i = 0; i < sources_count(s->sources); i++)
                if (sources_at(s->sources, i)->id == m->source)
                        source = sources_at(s->sources, i);
        close_pipe(s);
        if (!j->buf)
                j->buf = malloc(JOURNAL_ROOM);
        if (!j->buf || !source) {
                os_close_quiet(fd);
                return j->buf ? -EPROTO : -ENOMEM;
        }
        j->fd = fd;
        j->source = source;
        j->mark.value = value_of;
        j->mark.key_len =
                (size_t)snprintf(j->mark.key, sizeof(j->mark.key), "journal:%s", source->name);
        j->again = j->n_recent > 0;
        j->at_again = 0;
        int r = os_nonblocking(fd);
        if (r == 0)
                watch(s, true);
        return r;
}

/* ---- entries ---- */

static void remember(struct journal *j, struct span cursor) {
        j->recent[j->n_recent++ % CURSORS] = hash_span(cursor, 1);
}

/* Whether it was given already: those given stand in the same order. */
static bool was_given(struct journal *j, struct span cursor) {
        uint32_t n = MIN(j->n_recent, CURSORS), first = j->n_recent - n;
        uint64_t h = hash_span(cursor, 1);

        for (uint32_t k = 0; k < n; k++) {
                uint32_t i = (j->at_again + k) % n;

                if (j->recent[(first + i) % CURSORS] == h) {
                        j->at_again = i + 1;
                        return true;
                }
        }
        return false;
}

/* 0 or as serve_record(). `entry`: with the blank line. */
static int give_entry(struct serve *s, struct span entry, uint64_t true_len) {
        struct journal *j = &s->files->journal;
        struct span cursor;
        size_t whole = journal_whole_fields(entry, RECORD_MAX);
        if (whole == 0)
                return 0;
        cursor = journal_cursor(entry);
        if (j->again && cursor.p && was_given(j, cursor))
                return 0;
        struct serve_item item = {.source = j->source,
                                  .bytes = span_of(entry.p, whole),
                                  .true_len = whole + 1 == true_len ? whole : true_len,
                                  .format = FORMAT_JOURNAL};
        int r = files_give(s, &j->mark, &item);
        if (r != 0)
                return r;
        j->again = false;
        if (cursor.p) {
                memcpy(j->cursor, cursor.p, cursor.len);
                j->cursor_len = cursor.len;
                remember(j, cursor);
        }
        return 0;
}

static void drop(struct journal *j, size_t n) {
        j->len -= n;
        memmove(j->buf, j->buf + n, j->len);
}

/* The rest of an entry too long. */
static void pass_over(struct journal *j) {
        size_t used, n = cut_journal(&j->passing, span_of(j->buf, j->len), true, &used);

        j->over = n == 0;
        drop(j, n ? n : used);
}

/* No journal says so: journalctl is begun anew, behind what was taken. */
static bool broken(struct serve *s) {
        serve_note(s, NOTE_ERROR, s->files->journal.source->name,
                   "not the export format of a journal: begun anew", "");
        close_pipe(s);
        return false;
}

/* All whole entries. false: no slot. */
static bool give_all(struct serve *s) {
        struct journal *j = &s->files->journal;
        size_t at = 0;

        if (j->over)
                pass_over(j);
        while (at < j->len && !j->over) {
                struct cut_journal st = {0};

                if (j->buf[at] == '\n') { /* so that what the cutter finds is an entry */
                        at++;
                        continue;
                }
                struct span left = span_of(j->buf + at, j->len - at);
                size_t used, n = cut_journal(&st, left, true, &used);

                if (st.binary > FIELD_MAX)
                        return broken(s);
                if (n == 0)
                        break;
                if (give_entry(s, span_of(left.p, n), n) != 0) {
                        drop(j, at);
                        return false;
                }
                at += n;
        }
        drop(j, at);
        if (j->len < JOURNAL_ROOM)
                return true;
        /* Longer than the buffer: what fits is given, its end is passed over. */
        if (give_entry(s, span_of(j->buf, j->len), UINT32_MAX) != 0)
                return false;
        j->passing = (struct cut_journal){0};
        pass_over(j);
        return j->passing.binary > FIELD_MAX ? broken(s) : true;
}

static void read_pipe(struct serve *s) {
        struct journal *j = &s->files->journal;

        for (unsigned k = 0; k < READS; k++) {
                if (!give_all(s)) {
                        s->files->due = s->now; /* held: again when there is a slot */
                        return;
                }
                if (source_wait(j->source, s->now) > 0) {
                        watch(s, false); /* again when its time has come */
                        s->files->due = MIN(s->files->due, s->now + AGAIN_NS);
                        return;
                }
                ssize_t n = os_read(j->fd, j->buf + j->len, JOURNAL_ROOM - j->len);
                if (n == -EAGAIN)
                        return;
                if (n <= 0) {
                        close_pipe(s); /* main sees that journalctl ended, and starts it again */
                        return;
                }
                j->len += (size_t)n;
        }
        /* Others have their turn. The last read may have emptied the pipe, which then never calls. */
        s->files->due = s->now;
}

void files_journal_ready(struct serve *s) {
        if (s->files->journal.fd >= 0 && !s->stalled)
                read_pipe(s);
}

void files_journal_run(struct serve *s) {
        struct journal *j = &s->files->journal;

        if (j->fd < 0 || s->stalled)
                return;
        if (!j->watched && source_wait(j->source, s->now) == 0)
                watch(s, true);
        if (j->len)
                (void)give_all(s);
        if (j->len || !j->watched)
                s->files->due = MIN(s->files->due, s->now + AGAIN_NS);
}
