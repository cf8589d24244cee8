/* See ldap.h. BER as LDAP has it: a byte of type, a length (one byte below 128, else its count of bytes and
 * they), then the content. We write lengths of three bytes everywhere, so that they can be filled in
 * afterwards; who reads takes any. */
#include "courier/ldap.h"

enum {
        BOOLEAN = 0x01,
        INTEGER = 0x02,
        OCTETS = 0x04,
        ENUMERATED = 0x0a,
        SEQUENCE = 0x30,
        SET = 0x31,
        BIND = 0x60,
        UNBIND = 0x42,
        SEARCH = 0x63,
        MODIFY = 0x66,
        EXTENDED = 0x77,
        SIMPLE = 0x80,
        AND = 0xa0,
        EQUAL = 0xa3,
};

/* ---- writing ---- */

static size_t begin(struct buf *b, unsigned type) {
        static const char length[3] = {(char)0x82};

        buf_char(b, (char)type);
        buf_add(b, length, sizeof(length));
        return b->len;
}

static void end(struct buf *b, size_t at) {
        if (b->failed || b->len - at > UINT16_MAX) {
                b->failed = true;
                return;
        }
        b->p[at - 2] = (char)((b->len - at) >> 8);
        b->p[at - 1] = (char)(b->len - at);
}

static void octets(struct buf *b, unsigned type, struct span s) {
        size_t at = begin(b, type);

        buf_span(b, s);
        end(b, at);
}

static void number(struct buf *b, unsigned type, uint32_t v) {
        unsigned n = v < 0x80 ? 1 : v < 0x8000 ? 2 : v < 0x800000 ? 3 : v < 0x80000000u ? 4 : 5;

        buf_char(b, (char)type);
        buf_char(b, (char)n);
        for (; n; n--)
                buf_char(b, n > 4 ? '\0' : (char)(v >> (8 * (n - 1))));
}

static bool good(struct span s) {
        return s.len <= LDAP_TEXT_MAX;
}

static int done(const struct buf *b) {
        return b->failed ? FAIL(-ENOMEM) : 0;
}

int ldap_bind(struct buf *to, uint32_t id, struct span dn, struct span password) {
        if (!dn.len || !password.len || !good(dn) || !good(password)) /* D2 */
                return -EINVAL;
        size_t all = begin(to, SEQUENCE);
        number(to, INTEGER, id);
        size_t op = begin(to, BIND);
        number(to, INTEGER, 3);
        octets(to, OCTETS, dn);
        octets(to, SIMPLE, password);
        end(to, op);
        end(to, all);
        return done(to);
}

int ldap_starttls(struct buf *to, uint32_t id) {
        size_t all = begin(to, SEQUENCE);

        number(to, INTEGER, id);
        size_t op = begin(to, EXTENDED);
        octets(to, SIMPLE, SPAN("1.3.6.1.4.1.1466.20037"));
        end(to, op);
        end(to, all);
        return done(to);
}

static void equal(struct buf *to, struct span attribute, struct span value) {
        size_t at = begin(to, EQUAL);

        octets(to, OCTETS, attribute);
        octets(to, OCTETS, value);
        end(to, at);
}

int ldap_search(struct buf *to, uint32_t id, struct span base, struct span class,
                struct span attribute, struct span value, struct span want) {
        if (!good(base) || !good(class) || !good(attribute) || !good(value) || !good(want) ||
            !attribute.len || !value.len)
                return -EINVAL;
        size_t all = begin(to, SEQUENCE);
        number(to, INTEGER, id);
        size_t op = begin(to, SEARCH);
        octets(to, OCTETS, base);
        number(to, ENUMERATED, 2); /* the whole tree below */
        number(to, ENUMERATED, 0); /* aliases are not followed */
        number(to, INTEGER, 2);
        number(to, INTEGER, 10);
        number(to, BOOLEAN, 0);
        if (class.len) {
                size_t both = begin(to, AND);

                equal(to, SPAN("objectClass"), class);
                equal(to, attribute, value);
                end(to, both);
        } else {
                equal(to, attribute, value);
        }
        size_t list = begin(to, SEQUENCE);
        octets(to, OCTETS, want);
        end(to, list);
        end(to, op);
        end(to, all);
        return done(to);
}

int ldap_replace(struct buf *to, uint32_t id, struct span dn, struct span attribute,
                 struct span value) {
        if (!dn.len || !good(dn) || !attribute.len || !good(attribute) || !good(value))
                return -EINVAL;
        size_t all = begin(to, SEQUENCE);
        number(to, INTEGER, id);
        size_t op = begin(to, MODIFY);
        octets(to, OCTETS, dn);
        size_t changes = begin(to, SEQUENCE), change = begin(to, SEQUENCE);
        number(to, ENUMERATED, 2);
        size_t one = begin(to, SEQUENCE);
        octets(to, OCTETS, attribute);
        size_t values = begin(to, SET);
        if (value.len)
                octets(to, OCTETS, value);
        end(to, values);
        end(to, one);
        end(to, change);
        end(to, changes);
        end(to, op);
        end(to, all);
        return done(to);
}

void ldap_unbind(struct buf *to, uint32_t id) {
        size_t all = begin(to, SEQUENCE);

        number(to, INTEGER, id);
        buf_char(to, (char)UNBIND);
        buf_char(to, '\0');
        end(to, all);
}

/* All but letters, digits and the like as \XX: more than RFC 4514 asks for, and never less. */
int ldap_dn_of(struct buf *to, struct span template, struct span login) {
        static const char place[] = "{login}";
        const char *at = memmem(template.p, template.len, place, sizeof(place) - 1);
        size_t before = to->len;

        if (!at || !login.len)
                return -EINVAL;
        buf_add(to, template.p, (size_t)(at - template.p));
        for (size_t i = 0; i < login.len; i++) {
                unsigned char c = (unsigned char)login.p[i];
                bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                             (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';

                if (plain)
                        buf_char(to, (char)c);
                else
                        buf_printf(to, "\\%02x", c);
        }
        at += sizeof(place) - 1;
        buf_add(to, at, (size_t)(template.p + template.len - at));
        if (to->failed)
                return FAIL(-ENOMEM);
        return to->len - before > LDAP_TEXT_MAX ? -EINVAL : 0;
}

/* ---- reading ---- */

struct reader {
        const unsigned char *p;
        size_t at, end;
};

/* The next piece's type and content, which it steps over. 1; 0: not all of it is there; -EBADMSG. */
static int next(struct reader *r, unsigned *ret_type, struct span *ret) {
        size_t at = r->at, len, more;

        if (r->end - at < 2)
                return 0;
        *ret_type = r->p[at++];
        len = r->p[at++];
        if (len >= 0x80) {
                more = len & 0x7f;
                if (more == 0 || more > 4)
                        return -EBADMSG;
                if (r->end - at < more)
                        return 0;
                for (len = 0; more; more--)
                        len = len << 8 | r->p[at++];
                if (len > LDAP_BYTES_MAX)
                        return -EBADMSG;
        }
        if (r->end - at < len)
                return 0;
        *ret = span_of((const char *)r->p + at, len);
        r->at = at + len;
        return 1;
}

/* Within a message that is all there: what is missing is wrong. */
static int inner(struct reader *r, unsigned type, struct span *ret) {
        unsigned got = 0;

        return next(r, &got, ret) == 1 && got == type ? 0 : -EBADMSG;
}

static struct reader into(struct span s) {
        return (struct reader){(const unsigned char *)s.p, 0, s.len};
}

static int read_number(struct reader *r, unsigned type, uint32_t *ret) {
        struct span s;
        uint32_t v = 0;

        if (inner(r, type, &s) < 0 || !s.len || s.len > 4 || ((unsigned char)s.p[0] & 0x80))
                return -EBADMSG;
        for (size_t i = 0; i < s.len; i++)
                v = v << 8 | (unsigned char)s.p[i];
        *ret = v;
        return 0;
}

/* Its first attribute that has a value. */
static int read_entry(struct reader r, struct ldap_said *ret) {
        struct span list, one, name, values, value;

        if (inner(&r, OCTETS, &ret->dn) < 0 || inner(&r, SEQUENCE, &list) < 0)
                return -EBADMSG;
        struct reader all = into(list);
        while (all.at < all.end) {
                if (inner(&all, SEQUENCE, &one) < 0)
                        return -EBADMSG;
                struct reader a = into(one);
                if (inner(&a, OCTETS, &name) < 0 || inner(&a, SET, &values) < 0)
                        return -EBADMSG;
                struct reader v = into(values);
                while (v.at < v.end) {
                        if (inner(&v, OCTETS, &value) < 0)
                                return -EBADMSG;
                        if (ret->n_values++ == 0)
                                ret->value = value;
                }
        }
        return 0;
}

int ldap_read(struct span in, size_t *ret_used, struct ldap_said *ret) {
        struct reader r = into(in);
        struct ldap_said said = {0};
        struct span message, op;
        unsigned type = 0;

        int got = next(&r, &type, &message);
        if (got < 0 || (in.len && (unsigned char)in.p[0] != SEQUENCE))
                return FAIL(-EBADMSG);
        if (got == 0)
                return in.len > LDAP_BYTES_MAX ? FAIL(-EBADMSG) : 0;
        struct reader m = into(message);
        if (read_number(&m, INTEGER, &said.id) < 0 || next(&m, &said.op, &op) != 1)
                return FAIL(-EBADMSG);
        struct reader o = into(op);
        if (said.op == LDAP_ENTRY)
                got = read_entry(o, &said);
        else if (said.op != LDAP_ELSEWHERE)
                got = read_number(&o, ENUMERATED, &said.code);
        if (got < 0)
                return FAIL(-EBADMSG);
        *ret_used = r.at;
        *ret = said;
        return 1;
}
