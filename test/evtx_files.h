/* For tests and benches of the EVTX reader: files in memory, cut into batches as `ingest` cuts
 * them. */
#ifndef TEST_EVTX_FILES_H
#define TEST_EVTX_FILES_H

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "decode/decode.h"
#include "decode/evtx_frame.h"

#define EVTX_FILES_MAX 4096

struct evtx_file {
        char *path;
        char *bytes; /* SLOT_PADDING more may be read */
        size_t len;
};

static struct evtx_file evtx_files[EVTX_FILES_MAX];
static size_t n_evtx_files;

static inline int evtx_file_compare(const void *a, const void *b) {
        return strcmp(((const struct evtx_file *)a)->path, ((const struct evtx_file *)b)->path);
}

static inline int evtx_file_add(const char *path, const struct stat *st, int type, struct FTW *w) {
        size_t n = strlen(path);

        if (type != FTW_F || n < 5 || strcmp(path + n - 5, ".evtx") != 0 ||
            n_evtx_files == EVTX_FILES_MAX)
                return 0;
        struct evtx_file *f = &evtx_files[n_evtx_files];
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return 0;
        f->len = (size_t)st->st_size;
        f->bytes = calloc(1, f->len + SLOT_PADDING);
        f->path = strdup(path);
        if (f->bytes && f->path && read(fd, f->bytes, f->len) == (ssize_t)f->len)
                n_evtx_files++;
        close(fd);
        return 0;
}

/* All *.evtx below path, or path itself, in order of their names. */
static inline void evtx_files_load(const char *path) {
        nftw(path, evtx_file_add, 32, FTW_PHYS);
        qsort(evtx_files, n_evtx_files, sizeof(evtx_files[0]), evtx_file_compare);
}

static inline void evtx_files_free(void) {
        while (n_evtx_files) {
                n_evtx_files--;
                free(evtx_files[n_evtx_files].path);
                free(evtx_files[n_evtx_files].bytes);
        }
}

/* The batch that begins at *pos, which is moved behind it; false at the file's end. */
static inline bool evtx_file_batch(const struct evtx_file *f, size_t *pos, struct batch *ret) {
        size_t len, header = 0;

        if (*pos >= f->len)
                return false;
        if (*pos == 0)
                header = evtx_header_size(span_of(f->bytes, f->len));
        len = MIN(header + (BATCH_ROOM - header) / EVTX_CHUNK * EVTX_CHUNK, f->len - *pos);
        *ret = (struct batch){
                .h = {.magic = BATCH_MAGIC,
                      .layout = BATCH_STREAM,
                      .format = FORMAT_EVTX,
                      .flags = (*pos == 0 ? BATCH_FIRST : 0u) |
                               (*pos + len == f->len ? BATCH_LAST : 0u),
                      .offset = *pos,
                      .file_time = TIME_NONE,
                      .payload_len = (uint32_t)len},
                .payload = {f->bytes + *pos, len},
        };
        *pos += len;
        return true;
}

#endif
