/* wire/replay: any bytes as the line that drills are played over: frames, records and positions lie within what was given, and
 * what is taken is written back to the same bytes. */
#include <stdlib.h>

#include "wire/exercise.h"
#include "wire/replay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(struct span s, struct span of) {
        if (s.p < of.p || s.len > of.len || (size_t)(s.p - of.p) > of.len - s.len)
                abort();
}

static void records(struct span body) {
        struct span rest = body;
        struct replay_record r;
        struct buf b = {0};
        size_t at = replay_begin(&b, REPLAY_RECORDS), n = 0;
        int k;

        while ((k = replay_next(&rest, &r)) == 1) {
                inside(r.source, body);
                inside(r.bytes, body);
                if (!LABEL_PLAY(r.label) || !r.position || r.bytes.len > RECORD_MAX ||
                    r.source.len >= SOURCE_NAME_MAX || !replay_good(&r))
                        abort();
                replay_put(&b, &r);
                n++;
        }
        if (k == 0 && !b.failed) {
                replay_end(&b, at);
                if (b.len - at - sizeof(struct replay_head) != body.len ||
                    (n && memcmp(b.p + at + sizeof(struct replay_head), body.p, body.len) != 0))
                        abort();
        }
        buf_deinit(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct span all = span_of((const char *)data, size), rest = all, body;
        struct replay_position p;
        enum replay_type type;
        size_t used;

        while (replay_frame(rest, &type, &body, &used) == 1) {
                inside(body, rest);
                if (used > rest.len || used < sizeof(struct replay_head))
                        abort();
                if (type == REPLAY_RECORDS)
                        records(body);
                for (struct span x = body;
                     type == REPLAY_POSITIONS && replay_next_position(&x, &p) == 1;)
                        if (!p.play || p.play > LABEL_PLAY_MAX)
                                abort();
                rest = span_of(rest.p + used, rest.len - used);
        }
        return 0;
}
