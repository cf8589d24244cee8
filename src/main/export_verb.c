/* `coloa export`: records that leave the node, in one of two forms (doc/export.md).
 *
 * A proof is whole frames, unmasked, with what is needed to check them by the public key alone; it needs an
 * incident and two people, and is sealed for a recipient unless asked otherwise. The working form is lines of
 * masked JSON, signed as derived. Either is in the audit log before the first byte is written, and appears
 * under its name only when it is whole. */
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/lang.h"
#include "base/timestamp.h"
#include "main/excerpt.h"
#include "main/export.h"
#include "main/ledger.h"
#include "main/option_rows.h"
#include "main/phrases.h"
#include "os/os.h"
#include "store/envelope.h"

#define CHUNK ((size_t)256 << 10)

static const char help_en[] =
        "Usage: coloa export --working -o FILE [options] [QUERY]\n"
        "       coloa export --proof -o FILE --incident ID --by NAME --approved-by OTHER\n"
        "                    (--for KEY | --plain) [options] [QUERY]\n"
        "       coloa export --new-recipient FILE\n"
        "\n"
        "Writes records of the node to a file that 'coloa verify' checks anywhere.\n"
        "\n"
        "      --working         lines of JSON, personal data masked, signed as derived\n"
        "      --proof           whole frames as they were received, provable by the public key\n"
        "      --for KEY         sealed for this recipient: 64 hex digits, or a file with them\n"
        "      --plain           signed, not sealed: whoever has the file reads it\n"
        "      --incident ID     what it is for\n"
        "      --by NAME         who asks; --approved-by OTHER: who agreed, another person\n"
        "  -o, --output FILE     a new file\n"
        "      --from T, --to T  time of the event: 2026-11-23T07:00:00Z, or -1h, -7d\n"
        "      --received-from T, --received-to T   time of receipt\n"
        "      --seq A-B         sequence numbers, both included\n"
        "      --source NAME     of this source\n"
        "  -c, --config FILE     the node's configuration\n"
        "      --directory DIR   its directory, when it has no configuration\n"
        "      --new-recipient FILE   a pair of keys: the secret one into FILE, the public one is\n"
        "                        printed, for --for\n"
        "      --lang LANG       en or vi\n"
        "\n"
        "Exit codes: 0 written, 1 written, but some of it is not under a signature yet or could\n"
        "not be read, 2 usage, 3 not written.\n";
static const char help_vi[] =
        "Cách dùng: coloa export --working -o TỆP [tùy chọn] [TRUY_VẤN]\n"
        "           coloa export --proof -o TỆP --incident MÃ --by TÊN --approved-by NGƯỜI_KHÁC\n"
        "                        (--for KHÓA | --plain) [tùy chọn] [TRUY_VẤN]\n"
        "           coloa export --new-recipient TỆP\n"
        "\n"
        "Ghi các bản ghi của nút ra một tệp mà 'coloa verify' kiểm tra được ở bất cứ đâu.\n"
        "\n"
        "      --working         các dòng JSON, dữ liệu cá nhân được che, ký là bản dẫn xuất\n"
        "      --proof           nguyên các khung như khi nhận, chứng minh được bằng khóa công "
        "khai\n"
        "      --for KHÓA        niêm phong cho người nhận này: 64 chữ số hex, hoặc tệp chứa "
        "chúng\n"
        "      --plain           chỉ ký, không niêm phong: ai có tệp đều đọc được\n"
        "      --incident MÃ     cho sự cố nào\n"
        "      --by TÊN          ai yêu cầu; --approved-by: ai đồng ý, phải là người khác\n"
        "  -o, --output TỆP      một tệp mới\n"
        "      --from T, --to T  giờ của sự kiện: 2026-11-23T07:00:00Z, hoặc -1h, -7d\n"
        "      --received-from T, --received-to T   giờ nhận\n"
        "      --seq A-B         số thứ tự, gồm cả hai đầu\n"
        "      --source TÊN      của nguồn này\n"
        "  -c, --config TỆP      cấu hình của nút\n"
        "      --directory THƯ_MỤC  thư mục của nút, khi không có cấu hình\n"
        "      --new-recipient TỆP  tạo cặp khóa: khóa bí mật ghi vào TỆP, khóa công khai được in\n"
        "                        ra, để dùng với --for\n"
        "      --lang NGỮ        en hoặc vi\n"
        "\n"
        "Mã thoát: 0 đã ghi, 1 đã ghi nhưng có phần chưa được ký hoặc không đọc được, 2 sai cách\n"
        "dùng, 3 không ghi được.\n";

struct export_options {
        const char *config, *directory, *output, *recipient, *new_recipient;
        const char *incident, *by, *approved;
        bool proof, working, plain;
        unsigned char key[ENVELOPE_KEY_BYTES];
        struct selection select;
};

/* ---- the file ---- */

struct output {
        int fd;
        char path[1100];
        struct buf buf;
};

static int out_flush(struct output *o) {
        int r = o->buf.failed ? -ENOMEM
                              : os_write_full(o->fd, o->buf.p ? o->buf.p : "", o->buf.len);

        buf_reset(&o->buf);
        return r;
}

static int out_put(void *ctx, const void *p, size_t n) {
        struct output *o = ctx;

        buf_add(&o->buf, p, n);
        return o->buf.len >= CHUNK || o->buf.failed ? out_flush(o) : 0;
}

static int out_open(struct output *o, const char *path) {
        struct stat st;

        *o = (struct output){.fd = -1};
        if ((size_t)snprintf(o->path, sizeof(o->path), "%s.part", path) >= sizeof(o->path))
                return -ENAMETOOLONG;
        int r = os_lstat(path, &st);
        if (r != -ENOENT)
                return r < 0 ? r : -EEXIST;
        o->fd = os_open(o->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
        return o->fd < 0 ? o->fd : 0;
}

/* Under its name when it is whole, else not at all. */
static int out_close(struct output *o, const char *path, int r) {
        if (o->fd < 0)
                return r;
        if (r == 0)
                r = out_flush(o);
        if (r == 0)
                r = os_fsync(o->fd);
        os_close(o->fd);
        if (r == 0)
                r = os_rename(o->path, path);
        if (r < 0)
                (void)os_unlink(o->path);
        buf_deinit(&o->buf);
        return r;
}

/* ---- the two forms ---- */

struct job {
        const struct export_options *o;
        struct place place;
        struct reader *reader;
        struct signer *signer;
        struct seqset set;
        struct output out;
        struct buf about; /* the selection, as text */
        uint64_t left;    /* records that are not in it */
        uint64_t records;
};

static int write_proof(struct job *j) {
        _cleanup_(envelope_freep) struct envelope_writer *e = NULL;
        _cleanup_(proof_freep) struct proof *p = NULL;
        const struct export_options *o = j->o;
        unsigned char signature[64], key[32];
        struct buf text = {0};
        struct export_sign s;
        char events[1100];
        int r = 0;

        snprintf(events, sizeof(events), "%s/events", j->place.directory);
        buf_printf(&text, "incident=%s\nby=%s\napproved-by=%s\nselection=", o->incident, o->by,
                   o->approved);
        buf_span(&text, buf_get(&j->about));
        buf_char(&text, '\n');
        if (text.failed)
                r = -ENOMEM;
        if (r == 0 && !o->plain)
                r = envelope_new(&e, o->key, out_put, &j->out);
        if (r == 0)
                r = e ? proof_new(&p, envelope_put, e, buf_get(&text))
                      : proof_new(&p, out_put, &j->out, buf_get(&text));
        buf_deinit(&text);
        if (r == 0)
                r = proof_from_store(p, events, &j->set, &j->left);
        if (r == 0) {
                proof_sum(p, os_now(), &s);
                r = signer_sign(j->signer, &s, signature, key);
                j->records = s.records;
        }
        if (r == 0)
                r = proof_end(p, &s, signature, key);
        return r == 0 && e ? envelope_end(e) : r;
}

struct working {
        struct job *j;
        struct excerpts *excerpts;
        crypto_generichash_state hash;
        struct export_sign sum;
};

static int put_hashed(struct working *w, struct span s) {
        crypto_generichash_update(&w->hash, (const unsigned char *)s.p, s.len);
        return out_put(&w->j->out, s.p, s.len);
}

static int put_first_line(struct working *w, struct span nonce) {
        const struct export_options *o = w->j->o;
        struct buf b = {0};
        char time[40], hex[2 * 16 + 1], store[2 * STORE_ID_BYTES + 1];

        time[time_format(time, os_now(), 0)] = '\0';
        sodium_bin2hex(hex, sizeof(hex), (const unsigned char *)nonce.p, nonce.len);
        sodium_bin2hex(store, sizeof(store), w->sum.store, STORE_ID_BYTES);
        buf_printf(&b,
                   "{\"coloa.export\":\"working-1\",\"store\":\"%s\",\"created\":\"%s\","
                   "\"masked\":true,\"pseudonyms\":\"%s\",\"incident\":\"",
                   store, time, hex);
        buf_json(&b, span_str(o->incident));
        buf_str(&b, "\",\"by\":\"");
        buf_json(&b, span_str(o->by));
        buf_str(&b, "\",\"selection\":\"");
        buf_json(&b, buf_get(&w->j->about));
        buf_str(&b, "\"}\n");
        int r = b.failed ? -ENOMEM : put_hashed(w, buf_get(&b));
        buf_deinit(&b);
        return r;
}

static int put_block(struct working *w, const struct reader_block *b) {
        struct job *j = w->j;
        size_t at = 0;
        bool any = false;

        for (uint32_t i = 0; i < b->n_frames; i++) {
                const struct frame_entry *e = &b->entries[i];
                struct span z = span_of(b->data.p + at, e->len), lines;
                uint64_t n, end = e->first_seq + e->n_records;

                at += e->len;
                if (!seqset_meets(&j->set, e->first_seq, end))
                        continue;
                int r = excerpts_frame(w->excerpts, b, i, z, &j->set, &lines, &n);
                if (r == -ECHILD || r == -EBADMSG || r == -EFBIG) {
                        j->left += seqset_count(&j->set, e->first_seq, end);
                        base_fail_clear();
                        continue;
                }
                if (r == 0)
                        r = put_hashed(w, lines);
                if (r < 0)
                        return r;
                w->sum.records += n;
                w->sum.frames += n > 0;
                any |= n > 0;
        }
        w->sum.blocks += any;
        return 0;
}

static int put_blocks(struct working *w) {
        const struct selection *o = &w->j->o->select;
        const struct seqset *set = &w->j->set;
        struct reader_query q = {.time_from = o->received_from, .time_to = o->received_to};
        struct reader_block b;
        int r;

        if (set->n == 0)
                return 0;
        q.from = set->list[0].from;
        q.to = set->list[set->n - 1].to;
        reader_begin(w->j->reader, &q);
        while ((r = reader_next(w->j->reader, &b)) > 0)
                if (seqset_meets(set, b.first_seq, b.end_seq)) {
                        r = put_block(w, &b);
                        if (r < 0)
                                return r;
                }
        return r;
}

static int put_last_line(struct working *w) {
        unsigned char all[sizeof(w->sum) + 96];
        char hex[2 * sizeof(all) + 1];
        struct buf b = {0};

        crypto_generichash_final(&w->hash, w->sum.hash, CHAIN_BYTES);
        w->sum.time = os_now();
        int r = signer_sign(w->j->signer, &w->sum, all + sizeof(w->sum), all + sizeof(w->sum) + 64);
        if (r < 0)
                return r;
        memcpy(all, &w->sum, sizeof(w->sum));
        sodium_bin2hex(hex, sizeof(hex), all, sizeof(all));
        buf_printf(&b, "{\"coloa.end\":\"%s\"}\n", hex);
        r = b.failed ? -ENOMEM : out_put(&w->j->out, b.p, b.len);
        buf_deinit(&b);
        w->j->records = w->sum.records;
        return r;
}

static int write_working(struct job *j) {
        struct working w = {.j = j, .sum = {.name = WORKING_NAME}};
        unsigned char nonce[16], key[32];
        struct span n;

        reader_store(j->reader, w.sum.store);
        crypto_generichash_init(&w.hash, NULL, 0, CHAIN_BYTES);
        randombytes_buf(nonce, sizeof(nonce));
        n = span_of((const char *)nonce, sizeof(nonce));
        int r = signer_derive(j->signer, n, key);
        if (r == 0)
                r = excerpts_new(&w.excerpts, key, j->o->select.landlock);
        sodium_memzero(key, sizeof(key));
        if (r == 0) {
                excerpts_times(w.excerpts, j->o->select.received_from, j->o->select.received_to);
                r = put_first_line(&w, n);
        }
        if (r == 0)
                r = put_blocks(&w);
        if (r == 0)
                r = put_last_line(&w);
        excerpts_free(w.excerpts);
        return r;
}

/* ---- all of it ---- */

static int audit(struct job *j) {
        const struct export_options *o = j->o;
        struct keep_audit a = {0};
        uint64_t n = 0;

        for (size_t i = 0; i < j->set.n; i++)
                n += j->set.list[i].to - j->set.list[i].from;
        if (o->approved)
                snprintf(a.who, sizeof(a.who), "%.40s; approved by %.40s", o->by, o->approved);
        else
                snprintf(a.who, sizeof(a.who), "%.80s", o->by);
        snprintf(a.what, sizeof(a.what), "%s", o->proof ? "export.proof" : "export.working");
        snprintf(a.about, sizeof(a.about), "%s", o->incident);
        snprintf(a.detail, sizeof(a.detail), "records=%llu%s%.200s", (unsigned long long)n,
                 o->proof ? o->plain ? " plain" : " sealed" : "", j->about.p);
        return ledger_write("export", &j->place, KEEP_AUDIT, &a, NULL);
}

static int failed(int r) {
        if (r != -EINVAL)
                fprintf(stderr, "coloa export: %s\n", error_text(r));
        return r == -EINVAL ? 2 : 3;
}

static int run(struct job *j) {
        const struct export_options *o = j->o;
        char events[1100];

        snprintf(events, sizeof(events), "%s/events", j->place.directory);
        int r = reader_open(&j->reader, events);
        if (r != 0) {
                fprintf(stderr, "coloa export: %s: %s\n", events,
                        r == READER_E_BAD ? tr("no event store", "không phải kho sự kiện")
                                          : error_text(r));
                fputs(where_else(), stderr);
                return 3;
        }
        r = signer_new(&j->signer, &j->place, o->select.landlock);
        if (r < 0) {
                fprintf(stderr,
                        tr("coloa export: the node's key cannot be used to sign: %s\n",
                           "coloa export: không dùng được khóa của nút để ký: %s\n"),
                        error_text(r));
                return 3;
        }
        r = selection_find(&o->select, j->reader, &j->set);
        if (r < 0)
                return r == -EINVAL ? 2 : failed(r);
        if (j->set.n == 0) {
                fputs(tr("coloa export: no records: nothing was written\n",
                         "coloa export: không có bản ghi nào: không ghi gì\n"),
                      stderr);
                return 3;
        }
        r = out_open(&j->out, o->output);
        if (r < 0) {
                fprintf(stderr, "coloa export: %s: %s\n",
                        r == -EEXIST && j->out.path[0] ? o->output : j->out.path, error_text(r));
                return 3;
        }
        if (audit(j) < 0) {
                (void)out_close(&j->out, o->output, -EPERM);
                return 3;
        }
        r = o->proof ? write_proof(j) : write_working(j);
        r = out_close(&j->out, o->output, r);
        if (r < 0)
                return failed(r == -EINVAL ? -EIO : r);
        return 0;
}

static int report(const struct job *j) {
        printf(tr("%s: %llu records\n", "%s: %llu bản ghi\n"), j->o->output,
               (unsigned long long)j->records);
        if (!j->left)
                return 0;
        fprintf(stderr,
                j->o->proof ? tr("coloa export: %llu records are not under a signed head yet and "
                                 "not in it: again in two minutes\n",
                                 "coloa export: %llu bản ghi chưa nằm dưới đầu chuỗi đã ký nên "
                                 "không có trong tệp: hãy xuất lại sau hai phút\n")
                            : tr("coloa export: %llu records could not be read and are not in it\n",
                                 "coloa export: %llu bản ghi không đọc được nên không có trong "
                                 "tệp\n"),
                (unsigned long long)j->left);
        return 1;
}

static int export(const struct export_options *o) {
        struct job j = {.o = o, .out = {.fd = -1}};

        if (serve_place(o->config, o->directory, &j.place) < 0)
                return 3;
        seqset_init(&j.set);
        selection_text(&o->select, &j.about);
        buf_char(&j.about, '\0');
        j.about.len -= !j.about.failed;
        int r = j.about.failed ? 3 : run(&j);
        if (r == 0)
                r = report(&j);
        signer_free(j.signer);
        reader_free(j.reader);
        seqset_deinit(&j.set);
        buf_deinit(&j.about);
        return r;
}

/* Both keys of an X25519 pair: the secret one into the file, hex. */
static int new_recipient(const char *path) {
        unsigned char public_key[32], secret[32];
        char text[66], hex[65];
        struct stat st;

        crypto_box_keypair(public_key, secret);
        sodium_bin2hex(text, sizeof(text), secret, sizeof(secret));
        text[64] = '\n';
        int r = os_lstat(path, &st) == -ENOENT ? os_write_file(path, text, 65, 0600) : -EEXIST;
        sodium_memzero(text, sizeof(text));
        sodium_memzero(secret, sizeof(secret));
        if (r < 0) {
                fprintf(stderr, "coloa export: %s: %s\n", path, error_text(r));
                return 3;
        }
        puts(sodium_bin2hex(hex, sizeof(hex), public_key, sizeof(public_key)));
        return 0;
}

/* ---- the command line ---- */

static int set_recipient(void *to, const char *v) {
        struct export_options *o = to;

        o->recipient = v;
        return key_read(v, o->key) ? OPTION_GOOD : OPTION_REFUSED;
}

static int set_numbers(void *to, const char *v) {
        struct export_options *o = to;

        return option_range(v, &o->select.first, &o->select.end) ? OPTION_GOOD : OPTION_REFUSED;
}

#define AT(member) OPTION_OF(export_options, member)

static const struct option_row rows[] = {
        {"working", 0, OPTION_FLAG, AT(working), NULL},
        {"proof", 0, OPTION_FLAG, AT(proof), NULL},
        {"for", 0, OPTION_CALL, 0, set_recipient},
        {"plain", 0, OPTION_FLAG, AT(plain), NULL},
        {"incident", 0, OPTION_WORD, AT(incident), NULL},
        {"by", 0, OPTION_WORD, AT(by), NULL},
        {"approved-by", 0, OPTION_WORD, AT(approved), NULL},
        {"output", 'o', OPTION_WORD, AT(output), NULL},
        {"from", 0, OPTION_TIME, AT(select.from), NULL},
        {"to", 0, OPTION_TIME, AT(select.to), NULL},
        {"received-from", 0, OPTION_TIME, AT(select.received_from), NULL},
        {"received-to", 0, OPTION_TIME, AT(select.received_to), NULL},
        {"seq", 0, OPTION_CALL, 0, set_numbers},
        {"source", 0, OPTION_WORD, AT(select.source), NULL},
        {"config", 'c', OPTION_TEXT, AT(config), NULL},
        {"directory", 0, OPTION_TEXT, AT(directory), NULL},
        {"new-recipient", 0, OPTION_TEXT, AT(new_recipient), NULL},
        {"landlock", 0, OPTION_NUMBER, AT(select.landlock), NULL},
};

static bool same_name(const char *a, const char *b) {
        return span_ieq(span_trim(span_str(a)), span_trim(span_str(b)));
}

/* What is missing, or NULL. */
static const char *what_is_wrong(struct export_options *o) {
        static char uid[40];

        if (o->proof == o->working)
                return tr("--working or --proof?", "--working hay --proof?");
        if (!o->output)
                return tr("-o FILE is needed", "cần -o TỆP");
        if (o->working && (o->recipient || o->plain || o->approved))
                return tr("--for, --plain and --approved-by belong to --proof",
                          "--for, --plain và --approved-by chỉ dùng với --proof");
        if (o->working) {
                snprintf(uid, sizeof(uid), "uid %u", (unsigned)geteuid());
                o->by = o->by ? o->by : uid;
                o->incident = o->incident ? o->incident : "";
                return NULL;
        }
        if (!o->incident || !o->by || !o->approved || !span_trim(span_str(o->incident)).len ||
            !span_trim(span_str(o->by)).len || !span_trim(span_str(o->approved)).len)
                return tr("a proof needs --incident, --by and --approved-by",
                          "bản chứng cứ cần --incident, --by và --approved-by");
        if (same_name(o->by, o->approved))
                return tr("--approved-by must be another person than --by",
                          "--approved-by phải là người khác với --by");
        if (!o->recipient == !o->plain)
                return tr("--for KEY, or --plain", "cần --for KHÓA, hoặc --plain");
        if (strlen(o->incident) > 90 || strlen(o->by) > 40 || strlen(o->approved) > 40)
                return tr("a name or number is too long", "tên hoặc mã quá dài");
        return NULL;
}

/* 0; 1: help was printed; 2: said. */
static int read_options(struct export_options *o, int argc, char **argv) {
        static const struct option_verb verb = {"coloa export", help_en, help_vi, rows,
                                                ARRAY_LEN(rows)};
        int r = option_rows_read(&verb, o, argc, argv);

        if (r != 0)
                return r;
        const char *wrong = o->new_recipient ? NULL
                            : optind + 1 < argc ? tr("one query at most", "nhiều nhất một truy vấn")
                                                : what_is_wrong(o);
        if (wrong) {
                fprintf(stderr, "coloa export: %s\n", wrong);
                return 2;
        }
        o->select.query = optind < argc ? argv[optind] : NULL;
        return 0;
}

int verb_export(int argc, char **argv) {
        struct export_options o = {.select = {.from = TIME_NONE,
                                              .to = TIME_NONE,
                                              .received_from = TIME_NONE,
                                              .received_to = TIME_NONE,
                                              .landlock = -1}};

        if (sodium_init() < 0)
                return 3;
        int r = read_options(&o, argc, argv);
        if (r != 0)
                return r == 1 ? 0 : 2;
        return o.new_recipient ? new_recipient(o.new_recipient) : export(&o);
}
