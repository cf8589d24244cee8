/* Named files in one block of memory: how main hands rules, log-source maps and placeholders to the
 * process that parses them, and how the shipped content is embedded. Little-endian, entries one
 * after the other: u32 kind | u32 name length | u32 data length | name | data The reader checks
 * every length. */
#ifndef WIRE_BUNDLE_H
#define WIRE_BUNDLE_H

#include "base/buf.h"

enum bundle_kind {
        BUNDLE_RULE = 1,    /* a Sigma YAML file: rules, correlations, filters, collections */
        BUNDLE_LOGSOURCE,   /* content/logsources/NAME.yml */
        BUNDLE_PLACEHOLDER, /* placeholders for |expand */
        BUNDLE_OTHER,
        BUNDLE_INTEL_FIELDS, /* content/intel/NAME.yml: which fields indicators are looked for in */
        BUNDLE_INDICATORS,   /* STIX, MISP or CSV */
        BUNDLE_WARNINGS,     /* a MISP warning list */
        BUNDLE_REGIME,       /* content/regimes/NAME/regime.yml */
        BUNDLE_PLAYBOOK,     /* content/playbooks/NAME.json; only shipped */
        BUNDLE_SCENARIO,     /* content/scenarios/NAME.yaml; only shipped */
};

struct bundle_entry {
        enum bundle_kind kind;
        struct span name; /* path as the user gave it, for messages */
        struct span data;
};

void bundle_add(struct buf *b, enum bundle_kind kind, struct span name, struct span data);
/* Takes the entry at *pos and moves on. 1: got one; 0: the end; -EBADMSG: not a bundle. */
int bundle_next(struct span bundle, size_t *pos, struct bundle_entry *ret);

#endif
