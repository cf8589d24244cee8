/* Followed files and the journal, main's part: it alone opens names, and only those that the
 * configured patterns match. Once a second the patterns are looked at; a file not seen before (by
 * device and inode) is opened and handed to ingest, which knows by its first bytes whether it has
 * read it, under whatever name. The journal comes from journalctl, started with fixed arguments
 * behind the cursor that the store has, its output a pipe to ingest. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/timestamp.h"
#include "main/node_impl.h"
#include "main/phrases.h"

#define SCAN_NS INT64_C(1000000000)
#define JOURNAL_NS INT64_C(5000000000) /* between two tries */
#define JOURNAL_YOUNG_NS INT64_C(60000000000)
#define CURSOR_MAX 256u

static const struct node_file *known(const struct node_files *f, uint32_t source,
                                     const struct stat *st) {
        for (uint32_t i = 0; i < f->n; i++)
                if (f->list[i].inode == st->st_ino && f->list[i].device == st->st_dev &&
                    f->list[i].source == source)
                        return &f->list[i];
        return NULL;
}

static void hand_over(struct node *n, uint32_t source, const char *path) {
        struct node_files *f = &n->files;
        struct msg_node_file m = {.type = NODE_FILE, .source = source, .flags = FILE_MATCHED};
        struct stat st;

        if (f->n == NODE_FILES_MAX) {
                if (!f->full_said)
                        node_say(n, 1, "main", "more than %u files match: the rest waits",
                                 NODE_FILES_MAX);
                f->full_said = true;
                return;
        }
        _cleanup_(os_closep) int fd = os_open_follow(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
        if (fd < 0) {
                if (fd != -ENOENT && f->failed++ % 3600 == 0)
                        node_say(n, 1, "main", "path=%s %s%s", path,
                                 fd == -EPERM ? "a link of somebody else to a file that is not "
                                                "theirs: not followed"
                                              : "cannot be opened: ",
                                 fd == -EPERM ? "" : error_text(fd));
                return;
        }
        if (os_fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
                return;
        m.device = st.st_dev;
        m.inode = st.st_ino;
        m.size = (uint64_t)st.st_size;
        m.modified = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
        snprintf(m.path, sizeof(m.path), "%s", path);
        if (node_send(n, NODE_INGEST, &m, sizeof(m), fd) == 0) /* else the next time */
                f->list[f->n++] = (struct node_file){st.st_dev, st.st_ino, source, true};
}

static void look_at(struct node *n, uint32_t source, const char *path) {
        struct node_file *k;
        struct stat st;

        if (os_stat(path, &st) < 0 || !S_ISREG(st.st_mode))
                return;
        k = (struct node_file *)known(&n->files, source, &st);
        if (k)
                k->seen = true;
        else
                hand_over(n, source, path);
}

static void look_at_pattern(struct node *n, uint32_t source, const char *pattern) {
        char **names = NULL;
        size_t count = 0;
        int r = os_glob(pattern, &names, &count);

        for (size_t i = 0; i < count && r == 0; i++)
                look_at(n, source, names[i]);
        if (r == 0)
                free(names);
}

/* A file that no pattern matches any more is forgotten: its inode may come again as another. */
static void forget_unseen(struct node_files *f) {
        uint32_t kept = 0;

        for (uint32_t i = 0; i < f->n; i++)
                if (f->list[i].seen)
                        f->list[kept++] = f->list[i];
        f->n = kept;
}

void node_files_scan(struct node *n) {
        struct node_files *f = &n->files;
        int64_t now = os_monotonic();

        if (now < f->next || n->stopping || !flow_begun(n->flow))
                return;
        f->next = now + SCAN_NS;
        for (uint32_t i = 0; i < f->n; i++)
                f->list[i].seen = false;
        for (uint32_t i = 0; i < n->config->n_sources; i++)
                for (uint32_t k = 0; k < n->config->sources[i].n_files; k++)
                        look_at_pattern(n, n->config->sources[i].id,
                                        n->config->sources[i].files[k]);
        forget_unseen(f);
        node_journal_tick(n);
}

void node_files_forget(struct node *n) {
        n->files.n = 0;
        n->files.full_said = false;
        n->files.next = 0;
        n->files.journal_again = 0;
        node_journal_end(n);
}

/* ---- the journal ---- */

static const struct config_source *journal_source(const struct node *n) {
        for (uint32_t i = 0; i < n->config->n_sources; i++)
                if (n->config->sources[i].journal)
                        return &n->config->sources[i];
        return NULL;
}

/* As journalctl prints them: letters, digits, '=' and ';'. What is not is no cursor. */
static bool is_cursor(struct span s) {
        for (size_t i = 0; i < s.len; i++) {
                char c = s.p[i];
                if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '=' || c == ';' || c == '-'))
                        return false;
        }
        return s.len > 0 && s.len < CURSOR_MAX && s.p[0] != '-';
}

void node_positions(struct node *n, const struct msg_store_frames *m, int fd) {
        const struct config_source *s = journal_source(n);
        char key[SOURCE_NAME_MAX + 16];
        void *p = NULL;
        size_t len = (size_t)m->n_frames * sizeof(struct position);
        struct stat st;

        n->files.cursor[0] = '\0';
        n->files.cursor_known = true;
        if (!s || len == 0 || os_fstat(fd, &st) < 0 || (uint64_t)st.st_size < len ||
            os_map(fd, len, false, &p) < 0)
                return;
        int k = snprintf(key, sizeof(key), "journal:%s", s->name);
        for (uint32_t i = 0; i < m->n_frames; i++) {
                struct position at;

                memcpy(&at, (const char *)p + i * sizeof(at), sizeof(at));
                struct span value = span_of(at.value, MIN(at.value_len, POSITION_VALUE_MAX));
                if (at.key_len == (uint32_t)k && memcmp(at.key, key, (size_t)k) == 0 &&
                    is_cursor(value)) {
                        memcpy(n->files.cursor, value.p, value.len);
                        n->files.cursor[value.len] = '\0';
                }
        }
        os_unmap(p, len);
}

static int start_journal(struct node *n, const struct config_source *s) {
        struct msg_node_file m = {.type = NODE_FILE, .source = s->id, .flags = FILE_JOURNAL};
        char after[CURSOR_MAX + 32];
        /* Without --merge, --follow means this boot alone: what came behind the cursor and before the machine
         * was restarted would be passed over. */
        const char *const args[] = {"journalctl", "--output=export", "--follow", "--quiet",
                                    "--merge",    "--lines=all",     after,      NULL};
        int fd;

        if (n->files.cursor[0])
                snprintf(after, sizeof(after), "--after-cursor=%s", n->files.cursor);
        else /* The first time: what this boot has. Not by --boot: in a container a service with a /proc of
              * its own is told the number of the host's boot, and would find nothing. */
                snprintf(after, sizeof(after), "--since=@%lld",
                         (long long)(os_booted() / NS_PER_SEC));
        int r = program_start(&n->files.journal, "/usr/bin/journalctl", args, &fd);
        if (r < 0)
                return r;
        snprintf(m.path, sizeof(m.path), "journal:%s", s->name);
        r = node_send(n, NODE_INGEST, &m, sizeof(m), fd);
        os_close(fd);
        if (r < 0)
                node_journal_end(n);
        return r;
}

void node_journal_end(struct node *n) {
        if (n->files.journal > 0) {
                int status;

                os_kill(n->files.journal, SIGKILL);
                (void)os_wait(n->files.journal, &status, true);
        }
        n->files.journal = 0;
        n->files.cursor_known = false;
}

void node_journal_tick(struct node *n) {
        const struct config_source *s = journal_source(n);
        int64_t now = os_monotonic();
        int status;

        if (n->files.journal > 0 && os_wait(n->files.journal, &status, false) != 0) {
                /* Where there is no journal it ends at once, every time: said once. */
                bool young = now - n->files.journal_again < JOURNAL_YOUNG_NS - JOURNAL_NS;

                if (!young || n->files.journal_failed++ == 0)
                        node_say(n, 1, "main", "journalctl ended: it is started again");
                n->files.journal = 0;
                n->files.cursor_known = false;
                n->files.journal_again = now + JOURNAL_NS;
        }
        if (!s && n->files.journal > 0)
                node_journal_end(n); /* a reload: nobody wants it any more */
        if (!s || n->files.journal > 0 || now < n->files.journal_again)
                return;
        if (!n->files.cursor_known) {
                flow_ask_positions(n->flow);
                return;
        }
        int r = start_journal(n, s);
        n->files.journal_again = now + JOURNAL_NS;
        if (r < 0 && n->files.journal_failed++ == 0)
                node_say(n, 1, "main", "the journal cannot be followed: %s", error_text(r));
}
