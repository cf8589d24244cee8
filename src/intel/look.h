/* A field of an event, looked up among the indicators. */
#ifndef INTEL_LOOK_H
#define INTEL_LOOK_H

#include "intel/table.h"

/* What a field may hold (content/intel.yml). */
enum intel_field {
        INTEL_FIELD_NONE = 0,
        INTEL_FIELD_HOST,   /* an address or a name, perhaps with a port */
        INTEL_FIELD_HOSTS,  /* several, between blanks, commas, semicolons */
        INTEL_FIELD_URL,    /* and its host */
        INTEL_FIELD_HASH,   /* one */
        INTEL_FIELD_HASHES, /* "MD5=…,SHA256=…" */
        INTEL_FIELD_JA3,
        INTEL_FIELD_TEXT, /* a command line, a script: addresses, names and URLs in it */
        INTEL_FIELD_PATH, /* a URL whose host was looked at already */
        INTEL_FIELDS,
};
enum intel_field intel_field_of(struct span name); /* "host" … "text" */

#define INTEL_FOUND_MAX 8u

struct intel_found {
        uint32_t entry[INTEL_FOUND_MAX]; /* each once */
        uint32_t n;
        uint32_t want;  /* UINT32_MAX; else the entry whose text is asked for */
        char text[256]; /* ends with NUL */
};

/* All indicators that the value holds, at most INTEL_FOUND_MAX. */
void intel_look(const struct intel_table *t, enum intel_field field, struct span value,
                struct intel_found *ret);
/* The indicator as it was found in that value; "" when it was not. */
const char *intel_look_text(const struct intel_table *t, enum intel_field field, struct span value,
                            uint32_t entry, struct intel_found *scratch);

#endif
