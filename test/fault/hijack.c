/* Every process of the program, hijacked right behind its sandbox: it can neither read, connect, execute, watch
 * another nor write what it was given to read. Tried with Landlock as this kernel has it, as ABI 2 has it (Debian
 * 12), and with a kernel that says it has none. Each try is first shown to work without a sandbox. */
#include <fcntl.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "desk_world.h"
#include "main/excerpt.h"
#include "os/hijack.h"
#include "os/net.h"
#include "os/sandbox.h"
#include "store/proof.h"
#include "wire/counters.h"
#include "wire/intake.h"
#include "wire/message.h"
#include "wire/node_stats.h"

static const char *program;
static char dir[64], port[16], secret[96], local[96], address[32];
static int ring_ro, ring_rw, intake_fd, empty_fd, program_fd, outbox_fd, counters_fd, dedup_fd,
        stats_fd, listener_fd, output_fd, key_fd, task_ro, text_fd, only_fd;
static struct {
        pid_t pid;
        int sock;
} vault; /* the real one, at work */
static char sign[700];
static const char probe = 'x';

static int memory(const char *name, size_t size) {
        int fd;

        check_int(os_memfd(name, &fd), 0);
        check_int(os_ftruncate(fd, size), 0);
        return fd;
}

/* As main hands on the ring: a descriptor that cannot be mapped writable. */
static int read_only(int fd) {
        char path[64];

        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        return os_open(path, O_RDONLY, 0);
}

static void prepare(void) {
        struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        struct sockaddr_un u = {.sun_family = AF_UNIX};
        socklen_t len = sizeof(a);
        int task_fd;

        w = (struct world){.base = os_now(), .generation = 1};
        world_compile(world_rules);
        snprintf(dir, sizeof(dir), "/tmp/coloa-hijack-XXXXXX");
        check(mkdtemp(dir) != NULL);
        snprintf(secret, sizeof(secret), "%s/secret", dir);
        snprintf(local, sizeof(local), "%s/local", dir);
        snprintf(address, sizeof(address), "peek:%llx", (unsigned long long)(uintptr_t)&probe);
        ring_rw = memory("ring", RING_SLOTS * SLOT_BYTES);
        ring_ro = read_only(ring_rw);
        check(ring_ro >= 0);
        program_fd = memory("program", 0);
        check_int(os_write_full(program_fd, w.program, w.program_len), 0);
        check_int(os_memfd_seal(program_fd), 0);
        outbox_fd = memory("outbox", sizeof(struct outbox));
        counters_fd = memory("counters", sizeof(struct counters_page));
        stats_fd = memory("stats", sizeof(struct node_stats_page));
        dedup_fd = memory("duplicates", DEDUP_BYTES);
        intake_fd = memory("intake", sizeof(struct intake));
        output_fd = memory("sealed", SEAL_HALVES * SEAL_HALF_BYTES);
        empty_fd = memory("query", 4096);
        key_fd = memory("key", 0);
        task_fd = memory("task", EXCERPT_TASK_BYTES);
        task_ro = read_only(task_fd);
        check(task_ro >= 0);
        text_fd = memory("text", EXCERPT_TEXT_BYTES);
        only_fd = memory("only", 4096);
        check_int(os_write_full(empty_fd, "word", 4), 0);
        listener_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        check(bind(listener_fd, (struct sockaddr *)&a, sizeof(a)) == 0 &&
              listen(listener_fd, 64) == 0);
        check(getsockname(listener_fd, (struct sockaddr *)&a, &len) == 0);
        snprintf(port, sizeof(port), "connect:%u", ntohs(a.sin_port));
        snprintf(u.sun_path, sizeof(u.sun_path), "%s", local);
        int there = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        check(bind(there, (struct sockaddr *)&u, sizeof(u)) == 0 && listen(there, 64) == 0);
}

/* A file that only its owner may read, new for every try. */
static void lay_secret(void) {
        int fd = os_open(secret, O_WRONLY | O_CREAT | O_TRUNC, 0600);

        check(fd >= 0);
        os_close(fd);
}

enum landlock { AS_IT_IS, ABI_2, NO_LANDLOCK };

/* From here on the kernel does not know Landlock. */
static void forget_landlock(void) {
        scmp_filter_ctx c = seccomp_init(SCMP_ACT_ALLOW);

        if (!c ||
            seccomp_rule_add(c, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(landlock_create_ruleset), 0) < 0 ||
            seccomp_load(c) < 0)
                _exit(126);
        seccomp_release(c);
}

struct process {
        const char *title, *args[4];
        const int *fds[4];
        size_t first; /* message */
        const void *message;
        bool bare;    /* its first argument is the number of Landlock's ABI alone */
        bool outward; /* it connects to elsewhere: that, and no more, it may */
};

static const struct msg_node_seq begin = {.type = NODE_BEGIN, .seq = 1};
static const struct msg_rules_job job = {.type = RULES_JOB};
static char events[96], state[96];

static const struct process processes[] = {
        {.title = "listen",
         .fds = {&ring_rw, &dedup_fd, &counters_fd},
         .first = sizeof(begin),
         .message = &begin},
        {.title = "seal", .fds = {&ring_ro, &output_fd}},
        {.title = "store", .args = {events, "retention=0:0"}},
        {.title = "vault", .fds = {&key_fd}},
        {.title = "vault", .args = {"for=export"}, .fds = {&key_fd}},
        {.title = "judge", .args = {"node=1"}, .fds = {&ring_ro, &program_fd, &outbox_fd}},
        {.title = "judge", .fds = {&ring_ro, &program_fd, &outbox_fd}}, /* of a hunt */
        {.title = "judge",
         .args = {"node=1", "only=1"},
         .fds = {&only_fd, &program_fd, &outbox_fd}}, /* of retro */
        {.title = "judge",
         .args = {"node=1", "query=4"},
         .fds = {&empty_fd, &program_fd, &outbox_fd}}, /* seek */
        {.title = "excerpt", .fds = {&task_ro, &text_fd}},
        {.title = "desk", .args = {state, "times=60:300:3600"}},
        {.title = "console", .fds = {&listener_fd, &counters_fd, &stats_fd}},
        {.title = "courier", .outward = true},
        {.title = "rules", .bare = true, .first = sizeof(job), .message = &job},
        {.title = "correlate", .bare = true, .fds = {&program_fd}},
        {.title = "ingest", .bare = true, .fds = {&ring_rw, &intake_fd}}, /* of a hunt */
};

static void start_vault(void) {
        int pair[2];
        struct msg_plain m;

        check_int(os_socketpair_seqpacket(pair), 0);
        vault.pid = fork();
        if (vault.pid == 0) {
                int sock = fcntl(pair[1], F_DUPFD_CLOEXEC, 100);
                int key = fcntl(key_fd, F_DUPFD_CLOEXEC, 100);

                dup2(sock, 3);
                dup2(key, 4);
                (void)os_cloexec_from(5);
                execl(program, "coloa: vault", (char *)NULL);
                _exit(127);
        }
        os_close(pair[1]);
        vault.sock = pair[0];
        check_int(os_recv(vault.sock, &m, sizeof(m), NULL, 0, NULL), sizeof(m));
}

/* As main does: a new line, one end to the vault, the other to whoever is to be the store. */
static void join_vault(int store) {
        struct msg_plain m = {NODE_PEER, 0};
        int pair[2];

        check_int(os_socketpair_seqpacket(pair), 0);
        check_int(os_send(vault.sock, &m, sizeof(m), &pair[0], 1), 0);
        check_int(os_send(store, &m, sizeof(m), &pair[1], 1), 0);
        os_close(pair[0]);
        os_close(pair[1]);
}

static struct msg_sign a_head(uint64_t number) {
        struct msg_sign m = {.type = VAULT_SIGN, .len = sizeof(struct head)};
        struct head h = {.name = HEAD_NAME, .number = number, .end_seq = 1};

        memcpy(m.bytes, &h, sizeof(h));
        return m;
}

/* What a process that was taken over asks for: the head of a chain of its own. */
static void word_sign(void) {
        struct msg_sign m = a_head(1000);
        size_t n =
                (size_t)snprintf(sign, sizeof(sign), "sign:%u:000:%zu:", VAULT_SIGNED, sizeof(m));

        for (size_t i = 0; i < 8 + sizeof(struct head); i++)
                n += (size_t)snprintf(sign + n, sizeof(sign) - n, "%02x",
                                      ((const unsigned char *)&m)[i]);
}

static int run(const struct process *p, enum landlock how, const char *what, const char *try_) {
        char title[40], last[800], abi[24], plain[8];
        int pair[2], status = 0;

        snprintf(title, sizeof(title), "coloa: %s", p->title);
        snprintf(last, sizeof(last), "%s=%s", what, try_);
        char *rounds = strstr(last, ":000:");
        if (rounds) /* a busy vault may let the one wait that it answers */
                memcpy(rounds, strcmp(p->title, "store") == 0 ? ":999:" : ":020:", 5);
        snprintf(abi, sizeof(abi), "landlock=%d", how == ABI_2 ? 2 : -1);
        snprintf(plain, sizeof(plain), "%d", how == ABI_2 ? 2 : -1);
        check_int(os_socketpair_seqpacket(pair), 0);
        pid_t pid = fork();
        check(pid >= 0);
        if (pid == 0) {
                const char *argv[10] = {title};
                int moved[5], n = 1, argc = 1;

                moved[0] = fcntl(pair[1], F_DUPFD_CLOEXEC, 100);
                for (; n <= 4 && p->fds[n - 1]; n++)
                        moved[n] = fcntl(*p->fds[n - 1], F_DUPFD_CLOEXEC, 100);
                for (int i = 0; i < n; i++)
                        dup2(moved[i], 3 + i);
                (void)os_cloexec_from((unsigned)(3 + n));
                argv[argc++] = p->bare ? plain : abi;
                for (size_t i = 0; p->args[i]; i++)
                        argv[argc++] = p->args[i];
                argv[argc] = last;
                if (strcmp(what, "unwalled") == 0) /* what is executed may say how it is used */
                        dup2(empty_fd, STDERR_FILENO);
                if (how == NO_LANDLOCK)
                        forget_landlock();
                execv(program, (char *const *)argv);
                _exit(127);
        }
        os_close(pair[1]);
        if (p->message)
                (void)os_send(pair[0], p->message, p->first, NULL, 0);
        if (strcmp(p->title, "store") == 0)
                join_vault(pair[0]);
        check_int(waitpid(pid, &status, 0), pid);
        os_close(pair[0]);
        return status;
}

static const char *const tries[] = {
        "open:/etc/passwd",
        "open-old:/etc/passwd",
        "openat2:/etc/passwd",
        "open:SECRET",
        "create:/tmp/coloa-hijacked",
        "unlink:SECRET",
        "rename:SECRET",
        "chmod:SECRET",
        "list:/etc",
        "connect",
        "local",
        "listen",
        "fork",
        "ptrace",
        "exec-memory",
        "peek",
        "kill",
        "new-code",
        "own-code",
        "userns",
        "exec:/bin/true",
        "exec-self",
        "uring",
        "take-fd",
        "sign",
};

/* With what is only known now. */
static const char *filled(const char *t) {
        static char text[160];
        const char *at = strstr(t, "SECRET");

        if (strcmp(t, "connect") == 0)
                return port;
        if (strcmp(t, "peek") == 0)
                return address;
        if (strcmp(t, "sign") == 0)
                return sign;
        if (strcmp(t, "take-fd") == 0)
                snprintf(text, sizeof(text), "take-fd:%d", vault.sock);
        else if (strcmp(t, "local") == 0)
                snprintf(text, sizeof(text), "local:%s", local);
        else if (strcmp(t, "exec-self") == 0)
                snprintf(text, sizeof(text), "exec:%s", program);
        else if (at)
                snprintf(text, sizeof(text), "%.*s%s", (int)(at - t), t, secret);
        else
                return t;
        return text;
}

/* Without a sandbox it works: else what follows would show nothing. */
static void each_try_is_one(void) {
        static const struct process none = {.title = "vault", .fds = {&key_fd}};
        static const struct process store = {.title = "store", .args = {events, "retention=0:0"}};

        for (size_t i = 0; i < ARRAY_LEN(tries); i++) {
                bool signs = strcmp(tries[i], "sign") == 0;
                int status = 0;

                /* To sign wants the vault to be there in time: on a busy machine not at the first try. */
                for (unsigned again = signs ? 3 : 1; again; again--) {
                        lay_secret();
                        status =
                                run(signs ? &store : &none, AS_IT_IS, "unwalled", filled(tries[i]));
                        if (WIFEXITED(status) && WEXITSTATUS(status) == HIJACK_DONE)
                                break;
                }
                bool exec =
                        strncmp(tries[i], "exec:", 5) == 0 || strcmp(tries[i], "exec-self") == 0;
                bool worked = WIFEXITED(status) && WEXITSTATUS(status) == HIJACK_DONE;

                if (exec) /* what was executed ended, as it does */
                        worked = WIFEXITED(status) && WEXITSTATUS(status) != HIJACK_FAILED;
                if (!worked && (strcmp(tries[i], "uring") == 0 || strcmp(tries[i], "userns") == 0 ||
                                geteuid() != 0)) {
                        printf("# this machine does not let '%s' happen anyway\n", tries[i]);
                        continue;
                }
                if (!worked)
                        printf("# %s: %x\n", tries[i], (unsigned)status);
                check(worked);
        }
        (void)os_unlink("/tmp/coloa-hijacked");
}

static unsigned bad; /* all are tried before it counts */

static void refused(const struct process *p, enum landlock how, const char *try_) {
        lay_secret();
        int status = run(p, how, "hijack", try_), again = 2;
        bool may = (try_ == sign && strcmp(p->title, "store") == 0) || (try_ == port && p->outward);
        bool ok = may                   ? WIFEXITED(status) && WEXITSTATUS(status) == HIJACK_DONE
                  : WIFSIGNALED(status) ? WTERMSIG(status) == SIGSYS
                                        : WIFEXITED(status) && WEXITSTATUS(status) == HIJACK_FAILED;

        /* What it may do wants another process to be there in time: on a busy machine not at the first try. */
        for (; may && !ok && again; again--) {
                lay_secret();
                status = run(p, how, "hijack", try_);
                ok = WIFEXITED(status) && WEXITSTATUS(status) == HIJACK_DONE;
        }
        if (!ok)
                printf("# %s, %s, landlock %d: status %x\n", p->title, try_, how, (unsigned)status);
        bad += !ok;
}

static void nothing_comes_of_it(enum landlock how) {
        bad = 0;
        for (size_t i = 0; i < ARRAY_LEN(processes); i++) {
                const struct process *p = &processes[i];

                for (size_t k = 0; k < ARRAY_LEN(tries); k++)
                        refused(p, how, filled(tries[k]));
                for (int fd = 4;
                     fd < 8 && (p->fds[fd - 4] == &ring_ro || p->fds[fd - 4] == &task_ro); fd++) {
                        char text[32];

                        snprintf(text, sizeof(text), "write-map:%d", fd);
                        refused(p, how, text);
                        snprintf(text, sizeof(text), "write-fd:%d", fd);
                        refused(p, how, text);
                        snprintf(text, sizeof(text), "create:/proc/self/fd/%d", fd);
                        refused(p, how, text);
                }
        }
        check_int(bad, 0);
}

/* The one that may ask gets heads of a chain that goes on, and nothing else. */
static int asked(int line, const struct msg_sign *m) {
        struct msg_signed s = {0};

        check_int(os_send(line, m, sizeof(*m), NULL, 0), 0);
        ssize_t n = os_recv(line, &s, sizeof(s), NULL, 0, NULL);
        return n == sizeof(s) && (s.type == VAULT_SIGNED || s.type == VAULT_DERIVED) ? s.error
                                                                                     : -EPIPE;
}

static void the_vault_signs_only_heads(void) {
        struct msg_plain m = {NODE_PEER, 0};
        struct msg_sign good = a_head(2000), odd = a_head(3000);
        struct head *h = (struct head *)odd.bytes;
        int pair[2];

        check_int(os_socketpair_seqpacket(pair), 0);
        check_int(os_send(vault.sock, &m, sizeof(m), &pair[0], 1), 0);
        os_close(pair[0]);
        check_int(asked(pair[1], &good), 0);
        check_int(asked(pair[1], &good), 0); /* the same again */
        h->number = 1999;
        check_int(asked(pair[1], &odd), -EPERM);
        h->number = 2000;
        h->chain[0] ^= 1; /* another chain of the same length */
        check_int(asked(pair[1], &odd), -EPERM);
        odd = a_head(3000);
        odd.len--;
        check_int(asked(pair[1], &odd), -EPERM);
        odd = a_head(3000);
        memcpy(odd.bytes, PROOF_NAME, sizeof(PROOF_NAME));
        odd.len = sizeof(struct export_sign);
        check_int(asked(pair[1], &odd), -EPERM);
        odd.type = VAULT_DERIVE;
        check_int(asked(pair[1], &odd), -EPERM);
        odd = a_head(3000);
        check_int(asked(pair[1], &odd), 0);
        odd.len = SIGN_MAX + 1;
        check_int(asked(pair[1], &odd), -EPIPE); /* the line is cut */
        os_close(pair[1]);
}

static void with_landlock_as_it_is(void) {
        nothing_comes_of_it(AS_IT_IS);
}

static void with_landlock_2(void) {
        if (sandbox_landlock() <= 2) {
                printf("# this kernel has ABI %d: that was tried above\n", sandbox_landlock());
                return;
        }
        nothing_comes_of_it(ABI_2);
}

static void without_landlock(void) {
        if (sandbox_landlock() == 0) {
                printf("# this kernel has none: that was tried above\n");
                return;
        }
        nothing_comes_of_it(NO_LANDLOCK);
}

int main(int argc, char **argv) {
        if (argc < 2)
                return 2;
        program = argv[1];
        prepare();
        snprintf(events, sizeof(events), "directory=%s/events", dir);
        snprintf(state, sizeof(state), "directory=%s/state", dir);
        check_int(os_mkdir(events + 10, 0700), 0);
        word_sign();
        start_vault();
        RUN(each_try_is_one);
        RUN(with_landlock_as_it_is);
        RUN(with_landlock_2);
        RUN(without_landlock);
        RUN(the_vault_signs_only_heads);
        os_close(vault.sock);
        check_int(waitpid(vault.pid, NULL, 0), vault.pid);
        check_int(os_remove_tree(dir), 0);
        return check_done();
}
