/* All of SigmaHQ: every active rule loads; the placeholder rules with a placeholder file, and
 * without one they are named; what the older folders hold loads or is named. Nothing is silent. */
#include "check.h"

#include "bundle_data.h"
#include "report/attack.h"
#include "rules/lint.h"
#include "rules/parse.h"

#define ACTIVE 3780
#define PLACEHOLDER 25 /* 23 in rules-placeholder, 2 among the emerging threats */

static const char *const active[] = {"rules", "rules-emerging-threats", "rules-threat-hunting",
                                     "rules-placeholder", "rules-compliance"};

static unsigned load(struct buf *b, const char *folder) {
        char path[4096];

        if (!check_data())
                check_skip("COLOA_TEST_DATA is not set");
        snprintf(path, sizeof(path), "%s/sigma-rules-8eaafff1/%s", check_data(), folder);
        return bundle_folder(b, path);
}

static uint32_t count(const struct ruleset *s, enum diag_severity severity, const char *code) {
        uint32_t n = 0;

        for (uint32_t i = 0; i < s->n_diags; i++)
                n += s->diags[i].severity == severity &&
                     (!code || strcmp(s->diags[i].code, code) == 0);
        return n;
}

static void show(const struct ruleset *s, enum diag_severity worst) {
        for (uint32_t i = 0; i < s->n_diags; i++) {
                const struct diag *d = &s->diags[i];
                if (d->severity <= worst)
                        printf("# %.*s:%u:%u: %.*s [%s]\n", (int)d->file.len, d->file.p, d->line,
                               d->column, (int)d->en.len, d->en.p, d->code);
        }
}

/* Every name between two percent signs in the rules that use |expand. */
static const char placeholders[] =
        "Administrators: [adm*, root]\nAdmins_Workstations: [paw*]\nApprovedUserUpn: "
        "a@example.org\n"
        "Approved_Inviters: a@example.org\nDomainControllers: [dc1$, dc2$]\nHomeTenantID: 0000\n"
        "Important_AppIds: [1, 2]\nKNOWN_LOCATION: VN\nKnown_Location: VN\nLegitimate_Countries: "
        "[VN, LA]\n"
        "Legitimate_IP_Ranges: [10.0.0.0/8]\nServerSystems: srv*\nUnApprovedDevice: "
        "x\nUnApprovedIp: 192.0.2.1\n"
        "UnLegitCountries: XX\nWorkstations: ws*\ndc_ip_addresses: [192.0.2.2, 192.0.2.3]\n"
        "dc_machine_accounts: [dc1$]\ndomain_controller_hostnames: dc1\ninternal_domains: "
        "example.org\n"
        "legit_ips: 192.0.2.4\nlegtimate_identifiers: x\nuserdomain: EXAMPLE\n"
        "known_cdcs: [192.0.2.9]\nDC-MACHINE-NAME: [dc1, dc2]\n";

/* Techniques that rules name and reports would have no name for. */
static unsigned without_name(const struct ruleset *s) {
        char id[ATTACK_ID_MAX];
        unsigned n = 0;

        for (uint32_t i = 0; i < s->n_rules; i++)
                for (uint32_t k = 0; k < s->rules[i].meta.n_tags; k++)
                        if (attack_tag_technique(s->rules[i].meta.tags[k], id) &&
                            !attack_technique(span_str(id))) {
                                printf("# no name for %s\n", id);
                                n++;
                        }
        return n;
}

static void all_active_rules_load(void) {
        _cleanup_(buf_deinit) struct buf b = {0};
        struct ruleset s;
        unsigned n = 0;

        for (size_t i = 0; i < ARRAY_LEN(active); i++)
                n += load(&b, active[i]);
        check_int(n, ACTIVE);
        bundle_add(&b, BUNDLE_PLACEHOLDER, SPAN("test.yml"), span_str(placeholders));
        check_int(ruleset_parse(&s, buf_get(&b)), 0);
        show(&s, DIAG_ERROR);
        printf("# %u warnings, %u hints\n", count(&s, DIAG_WARNING, NULL),
               count(&s, DIAG_HINT, NULL));
        check_int(s.n_documents, ACTIVE);
        check_int(s.n_rules, ACTIVE);
        check_int(s.n_refused, 0);
        check_int(count(&s, DIAG_ERROR, NULL), 0);
        for (uint32_t i = 0; i < s.n_rules; i++) {
                check(s.rules[i].report && s.rules[i].expr && s.rules[i].meta.id.len &&
                      s.rules[i].meta.title.len);
                check(s.rules[i].meta.level != LEVEL_NONE && s.rules[i].meta.status != STATUS_NONE);
        }
        /* The linter has no false alarm among them: no error, and warnings on less than one rule in a hundred. */
        check_int(lint_ruleset(&s), 0);
        check_int(count(&s, DIAG_ERROR, NULL), 0);
        check(count(&s, DIAG_WARNING, NULL) < ACTIVE / 100);
        check_int(without_name(&s), 0);
        ruleset_deinit(&s);
}

static void placeholder_rules_are_named(void) {
        _cleanup_(buf_deinit) struct buf b = {0};
        struct ruleset s;
        unsigned n = 0;

        for (size_t i = 0; i < ARRAY_LEN(active); i++)
                n += load(&b, active[i]);
        check_int(n, ACTIVE);
        check_int(ruleset_parse(&s, buf_get(&b)), 0);
        check_int(s.n_documents, ACTIVE);
        check_int(s.n_refused, PLACEHOLDER);
        check_int(s.n_rules, ACTIVE - PLACEHOLDER);
        check(count(&s, DIAG_ERROR, "placeholder-undefined") >= PLACEHOLDER);
        check_int(count(&s, DIAG_ERROR, "placeholder-undefined"), count(&s, DIAG_ERROR, NULL));
        ruleset_deinit(&s);
}

static void older_folders_load_or_are_named(void) {
        static const char *const folders[] = {"unsupported", "deprecated"};

        for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
                _cleanup_(buf_deinit) struct buf b = {0};
                struct ruleset s;
                uint32_t reporting = 0;
                unsigned n = load(&b, folders[i]);

                check(n > 50);
                check_int(ruleset_parse(&s, buf_get(&b)), 0);
                for (uint32_t k = 0; k < s.n_rules; k++)
                        reporting += s.rules[k].report;
                printf("# %s: %u files, %u documents, %u rules, %u correlations, %u refused\n",
                       folders[i], n, s.n_documents, reporting, s.n_correlations, s.n_refused);
                show(&s, DIAG_ERROR);
                check_int(without_name(&s), 0);
                check(s.n_documents >= n);
                check_int(reporting + s.n_correlations + s.n_filters + s.n_refused, s.n_documents);
                check(count(&s, DIAG_ERROR, NULL) >= s.n_refused);
                ruleset_deinit(&s);
        }
}

int main(void) {
        RUN(all_active_rules_load);
        RUN(placeholder_rules_are_named);
        RUN(older_folders_load_or_are_named);
        return check_done();
}
