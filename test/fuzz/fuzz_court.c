/* wire/court_check: any bytes as sealed evidence. The first byte chooses: the file as it is, or a manifest (up to
 * a NUL) that is signed here, so that what lies behind the signature is reached, then what follows it. */
#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>

#include "wire/court.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct memory {
        struct span s;
        size_t at;
};

static ssize_t take(void *ctx, void *to, size_t n) {
        struct memory *m = ctx;
        size_t k = MIN(n, m->s.len - m->at);

        if (k)
                memcpy(to, m->s.p + m->at, k);
        m->at += k;
        return (ssize_t)k;
}

static void item(void *ctx, const struct court_item *i) {
        volatile size_t *n = ctx;

        *n += strlen(i->code) + strlen(i->name) + strlen(i->hash) + (i->path ? strlen(i->path) : 0);
        if (i->path && (strstr(i->path, "..") == i->path || strncmp(i->path, "files/", 6) != 0))
                abort();
}

static enum court_problem check(struct span s) {
        static struct court_result r;
        size_t n = 0;
        struct court_options o = {.item = item, .ctx = &n};
        struct memory m = {.s = s};

        return court_check(take, &m, &o, &r) == 0 ? r.problem : COURT_FORMAT;
}

static void put(struct buf *to, const char *path, struct span s) {
        static const char zeros[COURT_BLOCK];
        unsigned char head[COURT_BLOCK];

        court_tar_head(head, path, s.len);
        buf_add(to, head, sizeof(head));
        buf_span(to, s);
        buf_add(to, zeros, court_padding(s.len));
}

static void sign(struct buf *to, struct span manifest) {
        static const unsigned char seed[32] = "a seed";
        unsigned char secret[64];
        struct court_sign s = {.name = COURT_NAME, .proposer = 1, .approver = 2};
        struct buf text = {0};
        struct court_signed g;
        json_t *o = json_loadb(manifest.p, manifest.len, 0, NULL);

        s.items = json_array_size(json_object_get(o, "items"));
        s.number = (uint64_t)json_integer_value(json_object_get(o, "export"));
        s.time = json_integer_value(json_object_get(o, "at_ns"));
        json_decref(o);
        crypto_generichash(s.manifest, 32, (const unsigned char *)manifest.p, manifest.len, NULL,
                           0);
        crypto_sign_seed_keypair(g.public_key, secret, seed);
        crypto_sign_detached(g.signature, NULL, (const unsigned char *)&s, sizeof(s), secret);
        put(to, COURT_README, court_readme());
        put(to, COURT_MANIFEST, manifest);
        court_signature_text(&text, &s, &g);
        put(to, COURT_SIGNATURE, buf_get(&text));
        buf_deinit(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct span s = span_of((const char *)data, size);

        if (sodium_init() < 0 || s.len < 2)
                return 0;
        json_object_seed(1);
        bool whole = *s.p & 1;
        s = span_of(s.p + 1, s.len - 1);
        if (whole) {
                if (check(s) == COURT_GOOD)
                        abort(); /* nobody signed it */
                return 0;
        }
        const char *end = memchr(s.p, '\0', s.len);
        size_t n = end ? (size_t)(end - s.p) : s.len;
        struct buf file = {0};
        sign(&file, span_of(s.p, n));
        if (end)
                buf_span(&file, span_of(end + 1, s.len - n - 1));
        (void)check(buf_get(&file));
        buf_deinit(&file);
        return 0;
}
