use greymap::options::{parse, Command, Options};

fn parsed(line: &str) -> Result<Options, String> {
    parse(line.split_whitespace().map(String::from))
}

#[test]
fn options_are_read() {
    let options = parsed("level 3 -o out.pgm 7 in.pgm").unwrap();
    assert_eq!(options.command, Command::Level { low: 3, high: 7 });
    assert_eq!((options.file.as_str(), options.out.as_deref()), ("in.pgm", Some("out.pgm")));
}

#[test]
fn wrong_usage_is_an_error() {
    for line in ["", "shrink x", "info", "turn 90", "crop 1 2 3 in.pgm"] {
        assert!(parsed(line).is_err(), "{line:?}");
    }
}
