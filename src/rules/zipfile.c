/* Rule files out of a zip that somebody sent.
 *
 * libzip reads from memory only, so no path is ever opened. What a zip says about itself is not
 * believed: sizes are limits to check first, and reading stops one byte behind what was announced,
 * so a bomb costs at most the limits below. Symbolic links have no meaning here: an entry's bytes
 * are its bytes. Names are checked although nothing is written here, because `rules import` will
 * write files by them. */
#include "rules/zipfile.h"

#include <stdlib.h>

#include <zip.h>

#include "base/hash.h"
#include "base/utf8.h"
#include "wire/bundle.h"

#define FILES_MAX 50000
#define FILE_MAX ((uint64_t)1 << 20)
#define TOTAL_MAX ((uint64_t)128 << 20)
#define RATIO_MAX 1000u
#define NAME_MAX_BYTES 1024u
#define ZIP_MIN 22 /* the end record of an empty one */

struct unzip {
        zip_t *zip;
        struct span name;
        struct buf *out;
        struct buf data;
        uint64_t total;
        uint64_t *seen; /* hashes of names: an equal one is taken for the same name */
        uint32_t mask;
};

/* Relative, forward, within its folder, readable. */
static bool safe_name(struct span s) {
        size_t from = 0;

        if (s.len == 0 || s.len > NAME_MAX_BYTES || s.p[0] == '/' || !utf8_valid(s) ||
            (s.len > 1 && s.p[1] == ':'))
                return false;
        for (size_t i = 0; i <= s.len; i++) {
                if (i < s.len && ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f || s.p[i] == '\\'))
                        return false;
                if (i < s.len && s.p[i] != '/')
                        continue;
                struct span part = span_of(s.p + from, i - from);
                if (span_eq(part, SPAN("..")) || span_eq(part, SPAN(".")) ||
                    (part.len == 0 && i < s.len))
                        return false;
                from = i + 1;
        }
        return true;
}

static bool is_rule(struct span s) {
        struct span low = s;
        char end[16];

        low.p += s.len - MIN(s.len, sizeof(end));
        low.len = MIN(s.len, sizeof(end));
        for (size_t i = 0; i < low.len; i++)
                end[i] = ascii_lower(low.p[i]);
        low.p = end;
        if (span_ends(low, SPAN("/info.yml")) || span_eq(s, SPAN("info.yml")))
                return false;
        return span_ends(low, SPAN(".yml")) || span_ends(low, SPAN(".yaml"));
}

static bool seen_before(struct unzip *u, struct span name) {
        char low[NAME_MAX_BYTES];
        uint64_t h;

        /* Names that differ in case only are one file on some systems. */
        for (size_t i = 0; i < name.len; i++)
                low[i] = ascii_lower(name.p[i]);
        h = hash_bytes(low, name.len, (uintptr_t)u->seen) | 1;
        for (uint32_t i = (uint32_t)(h >> 1) & u->mask;; i = (i + 1) & u->mask) {
                if (u->seen[i] == h)
                        return true;
                if (!u->seen[i]) {
                        u->seen[i] = h;
                        return false;
                }
        }
}

static int read_entry(struct unzip *u, const zip_stat_t *st) {
        zip_file_t *f = zip_fopen_index(u->zip, st->index, 0);
        zip_int64_t n = 0;
        char *to;

        if (!f)
                return -EBADMSG;
        buf_reset(&u->data);
        to = buf_reserve(&u->data, (size_t)st->size + 1);
        while (to && u->data.len <= st->size &&
               (n = zip_fread(f, to + u->data.len, (size_t)st->size + 1 - u->data.len)) > 0)
                u->data.len += (size_t)n;
        /* The checksum is compared at the end of the file. */
        int closed = zip_fclose(f);
        if (!to)
                return FAIL(-ENOMEM);
        return n < 0 || closed != 0 || u->data.len != st->size ? -EBADMSG : 0;
}

static int take(struct unzip *u, uint64_t index) {
        const zip_uint64_t need = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE;
        struct buf full = {0};
        struct span name;
        zip_stat_t st;
        int r;

        zip_stat_init(&st);
        if (zip_stat_index(u->zip, index, ZIP_FL_ENC_RAW, &st) != 0 || (st.valid & need) != need)
                return -EBADMSG;
        name = span_str(st.name);
        if (!safe_name(name) || seen_before(u, name))
                return -EXDEV;
        if (!is_rule(name))
                return 0;
        if ((st.valid & ZIP_STAT_ENCRYPTION_METHOD) && st.encryption_method != ZIP_EM_NONE)
                return -EACCES;
        if (st.size > FILE_MAX || st.size / RATIO_MAX > st.comp_size + 1)
                return -EFBIG;
        u->total += st.size;
        if (u->total > TOTAL_MAX)
                return -EFBIG;
        r = read_entry(u, &st);
        if (r < 0)
                return r;
        buf_span(&full, u->name);
        buf_char(&full, '!');
        buf_span(&full, name);
        bundle_add(u->out, BUNDLE_RULE, buf_get(&full), buf_get(&u->data));
        r = full.failed || u->out->failed ? FAIL(-ENOMEM) : 0;
        buf_deinit(&full);
        return r;
}

static int take_all(struct unzip *u) {
        zip_int64_t n = zip_get_num_entries(u->zip, 0);
        uint32_t size = 64;
        int r = 0;

        if (n < 0)
                return -EBADMSG;
        if (n > FILES_MAX)
                return -EFBIG;
        while (size < (uint64_t)n * 2)
                size *= 2;
        u->seen = calloc(size, sizeof(*u->seen));
        if (!u->seen)
                return FAIL(-ENOMEM);
        u->mask = size - 1;
        for (zip_int64_t i = 0; i < n && r == 0; i++)
                r = take(u, (uint64_t)i);
        return r;
}

int zipfile_read(struct buf *out, struct span bundle) {
        struct unzip u = {.out = out};
        struct bundle_entry e;
        zip_source_t *source;
        zip_error_t why;
        size_t pos = 0, before = out->len;
        int r;

        if (bundle_next(bundle, &pos, &e) != 1)
                return FAIL(-EBADMSG);
        if (e.data.len < ZIP_MIN) /* libzip takes nothing at all for an empty zip */
                return FAIL(-EBADMSG);
        u.name = e.name;
        zip_error_init(&why);
        source = zip_source_buffer_create(e.data.p, e.data.len, 0, &why);
        u.zip = source ? zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &why) : NULL;
        if (!u.zip) {
                bool memory = zip_error_code_zip(&why) == ZIP_ER_MEMORY;
                if (source)
                        zip_source_free(source);
                zip_error_fini(&why);
                return FAIL(memory ? -ENOMEM : -EBADMSG);
        }
        r = take_all(&u);
        zip_discard(u.zip); /* frees the source too */
        zip_error_fini(&why);
        free(u.seen);
        buf_deinit(&u.data);
        if (r < 0) {
                out->len = before; /* all or nothing */
                return FAIL(r);
        }
        return 0;
}
