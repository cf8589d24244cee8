/* What syslog lines and journal entries share: the services' own words made into fields. */
#ifndef DECODE_SYSLOG_H
#define DECODE_SYSLOG_H

#include "decode/decode.h"

/* The program's plain name, without a path and without what stands in parentheses:
 * "/usr/sbin/crond" is "crond", "sshd(pam_unix)" is "sshd"; "postfix/smtpd" and "CRON" stay. What
 * OpenSSH split off, sshd-session and sshd-auth, is "sshd". */
struct span syslog_program(struct span program);

/* Adds the fields that this program's message holds (syslog_service.c says which); message and
 * program must live as long as the record. */
void syslog_service(struct decode_state *s, struct event *e, struct span program,
                    struct span message);

/* "auth", "info"; an empty span when out of range. */
struct span syslog_facility(unsigned pri);
struct span syslog_severity(unsigned pri);

#endif
