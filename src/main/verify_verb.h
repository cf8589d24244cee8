/* The verb `verify`. */
#ifndef MAIN_VERIFY_VERB_H
#define MAIN_VERIFY_VERB_H

int verb_verify(int argc, char **argv);

#endif
