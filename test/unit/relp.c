/* ingest/relp: sessions as senders hold them; answers only when durable, in order, once. */
#include "check.h"

#include "ingest/relp.h"

#define OPEN "1 open 49 relp_version=0\nrelp_software=test\ncommands=syslog\n"

static struct relp r;
static struct buf out;

/* Plays the server: records get numbers from 100. Everything durable below `durable` at the end. */
static bool play(const char *stream, size_t step, uint64_t durable) {
        static char hold[RECORD_MAX + RELP_HEAD_MAX + 4096];
        struct relp_frame f;
        uint64_t seq = 100;
        size_t kept = 0, len = strlen(stream);

        relp_init(&r);
        buf_reset(&out);
        for (size_t at = 0; at < len; at += step) {
                size_t n = MIN(step, len - at);

                memcpy(hold + kept, stream + at, n);
                struct span in = span_of(hold, kept + n);
                while (relp_has_room(&r)) {
                        enum relp_result got = relp_next(&r, &in, &f);

                        if (got == RELP_MORE)
                                break;
                        if (got == RELP_BAD) {
                                relp_answer_bad(&r, &f, &out);
                                relp_durable(&r, durable, &out);
                                return false;
                        }
                        if (f.command == RELP_OPEN && !relp_answer_open(&r, &f, &out))
                                return false;
                        if (f.command == RELP_SYSLOG)
                                relp_wait(&r, f.txnr, seq++);
                        if (f.command == RELP_CLOSE)
                                relp_close(&r, &f, &out);
                }
                memmove(hold, in.p, in.len);
                kept = in.len;
        }
        relp_durable(&r, durable, &out);
        return true;
}

static struct span said(void) {
        struct span s = buf_get(&out), open = SPAN("1 rsp 57 200 OK\nrelp_version=0\n"
                                                   "relp_software=coloa\ncommands=syslog\n");

        return span_starts(s, open) ? span_of(s.p + open.len, s.len - open.len) : s;
}

static void a_session(void) {
        for (size_t step = 1; step < 120; step++) {
                check(play(OPEN "2 syslog 4 <1>a\n3 syslog 3 b\nc\n4 close 0\n", step, 102));
                check_span(said(), "2 rsp 6 200 OK\n3 rsp 6 200 OK\n4 rsp 0\n0 serverclose 0\n");
                check(relp_is_over(&r));
        }
}

static void nothing_is_answered_before_it_is_durable(void) {
        check(play(OPEN "2 syslog 1 a\n3 syslog 1 b\n4 close 0\n", 1000, 100));
        check_span(said(), "");
        check(relp_durable(&r, 101, &out) == 1);
        check_span(said(), "2 rsp 6 200 OK\n");
        check(!relp_is_over(&r));
        check(relp_durable(&r, 101, &out) == 0);
        check(relp_durable(&r, 1000, &out) == 1);
        check_span(said(), "2 rsp 6 200 OK\n3 rsp 6 200 OK\n4 rsp 0\n0 serverclose 0\n");
        check(relp_durable(&r, 1001, &out) == 0);
        check(play(OPEN "2 close 0\n", 1000, 0));
        check_span(said(), "2 rsp 0\n0 serverclose 0\n");
}

static void bad(const char *stream, const char *want) {
        for (size_t step = 1; step < 80; step += 7) {
                check(!play(stream, step, 0));
                check_span(said(), want);
        }
}

static void bad_input_gets_500_and_the_reason(void) {
        bad("GET / HTTP/1.1\n", "0 serverclose 0\n");
        bad("2 syslog 1 a\n", "2 rsp 25 500 a command before open\n0 serverclose 0\n");
        bad(OPEN "2 syslog 1 ab\n", "2 rsp 32 500 no line feed behind the data\n0 serverclose 0\n");
        bad(OPEN "2 syslog 99999999999 a\n",
            "2 rsp 41 500 no length of data, or too large a one\n0 serverclose 0\n");
        bad(OPEN "2 rotate 0\n", "2 rsp 25 500 command not supported\n0 serverclose 0\n");
        bad(OPEN OPEN, "1 rsp 17 500 a second open\n0 serverclose 0\n");
        bad("1 open 14 relp_version=9\n",
            "1 rsp 33 500 version of RELP not supported\n0 serverclose 0\n");
        bad("1 open 32 relp_version=0\ncommands=starttls\n",
            "1 rsp 34 500 command syslog was not offered\n0 serverclose 0\n");
        bad("0 open 0\n", "0 serverclose 0\n");
        bad("111111111111111111111111111111111111111111111111111111111111111111",
            "0 serverclose 0\n");
        bad("1 "
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "1 rsp 28 500 head of a frame too long\n0 serverclose 0\n");
}

static void what_came_before_bad_input_is_answered_first(void) {
        check(!play(OPEN "2 syslog 1 a\n3 rotate 0\n", 1000, 100));
        check_span(said(), "");
        check(!relp_is_over(&r));
        check(relp_durable(&r, 101, &out) == 1);
        check_span(said(), "2 rsp 6 200 OK\n3 rsp 25 500 command not supported\n0 serverclose 0\n");
        check(relp_is_over(&r));
}

static void too_long_a_record_is_cut(void) {
        static char big[2 * RECORD_MAX];
        const size_t len = RECORD_MAX + 5000;
        struct relp_frame f;
        size_t kept = 0;

        relp_init(&r);
        r.opened = true;
        int head = snprintf(big, sizeof(big), "7 syslog %zu ", len);
        memset(big + head, 'x', len);
        big[(size_t)head + len] = '\n';
        static char hold[RECORD_MAX + 8192];
        for (size_t at = 0; at < (size_t)head + len + 1; at += 1001) {
                size_t n = MIN((size_t)1001, (size_t)head + len + 1 - at);

                memcpy(hold + kept, big + at, n);
                struct span in = span_of(hold, kept + n);
                if (relp_next(&r, &in, &f) == RELP_FRAME) {
                        check(f.data.len == RECORD_MAX && f.true_len == len && f.txnr == 7);
                        check(in.len == 0);
                        return;
                }
                memmove(hold, in.p, in.len);
                kept = in.len;
                check(kept <= RECORD_MAX + RELP_HEAD_MAX);
        }
        check(!"a frame came");
}

int main(void) {
        RUN(a_session);
        RUN(nothing_is_answered_before_it_is_durable);
        RUN(bad_input_gets_500_and_the_reason);
        RUN(what_came_before_bad_input_is_answered_first);
        RUN(too_long_a_record_is_cut);
        buf_deinit(&out);
        return check_done();
}
