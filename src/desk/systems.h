/* Which information system something belongs to, by its host or address. */
#ifndef DESK_SYSTEMS_H
#define DESK_SYSTEMS_H

#include "desk/sql.h"

struct systems;

/* The system (active ones only) that names `host`, or the one whose network holds it when it is an address
 * (the longest prefix of all); with a domain behind it that nobody names, its first part. 0: none. The
 * index in memory is made anew when systems changed. 0 or -errno. */
int systems_find(struct systems **index, struct sql *db, struct span host, int64_t *ret);
struct systems *systems_free(struct systems *s);

/* Somebody changed one: within the same transaction. */
int systems_changed(struct sql *db);

/* "10.1.2.0/24", "2001:db8::1": 16 bytes (IPv4 mapped), beyond the prefix zeros, and bits there (120,
 * 128); and how it is written. -EINVAL: it is none. */
#define ADDRESS_TEXT 64u
int address_parse(struct span s, unsigned char to[16], unsigned *ret_bits, char text[ADDRESS_TEXT]);

#endif
