/* Of a scenario: who plays, and on what: roster, hosts, accounts, what lies outside. Ids are read first, as texts may name
 * any of them. */
#include "exercise/activity.h"
#include "exercise/scenario_impl.h"

/* Of wire/permission.h, those that a unit's roster has. */
static const char *const roles[] = {"officer", "handler", "lead",    "approver", "owner",
                                    "liaison", "admin",   "trainee", "inspector"};

static void list_of_roles(struct buf *b) {
        for (size_t i = 0; i < ARRAY_LEN(roles); i++)
                buf_printf(b, "%s%s", i ? ", " : "", roles[i]);
        buf_char(b, '\0');
}

void scenario_role(struct scenario *s, const struct node *at, const char *role) {
        _cleanup_(buf_deinit) struct buf all = {.limit = 2000};

        for (size_t i = 0; i < ARRAY_LEN(roles); i++)
                if (!*role || strcmp(role, roles[i]) == 0)
                        return;
        list_of_roles(&all);
        TELL(s, at, RULE_WORD, role, all.p, scenario_guess(role, roles, ARRAY_LEN(roles)));
}

void scenario_on_roster(struct scenario *s, const struct node *o, const char *const *names,
                        unsigned n) {
        const struct node *list = node_get(o, "roles"), *c = list ? list->first : NULL;

        for (unsigned i = 0; i < n && c; i++, c = c->next) {
                bool there = !*names[i];
                unsigned before = s->n_faults;

                scenario_role(s, c, names[i]);
                for (unsigned k = 0; k < s->plan.n_roles && !there; k++)
                        there = strcmp(names[i], s->plan.roles[k]) == 0;
                if (!there && s->n_faults == before)
                        TELL(s, c, RULE_ROLE_OFF, names[i]);
        }
}

/* ---- ids ---- */

static unsigned line_of(const struct node *n) {
        return n ? n->line : 0;
}

/* Each id once, over all that `earlier` lists too. */
static void once(struct scenario *s, const struct node *at, const char *id) {
        struct plan *p = &s->plan;
        const struct node *other = NULL;
        int i;

        if ((i = plan_find_host(p, id)) >= 0)
                other = s->at.hosts[i];
        else if ((i = plan_find_account(p, id)) >= 0)
                other = s->at.accounts[i];
        else if ((i = plan_find_outside(p, id)) >= 0)
                other = s->at.outside[i];
        if (other && other != at)
                TELL(s, node_get(at, "id"), RULE_ID_TWICE, id,
                     scenario_print(s, "%u", line_of(other)));
}

#define IDS(member, type, max)                                                                     \
        do {                                                                                       \
                unsigned n_;                                                                       \
                const struct node *c_ = scenario_list(s, net, #member, max, &n_);                  \
                struct plan_##type *x_ = scenario_room(s, n_, sizeof(*x_));                        \
                s->at.member = scenario_room(s, n_, sizeof(*s->at.member));                        \
                s->plan.member = x_;                                                               \
                for (unsigned i_ = 0; x_ && s->at.member && c_ && i_ < n_; i_++, c_ = c_->next) {  \
                        s->at.member[i_] = c_;                                                     \
                        x_[i_].id = scenario_id(s, c_);                                            \
                        once(s, c_, x_[i_].id);                                                    \
                        s->plan.n_##member = i_ + 1;                                               \
                }                                                                                  \
        } while (0)

/* ---- one of each ---- */

static void address_of(struct scenario *s, const struct node *o, const char *address,
                       bool outside) {
        enum address_kind kind = address && *address ? scenario_address(address) : ADDRESS_PRIVATE;
        const struct node *at = node_get(o, "address");

        if (!address || !*address)
                return;
        if (kind == ADDRESS_NONE)
                TELL(s, at, RULE_ADDRESS, address);
        else if (outside && kind != ADDRESS_DOCUMENTATION)
                TELL(s, at, RULE_ADDRESS_OUTSIDE, address);
        else if (!outside && kind == ADDRESS_REAL)
                TELL(s, at, RULE_ADDRESS_HOST, address);
}

static bool source_known(const char *name) {
        for (unsigned i = 0; i < n_activity_sources; i++)
                if (strcmp(name, activity_sources[i]) == 0)
                        return true;
        return false;
}

static bool windows_only(const char *source) {
        return activity_lists("sysmon security system powershell defender", source);
}

static bool linux_only(const char *source) {
        return activity_lists("auditd sshd", source);
}

static void sources(struct scenario *s, const struct node *o, struct plan_host *h) {
        _cleanup_(buf_deinit) struct buf all = {.limit = 2000};
        const struct node *list = node_get(o, "sources"), *c;
        const char *near;

        h->sources = scenario_words(s, o, "sources", PLAN_SOURCES_MAX, &h->n_sources);
        c = list ? list->first : NULL;
        for (unsigned i = 0; i < n_activity_sources; i++)
                buf_printf(&all, "%s%s", i ? ", " : "", activity_sources[i]);
        buf_char(&all, '\0');
        for (unsigned i = 0; i < h->n_sources && c; i++, c = c->next) {
                if (!source_known(h->sources[i])) {
                        near = scenario_near(h->sources[i], activity_sources, n_activity_sources);
                        TELL(s, c, RULE_WORD, h->sources[i], all.p, near ? near : "sysmon");
                } else if ((h->os != PLAN_WINDOWS && windows_only(h->sources[i])) ||
                           (h->os != PLAN_LINUX && linux_only(h->sources[i])))
                        TELL(s, c, RULE_SOURCE_OS, h->sources[i], plan_oses[h->os]);
        }
        if (!list)
                TELL(s, o, RULE_SOURCES_NONE, h->id);
}

static void host(struct scenario *s, const struct node *o, struct plan_host *h) {
        h->name = h->address = "";
        if (!scenario_keys(s, o, "hosts", "id name address os kind criticality sources"))
                return;
        const char *name = scenario_text(s, o, "name", REQUIRED, 100);
        const char *address = scenario_text(s, o, "address", REQUIRED, 100);
        if (name && *name && !scenario_name(name))
                TELL(s, node_get(o, "name"), RULE_NAME, name);
        address_of(s, o, address, false);
        h->name = name ? name : "";
        h->address = address ? address : "";
        h->os = scenario_word(s, o, "os", plan_oses, ARRAY_LEN(plan_oses), -1);
        h->kind = scenario_word(s, o, "kind", plan_host_kinds, ARRAY_LEN(plan_host_kinds), -1);
        h->criticality = (unsigned)scenario_number(s, o, "criticality", 1, 3, 1);
        sources(s, o, h);
}

static void account(struct scenario *s, const struct node *o, struct plan_account *a) {
        a->name = "";
        a->person = (struct plan_text){"", ""};
        if (!scenario_keys(s, o, "accounts", "id name kind person"))
                return;
        const char *name = scenario_text(s, o, "name", REQUIRED, 100);
        if (name && *name && !scenario_name(name))
                TELL(s, node_get(o, "name"), RULE_NAME, name);
        a->name = name ? name : "";
        a->kind = scenario_word(s, o, "kind", plan_account_kinds, ARRAY_LEN(plan_account_kinds), 0);
        a->person = scenario_both(s, o, "person", OPTIONAL, PLAN_TITLE_MAX);
}

static void outside(struct scenario *s, const struct node *o, struct plan_outside *x) {
        if (!scenario_keys(s, o, "outside", "id address domain attacker"))
                return;
        x->address = scenario_text(s, o, "address", OPTIONAL, 100);
        x->domain = scenario_text(s, o, "domain", OPTIONAL, 253);
        x->attacker = scenario_flag(s, o, "attacker", false);
        address_of(s, o, x->address, true);
        if (x->domain && *x->domain && scenario_domain(span_str(x->domain)) != 0)
                TELL(s, node_get(o, "domain"), RULE_DOMAIN, x->domain);
        if (!x->address && !x->domain)
                TELL(s, o, RULE_OUTSIDE_EMPTY, x->id);
}

/* ---- twice ---- */

static void hosts_differ(struct scenario *s) {
        const struct plan *p = &s->plan;

        for (unsigned i = 1; i < p->n_hosts; i++)
                for (unsigned k = 0; k < i; k++) {
                        if (*p->hosts[i].address &&
                            strcmp(p->hosts[i].address, p->hosts[k].address) == 0)
                                TELL(s, node_get(s->at.hosts[i], "address"), RULE_ADDRESS_TWICE,
                                     p->hosts[i].address, p->hosts[k].id);
                        if (*p->hosts[i].name &&
                            strcasecmp(p->hosts[i].name, p->hosts[k].name) == 0)
                                TELL(s, node_get(s->at.hosts[i], "name"), RULE_NAME_TWICE,
                                     p->hosts[i].name, p->hosts[k].id);
                }
        for (unsigned i = 1; i < p->n_accounts; i++)
                for (unsigned k = 0; k < i; k++)
                        if (*p->accounts[i].name &&
                            strcasecmp(p->accounts[i].name, p->accounts[k].name) == 0)
                                TELL(s, node_get(s->at.accounts[i], "name"), RULE_NAME_TWICE,
                                     p->accounts[i].name, p->accounts[k].id);
        for (unsigned i = 1; i < p->n_outside; i++)
                for (unsigned k = 0; k < i; k++)
                        if (p->outside[i].address && p->outside[k].address &&
                            strcmp(p->outside[i].address, p->outside[k].address) == 0)
                                TELL(s, node_get(s->at.outside[i], "address"), RULE_ADDRESS_TWICE,
                                     p->outside[i].address, p->outside[k].id);
}

void scenario_network(struct scenario *s) {
        const struct node *net = scenario_get(s, s->root, "network", REQUIRED);
        struct plan *p = &s->plan;

        if (!net || !scenario_keys(s, net, "network", "hosts accounts outside"))
                return;
        scenario_get(s, net, "hosts", REQUIRED);
        IDS(hosts, host, PLAN_HOSTS_MAX);
        IDS(accounts, account, PLAN_ACCOUNTS_MAX);
        IDS(outside, outside, PLAN_OUTSIDE_MAX);
        for (unsigned i = 0; i < p->n_hosts; i++)
                host(s, s->at.hosts[i], (struct plan_host *)(uintptr_t)&p->hosts[i]);
        for (unsigned i = 0; i < p->n_accounts; i++)
                account(s, s->at.accounts[i], (struct plan_account *)(uintptr_t)&p->accounts[i]);
        for (unsigned i = 0; i < p->n_outside; i++)
                outside(s, s->at.outside[i], (struct plan_outside *)(uintptr_t)&p->outside[i]);
        hosts_differ(s);
}

bool scenario_object(const struct scenario *s, const char *id) {
        return plan_find_host(&s->plan, id) >= 0 || plan_find_account(&s->plan, id) >= 0 ||
               plan_find_outside(&s->plan, id) >= 0;
}

const char *scenario_near_object(const struct scenario *s, const char *id) {
        const char *table[PLAN_HOSTS_MAX + PLAN_ACCOUNTS_MAX + PLAN_OUTSIDE_MAX];
        unsigned n = 0;

        for (unsigned i = 0; i < s->plan.n_hosts; i++)
                table[n++] = s->plan.hosts[i].id;
        for (unsigned i = 0; i < s->plan.n_accounts; i++)
                table[n++] = s->plan.accounts[i].id;
        for (unsigned i = 0; i < s->plan.n_outside; i++)
                table[n++] = s->plan.outside[i].id;
        return scenario_near(id, table, n);
}
