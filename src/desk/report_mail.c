/* A report that leaves by mail, from the row of `outgoing` on (api_report_file.c makes it):
 *
 *     signed ─ send ─► signed, its mail queued ─ the courier's word ─► sent, its clock met then
 *                             │
 *                             └─ failed, or taken back ─► signed: sent anew, or handed over
 *
 *   L1. A duty is met when the report has left: state, time and clock are written in the transaction that marks
 *       its mail as sent, at the time of that. Until then the clock runs.
 *   L2. While its mail is queued a report is neither reopened, dropped nor sent a second time; who hands it over
 *       takes the mail back.
 *   L3. What ends a mail that no report waits for changes no report. */
#include <stdio.h>
#include <string.h>

#include "desk/desk_impl.h"
#include "desk/errands.h"
#include "desk/report.h"

int report_of_mail(struct sql *db, int64_t mail, int64_t *ret_report) {
        return sql_get_int(db, ret_report, "SELECT id FROM report WHERE mail=?1 AND state='signed'",
                           "i", mail);
}

int report_not_leaving(struct api_call *c, const struct report *t) {
        if (!t->leaving)
                return 0;
        return api_refuse(c, 409, "sending",
                          "its mail is on its way: take that back first, under what leaves",
                          "thư báo cáo đang được gửi: hãy hủy thư đó trước, trong mục thư gửi đi");
}

struct sender {
        int64_t id;
        struct span to;
};

static int read_sender(struct api_call *c, int64_t report, struct sender *ret) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q, "SELECT sent_by, sent_to FROM report WHERE id=?1", "i", report);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r < 0 ? r : FAIL(-EIO);
        *ret = (struct sender){sql_int(q, 0), arena_dup(c->arena, sql_span(q, 1))};
        return ret->to.p ? 0 : FAIL(-ENOMEM);
}

/* L1 */
static int left(struct api_call *c, struct report *t, struct span to) {
        struct span words =
                incident_text(c, "%s → %.*s", t->code.p, (int)MIN(to.len, (size_t)500), to.p);
        int r = sql_do(c->db, "UPDATE report SET state='sent', sent_at=?2 WHERE id=?1", "ii", t->id,
                       c->now);

        if (r == 0)
                r = words.p ? report_meets(c, t, c->now, words) : FAIL(-ENOMEM);
        return r == 0 ? report_say(c, t, "left by mail", "thư đã đi", to) : r;
}

int report_mail_ended(struct api_call *c, int64_t mail, enum report_mail how, struct span said) {
        struct report t = {0};
        struct sender by;
        int64_t id = 0;
        int r = report_of_mail(c->db, mail, &id);

        if (r != 1) /* L3 */
                return r;
        r = report_read(c, id, &t);
        if (r == 0)
                r = read_sender(c, id, &by);
        if (r != 0)
                return r;
        if (how == REPORT_MAIL_SENT) {
                c->who.id = by.id; /* who sent it met the duty */
                return left(c, &t, by.to);
        }
        if (how ==
            REPORT_MAIL_FAILED) /* it stays as it is: people see which mail, and may retry it */
                return report_say(c, &t, "its mail was not delivered", "thư không gửi được", said);
        r = sql_do(c->db,
                   "UPDATE report SET mail=NULL, how=NULL, sent_to=NULL, sent_by=NULL WHERE id=?1",
                   "i", id);
        return r == 0 ? report_say(c, &t, "its mail was taken back", "đã hủy thư", said) : r;
}
