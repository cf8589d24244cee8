/* See syslog_pattern.h. Matching is by memmem() between literals; a {name*} tries at most TRIES
 * places from the end, so the cost stays linear in the message. Field names point into the pattern,
 * values into the message. */
#include "decode/syslog_pattern.h"

#define TRIES 48u
#define PLACES 6u

struct capture {
        struct span name, val;
        struct span rest; /* behind src_ip */
};

struct matcher {
        struct capture cap[PLACES];
        unsigned n;
};

static bool is_digit(char c) {
        return c >= '0' && c <= '9';
}

static bool is_hex(char c) {
        c = ascii_lower(c);
        return is_digit(c) || (c >= 'a' && c <= 'f');
}

static bool is_host_char(char c) {
        char l = ascii_lower(c);

        return is_digit(c) || (l >= 'a' && l <= 'z') || c == '.' || c == ':' || c == '_' ||
               c == '-' || c == '%';
}

static bool is_ipv4(struct span a) {
        unsigned dots = 0, digits = 0, v = 0;

        for (size_t i = 0; i < a.len; i++) {
                if (a.p[i] == '.') {
                        if (digits == 0 || ++dots > 3)
                                return false;
                        digits = v = 0;
                } else {
                        v = v * 10 + (unsigned)(a.p[i] - '0');
                        if (!is_digit(a.p[i]) || ++digits > 3 || v > 255)
                                return false;
                }
        }
        return dots == 3 && digits > 0;
}

bool address_is_ip(struct span a) {
        unsigned colons = 0;

        if (a.len < 2 || a.len > 64)
                return false;
        const char *zone = memchr(a.p, '%', a.len);
        if (zone)
                a.len = (size_t)(zone - a.p);
        const char *last = memrchr(a.p, ':', a.len);
        if (!last)
                return is_ipv4(a);
        size_t hex = a.len;
        if (memchr(last, '.', (size_t)(a.p + a.len - last))) { /* ::ffff:1.2.3.4 */
                hex = (size_t)(last + 1 - a.p);
                if (!is_ipv4(span_of(last + 1, a.len - hex)))
                        return false;
        }
        for (size_t i = 0, run = 0; i < hex; i++) {
                if (a.p[i] == ':') {
                        colons++;
                        run = 0;
                } else if (!is_hex(a.p[i]) || ++run > 4) {
                        return false;
                }
        }
        return colons >= 2 && colons <= 8;
}

void put_text(struct decode_state *s, struct event *e, struct span name, struct span val) {
        if (val.p && val.len)
                field_add(s, e, name, val, V_STR);
}

void address_put(struct decode_state *s, struct event *e, struct span a) {
        const struct span mapped = SPAN("::ffff:");

        if (!address_is_ip(a)) {
                put_text(s, e, SPAN("src_host"), a);
                return;
        }
        if (a.len > mapped.len && span_ieq(span_of(a.p, mapped.len), mapped) &&
            is_ipv4(span_of(a.p + mapped.len, a.len - mapped.len)))
                a = span_of(a.p + mapped.len, a.len - mapped.len);
        put_text(s, e, SPAN("src_ip"), a);
}

void port_put(struct decode_state *s, struct event *e, struct span rest) {
        const struct span port = SPAN(" port ");
        size_t skip = span_starts(rest, port)                          ? port.len
                      : rest.len && (*rest.p == ':' || *rest.p == '#') ? 1
                                                                       : 0;
        size_t n = skip;

        while (n < rest.len && n < skip + 5 && is_digit(rest.p[n]))
                n++;
        if (skip && n > skip && (n == rest.len || !is_digit(rest.p[n])))
                field_add(s, e, SPAN("src_port"), span_of(rest.p + skip, n - skip), V_NUM);
}

struct span address_in_brackets(struct span msg, bool last, struct span *ret_rest) {
        struct span found = SPAN_NONE;
        const char *p = msg.p, *end = msg.p + msg.len;

        while (p < end && (p = memchr(p, '[', (size_t)(end - p)))) {
                const char *shut = memchr(p, ']', MIN((size_t)(end - p), (size_t)66));
                struct span a = shut ? span_of(p + 1, (size_t)(shut - p - 1)) : SPAN_NONE;
                if (span_starts(a, SPAN("IPv6:")))
                        a = span_of(a.p + 5, a.len - 5);
                if (shut && (p == msg.p || p[-1] != '=') && address_is_ip(a)) {
                        found = a;
                        *ret_rest = span_of(shut + 1, (size_t)(end - shut - 1));
                        if (!last)
                                return found;
                }
                p++;
        }
        return found;
}

/* The address at the head of `in`: its length, with a port behind it left out. */
static size_t address_len(struct span in) {
        size_t n = 0, dot = 0;

        while (n < in.len && n < 255 && is_host_char(in.p[n])) {
                if (in.p[n] == '.')
                        dot = n;
                n++;
        }
        if (dot) { /* 1.2.3.4:22 and ::ffff:1.2.3.4:22 */
                const char *colon = memchr(in.p + dot, ':', n - dot);
                if (colon)
                        n = (size_t)(colon - in.p);
        }
        while (n && (in.p[n - 1] == ':' || in.p[n - 1] == '.' || in.p[n - 1] == '-') &&
               !(n >= 2 && in.p[n - 1] == ':' && in.p[n - 2] == ':'))
                n--;
        return n;
}

static bool match(struct matcher *m, const char *pat, struct span in);

static bool keep(struct matcher *m, struct span name, struct span val, struct span rest) {
        if (name.len == 0)
                return true;
        if (m->n == PLACES)
                return false;
        m->cap[m->n++] = (struct capture){name, val, rest};
        return true;
}

static bool match_star(struct matcher *m, struct span name, const char *pat, struct span in) {
        const char *brace = strchr(pat, '{');
        size_t lit = brace ? (size_t)(brace - pat) : strlen(pat);
        size_t limit = in.len;
        unsigned kept = m->n;

        assert(lit); /* a star is followed by a literal */
        for (unsigned i = 0; i < TRIES; i++) {
                size_t at = limit;
                bool found = false;
                while (at > 0) {
                        const char *p = memrchr(in.p, *pat, at);
                        if (!p)
                                break;
                        at = (size_t)(p - in.p);
                        if (in.len - at >= lit && memcmp(p, pat, lit) == 0) {
                                found = true;
                                break;
                        }
                }
                if (!found)
                        return false;
                m->n = kept;
                if (keep(m, name, span_of(in.p, at), SPAN_NONE) &&
                    match(m, pat, span_of(in.p + at, in.len - at)))
                        return true;
                limit = at;
        }
        return false;
}

static size_t digits_len(struct span in) {
        size_t n = 0;

        while (n < in.len && n < 10 && is_digit(in.p[n]))
                n++;
        return n;
}

static bool match(struct matcher *m, const char *pat, struct span in) {
        while (*pat) {
                if (*pat != '{') {
                        const char *brace = strchr(pat, '{');
                        size_t lit = brace ? (size_t)(brace - pat) : strlen(pat);
                        if (in.len < lit || memcmp(in.p, pat, lit) != 0)
                                return false;
                        pat += lit;
                        in = span_of(in.p + lit, in.len - lit);
                        continue;
                }
                const char *close = strchr(pat, '}');
                char mark = close > pat + 1 ? close[-1] : '\0';
                bool special = mark == '*' || mark == '?';
                struct span name = span_of(pat + 1, (size_t)(close - pat - 1) - special);
                size_t n;
                pat = close + 1;
                if (mark == '*')
                        return match_star(m, name, pat, in);
                if (span_eq(name, SPAN("src_ip"))) {
                        n = address_len(in);
                } else if (span_eq(name, SPAN("src_port")) || span_eq(name, SPAN("pid")) ||
                           span_eq(name, SPAN("uid"))) {
                        n = digits_len(in);
                } else if (*pat == '\0') {
                        n = in.len;
                } else {
                        const char *brace = strchr(pat, '{');
                        size_t lit = brace ? (size_t)(brace - pat) : strlen(pat);
                        const char *at = memmem(in.p, in.len, pat, lit);
                        if (!at)
                                return false;
                        n = (size_t)(at - in.p);
                }
                if (n == 0 && mark != '?')
                        return false;
                struct span rest = span_of(in.p + n, in.len - n);
                if (!keep(m, name, span_of(in.p, n), rest))
                        return false;
                in = rest;
        }
        return true;
}

/* "password" → "password", "keyboard-interactive/pam" → "keyboard_interactive". */
static struct span action_of(struct decode_state *s, const char *action, struct span method) {
        size_t head = strlen(action), n = 0;
        char *to;

        if (head == 0 || action[head - 1] != '_')
                return span_of(action, head);
        while (n < method.len && n < 40 && method.p[n] != '/' && method.p[n] != ' ')
                n++;
        to = arena_alloc(&s->arena, head + n);
        if (!to)
                return span_of(action, head - 1);
        memcpy(to, action, head);
        for (size_t i = 0; i < n; i++)
                to[head + i] = method.p[i] == '-' ? '_' : ascii_lower(method.p[i]);
        return span_of(to, head + n);
}

bool pattern_apply(struct decode_state *s, struct event *e, const struct pattern *list, size_t n,
                   struct span msg) {
        for (size_t i = 0; i < n; i++) {
                struct matcher m = {.n = 0};
                struct span method = SPAN_NONE;

                if (msg.len == 0 || (*list[i].text != '{' && *list[i].text != *msg.p) ||
                    !match(&m, list[i].text, msg))
                        continue;
                for (unsigned c = 0; c < m.n; c++)
                        if (span_eq(m.cap[c].name, SPAN("method")))
                                method = m.cap[c].val;
                if (list[i].action)
                        put_text(s, e, SPAN("event.action"), action_of(s, list[i].action, method));
                for (unsigned c = 0; c < m.n; c++) {
                        struct span val = span_trim(m.cap[c].val);
                        if (span_eq(m.cap[c].name, SPAN("src_ip"))) {
                                address_put(s, e, val);
                                port_put(s, e, m.cap[c].rest);
                        } else if (!span_eq(m.cap[c].name, SPAN("src_port"))) {
                                put_text(s, e, m.cap[c].name, val);
                        }
                }
                return true;
        }
        return false;
}
