/* The children: one short file each. All take (argc, argv) of `coloa: NAME` and return an exit
 * status. */
#ifndef MAIN_PROCESSES_H
#define MAIN_PROCESSES_H

int process_rules(int argc, char **argv);  /* fd 4: bundle */
int process_ingest(int argc, char **argv); /* fd 4: ring, writable; 5: intake */
int process_listen(int argc, char **argv); /* fd 4: ring, writable; 5: duplicates; 6: counters */
int process_judge(int argc, char **argv);  /* fd 4: ring, read-only; 5: program; 6: outbox */
/* The socket is a stream; fd 4: program; 5: scratch file. */
int process_correlate(int argc, char **argv);
int process_desk(int argc, char **argv); /* directory=PATH times=LATENESS:SKEW:WINDOW alerts=DAYS */
int process_console(int argc, char **argv); /* fd 4: listener; 5: counters; 6: node_stats */
int process_seal(int argc, char **argv);    /* fd 4: ring, read-only; 5: output */
int process_store(int argc, char **argv);   /* directory=PATH retention=DAYS:BYTES */
int process_excerpt(int argc, char **argv); /* fd 4: task, read-only; 5: text, writable */
int process_vault(int argc, char **argv);   /* fd 4: key file */
int process_job(int argc, char **argv);     /* fd 4: input, sealed; 5: output. kind=NUMBER */
int process_search(int argc, char **argv);  /* fd 4: program, read-only; directory=PATH */
/* fd 4: job, sealed; 5: result, 6: password. kind= path= scratch= limit=; or wipe=1 scratch= */
int process_mender(int argc, char **argv);
int process_act(int argc, char **argv);  /* fd 4: ledger; hand=accounts, hand=services */
int process_hand(int argc, char **argv); /* of act's, not of main's: accounts, services */
int process_courier(int argc, char **argv);

#endif
