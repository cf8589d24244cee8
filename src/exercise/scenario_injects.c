/* Of a scenario: injects, what is handed to people. Everything here is read by players, so it leads nobody anywhere
 * (scenario_safe.c), and a dilemma is one: two choices or more, of which one is right. */
#include "exercise/scenario_impl.h"
#include "report/attack.h"

const char *scenario_xcexf(struct scenario *s, const struct node *o) {
        const struct node *v = node_get(o, "x-cexf");
        json_t *j = NULL;

        if (!v)
                return NULL;
        if (v->kind == NODE_SCALAR && v->text.len <= PLAN_XCEXF_MAX)
                j = json_loadb(v->text.p, v->text.len, JSON_REJECT_DUPLICATES, NULL);
        bool good = json_is_object(j);
        json_decref(j);
        if (!good)
                TELL(s, v, RULE_XCEXF, NULL);
        return good ? scenario_keep(s, v->text) : NULL;
}

static void choices(struct scenario *s, const struct node *o, struct plan_inject *x) {
        const struct node *list = node_get(o, "choices"),
                          *c = scenario_list(s, o, "choices", PLAN_CHOICES_MAX, &x->n_choices);
        struct plan_choice *to = scenario_room(s, x->n_choices, sizeof(*to));
        unsigned best = 0, worst = MILLION;

        x->choices = to;
        if (!to)
                x->n_choices = 0;
        for (unsigned i = 0; c && i < x->n_choices; i++, c = c->next) {
                to[i] = (struct plan_choice){"x", {"", ""}, 0};
                if (!scenario_keys(s, c, "choices", "id text worth"))
                        continue;
                to[i].id = scenario_id(s, c);
                to[i].text = scenario_both(s, c, "text", REQUIRED, 1000);
                to[i].worth = scenario_share(s, c, "worth", -1);
                best = MAX(best, to[i].worth);
                worst = MIN(worst, to[i].worth);
                for (unsigned k = 0; k < i; k++)
                        if (strcmp(to[i].id, to[k].id) == 0)
                                TELL(s, node_get(c, "id"), RULE_TWICE, to[i].id);
        }
        if (!list || list->kind != NODE_LIST)
                return;
        if (x->n_choices == 1)
                TELL(s, list, RULE_CHOICE_SINGLE, x->id);
        if (x->n_choices > 1 && best < MILLION)
                TELL(s, list, RULE_CHOICE_WRONG, x->id);
        else if (x->n_choices > 1 && worst == best)
                TELL(s, list, RULE_CHOICE_EQUAL, x->id);
}

static bool file_name_good(const char *p) {
        size_t n = strlen(p);

        if (!n || n > 120 || *p == '.')
                return false;
        for (; *p; p++)
                if ((unsigned char)*p < 0x80 && !strchr(" .-_()", *p) &&
                    !(*p >= '0' && *p <= '9') && !(*p >= 'A' && *p <= 'Z') &&
                    !(*p >= 'a' && *p <= 'z'))
                        return false;
        return true;
}

static void file(struct scenario *s, const struct node *o, struct plan_inject *x) {
        const struct node *v = node_get(o, "file");

        x->file = (struct plan_text){"", ""};
        if (!v || !scenario_keys(s, v, "file", "name text"))
                return;
        x->file_name = scenario_text(s, v, "name", REQUIRED, 1000);
        if (x->file_name && *x->file_name && !file_name_good(x->file_name))
                TELL(s, node_get(v, "name"), RULE_FILE_NAME, x->file_name);
        x->file = scenario_both(s, v, "text", REQUIRED, PLAN_TEXT_MAX);
}

static void inject(struct scenario *s, const struct node *o, struct plan_inject *x) {
        x->title = x->text = x->from = x->file = (struct plan_text){"", ""};
        x->when = (struct plan_when){.at = 0, .condition = -1};
        if (!scenario_keys(s, o, "injects",
                           "id kind title text from at after delay when wait_until roles answer "
                           "choices technique file x-cexf"))
                return;
        x->kind = scenario_word(s, o, "kind", plan_inject_kinds, ARRAY_LEN(plan_inject_kinds), -1);
        x->title = scenario_both(s, o, "title", REQUIRED, PLAN_TITLE_MAX);
        x->text = scenario_both(s, o, "text", REQUIRED, PLAN_TEXT_MAX);
        x->from = scenario_both(s, o, "from", OPTIONAL, PLAN_TITLE_MAX);
        scenario_when(s, o, &x->when);
        x->roles = scenario_words(s, o, "roles", PLAN_ROLES_MAX, &x->n_roles);
        scenario_on_roster(s, o, x->roles, x->n_roles);
        choices(s, o, x);
        x->answer = scenario_flag(s, o, "answer", x->n_choices > 0);
        if (x->n_choices && !x->answer)
                TELL(s, node_get(o, "answer"), RULE_ANSWER, x->id);
        x->technique = scenario_text(s, o, "technique", OPTIONAL, 100);
        if (x->technique && *x->technique && !attack_technique(span_str(x->technique)))
                TELL(s, node_get(o, "technique"), RULE_TECHNIQUE, x->technique);
        file(s, o, x);
        x->xcexf = scenario_xcexf(s, o);
}

void scenario_injects(struct scenario *s) {
        for (unsigned i = 0; i < s->plan.n_injects; i++)
                inject(s, s->at.injects[i], (struct plan_inject *)(uintptr_t)&s->plan.injects[i]);
}
