//! The command line.

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Options {
    pub keep_going: bool,
    pub report: bool,
    /// Where the book is; `None` for stdin.
    pub file: Option<String>,
}

/// Reads the arguments without the program's name. The error is a message for the user.
pub fn parse(arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options::default();
    for argument in arguments {
        match argument.as_str() {
            "--keep-going" => options.keep_going = true,
            "--report" => options.report = true,
            other if other.starts_with('-') => return Err(format!("there is no option {other}")),
            _ if options.file.is_some() => return Err("there is one book only".into()),
            _ => options.file = Some(argument),
        }
    }
    Ok(options)
}
