use std::fs;
use std::process::ExitCode;

use pgnstat::game;
use pgnstat::options::{self, List, Options};
use pgnstat::report;

const USAGE: &str = "usage: pgnstat games [--player NAME] [--eco PREFIX] FILE... | players [--min N] FILE... | openings FILE...";

/// Why there is no list: the exit code, and a message.
struct Failure(u8, String);

const MALFORMED: u8 = 1;
const WRONG_USAGE: u8 = 2;
const UNREADABLE: u8 = 3;

fn main() -> ExitCode {
    let made = options::parse(std::env::args().skip(1))
        .map_err(|problem| Failure(WRONG_USAGE, format!("{problem}\n{USAGE}")))
        .and_then(|options| lines(&options));
    match made {
        Ok(lines) => {
            for line in lines {
                println!("{line}");
            }
            ExitCode::SUCCESS
        }
        Err(Failure(code, message)) => {
            eprintln!("pgnstat: {message}");
            ExitCode::from(code)
        }
    }
}

fn read(path: &str) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| Failure(UNREADABLE, format!("{path} can't be read: {error}")))
}

fn lines(options: &Options) -> Result<Vec<String>, Failure> {
    let mut games = Vec::new();
    for path in &options.files {
        let text = read(path)?;
        let found = game::parse(&text)
            .map_err(|problem| Failure(MALFORMED, format!("{path}:{}: {}", problem.line, problem.message)))?;
        games.extend(found);
    }
    Ok(match &options.list {
        List::Games { player, eco } => report::games(&games, player.as_deref(), eco.as_deref()),
        List::Players { at_least } => report::players(&games, *at_least),
        List::Openings => report::openings(&games),
    })
}
