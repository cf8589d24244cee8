/* The verb `hunt`. */
#ifndef MAIN_HUNT_H
#define MAIN_HUNT_H

int verb_hunt(int argc, char **argv);
int verb_rules(int argc, char **argv);

#endif
