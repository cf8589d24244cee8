/* See systems.h. The index: hosts as a hash table of lower-case names; networks as an array sorted by length
 * of prefix, the longest first, then address, so that one search in each length that there is finds the
 * longest. A number in the database ('systems_version', changed with the systems) says when it is old.
 *
 *   Y1. Nothing looks into the index within the transaction of a change that may yet be undone. */
#include "desk/systems.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/hash.h"

#define NAME_MAX_BYTES 253u

struct net {
        unsigned char address[16];
        unsigned bits;
        int64_t system;
};

struct host {
        uint32_t at, len; /* in `names` */
        int64_t system;
};

struct systems {
        int64_t version;
        struct net *nets;
        size_t n_nets;
        struct host *hosts; /* open addressing: system 0 is free */
        size_t n_slots;
        struct buf names;
};

/* ---- addresses ---- */

static void mask(unsigned char a[16], unsigned bits) {
        for (unsigned i = 0; i < 16; i++) {
                unsigned have = bits > i * 8 ? MIN(bits - i * 8, 8u) : 0;

                a[i] &= (unsigned char)(0xff00u >> have);
        }
}

int address_parse(struct span s, unsigned char to[16], unsigned *ret_bits,
                  char text[ADDRESS_TEXT]) {
        char own[ADDRESS_TEXT];
        unsigned bits = 0, most = 128;
        bool v4 = false;

        if (s.len == 0 || s.len >= sizeof(own))
                return -EINVAL;
        memcpy(own, s.p, s.len);
        own[s.len] = '\0';
        char *slash = strchr(own, '/');
        if (slash)
                *slash++ = '\0';
        memset(to, 0, 16);
        if (inet_pton(AF_INET, own, to + 12) == 1) {
                to[10] = to[11] = 0xff;
                v4 = true;
                most = 32;
        } else if (inet_pton(AF_INET6, own, to) != 1) {
                return -EINVAL;
        }
        if (slash) {
                size_t n = strspn(slash, "0123456789");

                if (n == 0 || n > 3 || slash[n])
                        return -EINVAL;
                for (size_t i = 0; i < n; i++)
                        bits = bits * 10 + (unsigned)(slash[i] - '0');
                if (bits > most)
                        return -EINVAL;
        } else {
                bits = most;
        }
        mask(to, v4 ? bits + 96 : bits);
        if (v4)
                (void)inet_ntop(AF_INET, to + 12, own, sizeof(own));
        else
                (void)inet_ntop(AF_INET6, to, own, sizeof(own));
        if (text && bits == most)
                snprintf(text, ADDRESS_TEXT, "%s", own);
        else if (text)
                snprintf(text, ADDRESS_TEXT, "%.50s/%u", own, bits);
        *ret_bits = v4 ? bits + 96 : bits;
        return 0;
}

static int by_length(const void *a, const void *b) {
        const struct net *x = a, *y = b;

        if (x->bits != y->bits)
                return x->bits < y->bits ? 1 : -1;
        return memcmp(x->address, y->address, 16);
}

static int64_t find_net(const struct systems *s, const unsigned char address[16]) {
        struct net key = {0};

        for (size_t at = 0; at < s->n_nets;) {
                key.bits = s->nets[at].bits;
                memcpy(key.address, address, 16);
                mask(key.address, key.bits);
                const struct net *n = bsearch(&key, s->nets, s->n_nets, sizeof(key), by_length);
                if (n)
                        return n->system;
                /* On to the next length: as many steps as there are lengths, by halving each. */
                size_t low = at, high = s->n_nets;
                while (low < high) {
                        size_t mid = low + (high - low) / 2;

                        if (s->nets[mid].bits == key.bits)
                                low = mid + 1;
                        else
                                high = mid;
                }
                at = low;
        }
        return 0;
}

/* ---- hosts ---- */

static size_t lower(char to[NAME_MAX_BYTES], struct span s) {
        size_t n = MIN(s.len, (size_t)NAME_MAX_BYTES);

        for (size_t i = 0; i < n; i++)
                to[i] = ascii_lower(s.p[i]);
        return n;
}

static struct host *slot_of(const struct systems *s, struct span name) {
        size_t i = hash_span(name, 0) & (s->n_slots - 1);

        for (;; i = (i + 1) & (s->n_slots - 1)) {
                struct host *h = &s->hosts[i];

                if (!h->system || span_eq(span_of(s->names.p + h->at, h->len), name))
                        return h;
        }
}

static int64_t find_host(const struct systems *s, struct span host) {
        char name[NAME_MAX_BYTES];
        size_t n = lower(name, host);

        if (!n || host.len > NAME_MAX_BYTES)
                return 0;
        int64_t system = slot_of(s, span_of(name, n))->system;
        const char *dot = memchr(name, '.', n);
        if (!system && dot && dot > name)
                system = slot_of(s, span_of(name, (size_t)(dot - name)))->system;
        return system;
}

/* ---- making it ---- */

struct systems *systems_free(struct systems *s) {
        if (!s)
                return NULL;
        free(s->nets);
        free(s->hosts);
        buf_deinit(&s->names);
        free(s);
        return NULL;
}

static int load_nets(struct systems *s, struct sql *db) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int64_t n = 0;
        int r = sql_get_int(db, &n, "SELECT count(*) FROM system_address", "");

        if (r >= 0)
                r = sql_rows(db, &q,
                             "SELECT a.address, a.bits, a.system FROM system_address a"
                             " JOIN system s ON s.id=a.system WHERE s.active",
                             "");
        if (r < 0)
                return r;
        s->nets = calloc((size_t)n + 1, sizeof(*s->nets));
        if (!s->nets)
                return FAIL(-ENOMEM);
        while ((r = sql_next(q)) == 1 && s->n_nets < (size_t)n) {
                struct net *to = &s->nets[s->n_nets];
                struct span address = sql_span(q, 0);
                int64_t bits = sql_int(q, 1);

                if (address.len != 16 || bits < 0 || bits > 128)
                        continue;
                memcpy(to->address, address.p, 16);
                to->bits = (unsigned)bits;
                to->system = sql_int(q, 2);
                s->n_nets++;
        }
        qsort(s->nets, s->n_nets, sizeof(*s->nets), by_length);
        return r < 0 ? r : 0;
}

static int load_hosts(struct systems *s, struct sql *db) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int64_t n = 0;
        int r = sql_get_int(db, &n, "SELECT count(*) FROM system_host", "");

        if (r >= 0)
                r = sql_rows(db, &q,
                             "SELECT h.host, h.system FROM system_host h"
                             " JOIN system s ON s.id=h.system WHERE s.active",
                             "");
        if (r < 0)
                return r;
        for (s->n_slots = 16; s->n_slots < (size_t)n * 2 + 2;)
                s->n_slots *= 2;
        s->hosts = calloc(s->n_slots, sizeof(*s->hosts));
        if (!s->hosts)
                return FAIL(-ENOMEM);
        for (int64_t i = 0; (r = sql_next(q)) == 1 && i < n; i++) {
                char name[NAME_MAX_BYTES];
                size_t len = lower(name, sql_span(q, 0)), at = s->names.len;
                struct host *h = slot_of(s, span_of(name, len));

                buf_add(&s->names, name, len);
                if (s->names.failed)
                        return FAIL(-ENOMEM);
                *h = (struct host){(uint32_t)at, (uint32_t)len, sql_int(q, 1)};
        }
        return r < 0 ? r : 0;
}

static int load(struct systems **index, struct sql *db, int64_t version) {
        struct systems *s = calloc(1, sizeof(*s));

        if (!s)
                return FAIL(-ENOMEM);
        s->version = version;
        int r = load_nets(s, db);
        if (r == 0)
                r = load_hosts(s, db);
        if (r < 0) {
                systems_free(s);
                return r;
        }
        systems_free(*index);
        *index = s;
        return 0;
}

int systems_changed(struct sql *db) {
        return sql_do(
                db,
                "INSERT INTO number VALUES('systems_version',1) ON CONFLICT(name) DO UPDATE SET"
                " value=value+1",
                "");
}

int systems_find(struct systems **index, struct sql *db, struct span host, int64_t *ret) {
        unsigned char address[16];
        int64_t version = 0;
        unsigned bits;
        int r = sql_get_int(db, &version, "SELECT value FROM number WHERE name='systems_version'",
                            "");

        if (r >= 0 && (!*index || (*index)->version != version))
                r = load(index, db, version);
        if (r < 0)
                return r;
        *ret = find_host(*index, host);
        if (!*ret && address_parse(host, address, &bits, NULL) == 0 && bits == 128)
                *ret = find_net(*index, address);
        return 0;
}
