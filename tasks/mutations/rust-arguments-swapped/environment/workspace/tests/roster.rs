use rota::hours;
use rota::roster::{parse, Shift};
use rota::time::{Moment, Span};

#[test]
fn shifts_may_end_on_the_next_day() {
    let roster = parse("ben 2 22:00-06:00\n\nada 1 6:00-14:30").unwrap();
    assert_eq!(roster["ben"], [Shift { begin: Moment::on(2, 22 * 60), end: Moment::on(3, 6 * 60) }]);
    assert_eq!(roster["ada"], [Shift { begin: Moment(360), end: Moment(870) }]);
}

#[test]
fn breaks_are_not_paid() {
    let roster = parse("a 1 8:00-14:00\na 2 8:00-14:01\na 3 8:00-17:01").unwrap();
    let paid: Vec<Span> = roster["a"].iter().map(hours::paid).collect();
    assert_eq!(paid, [Span(360), Span(331), Span(496)]);
}

#[test]
fn nights_are_from_23_to_6() {
    let roster = parse("a 1 22:00-06:30\na 3 5:00-9:00").unwrap();
    assert_eq!(hours::line("a", &roster["a"]), "a: 12:00 paid, 2 shifts, 8:00 at night");
}

#[test]
fn wrong_lines_are_named() {
    assert_eq!(parse("a 1 8:00-9:00\na 2 8:00"), Err("line 2: a shift is NAME DAY BEGIN-END".into()));
    assert_eq!(parse("a 367 8:00-9:00"), Err("line 1: \"367\" is not a day from 1 to 366".into()));
    assert_eq!(parse("a 1 8:00-24:00"), Err("line 1: \"24:00\" is not a time of day".into()));
}
