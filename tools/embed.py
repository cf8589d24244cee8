#!/usr/bin/env python3
"""Makes one page of page.html, page.css and page.js, and of that a C header with two strings.

    tools/embed.py PAGE.html PAGE.css PAGE.js OUT.h

page_head goes before the data (the place of <!--data--> in the page), page_tail after it. The page's Content-Security-
Policy allows exactly this script and this style, by their SHA-256, and nothing else.
"""
import base64
import hashlib
import sys


def digest(text):
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def literal(name, text):
    """As an array of numbers: string literals have a length limit in C."""
    data = text.encode()
    rows = [",".join(str(b) for b in data[i:i + 32]) for i in range(0, len(data), 32)]
    return "static const unsigned char %s[%d] = {\n%s};\n" % (name, len(data), ",\n".join(rows))


def main():
    page, style, script = (open(p, encoding="utf-8").read() for p in sys.argv[1:4])
    if "</script" in script.lower() or "<!--" in script or "</style" in style.lower():
        sys.exit("embed.py: script or style would end early inside HTML")
    page = page.replace("{{style-hash}}", digest(style)).replace("{{script-hash}}", digest(script))
    head, mark, tail = page.partition("<!--data-->\n")
    if not mark:
        sys.exit("embed.py: the page has no <!--data--> line")
    head = head.replace("{{style}}", style)
    tail = tail.replace("{{script}}", script)
    with open(sys.argv[4], "w", encoding="utf-8") as f:
        f.write("/* Made by tools/embed.py. */\n" + literal("page_head", head) + literal("page_tail", tail))


main()
