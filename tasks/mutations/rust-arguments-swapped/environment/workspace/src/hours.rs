//! What is paid, and what lies at night.

use crate::roster::Shift;
use crate::time::{shared, span, Moment, Span};

/// Shifts longer than the first, in minutes, have a break as long as the second; the longest come first.
const BREAKS: [(i64, i64); 2] = [(9 * 60, 45), (6 * 60, 30)];

const NIGHT_BEGINS: i64 = 23 * 60;
const NIGHT_ENDS: i64 = 6 * 60;

/// What is paid of a shift.
pub fn paid(shift: &Shift) -> Span {
    let Span(length) = span(shift.begin, shift.end);
    let pause = BREAKS.iter().find(|(longer_than, _)| length > *longer_than).map_or(0, |(_, pause)| *pause);
    Span(length - pause)
}

/// What is paid of several.
pub fn sum<'s>(shifts: impl Iterator<Item = &'s Shift>) -> Span {
    Span(shifts.map(|shift| paid(shift).0).sum())
}

/// What lies in nights: the one that ends on a shift's first day, and the two after it.
pub fn at_night(shift: &Shift) -> Span {
    let first = shift.begin.day();
    let night = |day: i64| {
        let (begin, end) = (Moment::on(day - 1, NIGHT_BEGINS), Moment::on(day, NIGHT_ENDS));
        shared(shift.begin, shift.end, begin, end).0
    };
    Span((first..first + 3).map(night).sum())
}

/// The line of `hours` for a person.
pub fn line(name: &str, shifts: &[Shift]) -> String {
    let night = Span(shifts.iter().map(|shift| at_night(shift).0).sum());
    let count = shifts.len();
    let plural = if count == 1 { "" } else { "s" };
    format!("{name}: {} paid, {count} shift{plural}, {night} at night", sum(shifts.iter()))
}
