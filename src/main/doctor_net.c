/* Whether what a node listens to can be had, and the certificates that it shows. Nothing is sent:
 * a port is tried by binding it for a moment. */
#include <stdio.h>
#include <stdlib.h>

#include "base/lang.h"
#include "base/timestamp.h"
#include "ingest/tls_check.h"
#include "main/doctor.h"
#include "main/phrases.h"
#include "os/bind.h"
#include "os/os.h"

#define DAY_NS (INT64_C(86400) * NS_PER_SEC)
#define SOON_DAYS 30

/* ---- ports ---- */

static const char *advice_for(struct doctor *d, int error, uint16_t port, bool stream) {
        if (error == -EADDRINUSE)
                return doctor_text(
                        d,
                        tr("see who has it: ss -ln%sp 'sport = :%u'; end that program or "
                           "take another port",
                           "xem ai đang giữ: ss -ln%sp 'sport = :%u'; tắt chương trình "
                           "đó hoặc đổi cổng"),
                        stream ? "t" : "u", port);
        if (error == -EACCES || error == -EPERM)
                return tr("AmbientCapabilities=CAP_NET_BIND_SERVICE in the unit, or a port above "
                          "1023",
                          "AmbientCapabilities=CAP_NET_BIND_SERVICE trong unit, hoặc cổng trên "
                          "1023");
        if (error == -EADDRNOTAVAIL)
                return tr("'ip address' lists this machine's addresses; take one, or 0.0.0.0",
                          "'ip address' liệt kê địa chỉ máy này; chọn một, hoặc 0.0.0.0");
        return tr("correct 'address'", "sửa 'address'");
}

static void port(struct doctor *d, const char *name, enum bind_kind kind, const uint8_t address[16],
                 uint16_t number) {
        uint64_t first = 1024;
        int fd = os_bind(kind, address, number), r = MIN(fd, 0);

        os_close_quiet(fd);
        (void)os_proc_number("/proc/sys/net/ipv4/ip_unprivileged_port_start", &first);
        if (r == -EADDRINUSE && d->node_answers)
                doctor_say(d, DOCTOR_OK, "ports", NULL,
                           tr("%s: port %u is in use, and a node runs",
                              "%s: cổng %u đang dùng, và nút đang chạy"),
                           name, number);
        else if (r < 0)
                doctor_say(d, DOCTOR_ERROR, "ports", advice_for(d, r, number, kind == BIND_STREAM),
                           "%s: %s %u: %s", name, tr("port", "cổng"), number, error_text(r));
        else if (number < first && d->uid != 0)
                doctor_say(d, DOCTOR_WARNING, "ports",
                           advice_for(d, -EACCES, number, kind == BIND_STREAM),
                           tr("%s: port %u is privileged, and %s may not take it by itself",
                              "%s: cổng %u cần đặc quyền, %s không tự mở được"),
                           name, number, d->user);
        else
                doctor_say(d, DOCTOR_OK, "ports", NULL,
                           tr("%s: port %u is free", "%s: cổng %u còn trống"), name, number);
}

static void local(struct doctor *d, const struct config_listen *l) {
        char parent[1100];

        snprintf(parent, sizeof(parent), "%s", l->path);
        char *slash = strrchr(parent, '/');
        if (slash)
                *(slash == parent ? slash + 1 : slash) = '\0';
        int r = slash ? os_access(parent, 3) : 0; /* 3: to write and to enter */
        if (r < 0)
                doctor_say(d, DOCTOR_ERROR, "ports",
                           doctor_text(d, "install -d -m 0755 -o %s %s", d->user, parent),
                           "%s: %s: %s", l->name, parent, error_text(r));
        else
                doctor_say(d, DOCTOR_OK, "ports", NULL, "%s: %s", l->name, l->path);
}

void doctor_net(struct doctor *d) {
        const struct config *c = d->config;

        for (uint32_t i = 0; i < c->n_listen; i++) {
                const struct config_listen *l = &c->listen[i];

                if (listen_is_local(l->protocol))
                        local(d, l);
                else
                        port(d, l->name,
                             listen_is_datagram(l->protocol) ? BIND_DATAGRAM : BIND_STREAM,
                             l->address, l->port);
        }
        if (c->n_listen == 0)
                doctor_say(d, DOCTOR_WARNING, "ports",
                           tr("name listeners under 'listen', or be content with followed files",
                              "khai báo cổng nghe trong 'listen', hoặc chỉ theo dõi tệp"),
                           "%s", tr("no listener is named", "chưa khai báo cổng nghe nào"));
        if (c->metrics_port)
                port(d, "metrics", BIND_STREAM, c->metrics, c->metrics_port);
}

/* ---- certificates ---- */

#define PEM_MAX ((size_t)16 << 20)

/* NULL: not named, or told what is wrong. */
static char *read_pem(struct doctor *d, const char *key, const char *path, struct span *ret) {
        char *text = NULL;
        size_t len = 0;
        int r = path ? os_read_file(path, PEM_MAX, &text, &len) : 0;

        if (r < 0)
                doctor_say(d, DOCTOR_ERROR, "certificates",
                           doctor_text(d,
                                       tr("correct %s, or give %s the right to read",
                                          "sửa %s, hoặc cho %s quyền đọc"),
                                       key, d->user),
                           "%s: %s: %s", key, path, error_text(r));
        *ret = span_of(text, len);
        return text;
}

static void no_pem(struct doctor *d, const char *key, const char *path, const char *why) {
        doctor_say(d, DOCTOR_ERROR, "certificates",
                   tr("put a PEM file there (openssl x509 -in FILE -text shows one)",
                      "đặt tệp PEM vào đó (openssl x509 -in TỆP -text để xem)"),
                   "%s: %s: %s", key, path, why);
}

static void in_time(struct doctor *d, const char *key, const char *path,
                    const struct tls_facts *f) {
        int64_t now = os_now();
        long long days = (long long)((f->not_after - now) / DAY_NS);
        const char *renew =
                tr("have it renewed, then 'coloa reload'", "xin cấp lại, rồi 'coloa reload'");

        if (f->not_before > now)
                doctor_say(d, DOCTOR_ERROR, "certificates",
                           tr("wait, or set this machine's clock right",
                              "chờ, hoặc chỉnh đúng đồng hồ máy này"),
                           tr("%s: %s is not valid yet", "%s: %s chưa có hiệu lực"), key, path);
        else if (f->not_after <= now)
                doctor_say(d, DOCTOR_ERROR, "certificates", renew,
                           tr("%s: %s expired %lld days ago: senders refuse it",
                              "%s: %s hết hạn %lld ngày trước: máy gửi sẽ từ chối"),
                           key, path, -days);
        else if (days < SOON_DAYS)
                doctor_say(d, DOCTOR_WARNING, "certificates", renew,
                           tr("%s: %s expires in %lld days", "%s: %s hết hạn sau %lld ngày"), key,
                           path, days);
        else
                doctor_say(
                        d, DOCTOR_OK, "certificates", NULL,
                        tr("%s: %s, %s, expires in %lld days", "%s: %s, %s, hết hạn sau %lld ngày"),
                        key, path, f->name, days);
}

static void pair(struct doctor *d, const struct config_tls *t, struct span certificate) {
        const char *why = "";
        struct span pem;
        bool matches = true;
        char *key = read_pem(d, "tls.key", t->key, &pem);

        if (key && tls_check_key(certificate, pem, &matches, &why) < 0)
                no_pem(d, "tls.key", t->key, why);
        else if (!matches)
                doctor_say(d, DOCTOR_ERROR, "certificates",
                           tr("take the key that the certificate was asked for with",
                              "dùng đúng khóa đã dùng khi xin chứng thư"),
                           tr("%s is not the key of %s", "%s không phải khóa của %s"), t->key,
                           t->certificate);
        free(key);
}

static void certificate(struct doctor *d, const struct config_tls *t) {
        struct tls_facts f;
        const char *why;
        struct span pem;
        char *text = read_pem(d, "tls.certificate", t->certificate, &pem);

        if (!text)
                return;
        if (tls_check_certificates(pem, &f, &why) < 0) {
                no_pem(d, "tls.certificate", t->certificate, why);
        } else {
                in_time(d, "tls.certificate", t->certificate, &f);
                if (f.weak)
                        doctor_say(
                                d, DOCTOR_WARNING, "certificates",
                                tr("ask for one with RSA of 2048 bits or more, or ECDSA, and "
                                   "SHA-256",
                                   "xin chứng thư RSA từ 2048 bit hoặc ECDSA, với SHA-256"),
                                tr("%s: its key or signature is weak", "%s: khóa hoặc chữ ký yếu"),
                                t->certificate);
                pair(d, t, pem);
        }
        free(text);
}

static void authorities(struct doctor *d, const struct config_tls *t) {
        struct tls_facts f;
        const char *why;
        struct span pem;
        char *text = read_pem(d, "tls.authorities", t->authorities, &pem);

        if (text && tls_check_certificates(pem, &f, &why) < 0)
                no_pem(d, "tls.authorities", t->authorities, why);
        else if (text)
                in_time(d, "tls.authorities", t->authorities, &f);
        free(text);
}

static void revoked(struct doctor *d, const struct config_tls *t) {
        const char *why;
        struct span pem;
        int64_t next;
        char *text = read_pem(d, "tls.revoked", t->revoked, &pem);

        if (text && tls_check_revoked(pem, &next, &why) < 0)
                no_pem(d, "tls.revoked", t->revoked, why);
        else if (text && next != TIME_NONE && next < os_now())
                doctor_say(d, DOCTOR_WARNING, "certificates",
                           tr("fetch the authority's newest list, then 'coloa reload'",
                              "lấy danh sách mới nhất của nơi cấp, rồi 'coloa reload'"),
                           tr("tls.revoked: %s is out of date", "tls.revoked: %s đã quá hạn"),
                           t->revoked);
        free(text);
}

void doctor_tls(struct doctor *d) {
        const struct config *c = d->config;

        for (uint32_t i = 0; i <= c->n_listen; i++) {
                const struct config_tls *t = i == 0 ? &c->tls : &c->listen[i - 1].tls;

                certificate(d, t);
                authorities(d, t);
                revoked(d, t);
        }
}
