//! The book of a wine cellar's tanks.

#![forbid(unsafe_code)]

pub mod cellar;
pub mod entry;
pub mod options;
pub mod refusal;
pub mod tank;
