/* See searches.h.
 *
 *   X1. QUERIES_MAX of the places are for searches, EACH of them for one person; the rest is for the records of an alert,
 *       which take a moment.
 *   X2. What a search found waits here up to TEXT_MOST; then its line is not read, so its process waits too. Whose
 *       reader takes nothing for IDLE_NS has gone.
 *   X3. A place is free again when its line has closed, not before: main's process of it has ended or is ending.
 *   X4. Whatever becomes of the process, the reader is told: a line that closes before SEARCH_OVER was cut. */
#include "desk/searches.h"

#include <stdlib.h>

#include "desk/api_impl.h"
#include "desk/desk_impl.h"
#include "scan/pseudonym.h"

#define QUERIES_MAX 3u
#define EACH 2u
#define TEXT_MOST ((size_t)256 << 10)
#define PIECE ((size_t)128 << 10)
#define IDLE_NS (INT64_C(60) * NS_PER_SEC)
#define ACCOUNTS_MAX INT64_C(300000)
#define ACCOUNTS_FRAME 256u

enum place_state { PLACE_FREE = 0, PLACE_WANTED, PLACE_ASKED, PLACE_OPEN, PLACE_ENDED };

struct place {
        enum place_state state;
        uint64_t ticket;
        int64_t person;
        uint32_t kind;
        bool csv, begun, over;
        struct buf out, in, text;
        int64_t touched; /* mono */
};

struct searches {
        struct place list[SEARCHES_MAX];
        int64_t accounts; /* how many are kept; -1: not counted yet */
};

static struct searches *searches_of(struct desk *d) {
        if (!d->searches) {
                d->searches = calloc(1, sizeof(*d->searches));
                if (d->searches)
                        d->searches->accounts = -1;
        }
        return d->searches;
}

static struct place *place_of(const struct desk *d, unsigned i) {
        return d->searches && i < SEARCHES_MAX ? &d->searches->list[i] : NULL;
}

static void place_free(struct place *p) {
        buf_deinit(&p->out);
        buf_deinit(&p->in);
        buf_deinit(&p->text);
        *p = (struct place){0};
}

void desk_searches_free(struct desk *d) {
        for (unsigned i = 0; d->searches && i < SEARCHES_MAX; i++)
                place_free(&d->searches->list[i]);
        free(d->searches);
        d->searches = NULL;
}

/* ---- asking ---- */

static int too_many(struct api_call *c, bool mine) {
        c->retry = mine ? 5 : 10;
        return mine ? api_refuse(c, 429, "searching",
                                 "your other searches are not over yet: wait, or end one",
                                 "các tìm kiếm khác của bạn chưa xong: hãy chờ hoặc dừng bớt")
                    : api_refuse(c, 429, "searching",
                                 "as many searches as this machine takes are under way: try again",
                                 "máy đang thực hiện số tìm kiếm tối đa: hãy thử lại");
}

/* X1 */
static int find_place(struct api_call *c, struct searches *s, uint32_t kind, struct place **ret) {
        unsigned queries = 0, mine = 0;

        *ret = NULL;
        for (unsigned i = 0; i < SEARCHES_MAX; i++) {
                struct place *p = &s->list[i];

                if (p->state == PLACE_ENDED && !api_alive(c->desk, p->ticket))
                        place_free(p);
                if (p->state == PLACE_FREE && !*ret)
                        *ret = p;
                if (p->state == PLACE_FREE || p->kind != SEARCH_QUERY)
                        continue;
                queries++;
                mine += p->person == c->who.id;
        }
        if (kind == SEARCH_QUERY && mine >= EACH)
                return too_many(c, true);
        if (!*ret || (kind == SEARCH_QUERY && queries >= QUERIES_MAX))
                return too_many(c, false);
        return 0;
}

int search_begin(struct api_call *c, struct search_ask *m, struct span query, struct span rules,
                 struct span sources) {
        struct searches *s = searches_of(c->desk);
        struct place *p;
        int r = s ? find_place(c, s, m->kind, &p) : FAIL(-ENOMEM);

        if (r != 0)
                return r;
        if (rules.len > SEARCH_RULES_MAX || sources.len > SEARCH_SOURCES_MAX)
                return api_refuse(c, 422, "too_long", "the question is too long",
                                  "câu hỏi quá dài");
        m->query_len = (uint32_t)query.len;
        m->rules_len = (uint32_t)rules.len;
        m->sources_len = (uint32_t)sources.len;
        *p = (struct place){.state = PLACE_WANTED,
                            .ticket = c->ticket,
                            .person = c->who.id,
                            .kind = m->kind,
                            .csv = (m->flags & SEARCH_CSV) != 0,
                            .touched = desk_api(c->desk)->mono};
        buf_add(&p->out, m, sizeof(*m));
        buf_span(&p->out, query);
        buf_span(&p->out, rules);
        buf_span(&p->out, sources);
        if (p->out.failed) {
                place_free(p);
                return FAIL(-ENOMEM);
        }
        return API_E_LATER;
}

/* ---- reading ---- */

static struct place *of_ticket(const struct desk *d, uint64_t ticket) {
        for (unsigned i = 0; i < SEARCHES_MAX; i++) {
                struct place *p = place_of(d, i);

                if (p && p->state != PLACE_FREE && p->ticket == ticket)
                        return p;
        }
        return NULL;
}

/* X4 */
static int cut(const struct place *p, struct buf *to) {
        if (p && p->csv)
                return -EIO;
        buf_str(to, "{\"kind\":\"end\",\"state\":\"cut\"}\n");
        return 0;
}

static int piece(struct api_call *c, struct buf *to) {
        struct place *p = of_ticket(c->desk, c->ticket);

        if (!p)
                return cut(p, to);
        p->touched = desk_api(c->desk)->mono;
        if (p->text.len) {
                size_t n = MIN(p->text.len, PIECE);

                buf_add(to, p->text.p, n);
                buf_drop(&p->text, n);
                return 1;
        }
        if (p->over)
                return 0;
        return p->state == PLACE_ENDED ? cut(p, to) : API_E_LATER;
}

int search_stream(struct api_call *c, const char *type, const char *name) {
        return api_file(c, type, name, piece);
}

/* ---- what the process says ---- */

static int learn(struct desk *d, struct span bytes) {
        int r = bytes.len % sizeof(uint64_t) || bytes.len > ACCOUNTS_FRAME * sizeof(uint64_t)
                        ? -EPROTO
                        : 0;

        for (size_t i = 0; i < bytes.len && r == 0; i += sizeof(uint64_t)) {
                uint64_t h;

                memcpy(&h, bytes.p + i, sizeof(h));
                if (h <= INT64_MAX && d->searches->accounts < ACCOUNTS_MAX)
                        r = sql_do(state_sql(d->state), "INSERT OR IGNORE INTO account VALUES(?1)",
                                   "i", (int64_t)h);
                if (r == 0)
                        d->searches->accounts += sql_changes(state_sql(d->state)) != 0;
        }
        return r;
}

static int count_accounts(struct desk *d) {
        struct searches *s = searches_of(d);
        int64_t n = 0;
        int r = 0;

        if (!s)
                return FAIL(-ENOMEM);
        if (s->accounts < 0) {
                r = sql_get_int(state_sql(d->state), &n, "SELECT count(*) FROM account", "");
                s->accounts = r < 0 ? -1 : n;
        }
        return MIN(r, 0);
}

static int take_accounts(struct desk *d, struct span bytes) {
        int r = desk_begin(d);

        if (r == 0)
                r = count_accounts(d);
        return r == 0 ? learn(d, bytes) : r;
}

static int take_text(struct desk *d, struct place *p, struct span bytes) {
        if (!p->begun)
                return -EPROTO;
        buf_span(&p->text, bytes);
        if (p->text.failed)
                return FAIL(-ENOMEM);
        if (p->kind == SEARCH_QUERY)
                api_more(d, p->ticket);
        return 0;
}

static int take_frame(struct desk *d, struct place *p, const struct search_head *h,
                      struct span bytes) {
        struct search_said said = {0};
        int r = 0;

        if (p->over)
                return -EPROTO;
        switch (h->frame) {
        case SEARCH_BEGUN:
                if (p->begun || bytes.len > 4096)
                        return -EPROTO;
                p->begun = true;
                if (bytes.len)
                        said = (struct search_said){-EINVAL, bytes};
                if (bytes.len || p->kind == SEARCH_QUERY)
                        r = api_resume(d, p->ticket, &said);
                return r;
        case SEARCH_TEXT: return take_text(d, p, bytes);
        case SEARCH_ACCOUNTS: return take_accounts(d, bytes);
        case SEARCH_OVER:
                p->over = true;
                if (p->kind == SEARCH_EXPLAIN) {
                        said.text = buf_get(&p->text);
                        r = api_resume(d, p->ticket, &said);
                } else {
                        api_more(d, p->ticket);
                }
                return r;
        default: return -EPROTO;
        }
}

int desk_search_bytes(struct desk *d, unsigned place, struct span bytes) {
        struct place *p = place_of(d, place);
        struct search_head h;
        size_t at = 0;
        int r = 0;

        if (!p || p->state != PLACE_OPEN)
                return -EPROTO;
        buf_span(&p->in, bytes);
        while (r == 0 && p->in.len - at >= sizeof(h)) {
                memcpy(&h, p->in.p + at, sizeof(h));
                if (h.len > SEARCH_FRAME_MAX)
                        return -EPROTO;
                if (p->in.len - at - sizeof(h) < h.len)
                        break;
                r = take_frame(d, p, &h, span_of(p->in.p + at + sizeof(h), h.len));
                at += sizeof(h) + h.len;
        }
        buf_drop(&p->in, at);
        return r == 0 && p->in.failed ? FAIL(-ENOMEM) : r;
}

/* ---- the line ---- */

int desk_search_wanted(struct desk *d) {
        for (unsigned i = 0; i < SEARCHES_MAX; i++) {
                struct place *p = place_of(d, i);

                if (p && p->state == PLACE_WANTED)
                        return (int)i;
        }
        return -1;
}

void desk_search_asked(struct desk *d, unsigned place) {
        struct place *p = place_of(d, place);

        assert(p && p->state == PLACE_WANTED);
        p->state = PLACE_ASKED;
}

int desk_search_refused(struct desk *d, unsigned place) {
        const struct search_said later = {.error = -EAGAIN};
        struct place *p = place_of(d, place);

        if (!p || p->state != PLACE_ASKED)
                return FAIL(-EPROTO);
        uint64_t ticket = p->ticket;
        place_free(p);
        return api_resume(d, ticket, &later);
}

void desk_search_open(struct desk *d, unsigned place) {
        struct place *p = place_of(d, place);

        if (p && p->state == PLACE_ASKED)
                p->state = PLACE_OPEN;
}

struct buf *desk_search_out(struct desk *d, unsigned place) {
        return &d->searches->list[place].out;
}

bool desk_search_reads(const struct desk *d, unsigned place) {
        const struct place *p = place_of(d, place);

        return p && p->text.len < TEXT_MOST; /* X2 */
}

int desk_search_closed(struct desk *d, unsigned place) {
        const struct search_said died = {.error = -ECHILD};
        struct place *p = place_of(d, place);
        int r = 0;

        if (!p || p->state != PLACE_OPEN)
                return 0;
        p->state = PLACE_ENDED;
        if (!p->over && (!p->begun || p->kind == SEARCH_EXPLAIN))
                r = api_resume(d, p->ticket, &died);
        else
                api_more(d, p->ticket);
        if (r == 0 && !api_alive(d, p->ticket))
                place_free(p);
        return r;
}

bool desk_search_left(struct desk *d, unsigned place) {
        struct place *p = place_of(d, place);

        if (!p || p->state == PLACE_FREE)
                return true;
        int64_t mono = desk_api(d)->mono;
        bool idle = p->kind == SEARCH_QUERY && p->text.len && mono - p->touched > IDLE_NS;
        if (api_alive(d, p->ticket) && !idle)
                return false;
        if (p->state == PLACE_WANTED || p->state == PLACE_ENDED) {
                place_free(p); /* X3 */
                return true;
        }
        return p->state == PLACE_OPEN;
}

/* ---- accounts ---- */

int accounts_learn(struct desk *d, struct span account) {
        uint64_t h = account_hash(account);

        if (account.len < 2 || pseudonym_of_nobody(account))
                return 0;
        return take_accounts(d, span_of((const char *)&h, sizeof(h)));
}

int accounts_know(struct desk *d, struct span name) {
        int64_t one;

        if (name.len < 2 || pseudonym_of_nobody(name))
                return 0;
        int r = sql_get_int(state_sql(d->state), &one, "SELECT 1 FROM account WHERE hash=?1", "i",
                            (int64_t)account_hash(name));
        if (r == 0)
                r = sql_get_int(state_sql(d->state), &one,
                                "SELECT 1 FROM person WHERE lower(login)=lower(?1)", "t", name);
        return r;
}
