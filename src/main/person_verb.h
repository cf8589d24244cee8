/* coloa person: the first one, and one-time passwords, at the node itself. */
#ifndef MAIN_PERSON_VERB_H
#define MAIN_PERSON_VERB_H

int verb_person(int argc, char **argv);

#endif
