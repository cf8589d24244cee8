/* People who play, thousands at once: each holds an open page (server-sent events over TLS) that does what ours does: an
 * inject comes with its event; on other news it asks for its drill or for tonight's counts, a little later and not all at
 * once; and its person looks at lists now and then and answers injects after some thought, unless a colleague did. One
 * process, one thread; each request has a connection of its own, whose TLS session is taken up again. Says how long after
 * its time by the drill's clock an inject was on each page, whether one never came, what requests took, and which answers
 * the node acknowledged, so that each can be looked for afterwards.
 *
 *     drill_load PORT TOKENS PEOPLE SECONDS PAUSE [ANSWERS]
 *
 * TOKENS: a file of lines that begin with a session's token; PAUSE: mean seconds between two looks of a person; ANSWERS: a file
 * that gets "inject token" of every acknowledged answer. The last line of its output is one JSON object. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <jansson.h>
#include <math.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define TOKEN_HEX 64
#define IN_MAX ((size_t)4 << 20)
#define DUE_MAX 8
#define RAMP_PER_S 400.0
#define SLICE_S 0.02
#define AFTER_S 30.0
#define LAST_S 12.0 /* at the end everybody asks once more: was anything missed? */
#define MISSED_S 30.0
/* What a person needs to read an inject and decide. */
#define THINK_LEAST_S 3.0
#define THINK_MOST_S 60.0

enum kind { STREAM, LOOK, DRILL, ANSWER, KINDS };
static const char *const kind_names[KINDS] = {"stream", "look", "drill", "answer"};
enum state { CONNECTING, SHAKING, SENDING, HEAD, BODY };

struct person;
struct conn {
        struct person *who;
        int fd;
        gnutls_session_t tls;
        enum kind kind;
        enum state state;
        double begun;
        char out[1024];
        size_t out_len, out_at;
        char *in;
        size_t in_len, in_room, body_at, body_len; /* body_len: SIZE_MAX: as long as it comes */
        int status;
        long inject; /* that is answered */
        char choice[40];
        size_t chunk_left,
                chunk_size; /* of a stream: its pieces' heads are taken out as they come */
        bool in_size;
        bool again; /* a stream that was cut: the page asks for all that it shows */
};

struct person {
        char token[TOKEN_HEX + 1];
        gnutls_datum_t ticket;
        struct conn *stream, *ask;
        double next_look, stream_at, drill_at, tonight_at, last_at;
        long due[DUE_MAX], done[64]; /* injects to answer; those that were seen */
        double answer_at[DUE_MAX];
        char choice[DUE_MAX][40]; /* what is chosen; "": a text is written */
        unsigned n_due, n_done;
        bool opened, last_asked;
};

struct samples {
        double *v;
        size_t n, room;
};

static struct {
        int port, ep;
        double pause, end;
        struct person *people;
        size_t n_people, streams;
        gnutls_certificate_credentials_t cred;
        gnutls_priority_t priority;
        struct samples took[KINDS], after[KINDS], api, api_after, api_all, inject, inject_after;
        double broke; /* when streams last broke: the console was killed */
        unsigned long status[600], cut, refused, resumed, full, events, reopened, pushed, fetched,
                missed;
        FILE *answers;
        unsigned long answered;
} g;

static double as_number(const char *s) {
        return strtod(s, NULL);
}

static double now(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double real(void) {
        struct timespec t;

        clock_gettime(CLOCK_REALTIME, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Thousands of pages come back: a figure of its own. */
static bool soon_after(void) {
        return g.broke > 0 && now() - g.broke < AFTER_S;
}

static double uniform(void) {
        return (double)random() / ((double)RAND_MAX + 1.0);
}

static void add(struct samples *s, double v) {
        if (s->n == s->room) {
                s->room = s->room ? 2 * s->room : 1024;
                s->v = realloc(s->v, s->room * sizeof(*s->v));
                if (!s->v)
                        exit(9);
        }
        s->v[s->n++] = v;
}

/* ---- connections ---- */

static void end(struct conn *c) {
        struct person *p = c->who;

        if (c->tls)
                gnutls_deinit(c->tls);
        close(c->fd);
        if (p->stream == c) {
                p->stream = NULL;
                p->stream_at =
                        now() + 0.5 + uniform() * 5.5; /* as the page does: not all at once */
                g.streams--;
        }
        if (p->ask == c)
                p->ask = NULL;
        free(c->in);
        free(c);
}

static void keep_ticket(struct conn *c) {
        gnutls_datum_t d = {NULL, 0};

        if (gnutls_session_get_data2(c->tls, &d) < 0)
                return;
        gnutls_free(c->who->ticket.data);
        c->who->ticket = d;
}

static void want(struct conn *c, uint32_t events) {
        struct epoll_event e = {.events = events, .data.ptr = c};

        epoll_ctl(g.ep, EPOLL_CTL_MOD, c->fd, &e);
}

static struct conn *begin(struct person *p, enum kind kind) {
        struct sockaddr_in to = {.sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)g.port),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        struct conn *c = calloc(1, sizeof(*c));
        int one = 1;

        if (!c)
                exit(9);
        c->who = p;
        c->kind = kind;
        c->begun = now();
        c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (c->fd < 0) {
                perror("socket");
                exit(9);
        }
        setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        if (connect(c->fd, (struct sockaddr *)&to, sizeof(to)) < 0 && errno != EINPROGRESS) {
                g.refused++;
                close(c->fd);
                free(c);
                return NULL;
        }
        gnutls_init(&c->tls, GNUTLS_CLIENT | GNUTLS_NONBLOCK);
        gnutls_priority_set(c->tls, g.priority);
        gnutls_credentials_set(c->tls, GNUTLS_CRD_CERTIFICATE, g.cred);
        gnutls_transport_set_int(c->tls, c->fd);
        if (p->ticket.data)
                gnutls_session_set_data(c->tls, p->ticket.data, p->ticket.size);
        struct epoll_event e = {.events = EPOLLOUT, .data.ptr = c};
        epoll_ctl(g.ep, EPOLL_CTL_ADD, c->fd, &e);
        if (kind == STREAM) {
                p->stream = c;
                g.streams++;
        } else {
                p->ask = c;
        }
        return c;
}

static void request(struct conn *c, const char *method, const char *path, const char *body) {
        const char *type = body ? "Content-Type: application/json\r\n" : "";

        if (!c)
                return;
        c->out_len = (size_t)snprintf(
                c->out, sizeof(c->out),
                "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nCookie: __Host-coloa_session=%s\r\n"
                "X-Coloa: 1\r\n%s%sContent-Length: %zu\r\n\r\n%s",
                method, path, g.port, c->who->token,
                c->kind == STREAM ? "" : "Connection: close\r\n", type, body ? strlen(body) : 0,
                body ? body : "");
}

/* ---- what came ---- */

static void look(struct person *p) {
        static const char *const paths[] = {"/api/v1/alerts?status=new&limit=50",
                                            "/api/v1/incidents?limit=50", "/api/v1/tonight",
                                            "/api/v1/session", "/api/v1/drill"};

        request(begin(p, LOOK), "GET", paths[random() % (long)(sizeof(paths) / sizeof(*paths))],
                NULL);
}

static bool done_with(const struct person *p, long inject) {
        for (unsigned i = 0; i < p->n_done; i++)
                if (p->done[i] == inject)
                        return true;
        return false;
}

/* "2026-11-23T23:55:10.123Z" in seconds; 0: none. */
static double time_of(const json_t *v) {
        const char *text = json_string_value(v), *rest;
        struct tm t = {0};

        rest = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &t) : NULL;
        return rest ? (double)timegm(&t) + (*rest == '.' ? as_number(rest) : 0) : 0;
}

/* Real seconds at which this drill time was, by the node's clock, which is ours: it says when it looked. */
static double due_at(const json_t *clock, double t_ms) {
        const json_t *drill = json_object_get(clock, "drill_ms"),
                     *speed = json_object_get(clock, "speed");
        double s = json_number_value(speed) / 1000, at = time_of(json_object_get(clock, "at"));

        return s > 0 && at > 0 ? at - (json_number_value(drill) - t_ms) / 1000 / s : 0;
}

static void forget_due(struct person *p, long inject) {
        for (unsigned i = 0; i < p->n_due; i++)
                if (p->due[i] == inject) {
                        p->n_due--;
                        p->due[i] = p->due[p->n_due];
                        p->answer_at[i] = p->answer_at[p->n_due];
                        memcpy(p->choice[i], p->choice[p->n_due], sizeof(p->choice[i]));
                        return;
                }
}

static void to_answer(struct person *p, long inject, const char *choice, double at) {
        if (p->n_due == DUE_MAX)
                return;
        snprintf(p->choice[p->n_due], sizeof(*p->choice), "%s", choice ? choice : "");
        p->answer_at[p->n_due] = at;
        p->due[p->n_due++] = inject;
}

/* An inject as it stands: how late it is if this one had not seen it; whether an answer is asked for. */
static void take_inject(struct person *p, const json_t *i, const json_t *clock, bool pushed) {
        long id = (long)json_integer_value(json_object_get(i, "id"));
        double due = due_at(clock, json_number_value(json_object_get(i, "t"))), late = real() - due;

        if (!json_is_null(json_object_get(i, "answered")))
                forget_due(p, id);
        if (done_with(p, id))
                return;
        if (p->n_done < sizeof(p->done) / sizeof(*p->done))
                p->done[p->n_done++] = id;
        if (p->last_asked && late > MISSED_S)
                g.missed++;
        else if (due > 0)
                add(soon_after() ? &g.inject_after : &g.inject, late);
        g.pushed += pushed;
        g.fetched += !pushed;
        if (json_is_true(json_object_get(i, "answer")) &&
            json_is_null(json_object_get(i, "answered"))) {
                const json_t *of = json_object_get(i, "choices"),
                             *one = json_array_get(of, json_array_size(of) / 2);

                to_answer(p, id, json_string_value(json_object_get(one, "id")),
                          now() + THINK_LEAST_S + uniform() * (THINK_MOST_S - THINK_LEAST_S));
        }
}

static void take_drill(struct conn *c, const char *body, size_t len) {
        json_t *o = json_loadb(body, len, 0, NULL), *list = json_object_get(o, "injects"), *i;
        size_t n;

        json_array_foreach(list, n, i) take_inject(c->who, i, json_object_get(o, "clock"), false);
        json_decref(o);
}

static void put_back(struct conn *c) {
        to_answer(c->who, c->inject, c->choice, now() + 0.5);
}

/* The first whose time has come. */
static bool answer(struct person *p, double t) {
        char path[96], body[128];
        struct conn *c;
        unsigned i = 0;

        while (i < p->n_due && p->answer_at[i] > t)
                i++;
        if (i == p->n_due)
                return false;
        long id = p->due[i];
        char choice[40];
        snprintf(choice, sizeof(choice), "%s", p->choice[i]);
        forget_due(p, id);
        snprintf(path, sizeof(path), "/api/v1/drill/injects/%ld/answer", id);
        if (*choice)
                snprintf(body, sizeof(body), "{\"choice\":\"%s\"}", choice);
        else
                snprintf(body, sizeof(body), "{\"text\":\"seen by %.8s\"}", p->token);
        c = begin(p, ANSWER);
        if (!c)
                return true;
        c->inject = id;
        snprintf(c->choice, sizeof(c->choice), "%s", choice);
        request(c, "POST", path, body);
        return true;
}

static void whole(struct conn *c) {
        struct person *p = c->who;

        if (!p->last_asked) {
                add(soon_after() ? &g.after[c->kind] : &g.took[c->kind], now() - c->begun);
                add(soon_after() ? &g.api_after : &g.api, now() - c->begun);
                add(&g.api_all, now() - c->begun);
        }
        if (c->status >= 0 && c->status < 600)
                g.status[c->status]++;
        if (c->kind == DRILL && c->status == 200)
                take_drill(c, c->in + c->body_at, c->in_len - c->body_at);
        else if (c->kind == DRILL && c->status != 403)
                p->drill_at = now() + 0.5;
        if (c->kind == ANSWER && c->status == 200) {
                g.answered++;
                if (g.answers)
                        fprintf(g.answers, "%ld %s\n", c->inject, p->token);
        } else if (c->kind == ANSWER && c->status >= 500) {
                put_back(c); /* nothing was said of it: once more */
        }
        end(c);
}

/* Pieces' heads are taken out of what came behind `from`. */
static void dechunk(struct conn *c, size_t from) {
        size_t to = from;

        while (from < c->in_len) {
                size_t n = c->chunk_left < c->in_len - from ? c->chunk_left : c->in_len - from;
                char h = c->in[from];

                if (n) {
                        memmove(c->in + to, c->in + from, n);
                        to += n;
                        from += n;
                        c->chunk_left -= n;
                        continue;
                }
                from++;
                if (h == '\n' && c->in_size) {
                        c->chunk_left = c->chunk_size;
                        c->chunk_size = 0;
                        c->in_size = false;
                } else if (h != '\r' && h != '\n') {
                        c->chunk_size = c->chunk_size * 16 +
                                        (size_t)(h <= '9' ? h - '0' : (h | 32) - 'a' + 10);
                        c->in_size = true;
                }
        }
        c->in_len = to;
        c->in[to] = '\0';
}

static void soon(double *at, double from, double to) {
        double t = now() + from + uniform() * (to - from);

        if (*at <= 0 || *at > t)
                *at = t;
}

/* What our page does (web/src/lib/live.svelte.ts, drill.svelte.ts). */
static void take_event(struct person *p, const char *data, size_t len) {
        json_t *o = json_loadb(data, len, 0, NULL);
        const char *what = json_string_value(json_object_get(o, "what"));
        const json_t *inject = json_object_get(o, "inject");

        g.events++;
        if (!what) {
                json_decref(o);
                return;
        }
        double within = json_number_value(json_object_get(o, "within")) / 1000,
               most = within > 0                 ? within
                      : strcmp(what, "all") == 0 ? 5
                                                 : 0;

        if (inject)
                take_inject(p, inject, json_object_get(o, "clock"), true);
        else if (strcmp(what, "all") == 0 || strncmp(what, "exercise", 8) == 0 ||
                 strcmp(what, "inject") == 0)
                soon(&p->drill_at, 0.8, 0.8 + (most > 0 ? most : 3.2));
        if (!inject)
                soon(&p->tonight_at, 1, most > 0 ? 1 + most : 3);
        if (strcmp(what, "all") == 0)
                soon(&p->next_look, 0, most);
        json_decref(o);
}

/* Of the comment that begins each stream, and of the event behind it where thousands listen: the later holds. */
static void come_back(struct conn *c, double within) {
        struct person *p = c->who;

        if (!c->again)
                return;
        p->drill_at = now() + 0.8 + uniform() * within;
        p->tonight_at = now() + 1 + uniform() * within;
        p->next_look = now() + uniform() * within;
}

static void take_events(struct conn *c) {
        char *at = c->in + c->body_at, *stop = c->in + c->in_len, *end_of;

        while ((end_of = memmem(at, (size_t)(stop - at), "\n\n", 2))) {
                char *data = memmem(at, (size_t)(end_of - at), "data: ", 6);

                if (memmem(at, (size_t)(end_of - at), "hello", 5)) {
                        const char *w =
                                data ? memmem(data, (size_t)(end_of - data), "within\":", 8) : NULL;

                        if (data || c->again)
                                come_back(c, w ? as_number(w + 8) / 1000 : 5);
                } else if (data)
                        take_event(c->who, data + 6, (size_t)(end_of - data) - 6);
                at = end_of + 2;
        }
        memmove(c->in + c->body_at, at, (size_t)(stop - at));
        c->in_len = c->body_at + (size_t)(stop - at);
}

static bool take_head(struct conn *c) {
        char *end_of = c->in_len ? memmem(c->in, c->in_len, "\r\n\r\n", 4) : NULL, *len;

        if (!end_of)
                return true;
        c->body_at = (size_t)(end_of - c->in) + 4;
        *end_of = '\0';
        c->status = c->in_len > 12 ? (int)strtol(c->in + 9, NULL, 10) : 0;
        len = strcasestr(c->in, "\r\nContent-Length:");
        c->body_len = len ? strtoul(len + 17, NULL, 10) : SIZE_MAX;
        c->state = BODY;
        if (c->kind == STREAM) {
                g.status[c->status < 600 ? c->status : 0]++;
                add(soon_after() ? &g.after[STREAM] : &g.took[STREAM], now() - c->begun);
                c->again = c->who->opened;
                c->who->opened = true;
                dechunk(c, c->body_at);
                return c->status == 200;
        }
        return true;
}

/* false: it is over. */
static bool receive(struct conn *c) {
        for (;;) {
                if (c->in_room - c->in_len < 4096) {
                        c->in_room = c->in_room ? 2 * c->in_room : 8192;
                        c->in = c->in_room <= IN_MAX ? realloc(c->in, c->in_room + 1) : NULL;
                        if (!c->in)
                                exit(9);
                }
                ssize_t n = gnutls_record_recv(c->tls, c->in + c->in_len, c->in_room - c->in_len);
                if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED)
                        return true;
                if (n <= 0) {
                        if (c->state == BODY && c->kind != STREAM && c->body_len == SIZE_MAX) {
                                whole(c);
                                return true;
                        }
                        return false;
                }
                size_t before = c->in_len;
                c->in_len += (size_t)n;
                c->in[c->in_len] = '\0';
                if (c->state == BODY && c->kind == STREAM)
                        dechunk(c, before);
                if (c->state == HEAD && !take_head(c))
                        return false;
                if (c->state == BODY && c->kind == STREAM) {
                        take_events(c);
                } else if (c->state == BODY && c->body_len != SIZE_MAX &&
                           c->in_len - c->body_at >= c->body_len) {
                        keep_ticket(c);
                        whole(c);
                        return true;
                }
        }
}

/* false: it is over. */
static bool step(struct conn *c) {
        int r;

        if (c->state == CONNECTING)
                c->state = SHAKING;
        if (c->state == SHAKING) {
                r = gnutls_handshake(c->tls);
                if (r == GNUTLS_E_AGAIN || r == GNUTLS_E_INTERRUPTED) {
                        want(c, gnutls_record_get_direction(c->tls) ? EPOLLOUT : EPOLLIN);
                        return true;
                }
                if (r < 0)
                        return false;
                if (gnutls_session_is_resumed(c->tls))
                        g.resumed++;
                else
                        g.full++;
                c->state = SENDING;
        }
        while (c->state == SENDING) {
                ssize_t n = gnutls_record_send(c->tls, c->out + c->out_at, c->out_len - c->out_at);

                if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED) {
                        want(c, EPOLLOUT);
                        return true;
                }
                if (n < 0)
                        return false;
                c->out_at += (size_t)n;
                if (c->out_at == c->out_len) {
                        c->state = HEAD;
                        want(c, EPOLLIN);
                }
        }
        return receive(c);
}

static void broken(struct conn *c) {
        struct person *p = c->who;

        if (c->kind == STREAM) {
                g.reopened++;
                g.broke = now();
        } else {
                g.cut++;
        }
        if (c->kind == DRILL)
                p->drill_at = now() + 0.5;
        if (c->kind == ANSWER)
                put_back(c);
        end(c);
}

/* ---- everybody ---- */

static void turn(struct person *p, double t) {
        if (!p->stream && t >= p->stream_at)
                request(begin(p, STREAM), "GET", "/api/v1/events", NULL);
        if (p->ask)
                return;
        if (t > g.end) { /* the page as it is at the end */
                if (!p->last_asked && t > p->last_at) {
                        p->last_asked = true;
                        request(begin(p, DRILL), "GET", "/api/v1/drill", NULL);
                }
                return;
        }
        if (p->drill_at > 0 && t >= p->drill_at) {
                p->drill_at = 0;
                request(begin(p, DRILL), "GET", "/api/v1/drill", NULL);
        } else if (answer(p, t)) {
                return;
        } else if (p->tonight_at > 0 && t >= p->tonight_at) {
                p->tonight_at = 0;
                request(begin(p, LOOK), "GET", "/api/v1/tonight", NULL);
        } else if (t >= p->next_look) {
                p->next_look = t - log(1 - uniform()) * g.pause;
                look(p);
        }
}

static void play(double seconds) {
        double began = now(), next = began;
        struct epoll_event events[512];

        for (size_t i = 0; i < g.n_people; i++) {
                g.people[i].stream_at = began + (double)i / RAMP_PER_S;
                g.people[i].next_look = g.people[i].stream_at - log(1 - uniform()) * g.pause;
        }
        g.end = began + seconds;
        for (size_t i = 0; i < g.n_people; i++)
                g.people[i].last_at = g.end + uniform() * LAST_S;
        while (now() < g.end + LAST_S + 8) {
                int n = epoll_wait(g.ep, events, 512, 10);

                for (int i = 0; i < n; i++) {
                        struct conn *c = events[i].data.ptr;

                        if (!step(c))
                                broken(c);
                }
                double t = now();
                if (t < next)
                        continue;
                next = t + SLICE_S;
                for (size_t i = 0; i < g.n_people; i++)
                        turn(&g.people[i], t);
        }
}

/* ---- what came of it ---- */

static int order(const void *va, const void *vb) {
        const double *a = va, *b = vb;

        return *a < *b ? -1 : *a > *b;
}

static json_t *said(struct samples *s) {
        if (!s->n)
                return json_null();
        qsort(s->v, s->n, sizeof(*s->v), order);
        return json_pack("{sI sf sf sf}", "n", (json_int_t)s->n, "p50_ms", s->v[s->n / 2] * 1000,
                         "p99_ms", s->v[s->n * 99 / 100] * 1000, "max_ms", s->v[s->n - 1] * 1000);
}

static void report(void) {
        struct rusage u;
        json_t *o = json_object(), *status = json_object();
        char name[8], *text;

        getrusage(RUSAGE_SELF, &u);
        for (unsigned i = 0; i < KINDS; i++)
                json_object_set_new(o, kind_names[i], said(&g.took[i]));
        json_object_set_new(o, "inject", said(&g.inject));
        json_object_set_new(o, "inject_after_kill", said(&g.inject_after));
        json_object_set_new(o, "api", said(&g.api));
        json_object_set_new(o, "api_all", said(&g.api_all));
        json_object_set_new(o, "api_after_kill", said(&g.api_after));
        for (unsigned i = 0; i < 600; i++)
                if (g.status[i]) {
                        snprintf(name, sizeof(name), "%u", i);
                        json_object_set_new(status, name, json_integer((json_int_t)g.status[i]));
                }
        json_object_set_new(o, "status", status);
        json_object_set_new(o, "cut", json_integer((json_int_t)g.cut));
        json_object_set_new(o, "refused", json_integer((json_int_t)g.refused));
        json_object_set_new(o, "resumed", json_integer((json_int_t)g.resumed));
        json_object_set_new(o, "full_handshakes", json_integer((json_int_t)g.full));
        json_object_set_new(o, "injects_pushed", json_integer((json_int_t)g.pushed));
        json_object_set_new(o, "injects_fetched", json_integer((json_int_t)g.fetched));
        json_object_set_new(o, "injects_missed", json_integer((json_int_t)g.missed));
        json_object_set_new(o, "events", json_integer((json_int_t)g.events));
        json_object_set_new(o, "streams_reopened", json_integer((json_int_t)g.reopened));
        json_object_set_new(o, "streams_at_the_end", json_integer((json_int_t)g.streams));
        json_object_set_new(o, "answers", json_integer((json_int_t)g.answered));
        json_object_set_new(o, "own_cpu_s",
                            json_real((double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec)));
        text = json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(6));
        puts(text ? text : "{}");
        free(text);
        json_decref(o);
}

static void read_tokens(const char *path, size_t most) {
        FILE *f = fopen(path, "r");
        char line[256];

        g.people = calloc(most, sizeof(*g.people));
        if (!f || !g.people) {
                perror(path);
                exit(9);
        }
        while (g.n_people < most && fgets(line, sizeof(line), f))
                if (strspn(line, "0123456789abcdef") == TOKEN_HEX)
                        memcpy(g.people[g.n_people++].token, line, TOKEN_HEX);
        fclose(f);
}

int main(int argc, char **argv) {
        struct rlimit l = {20000, 20000};

        if (argc < 6) {
                fputs("drill_load PORT TOKENS PEOPLE SECONDS PAUSE [ANSWERS]\n", stderr);
                return 2;
        }
        if (setrlimit(RLIMIT_NOFILE, &l) < 0)
                perror("setrlimit");
        g.port = (int)strtol(argv[1], NULL, 10);
        g.pause = as_number(argv[5]);
        g.answers = argc > 6 ? fopen(argv[6], "w") : NULL;
        read_tokens(argv[2], strtoul(argv[3], NULL, 10));
        gnutls_certificate_allocate_credentials(&g.cred);
        /* What browsers ask for first. */
        gnutls_priority_init(&g.priority,
                             "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM:"
                             "-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1",
                             NULL);
        g.ep = epoll_create1(EPOLL_CLOEXEC);
        play(as_number(argv[4]));
        if (g.answers)
                fclose(g.answers);
        report();
        return 0;
}
