/* Names as records have them against those of the plan (match.h). What one product calls "WS-01", another calls
 * "ws-01.corp.example.vn" and a third "10.1.2.3"; an account is "CORP\an", "an@corp.example.vn" or "an". */
#include "exercise/match.h"

#define NAME_MAX 256u

/* The plan's own name with the unit's code and domain in it, in small letters. */
static size_t fill(char to[NAME_MAX], const char *name, const struct plan_cast *c) {
        size_t n = 0;

        while (*name && n + 1 < NAME_MAX) {
                const char *with = NULL;
                size_t skip = 0;

                if (strncmp(name, "{unit}", 6) == 0) {
                        with = c && c->unit ? c->unit : "unit";
                        skip = 6;
                } else if (strncmp(name, "{domain}", 8) == 0) {
                        with = c && c->domain ? c->domain : "example.vn";
                        skip = 8;
                }
                if (!with) {
                        to[n++] = ascii_lower(*name++);
                        continue;
                }
                for (; *with && n + 1 < NAME_MAX; with++)
                        to[n++] = ascii_lower(*with);
                name += skip;
        }
        return n;
}

static bool is_address(struct span s) {
        bool digits = true;

        for (size_t i = 0; i < s.len; i++) {
                if (s.p[i] == ':')
                        return true;
                digits &= (s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '.';
        }
        return digits;
}

static struct span first_label(struct span s) {
        const char *dot = s.len ? memchr(s.p, '.', s.len) : NULL;

        return dot ? span_of(s.p, (size_t)(dot - s.p)) : s;
}

static bool same_host(struct span a, struct span b) {
        bool short_a, short_b;

        if (span_ieq(a, b))
                return true;
        if (is_address(a) || is_address(b))
                return false;
        short_a = first_label(a).len == a.len;
        short_b = first_label(b).len == b.len;
        return (short_a || short_b) && span_ieq(first_label(a), first_label(b));
}

static struct span without_domain(struct span s) {
        const char *slash = s.len ? memchr(s.p, '\\', s.len) : NULL, *at;

        if (slash)
                s = span_of(slash + 1, s.len - (size_t)(slash + 1 - s.p));
        at = s.len ? memchr(s.p, '@', s.len) : NULL;
        return at && at > s.p ? span_of(s.p, (size_t)(at - s.p)) : s;
}

static struct span called(char room[NAME_MAX], const char *own, const char *plans,
                          const struct plan_cast *c) {
        return own ? span_str(own) : span_of(room, plans ? fill(room, plans, c) : 0);
}

const char *match_name(const struct plan *p, const struct plan_cast *c, struct span name) {
        char room[NAME_MAX];

        name = span_trim(name);
        while (name.len && name.p[name.len - 1] == '.')
                name.len--;
        if (name.len == 0 || name.len >= NAME_MAX)
                return NULL;
        for (unsigned i = 0; i < p->n_hosts; i++) {
                const struct plan_host *h = &p->hosts[i];

                if (same_host(name, called(room, c && c->hosts ? c->hosts[i] : NULL, h->name, c)) ||
                    span_ieq(name, called(room, c && c->addresses ? c->addresses[i] : NULL,
                                          h->address, c)))
                        return h->id;
        }
        for (unsigned i = 0; i < p->n_accounts; i++) {
                const struct plan_account *a = &p->accounts[i];
                struct span own =
                        called(room, c && c->accounts ? c->accounts[i] : NULL, a->name, c);

                if (span_ieq(without_domain(name), without_domain(own)))
                        return a->id;
        }
        for (unsigned i = 0; i < p->n_outside; i++) {
                const struct plan_outside *o = &p->outside[i];

                if ((o->address && span_ieq(name, span_str(o->address))) ||
                    (o->domain && span_ieq(name, span_str(o->domain))))
                        return o->id;
        }
        return NULL;
}
