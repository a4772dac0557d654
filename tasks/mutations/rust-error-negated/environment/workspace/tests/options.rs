use std::time::Duration;

use again::options::{parse, Options};
use again::retry::Policy;

fn parsed(line: &str) -> Result<Options, String> {
    parse(line.split_whitespace().map(String::from))
}

#[test]
fn defaults() {
    let policy = Policy { attempts: 3, delay: Duration::from_millis(100) };
    let command = vec!["make".to_string(), "-k".to_string()];
    assert_eq!(parsed("-- make -k"), Ok(Options { policy, only: None, command }));
}

#[test]
fn all_options() {
    let options = parsed("--attempts 5 --delay-ms 20 --only 75,111 -- true").unwrap();
    assert_eq!(options.policy, Policy { attempts: 5, delay: Duration::from_millis(20) });
    assert_eq!(options.only, Some(vec![75, 111]));
}

#[test]
fn wrong_usage() {
    for line in ["", "--", "true", "--attempts 0 -- true", "--only x -- true", "--delay-ms"] {
        assert!(parsed(line).is_err(), "{line}");
    }
}
