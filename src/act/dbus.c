/* See dbus.h. A message: 12 bytes fixed (order of bytes, type, flags, version, length of the body, serial), an
 * array of header fields (each at a multiple of 8: code, signature, value), the body at a multiple of 8.
 * We write in the order of little-endian machines and read what is written so; a manager on the same
 * machine writes as we do. */
#include "act/dbus.h"

#include <stdio.h>

#define HEAD 16u /* with the length of the array of fields */

/* ---- writing ---- */

static void pad(struct buf *b, size_t from, size_t to) {
        while (!b->failed && (b->len - from) % to)
                buf_char(b, '\0');
}

static void number(struct buf *b, size_t from, uint32_t v) {
        pad(b, from, 4);
        for (unsigned i = 0; i < 4; i++)
                buf_char(b, (char)(v >> (8 * i)));
}

static void text(struct buf *b, size_t from, const char *s) {
        number(b, from, (uint32_t)strlen(s));
        buf_str(b, s);
        buf_char(b, '\0');
}

static void field(struct buf *b, size_t from, unsigned code, char type, const char *value) {
        if (!value)
                return;
        pad(b, from, 8);
        buf_char(b, (char)code);
        buf_char(b, 1);
        buf_char(b, type);
        buf_char(b, '\0');
        if (type == 'g') {
                buf_char(b, (char)strlen(value));
                buf_str(b, value);
                buf_char(b, '\0');
        } else {
                text(b, from, value);
        }
}

static void number_at(struct buf *b, size_t at, size_t v) {
        for (unsigned i = 0; i < 4 && !b->failed; i++)
                b->p[at + i] = (char)(v >> (8 * i));
}

void dbus_write(struct buf *to, const struct dbus_call *c) {
        static const char head[] = {'l', 1, 0, 1};
        size_t from = to->len;
        char signature[ARRAY_LEN(c->args) + 1] = "";
        unsigned n = 0;

        while (n < ARRAY_LEN(c->args) && c->args[n])
                signature[n++] = 's';
        buf_add(to, head, sizeof(head));
        number(to, from, 0);
        number(to, from, c->serial);
        number(to, from, 0);
        field(to, from, 1, 'o', c->path);
        field(to, from, 2, 's', c->interface);
        field(to, from, 3, 's', c->member);
        field(to, from, 6, 's', c->to);
        field(to, from, 8, 'g', n ? signature : NULL);
        if (!to->failed)
                number_at(to, from + 12, to->len - from - HEAD);
        pad(to, from, 8);
        size_t body = to->len;
        for (unsigned i = 0; i < n; i++)
                text(to, from, c->args[i]);
        if (!to->failed)
                number_at(to, from + 4, to->len - body);
}

void dbus_greeting(struct buf *to, uint32_t uid) {
        char digits[16];

        snprintf(digits, sizeof(digits), "%u", uid);
        buf_char(to, '\0');
        buf_str(to, "AUTH EXTERNAL ");
        for (const char *d = digits; *d; d++)
                buf_printf(to, "%02x", (unsigned)(unsigned char)*d);
        buf_str(to, "\r\nBEGIN\r\n");
}

/* ---- reading: `at` counts from the message's begin, and nothing lies behind `end` ---- */

struct reader {
        const unsigned char *p;
        size_t at, end;
        bool bad;
};

static void align(struct reader *r, size_t to) {
        r->at += (to - r->at % to) % to;
        if (r->at > r->end)
                r->bad = true;
}

static uint32_t read_byte(struct reader *r) {
        if (r->bad || r->end - r->at < 1) {
                r->bad = true;
                return 0;
        }
        return r->p[r->at++];
}

static uint32_t read_number(struct reader *r) {
        uint32_t v = 0;

        align(r, 4);
        for (unsigned i = 0; i < 4; i++)
                v |= read_byte(r) << (8 * i);
        return v;
}

static struct span read_bytes(struct reader *r, uint32_t n) {
        if (r->bad || r->end - r->at <= n || r->p[r->at + n] != '\0') {
                r->bad = true;
                return SPAN_NONE;
        }
        struct span s = span_of((const char *)r->p + r->at, n);
        r->at += (size_t)n + 1;
        return s;
}

static struct span read_text(struct reader *r) {
        uint32_t n = read_number(r);

        return read_bytes(r, n);
}

static struct span read_signature(struct reader *r) {
        uint32_t n = read_byte(r);

        return read_bytes(r, n);
}

/* Header fields that we know have one of these types; another is no message of a manager. */
static void read_field(struct reader *r, struct dbus_said *ret, struct span *ret_body) {
        align(r, 8);
        uint32_t code = read_byte(r);
        struct span type = read_signature(r), value = SPAN_NONE;
        uint32_t v = 0;

        if (r->bad || type.len != 1) {
                r->bad = true;
                return;
        }
        switch (type.p[0]) {
        case 's':
        case 'o': value = read_text(r); break;
        case 'g': value = read_signature(r); break;
        case 'u': v = read_number(r); break;
        default: r->bad = true; return;
        }
        if (code == 4)
                ret->error = value;
        else if (code == 5)
                ret->reply_to = v;
        else if (code == 8)
                *ret_body = value;
}

static void read_first(struct reader *r, struct span signature, struct dbus_said *ret) {
        if (!signature.len || r->bad)
                return;
        char type = signature.p[0];
        if (type == 'v') {
                signature = read_signature(r);
                if (signature.len != 1 || r->bad)
                        return;
                type = signature.p[0];
        }
        if (type == 's' || type == 'o')
                ret->text = read_text(r);
        else if (type == 'b' || type == 'u')
                ret->number = read_number(r);
}

int dbus_read(struct span in, size_t *ret_used, struct dbus_said *ret) {
        struct reader r = {.p = (const unsigned char *)in.p, .end = MIN(in.len, (size_t)HEAD)};
        struct dbus_said said = {.number = -1};
        struct span signature = SPAN_NONE;

        if (in.len < HEAD)
                return 0;
        r.at = 4;
        uint32_t body = read_number(&r);
        (void)read_number(&r);
        uint32_t fields = read_number(&r);
        if (r.p[0] != 'l' || r.p[3] != 1 || body > DBUS_BYTES_MAX || fields > DBUS_BYTES_MAX)
                return FAIL(-EBADMSG);
        size_t begin = HEAD + (((size_t)fields + 7) & ~(size_t)7);
        if (begin + body > DBUS_BYTES_MAX)
                return FAIL(-EBADMSG);
        if (in.len < begin + body)
                return 0;
        said.type = r.p[1];
        r.end = HEAD + fields;
        while (r.at < r.end && !r.bad)
                read_field(&r, &said, &signature);
        r.at = begin;
        r.end = begin + body;
        if (!r.bad)
                read_first(&r, signature, &said);
        if (r.bad)
                return FAIL(-EBADMSG);
        *ret_used = begin + body;
        *ret = said;
        return 1;
}
