/* What `store` answers to STORE_READ: frames in a sealed memfd (struct frame_list). */
#ifndef STORE_ANSWER_H
#define STORE_ANSWER_H

#include "store/reader.h"

/* Without words and times: the frames of [from, to), from the first that is there, up to where some are not; *ret says
 * which they are. With them: *ret's range is what was looked through. 0; -EBADMSG: the question is no question.
 * The caller closes *ret_fd (-1: no frames). */
int answer_read(struct reader *r, const struct msg_store_read *q, struct msg_store_frames *ret,
                int *ret_fd);

/* `n` things of one size in a sealed memfd. */
int answer_memfd(const char *name, const struct span *parts, unsigned n, int *ret_fd);

#endif
