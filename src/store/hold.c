/* See hold.h. The range and the end stand in table holds, which retention reads (retain.c); who and why beside
 * it. */
#include "store/hold.h"

#include <stdio.h>

static int count(sqlite3 *meta, const char *name, uint64_t *ret_all, uint64_t *ret_same) {
        _cleanup_(db_finalizep) sqlite3_stmt *s = NULL;
        int r = db_prepare(meta, &s, "SELECT count(*),total(name=?1) FROM holds");

        if (r < 0)
                return r;
        sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC);
        r = db_step(meta, s);
        if (r <= 0)
                return r < 0 ? r : FAIL(-EBADMSG);
        *ret_all = db_u64(s, 0);
        *ret_same = db_u64(s, 1);
        return 0;
}

static int insert(sqlite3 *meta, const struct keep_hold *h, int64_t now) {
        _cleanup_(db_finalizep) sqlite3_stmt *a = NULL, *b = NULL;
        int r = db_prepare(meta, &a, "INSERT INTO holds VALUES(?1,?2,?3,?4)");

        if (r == 0)
                r = db_prepare(meta, &b, "INSERT OR REPLACE INTO hold_notes VALUES(?1,?2,?3,?4)");
        if (r < 0)
                return r;
        sqlite3_bind_text(a, 1, h->name, -1, SQLITE_STATIC);
        sqlite3_bind_int64(a, 2, (sqlite3_int64)h->first);
        sqlite3_bind_int64(a, 3, (sqlite3_int64)h->end);
        sqlite3_bind_int64(a, 4, h->until);
        sqlite3_bind_text(b, 1, h->name, -1, SQLITE_STATIC);
        sqlite3_bind_text(b, 2, h->owner, -1, SQLITE_STATIC);
        sqlite3_bind_text(b, 3, h->reason, -1, SQLITE_STATIC);
        sqlite3_bind_int64(b, 4, now);
        r = db_step(meta, a);
        return r == 0 ? db_step(meta, b) : r;
}

static int ended(sqlite3 *meta, int r) {
        if (r == 0)
                r = db_exec(meta, "COMMIT");
        if (r < 0 && !sqlite3_get_autocommit(meta))
                (void)sqlite3_exec(meta, "ROLLBACK", NULL, NULL, NULL);
        return r;
}

int hold_add(sqlite3 *meta, const struct keep_hold *h, int64_t now) {
        uint64_t all, same;
        int r = db_exec(meta, "BEGIN IMMEDIATE");

        if (r < 0)
                return r;
        r = count(meta, h->name, &all, &same);
        if (r == 0 && same)
                r = -EEXIST;
        if (r == 0 && all >= HOLDS_MAX)
                r = -E2BIG;
        if (r == 0)
                r = insert(meta, h, now);
        return ended(meta, r);
}

static int delete_from(sqlite3 *meta, const char *sql, const char *name) {
        _cleanup_(db_finalizep) sqlite3_stmt *s = NULL;
        int r = db_prepare(meta, &s, sql);

        if (r < 0)
                return r;
        sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC);
        r = db_step(meta, s);
        return r < 0 ? r : sqlite3_changes(meta);
}

int hold_release(sqlite3 *meta, const char *name) {
        int r = db_exec(meta, "BEGIN IMMEDIATE");

        if (r < 0)
                return r;
        r = delete_from(meta, "DELETE FROM holds WHERE name=?1", name);
        r = r == 0 ? -ENOENT : r < 0 ? r : 0;
        if (r == 0) {
                r = delete_from(meta, "DELETE FROM hold_notes WHERE name=?1", name);
                r = r < 0 ? r : 0;
        }
        return ended(meta, r);
}

static void text(sqlite3_stmt *s, int column, char *to, size_t room) {
        const char *p = (const char *)sqlite3_column_text(s, column);

        snprintf(to, room, "%s", p ? p : "");
}

int hold_list(sqlite3 *meta, int (*each)(void *ctx, const struct keep_hold *h, int64_t made),
              void *ctx) {
        _cleanup_(db_finalizep) sqlite3_stmt *s = NULL;
        int r = db_prepare(
                meta, &s,
                "SELECT holds.name,owner,reason,first_seq,end_seq,until,made FROM holds"
                " LEFT JOIN hold_notes ON hold_notes.name=holds.name ORDER BY first_seq");

        while (r >= 0 && (r = db_step(meta, s)) > 0) {
                struct keep_hold h = {.first = db_u64(s, 3),
                                      .end = db_u64(s, 4),
                                      .until = sqlite3_column_int64(s, 5)};
                text(s, 0, h.name, sizeof(h.name));
                text(s, 1, h.owner, sizeof(h.owner));
                text(s, 2, h.reason, sizeof(h.reason));
                r = each(ctx, &h, sqlite3_column_int64(s, 6));
        }
        return r;
}
