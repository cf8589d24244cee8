"""content/masking/words.txt as tables for src/scan. Usage: make_masking.py WORDS HEADER"""
import pathlib
import sys

KINDS = {"cmnd": "PERSONAL_CMND", "tax": "PERSONAL_TAX", "insurance": "PERSONAL_INSURANCE", "account": "PERSONAL_ACCOUNT"}
NAMES = {"field nobody": "NAMES_NOBODY", "field user": "NAMES_USER", "field address": "NAMES_ADDRESS", "field path": "NAMES_PATH"}


def quoted(word: str) -> str:
    """A C string: bytes beyond ASCII and what C reads as more are written out."""
    return '"' + "".join(chr(b) if 32 <= b < 127 and chr(b) not in '"\\?' else f"\\{b:03o}" for b in word.encode()) + '"'


def main() -> int:
    words, fields = [], []
    for number, line in enumerate(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8").splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        kind, _, word = (part.strip() for part in line.partition(":"))
        word = "".join(c.lower() if c < "\x80" else c for c in word)
        if not word or kind not in KINDS | NAMES:
            print(f"{sys.argv[1]}:{number}: not KIND: WORD: {line}", file=sys.stderr)
            return 1
        (fields if kind in NAMES else words).append((NAMES.get(kind) or KINDS[kind], word))
    if not words or not fields:
        print(f"{sys.argv[1]}: words or fields are missing", file=sys.stderr)
        return 1
    out = ["/* Made of content/masking/words.txt. */"]
    for name, kind, rows in (("masking_words", "enum personal_kind", words), ("masking_fields", "enum names_kind", fields)):
        out.append(f"static const struct {{\n        {kind} kind;\n        const char *word;\n}} {name}[] = {{")
        out += [f"        {{{k}, {quoted(w)}}}," for k, w in rows]
        out.append("};")
    pathlib.Path(sys.argv[2]).write_text("\n".join(out) + "\n", encoding="ascii")
    return 0


if __name__ == "__main__":
    sys.exit(main())
