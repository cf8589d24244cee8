/* The verb `alerts`. */
#ifndef MAIN_ALERTS_H
#define MAIN_ALERTS_H

int verb_alerts(int argc, char **argv);

#endif
