/* Where a stream of JSON may be cut into slots: between records, never inside one. For `ingest`,
 * which sees the bytes of an input once, in order; format_json reads the pieces.
 *
 * What an input may be: objects one after the other (a line each, or pretty-printed over many
 * lines, or with nothing between them); arrays of objects; a wrapper, that is one object around one
 * array of records: {"Records":[{…},…]}. A wrapper is known by its first member: the key is
 * Records, records, Events, events or value, and the value is an array that is empty or begins with
 * an object. Members before it whose key begins with '@' or '$' ("@odata.context") and whose value
 * is a string without escapes do not count.
 *
 * How a piece looks to the decoder: pieces are the input's bytes, in order, nothing left out and
 * nothing added, so a batch's `offset` stays true. A piece ends behind a record, or behind a
 * newline between records. So when an array or a wrapper crosses slots, the first piece is like
 * `[{…},{…}` or `{"Records":[{…},{…}`, a later one like `,{…},{…}`, the last like `,{…},{…}]` or
 * `,{…}],"NextToken":"x"}`. The decoder keeps nothing between pieces: it skips blanks, commas and
 * brackets that stand between records, takes a wrapper's head and the members behind its array for
 * what they are, and reads every other object as one record. A wrapper's head is never the last of
 * a piece.
 *
 * A value longer than a slot: json_frame_cut() returns 0 although `bytes` is as long as a slot
 * takes. The caller makes a piece of all of `bytes` (the decoder gives the fields that are in it
 * and marks the event `cut`), then hands what follows to json_frame_drop() until that returns less
 * than it was given, and reports what it dropped. */
#ifndef DECODE_JSON_FRAME_H
#define DECODE_JSON_FRAME_H

#include "base/base.h"

/* In the caller's memory; no heap, nothing to free. All fields are the framer's. */
struct json_framer {
        size_t scanned;    /* bytes looked at behind the last cut; the state below is as of there */
        size_t boundary;   /* of those, the last place a piece may end; 0: none */
        uint32_t cut_base; /* base as of the boundary */
        uint32_t depth;    /* open brackets and braces */
        uint32_t base;     /* depth between two records: 0, in an array 1, in a wrapper's 2 */
        size_t column;     /* where on its line the value began that is open */
        size_t line_len;   /* bytes since the last newline, as of the last cut */
        size_t line;       /* where the last line begun behind the last cut begins; 0: none */
        bool in_string;
        bool escaped; /* the byte before was a backslash that escapes the next */
        bool head;    /* nothing but a head so far: no place to cut */
};

void json_framer_init(struct json_framer *f);

/* How many of `bytes`, from the first, make up a piece: the most that end between records. `bytes`
 * begins where the last piece ended and is at most as long as a slot's room; a call that returned 0
 * is repeated with the same bytes and more. `end`: nothing follows; all of it is a piece. Linear
 * however often it is called. */
size_t json_frame_cut(struct json_framer *f, struct span bytes, bool end);

/* After a piece that had to end inside a value: how many of `bytes`, which follow it, still belong
 * to that value (or do, as far as can be told: a line that begins an object no further right than
 * the value began ends one that is broken). Less than bytes.len: it ended there, go on with
 * json_frame_cut(). */
size_t json_frame_drop(struct json_framer *f, struct span bytes);

/* For the framer and the decoder. Does a wrapper begin at the '{' that bytes begins with? The
 * length of its head up to and with the '[', 0 when it is no wrapper, or SIZE_MAX when `bytes` is
 * too short to tell (never beyond JSON_WRAPPER_MAX). */
#define JSON_WRAPPER_MAX ((size_t)4096)
size_t json_wrapper_head(struct span bytes);

#endif
