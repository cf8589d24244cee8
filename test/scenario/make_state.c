/* Writes a desk's state into a folder, for scenarios of `coloa alerts`: make_state DIR. */
#include "desk_world.h"
#include "wire/exercise.h"

static int make(const char *dir) {
        _cleanup_(buf_deinit) struct buf said = {0};
        static const char exceptions[] = "exceptions:\n"
                                         "- id: backup\n"
                                         "  rules: 11111111-0000-0000-0000-000000000002\n"
                                         "  when: {host: 'bak*'}\n"
                                         "  owner: an@agency.vn\n"
                                         "  reason: the nightly backup\n"
                                         "  expires: 2026-12-31\n";
        struct msg_own_alert own = {.type = DESK_INCIDENT,
                                    .what = OWN_SILENT_SOURCE,
                                    .source = "fw-1",
                                    .text = "silent for 600 s"};

        world_start(world_rules);
        world_close();
        snprintf(w.path, sizeof(w.path), "%s/state.db", dir);
        if (world_open() < 0 ||
            desk_exceptions(w.d, SPAN("x"), span_of(exceptions, sizeof(exceptions) - 1), w.wall,
                            &said) != 0)
                return 1;
        own.time = at(1);
        (void)desk_own(w.d, &own, w.wall);
        for (uint64_t i = 1; i <= 30; i++)
                say(rule("Evil tool"), i, 10 * (double)i,
                    "host=dc01 user=an Image=evil CommandLine=\x1b[31mred coloa.source=windows");
        say(rule("Evil tool"), 31, 5, "host=bak1 Image=evil");
        say(rule("Failed login"), 32, 400, "user=an");
        w.drill = LABEL(4, 1);
        say(rule("Evil tool"), 33, 500, "host=lab Image=evil");
        w.drill = 0;
        for (uint64_t i = 34; i < 40; i++)
                hit(rule("Failed login"), i, 600 + (double)i, "User=an");
        if (judged(1, 40) != 0 || desk_clock(w.d, at(2000)) < 0 || commit() < 0)
                return 1;
        world_close();
        return 0;
}

int main(int argc, char **argv) {
        if (argc != 2 || setjmp(check_jump) != 0)
                return 2;
        int r = make(argv[1]);
        (void)os_remove_tree(w.dir);
        return r;
}
