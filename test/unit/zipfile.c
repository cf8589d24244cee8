/* rules/zipfile.c: rule files out of zips, and what a zip may not do. */
#include "check.h"

#include <zip.h>

#include "rules/zipfile.h"
#include "wire/bundle.h"

struct file {
        const char *name;
        const char *data;
        size_t len; /* 0: as a string */
};

/* A zip of these files, made by libzip; free() it. */
static struct span make(const struct file *files, size_t n, bool encrypt) {
        zip_source_t *to = zip_source_buffer_create(NULL, 0, 0, NULL);
        zip_t *z;
        zip_stat_t st;
        char *p;

        zip_source_keep(to);
        z = zip_open_from_source(to, ZIP_TRUNCATE, NULL);
        check(z);
        for (size_t i = 0; i < n; i++) {
                size_t len = files[i].len ? files[i].len : strlen(files[i].data);
                zip_int64_t k =
                        zip_file_add(z, files[i].name, zip_source_buffer(z, files[i].data, len, 0),
                                     ZIP_FL_ENC_GUESS);
                check(k >= 0);
                if (encrypt)
                        check(zip_file_set_encryption(z, (zip_uint64_t)k, ZIP_EM_AES_128,
                                                      "secret") == 0);
        }
        check(zip_close(z) == 0);
        check(zip_source_stat(to, &st) == 0 && zip_source_open(to) == 0);
        p = malloc(st.size);
        check(p && zip_source_read(to, p, st.size) == (zip_int64_t)st.size);
        zip_source_close(to);
        zip_source_free(to);
        return span_of(p, st.size);
}

static int read_span(struct buf *out, struct span zip) {
        _cleanup_(buf_deinit) struct buf bundle = {0};

        bundle_add(&bundle, BUNDLE_OTHER, SPAN("r.zip"), zip);
        return zipfile_read(out, buf_get(&bundle));
}

static int read_files(struct buf *out, const struct file *files, size_t n) {
        struct span zip = make(files, n, false);
        int r = read_span(out, zip);

        free((char *)zip.p);
        return r;
}

static void takes_rules_only(void) {
        static const struct file files[] = {{"a/x.yml", "one", 0},   {"a/", "", 0},
                                            {"README.md", "no", 0},  {"b.YAML", "two", 0},
                                            {"t/info.yml", "no", 0}, {"info.yml", "no", 0}};
        _cleanup_(buf_deinit) struct buf out = {0};
        struct bundle_entry e;
        size_t pos = 0;

        check_int(read_files(&out, files, ARRAY_LEN(files)), 0);
        check_int(bundle_next(buf_get(&out), &pos, &e), 1);
        check_int(e.kind, BUNDLE_RULE);
        check_span(e.name, "r.zip!a/x.yml");
        check_span(e.data, "one");
        check_int(bundle_next(buf_get(&out), &pos, &e), 1);
        check_span(e.name, "r.zip!b.YAML");
        check_int(bundle_next(buf_get(&out), &pos, &e), 0);
}

static void refuses_names_that_climb(void) {
        static const char *const names[] = {"../x.yml", "/x.yml",   "a/../../x.yml", "a\\x.yml",
                                            "C:x.yml",  "a//x.yml", "./x.yml",       "a\nx.yml",
                                            "..",       "a/.."};

        for (size_t i = 0; i < ARRAY_LEN(names); i++) {
                _cleanup_(buf_deinit) struct buf out = {0};
                struct file files[] = {{"good.yml", "one", 0}, {names[i], "two", 0}};
                check_int(read_files(&out, files, 2), -EXDEV);
                check_int(out.len, 0); /* all or nothing */
        }
        _cleanup_(buf_deinit) struct buf out = {0};
        static const struct file twice[] = {{"a.yml", "one", 0}, {"A.yml", "two", 0}};
        check_int(read_files(&out, twice, 2), -EXDEV);
}

static void refuses_bombs(void) {
        _cleanup_(buf_deinit) struct buf out = {0};
        size_t len = (size_t)1 << 20;
        char *zeros = calloc(1, len + 1);
        struct file files[130];
        char names[130][16];

        files[0] = (struct file){"a.yml", zeros, len + 1};
        check_int(read_files(&out, files, 1), -EFBIG); /* one too large */
        for (size_t i = 0; i < len; i++) /* not too regular, so that only the sum is too large */
                zeros[i] = (char)(i * 2654435761u >> 13);
        for (size_t i = 0; i < ARRAY_LEN(files); i++) {
                snprintf(names[i], sizeof(names[i]), "f%zu.yml", i);
                files[i] = (struct file){names[i], zeros, len};
        }
        check_int(read_files(&out, files, ARRAY_LEN(files)), -EFBIG);
        check_int(out.len, 0);
        free(zeros);
}

static void refuses_what_is_broken(void) {
        static const struct file files[] = {
                {"a.yml", "title: a rule that is long enough to be worth compressing, a rule", 0}};
        _cleanup_(buf_deinit) struct buf out = {0};
        struct span zip = make(files, 1, false), locked = make(files, 1, true);
        char *p = (char *)zip.p;

        check_int(read_span(&out, SPAN("")), -EBADMSG);
        check_int(read_span(&out, SPAN("PK\3\4 not really")), -EBADMSG);
        check_int(read_span(&out, locked), -EACCES);
        check_int(read_span(&out, span_of(zip.p, zip.len - 1)), -EBADMSG);
        p[50] ^= 0x55; /* inside the compressed data */
        check_int(read_span(&out, zip), -EBADMSG);
        check_int(out.len, 0);
        check_int(zipfile_read(&out, SPAN("")), -EBADMSG);
        free(p);
        free((char *)locked.p);
}

int main(void) {
        RUN(takes_rules_only);
        RUN(refuses_names_that_climb);
        RUN(refuses_bombs);
        RUN(refuses_what_is_broken);
        return check_done();
}
