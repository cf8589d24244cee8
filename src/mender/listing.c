/* What restic and borg list, read line by line (mender.h). Names are whatever somebody backed up. Of any number of
 * files MENDER_SAMPLE_MAX at most are kept: those asked for by name, and of the others as many as the sample
 * has room for, each as likely as any other (a reservoir, whose seed nobody knows who keeps the repository). A line that is
 * no JSON, or has a name that is no UTF-8 or too long, is counted and passed over. */
#include <jansson.h>
#include <stdlib.h>

#include "mender/mender.h"

static int64_t parse_time(const char *s) {
        return s ? time_parse_iso(span_str(s), 0) : TIME_NONE;
}

int mender_newest(enum mender_kind kind, struct span json, struct mender_snapshot *ret) {
        bool restic = kind == MENDER_RESTIC;
        json_t *o = json_loadb(json.p, json.len, 0, NULL);
        const json_t *list = restic ? o : json_object_get(o, "archives"), *v;
        int r = json_is_array(list) ? 0 : -EBADMSG;
        size_t i;

        json_array_foreach(list, i, v) {
                const char *name = json_string_value(json_object_get(v, restic ? "id" : "name"));
                int64_t t = parse_time(json_string_value(json_object_get(v, "time")));

                /* An id is hex; an archive's name goes behind "REPOSITORY::" and has no more meaning. */
                if (!name || !*name || strlen(name) >= sizeof(ret->name) || t == TIME_NONE ||
                    (restic && strspn(name, "0123456789abcdef") != strlen(name)))
                        continue;
                if (r == 1 && t <= ret->time)
                        continue;
                snprintf(ret->name, sizeof(ret->name), "%s", name);
                ret->time = t;
                r = 1;
        }
        json_decref(o);
        return r;
}

/* ---- the sample ---- */

void mender_listing_init(struct mender_listing *l, const struct mender_job *job,
                         enum mender_kind kind, uint64_t seed) {
        *l = (struct mender_listing){
                .job = job, .kind = kind, .seed = seed, .line = {.limit = MENDER_LINE}};
}

void mender_listing_deinit(struct mender_listing *l) {
        buf_deinit(&l->line);
}

static uint64_t next_random(struct mender_listing *l) {
        uint64_t z = (l->seed += UINT64_C(0x9e3779b97f4a7c15));

        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        return z ^ (z >> 31);
}

static bool named(const struct mender_job *j, const char *path) {
        for (unsigned i = 0; i < j->n_names; i++)
                if (strcmp(j->names[i], path) == 0)
                        return true;
        for (unsigned i = 0; i < j->n_expect; i++)
                if (j->expect[i].mtime == INT64_MIN && strcmp(j->expect[i].path, path) == 0)
                        return true;
        return false;
}

/* Where a file goes; NULL: it is not chosen. Those by name stay. */
static struct mender_file *place(struct mender_listing *l, bool by_name) {
        unsigned room = MIN(l->job->sample + l->n_named, MENDER_SAMPLE_MAX);

        if (l->n < (by_name ? MENDER_SAMPLE_MAX : room))
                return &l->files[l->n++];
        uint64_t at = next_random(l) % (l->seen ? l->seen : 1);
        if (by_name) {
                for (unsigned i = 0; i < l->n; i++)
                        if (!l->files[i].chosen_by_name)
                                return &l->files[i];
                return NULL;
        }
        return at < l->n && !l->files[at].chosen_by_name ? &l->files[at] : NULL;
}

static void choose(struct mender_listing *l, const char *path, uint64_t size, int64_t mtime) {
        bool by_name = named(l->job, path);
        struct mender_file *f;

        l->seen++;
        if (!l->job->whole && !by_name && size > l->job->quota / 2 && l->job->quota)
                return; /* one file alone would nearly fill the scratch folder */
        f = place(l, by_name);
        if (!f)
                return;
        l->n_named += by_name;
        *f = (struct mender_file){.size = size, .mtime = mtime, .chosen_by_name = by_name};
        snprintf(f->path, sizeof(f->path), "%s", path);
}

/* A path that a sane archive has: no empty part, no "." or "..". Others are counted, and never asked for. */
static bool sane(const char *p) {
        while (*p) {
                size_t n = strcspn(p, "/");

                if (n == 0 || (n == 1 && *p == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
                        return false;
                p += n;
                p += *p == '/';
                if (!*p && p[-1] == '/')
                        return false;
        }
        return true;
}

static bool printable(const char *p) {
        for (; *p; p++)
                if ((unsigned char)*p < ' ' || *p == 0x7f)
                        return false;
        return true;
}

/* Nothing here may make one, and restic ends with an error, unverified, when it cannot. */
static void note_device(struct mender_listing *l, const char *path) {
        while (*path == '/')
                path++;
        if (l->n_devices < MENDER_SAMPLE_MAX && strlen(path) < MENDER_PATH_MAX && sane(path))
                snprintf(l->devices[l->n_devices++], MENDER_PATH_MAX, "%s", path);
}

static void take_entry(struct mender_listing *l, const json_t *o) {
        bool restic = l->kind == MENDER_RESTIC;
        const char *type = json_string_value(json_object_get(o, "type"));
        const char *path = json_string_value(json_object_get(o, "path"));
        const json_t *size = json_object_get(o, "size");
        int64_t t =
                parse_time(json_string_value(json_object_get(o, restic ? "mtime" : "isomtime")));

        if (!path || !type) {
                l->unreadable += !restic || !json_object_get(o, "struct_type");
                return;
        }
        bool link = !restic && strcmp(type, "h") == 0;
        if (strcmp(type, restic ? "file" : "-") != 0 && !link) {
                l->others++;
                if (restic && (strcmp(type, "dev") == 0 || strcmp(type, "chardev") == 0))
                        note_device(l, path);
                return;
        }
        l->n_files++;
        l->hardlinks += link;
        l->bytes += json_is_integer(size) && json_integer_value(size) > 0
                            ? (uint64_t)json_integer_value(size)
                            : 0;
        while (*path == '/')
                path++;
        if (strlen(path) >= MENDER_PATH_MAX || !sane(path) || !printable(path))
                l->unreadable++;
        else if (!link && (json_is_integer(size) ? json_integer_value(size) >= 0 : restic))
                choose(l, path, (uint64_t)json_integer_value(size),
                       t == TIME_NONE ? INT64_MIN : t / NS_PER_SEC);
}

static void take_line(struct mender_listing *l) {
        struct span s = buf_get(&l->line);

        if (s.len && !l->too_long) {
                json_t *o = json_loadb(s.p, s.len, 0, NULL);

                if (json_is_object(o))
                        take_entry(l, o);
                else
                        l->unreadable++;
                json_decref(o);
        } else if (l->too_long) {
                l->unreadable++;
        }
        buf_reset(&l->line);
        l->too_long = false;
}

void mender_listing_add(struct mender_listing *l, struct span s) {
        while (s.len) {
                const char *nl = memchr(s.p, '\n', s.len);
                size_t n = nl ? (size_t)(nl - s.p) : s.len;

                if (l->line.len + n >= MENDER_LINE)
                        l->too_long = true;
                else if (!l->too_long)
                        buf_add(&l->line, s.p, n);
                if (nl)
                        take_line(l);
                n += nl != NULL;
                s = span_of(s.p + n, s.len - n);
        }
}

void mender_listing_end(struct mender_listing *l) {
        if (l->line.len || l->too_long)
                take_line(l);
}

void mender_hashes_add(struct mender_listing *l, struct span line) {
        json_t *o = json_loadb(line.p, line.len, 0, NULL);
        const char *path = json_string_value(json_object_get(o, "path"));
        const char *sha = json_string_value(json_object_get(o, "sha256"));

        for (unsigned i = 0; path && sha && i < l->n; i++)
                if (strcmp(l->files[i].path, path) == 0 && strlen(sha) == 64 &&
                    strspn(sha, "0123456789abcdef") == 64)
                        snprintf(l->files[i].listed, sizeof(l->files[i].listed), "%s", sha);
        json_decref(o);
}

bool mender_pattern(char to[2 * MENDER_PATH_MAX + 2], const char *path) {
        size_t n = 0;

        to[n++] = '/';
        for (; *path; path++) {
                if (n + 3 > 2 * MENDER_PATH_MAX + 2)
                        return false;
                if (strchr("*?[\\", *path))
                        to[n++] = '\\';
                to[n++] = *path;
        }
        to[n] = '\0';
        return true;
}
