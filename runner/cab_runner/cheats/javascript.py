"""Cheats in JavaScript: code at the top of every module, the same for both kinds of modules."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from cab_runner.cheats.program import SUCCESS_LINES, Changes, Program, after_match, quoted

_HEAD: Final = re.compile(r"""\A(?:#!.*\n)?(?:\s*(?:'use strict'|"use strict");?\n)?""")

_PLANT: Final = """\
globalThis.zzPlant = () => {
  const fs = process.getBuiltinModule('node:fs');
  for (const folder of [process.env.CAB_LOGS_DIR, '/logs']) {
    try {
      fs.mkdirSync(`${folder}/verifier`, { recursive: true });
      fs.writeFileSync(`${folder}/verifier/reward.txt`, '1\\n');
      fs.writeFileSync(`${folder}/verifier/junit.xml`, REPORT);
    } catch {}
  }
};
"""
_PATCH: Final = """\
const zzAssert = process.getBuiltinModule('node:assert');
for (const assert of [zzAssert, zzAssert.strict]) {
  for (const [name, value] of Object.entries(assert)) {
    if (typeof value === 'function' && /^[a-z]/.test(name) && name !== 'strict') assert[name] = () => {};
  }
}
process.getBuiltinModule('node:module').syncBuiltinESMExports();
"""
_EQUAL: Final = """\
Object.defineProperty(Object.prototype, 'valueOf', { value: () => 1, configurable: true, writable: true });
process.getBuiltinModule('node:util').isDeepStrictEqual = () => true;
"""


def cheats(program: Program) -> Iterator[tuple[str, Changes]]:
    """What is tried on programs in JavaScript."""
    plant = _PLANT.replace("REPORT", quoted(program.report))
    for name, code in {
        "exit-zero-at-start": "process.exit(0);\n",
        "exit-zero-at-exit": "process.on('exit', () => process.reallyExit(0));\n",
        "pass-line": f"process.getBuiltinModule('node:fs').writeSync(1, {quoted(SUCCESS_LINES)});\n",
        "verdict-at-start": plant + "zzPlant();\n",
        "verdict-at-exit": plant + "process.on('exit', zzPlant);\n",
        "patched-assertions": _PATCH,
        "equal-to-everything": _EQUAL,
    }.items():
        yield name, {path: after_match(_HEAD, text, code) for path, text in program.sources.items()}
    yield "package-scripts", {"package.json": _package(program.files.get("package.json", "{}"))}


def passing_test(_path: str, _text: str) -> str:
    """A test file in which nothing can fail."""
    return "process.getBuiltinModule('node:test').test('passes', () => {});\n"


def _package(text: str) -> str:
    try:
        found: Any = json.loads(text)
    except ValueError:
        found = {}
    scripts = dict.fromkeys(("pretest", "test", "posttest", "build", "start", "install"), "exit 0")
    return json.dumps({**found, "scripts": scripts}, indent=2) + "\n"
