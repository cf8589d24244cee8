/* The verbs `serve`, `status` and `reload`. */
#ifndef MAIN_SERVE_H
#define MAIN_SERVE_H

#include "base/base.h"

int verb_serve(int argc, char **argv);
int verb_status(int argc, char **argv);
int verb_reload(int argc, char **argv);
int verb_import(int argc, char **argv);

/* Where the node of this configuration (NULL: the default) or directory is reached. 0, or -errno: it
 * was said why. */
int serve_control_path(const char *config, const char *directory, char *to, size_t room);

/* The configuration that a verb without -c means; NULL: there is none. Then it is a try-out
 * (main/try_out.h) below serve_own_directory(). */
const char *serve_default_config(void);
const char *serve_own_directory(void);

/* The rules of a node's configuration; what is pointed at stays the caller's. */
struct config;
struct rulebook_intel;
struct rulebook_options;
void serve_rules(const struct config *c, int landlock, struct rulebook_intel *intel,
                 struct rulebook_options *ret);
struct config;
/* The configuration as the node reads it (NULL: the default, or that of a try-out). The caller's, to
 * config_deinit() and free(). */
int serve_config(const char *config, const char *directory, struct config **ret);

/* Where that node keeps things and is reached. */
struct place {
        char directory[1024], control[256];
};
int serve_place(const char *config, const char *directory, struct place *ret);

#endif
