/* What services say in their messages, as fields. One table of sentences per service
 * (syslog_pattern.h), and a function where a service writes pairs rather than sentences. Fields
 * that mean the same have the same name everywhere:
 *
 *     event.action   what happened: failed_password, session_opened, sudo_command, packet_blocked …
 *     user           the account it is about; target_user the one that is become
 *     src_ip, src_port, src_host     where it came from
 *     method, reason, command, tty, pwd, unit …
 *
 * A message in no known shape gets no field: `message` is there for keywords. Names that a stranger
 * chose (a login name) may imitate the rest of the sentence; hence {user*}, and the rule of each
 * sentence that what the program itself wrote last counts.
 *
 * A repeated message ("message repeated 3 times: [ … ]") is read as the message it repeats, with
 * `repeated` = 3. */
#include "decode/auditd.h"
#include "decode/embed.h"
#include "decode/linetime.h"
#include "decode/syslog.h"
#include "decode/syslog_pattern.h"

struct context {
        struct decode_state *s;
        struct event *e;
        struct span msg;
};

static void put(struct context *c, const char *name, struct span val) {
        put_text(c->s, c->e, span_str(name), val);
}

static struct span behind(struct span msg, struct span mark) {
        const char *p = msg.len ? memmem(msg.p, msg.len, mark.p, mark.len) : NULL;

        if (!p)
                return SPAN_NONE;
        p += mark.len;
        return span_of(p, (size_t)(msg.p + msg.len - p));
}

static bool contains(struct span msg, struct span what) {
        return msg.len && memmem(msg.p, msg.len, what.p, what.len);
}

/* Up to the first of `stops`. */
static struct span until(struct span v, const char *stops) {
        size_t n = 0;

        while (n < v.len && !strchr(stops, v.p[n]))
                n++;
        return span_of(v.p, n);
}

/* ---- OpenSSH ---- */

static const struct pattern sshd[] = {
        {"Failed {method} for invalid user {user*} from {src_ip} port {src_port}", "failed_"},
        {"Failed {method} for illegal user {user*} from {src_ip} port {src_port}", "failed_"},
        {"Failed {method} for invalid user {user*} from {src_ip}", "failed_"},
        {"Failed {method} for {user*} from {src_ip} port {src_port}", "failed_"},
        {"Failed {method} for {user*} from {src_ip}", "failed_"},
        {"Accepted {method} for {user*} from {src_ip} port {src_port}", "accepted_"},
        {"Accepted {method} for {user*} from {src_ip}", "accepted_"},
        {"Postponed {method} for {user*} from {src_ip} port {src_port}", "postponed_"},
        {"Partial {method} for {user*} from {src_ip} port {src_port}", "partial_"},
        {"Invalid user {user*} from {src_ip} port {src_port}", "invalid_user"},
        {"Invalid user {user*} from {src_ip}", "invalid_user"},
        {"Illegal user {user*} from {src_ip}", "invalid_user"},
        {"input_userauth_request: invalid user {user}", "invalid_user"},
        {"User {user*} from {src_ip} not allowed because {reason}", "user_not_allowed"},
        {"User {user} not allowed because {reason}", "user_not_allowed"},
        {"User {user} from {src_ip} not allowed because {reason}", "user_not_allowed"},
        {"ROOT LOGIN REFUSED FROM {src_ip}", "root_refused"},
        {"PAM: {reason} for illegal user {user*} from {src_ip}", "pam_failure"},
        {"PAM: {reason} for invalid user {user*} from {src_ip}", "pam_failure"},
        {"PAM: {reason} for {user*} from {src_ip}", "pam_failure"},
        {"maximum authentication attempts exceeded for invalid user {user*} from {src_ip}",
         "max_attempts"},
        {"maximum authentication attempts exceeded for {user*} from {src_ip}", "max_attempts"},
        {"Did not receive identification string from {src_ip}", "no_identification"},
        {"Bad protocol version identification {*} from {src_ip}", "bad_protocol"},
        {"Bad packet length {*} from {src_ip}", "bad_protocol"},
        {"Protocol major versions differ for {src_ip}", "bad_protocol"},
        {"banner exchange: Connection from {src_ip}", "bad_protocol"},
        {"Connection closed by authenticating user {user*} {src_ip} port {src_port}",
         "closed_preauth"},
        {"Connection closed by invalid user {user*} {src_ip} port {src_port}", "closed_preauth"},
        {"Connection reset by authenticating user {user*} {src_ip} port {src_port}",
         "closed_preauth"},
        {"Connection reset by invalid user {user*} {src_ip} port {src_port}", "closed_preauth"},
        {"Disconnected from authenticating user {user*} {src_ip} port {src_port}",
         "closed_preauth"},
        {"Disconnected from invalid user {user*} {src_ip} port {src_port}", "closed_preauth"},
        {"Disconnected from user {user*} {src_ip} port {src_port}", "disconnected"},
        {"Disconnected from {src_ip}", "disconnected"},
        {"Disconnecting authenticating user {user*} {src_ip} port {src_port}: {reason}",
         "disconnecting"},
        {"Disconnecting invalid user {user*} {src_ip} port {src_port}: {reason}", "disconnecting"},
        {"Disconnecting: Too many authentication failures for {user}", "max_attempts"},
        {"Too many authentication failures for {user}", "max_attempts"},
        {"Connection closed by {src_ip}", "connection_closed"},
        {"Connection reset by {src_ip}", "connection_closed"},
        {"Received disconnect from {src_ip}", "disconnected"},
        {"Connection from {src_ip}", "connection"},
        {"Timeout before authentication for connection from {src_ip}", "timeout"},
        {"Timeout before authentication for {src_ip}", "timeout"},
        {"Unable to negotiate with {src_ip}", "no_common_algorithm"},
        {"Address {src_ip} maps to {src_host}, but this does not map back", "reverse_mismatch"},
        {"reverse mapping checking getaddrinfo for {src_host} [{src_ip}] failed",
         "reverse_mismatch"},
        {"refused connect from {*} ({src_ip})", "refused"},
        {"refused connect from {src_ip}", "refused"},
        {"Starting session: {} for {user*} from {src_ip}", "session_started"},
        {"Authentication refused: {reason}", "auth_refused"},
        {"Read from remote host {src_ip}", "connection_closed"},
        {"ssh_dispatch_run_fatal: Connection from {src_ip}", "connection_closed"},
        {"subsystem request for {subsystem} by user {user}", "subsystem"},
        {"Server listening on {listen}", "server_started"},
};

static void strip_suffix(struct span *m, struct span suffix) {
        if (span_ends(*m, suffix))
                m->len -= suffix.len;
}

/* Cuts what the server appends behind "ssh2": a key's fingerprint; of version 1 also the client's
 * own user name. The user name in the middle may imitate either, so the fingerprint is the last
 * one, only where a key was offered, and protocol 1 is believed only when the line does not end as
 * protocol 2 does. */
static void cut_info(struct span *m) {
        static const char *const keys[] = {" ssh2: RSA", " ssh2: ECDSA", " ssh2: ED25519",
                                           " ssh2: DSA", " ssh2: sk-"};
        bool key = span_starts(*m, SPAN("Failed publickey ")) ||
                   span_starts(*m, SPAN("Accepted publickey ")) ||
                   span_starts(*m, SPAN("Postponed publickey "));
        bool host = span_starts(*m, SPAN("Failed hostbased ")) ||
                    span_starts(*m, SPAN("Accepted hostbased "));
        const char *cut = NULL;

        for (size_t i = 0; (key || host) && i < ARRAY_LEN(keys); i++) {
                size_t n = strlen(keys[i]);
                const char *end = m->p + m->len;
                for (const char *p = m->p; (p = memmem(p, (size_t)(end - p), keys[i], n)); p++) {
                        if (host ? !cut || p < cut : !cut || p > cut)
                                cut = p;
                        if (host)
                                break; /* what follows a host's key quotes the client */
                }
        }
        if (!cut && m->len && *m->p == 'F' && !span_ends(*m, SPAN(" ssh2")))
                cut = memmem(m->p, m->len, " ssh1: ruser ", 13);
        if (cut)
                m->len = (size_t)(cut - m->p) + 5;
}

static void service_sshd(struct context *c) {
        struct span m = c->msg;

        strip_suffix(&m, SPAN(" [preauth]"));
        if (span_starts(m, SPAN("error: ")) || span_starts(m, SPAN("fatal: ")))
                m = span_of(m.p + 7, m.len - 7);
        cut_info(&m);
        pattern_apply(c->s, c->e, sshd, ARRAY_LEN(sshd), m);
}

/* ---- PAM, whatever the program ---- */

static const struct pattern pam[] = {
        {"session opened for user {user}(uid={uid}) by {by?}(uid=", "session_opened"},
        {"session opened for user {user} by {by?}(uid=", "session_opened"},
        {"session opened for user {user}", "session_opened"},
        {"session closed for user {user}", "session_closed"},
        {"password changed for {user}", "password_changed"},
        {"check pass; user unknown", "user_unknown"},
        {"account {user} has expired", "account_expired"},
        {"authentication success; logname={}", "auth_success"},
};

static struct span pair(struct span in, const char *key) {
        size_t n = strlen(key);
        const char *p = in.p, *end = in.p + in.len;

        while (p && (p = memmem(p, (size_t)(end - p), key, n))) {
                if (p > in.p && (p[-1] == ' ' || p[-1] == ';'))
                        return until(span_of(p + n, (size_t)(end - p) - n), " ");
                p++;
        }
        return SPAN_NONE;
}

/* "logname= uid=0 euid=0 tty=ssh ruser= rhost=1.2.3.4  user=root": ruser and user are chosen by the
 * stranger, so rhost is the last before user= if that follows an rhost, and user is all that
 * follows. */
static void pam_failure(struct context *c, struct span in) {
        struct span rhost = SPAN_NONE, user = SPAN_NONE, head = in;
        const char *first = memmem(in.p, in.len, "rhost=", 6);

        put(c, "event.action", SPAN("auth_failure"));
        if (first) {
                size_t left = (size_t)(in.p + in.len - first);
                const char *u = memmem(first, left, " user=", 6);
                if (u) {
                        user = span_trim(span_of(u + 6, (size_t)(in.p + in.len - u) - 6));
                        head.len = (size_t)(u - in.p);
                }
                const char *last = first;
                for (const char *p = first; p;
                     p = memmem(p + 1, (size_t)(head.p + head.len - p) - 1, "rhost=", 6))
                        last = p;
                rhost = until(span_of(last + 6, (size_t)(head.p + head.len - last) - 6), " ");
        }
        put(c, "uid", pair(head, "uid="));
        put(c, "euid", pair(head, "euid="));
        put(c, "tty", pair(head, "tty="));
        put(c, "ruser", pair(head, "ruser="));
        put(c, "logname", pair(head, "logname="));
        put(c, "user", until(user, " "));
        put(c, "rhost", rhost);
        if (rhost.len)
                address_put(c->s, c->e, rhost);
}

static bool service_pam(struct context *c) {
        struct span m = c->msg, fail;

        if (span_starts(m, SPAN("pam_")) || span_starts(m, SPAN("(pam_unix)"))) {
                const char *open = memchr(m.p, '(', MIN(m.len, (size_t)40));
                const char *shut =
                        open ? memchr(open, ')', MIN((size_t)(m.p + m.len - open), (size_t)80))
                             : NULL;
                const char *colon = open && shut ? memchr(open, ':', (size_t)(shut - open)) : NULL;
                if (colon) {
                        put(c, "pam.service", span_of(open + 1, (size_t)(colon - open - 1)));
                        put(c, "pam.type", span_of(colon + 1, (size_t)(shut - colon - 1)));
                }
                if (shut)
                        m = span_of(shut + 1, (size_t)(m.p + m.len - shut - 1));
                if (m.len && *m.p == ':')
                        m = span_of(m.p + 1, m.len - 1);
                m = span_trim(m);
        }
        if (m.len && (*m.p == 's' || *m.p == 'p' || *m.p == 'c' || *m.p == 'a') &&
            pattern_apply(c->s, c->e, pam, ARRAY_LEN(pam), m))
                return true;
        fail = behind(m, SPAN("authentication failure;"));
        if (!fail.p)
                fail = behind(m, SPAN("more authentication failures;"));
        if (!fail.p || !contains(fail, SPAN("rhost=")))
                return false;
        pam_failure(c, fail);
        return true;
}

/* ---- sudo, su, cron, accounts ---- */

/* "alice : user NOT in sudoers ; TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/bin/ls" */
static void service_sudo(struct context *c) {
        static const struct {
                const char *key, *name;
        } keys[] = {{"TTY=", "tty"},          {"PWD=", "pwd"},
                    {"USER=", "target_user"}, {"GROUP=", "target_group"},
                    {"ENV=", "env"},          {"TSID=", "session"}};
        struct span m = span_trim(c->msg), rest = behind(m, SPAN(" : "));
        struct span command = behind(rest, SPAN(" ; COMMAND=")), reason = SPAN_NONE;

        if (!rest.p || (!command.p && !contains(rest, SPAN("TTY="))))
                return;
        if (command.p)
                rest.len = (size_t)(command.p - rest.p);
        struct span user = span_of(m.p, (size_t)(rest.p - m.p) - 3);
        bool first = true;
        struct span fields[8];
        const char *names[8];
        size_t n = 0;
        while (rest.len && n < ARRAY_LEN(fields)) {
                const char *semi = memmem(rest.p, rest.len, " ; ", 3);
                struct span part = span_of(rest.p, semi ? (size_t)(semi - rest.p) : rest.len);
                bool known = false;
                for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
                        struct span key = span_str(keys[i].key);
                        if (!span_starts(part, key))
                                continue;
                        names[n] = keys[i].name;
                        fields[n++] = span_of(part.p + key.len, part.len - key.len);
                        known = true;
                        break;
                }
                if (!known && first && !span_starts(part, SPAN("COMMAND=")))
                        reason = part;
                first = false;
                rest = semi ? span_of(semi + 3, rest.len - part.len - 3) : SPAN_NONE;
        }
        put(c, "event.action",
            reason.len && !span_starts(reason, SPAN("(command continued)")) ? SPAN("sudo_denied")
                                                                            : SPAN("sudo_command"));
        put(c, "user", user);
        put(c, "reason", reason);
        for (size_t i = 0; i < n; i++)
                put(c, names[i], fields[i]);
        put(c, "command", command);
}

static const struct pattern su[] = {
        {"Successful su for {target_user} by {user}", "su_success"},
        {"FAILED su for {target_user} by {user}", "su_failed"},
        {"FAILED SU (to {target_user}) {user} on {tty}", "su_failed"},
        {"(to {target_user}) {user} on {tty}", "su_success"},
        {"BAD SU {user} to {target_user} on {tty}", "su_failed"},
        {"+ {tty} {user}:{target_user}", "su_success"},
        {"- {tty} {user}:{target_user}", "su_failed"},
        {"'su {target_user}' failed for {user} on {tty}", "su_failed"},
        {"'su {target_user}' succeeded for {user} on {tty}", "su_success"},
};

static const struct pattern cron[] = {
        {"({user}) CMD ({command*})", "cron_command"},
        {"({user}) CMDEND ({command*})", "cron_end"},
        {"({user}) BEGIN EDIT ({target_user})", "crontab_edit"},
        {"({user}) END EDIT ({target_user})", "crontab_edit_end"},
        {"({user}) REPLACE ({target_user})", "crontab_replace"},
        {"({user}) DELETE ({target_user})", "crontab_delete"},
        {"({user}) LIST ({target_user})", "crontab_list"},
        {"({user}) RELOAD ({path})", "crontab_reload"},
        {"({user}) ORPHAN ({reason})", "crontab_orphan"},
};

static const struct pattern login[] = {
        {"FAILED LOGIN ({}) on '{tty}' FOR '{user}', {reason}", "login_failed"},
        {"FAILED LOGIN ({}) on '{tty}' from '{src_ip}' FOR '{user}', {reason}", "login_failed"},
        {"FAILED LOGIN {} FROM {src_ip} FOR {user}, {reason}", "login_failed"},
        {"FAILED LOGIN SESSION FROM {src_ip} FOR {user}, {reason}", "login_failed"},
        {"TOO MANY LOGIN TRIES ({}) on '{tty}' FOR '{user}'", "login_failed"},
        {"ROOT LOGIN  on '{tty}' from '{src_ip}'", "root_login"},
        {"ROOT LOGIN  on '{tty}'", "root_login"},
        {"ROOT LOGIN ON {tty} FROM {src_ip}", "root_login"},
        {"ROOT LOGIN ON {tty}", "root_login"},
        {"LOGIN ON {tty} BY {user} FROM {src_ip}", "login"},
        {"LOGIN ON {tty} BY {user}", "login"},
};

static const struct pattern accounts[] = {
        {"new user: name={user}, UID={uid}, GID={gid}, home={home}, shell={shell}, from={tty}",
         "user_added"},
        {"new user: name={user}, UID={uid}, GID={gid}, home={home}, shell={shell}", "user_added"},
        {"new account added - account={user}, uid={uid}, gid={gid}, home={home}, shell={shell}, "
         "by={by}",
         "user_added"},
        {"failed adding user '{user}'", "user_add_failed"},
        {"new group: name={group}, GID={gid}", "group_added"},
        {"group added to {path}: name={group}, GID={gid}", "group_added"},
        {"group added to {path}: name={group}", "group_added"},
        {"add '{user}' to group '{group}'", "group_member_added"},
        {"add '{user}' to shadow group '{group}'", "group_member_added"},
        {"user {user} added by {by} to group {group}", "group_member_added"},
        {"delete '{user}' from group '{group}'", "group_member_removed"},
        {"delete '{user}' from shadow group '{group}'", "group_member_removed"},
        {"user {user} removed by {by} from group {group}", "group_member_removed"},
        {"delete user '{user}'", "user_deleted"},
        {"removed group '{group}'", "group_deleted"},
        {"change user '{user}' password", "password_changed"},
        {"change user '{user}' shell from '{old_shell}' to '{shell}'", "user_changed"},
        {"change user '{user}' UID from '{old_uid}' to '{uid}'", "user_changed"},
        {"change user '{user}' {change}", "user_changed"},
        {"lock user '{user}' password", "user_locked"},
        {"unlock user '{user}' password", "user_unlocked"},
        {"password for '{user}' changed by '{by}'", "password_changed"},
        {"pam_unix(passwd:chauthtok): password changed for {user}", "password_changed"},
        {"changed password expiry for {user}", "user_changed"},
        {"changed user '{user}' information", "user_changed"},
};

static const struct pattern systemd[] = {
        {"Started {unit}", "service_started"},
        {"Starting {unit}", "service_starting"},
        {"Stopped {unit}", "service_stopped"},
        {"Stopping {unit}", "service_stopping"},
        {"Failed to start {unit}", "service_failed"},
        {"Reloading", "reload"},
        {"{unit}: Failed with result '{reason}'", "service_failed"},
        {"{unit}: Main process exited, {reason}", "service_exited"},
        {"{unit}: Deactivated successfully", "service_stopped"},
        {"{unit}: Succeeded", "service_stopped"},
};

static const struct pattern logind[] = {
        {"New session {session} of user {user}.", "session_opened"},
        {"Removed session {session}.", "session_closed"},
        {"Session {session} logged out", "session_closed"},
        {"Failed to start {unit}", "service_failed"},
};

/* ---- kernel: netfilter, and what else is worth a field ---- */

static const struct pattern kernel[] = {
        {"device {device} entered promiscuous mode", "promiscuous_on"},
        {"device {device} left promiscuous mode", "promiscuous_off"},
        {"Out of memory: Killed process {pid} ({process})", "oom_kill"},
        {"Out of memory: Kill process {pid} ({process})", "oom_kill"},
        {"{module}: loading out-of-tree module taints kernel", "module_tainted"},
        {"{module}: module verification failed: {reason}", "module_unsigned"},
        {"{process}[{pid}]: segfault at {address} ip {}", "segfault"},
};

/* "[UFW BLOCK] IN=eth0 OUT= MAC=… SRC=1.2.3.4 DST=5.6.7.8 … PROTO=TCP SPT=1 DPT=22 … SYN": every
 * pair under its own name, and the addresses and ports under the common ones. */
static bool netfilter(struct context *c, struct span m) {
        const char *in = memmem(m.p, m.len, "IN=", 3);
        struct span src, dst;

        if (!in || (in > m.p && in[-1] != ' ' && in[-1] != ']' && in[-1] != ':'))
                return false;
        struct span pairs = span_of(in, (size_t)(m.p + m.len - in)),
                    prefix = span_trim(span_of(m.p, (size_t)(in - m.p)));
        src = pair(pairs, "SRC=");
        dst = pair(pairs, "DST=");
        if (!src.p || !dst.p)
                return false;
        bool blocked = contains(prefix, SPAN("BLOCK")) || contains(prefix, SPAN("DROP")) ||
                       contains(prefix, SPAN("DENY")) || contains(prefix, SPAN("REJECT"));
        bool allowed = contains(prefix, SPAN("ALLOW")) || contains(prefix, SPAN("ACCEPT"));
        put(c, "event.action",
            blocked   ? SPAN("packet_blocked")
            : allowed ? SPAN("packet_allowed")
                      : SPAN("packet"));
        put(c, "prefix", prefix);
        for (size_t i = 0, n = 0; i < pairs.len && n < 48; n++) {
                struct span w = until(span_of(pairs.p + i, pairs.len - i), " ");
                const char *eq = w.len ? memchr(w.p, '=', w.len) : NULL;
                if (eq && eq > w.p)
                        put_text(c->s, c->e, span_of(w.p, (size_t)(eq - w.p)),
                                 span_of(eq + 1, w.len - (size_t)(eq - w.p) - 1));
                i += w.len + 1;
        }
        address_put(c->s, c->e, src);
        put(c, "dst_ip", dst);
        put(c, "src_port", pair(pairs, "SPT="));
        put(c, "dst_port", pair(pairs, "DPT="));
        put(c, "proto", pair(pairs, "PROTO="));
        return true;
}

/* "EXECVE argc=3 a0=…", as journald writes the records that it takes from the kernel itself: no
 * stamp, the type first. */
static bool bare_audit_head(struct span m, struct auditd_record *r) {
        size_t n = 0;

        while (n < m.len && ((m.p[n] >= 'A' && m.p[n] <= 'Z') || m.p[n] == '_' ||
                             (m.p[n] >= '0' && m.p[n] <= '9')))
                n++;
        if (n < 3 || n > 32 || n >= m.len || m.p[n] != ' ' || !memchr(m.p + n, '=', m.len - n))
                return false;
        *r = (struct auditd_record){
                .line = m,
                .type = span_of(m.p, n),
                .body = span_trim(span_of(m.p + n, m.len - n)),
                .time = TIME_NONE,
        };
        return true;
}

/* Audit records that came by syslog or the journal rather than in auditd's own file: one event
 * each, of the audit log's kind, so that its rules hold. They are not joined by serial; most rules
 * ask one record only. */
static bool audit_record(struct context *c) {
        struct auditd_record r;

        if (!auditd_head(c->msg, &r) && !bare_audit_head(c->msg, &r))
                return false;
        struct auditd_join *j = auditd_join_new(256);
        if (!j)
                return false;
        /* `hostname` may mean the other side in such records: the host that wrote it is their node.
         */
        const struct field *host = event_find(c->e, SPAN("hostname"));
        put(c, "node", r.node.len ? r.node : host ? span_of(host->val, host->val_len) : SPAN_NONE);
        auditd_join_begin(j, c->s, c->e);
        auditd_join_add(j, &r);
        auditd_join_end(j);
        auditd_join_free(j);
        c->e->kind = EVENT_AUDITD;
        c->e->key1 = r.type;
        if (r.time != TIME_NONE)
                c->e->time = r.time;
        return true;
}

static void service_kernel(struct context *c) {
        struct span m = c->msg;

        if (m.len && *m.p == '[') { /* [12345.678901] */
                const char *shut = memchr(m.p, ']', MIN(m.len, (size_t)20));
                if (shut && shut > m.p + 1 && (m.p[1] == ' ' || (m.p[1] >= '0' && m.p[1] <= '9'))) {
                        m = span_of(shut + 1, (size_t)(m.p + m.len - shut - 1));
                        m = span_trim(m);
                }
        }
        if (m.len == 0 || netfilter(c, m))
                return;
        if (span_starts(m, SPAN("audit: ")) || span_starts(m, SPAN("type="))) {
                c->msg = m;
                if (audit_record(c))
                        return;
        }
        pattern_apply(c->s, c->e, kernel, ARRAY_LEN(kernel), m);
}

/* ---- names, mail, files ---- */

/* "client @0x7f 1.2.3.4#53 (name): view x: query (cache) 'name/A/IN' denied", "…: query: name IN A
 * + (…)" */
static void service_named(struct context *c) {
        struct span m = behind(c->msg, SPAN("client "));

        if (!m.p)
                return;
        if (m.len && *m.p == '@') {
                struct span w = until(m, " ");
                m = span_trim(span_of(m.p + w.len, m.len - w.len));
        }
        struct span addr = until(m, "# :");
        if (!address_is_ip(addr))
                addr = until(m, "#");
        if (!address_is_ip(addr))
                return;
        struct span quoted = behind(m, SPAN("'")), query = behind(m, SPAN(": query: "));
        bool denied = contains(m, SPAN(" denied"));
        bool bad = contains(m, SPAN("bad zone transfer")),
             zone = contains(m, SPAN("zone transfer '"));
        put(c, "event.action",
            denied ? zone ? SPAN("transfer_denied") : SPAN("query_denied")
            : bad ? SPAN("transfer_denied")
                   : SPAN("query"));
        address_put(c->s, c->e, addr);
        port_put(c->s, c->e, span_of(m.p + addr.len, m.len - addr.len));
        if (query.p) {
                struct span name = until(query, " "),
                            type = span_of(query.p + name.len, query.len - name.len);
                put(c, "query", name);
                type = span_trim(type);
                struct span class = until(type, " ");
                put(c, "query_type",
                    until(span_trim(span_of(type.p + class.len, type.len - class.len)), " "));
        } else if (quoted.p) {
                struct span all = until(quoted, "'"), name = until(all, "/");
                put(c, "query", name);
                if (name.len + 1 < all.len)
                        put(c, "query_type",
                            until(span_of(all.p + name.len + 1, all.len - name.len - 1), "/"));
        }
}

static struct span angled(struct span msg, struct span key) {
        struct span v = behind(msg, key);

        return v.p ? until(v, ">") : v;
}

static void service_postfix(struct context *c) {
        struct span m = c->msg, rest = SPAN_NONE, sasl = behind(m, SPAN("]: SASL "));
        struct span addr;

        if (!sasl.p && contains(m, SPAN(": SASL ")))
                sasl = behind(m, SPAN(": SASL "));
        bool reject = contains(m, SPAN("reject: ")) || contains(m, SPAN("reject_warning: "));
        if (sasl.p)
                put(c, "event.action",
                    contains(sasl, SPAN("authentication failed")) ? SPAN("auth_failure")
                                                                  : SPAN("auth"));
        else if (reject)
                put(c, "event.action", SPAN("reject"));
        else if (span_starts(m, SPAN("connect from ")))
                put(c, "event.action", SPAN("connection"));
        else if (span_starts(m, SPAN("disconnect from ")))
                put(c, "event.action", SPAN("disconnected"));
        else if (contains(m, SPAN("lost connection after ")))
                put(c, "event.action", SPAN("connection_lost"));
        put(c, "user",
            behind(m, SPAN("sasl_username=")).p ? until(behind(m, SPAN("sasl_username=")), ", ")
                                                : SPAN_NONE);
        if (sasl.p)
                put(c, "method", until(sasl, " "));
        struct span from = behind(m, SPAN(" from "));
        addr = from.p && !sasl.p ? address_in_brackets(from, false, &rest)
                                 : address_in_brackets(m, false, &rest);
        if (!addr.p && from.p)
                addr = address_in_brackets(m, false, &rest);
        if (!addr.p) {
                struct span a = behind(m, SPAN("does not resolve to address "));
                a = a.p ? until(a, " ") : a;
                if (a.len && a.p[a.len - 1] == ':')
                        a.len--;
                if (address_is_ip(a))
                        addr = a;
        }
        if (addr.p) {
                address_put(c->s, c->e, addr);
                port_put(c->s, c->e, rest);
        }
        put(c, "mail.from", angled(m, SPAN(" from=<")));
        put(c, "mail.to", angled(m, SPAN(" to=<")));
        put(c, "helo", angled(m, SPAN(" helo=<")));
}

static void service_dovecot(struct context *c) {
        struct span m = c->msg, rip = behind(m, SPAN("rip=")), user = SPAN_NONE;
        bool failed = contains(m, SPAN("auth failed")) ||
                      contains(m, SPAN("_authenticate() failed")) ||
                      contains(m, SPAN("unknown user")) || contains(m, SPAN("assword mismatch"));

        if (failed)
                put(c, "event.action", SPAN("auth_failure"));
        else if (contains(m, SPAN("-login: Login: ")))
                put(c, "event.action", SPAN("login"));
        else if (contains(m, SPAN("Disconnected")) || contains(m, SPAN("borted")))
                put(c, "event.action", SPAN("disconnected"));
        if (rip.p) {
                put(c, "user", angled(m, SPAN("user=<")));
                put(c, "method",
                    behind(m, SPAN("method=")).p ? until(behind(m, SPAN("method=")), ", ")
                                                 : SPAN_NONE);
                address_put(c->s, c->e, until(rip, ", "));
                put(c, "dst_ip",
                    behind(m, SPAN("lip=")).p ? until(behind(m, SPAN("lip=")), ", ") : SPAN_NONE);
                return;
        }
        static const char *const databases[] = {"pam(",         "sql(",    "ldap(",
                                                "passwd-file(", "passwd(", "shadow(",
                                                "static(",      "lua(",    "policy("};
        for (size_t i = 0; i < ARRAY_LEN(databases) && !user.p; i++)
                user = behind(m, span_str(databases[i]));
        if (!user.p)
                return;
        /* (user,address) or (user,address,<session>); the user may hold commas: the address is the
         * first that is one. */
        struct span inside = until(user, ")");
        for (size_t i = 0; i < inside.len; i++) {
                if (inside.p[i] != ',')
                        continue;
                struct span a = until(span_of(inside.p + i + 1, inside.len - i - 1), ",");
                if (!address_is_ip(a))
                        continue;
                put(c, "user", span_of(inside.p, i));
                address_put(c->s, c->e, a);
                return;
        }
}

static void service_exim(struct context *c) {
        struct span rest = SPAN_NONE, addr = address_in_brackets(c->msg, true, &rest),
                    id = behind(c->msg, SPAN("(set_id="));

        if (contains(c->msg, SPAN("authenticator failed")) ||
            contains(c->msg, SPAN("AUTH command used when not advertised")))
                put(c, "event.action", SPAN("auth_failure"));
        else if (contains(c->msg, SPAN(" rejected ")))
                put(c, "event.action", SPAN("reject"));
        if (id.p)
                put(c, "user", until(id, ")"));
        if (addr.p) {
                address_put(c->s, c->e, addr);
                port_put(c->s, c->e, rest);
        }
}

static void service_sendmail(struct context *c) {
        struct span rest = SPAN_NONE, relay = SPAN_NONE, addr;

        for (struct span r = behind(c->msg, SPAN("relay=")); r.p; r = behind(r, SPAN("relay=")))
                relay = r; /* the last: an earlier one may be part of the user's name */
        addr = relay.p ? address_in_brackets(relay, false, &rest)
                       : address_in_brackets(c->msg, false, &rest);
        if (!addr.p && relay.len && *relay.p == '[') {
                struct span a = until(span_of(relay.p + 1, relay.len - 1), "]");
                if (address_is_ip(a))
                        addr = a;
        }
        if (contains(c->msg, SPAN("AUTH failure")))
                put(c, "event.action", SPAN("auth_failure"));
        else if (contains(c->msg, SPAN("reject=")))
                put(c, "event.action", SPAN("reject"));
        else if (contains(c->msg, SPAN("possible SMTP attack")))
                put(c, "event.action", SPAN("smtp_attack"));
        if (behind(c->msg, SPAN(" user=")).p)
                put(c, "user", until(behind(c->msg, SPAN(" user=")), ", "));
        if (addr.p)
                address_put(c->s, c->e, addr);
}

static const struct pattern vsftpd[] = {
        {"[pid {pid}] [{user}] FAIL LOGIN: Client \"{src_ip}\"", "login_failed"},
        {"[pid {pid}] [{user}] OK LOGIN: Client \"{src_ip}\"", "login"},
        {"[pid {pid}] [{user}] OK UPLOAD: Client \"{src_ip}\", \"{path}\"", "upload"},
        {"[pid {pid}] [{user}] OK DOWNLOAD: Client \"{src_ip}\", \"{path}\"", "download"},
        {"[pid {pid}] CONNECT: Client \"{src_ip}\"", "connection"},
        {"[{user}] FAIL LOGIN: Client \"{src_ip}\"", "login_failed"},
        {"[{user}] OK LOGIN: Client \"{src_ip}\"", "login"},
        {"CONNECT: Client \"{src_ip}\"", "connection"},
};

static const struct pattern proftpd[] = {
        {"USER {user}: no such user found", "invalid_user"},
        {"USER {user} (Login failed): {reason}", "login_failed"},
        {"USER {user}: Login successful", "login"},
        {"SECURITY VIOLATION: {reason}", "security_violation"},
        {"Maximum login attempts", "max_attempts"},
        {"ANON {user}: Login successful", "login"},
};

/* "host (client[1.2.3.4]): USER x: …" or "host (client[1.2.3.4]) - USER x: …" */
static void service_proftpd(struct context *c) {
        struct span rest = SPAN_NONE, addr = address_in_brackets(c->msg, false, &rest);

        if (!addr.p || !rest.len || *rest.p != ')')
                return;
        address_put(c->s, c->e, addr);
        rest = span_of(rest.p + 1, rest.len - 1);
        while (rest.len && (*rest.p == ':' || *rest.p == ' ' || *rest.p == '-'))
                rest = span_of(rest.p + 1, rest.len - 1);
        pattern_apply(c->s, c->e, proftpd, ARRAY_LEN(proftpd), rest);
}

static const struct pattern ftpd[] = {
        {"({user}@{src_ip}) [WARNING] Authentication failed for user [{target_user}]",
         "login_failed"},
        {"({user}@{src_ip}) [INFO] {reason}", "ftp"},
        {"({user}@{src_ip}) [NOTICE] {reason}", "ftp"},
        {"failed login from {src_host} [{src_ip}]", "login_failed"},
        {"FTP LOGIN FROM {src_ip}", "login"},
        {"ANONYMOUS FTP LOGIN FROM {src_ip}", "login"},
        {"connection from {src_ip}", "connection"},
};

static const struct pattern dropbear[] = {
        {"Bad password attempt for '{user*}' from {src_ip}", "failed_password"},
        {"bad password attempt for '{user*}' from {src_ip}", "failed_password"},
        {"Bad PAM password attempt for '{user*}' from {src_ip}", "failed_password"},
        {"Login attempt for nonexistent user from {src_ip}", "invalid_user"},
        {"login attempt for nonexistent user from {src_ip}", "invalid_user"},
        {"Login attempt for nonexistent user '{user*}' from {src_ip}", "invalid_user"},
        {"Exit before auth (user '{user}', {} fails): Max auth tries reached - user '{}' from "
         "{src_ip}",
         "max_attempts"},
        {"Exit before auth from <{src_ip}", "closed_preauth"},
        {"Password auth succeeded for '{user*}' from {src_ip}", "accepted_password"},
        {"Pubkey auth succeeded for '{user*}' with ", "accepted_publickey"},
        {"Child connection from {src_ip}", "connection"},
};

static const struct pattern xinetd[] = {
        {"START: {service} pid={pid} from={src_ip}", "connection"},
        {"FAIL: {service} address from={src_ip}", "refused"},
        {"FAIL: {service} libwrap from={src_ip}", "refused"},
};

static const struct pattern courier[] = {
        {"LOGIN FAILED, user={user}, ip=[{src_ip}]", "login_failed"},
        {"LOGIN FAILED, method={method}, ip=[{src_ip}]", "login_failed"},
        {"LOGIN FAILED, ip=[{src_ip}]", "login_failed"},
        {"LOGIN, user={user}, ip=[{src_ip}]", "login"},
        {"error,relay={src_ip},{reason}", "reject"},
        {"badlogin: {src_host} [{src_ip}] {method} {reason}", "login_failed"},
        {"badlogin: {src_host?}[{src_ip}] {method} {reason}", "login_failed"},
        {"Login failed user={user*} auth={} host={src_host} [{src_ip}]", "login_failed"},
        {"Login excessive login failures user={user*} auth={} host={src_host} [{src_ip}]",
         "max_attempts"},
        {"Login disabled user={user*} auth={} host={src_host} [{src_ip}]", "login_failed"},
        {"Failed {reason} user={user*} host={src_host} [{src_ip}]", "login_failed"},
        {"Login user={user*} host={src_host} [{src_ip}]", "login"},
};

static const struct pattern clamav[] = {
        {"{path}: {signature} FOUND", "malware_found"},
        {"/{path}: {signature}({}) FOUND", "malware_found"},
};

static const struct pattern sftp[] = {
        {"session opened for local user {user} from [{src_ip}]", "session_opened"},
        {"session closed for local user {user} from [{src_ip}]", "session_closed"},
        {"open \"{path}\" flags {flags} mode", "file_open"},
        {"close \"{path}\" bytes read {bytes_read} written {bytes_written}", "file_close"},
        {"remove name \"{path}\"", "file_remove"},
        {"rename old \"{path}\" new \"{new_path}\"", "file_rename"},
};

/* Run by inetd it puts "[825] Jul 10 23:53:52 " before the message. */
static void service_dropbear(struct context *c) {
        struct span m = c->msg;
        int64_t ignored;

        if (m.len && *m.p == '[') {
                struct span rest = behind(m, SPAN("] "));
                static const struct decode_options any = {.year = 2000};
                size_t n = rest.len ? linetime_read(rest, &any, TIME_NONE, &ignored) : 0;
                if (n && n + 1 < rest.len)
                        m = span_of(rest.p + n + 1, rest.len - n - 1);
        }
        pattern_apply(c->s, c->e, dropbear, ARRAY_LEN(dropbear), m);
}

/* ---- which service ---- */

static const struct service {
        const char *program;
        void (*read)(struct context *c); /* or */
        const struct pattern *patterns;
        uint32_t n;
        bool prefix; /* the program's name begins with this */
} services[] = {
        {"sshd", .read = service_sshd},
        {"sudo", .read = service_sudo},
        {"kernel", .read = service_kernel},
        {"named", .read = service_named},
        {"postfix", .read = service_postfix, .prefix = true},
        {"dovecot", .read = service_dovecot},
        {"imap-login", .read = service_dovecot},
        {"pop3-login", .read = service_dovecot},
        {"auth-worker", .read = service_dovecot},
        {"managesieve-login", .read = service_dovecot},
        {"exim", .read = service_exim},
        {"exim4", .read = service_exim},
        {"sendmail", .read = service_sendmail},
        {"sm-mta", .read = service_sendmail},
        {"sm-acceptingconnections", .read = service_sendmail},
        {"proftpd", .read = service_proftpd},
#define TABLE(t) .patterns = (t), .n = ARRAY_LEN(t)
        {"su", TABLE(su)},
        {"CRON", TABLE(cron)},
        {"cron", TABLE(cron)},
        {"crond", TABLE(cron)},
        {"crontab", TABLE(cron)},
        {"anacron", TABLE(cron)},
        {"login", TABLE(login)},
        {"useradd", TABLE(accounts)},
        {"usermod", TABLE(accounts)},
        {"userdel", TABLE(accounts)},
        {"groupadd", TABLE(accounts)},
        {"groupmod", TABLE(accounts)},
        {"groupdel", TABLE(accounts)},
        {"gpasswd", TABLE(accounts)},
        {"passwd", TABLE(accounts)},
        {"chage", TABLE(accounts)},
        {"chpasswd", TABLE(accounts)},
        {"chfn", TABLE(accounts)},
        {"systemd", TABLE(systemd)},
        {"systemd-logind", TABLE(logind)},
        {"vsftpd", TABLE(vsftpd)},
        {"pure-ftpd", TABLE(ftpd)},
        {"wu-ftpd", TABLE(ftpd)},
        {"ftpd", TABLE(ftpd)},
        {"dropbear", .read = service_dropbear},
        {"xinetd", TABLE(xinetd)},
        {"imapd", TABLE(courier)},
        {"imapd-ssl", TABLE(courier)},
        {"pop3d", TABLE(courier)},
        {"pop3d-ssl", TABLE(courier)},
        {"courieresmtpd", TABLE(courier)},
        {"clamd", TABLE(clamav)},
        {"clamav", TABLE(clamav)},
        {"clamscan", TABLE(clamav)},
        {"sftp-server", TABLE(sftp)},
        {"internal-sftp", TABLE(sftp)},
};

static const struct service *find_service(struct span program) {
        for (size_t i = 0; i < ARRAY_LEN(services); i++) {
                const struct service *v = &services[i];
                if (*v->program != *program.p)
                        continue;
                size_t n = strlen(v->program);
                if (program.len < n || memcmp(v->program, program.p, n) != 0)
                        continue;
                if (program.len == n || v->prefix)
                        return v;
        }
        return NULL;
}

/* Turns "message repeated 2 times: [ Failed … ]" into what was repeated. */
static void unroll(struct context *c) {
        const struct span head = SPAN("message repeated ");

        if (LIKELY(!span_starts(c->msg, head)))
                return;
        struct span t = span_of(c->msg.p + head.len, c->msg.len - head.len), count = until(t, " ");
        struct span inner = behind(t, SPAN(" times: ["));
        if (!inner.p || count.len == 0 || count.len > 9)
                return;
        if (inner.len && inner.p[inner.len - 1] == ']')
                inner.len--;
        field_add(c->s, c->e, SPAN("repeated"), count, V_NUM);
        c->msg = span_trim(inner);
}

/* A whole event of another format as the message. */
static bool embedded(struct context *c) {
        const struct span cookie = SPAN("@cee:");
        struct span m = c->msg;

        if (LIKELY(*m.p != '{' && *m.p != '@' && *m.p != '<' && *m.p != ' '))
                return false;
        m = span_trim(m);
        if (span_starts(m, cookie))
                m = span_trim(span_of(m.p + cookie.len, m.len - cookie.len));
        if (m.len > 2 && *m.p == '{' && m.p[m.len - 1] == '}')
                return embed_json(c->s, c->e, m);
        return m.len > 20 && *m.p == '<' && embed_sysmon(c->s, c->e, m);
}

void syslog_service(struct decode_state *s, struct event *e, struct span program,
                    struct span message) {
        struct context c = {.s = s, .e = e, .msg = message};
        const struct service *v;

        if (message.len == 0 || embedded(&c) || program.len == 0)
                return;
        unroll(&c);
        v = find_service(program);
        if (!v) {
                bool audit =
                        c.msg.len > 24 && memmem(c.msg.p, MIN(c.msg.len, (size_t)128), "audit(", 6);
                if ((audit || span_eq(program, SPAN("audit"))) && audit_record(&c))
                        return;
                service_pam(&c);
                return;
        }
        if (v->read == service_kernel) {
                service_kernel(&c);
                return;
        }
        if (service_pam(&c))
                return;
        if (v->read)
                v->read(&c);
        else
                pattern_apply(s, e, v->patterns, v->n, c.msg);
}
