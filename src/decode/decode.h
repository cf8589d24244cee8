/* Bytes to fields. One decoder object per judge; a batch is begun, then records are taken one by one.
 * Decoders run on hostile bytes: any input gives events or errors, never a crash, in linear time and bounded memory. */
#ifndef DECODE_DECODE_H
#define DECODE_DECODE_H

#include "decode/event.h"

struct decode_error {
        uint64_t offset; /* in the input */
        uint64_t length; /* bytes skipped */
        const char *
                what; /* a constant English phrase: "unterminated string", "chunk checksum differs" … */
        bool recovered; /* something of it was still read; reported, but nothing is missing */
};

struct decoder;

/* Heap; NULL when memory is short. */
struct decoder *decoder_new(const struct decode_options *o);
struct decoder *decoder_free(struct decoder *d);
CLEANUP(decoder, decoder_free)

/* `skip`: bytes of payload to skip first (a judge that died on a record is followed by one that starts behind it);
 * the rest of the record that offset lies in is skipped too, except for skip == 0. The batch must stay mapped. */
void decoder_begin(struct decoder *d, const struct batch *b, uint32_t skip);
/* DECODE_EVENT: *ret_e holds the next record, valid until the next call. DECODE_BAD: *ret_err says which record or
 * stretch cannot be read; call again to go on behind it. DECODE_END: the batch is done. */
enum decode_result { DECODE_END = 0, DECODE_EVENT = 1, DECODE_BAD = 2 };
enum decode_result decoder_next(struct decoder *d, struct event *ret_e,
                                struct decode_error *ret_err);
/* Where in the payload the next record begins: what a crash report needs. Cheap. */
uint32_t decoder_position(const struct decoder *d);

/* ---- for the formats themselves (decode/FORMAT.c) ---- */

/* Shared state that a format's functions get. */
struct decode_state {
        const struct decode_options *opt;
        struct batch b;
        size_t pos;  /* in b.payload */
        size_t held; /* first byte of a record read but held back (joined records); SIZE_MAX: none */
        uint64_t line;            /* of pos; 0: not counted */
        struct field *fields;     /* room for EVENT_FIELDS_MAX */
        struct arena arena;       /* reset before every record */
        struct arena batch_arena; /* reset at decoder_begin() */
        void *priv;               /* the format's own, from its `new` */
        struct json_walk *embed;  /* decode/embed.c: made when first needed */
};

struct format_ops {
        void *(*new)(void); /* may be NULL: no state of its own */
        void (*free)(void *priv);
        void (*begin)(struct decode_state *s); /* may be NULL */
        enum decode_result (*next)(struct decode_state *s, struct event *ret_e,
                                   struct decode_error *ret_err);
        /* After begin(), s->pos lies in a record that is to be skipped: move it to the start of the next one (line numbers
         * are then counted by decode.c). NULL: behind the next line end. */
        void (*skip)(struct decode_state *s);
};

/* One each. decode/decode.c holds the table: a new format replaces its NULL there. */
extern const struct format_ops format_evtx, format_json, format_syslog, format_auditd, format_web,
        format_w3c, format_zeek, format_cef, format_leef, format_kv, format_journal, format_csv,
        format_text;

/* For decoders: add a field; false when EVENT_FIELDS_MAX is reached (then set e->cut). */
static inline bool field_add(struct decode_state *s, struct event *e, struct span name,
                             struct span val, uint8_t type) {
        if (UNLIKELY(e->n >= EVENT_FIELDS_MAX)) {
                e->cut = true;
                return false;
        }
        s->fields[e->n++] = (struct field){.name = name.p,
                                           .val = val.p,
                                           .name_len = (uint32_t)name.len,
                                           .val_len = (uint32_t)val.len,
                                           .type = type};
        return true;
}

/* For line formats: the next line of the payload without its end ("\n", "\r\n"), moving pos and line; false at the end.
 * Sets raw/offset/line of *e and clears the rest. Longer than RECORD_MAX: cut, e->cut set. */
bool decode_line(struct decode_state *s, struct event *e, struct span *ret_line);

#endif
