/* See recording.h.
 *
 *     ask    magic u32 | step u32 | start, at, idle i64 | names' length u32 | FROM \t TO \n … | records */
#include "exercise/recording.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/timestamp.h"
#include "exercise/telemetry_impl.h"

#define MAGIC 0x31524c43u
#define MS_NS INT64_C(1000000)
#define HEAD (4 + 4 + 3 * 8 + 4)
#define OFFSET_MAX (INT64_C(1) << 40)

struct line {
        int64_t time;
        size_t n; /* its place in the file */
        struct span bytes;
};

/* What is said of records that were only looked at. */
struct looked {
        int32_t error;
        uint32_t n, line;
};

struct lines {
        struct line *list;
        size_t n;
};

/* ---- asking ---- */

int recording_encode(const struct recording_ask *a, struct buf *out) {
        uint32_t head[2] = {MAGIC, a->step}, len = 0;
        int64_t times[3] = {a->start_ns, a->at, a->idle};

        for (unsigned i = 0; i < a->n_names; i++)
                len += (uint32_t)(a->names[i].from.len + a->names[i].to.len + 2);
        buf_add(out, head, sizeof(head));
        buf_add(out, times, sizeof(times));
        buf_add(out, &len, sizeof(len));
        for (unsigned i = 0; i < a->n_names; i++) {
                buf_span(out, a->names[i].from);
                buf_char(out, '\t');
                buf_span(out, a->names[i].to);
                buf_char(out, '\n');
        }
        buf_span(out, a->records);
        return out->failed ? -ENOMEM : 0;
}

bool recording_is(struct span in) {
        uint32_t magic;

        if (in.len < sizeof(magic))
                return false;
        memcpy(&magic, in.p, sizeof(magic));
        return magic == MAGIC;
}

static int decode_names(struct span text, struct telemetry_name *names, unsigned *ret_n) {
        unsigned n = 0;

        while (text.len) {
                const char *end = memchr(text.p, '\n', text.len),
                           *tab = end ? memchr(text.p, '\t', (size_t)(end - text.p)) : NULL;

                if (!tab || n == RECORDING_NAMES_MAX || tab == text.p || end == tab + 1)
                        return -EBADMSG;
                names[n++] = (struct telemetry_name){span_of(text.p, (size_t)(tab - text.p)),
                                                     span_of(tab + 1, (size_t)(end - tab) - 1)};
                text.len -= (size_t)(end - text.p) + 1;
                text.p = end + 1;
        }
        *ret_n = n;
        return 0;
}

static int decode(struct span in, struct recording_ask *a, struct telemetry_name *names) {
        int64_t times[3];
        uint32_t len;

        if (!recording_is(in) || in.len < HEAD)
                return -EBADMSG;
        memcpy(&a->step, in.p + 4, 4);
        memcpy(times, in.p + 8, sizeof(times));
        memcpy(&len, in.p + 8 + sizeof(times), sizeof(len));
        in = span_of(in.p + HEAD, in.len - HEAD);
        a->start_ns = times[0];
        a->at = times[1];
        a->idle = times[2];
        if (len > in.len || a->step > PLAN_STEPS_MAX || a->at < 0 || a->at > OFFSET_MAX ||
            a->idle < 1 || a->idle > OFFSET_MAX || a->start_ns < 0 || a->start_ns > INT64_MAX / 2)
                return -EBADMSG;
        int r = decode_names(span_of(in.p, len), names, &a->n_names);
        a->names = names;
        a->records = span_of(in.p + len, in.len - len);
        return r;
}

/* ---- the records ---- */

static int by_time(const void *va, const void *vb) {
        const struct line *a = va, *b = vb;

        if (a->time != b->time)
                return a->time < b->time ? -1 : 1;
        return a->n < b->n ? -1 : a->n > b->n;
}

/* What has a time may still be none: then it could not be played. */
static bool is_record(struct span line) {
        json_t *o = json_loadb(line.p, line.len, 0, NULL);
        bool good = json_is_object(o);

        json_decref(o);
        return good;
}

/* All of them in order of time. `ret_line` (or NULL): the one at fault. */
static int read_lines(struct span s, struct lines *ret, size_t *ret_line) {
        size_t room = 0, at = 0;

        while (s.len) {
                const char *end = memchr(s.p, '\n', s.len);
                struct span one = span_of(s.p, end ? (size_t)(end - s.p) : s.len);
                size_t n = MIN(one.len + 1, s.len);
                int64_t time;

                s.p += n;
                s.len -= n;
                at++;
                one = span_trim(one);
                if (ret_line)
                        *ret_line = at;
                if (!one.len)
                        continue;
                if (ret->n == TELEMETRY_RECORDS_MAX)
                        return -EFBIG;
                if (one.len > RECORD_MAX || telemetry_record_time(one, &time) < 0 || time < 0 ||
                    !is_record(one))
                        return -EBADMSG;
                if (ret->n == room) {
                        struct line *more;

                        room = room ? 2 * room : 1024;
                        more = realloc(ret->list, room * sizeof(*more));
                        if (!more)
                                return -ENOMEM;
                        ret->list = more;
                }
                ret->list[ret->n++] = (struct line){time, at, one};
        }
        if (ret->n)
                qsort(ret->list, ret->n, sizeof(*ret->list), by_time);
        return 0;
}

static const char *text_of(const json_t *o, const char *const *keys) {
        for (; *keys; keys++)
                if (json_is_string(json_object_get(o, *keys)))
                        return json_string_value(json_object_get(o, *keys));
        return "";
}

/* "sysmon@HOST", of a record as it plays. */
static void source_of(struct span record, char to[TELEMETRY_SOURCE_MAX + 1]) {
        static const char *const channels[] = {"Channel", "channel", NULL},
                                 *const hosts[] = {"Hostname",      "Computer", "ComputerName",
                                                   "computer_name", "host",     NULL};
        json_t *o = json_loadb(record.p, record.len, 0, NULL);
        const char *channel = text_of(o, channels), *host = text_of(o, hosts);
        const char *kind = strstr(channel, "Sysmon")          ? "sysmon"
                           : strcmp(channel, "Security") == 0 ? "security"
                           : strstr(channel, "PowerShell")    ? "powershell"
                                                              : "windows";
        int n = (int)strcspn(host, ". ");

        snprintf(to, TELEMETRY_SOURCE_MAX + 1, "%s@%.*s", kind, n ? MIN(n, 40) : 4,
                 n ? host : "none");
        for (char *p = to; *p; p++)
                if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f)
                        *p = '_';
        json_decref(o);
}

static int play(const struct recording_ask *a, const struct lines *l, struct buf *out) {
        _cleanup_(buf_deinit) struct buf one = {.limit = (size_t)1 << 20};
        int64_t offset = a->at;
        int r = 0;

        for (size_t i = 0; i < l->n && r == 0; i++) {
                const struct line *k = &l->list[i];
                char source[TELEMETRY_SOURCE_MAX + 1];
                int64_t gap = i ? (k->time - l->list[i - 1].time) / MS_NS : 0;

                offset += MIN(gap, a->idle);
                if (offset > OFFSET_MAX)
                        return -EFBIG;
                buf_reset(&one);
                r = telemetry_record(k->bytes, a->names, a->n_names,
                                     a->start_ns + offset * MS_NS - k->time, &one);
                if (r < 0 || one.failed)
                        return r < 0 ? r : -ENOMEM;
                if (one.len > RECORD_MAX) /* longer names made it more than the line takes */
                        continue;
                source_of(buf_get(&one), source);
                r = telemetry_put_record(out, &(struct telemetry_record){.offset = offset,
                                                                         .source = source,
                                                                         .format = FORMAT_JSON,
                                                                         .step = a->step,
                                                                         .bytes = buf_get(&one)});
        }
        return r;
}

int recording_job(struct span in, struct buf *out) {
        struct telemetry_name *names = calloc(RECORDING_NAMES_MAX, sizeof(*names));
        struct recording_ask a = {0};
        struct lines l = {0};
        int r = names ? decode(in, &a, names) : -ENOMEM;

        size_t line = 0;

        if (r == 0)
                r = read_lines(a.records, &l, &line);
        if (a.step == 0 && names && (r == 0 || r == -EBADMSG || r == -EFBIG)) {
                struct looked said = {r, (uint32_t)l.n, (uint32_t)line};

                buf_add(out, &said, sizeof(said));
                r = out->failed ? -ENOMEM : 0;
        } else if (r == 0) {
                r = play(&a, &l, out);
        }
        free(l.list);
        free(names);
        return r;
}

int recording_said(struct span out, size_t *ret_n, size_t *ret_line) {
        struct looked said;

        *ret_n = *ret_line = 0;
        if (out.len != sizeof(said))
                return -EBADMSG;
        memcpy(&said, out.p, sizeof(said));
        *ret_n = said.n;
        *ret_line = said.line;
        return said.error == 0 ? 0 : said.error == -EFBIG ? -EFBIG : -EBADMSG;
}
