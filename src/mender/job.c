/* The desk's order, read (mender.h). It comes from our own desk, which may be hijacked: lengths and numbers are
 * looked at as if anybody had sent it. */
#include <jansson.h>

#include "mender/mender.h"

static bool path_good(const char *p) {
        size_t n = p ? strlen(p) : 0;

        return n && n < MENDER_PATH_MAX;
}

/* Without the '/' before it: both tools restore below the target. */
static void put_path(char to[MENDER_PATH_MAX], const char *p) {
        while (*p == '/')
                p++;
        snprintf(to, MENDER_PATH_MAX, "%s", p);
}

static bool hex_good(const char *s) {
        return s && strlen(s) == 64 && strspn(s, "0123456789abcdef") == 64;
}

static int64_t int_or(const json_t *o, const char *name, int64_t otherwise) {
        const json_t *v = json_object_get(o, name);

        return json_is_integer(v) ? (int64_t)json_integer_value(v) : otherwise;
}

static int read_expect(struct mender_job *j, const json_t *list) {
        const json_t *v;
        size_t i;

        json_array_foreach(list, i, v) {
                const char *path = json_string_value(json_object_get(v, "path"));
                const char *sha = json_string_value(json_object_get(v, "sha256"));

                if (j->n_expect == MENDER_EXPECT_MAX || !path_good(path) || !hex_good(sha))
                        return -EBADMSG;
                struct mender_expect *e = &j->expect[j->n_expect++];
                put_path(e->path, path);
                snprintf(e->sha256, sizeof(e->sha256), "%s", sha);
                e->size = int_or(v, "size", -1);
                e->mtime = int_or(v, "mtime", INT64_MIN);
        }
        return 0;
}

static int read_names(struct mender_job *j, const json_t *list) {
        const json_t *v;
        size_t i;

        json_array_foreach(list, i, v) {
                const char *path = json_string_value(v);

                if (j->n_names == MENDER_SAMPLE_MAX || !path_good(path))
                        return -EBADMSG;
                put_path(j->names[j->n_names++], path);
        }
        return 0;
}

int mender_job_read(struct mender_job *ret, struct span json) {
        json_t *o = json_loadb(json.p, json.len, JSON_REJECT_DUPLICATES, NULL);
        int64_t sample = int_or(o, "sample", 0), quota = int_or(o, "quota", 0);
        int r = -EBADMSG;

        *ret = (struct mender_job){.id = int_or(o, "id", 0),
                                   .whole = json_is_true(json_object_get(o, "whole")),
                                   .sample = (unsigned)MAX(MIN(sample, MENDER_SAMPLE_MAX), 1),
                                   .quota = (uint64_t)MAX(quota, 0)};
        if (ret->id > 0)
                r = read_names(ret, json_object_get(o, "names"));
        if (r == 0)
                r = read_expect(ret, json_object_get(o, "expect"));
        json_decref(o);
        return r;
}
