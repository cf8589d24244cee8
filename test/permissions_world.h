/* What permissions.c asks about: things of a unit of every kind that there is, how each operation is asked about them, and
 * which are asked about none. */
#ifndef TEST_PERMISSIONS_WORLD_H
#define TEST_PERMISSIONS_WORLD_H

#include <stdarg.h>

#include "desk/desk_impl.h"
#include "desk/mail.h"
#include "people_world.h"

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
        int64_t action, in_force, export, exception, opening, handover, item, guest, back,
                unmasking;
        int64_t planned; /* a system with a plan */
        int64_t drill;
};

#define DIRECTIVE                                                                                  \
        "{\"unit\":$U,\"kind\":\"order\",\"severity\":\"high\",\"title\":\"patch it\",\"text\":"   \
        "\"now\",\"due\":\"2026-12-24T00:00:00Z\",\"units\":[$C]}"

/* Which of them a letter of a recipe means; $N: a word never used. */
#define AT(letter, name)                                                                           \
        { letter, offsetof(struct things, name) }
static const struct {
        char letter;
        size_t at;
} letters[] = {
        AT('U', unit),      AT('C', child),       AT('P', person),    AT('G', grant),
        AT('S', system),    AT('D', duty),        AT('A', alert),     AT('I', incident),
        AT('T', task),      AT('O', observable),  AT('J', joined),    AT('E', evidence),
        AT('1', copy),      AT('2', improvement), AT('M', mail),      AT('K', directive),
        AT('F', draft),     AT('R', report),      AT('X', run),       AT('V', visit),
        AT('Q', exercise),  AT('a', action),      AT('f', in_force),  AT('x', export),
        AT('y', exception), AT('o', opening),     AT('h', handover),  AT('e', item),
        AT('g', guest),     AT('b', back),        AT('u', unmasking), AT('p', planned),
        AT('d', drill),
};

/* `fine`: the code of a refusal that only who may gets ("wrong_code"). LATER: the answer waits for another process. */
#define LATER "later"
static const struct {
        const char *op, *body, *fine;
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
        {"actions.get", "{\"id\":$a}"},
        {"actions.propose",
         "{\"incident\":$I,\"kind\":\"block\",\"targets\":[\"203.0.113.7\"],\"seconds\":600,"
         "\"reason\":\"a test\"}"},
        {"actions.approve", "{\"id\":$a,\"code\":\"000000\"}", "wrong_code"},
        {"actions.refuse", "{\"id\":$a,\"reason\":\"a test\"}"},
        {"actions.withdraw", "{\"id\":$a,\"reason\":\"a test\"}", "not_yours"},
        {"actions.undo", "{\"id\":$f,\"reason\":\"a test\"}"},
        {"alerts.events", "{\"id\":$A}", LATER},
        {"evidence.add", "{\"incident\":$I,\"name\":\"$N\",\"note\":\"a test\"}", LATER},
        {"evidence.export_get", "{\"id\":$x}"},
        {"evidence.export_approve", "{\"id\":$x,\"code\":\"000000\"}", "wrong_code"},
        {"evidence.export_refuse", "{\"id\":$x,\"reason\":\"a test\"}"},
        {"evidence.export_withdraw", "{\"id\":$x,\"reason\":\"a test\"}", "not_yours"},
        {"evidence.export_file", "{\"id\":$x}"},
        {"exceptions.get", "{\"id\":$y}"},
        {"exceptions.end", "{\"id\":$y,\"text\":\"a test\"}"},
        {"exceptions.prolong",
         "{\"id\":$y,\"until\":\"2026-11-22T00:00:00Z\",\"text\":\"a test\"}"},
        {"openings.get", "{\"id\":$o}"},
        {"openings.change", "{\"id\":$o,\"version\":1,\"per_hour\":2}"},
        {"openings.remove", "{\"id\":$o}"},
        {"handover.get", "{\"id\":$h}"},
        {"handover.acknowledge", "{\"id\":$h}"},
        {"incidents.activity", "{\"id\":$I,\"activity\":\"detect\",\"state\":\"doing\"}"},
        {"incidents.answer", "{\"id\":$I,\"question\":\"service\",\"answer\":\"yes\"}"},
        {"incidents.clock_met", "{\"id\":$I,\"clock\":\"initial\",\"proof\":\"a test\"}"},
        {"incidents.clock_void", "{\"id\":$I,\"clock\":\"initial\",\"reason\":\"a test\"}"},
        {"eradication.change", "{\"id\":$I,\"item\":$e,\"version\":1,\"state\":\"done\"}"},
        {"guests.end", "{\"id\":$I,\"guest\":$g}"},
        {"returns.end",
         "{\"id\":$I,\"item\":$b,\"version\":1,\"state\":\"well\",\"note\":\"a test\"}"},
        {"recovery.plan_get", "{\"id\":$p,\"version\":1}"},
        {"drills.get", "{\"id\":$d}"},
        {"searches.save", "{\"name\":\"$N\",\"q\":\"failed\",\"shared\":true,\"unit\":$U}"},
        {"unmaskings.approve", "{\"id\":$u}"},
        {"unmaskings.refuse", "{\"id\":$u,\"reason\":\"a test\"}"},
};

/* Operations that are about no thing of one unit, or whose things are laid elsewhere: what tests them instead. */
static const struct {
        const char *op, *why;
} reasons[] = {
        {"audit.head", "how far the log is signed: a hash, of no unit"},
        {"actions.check", "asks nothing of a unit: whether an address may be blocked at all"},
        {"actions.status", "what this node can do, of no unit"},
        {"alerts.bulk", "each by itself: many_at_once_are_asked_one_by_one"},
        {"evidence.room", "how full the node's room is"},
        {"improvements.summary", "counts: nothing_of_others"},
        {"recovery.repositories", "rows: test/unit/recovery.c"},
        {"drills.run", "by a name of the configuration: test/unit/recovery.c"},
        {"drills.proof",
         "by the permission and unit of drills.get; a file of test/unit/recovery.c"},
        {"searches.run", "by the sources of one's units: test/unit/searches.c"},
        {"searches.change", "one's own: test/unit/rights.c"},
        {"searches.forget", "one's own: test/unit/rights.c"},
        {"unmaskings.end", "one's own: what_is_ones_own"},
        {"sources.maintain", "by the node's counters: test/unit/night_rules.c"},
        {"sources.resume", "by the node's counters: test/unit/night_rules.c"},
        {"systems.match", "a number or nothing: nothing_of_others"},
        {"people.begin", "at the node itself alone: test/unit/people.c"},
        {"people.import", "row by row: files_are_asked_row_by_row"},
        {"units.import", "row by row: files_are_asked_row_by_row"},
        {"systems.import", "row by row: files_are_asked_row_by_row"},
        {"settings.get", "the node's: what_is_the_nodes_own"},
        {"settings.change", "the node's: what_is_the_nodes_own"},
        {"outgoing.settings", "the node's: what_is_the_nodes_own"},
        {"outgoing.set", "the node's: what_is_the_nodes_own"},
        {"outgoing.status", "the node's: what_is_the_nodes_own"},
        {"outgoing.test", "the node's: what_is_the_nodes_own"},
        {"playbooks.get", "the library is everybody's"},
        {"playbooks.cacao", "the library is everybody's"},
        {"playbooks.import", "the agency's library, of no unit"},
        {"playbooks.retire", "the agency's library, of no unit"},
        {"scenarios.get", "the library is everybody's"},
        {"scenarios.file", "the library is every organiser's"},
        {"scenarios.upload", "the agency's library, of no unit"},
        {"scenarios.retire", "the agency's library, of no unit"},
        {"livefire.*", "exercises_of_others_are_refused; sides: test/unit/livefire.c"},
        {"findings.*", "exercises_of_others_are_refused; sides: test/unit/livefire.c"},
        {"results.*", "exercises_of_others_are_refused; test/unit/results.c"},
        {"drill.*", "exercises_of_others_are_refused; test/unit/exercises.c"},
        {"exercises.*", "exercises_of_others_are_refused; test/unit/exercises.c"},
};

/* Stands in all that is written into things: whose they are, as no other unit's may be seen. */
#define OURS "ourw"
#define THEIRS "qqx"
static const char *mark = OURS;

static unsigned n_words;

static void word(char to[16]) {
        snprintf(to, 16, "%s%u", mark, ++n_words);
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
        t->task = local_idf("incidents.task_add", "{\"id\":%lld,\"title\":\"%s it\"}",
                            (long long)t->incident, mark);
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
                                   "{\"id\":%lld,\"kind\":\"task\",\"title\":\"%s it\","
                                   "\"due\":\"2030-01-01T00:00:00Z\"}",
                                   (long long)t->incident, mark);
        t->evidence = local_idf("evidence.range",
                                "{\"incident\":%lld,\"name\":\"%s\",\"note\":\"a test\","
                                "\"first_seq\":1,\"last_seq\":2}",
                                (long long)t->incident, mark);
}

static int64_t lay_mail(int64_t unit) {
        const struct outgoing o = {
                .to = SPAN("a@b.example"), .subject = span_str(mark), .unit = unit};
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
                 "{\"unit\":%lld,\"kind\":\"order\",\"severity\":\"high\",\"title\":\"%s it\","
                 "\"text\":\"now\",\"due\":\"2026-12-24T00:00:00Z\",\"units\":[%lld]%s}",
                 (long long)t->unit, mark, (long long)t->child,
                 issued ? ",\"rules\":\"title: x\",\"indicators\":\"a\"" : "");
        int64_t id = local_id("directives.create", body);
        if (issued)
                check_int(sql_do(state_sql(w.d->state),
                                 "UPDATE directive SET state='issued', code=id WHERE id=?1", "i",
                                 id),
                          0);
        return id;
}

static int64_t laid(const char *sql, int64_t a, int64_t b, int64_t c) {
        check_int(desk_begin(w.d), 0);
        check_int(sql_do(state_sql(w.d->state), sql, "iiiis", a, b, c, w.wall, mark), 0);
        int64_t id = sql_last_id(state_sql(w.d->state));
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        desk_api_committed(w.d);
        return id;
}

/* Rows of what is made in several steps by several people: ?1 the incident, ?2 the unit, ?3 a person, ?4 now, ?5 the mark. */
static void lay_rows(struct things *t) {
        static const char action[] =
                "INSERT INTO action(incident,unit,kind,targets,text,direction,seconds,reason,state,"
                "proposed,proposer,lapses) VALUES(?1,?2,'block',zeroblob(20),?5,"
                "'both',600,?5,'%s',?4,?3,?4+600000000000)";
        char sql[512];

        snprintf(sql, sizeof(sql), action, "proposed");
        t->action = laid(sql, t->incident, t->unit, t->person);
        snprintf(sql, sizeof(sql), action, "in_force");
        t->in_force = laid(sql, t->incident, t->unit, t->person);
        t->export = laid("INSERT INTO evidence_export(incident,unit,reason,state,proposed,proposer,"
                         "lapses,items,bytes) VALUES(?1,?2,?5,'proposed',?4,?3,"
                         "?4+600000000000,1,1)",
                         t->incident, t->unit, t->person);
        t->exception = laid("INSERT INTO exemption(key,origin,rule,host,unit,owner,text,until,"
                            "made_at,made_by) SELECT '#t'||(1+count(*)),'desk','x',?5,"
                            "?2,?3,?5,?4+600000000000+0*?1,?4,?3 FROM exemption",
                            t->incident, t->unit, t->person);
        t->unmasking = laid("INSERT INTO unmasking(incident,unit,by,reason,since,until,state,asked)"
                            " VALUES(?1,?2,?3,?5,0,?4,'waiting',?4)",
                            t->incident, t->unit, t->person);
        t->drill = laid("INSERT INTO drill(repository,kind,unit,whole,state,asked,asked_by,log)"
                        " VALUES(?5,'restic',?2+0*?1,0,'done',?4,?3,?5)",
                        t->incident, t->unit, t->person);
}

static void lay_more(struct things *t, const char *name) {
        int64_t guest;
        char login[16];

        lay_rows(t);
        word(login);
        guest = person(login, t->unit);
        t->guest = laid("INSERT INTO guest(person,incident,tlp,until,given_at) VALUES(?3,?1,"
                        "iif(?5>'','amber','red'),?4+600000000000+0*?2,?4)",
                        t->incident, t->unit, guest);
        t->opening = local_idf("openings.add",
                               "{\"name\":\"%s\",\"unit\":%lld,\"match\":\"any\",\"severity\":"
                               "\"critical\",\"per_hour\":1}",
                               mark, (long long)t->unit);
        t->handover = local_idf("handover.keep", "{\"unit\":%lld,\"text\":\"%s %s\"}",
                                (long long)t->unit, mark, name);
        check_int(asf(NULL, "eradication.add", "{\"id\":%lld,\"title\":\"%s\"}",
                      (long long)t->incident, mark),
                  200);
        t->item = answer_int("items.0.id");
        check_int(asf(NULL, "returns.add",
                      "{\"id\":%lld,\"system\":%lld,\"until\":\"2030-01-01T00:00:00Z\","
                      "\"checks\":\"%s\"}",
                      (long long)t->incident, (long long)t->system, mark),
                  200);
        t->back = answer_int("items.0.id");
        t->planned = local_idf("systems.add",
                               "{\"code\":\"p%s\",\"name\":\"%s\",\"unit\":%lld,\"level\":2}", name,
                               mark, (long long)t->unit);
        check_int(asf(NULL, "recovery.plan_set",
                      "{\"id\":%lld,\"version\":0,\"steps\":[{\"name\":\"a\",\"title\":\"abc\"}]}",
                      (long long)t->planned),
                  200);
        check(t->item > 0 && t->back > 0);
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
        snprintf(
                body, sizeof(body),
                "{\"code\":\"%s\",\"name\":\"%s\",\"unit\":%lld,\"level\":2,\"hosts\":[\"h%s\",\"g%"
                "s\"]}",
                name, name, (long long)unit, name, name);
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
                               "{\"title\":\"%s\",\"scenario\":1,\"unit\":%lld,\"units\":[%lld]}",
                               mark, (long long)unit, (long long)unit);
        (void)local_idf("exercises.invite", "{\"id\":%lld}", (long long)t.exercise);
        lay_more(&t, name);
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
                v = -1;
                for (size_t i = 0; i < ARRAY_LEN(letters); i++)
                        if (letters[i].letter == *p)
                                memcpy(&v, (const char *)t + letters[i].at, sizeof(v));
                check(v >= 0);
                at += (size_t)snprintf(to + at, room - at, "%lld", (long long)v);
        }
        to[at] = '\0';
}

#endif
