/* What the terminal view and the lines beside other reports (summary.c) share. */
#ifndef REPORT_TERMINAL_H
#define REPORT_TERMINAL_H

#include "report/writer.h"

enum paint {
        PAINT_OFF,
        PAINT_BOLD,
        PAINT_DIM,
        PAINT_CRITICAL,
        PAINT_HIGH,
        PAINT_MEDIUM,
        PAINT_LOW,
        PAINT_OK,
};

/* The escape for it when colour is on. */
void paint(struct buf *b, bool on, enum paint p);

struct summary {
        const struct report_counts *counts;
        const struct report_summary *total;
        uint64_t hosts;
        bool hosts_more, colour;
        unsigned width;
};
void summary_lines(struct buf *b, const struct summary *s);

#endif
