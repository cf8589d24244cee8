/* The courier's part of a node: what it is told, as one sealed block of memory (so no secret is in an argument, a
 * variable or a log), and a line between it and the desk. */
#include <stdio.h>
#include <stdlib.h>

#include "main/node_impl.h"
#include "main/phrases.h"

#define CONFIG_BYTES ((size_t)12 << 20)
#define FILE_BYTES ((size_t)1 << 20)
#define SECRET_BYTES 1024u
#define AUTHORITIES "/etc/ssl/certs/ca-certificates.crt"

static void text(struct buf *b, const char *name, const char *value) {
        if (!value)
                return;
        buf_printf(b, ",\"%s\":\"", name);
        buf_json(b, span_str(value));
        buf_char(b, '"');
}

/* A file's bytes as a text. A secret is one line. false: it cannot be read. */
static bool file(struct node *n, struct buf *b, const char *name, const char *path, bool secret) {
        char *p = NULL;
        size_t len;

        if (!path)
                return true;
        int r = os_read_file(path, FILE_BYTES, &p, &len);
        struct span s = r == 0 ? span_of(p, len) : SPAN_NONE;
        if (secret)
                s = span_trim(s);
        if (r == 0 && secret && (!s.len || s.len > SECRET_BYTES || memchr(s.p, '\n', s.len)))
                r = -EBADMSG;
        if (r == 0) {
                buf_printf(b, ",\"%s\":\"", name);
                buf_json(b, s);
                buf_char(b, '"');
        } else {
                node_say(n, 0, "main", "path=%s %s", path,
                         r == -EBADMSG ? "is no secret of one line" : error_text(r));
                base_fail_clear();
        }
        if (p)
                explicit_bzero(p, len);
        free(p);
        return r == 0;
}

static const char *tls_word(enum courier_tls t) {
        return t == COURIER_TLS ? "tls" : t == COURIER_PLAIN ? "none" : "starttls";
}

/* What cannot be read leaves that server out, and no other. */
static void put_mail(struct node *n, struct buf *b) {
        const struct config_courier *c = &n->config->courier;
        size_t before = b->len;

        if (!c->mail.server)
                return;
        buf_printf(b, ",\"mail\":{\"port\":%u", c->mail.port);
        text(b, "server", c->mail.server);
        text(b, "tls", tls_word(c->mail.tls));
        text(b, "from", c->mail.from);
        text(b, "user", c->mail.user);
        bool good = file(n, b, "password", c->mail.password_file, true) &&
                    file(n, b, "ca", c->mail.ca_file, false);
        buf_char(b, '}');
        if (!good)
                b->len = before;
}

static void put_hook(struct node *n, struct buf *b, const struct config_hook *h, bool *first) {
        size_t before = b->len;

        buf_printf(b, "%s{\"x\":0", *first ? "" : ",");
        text(b, "name", h->name);
        text(b, "url", h->url);
        bool good =
                file(n, b, "secret", h->secret_file, true) && file(n, b, "ca", h->ca_file, false);
        buf_char(b, '}');
        if (good)
                *first = false;
        else
                b->len = before;
}

/* Of the file's "nameserver" lines, as it is now. */
static void put_system_resolvers(struct buf *b) {
        char *p = NULL, *at, *line;
        bool first = true;
        size_t len;

        if (os_read_file("/etc/resolv.conf", FILE_BYTES, &p, &len) < 0) {
                base_fail_clear();
                return;
        }
        at = p;
        while ((line = strsep(&at, "\n"))) {
                char address[64];

                if (sscanf(line, " nameserver %63[0-9a-fA-F.:]", address) != 1)
                        continue;
                buf_printf(b, "%s{\"address\":\"%s\"}", first ? "" : ",", address);
                first = false;
        }
        free(p);
}

static void put_places(struct node *n, struct buf *b) {
        const struct config_courier *c = &n->config->courier;

        buf_str(b, ",\"allow\":[");
        for (uint32_t i = 0; i < c->n_allow; i++) {
                buf_str(b, i ? ",\"" : "\"");
                buf_json(b, span_str(c->allow[i]));
                buf_char(b, '"');
        }
        buf_str(b, "],\"resolvers\":[");
        for (uint32_t i = 0; i < c->n_resolvers; i++) {
                uint8_t address[16];
                uint16_t port = 53;
                char only[64];

                snprintf(only, sizeof(only), "%s", c->resolvers[i]);
                if (config_address(c->resolvers[i], address, &port)) {
                        *strrchr(only, ':') = '\0';
                        size_t len = strlen(only);
                        if (only[0] == '[' && len > 2) {
                                memmove(only, only + 1, len - 2);
                                only[len - 2] = '\0';
                        }
                } else {
                        port = 53;
                }
                buf_printf(b, "%s{\"address\":\"%s\",\"port\":%u}", i ? "," : "", only, port);
        }
        if (!c->n_resolvers)
                put_system_resolvers(b);
        buf_char(b, ']');
}

/* Where people's passwords are asked for. What cannot be read leaves it out: local accounts still sign in. */
static void put_directory(struct node *n, struct buf *b) {
        const struct config_directory *d = &n->config->ldap;
        size_t before = b->len;

        if (!d->server)
                return;
        buf_printf(b, ",\"ldap\":{\"port\":%u", d->port);
        text(b, "server", d->server);
        text(b, "tls", tls_word(d->tls));
        text(b, "dn", d->dn);
        text(b, "base", d->base);
        text(b, "attribute", d->attribute);
        text(b, "class", d->class_name);
        text(b, "user", d->user);
        text(b, "lock", d->lock);
        text(b, "locked", d->locked);
        bool good = file(n, b, "password", d->password_file, true) &&
                    file(n, b, "ca", d->ca_file, false);
        buf_char(b, '}');
        if (!good)
                b->len = before;
}

static void put_provider(struct node *n, struct buf *b) {
        const struct config_provider *p = &n->config->oidc;
        size_t before = b->len;

        if (!p->issuer)
                return;
        buf_str(b, ",\"oidc\":{\"x\":0");
        text(b, "issuer", p->issuer);
        text(b, "client", p->client);
        text(b, "redirect", p->redirect);
        text(b, "claim", p->claim);
        text(b, "name", p->name);
        bool good =
                file(n, b, "secret", p->secret_file, true) && file(n, b, "ca", p->ca_file, false);
        buf_char(b, '}');
        if (!good)
                b->len = before;
}

/* Where act has addresses blocked by a firewall elsewhere. */
static void put_firewall(struct node *n, struct buf *b) {
        const struct config_hook *h = &n->config->containment.hook;
        size_t before = b->len;

        if (!h->url)
                return;
        buf_str(b, ",\"firewall\":{\"x\":0");
        text(b, "url", h->url);
        bool good =
                file(n, b, "secret", h->secret_file, true) && file(n, b, "ca", h->ca_file, false);
        buf_char(b, '}');
        if (!good)
                b->len = before;
}

static void put_all(struct node *n, struct buf *b) {
        const struct config_courier *c = &n->config->courier;
        bool first = true;

        buf_str(b, "{\"version\":1");
        put_mail(n, b);
        buf_str(b, ",\"webhooks\":[");
        for (uint32_t i = 0; i < c->n_hooks; i++)
                put_hook(n, b, &c->hooks[i], &first);
        buf_char(b, ']');
        put_places(n, b);
        put_directory(n, b);
        put_provider(n, b);
        put_firewall(n, b);
        (void)file(n, b, "hosts", "/etc/hosts", false);
        (void)file(n, b, "authorities", c->authorities ? c->authorities : AUTHORITIES, false);
        buf_char(b, '}');
}

int node_tell_courier(struct node *n) {
        struct msg_plain m = {COURIER_CONFIG, 0};
        struct buf b = {.limit = CONFIG_BYTES};
        _cleanup_(os_closep) int fd = -1;
        int r;

        if (n->workers[NODE_COURIER].child.pid <= 0)
                return 0;
        /* Room for all at once: nothing secret is left behind where a buffer was before it grew. */
        if (!buf_reserve(&b, (size_t)4 << 20))
                return FAIL(-ENOMEM);
        put_all(n, &b);
        r = b.failed ? -EFBIG : os_memfd("courier", &fd);
        if (r == 0)
                r = os_write_full(fd, b.p, b.len);
        if (r == 0)
                r = os_memfd_seal(fd);
        if (r == 0)
                r = node_send(n, NODE_COURIER, &m, sizeof(m), fd);
        explicit_bzero(b.p, b.cap);
        buf_deinit(&b);
        return r;
}

/* Made anew whenever either of them begins. */
int node_join_courier(struct node *n) {
        struct msg_plain m = {NODE_PEER, NODE_PEER_COURIER};
        int pair[2];

        if (n->workers[NODE_COURIER].child.pid <= 0 || n->workers[NODE_DESK].child.pid <= 0)
                return 0;
        int r = os_socketpair_stream(pair);
        if (r < 0)
                return FAIL(r);
        r = node_send(n, NODE_COURIER, &m, sizeof(m), pair[0]);
        if (r == 0)
                r = node_send(n, NODE_DESK, &m, sizeof(m), pair[1]);
        os_close(pair[0]);
        os_close(pair[1]);
        return r;
}

/* For what act cannot do here: a firewall elsewhere, accounts of the directory. */
int node_join_act_courier(struct node *n) {
        struct msg_plain m = {NODE_PEER, NODE_PEER_COURIER};
        int pair[2];

        if (n->workers[NODE_COURIER].child.pid <= 0 || n->workers[NODE_ACT].child.pid <= 0)
                return 0;
        int r = os_socketpair_stream(pair);
        if (r < 0)
                return FAIL(r);
        r = node_send(n, NODE_ACT, &m, sizeof(m), pair[0]);
        m.value = NODE_PEER_ACT;
        if (r == 0)
                r = node_send(n, NODE_COURIER, &m, sizeof(m), pair[1]);
        os_close(pair[0]);
        os_close(pair[1]);
        return r;
}
