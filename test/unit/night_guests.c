/* Guests of one incident, through the vault as people sign in; response figures of groups. */
#include "people_world.h"

#include "rules/regime.h"

static struct signed_in lead, other, guest;
static char once[64];

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
}

static void begin(void) {
        char secret[64];

        people_start();
        give_regime();
        int64_t a = add_unit("a", UNIT_ROOT), b = add_unit("b", UNIT_ROOT);
        member("lead", "lead", a);
        member("other", "lead", b);
        check_int(sign_in(&lead, "lead", GOOD_PASSWORD), 200);
        check_int(confirm_totp(&lead, secret), 200);
        check_int(sign_in(&other, "other", GOOD_PASSWORD), 200);
        check_int(confirm_totp(&other, secret), 200);
        check_int(asf(&lead, "incidents.open", "{\"title\":\"one\",\"unit\":%lld}", (long long)a),
                  200);
        check_int(asf(&lead, "incidents.open", "{\"title\":\"two\",\"unit\":%lld}", (long long)a),
                  200);
        check_int(
                as(&lead, "incidents.observable_add",
                   "{\"id\":1,\"type\":\"domain\",\"value\":\"green.example\",\"tlp\":\"green\"}"),
                200);
        check_int(as(&lead, "incidents.observable_add",
                     "{\"id\":1,\"type\":\"domain\",\"value\":\"red.example\",\"tlp\":\"red\"}"),
                  200);
        check_int(as(&lead, "incidents.task_add", "{\"id\":1,\"title\":\"inner work\"}"), 200);
        check_int(as(&lead, "incidents.note", "{\"id\":1,\"text\":\"for all who work on it\"}"),
                  200);
}

static int invite(struct signed_in *s, const char *login, const char *tlp, int64_t days) {
        char until[40];

        time_format(until, w.wall + days * 86400 * NS_PER_SEC, 3);
        int status = asf(s, "guests.add",
                         "{\"id\":1,\"login\":\"%s\",\"name\":\"Khách\",\"organisation\":"
                         "\"CERT bạn\",\"tlp\":\"%s\",\"until\":\"%s\"}",
                         login, tlp, until);
        snprintf(once, sizeof(once), "%s", answer_text("one_time"));
        return status;
}

static void come_in(void) {
        check_int(sign_in(&guest, "khach", once), 200);
        check_int(as(&guest, "session.password", "{\"new\":\"" GOOD_PASSWORD "\"}"), 200);
}

static void a_guest_sees_one_incident(void) {
        begin();
        check_int(invite(&other, "khach", "amber", 10), 404);
        check_int(invite(&lead, "khach", "green", 10), 422); /* the incident is amber: U3 */
        check_int(invite(&lead, "khach", "amber", 91), 422);
        check_int(invite(&lead, "khach", "amber", -1), 422);
        check_int(invite(&lead, "other", "amber", 10), 422); /* U2 */
        check_int(invite(&lead, "khach", "amber", 10), 200);
        check(strlen(once) > 8);
        check_int(as(&lead, "guests.list", "{\"id\":1}"), 200);
        check_int(answer_int("total"), 1);
        check(answer_at("items.0.one_time") == NULL);
        check_int(as(&other, "guests.list", "{\"id\":1}"), 404);
        come_in();
        check_int(as(&guest, "session.get", "{}"), 200);
        check_int(answer_int("guest.incident"), 1);
        check_span(span_str(answer_text("guest.tlp")), "amber");
        check_int(as(&guest, "incidents.get", "{\"id\":1}"), 200);
        check_span(span_str(answer_text("tlp")), "amber");
        check_int(as(&guest, "incidents.get", "{\"id\":2}"), 404);
        check_int(as(&guest, "incidents.list", "{}"), 200);
        check_int(answer_int("total"), 1);
        check_int(as(&guest, "incidents.observables", "{\"id\":1}"), 200);
        check_int(answer_int("total"), 1);
        check_span(span_str(answer_text("items.0.value")), "green.example");
        check_int(as(&guest, "incidents.timeline", "{\"id\":1}"), 200);
        check(!memmem(api_w.body.p, api_w.body.len, "inner work", 10));
        check(!memmem(api_w.body.p, api_w.body.len, "for all who", 11)); /* said among themselves */
        check(answer_int("total") > 0);
        check_int(as(&guest, "tonight.get", "{}"), 200);
        check(json_is_null(answer_at("alerts")) && json_is_null(answer_at("sources")));
        check_int(as(&guest, "tasks.list", "{}"), 200);
        check_int(answer_int("total"), 0);
        people_end();
}

/* Whatever else there is, or will be. */
static void and_nothing_else(void) {
        static const char *const may[] = {"incidents.list", "incidents.get", "incidents.timeline",
                                          "incidents.observables", "clocks.list"};
        unsigned tried = 0;

        begin();
        check_int(invite(&lead, "khach", "amber", 10), 200);
        come_in();
        for (uint32_t n = 0; n < api_count(); n++) {
                const struct api_op *o = api_op(n);
                bool ok = !o->permission || (o->flags & API_STREAM);

                for (size_t i = 0; i < ARRAY_LEN(may); i++)
                        ok = ok || strcmp(o->id, may[i]) == 0;
                if (ok)
                        continue;
                tried++;
                int status = as(&guest, o->id, "{\"id\":1}");
                if (status == 200 && (o->flags & API_LIST) && answer_int("total") == 0)
                        continue; /* a list of nothing */
                if (status == 200)
                        printf("# %s shows a guest %.*s\n", o->id, (int)MIN(api_w.body.len, 200u),
                               api_w.body.p);
                check(status >= 400);
        }
        check(tried > 50);
        people_end();
}

static void it_ends_at_its_date_and_before(void) {
        begin();
        check_int(invite(&lead, "khach", "amber", 10), 200);
        come_in();
        check_int(as(&lead, "incidents.get", "{\"id\":1}"), 200);
        check_int(asf(&lead, "incidents.edit", "{\"id\":1,\"version\":%lld,\"tlp\":\"red\"}",
                      answer_int("version")),
                  200);
        check_int(as(&guest, "incidents.get", "{\"id\":1}"), 404); /* U3 */
        check_int(as(&guest, "incidents.observables", "{\"id\":1}"), 404);
        check_int(as(&guest, "incidents.list", "{}"), 200);
        check_int(answer_int("total"), 0);
        check_int(as(&other, "guests.end", "{\"id\":1,\"guest\":1}"), 404);
        check_int(as(&lead, "guests.end", "{\"id\":2,\"guest\":1}"), 404);
        check_int(as(&lead, "guests.end", "{\"id\":1,\"guest\":1}"), 200);
        check_span(span_str(answer_text("state")), "ended");
        check_int(as(&guest, "incidents.list", "{}"), 401);
        check_int(sign_in(&guest, "khach", GOOD_PASSWORD), 401);
        check_int(as(&lead, "incidents.get", "{\"id\":1}"), 200);
        check_int(asf(&lead, "incidents.edit", "{\"id\":1,\"version\":%lld,\"tlp\":\"amber\"}",
                      answer_int("version")),
                  200);
        check_int(invite(&lead, "khach", "amber", 1), 200); /* once more */
        come_in();
        check_int(as(&guest, "incidents.get", "{\"id\":1}"), 200);
        w.wall += INT64_C(86401) * NS_PER_SEC;
        check_int(sign_in(&guest, "khach", GOOD_PASSWORD), 200);
        check_int(as(&guest, "incidents.get", "{\"id\":1}"), 401);
        people_end();
}

int main(void) {
        RUN(a_guest_sees_one_incident);
        RUN(and_nothing_else);
        RUN(it_ends_at_its_date_and_before);
        return check_done();
}
