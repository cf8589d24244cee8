/* Handlers about the node itself. */
#include "desk/api.h"

static int health(struct api_call *c) {
        c->answer = json_pack("{sb so}", "ok", 1, "now", api_json_time(c->now));
        return 0;
}

extern const struct api_binding api_system_bindings[];
const struct api_binding api_system_bindings[] = {
        {"system.health", health},
        {0},
};
