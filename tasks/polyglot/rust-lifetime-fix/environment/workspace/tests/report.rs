use pgnstat::game::parse;
use pgnstat::report;
use pgnstat::stats;

fn collection(games: &[(&str, &str, &str)]) -> String {
    let game = |(white, black, result): &(&str, &str, &str)| {
        format!("[White \"{white}\"]\n[Black \"{black}\"]\n[ECO \"A00\"]\n\n1. g4 {result}\n\n")
    };
    games.iter().map(game).collect()
}

#[test]
fn the_best_come_first() {
    let text = collection(&[("Ada", "Bo", "1-0"), ("Bo", "Cy", "1/2-1/2"), ("Cy", "Ada", "*")]);
    let games = parse(&text).unwrap();
    assert_eq!(
        report::players(&games, 1),
        ["Ada: 1.0 of 1 (+1 =0 -0)", "Cy: 0.5 of 1 (+0 =1 -0)", "Bo: 0.5 of 2 (+0 =1 -1)"]
    );
}

#[test]
fn standings_outlive_the_list_of_games() {
    let text = collection(&[("Ada", "Bo", "1-0")]);
    let standings = {
        let games = parse(&text).unwrap();
        stats::standings(&games)
    };
    assert_eq!(standings[0].name, "Ada");
}

#[test]
fn openings_have_a_share() {
    let text = collection(&[("Ada", "Bo", "1-0"), ("Bo", "Cy", "1/2-1/2"), ("Cy", "Ada", "1-0")]);
    assert_eq!(report::openings(&parse(&text).unwrap()), ["A00: 3 games, White 83.3 %"]);
}
