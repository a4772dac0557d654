//! Rosters of shifts, and the rules of rest and hours.

pub mod hours;
pub mod options;
pub mod roster;
pub mod rules;
pub mod time;
