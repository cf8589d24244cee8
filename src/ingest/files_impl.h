/* What the parts of files share. */
#ifndef INGEST_FILES_IMPL_H
#define INGEST_FILES_IMPL_H

#include "ingest/cut.h"
#include "ingest/files.h"
#include "ingest/files_position.h"
#include "ingest/framer.h"
#include "ingest/inflate.h"
#include "ingest/preamble.h"

#define FILES_MAX 4096u
#define STREAMS_MAX 16384u
#define FILE_BUFFER (FILE_TAIL + RECORD_MAX + ((size_t)64 << 10))
#define FILE_ROUND ((size_t)1 << 20)  /* of one file and turn */
#define FILES_ROUND ((size_t)4 << 20) /* of all, then the listeners have their turn */
#define QUIET_NS (5 * INT64_C(1000000000))

/* A position that travels: it has a place in every batch that holds a record of it, first with the
 * value from before, so that whatever the batch ends with is true of what it holds (L2). */
struct mark {
        uint64_t batch; /* that it has a place in */
        size_t (*value)(const struct mark *m, char to[POSITION_VALUE_MAX]);
        size_t key_len;
        char key[96];
};

struct raw {
        char head[FILE_HEAD], tail[FILE_TAIL];
};

/* The content of a file, whatever its name: what was read, and how it is known again. */
struct stream {
        struct mark mark; /* first */
        char source[SOURCE_NAME_MAX];
        uint64_t id;
        struct file_position at;  /* its hashes count while `raw` is not there */
        struct raw *raw;          /* the bytes themselves */
        unsigned carriers, plain; /* open files that have it; not packed */
        int64_t lost;             /* ns monotonic: since when none has */
        enum format format;       /* FORMAT_UNKNOWN: not looked at yet */
        struct preamble *pr;      /* of formats with a header */
        uint64_t described;       /* how far `pr` knows the content */
        uint32_t header;          /* goes up when `pr` changes */
        struct crypto_generichash_blake2b_state *whole; /* of the import at hand, up to whole_at */
        uint64_t whole_at;
        bool expired;
};

struct followed {
        int fd;
        struct source *source;
        struct stream *stream; /* NULL: not known yet */
        uint64_t device, inode;
        uint64_t size;    /* as last seen */
        int64_t modified; /* ns UTC, as last seen */
        int64_t changed;  /* ns monotonic: when we saw it so */
        int64_t next;     /* not looked at before */
        int64_t since;    /* when its first bytes were seen, undecided; 0: none */
        uint64_t far;     /* a record longer than the buffer: its end is behind this */
        bool packed, refused;
        bool rotated; /* another file has its name */
        bool done;    /* packed: all was read */
        bool import;
        uint64_t unlike[8]; /* packed: streams that its content only began like */
        uint32_t n_unlike;
        uint32_t token;     /* of an import */
        enum format forced; /* of an import */
        char path[96];
};

/* The packed file being read: one at a time, since unpacking takes memory. */
struct packed {
        struct followed *x;
        struct inflate *z;
        uint64_t read_at; /* of the file */
        uint64_t base;    /* unpacked: where `buf` begins */
        char *buf;        /* FILE_BUFFER */
        size_t len;
        bool end;
        int error;
        struct raw seen; /* first and last bytes passed over */
};

/* The import at hand: one at a time, in the order they came. */
struct import {
        struct followed *x; /* NULL: none */
        struct framer *fr;
        struct decoder *dec; /* of JSON: where a value ends */
        char *slot;          /* SLOT_BYTES */
        struct span left;    /* of its payload, not given yet */
        uint64_t read_at;    /* of the file */
        uint64_t base;       /* of `left`, in the content */
        bool ended, last;    /* last: the slot has the last batch */
        uint64_t end_seq;    /* of what was given */
        struct raw seen;
        struct crypto_generichash_blake2b_state *whole; /* of what was passed */
        struct msg_imported m;
};

#define JOURNAL_ROOM ((size_t)512 << 10)
#define CURSORS 32768u

struct journal {
        struct mark mark; /* first */
        int fd;           /* -1: none */
        struct source *source;
        char *buf; /* JOURNAL_ROOM */
        size_t len;
        bool watched, over; /* over: an entry too long is passed over */
        struct cut_journal passing;
        bool again; /* a new pipe: it may begin with what was taken already */
        char cursor[POSITION_VALUE_MAX];
        size_t cursor_len;
        uint64_t recent[CURSORS]; /* hashes of cursors, a ring */
        uint32_t n_recent, at_again;
};

struct serve_files {
        struct followed *files[FILES_MAX];
        struct stream *streams[STREAMS_MAX];
        uint32_t n, n_streams, turn;
        int64_t due, started, last_tick;
        uint64_t last_id;
        char *buf; /* FILE_BUFFER */
        struct packed packed;
        struct import import;
        struct journal journal;
        struct mark *touched[POSITIONS_MAX]; /* in the batch at hand */
        uint32_t n_touched;
        bool full_said;
};

enum look {
        LOOK_DONE = 0, /* nothing more is there */
        LOOK_MORE,     /* its turn is over */
        LOOK_STALLED,  /* no slot, or over its rate */
        LOOK_LOST,     /* it has not that content any more */
};

/* files_give.c: records out of bytes */

/* One record; `m` then has a place in its batch. As serve_record(). */
int files_give(struct serve *s, struct mark *m, const struct serve_item *item);
/* What was read: head, tail and offset move. */
void stream_whole(struct stream *t); /* t->at.whole, when it is known */
void raw_pass(struct raw *w, uint64_t at, struct span bytes);
void stream_pass(struct stream *t, struct span bytes);
/* Records at the beginning of `data`, which stands at t's offset: given and passed. `final`: nothing
 * will follow. How many bytes of it are gone; *ret_look LOOK_STALLED: no slot. */
size_t files_split(struct serve *s, struct followed *x, struct span data, bool final,
                   enum look *ret_look);
/* A record of more than the buffer: its beginning, its true length. */
int files_give_cut(struct serve *s, struct followed *x, struct span bytes, uint64_t true_len);
/* Header lines of what was read before, a part of whole lines. */
void stream_describe(struct stream *t, struct span lines);
/* Its format, from the beginning. false: binary. */
bool stream_find_format(struct serve *s, struct followed *x, struct span head);

/* files_known.c: which content is it */
enum likeness { UNLIKE, UNSURE, LIKE };
/* `head`: its first bytes (up to FILE_HEAD), `size`: UINT64_MAX when not known. true: x->stream is
 * set; false: it takes more bytes, or time, to tell. */
bool files_identify(struct serve *s, struct followed *x, struct span head, uint64_t size);
/* The bytes of a stream that only had hashes, from a plain file that must have them. */
bool files_make_raw(const struct followed *x, struct stream *t);
/* Whether the beginning is the stream's, as far as both are known. */
enum likeness files_head_is(const struct stream *t, struct span head);
bool files_has_tail(const struct followed *x, const struct stream *t);
bool files_tail_is(const struct stream *t, struct span tail);
void files_leave(struct serve *s, struct followed *x); /* its stream */
void stream_hash(struct stream *t);                    /* t->at from raw */
void files_streams_tick(struct serve *s);
/* That stream it is not, although it begins so. */
void files_is_unlike(struct serve *s, struct followed *x);
bool files_source_is(const struct stream *t, const struct source *x);

/* files_packed.c */
enum look files_look_packed(struct serve *s, struct followed *x, size_t *budget);
void files_packed_leave(struct serve_files *f, const struct followed *x);
bool files_is_packed(struct span head);

/* files_import.c */
enum look files_look_import(struct serve *s, struct followed *x);
void files_import_durable(struct serve *s);
void files_import_free(struct serve_files *f);

/* files_journal.c */
int files_take_journal(struct serve *s, const struct msg_node_file *m, int fd);
void files_journal_run(struct serve *s);

#endif
