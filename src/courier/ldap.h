/* The little of LDAP version 3 (RFC 4511) that signing in and disabling an account take: requests as bytes,
 * answers read from bytes that anybody may have sent. No sockets here.
 *
 *   D1. What a person typed goes into a request as a value with its length, never into a filter's text; into a
 *       distinguished name escaped (RFC 4514).
 *   D2. A request to bind has a name and a password, neither of them empty: many servers take a bind without
 *       a password for a guest's, and say yes. */
#ifndef COURIER_LDAP_H
#define COURIER_LDAP_H

#include "base/buf.h"

#define LDAP_BYTES_MAX ((size_t)128 << 10) /* of one answer */
#define LDAP_TEXT_MAX 512u                 /* of names and values that we send */
#define LDAP_VALUES_MAX 8u

/* -EINVAL: D2, or too long. */
int ldap_bind(struct buf *to, uint32_t id, struct span dn, struct span password);
int ldap_starttls(struct buf *to, uint32_t id);
/* Everything below `base` whose `attribute` is `value` (and objectClass `class`, where it is not empty); of it
 * the attribute `want` ("1.1": none). At most two are asked for: one too many is enough to know. */
int ldap_search(struct buf *to, uint32_t id, struct span base, struct span class,
                struct span attribute, struct span value, struct span want);
/* That attribute becomes just this value; an empty one: it goes. */
int ldap_replace(struct buf *to, uint32_t id, struct span dn, struct span attribute,
                 struct span value);
void ldap_unbind(struct buf *to, uint32_t id);

/* "uid={login},ou=people,dc=example" with the login in it, escaped. -EINVAL: no such place, or too long. */
int ldap_dn_of(struct buf *to, struct span template, struct span login);

enum ldap_op {
        LDAP_BIND_DONE = 0x61,
        LDAP_ENTRY = 0x64,
        LDAP_SEARCH_DONE = 0x65,
        LDAP_MODIFY_DONE = 0x67,
        LDAP_ELSEWHERE = 0x73, /* a referral: passed over */
        LDAP_EXTENDED_DONE = 0x78,
};
enum {
        LDAP_OK = 0,
        LDAP_NO_SUCH_ATTRIBUTE = 16,
        LDAP_NO_SUCH_OBJECT = 32,
        LDAP_WRONG_PASSWORD = 49,
};
struct ldap_said {
        uint32_t id;
        uint32_t op;       /* enum ldap_op, or another */
        uint32_t code;     /* of those that are done */
        struct span dn;    /* of an entry */
        struct span value; /* of its first attribute, the first */
        unsigned n_values;
};
/* 1: a message of *ret_used bytes; 0: more is needed; -EBADMSG. Spans point into `in`. */
int ldap_read(struct span in, size_t *ret_used, struct ldap_said *ret);

#endif
