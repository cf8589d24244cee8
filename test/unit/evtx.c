/* The EVTX reader on logs of our own making (tools/make_evtx_corpus.py): every type, every
 * construct of binary XML, every damage that it mends. */
#include "base/hash.h"
#include "decode/crc32.h"
#include "decode/decode.h"
#include "decode/evtx_frame.h"
#include "evtx_files.h"
#include "evtx_promise.h"

#include "check.h"

static struct arena arena;
static struct decoder *decoder;
static struct evtx_file file;
static struct decode_error errors[16];
static unsigned n_errors, n_events;

static void open_as(const char *name, uint64_t offset, bool leftovers, uint32_t skip) {
        char path[512];

        snprintf(path, sizeof(path), "%s/evtx/%s", TEST_CORPUS, name);
        free(file.bytes);
        file.bytes = NULL;
        FILE *f = fopen(path, "rb");
        check(f);
        file.bytes = calloc(1, EVTX_CHUNK * 2 + SLOT_PADDING);
        check(file.bytes);
        file.len = fread(file.bytes, 1, EVTX_CHUNK * 2, f);
        fclose(f);
        decoder_free(decoder);
        decoder = decoder_new(&(struct decode_options){.leftovers = leftovers});
        struct batch b = {.h = {.format = FORMAT_EVTX, .offset = offset},
                          .payload = {file.bytes, file.len}};
        decoder_begin(decoder, &b, skip);
        n_errors = n_events = 0;
}

static void open_log(const char *name) {
        open_as(name, EVTX_FILE_HEADER, false, 0);
}

/* The next record; errors before it are kept in `errors`. */
static bool next(struct event *e) {
        struct decode_error err;
        enum decode_result r;

        arena_reset(&arena);
        while ((r = decoder_next(decoder, e, &err)) == DECODE_BAD)
                if (n_errors < ARRAY_LEN(errors))
                        errors[n_errors++] = err;
        n_events += r == DECODE_EVENT;
        if (r == DECODE_EVENT)
                check(evtx_strays_right(e) && evtx_names_right(e));
        return r == DECODE_EVENT;
}

/* Values of that name, joined by '|'; arrays marked by their element numbers. */
static struct span get(const struct event *e, const char *name) {
        struct span all = SPAN_NONE;

        for (uint32_t i = 0; i < e->n; i++) {
                const struct field *f = &e->fields[i];
                if (!span_eq(span_of(f->name, f->name_len), span_str(name)))
                        continue;
                struct span t = f->type == V_NULL ? SPAN("(null)") : value_text(f, &arena);
                all = all.p ? arena_printf(&arena, "%.*s|%.*s", (int)all.len, all.p, (int)t.len,
                                           t.p)
                            : t;
                if (f->arr)
                        all = arena_printf(&arena, "%.*s#%u", (int)all.len, all.p, f->arr & 0xffff);
        }
        return all;
}

static void system_fields(void) {
        struct event e;

        open_log("types");
        check(next(&e));
        check_int(e.kind, EVENT_WINDOWS);
        check_span(e.key1, "System");
        check_int(e.key2, 7);
        check_int(e.record, 1);
        check_int(e.offset, EVTX_FILE_HEADER + 512);
        check_int(e.time, INT64_C(1767323045600000000));
        check_span(get(&e, "Provider_Name"), "P");
        check_span(get(&e, "Provider_Guid"), "{5770385F-C22A-43E0-BF4C-06F5698FFBD9}");
        check_span(get(&e, "EventID"), "7");
        check(get(&e, "Qualifiers").p == NULL); /* NULL: not there */
        check_span(get(&e, "Keywords"), "0x8000000000000000");
        check_span(get(&e, "TimeCreated"), "2026-01-02T03:04:05.6000000Z");
        check_span(get(&e, "Correlation_ActivityID"), "{5770385F-C22A-43E0-BF4C-06F5698FFBD9}");
        check(get(&e, "Correlation_RelatedActivityID").p == NULL);
        check_span(get(&e, "Execution_ProcessID"), "0");
        check_span(get(&e, "Computer"), "c");
        check_span(get(&e, "Security_UserID"), "S-1-5-18");
        check(!next(&e));
        check_int(n_errors, 0);
}

static const struct {
        const char *name, *value;
} all_types[] = {
        {"String", "Vi\xe1\xbb\x87t"},
        {"AnsiString", "caf\xc3\xa9"},
        {"Int8", "-3"},
        {"UInt8", "200"},
        {"Int16", "-300"},
        {"UInt16", "60000"},
        {"Int32", "-5"},
        {"UInt32", "5"},
        {"Int64", "-6"},
        {"UInt64", "9223372036854775808"},
        {"Real32", "1.5"},
        {"Real64", "0.1"},
        {"Bool", "true"},
        {"Guid", "{5770385F-C22A-43E0-BF4C-06F5698FFBD9}"},
        {"SizeT", "0x7ff"},
        {"FileTime", "2026-01-02T03:04:05.0000000Z"},
        {"SysTime", "2026-01-02T03:04:05.678Z"},
        {"Sid", "S-1-5-21-1-2-3-500"},
        {"HexInt32", "0x3e7"},
        {"HexInt64", "0xffffffffffffffff"},
};

static void every_type(void) {
        struct event e;

        open_log("types");
        check(next(&e));
        for (size_t i = 0; i < ARRAY_LEN(all_types); i++)
                check_span(get(&e, all_types[i].name), all_types[i].value);
        check_span(get(&e, "Binary"), "00FF");
        check_span(get(&e, "Null"), "(null)");
}

static void every_array(void) {
        char want[256];
        struct event e;

        open_log("arrays");
        check(next(&e));
        for (size_t i = 0; i < ARRAY_LEN(all_types); i++) {
                const char *v = all_types[i].value;
                snprintf(want, sizeof(want), "%s#1|%s#2", v, v);
                check_span(get(&e, all_types[i].name), want);
        }
}

static void unnamed_data(void) {
        struct event e;

        open_log("unnamed");
        check(next(&e));
        check_span(get(&e, "Data"), "a#1|b#2|c#3|d#4");
        check(next(&e));
        check_span(get(&e, "Data"), "e#1");
}

static void user_data(void) {
        struct event e;

        open_log("userdata");
        check(next(&e));
        check_span(get(&e, "Param1"), "x#1|y#2");
        check_span(get(&e, "Channel"), "System#1|z#2"); /* neither hides the other */
        check_span(e.key1, "System");
}

static void shared_templates(void) {
        struct event e;
        unsigned n = 0;

        open_log("two_templates");
        while (next(&e)) {
                char want[8];
                snprintf(want, sizeof(want), "%u", n);
                check_span(get(&e, "A"), want);
                check_span(get(&e, n % 2 ? "B" : "C"), want);
                check(get(&e, n % 2 ? "C" : "B").p == NULL);
                n++;
                check_int(e.record, n);
        }
        check_int(n, 5);
        check_int(n_errors, 0);
}

/* Same GUID, another name within: what was kept of the first must not answer for the second. */
static void kept_by_content(void) {
        struct event e;

        open_log("types");
        check(next(&e));
        check_span(get(&e, "HexInt32"), "0x3e7");
        char *at = memmem(file.bytes, file.len, "I\0n\0t\0003\0002\0", 10);
        while (at && memcmp(at - 6, "H\0e\0x\0", 6) != 0)
                at = memmem(at + 1, file.len - (size_t)(at + 1 - file.bytes), "I\0n\0t\0003\0002\0",
                            10);
        check(at);
        at[0] = 'J';
        struct batch b = {.h = {.format = FORMAT_EVTX, .offset = EVTX_FILE_HEADER},
                          .payload = {file.bytes, file.len}};
        decoder_begin(decoder, &b, 0);
        check(next(&e));
        check(get(&e, "HexInt32").p == NULL);
        check_span(get(&e, "HexJnt32"), "0x3e7");
}

static void without_template(void) {
        struct event e;

        open_log("plain");
        check(next(&e));
        check_span(get(&e, "Mixed"), "a&&unknown;\xc3\xa9<cdata>");
        check_span(get(&e, "Typed"), "{03020100-0504-0706-0809-0A0B0C0D0E0F}");
        check_span(get(&e, "Empty"), "(null)");
        check_span(get(&e, "Data"), "first#1|second#2");
        check_span(get(&e, "Twice"), "1#1|2#2");
        check_span(get(&e, "Data_Type"), "t");
        check_span(get(&e, "EventData_Name"), "T");
        check_int(e.time, INT64_C(1767323045000000000)); /* the record's own */
        check(!next(&e));
        check_int(n_errors, 0);
}

static void names_in_place(void) {
        struct event e;

        open_log("wevt");
        check(next(&e));
        check_span(get(&e, "Param1"), "x");
        check_int(e.n, 1);
}

static void xml_in_values(void) {
        struct event e;

        open_log("nested");
        check(next(&e));
        check_span(get(&e, "Binary"), "00");
        check_span(get(&e, "X_At"), "label");
        check_span(get(&e, "label"), "9");
        check_span(get(&e, "Mix"), "<label>");
}

static void too_deep(void) {
        struct event e;

        open_log("deep");
        check(next(&e)); /* what there was above */
        check(!next(&e));
        check_int(n_errors, 1);
        check(strcmp(errors[0].what, "elements nested too deep") == 0);
        check(!errors[0].recovered);
}

/* All three records but those in the mask are read, in order; the first error is `what`. */
static void damaged(const char *name, unsigned lost, const char *what) {
        struct event e;

        open_log(name);
        for (unsigned i = 0; i < 3; i++) {
                char want[8];
                if (lost >> i & 1)
                        continue;
                snprintf(want, sizeof(want), "%u", i);
                check(next(&e));
                check_span(get(&e, "A"), want);
        }
        while (next(&e)) /* the start of one that is cut off */
                check(get(&e, "A").p == NULL);
        check(n_errors >= 1);
        for (unsigned i = 0; i < n_errors; i++)
                if (strcmp(errors[i].what, what) == 0)
                        return;
        check(!"that error was reported");
}

static void damage(void) {
        damaged("size_zero", 0, "record's size cannot be");
        damaged("size_large", 0, "record's size cannot be");
        damaged("hole", 2, "no record where one should be");
        damaged("no_header", 0, "chunk header is missing; its records were searched for");
        damaged("dirty", 0, "records behind the end that the chunk names");
        damaged("cut_short", 4, "chunk is cut short");
        damaged("template_lost", 7, "the record's template is missing");
}

/* What lies behind the end and does not continue the chunk is no part of the log. */
static void leftovers(void) {
        for (unsigned all = 0; all < 2; all++) {
                struct event e;

                open_as("dirty", EVTX_FILE_HEADER, all, 0);
                uint32_t end;
                memcpy(&end, file.bytes + 48, 4);
                file.bytes[end + 8] = 99; /* id of the first record behind the end */
                while (next(&e))
                        ;
                check_int(n_events, all ? 3 : 1);
        }
}

/* A chunk whose header says that it is empty, but whose records continue the chunk before. */
static void begun_chunk(void) {
        struct event e;

        open_log("dirty");
        char *second = file.bytes + EVTX_CHUNK;
        memcpy(second, file.bytes, file.len);
        uint64_t id = 4;
        uint32_t end = 512, size;
        memcpy(second + 48, &end, 4);
        for (size_t at = 512; at < file.len; at += size, id++) {
                memcpy(second + at + 8, &id, 8);
                memcpy(&size, second + at + 4, 4);
        }
        check_int(id, 7);
        struct batch b = {.h = {.format = FORMAT_EVTX, .offset = EVTX_FILE_HEADER},
                          .payload = {file.bytes, EVTX_CHUNK + file.len}};
        decoder_begin(decoder, &b, 0);
        while (next(&e))
                ;
        check_int(n_events, 6);
        second[512 + 8] = 9; /* does not continue: left over */
        decoder_begin(decoder, &b, 0);
        n_events = 0;
        while (next(&e))
                ;
        check_int(n_events, 3);
}

static void file_header(void) {
        struct event e;

        open_as("file", 0, false, 0);
        check(next(&e));
        check_int(e.offset, EVTX_FILE_HEADER + 512);
        check(!next(&e));
        check_int(n_errors, 0);

        open_as("file", 0, false, 0);
        file.bytes[10] ^= 1; /* its checksum is looked at when a batch begins */
        struct batch b = {.h = {.format = FORMAT_EVTX}, .payload = {file.bytes, file.len}};
        decoder_begin(decoder, &b, 0);
        check(next(&e));
        check_int(n_errors, 1);
        check(errors[0].recovered);
}

static void checksums(void) {
        struct event e;

        open_log("two_templates");
        file.bytes[9] ^= 1;        /* header */
        file.bytes[512 + 16] ^= 1; /* a record's time */
        while (next(&e))
                ;
        check_int(n_events, 5);
        check_int(n_errors, 2);
        check(errors[0].recovered && errors[1].recovered);
        check(errors[0].offset == EVTX_FILE_HEADER && errors[1].offset == EVTX_FILE_HEADER + 512);
}

/* A restart at or behind a record's start passes it, and no other. */
static void restarts(void) {
        uint64_t starts[5];
        struct event e;
        unsigned n = 0;

        open_log("two_templates");
        while (next(&e))
                starts[n++] = e.offset - EVTX_FILE_HEADER;
        check_int(n, 5);
        for (unsigned i = 0; i < 5; i++)
                for (unsigned behind = 0; behind < 30; behind += 29) {
                        open_as("two_templates", EVTX_FILE_HEADER, false,
                                (uint32_t)starts[i] + behind);
                        for (unsigned k = i + 1; k < 5; k++) {
                                check(next(&e));
                                check_int(e.offset - EVTX_FILE_HEADER, starts[k]);
                        }
                        check(!next(&e));
                        check_int(n_errors, 0);
                }
        /* Within the header: whatever failed there was the first record. */
        open_as("two_templates", EVTX_FILE_HEADER, false, 1);
        check(next(&e));
        check_int(e.offset - EVTX_FILE_HEADER, starts[1]);
}

/* Every byte changed to every few values: no promise is broken (the sanitizers watch), nothing
 * loops. */
static void every_byte_changed(void) {
        static const unsigned char to[] = {0x00, 0xff, 0x01, 0x41, 0x0c, 0x21};
        struct event e;

        open_log("nested");
        char *good = malloc(file.len);
        check(good);
        memcpy(good, file.bytes, file.len);
        for (size_t i = 0; i < file.len; i++)
                for (size_t k = 0; k < ARRAY_LEN(to); k++) {
                        struct batch b = {.h = {.format = FORMAT_EVTX, .offset = EVTX_FILE_HEADER},
                                          .payload = {file.bytes, file.len}};
                        memcpy(file.bytes, good, file.len);
                        file.bytes[i] = (char)to[k];
                        decoder_begin(decoder, &b, 0);
                        n_events = 0;
                        while (next(&e))
                                for (uint32_t f = 0; f < e.n; f++)
                                        value_text(&e.fields[f], &arena);
                        check(n_events <= 2);
                }
        free(good);
}

static void crc(void) {
        static char bytes[1000];
        uint64_t r = 1;

        check_int(crc32_of(0, SPAN("123456789")), 0xcbf43926); /* the catalogue's check value */
        check_int(crc32_portable(0, SPAN("123456789")), 0xcbf43926);
        for (size_t i = 0; i < sizeof(bytes); i++)
                bytes[i] = (char)(r = hash_mix(r + 1, 0x9e3779b97f4a7c15u));
        for (size_t n = 0; n < 980; n++) {
                struct span s = span_of(bytes + n % 17, n);
                check_int(crc32_of((uint32_t)n, s), crc32_portable((uint32_t)n, s));
        }
}

static void header_size(void) {
        char h[64] = "ElfFile";

        check_int(evtx_header_size(span_of(h, 64)), EVTX_FILE_HEADER); /* says 0 */
        h[41] = 0x20;
        check_int(evtx_header_size(span_of(h, 64)), 0x2000);
        check_int(evtx_header_size(span_of("ElfChnk", 8)), 0);
        check_int(evtx_header_size(SPAN("x")), EVTX_FILE_HEADER);
}

int main(void) {
        arena_init(&arena, 8 << 20);
        RUN(crc);
        RUN(header_size);
        RUN(system_fields);
        RUN(every_type);
        RUN(every_array);
        RUN(unnamed_data);
        RUN(user_data);
        RUN(shared_templates);
        RUN(kept_by_content);
        RUN(without_template);
        RUN(names_in_place);
        RUN(xml_in_values);
        RUN(too_deep);
        RUN(damage);
        RUN(leftovers);
        RUN(begun_chunk);
        RUN(file_header);
        RUN(checksums);
        RUN(restarts);
        RUN(every_byte_changed);
        decoder_free(decoder);
        free(file.bytes);
        arena_deinit(&arena);
        return check_done();
}
