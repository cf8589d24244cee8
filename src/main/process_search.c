/* A search for somebody at the console, or one alert's records (wire/search.h). It lives for one question: takes it from the
 * desk, has its terms compiled in a process of rules, starts its seekers and some more in reserve, opens the store for
 * reading, and then gives up all else: from there on it can read files of the store and nothing more, start no
 * process, open nothing for writing (SANDBOX_SEARCH). Only behind that wall it looks at what seekers say of what
 * strangers sent. The query is read before the wall by nobody: it goes on as bytes.
 *
 *     3 the desk (a stream), 4 the node's program, read-only
 *
 *   E1. It ends when its desk's end of the stream closes: looked at in each turn.
 *   E2. Its memory is bounded (MEMORY_MAX, and what seek/collect.h says); its time by the ask, and what it waits for
 *       a slow reader does not count; main ends what is older than anything may be.
 *   E3. A seeker that dies is replaced from the reserve; with none left the search is cut, and says so. */
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/lang.h"
#include "base/timestamp.h"
#include "main/processes.h"
#include "main/searcher.h"
#include "main/spawn.h"
#include "os/net.h"
#include "os/os.h"
#include "os/sandbox.h"

#define PROGRAM_FD 4
#define MEMORY_MAX ((size_t)1 << 30)
#define SEEKERS 2u
#define SPARES 2u
#define FLUSH_NS (INT64_C(150) * 1000000)
#define TELL_NS (INT64_C(500) * 1000000)
#define EXPLAIN_SECONDS 15u
#define WRITE_PIECE ((size_t)64 << 10)

/* ---- the stream ---- */

int searcher_frame(struct searcher *s, enum search_frame frame, struct span bytes) {
        struct search_head h = {(uint32_t)bytes.len, frame};
        int64_t before = os_monotonic();
        int r = os_write_full(CHILD_SOCKET, &h, sizeof(h));

        if (r == 0 && bytes.len)
                r = os_write_full(CHILD_SOCKET, bytes.p, bytes.len);
        if (s->so.deadline) /* E2 */
                s->so.deadline += os_monotonic() - before;
        return r < 0 ? -EPIPE : 0;
}

int searcher_flush(struct searcher *s) {
        int r = 0;

        for (size_t at = 0; at < s->out.len && r == 0; at += WRITE_PIECE)
                r = searcher_frame(s, SEARCH_TEXT,
                                   span_of(s->out.p + at, MIN(WRITE_PIECE, s->out.len - at)));
        buf_reset(&s->out);
        if (r == 0 && s->n_fresh)
                r = searcher_frame(
                        s, SEARCH_ACCOUNTS,
                        span_of((const char *)s->fresh, s->n_fresh * sizeof(s->fresh[0])));
        s->n_fresh = 0;
        s->flushed = os_monotonic();
        return r;
}

static int read_all(void *to, size_t n) {
        char *p = to;

        while (n) {
                ssize_t got = os_read(CHILD_SOCKET, p, n);

                if (got <= 0)
                        return got < 0 ? (int)got : -EPIPE;
                p += got;
                n -= (size_t)got;
        }
        return 0;
}

static int read_ask(struct searcher *s) {
        struct search_ask *a = &s->ask;
        int r = read_all(a, sizeof(*a));

        if (r < 0)
                return r;
        if ((a->kind != SEARCH_QUERY && a->kind != SEARCH_EXPLAIN) ||
            a->query_len > QUERY_TEXT_MAX || a->rules_len > SEARCH_RULES_MAX ||
            a->sources_len > SEARCH_SOURCES_MAX || a->n_seqs > SEARCH_SEQS_MAX)
                return -EPROTO;
        size_t n = (size_t)a->query_len + a->rules_len + a->sources_len;
        char *p = malloc(n + 1);
        if (!p)
                return -ENOMEM;
        r = read_all(p, n);
        p[n] = '\0';
        s->query = span_of(p, a->query_len);
        s->rules = span_of(p + a->query_len, a->rules_len);
        s->sources = span_of(p + a->query_len + a->rules_len, a->sources_len);
        return r;
}

/* ---- before the wall ---- */

static int by_name(const void *a, const void *b) {
        const struct span *x = a, *y = b;
        size_t n = MIN(x->len, y->len);
        int d = n ? memcmp(x->p, y->p, n) : 0;

        return d ? d : (x->len > y->len) - (x->len < y->len);
}

static int read_sources(struct searcher *s) {
        struct span rest = s->sources;
        uint32_t n = 0;

        for (size_t i = 0; i < rest.len; i++)
                n += rest.p[i] == '\0';
        s->allowed = calloc((size_t)n + 1, sizeof(*s->allowed));
        if (!s->allowed)
                return -ENOMEM;
        while (rest.len && s->n_allowed < n) {
                const char *end = memchr(rest.p, '\0', rest.len);

                if (!end)
                        return -EPROTO;
                s->allowed[s->n_allowed++] = span_of(rest.p, (size_t)(end - rest.p));
                rest = span_of(end + 1, rest.len - s->allowed[s->n_allowed - 1].len - 1);
        }
        qsort(s->allowed, s->n_allowed, sizeof(*s->allowed), by_name);
        return 0;
}

/* The node's own rules, to say why one of them matched. */
static int find_rule(struct searcher *s) {
        struct stat st;
        void *p = NULL;
        int r = os_fstat(PROGRAM_FD, &st);

        s->so.program_fd = PROGRAM_FD;
        if (r == 0)
                r = os_map(PROGRAM_FD, (size_t)st.st_size, false, &p);
        if (r == 0)
                r = program_open(&s->program, p, (size_t)st.st_size);
        for (uint32_t i = 0; r == 0 && i < program_rules(s->program); i++) {
                struct program_rule info;

                if (program_rule(s->program, i, &info) && s->rules.len &&
                    span_eq(info.id, s->rules)) {
                        s->so.explain = i + 1;
                        return 0;
                }
        }
        if (r == 0)
                s->so.explain =
                        UINT32_MAX; /* a rule that is no more, or a correlation: none is run */
        return r;
}

static int compile(struct searcher *s) {
        struct rulebook_options o = {.job = RULES_COMPILE,
                                     .landlock = s->so.landlock,
                                     .text = s->rules.len ? s->rules : SPAN("# none\n")};
        int r = rulebook_load(&s->book, &o);

        s->so.program_fd = s->book.program_fd;
        return r;
}

static int prepare(struct searcher *s, const char *directory) {
        char events[1100];
        int r = read_sources(s);

        arena_init(&s->arena, (size_t)4 << 20);
        s->out.limit = SEARCH_FRAME_MAX;
        s->events.limit = s->why.limit = SEARCH_FRAME_MAX / 3;
        s->so.query = s->query;
        s->so.masked = searcher_masks(s) && s->ask.kind == SEARCH_QUERY;
        s->so.n = SEEKERS;
        s->so.spares = SPARES;
        s->so.from = s->ask.from;
        s->so.to = s->ask.to;
        if (s->ask.kind == SEARCH_EXPLAIN) {
                s->so.query = s->query = SPAN("*");
                s->so.n = s->so.spares = 1;
                s->so.from = s->so.to = TIME_NONE;
        }
        snprintf(events, sizeof(events), "%s/events", directory);
        if (r == 0)
                r = reader_open(&s->reader, events);
        if (r > 0)
                r = -ENOENT;
        if (r == 0)
                r = s->ask.kind == SEARCH_EXPLAIN ? find_rule(s) : compile(s);
        if (r == 0 && s->book.done.n_errors)
                return 0; /* said behind the wall */
        if (r == 0)
                r = seekers_new(&s->seekers, &s->so);
        if (r == 0)
                r = sandbox_allow_reading(events);
        return r;
}

/* ---- behind it ---- */

static int found(void *ctx, const struct finding *f, struct span encoded) {
        struct searcher *s = ctx;

        if (s->ask.kind == SEARCH_EXPLAIN)
                return searcher_explain(s, f);
        if (!searcher_may_show(s, f))
                return 0;
        s->seen = f;
        int r = collect_add(s->collect, f, encoded);
        s->seen = NULL;
        return r;
}

static int tick(void *ctx) {
        struct pollfd p = {.fd = CHILD_SOCKET, .events = POLLIN};
        struct searcher *s = ctx;
        int64_t now = os_monotonic();

        if (os_poll(&p, 1, 0) > 0) /* E1: it has nothing more to say to us */
                return -EPIPE;
        if (s->ask.kind == SEARCH_EXPLAIN)
                return 0;
        if (now - s->told >= TELL_NS) {
                s->told = now;
                searcher_progress(s);
        }
        return s->out.len && now - s->flushed >= FLUSH_NS ? searcher_flush(s) : 0;
}

/* The desk made the rules of the query, so what is wrong with them is wrong with what somebody wrote in it. */
static int say_wrong(struct searcher *s) {
        struct span text;

        rulebook_clean(&s->book);
        text = span_of(s->book.text ? s->book.text : "", MIN(s->book.text_len, (size_t)2000));
        int r = searcher_frame(s, SEARCH_BEGUN, text.len ? text : SPAN("?"));
        return r < 0 ? r : searcher_frame(s, SEARCH_OVER, SPAN_NONE);
}

static int search(struct searcher *s) {
        struct collect_calls calls = {s, searcher_event, searcher_row,
                                      searcher_masks(s) ? searcher_counted : NULL};
        struct reader_query rq = {.time_from = TIME_NONE,
                                  .time_to = TIME_NONE,
                                  .may = seekers_block_may,
                                  .ctx = &s->q,
                                  .backwards = (s->ask.flags & SEARCH_NEWEST) != 0};
        struct query_problem problem;
        const char *state = "done";
        int r;

        if (s->book.done.n_errors)
                return say_wrong(s);
        r = query_parse(&s->q, s->query, &problem);
        if (r != 0)
                return r < 0 ? r : -EPROTO;
        s->q.limit = MIN(s->q.limit, s->ask.limit);
        r = collect_new(&s->collect, &s->q, &calls);
        if (r == 0)
                r = keyed_new(&s->keyed, &s->q);
        if (r == 0)
                r = searcher_frame(s, SEARCH_BEGUN, SPAN_NONE);
        searcher_begin(s);
        if (r == 0)
                r = searcher_flush(s);
        s->began = s->told = os_monotonic();
        s->so.deadline = s->began + (int64_t)s->ask.seconds * NS_PER_SEC;
        reader_begin(s->reader, &rq);
        if (r == 0)
                r = seekers_go(s->seekers, s->reader, found, s, &s->st);
        if (r == -ETIME || r == -ECHILD) {
                state = r == -ETIME ? "time" : "cut";
                r = 0;
        } else if (r == 0 && s->shown >= s->q.limit && !s->q.gather) {
                state = "limit";
        }
        if (r == 0)
                r = collect_end(s->collect);
        if (r < 0)
                return r;
        searcher_end(s, state);
        r = s->out.failed ? -ENOMEM : searcher_flush(s);
        /* A table that is not whole must not look as if it were. */
        if (r == 0 && (s->ask.flags & SEARCH_CSV) && s->so.deadline &&
            (strcmp(state, "time") == 0 || strcmp(state, "cut") == 0))
                return -ETIME;
        return r < 0 ? r : searcher_frame(s, SEARCH_OVER, SPAN_NONE);
}

static int explain(struct searcher *s) {
        static const char *const names[SEARCH_SEQS_MAX] = {"first", "last", "other"};
        struct buf missing = {.limit = 256};
        int r = searcher_frame(s, SEARCH_BEGUN, SPAN_NONE);

        s->so.deadline = os_monotonic() + (int64_t)EXPLAIN_SECONDS * NS_PER_SEC;
        for (uint32_t i = 0; i < MIN(s->ask.n_seqs, SEARCH_SEQS_MAX) && r == 0; i++) {
                struct reader_query rq = {.time_from = TIME_NONE,
                                          .time_to = TIME_NONE,
                                          .from = s->ask.seqs[i],
                                          .to = s->ask.seqs[i] + 1};

                s->which = names[i];
                s->got = false;
                s->offset = s->ask.offsets[i];
                s->so.first = rq.from;
                s->so.end = rq.to;
                reader_begin(s->reader, &rq);
                r = seekers_go(s->seekers, s->reader, found, s, &s->st);
                if (r == -ECHILD || r == -ETIME)
                        r = 0;
                if (!s->got)
                        buf_printf(&missing, "%s%llu", missing.len ? "," : "",
                                   (unsigned long long)s->ask.seqs[i]);
        }
        buf_printf(&s->out, "{\"masked\":%s,\"why\":[", searcher_masks(s) ? "true" : "false");
        buf_span(&s->out, buf_get(&s->why));
        buf_str(&s->out, "],\"events\":[");
        buf_span(&s->out, buf_get(&s->events));
        buf_str(&s->out, "],\"missing\":[");
        buf_span(&s->out, buf_get(&missing));
        buf_str(&s->out, "]}");
        buf_deinit(&missing);
        if (r == 0 && s->out.failed)
                r = -ENOMEM;
        if (r == 0)
                r = searcher_frame(s, SEARCH_TEXT, buf_get(&s->out));
        return r < 0 ? r : searcher_frame(s, SEARCH_OVER, SPAN_NONE);
}

int process_search(int argc, char **argv) {
        static struct searcher s = {.book = {.program_fd = -1}};
        const char *directory = NULL;
        int r;

        s.so.landlock = -1;
        s.so.program_fd = -1;
        s.so.tick = tick;
        for (int i = 1; i < argc; i++) {
                if (strncmp(argv[i], "directory=", 10) == 0)
                        directory = argv[i] + 10;
                else if (strncmp(argv[i], "landlock=", 9) == 0)
                        s.so.landlock = (int)strtol(argv[i] + 9, NULL, 10);
        }
        if (!directory || sodium_init() < 0)
                return 12;
        r = read_ask(&s);
        if (r == 0) {
                lang_current = searcher_vi(&s) ? LANG_VI : LANG_EN;
                r = prepare(&s, directory);
        }
        if (r < 0)
                return 13;
        s.so.walled = true;
        if (sandbox_enter(SANDBOX_SEARCH, s.so.landlock, MEMORY_MAX, NULL) < 0)
                return 15;
        r = s.ask.kind == SEARCH_EXPLAIN ? explain(&s) : search(&s);
        return r < 0 && r != -EPIPE ? 16 : 0;
}
