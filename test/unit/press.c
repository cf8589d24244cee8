/* Documents as PDF and DOCX. What pdftotext and LibreOffice make of them: test/scenario/press.py. */
#include "press/press.h"

#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "os/os.h"
#include "press/document.h"
#include "press/fonts.h"

/* What fontconfig keeps of a file it scanned. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
        return "leak:libfontconfig\nleak:libpango\nleak:libcairo";
}

static int made(const char *json, struct buf *out) {
        buf_reset(out);
        return job_press(span_str(json), out);
}

static bool begins(const struct buf *b, const char *with) {
        return b->len > strlen(with) && memcmp(b->p, with, strlen(with)) == 0;
}

static void says_no_to_what_is_none(void) {
        _cleanup_(buf_deinit) struct buf out = {0};

        check_int(made("", &out), -EBADMSG);
        check_int(made("[]", &out), -EBADMSG);
        check_int(made("{}", &out), -EBADMSG);
        check_int(made("{\"format\":\"doc\"}", &out), -EBADMSG);
        check_int(made("{\"format\":\"pdf\",\"title\":7}", &out), -EBADMSG);
        check_int(made("{\"format\":\"pdf\",\"agency\":[\"a\",\"b\",\"c\"]}", &out), -EBADMSG);
        check_int(made("{\"format\":\"pdf\",\"format\":\"pdf\"}", &out), -EBADMSG);
}

static void makes_both(void) {
        _cleanup_(buf_deinit) struct buf out = {0}, again = {0};

        check_int(made("{\"format\":\"pdf\",\"made\":\"2026-11-23T07:00:00Z\"}", &out), 0);
        check(begins(&out, "%PDF-1."));
        check_int(made("{\"format\":\"pdf\",\"made\":\"2026-11-23T07:00:00Z\"}", &again), 0);
        check(span_eq(buf_get(&out), buf_get(&again))); /* the same is the same */
        check_int(made("{\"format\":\"docx\",\"made\":\"2026-11-23T07:00:00Z\"}", &out), 0);
        check(begins(&out, "PK\3\4"));
        check_int(made("{\"format\":\"docx\",\"made\":\"2026-11-23T07:00:00Z\"}", &again), 0);
        check(span_eq(buf_get(&out), buf_get(&again)));
}

static void nothing_is_silently_lost(void) {
        struct document d;
        struct arena a;

        arena_init(&a, (size_t)8 << 20);
        check_int(document_read(SPAN("{\"title\":\"Mã \\u4e2d\\u200b \\u202egnp\\u0001\","
                                     "\"foot\":\"Ước Ψ Ж\"}"),
                                &a, fonts_cover, &d),
                  0);
        check_span(d.title, "MÃ U+4E2DU+200B U+202EGNPU+0001"); /* in capitals */
        check_span(d.foot, "Ước Ψ Ж");
        arena_deinit(&a);
}

/* A row longer than pages, and one of a single endless word. */
static void long_rows_go_on(void) {
        _cleanup_(buf_deinit) struct buf in = {0}, out = {.limit = (size_t)64 << 20};

        buf_str(&in, "{\"format\":\"pdf\",\"columns\":[\"STT\",\"a\",\"b\"],\"rows\":[[\"Dài\",\"");
        for (unsigned i = 0; i < 5000; i++)
                buf_str(&in, "Đường dây ");
        buf_str(&in, "\",false],[\"Từ\",\"");
        for (unsigned i = 0; i < 20000; i++)
                buf_char(&in, 'W');
        buf_str(&in, "\",true]]}");
        check_int(job_press(buf_get(&in), &out), 0);
        check(begins(&out, "%PDF-1."));
}

int main(int argc, char **argv) {
        check_int(press_prepare(), 0);
        if (argc == 3) { /* by hand: JSON to a file */
                _cleanup_(buf_deinit) struct buf out = {.limit = (size_t)64 << 20};
                char *text;
                size_t len;

                check_int(os_read_file(argv[1], (size_t)16 << 20, &text, &len), 0);
                check_int(job_press(span_of(text, len), &out), 0);
                FILE *f = fopen(argv[2], "wb");
                check(f && fwrite(out.p, 1, out.len, f) == out.len && fclose(f) == 0);
                free(text);
                press_end();
                return 0;
        }
        RUN(says_no_to_what_is_none);
        RUN(makes_both);
        RUN(nothing_is_silently_lost);
        RUN(long_rows_go_on);
        press_end();
        return check_done();
}
