/* What the parts of the EVTX reader share:
 *
 *     evtx.c         files to chunks, chunks to records, damage
 *     evtx_names.c   names within binary XML
 *     evtx_xml.c     binary XML compiled to plans: which field gets which value
 *     evtx_memo.c    plans kept over chunks and files
 *     evtx_run.c     plan and values to fields
 */
#ifndef DECODE_EVTX_IMPL_H
#define DECODE_EVTX_IMPL_H

#include "decode/decode.h"
#include "decode/evtx_frame.h"

#define EVTX_ELEMENTS_DEEP 64u /* elements within elements; Windows allows less */
#define EVTX_NESTED 8u         /* binary XML within values within … */
#define EVTX_VALUES                                                                                \
        16384u /* substitution values of a record, all levels: 4 bytes each within 64 KiB */
#define EVTX_PLANS                                                                                 \
        1024u /* template definitions used in a chunk; each takes over 64 bytes of it              \
               */
#define EVTX_PLAN_SLOTS 2048u

/* Token and value types of binary XML (MS-EVEN6 2.2.12 to 2.2.17). */
enum {
        TOKEN_EOF = 0x00,
        TOKEN_OPEN = 0x01,
        TOKEN_CLOSE_START = 0x02,
        TOKEN_CLOSE_EMPTY = 0x03,
        TOKEN_END = 0x04,
        TOKEN_VALUE = 0x05,
        TOKEN_ATTRIBUTE = 0x06,
        TOKEN_CDATA = 0x07,
        TOKEN_CHAR_REF = 0x08,
        TOKEN_ENTITY_REF = 0x09,
        TOKEN_PI_TARGET = 0x0a,
        TOKEN_PI_DATA = 0x0b,
        TOKEN_TEMPLATE = 0x0c,
        TOKEN_NORMAL_SUB = 0x0d,
        TOKEN_OPTIONAL_SUB = 0x0e,
        TOKEN_FRAGMENT = 0x0f,
        TOKEN_MORE = 0x40, /* flag: attributes or more of the same follow */

        XML_NULL = 0x00,
        XML_STRING = 0x01,
        XML_ANSI = 0x02,
        XML_INT8 = 0x03,
        XML_UINT8 = 0x04,
        XML_INT16 = 0x05,
        XML_UINT16 = 0x06,
        XML_INT32 = 0x07,
        XML_UINT32 = 0x08,
        XML_INT64 = 0x09,
        XML_UINT64 = 0x0a,
        XML_REAL32 = 0x0b,
        XML_REAL64 = 0x0c,
        XML_BOOL = 0x0d,
        XML_BINARY = 0x0e,
        XML_GUID = 0x0f,
        XML_SIZE = 0x10,
        XML_FILETIME = 0x11,
        XML_SYSTIME = 0x12,
        XML_SID = 0x13,
        XML_HEX32 = 0x14,
        XML_HEX64 = 0x15,
        XML_HANDLE = 0x20,
        XML_BINXML = 0x21,
        XML_EVTXML = 0x23,
        XML_ARRAY = 0x80,
};

/* Where in an event an element stands; decides what its fields are called. */
enum place {
        IN_DOCUMENT = 0,
        IN_EVENT,
        IN_SYSTEM,
        IN_EVENTDATA,
        IN_RENDERING,
        IN_USERDATA, /* anything else: leaves are called by their own names */
};

enum op_kind { OP_CONST = 0, OP_SUB, OP_MIX, OP_INSTANCE };

/* A field that the event itself is known by. */
enum op_role { ROLE_NONE = 0, ROLE_EVENT_ID, ROLE_CHANNEL, ROLE_TIME, ROLE_RECORD_ID };

enum {
        OPF_OMIT_NULL = 1u << 0, /* a NULL value makes no field */
        OPF_UNNAMED = 1u << 1,   /* <Data> without a name: elements of the array `Data` */
        OPF_CLASH = 1u << 2,     /* bears a name that System's fields bear */
        OPF_ATTRIBUTE = 1u << 3,
};

/* A stretch of an element's or attribute's text. */
struct piece {
        struct piece *next;
        struct span text; /* when it is constant: encoded as `type` says */
        uint16_t sub;     /* else the value's number */
        bool is_sub;
        bool optional;
        uint8_t type; /* enum value_type of the text; of a sub: the XML_ type the template declares
                       */
};

struct evtx_op {
        struct field f;      /* name, and the value when it is constant */
        struct piece *mix;   /* OP_MIX */
        struct piece *label; /* the name, where it holds values; else NULL */
        uint32_t at;         /* OP_INSTANCE: where in the chunk */
        uint16_t sub;        /* OP_SUB */
        uint8_t kind;        /* enum op_kind */
        uint8_t role;        /* enum op_role */
        uint8_t flags;
        uint8_t place; /* of what binary XML in the value holds */
        uint8_t declared;
        bool plain; /* OP_SUB without label, OPF_UNNAMED, OPF_CLASH */
};

/* What a template makes of its values. */
struct evtx_plan {
        struct evtx_op *ops;
        uint32_t n;
        uint32_t n_values; /* at least so many values are asked for */
        bool cut;          /* had more fields than an event may have */
        const char *bad;   /* what was wrong with it, or NULL */
};

struct evtx_value {
        uint32_t at; /* in the chunk */
        uint16_t size;
        uint8_t type;
};

struct plan_slot {
        uint64_t epoch; /* taken in this chunk if it is x->epoch */
        uint32_t key;
        const struct evtx_plan *plan;
};

/* A template as it is written, and its plan. */
struct memo_slot {
        struct span normal; /* p NULL: free */
        uint64_t hash;
        uint32_t id;
        uint32_t n_values; /* that an instance brought */
        enum place place;
        const struct evtx_plan *plan;
};

#define EVTX_KEPT_BYTES ((size_t)8 << 20)
#define MEMO_SLOTS 4096u
#define MEMO_MAX 2048u
#define NORMAL_BYTES ((uint32_t)32 << 10)

struct name_slot {
        uint64_t epoch;
        uint32_t at;
        struct span name;
};

struct dup_slot {
        uint64_t epoch;
        uint32_t op;
};

#define NAME_SLOTS 512u
#define DUP_SLOTS 8192u
#define CHANNELS 8u
#define CHANNEL_BYTES 256u
#define ERRORS 8u

/* The walk over the records of a chunk. */
struct walk {
        bool open;
        bool searching; /* no header to go by: wherever a record is */
        bool behind;    /* past the end that the header names */
        bool behind_told;
        bool any;     /* a record was seen, perhaps in the chunk before: the last two are its */
        uint32_t at;  /* next record */
        uint32_t end; /* of the live part */
        uint32_t gap; /* start of bytes that are no record; `at` if there are none */
        uint64_t last_id;
        uint64_t last_time;
};

struct evtx {
        struct decode_state *s;
        struct event *e; /* being filled */
        const char *bad; /* first thing wrong with this record, or NULL */
        bool missing;    /* and for that something of the record could not be read */

        /* The chunk: len bytes, at `base` in the payload. */
        const char *p;
        uint32_t len;
        size_t base;
        uint64_t epoch; /* another for every chunk */
        struct walk walk;

        /* What the chunk may still cost: hostile templates and values that refer to each other many
         * times over come to an end. Spent: bytes compiled; 16 for each field and its value's
         * bytes. */
        uint32_t compile_left;
        int64_t work_left;        /* chunk */
        int64_t record_work_left; /* record */

        /* Plans and names: in `kept`, which lives until it is full (evtx_memo.c); then, until the
         * next chunk, in `plans`. */
        struct arena kept, plans;
        bool kept_full;
        uint64_t names_at; /* another whenever the memory of names may be used again: event.names */
        struct memo_slot memo[MEMO_SLOTS];
        uint32_t n_memo;
        char normal[NORMAL_BYTES];
        struct plan_slot plan_slots[EVTX_PLAN_SLOTS];
        uint32_t n_plans;
        struct name_slot names[NAME_SLOTS];

        struct evtx_op ops[EVENT_FIELDS_MAX]; /* the plan being compiled */
        struct dup_slot dups[DUP_SLOTS];
        uint64_t dup_epoch;

        uint16_t strays[EVENT_FIELDS_MAX]; /* event.strays */
        uint32_t unnamed; /* <Data> elements without a name so far in this record */
        uint32_t n_values;
        struct evtx_value values[EVTX_VALUES];
        uint64_t numbers[EVENT_FIELDS_MAX]; /* numbers[i] may hold field i's value */

        struct channel {
                uint16_t raw_len, len;
                char raw[CHANNEL_BYTES];
                char text[CHANNEL_BYTES * 3 / 2];
        } channels[CHANNELS];
        uint32_t next_channel, last_channel;

        size_t skip_to; /* payload position; records that start at or before it are passed over, if
                           skipping */
        bool skipping;
        struct decode_error errors[ERRORS];
        uint32_t n_errors;
};

static inline uint16_t evtx_u16(const char *p) {
        uint16_t v;
        memcpy(&v, p, sizeof(v));
        return v;
}

static inline uint32_t evtx_u32(const char *p) {
        uint32_t v;
        memcpy(&v, p, sizeof(v));
        return v;
}

static inline uint64_t evtx_u64(const char *p) {
        uint64_t v;
        memcpy(&v, p, sizeof(v));
        return v;
}

/* The first complaint is the one that is reported. */
static inline void evtx_note(struct evtx *x, const char *what) {
        if (!x->bad)
                x->bad = what;
}

static inline void evtx_complain(struct evtx *x, const char *what) {
        evtx_note(x, what);
        x->missing = true;
}

/* ---- evtx_names.c ---- */

/* How elements begin: with or without a dependency id, with names by offset or in place (WEVT). */
enum head_form {
        HEAD_DEPENDENCY = 1u << 0,
        HEAD_INLINE_NAMES = 1u << 1,
};

/* The name referred to at `at` (form: enum head_form). False when there is none; else its UTF-8,
 * which lives as long as the chunk's plans, and where the next token is. */
bool evtx_name(struct evtx *x, uint32_t at, uint32_t end, unsigned form, struct span *ret_name,
               uint32_t *ret_next);
/* As evtx_name() for a name referred to by offset, but its UTF-16 in the chunk. */
bool evtx_name_raw(const struct evtx *x, uint32_t at, uint32_t end, struct span *ret_raw,
                   uint32_t *ret_next);
/* Finds out which form the element token at `at` has, trying `expected` first. */
bool evtx_head_form(struct evtx *x, uint32_t at, uint32_t end, unsigned expected,
                    unsigned *ret_form);

/* ---- evtx_xml.c ---- */

/* Compiles the binary XML at `at` up to `end`, or its EOF token. Memory for the plan comes from
 * `a`. NULL when memory or the chunk's allowance is used up. */
const struct evtx_plan *evtx_compile(struct evtx *x, struct arena *a, uint32_t at, uint32_t end,
                                     enum place place, bool dependency);
/* Where the template instance at `at` ends and its values begin. */
struct evtx_instance {
        uint32_t id, def;
        uint32_t n;      /* values */
        uint32_t values; /* descriptors, then data */
        uint32_t next;   /* behind the last value */
        bool short_data; /* the values reach beyond `end` */
};
bool evtx_instance(struct evtx *x, uint32_t at, uint32_t end, struct evtx_instance *ret);

/* ---- evtx_memo.c ---- */

/* At the beginning of a chunk: forgets the kept plans if they have become too many. */
void evtx_memo_trim(struct evtx *x);
/* The plan of an instance's template: from the chunk's table, from the kept ones, or compiled now.
 * NULL when it cannot be had; evtx_complain() says why. */
const struct evtx_plan *evtx_template(struct evtx *x, const struct evtx_instance *i,
                                      enum place place);

/* ---- evtx_run.c ---- */

/* Fields of the binary XML from `at` to `end` are added to x->e. */
void evtx_run(struct evtx *x, uint32_t at, uint32_t end, enum place place, unsigned nested);

#endif
