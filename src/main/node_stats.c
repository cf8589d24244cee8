/* The page that main writes for the console (wire/node_stats.h), and the console's listener. An
 * address that cannot be bound is said and leaves the node without a console: to receive and to keep
 * is worth more than to be watched. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>

#include "main/node_impl.h"
#include "main/phrases.h"
#include "os/bind.h"

static void bind_console(struct node *n, const struct config *c) {
        if (c->metrics_port == 0)
                return;
        n->metrics_fd = os_bind(BIND_STREAM, c->metrics, c->metrics_port);
        if (n->metrics_fd < 0)
                node_say(n, 0, "main", "metrics port=%u cannot be bound, so none are shown: %s%s",
                         c->metrics_port, error_text(n->metrics_fd),
                         node_bind_advice(n->metrics_fd, "metrics:"));
}

static int read_only(int fd) {
        char path[64];

        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        return os_open(path, O_RDONLY, 0);
}

int node_open_stats(struct node *n) {
        void *p = NULL;
        int r = os_memfd("node stats", &n->stats_fd);

        if (r == 0)
                r = os_ftruncate(n->stats_fd, sizeof(struct node_stats_page));
        if (r == 0)
                r = os_map(n->stats_fd, sizeof(struct node_stats_page), true, &p);
        if (r < 0)
                return FAIL(r);
        assert(p);
        n->stats = p;
        n->stats->version = 1;
        n->stats->started = os_now();
        n->stats_ro = read_only(n->stats_fd);
        n->counters_ro = read_only(n->counters_fd);
        if (n->stats_ro < 0 || n->counters_ro < 0)
                return FAIL(MIN(n->stats_ro, n->counters_ro));
        bind_console(n, n->config);
        node_open_web(n, n->config, -1);
        return 0;
}

void node_close_stats(struct node *n) {
        int fds[] = {n->metrics_fd, n->counters_ro, n->stats_fd, n->stats_ro};

        if (n->stats)
                os_unmap(n->stats, sizeof(struct node_stats_page));
        for (unsigned i = 0; i < ARRAY_LEN(fds); i++)
                os_close_quiet(fds[i]);
        node_close_web(n);
}

bool node_has_console(const struct node *n) {
        return n->metrics_fd >= 0 || n->web.fd >= 0;
}

void node_move_console(struct node *n, const struct config *before) {
        const struct config *c = n->config;
        struct worker *w = &n->workers[NODE_CONSOLE];

        bool same = c->metrics_port == before->metrics_port &&
                    memcmp(c->metrics, before->metrics, sizeof(c->metrics)) == 0;

        if (same && !node_web_changed(n, before))
                return;
        if (!same) {
                os_close_quiet(n->metrics_fd);
                n->metrics_fd = -1;
                bind_console(n, c);
        }
        node_renew_web(n, before);
        w->wanted = node_has_console(n);
        w->retired = w->child.pid > 0;
        if (w->retired)
                os_kill(w->child.pid, SIGKILL);
}

/* ---- the numbers ---- */

static void set(struct node *n, enum node_number k, uint64_t v) {
        __atomic_store_n(&n->stats->numbers[k], v, __ATOMIC_RELAXED);
}

void node_set_numbers(struct node *n, const struct msg_rules_done *rules) {
        _Static_assert((unsigned)KIND_ADDRESS + NUMBER_INDICATORS_ADDRESS + INTEL_KINDS ==
                               NUMBER_INDICATORS_EXPIRED,
                       "a number for each kind");
        set(n, NUMBER_RULES, rules->n_rules);
        set(n, NUMBER_CORRELATIONS, rules->n_correlations);
        set(n, NUMBER_RULES_REFUSED, rules->n_refused);
        set(n, NUMBER_GENERATION, n->generation);
        set(n, NUMBER_INDICATORS, rules->n_indicators);
        for (unsigned k = 0; k < INTEL_KINDS; k++)
                set(n, (enum node_number)(NUMBER_INDICATORS_ADDRESS + k), rules->intel_kinds[k]);
        set(n, NUMBER_INDICATORS_EXPIRED, rules->n_intel_expired);
        set(n, NUMBER_INDICATORS_LEFT, rules->n_intel_left);
}

uint64_t node_count(const struct node *n, unsigned number) {
        return number < NUMBER_MAX ? n->stats->numbers[number] : 0;
}

/* What goes up goes on going up over a crash of the desk. */
void node_desk_stats(struct node *n, const struct msg_desk_stats *m) {
        struct desk_numbers *d = &n->desk;

        for (uint32_t i = 0; i < MIN(m->n, DESK_NUMBERS_MAX); i++) {
                enum node_number k = (enum node_number)(NUMBER_VERDICTS + i);

                if (k >= NUMBER_COURIER_MAILS)
                        return;
                if (m->numbers[i] < d->last[i] && !node_number_is_gauge(k))
                        d->before[i] += d->last[i];
                d->last[i] = m->numbers[i];
                set(n, k, d->before[i] + d->last[i]);
        }
}

void node_courier_stats(struct node *n, const struct msg_courier_stats *m) {
        const uint64_t numbers[COURIER_NUMBERS] = {m->mails, m->webhooks, m->asks, m->failed,
                                                   m->refused};
        struct courier_numbers *k = &n->courier;

        for (unsigned i = 0; i < COURIER_NUMBERS; i++) {
                if (numbers[i] < k->last[i])
                        k->before[i] += k->last[i];
                k->last[i] = numbers[i];
                set(n, (enum node_number)(NUMBER_COURIER_MAILS + i), k->before[i] + k->last[i]);
        }
}

static void write_process(struct node *n, enum node_process p) {
        const struct worker *w = &n->workers[p];
        struct node_stats_process *to = &n->stats->processes[p];
        uint32_t state = w->up                      ? PROCESS_UP
                         : w->retired || w->renewed ? PROCESS_RENEWED
                                                    : PROCESS_DOWN;

        to->pid = (uint32_t)MAX(w->child.pid, 0);
        __atomic_store_n(&to->state, state, __ATOMIC_RELAXED);
        __atomic_store_n(&to->restarts, w->restarts, __ATOMIC_RELAXED);
        if (!w->wanted)
                to->name[0] = '\0';
        else if (!to->name[0])
                snprintf(to->name, sizeof(to->name), "%s", node_name(p));
}

void node_write_stats(struct node *n) {
        _Static_assert(NODE_PROCESSES <= NODE_STATS_PROCESSES, "room for each");
        const struct flow_stats *s = flow_stats(n->flow);

        set(n, NUMBER_RECEIVED, s->received);
        set(n, NUMBER_BYTES, s->bytes);
        set(n, NUMBER_BATCHES, s->batches);
        set(n, NUMBER_DURABLE, s->durable);
        set(n, NUMBER_WATERMARK, s->judged);
        set(n, NUMBER_EVENTS, s->events);
        set(n, NUMBER_UNREADABLE, s->bad);
        set(n, NUMBER_PUT_OFF, s->later);
        set(n, NUMBER_BEHIND, s->behind);
        set(n, NUMBER_SET_ASIDE, s->set_aside);
        set(n, NUMBER_SLOTS_FULL, s->full_slots);
        set(n, NUMBER_GIVEN_UP, s->given_up);
        for (unsigned p = 0; p < NODE_PROCESSES; p++)
                write_process(n, (enum node_process)p);
        n->stats->condition = s->condition;
        n->stats->stopping = n->stopping;
        __atomic_store_n(&n->stats->updated, os_now(), __ATOMIC_RELAXED);
        __atomic_store_n(&n->stats->magic, NODE_STATS_MAGIC, __ATOMIC_RELEASE);
}
