/* The verb `retro`. */
#ifndef MAIN_RETRO_H
#define MAIN_RETRO_H

int verb_retro(int argc, char **argv);

#endif
