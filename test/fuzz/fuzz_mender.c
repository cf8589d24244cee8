/* mender/: any bytes as what restic and borg list, as the desk's order, as a mender's result. The first byte
 * chooses. */
#include <jansson.h>
#include <stdlib.h>

#include "mender/mender.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void listing(struct span s, enum mender_kind kind) {
        static struct mender_job job = {.id = 3, .sample = 4, .quota = 1000, .n_names = 1};
        static struct mender_listing l;
        static struct mender_result r;
        char pattern[2 * MENDER_PATH_MAX + 2];

        snprintf(job.names[0], sizeof(job.names[0]), "a");
        mender_listing_init(&l, &job, kind, 7);
        mender_listing_add(&l, s);
        mender_listing_end(&l);
        if (l.n > MENDER_SAMPLE_MAX)
                abort();
        for (unsigned i = 0; i < l.n; i++) {
                mender_hashes_add(&l, s);
                (void)mender_pattern(pattern, l.files[i].path);
                if (strstr(l.files[i].path, "/../") || *l.files[i].path == '/')
                        abort();
        }
        r = (struct mender_result){.id = 1};
        mender_judge(&r, &l);
        mender_listing_deinit(&l);
}

static void result(struct span s) {
        static struct mender_result r, again;
        struct buf b = {0};

        if (mender_result_read(&r, s) == 0 &&
            (mender_result_write(&b, &r) < 0 || mender_result_read(&again, buf_get(&b)) < 0 ||
             again.n_faults != r.n_faults || again.n_tried != r.n_tried))
                abort();
        buf_deinit(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static struct mender_job job;
        struct mender_snapshot snapshot;
        struct span s = span_of((const char *)data + 1, size ? size - 1 : 0);

        if (!size)
                return 0;
        json_object_seed(1);
        switch (data[0] % 6) {
        case 0: listing(s, MENDER_RESTIC); break;
        case 1: listing(s, MENDER_BORG); break;
        case 2: (void)mender_newest(MENDER_RESTIC, s, &snapshot); break;
        case 3: (void)mender_newest(MENDER_BORG, s, &snapshot); break;
        case 4: (void)mender_job_read(&job, s); break;
        default: result(s); break;
        }
        return 0;
}
