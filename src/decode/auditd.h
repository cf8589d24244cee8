/* Linux audit records: one record to fields (auditd_record.c), several of one serial to an event
 * (auditd.c). */
#ifndef DECODE_AUDITD_H
#define DECODE_AUDITD_H

#include "decode/decode.h"

struct auditd_record {
        struct span line;
        struct span node;  /* node=… or the host of a syslog header; may be empty */
        struct span type;  /* a name; numbers that are known are named */
        struct span stamp; /* "1170021493.977:293" */
        struct span body;  /* behind "): " */
        int64_t time;
        uint64_t serial;
};

/* Reads what stands before the body. False: the line is no audit record. */
bool auditd_head(struct span line, struct auditd_record *ret);

/* Which names an event has already, so that a repeated one becomes a further element of its array.
 */
struct auditd_join;

/* For up to `names` distinct names (a power of two); NULL when memory is short. */
struct auditd_join *auditd_join_new(unsigned names);
struct auditd_join *auditd_join_free(struct auditd_join *j);

/* Begins an event that may have fields already; then one call for each record; then the end. */
void auditd_join_begin(struct auditd_join *j, struct decode_state *s, struct event *e);
void auditd_join_add(struct auditd_join *j, const struct auditd_record *r);
void auditd_join_end(struct auditd_join *j);

#endif
