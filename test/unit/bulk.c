/* ingest/bulk: requests as clients send them, in any pieces; what is wrong with an item stays its own
 * matter, what is no action ends the request. */
#include "check.h"

#include "ingest/bulk.h"

static char seen[1 << 16];
static const char *failed_with;

static void feed(struct span body, size_t step) {
        static char hold[RECORD_MAX + (1 << 20)];
        struct bulk b;
        struct bulk_item item;
        size_t kept = 0, n = 0;
        enum bulk_result got;

        bulk_init(&b);
        seen[0] = 0;
        failed_with = NULL;
        for (size_t at = 0;;) {
                size_t len = MIN(step, body.len - at);
                bool end = len == 0;

                memcpy(hold + kept, body.p + at, len);
                at += len;
                struct span in = span_of(hold, kept + len);
                while ((got = bulk_next(&b, &in, end, &item)) == BULK_ITEM)
                        n += (size_t)snprintf(
                                seen + n, sizeof(seen) - n, "%s %u [%.*s] [%s%.*s] %llu %.*s\n",
                                bulk_action_name(item.action), item.status, (int)item.index.len,
                                item.index.p, item.id.p ? "" : "-", (int)item.id.len, item.id.p,
                                (unsigned long long)item.true_len,
                                (int)MIN(item.document.len, (size_t)40),
                                item.document.p ? item.document.p : "");
                if (got == BULK_BAD)
                        failed_with = item.what;
                if (got != BULK_MORE)
                        return;
                check(in.len <= RECORD_MAX);
                memmove(hold, in.p, in.len);
                kept = in.len;
        }
}

static void gives(const char *body, const char *want, const char *error) {
        for (size_t step = 1; step < 90; step++) {
                feed(span_str(body), step);
                check_span(span_str(seen), want);
                check((failed_with != NULL) == (error != NULL));
                if (error)
                        check_span(span_str(failed_with), error);
        }
}

static void what_clients_send(void) {
        gives("{\"create\":{}}\n{\"a\":1}\n", "create 0 [] [-] 7 {\"a\":1}\n", NULL);
        gives("{\"index\":{\"_index\":\"logs-x\",\"_id\":\"7\"}}\r\n{\"a\":1}\r\n",
              "index 0 [logs-x] [7] 7 {\"a\":1}\n", NULL);
        gives("{ \"index\" : { \"_id\" : 17, \"_type\":\"_doc\", \"routing\":null,"
              "\"x\":[1,{\"y\":\"}\"}], \"require_alias\":false } }\n{}",
              "index 0 [] [17] 2 {}\n", NULL);
        gives("{\"create\":{\"_id\":\"a\\\"b\\u00e9\"}}\n{}\n\n{\"create\":{\"_id\":null}}\n{}\n",
              "create 0 [] [a\"b\\u00e9] 2 {}\ncreate 0 [] [-] 2 {}\n", NULL);
        gives("", "", NULL);
        gives("\n\n", "", NULL);
}

static void a_bad_item_is_its_own_matter(void) {
        gives("{\"update\":{\"_id\":\"1\"}}\n{\"doc\":{}}\n{\"delete\":{\"_id\":\"2\"}}\n"
              "{\"create\":{}}\nnot json\n{\"create\":{}}\n{\"b\":2}\n",
              "update 400 [] [1] 10 {\"doc\":{}}\ndelete 400 [] [2] 0 \n"
              "create 400 [] [-] 8 not json\ncreate 0 [] [-] 7 {\"b\":2}\n",
              NULL);
        gives("{\"create\":{}}\n", "create 400 [] [-] 0 \n", NULL);
}

static void no_action_ends_it(void) {
        const char *no = "action line is not a JSON object";

        gives("{\"create\":{}}\n{}\nhello\n{}\n", "create 0 [] [-] 2 {}\n", no);
        gives("{\"create\":{}\n{}\n", "", no);
        gives("{\"create\":{\"a\":}}\n{}\n", "", no);
        gives("{\"create\":{\"_id\":\"a}}\n{}\n", "", no);
        gives("{\"create\":[]}\n{}\n", "", no);
        gives("{\"create\":{}}x\n{}\n", "", no);
        gives("{\"drop\":{}}\n{}\n", "", "action is not one of create, index, update, delete");
}

static void too_long(void) {
        static char big[RECORD_MAX * 2 + 200];
        const size_t steps[] = {4000, 65536, RECORD_MAX, sizeof(big)};
        char want[200];

        for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
                int head = snprintf(big, sizeof(big), "{\"create\":{}}\n{\"a\":\"");
                memset(big + head, 'x', RECORD_MAX);
                memcpy(big + head + RECORD_MAX, "\"}\n{\"create\":{}}\n{}\n", 20);
                snprintf(want, sizeof(want),
                         "create 413 [] [-] %zu {\"a\":\"%.34s\ncreate 0 [] [-] 2 {}\n",
                         RECORD_MAX + 8, big + head);
                feed(span_of(big, (size_t)head + RECORD_MAX + 20), steps[i]);
                check_span(span_str(seen), want);
                memset(big, ' ', RECORD_MAX * 2);
                memcpy(big + RECORD_MAX * 2, "\n{}\n", 4);
                feed(span_of(big, RECORD_MAX * 2 + 4), steps[i]);
                check_span(span_str(failed_with), "action line is too long");
        }
}

int main(void) {
        RUN(what_clients_send);
        RUN(a_bad_item_is_its_own_matter);
        RUN(no_action_ends_it);
        RUN(too_long);
        return check_done();
}
