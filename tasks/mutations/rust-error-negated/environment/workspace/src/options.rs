//! The command line.

use std::time::Duration;

use crate::command::Failure;
use crate::retry::Policy;

#[derive(Debug, PartialEq, Eq)]
pub struct Options {
    pub policy: Policy,
    /// Exit codes that are retried; `None` for all.
    pub only: Option<Vec<u8>>,
    /// The command and its arguments; never empty.
    pub command: Vec<String>,
}

impl Options {
    /// Whether this failure may be followed by another attempt.
    pub fn is_retried(&self, failure: &Failure) -> bool {
        let listed = |codes: &Vec<u8>| codes.contains(&failure.exit_code());
        failure.was_started() && self.only.as_ref().map_or(true, listed)
    }
}

/// Reads the arguments without the program's name. The error is a message for the user.
pub fn parse(arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut arguments = arguments;
    let mut policy = Policy { attempts: 3, delay: Duration::from_millis(100) };
    let mut only = None;
    while let Some(argument) = arguments.next() {
        if argument == "--" {
            let command: Vec<String> = arguments.collect();
            return if command.is_empty() { Err("no command given".into()) } else { Ok(Options { policy, only, command }) };
        }
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "--attempts" => policy.attempts = attempts(&value()?)?,
            "--delay-ms" => policy.delay = Duration::from_millis(number(&value()?)?),
            "--only" => only = Some(codes(&value()?)?),
            other => return Err(format!("unknown argument {other:?}; the command comes after --")),
        }
    }
    Err("no command given".into())
}

fn number<N: std::str::FromStr>(text: &str) -> Result<N, String> {
    text.parse().map_err(|_| format!("{text:?} is not a number in range"))
}

fn attempts(text: &str) -> Result<u32, String> {
    match number(text)? {
        0 => Err("--attempts must be at least 1".into()),
        attempts => Ok(attempts),
    }
}

fn codes(text: &str) -> Result<Vec<u8>, String> {
    text.split(',').map(number).collect()
}
