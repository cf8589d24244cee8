/* Findings grouped by rule and host, for a person: how many, from when to when, one worth showing.
 */
#ifndef REPORT_GROUPS_H
#define REPORT_GROUPS_H

#include "base/arena.h"
#include "report/writer.h"

#define GROUP_TEXT 232u

struct group {
        struct group *chain; /* same slot */
        struct group *next;  /* of all */
        uint64_t hash;
        uint64_t count;      /* findings */
        int64_t first, last; /* TIME_NONE: no finding had a time */
        int64_t rule_first;  /* of all groups of the rule; set by groups_sorted() */
        uint32_t rule;
        bool alert;
        uint8_t level;
        /* The earliest finding, so that a report does not depend on which judge was faster. */
        int64_t sample_time;
        uint64_t offset, line, record, events;
        uint32_t input;
        uint8_t name_len, text_len;
        uint16_t host_len;
        char name[40], text[GROUP_TEXT];
        char host[]; /* host_len bytes */
};

struct groups;

/* At most `max` groups and about 12 MiB; findings beyond are only counted. */
int groups_new(struct groups **ret, uint32_t max);
struct groups *groups_free(struct groups *g);
CLEANUP(groups, groups_free)

void groups_add(struct groups *g, const struct report *r, const struct finding *f);
/* Severest first; then rules by their first time, then hosts by theirs. The array is the groups'
 * own. NULL: no memory. */
struct group **groups_sorted(struct groups *g, uint32_t *ret_n);
/* Findings in no group, for want of room. */
uint64_t groups_left_out(const struct groups *g);
/* Distinct hosts seen; `ret_more` when there were more than can be counted. */
uint64_t groups_hosts(const struct groups *g, bool *ret_more);

#endif
