/* See file_sign.h. Reading takes only what file_sign_text() writes: one text for one signature. */
#include "wire/file_sign.h"

#include <string.h>

#include "base/timestamp.h"

static const char first[] = "coloa signature 1\n";

void file_sign_make(struct file_sign *ret, struct span what, int64_t time,
                    const unsigned char hash[32]) {
        memset(ret, 0, sizeof(*ret));
        memcpy(ret->name, FILE_SIGN_NAME, sizeof(FILE_SIGN_NAME));
        ret->time = time - time % NS_PER_SEC;
        for (size_t i = 0; i < what.len && i + 1 < sizeof(ret->what); i++)
                ret->what[i] = (char)(what.p[i] >= ' ' && what.p[i] <= '~' ? what.p[i] : '?');
        memcpy(ret->hash, hash, 32);
}

static void hex_line(struct buf *to, const char *name, const unsigned char *p, size_t n) {
        static const char digits[] = "0123456789abcdef";

        buf_printf(to, "%s: ", name);
        for (size_t i = 0; i < n; i++) {
                buf_char(to, digits[p[i] >> 4]);
                buf_char(to, digits[p[i] & 15]);
        }
        buf_char(to, '\n');
}

void file_sign_text(struct buf *to, const struct file_sign *f, const struct file_signed *s) {
        char time[40];

        time[time_format(time, f->time, 0)] = '\0';
        buf_printf(to, "%swhat: %s\ntime: %s\n", first, f->what, time);
        hex_line(to, "blake2b-256", f->hash, sizeof(f->hash));
        hex_line(to, "key", s->public_key, sizeof(s->public_key));
        hex_line(to, "ed25519", s->signature, sizeof(s->signature));
}

/* "NAME: VALUE\n" off the front. */
static bool line(struct span *text, const char *name, struct span *ret) {
        size_t n = strlen(name);
        const char *end = memchr(text->p, '\n', text->len);

        if (!end || text->len < n + 2 || memcmp(text->p, name, n) != 0 ||
            memcmp(text->p + n, ": ", 2) != 0 || (size_t)(end - text->p) < n + 2)
                return false;
        *ret = span_of(text->p + n + 2, (size_t)(end - text->p) - n - 2);
        *text = span_of(end + 1, text->len - (size_t)(end + 1 - text->p));
        return true;
}

static int digit(char c) {
        return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool hex(struct span s, unsigned char *to, size_t n) {
        if (s.len != 2 * n)
                return false;
        for (size_t i = 0; i < n; i++) {
                int high = digit(s.p[2 * i]), low = digit(s.p[2 * i + 1]);

                if (high < 0 || low < 0)
                        return false;
                to[i] = (unsigned char)(high << 4 | low);
        }
        return true;
}

int file_sign_read(struct span text, struct file_sign *f, struct file_signed *s) {
        _cleanup_(buf_deinit) struct buf again = {.limit = FILE_SIGN_TEXT_MAX};
        struct span all = text, what, time, hash, key, signature;
        unsigned char digest[32];

        if (text.len > FILE_SIGN_TEXT_MAX || text.len < sizeof(first) - 1 ||
            memcmp(text.p, first, sizeof(first) - 1) != 0)
                return -EBADMSG;
        text = span_of(text.p + sizeof(first) - 1, text.len - (sizeof(first) - 1));
        if (!line(&text, "what", &what) || !line(&text, "time", &time) ||
            !line(&text, "blake2b-256", &hash) || !line(&text, "key", &key) ||
            !line(&text, "ed25519", &signature) || !hex(hash, digest, sizeof(digest)) ||
            !hex(key, s->public_key, sizeof(s->public_key)) ||
            !hex(signature, s->signature, sizeof(s->signature)))
                return -EBADMSG;
        int64_t ns = time_parse_iso(time, 0);
        if (ns == TIME_NONE)
                return -EBADMSG;
        file_sign_make(f, what, ns, digest);
        file_sign_text(&again, f, s);
        return span_eq(buf_get(&again), all) ? 0 : -EBADMSG;
}
