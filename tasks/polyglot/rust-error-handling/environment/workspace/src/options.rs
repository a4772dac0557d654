//! The command line.

use crate::image::Area;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    Info,
    Crop(Area),
    /// By so many quarters, clockwise.
    Turn(u32),
    /// `low` is less than `high`.
    Level { low: u32, high: u32 },
}

#[derive(Debug, PartialEq, Eq)]
pub struct Options {
    pub command: Command,
    /// `-` for stdin.
    pub file: String,
    /// Where the result goes; `None` for stdout.
    pub out: Option<String>,
}

/// Reads the arguments without the program's name. The error is a message for the user.
pub fn parse(arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let (words, out) = split(arguments);
    let number = |index: usize| -> u32 { words[index].parse().unwrap() };
    let (command, file) = match words[0].as_str() {
        "info" => (Command::Info, &words[1]),
        "crop" => {
            let area = Area { x: number(1), y: number(2), width: number(3), height: number(4) };
            (Command::Crop(area), &words[5])
        }
        "turn" => (Command::Turn(number(1) / 90), &words[2]),
        "level" => (Command::Level { low: number(1), high: number(2) }, &words[3]),
        other => return Err(format!("there is no command {other:?}")),
    };
    Ok(Options { command, file: file.clone(), out })
}

/// The arguments without `-o`, and what came after that.
fn split(arguments: impl Iterator<Item = String>) -> (Vec<String>, Option<String>) {
    let mut arguments = arguments;
    let (mut words, mut out) = (Vec::new(), None);
    while let Some(argument) = arguments.next() {
        if argument == "-o" {
            out = Some(arguments.next().unwrap());
        } else {
            words.push(argument);
        }
    }
    (words, out)
}
