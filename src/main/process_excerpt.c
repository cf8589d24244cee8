/* Frames to lines of masked JSON. See excerpt.h. A line names where its record lies:
 *
 *     {"seq":7,"block":3,"frame":0,"index":6,"received":"…","source":"…","format":"syslog","record":"…"}
 *
 * Flags and an exercise's label when there are some; no sender's address. Personal data is masked, and the people,
 * addresses and paths that the record's own fields name: it is decoded for that. A record that is no text (EVTX, or
 * with zero bytes) is left out, as nobody could mask what is in it: "omitted":"binary"; so is one with more
 * names than are looked for: "omitted":"names". */
#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

#include "base/timestamp.h"
#include "decode/decode.h"
#include "main/excerpt.h"
#include "main/processes.h"
#include "main/spawn.h"
#include "os/sandbox.h"
#include "scan/names.h"
#include "scan/personal.h"
#include "wire/batch.h"
#include "wire/message.h"

#define TASK_FD 4
#define TEXT_FD 5

struct worker {
        const struct excerpt_task *shared;
        struct excerpt_task task; /* taken once */
        char *text;
        struct frame_opener *opener;
        struct buf line, masked, named;
        struct decoder *decoder;
        struct arena arena; /* of a record's fields */
        struct names names; /* whom and what the record at hand names */
        _Alignas(8) char frame[FRAME_BYTES_MAX], room[FRAME_ROOM], copy[RECORD_MAX + SLOT_PADDING];
};

static bool wanted(const struct worker *w, uint64_t seq, int64_t received) {
        const struct excerpt_task *t = &w->task;

        if ((t->received_from != TIME_NONE && received < t->received_from) ||
            (t->received_to != TIME_NONE && received >= t->received_to))
                return false;
        for (uint32_t i = 0; i < t->n_ranges; i++)
                if (seq >= t->ranges[i][0] && seq < t->ranges[i][1])
                        return true;
        return false;
}

static void add_flags(struct buf *b, uint32_t flags) {
        static const char *const names[] = {"truncated", "malformed", "duplicate", "quarantined",
                                            "converted", "multiline", "preamble"};
        const char *comma = "";

        if (!flags)
                return;
        buf_str(b, ",\"flags\":[");
        for (unsigned i = 0; i < ARRAY_LEN(names); i++)
                if (flags >> i & 1) {
                        buf_printf(b, "%s\"%s\"", comma, names[i]);
                        comma = ",";
                }
        buf_char(b, ']');
}

static void know(struct worker *w, enum names_kind kind, struct span value) {
        static const char *const words[] = {"?", "user", "address", "path"};
        unsigned char h[16];

        if (value.len == 0)
                return;
        crypto_generichash(h, sizeof(h), (const unsigned char *)value.p, value.len,
                           w->task.mask_key, sizeof(w->task.mask_key));
        struct span shown = arena_printf(&w->arena, "[%s~%02x%02x%02x%02x]", words[kind], h[0],
                                         h[1], h[2], h[3]);
        if (shown.p)
                names_add(&w->names, value, shown);
        else
                w->names.more = true;
}

static void know_event(struct worker *w, const struct event *e) {
        struct span user = event_user(e, &w->arena);

        know(w, NAMES_USER, user);
        know(w, NAMES_USER, names_account(user));
        for (uint32_t i = 0; i < e->n; i++) {
                enum names_kind kind =
                        names_of_field(span_of(e->fields[i].name, e->fields[i].name_len));
                if (kind == NAMES_NOBODY || e->fields[i].type == V_BOOL ||
                    e->fields[i].type == V_NULL)
                        continue;
                struct span v = value_text(&e->fields[i], &w->arena);
                if (!v.p)
                        w->names.more = true;
                know(w, kind, v);
                if (kind == NAMES_USER)
                        know(w, kind, names_account(v));
        }
        w->names.more |= e->cut;
}

/* `head`: what a format with a header is decoded by. */
static void know_record(struct worker *w, const struct run *run, const struct record *rec,
                        struct span head, struct span bytes) {
        struct decode_error bad;
        struct event e;
        enum decode_result got;

        w->names.n = 0;
        w->names.more = false;
        arena_reset(&w->arena);
        if (bytes.len == 0 || bytes.len > RECORD_MAX)
                return;
        /* Decoders read a little beyond; its own line ends are part of it, as for a judge. */
        memcpy(w->copy, bytes.p, bytes.len);
        memset(w->copy + bytes.len, 0, SLOT_PADDING);
        for (char *c = w->copy; (c = memchr(c, '\n', bytes.len - (size_t)(c - w->copy)));)
                *c = ' ';
        struct batch b = {.h = {.magic = BATCH_MAGIC,
                                .layout = BATCH_STREAM,
                                .format = run->format ? run->format : FORMAT_TEXT,
                                .flags = BATCH_FIRST | BATCH_LAST,
                                .file_time = rec->received,
                                .preamble_len = (uint32_t)head.len,
                                .payload_len = (uint32_t)bytes.len},
                          .preamble = head,
                          .payload = span_of(w->copy, bytes.len)};
        decoder_begin(w->decoder, &b, 0);
        while ((got = decoder_next(w->decoder, &e, &bad)) != DECODE_END)
                if (got == DECODE_EVENT)
                        know_event(w, &e);
}

static void add_record(struct worker *w, const struct run *run, const struct record *rec,
                       struct span head, struct span s) {
        struct buf *b = &w->line;

        if (run->format == FORMAT_EVTX || (s.len && memchr(s.p, '\0', s.len))) {
                buf_printf(b, ",\"omitted\":\"binary\",\"bytes\":%u}\n", rec->len);
                return;
        }
        buf_reset(&w->masked);
        buf_reset(&w->named);
        (void)personal_mask(&w->masked, s, w->task.mask_key);
        know_record(w, run, rec, head, s);
        if (!names_mask(&w->named, buf_get(&w->masked), &w->names)) {
                buf_printf(b, ",\"omitted\":\"names\",\"bytes\":%u}\n", rec->len);
                return;
        }
        buf_str(b, ",\"record\":\"");
        buf_json(b, buf_get(&w->named));
        buf_str(b, "\"}\n");
        b->failed |= w->masked.failed | w->named.failed;
}

static void add_line(struct worker *w, const struct records *r, const struct run *run, uint32_t i,
                     const struct record *rec, struct span head, struct span bytes) {
        struct source_name source = {0};
        struct buf *b = &w->line;
        char time[40];

        time[time_format(time, rec->received, 6)] = '\0';
        buf_printf(b,
                   "{\"seq\":%llu,\"block\":%llu,\"frame\":%u,\"index\":%u,\"received\":\"%s\","
                   "\"source\":\"",
                   (unsigned long long)r->h.first_seq + i, (unsigned long long)w->task.block,
                   w->task.frame, i, time);
        if (records_source(r, run->source, &source))
                buf_json(b, span_of(source.name, strnlen(source.name, sizeof(source.name))));
        buf_str(b, "\",\"format\":\"");
        buf_json(b, span_str(format_name((enum format)run->format)));
        buf_char(b, '"');
        if (run->drill)
                buf_printf(b, ",\"drill\":%u", run->drill);
        add_flags(b, rec->flags);
        add_record(w, run, rec, head, bytes);
}

static int do_frame(struct worker *w, uint32_t *ret_records) {
        struct records r;

        w->task = *w->shared;
        if (w->task.len > FRAME_BYTES_MAX || w->task.n_ranges > FRAME_RECORDS_MAX)
                return -EPROTO;
        memcpy(w->frame, w->shared + 1, w->task.len);
        buf_reset(&w->line);
        if (frame_open(w->opener, span_of(w->frame, w->task.len), w->room, &r) != 0)
                return -EBADMSG;
        for (uint32_t k = 0; k < r.h.n_runs; k++) {
                struct record first;
                struct span head = SPAN_NONE;
                struct run run;
                if (!records_run(&r, k, &run))
                        return -EBADMSG;
                if ((run.flags & RUN_HEADED) && !records_at(&r, run.first, &first, &head))
                        return -EBADMSG;
                for (uint32_t i = run.first; i < run.first + run.n; i++) {
                        struct record rec;
                        struct span s;
                        if (!records_at(&r, i, &rec, &s))
                                return -EBADMSG;
                        if (!wanted(w, r.h.first_seq + i, rec.received))
                                continue;
                        add_line(w, &r, &run, i, &rec, head, s);
                        ++*ret_records;
                }
        }
        if (w->line.failed || w->line.len > EXCERPT_TEXT_BYTES)
                return -EFBIG;
        if (w->line.len)
                memcpy(w->text, w->line.p, w->line.len);
        return 0;
}

static int serve(struct worker *w) {
        for (;;) {
                struct msg_excerpt m, done = {.type = EXCERPT_DONE};
                ssize_t n = os_recv(CHILD_SOCKET, &m, sizeof(m), NULL, 0, NULL);

                if (n <= 0)
                        return (int)n;
                if (n != sizeof(m) || m.type != EXCERPT_DO)
                        return -EPROTO;
                done.error = do_frame(w, &done.records);
                done.len = done.error < 0 ? 0 : (uint32_t)w->line.len;
                if (done.error < 0)
                        done.records = 0;
                int r = os_send(CHILD_SOCKET, &done, sizeof(done), NULL, 0);
                if (r < 0)
                        return r;
        }
}

int process_excerpt(int argc, char **argv) {
        static struct worker w;
        struct msg_plain ready = {PROCESS_READY, 0};
        int landlock = -1;
        void *p;

        for (int i = 1; i < argc; i++)
                if (strncmp(argv[i], "landlock=", 9) == 0)
                        landlock = (int)strtol(argv[i] + 9, NULL, 10);
        if (sodium_init() < 0 || os_map(TASK_FD, EXCERPT_TASK_BYTES, false, &p) < 0)
                return 13;
        w.shared = p;
        if (os_map(TEXT_FD, EXCERPT_TEXT_BYTES, true, &p) < 0)
                return 13;
        w.text = p;
        w.opener = frame_opener_new();
        w.decoder = decoder_new(&(struct decode_options){0});
        arena_init(&w.arena, (size_t)4 << 20);
        if (!w.opener || !w.decoder)
                return 12;
        if (sandbox_enter(SANDBOX_SEAL, landlock, (size_t)256 << 20, NULL) < 0)
                return 15;
        int r = os_send(CHILD_SOCKET, &ready, sizeof(ready), NULL, 0);
        if (r == 0)
                r = serve(&w);
        return r < 0 && r != -EPIPE ? 16 : 0;
}
