/* See mask.h. The key is random, of one calendar month (UTC), and lies beside the names it hides: it protects from whoever
 * reads lists and exports, not from whoever has the database. */
#include "desk/mask.h"

#include <sodium.h>
#include <stdlib.h>

#include "desk/desk_impl.h"
#include "scan/personal.h"

struct masks {
        char month[8]; /* "2026-11"; empty: none yet */
        unsigned char key[PSEUDONYM_KEY_BYTES];
};

void desk_masks_free(struct desk *d) {
        if (d->masks)
                sodium_memzero(d->masks, sizeof(*d->masks));
        free(d->masks);
        d->masks = NULL;
}

static int read_key(struct desk *d, struct masks *m) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(state_sql(d->state), &q, "SELECT key FROM pseudonym_key WHERE month=?1",
                         "s", m->month);

        if (r == 0)
                r = sql_next(q);
        if (r == 1 && sql_span(q, 0).len == sizeof(m->key))
                memcpy(m->key, sql_span(q, 0).p, sizeof(m->key));
        return r;
}

int masks_tick(struct desk *d, int64_t wall) {
        char month[40];
        struct masks *m = d->masks;

        time_format(month, wall, 0);
        month[7] = '\0';
        if (m && strcmp(m->month, month) == 0)
                return 0;
        if (!m)
                m = d->masks = calloc(1, sizeof(*m));
        if (!m)
                return FAIL(-ENOMEM);
        snprintf(m->month, sizeof(m->month), "%s", month);
        int r = read_key(d, m);
        if (r != 0)
                return MIN(r, 0);
        randombytes_buf(m->key, sizeof(m->key));
        r = desk_begin(d);
        if (r == 0)
                r = sql_do(state_sql(d->state), "DELETE FROM pseudonym_key", "");
        if (r == 0)
                r = sql_do(state_sql(d->state), "INSERT INTO pseudonym_key VALUES(?1,?2)", "sx",
                           m->month, span_of((const char *)m->key, sizeof(m->key)));
        return r;
}

const unsigned char *mask_key(const struct desk *d) {
        static const unsigned char none[PSEUDONYM_KEY_BYTES];

        return d->masks ? d->masks->key : none;
}

struct span mask_name(struct api_call *c, enum names_kind kind, struct span value) {
        if (value.len == 0 || (kind == NAMES_USER && pseudonym_of_nobody(value)))
                return value;
        struct span s =
                pseudonym_text(mask_key(c->desk), kind, value, c->lang == LANG_VI, c->arena);
        return s.p ? s : SPAN("[?]");
}

struct span mask_group(struct api_call *c, struct span entity) {
        struct buf b = {.limit = 4096};
        struct span name, value;

        while (names_of_group(&entity, &name, &value)) {
                enum names_kind kind = names_of_field(name);

                if (b.len)
                        buf_str(&b, ", ");
                if (name.len) {
                        buf_span(&b, name);
                        buf_char(&b, '=');
                }
                buf_span(&b, kind == NAMES_NOBODY ? value : mask_name(c, kind, value));
        }
        struct span s = b.failed ? SPAN_NONE : arena_dup(c->arena, buf_get(&b));
        buf_deinit(&b);
        return s.p ? s : SPAN("[?]");
}

void mask_know(struct api_call *c, struct names *known, enum names_kind kind, struct span value) {
        struct span own = kind == NAMES_USER ? names_account(value) : SPAN("");

        if (value.len && !(kind == NAMES_USER && pseudonym_of_nobody(value)))
                names_add(known, value, mask_name(c, kind, value));
        if (own.len && !pseudonym_of_nobody(own))
                names_add(known, own, mask_name(c, kind, own));
}

struct span mask_text(struct api_call *c, struct span text, const struct names *known) {
        struct buf personal = {.limit = (size_t)1 << 20}, named = {.limit = (size_t)1 << 20};
        struct span s = SPAN_NONE;

        (void)personal_mask(&personal, text, mask_key(c->desk));
        if (!personal.failed && names_mask(&named, buf_get(&personal), known) && !named.failed)
                s = arena_dup(c->arena, buf_get(&named));
        buf_deinit(&personal);
        buf_deinit(&named);
        return s.p ? s : SPAN("[?]");
}

int mask_shown(struct api_call *c, const char *column, const char **ret_sql) {
        const char *scope, *unmask;
        int r = api_scope(c, "incidents.work", "mu.unit", &scope);

        if (r == 0) /* which may have been taken since */
                r = api_scope(c, "events.unmask", "mv.unit", &unmask);
        if (r < 0)
                return r;
        struct span s = arena_printf(
                c->arena,
                "(%s IS NOT NULL AND (EXISTS(SELECT 1 FROM incident_unit mu WHERE mu.incident=%s"
                " AND (%s)) OR EXISTS(SELECT 1 FROM unmasking mk WHERE mk.incident=%s AND "
                "mk.by=" SQL_OWN_INT
                " AND mk.state='active' AND mk.expires>%lld AND EXISTS(SELECT 1 FROM incident_unit"
                " mv WHERE mv.incident=mk.incident AND (%s)))))",
                column, column, scope, column, (long long)c->who.id, (long long)c->now, unmask);
        *ret_sql = s.p;
        return s.p ? 0 : FAIL(-ENOMEM);
}
