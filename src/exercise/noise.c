/* Background: what the unit's hosts write when nothing happens, in the proportions that quiet hosts of the dev set
 * showed (noise_table.h). A minute of a host is made from its own key, so that any stretch of time gives the same
 * records whichever stretches were asked before. Events come in bursts, as they do: one cause writes many records.
 * Nothing in it is what a rule of the shipped pack looks for. */
#include "exercise/telemetry_impl.h"

#include "exercise/noise_table.h"

#define MINUTE_MS INT64_C(60000)

static const enum standing quiet[] = {PROC_SVCHOST_SCHEDULE, PROC_SVCHOST_NETWORK,
                                      PROC_SVCHOST_DCOM,     PROC_SVCHOST_LOCAL,
                                      PROC_WMIPRVSE,         PROC_DEFENDER,
                                      PROC_SPOOLER,          PROC_SEARCH,
                                      PROC_EXPLORER,         PROC_EDGE};

static int somebody(struct act *a) {
        return a->m->p->n_accounts ? (int)(a->m->hosts[a->host].key % a->m->p->n_accounts)
                                   : WHO_SYSTEM;
}

static const struct proc *quiet_proc(struct act *a) {
        return proc_standing(a->m, a->host, PICK(&a->rng, quiet), somebody(a));
}

static void utc_of(struct act *a, struct win *w) {
        char when[40];
        size_t n = time_format(when, event_ns(a->m, a->at), 3);

        when[10] = ' ';
        when[n - 1] = 0;
        win_set(w, "UtcTime", tel_say(a->m, "%s", when));
}

static void image_loaded(struct act *a) {
        static const char *const dlls[] = {
                "ntdll.dll",  "kernel32.dll", "KernelBase.dll", "ucrtbase.dll", "combase.dll",
                "rpcrt4.dll", "bcrypt.dll",   "msvcp_win.dll",  "sechost.dll",  "userenv.dll"};
        const struct proc *p = quiet_proc(a);
        struct win w;

        win_open(&w, a->m, a->host, SYSMON_IMAGE, a->at + 20 * MS);
        if (w.off)
                return;
        utc_of(a, &w);
        win_process(&w, p);
        const char *dll = PICK(&a->rng, dlls);
        win_set(&w, "ImageLoaded", tel_say(a->m, SYS32("%s"), dll));
        win_set(&w, "FileVersion", "10.0.19041.546 (WinBuild.160101.0800)");
        win_set(&w, "Product", "Microsoft® Windows® Operating System");
        win_set(&w, "Company", "Microsoft Corporation");
        win_set(&w, "OriginalFileName", dll);
        win_set(&w, "Signed", "true");
        win_set(&w, "Signature", "Microsoft Windows");
        win_set(&w, "SignatureStatus", "Valid");
        win_write(&w);
}

static void key_event(struct act *a) {
        static const char *const keys[] = {
                "HKLM\\System\\CurrentControlSet\\Services\\bam\\State\\UserSettings",
                "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WINEVT",
                "HKLM\\System\\CurrentControlSet\\Services\\Tcpip\\Parameters\\Interfaces",
                "HKLM\\SOFTWARE\\Microsoft\\WBEM\\CIMOM"};
        struct win w;

        win_open(&w, a->m, a->host, SYSMON_KEY, a->at + 10 * MS);
        if (w.off)
                return;
        utc_of(a, &w);
        win_process(&w, quiet_proc(a));
        win_set(&w, "EventType", prng_chance(&a->rng, 800) ? "CreateKey" : "DeleteKey");
        win_set(&w, "TargetObject", PICK(&a->rng, keys));
        win_write(&w);
}

static void connection(struct act *a, bool bind) {
        const struct proc *p = proc_standing(a->m, a->host, PROC_SVCHOST_NETWORK, -1);
        const char *port = tel_say(a->m, "%u", (unsigned)prng_range(&a->rng, 49700, 65500));
        struct win w;

        win_open(&w, a->m, a->host, bind ? SEC_BIND : SEC_CONNECTION, a->at);
        if (w.off)
                return;
        win_set(&w, bind ? "ProcessId" : "ProcessID", tel_say(a->m, "%u", p->pid));
        win_set(&w, "Application", "\\device\\harddiskvolume2\\windows\\system32\\svchost.exe");
        win_set(&w, "SourceAddress", bind ? "0.0.0.0" : a->m->hosts[a->host].address);
        win_set(&w, "SourcePort", port);
        win_set(&w, "Protocol", "17");
        win_set(&w, "FilterRTID", bind ? "0" : "69388");
        win_set(&w, "LayerName", bind ? "%%14608" : "%%14611");
        win_set(&w, "LayerRTID", bind ? "36" : "48");
        if (!bind) {
                win_set(&w, "Direction", "%%14593");
                win_set(&w, "DestAddress", a->m->hosts[0].address);
                win_set(&w, "DestPort", "53");
                win_set(&w, "RemoteUserID", "S-1-0-0");
                win_set(&w, "RemoteMachineID", "S-1-0-0");
        }
        win_write(&w);
}

static void some_process(struct act *a) {
        static const char *const list[][2] = {
                {SYS32("taskhostw.exe"), "taskhostw.exe"},
                {SYS32("backgroundTaskHost.exe"),
                 "\"C:\\Windows\\system32\\backgroundTaskHost.exe\" -ServerName:App.AppX"},
                {SYS32("conhost.exe"),
                 "\\??\\C:\\Windows\\system32\\conhost.exe 0xffffffff -ForceV1"},
                {SYS32("dllhost.exe"), "C:\\Windows\\system32\\DllHost.exe "
                                       "/Processid:{AB8902B4-09CA-4BB6-B78D-A8F59079A8D5}"},
                {SYS32("SearchProtocolHost.exe"), "\"C:\\Windows\\system32\\SearchProtocolHost."
                                                  "exe\" Global\\UsGthrFltPipeMssGthrPipe"}};
        unsigned i = (unsigned)prng_below(&a->rng, ARRAY_LEN(list));
        const struct proc *p = proc_start(
                a, proc_standing(a->m, a->host, i == 4 ? PROC_SEARCH : PROC_SVCHOST_DCOM, -1),
                list[i][0], list[i][1], WHO_SYSTEM);

        proc_end(a, p, prng_range(&a->rng, 50, 900) * MS);
}

static void privilege_used(struct act *a) {
        const struct proc *p = proc_standing(a->m, a->host, PROC_EDGE, somebody(a));
        struct win w;

        win_open(&w, a->m, a->host, SEC_SERVICE_CALLED, a->at);
        if (w.off)
                return;
        win_subject(&w, p->who);
        win_set(&w, "ObjectServer", "Security");
        win_set(&w, "PrivilegeList", "SeProfileSingleProcessPrivilege");
        win_set(&w, "ProcessId", tel_say(a->m, "0x%x", p->pid));
        win_set(&w, "ProcessName", p->image);
        win_write(&w);
}

static void deleted(struct act *a) {
        const struct proc *p = proc_standing(a->m, a->host, PROC_EDGE, somebody(a));
        struct win w;

        win_open(&w, a->m, a->host, SYSMON_DELETED, a->at + 5 * MS);
        if (w.off)
                return;
        utc_of(a, &w);
        win_process(&w, p);
        win_set(&w, "TargetFilename",
                tel_say(a->m,
                        "C:\\Users\\%s\\AppData\\Local\\Microsoft\\Edge\\User Data\\Last Version",
                        account_name(a->m, p->who)));
        win_set(&w, "IsExecutable", "false");
        win_set(&w, "Archived", "true");
        win_write(&w);
}

static void signed_off(struct act *a) {
        struct win w;

        win_open(&w, a->m, a->host, SEC_LOGOFF, a->at);
        if (w.off)
                return;
        win_target(&w, somebody(a));
        win_set(&w, "LogonType", "3");
        win_write(&w);
}

static void service_state(struct act *a) {
        static const char *const names[] = {"Windows Update",
                                            "Background Intelligent Transfer Service",
                                            "Network Setup Service", "Device Setup Manager"};
        struct win w;

        win_open(&w, a->m, a->host, SYS_STATE, a->at);
        if (w.off)
                return;
        win_set(&w, "param1", PICK(&a->rng, names));
        win_set(&w, "param2", prng_chance(&a->rng, 500) ? "running" : "stopped");
        win_write(&w);
}

static void ordinary_value(struct act *a) {
        win_value(a, quiet_proc(a),
                  tel_say(a->m,
                          "HKLM\\System\\CurrentControlSet\\Services\\bam\\State\\UserSettings\\S"
                          "-1-5-18\\SequenceNumber"),
                  "DWORD (0x00000003)");
}

static void ordinary_file(struct act *a) {
        win_file(a, quiet_proc(a),
                 tel_say(a->m, "C:\\Windows\\ServiceState\\EventLog\\Data\\lastalive%u.dat",
                         (unsigned)prng_below(&a->rng, 2)));
}

static void windows_event(struct act *a, unsigned id) {
        switch (id) {
        case SYSMON_ACCESS:
                win_access(a, proc_standing(a->m, a->host, PROC_SVCHOST_DCOM, -1), quiet_proc(a),
                           prng_chance(&a->rng, 700) ? "0x1000" : "0x1400");
                break;
        case SYSMON_IMAGE: image_loaded(a); break;
        case SYSMON_KEY: key_event(a); break;
        case SYSMON_VALUE: ordinary_value(a); break;
        case SYSMON_FILE: ordinary_file(a); break;
        case SYSMON_NETWORK:
                win_connect(a, proc_standing(a->m, a->host, PROC_SVCHOST_NETWORK, -1),
                            a->m->hosts[0].address, NULL, 53);
                break;
        case SYSMON_DNS:
                win_dns(a, proc_standing(a->m, a->host, PROC_EDGE, somebody(a)), "tintuc.example",
                        "192.0.2.80");
                break;
        case SYSMON_DELETED: deleted(a); break;
        case SEC_BIND: connection(a, true); break;
        case SEC_CONNECTION: connection(a, false); break;
        case SEC_SERVICE_CALLED: privilege_used(a); break;
        case SEC_LOGON: win_logon(a, a->host, WHO_SYSTEM, 5, "Negotiate"); break;
        case SEC_LOGOFF: signed_off(a); break;
        case SYS_STATE: service_state(a); break;
        case SEC_PROCESS: some_process(a); break;
        default: /* they come with others: an end with a process, privileges with a logon, tickets from the DC */
                break;
        }
}

static void eve_event(struct act *a) {
        const char *own = a->m->hosts[a->host].address;
        unsigned at = (unsigned)prng_below(&a->rng, 1000), i = 0;
        struct eve e = {.src = own,
                        .dst = "192.0.2.80",
                        .dport = 443,
                        .proto = "TCP",
                        .app = "tls",
                        .to_server = 1500 + prng_below(&a->rng, 20000),
                        .to_client = 9000 + prng_below(&a->rng, 300000),
                        .age_s = prng_below(&a->rng, 40)};

        while (i + 1 < ARRAY_LEN(noise_eve) && at >= noise_eve[i].share)
                at -= noise_eve[i++].share;
        e.kind = noise_eve[i].kind;
        if (e.kind == EVE_DNS) {
                e.a = prng_chance(&a->rng, 500) ? "tintuc.example" : "thu.example";
                e.dst = a->m->hosts[0].address;
                e.dport = 53;
                e.proto = "UDP";
        } else if (e.kind == EVE_SMB) {
                e.a = "bao-cao\\2026\\ke-hoach.docx";
                e.dst = a->m->hosts[0].address;
                e.dport = 445;
        } else if (e.kind == EVE_HTTP) {
                e.a = "tintuc.example";
                e.b = "/tin-tuc";
                e.app = "text/html";
                e.dport = 80;
        } else {
                e.a = "tintuc.example";
        }
        eve_line(a, &e);
}

static void web_event(struct act *a) {
        static const char *const pages[] = {
                "/",          "/tin-tuc",      "/thu-tuc",    "/lien-he", "/css/site.css",
                "/js/app.js", "/van-ban/2026", "/favicon.ico"};
        static const char *const agents[] = {
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
                "Chrome/130.0.0.0 Safari/537.36",
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 "
                "Mobile Safari/604.1"};
        unsigned at = (unsigned)prng_below(&a->rng, 1000), i = 0;
        struct request q = {.address = made_up_address(a->m, &a->rng, NULL),
                            .method = "GET",
                            .uri = PICK(&a->rng, pages),
                            .agent = PICK(&a->rng, agents)};

        while (i + 1 < ARRAY_LEN(noise_answers) && at >= noise_answers[i].share)
                at -= noise_answers[i++].share;
        q.status = noise_answers[i].status;
        q.bytes = q.status == 200 ? 700 + prng_below(&a->rng, 30000) : 0;
        web_line(a, &q);
}

static void linux_event(struct act *a, bool audit) {
        static const char *const jobs[] = {"/usr/lib/sysstat/sa1 1 1",
                                           "/usr/sbin/logrotate /etc/logrotate.conf",
                                           "/usr/bin/find /var/lib/php/sessions -type f -delete"};
        struct command c = {.line = PICK(&a->rng, jobs), .cwd = "/", .uid = 0, .auid = WHO_SYSTEM};
        unsigned pid = 2000 + (unsigned)prng_below(&a->rng, 28000);

        if (audit) {
                audit_exec(a, &c);
                return;
        }
        unix_line(a, SRC_SSHD, "CRON", pid,
                  "pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)");
        a->at += 300 * MS;
        unix_line(a, SRC_SSHD, "CRON", pid, "pam_unix(cron:session): session closed for user root");
}

static void mail_event(struct act *a) {
        const char *id = tel_say(a->m, "%010llX", (unsigned long long)(prng_next(&a->rng) >> 24));

        unix_line(a, SRC_MAIL, "postfix/qmgr", 812,
                  tel_say(a->m, "%s: from=<tin@tintuc.example>, size=%u, nrcpt=1 (queue active)",
                          id, 3000 + (unsigned)prng_below(&a->rng, 90000)));
}

/* One event of one of the host's logs. */
static void some_event(struct act *a) {
        unsigned have = a->m->hosts[a->host].sources, unixes[6], n = 0;
        bool win = have & (1u << SRC_SYSMON | 1u << SRC_SECURITY | 1u << SRC_SYSTEM);

        for (unsigned s = SRC_AUDITD; s <= SRC_MAIL; s++)
                if (have & 1u << s)
                        unixes[n++] = s;
        if (win && (n == 0 || prng_chance(&a->rng, 850))) {
                unsigned at = (unsigned)prng_below(&a->rng, 10000), i = 0;

                while (i + 1 < ARRAY_LEN(noise_windows) && at >= noise_windows[i].share)
                        at -= noise_windows[i++].share;
                windows_event(a, noise_windows[i].id);
                return;
        }
        if (n == 0)
                return;
        switch (unixes[prng_below(&a->rng, n)]) {
        case SRC_AUDITD: linux_event(a, true); break;
        case SRC_SSHD: linux_event(a, false); break;
        case SRC_WEB: web_event(a); break;
        case SRC_EVE: eve_event(a); break;
        default: mail_event(a); break;
        }
}

static void minute_of(struct maker *m, unsigned host, int64_t minute) {
        struct act a = {.m = m, .host = host, .who = WHO_SYSTEM, .from = -1};
        int64_t ns =
                event_ns(m, minute * MINUTE_MS * MS) + 7 * 3600 * NS_PER_SEC; /* Viet Nam's hours */
        unsigned hour = (unsigned)(ns / (3600 * NS_PER_SEC) % 24);
        uint64_t mean = (uint64_t)m->p->noise * noise_hours[hour] * 24; /* in thousandths */

        a.rng.s = prng_key(prng_key_str(m->hosts[host].key, "noise"), (uint64_t)minute);
        uint64_t n = mean * (500 + prng_below(&a.rng, 1001)) / 1000;
        n = n / 1000 + prng_chance(&a.rng, (unsigned)(n % 1000));
        unsigned bursts = 1 + (unsigned)(n / NOISE_BURST);
        int64_t begin[64] = {0};
        bursts = MIN(bursts + 2, ARRAY_LEN(begin));
        for (unsigned i = 0; i < bursts; i++)
                begin[i] = minute * MINUTE_MS * MS + prng_range(&a.rng, 0, 57 * SEC);
        for (uint64_t i = 0; i < n && !m->error; i++) {
                a.at = begin[prng_below(&a.rng, bursts)] + prng_range(&a.rng, 0, SEC);
                some_event(&a);
        }
}

void noise_make(struct maker *m) {
        if (m->ask->to <= m->ask->from || m->p->n_hosts == 0)
                return;
        int64_t last = (m->ask->to - 1) / MINUTE_MS;

        if (last - m->ask->from / MINUTE_MS > 24 * 60) {
                m->error = -EFBIG;
                return;
        }
        /* A minute's records may lie a little behind it: the one before is made too, and cut. */
        for (int64_t t = MAX(m->ask->from / MINUTE_MS - 1, 0); t <= last && !m->error; t++)
                for (unsigned h = 0; h < m->p->n_hosts && !m->error; h++)
                        minute_of(m, h, t);
}

int64_t telemetry_noise_stretch(const struct plan *p) {
        /* Up to six records an event; half as much again by the hour and by chance, and bursts. */
        int64_t a_minute = (int64_t)(p->n_hosts ? p->n_hosts : 1) * (p->noise ? p->noise : 1) * 24;

        return MIN(MAX(TELEMETRY_RECORDS_MAX / 4 * MINUTE_MS / a_minute, 1000), 60 * MINUTE_MS);
}
