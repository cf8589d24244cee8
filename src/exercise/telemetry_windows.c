/* Windows records: a JSON line an event, in the shape of the dev set's newer recordings; processes whose parents are
 * there, sessions, files. Process numbers are multiples of four, GUIDs hold the time of creation as Sysmon's do, hashes
 * are of the program's name and so the same on all hosts. Nothing was run to make them. */
#include <stdio.h>

#include "exercise/telemetry_impl.h"

/* ---- writing an event ---- */

void win_open(struct win *w, struct maker *m, unsigned host, enum win_id id, int64_t at) {
        const struct win_event *e = &win_events[id];

        *w = (struct win){
                .m = m, .e = e, .host = host, .at = at, .off = !host_has(m, host, e->source)};
        for (const char *p = e->fields; !w->off && *p && w->n < WIN_FIELDS_MAX;) {
                size_t len = strcspn(p, "|");

                w->names[w->n] = span_of(p, len);
                w->values[w->n++] = "-";
                p += len + (p[len] == '|');
        }
}

void win_set(struct win *w, const char *name, const char *value) {
        size_t len = strlen(name);

        for (unsigned i = 0; i < w->n; i++)
                if (w->names[i].len == len && memcmp(w->names[i].p, name, len) == 0) {
                        w->values[i] = value;
                        return;
                }
        assert(w->off); /* no such field: the table and the caller differ */
}

/* The inside of a JSON string, as collectors write it: only what must be escaped. */
static void json_text(struct buf *b, const char *s, bool hex_upper) {
        bool up = hex_upper && s[0] == '0' && s[1] == 'x';

        for (unsigned i = 0; *s; s++, i++) {
                char c = up && i > 1 && *s >= 'a' && *s <= 'f' ? (char)(*s - 32) : *s;

                if (c == '"' || c == '\\') {
                        buf_char(b, '\\');
                        buf_char(b, c);
                } else if (c == '\n') {
                        buf_str(b, "\\n");
                } else if (c == '\r') {
                        buf_str(b, "\\r");
                } else if (c == '\t') {
                        buf_str(b, "\\t");
                } else if ((unsigned char)c < ' ') {
                        buf_char(b, ' ');
                } else {
                        buf_char(b, c);
                }
        }
}

static const char *value_of(const struct win *w, struct span name) {
        for (unsigned i = 0; i < w->n; i++)
                if (span_eq(w->names[i], name))
                        return w->values[i] ? w->values[i] : "";
        return "";
}

/* The template is written as JSON already; only values are escaped. */
static void message(struct buf *b, const struct win *w) {
        const char *t = w->e->message;

        if (!t) {
                buf_str(b, w->e->title);
                buf_char(b, ':');
                for (unsigned i = 0; i < w->n; i++) {
                        buf_str(b, "\\r\\n");
                        buf_span(b, w->names[i]);
                        buf_str(b, ": ");
                        json_text(b, w->values[i] ? w->values[i] : "",
                                  span_eq(w->names[i], SPAN("LogonId")));
                }
                return;
        }
        while (*t) {
                size_t len = strcspn(t, "{");

                buf_add(b, t, len);
                t += len;
                if (!*t)
                        break;
                bool up = t[1] == '^';
                len = strcspn(t, "}");
                json_text(b, value_of(w, span_of(t + 1 + up, len - 1 - up)), up);
                t += len + 1;
        }
}

void win_write(struct win *w) {
        const struct win_provider *v = &win_providers[w->e->source];
        struct maker *m = w->m;
        struct buf *b = w->off ? NULL : line_begin(m, w->host, w->e->source);
        char when[40];

        if (!b)
                return;
        bool log = w->e->id == 1102 || w->e->id == 104;
        time_format(when, event_ns(m, w->at), 3);
        buf_printf(b,
                   "{\"SourceName\":\"%s\",\"ProviderGuid\":\"%s\",\"Level\":\"%s\",\"Keywords\":"
                   "\"%s\",\"Channel\":\"%s\","
                   "\"Hostname\":\"%s\",\"TimeCreated\":\"%s\",\"@timestamp\":\"%s\",\"EventID\":%"
                   "u,\"Message\":\"",
                   log ? "Microsoft-Windows-Eventlog" : v->name,
                   log ? "{fc65ddd8-d6ef-4962-83d5-6e5cfe9ce148}" : v->guid, w->e->level,
                   w->e->keywords, v->channel, m->hosts[w->host].fqdn, when, when, w->e->id);
        message(b, w);
        buf_printf(b, "\",\"Task\":\"%s\"", w->e->task);
        for (unsigned i = 0; i < w->n; i++) {
                buf_printf(b, ",\"%.*s\":", (int)w->names[i].len, w->names[i].p);
                if (!w->values[i]) {
                        buf_str(b, "null");
                        continue;
                }
                buf_char(b, '"');
                json_text(b, w->values[i], false);
                buf_char(b, '"');
        }
        buf_char(b, '}');
        line_end(m, w->host, w->e->source, w->at, FORMAT_JSON);
}

/* ---- who ---- */

const char *who_user(struct maker *m, unsigned host, int who) {
        return tel_say(m, "%s\\%s", who >= 0 ? m->netbios : "NT AUTHORITY", account_name(m, who));
}

const char *who_sid(struct maker *m, unsigned host, int who) {
        static const char *const own[] = {"S-1-5-18", "S-1-5-19", "S-1-5-20", "S-1-0-0"};

        if (who < 0)
                return own[MIN(-1 - who, 3)];
        return tel_say(m, "S-1-5-21-%llu-%llu-%llu-%d", (unsigned long long)m->domain_sid[0],
                       (unsigned long long)m->domain_sid[1], (unsigned long long)m->domain_sid[2],
                       1105 + who);
}

uint64_t who_logon(struct maker *m, unsigned host, int who) {
        static const uint64_t own[] = {0x3e7, 0x3e5, 0x3e4, 0};

        if (who < 0)
                return own[MIN(-1 - who, 3)];
        return 0x40000 + prng_key(m->hosts[host].key, 7000 + (uint64_t)who) % 0x2000000;
}

static const char *logon_text(struct maker *m, unsigned host, int who) {
        return tel_say(m, "0x%llx", (unsigned long long)who_logon(m, host, who));
}

static const char *domain_of(struct maker *m, int who) {
        return who >= 0 ? m->netbios : who == WHO_NOBODY ? "-" : "NT AUTHORITY";
}

void win_subject(struct win *w, int who) {
        if (w->off)
                return;
        bool machine = who == WHO_SYSTEM; /* Windows names the computer there */
        win_set(w, "SubjectUserSid", who_sid(w->m, w->host, who));
        win_set(w, "SubjectUserName",
                machine ? tel_say(w->m, "%s$", tel_upper(w->m, w->m->hosts[w->host].name))
                        : account_name(w->m, who));
        win_set(w, "SubjectDomainName", machine ? w->m->netbios : domain_of(w->m, who));
        win_set(w, "SubjectLogonId", logon_text(w->m, w->host, who));
}

void win_target(struct win *w, int who) {
        if (w->off)
                return;
        win_set(w, "TargetUserSid", who_sid(w->m, w->host, who));
        win_set(w, "TargetUserName", account_name(w->m, who));
        win_set(w, "TargetDomainName", domain_of(w->m, who));
        win_set(w, "TargetLogonId", logon_text(w->m, w->host, who));
}

/* ---- processes ---- */

static const char *guid(struct maker *m, unsigned host, int64_t created_ns, uint64_t token) {
        uint64_t s = (uint64_t)(created_ns / NS_PER_SEC);

        return tel_say(m, "{%08x-%04x-%04x-%04x-%02x0000000%x00}", m->hosts[host].machine,
                       (unsigned)(s & 0xffff), (unsigned)(s >> 16 & 0xffff),
                       (unsigned)(token & 0xffff), (unsigned)(token >> 16 & 0xff),
                       4u + (unsigned)(m->hosts[host].key % 9));
}

static const struct {
        const char *image, *cmd;
        bool user; /* of the account's session */
        int who;
} standing[STANDING] = {
        [PROC_SYSTEM] = {"System", "", false, WHO_SYSTEM},
        [PROC_SERVICES] = {SYS32("services.exe"), SYS32("services.exe"), false, WHO_SYSTEM},
        [PROC_LSASS] = {SYS32("lsass.exe"), SYS32("lsass.exe"), false, WHO_SYSTEM},
        [PROC_WINLOGON] = {SYS32("winlogon.exe"), "winlogon.exe", false, WHO_SYSTEM},
        [PROC_SVCHOST_SCHEDULE] = {SYS32("svchost.exe"),
                                   SYS32("svchost.exe") " -k netsvcs -p -s Schedule", false,
                                   WHO_SYSTEM},
        [PROC_SVCHOST_NETWORK] = {SYS32("svchost.exe"),
                                  SYS32("svchost.exe") " -k NetworkService -p -s Dnscache", false,
                                  WHO_NETWORK},
        [PROC_SVCHOST_DCOM] = {SYS32("svchost.exe"), SYS32("svchost.exe") " -k DcomLaunch -p",
                               false, WHO_SYSTEM},
        [PROC_SVCHOST_LOCAL] = {SYS32("svchost.exe"), SYS32("svchost.exe") " -k LocalService -p",
                                false, WHO_LOCAL},
        [PROC_WMIPRVSE] = {SYS32("wbem\\WmiPrvSE.exe"),
                           SYS32("wbem\\wmiprvse.exe") " -secured -Embedding", false, WHO_NETWORK},
        [PROC_DEFENDER] = {"C:\\ProgramData\\Microsoft\\Windows "
                           "Defender\\Platform\\4.18.24090.11-0\\MsMpEng.exe",
                           "\"C:\\ProgramData\\Microsoft\\Windows "
                           "Defender\\Platform\\4.18.24090.11-0\\MsMpEng.exe\"",
                           false, WHO_SYSTEM},
        [PROC_SPOOLER] = {SYS32("spoolsv.exe"), SYS32("spoolsv.exe"), false, WHO_SYSTEM},
        [PROC_SEARCH] = {SYS32("SearchIndexer.exe"), SYS32("SearchIndexer.exe") " /Embedding",
                         false, WHO_SYSTEM},
        [PROC_EXPLORER] = {"C:\\Windows\\explorer.exe", "C:\\Windows\\Explorer.EXE", true, 0},
        [PROC_OUTLOOK] = {"C:\\Program Files\\Microsoft Office\\root\\Office16\\OUTLOOK.EXE",
                          "\"C:\\Program Files\\Microsoft Office\\root\\Office16\\OUTLOOK.EXE\" ",
                          true, 0},
        [PROC_EDGE] = {"C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe",
                       "\"C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe\" "
                       "--profile-directory=Default",
                       true, 0},
        [PROC_W3WP] = {SYS32("inetsrv\\w3wp.exe"),
                       "c:\\windows\\system32\\inetsrv\\w3wp.exe -ap \"CongThongTin\" -v "
                       "\"v4.0\"",
                       false, WHO_NETWORK},
        [PROC_UPDATER] = {"C:\\Program Files\\Common Files\\Updater\\UpdateService.exe",
                          "\"C:\\Program Files\\Common Files\\Updater\\UpdateService.exe\" /svc",
                          false, WHO_SYSTEM},
};

const struct proc *proc_standing(struct maker *m, unsigned host, enum standing s, int who) {
        struct proc *p = arena_zalloc(&m->arena, sizeof(*p));
        static const struct proc none = {.image = "", .cmd = "", .folder = ""};

        if (!p)
                return &none;
        p->who = standing[s].user && who >= 0 ? who
                 : standing[s].user           ? WHO_SYSTEM
                                              : standing[s].who;
        struct prng r = {prng_key(prng_key(m->hosts[host].key, 100 + s), (uint64_t)p->who + 8)};
        p->image = standing[s].image;
        p->cmd = standing[s].cmd;
        p->folder = standing[s].user ? "C:\\Windows\\" : SYS32("");
        p->pid = s == PROC_SYSTEM ? 4 : 500 + 4 * (unsigned)prng_below(&r, 2600);
        int64_t age = standing[s].user ? prng_range(&r, 600, 3 * 3600) : 0;
        int64_t born = age ? m->ask->start_ns - age * NS_PER_SEC
                           : m->hosts[host].boot + prng_range(&r, 5, 90) * NS_PER_SEC;
        snprintf(p->guid, sizeof(p->guid), "%s", guid(m, host, born, prng_range(&r, 3, 0xff)));
        return p;
}

/* What the file says of itself. */
static const struct {
        const char *file, *description;
} described[] = {
        {"cmd.exe", "Windows Command Processor"},
        {"powershell.exe", "Windows PowerShell"},
        {"wscript.exe", "Microsoft ® Windows Based Script Host"},
        {"cscript.exe", "Microsoft ® Console Based Script Host"},
        {"mshta.exe", "Microsoft (R) HTML Application host"},
        {"rundll32.exe", "Windows host process (Rundll32)"},
        {"whoami.exe", "whoami - displays logged on user information"},
        {"net.exe", "Net Command"},
        {"net1.exe", "Net Command"},
        {"ipconfig.exe", "IP Configuration Utility"},
        {"systeminfo.exe", "Displays system information"},
        {"nltest.exe", "Microsoft® Logon Server Test Utility"},
        {"tasklist.exe", "Lists the current running tasks"},
        {"vssadmin.exe", "Command Line Interface for Microsoft® Volume Shadow Copy Service "},
        {"wbadmin.exe", "Command Line Interface for Microsoft® BLB Backup"},
        {"bcdedit.exe", "Boot Configuration Data Editor"},
        {"wevtutil.exe", "Eventing Command Line Utility"},
        {"schtasks.exe", "Task Scheduler Configuration Tool"},
        {"certutil.exe", "CertUtil.exe"},
        {"bitsadmin.exe", "BITS administration utility"},
        {"reg.exe", "Registry Console Tool"},
        {"sc.exe", "Service Control Manager Configuration Tool"},
        {"netsh.exe", "Network Command Shell"},
        {"WINWORD.EXE", "Microsoft Word"},
        {"EXCEL.EXE", "Microsoft Excel"},
        {"msedge.exe", "Microsoft Edge"},
        {"svchost.exe", "Host Process for Windows Services"},
        {"conhost.exe", "Console Window Host"},
        {"WMIC.exe", "WMI Commandline Utility"},
};

static const char *base_name(const char *image) {
        const char *p = strrchr(image, '\\');

        return p ? p + 1 : image;
}

static const char *hashes(struct maker *m, const char *image) {
        static const struct {
                const char *name;
                unsigned words;
        } kinds[] = {{"SHA1", 5}, {"MD5", 4}, {"SHA256", 8}, {"IMPHASH", 4}};
        struct prng r = {prng_key_str(0x48415348, tel_lower(m, base_name(image)))};
        char text[256];
        size_t n = 0;

        for (unsigned k = 0; k < ARRAY_LEN(kinds); k++) {
                n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s=", k ? "," : "",
                                      kinds[k].name);
                for (unsigned i = 0; i < kinds[k].words; i++)
                        n += (size_t)snprintf(text + n, sizeof(text) - n, "%08X",
                                              (unsigned)prng_next(&r));
        }
        return tel_say(m, "%s", text);
}

static void describe(struct win *w, const char *image) {
        const char *file = base_name(image);
        bool system = strncmp(image, "C:\\Windows\\", 11) == 0;
        const char *what = system ? "Microsoft Windows" : "-";

        if (w->off)
                return;
        for (unsigned i = 0; i < ARRAY_LEN(described); i++)
                if (span_ieq(span_str(file), span_str(described[i].file)))
                        what = described[i].description;
        bool known = system || *what != '-';
        win_set(w, "Description", what);
        win_set(w, "FileVersion",
                system  ? "10.0.19041.546 (WinBuild.160101.0800)"
                : known ? "16.0.17928.20114"
                        : "-");
        win_set(w, "Product", system ? "Microsoft® Windows® Operating System" : known ? what : "-");
        win_set(w, "Company", known ? "Microsoft Corporation" : "-");
        win_set(w, "OriginalFileName", known ? file : "-");
        win_set(w, "Hashes", hashes(w->m, image));
}

static void utc(struct win *w, int64_t at) {
        char when[40];

        if (w->off)
                return;
        size_t n = time_format(when, event_ns(w->m, at), 3);
        when[10] = ' ';
        when[n - 1] = 0; /* the Z */
        win_set(w, "UtcTime", tel_say(w->m, "%s", when));
}

void win_process(struct win *w, const struct proc *p) {
        if (w->off)
                return;
        win_set(w, "ProcessGuid", p->guid);
        win_set(w, "ProcessId", tel_say(w->m, "%u", p->pid));
        win_set(w, "Image", p->image);
        win_set(w, "User", who_user(w->m, w->host, p->who));
}

/* A Sysmon event of that process at the activity's time; its record is written a moment later. */
static void sysmon(struct win *w, struct act *a, enum win_id id, const struct proc *p, int64_t at) {
        win_open(w, a->m, a->host, id, at + prng_range(&a->rng, 1, 90) * MS);
        utc(w, at);
        if (p)
                win_process(w, p);
}

static bool elevated(const struct maker *m, int who) {
        return who < 0 || m->p->accounts[who].kind != PLAN_USER;
}

static void started_sysmon(struct act *a, const struct proc *p, const struct proc *parent) {
        struct maker *m = a->m;
        struct win w;
        uint64_t logon = who_logon(m, a->host, p->who);

        sysmon(&w, a, SYSMON_PROCESS, p, a->at);
        if (w.off)
                return;
        describe(&w, p->image);
        win_set(&w, "CommandLine", p->cmd);
        win_set(&w, "CurrentDirectory", p->folder);
        win_set(&w, "LogonGuid",
                tel_say(m, "{%08x-%04x-%04x-%02x%02x-%02x0000000000}", m->hosts[a->host].machine,
                        (unsigned)(m->hosts[a->host].key & 0xffff), 0x64d4u,
                        (unsigned)(logon & 0xff), (unsigned)(logon >> 8 & 0xff),
                        (unsigned)(logon >> 16 & 0xff)));
        win_set(&w, "LogonId", tel_say(m, "0x%llx", (unsigned long long)logon));
        win_set(&w, "TerminalSessionId", p->who >= 0 ? "1" : "0");
        win_set(&w, "IntegrityLevel",
                p->who < 0            ? "System"
                : elevated(m, p->who) ? "High"
                                      : "Medium");
        win_set(&w, "ParentProcessGuid", parent->guid);
        win_set(&w, "ParentProcessId", tel_say(m, "%u", parent->pid));
        win_set(&w, "ParentImage", parent->image);
        win_set(&w, "ParentCommandLine", parent->cmd);
        win_set(&w, "ParentUser", who_user(m, a->host, parent->who));
        win_write(&w);
}

static void started_security(struct act *a, const struct proc *p, const struct proc *parent) {
        struct maker *m = a->m;
        struct win w;

        win_open(&w, m, a->host, SEC_PROCESS, a->at);
        if (w.off)
                return;
        win_subject(&w, p->who);
        win_set(&w, "NewProcessId", tel_say(m, "0x%x", p->pid));
        win_set(&w, "NewProcessName", p->image);
        win_set(&w, "TokenElevationType", p->who >= 0 && elevated(m, p->who) ? "%%1937" : "%%1936");
        win_set(&w, "ProcessId", tel_say(m, "0x%x", parent->pid));
        win_set(&w, "CommandLine", p->cmd);
        win_set(&w, "TargetUserSid", "S-1-0-0");
        win_set(&w, "TargetLogonId", "0x0");
        win_set(&w, "ParentProcessName", parent->image);
        win_set(&w, "MandatoryLabel",
                p->who < 0            ? "S-1-16-16384"
                : elevated(m, p->who) ? "S-1-16-12288"
                                      : "S-1-16-8192");
        win_write(&w);
}

const struct proc *proc_start(struct act *a, const struct proc *parent, const char *image,
                              const char *cmd, int who) {
        struct proc *p = arena_zalloc(&a->m->arena, sizeof(*p));

        if (!p)
                return parent;
        a->at += prng_range(&a->rng, 15, 260) * MS;
        p->image = image;
        p->cmd = cmd;
        p->folder = who < 0 ? SYS32("") : tel_say(a->m, "C:\\Users\\%s\\", account_name(a->m, who));
        p->pid = 1200 + 4 * (unsigned)prng_below(&a->rng, 3400);
        p->who = who;
        snprintf(p->guid, sizeof(p->guid), "%s",
                 guid(a->m, a->host, event_ns(a->m, a->at), 0x300 + prng_below(&a->rng, 0xfffcff)));
        started_security(a, p, parent);
        started_sysmon(a, p, parent);
        return p;
}

void proc_end(struct act *a, const struct proc *p, int64_t after) {
        struct win w;

        sysmon(&w, a, SYSMON_ENDED, p, a->at + after);
        win_write(&w);
        win_open(&w, a->m, a->host, SEC_ENDED, a->at + after);
        if (w.off)
                return;
        win_subject(&w, p->who);
        win_set(&w, "Status", "0x0");
        win_set(&w, "ProcessId", tel_say(a->m, "0x%x", p->pid));
        win_set(&w, "ProcessName", p->image);
        win_write(&w);
}

const struct proc *proc_run(struct act *a, const struct proc *parent, const char *image,
                            const char *cmd) {
        const struct proc *p = proc_start(a, parent, image, cmd, a->who);

        proc_end(a, p, prng_range(&a->rng, 30, 900) * MS);
        return p;
}

/* ---- the shell an account has ---- */

static struct shell *shell_find(struct act *a) {
        for (unsigned i = 0; i < a->m->n_shells; i++)
                if (a->m->shells[i].host == a->host && a->m->shells[i].who == a->who)
                        return &a->m->shells[i];
        return NULL;
}

const struct proc *shell_of(struct act *a) {
        struct shell *s = shell_find(a);

        if (s)
                return s->proc;
        return proc_standing(a->m, a->host, a->who >= 0 ? PROC_EXPLORER : PROC_SVCHOST_SCHEDULE,
                             a->who);
}

void shell_set(struct act *a, const struct proc *p) {
        struct shell *s = shell_find(a);

        if (!s && a->m->n_shells < ARRAY_LEN(a->m->shells))
                s = &a->m->shells[a->m->n_shells++];
        if (s)
                *s = (struct shell){a->host, a->who, p};
}

const struct proc *shell_ready(struct act *a) {
        if (!shell_find(a))
                shell_set(a, proc_start(a, shell_of(a), SYS32("cmd.exe"),
                                        "\"C:\\Windows\\System32\\cmd.exe\"", a->who));
        return shell_of(a);
}

const char *win_home(struct act *a) {
        return a->who >= 0 ? tel_say(a->m, "C:\\Users\\%s", account_name(a->m, a->who))
                           : "C:\\Users\\Public";
}

/* ---- what processes do ---- */

void win_file(struct act *a, const struct proc *p, const char *file) {
        struct win w;

        a->at += prng_range(&a->rng, 5, 120) * MS;
        sysmon(&w, a, SYSMON_FILE, p, a->at);
        if (w.off)
                return;
        win_set(&w, "TargetFilename", file);
        win_set(&w, "CreationUtcTime", value_of(&w, SPAN("UtcTime")));
        win_write(&w);
}

void win_value(struct act *a, const struct proc *p, const char *key, const char *details) {
        struct win w;

        a->at += prng_range(&a->rng, 5, 120) * MS;
        sysmon(&w, a, SYSMON_VALUE, p, a->at);
        if (w.off)
                return;
        win_set(&w, "EventType", "SetValue");
        win_set(&w, "TargetObject", key);
        win_set(&w, "Details", details);
        win_write(&w);
}

void win_connect(struct act *a, const struct proc *p, const char *to, const char *name,
                 unsigned port) {
        const struct host *h = &a->m->hosts[a->host];
        struct win w;

        a->at += prng_range(&a->rng, 20, 200) * MS;
        sysmon(&w, a, SYSMON_NETWORK, p, a->at);
        if (w.off)
                return;
        win_set(&w, "Protocol", port == 53 ? "udp" : "tcp");
        win_set(&w, "Initiated", "true");
        win_set(&w, "SourceIsIpv6", "false");
        win_set(&w, "SourceIp", h->address);
        win_set(&w, "SourceHostname", h->fqdn);
        win_set(&w, "SourcePort", tel_say(a->m, "%u", (unsigned)prng_range(&a->rng, 49700, 65500)));
        win_set(&w, "DestinationIsIpv6", strchr(to, ':') ? "true" : "false");
        win_set(&w, "DestinationIp", to);
        win_set(&w, "DestinationHostname", name ? name : "-");
        win_set(&w, "DestinationPort", tel_say(a->m, "%u", port));
        win_write(&w);
}

void win_dns(struct act *a, const struct proc *p, const char *name, const char *address) {
        struct win w;

        a->at += prng_range(&a->rng, 5, 80) * MS;
        sysmon(&w, a, SYSMON_DNS, p, a->at);
        if (w.off)
                return;
        win_set(&w, "QueryName", name);
        win_set(&w, "QueryStatus", address ? "0" : "9003");
        win_set(&w, "QueryResults", address ? tel_say(a->m, "::ffff:%s;", address) : "-");
        win_write(&w);
}

void win_access(struct act *a, const struct proc *p, const struct proc *to, const char *mask) {
        struct win w;

        a->at += prng_range(&a->rng, 5, 80) * MS;
        sysmon(&w, a, SYSMON_ACCESS, NULL, a->at);
        if (w.off)
                return;
        win_set(&w, "SourceProcessGUID", p->guid);
        win_set(&w, "SourceProcessId", tel_say(a->m, "%u", p->pid));
        win_set(&w, "SourceThreadId",
                tel_say(a->m, "%u", 4 * (unsigned)prng_range(&a->rng, 300, 3000)));
        win_set(&w, "SourceImage", p->image);
        win_set(&w, "TargetProcessGUID", to->guid);
        win_set(&w, "TargetProcessId", tel_say(a->m, "%u", to->pid));
        win_set(&w, "TargetImage", to->image);
        win_set(&w, "GrantedAccess", mask);
        win_set(&w, "CallTrace",
                tel_say(a->m, SYS32("ntdll.dll") "+%x|" SYS32("KERNELBASE.dll") "+%x|%s+%x",
                        0x9d000u + (unsigned)prng_below(&a->rng, 0xfff),
                        0x2c000u + (unsigned)prng_below(&a->rng, 0xfff), p->image,
                        (unsigned)prng_range(&a->rng, 0x1000, 0x2ffff)));
        win_set(&w, "SourceUser", who_user(a->m, a->host, p->who));
        win_set(&w, "TargetUser", who_user(a->m, a->host, to->who));
        win_write(&w);
}

void win_script(struct act *a, const char *text) {
        struct win w;
        uint64_t x = prng_next(&a->rng), y = prng_next(&a->rng);

        win_open(&w, a->m, a->host, PS_SCRIPT, a->at + prng_range(&a->rng, 20, 300) * MS);
        if (w.off)
                return;
        win_set(&w, "MessageNumber", "1");
        win_set(&w, "MessageTotal", "1");
        win_set(&w, "ScriptBlockText", text);
        win_set(&w, "ScriptBlockId",
                tel_say(a->m, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(x >> 32),
                        (unsigned)(x >> 16 & 0xffff), (unsigned)(x & 0xfff),
                        0x8000u | (unsigned)(y >> 48 & 0x3fff),
                        (unsigned long long)(y & 0xffffffffffff)));
        win_set(&w, "Path", NULL);
        win_write(&w);
}
