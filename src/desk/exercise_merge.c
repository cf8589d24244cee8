/* What a unit recorded alone while it had no connection: its own node's export of facts (exercise/facts.h), kept once. It is taken whole or not at all: every line is looked at first. Who scores takes those facts together with what
 * this node saw, their times moved by `offset_ms` (desk/exercise_facts.c). The file is from
 * elsewhere: the reader's process reads it (reader/facts.h), and what is kept is what that wrote, in the one form of facts;
 * its hash is of the file as it came. */
#include "desk/desk_impl.h"
#include "desk/exercise_impl.h"
#include "desk/jobs.h"
#include "exercise/facts.h"
#include "reader/facts.h"
#include "reader/reader.h"

#define MERGE_BYTES ((size_t)2 << 20)
#define MERGES_MAX 20

struct taking {
        char *p; /* READER_FACTS, then the file */
        size_t len;
        int64_t play;
        struct exercise e;
};

static int no_fact(struct api_call *c, size_t line) {
        struct span en = arena_printf(c->arena, "line %zu is no fact", line),
                    vi = arena_printf(c->arena, "dòng %zu không phải là sự kiện", line);

        return en.p && vi.p ? api_refuse(c, 422, "unreadable", en.p, vi.p) : FAIL(-ENOMEM);
}

static int keep(struct api_call *c, const struct taking *t, struct span facts, size_t n) {
        char hash[FACTS_HASH_HEX];
        int64_t others = 0;

        facts_hash(hash, span_of(t->p + 1, t->len - 1));
        int r = sql_get_int(c->db, &others,
                            "SELECT count(*) FROM exercise_merged WHERE play=?1 AND hash<>?2", "is",
                            t->play, hash);
        if (r < 0)
                return r;
        if (others >= MERGES_MAX)
                return api_refuse(c, 409, "too_many", "At most 20 exports are merged into a play",
                                  "Mỗi lượt nhận tối đa 20 bản xuất");
        r = sql_do(c->db,
                   "INSERT INTO exercise_merged(play,hash,facts,n,offset_ms,at,by)"
                   " VALUES(?1,?2,?3,?4,?5,?6,?7)",
                   "isxiiik", t->play, hash, facts, (int64_t)n, api_int(c, "offset_ms", 0), c->now,
                   c->who.id);
        bool fresh = r == 0;
        if (fresh)
                r = sql_do(c->db,
                           "UPDATE exercise_play SET merged=?2, version=version+1 WHERE id=?1",
                           "ii", t->play, c->now);
        if (r == -EEXIST)
                r = 0;
        if (r == 0 && fresh)
                r = exercise_changed(c, &t->e);
        exercise_touched(c->desk, t->play);
        c->detail =
                json_pack("{sI ss sb}", "play", (json_int_t)t->play, "hash", hash, "new", fresh);
        c->answer = json_pack("{sI sI ss sb}", "play", (json_int_t)t->play, "facts", (json_int_t)n,
                              "hash", hash, "new", fresh);
        return r < 0 ? r : c->answer ? 0 : FAIL(-ENOMEM);
}

static int take(struct api_call *c, struct span piece, bool last) {
        struct taking *t = c->kept;

        if (piece.len > MERGE_BYTES + 1 - t->len)
                return api_refuse(c, 413, "too_large", "At most 2 MiB of facts",
                                  "Tối đa 2 MiB dữ liệu");
        if (piece.len)
                memcpy(t->p + t->len, piece.p, piece.len);
        t->len += piece.len;
        return last ? api_job(c, JOB_READER, span_of(t->p, t->len)) : 0;
}

/* Where the exercise stands, also when the reader has said its word: it may be over by then. */
static int open_play(struct api_call *c, struct taking *t) {
        int r = exercise_get(c, api_int(c, "id", 0), "exercises.plan", &t->e);

        if (r != 0)
                return r;
        if (EX_BIT(t->e.state) & EX_BEFORE)
                return api_refuse(c, 409, "state", "it did not begin yet", "diễn tập chưa bắt đầu");
        if (t->e.state == EX_FINAL)
                return api_refuse(c, 409, "final", "its scores are final", "điểm đã chốt");
        r = sql_get_int(c->db, &t->play,
                        "SELECT id FROM exercise_play WHERE exercise=?1 AND run=?2 AND unit=?3",
                        "iii", t->e.id, t->e.run, api_int(c, "unit", 0));
        return r == 1 ? 0 : r < 0 ? r : api_missing(c);
}

int exercise_do_merge(struct api_call *c) {
        const struct job_said *said = c->said;
        struct taking *t = said ? c->kept : arena_zalloc(c->arena, sizeof(*t));
        struct span facts;
        bool good;
        size_t n;
        int r;

        if (!t)
                return FAIL(-ENOMEM);
        r = open_play(c, t);
        if (r != 0)
                return r;
        if (!said) {
                t->p = arena_alloc(c->arena, MERGE_BYTES + 1);
                if (!t->p)
                        return FAIL(-ENOMEM);
                t->p[0] = READER_FACTS;
                t->len = 1;
                c->kept = t;
                return api_upload(c, take, NULL);
        }
        if (said->error)
                return api_job_failed(c, said);
        if (!merge_said(said->out, &good, &n, &facts) || facts.len > 2 * MERGE_BYTES)
                return api_job_failed(c, &(struct job_said){.error = -EBADMSG});
        return good ? keep(c, t, facts, n) : no_fact(c, n);
}
