/* What ATT&CK calls things: Sigma tags to techniques and tactics. */
#ifndef REPORT_ATTACK_H
#define REPORT_ATTACK_H

#include "base/base.h"

#define ATTACK_TACTICS 15u
#define ATTACK_ID_MAX 16u /* room for "T1059.001" and its NUL */

struct attack_technique {
        const char *id, *name;
        uint32_t tactics; /* bit per tactic; both Stealth and Defense Impairment when a release
                             before 19 only knew Defense Evasion */
};

struct attack_tactic {
        const char *id, *key, *en, *vi; /* "TA0002", "execution", "Execution", "Thực thi" */
};

/* In the order of an attack; i < ATTACK_TACTICS. */
const struct attack_tactic *attack_tactic(unsigned i);
/* "T1059.001"; NULL: not known. */
const struct attack_technique *attack_technique(struct span id);

/* "attack.t1059.001" to "T1059.001"; false: another kind of tag. */
bool attack_tag_technique(struct span tag, char ret[static ATTACK_ID_MAX]);
/* "attack.defense-evasion", "attack.command_and_control", "attack.ta0002": number of the tactic, or
 * -1. */
int attack_tag_tactic(struct span tag);

/* Tactics a technique belongs to in the light of the tactics its rule is tagged with (bits). */
uint32_t attack_place(struct span technique, uint32_t tagged);

#endif
