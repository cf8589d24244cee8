/* What is followed, for `coloa status` and the console: how far each file is read. Written into the
 * counters' page each second; readers take a copy (wire/counters.h). */
#include <stdio.h>

#include "ingest/files_impl.h"

static enum file_state state_of(const struct followed *x) {
        if (x->refused)
                return FILE_REFUSED;
        if (x->packed)
                return x->done ? FILE_DONE : FILE_FOLLOWED;
        return x->stream ? FILE_FOLLOWED : FILE_UNDECIDED;
}

/* Of a packed file what counts is how much of the packed bytes was taken in. */
static uint64_t read_of(const struct serve_files *f, const struct followed *x) {
        if (x->refused)
                return 0;
        if (x->packed)
                return x->done ? x->size : f->packed.x == x ? MIN(f->packed.read_at, x->size) : 0;
        return x->stream ? MIN(x->stream->at.offset, x->size) : 0;
}

static void show(const struct serve_files *f, const struct followed *x, struct file_counters *to) {
        *to = (struct file_counters){.state = (uint32_t)state_of(x),
                                     .packed = x->packed,
                                     .size = x->size,
                                     .read = read_of(f, x)};
        snprintf(to->source, sizeof(to->source), "%s", x->source->name);
        snprintf(to->path, sizeof(to->path), "%s", x->path + 5); /* behind "path=" */
}

void files_show(struct serve *s) {
        struct counters_page *p = s->set.counters;
        const struct serve_files *f = s->files;
        uint32_t n = 0;

        __atomic_store_n(&p->files_written, p->files_written | 1, __ATOMIC_RELAXED);
        __atomic_thread_fence(__ATOMIC_RELEASE);
        for (uint32_t i = 0; i < sources_count(s->sources); i++)
                counter_set(&sources_at(s->sources, i)->counters->unread, 0);
        for (uint32_t i = 0; i < f->n; i++) {
                const struct followed *x = f->files[i];

                if (x->import)
                        continue;
                if (!x->refused)
                        counter_add(&x->source->counters->unread, x->size - read_of(f, x));
                if (n < COUNTERS_FILES_MAX)
                        show(f, x, &p->files[n++]);
        }
        p->n_files = n;
        __atomic_store_n(&p->files_written, p->files_written + 1, __ATOMIC_RELEASE);
}
