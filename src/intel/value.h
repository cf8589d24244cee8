/* What indicators and events have in common: an address, a name, a URL or a hash in the one form in
 * which both are compared. */
#ifndef INTEL_VALUE_H
#define INTEL_VALUE_H

#include "base/base.h"

enum intel_type {
        INTEL_NONE = 0,
        INTEL_ADDRESS, /* 16 bytes (IPv4 mapped), 1 byte of prefix */
        INTEL_DOMAIN,  /* this name */
        INTEL_TREE,    /* this name and all below it */
        INTEL_URL,     /* without its scheme: one that changed to https is the same place */
        INTEL_MD5,
        INTEL_SHA1,
        INTEL_SHA256,
        INTEL_SHA512,
        INTEL_IMPHASH,
        INTEL_JA3, /* and JA3S: both are an MD5 */
        INTEL_TYPES,
};

#define INTEL_KEY_MAX 2048u
#define INTEL_DOMAIN_MAX 253u

struct intel_key {
        enum intel_type type;
        uint32_t len;
        uint32_t host, host_len; /* INTEL_URL: where its host stands in `bytes` */
        char bytes[INTEL_KEY_MAX];
};

/* "address", "domain" …; "" when there is none such. */
const char *intel_type_name(enum intel_type t);

/* "192.0.2.1" or "2001:db8::1" (also in brackets or with a zone): 16 bytes, IPv4 mapped. */
bool intel_address(struct span s, uint8_t ret[16]);
/* All but the first `prefix` bits (of 128) cleared. */
void intel_mask(uint8_t ip[16], unsigned prefix);

/* Event or indicator to key; false when it is no such thing. Names are folded, a dot at the end goes.
 */
bool intel_key_address(struct intel_key *k, const uint8_t ip[16], unsigned prefix);
bool intel_key_domain(struct intel_key *k, struct span s, enum intel_type type);
bool intel_key_url(struct intel_key *k, struct span s);
/* Hex digits of that type's length. */
bool intel_key_hash(struct intel_key *k, struct span s, enum intel_type type);
/* By its length; INTEL_NONE: none. */
enum intel_type intel_hash_type(size_t digits);

/* As a person reads it: at most `room` bytes, ended with NUL; returns the length. */
size_t intel_key_text(const struct intel_key *k, char *to, size_t room);

/* Without what makes a value harmless in mails ("hxxp://evil[.]com"), blanks and quotes. `to` has room
 * for s.len bytes. */
struct span intel_refang(struct span s, char *to);
/* Of a value without a type: address or network, URL, hash, "*.evil.com", name. False: none of them.
 */
bool intel_key_any(struct intel_key *k, struct span s);
/* "10.0.0.0/8"; an address alone is a network of one. */
bool intel_key_network(struct intel_key *k, struct span s);

#endif
