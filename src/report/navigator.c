/* A layer for the ATT&CK Navigator (layer format 4.5): techniques that findings speak of, with
 * their number as score, coloured by the severest finding, and the rules that matched most as
 * comment.
 *
 * Kept per technique: a count and the RULES most useful (the first ones seen; when more come, they
 * are only counted). TECHNIQUES is well above what enterprise ATT&CK has; a tag beyond it (made-up
 * ids) is counted in the description. */
#include <stdlib.h>

#include "base/lang.h"
#include "base/timestamp.h"
#include "report/fields.h"
#include "report/text.h"

#define TECHNIQUES 1024u /* power of two */
#define TECHNIQUES_MAX 900u
#define RULES 8u

struct seen {
        char id[ATTACK_ID_MAX];
        uint64_t count, other; /* findings; those of rules without a slot */
        uint8_t level;
        uint8_t n_rules;
        struct {
                uint32_t rule;
                bool alert;
                uint64_t count;
        } rules[RULES];
};

struct navigator {
        uint32_t n;
        uint64_t left_out;
        struct seen slots[TECHNIQUES]; /* id[0] == 0: free */
};

static int navigator_begin(struct report *r) {
        r->state = calloc(1, sizeof(struct navigator));
        return r->state ? 0 : FAIL(-ENOMEM);
}

static struct seen *slot_of(struct navigator *n, const char *id) {
        uint32_t h = 2166136261u;

        for (const char *p = id; *p; p++)
                h = (h ^ (unsigned char)*p) * 16777619u;
        for (;; h++) {
                struct seen *s = &n->slots[h & (TECHNIQUES - 1)];

                if (!s->id[0]) {
                        if (n->n >= TECHNIQUES_MAX)
                                return NULL;
                        n->n++;
                        memcpy(s->id, id, strlen(id) + 1);
                        return s;
                }
                if (strcmp(s->id, id) == 0)
                        return s;
        }
}

static void count_rule(struct seen *s, const struct finding *f) {
        for (unsigned i = 0; i < s->n_rules; i++)
                if (s->rules[i].rule == f->rule && s->rules[i].alert == report_is_alert(f)) {
                        s->rules[i].count++;
                        return;
                }
        if (s->n_rules == RULES) {
                s->other++;
                return;
        }
        s->rules[s->n_rules].rule = f->rule;
        s->rules[s->n_rules].alert = report_is_alert(f);
        s->rules[s->n_rules++].count = 1;
}

static int navigator_finding(struct report *r, const struct finding *f) {
        struct navigator *n = r->state;
        struct program_rule m;
        struct fields_attack a;

        report_rule(r, f->rule, report_is_alert(f), &m);
        fields_attack(&a, r, f->rule, report_is_alert(f), &m);
        for (uint32_t i = 0; i < a.n; i++) {
                struct seen *s = slot_of(n, a.techniques[i]);

                if (!s) {
                        n->left_out++;
                        continue;
                }
                s->count++;
                s->level = MAX(s->level, (uint8_t)m.level);
                count_rule(s, f);
        }
        return 0;
}

static int compare_id(const void *pa, const void *pb) {
        return strcmp(((const struct seen *)pa)->id, ((const struct seen *)pb)->id);
}

static const char *color(unsigned level) {
        static const char *const colors[] = {"#e8eef2", "#e8eef2", "#b9cad6",
                                             "#f0d877", "#f2a35e", "#e0606a"};

        return colors[level];
}

static void comment(struct report *r, const struct seen *s) {
        struct buf *b = &r->out;

        for (unsigned i = 0; i < s->n_rules; i++) {
                struct program_rule m;

                report_rule(r, s->rules[i].rule, s->rules[i].alert, &m);
                buf_str(b, i ? "\\n" : "");
                buf_json(b, report_title(&m));
                buf_printf(b, " (%llu)", (unsigned long long)s->rules[i].count);
        }
        if (s->other) {
                buf_str(b, tr("\\nother rules (", "\\nquy tắc khác ("));
                buf_printf(b, "%llu)", (unsigned long long)s->other);
        }
}

static void description(struct report *r, const struct report_summary *s) {
        struct navigator *n = r->state;
        struct buf t = {0};

        text_count(&t, r->counts.findings, "finding", "findings", "phát hiện");
        buf_str(&t, tr(" in ", " trong "));
        text_count(&t, s->records, "record", "records", "bản ghi");
        buf_str(&t, tr(" of ", " của "));
        text_count(&t, s->files, "file", "files", "tệp");
        buf_str(&t, "; ");
        text_count(&t, r->counts.unreadable, "place could not be read", "places could not be read",
                   "chỗ không đọc được");
        if (n->left_out) {
                buf_str(&t, "; ");
                text_count(&t, n->left_out, "technique tag was left out",
                           "technique tags were left out", "thẻ kỹ thuật bị bỏ ra");
        }
        buf_json(&r->out, buf_get(&t));
        buf_deinit(&t);
}

static int navigator_end(struct report *r, const struct report_summary *s) {
        static const enum level shown[] = {LEVEL_CRITICAL, LEVEL_HIGH, LEVEL_MEDIUM, LEVEL_LOW};
        struct navigator *n = r->state;
        struct buf *b = &r->out;
        uint32_t k = 0;
        uint64_t most = 1;

        for (uint32_t i = 0; i < TECHNIQUES; i++)
                if (n->slots[i].id[0])
                        n->slots[k++] = n->slots[i];
        qsort(n->slots, k, sizeof(*n->slots), compare_id);
        buf_str(b, "{\"name\":\"Coloa hunt");
        if (r->context.started != TIME_NONE) {
                char at[40];
                size_t len = time_format(at, r->context.started, 0);

                buf_printf(b, " %.*s", (int)len, at);
        }
        buf_str(b, "\",\"versions\":{\"attack\":\"18\",\"navigator\":\"5.1.0\",\"layer\":\"4.5\"},"
                   "\"domain\":\"enterprise-attack\",\"description\":\"");
        description(r, s);
        buf_str(b,
                "\",\"sorting\":3,\"layout\":{\"layout\":\"side\",\"showID\":true,\"showName\":"
                "true,"
                "\"showAggregateScores\":true,\"countUnscored\":false,\"aggregateFunction\":"
                "\"sum\","
                "\"expandedSubtechniques\":\"annotated\"},\"hideDisabled\":false,\"techniques\":[");
        for (uint32_t i = 0; i < k; i++) {
                const struct seen *x = &n->slots[i];

                most = MAX(most, x->count);
                buf_printf(b,
                           "%s\n{\"techniqueID\":\"%s\",\"score\":%llu,\"color\":\"%s\","
                           "\"enabled\":true,\"comment\":\"",
                           i ? "," : "", x->id, (unsigned long long)x->count, color(x->level));
                comment(r, x);
                buf_str(b, "\"}");
        }
        buf_printf(b,
                   "],\n\"gradient\":{\"colors\":[\"#ffffff\",\"#e0606a\"],\"minValue\":0,"
                   "\"maxValue\":%llu},"
                   "\"legendItems\":[",
                   (unsigned long long)most);
        for (size_t i = 0; i < ARRAY_LEN(shown); i++)
                buf_printf(b, "%s{\"label\":\"%s\",\"color\":\"%s\"}", i ? "," : "",
                           report_level_word(shown[i]), color(shown[i]));
        buf_str(b, "],\"metadata\":[],\"links\":[],\"showTacticRowBackground\":false,"
                   "\"selectTechniquesAcrossTactics\":true,\"selectSubtechniquesWithParent\":false}"
                   "\n");
        return 0;
}

static void navigator_deinit(struct report *r) {
        free(r->state);
        r->state = NULL;
}

const struct report_writer report_navigator = {
        .begin = navigator_begin,
        .finding = navigator_finding,
        .end = navigator_end,
        .deinit = navigator_deinit,
};
