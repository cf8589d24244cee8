/* Exceptions that people made at the desk, beside those of the file (exempt.c): of one rule, bounded by what an alert was
 * about, of one unit, with an owner, a reason and a day on which they end. What they cover becomes an alert of its own
 * that is marked as suppressed by it, exactly as with those of the file: nothing disappears.
 *
 *   X1. Every bound must hold: texts are compared without case. There is at least one (api_exceptions.c).
 *   X2. One covers alerts of its unit and below only: who made it had no say over others.
 *   X3. The table decides; what is in memory is made of it anew after each change.
 *   X4. Keys begin with '#', which an id of the file cannot. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "desk/desk_impl.h"
#include "desk/people.h"

#define BUCKETS 256u
#define MOST 5000
#define BYTES ((size_t)16 << 20)

enum bound { BY_ENTITY, BY_HOST, BY_USER, BY_SOURCE, BOUNDS };

struct one {
        struct one *next;
        struct span key, rule, bounds[BOUNDS]; /* folded; p NULL: any */
        int64_t kind, unit, until;
};

struct exempted {
        bool fresh;
        struct arena a;
        struct one *buckets[BUCKETS];
};

void exempted_changed(struct desk *d) {
        if (d->exempted)
                d->exempted->fresh = false;
}

void exempted_free(struct desk *d) {
        if (d->exempted)
                arena_deinit(&d->exempted->a);
        free(d->exempted);
        d->exempted = NULL;
}

static struct one **bucket_of(struct exempted *x, struct span rule, uint64_t key) {
        return &x->buckets[hash_bytes(rule.p, rule.len, key) % BUCKETS];
}

/* In the arena, folded. */
static int fold_in(struct arena *a, struct span s, struct span *ret) {
        char *to = arena_alloc(a, s.len * 3 / 2 + 4);

        if (!to)
                return FAIL(-ENOMEM);
        *ret = span_of(to, utf8_fold_to(to, s));
        return 0;
}

static int add(struct desk *d, struct exempted *x, struct sql_rows *q) {
        struct one *o = arena_zalloc(&x->a, sizeof(*o));
        int r = 0;

        if (!o)
                return FAIL(-ENOMEM);
        o->key = arena_dup(&x->a, sql_span(q, 0));
        o->rule = arena_dup(&x->a, sql_span(q, 1));
        if (!o->key.p || !o->rule.p)
                return FAIL(-ENOMEM);
        o->kind = sql_int(q, 2);
        for (int i = 0; i < BOUNDS && r == 0; i++)
                if (!sql_null(q, 3 + i))
                        r = fold_in(&x->a, sql_span(q, 3 + i), &o->bounds[i]);
        o->unit = sql_int(q, 7);
        o->until = sql_time(q, 8);
        struct one **b = bucket_of(x, o->rule, d->key);
        o->next = *b;
        *b = o;
        return r;
}

/* X3 */
static int refresh(struct desk *d) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        struct exempted *x = d->exempted ? d->exempted : calloc(1, sizeof(*x));

        if (!x)
                return FAIL(-ENOMEM);
        d->exempted = x;
        if (x->fresh)
                return 0;
        arena_deinit(&x->a);
        *x = (struct exempted){.fresh = true};
        arena_init(&x->a, BYTES);
        int r = sql_rows(state_sql(d->state), &q,
                         "SELECT key, rule, entity_kind, entity, host, user, source, unit, until"
                         " FROM exemption WHERE origin='desk' AND ended_at IS NULL AND until>?1"
                         " ORDER BY id DESC LIMIT ?2",
                         "ii", d->wall, (int64_t)MOST);
        while (r == 0 && (r = sql_next(q)) == 1)
                r = add(d, x, q);
        return r;
}

static bool same(struct desk *d, struct span bound, struct span s) {
        struct buf b = {0};
        char folded[NAME_MAX_BYTES * 2 + 8];

        if (!bound.p)
                return true;
        state_text(&b, s, NAME_MAX_BYTES); /* as the alert had it */
        size_t n = b.failed ? 0 : utf8_fold_to(folded, buf_get(&b));
        (void)d;
        buf_deinit(&b);
        return n == bound.len && memcmp(folded, bound.p, n) == 0;
}

/* X1 */
static bool covers(struct desk *d, const struct one *o, const struct verdict *v) {
        if (o->until <= d->wall || !span_eq(o->rule, v->rule_id))
                return false;
        if (o->bounds[BY_ENTITY].p && o->kind != (int64_t)v->entity_kind)
                return false;
        return same(d, o->bounds[BY_ENTITY], v->entity) &&
               same(d, o->bounds[BY_HOST], v->f->host) && same(d, o->bounds[BY_USER], v->f->user) &&
               same(d, o->bounds[BY_SOURCE], v->source);
}

int exempted_match(struct desk *d, const struct verdict *v, struct span *ret) {
        int r = d->exempted && d->exempted->fresh ? 0 : refresh(d);

        if (r < 0)
                return r;
        for (struct one *o = *bucket_of(d->exempted, v->rule_id, d->key); o; o = o->next) {
                int64_t system, unit;

                if (!covers(d, o, v))
                        continue;
                r = triage_place(d, v->f->host, &system, &unit);
                if (r == 0)
                        r = unit_within(state_sql(d->state), unit, o->unit); /* X2 */
                if (r < 0)
                        return r;
                if (r == 1) {
                        *ret = o->key;
                        return 0;
                }
        }
        return 0;
}

int exempted_file(struct desk *d) {
        struct sql *s = state_sql(d->state);
        int r = sql_do(s,
                       "UPDATE exemption SET ended_at=?1 WHERE origin='file' AND ended_at IS NULL"
                       " AND key NOT IN (SELECT id FROM exception WHERE active=1)",
                       "i", d->wall);

        if (r == 0)
                r = sql_do(s,
                           "INSERT INTO exemption(key,origin,rules,owner_text,text,until,unit,"
                           "made_at) SELECT id, 'file', rules, owner, reason, expires, 1, ?1 FROM"
                           " exception WHERE active=1 AND substr(id,1,1)<>'#' ON CONFLICT(key) DO"
                           " UPDATE SET rules=excluded.rules, owner_text=excluded.owner_text,"
                           " text=excluded.text, until=excluded.until, ended_at=NULL",
                           "i", d->wall);
        return r < 0 ? r
                     : sql_do(s,
                              "UPDATE exception SET active=1 WHERE id IN (SELECT key FROM exemption"
                              " WHERE origin='desk' AND ended_at IS NULL)",
                              "");
}
