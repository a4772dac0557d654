use rota::roster::parse;
use rota::rules::{complaints, Limits};
use rota::time::Span;

fn complained(roster: &str) -> Vec<String> {
    let limits = Limits { rest: Span(11 * 60), week: Span(48 * 60) };
    let shifts = parse(roster).unwrap();
    shifts.values().flat_map(|shifts| complaints(shifts, &limits)).map(|complaint| complaint.to_string()).collect()
}

#[test]
fn enough_rest_is_fine() {
    assert_eq!(complained("ada 1 8:00-16:00\nada 2 8:00-16:00\n"), [] as [&str; 0]);
}

#[test]
fn too_little_rest_is_not() {
    assert_eq!(
        complained("ada 1 14:00-22:30\nada 2 6:00-14:00\n"),
        ["7:30 of rest before day 2 6:00, not 11:00"]
    );
}

#[test]
fn weeks_have_a_limit() {
    let days: String = (1..=6).map(|day| format!("ada {day} 8:00-17:00\n")).collect();
    assert_eq!(complained(&format!("{days}ada 8 8:00-17:00\n")), ["week 1 has 51:00, not 48:00"]);
}
