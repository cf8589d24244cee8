/* What the files that read the configuration share: one table per map, every error told. */
#ifndef MAIN_CONFIG_IMPL_H
#define MAIN_CONFIG_IMPL_H

#include "main/config.h"
#include "rules/yamltree.h"

struct reader {
        struct config *c;
        config_complain complain;
        void *ctx;
        unsigned errors;
};

enum kind {
        TEXT,    /* const char * */
        TEXTS,   /* const char **, uint32_t right after the field given in `extra` */
        SECONDS, /* uint32_t: 90, 90s, 5m, 1h, 7d */
        NUMBER,  /* uint32_t */
        BYTES,   /* uint64_t: 10M */
        BYTES32, /* uint32_t */
        FLAG,    /* uint32_t: or-ed with `extra` when true */
        BOOLEAN, /* bool */
        OWN,     /* a function */
};

struct key {
        const char *name;
        enum kind kind;
        size_t at, extra;
        void (*own)(struct reader *r, const struct node *n, void *to);
};

#define AT(type, field) offsetof(struct type, field)

void config_wrong(struct reader *r, const struct node *n, const char *fmt, ...) _printf_(3, 4);
void config_read_map(struct reader *r, const struct node *n, const struct key *keys, size_t n_keys,
                     void *to);
void config_own_tls(struct reader *r, const struct node *n, void *to);
bool config_ip(const char *text, uint8_t ret[16]);
bool config_is_loopback(const uint8_t a[16]);
/* config_signin.c */
void config_own_sign_in(struct reader *r, const struct node *n, void *to);

/* config_recovery.c */
void config_own_recovery(struct reader *r, const struct node *n, void *to);
void config_check_recovery(struct reader *r);

#endif
