use std::fs;
use std::io;
use std::process::ExitCode;

use rota::hours;
use rota::options::{self, Command};
use rota::roster::{self, Roster};
use rota::rules::{self, Limits};

const COMPLAINTS: u8 = 1;
const WRONG_USAGE: u8 = 2;
const WRONG_ROSTER: u8 = 3;

fn main() -> ExitCode {
    let options = match options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(problem) => {
            eprintln!("rota: {problem}");
            eprintln!("usage: rota check [--rest H:MM] [--week H:MM] [FILE] | rota hours [FILE]");
            return ExitCode::from(WRONG_USAGE);
        }
    };
    let text = match &options.file {
        Some(path) => fs::read_to_string(path),
        None => io::read_to_string(io::stdin()),
    };
    let roster = text
        .map_err(|error| format!("the roster can't be read: {error}"))
        .and_then(|text| roster::parse(&text));
    match (roster, &options.command) {
        (Ok(roster), Command::Check(limits)) => check(&roster, limits),
        (Ok(roster), Command::Hours) => {
            for (name, shifts) in &roster {
                println!("{}", hours::line(name, shifts));
            }
            ExitCode::SUCCESS
        }
        (Err(problem), _) => {
            eprintln!("rota: {problem}");
            ExitCode::from(WRONG_ROSTER)
        }
    }
}

fn check(roster: &Roster, limits: &Limits) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for (name, shifts) in roster {
        for complaint in rules::complaints(shifts, limits) {
            println!("{name}: {complaint}");
            code = ExitCode::from(COMPLAINTS);
        }
    }
    code
}
