/* Request targets: what rules look for stands in them encoded or plain. */
#ifndef DECODE_URI_H
#define DECODE_URI_H

#include "decode/decode.h"

/* Undoes %XX once; `plus`: '+' is a blank too. False when nothing changes or the arena is used up.
 */
bool uri_decode(struct arena *a, struct span s, bool plus, struct span *ret);

/* Adds the field as it was logged and, when that differs, as the server understood it: a second
 * element of the same name. Rules for access logs name what they look for in either form ('..%2f',
 * 'UNION SELECT'), and an attacker chooses the encoding; a field of two values matches both. */
void uri_add(struct decode_state *s, struct event *e, struct span name, struct span val, bool plus);

/* cs-uri, cs-uri-stem, cs-uri-query of a request target. */
void uri_add_target(struct decode_state *s, struct event *e, struct span target);

/* Adds two values of one field. */
void uri_add_two(struct decode_state *s, struct event *e, struct span name, struct span a,
                 struct span b);

#endif
