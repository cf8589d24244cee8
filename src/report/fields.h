/* A finding's fields, and what its rule says, as the formats want them. */
#ifndef REPORT_FIELDS_H
#define REPORT_FIELDS_H

#include "report/attack.h"
#include "report/writer.h"

#define FIELDS_NONE UINT32_MAX

/* Names that occur more than once are one list: first[i] says that i is the first of its name,
 * next[i] is the following one of the same name or FIELDS_NONE. Linear, no allocation. */
struct fields {
        uint32_t n;
        bool first[FINDING_FIELDS_MAX];
        uint32_t next[FINDING_FIELDS_MAX];
};
void fields_group(struct fields *ret, const struct finding_field *f, uint32_t n);

/* The field worth showing when there is room for one: a command line, script, path, query …, best a
 * matched one. FIELDS_NONE when there is no text at all. */
uint32_t fields_headline(const struct finding *f);

/* `"key":value`, where several values make a list; numbers and booleans bare when they are what
 * JSON takes for such. */
void fields_json(struct buf *b, const struct finding *f, const struct fields *g, uint32_t i);
/* The value alone, as JSON. */
void fields_json_value(struct buf *b, const struct finding_field *x);

/* The object of all fields: {"CommandLine":"…","EventID":1}. */
void fields_json_event(struct buf *b, const struct finding *f, const struct fields *g);

/* What a rule's tags say of ATT&CK. Techniques beyond the maximum are left out (a rule with more
 * has other problems). */
#define FIELDS_TECHNIQUES_MAX 32u
struct fields_attack {
        uint32_t n;
        char techniques[FIELDS_TECHNIQUES_MAX][ATTACK_ID_MAX];
        uint32_t tactics; /* bits, as tagged; without such tags those of the techniques */
};
void fields_attack(struct fields_attack *ret, const struct report *r, uint32_t rule,
                   bool correlation, const struct program_rule *m);

#endif
