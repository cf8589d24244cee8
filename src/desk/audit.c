/* The audit log: append-only, each entry's hash over the one before and its own content, so that
 * nobody can change, insert or leave out an entry without changing all hashes behind it. The last
 * hash is what the vault signs (heads.c). The bytes that are hashed are in doc/state.md. */
#include <sodium.h>

#include "desk/state_impl.h"

static void add_int(crypto_generichash_state *h, uint64_t v, unsigned bytes) {
        unsigned char le[8];

        for (unsigned i = 0; i < bytes; i++)
                le[i] = (unsigned char)(v >> (8 * i));
        crypto_generichash_update(h, le, bytes);
}

static void add_text(crypto_generichash_state *h, struct span s) {
        add_int(h, s.len, 4);
        crypto_generichash_update(h, (const unsigned char *)(s.p ? s.p : ""), s.len);
}

static void entry_hash(unsigned char to[AUDIT_HASH_BYTES],
                       const unsigned char before[AUDIT_HASH_BYTES], int64_t n, int64_t time,
                       const struct span texts[4]) {
        crypto_generichash_state h;

        crypto_generichash_init(&h, NULL, 0, AUDIT_HASH_BYTES);
        crypto_generichash_update(&h, before, AUDIT_HASH_BYTES);
        add_int(&h, (uint64_t)n, 8);
        add_int(&h, (uint64_t)time, 8);
        for (unsigned i = 0; i < 4; i++)
                add_text(&h, texts[i]);
        crypto_generichash_final(&h, to, AUDIT_HASH_BYTES);
}

int state_audit_last(struct state *s, int64_t *ret_n, unsigned char ret[AUDIT_HASH_BYTES]) {
        int r = state_bind(s, Q_LAST_AUDIT, "");

        *ret_n = 0;
        memset(ret, 0, AUDIT_HASH_BYTES);
        if (r == 0)
                r = state_step(s, Q_LAST_AUDIT);
        if (r != 1)
                return r;
        struct span hash = col_span(s, Q_LAST_AUDIT, 1);
        *ret_n = col_int(s, Q_LAST_AUDIT, 0);
        r = hash.len == AUDIT_HASH_BYTES ? 0 : FAIL(-EBADMSG);
        if (r == 0)
                memcpy(ret, hash.p, AUDIT_HASH_BYTES);
        state_reset(s, Q_LAST_AUDIT);
        return r;
}

int state_audit(struct state *s, int64_t time, const char *who, const char *what, struct span about,
                struct span detail) {
        const struct span texts[4] = {span_str(who), span_str(what), about, detail};
        unsigned char before[AUDIT_HASH_BYTES], hash[AUDIT_HASH_BYTES];
        int64_t n;
        int r = state_audit_last(s, &n, before);

        if (r < 0)
                return r;
        n++;
        entry_hash(hash, before, n, time, texts);
        return state_do(s, Q_AUDIT, "iittttb", n, time, texts[0], texts[1], texts[2], texts[3],
                        span_of((const char *)hash, sizeof(hash)));
}

int state_audit_walk(struct state *s, state_audit_each *each, void *ctx, uint64_t *ret_n,
                     uint64_t *ret_bad) {
        unsigned char before[AUDIT_HASH_BYTES] = {0}, hash[AUDIT_HASH_BYTES];
        int r = state_bind(s, Q_AUDITS, "");
        int64_t n = 0;

        *ret_bad = 0;
        while (r == 0 && (r = state_step(s, Q_AUDITS)) == 1) {
                const struct span texts[4] = {col_span(s, Q_AUDITS, 2), col_span(s, Q_AUDITS, 3),
                                              col_span(s, Q_AUDITS, 4), col_span(s, Q_AUDITS, 5)};
                struct span said = col_span(s, Q_AUDITS, 6);

                entry_hash(hash, before, ++n, col_int(s, Q_AUDITS, 1), texts);
                if (col_int(s, Q_AUDITS, 0) != n ||
                    !span_eq(said, span_of((const char *)hash, sizeof(hash)))) {
                        *ret_bad = (uint64_t)n;
                        state_reset(s, Q_AUDITS);
                        return -EBADMSG;
                }
                memcpy(before, hash, sizeof(before));
                r = each ? each(ctx, (uint64_t)n, hash) : 0;
                if (r < 0)
                        state_reset(s, Q_AUDITS);
        }
        *ret_n = (uint64_t)n;
        return r;
}

int state_audit_check(struct state *s, uint64_t *ret_n, uint64_t *ret_bad) {
        return state_audit_walk(s, NULL, NULL, ret_n, ret_bad);
}

/* A state that no desk of this version opened has no table of heads. */
int state_has_heads(struct state *s) {
        int r = state_bind(s, Q_HAS_HEADS, "");

        if (r == 0)
                r = state_step(s, Q_HAS_HEADS);
        if (r == 1)
                state_reset(s, Q_HAS_HEADS);
        return r;
}

int state_next_head(struct state *s, bool *begun, struct audit_signed *ret) {
        int r = *begun ? 0 : state_bind(s, Q_HEADS, "");

        *begun = true;
        if (r == 0)
                r = state_step(s, Q_HEADS);
        if (r != 1)
                return r;
        struct span said = col_span(s, Q_HEADS, 0);
        memset(ret, 0, sizeof(*ret));
        if (said.len == sizeof(*ret))
                memcpy(ret, said.p, sizeof(*ret));
        return 1;
}
