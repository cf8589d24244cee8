/* The second person (doc/containment.md P1-P3): for containment, and for evidence that leaves. */
#include "desk/people.h"

#define YOUNG_NS (INT64_C(86400) * NS_PER_SEC)

int second_session(struct api_call *c) {
        if (c->who.session)
                return 0;
        return api_refuse(c, 403, "people_only",
                          "this is decided by people who signed in, not from here",
                          "việc này do người đã đăng nhập quyết định, không phải từ đây");
}

/* Nor through others: who was made or reset by them of late and then made or reset this one. A month, as
 * whoever set up a node made nearly all who made others. */
#define CHAIN_NS (30 * YOUNG_NS)
int second_made_by(struct api_call *c, int64_t proposer) {
        int64_t one;

        return sql_get_int(
                c->db, &one,
                "WITH RECURSIVE up(id) AS (SELECT created_by FROM person WHERE id=?1 UNION"
                " SELECT reset_by FROM person WHERE id=?1 UNION"
                " SELECT iif(k.column1,p.created_by,p.reset_by) FROM up JOIN person p ON p.id=up.id"
                " JOIN (VALUES(0),(1)) k WHERE iif(k.column1,p.created,p.reset_at)>?3)"
                " SELECT 1 FROM up WHERE id=?2",
                "iii", c->who.id, proposer, c->now - CHAIN_NS);
}

int second_good(struct api_call *c, int64_t proposer) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = second_session(c);

        if (r != 0)
                return r;
        if (c->who.id == proposer)
                return api_refuse(c, 403, "same_person",
                                  "a second person decides, not who proposed",
                                  "người thứ hai quyết định, không phải người đề nghị");
        r = sql_rows(c->db, &q, "SELECT created FROM person WHERE id=?1", "i", c->who.id);
        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r < 0 ? r : api_missing(c);
        if (sql_int(q, 0) > c->now - YOUNG_NS)
                return api_refuse(c, 403, "young_account",
                                  "your account is less than a day old: somebody else decides",
                                  "tài khoản của bạn chưa đủ một ngày: cần người khác quyết định");
        q = sql_end(q);
        r = second_made_by(c, proposer);
        if (r != 0)
                return r < 0 ? r
                             : api_refuse(c, 403, "made_by_proposer",
                                          "who proposed made or reset your account: somebody else "
                                          "decides",
                                          "người đề nghị đã lập hoặc đặt lại tài khoản của bạn: "
                                          "cần người khác");
        return 0;
}
