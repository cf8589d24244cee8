/* Rules against events, one line each: rule text through parser, compiler and matcher, event text
 * through the JSON decoder. Sigma 2.1.0's modifiers and the traps that implementations fall into.
 */
static const char map[] =
        "kinds: [{kind: made, has: [zz, y], key1_is: Conn, key2: y},"
        " {kind: made, has: [zz], key1_is: dns}]\n"
        "map:\n"
        "  - {category: fixed, from: [{kind: made, key1: conn, key2: 7}]}\n"
        "  - {category: test, from: [{kind: json}]}\n"
        "  - {category: pairs, from: [{kind: kv}]}\n"
        "  - {category: renamed, from: [{kind: json, where: {kind: [b*, C]}, "
        "rename: {Image: [New, Newer], Other: O2}, "
        "constant: {Fixed: Yes}}, {kind: json, where: {kind: a}}]}\n"
        "  - {category: inside, from: {kind: json, where: {m: ['*%Sys-*', z]}}}\n";

#include "rows.h"

static void strings(void) {
        ROWS("test", {S("A: foo"), "{\"A\":\"foo\"}", true}, {S("A: foo"), "{\"A\":\"FOO\"}", true},
             {S("A: foo"), "{\"A\":\"food\"}", false}, {S("A: foo"), "{\"B\":\"foo\"}", false},
             {S("A: foo"), "{\"a\":\"foo\"}", false},
             {S("A|contains: oo"), "{\"A\":\"xFOOx\"}", true},
             {S("A|contains: abcdef"), "{\"A\":\"12ABCDEF34\"}", true},
             {S("A|contains: abcdef"), "{\"A\":\"12ABCDE\"}", false},
             {S("A|startswith: 'C:\\Win'"), "{\"A\":\"c:\\\\windows\"}", true},
             {S("A|startswith: 'C:\\Win'"), "{\"A\":\"xc:\\\\windows\"}", false},
             {S("A|startswith: averylongprefix"), "{\"A\":\"averylongprefiX!\"}", true},
             {S("A|startswith: averylongprefix"), "{\"A\":\"averylongprefi\"}", false},
             {S("A|endswith: '\\cmd.exe'"), "{\"A\":\"C:\\\\x\\\\CMD.exe\"}", true},
             {S("A|endswith: '\\cmd.exe'"), "{\"A\":\"C:\\\\x\\\\CMD.exe \"}", false},
             {S("A|endswith: exe"), "{\"A\":\"xe\"}", false},
             {S("A|endswith: exe"), "{\"A\":\"exe\"}", true},
             {S("A: [x, y]"), "{\"A\":\"Y\"}", true},
             {S("A|contains|all: [ab, cd]"), "{\"A\":\"cdab\"}", true},
             {S("A|contains|all: [ab, cd]"), "{\"A\":\"ab\"}", false},
             {S("A|contains|all: ab"), "{\"A\":\"xabx\"}", true});
}

static void wildcards(void) {
        ROWS("test", {S("A: 'a*c'"), "{\"A\":\"abbc\"}", true},
             {S("A: 'a*c'"), "{\"A\":\"abbcd\"}", false}, {S("A: 'a?c'"), "{\"A\":\"abc\"}", true},
             {S("A: 'a?c'"), "{\"A\":\"ac\"}", false}, {S("A: 'a?c'"), "{\"A\":\"abbc\"}", false},
             {S("A: 'a?c'"), "{\"A\":\"aếc\"}", true},
             {S("A: '*x*y*z'"), "{\"A\":\"1x2y3y4z\"}", true},
             {S("A: '*x*y*z'"), "{\"A\":\"1y2x3z\"}", false},
             {S("A: '*ab'"), "{\"A\":\"abaab\"}", true},
             {S("A: '*a?b*'"), "{\"A\":\"aab axb\"}", true},
             {S("A: 'a\\*c'"), "{\"A\":\"a*c\"}", true},
             {S("A: 'a\\*c'"), "{\"A\":\"abc\"}", false},
             {S("A: 'a\\?c'"), "{\"A\":\"a?c\"}", true},
             {S("A: 'a\\?c'"), "{\"A\":\"abc\"}", false},
             {S("A: 'a\\\\*'"), "{\"A\":\"a\\\\bc\"}", true},
             {S("A: 'a\\\\*'"), "{\"A\":\"abc\"}", false}, {S("A: '*'"), "{\"A\":\"\"}", true},
             {S("A: '*'"), "{\"A\":null}", false}, {S("A: '*'"), "{\"B\":1}", false},
             {S("A: '?*'"), "{\"A\":\"\"}", false}, {S("A: '?*'"), "{\"A\":\"x\"}", true},
             {S("A: '*?\?'"), "{\"A\":\"€\"}", false},
             {S("A|contains: 'a*b'"), "{\"A\":\"xxa1b2\"}", true},
             {S("A|startswith: 'a?c'"), "{\"A\":\"abcd\"}", true},
             {S("A|endswith: 'a?c'"), "{\"A\":\"abcabc\"}", true});
}

static void absence(void) {
        ROWS("test", {S("A: null"), "{\"B\":1}", true}, {S("A: null"), "{\"A\":null}", true},
             {S("A: null"), "{\"A\":\"\"}", false}, {S("A: ''"), "{\"A\":\"\"}", true},
             {S("A: ''"), "{\"A\":null}", false}, {S("A: ''"), "{\"B\":\"\"}", false},
             {S("A: ''"), "{\"A\":\" \"}", false}, {S("A|exists: true"), "{\"A\":null}", true},
             {S("A|exists: true"), "{\"A\":\"\"}", true}, {S("A|exists: true"), "{\"B\":1}", false},
             {S("A|exists: false"), "{\"B\":1}", true}, {S("A|exists: false"), "{\"A\":1}", false},
             {"{s: {B: 1}, f: {A: null}, condition: s and not f}", "{\"B\":1,\"A\":\"x\"}", true},
             {"{s: {B: 1}, f: {A: null}, condition: s and not f}", "{\"B\":1}", false},
             {"{f: {A: x}, condition: not f}", "{\"B\":1}", true},
             {"{f: {A: x}, condition: not f}", "{\"A\":\"X\"}", false});
}

static void numbers(void) {
        ROWS("test", {S("A: 4625"), "{\"A\":4625}", true}, {S("A: 4625"), "{\"A\":\"4625\"}", true},
             {S("A: '4625'"), "{\"A\":4625}", true}, {S("A: 4625"), "{\"A\":46250}", false},
             {S("A: 4625"), "{\"A\":\"0x1211\"}", false},
             {S("A: '0x1000'"), "{\"A\":\"0X1000\"}", true}, {S("A: -1"), "{\"A\":-1}", true},
             {S("A: true"), "{\"A\":true}", true}, {S("A: 'true'"), "{\"A\":true}", true},
             {S("A: false"), "{\"A\":\"FALSE\"}", true}, {S("A|gt: 5"), "{\"A\":6}", true},
             {S("A|gt: 5"), "{\"A\":5}", false}, {S("A|gte: 5"), "{\"A\":\"5\"}", true},
             {S("A|lt: 5"), "{\"A\":4.9}", true}, {S("A|lt: 5"), "{\"A\":5}", false},
             {S("A|lte: 5"), "{\"A\":5}", true}, {S("A|lte: 5"), "{\"A\":5.1}", false},
             {S("A|gt: 5"), "{\"A\":\" 6 \"}", true}, {S("A|gt: 5"), "{\"A\":\"6.1.2\"}", false},
             {S("A|gt: 5"), "{\"A\":\"6-7\"}", false}, {S("A|gt: 5"), "{\"A\":\"1e1\"}", true},
             {S("A|lt: 5"), "{\"A\":\"abc\"}", false}, {S("A|lt: 5"), "{\"B\":1}", false},
             {S("A|gt: 16"), "{\"A\":\"0x11\"}", true}, {S("A|gt: 16"), "{\"A\":\"0x10\"}", false},
             {S("A|lt: 0"), "{\"A\":-0.5}", true}, {S("A|neq: 5"), "{\"A\":6}", true},
             {S("A|neq: 5"), "{\"A\":5}", false});
}

static void folding(void) {
        ROWS("test", {S("A|contains: 'TIẾNG VIỆT'"), "{\"A\":\"nói tiếng việt\"}", true},
             {S("A|contains: 'Đăng Nhập'"), "{\"A\":\"ĐĂNG NHẬP\"}", true},
             {S("A: 'ПРИВЕТ'"), "{\"A\":\"привет\"}", true}, {S("A: 'ß'"), "{\"A\":\"ss\"}", false},
             {S("A|contains: 'ệ'"), "{\"A\":\"VI\\u1ec6T\"}", true},
             {S("A|cased: Foo"), "{\"A\":\"Foo\"}", true},
             {S("A|cased: Foo"), "{\"A\":\"foo\"}", false},
             {S("A|contains|cased: 'LongerName'"), "{\"A\":\"aLongerNameb\"}", true},
             {S("A|contains|cased: 'LongerName'"), "{\"A\":\"alongernameb\"}", false},
             {S("A|endswith|cased: 'EXE'"), "{\"A\":\"x.EXE\"}", true},
             {S("A|endswith|cased: 'EXE'"), "{\"A\":\"x.exe\"}", false},
             {S("A|contains: 'a b'"), "{\"A\":\"x\\u0061 \\u0042y\"}", true});
}

static void regexes(void) {
        ROWS("test", {S("A|re: 'fo+'"), "{\"A\":\"xfooo\"}", true},
             {S("A|re: 'fo+'"), "{\"A\":\"FOO\"}", false},
             {S("A|re|i: 'fo+'"), "{\"A\":\"FOO\"}", true},
             {S("A|re: '(?i)fo+bar'"), "{\"A\":\"FOOBAR\"}", true},
             {S("A|re: '^ab$'"), "{\"A\":\"ab\"}", true},
             {S("A|re: '^ab$'"), "{\"A\":\"x\\nab\\ny\"}", false},
             {S("A|re|m: '^ab$'"), "{\"A\":\"x\\nab\\ny\"}", true},
             {S("A|re: 'a.b'"), "{\"A\":\"a\\nb\"}", false},
             {S("A|re|s: 'a.b'"), "{\"A\":\"a\\nb\"}", true},
             {S("A|re|i|s: 'longliteral.x'"), "{\"A\":\"LONGLITERAL\\nX\"}", true},
             {S("A|re: '[a-z]{3}[0-9]'"), "{\"A\":\"--abc7\"}", true},
             {S("A|re: '(cat|dog)food'"), "{\"A\":\"dogfood\"}", true},
             {S("A|re: '^.$'"), "{\"A\":\"ế\"}", true},
             {S("A|re: 'abcd?e'"), "{\"A\":\"abce\"}", true},
             {S("A|re: 'abcd{0,2}efgh'"), "{\"A\":\"abcefgh\"}", true},
             {S("A|re: '(?:abcd)?efgh'"), "{\"A\":\"efgh\"}", true},
             {S("A|re: 'ab\\.exe'"), "{\"A\":\"ab.exe\"}", true},
             {S("A|re: 'ab\\.exe'"), "{\"A\":\"abxexe\"}", false});
}

static void encodings(void) {
        ROWS("test", {S("A|base64|contains: foobar"), "{\"A\":\"xZm9vYmFyx\"}", true},
             {S("A|base64|contains: foobar"), "{\"A\":\"foobar\"}", false},
             {S("A|base64offset|contains: foobar"), "{\"A\":\"eyBmb29iYXIg\"}", true},
             {S("A|base64offset|contains: foobar"), "{\"A\":\"IGZvb2Jhcg==\"}", true},
             {S("A|utf16le|base64offset|contains: foo"), "{\"A\":\"ZgBvAG8A\"}", true},
             {S("A|wide|base64offset|contains: foo"), "{\"A\":\"xxGYAbwBvA\"}", true},
             {S("A|windash|contains: ' -foo'"), "{\"A\":\"x /foo\"}", true},
             {S("A|windash|contains: ' -foo'"), "{\"A\":\"x \u2013foo\"}", true},
             {S("A|windash|contains: ' -foo'"), "{\"A\":\"x +foo\"}", false});
}

static void addresses(void) {
        ROWS("test", {S("A|cidr: 10.0.0.0/8"), "{\"A\":\"10.255.1.2\"}", true},
             {S("A|cidr: 10.0.0.0/8"), "{\"A\":\"11.0.0.1\"}", false},
             {S("A|cidr: 192.168.4.0/22"), "{\"A\":\"192.168.7.9\"}", true},
             {S("A|cidr: 192.168.4.0/22"), "{\"A\":\"192.168.8.0\"}", false},
             {S("A|cidr: 10.0.0.0/8"), "{\"A\":\"::ffff:10.1.1.1\"}", true},
             {S("A|cidr: 'fe80::/10'"), "{\"A\":\"fe80::1\"}", true},
             {S("A|cidr: 'fe80::/10'"), "{\"A\":\"2001::1\"}", false},
             {S("A|cidr: '::1/128'"), "{\"A\":\"::1\"}", true},
             {S("A|cidr: 0.0.0.0/0"), "{\"A\":\"host\"}", false},
             {S("A|cidr: 0.0.0.0/0"), "{\"A\":\"1.2.3.4\"}", true},
             {S("A|cidr: [10.0.0.0/8, 127.0.0.0/8]"), "{\"A\":\"127.0.0.1\"}", true},
             {S("A|cidr: 'fe80::/10'"), "{\"A\":\"fe80::1%eth0\"}", true},
             {S("A|cidr: '2001:db8::/32'"), "{\"A\":\"[2001:db8::9]\"}", true},
             {S("A|cidr: 10.0.0.0/8"), "{\"A\":\" 10.0.0.1 \"}", true},
             {S("A|cidr: '::/0'"), "{\"A\":\"1.2.3.4\"}", false},
             {S("A|cidr: 0.0.0.0/0"), "{\"A\":\"::1\"}", false},
             {S("A|cidr: 10.0.0.0/8"), "{\"A\":\"10.0.0\"}", false},
             {S("A|cidr: 10.0.0.0/8"), "{\"A\":\"010.0.0.1\"}", false});
}

/* Each length of a prefix: the last bit of it counts, the next does not. */
static void prefixes(void) {
        char rule[128], event[128], text[INET6_ADDRSTRLEN];

        for (unsigned v6 = 0; v6 < 2; v6++)
                for (unsigned n = 1; n <= (v6 ? 128u : 32u); n++)
                        for (unsigned bit = n - 1; bit <= n && bit < (v6 ? 128u : 32u); bit++) {
                                unsigned char net[16] = {0}, addr[16];
                                net[0] = v6 ? 0x20 : 10;
                                memcpy(addr, net, sizeof(addr));
                                for (unsigned i = n; i < 8; i++)
                                        net[0] &= (unsigned char)~(0x80u >> i);
                                addr[bit / 8] ^= (unsigned char)(0x80u >> bit % 8);
                                inet_ntop(v6 ? AF_INET6 : AF_INET, net, text, sizeof(text));
                                snprintf(rule, sizeof(rule), S("A|cidr: '%s/%u'"), text, n);
                                inet_ntop(v6 ? AF_INET6 : AF_INET, addr, text, sizeof(text));
                                snprintf(event, sizeof(event), "{\"A\":\"%s\"}", text);
                                check_int(hit("test", rule, event), bit == n);
                        }
}

static void references(void) {
        ROWS("test", {S("A|fieldref: B"), "{\"A\":\"x\",\"B\":\"X\"}", true},
             {S("A|fieldref: B"), "{\"A\":\"x\",\"B\":\"y\"}", false},
             {S("A|fieldref: B"), "{\"A\":\"x\"}", false},
             {S("A|fieldref|endswith: B"), "{\"A\":\"abc\",\"B\":\"BC\"}", true},
             {S("A|fieldref|startswith: B"), "{\"A\":\"abc\",\"B\":\"ab\"}", true},
             {S("A|fieldref|contains: B"), "{\"A\":\"abc\",\"B\":\"b\"}", true},
             {S("A|fieldref|cased: B"), "{\"A\":\"x\",\"B\":\"X\"}", false},
             {S("A|fieldref|cased: B"), "{\"A\":\"x\",\"B\":\"x\"}", true},
             {S("A|fieldref|contains|cased: B"), "{\"A\":\"abc\",\"B\":\"B\"}", false},
             {S("A|fieldref: B"), "{\"A\":\"\",\"B\":null}", false},
             {S("A|fieldref: B"), "{\"A\":\"y\",\"B\":[\"x\",\"Y\"]}", true},
             {"{f: {A|fieldref: B}, condition: not f}", "{\"A\":\"x\",\"B\":\"y\"}", true});
}

static void times(void) {
        ROWS("test", {S("A|hour: 14"), "{\"A\":\"2026-08-05T14:03:00Z\"}", true},
             {S("A|hour: 14"), "{\"A\":\"2026-08-05T15:03:00Z\"}", false},
             {S("A|minute: 3"), "{\"A\":\"2026-08-05T14:03:00Z\"}", true},
             {S("A|day: 5"), "{\"A\":\"2026-08-05T14:03:00Z\"}", true},
             {S("A|month: 8"), "{\"A\":\"2026-08-05 14:03:00\"}", true},
             {S("A|year: 2026"), "{\"A\":\"2026-08-05 14:03:00\"}", true},
             {S("A|week: 32"), "{\"A\":\"2026-08-05 14:03:00\"}", true},
             {S("A|week: 53"), "{\"A\":\"2021-01-01T00:00:00Z\"}", true},
             {S("A|week: 52"), "{\"A\":\"2022-01-02T23:59:59Z\"}", true},
             {S("A|week: 1"), "{\"A\":\"2022-01-03T00:00:00Z\"}", true},
             {S("A|week: 1"), "{\"A\":\"2024-12-30T00:00:00Z\"}", true},
             {S("A|year: 2021"), "{\"A\":\"2021-01-01T00:00:00Z\"}", true},
             {S("A|hour: 23"), "{\"A\":\"1969-12-31T23:30:00Z\"}", true},
             {S("A|day: 31, A|month: 12, A|year: 1969, A|minute: 30"),
              "{\"A\":\"1969-12-31T23:30:00Z\"}", true},
             {S("A|hour|gte: 22"), "{\"A\":\"2026-08-05T21:59:59Z\"}", false},
             {S("A|hour|gte: 22"), "{\"A\":\"2026-08-05T22:00:00Z\"}", true},
             {S("A|hour|lt: 6"), "{\"A\":\"2026-08-05T06:00:00Z\"}", false},
             {S("A|hour: 14"), "{\"A\":\"noon\"}", false},
             {S("A|hour: 14"), "{\"A\":\"2026-08-05T16:03:00+02:00\"}", true});
}

static void structures(void) {
        ROWS("test", {S("A.B: x"), "{\"A\":{\"B\":\"x\"}}", true},
             {S("A: x"), "{\"A\":[\"w\",\"x\"]}", true},
             {S("A: x"), "{\"A\":[\"w\",\"y\"]}", false},
             {S("A|contains|all: [ab, cd]"), "{\"A\":[\"ab\",\"cd\"]}", true},
             {S("A.B: x"), "{\"A\":[{\"B\":\"w\"},{\"B\":\"x\"}]}", true},
             {S("A: x"), "{\"A\":\"x\",\"A\":\"y\"}", false},
             {S("A: y"), "{\"A\":\"x\",\"A\":\"y\"}", true},
             {S("A: y"), "{\"A\":[\"y\"],\"A\":\"x\"}", false},
             {S("'A B': x"), "{\"AB\":\"x\"}", true}, {S("'A B': x"), "{\"A B\":\"x\"}", true},
             {S("AB: x"), "{\"A B\":\"x\"}", true},
             {"{s: [{A: x, B: y}, {A: z}], condition: s}", "{\"A\":\"z\"}", true},
             {"{s: [{A: x, B: y}, {A: z}], condition: s}", "{\"A\":\"x\"}", false},
             {"{a: {A: x}, b: {B: y}, condition: 1 of them}", "{\"B\":\"y\"}", true},
             {"{a: {A: x}, b: {B: y}, condition: all of them}", "{\"B\":\"y\"}", false},
             {"{a: {A: x}, _b: {B: y}, condition: 1 of them}", "{\"B\":\"y\"}", false},
             {"{s1: {A: x}, s2: {B: y}, condition: not 1 of s*}", "{\"C\":1}", true},
             {"{a: {A: x}, b: {B: y}, c: {C: z}, condition: a or b and c}", "{\"A\":\"x\"}", true},
             {"{a: {A: x}, b: {B: y}, c: {C: z}, condition: 2 of them}",
              "{\"A\":\"x\",\"C\":\"z\"}", true},
             {"{a: {A: x}, b: {B: y}, c: {C: z}, condition: 2 of them}",
              "{\"A\":\"x\",\"C\":\"y\"}", false},
             {"{a: {A: x}, b: {B: y}, condition: [a, b]}", "{\"B\":\"y\"}", true});
}

static void keywords(void) {
        ROWS("test", {"{k: [foo, bar], condition: k}", "{\"A\":\"xFOOx\"}", true},
             {"{k: [foo, bar], condition: k}", "{\"foo\":\"x\"}", false},
             {"{k: ['f?o'], condition: k}", "{\"A\":\"xfzoo\"}", true},
             {"{k: ['a*z'], condition: k}", "{\"A\":\"1a2z3\"}", true},
             {"{k: ['a*z'], condition: k}", "{\"A\":\"1a\",\"B\":\"z\"}", false},
             {"{k: {'|all': [foo, bar]}, condition: k}", "{\"A\":\"foo\",\"B\":\"bar\"}", true},
             {"{k: {'|all': [foo, bar]}, condition: k}", "{\"A\":\"foo\"}", false},
             {"{k: [mimikatz], condition: k}", "{\"A\":\"mimi\\u006bATZ\"}", true},
             {"{k: ['a\\b\"c'], condition: k}", "{\"A\":\"xa\\\\b\\\"c\"}", true},
             {"{k: [4625], condition: k}", "{\"A\":4625}", true},
             {"{k: {'|cased': Foo}, condition: k}", "{\"A\":\"xFoox\"}", true},
             {"{k: {'|cased': Foo}, condition: k}", "{\"A\":\"xfoox\"}", false},
             {"{k: {'|cased': Foo}, condition: not k}", "{\"A\":\"xfoox\"}", true},
             {"{k: {'|re': 'fo+'}, condition: k}", "{\"A\":\"xfoox\"}", true},
             {"{k: {'|re': 'fo+'}, condition: k}", "{\"A\":\"xFOOx\"}", false},
             {"{k: {'|startswith': foo}, condition: k}", "{\"A\":\"FOOx\"}", true},
             {"{k: ['tiếng'], condition: k}", "{\"A\":\"TIẾNG\"}", true},
             {"{k: [abcdefgh], condition: k}", "{\"A\":[1,{\"B\":\"abcdefghi\"}]}", true},
             {"{k: [foo], s: {A: x}, condition: s and not k}", "{\"A\":\"x\"}", true},
             {"{k: ['</script>'], condition: k}", "{\"A\":\"<\\/script>\"}", true});
}

static void conditions_inside(void) {
        ROWS("inside", {S("a: x"), "{\"a\":\"x\",\"m\":\"1: %SYS-5\"}", true},
             {S("a: x"), "{\"a\":\"x\",\"m\":\"%sys-\"}", true},
             {S("a: x"), "{\"a\":\"x\",\"m\":\"%sys\"}", false},
             {S("a: x"), "{\"a\":\"x\",\"m\":\"Z\"}", true},
             {S("a: x"), "{\"a\":\"x\",\"m\":\"zz\"}", false}, {S("a: x"), "{\"a\":\"x\"}", false});
}

/* What is added to a line of text hides nothing of it; a key that comes twice in JSON is another
 * matter. */
static void repeated_names_in_text_all_count(void) {
        ROWS("pairs", {S("Image: evil"), "Image=evil a=b Image=good", true},
             {S("Image: good"), "Image=evil a=b Image=good", true},
             {S("Image: bad"), "Image=evil a=b Image=good", false},
             {S("Image: evil, a: b"), "Image=x Image=evil Image=y a=c a=b", true});
        ROWS("test", {S("Image: evil"), "{\"Image\":\"evil\",\"Image\":\"good\"}", false});
        ROWS("pairs", {"{k: {'|cased': Foo}, condition: k}", "a=xFoox b=y", true},
             {"{k: {'|cased': Foo}, condition: k}", "a=xfoox b=y", false},
             {"{k: [foo], condition: k}", "a=xFOOx b=y", true},
             {"{k: ['a=x'], condition: k}", "a=xfoox b=y", true});
}

/* What is not of the rule's log source does not match, whatever its fields say. */
static void other_kinds(void) {
        ROWS("pairs", {S("a: x"), "a=x b=y", true}, {S("a: x"), "{\"a\":\"x\",\"b\":\"y\"}", false},
             {"{k: [xyz], condition: k}", "{\"a\":\"xyz\"}", false},
             {"{s: {b: z}, condition: not s}", "{\"a\":\"x\"}", false});
        ROWS("test", {S("a: x"), "{\"a\":\"x\",\"b\":\"y\"}", true}, {S("a: x"), "a=x b=y", false},
             {"{s: {b: z}, condition: not s}", "a=x b=y", false});
}

/* A kind that is known by its names alone says what its key1 is. */
static void fixed_key1(void) {
        ROWS("fixed", {S("a: x"), "{\"a\":\"x\",\"zz\":1,\"y\":7}", true},
             {S("a: x"), "{\"a\":\"x\",\"zz\":1,\"y\":8}", false},
             {S("a: x"), "{\"a\":\"x\",\"zz\":1}", false},
             {S("a: x"), "{\"a\":\"x\",\"y\":7}", false});
}

static void renames(void) {
        ROWS("renamed", {S("Image: x"), "{\"kind\":\"bx\",\"New\":\"x\"}", true},
             {S("Image: x"), "{\"kind\":\"c\",\"Newer\":\"x\"}", true},
             {S("Image: x"), "{\"kind\":\"bx\",\"Image\":\"x\"}", false},
             {S("Image: x"), "{\"kind\":\"A\",\"Image\":\"x\"}", true},
             {S("Image: x"), "{\"kind\":\"d\",\"Image\":\"x\"}", false},
             {S("Fixed: yes"), "{\"kind\":\"bx\"}", true},
             {S("Fixed: no"), "{\"kind\":\"bx\"}", false},
             {S("Image: null"), "{\"kind\":\"bx\",\"Image\":\"x\"}", true},
             {S("Image: null"), "{\"kind\":\"bx\",\"Newer\":\"x\"}", false},
             {S("Image|fieldref: Other"), "{\"kind\":\"b\",\"Newer\":\"q\",\"O2\":\"Q\"}", true},
             {S("Fixed|fieldref: Other"), "{\"kind\":\"b\",\"O2\":\"yes\"}", true});
}

int main(void) {
        RUN(other_kinds);
        RUN(fixed_key1);
        RUN(conditions_inside);
        RUN(strings);
        RUN(wildcards);
        RUN(absence);
        RUN(numbers);
        RUN(folding);
        RUN(regexes);
        RUN(encodings);
        RUN(addresses);
        RUN(prefixes);
        RUN(references);
        RUN(times);
        RUN(structures);
        RUN(keywords);
        RUN(renames);
        RUN(repeated_names_in_text_all_count);
        return check_done();
}
