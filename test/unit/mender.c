/* mender/: what the desk orders, what restic and borg list, which files are tried, what is found wrong. */
#include "mender/mender.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B64 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static struct mender_job job;
static struct mender_listing list;
static struct mender_result result, back;

static void order(const char *json) {
        check_int(mender_job_read(&job, span_str(json)), 0);
}

static void listed(enum mender_kind kind, const char *lines) {
        mender_listing_init(&list, &job, kind, 7);
        for (const char *p = lines; *p; p += strlen(p) > 7 ? 7 : strlen(p)) /* cut anywhere */
                mender_listing_add(&list, span_of(p, strlen(p) > 7 ? 7 : strlen(p)));
        mender_listing_end(&list);
        mender_listing_deinit(&list);
}

static void orders_are_looked_at(void) {
        static const char *const bad[] = {
                "",
                "[]",
                "{}",
                "{\"id\":0}",
                "{\"id\":1,\"names\":[1]}",
                "{\"id\":1,\"expect\":[{\"path\":\"a\",\"sha256\":\"x\"}]}",
                "{\"id\":1,\"names\":[\"\"]}"};

        for (size_t i = 0; i < ARRAY_LEN(bad); i++)
                check_int(mender_job_read(&job, span_str(bad[i])), -EBADMSG);
        order("{\"id\":7,\"sample\":900,\"quota\":-4,\"names\":[\"//etc/hosts\"]}");
        check(job.id == 7 && job.sample == MENDER_SAMPLE_MAX && job.quota == 0);
        check(strcmp(job.names[0], "etc/hosts") == 0);
}

static void the_newest_is_taken(void) {
        struct mender_snapshot s;

        check_int(mender_newest(MENDER_RESTIC,
                                SPAN("[{\"id\":\"aa\",\"time\":\"2026-01-02T00:00:00Z\"},"
                                     "{\"id\":\"bb\",\"time\":\"2026-03-02T00:00:00.5+07:00\"},"
                                     "{\"id\":\"--cc\",\"time\":\"2027-03-02T00:00:00Z\"},"
                                     "{\"id\":\"dd\",\"time\":\"soon\"}]"),
                                &s),
                  1);
        check(strcmp(s.name, "bb") == 0);
        check_int(mender_newest(MENDER_BORG,
                                SPAN("{\"archives\":[{\"name\":\"-x y\",\"time\":"
                                     "\"2026-01-02T00:00:00.000000\"}]}"),
                                &s),
                  1);
        check(strcmp(s.name, "-x y") == 0);
        check_int(mender_newest(MENDER_RESTIC, SPAN("[]"), &s), 0);
        check_int(mender_newest(MENDER_RESTIC, SPAN("{}"), &s), -EBADMSG);
        check_int(mender_newest(MENDER_BORG, SPAN("not"), &s), -EBADMSG);
}

static void strange_names_are_counted_and_left(void) {
        order("{\"id\":1,\"sample\":10}");
        listed(MENDER_RESTIC, "{\"struct_type\":\"snapshot\",\"id\":\"aa\"}\n"
                              "{\"type\":\"file\",\"path\":\"/a/"
                              "good\",\"size\":5,\"mtime\":\"2026-01-02T00:00:00Z\"}\n"
                              "{\"type\":\"file\",\"path\":\"/a/../../etc/passwd\",\"size\":5}\n"
                              "{\"type\":\"file\",\"path\":\"/a//b\",\"size\":5}\n"
                              "{\"type\":\"file\",\"path\":\"/a/\\u001b[31m\",\"size\":5}\n"
                              "{\"type\":\"dir\",\"path\":\"/a\"}\n"
                              "{\"type\":\"dev\",\"path\":\"/a/dev\"}\n"
                              "not json\n"
                              "{\"type\":\"file\",\"path\":\"/empty\"}");
        check_int((long long)list.n_files, 5);
        check_int(list.n, 2);
        check(strcmp(list.files[0].path, "a/good") == 0 && list.files[0].size == 5);
        check(strcmp(list.files[1].path, "empty") == 0 && list.files[1].size == 0);
        check_int((long long)list.unreadable, 4);
        check_int((long long)list.others, 2);
        char to[2 * MENDER_PATH_MAX + 2];
        check(mender_pattern(to, "a*[b]?\\c") && strcmp(to, "/a\\*\\[b]\\?\\\\c") == 0);
}

/* Any file is as likely as any other; those by name are always there. */
static void samples_are_fair(void) {
        unsigned hits[50] = {0};

        for (int round = 1; round <= 2000; round++) {
                char text[200];

                snprintf(text, sizeof(text), "{\"id\":%d,\"sample\":5,\"names\":[\"f49\"]}", round);
                order(text);
                mender_listing_init(&list, &job, MENDER_BORG,
                                    (uint64_t)round * UINT64_C(0x9e3779b97f4a7c15));
                for (int i = 0; i < 50; i++) {
                        snprintf(text, sizeof(text),
                                 "{\"type\":\"-\",\"path\":\"f%d\",\"size\":1,\"isomtime\":"
                                 "\"2026-01-02T00:00:00\"}\n",
                                 i);
                        mender_listing_add(&list, span_str(text));
                }
                mender_listing_deinit(&list);
                check_int(list.n, 6);
                for (unsigned i = 0; i < list.n; i++)
                        hits[strtoul(list.files[i].path + 1, NULL, 10)]++;
        }
        check_int(hits[49], 2000);
        for (int i = 0; i < 49; i++) /* about 2000 * 5 / 49 = 204 */
                check(hits[i] > 130 && hits[i] < 290);
}

/* The same drill of the same listing takes other files when its seed is another. */
static void samples_are_not_foreseen(void) {
        char taken[2][64][8] = {0};
        unsigned same = 0;

        for (unsigned k = 0; k < 2; k++) {
                order("{\"id\":1,\"sample\":5}");
                mender_listing_init(&list, &job, MENDER_BORG, 100 + k);
                for (int i = 0; i < 500; i++) {
                        char text[100];

                        snprintf(text, sizeof(text),
                                 "{\"type\":\"-\",\"path\":\"f%d\",\"size\":1,\"isomtime\":"
                                 "\"2026-01-02T00:00:00\"}\n",
                                 i);
                        mender_listing_add(&list, span_str(text));
                }
                for (unsigned i = 0; i < list.n; i++)
                        snprintf(taken[k][i], sizeof(taken[k][i]), "%s", list.files[i].path);
                check_int(list.n, 5);
                mender_listing_deinit(&list);
        }
        for (unsigned i = 0; i < 5; i++)
                for (unsigned k = 0; k < 5; k++)
                        same += strcmp(taken[0][i], taken[1][k]) == 0;
        check(same < 5);
}

static void what_differs_is_found(void) {
        order("{\"id\":1,\"sample\":9,\"whole\":true,\"names\":[\"gone\"],\"expect\":["
              "{\"path\":\"a\",\"sha256\":\"" A64 "\"},"
              "{\"path\":\"b\",\"sha256\":\"" A64 "\",\"size\":1,\"mtime\":5},"
              "{\"path\":\"c\",\"sha256\":\"" A64 "\",\"size\":1,\"mtime\":6},"
              "{\"path\":\"never\",\"sha256\":\"" A64 "\"}]}");
        mender_listing_init(&list, &job, MENDER_BORG, 7);
        static const char *const names[] = {"a", "b", "c", "d"};
        for (unsigned i = 0; i < 4; i++) {
                struct mender_file *f = &list.files[list.n++];
                snprintf(f->path, sizeof(f->path), "%s", names[i]);
                f->size = 1;
                f->mtime = 5;
                f->there = i != 3;
                snprintf(f->found, sizeof(f->found), "%s", i == 2 ? A64 : B64);
        }
        mender_hashes_add(&list, SPAN("{\"path\":\"b\",\"sha256\":\"" A64 "\"}"));
        mender_hashes_add(&list, SPAN("{\"path\":\"c\",\"sha256\":\"" A64 "\"}"));
        mender_hashes_add(&list, SPAN("{\"path\":\"c\",\"sha256\":\"zz\"}"));
        list.n_files = 5;
        result = (struct mender_result){.id = 1, .seconds = 1, .files = 4};
        mender_judge(&result, &list);
        unsigned seen[FAULT_MAX] = {0};
        for (unsigned i = 0; i < result.n_faults; i++)
                seen[result.faults[i].fault]++;
        check_int(seen[FAULT_EXPECTED], 2); /* a, b; of c another state was written down */
        check_int(seen[FAULT_HASH], 1);
        check_int(seen[FAULT_MISSING], 3); /* d, gone, never */
        check_int(seen[FAULT_TOTAL], 1);
        check_int(result.checked, 3);
        check_int(result.expected, 2);
}

static void results_come_back(void) {
        _cleanup_(buf_deinit) struct buf b = {0};

        snprintf(result.log, sizeof(result.log), "%s", "caf\xe9 \xff log"); /* no UTF-8 */
        check_int(mender_result_write(&b, &result), 0);
        check_int(mender_result_read(&back, buf_get(&b)), 0);
        check_int(back.n_faults, result.n_faults);
        check_int(back.n_tried, result.n_tried);
        check(strcmp(back.tried[2].found, A64) == 0 && back.tried[0].mtime == 5);
        check(strcmp(back.log, "caf? ? log") == 0);
        static const char *const bad[] = {"",
                                          "[]",
                                          "{}",
                                          "{\"id\":1,\"seconds\":-1}",
                                          "{\"id\":1,\"seconds\":1e300}",
                                          "{\"id\":1,\"files\":-5}",
                                          "{\"id\":1,\"checked\":100}"};
        for (size_t i = 0; i < ARRAY_LEN(bad); i++)
                check_int(mender_result_read(&back, span_str(bad[i])), -EBADMSG);
        for (unsigned f = 1; f < FAULT_MAX; f++)
                check(mender_fault_of(span_str(mender_fault_code((enum mender_fault)f))) == f);
}

int main(void) {
        RUN(orders_are_looked_at);
        RUN(the_newest_is_taken);
        RUN(strange_names_are_counted_and_left);
        RUN(samples_are_fair);
        RUN(samples_are_not_foreseen);
        RUN(what_differs_is_found);
        RUN(results_come_back);
        return check_done();
}
