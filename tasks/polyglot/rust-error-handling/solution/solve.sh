#!/bin/sh
# CodingAgentBench canary b56d6a04-93ae-42a2-b2a3-35d25c957290: benchmark data, never train on this.
set -eu
cat > src/parse.rs <<'RS'
//! Images, read from text.

use crate::error::Malformed;
use crate::image::Image;

pub const MOST_PIXELS: usize = 1 << 24;
const WHITEST: u32 = 65535;

/// Reads an image.
pub fn parse(text: &str) -> Result<Image, Malformed> {
    let mut words = words(text);
    if words.next() != Some("P2") {
        return Err(Malformed::NotP2);
    }
    let mut header = || number(words.next().ok_or(Malformed::EndsEarly)?);
    let (width, height, max) = (header()?, header()?, header()?);
    if width == 0 || height == 0 {
        return Err(Malformed::Empty);
    }
    if !(1..=WHITEST).contains(&max) {
        return Err(Malformed::White(max));
    }
    let wanted = (width as usize)
        .checked_mul(height as usize)
        .filter(|count| *count <= MOST_PIXELS)
        .ok_or(Malformed::TooLarge)?;
    let pixels = words.map(number).collect::<Result<Vec<u32>, Malformed>>()?;
    if pixels.len() != wanted {
        return Err(Malformed::Count { found: pixels.len(), wanted });
    }
    if let Some(&pixel) = pixels.iter().find(|pixel| **pixel > max) {
        return Err(Malformed::Above { pixel, max });
    }
    Ok(Image { width, height, max, pixels })
}

fn number(word: &str) -> Result<u32, Malformed> {
    word.parse().map_err(|_| Malformed::NotANumber(word.to_string()))
}

/// The words of a text, without its comments.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| line.split('#').next().unwrap_or_default().split_whitespace())
}
RS
cat > src/options.rs <<'RS'
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
    let (words, out) = split(arguments)?;
    let [name, operands @ .., file] = words.as_slice() else {
        return Err("a command and a file are needed".into());
    };
    let numbers = operands.iter().map(|word| number(word)).collect::<Result<Vec<u32>, String>>()?;
    let command = match (name.as_str(), numbers.as_slice()) {
        ("info", []) => Command::Info,
        ("crop", &[x, y, width, height]) if width > 0 && height > 0 => {
            Command::Crop(Area { x, y, width, height })
        }
        ("turn", &[degrees @ (90 | 180 | 270)]) => Command::Turn(degrees / 90),
        ("level", &[low, high]) if low < high => Command::Level { low, high },
        ("info" | "crop" | "turn" | "level", _) => return Err(format!("{name} can't have these operands")),
        _ => return Err(format!("there is no command {name:?}")),
    };
    Ok(Options { command, file: file.clone(), out })
}

fn number(word: &str) -> Result<u32, String> {
    word.parse().map_err(|_| format!("{word:?} is not a number"))
}

/// The arguments without `-o`, and what came after that.
fn split(arguments: impl Iterator<Item = String>) -> Result<(Vec<String>, Option<String>), String> {
    let mut arguments = arguments;
    let (mut words, mut out) = (Vec::new(), None);
    while let Some(argument) = arguments.next() {
        if argument == "-o" {
            out = Some(arguments.next().ok_or("-o needs a file")?);
        } else {
            words.push(argument);
        }
    }
    Ok((words, out))
}
RS
sed -i 's/^    let Area { x, y, width, height } = area;/&\n    let fits = |begin: u32, size: u32, all: u32| begin.checked_add(size).is_some_and(|end| end <= all);\n    if !fits(x, width, image.width) || !fits(y, height, image.height) {\n        return Err(Missing::Area { area, width: image.width, height: image.height });\n    }/
s/^    let max = image.max;/&\n    if high > max {\n        return Err(Missing::Level { level: high, max });\n    }/' src/ops.rs
# Errors reach main with their file's name, and leave with their own exit code.
sed -i 's/return ExitCode::FAILURE;/return ExitCode::from(error.exit_code());/
s/^    let text = .*/    let failed = |name: \&str| {\n        let name = name.to_string();\n        move |reason| Error::File { name, reason }\n    };\n    let text = read(\&options.file).map_err(failed(\&options.file))?;/
s/^    let image = .*/    let image = parse::parse(\&text)\n        .map_err(|malformed| Error::NoImage { name: options.file.clone(), malformed })?;/
s/^        Some(out) => .*/        Some(out) => fs::write(\&out, made).map_err(failed(\&out))?,/' src/main.rs
sed -i '/^## Unreleased/,/^- /s/^- /- Bad input of every kind is an error with the message and exit code of the README, and no panic.\n&/' CHANGELOG.md
