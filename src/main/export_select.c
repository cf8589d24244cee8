/* Which records an export means. What needs a look into records (a query, a source, times of events) is a
 * search; ranges of numbers and of receive times are found in the blocks' own columns. Records that no
 * decoder can read have no event, so only the second way gives them. */
#include <stdio.h>

#include "base/lang.h"
#include "base/timestamp.h"
#include "main/export.h"
#include "main/seekers.h"
#include "os/os.h"

struct finder {
        const struct selection *o;
        struct seqset *set;
};

static bool in_bounds(const struct selection *o, uint64_t seq) {
        return seq >= o->first && (!o->end || seq < o->end);
}

static int found(void *ctx, const struct finding *f, struct span encoded) {
        struct finder *x = ctx;
        const struct selection *o = x->o;

        if (!in_bounds(o, f->seq) ||
            (o->received_from != TIME_NONE && f->received < o->received_from) ||
            (o->received_to != TIME_NONE && f->received >= o->received_to))
                return 0;
        return seqset_add(x->set, f->seq, f->seq + 1);
}

static int search(const struct selection *o, struct reader *reader,
                  const struct reader_query *bounds, struct seqset *ret) {
        struct rulebook rules = {.program_fd = -1};
        struct reader_query rq = *bounds;
        struct finder x = {o, ret};
        struct query_problem problem;
        struct seekers_stats st = {0};
        struct buf text = {0};
        struct query q;

        buf_printf(&text, "(%s)", o->query ? o->query : "*");
        if (o->source)
                buf_printf(&text, " AND source:\"%s\"", o->source);
        int r = text.failed ? -ENOMEM : query_parse(&q, buf_get(&text), &problem);
        if (r == QUERY_E_BAD || (r == 0 && (q.gather || q.n_fields || q.sort.p))) {
                fprintf(stderr, "coloa export: %s\n",
                        r ? problem.text
                          : tr("no '|' in what is exported", "không dùng '|' khi xuất"));
                buf_deinit(&text);
                if (r == 0)
                        query_deinit(&q);
                return -EINVAL;
        }
        if (r == 0)
                r = seekers_compile(&q, o->landlock, &rules);
        if (r == 0) {
                rq.may = seekers_block_may;
                rq.ctx = &q;
                reader_begin(reader, &rq);
                r = seekers_run(&(struct seekers_options){.query = buf_get(&text),
                                                          .program_fd = rules.program_fd,
                                                          .n = os_cpu_count(),
                                                          .landlock = o->landlock,
                                                          .from = o->from,
                                                          .to = o->to},
                                reader, found, &x, &st);
                rulebook_deinit(&rules);
                query_deinit(&q);
        }
        buf_deinit(&text);
        if (r == 0 && (st.lost_records || st.given_up)) {
                seekers_say_lost(&st, "coloa export");
                r = -EIO;
        }
        return r;
}

static bool may_hold(const struct selection *o, const struct frame_entry *e) {
        return (o->received_from == TIME_NONE || e->received_max >= o->received_from) &&
               (o->received_to == TIME_NONE || e->received_min < o->received_to);
}

static int by_columns(const struct selection *o, struct reader *reader,
                      const struct reader_query *bounds, struct seqset *ret) {
        struct reader_block b;
        int r;

        reader_begin(reader, bounds);
        while ((r = reader_next(reader, &b)) > 0) {
                for (uint32_t i = 0; i < b.n_frames; i++) {
                        const struct frame_entry *e = &b.entries[i];
                        uint64_t from = MAX(e->first_seq, o->first);
                        uint64_t to = e->first_seq + e->n_records;
                        if (o->end)
                                to = MIN(to, o->end);
                        int k = may_hold(o, e) ? seqset_add(ret, from, to) : 0;
                        if (k < 0)
                                return k;
                }
        }
        return r;
}

int selection_find(const struct selection *o, struct reader *reader, struct seqset *ret) {
        struct reader_query bounds = {.from = o->first,
                                      .to = o->end,
                                      .time_from = o->received_from,
                                      .time_to = o->received_to};
        bool look = o->query || o->source || o->from != TIME_NONE || o->to != TIME_NONE;
        int r;

        if (o->source && strpbrk(o->source, "\"\\")) {
                fputs(tr("coloa export: no such name of a source\n",
                         "coloa export: tên nguồn không hợp lệ\n"),
                      stderr);
                return -EINVAL;
        }
        if (!look && o->received_from == TIME_NONE && o->received_to == TIME_NONE) {
                uint64_t first, end;
                r = reader_range(reader, &first, &end);
                if (r == 0)
                        r = seqset_add(ret, MAX(first, o->first), o->end ? MIN(end, o->end) : end);
        } else {
                r = look ? search(o, reader, &bounds, ret) : by_columns(o, reader, &bounds, ret);
        }
        seqset_settle(ret);
        return r;
}

static void add_time(struct buf *to, const char *name, int64_t t) {
        char text[40];

        if (t == TIME_NONE)
                return;
        text[time_format(text, t, 0)] = '\0';
        buf_printf(to, " %s=%s", name, text);
}

void selection_text(const struct selection *o, struct buf *to) {
        size_t begin = to->len;

        if (o->end || o->first)
                buf_printf(to, " seq=%llu-%llu", (unsigned long long)o->first,
                           (unsigned long long)(o->end ? o->end - 1 : UINT64_MAX));
        add_time(to, "from", o->from);
        add_time(to, "to", o->to);
        add_time(to, "received-from", o->received_from);
        add_time(to, "received-to", o->received_to);
        if (o->source)
                buf_printf(to, " source=%s", o->source);
        if (o->query)
                buf_printf(to, " query=%s", o->query);
        if (to->len == begin)
                buf_str(to, " all");
        for (size_t i = begin; i < to->len; i++) /* one line */
                if ((unsigned char)to->p[i] < ' ')
                        to->p[i] = ' ';
}
