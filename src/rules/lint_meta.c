/* The linter's checks of what a document says about itself: rules specification, sections "Title"
 * to "Tags", the tags appendix, and what SigmaHQ asks of rules it takes (sigmahq-rule-convention,
 * sigmahq-title-convention).
 *
 * Errors are only breaches of a "must" that make a rule ambiguous for others (no valid id where
 * there is one, two rules with one id); conventions are hints. */
#include "base/hash.h"
#include "base/timestamp.h"
#include "rules/lint.h"
#include "rules/parse.h"

#define TITLE_MAX 256
#define TITLE_GOOD 110
#define DESCRIPTION_GOOD 16
#define DESCRIPTION_MAX 65535
#define SHOW(s) (int)MIN((s).len, (size_t)120), (s).p ? (s).p : ""

/* Both texts take the same arguments. */
#define TELL(severity_, code_, at_, en, ...)                                                       \
        ruleset_diag(set,                                                                          \
                     &(struct diag){.severity = (severity_),                                       \
                                    .code = (code_),                                               \
                                    .file = m->file,                                               \
                                    .line = m->at[at_].line ? m->at[at_].line : m->line,           \
                                    .column = m->at[at_].line ? m->at[at_].column : 1,             \
                                    .rule = m->id.len ? m->id : m->title},                         \
                     en, __VA_ARGS__)

static bool is_hex(char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_digit(char c) {
        return c >= '0' && c <= '9';
}

static bool is_uuid(struct span s) {
        if (s.len != 36)
                return false;
        for (size_t i = 0; i < 36; i++)
                if (i == 8 || i == 13 || i == 18 || i == 23 ? s.p[i] != '-' : !is_hex(s.p[i]))
                        return false;
        return true;
}

static void identity(struct ruleset *set, const struct meta *m) {
        if (m->id.len == 0)
                TELL(DIAG_WARNING, "id-missing", AT_ID,
                     "the rule has no id: give it a random UUID, so that others can refer to it",
                     "quy tắc chưa có id: hãy gán một UUID ngẫu nhiên để nơi khác tham chiếu được");
        else if (!is_uuid(m->id))
                TELL(DIAG_ERROR, "id-invalid", AT_ID,
                     "the id \"%.*s\" is no UUID: make a random one",
                     "id \"%.*s\" không phải UUID: hãy tạo một UUID ngẫu nhiên", SHOW(m->id));
        else if (m->id.p[14] != '4')
                TELL(DIAG_HINT, "id-version", AT_ID,
                     "the id is a UUID, but not a random one (version 4)",
                     "id là UUID nhưng không phải loại ngẫu nhiên (phiên bản 4)");
        if (m->author.len == 0)
                TELL(DIAG_HINT, "author-missing", AT_AUTHOR, "the rule names no author",
                     "quy tắc chưa nêu tác giả");
}

static void titles(struct ruleset *set, const struct meta *m) {
        struct span t = m->title;

        if (t.len > TITLE_MAX)
                TELL(DIAG_WARNING, "title-long", AT_TITLE,
                     "the title is longer than %d bytes: shorten it",
                     "tiêu đề dài hơn %d byte: hãy rút gọn", TITLE_MAX);
        else if (t.len > TITLE_GOOD)
                TELL(DIAG_HINT, "title-long", AT_TITLE,
                     "the title is longer than %d bytes and will not fit into lists",
                     "tiêu đề dài hơn %d byte nên khó hiển thị trong danh sách", TITLE_GOOD);
        if (t.len > 7 && (span_ieq(span_of(t.p, 7), SPAN("detects")) ||
                          span_ieq(span_of(t.p, 7), SPAN("detect "))))
                TELL(DIAG_HINT, "title-detects", AT_TITLE,
                     "every rule detects something: begin the title with what",
                     "quy tắc nào cũng phát hiện điều gì đó: hãy bắt đầu tiêu đề bằng điều ấy");
        if (t.len && t.p[t.len - 1] == '.')
                TELL(DIAG_HINT, "title-end", AT_TITLE, "a title does not end with a full stop",
                     "tiêu đề không kết thúc bằng dấu chấm");
        if (m->title_vi.len && m->description.len && m->description_vi.len == 0)
                TELL(DIAG_HINT, "translation-missing", AT_DESCRIPTION,
                     "title_vi is there, description_vi is not: translate it too",
                     "đã có title_vi nhưng chưa có description_vi: hãy dịch luôn");
}

static void description(struct ruleset *set, const struct meta *m) {
        if (m->description.len == 0)
                TELL(DIAG_WARNING, "description-missing", AT_DESCRIPTION,
                     "the rule has no description: say what it finds and why that matters",
                     "quy tắc chưa có mô tả: hãy nêu quy tắc tìm gì và vì sao quan trọng");
        else if (m->description.len < DESCRIPTION_GOOD)
                TELL(DIAG_HINT, "description-short", AT_DESCRIPTION,
                     "the description says too little", "mô tả quá ngắn");
        else if (m->description.len > DESCRIPTION_MAX)
                TELL(DIAG_WARNING, "description-long", AT_DESCRIPTION,
                     "the description is longer than %d bytes: shorten it",
                     "mô tả dài hơn %d byte: hãy rút gọn", DESCRIPTION_MAX);
}

static int64_t date_of(struct span s) {
        if (s.len != 10 || s.p[4] != '-' || s.p[7] != '-')
                return TIME_NONE;
        for (size_t i = 0; i < 10; i++)
                if (i != 4 && i != 7 && !is_digit(s.p[i]))
                        return TIME_NONE;
        unsigned y = (unsigned)(s.p[0] - '0') * 1000 + (unsigned)(s.p[1] - '0') * 100 +
                     (unsigned)(s.p[2] - '0') * 10 + (unsigned)(s.p[3] - '0');
        return time_make(y, (unsigned)(s.p[5] - '0') * 10 + (unsigned)(s.p[6] - '0'),
                         (unsigned)(s.p[8] - '0') * 10 + (unsigned)(s.p[9] - '0'), 0, 0, 0, 0);
}

static void dates(struct ruleset *set, const struct meta *m) {
        int64_t made = date_of(m->date), changed = date_of(m->modified);

        if (m->date.len == 0)
                TELL(DIAG_HINT, "date-missing", AT_DATE, "the rule has no date",
                     "quy tắc chưa có ngày");
        else if (made == TIME_NONE)
                TELL(DIAG_WARNING, "date-invalid", AT_DATE, "\"%.*s\" is no date: write YYYY-MM-DD",
                     "\"%.*s\" không phải ngày: hãy viết YYYY-MM-DD", SHOW(m->date));
        if (m->modified.len && changed == TIME_NONE)
                TELL(DIAG_WARNING, "modified-invalid", AT_MODIFIED,
                     "\"%.*s\" is no date: write YYYY-MM-DD",
                     "\"%.*s\" không phải ngày: hãy viết YYYY-MM-DD", SHOW(m->modified));
        else if (m->modified.len && made != TIME_NONE && changed < made)
                TELL(DIAG_WARNING, "modified-before-date", AT_MODIFIED,
                     "modified lies before date: correct one of them",
                     "modified trước date: hãy sửa một trong hai");
}

static void status_and_level(struct ruleset *set, const struct meta *m) {
        if (m->status == STATUS_NONE && m->at[AT_STATUS].line == 0)
                TELL(DIAG_WARNING, "status-missing", AT_STATUS,
                     "the rule has no status: experimental is right for a new one",
                     "quy tắc chưa có trạng thái: quy tắc mới nên là experimental");
        if (m->level == LEVEL_NONE && m->at[AT_LEVEL].line == 0)
                TELL(DIAG_WARNING, "level-missing", AT_LEVEL,
                     "the rule has no level: say how serious a hit is",
                     "quy tắc chưa có mức: hãy nêu mức nghiêm trọng");
        if (m->status == STATUS_DEPRECATED || m->status == STATUS_UNSUPPORTED)
                TELL(DIAG_HINT, "status-retired", AT_STATUS,
                     "the rule is marked deprecated or unsupported",
                     "quy tắc được đánh dấu deprecated hoặc unsupported");
}

/* ---- tags ---- */

static bool is_number(struct span s, size_t min, size_t max) {
        if (s.len < min || s.len > max)
                return false;
        for (size_t i = 0; i < s.len; i++)
                if (!is_digit(s.p[i]))
                        return false;
        return true;
}

/* Behind "attack.": a technique, group, software or mitigation by number, or a tactic by name. */
static bool is_attack(struct span s) {
        static const char *const tactics[] = {
                "reconnaissance",
                "resource-development",
                "initial-access",
                "execution",
                "persistence",
                "privilege-escalation",
                "defense-evasion",
                "defense-impairment",
                "stealth",
                "credential-access",
                "discovery",
                "lateral-movement",
                "collection",
                "command-and-control",
                "exfiltration",
                "impact",
                "inhibit-response-function",
                "impair-process-control",
                "evasion",
        };

        if (s.len >= 5 && s.p[0] == 't' && is_digit(s.p[1]))
                return (s.len == 5 && is_number(span_of(s.p + 1, 4), 4, 4)) ||
                       (s.len == 9 && is_number(span_of(s.p + 1, 4), 4, 4) && s.p[5] == '.' &&
                        is_number(span_of(s.p + 6, 3), 3, 3));
        if (s.len == 5 && strchr("gsmc", s.p[0]) && is_digit(s.p[1]))
                return is_number(span_of(s.p + 1, 4), 4, 4);
        if (s.len == 6 && (span_starts(s, SPAN("ta")) || span_starts(s, SPAN("ds"))))
                return is_number(span_of(s.p + 2, 4), 4, 4);
        for (size_t i = 0; i < ARRAY_LEN(tactics); i++)
                if (span_eq(s, span_str(tactics[i])))
                        return true;
        return false;
}

static bool is_cve(struct span s) {
        return s.len >= 9 && is_number(span_of(s.p, 4), 4, 4) && (s.p[4] == '-' || s.p[4] == '.') &&
               is_number(span_of(s.p + 5, s.len - 5), 4, 7);
}

static bool plain_tag(struct span t) {
        bool dot = false;

        for (size_t i = 0; i < t.len; i++) {
                char c = t.p[i];
                dot |= c == '.' && i > 0 && i + 1 < t.len;
                if (!((c >= 'a' && c <= 'z') || is_digit(c) || c == '_' || c == '-' || c == '.'))
                        return false;
        }
        return dot;
}

static void tag(struct ruleset *set, const struct meta *m, struct span t) {
        static const char *const spaces[] = {"attack",    "car", "cve", "d3fend",
                                             "detection", "stp", "tlp", "coloa"};
        const char *dot = t.len ? memchr(t.p, '.', t.len) : NULL;
        struct span space = span_of(t.p, dot ? (size_t)(dot - t.p) : 0), rest;
        bool known = false;

        if (!plain_tag(t)) {
                TELL(DIAG_WARNING, "tag-format", AT_TAGS,
                     "the tag \"%.*s\" is not of the form namespace.name in lower case",
                     "thẻ \"%.*s\" không có dạng namespace.tên viết thường", SHOW(t));
                return;
        }
        rest = span_of(dot + 1, t.len - space.len - 1);
        for (size_t i = 0; i < ARRAY_LEN(spaces); i++)
                known |= span_eq(space, span_str(spaces[i]));
        if (!known)
                TELL(DIAG_HINT, "tag-namespace", AT_TAGS,
                     "the namespace of the tag \"%.*s\" is not one of the specification's",
                     "không gian tên của thẻ \"%.*s\" không thuộc đặc tả", SHOW(t));
        if (span_eq(space, SPAN("attack")) && !is_attack(rest))
                TELL(DIAG_WARNING, "tag-attack", AT_TAGS,
                     "\"%.*s\" is no ATT&CK tag: write attack.t1059.001, attack.g0001, "
                     "attack.s0001 or a tactic like attack.initial-access",
                     "\"%.*s\" không phải thẻ ATT&CK: hãy viết attack.t1059.001, attack.g0001, "
                     "attack.s0001 hoặc chiến thuật như attack.initial-access",
                     SHOW(t));
        if (span_eq(space, SPAN("cve")) && !is_cve(rest))
                TELL(DIAG_WARNING, "tag-cve", AT_TAGS,
                     "\"%.*s\" is no CVE tag: write cve.2021-44228",
                     "\"%.*s\" không phải thẻ CVE: hãy viết cve.2021-44228", SHOW(t));
        if (span_eq(space, SPAN("tlp")) && !span_eq(rest, SPAN("red")) &&
            !span_eq(rest, SPAN("amber")) && !span_eq(rest, SPAN("amber-strict")) &&
            !span_eq(rest, SPAN("green")) && !span_eq(rest, SPAN("clear")))
                TELL(DIAG_WARNING, "tag-tlp", AT_TAGS,
                     "\"%.*s\" is no traffic-light tag: red, amber, amber-strict, green or clear",
                     "\"%.*s\" không phải thẻ TLP: red, amber, amber-strict, green hoặc clear",
                     SHOW(t));
}

static bool repeated(const struct span *v, uint32_t i) {
        for (uint32_t k = 0; k < i && k < 200; k++)
                if (span_ieq(v[k], v[i]))
                        return true;
        return false;
}

static void lists(struct ruleset *set, const struct meta *m, bool correlation) {
        if (m->n_tags == 0 && !correlation)
                TELL(DIAG_HINT, "tag-missing", AT_TAGS,
                     "the rule has no tags, so it is missing from the ATT&CK coverage",
                     "quy tắc chưa có thẻ nên không có trong độ phủ ATT&CK");
        for (uint32_t i = 0; i < m->n_tags; i++) {
                tag(set, m, m->tags[i]);
                if (repeated(m->tags, i))
                        TELL(DIAG_WARNING, "tag-duplicate", AT_TAGS,
                             "the tag \"%.*s\" stands twice: remove one",
                             "thẻ \"%.*s\" xuất hiện hai lần: hãy bỏ bớt", SHOW(m->tags[i]));
        }
        for (uint32_t i = 0; i < m->n_references; i++) {
                struct span r = m->references[i];
                if (!span_starts(r, SPAN("http://")) && !span_starts(r, SPAN("https://")))
                        TELL(DIAG_HINT, "reference-format", AT_REFERENCES,
                             "the reference \"%.*s\" is no web address",
                             "tham khảo \"%.*s\" không phải địa chỉ web", SHOW(r));
                if (repeated(m->references, i))
                        TELL(DIAG_WARNING, "reference-duplicate", AT_REFERENCES,
                             "the reference \"%.*s\" stands twice: remove one",
                             "tham khảo \"%.*s\" xuất hiện hai lần: hãy bỏ bớt", SHOW(r));
        }
        for (uint32_t i = 0; i < m->n_falsepositives; i++)
                if (span_ieq(m->falsepositives[i], SPAN("none")))
                        TELL(DIAG_HINT, "falsepositives-none", AT_FALSEPOSITIVES,
                             "no rule is without false positives: say Unlikely or Unknown",
                             "không quy tắc nào không có báo nhầm: hãy ghi Unlikely hoặc Unknown");
}

static void file_name(struct ruleset *set, const struct meta *m) {
        struct span s = m->file;
        bool good = true;
        size_t from = s.len;

        while (from > 0 && s.p[from - 1] != '/')
                from--;
        s = span_of(s.p + from, s.len - from);
        if (s.len == 0)
                return;
        for (size_t i = 0; i < s.len; i++)
                good &= (s.p[i] >= 'a' && s.p[i] <= 'z') || is_digit(s.p[i]) || s.p[i] == '_' ||
                        s.p[i] == '.' || s.p[i] == '-';
        if (!good || s.len < 10 || s.len > 90 || !span_ends(s, SPAN(".yml")))
                ruleset_diag(
                        set,
                        &(struct diag){.severity = DIAG_HINT,
                                       .code = "file-name",
                                       .file = m->file,
                                       .rule = m->id.len ? m->id : m->title},
                        "a rule file's name has 10 to 90 of a-z, 0-9, _ and ends with .yml",
                        "tên tệp quy tắc gồm 10 đến 90 ký tự a-z, 0-9, _ và kết thúc bằng .yml");
}

void lint_meta(struct ruleset *set, const struct meta *m, bool correlation, bool shown) {
        identity(set, m);
        if (shown)
                titles(set, m);
        description(set, m);
        dates(set, m);
        status_and_level(set, m);
        lists(set, m, correlation);
        file_name(set, m);
}
