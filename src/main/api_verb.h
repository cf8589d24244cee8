/* `coloa api`: any operation of the API from the command line. An exit status. */
#ifndef MAIN_API_VERB_H
#define MAIN_API_VERB_H

int verb_api(int argc, char **argv);

#endif
