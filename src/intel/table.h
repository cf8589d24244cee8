/* Indicators as the judges have them: a table that is asked in a few nanoseconds whether it may know a
 * value, and answers exactly. Position-independent, part of the rules' program (rules/blob.h). The
 * process that made it parsed foreign files: any bytes are accepted, and what is not sound is refused
 * by intel_table_open() or read as "not there". */
#ifndef INTEL_TABLE_H
#define INTEL_TABLE_H

#include "base/buf.h"
#include "intel/value.h"

#define INTEL_DIGEST 16u

/* As it stands in the table, sorted by digest. */
struct intel_entry {
        uint8_t digest[INTEL_DIGEST];     /* BLAKE2b of type and key */
        uint32_t expires;                 /* seconds since 1970; 0: never */
        uint32_t name;                    /* in the names; 0: none of its own */
        uint16_t rule;                    /* from the first rule of indicators on */
        uint8_t type, confidence;         /* 0–100 */
        uint8_t tlp, prefix, reserved[2]; /* prefix: of an address, bits */
};
_Static_assert(sizeof(struct intel_entry) == 32, "memory per indicator is promised");

/* Before it is written. */
struct intel_item {
        struct intel_entry e;
        uint64_t filter; /* intel_filter_hash() of its key */
        uint32_t lead;   /* intel_lead() of its key */
};

struct intel_table {
        const struct intel_entry *entries;
        const uint64_t *bloom, *leads; /* leads: bits, LEAD_BITS of them */
        const char *names;
        uint32_t n, n_blocks, names_len, first_rule, n_rules;
        uint64_t prefixes[3]; /* bit p: some network has that many bits */
        uint32_t counts[INTEL_TYPES];
        bool has_v6; /* addresses that are not IPv4 */
};

void intel_digest(const struct intel_key *k, uint8_t ret[INTEL_DIGEST]);
uint64_t intel_filter_hash(const struct intel_key *k);
/* What a value must begin with to be worth a look: the first 16 bits of an IPv4 address, a hash of the
 * first 32 of another; of names and of URLs' hosts a hash of the last label. Few kilobytes, so they
 * stay in the cache: internal names and private addresses, nearly all that events have, end here. */
enum {
        LEAD_V4 = 65536,
        LEAD_HASHED = 4096, /* of each other kind */
        LEAD_BITS = LEAD_V4 + 2 * LEAD_HASHED,
        LEAD_RANGE = 1 << 24, /* times the number of bits that a network leaves open */
};
uint32_t intel_lead(const struct intel_key *k);
uint32_t intel_lead_address(const uint8_t ip[16]);
uint32_t intel_lead_name(struct span name);
static inline bool intel_leads(const struct intel_table *t, uint32_t lead) {
        return t->leads[lead / 64] >> (lead % 64) & 1;
}
/* Sorts the entries; of two alike the one of more confidence stays, with the longer life. `names`
 * begins with an unused byte. Appends; its begin must be 64-aligned once mapped. Returns how many are
 * left. */
uint32_t intel_table_write(struct buf *out, struct intel_item *e, uint32_t n, struct span names,
                           uint32_t first_rule, uint32_t n_rules);
/* 0 or -EBADMSG. `s` stays. */
int intel_table_open(struct intel_table *ret, struct span s);

/* The entry's index, or UINT32_MAX. */
uint32_t intel_table_find(const struct intel_table *t, const struct intel_key *k);
struct span intel_table_name(const struct intel_table *t, const struct intel_entry *e);

#endif
