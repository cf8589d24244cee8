/* See court.h: reads hostile bytes. The order is: heads and sizes, the signature over the manifest, only then the
 * manifest itself, then each file against it, and nothing behind the end.
 *
 *   T1. Memory is the manifest's (at most COURT_MANIFEST_MAX) and what jansson makes of it; files are hashed
 *       as they pass.
 *   T2. A head of an entry is never interpreted but for its size: it is compared with the one that the writer
 *       would have made. Paths are made anew from number and name. */
#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>

#include "wire/court.h"

enum { BAD = 1 }; /* see result->problem */

struct check {
        court_read *read;
        void *ctx;
        const struct court_options *o;
        struct court_result *ret;
        char *text; /* of the manifest */
        uint64_t text_len;
        json_t *manifest;
};

static int bad(struct check *k, enum court_problem p) {
        k->ret->problem = p;
        return BAD;
}

/* Exactly n bytes. */
static int take(struct check *k, void *to, size_t n) {
        ssize_t got = k->read(k->ctx, to, n);

        if (got < 0)
                return (int)got;
        return (size_t)got == n ? 0 : bad(k, COURT_FORMAT);
}

static int take_padding(struct check *k, uint64_t size) {
        unsigned char zeros[COURT_BLOCK];
        size_t n = court_padding(size);
        int r = take(k, zeros, n);

        for (size_t i = 0; r == 0 && i < n; i++)
                if (zeros[i])
                        return bad(k, COURT_FORMAT);
        return r;
}

/* T2 */
static int take_head(struct check *k, const char *path, uint64_t *ret_size) {
        unsigned char head[COURT_BLOCK], expected[COURT_BLOCK];
        uint64_t size = 0;
        int r = take(k, head, sizeof(head));

        for (unsigned i = 124; r == 0 && i < 135; i++) {
                if (head[i] < '0' || head[i] > '7')
                        return bad(k, COURT_FORMAT);
                size = size << 3 | (uint64_t)(head[i] - '0');
        }
        if (r != 0)
                return r;
        court_tar_head(expected, path, size);
        *ret_size = size;
        return memcmp(head, expected, sizeof(head)) == 0 ? 0 : bad(k, COURT_FORMAT);
}

static int take_member(struct check *k, const char *path, size_t most, char **ret,
                       uint64_t *ret_size) {
        uint64_t size;
        int r = take_head(k, path, &size);

        if (r == 0 && size > most)
                return bad(k, COURT_FORMAT);
        if (r != 0)
                return r;
        *ret = malloc(size + 1);
        if (!*ret)
                return -ENOMEM;
        *ret_size = size;
        (*ret)[size] = '\0';
        r = take(k, *ret, size);
        return r == 0 ? take_padding(k, size) : r;
}

/* ---- the signature ---- */

static bool take_hex(struct span *s, void *to, size_t n) {
        size_t len = 0;

        if (s->len < 2 * n + 1 || s->p[2 * n] != '\n' ||
            sodium_hex2bin(to, n, s->p, 2 * n, NULL, &len, NULL) != 0 || len != n)
                return false;
        *s = span_of(s->p + 2 * n + 1, s->len - 2 * n - 1);
        return true;
}

static int check_signature(struct check *k, struct span text) {
        static const char name[16] = COURT_NAME;
        unsigned char hash[COURT_HASH_BYTES];
        struct court_sign *s = &k->ret->sign;
        struct court_signed g;

        if (!span_starts(text, SPAN(COURT_NAME "\n")))
                return bad(k, COURT_FORMAT);
        text = span_of(text.p + sizeof(COURT_NAME), text.len - sizeof(COURT_NAME));
        if (!take_hex(&text, s, sizeof(*s)) || !take_hex(&text, g.signature, 64) ||
            !take_hex(&text, g.public_key, 32) || text.len)
                return bad(k, COURT_FORMAT);
        memcpy(k->ret->key, g.public_key, 32);
        if (k->o->key && memcmp(k->o->key, g.public_key, 32) != 0)
                return bad(k, COURT_KEY);
        crypto_generichash(hash, sizeof(hash), (const unsigned char *)k->text, k->text_len, NULL,
                           0);
        if (memcmp(s->name, name, sizeof(name)) != 0 || s->approver == s->proposer ||
            memcmp(s->manifest, hash, sizeof(hash)) != 0 ||
            crypto_sign_verify_detached(g.signature, (const unsigned char *)s, sizeof(*s),
                                        g.public_key) != 0)
                return bad(k, COURT_UNSIGNED);
        return 0;
}

/* ---- the manifest ---- */

static struct span text_of(const json_t *o, const char *name) {
        const json_t *v = json_object_get(o, name);

        return json_is_string(v) ? span_of(json_string_value(v), json_string_length(v)) : SPAN_NONE;
}

static int64_t int_of(const json_t *o, const char *name) {
        const json_t *v = json_object_get(o, name);

        return json_is_integer(v) ? (int64_t)json_integer_value(v) : -1;
}

static bool hash_of(const json_t *o, const char *name, unsigned char to[COURT_HASH_BYTES]) {
        struct span s = text_of(o, name);
        size_t len = 0;

        return s.len == 2 * COURT_HASH_BYTES &&
               sodium_hex2bin(to, COURT_HASH_BYTES, s.p, s.len, NULL, &len, NULL) == 0 &&
               len == COURT_HASH_BYTES;
}

static int check_links(struct check *k, const json_t *item, const unsigned char *content,
                       unsigned *ret_links) {
        const json_t *list = json_object_get(item, "custody"), *v;
        unsigned char before[COURT_HASH_BYTES] = {0}, said[COURT_HASH_BYTES], hash[sizeof(said)];
        size_t n;

        if (!json_is_array(list) || json_array_size(list) == 0)
                return bad(k, COURT_CHAIN);
        json_array_foreach(list, n, v) {
                struct court_link l = {.n = int_of(v, "n"),
                                       .at = int_of(v, "at_ns"),
                                       .item = text_of(item, "item"),
                                       .what = text_of(v, "what"),
                                       .by = text_of(v, "by"),
                                       .to = text_of(v, "to"),
                                       .reason = text_of(v, "reason"),
                                       .from = text_of(v, "from")};

                memcpy(l.content, content, sizeof(l.content));
                court_link_hash(hash, before, &l);
                if (l.n != (int64_t)n + 1 || !hash_of(v, "hash", said) ||
                    memcmp(said, hash, sizeof(hash)) != 0)
                        return bad(k, COURT_CHAIN);
                memcpy(before, hash, sizeof(before));
        }
        *ret_links = (unsigned)json_array_size(list);
        return 0;
}

static int check_file(struct check *k, const char *path, uint64_t size,
                      const unsigned char content[COURT_HASH_BYTES]) {
        unsigned char hash[COURT_HASH_BYTES], piece[16384];
        crypto_generichash_state h;
        uint64_t said, left = size;
        int r = take_head(k, path, &said);

        if (r == 0 && said != size)
                return bad(k, COURT_FILE);
        crypto_generichash_init(&h, NULL, 0, sizeof(hash));
        while (r == 0 && left) {
                size_t n = (size_t)MIN(left, (uint64_t)sizeof(piece));

                r = take(k, piece, n);
                crypto_generichash_update(&h, piece, r == 0 ? n : 0);
                left -= n;
        }
        crypto_generichash_final(&h, hash, sizeof(hash));
        if (r == 0 && memcmp(hash, content, sizeof(hash)) != 0)
                return bad(k, COURT_FILE);
        k->ret->bytes += r == 0 ? size : 0;
        return r == 0 ? take_padding(k, size) : r;
}

static int check_range(struct check *k, const json_t *item, const unsigned char *content) {
        unsigned char hash[COURT_HASH_BYTES];
        int64_t first = int_of(item, "first_seq"), last = int_of(item, "last_seq");

        if (first < 0 || last < first || text_of(item, "path").p)
                return bad(k, COURT_MANIFEST_);
        court_range_hash(hash, (uint64_t)first, (uint64_t)last, text_of(item, "query"));
        return memcmp(hash, content, sizeof(hash)) == 0 ? 0 : bad(k, COURT_FILE);
}

static int check_item(struct check *k, const json_t *item, unsigned index) {
        struct span kind = text_of(item, "kind"), code = text_of(item, "item"),
                    name = text_of(item, "name"), path = text_of(item, "path");
        unsigned char content[COURT_HASH_BYTES];
        char expected[COURT_PATH_MAX];
        int64_t size = int_of(item, "size");
        unsigned links = 0;
        bool file = span_eq(kind, SPAN("file"));
        int r;

        k->ret->item = index;
        court_path(expected, index, name);
        if (!json_is_object(item) || !code.p || !name.p || !hash_of(item, "hash", content) ||
            (!file && !span_eq(kind, SPAN("range"))) ||
            (file && (size < 0 || size >= INT64_C(1) << 33 || !span_eq(path, span_str(expected)))))
                return bad(k, COURT_MANIFEST_);
        r = check_links(k, item, content, &links);
        if (r == 0)
                r = file ? check_file(k, expected, (uint64_t)size, content)
                         : check_range(k, item, content);
        if (r != 0)
                return r;
        k->ret->items++;
        k->ret->links += links;
        if (k->o->item)
                k->o->item(k->o->ctx,
                           &(struct court_item){.index = index,
                                                .code = code.p,
                                                .name = name.p,
                                                .path = file ? expected : NULL,
                                                .size = file ? (uint64_t)size : 0,
                                                .first_seq = (uint64_t)int_of(item, "first_seq"),
                                                .last_seq = (uint64_t)int_of(item, "last_seq"),
                                                .links = links,
                                                .hash = text_of(item, "hash").p});
        return 0;
}

static void copy(char *to, size_t room, struct span s) {
        size_t n = MIN(s.len, room - 1);

        if (n)
                memcpy(to, s.p, n);
        to[n] = '\0';
}

static int check_items(struct check *k) {
        const json_t *list, *v;
        struct court_result *ret = k->ret;
        size_t n;

        k->manifest = json_loadb(k->text, k->text_len, JSON_REJECT_DUPLICATES, NULL);
        list = json_object_get(k->manifest, "items");
        if (!json_is_array(list) || json_array_size(list) > COURT_ITEMS_MAX ||
            json_array_size(list) != ret->sign.items ||
            int_of(k->manifest, "export") != (int64_t)ret->sign.number ||
            int_of(k->manifest, "at_ns") != ret->sign.time)
                return bad(k, COURT_MANIFEST_);
        copy(ret->incident, sizeof(ret->incident), text_of(k->manifest, "incident"));
        copy(ret->reason, sizeof(ret->reason), text_of(k->manifest, "reason"));
        copy(ret->proposer, sizeof(ret->proposer), text_of(k->manifest, "requested_by"));
        copy(ret->approver, sizeof(ret->approver), text_of(k->manifest, "approved_by"));
        json_array_foreach(list, n, v) {
                int r = check_item(k, v, (unsigned)n + 1);

                if (r != 0)
                        return r;
        }
        return 0;
}

/* Two blocks of zeros, and nothing else. */
static int check_end(struct check *k) {
        unsigned char end[2 * COURT_BLOCK + 1];
        ssize_t got = k->read(k->ctx, end, sizeof(end));

        if (got < 0)
                return (int)got;
        for (ssize_t i = 0; i < got; i++)
                if (end[i])
                        return bad(k, COURT_FORMAT);
        return got == 2 * COURT_BLOCK ? 0 : bad(k, COURT_FORMAT);
}

static int check_all(struct check *k) {
        char *readme = NULL, *signature = NULL;
        uint64_t n = 0;
        int r = take_member(k, COURT_README, 4096, &readme, &n);

        if (r == 0 && !span_eq(span_of(readme, n), court_readme()))
                r = bad(k, COURT_FORMAT);
        if (r == 0)
                r = take_member(k, COURT_MANIFEST, COURT_MANIFEST_MAX, &k->text, &k->text_len);
        if (r == 0)
                r = take_member(k, COURT_SIGNATURE, 4096, &signature, &n);
        if (r == 0)
                r = check_signature(k, span_of(signature, n));
        if (r == 0)
                r = check_items(k);
        if (r == 0)
                r = check_end(k);
        free(readme);
        free(signature);
        return r;
}

int court_check(court_read *read, void *ctx, const struct court_options *o,
                struct court_result *ret) {
        struct check k = {.read = read, .ctx = ctx, .o = o, .ret = ret};

        *ret = (struct court_result){0};
        int r = check_all(&k);
        free(k.text);
        json_decref(k.manifest);
        return MIN(r, 0);
}

bool court_begins(const unsigned char head[COURT_BLOCK]) {
        unsigned char expected[COURT_BLOCK];

        court_tar_head(expected, COURT_README, court_readme().len);
        return memcmp(head, expected, sizeof(expected)) == 0;
}
