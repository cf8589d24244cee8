/* The verb `search`. */
#ifndef MAIN_SEARCH_H
#define MAIN_SEARCH_H

int verb_search(int argc, char **argv);

#endif
