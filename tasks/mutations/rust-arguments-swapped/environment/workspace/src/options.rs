//! The command line.

use crate::rules::Limits;
use crate::time::{self, Span};

#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    Check(Limits),
    Hours,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Options {
    pub command: Command,
    /// Where the roster is; `None` for stdin.
    pub file: Option<String>,
}

/// Reads the arguments without the program's name. The error is a message for the user.
pub fn parse(arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut arguments = arguments;
    let mut command = match arguments.next().as_deref() {
        Some("check") => Command::Check(Limits { rest: Span(11 * 60), week: Span(48 * 60) }),
        Some("hours") => Command::Hours,
        Some(other) => return Err(format!("there is no command {other:?}")),
        None => return Err("no command is given".into()),
    };
    let mut file = None;
    while let Some(argument) = arguments.next() {
        let mut value = || duration(&argument, arguments.next());
        match (&mut command, argument.as_str()) {
            (Command::Check(limits), "--rest") => limits.rest = value()?,
            (Command::Check(limits), "--week") => limits.week = value()?,
            (_, other) if other.starts_with('-') => return Err(format!("there is no option {other}")),
            _ if file.is_some() => return Err("there is one roster only".into()),
            _ => file = Some(argument),
        }
    }
    Ok(Options { command, file })
}

fn duration(option: &str, value: Option<String>) -> Result<Span, String> {
    let text = value.ok_or(format!("{option} needs a value"))?;
    time::read(&text).ok_or(format!("{text:?} is not a duration"))
}
