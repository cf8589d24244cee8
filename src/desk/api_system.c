/* Handlers about the node itself. */
#include "desk/api.h"
#include "desk/api_impl.h"

static int health(struct api_call *c) {
        c->answer = json_pack("{sb so}", "ok", 1, "now", api_json_time(c->now));
        return 0;
}

/* Details of before the API are text of their own. */
#define DETAIL "iif(json_valid(detail), detail, json_object('text', detail))"

static int audit_list(struct api_call *c) {
        static const char *const columns[] = {
                "n", "time", "who", "what", "about", DETAIL, "lower(hex(hash))"};
        const struct api_list_spec l = {
                .shape = c->op->answer,
                .columns = columns,
                .from = "audit",
                .id = "n",
                .search = {"who", "what", "about", "detail"},
        };

        return api_list(c, &l);
}

extern const struct api_binding api_system_bindings[];
const struct api_binding api_system_bindings[] = {
        {"system.health", health},
        {"audit.list", audit_list},
        {"events.follow", api_follow},
        {0},
};
