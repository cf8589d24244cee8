/* Who may do what. Until there are people, whoever is local may do everything and nobody else anything. */
#include "desk/api.h"

int api_holds(struct api_call *c, const char *permission) {
        (void)permission;
        return c->who.local;
}

int api_sees(struct api_call *c, const char *permission, int64_t unit) {
        (void)unit;
        return api_holds(c, permission);
}

int api_may(struct api_call *c, const char *permission, int64_t unit) {
        int r = api_sees(c, permission, unit);

        return r < 0 ? r
               : r   ? 0
                     : api_refuse(c, 403, "not_allowed", "your roles do not allow this",
                                  "vai trò của bạn không cho phép việc này");
}

int api_scope(struct api_call *c, const char *permission, const char *column,
              const char **ret_sql) {
        (void)permission;
        (void)column;
        *ret_sql = c->who.local ? "1" : "0";
        return 0;
}
