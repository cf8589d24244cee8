/* A small pattern language for the sentences that services log. */
#ifndef DECODE_SYSLOG_PATTERN_H
#define DECODE_SYSLOG_PATTERN_H

#include "decode/decode.h"

/* Text with places: "Failed {method} for {user*} from {src_ip}".
 *   {name}    up to the next literal (at the end: the rest), not empty unless written {name?}
 *   {name*}   up to the last place where what follows still fits, may be empty: for names that a
 *             stranger chose, which may themselves hold " from "
 *   {}        as {name}, not kept
 *   {src_ip}  an address or a host name; " port 22", ":22" or "#22" behind it becomes src_port
 *   {src_port}, {pid}, {uid} digits
 * The pattern fits when the message begins with it. */
struct pattern {
        const char *text;
        const char *action; /* of event.action; may end in '_': the method is appended */
};

/* Tries each in turn; adds the fields of the first that fits. */
bool pattern_apply(struct decode_state *s, struct event *e, const struct pattern *list, size_t n,
                   struct span msg);

bool address_is_ip(struct span a);
/* Adds src_ip (an IPv4 address mapped into IPv6 as itself) or src_host. */
void address_put(struct decode_state *s, struct event *e, struct span a);
/* "1.2.3.4" in "x[1.2.3.4]" or "x[1.2.3.4]:22": the first (or last) address in brackets that is not
 * preceded by '='; sets what follows. */
struct span address_in_brackets(struct span msg, bool last, struct span *ret_rest);
/* Adds src_port when `rest` begins with a port as written behind an address. */
void port_put(struct decode_state *s, struct event *e, struct span rest);

void put_text(struct decode_state *s, struct event *e, struct span name, struct span val);

#endif
