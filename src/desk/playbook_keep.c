/* Editions of playbooks: the bytes as they came, and the plan that the reader made of them.
 *
 *   K1. An edition is never changed or removed: runs refer to it.
 *   K2. The same bytes are one edition, so that a second import of them does nothing.
 *   K3. A plan is looked at before it is kept, whoever made it: every number in it is in its range. */
#include <sodium.h>
#include <stdlib.h>

#include "desk/desk_impl.h"
#include "desk/playbook.h"
#include "reader/playbook.h"

#define NAME_MAX_BYTES_SHOWN 400u
#define ARENA_BYTES ((size_t)4 << 20)

/* ---- K3 ---- */

static bool in_range(const json_t *o, const char *key, json_int_t least, json_int_t n) {
        const json_t *v = json_object_get(o, key);

        return json_is_integer(v) && json_integer_value(v) >= least && json_integer_value(v) < n;
}

static bool text_good(const json_t *o, const char *key, size_t most, bool null) {
        const json_t *v = json_object_get(o, key);

        return json_is_string(v) ? json_string_length(v) <= most : null && json_is_null(v);
}

static bool step_good(const json_t *s, json_int_t n) {
        static const char *const types[] = {
                "start",    "end",          "action",          "playbook-action",
                "parallel", "if-condition", "while-condition", "switch-condition"};
        static const char *const ways[] = {"next", "success", "failure", "true", "false"};
        const char *type = json_string_value(json_object_get(s, "type"));
        const json_t *e;
        bool known = false;
        size_t i;

        for (i = 0; type && i < ARRAY_LEN(types) && !known; i++)
                known = strcmp(type, types[i]) == 0;
        if (!known || !text_good(s, "name", NAME_MAX_BYTES_SHOWN, true) ||
            !text_good(s, "name_vi", (size_t)8 << 10, true) ||
            !text_good(s, "condition", (size_t)8 << 10, true) ||
            !text_good(s, "switch", (size_t)8 << 10, true) || !text_good(s, "auto", 32, true))
                return false;
        for (i = 0; i < ARRAY_LEN(ways); i++)
                if (!in_range(s, ways[i], -1, n))
                        return false;
        json_array_foreach(json_object_get(s, "branches"), i,
                           e) if (!json_is_integer(e) || json_integer_value(e) < 0 ||
                                  json_integer_value(e) >= n) return false;
        json_array_foreach(json_object_get(s, "cases"), i,
                           e) if (!in_range(e, "to", 0, n) ||
                                  !text_good(e, "value", 250, false)) return false;
        return true;
}

bool playbook_plan_good(const json_t *plan) {
        const json_t *steps = json_object_get(plan, "steps"),
                     *graph = json_object_get(plan, "graph"),
                     *counts = json_object_get(plan, "counts"), *e;
        size_t n = json_array_size(steps), i;

        if (n == 0 || n > PLAYBOOK_STEPS_MAX || !in_range(plan, "start", 0, (json_int_t)n) ||
            !in_range(plan, "exception", -1, (json_int_t)n) ||
            !text_good(plan, "cacao", 60, false) ||
            !text_good(plan, "name", NAME_MAX_BYTES_SHOWN, false) ||
            !text_good(plan, "name_vi", (size_t)8 << 10, true) ||
            !text_good(plan, "modified", 64, false) || !text_good(plan, "tlp", 32, true) ||
            !json_is_array(json_object_get(plan, "kinds")) ||
            !json_is_array(json_object_get(plan, "variables")) || !json_is_object(counts) ||
            json_array_size(json_object_get(graph, "nodes")) != n)
                return false;
        json_array_foreach(steps, i, e) if (!step_good(e, (json_int_t)n)) return false;
        json_array_foreach(json_object_get(plan, "variables"), i,
                           e) if (!text_good(e, "name", 250, false)) return false;
        return true;
}

/* ---- keeping ---- */

static int64_t modified_of(const json_t *plan) {
        return time_parse_iso(span_str(json_string_value(json_object_get(plan, "modified"))), 0);
}

static struct span text_of(const json_t *o, const char *key) {
        const json_t *v = json_object_get(o, key);

        return span_of(json_string_value(v), json_string_length(v));
}

static int64_t count_of(const json_t *plan, const char *key) {
        return (int64_t)json_integer_value(json_object_get(json_object_get(plan, "counts"), key));
}

/* The kinds, at most 16 words; of the arena. */
static struct span kinds_of(struct api_call *c, const json_t *plan) {
        const json_t *all = json_object_get(plan, "kinds"), *e;
        json_t *list = json_array();
        size_t i;

        json_array_foreach(all, i,
                           e) if (i < 16 && json_is_string(e) && json_string_length(e) <= 64)
                json_array_append(list, (json_t *)e);
        char *text = list ? json_dumps(list, JSON_COMPACT) : NULL;
        struct span s = text ? arena_dup(c->arena, span_str(text)) : SPAN_NONE;
        free(text);
        json_decref(list);
        return s;
}

/* 1: the edition with this hash; 0; -errno. */
static int same_edition(struct api_call *c, int64_t id, struct span hash, int64_t *ret) {
        return sql_get_int(c->db, ret,
                           "SELECT edition FROM playbook_edition WHERE playbook=?1 AND hash=?2",
                           "ix", id, hash);
}

static int add_edition(struct api_call *c, int64_t id, int64_t edition, struct span bytes,
                       struct span hash, const json_t *plan) {
        char *text = json_dumps(plan, JSON_COMPACT);
        int r = text ? sql_do(c->db,
                              "INSERT INTO playbook_edition(playbook,edition,hash,bytes,plan,"
                              "modified,kept,by) VALUES(?1,?2,?3,?4,?5,?6,?7,?8)",
                              "iixxtiik", id, edition, hash, bytes, span_str(text),
                              modified_of(plan), c->now, c->who.id)
                     : FAIL(-ENOMEM);

        free(text);
        return r;
}

static int describe(struct api_call *c, int64_t id, int64_t edition, const json_t *plan,
                    const char *origin) {
        struct span kinds = kinds_of(c, plan), vi = text_of(plan, "name_vi"),
                    tlp = text_of(plan, "tlp");

        if (!kinds.p)
                return FAIL(-ENOMEM);
        int r = sql_do(c->db,
                       "UPDATE playbook SET name=?2, name_vi=?3, kinds=?4, steps=?5, automatic=?6,"
                       " parallel=?7, conditions=?8, origin=?9, edition=?10, version=version+1"
                       " WHERE id=?1",
                       "ittt"
                       "iiii"
                       "si",
                       id, text_of(plan, "name"), vi, kinds, count_of(plan, "steps"),
                       count_of(plan, "automatic"), count_of(plan, "parallel"),
                       count_of(plan, "conditions"), origin, edition);
        if (r == 0)
                r = sql_do(c->db, "UPDATE playbook SET modified=?2, tlp=?3 WHERE id=?1", "iit", id,
                           modified_of(plan), tlp);
        return r;
}

static int add_playbook(struct api_call *c, const json_t *plan, const char *origin, int64_t *ret) {
        int r = sql_do(c->db,
                       "INSERT INTO playbook(cacao,name,kinds,steps,automatic,parallel,conditions,"
                       "origin,modified,edition,version) VALUES(?1,?2,'[]',0,0,0,0,?3,?4,1,0)",
                       "ttsi", text_of(plan, "cacao"), text_of(plan, "name"), origin,
                       modified_of(plan));

        *ret = sql_last_id(c->db);
        return r;
}

int playbook_keep(struct api_call *c, struct span bytes, const json_t *plan, const char *origin,
                  enum playbook_kept *ret_how, int64_t *ret_id, int64_t *ret_edition) {
        unsigned char hash[32];
        struct span h = span_of((const char *)hash, sizeof(hash));
        int64_t id = 0, newest = TIME_NONE, edition = 1;

        assert(playbook_plan_good(plan));
        crypto_generichash(hash, sizeof(hash), (const unsigned char *)bytes.p, bytes.len, NULL, 0);
        int r = sql_get_int(c->db, &id, "SELECT id FROM playbook WHERE cacao=?1", "t",
                            text_of(plan, "cacao"));
        *ret_how = r == 1 ? PLAYBOOK_EDITION : PLAYBOOK_NEW;
        if (r == 1 && (r = same_edition(c, id, h, &edition)) == 1) { /* K2 */
                *ret_how = PLAYBOOK_SAME;
                *ret_id = id;
                *ret_edition = edition;
                return 0;
        }
        if (r == 0 && *ret_how == PLAYBOOK_EDITION) {
                r = sql_get_int(c->db, &newest, "SELECT modified FROM playbook WHERE id=?1", "i",
                                id);
                if (r == 1 && modified_of(plan) <= newest) {
                        *ret_how = PLAYBOOK_OLDER;
                        return 0;
                }
                if (r == 1)
                        r = sql_get_int(c->db, &edition,
                                        "SELECT max(edition)+1 FROM playbook_edition WHERE"
                                        " playbook=?1",
                                        "i", id);
        } else if (r == 0) {
                r = add_playbook(c, plan, origin, &id);
        }
        if (r >= 0)
                r = add_edition(c, id, edition, bytes, h, plan);
        if (r == 0)
                r = describe(c, id, edition, plan, origin);
        *ret_id = id;
        *ret_edition = edition;
        return r;
}

int playbook_load(struct api_call *c, int64_t id, int64_t *edition, json_t **ret) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT e.edition, e.plan FROM playbook p JOIN playbook_edition e ON"
                         " e.playbook=p.id WHERE p.id=?1 AND e.edition=ifnull(?2,p.edition)",
                         "ik", id, *edition);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r;
        struct span s = sql_span(q, 1);
        *edition = sql_int(q, 0);
        *ret = json_loadb(s.p, s.len, 0, NULL);
        return playbook_plan_good(*ret) ? 1 : FAIL(-EBADMSG);
}

/* ---- those that ship with the program ---- */

int desk_playbook(struct desk *d, struct span bytes, int64_t wall) {
        _cleanup_(buf_deinit) struct buf out = {.limit = (size_t)16 << 20};
        enum playbook_kept how;
        int64_t id, edition;
        struct arena arena;
        int r = playbook_read(bytes, &out);

        if (r < 0)
                return r;
        json_t *said = json_loadb(out.p, out.len, 0, NULL);
        const json_t *plan = json_object_get(said, "plan");
        if (!playbook_plan_good(plan)) {
                json_decref(said);
                return DESK_E_REFUSED;
        }
        arena_init(&arena, ARENA_BYTES);
        struct api_call c = {.desk = d,
                             .db = state_sql(d->state),
                             .arena = &arena,
                             .now = wall,
                             .who = {.name = SPAN("coloa")}};
        r = desk_begin(d);
        if (r == 0)
                r = playbook_keep(&c, bytes, plan, "coloa", &how, &id, &edition);
        arena_deinit(&arena);
        json_decref(said);
        return r;
}
