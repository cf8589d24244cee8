/* The matcher: one event in, the rules that match out (rules/engine.h shows the path).
 *
 * Everything that depends on an event's kind and names only was prepared before, so an event costs:
 * the walk along its shape, the comparison of its keys with the last ones, and for each field some
 * rule triggers on a look into the memo (or into the field's table). Only rules whose trigger holds
 * are looked at. Invariants: (E1) tables run before any condition, so that a leaf a table decides
 * holds exactly if it was marked; (E2) states, texts and seen marks bear the event's number (epoch)
 * and need no clearing; (E3) nothing the input contains makes memory grow beyond the budgets of
 * arenas, the memo, and what the rules themselves imply. */
#include <stdlib.h>

#include "rules/engine.h"

#define EVENT_BYTES                                                                                \
        ((size_t)48 << 20) /* a record of 256 KiB, unescaped, folded, as text and as values */
#define AHEAD 48u
#define MEMO_TRIES 512u
/* About what things cost, ns: when it pays to learn (rules/trigger.c). */
#define SPENT_CANDIDATE 80u
#define SPENT_VALUE 25u
#define SPENT_BYTES 6u /* per ns */
#define SPENT_EVENT 20u
#define BUILD_BYTES ((size_t)256 << 20)
#define EPOCH_MAX 0x7fffffffu
#define DEFAULT_MEMORY ((size_t)32 << 20)

/* What logs of Windows and Unix are full of, until something was measured: sequences from here are
 * no rare ones. */
static const char common_text[] =
        "c:\\windows\\system32\\svchost.exe -k netsvcs -p -s c:\\windows\\system32\\cmd.exe /c "
        "c:\\windows\\syswow64\\"
        "c:\\windows\\system32\\windowspowershell\\v1.0\\powershell.exe -nop -noprofile -w hidden "
        "-executionpolicy bypass "
        "-encodedcommand -command c:\\program files\\microsoft office\\root\\office16\\ "
        "c:\\program files (x86)\\google\\"
        "chrome\\application\\chrome.exe c:\\users\\administrator\\appdata\\local\\temp\\ "
        "c:\\users\\public\\ "
        "appdata\\roaming\\microsoft\\windows\\start menu\\programs\\startup\\ "
        "c:\\programdata\\microsoft\\windows defender\\"
        "hklm\\software\\microsoft\\windows\\currentversion\\run "
        "hklm\\system\\currentcontrolset\\services\\ hkcu\\software\\"
        "\\registry\\machine\\software\\wow6432node\\classes\\clsid\\ "
        "\\device\\harddiskvolume2\\windows\\system32\\ .dll "
        "microsoft corporation microsoft windows operating system nt authority\\system nt "
        "authority\\network service "
        "rundll32.exe regsvr32.exe explorer.exe lsass.exe services.exe taskhostw.exe conhost.exe "
        "wmiprvse.exe mshta.exe "
        "kernel32.dll ntdll.dll kernelbase.dll invoke- new-object net.webclient downloadstring "
        "get-process set-item "
        "/usr/bin/ /bin/sh -c /bin/bash /usr/sbin/ /etc/ /var/log/ /tmp/ /home/ http:// https:// "
        ".com/ .php?id= .html "
        "keywords severityvalue eventid eventtime eventtype eventreceivedtime channel hostname "
        "opcodevalue recordnumber "
        "sourcemodulename executionprocessid threadid providerguid version message category "
        "severity info sourcename "
        " and not the for with from file user name value data process service event information "
        "local remote path type";

static int init_rules(struct matcher *m) {
        const struct program *g = m->g;
        uint32_t n = g->n[SEC_RULE], sources = g->n[SEC_SOURCE];

        m->rule_on = arena_zalloc(&m->arena, (size_t)n + 1);
        m->rule_first = arena_array(&m->arena, (size_t)sources + 2, sizeof(uint32_t));
        m->source_rules = arena_array(&m->arena, (size_t)n + 1, sizeof(uint32_t));
        if (!m->rule_on || !m->rule_first || !m->source_rules)
                return FAIL(-ENOMEM);
        for (uint32_t i = 0; i < n; i++) {
                const struct b_rule *r = &g->rules[i];
                bool on = r->level >= m->o.min_level, tagged = m->o.n_tags == 0;
                for (uint32_t k = 0; k < r->tags.n && !tagged; k++)
                        for (uint32_t t = 0; t < m->o.n_tags && !tagged; t++)
                                tagged = span_starts(blob_str(g, g->strs[r->tags.first + k]),
                                                     m->o.tags[t]);
                m->rule_on[i] = (on && tagged) || (r->flags & RULE_CORRELATE);
                if (m->o.only)
                        m->rule_on[i] = i < m->o.n_only && m->o.only[i];
                if (m->rule_on[i])
                        m->rule_first[r->source + 1]++;
        }
        for (uint32_t s = 0; s < sources; s++)
                m->rule_first[s + 1] += m->rule_first[s];
        /* Filled with the starts moving on, then moved back by one. */
        for (uint32_t i = 0; i < n; i++)
                if (m->rule_on[i])
                        m->source_rules[m->rule_first[g->rules[i].source]++] = i;
        for (uint32_t s = sources; s > 0; s--)
                m->rule_first[s] = m->rule_first[s - 1];
        m->rule_first[0] = 0;
        return 0;
}

/* The maps' names, for source_canonical(); and which field shows key2, where all tests of a kind
 * agree. */
static int init_map(struct matcher *m) {
        const struct program *g = m->g;
        struct source_alias *a = arena_array(&m->arena, (size_t)g->n[SEC_ALIAS] + 1, sizeof(*a));
        struct source_prefix *p = arena_array(&m->arena, (size_t)g->n[SEC_PREFIX] + 1, sizeof(*p));
        bool mixed[SOURCE_KINDS_MAX] = {false};

        if (!a || !p)
                return FAIL(-ENOMEM);
        for (uint32_t i = 0; i < g->n[SEC_ALIAS]; i++)
                a[i] = (struct source_alias){blob_str(g, g->aliases[i].from),
                                             blob_str(g, g->aliases[i].to)};
        for (uint32_t i = 0; i < g->n[SEC_PREFIX]; i++)
                p[i] = (struct source_prefix){blob_str(g, g->prefixes[i].text),
                                              g->prefixes[i].any_next};
        m->map.aliases = a;
        m->map.n_aliases = g->n[SEC_ALIAS];
        m->map.prefixes = p;
        m->map.n_prefixes = g->n[SEC_PREFIX];

        memset(m->key2_slot, 0xff, sizeof(m->key2_slot));
        for (uint32_t i = 0; i < g->n[SEC_TEST]; i++) {
                const struct b_test *t = &g->tests[i];
                uint32_t slot = t->key2.len ? names_slot(&m->names, blob_str(g, t->key2)) : NONE32;
                if (slot == NONE32 ||
                    (m->key2_slot[t->kind] != NONE32 && m->key2_slot[t->kind] != slot))
                        mixed[t->kind] = true;
                m->key2_slot[t->kind] = slot;
        }
        for (unsigned k = 0; k < SOURCE_KINDS_MAX; k++)
                if (mixed[k])
                        m->key2_slot[k] = NONE32;
        return 0;
}

/* What bucket-making asks of every atom again and again. */
static int init_atoms(struct matcher *m) {
        const struct program *g = m->g;

        m->atom_slot = arena_alloc(&m->arena, ((size_t)g->n[SEC_ATOM] + 1) * sizeof(*m->atom_slot));
        m->atom_number =
                arena_alloc(&m->arena, ((size_t)g->n[SEC_ATOM] + 1) * sizeof(*m->atom_number));
        m->cond_slot = arena_alloc(&m->arena, ((size_t)g->n[SEC_COND] + 1) * sizeof(*m->cond_slot));
        m->targets = arena_array(&m->arena, (size_t)m->names.n + 1, sizeof(*m->targets));
        m->name_seen = arena_array(&m->arena, (size_t)m->names.n + 1, sizeof(*m->name_seen));
        if (!m->atom_slot || !m->atom_number || !m->cond_slot || !m->targets || !m->name_seen)
                return FAIL(-ENOMEM);
        for (uint32_t i = 0; i < g->n[SEC_COND]; i++)
                m->cond_slot[i] = names_slot(&m->names, blob_str(g, g->conds[i].field));
        for (uint32_t i = 0; i < g->n[SEC_ATOM]; i++) {
                m->atom_slot[i] = names_slot(&m->names, blob_str(g, g->atoms[i].field));
                m->atom_number[i] = bucket_number(g, &g->atoms[i]);
        }
        return 0;
}

static int guess_atoms(struct matcher *m) {
        m->atom_guess =
                arena_alloc(&m->arena, ((size_t)m->g->n[SEC_ATOM] + 1) * sizeof(*m->atom_guess));
        if (!m->atom_guess)
                return FAIL(-ENOMEM);
        for (uint32_t i = 0; i < m->g->n[SEC_ATOM]; i++) {
                struct guess *q = &m->atom_guess[i];
                q->p = atom_guess(&m->atoms.atom[i], &q->cost);
                q->op = m->atoms.atom[i].b->op;
                q->table = table_takes(&m->atoms.atom[i]);
        }
        return 0;
}

static int init(struct matcher *m, const struct program *g, const struct match_options *o) {
        size_t memory;
        int r;

        m->g = g;
        if (o)
                m->o = *o;
        memory = m->o.memory ? m->o.memory : DEFAULT_MEMORY;
        arena_init(&m->arena, (size_t)512 << 20);
        arena_init(&m->event_arena, EVENT_BYTES);
        arena_init(&m->build_arena, BUILD_BYTES);
        arena_init(&m->channel_arena, (size_t)4 << 20);
        shapes_init(m);
        m->bucket_limit = MAX(memory, (size_t)16 << 20) * 2 +
                          (g->len - g->intel_bytes.len) *
                                  4; /* all the buckets that real logs need, and some */
        m->grams = arena_zalloc(&m->arena, sizeof(*m->grams));
        m->text = arena_array(&m->arena, EVENT_FIELDS_MAX, sizeof(*m->text));
        m->tris = arena_zalloc(&m->arena, sizeof(*m->tris));
        if (!m->grams || !m->tris || !m->text)
                return FAIL(-ENOMEM);
        gram_learn(m->grams, span_of(common_text, sizeof(common_text) - 1));
        tri_learn(m->tris, span_of(common_text, sizeof(common_text) - 1));
        r = names_init(&m->names, &m->arena, g);
        for (uint32_t i = 0; r == 0 && i < m->names.n; i++)
                tri_learn(m->tris, m->names.name[i]);
        if (r == 0)
                r = init_map(m);
        if (r == 0)
                r = init_atoms(m);
        if (r == 0)
                r = init_rules(m);
        if (r == 0)
                r = atoms_init(&m->atoms, g);
        if (r == 0)
                r = guess_atoms(m);
        if (r == 0)
                r = intel_match_init(m);
        if (r == 0)
                r = memo_init(&m->memo, memory / 2, m->o.no_memo);
        return r;
}

int matcher_new(struct matcher **ret, const struct program *g, const struct match_options *o) {
        struct matcher *m = calloc(1, sizeof(*m));
        int r = m ? init(m, g, o) : -ENOMEM;

        if (r < 0) {
                matcher_free(m);
                return FAIL(r);
        }
        *ret = m;
        return 0;
}

struct matcher *matcher_free(struct matcher *m) {
        if (!m)
                return NULL;
        buckets_deinit(m);
        shapes_deinit(m);
        memo_deinit(&m->memo);
        if (m->atoms.g)
                atoms_deinit(&m->atoms);
        free(m->channels);
        free(m->fired);
        free(m->cand);
        free(m->hits);
        arena_deinit(&m->channel_arena);
        arena_deinit(&m->event_arena);
        arena_deinit(&m->build_arena);
        arena_deinit(&m->arena);
        free(m);
        return NULL;
}

void matcher_batch(struct matcher *m, struct span payload, enum format f) {
        m->format = f;
        m->payload = payload;
}

const struct match_stats *matcher_stats(const struct matcher *m) {
        return &m->stats;
}

/* ---- one event ---- */

/* E2: the numbers are used up once in two billion events. */
static void next_epoch(struct matcher *m) {
        if (UNLIKELY(++m->epoch >= EPOCH_MAX)) {
                for (struct bucket *b = m->buckets; b; b = b->next) {
                        memset(b->state, 0, b->n_leaves * sizeof(*b->state));
                        memset(b->inst_seen, 0, b->n_instances * sizeof(*b->inst_seen));
                }
                memset(m->text, 0, EVENT_FIELDS_MAX * sizeof(*m->text));
                m->raw_epoch = 0;
                m->epoch = 1;
        }
}

static bool room_for(uint32_t **p, size_t *cap, size_t n) {
        if (LIKELY(n <= *cap))
                return true;
        uint32_t *q = realloc(*p, n * 2 * sizeof(*q));
        if (!q)
                return false;
        *p = q;
        *cap = n * 2;
        return true;
}

static inline void candidate(struct matcher *m, uint32_t inst, uint32_t *n) {
        if (m->b->inst_seen[inst] != m->epoch) {
                m->b->inst_seen[inst] = m->epoch;
                m->cand[(*n)++] = inst;
        }
}

static inline void mark(struct matcher *m, const uint32_t *leaves, uint32_t n, uint32_t *n_cand,
                        uint32_t holds, uint32_t field) {
        struct bucket *b = m->b;

        for (uint32_t i = 0; i < n; i++) {
                if (UNLIKELY(leaves[i] & INTEL_FOUND)) {
                        intel_match_found(m, holds, field, leaves[i] & ~INTEL_FOUND);
                        continue;
                }
                struct leaf *l = &b->leaves[leaves[i]];
                l->held++;
                b->state[leaves[i]] = m->epoch << 1 | 1;
                for (uint32_t k = 0; k < l->n; k++)
                        candidate(m, b->fires[l->first + k], n_cand);
        }
}

/* Values that never come again (the context of a PowerShell pipeline: 5 KB, never twice the same)
 * are not worth hashing. */
static void judge_memo(struct bslot *s) {
        if (s->memo_found < s->memo_tries / 16)
                s->memo = false; /* until the tables are made anew */
        s->memo_tries = s->memo_found = 0;
}

static inline uint64_t hash_ahead(struct matcher *m, const struct bslot *s, uint32_t field) {
        if (!s->memo)
                return 0;
        uint64_t hash = memo_hash(&m->e->fields[field], s->table_id);
        memo_ahead(&m->memo, hash);
        return hash;
}

static void scan_field(struct matcher *m, struct bslot *s, uint32_t field, uint64_t hash,
                       uint32_t *n_cand) {
        const struct field *f = &m->e->fields[field];
        const uint32_t *found;
        uint32_t n;

        if (f->type == V_NULL)
                return;
        m->stats.values++;
        if (s->memo) {
                s->memo_tries++;
                if (memo_get(&m->memo, s->table_id, hash, f, &found, &n)) {
                        s->memo_found++;
                        m->stats.memo_hits++;
                        mark(m, found, n, n_cand, s->intel, field);
                        return;
                }
        }
        if (!room_for(&m->fired, &m->fired_cap, (size_t)s->n_items + INTEL_FOUND_MAX)) {
                m->failed = true;
                return;
        }
        m->b->spent += SPENT_VALUE + f->val_len / SPENT_BYTES;
        n = table_run(s->table, &m->atoms, field_value(m, field), m->fired);
        if (s->intel)
                n += intel_match_look(m, s->intel, field, m->fired + n);
        if (s->memo) {
                memo_put(&m->memo, s->table_id, hash, f, m->fired, n);
                if (UNLIKELY(s->memo_tries >= MEMO_TRIES))
                        judge_memo(s);
        }
        mark(m, m->fired, n, n_cand, s->intel, field);
}

/* E1. All hashes first: what they lead to comes into the cache meanwhile. */
static void scan_fields(struct matcher *m, uint32_t *n_cand) {
        struct bucket *b = m->b;
        const struct view *v = m->view;
        uint64_t hash[AHEAD];

        for (uint32_t i = 0; i < MIN(v->n_scan, AHEAD); i++)
                hash[i] = v->scan[i].field == NONE32
                                  ? 0
                                  : hash_ahead(m, &b->slots[v->scan[i].slot], v->scan[i].field);
        for (uint32_t i = 0; i < v->n_scan; i++) {
                const struct view_scan *s = &v->scan[i];
                struct bslot *q = &b->slots[s->slot];
                const uint32_t *fields;
                if (LIKELY(s->field != NONE32)) {
                        // NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): set above
                        scan_field(m, q, s->field, i < AHEAD ? hash[i] : hash_ahead(m, q, s->field),
                                   n_cand);
                        continue;
                }
                uint32_t n = slot_fields(m, s->slot, &fields);
                for (uint32_t k = 0; k < n; k++)
                        scan_field(m, q, fields[k], hash_ahead(m, q, fields[k]), n_cand);
        }
}

static int rule_cmp(const void *a, const void *b) {
        uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
        return (x > y) - (x < y);
}

static void evaluate(struct matcher *m, uint32_t n_cand) {
        struct bucket *b = m->b;
        uint32_t k = 0;

        m->n_cand = n_cand;
        m->stats.candidates += n_cand;
        b->looked += n_cand;
        b->spent += n_cand * SPENT_CANDIDATE;
        for (uint32_t i = 0; i < n_cand; i++) {
                const struct instance *in = &b->instances[m->cand[i]];
                if (UNLIKELY(in->root == NONE32) && !bucket_make(m, m->cand[i]))
                        continue;
                if (node_holds(m, in->root)) {
                        if (!room_for(&m->hits, &m->hits_cap, (size_t)k + 1)) {
                                m->failed = true;
                                break;
                        }
                        m->hits[k++] = in->rule;
                }
        }
        if (k > 1) {
                qsort(m->hits, k, sizeof(*m->hits), rule_cmp);
                uint32_t unique = 1;
                for (uint32_t i = 1; i < k; i++)
                        if (m->hits[i] != m->hits[i - 1])
                                m->hits[unique++] = m->hits[i];
                k = unique;
        }
        m->n_hits = k;
}

static void match(struct matcher *m) {
        struct bucket *b = m->b;
        uint32_t n_cand = 0;

        if (!room_for(&m->cand, &m->cand_cap, b->n_instances)) {
                m->failed = true;
                return;
        }
        b->spent += SPENT_EVENT;
        scan_fields(m, &n_cand);
        if (b->kw) {
                if (!room_for(&m->fired, &m->fired_cap, (size_t)b->n_keywords * 2)) {
                        m->failed = true;
                        return;
                }
                mark(m, m->fired, keywords_run(m, m->fired), &n_cand, 0, 0);
        }
        for (uint32_t i = 0; i < b->n_always; i++)
                candidate(m, b->always[i], &n_cand);
        if (n_cand)
                evaluate(m, n_cand);
}

void matcher_add_hit(struct matcher *m, uint32_t rule) {
        uint32_t i = m->n_hits;

        for (uint32_t k = 0; k < m->n_hits; k++)
                if (m->hits[k] == rule)
                        return;
        if (!room_for(&m->hits, &m->hits_cap, (size_t)m->n_hits + 1)) {
                m->failed = true;
                return;
        }
        for (; i > 0 && m->hits[i - 1] > rule; i--)
                m->hits[i] = m->hits[i - 1];
        m->hits[i] = rule;
        m->n_hits++;
}

void matcher_clock(struct matcher *m, int64_t now) {
        m->now_s = now > 0 ? (uint32_t)MIN(now / NS_PER_SEC, (int64_t)UINT32_MAX) : 0;
}

uint32_t matcher_run(struct matcher *m, const struct event *e, const uint32_t **ret_rules) {
        m->stats.events++;
        m->n_hits = m->n_cand = m->n_intel_hits = 0;
        m->e = e;
        m->b = NULL;
        next_epoch(m);
        if (m->event_arena.pos) /* nothing was ever allocated otherwise */
                arena_reset(&m->event_arena);
        if (UNLIKELY(m->bucket_bytes >
                     m->bucket_limit)) { /* the input wanders through too many kinds of events */
                shapes_forget(m);
                buckets_deinit(m);
        }
        m->padded = e->raw.p >= m->payload.p &&
                    e->raw.p < m->payload.p + m->payload.len; /* a slot has SLOT_PADDING */
        struct shape *s = e->n <= EVENT_FIELDS_MAX ? shape_of(m, e) : NULL;
        m->view = s ? view_of(m, e, s) : NULL;
        if (UNLIKELY(!m->view)) {
                m->failed = true;
                return 0;
        }
        m->b = m->view->bucket;
        m->stats.unclassified += m->b->n_instances == 0;
        m->b->events++;
        if (UNLIKELY(m->b->spent >= m->b->learn_at)) { /* before, so that what follows the run sees
                                                          the same tables */
                bucket_learn(m, m->b);
                view_refresh(m->view);
        }
        match(m);
        if (m->view->n_intel | m->n_intel_hits)
                intel_match_run(m);
        m->stats.hits += m->n_hits;
        m->stats.regex_limits = m->atoms.regex_limits;
        *ret_rules = m->hits;
        return m->n_hits;
}

/* ---- about a hit ---- */

static void explain(struct matcher *m, uint32_t node, bool *matched) {
        const struct node *n = &m->b->nodes[node];

        if (n->kind == NODE_LEAF && leaf_holds(m, n->kids))
                leaf_mark(m, n->kids, matched);
        if (n->kind != NODE_AND && n->kind != NODE_OR && n->kind != NODE_AT_LEAST)
                return; /* what a NOT looked at did not take part */
        for (uint32_t i = 0; i < n->n; i++)
                if (node_holds(m, n->kids + i))
                        explain(m, n->kids + i, matched);
}

/* The rule's first instance that holds, from candidate *at on: all that hold were candidates (T1).
 */
const struct instance *matcher_holding(struct matcher *m, uint32_t rule, uint32_t *at) {
        while (*at < m->n_cand) {
                const struct instance *in = &m->b->instances[m->cand[(*at)++]];
                if (in->rule == rule && in->root != NONE32 && node_holds(m, in->root))
                        return in;
        }
        return NULL;
}

void matcher_explain(struct matcher *m, const struct event *e, uint32_t rule, bool *matched) {
        const struct instance *in;
        uint32_t at = 0;

        assert(e == m->e);
        memset(matched, 0, e->n);
        while ((in = matcher_holding(m, rule, &at)))
                explain(m, in->root, matched);
        for (uint32_t i = 0; i < m->n_intel_hits; i++)
                if (m->g->intel.first_rule + m->g->intel.entries[m->intel_hits[i].entry].rule ==
                    rule)
                        matched[m->intel_hits[i].in.field] = true;
}

static struct span wanted_value(struct matcher *m, const struct b_alt *alt, struct b_str name) {
        const struct program *g = m->g;
        struct span field = blob_str(g, name);

        for (uint32_t i = 0; i < alt->consts.n; i++)
                if (span_eq(blob_str(g, g->consts[alt->consts.first + i].field), field))
                        return blob_str(g, g->consts[alt->consts.first + i].value);
        const struct b_str *to = &name;
        uint32_t n = 1;
        for (uint32_t i = 0; i < alt->renames.n; i++) {
                const struct b_rename *r = &g->renames[alt->renames.first + i];
                if (span_eq(blob_str(g, r->field), field)) {
                        to = &g->strs[r->to.first];
                        n = r->to.n;
                        break;
                }
        }
        for (uint32_t k = 0; k < n; k++) {
                uint32_t want = names_slot(&m->names, blob_str(g, to[k]));
                for (uint32_t i = m->e->n; i-- > 0;) {
                        const struct field *f = &m->e->fields[i];
                        if (want != NONE32 && f->type != V_NULL &&
                            names_event_slot(m, span_of(f->name, f->name_len)) == want)
                                return field_value(m, i)->text;
                }
        }
        return SPAN_NONE;
}

uint32_t matcher_wanted(struct matcher *m, const struct event *e, uint32_t rule, struct span *names,
                        struct span *values, uint32_t max) {
        const struct b_rule *r = &m->g->rules[rule];
        const struct instance *in = NULL, *other;
        uint32_t at = 0;

        assert(e == m->e);
        while ((other = matcher_holding(m, rule,
                                        &at))) /* the first, however candidates were found */
                in = in && in < other ? in : other;
        if (!in)
                return 0;
        uint32_t n = MIN(r->wanted.n, max);
        for (uint32_t i = 0; i < n; i++) {
                struct b_str name = m->g->strs[r->wanted.first + i];
                names[i] = blob_str(m->g, name);
                values[i] = wanted_value(m, &m->g->alts[in->alt], name);
        }
        return n;
}
