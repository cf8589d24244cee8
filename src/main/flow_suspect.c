/* Stretches of which judges say what the desk cannot read, and nobody dies of it. See flow_judge.c.
 *
 * The desk finds something broken while it takes what a judge published, which may be of another
 * stretch than the one it was told of; behind it nothing can be told apart. So the first time all that
 * this judge had told is only suspect. A suspect is judged from the store by a judge that has nothing
 * else, neither at work nor untaken; what cannot be read then is of that stretch: it is halved, and a
 * single record gets a few more tries and is set aside. What is lowest is judged first, so that the
 * halves that wait are few. */
#include "main/flow_impl.h"

static void remove_suspect(struct flow *f, unsigned i) {
        memmove(&f->suspects[i], &f->suspects[i + 1],
                (--f->n_suspects - i) * sizeof(f->suspects[0]));
}

/* Beyond the room it is not suspect, only judged again; its time comes when others are found. */
static void add_suspect(struct flow *f, uint64_t from, uint64_t to, unsigned tries) {
        if (from < to && f->n_suspects < SUSPECTS_MAX)
                f->suspects[f->n_suspects++] =
                        (struct suspect){.from = from, .to = to, .tries = tries};
}

static const struct suspect *suspect_at(const struct flow *f, uint64_t from, uint64_t to) {
        for (unsigned i = 0; i < f->n_suspects; i++)
                if (f->suspects[i].from < to && f->suspects[i].to > from)
                        return &f->suspects[i];
        return NULL;
}

void flow_unsuspect(struct flow *f, uint64_t from, uint64_t to) {
        for (unsigned i = f->n_suspects; i-- > 0;) {
                struct suspect *s = &f->suspects[i], behind = {to, s->to, s->tries};

                if (s->to <= from || s->from >= to)
                        continue;
                s->to = MAX(s->from, from);
                if (s->from == s->to)
                        remove_suspect(f, i);
                add_suspect(f, behind.from, behind.to, behind.tries);
        }
}

int flow_suspect(struct flow *f, unsigned judge, uint64_t from, uint64_t to) {
        const struct judge *j = judge < f->o.judges ? &f->judges[judge] : NULL;
        const struct suspect *s = suspect_at(f, from, to);

        if (from == to)
                return 0;
        if (!j || j->alone_from != from || j->alone_to != to || !s) {
                if (!s)
                        add_suspect(f, from, to, 0);
                return 0;
        }
        unsigned tries = s->tries + (to - from == 1);
        flow_unsuspect(f, from, to);
        if (to - from == 1 && tries >= ALONE_DEATHS)
                return 1;
        uint64_t middle = from + (to - from + 1) / 2; /* of one record: it, and nothing */
        add_suspect(f, from, middle, tries);
        add_suspect(f, middle, to, tries);
        return 0;
}

void flow_trim(const struct flow *f, uint64_t from, uint64_t *to) {
        for (unsigned i = 0; i < f->n_suspects; i++) {
                const struct suspect *s = &f->suspects[i];

                if (s->from <= from && s->to > from)
                        *to = MIN(*to, s->to);
                else if (s->from > from)
                        *to = MIN(*to, s->from);
        }
}

bool flow_is_suspect(const struct flow *f, const struct task *t) {
        return t->frames && suspect_at(f, t->from, t->to);
}

static bool may_be_reserved(const struct judge *j) {
        return j->ready && !j->resting;
}

bool flow_next_suspect(struct flow *f, unsigned *ret_task, unsigned *ret_judge) {
        unsigned i = 0, best = 0;

        while (i < f->n_tasks && !flow_is_suspect(f, &f->tasks[i]))
                i++;
        if (i == f->n_tasks) {
                f->reserved = -1;
                return false;
        }
        for (unsigned k = 0; k < f->o.judges && f->reserved < 0; k++) /* one that is idle, or any */
                if (may_be_reserved(&f->judges[k]) && (f->judges[k].queued == 0 || best == 0))
                        best = k + 1;
        if (f->reserved < 0)
                f->reserved = (int)best - 1;
        if (f->reserved < 0)
                return false;
        const struct judge *j = &f->judges[f->reserved];
        if (!may_be_reserved(j)) {
                f->reserved = -1;
                return false;
        }
        if (j->queued || j->n_held || j->asked || j->full)
                return false;
        *ret_task = i;
        *ret_judge = (unsigned)f->reserved;
        f->reserved = -1;
        return true;
}
