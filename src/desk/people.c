/* Small things that the files about people share (people.h). */
#include "desk/people.h"

bool login_good(struct span s) {
        if (s.len < 2 || s.len > 64 || *s.p == '-' || *s.p == '.')
                return false;
        for (size_t i = 0; i < s.len; i++) {
                char c = s.p[i];

                if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && !strchr("._-@", c))
                        return false;
        }
        return true;
}

struct span login_fold(struct arena *a, struct span s) {
        struct span to = arena_dup(a, s);

        for (size_t i = 0; to.p && i < to.len; i++)
                ((char *)(uintptr_t)to.p)[i] = ascii_lower(to.p[i]);
        return to;
}

int person_unit(struct sql *db, int64_t person, int64_t *ret_unit) {
        *ret_unit = 0;
        int r = sql_get_int(db, ret_unit, "SELECT unit FROM person WHERE id=?1", "i", person);

        return r < 0 ? r : 0;
}

int person_within(struct api_call *c, int64_t person) {
        const char *scope = "0";
        int64_t one;
        int r = api_scope(c, "people.write", "unit", &scope);
        struct span sql = arena_printf(c->arena,
                                       "SELECT 1 FROM role_grant WHERE person=?1 AND (until IS NULL"
                                       " OR until>?2) AND NOT (%s) LIMIT 1",
                                       scope);

        if (r == 0)
                r = sql.p ? sql_get_int(c->db, &one, sql.p, "ii", person, c->now) : FAIL(-ENOMEM);
        if (r <= 0)
                return r;
        return api_refuse(c, 403, "beyond",
                          "they have a role for a unit that is not yours: an administrator of that "
                          "unit does this",
                          "người này có vai trò ở đơn vị ngoài phạm vi của bạn: quản trị của đơn "
                          "vị đó làm việc này");
}

/* By their own unit, or by a duty that the list of who is on duty shows. */
static int shown(struct api_call *c, int64_t person) {
        const char *own = "0", *duty = "0";
        int64_t one;
        int r = api_scope(c, "people.read", "p.unit", &own);

        if (r == 0)
                r = api_scope(c, "people.read", "d.unit", &duty);
        if (r < 0)
                return r;
        struct span s = arena_printf(
                c->arena,
                "SELECT 1 FROM person p WHERE p.id=?1 AND p.active<>0 AND (p.id=?2 OR (%s) OR"
                " EXISTS(SELECT 1 FROM duty d WHERE d.person=p.id AND d.until>?3 AND (%s)))",
                own, duty);
        return s.p ? sql_get_int(c->db, &one, s.p, "iii", person, c->who.id, c->now)
                   : FAIL(-ENOMEM);
}

int person_nameable(struct api_call *c, const char *field, int64_t person) {
        int r = shown(c, person);

        if (r != 0)
                return r < 0 ? r : 0;
        return api_fault_at(c, field, "There is no such person, or they left",
                            "Không có người này hoặc đã nghỉ", "Choose one of the list",
                            "Chọn trong danh sách");
}
