/* Small playbooks for tests, written as lines of "step: …" rather than JSON by hand.
 *
 *     playbook_begin("1", "2026-01-01T00:00:00.000Z"); step("start", 1, "\"on_completion\":" STEP_(action, 2)); …
 *     struct span doc = playbook_end(1); */
#ifndef TEST_PLAYBOOK_DOCS_H
#define TEST_PLAYBOOK_DOCS_H

#include "base/buf.h"
#include "check.h"

static struct buf doc_;
static unsigned doc_steps;

/* "action--00000000-0000-4000-8000-000000000002" */
static inline const char *step_id(const char *type, unsigned n) {
        static char text[8][96];
        static unsigned at;
        char *to = text[at++ % ARRAY_LEN(text)];

        snprintf(to, sizeof(text[0]), "%s--00000000-0000-4000-8000-%012u", type, n);
        return to;
}

static inline void playbook_begin(unsigned number, const char *modified) {
        buf_reset(&doc_);
        doc_steps = 0;
        buf_printf(&doc_,
                   "{\"type\":\"playbook\",\"spec_version\":\"cacao-2.0\",\"id\":\"%s\",\"name\":"
                   "\"Test %u\","
                   "\"created_by\":\"%s\",\"created\":\"2026-01-01T00:00:00.000Z\",\"modified\":\"%"
                   "s\","
                   "\"playbook_variables\":{\"__a__\":{\"type\":\"bool\"},\"__b__\":{\"type\":"
                   "\"bool\"},"
                   "\"__s__\":{\"type\":\"string\"},\"__c__\":{\"type\":\"string\",\"value\":\"x\","
                   "\"constant\":true}},\"agent_definitions\":{\"%s\":{\"type\":\"group\",\"name\":"
                   "\"g\"}},"
                   "\"extension_definitions\":{\"extension-definition--5b7c3c1e-6f0d-4a57-9d0b-"
                   "1f6c2a9e8d47\":"
                   "{\"type\":\"extension-definition\",\"name\":\"e\",\"created_by\":\"%s\","
                   "\"schema\":\"s\","
                   "\"version\":\"1.0.0\"}},\"workflow_start\":\"%s\",\"workflow\":{",
                   step_id("playbook", number), number, step_id("identity", 1), modified,
                   step_id("group", 900), step_id("identity", 1), step_id("start", 1));
}

static inline void step(const char *type, unsigned n, const char *rest) {
        buf_printf(&doc_, "%s\"%s\":{\"type\":\"%s\",\"name\":\"%s %u\"%s%s}",
                   doc_steps++ ? "," : "", step_id(type, n), type, type, n, *rest ? "," : "", rest);
}

/* An action; `then`: id of the next. `more`: other properties, or "". */
static inline void action(unsigned n, const char *command, const char *then, const char *more) {
        char rest[1500];

        snprintf(rest, sizeof(rest),
                 "\"commands\":[{\"type\":\"%s\",\"command\":\"%s\"}],\"agent\":\"%s\"%s%s%s%s%s",
                 strcmp(command, "do") == 0 ? "manual" : "coloa", command, step_id("group", 900),
                 then ? ",\"on_completion\":\"" : "", then ? then : "", then ? "\"" : "",
                 *more ? "," : "", more);
        step("action", n, rest);
}

static inline void end_(unsigned n) {
        step("end", n, "");
}

static inline struct span playbook_end(void) {
        buf_str(&doc_, "}}");
        check(!doc_.failed);
        return buf_get(&doc_);
}

#endif
