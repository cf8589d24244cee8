/* How fast the rules are, by stage.
 *
 *     bench_match [-m] [-8] [-r ROUNDS] [-p] [-h] [-i INDICATORS] DATA FILE…
 *
 * DATA is the folder with sigma-rules-8eaafff1. -m: no memo; -8: every rule eight times, with
 * altered literals; -p: only process creations of the files, cycled; -h: prints rule and record of
 * every hit; -i: with the indicators of that file. Reads all files into memory first, so what is measured is decoding and matching; the
 * first round includes learning. */
#include <getopt.h>
#include <time.h>

#include "engine_data.h"
#include "os/os.h"
#include "rules/indicators.h"

struct load {
        char *p;
        size_t len;
};

static struct {
        bool no_memo, eight, process, hits;
        unsigned rounds;
        const char *indicators;
} opt = {.rounds = 3};

static double seconds(void) {
        struct timespec t;
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
        return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Letters and digits of every literal moved on by k, so that the copies are different atoms. */
static void alter(struct ruleset *s, struct expr *e, unsigned k) {
        if (e->kind ==
            EXPR_NOT) /* filters stay, or every copy would match what the rule leaves out */
                return;
        for (uint32_t i = 0; i < e->n; i++)
                alter(s, e->kids[i], k);
        if (e->kind != EXPR_ATOM || e->atom->op != ATOM_STRING || e->atom->number)
                return;
        struct atom *a = arena_alloc(&s->arena, sizeof(*a));
        *a = *e->atom;
        a->pat.pieces = arena_array(&s->arena, a->pat.n + 1, sizeof(*a->pat.pieces));
        for (uint32_t i = 0; i < a->pat.n; i++) {
                a->pat.pieces[i] = e->atom->pat.pieces[i];
                if (a->pat.pieces[i].kind != PIECE_LIT)
                        continue;
                struct span l = arena_dup(&s->arena, a->pat.pieces[i].lit);
                bool moved = false;
                for (size_t c = l.len; c-- > 0 && !moved;) {
                        char *q = (char *)(uintptr_t)l.p + c;
                        if ((*q | 0x20) >= 'a' && (*q | 0x20) <= 'z') {
                                *q = (char)('a' + ((*q | 0x20) - 'a' + (int)k) % 26);
                                moved = true;
                        }
                }
                a->pat.pieces[i].lit = l;
        }
        e->atom = a;
}

static struct expr *copy(struct ruleset *s, const struct expr *e) {
        struct expr *c = arena_alloc(&s->arena, sizeof(*c));
        *c = *e;
        c->kids = arena_array(&s->arena, e->n + 1, sizeof(*c->kids));
        for (uint32_t i = 0; i < e->n; i++)
                c->kids[i] = copy(s, e->kids[i]);
        return c;
}

static void multiply(struct ruleset *s) {
        struct rule *r = arena_array(&s->arena, (size_t)s->n_rules * 8, sizeof(*r));
        for (uint32_t k = 0; k < 8; k++)
                for (uint32_t i = 0; i < s->n_rules; i++) {
                        struct rule *q = &r[k * s->n_rules + i];
                        *q = s->rules[i];
                        if (k) {
                                q->expr = copy(s, q->expr);
                                alter(s, q->expr, k * 3);
                        }
                }
        s->rules = r;
        s->n_rules *= 8;
}

static int add_indicators(struct engine *t) {
        struct buf fields = {0};
        struct bundle_entry e;
        size_t pos = 0, len;
        char *text = engine_read(opt.indicators, &len);

        if (!text)
                return -ENOENT;
        bundle_add(&t->bundle, BUNDLE_INDICATORS, SPAN("indicators"), span_of(text, len));
        free(text);
        bundle_folder(&fields, COLOA_CONTENT "/intel");
        while (bundle_next(buf_get(&fields), &pos, &e) == 1)
                bundle_add(&t->bundle, BUNDLE_INTEL_FIELDS, e.name, e.data);
        buf_deinit(&fields);
        return 0;
}

static int start(struct engine *t, const char *data) {
        struct match_options o = {.no_memo = opt.no_memo};
        const struct intel_options io = {.now = TIME_NONE};
        struct intel_set intel = {0};
        struct buf table = {0};
        double t0 = seconds(), t1, t2, t3, t4;

        engine_maps(t);
        engine_sigmahq(t, data);
        int r = opt.indicators ? add_indicators(t) : 0;
        t1 = seconds();
        if (r == 0)
                r = ruleset_parse(&t->set, buf_get(&t->bundle));
        if (r == 0 && opt.eight)
                multiply(&t->set);
        if (r == 0 && opt.indicators)
                r = indicators_read(&t->set, &intel, &table, buf_get(&t->bundle), &io);
        t2 = seconds();
        if (r == 0)
                r = program_compile(&t->blob, &t->set, buf_get(&t->bundle));
        char *aligned = r == 0 ? aligned_alloc(64, (t->blob.len + 63) & ~(size_t)63) : NULL;
        if (aligned) { /* as a mapping is; kept to the end */
                memcpy(aligned, t->blob.p, t->blob.len);
                r = program_open(&t->program, aligned, t->blob.len);
        }
        t3 = seconds();
        if (r == 0)
                r = matcher_new(&t->matcher, t->program, &o);
        t4 = seconds();
        if (opt.indicators)
                intel_set_deinit(&intel);
        buf_deinit(&table);
        uint32_t unmapped = 0;
        for (uint32_t i = 0; r == 0 && i < program_rules(t->program); i++) {
                struct program_rule p;
                program_rule(t->program, i, &p);
                unmapped += p.unmapped;
        }
        printf("rules %u (unmapped %u)  read %.3f  parse %.3f  compile %.3f (%.1f MB)  matcher "
               "%.3f s\n",
               r == 0 ? program_rules(t->program) : 0, unmapped, t1 - t0, t2 - t1, t3 - t2,
               (double)t->blob.len / 1e6, t4 - t3);
        return r;
}

static void keep_process(struct load *f) {
        char *to = f->p;

        for (size_t at = 0; at < f->len;) {
                const char *nl = memchr(f->p + at, '\n', f->len - at);
                size_t n = nl ? (size_t)(nl - f->p) + 1 - at : f->len - at;
                struct span l = span_of(f->p + at, n);
                bool sysmon = memmem(l.p, l.len, "\"EventID\":1,", 12) &&
                              memmem(l.p, l.len, "Sysmon/Op", 9);
                bool audit = memmem(l.p, l.len, "\"EventID\":4688,", 15);
                at += n;
                if (!sysmon && !audit)
                        continue;
                memmove(to, l.p, l.len);
                to += l.len;
        }
        f->len = (size_t)(to - f->p);
}

static void show(struct engine *t, const struct event *e, const uint32_t *rules, uint32_t n) {
        for (uint32_t i = 0; i < n; i++) {
                struct program_rule r;
                program_rule(t->program, rules[i], &r);
                printf("HIT %.*s %.*s | %.*s\n", (int)r.id.len, r.id.p, (int)r.title.len, r.title.p,
                       (int)MIN(e->raw.len, (size_t)0), e->raw.p);
        }
}

static void round_of(struct engine *t, struct decoder *d, const struct load *files, int n,
                     unsigned round) {
        struct match_stats before = *matcher_stats(t->matcher), s;
        struct event e;
        struct decode_error err;
        double t0 = seconds(), decode, both;
        uint64_t events = 0, bytes = 0, bad = 0;
        enum decode_result q;

        for (int i = 0; i < n; i++)
                for (size_t pos = 0; pos < files[i].len;) {
                        struct batch b = engine_lines(files[i].p, files[i].len, &pos, FORMAT_JSON);
                        decoder_begin(d, &b, 0);
                        while ((q = decoder_next(d, &e, &err)) != DECODE_END)
                                bad += q == DECODE_BAD;
                }
        decode = seconds() - t0;
        t0 = seconds();
        for (int i = 0; i < n; i++)
                for (size_t pos = 0; pos < files[i].len;) {
                        struct batch b = engine_lines(files[i].p, files[i].len, &pos, FORMAT_JSON);
                        decoder_begin(d, &b, 0);
                        matcher_batch(t->matcher, b.payload, FORMAT_JSON);
                        bytes += b.payload.len;
                        while ((q = decoder_next(d, &e, &err)) != DECODE_END) {
                                const uint32_t *rules;
                                if (q == DECODE_BAD)
                                        continue;
                                uint32_t k = matcher_run(t->matcher, &e, &rules);
                                if (opt.hits && round == 0)
                                        show(t, &e, rules, k);
                                events++;
                        }
                }
        both = seconds() - t0;
        s = *matcher_stats(t->matcher);
        double k = (double)events;
        printf("round %u: %llu events, %.0f B each, bad %llu; decode %.0f ns, match %.0f ns, both "
               "%.0f ns = %.0f/s; hits %llu, "
               "candidates %.2f, values %.2f, memo %.1f %%, regex limits %llu\n",
               round, (unsigned long long)events, (double)bytes / k, (unsigned long long)bad / 2,
               decode / k * 1e9, (both - decode) / k * 1e9, both / k * 1e9, k / both,
               (unsigned long long)(s.hits - before.hits),
               (double)(s.candidates - before.candidates) / k,
               (double)(s.values - before.values) / k,
               100.0 * (double)(s.memo_hits - before.memo_hits) /
                       (double)MAX(s.values - before.values, 1u),
               (unsigned long long)s.regex_limits);
}

int main(int argc, char **argv) {
        struct engine t = {0};
        int c, n;

        while ((c = getopt(argc, argv, "m8r:phi:")) != -1) {
                opt.no_memo |= c == 'm';
                opt.eight |= c == '8';
                opt.process |= c == 'p';
                opt.hits |= c == 'h';
                if (c == 'i')
                        opt.indicators = optarg;
                if (c == 'r')
                        opt.rounds = (unsigned)strtoul(optarg, NULL, 10);
        }
        n = argc - optind - 1;
        if (n < 1 || start(&t, argv[optind]) < 0)
                return 2;
        struct load *files = calloc((size_t)n, sizeof(*files));
        struct decoder *d = decoder_new(&(struct decode_options){0});
        for (int i = 0; i < n; i++) {
                files[i].p = engine_read(argv[optind + 1 + i], &files[i].len);
                if (opt.process && files[i].p)
                        keep_process(&files[i]);
        }
        int64_t base = os_pss(getpid());
        for (unsigned i = 0; i < opt.rounds; i++)
                round_of(&t, d, files, n, i);
        printf("memory grew by %.1f MB while matching\n", (double)(os_pss(getpid()) - base) / 1e6);
        for (int i = 0; i < n; i++)
                free(files[i].p);
        free(files);
        decoder_free(d);
        engine_stop(&t);
        return 0;
}
