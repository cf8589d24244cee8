/* See desk_line.h. Whoever is at the other end is root or the node's own user, and what it hands over
 * came from judges: findings are checked as theirs are. It never keeps the desk waiting: it is heard
 * when nothing of the present is to be done, its findings are taken a few at a time. */
#include "main/desk_line.h"

#include "os/os.h"
#include "wire/message.h"

#define AT_ONCE 64u
#define FINDINGS_MAX ((uint64_t)512 << 20)
#define RULES_MAX 200000u

static void end(struct desk_line *l) {
        desk_retro_leave(l->desk);
        os_close_quiet(l->sock);
        l->sock = -1;
        l->at_work = l->due = false;
}

/* Who does not listen is not waited for. */
static void answer(struct desk_line *l, const struct msg_retro *m) {
        if (os_send_now(l->sock, m, sizeof(*m), NULL, 0) < 0)
                end(l);
}

static void refuse(struct desk_line *l, int error) {
        struct msg_retro m = {.type = RETRO_REFUSED, .error = error};

        (void)os_send_now(l->sock, &m, sizeof(m), NULL, 0);
        end(l);
}

/* Sealed, of that length, mapped. */
static int map_sealed(int fd, uint64_t len, void **ret) {
        struct stat st;

        if (len == 0 || os_memfd_is_sealed(fd) != 1 || os_fstat(fd, &st) < 0 ||
            (uint64_t)st.st_size != len)
                return -EBADMSG;
        return os_map(fd, len, false, ret);
}

static int begin(struct desk_line *l, const struct msg_retro_begin *m, int program) {
        struct desk_retro o = {.key = span_of((const char *)m->key, sizeof(m->key)),
                               .first = m->first,
                               .past = m->past,
                               .since = m->since,
                               .until = m->until,
                               .source = span_of(m->source, strnlen(m->source, sizeof(m->source))),
                               .who = span_of(m->who, strnlen(m->who, sizeof(m->who))),
                               .rules = m->rules,
                               .whole = (m->flags & RETRO_WHOLE) != 0};
        struct msg_retro ready = {.type = RETRO_READY};
        struct stat st;
        void *p;

        if (m->first > m->past || m->past > INT64_MAX || os_fstat(program, &st) < 0 ||
            st.st_size <= 0 || map_sealed(program, (uint64_t)st.st_size, &p) < 0) {
                refuse(l, -EBADMSG);
                return 0;
        }
        int r = desk_retro_begin(l->desk, &o, p, (size_t)st.st_size, os_now(), &ready.run,
                                 &ready.at);
        if (r == 0)
                answer(l, &ready);
        else if (r > 0)
                refuse(l, -EBADMSG);
        return MIN(r, 0);
}

int desk_line_open(struct desk_line *l, const struct msg_retro_begin *m, int program, int sock) {
        int r = 0;

        if (l->sock >= 0) {
                struct msg_retro busy = {.type = RETRO_REFUSED, .error = -EBUSY};

                (void)os_send_now(sock, &busy, sizeof(busy), NULL, 0);
                os_close(sock);
        } else {
                l->sock = sock;
                r = begin(l, m, program);
        }
        os_close(program);
        return r;
}

int desk_line_fd(const struct desk_line *l) {
        return l->at_work || l->due ? -1 : l->sock;
}

static int take_findings(struct desk_line *l, const struct msg_retro *m, int fd) {
        void *p = NULL;
        int r = m->bytes > FINDINGS_MAX ? -EBADMSG : m->bytes ? map_sealed(fd, m->bytes, &p) : 0;

        if (r == 0)
                r = desk_retro_give(l->desk, p, m->bytes, m->at);
        if (r == -EBADMSG || r > 0) {
                refuse(l, -EBADMSG);
                return 0;
        }
        l->at_work = r == 0 && p;
        l->due = r == 0 && !p;
        return r;
}

static int take_end(struct desk_line *l, const struct msg_retro *m, int fd) {
        void *p = NULL;
        int r = 0;

        if (m->bytes > RULES_MAX * sizeof(uint32_t) || m->bytes % sizeof(uint32_t))
                r = -EBADMSG;
        if (r == 0 && m->bytes)
                r = map_sealed(fd, m->bytes, &p);
        if (r < 0) {
                refuse(l, -EBADMSG);
                return 0;
        }
        r = desk_retro_end(l->desk, p, (uint32_t)(m->bytes / sizeof(uint32_t)), os_now());
        if (p)
                os_unmap(p, m->bytes);
        l->due = r == 0;
        return r;
}

static int deal_with(struct desk_line *l, const struct msg_retro *m, int fd) {
        if (m->type == RETRO_FINDINGS)
                return take_findings(l, m, fd);
        if (m->type == RETRO_END)
                return take_end(l, m, fd);
        if (m->type == RETRO_ASIDE && m->at <= INT64_MAX)
                return desk_retro_aside(l->desk, m->at, os_now());
        refuse(l, -EPROTO);
        return 0;
}

int desk_line_message(struct desk_line *l) {
        struct msg_retro m;
        unsigned n_fds = 0;
        int fd = -1, r = 0;
        ssize_t n = os_recv(l->sock, &m, sizeof(m), &fd, 1, &n_fds);

        if (n == (ssize_t)sizeof(m))
                r = deal_with(l, &m, n_fds ? fd : -1);
        else
                end(l);
        if (n_fds)
                os_close(fd);
        return r;
}

int desk_line_work(struct desk_line *l) {
        int r = desk_retro_work(l->desk, AT_ONCE, os_monotonic(), os_now());

        if (r == DESK_E_JUDGE) {
                refuse(l, -EBADMSG);
                return 0;
        }
        l->at_work = r == DESK_E_MORE;
        l->due |= r == 0;
        return MIN(r, 0);
}

void desk_line_committed(struct desk_line *l) {
        const struct state_retro *now = desk_retro_now(l->desk);
        struct msg_retro m = {.type = RETRO_TAKEN,
                              .verdicts = now->verdicts,
                              .alerts = now->alerts,
                              .doubled = now->doubled,
                              .counted = now->counted};

        if (!l->due || l->sock < 0)
                return;
        l->due = false;
        answer(l, &m);
}
