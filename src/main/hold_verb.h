/* The verb `hold`. */
#ifndef MAIN_HOLD_VERB_H
#define MAIN_HOLD_VERB_H

int verb_hold(int argc, char **argv);

#endif
