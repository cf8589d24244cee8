/* Inside the generator: the maker of one call, who and what the unit is, the writers of each kind of log, and the
 * functions behind the catalogue. */
#ifndef EXERCISE_TELEMETRY_IMPL_H
#define EXERCISE_TELEMETRY_IMPL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/timestamp.h"
#include "exercise/activity.h"
#include "exercise/prng.h"
#include "exercise/telemetry.h"

#define MS INT64_C(1000) /* the maker counts microseconds of the drill */
#define SEC (1000 * MS)

enum source { /* in the order of activity_sources[] */
              SRC_SYSMON,
              SRC_SECURITY,
              SRC_SYSTEM,
              SRC_POWERSHELL,
              SRC_DEFENDER,
              SRC_AUDITD,
              SRC_SSHD,
              SRC_WEB,
              SRC_EVE,
              SRC_MAIL,
              SRC_M365,
              SOURCES
};

/* Who runs something: an account of the plan (>= 0), or one of the machine's own. */
enum { WHO_SYSTEM = -1, WHO_LOCAL = -2, WHO_NETWORK = -3, WHO_NOBODY = -4 };

struct host {
        const char *name, *fqdn, *address;
        uint64_t key;
        uint32_t machine; /* first part of its GUIDs */
        int64_t boot;     /* ns, event time */
        unsigned sources; /* bits */
        int64_t serial;   /* the last of auditd in this call */
};

struct proc {
        const char *image, *cmd, *folder;
        unsigned pid;
        int who;
        char guid[40];
};

struct shell {
        unsigned host;
        int who;
        const struct proc *proc;
};

struct made {
        int64_t at;
        uint32_t off, len, order;
        uint16_t source; /* host * SOURCES + enum source */
        uint8_t format;
};

struct maker {
        const struct telemetry_ask *ask;
        const struct plan *p;
        const char *unit, *domain, *netbios;
        const char **accounts;
        struct host *hosts;
        uint64_t key; /* seed and unit */
        uint64_t domain_sid[3];
        struct arena arena;
        struct buf text;
        struct made *made;
        size_t n, cap;
        struct shell shells[64];
        unsigned n_shells;
        int error; /* the first */
};

/* One activity being played. */
struct act {
        struct maker *m;
        struct prng rng;
        const struct activity *def;
        const struct plan_activity *pa; /* NULL: background */
        unsigned host;
        int who;                        /* WHO_SYSTEM when the step names no account */
        const struct plan_outside *out; /* NULL: none */
        int from;                       /* host it comes from; -1 */
        int64_t at;                     /* µs; moves on */
};

typedef void activity_play(struct act *a);
struct activity_fn {
        const char *name;
        activity_play *play;
};
/* One list a file of activities, ended by a NULL. */
extern const struct activity_fn activities_windows[], activities_harm[], activities_logon[],
        activities_linux[], activities_web[], activities_network[], activities_innocent[];

/* ---- telemetry.c ---- */
const char *tel_say(struct maker *m, const char *fmt, ...) _printf_(2, 3);
int64_t event_ns(const struct maker *m, int64_t at);
bool host_has(const struct maker *m, unsigned host, enum source s);
/* A line for that source; between begin and end buf_*() on the returned buffer. NULL: the host has no such source, or
 * the maker has failed. */
struct buf *line_begin(struct maker *m, unsigned host, enum source s);
void line_end(struct maker *m, unsigned host, enum source s, int64_t at, enum format format);
/* Of the activity: as written, or its fallback; NULL: neither. */
const char *act_text(const struct act *a, const char *param);
int64_t act_number(const struct act *a, const char *param);
int act_account(const struct act *a, const char *param); /* -1: none */
/* Moves on by that many ms, about. */
void act_pause(struct act *a, int64_t ms);
/* n things spread over `over`: the time of the i-th. */
int64_t act_spread(struct act *a, int64_t begin, unsigned i, unsigned n, int64_t over_us);
/* Where it comes from: the host `from`, or outside. */
const char *act_address(const struct act *a);
const char *act_domain(const struct act *a);
const char *account_name(const struct maker *m, int who);
const char *tel_lower(struct maker *m, const char *s);
const char *tel_upper(struct maker *m, const char *s);
/* Of names that nobody has. */
const char *made_up_name(struct maker *m, struct prng *r);
const char *made_up_address(struct maker *m, struct prng *r, const char *own);
#define PICK(rng, list) ((list)[prng_below(rng, ARRAY_LEN(list))])

/* ---- telemetry_windows.c ---- */
enum win_id {
        SYSMON_PROCESS,
        SYSMON_NETWORK,
        SYSMON_ENDED,
        SYSMON_IMAGE,
        SYSMON_ACCESS,
        SYSMON_FILE,
        SYSMON_KEY,
        SYSMON_VALUE,
        SYSMON_DNS,
        SYSMON_DELETED,
        SEC_LOGON,
        SEC_LOGON_FAILED,
        SEC_LOGOFF,
        SEC_EXPLICIT,
        SEC_OBJECT,
        SEC_PRIVILEGES,
        SEC_SERVICE_CALLED,
        SEC_PROCESS,
        SEC_ENDED,
        SEC_TASK,
        SEC_USER,
        SEC_USER_ENABLED,
        SEC_GLOBAL_MEMBER,
        SEC_LOCAL_MEMBER,
        SEC_TGT,
        SEC_TICKET,
        SEC_PREAUTH,
        SEC_NTLM,
        SEC_SHARE_FILE,
        SEC_CONNECTION,
        SEC_BIND,
        SEC_CLEARED,
        SEC_DEVICE,
        SYS_SERVICE,
        SYS_STATE,
        SYS_CLEARED,
        PS_SCRIPT,
        DEF_FOUND,
        DEF_OFF,
        WIN_IDS
};
#define WIN_FIELDS_MAX 44u
struct win_event {
        unsigned id;
        enum source source;
        const char *level, *keywords, *task,
                *message; /* message NULL: "title" of Sysmon, then the fields */
        const char *title;
        const char *fields; /* separated by `|` */
};
extern const struct win_event win_events[WIN_IDS];
struct win_provider {
        const char *name, *guid, *channel;
};
extern const struct win_provider win_providers[SOURCES];

struct win {
        struct maker *m;
        const struct win_event *e;
        unsigned host, n;
        int64_t at;
        struct span names[WIN_FIELDS_MAX];
        const char *values[WIN_FIELDS_MAX];
        bool off; /* the host keeps no such log */
};
void win_open(struct win *w, struct maker *m, unsigned host, enum win_id id, int64_t at);
void win_set(struct win *w, const char *name, const char *value);
void win_write(struct win *w);

const char *who_user(struct maker *m, unsigned host, int who); /* DOMAIN\name */
const char *who_sid(struct maker *m, unsigned host, int who);
uint64_t who_logon(struct maker *m, unsigned host, int who);
void win_subject(struct win *w, int who); /* Subject… of Security */
void win_target(struct win *w, int who);  /* Target… */
void win_process(struct win *w, const struct proc *p);

enum standing {
        PROC_SYSTEM,
        PROC_SERVICES,
        PROC_LSASS,
        PROC_WINLOGON,
        PROC_SVCHOST_SCHEDULE,
        PROC_SVCHOST_NETWORK,
        PROC_SVCHOST_DCOM,
        PROC_SVCHOST_LOCAL,
        PROC_WMIPRVSE,
        PROC_DEFENDER,
        PROC_SPOOLER,
        PROC_SEARCH,
        PROC_EXPLORER,
        PROC_OUTLOOK,
        PROC_EDGE,
        PROC_W3WP,
        PROC_UPDATER,
        STANDING
};
/* A process that was there before the drill began. */
const struct proc *proc_standing(struct maker *m, unsigned host, enum standing s, int who);
/* A process starts: Sysmon 1, Security 4688. Never NULL. */
const struct proc *proc_start(struct act *a, const struct proc *parent, const char *image,
                              const char *cmd, int who);
/* ends `after` µs later: Sysmon 5, Security 4689. */
void proc_end(struct act *a, const struct proc *p, int64_t after);
/* Starts and ends; time moves on. */
const struct proc *proc_run(struct act *a, const struct proc *parent, const char *image,
                            const char *cmd);
/* The shell that this account has on this host in this step; explorer when none. */
const struct proc *shell_of(struct act *a);
const struct proc *shell_ready(struct act *a); /* starts one when there is none */
void shell_set(struct act *a, const struct proc *p);
void win_file(struct act *a, const struct proc *p, const char *file);
void win_value(struct act *a, const struct proc *p, const char *key, const char *details);
void win_connect(struct act *a, const struct proc *p, const char *to, const char *name,
                 unsigned port);
void win_dns(struct act *a, const struct proc *p, const char *name, const char *address);
void win_access(struct act *a, const struct proc *p, const struct proc *to, const char *mask);
void win_script(struct act *a, const char *text);
void win_logon(struct act *a, unsigned host, int who, unsigned type, const char *package);
void win_logon_failed(struct act *a, unsigned host, const char *name, unsigned type,
                      const char *address);
void win_service(struct act *a, const char *name, const char *path);
const char *win_home(struct act *a); /* C:\Users\name */
#define SYS32(x) "C:\\Windows\\System32\\" x
#define POWERSHELL SYS32("WindowsPowerShell\\v1.0\\powershell.exe")

/* ---- telemetry_lines.c ---- */
/* auth.log, mail.log: one line of `tag`. */
void unix_line(struct act *a, enum source s, const char *tag, unsigned pid, const char *text);
/* auditd: a command was run; words separated by a blank, quoting with ' and " undone. */
struct command {
        const char *exe, *line, *cwd;
        unsigned uid, ppid;
        int auid; /* account; WHO_SYSTEM: unset */
};
unsigned audit_exec(struct act *a, const struct command *c); /* its pid */
struct request {
        const char *address, *method, *uri, *agent, *referer;
        unsigned status;
        uint64_t bytes;
};
void web_line(struct act *a, const struct request *q);
enum eve_kind { EVE_FLOW, EVE_ALERT, EVE_DNS, EVE_HTTP, EVE_TLS, EVE_SMB };
struct eve {
        enum eve_kind kind;
        const char *src, *dst;
        unsigned sport, dport;
        const char *proto, *app;
        uint64_t to_server, to_client, age_s;
        const char *a,
                *b; /* alert: signature, category; dns: name, type; http: host, url; tls: sni; smb: file */
        unsigned n;  /* alert: severity; http: status */
        uint64_t id; /* flow; 0: a new one */
};
void eve_line(struct act *a, const struct eve *e);
void m365_line(struct act *a, const char *operation, const char *workload, const char *rest);

/* ---- telemetry_job.c ---- */

/* A sink: framed into the struct buf that `ctx` is. */
int telemetry_put_record(void *ctx, const struct telemetry_record *r);

/* ---- noise.c ---- */
void noise_make(struct maker *m);

#endif
