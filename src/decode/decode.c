/* The decoder object: one per judge, whatever the format; and the reading of lines, which most
 * formats share.
 *
 * A format is a struct format_ops; its state (`priv`) is made when the first batch of that format
 * arrives and lives with the decoder, so that a decoder may see batches of many formats in turn.
 * What belongs to a batch, a format makes in `begin` in the batch arena; what belongs to a record,
 * in the record's arena. Both arenas have fixed budgets: a record is at most RECORD_MAX bytes, so
 * RECORD_ARENA suffices for every decoding of it; a format that finds it used up gives the record
 * as far as it got and sets `cut`.
 *
 * Invariants:
 * D1  s.pos never exceeds payload.len and never moves back.
 * D2  every record, stretch that cannot be read, and blank line of the payload is passed exactly
 *     once, so offsets are exact: a record's first byte lies at h.offset + (raw.p - payload.p).
 * D3  a decoder that was begun gives DECODE_END after finitely many calls: each takes at least a
 *     byte of the payload or one of the records that the format holds back. */
#include "decode/decode.h"

#include <stdlib.h>

#include "decode/embed.h"

#define RECORD_ARENA ((size_t)8 << 20)
#define BATCH_ARENA ((size_t)8 << 20)

/* Each format's own line: what nothing reads yet is NULL. */
static const struct format_ops *const formats[FORMAT_MAX] = {
        [FORMAT_EVTX] = &format_evtx,
        /* decode/json.c */
        [FORMAT_JSON] = &format_json,
        /* decode/syslog.c */
        [FORMAT_SYSLOG] = &format_syslog,
        /* decode/auditd.c */
        [FORMAT_AUDITD] = &format_auditd,
        /* decode/web.c */
        [FORMAT_WEB] = &format_web,
        /* decode/w3c.c */
        [FORMAT_W3C] = &format_w3c,
        /* decode/zeek.c */
        [FORMAT_ZEEK_TSV] = &format_zeek,
        /* decode/cef.c */
        [FORMAT_CEF] = &format_cef,
        /* decode/leef.c */
        [FORMAT_LEEF] = &format_leef,
        /* decode/kv.c */
        [FORMAT_KV] = &format_kv,
        /* decode/journal.c */
        [FORMAT_JOURNAL] = &format_journal,
        /* decode/csv.c */
        [FORMAT_CSV] = &format_csv,
        /* decode/text.c */
        [FORMAT_TEXT] = &format_text,
};

struct decoder {
        struct decode_options opt;
        struct decode_state s;
        const struct format_ops *ops; /* of the batch; NULL: nothing reads it */
        void *priv[FORMAT_MAX];       /* from the formats' new() */
};

struct decoder *decoder_new(const struct decode_options *o) {
        struct decoder *d = calloc(1, sizeof(*d));

        if (!d)
                return NULL;
        d->opt = o ? *o : (struct decode_options){0};
        d->s.opt = &d->opt;
        d->s.fields = malloc(EVENT_FIELDS_MAX * sizeof(*d->s.fields));
        if (!d->s.fields) {
                free(d);
                return NULL;
        }
        arena_init(&d->s.arena, RECORD_ARENA);
        arena_init(&d->s.batch_arena, BATCH_ARENA);
        return d;
}

struct decoder *decoder_free(struct decoder *d) {
        if (!d)
                return NULL;
        for (unsigned f = 0; f < FORMAT_MAX; f++)
                if (d->priv[f] && formats[f] && formats[f]->free)
                        formats[f]->free(d->priv[f]);
        embed_free(&d->s);
        arena_deinit(&d->s.arena);
        arena_deinit(&d->s.batch_arena);
        free(d->s.fields);
        free(d);
        return NULL;
}

/* The default of format_ops.skip: on behind the next line end. */
static void skip_line(struct decode_state *s) {
        struct span p = s->b.payload;
        const char *nl = memchr(p.p + s->pos, '\n', p.len - s->pos);

        s->pos = nl ? (size_t)(nl + 1 - p.p) : p.len;
}

static uint64_t count_lines(const char *p, size_t len) {
        uint64_t n = 0;

        for (size_t i = 0; i < len; i++)
                n += p[i] == '\n';
        return n;
}

void decoder_begin(struct decoder *d, const struct batch *b, uint32_t skip) {
        struct decode_state *s = &d->s;
        unsigned f = b->h.format < FORMAT_MAX ? b->h.format : FORMAT_UNKNOWN;

        arena_reset(&s->arena);
        arena_reset(&s->batch_arena);
        s->b = *b;
        s->pos = 0;
        s->held = SIZE_MAX;
        s->line = b->h.line;
        s->priv = NULL;
        d->ops = formats[f];
        if (!d->ops)
                return;
        if (d->ops->new && !d->priv[f])
                d->priv[f] = d->ops->new ();
        if (d->ops->new && !d->priv[f]) { /* no memory: the batch is reported as unread */
                d->ops = NULL;
                return;
        }
        s->priv = d->priv[f];
        if (d->ops->begin)
                d->ops->begin(s);
        if (skip == 0)
                return;

        size_t from = s->pos;
        if (skip > s->pos)
                s->pos = MIN((size_t)skip, b->payload.len);
        if (d->ops->skip)
                d->ops->skip(s);
        else
                skip_line(s);
        assert(s->pos >= from && s->pos <= b->payload.len); /* D1 */
        if (s->line)
                s->line += count_lines(b->payload.p + from, s->pos - from);
}

enum decode_result decoder_next(struct decoder *d, struct event *ret_e,
                                struct decode_error *ret_err) {
        struct decode_state *s = &d->s;

        if (UNLIKELY(!d->ops)) {
                if (s->pos >= s->b.payload.len)
                        return DECODE_END;
                *ret_err = (struct decode_error){
                        .offset = s->b.h.offset + s->pos,
                        .length = s->b.payload.len - s->pos,
                        .what = "no decoder for this format",
                };
                s->pos = s->b.payload.len;
                return DECODE_BAD;
        }
        arena_reset(&s->arena);
        return d->ops->next(s, ret_e, ret_err);
}

uint32_t decoder_position(const struct decoder *d) {
        return (uint32_t)MIN(MIN(d->s.pos, d->s.held), (size_t)UINT32_MAX);
}

bool decode_line(struct decode_state *s, struct event *e, struct span *ret_line) {
        struct span p = s->b.payload;

        /* A byte-order mark belongs to the input, not to its first line. */
        if (UNLIKELY(s->pos == 0 && s->b.h.offset == 0 && span_starts(p, SPAN("\xEF\xBB\xBF"))))
                s->pos = 3;
        if (s->pos >= p.len)
                return false;

        const char *start = p.p + s->pos;
        size_t left = p.len - s->pos;
        const char *nl = memchr(start, '\n', left);
        size_t len = nl ? (size_t)(nl - start) : left;

        memset(e, 0, sizeof(*e));
        e->offset = s->b.h.offset + s->pos;
        e->line = s->line;
        e->time = TIME_NONE;
        e->key2 = -1;
        e->fields = s->fields;
        s->pos += len + (nl != NULL);
        if (s->line)
                s->line++;
        if (len && start[len - 1] == '\r')
                len--;
        /* A crash leaves blocks of zeros in logs; they belong to no line. */
        if (UNLIKELY(len && *start == '\0'))
                for (; len && *start == '\0'; len--, start++)
                        e->offset++;
        if (UNLIKELY(len > RECORD_MAX)) {
                len = RECORD_MAX;
                e->cut = true;
        }
        e->raw = span_of(start, len);
        *ret_line = e->raw;
        return true;
}
