/* A JSON document as simdjson's DOM parser reads it, flattened as our reader flattens. */
#ifndef FUZZ_JSON_DIFF_H
#define FUZZ_JSON_DIFF_H

#include <stdbool.h>
#include <stddef.h>

struct json_diff {
        bool accepted;
        bool number; /* refused because of a number, which may only be too big */
        char *text;  /* from malloc: a line per field */
        size_t len;
};

#ifdef __cplusplus
extern "C"
#endif
        void
        json_diff_read(struct json_diff *ret, const char *p, size_t len);

#endif
