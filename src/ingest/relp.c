/* See relp.h.
 *
 *     frame:   TXNR SP COMMAND SP DATALEN [SP DATA] LF
 *     answer:  TXNR "rsp" DATALEN SP "200 OK" [LF more] LF;   "0 serverclose 0" LF: we close
 *
 * A transaction number is 1 to 999999999 and one more than the one before, beginning again at 1; we
 * ask only that it is a number, as it is the sender who must tell its answers apart, and it gets back
 * what it gave. Nothing may come before `open`; what comes after `close` is not read. Answers are in the order of the
 * transactions, since sequence numbers only rise within a connection.
 *
 * Invariants:
 *  R1  "200 OK" to a syslog transaction is said only when its record is durable.
 *  R2  No transaction is answered twice, none after serverclose. */
#include "ingest/relp.h"

#define TXNR_MAX 999999999u

void relp_init(struct relp *r) {
        r->opened = r->closing = r->in_data = false;
        r->dropped = 0;
        r->first = r->n = 0;
}

static void eat(struct span *in, size_t n) {
        in->p += n;
        in->len -= n;
}

static enum relp_result bad(const struct relp *r, struct relp_frame *ret, const char *what) {
        *ret = (struct relp_frame){.txnr = r->txnr, .what = what};
        return RELP_BAD;
}

/* A word up to a blank or line feed; its length, 0 when the input ends first. */
static size_t word_len(struct span in, size_t from) {
        size_t i = from;

        while (i < in.len && in.p[i] != ' ' && in.p[i] != '\n')
                i++;
        return i == in.len ? 0 : i - from;
}

static bool number(const char *p, size_t len, uint64_t max, uint64_t *ret) {
        uint64_t v = 0;

        if (len == 0 || len > 9)
                return false;
        for (size_t i = 0; i < len; i++) {
                if (p[i] < '0' || p[i] > '9')
                        return false;
                v = v * 10 + (uint64_t)(p[i] - '0');
        }
        *ret = v;
        return v <= max;
}

static enum relp_command command_of(struct span s) {
        if (span_eq(s, SPAN("syslog")))
                return RELP_SYSLOG;
        if (span_eq(s, SPAN("open")))
                return RELP_OPEN;
        if (span_eq(s, SPAN("close")))
                return RELP_CLOSE;
        return RELP_OTHER;
}

/* The head up to the byte before the data, or before the line feed when there is none. */
static enum relp_result read_head(struct relp *r, struct span *in, struct relp_frame *ret) {
        struct span head = span_of(in->p, MIN(in->len, RELP_HEAD_MAX));
        uint64_t txnr;

        r->txnr = 0;
        size_t a = word_len(head, 0), b = a ? word_len(head, a + 1) : 0;
        size_t c = b ? word_len(head, a + b + 2) : 0;
        if ((a && head.p[a] != ' ') || (b && head.p[a + 1 + b] != ' ') ||
            (head.len && (head.p[0] < '0' || head.p[0] > '9')) ||
            (a && !number(head.p, a, TXNR_MAX, &txnr)))
                return bad(r, ret, "not a RELP frame");
        if (a)
                r->txnr = (uint32_t)txnr;
        if (!c)
                return head.len < RELP_HEAD_MAX ? RELP_MORE
                                                : bad(r, ret, "head of a frame too long");
        if (txnr == 0)
                return bad(r, ret, "transaction number is 0");
        r->command = command_of(span_of(head.p + a + 1, b));
        if (!number(head.p + a + b + 2, c, RELP_DATA_MAX, &r->len))
                return bad(r, ret, "no length of data, or too large a one");
        size_t end = a + b + c + 2;
        if (head.p[end] == ' ')
                end++;
        else if (r->len > 0)
                return bad(r, ret, "no data where its length says so");
        eat(in, end);
        r->in_data = true;
        r->dropped = 0;
        return RELP_FRAME;
}

/* What the order of commands forbids, before the data is looked at. */
static const char *forbidden(const struct relp *r) {
        if (r->command == RELP_OTHER)
                return "command not supported";
        if (r->command == RELP_OPEN && r->opened)
                return "a second open";
        if (r->command != RELP_OPEN && !r->opened)
                return "a command before open";
        if (r->command == RELP_OPEN && r->len > RELP_OFFERS_MAX)
                return "offers too long";
        return NULL;
}

enum relp_result relp_next(struct relp *r, struct span *in, struct relp_frame *ret) {
        assert(!r->closing); /* relp_has_room() */
        if (!r->in_data) {
                if (in->len == 0)
                        return RELP_MORE;
                enum relp_result h = read_head(r, in, ret);
                if (h != RELP_FRAME)
                        return h;
                const char *why = forbidden(r);
                if (why)
                        return bad(r, ret, why);
        }
        size_t keep = (size_t)MIN(r->len, (uint64_t)RECORD_MAX);
        if (in->len <= keep) /* the line feed must have come, too */
                return RELP_MORE;
        uint64_t rest = r->len - keep - r->dropped, n = MIN(rest, (uint64_t)(in->len - keep));
        if (in->len - keep - n == 0) {
                r->dropped += n;
                in->len = keep;
                return RELP_MORE;
        }
        if (in->p[keep + n] != '\n')
                return bad(r, ret, "no line feed behind the data");
        *ret = (struct relp_frame){.txnr = r->txnr,
                                   .command = r->command,
                                   .data = span_of(in->p, keep),
                                   .true_len = r->len};
        eat(in, keep + (size_t)n + 1);
        r->in_data = false;
        return RELP_FRAME;
}

static void answer(struct buf *out, uint32_t txnr, struct span text) {
        buf_printf(out, "%u rsp %zu %.*s\n", txnr, text.len, (int)text.len, text.p);
}

/* The line "name=value" of an open's offers; .p NULL: not offered. */
static struct span offer(struct span data, struct span name) {
        while (data.len) {
                const char *end = memchr(data.p, '\n', data.len);
                struct span line = span_of(data.p, end ? (size_t)(end - data.p) : data.len);

                if (span_starts(line, name) && line.len > name.len && line.p[name.len] == '=')
                        return span_of(line.p + name.len + 1, line.len - name.len - 1);
                eat(&data, line.len + (end != NULL));
        }
        return SPAN_NONE;
}

static bool lists(struct span list, struct span word) {
        while (list.len) {
                const char *end = memchr(list.p, ',', list.len);
                struct span one = span_of(list.p, end ? (size_t)(end - list.p) : list.len);

                if (span_eq(span_trim(one), word))
                        return true;
                eat(&list, one.len + (end != NULL));
        }
        return false;
}

bool relp_answer_open(struct relp *r, const struct relp_frame *f, struct buf *out) {
        struct span version = offer(f->data, SPAN("relp_version"));
        struct span commands = offer(f->data, SPAN("commands"));
        struct relp_frame no = *f;

        no.what = NULL;
        if (version.p && !span_eq(version, SPAN("0")) && !span_eq(version, SPAN("1")))
                no.what = "version of RELP not supported";
        else if (!lists(commands, SPAN("syslog")))
                no.what = "command syslog was not offered";
        if (no.what) {
                relp_answer_bad(r, &no, out);
                return false;
        }
        r->opened = true;
        answer(out, f->txnr, SPAN("200 OK\nrelp_version=0\nrelp_software=coloa\ncommands=syslog"));
        return true;
}

void relp_wait(struct relp *r, uint32_t txnr, uint64_t seq) {
        assert(r->n < RELP_WINDOW);
        r->waiting[(r->first + r->n++) % RELP_WINDOW] = (struct relp_waiting){seq, txnr};
}

static void answer_end(const struct relp *r, struct buf *out) {
        if (!r->close_what)
                buf_printf(out, "%u rsp 0\n", r->close_txnr);
        else if (r->close_txnr)
                buf_printf(out, "%u rsp %zu 500 %s\n", r->close_txnr, strlen(r->close_what) + 4,
                           r->close_what);
        buf_str(out, "0 serverclose 0\n");
}

static void end(struct relp *r, uint32_t txnr, const char *what, struct buf *out) {
        r->closing = true;
        r->close_txnr = txnr;
        r->close_what = what;
        if (r->n == 0)
                answer_end(r, out);
}

unsigned relp_durable(struct relp *r, uint64_t durable, struct buf *out) {
        unsigned said = 0;

        while (r->n && r->waiting[r->first].seq < durable) {
                answer(out, r->waiting[r->first].txnr, SPAN("200 OK"));
                r->first = (r->first + 1) % RELP_WINDOW;
                r->n--;
                said++;
        }
        if (said && relp_is_over(r))
                answer_end(r, out);
        return said;
}

void relp_close(struct relp *r, const struct relp_frame *f, struct buf *out) {
        end(r, f->txnr, NULL, out);
}

void relp_answer_bad(struct relp *r, const struct relp_frame *f, struct buf *out) {
        end(r, f->txnr, f->what, out);
}
