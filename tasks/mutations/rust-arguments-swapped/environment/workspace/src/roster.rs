//! Shifts, read from the lines of a roster.

use std::collections::BTreeMap;

use crate::time::{self, Moment, MINUTES_A_DAY};

const LAST_DAY: i64 = 366;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shift {
    pub begin: Moment,
    pub end: Moment,
}

/// Everybody's shifts, by begin and end.
pub type Roster = BTreeMap<String, Vec<Shift>>;

/// Reads a roster. The error says which line is wrong, and how.
pub fn parse(text: &str) -> Result<Roster, String> {
    let mut roster = Roster::new();
    for (index, line) in text.lines().enumerate() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if words.is_empty() {
            continue;
        }
        let (name, shift) = shift(&words).map_err(|problem| format!("line {}: {problem}", index + 1))?;
        roster.entry(name.to_string()).or_default().push(shift);
    }
    roster.values_mut().for_each(|shifts| shifts.sort());
    Ok(roster)
}

fn shift<'t>(words: &[&'t str]) -> Result<(&'t str, Shift), String> {
    let &[name, day, times] = words else {
        return Err("a shift is NAME DAY BEGIN-END".into());
    };
    let (begin, end) = times.split_once('-').ok_or("a shift is NAME DAY BEGIN-END")?;
    let day = day_number(day)?;
    let (begin, end) = (minute(begin)?, minute(end)?);
    let last = if end <= begin { day + 1 } else { day };
    Ok((name, Shift { begin: Moment::on(day, begin), end: Moment::on(last, end) }))
}

fn day_number(word: &str) -> Result<i64, String> {
    match word.parse() {
        Ok(day) if (1..=LAST_DAY).contains(&day) => Ok(day),
        _ => Err(format!("{word:?} is not a day from 1 to {LAST_DAY}")),
    }
}

fn minute(word: &str) -> Result<i64, String> {
    match time::read(word) {
        Some(span) if span.0 < MINUTES_A_DAY => Ok(span.0),
        _ => Err(format!("{word:?} is not a time of day")),
    }
}
