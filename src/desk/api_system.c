/* Handlers about the node itself. */
#include <sodium.h>

#include "desk/api.h"
#include "desk/api_impl.h"
#include "desk/heads.h"

static int health(struct api_call *c) {
        c->answer = json_pack("{sb so}", "ok", 1, "now", api_json_time(c->now));
        return 0;
}

/* Whose rows: of people of the inspector's units. What the node and its own command line did is the root's. */
#define BY "iif(json_valid(detail), json_extract(detail,'$.person'), 0)"

static int audit_scope(struct api_call *c, const char **ret) {
        const char *scope;
        int r = api_scope(c, "audit.read", "writer.unit", &scope);

        *ret = NULL;
        if (r < 0 || strcmp(scope, "1") == 0)
                return r;
        struct span s = arena_printf(
                c->arena, "EXISTS(SELECT 1 FROM person writer WHERE writer.id=" BY " AND (%s))",
                scope);
        *ret = s.p;
        return s.p ? 0 : FAIL(-ENOMEM);
}

/* Details of before the API are text of their own. */
#define DETAIL "iif(json_valid(detail), detail, json_object('text', detail))"

/* Of an exercise, or of what belongs to a play: by the numbers that such matter has (state.h), or its own row. */
#define NUMBER "CAST(substr(about,instr(about,' ')+1) AS INTEGER)"
#define OF_A_DRILL                                                                                 \
        "CASE WHEN what GLOB 'exercises.*' OR what GLOB 'drill.*' OR what GLOB 'results.*' OR "    \
        "what"                                                                                     \
        " GLOB 'findings.*' OR what GLOB 'livefire.*' OR about GLOB 'exercise [0-9]*' THEN 1 WHEN" \
        " about GLOB 'alert [0-9]*' OR about GLOB 'incident [0-9]*' OR about GLOB 'action [0-9]*'" \
        " THEN " NUMBER ">=1000000000 WHEN about GLOB 'report [0-9]*' THEN ifnull((SELECT"         \
        " drill<>0 FROM report WHERE id=" NUMBER "),0) WHEN about GLOB 'evidence [0-9]*' THEN"     \
        " ifnull((SELECT i.drill<>0 FROM evidence e JOIN incident i ON i.id=e.incident WHERE"      \
        " e.id=" NUMBER "),0) ELSE 0 END"

static int audit_list(struct api_call *c) {
        static const char *const columns[] = {
                "n", "time", "who", "what", "about", DETAIL, "lower(hex(hash))", OF_A_DRILL};
        struct api_list_spec l = {
                .shape = c->op->answer,
                .columns = columns,
                .from = "audit",
                .id = "n",
                .search = {"who", "what", "about", "detail"},
        };

        int r = audit_scope(c, &l.where);

        return r < 0 ? r : api_list(c, &l);
}

static json_t *hex(const unsigned char *p, size_t n) {
        char to[2 * 64 + 1];

        return json_string(sodium_bin2hex(to, sizeof(to), p, n));
}

static int audit_head(struct api_call *c) {
        _cleanup_(buf_deinit) struct buf line = {.limit = AUDIT_SLOT};
        struct audit_signed s;
        uint64_t n = 0;
        int r = heads_last(c->desk, &s, &n);

        if (r < 0)
                return r;
        if (r == 0) {
                c->answer = json_pack("{sn sn sn sn sn sI sn}", "number", "entries", "time", "hash",
                                      "key", "after", (json_int_t)n, "line");
                return c->answer ? 0 : FAIL(-ENOMEM);
        }
        audit_head_text(&line, &s);
        c->answer = json_pack(
                "{sI sI so so so sI so}", "number", (json_int_t)s.head.number, "entries",
                (json_int_t)s.head.entries, "time", api_json_time(s.head.time), "hash",
                hex(s.head.hash, sizeof(s.head.hash)), "key", hex(s.key, sizeof(s.key)), "after",
                (json_int_t)(n - MIN(s.head.entries, n)), "line", api_json_text(buf_get(&line)));
        return c->answer ? 0 : FAIL(-ENOMEM);
}

extern const struct api_binding api_system_bindings[];
const struct api_binding api_system_bindings[] = {
        {"system.health", health},
        {"audit.list", audit_list},
        {"audit.head", audit_head},
        {"events.follow", api_follow},
        {0},
};
