/* Directives: written by one unit, issued to others once what they carry was looked at, acknowledged, answered with
 * proof, reminded of; each unit sees its own part. */
#include "people_world.h"

#include "desk/desk_impl.h"
#include "desk/errands.h"
#include "desk/jobs.h"
#include "desk/mail.h"

#define HOUR (INT64_C(3600) * NS_PER_SEC)

static struct signed_in liaison, officer_a, officer_b;
static int64_t a, b;

static void with_mail(const char *login, const char *role, int64_t unit, struct signed_in *s) {
        int64_t id = member(login, role, unit);

        check_int(asf(NULL, "people.change",
                      "{\"id\":%lld,\"version\":1,\"email\":\"%s@x.example\"}", (long long)id,
                      login),
                  200);
        check_int(sign_in(s, login, GOOD_PASSWORD), 200);
        char secret[64];
        if (strcmp(role, "officer") != 0)
                check_int(confirm_totp(s, secret), 200);
}

static void begin(void) {
        people_start();
        a = add_unit("a", UNIT_ROOT);
        b = add_unit("b", UNIT_ROOT);
        with_mail("liaison", "liaison", UNIT_ROOT, &liaison);
        with_mail("an", "officer", a, &officer_a);
        with_mail("binh", "officer", b, &officer_b);
}

static const char *due_in(int64_t ns) {
        static char text[40];

        time_format(text, w.wall + ns, 0);
        return text;
}

static int create(const char *more) {
        return asf(&liaison, "directives.create",
                   "{\"unit\":1,\"kind\":\"order\",\"severity\":\"high\",\"title\":\"patch it\","
                   "\"text\":\"CVE-2026-1\",\"due\":\"%s\",\"units\":[%lld,%lld]%s}",
                   due_in(100 * HOUR), (long long)a, (long long)b, more);
}

static int64_t issued(void) {
        check_int(create(""), 200);
        int64_t id = answer_int("id");
        check_int(asf(&liaison, "directives.issue", "{\"id\":%lld,\"version\":1}", (long long)id),
                  200);
        return id;
}

static long long mails(const char *q) {
        char body[200];

        snprintf(body, sizeof(body), "{\"limit\":500,\"q\":\"%s\"}", q);
        check_int(local("outgoing.list", body), 200);
        return (long long)json_array_size(answer_at("items"));
}

static void pass(int64_t ns) {
        w.wall += ns;
        w.mono += ns;
        check_int(desk_api_tick(w.d, w.mono, w.wall), 0);
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        desk_api_committed(w.d);
}

static void each_sees_its_part(void) {
        begin();
        check_int(create(""), 200);
        int64_t id = answer_int("id");
        check(json_is_null(answer_at("code")) && json_array_size(answer_at("answers")) == 2);
        check_int(asf(&officer_a, "directives.get", "{\"id\":%lld}", (long long)id), 404);
        check_int(as(&officer_a, "directives.list", "{}"), 200);
        check_int((long long)json_array_size(answer_at("items")), 0);
        check_int(asf(&liaison, "directives.issue", "{\"id\":%lld,\"version\":1}", (long long)id),
                  200);
        check(strncmp(answer_text("code"), "CD-20", 5) == 0);
        check_int(as(&officer_a, "directives.list", "{\"mine.gte\":1}"), 200);
        check_int(answer_int("items.0.mine"), 1);
        check_int(asf(&officer_a, "directives.get", "{\"id\":%lld}", (long long)id), 200);
        check_int((long long)json_array_size(answer_at("answers")), 1);
        check_int(answer_int("answers.0.unit"), a);
        check_int(asf(&officer_a, "directives.acknowledge", "{\"id\":%lld,\"unit\":%lld}",
                      (long long)id, (long long)b),
                  404);
        check_int(asf(&officer_a, "directives.issue", "{\"id\":%lld,\"version\":2}", (long long)id),
                  403);
        check_int(mails("New directive") + mails("Chỉ đạo mới"), 2);
        people_end();
}

/* To as many as may be, with words as long as may be: more than one request's memory, and no end of the desk. */
static void more_than_one_request_holds(void) {
        static char body[16384], reason[2000 * 4 + 1];
        size_t n = 0;

        begin();
        check_int(create(""), 200);
        int64_t id = answer_int("id");
        n = (size_t)snprintf(body, sizeof(body), "{\"id\":%lld,\"version\":1,\"units\":[1",
                             (long long)id);
        for (unsigned i = 0; i < 499; i++) {
                char code[16];

                snprintf(code, sizeof(code), "u%u", i);
                n += (size_t)snprintf(body + n, sizeof(body) - n, ",%lld",
                                      (long long)add_unit(code, UNIT_ROOT));
        }
        for (unsigned i = 0; i < 2000; i++)
                memcpy(reason + (size_t)i * 4, "😀", 5);
        snprintf(body + n, sizeof(body) - n, "],\"title\":\"%.800s\"}", reason);
        check_int(as(&liaison, "directives.edit", body), 200);
        check_int(asf(&liaison, "directives.issue", "{\"id\":%lld,\"version\":2}", (long long)id),
                  200);
        snprintf(body, sizeof(body), "{\"id\":%lld,\"reason\":\"%s\"}", (long long)id, reason);
        check_int(as(&liaison, "directives.withdraw", body), 413);
        check(strcmp(answer_text("code"), "too_much") == 0);
        check_int(asf(&liaison, "directives.get", "{\"id\":%lld}", (long long)id), 200);
        check(strcmp(answer_text("state"), "issued") == 0); /* nothing by half */
        people_end();
}

static void what_the_tables_refuse(void) {
        begin();
        int64_t an = person("chi", a);
        check_int(asf(NULL, "roles.give", "{\"id\":%lld,\"role\":\"lead\",\"unit\":9999}",
                      (long long)an),
                  409);
        check(strcmp(answer_text("code"), "does_not_fit") == 0);
        people_end();
}

static void answered_with_proof(void) {
        begin();
        int64_t id = issued();
        for (unsigned i = 0; i < 2; i++)
                check_int(asf(&officer_a, "directives.acknowledge",
                              "{\"id\":%lld,\"unit\":%lld,\"note\":\"seen\"}", (long long)id,
                              (long long)a),
                          200);
        check(strcmp(answer_text("answers.0.state"), "acknowledged") == 0);
        check_int(asf(&officer_a, "directives.answer",
                      "{\"id\":%lld,\"unit\":%lld,\"state\":\"done\",\"proof\":\"x\"}",
                      (long long)id, (long long)a),
                  422);
        check_int(asf(&officer_a, "directives.answer",
                      "{\"id\":%lld,\"unit\":%lld,\"state\":\"done\",\"proof\":\"patched all 40\","
                      "\"evidence\":99}",
                      (long long)id, (long long)a),
                  404);
        check_int(asf(&officer_a, "directives.answer",
                      "{\"id\":%lld,\"unit\":%lld,\"state\":\"done\",\"proof\":\"patched all 40\"}",
                      (long long)id, (long long)a),
                  200);
        check_int(asf(&officer_a, "directives.answer",
                      "{\"id\":%lld,\"unit\":%lld,\"state\":\"declined\",\"proof\":\"again\"}",
                      (long long)id, (long long)a),
                  409);
        check_int(
                asf(&officer_b, "directives.answer",
                    "{\"id\":%lld,\"unit\":%lld,\"state\":\"declined\",\"proof\":\"we have none\"}",
                    (long long)id, (long long)b),
                200);
        check_int(asf(&liaison, "directives.get", "{\"id\":%lld}", (long long)id), 200);
        check_int(answer_int("done"), 2);
        check(strcmp(answer_text("answers.0.proof"), "patched all 40") == 0);
        check_int(asf(&liaison, "directives.reopen",
                      "{\"id\":%lld,\"unit\":%lld,\"reason\":\"which ones?\"}", (long long)id,
                      (long long)a),
                  200);
        check(strcmp(answer_text("answers.0.state"), "acknowledged") == 0);
        check_int(mails("Proof asked for") + mails("Cần bổ sung minh chứng"), 1);
        people_end();
}

static void reminded_until_answered(void) {
        begin();
        int64_t id = issued();
        long long first = mails("directive ");
        pass(74 * HOUR); /* 24 h before it is due: not yet */
        check_int(mails("directive "), first);
        pass(3 * HOUR);
        check_int(mails("directive "), first + 2);
        pass(60 * NS_PER_SEC);
        check_int(mails("directive "), first + 2);
        check_int(sign_in(&officer_a, "an", GOOD_PASSWORD), 200);
        check_int(asf(&officer_a, "directives.answer",
                      "{\"id\":%lld,\"unit\":%lld,\"state\":\"done\",\"proof\":\"patched\"}",
                      (long long)id, (long long)a),
                  200);
        pass(30 * HOUR);
        check_int(mails("directive "), first + 3);
        check_int(local("directives.list", "{\"overdue.gte\":1}"), 200);
        check_int(answer_int("items.0.overdue"), 1);
        for (unsigned i = 0; i < 40; i++)
                pass(30 * HOUR);
        check_int(mails("directive "), first + 2 + 9); /* ten for each at most */
        people_end();
}

/* The desk dies after a reminder that is not on disk: its successor says it, once. */
static void a_reminder_is_neither_lost_nor_doubled(void) {
        begin();
        issued();
        pass(NS_PER_SEC);
        long long first = mails("directive ");
        w.wall += 80 * HOUR;
        check_int(desk_api_tick(w.d, w.mono, w.wall), 0);
        for (unsigned i = 0; i < 2; i++) {
                api_end();
                world_close();
                check_int(world_open(), 0);
                api_start();
                check_int(desk_vault_line(w.d, true), 0);
                pass(NS_PER_SEC);
                check_int(mails("directive "), first + 2);
        }
        people_end();
}

static void drafts_change_and_what_is_issued_stands(void) {
        begin();
        check_int(create(""), 200);
        int64_t id = answer_int("id");
        check_int(asf(&liaison, "directives.edit",
                      "{\"id\":%lld,\"version\":1,\"title\":\"another\",\"units\":[%lld]}",
                      (long long)id, (long long)b),
                  200);
        check_int(answer_int("units"), 1);
        check_int(asf(&liaison, "directives.edit", "{\"id\":%lld,\"version\":1,\"title\":\"late\"}",
                      (long long)id),
                  409);
        check_int(asf(&liaison, "directives.edit",
                      "{\"id\":%lld,\"version\":2,\"due\":\"2001-01-01T00:00:00Z\"}",
                      (long long)id),
                  422);
        check_int(asf(&liaison, "directives.issue", "{\"id\":%lld,\"version\":2}", (long long)id),
                  200);
        check_int(asf(&liaison, "directives.issue", "{\"id\":%lld,\"version\":3}", (long long)id),
                  409);
        check_int(asf(&liaison, "directives.edit", "{\"id\":%lld,\"version\":3,\"title\":\"late\"}",
                      (long long)id),
                  409);
        check_int(asf(&liaison, "directives.withdraw",
                      "{\"id\":%lld,\"reason\":\"the patch is wrong\"}", (long long)id),
                  200);
        check_int(asf(&officer_b, "directives.acknowledge", "{\"id\":%lld,\"unit\":%lld}",
                      (long long)id, (long long)b),
                  409);
        check_int(mails("Withdrawn") + mails("Đã rút lại"), 1);
        long long all = mails("directive ");
        pass(1000 * HOUR);
        check_int(mails("directive "), all);
        people_end();
}

static void no_directive_goes_sideways(void) {
        struct signed_in lead;

        begin();
        with_mail("lead", "lead", a, &lead);
        check_int(asf(&lead, "directives.create",
                      "{\"unit\":%lld,\"kind\":\"order\",\"severity\":\"high\",\"title\":\"patch\","
                      "\"text\":\"now\",\"due\":\"%s\",\"units\":[%lld]}",
                      (long long)a, due_in(HOUR), (long long)b),
                  422);
        check_int(asf(&lead, "directives.create",
                      "{\"unit\":1,\"kind\":\"order\",\"severity\":\"high\",\"title\":\"patch\","
                      "\"text\":\"now\",\"due\":\"%s\",\"units\":[%lld]}",
                      due_in(HOUR), (long long)a),
                  404);
        people_end();
}

/* What the job is asked, and what becomes of what it says. */
static int issue_with(int64_t id, const char *said) {
        struct msg_job m;
        int fd = -1;

        check_int(asf(&liaison, "directives.issue", "{\"id\":%lld,\"version\":1}", (long long)id),
                  0);
        const struct msg_job *next = desk_job_next(w.d, &fd);
        check(next && next->kind == JOB_CHECK);
        m = *next;
        desk_job_sent(w.d);
        check_int(desk_job_said(w.d, m.id, &(struct job_said){said ? 0 : -ECHILD, span_str(said)}),
                  0);
        api_settle();
        check(api_take_frame(0) > 0);
        return (int)api_w.say.status;
}

static void what_it_carries_is_looked_at_first(void) {
        begin();
        check_int(create(",\"rules\":\"title: x\",\"indicators\":\"a.example\""), 200);
        int64_t id = answer_int("id");
        check_int(issue_with(id, "{\"rule_errors\":1,\"indicator_errors\":0,\"said\":\"no id\"}"),
                  422);
        check(strcmp(answer_text("fields.0.field"), "rules") == 0);
        check(strstr(answer_text("fields.0.fault"), "no id"));
        check_int(issue_with(id, "{\"rule_errors\":0,\"indicator_errors\":2,\"said\":\"bad\"}"),
                  422);
        check(strcmp(answer_text("fields.0.field"), "indicators") == 0);
        check_int(issue_with(id, NULL), 503);
        check_int(issue_with(id, "not json"), 503);
        check_int(asf(&liaison, "directives.get", "{\"id\":%lld}", (long long)id), 200);
        check(strcmp(answer_text("state"), "draft") == 0);
        check_int(mails("directive "), 0);
        check_int(issue_with(id, "{\"rule_errors\":0,\"indicator_errors\":0,\"said\":\"fine\"}"),
                  200);
        check(strcmp(answer_text("check.said"), "fine") == 0 && mails("directive ") == 2);
        check_int(asf(&officer_a, "directives.rules", "{\"id\":%lld}", (long long)id), 200);
        people_end();
}

int main(void) {
        RUN(each_sees_its_part);
        RUN(more_than_one_request_holds);
        RUN(what_the_tables_refuse);
        RUN(answered_with_proof);
        RUN(reminded_until_answered);
        RUN(a_reminder_is_neither_lost_nor_doubled);
        RUN(drafts_change_and_what_is_issued_stands);
        RUN(no_directive_goes_sideways);
        RUN(what_it_carries_is_looked_at_first);
        return check_done();
}
