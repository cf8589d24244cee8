/* Playbooks in CACAO 2.0: ours are sound, OASIS's examples are taken or refused for the right reason, every
 * rule that is broken is named at its place, and the picture has no two steps in one place. */
#include <dirent.h>
#include <jansson.h>

#include "check.h"
#include "reader/playbook.h"
#include "reader/reader.h"

static char *slurp(const char *path, size_t *ret_len) {
        FILE *f = fopen(path, "rb");
        char *p = NULL;
        size_t n = 0;

        if (!f)
                return NULL;
        p = malloc((size_t)2 << 20);
        n = p ? fread(p, 1, (size_t)2 << 20, f) : 0;
        fclose(f);
        *ret_len = n;
        return p;
}

static json_t *read_text(struct span s) {
        struct buf in = {0}, out = {0};

        buf_char(&in, READER_PLAYBOOK);
        buf_span(&in, s);
        check_int(job_reader(buf_get(&in), &out), 0);
        json_t *o = json_loadb(out.p, out.len, JSON_REJECT_DUPLICATES, NULL);
        buf_deinit(&in);
        buf_deinit(&out);
        check(json_is_object(o));
        /* R1 */
        check(json_is_null(json_object_get(o, "plan")) ==
              (json_integer_value(json_object_get(o, "n_faults")) > 0));
        return o;
}

static json_t *read_file(const char *path) {
        size_t len;
        char *p = slurp(path, &len);

        check(p != NULL);
        json_t *o = read_text(span_of(p, len));
        free(p);
        return o;
}

static const char *text(const json_t *o, const char *key) {
        const char *s = json_string_value(json_object_get(o, key));
        return s ? s : "";
}

static void show(const json_t *o) {
        const json_t *f;
        size_t i;

        json_array_foreach(json_object_get(o, "faults"), i, f) printf(
                "# fault %s: %s (%s)\n", text(f, "pointer"), text(f, "en"), text(f, "value"));
        json_array_foreach(json_object_get(o, "warnings"), i, f)
                printf("# warning %s: %s\n", text(f, "pointer"), text(f, "en"));
}

/* A fault (or warning) at exactly that place, whose text begins so. */
static bool told(const json_t *o, const char *list, const char *pointer, const char *en) {
        const json_t *f;
        size_t i;

        json_array_foreach(json_object_get(o, list), i,
                           f) if (strcmp(text(f, "pointer"), pointer) == 0 &&
                                  strncmp(text(f, "en"), en, strlen(en)) ==
                                          0) return *text(f, "vi") != '\0';
        show(o);
        return false;
}

/* ---- ours ---- */

static void sound_picture(const json_t *plan) {
        const json_t *graph = json_object_get(plan, "graph"),
                     *nodes = json_object_get(graph, "nodes");
        const json_t *a, *b, *e;
        size_t i, k;

        check_int(json_array_size(nodes), json_array_size(json_object_get(plan, "steps")));
        json_array_foreach(nodes, i, a) json_array_foreach(nodes, k, b) {
                double d = json_number_value(json_object_get(a, "column")) -
                           json_number_value(json_object_get(b, "column"));
                bool same = json_integer_value(json_object_get(a, "rank")) ==
                            json_integer_value(json_object_get(b, "rank"));
                check(i == k || !same || d >= 0.99 || d <= -0.99);
                check(json_number_value(json_object_get(a, "column")) >= 0);
        }
        json_array_foreach(json_object_get(graph, "edges"), i, e) {
                size_t from = (size_t)json_integer_value(json_object_get(e, "from"));
                size_t to = (size_t)json_integer_value(json_object_get(e, "to"));

                check(from < json_array_size(nodes) && to < json_array_size(nodes));
                if (strcmp(text(e, "kind"), "loop") != 0)
                        check(json_integer_value(
                                      json_object_get(json_array_get(nodes, from), "rank")) <
                              json_integer_value(
                                      json_object_get(json_array_get(nodes, to), "rank")));
        }
}

/* Everything a person reads is there in both languages. */
static void both_languages(const json_t *plan) {
        const json_t *n;
        size_t i;

        check(*text(plan, "name") && *text(plan, "name_vi"));
        check(*text(plan, "about") && *text(plan, "about_vi"));
        check(json_array_size(json_object_get(plan, "kinds")) > 0);
        json_array_foreach(json_object_get(plan, "variables"), i, n)
                check(*text(n, "about") && *text(n, "about_vi"));
        json_array_foreach(json_object_get(json_object_get(plan, "graph"), "nodes"), i, n) {
                const json_t *c = json_array_get(json_object_get(n, "commands"), 0);

                check(*text(n, "name") && *text(n, "name_vi"));
                if (strcmp(text(n, "type"), "action") == 0) {
                        check(*text(n, "part") && *text(n, "agent") && *text(n, "agent_vi"));
                        if (*text(n, "auto"))
                                check(*text(n, "about") && *text(n, "about_vi"));
                        else
                                check(*text(c, "text") && *text(c, "text_vi"));
                } else if (strstr(text(n, "type"), "condition")) {
                        check(*text(n, "question") && *text(n, "question_vi"));
                }
        }
}

static void ours_are_sound(void) {
        DIR *d = opendir(TEST_CONTENT "/playbooks");
        struct dirent *e;
        unsigned n = 0;

        check(d != NULL);
        while ((e = readdir(d))) {
                char path[512];

                if (!strstr(e->d_name, ".json"))
                        continue;
                snprintf(path, sizeof(path), TEST_CONTENT "/playbooks/%s", e->d_name);
                json_t *o = read_file(path);
                const json_t *plan = json_object_get(o, "plan"),
                             *counts = json_object_get(plan, "counts");
                if (json_is_null(plan) || json_array_size(json_object_get(o, "warnings"))) {
                        printf("# %s\n", e->d_name);
                        show(o);
                }
                check(json_is_object(plan));
                check_int(json_array_size(json_object_get(o, "warnings")), 0);
                check(json_integer_value(json_object_get(counts, "steps")) >= 12);
                check(json_integer_value(json_object_get(counts, "automatic")) >= 3);
                check(json_integer_value(json_object_get(counts, "parallel")) >= 1);
                check(json_integer_value(json_object_get(counts, "conditions")) >= 2);
                both_languages(plan);
                sound_picture(plan);
                json_decref(o);
                n++;
        }
        closedir(d);
        check(n >= 10);
}

/* ---- OASIS's ---- */

static json_t *example(const char *name) {
        char path[1024];

        snprintf(path, sizeof(path), "%s/dev-set/reference/cacao/oasis-tcs/%s", check_data(), name);
        return read_file(path);
}

static void examples_of_oasis(void) {
        static const char layout[] = "Extensions/layout/examples/"
                                     "playbook--aa1898b6-5251-49b4-aeb7-fd5e912583ff.json";
        if (!check_data())
                check_skip("COLOA_TEST_DATA is not set");
        json_t *o = example("Examples/CACAO-2.0/spec-3.1-example.json");
        check(json_is_object(json_object_get(o, "plan")));
        check_span(span_str(text(json_object_get(o, "plan"), "tlp")), "TLP:GREEN");
        json_decref(o);
        o = example("Examples/CACAO-2.0/basic-example-1.json");
        check(json_is_object(json_object_get(o, "plan")));
        json_decref(o);
        /* One of its targets is defined nowhere ("The ID MUST reference a CACAO agent-target object"). */
        o = example("Examples/CACAO-2.0/locky-bart-mbc-examples.json");
        check_int(json_integer_value(json_object_get(o, "n_faults")), 1);
        check(told(o, "faults", "/workflow/action--191bce6e-2fea-4a7e-b4a5-c0d96f129a8d/targets/0",
                   "this target is not in target_definitions"));
        json_decref(o);
        /* Drawn only: its steps have neither commands nor agents, its switch nothing to switch on. */
        o = example(layout);
        check(told(o, "faults",
                   "/workflow/switch-condition--72c55a11-5091-4714-8050-baa854d72eda/switch",
                   "this property is missing"));
        check(told(o, "faults", "/workflow/action--4005472a-0b74-48c6-b04b-45bb8cf2b1ae/commands",
                   "this property is missing"));
        json_decref(o);
        o = example("Examples/CACAO-2.0/identity-object.json");
        check_int(json_integer_value(json_object_get(o, "n_faults")), 1);
        check(told(o, "faults", "/type", "it is no playbook"));
        json_decref(o);
}

/* ---- one that is sound, and what breaks it ---- */

#define START "start--00000000-0000-4000-8000-000000000001"
#define DO "action--00000000-0000-4000-8000-000000000002"
#define DO2 "action--00000000-0000-4000-8000-000000000003"
#define IF "if-condition--00000000-0000-4000-8000-000000000004"
#define WHILE "while-condition--00000000-0000-4000-8000-000000000005"
#define END "end--00000000-0000-4000-8000-000000000006"
#define END2 "end--00000000-0000-4000-8000-000000000007"
#define PAR "parallel--00000000-0000-4000-8000-000000000008"
#define GROUP "group--00000000-0000-4000-8000-000000000009"

static json_t *sound(void) {
        static const char doc[] =
                "{'type':'playbook','spec_version':'cacao-2.0','id':'playbook--00000000-0000-4000-"
                "8000-"
                "000000000000','name':'x','created_by':'identity--00000000-0000-4000-8000-"
                "000000000000',"
                "'created':'2026-01-02T03:04:05.678Z','modified':'2026-01-02T03:04:05.678Z',"
                "'workflow_start':'" START "','playbook_variables':{'__a__':{'type':'bool'}},"
                "'workflow':{'" START "':{'type':'start','on_completion':'" IF "'},'" IF
                "':{'type':'if-condition','condition':\"__a__:value = 'true'\",'on_true':'" WHILE
                "','on_completion':'" DO "'},'" WHILE
                "':{'type':'while-condition','condition':\"__a__:value = 'true'\",'on_true':'" DO2
                "','on_completion':'" END2 "'},'" DO2
                "':{'type':'action','commands':[{'type':'manual','command':'x'}],'agent':'" GROUP
                "','on_completion':'" END2 "'},'" DO
                "':{'type':'action','commands':[{'type':'manual','command':'x'}],'agent':'" GROUP
                "','on_success':'" END "','on_failure':'" END "'},'" END "':{'type':'end'},'" END2
                "':{'type':'end'}},'agent_definitions':{'" GROUP "':{'type':'group','name':'g'}}}";
        char text[sizeof(doc)];
        bool within = false;

        for (size_t i = 0; i < sizeof(doc); i++) { /* ' → " but within "…" */
                if (doc[i] == '"')
                        within = !within;
                text[i] = doc[i] == '\'' && !within ? '"' : doc[i];
        }
        json_t *o = json_loads(text, 0, NULL);
        check(o != NULL);
        return o;
}

/* Sets (or with NULL removes) what a pointer names, reads, and says whether exactly that fault is there. */
static bool breaks(const char *pointer, const char *value, const char *at, const char *en) {
        json_t *o = sound(), *in = o;
        char path[512], *save = NULL, *key, *next;

        snprintf(path, sizeof(path), "%s", pointer + 1);
        for (key = strtok_r(path, "/", &save); (next = strtok_r(NULL, "/", &save)); key = next) {
                in = json_is_array(in) ? json_array_get(in, (size_t)strtoul(key, NULL, 10))
                                       : json_object_get(in, key);
                check(in != NULL);
        }
        if (value)
                json_object_set_new(in, key, json_loads(value, JSON_DECODE_ANY, NULL));
        else
                check(json_object_del(in, key) == 0);
        char *dump = json_dumps(o, 0);
        json_t *said = read_text(span_str(dump));
        bool is = told(said, "faults", at, en);
        free(dump);
        json_decref(said);
        json_decref(o);
        return is;
}

static void the_sound_one(void) {
        json_t *o = sound();
        char *dump = json_dumps(o, 0);
        json_t *said = read_text(span_str(dump)), *plan = json_object_get(said, "plan");

        show(said);
        check(json_is_object(plan));
        check_int(json_array_size(json_object_get(said, "warnings")), 0);
        sound_picture(plan);
        const json_t *second = json_array_get(json_object_get(plan, "steps"), 1);
        check_span(span_str(text(second, "type")), "if-condition");
        check_int(json_integer_value(json_object_get(second, "true")), 2);
        check_int(json_integer_value(json_object_get(second, "false")), -1);
        check_int(json_integer_value(json_object_get(second, "next")), 4);
        free(dump);
        json_decref(said);
        json_decref(o);
}

static void broken_properties(void) {
        check(breaks("/name", NULL, "/name", "this property is missing"));
        check(breaks("/name", "\"\"", "/name", "the text is empty"));
        check(breaks("/name", "3", "/name", "it is no text"));
        check(breaks("/name", "\"a\\u202eb\"", "/name", "the text has characters"));
        check(breaks("/spec_version", "\"cacao-1.1\"", "/spec_version",
                     "it is no playbook of CACAO 2.0"));
        check(breaks("/id", "\"play--1\"", "/id", "it is no identifier"));
        check(breaks("/created", "\"2026-01-02T03:04:05Z\"", "/created", "it is no time"));
        check(breaks("/modified", "\"2025-01-02T03:04:05.678Z\"", "/modified",
                     "it was modified before"));
        check(breaks("/valid_from", "\"yesterday\"", "/valid_from", "it is no time"));
        check(breaks("/severity", "101", "/severity", "it is no whole number from 0 to 100"));
        check(breaks("/labels", "[]", "/labels", "it is no list"));
        check(breaks("/revoked", "\"true\"", "/revoked", "it is neither true nor false"));
        check(breaks("/colour", "1", "/colour", "CACAO 2.0 has no such property"));
        check(breaks("/playbook_types", "[\"mitigation\"]", "/playbook_activities",
                     "playbook_types without"));
        check(breaks("/playbook_variables/a", "{\"type\":\"bool\"}", "/playbook_variables/a",
                     "it is no name"));
        check(breaks("/playbook_variables/__a__/value", "1", "/playbook_variables/__a__/value",
                     "a variable's value"));
        check(breaks("/markings", "[\"marking-tlp--00000000-0000-4000-8000-000000000000\"]",
                     "/markings/0", "this marking is not"));
        check(breaks("/agent_definitions/" GROUP "/name", NULL, "/agent_definitions/" GROUP "/name",
                     "this property is missing"));
        check(breaks("/agent_definitions/" GROUP "/type", "\"individual\"",
                     "/agent_definitions/" GROUP, "its type is not"));
        check(breaks("/workflow/" DO "/commands/0/type", NULL, "/workflow/" DO "/commands/0/type",
                     "this property is missing"));
        check(breaks("/workflow/" DO "/step_extensions", "{\"" PLAYBOOK_EXTENSION "\":{}}",
                     "/workflow/" DO "/step_extensions/" PLAYBOOK_EXTENSION,
                     "this extension is not"));
        check(breaks("/workflow/" DO "/a~1b", "1", "/workflow/" DO "/a~01b",
                     "CACAO 2.0 has no such"));
}

static void broken_flow(void) {
        check(breaks("/workflow_start", "\"" DO "\"", "/workflow_start", "it is no start step"));
        check(breaks("/workflow_start", "\"start--00000000-0000-4000-8000-00000000000f\"",
                     "/workflow_start", "there is no such step"));
        check(breaks("/workflow/" DO "/on_success", "\"" DO "\"", "/workflow/" DO "/on_success",
                     "it leads back"));
        check(breaks("/workflow/" DO "/on_success", "\"" IF "\"", "/workflow/" DO "/on_success",
                     "it leads back"));
        check(breaks("/workflow/" DO2 "/on_completion", "\"" IF "\"",
                     "/workflow/" DO2 "/on_completion", "it leads back"));
        check(breaks("/workflow/" DO "/on_completion", "\"" END "\"",
                     "/workflow/" DO "/on_completion", "on_completion excludes"));
        check(breaks("/workflow/" END "/on_completion", "\"" DO "\"",
                     "/workflow/" END "/on_completion", "CACAO 2.0 has no such"));
        check(breaks("/workflow/" DO "/agent", "\"group--00000000-0000-4000-8000-00000000000f\"",
                     "/workflow/" DO "/agent", "this agent is not"));
        check(breaks("/workflow/" DO "/in_args", "[\"__b__\"]", "/workflow/" DO "/in_args/0",
                     "no such variable"));
        check(breaks("/workflow/" PAR, "{\"type\":\"parallel\",\"next_steps\":[\"" END "\"]}",
                     "/workflow/" PAR "/next_steps", "a parallel step has at least two"));
        check(breaks("/workflow/" PAR,
                     "{\"type\":\"parallel\",\"next_steps\":[\"" END "\",\"" END "\"]}",
                     "/workflow/" PAR "/next_steps/1", "the branch is named twice"));
        check(breaks("/workflow/" DO "/commands", "[{\"type\":\"coloa\",\"command\":\"wipe\"}]",
                     "/workflow/" DO "/commands/0/command", "the node knows no such command"));
}

/* Back to the while from within its own branch is its end; what nothing leads to is told. */
static void warned(void) {
        json_t *o = sound(), *w = json_object_get(o, "workflow");

        json_object_set_new(json_object_get(w, DO2), "on_completion", json_string(WHILE));
        json_object_set_new(w, PAR,
                            json_pack("{ss s[ss]}", "type", "parallel", "next_steps", END, END2));
        char *dump = json_dumps(o, 0);
        json_t *said = read_text(span_str(dump));
        check(json_is_object(json_object_get(said, "plan")));
        check(told(said, "warnings", "/workflow/" DO2 "/on_completion",
                   "it goes back to its while"));
        check(told(said, "warnings", "/workflow/" PAR, "nothing leads to this step"));
        sound_picture(json_object_get(said, "plan"));
        free(dump);
        json_decref(said);
        json_decref(o);
}

static void not_even_json(void) {
        static const char *const bad[] = {"",
                                          "{",
                                          "[]",
                                          "\"x\"",
                                          "{\"type\":1}",
                                          "nul",
                                          "{\"a\":1,\"a\":2}",
                                          "\xff\xfe{",
                                          "{\"type\":\"playbook\"}"};

        for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
                json_t *o = read_text(span_str(bad[i]));
                check(json_integer_value(json_object_get(o, "n_faults")) > 0);
                check(json_array_size(json_object_get(o, "faults")) > 0);
                json_decref(o);
        }
        struct buf deep = {0};
        buf_str(&deep, "{\"type\":\"playbook\",\"name\":");
        for (unsigned i = 0; i < 500; i++)
                buf_char(&deep, '[');
        for (unsigned i = 0; i < 500; i++)
                buf_char(&deep, ']');
        buf_char(&deep, '}');
        json_t *o = read_text(buf_get(&deep));
        check(told(o, "faults", "", "it is nested too deeply"));
        json_decref(o);
        buf_deinit(&deep);
        check_int(job_reader(SPAN_NONE, &deep), -EINVAL);
        check_int(job_reader(SPAN("\xffx"), &deep), -EINVAL);
}

/* ---- conditions ---- */

static struct span value(void *ctx, struct span name) {
        (void)ctx;
        if (span_eq(name, SPAN("__t__")))
                return SPAN("true");
        if (span_eq(name, SPAN("__f__")))
                return SPAN("false");
        if (span_eq(name, SPAN("__n__")))
                return SPAN("12");
        return SPAN_NONE;
}

static int truth(const char *s) {
        return (int)playbook_condition(span_str(s), value, NULL);
}

static void conditions(void) {
        check_int(truth("__t__:value = 'true'"), PLAYBOOK_TRUE);
        check_int(truth("__t__:value == true"), PLAYBOOK_TRUE);
        check_int(truth("__f__:value = 'true'"), PLAYBOOK_FALSE);
        check_int(truth("__x__:value = 'true'"), PLAYBOOK_UNKNOWN);
        check_int(truth("__n__:value > 9"), PLAYBOOK_TRUE); /* as numbers, not as words */
        check_int(truth("__n__:value <= '12.0'"), PLAYBOOK_TRUE);
        check_int(truth("__n__:value != 12"), PLAYBOOK_FALSE);
        check_int(truth("[__t__:value = 'true' AND __n__:value >= 12]"), PLAYBOOK_TRUE);
        check_int(truth("__x__:value = 'a' AND __f__:value = 'true'"), PLAYBOOK_FALSE);
        check_int(truth("__x__:value = 'a' OR __t__:value = 'true'"), PLAYBOOK_TRUE);
        check_int(truth("__x__:value = 'a' OR __f__:value = 'true'"), PLAYBOOK_UNKNOWN);
        check_int(truth("NOT (__f__:value = 'true')"), PLAYBOOK_TRUE);
        check_int(truth("NOT __x__:value = 'true'"), PLAYBOOK_UNKNOWN);
        check_int(truth("__t__ = 'true'"), PLAYBOOK_UNKNOWN);
        check_int(truth("file:name = 'x'"), PLAYBOOK_UNKNOWN);
        check_int(truth("__t__:value = 'true' garbage"), PLAYBOOK_UNKNOWN);
        check_int(truth("__t__:value MATCHES '^t'"), PLAYBOOK_UNKNOWN);
        check_int(truth(""), PLAYBOOK_UNKNOWN);
        check_int(truth("(((((((((((((((((((((((((((((((((((((((((((("), PLAYBOOK_UNKNOWN);
        check_span(playbook_asks(SPAN("__a__:value = 'true'")), "__a__");
        check(!playbook_asks(SPAN("__a__:value = 'x'")).p);
        check(!playbook_asks(SPAN("__a__:value = 'true' AND __b__:value = 'true'")).p);
}

int main(void) {
        RUN(ours_are_sound);
        RUN(examples_of_oasis);
        RUN(the_sound_one);
        RUN(broken_properties);
        RUN(broken_flow);
        RUN(warned);
        RUN(not_even_json);
        RUN(conditions);
        return check_done();
}
