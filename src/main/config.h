/* The node's configuration: one YAML file, every key known, every error with its line. main reads
 * it alone: it is the administrator's own text. doc/configuration.md explains every key. */
#ifndef MAIN_CONFIG_H
#define MAIN_CONFIG_H

#include "base/arena.h"
#include "wire/node_ingest.h"

#define CONFIG_PATHS_MAX 64u

struct config_tls {
        const char *certificate, *key, *authorities, *revoked; /* paths or NULL */
};

struct config_listen {
        const char *name;
        enum listen_protocol protocol;
        uint32_t flags;      /* LISTEN_* */
        uint8_t address[16]; /* IPv4 mapped; zero: all, of both families */
        uint16_t port;
        const char *path; /* of a local one */
        enum listen_framing framing;
        uint32_t max_connections, per_peer, idle_s;
        uint64_t request_max;
        struct config_tls tls; /* of its own, else the node's */
        uint32_t line;
};

struct config_source {
        const char *name, *system, *identity, *listen, *tokens;
        enum format format;
        struct address_net *nets;
        uint32_t n_nets;
        uint32_t record_max, records_s, silent_s;
        uint64_t bytes_s;
        const char **files; /* patterns */
        uint32_t n_files;
        bool journal;
        uint32_t line;
        uint32_t id; /* given by the node, kept over a reload; 0: not yet */
};

/* A backup that restore drills read. */
struct config_repository {
        const char *name, *kind, *path, *password, *system;
        uint32_t every_s, rto_s, rpo_s; /* 0: by hand only; of the system */
        uint32_t sample;
        bool whole;
        const char **files, **expect; /* always tried; "PATH SHA-256" */
        uint32_t n_files, n_expect;
        uint32_t line;
};
#define CONFIG_REPOSITORIES_MAX 64u

#define CONFIG_NEVER_MAX 4096u
#define CONFIG_MANAGEMENT_MAX 64u
#define CONFIG_NAMES_MAX 256u
#define CONFIG_HOOKS_MAX 32u
#define CONFIG_ALLOW_MAX 256u

struct config_hook {
        const char *name, *url, *secret_file, *ca_file;
        uint32_t line;
};

struct config {
        const char *path;
        const char *directory, *control, *exceptions, *logsources;
        const char **rules, **placeholders, **regimes;
        uint32_t n_rules, n_placeholders, n_regimes;
        struct config_intel {
                const char **files, **warnings;
                uint32_t n_files, n_warnings, expiry_s; /* expiry_s 0: none */
                const char *columns, *fields;
        } intel;
        struct config_containment {
                bool on;       /* the key is there */
                bool gateway;  /* hosts can be isolated here */
                bool accounts; /* of this machine, can be disabled */
                struct address_net *never, *management;
                uint32_t n_never, n_management;
                const char **never_accounts, **services;
                uint32_t n_never_accounts, n_services;
                struct config_hook hook; /* a firewall elsewhere; url NULL: none */
        } containment;
        struct config_courier {
                bool on; /* the key is there */
                struct config_mail {
                        const char *server, *from, *user, *password_file, *ca_file;
                        uint32_t port;
                        enum courier_tls { COURIER_STARTTLS, COURIER_TLS, COURIER_PLAIN } tls;
                } mail;
                struct config_hook *hooks;
                uint32_t n_hooks;
                const char **allow, **resolvers;
                uint32_t n_allow, n_resolvers;
                const char *authorities;
        } courier;
        struct config_directory {
                const char *server, *dn, *base, *attribute, *class_name, *user, *password_file,
                        *ca_file, *lock, *locked;
                uint32_t port;
                enum courier_tls tls;
        } ldap; /* server NULL: none */
        struct config_provider {
                const char *issuer, *client, *secret_file, *redirect, *claim, *name, *ca_file;
        } oidc; /* issuer NULL: none */
        struct config_recovery {
                const char *scratch;
                uint64_t quota;
                uint32_t limit_s;
                struct config_repository *list;
                uint32_t n;
        } recovery;
        uint32_t judges, seals; /* 0: by the number of processors */
        uint32_t lateness_s, skew_s, alert_window_s;
        uint32_t retention_days; /* 0: no limit */
        uint64_t retention_bytes;
        uint32_t retention_alerts_days; /* 0: no limit */
        uint64_t duplicates_bytes;      /* of the memory of duplicates */
        uint64_t attachments_bytes;     /* of all that people attach (desk/blobs.h) */
        struct config_tls tls;
        struct config_console {
                uint8_t address[16];
                uint16_t port; /* 0: none */
                struct config_tls tls;
        } console;
        uint8_t metrics[16];
        uint16_t metrics_port; /* 0: none */
        struct config_listen *listen;
        uint32_t n_listen;
        struct config_source *sources;
        uint32_t n_sources;
        struct span shown; /* the file, for people (config_show.h); p NULL: there is none */
        struct arena arena;
};

/* Called for every error: line and column 0 when about the whole file. */
typedef void (*config_complain)(void *ctx, uint32_t line, uint32_t column, const char *text);

/* 0; -EINVAL: errors were told; -errno. `text` is copied. */
int config_parse(struct config *ret, const char *path, struct span text, config_complain complain,
                 void *ctx);
void config_deinit(struct config *c);

/* "10.0.0.0/8", "2001:db8::/32", "192.0.2.7". */
bool config_net(const char *text, struct address_net *ret);
/* "127.0.0.1:9464", "[::1]:9464", "*:514", ":514". */
bool config_address(const char *text, uint8_t ret_address[16], uint16_t *ret_port);

#endif
