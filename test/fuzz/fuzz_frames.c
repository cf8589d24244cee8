/* store/frames, store/seal: any bytes as a frame, as a list of frames, as what a seal wrote: refused, or
 * all that is read of them lies inside. The first byte chooses. Also: bytes compressed here, so that the
 * packed tables are reached, and bytes as text for tokens. */
#include <stdlib.h>
#include <zstd.h>

#include "store/seal.h"
#include "store/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static _Alignas(64) char room[FRAME_ROOM];
static volatile unsigned sum;

static void look(const struct records *r) {
        struct record rec;
        struct run run;
        struct source_name name;
        struct span s;

        for (uint32_t i = 0; i < r->h.n_runs; i++) {
                if (!records_run(r, i, &run))
                        abort();
                if (run.len)
                        sum += (unsigned char)r->payload.p[run.at + run.len - 1];
        }
        for (uint32_t i = 0; i < r->h.n_records; i++) {
                if (!records_at(r, i, &rec, &s))
                        abort();
                if (s.len)
                        sum += (unsigned char)s.p[s.len - 1];
        }
        for (uint32_t i = 0; i < r->h.n_sources; i++)
                if (!records_source(r, i, &name))
                        abort();
}

static void frame(struct span z) {
        static struct frame_opener *o;
        struct records r;

        if (!o)
                o = frame_opener_new();
        if (frame_open(o, z, room, &r) == 0)
                look(&r);
}

static void packed(struct span raw) {
        size_t cap = ZSTD_compressBound(raw.len);
        char *z = malloc(cap);
        size_t n = ZSTD_compress(z, cap, raw.p, raw.len, 1);

        if (!ZSTD_isError(n))
                frame(span_of(z, n));
        free(z);
}

static void list(struct span s) {
        struct frame_list_view v;
        struct frame_entry e;
        struct span z;
        uint32_t i = 0;
        size_t at = 0;

        if (frame_list_view(s.p, s.len, &v) != 0)
                return;
        while (frame_list_next(&v, &i, &at, &e, &z))
                frame(z);
}

static void sealed_bytes(struct span s) {
        struct sealed_view v;
        struct position p;
        uint32_t token;

        if (sealed_view(s.p, s.len, &v) != 0)
                return;
        for (uint32_t i = 0; i < v.h.n_positions; i++)
                if (sealed_position(&v, i, &p))
                        sum += (unsigned char)p.key[p.key_len - 1];
        for (uint32_t i = 0; i < v.h.n_tokens; i++) {
                memcpy(&token, v.tokens + i * sizeof(token), sizeof(token));
                sum += token;
        }
        for (size_t i = 0; i < v.data.len; i++)
                sum += (unsigned char)v.data.p[i];
}

static void tokens(struct span s) {
        static struct token_set *set;
        char *copy = calloc(1, s.len + SLOT_PADDING);
        size_t at = 0;
        struct span t;
        bool edge, all;
        uint32_t n;

        if (!set)
                set = token_set_new();
        if (s.len)
                memcpy(copy, s.p, s.len);
        token_set_reset(set);
        token_set_add(set, span_of(copy, s.len));
        const uint32_t *have = token_set_get(set, &n, &all);
        /* No token of the text is missing. */
        for (unsigned k = 0; k < 200 && token_next(span_of(copy, s.len), &at, &t, &edge); k++) {
                uint32_t h = token_hash(t), i = 0;
                while (i < n && have[i] != h)
                        i++;
                if (i == n && !all)
                        abort();
        }
        free(copy);
}

/* A slot with any bytes, sealed: what comes out is what a store takes. */
static void slot(struct span s) {
        static struct sealer *sealer;
        static _Alignas(64) char in[SLOT_BYTES], out[SEAL_HALF_BYTES];
        struct sealed_view v;
        size_t used;

        if (!sealer)
                sealer = sealer_new(1);
        if (s.len > sizeof(in))
                return;
        memset(in, 0, sizeof(in));
        if (s.len)
                memcpy(in, s.p, s.len);
        if (sealer_run(sealer, in, sizeof(in), false, out, sizeof(out), &used) == 0 &&
            sealed_view(out, used, &v) != 0)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static void (*const ways[])(struct span) = {frame,        packed, list,
                                                    sealed_bytes, tokens, slot};

        if (size == 0)
                return 0;
        ways[data[0] % ARRAY_LEN(ways)](span_of((const char *)data + 1, size - 1));
        return 0;
}
