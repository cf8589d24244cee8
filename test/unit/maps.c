/* The shipped log-source maps at work: an event as its source writes it, and a rule for that
 * source. The rule goes through parser and compiler, the event through decoder and matcher. */
#include "engine_data.h"

#include "check.h"

struct row {
        const char *source, *search, *event;
        bool hit;
        enum format format; /* 0: JSON */
};

static bool hit(const struct row *r) {
        struct engine t = {0};
        struct buf rule = {0}, text = {0};
        struct event e;
        struct decode_error err;
        const uint32_t *rules;
        bool found = false;

        engine_maps(&t);
        buf_printf(&rule, "title: t\nlogsource: {%s}\ndetection: {s: {%s}, condition: s}\n",
                   r->source, r->search);
        buf_char(&rule, 0);
        engine_rule(&t, rule.p);
        check(engine_start(&t, NULL) == 0);
        check_int(program_rules(t.program), 1);
        struct program_rule pr;
        check(program_rule(t.program, 0, &pr) && !pr.unmapped);
        struct decoder *d = decoder_new(&(struct decode_options){0});
        buf_str(&text, r->event);
        buf_char(&text, '\n');
        size_t len = text.len;
        check(buf_reserve(&text, SLOT_PADDING) != NULL);
        memset(text.p + text.len, 0, SLOT_PADDING);
        struct batch b = {.payload = span_of(text.p, len)};
        b.h.format = r->format ? r->format : FORMAT_JSON;
        b.h.payload_len = (uint32_t)len;
        b.h.flags = BATCH_FIRST | BATCH_LAST;
        b.h.file_time = TIME_NONE;
        decoder_begin(d, &b, 0);
        matcher_batch(t.matcher, b.payload, b.h.format);
        check(decoder_next(d, &e, &err) == DECODE_EVENT);
        found = matcher_run(t.matcher, &e, &rules) == 1;
        decoder_free(d);
        buf_deinit(&rule);
        buf_deinit(&text);
        engine_stop(&t);
        return found;
}

static void rows(const struct row *r, size_t n) {
        unsigned bad = 0;

        for (size_t i = 0; i < n; i++)
                if (hit(&r[i]) != r[i].hit) {
                        printf("# %s | %s | %s: not %d\n", r[i].source, r[i].search, r[i].event,
                               r[i].hit);
                        bad++;
                }
        check_int(bad, 0);
}

#define ROWS(...)                                                                                  \
        do {                                                                                       \
                static const struct row r_[] = {__VA_ARGS__};                                      \
                rows(r_, ARRAY_LEN(r_));                                                           \
        } while (0)

#define PROCESS "category: process_creation, product: windows"
#define WHOAMI "Image|endswith: '\\whoami.exe'"
#define SYSMON "Microsoft-Windows-Sysmon"
#define EXE "C:\\\\Windows\\\\System32\\\\whoami.exe"

static void windows_shippers(void) {
        ROWS({PROCESS, WHOAMI,
              "{\"Channel\":\"" SYSMON "/Operational\",\"EventID\":1,\"Image\":\"" EXE "\"}", true},
             {PROCESS, WHOAMI,
              "{\"Channel\":\"microsoft-windows-sysmon/"
              "operational\",\"EventID\":\"1\",\"Image\":\"" EXE "\"}",
              true},
             {PROCESS, WHOAMI,
              "{\"Channel\":\"" SYSMON "/Operational\",\"EventID\":5,\"Image\":\"" EXE "\"}",
              false},
             {PROCESS, WHOAMI,
              "{\"SourceName\":\"" SYSMON "\",\"EventID\":1,\"Image\":\"" EXE "\"}", true},
             {PROCESS, WHOAMI,
              "{\"Event\":{\"System\":{\"Provider\":{\"#attributes\":{\"Name\":\"" SYSMON
              "\"}},\"EventID\":{\"#text\":1},"
              "\"Channel\":\"" SYSMON "/Operational\"},\"EventData\":{\"Image\":\"" EXE "\"}}}",
              true},
             {PROCESS, WHOAMI,
              "{\"winlog\":{\"channel\":\"" SYSMON
              "/Operational\",\"event_id\":\"1\",\"event_data\":{\"Image\":\"" EXE "\"}}}",
              true},
             {PROCESS, WHOAMI,
              "{\"winlog\":{\"channel\":\"" SYSMON
              "/Operational\"},\"event\":{\"code\":1},\"process\":{\"executable\":\"" EXE "\"}}",
              true},
             {PROCESS, WHOAMI,
              "{\"_source\":{\"winlog\":{\"channel\":\"" SYSMON
              "/Operational\",\"event_id\":1,\"event_data\":{\"Image\":\"" EXE "\"}}}}",
              true},
             {PROCESS, WHOAMI,
              "{\"win\":{\"system\":{\"channel\":\"" SYSMON
              "/Operational\",\"eventID\":\"1\"},\"eventdata\":{\"image\":\"" EXE "\"}}}",
              true},
             {PROCESS, WHOAMI,
              "{\"Channel\":\"Security\",\"EventID\":4688,\"NewProcessName\":\"" EXE "\"}", true},
             {PROCESS, WHOAMI, "{\"Channel\":\"Security\",\"EventID\":4688,\"Image\":\"" EXE "\"}",
              false},
             {PROCESS, "ParentImage: x, User: y",
              "{\"Channel\":\"Security\",\"EventID\":4688,\"ParentProcessName\":\"x\","
              "\"SubjectUserName\":\"y\"}",
              true},
             {PROCESS, WHOAMI,
              "{\"Timestamp\":1,\"ActionType\":\"ProcessCreated\",\"DeviceName\":\"d\","
              "\"FolderPath\":\"" EXE "\"}",
              true},
             {PROCESS, WHOAMI,
              "{\"Channel\":\"Linux-Sysmon/Operational\",\"EventID\":1,\"Image\":\"" EXE "\"}",
              false});
}

static void windows_categories(void) {
        ROWS({"category: registry_event, product: windows", "TargetObject: x",
              "{\"Channel\":\"" SYSMON
              "/Operational\",\"EventID\":12,\"EventType\":\"CreateKey\",\"TargetObject\":\"x\"}",
              true},
             {"category: registry_add, product: windows", "TargetObject: x",
              "{\"Channel\":\"" SYSMON
              "/Operational\",\"EventID\":12,\"EventType\":\"CreateKey\",\"TargetObject\":\"x\"}",
              true},
             {"category: registry_delete, product: windows", "TargetObject: x",
              "{\"Channel\":\"" SYSMON
              "/Operational\",\"EventID\":12,\"EventType\":\"CreateKey\",\"TargetObject\":\"x\"}",
              false},
             {"category: registry_delete, product: windows", "TargetObject: x",
              "{\"Channel\":\"" SYSMON
              "/Operational\",\"EventID\":12,\"EventType\":\"DeleteValue\",\"TargetObject\":\"x\"}",
              true},
             {"category: registry_event, product: windows", "TargetObject: x",
              "{\"Channel\":\"" SYSMON
              "/Operational\",\"EventID\":12,\"EventType\":\"DeleteKey\",\"TargetObject\":\"x\"}",
              true},
             {"category: registry_add, product: windows", "TargetObject: x",
              "{\"Channel\":\"" SYSMON
              "/Operational\",\"EventID\":12,\"EventType\":\"DeleteKey\",\"TargetObject\":\"x\"}",
              false},
             {"category: registry_set, product: windows", "TargetObject: x",
              "{\"Channel\":\"" SYSMON
              "/Operational\",\"EventID\":12,\"EventType\":\"CreateKey\",\"TargetObject\":\"x\"}",
              false},
             {"category: registry_set, product: windows", "TargetObject: x, Details: d",
              "{\"Channel\":\"" SYSMON
              "/Operational\",\"EventID\":13,\"EventType\":\"SetValue\",\"TargetObject\":\"x\","
              "\"Details\":\"d\"}",
              true},
             {"category: registry_event, product: windows", "TargetObject: x",
              "{\"Channel\":\"" SYSMON
              "/Operational\",\"EventID\":13,\"EventType\":\"SetValue\",\"TargetObject\":\"x\"}",
              true},
             {"category: registry_rename, product: windows", "TargetObject: x",
              "{\"Channel\":\"" SYSMON
              "/Operational\",\"EventID\":14,\"EventType\":\"RenameKey\",\"TargetObject\":\"x\"}",
              true},
             {"category: registry_set, product: windows", "TargetObject: x, Details: d",
              "{\"Channel\":\"Security\",\"EventID\":4657,\"OperationType\":\"%%1904\","
              "\"ObjectName\":\"x\",\"NewValue\":\"d\"}",
              true},
             {"category: network_connection, product: windows",
              "Initiated: 'true', DestinationPort: 4444",
              "{\"Channel\":\"Security\",\"EventID\":5156,\"Direction\":\"%%14593\",\"DestPort\":"
              "4444}",
              true},
             {"category: network_connection, product: windows",
              "Initiated: 'true', DestinationPort: 4444",
              "{\"Channel\":\"Security\",\"EventID\":5156,\"Direction\":\"%%14592\",\"DestPort\":"
              "4444}",
              false},
             {"category: ps_script, product: windows", "ScriptBlockText|contains: iex",
              "{\"Channel\":\"PowerShellCore/"
              "Operational\",\"EventID\":4104,\"ScriptBlockText\":\"IEX\"}",
              true},
             {"product: windows, service: security", "EventID: 1102",
              "{\"Channel\":\"Security\",\"EventID\":1102}", true},
             {"product: windows, service: security", "EventID: 1102",
              "{\"Channel\":\"System\",\"EventID\":1102}", false},
             {"product: windows, service: system", "Provider_Name: Service Control Manager",
              "{\"Channel\":\"System\",\"EventID\":7045,\"SourceName\":\"Service Control "
              "Manager\"}",
              true},
             {"category: antivirus", "Signature|contains: Mimikatz",
              "{\"Channel\":\"Microsoft-Windows-Windows "
              "Defender/Operational\",\"EventID\":1116,\"Threat "
              "Name\":\"HackTool:Win32/Mimikatz\"}",
              true},
             {"category: process_creation, product: windows, service: sysmon", "Image: x",
              "{\"Channel\":\"Security\",\"EventID\":4688,\"NewProcessName\":\"x\"}", false});
}

static void linux_and_macos(void) {
        ROWS({"category: process_creation, product: linux", "Image: /bin/x",
              "{\"Channel\":\"Linux-Sysmon/Operational\",\"EventID\":1,\"Image\":\"/bin/x\"}",
              true},
             {"category: process_creation, product: linux",
              "CommandLine|contains: 'cat /etc/shadow', Image: /usr/bin/cat",
              "type=SYSCALL msg=audit(1700000000.000:1): arch=c000003e syscall=59 success=yes "
              "exit=0 a0=1 pid=2 uid=0 comm=\"cat\" exe=\"/usr/bin/cat\"\n"
              "type=EXECVE msg=audit(1700000000.000:1): argc=2 a0=\"cat\" a1=\"/etc/shadow\"",
              true, FORMAT_AUDITD},
             {"category: file_event, product: linux", "TargetFilename: /etc/cron.d/x",
              "type=PATH msg=audit(1700000000.000:1): item=0 name=\"/etc/cron.d/x\" "
              "nametype=CREATE",
              true, FORMAT_AUDITD},
             {"category: file_event, product: linux", "TargetFilename: /etc/cron.d/x",
              "type=PATH msg=audit(1700000000.000:1): item=0 name=\"/etc/cron.d/x\" "
              "nametype=NORMAL",
              false, FORMAT_AUDITD},
             {"product: linux, service: sshd", "message|contains: Failed",
              "Jan  2 03:04:05 h sshd[1]: Failed password for root from 1.2.3.4 port 5 ssh2", true,
              FORMAT_SYSLOG},
             {"product: linux, service: cron", "message|contains: Failed",
              "Jan  2 03:04:05 h sshd[1]: Failed password for root from 1.2.3.4 port 5 ssh2", false,
              FORMAT_SYSLOG},
             {"product: linux, service: sudo", "USER: '#-1'",
              "Jan  2 03:04:05 h sudo:   eve : TTY=pts/0 ; PWD=/ ; USER=#-1 ; COMMAND=/bin/id",
              true, FORMAT_SYSLOG},
             {"product: linux, service: auth",
              "pam_message: authentication failure, pam_user: root, pam_rhost: 1.2.3.4",
              "Jan  2 03:04:05 h vsftpd[1]: pam_unix(vsftpd:auth): authentication failure; "
              "logname= uid=0 euid=0 tty=ftp ruser=x rhost=1.2.3.4  user=root",
              true, FORMAT_SYSLOG},
             {"product: linux, service: sshd", "MESSAGE|contains: Failed",
              "{\"__REALTIME_TIMESTAMP\":\"1\",\"SYSLOG_IDENTIFIER\":\"sshd\",\"MESSAGE\":\"Failed "
              "password\"}",
              true},
             {"category: process_creation, product: macos", "Image|endswith: /osascript",
              "{\"schema_version\":1,\"event_type\":9,\"process\":{\"audit_token\":{\"pid\":1}},"
              "\"event\":{\"exec\":{\"target\":{\"executable\":{\"path\":\"/usr/bin/"
              "osascript\"}}}}}",
              true});
}

#define SHELL "cs-uri-query|contains: '/x.php?cmd=', cs-method: GET"

static void web_and_network(void) {
        ROWS({"category: webserver", SHELL,
              "1.2.3.4 - - [10/Oct/2000:13:55:36 -0700] \"GET /x.php?cmd=id HTTP/1.0\" 200 1", true,
              FORMAT_WEB},
             {"category: webserver", SHELL,
              "#Fields: date time cs-method cs-uri-stem cs-uri-query\n2026-01-01 00:00:00 GET "
              "/x.php cmd=id",
              true, FORMAT_W3C},
             {"category: webserver", SHELL,
              "{\"event_type\":\"http\",\"flow_id\":1,\"http\":{\"url\":\"/"
              "x.php?cmd=id\",\"http_method\":\"GET\"}}",
              true},
             {"category: webserver", SHELL,
              "{\"event_type\":\"fileinfo\",\"flow_id\":1,\"http\":{\"url\":\"/"
              "x.php?cmd=id\",\"http_method\":\"GET\"}}",
              false},
             {"category: webserver", SHELL,
              "{\"_path\":\"http\",\"ts\":1,\"uri\":\"/x.php?cmd=id\",\"method\":\"GET\"}", true},
             {"category: webserver", SHELL,
              "{\"remote_addr\":\"1.2.3.4\",\"status\":200,\"request\":\"GET /x.php?cmd=id "
              "HTTP/1.1\",\"request_method\":\"GET\"}",
              true},
             {"category: proxy", "c-useragent|contains: sqlmap, cs-host: h",
              "{\"event_type\":\"http\",\"flow_id\":1,\"http\":{\"hostname\":\"h\",\"http_user_"
              "agent\":\"sqlmap/1\"}}",
              true},
             {"category: proxy", "c-uri|endswith: .ps1",
              "#Fields: date time cs-method cs-uri cs-host\n2026-01-01 00:00:00 GET http://h/a.ps1 "
              "h",
              true, FORMAT_W3C},
             {"category: proxy", "c-uri|endswith: .ps1",
              "#Fields: date time cs-method cs-uri-stem cs-uri-query\n2026-01-01 00:00:00 GET "
              "/a.ps1 -",
              false, FORMAT_W3C},
             {"category: proxy", "c-uri|endswith: .ps1",
              "1.2.3.4 - - [10/Oct/2000:13:55:36 -0700] \"GET http://h/x.ps1 HTTP/1.0\" 200 1",
              true, FORMAT_WEB},
             {"category: proxy", "c-uri|endswith: .ps1",
              "1.2.3.4 - - [10/Oct/2000:13:55:36 -0700] \"GET /x.ps1 HTTP/1.0\" 200 1", false,
              FORMAT_WEB},
             {"product: cisco, service: aaa", "message|contains: erase",
              "*Mar  1 18:46:11: %PARSER-5-CFGLOG_LOGGEDCMD: User:x logged command:erase "
              "startup-config",
              true, FORMAT_TEXT},
             {"product: cisco, service: aaa", "message|contains: erase",
              "Nov 23 10:00:00 r1 123: *Nov 23 10:00:00.123: %PARSER-5-CFGLOG_LOGGEDCMD: User:x "
              "logged command:erase x",
              true, FORMAT_SYSLOG},
             {"product: cisco, service: aaa", "message|contains: erase",
              "<189>123: *Mar  1 18:46:11: %PARSER-5-CFGLOG_LOGGEDCMD: User:x  logged "
              "command:erase x",
              true, FORMAT_SYSLOG},
             {"product: cisco, service: aaa", "message|contains: erase",
              "Nov 23 10:00:00 r1 %PARSER-5-CFGLOG_LOGGEDCMD: User:x logged command:erase x", true,
              FORMAT_SYSLOG},
             {"product: cisco, service: aaa", "message|contains: erase", "will erase the disk",
              false, FORMAT_TEXT},
             {"category: dns", "query: evil.example",
              "{\"event_type\":\"dns\",\"flow_id\":1,\"dns\":{\"rrname\":\"evil.example\"}}", true},
             {"category: dns", "query: evil.example",
              "{\"ts\":1,\"id.orig_h\":\"1.2.3.4\",\"query\":\"evil.example\",\"qtype_name\":"
              "\"A\"}",
              true},
             {"product: zeek, service: dns", "query: evil.example",
              "{\"@stream\":\"dns\",\"ts\":1,\"query\":\"evil.example\"}", true},
             {"product: zeek, service: dce_rpc", "operation: x",
              "{\"ts\":1,\"id_orig_h\":\"1\",\"endpoint\":\"drsuapi\",\"operation\":\"x\"}", true},
             {"product: zeek, service: http", "operation: x",
              "{\"ts\":1,\"id_orig_h\":\"1\",\"endpoint\":\"drsuapi\",\"operation\":\"x\"}", false},
             {"category: firewall", "dst_port: 23",
              "{\"event_type\":\"flow\",\"flow_id\":1,\"dest_port\":23}", true},
             {"product: suricata, service: alert", "alert.severity: 1",
              "{\"event_type\":\"alert\",\"flow_id\":1,\"alert\":{\"severity\":1}}", true});
}

static void clouds_and_services(void) {
        ROWS({"product: aws, service: cloudtrail", "eventName: StopLogging",
              "{\"eventVersion\":\"1.08\",\"eventSource\":\"cloudtrail.amazonaws.com\","
              "\"eventName\":\"StopLogging\"}",
              true},
             {"product: azure, service: auditlogs", "properties.message: Add member to role",
              "{\"time\":1,\"category\":\"AuditLogs\",\"operationName\":\"Add member to role\"}",
              true},
             {"product: azure, service: signinlogs", "ResultType: 50126",
              "{\"time\":1,\"category\":\"SignInLogs\",\"operationName\":\"Sign-in "
              "activity\",\"resultType\":\"50126\"}",
              true},
             {"product: azure, service: signinlogs", "ResultType: 50126",
              "{\"time\":1,\"category\":\"AuditLogs\",\"operationName\":\"x\",\"resultType\":"
              "\"50126\"}",
              false},
             {"product: azure, service: activitylogs",
              "operationName: MICROSOFT.COMPUTE/VIRTUALMACHINES/DELETE",
              "{\"time\":1,\"category\":\"Administrative\",\"resourceId\":\"/"
              "x\",\"operationName\":\"Microsoft.Compute/virtualMachines/delete\"}",
              true},
             {"product: azure, service: riskdetection", "riskEventType: leakedCredentials",
              "{\"riskEventType\":\"leakedCredentials\",\"riskState\":\"atRisk\"}", true},
             {"product: gcp, service: gcp.audit", "gcp.audit.method_name: x",
              "{\"protoPayload\":{\"serviceName\":\"s\",\"methodName\":\"x\"}}", true},
             {"product: gcp, service: google_workspace.admin",
              "eventService: admin.googleapis.com, eventName: x",
              "{\"kind\":\"k\",\"id\":{\"applicationName\":\"admin\"},\"events\":[{\"name\":\"x\"}]"
              "}",
              true},
             {"product: m365, service: audit", "Operation: x",
              "{\"Operation\":\"x\",\"Workload\":\"Exchange\"}", true},
             {"product: okta, service: okta", "eventType: x",
              "{\"eventType\":\"x\",\"actor\":{\"alternateId\":\"a\"}}", true},
             {"product: github, service: audit", "action: x",
              "{\"action\":\"x\",\"actor\":\"a\",\"org\":\"o\"}", true},
             {"product: bitbucket, service: audit", "auditType.action: x",
              "{\"auditType\":{\"action\":\"x\",\"category\":\"c\"}}", true},
             {"product: kubernetes, service: audit", "verb: x",
              "{\"auditID\":\"1\",\"verb\":\"x\",\"requestURI\":\"/\"}", true},
             {"product: kubernetes, category: application, service: audit", "apiGroup: x",
              "{\"auditID\":\"1\",\"verb\":\"v\",\"requestURI\":\"/"
              "\",\"objectRef\":{\"apiGroup\":\"x\"}}",
              true},
             {"product: onelogin, service: onelogin.events", "event_type_id: 3",
              "{\"event_type_id\":3,\"account_id\":1}", true},
             {"category: application, product: opencanary", "logtype: 4002",
              "{\"node_id\":\"n\",\"logtype\":4002}", true},
             {"product: cisco, service: duo", "reason: bypass_user",
              "{\"event_type\":\"authentication\",\"txid\":\"t\",\"reason\":\"bypass_user\"}",
              true},
             {"category: application, product: rpc_firewall", "EventLog: RPCFW, EventID: 3",
              "{\"Channel\":\"RPCFW\",\"EventID\":3}", true},
             {"service: netflow", "destination.port: 23", "{\"destination\":{\"port\":23}}", true});
}

int main(void) {
        RUN(windows_shippers);
        RUN(windows_categories);
        RUN(linux_and_macos);
        RUN(web_and_network);
        RUN(clouds_and_services);
        return check_done();
}
