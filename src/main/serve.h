/* The verbs `serve`, `status` and `reload`. */
#ifndef MAIN_SERVE_H
#define MAIN_SERVE_H

int verb_serve(int argc, char **argv);
int verb_status(int argc, char **argv);
int verb_reload(int argc, char **argv);

#endif
