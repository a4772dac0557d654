//! The command line.

/// Which list is asked for.
#[derive(Debug, PartialEq, Eq)]
pub enum List {
    Games { player: Option<String>, eco: Option<String> },
    Players { at_least: usize },
    Openings,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Options {
    pub list: List,
    /// Never empty.
    pub files: Vec<String>,
}

/// Reads the arguments without the program's name. The error is a message for the user.
pub fn parse(arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut arguments = arguments;
    let mut list = match arguments.next().as_deref() {
        Some("games") => List::Games { player: None, eco: None },
        Some("players") => List::Players { at_least: 1 },
        Some("openings") => List::Openings,
        Some(other) => return Err(format!("there is no list {other:?}")),
        None => return Err("no list is asked for".into()),
    };
    let mut files = Vec::new();
    while let Some(argument) = arguments.next() {
        if !argument.starts_with("--") {
            files.push(argument);
            continue;
        }
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match (&mut list, argument.as_str()) {
            (List::Games { player, .. }, "--player") => *player = Some(value()?),
            (List::Games { eco, .. }, "--eco") => *eco = Some(value()?),
            (List::Players { at_least }, "--min") => *at_least = positive(&value()?)?,
            _ => return Err(format!("there is no option {argument} for this list")),
        }
    }
    if files.is_empty() {
        return Err("no file is given".into());
    }
    Ok(Options { list, files })
}

fn positive(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(format!("{text:?} is not a number from 1")),
    }
}
