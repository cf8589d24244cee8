/* Log sources and field names as data: content/logsources/NAME.yml (format: doc/logsources.md).
 * Says under which canonical name an event's field is known, what kind of log a JSON event comes
 * from, and which events a rule's log source means.
 *
 * Names are canonical on both sides: the field names of events and those that rules write both go
 * through source_canonical(). Aliases and prefixes know no kinds. Conditions and renames below hold
 * canonical names already.
 *
 * Everything here is plain data in the caller's arena; spans point into it. The input may be a file
 * somebody else wrote: it is bounded, and what is wrong with it becomes a diag. */
#ifndef RULES_SOURCE_H
#define RULES_SOURCE_H

#include "decode/event.h"
#include "rules/rule.h"

/* Kinds known here and in the decoders keep the number of enum event_kind; those that only data
 * defines get the numbers from EVENT_KIND_MAX on, in order of appearance. */
#define SOURCE_KINDS_MAX 128u
#define SOURCE_MATCH_MAX 512u

/* An event field's value as the map compares it: without case (ASCII). */
struct source_value {
        struct span text; /* lower-cased */
        bool prefix;      /* the map wrote "text*" */
        bool inside;      /* "*text*"; in conditions only */
};

/* The field (any of its values, if it has several) equals one of the values. */
struct source_cond {
        struct span field;
        struct source_value *values;
        uint32_t n;
        bool absent; /* an event without the field is good too (the map lists null) */
};

struct source_alias {
        struct span from, to; /* the event's (or rule's) name, the canonical one */
};

struct source_prefix {
        struct span text; /* "winlog.event_data." */
        bool any_next;    /* the map wrote "Event.UserData.*.": one more path segment goes too */
};

/* How a JSON event is recognised; the first test that holds decides. */
struct source_test {
        uint8_t kind;
        struct span *has; /* all of them, canonical */
        uint32_t n_has;
        struct source_cond *conds; /* all of them */
        uint32_t n_conds;
        struct span *key1; /* key1 is the value of the first of these that the event has; none: key1
                              is empty */
        uint32_t n_key1;
        struct span key1_is; /* not empty: key1 is this, lower-cased */
        struct span key2;    /* a field with an integer; empty: key2 is -1 */
};

/* A value of key1 that stands for another, for tests of this kind: a provider's name for its
 * channel. Both lower-cased. */
struct source_key1_name {
        uint8_t kind;
        struct span from, to;
};

/* The rule's field is to be looked for under these names in the event: true if any of them matches,
 * absent if the event has none of them. */
struct source_rename {
        struct span field;
        struct span *to;
        uint32_t n;
};

/* The rule's field has this value in every event of the alternative. */
struct source_const {
        struct span field, value;
};

/* One way in which events of a log source look. */
struct source_alt {
        uint8_t kind;
        struct source_value *key1; /* n_key1 0: any */
        uint32_t n_key1;
        int64_t *key2; /* n_key2 0: any; ascending */
        uint32_t n_key2;
        struct source_cond *conds;
        uint32_t n_conds;
        struct source_rename *renames;
        uint32_t n_renames;
        struct source_const *consts;
        uint32_t n_consts;
        uint32_t line; /* of its file */
};

struct source_entry {
        struct span category, product, service; /* lower-cased; empty: the rule has none */
        struct source_alt *alts;
        uint32_t n_alts;
        struct span
                why; /* n_alts 0: nothing here can hold such events, and this is why (English) */
        struct span file;
        uint32_t line;
};

struct source_map {
        struct arena *arena;
        struct source_alias *aliases; /* sorted by `from` (bytes); no two alike */
        uint32_t n_aliases;
        struct source_prefix *prefixes; /* longest first */
        uint32_t n_prefixes;
        struct span kinds[SOURCE_KINDS_MAX]; /* names; the index is the kind */
        uint32_t n_kinds;
        struct source_test *tests; /* in the order of the files */
        uint32_t n_tests;
        struct source_key1_name *key1_names;
        uint32_t n_key1_names;
        struct source_entry *entries; /* in the order of the files */
        uint32_t n_entries;
        struct diag *diags;
        uint32_t n_diags;
};

/* Reads all entries of kind BUNDLE_LOGSOURCE. A file that is not a map, or holds a mistake, gives a
 * diag (codes "map-…") and the rest is used. -EBADMSG: not a bundle; -ENOMEM: `a` is used up.
 * `bundle` must stay. */
int source_map_parse(struct source_map *ret, struct arena *a, struct span bundle);

/* The canonical name: the alias; else, without the longest prefix, the alias or what is left (up to
 * four times, for documents inside documents). The result points into `name` or into the map. */
struct span source_canonical(const struct source_map *m, struct span name);

/* The alternatives of a rule's log source; an event belongs to it if any of them holds (an event
 * for which two do still is one event). In turn:
 *   1. entries with exactly these three values;
 *   2. a rule with category and service: the alternatives of category (and product) that share kind
 * and key1 with one of those of service (and product): both must hold;
 *   3. entries that have what the rule has and more (category alone means all products);
 *   4. an entry for the category of any product.
 * Returns their number, at most `max` (SOURCE_MATCH_MAX is always enough). 0: unmapped; *ret_why
 * (may be NULL) then says why if a map lists the source as one that cannot be mapped, else it is
 * empty. */
uint32_t source_match(const struct source_map *m, const struct logsource *l,
                      const struct source_alt **ret, uint32_t max, struct span *ret_why);

/* The kind a name stands for, or -1. */
int source_kind(const struct source_map *m, struct span name);

#endif
