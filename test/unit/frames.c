/* store/frames, seal: what is sealed comes back byte by byte; nothing that is damaged does. */
#include "check.h"

#include "store/filter.h"
#include "store/seal.h"
#include "store/token.h"

static _Alignas(64) char slot[SLOT_BYTES], half[SEAL_HALF_BYTES], room[FRAME_ROOM];

static struct origin from(uint32_t source, enum format format) {
        struct origin o = {.source = source, .source_name = "dc-01", .format = format, .port = 514};

        o.peer[15] = (uint8_t)source;
        return o;
}

static uint64_t random_state = 88172645463325252u;
static uint32_t rnd(uint32_t n) {
        random_state ^= random_state << 13;
        random_state ^= random_state >> 7;
        random_state ^= random_state << 17;
        return (uint32_t)(random_state >> 33) % n;
}

/* A batch of all kinds of records; its size. */
static size_t fill(struct records_builder *b, uint64_t first, uint32_t longest, bool dense) {
        static char text[RECORD_MAX];
        uint64_t seq;

        records_begin(b, slot, sizeof(slot), first);
        for (;;) {
                struct origin o = from(dense ? 1 : rnd(5), rnd(20) ? FORMAT_JSON : FORMAT_SYSLOG);
                size_t n = rnd(longest + 1);
                for (size_t i = 0; i < n; i++)
                        text[i] = rnd(40) ? (char)('a' + rnd(26)) : '\n';
                if (records_add(b, &o, span_of(text, n), n + (rnd(9) ? 0 : rnd(99)),
                                rnd(4) ? 0 : RECORD_DUPLICATE,
                                INT64_C(1795000000000000000) + rnd(1000000), &seq) != 0)
                        break;
        }
        records_add_position(b, SPAN("file:1:2"), SPAN("4711"));
        return records_end(b);
}

static void same_runs(const struct records *a, uint32_t i, const struct records *b, uint32_t k) {
        struct run x = {0}, y = {0};
        struct source_name m, n;
        uint32_t u = 0, v = 0;

        while (records_run(a, u, &x) && i >= x.first + x.n)
                u++;
        while (records_run(b, v, &y) && k >= y.first + y.n)
                v++;
        check(x.format == y.format && x.flags == y.flags && x.port == y.port &&
              x.drill == y.drill && memcmp(x.peer, y.peer, 16) == 0);
        check(records_source(a, x.source, &m) && records_source(b, y.source, &n));
        check(m.id == n.id && strcmp(m.name, n.name) == 0);
        check(y.at + y.len <= b->payload.len && b->payload.p[y.at + y.len - 1] == '\n');
}

/* Seals what is in the slot and compares all frames with it. */
static void compare(size_t size) {
        _cleanup_(sealer_freep) struct sealer *s = sealer_new(1);
        _cleanup_(frame_opener_freep) struct frame_opener *o = frame_opener_new();
        struct records all, r;
        struct sealed_view v;
        size_t used, at = 0;
        uint32_t i = 0;

        check_int(records_view(slot, size, &all), 0);
        check_int(sealer_run(s, slot, size, false, half, sizeof(half), &used), 0);
        check_int(sealed_view(half, used, &v), 0);
        check(v.h.n_positions == all.h.n_positions && v.h.n_records == all.h.n_records);
        for (uint32_t f = 0; f < v.h.n_frames; f++) {
                const struct frame_entry *e = &v.h.frames[f];
                check_int(frame_open(o, span_of(v.data.p + at, e->len), room, &r), 0);
                check(r.h.n_records == e->n_records && r.h.first_seq == e->first_seq &&
                      r.h.payload_len == e->payload_len);
                for (uint32_t k = 0; k < r.h.n_records; k++, i++) {
                        struct record x, y;
                        struct span a, b = SPAN_NONE;
                        check(records_at(&all, i, &x, &a) && records_at(&r, k, &y, &b));
                        check(span_eq(a, b) && x.true_len == y.true_len && x.flags == y.flags &&
                              x.received == y.received);
                        check(y.received >= e->received_min && y.received <= e->received_max);
                        same_runs(&all, i, &r, k);
                }
                at += e->len;
        }
        check_int(i, all.h.n_records);
}

static void what_is_sealed_comes_back(void) {
        _cleanup_(records_builder_freep) struct records_builder *b = records_builder_new();

        compare(fill(b, 1, 3000, false));
        compare(fill(b, 77, 30, true));
        compare(fill(b, 1u << 30, 0, true));
        compare(fill(b, 5, 2, false));
        compare(fill(b, 5, RECORD_MAX - 1, false));
}

static void a_record_of_the_greatest_length_fits(void) {
        _cleanup_(records_builder_freep) struct records_builder *b = records_builder_new();
        static char text[RECORD_MAX];
        struct origin o = from(1, FORMAT_JSON);
        uint64_t seq;

        for (size_t i = 0; i < sizeof(text); i++)
                text[i] = (char)rnd(256);
        records_begin(b, slot, sizeof(slot), 9);
        check_int(records_add(b, &o, span_of(text, sizeof(text)), 1u << 31, RECORD_TRUNCATED, 5,
                              &seq),
                  0);
        compare(records_end(b));
}

static void a_damaged_frame_is_refused_or_harmless(void) {
        _cleanup_(records_builder_freep) struct records_builder *b = records_builder_new();
        _cleanup_(frame_maker_freep) struct frame_maker *m = frame_maker_new(1);
        _cleanup_(frame_opener_freep) struct frame_opener *o = frame_opener_new();
        struct frame_entry e;
        struct records all, r;
        uint32_t n;

        check_int(records_view(slot, fill(b, 1, 40, false), &all), 0);
        frame_begin(m, 1);
        check(frame_add(m, &all, 0, &n) == 0 && n > 100);
        check_int(frame_end(m, half, sizeof(half), &e), 0);
        check_int(frame_open(o, span_of(half, e.len), room, &r), 0);
        check_int(frame_open(o, span_of(half, e.len - 1), room, &r), FRAME_E_BAD);
        check_int(frame_open(o, span_of(half, e.len + 1), room, &r), FRAME_E_BAD);
        for (unsigned i = 0; i < 3000; i++) {
                uint32_t at = rnd(e.len);
                char was = half[at];
                half[at] ^= (char)(1 << rnd(8));
                if (frame_open(o, span_of(half, e.len), room, &r) == 0)
                        for (uint32_t k = 0; k < r.h.n_records; k++) {
                                struct record rec;
                                struct span s;
                                check(records_at(&r, k, &rec, &s));
                        }
                half[at] = was;
        }
}

static bool has(const struct token_set *s, const char *token) {
        uint32_t n, h = token_hash(span_str(token));
        bool all;
        const uint32_t *list = token_set_get(s, &n, &all);

        for (uint32_t i = 0; i < n; i++)
                if (list[i] == h)
                        return true;
        return all;
}

static void tokens_of_a_text(void) {
        _cleanup_(token_set_freep) struct token_set *s = token_set_new();
        static char text[4096] =
                "{\"Image\":\"C:\\\\Windows\\\\notepad.exe\",\"ip\":\"192.168.1.27\","
                "\"m\":\"one\\nbar caf\\u00e9 x_Y\"} 10.0.0.300 1.2.3.4.5 mimikatz";

        token_set_add(s, span_of(text, strlen(text)));
        static const char *const there[] = {"image",        "WINDOWS", "notepad", "exe",
                                            "192.168.1.27", "bar",     "caf",     "x_y",
                                            "mimikatz",     "192"};
        for (size_t i = 0; i < ARRAY_LEN(there); i++)
                check(has(s, there[i]));
        check(!has(s, "mimi") && !has(s, "C") && !has(s, "x.y") && !has(s, "katz"));
        token_set_reset(s);
        check(!has(s, "image"));
        static char hidden[512] = "{\"a\":\"\\u006dimikatz\"}";
        token_set_add(s, span_of(hidden, strlen(hidden)));
        check(has(s, "anything")); /* it cannot know: nothing may be skipped */
}

/* Skipping what was seen before must not change the set: against a plain loop over all tokens. */
static void skipping_loses_no_token(void) {
        _cleanup_(token_set_freep) struct token_set *s = token_set_new();
        static char text[FRAME_PAYLOAD_MAX + 64];
        static const char *const parts[] = {
                "192.168.0.1",      "\\n", "\\\\",       "user", "_", ".", " ", "\":\"",
                "aaaaaaaaaaaaaaaa", "0",   "10.1.1.255", "Event"};

        for (unsigned round = 0; round < 40; round++) {
                size_t n = 0;
                while (n < 60000) {
                        if (n > 2000 && rnd(3) == 0) {
                                size_t len = rnd(400), back = len + rnd((uint32_t)(n - len - 1));
                                memcpy(text + n, text + n - back, len);
                                n += len;
                                continue;
                        }
                        const char *p = parts[rnd(ARRAY_LEN(parts))];
                        memcpy(text + n, p, strlen(p));
                        n += strlen(p);
                }
                memset(text + n, 0, 64);
                token_set_reset(s);
                token_set_add(s, span_of(text, n));
                size_t at = 0;
                struct span t;
                bool edge;
                while (token_next(span_of(text, n), &at, &t, &edge)) {
                        char copy[256];
                        if (t.len >= sizeof(copy))
                                continue;
                        memcpy(copy, t.p, t.len);
                        copy[t.len] = 0;
                        check(has(s, copy));
                        if (t.p > text && t.p[-1] == '\\' && *t.p == 'n' && t.len > 2)
                                check(has(s, copy + 1));
                }
                /* addresses, found the slow way */
                static const char address[] = "10.1.1.255";
                for (size_t i = 1; i + 12 < n; i++)
                        if (memcmp(text + i, address, 10) == 0 && text[i - 1] == ' ' &&
                            (text[i + 10] == ' ' || text[i + 10] == '\\'))
                                check(has(s, address));
        }
}

static void a_filter_holds_what_was_added(void) {
        static char lines[FILTER_LINES_MAX * FILTER_LINE];
        size_t size = filter_size(10000), wrong = 0;

        for (uint32_t i = 0; i < 10000; i++)
                filter_add(lines, size, i * 2654435761u);
        for (uint32_t i = 0; i < 10000; i++)
                check(filter_may(span_of(lines, size), i * 2654435761u));
        for (uint32_t i = 10000; i < 110000; i++)
                wrong += filter_may(span_of(lines, size), i * 2654435761u);
        check(wrong < 1000);
        check(filter_may(SPAN_NONE, 7));
        check(filter_size(1u << 30) == sizeof(lines) && filter_size(0) == FILTER_LINE);
}

/* Runs under a header are never cut: each frame has the header of every such run in it. */
static void headed_runs_stay_whole(void) {
        _cleanup_(records_builder_freep) struct records_builder *b = records_builder_new();
        _cleanup_(frame_maker_freep) struct frame_maker *m = frame_maker_new(1);
        _cleanup_(frame_opener_freep) struct frame_opener *o = frame_opener_new();
        static char z[FRAME_BYTES_MAX], text[100000];
        struct frame_entry e;
        struct records all, r;
        uint64_t seq;

        memset(text, 'x', sizeof(text));
        records_begin(b, slot, sizeof(slot), 7);
        for (uint32_t k = 0; k < 12; k++) {
                struct origin from_file = from(1, k % 4 == 3 ? FORMAT_JSON : FORMAT_CSV);

                from_file.headed = k % 4 == 3 ? 0 : k + 1;
                if (from_file.headed)
                        check_int(records_add(b, &from_file, SPAN("a,b"), 3, RECORD_PREAMBLE, 1,
                                              &seq),
                                  0);
                for (uint32_t i = 0, many = 400 + rnd(600); i < many; i++) {
                        size_t n = rnd(k == 5 && i == 3 ? 99999 : 50);

                        check_int(records_add(b, &from_file, span_of(text, n), n, 0, 1, &seq), 0);
                }
        }
        size_t size = records_end(b);
        compare(size);
        check_int(records_view(slot, size, &all), 0);
        unsigned headed = 0, frames = 0;
        for (uint32_t at = 0; at < all.h.n_records; frames++) {
                uint32_t n;

                frame_begin(m, all.h.first_seq + at);
                check_int(frame_add(m, &all, at, &n), 0);
                check(n > 0);
                check_int(frame_end(m, z, sizeof(z), &e), 0);
                check_int(frame_open(o, span_of(z, e.len), room, &r), 0);
                for (uint32_t k = 0; k < r.h.n_runs; k++) {
                        struct run run;
                        struct record first;
                        struct span bytes;

                        check(records_run(&r, k, &run) &&
                              records_at(&r, run.first, &first, &bytes));
                        if (run.format != FORMAT_CSV)
                                continue;
                        headed++;
                        check((run.flags & RUN_HEADED) && (first.flags & RECORD_PREAMBLE));
                        check(span_eq(bytes, SPAN("a,b")));
                }
                at += n;
        }
        check(frames > 1 && headed == 9);
}

int main(void) {
        RUN(what_is_sealed_comes_back);
        RUN(a_record_of_the_greatest_length_fits);
        RUN(a_damaged_frame_is_refused_or_harmless);
        RUN(tokens_of_a_text);
        RUN(skipping_loses_no_token);
        RUN(a_filter_holds_what_was_added);
        RUN(headed_runs_stay_whole);
        return check_done();
}
