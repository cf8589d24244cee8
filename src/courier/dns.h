/* Questions to a name server and its answers, as bytes (RFC 1035): no sockets here. */
#ifndef COURIER_DNS_H
#define COURIER_DNS_H

#include "base/base.h"

#define DNS_QUERY_MAX 300u
#define DNS_ADDRESSES_MAX 16u

enum dns_type { DNS_A = 1, DNS_AAAA = 28 };

struct dns_addresses {
        uint8_t list[DNS_ADDRESSES_MAX][16]; /* IPv4 mapped */
        unsigned n;
};

/* The length; 0: the name is none. */
size_t dns_query(unsigned char to[DNS_QUERY_MAX], struct span name, enum dns_type type,
                 uint16_t id);
/* Adds what the answer to that question has; at most what fits. 0; -ENOENT: there is no such name;
 * -EAGAIN: that server cannot say; -EBADMSG: not an answer to it. */
int dns_answer(struct span bytes, struct span name, enum dns_type type, uint16_t id,
               struct dns_addresses *to);
/* The addresses that a file like /etc/hosts gives the name. */
void dns_hosts(struct span text, struct span name, struct dns_addresses *to);

#endif
