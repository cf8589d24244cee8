/* See config.h.
 *
 * One table per map of the file: key, kind of value, where it goes. A key that no table knows is an
 * error with its line, so that a slip never means "as if it were not there". All errors are told,
 * not only the first. */
#include "main/config_impl.h"
#include "main/config_show.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/lang.h"
#include "wire/order.h"

#define CONFIG_ARENA ((size_t)16 << 20)

void config_wrong(struct reader *r, const struct node *n, const char *fmt, ...) {
        char text[512];
        va_list ap;

        va_start(ap, fmt);
        vsnprintf(text, sizeof(text), fmt, ap);
        va_end(ap);
        r->errors++;
        r->complain(r->ctx, n ? n->line : 0, n ? n->column : 0, text);
}

static const char *keep(struct reader *r, const struct node *n) {
        char *p = arena_alloc(&r->c->arena, n->text.len + 1);

        if (!p) {
                config_wrong(r, n, "%s", tr("the configuration is too long", "cấu hình quá dài"));
                return "";
        }
        memcpy(p, n->text.p, n->text.len);
        p[n->text.len] = '\0';
        return p;
}

static bool scalar(struct reader *r, const struct node *n) {
        if (n->kind == NODE_SCALAR && memchr(n->text.p, 0, n->text.len) == NULL)
                return true;
        config_wrong(r, n, "%s", tr("a single value is expected", "cần một giá trị đơn"));
        return false;
}

/* A number and a unit of one letter. */
static bool measure(const struct node *n, const char *units, const uint64_t *worth, uint64_t max,
                    uint64_t *ret) {
        char *end;

        if (n->kind != NODE_SCALAR || n->text.len == 0 || n->text.p[0] < '0' || n->text.p[0] > '9')
                return false;
        errno = 0;
        unsigned long long v = strtoull(n->text.p, &end, 10);
        uint64_t times = 1;
        if (*end) {
                const char *u = strchr(units, *end);
                if (!u || end[1])
                        return false;
                times = worth[u - units];
        }
        if (errno || v > max / times)
                return false;
        *ret = v * times;
        return true;
}

static bool seconds(const struct node *n, uint64_t *ret) {
        static const uint64_t worth[] = {1, 60, 3600, 86400};
        return measure(n, "smhd", worth, UINT32_MAX, ret);
}

static bool bytes(const struct node *n, uint64_t max, uint64_t *ret) {
        static const uint64_t worth[] = {1ull << 10, 1ull << 20, 1ull << 30, 1ull << 40};
        return measure(n, "KMGT", worth, max, ret);
}

static void read_texts(struct reader *r, const struct node *n, const char ***to, uint32_t *ret_n) {
        if (n->kind == NODE_MAP) {
                config_wrong(r, n, "%s", tr("a list is expected", "cần một danh sách"));
                return;
        }
        uint32_t count = n->kind == NODE_LIST ? n->n : 1;
        const char **list = arena_alloc(&r->c->arena, (count + 1) * sizeof(*list));
        if (!list)
                return config_wrong(r, n, "%s",
                                    tr("the configuration is too long", "cấu hình quá dài"));
        *ret_n = 0;
        for (const struct node *i = n->kind == NODE_LIST ? n->first : n; i; i = i->next) {
                if (scalar(r, i))
                        list[(*ret_n)++] = keep(r, i);
                if (n->kind != NODE_LIST)
                        break;
        }
        *to = list;
}

static void read_bool(struct reader *r, const struct node *n, const struct key *k, char *base) {
        uint32_t flags;

        if (node_type(n) != SCALAR_BOOL)
                return config_wrong(r, n, tr("%s is true or false", "%s là true hoặc false"),
                                    k->name);
        if (k->kind == BOOLEAN) {
                *(bool *)(base + k->at) = node_bool(n);
                return;
        }
        memcpy(&flags, base + k->at, sizeof(flags));
        flags = node_bool(n) ? flags | (uint32_t)k->extra : flags & ~(uint32_t)k->extra;
        memcpy(base + k->at, &flags, sizeof(flags));
}

static void read_measure(struct reader *r, const struct node *n, const struct key *k, char *base) {
        uint64_t v = 0;
        bool ok;

        if (k->kind == SECONDS)
                ok = seconds(n, &v);
        else
                ok = bytes(n, k->kind == BYTES ? UINT64_MAX : UINT32_MAX, &v);
        if (!ok && k->kind == SECONDS)
                return config_wrong(r, n,
                                    tr("%s is a time such as 90s, 5m, 1h or 7d",
                                       "%s là thời gian như 90s, 5m, 1h hoặc 7d"),
                                    k->name);
        if (!ok)
                return config_wrong(r, n,
                                    tr("%s is a number, with K, M, G or T if need be",
                                       "%s là một số, có thể kèm K, M, G hoặc T"),
                                    k->name);
        if (k->kind == BYTES)
                *(uint64_t *)(base + k->at) = v;
        else
                *(uint32_t *)(base + k->at) = (uint32_t)v;
}

static void read_value(struct reader *r, const struct node *n, const struct key *k, char *base) {
        switch (k->kind) {
        case TEXT:
                if (scalar(r, n))
                        *(const char **)(base + k->at) = keep(r, n);
                return;
        case TEXTS:
                return read_texts(r, n, (const char ***)(base + k->at),
                                  (uint32_t *)(base + k->extra));
        case FLAG:
        case BOOLEAN: return read_bool(r, n, k, base);
        case SECONDS:
        case NUMBER:
        case BYTES:
        case BYTES32: return read_measure(r, n, k, base);
        case OWN: return k->own(r, n, base + k->at);
        }
}

void config_read_map(struct reader *r, const struct node *map, const struct key *keys, size_t n,
                     void *base) {
        if (map->kind != NODE_MAP)
                return config_wrong(
                        r, map, "%s",
                        tr("a map of keys and values is expected", "cần một bảng khóa và giá trị"));
        for (const struct node *v = map->first; v; v = v->next) {
                size_t i = 0;

                while (i < n && !span_eq(v->key->text, span_str(keys[i].name)))
                        i++;
                if (i == n)
                        config_wrong(r, v->key, tr("unknown key '%.*s'", "không có khóa '%.*s'"),
                                     (int)MIN(v->key->text.len, 100u), v->key->text.p);
                else if (v->kind != NODE_SCALAR || node_type(v) != SCALAR_NULL)
                        read_value(r, v, &keys[i], base);
        }
}

/* ---- addresses ---- */

bool config_ip(const char *text, uint8_t ret[16]) {
        static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
        struct in_addr v4;

        if (inet_pton(AF_INET6, text, ret) == 1)
                return true;
        if (inet_pton(AF_INET, text, &v4) != 1)
                return false;
        memcpy(ret, mapped, sizeof(mapped));
        memcpy(ret + 12, &v4, 4);
        return true;
}

bool config_net(const char *text, struct address_net *ret) {
        char ip[64];
        const char *slash = strchr(text, '/');
        size_t n = slash ? (size_t)(slash - text) : strlen(text);
        bool v4 = memchr(text, ':', n) == NULL;
        unsigned long most = v4 ? 32 : 128, bits = most;
        char *end = NULL;

        if (n >= sizeof(ip))
                return false;
        memcpy(ip, text, n);
        ip[n] = '\0';
        if (slash) {
                if (slash[1] < '0' || slash[1] > '9')
                        return false;
                bits = strtoul(slash + 1, &end, 10);
                if (*end || bits > most)
                        return false;
        }
        *ret = (struct address_net){0};
        if (!config_ip(ip, ret->address))
                return false;
        ret->bits = (uint8_t)(v4 ? 96 + bits : bits);
        return true;
}

bool config_address(const char *text, uint8_t ret_address[16], uint16_t *ret_port) {
        const char *colon = strrchr(text, ':');
        char host[64], *end;

        if (!colon || colon[1] < '0' || colon[1] > '9')
                return false;
        unsigned long port = strtoul(colon + 1, &end, 10);
        size_t n = (size_t)(colon - text);
        if (*end || port == 0 || port > 65535 || n >= sizeof(host))
                return false;
        memcpy(host, text, n);
        host[n] = '\0';
        *ret_port = (uint16_t)port;
        memset(ret_address, 0, 16);
        if (n == 0 || strcmp(host, "*") == 0)
                return true;
        if (host[0] == '[' && host[n - 1] == ']') {
                host[n - 1] = '\0';
                return inet_pton(AF_INET6, host + 1, ret_address) == 1;
        }
        return strchr(host, ':') == NULL && config_ip(host, ret_address);
}

static void own_metrics(struct reader *r, const struct node *n, void *to) {
        struct config *c = r->c;

        if (scalar(r, n) && strcmp(n->text.p, "none") == 0)
                c->metrics_port = 0;
        else if (n->kind == NODE_SCALAR && !config_address(n->text.p, c->metrics, &c->metrics_port))
                config_wrong(r, n, "%s",
                             tr("an address such as 127.0.0.1:9464 is expected",
                                "cần một địa chỉ như 127.0.0.1:9464"));
}

/* ---- words ---- */

struct word {
        const char *name;
        uint32_t value;
};

static bool read_word(struct reader *r, const struct node *n, const struct word *words,
                      size_t count, uint32_t *ret) {
        char known[256] = "";

        if (!scalar(r, n))
                return false;
        for (size_t i = 0; i < count; i++) {
                if (strcmp(n->text.p, words[i].name) == 0) {
                        *ret = words[i].value;
                        return true;
                }
                size_t at = strnlen(known, sizeof(known));
                snprintf(known + at, sizeof(known) - at, "%s%s", i ? ", " : "", words[i].name);
        }
        config_wrong(r, n, tr("'%.60s' is none of: %s", "'%.60s' không thuộc: %s"), n->text.p,
                     known);
        return false;
}

static void own_protocol(struct reader *r, const struct node *n, void *to) {
        static const struct word words[] = {{"syslog-udp", LISTEN_SYSLOG_UDP},
                                            {"syslog-tcp", LISTEN_SYSLOG_TCP},
                                            {"relp", LISTEN_RELP},
                                            {"bulk", LISTEN_BULK},
                                            {"otlp", LISTEN_OTLP},
                                            {"unix", LISTEN_UNIX},
                                            {"unix-datagram", LISTEN_UNIX_DATAGRAM}};
        uint32_t v;

        if (read_word(r, n, words, ARRAY_LEN(words), &v))
                *(enum listen_protocol *)to = (enum listen_protocol)v;
}

static void own_framing(struct reader *r, const struct node *n, void *to) {
        static const struct word words[] = {
                {"auto", FRAMING_AUTO}, {"octets", FRAMING_OCTETS}, {"lines", FRAMING_LINES}};
        uint32_t v;

        if (read_word(r, n, words, ARRAY_LEN(words), &v))
                *(enum listen_framing *)to = (enum listen_framing)v;
}

static void own_unknown(struct reader *r, const struct node *n, void *to) {
        static const struct word words[] = {{"refuse", 0}, {"quarantine", LISTEN_QUARANTINE}};
        uint32_t v;

        if (read_word(r, n, words, ARRAY_LEN(words), &v))
                *(uint32_t *)to |= v;
}

static void own_format(struct reader *r, const struct node *n, void *to) {
        if (!scalar(r, n))
                return;
        enum format f = format_from_name(n->text);
        if (f == FORMAT_UNKNOWN && !span_eq(n->text, SPAN("auto")))
                config_wrong(r, n, tr("no format '%.60s'", "không có định dạng '%.60s'"),
                             n->text.p);
        *(enum format *)to = f;
}

/* ---- the maps ---- */

static const struct key tls_keys[] = {
        {"certificate", TEXT, AT(config_tls, certificate), 0, NULL},
        {"key", TEXT, AT(config_tls, key), 0, NULL},
        {"authorities", TEXT, AT(config_tls, authorities), 0, NULL},
        {"revoked", TEXT, AT(config_tls, revoked), 0, NULL},
};

static void own_tls(struct reader *r, const struct node *n, void *to) {
        config_read_map(r, n, tls_keys, ARRAY_LEN(tls_keys), to);
}

/* `tls: true` or a map of its own files. */
static void own_listen_tls(struct reader *r, const struct node *n, void *to) {
        struct config_listen *l =
                (struct config_listen *)((char *)to - offsetof(struct config_listen, tls));

        if (n->kind == NODE_MAP) {
                l->flags |= LISTEN_TLS;
                own_tls(r, n, to);
        } else if (node_type(n) == SCALAR_BOOL) {
                l->flags |= node_bool(n) ? LISTEN_TLS : 0;
        } else {
                config_wrong(r, n, "%s",
                             tr("tls is true, false or a map", "tls là true, false hoặc bảng"));
        }
}

static void own_address(struct reader *r, const struct node *n, void *to) {
        struct config_listen *l =
                (struct config_listen *)((char *)to - offsetof(struct config_listen, address));

        if (scalar(r, n) && !config_address(n->text.p, l->address, &l->port))
                config_wrong(r, n, "%s",
                             tr("an address such as 0.0.0.0:5514 or [::]:5514 is expected",
                                "cần một địa chỉ như 0.0.0.0:5514 hoặc [::]:5514"));
}

static const struct key listen_keys[] = {
        {"name", TEXT, AT(config_listen, name), 0, NULL},
        {"protocol", OWN, AT(config_listen, protocol), 0, own_protocol},
        {"address", OWN, AT(config_listen, address), 0, own_address},
        {"path", TEXT, AT(config_listen, path), 0, NULL},
        {"tls", OWN, AT(config_listen, tls), 0, own_listen_tls},
        {"mutual", FLAG, AT(config_listen, flags), LISTEN_MUTUAL, NULL},
        {"token", FLAG, AT(config_listen, flags), LISTEN_TOKEN, NULL},
        {"unknown", OWN, AT(config_listen, flags), 0, own_unknown},
        {"framing", OWN, AT(config_listen, framing), 0, own_framing},
        {"connections", NUMBER, AT(config_listen, max_connections), 0, NULL},
        {"connections-per-peer", NUMBER, AT(config_listen, per_peer), 0, NULL},
        {"idle", SECONDS, AT(config_listen, idle_s), 0, NULL},
        {"request-max", BYTES, AT(config_listen, request_max), 0, NULL},
};

/* Addresses and networks, at most `max`. */
static void read_nets(struct reader *r, const struct node *n, struct address_net **to,
                      uint32_t *ret_n, uint32_t max) {
        const char **texts = NULL;
        uint32_t count = 0;

        read_texts(r, n, &texts, &count);
        *to = arena_array(&r->c->arena, count + 1, sizeof(**to));
        if (!*to)
                return;
        const struct node *at = n->kind == NODE_LIST ? n->first : n;
        for (uint32_t i = 0; i < count; i++, at = at->next ? at->next : at) {
                if (*ret_n == max)
                        return config_wrong(r, at, tr("more than %u networks", "quá %u mạng"), max);
                if (config_net(texts[i], &(*to)[*ret_n]))
                        ++*ret_n;
                else
                        config_wrong(r, at,
                                     tr("'%.60s' is no address or network such as 10.0.0.0/8",
                                        "'%.60s' không phải địa chỉ hay mạng như 10.0.0.0/8"),
                                     texts[i]);
        }
}

static void own_nets(struct reader *r, const struct node *n, void *to) {
        struct config_source *s =
                (struct config_source *)((char *)to - offsetof(struct config_source, nets));

        read_nets(r, n, &s->nets, &s->n_nets, SOURCE_NETS_MAX * 4);
}

static const struct key source_keys[] = {
        {"name", TEXT, AT(config_source, name), 0, NULL},
        {"system", TEXT, AT(config_source, system), 0, NULL},
        {"from", OWN, AT(config_source, nets), 0, own_nets},
        {"identity", TEXT, AT(config_source, identity), 0, NULL},
        {"listen", TEXT, AT(config_source, listen), 0, NULL},
        {"tokens", TEXT, AT(config_source, tokens), 0, NULL},
        {"format", OWN, AT(config_source, format), 0, own_format},
        {"record-max", BYTES32, AT(config_source, record_max), 0, NULL},
        {"rate", NUMBER, AT(config_source, records_s), 0, NULL},
        {"bytes-rate", BYTES, AT(config_source, bytes_s), 0, NULL},
        {"silent-after", SECONDS, AT(config_source, silent_s), 0, NULL},
        {"files", TEXTS, AT(config_source, files), AT(config_source, n_files), NULL},
        {"journal", BOOLEAN, AT(config_source, journal), 0, NULL},
};

static void own_listen(struct reader *r, const struct node *n, void *to) {
        struct config *c = r->c;

        if (n->kind != NODE_LIST)
                return config_wrong(r, n, "%s", tr("listen is a list", "listen là một danh sách"));
        if (n->n > LISTENERS_MAX)
                return config_wrong(r, n, tr("more than %u listeners", "quá %u cổng nghe"),
                                    LISTENERS_MAX);
        c->listen = arena_array(&c->arena, n->n + 1, sizeof(*c->listen));
        for (const struct node *i = n->first; i && c->listen; i = i->next) {
                struct config_listen *l = &c->listen[c->n_listen++];

                *l = (struct config_listen){.line = i->line};
                config_read_map(r, i, listen_keys, ARRAY_LEN(listen_keys), l);
        }
}

static void own_sources(struct reader *r, const struct node *n, void *to) {
        struct config *c = r->c;

        if (n->kind != NODE_LIST)
                return config_wrong(r, n, "%s",
                                    tr("sources is a list", "sources là một danh sách"));
        if (n->n >= SOURCES_CONFIGURED_MAX)
                return config_wrong(r, n, tr("more than %u sources", "quá %u nguồn"),
                                    SOURCES_CONFIGURED_MAX - 1);
        c->sources = arena_array(&c->arena, n->n + 1, sizeof(*c->sources));
        for (const struct node *i = n->first; i && c->sources; i = i->next) {
                struct config_source *s = &c->sources[c->n_sources++];

                *s = (struct config_source){.line = i->line};
                config_read_map(r, i, source_keys, ARRAY_LEN(source_keys), s);
        }
}

static const struct key retention_keys[] = {
        {"days", NUMBER, AT(config, retention_days), 0, NULL},
        {"size", BYTES, AT(config, retention_bytes), 0, NULL},
        {"alerts", NUMBER, AT(config, retention_alerts_days), 0, NULL},
};

static void own_retention(struct reader *r, const struct node *n, void *to) {
        config_read_map(r, n, retention_keys, ARRAY_LEN(retention_keys), r->c);
}

static const struct key intel_keys[] = {
        {"files", TEXTS, AT(config_intel, files), AT(config_intel, n_files), NULL},
        {"warning-lists", TEXTS, AT(config_intel, warnings), AT(config_intel, n_warnings), NULL},
        {"expiry", SECONDS, AT(config_intel, expiry_s), 0, NULL},
        {"columns", TEXT, AT(config_intel, columns), 0, NULL},
        {"fields", TEXT, AT(config_intel, fields), 0, NULL},
};

static void own_intel(struct reader *r, const struct node *n, void *to) {
        struct config_intel *i = to;

        config_read_map(r, n, intel_keys, ARRAY_LEN(intel_keys), i);
        if (i->columns && strlen(i->columns) > 255)
                config_wrong(r, n, "%s",
                             tr("columns is at most 255 bytes", "columns dài tối đa 255 byte"));
}

static void own_console_listen(struct reader *r, const struct node *n, void *to) {
        struct config_console *c = &r->c->console;

        if (scalar(r, n) && !config_address(n->text.p, c->address, &c->port))
                config_wrong(r, n, "%s",
                             tr("an address such as 127.0.0.1:8600 is expected",
                                "cần một địa chỉ như 127.0.0.1:8600"));
}

static const struct key console_keys[] = {
        {"listen", OWN, 0, 0, own_console_listen},
        {"certificate", TEXT, AT(config, console.tls.certificate), 0, NULL},
        {"key", TEXT, AT(config, console.tls.key), 0, NULL},
};

bool config_is_loopback(const uint8_t a[16]) {
        static const uint8_t v6[16] = {[15] = 1}, v4[12] = {[10] = 0xff, [11] = 0xff};

        return memcmp(a, v6, 16) == 0 || (memcmp(a, v4, 12) == 0 && a[12] == 127);
}

/* `none`, or a map. Passwords never cross a network in the clear. */
static void own_console(struct reader *r, const struct node *n, void *to) {
        struct config_console *c = &r->c->console;

        if (n->kind == NODE_SCALAR && span_eq(n->text, SPAN("none"))) {
                c->port = 0;
                return;
        }
        config_read_map(r, n, console_keys, ARRAY_LEN(console_keys), r->c);
        if (!c->tls.certificate != !c->tls.key)
                config_wrong(r, n, "%s",
                             tr("certificate and key go together",
                                "certificate và key phải đi cùng nhau"));
        else if (!c->tls.certificate && !config_is_loopback(c->address))
                config_wrong(r, n, "%s",
                             tr("a console for other machines needs certificate and key",
                                "bảng điều khiển cho máy khác cần certificate và key"));
}

static struct config_containment *containment_of(struct reader *r) {
        return &r->c->containment;
}

static void own_never(struct reader *r, const struct node *n, void *to) {
        struct config_containment *c = containment_of(r);

        read_nets(r, n, &c->never, &c->n_never, CONFIG_NEVER_MAX);
}

static void own_management(struct reader *r, const struct node *n, void *to) {
        struct config_containment *c = containment_of(r);

        read_nets(r, n, &c->management, &c->n_management, CONFIG_MANAGEMENT_MAX);
}

/* Names as an order may have them. */
static void check_names(struct reader *r, const struct node *at, uint32_t kind,
                        const char *const *list, uint32_t n) {
        struct order_name name;

        if (n > CONFIG_NAMES_MAX)
                config_wrong(r, at, tr("more than %u names", "quá %u tên"), CONFIG_NAMES_MAX);
        for (uint32_t i = 0; i < n; i++)
                if (!order_name_parse(kind, span_str(list[i]), &name))
                        config_wrong(r, at,
                                     kind == ORDER_SERVICE
                                             ? tr("'%.60s' is no service such as nginx.service",
                                                  "'%.60s' không phải dịch vụ như nginx.service")
                                             : tr("'%.60s' is no name of an account",
                                                  "'%.60s' không phải tên tài khoản"),
                                     list[i]);
                else if (kind == ORDER_SERVICE && strncmp(list[i], "coloa", 5) == 0)
                        config_wrong(r, at,
                                     tr("'%.60s' is this node itself", "'%.60s' là chính nút này"),
                                     list[i]);
}

static void own_never_accounts(struct reader *r, const struct node *n, void *to) {
        struct config_containment *c = containment_of(r);

        read_texts(r, n, &c->never_accounts, &c->n_never_accounts);
        check_names(r, n, ORDER_ACCOUNT, c->never_accounts, c->n_never_accounts);
}

static void own_services(struct reader *r, const struct node *n, void *to) {
        struct config_containment *c = containment_of(r);

        read_texts(r, n, &c->services, &c->n_services);
        check_names(r, n, ORDER_SERVICE, c->services, c->n_services);
}

static void own_firewall(struct reader *r, const struct node *n, void *to);

static const struct key containment_keys[] = {
        {"never", OWN, AT(config_containment, never), 0, own_never},
        {"gateway", BOOLEAN, AT(config_containment, gateway), 0, NULL},
        {"management", OWN, AT(config_containment, management), 0, own_management},
        {"accounts", BOOLEAN, AT(config_containment, accounts), 0, NULL},
        {"never-accounts", OWN, AT(config_containment, never_accounts), 0, own_never_accounts},
        {"services", OWN, AT(config_containment, services), 0, own_services},
        {"webhook", OWN, AT(config_containment, hook), 0, own_firewall},
};

static void own_containment(struct reader *r, const struct node *n, void *to) {
        struct config_containment *c = to;

        c->on = true;
        config_read_map(r, n, containment_keys, ARRAY_LEN(containment_keys), c);
}

void config_own_tls(struct reader *r, const struct node *n, void *to) {
        static const struct word words[] = {
                {"starttls", COURIER_STARTTLS}, {"tls", COURIER_TLS}, {"none", COURIER_PLAIN}};
        uint32_t v;

        if (read_word(r, n, words, ARRAY_LEN(words), &v))
                *(enum courier_tls *)to = (enum courier_tls)v;
}

static const struct key mail_keys[] = {
        {"server", TEXT, AT(config_mail, server), 0, NULL},
        {"port", NUMBER, AT(config_mail, port), 0, NULL},
        {"tls", OWN, AT(config_mail, tls), 0, config_own_tls},
        {"from", TEXT, AT(config_mail, from), 0, NULL},
        {"user", TEXT, AT(config_mail, user), 0, NULL},
        {"password-file", TEXT, AT(config_mail, password_file), 0, NULL},
        {"ca-file", TEXT, AT(config_mail, ca_file), 0, NULL},
};

/* Mails and passwords never cross a network in the clear. */
static void own_mail(struct reader *r, const struct node *n, void *to) {
        struct config_mail *m = to;
        uint8_t address[16];

        config_read_map(r, n, mail_keys, ARRAY_LEN(mail_keys), m);
        bool own = m->server && (strcmp(m->server, "localhost") == 0 ||
                                 (config_ip(m->server, address) && config_is_loopback(address)));
        if (!m->port)
                m->port = m->tls == COURIER_TLS ? 465 : m->tls == COURIER_PLAIN ? 25 : 587;
        if (!m->server || !*m->server || strlen(m->server) > 253 || strpbrk(m->server, "/@ ") ||
            m->port > 65535 || !m->from || !strchr(m->from, '@'))
                config_wrong(
                        r, n, "%s",
                        tr("mail needs server (a name or address), port and from (an address of "
                           "mail)",
                           "mail cần server (tên hoặc địa chỉ), port và from (địa chỉ thư)"));
        if (!m->user != !m->password_file)
                config_wrong(r, n, "%s",
                             tr("user and password-file go together",
                                "user và password-file phải đi cùng nhau"));
        if (m->tls == COURIER_PLAIN && !own)
                config_wrong(r, n, "%s",
                             tr("tls: none is for a server on this machine (127.0.0.1) alone",
                                "tls: none chỉ dùng cho máy chủ trên chính máy này (127.0.0.1)"));
}

static const struct key hook_keys[] = {
        {"name", TEXT, AT(config_hook, name), 0, NULL},
        {"url", TEXT, AT(config_hook, url), 0, NULL},
        {"secret-file", TEXT, AT(config_hook, secret_file), 0, NULL},
        {"ca-file", TEXT, AT(config_hook, ca_file), 0, NULL},
};

static bool hook_good(const struct config_hook *h) {
        return h->url && strncmp(h->url, "https://", 8) == 0 && strlen(h->url) <= 1000 &&
               h->secret_file;
}

static void own_firewall(struct reader *r, const struct node *n, void *to) {
        struct config_hook *h = to;

        config_read_map(r, n, hook_keys, ARRAY_LEN(hook_keys), h);
        if (!hook_good(h))
                config_wrong(r, n, "%s",
                             tr("webhook needs url (https://…) and secret-file",
                                "webhook cần url (https://…) và secret-file"));
        r->c->courier.on = true;
}

static void own_hooks(struct reader *r, const struct node *n, void *to) {
        struct config_courier *c = &r->c->courier;

        if (n->kind != NODE_LIST || n->n > CONFIG_HOOKS_MAX)
                return config_wrong(r, n,
                                    tr("webhooks is a list of at most %u",
                                       "webhooks là danh sách tối đa %u mục"),
                                    CONFIG_HOOKS_MAX);
        c->hooks = arena_array(&r->c->arena, n->n + 1, sizeof(*c->hooks));
        for (const struct node *i = n->first; i && c->hooks; i = i->next) {
                struct config_hook *h = &c->hooks[c->n_hooks++];

                *h = (struct config_hook){.line = i->line};
                config_read_map(r, i, hook_keys, ARRAY_LEN(hook_keys), h);
                if (!h->name || !*h->name || strlen(h->name) > 64 || strpbrk(h->name, " \t\",>") ||
                    !hook_good(h))
                        config_wrong(
                                r, i, "%s",
                                tr("a webhook needs name (without blanks), url (https://…) and "
                                   "secret-file",
                                   "webhook cần name (không dấu cách), url (https://…) và "
                                   "secret-file"));
        }
}

static const struct key courier_keys[] = {
        {"mail", OWN, AT(config_courier, mail), 0, own_mail},
        {"webhooks", OWN, 0, 0, own_hooks},
        {"allow", TEXTS, AT(config_courier, allow), AT(config_courier, n_allow), NULL},
        {"resolvers", TEXTS, AT(config_courier, resolvers), AT(config_courier, n_resolvers), NULL},
        {"authorities", TEXT, AT(config_courier, authorities), 0, NULL},
};

static void own_courier(struct reader *r, const struct node *n, void *to) {
        struct config_courier *c = to;
        struct address_net net;
        uint8_t address[16];
        uint16_t port;

        c->on = true;
        config_read_map(r, n, courier_keys, ARRAY_LEN(courier_keys), c);
        for (uint32_t i = 0; i < c->n_allow; i++)
                if (i >= CONFIG_ALLOW_MAX || !config_net(c->allow[i], &net))
                        config_wrong(r, n,
                                     tr("'%.60s' is no address or network such as 10.0.0.0/8",
                                        "'%.60s' không phải địa chỉ hay mạng như 10.0.0.0/8"),
                                     c->allow[i]);
        for (uint32_t i = 0; i < c->n_resolvers; i++)
                if (!config_ip(c->resolvers[i], address) &&
                    !config_address(c->resolvers[i], address, &port))
                        config_wrong(r, n,
                                     tr("'%.60s' is no address", "'%.60s' không phải địa chỉ"),
                                     c->resolvers[i]);
}

static const struct key top_keys[] = {
        {"directory", TEXT, AT(config, directory), 0, NULL},
        {"control", TEXT, AT(config, control), 0, NULL},
        {"rules", TEXTS, AT(config, rules), AT(config, n_rules), NULL},
        {"placeholders", TEXTS, AT(config, placeholders), AT(config, n_placeholders), NULL},
        {"regimes", TEXTS, AT(config, regimes), AT(config, n_regimes), NULL},
        {"intel", OWN, AT(config, intel), 0, own_intel},
        {"logsources", TEXT, AT(config, logsources), 0, NULL},
        {"exceptions", TEXT, AT(config, exceptions), 0, NULL},
        {"judges", NUMBER, AT(config, judges), 0, NULL},
        {"seals", NUMBER, AT(config, seals), 0, NULL},
        {"lateness", SECONDS, AT(config, lateness_s), 0, NULL},
        {"clock-skew", SECONDS, AT(config, skew_s), 0, NULL},
        {"alert-window", SECONDS, AT(config, alert_window_s), 0, NULL},
        {"duplicates", BYTES, AT(config, duplicates_bytes), 0, NULL},
        {"attachments", BYTES, AT(config, attachments_bytes), 0, NULL},
        {"containment", OWN, AT(config, containment), 0, own_containment},
        {"courier", OWN, AT(config, courier), 0, own_courier},
        {"sign-in", OWN, 0, 0, config_own_sign_in},
        {"recovery", OWN, AT(config, recovery), 0, config_own_recovery},
        {"retention", OWN, 0, 0, own_retention},
        {"tls", OWN, AT(config, tls), 0, own_tls},
        {"console", OWN, 0, 0, own_console},
        {"metrics", OWN, 0, 0, own_metrics},
        {"listen", OWN, 0, 0, own_listen},
        {"sources", OWN, 0, 0, own_sources},
};

/* ---- what belongs together ---- */

static void wrong_at(struct reader *r, uint32_t line, const char *fmt, const char *name) {
        struct node n = {.line = line, .column = 1};

        config_wrong(r, &n, "%s '%s'", fmt, name);
}

/* A local listener has a path, any other an address. */
static void check_place(struct reader *r, const struct config_listen *l) {
        bool local = listen_is_local(l->protocol);

        if (local ? !l->path || !*l->path : l->protocol == 0 || l->port == 0)
                wrong_at(r, l->line,
                         local ? tr("path is missing for", "thiếu path cho")
                               : tr("protocol and address are missing for",
                                    "thiếu protocol và address cho"),
                         l->name);
        if (local ? l->port || (l->flags & (LISTEN_TLS | LISTEN_MUTUAL)) : l->path != NULL)
                wrong_at(r, l->line,
                         local ? tr("address and tls are not for the local listener",
                                    "address và tls không dùng cho cổng nghe nội bộ")
                               : tr("path is for local listeners, not for",
                                    "path chỉ dùng cho cổng nghe nội bộ, không cho"),
                         l->name);
}

static void check_listen(struct reader *r) {
        struct config *c = r->c;

        for (uint32_t i = 0; i < c->n_listen; i++) {
                struct config_listen *l = &c->listen[i];
                const struct config_tls *t = l->tls.certificate ? &l->tls : &c->tls;

                if (!l->name || !*l->name || strlen(l->name) >= LISTEN_NAME_MAX) {
                        wrong_at(r, l->line,
                                 tr("a listener needs a name of 1 to 31 bytes, not",
                                    "cổng nghe cần tên dài 1 đến 31 byte, không phải"),
                                 l->name ? l->name : "");
                        continue;
                }
                check_place(r, l);
                if (l->flags & LISTEN_MUTUAL)
                        l->flags |= LISTEN_TLS;
                if ((l->flags & LISTEN_TLS) && (!t->certificate || !t->key))
                        wrong_at(r, l->line,
                                 tr("tls needs certificate and key, for",
                                    "tls cần certificate và key, cho"),
                                 l->name);
                if ((l->flags & LISTEN_MUTUAL) && !t->authorities)
                        wrong_at(r, l->line,
                                 tr("mutual needs authorities, for", "mutual cần authorities, cho"),
                                 l->name);
                for (uint32_t k = 0; k < i; k++)
                        if (c->listen[k].name && strcmp(c->listen[k].name, l->name) == 0)
                                wrong_at(r, l->line,
                                         tr("two listeners are named", "hai cổng nghe trùng tên"),
                                         l->name);
        }
}

static bool printable(const char *s) {
        for (; *s; s++)
                if (*s < 0x21 || *s > 0x7e)
                        return false;
        return true;
}

static void check_source(struct reader *r, const struct config_source *s) {
        bool known = false, local = false;

        if (s->listen) {
                for (uint32_t k = 0; k < r->c->n_listen; k++) {
                        const struct config_listen *l = &r->c->listen[k];
                        bool this = l->name && strcmp(l->name, s->listen) == 0;

                        known |= this;
                        local |= this && listen_is_local(l->protocol);
                }
                if (!known)
                        wrong_at(r, s->line, tr("no listener is named", "không có cổng nghe tên"),
                                 s->listen);
        }
        if (!s->n_nets && !s->identity && !s->tokens && !s->n_files && !s->journal && !local)
                wrong_at(r, s->line,
                         tr("from, identity, tokens, files or journal is missing for",
                            "thiếu from, identity, tokens, files hoặc journal cho"),
                         s->name);
        if (s->identity && strlen(s->identity) >= IDENTITY_MAX)
                wrong_at(r, s->line, tr("identity is too long for", "identity quá dài cho"),
                         s->name);
        if (s->record_max > RECORD_MAX)
                wrong_at(r, s->line,
                         tr("record-max is at most 256K, for", "record-max tối đa 256K, cho"),
                         s->name);
}

static void check_sources(struct reader *r) {
        struct config *c = r->c;

        for (uint32_t i = 0; i < c->n_sources; i++) {
                struct config_source *s = &c->sources[i];

                if (!s->name || !*s->name || strlen(s->name) >= SOURCE_NAME_MAX ||
                    !printable(s->name) || strcmp(s->name, SOURCE_UNKNOWN_NAME) == 0) {
                        wrong_at(r, s->line,
                                 tr("a source needs a name of 1 to 59 printable ASCII characters, "
                                    "not",
                                    "nguồn cần tên 1 đến 59 ký tự ASCII in được, không phải"),
                                 s->name ? s->name : "");
                        continue;
                }
                if (!s->system)
                        s->system = "";
                if (strlen(s->system) >= SOURCE_NAME_MAX || !printable(s->system))
                        wrong_at(r, s->line,
                                 tr("system is at most 59 printable characters, for",
                                    "system tối đa 59 ký tự in được, cho"),
                                 s->name);
                check_source(r, s);
                for (uint32_t k = 0; k < i; k++)
                        if (c->sources[k].name && strcmp(c->sources[k].name, s->name) == 0)
                                wrong_at(r, s->line,
                                         tr("two sources are named", "hai nguồn trùng tên"),
                                         s->name);
        }
}

static void defaults(struct config *c) {
        static const uint8_t loopback[16] = {[10] = 0xff, [11] = 0xff, 127, 0, 0, 1};

        c->directory = "/var/lib/coloa";
        c->control = "/run/coloa/control";
        c->lateness_s = 60;
        c->skew_s = 300;
        c->alert_window_s = 3600;
        c->retention_alerts_days = 730;
        c->duplicates_bytes = DEDUP_BYTES;
        c->attachments_bytes = UINT64_C(4) << 30;
        c->recovery.quota = UINT64_C(10) << 30;
        c->recovery.limit_s = 4 * 3600;
        memcpy(c->metrics, loopback, sizeof(loopback));
        c->metrics_port = 9464;
        memcpy(c->console.address, loopback, sizeof(loopback));
        c->console.port = 8600;
}

static void check_duplicates(struct reader *r, const struct node *at) {
        uint64_t *n = &r->c->duplicates_bytes;

        if (*n < DEDUP_MIN || *n > DEDUP_MAX)
                config_wrong(r, at, "%s",
                             tr("duplicates is 1M to 512M", "duplicates phải từ 1M đến 512M"));
        *n &= ~(uint64_t)4095; /* whole pages */
}

static void read_document(struct reader *r, struct span text) {
        _cleanup_(yaml_closep) struct yaml *y = NULL;
        struct yaml_problem p = {0};
        struct node *root = NULL, *more = NULL;
        struct arena *a = &r->c->arena;

        int got = yaml_open(&y, text);
        if (got == 0)
                got = yaml_next(y, a, &root, &p);
        if (got == YAML_E_PROBLEM || got < 0) {
                struct node at = {.line = got < 0 ? 0 : p.line, .column = got < 0 ? 0 : p.column};
                struct span s = got < 0 ? SPAN("cannot be read")
                                        : span_of(tr(p.en.p, p.vi.p),
                                                  lang_current == LANG_VI ? p.vi.len : p.en.len);
                return config_wrong(r, &at, "%.*s", (int)s.len, s.p);
        }
        if (got == 0 || !root)
                return; /* empty: defaults */
        config_read_map(r, root, top_keys, ARRAY_LEN(top_keys), r->c);
        if (yaml_next(y, a, &more, &p) == 1)
                config_wrong(r, more, "%s",
                             tr("only one document is expected", "chỉ được có một tài liệu"));
        const struct node *duplicates = node_get(root, "duplicates");
        if (duplicates)
                check_duplicates(r, duplicates);
        check_listen(r);
        check_sources(r);
        config_check_recovery(r);
        _cleanup_(buf_deinit) struct buf shown = {0};
        config_show(root, &shown);
        if (!shown.failed)
                r->c->shown = arena_dup(a, buf_get(&shown));
}

int config_parse(struct config *ret, const char *path, struct span text, config_complain complain,
                 void *ctx) {
        struct reader r = {.c = ret, .complain = complain, .ctx = ctx};

        *ret = (struct config){.path = path};
        arena_init(&ret->arena, CONFIG_ARENA);
        defaults(ret);
        read_document(&r, text);
        if (r.errors == 0)
                return 0;
        config_deinit(ret);
        return -EINVAL;
}

void config_deinit(struct config *c) {
        arena_deinit(&c->arena);
        *c = (struct config){0};
}
