/* What the files about people share: tables of tables_people.c, rules of passwords, limits of guessing. */
#ifndef DESK_PEOPLE_H
#define DESK_PEOPLE_H

#include "desk/api.h"
#include "wire/permission.h"
#include "wire/vault.h"

#define UNIT_ROOT INT64_C(1) /* is there from the beginning and stays */
#define UNIT_DEPTH_MAX 12u
#define SESSION_MAX_S (12 * 3600)
#define SESSION_IDLE_S (30 * 60)  /* unless the setting says otherwise (wire/settings.h) */
#define SESSION_IDLE_STRICT_S 300 /* administrators, owners of systems of level 4 and 5 */
#define SESSION_HALF_S 600        /* to finish signing in */
#define SECOND_FRESH_S 300
#define ONE_TIME_S (72 * 3600)
#define INACTIVE_DAYS 45

/* What a session still needs; no bit: it is whole. */
enum { NEEDS_TOTP = 1 << 0, NEEDS_PASSWORD = 1 << 1 };

/* ---- permission.c ---- */

/* Letters of wire/permission.h in the order of enum role, and the word of each in the API ("officer"). */
extern const char *const role_names[ROLE_MAX];
#define ROLE_VALUES                                                                                \
        "officer|handler|lead|approver|owner|inspector|liaison|trainee|admin|guest|"               \
        "organiser|jury|red_team"
/* A bit for each role that has it; 0: there is no such permission. */
uint32_t permission_roles(const char *permission);
/* The i-th name; NULL: no more. */
const char *permission_name(unsigned i);
/* Whether unit `below` is `above` or under it. 1, 0, -errno. */
int unit_within(struct sql *db, int64_t below, int64_t above);

/* ---- session.c ---- */

/* A token for a new session or script: random, and what is kept of it. */
void session_token(unsigned char token[API_TOKEN_BYTES], unsigned char hash[32]);
void session_hash(const unsigned char token[API_TOKEN_BYTES], unsigned char hash[32]);
/* Seconds of idling after which this person's sessions end. */
int session_idle_of(struct sql *db, int64_t person, int64_t now, int64_t *ret_s);
/* Whether the session or script of who asked once still stands. 1, 0, -errno. */
int session_stands(struct sql *db, const struct api_person *who, int64_t now);
/* Ends all sessions of a person but one (0: all). */
int session_end_all(struct sql *db, int64_t person, int64_t but);
/* people_told.c: a mail about one's own way in, if they have an address. 0, -errno. */
enum people_told { TOLD_PASSWORD, TOLD_SECOND, TOLD_RECOVERY, TOLD_ONE_TIME };
int people_told(struct api_call *c, int64_t person, enum people_told what);

/* ---- attempts.c: guessing, without locking others out ---- */

/* Who tries what from where. */
struct attempt {
        struct span login;            /* as typed, folded */
        int64_t person;               /* 0: there is none */
        const unsigned char *address; /* 16 bytes */
        bool known;                   /* this person signed in from there before */
        int64_t away;                 /* the time that the directory was away in; 0: it answers */
};
int attempt_known(struct sql *db, struct attempt *a, int64_t now);
/* Seconds to wait before another try is looked at; 0: now. */
int attempt_wait(struct sql *db, const struct attempt *a, int64_t now, int64_t *ret_s);
int attempt_failed(struct sql *db, const struct attempt *a, int64_t now);
/* The whole sign-in is done: the count ends, the place is known. */
int attempt_done(struct sql *db, const struct attempt *a, int64_t now);

/* ---- password.c ---- */

/* What is wrong with a new password, as an api_fault_at() on `field`; 0: nothing. */
int password_fit(struct api_call *c, const char *field, struct span password, struct span login,
                 bool second_factor);

/* ---- asks.c ---- */

/* Passwords that the vault has to look at, now. */
unsigned vault_waits(struct desk *d);
/* An ask about `person`, with the text and box that go with it. As api_vault(). */
int people_ask(struct api_call *c, enum vault_message what, int64_t person, struct span box,
               struct span text);
/* A password of a sign-in; it goes behind all others unless the person is known where they are. */
int people_check(struct api_call *c, int64_t person, struct span box, struct span text, bool known);
/* Wipes a text of the request. */
void people_wipe(struct api_call *c, const char *name);

/* ---- second.c ---- */

/* Asked by a person with a session: no script, not the command line. 0, API_E_REFUSED. */
int second_session(struct api_call *c);
/* And another than `proposer`, with an account older than a day that they neither made nor reset. */
int second_good(struct api_call *c, int64_t proposer);
/* Whether they were made or reset by that person, through others too. 1, 0, -errno; nothing is refused. */
int second_made_by(struct api_call *c, int64_t proposer);

/* ---- api_session_second.c ---- */

/* Checks a TOTP code of the asker against the vault: call it first with c->said NULL, then again. *ret_box
 * of the table's row. 0: it is right (and its step is used up), API_E_LATER, API_E_REFUSED, -errno. */
int totp_ask(struct api_call *c);
int totp_said(struct api_call *c);
/* An order of containment and the asker's code for the vault to sign; as totp_ask(), then totp_said(). */
struct order;
int order_ask(struct api_call *c, const struct order *o);
struct court_sign;
int court_ask(struct api_call *c, const struct court_sign *s);

/* ---- api_people.c ---- */

/* An active person whom the asker may see (people.read), or themselves: only such a one can be named in a request, so
 * that nobody learns names by trying numbers. Refuses at `field` otherwise, in one voice. */
int person_nameable(struct api_call *c, const char *field, int64_t person);

/* The unit a person belongs to. 0: no such person; -errno. */
int person_unit(struct sql *db, int64_t person, int64_t *ret_unit);
/* Nothing that this person may do lies beyond where the asker changes people: whoever gives somebody a way in could go
 * in by it. 0, API_E_REFUSED, -errno. */
int person_within(struct api_call *c, int64_t person);
/* Text of the request as login: lower case, of the call's arena; refuses what is none. */
bool login_good(struct span s);
struct span login_fold(struct arena *a, struct span s);

/* ---- signing in by the agency's account (api_signin.c, api_session.c) ---- */

/* A session for a person whom somebody else vouched for; the answer is as of session.open. */
int session_begin_of(struct api_call *c, int64_t person);
/* API_E_LATER: then c->said is a struct courier_said (desk/errands.h): 0, -EACCES: wrong. */
int signin_ask_directory(struct api_call *c, struct span login, struct span password);
int signin_directory_away(struct api_call *c);

#endif
