use std::process::ExitCode;
use std::thread::sleep;

use again::command::{self, Failure};
use again::options::{self, Options};
use again::retry::{retry, Event};

const USAGE_ERROR: u8 = 2;

fn main() -> ExitCode {
    let options = match options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(problem) => {
            eprintln!("again: {problem}");
            eprintln!("usage: again [--attempts N] [--delay-ms MS] [--only CODES] -- COMMAND [ARGUMENT...]");
            return ExitCode::from(USAGE_ERROR);
        }
    };
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => ExitCode::from(failure.exit_code()),
    }
}

fn run(options: &Options) -> Result<(), Failure> {
    let attempts = options.policy.attempts;
    retry(
        &options.policy,
        |_| command::run(&options.command),
        |failure| options.is_retried(failure),
        |event| match event {
            Event::Waiting { attempt, failure, delay } => {
                eprintln!(
                    "again: attempt {attempt} of {attempts} failed ({failure}), next in {} ms",
                    delay.as_millis()
                );
                sleep(delay);
            }
            Event::GivingUp { attempt, failure } => {
                eprintln!("again: attempt {attempt} of {attempts} failed ({failure}), giving up");
            }
        },
    )
}
