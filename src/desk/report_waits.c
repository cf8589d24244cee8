/* Reports that wait for a signature, for "Tonight" (decide.h): for those who may sign in the unit; "mine" for who
 * neither wrote the last version nor signed it (api_report_work.c S1 to S3). */
#include "desk/decide.h"
#include "desk/matter.h"

int report_decisions(struct api_call *c, struct decisions *to) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        const char *scope = "0", *units = "0", *drill = "1";
        int r = api_scope(c, "reports.sign", "x.unit", &scope);

        if (r == 0)
                r = api_subtree(c, to->unit, "x.unit", &units);
        if (r == 0)
                r = matter_sees(c, "i.drill", false, &drill);
        if (r < 0)
                return r;
        struct span sql = arena_printf(
                c->arena,
                "SELECT t.id, t.code, t.title, t.title_vi, t.incident, i.code,"
                " (SELECT name FROM person WHERE id=t.writer), t.written, ifnull(k.due,t.due),"
                " ifnull(t.writer,0)<>?1 AND NOT EXISTS(SELECT 1 FROM report_sign s WHERE"
                " s.report=t.id AND s.version=t.version AND s.person=?1 AND s.void IS NULL)"
                " FROM report t LEFT JOIN incident i ON i.id=t.incident LEFT JOIN incident_clock k"
                " ON k.incident=t.incident AND k.clock=t.clock WHERE t.state='signing'"
                " AND %s AND EXISTS(SELECT 1 FROM (SELECT unit FROM incident_unit WHERE "
                "incident=t.incident"
                " UNION SELECT t.unit AS unit WHERE t.incident IS NULL) x WHERE (%s) AND (%s))"
                " ORDER BY ifnull(k.due,t.due) LIMIT %d",
                drill, scope, units, DECISIONS_EACH);
        r = sql.p ? sql_rows(c->db, &q, sql.p, "i", c->who.id) : FAIL(-ENOMEM);
        while (r == 0 && (r = sql_next(q)) == 1)
                r = decision_add(to, &(struct decision){.kind = "report_sign",
                                                        .id = sql_int(q, 0),
                                                        .code = sql_span(q, 1),
                                                        .title = sql_span(q, 2),
                                                        .title_vi = sql_span(q, 3),
                                                        .incident = sql_int(q, 4),
                                                        .incident_code = sql_span(q, 5),
                                                        .by = sql_span(q, 6),
                                                        .asked = sql_time(q, 7),
                                                        .due = sql_time(q, 8),
                                                        .mine = sql_int(q, 9) != 0});
        return r;
}
