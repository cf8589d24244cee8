/* See rulebook.h. main only reads the files: what is in them is the rules process's business. */
#include "main/rulebook.h"
#include "main/phrases.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/lang.h"
#include "main/inputs.h"
#include "wire/bundle.h"

#define RULE_FILE_MAX                                                                              \
        ((size_t)64 << 20) /* a zip may be large; a YAML file is cut off by the parser at 1 MiB */

#define INTEL_FILE_MAX ((size_t)512 << 20)

void rulebook_complain(void *ctx, const char *path, int error) {
        int *first = ctx;

        inputs_say(path, error_text(error));
        if (*first == 0)
                *first = error;
}

static bool ends(const char *path, const char *suffix) {
        size_t n = strlen(path), k = strlen(suffix);

        return n >= k && strcasecmp(path + n - k, suffix) == 0;
}

static int unzip(struct buf *bundle, const char *path, struct span zip, int landlock) {
        struct buf one = {0};
        struct rulebook inner = {.program_fd = -1};
        struct rulebook_options o = {.job = RULES_UNZIP, .landlock = landlock};

        bundle_add(&one, BUNDLE_OTHER, span_str(path), zip);
        int r = one.failed ? -ENOMEM : rulebook_run(&inner, &o, buf_get(&one));
        buf_deinit(&one);
        if (r < 0) {
                inputs_say(path,
                           tr("not a readable zip of rules", "không đọc được tệp zip quy tắc"));
                return r;
        }
        buf_add(bundle, inner.text, inner.text_len);
        rulebook_deinit(&inner);
        return 0;
}

/* All files below `path` into the bundle. A file named on the command line is taken whatever its
 * name. */
static int add_files(struct buf *bundle, enum bundle_kind kind, const char *path, int landlock) {
        struct inputs in = {0};
        struct stat st;
        int first = 0;
        bool single = os_stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
        int r = inputs_add(&in, path, rulebook_complain, &first);

        for (uint32_t i = 0; i < in.n && r == 0; i++) {
                const char *p = in.list[i].path;
                char *text;
                size_t len;

                /* Regression data lies beside rules: info.yml describes tests, it is no rule. */
                if (!single && ((!ends(p, ".yml") && !ends(p, ".yaml")) || ends(p, "/info.yml")))
                        continue;
                r = os_read_file(p, RULE_FILE_MAX, &text, &len);
                if (r < 0) {
                        rulebook_complain(&first, p, r);
                        break;
                }
                if (len >= 4 && memcmp(text, "PK\3\4", 4) == 0)
                        r = unzip(bundle, p, span_of(text, len), landlock);
                else
                        bundle_add(bundle, kind, span_str(p), span_of(text, len));
                free(text);
        }
        inputs_deinit(&in);
        return r < 0 ? r : first;
}

static bool like_intel(const char *path) {
        static const char *const suffixes[] = {".json", ".csv", ".txt", ".stix", ".stix2", ".list"};

        for (size_t i = 0; i < ARRAY_LEN(suffixes); i++)
                if (ends(path, suffixes[i]))
                        return true;
        return false;
}

static int add_intel(struct buf *bundle, enum bundle_kind kind, const char *path) {
        struct inputs in = {0};
        struct stat st;
        int first = 0;
        bool single = os_stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
        int r = inputs_add(&in, path, rulebook_complain, &first);

        for (uint32_t i = 0; i < in.n && r == 0; i++) {
                const char *p = in.list[i].path;
                char *text;
                size_t len;

                if (!single && !like_intel(p))
                        continue;
                r = os_read_file(p, INTEL_FILE_MAX, &text, &len);
                if (r < 0) {
                        rulebook_complain(&first, p, r);
                        break;
                }
                bundle_add(bundle, kind, span_str(p), span_of(text, len));
                free(text);
        }
        inputs_deinit(&in);
        return r < 0 ? r : first;
}

/* The shipped entries of one kind. */
static int add_shipped(struct buf *bundle, enum bundle_kind kind) {
        struct span all = content_bundle();
        struct bundle_entry e;
        size_t pos = 0;
        int r;

        while ((r = bundle_next(all, &pos, &e)) == 1)
                if (e.kind == kind)
                        bundle_add(bundle, kind, e.name, e.data);
        return r;
}

int rulebook_gather_intel(struct buf *bundle, const struct rulebook_intel *o) {
        int r = o->fields ? add_files(bundle, BUNDLE_INTEL_FIELDS, o->fields, -1)
                          : add_shipped(bundle, BUNDLE_INTEL_FIELDS);

        for (unsigned i = 0; i < o->n_warnings && r == 0; i++)
                r = add_intel(bundle, BUNDLE_WARNINGS, o->warnings[i]);
        for (unsigned i = 0; i < o->n_files && r == 0; i++)
                r = add_intel(bundle, BUNDLE_INDICATORS, o->files[i]);
        return r;
}

int rulebook_gather(struct buf *bundle, const struct rulebook_options *o) {
        int r = 0;

        if (o->text.p)
                bundle_add(bundle, BUNDLE_RULE, SPAN("-"), o->text);
        else if (o->n_rules == 0)
                r = add_shipped(bundle, BUNDLE_RULE);
        for (unsigned i = 0; i < o->n_rules && r == 0; i++)
                r = add_files(bundle, BUNDLE_RULE, o->rules[i], o->landlock);
        for (unsigned i = 0; i < o->n_placeholders && r == 0; i++)
                r = add_files(bundle, BUNDLE_PLACEHOLDER, o->placeholders[i], o->landlock);
        if (r == 0 && o->intel && o->intel->n_files)
                r = rulebook_gather_intel(bundle, o->intel);
        size_t before = bundle->len;
        if (r == 0)
                r = o->logsources ? add_files(bundle, BUNDLE_LOGSOURCE, o->logsources, o->landlock)
                                  : add_shipped(bundle, BUNDLE_LOGSOURCE);
        if (r == 0 && bundle->len == before) { /* no rule could match: nobody means that */
                inputs_say(o->logsources ? o->logsources : "",
                           tr("holds no log-source map (*.yml)",
                              "không có bản đồ nguồn nhật ký (*.yml)"));
                r = -ENOENT;
        }
        return r == 0 && bundle->failed ? -ENOMEM : r;
}

static int read_output(struct rulebook *b, int fd) {
        int r = os_memfd_is_sealed(fd);

        if (r != 1)
                return r < 0 ? r : -EPROTO;
        if (os_seek(fd, 0, SEEK_SET) < 0)
                return -EIO;
        return os_read_fd(fd, (size_t)1 << 30, &b->text, &b->text_len);
}

static int take_program(struct rulebook *b, int fd) {
        int r = os_memfd_is_sealed(fd);

        struct stat st;

        b->program_fd = fd;
        if (r != 1)
                return r < 0 ? r : -EPROTO;
        /* Beyond its end a map kills who reads it. */
        r = os_fstat(fd, &st);
        if (r < 0 || (uint64_t)st.st_size != b->done.program_len)
                return r < 0 ? r : -EPROTO;
        r = os_map(fd, b->done.program_len, false, &b->map);
        if (r < 0)
                return r;
        b->map_len = b->done.program_len;
        return program_open(&b->program, b->map, b->map_len);
}

static int receive(struct rulebook *b, struct child *c) {
        int fds[2] = {-1, -1};
        unsigned n = 0;
        ssize_t got = os_recv(c->sock, &b->done, sizeof(b->done), fds, 2, &n);

        if (got != sizeof(b->done) || b->done.type != RULES_DONE) {
                os_close_quiet(fds[0]);
                os_close_quiet(fds[1]);
                if (got >= 0)
                        fprintf(stderr, "coloa: %s: %s\n",
                                tr("the rules process failed", "tiến trình đọc quy tắc hỏng"),
                                child_fate(child_reap(c)));
                return got < 0 ? (int)got : -EPROTO;
        }
        int r = b->done.error;
        if (r == 0 && n >= 1)
                r = read_output(b, fds[0]);
        os_close_quiet(fds[0]);
        if (r == 0 && n == 2 && b->done.program_len)
                return take_program(b, fds[1]);
        os_close_quiet(fds[1]);
        return r;
}

int rulebook_run(struct rulebook *ret, const struct rulebook_options *o, struct span bundle) {
        _cleanup_(os_closep) int fd = -1;
        struct child c = {.sock = -1};
        struct rulebook b = {.program_fd = -1};
        char landlock[16];
        const char *args[] = {landlock, NULL};
        struct msg_rules_job job = {.type = RULES_JOB,
                                    .job = o->job,
                                    .lang = lang_current,
                                    .lint = o->lint,
                                    .bundle_len = bundle.len,
                                    .filter = o->filter};

        if (o->intel) {
                job.now = o->intel->now;
                job.expiry = o->intel->expiry;
                snprintf(job.columns, sizeof(job.columns), "%s",
                         o->intel->columns ? o->intel->columns : "");
        }
        snprintf(landlock, sizeof(landlock), "%d", o->landlock);
        int r = os_memfd("bundle", &fd);
        if (r == 0)
                r = os_write_full(fd, bundle.p, bundle.len);
        if (r == 0)
                r = os_memfd_seal(fd);
        if (r == 0)
                r = child_start(
                        &c,
                        &(struct child_spec){
                                .name = "rules", .fds = &fd, .n_fds = 1, .args = args, .cpu = -1});
        if (r < 0)
                return r;
        r = os_send(c.sock, &job, sizeof(job), NULL, 0);
        if (r == 0)
                r = receive(&b, &c);
        child_stop(&c, 1000);
        if (r != 0) {
                rulebook_deinit(&b);
                return r < 0 ? r : -EPROTO;
        }
        *ret = b;
        return 0;
}

int rulebook_regimes(struct rulebook *ret, const char **paths, unsigned n, int landlock) {
        _cleanup_(buf_deinit) struct buf bundle = {0};
        struct rulebook_options o = {.job = RULES_REGIMES, .landlock = landlock};
        int r = add_shipped(&bundle, BUNDLE_REGIME);

        for (unsigned i = 0; i < n && r == 0; i++)
                r = add_files(&bundle, BUNDLE_REGIME, paths[i], landlock);
        return r == 0 ? rulebook_run(ret, &o, buf_get(&bundle)) : r;
}

int rulebook_load(struct rulebook *ret, const struct rulebook_options *o) {
        struct buf bundle = {0};
        int64_t t0 = os_monotonic();
        int r = rulebook_gather(&bundle, o);
        int64_t t1 = os_monotonic();

        if (r == 0)
                r = rulebook_run(ret, o, buf_get(&bundle));
        if (r == 0)
                ret->read_ns = (uint64_t)(t1 - t0);
        buf_deinit(&bundle);
        return r;
}

void rulebook_clean(struct rulebook *b) {
        for (size_t i = 0; i < b->text_len; i++) {
                unsigned char c = (unsigned char)b->text[i];
                /* C1 in UTF-8 is C2 80 to C2 9F. */
                bool c1 = c == 0xc2 && i + 1 < b->text_len && (unsigned char)b->text[i + 1] < 0xa0;

                if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f || c1)
                        b->text[i] = '?';
                if (c1)
                        b->text[i + 1] = '?';
        }
}

void rulebook_print(struct rulebook *b, FILE *to) {
        rulebook_clean(b);
        fwrite(b->text, 1, b->text_len, to);
}

void rulebook_deinit(struct rulebook *b) {
        program_free(b->program);
        if (b->map)
                os_unmap(b->map, b->map_len);
        os_close_quiet(b->program_fd);
        free(b->text);
        *b = (struct rulebook){.program_fd = -1};
}
