/* The after-action report: of one unit, or of all together; in one language. Pure: made of the plan, the facts and what
 * the formula makes of them, so that an export gives the same report as the node. */
#ifndef EXERCISE_AFTER_H
#define EXERCISE_AFTER_H

#include "exercise/export.h"

struct after {
        const struct plan *plan;
        const struct drill_facts *facts;
        const struct export_play *plays;
        unsigned n_plays;
        unsigned play; /* 0: of all */
        const char *code, *title;
        bool vi;
};

/* One self-contained page: no script, nothing fetched. 0; -ENOENT: no such play; -ENOMEM. */
int after_html(struct buf *to, const struct after *a);
/* What the press prints (press/document.h), without "format", "made": the caller's JSON has them too. */
int after_paper(struct buf *to, const struct after *a, const char *format);

#endif
