/* Attachments of findings: at most LIVE_FILES_MAX of LIVE_FILE_MAX bytes each, sealed as its words are
 * (live_seal.c). They are small enough to be held whole while they come. */
#include <sodium.h>
#include <stdio.h>

#include "desk/desk_impl.h"
#include "desk/livefire.h"

struct taking {
        char *p;
        size_t len;
};

static int ready(struct api_call *c, struct live *l, struct live_finding *f) {
        int64_t n = 0;
        int r = live_find(c, l);

        if (r == 0)
                r = live_only(c, l, LIVE_RED);
        if (r == 0)
                r = live_finding_find(c, l, f);
        if (r == 0)
                r = live_finding_in(c, f, "draft|returned");
        if (r == 0)
                r = sql_get_int(c->db, &n, "SELECT count(*) FROM live_file WHERE finding=?1", "i",
                                f->id);
        if (r == 1 && n >= (int64_t)LIVE_FILES_MAX)
                r = api_refuse(c, 409, "full", "a finding has ten files at most",
                               "mỗi phát hiện tối đa 10 tệp");
        if (r == 1)
                r = sql_get_int(c->db, &n,
                                "SELECT ifnull(sum(x.bytes),0) FROM live_file x JOIN live_finding f"
                                " ON f.id=x.finding WHERE f.team=?1",
                                "i", l->team);
        if (r == 1 && n >= LIVE_TEAM_BYTES)
                r = api_refuse(c, 409, "full", "a team's files have 200 MiB at most",
                               "tệp của mỗi đội tối đa 200 MiB");
        return r == 1 ? 0 : r;
}

static int keep(struct api_call *c, struct taking *t) {
        unsigned char key[LIVE_KEY_BYTES], hash[32];
        struct live_finding f = {.id = 0};
        struct live l = {.id = 0};
        char hex[65];
        int r = ready(c, &l, &f);

        if (r == 0)
                r = live_key(c, &l, key);
        if (r != 0)
                return r;
        crypto_generichash(hash, sizeof(hash), (const unsigned char *)t->p, t->len, NULL, 0);
        sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
        r = sql_do(c->db,
                   "INSERT INTO live_file(finding, bytes, hash, at, by) VALUES(?1,?2,?3,?4,?5)",
                   "iisik", f.id, (int64_t)t->len, hex, c->now, c->who.id);
        int64_t id = r == 0 ? sql_last_id(c->db) : 0;
        struct span sealed = r == 0 ? live_seal(c, key, id, span_of(t->p, t->len)) : SPAN_NONE;
        struct span name = r == 0 ? live_seal(c, key, id, api_text(c, "name")) : SPAN_NONE;
        if (r == 0 && (!sealed.p || !name.p))
                r = FAIL(-ENOMEM);
        if (r == 0)
                r = sql_do(c->db, "UPDATE live_file SET sealed=?2, name=?3 WHERE id=?1", "ixx", id,
                           sealed, name);
        sodium_memzero(t->p, t->len);
        if (r == 0)
                r = live_finding_answer(c, &l, f.id, key);
        sodium_memzero(key, sizeof(key));
        return r;
}

static int take(struct api_call *c, struct span piece, bool last) {
        struct taking *t = c->kept;

        if (piece.len > LIVE_FILE_MAX - t->len)
                return api_refuse(c, 413, "too_large", "a file has 3 MiB at most",
                                  "mỗi tệp tối đa 3 MiB");
        if (piece.len)
                memcpy(t->p + t->len, piece.p, piece.len);
        t->len += piece.len;
        return last ? keep(c, t) : 0;
}

int findings_do_attach(struct api_call *c) {
        struct live_finding f = {.id = 0};
        struct live l = {.id = 0};
        struct taking *t = c->kept;

        if (t) /* the vault has answered */
                return keep(c, t);
        int r = ready(c, &l, &f);
        if (r != 0)
                return r;
        t = arena_zalloc(c->arena, sizeof(*t));
        if (t)
                t->p = arena_alloc(c->arena, LIVE_FILE_MAX);
        if (!t || !t->p)
                return FAIL(-ENOMEM);
        c->kept = t;
        return api_upload(c, take, NULL);
}

/* ---- giving ---- */

struct giving {
        struct span bytes;
        size_t at;
};

static int give(struct api_call *c, struct buf *to) {
        struct giving *g = c->kept;
        size_t n = MIN(g->bytes.len - g->at, API_PIECE_MAX);

        buf_add(to, g->bytes.p + g->at, n);
        g->at += n;
        return g->at < g->bytes.len;
}

static int give_file(struct api_call *c, const struct live_finding *f,
                     const unsigned char key[LIVE_KEY_BYTES]) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        struct giving *g = arena_zalloc(c->arena, sizeof(*g));
        int64_t id = api_int(c, "file", 0);
        char named[220];
        int r = g ? sql_rows(c->db, &q,
                             "SELECT sealed, name FROM live_file WHERE id=?1 AND finding=?2", "ii",
                             id, f->id)
                  : FAIL(-ENOMEM);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r < 0 ? r : api_missing(c);
        struct span name = live_open(c, key, id, sql_span(q, 1));
        g->bytes = live_open(c, key, id, sql_span(q, 0));
        q = sql_end(q);
        if (!g->bytes.p || !name.p)
                return api_refuse(c, 500, "damaged", "the file is not what was sealed",
                                  "tệp không còn nguyên vẹn");
        snprintf(named, sizeof(named), "%.*s", (int)MIN(name.len, sizeof(named) - 1), name.p);
        c->kept = g;
        return api_file(c, "application/octet-stream", named, give);
}

int findings_do_attachment(struct api_call *c) {
        unsigned char key[LIVE_KEY_BYTES];
        struct live_finding f = {.id = 0};
        struct live l = {.id = 0};
        int r = live_find(c, &l);

        if (r == 0)
                r = live_finding_find(c, &l, &f);
        if (r == 0)
                r = live_key(c, &l, key);
        if (r == 0)
                r = give_file(c, &f, key);
        sodium_memzero(key, sizeof(key));
        return r;
}
