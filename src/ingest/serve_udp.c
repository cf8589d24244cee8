/* Syslog over UDP: a datagram is a record. They are taken in bunches; what the kernel dropped, as we
 * were too slow, it counts itself and is asked every second: what it tells with a datagram is only
 * known when another comes. What comes over the rate of its
 * source is dropped and counted: a datagram cannot be told to wait. */
#include <stdio.h>

#include "ingest/serve_impl.h"

void serve_count_drops(struct serve *s, struct listener *l) {
        char who[80];
        uint32_t drops;

        if (os_socket_drops(l->fd, &drops) < 0)
                return;
        /* The kernel counts since the socket was made: a former ingest told of those. */
        if (!l->drops_known && s->set.again)
                l->drops = drops;
        l->drops_known = true;
        if (drops == l->drops)
                return;
        serve_count(s, COUNT_UDP_DROPPED, drops - l->drops);
        l->drops = drops;
        snprintf(who, sizeof(who), "listener=%s dropped=%u", l->m.name, drops);
        serve_note(s, NOTE_WARNING, "", "datagrams were dropped by the kernel", who);
}

/* false: no slot. */
static bool take(struct serve *s, struct listener *l, unsigned i) {
        struct os_peer peer;
        struct span bytes;
        uint64_t seq;
        bool whole = os_datagram(s->datagrams, i, &bytes, &peer);

        /* Many senders end a datagram like a line. */
        if (bytes.len && bytes.p[bytes.len - 1] == '\n')
                bytes.len--;
        if (bytes.len == 0)
                return true;
        struct source *x = serve_who_is(s, l, &peer);
        if (!x)
                return true;
        if (source_wait(x, s->now) > 0) {
                counter_add(&x->counters->limited, 1);
                return true;
        }
        struct serve_item item = {.source = x,
                                  .peer = &peer,
                                  .bytes = bytes,
                                  .true_len = bytes.len + !whole,
                                  .flags = whole ? 0 : RECORD_TRUNCATED};
        if (serve_record(s, &item, &seq) != 0)
                return false;
        source_charge(x, 1, bytes.len);
        return true;
}

static void take_all(struct serve *s) {
        struct listener *l = &s->listeners[s->datagrams_listener];

        while (s->datagrams_at < s->datagrams_n && take(s, l, s->datagrams_at))
                s->datagrams_at++;
}

void serve_datagrams_unstalled(struct serve *s) {
        if (s->datagrams_at < s->datagrams_n)
                take_all(s);
}

void serve_datagrams(struct serve *s, uint32_t listener) {
        struct listener *l = &s->listeners[listener];

        /* A few bunches, then the others have their turn. */
        for (unsigned k = 0; k < 4 && !s->stalled; k++) {
                int n = os_datagrams_recv(s->datagrams, l->fd);

                if (n <= 0)
                        return;
                s->datagrams_at = 0;
                s->datagrams_n = (unsigned)n;
                s->datagrams_listener = listener;
                take_all(s);
                if (n < (int)DATAGRAMS)
                        return;
        }
}
