/* One restore drill: restic or borg, with fixed arguments and no shell, reads a repository and writes to an empty
 * folder; what came out is looked at (mender/mender.h). Before the first program runs this process is behind a
 * wall that the programs inherit (os/programs.h): the repository to read, the scratch folder, no sockets.
 *
 *     3 main, 4 the job (sealed), 5 the result's memory, 6 the repository's password (sealed memory)
 *
 *   M1. The scratch folder is our own ("coloa-drill" in the configured one), wiped before and behind.
 *   M2. Nothing that was restored is opened but to be hashed, each name from the directory above it (os/tree.h).
 *   M3. A program that takes longer than the limit, or more room than the quota, is killed. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <jansson.h>

#include "main/processes.h"
#include "main/spawn.h"
#include "mender/mender.h"
#include "os/programs.h"
#include "os/tree.h"
#include "wire/mender.h"
#include "wire/message.h"

#define JOB_FD 4
#define OUTPUT_FD 5
#define SECRET_FD 6
#define ROOM 1100u
#define LOOK_NS (INT64_C(250) * 1000000)
#define ARGS_MAX (2u * MENDER_SAMPLE_MAX + 24u)
#define HOME "coloa-drill"

struct mender {
        enum mender_kind kind;
        const char *repository, *scratch;
        int64_t deadline, began; /* monotonic */
        char home[ROOM], data[ROOM];
        struct mender_job job;
        struct mender_listing listing;
        struct mender_result result;
        struct buf output; /* of a program that says little */
        uint64_t room;     /* bytes of the scratch folder at the last look */
        int64_t looked, look_took;
        enum mender_fault killed; /* why we killed it */
};

/* ---- running a program ---- */

typedef void take_output(struct mender *m, struct span s);

static void take_small(struct mender *m, struct span s) {
        buf_span(&m->output, s);
}

static void take_listing(struct mender *m, struct span s) {
        mender_listing_add(&m->listing, s);
}

/* The end of what programs said stays. */
static void add_log(struct mender *m, struct span s) {
        char *to = m->result.log;
        size_t have = strlen(to), n = MIN(s.len, MENDER_LOG - 1);
        size_t over = have + n > MENDER_LOG - 1 ? have + n - (MENDER_LOG - 1) : 0;

        s = span_of(s.p + s.len - n, n);
        memmove(to, to + over, have - over);
        have -= over;
        for (size_t i = 0; i < n; i++)
                to[have + i] = s.p[i] == '\0' || ((unsigned char)s.p[i] < ' ' && s.p[i] != '\n')
                                       ? ' '
                                       : s.p[i];
        to[have + n] = '\0';
}

/* M3. A look may take long; then it is taken the less often. */
static void watch(struct mender *m, pid_t pid) {
        int64_t now = os_monotonic();

        if (now > m->deadline)
                m->killed = FAULT_TIME;
        if (!m->killed && m->job.quota && now - m->looked > MAX(LOOK_NS, 10 * m->look_took)) {
                if (os_tree_size(m->home, &m->room) == 0 && m->room > m->job.quota)
                        m->killed = FAULT_QUOTA;
                m->looked = os_monotonic();
                m->look_took = m->looked - now;
        }
        if (m->killed)
                os_kill(pid, SIGKILL);
}

/* false: it ended. */
static bool drain(struct mender *m, struct pollfd *p, take_output *take) {
        char piece[16384];
        ssize_t n = p->revents ? os_read(p->fd, piece, sizeof(piece)) : -EAGAIN;

        if (n > 0 && take)
                take(m, span_of(piece, (size_t)n));
        else if (n > 0)
                add_log(m, span_of(piece, (size_t)n));
        return n > 0 || n == -EAGAIN || n == -EINTR;
}

static int run_to_end(struct mender *m, pid_t pid, const int *fds, take_output *take) {
        struct pollfd p[2] = {{.fd = fds[0], .events = POLLIN}, {.fd = fds[1], .events = POLLIN}};
        int status = 0, r;

        while (p[0].fd >= 0 || p[1].fd >= 0) {
                if (os_poll(p, 2, 100) < 0)
                        break;
                if (p[0].fd >= 0 && !drain(m, &p[0], take))
                        p[0].fd = -1;
                if (p[1].fd >= 0 && !drain(m, &p[1], NULL))
                        p[1].fd = -1;
                watch(m, pid);
        }
        while ((r = os_wait(pid, &status, false)) == 0) {
                watch(m, pid);
                os_poll(NULL, 0, 20);
        }
        return r < 0 ? r : WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

/* Its exit status, 255 when it was killed; -errno. */
static int run(struct mender *m, const char *const *args, take_output *take) {
        static char path[] = "PATH=/usr/bin:/bin", lang[] = "LC_ALL=C.UTF-8", zone[] = "TZ=UTC";
        static char home[ROOM + 8], base[ROOM + 24], tmp[ROOM + 8];
        static char moved[] = "BORG_RELOCATED_REPO_ACCESS_IS_OK=yes";
        static char plain[] = "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=yes";
        static char secret[] = "BORG_PASSPHRASE_FD=3",
                    file[] = "RESTIC_PASSWORD_FILE=/proc/self/fd/3";
        char *envp[] = {path, lang, zone, home, base, tmp, moved, plain, secret, file, NULL};
        char *argv[ARGS_MAX + 1];
        int out[2] = {-1, -1}, err[2] = {-1, -1};
        unsigned n = 0;
        pid_t pid;

        snprintf(home, sizeof(home), "HOME=%s", m->home);
        snprintf(base, sizeof(base), "BORG_BASE_DIR=%s", m->home);
        snprintf(tmp, sizeof(tmp), "TMPDIR=%s", m->home);
        for (; args[n] && n < ARGS_MAX; n++)
                argv[n] = (char *)(uintptr_t)args[n];
        argv[n] = NULL;
        int r = os_pipe(out);
        if (r == 0)
                r = os_pipe(err);
        (void)os_seek(SECRET_FD, 0, SEEK_SET); /* borg reads it as it is, restic opens it anew */
        if (r == 0)
                r = program_run(&pid, &(struct program){.path = args[0],
                                                        .argv = argv,
                                                        .envp = envp,
                                                        .directory = m->data,
                                                        .secret = SECRET_FD,
                                                        .out = out[1],
                                                        .err = err[1]});
        os_close_quiet(out[1]);
        os_close_quiet(err[1]);
        if (r == 0)
                r = run_to_end(m, pid, (int[]){out[0], err[0]}, take);
        os_close_quiet(out[0]);
        os_close_quiet(err[0]);
        return r;
}

/* ---- what went wrong ---- */

static bool log_has(const struct mender *m, const char *word) {
        return strstr(m->result.log, word) != NULL;
}

static enum mender_fault fault_of(const struct mender *m, int status) {
        if (m->killed)
                return m->killed;
        if (status == 127 || status < 0)
                return FAULT_PROGRAM;
        if (log_has(m, "wrong password") || log_has(m, "passphrase supplied in") ||
            log_has(m, "passphrase is incorrect"))
                return FAULT_PASSWORD;
        if (log_has(m, "unable to open config file") || log_has(m, "does not exist") ||
            log_has(m, "is not a valid repository"))
                return FAULT_REPOSITORY;
        return FAULT_DAMAGED;
}

/* true: it went well. */
static bool well(struct mender *m, int status, int most, const char *step) {
        if (status >= 0 && status <= most && !m->killed)
                return true;
        mender_fault(&m->result, fault_of(m, status), step);
        return false;
}

/* ---- the steps ---- */

static bool find_snapshot(struct mender *m) {
        const char *const restic[] = {"/usr/bin/restic", "-r",     m->repository, "--no-lock",
                                      "--no-cache",      "--json", "snapshots",   NULL};
        const char *const borg[] = {"/usr/bin/borg", "--bypass-lock", "list",
                                    "--json",        m->repository,   NULL};

        if (!well(m, run(m, m->kind == MENDER_RESTIC ? restic : borg, take_small), 0, "snapshots"))
                return false;
        int r = m->output.failed ? -EFBIG
                                 : mender_newest(m->kind, buf_get(&m->output), &m->result.snapshot);
        if (r == 1)
                return true;
        mender_fault(&m->result, r == 0 ? FAULT_EMPTY : FAULT_DAMAGED, "snapshots");
        return false;
}

static void archive_of(const struct mender *m, char to[ROOM + 300]) {
        snprintf(to, ROOM + 300, "%s::%s", m->repository, m->result.snapshot.name);
}

static bool list(struct mender *m) {
        char archive[ROOM + 300];
        const char *const restic[] = {
                "/usr/bin/restic", "-r", m->repository,           "--no-lock", "--no-cache",
                "--json",          "ls", m->result.snapshot.name, NULL};
        const char *const borg[] = {"/usr/bin/borg", "--bypass-lock",    "list",  "--json-lines",
                                    "--format",      "{size}{isomtime}", archive, NULL};

        archive_of(m, archive);
        int status = run(m, m->kind == MENDER_RESTIC ? restic : borg, take_listing);
        mender_listing_end(&m->listing);
        m->result.all_files = m->listing.n_files;
        m->result.all_bytes = m->listing.bytes;
        return well(m, status, 0, "listing");
}

/* The sample fits into half the room; what was asked for by name goes last. */
static void fit(struct mender *m) {
        struct mender_listing *l = &m->listing;
        uint64_t sum = 0;

        for (unsigned i = 0; i < l->n; i++)
                sum += l->files[i].size;
        for (unsigned i = l->n; i-- > 0 && m->job.quota && sum > m->job.quota / 2;) {
                if (l->files[i].chosen_by_name && l->n > 1)
                        continue;
                sum -= l->files[i].size;
                l->files[i] = l->files[--l->n];
        }
}

/* The chosen files as both programs take them: one argument each, or two. */
static unsigned add_paths(struct mender *m, const char **args, unsigned n,
                          char (*room)[2 * MENDER_PATH_MAX + 8]) {
        for (unsigned i = 0; i < m->listing.n; i++) {
                if (m->kind == MENDER_RESTIC) {
                        if (!mender_pattern(room[i], m->listing.files[i].path))
                                continue;
                        args[n++] = "--include";
                } else {
                        snprintf(room[i], sizeof(room[i]), "pp:%s", m->listing.files[i].path);
                }
                args[n++] = room[i];
        }
        args[n] = NULL;
        return n;
}

static void add_devices(const struct mender *m, const char **args, unsigned n,
                        char (*room)[2 * MENDER_PATH_MAX + 8]) {
        for (unsigned i = 0; i < m->listing.n_devices; i++) {
                if (!mender_pattern(room[i], m->listing.devices[i]))
                        continue;
                args[n++] = "--exclude";
                args[n++] = room[i];
        }
        args[n] = NULL;
}

static char paths[MENDER_SAMPLE_MAX][2 * MENDER_PATH_MAX + 8];

static bool restore(struct mender *m) {
        char archive[ROOM + 300];
        const char *args[ARGS_MAX + 1] = {
                "/usr/bin/restic", "-r",      m->repository,           "--no-lock",
                "--no-cache",      "restore", m->result.snapshot.name, "--target",
                m->data,           "--verify"};
        unsigned n = 10;

        archive_of(m, archive);
        if (m->kind == MENDER_BORG) {
                const char *const borg[] = {"/usr/bin/borg", "--bypass-lock", "extract",
                                            "--noacls",      "--noxattrs",    "--noflags",
                                            "--numeric-ids", archive};
                n = ARRAY_LEN(borg);
                memcpy(args, borg, sizeof(borg));
        }
        args[n] = NULL;
        if (!m->job.whole)
                add_paths(m, args, n, paths);
        else if (m->kind == MENDER_RESTIC)
                add_devices(m, args, n, paths);
        int status = run(m, args, take_small);
        m->result.seconds = (double)(os_monotonic() - m->began) / 1e9;
        /* borg: 1 is a warning (an owner that could not be given); the files tell. */
        return well(m, status, m->kind == MENDER_BORG ? 1 : 0, "restoring");
}

/* What borg itself says their hashes are, read from the repository once more. */
static bool list_hashes(struct mender *m) {
        char archive[ROOM + 300];
        const char *args[ARGS_MAX + 1] = {"/usr/bin/borg", "--bypass-lock", "list", "--json-lines",
                                          "--format",      "{sha256}",      archive};

        archive_of(m, archive);
        buf_reset(&m->output);
        add_paths(m, args, 7, paths);
        if (!well(m, run(m, args, take_small), 0, "hashes"))
                return false;
        struct span s = buf_get(&m->output);
        while (s.len) {
                const char *nl = memchr(s.p, '\n', s.len);
                size_t n = nl ? (size_t)(nl - s.p) : s.len;

                mender_hashes_add(&m->listing, span_of(s.p, n));
                n += nl != NULL;
                s = span_of(s.p + n, s.len - n);
        }
        return true;
}

/* ---- what was restored ---- */

static int hash(int fd, char to[65]) {
        unsigned char piece[65536], sum[32];
        crypto_hash_sha256_state h;
        ssize_t n;

        crypto_hash_sha256_init(&h);
        while ((n = os_read(fd, piece, sizeof(piece))) > 0)
                crypto_hash_sha256_update(&h, piece, (unsigned long long)n);
        crypto_hash_sha256_final(&h, sum);
        sodium_bin2hex(to, 65, sum, sizeof(sum));
        return n < 0 ? (int)n : 0;
}

/* M2 */
static int look_at(void *ctx, const struct tree_file *f) {
        struct mender *m = ctx;

        if (f->fd < 0)
                return 0;
        m->result.files++;
        m->result.bytes += f->size;
        for (unsigned i = 0; i < m->listing.n; i++) {
                struct mender_file *k = &m->listing.files[i];

                if (k->there || strcmp(k->path, f->path) != 0)
                        continue;
                k->there = true;
                if (f->size != k->size)
                        mender_fault(&m->result, FAULT_SIZE, f->path);
                if (hash(f->fd, k->found) < 0)
                        mender_fault(&m->result, FAULT_DAMAGED, f->path);
        }
        return os_monotonic() > m->deadline ? -ETIMEDOUT : 0;
}

static void drill(struct mender *m) {
        m->began = os_monotonic();
        if (!find_snapshot(m) || !list(m))
                return;
        if (m->job.whole && m->job.quota && m->listing.bytes > m->job.quota) {
                mender_fault(&m->result, FAULT_QUOTA, "");
                return;
        }
        fit(m);
        if (m->listing.n == 0) {
                mender_judge(&m->result, &m->listing);
                return;
        }
        buf_reset(&m->output);
        bool restored = restore(m);
        int r = os_tree_walk(m->data, look_at, m);
        if (r < 0)
                mender_fault(&m->result, r == -ETIMEDOUT ? FAULT_TIME : FAULT_SCRATCH, "");
        if (restored && m->kind == MENDER_BORG && m->listing.n)
                restored = list_hashes(m);
        if (restored)
                mender_judge(&m->result, &m->listing);
}

/* ---- the process ---- */

static int read_job(struct mender *m) {
        struct stat st;
        void *p = NULL;
        int r = os_fstat(JOB_FD, &st);

        if (r == 0 && (st.st_size <= 0 || (size_t)st.st_size > MENDER_JOB_MAX))
                r = -EPROTO;
        if (r == 0)
                r = os_map(JOB_FD, (size_t)st.st_size, false, &p);
        return r < 0 ? r : mender_job_read(&m->job, span_of(p, (size_t)st.st_size));
}

static int make_room(struct mender *m) {
        int r = os_mkdir(m->scratch, 0700);

        if (r == -EEXIST)
                r = 0;
        if (r == 0)
                r = os_tree_wipe(m->home);
        if (r == 0)
                r = os_mkdir(m->home, 0700);
        return r == 0 ? os_mkdir(m->data, 0700) : r;
}

static int send_result(struct mender *m) {
        struct msg_mender_done done = {.type = MENDER_DONE, .id = m->job.id};
        struct buf b = {.limit = MENDER_OUT_MAX};
        int r = mender_result_write(&b, &m->result);

        if (r == 0)
                r = os_write_full(OUTPUT_FD, b.p, b.len);
        done.error = r;
        done.len = r == 0 ? b.len : 0;
        return os_send(CHILD_SOCKET, &done, sizeof(done), NULL, 0);
}

static bool read_arguments(struct mender *m, int argc, char **argv, int *landlock, bool *wipe) {
        int64_t limit_s = 0;

        for (int i = 1; i < argc; i++) {
                if (strncmp(argv[i], "landlock=", 9) == 0)
                        *landlock = (int)strtol(argv[i] + 9, NULL, 10);
                else if (strncmp(argv[i], "kind=", 5) == 0)
                        m->kind = (enum mender_kind)strtoul(argv[i] + 5, NULL, 10);
                else if (strncmp(argv[i], "path=", 5) == 0)
                        m->repository = argv[i] + 5;
                else if (strncmp(argv[i], "scratch=", 8) == 0)
                        m->scratch = argv[i] + 8;
                else if (strncmp(argv[i], "limit=", 6) == 0)
                        limit_s = strtoll(argv[i] + 6, NULL, 10);
                else if (strcmp(argv[i], "wipe=1") == 0)
                        *wipe = true;
        }
        m->deadline = os_monotonic() + limit_s * NS_PER_SEC;
        return m->scratch && *m->scratch == '/' &&
               snprintf(m->home, sizeof(m->home), "%s/" HOME, m->scratch) < (int)sizeof(m->home) &&
               snprintf(m->data, sizeof(m->data), "%s/data", m->home) < (int)sizeof(m->data) &&
               (*wipe || (m->repository && *m->repository == '/'));
}

int process_mender(int argc, char **argv) {
        static struct mender m = {.result.snapshot.time = TIME_NONE,
                                  .output.limit = (size_t)16 << 20};
        bool wipe = false;
        int landlock = -1;
        uint64_t seed;

        if (sodium_init() < 0 || os_random(&seed, sizeof(seed)) < 0 ||
            !read_arguments(&m, argc, argv, &landlock, &wipe))
                return 13;
        json_object_seed(0);
        if (wipe)
                return os_tree_wipe(m.home) < 0 ? 14 : 0;
        if (read_job(&m) < 0)
                return 13;
        m.result.id = m.job.id;
        int r = make_room(&m);
        if (r < 0)
                mender_fault(&m.result, FAULT_SCRATCH, "");
        if (r == 0) {
                r = programs_wall(&(struct programs_wall){.read_only = m.repository,
                                                          .scratch = m.scratch,
                                                          .max_landlock = landlock,
                                                          .file_max = m.job.quota});
                if (r == -ENOSYS)
                        mender_fault(&m.result, FAULT_WALL, "");
                else if (r < 0)
                        mender_fault(&m.result, FAULT_REPOSITORY, "");
        }
        if (r == 0) {
                mender_listing_init(&m.listing, &m.job, m.kind, seed);
                drill(&m);
                mender_listing_deinit(&m.listing);
        }
        if (os_tree_wipe(m.home) < 0) /* M1; else before the next one */
                mender_fault(&m.result, FAULT_SCRATCH, "");
        return send_result(&m) < 0 ? 16 : 0;
}
