/* Who may do what: the table of wire/permission.h against the roles that were given (table role_grant). A role
 * holds for the unit it was given for and all below it, from its day until its end.
 *
 *   R1. A guest sees by permissions nothing at all: lists and things of units are empty for them, and
 *       what belongs to their one incident is given by its handlers, who look at c->who.incident.
 *   R2. A script's token can do what its person can and its list names, never more.
 *   R3. What belongs to no unit is the root's: seen by whoever has the permission for everything.
 *   R4. In a call that is made by a right lent for a drill, permissions of that kind are held for its unit and nowhere
 *       else, whatever the asker's roles are (lent.c L1). */
#include "desk/lent.h"
#include "desk/people.h"

const char *const role_names[ROLE_MAX] = {"officer",   "handler", "lead",    "approver", "owner",
                                          "inspector", "liaison", "trainee", "admin",    "guest",
                                          "organiser", "jury",    "red_team"};

static const struct {
        const char *name, *roles;
} table[] = {
#define ROW(name, roles, en, vi) {name, roles},
        PERMISSIONS(ROW)
#undef ROW
};

const char *permission_name(unsigned i) {
        return i < ARRAY_LEN(table) ? table[i].name : NULL;
}

uint32_t permission_roles(const char *permission) {
        static const char letters[] = "OHLASINTMGEJR";
        uint32_t bits = 0;

        _Static_assert(sizeof(letters) - 1 == ROLE_MAX, "a letter for each role");
        for (size_t i = 0; i < ARRAY_LEN(table); i++)
                if (strcmp(table[i].name, permission) == 0)
                        for (const char *p = table[i].roles; *p; p++)
                                bits |= UINT32_C(1) << (strchr(letters, *p) - letters);
        return bits;
}

/* R2. */
static bool in_list(struct span list, const char *name) {
        while (list.len) {
                const char *blank = memchr(list.p, ' ', list.len);
                size_t n = blank ? (size_t)(blank - list.p) : list.len;

                if (span_eq(span_of(list.p, n), span_str(name)))
                        return true;
                list = span_of(list.p + n, list.len - n);
                if (list.len)
                        list = span_of(list.p + 1, list.len - 1);
        }
        return false;
}

/* Roles that would do, or 0: nobody's would, or not this asker's. */
static uint32_t roles_for(const struct api_call *c, const char *permission) {
        if (!c->who.id || (c->who.token && !in_list(c->who.allowed, permission)))
                return 0;
        return permission_roles(permission);
}

int api_holds(struct api_call *c, const char *permission) {
        uint32_t roles = roles_for(c, permission);
        int64_t one;

        if (c->who.local)
                return 1;
        if (c->who.incident)
                return roles >> ROLE_GUEST & 1;
        if (c->who.lent.play && lent_knows(permission)) /* R4 */
                return lent_holds(c, permission);
        if (!roles)
                return 0;
        return sql_get_int(c->db, &one,
                           "SELECT 1 FROM role_grant WHERE person=?1 AND (?2>>role)&1"
                           " AND since<=?3 AND (until IS NULL OR until>?3) LIMIT 1",
                           "iii", c->who.id, (int64_t)roles, c->now);
}

int unit_within(struct sql *db, int64_t below, int64_t above) {
        int64_t one;

        return sql_get_int(db, &one,
                           "SELECT 1 FROM unit a, unit b WHERE a.id=?1 AND b.id=?2"
                           " AND substr(b.path,1,length(a.path))=a.path",
                           "ii", above, below);
}

static int sees(struct api_call *c, const char *permission, int64_t unit) {
        uint32_t roles = roles_for(c, permission);
        int64_t one;

        if (c->who.local)
                return 1;
        if (!roles || c->who.incident) /* R1 */
                return 0;
        if (c->who.lent.play && lent_knows(permission)) /* R4 */
                return lent_sees(c, permission, unit);
        return sql_get_int(c->db, &one,
                           "SELECT 1 FROM role_grant g JOIN unit a ON a.id=g.unit, unit b"
                           " WHERE g.person=?1 AND (?2>>g.role)&1 AND g.since<=?3"
                           " AND (g.until IS NULL OR g.until>?3) AND b.id=?4"
                           " AND substr(b.path,1,length(a.path))=a.path LIMIT 1",
                           "iiii", c->who.id, (int64_t)roles, c->now, unit);
}

int api_sees(struct api_call *c, const char *permission, int64_t unit) {
        return unit ? sees(c, permission, unit) : api_holds(c, permission);
}

/* "alerts.work" → whether "alerts.read" is held there. */
static int may_read(struct api_call *c, const char *permission, int64_t unit) {
        const char *dot = strchr(permission, '.');
        char read[64];

        if (!dot)
                return 0;
        snprintf(read, sizeof(read), "%.*s.read", (int)(dot - permission), permission);
        if (!permission_roles(
                    read)) /* units, exceptions: whoever may see people may know of them */
                snprintf(read, sizeof(read), "people.read");
        return strcmp(read, permission) == 0 ? 0 : sees(c, read, unit);
}

int api_may(struct api_call *c, const char *permission, int64_t unit) {
        int r = sees(c, permission, unit ? unit : UNIT_ROOT); /* R3 */

        if (r != 0)
                return r < 0 ? r : 0;
        r = may_read(c, permission, unit ? unit : UNIT_ROOT);
        if (r < 0)
                return r;
        return r ? api_refuse(c, 403, "not_allowed", "your roles do not allow this for that unit",
                              "vai trò của bạn không cho phép việc này với đơn vị đó")
                 : api_missing(c);
}

/* A scope of FEW units is said by their numbers: an index that begins with the unit finds their rows, which
 * are few among many. A wider one is asked row by row of a list that is in order. */
#define FEW 4

/* More roles than this are asked for where they stand: a condition that names each has no bound, and SQLite refuses one
 * that is too deep or too long. */
#define MANY 50u

static struct span by_grants(const struct api_call *c, uint32_t roles, const char *column) {
        return arena_printf(
                c->arena,
                "%s IN (SELECT zu.id FROM role_grant zg JOIN unit za ON za.id=zg.unit"
                " JOIN unit zu ON zu.path>=za.path AND"
                " zu.path<substr(za.path,1,length(za.path)-1)||'0' WHERE zg.person=" SQL_OWN_INT
                " AND (%lld>>zg.role)&1 AND zg.since<=%lld AND (zg.until IS NULL OR"
                " zg.until>%lld))",
                column, (long long)c->who.id, (long long)roles, (long long)c->now,
                (long long)c->now);
}

/* The numbers, "1,2"; empty: more than FEW. 0 or -errno. */
static int few_units(struct api_call *c, struct span where, struct buf *to) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        struct span text = arena_printf(c->arena, "SELECT id FROM unit WHERE %.*s LIMIT %d",
                                        (int)where.len, where.p, FEW + 1);
        unsigned n = 0;
        int r = text.p ? sql_rows_of(c->db, &q, text.p, NULL, 0) : FAIL(-ENOMEM);

        while (r >= 0 && (r = sql_next(q)) == 1)
                if (++n <= FEW)
                        buf_printf(to, "%s" SQL_OWN_INT, n > 1 ? "," : "",
                                   (long long)sql_int(q, 0));
        if (n > FEW)
                buf_reset(to);
        return MIN(r, 0);
}

/* Numbers of our own only go into the text (sql.c Q1). '0' follows '/' in ASCII: the end of a prefix. */
int api_scope(struct api_call *c, const char *permission, const char *column,
              const char **ret_sql) {
        _cleanup_(buf_deinit) struct buf b = {.limit = (size_t)256 << 10}, few = {0};
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        uint32_t roles = roles_for(c, permission);
        unsigned n = 0;
        int r;

        *ret_sql = c->who.local ? "1" : "0";
        if (c->who.local || c->who.incident || !roles)
                return 0;
        if (c->who.lent.play && lent_knows(permission)) /* R4 */
                return lent_holds(c, permission) ? api_subtree(c, c->who.lent.unit, column, ret_sql)
                                                 : 0;
        r = sql_rows(c->db, &q,
                     "SELECT DISTINCT u.id, u.path FROM role_grant g JOIN unit u ON u.id=g.unit"
                     " WHERE g.person=?1 AND (?2>>g.role)&1 AND g.since<=?3"
                     " AND (g.until IS NULL OR g.until>?3) ORDER BY u.id",
                     "iii", c->who.id, (int64_t)roles, c->now);
        while (r >= 0 && (r = sql_next(q)) == 1) {
                struct span path = sql_span(q, 1);

                if (sql_int(q, 0) == UNIT_ROOT) {
                        *ret_sql = "1";
                        return 0;
                }
                buf_printf(&b,
                           "%s(path>=" SQL_OWN "%.*s" SQL_OWN " AND path<" SQL_OWN "%.*s0" SQL_OWN
                           ")",
                           n++ ? " OR " : "", (int)path.len, path.p, (int)path.len - 1, path.p);
        }
        if (r < 0 || !n)
                return MIN(r, 0);
        if (n > MANY) {
                struct span many = by_grants(c, roles, column);

                *ret_sql = many.p ? many.p : "0";
                return many.p ? 0 : FAIL(-ENOMEM);
        }
        r = b.failed ? FAIL(-ENOMEM) : few_units(c, buf_get(&b), &few);
        if (r < 0)
                return r;
        struct span text =
                few.len ? arena_printf(c->arena, "%s IN (%.*s)", column, (int)few.len, few.p)
                        : arena_printf(c->arena, "%s IN (SELECT id FROM unit WHERE %.*s)", column,
                                       (int)b.len, b.p);
        if (!text.p || few.failed)
                return FAIL(-ENOMEM);
        *ret_sql = text.p;
        return 0;
}

int api_subtree(struct api_call *c, int64_t unit, const char *column, const char **ret_sql) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = unit && unit != UNIT_ROOT
                        ? sql_rows(c->db, &q, "SELECT path FROM unit WHERE id=?1", "i", unit)
                        : 0;

        *ret_sql = "1";
        if (r < 0 || !q)
                return r;
        r = sql_next(q);
        *ret_sql = "0";
        if (r != 1)
                return r;
        _cleanup_(buf_deinit) struct buf few = {0};
        struct span path = sql_span(q, 0);
        struct span where = arena_printf(
                c->arena, "path>=" SQL_OWN "%.*s" SQL_OWN " AND path<" SQL_OWN "%.*s0" SQL_OWN,
                (int)path.len, path.p, (int)path.len - 1, path.p);
        r = where.p ? few_units(c, where, &few) : FAIL(-ENOMEM);
        if (r < 0)
                return r;
        struct span s =
                few.len ? arena_printf(c->arena, "%s IN (%.*s)", column, (int)few.len, few.p)
                        : arena_printf(c->arena, "%s IN (SELECT id FROM unit WHERE %.*s)", column,
                                       (int)where.len, where.p);
        *ret_sql = s.p;
        return s.p && !few.failed ? 0 : FAIL(-ENOMEM);
}
