/* The shipped rules and log-source maps, put into the program by the build (tools/make_bundle.py).
 */
#include "content_stamp.h"
#include "main/rulebook.h"

__asm__(".section .rodata\n"
        ".balign 16\n"
        ".globl content_start\n"
        "content_start:\n"
        ".incbin \"" CONTENT_BUNDLE "\"\n"
        ".globl content_end\n"
        "content_end:\n"
        ".byte 0\n"
        ".text\n");

extern const char content_start[], content_end[];

struct span content_bundle(void) {
        return span_of(content_start, (size_t)(content_end - content_start));
}
