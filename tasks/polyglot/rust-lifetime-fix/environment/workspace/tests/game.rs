use pgnstat::game::{parse, Game, Outcome};

const EXHIBITION: &str = "\
[White \"Menchik\"]
[Black \"Euwe\"]
[ECO \"D60\"]

1. d4 d5 2. c4 {a gambit} e6 1-0

[White \"Euwe\"]
[Black \"Fine\"]

1. e4 *
";

#[test]
fn games_are_read() {
    let games = parse(EXHIBITION).unwrap();
    let first =
        Game { white: "Menchik", black: "Euwe", eco: Some("D60"), outcome: Outcome::WhiteWon, plies: 4 };
    let second = Game { white: "Euwe", black: "Fine", eco: None, outcome: Outcome::Unfinished, plies: 1 };
    assert_eq!(games, [first, second]);
}

#[test]
fn names_lie_in_the_text() {
    let text = EXHIBITION.to_string();
    let games = parse(&text).unwrap();
    let bytes = text.as_bytes().as_ptr_range();
    assert!(games.iter().all(|game| bytes.contains(&game.white.as_ptr())));
}

#[test]
fn a_tag_without_quotes_is_a_problem() {
    let problem = parse("\n[White \"A\"]\n[Black B]\n*\n").unwrap_err();
    assert_eq!((problem.line, problem.message.as_str()), (3, "a tag is written [Name \"value\"]"));
}

#[test]
fn the_result_is_what_its_tag_says() {
    let problem = parse("[White \"A\"]\n[Black \"B\"]\n[Result \"0-1\"]\n1. e4\n1-0\n").unwrap_err();
    assert_eq!(problem.line, 5);
    assert_eq!(problem.message, "the result is 1-0, but its tag says 0-1");
}
