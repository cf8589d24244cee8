/* Reports on paper: PDF and DOCX of an official document as Decree 30/2020 has them look (doc/reports.md).
 * Its input is JSON that the desk made (document.h); it holds nothing but that and its fonts. */
#ifndef PRESS_PRESS_H
#define PRESS_PRESS_H

#include "base/buf.h"

/* Finds a serif font with all Vietnamese letters and opens all that will be read of it; afterwards no file is
 * opened any more. To be called before the sandbox closes. 0; -ENOENT: there is no such font; -errno. */
int press_prepare(void);
/* Gives all of it back (tests). */
void press_end(void);

/* One document. 0; -EBADMSG: the input is none; -errno. */
int job_press(struct span in, struct buf *out);

#endif
