/* Writes a report of made-up findings to standard output, to look at and to measure with:
 *
 *     make_report html 100000 > /tmp/report.html
 *     make_report terminal 300 120 colour
 *
 * Deterministic. Among the findings are hostile ones: markup, escapes, direction overrides, NULs.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/lang.h"
#include "base/timestamp.h"
#include "report/report.h"

struct made_rule {
        const char *title, *vi, *description, *description_vi;
        enum level level;
        const char *tags[5];
        const char *image, *command;
};

static const struct made_rule made[] = {
        {"Shadow copies deleted with vssadmin",
         "Xoá bản sao lưu bóng bằng vssadmin",
         "A process deletes all shadow copies of the machine. Ransomware does this right before it "
         "encrypts.",
         "Một tiến trình xoá toàn bộ bản sao lưu bóng của máy. Mã độc tống tiền thường làm việc "
         "này ngay trước khi "
         "mã hoá.",
         LEVEL_CRITICAL,
         {"attack.impact", "attack.t1490"},
         "C:\\Windows\\System32\\vssadmin.exe",
         "vssadmin.exe delete shadows /all /quiet"},
        {"Credentials read from LSASS",
         "Đọc thông tin xác thực từ LSASS",
         "",
         "",
         LEVEL_CRITICAL,
         {"attack.credential-access", "attack.t1003.001"},
         "C:\\Users\\Public\\khoa.exe",
         "khoa.exe --dump lsass"},
        {"PowerShell starts with an encoded command",
         "PowerShell chạy với lệnh mã hoá",
         "",
         "",
         LEVEL_HIGH,
         {"attack.execution", "attack.stealth", "attack.t1059.001", "attack.t1027"},
         "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe",
         "powershell.exe -nop -w hidden -enc "
         "SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoAZQBjAHQAIABOAGUAdAAuAFcAZQBiAEMAbABpAGUA"
         "bgB0ACkA"},
        {"Scheduled task made from the command line",
         "Tạo tác vụ định kỳ từ dòng lệnh",
         "",
         "",
         LEVEL_MEDIUM,
         {"attack.persistence", "attack.execution", "attack.t1053.005"},
         "C:\\Windows\\System32\\schtasks.exe",
         "schtasks /create /sc onlogon /tn Updater /tr C:\\ProgramData\\u.exe /ru SYSTEM"},
        {"New .jsp file under a web root",
         "Tệp .jsp mới trong thư mục web",
         "",
         "",
         LEVEL_HIGH,
         {"attack.persistence", "attack.t1505.003", "attack.initial-access", "attack.t1190"},
         "/usr/bin/java",
         "java -jar tomcat.jar"},
        {"Windows event log cleared",
         "Xoá nhật ký sự kiện Windows",
         "",
         "",
         LEVEL_HIGH,
         {"attack.defense-impairment", "attack.t1685.005"},
         "C:\\Windows\\System32\\wevtutil.exe",
         "wevtutil cl Security"},
        {"Account and group discovery",
         "Thăm dò tài khoản và nhóm",
         "",
         "",
         LEVEL_LOW,
         {"attack.discovery", "attack.t1087.002"},
         "C:\\Windows\\System32\\net.exe",
         "net group \"Domain Admins\" /domain"},
        {"Remote service made with PsExec",
         "Tạo dịch vụ từ xa bằng PsExec",
         "",
         "",
         LEVEL_HIGH,
         {"attack.lateral-movement", "attack.t1021.002", "attack.execution", "attack.t1569.002"},
         "C:\\Windows\\PSEXESVC.exe",
         "PSEXESVC.exe"},
        {"DNS query of unusual length",
         "Truy vấn DNS dài bất thường",
         "",
         "",
         LEVEL_MEDIUM,
         {"attack.command-and-control", "attack.t1071.004", "attack.exfiltration", "attack.t1048"},
         "svchost.exe",
         "-"},
        {"</script><img src=x onerror=alert(1)> \xe2\x80\xae evil title",
         "",
         "<b>x</b>",
         "",
         LEVEL_INFORMATIONAL,
         {"cve.2021-44228", "attack.t9999", "<script>"},
         "<svg onload=alert(1)>",
         "</script><script>alert(1)</script> \xe2\x80\xae\xff\x1b[31m"},
};

static const struct made_rule alert = {"Sign-in succeeds after many failures",
                                       "Đăng nhập được sau nhiều lần sai",
                                       "More than 20 failures from one address, then a success.",
                                       "Hơn 20 lần sai từ một địa chỉ, rồi một lần đúng.",
                                       LEVEL_CRITICAL,
                                       {"attack.credential-access", "attack.t1110.003"},
                                       "",
                                       ""};

static const struct made_rule *rule_at(uint32_t i, bool correlation) {
        return correlation ? &alert : &made[i % ARRAY_LEN(made)];
}

static bool get_rule(void *ctx, uint32_t i, bool correlation, struct program_rule *ret) {
        const struct made_rule *m = rule_at(i, correlation);
        static char title[200], id[40];
        bool plain = i < ARRAY_LEN(made);
        uint32_t n = 0;

        while (n < ARRAY_LEN(m->tags) && m->tags[n])
                n++;
        snprintf(id, sizeof(id), "00000000-0000-4000-8000-%012u", i);
        if (plain)
                snprintf(title, sizeof(title), "%s", m->title);
        else
                snprintf(title, sizeof(title), "%s (variant %u)", m->title,
                         i / (unsigned)ARRAY_LEN(made));
        *ret = (struct program_rule){.id = span_str(id),
                                     .title = span_str(title),
                                     .title_vi = span_str(plain ? m->vi : ""),
                                     .description = span_str(m->description),
                                     .description_vi = span_str(m->description_vi),
                                     .file = SPAN("rules/windows/made.yml"),
                                     .level = m->level,
                                     .n_tags = n};
        if (!plain && m->level > LEVEL_INFORMATIONAL)
                ret->level = (enum level)(m->level - 1);
        return true;
}

static struct span get_tag(void *ctx, uint32_t i, bool correlation, uint32_t nth) {
        return span_str(rule_at(i, correlation)->tags[nth]);
}

static struct span get_input(void *ctx, uint32_t i) {
        static const char *const paths[] = {
                "evidence/SRV-HIS-03/Security.evtx", "evidence/SRV-HIS-03/Sysmon.evtx",
                "evidence/web01/access.log", "evidence/<b>hostile</b>/\x1b[2J.json"};
        return span_str(paths[i % ARRAY_LEN(paths)]);
}

static uint64_t state = 1;

static uint32_t dice(uint32_t n) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        return (uint32_t)(state >> 33) % n;
}

static int put(void *ctx, const void *p, size_t n) {
        return fwrite(p, 1, n, stdout) == n ? 0 : -EIO;
}

static struct finding_field fields[48];
static char texts[40][200];

static void set(uint32_t *n, const char *name, enum finding_type type, bool matched,
                const char *value) {
        fields[(*n)++] =
                (struct finding_field){span_str(name), span_str(value), (uint8_t)type, matched};
}

static void hex(char *to, unsigned words) {
        for (unsigned i = 0; i < words; i++)
                snprintf(to + i * 8, 9, "%08X", dice(UINT32_MAX));
}

static void make_event(struct finding *f, const struct made_rule *m) {
        static const char *const names[] = {"ProcessGuid", "ParentProcessGuid", "LogonGuid", "SHA1",
                                            "SHA256"};
        uint32_t n = 0;

        set(&n, "Event.System.Provider.Name", FINDING_STRING, false, "Microsoft-Windows-Sysmon");
        set(&n, "EventID", FINDING_NUMBER, true, "1");
        set(&n, "Image", FINDING_STRING, true, m->image);
        set(&n, "CommandLine", FINDING_STRING, true, m->command);
        set(&n, "ParentImage", FINDING_STRING, false, "C:\\Windows\\explorer.exe");
        set(&n, "ParentCommandLine", FINDING_STRING, false,
            "C:\\Windows\\Explorer.EXE /NOUACCHECK");
        set(&n, "IntegrityLevel", FINDING_STRING, false, "High");
        set(&n, "Elevated", FINDING_BOOL, false, "true");
        set(&n, "Nothing", FINDING_NULL, false, "");
        for (unsigned i = 0; i < 24; i++) {
                hex(texts[i], i < 5 ? 4 + i : 4);
                if (i >= ARRAY_LEN(names))
                        snprintf(texts[i] + 100, 32, "Attribute%u", i);
                set(&n, i < ARRAY_LEN(names) ? names[i] : texts[i] + 100, FINDING_STRING, false,
                    texts[i]);
        }
        set(&n, "Message", FINDING_STRING, false,
            "Process Create:\nRuleName: -\nUtcTime: 2026-11-17 20:09:41.883\nFileVersion: "
            "10.0.19041.1\n"
            "Description: Command Line Interface\nProduct: Microsoft Windows Operating System\n"
            "Company: Microsoft Corporation\nCurrentDirectory: "
            "C:\\Users\\Public\\\nTerminalSessionId: 1\n");
        if (dice(50) == 0)
                fields[n++] =
                        (struct finding_field){SPAN("Nul"), SPAN("a\0b"), FINDING_STRING, false};
        f->fields = fields;
        f->n_fields = n;
}

static int make_finding(struct report *r, unsigned long i, unsigned long n) {
        bool is_alert = dice(200) == 0;
        uint32_t rule = dice(10) ? dice(12) * dice(12) % 60 : dice(60), h = dice(8) * dice(8);
        struct finding f = {.rule = is_alert ? 0 : rule,
                            .flags = FINDING_REPORT | (is_alert ? FINDING_ALERT : 0),
                            .input = dice(4),
                            .length = 2400,
                            .offset = i * 2400,
                            .record = 80000 + i,
                            .count = is_alert ? 23 : 1};
        char host[64], user[64];

        snprintf(host, sizeof(host), h == 9 ? "<img src=x>%u" : "SRV-%02u.songthuong.local", h);
        snprintf(user, sizeof(user), "SONGTHUONG\\user%02u", dice(30));
        f.host = span_str(host);
        f.user = span_str(user);
        f.time = (INT64_C(1794860000) + (int64_t)(i * 86400 / (n + 1)) + dice(1200)) * NS_PER_SEC;
        f.time += dice(1000) * INT64_C(1000000);
        if (dice(500) == 0)
                f.time = TIME_NONE;
        f.time_last = is_alert && f.time != TIME_NONE ? f.time + 300 * NS_PER_SEC : f.time;
        make_event(&f, rule_at(f.rule, is_alert));
        return report_finding(r, &f);
}

int main(int argc, char **argv) {
        struct report_context c = {.source = {.rule = get_rule, .tag = get_tag, .input = get_input},
                                   .write = put,
                                   .version = "0.1.0",
                                   .ruleset = SPAN("content/rules"),
                                   .started = INT64_C(1794951000) * NS_PER_SEC,
                                   .width = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 80,
                                   .colour = argc > 4};
        unsigned long n = argc > 2 ? strtoul(argv[2], NULL, 10) : 100;
        struct report *r = NULL;

        lang_current = lang_from(getenv("LANG"));
        if (argc < 2 || !report_format_from(span_str(argv[1]), &c.format) || report_new(&r, &c) < 0)
                return 2;
        for (unsigned long i = 0; i < n; i++)
                if (make_finding(r, i, n) < 0)
                        return 1;
        for (unsigned i = 0; i < MIN(n, 20u); i++)
                report_unreadable(r, &(struct report_unreadable){
                                             .input = i,
                                             .offset = i * 65536,
                                             .length = 65536,
                                             .phrase = SPAN("chunk checksum is wrong <b>"),
                                             .recovered = i,
                                             .crash = i == 3});
        int e = report_end(r, &(struct report_summary){.files = 12,
                                                       .records = n * 31,
                                                       .bytes = n * 31 * 2400,
                                                       .unreadable_bytes = (uint64_t)20 * 65536,
                                                       .crashes = 1,
                                                       .duration = INT64_C(5230000000),
                                                       .rules = 3757,
                                                       .correlations = 12,
                                                       .rules_refused = 23});
        report_free(r);
        return e < 0 ? 1 : 0;
}
