use std::fs;
use std::io;
use std::process::ExitCode;

use greymap::error::Error;
use greymap::ops;
use greymap::options::{self, Command};
use greymap::parse;

const USAGE: &str = "usage: greymap info FILE | crop X Y WIDTH HEIGHT FILE | turn 90|180|270 FILE | level LOW HIGH FILE [-o OUT]";

fn main() -> ExitCode {
    let done = run();
    if let Err(error) = &done {
        eprintln!("greymap: {error}");
        if matches!(error, Error::Usage(_)) {
            eprintln!("{USAGE}");
        }
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn run() -> Result<(), Error> {
    let options = options::parse(std::env::args().skip(1)).map_err(Error::Usage)?;
    let text = read(&options.file).expect("the file can be read");
    let image = parse::parse(&text).expect("the file is an image");
    let made = match options.command {
        Command::Info => image.summary(),
        Command::Crop(area) => ops::crop(&image, area).map_err(Error::Missing)?.to_string(),
        Command::Turn(quarters) => ops::turn(&image, quarters).to_string(),
        Command::Level { low, high } => ops::level(&image, low, high).map_err(Error::Missing)?.to_string(),
    };
    match options.out {
        Some(out) => fs::write(out, made).expect("the result can be written"),
        None => print!("{made}"),
    }
    Ok(())
}

fn read(name: &str) -> io::Result<String> {
    if name == "-" {
        io::read_to_string(io::stdin())
    } else {
        fs::read_to_string(name)
    }
}
