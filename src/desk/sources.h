/* Log sources as the desk sees them (api_sources.c). */
#ifndef DESK_SOURCES_H
#define DESK_SOURCES_H

#include "desk/api.h"

/* The temporary table source_now as of this second. */
int sources_fresh(struct api_call *c);
/* From source_now n: with the system (s) that names it, and its unit; who sees one that none names: the root's. */
#define FROM_SOURCES                                                                               \
        "source_now n LEFT JOIN system s ON s.id=(SELECT min(system) FROM system_source x"         \
        " WHERE x.source=n.name) LEFT JOIN unit u ON u.id=s.unit"

/* An alert about the silence of a source: 1: it is silent on purpose, which was counted; 0; -errno. */
int maintenance_holds(struct desk *d, struct span source);
/* Maintenance that is over; as often as one likes. */
int maintenance_tick(struct desk *d, int64_t mono, int64_t wall);

#endif
