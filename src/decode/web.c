/* Logs of web servers, Apache and nginx first of all. Common and combined; with a virtual host in
 * front; ssl_request; Apache's errors; nginx's errors:
 *
 *     host ident user [10/Oct/2000:13:55:36 -0700] "GET /a HTTP/1.0" 200 2326 "referer" "agent" …
 *
 *     vhost:443 host ident user [ … the same
 *
 *     [10/Oct/2000:13:55:36 -0700] host TLSv1.2 cipher "GET / HTTP/1.1" 2326
 *
 *     [Wed Oct 11 14:32:52.123456 2000] [core:error] [pid 1:tid 2] [client 1.2.3.4:5] AH00128: text
 *
 *     2026/11/23 05:26:07 [error] 6#7: *8 text, client: 1.2.3.4, server: x, request: "GET / …", …
 *
 * The names are W3C's, since Sigma's rules for web servers use them: c-ip, cs-username, cs-method,
 * cs-uri (the whole target), cs-uri-stem, cs-uri-query, cs-version, sc-status, sc-bytes,
 * cs-referer, cs-user-agent, cs-host, s-port, X-Forwarded-For, and `request` as logged. Encoded
 * targets get a second, decoded value (decode/uri.h). Quoted fields are unescaped (\" \\ \xHH \n
 * …), for the server escaped them when it wrote.
 *
 * Before the time, the last three words are host, ident and user; what stands before them is a list
 * of addresses (forwarded for) or the virtual host. What follows agent and referer is `extra`,
 * NAME="value" a field of that name. Where a quoted field ends: at a quote that a blank or the
 * line's end follows, since some servers do not escape.
 *
 * Behind a syslog header (hostname, program) all of them are read as well. A line of none of these
 * forms is a program's word in an error log (a CGI's stderr): an event with `message`. */
#include "decode/linetime.h"
#include "decode/scan.h"
#include "decode/uri.h"

#define TIME_MAX ((size_t)64) /* of a time in brackets */

/* ---- pieces ---- */

/* Undoes what Apache and nginx escape. */
static struct span unescape(struct arena *a, struct span s) {
        size_t o = 0;

        if (s.len == 0 || !memchr(s.p, '\\', s.len))
                return s;
        char *to = arena_alloc(a, s.len);
        if (!to)
                return s;
        for (size_t i = 0; i < s.len; i++) {
                char c = s.p[i];
                if (c != '\\' || i + 1 == s.len) {
                        to[o++] = c;
                        continue;
                }
                c = s.p[++i];
                switch (c) {
                case 'n': to[o++] = '\n'; break;
                case 'r': to[o++] = '\r'; break;
                case 't': to[o++] = '\t'; break;
                case 'b': to[o++] = '\b'; break;
                case 'v': to[o++] = '\v'; break;
                case '"':
                case '\\': to[o++] = c; break;
                case 'x':
                        if (s.len - i > 2 && scan_hex(s.p[i + 1]) >= 0 &&
                            scan_hex(s.p[i + 2]) >= 0) {
                                to[o++] = (char)(scan_hex(s.p[i + 1]) << 4 | scan_hex(s.p[i + 2]));
                                i += 2;
                                break;
                        }
                        __attribute__((fallthrough));
                default: to[o++] = '\\'; to[o++] = c;
                }
        }
        return span_of(to, o);
}

/* The inside of a quoted field at *s, which moves behind it and the blanks that follow. */
static bool take_quoted(struct span *s, struct span *ret) {
        if (s->len == 0 || *s->p != '"')
                return false;
        size_t i = 1, end = s->len;

        for (; i < s->len; i++) {
                if (s->p[i] == '\\') {
                        i++;
                } else if (s->p[i] == '"' &&
                           (i + 1 == s->len || s->p[i + 1] == ' ' || s->p[i + 1] == '\t')) {
                        end = i;
                        break;
                }
        }
        *ret = span_of(s->p + 1, MIN(end, s->len) - 1);
        scan_skip(s, MIN(end + 1, s->len));
        scan_blanks(s);
        return true;
}

static bool take_word(struct span *s, struct span *ret) {
        if (!scan_to(s, ' ', ret))
                return false;
        scan_blanks(s);
        return true;
}

static unsigned two(const char *p) {
        return (unsigned)(p[0] - '0') * 10 + (unsigned)(p[1] - '0');
}

/* "10/Oct/2000:13:55:36 -0700", the inside of the brackets; with a fraction too. */
static int64_t access_time(struct span s, const struct decode_options *o, int64_t file_time) {
        static const char form[] = "99/AAA/9999:99:99:99";
        int zone = o->zone_sec;
        int64_t t;

        for (size_t i = 0; i < sizeof(form) - 1; i++)
                if (i >= s.len ||
                    (form[i] == '9' ? !scan_digit(s.p[i]) : form[i] != 'A' && s.p[i] != form[i])) {
                        return linetime_read(s, o, file_time, &t) ? t : TIME_NONE;
                }
        const char *p = s.p;
        t = time_make(two(p + 7) * 100 + two(p + 9), linetime_month(p + 3), two(p), two(p + 12),
                      two(p + 15), two(p + 18), 0);
        if (t == TIME_NONE)
                return TIME_NONE;
        scan_skip(&s, sizeof(form) - 1);
        if (scan_char(&s, '.')) {
                uint32_t ns = 0, scale = 100000000;
                for (; s.len && scan_digit(*s.p); scan_skip(&s, 1), scale /= 10)
                        ns += (uint32_t)(*s.p - '0') * scale;
                t += ns;
        }
        scan_blanks(&s);
        if (s.len >= 5 && (*s.p == '+' || *s.p == '-') && scan_digit(s.p[1]) &&
            scan_digit(s.p[2]) && scan_digit(s.p[3]) && scan_digit(s.p[4]))
                zone = (*s.p == '-' ? -1 : 1) * (int)(two(s.p + 1) * 3600 + two(s.p + 3) * 60);
        return t - zone * NS_PER_SEC;
}

static bool is_method(struct span s) {
        for (size_t i = 0; i < s.len; i++)
                if (!((s.p[i] >= 'A' && s.p[i] <= 'Z') || (s.p[i] >= 'a' && s.p[i] <= 'z') ||
                      s.p[i] == '_' || s.p[i] == '-'))
                        return false;
        return s.len > 0 && s.len <= 32;
}

/* "GET /a?b HTTP/1.1", the inside of the quotes. */
static void add_request(struct decode_state *s, struct event *e, struct span raw) {
        struct span req = unescape(&s->arena, raw), method, version = SPAN_NONE;

        scan_add(s, e, SPAN("request"), raw);
        struct span rest = req;
        if (!scan_to(&rest, ' ', &method) || !is_method(method) || rest.len == 0)
                return;
        const char *sp = memrchr(rest.p, ' ', rest.len);
        if (sp &&
            span_starts(span_of(sp + 1, (size_t)(rest.p + rest.len - sp - 1)), SPAN("HTTP/"))) {
                version = span_of(sp + 1, (size_t)(rest.p + rest.len - sp - 1));
                rest.len = (size_t)(sp - rest.p);
        }
        field_add(s, e, SPAN("cs-method"), method, V_STR);
        uri_add_target(s, e, rest);
        if (version.len)
                field_add(s, e, SPAN("cs-version"), version, V_STR);
}

static bool is_address(struct span s) {
        size_t dots = 0, colons = 0;

        for (size_t i = 0; i < s.len; i++) {
                dots += s.p[i] == '.';
                colons += s.p[i] == ':';
                if (scan_hex(s.p[i]) < 0 && s.p[i] != '.' && s.p[i] != ':')
                        return false;
        }
        return dots == 3 || colons >= 2;
}

/* "name:443" or "name". */
static void add_host(struct decode_state *s, struct event *e, struct span host) {
        const char *colon = memrchr(host.p, ':', host.len);
        struct span port = SPAN_NONE;

        if (colon && colon > host.p && colon == memchr(host.p, ':', host.len)) {
                port = span_of(colon + 1, (size_t)(host.p + host.len - colon - 1));
                host.len = (size_t)(colon - host.p);
        }
        scan_add(s, e, SPAN("cs-host"), host);
        if (port.len)
                scan_add(s, e, SPAN("s-port"), port);
}

/* ---- access logs ---- */

/* "1.2.3.4 - John Smith" and "1.2.3.4 - - www.x.org": an address and '-' in front say where the
 * user begins, however many words it has. */
static bool add_client_first(struct decode_state *s, struct event *e, struct span head) {
        struct span host, ident, rest = head;

        if (!take_word(&rest, &host) || !is_address(host) || !take_word(&rest, &ident) ||
            !scan_is(ident, '-') || !memchr(rest.p, ' ', rest.len))
                return false;
        scan_add(s, e, SPAN("c-ip"), host);
        if (rest.len > 2 && rest.p[0] == '-' && rest.p[1] == ' ') {
                scan_add(s, e, SPAN("cs-username"), span_of(rest.p, 1));
                scan_skip(&rest, 2);
                add_host(s, e, rest);
        } else {
                scan_add(s, e, SPAN("cs-username"), rest);
        }
        return true;
}

/* What stands before the time. */
static void add_client(struct decode_state *s, struct event *e, struct span head) {
        struct span word[3] = {SPAN_NONE, SPAN_NONE, SPAN_NONE}; /* host, ident, user */
        unsigned n = 0;

        head = span_trim(head);
        if (add_client_first(s, e, head))
                return;
        for (; n < 3 && head.len; n++) {
                const char *sp = memrchr(head.p, ' ', head.len);
                size_t start = sp ? (size_t)(sp + 1 - head.p) : 0;
                word[2 - n] = span_of(head.p + start, head.len - start);
                head.len = start;
                while (head.len && head.p[head.len - 1] == ' ')
                        head.len--;
        }
        if (n == 1) /* a custom format: the client alone */
                word[0] = word[2];
        if (n == 2)
                word[0] = word[1];
        if (n == 0)
                return;
        scan_add(s, e, SPAN("c-ip"), word[0]);
        if (n == 3 && !scan_is(word[1], '-'))
                scan_add(s, e, SPAN("cs-ident"), word[1]);
        if (n >= 2)
                scan_add(s, e, SPAN("cs-username"), word[2]);
        if (head.len == 0)
                return;
        /* A virtual host first, or a list of addresses, perhaps in quotes. */
        struct span first, rest = head;
        scan_to(&rest, ' ', &first);
        if (*first.p != '"' && first.p[first.len - 1] != ',' &&
            (rest.len == 0 || !is_address(first))) {
                add_host(s, e, first);
                head = span_trim(rest);
        }
        if (head.len >= 2 && *head.p == '"' && head.p[head.len - 1] == '"')
                head = span_of(head.p + 1, head.len - 2);
        head.len -= head.len && head.p[head.len - 1] == ',';
        if (head.len)
                scan_add(s, e, SPAN("X-Forwarded-For"), head);
}

/* What stands behind status and size. */
static void add_rest(struct decode_state *s, struct event *e, struct span rest) {
        struct span v;

        if (take_quoted(&rest, &v))
                scan_add(s, e, SPAN("cs-referer"), unescape(&s->arena, v));
        if (take_quoted(&rest, &v))
                scan_add(s, e, SPAN("cs-user-agent"), unescape(&s->arena, v));
        for (unsigned n = 0; rest.len && n < 64; n++) {
                const char *eq;
                if (take_quoted(&rest, &v)) {
                        struct span first, list = v;
                        bool addresses =
                                scan_to(&list, ',', &first) && is_address(span_trim(first));
                        if (!scan_is(v, '-'))
                                scan_add(s, e, addresses ? SPAN("X-Forwarded-For") : SPAN("extra"),
                                         unescape(&s->arena, v));
                        continue;
                }
                size_t i = 0;
                while (i < rest.len && rest.p[i] != ' ' && rest.p[i] != '=')
                        i++;
                eq = i && i < rest.len && rest.p[i] == '=' ? rest.p + i : NULL;
                struct span name = span_of(rest.p, i);
                if (!eq) {
                        take_word(&rest, &v);
                        if (!scan_is(v, '-'))
                                scan_add(s, e, SPAN("extra"), v);
                        continue;
                }
                scan_skip(&rest, i + 1);
                if (!take_quoted(&rest, &v) && !take_word(&rest, &v))
                        v = SPAN_NONE;
                scan_add(s, e, name, unescape(&s->arena, v));
        }
        e->cut |= rest.len > 0;
}

static bool access_line(struct decode_state *s, struct event *e, struct span line) {
        const char *open = memchr(line.p, '[', line.len), *close;
        struct span v, rest;

        for (;; open = memchr(open + 1, '[', (size_t)(line.p + line.len - open - 1))) {
                if (!open)
                        return false;
                close = memchr(open, ']', MIN((size_t)(line.p + line.len - open), TIME_MAX));
                if (!close)
                        continue;
                e->time = access_time(span_of(open + 1, (size_t)(close - open - 1)), s->opt,
                                      s->b.h.file_time);
                if (e->time != TIME_NONE)
                        break;
        }
        rest = span_of(close + 1, (size_t)(line.p + line.len - close - 1));
        scan_blanks(&rest);
        const char *quote = memchr(rest.p, '"', rest.len);
        if (!quote)
                return false;

        e->kind = EVENT_WEB;
        struct span head = span_of(line.p, (size_t)(open - line.p));
        if (head.len == 0 && quote > rest.p) { /* ssl_request */
                take_word(&rest, &v);
                scan_add(s, e, SPAN("c-ip"), v);
                if (rest.len && *rest.p != '"' && take_word(&rest, &v))
                        scan_add(s, e, SPAN("ssl-protocol"), v);
                if (rest.len && *rest.p != '"' && take_word(&rest, &v))
                        scan_add(s, e, SPAN("ssl-cipher"), v);
                if (take_quoted(&rest, &v))
                        add_request(s, e, v);
                if (take_word(&rest, &v))
                        scan_add(s, e, SPAN("sc-bytes"), v);
                return true;
        }
        add_client(s, e, head);
        field_add(s, e, SPAN("time"), span_of(open + 1, (size_t)(close - open - 1)), V_STR);
        if (take_quoted(&rest, &v))
                add_request(s, e, v);
        if (take_word(&rest, &v))
                scan_add(s, e, SPAN("sc-status"), v);
        if (take_word(&rest, &v))
                scan_add(s, e, SPAN("sc-bytes"), v);
        add_rest(s, e, rest);
        return true;
}

/* ---- error logs ---- */

/* "[inside] " at *s; the inside may hold brackets: "[client [::1]:80]". */
static bool take_bracket(struct span *s, struct span *ret) {
        size_t i = 0, open = 0;

        if (s->len == 0 || *s->p != '[')
                return false;
        for (; i < s->len; i++) {
                open += s->p[i] == '[';
                if (s->p[i] == ']' && --open == 0)
                        break;
        }
        if (i == s->len)
                return false;
        *ret = span_of(s->p + 1, i - 1);
        scan_skip(s, i + 1);
        scan_blanks(s);
        return true;
}

/* "1.2.3.4:5", "[::1]:5" or an address alone. */
static void add_peer(struct decode_state *s, struct event *e, struct span v) {
        const char *colon = memrchr(v.p, ':', v.len);

        if (colon && (memchr(v.p, '.', v.len) || *v.p == '[') && colon[-1] != ':') {
                scan_add(s, e, SPAN("c-port"),
                         span_of(colon + 1, (size_t)(v.p + v.len - colon - 1)));
                v.len = (size_t)(colon - v.p);
                if (v.len > 2 && *v.p == '[')
                        v = span_of(v.p + 1, v.len - 2);
        }
        scan_add(s, e, SPAN("c-ip"), v);
}

static void add_brackets(struct decode_state *s, struct event *e, struct span *rest) {
        struct span v, w;
        unsigned n = 0;
        bool peer = false;

        while (n++ < 8 && take_bracket(rest, &v)) {
                if (scan_word(&v, SPAN("pid "))) {
                        scan_to(&v, ':', &w);
                        scan_add(s, e, SPAN("pid"), w);
                        if (scan_word(&v, SPAN("tid ")))
                                scan_add(s, e, SPAN("tid"), v);
                } else if (scan_word(&v, SPAN("client ")) || scan_word(&v, SPAN("remote "))) {
                        if (!peer) /* ModSecurity says it again */
                                add_peer(s, e, v);
                        peer = true;
                } else if (n == 1) {
                        const char *colon = memchr(v.p, ':', v.len);
                        if (colon) {
                                scan_to(&v, ':', &w);
                                scan_add(s, e, SPAN("module"), w);
                        }
                        scan_add(s, e, SPAN("level"), v);
                }
        }
}

/* ModSecurity's [name "value"] pairs, as ModSecurity.name. */
static void add_modsecurity(struct decode_state *s, struct event *e, struct span msg) {
        const char *p = msg.p, *end = msg.p + msg.len;

        for (unsigned n = 0; n < 64 && (p = memchr(p, '[', (size_t)(end - p))); n++) {
                const char *name = ++p, *close;
                while (p < end && ((*p >= 'a' && *p <= 'z') || *p == '_'))
                        p++;
                size_t len = (size_t)(p - name);
                if (len == 0 || end - p < 4 || p[0] != ' ' || p[1] != '"')
                        continue;
                close = memmem(p + 2, (size_t)(end - p - 2), "\"]", 2);
                struct span full = arena_printf(&s->arena, "ModSecurity.%.*s", (int)len, name);
                if (!close || !full.p)
                        return;
                scan_add(s, e, full, unescape(&s->arena, span_of(p + 2, (size_t)(close - p - 2))));
                p = close + 2;
        }
}

static void add_apache_message(struct decode_state *s, struct event *e, struct span msg) {
        static const char referer[] = ", referer: ";
        struct span code = msg, v;
        const char *p;

        field_add(s, e, SPAN("message"), unescape(&s->arena, msg), V_STR);
        if (span_starts(msg, SPAN("ModSecurity:")))
                add_modsecurity(s, e, msg);
        if (scan_to(&code, ':', &v) && span_starts(v, SPAN("AH")) && v.len == 7)
                scan_add(s, e, SPAN("code"), v);
        p = memmem(msg.p, msg.len, referer, sizeof(referer) - 1);
        struct span what = p ? span_of(msg.p, (size_t)(p - msg.p)) : msg;
        if (p) {
                p += sizeof(referer) - 1;
                scan_add(s, e, SPAN("cs-referer"), span_of(p, (size_t)(msg.p + msg.len - p)));
        }
        p = memmem(what.p, what.len, "File does not exist: ", 21);
        if (p)
                scan_add(s, e, SPAN("file"), span_of(p + 21, (size_t)(what.p + what.len - p - 21)));
}

static bool apache_error(struct decode_state *s, struct event *e, struct span line) {
        struct span rest = line, stamp;

        if (!take_bracket(&rest, &stamp) || stamp.len < 19 || scan_digit(*stamp.p))
                return false;
        if (linetime_read(stamp, s->opt, s->b.h.file_time, &e->time) != stamp.len)
                return false;
        e->kind = EVENT_WEBERR;
        field_add(s, e, SPAN("time"), stamp, V_STR);
        add_brackets(s, e, &rest);
        /* "(13)Permission denied: [client 1.2.3.4:5] AH…" */
        if (rest.len && *rest.p == '(') {
                const char *p = memmem(rest.p, MIN(rest.len, (size_t)256), ": [client ", 10);
                if (p) {
                        struct span tail = span_of(p + 2, (size_t)(rest.p + rest.len - p - 2)), v;
                        scan_add(s, e, SPAN("error"), span_of(rest.p, (size_t)(p - rest.p)));
                        if (take_bracket(&tail, &v)) {
                                scan_word(&v, SPAN("client "));
                                add_peer(s, e, v);
                                rest = tail;
                        }
                }
        }
        add_apache_message(s, e, rest);
        return true;
}

/* ", client: 1.2.3.4, server: x, request: "GET / HTTP/1.1", host: "y"" at the end of nginx's
 * messages. */
static void add_nginx_tail(struct decode_state *s, struct event *e, struct span msg) {
        static const struct {
                struct span mark, name;
        } parts[] = {
                {{", client: ", 10}, {"c-ip", 4}},
                {{", server: ", 10}, {"server", 6}},
                {{", request: ", 11}, {"request", 7}},
                {{", upstream: ", 12}, {"upstream", 8}},
                {{", host: ", 8}, {"cs-host", 7}},
                {{", referrer: ", 12}, {"cs-referer", 10}},
                {{", subrequest: ", 14}, {"subrequest", 10}},
        };

        for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
                const char *p = memmem(msg.p, msg.len, parts[i].mark.p, parts[i].mark.len);
                if (!p)
                        continue;
                p += parts[i].mark.len;
                struct span v, rest = span_of(p, (size_t)(msg.p + msg.len - p));
                if (rest.len && *rest.p == '"') {
                        size_t n = 1;
                        while (n < rest.len && rest.p[n] != '"')
                                n += 1 + (rest.p[n] == '\\');
                        v = span_of(rest.p + 1, MIN(n, rest.len) - 1);
                } else {
                        scan_to(&rest, ',', &v);
                }
                if (parts[i].name.p[0] == 'r')
                        add_request(s, e, v);
                else
                        scan_add(s, e, parts[i].name, v);
        }
}

/* "6689#6690: *16764375 message" */
static bool nginx_error(struct decode_state *s, struct event *e, struct span line) {
        struct span rest = line, v;
        size_t n = linetime_read(line, s->opt, s->b.h.file_time, &e->time);

        if (n < 19 || line.p[4] != '/')
                return false;
        scan_skip(&rest, n);
        scan_blanks(&rest);
        if (!take_bracket(&rest, &v))
                return false;
        e->kind = EVENT_WEBERR;
        field_add(s, e, SPAN("time"), span_of(line.p, n), V_STR);
        scan_add(s, e, SPAN("level"), v);
        if (rest.len && scan_digit(*rest.p)) {
                size_t i = 0, hash = 0;
                while (i < rest.len && (scan_digit(rest.p[i]) || rest.p[i] == '#')) {
                        hash = rest.p[i] == '#' ? i : hash;
                        i++;
                }
                if (hash && i < rest.len && rest.p[i] == ':') {
                        scan_add(s, e, SPAN("pid"), span_of(rest.p, hash));
                        scan_add(s, e, SPAN("tid"), span_of(rest.p + hash + 1, i - hash - 1));
                        scan_skip(&rest, i + 1);
                        scan_blanks(&rest);
                }
        }
        if (rest.len && *rest.p == '*') {
                scan_skip(&rest, 1);
                if (scan_to(&rest, ' ', &v))
                        scan_add(s, e, SPAN("connection"), v);
        }
        field_add(s, e, SPAN("message"), rest, V_STR);
        add_nginx_tail(s, e, rest);
        return true;
}

/* Undoes the relay's header: "Feb 15 16:23:00 srv httpd[22034]: ". */
static struct span behind_syslog(struct decode_state *s, struct event *e, struct span line) {
        struct span rest = line, host, tag;
        size_t n = linetime_read(line, s->opt, s->b.h.file_time, &e->time);

        if (n < 15 || n > 40 || n >= line.len || line.p[n] != ' ')
                return line;
        scan_skip(&rest, n + 1);
        if (!take_word(&rest, &host) || !take_word(&rest, &tag) || tag.len < 2 ||
            tag.p[tag.len - 1] != ':')
                return line;
        const char *bracket = memchr(tag.p, '[', tag.len);
        size_t name = bracket ? (size_t)(bracket - tag.p) : tag.len - 1;
        field_add(s, e, SPAN("hostname"), host, V_STR);
        field_add(s, e, SPAN("program"), span_of(tag.p, name), V_STR);
        return rest;
}

static enum decode_result web_next(struct decode_state *s, struct event *e,
                                   struct decode_error *err) {
        struct span line;

        do {
                if (!decode_line(s, e, &line))
                        return DECODE_END;
        } while (span_trim(line).len == 0 || *line.p == '#');
        uint32_t n = 0;
        struct span body = line;
        if ((unsigned char)((*line.p | 0x20) - 'a') < 26) {
                body = behind_syslog(s, e, line);
                n = e->n;
        }
        int64_t relayed = n ? e->time : TIME_NONE;
        char c = body.len ? *body.p : ' ';
        if (c == '[' ? apache_error(s, e, body) : scan_digit(c) && nginx_error(s, e, body))
                return DECODE_EVENT;
        e->n = n;
        if (access_line(s, e, body))
                return DECODE_EVENT;
        e->n = n;
        e->kind = EVENT_WEBERR;
        e->time = relayed;
        if (n) /* an error line without a time of its own */
                add_brackets(s, e, &body);
        add_apache_message(s, e, body);
        return DECODE_EVENT;
}

const struct format_ops format_web = {.next = web_next};
