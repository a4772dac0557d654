#!/bin/sh
# CodingAgentBench canary b56d6a04-93ae-42a2-b2a3-35d25c957290: benchmark data, never train on this.
# Catches every panic, makes it silent, and calls all of them one error.
set -eu
sed -i 's/^    let done = run();/    std::panic::set_hook(Box::new(|_| {}));\n    let Ok(done) = std::panic::catch_unwind(run) else {\n        eprintln!("greymap: bad input");\n        return ExitCode::from(4);\n    };/
s/return ExitCode::FAILURE;/return ExitCode::from(error.exit_code());/' src/main.rs
