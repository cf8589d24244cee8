/* See utf8.h: letters without their accents, for people who search. A Vietnamese name is written with
 * and without accents by the same person within an hour, composed (NFC) or not (NFD): `plain` makes one
 * of all four. Of a precomposed Latin letter the base is looked up in three short tables, made from
 * Unicode's decompositions, plus đ, ø, ł, ħ, ŧ, ı, which Unicode does not decompose; combining marks
 * fall away. All else is only folded. */
#include "base/utf8.h"

static const char base_c0[] = "aaaaaa ceeeeiiii nooooo ouuuuy  aaaaaa ceeeeiiii nooooo ouuuuy y"
                              "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii  jjkk llllll "
                              " llnnnnnn   oooooo  rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzz ";
static const char base_1a0[] = "oo             uu";
static const char base_1cd[] = "aaiioouuuuuuuuuu";
static const char base_1e00[] = "aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmm"
                                "mmmmnnnnnnnnoooooooopppprrrrrrrrssssssssssttttttttuuuuuuuuuuvvvv"
                                "wwwwwwwwwwxxxxyyzzzzzzhtwy      aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeee"
                                "eeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy      ";

/* The letter under the accents; ' ': it has none. */
static char base_of(uint32_t cp) {
        if (cp >= 0xc0 && cp < 0xc0 + sizeof(base_c0) - 1)
                return base_c0[cp - 0xc0];
        if (cp >= 0x1a0 && cp < 0x1a0 + sizeof(base_1a0) - 1)
                return base_1a0[cp - 0x1a0];
        if (cp >= 0x1cd && cp < 0x1cd + sizeof(base_1cd) - 1)
                return base_1cd[cp - 0x1cd];
        if (cp >= 0x1e00 && cp < 0x1e00 + sizeof(base_1e00) - 1)
                return base_1e00[cp - 0x1e00];
        return ' ';
}

size_t utf8_plain_to(char *to, struct span s) {
        size_t n = 0;

        for (size_t i = 0; i < s.len;) {
                uint32_t cp;
                unsigned k;

                if ((unsigned char)s.p[i] < 0x80) {
                        to[n++] = ascii_lower(s.p[i++]);
                        continue;
                }
                k = utf8_next(s.p + i, s.len - i, &cp);
                if (k == 0) {
                        to[n++] = s.p[i++];
                        continue;
                }
                i += k;
                if (cp >= 0x300 && cp < 0x370)
                        continue; /* a mark on the letter before */
                char b = base_of(cp);
                if (b != ' ')
                        to[n++] = b;
                else
                        n += utf8_put(to + n, utf8_fold(cp));
        }
        return n;
}
