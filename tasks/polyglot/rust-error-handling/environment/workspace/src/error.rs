//! All that can go wrong, in the words of the README.

use std::fmt;
use std::io;

use crate::image::Area;

#[derive(Debug)]
pub enum Error {
    Usage(String),
    /// A file can't be read, or written.
    File { name: String, reason: io::Error },
    NoImage { name: String, malformed: Malformed },
    Missing(Missing),
}

/// Why a text is no image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Malformed {
    NotP2,
    EndsEarly,
    NotANumber(String),
    Empty,
    White(u32),
    TooLarge,
    Count { found: usize, wanted: usize },
    Above { pixel: u32, max: u32 },
}

/// What an image does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    Area { area: Area, width: u32, height: u32 },
    Level { level: u32, max: u32 },
}

impl Error {
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Usage(_) => 2,
            Error::File { .. } => 3,
            Error::NoImage { .. } => 4,
            Error::Missing(_) => 5,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Usage(what) => f.write_str(what),
            Error::File { name, reason } => write!(f, "{name}: {reason}"),
            Error::NoImage { name, malformed } => write!(f, "{name}: {malformed}"),
            Error::Missing(missing) => missing.fmt(f),
        }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Malformed::NotP2 => f.write_str("not a P2 image"),
            Malformed::EndsEarly => f.write_str("the header ends early"),
            Malformed::NotANumber(word) => write!(f, "{word:?} is not a number"),
            Malformed::Empty => f.write_str("the image is empty"),
            Malformed::White(max) => write!(f, "white is {max}, not from 1 to 65535"),
            Malformed::TooLarge => write!(f, "more than {} pixels", crate::parse::MOST_PIXELS),
            Malformed::Count { found, wanted } => write!(f, "{found} pixels, not {wanted}"),
            Malformed::Above { pixel, max } => write!(f, "a pixel is {pixel}, above {max}"),
        }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Missing::Area { area: Area { x, y, width, height }, width: all, height: rows } => {
                write!(f, "the area {x} {y} {width} {height} is not within {all} x {rows}")
            }
            Missing::Level { level, max } => write!(f, "level {level} is above {max}"),
        }
    }
}
