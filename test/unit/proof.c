/* store/proof, store/envelope, store/seqset, store/hold: what is exported proves itself, and no byte of it can be
 * changed, left out or added unseen. */
#include <sodium.h>

#include "base/buf.h"
#include "store/db.h"
#include "store/envelope.h"
#include "store/hold.h"
#include "store/proof.h"
#include "store/tail.h"
#include "store_data.h"

static char dir[] = "/tmp/coloa-proof-XXXXXX";
static unsigned char secret[64], public_key[32];

struct memory {
        struct buf b;
        size_t at;
};

static int put(void *ctx, const void *p, size_t n) {
        struct memory *m = ctx;

        buf_add(&m->b, p, n);
        return m->b.failed ? -ENOMEM : 0;
}

static ssize_t take(void *ctx, void *to, size_t n) {
        struct memory *m = ctx;
        size_t k = MIN(n, m->b.len - m->at);

        memcpy(to, m->b.p + m->at, k);
        m->at += k;
        return (ssize_t)k;
}

/* A store of five blocks, a head over the second and the fourth; the fifth is under none. */
static void make_store(void) {
        struct store *s = NULL;
        const char *what;
        uint64_t seq = 1;

        check(store_open(&s, dir, &what) == 0);
        for (unsigned i = 0; i < 5; i++) {
                struct sealed_view v = test_batch(seq, 4, 60, TEST_TIME + i);
                unsigned char signature[64];
                struct head h;
                check(store_take(s, &v) == 0 && store_commit(s) == 0 && store_seal(s, true) == 0);
                seq += 4;
                if (i % 2 == 0)
                        continue;
                check(store_head(s, TEST_TIME, &h));
                crypto_sign_detached(signature, NULL, (const unsigned char *)&h, sizeof(h), secret);
                check(store_signed(s, &h, signature, public_key) == 0);
        }
        store_free(s);
}

static uint64_t export(struct memory *m, uint64_t from, uint64_t to) {
        struct seqset set;
        struct proof *p = NULL;
        struct export_sign s;
        unsigned char signature[64];
        uint64_t left;

        seqset_init(&set);
        check(seqset_add(&set, from, to) == 0);
        check(proof_new(&p, put, m, SPAN("incident=1\n")) == 0);
        check(proof_from_store(p, dir, &set, &left) == 0);
        proof_sum(p, TEST_TIME, &s);
        crypto_sign_detached(signature, NULL, (const unsigned char *)&s, sizeof(s), secret);
        check(proof_end(p, &s, signature, public_key) == 0);
        proof_free(p);
        seqset_deinit(&set);
        return left;
}

static enum proof_problem problem_of(struct memory *m, struct proof_result *ret) {
        struct proof_options o = {.key = public_key};

        m->at = 0;
        check_int(proof_check(take, m, &o, ret), 0);
        return ret->problem;
}

static void proves_itself(void) {
        struct proof_result r;
        static const struct {
                uint64_t from, to, left, records, links;
        } cases[] = {
                {1, 5, 0, 4, 1},   {5, 9, 0, 4, 0},   {3, 4, 0, 4, 1},   {9, 10, 0, 4, 1},
                {1, 17, 0, 16, 0}, {1, 21, 4, 16, 0}, {17, 21, 4, 0, 0}, {2, 11, 0, 12, 1},
        };

        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                struct memory m = {0};
                check_int(export(&m, cases[i].from, cases[i].to), cases[i].left);
                check_int(problem_of(&m, &r), PROOF_GOOD);
                check_int(r.records, cases[i].records);
                check_int(r.links, cases[i].links);
                check_span(span_str(r.text), "incident=1\n");
                buf_deinit(&m.b);
        }
}

static void every_byte_counts(void) {
        struct memory m = {0};
        struct proof_result r;

        export(&m, 1, 17);
        for (size_t i = 0; i < m.b.len; i++)
                for (unsigned bit = 0; bit < 8; bit++) {
                        m.b.p[i] ^= (char)(1u << bit);
                        check(problem_of(&m, &r) != PROOF_GOOD);
                        m.b.p[i] ^= (char)(1u << bit);
                }
        size_t whole = m.b.len;
        for (m.b.len = 0; m.b.len < whole; m.b.len++)
                check(problem_of(&m, &r) != PROOF_GOOD);
        buf_char(&m.b, '\0');
        check(problem_of(&m, &r) == PROOF_FORMAT);
        m.b.len = whole;
        check_int(problem_of(&m, &r), PROOF_GOOD);
        unsigned char other[32] = {1};
        struct proof_options o = {.key = other};
        m.at = 0;
        check(proof_check(take, &m, &o, &r) == 0 && r.problem == PROOF_KEY);
        buf_deinit(&m.b);
}

/* Whoever has the exporting key, and not the heads', cannot make a proof of other frames: pieces that do not
 * hang together are found below a last signature that is good. */
static void the_last_signature_is_not_enough(void) {
        struct memory m = {0}, forged = {0};
        struct proof_result r;
        struct export_sign s;
        unsigned char signature[64], both[96];
        struct proof_piece_head end = {PIECE_END, sizeof(s) + 96};
        size_t body;

        export(&m, 1, 9);
        body = m.b.len - sizeof(end) - sizeof(s) - 96;
        memcpy(&s, m.b.p + body + sizeof(end), sizeof(s));
        for (size_t i = sizeof(PROOF_MAGIC) - 1; i < body; i += 3) {
                buf_reset(&forged.b);
                buf_add(&forged.b, m.b.p, body);
                forged.b.p[i] ^= 4;
                crypto_generichash(s.hash, sizeof(s.hash), (unsigned char *)forged.b.p, body, NULL,
                                   0);
                crypto_sign_detached(signature, NULL, (const unsigned char *)&s, sizeof(s), secret);
                memcpy(both, signature, 64);
                memcpy(both + 64, public_key, 32);
                buf_add(&forged.b, &end, sizeof(end));
                buf_add(&forged.b, &s, sizeof(s));
                buf_add(&forged.b, both, sizeof(both));
                /* Only the text of who and why stands under the last signature alone. */
                bool text = i >= sizeof(PROOF_MAGIC) - 1 + sizeof(end) &&
                            i < sizeof(PROOF_MAGIC) - 1 + sizeof(end) + strlen("incident=1\n");
                check((problem_of(&forged, &r) == PROOF_GOOD) == text);
        }
        buf_deinit(&m.b);
        buf_deinit(&forged.b);
}

static void envelopes_open_for_one(void) {
        unsigned char to[32], from[32], other[32], other_secret[32];
        struct memory m = {0};
        struct envelope_writer *w = NULL;
        struct envelope_reader *e = NULL;
        static char big[150000], back[150001];

        crypto_box_keypair(to, from);
        crypto_box_keypair(other, other_secret);
        randombytes_buf(big, sizeof(big));
        check(envelope_new(&w, to, put, &m) == 0);
        check(envelope_put(w, big, 1) == 0 && envelope_put(w, big + 1, sizeof(big) - 1) == 0);
        check(envelope_end(w) == 0);
        envelope_free(w);
        m.at = 8;
        check_int(envelope_open(&e, other, other_secret, take, &m), -EBADMSG);
        m.at = 8;
        check(envelope_open(&e, to, from, take, &m) == 0);
        check_int(envelope_get(e, back, sizeof(back)), sizeof(big));
        check(memcmp(back, big, sizeof(big)) == 0);
        e = envelope_close(e);
        for (size_t i = 8; i < m.b.len; i += i < 2000 ? 1 : 997) {
                m.b.p[i] ^= 16;
                m.at = 8;
                int r = envelope_open(&e, to, from, take, &m);
                if (r == 0)
                        r = (int)envelope_get(e, back, sizeof(back));
                check_int(r, -EBADMSG);
                e = envelope_close(e);
                m.b.p[i] ^= 16;
        }
        buf_deinit(&m.b);
}

static void sets_of_numbers(void) {
        struct seqset s;

        seqset_init(&s);
        check(seqset_add(&s, 5, 8) == 0 && seqset_add(&s, 8, 9) == 0 && s.n == 1);
        check(seqset_add(&s, 20, 22) == 0 && seqset_add(&s, 1, 3) == 0 &&
              seqset_add(&s, 2, 6) == 0);
        seqset_settle(&s);
        check_int(s.n, 2);
        check(s.list[0].from == 1 && s.list[0].to == 9 && s.list[1].from == 20);
        check(seqset_meets(&s, 8, 10) && !seqset_meets(&s, 9, 20) && seqset_meets(&s, 0, 2));
        check_int(seqset_count(&s, 0, 100), 10);
        check_int(seqset_count(&s, 8, 21), 2);
        check_int(seqset_count(&s, 9, 20), 0);
        seqset_deinit(&s);
}

static void holds_have_names(void) {
        struct keep_hold h = {.name = "a",
                              .owner = "an",
                              .reason = "x",
                              .first = 1,
                              .end = 3,
                              .until = INT64_MAX};
        char path[200];
        struct tail t;

        snprintf(path, sizeof(path), "%s/" TAIL_NAME, dir);
        check(tail_open(&t, path, false) == 0);
        check_int(hold_add(t.db, &h, 1), 0);
        check_int(hold_add(t.db, &h, 1), -EEXIST);
        check_int(hold_release(t.db, "b"), -ENOENT);
        check_int(hold_release(t.db, "a"), 0);
        check_int(hold_release(t.db, "a"), -ENOENT);
        check_int(hold_add(t.db, &h, 1), 0);
        tail_close(&t);
        check(keep_hold_good(&h, KEEP_HOLD));
        memset(h.name, 'x', sizeof(h.name));
        check(!keep_hold_good(&h, KEEP_HOLD) && !keep_hold_good(&h, KEEP_RELEASE));
}

int main(void) {
        if (sodium_init() < 0 || !mkdtemp(dir))
                return 1;
        crypto_sign_keypair(public_key, secret);
        RUN(make_store);
        RUN(proves_itself);
        RUN(every_byte_counts);
        RUN(the_last_signature_is_not_enough);
        RUN(envelopes_open_for_one);
        RUN(sets_of_numbers);
        RUN(holds_have_names);
        test_tools_free();
        os_remove_tree(dir);
        return check_done();
}
