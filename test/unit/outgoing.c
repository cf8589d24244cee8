/* What leaves: a row goes to the courier once it is on disk, again on every new line until its end is known,
 * and never twice because somebody said it twice. */
#include "desk/blobs.h"

#include "people_world.h"

#include "desk/desk_impl.h"
#include "desk/errands.h"
#include "desk/mail.h"

static struct {
        struct courier_head head;
        struct buf body; /* of the frame taken last */
} line;

static void courier_says(uint32_t kind, uint64_t id, int error, uint32_t flags, const char *text) {
        _cleanup_(buf_deinit) struct buf in = {0};
        struct courier_say s = {error, flags};
        bool ready = kind == COURIER_READY;
        struct courier_head h = {(uint32_t)(strlen(text) + (ready ? 0 : sizeof(s))), kind, id};

        buf_add(&in, &h, sizeof(h));
        if (!ready)
                buf_add(&in, &s, sizeof(s));
        buf_str(&in, text);
        check_int(desk_courier_bytes(w.d, &in, w.wall), 0);
        check_int((long long)in.len, 0);
}

static void on_disk(void) {
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        desk_api_committed(w.d);
}

/* The desk dies: what was not committed never was. */
static void another_desk(void) {
        api_end();
        world_close();
        check_int(world_open(), 0);
        api_start();
        check_int(desk_vault_line(w.d, true), 0);
}

/* The kind of the next frame to the courier; 0: there is none. */
static uint32_t taken(void) {
        int r;
        struct buf *out = desk_courier_out(w.d, w.wall, &r);

        check_int(r, 0);
        if (out->len < sizeof(line.head))
                return 0;
        memcpy(&line.head, out->p, sizeof(line.head));
        buf_reset(&line.body);
        buf_add(&line.body, out->p + sizeof(line.head), line.head.len);
        buf_char(&line.body, '\0');
        buf_drop(out, sizeof(line.head) + line.head.len);
        return line.head.kind;
}

static void new_line(void) {
        check_int(desk_courier_line(w.d, false), 0);
        check_int(desk_courier_line(w.d, true), 0);
        check_int(taken(), 0); /* not before it said what it can */
        courier_says(COURIER_READY, 0, 0, 0, "{\"mail\":true,\"webhooks\":[\"soc\",\"wall\"]}");
}

static struct outgoing mail_to(const char *to) {
        return (struct outgoing){.to = span_str(to),
                                 .subject = SPAN("Khẩn: sự cố\r\nBcc: x@y"),
                                 .body = SPAN("…"),
                                 .about = SPAN("incident 3")};
}

static void begin(void) {
        people_start();
        on_disk();
        new_line();
}

static void end(void) {
        buf_deinit(&line.body);
        line.body = (struct buf){0};
        people_end();
}

static void only_what_is_on_disk_goes_out(void) {
        struct outgoing o = mail_to("an@agency.example, binh@agency.example");
        int64_t id = 0;

        begin();
        check_int(outgoing_mail(w.d, &o, &id), 0);
        check(id > 0);
        check_int(taken(), 0);
        on_disk();
        check_int(taken(), COURIER_MAIL);
        check_int((long long)line.head.id, id);
        check(strstr(line.body.p, "\"to\":[\"an@agency.example\",\"binh@agency.example\"]"));
        check(strstr(line.body.p, "sự cố  Bcc: x@y") && !strchr(line.body.p, '\n'));
        check_int(taken(), 0); /* once on one line */
        courier_says(COURIER_MAIL, (uint64_t)id, 0, 0, "");
        on_disk();
        check_int(local("outgoing.get", "{\"id\":1}"), 200);
        check(strcmp(answer_text("state"), "sent") == 0);
        check_int(answer_int("tries"), 1);
        new_line();
        check_int(taken(), 0);
        end();
}

static void again_on_a_new_line_under_the_same_id(void) {
        struct outgoing o = mail_to("an@agency.example");
        char first[4096];

        begin();
        check_int(outgoing_mail(w.d, &o, NULL), 0);
        on_disk();
        check_int(taken(), COURIER_MAIL);
        snprintf(first, sizeof(first), "%s", line.body.p);
        new_line();
        check_int(taken(), COURIER_MAIL);
        check(strcmp(first, line.body.p) == 0);
        /* Said to be sent, but not on disk when the desk dies: the next one sends it again. */
        courier_says(COURIER_MAIL, 1, 0, 0, "");
        another_desk();
        new_line();
        check_int(taken(), COURIER_MAIL);
        check(strcmp(first, line.body.p) == 0);
        end();
}

static void later_when_it_failed_and_never_when_it_must_not(void) {
        struct outgoing o = mail_to("an@agency.example");
        int64_t id;

        begin();
        check_int(outgoing_mail(w.d, &o, &id), 0);
        on_disk();
        for (unsigned i = 0; i < 3; i++) {
                check_int(taken(), COURIER_MAIL);
                courier_says(COURIER_MAIL, (uint64_t)id, -ECONNREFUSED, 0, "refused\x1b[2J");
                on_disk();
                check_int(taken(), 0);
                w.wall += (INT64_C(15) << i) * NS_PER_SEC; /* at most that, at least half */
        }
        check_int(local("outgoing.get", "{\"id\":1}"), 200);
        check(strcmp(answer_text("last_error"), "refused.[2J") == 0);
        check_int(local("outgoing.status", "{}"), 200);
        check_int(answer_int("queued"), 1);
        check(strcmp(answer_text("last_error"), "refused.[2J") == 0);
        check(strcmp(answer_text("webhooks.1"), "wall") == 0);
        check_int(taken(), COURIER_MAIL);
        courier_says(COURIER_MAIL, (uint64_t)id, -EPERM, COURIER_FOR_GOOD, "550 no such user");
        on_disk();
        w.wall += INT64_C(86400) * NS_PER_SEC;
        check_int(taken(), 0);
        check_int(local("outgoing.list", "{\"state\":\"failed\"}"), 200);
        check_int(answer_int("items.0.id"), 1);
        check_int(local("outgoing.retry", "{\"id\":1}"), 200);
        check_int(taken(), COURIER_MAIL);
        check_int(local("outgoing.cancel", "{\"id\":1}"), 200);
        courier_says(COURIER_MAIL, (uint64_t)id, -EPERM, 0, "later");
        on_disk();
        check_int(local("outgoing.get", "{\"id\":1}"), 200);
        check(strcmp(answer_text("state"), "cancelled") == 0);
        end();
}

static void given_up_after_days(void) {
        struct outgoing o = mail_to("an@agency.example");

        begin();
        check_int(outgoing_mail(w.d, &o, NULL), 0);
        on_disk();
        w.wall += INT64_C(432001) * NS_PER_SEC;
        check_int(taken(), COURIER_MAIL);
        courier_says(COURIER_MAIL, 1, -ETIMEDOUT, 0, "slow");
        on_disk();
        check_int(local("outgoing.get", "{\"id\":1}"), 200);
        check(strcmp(answer_text("state"), "failed") == 0);
        end();
}

static void said_twice_it_is_one(void) {
        struct outgoing o = mail_to("an@agency.example");
        int64_t a, b;

        begin();
        o.once = "clock 7 near";
        check_int(outgoing_mail(w.d, &o, &a), 0);
        check_int(outgoing_mail(w.d, &o, &b), 0);
        check_int(a, b);
        on_disk();
        check_int(taken(), COURIER_MAIL);
        check_int(taken(), 0);
        check_int(outgoing_webhooks(w.d, &o), 0);
        check_int(outgoing_webhooks(w.d, &o), 0);
        check_int(outgoing_spread(w.d), 0);
        check_int(outgoing_spread(w.d), 0);
        on_disk();
        check_int(taken(), COURIER_WEBHOOK);
        check_int(taken(), COURIER_WEBHOOK);
        check_int(taken(), 0);
        end();
}

static void a_drill_is_held(void) {
        struct outgoing o = mail_to("an@agency.example");

        begin();
        o.drill = true;
        check_int(outgoing_mail(w.d, &o, NULL), 0);
        on_disk();
        check_int(taken(), 0);
        check_int(local("outgoing.retry", "{\"id\":1}"), 409);
        check_span(span_str(answer_text("code")), "drill");
        check_int(taken(), 0); /* by nobody's word */
        check_int(local("outgoing.cancel", "{\"id\":1}"), 200);
        check_int(local("outgoing.retry", "{\"id\":1}"), 409);
        end();
}

static void a_server_that_hangs_holds_up_its_own_alone(void) {
        begin();
        for (unsigned i = 0; i < 6; i++) {
                struct outgoing o = mail_to("an@agency.example");

                check_int(outgoing_mail(w.d, &o, NULL), 0);
        }
        struct outgoing hook = {.to = SPAN("soc"), .subject = SPAN("test"), .body = SPAN("{}")};
        check_int(outgoing_webhook(w.d, &hook, NULL), 0);
        on_disk();
        for (unsigned i = 0; i < 3; i++)
                check_int(taken(), COURIER_MAIL);
        check_int(taken(), COURIER_WEBHOOK);
        check_int(taken(), 0);
        courier_says(COURIER_MAIL, 2, 0, 0, "");
        on_disk();
        check_int(taken(), COURIER_MAIL);
        check_int((long long)line.head.id, 4);
        end();
}

static void addresses_that_are_none(void) {
        static const char *const bad[] = {"",          "an",          "a@b\r\nRCPT TO:<x@y>",
                                          "a@b, ",     "a b@c",       "<a@b>",
                                          "a@b@c",     "@b",          "a@",
                                          "a@b., c@d", "nguyễn@a.vn", "a@b;c@d",
                                          "-f@x.vn",   "a@.b"};
        begin();
        for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
                struct outgoing o = mail_to(bad[i]);

                if (outgoing_mail(w.d, &o, NULL) != OUTGOING_E_ADDRESS)
                        printf("# %s\n", bad[i]);
                check_int(outgoing_mail(w.d, &o, NULL), OUTGOING_E_ADDRESS);
        }
        struct outgoing o = mail_to("a.b+c@mail.agency.gov.vn");
        check_int(outgoing_mail(w.d, &o, NULL), 0);
        end();
}

static void to_people_in_their_language(void) {
        const struct outgoing_text t = {{SPAN("Hello"), SPAN("Chào")}, {SPAN("en"), SPAN("vi")}};
        struct outgoing o = {.once = "x"};

        begin();
        int64_t unit = add_unit("a", UNIT_ROOT), an = member("an", "officer", UNIT_ROOT);
        int64_t binh = member("binh", "officer", unit), chi = member("chi", "lead", unit);
        static const char *const langs[] = {"en", "vi", "vi"};
        const int64_t all[] = {an, binh, chi};
        for (unsigned i = 0; i < 3; i++)
                check_int(asf(NULL, "people.change",
                              "{\"id\":%lld,\"version\":%d,\"email\":\"p%u@a.example\",\"lang\":"
                              "\"%s\"}",
                              (long long)all[i], 1, i, langs[i]),
                          200);
        o.unit = unit;
        check_int(outgoing_people(w.d, &o, &t, TO_DUTY | TO_LEADS, an), 0);
        check_int(outgoing_people(w.d, &o, &t, TO_DUTY | TO_LEADS, an), 0);
        on_disk();
        check_int(local("outgoing.list", "{\"sort\":\"id\"}"), 200);
        check_int((long long)json_array_size(answer_at("items")), 3);
        check(strcmp(answer_text("items.0.subject"), "Hello") == 0);
        check(strcmp(answer_text("items.1.subject"), "Chào") == 0);
        /* Somebody is on duty: not all officers, but that one. */
        check_int(asf(NULL, "duty.add",
                      "{\"unit\":%lld,\"person\":%lld,\"since\":\"2000-11-24T00:00:00Z\","
                      "\"until\":\"2100-11-25T00:00:00Z\"}",
                      (long long)unit, (long long)binh),
                  200);
        o.once = "y";
        check_int(outgoing_people(w.d, &o, &t, TO_DUTY, 0), 0);
        on_disk();
        check_int(local("outgoing.list", "{}"), 200);
        check_int((long long)json_array_size(answer_at("items")), 4);
        end();
}

static void a_line_that_says_nonsense_is_closed(void) {
        _cleanup_(buf_deinit) struct buf in = {0};
        struct courier_head h = {8, COURIER_MAIL, 99}; /* of nobody's mail */
        struct courier_say s = {0};

        begin();
        buf_add(&in, &h, sizeof(h));
        buf_add(&in, &s, sizeof(s));
        check_int(desk_courier_bytes(w.d, &in, w.wall), -EPROTO);
        buf_reset(&in);
        h = (struct courier_head){UINT32_MAX, COURIER_MAIL, 1};
        buf_add(&in, &h, sizeof(h));
        check_int(desk_courier_bytes(w.d, &in, w.wall), -EPROTO);
        end();
}

static void attachments_follow_in_pieces(void) {
        _cleanup_(buf_deinit) struct buf big = {0}, got = {0};
        struct outgoing o = mail_to("an@agency.example");
        struct outgoing_file files[2] = {{.name = SPAN("a.bin"), .type = SPAN("a/b")},
                                         {.name = SPAN("b.bin"), .type = SPAN("a/b")}};
        unsigned char hash[BLOB_HASH_BYTES];

        begin();
        for (unsigned i = 0; i < 300000; i++)
                buf_printf(&big, "%u,", i);
        check_int(desk_begin(w.d), 0);
        check_int(blob_put(w.d, buf_get(&big), w.wall, &files[0].blob, hash), 0);
        check_int(blob_put(w.d, SPAN("small"), w.wall, &files[1].blob, hash), 0);
        o.files = files;
        o.n_files = 2;
        check_int(outgoing_mail(w.d, &o, NULL), 0);
        check_int(outgoing_mail(w.d, &(struct outgoing){.to = SPAN("c@d.example")}, NULL), 0);
        on_disk();
        check_int(taken(), COURIER_MAIL);
        char want[64];
        snprintf(want, sizeof(want), "\"size\":%zu", big.len);
        check(strstr(line.body.p, want) && strstr(line.body.p, "\"size\":5"));
        buf_str(&big, "small");
        while (got.len < big.len && taken() == COURIER_BYTES) {
                check_int((long long)line.head.id, 1);
                buf_add(&got, line.body.p, line.head.len);
        }
        check(span_eq(buf_get(&got), buf_get(&big)));
        check_int(taken(), COURIER_MAIL); /* the other one behind it */
        check_int((long long)line.head.id, 2);
        check_int(outgoing_mail(w.d, &o, NULL), 0);
        check_int(sql_do(state_sql(w.d->state),
                         "UPDATE outgoing SET files='[{\"blob\":999}]' WHERE id=3", ""),
                  0);
        on_disk();
        check_int(taken(), 0);
        on_disk();
        check_int(local("outgoing.get", "{\"id\":3}"), 200);
        check(strcmp(answer_text("state"), "failed") == 0);
        end();
}

static void settings_stay(void) {
        begin();
        check_int(local("outgoing.settings", "{}"), 200);
        check_int(answer_int("digest_hour"), 7);
        check_int(local("outgoing.set",
                        "{\"deadline_mail\":false,\"deadline_webhook\":true,\"critical_mail\":true,"
                        "\"digest_hour\":null,\"reminder_hours\":48}"),
                  200);
        another_desk();
        check_int(local("outgoing.settings", "{}"), 200);
        check(json_is_null(answer_at("digest_hour")) && json_is_false(answer_at("deadline_mail")));
        check_int(answer_int("reminder_hours"), 48);
        check_int(answer_int("version"), 1);
        check_int(local("outgoing.set",
                        "{\"deadline_mail\":false,\"deadline_webhook\":true,\"critical_mail\":true,"
                        "\"digest_hour\":null,\"reminder_hours\":48,\"version\":0}"),
                  409);
        end();
}

int main(void) {
        RUN(only_what_is_on_disk_goes_out);
        RUN(again_on_a_new_line_under_the_same_id);
        RUN(later_when_it_failed_and_never_when_it_must_not);
        RUN(given_up_after_days);
        RUN(said_twice_it_is_one);
        RUN(a_drill_is_held);
        RUN(a_server_that_hangs_holds_up_its_own_alone);
        RUN(addresses_that_are_none);
        RUN(to_people_in_their_language);
        RUN(a_line_that_says_nonsense_is_closed);
        RUN(attachments_follow_in_pieces);
        RUN(settings_stay);
        return check_done();
}
