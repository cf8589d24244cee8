/* See keep.h. */
#include "wire/keep.h"

static bool ends(const char *s, size_t room) {
        return memchr(s, '\0', room) != NULL;
}

bool keep_audit_good(const struct keep_audit *a) {
        return ends(a->who, sizeof(a->who)) && ends(a->what, sizeof(a->what)) &&
               ends(a->about, sizeof(a->about)) && ends(a->detail, sizeof(a->detail)) &&
               a->who[0] && a->what[0];
}

bool keep_hold_good(const struct keep_hold *h, enum keep_what what) {
        if (!ends(h->name, sizeof(h->name)) || !h->name[0])
                return false;
        for (const char *c = h->name; *c; c++)
                if (*c <= ' ' || *c >= 0x7f)
                        return false;
        if (what == KEEP_RELEASE)
                return true;
        return ends(h->owner, sizeof(h->owner)) && h->owner[0] &&
               ends(h->reason, sizeof(h->reason)) && h->reason[0] && h->first < h->end &&
               h->end <= INT64_MAX && h->until > 0;
}
