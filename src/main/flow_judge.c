/* Judging, of what is in the ring and of what was put off, and the desk that hears of it. See
 * flow.h.
 *
 * Work comes as tasks: a stretch of a slot, or of frames read from the store. A judge that dies or
 * takes too long leaves its task: the record it says it was at is tried alone, what stands before
 * and behind it apart; as its word may be a lie, later deaths on the same stretch halve it. A record
 * on which a judge dies alone is set aside: named in an incident and passed over (F3). What was
 * judged before the death is judged again; verdicts are told apart by what they say, so the desk
 * does not double them. What is judged but cannot be read by the desk: flow_suspect.c.
 *
 * Batches are judged while they are made durable, but the desk takes only what was said of durable
 * ones (F5), so what judges are done with is held until then.
 *
 * Without a desk nothing is judged: its verdicts would have to be made again. When it comes it says
 * through what it has everything, and the rest is read from the store. */
#include <stdlib.h>

#include "main/flow_impl.h"
#include "os/os.h"

#define HINTS_TRUSTED 3u /* deaths on a stretch until its judges' word counts for nothing */
#define READ_RETRY_NS INT64_C(1000000000)
#define CLOCK_NS INT64_C(1000000000)
#define CLOCK_SLACK_NS INT64_C(2000000000) /* from the receipt of a record until its slot is here */

static void drop_task(struct task *t) {
        if (t->frames)
                os_close_quiet(t->fd);
        t->fd = -1;
}

void flow_drop_tasks(struct flow *f) {
        for (unsigned i = 0; i < f->n_tasks; i++)
                drop_task(&f->tasks[i]);
        for (unsigned i = 0; i < NODE_JUDGES_MAX; i++)
                for (unsigned k = 0; k < f->judges[i].queued; k++)
                        drop_task(&f->judges[i].queue[k]);
}

/* It is owned by the flow from here on. `first`: before the others, as it comes back. */
static void add_task(struct flow *f, const struct task *t, bool first) {
        if (t->from >= t->to) {
                struct task empty = *t;
                drop_task(&empty);
                return;
        }
        if (f->n_tasks == TASKS_MAX) { /* only after many deaths: the store has it too */
                struct task over = *t;
                ranges_add(&f->later, t->from, t->to);
                drop_task(&over);
                return;
        }
        if (first)
                memmove(&f->tasks[1], &f->tasks[0], f->n_tasks * sizeof(*t));
        f->tasks[first ? 0 : f->n_tasks] = *t;
        f->n_tasks++;
        if (!t->frames)
                f->slots[t->slot].tasks++;
}

static void remove_task(struct flow *f, unsigned i) {
        memmove(&f->tasks[i], &f->tasks[i + 1], (--f->n_tasks - i) * sizeof(f->tasks[0]));
}

void flow_judge_slot(struct flow *f, unsigned slot) {
        const struct slot *s = &f->slots[slot];
        struct task t = {.slot = slot,
                         .fd = -1,
                         .first_seq = s->first_seq,
                         .n_records = (uint32_t)(s->end - s->first_seq),
                         .from = s->first_seq,
                         .to = s->end};

        add_task(f, &t, false);
}

void flow_put_off(struct flow *f, unsigned slot) {
        for (unsigned i = f->n_tasks; i-- > 0;) {
                struct task t = f->tasks[i];

                if (t.frames || t.slot != slot)
                        continue;
                remove_task(f, i);
                ranges_add(&f->later, t.from, t.to);
                f->st.later += t.to - t.from;
                flow_slot_judged(f, slot);
        }
}

/* ---- giving out work ---- */

/* What just came is judged before what was put off, which waits already. */
static int next_task(const struct flow *f) {
        for (unsigned i = 0; i < f->n_tasks; i++)
                if (!f->tasks[i].frames)
                        return (int)i;
        for (unsigned i = 0; i < f->n_tasks; i++)
                if (!flow_is_suspect(f, &f->tasks[i]))
                        return (int)i;
        return -1;
}

static int idlest(const struct flow *f) {
        int best = -1;

        for (unsigned i = 0; i < f->o.judges; i++) {
                const struct judge *j = &f->judges[i];

                if (!j->ready || j->resting || j->full || j->queued == JUDGE_QUEUE ||
                    j->alone_from < j->alone_to || f->reserved == (int)i ||
                    j->n_held + 2 * JUDGE_QUEUE >= HELD_MAX)
                        continue;
                if (best < 0 || j->queued < f->judges[best].queued)
                        best = (int)i;
        }
        return best;
}

static void begin_work(struct flow *f, unsigned index) {
        struct judge *j = &f->judges[index];

        j->began = f->calls.now(f->calls.ctx);
        j->began_spent = f->calls.spent(f->calls.ctx, index);
        j->waited = 0;
}

static void give(struct flow *f, unsigned index, const struct task *t) {
        struct judge *j = &f->judges[index];
        struct msg_judge m = {.type = t->frames ? JUDGE_FRAMES : JUDGE_SLOT,
                              .judge = index,
                              .slot = t->frames ? UINT32_MAX : t->slot,
                              .n_records = t->n_records,
                              .first_seq = t->first_seq,
                              .from = t->from,
                              .to = t->to,
                              .bytes = t->bytes,
                              .program = j->generation};

        if (j->queued == 0)
                begin_work(f, index);
        j->queue[j->queued++] = *t;
        (void)flow_send(f, FLOW_JUDGE, index, &m, sizeof(m), t->fd);
}

static bool any_idle(const struct flow *f) {
        for (unsigned i = 0; i < f->o.judges; i++)
                if (f->judges[i].ready && !f->judges[i].resting && f->judges[i].queued == 0)
                        return true;
        return false;
}

/* Reads a little of what was put off, once a judge has nothing else to do. */
static void read_later(struct flow *f) {
        if (f->reading || !f->store_ready || !f->desk_ready || f->later.n == 0 || f->n_tasks ||
            !any_idle(f) || f->calls.now(f->calls.ctx) < f->read_again)
                return;
        uint64_t to = MIN(f->later.at[0].to, f->st.durable);
        if (to <= f->later.at[0].from)
                return; /* not durable yet: cannot be in the store */
        struct msg_store_read m = {.type = STORE_READ,
                                   .token = ++f->read_token,
                                   .from = f->later.at[0].from,
                                   .to = to,
                                   .max_bytes = READ_BYTES};
        f->read_from = m.from;
        f->read_to = m.to;
        f->reading = flow_send(f, FLOW_STORE, 0, &m, sizeof(m), -1) == 0;
}

/* The desk hears that [from, to) needs no more judging. */
static void tell_desk(struct flow *f, unsigned judge, uint64_t from, uint64_t to) {
        struct msg_judge m = {.type = DESK_BATCH,
                              .judge = judge,
                              .first_seq = f->st.durable, /* F5 */
                              .from = from,
                              .to = to,
                              .program = f->judges[judge].generation};

        f->judged_max = MAX(f->judged_max, to);
        if (f->desk_ready && flow_send(f, FLOW_DESK, 0, &m, sizeof(m), -1) == 0) {
                f->desk_asked++;
                f->judges[judge].asked++;
        }
}

/* In the order in which the judge said so: what it said of the first stands first in its outbox. Of one
 * batch come two at most, however often its outbox is full. */
static void hold(struct flow *f, unsigned index, const struct task *t, bool judged) {
        struct judge *j = &f->judges[index];
        struct held *last = j->n_held ? &j->held[j->n_held - 1] : NULL;

        if (!judged && last && last->from == last->to) {
                last->need = MAX(last->need, t->to);
                last->frames |= t->frames;
                return;
        }
        assert(j->n_held < HELD_MAX);
        j->held[j->n_held++] = (struct held){.from = judged ? t->from : 0,
                                             .to = judged ? t->to : 0,
                                             .need = t->to,
                                             .frames = t->frames};
}

static void tell_held(struct flow *f) {
        for (unsigned i = 0; i < f->o.judges; i++) {
                struct judge *j = &f->judges[i];
                unsigned n = 0;

                while (n < j->n_held && j->held[n].need <= f->st.durable &&
                       (f->desk_asked < DESK_ASKED_MAX || !f->desk_ready)) {
                        tell_desk(f, i, j->held[n].from, j->held[n].to);
                        n++;
                }
                j->n_held -= n;
                memmove(j->held, j->held + n, j->n_held * sizeof(j->held[0]));
        }
}

/* What a judge is done with is judged again, by whatever reason. */
static void judge_held_again(struct flow *f, struct judge *j) {
        for (unsigned k = 0; k < j->n_held; k++) {
                ranges_add(&f->later, j->held[k].from, j->held[k].to);
                j->held[k].from = j->held[k].to = 0;
        }
}

/* Suspects are judged alone, see flow_suspect.c. */
static void give_suspect(struct flow *f) {
        unsigned t, j;

        if (!f->desk_ready || f->desk_asked >= DESK_ASKED_MAX || !flow_next_suspect(f, &t, &j))
                return;
        struct task task = f->tasks[t];
        remove_task(f, t);
        f->judges[j].alone_from = task.from;
        f->judges[j].alone_to = task.to;
        give(f, j, &task);
}

void flow_pump_judges(struct flow *f) {
        tell_held(f);
        give_suspect(f);
        while (f->desk_ready && f->desk_asked < DESK_ASKED_MAX) {
                int t = next_task(f), j = idlest(f);

                if (t < 0 || j < 0)
                        break;
                struct task task = f->tasks[t];
                remove_task(f, (unsigned)t);
                give(f, (unsigned)j, &task);
        }
        read_later(f);
        f->st.behind = ranges_sum(&f->later);
}

/* Frames that the store has nothing of: retention took them; whoever waits for them may go on. */
static void pass_over(struct flow *f, uint64_t from, uint64_t to) {
        if (to > f->first_kept) /* below there never was one: a new store begins at 1 */
                f->calls.note(f->calls.ctx, 1,
                              "records that were to be judged later are not kept any more", from);
        tell_desk(f, 0, from, to);
        ranges_take(&f->later, from, to);
        flow_unsuspect(f, from, to);
}

int flow_frames(struct flow *f, const struct msg_store_frames *m, int fd) {
        if (!f->reading || m->token != f->read_token)
                return -EPROTO;
        f->reading = false;
        if (m->error < 0) {
                f->read_again = f->calls.now(f->calls.ctx) + READ_RETRY_NS;
                return 0;
        }
        if (m->to == m->from) {
                pass_over(f, f->read_from, f->read_to);
                return 0;
        }
        if (fd < 0 || m->from > m->to || m->to <= f->read_from || m->from >= f->read_to)
                return -EPROTO;
        if (m->from > f->read_from)
                pass_over(f, f->read_from, m->from);
        struct task t = {.frames = true,
                         .fd = os_dup(fd),
                         .bytes = m->bytes,
                         .first_seq = m->from,
                         .n_records = (uint32_t)MIN(m->to - m->from, (uint64_t)UINT32_MAX),
                         .from = MAX(m->from, f->read_from),
                         .to = MIN(m->to, f->read_to)};
        if (t.fd < 0) {
                f->read_again = f->calls.now(f->calls.ctx) + READ_RETRY_NS;
                return 0;
        }
        flow_trim(f, t.from, &t.to);
        ranges_take(&f->later, t.from, t.to);
        add_task(f, &t, false);
        return 0;
}

/* ---- what judges say ---- */

static void finish_first(struct flow *f, unsigned index) {
        struct judge *j = &f->judges[index];
        struct task t = j->queue[0];

        j->queue[0] = j->queue[1];
        j->queued--;
        begin_work(f, index);
        if (!t.frames)
                flow_slot_judged(f, t.slot);
        drop_task(&t);
}

static int judged(struct flow *f, unsigned index, const struct msg_judge *m) {
        struct judge *j = &f->judges[index];

        if (j->queued == 0 || m->from != j->queue[0].from || m->to != j->queue[0].to)
                return -EPROTO; /* F4 */
        f->st.events += m->events;
        f->st.bad += m->bad;
        f->st.given_up += m->given_up;
        if (j->queue[0].again)
                ranges_add(&f->later, m->from, m->to);
        hold(f, index, &j->queue[0], !j->queue[0].again);
        finish_first(f, index);
        return 0;
}

int flow_judge_message(struct flow *f, unsigned index, const void *m, size_t n) {
        struct judge *j = &f->judges[index];
        struct msg_plain plain;
        struct msg_judge done;

        memcpy(&plain, m, sizeof(plain));
        if (plain.type == JUDGED && n == sizeof(done)) {
                memcpy(&done, m, sizeof(done));
                return judged(f, index, &done);
        }
        if (plain.type != JUDGE_FULL || n != sizeof(plain) || j->full || j->queued == 0)
                return -EPROTO;
        j->full = true;
        j->waited -= f->calls.now(f->calls.ctx); /* until it is emptied */
        hold(f, index, &j->queue[0], false);
        return 0;
}

/* The desk took all that was said of records below `limit`. */
static void emptied(struct flow *f, unsigned index, uint64_t limit) {
        struct msg_plain m = {JUDGE_EMPTIED, 0};
        struct judge *j = &f->judges[index];

        if (!j->full || j->queue[0].to > limit)
                return;
        j->full = false;
        j->waited += f->calls.now(f->calls.ctx);
        (void)flow_send(f, FLOW_JUDGE, index, &m, sizeof(m), -1);
}

/* Set aside: somebody has to look at it, and judging goes on behind it. */
static void set_aside(struct flow *f, unsigned index, const struct task *t) {
        struct msg_own_alert a = {
                .type = DESK_INCIDENT, .what = OWN_CRASH, .seq = t->from, .time = os_now()};

        static const char why[] = "judges died on this record or took too long: it was not judged";
        memcpy(a.text, why, sizeof(why));
        if (t->to > f->st.durable) { /* once it is, from the store (F5) */
                ranges_add(&f->later, t->from, t->to);
                return;
        }
        f->st.set_aside++;
        f->calls.note(f->calls.ctx, 0, why, t->from);
        flow_incident(f, &a);
        tell_desk(f, index, t->from, t->to);
}

/* Its judge's outbox is broken, so the desk hears it from the next life of one. */
static void set_unreadable_aside(struct flow *f, uint64_t seq) {
        struct msg_own_alert a = {
                .type = DESK_INCIDENT, .what = OWN_CRASH, .seq = seq, .time = os_now()};

        if (f->aside.n == RANGES_MAX) { /* one more would cover others */
                ranges_add(&f->later, seq, seq + 1);
                return;
        }
        static const char why[] = "what judges say of this record cannot be read: it was set aside";
        memcpy(a.text, why, sizeof(why));
        f->st.set_aside++;
        f->calls.note(f->calls.ctx, 0, why, seq);
        flow_incident(f, &a);
        ranges_add(&f->aside, seq, seq + 1);
}

static void tell_asides(struct flow *f, unsigned index) {
        struct judge *j = &f->judges[index];

        while (f->aside.n && j->n_held + 2 * JUDGE_QUEUE < HELD_MAX) {
                struct range x = f->aside.at[0];
                struct task t = {.from = x.from, .to = x.to};

                ranges_take(&f->aside, x.from, x.to);
                hold(f, index, &t, true);
        }
}

/* The same work again, less what it died on. Takes over t's descriptor. */
static void split(struct flow *f, unsigned index, struct task *t, uint64_t hint) {
        struct task part = *t;
        uint64_t cut[4] = {t->from, t->from + (t->to - t->from) / 2, t->to, t->to};

        part.deaths = t->deaths + 1;
        if (t->to - t->from == 1 && part.deaths >= ALONE_DEATHS) {
                set_aside(f, index, t);
                drop_task(t);
                return;
        }
        if (t->to - t->from == 1) {
                add_task(f, &part, true); /* takes over the descriptor */
                return;
        }
        if (t->deaths < HINTS_TRUSTED && hint >= t->from && hint < t->to) {
                cut[1] = hint;
                cut[2] = hint + 1;
        }
        for (unsigned i = 3; i-- > 0;) { /* put first in front, so from behind */
                part.from = cut[i];
                part.to = cut[i + 1];
                part.fd = t->frames ? os_dup(t->fd) : -1;
                if (t->frames && part.fd < 0)
                        ranges_add(&f->later, part.from, part.to);
                else
                        add_task(f, &part, true);
        }
        drop_task(t);
}

/* It may have been this that was not readable, or another that it had told: no death of its own. */
static void judge_unread_again(struct flow *f, struct task *t) {
        if (!ranges_have(&f->aside, t->from, t->to)) {
                (void)flow_suspect(f, f->o.judges, t->from, t->to);
                ranges_add(&f->later, t->from, t->to);
        }
        drop_task(t);
}

void flow_judge_died(struct flow *f, unsigned index, uint64_t hint) {
        struct judge *j = &f->judges[index];
        struct judge old = *j;

        j->queued = 0;
        j->ready = j->resting = j->full = false;
        j->alone_from = j->alone_to = 0;
        j->fd = -1;
        tell_desk(f, index, 0, 0); /* what it said before of durable records stands */
        judge_held_again(f, j);
        j->n_held = 0;
        for (unsigned i = old.queued; i-- > 0;) {
                struct task t = old.queue[i];

                t.again = false; /* by another judge, into an outbox that nobody took from */
                if (i == 0 && old.unread)
                        judge_unread_again(f, &t);
                else if (i == 0)
                        split(f, index, &t, hint);
                else
                        add_task(f, &t, true);
                if (!old.queue[i].frames)
                        flow_slot_judged(f, old.queue[i].slot);
        }
}

bool flow_rest_judge(struct flow *f, unsigned index) {
        f->judges[index].resting = true;
        return f->judges[index].queued == 0 && f->judges[index].n_held == 0;
}

void flow_judge_ready(struct flow *f, unsigned index, int fd, uint32_t generation) {
        struct msg_judge m = {.type = DESK_OUTBOX, .judge = index, .program = generation};
        struct judge *j = &f->judges[index];

        *j = (struct judge){.ready = true, .fd = fd, .generation = generation, .asked = j->asked};
        if (f->desk_ready)
                (void)flow_send(f, FLOW_DESK, 0, &m, sizeof(m), fd);
        tell_asides(f, index);
}

static bool judges_of_frames(const struct flow *f) {
        for (unsigned i = 0; i < f->n_tasks; i++)
                if (f->tasks[i].frames)
                        return true;
        for (unsigned i = 0; i < f->o.judges; i++)
                for (unsigned k = 0; k < MAX(f->judges[i].queued, f->judges[i].n_held); k++)
                        if ((k < f->judges[i].queued && f->judges[i].queue[k].frames) ||
                            (k < f->judges[i].n_held && f->judges[i].held[k].frames))
                                return true;
        return false;
}

/* The desk's windows close in quiet times too: it hears up to when all that was received is judged. Not
 * while something waits in the store that was put off: its times are not known here. */
static void say_clock(struct flow *f) {
        int64_t now = f->calls.now(f->calls.ctx), since = now;
        struct msg_node_seq m = {.type = DESK_CLOCK};

        if (!f->desk_ready || !f->ingest_begun || now - f->clock_said < CLOCK_NS || f->later.n ||
            f->reading || judges_of_frames(f))
                return;
        for (unsigned k = 0; k < f->n_order && since == now; k++)
                if (f->slots[f->order[k]].tasks || f->slots[f->order[k]].seal_state != SEAL_DURABLE)
                        since = f->slots[f->order[k]].since;
        m.seq = (uint64_t)MAX(os_now() - (now - since) - CLOCK_SLACK_NS, INT64_C(0));
        f->clock_said = now;
        (void)flow_send(f, FLOW_DESK, 0, &m, sizeof(m), -1);
}

void flow_tick(struct flow *f) {
        int64_t now = f->calls.now(f->calls.ctx);

        for (unsigned i = 0; i < f->o.judges; i++) {
                struct judge *j = &f->judges[i];

                if (!j->ready || j->queued == 0 || j->full || !f->desk_ready)
                        continue;
                /* Its own processor time counts: a machine that is busy with other things is not the
                 * record's fault. */
                int64_t spent = f->calls.spent(f->calls.ctx, i) - j->began_spent;
                if (spent > f->o.judge_limit ||
                    now - j->began - j->waited > f->o.judge_limit * SLOW_FACTOR)
                        f->calls.end(f->calls.ctx, FLOW_JUDGE, i, "it took too long for a batch");
        }
        flow_pump_judges(f);
        say_clock(f);
}

/* ---- the desk ---- */

/* It took what judges said from their outboxes, also of batches that they are still at, and had not
 * committed all of it: those are judged once more when they are done. */
void flow_desk_died(struct flow *f) {
        f->desk_ready = f->desk_met = false;
        for (unsigned i = 0; i < f->o.judges; i++) {
                for (unsigned k = 0; k < f->judges[i].queued; k++)
                        f->judges[i].queue[k].again = true;
                judge_held_again(f, &f->judges[i]);
                f->judges[i].alone_from = f->judges[i].alone_to = 0;
                f->judges[i].asked = 0;
        }
}

void flow_meet_desk(struct flow *f) {
        if (!f->desk_met || f->desk_ready || !f->store_met)
                return;
        f->desk_ready = true;
        f->desk_asked = 0;
        for (unsigned i = 0; i < f->o.judges; i++) {
                struct msg_judge m = {
                        .type = DESK_OUTBOX, .judge = i, .program = f->judges[i].generation};

                if (f->judges[i].ready &&
                    flow_send(f, FLOW_DESK, 0, &m, sizeof(m), f->judges[i].fd) < 0)
                        return;
                if (f->judges[i].full && f->judges[i].n_held == 0)
                        hold(f, i, &f->judges[i].queue[0], false);
        }
        /* Said to be judged, or never in the ring of this life: read again from there on. */
        ranges_add(&f->later, f->desk_watermark, f->judged_max);
        for (unsigned i = 0; i < f->n_incidents; i++)
                (void)flow_send(f, FLOW_DESK, 0, &f->incidents[i], sizeof(f->incidents[i]), -1);
        f->n_incidents = 0;
}

void flow_incident(struct flow *f, const struct msg_own_alert *a) {
        if (f->desk_ready)
                (void)flow_send(f, FLOW_DESK, 0, a, sizeof(*a), -1);
        else if (f->n_incidents < INCIDENTS_MAX)
                f->incidents[f->n_incidents++] = *a;
}

static int taken(struct flow *f, const struct msg_judge *m) {
        struct judge *j = &f->judges[m->judge];
        uint64_t from = m->from, to = m->to;

        if (from > to || to > f->judged_max)
                return -EPROTO;
        f->desk_asked -= f->desk_asked > 0;
        j->asked -= j->asked > 0;
        if (m->error == 0) {
                flow_unsuspect(f, from, to);
                if (j->alone_from == from && j->alone_to == to)
                        j->alone_from = j->alone_to = 0;
                emptied(f, m->judge, m->first_seq);
                return 0;
        }
        if (from == to) { /* said while it was at it */
                from = j->alone_from;
                to = j->alone_to;
        }
        j->unread = true;
        f->calls.end(f->calls.ctx, FLOW_JUDGE, m->judge, "what it said cannot be read");
        if (m->error == -EBADMSG && flow_suspect(f, m->judge, from, to) == 1)
                set_unreadable_aside(f, from);
        else
                ranges_add(&f->later, m->from, m->to);
        if (j->alone_from == from && j->alone_to == to)
                j->alone_from = j->alone_to = 0;
        return 0;
}

int flow_desk_message(struct flow *f, const void *m, size_t n) {
        struct msg_plain plain;
        struct msg_judge j;
        struct msg_node_seq seq;

        memcpy(&plain, m, sizeof(plain));
        if (plain.type == DESK_READY && n == sizeof(seq) && !f->desk_met) {
                memcpy(&seq, m, sizeof(seq));
                f->desk_watermark = f->st.judged = seq.seq;
                f->desk_met = true;
                flow_meet_desk(f);
                return 0;
        }
        if (n != sizeof(j) || !f->desk_ready)
                return -EPROTO;
        memcpy(&j, m, sizeof(j));
        if (j.judge >= f->o.judges)
                return -EPROTO;
        if (plain.type == DESK_TAKEN)
                return taken(f, &j);
        if (plain.type != DESK_COMMITTED)
                return -EPROTO;
        f->st.judged = MAX(f->st.judged, MIN(j.first_seq, f->judged_max));
        return 0;
}
