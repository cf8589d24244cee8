/* Activities that a network sensor sees (Suricata's EVE, of the host's own segment), and what of them the host's Sysmon
 * sees. */
#include "exercise/telemetry_impl.h"

static const char *own(const struct act *a) {
        return a->m->hosts[a->host].address;
}

static void port_scan(struct act *a) {
        unsigned n = (unsigned)act_number(a, "count");
        int64_t begin = a->at;

        for (unsigned i = 0; i < n; i++) {
                struct eve e = {.kind = EVE_FLOW,
                                .src = act_address(a),
                                .dst = own(a),
                                .dport = 1 + (i * 37 + i / 7) % 10000,
                                .proto = "TCP",
                                .app = "failed",
                                .to_server = 60,
                                .to_client = 54};

                a->at = act_spread(a, begin, i, n, act_number(a, "over") * MS);
                eve_line(a, &e);
        }
}

static void ids_alert(struct act *a) {
        struct eve e = {.kind = EVE_ALERT,
                        .src = own(a),
                        .dst = act_address(a),
                        .dport = (unsigned)act_number(a, "port"),
                        .proto = "TCP",
                        .app = "tls",
                        .a = act_text(a, "signature"),
                        .b = "A Network Trojan was detected",
                        .n = (unsigned)act_number(a, "severity")};

        eve_line(a, &e);
}

static void executable_download(struct act *a) {
        const char *file = act_text(a, "file");
        struct eve e = {.kind = EVE_HTTP,
                        .src = own(a),
                        .dst = act_address(a),
                        .dport = 80,
                        .proto = "TCP",
                        .app = "application/x-dosexec",
                        .a = act_address(a),
                        .b = tel_say(a->m, "/%s", file),
                        .n = 200,
                        .to_client = 412000};

        eve_line(a, &e);
        if (a->m->p->hosts[a->host].os == PLAN_WINDOWS) {
                const struct proc *p =
                        proc_standing(a->m, a->host, PROC_EDGE, a->who >= 0 ? a->who : 0);

                win_connect(a, p, act_address(a), NULL, 80);
                win_file(a, p, tel_say(a->m, "%s\\Downloads\\%s", win_home(a), file));
        }
}

static void c2_beacon(struct act *a) {
        unsigned n = (unsigned)act_number(a, "count");
        int64_t begin = a->at;
        bool windows = a->m->p->hosts[a->host].os == PLAN_WINDOWS;
        const struct proc *p =
                windows ? proc_start(a, shell_of(a), SYS32("rundll32.exe"), "rundll32.exe", a->who)
                        : NULL;

        for (unsigned i = 0; i < n; i++) {
                struct eve t = {.kind = EVE_TLS,
                                .src = own(a),
                                .dst = act_address(a),
                                .dport = 443,
                                .proto = "TCP",
                                .a = act_domain(a)};
                struct eve f = {.kind = EVE_FLOW,
                                .src = own(a),
                                .dst = act_address(a),
                                .dport = 443,
                                .proto = "TCP",
                                .app = "tls",
                                .to_server = 900 + prng_below(&a->rng, 400),
                                .to_client = 1400 + prng_below(&a->rng, 900),
                                .age_s = 1};

                a->at = act_spread(a, begin, i, n, act_number(a, "over") * MS);
                t.id = f.id = prng_next(&a->rng) >> 13;
                t.sport = f.sport = (unsigned)prng_range(&a->rng, 49700, 65500);
                if (p && i % 4 == 0 && act_domain(a) != act_address(a))
                        win_dns(a, p, act_domain(a), act_address(a));
                if (p)
                        win_connect(a, p, act_address(a), NULL, 443);
                eve_line(a, &t);
                a->at += 900 * MS;
                eve_line(a, &f);
        }
}

static void dns_tunnel(struct act *a) {
        static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
        unsigned n = (unsigned)act_number(a, "count");
        const char *domain =
                a->out && a->out->domain && *a->out->domain ? a->out->domain : "dns.example";
        int64_t begin = a->at;

        for (unsigned i = 0; i < n; i++) {
                char label[57];
                struct eve e = {.kind = EVE_DNS,
                                .src = own(a),
                                .dst = act_address(a),
                                .dport = 53,
                                .proto = "UDP",
                                .b = "TXT"};

                for (unsigned k = 0; k < 56; k++)
                        label[k] = digits[prng_below(&a->rng, 32)];
                label[56] = 0;
                a->at = act_spread(a, begin, i, n, act_number(a, "over") * MS);
                e.a = tel_say(a->m, "%s.%s", label, domain);
                eve_line(a, &e);
        }
}

static void exfil_upload(struct act *a) {
        uint64_t bytes = (uint64_t)act_number(a, "bytes");
        unsigned n = 4;
        int64_t begin = a->at;

        for (unsigned i = 0; i < n; i++) {
                struct eve e = {.kind = EVE_FLOW,
                                .src = own(a),
                                .dst = act_address(a),
                                .dport = 443,
                                .proto = "TCP",
                                .app = "tls",
                                .to_server = bytes / n,
                                .to_client = bytes / n / 90,
                                .age_s = 200};

                a->at = act_spread(a, begin, i, n, act_number(a, "over") * MS);
                eve_line(a, &e);
        }
}

const struct activity_fn activities_network[] = {
        {"port_scan", port_scan},
        {"ids_alert", ids_alert},
        {"executable_download", executable_download},
        {"c2_beacon", c2_beacon},
        {"dns_tunnel", dns_tunnel},
        {"exfil_upload", exfil_upload},
        {NULL, NULL},
};
