/* The maker: who the unit is (names, addresses, identities that last), the activities of a step one after the other,
 * the records in order of time (telemetry.h).
 *
 * Invariants:
 * T1  every stream of random numbers is keyed by what it is for, never by what was drawn before; a host's identity
 *     (machine GUID, boot time, standing processes, logon sessions) only by seed, unit and host, so that records of
 *     different steps and of the background agree.
 * T2  records are given out by time, then by the order in which they were made.
 * T3  all text lies in `text`, all other memory in `arena`; both are bounded, and the first failure ends the call. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "exercise/telemetry_impl.h"

#define ARENA_BUDGET ((size_t)96 << 20)

static void fail(struct maker *m, int r) {
        if (!m->error)
                m->error = r;
}

const char *tel_say(struct maker *m, const char *fmt, ...) {
        char text[4096];
        va_list ap;

        va_start(ap, fmt);
        int n = vsnprintf(text, sizeof(text), fmt, ap);
        va_end(ap);
        struct span s =
                arena_dup(&m->arena, span_of(text, n < 0 ? 0 : MIN((size_t)n, sizeof(text) - 1)));
        if (!s.p)
                fail(m, -ENOMEM);
        return s.p ? s.p : "";
}

int64_t event_ns(const struct maker *m, int64_t at) {
        return m->ask->start_ns + at * 1000;
}

bool host_has(const struct maker *m, unsigned host, enum source s) {
        return (m->hosts[host].sources & 1u << s) != 0;
}

static const char *change_case(struct maker *m, const char *s, bool up) {
        struct span d = arena_dup(&m->arena, span_str(s));
        char *p = (char *)(uintptr_t)d.p;

        if (!p) {
                fail(m, -ENOMEM);
                return "";
        }
        for (; *p; p++)
                *p = up ? (char)(*p >= 'a' && *p <= 'z' ? *p - 32 : *p) : ascii_lower(*p);
        return d.p;
}
const char *tel_lower(struct maker *m, const char *s) {
        return change_case(m, s, false);
}
const char *tel_upper(struct maker *m, const char *s) {
        return change_case(m, s, true);
}

/* ---- lines ---- */

struct buf *line_begin(struct maker *m, unsigned host, enum source s) {
        if (m->error || !host_has(m, host, s))
                return NULL;
        if (m->n == m->cap) {
                size_t cap = m->cap ? m->cap * 2 : 1024;
                struct made *grown = cap > TELEMETRY_RECORDS_MAX * 2
                                             ? NULL
                                             : realloc(m->made, cap * sizeof(*grown));
                if (!grown) {
                        fail(m, cap > TELEMETRY_RECORDS_MAX * 2 ? -EFBIG : -ENOMEM);
                        return NULL;
                }
                m->made = grown;
                m->cap = cap;
        }
        m->made[m->n].off = (uint32_t)m->text.len;
        return &m->text;
}

void line_end(struct maker *m, unsigned host, enum source s, int64_t at, enum format format) {
        struct made *r = &m->made[m->n];

        if (at / MS < m->ask->from || at / MS >= m->ask->to) {
                m->text.len = r->off;
                return;
        }
        if (m->text.failed || m->n >= TELEMETRY_RECORDS_MAX) {
                fail(m, -EFBIG);
                return;
        }
        r->at = at;
        r->len = (uint32_t)m->text.len - r->off;
        r->order = (uint32_t)m->n;
        r->source = (uint16_t)(host * SOURCES + s);
        r->format = (uint8_t)format;
        m->n++;
}

/* ---- what the step says ---- */

/* With the unit's names put in. */
static const char *filled(struct maker *m, const char *s) {
        _cleanup_(buf_deinit) struct buf b = {.limit = 4096};

        if (!strchr(s, '{'))
                return s;
        plan_fill(m->p, m->ask->cast, s, &b);
        return b.failed ? s : tel_say(m, "%.*s", (int)b.len, b.p ? b.p : "");
}

const char *act_text(const struct act *a, const char *param) {
        const struct activity_param *p = a->def ? activity_param_find(a->def, param) : NULL;

        for (unsigned i = 0; a->pa && i < a->pa->n_with; i++)
                if (strcmp(a->pa->with[i].name, param) == 0)
                        return filled(a->m, a->pa->with[i].value);
        return p ? p->fallback : NULL;
}

int64_t act_number(const struct act *a, const char *param) {
        const struct activity_param *p = a->def ? activity_param_find(a->def, param) : NULL;
        const char *v = act_text(a, param);
        int64_t n = 0;

        if (p && v && activity_value(p, v, &n) < 0)
                n = 0; /* checked before: activity_ok() */
        return n;
}

int act_account(const struct act *a, const char *param) {
        const char *v = act_text(a, param);

        return v ? plan_find_account(a->m->p, v) : -1;
}

void act_pause(struct act *a, int64_t ms) {
        a->at += prng_range(&a->rng, ms * MS * 2 / 3, ms * MS * 4 / 3);
}

int64_t act_spread(struct act *a, int64_t begin, unsigned i, unsigned n, int64_t over_us) {
        int64_t gap = over_us / (n ? n : 1);

        return begin + gap * i + prng_range(&a->rng, 0, gap * 3 / 4);
}

const char *act_address(const struct act *a) {
        if (a->from >= 0)
                return a->m->hosts[a->from].address;
        return a->out && a->out->address && *a->out->address ? a->out->address : "203.0.113.66";
}

const char *act_domain(const struct act *a) {
        return a->out && a->out->domain && *a->out->domain ? a->out->domain : act_address(a);
}

const char *account_name(const struct maker *m, int who) {
        static const char *const own[] = {"SYSTEM", "LOCAL SERVICE", "NETWORK SERVICE", "-"};

        return who >= 0 ? m->accounts[who] : own[MIN(-1 - who, 3)];
}

const char *made_up_name(struct maker *m, struct prng *r) {
        static const char *const family[] = {"nguyen", "tran", "le",  "pham", "hoang",
                                             "vu",     "dang", "bui", "do",   "ngo"};
        static const char *const given[] = {
                "an",  "binh", "chi",    "dung",  "giang", "ha",   "hung",  "lan",  "linh", "minh",
                "nam", "nga",  "phuong", "quang", "son",   "thao", "trang", "tuan", "van",  "yen"};
        const char *f = PICK(r, family), *g = PICK(r, given);

        return tel_say(m, "%s%c%u", g, *f, (unsigned)prng_range(r, 1, 99));
}

const char *made_up_address(struct maker *m, struct prng *r, const char *own) {
        static const char *const nets[] = {"198.51.100", "203.0.113", "192.0.2"};
        const char *s;

        do
                s = tel_say(m, "%s.%u", PICK(r, nets), (unsigned)prng_range(r, 1, 254));
        while (own && strcmp(s, own) == 0);
        return s;
}

/* ---- who the unit is ---- */

static const char *cast_of(struct maker *m, const char *const *list, unsigned i, const char *own) {
        return list && list[i] && *list[i] ? list[i] : filled(m, own);
}

static void know_host(struct maker *m, unsigned i) {
        const struct plan_host *ph = &m->p->hosts[i];
        const struct plan_cast *c = m->ask->cast;
        struct host *h = &m->hosts[i];
        struct prng r = {prng_key_str(prng_key_str(m->key, "host"), ph->id)};

        h->name = cast_of(m, c ? c->hosts : NULL, i, ph->name);
        h->address = cast_of(m, c ? c->addresses : NULL, i, ph->address ? ph->address : "");
        h->fqdn = *m->domain && !strchr(h->name, '.') ? tel_say(m, "%s.%s", h->name, m->domain)
                                                      : h->name;
        h->key = r.s;
        h->machine = (uint32_t)prng_next(&r);
        h->boot = m->ask->start_ns - prng_range(&r, 2 * 86400, 20 * 86400) * NS_PER_SEC;
        for (unsigned k = 0; k < ph->n_sources; k++)
                for (unsigned s = 0; s < n_activity_sources; s++)
                        if (strcmp(ph->sources[k], activity_sources[s]) == 0)
                                h->sources |= 1u << s;
}

static void know_unit(struct maker *m) {
        const struct plan_cast *c = m->ask->cast;

        m->unit = c && c->unit && *c->unit ? c->unit : "donvi";
        m->key = prng_key_str(prng_key(m->ask->seed, 0x636f6c6f61), m->unit);
        m->domain = c && c->domain ? c->domain : "";
        const char *from = *m->domain ? m->domain : m->unit;
        m->netbios = tel_upper(m, tel_say(m, "%.*s", (int)MIN(strcspn(from, "."), 15), from));
        struct prng r = {prng_key_str(m->key, "domain")};
        for (unsigned i = 0; i < 3; i++)
                m->domain_sid[i] = prng_range(&r, 500000000, 4200000000);
        m->hosts = arena_array(&m->arena, m->p->n_hosts + 1, sizeof(*m->hosts));
        m->accounts = arena_array(&m->arena, m->p->n_accounts + 1, sizeof(*m->accounts));
        if (!m->hosts || !m->accounts) {
                fail(m, -ENOMEM);
                return;
        }
        for (unsigned i = 0; i < m->p->n_hosts; i++)
                know_host(m, i);
        for (unsigned i = 0; i < m->p->n_accounts; i++)
                m->accounts[i] = cast_of(m, c ? c->accounts : NULL, i, m->p->accounts[i].name);
}

/* ---- a step ---- */

static activity_play *play_of(const char *name) {
        static const struct activity_fn *const lists[] = {
                activities_windows, activities_harm,    activities_logon,   activities_linux,
                activities_web,     activities_network, activities_innocent};

        for (unsigned i = 0; i < ARRAY_LEN(lists); i++)
                for (const struct activity_fn *f = lists[i]; f->name; f++)
                        if (strcmp(f->name, name) == 0)
                                return f->play;
        return NULL;
}

/* Whether the plan's activity is one of the catalogue, as it should be. */
static int activity_ok(const struct plan *p, const struct plan_activity *pa) {
        const struct activity *def = activity_find(pa->activity);
        int64_t n;

        if (!def || !pa->host || plan_find_host(p, pa->host) < 0)
                return -EINVAL;
        for (unsigned i = 0; i < pa->n_with; i++) {
                const struct activity_param *ap = activity_param_find(def, pa->with[i].name);

                if (!ap || activity_value(ap, pa->with[i].value, &n) < 0)
                        return -EINVAL;
        }
        return 0;
}

static void play(struct maker *m, const struct plan_activity *pa, unsigned index) {
        activity_play *fn = play_of(pa->activity);
        int out = pa->outside ? plan_find_outside(m->p, pa->outside) : -1;
        struct act a = {.m = m,
                        .def = activity_find(pa->activity),
                        .pa = pa,
                        .host = (unsigned)plan_find_host(m->p, pa->host),
                        .who = pa->account ? plan_find_account(m->p, pa->account) : -1,
                        .out = out >= 0 ? &m->p->outside[out] : NULL,
                        .from = -1};
        const char *from = act_text(&a, "from");

        if (!fn || a.who < -1) {
                fail(m, -EINVAL);
                return;
        }
        if (from && *from)
                a.from = plan_find_host(m->p, from);
        a.at = (m->ask->at + pa->offset) * MS;
        a.rng.s = prng_key(prng_key_str(prng_key_str(prng_key(m->key, m->ask->step), pa->activity),
                                        m->hosts[a.host].name),
                           index);
        a.at += prng_range(&a.rng, 0, 900 * MS);
        fn(&a);
}

static int by_time(const void *x, const void *y) {
        const struct made *a = x, *b = y;

        if (a->at != b->at)
                return a->at < b->at ? -1 : 1;
        return a->order < b->order ? -1 : a->order > b->order;
}

static int give(struct maker *m, telemetry_sink *sink, void *ctx) {
        char name[TELEMETRY_SOURCE_MAX + 1];

        if (m->n)
                qsort(m->made, m->n, sizeof(*m->made), by_time);
        for (size_t i = 0; i < m->n; i++) {
                const struct made *d = &m->made[i];
                struct telemetry_record r = {.offset = d->at / MS,
                                             .source = name,
                                             .format = d->format,
                                             .step = m->ask->step,
                                             .bytes = span_of(m->text.p + d->off, d->len)};

                snprintf(name, sizeof(name), "%s@%s", activity_sources[d->source % SOURCES],
                         m->hosts[d->source / SOURCES].name);
                for (char *p = name; *p; p++) /* a host may be called by a word with accents */
                        if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f)
                                *p = '_';
                int e = sink(ctx, &r);
                if (e)
                        return e;
        }
        return 0;
}

int telemetry_step(const struct telemetry_ask *ask, telemetry_sink *sink, void *ctx) {
        struct maker m = {.ask = ask, .p = ask->plan, .text = {.limit = TELEMETRY_BYTES_MAX}};
        int r = 0;

        if (ask->step > m.p->n_steps || ask->from > ask->to || ask->from < 0)
                return -EINVAL;
        const struct plan_step *s = ask->step ? &m.p->steps[ask->step - 1] : NULL;
        for (unsigned i = 0; s && r == 0 && i < s->n_activities; i++)
                r = activity_ok(m.p, &s->activities[i]);
        if (r < 0)
                return r;
        arena_init(&m.arena, ARENA_BUDGET);
        know_unit(&m);
        for (unsigned i = 0; s && !m.error && i < s->n_activities; i++)
                play(&m, &s->activities[i], i);
        if (!s && !m.error)
                noise_make(&m);
        if (m.arena.overflowed)
                fail(&m, -ENOMEM);
        r = m.error ? m.error : give(&m, sink, ctx);
        buf_deinit(&m.text);
        free(m.made);
        arena_deinit(&m.arena);
        return r;
}
