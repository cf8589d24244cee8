/* Scenarios of other formats: what goes out comes back, what came in goes out as it came, what cannot be understood is
 * refused with its record and nothing of it is taken; no address of the internet is left in what players read. */
#include <jansson.h>

#include "check.h"
#include "exercise/exchange_impl.h"
#include "reader/reader.h"

static json_t *job(unsigned kind, unsigned more, struct span s) {
        struct buf in = {0}, out = {0};

        buf_char(&in, (char)kind);
        if (more)
                buf_char(&in, (char)more);
        buf_span(&in, s);
        check_int(job_reader(buf_get(&in), &out), 0);
        json_t *o = json_loadb(out.p, out.len, JSON_REJECT_DUPLICATES, NULL);
        buf_deinit(&in);
        buf_deinit(&out);
        check(json_is_object(o));
        return o;
}

static const char *text(const json_t *o, const char *key) {
        const char *s = json_string_value(json_object_get(o, key));

        return s ? s : "";
}

static void show(const json_t *list) {
        const json_t *f;
        size_t i;

        json_array_foreach(list, i, f)
                printf("# %s %s: %s\n", text(f, "rule"), text(f, "where"), text(f, "en"));
}

/* X1. */
static json_t *imported(struct span s) {
        json_t *o = job(READER_EXCHANGE, 0, s);
        bool faults = json_integer_value(json_object_get(o, "n_faults")) > 0;

        if (faults)
                show(json_object_get(o, "faults"));
        check(json_is_null(json_object_get(o, "yaml")) == faults);
        return o;
}

static json_t *exported(enum exchange_format format, const char *yaml) {
        json_t *o = job(READER_EXPORT, format, span_str(yaml));

        show(json_object_get(o, "faults"));
        check(json_is_string(json_object_get(o, "text")));
        return o;
}

/* Without its hash, which is of the bytes. */
static json_t *plan_of(const char *yaml) {
        json_t *o = job(READER_SCENARIO, 0, span_str(yaml));

        show(json_object_get(o, "faults"));
        json_t *plan = json_incref(json_object_get(o, "plan"));
        check(json_is_object(plan));
        json_object_del(plan, "hash");
        json_decref(o);
        return plan;
}

static char *slurp(const char *path) {
        FILE *f = fopen(path, "rb");
        char *p = calloc(1, (size_t)2 << 20);

        check(f && p);
        check(fread(p, 1, ((size_t)2 << 20) - 1, f) > 0);
        fclose(f);
        return p;
}

static bool has_rule(const json_t *o, const char *list, const char *rule) {
        const json_t *f;
        size_t i;

        json_array_foreach(json_object_get(o, list), i,
                           f) if (strcmp(text(f, "rule"), rule) == 0) return true;
        return false;
}

/* ---- ours, out and in again ---- */

static void cexf_loses_nothing_of_ours(void) {
        char *yaml = slurp(TEST_CONTENT "/scenarios/ransomware-province.yaml");
        json_t *a = plan_of(yaml), *out = exported(EXCHANGE_CEXF, yaml);
        json_t *in = imported(span_str(text(out, "text")));
        json_t *b = plan_of(text(in, "yaml"));

        check(json_equal(a, b));
        json_t *again = exported(EXCHANGE_CEXF, text(in, "yaml"));
        json_t *x = json_loads(text(out, "text"), 0, NULL),
               *y = json_loads(text(again, "text"), 0, NULL);
        json_t *mx = json_object_get(json_object_get(json_object_get(x, "exercise"), "meta"),
                                     "x-coloa"),
               *my = json_object_get(json_object_get(json_object_get(y, "exercise"), "meta"),
                                     "x-coloa");
        json_object_del(json_object_get(mx, "plan"), "hash");
        json_object_del(json_object_get(my, "plan"), "hash");
        check(json_equal(x, y));
        for (json_t **p = (json_t *[]){a, b, out, in, again, x, y, NULL}; *p; p++)
                json_decref(*p);
        free(yaml);
}

static void a_change_in_cexf_is_taken(void) {
        char *yaml = slurp(TEST_CONTENT "/scenarios/ransomware-province.yaml");
        json_t *out = exported(EXCHANGE_CEXF, yaml), *x = json_loads(text(out, "text"), 0, NULL),
               *o;
        size_t i;

        json_object_set_new(json_object_get(x, "exercise"), "name", json_string("Renamed"));
        json_array_foreach(json_object_get(x, "injects"), i,
                           o) if (strstr(text(o, "name"), "black window"))
                json_object_set_new(o, "name", json_string("A clerk calls evil.com"));
        json_array_foreach(json_object_get(x, "inject_flow"), i,
                           o) if (strstr(text(o, "description"), "black window")) {
                check(strcmp(text(json_object_get(o, "timing"), "triggered_at"), "420") == 0);
                json_object_set_new(json_object_get(o, "timing"), "triggered_at",
                                    json_string("480"));
        }
        char *s = json_dumps(x, 0);
        json_t *in = imported(span_str(s)), *plan = plan_of(text(in, "yaml"));
        const json_t *inject = json_array_get(json_object_get(plan, "injects"), 0);
        check(strcmp(text(json_object_get(plan, "title"), "en"), "Renamed") == 0);
        check(strcmp(text(json_object_get(plan, "title"), "vi"),
                     "Mã độc tống tiền tại văn phòng tỉnh") == 0);
        check(strcmp(text(json_object_get(inject, "title"), "en"),
                     "A clerk calls evil-com0.example") == 0);
        check_int(json_integer_value(json_object_get(json_object_get(inject, "when"), "at")),
                  480000);
        /* One that is gone is a fault: lines of points hang on it. */
        json_array_remove(json_object_get(x, "injects"),
                          json_array_size(json_object_get(x, "injects")) - 1);
        free(s);
        s = json_dumps(x, 0);
        json_t *bad = imported(span_str(s));
        check(has_rule(bad, "faults", "plan"));
        check(json_is_string(json_object_get(bad, "would")));
        free(s);
        for (json_t **p = (json_t *[]){out, x, in, plan, bad, NULL}; *p; p++)
                json_decref(*p);
        free(yaml);
}

/* ---- theirs, in and out again ---- */

/* As loose as the sample of the format: a short uuid, `trigger` a text, `meta` an object; and real addresses. */
static const char theirs[] =
        "{\"exercise\":{\"name\":\"Fraud by mail\",\"description\":\"Short\",\"expanded\":\"# "
        "Long\","
        "\"meta\":{\"author\":\"X\"},\"namespace\":\"phishing\",\"tags\":[\"a:b=\\\"c\\\"\"],"
        "\"total_duration\":\"7200\",\"uuid\":\"75d7460-af9d-4098-8ad1-754457076b32\",\"version\":"
        "\"3\"},"
        "\"inject_flow\":[{\"description\":\"The mail\",\"inject_uuid\":\"19272db1-a7c4-4cb3-aa33-"
        "df775b8fec8c\",\"reporting_callback\":[],\"requirements\":{},\"sequence\":{\"completion_"
        "trigger\":[\"completion\"],\"followed_by\":[\"c104aa37-e394-43ce-b82b-a733d3745468\"],"
        "\"trigger\":[\"startex\"]},\"timing\":{\"triggered_at\":null,\"periodic_run_every\":30}},"
        "{\"description\":\"The flow\",\"inject_uuid\":\"c104aa37-e394-43ce-b82b-a733d3745468\","
        "\"requirements\":{\"inject_uuid\":\"19272db1-a7c4-4cb3-aa33-df775b8fec8c\",\"resolution_"
        "requirement\":\"Publishing\"},\"sequence\":{\"trigger\":\"inject-resolution\"},\"timing\":"
        "{"
        "\"triggered_at\":null}},{\"description\":\"Late\",\"inject_uuid\":\"short-1\",\"timing\":{"
        "\"triggered_at\":\"1800\"}}],"
        "\"inject_payloads\":[{\"name\":\"mail\",\"parameters\":{\"content\":"
        "\"UmVhZCBodHRwczovL2V2aWxwc"
        "m92aWRlci5jb20veC5leGUgb24gMTE4LjIxNy4xODIuMzY=\",\"content-type\":\"base64\","
        "\"filename\":"
        "\"mail.eml\"},\"type\":\"file\",\"uuid\":\"930c6f6b-f89d-456d-a59d-5cb89bdec0b1\"},{"
        "\"name\":"
        "\"spare\",\"type\":\"tcp_connection\",\"uuid\":\"x\"}],"
        "\"injects\":[{\"action\":\"email_to_participants\",\"action_payload_resource_uuid\":"
        "\"930c6f6b-"
        "f89d-456d-a59d-5cb89bdec0b1\",\"inject_evaluation\":[{\"parameters\":[{\".Event.info\":{"
        "\"comparison\":\"contains\",\"values\":[\"phishing\"]}}],\"result\":\"MISP event "
        "creation\","
        "\"score_range\":[0,10]},{\"parameters\":{\"OR\":[]},\"result\":\"Publishing\",\"score_"
        "range\":[0,"
        "40]}],\"name\":\"received e-mail from csirt@telco.lu\",\"target_tool\":\"MISP\",\"uuid\":"
        "\"19272db1-a7c4-4cb3-aa33-df775b8fec8c\"},{\"action\":\"network_connection\",\"inject_"
        "evaluation\":[],\"name\":\"malicious "
        "flow\",\"target_tool\":\"Suricata\",\"uuid\":\"c104aa37-"
        "e394-43ce-b82b-a733d3745468\"},{\"name\":\"late "
        "one\",\"uuid\":\"short-1\"}],\"note\":\"ours\"}";

static void cexf_is_kept_verbatim(void) {
        json_t *in = imported(span_str(theirs)), *plan = plan_of(text(in, "yaml"));
        json_t *out = exported(EXCHANGE_CEXF, text(in, "yaml"));
        json_t *a = json_loads(theirs, 0, NULL), *b = json_loads(text(out, "text"), 0, NULL);
        const json_t *injects = json_object_get(plan, "injects"), *x = json_array_get(injects, 0);

        check(has_rule(in, "warnings", "lax") && has_rule(in, "warnings", "kept") &&
              has_rule(in, "warnings", "real-address"));
        check_int(json_array_size(injects), 3);
        check_int(json_integer_value(json_object_get(plan, "length")), 7200000);
        check(strcmp(text(x, "kind"), "mail") == 0);
        check(strcmp(text(x, "file_name"), "mail.eml") == 0);
        /* X2: the real ones are in x-cexf only. */
        check(strstr(text(json_object_get(x, "text"), "en"), "evilprovider-com0.example"));
        check(!strstr(text(json_object_get(x, "text"), "en"), "118.217"));
        check(strcmp(text(json_object_get(json_array_get(injects, 1), "when"), "after"),
                     text(x, "id")) == 0);
        check_int(json_integer_value(json_object_get(
                          json_object_get(json_array_get(injects, 2), "when"), "at")),
                  1800000);
        check_int(json_array_size(json_object_get(plan, "expectations")), 2);
        check_int(json_integer_value(json_object_get(
                          json_array_get(json_object_get(plan, "expectations"), 1), "weight")),
                  40);
        json_object_del(json_object_get(json_object_get(b, "exercise"), "meta"), "x-coloa");
        if (!json_equal(a, b)) {
                char *s = json_dumps(b, JSON_INDENT(1));
                printf("# %s\n", s);
                free(s);
        }
        check(json_equal(a, b));
        /* And once more, now with ours in it. */
        json_t *again = imported(span_str(text(out, "text"))), *same = plan_of(text(again, "yaml"));
        check(json_equal(plan, same));
        for (json_t **p = (json_t *[]){in, plan, out, a, b, again, same, NULL}; *p; p++)
                json_decref(*p);
}

static void faulty_cexf_is_not_taken_by_half(void) {
        static const char *const changes[][3] = {
                {"\"inject_uuid\":\"short-1\"", "\"inject_uuid\":\"nobody\"", "reference"},
                {"\"action_payload_resource_uuid\":\"930c", "\"action_payload_resource_uuid\":\"x",
                 "reference"},
                {"\"name\":\"late one\",", "", "missing"},
                {"\"uuid\":\"short-1\"}]", "\"uuid\":\"c104aa37-e394-43ce-b82b-a733d3745468\"}]",
                 "twice"},
                {"\"inject_flow\"", "\"flow\"", "missing"},
                {"\"requirements\":{},\"sequence\":{",
                 "\"requirements\":{\"inject_uuid\":\"c104aa37-e394-"
                 "43ce-b82b-a733d3745468\"},\"sequence\":{\"trigger2\":1},\"x\":{",
                 "cycle"},
                {"{\"exercise\":", "{\"exercise\":,", "json"},
        };

        for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
                const char *at = strstr(theirs, changes[i][0]);
                struct buf b = {0};

                check(at != NULL);
                buf_add(&b, theirs, (size_t)(at - theirs));
                buf_str(&b, changes[i][1]);
                buf_str(&b, at + strlen(changes[i][0]));
                json_t *o = job(READER_EXCHANGE, 0, buf_get(&b));
                if (!has_rule(o, "faults", changes[i][2])) {
                        printf("# not told: %s\n", changes[i][2]);
                        show(json_object_get(o, "faults"));
                }
                check(has_rule(o, "faults", changes[i][2]));
                check(json_is_null(json_object_get(o, "yaml"))); /* X1 */
                check(json_is_string(json_object_get(o, "would")) ==
                      (strcmp(changes[i][2], "json") != 0));
                json_decref(o);
                buf_deinit(&b);
        }
}

/* As other editors write it: what is required as a list, joined by any of them; nulls; no length. */
static void requirements_are_joined(void) {
        static const char doc[] =
                "{\"exercise\":{\"name\":\"E\",\"level\":\"advanced\"},\"inject_flow\":[{\"inject_"
                "uuid\":"
                "\"a\",\"requirements\":{}},{\"inject_uuid\":\"b\",\"requirements\":[]},{\"inject_"
                "uuid\":"
                "\"c\",\"requirements\":[{\"inject_uuid\":\"a\",\"join_type\":\"any\"},{\"inject_"
                "uuid\":"
                "\"b\"}],\"timing\":{\"triggered_at\":null,\"periodic_run_every\":null}}],"
                "\"inject_payloads\":[],\"injects\":[{\"uuid\":\"a\",\"name\":\"A\","
                "\"description\":\"Text of "
                "a\"},{\"uuid\":\"b\",\"name\":\"B\",\"description\":null},{\"uuid\":\"c\","
                "\"name\":\"C\","
                "\"inject_evaluation\":[{\"result\":\"\",\"score_range\":[0,20]}]}]}";
        json_t *in = imported(span_str(doc)), *plan = plan_of(text(in, "yaml"));
        const json_t *x = json_object_get(plan, "injects"),
                     *all = json_object_get(plan, "conditions"),
                     *when = json_object_get(json_array_get(x, 2), "when"), *c;

        check(strcmp(text(plan, "level"), "advanced") == 0);
        check(strcmp(text(json_object_get(json_array_get(x, 0), "text"), "en"), "Text of a") == 0);
        check(strcmp(text(when, "after"), "b") == 0);
        c = json_array_get(all, (size_t)json_integer_value(json_object_get(when, "condition")));
        check(strcmp(text(c, "op"), "any") == 0);
        check_int(json_integer_value(json_object_get(c, "n")), 2);
        json_t *out = exported(EXCHANGE_CEXF, text(in, "yaml")), *a = json_loads(doc, 0, NULL),
               *b = json_loads(text(out, "text"), 0, NULL);
        json_t *ex = json_object_get(b, "exercise");
        json_object_del(ex, "meta");           /* ours */
        json_object_del(ex, "total_duration"); /* they had none: an hour is what was taken */
        check(json_equal(a, b));
        for (json_t **p = (json_t *[]){in, plan, out, a, b, NULL}; *p; p++)
                json_decref(*p);
}

/* ---- Attack Flow ---- */

#define ACTION(id, name, more)                                                                     \
        "{\"type\":\"attack-action\",\"id\":\"attack-action--" id "\",\"name\":\"" name "\"" more  \
        "}"

static void flow_becomes_steps(void) {
        static const char flow[] =
                "{\"type\":\"bundle\",\"objects\":[{\"type\":\"attack-flow\",\"id\":"
                "\"attack-flow--1\","
                "\"name\":\"A flow\",\"description\":\"What happened at "
                "bad.ru\",\"start_refs\":[\"attack-"
                "action--a\"]}," ACTION("a", "Phishing",
                                        ",\"technique_id\":\"T1566.001\",\"tactic_id\":"
                                        "\"TA0001\",\"effect_"
                                        "refs\":[\"attack-condition--1\",\"attack-operator-"
                                        "-1\"]") ","
                                                 "{\"type\":\"attack-condition\",\"id\":"
                                                 "\"attack-condition--1\",\"on_true_refs\":"
                                                 "[\"attack-"
                                                 "action--b\"]}," ACTION(
                                                         "b", "Shell",
                                                         ",\"technique_id\":\"T9999\","
                                                         "\"effect_refs\":[\"attack-"
                                                         "operator--1\"]") ","
                                                                           "{\"type\":"
                                                                           "\"attack-"
                                                                           "operator\","
                                                                           "\"id\":"
                                                                           "\"attack-"
                                                                           "operator--1\","
                                                                           "\"operator\":"
                                                                           "\"AND\","
                                                                           "\"effect_"
                                                                           "refs\":["
                                                                           "\"attack-"
                                                                           "action--c\"]}"
                                                                           "," ACTION("c",
                                                                                      "Encrypt"
                                                                                      "ion",
                                                                                      ",\"tech"
                                                                                      "nique_"
                                                                                      "id\":"
                                                                                      "\"T1486"
                                                                                      "\"") "]"
                                                                                            "}";
        json_t *in = imported(span_str(flow)), *plan = plan_of(text(in, "yaml"));
        const json_t *steps = json_object_get(plan, "steps"), *c = json_array_get(steps, 2);

        check(strcmp(text(in, "format"), "attack-flow") == 0);
        check_int(json_array_size(steps), 3);
        check(strcmp(text(json_array_get(steps, 0), "tactic"), "initial-access") == 0);
        check(strcmp(text(json_object_get(json_array_get(steps, 1), "when"), "after"),
                     "phishing") == 0);
        check(has_rule(in, "warnings", "technique"));
        check(strcmp(text(json_object_get(c, "when"), "after"), "shell") == 0);
        json_int_t i = json_integer_value(json_object_get(json_object_get(c, "when"), "condition"));
        const json_t *all = json_array_get(json_object_get(plan, "conditions"), (size_t)i);
        check(strcmp(text(all, "op"), "all") == 0);
        check_int(json_integer_value(json_object_get(all, "n")), 2);
        check(!strstr(text(json_object_get(plan, "summary"), "en"), "bad.ru"));
        json_t *out = exported(EXCHANGE_ATTACK_FLOW, text(in, "yaml"));
        json_t *again = imported(span_str(text(out, "text"))), *same = plan_of(text(again, "yaml"));
        check(json_equal(json_object_get(plan, "title"), json_object_get(same, "title")));
        check_int(json_array_size(json_object_get(same, "steps")), 3);
        json_t *bad = job(
                READER_EXCHANGE, 0,
                SPAN("{\"type\":\"bundle\",\"objects\":[{\"type\":\"attack-flow\",\"id\":\"f\","
                     "\"name\":\"x\"},{\"type\":\"attack-action\",\"id\":\"a\",\"name\":\"A\","
                     "\"effect_refs\":[\"b\"]},{\"type\":\"attack-action\",\"id\":\"b\",\"name\":"
                     "\"B\",\"effect_refs\":[\"a\",\"zz\"]}]}"));
        check(has_rule(bad, "faults", "cycle") && has_rule(bad, "faults", "reference"));
        check(json_is_null(json_object_get(bad, "yaml")));
        for (json_t **p = (json_t *[]){in, plan, out, again, same, bad, NULL}; *p; p++)
                json_decref(*p);
}

static void our_flow_is_whole(void) {
        char *yaml = slurp(TEST_CONTENT "/scenarios/ransomware-province.yaml");
        json_t *out = exported(EXCHANGE_ATTACK_FLOW, yaml),
               *in = imported(span_str(text(out, "text")));
        json_t *plan = plan_of(text(in, "yaml")), *root = json_loads(text(out, "text"), 0, NULL);
        const json_t *o;
        size_t i, actions = 0;

        json_array_foreach(json_object_get(root, "objects"), i, o) actions +=
                strcmp(text(o, "type"), "attack-action") == 0;
        check_int(actions, 9);
        check_int(json_array_size(json_object_get(plan, "steps")), 9);
        for (json_t **p = (json_t *[]){out, in, plan, root, NULL}; *p; p++)
                json_decref(*p);
        free(yaml);
}

/* Sixty conditions that each lead to all: followed only so far. */
static void a_flow_that_fans_out_is_refused(void) {
        struct buf b = {0};

        buf_str(&b, "{\"type\":\"bundle\",\"objects\":[{\"type\":\"attack-flow\",\"id\":\"f\","
                    "\"name\":\"x\"},{\"type\":\"attack-action\",\"id\":\"a\",\"name\":\"A\","
                    "\"effect_refs\":[\"c0\"]}");
        for (unsigned i = 0; i < 60; i++) {
                buf_printf(&b, ",{\"type\":\"attack-condition\",\"id\":\"c%u\",\"on_true_refs\":[",
                           i);
                for (unsigned k = 0; k < 60; k++)
                        buf_printf(&b, "%s\"c%u\"", k ? "," : "", k);
                buf_str(&b, "]}");
        }
        buf_str(&b, "]}");
        json_t *o = job(READER_EXCHANGE, 0, buf_get(&b));
        check(has_rule(o, "faults", "many"));
        json_decref(o);
        buf_deinit(&b);
}

/* ---- MSEL ---- */

static void table_becomes_injects(void) {
        static const char table[] =
                "STT;Thời gian;Loại;Tiêu đề;Nội dung;Người nhận;Mong đợi;Điểm;Ghi chú\r\n"
                "1;0:05;Điện thoại;Báo chí gọi;\"Hỏi về \"\"sự cố\"\", ra sao?\";lead;Trả lời "
                "đúng;7;x\r\n"
                "2;00:20:30;bước;Mã hóa;;;;;\r\n";
        json_t *in = imported(span_str(table)), *plan = plan_of(text(in, "yaml"));
        const json_t *x = json_array_get(json_object_get(plan, "injects"), 0),
                     *s = json_array_get(json_object_get(plan, "steps"), 0);

        check(strcmp(text(in, "format"), "msel") == 0);
        check(has_rule(in, "warnings", "lax")); /* Ghi chú */
        check(strcmp(text(x, "kind"), "call") == 0);
        check(strcmp(text(json_object_get(x, "text"), "vi"), "Hỏi về \"sự cố\", ra sao?") == 0);
        check_int(json_integer_value(json_object_get(json_object_get(s, "when"), "at")), 1230000);
        check_int(json_integer_value(json_object_get(
                          json_array_get(json_object_get(plan, "expectations"), 0), "weight")),
                  7);
        json_t *bad = job(READER_EXCHANGE, 0, SPAN("time,title\n0:05,good\nsoon,bad\n,\n0:10,\n"));
        const json_t *f = json_array_get(json_object_get(bad, "faults"), 0);
        check_int(json_integer_value(json_object_get(bad, "n_faults")), 2);
        check(strcmp(text(f, "rule"), "time") == 0);
        check_int(json_integer_value(json_object_get(f, "line")), 3);
        check(strstr(text(bad, "would"), "good"));
        json_t *none = job(READER_EXCHANGE, 0, SPAN("a,b\n1,2\n"));
        check(has_rule(none, "faults", "column"));
        for (json_t **p = (json_t *[]){in, plan, bad, none, NULL}; *p; p++)
                json_decref(*p);
}

static void table_goes_out_and_in(void) {
        char *yaml = slurp(TEST_CONTENT "/scenarios/ransomware-province.yaml");
        json_t *a = plan_of(yaml), *out = exported(EXCHANGE_MSEL, yaml);
        json_t *in = imported(span_str(text(out, "text"))), *b = plan_of(text(in, "yaml"));
        const json_t *x, *y;
        size_t i;

        json_array_foreach(json_object_get(a, "injects"), i, x) {
                y = NULL;
                for (size_t k = 0; k < json_array_size(json_object_get(b, "injects")); k++) {
                        const json_t *o = json_array_get(json_object_get(b, "injects"), k);

                        if (strcmp(text(o, "id"), text(x, "id")) == 0)
                                y = o;
                }
                check(y != NULL);
                check(json_equal(json_object_get(x, "title"), json_object_get(y, "title")));
                check(strcmp(text(x, "kind"), text(y, "kind")) == 0);
        }
        check_int(json_array_size(json_object_get(b, "steps")), 12);
        for (json_t **p = (json_t *[]){a, out, in, b, NULL}; *p; p++)
                json_decref(*p);
        free(yaml);
}

static void cells_are_no_formulas(void) {
        json_t *in = imported(SPAN("time,title,expected\n0:05,'=cmd(),that\n"));
        json_t *out = exported(EXCHANGE_MSEL, text(in, "yaml"));

        check(strstr(text(out, "text"), "\"'=cmd()\""));
        json_decref(in);
        json_decref(out);
}

static void layer_has_the_techniques(void) {
        char *yaml = slurp(TEST_CONTENT "/scenarios/ransomware-province.yaml");
        json_t *out = exported(EXCHANGE_NAVIGATOR, yaml),
               *o = json_loads(text(out, "text"), 0, NULL);
        const json_t *t = json_array_get(json_object_get(o, "techniques"), 0);

        check_int(json_array_size(json_object_get(o, "techniques")), 9);
        check(strcmp(text(t, "techniqueID"), "T1566.001") == 0);
        check_int(json_integer_value(json_object_get(t, "score")), 12);
        json_decref(out);
        json_decref(o);
        free(yaml);
}

int main(void) {
        RUN(cexf_loses_nothing_of_ours);
        RUN(a_change_in_cexf_is_taken);
        RUN(cexf_is_kept_verbatim);
        RUN(requirements_are_joined);
        RUN(faulty_cexf_is_not_taken_by_half);
        RUN(flow_becomes_steps);
        RUN(our_flow_is_whole);
        RUN(a_flow_that_fans_out_is_refused);
        RUN(table_becomes_injects);
        RUN(table_goes_out_and_in);
        RUN(cells_are_no_formulas);
        RUN(layer_has_the_techniques);
        return check_done();
}
