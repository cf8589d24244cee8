/* Cutting the power under SQLite, for tests: see vfs.h.
 *
 * Of every database file and journal that is opened while watching, the content that is surely on disk
 * is kept here, and the writes since the last sync. A sync moves them over; a sync that failed dooms
 * them: they are seen by whoever reads, but never reach the disk, however often one syncs again, until
 * somebody writes there anew. After a cut, each sector of 512 bytes of each write that was not synced
 * is there or is not; so are shortenings of files, new names and deletions whose directory was not
 * synced. Shared memory (-shm) is no file here: SQLite makes it anew. */
#include "os/power.h"

#ifdef COLOA_FAULTS

#include <fcntl.h>
#include <stdlib.h>

#include "base/buf.h"
#include "os/os.h"
#include "os/vfs.h"

#define SECTOR 512u
#define FILES_MAX 64u

struct change {
        struct change *next;
        bool truncate, doomed;
        uint64_t at; /* or the new size */
        size_t n;
        unsigned char bytes[];
};

struct power_file {
        char path[1024];
        unsigned char *disk; /* synced */
        size_t disk_len, disk_cap;
        struct change *first, **last;
        bool on_disk;  /* its name is in the directory for sure */
        bool deleted;  /* its name is gone, or will be */
        bool sync_dir; /* its next sync syncs the directory too */
};

static struct power_file *files[FILES_MAX];
static unsigned n_files;
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
        while (n_files) {
                struct power_file *f = files[--n_files];
                forget_changes(f);
                free(f->disk);
                free(f);
        }
}

void fault_power_watch(void) {
        forget_all();
        watching = true;
        cut = false;
}

void fault_power_cut(void) {
        cut = true;
}

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

static struct power_file *find(const char *path) {
        for (unsigned i = 0; i < n_files; i++)
                if (strcmp(files[i]->path, path) == 0)
                        return files[i];
        return NULL;
}

struct power_file *power_open(const char *path, bool sync_dir) {
        struct power_file *f = find(path);
        char *text;
        size_t len;

        if (!watching || cut)
                return NULL;
        if (!f) {
                assert(n_files < FILES_MAX);
                f = calloc(1, sizeof(*f));
                assert(f);
                f->last = &f->first;
                snprintf(f->path, sizeof(f->path), "%s", path);
                if (os_read_file(path, (size_t)1 << 30, &text, &len) == 0) {
                        f->disk = (unsigned char *)text;
                        f->disk_len = f->disk_cap = len;
                        f->on_disk = true;
                }
                files[n_files++] = f;
        } else if (f->deleted) {
                /* A new file of an old name: for the disk it may still be the old one. */
                f->deleted = false;
                add(f, NULL, 0, 0, true);
        }
        f->sync_dir |= sync_dir;
        return f;
}

struct power_file *power_close(struct power_file *f) {
        (void)f; /* what was not synced may still be lost */
        return NULL;
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
                power_sync_dir();
        f->sync_dir &= !well;
}

void power_sync_dir(void) {
        for (unsigned i = 0; i < n_files && !cut; i++) {
                files[i]->on_disk = !files[i]->deleted;
                if (files[i]->deleted) {
                        forget_changes(files[i]);
                        disk_resize(files[i], 0);
                }
        }
}

void power_delete(const char *path, bool synced) {
        struct power_file *f = find(path);

        if (!f || cut)
                return;
        f->deleted = true;
        if (synced)
                power_sync_dir();
}

static uint32_t rnd(uint64_t *state, uint32_t n) {
        *state = *state * 6364136223846793005u + 1442695040888963407u;
        return (uint32_t)(*state >> 33) % n;
}

/* Each sector of what was not synced comes through with `chance` in 100. */
static void settle(struct power_file *f, uint64_t *seed) {
        static const unsigned chances[] = {0, 10, 50, 90, 100};
        unsigned chance = chances[rnd(seed, ARRAY_LEN(chances))];

        for (struct change *c = f->first; c; c = c->next) {
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
}

static int give_back(struct power_file *f, uint64_t *seed) {
        bool there = f->deleted ? f->on_disk && rnd(seed, 2) : f->on_disk || rnd(seed, 2);

        if (!there) {
                int r = os_unlink(f->path);
                return r == -ENOENT ? 0 : r;
        }
        settle(f, seed);
        int fd = os_open(f->path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
        if (fd < 0)
                return fd;
        int r = os_write_full(fd, f->disk, f->disk_len);
        os_close(fd);
        return r;
}

int fault_power_restore(uint64_t seed) {
        char shm[1100];
        int r = 0;

        seed = seed * 0x9e3779b97f4a7c15u + 1;
        for (unsigned i = 0; i < n_files && r == 0; i++) {
                r = give_back(files[i], &seed);
                snprintf(shm, sizeof(shm), "%s-shm", files[i]->path);
                os_unlink(shm);
        }
        forget_all();
        cut = watching = false;
        return r;
}

#endif
