use std::fs;
use std::io;
use std::process::ExitCode;

use tankbook::cellar::Cellar;
use tankbook::entry;
use tankbook::options::{self, Options};

const REFUSED: u8 = 1;
const WRONG_USAGE: u8 = 2;
const UNREADABLE: u8 = 3;

fn main() -> ExitCode {
    let options = match options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(problem) => {
            eprintln!("tankbook: {problem}");
            eprintln!("usage: tankbook [--keep-going] [--report] [FILE]");
            return ExitCode::from(WRONG_USAGE);
        }
    };
    match read(options.file.as_deref()) {
        Ok(book) => keep(&book, &options),
        Err(error) => {
            eprintln!("tankbook: the book can't be read: {error}");
            ExitCode::from(UNREADABLE)
        }
    }
}

fn read(file: Option<&str>) -> io::Result<String> {
    match file {
        Some(path) => fs::read_to_string(path),
        None => io::read_to_string(io::stdin()),
    }
}

fn keep(book: &str, options: &Options) -> ExitCode {
    let mut cellar = Cellar::default();
    let mut code = ExitCode::SUCCESS;
    for (index, line) in book.lines().enumerate() {
        let done = entry::read(line).and_then(|entry| entry.map_or(Ok(None), |entry| cellar.apply(&entry)));
        match done {
            Ok(Some(printed)) => println!("{printed}"),
            Ok(None) => {}
            Err(refusal) => {
                eprintln!("tankbook: line {}: {refusal}", index + 1);
                code = ExitCode::from(REFUSED);
                if !options.keep_going {
                    return code;
                }
            }
        }
    }
    if options.report {
        for line in cellar.report() {
            println!("{line}");
        }
    }
    code
}
