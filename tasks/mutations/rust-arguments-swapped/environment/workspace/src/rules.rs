//! What a roster must not have.

use std::fmt;

use crate::hours;
use crate::roster::Shift;
use crate::time::{span, Moment, Span};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The least rest between two shifts.
    pub rest: Span,
    /// The most that is paid in a week.
    pub week: Span,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Complaint {
    Overlap { begin: Moment, before: Shift },
    Rest { begin: Moment, had: Span, least: Span },
    Week { week: i64, paid: Span, most: Span },
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Complaint::Overlap { begin, before } => {
                let end = before.end.time_of_day();
                write!(f, "{begin} begins before {}-{end} has ended", before.begin)
            }
            Complaint::Rest { begin, had, least } => write!(f, "{had} of rest before {begin}, not {least}"),
            Complaint::Week { week, paid, most } => write!(f, "week {week} has {paid}, not {most}"),
        }
    }
}

/// All that is wrong with one person's shifts, which are sorted.
pub fn complaints(shifts: &[Shift], limits: &Limits) -> Vec<Complaint> {
    let mut found: Vec<Complaint> =
        shifts.windows(2).filter_map(|pair| between(&pair[0], &pair[1], limits.rest)).collect();
    found.extend(weeks(shifts, limits.week));
    found
}

/// What is wrong between a shift and the next.
fn between(earlier: &Shift, later: &Shift, least: Span) -> Option<Complaint> {
    let had = span(later.begin, earlier.end);
    if had < Span(0) {
        Some(Complaint::Overlap { begin: later.begin, before: *earlier })
    } else if had < least {
        Some(Complaint::Rest { begin: later.begin, had, least })
    } else {
        None
    }
}

fn weeks(shifts: &[Shift], most: Span) -> Vec<Complaint> {
    let complaint = |shifts: &[Shift]| {
        let paid = hours::sum(shifts.iter());
        let week = shifts[0].begin.week();
        (paid > most).then_some(Complaint::Week { week, paid, most })
    };
    shifts.chunk_by(|a, b| a.begin.week() == b.begin.week()).filter_map(complaint).collect()
}
