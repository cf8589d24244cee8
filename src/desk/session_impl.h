/* What the files about sessions share: signing in (api_session.c), the second factor (api_session_second.c), one's own
 * password, sessions and tokens (api_session_own.c). All within the caller's transaction; 0, API_E_REFUSED, -errno
 * unless said otherwise. */
#ifndef DESK_SESSION_IMPL_H
#define DESK_SESSION_IMPL_H

#include "desk/people.h"

#define KNOWN_MAX 14u /* passwords that wait for the vault, of all (L3) */

static inline struct span session_hash_span(const unsigned char hash[32]) {
        return span_of((const char *)hash, 32);
}

/* ---- api_session.c ---- */

/* The session as JSON: the answer of most of these operations. */
int session_show(struct api_call *c);
/* L2. Another token; `needs` from now on. */
int session_forward(struct api_call *c, int64_t needs);
/* What it still needs (NEEDS_…). */
int session_needs(struct api_call *c, int64_t *ret);
/* Refuses: too many tries, again in so many seconds. */
int session_wait(struct api_call *c, int64_t seconds);

/* ---- api_session_second.c ---- */

/* The asker's box and number by `text` (?1: the person), of the arena. 1; 0: there is none; -errno. */
int session_box(struct api_call *c, const char *text, struct span *ret_box, int64_t *ret_step);
/* Refuses, and counts (L4). */
int session_wrong_password(struct api_call *c);

/* ---- api_session_own.c ---- */

/* The asker's own login (of the arena), and whether they have a second factor. */
int session_own(struct api_call *c, struct span *ret_login, bool *ret_totp);

/* ---- handlers ---- */

int session_do_totp(struct api_call *c);
int session_do_recovery(struct api_call *c);
int session_do_password(struct api_call *c);
int session_do_second(struct api_call *c);
int session_do_end(struct api_call *c);
int session_do_sessions_list(struct api_call *c);
int session_do_sessions_end(struct api_call *c);
int session_do_totp_begin(struct api_call *c);
int session_do_totp_confirm(struct api_call *c);
int session_do_totp_codes(struct api_call *c);
int session_do_tokens_list(struct api_call *c);
int session_do_tokens_make(struct api_call *c);
int session_do_tokens_end(struct api_call *c);

#endif
