/* See courier.h. What the desk asks, by kind; what main configured; one wait for all sockets. */
#include "courier/courier.h"

#include <stdlib.h>

#include "courier/directory.h"
#include "courier/impl.h"
#include "courier/provider.h"
#include "os/dial.h"
#include "os/os.h"

/* A kind of ask: `begin` answers, then or later. -EPROTO: the desk said what it may not. */
enum { DESK = 1, ACT = 2 };
static const struct {
        uint32_t kind, who; /* may ask */
        int (*begin)(struct courier *c, uint64_t id, struct span payload);
} kinds[] = {
        {COURIER_MAIL, DESK, parcel_mail},   {COURIER_WEBHOOK, DESK, parcel_webhook},
        {COURIER_BYTES, DESK, parcel_bytes}, {COURIER_LDAP, DESK | ACT, directory_ask},
        {COURIER_OIDC, DESK, provider_ask},  {COURIER_FIREWALL, ACT, parcel_firewall},
};

int courier_new(struct courier **ret) {
        struct courier *c = calloc(1, sizeof(*c));

        if (!c)
                return FAIL(-ENOMEM);
        c->curl = curl_load();
        c->multi = c->curl ? c->curl->multi_init() : NULL;
        if (!c->multi) {
                free(c);
                return -ELIBACC;
        }
        json_object_seed(0); /* reads /dev/urandom, which the sandbox would forbid */
        c->out.limit = (size_t)32 << 20;
        c->act_out.limit = (size_t)1 << 20;
        for (unsigned i = 0; i < WATCHES_MAX; i++)
                c->watches[i].fd = -1;
        *ret = c;
        return 0;
}

/* ---- what main says ---- */

static void wipe(char **p) {
        if (*p)
                explicit_bzero(*p, strlen(*p));
        free(*p);
        *p = NULL;
}

static void forget_config(struct courier *c) {
        c->directory = directory_free(c->directory);
        c->provider = provider_free(c->provider);
        wipe(&c->mail.password);
        char **const texts[] = {&c->mail.server, &c->mail.from, &c->mail.user,
                                &c->mail.ca,     &c->hosts,     &c->authorities};
        for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
                free(*texts[i]);
                *texts[i] = NULL;
        }
        for (unsigned i = 0; i < c->n_hooks; i++) {
                wipe(&c->hooks[i].secret);
                free(c->hooks[i].url);
                free(c->hooks[i].ca);
        }
        wipe(&c->firewall.secret);
        free(c->firewall.url);
        free(c->firewall.ca);
        c->firewall = (struct hook){.url = NULL};
        c->n_hooks = c->n_resolvers = 0;
        c->has_mail = false;
        c->reach.n = 0;
}

struct courier *courier_free(struct courier *c) {
        if (!c)
                return NULL;
        lookup_end_all(c);
        transfer_end_all(c);
        parcel_end_all(c);
        (void)c->curl->multi_cleanup(c->multi);
        forget_config(c);
        buf_deinit(&c->out);
        buf_deinit(&c->act_out);
        free(c);
        return NULL;
}

/* A copy of a text; NULL: there is none. */
static char *copy(const json_t *o, const char *name) {
        const char *s = json_string_value(json_object_get(o, name));

        return s ? strdup(s) : NULL;
}

/* This machine, in so many words: then it is meant. */
static bool is_own(const char *server) {
        uint8_t address[16];

        return server && (strcmp(server, "localhost") == 0 ||
                          (os_address_of(server, address) && reach_loopback(address)));
}

static bool read_mail(struct courier *c, const json_t *o) {
        const char *tls = json_string_value(json_object_get(o, "tls"));

        c->mail.server = copy(o, "server");
        c->mail.from = copy(o, "from");
        c->mail.user = copy(o, "user");
        c->mail.password = copy(o, "password");
        c->mail.ca = copy(o, "ca");
        c->mail.port = (uint16_t)json_integer_value(json_object_get(o, "port"));
        c->mail.tls = tls && strcmp(tls, "tls") == 0    ? MAIL_TLS
                      : tls && strcmp(tls, "none") == 0 ? MAIL_PLAIN
                                                        : MAIL_STARTTLS;
        c->mail.own_relay = is_own(c->mail.server);
        /* Passwords and mails never cross a network in the clear. */
        if (c->mail.tls == MAIL_PLAIN && !c->mail.own_relay)
                return false;
        c->has_mail = c->mail.server && c->mail.from && strchr(c->mail.from, '@') && c->mail.port;
        return c->has_mail;
}

static bool read_hook(struct courier *c, const json_t *o) {
        const char *name = json_string_value(json_object_get(o, "name"));
        struct hook *h = &c->hooks[c->n_hooks];

        if (c->n_hooks == HOOKS_MAX || !name || strlen(name) >= sizeof(h->name))
                return false;
        *h = (struct hook){.url = copy(o, "url"), .secret = copy(o, "secret"), .ca = copy(o, "ca")};
        memcpy(h->name, name, strlen(name) + 1);
        c->n_hooks++;
        return h->url && h->secret;
}

static bool read_config(struct courier *c, const json_t *o) {
        const json_t *mail = json_object_get(o, "mail"), *v;
        size_t i;

        if (!json_is_object(o) || (mail && !read_mail(c, mail)))
                return false;
        v = json_object_get(o, "firewall");
        if (v) {
                c->firewall = (struct hook){
                        .url = copy(v, "url"), .secret = copy(v, "secret"), .ca = copy(v, "ca")};
                if (!c->firewall.url || !c->firewall.secret)
                        return false;
        }
        json_array_foreach(json_object_get(o, "webhooks"), i, v) {
                if (!read_hook(c, v))
                        return false;
        }
        json_array_foreach(json_object_get(o, "allow"), i, v) {
                if (!json_is_string(v) || !reach_add(&c->reach, json_string_value(v)))
                        return false;
        }
        json_array_foreach(json_object_get(o, "resolvers"), i, v) {
                struct os_peer *to = &c->resolvers[c->n_resolvers];
                const json_t *port = json_object_get(v, "port");
                const char *address = json_string_value(json_object_get(v, "address"));

                if (c->n_resolvers < RESOLVERS_MAX && address &&
                    os_address_of(address, to->address)) {
                        to->port = (uint16_t)(port ? json_integer_value(port) : 53);
                        c->n_resolvers++;
                }
        }
        c->hosts = copy(o, "hosts");
        c->authorities = copy(o, "authorities");
        const json_t *ldap = json_object_get(o, "ldap"), *oidc = json_object_get(o, "oidc");
        c->directory = ldap ? directory_new(c, ldap) : NULL;
        c->provider = oidc ? provider_new(c, oidc) : NULL;
        return (!ldap || c->directory) && (!oidc || c->provider);
}

static void say_ready(struct courier *c) {
        json_t *hooks = json_array();

        for (unsigned i = 0; i < c->n_hooks; i++)
                json_array_append_new(hooks, json_string(c->hooks[i].name));
        json_t *o = json_pack("{sb so sb ss?}", "mail", c->has_mail, "webhooks", hooks, "directory",
                              c->directory != NULL, "oidc",
                              c->provider ? provider_name(c->provider) : NULL);
        char *said = o ? json_dumps(o, JSON_COMPACT) : NULL;
        json_decref(o);
        if (c->line && said) {
                struct courier_head h = {(uint32_t)strlen(said), COURIER_READY, 0};

                buf_add(&c->out, &h, sizeof(h));
                buf_str(&c->out, said);
        }
        free(said);
}

int courier_configure(struct courier *c, struct span text) {
        json_t *o = json_loadb(text.p, text.len, JSON_REJECT_DUPLICATES, NULL);

        forget_config(c);
        bool good = read_config(c, o);
        json_decref(o);
        if (!good)
                forget_config(c);
        say_ready(c);
        return good ? 0 : -EBADMSG;
}

/* ---- the line ---- */

/* Whoever comes next asks anew. */
void courier_line(struct courier *c, bool there) {
        lookup_end_all(c);
        transfer_end_all(c);
        parcel_end_all(c);
        directory_end_all(c->directory);
        provider_end_all(c->provider);
        c->line = there;
        buf_reset(&c->out);
        say_ready(c);
}

static int take_frame(struct courier *c, const struct courier_head *h, struct span payload,
                      uint32_t who) {
        for (size_t i = 0; i < ARRAY_LEN(kinds) && !(h->id & ID_OF_ACT); i++)
                if (kinds[i].kind == h->kind && (kinds[i].who & who))
                        return kinds[i].begin(c, h->id | (who == ACT ? ID_OF_ACT : 0), payload);
        return -EPROTO;
}

static int take_frames(struct courier *c, struct buf *in, uint32_t who) {
        struct courier_head h;
        size_t at = 0;
        int r = 0;

        while (r == 0 && in->len - at >= sizeof(h)) {
                memcpy(&h, in->p + at, sizeof(h));
                if (h.len > COURIER_FRAME_MAX)
                        return -EPROTO;
                if (in->len - at - sizeof(h) < h.len)
                        break;
                r = take_frame(c, &h, span_of(in->p + at + sizeof(h), h.len), who);
                at += sizeof(h) + h.len;
        }
        buf_drop(in, at);
        return r;
}

int courier_bytes(struct courier *c, struct buf *in) {
        return take_frames(c, in, DESK);
}

struct buf *courier_out(struct courier *c) {
        return &c->out;
}

void courier_act_line(struct courier *c, bool there) {
        c->act_line = there;
        buf_reset(&c->act_out);
}

int courier_act_bytes(struct courier *c, struct buf *in) {
        return take_frames(c, in, ACT);
}

struct buf *courier_act_out(struct courier *c) {
        return &c->act_out;
}

void courier_answer(struct courier *c, uint32_t kind, uint64_t id, int error, uint32_t flags,
                    struct span text) {
        struct courier_say s = {error, flags};
        struct courier_head h = {(uint32_t)(sizeof(s) + text.len), kind, id & ~ID_OF_ACT};
        bool act = (id & ID_OF_ACT) != 0;
        struct buf *to = act ? &c->act_out : &c->out;

        if (kind >= COURIER_ASKS) {
                c->counts.asks += error == 0;
                c->counts.failed += error != 0;
        }
        if (!(act ? c->act_line : c->line) || h.len > COURIER_FRAME_MAX)
                return;
        buf_add(to, &h, sizeof(h));
        buf_add(to, &s, sizeof(s));
        buf_span(to, text);
}

/* ---- waiting ---- */

int courier_watch(struct courier *c, int fd, short events, courier_ready *ready, void *ctx) {
        unsigned i = 0;

        while (i < WATCHES_MAX && c->watches[i].fd != fd)
                i++;
        if (i < WATCHES_MAX && !events) {
                c->watches[i].fd = -1;
                return 0;
        }
        for (unsigned k = 0; k < WATCHES_MAX && i == WATCHES_MAX; k++)
                if (c->watches[k].fd < 0)
                        i = k;
        if (i == WATCHES_MAX)
                return events ? -ENOSPC : 0;
        c->watches[i] = (struct watch){fd, events, ready, ctx};
        return 0;
}

static short curl_events(short events) {
        return (short)((events & POLLIN ? CURL_WAIT_POLLIN : 0) |
                       (events & POLLOUT ? CURL_WAIT_POLLOUT : 0));
}

int courier_turn(struct courier *c, struct pollfd *own, unsigned n, int ms, int64_t (*mono)(void),
                 int64_t (*wall)(void)) {
        struct curl_waitfd fds[WATCHES_MAX + 4];
        struct watch asked[WATCHES_MAX];
        unsigned k = 0;
        int got;

        assert(n <= 4);
        for (; k < n; k++)
                fds[k] = (struct curl_waitfd){own[k].fd, curl_events(own[k].events), 0};
        memcpy(asked, c->watches, sizeof(asked));
        for (unsigned i = 0; i < WATCHES_MAX; i++)
                if (asked[i].fd >= 0)
                        fds[k++] =
                                (struct curl_waitfd){asked[i].fd, curl_events(asked[i].events), 0};
        if (c->curl->multi_poll(c->multi, fds, k, ms, &got) != CURLM_OK)
                return FAIL(-EIO);
        c->mono = mono();
        c->wall = wall();
        for (k = 0; k < n; k++)
                own[k].revents = (short)((fds[k].revents & CURL_WAIT_POLLIN ? POLLIN : 0) |
                                         (fds[k].revents & CURL_WAIT_POLLOUT ? POLLOUT : 0));
        for (unsigned i = 0; i < WATCHES_MAX; i++) {
                if (asked[i].fd < 0)
                        continue;
                short got_of = fds[k++].revents;
                /* One before it may have ended this one. */
                if (got_of && c->watches[i].fd == asked[i].fd && c->watches[i].ctx == asked[i].ctx)
                        asked[i].ready(asked[i].ctx, asked[i].fd,
                                       (short)((got_of & CURL_WAIT_POLLIN ? POLLIN : 0) |
                                               (got_of & CURL_WAIT_POLLOUT ? POLLOUT : 0)));
        }
        lookup_tick(c);
        transfer_perform(c);
        directory_tick(c->directory);
        return c->out.failed ? -ENOMEM : 0;
}

/* ---- for the kinds ---- */

bool courier_may_reach(const struct courier *c, const uint8_t address[16]) {
        return reach_allowed(&c->reach, address);
}

struct looking {
        struct courier *c;
        courier_found *done;
        void *ctx;
};

static void looked(void *ctx, int error, const struct dns_addresses *a) {
        struct looking l = *(struct looking *)ctx;
        struct dns_addresses may = {.n = 0};

        free(ctx);
        for (unsigned i = 0; i < a->n; i++)
                if (courier_may_reach(l.c, a->list[i]))
                        memcpy(may.list[may.n++], a->list[i], 16);
        l.c->counts.refused += a->n && !may.n;
        l.done(l.ctx, error ? error : may.n ? 0 : -EACCES, &may);
}

void courier_look_up(struct courier *c, const char *name, courier_found *done, void *ctx) {
        struct dns_addresses none = {.n = 0};
        struct looking *l = malloc(sizeof(*l));

        if (!l) {
                done(ctx, -ENOMEM, &none);
                return;
        }
        *l = (struct looking){c, done, ctx};
        lookup_begin(c, span_str(name), looked, l);
}

int64_t courier_mono(const struct courier *c) {
        return c->mono;
}

int64_t courier_wall(const struct courier *c) {
        return c->wall;
}

void courier_counted(const struct courier *c, struct courier_counts *ret) {
        *ret = c->counts;
}
