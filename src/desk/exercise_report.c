/* The after-action report as a file: made of the facts by exercise/after.h, printed by the press (a job) where it is
 * PDF or DOCX. */
#include <stdio.h>
#include <stdlib.h>

#include "desk/desk_impl.h"
#include "desk/exercise_results.h"
#include "desk/jobs.h"
#include "exercise/after.h"

static const struct {
        const char *name, *type;
} formats[] = {
        {"html", "text/html; charset=utf-8"},
        {"pdf", "application/pdf"},
        {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
};

static unsigned format_of(struct span s) {
        for (unsigned i = 0; i < ARRAY_LEN(formats); i++)
                if (span_eq(s, span_str(formats[i].name)))
                        return i;
        return 0;
}

static int give_file(struct api_call *c, unsigned format, const struct buf *b) {
        char name[80];

        snprintf(name, sizeof(name), "exercise-%lld.%s", (long long)api_int(c, "id", 0),
                 formats[format].name);
        return results_file(c, formats[format].type, name, b);
}

/* Facts of all its plays together, as an export has them. */
static int gather(struct api_call *c, const struct results_play *plays, unsigned n,
                  struct drill_facts *facts, struct export_play *to) {
        int r = 0;

        for (unsigned i = 0; r == 0 && i < n; i++) {
                struct drill_facts one;

                to[i] = (struct export_play){(unsigned)plays[i].play, plays[i].code, plays[i].name};
                facts_init(&one);
                r = exercise_facts(c->desk, plays[i].play, c->now, &one);
                for (size_t k = 0; r == 0 && k < one.n; k++)
                        r = facts_add(facts, &one.facts[k]);
                facts_deinit(&one);
        }
        return r == 0 ? facts_sort(facts) : r;
}

static int make(struct api_call *c, const struct results *x, unsigned format, struct buf *b) {
        struct results_play *plays = NULL;
        struct export_play *list;
        struct drill_facts facts;
        struct span lang = api_text(c, "lang");
        unsigned n = 0;
        int r = results_plays(c, x, api_int(c, "play", 0), &plays, &n);

        if (r < 0)
                return r;
        list = arena_array(c->arena, n + 1, sizeof(*list));
        if (!list)
                return FAIL(-ENOMEM);
        if (!n)
                return api_missing(c);
        facts_init(&facts);
        r = gather(c, plays, n, &facts, list);
        struct after a = {.plan = x->plan,
                          .facts = &facts,
                          .plays = list,
                          .n_plays = n,
                          .play = api_int(c, "play", 0) || !x->all ? (unsigned)plays[0].play : 0,
                          .code = x->e.code.p ? x->e.code.p : "",
                          .title = x->e.title.p ? x->e.title.p : "",
                          .vi = lang.len ? span_eq(lang, SPAN("vi")) : c->lang == LANG_VI};
        if (r == 0)
                r = format ? after_paper(b, &a, formats[format].name) : after_html(b, &a);
        facts_deinit(&facts);
        return r == -E2BIG
                       ? api_refuse(c, 413, "too_large",
                                    "Too many units for one report: take one unit's, or the export",
                                    "Quá nhiều đơn vị cho một báo cáo: hãy lấy của từng đơn vị "
                                    "hoặc bản xuất")
                       : r;
}

int results_do_report(struct api_call *c) {
        _cleanup_(buf_deinit) struct buf b = {0};
        unsigned format = format_of(api_text(c, "format"));
        struct results x = {0};
        int r;

        if (c->said) { /* the press answered */
                const struct job_said *said = c->said;
                struct buf printed = {.p = (char *)(uintptr_t)said->out.p, .len = said->out.len};

                return said->error ? api_job_failed(c, said) : give_file(c, format, &printed);
        }
        r = results_open(c, &x);
        if (r == 0 && !x.plan)
                return api_refuse(c, 409, "no_scenario",
                                  "Live fire has no scenario: see its findings",
                                  "Diễn tập thực chiến không có kịch bản: xem các phát hiện");
        if (r == 0)
                r = make(c, &x, format, &b);
        if (r != 0)
                return r;
        return format ? api_job(c, JOB_PRESS, buf_get(&b)) : give_file(c, format, &b);
}
