/* An incident as others' machines read it: STIX 2.1 (share_stix.c) and IODEF 2 (share_iodef.c), as far as its
 * traffic lights let it go (doc/reports.md). */
#ifndef DESK_SHARE_H
#define DESK_SHARE_H

#include "desk/incident.h"

#define SHARE_ITEMS 2000u

/* How far something may go, or goes: TLP 2.0. */
enum share_tlp { SHARE_CLEAR, SHARE_GREEN, SHARE_AMBER, SHARE_AMBER_STRICT, SHARE_RED };
enum share_type {
        SHARE_ADDRESS,
        SHARE_DOMAIN,
        SHARE_URL,
        SHARE_EMAIL,
        SHARE_HASH,
        SHARE_FILE,
        SHARE_HOST,
        SHARE_ACCOUNT,
        SHARE_PROCESS,
        SHARE_JA3,
        SHARE_OTHER
};

struct share_item {
        int64_t id, at;
        enum share_type type;
        enum share_tlp tlp;
        struct span value, note; /* note: only where names go */
        bool attacker, hidden;   /* hidden: value is a pseudonym: "host-2" */
        bool v6;
        unsigned bits; /* of an address; 0: it is none */
};

struct share {
        struct api_call *c;
        struct incident of;
        enum share_tlp sharing, tlp; /* tlp: of the incident */
        bool open;                   /* the incident itself may go that far */
        bool names; /* names of people, hosts, units and what people wrote go too */
        struct span title, summary, scope, kind, unit; /* in English where the regime says it */
        int64_t occurred, restored, closed;
        struct share_item items[SHARE_ITEMS];
        unsigned n;
        struct span attacks[64]; /* "T1486", of the rules that fired */
        unsigned n_attacks;
};

/* For an asker who may send reports. 0, API_E_REFUSED, -errno; *ret is of the call's arena. */
int share_open(struct api_call *c, struct share **ret);
const char *share_tlp_word(enum share_tlp t); /* "TLP:AMBER+STRICT" */

/* Of a name in a namespace; 36 characters and a NUL. */
void share_uuid5(char to[37], const unsigned char space[16], struct span name);

int share_stix(const struct share *s, struct buf *to);
int share_iodef(const struct share *s, struct buf *to);

#endif
