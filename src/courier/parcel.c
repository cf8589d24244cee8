/* Mails and webhooks: taken from the desk whole, sent once, answered with how it went. What will not go better
 * another time is answered with COURIER_FOR_GOOD (P1); the desk tries the rest again.
 *
 *   P1. For good: an address or mail that the server refuses with 5xx once it knows who we are; a webhook
 *       answered with 3xx (nothing is followed) or 4xx but 408, 425 and 429; a name that is not configured.
 *   P2. Whatever the desk said of it is checked once more: addresses go into commands of SMTP, the id into
 *       headers. What a frame says of sizes is bounded before it is kept. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "courier/impl.h"
#include "courier/message.h"
#include "courier/transfer.h"

#define TO_MAX 50u
#define FILES_MAX 20u
#define MAIL_S 180u
#define HOOK_S 30u
#define FIREWALL_S 8u

struct parcel {
        struct courier *c;
        struct parcel *next;
        uint32_t kind;
        uint64_t id;
        json_t *said; /* owned: texts point into it */
        uint64_t wanted;
        struct buf files, body;
        struct message_file file[FILES_MAX];
        unsigned n_files;
        bool begun; /* all of it came: nothing more may */
};

static void parcel_free(struct parcel *p) {
        struct parcel **at = &p->c->parcels;

        while (*at && *at != p)
                at = &(*at)->next;
        if (*at)
                *at = p->next;
        json_decref(p->said);
        buf_deinit(&p->files);
        buf_deinit(&p->body);
        free(p);
}

void parcel_end_all(struct courier *c) {
        while (c->parcels)
                parcel_free(c->parcels);
}

static void answer(struct parcel *p, int error, bool for_good, const char *text) {
        courier_answer(p->c, p->kind, p->id, error, for_good ? COURIER_FOR_GOOD : 0,
                       span_str(text));
        parcel_free(p);
}

static struct parcel *parcel_new(struct courier *c, uint32_t kind, uint64_t id,
                                 struct span payload) {
        unsigned n = 0;

        for (struct parcel *p = c->parcels; p; p = p->next, n++)
                if (p->id == id && p->kind == kind)
                        return NULL;
        struct parcel *p = n < 2 * COURIER_AT_ONCE ? calloc(1, sizeof(*p)) : NULL;
        if (!p)
                return NULL;
        *p = (struct parcel){.c = c, .kind = kind, .id = id, .next = c->parcels};
        p->files.limit = COURIER_FILES_MAX;
        p->said = json_loadb(payload.p, payload.len, JSON_REJECT_DUPLICATES, NULL);
        if (!json_is_object(p->said)) {
                json_decref(p->said);
                free(p);
                return NULL;
        }
        c->parcels = p;
        return p;
}

static struct span text(const json_t *o, const char *name) {
        const json_t *v = json_object_get(o, name);

        return json_is_string(v) ? span_of(json_string_value(v), json_string_length(v)) : SPAN("");
}

/* P2: letters and digits. */
static bool id_good(struct span s) {
        for (size_t i = 0; i < s.len; i++)
                if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'z')))
                        return false;
        return s.len > 0 && s.len <= 64;
}

static bool address_good(const char *s) {
        const char *at = s ? strchr(s, '@') : NULL;

        if (!at || at == s || !at[1] || strlen(s) > 254 || strchr(at + 1, '@'))
                return false;
        for (; *s; s++)
                if (*s <= ' ' || *s >= 0x7f || strchr("<>(),;:\\\"[]", *s))
                        return false;
        return true;
}

/* ---- mail ---- */

static void mail_ended(void *ctx, const struct transfer_said *s) {
        struct parcel *p = ctx;
        bool refused = s->status >= 500 && s->status < 600 && !s->login && s->status != 530 &&
                       s->status != 535 && s->status != 534 && s->status != 538;

        if (s->error == 0) {
                p->c->counts.mails++;
                answer(p, 0, false, "");
        } else {
                /* P1: before the mail or its addresses were looked at, it is the server that is wrong. */
                answer(p, s->error, refused && (s->error == -EIO || s->taken), s->text);
        }
}

static bool read_to(struct parcel *p, const char *to[TO_MAX], unsigned *ret_n) {
        const json_t *list = json_object_get(p->said, "to"), *v;
        size_t i;

        *ret_n = 0;
        json_array_foreach(list, i, v) {
                if (*ret_n == TO_MAX || !address_good(json_string_value(v)))
                        return false;
                to[(*ret_n)++] = json_string_value(v);
        }
        return *ret_n > 0;
}

static int write_mail(struct parcel *p, const char *const *to, unsigned n_to) {
        const char *id = json_string_value(json_object_get(p->said, "id"));
        const struct message m = {
                .from = p->c->mail.from,
                .id = id,
                .to = to,
                .n_to = n_to,
                .subject = text(p->said, "subject"),
                .body = text(p->said, "body"),
                .date = json_integer_value(json_object_get(p->said, "date")),
                .files = p->file,
                .n_files = p->n_files,
        };
        size_t at = 0;

        for (unsigned i = 0; i < p->n_files; i++) {
                p->file[i].bytes = span_of(p->files.p ? p->files.p + at : "", p->file[i].bytes.len);
                at += p->file[i].bytes.len;
        }
        return message_write(&p->body, &m);
}

/* All of it is here. */
static void send_mail(struct parcel *p) {
        struct courier *c = p->c;
        const char *to[TO_MAX];
        char url[400];
        unsigned n_to;

        p->begun = true;
        if (!c->has_mail)
                return answer(p, -EAGAIN, false, "no mail server is configured");
        if (!id_good(text(p->said, "id")) || !read_to(p, to, &n_to))
                return answer(p, -EINVAL, true, "an address is none");
        if (write_mail(p, to, n_to) < 0)
                return answer(p, -ENOMEM, false, "out of memory");
        bool v6 = strchr(c->mail.server, ':') != NULL;
        /* The name in it is what the server is greeted with: the right half of our address. */
        snprintf(url, sizeof(url), "%s://%s%s%s:%u/%s", c->mail.tls == MAIL_TLS ? "smtps" : "smtp",
                 v6 ? "[" : "", c->mail.server, v6 ? "]" : "", c->mail.port,
                 strchr(c->mail.from, '@') + 1);
        const struct transfer_spec s = {.kind = TRANSFER_MAIL,
                                        .url = url,
                                        .ca = c->mail.ca,
                                        .body = buf_get(&p->body),
                                        .seconds = MAIL_S,
                                        .own_relay = c->mail.own_relay,
                                        .from = c->mail.from,
                                        .user = c->mail.user,
                                        .password = c->mail.password,
                                        .to = to,
                                        .n_to = n_to,
                                        .starttls = c->mail.tls == MAIL_STARTTLS};
        int r = transfer_begin(c, &s, mail_ended, p);
        if (r < 0)
                answer(p, r, false, "it could not be begun");
}

int parcel_mail(struct courier *c, uint64_t id, struct span payload) {
        struct parcel *p = parcel_new(c, COURIER_MAIL, id, payload);
        const json_t *v;
        size_t i;

        if (!p)
                return -EPROTO;
        json_array_foreach(json_object_get(p->said, "files"), i, v) {
                json_int_t size = json_integer_value(json_object_get(v, "size"));

                if (p->n_files == FILES_MAX || size < 0 ||
                    (uint64_t)size > COURIER_FILES_MAX - p->wanted)
                        return -EPROTO;
                p->file[p->n_files++] = (struct message_file){text(v, "name"), text(v, "type"),
                                                              span_of(NULL, (size_t)size)};
                p->wanted += (uint64_t)size;
        }
        if (!p->wanted)
                send_mail(p);
        return 0;
}

int parcel_bytes(struct courier *c, uint64_t id, struct span piece) {
        struct parcel *p = c->parcels;

        while (p && (p->id != id || p->kind != COURIER_MAIL))
                p = p->next;
        if (!p)
                return 0; /* it was refused meanwhile */
        if (p->begun || !piece.len || piece.len > p->wanted - p->files.len)
                return -EPROTO;
        buf_span(&p->files, piece);
        if (p->files.failed)
                return -ENOMEM;
        if (p->files.len == p->wanted)
                send_mail(p);
        return 0;
}

/* ---- webhooks ---- */

static void hook_ended(void *ctx, const struct transfer_said *s) {
        char why[COURIER_TEXT_MAX];
        struct parcel *p = ctx;
        bool later = s->status == 408 || s->status == 425 || s->status == 429;

        if (s->error == 0 && s->status >= 200 && s->status < 300) {
                p->c->counts.webhooks++;
                return answer(p, 0, false, "");
        }
        if (s->error)
                return answer(p, s->error, false, s->text);
        p->c->counts.failed++;
        snprintf(why, sizeof(why), "answered %ld%s", s->status,
                 s->status >= 300 && s->status < 400 ? ": nothing is followed" : "");
        answer(p, -EIO, s->status >= 300 && s->status < 500 && !later, why);
}

/* HMAC-SHA256 over "timestamp.id.body": nobody without the secret can make it, and what was made once is not
 * good for another time or body. */
static void sign(char *to, size_t room, const struct hook *h, const char *at, const char *id,
                 struct span body) {
        crypto_auth_hmacsha256_state st;
        unsigned char mac[crypto_auth_hmacsha256_BYTES];
        char hex[2 * sizeof(mac) + 1];

        crypto_auth_hmacsha256_init(&st, (const unsigned char *)h->secret, strlen(h->secret));
        crypto_auth_hmacsha256_update(&st, (const unsigned char *)at, strlen(at));
        crypto_auth_hmacsha256_update(&st, (const unsigned char *)".", 1);
        crypto_auth_hmacsha256_update(&st, (const unsigned char *)id, strlen(id));
        crypto_auth_hmacsha256_update(&st, (const unsigned char *)".", 1);
        crypto_auth_hmacsha256_update(&st, (const unsigned char *)body.p, body.len);
        crypto_auth_hmacsha256_final(&st, mac);
        sodium_bin2hex(hex, sizeof(hex), mac, sizeof(mac));
        snprintf(to, room, "X-Coloa-Signature: v1=%s", hex);
}

static bool event_good(struct span s) {
        for (size_t i = 0; i < s.len; i++)
                if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || s.p[i] == '.' || s.p[i] == '_'))
                        return false;
        return s.len > 0 && s.len <= 64;
}

static void send_hook(struct parcel *p, const struct hook *h, unsigned seconds) {
        const char *id = json_string_value(json_object_get(p->said, "id"));
        struct span body = text(p->said, "body"), event = text(p->said, "event");
        char at[24], of_time[64], of_id[96], of_event[100], signature[128];

        snprintf(at, sizeof(at), "%lld", (long long)(p->c->wall / 1000000000));
        snprintf(of_time, sizeof(of_time), "X-Coloa-Timestamp: %s", at);
        snprintf(of_id, sizeof(of_id), "Idempotency-Key: %s", id);
        snprintf(of_event, sizeof(of_event), "X-Coloa-Event: %.*s", (int)event.len, event.p);
        sign(signature, sizeof(signature), h, at, id, body);
        const char *const headers[] = {"Content-Type: application/json; charset=utf-8",
                                       of_time,
                                       of_id,
                                       of_event,
                                       signature,
                                       NULL};
        const struct transfer_spec s = {.kind = TRANSFER_HTTP,
                                        .url = h->url,
                                        .method = "POST",
                                        .ca = h->ca,
                                        .headers = headers,
                                        .body = body,
                                        .seconds = seconds};
        int r = transfer_begin(p->c, &s, hook_ended, p);
        if (r < 0)
                answer(p, r, r == -EINVAL, "it could not be begun");
}

int parcel_webhook(struct courier *c, uint64_t id, struct span payload) {
        struct parcel *p = parcel_new(c, COURIER_WEBHOOK, id, payload);
        unsigned i = 0;

        if (!p)
                return -EPROTO;
        struct span to = text(p->said, "to");
        while (i < c->n_hooks && !span_eq(to, span_str(c->hooks[i].name)))
                i++;
        if (!id_good(text(p->said, "id")) || !event_good(text(p->said, "event")))
                answer(p, -EINVAL, true, "its event or number is none");
        else if (i == c->n_hooks)
                answer(p, -ENOENT, true, "no webhook of that name is configured");
        else
                send_hook(p, &c->hooks[i], HOOK_S);
        return 0;
}

/* Act waits for it, and for nothing else meanwhile. */
int parcel_firewall(struct courier *c, uint64_t id, struct span payload) {
        struct parcel *p = parcel_new(c, COURIER_FIREWALL, id, payload);

        if (!p)
                return -EPROTO;
        if (!id_good(text(p->said, "id")) || !event_good(text(p->said, "event")))
                answer(p, -EINVAL, true, "its event or number is none");
        else if (!c->firewall.url)
                answer(p, -EOPNOTSUPP, true, "no webhook is configured");
        else
                send_hook(p, &c->firewall, FIREWALL_S);
        return 0;
}
