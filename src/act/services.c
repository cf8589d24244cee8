/* See services.h. Each question waits for its answer, a few seconds at most; what the manager says besides
 * (signals) is passed over. */
#include "act/services.h"

#include <stdlib.h>

#include "os/bind.h"
#include "os/net.h"
#include "os/os.h"

#define MANAGER "org.freedesktop.systemd1"
#define ANSWER_MS 5000
#define STOP_MS 8000
#define STEP_MS 100

struct services {
        int sock;
        bool bus;
        uint32_t serial;
        struct buf in;
        struct dbus_said said; /* its spans point into `in` */
        size_t said_bytes;     /* of the answer at hand, taken away before the next question */
        char path[512];        /* of the unit at hand */
};

/* `was`. */
struct before {
        uint8_t ran, reserved[15];
};
static_assert(sizeof(struct before) == ORDER_WAS_BYTES, "what a ledger keeps of a service");

struct services *services_free(struct services *s) {
        if (s) {
                os_close_quiet(s->sock);
                buf_deinit(&s->in);
        }
        free(s);
        return NULL;
}

/* More of what it says, by then. */
static int hear(struct services *s, int64_t by) {
        int64_t left = (by - os_monotonic()) / 1000000;
        char *to = buf_reserve(&s->in, 4096);

        if (!to)
                return FAIL(-ENOMEM);
        if (left <= 0)
                return -ETIMEDOUT;
        int r = os_poll_in(s->sock, (int)left);
        if (r <= 0)
                return r < 0 ? r : -ETIMEDOUT;
        ssize_t n = os_read(s->sock, to, 4096);
        if (n <= 0)
                return n < 0 ? (int)n : -EPIPE;
        s->in.len += (size_t)n;
        return 0;
}

/* ---- questions ---- */

static int ask(struct services *s, struct dbus_call *c) {
        _cleanup_(buf_deinit) struct buf out = {.limit = DBUS_BYTES_MAX};
        int64_t by = os_monotonic() + INT64_C(1000000) * ANSWER_MS;

        buf_drop(&s->in, s->said_bytes);
        s->said_bytes = 0;
        c->serial = ++s->serial ? s->serial : ++s->serial;
        c->to = !s->bus ? NULL : c->to ? c->to : MANAGER;
        dbus_write(&out, c);
        int r = out.failed ? FAIL(-ENOMEM) : os_write_full(s->sock, out.p, out.len);
        while (r == 0) {
                size_t used = 0;

                r = dbus_read(buf_get(&s->in), &used, &s->said);
                if (r < 0)
                        return r;
                bool ours = r == 1 && s->said.reply_to == c->serial &&
                            (s->said.type == DBUS_RETURN || s->said.type == DBUS_ERROR);
                if (ours) {
                        s->said_bytes = used;
                        return 0;
                }
                if (r == 1) {
                        buf_drop(&s->in, used);
                        r = 0;
                } else {
                        r = s->in.len > DBUS_BYTES_MAX ? FAIL(-EBADMSG) : hear(s, by);
                }
        }
        return r;
}

static int of_unit(struct services *s, const char *member, const char *unit, const char *mode) {
        struct dbus_call c = {.path = "/org/freedesktop/systemd1",
                              .interface = MANAGER ".Manager",
                              .member = member,
                              .args = {unit, mode}};
        int r = ask(s, &c);

        return r < 0 ? r : s->said.type == DBUS_ERROR ? -EIO : 0;
}

static int property(struct services *s, const char *name) {
        struct dbus_call c = {.path = s->path,
                              .interface = "org.freedesktop.DBus.Properties",
                              .member = "Get",
                              .args = {MANAGER ".Unit", name}};
        int r = ask(s, &c);

        return r < 0 ? r : s->said.type == DBUS_ERROR ? -EIO : 0;
}

/* 1: it is one of the two (NULL: none); 0: another; -errno. */
static int property_is(struct services *s, const char *name, const char *one, const char *two) {
        int r = property(s, name);

        if (r < 0)
                return r;
        return span_eq(s->said.text, span_str(one)) ||
               (two && span_eq(s->said.text, span_str(two)));
}

static int find(struct services *s, const char *unit) {
        int r = of_unit(s, "LoadUnit", unit, NULL);

        if (r < 0)
                return r;
        if (s->said.text.len == 0 || s->said.text.len >= sizeof(s->path))
                return FAIL(-EBADMSG);
        memcpy(s->path, s->said.text.p, s->said.text.len);
        s->path[s->said.text.len] = '\0';
        return 0;
}

/* ---- hands ---- */

/* Running or on its way: to be started again. */
static int runs(struct services *s) {
        int r = property_is(s, "ActiveState", "active", "activating");

        return r ? r : property_is(s, "ActiveState", "reloading", NULL);
}

int services_look(struct services *s, struct order_name *name) {
        struct before b = {0};
        int r = find(s, name->text);

        if (r == 0)
                r = property_is(s, "LoadState", "loaded", NULL);
        if (r <= 0)
                return r < 0 && r != -EIO ? r : ORDER_MISSING;
        r = property(s, "CanStop");
        if (r < 0 || s->said.number != 1)
                return r < 0 ? r : ORDER_MISSING;
        r = property(s, "CanStart");
        if (r < 0 || s->said.number != 1)
                return r < 0 ? r : ORDER_NO_WAY_BACK;
        r = runs(s);
        if (r < 0)
                return r;
        b.ran = (uint8_t)r;
        memcpy(name->was, &b, sizeof(b));
        return 0;
}

/* Until it is in one of the two states; what takes longer goes on by itself. */
static int wait_for(struct services *s, const char *one, const char *two, int ms) {
        int64_t by = os_monotonic() + INT64_C(1000000) * ms;
        int r;

        while ((r = property_is(s, "ActiveState", one, two)) == 0 && os_monotonic() < by)
                os_poll(NULL, 0, STEP_MS);
        return r;
}

int services_stop(struct services *s, const struct order_name *name) {
        int r = find(s, name->text);

        if (r == 0)
                r = of_unit(s, "StopUnit", name->text, "replace");
        if (r == 0)
                r = wait_for(s, "inactive", "failed", STOP_MS);
        if (r == 0) /* the manager gave it the word, and ends it when its time is over */
                r = property_is(s, "ActiveState", "deactivating", NULL);
        return r < 0 ? r : r == 1 ? 0 : -ETIMEDOUT;
}

int services_start(struct services *s, const struct order_name *name) {
        struct before b;
        int r = find(s, name->text);

        memcpy(&b, name->was, sizeof(b));
        if (r < 0 || !b.ran)
                return r;
        r = property_is(s, "LoadState", "loaded", NULL);
        if (r <= 0)
                return r; /* it was taken off the machine meanwhile: nothing is left to start */
        r = of_unit(s, "StartUnit", name->text, "replace");
        if (r == 0)
                r = wait_for(s, "active", "activating", STOP_MS);
        return r < 0 ? r : r == 1 ? 0 : -EIO;
}

/* ---- the beginning ---- */

static int greet(struct services *s, uint32_t uid) {
        _cleanup_(buf_deinit) struct buf out = {.limit = 1024};
        int64_t by = os_monotonic() + INT64_C(1000000) * ANSWER_MS;
        const char *end = NULL;

        dbus_greeting(&out, uid);
        int r = out.failed ? FAIL(-ENOMEM) : os_write_full(s->sock, out.p, out.len);
        while (r == 0 && !end) {
                r = s->in.len > 1024 ? FAIL(-EBADMSG) : hear(s, by);
                end = s->in.len ? memchr(s->in.p, '\n', s->in.len) : NULL;
        }
        if (r < 0)
                return r;
        if (s->in.len < 3 || memcmp(s->in.p, "OK ", 3) != 0)
                return -EACCES;
        buf_drop(&s->in, (size_t)(end + 1 - s->in.p));
        return 0;
}

int services_new(struct services **ret, int sock, bool bus, uint32_t uid) {
        _cleanup_(services_freep) struct services *s = calloc(1, sizeof(*s));
        struct dbus_call hello = {.to = "org.freedesktop.DBus",
                                  .path = "/org/freedesktop/DBus",
                                  .interface = "org.freedesktop.DBus",
                                  .member = "Hello"};

        if (!s) {
                os_close_quiet(sock);
                return FAIL(-ENOMEM);
        }
        s->sock = sock;
        s->bus = bus;
        int r = greet(s, uid);
        if (r == 0 && bus)
                r = ask(s, &hello);
        if (r == 0) /* whoever answers knows what a manager knows */
                r = find(s, "-.slice");
        if (r < 0)
                // NOLINTNEXTLINE(clang-analyzer-unix.Malloc): _cleanup_ frees it
                return r;
        *ret = s;
        s = NULL;
        return 0;
}

int services_open(struct services **ret, uint32_t uid) {
        static const struct {
                const char *path;
                bool bus;
        } places[] = {{"/run/systemd/private", false}, {"/run/dbus/system_bus_socket", true}};
        int r = -ENOENT;

        for (size_t i = 0; i < ARRAY_LEN(places) && r < 0; i++) {
                int fd = os_local_connect_stream(places[i].path);

                r = fd < 0 ? fd : services_new(ret, fd, places[i].bus, uid);
        }
        return r;
}
