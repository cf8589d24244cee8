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
