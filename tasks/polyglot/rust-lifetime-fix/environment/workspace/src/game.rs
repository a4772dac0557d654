//! Games, read from the text of a collection.

use std::fmt;

use crate::scanner::Scanner;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    WhiteWon,
    BlackWon,
    Drawn,
    Unfinished,
}

impl Outcome {
    pub fn read(word: &str) -> Option<Self> {
        match word {
            "1-0" => Some(Outcome::WhiteWon),
            "0-1" => Some(Outcome::BlackWon),
            "1/2-1/2" => Some(Outcome::Drawn),
            "*" => Some(Outcome::Unfinished),
            _ => None,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Outcome::WhiteWon => "1-0",
            Outcome::BlackWon => "0-1",
            Outcome::Drawn => "1/2-1/2",
            Outcome::Unfinished => "*",
        })
    }
}

/// One game; its names and codes lie in the collection's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Game<'t> {
    pub white: &'t str,
    pub black: &'t str,
    pub eco: Option<&'t str>,
    pub outcome: Outcome,
    /// Half-moves.
    pub plies: usize,
}

impl Game<'_> {
    pub fn is_finished(&self) -> bool {
        self.outcome != Outcome::Unfinished
    }

    pub fn moves(&self) -> usize {
        (self.plies + 1) / 2
    }
}

/// What is wrong with a text, and where.
#[derive(Debug, PartialEq, Eq)]
pub struct Problem {
    pub line: usize,
    pub message: String,
}

fn problem(line: usize, message: impl Into<String>) -> Problem {
    Problem { line, message: message.into() }
}

/// All games of a text, in order.
pub fn parse(text: &str) -> Result<Vec<Game<'_>>, Problem> {
    let mut scanner = Scanner::new(text);
    let mut games = Vec::new();
    scanner.skip_space();
    while scanner.peek().is_some() {
        games.push(game(&mut scanner)?);
        scanner.skip_space();
    }
    Ok(games)
}

fn game<'t>(scanner: &mut Scanner<'t>) -> Result<Game<'t>, Problem> {
    let begin = scanner.line();
    let tags = tags(scanner)?;
    let tag = |wanted: &str| tags.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
    let required = |name: &str| tag(name).ok_or_else(|| problem(begin, format!("tag {name:?} is missing")));
    let (white, black) = (required("White")?, required("Black")?);
    let (outcome, plies) = moves(scanner, begin)?;
    match tag("Result") {
        Some(declared) if Outcome::read(declared) != Some(outcome) => {
            Err(problem(scanner.line(), format!("the result is {outcome}, but its tag says {declared}")))
        }
        _ => Ok(Game { white, black, eco: tag("ECO"), outcome, plies }),
    }
}

/// The names and values of a game's tags.
fn tags<'t>(scanner: &mut Scanner<'t>) -> Result<Vec<(&'t str, &'t str)>, Problem> {
    let mut tags: Vec<(&str, &str)> = Vec::new();
    while scanner.accept("[") {
        let line = scanner.line();
        let malformed = || problem(line, "a tag is written [Name \"value\"]");
        let name = scanner.word();
        scanner.skip_space();
        if name.is_empty() || !scanner.accept("\"") {
            return Err(malformed());
        }
        let value = scanner.until('"').ok_or_else(malformed)?;
        if value.contains('\n') || !scanner.accept("\"]") {
            return Err(malformed());
        }
        if tags.iter().any(|(known, _)| *known == name) {
            return Err(problem(line, format!("tag {name:?} is given twice")));
        }
        tags.push((name, value));
        scanner.skip_space();
    }
    Ok(tags)
}

/// How a game ended, and after how many half-moves.
fn moves(scanner: &mut Scanner<'_>, begin: usize) -> Result<(Outcome, usize), Problem> {
    let mut plies = 0;
    loop {
        scanner.skip_space();
        let line = scanner.line();
        if scanner.accept("{") {
            scanner.until('}').ok_or_else(|| problem(line, "a comment is not closed"))?;
            scanner.accept("}");
            continue;
        }
        if matches!(scanner.peek(), None | Some('[')) {
            return Err(problem(begin, "the game has no result"));
        }
        let word = scanner.word();
        if let Some(outcome) = Outcome::read(word) {
            return Ok((outcome, plies));
        }
        if !word.ends_with('.') {
            plies += 1;
        }
    }
}
