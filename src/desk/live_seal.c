/* Words of red teams, sealed: XChaCha20-Poly1305 by a key of the exercise, which lies in the database as a box that
 * only the vault opens. A copy of the database, or a backup, tells nothing of a weakness that is not mended yet.
 *
 *   LS1. The key is asked of the vault for each call, and wiped after it; nothing of it stays with the desk.
 *   LS2. What is sealed is bound to its row's number: it opens nowhere else.
 *   LS3. 30 days after a finding was signed, its words and files are overwritten with nothing; the key goes when
 *        nothing that is sealed by it is left. */
#include <sodium.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "desk/desk_impl.h"
#include "desk/livefire.h"
#include "wire/vault.h"

#define NONCE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG crypto_aead_xchacha20poly1305_ietf_ABYTES
/* Signed so long ago; or never filed, and the exercise is over so long. */
#define TO_WIPE                                                                                    \
        "wiped IS NULL AND (signed<=?1 OR (state IN ('draft','returned') AND exercise IN (SELECT"  \
        " exercise FROM live_rules WHERE ends<=?1)))"
/* Nothing that it opens is left, and nothing will come any more. */
#define KEY_IDLE                                                                                   \
        "key IS NOT NULL AND ends<=?1 AND NOT EXISTS(SELECT 1 FROM live_finding f WHERE"           \
        " f.exercise=live_rules.exercise AND f.sealed IS NOT NULL)"

_Static_assert(LIVE_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "the key's length");

/* ---- the key ---- */

static int gone(struct api_call *c) {
        return api_refuse(c, 410, "wiped",
                          "its words are gone: 30 days have passed since it was signed",
                          "nội dung đã xoá: quá 30 ngày sau khi ký");
}

int live_key(struct api_call *c, const struct live *l, unsigned char key[LIVE_KEY_BYTES]) {
        const struct msg_vault_answer *said = c->said;
        struct msg_vault_ask m = {.type = VAULT_OPEN, .person = l->id};
        size_t n = 0;

        if (!l->key.len || l->key.len > sizeof(m.box))
                return gone(c);
        if (!said) {
                m.box_len = (uint32_t)l->key.len;
                memcpy(m.box, l->key.p, l->key.len);
                return api_vault(c, &m);
        }
        c->said = NULL;
        if (said->error == -EAGAIN)
                return api_vault_busy(c);
        if (said->error || said->text_len > sizeof(said->text) ||
            sodium_hex2bin(key, LIVE_KEY_BYTES, said->text, said->text_len, NULL, &n, NULL) < 0 ||
            n != LIVE_KEY_BYTES)
                return api_refuse(c, 503, "sealed", "the vault cannot open what was sealed",
                                  "két khoá không mở được nội dung đã niêm phong");
        return 0;
}

int live_new_key(struct api_call *c, int64_t exercise, struct span *ret_box) {
        const struct msg_vault_answer *said = c->said;
        struct msg_vault_ask m = {.type = VAULT_SEAL, .person = exercise};
        unsigned char key[LIVE_KEY_BYTES];
        char hex[LIVE_KEY_BYTES * 2 + 1];

        if (!said) {
                randombytes_buf(key, sizeof(key));
                sodium_bin2hex(hex, sizeof(hex), key, sizeof(key));
                memcpy(m.text, hex, sizeof(hex) - 1);
                m.text_len = sizeof(hex) - 1;
                sodium_memzero(key, sizeof(key));
                sodium_memzero(hex, sizeof(hex));
                int r = api_vault(c, &m);
                sodium_memzero(&m, sizeof(m));
                return r;
        }
        c->said = NULL;
        if (said->error || said->box_len == 0 || said->box_len > sizeof(said->box))
                return api_vault_busy(c);
        *ret_box = arena_dup(c->arena, span_of((const char *)said->box, said->box_len));
        return ret_box->p ? 0 : FAIL(-ENOMEM);
}

/* ---- sealing ---- */

struct span live_seal(struct api_call *c, const unsigned char key[LIVE_KEY_BYTES], int64_t about,
                      struct span text) {
        unsigned char *to = arena_alloc(c->arena, NONCE + text.len + TAG);
        unsigned long long n = 0;

        if (!to)
                return SPAN_NONE;
        randombytes_buf(to, NONCE);
        crypto_aead_xchacha20poly1305_ietf_encrypt(to + NONCE, &n, (const unsigned char *)text.p,
                                                   text.len, (const unsigned char *)&about,
                                                   sizeof(about), NULL, to, key);
        return span_of((const char *)to, NONCE + (size_t)n);
}

struct span live_open(struct api_call *c, const unsigned char key[LIVE_KEY_BYTES], int64_t about,
                      struct span sealed) {
        const unsigned char *from = (const unsigned char *)sealed.p;
        unsigned long long n = 0;

        if (sealed.len < NONCE + TAG)
                return SPAN_NONE;
        unsigned char *to = arena_alloc(c->arena, sealed.len - NONCE);
        if (!to || crypto_aead_xchacha20poly1305_ietf_decrypt(
                           to, &n, NULL, from + NONCE, sealed.len - NONCE,
                           (const unsigned char *)&about, sizeof(about), from, key) < 0)
                return SPAN_NONE;
        return span_of((const char *)to, (size_t)n);
}

json_t *live_words(const unsigned char key[LIVE_KEY_BYTES], int64_t about, struct span sealed) {
        const unsigned char *from = (const unsigned char *)sealed.p;
        unsigned long long n = 0;
        json_t *words = NULL;

        if (sealed.len < NONCE + TAG)
                return NULL;
        unsigned char *to = malloc(sealed.len);
        if (to && crypto_aead_xchacha20poly1305_ietf_decrypt(
                          to, &n, NULL, from + NONCE, sealed.len - NONCE,
                          (const unsigned char *)&about, sizeof(about), from, key) == 0)
                words = json_loadb((const char *)to, (size_t)n, 0, NULL);
        if (to)
                sodium_memzero(to, sealed.len);
        free(to);
        return words;
}

/* Letters and digits alone, without case and accents: "CWE-89" is "cwe 89". */
static void hash_words(crypto_generichash_state *h, struct span s) {
        char *plain = malloc(s.len + 1);
        size_t n = plain ? utf8_plain_to(plain, s) : 0;

        for (size_t i = 0; i < n; i++)
                if ((unsigned char)plain[i] >= 0x80 || (plain[i] >= 'a' && plain[i] <= 'z') ||
                    (plain[i] >= '0' && plain[i] <= '9'))
                        crypto_generichash_update(h, (const unsigned char *)plain + i, 1);
        crypto_generichash_update(h, (const unsigned char *)"", 1);
        free(plain);
}

int64_t live_same(const unsigned char key[LIVE_KEY_BYTES], struct span component,
                  struct span weakness, struct span entry) {
        crypto_generichash_state h;
        unsigned char out[crypto_generichash_BYTES_MIN];
        int64_t v;

        crypto_generichash_init(&h, key, LIVE_KEY_BYTES, sizeof(out));
        hash_words(&h, component);
        hash_words(&h, weakness);
        hash_words(&h, entry);
        crypto_generichash_final(&h, out, sizeof(out));
        memcpy(&v, out, sizeof(v));
        return v;
}

/* ---- its end ---- */

/* Begins a transaction of the desk only when there is something to do. */
int live_tick(struct desk *d, int64_t wall) {
        int64_t before = wall - LIVE_KEPT_NS, any = 0;
        struct sql *db = state_sql(d->state);
        int r = sql_get_int(db, &any,
                            "SELECT EXISTS(SELECT 1 FROM live_finding WHERE " TO_WIPE
                            ") OR EXISTS(SELECT 1 FROM live_rules WHERE " KEY_IDLE ")",
                            "i", before);

        if (r != 1 || !any)
                return MIN(r, 0);
        r = desk_begin(d);
        if (r == 0)
                r = sql_do(db,
                           "DELETE FROM live_file WHERE finding IN (SELECT id FROM live_finding"
                           " WHERE " TO_WIPE ")",
                           "i", before);
        if (r == 0)
                r = sql_do(db,
                           "UPDATE live_event SET text='' WHERE finding IN (SELECT id FROM"
                           " live_finding WHERE " TO_WIPE ")",
                           "i", before);
        if (r == 0)
                r = sql_do(db,
                           "UPDATE live_finding SET sealed=NULL, v_text=NULL, appeal=NULL,"
                           " appeal_answer=NULL, wiped=?2 WHERE " TO_WIPE,
                           "ii", before, wall);
        if (r == 0)
                r = sql_do(db,
                           "UPDATE live_activity SET source='', account='', text='' WHERE text<>''"
                           " AND exercise IN (SELECT exercise FROM live_rules WHERE " KEY_IDLE ")",
                           "i", before);
        if (r == 0)
                r = sql_do(db, "UPDATE live_rules SET key=NULL WHERE " KEY_IDLE, "i", before);
        return r;
}
