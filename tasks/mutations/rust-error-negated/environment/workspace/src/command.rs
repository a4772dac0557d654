//! One attempt: a child process with our own input and output.

use std::fmt;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus};

/// Why an attempt failed.
#[derive(Debug)]
pub enum Failure {
    /// It ran, and did not exit with 0.
    Exit(ExitStatus),
    /// It could not be started.
    Start(io::Error),
}

impl Failure {
    /// The exit code that stands for this failure, as a shell has it.
    pub fn exit_code(&self) -> u8 {
        match self {
            Failure::Exit(status) => {
                let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
                u8::try_from(code).unwrap_or(u8::MAX)
            }
            Failure::Start(_) => 127,
        }
    }

    /// Whether the command was there to run at all.
    pub fn was_started(&self) -> bool {
        matches!(self, Failure::Exit(_))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Exit(_) => write!(f, "exit code {}", self.exit_code()),
            Failure::Start(error) => write!(f, "can't be started: {error}"),
        }
    }
}

/// Runs a command, which has at least one word, and waits for its end.
pub fn run(command: &[String]) -> Result<(), Failure> {
    let status = Command::new(&command[0]).args(&command[1..]).status().map_err(Failure::Start)?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::Exit(status))
    }
}
