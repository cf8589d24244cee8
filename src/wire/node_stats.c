/* See node_stats.h. */
#include "wire/node_stats.h"

static const struct {
        const char *name, *help;
        bool gauge;
} table[NUMBER_MAX] = {
        [NUMBER_RECEIVED] = {"received_records", "Records received", false},
        [NUMBER_BYTES] = {"received_bytes", "Bytes of the records received", false},
        [NUMBER_BATCHES] = {"received_batches", "Batches of records received", false},
        [NUMBER_DURABLE] = {"durable_seq", "Every record below this number is durable", true},
        [NUMBER_WATERMARK] = {"judged_seq",
                              "Every record below this number is judged and its alerts are kept",
                              true},
        [NUMBER_EVENTS] = {"judge_events", "Events decoded and judged", false},
        [NUMBER_UNREADABLE] = {"judge_unreadable", "Records that no format could read", false},
        [NUMBER_PUT_OFF] = {"judge_put_off", "Records put off, to be judged from the store", false},
        [NUMBER_BEHIND] = {"judge_behind", "Records still to be judged from the store", true},
        [NUMBER_SET_ASIDE] = {"judge_set_aside", "Records set aside: judges died on them", false},
        [NUMBER_SLOTS_FULL] = {"ring_slots_full", "Slots of the ring in use", true},
        [NUMBER_RULES] = {"rules", "Rules loaded", true},
        [NUMBER_CORRELATIONS] = {"correlations", "Correlations loaded", true},
        [NUMBER_RULES_REFUSED] = {"rules_refused", "Rules that could not be loaded", true},
        [NUMBER_GENERATION] = {"rules_generation", "How often rules were loaded", true},
        [NUMBER_GIVEN_UP] = {"judge_regex_given_up",
                             "Matches of regular expressions that cost too much: taken for none",
                             false},
        [NUMBER_INDICATORS] = {"indicators", "Indicators in force", true},
        [NUMBER_INDICATORS_ADDRESS] = {"indicators_address", "Of them, addresses", true},
        [NUMBER_INDICATORS_DOMAIN] = {"indicators_domain", "Of them, domain names", true},
        [NUMBER_INDICATORS_URL] = {"indicators_url", "Of them, URLs", true},
        [NUMBER_INDICATORS_HASH] = {"indicators_hash", "Of them, hashes of files", true},
        [NUMBER_INDICATORS_JA3] = {"indicators_ja3", "Of them, JA3", true},
        [NUMBER_INDICATORS_EXPIRED] = {"indicators_expired",
                                       "Indicators left out: ended when they were read", true},
        [NUMBER_INDICATORS_LEFT] = {"indicators_left_out",
                                    "Indicators left out for whatever reason", true},
        [NUMBER_VERDICTS] = {"desk_verdicts", "Verdicts taken one by one", false},
        [NUMBER_DOUBLED] = {"desk_doubled", "Verdicts that had been said before", false},
        [NUMBER_COUNTED] = {"desk_counted", "Verdicts beyond a rule's limit, only counted", false},
        [NUMBER_REFUSED] = {"desk_refused", "Verdicts that no judge may say", false},
        [NUMBER_ALERTS] = {"desk_alerts", "New alerts", false},
        [NUMBER_SUPPRESSED] = {"desk_suppressed", "Verdicts under an exception", false},
        [NUMBER_FOLDED] = {"desk_folded", "Verdicts joined over entities: too many alerts", false},
        [NUMBER_HITS] = {"desk_hits", "Hits taken for correlations", false},
        [NUMBER_HITS_FORGOTTEN] = {"desk_hits_forgotten", "Hits dropped early for want of room",
                                   false},
        [NUMBER_COMMITS] = {"desk_commits", "Commits of the state", false},
        [NUMBER_COMMIT_MAX_NS] = {"desk_commit_max_ns", "The longest commit of the state", true},
        [NUMBER_INDICATOR_HITS] = {"indicator_hits", "Indicators found in records", false},
        [NUMBER_OUTGOING_QUEUED] = {"outgoing_queued", "Mails and webhooks that wait", true},
        [NUMBER_OUTGOING_FAILED] = {"outgoing_failed", "Mails and webhooks that failed for good",
                                    true},
        [NUMBER_OUTGOING_OLDEST] = {"outgoing_oldest_seconds", "How long the oldest of them waits",
                                    true},
        [NUMBER_TURNS_SLOW] = {"desk_turns_slow", "Turns that held the desk longer than 20 ms",
                               false},
        [NUMBER_TURN_MAX_NS] = {"desk_turn_max_ns", "The longest turn of the desk", true},
        [NUMBER_EXERCISES] = {"exercises_running", "Exercises that run", true},
        [NUMBER_EXERCISE_PLAYS] = {"exercise_units", "Units that play in them", true},
        [NUMBER_INJECTS_LATE] = {"injects_late", "Injects delivered over two seconds late", false},
        [NUMBER_DRILL_BEHIND] = {"drill_behind_ms",
                                 "How far a drill's telemetry is behind its clock", true},
        [NUMBER_DRILL_FAILED] = {"drill_failed", "Telemetry of drills that could not be made",
                                 false},
        [NUMBER_COURIER_MAILS] = {"courier_mails", "Mails that a server took", false},
        [NUMBER_COURIER_WEBHOOKS] = {"courier_webhooks", "Webhooks that were taken", false},
        [NUMBER_COURIER_ASKS] = {"courier_asks", "Asks of directories and others answered", false},
        [NUMBER_COURIER_FAILED] = {"courier_failed", "Tries to send that failed", false},
        [NUMBER_COURIER_REFUSED] = {"courier_refused",
                                    "Connections refused: not where it may connect to", false},
};

const char *node_number_name(enum node_number n) {
        return n < NUMBER_MAX ? table[n].name : NULL;
}

const char *node_number_help(enum node_number n) {
        return n < NUMBER_MAX ? table[n].help : NULL;
}

bool node_number_is_gauge(enum node_number n) {
        return n < NUMBER_MAX && table[n].gauge;
}

bool node_stats_copy(const struct node_stats_page *page, struct node_stats_page *ret) {
        if (__atomic_load_n(&page->magic, __ATOMIC_ACQUIRE) != NODE_STATS_MAGIC)
                return false;
        memcpy(ret, page, sizeof(*ret));
        for (unsigned i = 0; i < NODE_STATS_PROCESSES; i++) {
                char *name = ret->processes[i].name;

                name[sizeof(ret->processes[i].name) - 1] = '\0';
                for (; *name; name++)
                        if (*name < 0x21 || *name > 0x7e)
                                *name = '?';
        }
        return true;
}
