/* Log sources that a unit owns, that belong to what was played, and that never said a word (doc/scoring.md, "Penalties"):
 * looked for once, when the play is over, and kept, as what a source is heard of later is not this exercise's matter.
 *
 * Owned: a system of the unit names it. Of what was played: one of that system's hosts is in the unit's cast. Never
 * heard of: `ingest` has no such source, or one without a record. */
#include <stdlib.h>

#include "desk/desk_impl.h"
#include "desk/exercise_facts.h"
#include "wire/counters.h"

static bool heard(const struct counters_page *page, struct span name) {
        for (uint32_t i = 0; i < page->n_sources; i++)
                if ((page->sources[i].id || page->sources[i].received) &&
                    span_eq(span_str(page->sources[i].name), name))
                        return true;
        return false;
}

static int look(struct sql *db, const struct counters_page *page, int64_t play, int64_t now) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(
                db, &q,
                "SELECT DISTINCT x.source FROM exercise_play y JOIN system s ON s.unit=y.unit AND"
                " s.active JOIN system_source x ON x.system=s.id WHERE y.id=?1 AND EXISTS("
                "SELECT 1 FROM system_host h WHERE h.system=s.id AND"
                " instr(lower(ifnull(y.casting,'')), '\"' || lower(h.host) || '\"')) ORDER BY 1"
                " LIMIT 50",
                "i", play);

        while (r == 0 && (r = sql_next(q)) == 1) {
                r = 0;
                if (!heard(page, sql_span(q, 0)))
                        r = sql_do(db,
                                   "INSERT OR IGNORE INTO exercise_unused(play,source,at)"
                                   " VALUES(?1,?2,?3)",
                                   "iti", play, sql_span(q, 0), now);
        }
        return r == 0 ? sql_do(db, "INSERT OR IGNORE INTO exercise_looked VALUES(?1,?2)", "ii",
                               play, now)
                      : r;
}

int exercise_look_unused(struct desk *d, int64_t play, int64_t now) {
        struct sql *db = state_sql(d->state);
        struct counters_page *page;
        int64_t one = 0;
        int r = d->counters ? sql_get_int(db, &one, "SELECT 1 FROM exercise_looked WHERE play=?1",
                                          "i", play)
                            : 1;

        if (r != 0)
                return MIN(r, 0);
        page = malloc(sizeof(*page));
        if (!page)
                return FAIL(-ENOMEM);
        r = counters_copy(d->counters, page) ? desk_begin(d) : 1;
        if (r == 0)
                r = look(db, page, play, now);
        free(page);
        return MIN(r, 0);
}
