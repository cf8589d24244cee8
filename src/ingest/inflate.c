/* Unpacking as a stream. Two stages, each idle unless its magic was seen:
 *
 *     read callback ─► codec (gzip, zstd) ─► UTF-16 ─► caller
 *
 * The first read of each stage goes into the caller's memory like any other; only when its head
 * shows a magic are those bytes moved into the stage's own buffer. So a plain file costs no copy
 * and no extra memory.
 *
 * I1  Memory is bounded whatever the input says: zlib's window is 32 KiB, zstd's at most 32 MiB
 * (zstd's levels up to 20; --long and the levels above ask for more, and would break the promise of
 * how much memory a hunt needs), and output is only made where the caller has room.
 *
 * I2  Every call hands out at least one byte or ends: an input of a million empty members is a loop
 * here, not a chain of empty reads.
 *
 * I3  Damage is told only after all bytes before it have been handed out. */
#include "ingest/inflate.h"

#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/utf8.h"

#define HEAD_BYTES ((size_t)64 << 10)
#define MAGIC_MAX ((size_t)10)
#define WINDOW_LOG_MAX 25

enum codec { CODEC_UNKNOWN, CODEC_PLAIN, CODEC_GZIP, CODEC_ZSTD };
enum coding { CODING_UNKNOWN, CODING_BYTES, CODING_UTF16LE, CODING_UTF16BE };

struct inflate {
        ingest_read read;
        void *ctx;
        enum codec codec;
        enum coding coding;
        int ended;        /* 0; 1 at the end; or the -errno to tell when all is handed out */
        const char *what; /* with -EBADMSG */
        uint64_t taken;   /* from the callback */

        bool in_end;  /* the callback said so */
        int in_error; /* what the callback failed with: it is not called again */
        bool between; /* a member or frame has ended, none begun since */
        char *in;     /* HEAD_BYTES, packed bytes */
        size_t in_pos, in_len;
        z_stream gz;
        bool gz_live;
        ZSTD_DCtx *zs;

        char *wide; /* HEAD_BYTES, UTF-16 */
        size_t wide_pos, wide_len;
        bool wide_end;
};

struct inflate *inflate_new(void) {
        return calloc(1, sizeof(struct inflate));
}

struct inflate *inflate_free(struct inflate *z) {
        if (!z)
                return NULL;
        if (z->gz_live)
                inflateEnd(&z->gz);
        ZSTD_freeDCtx(z->zs);
        free(z->in);
        free(z->wide);
        free(z);
        return NULL;
}

void inflate_open(struct inflate *z, ingest_read read, void *ctx) {
        z->read = read;
        z->ctx = ctx;
        z->codec = CODEC_UNKNOWN;
        z->coding = CODING_UNKNOWN;
        z->ended = 0;
        z->what = NULL;
        z->taken = 0;
        z->in_error = 0;
        z->in_end = z->between = z->wide_end = false;
        z->in_pos = z->in_len = z->wide_pos = z->wide_len = 0;
}

static ssize_t take(struct inflate *z, void *to, size_t n) {
        if (z->in_error)
                return z->in_error;
        ssize_t r = z->read(z->ctx, to, n);
        if (r < 0)
                return z->in_error = FAIL((int)r);
        assert((size_t)r <= n);
        z->taken += (uint64_t)r;
        if (r == 0)
                z->in_end = true;
        return r;
}

static ssize_t damaged(struct inflate *z, const char *what) {
        z->what = what;
        return FAIL(-EBADMSG);
}

/* Packings that we can name and do not read: their content would otherwise pass for text. */
static const char *foreign_packing(const char *p, size_t n) {
        static const struct {
                const char *magic;
                unsigned len;
                const char *what;
        } known[] = {
                {"\xfd"
                 "7zXZ\0",
                 6, "packed by xz, which is not read: unpack it first"},
                {"BZh", 3, "packed by bzip2, which is not read: unpack it first"},
                {"PK\3\4", 4, "a zip archive, which is not read: unpack it first"},
                {"\x04\x22\x4d\x18", 4, "packed by lz4, which is not read: unpack it first"},
                {"7z\xbc\xaf\x27\x1c", 6, "a 7z archive, which is not read: unpack it first"},
        };

        for (size_t i = 0; i < ARRAY_LEN(known); i++) {
                if (n < known[i].len || memcmp(p, known[i].magic, known[i].len) != 0)
                        continue;
                if (known[i].len > 3 || (n >= 10 && memcmp(p + 4, "1AY&SY", 6) == 0))
                        return known[i].what;
        }
        return NULL;
}

static bool is_gzip(const char *p, size_t n) {
        return n >= 3 && memcmp(p, "\x1f\x8b\x08", 3) == 0;
}

static bool is_zstd(const char *p, size_t n) {
        if (n < 4)
                return false;
        if (memcmp(p, "\x28\xb5\x2f\xfd", 4) == 0)
                return true;
        return (p[0] & 0xf0) == 0x50 &&
               memcmp(p + 1, "\x2a\x4d\x18", 3) == 0; /* a frame to be skipped */
}

static int begin_gzip(struct inflate *z) {
        int r;

        if (z->gz_live) {
                r = inflateReset2(&z->gz, 15 + 16);
        } else {
                memset(&z->gz, 0, sizeof(z->gz));
                r = inflateInit2(&z->gz, 15 + 16);
                z->gz_live = r == Z_OK;
        }
        return r == Z_OK ? 0 : FAIL(-ENOMEM);
}

static int begin_zstd(struct inflate *z) {
        if (!z->zs)
                z->zs = ZSTD_createDCtx();
        if (!z->zs)
                return FAIL(-ENOMEM);
        ZSTD_DCtx_reset(z->zs, ZSTD_reset_session_only);
        size_t r = ZSTD_DCtx_setParameter(z->zs, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
        return ZSTD_isError(r) ? FAIL(-EINVAL) : 0;
}

/* The head of the input into `to`; when it is packed, on into z->in, and 0 is returned with in_end
 * unset. */
static ssize_t read_head(struct inflate *z, char *to, size_t n) {
        size_t have = 0;
        const char *what;

        n = MIN(n, HEAD_BYTES);
        while (have < MAGIC_MAX && !z->in_end) {
                ssize_t r = take(z, to + have, n - have);
                if (r < 0 && have == 0)
                        return r;
                if (r < 0)
                        break; /* told when more is asked for (I3) */
                have += (size_t)r;
        }
        z->codec = is_gzip(to, have) ? CODEC_GZIP : is_zstd(to, have) ? CODEC_ZSTD : CODEC_PLAIN;
        if (z->codec == CODEC_PLAIN) {
                what = foreign_packing(to, have);
                return what ? damaged(z, what) : (ssize_t)have;
        }
        if (!z->in)
                z->in = malloc(HEAD_BYTES);
        if (!z->in)
                return FAIL(-ENOMEM);
        memcpy(z->in, to, have);
        z->in_len = have;
        return z->codec == CODEC_GZIP ? begin_gzip(z) : begin_zstd(z);
}

/* More packed bytes behind those not used yet. */
static int refill(struct inflate *z) {
        if (z->in_pos) {
                memmove(z->in, z->in + z->in_pos, z->in_len - z->in_pos);
                z->in_len -= z->in_pos;
                z->in_pos = 0;
        }
        ssize_t r = z->in_len < HEAD_BYTES ? take(z, z->in + z->in_len, HEAD_BYTES - z->in_len) : 0;
        if (r < 0)
                return (int)r;
        z->in_len += (size_t)r;
        return 0;
}

/* Behind a member or frame: 1 when another begins, 0 at the end (zeros of padding are passed over,
 * as gzip does). */
static int next_member(struct inflate *z) {
        for (;;) {
                while (z->in_pos < z->in_len && z->in[z->in_pos] == '\0')
                        z->in_pos++;
                if (z->in_len - z->in_pos >= 4 || z->in_end)
                        break;
                int r = refill(z);
                if (r < 0)
                        return r;
        }
        const char *p = z->in + z->in_pos;
        size_t n = z->in_len - z->in_pos;

        if (n == 0)
                return 0;
        if (!(z->codec == CODEC_GZIP ? is_gzip(p, n) : is_zstd(p, n)))
                return (int)damaged(z, "other data behind the end of the packed data");
        z->between = false;
        int r = z->codec == CODEC_GZIP ? begin_gzip(z) : 0;
        return r < 0 ? r : 1;
}

/* One step; the number of bytes made, which may be 0; z->between is set when a member ended. */
static ssize_t step_gzip(struct inflate *z, char *to, size_t n) {
        z->gz.next_in = (Bytef *)z->in + z->in_pos;
        z->gz.avail_in = (uInt)(z->in_len - z->in_pos);
        z->gz.next_out = (Bytef *)to;
        z->gz.avail_out = (uInt)MIN(n, (size_t)1 << 30);
        uInt room = z->gz.avail_out;

        int r = inflate(&z->gz, Z_NO_FLUSH);
        z->in_pos = z->in_len - z->gz.avail_in;
        size_t made = room - z->gz.avail_out;

        if (r == Z_STREAM_END)
                z->between = true;
        else if (r == Z_DATA_ERROR)
                z->ended = (int)damaged(z, z->gz.msg && strstr(z->gz.msg, "check")
                                                   ? "gzip checksum or length differs"
                                                   : "damaged gzip data");
        else if (r == Z_NEED_DICT || r == Z_STREAM_ERROR)
                z->ended = (int)damaged(z, "damaged gzip data");
        else if (r == Z_MEM_ERROR)
                z->ended = FAIL(-ENOMEM);
        return (ssize_t)made;
}

static const char *zstd_phrase(size_t r) {
        switch (ZSTD_getErrorCode(r)) {
        case ZSTD_error_frameParameter_windowTooLarge:
                return "zstd window larger than 32 MiB (--long, --ultra): unpack it first";
        case ZSTD_error_checksum_wrong: return "zstd checksum differs";
        case ZSTD_error_dictionary_wrong: return "zstd data that needs a dictionary";
        default: return "damaged zstd data";
        }
}

static ssize_t step_zstd(struct inflate *z, char *to, size_t n) {
        ZSTD_outBuffer out = {.dst = to, .size = n};
        ZSTD_inBuffer in = {.src = z->in, .size = z->in_len, .pos = z->in_pos};

        size_t r = ZSTD_decompressStream(z->zs, &out, &in);
        z->in_pos = in.pos;
        if (ZSTD_isError(r))
                z->ended = ZSTD_getErrorCode(r) == ZSTD_error_memory_allocation
                                   ? FAIL(-ENOMEM)
                                   : (int)damaged(z, zstd_phrase(r));
        else if (r == 0)
                z->between = true;
        return (ssize_t)out.pos;
}

/* Unpacked bytes: more than 0, 0 at the end, or -errno. */
static ssize_t unpack(struct inflate *z, char *to, size_t n) {
        for (;;) {
                if (z->between) {
                        int r = next_member(z);
                        if (r <= 0)
                                return r;
                }
                size_t before = z->in_pos;
                ssize_t made = z->codec == CODEC_GZIP ? step_gzip(z, to, n) : step_zstd(z, to, n);
                if (made > 0)
                        return made;
                if (z->ended < 0)
                        return z->ended;
                if (z->between || z->in_pos != before)
                        continue; /* it moved on without making anything */
                if (z->in_end)
                        return damaged(z, "packed data ends early");
                int r = refill(z);
                if (r < 0)
                        return r;
        }
}

/* Bytes before the UTF-16 stage. */
static ssize_t read_bytes(struct inflate *z, char *to, size_t n) {
        if (z->ended < 0)
                return z->ended;
        if (z->codec == CODEC_PLAIN)
                return z->in_end ? 0 : take(z, to, n);
        if (z->codec == CODEC_UNKNOWN) {
                ssize_t r = read_head(z, to, n);
                if (r < 0 || z->codec == CODEC_PLAIN)
                        return r;
        }
        return unpack(z, to, n);
}

/* Units from z->wide until `to` is full or they run out; a unit pair that is cut waits for the
 * rest. */
static size_t widen(struct inflate *z, char *to, size_t n) {
        const unsigned char *w = (const unsigned char *)z->wide;
        unsigned hi = z->coding == CODING_UTF16LE ? 1 : 0, lo = 1 - hi;
        size_t i = z->wide_pos, out = 0;

        while (i + 2 <= z->wide_len && out + 4 <= n) {
                uint32_t u = (uint32_t)w[i + hi] << 8 | w[i + lo];
                if (u >= 0xd800 && u < 0xdc00) {
                        if (i + 4 > z->wide_len && !z->wide_end)
                                break;
                        uint32_t v = i + 4 > z->wide_len
                                             ? 0
                                             : (uint32_t)w[i + 2 + hi] << 8 | w[i + 2 + lo];
                        if (v >= 0xdc00 && v < 0xe000) {
                                u = 0x10000 + ((u - 0xd800) << 10) + (v - 0xdc00);
                                i += 2;
                        }
                }
                out += utf8_put(to + out, u); /* a lone surrogate becomes U+FFFD */
                i += 2;
        }
        z->wide_pos = i;
        return out;
}

static ssize_t read_wide(struct inflate *z, char *to, size_t n) {
        for (;;) {
                size_t out = widen(z, to, n);
                if (out)
                        return (ssize_t)out;
                size_t rest = z->wide_len - z->wide_pos;
                if (z->wide_end)
                        return rest ? damaged(z, "UTF-16 text ends inside a character") : 0;
                memmove(z->wide, z->wide + z->wide_pos, rest);
                z->wide_pos = 0;
                z->wide_len = rest;
                ssize_t r = read_bytes(z, z->wide + rest, HEAD_BYTES - rest);
                if (r < 0)
                        return r;
                z->wide_len += (size_t)r;
                z->wide_end = r == 0;
        }
}

/* The first bytes that come out of the codec: a byte order mark switches the second stage on. */
static ssize_t read_first(struct inflate *z, char *to, size_t n) {
        size_t have = 0;

        n = MIN(n, HEAD_BYTES);
        while (have < 4) {
                ssize_t r = read_bytes(z, to + have, n - have);
                if (r < 0 && have == 0)
                        return r;
                if (r <= 0) {
                        z->ended = (int)r; /* told by the next call (I3) */
                        break;
                }
                have += (size_t)r;
        }
        z->coding = CODING_BYTES;
        if (have >= 2 && memcmp(to, "\xff\xfe", 2) == 0 && !(have >= 4 && to[2] == 0 && to[3] == 0))
                z->coding = CODING_UTF16LE;
        else if (have >= 2 && memcmp(to, "\xfe\xff", 2) == 0)
                z->coding = CODING_UTF16BE;
        else
                return (ssize_t)have;
        if (!z->wide)
                z->wide = malloc(HEAD_BYTES);
        if (!z->wide)
                return FAIL(-ENOMEM);
        memcpy(z->wide, to + 2, have - 2);
        z->wide_len = have - 2;
        return read_wide(z, to, n);
}

ssize_t inflate_read(struct inflate *z, void *to, size_t n) {
        ssize_t r;

        assert(n >= INFLATE_MIN);
        if (z->ended == 1)
                return 0;
        if (z->coding == CODING_UNKNOWN)
                r = read_first(z, to, n);
        else if (z->coding == CODING_BYTES)
                r = read_bytes(z, to, n);
        else
                r = read_wide(z, to, n);
        if (r <= 0)
                z->ended = 1;
        return r;
}

const char *inflate_error(const struct inflate *z, uint64_t *ret_offset) {
        *ret_offset = z->taken - (z->in_len - z->in_pos);
        return z->what ? z->what : "";
}

const char *inflate_codec(const struct inflate *z) {
        return z->codec == CODEC_GZIP ? "gzip" : z->codec == CODEC_ZSTD ? "zstd" : "";
}

uint64_t inflate_taken(const struct inflate *z) {
        return z->taken;
}
