/* See shadow.h. A line: login:hash:changed:min:max:warn:inactive:expire:reserved. */
#include "act/shadow.h"

#define FIELDS 9u
#define HASH 1u
#define EXPIRE 7u
#define ENDED SPAN("1") /* days since 1970 */

/* `was`. */
struct before {
        uint8_t locked; /* the '!' was there already */
        uint8_t expire_len, reserved[6];
        char expire[8]; /* as it stood */
};
static_assert(sizeof(struct before) == ORDER_WAS_BYTES, "what a ledger keeps of an account");

struct line {
        size_t at, len; /* without its end */
        struct span fields[FIELDS];
};

static bool split(struct span line, struct line *ret) {
        unsigned n = 0;
        size_t from = 0;

        for (size_t i = 0; i <= line.len; i++) {
                if (i < line.len && line.p[i] != ':')
                        continue;
                if (n == FIELDS)
                        return false;
                ret->fields[n++] = span_of(line.p + from, i - from);
                from = i + 1;
        }
        return n == FIELDS;
}

/* The first line of that login: who reads the file takes that one too. */
static int find(struct span file, struct span login, struct line *ret) {
        for (size_t at = 0; at < file.len && login.len;) {
                const char *nl = memchr(file.p + at, '\n', file.len - at);
                size_t len = nl ? (size_t)(nl - file.p) - at : file.len - at;

                if (len > login.len && file.p[at + login.len] == ':' &&
                    memcmp(file.p + at, login.p, login.len) == 0) {
                        *ret = (struct line){.at = at, .len = len};
                        return split(span_of(file.p + at, len), ret) ? 0 : SHADOW_E_ODD;
                }
                at += len + 1;
        }
        return SHADOW_E_MISSING;
}

/* The file with two fields of that line changed. */
static int rewrite(struct span file, const struct line *l, const char *mark, struct span hash,
                   struct span expire, struct buf *to) {
        buf_add(to, file.p, l->at);
        for (unsigned i = 0; i < FIELDS; i++) {
                if (i)
                        buf_char(to, ':');
                if (i == HASH)
                        buf_str(to, mark);
                buf_span(to, i == HASH ? hash : i == EXPIRE ? expire : l->fields[i]);
        }
        buf_add(to, file.p + l->at + l->len, file.len - l->at - l->len);
        return to->failed ? FAIL(-ENOMEM) : 0;
}

static bool is_locked(const struct line *l) {
        return l->fields[HASH].len && l->fields[HASH].p[0] == '!';
}

int shadow_lock(struct span file, struct span login, unsigned char was[ORDER_WAS_BYTES],
                struct buf *to) {
        struct before b = {0};
        struct line l;
        int r = find(file, login, &l);

        if (r != 0)
                return r;
        if (l.fields[EXPIRE].len > sizeof(b.expire))
                return SHADOW_E_ODD;
        b.locked = is_locked(&l);
        b.expire_len = (uint8_t)l.fields[EXPIRE].len;
        memcpy(b.expire, l.fields[EXPIRE].p, l.fields[EXPIRE].len);
        memcpy(was, &b, sizeof(b));
        return rewrite(file, &l, b.locked ? "" : "!", l.fields[HASH], ENDED, to);
}

int shadow_lock_again(struct span file, struct span login, struct buf *to) {
        struct line l;
        int r = find(file, login, &l);

        return r ? r : rewrite(file, &l, is_locked(&l) ? "" : "!", l.fields[HASH], ENDED, to);
}

int shadow_unlock(struct span file, struct span login, const unsigned char was[ORDER_WAS_BYTES],
                  struct buf *to) {
        struct before b;
        struct line l;
        int r = find(file, login, &l);

        if (r != 0)
                return r;
        memcpy(&b, was, sizeof(b));
        if (b.expire_len > sizeof(b.expire))
                return SHADOW_E_ODD;
        struct span hash = l.fields[HASH], expire = l.fields[EXPIRE]; /* W2 */
        if (!b.locked && is_locked(&l))
                hash = span_of(hash.p + 1, hash.len - 1);
        if (span_eq(expire, ENDED))
                expire = span_of(b.expire, b.expire_len);
        return rewrite(file, &l, "", hash, expire, to);
}

int shadow_uid(struct span passwd, struct span login, uint32_t *ret) {
        uint64_t uid = 0;
        size_t i;

        for (size_t at = 0; at < passwd.len && login.len;) {
                const char *nl = memchr(passwd.p + at, '\n', passwd.len - at);
                struct span s =
                        span_of(passwd.p + at, nl ? (size_t)(nl - passwd.p) - at : passwd.len - at);

                at += s.len + 1;
                if (s.len <= login.len || s.p[login.len] != ':' ||
                    memcmp(s.p, login.p, login.len) != 0)
                        continue;
                const char *second = memchr(s.p + login.len + 1, ':', s.len - login.len - 1);
                i = second ? (size_t)(second - s.p) + 1 : s.len;
                size_t from = i;
                for (; i < s.len && s.p[i] >= '0' && s.p[i] <= '9' && i - from < 10; i++)
                        uid = uid * 10 + (uint64_t)(s.p[i] - '0');
                if (i == from || i >= s.len || s.p[i] != ':' || uid > UINT32_MAX)
                        return SHADOW_E_ODD;
                *ret = (uint32_t)uid;
                return 0;
        }
        return SHADOW_E_MISSING;
}
