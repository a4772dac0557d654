//! Why an entry is not carried out.

use std::fmt;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    NoEntry(String),
    /// How the entry is written.
    Form(&'static str),
    NotLitres(String),
    Known(String),
    Unknown(String),
    Itself(String),
    Empty(String),
    Holds { tank: String, level: u32, wanted: u32 },
    Room { tank: String, room: u32, wanted: u32 },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::NoEntry(word) => write!(f, "there is no entry {word:?}"),
            Refusal::Form(form) => {
                let verb = form.split(' ').next().unwrap_or_default();
                write!(f, "{verb} is written: {form}")
            }
            Refusal::NotLitres(word) => write!(f, "{word:?} is not a number of litres"),
            Refusal::Known(tank) => write!(f, "{tank} is there already"),
            Refusal::Unknown(tank) => write!(f, "there is no tank {tank}"),
            Refusal::Itself(tank) => write!(f, "{tank} can't be moved into itself"),
            Refusal::Empty(tank) => write!(f, "{tank} is empty"),
            Refusal::Holds { tank, level, wanted } => write!(f, "{tank} holds {level} l, not {wanted}"),
            Refusal::Room { tank, room, wanted } => write!(f, "{tank} has room for {room} l, not {wanted}"),
        }
    }
}
