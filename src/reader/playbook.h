/* Playbooks in CACAO 2.0 (OASIS): a JSON document is checked whole, and becomes a plan, which is what the
 * desk runs and the console draws (doc/playbooks.md). The document itself is kept as it came; signatures are
 * kept with it and not looked at.
 *
 * What comes out is one JSON object:
 *
 *     {"faults": [{"pointer", "value"|null, "en", "vi", "remedy_en", "remedy_vi"}], "n_faults": n,
 *      "warnings": [{"pointer", "en", "vi"}], "plan": {…}|null}
 *
 * A fault breaks a MUST of the specification, or a bound of ours; with any there is no plan. A warning is what
 * a person should know: a step that nothing leads to, an end that is not there. `pointer` is of RFC 6901.
 *
 * The plan: {"cacao", "name", "name_vi", "about", "about_vi", "kinds": […], "labels": […], "tlp", "created_by",
 * "created", "modified", "revoked", "valid_from", "valid_until", "signatures": n, "variables": [{"name", "type",
 * "about", "about_vi", "value", "constant", "external"}], "start": n, "exception": n|-1, "counts": {"steps",
 * "automatic", "parallel", "conditions"}, "steps": […], "graph": {…}}. "steps" is what is run: for each
 * {"type", "name", "name_vi", "part", "within_s", "delay_s", "auto", "with", "condition", "switch", "next",
 * "success", "failure", "true", "false", "branches": […], "cases": [{"value", "title_vi", "to"}], "playbook",
 * "out": [names]}, steps by number, -1: none. "graph" is what is drawn. */
#ifndef READER_PLAYBOOK_H
#define READER_PLAYBOOK_H

#include "base/buf.h"

#define PLAYBOOK_BYTES_MAX ((size_t)1 << 20)
#define PLAYBOOK_STEPS_MAX 500u
#define PLAYBOOK_EDGES_MAX 2000u
#define PLAYBOOK_DEPTH_MAX 24u
#define PLAYBOOK_FAULTS_MAX 100u

/* Of what our own playbooks carry beyond CACAO (doc/playbooks.md). */
#define PLAYBOOK_EXTENSION "extension-definition--5b7c3c1e-6f0d-4a57-9d0b-1f6c2a9e8d47"

/* 0, whatever the document is; -ENOMEM. */
int playbook_read(struct span json, struct buf *out);

/* ---- conditions (condition.c) ---- */

enum playbook_truth { PLAYBOOK_UNKNOWN = 0, PLAYBOOK_FALSE, PLAYBOOK_TRUE };
/* The value of a variable ("__name__"), or SPAN_NONE: it is not known. */
typedef struct span playbook_value(void *ctx, struct span name);
/* A condition over variables: comparisons (= == != < <= > >=) with AND, OR, NOT and brackets. What needs
 * more than that, or a value that is not known, is for a person: PLAYBOOK_UNKNOWN. */
enum playbook_truth playbook_condition(struct span text, playbook_value *value, void *ctx);
/* The one variable that a condition compares with 'true' and nothing else ("__x__:value = 'true'"): an
 * answer of a person is its value then. SPAN_NONE: it is no such condition. */
struct span playbook_asks(struct span text);

#endif
