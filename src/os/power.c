/* Cutting the power under SQLite and what moves its files, for tests: see vfs.h.
 *
 * Two things are kept apart, as a disk does. Of every file that a database was opened as while watching:
 * the content that is surely on disk, and the writes since the last sync. A sync moves them over; a
 * sync that failed dooms them: they are seen by whoever reads, but never reach the disk, however often
 * one syncs again, until somebody writes there anew. Of every name: the file it stands for now, and the
 * one it stands for on disk; new names, deletions and renamings are there for sure once their directory
 * was synced. After a cut, each sector of 512 bytes of each write that was not synced is there or is not;
 * so are shortenings of files. Of what was done to names either the first so many are there, as a file
 * system with a journal does it, or any, which is all that POSIX promises; a renaming is there whole or not.
 * Shared memory (-shm) is no file here: SQLite makes it anew. */
#include "os/power.h"

#ifdef COLOA_FAULTS

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/vfs.h"

#define SECTOR 512u
#define PATH_ROOM 1024u

struct change {
        struct change *next;
        bool truncate, doomed;
        uint64_t at; /* or the new size */
        size_t n;
        unsigned char bytes[];
};

struct power_file {
        struct power_file *next;
        unsigned char *disk; /* synced */
        size_t disk_len, disk_cap;
        struct change *first, **last;
        char dir[PATH_ROOM];
        bool sync_dir; /* its next sync syncs the directory too */
        bool settled;  /* the power came back */
};

struct name {
        struct name *next;
        char path[PATH_ROOM];
        struct power_file *now, *disk; /* NULL: there is none */
};

/* Of `file` by `name`: made; or gone; or come there from another name. */
enum what { LINKED, UNLINKED, RENAMED };
struct deed {
        struct deed *next;
        enum what what;
        struct name *name, *from;
        struct power_file *file;
};

static struct power_file *files;
static struct name *names;
static struct deed *deeds, **last_deed = &deeds;
static bool watching, cut;

bool power_is_cut(void) {
        return cut;
}

static void forget_changes(struct power_file *f) {
        while (f->first) {
                struct change *c = f->first;
                f->first = c->next;
                free(c);
        }
        f->last = &f->first;
}

static void forget_all(void) {
        while (files) {
                struct power_file *f = files;
                files = f->next;
                forget_changes(f);
                free(f->disk);
                free(f);
        }
        while (names) {
                struct name *n = names;
                names = n->next;
                free(n);
        }
        while (deeds) {
                struct deed *d = deeds;
                deeds = d->next;
                free(d);
        }
        last_deed = &deeds;
}

void fault_power_watch(void) {
        forget_all();
        watching = true;
        cut = false;
}

void fault_power_cut(void) {
        cut = true;
}

/* ---- names ---- */

static void *make(size_t n) {
        void *p = calloc(1, n);

        assert(p);
        return p;
}

static struct power_file *new_file(void) {
        struct power_file *f = make(sizeof(*f));

        f->last = &f->first;
        f->next = files;
        files = f;
        return f;
}

/* Not by os.h: those calls are counted, and made to fail. */
static struct power_file *read_file(const char *path) {
        struct stat st;
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        size_t at = 0;

        if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
                if (fd >= 0)
                        close(fd);
                return NULL;
        }
        struct power_file *f = new_file();
        f->disk = make((size_t)st.st_size + 1);
        f->disk_len = f->disk_cap = (size_t)st.st_size;
        while (at < f->disk_len) {
                ssize_t n = read(fd, f->disk + at, f->disk_len - at);
                assert(n > 0);
                at += (size_t)n;
        }
        close(fd);
        return f;
}

static bool is_shared_memory(const char *path) {
        size_t n = strlen(path);

        return n > 4 && strcmp(path + n - 4, "-shm") == 0;
}

static struct name *find(const char *path) {
        for (struct name *n = names; n; n = n->next)
                if (strcmp(n->path, path) == 0)
                        return n;
        return NULL;
}

void power_know(const char *path) {
        if (!watching || cut || is_shared_memory(path) || find(path))
                return;
        struct name *n = make(sizeof(*n));
        assert(strlen(path) < sizeof(n->path));
        snprintf(n->path, sizeof(n->path), "%s", path);
        n->now = n->disk = read_file(path);
        n->next = names;
        names = n;
}

static void add_deed(enum what what, struct name *name, struct name *from,
                     struct power_file *file) {
        struct deed *d = make(sizeof(*d));

        *d = (struct deed){.what = what, .name = name, .from = from, .file = file};
        *last_deed = d;
        last_deed = &d->next;
}

static void reach_disk(const struct deed *d) {
        if (d->what == UNLINKED) {
                if (d->name->disk == d->file)
                        d->name->disk = NULL;
                return;
        }
        d->name->disk = d->file;
        if (d->from && d->from->disk == d->file)
                d->from->disk = NULL;
}

static bool is_in(const char *path, const char *dir) {
        const char *slash = strrchr(path, '/');
        size_t n = slash ? (size_t)(slash - path) : 0;

        return slash ? strlen(dir) == n && memcmp(path, dir, n) == 0 : strcmp(dir, ".") == 0;
}

static void set_dir(char dir[PATH_ROOM], const char *path) {
        const char *slash = strrchr(path, '/');

        snprintf(dir, PATH_ROOM, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
}

void power_sync_dir(const char *dir) {
        struct deed **at = &deeds;

        while (*at && watching && !cut) {
                struct deed *d = *at;
                if (!is_in(d->name->path, dir)) {
                        at = &d->next;
                        continue;
                }
                reach_disk(d);
                *at = d->next;
                free(d);
        }
        for (last_deed = &deeds; *last_deed; last_deed = &(*last_deed)->next)
                ;
}

struct power_file *power_open(const char *path, bool sync_dir) {
        struct name *n = find(path);

        if (!watching || cut || !n)
                return NULL;
        if (!n->now) {
                n->now = new_file();
                add_deed(LINKED, n, NULL, n->now);
        }
        set_dir(n->now->dir, path);
        n->now->sync_dir |= sync_dir;
        return n->now;
}

struct power_file *power_close(struct power_file *f) {
        (void)f; /* what was not synced may still be lost */
        return NULL;
}

void power_delete(const char *path, bool synced) {
        struct name *n = find(path);
        char dir[PATH_ROOM];

        if (!watching || cut || !n)
                return;
        if (n->now)
                add_deed(UNLINKED, n, NULL, n->now);
        n->now = NULL;
        set_dir(dir, path);
        if (synced)
                power_sync_dir(dir);
}

void power_rename(const char *from, const char *to) {
        struct name *a = find(from), *b = find(to);

        if (!watching || cut || !a || !b || !a->now || a == b)
                return;
        add_deed(RENAMED, b, a, a->now);
        b->now = a->now;
        a->now = NULL;
}

/* ---- content ---- */

static void add(struct power_file *f, const void *p, size_t n, uint64_t at, bool truncate) {
        if (!f || cut)
                return;
        struct change *c = malloc(sizeof(*c) + (p ? n : 0));
        assert(c);
        *c = (struct change){.truncate = truncate, .at = at, .n = n};
        if (p)
                memcpy(c->bytes, p, n);
        *f->last = c;
        f->last = &c->next;
}

void power_write(struct power_file *f, const void *p, size_t n, uint64_t at) {
        add(f, p, n, at, false);
}

void power_truncate(struct power_file *f, uint64_t size) {
        add(f, NULL, 0, size, true);
}

static void disk_resize(struct power_file *f, size_t len) {
        if (len > f->disk_cap) {
                f->disk_cap = MAX(len * 2, (size_t)65536);
                f->disk = realloc(f->disk, f->disk_cap);
                assert(f->disk);
        }
        if (len > f->disk_len)
                memset(f->disk + f->disk_len, 0, len - f->disk_len);
        f->disk_len = len;
}

static void disk_put(struct power_file *f, const unsigned char *p, size_t n, uint64_t at) {
        if (at + n > f->disk_len)
                disk_resize(f, at + n);
        memcpy(f->disk + at, p, n);
}

/* Doomed changes stay in the list, so that what is written over them later has its order. */
void power_sync(struct power_file *f, bool well) {
        if (!f || cut)
                return;
        struct change **at = &f->first;
        while (*at) {
                struct change *c = *at;
                if (!well || c->doomed) {
                        c->doomed = true;
                        at = &c->next;
                        continue;
                }
                if (c->truncate)
                        disk_resize(f, c->at);
                else
                        disk_put(f, c->bytes, c->n, c->at);
                *at = c->next;
                free(c);
        }
        f->last = at;
        if (well && f->sync_dir)
                power_sync_dir(f->dir);
        f->sync_dir &= !well;
}

/* ---- the power comes back ---- */

static const unsigned chances[] = {0, 10, 50, 90, 100};

static uint32_t rnd(uint64_t *state, uint32_t n) {
        *state = *state * 6364136223846793005u + 1442695040888963407u;
        return (uint32_t)(*state >> 33) % n;
}

/* Each sector of what was not synced comes through with `chance` in 100. */
static void settle(struct power_file *f, uint64_t *seed) {
        unsigned chance = chances[rnd(seed, ARRAY_LEN(chances))];

        for (struct change *c = f->first; c && !f->settled; c = c->next) {
                if (c->doomed)
                        continue;
                if (c->truncate) {
                        if (rnd(seed, 100) < chance)
                                disk_resize(f, c->at);
                        continue;
                }
                for (size_t at = 0; at < c->n;) {
                        size_t n = MIN(SECTOR - (c->at + at) % SECTOR, c->n - at);
                        if (rnd(seed, 100) < chance)
                                disk_put(f, c->bytes + at, n, c->at + at);
                        at += n;
                }
        }
        f->settled = true;
}

static void settle_names(uint64_t *seed) {
        unsigned chance = chances[rnd(seed, ARRAY_LEN(chances))];
        bool journal = rnd(seed, 2);

        for (struct deed *d = deeds; d; d = d->next)
                if (rnd(seed, 100) < chance)
                        reach_disk(d);
                else if (journal)
                        break;
}

static int give_back(struct name *n, uint64_t *seed) {
        size_t at = 0;

        if (!n->disk)
                return unlink(n->path) == 0 || errno == ENOENT ? 0 : -errno;
        settle(n->disk, seed);
        /* Anew: what was linked there may be open as another name. */
        unlink(n->path);
        int fd = open(n->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
        if (fd < 0)
                return -errno;
        while (at < n->disk->disk_len) {
                ssize_t w = write(fd, n->disk->disk + at, n->disk->disk_len - at);
                if (w < 0)
                        break;
                at += (size_t)w;
        }
        close(fd);
        return at == n->disk->disk_len ? 0 : -EIO;
}

int fault_power_restore(uint64_t seed) {
        char shm[PATH_ROOM + 8];
        int r = 0;

        seed = seed * 0x9e3779b97f4a7c15u + 1;
        settle_names(&seed);
        for (struct name *n = names; n && r == 0; n = n->next) {
                r = give_back(n, &seed);
                snprintf(shm, sizeof(shm), "%s-shm", n->path);
                unlink(shm);
        }
        forget_all();
        cut = watching = false;
        return r;
}

#endif
