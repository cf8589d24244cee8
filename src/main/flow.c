/* See flow.h.
 *
 * A full slot goes two ways at once, to a seal (and from its output to the store) and to a judge.
 * Both are states of the slot: which seal has it and whether it is durable; how many tasks of
 * judging are left. A process that dies hands its work back: a slot a seal died on is sealed anew,
 * one the store had not made durable is sealed and committed anew, in order (F2).
 *
 * Seals finish in any order, so what is sealed waits in its half until all batches before it were
 * given to the store. As no half is taken before an older slot has one, the oldest always has, and
 * this cannot get stuck. */
#include "main/flow_impl.h"

#include <stdlib.h>

#include "os/os.h"

#define SEAL_DEATHS_PLAIN 2u /* then it is asked to do without a filter */
#define SEAL_DEATHS_LOUD 4u  /* then the log says that receipt is stuck */

int flow_new(struct flow **ret, const struct flow_options *o, const struct flow_calls *calls) {
        struct flow *f = calloc(1, sizeof(*f));

        if (!f)
                return -ENOMEM;
        assert(o->slots >= 2 && o->slots <= RING_SLOTS);
        assert(o->seals >= 1 && o->seals <= NODE_SEALS_MAX);
        assert(o->judges >= 1 && o->judges <= NODE_JUDGES_MAX);
        f->o = *o;
        f->first_kept = 1;
        f->reserved = -1;
        if (f->o.judge_limit == 0)
                f->o.judge_limit = INT64_C(2000000000);
        f->calls = *calls;
        for (unsigned i = 0; i < NODE_SEALS_MAX; i++)
                f->seals[i].fd = -1;
        for (unsigned i = 0; i < NODE_JUDGES_MAX; i++)
                f->judges[i].fd = -1;
        *ret = f;
        return 0;
}

struct flow *flow_free(struct flow *f) {
        if (f)
                flow_drop_tasks(f);
        free(f);
        return NULL;
}

const struct flow_stats *flow_stats(const struct flow *f) {
        return &f->st;
}

int flow_send(struct flow *f, enum flow_role role, unsigned index, const void *m, size_t n,
              int fd) {
        int r = f->calls.send(f->calls.ctx, role, index, m, n, fd);

        if (r < 0)
                f->calls.end(f->calls.ctx, role, index, "it does not take messages");
        return r;
}

/* ---- slots to ingest ---- */

static void give_slot(struct flow *f, unsigned i) {
        struct msg_node_slot m = {.type = NODE_SLOT, .slot = i};

        f->slots[i] = (struct slot){.state = SLOT_INGEST};
        (void)flow_send(f, FLOW_INGEST, 0, &m, sizeof(m), -1);
}

static bool may_be_freed(const struct slot *s) {
        return s->state == SLOT_FULL && s->seal_state == SEAL_DURABLE && s->tasks == 0; /* F1 */
}

/* Durable, but judging lags: when the ring is three quarters full, what waits is put off. */
static void relieve(struct flow *f) {
        for (unsigned k = 0; k < f->n_order && f->n_order * 4 >= f->o.slots * 3; k++) {
                unsigned i = f->order[k];

                if (f->slots[i].seal_state != SEAL_DURABLE || f->slots[i].tasks == 0)
                        continue;
                flow_put_off(f, i);
                if (f->slots[i].tasks == 0)
                        break; /* one at a time: the next round sees whether it was enough */
        }
}

void flow_free_slots(struct flow *f) {
        unsigned kept = 0;

        relieve(f);
        for (unsigned k = 0; k < f->n_order; k++) {
                unsigned i = f->order[k];

                if (may_be_freed(&f->slots[i]))
                        f->slots[i] = (struct slot){0};
                else
                        f->order[kept++] = i;
        }
        f->n_order = kept;
        f->st.full_slots = kept;
        for (unsigned i = 0; i < f->o.slots && f->ingest_begun; i++)
                if (f->slots[i].state == SLOT_FREE)
                        give_slot(f, i);
}

void flow_slot_judged(struct flow *f, unsigned slot) {
        assert(f->slots[slot].tasks > 0);
        f->slots[slot].tasks--;
}

static bool all_durable(const struct flow *f) {
        for (unsigned k = 0; k < f->n_order; k++)
                if (f->slots[f->order[k]].seal_state != SEAL_DURABLE)
                        return false;
        return true;
}

bool flow_settled(const struct flow *f) {
        return all_durable(f);
}

/* A new ingest begins when all that the one before handed over is durable: then the positions that
 * the store gives it are those after that. */
static void begin_ingest(struct flow *f) {
        struct msg_plain ask = {STORE_POSITIONS, 0};

        if (!f->ingest_ready || f->ingest_begun || f->positions_asked || !f->store_ready ||
            !all_durable(f))
                return;
        f->positions_asked = flow_send(f, FLOW_STORE, 0, &ask, sizeof(ask), -1) == 0;
}

bool flow_begun(const struct flow *f) {
        return f->ingest_begun;
}

void flow_ask_positions(struct flow *f) {
        struct msg_plain ask = {STORE_POSITIONS, 0};

        if (f->store_ready && f->ingest_begun && !f->positions_asked)
                f->positions_asked = flow_send(f, FLOW_STORE, 0, &ask, sizeof(ask), -1) == 0;
}

static int positions_came(struct flow *f, const struct msg_store_frames *m, int fd) {
        struct msg_node_seq begin = {.type = NODE_BEGIN, .seq = f->next_seq};

        if (!f->positions_asked)
                return -EPROTO;
        f->positions_asked = false;
        if (!f->ingest_ready || f->ingest_begun)
                return 0;
        if (flow_send(f, FLOW_INGEST, 0, m, sizeof(*m), fd) < 0 ||
            flow_send(f, FLOW_INGEST, 0, &begin, sizeof(begin), -1) < 0)
                return 0;
        f->ingest_begun = true;
        f->filled = f->calls.now(f->calls.ctx);
        flow_free_slots(f);
        return 0;
}

static int slot_filled(struct flow *f, const struct msg_node_slot *m) {
        struct slot *s = m->slot < f->o.slots ? &f->slots[m->slot] : NULL;

        if (!s || s->state != SLOT_INGEST || m->first_seq != f->next_seq ||
            m->n_records > RECORDS_MAX || m->bytes > SLOT_BYTES)
                return -EPROTO; /* F4 */
        *s = (struct slot){.state = SLOT_FULL,
                           .first_seq = m->first_seq,
                           .end = m->first_seq + m->n_records,
                           .bytes = m->bytes,
                           .since = f->filled};
        f->filled = f->calls.now(f->calls.ctx);
        f->next_seq = s->end;
        f->order[f->n_order++] = m->slot;
        f->st.received += m->n_records;
        f->st.bytes += m->bytes;
        f->st.batches++;
        flow_judge_slot(f, m->slot);
        return 0;
}

static int ingest_message(struct flow *f, const void *m, size_t n) {
        struct msg_node_slot filled;

        if (n != sizeof(filled))
                return -EPROTO;
        memcpy(&filled, m, sizeof(filled));
        return filled.type == NODE_FILLED ? slot_filled(f, &filled) : -EPROTO;
}

/* ---- seals and the store ---- */

static bool free_half(struct flow *f, unsigned *ret_seal, unsigned *ret_half) {
        for (unsigned i = 0; i < f->o.seals; i++)
                for (unsigned h = 0; h < SEAL_HALVES; h++)
                        if (f->seals[i].ready && !f->seals[i].working &&
                            !f->seals[i].half_busy[h]) {
                                *ret_seal = i;
                                *ret_half = h;
                                return true;
                        }
        return false;
}

/* Nothing of it was acknowledged, and without it nothing after it can be kept: tried for ever, in the
 * plainest way, and said. */
static void seal_failed(struct flow *f, struct slot *s) {
        s->seal_state = SEAL_WAITING;
        if (++s->deaths == SEAL_DEATHS_LOUD)
                f->calls.note(f->calls.ctx, 0, "a batch cannot be packed: receipt waits for it",
                              s->first_seq);
}

static void start_seals(struct flow *f) {
        unsigned seal, half;

        for (unsigned k = 0; k < f->n_order; k++) {
                struct slot *s = &f->slots[f->order[k]];

                if (s->seal_state != SEAL_WAITING)
                        continue;
                if (!free_half(f, &seal, &half))
                        return;
                struct msg_seal m = {.type = NODE_SEAL,
                                     .slot = f->order[k],
                                     .seal = seal,
                                     .half = half,
                                     .bytes = s->bytes,
                                     .first_seq = s->first_seq,
                                     .n_records = (uint32_t)(s->end - s->first_seq),
                                     .flags = s->deaths >= SEAL_DEATHS_PLAIN ? SEAL_PLAIN : 0};
                s->seal_state = SEAL_WORKING;
                s->seal = seal;
                s->half = half;
                f->seals[seal].working = true;
                f->seals[seal].half_busy[half] = true;
                if (flow_send(f, FLOW_SEAL, seal, &m, sizeof(m), -1) < 0)
                        return; /* flow_died() puts it back */
        }
}

/* In order (F2): the oldest that is not given yet must be sealed first. */
static void commit_sealed(struct flow *f) {
        for (unsigned k = 0; k < f->n_order && f->store_ready; k++) {
                struct slot *s = &f->slots[f->order[k]];

                if (s->seal_state == SEAL_DURABLE || s->seal_state == SEAL_COMMITTED)
                        continue;
                if (s->seal_state != SEAL_READY)
                        return;
                assert(s->first_seq == f->committed);
                struct msg_seal m = {.type = STORE_COMMIT,
                                     .slot = f->order[k],
                                     .seal = s->seal,
                                     .half = s->half,
                                     .bytes = s->sealed_bytes,
                                     .first_seq = s->first_seq,
                                     .n_records = (uint32_t)(s->end - s->first_seq)};
                s->seal_state = SEAL_COMMITTED;
                f->committed = s->end;
                if (flow_send(f, FLOW_STORE, 0, &m, sizeof(m), -1) < 0)
                        return;
        }
}

static void pump(struct flow *f) {
        start_seals(f);
        commit_sealed(f);
        flow_free_slots(f);
        flow_pump_judges(f);
        begin_ingest(f);
}

static int sealed(struct flow *f, unsigned index, const struct msg_seal *m) {
        struct slot *s = m->slot < f->o.slots ? &f->slots[m->slot] : NULL;

        if (!s || s->state != SLOT_FULL || s->seal_state != SEAL_WORKING || s->seal != index ||
            m->half != s->half || m->bytes > SEAL_HALF_BYTES)
                return -EPROTO; /* F4 */
        f->seals[index].working = false;
        if (m->error < 0) {
                f->seals[index].half_busy[s->half] = false;
                seal_failed(f, s);
                return 0;
        }
        s->sealed_bytes = m->bytes;
        s->seal_state = SEAL_READY;
        return 0;
}

static void now_durable(struct flow *f, uint64_t seq) {
        struct msg_node_seq m = {.type = NODE_DURABLE, .seq = seq};

        for (unsigned k = 0; k < f->n_order; k++) {
                struct slot *s = &f->slots[f->order[k]];

                if (s->end <= seq && s->seal_state == SEAL_COMMITTED)
                        s->seal_state = SEAL_DURABLE;
        }
        f->st.durable = seq;
        if (f->ingest_begun)
                (void)flow_send(f, FLOW_INGEST, 0, &m, sizeof(m), -1);
}

/* Where a store that succeeds another can stand: behind what was durable, at the end of a batch. */
static bool is_boundary(const struct flow *f, uint64_t seq) {
        for (unsigned k = 0; k < f->n_order; k++)
                if (f->slots[f->order[k]].end == seq && seq >= f->st.durable)
                        return true;
        return seq == f->st.durable;
}

static void say_condition(struct flow *f, uint32_t condition) {
        static const char *const said[] = {
                "the store writes again", "the store cannot write: the disk is full",
                "the store cannot write: the file system is read-only",
                "the store cannot write: input/output error", "the clock stepped back"};

        if (condition >= ARRAY_LEN(said) || condition == f->st.condition)
                return;
        f->st.condition = condition;
        f->calls.note(f->calls.ctx, condition == STORE_FINE ? 2 : 0, said[condition], UINT64_MAX);
}

/* A store that cannot begin says why and ends; it is started again until it can. Said when it changes. */
static int store_refused(struct flow *f, const struct msg_store_ready *m) {
        char text[sizeof(m->what) + 32];

        if (m->error == f->store_refused)
                return 0;
        f->store_refused = m->error;
        int n = snprintf(text, sizeof(text), "the store cannot begin: %.*s",
                         (int)strnlen(m->what, sizeof(m->what)), m->what);
        for (int i = 0; i < n; i++)
                text[i] = text[i] >= ' ' && text[i] < 0x7f ? text[i] : '?';
        f->calls.note(f->calls.ctx, 0, text, UINT64_MAX);
        if (store_condition_of(m->error) != STORE_FINE)
                say_condition(f, store_condition_of(m->error));
        return 0;
}

/* A store begins, the first or a successor: what it has is durable, the rest is given again. */
static int store_came(struct flow *f, const struct msg_store_ready *m) {
        if (f->store_ready)
                return -EPROTO;
        if (m->error < 0)
                return store_refused(f, m);
        f->store_refused = 0;
        if (!f->store_met) {
                f->next_seq = f->committed = f->judged_max = m->next_seq;
        } else if (!is_boundary(f, m->next_seq)) {
                f->calls.note(f->calls.ctx, 0, "the store does not continue where it was",
                              m->next_seq);
                return -EPROTO;
        }
        f->store_ready = f->store_met = true;
        for (unsigned i = 0; i < f->o.seals; i++) {
                struct msg_node_slot out = {.type = STORE_OUTPUT, .slot = i};

                if (f->seals[i].fd >= 0 &&
                    flow_send(f, FLOW_STORE, 0, &out, sizeof(out), f->seals[i].fd) < 0)
                        return 0;
        }
        f->committed = m->next_seq;
        for (unsigned k = 0; k < f->n_order; k++) {
                struct slot *s = &f->slots[f->order[k]];

                if (s->seal_state == SEAL_UNSURE)
                        s->seal_state = s->end <= m->next_seq ? SEAL_DURABLE : SEAL_WAITING;
        }
        now_durable(f, m->next_seq);
        say_condition(f, STORE_FINE); /* until it says otherwise */
        flow_meet_desk(f);
        return 0;
}

static int half_taken(struct flow *f, const struct msg_seal *m) {
        if (m->seal >= f->o.seals || m->half >= SEAL_HALVES)
                return -EPROTO;
        f->seals[m->seal].half_busy[m->half] = false;
        return 0;
}

static int store_message(struct flow *f, const void *m, size_t n, int fd) {
        union {
                struct msg_plain plain;
                struct msg_node_seq seq;
                struct msg_seal seal;
                struct msg_store_ready ready;
                struct msg_store_state state;
                struct msg_store_frames frames;
        } u;

        if (n > sizeof(u))
                return -EPROTO;
        memcpy(&u, m, n);
        if (u.plain.type == STORE_READY && n == sizeof(u.ready))
                return store_came(f, &u.ready);
        if (!f->store_ready)
                return -EPROTO;
        if (u.plain.type == STORE_TAKEN && n == sizeof(u.seal))
                return half_taken(f, &u.seal);
        if (u.plain.type == STORE_DURABLE && n == sizeof(u.seq)) {
                if (u.seq.seq < f->st.durable || u.seq.seq > f->committed)
                        return -EPROTO;
                now_durable(f, u.seq.seq);
                return 0;
        }
        if (u.plain.type == STORE_STATE && n == sizeof(u.state)) {
                say_condition(f, u.state.condition);
                return 0;
        }
        if (u.plain.type == STORE_POSITIONS && n == sizeof(u.frames) && fd >= 0)
                return positions_came(f, &u.frames, fd);
        if (u.plain.type == STORE_FRAMES && n == sizeof(u.frames))
                return flow_frames(f, &u.frames, fd);
        return -EPROTO;
}

/* ---- coming and going ---- */

static void seal_ready(struct flow *f, unsigned index, int fd) {
        struct msg_node_slot out = {.type = STORE_OUTPUT, .slot = index};
        struct seal *s = &f->seals[index];
        bool new_output = s->fd != fd;

        s->ready = true;
        s->working = false;
        s->fd = fd;
        if (new_output && f->store_ready)
                (void)flow_send(f, FLOW_STORE, 0, &out, sizeof(out), fd);
}

void flow_ready(struct flow *f, enum flow_role role, unsigned index, int fd, uint32_t generation) {
        if (role == FLOW_INGEST)
                f->ingest_ready = true;
        else if (role == FLOW_SEAL)
                seal_ready(f, index, fd);
        else if (role == FLOW_JUDGE)
                flow_judge_ready(f, index, fd, generation);
        pump(f);
}

static void ingest_died(struct flow *f) {
        f->ingest_ready = f->ingest_begun =
                false; /* an answer may be on its way: positions_asked */
        for (unsigned i = 0; i < f->o.slots; i++)
                if (f->slots[i].state == SLOT_INGEST)
                        f->slots[i].state = SLOT_FREE;
}

static void seal_died(struct flow *f, unsigned index) {
        f->seals[index].ready = f->seals[index].working = false;
        for (unsigned k = 0; k < f->n_order; k++) {
                struct slot *s = &f->slots[f->order[k]];

                if (s->seal_state != SEAL_WORKING || s->seal != index)
                        continue;
                f->seals[index].half_busy[s->half] = false;
                seal_failed(f, s);
        }
}

static void store_died(struct flow *f) {
        f->store_ready = f->positions_asked = f->reading = false;
        /* All that is not durable is sealed anew, from the oldest on, or an older batch might find
         * every half held by younger ones that wait for it. Only work under way keeps its half. */
        for (unsigned i = 0; i < f->o.seals; i++)
                for (unsigned h = 0; h < SEAL_HALVES; h++)
                        f->seals[i].half_busy[h] = false;
        for (unsigned k = 0; k < f->n_order; k++) {
                struct slot *s = &f->slots[f->order[k]];

                if (s->seal_state == SEAL_READY || s->seal_state == SEAL_COMMITTED)
                        s->seal_state = SEAL_UNSURE;
                if (s->seal_state == SEAL_WORKING)
                        f->seals[s->seal].half_busy[s->half] = true;
        }
}

void flow_died(struct flow *f, enum flow_role role, unsigned index, uint64_t hint) {
        if (role == FLOW_INGEST)
                ingest_died(f);
        else if (role == FLOW_SEAL)
                seal_died(f, index);
        else if (role == FLOW_STORE)
                store_died(f);
        else if (role == FLOW_DESK)
                flow_desk_died(f);
        else if (role == FLOW_JUDGE)
                flow_judge_died(f, index, hint);
        pump(f);
}

static int seal_message(struct flow *f, unsigned index, const void *m, size_t n) {
        struct msg_seal s;

        if (n != sizeof(s))
                return -EPROTO;
        memcpy(&s, m, sizeof(s));
        return s.type == NODE_SEALED ? sealed(f, index, &s) : -EPROTO;
}

int flow_message(struct flow *f, enum flow_role role, unsigned index, const void *m, size_t n,
                 int fd) {
        int r = -EPROTO;

        if (n < sizeof(struct msg_plain))
                return -EPROTO;
        switch (role) {
        case FLOW_INGEST: r = ingest_message(f, m, n); break;
        case FLOW_STORE: r = store_message(f, m, n, fd); break;
        case FLOW_SEAL: r = seal_message(f, index, m, n); break;
        case FLOW_JUDGE: r = flow_judge_message(f, index, m, n); break;
        case FLOW_DESK: r = flow_desk_message(f, m, n); break;
        case FLOW_ROLES: break;
        }
        if (r == 0)
                pump(f);
        return r;
}
