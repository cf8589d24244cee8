/* Events of other formats inside a text message: a JSON object, Sysmon's XML. */
#ifndef DECODE_EMBED_H
#define DECODE_EMBED_H

#include "decode/decode.h"

/* The whole of `text` as one JSON object: adds its fields. False: it is not, and nothing was added.
 */
bool embed_json(struct decode_state *s, struct event *e, struct span text);
/* Sysmon for Linux: "<Event><System>…</System><EventData><Data Name="…">…". False: it is not. */
bool embed_sysmon(struct decode_state *s, struct event *e, struct span text);
/* Frees s->embed. */
void embed_free(struct decode_state *s);

#endif
