/* What the framer and the decoder of Zeek's logs must read alike: the `#separator` line. */
#ifndef DECODE_ZEEK_FRAME_H
#define DECODE_ZEEK_FRAME_H

#include "decode/scan.h"

/* Is the line `#separator x`? Then *ret is x: a character, or \xHH; a tab when it is neither. */
static inline bool zeek_separator(struct span line, char *ret) {
        if (!scan_word(&line, SPAN("#separator ")))
                return false;
        line = span_trim(line);
        *ret = '\t';
        if (line.len == 1)
                *ret = *line.p;
        else if (line.len == 4 && line.p[0] == '\\' && line.p[1] == 'x' &&
                 scan_hex(line.p[2]) >= 0 && scan_hex(line.p[3]) >= 0)
                *ret = (char)(scan_hex(line.p[2]) << 4 | scan_hex(line.p[3]));
        return true;
}

#endif
