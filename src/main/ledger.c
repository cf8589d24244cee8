/* See ledger.h. Nothing leaves and no name is shown unless the audit log has it: who cannot write there gets
 * nothing. While a node runs its desk is the only writer of the state, so it is asked; else the store's lock
 * keeps one from starting in between. */
#include "main/ledger.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/lang.h"
#include "desk/state.h"
#include "main/control.h"
#include "main/phrases.h"
#include "main/spawn.h"
#include "os/vfs.h"
#include "store/hold.h"
#include "store/tail.h"
#include "wire/message.h"
#include "wire/node.h"

#define VAULT_MS 5000

/* ---- the audit log ---- */

static int write_hold(const struct place *p, enum keep_what what, const struct keep_hold *hold) {
        struct tail t;
        char path[1100];

        snprintf(path, sizeof(path), "%s/events/" TAIL_NAME, p->directory);
        int r = tail_open(&t, path, false);
        if (r < 0)
                return r;
        r = what == KEEP_RELEASE ? hold_release(t.db, hold->name) : hold_add(t.db, hold, os_now());
        tail_close(&t);
        return r;
}

static int write_audit(const struct place *p, const struct keep_audit *a) {
        _cleanup_(state_freep) struct state *s = NULL;
        char path[1100];

        snprintf(path, sizeof(path), "%s/state", p->directory);
        int r = os_mkdir(path, 0700);
        if (r < 0 && r != -EEXIST)
                return r;
        snprintf(path, sizeof(path), "%s/state/" STATE_FILE, p->directory);
        r = state_open(&s, &(struct state_options){.path = path, .vfs = OS_VFS});
        if (r == 0)
                r = state_begin(s);
        if (r == 0)
                r = state_audit(s, os_now(), a->who, a->what, span_str(a->about),
                                span_str(a->detail));
        return r == 0 ? state_commit(s) : r;
}

static int write_here(const struct place *p, enum keep_what what, const struct keep_audit *audit,
                      const struct keep_hold *hold) {
        _cleanup_(os_closep) int lock = -1;
        char path[1100];
        struct stat st;

        /* A directory that is no node's does not become one. */
        snprintf(path, sizeof(path), "%s/events/" TAIL_NAME, p->directory);
        int r = os_stat(path, &st);
        if (r == 0)
                r = os_vfs_init();
        snprintf(path, sizeof(path), "%s/events/lock", p->directory);
        if (r == 0)
                r = os_lock_file(path, &lock);
        if (r == 0 && what != KEEP_AUDIT)
                r = write_hold(p, what, hold);
        return r == 0 ? write_audit(p, audit) : r;
}

static bool utf8_texts(const struct keep_audit *a) {
        struct buf b = {0};
        const char *all[] = {a->who, a->what, a->about, a->detail};
        bool good = true;

        for (size_t i = 0; i < ARRAY_LEN(all); i++) {
                buf_reset(&b);
                state_text(&b, span_str(all[i]), 512);
                good &= span_eq(buf_get(&b), span_str(all[i]));
        }
        buf_deinit(&b);
        return good;
}

int ledger_write(const char *verb, const struct place *p, enum keep_what what,
                 const struct keep_audit *audit, const struct keep_hold *hold) {
        struct msg_control_keep m = {.head = {.magic = CONTROL_MAGIC, .verb = CONTROL_KEEP},
                                     .what = what,
                                     .audit = *audit};

        if (hold)
                m.hold = *hold;
        int r = !keep_audit_good(audit) || !utf8_texts(audit) ? -EINVAL
                                                              : control_ask_keep(p->control, &m);
        if (r == -EHOSTDOWN)
                r = write_here(p, what, audit, hold);
        if (hold && (r == -EEXIST || r == -ENOENT))
                return r;
        base_fail_clear();
        if (r == -EBUSY)
                fprintf(stderr,
                        tr("coloa %s: a node runs in %s and cannot be asked there: name its "
                           "configuration with -c, or wait\n",
                           "coloa %s: một nút đang chạy trong %s nhưng không hỏi được ở đó: chỉ rõ "
                           "cấu hình của nó bằng -c, hoặc chờ\n"),
                        verb, p->directory);
        else if (r < 0)
                fprintf(stderr,
                        tr("coloa %s: this must be written to the audit log first, and that "
                           "failed: %s\n",
                           "coloa %s: việc này phải được ghi vào nhật ký kiểm toán trước, nhưng "
                           "không ghi được: %s\n"),
                        verb, error_text(r));
        return r;
}

/* ---- signatures ---- */

struct signer {
        struct child child;
        int line;
};

static int start(struct signer *s, int key_fd, int landlock) {
        struct msg_plain m;
        char argument[40];
        const char *args[] = {"for=export", argument, NULL};
        int pair[2];

        snprintf(argument, sizeof(argument), "landlock=%d", landlock);
        int r = child_start(
                &s->child,
                &(struct child_spec){
                        .name = "vault", .fds = &key_fd, .n_fds = 1, .args = args, .cpu = -1});
        if (r < 0)
                return r;
        if (os_recv(s->child.sock, &m, sizeof(m), NULL, 0, NULL) != sizeof(m) ||
            m.type != PROCESS_READY)
                return -EIO;
        r = os_socketpair_seqpacket(pair);
        if (r < 0)
                return r;
        m = (struct msg_plain){NODE_PEER, 0};
        r = os_send(s->child.sock, &m, sizeof(m), &pair[0], 1);
        os_close(pair[0]);
        s->line = pair[1];
        return r;
}

int signer_new(struct signer **ret, const struct place *p, int landlock) {
        _cleanup_(os_closep) int fd = -1;
        struct signer *s;
        char path[1100];
        struct stat st;

        snprintf(path, sizeof(path), "%s/keys/node.key", p->directory);
        fd = os_open(path, O_RDONLY, 0);
        int r = fd < 0 ? fd : os_fstat(fd, &st);
        if (r == 0 && st.st_size == 0)
                r = -ENOENT; /* the node makes it, not we */
        if (r < 0)
                return r;
        s = calloc(1, sizeof(*s));
        if (!s)
                return -ENOMEM;
        *s = (struct signer){.child = {.sock = -1}, .line = -1};
        r = start(s, fd, landlock);
        if (r < 0)
                signer_free(s);
        else
                *ret = s;
        return r;
}

struct signer *signer_free(struct signer *s) {
        if (!s)
                return NULL;
        os_close_quiet(s->line);
        child_stop(&s->child, VAULT_MS);
        free(s);
        return NULL;
}

static int ask(struct signer *s, uint32_t type, uint32_t wanted, struct span what,
               struct msg_signed *ret) {
        struct msg_sign m = {.type = type, .len = (uint32_t)what.len};

        if (what.len > sizeof(m.bytes))
                return -EINVAL;
        memcpy(m.bytes, what.p, what.len);
        int r = os_send(s->line, &m, sizeof(m), NULL, 0);
        if (r < 0)
                return r;
        ssize_t n = os_recv(s->line, ret, sizeof(*ret), NULL, 0, NULL);
        return n != sizeof(*ret) || ret->type != wanted ? -EIO : ret->error;
}

int signer_sign(struct signer *s, const struct export_sign *e, unsigned char signature[64],
                unsigned char key[32]) {
        struct msg_signed m;
        int r = ask(s, VAULT_SIGN, VAULT_SIGNED, span_of((const char *)e, sizeof(*e)), &m);

        if (r < 0)
                return r;
        if (crypto_sign_verify_detached(m.signature, (const unsigned char *)e, sizeof(*e),
                                        m.public_key) != 0)
                return -EIO;
        memcpy(signature, m.signature, 64);
        memcpy(key, m.public_key, 32);
        return 0;
}

int signer_derive(struct signer *s, struct span of, unsigned char ret[32]) {
        struct msg_signed m;
        int r = ask(s, VAULT_DERIVE, VAULT_DERIVED, of, &m);

        if (r == 0)
                memcpy(ret, m.signature, 32);
        return r;
}
