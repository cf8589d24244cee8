/* The EVTX reader over all logs of the development set (COLOA_TEST_DATA/dev-set/evtx).
 *
 * every_record: whatever an independent scan finds (signature, size and its copy, between a chunk's
 * header and the end that header names) is read, or reported at its offset.
 *
 * twins: SigmaHQ ships each regression log with a JSON twin, written by another reader (the evtx
 * crate). Every leaf of the twin is a field of ours and the other way round. Differences that are
 * meant: twin                       ours                              why GUID bare GUID in braces
 * decode/value.c: as Windows, as rules have it time, six digits           seven a FILETIME has
 * seven an element's attributes    Element_Attribute, in System      the names that Sigma uses
 *       below #attributes          some have names of their own
 *     text without the blanks    with them                         the record has them
 *       at its end
 *     null                       no field, or one without value    <Correlation/> has nothing to
 * match */
#include <inttypes.h>
#include <jansson.h>

#include "evtx_files.h"
#include "evtx_promise.h"

#include "check.h"

#define EVENTS_MAX 65536
#define LEAVES_MAX 512

static uint64_t read_at[EVENTS_MAX], bad_at[EVENTS_MAX];
static size_t n_read, n_bad;
static struct arena arena;

static int compare_u64(const void *a, const void *b) {
        uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
        return x < y ? -1 : x > y;
}

static bool has(const uint64_t *list, size_t n, uint64_t v) {
        return bsearch(&v, list, n, sizeof(*list), compare_u64) != NULL;
}

static void decode_file(struct decoder *d, const struct evtx_file *f, unsigned *lost,
                        unsigned *anonymous) {
        struct decode_error err;
        enum decode_result r;
        struct event e;
        struct batch b;
        size_t pos = 0;

        n_read = n_bad = 0;
        while (evtx_file_batch(f, &pos, &b)) {
                decoder_begin(d, &b, 0);
                while ((r = decoder_next(d, &e, &err)) != DECODE_END) {
                        check(n_read < EVENTS_MAX && n_bad < EVENTS_MAX);
                        if (r == DECODE_EVENT) {
                                check(memcmp(e.raw.p, "**\0\0", 4) == 0);
                                check(e.raw.p == f->bytes + e.offset);
                                check(evtx_strays_right(&e) && evtx_names_right(&e));
                                *anonymous += e.time == TIME_NONE || e.key1.len == 0 || e.key2 < 0;
                                read_at[n_read++] = e.offset;
                        } else {
                                bad_at[n_bad++] = err.offset;
                                *lost += !err.recovered;
                        }
                }
        }
        qsort(read_at, n_read, sizeof(*read_at), compare_u64);
        qsort(bad_at, n_bad, sizeof(*bad_at), compare_u64);
}

static uint32_t u32_at(const struct evtx_file *f, size_t at) {
        uint32_t v;
        memcpy(&v, f->bytes + at, sizeof(v));
        return v;
}

/* Records that the file's own headers show. */
static unsigned scan_file(const struct evtx_file *f, unsigned *missing, unsigned *reported) {
        unsigned n = 0;

        for (size_t chunk = 4096; chunk + 512 < f->len; chunk += 65536) {
                if (memcmp(f->bytes + chunk, "ElfChnk", 8) != 0)
                        continue;
                size_t end = chunk + MIN(u32_at(f, chunk + 48), 65536u), at = chunk + 512;
                end = MIN(end, f->len);
                while (at + 28 <= end) {
                        uint32_t size = u32_at(f, at + 4);
                        if (memcmp(f->bytes + at, "**\0\0", 4) != 0 || size < 28 ||
                            size > end - at || u32_at(f, at + size - 4) != size) {
                                at += 8;
                                continue;
                        }
                        n++;
                        if (!has(read_at, n_read, at)) {
                                printf("# %s: record at %zu is not read\n", f->path, at);
                                *(has(bad_at, n_bad, at) ? reported : missing) += 1;
                        }
                        at += size;
                }
        }
        return n;
}

static void every_record(void) {
        if (!check_data())
                check_skip("COLOA_TEST_DATA is not set");
        _cleanup_(decoder_freep) struct decoder *d = decoder_new(NULL);
        unsigned shown = 0, got = 0, missing = 0, reported = 0, lost = 0, errors = 0, anonymous = 0;

        check(d && n_evtx_files >= 392);
        for (size_t i = 0; i < n_evtx_files; i++) {
                unsigned file_missing = 0;
                decode_file(d, &evtx_files[i], &lost, &anonymous);
                unsigned n = scan_file(&evtx_files[i], &file_missing, &reported);
                if (n_read + file_missing + reported < n)
                        printf("# %s: %zu of %u\n", evtx_files[i].path, n_read, n);
                shown += n;
                got += (unsigned)n_read;
                errors += (unsigned)n_bad;
                missing += file_missing;
        }
        printf("# %zu files: headers show %u records, %u were read; %u complaints, %u of them "
               "about something lost\n",
               n_evtx_files, shown, got, errors, lost);
        printf("# %u without channel, event id or time (a recording of RPC events has no "
               "channel)\n",
               anonymous);
        check_int(missing, 0);
        check_int(reported, 0);
        check(got >= shown);
        check(anonymous <= 450);
}

/* One decoder over everything many times over: what it keeps fills up and is forgotten, and nothing
 * of that shows. */
static void same_again(void) {
        if (!check_data())
                check_skip("COLOA_TEST_DATA is not set");
        _cleanup_(decoder_freep) struct decoder *d = decoder_new(NULL);
        uint64_t first = 0;

        check(d);
        for (unsigned round = 0; round < 24; round++) {
                struct decode_error err;
                enum decode_result r;
                uint64_t fields = 0;
                struct event e;
                struct batch b;

                for (size_t i = 0; i < n_evtx_files; i++)
                        for (size_t pos = 0; evtx_file_batch(&evtx_files[i], &pos, &b);) {
                                decoder_begin(d, &b, 0);
                                while ((r = decoder_next(d, &e, &err)) != DECODE_END)
                                        fields += r == DECODE_EVENT ? e.n : 0;
                        }
                if (round == 0)
                        first = fields;
                check_int(fields, first);
        }
}

/* ---- twins ---- */

struct leaf {
        char name[256], value[32768];
        bool null, seen;
};

static struct leaf leaves[LEAVES_MAX];
static unsigned n_leaves;

static void add_leaf(const char *name, json_t *v) {
        struct leaf *l = &leaves[n_leaves];

        check(n_leaves < LEAVES_MAX);
        n_leaves++;
        snprintf(l->name, sizeof(l->name), "%s", name);
        l->seen = false;
        l->null = json_is_null(v);
        l->value[0] = '\0';
        if (json_is_string(v))
                snprintf(l->value, sizeof(l->value), "%s", json_string_value(v));
        else if (json_is_integer(v))
                snprintf(l->value, sizeof(l->value), "%" JSON_INTEGER_FORMAT,
                         json_integer_value(v));
        else if (json_is_boolean(v))
                snprintf(l->value, sizeof(l->value), "%s", json_is_true(v) ? "true" : "false");
        else
                check(l->null);
}

/* Attributes of System's elements bear two names, with these exceptions. */
static const char *attribute_name(const char *element, const char *attribute, char *to,
                                  size_t size) {
        if (strcmp(attribute, "EventSourceName") == 0 || strcmp(attribute, "Qualifiers") == 0)
                return attribute;
        if (strcmp(attribute, "SystemTime") == 0)
                return element;
        snprintf(to, size, "%s_%s", element, attribute);
        return to;
}

static void flatten(const char *name, json_t *v) {
        const char *key, *attribute;
        json_t *value, *a;
        char joined[256];
        size_t i;

        if (json_is_array(v)) {
                json_array_foreach(v, i, value) flatten(name, value);
                return;
        }
        if (!json_is_object(v)) {
                add_leaf(name, v);
                return;
        }
        json_object_foreach(v, key, value) {
                if (strcmp(key, "#text") == 0) {
                        flatten(name, value);
                } else if (strcmp(key, "#attributes") == 0) {
                        json_object_foreach(value, attribute, a) {
                                if (strncmp(attribute, "xmlns", 5) != 0)
                                        add_leaf(attribute_name(name, attribute, joined,
                                                                sizeof(joined)),
                                                 a);
                        }
                } else {
                        flatten(key, value);
                }
        }
}

/* Equal but for the differences that are meant. */
static bool same(struct span ours, const char *twin) {
        size_t n = strlen(twin);

        if (span_eq(ours, span_of(twin, n)))
                return true;
        if (ours.len > n && memcmp(ours.p, twin, n) == 0 &&
            span_trim(span_of(ours.p + n, ours.len - n)).len == 0)
                return true;
        if (ours.len == 38 && n == 36 && ours.p[0] == '{')
                return memcmp(ours.p + 1, twin, 36) == 0;
        return ours.len == 28 && n == 27 && ours.p[10] == 'T' && memcmp(ours.p, twin, 26) == 0;
}

static unsigned compare_event(const struct event *e, const char *path) {
        unsigned wrong = 0;

        for (uint32_t i = 0; i < e->n; i++) {
                const struct field *f = &e->fields[i];
                struct span t = value_text(f, &arena);
                bool found = false;

                for (unsigned k = 0; k < n_leaves && !found; k++) {
                        struct leaf *l = &leaves[k];
                        if (l->seen || !span_eq(span_of(f->name, f->name_len), span_str(l->name)) ||
                            !(l->null ? t.len == 0 : same(t, l->value)))
                                continue;
                        l->seen = found = true;
                }
                if (!found) {
                        printf("# %s: only ours: %.*s = %.*s\n", path, (int)f->name_len, f->name,
                               (int)t.len, t.p);
                        wrong++;
                }
        }
        for (unsigned k = 0; k < n_leaves; k++)
                if (!leaves[k].seen && !leaves[k].null) {
                        printf("# %s: only the twin: %s = %s\n", path, leaves[k].name,
                               leaves[k].value);
                        wrong++;
                }
        return wrong;
}

/* The event of that EventRecordID. */
static bool find_event(struct decoder *d, const struct evtx_file *f, uint64_t id,
                       struct event *ret) {
        struct decode_error err;
        enum decode_result r;
        struct batch b;
        size_t pos = 0;

        while (evtx_file_batch(f, &pos, &b)) {
                decoder_begin(d, &b, 0);
                while ((r = decoder_next(d, ret, &err)) != DECODE_END)
                        if (r == DECODE_EVENT && ret->record == id)
                                return true;
        }
        return false;
}

static unsigned compare_twin(struct decoder *d, const struct evtx_file *f, FILE *twin,
                             unsigned *ret_leaves, unsigned *ret_wrong) {
        unsigned n = 0, wrong = 0;
        json_t *doc;

        while ((doc = json_loadf(twin, JSON_DISABLE_EOF_CHECK, NULL))) {
                json_t *id = json_object_get(
                        json_object_get(json_object_get(doc, "Event"), "System"), "EventRecordID");
                struct event e;

                n_leaves = 0;
                arena_reset(&arena);
                flatten("", doc);
                *ret_leaves += n_leaves;
                if (find_event(d, f, (uint64_t)json_integer_value(id), &e)) {
                        wrong += compare_event(&e, f->path);
                } else {
                        printf("# %s: no record %" JSON_INTEGER_FORMAT "\n", f->path,
                               json_integer_value(id));
                        wrong++;
                }
                json_decref(doc);
                n++;
        }
        *ret_wrong += wrong;
        return n;
}

static void twins(void) {
        if (!check_data())
                check_skip("COLOA_TEST_DATA is not set");
        _cleanup_(decoder_freep) struct decoder *d = decoder_new(NULL);
        unsigned files = 0, events = 0, total = 0, wrong = 0;

        check(d);
        for (size_t i = 0; i < n_evtx_files; i++) {
                char path[4096];
                size_t n = strlen(evtx_files[i].path) - strlen(".evtx");

                snprintf(path, sizeof(path), "%.*s.json", (int)n, evtx_files[i].path);
                FILE *twin = fopen(path, "r");
                if (!twin)
                        continue;
                unsigned got = compare_twin(d, &evtx_files[i], twin, &total, &wrong);
                fclose(twin);
                check(got > 0);
                files++;
                events += got;
        }
        printf("# %u twins: %u events, %u leaves equal\n", files, events, total);
        check_int(wrong, 0);
        check(files >= 94 && events >= 117);
}

int main(void) {
        arena_init(&arena, 64 << 20);
        if (check_data()) {
                char path[4096];
                snprintf(path, sizeof(path), "%s/dev-set/evtx", check_data());
                evtx_files_load(path);
        }
        RUN(every_record);
        RUN(same_again);
        RUN(twins);
        evtx_files_free();
        arena_deinit(&arena);
        return check_done();
}
