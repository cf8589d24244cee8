/* `coloa intel`: indicators checked and listed. An exit status. */
#ifndef MAIN_INTEL_VERB_H
#define MAIN_INTEL_VERB_H

int verb_intel(int argc, char **argv);

#endif
