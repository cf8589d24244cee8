/* The literal that a regular expression cannot match without: what lets most expressions stay
 * asleep.
 *
 * A walk over the pattern that understands enough of PCRE to be sure and gives up (a run of
 * literals ends, or nothing at all is returned) where it does not: (R1) a literal counts only if it
 * stands in a concatenation that every match passes: the top level, or a group without alternatives
 * that is not optional; (R2) what precedes '?', '*' or '{' is not counted; (R3) options that change
 * what bytes mean ((?x), \Q, verbs) end the search with nothing. Case does not matter: the literal
 * is folded and looked for in folded text. */
#include "rules/atom.h"

struct walk {
        const char *p, *end;
        char *run; /* literal being collected */
        size_t n;
        char *best;
        size_t best_n;
        bool give_up;
};

static void run_end(struct walk *w) {
        if (w->n > w->best_n) {
                memcpy(w->best, w->run, w->n);
                w->best_n = w->n;
        }
        w->n = 0;
}

/* The last character collected may be absent: it and its continuation bytes go. */
static void run_drop(struct walk *w) {
        while (w->n && ((unsigned char)w->run[w->n - 1] & 0xc0) == 0x80)
                w->n--;
        if (w->n)
                w->n--;
        run_end(w);
}

/* Behind '[': skips the class. */
static void skip_class(struct walk *w) {
        if (w->p < w->end && *w->p == '^')
                w->p++;
        if (w->p < w->end && *w->p == ']')
                w->p++;
        while (w->p < w->end && *w->p != ']') {
                if (*w->p == '\\') {
                        if (w->p + 1 < w->end && (w->p[1] == 'Q' || w->p[1] == 'E'))
                                w->give_up = true;
                        w->p++;
                } else if (*w->p == '[' && w->p + 1 < w->end &&
                           (w->p[1] == ':' || w->p[1] == '.' || w->p[1] == '=')) {
                        char kind = w->p[1]; /* [:alpha:] holds a ']' */
                        const char *q = w->p + 2;
                        while (q + 1 < w->end && !(q[0] == kind && q[1] == ']') && *q != ']' &&
                               *q != '\\')
                                q++;
                        if (q + 1 < w->end && q[0] == kind && q[1] == ']')
                                w->p = q + 1;
                }
                w->p++;
        }
        if (w->p < w->end)
                w->p++;
        else
                w->give_up = true;
}

/* Behind '(': the end of the group (its ')'), and whether it has alternatives of its own. */
static const char *group_end(struct walk *w, bool *ret_alternatives) {
        struct walk t = *w;
        unsigned depth = 1;

        *ret_alternatives = false;
        while (t.p < t.end && !t.give_up) {
                char c = *t.p++;
                if (c == '\\') {
                        if (t.p < t.end && (*t.p == 'Q' || *t.p == 'E'))
                                t.give_up = true;
                        t.p++;
                } else if (c == '[') {
                        skip_class(&t);
                } else if (c == '(') {
                        depth++;
                } else if (c == ')' && --depth == 0) {
                        return t.p - 1;
                } else if (c == '|' && depth == 1) {
                        *ret_alternatives = true;
                }
        }
        w->give_up = true;
        return w->end;
}

/* Whether what was just read may be absent; takes the quantifier. 0: none, 1: at least once, 2:
 * perhaps absent. */
static int quantifier(struct walk *w) {
        int kind = 0;

        if (w->p >= w->end)
                return 0;
        if (*w->p == '+') {
                kind = 1;
        } else if (*w->p == '?' || *w->p == '*') {
                kind = 2;
        } else if (*w->p == '{') {
                const char *q = w->p + 1;
                while (q < w->end && *q != '}')
                        q++;
                if (q >= w->end)
                        return 2; /* a brace that is meant literally, or nonsense: not counted */
                w->p = q;
                kind = 2;
        } else {
                return 0;
        }
        w->p++;
        if (w->p < w->end && (*w->p == '?' || *w->p == '+')) /* lazy, possessive */
                w->p++;
        return kind;
}

static void walk(struct walk *w, unsigned depth);

static void walk_group(struct walk *w, unsigned depth) {
        bool plain = true, alternatives;

        run_end(w);
        if (w->p < w->end && *w->p == '*') { /* (*VERB) */
                w->give_up = true;
                return;
        }
        const char *close = group_end(w, &alternatives);
        if (w->give_up)
                return;
        if (w->p < w->end && *w->p == '?') {
                if (w->p + 1 < close && w->p[1] == ':') {
                        w->p += 2;
                } else if (w->p + 2 == close && w->p[1] == 'i') { /* (?i) */
                        w->p = close + 1;
                        return;
                } else {
                        for (const char *q = w->p; q < close && *q != ':' && *q != ')'; q++)
                                if (*q == 'x' || *q == '#')
                                        w->give_up = true; /* R3; a name with an x loses a literal,
                                                              no more */
                        plain = false;
                }
        }
        struct walk in = *w;
        w->p = close + 1;
        if (quantifier(w) == 2 || !plain || alternatives || depth >= 16)
                return; /* R1 */
        in.end = close;
        in.n = 0;
        walk(&in, depth + 1);
        run_end(&in);
        w->best_n = in.best_n;
        w->give_up |= in.give_up;
}

/* A backslash was read: a literal character is added, anything else ends the run. */
static void walk_escape(struct walk *w) {
        if (w->p >= w->end) {
                w->give_up = true;
                return;
        }
        char c = *w->p++;
        bool alnum = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
        if (!alnum && (unsigned char)c < 0x80) {
                w->run[w->n++] = c;
                return;
        }
        run_end(w);
        if (strchr("wWdDsSbBAzZRhHvV", c) &&
            c) { /* classes and places: may be quantified, hold no literal */
                (void)quantifier(w);
                return;
        }
        if (strchr("tnrfae", c) && c)
                return;
        w->give_up = true; /* \Q, \x, \p, references, and what else there is */
}

static void walk(struct walk *w, unsigned depth) {
        while (w->p < w->end && !w->give_up) {
                char c = *w->p++;
                bool literal = false;

                switch (c) {
                case '(': walk_group(w, depth); break;
                case '[':
                        run_end(w);
                        skip_class(w);
                        (void)quantifier(w);
                        break;
                case '.':
                        run_end(w);
                        (void)quantifier(w);
                        break;
                case '^':
                case '$': run_end(w); break;
                case '\\': {
                        size_t before = w->n;
                        walk_escape(w);
                        literal = w->n == before + 1;
                        break;
                }
                case '|':
                case ')': w->give_up = true; break;
                default:
                        w->run[w->n++] = c;
                        literal = true;
                        break;
                }
                if (literal) {
                        int q = quantifier(w);
                        if (q == 2)
                                run_drop(w); /* R2 */
                        else if (q == 1)
                                run_end(w);
                }
        }
}

size_t regex_need(char *to, struct span re) {
        char run[512];
        struct walk w = {.p = re.p, .end = re.p + re.len, .run = run, .best = to};

        if (re.len > sizeof(run) || re.len == 0)
                return 0;
        walk(&w, 0);
        run_end(&w);
        return w.give_up ? 0 : w.best_n;
}
