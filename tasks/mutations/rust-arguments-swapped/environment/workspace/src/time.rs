//! Moments and durations, in whole minutes.

use std::fmt;

pub const MINUTES_A_DAY: i64 = 24 * 60;

/// Minutes since day 1 began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub i64);

/// A number of minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub i64);

impl Moment {
    pub fn on(day: i64, minute: i64) -> Self {
        Moment((day - 1) * MINUTES_A_DAY + minute)
    }

    pub fn day(self) -> i64 {
        self.0 / MINUTES_A_DAY + 1
    }

    /// The week, from 1, that it lies in.
    pub fn week(self) -> i64 {
        (self.day() - 1) / 7 + 1
    }

    pub fn time_of_day(self) -> Span {
        Span(self.0 % MINUTES_A_DAY)
    }
}

/// How long it is from one moment to another; negative when the other comes first.
pub fn span(from: Moment, to: Moment) -> Span {
    Span(to.0 - from.0)
}

/// How much of the time between two moments lies between two others.
pub fn shared(begin: Moment, end: Moment, from: Moment, to: Moment) -> Span {
    Span(span(begin.max(from), end.min(to)).0.max(0))
}

/// Reads hours and minutes.
pub fn read(text: &str) -> Option<Span> {
    let (hours, minutes) = text.split_once(':')?;
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(hours) || !digits(minutes) || hours.is_empty() || hours.len() > 3 || minutes.len() != 2 {
        return None;
    }
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    (minutes < 60).then_some(Span(hours * 60 + minutes))
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "day {} {}", self.day(), self.time_of_day())
    }
}
