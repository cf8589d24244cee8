/* Records of other systems: auth.log and mail.log (syslog), audit.log, access logs, Suricata's EVE, Microsoft 365's audit
 * log.
 *
 *   syslog   by host: RFC 5424, or the older form with a date of ISO 8601 (rsyslog's default file format since Debian
 *            12). The oldest form has neither year nor zone: a drill that begins elsewhere in time could not be read.
 *   auditd   an event is SYSCALL, EXECVE, CWD, PATH x 2, PROCTITLE of one serial and time, each its own record. Serials
 *            rise with time.
 *   web      combined format, in the time of Viet Nam.
 *   EVE      keys in Suricata's order. */
#include <stdio.h>

#include "exercise/telemetry_impl.h"

static const char *local_time(struct maker *m, int64_t at, unsigned digits, const char *zone) {
        char when[40];
        size_t n = time_format(when, event_ns(m, at) + 7 * 3600 * NS_PER_SEC, digits);

        when[n - 1] = 0; /* the Z */
        return tel_say(m, "%s%s", when, zone);
}

void unix_line(struct act *a, enum source s, const char *tag, unsigned pid, const char *text) {
        const struct host *h = &a->m->hosts[a->host];
        const char *when = local_time(a->m, a->at, 6, "+07:00");
        unsigned facility = s == SRC_MAIL ? 2 : strcmp(tag, "CRON") == 0 ? 9 : 10;
        struct buf *b = line_begin(a->m, a->host, s);

        if (!b)
                return;
        if (h->key & 1)
                buf_printf(b, "<%u>1 %s %s %s %u - - %s", facility * 8 + 6, when, h->name, tag, pid,
                           text);
        else
                buf_printf(b, "%s %s %s[%u]: %s", when, h->name, tag, pid, text);
        line_end(a->m, a->host, s, a->at, FORMAT_SYSLOG);
}

/* ---- auditd ---- */

#define WORDS_MAX 24u

/* A command line to words: blanks separate, quotes hold together. Returns how many. */
static unsigned words(struct maker *m, const char *line, const char **ret) {
        unsigned n = 0;
        char word[1024];

        while (*line && n < WORDS_MAX) {
                size_t len = 0;
                char quote = 0;

                line += strspn(line, " ");
                if (!*line)
                        break;
                for (; *line && (quote || *line != ' '); line++) {
                        if (quote ? *line == quote : *line == '\'' || *line == '"')
                                quote = quote ? 0 : *line;
                        else if (len < sizeof(word) - 1)
                                word[len++] = *line;
                }
                word[len] = 0;
                ret[n++] = tel_say(m, "%s", word);
        }
        return n;
}

/* As auditd writes what comes from a user: quoted, or hexadecimal when it has blanks or quotes. */
static void audit_value(struct buf *b, const char *s) {
        bool plain = *s != 0;

        for (const char *p = s; *p; p++)
                plain = plain && *p != '"' && (unsigned char)*p > ' ' && (unsigned char)*p < 0x7f;
        if (plain) {
                buf_printf(b, "\"%s\"", s);
                return;
        }
        for (; *s; s++)
                buf_printf(b, "%02X", (unsigned char)*s);
}

static struct buf *audit_begin(struct act *a, const char *type, int64_t serial) {
        struct buf *b = line_begin(a->m, a->host, SRC_AUDITD);
        int64_t ms = event_ns(a->m, a->at) / (NS_PER_SEC / 1000);

        if (b)
                buf_printf(b, "type=%s msg=audit(%lld.%03u:%lld): ", type, (long long)(ms / 1000),
                           (unsigned)(ms % 1000), (long long)serial);
        return b;
}

static void audit_end(struct act *a) {
        line_end(a->m, a->host, SRC_AUDITD, a->at, FORMAT_AUDITD);
}

static int64_t audit_serial(struct act *a) {
        struct host *h = &a->m->hosts[a->host];
        int64_t s = (int64_t)(h->key % 90000) + 1000 + a->at / MS * 4 + a->m->ask->step % 4;

        if (s <= h->serial)
                s = h->serial + 4;
        h->serial = s;
        return s;
}

static const char *full_path(struct maker *m, const char *word) {
        static const char *const sbin[] = {"useradd",  "usermod", "auditctl", "insmod",
                                           "iptables", "nft",     "ss"};

        if (*word == '/')
                return word;
        if (strcmp(word, "sh") == 0)
                return "/usr/bin/dash";
        for (unsigned i = 0; i < ARRAY_LEN(sbin); i++)
                if (strcmp(word, sbin[i]) == 0)
                        return tel_say(m, "/usr/sbin/%s", word);
        return tel_say(m, "/usr/bin/%s", word);
}

static void audit_path(struct act *a, int64_t serial, unsigned item, const char *name) {
        struct buf *b = audit_begin(a, "PATH", serial);

        if (!b)
                return;
        buf_printf(b,
                   "item=%u name=\"%s\" inode=%u dev=08:01 mode=0100755 ouid=0 ogid=0 rdev=00:00 "
                   "nametype=NORMAL cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0",
                   item, name,
                   (unsigned)(prng_key_str(a->m->hosts[a->host].key, name) % 900000 + 1000));
        audit_end(a);
}

static void audit_arguments(struct act *a, int64_t serial, const char *const *word, unsigned n) {
        struct buf *b = audit_begin(a, "EXECVE", serial);

        if (!b)
                return;
        buf_printf(b, "argc=%u", n);
        for (unsigned i = 0; i < n; i++) {
                buf_printf(b, " a%u=", i);
                audit_value(b, word[i]);
        }
        audit_end(a);
}

unsigned audit_exec(struct act *a, const struct command *c) {
        const char *word[WORDS_MAX];
        unsigned n = words(a->m, c->line, word), pid = 2000 + (unsigned)prng_below(&a->rng, 28000);
        int64_t serial = audit_serial(a);
        const char *exe = n == 0 ? "/usr/bin/true" : c->exe ? c->exe : full_path(a->m, word[0]);
        const char *comm = strrchr(exe, '/');
        unsigned ppid = c->ppid ? c->ppid
                                : 900 + (unsigned)(prng_key(a->m->hosts[a->host].key,
                                                            (uint64_t)c->auid + 40) %
                                                   900);
        struct buf *b;

        if (!host_has(a->m, a->host, SRC_AUDITD) || !(b = audit_begin(a, "SYSCALL", serial)))
                return pid;
        const char *auid =
                c->auid >= 0 ? tel_say(a->m, "%u", 1000u + (unsigned)c->auid) : "4294967295";
        buf_printf(b,
                   "arch=c000003e syscall=59 success=yes exit=0 a0=%llx a1=%llx a2=%llx a3=8 "
                   "items=2 ppid=%u pid=%u auid=%s uid=%u gid=%u euid=%u "
                   "suid=%u fsuid=%u egid=%u sgid=%u fsgid=%u tty=%s ses=%s comm=\"%.15s\" "
                   "exe=\"%s\" subj=unconfined key=\"exec\"",
                   0x55d000000000ull + prng_below(&a->rng, 0xffffffff),
                   0x55d100000000ull + prng_below(&a->rng, 0xffffffff),
                   0x55d200000000ull + prng_below(&a->rng, 0xffffffff), ppid, pid, auid, c->uid,
                   c->uid, c->uid, c->uid, c->uid, c->uid, c->uid, c->uid,
                   c->auid >= 0 ? "pts0" : "(none)", c->auid >= 0 ? "3" : "4294967295",
                   comm ? comm + 1 : exe, exe);
        audit_end(a);
        audit_arguments(a, serial, word, n);
        if ((b = audit_begin(a, "CWD", serial))) {
                buf_printf(b, "cwd=\"%s\"", c->cwd ? c->cwd : "/");
                audit_end(a);
        }
        audit_path(a, serial, 0, exe);
        audit_path(a, serial, 1, "/lib64/ld-linux-x86-64.so.2");
        if ((b = audit_begin(a, "PROCTITLE", serial))) {
                buf_str(b, "proctitle=");
                for (unsigned i = 0; i < n; i++) {
                        for (const char *p = word[i]; *p; p++)
                                buf_printf(b, "%02X", (unsigned char)*p);
                        if (i + 1 < n)
                                buf_str(b, "00");
                }
                audit_end(a);
        }
        return pid;
}

/* ---- web ---- */

void web_line(struct act *a, const struct request *q) {
        static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
        int64_t ns = event_ns(a->m, a->at) + 7 * 3600 * NS_PER_SEC, year;
        int64_t days = ns / (86400 * NS_PER_SEC), s = ns / NS_PER_SEC % 86400;
        unsigned month, day;
        struct buf *b = line_begin(a->m, a->host, SRC_WEB);

        if (!b)
                return;
        time_civil(days, &year, &month, &day);
        buf_printf(b,
                   "%s - - [%02u/%s/%04lld:%02u:%02u:%02u +0700] \"%s %s HTTP/1.1\" %u %llu \"%s\" "
                   "\"%s\"",
                   q->address, day, months[month - 1], (long long)year, (unsigned)(s / 3600),
                   (unsigned)(s / 60 % 60), (unsigned)(s % 60), q->method, q->uri, q->status,
                   (unsigned long long)q->bytes, q->referer ? q->referer : "-", q->agent);
        line_end(a->m, a->host, SRC_WEB, a->at, FORMAT_WEB);
}

/* ---- EVE ---- */

static void eve_flow(struct act *a, struct buf *b, const struct eve *e) {
        uint64_t up = e->to_server / 900 + 4, down = e->to_client / 1200 + 3;

        buf_printf(b,
                   ",\"app_proto\":\"%s\",\"flow\":{\"pkts_toserver\":%llu,\"pkts_toclient\":%llu,"
                   "\"bytes_toserver\":%llu,\"bytes_toclient\":%llu,"
                   "\"start\":\"%s\",\"end\":\"%s\",\"age\":%llu,\"state\":\"closed\",\"reason\":"
                   "\"timeout\",\"alerted\":false}",
                   e->app ? e->app : "failed", (unsigned long long)up, (unsigned long long)down,
                   (unsigned long long)e->to_server, (unsigned long long)e->to_client,
                   local_time(a->m, a->at - (int64_t)e->age_s * SEC, 6, "+0700"),
                   local_time(a->m, a->at, 6, "+0700"), (unsigned long long)e->age_s);
        if (strcmp(e->proto, "TCP") == 0)
                buf_str(b, ",\"tcp\":{\"tcp_flags\":\"1b\",\"tcp_flags_ts\":\"1b\",\"tcp_flags_"
                           "tc\":\"1b\",\"syn\":true,\"fin\":true,\"psh\":true,\"ack\":true,"
                           "\"state\":\"closed\"}");
}

static void eve_rest(struct act *a, struct buf *b, const struct eve *e) {
        switch (e->kind) {
        case EVE_FLOW: eve_flow(a, b, e); break;
        case EVE_ALERT:
                buf_printf(b,
                           ",\"pkt_src\":\"wire/"
                           "pcap\",\"alert\":{\"action\":\"allowed\",\"gid\":1,\"signature_id\":%u,"
                           "\"rev\":1,\"signature\":\"",
                           9000000u + (unsigned)(prng_key_str(0, e->a) % 90000));
                buf_json(b, span_str(e->a));
                buf_printf(b,
                           "\",\"category\":\"%s\",\"severity\":%u},\"app_proto\":\"%s\","
                           "\"direction\":\"to_server\"",
                           e->b ? e->b : "Misc activity", e->n, e->app ? e->app : "tls");
                break;
        case EVE_DNS:
                buf_printf(
                        b,
                        ",\"pkt_src\":\"wire/"
                        "pcap\",\"dns\":{\"version\":2,\"type\":\"query\",\"id\":%u,\"rrname\":\"",
                        (unsigned)prng_below(&a->rng, 65536));
                buf_json(b, span_str(e->a));
                buf_printf(b, "\",\"rrtype\":\"%s\",\"tx_id\":0,\"opcode\":0}", e->b ? e->b : "A");
                break;
        case EVE_HTTP:
                buf_str(b, ",\"pkt_src\":\"wire/pcap\",\"tx_id\":0,\"http\":{\"hostname\":\"");
                buf_json(b, span_str(e->a));
                buf_str(b, "\",\"url\":\"");
                buf_json(b, span_str(e->b));
                buf_printf(b,
                           "\",\"http_user_agent\":\"Mozilla/"
                           "5.0\",\"http_content_type\":\"%s\",\"http_method\":\"GET\","
                           "\"protocol\":\"HTTP/1.1\",\"status\":%u,\"length\":%llu}",
                           e->app ? e->app : "text/html", e->n ? e->n : 200,
                           (unsigned long long)e->to_client);
                break;
        case EVE_TLS:
                buf_str(b, ",\"pkt_src\":\"wire/pcap\",\"tls\":{\"sni\":\"");
                buf_json(b, span_str(e->a));
                buf_str(b, "\",\"version\":\"TLS 1.3\"}");
                break;
        case EVE_SMB:
                buf_printf(b,
                           ",\"pkt_src\":\"wire/"
                           "pcap\",\"smb\":{\"id\":%u,\"dialect\":\"3.11\",\"command\":\"SMB2_"
                           "COMMAND_CREATE\",\"status\":\"STATUS_SUCCESS\",\"status_code\":\"0x0\","
                           "\"session_id\":%llu,\"tree_id\":1,\"filename\":\"",
                           3u + (unsigned)prng_below(&a->rng, 60),
                           (unsigned long long)(prng_next(&a->rng) >> 18));
                buf_json(b, span_str(e->a));
                buf_str(b, "\",\"disposition\":\"FILE_OPEN\",\"access\":\"normal\"}");
                break;
        }
}

void eve_line(struct act *a, const struct eve *e) {
        static const char *const kinds[] = {"flow", "alert", "dns", "http", "tls", "smb"};
        const char *when = local_time(a->m, a->at, 6, "+0700");
        uint64_t id = e->id ? e->id : prng_next(&a->rng) >> 13;
        unsigned sport = e->sport ? e->sport : (unsigned)prng_range(&a->rng, 32768, 65500);
        struct buf *b = line_begin(a->m, a->host, SRC_EVE);

        if (!b)
                return;
        buf_printf(b,
                   "{\"timestamp\":\"%s\",\"flow_id\":%llu,\"event_type\":\"%s\",\"src_ip\":\"%s\","
                   "\"src_port\":%u,\"dest_ip\":\"%s\",\"dest_port\":%u,\"proto\":\"%s\"",
                   when, (unsigned long long)id, kinds[e->kind], e->src, sport, e->dst, e->dport,
                   e->proto);
        eve_rest(a, b, e);
        buf_char(b, '}');
        line_end(a->m, a->host, SRC_EVE, a->at, FORMAT_JSON);
}

/* ---- Microsoft 365 ---- */

void m365_line(struct act *a, const char *operation, const char *workload, const char *rest) {
        char when[40];
        uint64_t x = prng_next(&a->rng), y = prng_next(&a->rng);
        const char *user = tel_say(a->m, "%s@%s", account_name(a->m, a->who),
                                   *a->m->domain ? a->m->domain : "donvi.example");
        struct buf *b = line_begin(a->m, a->host, SRC_M365);

        if (!b)
                return;
        time_format(when, event_ns(a->m, a->at), 0);
        when[19] = 0;
        buf_printf(
                b,
                "{\"CreationTime\":\"%s\",\"Id\":\"%08x-%04x-%04x-%04x-%012llx\",\"Operation\":\"%"
                "s\",\"OrganizationId\":\"%08x-0000-4000-8000-000000000000\",\"RecordType\":%u,"
                "\"ResultStatus\":\"True\",\"UserKey\":\"%s\",\"UserType\":0,\"Version\":1,"
                "\"Workload\":\"%s\",\"ClientIP\":\"%s\",\"UserId\":\"%s\"",
                when, (unsigned)(x >> 32), (unsigned)(x >> 16 & 0xffff),
                (unsigned)(x & 0xfff) | 0x4000u, (unsigned)(y >> 48 & 0x3fff) | 0x8000u,
                (unsigned long long)(y & 0xffffffffffff), operation, (unsigned)a->m->key,
                strcmp(workload, "Exchange") == 0 ? 1u : 15u, user, workload, act_address(a), user);
        buf_str(b, rest);
        buf_char(b, '}');
        line_end(a->m, a->host, SRC_M365, a->at, FORMAT_JSON);
}
