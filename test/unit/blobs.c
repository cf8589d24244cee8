/* Attached content: by its hash, once, in pieces; within limits; gone when nobody holds it; and the road of an
 * upload through the API, cut and refused at every point. */
#include "desk/blobs.h"

#include <sodium.h>

#include "api_world.h"
#include "desk/desk_impl.h"

static struct sql *db(void) {
        return state_sql(w.d->state);
}

static int64_t count(const char *what) {
        int64_t n = -1;

        check_int(sql_get_int(db(), &n, what, ""), 1);
        return n;
}

static int64_t pieces(void) {
        return count("SELECT count(*) FROM blob_piece");
}

static char *pattern(size_t n) {
        char *p = malloc(n);

        for (size_t i = 0; i < n; i++)
                p[i] = (char)(i * 2654435761u >> 13);
        return p;
}

static void begin(void) {
        check_int(desk_begin(w.d), 0);
}

static void commit_now(void) {
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
}

static void same_content_once(void) {
        unsigned char hash[32], again[32], expected[32];
        const size_t n = 700000;
        char *p = pattern(n);
        int64_t a, b, size;
        struct buf got = {0};

        world_start(world_rules);
        begin();
        struct blob_writer *bw = NULL;
        check_int(blob_begin(w.d, w.wall, &bw), 0);
        for (size_t at = 0; at < n; at += 12345) /* cut otherwise than it will lie there */
                check_int(blob_append(bw, span_of(p + at, MIN(n - at, (size_t)12345))), 0);
        check_int(blob_end(bw, &a, hash), 0);
        bw = blob_free(bw);
        crypto_generichash(expected, 32, (const unsigned char *)p, n, NULL, 0);
        check(memcmp(hash, expected, 32) == 0);
        check_int(blob_hold(db(), a), 0);
        check_int(blob_put(w.d, span_of(p, n), w.wall, &b, again), 0);
        check(a == b && memcmp(hash, again, 32) == 0);
        commit_now();
        check_int(count("SELECT count(*) FROM blob"), 1);
        check_int(pieces(), 3);
        check_int(blob_info(db(), a, &size, again), 1);
        check_int(size, n);
        for (int64_t i = 0; blob_read(db(), a, i, &got) == 1; i++)
                ;
        check(got.len == n && memcmp(got.p, p, n) == 0);
        begin();
        check_int(blob_hold(db(), a), 0);
        check_int(blob_drop(db(), a), 0);
        check_int(pieces(), 3);
        check_int(blob_drop(db(), a), 0);
        check_int(pieces(), 0);
        check_int(blob_info(db(), a, &size, again), 0);
        commit_now();
        buf_deinit(&got);
        free(p);
        world_end();
}

static void within_limits(void) {
        unsigned char hash[32];
        char *p = pattern(1 << 20);
        struct blob_writer *bw = NULL;
        int64_t id, used, limit;

        world_start(world_rules);
        w.d->o.blob_bytes = 3 << 20;
        begin();
        check_int(blob_put(w.d, span_of(p, 1 << 20), w.wall, &id, hash), 0);
        check_int(blob_hold(db(), id), 0);
        check_int(blob_begin(w.d, w.wall, &bw), 0);
        check_int(blob_append(bw, span_of(p, 1 << 20)), 0);
        check_int(blob_append(bw, span_of(p, 1 << 20)), 0);
        check_int(blob_append(bw, span_of(p, 1)), BLOB_E_FULL);
        check_int(blobs_room(w.d, &used, &limit), 0);
        check_int(used, limit);
        bw = blob_free(bw);
        check_int(blobs_room(w.d, &used, &limit), 0);
        check_int(used, 1 << 20);
        w.d->o.blob_bytes = 0;
        check_int(blob_begin(w.d, w.wall, &bw), 0);
        for (int i = 0; i < 64; i++)
                check_int(blob_append(bw, span_of(p, 1 << 20)), 0);
        check_int(blob_append(bw, span_of(p, 1)), BLOB_E_LARGE);
        bw = blob_free(bw);
        check_int(blob_put(w.d, SPAN(""), w.wall, &id, hash), BLOB_E_EMPTY);
        check_int(blob_hold(db(), 999), -ENOENT);
        commit_now();
        free(p);
        world_end();
}

static void a_restart_takes_the_unheld(void) {
        unsigned char hash[32];
        struct blob_writer *bw = NULL;
        int64_t kept, loose;

        world_start(world_rules);
        begin();
        check_int(blob_put(w.d, SPAN("kept"), w.wall, &kept, hash), 0);
        check_int(blob_hold(db(), kept), 0);
        check_int(blob_put(w.d, SPAN("loose"), w.wall, &loose, hash), 0);
        check_int(blob_begin(w.d, w.wall, &bw), 0);
        check_int(blob_append(bw, SPAN("half")), 0);
        commit_now();
        bw = blob_free(bw); /* outside a transaction: stays, as after a crash */
        check_int(count("SELECT count(*) FROM blob"), 3);
        world_close();
        check_int(world_open(), 0);
        check_int(count("SELECT count(*) FROM blob"), 1);
        world_close();
        check_int(world_open(), 0);
        check_int(count("SELECT holds FROM blob"), 1);
        check_int(pieces(), 1);
        world_end();
}

int main(void) {
        check_int(sodium_init() < 0, 0);
        RUN(same_content_once);
        RUN(within_limits);
        RUN(a_restart_takes_the_unheld);
        return check_done();
}
