/* See directory.h.
 *
 *     look up ─► connect ─► (StartTLS) ─► TLS ─► bind as the node ─► search ─► bind as who signs in ─► answer
 *                                           └──► bind as the DN of the template ───────────────────────┘
 *                                                                  search ─► replace ─► answer
 *
 *   V1. A password goes out only over TLS whose certificate is the server's, by authorities of the
 *       configuration or the machine; in the clear to this machine alone.
 *   V2. "Wrong" is said only when the directory said so of the bind as that person; whatever else goes wrong
 *       is no judgement of anybody.
 *   V3. Exactly one entry is somebody; none or two are nobody. */
#include "courier/directory.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/timestamp.h"
#include "courier/impl.h"
#include "courier/ldap.h"
#include "os/dial.h"
#include "os/os.h"

#define VISITS_MAX 8u
#define SECONDS 10
#define IN_MAX ((size_t)256 << 10)

enum tls { TLS_WHOLE, TLS_START, TLS_NONE };
enum step { CONNECTING, STARTING, SHAKING, AS_NODE, SEARCHING, AS_PERSON, REPLACING };
enum op { OP_SIGN_IN, OP_LOOK, OP_LOCK, OP_UNLOCK };

struct visit {
        struct directory *d;
        uint64_t id;
        enum op op;
        enum step step;
        int64_t until; /* of courier_mono() */
        int fd;
        unsigned address, entries;
        struct dns_addresses addresses;
        gnutls_session_t tls;
        struct buf in, out;
        uint32_t message; /* the one we wait for an answer to */
        char login[128], password[LDAP_TEXT_MAX + 1], dn[LDAP_TEXT_MAX + 1];
        /* Of the attribute that locks: what it shall be again, and what it is; a ledger keeps as much. */
        char value[17], was[17];
};

struct directory {
        struct courier *c;
        struct visit *visits[VISITS_MAX];
        gnutls_certificate_credentials_t trust;
        uint16_t port;
        enum tls how;
        bool own; /* it is this machine, named as such */
        char *server, *dn, *base, *attribute, *class, *user, *password, *lock, *locked;
};

/* ---- the end of one ---- */

static void visit_free(struct visit *v) {
        struct directory *d = v->d;

        for (unsigned i = 0; i < VISITS_MAX; i++)
                if (d->visits[i] == v)
                        d->visits[i] = NULL;
        if (v->fd >= 0)
                (void)courier_watch(d->c, v->fd, 0, NULL, NULL);
        if (v->tls)
                gnutls_deinit(v->tls);
        os_close_quiet(v->fd);
        if (v->out.p)
                sodium_memzero(v->out.p, v->out.cap);
        buf_deinit(&v->in);
        buf_deinit(&v->out);
        sodium_memzero(v, sizeof(*v));
        free(v);
}

static void answer(struct visit *v, int error) {
        char text[128];

        snprintf(text, sizeof(text), "{\"was\":\"%s\"}", v->was);
        courier_answer(v->d->c, COURIER_LDAP, v->id, error, 0,
                       v->op == OP_SIGN_IN || error ? SPAN_NONE : span_str(text));
        visit_free(v);
}

/* ---- bytes ---- */

static void go_on(void *ctx, int fd, short revents);

/* Of one that is waited for already, which always has its place. */
static void want(struct visit *v, short events) {
        (void)courier_watch(v->d->c, v->fd, events, go_on, v);
}

static ssize_t put(struct visit *v) {
        if (!v->tls || v->step <= STARTING)
                return os_write_now(v->fd, v->out.p, v->out.len);
        ssize_t n = gnutls_record_send(v->tls, v->out.p, v->out.len);
        return n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED ? -EAGAIN : n < 0 ? -EPIPE : n;
}

static ssize_t get(struct visit *v, char *to, size_t room) {
        if (!v->tls || v->step <= STARTING)
                return os_recv_stream(v->fd, to, room);
        ssize_t n = gnutls_record_recv(v->tls, to, room);
        return n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED ? -EAGAIN : n < 0 ? -EPIPE : n;
}

/* What is to be sent, as far as it goes. false: it was answered. */
static bool flush(struct visit *v) {
        while (v->out.len) {
                ssize_t n = put(v);

                if (n == -EAGAIN)
                        break;
                if (n <= 0) {
                        answer(v, -EPIPE);
                        return false;
                }
                sodium_memzero(v->out.p, (size_t)n);
                buf_drop(&v->out, (size_t)n);
        }
        want(v, (short)(POLLIN | (v->out.len ? POLLOUT : 0)));
        return true;
}

/* ---- the conversation ---- */

static void send_out(struct visit *v, enum step step, int error) {
        if (error < 0 || v->out.failed) {
                answer(v, error == -EINVAL && v->op == OP_SIGN_IN ? -EACCES
                          : error                                 ? error
                                                                  : -ENOMEM);
                return;
        }
        v->step = step;
        (void)flush(v);
}

static struct span opt(const char *s) {
        return s ? span_str(s) : SPAN_NONE;
}

static void bind_as_person(struct visit *v) {
        send_out(v, AS_PERSON,
                 ldap_bind(&v->out, ++v->message, span_str(v->dn), span_str(v->password)));
}

static void search(struct visit *v) {
        const struct directory *d = v->d;

        v->entries = 0;
        send_out(v, SEARCHING,
                 ldap_search(&v->out, ++v->message, opt(d->base), opt(d->class), opt(d->attribute),
                             span_str(v->login), v->op == OP_SIGN_IN ? SPAN("1.1") : opt(d->lock)));
}

/* There is a line: who are we to them? */
static void introduce(struct visit *v) {
        struct directory *d = v->d;
        struct buf b = {.limit = LDAP_TEXT_MAX};

        if (v->op == OP_SIGN_IN && d->dn) {
                int r = ldap_dn_of(&b, span_str(d->dn), span_str(v->login));

                if (r == 0)
                        memcpy(v->dn, b.p, b.len);
                buf_deinit(&b);
                if (r < 0)
                        answer(v, -EACCES);
                else
                        bind_as_person(v);
                return;
        }
        send_out(v, AS_NODE, ldap_bind(&v->out, ++v->message, opt(d->user), opt(d->password)));
}

static void shake(struct visit *v) {
        v->step = SHAKING;
        int r = gnutls_handshake(v->tls);

        if (r == GNUTLS_E_SUCCESS) {
                introduce(v);
        } else if (gnutls_error_is_fatal(r)) {
                answer(v, -EKEYREJECTED); /* V1 */
        } else {
                want(v, gnutls_record_get_direction(v->tls) ? POLLOUT : POLLIN);
        }
}

static int prepare_tls(struct visit *v) {
        struct directory *d = v->d;
        uint8_t address[16];

        if (gnutls_init(&v->tls, GNUTLS_CLIENT | GNUTLS_NONBLOCK) < 0 ||
            gnutls_set_default_priority(v->tls) < 0 ||
            gnutls_credentials_set(v->tls, GNUTLS_CRD_CERTIFICATE, d->trust) < 0)
                return -ENOMEM;
        if (!os_address_of(d->server, address))
                (void)gnutls_server_name_set(v->tls, GNUTLS_NAME_DNS, d->server, strlen(d->server));
        gnutls_session_set_verify_cert(v->tls, d->server, 0);
        gnutls_transport_set_int(v->tls, v->fd);
        return 0;
}

static void connected(struct visit *v) {
        if (v->d->how != TLS_NONE && prepare_tls(v) < 0)
                answer(v, -ENOMEM);
        else if (v->d->how == TLS_NONE)
                introduce(v);
        else if (v->d->how == TLS_WHOLE)
                shake(v);
        else
                send_out(v, STARTING, ldap_starttls(&v->out, ++v->message));
}

/* To the next address that there is. */
static void dial(struct visit *v) {
        struct os_peer to = {.port = v->d->port};

        while (v->address < v->addresses.n) {
                memcpy(to.address, v->addresses.list[v->address++], 16);
                v->fd = os_dial_stream(&to);
                if (v->fd < 0)
                        continue;
                v->step = CONNECTING;
                if (courier_watch(v->d->c, v->fd, POLLOUT, go_on, v) < 0)
                        answer(v, -EAGAIN);
                return;
        }
        answer(v, -ECONNREFUSED);
}

static void dialled(struct visit *v) {
        if (os_dial_error(v->fd) == 0) {
                connected(v);
                return;
        }
        (void)courier_watch(v->d->c, v->fd, 0, NULL, NULL);
        os_close(os_take(&v->fd));
        dial(v);
}

/* ---- what the directory says ---- */

/* "+2" is a bit that is set beside the others. */
static void locked_value(const struct visit *v, const char *before, char to[32]) {
        const char *locked = v->d->locked;

        if (locked[0] == '+')
                snprintf(to, 32, "%ld", strtol(before, NULL, 10) | strtol(locked + 1, NULL, 10));
        else
                snprintf(to, 32, "%s", locked);
}

static void replace(struct visit *v) {
        char locked[32];

        locked_value(v, v->was, locked);
        send_out(v, REPLACING,
                 ldap_replace(&v->out, ++v->message, span_str(v->dn), opt(v->d->lock),
                              span_str(v->op == OP_LOCK ? locked : v->value)));
}

/* Still as we left it. */
static bool is_ours(const struct visit *v) {
        char locked[32];

        locked_value(v, v->value, locked);
        return strcmp(v->was, locked) == 0;
}

static bool fits(struct span s, size_t room) {
        for (size_t i = 0; i < s.len; i++)
                if (s.p[i] < ' ' || s.p[i] > '~' || s.p[i] == '"' || s.p[i] == '\\')
                        return false;
        return s.len < room;
}

/* V3. A value that the ledger cannot keep is not touched. */
static void found(struct visit *v) {
        if (v->entries != 1) {
                answer(v, v->op == OP_SIGN_IN ? -EACCES : -ENOENT);
                return;
        }
        if (v->op == OP_SIGN_IN)
                bind_as_person(v);
        else if (v->op == OP_LOOK)
                answer(v, 0);
        else if (v->op == OP_UNLOCK && !is_ours(v))
                answer(v, 0); /* somebody changed it meanwhile: not ours to change back */
        else
                replace(v);
}

static void take_entry(struct visit *v, const struct ldap_said *s) {
        v->entries++;
        if (s->dn.len > LDAP_TEXT_MAX || s->n_values > 1 || !fits(s->value, sizeof(v->was)) ||
            memchr(s->dn.p, 0, s->dn.len)) {
                v->entries = 2; /* nobody whom we could mean */
                return;
        }
        memcpy(v->dn, s->dn.p, s->dn.len);
        v->dn[s->dn.len] = '\0';
        memset(v->was, 0, sizeof(v->was));
        if (s->n_values)
                memcpy(v->was, s->value.p, s->value.len);
}

/* false: it was answered, or another step has begun. */
/* It could not look: that says nothing of the password. */
static bool is_busy(uint32_t code) {
        static const uint32_t busy[] = {1, 2, 3, 11, 51, 52, 80};

        for (size_t i = 0; i < ARRAY_LEN(busy); i++)
                if (code == busy[i])
                        return true;
        return false;
}

static bool take(struct visit *v, const struct ldap_said *s) {
        static const uint32_t ends[] = {[STARTING] = LDAP_EXTENDED_DONE,
                                        [AS_NODE] = LDAP_BIND_DONE,
                                        [SEARCHING] = LDAP_SEARCH_DONE,
                                        [AS_PERSON] = LDAP_BIND_DONE,
                                        [REPLACING] = LDAP_MODIFY_DONE};

        if (v->step == SEARCHING && s->op == LDAP_ENTRY && s->id == v->message) {
                take_entry(v, s);
                return true;
        }
        if (v->step == SEARCHING && s->op == LDAP_ELSEWHERE)
                return true;
        if (s->id != v->message || s->op != ends[v->step]) {
                answer(v, -EPROTO);
                return false;
        }
        bool good = s->code == LDAP_OK;
        if (v->step == AS_PERSON) {
                answer(v, good ? 0 : is_busy(s->code) ? -EBUSY : -EACCES); /* V2 */
        } else if (v->step == SEARCHING) {
                if (s->code == LDAP_OK || s->code == LDAP_NO_SUCH_OBJECT || v->entries > 1)
                        found(v);
                else
                        answer(v, -EPROTO);
        } else if (v->step == REPLACING) {
                bool gone = s->code == LDAP_NO_SUCH_ATTRIBUTE && v->op == OP_UNLOCK;

                answer(v, good || gone ? 0 : -EPERM);
        } else if (!good) {
                answer(v, v->step == AS_NODE ? -EKEYREJECTED : -EPROTO);
        } else if (v->step == STARTING) {
                shake(v);
        } else {
                search(v);
        }
        return false;
}

/* What there is to read. An answer that begins another step ends the loop where it may be gone. */
static void hear(struct visit *v) {
        struct directory *d = v->d;
        struct ldap_said s;
        size_t used = 0;

        for (;;) {
                char *to = buf_reserve(&v->in, 4096);
                ssize_t n = to ? get(v, to, 4096) : -ENOMEM;

                if (n == -EAGAIN)
                        return;
                if (n <= 0 || v->in.len > IN_MAX) {
                        answer(v, n < 0 && n != -EPIPE ? (int)n : -ECONNRESET);
                        return;
                }
                v->in.len += (size_t)n;
                int r;
                while ((r = ldap_read(buf_get(&v->in), &used, &s)) == 1) {
                        bool clear = v->step == STARTING; /* nothing of before TLS counts after */
                        bool more = take(v, &s), there = false;

                        for (unsigned i = 0; i < VISITS_MAX; i++)
                                there |= d->visits[i] == v;
                        if (!there)
                                return;
                        buf_drop(&v->in, clear ? v->in.len : used);
                        if (!more && v->step == SHAKING)
                                return;
                }
                if (r < 0) {
                        answer(v, -EPROTO);
                        return;
                }
        }
}

static void go_on(void *ctx, int fd, short revents) {
        struct visit *v = ctx;

        if (v->step == CONNECTING)
                dialled(v);
        else if (v->step == SHAKING)
                shake(v);
        else if (!(revents & POLLOUT) || flush(v))
                if (revents & POLLIN)
                        hear(v);
}

/* ---- asks ---- */

/* A name that is looked up may outlive who asked. */
struct coming {
        struct courier *c;
        uint64_t id;
};

static void looked_up(void *ctx, int error, const struct dns_addresses *a) {
        struct coming k = *(struct coming *)ctx;
        struct directory *d = k.c->directory;
        struct visit *v = NULL;

        free(ctx);
        for (unsigned i = 0; d && i < VISITS_MAX; i++)
                if (d->visits[i] && d->visits[i]->id == k.id && d->visits[i]->fd < 0)
                        v = d->visits[i];
        if (!v)
                return;
        for (unsigned i = 0; i < a->n; i++)
                if (courier_may_reach(k.c, a->list[i]) || (d->own && reach_loopback(a->list[i])))
                        memcpy(v->addresses.list[v->addresses.n++], a->list[i], 16);
        if (error || !v->addresses.n)
                answer(v, error ? error : -ENETUNREACH);
        else
                dial(v);
}

static void look_up(struct visit *v) {
        struct coming *k = malloc(sizeof(*k));

        if (!k) {
                answer(v, -ENOMEM);
                return;
        }
        *k = (struct coming){v->d->c, v->id};
        lookup_begin(v->d->c, span_str(v->d->server), looked_up, k);
}

void directory_tick(struct directory *d) {
        for (unsigned i = 0; d && i < VISITS_MAX; i++)
                if (d->visits[i] && courier_mono(d->c) > d->visits[i]->until)
                        answer(d->visits[i], -ETIMEDOUT);
}

static bool take_text(const json_t *o, const char *name, char *to, size_t room) {
        const json_t *v = json_object_get(o, name);
        size_t n = json_string_length(v);

        if (!json_is_string(v) || n >= room || memchr(json_string_value(v), 0, n))
                return false;
        memcpy(to, json_string_value(v), n);
        to[n] = '\0';
        return true;
}

static bool read_ask(struct visit *v, const json_t *o) {
        static const char *const ops[] = {"sign-in", "look", "lock", "unlock"};
        char op[16];
        unsigned i = 0;

        if (!take_text(o, "op", op, sizeof(op)) ||
            !take_text(o, "login", v->login, sizeof(v->login)))
                return false;
        while (i < ARRAY_LEN(ops) && strcmp(op, ops[i]) != 0)
                i++;
        v->op = (enum op)i;
        if (i == ARRAY_LEN(ops) || !v->login[0])
                return false;
        if (v->op == OP_UNLOCK && !take_text(o, "was", v->value, sizeof(v->value)))
                return false;
        return v->op != OP_SIGN_IN || take_text(o, "password", v->password, sizeof(v->password));
}

int directory_ask(struct courier *c, uint64_t id, struct span payload) {
        json_t *o =
                json_loadb(payload.p ? payload.p : "", payload.len, JSON_REJECT_DUPLICATES, NULL);
        struct directory *d = c->directory;
        struct visit *v = calloc(1, sizeof(*v));
        unsigned i = 0;

        while (d && i < VISITS_MAX && d->visits[i])
                i++;
        bool room = d && v && i < VISITS_MAX, good = v && read_ask(v, o);
        bool locks = good && v->op != OP_SIGN_IN, act = (id & ID_OF_ACT) != 0;
        json_decref(o);
        if (!room || !good || (locks && !d->lock) || locks != act) { /* who may ask for which */
                free(v);
                courier_answer(c, COURIER_LDAP, id, room || !d ? -EOPNOTSUPP : -EAGAIN, 0,
                               SPAN_NONE);
                return 0;
        }
        v->d = d;
        v->id = id;
        v->fd = -1;
        v->in.limit = v->out.limit = IN_MAX + 8192;
        v->until = courier_mono(c) + SECONDS * NS_PER_SEC;
        d->visits[i] = v;
        if (v->op == OP_SIGN_IN && !v->password[0]) /* D2, before anybody is asked */
                answer(v, -EACCES);
        else
                look_up(v);
        return 0;
}

/* ---- its configuration ---- */

void directory_end_all(struct directory *d) {
        for (unsigned i = 0; d && i < VISITS_MAX; i++)
                if (d->visits[i])
                        answer(d->visits[i], -EAGAIN);
}

struct directory *directory_free(struct directory *d) {
        if (!d)
                return NULL;
        directory_end_all(d);
        if (d->trust)
                gnutls_certificate_free_credentials(d->trust);
        if (d->password)
                sodium_memzero(d->password, strlen(d->password));
        char *const texts[] = {d->server, d->dn,       d->base, d->attribute, d->class,
                               d->user,   d->password, d->lock, d->locked};
        for (size_t i = 0; i < ARRAY_LEN(texts); i++)
                free(texts[i]);
        free(d);
        return NULL;
}

static char *copy(const json_t *o, const char *name) {
        const char *s = json_string_value(json_object_get(o, name));

        return s ? strdup(s) : NULL;
}

static bool trust(struct directory *d, const char *pem) {
        gnutls_datum_t ca = {(unsigned char *)pem, pem ? (unsigned)strlen(pem) : 0};

        return gnutls_certificate_allocate_credentials(&d->trust) >= 0 && pem &&
               gnutls_certificate_set_x509_trust_mem(d->trust, &ca, GNUTLS_X509_FMT_PEM) > 0;
}

static bool is_this_machine(const char *server) {
        uint8_t address[16];

        return strcmp(server, "localhost") == 0 ||
               (os_address_of(server, address) && reach_loopback(address));
}

struct directory *directory_new(struct courier *c, const json_t *o) {
        const char *tls = json_string_value(json_object_get(o, "tls")),
                   *ca = json_string_value(json_object_get(o, "ca"));
        struct directory *d = calloc(1, sizeof(*d));

        if (!d)
                return NULL;
        d->c = c;
        d->server = copy(o, "server");
        d->dn = copy(o, "dn");
        d->base = copy(o, "base");
        d->attribute = copy(o, "attribute");
        d->class = copy(o, "class");
        d->user = copy(o, "user");
        d->password = copy(o, "password");
        d->lock = copy(o, "lock");
        d->locked = copy(o, "locked");
        d->port = (uint16_t)json_integer_value(json_object_get(o, "port"));
        d->how = tls && strcmp(tls, "tls") == 0    ? TLS_WHOLE
                 : tls && strcmp(tls, "none") == 0 ? TLS_NONE
                                                   : TLS_START;
        d->own = d->server && is_this_machine(d->server);
        bool finds = d->base && d->attribute && d->user && d->password;
        bool good = d->server && d->port && (d->dn || finds) && !d->lock == !d->locked &&
                    (!d->lock || finds);
        if (good && d->how == TLS_NONE) /* V1 */
                good = d->own;
        else if (good)
                good = trust(d, ca ? ca : c->authorities);
        return good ? d : directory_free(d);
}
