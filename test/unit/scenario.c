/* Scenarios: one that is sound, then every rule broken once, told at its line with a remedy in both languages; plans
 * that are loaded are those that were written, and none that was tampered with; those that ship check clean. */
#include <dirent.h>
#include <jansson.h>

#include "check.h"
#include "exercise/scenario_impl.h"
#include "reader/reader.h"

static const char good[] =
        "scenario: coloa-scenario/1\n"
        "id: small\n"
        "version: 2\n"
        "level: basic\n"
        "length: 60m\n"
        "demo: {speed: 6}\n"
        "title: {en: A small one, vi: Kịch bản nhỏ}\n"
        "summary: {en: \"One step at {unit}, on {host:ws}.\", vi: \"Một bước tại {unit}.\"}\n"
        "objectives:\n"
        "  - {en: See it, vi: Thấy được}\n"
        "roles: [officer, lead, approver]\n"
        "containment: rehearsed\n"
        "noise: 4\n"
        "network:\n"
        "  hosts:\n"
        "    - {id: ws, name: \"{unit}-WS\", address: 10.1.1.2, os: windows, kind: workstation, "
        "sources: "
        "[sysmon, security]}\n"
        "    - {id: web, name: web01, address: 10.1.1.3, os: linux, kind: web, criticality: 3, "
        "sources: [web, auditd]}\n"
        "  accounts:\n"
        "    - {id: lan, name: lan.nt, kind: user, person: {en: A clerk, vi: Văn thư}}\n"
        "  outside:\n"
        "    - {id: c2, address: 203.0.113.9, domain: c2.example, attacker: true}\n"
        "    - {id: friend, domain: friend.example}\n"
        "steps:\n"
        "  - id: open\n"
        "    at: 5m\n"
        "    title: {en: It begins, vi: Bắt đầu}\n"
        "    technique: T1204.002\n"
        "    tactic: execution\n"
        "    activities:\n"
        "      - {activity: office_spawns_script, host: ws, account: lan, offset: 10s, with: "
        "{file: "
        "a.docm}}\n"
        "  - id: call-home\n"
        "    after: open\n"
        "    delay: 5m\n"
        "    when: {not: {any: [{fact: contained, object: ws}, {chose: call, choice: stop}]}}\n"
        "    title: {en: It calls home, vi: Kết nối ra ngoài}\n"
        "    technique: T1059.001\n"
        "    activities:\n"
        "      - {activity: download_cradle, host: ws, account: lan, outside: c2}\n"
        "  - id: visit\n"
        "    background: true\n"
        "    at: 2m\n"
        "    title: {en: Somebody reads, vi: Có người đọc}\n"
        "    activities:\n"
        "      - {activity: user_browse, host: web, with: {count: 20}}\n"
        "  - id: friendly\n"
        "    background: true\n"
        "    at: 2m\n"
        "    title: {en: A neighbour looks in, vi: Đơn vị bạn ghé xem}\n"
        "    targets: [web, friend]\n"
        "    activities:\n"
        "      - {activity: user_browse, host: web}\n"
        "injects:\n"
        "  - id: call\n"
        "    kind: call\n"
        "    at: 8m\n"
        "    title: {en: A call, vi: Điện thoại}\n"
        "    text: {en: \"See {host:ws} at {domain}\", vi: \"Xem {host:ws} tại {domain}\"}\n"
        "    roles: [officer]\n"
        "    choices:\n"
        "      - {id: stop, worth: 1, text: {en: Stop it, vi: Dừng lại}}\n"
        "      - {id: go, worth: 0, text: {en: Go on, vi: Cứ tiếp tục}}\n"
        "expectations:\n"
        "  - {id: see, of: open, fact: alert, weight: 10, curve: {g: 1m, d: 3m, h: 8m}, title: "
        "{en: "
        "Seen, vi: Thấy}}\n"
        "  - {id: see-2, of: call-home, fact: alert, weight: 10, curve: {g: 1m, d: 3m, h: 8m}, "
        "title: "
        "{en: Seen too, vi: Thấy nữa}}\n"
        "  - {id: see-3, of: call-home, fact: alert, weight: 10, curve: {g: 1m, d: 3m, h: 8m}, "
        "title: "
        "{en: Seen thrice, vi: Thấy lần ba}}\n"
        "  - {id: kind, of: open, fact: classified, weight: 10, curve: {g: 6m, d: 12m, h: 30m}, "
        "values: {malware: 1, access: 0.5}, title: {en: Named, vi: Gọi đúng tên}}\n"
        "  - {id: take, of: open, fact: acknowledged, weight: 10, curve: {g: 6m, d: 12m, h: 30m}, "
        "title: {en: Taken, vi: Đã nhận}}\n"
        "  - {id: cut, of: open, fact: contained, capability: triage, weight: 10, curve: {g: 6m, "
        "d: "
        "12m, h: 30m, p: 0.25}, objects: [ws, lan], title: {en: Cut off, vi: Cô lập}, roles: "
        "[lead]}\n"
        "  - {id: say, of: call, fact: answered, capability: detect, weight: 5, curve: {g: 6m, d: "
        "12m, "
        "h: 30m}, title: {en: Said, vi: Trả lời}}\n"
        "hints:\n"
        "  - {id: h1, step: open, expectations: [take], price: 3, text: {en: Look, vi: Xem kỹ}}\n";

/* ---- reading ---- */

static json_t *read_text(struct span s) {
        struct buf in = {0}, out = {0};

        buf_char(&in, READER_SCENARIO);
        buf_span(&in, s);
        check_int(job_reader(buf_get(&in), &out), 0);
        json_t *o = json_loadb(out.p, out.len, JSON_REJECT_DUPLICATES, NULL);
        buf_deinit(&in);
        buf_deinit(&out);
        check(json_is_object(o));
        /* SC1 */
        check(json_is_null(json_object_get(o, "plan")) ==
              (json_integer_value(json_object_get(o, "n_faults")) > 0));
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
                printf("# %lld:%lld %s %s: %s; %s\n",
                       (long long)json_integer_value(json_object_get(f, "line")),
                       (long long)json_integer_value(json_object_get(f, "column")), text(f, "rule"),
                       text(f, "where"), text(f, "en"), text(f, "remedy_en"));
}

static struct plan *plan_of(const json_t *o) {
        struct plan *p = NULL;
        char *s = json_dumps(json_object_get(o, "plan"), JSON_COMPACT);
        int r = plan_load(span_str(s), &p);

        free(s);
        check_int(r, 0);
        return p;
}

/* ---- what is sound ---- */

static void small_is_sound(void) {
        json_t *o = read_text(span_str(good));

        show(json_object_get(o, "faults"));
        show(json_object_get(o, "warnings"));
        check_int(json_integer_value(json_object_get(o, "n_faults")), 0);
        check_int(json_integer_value(json_object_get(o, "n_warnings")), 0);
        struct plan *p = plan_of(o);
        check_int(p->n_hosts, 2);
        check_int(p->n_steps, 4);
        check_int(p->length, 3600000);
        check_int(p->speed_max, 12);
        check_int(p->demo_speed, 6);
        check(!p->simulated);
        check_int(p->steps[1].when.delay, 300000);
        check(strcmp(p->steps[1].when.after, "open") == 0);
        check(p->steps[2].background);
        check_int(p->steps[0].activities[0].offset, 10000);
        check(strcmp(p->steps[0].activities[0].with[0].value, "a.docm") == 0);
        check_int(p->expectations[5].p, 250000);
        check_int(p->expectations[3].values[1].worth, 500000);
        check_int(p->expectations[0].part, PART_MACHINE);
        /* not(any(fact, chose)) */
        const struct plan_condition *c = &p->conditions[p->steps[1].when.condition];
        check_int(c->op, PLAN_NOT);
        c = &p->conditions[c->first];
        check_int(c->op, PLAN_ANY);
        check_int(c->n, 2);
        check_int(p->conditions[c->first].fact, FACT_CONTAINED);
        check(strcmp(p->conditions[c->first + 1].value, "stop") == 0);
        plan_free(p);
        json_decref(o);
}

static void names_are_put_in(void) {
        const char *hosts[] = {NULL, "portal-7"}, *accounts[] = {"lan.tran"};
        struct plan_cast cast = {
                .unit = "STTTT", .hosts = hosts, .accounts = accounts, .domain = "stttt.example"};
        json_t *o = read_text(span_str(good));
        struct plan *p = plan_of(o);
        struct buf b = {0};

        plan_fill(p, &cast, "{host:ws} {host:web} {address:ws} {account:lan} {domain} {x} {", &b);
        check_span(buf_get(&b), "STTTT-WS portal-7 10.1.1.2 lan.tran stttt.example {x} {");
        buf_reset(&b);
        plan_fill(p, NULL, "{host:ws}{outside:c2}{outside:friend}{host:nobody}", &b);
        check_span(buf_get(&b), "unit-WSc2.examplefriend.example{host:nobody}");
        buf_deinit(&b);
        plan_free(p);
        json_decref(o);
}

static void same_text_same_plan(void) {
        json_t *a = read_text(span_str(good)), *b = read_text(span_str(good));
        char *x = json_dumps(a, 0), *y = json_dumps(b, 0);

        check(strcmp(x, y) == 0);
        free(x);
        free(y);
        json_decref(a);
        json_decref(b);
}

/* ---- what is wrong ---- */

static const struct {
        const char *rule, *find, *put, *line; /* `line`: a text of the line that is told */
} broken[] = {
#include "scenario_broken.h"
};

static char *changed(const char *find, const char *put) {
        const char *at = strstr(good, find);
        struct buf b = {0};

        check(at != NULL);
        buf_add(&b, good, (size_t)(at - good));
        buf_str(&b, put);
        buf_str(&b, at + strlen(find));
        buf_char(&b, '\0');
        return b.p;
}

static unsigned line_of(const char *s, const char *what) {
        const char *at = *what ? strstr(s, what) : s;
        unsigned n = 1;

        check(at != NULL);
        for (; s < at; s++)
                n += *s == '\n';
        return n;
}

static bool told(const json_t *o, const char *list, const char *rule, unsigned line) {
        const json_t *f;
        size_t i;
        bool found = false;

        json_array_foreach(json_object_get(o, list), i, f) {
                check(json_integer_value(json_object_get(f, "line")) > 0); /* SC3 */
                check(json_integer_value(json_object_get(f, "column")) > 0);
                check(*text(f, "en") && *text(f, "vi") && *text(f, "remedy_en") &&
                      *text(f, "remedy_vi"));
                check(!strstr(text(f, "en"), "{1}") && !strstr(text(f, "remedy_en"), "{2}"));
                found |= strcmp(text(f, "rule"), rule) == 0 &&
                         json_integer_value(json_object_get(f, "line")) == line;
        }
        return found;
}

static bool is_fault(const char *rule) {
        for (unsigned i = 0; i < RULES; i++)
                if (strcmp(scenario_rules[i].name, rule) == 0)
                        return scenario_rules[i].fault;
        return true;
}

static void every_rule_is_told(void) {
        unsigned bad = 0;

        for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
                char *s = changed(broken[i].find, broken[i].put);
                unsigned line = line_of(s, broken[i].line);
                json_t *o = read_text(span_str(s));

                if (!told(o, is_fault(broken[i].rule) ? "faults" : "warnings", broken[i].rule,
                          line)) {
                        printf("# not told: %s at line %u (%s)\n", broken[i].rule, line,
                               broken[i].put);
                        show(json_object_get(o, "faults"));
                        show(json_object_get(o, "warnings"));
                        bad++;
                }
                json_decref(o);
                free(s);
        }
        check_int(bad, 0);
}

static void no_rule_without_a_sample(void) {
        unsigned bad = 0;

        for (unsigned i = 0; i < RULES; i++) {
                bool there = strcmp(scenario_rules[i].name, "size") == 0 ||
                             strcmp(scenario_rules[i].name, "yaml") == 0;

                for (size_t k = 0; k < ARRAY_LEN(broken) && !there; k++)
                        there = strcmp(broken[k].rule, scenario_rules[i].name) == 0;
                if (!there) {
                        printf("# no sample: %s\n", scenario_rules[i].name);
                        bad++;
                }
        }
        check_int(bad, 0);
}

static void many_faults_are_counted(void) {
        struct buf b = {0};

        buf_str(&b, "scenario: coloa-scenario/1\n");
        for (unsigned i = 0; i < 500; i++)
                buf_printf(&b, "k%u: 1\n", i);
        json_t *o = read_text(buf_get(&b));
        check(json_integer_value(json_object_get(o, "n_faults")) >= 500);
        check_int(json_array_size(json_object_get(o, "faults")), SCENARIO_FAULTS_MAX);
        json_decref(o);
        buf_reset(&b);
        for (unsigned i = 0; i < 600000; i++)
                buf_str(&b, "# ");
        o = read_text(buf_get(&b));
        check(told(o, "faults", "size", 1));
        json_decref(o);
        buf_deinit(&b);
}

/* ---- plans that were tampered with ---- */

static void tampered_plan_is_refused(void) {
        static const char *const changes[][2] = {
                {"\"first\":2", "\"first\":0"},
                {"\"first\":1", "\"first\":900"},
                {"\"host\":\"ws\"", "\"host\":\"no\""},
                {"\"of\":\"open\"", "\"of\":\"no\""},
                {"\"after\":\"open\"", "\"after\":\"no\""},
                {"\"weight\":10", "\"weight\":0"},
                {"\"g\":60000", "\"g\":60000000"},
                {"\"os\":\"windows\"", "\"os\":\"w\""},
                {"\"at\":300000", "\"at\":-1"},
                {"\"id\":\"web\"", "\"id\":\"ws\""},
                {"\"id\":\"open\"", "\"id\":\"Open\""},
                {"\"length\":3600000", "\"length\":0"},
                {"\"simulated\":false", "\"simulated\":0"},
                {"\"hash\":\"", "\"hash\":\"x"},
        };
        json_t *o = read_text(span_str(good));
        char *s = json_dumps(json_object_get(o, "plan"), JSON_COMPACT);
        struct plan *p = NULL;

        for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
                const char *at = strstr(s, changes[i][0]);
                struct buf b = {0};

                if (!at)
                        printf("# not there: %s\n", changes[i][0]);
                check(at != NULL);
                buf_add(&b, s, (size_t)(at - s));
                buf_str(&b, changes[i][1]);
                buf_str(&b, at + strlen(changes[i][0]));
                int r = plan_load(buf_get(&b), &p);
                if (r != -EBADMSG)
                        printf("# taken: %s\n", changes[i][1]);
                check_int(r, -EBADMSG);
                buf_deinit(&b);
        }
        check_int(plan_load(SPAN("[]"), &p), -EBADMSG);
        check_int(plan_load(SPAN_NONE, &p), -EBADMSG);
        free(s);
        json_decref(o);
}

/* ---- those that ship ---- */

static void shipped_are_sound(void) {
        DIR *d = opendir(TEST_CONTENT "/scenarios");
        const struct dirent *e;
        unsigned n = 0;

        check(d != NULL);
        while ((e = readdir(d))) {
                char path[1000];
                struct buf b = {0};
                int c;

                if (!strstr(e->d_name, ".yaml"))
                        continue;
                snprintf(path, sizeof(path), TEST_CONTENT "/scenarios/%s", e->d_name);
                FILE *f = fopen(path, "rb");
                check(f != NULL);
                while ((c = fgetc(f)) != EOF)
                        buf_char(&b, (char)c);
                fclose(f);
                json_t *o = read_text(buf_get(&b));
                printf("# %s\n", e->d_name);
                show(json_object_get(o, "faults"));
                show(json_object_get(o, "warnings"));
                check_int(json_integer_value(json_object_get(o, "n_faults")), 0);
                check_int(json_integer_value(json_object_get(o, "n_warnings")), 0);
                struct plan *p = plan_of(o);
                check(p->length >= 60 * 60000 && p->length <= 90 * 60000);
                check(p->length / p->demo_speed <= 11 * 60000);
                check(p->n_steps >= 8 && p->n_injects >= 5 && p->n_expectations >= 12);
                plan_free(p);
                json_decref(o);
                buf_deinit(&b);
                n++;
        }
        closedir(d);
        check(n >= 6);
}

/* ---- the manual ---- */

static char *slurp(const char *path) {
        FILE *f = fopen(path, "rb");
        char *p = calloc(1, (size_t)1 << 20);

        check(f && p);
        check(fread(p, 1, ((size_t)1 << 20) - 1, f) > 0);
        fclose(f);
        return p;
}

/* Its example checks clean, and every rule is explained. */
static void manual_is_right(void) {
        static const char *const files[] = {TEST_CONTENT "/../doc/scenarios.md",
                                            TEST_CONTENT "/../doc/scenarios.vi.md"};

        for (size_t i = 0; i < ARRAY_LEN(files); i++) {
                char *doc = slurp(files[i]), *at = strstr(doc, "```yaml\n"), name[60];
                const char *end = at ? strstr(at + 8, "```") : NULL;

                check(at && end);
                json_t *o = read_text(span_of(at + 8, (size_t)(end - at - 8)));
                show(json_object_get(o, "faults"));
                show(json_object_get(o, "warnings"));
                check_int(json_integer_value(json_object_get(o, "n_faults")), 0);
                check_int(json_integer_value(json_object_get(o, "n_warnings")), 0);
                json_decref(o);
                for (unsigned k = 0; k < RULES; k++) {
                        snprintf(name, sizeof(name), "| `%s` |", scenario_rules[k].name);
                        if (strcmp(scenario_rules[k].name, "yaml") != 0 && !strstr(doc, name)) {
                                printf("# %s: no %s\n", files[i], name);
                                check(false);
                        }
                }
                free(doc);
        }
}

int main(void) {
        RUN(manual_is_right);
        RUN(small_is_sound);
        RUN(names_are_put_in);
        RUN(same_text_same_plan);
        RUN(every_rule_is_told);
        RUN(no_rule_without_a_sample);
        RUN(many_faults_are_counted);
        RUN(tampered_plan_is_refused);
        RUN(shipped_are_sound);
        return check_done();
}
