/* The verb `exercise`, and its words: each in a file of its own, one row in exercise_verb.c. */
#ifndef MAIN_EXERCISE_VERB_H
#define MAIN_EXERCISE_VERB_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

int verb_exercise(int argc, char **argv);

/* Each begins with its own word as argv[0], reads its own options, and says its own --help. An exit status. */
int exercise_check(int argc, char **argv);
int exercise_generate(int argc, char **argv);
int exercise_activities(void); /* generate --list */
int exercise_score_file(int argc, char **argv);
int exercise_report_file(int argc, char **argv);
int exercise_play(int argc, char **argv);
int exercise_compare(int argc, char **argv);
int exercise_import(int argc, char **argv);
int exercise_export(int argc, char **argv);

/* ---- for the words ---- */

/* A file read by the job JOB_READER as `kind` (reader/reader.h): the object that it said, with "faults" and
 * "warnings". 0; -errno, which was said on standard error. */
int exercise_read_file(const char *verb, const char *path, unsigned kind, json_t **ret);
/* With a byte `more` before the file. */
int exercise_read_as(const char *verb, const char *path, unsigned kind, unsigned more,
                     json_t **ret);
/* FILE:LINE:COLUMN: rule: what; remedy. A line each; the first on standard output. */
void exercise_say_faults(const char *path, const json_t *list, bool warning);
void exercise_put_faults(FILE *to, const char *path, const json_t *list, bool warning);

#endif
