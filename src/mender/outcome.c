/* What came of a drill: the files that were tried against what the repository lists and what was written down
 * before; as JSON between the mender and the desk, which reads it as anybody's (mender.h). */
#include <jansson.h>

#include "mender/mender.h"

static const char *const codes[FAULT_MAX] = {
        "",     "wall",    "program", "password", "repository", "empty", "damaged", "quota",
        "time", "missing", "size",    "hash",     "expected",   "total", "nothing", "scratch"};

const char *mender_fault_code(enum mender_fault f) {
        return f > FAULT_NONE && f < FAULT_MAX ? codes[f] : "";
}

enum mender_fault mender_fault_of(struct span code) {
        for (unsigned f = 1; f < FAULT_MAX; f++)
                if (span_eq(code, span_str(codes[f])))
                        return (enum mender_fault)f;
        return FAULT_NONE;
}

void mender_fault(struct mender_result *r, enum mender_fault f, const char *detail) {
        if (r->n_faults == MENDER_FAULTS_MAX)
                return;
        r->faults[r->n_faults].fault = f;
        snprintf(r->faults[r->n_faults++].detail, sizeof(r->faults[0].detail), "%s", detail);
}

static void judge_expect(struct mender_result *r, const struct mender_file *f,
                         const struct mender_job *j) {
        for (unsigned i = 0; i < j->n_expect; i++) {
                const struct mender_expect *e = &j->expect[i];

                if (strcmp(e->path, f->path) != 0 ||
                    (e->size >= 0 && (uint64_t)e->size != f->size) ||
                    (e->mtime != INT64_MIN && e->mtime != f->mtime))
                        continue; /* another one, or changed since by its owner */
                r->expected++;
                if (strcmp(e->sha256, f->found) != 0)
                        mender_fault(r, FAULT_EXPECTED, f->path);
        }
}

static bool was_tried(const struct mender_listing *l, const char *path) {
        for (unsigned i = 0; i < l->n; i++)
                if (strcmp(l->files[i].path, path) == 0)
                        return true;
        return false;
}

void mender_judge(struct mender_result *r, const struct mender_listing *l) {
        const struct mender_job *j = l->job;

        for (unsigned i = 0; i < l->n; i++) {
                const struct mender_file *f = &l->files[i];

                r->tried[r->n_tried++] = *f;
                if (!f->there) {
                        mender_fault(r, FAULT_MISSING, f->path);
                        continue;
                }
                r->checked++;
                if (f->listed[0] && strcmp(f->listed, f->found) != 0)
                        mender_fault(r, FAULT_HASH, f->path);
                judge_expect(r, f, j);
        }
        for (unsigned i = 0; i < j->n_names; i++)
                if (!was_tried(l, j->names[i]))
                        mender_fault(r, FAULT_MISSING, j->names[i]);
        for (unsigned i = 0; i < j->n_expect; i++)
                if (j->expect[i].mtime == INT64_MIN && !was_tried(l, j->expect[i].path))
                        mender_fault(r, FAULT_MISSING, j->expect[i].path);
        if (l->n == 0)
                mender_fault(r, FAULT_NOTHING, "");
        if (j->whole && (r->files < l->n_files || (!l->hardlinks && r->bytes < l->bytes)))
                mender_fault(r, FAULT_TOTAL, "");
}

/* ---- JSON ---- */

static int put(const char *p, size_t n, void *to) {
        buf_add(to, p, n);
        return ((struct buf *)to)->failed ? -1 : 0;
}

/* What a program said may be any bytes. */
static json_t *text(const char *s) {
        char clean[MENDER_LOG];
        size_t n = 0;
        json_t *v = json_string(s);

        if (v)
                return v;
        for (; *s && n + 1 < sizeof(clean); s++)
                clean[n++] = (unsigned char)*s < 0x80 ? *s : '?';
        clean[n] = '\0';
        return json_string(clean);
}

static json_t *files_json(const struct mender_result *r) {
        json_t *list = json_array();

        for (unsigned i = 0; i < r->n_tried; i++)
                json_array_append_new(list,
                                      json_pack("{so sI sI ss sb}", "path", text(r->tried[i].path),
                                                "size", (json_int_t)r->tried[i].size, "mtime",
                                                (json_int_t)r->tried[i].mtime, "sha256",
                                                r->tried[i].found, "there", r->tried[i].there));
        return list;
}

int mender_result_write(struct buf *to, const struct mender_result *r) {
        json_t *faults = json_array();

        for (unsigned i = 0; i < r->n_faults; i++)
                json_array_append_new(faults, json_pack("{ss so}", "code",
                                                        mender_fault_code(r->faults[i].fault),
                                                        "detail", text(r->faults[i].detail)));
        json_t *o = json_pack("{sI so sI sf sI sI sI sI si si so so so}", "id", (json_int_t)r->id,
                              "snapshot", text(r->snapshot.name), "snapshot_at_ns",
                              (json_int_t)r->snapshot.time, "seconds", r->seconds, "files",
                              (json_int_t)r->files, "bytes", (json_int_t)r->bytes, "all_files",
                              (json_int_t)r->all_files, "all_bytes", (json_int_t)r->all_bytes,
                              "checked", (int)r->checked, "expected", (int)r->expected, "faults",
                              faults, "log", text(r->log), "tried", files_json(r));
        int e = o ? json_dump_callback(o, put, to, JSON_INDENT(1)) : -1;
        json_decref(o);
        return e < 0 ? FAIL(-ENOMEM) : 0;
}

static int64_t int_of(const json_t *o, const char *name) {
        return (int64_t)json_integer_value(json_object_get(o, name));
}

static void copy(char *to, size_t room, const json_t *o, const char *name) {
        const char *s = json_string_value(json_object_get(o, name));

        snprintf(to, room, "%s", s ? s : "");
        /* Cut within a letter: the letter goes. */
        size_t n = strlen(to);
        while (n && s && strlen(s) > n && ((unsigned char)to[n - 1] & 0xc0) == 0x80)
                to[--n] = '\0';
        if (n && s && strlen(s) > n && ((unsigned char)to[n - 1] & 0xc0) == 0xc0)
                to[n - 1] = '\0';
}

static bool sound(const struct mender_result *r) {
        return r->id > 0 && r->seconds >= 0 && r->seconds < 1e9 && r->files < (uint64_t)1 << 62 &&
               r->bytes < (uint64_t)1 << 62 && r->all_files < (uint64_t)1 << 62 &&
               r->all_bytes < (uint64_t)1 << 62 && r->checked <= MENDER_SAMPLE_MAX &&
               r->expected <= MENDER_EXPECT_MAX * MENDER_SAMPLE_MAX;
}

static void read_tried(struct mender_result *r, const json_t *list) {
        const json_t *v;
        size_t i;

        json_array_foreach(list, i, v) {
                if (r->n_tried == MENDER_SAMPLE_MAX)
                        return;
                struct mender_file *f = &r->tried[r->n_tried++];
                *f = (struct mender_file){.size = (uint64_t)MAX(int_of(v, "size"), 0),
                                          .mtime = int_of(v, "mtime"),
                                          .there = json_is_true(json_object_get(v, "there"))};
                copy(f->path, sizeof(f->path), v, "path");
                copy(f->found, sizeof(f->found), v, "sha256");
                if (strspn(f->found, "0123456789abcdef") != 64)
                        f->found[0] = '\0';
        }
}

int mender_result_read(struct mender_result *ret, struct span json) {
        json_t *o = json_loadb(json.p, json.len, JSON_REJECT_DUPLICATES, NULL);
        const json_t *v;
        size_t i;

        *ret = (struct mender_result){.id = int_of(o, "id"),
                                      .snapshot.time = int_of(o, "snapshot_at_ns"),
                                      .seconds = json_number_value(json_object_get(o, "seconds")),
                                      .files = (uint64_t)int_of(o, "files"),
                                      .bytes = (uint64_t)int_of(o, "bytes"),
                                      .all_files = (uint64_t)int_of(o, "all_files"),
                                      .all_bytes = (uint64_t)int_of(o, "all_bytes"),
                                      .checked = (unsigned)int_of(o, "checked"),
                                      .expected = (unsigned)int_of(o, "expected")};
        copy(ret->snapshot.name, sizeof(ret->snapshot.name), o, "snapshot");
        copy(ret->log, sizeof(ret->log), o, "log");
        json_array_foreach(json_object_get(o, "faults"), i, v) {
                const char *code = json_string_value(json_object_get(v, "code"));
                enum mender_fault f = code ? mender_fault_of(span_str(code)) : FAULT_NONE;
                char detail[256];

                copy(detail, sizeof(detail), v, "detail");
                mender_fault(ret, f == FAULT_NONE ? FAULT_DAMAGED : f, detail);
        }
        read_tried(ret, json_object_get(o, "tried"));
        json_decref(o);
        return sound(ret) ? 0 : -EBADMSG;
}
