/* main/flow: a node played at random. Every process, main too, may die at any moment and forget what
 * it had not made durable; whatever happens, each record is stored once and in order (F2), judged or
 * set aside (F3), and no slot is used again before (F1).
 *
 * Every record has one verdict. A judge puts it in its outbox when it is at the record, long before it
 * says that it judged the batch; the desk takes all that is in an outbox whenever it hears of that
 * judge, may find it broken, and forgets what it had not committed. What counts is that no watermark
 * is committed over a record whose verdict is not. */
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

#define BOXES 64u /* outboxes of one judge, one a life */
#define BOX_FULL 60u
#define BOX_MAX 128u
#define DESK_QUEUE 1024u

enum held { NOBODYS, INGESTS, FLOWS };

struct box {
        uint32_t said[BOX_MAX];
        unsigned n;
};

/* What the desk knows, and what of it is in its database. */
struct desk_state {
        bool judged[RECORDS + 1], known[RECORDS + 1], aside[RECORDS + 1];
};

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
        uint64_t at[NODE_JUDGES_MAX]; /* the record it is at; 0: it has not begun */
        bool waits[NODE_JUDGES_MAX];  /* said that its outbox is full */
        unsigned lives[NODE_JUDGES_MAX];
        struct box boxes[NODE_JUDGES_MAX][BOXES];
        struct msg_store_read read;
        bool read_due;
        struct desk_state desk, disk;
        uint64_t watermark; /* on the disk */
        union desk_message {
                struct msg_judge judge;
                struct msg_own_alert own;
                struct msg_node_seq clock; /* in our time */
        } to_desk[DESK_QUEUE];
        unsigned n_to_desk;
        unsigned desk_box[NODE_JUDGES_MAX]; /* the life of the judge whose outbox it has */
        bool box_broken[NODE_JUDGES_MAX];
        struct msg_judge to_commit[DESK_QUEUE];
        unsigned n_to_commit;
        unsigned asides;
        int64_t received[RECORDS + 1]; /* at the latest */
        int64_t clock;                 /* as the desk heard it last, in our time */
        uint64_t poison;               /* 0: none */
        uint64_t garbled; /* what is said of every such record cannot be read; 0: none */
        bool liar;
        unsigned breaks;    /* one in so many batches is found broken; 0: none */
        unsigned retention; /* takes away one in so many of what is read; 0: none */
        bool gone[RECORDS + 1];
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

static void to_desk(const void *m, size_t n) {
        check(w.n_to_desk < DESK_QUEUE && n <= sizeof(w.to_desk[0]));
        memcpy(&w.to_desk[w.n_to_desk], m, n);
        if (w.to_desk[w.n_to_desk].judge.type == DESK_BATCH) {
                const struct msg_judge *j = &w.to_desk[w.n_to_desk].judge;
                check(j->to <= j->first_seq && j->first_seq <= w.durable); /* F5 */
        }
        /* The node's clock runs apart from ours, so only ages count. */
        if (w.to_desk[w.n_to_desk].clock.type == DESK_CLOCK) {
                uint64_t *t = &w.to_desk[w.n_to_desk].clock.seq;
                *t = (uint64_t)(w.now - (os_now() - SLACK - (int64_t)*t));
        }
        w.n_to_desk++;
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
                struct msg_judge box;

                memcpy(&box, m, MIN(n, sizeof(box)));
                if (box.type == DESK_OUTBOX) { /* its descriptor, in place of one */
                        box.bytes = w.lives[box.judge];
                        m = &box;
                }
                to_desk(m, n);
        } else if (role == FLOW_SEAL) {
                check(!w.seal_busy[index]);
                w.sealing[index] = *(const struct msg_seal *)m;
                w.seal_busy[index] = true;
                w.half_first[index][w.sealing[index].half] = UINT64_MAX; /* overwritten */
        } else {
                const struct msg_judge *j = m;

                if (j->type == JUDGE_EMPTIED) {
                        check(w.waits[index]);
                        w.waits[index] = false;
                        return 0;
                }
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
        if (w.read_due && w.retention && dice(w.retention) == 0) {
                uint64_t n = dice(2) ? w.read.to - w.read.from
                                     : dice((uint32_t)(w.read.to - w.read.from));
                memset(&w.gone[w.read.from], true, n);
                /* Nothing of it, or what is behind. */
                struct msg_store_frames m = {.type = STORE_FRAMES,
                                             .token = w.read.token,
                                             .from = w.read.from + n,
                                             .to = w.read.to};
                w.read_due = false;
                say(FLOW_STORE, 0, &m, sizeof(m), 0);
        } else if (w.read_due) {
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

static struct box *box_of(unsigned judge, unsigned life) {
        return &w.boxes[judge][life % BOXES];
}

/* The next few records, and what there is to say of each. */
static void judge_some(unsigned i, const struct msg_judge *m) {
        struct box *b = box_of(i, w.lives[i]);

        w.at[i] = MAX(w.at[i], m->from);
        for (unsigned k = 1 + dice(20); k && w.at[i] < m->to; k--, w.at[i]++) {
                if (w.poison && w.at[i] % w.poison == 1) {
                        die(FLOW_JUDGE, i, w.liar ? dice(RECORDS) : w.at[i]);
                        return;
                }
                check(b->n < BOX_MAX);
                b->said[b->n++] = (uint32_t)w.at[i];
        }
}

static void act_judge(unsigned i) {
        struct msg_judge m = w.judging[i][0];
        struct msg_plain full = {JUDGE_FULL, 0};

        if (w.n_judging[i] == 0 || w.waits[i])
                return;
        if (m.slot != UINT32_MAX)
                check(w.slots[m.slot] == FLOWS && w.slot_first[m.slot] == m.first_seq);
        if (box_of(i, w.lives[i])->n > BOX_FULL) {
                w.waits[i] = true;
                say(FLOW_JUDGE, i, &full, sizeof(full), -1);
                return;
        }
        if (w.at[i] < m.to) {
                judge_some(i, &m);
                return;
        }
        w.judging[i][0] = w.judging[i][1];
        w.n_judging[i]--;
        w.at[i] = 0;
        m.type = JUDGED;
        m.events = m.to - m.from;
        say(FLOW_JUDGE, i, &m, sizeof(m), -1);
}

/* All that is in the outbox of records below `limit`; false: it cannot be read on from somewhere. */
static bool drain(unsigned judge, uint64_t limit) {
        struct box *b = box_of(judge, w.desk_box[judge]);
        bool broken = w.box_broken[judge] || (w.breaks && dice(w.breaks) == 0);
        unsigned n = 0, most = broken ? dice(b->n + 1) : b->n;

        if (w.box_broken[judge])
                return false;
        for (; n < most && b->said[n] < limit; n++) {
                if (w.garbled && b->said[n] % w.garbled == 1) {
                        broken = true;
                        break;
                }
                w.desk.known[b->said[n]] = true;
        }
        memmove(b->said, b->said + n, (b->n - n) * sizeof(b->said[0]));
        b->n -= n;
        w.box_broken[judge] = broken;
        return !broken;
}

static void take_batch(const struct msg_judge *m) {
        struct msg_judge taken = *m;

        taken.type = DESK_TAKEN;
        taken.error = drain(m->judge, m->first_seq) ? 0 : -EBADMSG;
        if (taken.error == 0 && m->from < m->to) {
                memset(&w.desk.judged[m->from], true, m->to - m->from);
                check(w.n_to_commit < DESK_QUEUE);
                w.to_commit[w.n_to_commit++] = *m;
        }
        say(FLOW_DESK, 0, &taken, sizeof(taken), -1);
}

static void desk_commits(void) {
        w.disk = w.desk;
        while (w.watermark < RECORDS && w.disk.judged[w.watermark]) {
                check(w.disk.known[w.watermark] || w.disk.aside[w.watermark] ||
                      w.gone[w.watermark]); /* F3 */
                w.watermark++;
        }
        for (unsigned k = 0; k < w.n_to_commit; k++) {
                struct msg_judge m = w.to_commit[k];
                m.type = DESK_COMMITTED;
                m.first_seq = w.watermark;
                say(FLOW_DESK, 0, &m, sizeof(m), -1);
        }
        w.n_to_commit = 0;
        check(flow_stats(w.flow)->judged <= w.watermark);
}

/* Whatever was received before is judged; what was just found to be broken is not known yet. */
static void take_clock(const struct msg_node_seq *m) {
        w.clock = (int64_t)m->seq;
        for (uint64_t i = 0; i < w.next_seq && w.breaks + w.garbled == 0; i++)
                check(w.received[i] >= w.clock || w.desk.judged[i]);
}

static void act_desk(void) {
        for (unsigned k = dice(8); k && w.n_to_desk && w.alive[FLOW_DESK][0]; k--) {
                union desk_message m = w.to_desk[0];

                memmove(w.to_desk, w.to_desk + 1, --w.n_to_desk * sizeof(m));
                if (m.judge.type == DESK_OUTBOX) {
                        w.desk_box[m.judge.judge] = m.judge.bytes;
                        w.box_broken[m.judge.judge] = false;
                } else if (m.judge.type == DESK_BATCH) {
                        take_batch(&m.judge);
                } else if (m.clock.type == DESK_CLOCK) {
                        take_clock(&m.clock);
                } else if (m.own.type == DESK_INCIDENT && m.own.what == OWN_CRASH) {
                        w.desk.aside[m.own.seq] = true;
                        w.asides++;
                }
        }
        if (dice(3) == 0)
                desk_commits();
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
                w.desk = w.disk;
                w.n_to_desk = w.n_to_commit = 0;
        } else if (role == FLOW_SEAL) {
                w.seal_busy[i] = false;
        } else {
                w.n_judging[i] = 0;
                w.at[i] = 0;
                w.waits[i] = false;
                box_of(i, ++w.lives[i])->n = 0;
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
                struct msg_node_seq m = {.type = DESK_READY, .seq = w.watermark};
                memset(w.box_broken, 0, sizeof(w.box_broken));
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

static void begin(void) {
        struct flow_options o = {.slots = SLOTS, .seals = SEALS, .judges = JUDGES};
        struct flow_calls calls = {NULL, fake_send, fake_end, fake_note, fake_now, fake_spent};

        check_int(flow_new(&w.flow, &o, &calls), 0);
}

/* Everybody goes with it. Numbers of records that were not durable are given again, to others: nobody
 * may know anything of them. */
static void main_dies(void) {
        struct world before = w;

        w.flow = flow_free(w.flow);
        memset(&w, 0, sizeof(w));
        w.now = before.now;
        w.durable = w.given = dice(2) ? before.durable : before.given;
        w.desk = w.disk = before.disk;
        w.watermark = before.watermark;
        w.asides = before.asides;
        w.poison = before.poison;
        w.garbled = before.garbled;
        w.liar = before.liar;
        w.breaks = before.breaks;
        w.retention = before.retention;
        memcpy(w.received, before.received, sizeof(w.received));
        memcpy(w.gone, before.gone, sizeof(w.gone));
        for (uint64_t i = w.durable; i < RECORDS; i++)
                check(!w.disk.judged[i] && !w.disk.known[i] && !w.disk.aside[i]); /* F5 */
        begin();
}

static bool all_done(void) {
        return w.durable == RECORDS && w.watermark == RECORDS;
}

struct life {
        unsigned deaths, main_deaths, breaks, retention; /* once in so many steps; 0: never */
        uint64_t poison, garbled;
        bool liar;
};

static void play(uint64_t with, struct life l) {
        unsigned steps = 0;

        memset(&w, 0, sizeof(w));
        seed = with;
        w.poison = l.poison;
        w.garbled = l.garbled;
        w.liar = l.liar;
        w.breaks = l.breaks;
        w.retention = l.retention;
        begin();
        /* Deaths until most is through, then peace: all must come to an end. */
        while (!all_done() && steps < 400000) {
                bool peace = w.durable >= RECORDS - 500;

                steps += peace;
                if (!peace && l.main_deaths && dice(l.main_deaths) == 0)
                        main_dies();
                if (peace)
                        w.breaks = 0;
                step(peace ? 0 : l.deaths);
        }
        check(all_done());
        for (unsigned i = 0; i < RECORDS && l.poison; i++)
                if (i % l.poison == 1)
                        check(w.disk.aside[i]);
        for (unsigned i = 0; i < RECORDS && l.garbled; i++)
                check(w.disk.aside[i] == (i % l.garbled == 1));
        if (!l.liar && l.poison)
                for (unsigned i = 0; i < RECORDS; i++)
                        check(!w.disk.aside[i] || i % l.poison == 1);
        check(flow_settled(w.flow));
        for (unsigned i = 0; i < 4000; i++) /* four quiet seconds */
                step(0);
        check(w.now - w.clock < INT64_C(3000000000));
        w.flow = flow_free(w.flow);
}

static void all_is_kept_and_judged(void) {
        play(1, (struct life){0});
        check_int(w.asides, 0);
}

static void whoever_dies(void) {
        for (unsigned i = 0; i < 100; i++)
                play(100 + i, (struct life){.deaths = 10 + i * 7});
}

static void main_too(void) {
        for (unsigned i = 0; i < 50; i++)
                play(400 + i, (struct life){.deaths = 10 + i * 14, .main_deaths = 200 + i * 40});
}

static void retention_takes_what_waits(void) {
        for (unsigned i = 0; i < 50; i++)
                play(600 + i, (struct life){.deaths = 10 + i * 7, .retention = 2 + i % 7});
}

static void judges_that_say_what_cannot_be_read(void) {
        for (unsigned i = 0; i < 20; i++)
                play(500 + i, (struct life){.deaths = i % 2 ? 100 : 0, .breaks = 5 + i});
}

static void records_that_kill_are_set_aside(void) {
        for (unsigned i = 0; i < 5; i++)
                play(200 + i, (struct life){.deaths = i ? 300 : 0, .poison = POISON});
}

/* Nobody dies of them, and judging them again helps nothing: only they are set aside. */
static void records_that_nobody_can_speak_of_are_set_aside(void) {
        for (unsigned i = 0; i < 20; i++)
                play(700 + i, (struct life){.deaths = i % 4 ? 200 + i * 20 : 0,
                                            .main_deaths = i % 3 ? 0 : 400,
                                            .garbled = 300 + i * 97});
}

static void judges_that_lie_cost_no_more_than_the_record(void) {
        for (unsigned i = 0; i < 5; i++) {
                play(300 + i, (struct life){.poison = POISON, .liar = true});
                check(w.asides <= 4 * (RECORDS / POISON + 2));
        }
}

static void who_breaks_the_rules_is_ended(void) {
        struct msg_node_slot filled = {NODE_FILLED, 0, 10, 1, 0};
        struct msg_node_seq durable = {.type = STORE_DURABLE, .seq = 5};
        struct msg_seal sealed = {.type = NODE_SEALED};
        struct msg_judge judged = {.type = JUDGED, .to = 1};

        memset(&w, 0, sizeof(w));
        begin();
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
        memset(&w, 0, sizeof(w));
        begin();
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

static void check_ranges(const struct ranges *r, const bool *in, unsigned n, bool exact) {
        check(r->n <= RANGES_MAX);
        for (unsigned k = 1; k < r->n; k++)
                check(r->at[k - 1].to < r->at[k].from);
        for (unsigned k = 0; k < n; k++) {
                bool covered = false;
                for (unsigned q = 0; q < r->n; q++)
                        covered |= k >= r->at[q].from && k < r->at[q].to;
                check(covered == in[k] || (!exact && covered));
        }
}

static void ranges_stay_sorted_and_cover(void) {
        struct ranges r = {0};
        static bool in[5000];

        memset(in, 0, sizeof(in));
        seed = 7;
        for (unsigned i = 0; i < 400; i++) {
                uint32_t from = dice(4900), to = from + dice(30);
                ranges_add(&r, from, to);
                memset(&in[from], true, to - from);
                check_ranges(&r, in, ARRAY_LEN(in), false);
        }
}

static void ranges_take_what_is_asked(void) {
        struct ranges r = {0};
        static bool in[600]; /* room for some thirty ranges, so none has to be joined */

        memset(in, 0, sizeof(in));
        seed = 8;
        for (unsigned i = 0; i < 4000; i++) {
                uint32_t from = dice(580), to = from + dice(20);
                bool add = dice(2);

                (add ? ranges_add : ranges_take)(&r, from, to);
                memset(&in[from], add, to - from);
                check_ranges(&r, in, ARRAY_LEN(in), true);
                uint64_t sum = 0;
                for (unsigned k = 0; k < ARRAY_LEN(in); k++)
                        sum += in[k];
                check_int(ranges_sum(&r), sum);
        }
        /* Full of ranges, a hole finds no place: it stays covered. */
        r.n = 0;
        for (unsigned i = 0; i < RANGES_MAX; i++)
                ranges_add(&r, i * 10, i * 10 + 5);
        ranges_take(&r, 12, 13);
        check_int(r.n, RANGES_MAX);
        check_int(ranges_sum(&r), RANGES_MAX * 5);
        ranges_take(&r, 3, 22);
        check_int(ranges_sum(&r), RANGES_MAX * 5 - 2 - 5 - 2);
}

int main(void) {
        RUN(ranges_stay_sorted_and_cover);
        RUN(ranges_take_what_is_asked);
        RUN(all_is_kept_and_judged);
        RUN(who_breaks_the_rules_is_ended);
        RUN(a_judge_that_hangs_is_ended);
        RUN(whoever_dies);
        RUN(main_too);
        RUN(retention_takes_what_waits);
        RUN(judges_that_say_what_cannot_be_read);
        RUN(records_that_kill_are_set_aside);
        RUN(records_that_nobody_can_speak_of_are_set_aside);
        RUN(judges_that_lie_cost_no_more_than_the_record);
        return check_done();
}
