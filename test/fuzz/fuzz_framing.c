/* Framer and decoder together: cut into small slots, any input gives the records that one slot
 * gives. Not for auditd and the journal, whose decoders may join less across a cut, nor where
 * something is damaged. The first two bytes: format, slot limit. */
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "ingest/framer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct source {
        const uint8_t *p;
        size_t left;
};

static ssize_t source_read(void *ctx, void *to, size_t n) {
        struct source *s = ctx;

        n = MIN(n, s->left);
        memcpy(to, s->p, n);
        s->p += n;
        s->left -= n;
        return (ssize_t)n;
}

static uint64_t record_hash(const struct event *e, struct arena *a) {
        uint64_t h = hash_mix(e->offset + 1, e->raw.len + 3) ^ e->line * 77 ^ (uint64_t)e->time ^
                     e->kind;

        h = hash_span(e->key1, h);
        for (uint32_t i = 0; i < e->n; i++) {
                arena_reset(a);
                h = hash_bytes(e->fields[i].name, e->fields[i].name_len, h);
                h = hash_span(value_text(&e->fields[i], a),
                              h + e->fields[i].type + e->fields[i].arr);
        }
        return h;
}

#define RECORDS_MAX 20000u

static size_t records(const uint8_t *data, size_t size, enum format f, size_t limit, uint64_t *to,
                      bool *bad) {
        static struct framer *fr;
        static struct decoder *dec;
        static char *slot;
        static struct arena a;
        struct source src = {data, size};
        struct decode_error err;
        struct event e;
        size_t n = 0;
        int r;

        if (!fr) {
                fr = framer_new();
                dec = decoder_new(NULL);
                slot = malloc(SLOT_BYTES);
                arena_init(&a, 64u << 20);
        }
        framer_set_slot_limit(fr, limit);
        framer_open(fr,
                    &(struct framer_input){
                            .read = source_read, .ctx = &src, .forced = f, .file_time = TIME_NONE});
        while ((r = framer_fill(fr, slot, &err)) > 0) {
                struct batch b;
                enum decode_result q;
                if (r == FRAMER_BAD)
                        continue;
                assert(batch_view(slot, &b) == 0);
                decoder_begin(dec, &b, 0);
                while ((q = decoder_next(dec, &e, &err)) != DECODE_END)
                        if (q == DECODE_BAD)
                                *bad = true;
                        else if (n < RECORDS_MAX)
                                to[n++] = record_hash(&e, &a);
        }
        return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const enum format formats[] = {FORMAT_JSON, FORMAT_WEB, FORMAT_W3C, FORMAT_ZEEK_TSV,
                                              FORMAT_CEF,  FORMAT_KV,  FORMAT_CSV, FORMAT_TEXT};
        static uint64_t one[RECORDS_MAX], many[RECORDS_MAX];
        bool bad = false;

        if (size < 2 || memcmp(data + 2, "\x1f\x8b\x08", MIN(size - 2, (size_t)3)) == 0)
                return 0;
        enum format f = formats[data[0] % ARRAY_LEN(formats)];
        size_t n = records(data + 2, size - 2, f, BATCH_ROOM, one, &bad);
        size_t m = records(data + 2, size - 2, f, 1 + data[1] * (size_t)data[1] / 16, many, &bad);
        if (bad) /* where damage ends may depend on the cut */
                return 0;
        for (size_t i = 0; i < MIN(n, m); i++)
                if (one[i] != many[i]) {
                        fprintf(stderr, "%s: record %zu differs\n", format_name(f), i);
                        abort();
                }
        if (n != m) {
                fprintf(stderr, "%s: %zu records, in small slots %zu\n", format_name(f), n, m);
                abort();
        }
        return 0;
}
