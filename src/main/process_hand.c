/* The hand of `act`: it touches accounts and services of this machine, one name at a time, when `act` says so,
 * which started it and looked at the order. It has no ledger and no list; what it keeps to by itself: never
 * root, never the node's own user, nothing but a lock and its undoing, a stop and its start.
 *
 *     3 act
 *     accounts     /etc/shadow (act/accounts.h): the right to write there, and to keep its owner
 *     services     a line to the manager of services, made before the sandbox (act/services.h)
 *
 * Who it cannot be for (no such right, no manager) is said with the first message; what it can stays. */
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>

#include "act/accounts.h"
#include "act/services.h"
#include "main/processes.h"
#include "main/spawn.h"
#include "os/own.h"
#include "os/sandbox.h"
#include "wire/hand.h"
#include "wire/message.h"

#define MEMORY_MAX ((size_t)256 << 20)
#define ETC "/etc"

struct hand {
        int sock;
        uint64_t can; /* ACT_OFFERS() */
        char passwd[32], shadow[32], lock[32];
        struct accounts accounts;
        struct services *services;
};

/* To replace a file of root's as who is not root, its owner kept. Where there is no Landlock the directory
 * becomes the root of all paths: that takes another, which the list of calls then makes useless. */
static int rights_of_accounts(void) {
        static const int needed[] = {CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_SYS_CHROOT};

        return os_keep_capabilities(needed, ARRAY_LEN(needed));
}

static int begin(struct hand *h, bool accounts, bool services) {
        int r = 0;

        if (services && services_open(&h->services, os_user()) == 0)
                h->can |= ACT_OFFERS(ORDER_SERVICE);
        h->accounts.self = os_user();
        if (accounts && sandbox_allow_root(ETC) == 0) {
                h->can |= ACT_OFFERS(ORDER_ACCOUNT);
                r = rights_of_accounts();
        } else {
                r = os_keep_capabilities(NULL, 0);
        }
        return r;
}

/* Their paths, from within. */
static void name_files(struct hand *h) {
        const char *at = sandbox_directory(ETC);

        at = strcmp(at, "/") == 0 ? "" : at;
        snprintf(h->passwd, sizeof(h->passwd), "%s/passwd", at);
        snprintf(h->shadow, sizeof(h->shadow), "%s/shadow", at);
        snprintf(h->lock, sizeof(h->lock), "%s/.pwd.lock", at);
        h->accounts.passwd = h->passwd;
        h->accounts.shadow = h->shadow;
        h->accounts.lock = h->lock;
}

static int account(const struct hand *h, uint32_t what, struct order_name *name) {
        return what == HAND_LOOK ? accounts_look(&h->accounts, name)
               : what == HAND_DO ? accounts_lock(&h->accounts, name)
                                 : accounts_unlock(&h->accounts, name);
}

static int service(const struct hand *h, uint32_t what, struct order_name *name) {
        return what == HAND_LOOK ? services_look(h->services, name)
               : what == HAND_DO ? services_stop(h->services, name)
                                 : services_start(h->services, name);
}

/* 0, enum order_fault, -errno; -EPROTO: not what act says. */
static int do_one(const struct hand *h, struct msg_hand *m) {
        struct order_name name = {{0}};

        if (m->type != HAND_ASK || m->what < HAND_LOOK || m->what > HAND_UNDO)
                return -EPROTO;
        if (m->kind != ORDER_ACCOUNT && m->kind != ORDER_SERVICE)
                return -EPROTO;
        memcpy(name.text, m->name.text, sizeof(name.text));
        if (!order_name_good(m->kind, &name))
                return -EPROTO;
        if (!(h->can & ACT_OFFERS(m->kind)))
                return m->what == HAND_LOOK ? ORDER_OFF : -EOPNOTSUPP;
        return m->kind == ORDER_ACCOUNT ? account(h, m->what, &m->name)
                                        : service(h, m->what, &m->name);
}

static int serve(struct hand *h) {
        for (;;) {
                struct msg_hand_said said = {.type = HAND_SAID};
                struct msg_hand m;
                ssize_t n = os_recv(h->sock, &m, sizeof(m), NULL, 0, NULL);

                if (n <= 0)
                        return (int)n;
                said.error = n == sizeof(m) ? do_one(h, &m) : -EPROTO;
                if (said.error == -EPROTO)
                        return FAIL(-EPROTO);
                memcpy(said.was, m.name.was, sizeof(said.was));
                int r = os_send(h->sock, &said, sizeof(said), NULL, 0);
                /* The manager began anew, or the bus: so do we. */
                if (r < 0 || said.error == -EPIPE)
                        return r;
        }
}

int process_hand(int argc, char **argv) {
        static struct hand h = {.sock = CHILD_SOCKET};
        bool accounts = false, services = false;
        int landlock = -1;

        for (int i = 1; i < argc; i++) {
                if (strncmp(argv[i], "landlock=", 9) == 0)
                        landlock = (int)strtol(argv[i] + 9, NULL, 10);
                accounts |= strcmp(argv[i], "accounts") == 0;
                services |= strcmp(argv[i], "services") == 0;
        }
        if (begin(&h, accounts, services) < 0)
                return 13;
        if (sandbox_enter(SANDBOX_HAND, landlock, MEMORY_MAX, NULL) < 0)
                return 15;
        name_files(&h);
        struct order_name nobody = {.text = "root"};
        if ((h.can & ACT_OFFERS(ORDER_ACCOUNT)) &&
            accounts_look(&h.accounts, &nobody) != ORDER_NEVER)
                h.can &= ~ACT_OFFERS(ORDER_ACCOUNT); /* not readable for us */
        struct msg_plain ready = {PROCESS_READY, (uint32_t)h.can};
        int r = os_send(h.sock, &ready, sizeof(ready), NULL, 0);
        if (r == 0)
                r = serve(&h);
        return r < 0 ? 16 : 0;
}
