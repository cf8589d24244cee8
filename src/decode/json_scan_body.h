/* The body of the scan, included once by each implementation, which defines before:
 *     TARGET                  the function attribute that allows its instructions
 *     SCAN_NAME               the function to define
 *     scan_masks(p)           struct json_block of the 64 bytes at p
 *     scan_utf8(p, struct json_block_utf8 *)
 *     scan_prefix(x)          exclusive-or of all bits up to and with each bit
 *     scan_emit(to, quotes, flags, base2)   appends entries, may write up to 64 behind; returns the
 * new end It is a template rather than a function with parameters because a function for one
 * instruction set cannot be inlined into one for another. */

/* Bytes that a backslash escapes, backslashes themselves included. A run of backslashes escapes
 * every second one; subtracting where runs begin from the odd bits carries through a run and flips
 * at its end (Langdale and Lemire, "Parsing Gigabytes of JSON per Second", 2019). */
TARGET static inline uint64_t scan_escaped(uint64_t slash, uint64_t *carry) {
        const uint64_t odd_bits = UINT64_C(0xaaaaaaaaaaaaaaaa);
        uint64_t first = slash & ~*carry;
        uint64_t runs = (((first << 1) | odd_bits) - first) ^ odd_bits;
        uint64_t escaped = runs ^ (slash | *carry);

        *carry = (runs & slash) >> 63;
        return escaped;
}

/* Which bytes break UTF-8 (RFC 3629, table 3-7 of Unicode): a continuation byte that nothing
 * expects, another byte where one is expected, bytes that never occur, and second bytes that would
 * make an overlong form, a surrogate or more than U+10FFFF. */
TARGET static inline uint64_t scan_utf8_faults(const struct json_block_utf8 *m, uint64_t high,
                                               struct json_utf8 *c) {
        uint64_t never = (m->c0 & ~m->c2) | m->f5;
        uint64_t lead2 = m->c2 & ~m->f5, lead3 = m->e0 & ~m->f5, lead4 = m->f0 & ~m->f5;
        uint64_t expect = lead2 << 1 | lead3 << 2 | lead4 << 3 | c->more;
        uint64_t got = high & ~m->c0;
        uint64_t second = ((m->is_e0 << 1 | c->e0) & ~m->a0) | ((m->is_ed << 1 | c->ed) & m->a0) |
                          ((m->is_f0 << 1 | c->f0) & ~m->x90) | ((m->is_f4 << 1 | c->f4) & m->x90);

        *c = (struct json_utf8){
                .more = lead2 >> 63 | lead3 >> 62 | lead4 >> 61,
                .e0 = m->is_e0 >> 63,
                .ed = m->is_ed >> 63,
                .f0 = m->is_f0 >> 63,
                .f4 = m->is_f4 >> 63,
        };
        return never | (expect ^ got) | second;
}

/* A control character in a string: a newline ends the string (S2), others are faults. Slow, and
 * only for broken text: at most one round per newline. */
TARGET static inline uint64_t scan_newlines(const char *p, uint64_t control, uint64_t *quote,
                                            uint64_t carry) {
        uint64_t newline = 0, in = scan_prefix(*quote) ^ carry, hit;

        for (uint64_t left = control; left; left &= left - 1)
                if (p[__builtin_ctzll(left)] == '\n')
                        newline |= left & -left;
        while ((hit = newline & in)) {
                hit &= -hit;
                *quote |= hit;
                newline &= ~(hit | (hit - 1));
                in = scan_prefix(*quote) ^ carry;
        }
        return in;
}

struct scan_strings {
        uint64_t quote, in;
};

/* What is rare: control characters, escapes but the simple ones, bytes beyond ASCII. Out of line,
 * and with its own look at the bytes, so that the loop keeps its registers. Returns the quotes
 * anew, and which bytes are in strings. */
TARGET static __attribute__((noinline)) struct scan_strings
scan_rare(struct json_scan *s, const char *p, int64_t base, uint64_t escaped, uint64_t in_string) {
        struct json_block m = scan_masks(p);
        struct scan_strings r = {.quote = m.quote & ~escaped};
        uint64_t odd = (m.odd | m.high) & escaped, fault = 0;

        r.in = scan_prefix(r.quote) ^ in_string;
        if (m.control & r.in) {
                r.in = scan_newlines(p, m.control, &r.quote, in_string);
                fault = (m.control & r.in) | (r.quote ^ (m.quote & ~escaped));
        }
        if (odd)
                fault |= json_scan_escapes(s, odd, base);
        if (m.high | s->utf8.more) {
                struct json_block_utf8 u;
                scan_utf8(p, &u);
                fault |= scan_utf8_faults(&u, m.high, &s->utf8);
        }
        if (fault)
                json_scan_fault(s, base, fault);
        return r;
}

TARGET void SCAN_NAME(struct json_scan *s, const char *p, size_t blocks, int64_t base) {
        uint64_t in_string = s->in_string, escape = s->escaped, has_escape = s->has_escape;
        uint64_t more = s->utf8.more;
        uint32_t *to = s->index + s->n;

        for (; blocks; blocks--, p += 64, base += 64) {
                struct json_block m = scan_masks(p);
                /* Keeps the compiler from moving half of the arithmetic into mask registers and
                 * back. */
                __asm__("" : "+r"(m.quote), "+r"(m.control));
                uint64_t escaped = scan_escaped(m.slash, &escape);
                uint64_t quote = m.quote & ~escaped;
                uint64_t in = scan_prefix(quote) ^ in_string;

                if (UNLIKELY((m.control & in) | (m.odd & escaped) | m.high | more)) {
                        struct scan_strings r = scan_rare(s, p, base, escaped, in_string);
                        quote = r.quote;
                        in = r.in;
                        more = s->utf8.more;
                }
                in_string = (uint64_t)((int64_t)in >> 63);

                /* Adding the backslashes of a string to the run of ones that the string is carries
                 * out of the run, onto the closing quote, exactly when there is one. */
                uint64_t sum, slash = m.slash & in;
                bool carry = __builtin_add_overflow(in, slash, &sum);
                carry |= __builtin_add_overflow(sum, has_escape, &sum);
                has_escape = carry;
                to = scan_emit(to, quote, sum & ~in, (uint32_t)(base * 2));
        }
        s->n = (size_t)(to - s->index);
        s->in_string = in_string;
        s->escaped = escape;
        s->has_escape = has_escape;
}
