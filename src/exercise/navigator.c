/* A scenario as a layer of the ATT&CK Navigator (4.5): its techniques, with what seeing and answering them is worth. */
#include "exercise/exchange_impl.h"
#include "report/attack.h"

static bool first_of(const struct plan *p, unsigned i) {
        for (unsigned k = 0; k < i; k++)
                if (p->steps[k].technique && !p->steps[k].background &&
                    strcmp(p->steps[k].technique, p->steps[i].technique) == 0)
                        return false;
        return true;
}

static unsigned worth(const struct plan *p, const char *of) {
        unsigned sum = 0;

        for (unsigned i = 0; i < p->n_expectations; i++)
                if (strcmp(p->expectations[i].of, of) == 0)
                        sum += p->expectations[i].weight;
        return sum;
}

static unsigned technique(const struct plan *p, unsigned i, struct buf *b) {
        const char *id = p->steps[i].technique;
        unsigned sum = 0;
        bool first = true;

        buf_printf(b, "{\"techniqueID\":\"%s\",", id);
        if (p->steps[i].tactic)
                buf_printf(b, "\"tactic\":\"%s\",", p->steps[i].tactic);
        buf_str(b, "\"enabled\":true,\"comment\":\"");
        for (unsigned k = i; k < p->n_steps; k++) {
                const struct plan_step *s = &p->steps[k];

                if (s->background || !s->technique || strcmp(s->technique, id) != 0)
                        continue;
                buf_str(b, first ? "" : "\\n");
                buf_json(b, span_str(s->title.en));
                buf_str(b, " / ");
                buf_json(b, span_str(s->title.vi));
                sum += worth(p, s->id);
                first = false;
        }
        buf_printf(b, "\",\"score\":%u}", sum);
        return sum;
}

void navigator_write(const struct plan *p, struct buf *b) {
        unsigned most = 1, n = 0;

        buf_str(b, "{\"name\":\"");
        buf_json(b, span_str(p->title.en));
        buf_str(b, "\",\"versions\":{\"attack\":\"18\",\"navigator\":\"5.1.0\",\"layer\":\"4.5\"},"
                   "\"domain\":\"enterprise-attack\",\"description\":\"");
        buf_json(b, span_str(p->summary.en));
        buf_str(b, "\",\"sorting\":3,\"layout\":{\"layout\":\"side\",\"showID\":true,\"showName\":"
                   "true},"
                   "\"hideDisabled\":false,\"techniques\":[");
        for (unsigned i = 0; i < p->n_steps; i++) {
                if (p->steps[i].background || !p->steps[i].technique || !first_of(p, i))
                        continue;
                buf_str(b, n++ ? ",\n" : "\n");
                unsigned sum = technique(p, i, b);
                most = MAX(most, sum);
        }
        buf_printf(b,
                   "],\n\"gradient\":{\"colors\":[\"#ffffff\",\"#8a6fc8\"],\"minValue\":0,"
                   "\"maxValue\":%u},\"legendItems\":[],\"metadata\":[],\"links\":[],"
                   "\"showTacticRowBackground\":false,\"selectTechniquesAcrossTactics\":true,"
                   "\"selectSubtechniquesWithParent\":false}\n",
                   most);
}
