"""CodingAgentBench canary 6b331708-e463-4d46-b12c-e10a8197e63f: benchmark data, never train on this.

Hidden check of mutations/javascript-missing-await: linkward looks at folders of our making.
"""

import json
import os
import random
import re
import sys
from collections.abc import Mapping
from posixpath import dirname, join, normpath

sys.path.insert(0, os.environ.get("CAB_TOOLS_DIR", "/opt/cab/inside"))

from cab_grading import Grader, Result, expect, require

grader = Grader("mutations/javascript-missing-await")


def linkward(files: Mapping[str, str], *options: str) -> Result:
    """Run in the folder above ``docs``, which has these files."""
    folder = grader.folder()
    (folder / "docs").mkdir()
    for name, text in files.items():
        path = folder / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    return grader.run(["node", grader.copy / "bin" / "linkward.js", "docs", *options], cwd=folder)


def check(
    files: Mapping[str, str], broken: list[str], counts: str = "", options: tuple[str, ...] = ()
) -> None:
    """All lines of the output; of the last one, only the number of broken links where no counts are given."""
    ran = linkward(files, *options)
    *lines, last = ran.stdout.splitlines() or [""]
    require(lines == broken, f"broken links: expected {broken}, got {lines} ({ran.stderr!r})")
    if counts:
        expect(last, f"{counts}, {len(broken)} broken", "counts")
    require(last.endswith(f" {len(broken)} broken"), f"counts: {last!r}")
    expect((ran.exit_code, ran.stderr), (1 if broken else 0, ""), "exit code and messages")


def no_section(section: str, file: str) -> str:
    return f'there is no section "{section}" in {file}'


@grader.test("a_missing_section_of_another_file_is_reported")
def _() -> None:
    files = {
        "README.md": "# Home\n\nSee [how](guide/use.md#install) and\n[how not](guide/use.md#instal).\n",
        "guide/use.md": "# Use\n\n## Install\n\n[back](../README.md#gone)\n[top](/README.md#home)\n",
    }
    broken = [
        f"README.md:4: guide/use.md#instal: {no_section('instal', 'guide/use.md')}",
        f"guide/use.md:5: ../README.md#gone: {no_section('gone', 'README.md')}",
    ]
    check(files, broken)


@grader.test("a_missing_section_of_the_same_file_is_reported")
def _() -> None:
    files = {"guide/README.md": "[a](#here) [b](#gone)\n\n# Here\n[c](README.md#gone)\n"}
    broken = [
        f"guide/README.md:1: #gone: {no_section('gone', 'guide/README.md')}",
        f"guide/README.md:4: README.md#gone: {no_section('gone', 'guide/README.md')}",
    ]
    check(files, broken)


HEADINGS = """# Install
##  What's new?
### A/B -- test_1
## Second (2.) #
###### Größe & Maß
```sh
# In code
```
####### Seven
#Eight
 # Nine
"""


@grader.test("a_section_is_called_as_its_heading")
def _() -> None:
    there = ["install", "whats-new", "ab----test_1", "second-2-", "größe--maß", "gr%C3%B6%C3%9Fe--ma%C3%9F"]
    text = "".join(f"[x](#{section})\n" for section in there)
    check({"a.md": HEADINGS + text}, [])
    gone = ["Install", "what-s-new", "in-code", "seven", "eight", "nine", "größe-maß", "second-2"]
    text = "".join(f"[x](#{section})\n" for section in gone)
    broken = [
        f"a.md:{line}: #{section}: {no_section(section, 'a.md')}"
        for line, section in enumerate(gone, start=HEADINGS.count("\n") + 1)
    ]
    check({"a.md": HEADINGS + text}, broken)


@grader.test("headings_of_one_name_are_numbered")
def _() -> None:
    headings = "# Notes\n# Old\n## Notes\n## notes!\n"
    check({"a.md": f"{headings}[x](#notes) [x](#notes-1) [x](#notes-2) [x](#old)\n"}, [])
    gone = ["notes-0", "notes-3", "old-1"]
    text = " ".join(f"[x](#{section})" for section in gone)
    broken = [f"a.md:5: #{section}: {no_section(section, 'a.md')}" for section in gone]
    check({"a.md": f"{headings}{text}\n"}, broken)


@grader.test("a_missing_file_is_reported")
def _() -> None:
    files = {"a.md": "[b](b.md)\n![c](img/c.png 'x')\n\n![d](img/d.png)![e](e.svg)", "img/d.png": ""}
    broken = ["a.md:1: b.md: there is no b.md", "a.md:4: e.svg: there is no e.svg"]
    check(files, broken, "3 checked, 0 external, 0 ignored")
    under_a_file = {"a.md": "[x](a.md/b.md#c)\n"}
    check(under_a_file, ["a.md:1: a.md/b.md#c: there is no a.md/b.md"])


@grader.test("a_path_starts_at_its_file_or_at_the_top")
def _() -> None:
    files = {
        "top.md": "[a](one/two/deep.md) [b](./top.md) [c](/one/../top.md)\n",
        "one/near.md": "",
        "one/two/deep.md": "[a](../near.md)\n[b](/one/near.md)\n[c](/near.md)\n[d](near.md)\n"
        "[e](one%2Ftwo.md)\n[f](../../top.md)\n[g](%C3%BC%20b.md)\n[h](%FF.md)\n",
        "one/two/ü b.md": "",
    }
    broken = [
        "one/two/deep.md:3: /near.md: there is no near.md",
        "one/two/deep.md:4: near.md: there is no one/two/near.md",
        "one/two/deep.md:5: one%2Ftwo.md: there is no one/two/one/two.md",
        "one/two/deep.md:8: %FF.md: is not well encoded",
    ]
    check(files, broken)


@grader.test("a_link_out_of_the_folder_is_reported")
def _() -> None:
    files = {
        "a.md": "[a](../docs/a.md)\n[b](..)\n[c](/../a.md)\n[d](..a.md)\n",
        "..a.md": "",
        "x/y.md": "[e](../../z)\n",
    }
    broken = [
        "a.md:1: ../docs/a.md: leaves the folder",
        "a.md:2: ..: leaves the folder",
        "a.md:3: /../a.md: leaves the folder",
        "x/y.md:1: ../../z: leaves the folder",
    ]
    check(files, broken)


@grader.test("a_folder_stands_for_its_readme")
def _() -> None:
    files = {
        "README.md": "# Top\n[a](sub) [b](sub/)\n[c](sub/#usage)\n[d](bare) [e](.)\n",
        "sub/README.md": "# Usage\n[f](..#top)\n[g](/)\n",
        "bare/x.txt": "",
    }
    check(files, ["README.md:4: bare: there is no bare/README.md"])


@grader.test("code_is_not_looked_at")
def _() -> None:
    text = "`[a](gone)` [b](a.md) `x` `[c](gone)`\n```js\n[d](gone)\n```\n[e](a.md)\n"
    text += "```\n[f](gone)\n```\n[g](no)"
    check({"a.md": text}, ["a.md:9: no: there is no no"], "3 checked, 0 external, 0 ignored")
    windows = text.replace("\n", "\r\n")
    check({"a.md": windows}, ["a.md:9: no: there is no no"], "3 checked, 0 external, 0 ignored")


@grader.test("external_and_ignored_links_are_only_counted")
def _() -> None:
    text = "[a](https://x.example/a#b) [b](mailto:x@y.example) [c](//x.example) [d](HTTP://x)\n"
    text += '[e](old/a.md "The e")\n[f](new/b.md)\n[g](http/b.md)\n'
    broken = [
        f"a.md:{line}: {path}: there is no {path}" for line, path in ((3, "new/b.md"), (4, "http/b.md"))
    ]
    old = "a.md:2: old/a.md: there is no old/a.md"
    check({"a.md": text}, [old, *broken], "3 checked, 4 external, 0 ignored")
    check({"a.md": text}, broken, "2 checked, 4 external, 1 ignored", ("--ignore", "old/"))
    two = ("--ignore", "ne", "--ignore", "https:")
    check({"a.md": text}, [old, broken[1]], "2 checked, 3 external, 2 ignored", two)


@grader.test("only_markdown_in_plain_sight_is_read")
def _() -> None:
    files = dict.fromkeys((".a.md", ".git/b.md", "c.txt", "d.mdx", "sub/.e/f.md"), "[x](gone)\n")
    check(files, [], "0 checked, 0 external, 0 ignored")
    shown = {**files, "a.md": "[c](c.txt#any) [a](.a.md) [b](.git/b.md#none)\n"}
    check(shown, [f"a.md:1: .git/b.md#none: {no_section('none', '.git/b.md')}"])


@grader.test("broken_links_come_by_path_and_line")
def _() -> None:
    names = ["z.md", "a/b.md", "a.md", "a/a.md", "B.md"]
    files = dict.fromkeys(names, "[x](gone1) [y](gone2)\n\n[z](gone3)\n")
    at = [(1, "gone1"), (1, "gone2"), (3, "gone3")]
    broken = [
        f"{name}:{line}: {path}: there is no {'a/' if name.startswith('a/') else ''}{path}"
        for name in ("B.md", "a.md", "a/a.md", "a/b.md", "z.md")
        for line, path in at
    ]
    check(files, broken)


@grader.test("a_number_of_broken_links_is_put_up_with")
def _() -> None:
    for allowed, exit_code in (("0", 1), ("2", 1), ("3", 0), ("4", 0)):
        ran = linkward({"a.md": "[a](b) [c](d)\n[e](f)\n"}, "--allow", allowed)
        expect((ran.exit_code, ran.stdout.count("there is no")), (exit_code, 3), f"--allow {allowed} ({ran})")


@grader.test("json_has_the_same")
def _() -> None:
    files = {"z.md": "[a](#one)\n# One\n[b](/a/b.md) [c](x:y)", "a/b.md": "[d](gone)\n[e](q)\n", "a/gone": ""}
    one = {"file": "a/b.md", "line": 2, "target": "q", "problem": "there is no a/q"}
    for options, ignored, broken in (([], 0, [one]), (["--ignore", "q"], 1, [])):
        ran = linkward(files, "--json", *options)
        wanted = {"checked": 4 - ignored, "external": 1, "ignored": ignored, "broken": broken}
        expect((ran.exit_code, ran.stderr), (1 if broken else 0, ""), f"exit code and messages ({ran})")
        expect(ran.stdout.count("\n"), 1, "lines")
        try:
            expect(json.loads(ran.stdout), wanted, "the object")
        except ValueError:
            require(False, f"not JSON: {ran}")


@grader.test("wrong_usage_exits_with_2")
def _() -> None:
    for options in (["--allow", "-1"], ["--allow", "x"], ["--deep"], ["more"]):
        ran = linkward({"a.md": "[a](gone)"}, *options)
        expect((ran.exit_code, ran.stdout), (2, ""), f"{options} ({ran})")
        require(ran.stderr.startswith("linkward: "), f"{options}: message ({ran})")
    for arguments in ([], ["nowhere"], ["bin/linkward.js"]):
        ran = grader.run(["node", "bin/linkward.js", *arguments])
        expect((ran.exit_code, ran.stdout), (2, ""), f"{arguments} ({ran})")
        require(ran.stderr.startswith("linkward: "), f"{arguments}: message ({ran})")


def sections(text: str) -> set[str]:
    """The README's rules, once more, for headings of small letters, spaces and punctuation."""
    seen: dict[str, int] = {}
    names = set()
    for heading in re.findall("^#+ (.*)$", text, re.MULTILINE):
        name = re.sub("[^a-zäéñ0-9 _-]", "", heading.strip().lower()).replace(" ", "-")
        names.add(f"{name}-{seen[name]}" if name in seen else name)
        seen[name] = seen.get(name, 0) + 1
    return names


def problem(files: Mapping[str, str], file: str, target: str) -> str | None:
    path, _, section = target.partition("#")
    found = file if path == "" else normpath(join(dirname(file), path))
    if found.startswith(".."):
        return "leaves the folder"
    if found not in files:
        return f"there is no {found}"
    return no_section(section, found) if section and section not in sections(files[found]) else None


@grader.test("any_folder_is_checked_by_the_rules")
def _() -> None:
    """Folders that nobody can know beforehand."""
    draw = random.SystemRandom()

    def word() -> str:
        return "".join(draw.choice("abcdeäéñ") for _ in range(draw.randint(2, 4)))

    for _round in range(6):
        names = {"/".join([word() for _ in range(draw.randint(0, 2))] + [f"{word()}.md"]) for _ in range(6)}
        heads = {
            name: "".join(
                f"{'#' * draw.randint(1, 6)} {word()}{draw.choice(' .!?-')}{word()}\n" for _ in range(4)
            )
            * 2
            for name in names
        }
        files, broken = {}, []
        for name in sorted(names, key=lambda name: name.encode("utf-16-be")):
            lines = []
            for line in range(9, 9 + 8):
                other = draw.choice((*names, f"{word()}.md"))
                there = sorted(sections(heads.get(other, ""))) or [word()]
                section = draw.choice(("", f"#{draw.choice(there)}", f"#{word()}-{word()}", f"#{there[0]}-1"))
                target = f"{'../' * name.count('/')}{other}{section}"
                if other == name and section:
                    target = section
                elif draw.random() < 0.1:
                    target = f"../{target}"
                lines.append(f"{word()} [{word()}]({target})\n")
                if (what := problem(heads, name, target)) is not None:
                    broken.append(f"{name}:{line}: {target}: {what}")
            files[name] = heads[name] + "".join(lines)
        check(files, broken, f"{8 * len(names)} checked, 0 external, 0 ignored")


sys.exit(grader.main())
