/* Every operation of the API as every role, inside the unit it was given for and outside: what is allowed and
 * what is refused stands in wire/permission.h, read here once more by other means. Also without a session,
 * with one that is half signed in, as a guest, and as a script that was given one permission.
 *
 * Operations on things of a unit have a line in `recipes`, which says what is asked for there; those without
 * are tried by role only (their bodies are empty, which a handler never sees), and named at the end. */
#include "rules/regime.h"

#include "desk/desk_impl.h"
#include "desk/mail.h"
#include "people_world.h"

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

/* What there is in a unit, new for each try. */
struct things {
        int64_t unit, child, person, grant, system, duty;
        int64_t report;
        int64_t alert, incident, task, observable, joined; /* joined: an alert of the incident */
        int64_t evidence, copy, improvement;
        int64_t mail;
        int64_t directive, draft;
        int64_t run, visit; /* of a playbook in the incident */
        int64_t exercise;   /* of the unit, which plays in it too */
};

#define DIRECTIVE                                                                                  \
        "{\"unit\":$U,\"kind\":\"order\",\"severity\":\"high\",\"title\":\"patch it\",\"text\":"   \
        "\"now\",\"due\":\"2026-12-24T00:00:00Z\",\"units\":[$C]}"

/* $U $C $P $G $S $D $A $I $T $O $J $M $R $K $F $Q: numbers of the things above; $N: a word never used. */
static const struct {
        const char *op, *body;
} recipes[] = {
        {"units.get", "{\"id\":$C}"},
        {"units.add", "{\"parent\":$U,\"code\":\"$N\",\"name\":\"x\",\"kind\":\"site\"}"},
        {"units.change", "{\"id\":$C,\"version\":1,\"name\":\"y\"}"},
        {"people.get", "{\"id\":$P}"},
        {"people.add", "{\"login\":\"$N\",\"name\":\"x\",\"unit\":$U}"},
        {"people.change", "{\"id\":$P,\"version\":1,\"title\":\"x\"}"},
        {"people.one_time", "{\"id\":$P}"},
        {"people.sign_out", "{\"id\":$P}"},
        {"people.way", "{\"id\":$P}"},
        {"people.set_way", "{\"id\":$P,\"way\":\"directory\"}"},
        {"roles.list", "{\"id\":$P}"},
        {"roles.give", "{\"id\":$P,\"role\":\"officer\",\"unit\":$C}"},
        {"roles.take", "{\"id\":$P,\"grant\":$G}"},
        {"duty.add", "{\"unit\":$U,\"person\":$P,\"since\":\"2026-11-24T00:00:00Z\","
                     "\"until\":\"2026-11-25T00:00:00Z\"}"},
        {"duty.remove", "{\"id\":$D}"},
        {"systems.get", "{\"id\":$S}"},
        {"systems.add", "{\"code\":\"$N\",\"name\":\"x\",\"unit\":$U,\"level\":2}"},
        {"systems.change", "{\"id\":$S,\"version\":1,\"name\":\"y\"}"},
        {"alerts.get", "{\"id\":$A}"},
        {"alerts.accept", "{\"id\":$A}"},
        {"alerts.merge", "{\"id\":$A,\"incident\":$I}"},
        {"alerts.dismiss", "{\"id\":$A,\"reason\":\"expected\"}"},
        {"alerts.hand_over", "{\"id\":$A}"},
        {"alerts.undo", "{\"id\":$A}"},
        {"guests.list", "{\"id\":$I}"},
        {"guests.add",
         "{\"id\":$I,\"login\":\"$N\",\"name\":\"x\",\"organisation\":\"y\",\"tlp\":\"amber\","
         "\"until\":\"2026-12-01T00:00:00Z\"}"},
        {"figures.get", "{\"by\":\"kind\",\"unit\":$U}"},
        {"openings.add", "{\"name\":\"$N\",\"unit\":$U,\"match\":\"any\",\"severity\":\"critical\","
                         "\"per_hour\":1}"},
        {"handover.now", "{\"unit\":$U}"},
        {"handover.keep", "{\"unit\":$U,\"text\":\"$N\"}"},
        {"incidents.open", "{\"title\":\"$N\",\"unit\":$U}"},
        {"incidents.get", "{\"id\":$I}"},
        {"incidents.edit", "{\"id\":$I,\"version\":1,\"title\":\"another\"}"},
        {"incidents.move", "{\"id\":$I,\"version\":1,\"to\":\"closed\"}"},
        {"incidents.t0",
         "{\"id\":$I,\"version\":1,\"t0\":\"2026-10-20T00:00:00Z\",\"reason\":\"a test\"}"},
        {"incidents.assessment", "{\"id\":$I}"},
        {"incidents.serious", "{\"id\":$I,\"serious\":\"no\",\"reason\":\"a test\"}"},
        {"incidents.timeline", "{\"id\":$I}"},
        {"incidents.note", "{\"id\":$I,\"text\":\"x\"}"},
        {"incidents.tasks", "{\"id\":$I}"},
        {"incidents.task_add", "{\"id\":$I,\"title\":\"call them\"}"},
        {"incidents.task_edit", "{\"id\":$I,\"task\":$T,\"version\":1,\"state\":\"doing\"}"},
        {"incidents.observables", "{\"id\":$I}"},
        {"incidents.observable_add", "{\"id\":$I,\"type\":\"domain\",\"value\":\"$N.example\"}"},
        {"incidents.observable_drop", "{\"id\":$I,\"observable\":$O}"},
        {"incidents.alerts_add", "{\"id\":$I,\"alerts\":[$A]}"},
        {"incidents.alert_out", "{\"id\":$I,\"alert\":$J}"},
        {"incidents.unit_add", "{\"id\":$I,\"unit\":$C}"},
        {"incidents.unit_out", "{\"id\":$I,\"unit\":$C,\"reason\":\"not concerned\"}"},
        {"incidents.system_add", "{\"id\":$I,\"system\":$S}"},
        {"incidents.system_out", "{\"id\":$I,\"system\":$S}"},
        {"recovery.get", "{\"id\":$S}"},
        {"recovery.plan_set",
         "{\"id\":$S,\"version\":0,\"steps\":[{\"name\":\"a\",\"title\":\"abc\"}]}"},
        {"recovery.copy_add", "{\"id\":$S,\"name\":\"a\",\"medium\":\"tape\"}"},
        {"recovery.copy_change", "{\"id\":$1,\"name\":\"b\"}"},
        {"recovery.copy_remove", "{\"id\":$1}"},
        {"eradication.list", "{\"id\":$I}"},
        {"eradication.add", "{\"id\":$I,\"title\":\"look\"}"},
        {"returns.list", "{\"id\":$I}"},
        {"returns.add",
         "{\"id\":$I,\"system\":$S,\"until\":\"2030-01-01T00:00:00Z\",\"checks\":\"logs\"}"},
        {"improvements.add",
         "{\"id\":$I,\"kind\":\"task\",\"title\":\"patch it\",\"due\":\"2030-01-01T00:00:00Z\"}"},
        {"improvements.change", "{\"id\":$2,\"version\":1,\"state\":\"doing\"}"},
        {"evidence.get", "{\"id\":$E}"},
        {"evidence.content", "{\"id\":$E}"},
        {"evidence.hand_over", "{\"id\":$E,\"to\":\"them\",\"reason\":\"a test\"}"},
        {"evidence.range", "{\"incident\":$I,\"name\":\"$N\",\"note\":\"a test\","
                           "\"first_seq\":9,\"last_seq\":9,\"query\":\"$N\"}"},
        {"evidence.export_propose", "{\"incident\":$I,\"reason\":\"a test\"}"},
        {"incidents.review_get", "{\"id\":$I}"},
        {"directives.create", DIRECTIVE},
        {"directives.get", "{\"id\":$K}"},
        {"directives.edit", "{\"id\":$F,\"version\":1,\"title\":\"another\"}"},
        {"directives.issue", "{\"id\":$F,\"version\":1}"},
        {"directives.withdraw", "{\"id\":$K,\"reason\":\"a test\"}"},
        {"directives.remind", "{\"id\":$K}"},
        {"directives.reopen", "{\"id\":$K,\"unit\":$C,\"reason\":\"a test\"}"},
        {"directives.acknowledge", "{\"id\":$K,\"unit\":$C}"},
        {"directives.answer", "{\"id\":$K,\"unit\":$C,\"state\":\"done\",\"proof\":\"a test\"}"},
        {"directives.rules", "{\"id\":$K}"},
        {"directives.indicators", "{\"id\":$K}"},
        {"outgoing.get", "{\"id\":$M}"},
        {"outgoing.retry", "{\"id\":$M}"},
        {"outgoing.cancel", "{\"id\":$M}"},
        {"incidents.review", "{\"id\":$I,\"cause\":\"x\"}"},
        {"unmaskings.ask",
         "{\"incident\":$I,\"reason\":\"a test\",\"from\":\"2026-10-20T00:00:00Z\","
         "\"to\":\"2026-10-21T00:00:00Z\"}"},
        {"playbook_runs.suggest", "{\"id\":$I}"},
        {"playbook_runs.start", "{\"id\":$I,\"playbook\":1}"},
        {"playbook_runs.get", "{\"run\":$X}"},
        {"playbook_runs.step", "{\"run\":$X,\"visit\":$V,\"version\":1,\"outcome\":\"done\"}"},
        {"playbook_runs.stop", "{\"run\":$X,\"reason\":\"a test\"}"},
        {"reports.kinds", "{\"incident\":$I}"},
        {"reports.periodic", "{\"unit\":$U}"},
        {"reports.open", "{\"incident\":$I,\"kind\":\"update\"}"},
        {"reports.get", "{\"id\":$R}"},
        {"reports.edit",
         "{\"id\":$R,\"version\":1,\"fields\":[{\"name\":\"support\",\"value\":\"x\"}]}"},
        {"reports.fill", "{\"id\":$R,\"version\":1}"},
        {"reports.submit", "{\"id\":$R,\"version\":1}"},
        {"reports.reopen", "{\"id\":$R,\"reason\":\"a test\"}"},
        {"reports.drop", "{\"id\":$R,\"reason\":\"a test\"}"},
        {"reports.sign", "{\"id\":$R,\"version\":1,\"code\":\"000000\"}"},
        {"reports.hand", "{\"id\":$R,\"to\":\"them\",\"proof\":\"a test\"}"},
        {"reports.send", "{\"id\":$R,\"to\":[\"a@b.example\"]}"},
        {"reports.signature", "{\"id\":$R,\"format\":\"pdf\"}"},
        {"reports.stix", "{\"id\":$I,\"sharing\":\"red\"}"},
        {"reports.iodef", "{\"id\":$I,\"sharing\":\"red\"}"},
        {"reports.file", "{\"id\":$R,\"format\":\"json\"}"},
        {"exercises.create", "{\"title\":\"$N\",\"scenario\":1,\"unit\":$U}"},
        {"exercises.get", "{\"id\":$Q}"},
        {"exercises.edit", "{\"id\":$Q,\"version\":1,\"title\":\"another\"}"},
        {"exercises.invite", "{\"id\":$Q}"},
        {"exercises.rehearse", "{\"id\":$Q}"},
        {"exercises.go", "{\"id\":$Q}"},
        {"exercises.recall", "{\"id\":$Q}"},
        {"exercises.start", "{\"id\":$Q}"},
        {"exercises.pause", "{\"id\":$Q}"},
        {"exercises.resume", "{\"id\":$Q}"},
        {"exercises.end", "{\"id\":$Q}"},
        {"exercises.publish", "{\"id\":$Q}"},
        {"exercises.finish", "{\"id\":$Q}"},
        {"exercises.stop", "{\"id\":$Q,\"reason\":\"a test\"}"},
        {"exercises.speed", "{\"id\":$Q,\"speed\":2000}"},
        {"exercises.checkpoint", "{\"id\":$Q,\"name\":\"x\"}"},
        {"exercises.rewind", "{\"id\":$Q,\"checkpoint\":1}"},
        {"exercises.check", "{\"id\":$Q,\"item\":\"clock\",\"done\":true}"},
        {"exercises.units_add", "{\"id\":$Q,\"units\":[$C]}"},
        {"exercises.unit_remove", "{\"id\":$Q,\"unit\":$U}"},
        {"exercises.accept", "{\"id\":$Q,\"unit\":$U,\"yes\":true}"},
        {"exercises.roster",
         "{\"id\":$Q,\"unit\":$U,\"people\":[{\"person\":$P,\"role\":\"officer\"}]}"},
        {"exercises.cast", "{\"id\":$Q,\"unit\":$U,\"hosts\":[],\"accounts\":[]}"},
        {"exercises.suggest", "{\"id\":$Q,\"unit\":$U}"},
        {"exercises.consent", "{\"id\":$Q,\"unit\":$U,\"yes\":true}"},
        {"exercises.unit_pause", "{\"id\":$Q,\"unit\":$U}"},
        {"exercises.unit_resume", "{\"id\":$Q,\"unit\":$U}"},
        {"exercises.board", "{\"id\":$Q}"},
        {"exercises.inject", "{\"id\":$Q,\"kind\":\"call\",\"title\":\"x\",\"text\":\"y\"}"},
        {"exercises.messages", "{\"id\":$Q}"},
        {"exercises.say", "{\"id\":$Q,\"text\":\"x\"}"},
        {"exercises.notes", "{\"id\":$Q}"},
        {"exercises.note", "{\"id\":$Q,\"text\":\"x\"}"},
        {"exercises.solo", "{\"scenario\":1,\"unit\":$U}"},
};

static unsigned n_words;

static void word(char to[16]) {
        snprintf(to, 16, "w%u", ++n_words);
}

static int64_t local_id(const char *op, const char *body) {
        int status = local(op, body);

        if (status != 200)
                printf("# %s %s: %d %.*s\n", op, body, status, (int)api_w.body.len, api_w.body.p);
        check_int(status, 200);
        return answer_int("id");
}

static uint64_t seq = 1;

/* An alert about a host that a system of the unit names. */
static int64_t lay_alert(const char *host) {
        char fields[64], body[64];

        snprintf(fields, sizeof(fields), "host=%s Image=evil", host);
        say(rule("Evil tool"), (uint32_t)seq, (double)seq * 7200, fields);
        check_int(judged(seq, seq + 1), 0);
        seq++;
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        desk_api_committed(w.d);
        snprintf(body, sizeof(body), "{\"host\":\"%s\"}", host);
        check_int(local("alerts.list", body), 200);
        return answer_int("items.0.id");
}

_printf_(2, 3) static int64_t local_idf(const char *op, const char *fmt, ...) {
        char body[512];
        va_list ap;

        va_start(ap, fmt);
        vsnprintf(body, sizeof(body), fmt, ap);
        va_end(ap);
        return local_id(op, body);
}

static void lay_incident(struct things *t, const char *host, const char *other) {
        t->alert = lay_alert(host);
        t->joined = lay_alert(other);
        check(t->alert > 0 && t->joined > 0);
        t->incident = local_idf("incidents.open",
                                "{\"title\":\"what %s\",\"unit\":%lld,\"alerts\":[%lld]}", host,
                                (long long)t->unit, (long long)t->joined);
        t->task = local_idf("incidents.task_add", "{\"id\":%lld,\"title\":\"do it\"}",
                            (long long)t->incident);
        t->observable = local_idf("incidents.observable_add",
                                  "{\"id\":%lld,\"type\":\"domain\",\"value\":\"%s.example\"}",
                                  (long long)t->incident, host);
        t->report = local_idf("reports.open", "{\"incident\":%lld,\"kind\":\"initial\"}",
                              (long long)t->incident);
        t->run = local_idf("playbook_runs.start", "{\"id\":%lld,\"playbook\":1}",
                           (long long)t->incident);
        t->visit = answer_int("visits.1.id"); /* the first after its start */
        t->copy = local_idf("recovery.copy_add", "{\"id\":%lld,\"name\":\"x\",\"medium\":\"disk\"}",
                            (long long)t->system);
        t->improvement = local_idf("improvements.add",
                                   "{\"id\":%lld,\"kind\":\"task\",\"title\":\"patch\","
                                   "\"due\":\"2030-01-01T00:00:00Z\"}",
                                   (long long)t->incident);
        t->evidence = local_idf("evidence.range",
                                "{\"incident\":%lld,\"name\":\"x\",\"note\":\"a test\","
                                "\"first_seq\":1,\"last_seq\":2}",
                                (long long)t->incident);
}

static int64_t lay_mail(int64_t unit) {
        const struct outgoing o = {.to = SPAN("a@b.example"), .subject = SPAN("x"), .unit = unit};
        int64_t id = 0;

        check_int(outgoing_mail(w.d, &o, &id), 0);
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        desk_api_committed(w.d);
        return id;
}

/* Issued without a linter: who it went to is $C. */
static int64_t lay_directive(const struct things *t, bool issued) {
        char body[512];

        snprintf(body, sizeof(body),
                 "{\"unit\":%lld,\"kind\":\"order\",\"severity\":\"high\",\"title\":\"patch it\","
                 "\"text\":\"now\",\"due\":\"2026-12-24T00:00:00Z\",\"units\":[%lld]%s}",
                 (long long)t->unit, (long long)t->child,
                 issued ? ",\"rules\":\"title: x\",\"indicators\":\"a\"" : "");
        int64_t id = local_id("directives.create", body);
        if (issued)
                check_int(sql_do(state_sql(w.d->state),
                                 "UPDATE directive SET state='issued', code=id WHERE id=?1", "i",
                                 id),
                          0);
        return id;
}

static struct things lay_things(int64_t unit) {
        struct things t = {.unit = unit};
        char name[16], body[512];

        word(name);
        t.child = add_unit(name, unit);
        word(name);
        t.person = person(name, unit);
        snprintf(body, sizeof(body), "{\"id\":%lld,\"role\":\"officer\",\"unit\":%lld}",
                 (long long)t.person, (long long)unit);
        t.grant = local_id("roles.give", body);
        word(name);
        snprintf(body, sizeof(body),
                 "{\"code\":\"%s\",\"name\":\"x\",\"unit\":%lld,\"level\":2,\"hosts\":[\"h%s\",\"g%"
                 "s\"]}",
                 name, (long long)unit, name, name);
        t.system = local_id("systems.add", body);
        snprintf(body, sizeof(body),
                 "{\"unit\":%lld,\"person\":%lld,\"since\":\"2026-11-23T00:00:00Z\","
                 "\"until\":\"2026-11-24T00:00:00Z\"}",
                 (long long)unit, (long long)t.person);
        t.duty = local_id("duty.add", body);
        char host[20], other[20];
        snprintf(host, sizeof(host), "h%s", name);
        snprintf(other, sizeof(other), "g%s", name);
        lay_incident(&t, host, other);
        t.mail = lay_mail(unit);
        t.exercise = local_idf("exercises.create",
                               "{\"title\":\"x\",\"scenario\":1,\"unit\":%lld,\"units\":[%lld]}",
                               (long long)unit, (long long)unit);
        (void)local_idf("exercises.invite", "{\"id\":%lld}", (long long)t.exercise);
        t.draft = lay_directive(&t, false);
        t.directive = lay_directive(&t, true);
        return t;
}

static void fill(char *to, size_t room, const char *body, const struct things *t) {
        size_t at = 0;

        for (const char *p = body; *p && at + 32 < room; p++) {
                char name[16];
                int64_t v;

                if (*p != '$') {
                        to[at++] = *p;
                        continue;
                }
                p++;
                if (*p == 'N') {
                        word(name);
                        at += (size_t)snprintf(to + at, room - at, "%s", name);
                        continue;
                }
                v = *p == 'U'   ? t->unit
                    : *p == 'C' ? t->child
                    : *p == 'P' ? t->person
                    : *p == 'G' ? t->grant
                    : *p == 'S' ? t->system
                    : *p == 'A' ? t->alert
                    : *p == 'I' ? t->incident
                    : *p == 'T' ? t->task
                    : *p == 'O' ? t->observable
                    : *p == 'J' ? t->joined
                    : *p == 'E' ? t->evidence
                    : *p == '1' ? t->copy
                    : *p == '2' ? t->improvement
                    : *p == 'M' ? t->mail
                    : *p == 'K' ? t->directive
                    : *p == 'F' ? t->draft
                    : *p == 'R' ? t->report
                    : *p == 'X' ? t->run
                    : *p == 'V' ? t->visit
                    : *p == 'Q' ? t->exercise
                                : t->duty;
                at += (size_t)snprintf(to + at, room - at, "%lld", (long long)v);
        }
        to[at] = '\0';
}

static const char *recipe_of(const struct api_op *o) {
        for (size_t i = 0; i < ARRAY_LEN(recipes); i++)
                if (strcmp(recipes[i].op, o->id) == 0)
                        return recipes[i].body;
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
static bool let_in(int status) {
        return status != 0 && status != 401 && !refused(status);
}

static struct signed_in who[ARRAY_LEN(roles)];
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
        unit_b = add_unit("b", UNIT_ROOT);
        unit_of_a = add_unit("a-1", unit_a);
        n_tried = n_bad = 0;
}

static void sign_all_in(void) {
        for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
                char secret[64];

                member(roles[i].word, roles[i].word, unit_a);
                check_int(sign_in(&who[i], roles[i].word, GOOD_PASSWORD), 200);
                check_int(confirm_totp(&who[i], secret), 200);
        }
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
        if (allowed ? !let_in(status) : !refused(status))
                say_bad(roles[role].word, o, where, status, allowed);
        if (!refused(status) && o->method != API_GET)
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

/* Of a list: only rows of the unit and below. `unit` of a row, or its id when rows are units. */
static void lists_show_the_unit_only(void) {
        static const char *const lists[] = {"units.list", "people.list", "systems.list",
                                            "duty.list",  "alerts.list", "incidents.list"};

        begin();
        sign_all_in();
        (void)lay_things(unit_a);
        struct things below = lay_things(unit_of_a), other = lay_things(unit_b);
        (void)lay_things(UNIT_ROOT);
        for (size_t k = 0; k < ARRAY_LEN(lists); k++)
                for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
                        const struct api_op *o = api_op(api_number(lists[k]));
                        bool allowed = held_by(o->permission, roles[i].letter), found = false;
                        int status = as(&who[i], o->id, "{\"limit\":500}");

                        n_tried++;
                        if (status != (allowed ? 200 : 403)) {
                                say_bad(roles[i].word, o, "list", status, allowed);
                                continue;
                        }
                        const json_t *items = answer_at("items");
                        for (size_t row = 0; row < json_array_size(items); row++) {
                                const json_t *item = json_array_get(items, row);
                                int64_t unit = json_integer_value(
                                        json_object_get(item, k ? "unit" : "id"));

                                check(unit != unit_b && unit != UNIT_ROOT && unit != other.child);
                                found = found || unit == unit_of_a || unit == below.child;
                        }
                        check(found == allowed);
                }
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
        RUN(lists_show_the_unit_only);
        RUN(nobody_may_do_anything);
        RUN(half_a_session_may_do_nothing);
        RUN(a_guest_sees_nothing_by_roles);
        RUN(a_script_has_what_it_was_given);
        return check_done();
}
