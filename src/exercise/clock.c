/* See clock.h. What the last point says holds for ever; CLOCK_DRILL_MAX keeps every product within 64 bits, as a
 * drill's time beyond it is cut there. */
#include "exercise/clock.h"

bool clock_good(const struct clock_point *p, size_t n) {
        for (size_t i = 0; i < n; i++) {
                if (p[i].speed > CLOCK_SPEED_MAX || p[i].at_drill < 0 ||
                    p[i].at_drill > CLOCK_DRILL_MAX)
                        return false;
                if (i && (p[i].at_real < p[i - 1].at_real ||
                          p[i].at_drill < clock_drill_of(p, i, p[i].at_real)))
                        return false; /* K1 */
        }
        return n > 0;
}

static int64_t on(const struct clock_point *p, int64_t real) {
        int64_t most = CLOCK_DRILL_MAX - p->at_drill, passed = real - p->at_real;

        if (p->speed && passed > most * 1000 / (int64_t)p->speed)
                return CLOCK_DRILL_MAX;
        return p->at_drill + (p->speed ? passed * (int64_t)p->speed / 1000 : 0);
}

int64_t clock_drill_of(const struct clock_point *p, size_t n, int64_t real) {
        size_t i = n;

        while (i && p[i - 1].at_real > real)
                i--;
        return i ? on(&p[i - 1], real) : -1;
}

int64_t clock_real_of(const struct clock_point *p, size_t n, int64_t drill) {
        if (n == 0 || drill < p[0].at_drill)
                return INT64_MIN;
        for (size_t i = 0; i < n; i++) {
                int64_t left = drill - p[i].at_drill, real;

                if (left <= 0) /* a point that begins with it, or beyond it: reached no later */
                        return p[i].at_real;
                if (!p[i].speed)
                        continue;
                real = p[i].at_real + (left * 1000 + p[i].speed - 1) / p[i].speed;
                if (i + 1 == n || real < p[i + 1].at_real)
                        return drill > CLOCK_DRILL_MAX ? INT64_MAX : real;
        }
        return INT64_MAX;
}
