/* Which records a query means. Two steps: whether a stretch of raw bytes may hold any (by the
 * literals that stand in every record that matches: at the speed of memory), and whether one decoded
 * event does. Pure; runs on hostile bytes in a sandbox. */
#ifndef SEEK_SIEVE_H
#define SEEK_SIEVE_H

#include "decode/event.h"
#include "seek/query.h"

struct sieve;

/* `q` is the caller's and must outlive it. -ENOMEM. */
int sieve_new(struct sieve **ret, const struct query *q);
struct sieve *sieve_free(struct sieve *s);
CLEANUP(sieve, sieve_free)

/* What is known of a run of records before any is looked at. */
struct sieve_run {
        struct span source, peer;
        uint32_t drill;
        enum format format;
};
/* Begins a run: false when no record of it can match. */
bool sieve_begin(struct sieve *s, const struct sieve_run *run);
/* Whether these bytes, some records of the run or one, may hold a match. SLOT_PADDING bytes behind
 * them are readable. */
bool sieve_may(struct sieve *s, struct span bytes);
/* Whether an event of the run matches. `leaves`: bits of the leaves that the engine found true. */
bool sieve_event(struct sieve *s, const struct event *e, uint32_t flags, uint64_t leaves,
                 struct arena *a);

/* Leaves that leave no event out by themselves: of these, whoever asked decides by what is shown (keyed.h). */
void sieve_relax(struct sieve *s, uint64_t leaves);
/* For the next event: leaves of which nothing is to be made of its bytes as they are, be they true or not. */
void sieve_open(struct sieve *s, uint64_t leaves);
/* Which leaves the last event made true. */
uint64_t sieve_leaves(const struct sieve *s);

/* For filters of whole blocks (store/token.h): the words that a block must hold. */
typedef bool sieve_has_token(void *ctx, struct span token);
bool sieve_block_may(const struct query *q, sieve_has_token *has, void *ctx);

/* `*` and `?` in `pattern`, escaped by '\\'; no case. Whole text, or anywhere in it. */
bool sieve_glob(struct span pattern, struct span text, bool anywhere);
/* `word` in `text`, no case, where no letter, digit or '_' stands beside it. */
bool sieve_word(struct span word, struct span text);

#endif
