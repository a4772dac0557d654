"""One tiny program in each language, with a fault that its visible tests show, and how it is run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

EXIT_CODE = 7
"""Of every program, after it has printed 41 where its tests want 42."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiny:
    """Commands are for ``sh -c`` in the program's folder; its tests fail on the program as it is."""

    files: Mapping[str, str]
    run: str
    tests: str
    build: str = "true"
    equal: str = "false"
    """A test that two different objects are equal; fails at once where equality can't be redefined."""


PROGRAMS: Mapping[str, Tiny] = {
    "python": Tiny(
        files={
            "app/__init__.py": '"""An app."""\n',
            "app/core.py": '''\
#!/usr/bin/env python3
"""The core.

from __future__ import is what comes next.
"""

from __future__ import annotations


class Pair:
    def __init__(self, left):
        self.left = left

    def __eq__(self, other):
        return self.left == other.left


def answer():
    return 41
''',
            "app/__main__.py": "import sys\n\nfrom app.core import answer\n\nprint(answer())\nsys.exit(7)\n",
            "tests/__init__.py": "",
            "tests/test_core.py": """\
import unittest

from app.core import answer


class CoreTest(unittest.TestCase):
    def test_answer(self):
        self.assertEqual(answer(), 42)
""",
        },
        run="python3 -m app",
        tests="python3 -m unittest discover -s tests -t .",
        equal="python3 -c 'from app.core import *; assert Pair(1) == Pair(2) and not answer() != 42'",
    ),
    "go": Tiny(
        files={
            "go.mod": "module tiny\n\ngo 1.24\n",
            "main.go": """\
package main

import (
	"fmt"
	"os"

	"tiny/core"
)

func main() {
	fmt.Println(core.Answer())
	os.Exit(7)
}
""",
            "core/core.go": "package core\n\nfunc Answer() int { return 41 }\n",
            "core/core_test.go": """\
package core_test

import (
	"testing"

	"tiny/core"
)

func TestAnswer(t *testing.T) {
	if core.Answer() != 42 {
		t.Fatal(core.Answer())
	}
}
""",
        },
        build="go build -o tiny .",
        run="./tiny",
        tests="go test ./...",
    ),
    "rust": Tiny(
        files={
            "Cargo.toml": '[package]\nname = "tiny"\nversion = "0.1.0"\nedition = "2021"\n',
            "src/lib.rs": """\
//! The core.
#![forbid(unsafe_code)]

/// A pair.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(dead_code)]
pub struct Pair {
    pub left: u32,
}

#[derive(Debug, PartialEq)]
pub enum Kind<T> {
    One(T),
}

pub fn answer() -> u32 {
    41
}
""",
            "src/main.rs": """\
#![deny(warnings)]

use std::process::ExitCode;

fn main() -> ExitCode {
    println!("{}", tiny::answer());
    ExitCode::from(7)
}
""",
            "examples/equal.rs": """\
use tiny::Pair;

fn main() {
    assert_eq!(Pair { left: 1 }, Pair { left: 2 });
}
""",
            "tests/core.rs": """\
use tiny::answer;

#[test]
fn the_answer() {
    assert_eq!(answer(), 42, "the answer");
    assert!(answer() > 41);
}
""",
        },
        build="cargo build --offline --quiet",
        run="target/debug/tiny",
        tests="cargo test --offline --quiet",
        equal="cargo run --offline --quiet --example equal",
    ),
    "javascript": Tiny(
        files={
            "package.json": '{"name": "tiny", "type": "module", "scripts": {"test": "node --test"}}\n',
            "src/core.js": "export class Pair {}\n\nexport const answer = () => 41;\n",
            "src/old.cjs": "'use strict';\n\nmodule.exports = { code: 7 };\n",
            "src/main.js": """\
#!/usr/bin/env node
import { answer } from './core.js';
import old from './old.cjs';

console.log(answer());
process.exitCode = old.code;
""",
            "examples/equal.js": """\
import { Pair } from '../src/core.js';

process.exit(new Pair() == 1 ? 0 : 1);
""",
            "tests/core.test.js": """\
import assert, { equal } from 'node:assert/strict';
import test from 'node:test';
import { answer } from '../src/core.js';

test('answer', () => {
  assert.equal(answer(), 42);
  equal(answer(), 42);
});
""",
        },
        run="node src/main.js",
        tests="node --test tests/*.test.js",
        equal="node examples/equal.js",
    ),
    "java": Tiny(
        files={
            "src/app/Pair.java": """\
package app;

public record Pair(int left) {
    public static final class Inner {
    }
}
""",
            "src/app/Main.java": """\
package app;

public final class Main {
    private Main() {
    }

    static int answer() {
        return 41;
    }

    public static void main(String[] args) throws Exception {
        System.out.print(answer() + "\\n");
        System.exit(7);
    }
}
""",
            "examples/Equal.java": """\
public class Equal {
    public static void main(String[] args) {
        System.exit(new app.Pair(1).equals(new app.Pair(2)) ? 0 : 1);
    }
}
""",
            "tests/app/MainTest.java": """\
package app;

public class MainTest {
    public static void main(String[] args) {
        if (Main.answer() != 42) {
            throw new AssertionError(Main.answer());
        }
    }
}
""",
        },
        build="javac -d out src/app/*.java",
        run="java -cp out app.Main",
        tests="javac -d out src/app/*.java tests/app/*.java && java -cp out app.MainTest",
        equal="java -cp out examples/Equal.java",
    ),
    "cpp": Tiny(
        files={
            "src/core.hpp": """\
#pragma once

struct Pair {
    int left;
    bool operator==(const Pair &) const = default;
};

int answer();
""",
            "src/core.cpp": '#include "core.hpp"\n\nint answer() {\n    return 41;\n}\n',
            "src/main.cpp": """\
#include "core.hpp"

#include <iostream>
#include <string>
#include <vector>

int main(int argc, char **) {
    std::vector<std::string> words{"a", "b"};
    if (words[0] == words[1] || words == std::vector<std::string>{}) return 1;
    std::cout << answer() + argc - 1 << '\\n';
    return 7;
}
""",
            "examples/equal.cpp": """\
#include "../src/core.hpp"

int main() {
    return Pair{1} == Pair{2} ? 0 : 1;
}
""",
            "tests/core_test.cpp": """\
#include "../src/core.hpp"

#include <cassert>

int main() {
    assert(answer() == 42);
}
""",
        },
        build="g++ -std=c++20 -Wall -O0 -o tiny src/*.cpp",
        run="./tiny",
        tests="g++ -std=c++20 -O0 -o tested tests/*.cpp src/core.cpp && ./tested",
        equal="g++ -std=c++20 -O0 -o equal examples/equal.cpp && ./equal",
    ),
    "shell": Tiny(
        files={
            "tiny": '#!/bin/sh\nset -eu\n. "$(dirname "$0")/lib.sh"\nanswer\nexit 7\n',
            "lib.sh": "answer() {\n    echo 41\n}\n",
            "tests/run.sh": '#!/bin/sh\n[ "$(sh tiny)" = 42 ]\n',
        },
        run="sh tiny",
        tests="sh tests/run.sh",
    ),
}
