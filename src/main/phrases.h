/* What rooms say of unreadable places, in Vietnamese. Rooms use constant English phrases; people
 * read their own language. */
#ifndef MAIN_PHRASES_H
#define MAIN_PHRASES_H

/* The phrase in the language chosen; one that the table lacks stays English. */
const char *phrase(const char *english);

/* For standard error, a line after "nothing is there": how another directory is named. */
const char *where_else(void);

/* What the kernel's refusal means, of -errno, in the language chosen. */
const char *error_text(int error);

#endif
