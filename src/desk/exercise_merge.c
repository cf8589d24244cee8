/* What a unit recorded alone while it had no connection: its own node's export of facts (exercise/facts.h), kept as it came,
 * once. It is taken whole or not at all: every line is looked at first. Who scores takes those facts together with what
 * this node saw, their times moved by `offset_ms` (desk/exercise_facts.c). */
#include "desk/exercise_impl.h"
#include "exercise/facts.h"

#define MERGE_BYTES ((size_t)2 << 20)
#define MERGES_MAX 20

struct taking {
        char *p;
        size_t len;
        int64_t play;
        struct exercise e;
};

static int lines_good(struct api_call *c, const struct taking *t, size_t *ret_n) {
        struct drill_facts f;
        size_t line = 0;

        facts_init(&f);
        int r = facts_read(&f, span_of(t->p, t->len), &line);
        *ret_n = f.n;
        facts_deinit(&f);
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                struct span en = arena_printf(c->arena, "line %zu is no fact", line),
                            vi = arena_printf(c->arena, "dòng %zu không phải là sự kiện", line);

                return en.p && vi.p ? api_refuse(c, 422, "unreadable", en.p, vi.p) : FAIL(-ENOMEM);
        }
        return 0;
}

static int keep(struct api_call *c, const struct taking *t, size_t n) {
        char hash[FACTS_HASH_HEX];
        int64_t others = 0;

        facts_hash(hash, span_of(t->p, t->len));
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
                   "isxiiik", t->play, hash, span_of(t->p, t->len), (int64_t)n,
                   api_int(c, "offset_ms", 0), c->now, c->who.id);
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
        size_t n = 0;

        if (piece.len > MERGE_BYTES - t->len)
                return api_refuse(c, 413, "too_large", "At most 2 MiB of facts",
                                  "Tối đa 2 MiB dữ liệu");
        if (piece.len)
                memcpy(t->p + t->len, piece.p, piece.len);
        t->len += piece.len;
        if (!last)
                return 0;
        int r = lines_good(c, t, &n);
        return r == 0 ? keep(c, t, n) : r;
}

int exercise_do_merge(struct api_call *c) {
        struct taking *t = arena_alloc(c->arena, sizeof(*t));

        if (t)
                *t = (struct taking){.p = arena_alloc(c->arena, MERGE_BYTES)};
        if (!t || !t->p)
                return FAIL(-ENOMEM);
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
        if (r <= 0)
                return r < 0 ? r : api_missing(c);
        c->kept = t;
        return api_upload(c, take, NULL);
}
