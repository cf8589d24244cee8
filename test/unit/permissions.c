/* Every operation of the API as every role, inside the unit it was given for and outside: what is allowed and
 * what is refused stands in wire/permission.h, read here once more by other means. Also without a session,
 * with one that is half signed in, as a guest, and as a script that was given one permission.
 *
 * Operations on things of a unit have a line in `recipes` (permissions_world.h), which says what is asked for there; lists
 * are asked for their rows. One without either has a reason there, or the first test of all fails. */
#include "rules/regime.h"

#include "permissions_world.h"

static const struct {
        const char *name, *roles;
} table[] = {
#define ROW(name, roles, en, vi) {name, roles},
        PERMISSIONS(ROW)
#undef ROW
};

/* As the table's comment says, in words of its own. */
static const struct {
        const char *word;
        char letter;
} roles[] = {{"officer", 'O'}, {"handler", 'H'},   {"lead", 'L'},    {"approver", 'A'},
             {"owner", 'S'},   {"inspector", 'I'}, {"liaison", 'N'}, {"trainee", 'T'},
             {"admin", 'M'},   {"organiser", 'E'}, {"jury", 'J'},    {"red_team", 'R'}};

static const char *recipe_of(const struct api_op *o) {
        for (size_t i = 0; i < ARRAY_LEN(recipes); i++)
                if (strcmp(recipes[i].op, o->id) == 0)
                        return recipes[i].body;
        return NULL;
}

static const char *fine_of(const struct api_op *o) {
        for (size_t i = 0; i < ARRAY_LEN(recipes); i++)
                if (strcmp(recipes[i].op, o->id) == 0 && recipes[i].fine)
                        return recipes[i].fine;
        return "";
}

static const char *reason_of(const struct api_op *o) {
        for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
                size_t n = strcspn(reasons[i].op, "*");

                if (reasons[i].op[n] ? strncmp(reasons[i].op, o->id, n) == 0
                                     : strcmp(reasons[i].op, o->id) == 0)
                        return reasons[i].why;
        }
        return NULL;
}

static bool held_by(const char *permission, char letter) {
        for (size_t i = 0; i < ARRAY_LEN(table); i++)
                if (strcmp(table[i].name, permission) == 0)
                        return strchr(table[i].roles, letter) != NULL;
        check(!"an operation's permission stands in the table");
        return false;
}

static bool guarded(const struct api_op *o) {
        return o->permission != NULL;
}

static bool refused(int status) {
        return status == 403 || status == 404;
}

/* Done, or refused for a reason that is no permission. */
static bool let_in(const struct api_op *o, int status) {
        const char *fine = fine_of(o);

        if (status == 0)
                return strcmp(fine, LATER) == 0;
        if (status == 403 && *fine && strcmp(answer_text("code"), fine) == 0)
                return true;
        return status != 401 && !refused(status);
}

static struct signed_in who[ARRAY_LEN(roles)];
static int64_t ids[ARRAY_LEN(roles)]; /* of those people */
static int64_t unit_a, unit_b, unit_of_a;
static unsigned n_tried, n_bad, n_begun;

static void say_bad(const char *as_whom, const struct api_op *o, const char *where, int status,
                    bool allowed) {
        printf("# %s as %s, %s: %d, which is not %s: %.*s\n", o->id, as_whom, where, status,
               allowed ? "allowed" : "refused", (int)MIN(api_w.body.len, (size_t)300),
               api_w.body.p);
        n_bad++;
}

static void give_regime(void) {
        _cleanup_(buf_deinit) struct buf json = {0}, said = {0};
        static const char path[] = TEST_CONTENT "/regimes/vn-2026/regime.yml";
        char *text;
        size_t len;

        check_int(os_read_file(path, (size_t)1 << 20, &text, &len), 0);
        buf_char(&json, '[');
        check_int(regime_read(SPAN("regime.yml"), span_of(text, len), &json, &said), 0);
        buf_char(&json, ']');
        free(text);
        check_int(desk_regimes(w.d, buf_get(&json)), 0);
        check_int(os_read_file(TEST_CONTENT "/playbooks/lost-device.json", (size_t)1 << 20, &text,
                               &len),
                  0);
        check_int(desk_playbook(w.d, span_of(text, len), w.wall), 0);
        free(text);
        check_int(os_read_file(TEST_CONTENT "/scenarios/ransomware-province.yaml", (size_t)1 << 20,
                               &text, &len),
                  0);
        check_int(desk_scenario(w.d, span_of(text, len), w.wall), 0);
        free(text);
}

static void begin(void) {
        w.o.alerts_of_rule = w.o.alerts_in_hour = 1000000;
        people_start();
        give_regime();
        seq = 1;
        n_begun++;
        unit_a = add_unit("a", UNIT_ROOT);
        unit_b = add_unit(THEIRS, UNIT_ROOT);
        unit_of_a = add_unit("a-1", unit_a);
        n_tried = n_bad = 0;
}

static void sign_all_in(void) {
        for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
                char secret[64];

                ids[i] = member(roles[i].word, roles[i].word, unit_a);
                check_int(sign_in(&who[i], roles[i].word, GOOD_PASSWORD), 200);
                check_int(confirm_totp(&who[i], secret), 200);
        }
        /* Who is new is nobody's second person. */
        check_int(desk_begin(w.d), 0);
        check_int(sql_do(state_sql(w.d->state), "UPDATE person SET created=0", ""), 0);
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
}

/* Things that nothing was done to serve the next try too. */
static struct things *untouched(int64_t unit) {
        static struct {
                int64_t unit;
                struct things t;
                unsigned begun;
        } kept[8];
        const unsigned begun = n_begun;
        size_t i = 0;

        while (i + 1 < ARRAY_LEN(kept) && kept[i].unit && kept[i].unit != unit)
                i++;
        if (kept[i].unit != unit || kept[i].begun != begun || !kept[i].t.unit)
                kept[i].t = lay_things(unit);
        kept[i].unit = unit;
        kept[i].begun = begun;
        return &kept[i].t;
}

static void try_at(const struct api_op *o, size_t role, int64_t unit, const char *where,
                   bool allowed) {
        struct things *t = untouched(unit);
        char body[1024];

        fill(body, sizeof(body), recipe_of(o), t);
        int status = as(&who[role], o->id, body);
        n_tried++;
        bool in = let_in(o, status);
        if (allowed ? !in : in || !refused(status))
                say_bad(roles[role].word, o, where, status, allowed);
        if (in && status != 403 && o->method != API_GET)
                *t = (struct things){0};
}

static void each_role_in_and_out_of_its_unit(void) {
        begin();
        sign_all_in();
        for (uint32_t n = 0; n < api_count(); n++) {
                const struct api_op *o = api_op(n);

                if (!guarded(o) || !recipe_of(o))
                        continue;
                for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
                        bool allowed = held_by(o->permission, roles[i].letter);

                        try_at(o, i, unit_a, "inside", allowed);
                        try_at(o, i, unit_of_a, "below", allowed);
                        try_at(o, i, unit_b, "outside", false);
                        try_at(o, i, UNIT_ROOT, "above", false);
                }
        }
        printf("# %u tries\n", n_tried);
        check_int(n_bad, 0);
        people_end();
}

/* Those without a thing of a unit: the role alone. What a role may ask gets as far as its fields. */
static void each_role_at_all(void) {
        unsigned alone = 0;

        begin();
        sign_all_in();
        for (uint32_t n = 0; n < api_count(); n++) {
                const struct api_op *o = api_op(n);

                if (!guarded(o) || recipe_of(o) || (o->flags & API_STREAM))
                        continue;
                alone += !(o->flags & API_LIST);
                for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
                        bool allowed = held_by(o->permission, roles[i].letter);
                        int status = as(&who[i], o->id, "{\"no_such_field\":1}");

                        n_tried++;
                        if (allowed ? status != 422 : status != 403)
                                say_bad(roles[i].word, o, "anywhere", status, allowed);
                }
        }
        printf("# %u tries; %u operations that are no lists were tried by role only\n", n_tried,
               alone);
        check_int(n_bad, 0);
        people_end();
}

static bool body_has(const char *text) {
        return memmem(api_w.body.p ? api_w.body.p : "", api_w.body.len, text, strlen(text)) != NULL;
}

/* Every guarded operation is asked about things of units, is a list, or says why not; and no line is about none. */
static void each_operation_is_tried(void) {
        unsigned missing = 0;

        for (uint32_t n = 0; n < api_count(); n++) {
                const struct api_op *o = api_op(n);

                if (!guarded(o) || recipe_of(o) || (o->flags & API_LIST) || reason_of(o))
                        continue;
                printf("# %s has no recipe and no reason\n", o->id);
                missing++;
        }
        check_int(missing, 0);
        for (size_t i = 0; i < ARRAY_LEN(recipes); i++)
                check(api_number(recipes[i].op) != UINT32_MAX);
        for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
                check(strchr(reasons[i].op, '*') || api_number(reasons[i].op) != UINT32_MAX);
}

/* Lists whose rows are of no unit, or of which there are none here (night_rules.c, results.c, rights.c). */
static bool of_no_unit(const struct api_op *o) {
        static const char *const some[] = {"playbooks.list", "scenarios.list", "sources.list",
                                           "results.records", "searches.saved"};

        for (size_t i = 0; i < ARRAY_LEN(some); i++)
                if (strcmp(o->id, some[i]) == 0)
                        return true;
        return false;
}

/* All things of other units have THEIRS in their words; so no answer to a reader of unit_a has. */
static void lay_all(struct things *in, struct things *below) {
        *in = lay_things(unit_a);
        *below = lay_things(unit_of_a);
        mark = THEIRS;
        (void)lay_things(unit_b);
        (void)lay_things(UNIT_ROOT);
        mark = OURS;
}

static void lists_show_the_unit_only(void) {
        struct things in, below;
        unsigned lists = 0;

        begin();
        sign_all_in();
        lay_all(&in, &below);
        for (uint32_t n = 0; n < api_count(); n++) {
                const struct api_op *o = api_op(n);

                if (!guarded(o) || !(o->flags & API_LIST) || recipe_of(o))
                        continue;
                if (reason_of(o) && strchr(o->path, '{')) /* of a thing that is laid elsewhere */
                        continue;
                lists++;
                check_int(local(o->id, "{\"limit\":500}"), 200);
                size_t all = json_array_size(answer_at("items"));
                for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
                        bool allowed = held_by(o->permission, roles[i].letter);
                        int status = as(&who[i], o->id, "{\"limit\":500}");

                        n_tried++;
                        if (status != (allowed ? 200 : 403)) {
                                say_bad(roles[i].word, o, "list", status, allowed);
                        } else if (status == 200 && !of_no_unit(o) &&
                                   json_array_size(answer_at("items")) >= all) {
                                printf("# %s as %s: %zu rows, all that there are\n", o->id,
                                       roles[i].word, all); /* or there would be no test */
                                n_bad++;
                        } else if (body_has(THEIRS)) {
                                const char *at = memmem(api_w.body.p, api_w.body.len, THEIRS, 3);

                                printf("# %s as %s tells of others: %.*s\n", o->id, roles[i].word,
                                       (int)MIN(api_w.body.p + api_w.body.len - at, 200),
                                       MAX(at - 80, api_w.body.p));
                                n_bad++;
                        }
                }
        }
        printf("# %u lists\n", lists);
        check(lists > 20);
        check_int(n_bad, 0);
        people_end();
}

/* Everything that can be read, of one's own things and without any, by every role: nothing in it is another unit's. */
static void nothing_of_others(void) {
        struct things in, below;
        char body[1024];

        begin();
        sign_all_in();
        lay_all(&in, &below);
        for (uint32_t n = 0; n < api_count(); n++) {
                const struct api_op *o = api_op(n);

                if (o->method != API_GET || (o->flags & (API_STREAM | API_ANONYMOUS)) ||
                    strcmp(fine_of(o), LATER) == 0)
                        continue;
                for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
                        const char *asked = recipe_of(o);

                        for (int k = 0; k < 2; k++) {
                                fill(body, sizeof(body), asked ? asked : "{}", k ? &below : &in);
                                (void)as(&who[i], o->id, body);
                                n_tried++;
                                if (!body_has(THEIRS))
                                        continue;
                                const char *at = memmem(api_w.body.p, api_w.body.len, THEIRS, 3);
                                printf("# %s as %s tells of others: %.*s\n", o->id, roles[i].word,
                                       (int)MIN(api_w.body.p + api_w.body.len - at, 200),
                                       MAX(at - 80, api_w.body.p));
                                n_bad++;
                        }
                }
        }
        printf("# %u answers\n", n_tried);
        check_int(as(&who[0], "systems.match", "{\"host\":\"hqqx1\"}"), 200);
        check(json_is_null(answer_at("system")));
        check_int(n_bad, 0);
        people_end();
}

/* A bulk step is asked of each alert by itself; a file of rows, of each row. */
static void many_at_once_are_asked_one_by_one(void) {
        struct things in, other;
        char body[256];

        begin();
        sign_all_in();
        in = lay_things(unit_a);
        other = lay_things(unit_b);
        for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
                bool allowed = held_by("alerts.work", roles[i].letter);

                snprintf(body, sizeof(body), "{\"ids\":[%lld,%lld],\"action\":\"hand_over\"}",
                         (long long)other.alert, (long long)in.alert);
                check_int(as(&who[i], "alerts.bulk", body), allowed ? 200 : 403);
                if (!allowed)
                        continue;
                check_int((int64_t)json_array_size(answer_at("done")), 1);
                check_int(answer_int("done.0"), in.alert);
                check_int(answer_int("refused.0.id"), other.alert);
        }
        people_end();
}

static void files_are_asked_row_by_row(void) {
        static const struct {
                const char *op, *permission, *head, *row;
        } files[] = {
                {"units.import", "units.write", "code,name,parent,kind", ",site"},
                {"people.import", "people.write", "login,name,unit", ""},
                {"systems.import", "systems.write", "code,name,unit,level", ",2"},
        };
        static const char *const codes[] = {"a", "a-1", THEIRS};
        struct things t = {.unit = 1};
        char row[64], text[256], body[300];

        begin();
        sign_all_in();
        for (size_t f = 0; f < ARRAY_LEN(files); f++)
                for (size_t i = 0; i < ARRAY_LEN(roles) * ARRAY_LEN(codes); i++) {
                        const char *code = codes[i % ARRAY_LEN(codes)];
                        size_t role = i / ARRAY_LEN(codes);
                        bool allowed = held_by(files[f].permission, roles[role].letter);

                        snprintf(row, sizeof(row), "$N,x,%s%s", code, files[f].row);
                        snprintf(text, sizeof(text), "{\"csv\":\"%s\\n%s\\n\"}", files[f].head,
                                 row);
                        fill(body, sizeof(body), text, &t);
                        check_int(as(&who[role], files[f].op, body), allowed ? 200 : 403);
                        if (allowed && json_is_true(answer_at("done")) != (*code == 'a'))
                                say_bad(roles[role].word, api_op(api_number(files[f].op)), code,
                                        200, *code == 'a');
                }
        check_int(n_bad, 0);
        people_end();
}

/* Settings of the whole node: for who has the permission for the root; nobody of a unit below. */
static void what_is_the_nodes_own(void) {
        static const char *const asked[][2] = {
                {"settings.get", "{}"},
                {"settings.change", "{\"version\":0,\"opening_per_hour\":3}"},
                {"outgoing.settings", "{}"},
                {"outgoing.status", "{}"},
                {"outgoing.test", "{}"},
                {"outgoing.set",
                 "{\"deadline_mail\":true,\"deadline_webhook\":false,\"critical_mail\":false,"
                 "\"reminder_hours\":24}"},
        };

        begin();
        sign_all_in();
        for (unsigned root = 0; root < 2; root++) {
                for (size_t k = 0; k < ARRAY_LEN(asked); k++)
                        for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
                                const struct api_op *o = api_op(api_number(asked[k][0]));
                                bool allowed = root && held_by(o->permission, roles[i].letter);
                                int status = as(&who[i], o->id, asked[k][1]);

                                if (allowed ? !let_in(o, status) : !refused(status))
                                        say_bad(roles[i].word, o, root ? "root" : "below", status,
                                                allowed);
                        }
                for (size_t i = 0; i < ARRAY_LEN(roles) && !root; i++)
                        give(ids[i], roles[i].word, UNIT_ROOT);
        }
        check_int(n_bad, 0);
        people_end();
}

/* One ends one's own unmasking; nobody else does, whatever they may approve. */
static void what_is_ones_own(void) {
        struct things t;
        char body[64];

        begin();
        sign_all_in();
        for (size_t i = 0; i < ARRAY_LEN(roles); i++)
                for (int own = 0; own < 2; own++) {
                        const struct api_op *o = api_op(api_number("unmaskings.end"));
                        bool allowed = own && held_by(o->permission, roles[i].letter);

                        t = lay_things(unit_a);
                        if (own)
                                t.unmasking = laid("INSERT INTO unmasking(incident,unit,by,reason,"
                                                   "since,until,state,asked) VALUES(?1,?2,?3,?5,0,"
                                                   "?4,'waiting',?4)",
                                                   t.incident, t.unit, ids[i]);
                        snprintf(body, sizeof(body), "{\"id\":%lld}", (long long)t.unmasking);
                        int status = as(&who[i], o->id, body);
                        if (allowed ? status != 200 : !refused(status))
                                say_bad(roles[i].word, o, own ? "own" : "another's", status,
                                        allowed);
                }
        check_int(n_bad, 0);
        people_end();
}

/* The plainest request of the right shape: numbers are `id`, but for the exercise and its play. */
static void plainest(const struct api_op *o, int64_t exercise, int64_t play, char *to,
                     size_t room) {
        size_t at = (size_t)snprintf(to, room, "{");

        for (const struct api_field *f = o->fields; f && f->name; f++) {
                bool is_play = strcmp(f->name, "play") == 0;
                const char *list = f->flags & API_LIST_OF ? "[" : "",
                           *over = f->flags & API_LIST_OF ? "]" : "";
                size_t value = f->values ? strcspn(f->values, "|") : 0;

                if (!(f->flags & API_REQUIRED) && !is_play)
                        continue;
                at += (size_t)snprintf(to + at, room - at, "%s\"%s\":%s", at > 1 ? "," : "",
                                       f->name, list);
                switch (f->type) {
                case API_ID:
                        at += (size_t)snprintf(to + at, room - at, "%lld",
                                               (long long)(is_play                      ? play
                                                           : strcmp(f->name, "id") == 0 ? exercise
                                                                                        : 1));
                        break;
                case API_INT:
                        at += (size_t)snprintf(to + at, room - at, "%lld",
                                               (long long)MAX(f->min, 1));
                        break;
                case API_BOOL: at += (size_t)snprintf(to + at, room - at, "true"); break;
                case API_TIME:
                        at += (size_t)snprintf(to + at, room - at, "\"2026-10-22T00:00:00Z\"");
                        break;
                case API_ENUM:
                        at += (size_t)snprintf(to + at, room - at, "\"%.*s\"", (int)value,
                                               f->values);
                        break;
                case API_ADDRESS: at += (size_t)snprintf(to + at, room - at, "\"10.0.0.7\""); break;
                default: at += (size_t)snprintf(to + at, room - at, "\"a long text\"");
                }
                at += (size_t)snprintf(to + at, room - at, "%s", over);
        }
        snprintf(to + at, room - at, "}");
}

/* Everything of an exercise, planned or with live fire, that another unit has: by its number, and the first of all that
 * is in it. Nobody of this unit gets as far as to be told that something else is wrong. */
static void exercises_of_others_are_refused(void) {
        static const char *const of[] = {"exercises.", "results.", "livefire.", "findings.",
                                         "drill."};
        unsigned ops = 0;

        begin();
        sign_all_in();
        struct things t = lay_things(unit_b);
        int64_t live = laid("INSERT INTO exercise(code,title,kind,state,unit,seed,speed,simulated,"
                            "created) VALUES('DT-1',?5,'live','running',?2+0*?1+0*?3,1,1000,0,?4)",
                            0, unit_b, 0);
        int64_t play = 0;
        check_int(sql_get_int(state_sql(w.d->state), &play,
                              "SELECT id FROM exercise_play WHERE exercise=?1", "i", t.exercise),
                  1);
        for (uint32_t n = 0; n < api_count(); n++) {
                const struct api_op *o = api_op(n);
                bool is = false;
                char body[1024];

                for (size_t k = 0; k < ARRAY_LEN(of); k++)
                        is = is || strncmp(o->id, of[k], strlen(of[k])) == 0;
                if (!is || recipe_of(o) || strcmp(o->id, "exercises.list") == 0 ||
                    strcmp(o->id, "results.records") == 0)
                        continue;
                ops++;
                bool fire = o->id[0] == 'l' || o->id[0] == 'f';
                plainest(o, fire ? live : t.exercise, play, body, sizeof(body));
                for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
                        int status = as(&who[i], o->id, body);

                        n_tried++;
                        bool none = strcmp(answer_text("code"), "no_exercise") == 0 ||
                                    (status == 200 && strcmp(o->id, "drill.get") == 0 &&
                                     json_is_null(answer_at("play")));
                        if (!refused(status) && !none)
                                say_bad(roles[i].word, o, "another unit's", status, false);
                }
        }
        printf("# %u operations, %u tries\n", ops, n_tried);
        check(ops > 50);
        check_int(n_bad, 0);
        people_end();
}

static void nobody_may_do_anything(void) {
        static const unsigned char wrong[API_TOKEN_BYTES] = {1, 2, 3};

        begin();
        for (uint32_t n = 0; n < api_count(); n++) {
                const struct api_op *o = api_op(n);

                if (o->flags & API_ANONYMOUS)
                        continue;
                check_int(ask_from(0, NULL, API_COOKIE, o->id, "{}"), 401);
                check_int(ask_from(0, wrong, API_COOKIE, o->id, "{}"), 401);
                check_int(ask_from(0, wrong, API_BEARER, o->id, "{}"), 401);
        }
        people_end();
}

/* Signed in by password, with a second factor to come; and behind a one-time password. */
static void half_a_session_may_do_nothing(void) {
        static const char *const may[] = {"session.get",      "session.totp", "session.recovery",
                                          "session.password", "session.end",  "session.open",
                                          "system.health"};
        struct signed_in s[2];
        char secret[64], body[128];

        begin();
        member("admin", "admin", UNIT_ROOT);
        check_int(sign_in(&s[0], "admin", GOOD_PASSWORD), 200);
        check_int(confirm_totp(&s[0], secret), 200);
        check_int(sign_in(&s[0], "admin", GOOD_PASSWORD), 200);
        person("an", UNIT_ROOT);
        check_int(local("people.begin", "{\"login\":\"an\"}"), 200);
        snprintf(body, sizeof(body), "%s", answer_text("password"));
        check_int(sign_in(&s[1], "an", body), 200);
        for (uint32_t n = 0; n < api_count(); n++) {
                const struct api_op *o = api_op(n);
                bool ok = o->flags & API_ANONYMOUS;

                for (size_t i = 0; i < ARRAY_LEN(may); i++)
                        ok = ok || strcmp(o->id, may[i]) == 0;
                for (unsigned i = 0; i < 2 && !ok; i++)
                        check_int(as(&s[i], o->id, "{}"), 403);
        }
        people_end();
}

static void a_guest_sees_nothing_by_roles(void) {
        struct signed_in s = {0};

        begin();
        int64_t g = member("guest", "officer", unit_a); /* whatever else they were */
        check_int(desk_begin(w.d), 0);
        check_int(sql_do(state_sql(w.d->state),
                         "INSERT INTO guest(person,incident,tlp,until,given_at) "
                         "VALUES(?1,7,'amber',?2,0)",
                         "ii", g, w.wall + 86400 * NS_PER_SEC),
                  0);
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        check_int(sign_in(&s, "guest", GOOD_PASSWORD), 200);
        for (uint32_t n = 0; n < api_count(); n++) {
                const struct api_op *o = api_op(n);
                struct things t = {unit_a, unit_of_a, 1, 1, 1, 1};
                char body[1024] = "{}";

                if (!guarded(o) || (o->flags & API_STREAM) || held_by(o->permission, 'G'))
                        continue;
                if (recipe_of(o))
                        fill(body, sizeof(body), recipe_of(o), &t);
                if (!refused(as(&s, o->id, body)))
                        say_bad("guest", o, "anywhere", (int)api_w.say.status, false);
        }
        check_int(n_bad, 0);
        w.wall += 2 * 86400 * NS_PER_SEC; /* their time is over */
        check_int(sign_in(&s, "guest", GOOD_PASSWORD), 200);
        check_int(as(&s, "session.get", "{}"), 401);
        people_end();
}

static void a_script_has_what_it_was_given(void) {
        unsigned char token[API_TOKEN_BYTES];
        struct signed_in s = {0};
        char secret[64], until[40];

        begin();
        member("admin", "admin", UNIT_ROOT);
        check_int(sign_in(&s, "admin", GOOD_PASSWORD), 200);
        check_int(confirm_totp(&s, secret), 200);
        time_format(until, w.wall + 3600 * NS_PER_SEC, 3);
        check_int(asf(&s, "tokens.make",
                      "{\"name\":\"x\",\"permissions\":[\"systems.read\"],\"until\":\"%s\"}",
                      until),
                  200);
        for (unsigned i = 0; i < API_TOKEN_BYTES; i++)
                check_int(sscanf(answer_text("token") + (size_t)2 * i, "%2hhx", &token[i]), 1);
        for (uint32_t n = 0; n < api_count(); n++) {
                const struct api_op *o = api_op(n);

                if (!guarded(o) || (o->flags & API_STREAM))
                        continue;
                int status = ask_from(0, token, API_BEARER, o->id, "{\"no_such_field\":1}");
                bool allowed = strcmp(o->permission, "systems.read") == 0;

                if (allowed ? status != 422 : status != 403)
                        say_bad("script", o, "anywhere", status, allowed);
        }
        check_int(n_bad, 0);
        people_end();
}

int main(void) {
        RUN(each_role_in_and_out_of_its_unit);
        RUN(each_role_at_all);
        RUN(each_operation_is_tried);
        RUN(lists_show_the_unit_only);
        RUN(nothing_of_others);
        RUN(many_at_once_are_asked_one_by_one);
        RUN(files_are_asked_row_by_row);
        RUN(what_is_the_nodes_own);
        RUN(what_is_ones_own);
        RUN(exercises_of_others_are_refused);
        RUN(nobody_may_do_anything);
        RUN(half_a_session_may_do_nothing);
        RUN(a_guest_sees_nothing_by_roles);
        RUN(a_script_has_what_it_was_given);
        return check_done();
}
