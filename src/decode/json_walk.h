/* Second pass over JSON: one value's grammar, and its fields. Private to decode/json*.c. */
#ifndef DECODE_JSON_WALK_H
#define DECODE_JSON_WALK_H

#include "decode/decode.h"
#include "decode/json_scan.h"

#define JSON_DEPTH_MAX 64u
/* A nested field whose dotted path would be longer is left out and the event marked cut: otherwise
 * one long key with many small members inside would multiply the record's size. */
#define JSON_PATH_MAX 1024u
#define JSON_CHILDREN_MAX 4096u

enum json_walk_end {
        JSON_WALK_OK = 0,
        JSON_WALK_BAD,     /* `what` says why */
        JSON_WALK_SHORT,   /* the text ends inside the value */
        JSON_WALK_WRAPPER, /* no record but {"Records":[ …: `at` is behind the '[' */
};

/* An open object or array. */
struct json_level {
        const char *name; /* dotted path; NULL with length 0: the document */
        uint32_t name_len;
        uint32_t arr;      /* struct field's, for what is in here */
        uint32_t id;       /* of this level among all of the record's */
        uint32_t siblings; /* members so far that are objects or arrays … */
        int32_t last;      /* … the last of them: index into children; -1: none */
        int32_t child;     /* this one's own entry there; -1: none */
        uint8_t depth;     /* struct field's: objects around, less the document */
        bool array;
};

/* A member whose value is an object or an array: should its key come again in the same object, its
 * fields vanish. */
struct json_child {
        const char *name;
        uint32_t name_len;
        uint32_t parent;      /* level id */
        uint32_t first, last; /* its fields */
        int32_t prev;         /* sibling before it; -1: none */
};

struct json_walk {
        struct json_scan scan;
        size_t i;    /* the next quote: index into scan.index */
        size_t keep; /* entries from here on are still needed */

        /* The value being walked. */
        const char *at, *start, *end; /* end: of the text */
        struct arena *arena;
        struct field *fields, *f, *full;
        const char *key; /* of the member whose value comes next */
        uint32_t key_len;
        uint32_t level; /* number of open levels; levels[level] is the innermost, [0] is outside */
        uint32_t ids, instances, element;
        uint32_t n_children;
        uint64_t lines; /* newlines passed */
        bool cut;
        bool removed; /* some fields are marked as gone (reserved = 1) */
        bool hashed;  /* table is in use */
        const char *what;
        struct json_level levels[JSON_DEPTH_MAX + 1];
        struct json_child children[JSON_CHILDREN_MAX];
        uint16_t table[2 * JSON_CHILDREN_MAX]; /* child + 1, by parent and name */
};

/* Walks the value at w->at, validates it and writes its fields to w->fields … w->f. `record`: it is
 * to be a record, so a wrapper is looked for. On return `at` is behind the value, or where the
 * fault is. Linear; never looks further than 32 bytes behind w->end. */
enum json_walk_end json_walk(struct json_walk *w, bool record);

/* Makes sure that `n` entries follow in the index; false: the text ends before. */
bool json_walk_need(struct json_walk *w, size_t n);

/* Takes vanished fields out of w->fields … w->f. */
void json_walk_compact(struct json_walk *w);

#endif
