/* Respect for staff, at the desk: names of people, addresses and paths outside an incident are shown as pseudonyms
 * (scan/pseudonym.h), by a key of this month; who sees them as they are (doc/privacy.md). */
#ifndef DESK_MASK_H
#define DESK_MASK_H

#include "desk/api.h"
#include "scan/pseudonym.h"

/* A new month has a new key, and the one before is gone: nobody can tell who was who in last month's lists. 0 or
 * -errno. */
int masks_tick(struct desk *d, int64_t wall);
void desk_masks_free(struct desk *d);
const unsigned char *mask_key(const struct desk *d);

/* In the asker's language; of the call's arena. */
struct span mask_name(struct api_call *c, enum names_kind kind, struct span value);
/* An alert's entity of several: "name=value, …". */
struct span mask_group(struct api_call *c, struct span entity);
/* A text with what `known` names and personal data replaced. */
struct span mask_text(struct api_call *c, struct span text, const struct names *known);
void mask_know(struct api_call *c, struct names *known, enum names_kind kind, struct span value);

/* Whether names are shown that belong to the incident whose number is `column`: the asker works on it, or
 * has unmasked it. As a condition; text of the arena. */
int mask_shown(struct api_call *c, const char *column, const char **ret_sql);

/* ---- unmasking (api_unmaskings.c) ---- */

/* The asker may see names of [from, to) for this incident: by an unmasking that is in force, or by a new one that needs
 * nobody's approval. Counts its use. 0 and *ret_id, API_E_REFUSED, -errno. */
int unmask_for(struct api_call *c, int64_t incident, int64_t from, int64_t to, struct span q,
               int64_t *ret_id);

#endif
