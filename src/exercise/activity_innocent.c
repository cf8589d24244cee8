/* What nobody should be blamed for: administrators, backups, updates, people at work, a password mistyped, the unit's
 * own scanner. Some of it looks bad at first sight; that is what it is there for. */
#include "exercise/telemetry_impl.h"

#define BROWSER                                                                                    \
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "        \
        "Chrome/130.0.0.0 Safari/537.36"
#define OFFICE "C:\\Program Files\\Microsoft Office\\root\\Office16\\"

void scan_requests(struct act *a, const char *address, const char *agent);

static int64_t over(const struct act *a) {
        return act_number(a, "over") * MS;
}

static bool windows(const struct act *a) {
        return a->m->p->hosts[a->host].os == PLAN_WINDOWS;
}

static void admin_work(struct act *a) {
        static const char *const list[][2] = {
                {SYS32("mmc.exe"),
                 "\"C:\\Windows\\system32\\mmc.exe\" \"C:\\Windows\\system32\\services.msc\""},
                {SYS32("gpupdate.exe"), "gpupdate /force"},
                {SYS32("ipconfig.exe"), "ipconfig /flushdns"},
                {SYS32("PING.EXE"), "ping -n 4 127.0.0.1"}};
        int64_t begin = a->at;

        win_logon(a, a->host, a->who, 10, "Negotiate");
        for (unsigned i = 0; i < ARRAY_LEN(list); i++) {
                a->at = act_spread(a, begin, i, ARRAY_LEN(list), over(a));
                proc_run(a, shell_of(a), list[i][0], list[i][1]);
        }
}

static void linux_run(struct act *a, const char *line, unsigned uid) {
        struct command c = {.line = line, .cwd = "/root", .uid = uid, .auid = a->who};

        audit_exec(a, &c);
}

static void admin_ssh(struct act *a) {
        static const char *const list[] = {"systemctl status nginx", "journalctl -u nginx -n 50",
                                           "df -h", "apt-get update", "systemctl reload nginx"};
        const char *name = account_name(a->m, a->who);
        unsigned pid = 1800 + (unsigned)prng_below(&a->rng, 20000);
        int64_t begin = a->at;

        unix_line(
                a, SRC_SSHD, "sshd", pid,
                tel_say(a->m,
                        "Accepted publickey for %s from %s port %u ssh2: ED25519 SHA256:UXVhblRyaQ",
                        name, a->from >= 0 ? act_address(a) : "10.0.0.9", 50000 + pid % 9000));
        for (unsigned i = 0; i < ARRAY_LEN(list); i++) {
                a->at = act_spread(a, begin, i, ARRAY_LEN(list), over(a)) + 2 * SEC;
                unix_line(
                        a, SRC_SSHD, "sudo", pid + i + 1,
                        tel_say(a->m,
                                "%8s : TTY=pts/1 ; PWD=/home/%s ; USER=root ; COMMAND=/usr/bin/%s",
                                name, name, list[i]));
                linux_run(a, list[i], 0);
        }
}

static void backup_run(struct act *a) {
        if (!windows(a)) {
                linux_run(a, "/usr/bin/rsync -a --delete /srv/dulieu/ /mnt/saoluu/dulieu/", 0);
                a->at += over(a);
                linux_run(a, "/usr/bin/sync", 0);
                return;
        }
        const struct proc *p = proc_start(a, proc_standing(a->m, a->host, PROC_SERVICES, -1),
                                          SYS32("wbengine.exe"),
                                          "\"C:\\Windows\\system32\\wbengine.exe\"", WHO_SYSTEM);
        int64_t begin = a->at;
        for (unsigned i = 0; i < 12; i++) {
                a->at = act_spread(a, begin, i, 12, over(a));
                win_file(a, p, tel_say(a->m, "E:\\WindowsImageBackup\\Backup\\%03u.vhdx", i));
        }
        proc_end(a, p, SEC);
}

static void software_update(struct act *a) {
        if (!windows(a)) {
                linux_run(a, "/usr/bin/apt-get -qq -y update", 0);
                a->at += over(a) / 2;
                linux_run(a, "/usr/bin/unattended-upgrade", 0);
                return;
        }
        const struct proc *p = proc_start(
                a, proc_standing(a->m, a->host, PROC_SERVICES, -1),
                "C:\\Program Files (x86)\\Microsoft\\EdgeUpdate\\MicrosoftEdgeUpdate.exe",
                "\"C:\\Program Files (x86)\\Microsoft\\EdgeUpdate\\MicrosoftEdgeUpdate.exe\" /svc",
                WHO_SYSTEM);
        win_dns(a, p, "capnhat.example", "192.0.2.80");
        win_connect(a, p, "192.0.2.80", NULL, 443);
        a->at += over(a) / 3;
        win_file(a, p, "C:\\Program Files (x86)\\Microsoft\\EdgeUpdate\\Download\\goi.cab");
        proc_end(a, p, 2 * SEC);
}

static void user_browse(struct act *a) {
        static const char *const pages[] = {
                "/",          "/tin-tuc",      "/thu-tuc",    "/lien-he",       "/css/site.css",
                "/js/app.js", "/van-ban/2026", "/gioi-thieu", "/anh/banner.jpg"};
        unsigned n = (unsigned)act_number(a, "count");
        int64_t begin = a->at;
        const char *address = made_up_address(a->m, &a->rng, NULL);

        for (unsigned i = 0; i < n; i++) {
                struct request q = {.address = address,
                                    .method = "GET",
                                    .uri = PICK(&a->rng, pages),
                                    .agent = BROWSER,
                                    .status = 200,
                                    .bytes = 800 + prng_below(&a->rng, 40000)};
                struct eve e = {.kind = EVE_TLS,
                                .src = a->m->hosts[a->host].address,
                                .dst = "192.0.2.80",
                                .dport = 443,
                                .proto = "TCP",
                                .a = "tintuc.example"};

                a->at = act_spread(a, begin, i, n, over(a));
                web_line(a, &q);
                eve_line(a, &e);
                if (windows(a) && i % 5 == 0)
                        win_connect(a, proc_standing(a->m, a->host, PROC_EDGE, a->who),
                                    "192.0.2.80", NULL, 443);
        }
}

static void office_work(struct act *a) {
        static const char *const list[][2] = {{"WINWORD.EXE", "Ke hoach quy IV.docx"},
                                              {"EXCEL.EXE", "Du toan 2026.xlsx"},
                                              {"POWERPNT.EXE", "Bao cao giao ban.pptx"}};
        int64_t begin = a->at;

        for (unsigned i = 0; i < ARRAY_LEN(list); i++) {
                const char *image = tel_say(a->m, OFFICE "%s", list[i][0]);

                a->at = act_spread(a, begin, i, ARRAY_LEN(list), over(a));
                const struct proc *p =
                        proc_start(a, proc_standing(a->m, a->host, PROC_EXPLORER, a->who), image,
                                   tel_say(a->m, "\"%s\" \"%s\\Documents\\%s\"", image, win_home(a),
                                           list[i][1]),
                                   a->who);
                win_file(a, p, tel_say(a->m, "%s\\Documents\\~$%s", win_home(a), list[i][1]));
                proc_end(a, p, over(a) / 4);
        }
}

static void failed_logon_typo(struct act *a) {
        unsigned n = (unsigned)act_number(a, "count");
        const char *name = account_name(a->m, a->who);

        for (unsigned i = 0; i < n; i++) {
                if (windows(a))
                        win_logon_failed(a, a->host, name, 2, "127.0.0.1");
                unix_line(a, SRC_SSHD, "sshd", 2000 + i,
                          tel_say(a->m, "Failed password for %s from %s port %u ssh2", name,
                                  a->from >= 0 ? act_address(a) : "10.0.0.9", 51000 + i));
                act_pause(a, 5000);
        }
        if (windows(a))
                win_logon(a, a->host, a->who, 2, "Negotiate");
        unix_line(
                a, SRC_SSHD, "sshd", 2000 + n,
                tel_say(a->m,
                        "Accepted publickey for %s from %s port %u ssh2: ED25519 SHA256:UXVhblRyaQ",
                        name, a->from >= 0 ? act_address(a) : "10.0.0.9", 51000 + n));
}

static void vulnerability_scan_by_own(struct act *a) {
        const char *from = a->from >= 0 ? act_address(a) : "10.0.0.8";
        struct eve e = {.kind = EVE_ALERT,
                        .src = from,
                        .dst = a->m->hosts[a->host].address,
                        .dport = 80,
                        .proto = "TCP",
                        .app = "http",
                        .a = "DRILL Web scanner",
                        .b = "Attempted Information Leak",
                        .n = 3};

        scan_requests(a, from, "Mozilla/5.0 (compatible; OpenVAS 23.10)");
        eve_line(a, &e);
}

const struct activity_fn activities_innocent[] = {
        {"admin_work", admin_work},
        {"admin_ssh", admin_ssh},
        {"backup_run", backup_run},
        {"software_update", software_update},
        {"user_browse", user_browse},
        {"office_work", office_work},
        {"failed_logon_typo", failed_logon_typo},
        {"vulnerability_scan_by_own", vulnerability_scan_by_own},
        {NULL, NULL},
};
