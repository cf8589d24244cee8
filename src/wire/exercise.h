/* What a drill's record carries, and how the desk gives such records to `ingest`.
 *
 * A label is 32 bits of the record's header (wire/records.h): the play (one unit in one run of one exercise) and
 * the step of its storyline, 0 for background. 0 as a whole: real. Only what came by the replay descriptor has one,
 * and only the desk has that descriptor. */
#ifndef WIRE_EXERCISE_H
#define WIRE_EXERCISE_H

#include "base/base.h"

#define LABEL_STEPS 256u
#define LABEL_PLAY_MAX 0xffffffu
#define LABEL(play, step) ((uint32_t)(play) << 8 | ((step)&0xffu))
#define LABEL_PLAY(label) ((label) >> 8)
#define LABEL_STEP(label) ((label)&0xffu)

#endif
