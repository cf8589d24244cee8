/* Notes of ingest: one line for the operator with source, reason and count. A sender must not be able
 * to fill a disk with them: what recurs is only counted for a while, four seconds at first, twice as long
 * each time, at most about a minute; and of what differs at most NOTES are remembered, the rest shares one
 * line. What one source does from many addresses is one line too; who is no source is told by address. */
#include <stdio.h>

#include "base/hash.h"
#include "base/timestamp.h"
#include "ingest/serve_impl.h"
#include "os/os.h"

#define QUIET_NS (4 * NS_PER_SEC)
#define QUIET_MAX_NS (16 * QUIET_NS)

static void say(struct serve *s, struct note *n) {
        struct msg_note m = {.type = NODE_NOTE, .level = n->level};

        snprintf(m.source, sizeof(m.source), "%s", n->source);
        if (n->count > 1)
                snprintf(m.text, sizeof(m.text), "%.140s%s count=%u", n->text,
                         n->peers ? " peers=many" : "", n->count);
        else
                snprintf(m.text, sizeof(m.text), "%s", n->text);
        for (char *p = m.text; *p; p++)
                if (*p < ' ' || *p > '~')
                        *p = '?';
        /* A line that main is too busy for waits for the next time. */
        if (os_send_now(s->set.sock, &m, sizeof(m), NULL, 0) < 0)
                return;
        n->count = 0;
        n->peers = false;
        n->quiet = n->quiet ? MIN(2 * n->quiet, QUIET_MAX_NS) : QUIET_NS;
        n->said = s->now;
}

void serve_who(const struct listener *l, const struct os_peer *p, char *to, size_t n) {
        char address[OS_PEER_TEXT];

        os_peer_text(p, address);
        snprintf(to, n, "listener=%s peer=%s", l->m.name, address);
}

void serve_note(struct serve *s, enum serve_level level, const char *source, const char *phrase,
                const char *who) {
        const char *peer = strstr(who, " peer=");
        struct span same = *source && peer ? span_of(who, (size_t)(peer - who)) : span_str(who);
        uint64_t key =
                hash_span(span_str(phrase), hash_span(same, 1)) ^ hash_span(span_str(source), 2);
        struct note *n = NULL, *spare = &s->notes[NOTES - 1];

        for (uint32_t i = 0; i < NOTES - 1 && !n; i++) {
                struct note *x = &s->notes[i];

                if (x->key == key)
                        n = x;
                else if (x->key == 0 || (x->count == 0 && x->said + QUIET_MAX_NS < s->now))
                        spare = spare == &s->notes[NOTES - 1] ? x : spare;
        }
        if (!n) {
                n = spare;
                if (n == &s->notes[NOTES - 1]) { /* no room: a line for all of them */
                        source = "";
                        phrase = "more notes than are told one by one";
                        who = "";
                        key = UINT64_MAX;
                }
                if (n->key != key)
                        *n = (struct note){.key = key, .level = level, .said = s->now};
                snprintf(n->source, sizeof(n->source), "%s", source);
                snprintf(n->text, sizeof(n->text), "reason=\"%.80s\"%s%.60s", phrase,
                         *who ? " " : "", who);
        }
        if (n->count == 0 && n->said + 2 * QUIET_MAX_NS < s->now)
                n->quiet = 0; /* it was over */
        n->count++;
        n->peers = n->peers || (*source && peer && !strstr(n->text, peer));
        if (n->said + n->quiet <= s->now)
                say(s, n);
}

void serve_notes_tick(struct serve *s) {
        for (uint32_t i = 0; i < NOTES; i++)
                if (s->notes[i].count && s->notes[i].said + s->notes[i].quiet <= s->now)
                        say(s, &s->notes[i]);
}
