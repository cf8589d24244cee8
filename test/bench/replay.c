/* replay tcp|http PORT FILE [NAME=VALUE...]: sends the lines of FILE to a node on loopback, as fast as it takes them or at a rate, and says
 * what it did: events, bytes, seconds, its own processor time.
 *
 *     rate=N           records a second; 0: as fast as they are taken
 *     seconds=S        ends after so long; else after passes=N over the file (1)
 *     limit=N          uses only the first N records of the file
 *     fresh=1          each record's "@timestamp" becomes the time of sending, so that no two passes are equal
 *     markers=MS       every MS milliseconds a record that the rule of the bench finds, each of another host;
 *                      marks=PATH gets a line per marker: its host and when it was sent, ns since 1970
 *     keys=N           instead of the file's records, N records each of another user that a correlation groups by;
 *                      from=N: they are numbered from there
 *     batch=N          http: records in a request (1000); connections=N: with one request each under way (4)
 *
 * The file is read and cut into records before the clock starts: what is measured then is the node, and of the sender only the
 * writing. It shares the processors with the node all the same, and its processor time is shown. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CHUNK ((size_t)256 << 10)
#define CONNECTIONS_MAX 64
#define ANSWER_MAX ((size_t)4 << 20)
#define STAMP "\"@timestamp\":\""
#define STAMP_LEN (sizeof(STAMP) - 1)

struct rec {
        uint64_t at;
        uint32_t len, stamp; /* with its line end; where the time stands, 0: nowhere */
};

struct replay {
        const char *file, *marks;
        int port;
        bool http, fresh;
        uint64_t rate, passes, limit, keys, from, batch, connections;
        double seconds, markers;
        char *data;
        struct rec *recs;
        uint64_t n, next, pass; /* records, the next one, whole passes done */
        uint64_t events, bytes, answered, refused, n_marks;
        int64_t begin, next_mark, stamped;
        char stamp[25];
        FILE *marks_file;
};

struct connection {
        int fd;
        char *out, *in;
        size_t len, done, in_len;
        uint64_t records;
};

static _Noreturn void die(const char *what) {
        fprintf(stderr, "replay: %s: %s\n", what, strerror(errno));
        exit(1);
}

static int64_t clock_ns(clockid_t which) {
        struct timespec t;

        clock_gettime(which, &t);
        return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int dial(int port) {
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
        int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
                die("connect");
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        return fd;
}

static void load(struct replay *p) {
        int fd = open(p->file, O_RDONLY);
        struct stat st;
        uint64_t cap = 0;

        if (fd < 0 || fstat(fd, &st) < 0)
                die(p->file);
        p->data = malloc((size_t)st.st_size + 1);
        for (size_t got = 0; p->data && got < (size_t)st.st_size;) {
                ssize_t r = read(fd, p->data + got, (size_t)st.st_size - got);
                if (r <= 0)
                        die(p->file);
                got += (size_t)r;
        }
        close(fd);
        for (char *at = p->data, *end = p->data + st.st_size; at < end;) {
                char *nl = memchr(at, '\n', (size_t)(end - at));
                if (!nl || (p->limit && p->n == p->limit))
                        break;
                if (p->n == cap) {
                        cap = cap ? cap * 2 : 65536;
                        p->recs = realloc(p->recs, cap * sizeof(*p->recs));
                        if (!p->recs)
                                die("memory");
                }
                size_t len = (size_t)(nl + 1 - at);
                char *stamp = p->fresh ? memmem(at, len, STAMP, STAMP_LEN) : NULL;
                if (stamp && (size_t)(stamp - at) + STAMP_LEN + 25 > len)
                        stamp = NULL;
                p->recs[p->n++] = (struct rec){
                        .at = (uint64_t)(at - p->data),
                        .len = (uint32_t)len,
                        .stamp = stamp ? (uint32_t)((size_t)(stamp - at) + STAMP_LEN) : 0};
                at = nl + 1;
        }
        if (p->n == 0)
                die("no whole line in the file");
}

static void make_stamp(struct replay *p, int64_t wall) {
        time_t s = (time_t)(wall / 1000000000);
        struct tm tm;
        char text[64];

        gmtime_r(&s, &tm);
        size_t n = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
        snprintf(text + n, sizeof(text) - n, ".%03dZ", (int)(wall / 1000000 % 1000));
        memcpy(p->stamp, text, sizeof(p->stamp) - 1);
}

/* The next record, its time made new. */
static struct rec take(struct replay *p) {
        struct rec r = p->recs[p->next];

        if (r.stamp && p->data[r.at + r.stamp + 23] == 'Z')
                memcpy(p->data + r.at + r.stamp, p->stamp, 24);
        if (++p->next == p->n) {
                p->next = 0;
                p->pass++;
        }
        return r;
}

static size_t put_marker(struct replay *p, char *to, size_t room, int64_t wall) {
        char host[64];

        snprintf(host, sizeof(host), "mark-%d-%llu", (int)getpid(),
                 (unsigned long long)p->n_marks++);
        if (p->marks_file)
                fprintf(p->marks_file, "%s %lld\n", host, (long long)wall);
        return (size_t)snprintf(to, room,
                                "{\"Channel\":\"Microsoft-Windows-Sysmon/"
                                "Operational\",\"EventID\":1,\"Computer\":\"%s\","
                                "\"@timestamp\":\"%s\",\"Image\":\"C:\\\\coloa-bench-marker.exe\","
                                "\"CommandLine\":\"marker\"}\n",
                                host, p->stamp);
}

static size_t put_key(struct replay *p, char *to, size_t room) {
        return (size_t)snprintf(to, room,
                                "{\"Channel\":\"Security\",\"EventID\":4625,\"Computer\":\"dc01\","
                                "\"@timestamp\":\"%s\","
                                "\"TargetUserName\":\"user-%llu\",\"LogonType\":3}\n",
                                p->stamp, (unsigned long long)p->from + p->events);
}

static bool over(const struct replay *p) {
        if (p->keys)
                return p->events >= p->keys;
        if (p->seconds > 0)
                return (double)(clock_ns(CLOCK_MONOTONIC) - p->begin) >= p->seconds * 1e9;
        return p->pass >= p->passes;
}

/* How many records may go now; sleeps until it is at least one. */
static uint64_t allowance(struct replay *p) {
        if (!p->rate)
                return UINT64_MAX;
        for (;;) {
                double passed = (double)(clock_ns(CLOCK_MONOTONIC) - p->begin) / 1e9;
                uint64_t due = (uint64_t)(passed * (double)p->rate);

                if (due >= p->events + p->rate / 400 + 1)
                        return due - p->events;
                struct timespec nap = {0, 1000000};
                nanosleep(&nap, NULL);
        }
}

/* Fills a chunk with what may go now; bytes. `framing`: put before each record. */
static size_t fill(struct replay *p, char *to, size_t room, uint64_t most, const char *framing,
                   uint64_t *ret_records) {
        int64_t wall = clock_ns(CLOCK_REALTIME);
        size_t n = 0, head = strlen(framing);
        uint64_t records = 0;

        make_stamp(p, wall);
        if (p->markers > 0 && wall >= p->next_mark) {
                p->next_mark = (p->next_mark ? p->next_mark : wall) + (int64_t)(p->markers * 1e6);
                memcpy(to, framing, head);
                n = head + put_marker(p, to + head, room - head, wall);
                records++;
                p->events++;
        }
        while (records < most &&
               !(p->passes && !p->keys && p->seconds <= 0 && p->pass >= p->passes)) {
                if (p->keys) {
                        if (p->events >= p->keys || room - n < 512)
                                break;
                        memcpy(to + n, framing, head);
                        n += head + put_key(p, to + n + head, room - n - head);
                } else {
                        // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): without keys there are some
                        if (room - n < head + p->recs[p->next].len)
                                break;
                        struct rec r = take(p);
                        memcpy(to + n, framing, head);
                        memcpy(to + n + head, p->data + r.at, r.len);
                        n += head + r.len;
                }
                records++;
                p->events++;
        }
        p->bytes += n;
        *ret_records = records;
        return n;
}

static void run_tcp(struct replay *p) {
        static char chunk[CHUNK * 4];
        uint64_t records;
        int fd = dial(p->port);
        char bin[4096];

        while (!over(p)) {
                uint64_t most = allowance(p);
                size_t n = fill(p, chunk, most == UINT64_MAX ? CHUNK : sizeof(chunk), most, "",
                                &records);

                for (size_t done = 0; done < n;) {
                        ssize_t w = write(fd, chunk + done, n - done);
                        if (w < 0)
                                die("write");
                        done += (size_t)w;
                }
        }
        /* The node closes when it has read all. */
        shutdown(fd, SHUT_WR);
        while (read(fd, bin, sizeof(bin)) > 0) {
        }
        close(fd);
}

/* ---- bulk ---- */

static void make_request(struct replay *p, struct connection *c) {
        size_t body =
                fill(p, c->out + 256, (size_t)8 << 20, p->batch, "{\"create\":{}}\n", &c->records);
        char head[256];
        int n = snprintf(
                head, sizeof(head),
                "POST /_bulk HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
                "Content-Length: %zu\r\n\r\n",
                body);

        memcpy(c->out + 256 - n, head, (size_t)n);
        c->done = 256 - (size_t)n;
        c->len = 256 + body;
        c->in_len = 0;
}

/* Looks at what came; true: the answer is whole. It comes in chunks, or with its length. */
static bool look_at_answer(struct replay *p, struct connection *c) {
        char *body = memmem(c->in, c->in_len, "\r\n\r\n", 4), *len;

        if (!body)
                return false;
        if (strncmp(c->in, "HTTP/1.1 200", 12) != 0) {
                fprintf(stderr, "replay: answered %.200s\n", c->in);
                exit(1);
        }
        len = memmem(c->in, (size_t)(body - c->in), "Content-Length:", 15);
        if (len ? c->in_len < (size_t)(body + 4 - c->in) + strtoull(len + 15, NULL, 10)
                : memcmp(c->in + c->in_len - 5, "0\r\n\r\n", 5) != 0)
                return false;
        if (memmem(body, c->in_len - (size_t)(body - c->in), "\"errors\":true", 13))
                p->refused += c->records;
        return true;
}

static bool read_answer(struct replay *p, struct connection *c) {
        ssize_t n = read(c->fd, c->in + c->in_len, ANSWER_MAX - c->in_len);

        if (n <= 0)
                die(n < 0 ? "read" : "the node closed");
        c->in_len += (size_t)n;
        return look_at_answer(p, c);
}

static void run_http(struct replay *p) {
        static struct connection cs[CONNECTIONS_MAX];
        struct pollfd fds[CONNECTIONS_MAX];
        unsigned busy = 0;

        for (uint64_t i = 0; i < p->connections; i++) {
                cs[i].fd = dial(p->port);
                cs[i].out = malloc(((size_t)8 << 20) + 256);
                cs[i].in = malloc(ANSWER_MAX);
                if (!cs[i].out || !cs[i].in)
                        die("memory");
                make_request(p, &cs[i]);
                (void)fcntl(cs[i].fd, F_SETFL, O_NONBLOCK);
                busy++;
        }
        while (busy) {
                for (uint64_t i = 0; i < p->connections; i++)
                        fds[i] = (struct pollfd){cs[i].len ? cs[i].fd : -1,
                                                 cs[i].done < cs[i].len ? POLLOUT : POLLIN, 0};
                if (poll(fds, p->connections, -1) < 0)
                        die("poll");
                for (uint64_t i = 0; i < p->connections; i++) {
                        struct connection *c = &cs[i];

                        if (fds[i].revents && c->done < c->len) {
                                ssize_t w = write(c->fd, c->out + c->done, c->len - c->done);
                                if (w < 0 && errno != EAGAIN)
                                        die("write");
                                c->done += w > 0 ? (size_t)w : 0;
                        } else if (fds[i].revents && read_answer(p, c)) {
                                p->answered += c->records;
                                c->len = c->done = 0;
                                if (over(p))
                                        busy--;
                                else
                                        make_request(p, c);
                        }
                }
        }
}

static void options(struct replay *p, int argc, char **argv) {
        for (int i = 4; i < argc; i++) {
                char *eq = strchr(argv[i], '=');
                const struct {
                        const char *name;
                        uint64_t *to;
                } numbers[] = {{"rate", &p->rate},
                               {"passes", &p->passes},
                               {"limit", &p->limit},
                               {"keys", &p->keys},
                               {"from", &p->from},
                               {"batch", &p->batch},
                               {"connections", &p->connections}};

                if (!eq)
                        continue;
                *eq++ = '\0';
                for (size_t k = 0; k < sizeof(numbers) / sizeof(*numbers); k++)
                        if (strcmp(argv[i], numbers[k].name) == 0)
                                *numbers[k].to = strtoull(eq, NULL, 10);
                if (strcmp(argv[i], "seconds") == 0)
                        p->seconds = strtod(eq, NULL);
                else if (strcmp(argv[i], "markers") == 0)
                        p->markers = strtod(eq, NULL);
                else if (strcmp(argv[i], "fresh") == 0)
                        p->fresh = *eq == '1';
                else if (strcmp(argv[i], "marks") == 0)
                        p->marks = eq;
        }
}

int main(int argc, char **argv) {
        static struct replay p = {.passes = 1, .batch = 1000, .connections = 4};

        if (argc < 4) {
                fprintf(stderr, "replay tcp|http PORT FILE [NAME=VALUE...]\n");
                return 2;
        }
        p.http = strcmp(argv[1], "http") == 0;
        p.port = (int)strtol(argv[2], NULL, 10);
        p.file = argv[3];
        options(&p, argc, argv);
        if (p.connections < 1 || p.connections > CONNECTIONS_MAX)
                return 2;
        load(&p);
        p.marks_file = p.marks ? fopen(p.marks, "w") : NULL;
        p.begin = clock_ns(CLOCK_MONOTONIC);
        int64_t cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
        if (p.http)
                run_http(&p);
        else
                run_tcp(&p);
        double took = (double)(clock_ns(CLOCK_MONOTONIC) - p.begin) / 1e9;
        if (p.marks_file)
                fclose(p.marks_file);
        printf("events=%llu bytes=%llu seconds=%.3f cpu=%.3f markers=%llu refused=%llu\n",
               (unsigned long long)p.events, (unsigned long long)p.bytes, took,
               (double)(clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu) / 1e9,
               (unsigned long long)p.n_marks, (unsigned long long)p.refused);
        return p.refused ? 1 : 0;
}
