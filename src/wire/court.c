/* See court.h: the hashes of a chain of custody, heads of tar entries, the text of a signature. */
#include "wire/court.h"

#include <sodium.h>
#include <stdio.h>

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

void court_link_hash(unsigned char to[COURT_HASH_BYTES],
                     const unsigned char before[COURT_HASH_BYTES], const struct court_link *l) {
        const struct span texts[] = {l->item, l->what, l->by, l->to, l->reason, l->from};
        crypto_generichash_state h;

        crypto_generichash_init(&h, NULL, 0, COURT_HASH_BYTES);
        crypto_generichash_update(&h, before, COURT_HASH_BYTES);
        add_int(&h, (uint64_t)l->n, 8);
        add_int(&h, (uint64_t)l->at, 8);
        crypto_generichash_update(&h, l->content, COURT_HASH_BYTES);
        for (size_t i = 0; i < ARRAY_LEN(texts); i++)
                add_text(&h, texts[i]);
        crypto_generichash_final(&h, to, COURT_HASH_BYTES);
}

void court_range_hash(unsigned char to[COURT_HASH_BYTES], uint64_t first, uint64_t last,
                      struct span query) {
        crypto_generichash_state h;

        crypto_generichash_init(&h, NULL, 0, COURT_HASH_BYTES);
        add_text(&h, SPAN("coloa-range-1"));
        add_int(&h, first, 8);
        add_int(&h, last, 8);
        add_text(&h, query);
        crypto_generichash_final(&h, to, COURT_HASH_BYTES);
}

static bool harmless(char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '.' || c == '-' || c == '_';
}

void court_path(char to[COURT_PATH_MAX], unsigned index, struct span name) {
        size_t n = (size_t)snprintf(to, COURT_PATH_MAX, "files/%04u-", index);

        for (size_t i = 0; i < name.len && n < COURT_PATH_MAX - 1; i++)
                to[n++] = harmless(name.p[i]) ? name.p[i] : '_';
        to[n] = '\0';
}

static void octal(unsigned char *to, unsigned digits, uint64_t v) {
        for (unsigned i = digits; i-- > 0; v >>= 3)
                to[i] = (unsigned char)('0' + (v & 7));
}

void court_tar_head(unsigned char to[COURT_BLOCK], const char *path, uint64_t size) {
        unsigned sum = 0;

        assert(strlen(path) < 100 && size < (uint64_t)1 << 33);
        memset(to, 0, COURT_BLOCK);
        memcpy(to, path, strlen(path));
        memcpy(to + 100, "0000400", 7); /* read by the owner */
        memcpy(to + 108, "0000000", 7);
        memcpy(to + 116, "0000000", 7);
        octal(to + 124, 11, size);
        memcpy(to + 136, "00000000000", 11); /* no time: it is in the manifest */
        memset(to + 148, ' ', 8);
        to[156] = '0';
        memcpy(to + 257, "ustar", 6);
        memcpy(to + 263, "00", 2);
        for (unsigned i = 0; i < COURT_BLOCK; i++)
                sum += to[i];
        octal(to + 148, 6, sum);
        to[154] = '\0';
}

struct span court_readme(void) {
        return SPAN("Sealed evidence of a Coloa node / Chứng cứ niêm phong của một nút Coloa\n"
                    "\n"
                    "MANIFEST.json names every item, its BLAKE2b-256 and its chain of custody; "
                    "SIGNATURE is an\n"
                    "Ed25519 signature over it by the node's key, made when two people had agreed. "
                    "To check all of\n"
                    "this file, on any machine:  coloa verify --key PUBLIC_KEY FILE.tar\n"
                    "\n"
                    "MANIFEST.json nêu từng mục, mã băm BLAKE2b-256 và chuỗi lưu giữ của nó; "
                    "SIGNATURE là chữ ký\n"
                    "Ed25519 bằng khóa của nút, lập khi hai người đã đồng ý. Để kiểm tra toàn bộ "
                    "tệp, trên bất kỳ\n"
                    "máy nào:  coloa verify --key KHÓA_CÔNG_KHAI TỆP.tar\n");
}

static void add_hex(struct buf *to, const void *p, size_t n) {
        for (size_t i = 0; i < n; i++)
                buf_printf(to, "%02x", ((const unsigned char *)p)[i]);
        buf_char(to, '\n');
}

void court_signature_text(struct buf *to, const struct court_sign *s,
                          const struct court_signed *g) {
        buf_str(to, COURT_NAME "\n");
        add_hex(to, s, sizeof(*s));
        add_hex(to, g->signature, sizeof(g->signature));
        add_hex(to, g->public_key, sizeof(g->public_key));
}
