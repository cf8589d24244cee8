/* The part of the configuration that says by which account people sign in (config.h). */
#include "base/lang.h"
#include "main/config_impl.h"

static const struct key ldap_keys[] = {
        {"server", TEXT, AT(config_directory, server), 0, NULL},
        {"port", NUMBER, AT(config_directory, port), 0, NULL},
        {"tls", OWN, AT(config_directory, tls), 0, config_own_tls},
        {"ca-file", TEXT, AT(config_directory, ca_file), 0, NULL},
        {"dn", TEXT, AT(config_directory, dn), 0, NULL},
        {"base", TEXT, AT(config_directory, base), 0, NULL},
        {"login-attribute", TEXT, AT(config_directory, attribute), 0, NULL},
        {"class", TEXT, AT(config_directory, class_name), 0, NULL},
        {"user", TEXT, AT(config_directory, user), 0, NULL},
        {"password-file", TEXT, AT(config_directory, password_file), 0, NULL},
        {"lock-attribute", TEXT, AT(config_directory, lock), 0, NULL},
        {"locked-value", TEXT, AT(config_directory, locked), 0, NULL},
};

static void own_ldap(struct reader *r, const struct node *n, void *to) {
        struct config_directory *d = &r->c->ldap;
        uint8_t address[16];

        d->attribute = "uid";
        config_read_map(r, n, ldap_keys, ARRAY_LEN(ldap_keys), d);
        bool own = d->server && (strcmp(d->server, "localhost") == 0 ||
                                 (config_ip(d->server, address) && config_is_loopback(address)));
        if (!d->port)
                d->port = d->tls == COURIER_TLS ? 636 : 389;
        bool finds = d->base && d->user && d->password_file;
        if (!d->server || !*d->server || strlen(d->server) > 253 || strpbrk(d->server, "/@ ") ||
            d->port > 65535 || (!finds && !(d->dn && strstr(d->dn, "{login}"))))
                config_wrong(
                        r, n, "%s",
                        tr("ldap needs server, and dn with {login} in it, or base, user and "
                           "password-file",
                           "ldap cần server, và dn có {login}, hoặc base, user và password-file"));
        if (!d->lock != !d->locked || (d->lock && !finds))
                config_wrong(r, n, "%s",
                             tr("lock-attribute and locked-value go together, with base, user and "
                                "password-file",
                                "lock-attribute và locked-value đi cùng nhau, với base, user và "
                                "password-file"));
        if (d->tls == COURIER_PLAIN && !own)
                config_wrong(r, n, "%s",
                             tr("tls: none is for a server on this machine (127.0.0.1) alone",
                                "tls: none chỉ dùng cho máy chủ trên chính máy này (127.0.0.1)"));
        r->c->courier.on = true;
}

static const struct key oidc_keys[] = {
        {"issuer", TEXT, AT(config_provider, issuer), 0, NULL},
        {"client", TEXT, AT(config_provider, client), 0, NULL},
        {"secret-file", TEXT, AT(config_provider, secret_file), 0, NULL},
        {"redirect", TEXT, AT(config_provider, redirect), 0, NULL},
        {"claim", TEXT, AT(config_provider, claim), 0, NULL},
        {"name", TEXT, AT(config_provider, name), 0, NULL},
        {"ca-file", TEXT, AT(config_provider, ca_file), 0, NULL},
};

static void own_oidc(struct reader *r, const struct node *n, void *to) {
        struct config_provider *p = &r->c->oidc;

        p->claim = "sub";
        p->name = "OpenID";
        config_read_map(r, n, oidc_keys, ARRAY_LEN(oidc_keys), p);
        if (!p->issuer || strncmp(p->issuer, "https://", 8) != 0 || strlen(p->issuer) > 500 ||
            !p->client || strlen(p->client) > 200 || !p->redirect || strlen(p->redirect) > 500 ||
            strncmp(p->redirect, "http", 4) != 0 || strlen(p->name) > 60)
                config_wrong(
                        r, n, "%s",
                        tr("oidc needs issuer (https://…), client and redirect (this console's "
                           "address with /sign-in/back)",
                           "oidc cần issuer (https://…), client và redirect (địa chỉ bảng điều "
                           "khiển "
                           "này với /sign-in/back)"));
        r->c->courier.on = true;
}

static const struct key sign_in_keys[] = {
        {"ldap", OWN, AT(config, ldap), 0, own_ldap},
        {"oidc", OWN, AT(config, oidc), 0, own_oidc},
};

void config_own_sign_in(struct reader *r, const struct node *n, void *to) {
        config_read_map(r, n, sign_in_keys, ARRAY_LEN(sign_in_keys), r->c);
}
