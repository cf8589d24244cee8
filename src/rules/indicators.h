/* Indicators of a bundle become part of a rule set: a rule per feed and level that speaks for them,
 * and the table (intel/table.h). And which fields are looked at, as data: content/intel/ (NAME.yml). */
#ifndef RULES_INDICATORS_H
#define RULES_INDICATORS_H

#include "intel/look.h"
#include "intel/set.h"
#include "rules/rule.h"

#define INTEL_NAME_MAX 128u

/* Reads warning lists, then indicators. `set` must be empty (intel_set_deinit() it); adds rules and
 * the table to `rules`, once all is read, unless `rules` is NULL; `table` keeps the bytes. 0, -EBADMSG
 * (no bundle) or -ENOMEM. */
int indicators_read(struct ruleset *rules, struct intel_set *set, struct buf *table,
                    struct span bundle, const struct intel_options *o);

/* A field that indicators are looked for in: "NAME [at HOST [then QUERY]] [beside OTHER]". */
struct indicator_field {
        enum intel_field holds;
        struct span name;
        struct span at, then; /* of a URL: where its host is, and its query; or empty */
        struct span beside;   /* that the event must have too, or empty */
};
/* Calls for every field of the bundle's BUNDLE_INTEL_FIELDS. -EBADMSG: such a file is malformed. */
int indicator_fields(struct span bundle, void (*each)(void *ctx, const struct indicator_field *f),
                     void *ctx);

/* What was read, as text or JSON: counts, then what is wrong by place (at most as many as kept). */
void indicators_text(struct buf *out, const struct intel_set *s);
void indicators_json(struct buf *out, const struct intel_set *s);
/* Only what an administrator must know at once: files that could not be read, and one line of
 * counts. Empty when there are no indicators and nothing is wrong. */
void indicators_brief(struct buf *out, const struct intel_set *s);

#endif
