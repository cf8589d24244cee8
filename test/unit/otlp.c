/* ingest/otlp: kinds of values, order of fields, what is malformed; the scenario listen_http compares
 * both encodings. */
#include "check.h"

#include "ingest/otlp.h"

static struct buf out;

/* The records, a line each; NULL: refused. */
static const char *records(struct span body, bool json) {
        static char text[1 << 16];
        struct buf one = {0};
        const char *what = "";
        struct otlp *o;

        buf_reset(&out);
        if (otlp_new(&o, body, json, &what) < 0)
                return NULL;
        while (otlp_next(o, &one)) {
                buf_span(&out, buf_get(&one));
                buf_char(&out, '\n');
        }
        otlp_free(o);
        buf_deinit(&one);
        snprintf(text, sizeof(text), "%.*s", (int)out.len, out.p ? out.p : "");
        return text;
}

static const char *json(const char *body) {
        return records(span_str(body), true);
}

#define LOGS(r) "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[" r "]}]}]}"

static void json_kinds(void) {
        check_span(span_str(json(LOGS("{}"))), "{}\n");
        check_span(span_str(json("{}")), "");
        check_span(
                span_str(json(LOGS("{\"body\":{\"intValue\":\"-9223372036854775808\"}},"
                                   "{\"body\":{\"intValue\":7}},{\"body\":{\"doubleValue\":0.5}},"
                                   "{\"body\":{\"intValue\":\"x\"}},{\"body\":{}}"))),
                "{\"body\":-9223372036854775808}\n{\"body\":7}\n{\"body\":0.5}\n"
                "{\"body\":null}\n{\"body\":null}\n");
        check_span(span_str(json(LOGS("{\"timeUnixNano\":\"1700000000000000001\"}"))),
                   "{\"timestamp\":\"2023-11-14T22:13:20.000000001Z\"}\n");
        check_span(span_str(json(LOGS("{\"attributes\":[{\"key\":\"severity\",\"value\":"
                                      "{\"boolValue\":true}},{\"key\":\"resource.x\",\"value\":"
                                      "{\"stringValue\":\"a\\nb\"}}]}"))),
                   "{\"attributes.severity\":true,\"attributes.resource.x\":\"a\\nb\"}\n");
}

static void json_bad(void) {
        check(!json("[]") && !json("{") && !json("{\"resourceLogs\":{}}"));
        check(!json("{\"resourceLogs\":[1]}") && !json(LOGS("7")));
        check(!json("{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":7}]}]}"));
}

static void deep_values_end_in_null(void) {
        char body[8192];
        size_t n = 0;

        n += (size_t)snprintf(body, sizeof(body),
                              "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"body\":");
        for (unsigned i = 0; i < 40; i++)
                n += (size_t)snprintf(body + n, sizeof(body) - n, "{\"arrayValue\":{\"values\":[");
        n += (size_t)snprintf(body + n, sizeof(body) - n, "{\"boolValue\":true}");
        for (unsigned i = 0; i < 40; i++)
                n += (size_t)snprintf(body + n, sizeof(body) - n, "]}}");
        snprintf(body + n, sizeof(body) - n, "}]}]}]}");
        const char *got = json(body);
        check(got && strstr(got, "[null]") && !strstr(got, "true"));
}

static void proto_malformed(void) {
        check_span(span_str(records(SPAN(""), false)), "");
        /* A record with only a severity; the same with what nobody knows beside. */
        check_span(span_str(records(SPAN("\x0a\x06\x12\x04\x12\x02\x10\x09"), false)),
                   "{\"severity_number\":9}\n");
        check_span(span_str(records(SPAN("\x0a\x0a\x12\x08\x12\x06\x10\x09\xa2\x06\x01z"), false)),
                   "{\"severity_number\":9}\n");
        /* Lengths too long, wrong wire type, groups, a varint without end, number 0. */
        check(!records(SPAN("\x0a\x07\x12\x04\x12\x02\x10\x09"), false));
        check(!records(SPAN("\x08\x06"), false));
        check(!records(SPAN("\x0a\x06\x12\x04\x12\x02\x12\x00"), false));
        check(!records(SPAN("\x0b\x0c"), false));
        check(!records(SPAN("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), false));
        check(!records(SPAN("\x02\x00"), false));
        check(!records(SPAN("\x0a"), false));
}

int main(void) {
        RUN(json_kinds);
        RUN(json_bad);
        RUN(deep_values_end_in_null);
        RUN(proto_malformed);
        buf_deinit(&out);
        return check_done();
}
