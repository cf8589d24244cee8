/* Filling slots. The read goes straight into the slot, behind what was carried over from the last.
 *
 *     slot: header | preamble | carried bytes | read … read | padding
 *                                              └ cut: the last place where a record ends
 *
 * What lies behind the cut is carried to the next slot: one copy of at most one record (for auditd,
 * of a few lines). The format is found from the first bytes read, so nothing is read twice.
 *
 * F1  All bytes of the input are handed out in order, each once, except those that a FRAMER_BAD
 * names (and a UTF-8 byte order mark).
 *
 * F2  A record of at most RECORD_MAX bytes is never torn, whatever the slot limit: where the limit
 * holds no whole record the batch grows up to BATCH_ROOM.
 *
 * F3  A record that does not fit BATCH_ROOM is handed out as far as it fits (more than RECORD_MAX,
 * so that decoders cut and mark it); the rest is passed over and reported.
 *
 * F4  One batch has BATCH_FIRST, one BATCH_LAST; errors of the source are told after the last
 * batch.
 *
 * F5  Memory: the carry buffer, the unpacker's, the preamble; nothing grows with the input. */
#include "ingest/framer.h"

#include <stdlib.h>

#include "decode/csv_frame.h"
#include "decode/detect.h"
#include "decode/evtx_frame.h"
#include "decode/json_frame.h"
#include "ingest/cut.h"
#include "ingest/preamble.h"

struct framer {
        struct inflate *z;
        struct preamble *pr;
        char *carry; /* BATCH_ROOM */
        size_t carry_len;
        size_t limit;

        struct framer_input in;
        enum format format;
        uint64_t offset;        /* of the next byte to hand out */
        uint64_t line;          /* its number; 0: not counted */
        bool started, finished; /* BATCH_FIRST, BATCH_LAST were given */
        bool source_end;
        int source_error; /* told after the last batch */

        bool told; /* `err` waits to be told */
        struct decode_error err;

        const char *skipping; /* the rest of a record too long is being passed over; the phrase for
                                 it */
        uint64_t skip_from;
        struct cut_journal journal;
        struct json_framer json;
        size_t evtx_head; /* bytes before the first chunk that are still to come */
};

struct framer *framer_new(void) {
        struct framer *fr = calloc(1, sizeof(*fr));

        if (!fr)
                return NULL;
        fr->z = inflate_new();
        fr->pr = preamble_new();
        fr->carry = malloc(BATCH_ROOM);
        if (!fr->z || !fr->pr || !fr->carry)
                return framer_free(fr);
        fr->limit = BATCH_ROOM;
        fr->finished = true;
        return fr;
}

struct framer *framer_free(struct framer *fr) {
        if (!fr)
                return NULL;
        inflate_free(fr->z);
        preamble_free(fr->pr);
        free(fr->carry);
        free(fr);
        return NULL;
}

void framer_set_slot_limit(struct framer *fr, size_t limit) {
        fr->limit = MAX(MIN(limit, BATCH_ROOM), (size_t)1);
}

void framer_open(struct framer *fr, const struct framer_input *in) {
        inflate_open(fr->z, in->read, in->ctx);
        fr->carry_len = 0;
        fr->in = *in;
        fr->format = FORMAT_UNKNOWN;
        fr->offset = fr->line = 0;
        fr->started = fr->finished = fr->source_end = fr->told = false;
        fr->source_error = 0;
        fr->skipping = NULL;
        fr->journal = (struct cut_journal){0};
        json_framer_init(&fr->json);
        preamble_reset(fr->pr, FORMAT_UNKNOWN);
}

enum format framer_format(const struct framer *fr) {
        return fr->format;
}

const char *framer_codec(const struct framer *fr) {
        return inflate_codec(fr->z);
}

uint64_t framer_taken(const struct framer *fr) {
        return inflate_taken(fr->z);
}

uint64_t framer_given(const struct framer *fr) {
        return fr->offset;
}

static bool counts_lines(enum format f) {
        return f != FORMAT_EVTX && f != FORMAT_JSON;
}

static void tell(struct framer *fr, uint64_t offset, uint64_t length, const char *what) {
        fr->told = true;
        fr->err = (struct decode_error){.offset = offset, .length = length, .what = what};
}

/* Reads on until to[0..goal) is full or the source ends. The slot's padding makes up for
 * INFLATE_MIN. */
static void read_to(struct framer *fr, char *to, size_t *len, size_t goal, size_t room) {
        while (*len < goal && !fr->source_end) {
                size_t n = MAX(goal - *len, INFLATE_MIN);
                if (n > room - *len)
                        return;
                ssize_t r = inflate_read(fr->z, to + *len, n);
                if (r > 0) {
                        *len += (size_t)r;
                        continue;
                }
                fr->source_end = true;
                fr->source_error = (int)r;
        }
}

/* The first bytes: format, byte order mark. */
static void begin_input(struct framer *fr, char *p, size_t *len, size_t room) {
        read_to(fr, p, len, DETECT_BYTES, room);
        if (*len >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0) {
                memmove(p, p + 3, *len - 3);
                *len -= 3;
                fr->offset = 3;
        }
        fr->format = fr->in.forced;
        if (fr->format == FORMAT_UNKNOWN && *len)
                fr->format = detect_format(span_of(p, *len), fr->source_end);
        if (fr->format == FORMAT_UNKNOWN) {
                if (*len)
                        tell(fr, 0, *len, detect_refusal(span_of(p, *len)));
                *len = 0;
                fr->source_end = true;
                fr->format = FORMAT_TEXT;
        }
        fr->line = counts_lines(fr->format) ? 1 : 0;
        fr->evtx_head = evtx_header_size(span_of(p, *len));
        preamble_reset(fr->pr, fr->format);
}

/* How much to aim at in this slot. */
static size_t goal_of(const struct framer *fr) {
        if (fr->format != FORMAT_EVTX)
                return fr->limit;
        size_t chunks = fr->limit > fr->evtx_head ? (fr->limit - fr->evtx_head) / EVTX_CHUNK : 0;
        return fr->evtx_head + MAX(chunks, (size_t)1) * EVTX_CHUNK;
}

static size_t cut(struct framer *fr, struct span s) {
        switch (fr->format) {
        case FORMAT_EVTX: {
                size_t head = fr->evtx_head;
                return s.len > head ? head + (s.len - head) / EVTX_CHUNK * EVTX_CHUNK : 0;
        }
        case FORMAT_AUDITD: return cut_auditd(s);
        case FORMAT_CSV: {
                struct span head = preamble_get(fr->pr);
                size_t n = cut_csv(s, head.len ? preamble_delimiter(fr->pr) : csv_delimiter(s));
                /* The first batch has the header, since the decoder looks for it there. */
                return fr->started || span_trim(span_of(s.p, n)).len ? n : 0;
        }
        case FORMAT_JOURNAL: {
                struct cut_journal st = {0};
                size_t used;
                return cut_journal(&st, s, false, &used);
        }
        case FORMAT_JSON: return json_frame_cut(&fr->json, s, false);
        default: return cut_lines(s);
        }
}

/* Nothing fits: hand out all of it and pass over the rest of the record (F3). */
static size_t cut_oversize(struct framer *fr, struct span s) {
        size_t n = s.len;

        if (fr->format == FORMAT_JOURNAL) {
                fr->journal = (struct cut_journal){0};
                cut_journal(&fr->journal, s, false, &n);
                n = n ? n : s.len;
        } else if (fr->format == FORMAT_AUDITD && cut_lines(s)) {
                return cut_lines(s);
        }
        fr->skipping = "record longer than 256 KiB: its end was not read";
        fr->skip_from = fr->offset + n;
        return n;
}

/* How many of the bytes belong to the record being passed over; *ret_found: its end is among them.
 */
static size_t skip_some(struct framer *fr, struct span s, bool *ret_found) {
        size_t used;

        if (fr->format == FORMAT_JOURNAL) {
                size_t end = cut_journal(&fr->journal, s, true, &used);
                *ret_found = end > 0;
                return end ? end : used;
        }
        if (fr->format == FORMAT_JSON) {
                used = json_frame_drop(&fr->json, s);
                *ret_found = used < s.len;
                return used;
        }
        const char *nl = memchr(s.p, '\n', s.len);
        *ret_found = nl != NULL;
        return nl ? (size_t)(nl + 1 - s.p) : s.len;
}

/* Passes over the rest of a record; what lies behind it goes to the carry. */
static void skip_on(struct framer *fr, char *buf) {
        size_t len = fr->carry_len;
        bool found = false;

        memcpy(buf, fr->carry, len);
        while (!found) {
                size_t n = len ? skip_some(fr, span_of(buf, len), &found) : 0;
                if (n == 0 && !found && fr->source_end)
                        n = len;
                if (fr->line)
                        fr->line += cut_count_lines(span_of(buf, n));
                fr->offset += n;
                memmove(buf, buf + n, len - n);
                len -= n;
                if (found || (fr->source_end && len == 0))
                        break;
                read_to(fr, buf, &len, len + DETECT_BYTES, BATCH_ROOM);
        }
        memcpy(fr->carry, buf, len);
        fr->carry_len = len;
        /* Nothing was passed over if the record ended where the slot did, or was no record. */
        if (fr->offset > fr->skip_from)
                tell(fr, fr->skip_from, fr->offset - fr->skip_from, fr->skipping);
        fr->skipping = NULL;
}

/* How much of the payload, of which *len bytes are there, makes this batch; reads on when it must.
 */
static size_t fill_payload(struct framer *fr, char *payload, size_t *len, size_t room) {
        size_t goal = MIN(goal_of(fr), room);

        for (;;) {
                read_to(fr, payload, len, goal, room);
                size_t have = MIN(*len, goal);
                if (fr->source_end && have == *len && fr->carry_len == 0)
                        return have;
                size_t n = cut(fr, span_of(payload, have));
                if (n)
                        return n;
                if (goal + INFLATE_MIN >= room)
                        return cut_oversize(fr, span_of(payload, have));
                goal = MIN(goal * 2, room);
        }
}

static void write_header(struct framer *fr, void *slot, size_t preamble, size_t n, bool last) {
        struct batch_header h = {
                .magic = BATCH_MAGIC,
                .layout = BATCH_STREAM,
                .format = (uint16_t)fr->format,
                .flags = (fr->started ? 0 : BATCH_FIRST) | (last ? BATCH_LAST : 0),
                .input = fr->in.input,
                .offset = fr->offset,
                .line = fr->line,
                .file_time = fr->in.file_time,
                .preamble_len = (uint32_t)preamble,
                .payload_len = (uint32_t)n,
        };

        memcpy(slot, &h, sizeof(h));
}

static int finish(struct framer *fr, struct decode_error *ret_err) {
        int r = fr->source_error;

        fr->source_error = 0;
        uint64_t stored;
        const char *what = inflate_error(fr->z, &stored);
        if (r == -EBADMSG && *what) {
                *ret_err = (struct decode_error){.offset = fr->offset, .what = what};
                return FRAMER_BAD;
        }
        return r < 0 ? FAIL(r) : FRAMER_END;
}

int framer_fill(struct framer *fr, void *slot, struct decode_error *ret_err) {
        struct span pre = preamble_get(fr->pr);
        char *payload = (char *)slot + sizeof(struct batch_header) + pre.len;
        size_t room = BATCH_ROOM - pre.len, len = 0;
        int r;

        if (fr->skipping)
                skip_on(fr, (char *)slot + sizeof(struct batch_header));
        if (fr->told && (fr->started || fr->finished)) {
                fr->told = false;
                *ret_err = fr->err;
                return FRAMER_BAD;
        }
        if (fr->finished)
                return finish(fr, ret_err);

        if (pre.len)
                memcpy(payload - pre.len, pre.p, pre.len);
        /* All of the carry fits, unless the preamble has grown over a record that is too long
         * anyway. */
        len = MIN(fr->carry_len, room);
        memcpy(payload, fr->carry, len);
        fr->carry_len -= len;
        memmove(fr->carry, fr->carry + len, fr->carry_len);
        if (!fr->started)
                begin_input(fr, payload, &len, room);
        size_t n = fill_payload(fr, payload, &len, room);
        assert(n <= len && len <= room);
        memmove(fr->carry + (len - n), fr->carry, fr->carry_len);
        memcpy(fr->carry, payload + n, len - n);
        fr->carry_len += len - n;

        bool last = fr->source_end && fr->carry_len == 0 && !fr->skipping;
        write_header(fr, slot, pre.len, n, last);
        fr->started = true;
        fr->evtx_head = 0;
        fr->finished = last;
        r = preamble_scan(fr->pr, span_of(payload, n));
        if (r < 0) {
                fr->finished = true;
                return r;
        }
        if (fr->line)
                fr->line += cut_count_lines(span_of(payload, n));
        fr->offset += n;
        return FRAMER_BATCH;
}
