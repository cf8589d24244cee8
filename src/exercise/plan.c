/* See plan.h: what a plan's words are called, and where an id stands in it. */
#include "exercise/plan.h"

const char *const plan_facts[PLAN_FACTS] = {"alert",    "acknowledged", "declared", "classified",
                                            "scope",    "contained",    "told",     "reported",
                                            "restored", "evidence",     "answered", "closed"};
const char *const plan_capabilities[PLAN_CAPABILITIES] = {
        "detect", "triage", "investigate", "contain", "report", "recover", "coordinate"};
const char *const plan_oses[PLAN_OTHER + 1] = {"windows", "linux", "other"};
const char *const plan_host_kinds[HOST_GATEWAY + 1] = {
        "workstation", "server", "dc", "web", "mail", "database", "files", "backup", "gateway"};
const char *const plan_account_kinds[PLAN_SERVICE + 1] = {"user", "admin", "service"};
const char *const plan_inject_kinds[INJECT_ORDER + 1] = {"call", "mail",    "press", "note",
                                                         "file", "failure", "order"};
const char *const plan_parts[PART_PEOPLE + 1] = {"machine", "people"};
const char *const plan_condition_ops[PLAN_CHOSE + 1] = {"all",  "any",    "not",
                                                        "fact", "played", "chose"};
const char *const plan_levels[3] = {"basic", "intermediate", "advanced"};

#define FIND(name, list)                                                                           \
        int plan_find_##name(const struct plan *p, const char *id) {                               \
                for (unsigned i = 0; id && i < p->n_##list; i++)                                   \
                        if (strcmp(p->list[i].id, id) == 0)                                        \
                                return (int)i;                                                     \
                return -1;                                                                         \
        }

FIND(host, hosts)
FIND(account, accounts)
FIND(outside, outside)
FIND(step, steps)
FIND(inject, injects)
