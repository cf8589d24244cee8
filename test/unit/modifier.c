/* rules/modifier.c, rules/pattern.c: one item of a detection to atoms. Sections named are those of
 * the Sigma specification 2.1. */
#include "rule_text.h"

static void plain_values(void) {
        check_text(item("A: b"), "A=\"b\"");
        check_text(item("A: 'b'"), "A=\"b\"");
        check_text(item("A: 4624"), "A=\"4624\"");
        check(text_set.rules[0].expr->atom->number);
        check_text(item("A: '4624'"), "A=\"4624\"");
        check(!text_set.rules[0].expr->atom->number);
        check_text(item("A: 0x1F"), "A=\"31\"");
        check_text(item("A: '0x1F'"), "A=\"0x1F\"");
        check_text(item("A: 007"), "A=\"007\" ; hint number-leading-zero");
        check_text(item("A: 0"), "A=\"0\"");
        check_text(item("A: -0"), "A=\"-0\"");
        check_text(item("A: +12"), "A=\"12\"");
        check_text(item("A: 123456789012345678901234567890"),
                   "A=\"123456789012345678901234567890\"");
        check_text(item("A: 1.50"), "A=\"1.50\"");
        check_text(item("A: 0.1"), "A=\"0.1\"");
        check_text(item("A: 1e3"), "A=\"1e3\"");
        check_text(item("A: true"), "A=\"true\"");
        check_text(item("A: False"), "A=\"false\"");
        check_text(item("A: yes"), "A=\"yes\" ; hint yaml-boolean"); /* YAML 1.2: a string */
        check_text(item("A: 2024-01-01"), "A=\"2024-01-01\"");
        check_text(item("A: [b, c]"), "(| A=\"b\" A=\"c\")");
        check_text(item("A: [b]"), "A=\"b\"");
        check_text(item("A: b, B: c"), "(& A=\"b\" B=\"c\")");
        check_text(item("A: !!str 12"), "A=\"12\"");
}

/* "Special Field Values" */
static void null_and_empty(void) {
        check_text(item("A: null"), "A=null");
        check_text(item("A: ~"), "A=null");
        check_text(item("A: "), "A=null");
        check_text(item("A: ''"), "A=\"\"");
        check_text(item("A: 'null'"), "A=\"null\"");
        check_text(item("A: ['', null]"), "(| A=\"\" A=null) ; warning null-in-list");
        check_text(item("'A|contains': null"), "error null-modifier 1:19");
        check_text(item("'A|neq': null"), "!A=null");
        check_text(item("A: []"), "error empty-list 1:8");
}

/* "String Wildcard", "Escaping" */
static void wildcards_and_escapes(void) {
        check_text(item("A: '*.exe'"), "A=\"*.exe\" ; hint wildcard-modifier");
        check_text(item("A: 'a?b*'"), "A=\"a?b*\"");
        check_text(item("A: 'a**b'"), "A=\"a*b\"");
        check_text(item("A: 'a*?*b'"), "A=\"a?*b\"");
        check_text(item("A: '\\*'"), "A=\"\\*\"");
        check_text(item("A: '\\?'"), "A=\"\\?\"");
        check_text(item("A: 'C:\\Windows\\x'"), "A=\"C:\\\\Windows\\\\x\"");
        check_text(item("A: 'C:\\\\Windows\\\\x'"),
                   "A=\"C:\\\\Windows\\\\x\""); /* double is single */
        check_text(item("A: 'a\\\\*'"),
                   "A=\"a\\\\*\" ; hint wildcard-modifier");     /* backslash, wildcard */
        check_text(item("A: 'a\\\\\\*'"), "A=\"a\\\\\\*\"");     /* backslash, asterisk */
        check_text(item("A: 'a\\\\\\\\b'"), "A=\"a\\\\\\\\b\""); /* four are two */
        check_text(item("A: 'a\\\\\\b'"), "A=\"a\\\\\\\\b\"");   /* three are two */
        check_text(item("A: 'a\\'"), "A=\"a\\\\\"");
        check_text(item("A: '%b%'"), "A=\"%b%\"");
        check_text(item("A: '\\%'"), "A=\"\\\\%\"");
}

static void places(void) {
        check_text(item("'A|contains': b"), "A=\"*b*\"");
        check_text(item("'A|startswith': b"), "A=\"b*\"");
        check_text(item("'A|endswith': '\\b.exe'"), "A=\"*\\\\b.exe\"");
        check_text(item("'A|contains': '*b'"), "A=\"*b*\" ; hint wildcard-redundant");
        check_text(item("'A|endswith': '\\*b'"), "A=\"*\\*b\"");
        check_text(item("'A|contains': 12"), "A=\"*12*\"");
        check_text(item("'A|contains': ''"), "A=\"*\"");
        check_text(item("'A|contains|all': [b, c]"), "(& A=\"*b*\" A=\"*c*\")");
        check_text(item("'A|all|contains': [b, c]"), "(& A=\"*b*\" A=\"*c*\")");
        check_text(item("'A|contains|cased': b"), "A==\"*b*\"");
        check_text(item("'A|contains|contains': b"), "error modifier-combination 1:5");
}

static void single_value_all(void) {
        check_text(item("'A|contains|all': b"), "A=\"*b*\" ; warning single-value-all");
        check_text(item("'A|contains|all': [b]"), "A=\"*b*\" ; warning single-value-all");
}

/* "Field Usage": blanks in a field's name are stripped. */
static void fields(void) {
        check_text(item("'New Value': b"), "NewValue=\"b\" ; hint field-blank");
        check_text(item("' SAM User Account |contains': b"),
                   "SAMUserAccount=\"*b*\" ; hint field-blank");
        check_text(item("'event.category': b"), "event.category=\"b\"");
        check_text(item("'': b"), "error empty-field 1:5");
        check_text(item("4624: b"), "4624=\"b\"");
}

static void windash(void) {
        check_text(item("'A|windash|contains': ' -f '"),
                   "(| A=\"* -f *\" A=\"* /f *\" A=\"* \xe2\x80\x93"
                   "f *\" A=\"* \xe2\x80\x94"
                   "f *\" A=\"* \xe2\x80\x95"
                   "f *\")");
        check_text(item("'A|contains|windash': '/f'"), "(| A=\"*-f*\" A=\"*/f*\" A=\"*\xe2\x80\x93"
                                                       "f*\" A=\"*\xe2\x80\x94"
                                                       "f*\" A=\"*\xe2\x80\x95"
                                                       "f*\")");
        /* All permutations of two flags; the hyphen inside a word stays. */
        item("'A|windash': '-a-b /c'");
        check_int(text_set.rules[0].expr->n, 25);
        check_text(item("'A|windash': 'a-b'"), "A=\"a-b\"");
        item("'A|windash': '\xe2\x80\x95x'");
        check_int(text_set.rules[0].expr->n, 5);
        check_text(item("'A|windash': '-a -b -c -d -e -f'"), "error too-many-values 1:18");
        check_text(item("'A|windash|contains|all': ['-a', b]"),
                   "(& (| A=\"*-a*\" A=\"*/a*\" A=\"*\xe2\x80\x93"
                   "a*\" A=\"*\xe2\x80\x94"
                   "a*\" A=\"*\xe2\x80\x95"
                   "a*\") A=\"*b*\")");
}

/* "Encoding". Values made with coreutils' base64 and cut by hand. */
static void encodings(void) {
        check_text(item("'A|base64': foobar"), "A=\"Zm9vYmFy\"");
        check_text(item("'A|base64': foob"), "A=\"Zm9vYg==\"");
        check_text(item("'A|base64offset|contains': foobar"),
                   "(| A=\"*Zm9vYmFy*\" A=\"*Zvb2Jhc*\" A=\"*mb29iYX*\")");
        check_text(item("'A|base64offset|contains': foobarb"),
                   "(| A=\"*Zm9vYmFyY*\" A=\"*Zvb2Jhcm*\" A=\"*mb29iYXJi*\")");
        check_text(item("'A|base64offset|contains': ab"), "(| A=\"*YW*\" A=\"*Fi*\" A=\"*hY*\")");
        check_text(item("'A|base64offset|contains': a"), "error base64offset-short 1:32");
        check_text(item("'A|base64offset': ab"),
                   "(| A=\"YW\" A=\"Fi\" A=\"hY\") ; warning base64offset-alone");
        check_text(item("'A|wide|base64': cmd"), "A=\"YwBtAGQA\"");
        check_text(item("'A|utf16le|base64': cmd"), "A=\"YwBtAGQA\"");
        check_text(item("'A|utf16be|base64': cmd"), "A=\"AGMAbQBk\"");
        check_text(item("'A|utf16|base64': cmd"), "A=\"//5jAG0AZAA=\"");
        check_text(item("'A|wide': 'a*'"), "A=\"a\\x00*\"");
        check_text(item("'A|wide|base64': \"\\U0001F600\""),
                   "A=\"PdgA3g==\""); /* a surrogate pair */
        check_text(item("'A|base64': 'a*'"), "error encoded-wildcard 1:17");
        check_text(item("'A|base64': 'a\\*'"), "A=\"YSo=\"");
        check_text(item("'A|contains|base64': a"), "error modifier-combination 1:5");
        check_text(item("'A|base64|windash': a"), "error modifier-combination 1:5");
}

/* "Regular Expression" */
static void regexes(void) {
        check_text(item("'A|re': '^a.*\\\\\\\\b$'"), "A~/^a.*\\\\\\\\b$/");
        check_text(item("'A|re|i': a"), "A~/a/i");
        check_text(item("'A|re|i|m|s': a"), "A~/a/ims");
        check_text(item("'A|re|ms': a"), "A~/a/ms");
        check_text(item("'A|i|re': a"), "error modifier-combination 1:5");
        check_text(item("'A|re|all|i': [a, b]"), "error modifier-combination 1:5");
        check_text(item("'A|re|i|all': [a, b]"), "(& A~/a/i A~/b/i)");
        check_text(item("'A|re|ii': a"), "error unknown-modifier 1:5");
        check_text(item("'A|re|contains': a"), "error modifier-combination 1:5");
        check_text(item("'A|contains|re': a"), "error modifier-combination 1:5");
        check_text(item("'A|re': '('"), "error regex-invalid 1:13");
        check_text(item("'A|re': 12"), "A~/12/");
        check_text(item("'A|re|neq': a"), "!A~/a/");
}

static void networks(void) {
        check_text(item("'A|cidr': 10.0.0.0/8"), "A@10.0.0.0/8");
        check_text(item("'A|cidr': [192.168.0.0/16, 'fe80::/10']"),
                   "(| A@192.168.0.0/16 A@fe80::/10)");
        check_text(item("'A|cidr': 10.0.0.1"), "A@10.0.0.1/32");
        check_text(item("'A|cidr': 10.1.2.3/8"), "A@10.0.0.0/8 ; warning cidr-host-bits");
        check_text(item("'A|cidr': 10.0.0.0/33"), "error cidr-invalid 1:15");
        check_text(item("'A|cidr': 10.0.0.*"), "error cidr-invalid 1:15");
        check_text(item("'A|cidr': '::1/'"), "error cidr-invalid 1:15");
        check_text(item("'A|cidr': 0.0.0.0/0"), "A@0.0.0.0/0");
        check_text(item("'A|contains|cidr': 10.0.0.0/8"), "error modifier-combination 1:5");
        check_text(item("'A|cidr|neq': 10.0.0.0/8"), "!A@10.0.0.0/8");
}

/* "Numeric Modifiers", "Time Modifiers" */
static void comparisons(void) {
        check_text(item("'A|lt': 5"), "A<5");
        check_text(item("'A|lte': 5.5"), "A<=5.5");
        check_text(item("'A|gt': -1"), "A>-1");
        check_text(item("'A|gte': 0x10"), "A>=16");
        check_text(item("'A|gte': '5'"), "A>=5 ; warning quoted-number");
        check_text(item("'A|gte': x"), "error not-a-number 1:14");
        check_text(item("'A|gt|lt': 5"), "error modifier-combination 1:5");
        check_text(item("'A|hour': 5"), "hour(A)=5");
        check_text(item("'A|minute': [1, 2]"), "(| minute(A)=1 minute(A)=2)");
        check_text(item("'A|hour|gte': 18"), "hour(A)>=18");
        check_text(item("'A|hour': 24"), "hour(A)=24 ; warning time-range");
        check_text(item("'A|week|neq': 5"), "!week(A)=5");
        check_text(item("'A|gte|hour': 18"), "error modifier-combination 1:5");
        check_text(item("'A|day': 1, 'B|month': 2, 'C|year': 2026"),
                   "(& day(A)=1 month(B)=2 year(C)=2026)");
        check_text(item("'A|lt|cased': 5"), "error modifier-combination 1:5");
}

static void other_modifiers(void) {
        check_text(item("'A|exists': true"), "exists(A)");
        check_text(item("'A|exists': false"), "!exists(A)");
        check_text(item("'A|exists': 'true'"), "error exists-not-boolean 1:17");
        check_text(item("'A|exists|contains': true"), "error modifier-combination 1:5");
        check_text(item("'A|cased': b"), "A==\"b\"");
        check_text(item("'A|neq': b"), "!A=\"b\"");
        check_text(item("'A|neq': [b, c]"), "!(| A=\"b\" A=\"c\")");
        check_text(item("'A|contains|neq': b"), "!A=\"*b*\"");
        check_text(item("'A|fieldref': B"), "A=$B");
        check_text(item("'A|fieldref|startswith': 'Other Field'"), "A^=$OtherField");
        check_text(item("'A|endswith|fieldref': B"), "A$=$B");
        check_text(item("'A|fieldref|contains|cased': B"), "A=*=$B");
        check_text(item("'A|fieldref|neq': B"), "!A=$B");
        check_text(item("'A|fieldref': ''"), "error empty-field 1:19");
        check_text(item("'A|contain': b"), "error unknown-modifier 1:5");
        check_text(item("'A|': b"), "error unknown-modifier 1:5");
        check_text(item("'A|foo': b"), "error unknown-modifier 1:5");
        check_text(item("A: {b: c}"), "error nested-value 1:8");
        check_text(item("A: [[b]]"), "error nested-value 1:9");
}

/* "Keywords search" */
static void keywords(void) {
        check_text(rule("k: [a, 'b*c', 12], condition: k"), "(| \"*a*\" \"*b*c*\" \"*12*\")");
        check_text(rule("k: a, condition: k"), "\"*a*\"");
        check_text(item("'|all': [a, b]"), "(& \"*a*\" \"*b*\")");
        check_text(item("'|re': 'a+'"), "~/a+/");
        check_text(item("'|contains': a"), "\"*a*\"");
        check_text(item("'|startswith': a"), "\"a*\"");
        check_text(item("'|endswith': a"), "\"*a\"");
        check_text(item("'|cased': a"), "==\"*a*\"");
        check_text(item("'|base64offset|contains': ab"), "(| \"*YW*\" \"*Fi*\" \"*hY*\")");
        check_text(item("'|cidr': 10.0.0.0/8"), "error keyword-modifier 1:5");
        check_text(item("'|exists': true"), "error keyword-modifier 1:5");
        check_text(rule("k: [null], condition: k"), "error keyword-null 1:5");
        check_text(rule("k: [a, {B: c}], condition: k"), "(| \"*a*\" B=\"c\")");
}

/* "Placeholders" */
static void placeholders(void) {
        static const char file[] =
                "a: [x, 'y*']\nb: 1\nd: [a.b, '(c)']\nnets: [10.0.0.0/8, 192.0.2.0/24]\n";

        check_text(rule_with("s: {'A|expand': '%a%'}, condition: s", file), "(| A=\"x\" A=\"y*\")");
        check_text(rule_with("s: {'A|expand': 'p%a%-%b%q'}, condition: s", file),
                   "(| A=\"px-1q\" A=\"py*-1q\")");
        check_text(rule_with("s: {'A|contains|expand': '%a%'}, condition: s", file),
                   "(| A=\"*x*\" A=\"*y*\")");
        check_text(rule_with("s: {'A|expand|contains|all': ['%a%', z]}, condition: s", file),
                   "(& (| A=\"*x*\" A=\"*y*\") A=\"*z*\")");
        check_text(rule_with("s: {'A|expand': '\\%plain%b%'}, condition: s", file),
                   "A=\"%plain1\"");
        check_text(rule_with("s: {'A|expand': '100%'}, condition: s", file), "A=\"100%\"");
        check_text(rule_with("s: {A: '%a%'}, condition: s", file), "A=\"%a%\"");
        check_text(rule_with("s: {'A|cidr|expand': '%nets%'}, condition: s", file),
                   "(| A@10.0.0.0/8 A@192.0.2.0/24)");
        check_text(rule_with("s: {'A|re|expand': '^%a%$'}, condition: s", file), "A~/^(?:x|y.*)$/");
        check_text(rule_with("s: {'A|re|expand': '%d%'}, condition: s", file),
                   "A~/(?:a\\.b|\\(c\\))/");
        check_text(rule_with("s: {'A|expand|wide|base64': '%b%'}, condition: s", file),
                   "A=\"MQA=\"");
        check_text(rule_with("s: {'A|expand': '%c%'}, condition: s", file),
                   "error placeholder-undefined 1:17");
        check_text(rule_with("s: {'A|expand': '%a%'}, condition: s", "a: []"),
                   "error placeholder-undefined 1:17 ; warning placeholder-empty");
        check_text(rule("s: {'A|expand': '%a%'}, condition: s"),
                   "error placeholder-undefined 1:17");
}

/* Placeholders multiply: 100 values twice in one string are too many. */
static void variants_are_bounded(void) {
        _cleanup_(buf_deinit) struct buf file = {0};

        buf_str(&file, "n: [");
        for (int i = 0; i < 100; i++)
                buf_printf(&file, "v%d, ", i);
        buf_str(&file, "]\n");
        buf_char(&file, '\0');
        rule_with("s: {'A|expand': '%n%'}, condition: s", file.p);
        check_int(text_set.rules[0].expr->n, 100);
        check_text(rule_with("s: {'A|expand': '%n%%n%'}, condition: s", file.p),
                   "error too-many-values 1:17");
}

int main(void) {
        RUN(plain_values);
        RUN(null_and_empty);
        RUN(wildcards_and_escapes);
        RUN(places);
        RUN(single_value_all);
        RUN(fields);
        RUN(windash);
        RUN(encodings);
        RUN(regexes);
        RUN(networks);
        RUN(comparisons);
        RUN(other_modifiers);
        RUN(keywords);
        RUN(placeholders);
        RUN(variants_are_bounded);
        text_done();
        return check_done();
}
