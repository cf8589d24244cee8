/* Followed files and the journal: descriptors that main hands over, read into the batch with the
 * positions that hold once it is durable. Part of serve. */
#ifndef INGEST_FILES_H
#define INGEST_FILES_H

#include "ingest/serve_impl.h"

struct serve_files *files_new(void); /* NULL: out of memory */
struct serve_files *files_free(struct serve_files *f);

/* NODE_FILE: takes the descriptor, whatever it answers. 0, -EPROTO or -ENOMEM. */
int files_take(struct serve *s, const struct msg_node_file *m, int fd);
/* STORE_POSITIONS: what the store knows, before NODE_BEGIN. */
int files_positions(struct serve *s, const struct msg_store_frames *m, int fd);

/* Reads what is due; when it is due again (ns monotonic). */
void files_run(struct serve *s);
int64_t files_due(const struct serve *s);
/* The journal's pipe can be read. */
void files_journal_ready(struct serve *s);
/* More is durable. */
void files_durable(struct serve *s);
/* Each second: what is followed, for who asks. */
void files_show(struct serve *s);
/* The batch is about to be handed over: its positions. */
void files_batch_ends(struct serve *s);

#endif
