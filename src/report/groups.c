/* See groups.h.
 *
 * A hash table with chains over groups of fixed size in one arena, so that a sample can be replaced
 * in place. Distinct hosts are a set of 64-bit hashes; two hosts with one hash would count as one,
 * which no count of hosts cares about. */
#include "report/groups.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/timestamp.h"
#include "report/fields.h"
#include "report/text.h"

#define SLOTS 8192u     /* power of two */
#define HOSTS_MIN 1024u /* slots of the set, which holds half as many; it doubles up to */
#define HOSTS_MAX 65536u
#define HOST_MAX 255u
#define BUDGET ((size_t)12 << 20)
#define HASH_KEY 0x9e3779b97f4a7c15u

struct groups {
        struct arena arena;
        uint32_t n, max;
        uint64_t left_out, n_hosts;
        struct group **sorted, *all;
        struct group *slots[SLOTS];
        uint64_t *hosts; /* hashes; 0 is a free slot */
        uint32_t host_slots;
};

int groups_new(struct groups **ret, uint32_t max) {
        struct groups *g = calloc(1, sizeof(*g));

        if (!g)
                return FAIL(-ENOMEM);
        arena_init(&g->arena, BUDGET);
        g->max = max;
        *ret = g;
        return 0;
}

struct groups *groups_free(struct groups *g) {
        if (!g)
                return NULL;
        arena_deinit(&g->arena);
        free(g->sorted);
        free(g->hosts);
        free(g);
        return NULL;
}

static bool put_host(uint64_t *slots, uint32_t n, uint64_t h) {
        size_t at = h >> 1 & (n - 1);

        while (slots[at] && slots[at] != h)
                at = (at + 1) & (n - 1);
        if (slots[at])
                return false;
        slots[at] = h;
        return true;
}

static void see_host(struct groups *g, struct span host) {
        if (g->n_hosts >= g->host_slots / 2) {
                uint32_t n = g->host_slots ? g->host_slots * 2 : HOSTS_MIN;
                uint64_t *slots = n > HOSTS_MAX ? NULL : calloc(n, sizeof(*slots));

                if (!slots) /* from here on "more than" */
                        return;
                for (uint32_t i = 0; i < g->host_slots; i++)
                        if (g->hosts[i])
                                put_host(slots, n, g->hosts[i]);
                free(g->hosts);
                g->hosts = slots;
                g->host_slots = n;
        }
        g->n_hosts += put_host(g->hosts, g->host_slots, hash_span(host, HASH_KEY) | 1);
}

static bool earlier(const struct group *g, const struct finding *f) {
        if (g->sample_time != f->time)
                return f->time != TIME_NONE &&
                       (g->sample_time == TIME_NONE || f->time < g->sample_time);
        if (g->input != f->input)
                return f->input < g->input;
        return f->offset < g->offset;
}

/* Appends to to[len], with line ends and tabs as single blanks, cut between characters. Returns the
 * new length. */
static size_t copy_text(char *to, size_t len, size_t room, struct span s) {
        if (s.len > room - len) {
                size_t max = s.len = room - len;

                while (s.len && max - s.len < 3 && ((unsigned char)s.p[s.len] & 0xc0) == 0x80)
                        s.len--;
        }
        for (size_t i = 0; i < s.len; i++) {
                bool blank = s.p[i] == '\n' || s.p[i] == '\r' || s.p[i] == '\t';

                if (!blank || len == 0 || to[len - 1] != ' ')
                        to[len++] = blank ? ' ' : s.p[i];
        }
        return len;
}

/* Of an alert: what it grouped by. */
static void set_alert_sample(struct group *g, const struct finding *f) {
        size_t len = 0;

        for (uint32_t i = 0; i < f->n_fields && i < 16; i++) {
                if (len)
                        len = copy_text(g->text, len, sizeof(g->text), SPAN(", "));
                len = copy_text(g->text, len, sizeof(g->text), f->fields[i].name);
                len = copy_text(g->text, len, sizeof(g->text), SPAN("="));
                len = copy_text(g->text, len, sizeof(g->text), f->fields[i].value);
        }
        g->text_len = (uint8_t)len;
}

static void set_sample(struct group *g, const struct finding *f) {
        uint32_t i;

        g->sample_time = f->time;
        g->input = f->input;
        g->offset = f->offset;
        g->line = f->line;
        g->record = f->record;
        g->events = f->count;
        g->name_len = g->text_len = 0;
        if (report_is_alert(f)) {
                set_alert_sample(g, f);
                return;
        }
        i = fields_headline(f);
        if (i == FIELDS_NONE)
                return;
        g->name_len = (uint8_t)copy_text(g->name, 0, sizeof(g->name), f->fields[i].name);
        g->text_len = (uint8_t)copy_text(g->text, 0, sizeof(g->text), f->fields[i].value);
}

static struct group *find_or_make(struct groups *g, const struct report *r,
                                  const struct finding *f) {
        bool alert = report_is_alert(f);
        struct span host = span_of(f->host.p, MIN(f->host.len, (size_t)HOST_MAX));
        uint64_t h = hash_span(host, HASH_KEY ^ ((uint64_t)f->rule << 1 | alert));
        struct group **slot = &g->slots[h & (SLOTS - 1)], *x;
        struct program_rule m;

        for (x = *slot; x; x = x->chain)
                if (x->hash == h && x->rule == f->rule && x->alert == alert &&
                    span_eq(span_of(x->host, x->host_len), host))
                        return x;
        if (g->n >= g->max || !(x = arena_zalloc(&g->arena, sizeof(*x) + host.len)))
                return NULL;
        report_rule(r, f->rule, alert, &m);
        x->hash = h;
        x->rule = f->rule;
        x->alert = alert;
        x->level = (uint8_t)m.level;
        x->first = x->last = TIME_NONE;
        x->host_len = (uint16_t)host.len;
        if (host.len)
                memcpy(x->host, host.p, host.len);
        x->chain = *slot;
        *slot = x;
        x->next = g->all;
        g->all = x;
        g->n++;
        return x;
}

void groups_add(struct groups *g, const struct report *r, const struct finding *f) {
        struct group *x = find_or_make(g, r, f);
        int64_t last = f->time_last == TIME_NONE ? f->time : f->time_last;

        if (f->host.len)
                see_host(g, f->host);
        if (!x) {
                g->left_out++;
                return;
        }
        if (x->count == 0 || earlier(x, f))
                set_sample(x, f);
        x->count++;
        if (f->time != TIME_NONE && (x->first == TIME_NONE || f->time < x->first))
                x->first = f->time;
        if (last != TIME_NONE && (x->last == TIME_NONE || last > x->last))
                x->last = last;
}

static int compare_time(int64_t a, int64_t b) {
        if (a == b)
                return 0;
        if (a == TIME_NONE || b == TIME_NONE) /* without a time: at the end */
                return a == TIME_NONE ? 1 : -1;
        return a < b ? -1 : 1;
}

static int compare_rule(const void *pa, const void *pb) {
        const struct group *a = *(struct group *const *)pa, *b = *(struct group *const *)pb;

        if (a->alert != b->alert)
                return a->alert ? -1 : 1;
        return a->rule < b->rule ? -1 : a->rule > b->rule;
}

static int compare_shown(const void *pa, const void *pb) {
        const struct group *a = *(struct group *const *)pa, *b = *(struct group *const *)pb;
        int c;

        if (a->level != b->level)
                return a->level > b->level ? -1 : 1;
        if ((c = compare_time(a->rule_first, b->rule_first)) || (c = compare_rule(pa, pb)) ||
            (c = compare_time(a->first, b->first)))
                return c;
        size_t n = MIN(a->host_len, b->host_len);
        c = n ? memcmp(a->host, b->host, n) : 0;
        return c ? c : (a->host_len > b->host_len) - (a->host_len < b->host_len);
}

struct group **groups_sorted(struct groups *g, uint32_t *ret_n) {
        const size_t pointer = sizeof(void *);
        uint32_t n = 0;

        free(g->sorted);
        g->sorted = calloc(MAX(g->n, 1u), pointer);
        if (!g->sorted)
                return NULL;
        for (struct group *x = g->all; x; x = x->next)
                g->sorted[n++] = x;
        assert(n == g->n);
        qsort(g->sorted, n, pointer, compare_rule);
        for (uint32_t i = 0, k; i < n; i = k) {
                int64_t first = TIME_NONE;

                for (k = i; k < n && compare_rule(&g->sorted[i], &g->sorted[k]) == 0; k++)
                        if (compare_time(g->sorted[k]->first, first) < 0)
                                first = g->sorted[k]->first;
                for (uint32_t j = i; j < k; j++)
                        g->sorted[j]->rule_first = first;
        }
        qsort(g->sorted, n, pointer, compare_shown);
        *ret_n = n;
        return g->sorted;
}

uint64_t groups_left_out(const struct groups *g) {
        return g->left_out;
}

uint64_t groups_hosts(const struct groups *g, bool *ret_more) {
        *ret_more = g->host_slots && g->n_hosts >= g->host_slots / 2;
        return g->n_hosts;
}
