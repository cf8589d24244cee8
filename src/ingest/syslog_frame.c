/* See syslog_frame.h.
 *
 *     counted:  "83 <34>1 2026-11-23T…"   digits, blank, so many octets
 *     lines:    "<34>Nov 23 …\n"          up to a line feed, which is not part of the record
 *
 * RFC 6587 leaves it to the receiver to find out which. A stream is counted when it begins with a
 * number, a blank and what begins a message ('<', '{', '['); anything else is lines, since no line
 * of syslog begins so. The answer holds for the connection: in a counted stream what is no number
 * means that the count was wrong, and from there on nothing can be trusted, so it is closed. A line
 * feed that ends a counted message (syslog-ng sends one) is taken as framing, like that of a line. A
 * record longer than RECORD_MAX keeps its beginning; the rest is counted and dropped as it comes.
 *
 * Invariants:
 *  F1  After MORE, in->len <= RECORD_MAX + SYSLOG_HEAD_MAX.
 *  F2  Every byte of the stream is in one record, dropped (counted in true_len), or framing. */
#include "ingest/syslog_frame.h"

void syslog_frame_init(struct syslog_frame *f, enum listen_framing framing) {
        *f = (struct syslog_frame){.framing = framing};
}

static void eat(struct span *in, size_t n) {
        in->p += n;
        in->len -= n;
}

enum head { HEAD_GOOD, HEAD_MORE, HEAD_NO, HEAD_LONG };

/* "123 " at the front: its value and how many bytes it takes. */
static enum head read_head(struct span in, uint64_t *ret_octets, size_t *ret_len) {
        uint64_t v = 0;
        size_t i = 0;

        if (in.len && (in.p[0] < '1' || in.p[0] > '9'))
                return HEAD_NO;
        for (; i < in.len && in.p[i] >= '0' && in.p[i] <= '9'; i++) {
                v = v * 10 + (uint64_t)(in.p[i] - '0');
                if (v > SYSLOG_OCTETS_MAX)
                        return HEAD_LONG;
        }
        if (i == in.len)
                return HEAD_MORE;
        if (in.p[i] != ' ')
                return HEAD_NO;
        *ret_octets = v;
        *ret_len = i + 1;
        return HEAD_GOOD;
}

/* Whether the stream is counted; false: not known before more has come. */
static bool find_framing(struct syslog_frame *f, struct span in) {
        uint64_t octets;
        size_t len;

        switch (read_head(in, &octets, &len)) {
        case HEAD_MORE: return false;
        case HEAD_GOOD:
                if (len == in.len)
                        return false;
                f->framing = memchr("<{[", in.p[len], 3) ? FRAMING_OCTETS : FRAMING_LINES;
                return true;
        case HEAD_NO:
        case HEAD_LONG: break;
        }
        f->framing = FRAMING_LINES;
        return true;
}

static enum syslog_frame_result bad(struct syslog_record *ret, const char *what) {
        ret->what = what;
        return SYSLOG_FRAME_BAD;
}

static void give(struct syslog_record *ret, struct span bytes, uint64_t true_len, uint32_t flags) {
        if (bytes.len > 1 && bytes.len == true_len && bytes.p[bytes.len - 1] == '\n') {
                bytes.len--;
                true_len--;
        }
        *ret = (struct syslog_record){.bytes = bytes, .true_len = true_len, .flags = flags};
        if (true_len > bytes.len)
                ret->flags |= RECORD_TRUNCATED;
}

static enum syslog_frame_result next_counted(struct syslog_frame *f, struct span *in,
                                             struct syslog_record *ret) {
        size_t len;

        if (!f->in_octets) {
                /* Some senders put a line feed behind every counted frame. */
                while (in->len && *in->p == '\n')
                        eat(in, 1);
                if (in->len == 0)
                        return SYSLOG_FRAME_MORE;
                switch (read_head(*in, &f->octets, &len)) {
                case HEAD_MORE: return SYSLOG_FRAME_MORE;
                case HEAD_NO: return bad(ret, "no octet count where one must be");
                case HEAD_LONG: return bad(ret, "octet count too large");
                case HEAD_GOOD: break;
                }
                eat(in, len);
                f->in_octets = true;
                f->dropped = 0;
        }
        size_t keep = (size_t)MIN(f->octets, (uint64_t)RECORD_MAX);
        if (in->len > keep) {
                uint64_t rest = f->octets - keep - f->dropped;
                uint64_t n = MIN(rest, (uint64_t)(in->len - keep));

                if (n < rest) {
                        f->dropped += n;
                        in->len = keep;
                        return SYSLOG_FRAME_MORE;
                }
                give(ret, span_of(in->p, keep), f->octets, 0);
                eat(in, keep + (size_t)n);
        } else if (in->len == keep && f->octets == keep + f->dropped) {
                give(ret, *in, f->octets, 0);
                eat(in, keep);
        } else {
                return SYSLOG_FRAME_MORE;
        }
        f->in_octets = false;
        return SYSLOG_FRAME_RECORD;
}

static enum syslog_frame_result next_line(struct syslog_frame *f, struct span *in,
                                          struct syslog_record *ret) {
        for (;;) {
                const char *from = in->p + f->scanned;
                const char *end =
                        in->len > f->scanned ? memchr(from, '\n', in->len - f->scanned) : NULL;
                size_t len = end ? (size_t)(end - in->p) : in->len;

                if (!end) {
                        if (len > RECORD_MAX) {
                                f->dropped += len - RECORD_MAX;
                                in->len = RECORD_MAX;
                        }
                        f->scanned = in->len;
                        return SYSLOG_FRAME_MORE;
                }
                give(ret, span_of(in->p, MIN(len, RECORD_MAX)), len + f->dropped, 0);
                eat(in, len + 1);
                f->scanned = 0;
                f->dropped = 0;
                if (ret->true_len > 0) /* an empty line is no record */
                        return SYSLOG_FRAME_RECORD;
        }
}

enum syslog_frame_result syslog_frame_next(struct syslog_frame *f, struct span *in,
                                           struct syslog_record *ret) {
        if (UNLIKELY(f->framing == FRAMING_AUTO) && !find_framing(f, *in))
                return SYSLOG_FRAME_MORE;
        return f->framing == FRAMING_OCTETS ? next_counted(f, in, ret) : next_line(f, in, ret);
}

enum syslog_frame_result syslog_frame_end(struct syslog_frame *f, struct span *in,
                                          struct syslog_record *ret) {
        if (in->len == 0)
                return SYSLOG_FRAME_END;
        if (f->framing == FRAMING_OCTETS && f->in_octets)
                give(ret, span_of(in->p, MIN(in->len, RECORD_MAX)), f->octets, RECORD_MALFORMED);
        else if (f->framing == FRAMING_OCTETS) /* half a count: no record, but it came */
                give(ret, *in, in->len, RECORD_MALFORMED);
        else
                give(ret, span_of(in->p, MIN(in->len, RECORD_MAX)), in->len + f->dropped, 0);
        eat(in, in->len);
        return SYSLOG_FRAME_RECORD;
}
