/* The verbs `backup` and `restore`. */
#ifndef MAIN_BACKUP_VERB_H
#define MAIN_BACKUP_VERB_H

int verb_backup(int argc, char **argv);
int verb_restore(int argc, char **argv);

#endif
