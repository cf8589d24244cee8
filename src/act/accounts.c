/* See accounts.h. The file is read, rewritten in memory and put in place under the lock, so nobody's change is
 * lost; whoever reads it sees the one or the other. */
#include "act/accounts.h"

#include <fcntl.h>
#include <stdlib.h>

#include "act/shadow.h"
#include "os/os.h"
#include "os/own.h"

#define WAITS 50u /* for the lock: 5 s */

struct text {
        char *p;
        size_t len;
};

static void text_free(struct text *t) {
        free(t->p);
}

static int read_text(const char *path, struct text *t) {
        return os_read_file(path, SHADOW_BYTES_MAX, &t->p, &t->len);
}

static struct span login_of(const struct order_name *n) {
        return span_of(n->text, strnlen(n->text, sizeof(n->text)));
}

static int fault_of(int r) {
        return r == SHADOW_E_MISSING ? ORDER_MISSING : r == SHADOW_E_ODD ? ORDER_NO_WAY_BACK : r;
}

/* Whether it may be touched at all. */
static int may(const struct accounts *a, const struct order_name *name) {
        _cleanup_(text_free) struct text t = {0};
        uint32_t uid = 0;
        int r = read_text(a->passwd, &t);

        if (r == 0)
                r = shadow_uid(span_of(t.p, t.len), login_of(name), &uid);
        if (r != 0)
                return fault_of(r);
        return uid == 0 || uid == a->self ? ORDER_NEVER : 0;
}

int accounts_look(const struct accounts *a, struct order_name *name) {
        _cleanup_(text_free) struct text t = {0};
        _cleanup_(buf_deinit) struct buf there = {0}, back = {0};
        int r = may(a, name);

        if (r == 0)
                r = read_text(a->shadow, &t);
        if (r != 0)
                return r;
        struct span file = span_of(t.p, t.len);
        r = shadow_lock(file, login_of(name), name->was, &there);
        if (r == 0)
                r = shadow_unlock(buf_get(&there), login_of(name), name->was, &back);
        if (r == 0 && !span_eq(file, buf_get(&back)))
                r = ORDER_NO_WAY_BACK;
        return fault_of(r);
}

static int lock_files(const struct accounts *a, int *ret_fd) {
        _cleanup_(os_closep) int fd = os_open(a->lock, O_WRONLY | O_CREAT | O_NOFOLLOW, 0600);
        int r = fd < 0 ? fd : os_lock_record(fd);

        for (unsigned i = 0; r == -EAGAIN && i < WAITS; i++) {
                os_poll(NULL, 0, 100);
                r = os_lock_record(fd);
        }
        if (r < 0)
                return FAIL(r);
        *ret_fd = os_take(&fd);
        return 0;
}

static int change(const struct accounts *a, const struct order_name *name, bool lock) {
        _cleanup_(text_free) struct text t = {0};
        _cleanup_(buf_deinit) struct buf to = {.limit = SHADOW_BYTES_MAX};
        _cleanup_(os_closep) int held = -1;
        int r = lock_files(a, &held);

        if (r == 0)
                r = read_text(a->shadow, &t);
        if (r < 0)
                return r;
        struct span file = span_of(t.p, t.len);
        r = lock ? shadow_lock_again(file, login_of(name), &to)
                 : shadow_unlock(file, login_of(name), name->was, &to);
        if (r == SHADOW_E_MISSING && !lock)
                return 0;
        if (r > 0)
                return -ENOENT;
        if (r < 0 || span_eq(file, buf_get(&to)))
                return r;
        return os_replace_file(a->shadow, to.p, to.len);
}

int accounts_lock(const struct accounts *a, const struct order_name *name) {
        int r = may(a, name);

        return r > 0 ? -EPERM : r < 0 ? r : change(a, name, true);
}

int accounts_unlock(const struct accounts *a, const struct order_name *name) {
        return change(a, name, false);
}
