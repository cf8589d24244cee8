/* main/flow: a node played at random. Every process may die at any moment and forget what it had not
 * made durable; whatever happens, each record is stored once and in order (F2), judged or set aside
 * (F3), and no slot is used again before (F1). */
#include "check.h"

#include "main/flow.h"
#include "main/ranges.h"
#include "os/os.h"

#define SLOTS 8u
#define SEALS 2u
#define JUDGES 3u
#define RECORDS 6000u
#define SLACK INT64_C(2000000000) /* of the clock that the desk is told */
#define POISON 997u               /* every such record kills its judge */

static uint64_t seed;
static uint32_t dice(uint32_t n) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        return (uint32_t)(seed >> 33) % n;
}

enum held { NOBODYS, INGESTS, FLOWS };

struct job { /* of a seal or judge */
        struct msg_seal seal;
        struct msg_judge judge;
};

static struct world {
        struct flow *flow;
        int64_t now;
        bool alive[FLOW_ROLES][NODE_JUDGES_MAX];
        bool to_die[FLOW_ROLES][NODE_JUDGES_MAX];
        enum held slots[SLOTS];
        uint64_t slot_first[SLOTS], slot_end[SLOTS];
        uint64_t next_seq; /* of ingest */
        bool begun;
        bool positions_due;
        uint64_t durable, given; /* of the store: on disk; taken over, lost if it dies */
        bool durable_due;
        struct msg_seal taken[64];
        unsigned n_taken;
        struct msg_seal sealing[NODE_SEALS_MAX];
        bool seal_busy[NODE_SEALS_MAX];
        uint64_t half_first[NODE_SEALS_MAX][SEAL_HALVES], half_end[NODE_SEALS_MAX][SEAL_HALVES];
        struct msg_judge judging[NODE_JUDGES_MAX][2];
        unsigned n_judging[NODE_JUDGES_MAX];
        struct msg_store_read read;
        bool read_due;
        bool judged[RECORDS + 1], committed[RECORDS + 1]; /* told to the desk; in its database */
        bool aside[RECORDS + 1];
        unsigned asides;
        int64_t received[RECORDS + 1]; /* at the latest */
        int64_t clock;                 /* as the desk heard it last, in our time */
        uint64_t poison;               /* 0: none */
        bool liar;
        unsigned desk_due; /* DESK_TAKEN to be said */
} w;

static int64_t fake_now(void *ctx) {
        return w.now;
}

static int64_t fake_spent(void *ctx, unsigned judge) {
        return w.now;
}

static void fake_note(void *ctx, int level, const char *text, uint64_t seq) {
}

static void fake_end(void *ctx, enum flow_role role, unsigned index, const char *why) {
        w.to_die[role][index] = true;
}

static void to_ingest(const void *m, size_t n) {
        const struct msg_node_slot *s = m;
        const struct msg_node_seq *q = m;

        if (s->type == NODE_SLOT) {
                check(w.slots[s->slot] != INGESTS);
                if (w.slots[s->slot] == FLOWS) /* F1 */
                        check(w.slot_end[s->slot] <= w.durable);
                w.slots[s->slot] = INGESTS;
        } else if (q->type == NODE_BEGIN) {
                check(!w.begun);
                check_int(q->seq, w.durable); /* everything before is durable */
                w.begun = true;
                w.next_seq = q->seq;
        } else if (q->type == NODE_DURABLE) {
                check(q->seq <= w.durable);
        }
}

static void to_store(const void *m, size_t n) {
        const struct msg_seal *s = m;

        if (s->type == STORE_COMMIT) {
                check_int(s->first_seq, w.given); /* F2 */
                check_int(w.half_first[s->seal][s->half], s->first_seq);
                check_int(w.half_end[s->seal][s->half], s->first_seq + s->n_records);
                w.given = s->first_seq + s->n_records;
                check(w.n_taken < ARRAY_LEN(w.taken));
                w.taken[w.n_taken++] = *s;
        } else if (s->type == STORE_READ) {
                w.read = *(const struct msg_store_read *)m;
                check(w.read.to <= w.durable && w.read.from < w.read.to);
                w.read_due = true;
        } else if (s->type == STORE_POSITIONS) {
                w.positions_due = true;
        }
}

/* Whatever was received before is judged. The node's clock runs apart from ours, so only ages count. */
static void clock_said(uint64_t to) {
        w.clock = w.now - (os_now() - SLACK - (int64_t)to);
        for (uint64_t i = 0; i < w.next_seq; i++)
                check(w.received[i] >= w.clock || w.judged[i]);
}

static void to_desk(const void *m, size_t n) {
        const struct msg_judge *j = m;
        const struct msg_own_alert *a = m;

        w.desk_due += j->type == DESK_BATCH;
        if (j->type == DESK_CLOCK)
                clock_said(((const struct msg_node_seq *)m)->seq);
        if (j->type == DESK_BATCH)
                for (uint64_t i = j->from; i < j->to; i++)
                        w.judged[i] = true;
        if (a->type == DESK_INCIDENT && a->what == OWN_CRASH) {
                w.aside[a->seq] = true;
                w.asides++;
        }
}

static int fake_send(void *ctx, enum flow_role role, unsigned index, const void *m, size_t n,
                     int fd) {
        if (!w.alive[role][index])
                return -EPIPE;
        if (role == FLOW_INGEST) {
                to_ingest(m, n);
        } else if (role == FLOW_STORE) {
                to_store(m, n);
        } else if (role == FLOW_DESK) {
                to_desk(m, n);
        } else if (role == FLOW_SEAL) {
                check(!w.seal_busy[index]);
                w.sealing[index] = *(const struct msg_seal *)m;
                w.seal_busy[index] = true;
                w.half_first[index][w.sealing[index].half] = UINT64_MAX; /* overwritten */
        } else {
                const struct msg_judge *j = m;

                if (j->type == JUDGE_EMPTIED)
                        return 0;
                check(w.n_judging[index] < 2);
                w.judging[index][w.n_judging[index]++] = *j;
        }
        return 0;
}

static void say(enum flow_role role, unsigned index, const void *m, size_t n, int fd) {
        int r = flow_message(w.flow, role, index, m, n, fd);

        if (r != 0)
                printf("# role %d says %u\n", role, *(const uint32_t *)m);
        check_int(r, 0);
}

/* ---- what each process may do next ---- */

static void act_ingest(void) {
        uint32_t slot = dice(SLOTS), n = 1 + dice(40);

        if (!w.begun || w.slots[slot] != INGESTS || w.next_seq >= RECORDS)
                return;
        n = (uint32_t)MIN(n, RECORDS - w.next_seq);
        struct msg_node_slot m = {NODE_FILLED, slot, 100, n, w.next_seq};
        w.slots[slot] = FLOWS;
        w.slot_first[slot] = w.next_seq;
        w.slot_end[slot] = w.next_seq + n;
        for (uint64_t i = w.next_seq; i < w.next_seq + n; i++)
                w.received[i] = w.now;
        w.next_seq += n;
        say(FLOW_INGEST, 0, &m, sizeof(m), -1);
}

static void act_seal(unsigned i) {
        struct msg_seal m = w.sealing[i];

        if (!w.seal_busy[i])
                return;
        w.seal_busy[i] = false;
        check_int(w.slot_first[m.slot], m.first_seq); /* still in the ring */
        w.half_first[i][m.half] = m.first_seq;
        w.half_end[i][m.half] = m.first_seq + m.n_records;
        m.type = NODE_SEALED;
        m.bytes = 10;
        say(FLOW_SEAL, i, &m, sizeof(m), -1);
}

static void act_store(void) {
        if (w.n_taken && dice(2)) {
                struct msg_seal m = w.taken[0];
                memmove(w.taken, w.taken + 1, --w.n_taken * sizeof(m));
                m.type = STORE_TAKEN;
                say(FLOW_STORE, 0, &m, sizeof(m), -1);
        } else if (w.n_taken == 0 && w.given > w.durable) {
                struct msg_node_seq m = {.type = STORE_DURABLE, .seq = w.given};
                w.durable = w.given;
                say(FLOW_STORE, 0, &m, sizeof(m), -1);
        }
        if (w.positions_due) {
                struct msg_store_frames m = {.type = STORE_POSITIONS};
                w.positions_due = false;
                say(FLOW_STORE, 0, &m, sizeof(m), 0);
        }
        if (w.read_due) {
                uint64_t to = w.read.from + 1 + dice(100), less = dice(5), more = dice(5);
                struct msg_store_frames m = {.type = STORE_FRAMES,
                                             .token = w.read.token,
                                             .from = w.read.from - MIN(w.read.from, less),
                                             .to = MIN(MIN(to, w.read.to) + more, w.durable)};
                w.read_due = false;
                say(FLOW_STORE, 0, &m, sizeof(m), 0);
        }
}

static void die(enum flow_role role, unsigned i, uint64_t hint);

static void act_judge(unsigned i) {
        struct msg_judge m = w.judging[i][0];

        if (w.n_judging[i] == 0)
                return;
        for (uint64_t s = m.from; s < m.to && w.poison; s++)
                if (s % w.poison == 1) {
                        die(FLOW_JUDGE, i, w.liar ? dice(RECORDS) : s);
                        return;
                }
        if (m.slot != UINT32_MAX)
                check(w.slots[m.slot] == FLOWS && w.slot_first[m.slot] == m.first_seq);
        w.judging[i][0] = w.judging[i][1];
        w.n_judging[i]--;
        m.type = JUDGED;
        m.events = m.to - m.from;
        say(FLOW_JUDGE, i, &m, sizeof(m), -1);
}

static void act_desk(void) {
        struct msg_judge m = {.type = DESK_TAKEN};

        for (; w.desk_due; w.desk_due--)
                say(FLOW_DESK, 0, &m, sizeof(m), -1);
        memcpy(w.committed, w.judged, sizeof(w.judged));
}

static void die(enum flow_role role, unsigned i, uint64_t hint) {
        if (!w.alive[role][i])
                return;
        w.alive[role][i] = w.to_die[role][i] = false;
        if (role == FLOW_INGEST) {
                w.begun = false;
                for (unsigned k = 0; k < SLOTS; k++)
                        if (w.slots[k] == INGESTS)
                                w.slots[k] = NOBODYS;
        } else if (role == FLOW_STORE) {
                /* What it was writing may have reached the disk, or not. */
                if (dice(2))
                        w.durable = w.given;
                w.given = w.durable;
                w.n_taken = 0;
                w.positions_due = w.read_due = false;
        } else if (role == FLOW_DESK) {
                memcpy(w.judged, w.committed, sizeof(w.judged));
                w.desk_due = 0;
        } else if (role == FLOW_SEAL) {
                w.seal_busy[i] = false;
        } else {
                w.n_judging[i] = 0;
        }
        flow_died(w.flow, role, i, hint);
}

static void start(enum flow_role role, unsigned i) {
        if (w.alive[role][i])
                return;
        w.alive[role][i] = true;
        if (role == FLOW_STORE) {
                struct msg_store_ready m = {.type = STORE_READY, .next_seq = w.durable};
                say(role, i, &m, sizeof(m), -1);
        } else if (role == FLOW_DESK) {
                struct msg_node_seq m = {.type = DESK_READY};
                while (m.seq < RECORDS && w.committed[m.seq])
                        m.seq++;
                say(role, i, &m, sizeof(m), -1);
        } else {
                flow_ready(w.flow, role, i, 0, 1);
        }
}

static unsigned count_of(enum flow_role role) {
        return role == FLOW_SEAL ? SEALS : role == FLOW_JUDGE ? JUDGES : 1;
}

static void step(unsigned deaths) {
        enum flow_role role = dice(FLOW_ROLES);
        unsigned i = dice(count_of(role));

        w.now += 1000000;
        for (unsigned r = 0; r < FLOW_ROLES; r++)
                for (unsigned k = 0; k < count_of(r); k++)
                        if (w.to_die[r][k])
                                die(r, k, dice(RECORDS));
        if (!w.alive[role][i])
                start(role, i);
        else if (deaths && dice(deaths) == 0)
                die(role, i, dice(RECORDS));
        else if (role == FLOW_INGEST)
                act_ingest();
        else if (role == FLOW_STORE)
                act_store();
        else if (role == FLOW_SEAL)
                act_seal(i);
        else if (role == FLOW_JUDGE)
                act_judge(i);
        else
                act_desk();
        flow_tick(w.flow);
}

static bool all_done(void) {
        for (unsigned i = 0; i < RECORDS; i++)
                if (!w.committed[i])
                        return false;
        return w.durable == RECORDS;
}

static void play(uint64_t with, unsigned deaths, uint64_t poison, bool liar) {
        struct flow_options o = {.slots = SLOTS, .seals = SEALS, .judges = JUDGES};
        struct flow_calls calls = {NULL, fake_send, fake_end, fake_note, fake_now, fake_spent};
        unsigned steps = 0;

        memset(&w, 0, sizeof(w));
        seed = with;
        w.poison = poison;
        w.liar = liar;
        check_int(flow_new(&w.flow, &o, &calls), 0);
        /* Deaths until most is through, then peace: all must come to an end. */
        while (!all_done() && steps < 400000)
                step(w.durable < RECORDS - 500 ? deaths : (steps++, 0));
        check(all_done());
        for (unsigned i = 0; i < RECORDS && poison; i++)
                if (i % poison == 1)
                        check(w.aside[i]);
        if (!liar && poison)
                for (unsigned i = 0; i < RECORDS; i++)
                        check(!w.aside[i] || i % poison == 1);
        check(flow_settled(w.flow));
        for (unsigned i = 0; i < 4000; i++) /* four quiet seconds */
                step(0);
        check(w.now - w.clock < INT64_C(2000000000));
        w.flow = flow_free(w.flow);
}

static void all_is_kept_and_judged(void) {
        play(1, 0, 0, false);
        check_int(w.asides, 0);
}

static void whoever_dies(void) {
        for (unsigned i = 0; i < 100; i++)
                play(100 + i, 10 + i * 7, 0, false);
}

static void records_that_kill_are_set_aside(void) {
        for (unsigned i = 0; i < 5; i++)
                play(200 + i, i ? 300 : 0, POISON, false);
}

static void judges_that_lie_cost_no_more_than_the_record(void) {
        for (unsigned i = 0; i < 5; i++) {
                play(300 + i, 0, POISON, true);
                check(w.asides <= 4 * (RECORDS / POISON + 2));
        }
}

static void who_breaks_the_rules_is_ended(void) {
        struct flow_options o = {.slots = SLOTS, .seals = SEALS, .judges = JUDGES};
        struct flow_calls calls = {NULL, fake_send, fake_end, fake_note, fake_now, fake_spent};
        struct msg_node_slot filled = {NODE_FILLED, 0, 10, 1, 0};
        struct msg_node_seq durable = {.type = STORE_DURABLE, .seq = 5};
        struct msg_seal sealed = {.type = NODE_SEALED};
        struct msg_judge judged = {.type = JUDGED, .to = 1};

        memset(&w, 0, sizeof(w));
        check_int(flow_new(&w.flow, &o, &calls), 0);
        for (unsigned r = 0; r < FLOW_ROLES; r++)
                for (unsigned k = 0; k < count_of(r); k++)
                        start(r, k);
        act_store();
        check_int(flow_message(w.flow, FLOW_STORE, 0, &durable, sizeof(durable), -1), -EPROTO);
        check_int(flow_message(w.flow, FLOW_SEAL, 0, &sealed, sizeof(sealed), -1), -EPROTO);
        check_int(flow_message(w.flow, FLOW_JUDGE, 0, &judged, sizeof(judged), -1), -EPROTO);
        filled.slot = SLOTS;
        check_int(flow_message(w.flow, FLOW_INGEST, 0, &filled, sizeof(filled), -1), -EPROTO);
        filled.slot = 0;
        filled.first_seq = 1;
        check_int(flow_message(w.flow, FLOW_INGEST, 0, &filled, sizeof(filled), -1), -EPROTO);
        filled.first_seq = 0;
        check_int(flow_message(w.flow, FLOW_INGEST, 0, &filled, sizeof(filled), -1), 0);
        check_int(flow_message(w.flow, FLOW_INGEST, 0, &filled, sizeof(filled), -1), -EPROTO);
        w.flow = flow_free(w.flow);
}

static void a_judge_that_hangs_is_ended(void) {
        struct flow_options o = {.slots = SLOTS, .seals = SEALS, .judges = JUDGES};
        struct flow_calls calls = {NULL, fake_send, fake_end, fake_note, fake_now, fake_spent};

        memset(&w, 0, sizeof(w));
        check_int(flow_new(&w.flow, &o, &calls), 0);
        for (unsigned r = 0; r < FLOW_ROLES; r++)
                for (unsigned k = 0; k < count_of(r); k++)
                        start(r, k);
        act_store();
        while (w.n_judging[0] + w.n_judging[1] + w.n_judging[2] == 0)
                act_ingest();
        w.now += INT64_C(1900000000);
        flow_tick(w.flow);
        check(!w.to_die[FLOW_JUDGE][0]);
        w.now += INT64_C(200000000);
        flow_tick(w.flow);
        check(w.to_die[FLOW_JUDGE][0] || w.to_die[FLOW_JUDGE][1] || w.to_die[FLOW_JUDGE][2]);
        w.flow = flow_free(w.flow);
}

static void ranges_stay_sorted_and_cover(void) {
        struct ranges r = {0};
        static bool in[5000];

        memset(in, 0, sizeof(in));
        seed = 7;
        for (unsigned i = 0; i < 400; i++) {
                uint32_t from = dice(4900), to = from + dice(30);
                ranges_add(&r, from, to);
                for (uint32_t k = from; k < to; k++)
                        in[k] = true;
                check(r.n <= RANGES_MAX);
                for (unsigned k = 1; k < r.n; k++)
                        check(r.at[k - 1].to < r.at[k].from);
                for (unsigned k = 0; k < ARRAY_LEN(in); k++) {
                        bool covered = false;
                        for (unsigned q = 0; q < r.n; q++)
                                covered |= k >= r.at[q].from && k < r.at[q].to;
                        check(covered || !in[k]);
                }
        }
        uint64_t sum = ranges_sum(&r), first = r.at[0].to - r.at[0].from;
        ranges_cut(&r, r.at[0].to);
        check_int(ranges_sum(&r), sum - first);
}

int main(void) {
        RUN(ranges_stay_sorted_and_cover);
        RUN(all_is_kept_and_judged);
        RUN(who_breaks_the_rules_is_ended);
        RUN(a_judge_that_hangs_is_ended);
        RUN(whoever_dies);
        RUN(records_that_kill_are_set_aside);
        RUN(judges_that_lie_cost_no_more_than_the_record);
        return check_done();
}
