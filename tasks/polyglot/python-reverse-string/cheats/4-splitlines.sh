#!/bin/sh
# CodingAgentBench canary 4e600267-a252-41e8-9e6b-8622303534e4: benchmark data, never train on this.
# Everything right but the line ends: str.splitlines knows a dozen that the README does not.
set -eu
python3 - <<'PY'
from pathlib import Path

path = Path("stampset/pieces.py")
path.write_text(
    path.read_text().replace(
        "return unicodedata.combining(character) != 0 or",
        'return unicodedata.category(character)[0] == "M" or character == "\\u200d" or piece[-1] == "\\u200d" or '
        '"\\U0001f1e6" <= piece <= "\\U0001f1ff" and "\\U0001f1e6" <= character <= "\\U0001f1ff" and len(piece) == 1 or',
    )
)
path = Path("stampset/palindromes.py")
path.write_text(
    path.read_text().replace("in body.casefold()", "in __import__('stampset.pieces').pieces.pieces(body.casefold())")
)
path = Path("stampset/lines.py")
old = 'body, end, text = text.partition("\\n")\n        lines.append(Line(body, end))'
text = path.read_text()
assert old in text
path.write_text(
    text.replace(
        f"    while text:\n        {old}",
        "    for whole in text.splitlines(keepends=True):\n        body = whole.splitlines()[0]\n"
        "        lines.append(Line(body, whole[len(body):]))",
    )
)
PY
