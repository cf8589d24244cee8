/* Rules and maps to a matcher, for tests and benches. */
#ifndef TEST_ENGINE_DATA_H
#define TEST_ENGINE_DATA_H

#include "bundle_data.h"
#include "check.h"
#include "decode/decode.h"
#include "rules/match.h"
#include "rules/parse.h"
#include "rules/source.h"

struct engine {
        struct buf bundle, blob;
        struct ruleset set;
        struct program *program;
        struct matcher *matcher;
};

/* The shipped log-source maps, all of them. */
static inline void engine_maps(struct engine *t) {
        struct buf all = {0};
        struct bundle_entry e;
        size_t pos = 0;

        bundle_folder(&all, COLOA_CONTENT "/logsources");
        while (bundle_next(buf_get(&all), &pos, &e) == 1)
                bundle_add(&t->bundle, BUNDLE_LOGSOURCE, e.name, e.data);
        buf_deinit(&all);
}

static inline void engine_rule(struct engine *t, const char *yaml) {
        bundle_add(&t->bundle, BUNDLE_RULE, SPAN("test.yml"), span_str(yaml));
}

/* All rule folders that tests measure with. Returns the number of files. */
static inline unsigned engine_sigmahq(struct engine *t, const char *data) {
        static const char *const folders[] = {"rules", "rules-emerging-threats",
                                              "rules-threat-hunting", "rules-compliance"};
        unsigned n = 0;

        for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
                char path[4096];
                snprintf(path, sizeof(path), "%s/sigma-rules-8eaafff1/%s", data, folders[i]);
                n += bundle_folder(&t->bundle, path);
        }
        return n;
}

static inline int engine_start(struct engine *t, const struct match_options *o) {
        int r = ruleset_parse(&t->set, buf_get(&t->bundle));

        if (r == 0)
                r = program_compile(&t->blob, &t->set, buf_get(&t->bundle));
        if (r == 0)
                r = program_open(&t->program, t->blob.p, t->blob.len);
        if (r == 0)
                r = matcher_new(&t->matcher, t->program, o);
        return r;
}

static inline void engine_stop(struct engine *t) {
        t->matcher = matcher_free(t->matcher);
        t->program = program_free(t->program);
        ruleset_deinit(&t->set);
        buf_deinit(&t->blob);
        buf_deinit(&t->bundle);
        *t = (struct engine){0};
}

/* A whole file with SLOT_PADDING bytes behind. free() it. */
static inline char *engine_read(const char *path, size_t *ret_len) {
        FILE *f = fopen(path, "rb");
        char *p = NULL;

        *ret_len = 0;
        if (!f)
                return NULL;
        fseek(f, 0, SEEK_END);
        long len = ftell(f);
        rewind(f);
        if (len >= 0)
                p = calloc(1, (size_t)len + SLOT_PADDING);
        if (p)
                *ret_len = fread(p, 1, (size_t)len, f);
        fclose(f);
        return p;
}

/* The next batch of whole lines: moves *pos. */
static inline struct batch engine_lines(const char *p, size_t len, size_t *pos, enum format f) {
        size_t n = MIN(len - *pos, BATCH_ROOM);

        if (n < len - *pos) {
                const char *end = memrchr(p + *pos, '\n', n);
                if (end)
                        n = (size_t)(end - p) + 1 - *pos;
        }
        struct batch b = {.payload = span_of(p + *pos, n)};
        b.h.format = (uint16_t)f;
        b.h.offset = *pos;
        b.h.payload_len = (uint32_t)n;
        b.h.flags = (*pos == 0 ? BATCH_FIRST : 0) | (*pos + n == len ? BATCH_LAST : 0);
        b.h.file_time = TIME_NONE;
        *pos += n;
        return b;
}

#endif
