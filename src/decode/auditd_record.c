/* One audit record to fields, and the joining of several into one event.
 *
 *     node=host type=SYSCALL msg=audit(1170021493.977:293): arch=c000003e … key=(null)<GS>ARCH=…
 *     type=USER_LOGIN msg=audit(1492896301.818:19955): pid=1 msg='op=login acct=2869… res=failed'
 *     type=AVC msg=audit(1170021493.977:293): avc:  denied  { read } for  pid=13010 comm="pickup"
 *     audit: type=1400 audit(1524662933.080:61207): apparmor="DENIED" …    the kernel's own log
 *
 * The kernel writes a string that a user could have chosen either in double quotes or, if it holds
 * a blank, a quote or a byte outside ASCII, in upper-case hex without quotes. Which fields may be
 * hex is known by name only (`encoded`), since "exit=10" looks the same. Decoded: those, a0… of
 * EXECVE, proctitle (NUL to blank), key (several keys), saddr (to saddr.family, .addr, .port,
 * .path; saddr itself stays). Behind <GS>, 0x1d, auditd puts resolved values in capitals.
 *
 * Repeated names. Records of one event use the same names for different things: SYSCALL's a0 is a
 * register, EXECVE's a0 a string; every PATH has a name. None may hide another, and Sigma rules ask
 * "is there such a value": so the values of one name become the elements of one array (field.arr:
 * one instance per name), which the engine matches as any-of. `type` likewise: an event of SYSCALL,
 * EXECVE and PATH matches `type: EXECVE`. The price is that a rule cannot demand that two values
 * come from one record; the records stay in order, so that a report shows what belongs together.
 *
 * Added: `syscall` also by name, and `SYSCALL` where auditd has not resolved it itself; `cmdline`,
 * EXECVE's arguments joined by blanks; `serial`. */
#include "decode/auditd.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "base/hash.h"
#include "decode/auditd_syscall.h"

#define GS '\x1d'
#define ARGS_MAX 4096u
/* Arguments behind these are no fields of their own, only part of `cmdline`: or a program called
 * with thousands of them would leave no room for the records that follow. */
#define ARG_FIELDS 512u

struct slot {
        uint32_t stamp;
        uint32_t field;
};

/* A piece of an argument of EXECVE; long arguments come in several, a1[0]=… a1[1]=… */
struct piece {
        struct span text;
        uint32_t arg;
        bool chunk;
};

struct auditd_join {
        struct decode_state *s;
        struct event *e;
        uint32_t mask, used, stamp;
        uint32_t instances;
        uint32_t pieces;
        bool execve; /* the record being read is EXECVE */
        bool has_syscall_name;
        uint32_t arch, syscall; /* of the record; UINT32_MAX: none */
        struct piece *piece;    /* room for ARGS_MAX */
        struct slot slot[];
};

/* ---- the head ---- */

static bool is_digit(char c) {
        return c >= '0' && c <= '9';
}

static bool is_name_char(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' ||
               c == '-' || c == '[' || c == ']' || c == '.';
}

static const struct {
        uint16_t number;
        const char *name;
} types[] = {
        {1006, "LOGIN"},
        {1100, "USER_AUTH"},
        {1101, "USER_ACCT"},
        {1102, "USER_MGMT"},
        {1103, "CRED_ACQ"},
        {1104, "CRED_DISP"},
        {1105, "USER_START"},
        {1106, "USER_END"},
        {1107, "USER_AVC"},
        {1108, "USER_CHAUTHTOK"},
        {1109, "USER_ERR"},
        {1110, "CRED_REFR"},
        {1111, "USYS_CONFIG"},
        {1112, "USER_LOGIN"},
        {1113, "USER_LOGOUT"},
        {1114, "ADD_USER"},
        {1115, "DEL_USER"},
        {1116, "ADD_GROUP"},
        {1117, "DEL_GROUP"},
        {1123, "USER_CMD"},
        {1124, "USER_TTY"},
        {1127, "SYSTEM_BOOT"},
        {1128, "SYSTEM_SHUTDOWN"},
        {1130, "SERVICE_START"},
        {1131, "SERVICE_STOP"},
        {1300, "SYSCALL"},
        {1302, "PATH"},
        {1303, "IPC"},
        {1304, "SOCKETCALL"},
        {1305, "CONFIG_CHANGE"},
        {1306, "SOCKADDR"},
        {1307, "CWD"},
        {1309, "EXECVE"},
        {1311, "IPC_SET_PERM"},
        {1312, "MQ_OPEN"},
        {1313, "MQ_SENDRECV"},
        {1314, "MQ_NOTIFY"},
        {1315, "MQ_GETSETATTR"},
        {1316, "KERNEL_OTHER"},
        {1317, "FD_PAIR"},
        {1318, "OBJ_PID"},
        {1319, "TTY"},
        {1320, "EOE"},
        {1321, "BPRM_FCAPS"},
        {1322, "CAPSET"},
        {1323, "MMAP"},
        {1324, "NETFILTER_PKT"},
        {1325, "NETFILTER_CFG"},
        {1326, "SECCOMP"},
        {1327, "PROCTITLE"},
        {1328, "FEATURE_CHANGE"},
        {1329, "REPLACE"},
        {1330, "KERN_MODULE"},
        {1331, "FANOTIFY"},
        {1332, "TIME_INJOFFSET"},
        {1333, "TIME_ADJNTPVAL"},
        {1334, "BPF"},
        {1335, "EVENT_LISTENER"},
        {1336, "URINGOP"},
        {1337, "OPENAT2"},
        {1400, "AVC"},
        {1401, "SELINUX_ERR"},
        {1402, "AVC_PATH"},
        {1403, "MAC_POLICY_LOAD"},
        {1404, "MAC_STATUS"},
        {1405, "MAC_CONFIG_CHANGE"},
        {1700, "ANOM_PROMISCUOUS"},
        {1701, "ANOM_ABEND"},
        {1702, "ANOM_LINK"},
        {1703, "ANOM_CREAT"},
        {1800, "INTEGRITY_DATA"},
        {1801, "INTEGRITY_METADATA"},
        {1802, "INTEGRITY_STATUS"},
        {1803, "INTEGRITY_HASH"},
        {1804, "INTEGRITY_PCR"},
        {1805, "INTEGRITY_RULE"},
};

static struct span type_name(struct span t) {
        const struct span unknown = SPAN("UNKNOWN[");
        struct span n = t;
        unsigned v = 0;

        if (span_starts(n, unknown) && n.p[n.len - 1] == ']')
                n = span_of(n.p + unknown.len, n.len - unknown.len - 1);
        if (n.len != 4)
                return t;
        for (size_t i = 0; i < 4; i++) {
                if (!is_digit(n.p[i]))
                        return t;
                v = v * 10 + (unsigned)(n.p[i] - '0');
        }
        for (size_t i = 0; i < ARRAY_LEN(types); i++)
                if (types[i].number == v)
                        return span_str(types[i].name);
        return t;
}

/* "1170021493.977:293): " */
static bool read_stamp(const char *p, const char *end, struct auditd_record *r) {
        const char *start = p, *colon;
        uint64_t serial = 0;

        while (p < end && (is_digit(*p) || *p == '.'))
                p++;
        colon = p;
        if (p >= end || *p != ':' ||
            (r->time = time_parse_epoch(span_of(start, (size_t)(p - start)))) == TIME_NONE)
                return false;
        for (p++; p < end && is_digit(*p) && p - colon < 20; p++)
                serial = serial * 10 + (uint64_t)(*p - '0');
        if (p == colon + 1 || p >= end || *p != ')')
                return false;
        r->stamp = span_of(start, (size_t)(p - start));
        r->serial = serial;
        p++;
        if (p < end && *p == ':')
                p++;
        while (p < end && *p == ' ')
                p++;
        r->body = span_of(p, (size_t)(end - p));
        return true;
}

/* The value of the last `key` ("type=") that begins a word in `s`. */
static struct span word_after(struct span s, struct span key) {
        const char *p = memmem(s.p, s.len, key.p, key.len);

        if (!p || (p > s.p && p[-1] != ' ' && p[-1] != '\t'))
                return SPAN_NONE;
        p += key.len;
        size_t n = 0;
        while (p + n < s.p + s.len && p[n] != ' ')
                n++;
        return span_of(p, n);
}

/* The host of a syslog header, "Jun 21 16:47:48 host audispd: " or "… host kernel: [  12.345678]
 * audit: ": the word before the tag, when there is a time before it. */
static struct span header_host(struct span s) {
        struct span t = span_trim(s);
        bool tag = false;

        for (unsigned n = 0; t.len && n < 6; n++) {
                const char *blank = memrchr(t.p, ' ', t.len);
                size_t start = blank ? (size_t)(blank + 1 - t.p) : 0;
                struct span w = span_of(t.p + start, t.len - start);
                t = span_trim(span_of(t.p, start));
                if (tag)
                        return t.len ? w : SPAN_NONE;
                if (*w.p == '[' || w.p[w.len - 1] == ']' || span_eq(w, SPAN("audit:")))
                        continue;
                if (w.p[w.len - 1] != ':')
                        return SPAN_NONE;
                tag = true;
        }
        return SPAN_NONE;
}

bool auditd_head(struct span line, struct auditd_record *ret) {
        const struct span mark = SPAN("audit(");
        size_t near = MIN(line.len, (size_t)512);
        const char *p = near ? memmem(line.p, near, mark.p, mark.len) : NULL;

        if (!p)
                return false;
        *ret = (struct auditd_record){.line = line};
        if (!read_stamp(p + mark.len, line.p + line.len, ret))
                return false;
        struct span before = span_of(line.p, (size_t)(p - line.p));
        ret->type = type_name(word_after(before, SPAN("type=")));
        if (ret->type.len == 0)
                ret->type = SPAN("UNKNOWN");
        ret->node = word_after(before, SPAN("node="));
        if (!ret->node.p && before.len > 24) {
                const char *type = memmem(before.p, before.len, "type=", 5);
                ret->node = header_host(
                        span_of(before.p, type ? (size_t)(type - before.p) : before.len));
        }
        return true;
}

/* ---- names and arrays ---- */

struct auditd_join *auditd_join_new(unsigned names) {
        struct auditd_join *j = calloc(1, sizeof(*j) + names * 2 * sizeof(struct slot));

        if (!j)
                return NULL;
        j->piece = malloc(ARGS_MAX * sizeof(*j->piece));
        if (!j->piece) {
                free(j);
                return NULL;
        }
        j->mask = names * 2 - 1;
        return j;
}

struct auditd_join *auditd_join_free(struct auditd_join *j) {
        if (j)
                free(j->piece);
        free(j);
        return NULL;
}

/* Makes field number `i`, just added, known by name or part of its name's array. */
static void index_field(struct auditd_join *j, uint32_t i) {
        struct field *f = &j->e->fields[i];
        /* The key is an address, which whoever writes the log does not know. */
        uint64_t h = hash_bytes(f->name, f->name_len, (uintptr_t)j);

        for (;; h++) { /* half of the slots stay empty */
                struct slot *t = &j->slot[h & j->mask];

                if (t->stamp != j->stamp) {
                        if (j->used * 2 <= j->mask) {
                                *t = (struct slot){j->stamp, i};
                                j->used++;
                        } else {
                                j->e->cut = true; /* another of that name would hide this one */
                        }
                        return;
                }
                struct field *last = &j->e->fields[t->field];
                if (last->name_len != f->name_len || memcmp(last->name, f->name, f->name_len) != 0)
                        continue;
                if (last->arr == 0 && j->instances < UINT16_MAX)
                        last->arr = ++j->instances << 16 | 1;
                f->arr = (last->arr & 0xffff) == 0xffff ? last->arr : last->arr + 1;
                t->field = i; /* the next element counts on from here */
                return;
        }
}

static void put(struct auditd_join *j, struct span name, struct span val, uint8_t type) {
        uint32_t i = j->e->n;

        if (val.p && field_add(j->s, j->e, name, val, type))
                index_field(j, i);
}

void auditd_join_begin(struct auditd_join *j, struct decode_state *s, struct event *e) {
        j->s = s;
        j->e = e;
        j->used = 0;
        j->instances = 0;
        j->pieces = 0;
        if (++j->stamp == 0) {
                memset(j->slot, 0, (j->mask + 1) * sizeof(struct slot));
                j->stamp = 1;
        }
        for (uint32_t i = 0; i < e->n; i++)
                index_field(j, i);
}

/* ---- values ---- */

static int hex_digit(char c) {
        return is_digit(c) ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Upper-case hex of whole bytes, decoded into the arena; else an empty span. */
static struct span unhex(struct auditd_join *j, struct span v) {
        if (v.len < 2 || v.len % 2)
                return SPAN_NONE;
        for (size_t i = 0; i < v.len; i++)
                if (hex_digit(v.p[i]) < 0)
                        return SPAN_NONE;
        char *to = arena_alloc(&j->s->arena, v.len / 2);
        if (!to)
                return SPAN_NONE;
        for (size_t i = 0; i < v.len; i += 2)
                to[i / 2] = (char)(hex_digit(v.p[i]) << 4 | hex_digit(v.p[i + 1]));
        return span_of(to, v.len / 2);
}

/* Fields whose unquoted values may be hex. */
static bool encoded(struct span name) {
        static const char *const names[] = {
                "acct",      "cmd",     "comm",   "cwd",      "data",   "device",   "dir",
                "exe",       "file",    "grp",    "key",      "name",   "ocomm",    "path",
                "proctitle", "vm",      "watch",  "sw",       "unit",   "root_dir", "id",
                "new-name",  "profile", "cgroup", "ioctlcmd", "vm-ctx",
        };

        for (size_t i = 0; i < ARRAY_LEN(names); i++)
                if (strlen(names[i]) == name.len && memcmp(names[i], name.p, name.len) == 0)
                        return true;
        return false;
}

static bool printable(struct span v) {
        for (size_t i = 0; i < v.len; i++)
                if ((unsigned char)v.p[i] < ' ')
                        return false;
        return true;
}

static void put_title(struct auditd_join *j, struct span name, struct span v) {
        char *to = arena_alloc(&j->s->arena, v.len + 1);

        if (!to)
                return;
        while (v.len && v.p[v.len - 1] == '\0')
                v.len--;
        for (size_t i = 0; i < v.len; i++)
                to[i] = v.p[i] ? v.p[i] : ' ';
        put(j, name, span_of(to, v.len), V_STR);
}

/* Several keys of one rule are joined by 0x01. */
static void put_keys(struct auditd_join *j, struct span name, struct span v) {
        for (;;) {
                const char *end = v.len ? memchr(v.p, '\x01', v.len) : NULL;
                size_t n = end ? (size_t)(end - v.p) : v.len;

                put(j, name, span_of(v.p, n), V_STR);
                if (!end)
                        return;
                v = span_of(v.p + n + 1, v.len - n - 1);
        }
}

static void put_address(struct auditd_join *j, struct span raw) {
        const unsigned char *b = (const unsigned char *)raw.p;
        char text[INET6_ADDRSTRLEN];

        if (raw.len < 2)
                return;
        unsigned family = b[0] | (unsigned)b[1] << 8;
        if (family == 1) {
                struct span path = span_of(raw.p + 2, raw.len - 2);
                bool abstract = path.len > 1 && path.p[0] == '\0';
                if (abstract)
                        path = span_of(path.p + 1, path.len - 1);
                const char *nul = path.len ? memchr(path.p, '\0', path.len) : NULL;
                if (nul)
                        path.len = (size_t)(nul - path.p);
                put(j, SPAN("saddr.family"), SPAN("unix"), V_STR);
                put(j, SPAN("saddr.path"), path, V_STR);
                return;
        }
        bool four = family == 2 && raw.len >= 8, six = family == 10 && raw.len >= 24;
        if (!four && !six) {
                put(j, SPAN("saddr.family"),
                    family == 16 ? SPAN("netlink") : arena_printf(&j->s->arena, "%u", family),
                    V_STR);
                return;
        }
        put(j, SPAN("saddr.family"), four ? SPAN("inet") : SPAN("inet6"), V_STR);
        if (inet_ntop(four ? AF_INET : AF_INET6, b + (four ? 4 : 8), text, sizeof(text)))
                put(j, SPAN("saddr.addr"), arena_dup(&j->s->arena, span_str(text)), V_STR);
        put(j, SPAN("saddr.port"), arena_printf(&j->s->arena, "%u", (unsigned)b[2] << 8 | b[3]),
            V_NUM);
}

/* "a12" gives 12, "a12[3]" too with *ret_chunk set; else UINT32_MAX. */
static uint32_t argument(struct span name, bool *ret_chunk) {
        uint32_t v = 0;
        size_t i = 1;

        *ret_chunk = false;
        if (name.len < 2 || *name.p != 'a')
                return UINT32_MAX;
        while (i < name.len && i < 7 && is_digit(name.p[i]))
                v = v * 10 + (uint32_t)(name.p[i++] - '0');
        if (i == 1)
                return UINT32_MAX;
        *ret_chunk = i < name.len && name.p[i] == '[' && name.p[name.len - 1] == ']';
        return i == name.len || *ret_chunk ? v : UINT32_MAX;
}

static uint32_t number(struct span v, unsigned base) {
        uint64_t n = 0;

        for (size_t i = 0; i < v.len; i++) {
                char c = ascii_lower(v.p[i]);
                unsigned d = is_digit(c)            ? (unsigned)(c - '0')
                             : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                                                    : 99;
                if (d >= base || n > UINT32_MAX)
                        return UINT32_MAX;
                n = n * base + d;
        }
        return v.len && n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

static void put_syscall(struct auditd_join *j, struct span v) {
        put(j, SPAN("syscall"), v, is_digit(*v.p) ? V_NUM : V_STR);
        j->syscall = number(v, 10);
        struct span name =
                j->syscall == UINT32_MAX ? SPAN_NONE : auditd_syscall(j->arch, j->syscall);
        if (name.p)
                put(j, SPAN("syscall"), name, V_STR);
}

static void put_argument(struct auditd_join *j, struct span name, struct span v, uint32_t arg,
                         bool chunk) {
        if (j->pieces < ARGS_MAX)
                j->piece[j->pieces++] = (struct piece){.text = v, .arg = arg, .chunk = chunk};
        else
                j->e->cut = true;
        if (!chunk && arg < ARG_FIELDS)
                put(j, name, v, V_STR);
}

static void put_value(struct auditd_join *j, struct span name, struct span v, bool quoted) {
        bool chunk;
        uint32_t arg = j->execve ? argument(name, &chunk) : UINT32_MAX;
        struct span plain = SPAN_NONE;

        if (!quoted &&
            (arg != UINT32_MAX || (v.len >= 2 && hex_digit(*v.p) >= 0 && encoded(name)))) {
                while (v.len && v.p[v.len - 1] == '"') /* kernels 4.x: key=6578…" */
                        v.len--;
                plain = unhex(j, v);
        }
        if (arg != UINT32_MAX) {
                put_argument(j, name, plain.p ? plain : v, arg, chunk);
        } else if (span_eq(name, SPAN("proctitle"))) {
                put_title(j, name, plain.p ? plain : v);
        } else if (span_eq(name, SPAN("key"))) {
                put_keys(j, name, plain.p ? plain : v);
        } else if (plain.p && (printable(plain) || span_eq(name, SPAN("data")) ||
                               span_eq(name, SPAN("cmd")))) {
                put(j, name, plain, V_STR);
        } else if (!quoted && v.len && span_eq(name, SPAN("syscall"))) {
                put_syscall(j, v);
        } else {
                if (span_eq(name, SPAN("arch")))
                        j->arch = number(v, 16);
                else if (span_eq(name, SPAN("SYSCALL")))
                        j->has_syscall_name = true;
                put(j, name, v, V_STR);
                if (!quoted && span_eq(name, SPAN("saddr")) && (plain = unhex(j, v)).p)
                        put_address(j, plain);
        }
}

static void read_pairs(struct auditd_join *j, struct span in, unsigned depth);

/* msg='…' of user-space records: pairs again; text without any stays `msg`. */
static void read_message(struct auditd_join *j, struct span v, unsigned depth) {
        uint32_t before = j->e->n;

        if (depth == 0)
                read_pairs(j, v, 1);
        if (j->e->n == before)
                put(j, SPAN("msg"), v, V_STR);
}

/* The end of the value that starts at p (behind the opening quote, if there is one). */
static const char *value_end(const char *p, const char *end, char quote) {
        while (p < end && *p != quote && !(quote == ' ' && *p == GS))
                p++;
        return p;
}

/* The last closing quote before 0x1d or the end: what is inside may have such quotes itself. */
static const char *message_end(const char *p, const char *end, char quote) {
        const char *gs = memchr(p, GS, (size_t)(end - p));
        const char *last = memrchr(p, quote, (size_t)((gs ? gs : end) - p));

        return last ? last : gs ? gs : end;
}

/* "avc:  denied  { read write } for  pid=…" */
static struct span read_avc(struct auditd_join *j, struct span in) {
        const struct span denied = SPAN("denied"), granted = SPAN("granted");
        struct span t = span_trim(span_of(in.p + 4, in.len - 4));

        if (span_starts(t, denied))
                put(j, SPAN("seresult"), denied, V_STR);
        else if (span_starts(t, granted))
                put(j, SPAN("seresult"), granted, V_STR);
        else
                return in;
        const char *open = memchr(t.p, '{', MIN(t.len, (size_t)16));
        const char *shut = open ? memchr(open, '}', (size_t)(t.p + t.len - open)) : NULL;
        if (!shut)
                return t;
        for (const char *p = open + 1; p < shut;) {
                const char *w = p;
                while (p < shut && *p != ' ')
                        p++;
                if (p > w)
                        put(j, SPAN("seperms"), span_of(w, (size_t)(p - w)), V_STR);
                p++;
        }
        return span_of(shut + 1, (size_t)(t.p + t.len - shut - 1));
}

/* Old records of PAM enclose pairs in parentheses and part them by commas. */
static struct span trim_bare(struct span v) {
        /* Looked for once: a value may be nothing but parentheses. */
        bool opened = v.len && memchr(v.p, '(', v.len);

        while (v.len && (v.p[v.len - 1] == ',' || (v.p[v.len - 1] == ')' && !opened)))
                v.len--;
        return v;
}

static void read_pairs(struct auditd_join *j, struct span in, unsigned depth) {
        const char *p = in.p, *end = in.p + in.len;

        while (p < end) {
                while (p < end && (*p == ' ' || *p == GS || *p == ',' || *p == '(' || *p == '}'))
                        p++;
                const char *name = p;
                while (p < end && is_name_char(*p))
                        p++;
                if (p >= end || *p != '=' || p == name) { /* a word that is no pair */
                        while (p < end && *p != ' ' && *p != GS)
                                p++;
                        continue;
                }
                struct span key = span_of(name, (size_t)(p++ - name));
                bool escaped = end - p >= 2 && p[0] == '\\' && p[1] == '"';
                char quote = escaped ? '"' : p < end && (*p == '"' || *p == '\'') ? *p : ' ';
                if (p < end && *p == '{') { /* SADDR={ saddr_fam=inet laddr=… } */
                        const char *shut = memchr(p, '}', MIN((size_t)(end - p), (size_t)512));
                        if (shut) {
                                put(j, key, span_trim(span_of(p + 1, (size_t)(shut - p - 1))),
                                    V_STR);
                                p++;
                                continue;
                        }
                }
                if (quote != ' ')
                        p += escaped ? 2 : 1;
                if (quote != ' ' && span_eq(key, SPAN("msg"))) {
                        const char *stop = message_end(p, end, quote);
                        read_message(j, span_of(p, (size_t)(stop - p)), depth);
                        p = stop + (stop < end && *stop == quote);
                        continue;
                }
                const char *stop = value_end(p, end, quote);
                if (stop - p > 6 &&
                    memcmp(p, "(null)", 6) == 0) /* a copy may have lost the separator behind it */
                        stop = p + 6;
                struct span val = span_of(p, (size_t)(stop - p));
                if (escaped && val.len && val.p[val.len - 1] == '\\')
                        val.len--;
                put_value(j, key, quote == ' ' ? trim_bare(val) : val, quote != ' ');
                p = stop + (stop < end && quote != ' ');
        }
}

void auditd_join_add(struct auditd_join *j, const struct auditd_record *r) {
        struct span body = r->body;

        j->execve = span_eq(r->type, SPAN("EXECVE"));
        j->has_syscall_name = false;
        j->arch = j->syscall = UINT32_MAX;
        put(j, SPAN("type"), r->type, V_STR);
        if (span_starts(body, SPAN("avc:")))
                body = read_avc(j, body);
        read_pairs(j, body, 0);
        if (j->syscall != UINT32_MAX && !j->has_syscall_name) {
                struct span name = auditd_syscall(j->arch, j->syscall);
                if (name.p)
                        put(j, SPAN("SYSCALL"), name, V_STR);
        }
}

/* Arguments that came in chunks, and the command line. */
void auditd_join_end(struct auditd_join *j) {
        size_t total = 0, n = 0;

        if (j->pieces == 0)
                return;
        for (uint32_t i = 0; i < j->pieces; i++)
                total += j->piece[i].text.len + 1;
        char *line = arena_alloc(&j->s->arena, total);
        if (!line)
                return;
        for (uint32_t i = 0; i < j->pieces;) {
                uint32_t arg = j->piece[i].arg, first = i;

                if (i)
                        line[n++] = ' ';
                size_t start = n;
                do {
                        memcpy(line + n, j->piece[i].text.p, j->piece[i].text.len);
                        n += j->piece[i].text.len;
                        i++;
                } while (i < j->pieces && j->piece[i].chunk && j->piece[i].arg == arg);
                if (j->piece[first].chunk && arg < ARG_FIELDS) {
                        struct span name = arena_printf(&j->s->arena, "a%u", arg);
                        if (name.p)
                                put(j, name, span_of(line + start, n - start), V_STR);
                }
        }
        put(j, SPAN("cmdline"), span_of(line, n), V_STR);
}
