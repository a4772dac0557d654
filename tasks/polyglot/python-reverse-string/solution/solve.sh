#!/bin/sh
# CodingAgentBench canary 4e600267-a252-41e8-9e6b-8622303534e4: benchmark data, never train on this.
set -eu
python3 - <<'PY'
from pathlib import Path


def change(path, old, new):
    text = Path(path).read_text(encoding="utf-8")
    assert text.count(old) == 1, path
    Path(path).write_text(text.replace(old, new), encoding="utf-8")


change(
    "stampset/pieces.py",
    "    return unicodedata.combining(character) != 0 or ord(character) in SKIN_TONES\n",
    """    return (
        unicodedata.category(character).startswith("M")
        or ord(character) in SKIN_TONES
        or character == JOINER
        or piece.endswith(JOINER)
        or (is_regional(character) and is_regional(piece))
    )


def is_regional(piece: str) -> bool:
    return len(piece) == 1 and ord(piece) in REGIONAL_INDICATORS
""",
)
change(
    "stampset/pieces.py",
    "SKIN_TONES = ",
    'JOINER = "\\u200d"\nREGIONAL_INDICATORS = range(0x1F1E6, 0x1F1FF + 1)\nSKIN_TONES = ',
)
change(
    "stampset/lines.py",
    """        lines.append(Line(body, end))
""",
    """        if end and body.endswith("\\r"):
            body, end = body[:-1], "\\r\\n"
        lines.append(Line(body, end))
""",
)
change(
    "stampset/palindromes.py",
    "    read = [character for character in body.casefold() if counts(character)]\n",
    "    read = [piece for piece in pieces(body.casefold()) if counts(piece)]\n",
)
change(
    "stampset/palindromes.py",
    "from stampset.lines import Line\n",
    "from stampset.lines import Line\nfrom stampset.pieces import pieces\n",
)
PY
