/* `coloa verify` of evidence for a court (wire/court.h). The file proves itself but for stretches of stored records: of
 * those it has numbers and a query, signed, and not the records. Whoever has the proofs beside it ('coloa export
 * --proof', store/proof.h) gives them by --proof: each must be whole and signed by the same key, and together
 * they must have every number of every stretch. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/lang.h"
#include "base/timestamp.h"
#include "main/verify_export.h"
#include "main/verify_verb.h"
#include "wire/court.h"

#define STRETCHES_MAX 65536u

struct stretch {
        uint64_t from, to; /* [from, to) */
        bool proved;
};

static struct {
        struct stretch list[COURT_ITEMS_MAX];
        unsigned n;
} ranges;

/* Numbers of one proof, as they follow one another. */
struct runs {
        struct stretch *list;
        unsigned n;
};

static void print_text(const char *what, const char *text) {
        struct buf b = {0};

        buf_term(&b, span_str(text));
        printf("  %s%.*s\n", what, (int)b.len, b.len ? b.p : "");
        buf_deinit(&b);
}

static void print_item(void *ctx, const struct court_item *i) {
        struct buf b = {0};

        (void)ctx;
        buf_term(&b, span_str(i->code));
        buf_str(&b, "  ");
        buf_term(&b, span_str(i->name));
        if (i->path)
                buf_printf(&b, tr("  (%s, %llu bytes)", "  (%s, %llu byte)"), i->path,
                           (unsigned long long)i->size);
        else
                buf_printf(
                        &b,
                        tr("  (records %llu-%llu: the numbers alone, no record is in this file)",
                           "  (bản ghi %llu-%llu: chỉ có số thứ tự, tệp này không chứa bản ghi)"),
                        (unsigned long long)i->first_seq, (unsigned long long)i->last_seq);
        printf(tr("%.*s  links of custody: %u\n    %s\n", "%.*s  mắt xích lưu giữ: %u\n    %s\n"),
               (int)b.len, b.len ? b.p : "", i->links, i->hash);
        buf_deinit(&b);
        if (!i->path && ranges.n < COURT_ITEMS_MAX)
                ranges.list[ranges.n++] =
                        (struct stretch){.from = i->first_seq, .to = i->last_seq + 1};
}

static const char *court_text(enum court_problem p) {
        switch (p) {
        case COURT_FORMAT:
                return tr("it is no sealed evidence, or was cut off, or something stands behind it",
                          "không phải chứng cứ niêm phong, hoặc bị cắt, hoặc có thêm gì ở sau");
        case COURT_UNSIGNED:
                return tr("the signature is not of this manifest",
                          "chữ ký không phải của bản kê này");
        case COURT_KEY: return tr("it is signed by another key", "được ký bằng khóa khác");
        case COURT_MANIFEST_:
                return tr("the manifest does not say what it should", "bản kê không đúng quy cách");
        case COURT_FILE:
                return tr("this item is not the one that was signed",
                          "mục này không phải mục đã ký");
        case COURT_CHAIN:
                return tr("this item's chain of custody does not follow",
                          "chuỗi lưu giữ của mục này không nối tiếp");
        case COURT_GOOD: break;
        }
        return "?";
}

/* ---- proofs beside it ---- */

static int take_record(void *ctx, uint64_t seq, int64_t received, struct span bytes) {
        struct runs *r = ctx;

        (void)received, (void)bytes;
        if (r->n && r->list[r->n - 1].to == seq) {
                r->list[r->n - 1].to++;
                return 0;
        }
        if (r->n == STRETCHES_MAX)
                return -E2BIG;
        r->list[r->n++] = (struct stretch){seq, seq + 1, false};
        return 0;
}

/* 0; 1: it is not well; 3. */
static int check_proof(struct verify_file *f, const char *path, const unsigned char *key) {
        struct runs runs = {.list = calloc(STRETCHES_MAX, sizeof(struct stretch))};
        struct proof_options po = {.key = key, .record = take_record, .ctx = &runs};
        struct proof_result res;
        int r = runs.list ? proof_check(verify_read, f, &po, &res) : -ENOMEM;

        if (r < 0 || res.problem) {
                printf("%s: ", path);
                puts(r < 0 ? tr("it cannot be read", "không đọc được")
                           : verify_problem_text(res.problem));
                free(runs.list);
                return r < 0 && r != -EBADMSG ? 3 : 1;
        }
        printf(tr("%s: a proof, %llu records, numbers %llu-%llu\n",
                  "%s: bản chứng cứ, %llu bản ghi, số thứ tự %llu-%llu\n"),
               path, (unsigned long long)res.records, (unsigned long long)res.first_seq,
               (unsigned long long)res.end_seq - 1);
        for (unsigned i = 0; i < ranges.n; i++)
                for (unsigned k = 0; k < runs.n && !ranges.list[i].proved; k++)
                        ranges.list[i].proved = runs.list[k].from <= ranges.list[i].from &&
                                                ranges.list[i].to <= runs.list[k].to;
        free(runs.list);
        return 0;
}

static int check_proofs(const struct verify_export *o, const unsigned char *key) {
        int worst = 0;

        for (unsigned i = 0; i < o->n_proofs; i++) {
                static struct verify_file f;

                f = (struct verify_file){.fd = o->proof_fds[i]};
                int r = check_proof(&f, o->proofs[i], key);
                worst = MAX(worst, r);
        }
        for (unsigned i = 0; i < ranges.n && o->n_proofs; i++)
                if (!ranges.list[i].proved) {
                        printf(tr("BROKEN records %llu-%llu: no proof that was given has all of "
                                  "them\n",
                                  "SAI bản ghi %llu-%llu: không bản chứng cứ nào có đủ\n"),
                               (unsigned long long)ranges.list[i].from,
                               (unsigned long long)ranges.list[i].to - 1);
                        worst = MAX(worst, 1);
                }
        return worst;
}

static void print_court(const struct court_result *r, bool key_given) {
        char time[40], hex[65];

        printf(tr("evidence of an incident, sealed for a court: export %llu\n",
                  "chứng cứ của một sự cố, niêm phong cho toà án: lần xuất %llu\n"),
               (unsigned long long)r->sign.number);
        print_text(tr("incident: ", "sự cố: "), r->incident);
        print_text(tr("for: ", "lý do: "), r->reason);
        print_text(tr("asked for by: ", "người đề nghị: "), r->proposer);
        print_text(tr("approved by: ", "người duyệt: "), r->approver);
        printf(tr("items: %u  links of custody: %u  bytes: %llu\n",
                  "mục: %u  mắt xích lưu giữ: %u  byte: %llu\n"),
               r->items, r->links, (unsigned long long)r->bytes);
        time[time_format(time, r->sign.time, 0)] = '\0';
        sodium_bin2hex(hex, sizeof(hex), r->key, sizeof(r->key));
        printf(tr("signed at %s by: %s%s\n", "ký lúc %s bởi: %s%s\n"), time, hex,
               key_given ? ""
                         : tr(" (no --key given: compare it with the node's)",
                              " (không có --key: hãy đối chiếu với khóa của nút)"));
}

int verify_court(const struct verify_export *o, struct verify_file *f) {
        const struct court_options co = {.key = o->key, .item = print_item};
        static struct court_result r;

        if (court_check(verify_read, f, &co, &r) < 0) {
                fprintf(stderr,
                        tr("coloa verify: %s: cannot be read\n",
                           "coloa verify: %s: không đọc được\n"),
                        o->path);
                return 3;
        }
        if (r.problem) {
                if (r.item)
                        printf(tr("BROKEN item %u: ", "SAI mục %u: "), r.item);
                printf("%s\n", court_text(r.problem));
                fputs(tr("NOT WELL\n", "KHÔNG TỐT\n"), stdout);
                return 1;
        }
        print_court(&r, o->key != NULL);
        int worst = check_proofs(o, r.key);
        if (worst) {
                fputs(tr("NOT WELL\n", "KHÔNG TỐT\n"), stdout);
                return worst;
        }
        if (ranges.n && !o->n_proofs)
                printf(tr("%u of its items are stored records that are NOT in this file, so "
                          "nothing is proved of what they say:\n"
                          "ask the node's agency for 'coloa export --proof --seq A-B' of each, and "
                          "give them here by --proof FILE\n",
                          "%u mục là bản ghi trong kho, KHÔNG nằm trong tệp này, nên chưa chứng "
                          "minh được nội dung:\n"
                          "hãy yêu cầu cơ quan có nút chạy 'coloa export --proof --seq A-B' cho "
                          "từng mục, rồi đưa vào đây bằng --proof TỆP\n"),
                       ranges.n);
        fputs(ranges.n && !o->n_proofs ? tr("ALL IS WELL, as far as it is in this file\n",
                                            "TẤT CẢ ĐỀU TỐT, trong phạm vi những gì tệp này có\n")
                                       : tr("ALL IS WELL\n", "TẤT CẢ ĐỀU TỐT\n"),
              stdout);
        return 0;
}
