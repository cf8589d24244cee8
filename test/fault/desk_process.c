/* The desk as a process, with a main that is played here: killed with SIGKILL at any moment, it neither
 * doubles nor loses what it called committed; hijacked, it can do nothing.
 *
 * The records are numbered; what a judge says of each follows from its number, so the end is known: one
 * verdict per record that has one, in an alert for each of the hosts. */
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "desk_world.h"
#include "wire/message.h"

static const char *program; /* the path of coloa */
static char directory[128];
static int sock = -1, outbox_fd = -1;
static pid_t pid;
static uint64_t committed, watermark; /* what it said */
static unsigned notes;

static int memory(const char *name, size_t size, int *ret_fd, void **ret) {
        int r = os_memfd(name, ret_fd);

        if (r == 0)
                r = os_ftruncate(*ret_fd, size);
        return r < 0 ? r : os_map(*ret_fd, size, true, ret);
}

static void start(const char *landlock) {
        int pair[2];
        char dir[160];

        check_int(os_socketpair_seqpacket(pair), 0);
        snprintf(dir, sizeof(dir), "directory=%s", directory);
        pid = fork();
        check(pid >= 0);
        if (pid == 0) {
                const char *argv[] = {"coloa: desk", dir, "times=60:300:3600", landlock, NULL};
                dup2(pair[1], 3);
                if (pair[1] != 3)
                        close(pair[1]);
                execv(program, (char *const *)argv);
                _exit(127);
        }
        close(pair[1]);
        sock = pair[0];
}

/* One message; 0 when it has ended. */
static ssize_t receive(void *to, size_t size) {
        return os_recv(sock, to, size, NULL, 0, NULL);
}

union answer {
        struct msg_plain plain;
        struct msg_judge judge;
        struct msg_node_seq seq;
        struct msg_note note;
        char bytes[MESSAGE_MAX];
};

/* Takes messages until one of `type` is there: false when the process ended before. */
static bool wait_for(uint32_t type, union answer *m) {
        while (receive(m, sizeof(*m)) > 0) {
                if (m->plain.type == NODE_NOTE) {
                        notes++;
                        printf("# %s\n", m->note.text);
                } else if (m->plain.type == DESK_COMMITTED) {
                        committed = MAX(committed, m->judge.to);
                        check(m->judge.first_seq >= watermark);
                        watermark = m->judge.first_seq;
                }
                if (m->plain.type == type)
                        return true;
        }
        return false;
}

static int reap(void) {
        int status = 0;

        close(sock);
        sock = -1;
        waitpid(pid, &status, 0);
        return status;
}

/* Rules and an outbox, as a new desk gets them; false when it ended. */
static bool introduce(void) {
        struct msg_plain rules = {DESK_PROGRAM, 1};
        struct msg_judge box = {.type = DESK_OUTBOX, .program = 1};
        union answer m;
        int fd;

        /* What the one before left in the outbox is not to be said twice by us. */
        w.staged = w.box->head = w.box->tail = 0;
        check_int(os_memfd("program", &fd), 0);
        check_int(os_write_full(fd, w.program, w.program_len), 0);
        check_int(os_memfd_seal(fd), 0);
        bool ok = os_send(sock, &rules, sizeof(rules), &fd, 1) == 0;
        os_close(fd);
        if (!ok || !wait_for(DESK_READY, &m))
                return false;
        check(m.seq.seq >= watermark); /* nothing committed is lost */
        watermark = m.seq.seq;
        return os_send(sock, &box, sizeof(box), &outbox_fd, 1) == 0;
}

#define BATCH 50u
#define RECORDS 6000u
#define HOSTS 7u

/* Of record n: every third is evil on one of the hosts, every fifth a failed login of one user. */
static void judge(uint64_t from, uint64_t to) {
        char text[64];

        for (uint64_t n = from; n < to; n++) {
                if (n % 3 == 0) {
                        snprintf(text, sizeof(text), "host=h%u Image=evil",
                                 (unsigned)(n / 3 % HOSTS));
                        say(rule("Evil tool"), n, (double)n, text);
                }
                if (n % 5 == 0)
                        hit(rule("Failed login"), n, (double)n, "User=an");
        }
}

/* From the watermark to `end`, or until it dies. */
static bool work_to(uint64_t end, unsigned kill_after) {
        union answer m;
        unsigned batches = 0;

        for (uint64_t at_ = MAX(watermark, 1); at_ < end; at_ += BATCH) {
                struct msg_judge b = {.type = DESK_BATCH,
                                      .first_seq = UINT64_MAX,
                                      .from = at_,
                                      .to = MIN(at_ + BATCH, end),
                                      .program = 1};

                judge(b.from, b.to);
                if (os_send(sock, &b, sizeof(b), NULL, 0) < 0)
                        return false;
                if (kill_after && ++batches == kill_after)
                        kill(pid, SIGKILL);
                if (!wait_for(DESK_TAKEN, &m))
                        return false;
                check_int(m.judge.error, 0);
        }
        while (watermark < end)
                if (!wait_for(DESK_COMMITTED, &m))
                        return false;
        return true;
}

static bool work(unsigned kill_after) {
        return work_to(RECORDS, kill_after);
}

static void world_make(void) {
        void *p;

        w = (struct world){.base = os_now() - 100000 * NS_PER_SEC, .generation = 1};
        world_compile(world_rules);
        snprintf(w.dir, sizeof(w.dir), "/tmp/coloa-deskp-XXXXXX");
        check(mkdtemp(w.dir) != NULL);
        snprintf(directory, sizeof(directory), "%s/state", w.dir);
        snprintf(w.path, sizeof(w.path), "%s/state.db", directory);
        check_int(memory("outbox", sizeof(struct outbox), &outbox_fd, &p), 0);
        w.box = p;
        committed = watermark = 0;
}

static void world_unmake(void) {
        os_unmap(w.box, sizeof(*w.box));
        os_close(outbox_fd);
        w.g = program_free(w.g);
        os_unmap(w.program, w.program_len);
        buf_deinit(&w.text);
        check_int(os_remove_tree(w.dir), 0);
}

static int add_count(void *ctx, const struct state_alert *a, const struct state_rule *r) {
        uint64_t *sum = ctx;

        sum[r->kind == STATE_CORRELATION] += a->count;
        return 0;
}

static void check_state(void) {
        _cleanup_(state_freep) struct state *s = NULL;
        struct state_filter all = {
                .since = TIME_NONE, .until = TIME_NONE, .status = -1, .drill = -1};
        uint64_t sum[2] = {0}, n;

        check_int(state_open(&s, &(struct state_options){.path = w.path, .read_only = true}), 0);
        check_int(state_alerts(s, &all, add_count, sum), 0);
        check_int(sum[0], (RECORDS - 1) / 3);
        check_int(sum[1], 1); /* one episode of failed logins */
        check_int(state_count_verdicts(s, &n), 0);
        check_int(n, (RECORDS - 1) / 3 + 1);
        check_int(state_audit_check(s, &n, &(uint64_t){0}), 0);
}

static void killed_at_any_moment(void) {
        unsigned seed = 1, kills = 0;

        world_make();
        for (;;) {
                start("landlock=-1");
                bool alive = introduce();
                seed = seed * 1103515245 + 12345;
                if (alive && work(kills < 60 ? 1 + (seed >> 16) % 12 : 0))
                        break;
                int status = reap();
                if (kills >= 60 || (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL))
                        printf("# it ended by itself: status %x\n", (unsigned)status);
                check(kills < 60 && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
                kills++;
        }
        check_int(kills, 60);
        int status = reap();
        check(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        check_state();
        world_unmake();
}

/* A signal while it starts, opens its files or feeds back. */
static void killed_while_starting(void) {
        world_make();
        for (unsigned i = 0; i < 40; i++) {
                start("landlock=-1");
                usleep(i * 500);
                kill(pid, SIGKILL);
                (void)reap();
        }
        start("landlock=-1");
        check(introduce());
        check(work(0));
        (void)reap();
        check_state();
        world_unmake();
}

/* The log as a kill or a power cut may leave it when all of it is in the database already. */
static void damage_log(unsigned how) {
        static const char zero[32];
        char path[sizeof(w.path) + 8];

        snprintf(path, sizeof(path), "%s-wal", w.path);
        if (how == 2) {
                check_int(os_unlink(path), 0);
                return;
        }
        int fd = os_open(path, O_WRONLY, 0);
        check(fd >= 0);
        check_int(how == 0 ? os_write_full(fd, zero, sizeof(zero)) : os_ftruncate(fd, 0), 0);
        os_close(fd);
}

/* A log without a beginning, an empty one, none: the first write into it makes SQLite sync the directory,
 * which has to happen before the sandbox, or the desk would be ended at every start. */
static void a_log_without_a_beginning(void) {
        world_make();
        start("landlock=-1");
        check(introduce());
        for (unsigned how = 0; how < 3; how++) {
                uint64_t before = MAX(watermark, 1);

                check(work_to(before + 4 * BATCH, 0));
                kill(pid, SIGKILL);
                (void)reap();
                /* The next one copies the log into the database and is killed before it adds to it. */
                start("landlock=-1");
                check(introduce());
                kill(pid, SIGKILL);
                (void)reap();
                damage_log(how);
                start("landlock=-1");
                check(introduce());
                check_int(watermark, before + 4 * BATCH);
        }
        check(work(0));
        int status = reap();
        check(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        check_state();
        world_unmake();
}

static void nonsense_ends_it(void) {
        static const uint32_t types[] = {0, DESK_TAKEN, JUDGE_SLOT, 12345};
        union answer m;

        world_make();
        for (size_t i = 0; i < ARRAY_LEN(types); i++) {
                struct msg_judge bad = {.type = types[i]};

                start("landlock=-1");
                check(introduce());
                check_int(os_send(sock, &bad, sizeof(bad), NULL, 0), 0);
                check(!wait_for(UINT32_MAX, &m));
                int status = reap();
                check(WIFEXITED(status) && WEXITSTATUS(status) == 16);
        }
        world_unmake();
}

/* It tries; whatever the kernel's Landlock can do, nothing comes of it. */
static void hijacked(const char *landlock) {
        static const char *const tries[] = {"coloa-test-open", "coloa-test-exec",
                                            "coloa-test-connect", "coloa-test-unlink"};
        union answer m;

        for (size_t i = 0; i < ARRAY_LEN(tries); i++) {
                struct msg_own_alert own = {.type = DESK_INCIDENT, .what = OWN_STORE};

                world_make();
                start(landlock);
                check(introduce());
                memcpy(own.text, tries[i], strlen(tries[i]) + 1);
                check_int(os_send(sock, &own, sizeof(own), NULL, 0), 0);
                check(!wait_for(UINT32_MAX, &m));
                int status = reap();
                check(WIFSIGNALED(status) ? WTERMSIG(status) == SIGSYS : WEXITSTATUS(status) == 98);
                world_unmake();
        }
}

static void hijacked_with_landlock(void) {
        hijacked("landlock=2");
}

static void hijacked_without_landlock(void) {
        hijacked("landlock=0");
}

int main(int argc, char **argv) {
        if (argc < 2)
                return 2;
        program = argv[1];
        RUN(killed_at_any_moment);
        RUN(killed_while_starting);
        RUN(a_log_without_a_beginning);
        RUN(nonsense_ends_it);
        RUN(hijacked_with_landlock);
        RUN(hijacked_without_landlock);
        return check_done();
}
